#!/bin/sh
# The agent as a Debian package, from a finished build: packaging/agent/deb.sh BUILD FOLDER. Its programs are static, so that it installs on every release; nft is
# only recommended, because a host without it is said to be one whose firewall nobody reads. Same bytes from the same build.
set -eu
[ $# -eq 2 ] || { echo "deb.sh: BUILD FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
build=$1
version=$(sed -n "s/^project('vogt', 'c', version: '\([^']*\)'.*/\1/p" "$here/../../meson.build")
architecture=$(dpkg --print-architecture)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

install -d "$tree/DEBIAN" "$tree/usr/lib/vogt/agent" "$tree/lib/systemd/system" "$tree/usr/share/doc/vogt"
for program in vogt-agent vogt-courier vogt-look vogt-reach vogt-relay; do
    install -m 755 "$build/packaging/agent/$program" "$tree/usr/lib/vogt/agent/$program"
    strip --strip-unneeded "$tree/usr/lib/vogt/agent/$program"
done
install -m 644 "$here/vogt-agent.service" "$tree/lib/systemd/system/vogt-agent.service"
install -m 644 "$here/../../docs/agent.md" "$tree/usr/share/doc/vogt/agent.md"
install -d "$tree/usr/share/doc/vogt-agent"
install -m 644 "$here/../../LICENSE" "$tree/usr/share/doc/vogt-agent/copyright"

cat >"$tree/DEBIAN/control" <<END
Package: vogt-agent
Version: $version
Architecture: $architecture
Maintainer: The Vogt developers <vogt@localhost>
Installed-Size: $(du -sk "$tree/usr" | cut -f1)
Recommends: nftables, ca-certificates
Section: admin
Priority: optional
Description: reads this host, or looks at endpoints from here, for a Vogt elsewhere
 Read-only, with fixed probes. It is enrolled once with a token made by Vogt
 (vogt agent create) and shows what it may and may not see.
END
cat >"$tree/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
# It starts once it is enrolled: the unit asks for /var/lib/vogt-agent/agent.json.
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
END
cat >"$tree/DEBIAN/prerm" <<'END'
#!/bin/sh
set -e
if [ -d /run/systemd/system ] && [ "$1" = remove ]; then systemctl stop vogt-agent.service || true; fi
END
chmod 755 "$tree/DEBIAN/postinst" "$tree/DEBIAN/prerm"
mkdir -p "$2"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1735689600} dpkg-deb --root-owner-group -Zxz --build "$tree" "$2/vogt-agent_${version}_$architecture.deb" >/dev/null
echo "$2/vogt-agent_${version}_$architecture.deb"
