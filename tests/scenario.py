"""What every scenario shares: a Vogt asked and read in few words, checks and their count."""
import fcntl
import json
import os
import signal
import socket
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def build_folder():
    return os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("VOGT_BUILD", os.path.join(ROOT, "build")))


def is_sanitized():
    """Built with the sanitizers: slower, and memory is not what it is otherwise."""
    return "asan" in os.path.basename(build_folder())


os.environ["VOGT_BUILD"] = build_folder()
import cases  # noqa: E402
import daemon  # noqa: E402: it reads where the build is


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon(daemon.Daemon):
    """vogt-parent in the foreground of this test. `with Daemon() as vogt:` starts it and waits until it is ready; `log` is what the newest start wrote."""

    def __init__(self, directory=None, options=(), wrapper=(), expect_ready=True):
        super().__init__(*options, directory=directory, wrapper=wrapper)
        self.expect_ready = expect_ready
        self.log = ""

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def start(self):
        open(self.log_path, "wb").close()
        return super().start(self.expect_ready)

    def kill(self):
        """All at once, as when the power goes; returns when the directory is free: what was forked a moment ago holds its lock a little longer."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        with open(os.path.join(self.directory, "vogt.pid"), "rb") as lock:
            wait_until(lambda: fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB) is None, what="the directory's lock")

    def read_log(self):
        self.log = self.log_text()
        return self.log

    def stop(self, number=signal.SIGTERM, seconds=30):
        """The exit code of the newest start, also when it ended by itself; what had to be killed is no number."""
        try:
            return super().stop(number, seconds)
        except AssertionError:
            return "had to be killed"
        finally:
            self.read_log()

    def close(self):
        super().close()
        if os.path.exists(self.log_path):
            os.unlink(self.log_path)

    def call(self, method, path, body=None, token=None, headers=None, raw=False):
        """(status, parsed JSON or bytes). `token` None: the operator's; "": none."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        status, _, content = self.request(method, path, data, self.token() if token is None else token, headers)
        return status, content if raw else json.loads(content) if content else None

    def roles(self):
        return {role["role"]: role for role in self.call("GET", "/v1/sys/status")[1]["data"]["roles"]}

    def evidence(self):
        """Every payload of the evidence log, in order."""
        payloads, after = [], 0
        while True:
            data = self.call("GET", f"/v1/evidence/entries?after={after}&limit=100")[1]["data"]
            payloads += [json.loads(entry["payload"]) if entry["payload"] else None for entry in data["entries"]]
            after += len(data["entries"])
            if not data["entries"]:
                return payloads


def wait_until(condition, seconds=20, what="a condition"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            value = condition()
            if value:
                return value
        except (OSError, KeyError, TypeError, ValueError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


def main(tests):
    """Runs the functions, one line each; ends with 'N passed, N failed'."""
    sys.exit(cases.run(tests))
