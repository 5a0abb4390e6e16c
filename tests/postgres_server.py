"""A PostgreSQL server of a test's own: on a local socket and a loopback port with TLS, its commits durable, as another user where the test is root; ended by its process id.

    with Postgres() as postgres:
        postgres.sql("CREATE DATABASE vault")
        url = postgres.url("vault")                # by TCP and TLS; local=True: by the socket
        postgres.kill(); postgres.start()          # kill -9 of the server and of whatever it had started
"""
import getpass
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from scenario import free_port

PASSWORD = "of a test/é"
QUOTED = "of%20a%20test%2F%C3%A9"


def folder_of_programs():
    """VOGT_POSTGRES, or the newest that is installed; None: the package postgresql is not."""
    if os.environ.get("VOGT_POSTGRES"):
        return os.environ["VOGT_POSTGRES"]
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    return os.path.dirname(found[-1]) if found else None


class Postgres:
    def __init__(self, *options):
        self.programs = folder_of_programs()
        self.user = "postgres" if os.getuid() == 0 else getpass.getuser()
        self.folder = tempfile.mkdtemp(prefix="vogt-postgres-")
        self.options = options
        self.port = free_port()
        self.process = None
        os.chmod(self.folder, 0o711)
        self.certificate = os.path.join(self.folder, "server.pem")
        key = os.path.join(self.folder, "server.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", self.certificate], check=True, capture_output=True, timeout=60)
        os.chmod(self.certificate, 0o644)
        secret = self.write("password", PASSWORD + "\n")
        self.write("pg_hba.conf", "local all owner trust\nlocal all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        for path in (self.folder, key, secret):
            if os.getuid() == 0:
                shutil.chown(path, self.user)
        self.run("initdb", "-D", os.path.join(self.folder, "data"), "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-U", "owner", f"--pwfile={secret}")
        self.start()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(path, 0o600)
        if os.getuid() == 0:
            shutil.chown(path, self.user)
        return path

    def drop(self):
        """In the child, before it becomes the program."""
        if os.getuid() == 0:
            entry = pwd.getpwnam(self.user)
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        os.setsid()

    def run(self, name, *words):
        subprocess.run([os.path.join(self.programs, name), *words], check=True, capture_output=True, timeout=120, cwd="/", preexec_fn=self.drop)

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.programs, "postgres"), "-D", os.path.join(self.folder, "data"), "-p", str(self.port), "-h", "127.0.0.1", "-k", self.folder, "-c", "ssl=on", "-c",
                 f"ssl_cert_file={self.certificate}", "-c", f"ssl_key_file={self.folder}/server.key", "-c", f"hba_file={self.folder}/pg_hba.conf", "-c", "shared_buffers=16MB",
                 *[part for option in self.options for part in ("-c", option)]], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", preexec_fn=self.drop)
        end = time.monotonic() + 60
        while subprocess.run(["pg_isready", "-h", self.folder, "-p", str(self.port), "-q"], check=False, timeout=30).returncode != 0:
            assert self.process.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.1)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def sql(self, text, database="postgres"):
        done = subprocess.run(["psql", "-h", self.folder, "-p", str(self.port), "-U", "owner", "-d", database, "-v", "ON_ERROR_STOP=1", "-A", "-t", "-c", text], capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0, (text, done.stderr)
        return done.stdout.strip()

    def database(self, name):
        """A database with a user of its own who owns it, both of this name."""
        self.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
        self.sql(f"CREATE DATABASE {name} OWNER {name}")

    def url(self, name, local=False, mode="verify-full", password=QUOTED):
        if local:
            return f"postgres://{name}:{password}@/{name}?host={self.folder}&port={self.port}"
        return f"postgres://{name}:{password}@127.0.0.1:{self.port}/{name}?sslmode={mode}&sslrootcert={self.certificate}"

    def children(self):
        """The server's own processes, each known by its parent."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stream:
                    text = stream.read()
            except OSError:
                continue
            if int(text[text.rindex(")") + 2:].split()[1]) == self.process.pid:
                found.append(int(entry))
        return found

    def kill(self):
        """As the kernel's own end of memory would: no word of farewell."""
        started = self.children()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        for pid in started:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        end = time.monotonic() + 10
        while any(os.path.exists(f"/proc/{pid}") for pid in started) and time.monotonic() < end:
            time.sleep(0.02)

    def stop(self, number=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, True)
