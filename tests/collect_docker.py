#!/usr/bin/env python3
"""The container engine's probe against a real Podman: real images made by umoci, real containers, its Docker-compatible socket, through the real vogt-relay.

usage: collect_docker.py PATH-OF-COLLECT_RUN
All in namespaces and a folder of its own. What the relay lets through is tried against a socket that writes down what it gets, in any case.
Where containers cannot be run, that part is left out, which is said; without podman and umoci likewise.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

RUN = os.path.abspath(sys.argv[1])
RELAY = os.path.join(os.path.dirname(RUN), "..", "..", "vogt-relay")
KEY = "11" * 32
SECRET = "correct-horse-battery"
PROGRAM = "#include <unistd.h>\nint main(void) { for (int i = 0; i < 60; i++) sleep(1); return 0; }\n"


def observe(socket_path, options=None, estate=None, name="VOGT_TEST_DOCKER"):
    request = {"collect": "collect.docker", "judge": "judge.docker", "subject": {"id": "host:web-1", "kind": "host", "name": "web-1"},
               "input": {"fingerprint_key": KEY}, "options": options or {}, "estate": estate or {}}
    done = subprocess.run([RUN], input=json.dumps(request), capture_output=True, text=True, timeout=90, env=dict(os.environ, VOGT_TEST_RELAY=RELAY, **{name: socket_path}))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def said(output):
    return {(entry.get("subject", "-"), entry["kind"]): entry["outcome"] + " " + entry["reason"] for entry in output["observations"]}


# -- the relay and engines that lie -----------------------------------------------------------------------------------

class Engine:
    """Answers each request by what `reply` gives for its first line; keeps the lines."""

    def __init__(self, folder, reply):
        self.path, self.reply, self.heard = os.path.join(folder, "engine.sock"), reply, []
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.listener.settimeout(30)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        got = b""
        with peer:
            while True:
                while b"\r\n\r\n" in got:
                    head, got = got.split(b"\r\n\r\n", 1)
                    self.heard.append(head.split(b"\r\n")[0].decode())
                    for piece in self.reply(self.heard[-1]):
                        try:
                            peer.sendall(piece)
                        except OSError:
                            return
                more = peer.recv(65536)
                if not more:
                    return
                got += more

    def close(self):
        self.listener.close()


def sized(body, status="200 OK"):
    return [f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body]


def relay_lets_nothing_else_through(folder):
    engine = Engine(folder, lambda line: sized(b"{}"))
    lines = ["container " + "a" * 64, "stop " + "a" * 64, "container ../../x", "container", "version x", "POST /x", "container " + "A" * 64, "image " + "a" * 63,
             "dpkg " + "b" * 64 + " x", "x" * 300]
    for line in lines:
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(engine.path)
        ours, theirs = socket.socketpair()

        def place():
            os.dup2(peer.fileno(), 4)
            os.set_inheritable(4, True)
        relay = subprocess.Popen([RELAY], stdin=theirs, stdout=theirs, close_fds=False, preexec_fn=place)
        theirs.close()
        peer.close()
        ours.settimeout(20)
        ours.sendall(line.encode() + b"\n")
        if line == lines[0]:
            assert ours.recv(4096).startswith(b"HTTP/1.1 200 OK")
        ours.shutdown(socket.SHUT_WR)
        try:
            while ours.recv(4096):
                pass
        except ConnectionResetError:
            pass  # it ended with bytes unread
        assert relay.wait(20) == 0
        ours.close()
    engine.close()
    assert engine.heard == ["GET /containers/" + "a" * 64 + "/json HTTP/1.1"], engine.heard


def lying_engines_end_in_errors(folder):
    def endless(line):
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(20000):
            yield b"1000\r\n" + b" " * 4096 + b"\r\n"

    cases = [
        ("no HTTP", lambda line: [b"SSH-2.0-x\r\n"], "malformed"),
        ("no JSON", lambda line: sized(b"<html>"), "malformed"),
        ("a list", lambda line: sized(b"[]"), "malformed"),
        ("endless", endless, "too-large"),
        ("refused", lambda line: sized(b"{}", "403 Forbidden"), "status-403"),
        ("redirect", lambda line: [b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"], "status-302"),
    ]
    for name, reply, wanted in cases:
        engine = Engine(folder, reply)
        output = observe(engine.path)
        engine.close()
        got = said(output)
        assert output["facts"]["engines"][0]["read"] == wanted, (name, output["facts"])
        assert got == {("-", "engine.read"): "error engine.unread"} and output["plant"]["caught"], (name, got)
        assert not output.get("whole"), name


# -- a real engine ------------------------------------------------------------------------------------------------------

def shell(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, **more)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def make_image(folder, name, user, files):
    layout, bundle = os.path.join(folder, "layout"), os.path.join(folder, "bundle-" + name)
    if not os.path.isdir(layout):
        shell("umoci", "init", "--layout", layout)
    shell("umoci", "new", "--image", f"{layout}:{name}")
    shell("umoci", "unpack", "--image", f"{layout}:{name}", bundle)
    for path, content in files.items():
        place = os.path.join(bundle, "rootfs", path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as out:
            out.write(content)
        os.chmod(place, 0o755)
    shell("umoci", "repack", "--image", f"{layout}:{name}", bundle)
    shell("umoci", "config", "--image", f"{layout}:{name}", "--config.user", user, "--config.cmd", "/wait")


class Podman:
    def __init__(self, folder):
        self.command = ["podman", "--root", folder + "/root", "--runroot", folder + "/run", "--tmpdir", folder + "/tmp", "--storage-driver", "vfs", "--cgroup-manager",
                        "cgroupfs", "--events-backend", "file", "--network-config-dir", folder + "/net"]
        self.socket = folder + "/podman.sock"
        os.makedirs(folder + "/net", exist_ok=True)

    def __call__(self, *arguments):
        return shell(*self.command, *arguments)

    def start(self, *arguments):
        return self("run", "-d", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "--cgroups=disabled", *arguments)


def real_engine(folder):
    source = os.path.join(folder, "wait.c")
    with open(source, "w", encoding="ascii") as out:
        out.write(PROGRAM)
    shell("gcc", "-static", "-o", os.path.join(folder, "wait"), source)
    with open(os.path.join(folder, "wait"), "rb") as text:
        wait = text.read()
    status = "".join(f"Package: p{i}\nStatus: install ok installed\nVersion: 1\n\n" for i in range(160))
    parts = {"var/lib/dpkg/status.d/base": b"Package: base\nVersion: 1\n", "var/lib/dpkg/status.d/base.md5sums": b"0 x\n"}
    make_image(folder, "slim", "1000", {"wait": wait, "lib/apk/db/installed": b"P:musl\nV:1\n\nP:busybox\nV:1\n"})
    make_image(folder, "fat", "0", {"wait": wait, "var/lib/dpkg/status": status.encode()})
    make_image(folder, "parts", "1000", {"wait": wait, **parts})
    make_image(folder, "static", "65534", {"wait": wait})
    make_image(folder, "red", "1000", {"wait": wait, "var/lib/rpm/rpmdb.sqlite": b"SQLite"})
    podman = Podman(folder)
    for name in ("slim", "fat", "parts", "static", "red"):
        image = shell(*podman.command, "pull", "-q", f"oci:layout:{name}", cwd=folder).strip()
        podman("untag", image)      # from version 5 on it takes a name of a layout for one of docker.io
        podman("tag", image, f"localhost/{name}:1" if name == "static" else f"registry.example/{name}:1")
    service = subprocess.Popen([*podman.command, "system", "service", "--time", "0", "unix://" + podman.socket], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            if os.path.exists(podman.socket):
                break
            time.sleep(0.1)
        podman.start("--network", "none", "--name", "good", "-e", "PASSWORD=" + SECRET, "--label", "com.docker.compose.project=shop", "--label", "note=" + SECRET, "registry.example/slim:1")
        podman.start("--network", "none", "--name", "root", "--user", "0", "--cap-add", "SYS_ADMIN", "-v", podman.socket + ":/var/run/docker.sock", "-e", "OTHER=" + SECRET,
                     "registry.example/fat:1")
        podman.start("-p", "127.0.0.1:18081:81", "-p", "18080:80", "--name", "parts", "registry.example/parts:1")
        podman.start("--network", "none", "--privileged", "--name", "static", "localhost/static:1")
        podman.start("--network", "none", "--name", "red", "registry.example/red:1")
        podman.start("--network", "none", "--name", "gone", "localhost/static:1")
        podman("stop", "-t", "0", "gone")
        output = observe(podman.socket, options={"image_megabytes": 20})
        again = observe(podman.socket, estate={"containers": [{"name": "web-1/good", "packages": 1}, {"name": "web-1/parts", "digest": "sha256:" + "0" * 64}]})
    finally:
        subprocess.run([*podman.command, "rm", "-f", "-a", "-t", "0"], capture_output=True, timeout=60)
        service.terminate()
        service.wait(20)
    check_real(output, again)


def check_real(output, again):
    got = said(output)
    assert output["plant"]["caught"] and output["whole"], output["plant"]
    wanted = {
        "good": ("image-by-digest", "image-in-budget", "unprivileged-user", "no-engine", "few-capabilities", "secret"),
        "root": ("image-by-digest", "image-packages", "root", "engine-held", "strong-capability", "secret"),
        "parts": ("image-by-digest", "image-in-budget", "unprivileged-user", "no-engine", "few-capabilities", "no-secrets"),
        "static": ("image-unknown", "image-in-budget", "unprivileged-user", "no-engine", "privileged", "no-secrets"),
        "red": ("image-by-digest", "packages-unread", "unprivileged-user", "no-engine", "few-capabilities", "no-secrets"),
    }
    kinds = ("container.image-known", "container.image-budget", "container.not-root", "container.engine-socket", "container.capabilities", "container.no-secrets")
    for name, reasons in wanted.items():
        for kind, reason in zip(kinds, reasons):
            assert got["container:web-1/" + name, kind].split()[1] == "container." + reason, (name, kind, got)
    assert got["-", "engine.read"] == "pass engine.whole" and ("container:web-1/gone", kinds[0]) not in got, got
    containers = {entry["name"]: entry for entry in output["facts"]["engines"][0]["containers"]}
    images = {entry["id"]: entry for entry in output["facts"]["engines"][0]["images"]}
    counts = {name: images[entry["image_id"]]["packages"] for name, entry in containers.items()}
    assert counts == {"good": {"from": "apk", "count": 2}, "root": {"from": "dpkg", "count": 160}, "parts": {"from": "dpkg", "count": 1}, "static": {"from": "none", "count": 0},
                      "red": {"from": "rpm"}}, counts
    assert SECRET not in json.dumps(output), "a value of the environment became a fact"
    fingerprints = {entry["name"]: entry.get("fingerprint") for name in ("good", "root") for entry in containers[name]["environment"]}
    assert fingerprints["PASSWORD"] == fingerprints["OTHER"] and len(fingerprints["PASSWORD"]) == 32, fingerprints
    assert containers["good"]["labels"] == {"com.docker.compose.project": "shop"}, containers["good"]
    names = {(entry["kind"], entry["name"]) for entry in output["proposals"]}
    assert names == {("container", "web-1/" + name) for name in wanted} | {("endpoint", "web-1:18080")}, names
    assert "?" not in "".join(output["sentences"]), output["sentences"]
    later = said(again)
    assert later["container:web-1/good", kinds[1]] == "fail container.image-packages" and later["container:web-1/parts", kinds[0]] == "fail container.image-other", later


def inside():
    """In namespaces of its own for mounts and network: crun refuses machines with both kinds of control groups, so only the old kind stays."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    if os.path.isdir("/sys/fs/cgroup/unified"):
        subprocess.run(["umount", "/sys/fs/cgroup/unified"], check=True)
    folder = os.environ["VOGT_TEST_FOLDER"]
    probe = subprocess.run(["podman", "--root", folder + "/p", "--runroot", folder + "/q", "--storage-driver", "vfs", "info"], capture_output=True, text=True, timeout=60)
    if probe.returncode != 0:
        print("left out: podman does not work here: " + probe.stderr.strip()[-200:])
        return 77
    real_engine(folder)
    return 0


def main():
    if os.environ.get("VOGT_TEST_FOLDER"):
        return inside()
    passed = failed = 0
    folder = tempfile.mkdtemp(prefix="vogt-engine-")
    tests = [("the relay lets nothing else through", relay_lets_nothing_else_through), ("lying engines end in errors", lying_engines_end_in_errors)]
    for name, test in tests:
        try:
            test(folder)
            passed += 1
            print("ok", name, flush=True)
        except Exception as error:  # noqa: BLE001: a test program reports whatever went wrong
            failed += 1
            print("FAIL", name, type(error).__name__, error, flush=True)
    if os.geteuid() != 0 or not all(shutil.which(program) for program in ("podman", "umoci", "crun", "gcc", "unshare")):
        print("left out: a real engine needs root, podman, crun and umoci")
    else:
        done = subprocess.run(["unshare", "-m", "-n", sys.executable, os.path.abspath(__file__), RUN], env=dict(os.environ, VOGT_TEST_FOLDER=folder, TMPDIR=folder), capture_output=True,
                              text=True, timeout=170)
        if done.returncode == 77:
            print(done.stdout.strip())
        else:
            passed, failed = (passed + 1, failed) if done.returncode == 0 else (passed, failed + 1)
            print("ok a real engine" if done.returncode == 0 else "FAIL a real engine " + done.stdout + done.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
