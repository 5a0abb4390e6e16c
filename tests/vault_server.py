"""`vault server` for whole-program tests: our program called by that name, on a free port, with a home of its own, ended by its process id.

    from vault_server import Server
    with Server.development() as server:          # -dev over TLS: .address, .authority() (a file), .root (the token)
        server.vault("kv", "put", "secret/a", "x=1")
"""
import atexit
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from daemon import BUILD, clean_environment
from scenario import free_port

FOLDER = tempfile.mkdtemp(prefix="vogt-dropin-")
VAULT = os.path.join(FOLDER, "vault")
os.symlink(os.path.join(BUILD, "vogt"), VAULT)
atexit.register(shutil.rmtree, FOLDER, True)



class Server:
    """`vault server`, ended by its process id; a home of its own, so that no token of the person who runs the tests is touched."""

    def __init__(self, *arguments, port, scheme="http", environment=None):
        self.home = tempfile.mkdtemp(prefix="home-", dir=FOLDER)
        self.address = f"{scheme}://127.0.0.1:{port}"
        self.more = environment or {}
        self.out = os.path.join(self.home, "out")
        with open(self.out, "wb") as out, open(os.path.join(self.home, "err"), "wb") as errors:
            self.process = subprocess.Popen([VAULT, "server", *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=clean_environment(HOME=self.home, **self.more))
        self.wait("server started")

    def text(self, name="out"):
        with open(os.path.join(self.home, name), encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def wait(self, word, seconds=30):
        end = time.monotonic() + seconds
        while word not in self.text():
            assert self.process.poll() is None and time.monotonic() < end, (self.process.poll(), self.text(), self.text("err"))
            time.sleep(0.05)

    def vault(self, *words, code=0, input=None, **environment):
        done = subprocess.run([VAULT, *words], input=input, capture_output=True, text=True, timeout=60, check=False,
                              env=clean_environment(HOME=self.home, VAULT_ADDR=self.address, **{**self.more, **environment}))
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stdout + done.stderr

    @classmethod
    def development(cls, *arguments):
        """Set up and unsealed, over TLS, everything in memory."""
        port, temporary = free_port(), tempfile.mkdtemp(prefix="tmp-", dir=FOLDER)
        server = cls("-dev", "-dev-tls", f"-dev-listen-address=127.0.0.1:{port}", *arguments, port=port, scheme="https", environment={"TMPDIR": temporary})
        server.wait("Root Token: ")
        server.root = re.search(r"Root Token: (\S+)", server.text()).group(1)
        server.unseal_key = re.search(r"Unseal Key: (\S+)", server.text()).group(1)
        server.more["VAULT_CACERT"] = server.authority()
        return server

    def authority(self):
        return glob.glob(os.path.join(self.more["TMPDIR"], "*", "tls.pem"))[0]

    def environment(self):
        """For clients that are asked by VAULT_*."""
        return {"VAULT_ADDR": self.address, "VAULT_CACERT": self.authority(), "VAULT_TOKEN": self.root}

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


def configuration(text, name="vault.hcl"):
    path = os.path.join(tempfile.mkdtemp(dir=FOLDER), name)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path
