"""python3-hvac against a Vogt under test: a client with the test's certificate, a Vogt behind Shamir shares, refusals.

Tests that import this run with the system's Python, where Debian's python3-hvac lies; without it they exit with 77.
"""
import os
import sys
import tempfile

try:
    import hvac
except ImportError:
    if os.path.exists("/usr/lib/python3/dist-packages/hvac") and sys.executable != "/usr/bin/python3":
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("python3-hvac is not installed (tools/install.sh test)")
    sys.exit(77)

from scenario import Daemon  # noqa: E402


def client(vogt, token=None, **more):
    """With this token; None: an administrator's, who logs in with the first login link."""
    if token is None:
        if getattr(vogt, "admin", None) is None:
            code = vogt.ready["login_link"].split("#login=")[1]
            vogt.admin = vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]
        token = vogt.admin
    return hvac.Client(url=vogt.address, token=token, verify=os.path.join(vogt.directory, "tls.pem"), timeout=60, **more)


def guest(vogt):
    """Without a token."""
    return hvac.Client(url=vogt.address, verify=os.path.join(vogt.directory, "tls.pem"), timeout=60)


def refused(call, kind, *words):
    """The client's own kind of error, with exactly these messages."""
    try:
        call()
    except kind as error:
        assert error.errors == list(words), error.errors
        return
    raise AssertionError("was not refused")


def fails(call, word, kind=hvac.exceptions.VaultError):
    try:
        call()
    except kind as error:
        assert word in str(error), f"{word!r} is not in {error}"
        return str(error)
    raise AssertionError("was not refused")


class Shared(Daemon):
    """A Vogt whose root key is in five shares, three of which unseal: initialised and unsealed; `root` has the root token, `keys` are the shares."""

    def __init__(self):
        self.config = tempfile.NamedTemporaryFile("w", suffix=".hcl")
        self.config.write('seal "shamir" {}\n')
        self.config.flush()
        super().__init__(options=["--config", self.config.name])

    def start(self):
        super().start()
        nobody = client(self, "")
        if not nobody.sys.is_initialized():
            made = nobody.sys.initialize(secret_shares=5, secret_threshold=3)
            self.keys, self.root = made["keys"], made["root_token"]
            self.unseal(self.keys)
        return self

    def unseal(self, keys):
        """Whether three of these keys did."""
        nobody = client(self, "")
        try:
            return not nobody.sys.submit_unseal_keys(keys[:3])["sealed"]
        except hvac.exceptions.InvalidRequest:
            return False

    def close(self):
        super().close()
        self.config.close()
