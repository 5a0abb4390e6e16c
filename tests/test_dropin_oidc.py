"""`vault login -method=oidc`: the command waits on this machine for the browser that the provider sends back, and nothing else that knocks there ends the login."""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.argv[1:] and os.environ.setdefault("VOGT_BUILD", os.path.abspath(sys.argv[1]))
import login_fake  # noqa: E402
from test_vault_oidc import Provider  # noqa: E402: first, because it may begin this program anew with the system's Python
from daemon import clean_environment  # noqa: E402
from scenario import free_port, main  # noqa: E402
from test_dropin import VAULT, Server  # noqa: E402


def page(url, form=None):
    try:
        with urllib.request.urlopen(url, form, timeout=30) as reply:
            return reply.status, reply.read().decode(), reply.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


class Login:
    """`vault login -method=oidc` under way; `url` is where it sends the browser."""

    def __init__(self, server, *words):
        self.port = free_port()
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen([VAULT, "login", "-method=oidc", "-token-only", f"port={self.port}", *words], stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        env=clean_environment(HOME=server.home, VAULT_ADDR=server.address))
        end = time.monotonic() + 20
        while "Waiting for" not in self.said() and self.process.poll() is None:
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)
        self.url = next((line.strip() for line in self.said().splitlines() if line.strip().startswith("https://")), None)

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def end(self):
        out = self.process.communicate(timeout=30)[0]
        return self.process.returncode, out.strip()


def start(server, provider, *more):
    authority = os.path.join(server.home, "ca.pem")
    with open(authority, "w", encoding="utf-8") as file:
        file.write(provider.authority)
    server.vault("auth", "enable", "oidc")
    server.vault("write", "auth/oidc/config", f"oidc_discovery_url={provider.url}", f"oidc_discovery_ca_pem=@{authority}", "oidc_client_id=vogt", "oidc_client_secret=s3cret", "default_role=dev", *more)
    server.vault("write", "auth/oidc/role/dev", "user_claim=sub", "allowed_redirect_uris=http://localhost:8250/oidc/callback", "token_policies=dev")


def a_browser_comes_back_to_the_command():
    port = free_port()
    with Provider() as provider, Server("-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}", port=port) as server:
        server.wait("Root Token: ")
        server.vault("login", "root")
        start(server, provider)
        login = Login(server)
        back = provider.browse(login.url)
        assert f"http://localhost:{login.port}/oidc/callback?" in back
        here = f"http://127.0.0.1:{login.port}"
        assert page(here + "/")[0] == 404 and page(here + "/oidc/callback?state=guessed&code=x")[0] == 400 and page(here + "/favicon.ico")[0] == 404
        assert login.process.poll() is None # nothing of that ended the waiting
        status, text, headers = page(back.replace("localhost", "127.0.0.1"))
        assert status == 200 and "Signed in" in text and headers["Content-Security-Policy"] == "default-src 'none'", text
        code, token = login.end()
        assert code == 0 and token.startswith("hvs."), (code, token, login.said())
        assert "oidc-ada" in server.vault("token", "lookup", token)


def a_provider_that_answers_with_a_form():
    port = free_port()
    with Provider() as provider, Server("-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}", port=port) as server:
        server.wait("Root Token: ")
        server.vault("login", "root")
        start(server, provider, "oidc_response_mode=form_post")
        login = Login(server)
        assert "response_mode=form_post" in login.url
        back = urllib.parse.urlsplit(provider.browse(login.url))
        here = f"http://127.0.0.1:{login.port}{back.path}"
        assert page(here, b"state=guessed&code=x")[0] == 400 and page(here + "x", back.query.encode())[0] == 404
        status, text, _ = page(here, back.query.encode())
        assert status == 200 and "Signed in" in text, text
        code, token = login.end()
        assert code == 0 and "oidc-ada" in server.vault("token", "lookup", token), login.said()


def the_server_is_asked_until_the_login_has_ended():
    port = free_port()
    with Provider() as provider, Server("-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}", port=port) as server:
        server.wait("Root Token: ")
        server.vault("login", "root")
        devices = {}  # RFC 8628: device code -> was the user's code entered

        def device(handler):
            devices["dev1"] = False
            login_fake.reply(handler, 200, json.dumps({"device_code": "dev1", "user_code": "WDJB-MJHT", "verification_uri": provider.url + "/enter", "expires_in": 600, "interval": 1}).encode())

        def tokens(handler):
            form = dict(urllib.parse.parse_qsl(provider.bodies[-1].decode()))
            if form["grant_type"] != "urn:ietf:params:oauth:grant-type:device_code":
                provider.token_endpoint(handler)
            elif not devices[form["device_code"]]:
                login_fake.reply(handler, 400, b'{"error":"authorization_pending"}')
            else:
                login_fake.reply(handler, 200, json.dumps({"id_token": provider.token({"sub": "eva"}), "token_type": "Bearer"}).encode())
        provider.answers["/device"], provider.answers["/token"] = device, tokens
        provider.publish(device_authorization_endpoint=provider.url + "/device")
        start(server, provider)
        server.vault("write", "auth/oidc/role/tv", "user_claim=sub", "callback_mode=device", "token_policies=dev")
        direct = f"{server.address}/v1/auth/oidc/oidc/callback"
        server.vault("write", "auth/oidc/role/far", "user_claim=sub", "callback_mode=direct", "poll_interval=1", f"allowed_redirect_uris={direct}", "token_policies=dev")
        login = Login(server, "role=tv", "callbackmode=device")
        assert login.url == provider.url + "/enter" and "WDJB-MJHT" in login.said(), login.said()
        time.sleep(2.5)
        assert login.process.poll() is None
        devices["dev1"] = True
        code, token = login.end()
        assert code == 0 and "oidc-eva" in server.vault("token", "lookup", token), login.said()
        login = Login(server, "role=far", "callbackmode=direct")
        back = provider.browse(login.url)
        assert back.startswith(direct + "?"), back
        status, text, headers = page(back)
        assert status == 200 and "Signed in." in text and headers["Content-Type"].startswith("text/html") and "sandbox" in headers["Content-Security-Policy"], (text, headers)
        code, token = login.end()
        assert code == 0 and "oidc-ada" in server.vault("token", "lookup", token), login.said()
        login = Login(server, "role=far")
        assert login.end()[0] == 2 and "does not allow this redirect_uri" in login.said(), login.said()
        login = Login(server, "role=dev", "callbackmode=device")
        assert login.end()[0] == 2 and "does not allow this redirect_uri" in login.said(), login.said()


def what_the_server_refuses_is_said():
    port = free_port()
    with Provider() as provider, Server("-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}", port=port) as server:
        server.wait("Root Token: ")
        server.vault("login", "root")
        start(server, provider)
        login = Login(server)
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(provider.browse(login.url)).query)["state"][0]
        status, text, _ = page(f"http://127.0.0.1:{login.port}/oidc/callback?" + urllib.parse.urlencode({"state": state, "error": "access_denied"}))
        assert status == 400 and "Not signed in" in text, text
        code, _ = login.end()
        assert code == 2 and "The provider refused: access_denied" in login.said(), login.said()
        login = Login(server, "role=nobody")
        code, _ = login.end()
        assert code == 2 and 'role "nobody" could not be found' in login.said(), login.said()
        login = Login(server, "callbackhost=elsewhere.example")
        code, _ = login.end()
        assert code == 2 and "does not allow this redirect_uri" in login.said(), login.said()
        login = Login(server, "listenaddress=192.0.2.1")
        code, _ = login.end()
        assert code == 1 and "cannot listen there" in login.said(), login.said()


if __name__ == "__main__":
    main([a_browser_comes_back_to_the_command, a_provider_that_answers_with_a_form, the_server_is_asked_until_the_login_has_ended, what_the_server_refuses_is_said])
