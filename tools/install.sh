#!/bin/sh
# Installs the Debian packages that a target needs, if any is missing: install.sh build | test | wide
set -eu
build="gcc make meson ninja-build pkg-config python3 libmicrohttpd-dev libgnutls28-dev libsodium-dev libssl-dev libsqlite3-dev libpq-dev libseccomp-dev
libcurl4-openssl-dev libarchive-dev libxml2-dev zlib1g-dev libzstd-dev libcrypt-dev poppler-utils nftables ca-certificates fonts-dejavu-core"
test="$build curl openssl nginx-light iproute2 procps python3-docx python3-hvac qpdf mupdf-tools prometheus chromium sqlite3 zsh
podman crun netavark umoci iptables ufw zstd postgresql"
# Mail, directories, databases: servers that start when they are installed, so not on every developer's machine.
servers="mariadb-server redis-server memcached slapd postfix dovecot-imapd dovecot-pop3d dovecot-managesieved prosody vsftpd haproxy bind9 bind9-utils docker-registry skopeo apache2-utils stunnel4 sslscan testssl.sh"
wide="$test $servers ansible clang libclang-rt-dev qemu-system-x86 busybox-static cryptsetup-bin lvm2 dmsetup e2fsprogs kmod util-linux"
case "${1:-build}" in
build) wanted=$build ;;
test) wanted=$test ;;
wide) wanted=$wide ;;
*) echo "install.sh: build, test or wide" >&2; exit 2 ;;
esac
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || wanted="$wanted nodejs npm"

missing=
for package in $wanted; do
    case "$package" in
    libclang-rt-dev) package=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\).*/libclang-rt-\1-dev/p' | head -n 1) ;;
    esac
    [ -n "$package" ] || continue
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "install.sh: missing packages:$missing; install them as root (apt-get install$missing)" >&2; exit 1; }
    sudo=sudo
fi
echo "installing:$missing"
$sudo apt-get update -q >/dev/null
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
