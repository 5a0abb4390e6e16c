"""The parent with its real judge, reach, look and seal, and a double as keep, store and gate: start, levels, crashes, refusals, stop.

Run: python3 tests/test_parent.py [BUILD_DIRECTORY] (default: build beside this tree). Needs the targets vogt-parent, vogt-judge, vogt-reach,
vogt-look, vogt-seal, vogt-relay and role_double.
"""
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("VOGT_BUILD", os.path.join(ROOT, "build"))
REAL = ["parent", "judge", "reach", "look", "seal", "relay"]
DOUBLES = ["keep", "store", "gate"]


def find_double():
    for folder, _, names in os.walk(BUILD):
        if "role_double" in names:
            return os.path.join(folder, "role_double")
    raise SystemExit("role_double is not built in " + BUILD)


class Daemon:
    """One vogt-parent on a directory, with its log and its line of readiness."""

    def __init__(self, programs, directory, *arguments, wait=True, user=None, environment=None, before=()):
        read_end, write_end = os.pipe()
        self.log_path = directory + ".log"
        command = [*before, os.path.join(programs, "vogt-parent"), "--dir", directory, "--listen", "localhost:0", "--ready-fd", str(write_end)]
        with open(self.log_path, "ab") as log:
            self.begun = time.monotonic()
            self.process = subprocess.Popen(command + list(arguments), stderr=log, stdout=log, stdin=subprocess.DEVNULL,
                                            pass_fds=[write_end], env=environment, user=user, start_new_session=True)
        os.close(write_end)
        self.ready = None
        if wait:
            with os.fdopen(read_end) as stream:
                line = stream.readline()
            self.ready = json.loads(line) if line else None
            self.ready_ms = (time.monotonic() - self.begun) * 1000
        else:
            os.close(read_end)

    def log(self):
        with open(self.log_path, encoding="utf-8") as stream:
            return [json.loads(line) for line in stream if line.startswith("{")]

    def events(self, name):
        return [entry for entry in self.log() if entry["event"] == name]

    def wait_for(self, condition, what, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.02)
        raise AssertionError("never: %s\n%s" % (what, open(self.log_path, encoding="utf-8").read()))

    def children(self):
        """Process ids of the roles by name."""
        found = {}
        for entry in os.listdir("/proc"):
            try:
                with open("/proc/%s/stat" % entry, encoding="utf-8") as stream:
                    text = stream.read()
            except (OSError, ValueError):
                continue
            name = text[text.index("(") + 1:text.rindex(")")]
            if int(text[text.rindex(")") + 2:].split()[1]) == self.process.pid and name.startswith("vogt-"):
                found.setdefault(name[5:], []).append(int(entry))
        return found

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)


class ParentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="vogt-parent-")
        os.chmod(cls.place, 0o755)
        cls.programs = os.path.join(cls.place, "bin")
        os.mkdir(cls.programs)
        os.chmod(cls.programs, 0o755)
        for name in REAL:
            shutil.copy(os.path.join(BUILD, "vogt-" + name), cls.programs)
        for name in DOUBLES:
            shutil.copy(find_double(), os.path.join(cls.programs, "vogt-" + name))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    def setUp(self):
        self.running = []
        self.directory = tempfile.mkdtemp(prefix="data-", dir=self.place)
        os.rmdir(self.directory)

    def tearDown(self):
        for daemon in self.running:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()

    def start(self, *arguments, **options):
        daemon = Daemon(self.programs, options.pop("directory", self.directory), *arguments, **options)
        self.running.append(daemon)
        return daemon

    def test_everybody_serves_and_stops_in_order(self):
        daemon = self.start()
        self.assertTrue(daemon.ready["ready"])
        self.assertLess(daemon.ready_ms, 10000)  # 60 ms on a machine of its own; a loaded one with sanitizers needs seconds
        self.assertEqual(daemon.ready["login_link"], "https://localhost/login")
        self.assertEqual(sorted(daemon.ready["levels"]), ["gate", "judge", "keep", "look", "parent", "reach", "store"])
        daemon.wait_for(lambda: len([e for e in daemon.events("double.worked") if e["work"] == "judge.nothing"]) == 3, "three workers answered")
        daemon.wait_for(lambda: any(e["message"] == "UNWRAPPED" and e["bytes"] == 32 for e in daemon.events("double.heard")), "seal answered")
        self.assertEqual(daemon.events("double.directory")[0]["writable"], 1)
        self.assertEqual(os.stat(self.directory).st_mode & 0o7777, 0o700)
        for name in ("seal.key", "operator.token", "vogt.pid"):
            self.assertEqual(os.stat(os.path.join(self.directory, name)).st_mode & 0o7777, 0o600)
        with open(os.path.join(self.directory, "operator.token"), encoding="utf-8") as stream:
            self.assertEqual(stream.read(), "hvs.operator\n")
        port = int(daemon.ready["address"].rsplit(":", 1)[1])
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family) as probe:
                probe.settimeout(5)
                if family == socket.AF_INET or os.path.exists("/proc/net/if_inet6"):
                    probe.connect((host, port))
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(daemon.children(), {})

    def test_works_run_in_their_sandboxes(self):
        daemon = self.start()
        expected = {"judge.nothing": "NOT_FOUND", "collect.tls": "NONE", "collect.host": "NONE", "collect.nft": "NONE", "collect.sockets": "NONE",
                    "collect.volumes": "NONE", "collect.docker": "NONE"}
        daemon.wait_for(lambda: len(daemon.events("double.worked")) == 12, "all works answered", 30)
        for entry in daemon.events("double.worked"):
            if entry["work"] in expected:
                self.assertEqual(entry["result"], expected[entry["work"]], entry)
            if entry["work"] == "collect.tls":
                self.assertIn('"resolved":"ok"', entry["output"])
            if entry["work"] == "annex.read" and shutil.which("pdftotext"):
                self.assertNotEqual(entry["result"], "RIGHTS", entry)
        self.assertEqual(daemon.events("role.ended"), [])
        self.assertEqual(daemon.stop(), 0)

    def test_a_container_engine_is_read_through_the_relay(self):
        """The parent in a mount namespace whose /run holds an engine's socket; look and relay in their sandboxes."""
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
            self.skipTest("needs a mount namespace")
        path, answers = os.path.join(self.place, "engine.sock"), {"/version": {"Version": "7.7"}, "/info": {}, "/containers/json": [], "/networks": [], "/services": []}
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(30)
        heard = []

        def serve():
            peer, got = listener.accept()[0], b""
            while True:
                more = peer.recv(4096)
                if not more:
                    return
                got += more
                while b"\r\n\r\n" in got:
                    head, got = got.split(b"\r\n\r\n", 1)
                    heard.append(head.split(b"\r\n")[0].decode())
                    body = json.dumps(answers[heard[-1].split()[1]]).encode()
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        threading.Thread(target=serve, daemon=True).start()
        script = "mount --make-rprivate / && mount -t tmpfs none /run && ln -s %s /run/docker.sock && exec \"$@\"" % path
        daemon = self.start(before=["unshare", "-m", "sh", "-c", script, "sh"])
        daemon.wait_for(lambda: any(e["work"] == "collect.docker" for e in daemon.events("double.worked")), "the engine was asked", 30)
        entry = [e for e in daemon.events("double.worked") if e["work"] == "collect.docker"][0]
        self.assertIn('"version":"7.7"', entry["output"])
        self.assertEqual(heard, ["GET %s HTTP/1.1" % target for target in answers])
        self.assertEqual(daemon.stop(), 0)
        listener.close()

    def test_full_confinement_hides_the_key_from_the_store(self):
        daemon = self.start()
        if daemon.ready["levels"]["store"] != "full":
            self.skipTest("this host does not allow a root of one's own")
        self.assertEqual(daemon.events("double.directory")[0]["key_readable"], 0)
        self.assertEqual(daemon.stop(signal.SIGINT), 0)

    def test_a_killed_role_is_started_again_and_keep_hears_of_it(self):
        daemon = self.start("--judges", "2")
        for name in ("gate", "judge", "reach", "look"):
            before = daemon.children()
            os.kill(before[name][0], signal.SIGKILL)
            daemon.wait_for(lambda: any(e["of"] == name and "signal 9" in e["reason"] for e in daemon.events("double.ended")), name + " told")
            daemon.wait_for(lambda: len(daemon.children().get(name, [])) == len(before[name]) and
                            before[name][0] not in daemon.children()[name], name + " again")
            self.assertEqual(daemon.children()["keep"], before["keep"])
        channels = [e for e in daemon.events("double.channel") if e["of"] == "gate"]
        daemon.wait_for(lambda: len([e for e in daemon.events("double.channel") if e["of"] == "look"]) == 2, "keep has the new channel")
        self.assertEqual(len(channels), 2)
        self.assertEqual(daemon.stop(), 0)

    def test_the_end_of_keep_seals(self):
        daemon = self.start()
        before = daemon.children()
        os.kill(before["keep"][0], signal.SIGKILL)
        daemon.wait_for(lambda: [e["sealed"] for e in daemon.log() if e["event"] == "double.configured" and e["role"] == "keep"] == [0, 1], "sealed")
        daemon.wait_for(lambda: any(e["of"] == "keep" for e in daemon.events("double.ended")), "the new keep knows of its own end")
        after = daemon.children()
        for name in ("gate", "judge", "reach", "look", "store", "keep"):
            self.assertEqual(len(after[name]), 1)
            self.assertNotEqual(after[name], before[name])
        self.assertEqual(daemon.stop(), 0)

    def test_the_end_of_the_store_stops_all(self):
        daemon = self.start()
        os.kill(daemon.children()["store"][0], signal.SIGKILL)
        self.assertEqual(daemon.process.wait(20), 1)
        self.assertEqual(len(daemon.events("parent.failed")), 1)
        self.assertEqual(daemon.children(), {})

    def test_the_end_of_the_parent_ends_all(self):
        daemon = self.start()
        pids = [pid for found in daemon.children().values() for pid in found]
        daemon.process.kill()
        daemon.process.wait()
        daemon.wait_for(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in pids), "all gone")

    def test_a_second_daemon_is_refused_by_name(self):
        first = self.start()
        second = self.start()
        self.assertFalse(second.ready["ready"])
        self.assertEqual(second.ready["err"], "LOCKED")
        self.assertEqual(second.ready["detail"], str(first.process.pid))
        self.assertEqual(second.process.wait(10), 1)
        self.assertEqual(first.stop(), 0)

    def test_a_directory_that_others_can_write_is_refused(self):
        os.mkdir(self.directory)
        os.chmod(self.directory, 0o770)
        daemon = self.start()
        self.assertEqual((daemon.ready["ready"], daemon.ready["err"]), (False, "RIGHTS"))
        self.assertEqual(os.listdir(self.directory), [])

    def test_a_link_instead_of_the_directory_is_refused(self):
        os.mkdir(self.directory + ".real", 0o700)
        os.symlink(self.directory + ".real", self.directory)
        daemon = self.start()
        self.assertFalse(daemon.ready["ready"])

    def test_an_address_in_use_is_refused(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            daemon = self.start("--listen", "127.0.0.1:%d" % taken.getsockname()[1])
        self.assertEqual((daemon.ready["ready"], daemon.ready["err"]), (False, "EXISTS"))

    def test_a_minimum_that_cannot_be_had_stops(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to take something away")
        command = ["setpriv", "--bounding-set", "-sys_admin,-sys_chroot"]
        environment = dict(os.environ)
        read_end, write_end = os.pipe()
        with open(self.directory + ".log", "wb") as log:
            process = subprocess.Popen(command + [os.path.join(self.programs, "vogt-parent"), "--dir", self.directory, "--listen", "localhost:0",
                                                  "--minimum", "full", "--ready-fd", str(write_end)],
                                       stderr=log, stdin=subprocess.DEVNULL, pass_fds=[write_end], env=environment)
        os.close(write_end)
        with os.fdopen(read_end) as stream:
            answer = json.loads(stream.readline())
        self.assertEqual(process.wait(20), 1)
        self.assertEqual((answer["ready"], answer["err"]), (False, "RIGHTS"))
        self.assertIn("no own root", answer["detail"])

    def test_a_key_is_made_once_and_never_replaced(self):
        key = os.path.join(self.directory, "seal.key")
        self.start().stop()
        with open(key, "rb") as stream:
            first = stream.read()
        self.assertEqual(len(first), 32)
        self.start().stop()
        with open(key, "rb") as stream:
            self.assertEqual(stream.read(), first)
        os.unlink(key)
        open(os.path.join(self.directory, "vogt.db"), "w", encoding="utf-8").close()
        daemon = self.start()
        daemon.wait_for(lambda: any(e["of"] == "seal" for e in daemon.events("double.ended")), "keep hears that there is no key")
        self.assertFalse(os.path.exists(key))
        daemon.stop()

    def test_wrong_keys_are_refused(self):
        key = os.path.join(self.directory, "seal.key")
        self.start().stop()
        for content, mode in ((b"k" * 31, 0o600), (b"k" * 33, 0o600), (b"z" * 64, 0o600), (b"k" * 32, 0o640), (b"", 0o600)):
            with open(key, "wb") as stream:
                stream.write(content)
            os.chmod(key, mode)
            os.path.exists(self.directory + ".log") and os.unlink(self.directory + ".log")
            daemon = self.start()
            heard = lambda: [e for e in daemon.events("double.ended") if e["of"] == "seal"] or \
                [e for e in daemon.events("parent.failed")]
            daemon.wait_for(heard, "refusal of %r %o" % (content, mode))
            self.assertFalse(any(e["message"] == "UNWRAPPED" for e in daemon.events("double.heard")))
            daemon.stop()
        with open(key, "wb") as stream:
            stream.write(b"0123456789abcdefABCDEF0123456789" * 2 + b"\n")
        os.chmod(key, 0o600)
        daemon = self.start()
        daemon.wait_for(lambda: any(e["message"] == "UNWRAPPED" for e in daemon.events("double.heard")), "hex digits are a key")
        daemon.stop()

    def test_an_ordinary_user_can_do_all_this(self):
        if os.geteuid() != 0:
            self.skipTest("the other tests ran as one")
        nobody = pwd.getpwnam("nobody")
        os.mkdir(self.directory, 0o700)
        os.chown(self.directory, nobody.pw_uid, nobody.pw_gid)
        daemon = self.start(user=nobody.pw_uid)
        self.assertTrue(daemon.ready["ready"])
        self.assertNotIn(daemon.ready["levels"]["store"], ("none", "limits"))
        os.kill(daemon.children()["judge"][0], signal.SIGKILL)
        daemon.wait_for(lambda: any(e["of"] == "judge" for e in daemon.events("double.ended")), "told")
        self.assertEqual(daemon.stop(), 0)

    def test_bad_options_say_so(self):
        for arguments in (["--judges", "0"], ["--judges", "9"], ["--minimum", "most"], ["--nonsense", "1"], ["--listen", "localhost"],
                          ["--listen", "::1:8200"], ["--config", "/nonexistent"]):
            daemon = self.start(*arguments, wait=False)
            self.assertEqual(daemon.process.wait(10), 1)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.isdir(sys.argv[1]):
        BUILD = sys.argv.pop(1)
    unittest.main(verbosity=2)
