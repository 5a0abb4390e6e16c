"""The page's ways in, in Debian's Chromium against a running Vogt: a provider on loopback with a login page of its own, userpass, signed tokens, a token."""
import html
import json
import tempfile
import urllib.parse

import login_fake
from scenario import Daemon
from test_page import node, run
from test_vault_oidc import Provider


def button(back, word, is_form):
    """Leads back: by a link, or by a form that is posted (OAuth 2.0 Form Post Response Mode)."""
    if not is_form:
        return f'<p><a href="{html.escape(back)}">{word}</a>'
    target, _, query = back.partition("?")
    return f'<form method="post" action="{html.escape(target)}">' + "".join(f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">' for name, value in urllib.parse.parse_qsl(query)) + f"<button>{word}</button></form>"


class Asking(Provider):
    """What a browser sees: a page that asks whether it is ada, and sends back with a code or with a refusal."""

    def __init__(self):
        super().__init__()
        self.answers["/authorize"] = self.authorize

    def authorize(self, handler):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query))
        good = self.browse(self.url + handler.path)
        bad = query["redirect_uri"] + "?" + urllib.parse.urlencode({"state": query["state"], "error": "access_denied", "error_description": "not today"})
        is_form = query.get("response_mode") == "form_post"
        page = "<!doctype html><title>Acme</title><h1>Acme</h1>" + button(good, "I am ada", is_form) + button(bad, "No", is_form)
        login_fake.reply(handler, 200, page.encode(), {"Content-Type": "text/html"})


def expect(answer):
    assert answer[0] in (200, 204), answer
    return answer[1]


def every_way_in():
    with Asking() as provider, Daemon() as vogt, tempfile.TemporaryDirectory() as pictures:
        admin = expect(vogt.call("POST", "/v1/auth/link/login", {"code": vogt.ready["login_link"].split("#login=")[1]}, token=""))["auth"]["client_token"]

        def write(path, body):
            return expect(vogt.call("POST", "/v1/" + path, body, token=admin))
        shown = {"listing_visibility": "unauth"}
        write("sys/auth/oidc", {"type": "oidc", "description": "Acme", "config": shown})
        write("sys/auth/forms", {"type": "oidc", "description": "Forms", "config": shown})
        write("sys/auth/staff", {"type": "userpass", "description": "Staff", "config": shown})
        write("sys/auth/hidden", {"type": "userpass"})
        write("sys/auth/jwt", {"type": "jwt"})
        config = {"oidc_discovery_url": provider.url, "oidc_discovery_ca_pem": provider.authority, "oidc_client_id": "vogt", "oidc_client_secret": "s3cret", "default_role": "dev"}
        for mount, mode, back in (("oidc", "query", "/ui/vault/auth/oidc/oidc/callback"), ("forms", "form_post", "/v1/auth/forms/oidc/callback")):
            write(f"auth/{mount}/config", {**config, "oidc_response_mode": mode})
            write(f"auth/{mount}/role/dev", {"user_claim": "sub", "allowed_redirect_uris": [vogt.address + back], "token_policies": ["admin"]})
        write("auth/oidc/role/waiting", {"user_claim": "sub", "allowed_redirect_uris": [vogt.address + "/ui/vault/auth/oidc/oidc/callback"], "callback_mode": "direct"})
        write("sys/config/cors", {"allowed_origins": ["https://elsewhere.example"]}) # a provider's form is no page that calls
        write("auth/oidc/role/elsewhere", {"user_claim": "sub", "allowed_redirect_uris": ["https://localhost:1/ui/"], "token_policies": ["admin"]})
        write("auth/jwt/config", {"jwt_validation_pubkeys": [provider.keys["one"].pem]})
        write("auth/jwt/role/ci", {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vogt"], "token_policies": ["admin"]})
        for mount, name in (("staff", "eva"), ("hidden", "udo")):
            write(f"auth/{mount}/users/{name}", {"password": "correct horse", "token_policies": "admin"})
        write("auth/staff/users/leo", {"password": "correct horse"})
        token = write("auth/token/create", {"policies": ["admin"], "display_name": "ops"})["auth"]["client_token"]
        bare = write("auth/token/create", {"policies": ["nothing"], "no_default_policy": True})["auth"]["client_token"]
        given = json.dumps({"jwt": provider.token({"sub": "robot"}), "token": token, "bare": bare})
        said = node("tests/page_login.mjs", vogt.address, given, pictures)
        hows = [entry["how"] for entry in vogt.evidence() if entry and entry["type"] == "login"]
        assert hows.count("auth/token/session") == 2, hows
        return said


if __name__ == "__main__":
    run([every_way_in])
