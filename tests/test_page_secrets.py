"""The page's secrets, policies, tokens, devices and seal in Debian's Chromium against a running Vogt; unsealing by shares."""
import tempfile

from scenario import Daemon
from test_page import node, run


def secrets_and_access_on_a_running_vogt():
    with Daemon() as vogt, tempfile.TemporaryDirectory() as pictures:
        return node("tests/page_secrets.mjs", vogt.address, vogt.ready["login_link"], pictures)


def unsealing_on_the_page():
    with tempfile.NamedTemporaryFile("w", suffix=".hcl") as config:
        config.write('seal "shamir" {}\n')
        config.flush()
        with Daemon(options=["--config", config.name]) as vogt:
            status, made = vogt.call("PUT", "/v1/sys/init", {"secret_shares": 5, "secret_threshold": 3}, token="")
            assert status == 200, made
            return node("tests/page_unseal.mjs", vogt.address, ",".join(made["keys_base64"][:3]))


if __name__ == "__main__":
    run([secrets_and_access_on_a_running_vogt, unsealing_on_the_page])
