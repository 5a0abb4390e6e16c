"""Logins through the browser, with a real client (python3-hvac) over TLS and a provider on loopback that keeps to the protocol: codes are good once, for the redirect and the proof
key (PKCE) that they were asked with, and for the client that names itself."""
import base64
import hashlib
import json
import secrets
import urllib.parse

from vault_client import client, guest  # first, because it may begin this program anew with the system's Python
import login_fake
from login_fake import Issuer
from scenario import Daemon, main
from test_vault_jwt import fails

REDIRECT = "http://localhost:8250/oidc/callback"


class Provider(Issuer):
    def __init__(self):
        super().__init__()
        self.codes, self.claims, self.faults = {}, {"sub": "ada"}, []
        self.answers["/token"], self.answers["/me"] = self.token_endpoint, self.userinfo
        self.publish(userinfo_endpoint=self.url + "/me")

    def browse(self, url):
        """What a browser and its user do: the address it is sent back to."""
        target, query = urllib.parse.urlsplit(url), dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        assert target.path == "/authorize" and query["response_type"] == "code" and query["client_id"] == "vogt" and "openid" in query["scope"].split() and query["code_challenge_method"] == "S256", query
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return query["redirect_uri"] + "?" + urllib.parse.urlencode({"state": query["state"], "code": code, "session_state": "x"})

    def token_endpoint(self, handler):
        form = dict(urllib.parse.parse_qsl(self.bodies[-1].decode()))
        user = base64.b64decode(handler.headers.get("Authorization", "Basic ").partition(" ")[2]).decode()
        asked = self.codes.pop(form.get("code"), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if user != "vogt:s3cret" or asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge"] != challenge or form["grant_type"] != "authorization_code":
            login_fake.reply(handler, 400, b'{"error":"invalid_grant"}')
            return
        token = self.token({"aud": "vogt", "nonce": asked["nonce"], **self.claims})
        login_fake.reply(handler, 200, json.dumps({"token_type": "Bearer", "access_token": "acc-" + self.claims["sub"], "id_token": token, "expires_in": 60}).encode())

    def userinfo(self, handler):
        if handler.headers.get("Authorization") != "Bearer acc-" + self.claims["sub"]:
            self.faults.append(handler.headers.get("Authorization"))
        login_fake.reply(handler, 200, json.dumps({"sub": self.claims["sub"], "email": self.claims["sub"] + "@example.org"}).encode())


def start(vogt, provider):
    vault = client(vogt)
    vault.sys.enable_auth_method("oidc")
    vault.auth.oidc.configure(oidc_discovery_url=provider.url, oidc_discovery_ca_pem=provider.authority, oidc_client_id="vogt", oidc_client_secret="s3cret", default_role="dev")
    vault.auth.oidc.create_role("dev", user_claim="sub", allowed_redirect_uris=[REDIRECT], oidc_scopes=["email"], claim_mappings={"email": "mail"}, token_policies=["dev"])
    return vault


def come_back(vogt, back, **more):
    query = {**dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query)), **more}
    return guest(vogt).auth.oidc.oidc_callback(query["state"], query.get("nonce", "n"), query["code"])


def people_log_in_through_their_provider():
    with Provider() as provider, Daemon() as vogt:
        vault = start(vogt, provider)
        assert "oidc_client_secret" not in vault.auth.oidc.read_config()["data"]
        url = guest(vogt).auth.oidc.oidc_authorization_url_request("dev", REDIRECT)["data"]["auth_url"]
        back = provider.browse(url)
        auth = come_back(vogt, back)["auth"]
        assert auth["policies"] == ["default", "dev"] and auth["metadata"] == {"role": "dev", "mail": "ada@example.org"}, auth
        assert client(vogt, auth["client_token"]).auth.token.lookup_self()["data"]["display_name"] == "oidc-ada"
        fails(lambda: come_back(vogt, back), "Expired or missing OAuth state")
        assert guest(vogt).auth.oidc.oidc_authorization_url_request("dev", "https://evil.example/")["data"]["auth_url"] == ""
        # a login begun before a restart goes on after it
        back = provider.browse(guest(vogt).auth.oidc.oidc_authorization_url_request("dev", "http://localhost:1234/oidc/callback")["data"]["auth_url"])
        assert vogt.stop() == 0
        vogt.start()
        assert come_back(vogt, back)["auth"]["client_token"]
        assert provider.faults == [] and not any("s3cret" in json.dumps(entry) or "eyJ" in json.dumps(entry) for entry in vogt.evidence())


def what_does_not_belong_to_the_login_is_refused():
    with Provider() as provider, Daemon() as vogt:
        start(vogt, provider)
        begin = lambda: provider.browse(guest(vogt).auth.oidc.oidc_authorization_url_request("dev", REDIRECT)["data"]["auth_url"])
        back, other = begin(), begin()
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(other).query))["code"]
        fails(lambda: come_back(vogt, back, code=code), "Error exchanging oidc code: invalid_grant") # another login's code: its proof key is another
        fails(lambda: come_back(vogt, begin(), code="guessed"), "Error exchanging oidc code: invalid_grant")
        provider.claims = {"sub": "ada", "nonce": "replayed"}
        fails(lambda: come_back(vogt, begin()), "belongs to another login")
        provider.claims = {"sub": "ada", "aud": "someone"}
        fails(lambda: come_back(vogt, begin()), "meant for another client")
        provider.claims = {"sub": "ada"}
        provider.answers["/token"] = login_fake.silent
        fails(lambda: come_back(vogt, begin()), "did not answer in time")
        provider.answers["/token"] = login_fake.redirect_to(provider.url + "/keys")
        fails(lambda: come_back(vogt, begin()), "Error exchanging oidc code")


if __name__ == "__main__":
    main([people_log_in_through_their_provider, what_does_not_belong_to_the_login_is_refused])
