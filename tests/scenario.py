"""A real Vogt for a scenario: its own directory, a free port, stopped by its process id. And the few lines that every scenario shares: checks and their count."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def build_folder():
    return os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("VOGT_BUILD", os.path.join(ROOT, "build")))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """vogt-parent in the foreground of this test. `with Daemon() as vogt:` starts it and waits until it is ready."""

    def __init__(self, directory=None, options=(), wrapper=(), expect_ready=True):
        self.own_directory = directory is None
        self.directory = directory or tempfile.mkdtemp(prefix="vogt-test-")
        self.port = free_port()
        self.options, self.wrapper, self.expect_ready = list(options), list(wrapper), expect_ready
        self.address = f"https://localhost:{self.port}"
        self.process = self.ready = None
        self.log = ""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self.own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        reading, writing = os.pipe()
        self.error = tempfile.TemporaryFile()
        command = [*self.wrapper, os.path.join(build_folder(), "vogt-parent"), "--dir", self.directory, "--listen", f"localhost:{self.port}",
                   "--ready-fd", str(writing), *self.options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.error, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            os.set_blocking(pipe.fileno(), False)
            line, end = b"", time.monotonic() + 60
            while time.monotonic() < end and not line.endswith(b"\n") and self.process.poll() is None:
                line += pipe.read() or b""
                time.sleep(0.01)
            line += pipe.read() or b""
        told = json.loads(line) if line.strip() else None
        self.ready = told if told and told.get("ready") else None
        if self.ready is None and not self.expect_ready:
            self.process.wait(timeout=30)
        if self.expect_ready and self.ready is None:
            raise AssertionError(f"Vogt did not start: {self.read_log()}")
        return self

    def read_log(self):
        self.error.seek(0)
        self.log = self.error.read().decode("utf-8", "replace")
        return self.log

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "had to be killed"
        self.read_log()
        self.process = None
        return status

    def token(self):
        with open(os.path.join(self.directory, "operator.token"), encoding="ascii") as file:
            return file.read().strip()

    def call(self, method, path, body=None, token=None, headers=None, raw=False):
        """(status, parsed JSON or bytes). `token` None: the operator's; "": none."""
        context = ssl.create_default_context(cafile=os.path.join(self.directory, "tls.pem"))
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.address + path, data=data, method=method, headers=dict(headers or {}))
        token = self.token() if token is None else token
        if token:
            request.add_header("X-Vault-Token", token)
        try:
            with urllib.request.urlopen(request, context=context, timeout=60) as reply:
                status, content = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
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
    passed = failed = 0
    for test in tests:
        try:
            reason = test()
            print(f"ok   {test.__name__}" + (f" ({reason})" if isinstance(reason, str) else ""), flush=True)
            passed += 1
        except Exception:  # a failed scenario must not hide the others
            print(f"FAIL {test.__name__}\n{traceback.format_exc()}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
