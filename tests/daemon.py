"""A Vogt for whole-daemon tests: started on a free port with a directory of its own, stopped by its process id.

    from daemon import Daemon, Vogt
    with Daemon() as daemon:                      # vogt-parent
        status, body = daemon.api("GET", "sys/status")
        done = daemon.vogt("status", "--json")    # subprocess.CompletedProcess of the command line against it
    with Vogt("--annex", FILE) as up:             # vogt up
        print(up.output())

VOGT_BUILD names the build directory (default: build beside this tree).
"""
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("VOGT_BUILD", os.path.join(ROOT, "build")))
START_SECONDS = 30


def program(name):
    return os.path.join(BUILD, name)


def clean_environment(**more):
    """No token, address or language of the person who runs the tests; HOME is never theirs."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("VOGT_", "LC_", "LANG")) and name not in ("HOME", "COLUMNS", "NO_COLOR")}
    kept.update({"LANG": "C.UTF-8", "HOME": "/nonexistent", "COLUMNS": "100"})
    kept.update({name: value for name, value in more.items() if value is not None})
    return kept


class _Running:
    """What both ways of starting share: a directory, an address, a process to stop."""

    def __init__(self, directory=None):
        self.own_directory = directory is None
        self.above = tempfile.mkdtemp(prefix="vogt-test-") if directory is None else None
        self.directory = os.path.join(self.above, "data") if directory is None else directory
        self.process = None
        self.address = None
        self.ready = None

    # -- requests --

    def token(self):
        with open(os.path.join(self.directory, "operator.token"), encoding="ascii") as stream:
            return stream.read().strip()

    def connection(self):
        """TLS pinned to the daemon's own certificate."""
        context = ssl.create_default_context(cafile=os.path.join(self.directory, "tls.pem"))
        context.check_hostname = False
        host, port = re.fullmatch(r"https://(.+):(\d+)", self.address).groups()
        return http.client.HTTPSConnection(host.strip("[]"), int(port), context=context, timeout=60)

    def request(self, method, path, body=None, token=None, headers=None):
        """The whole answer: (status, headers, bytes); `path` from the root."""
        connection = self.connection()
        try:
            sent = dict(headers or {})
            if token:
                sent["X-Vault-Token"] = token
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def api(self, method, path, body=None, token=True):
        """(status, tree or None) of /v1/path; body: bytes as they are, else JSON; token: True is the operator's, None is none."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        token = self.token() if token is True else token
        status, _, answer = self.request(method, "/v1/" + path, body, token)
        return status, json.loads(answer) if answer.strip() else None

    def vogt(self, *words, input=None, language=None, environment=None, timeout=120):
        """The command line against this daemon."""
        command = [program("vogt"), *words]
        if "--dir" not in words:
            command += ["--dir", self.directory]
        if "--address" not in words and self.address:
            command += ["--address", self.address]
        return subprocess.run(command, input=input, capture_output=True, text=True, timeout=timeout, check=False,
                              env=clean_environment(LANG="de_DE.UTF-8" if language == "de" else None, **(environment or {})))

    # -- the processes --

    def memory_kib(self, *names):
        """Proportional set size of the processes of these roles; none named: of all, and of the parent."""
        roles = _Running.roles(self)
        total = 0
        for pid in [pid for name in names or roles for pid in roles.get(name, [])] + ([] if names else [self.parent_pid()]):
            try:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as stream:
                    total += sum(int(line.split()[1]) for line in stream if line.startswith("Pss:"))
            except OSError:
                pass  # a role that just ended
        return total

    def roles(self, name=None):
        """Process ids of the roles by name ({"gate": [1, 2]}), or the list of one."""
        parent = self.parent_pid()
        found = {}
        for entry in os.listdir("/proc"):
            try:
                with open("/proc/%s/stat" % entry, encoding="utf-8", errors="replace") as stream:
                    text = stream.read()
            except OSError:
                continue
            role = text[text.index("(") + 1:text.rindex(")")]
            if role.startswith("vogt-") and int(text[text.rindex(")") + 2:].split()[1]) == parent:
                found.setdefault(role[5:], []).append(int(entry))
        return found if name is None else found.get(name, [])

    def parent_pid(self):
        with open(os.path.join(self.directory, "vogt.pid"), encoding="ascii") as stream:
            return int(stream.read())

    def stop(self, number=signal.SIGTERM, seconds=20):
        """Asks it to stop and gives its exit code; what does not stop in time is killed and fails the test."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("did not stop within %d s" % seconds) from None

    def close(self):
        try:
            self.stop()
        finally:
            if self.own_directory and self.above:
                shutil.rmtree(self.above, ignore_errors=True)
                self.above = None

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *_):
        self.close()


class Daemon(_Running):
    """vogt-parent itself, without a command line around it."""

    def __init__(self, *arguments, directory=None, listen="localhost:0", environment=None, wrapper=()):
        super().__init__(directory)
        self.arguments, self.listen, self.environment, self.wrapper = list(arguments), listen, environment or {}, list(wrapper)
        self.log_path = self.directory.rstrip("/") + ".log"

    def start(self, expect_ready=True):
        read_end, write_end = os.pipe()
        command = [*self.wrapper, program("vogt-parent"), "--dir", self.directory, "--listen", self.listen, "--ready-fd", str(write_end)]
        with open(self.log_path, "ab") as log:
            self.begun = time.monotonic()
            self.process = subprocess.Popen(command + self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[write_end],
                                            env=clean_environment(**self.environment), start_new_session=True)
        os.close(write_end)
        with os.fdopen(read_end, encoding="utf-8") as stream:
            line = stream.readline()
        self.ready_ms = (time.monotonic() - self.begun) * 1000
        told = json.loads(line) if line.strip() else None
        self.ready = told if told and told.get("ready") else None
        self.refusal = None if self.ready else told
        if self.ready is None and not expect_ready:
            self.process.wait(timeout=30)
        if self.ready and self.ready.get("ready"):
            self.address = self.ready["address"]
            self.wait_for_notices()
        elif expect_ready:
            self.close()
            raise AssertionError("not ready: %s\n%s" % (line, self.log_text()))
        return self

    def wait_for_notices(self, seconds=2):
        """Token and certificate may come a moment after the line of readiness; a sealed daemon writes no token."""
        end = time.monotonic() + seconds
        names = [os.path.join(self.directory, name) for name in ("tls.pem", "operator.token")]
        while time.monotonic() < end and not all(os.path.exists(name) and os.path.getsize(name) > 0 for name in names):
            time.sleep(0.01)

    def restart(self):
        self.stop()
        return self.start()

    def log_text(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as stream:
                return stream.read()
        except FileNotFoundError:
            return ""

    def events(self, name=None):
        """Lines of the log as trees; those of one event when it is named."""
        entries = [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]
        return [entry for entry in entries if name is None or entry.get("event") == name]

    def wait_for(self, condition, what, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError("never: %s\n%s" % (what, self.log_text()[-4000:]))

    def close(self):
        super().close()
        if self.own_directory and os.path.exists(self.log_path):
            os.unlink(self.log_path)


class Vogt(_Running):
    """vogt up, as a person starts it."""

    def __init__(self, *arguments, directory=None, listen="localhost:0", language=None, environment=None):
        super().__init__(directory)
        self.arguments, self.listen = list(arguments), listen
        self.environment = dict(environment or {})
        if language == "de":
            self.environment["LANG"] = "de_DE.UTF-8"
        self.output_path = os.path.join(self.above or os.path.dirname(os.path.abspath(self.directory)), "vogt-up.out")

    def start(self, seconds=START_SECONDS * 4):
        """Returns once the page's address stands there, or the program ended."""
        command = [program("vogt"), "up", "--dir", self.directory, "--listen", self.listen, *self.arguments]
        with open(self.output_path, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                            env=clean_environment(**self.environment), start_new_session=True)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(r"^(?:The page|Die Seite): +(https://\S+?)/\s*$", self.output(), re.M)
            if found:
                self.address = found.group(1)
                return self
            if self.process.poll() is not None:
                return self
            time.sleep(0.05)
        raise AssertionError("vogt up said no address:\n" + self.output())

    def output(self):
        with open(self.output_path, encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def login_link(self):
        found = re.search(r"https://\S+/ui/#login=\S+", self.output())
        return found.group(0) if found else None
