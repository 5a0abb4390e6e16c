#!/usr/bin/env python3
"""Encryption at rest on real devices: a machine of its own (QEMU) with dm-crypt on LVM on a disk, and the volume probe run inside it.

usage: wide_volume_qemu.py BUILD_DIRECTORY
The kernel is Debian's cloud kernel, unpacked and not installed; the first file system is made here of busybox, cryptsetup, LVM and
collect_run. 77 where one of them cannot be had. Nothing outside a directory of the test's own is written.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
RUN = os.path.join(BUILD, "src", "collect", "collect_run")
BOOT_SECONDS = 600
MARKER = "vogt-planted-marker-7c1f"
MODULES = ["crypto", "lib/crypto", "arch/x86/crypto", "drivers/md", "drivers/block", "drivers/virtio", "drivers/char/hw_random", "lib"]
PROGRAMS = ["cryptsetup", "lvm", "mke2fs", "setpriv", "blkid", "integritysetup"]

# name, luksFormat's options, expected by the kernel's table, expected by the header alone
VOLUMES = [
    ("aes256", "--type luks2 --cipher aes-xts-plain64 --key-size 512", "pass volume.encrypted", "pass volume.encrypted"),
    ("aes128", "--type luks2 --cipher aes-xts-plain64 --key-size 256", "fail volume.key-short", "fail volume.key-short"),
    ("serpent", "--type luks2 --cipher serpent-xts-plain64 --key-size 512", "fail volume.other-cipher", "fail volume.other-cipher"),
    ("cbc256", "--type luks2 --cipher aes-cbc-essiv:sha256 --key-size 256", "pass volume.encrypted", "pass volume.encrypted"),
    ("luks1", "--type luks1 --cipher aes-xts-plain64 --key-size 512", "pass volume.encrypted", "pass volume.encrypted"),
    ("luks1short", "--type luks1 --cipher aes-xts-plain64 --key-size 256", "fail volume.key-short", "fail volume.key-short"),
    # the header lies elsewhere: without the kernel's table nobody here can say what the mapping was made with
    ("detached", "--type luks2 --cipher aes-xts-plain64 --key-size 512 --header /tmp/detached.header", "pass volume.encrypted", "error volume.cipher-unknown"),
    ("integrity", "--type luks2 --cipher aes-xts-plain64 --key-size 512 --integrity hmac-sha256", "pass volume.encrypted", "pass volume.encrypted"),
    ("plain", None, "fail volume.not-encrypted", "fail volume.not-encrypted"),
]

INIT = """#!/bin/busybox sh
export PATH=/sbin:/bin
/bin/busybox mount -t proc none /proc
/bin/busybox --install -s /bin
export DM_DISABLE_UDEV=1
mount -t sysfs none /sys; mount -t devtmpfs none /dev; mount -t tmpfs none /tmp; mkdir -p /run /mnt /run/lvm /run/cryptsetup
for module in virtio_pci virtio_blk dm-mod dm-crypt xts ecb cbc essiv algif_skcipher algif_hash algif_aead dm-integrity authenc hmac sha256_generic serpent_generic sha256_generic aesni-intel; do modprobe $module 2>/dev/null; done
say() { echo "@@ $*"; }
lvm pvcreate -q /dev/vda && lvm vgcreate -q vg /dev/vda || say FAIL lvm
observe() { # name, words before the program
  name=$1; shift
  echo "{\\"collect\\":\\"collect.volumes\\",\\"judge\\":\\"judge.volume\\",\\"input\\":{\\"path\\":\\"/mnt/$name\\"},\\"estate\\":{}}" | "$@" /bin/collect_run | tr -d '\\n'
}
make() { # name, options
  name=$1; shift
  lvm lvcreate -q -Zn -L 48m -n $name vg || say FAIL lvcreate
  device=/dev/mapper/vg-$name
  if [ "$1" != plain ]; then
    case "$*" in *--header*) header="--header /tmp/detached.header";; *) header="";; esac
    echo -n secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$@" /dev/vg/$name - || say FAIL format
    echo -n secret | cryptsetup open $header --key-file - /dev/vg/$name c_$name || say FAIL open
    device=/dev/mapper/c_$name
  fi
  /sbin/mke2fs -q -t ext4 $device && mkdir -p /mnt/$name && mount -t ext4 $device /mnt/$name || say FAIL mount
  for i in 1 2 3 4 5 6 7 8; do echo MARKER >> /mnt/$name/marker; done
  sync; echo 3 > /proc/sys/vm/drop_caches
  say MARKER $name $(grep -c MARKER /dev/vg/$name)
  say TABLE $name $(observe $name)
  say HEADER $name $(observe $name /sbin/setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin)
}
VOLUMES
say DONE
poweroff -f
"""


def leave_out(why):
    print(f"left out: {why}")
    sys.exit(77)


def download_kernel(above):
    """Debian's cloud kernel, by its ordinary client; kept for the next run where the caller names a directory for it."""
    kept = os.environ.get("VOGT_TEST_KERNEL", above)
    found = glob.glob(os.path.join(kept, "linux-image-*.deb"))
    if not found:
        listed = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True)
        names = re.findall(r"Depends: (linux-image-[0-9]\S*)", listed.stdout)
        if not names or subprocess.run(["apt-get", "download", "-q", names[0]], cwd=kept, capture_output=True).returncode != 0:
            leave_out("Debian's cloud kernel cannot be downloaded")
        found = glob.glob(os.path.join(kept, "linux-image-*.deb"))
    root = os.path.join(above, "kernel")
    subprocess.run(["dpkg", "-x", found[0], root], check=True)
    return root


def libraries(path):
    text = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    return set(re.findall(r"(/\S+\.so\S*)", text))


def build_root(above, kernel):
    root = os.path.join(above, "root")
    for name in ("bin", "sbin", "proc", "sys", "dev", "tmp", "mnt", "etc", "lib/modules"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    wanted = {RUN: "/bin/collect_run", shutil.which("busybox"): "/bin/busybox"}
    for name in PROGRAMS:
        path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        if path is None:
            leave_out(f"{name} is not installed")
        wanted[path] = "/sbin/" + name
    for path in list(wanted):
        for library in libraries(path):
            wanted[library] = library
    for path, place in wanted.items():
        target = root + place
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(os.path.realpath(path), target)
    release = os.listdir(os.path.join(kernel, "lib", "modules"))[0]
    source, target = (os.path.join(place, "lib", "modules", release) for place in (kernel, root))
    for folder in MODULES:
        if os.path.isdir(os.path.join(source, "kernel", folder)):
            shutil.copytree(os.path.join(source, "kernel", folder), os.path.join(target, "kernel", folder), dirs_exist_ok=True)
    for name in glob.glob(os.path.join(source, "modules.*")):
        shutil.copy(name, target)
    subprocess.run(["depmod", "-b", root, release], check=True, capture_output=True)
    calls = "\n".join(f"make {name} {options or 'plain'}" for name, options, _, _ in VOLUMES)
    with open(os.path.join(root, "init"), "w", encoding="utf-8") as file:
        file.write(INIT.replace("VOLUMES", calls).replace("MARKER >>", MARKER + " >>").replace("grep -c MARKER", "grep -c " + MARKER))
    os.chmod(os.path.join(root, "init"), 0o755)
    return root, glob.glob(os.path.join(kernel, "boot", "vmlinuz-*"))[0]


def pack(root, path):
    """The archive that the kernel unpacks: cpio, new ASCII format."""
    names = ["."] + sorted(os.path.relpath(os.path.join(place, name), root) for place, folders, files in os.walk(root) for name in folders + files)
    with open(path, "wb") as out:
        done = subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], input="\n".join(names).encode(), cwd=root, stdout=out, stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        leave_out("busybox cannot pack")


def boot(above, kernel_file, archive):
    disk = os.path.join(above, "disk")
    with open(disk, "wb") as file:
        file.truncate(704 << 20)
    # Nested machines often have a /dev/kvm that starts no guest: asked for, not guessed.
    accelerated = os.environ.get("VOGT_TEST_KVM") == "1"
    command = ["qemu-system-x86_64", "-m", "768", "-display", "none", "-no-reboot", "-nodefaults", "-serial", "stdio", "-nic", "none",
               "-accel", "kvm" if accelerated else "tcg", "-cpu", "host" if accelerated else "max", "-kernel", kernel_file, "-initrd", archive,
               "-append", "console=ttyS0 quiet panic=-1", "-drive", f"file={disk},format=raw,if=virtio"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=BOOT_SECONDS)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")


def check(said, name, kind, wanted):
    match = re.search(rf"^@@ {kind} {name} (.*)$", said, re.M)
    assert match, "nothing was said"
    if kind == "MARKER":
        assert (int(match.group(1)) > 0) == wanted, f"the marker was found {match.group(1)} times"
        return
    output = json.loads(match.group(1))
    got = output["observations"][0]["outcome"] + " " + output["observations"][0]["reason"]
    assert output["plant"]["caught"], output["plant"]
    crypts = [device for device in output["facts"]["devices"] if device.get("dm_uuid", "").startswith("CRYPT-")]
    has_table = any("crypt" in device for device in crypts)
    assert not crypts or has_table == (kind == "TABLE"), f"the kernel's table was {'not ' if kind == 'TABLE' else ''}read: {crypts}"
    assert any(device.get("dm_uuid", "").startswith("LVM-") for device in output["facts"]["devices"]), output["facts"]
    assert got == wanted, f"{got}, wanted {wanted}: {output['sentences']}"


def main():
    for program in ("qemu-system-x86_64", "busybox", "apt-get", "dpkg", "depmod", "ldd"):
        if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
            leave_out(f"{program} is not installed")
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="vogt-qemu-") as above:
        root, kernel_file = build_root(above, download_kernel(above))
        archive = os.path.join(above, "archive")
        pack(root, archive)
        said = boot(above, kernel_file, archive).replace("\r", "")
        for name, options, by_table, by_header in VOLUMES:
            for kind, wanted in (("TABLE", by_table), ("HEADER", by_header), ("MARKER", options is None)):
                try:
                    check(said, name, kind, wanted)
                    passed += 1
                    print("ok", name, kind.lower(), flush=True)
                except Exception as error:  # noqa: BLE001: a test program reports whatever went wrong
                    failed += 1
                    print("FAIL", name, kind.lower(), type(error).__name__, error, flush=True)
    if failed:
        print("\n".join(said.splitlines()[-120:])[:9000])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
