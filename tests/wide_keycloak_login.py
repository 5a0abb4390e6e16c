#!/usr/bin/env python3
"""Logins at Vogt with a real Keycloak on loopback: through the browser (its login page filled in as a person does), with a program's token, and after Keycloak made a new key.

usage: wide_keycloak_login.py BUILD     Keycloak comes from Maven Central and needs Java 17; without either it exits with 77.
"""
import html
import http.cookiejar
import json
import os
import re
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import scenario  # reads where the build is from the arguments, which wide_keycloak changes
import test_page
import wide_keycloak
from wide_keycloak import Admin, fetch, free_port, keycloak

REDIRECT = "http://localhost:8250/oidc/callback"
REALM = ""
CLIENT = {"oidc_client_id": "vogt", "oidc_client_secret": "s3cret", "default_role": "dev"}


class Stay(urllib.request.HTTPRedirectHandler):
    """The browser's way back leads to a command line that does not listen here: the address is all that counts."""

    def redirect_request(self, request, stream, code, message, headers, url):
        return None if url.startswith(REDIRECT) else super().redirect_request(request, stream, code, message, headers, url)


class Browser:
    """Cookies, redirects, and a form."""

    def __init__(self):
        cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(secure_protocols=("https", "http"))) # a browser trusts its own machine without TLS
        self.opener = urllib.request.build_opener(Stay(), urllib.request.HTTPCookieProcessor(cookies))

    def open(self, url, form=None):
        """(page, address of the way back)"""
        try:
            with self.opener.open(url, None if form is None else urllib.parse.urlencode(form).encode(), timeout=60) as reply:
                return reply.read().decode(), None
        except urllib.error.HTTPError as error:
            if error.code in (302, 303) and error.headers.get("Location", "").startswith(REDIRECT):
                return "", error.headers["Location"]
            raise

    def log_in(self, url, name, password):
        page, back = self.open(url)
        if back is None:
            action = html.unescape(re.search(r'action="([^"]+)"', page).group(1))
            page, back = self.open(action, {"username": name, "password": password, "credentialId": ""})
        return back


def prepare():
    admin = Admin()
    admin.ask("POST", "/admin/realms", {"realm": "acme", "enabled": True})
    groups = {"name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
              "config": {"claim.name": "groups", "full.path": "false", "id.token.claim": "true", "access.token.claim": "true", "userinfo.token.claim": "true"}}
    audience = {"name": "for-vogt", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper", "config": {"included.custom.audience": "vogt-api", "access.token.claim": "true", "id.token.claim": "false"}}
    admin.ask("POST", "/admin/realms/acme/clients", {"clientId": "vogt", "secret": "s3cret", "publicClient": False, "standardFlowEnabled": True, "redirectUris": [REDIRECT], "protocolMappers": [groups],
                                                    "attributes": {"pkce.code.challenge.method": "S256", "oauth2.device.authorization.grant.enabled": "true"}})
    admin.ask("POST", "/admin/realms/acme/clients", {"clientId": "pipeline", "secret": "p1peline", "publicClient": False, "standardFlowEnabled": False, "serviceAccountsEnabled": True, "protocolMappers": [audience]})
    group = admin.ask("POST", "/admin/realms/acme/groups", {"name": "engineers"})
    password = {"type": "password", "value": "correct horse battery staple", "temporary": False}
    for name in ("ada", "eve"):
        user = admin.ask("POST", "/admin/realms/acme/users", {"username": name, "email": name + "@example.org", "emailVerified": True, "firstName": name, "lastName": "Test", "enabled": True, "credentials": [password]})
        if name == "ada":
            admin.ask("PUT", f"/admin/realms/acme/users/{user}/groups/{group}", {})
    return admin


def expect(answer, status):
    assert answer[0] == status, answer
    return answer[1]


def configure(vogt, redirects=(REDIRECT,)):
    admin = expect(vogt.call("POST", "/v1/auth/link/login", {"code": vogt.ready["login_link"].split("#login=")[1]}, token=""), 200)["auth"]["client_token"]

    def write(path, body):
        expect(vogt.call("POST", path, body, token=admin), 204)
    for method in ("jwt", "oidc"):
        write(f"/v1/sys/auth/{method}", {"type": method, "config": {"listing_visibility": "unauth"}})
    write("/v1/auth/jwt/config", {"oidc_discovery_url": REALM})
    write("/v1/auth/jwt/role/ci", {"role_type": "jwt", "user_claim": "azp", "bound_audiences": ["vogt-api"], "bound_claims": {"azp": "pipeline"}, "token_policies": ["ci"]})
    write("/v1/auth/oidc/config", {**CLIENT, "oidc_discovery_url": REALM})
    write("/v1/auth/oidc/role/dev", {"user_claim": "preferred_username", "allowed_redirect_uris": list(redirects), "oidc_scopes": ["profile", "email"], "groups_claim": "groups",
                                     "bound_claims": {"groups": ["engineers"]}, "claim_mappings": {"email": "mail"}, "token_policies": ["dev"]})
    return write


def browse(vogt, name, password="correct horse battery staple"):
    nonce = os.urandom(8).hex()
    url = expect(vogt.call("POST", "/v1/auth/oidc/oidc/auth_url", {"redirect_uri": REDIRECT, "client_nonce": nonce}, token=""), 200)["data"]["auth_url"]
    assert url.startswith(REALM + "/protocol/openid-connect/auth?"), url
    back = Browser().log_in(url, name, password)
    assert back is not None, "Keycloak did not let " + name + " in"
    query = urllib.parse.urlsplit(back).query
    return query, vogt.call("GET", f"/v1/auth/oidc/oidc/callback?{query}&client_nonce={nonce}", token="")


def the_page_logs_in_through_keycloak():
    """Keycloak's own login page in Debian's Chromium, and back."""
    if not os.path.exists("/usr/bin/chromium") or not os.path.isdir(os.path.join(test_page.UI, "node_modules")):
        print("the page: its packages or Chromium are not installed")
        return None
    with scenario.Daemon() as vogt:
        pages = [vogt.address + "/ui/vault/auth/oidc/oidc/callback", vogt.address + "/v1/auth/oidc/oidc/callback"]
        admin = Admin()
        [client] = admin.ask("GET", "/admin/realms/acme/clients?clientId=vogt")
        admin.ask("PUT", f"/admin/realms/acme/clients/{client['id']}", {**client, "redirectUris": [REDIRECT, *pages]})
        write = configure(vogt, [REDIRECT, *pages])
        said = [test_page.node("tests/page_provider.mjs", vogt.address)]
        write("/v1/auth/oidc/config", {**CLIENT, "oidc_discovery_url": REALM, "oidc_response_mode": "form_post"})
        said.append(test_page.node("tests/page_provider.mjs", vogt.address))
        return "; ".join(said)


def a_device_is_let_in():
    """RFC 8628: who has the code logs in at Keycloak and agrees; the device asks meanwhile."""
    with scenario.Daemon() as vogt:
        write = configure(vogt)
        write("/v1/auth/oidc/role/tv", {"user_claim": "preferred_username", "oidc_scopes": ["profile"], "callback_mode": "device", "poll_interval": 1, "token_policies": ["tv"]})
        begun = expect(vogt.call("POST", "/v1/auth/oidc/oidc/auth_url", {"role": "tv", "client_nonce": "mine"}, token=""), 200)["data"]
        assert begun["user_code"] and begun["auth_url"].startswith(REALM + "/device"), begun

        def poll():
            return vogt.call("POST", "/v1/auth/oidc/oidc/poll", {"state": begun["state"], "client_nonce": "mine"}, token="")
        assert poll()[1]["errors"] == ["authorization_pending"]
        browser = Browser()
        page, _ = browser.open(begun["auth_url"])
        page, _ = browser.open(html.unescape(re.search(r'action="([^"]+)"', page).group(1)), {"username": "ada", "password": "correct horse battery staple", "credentialId": ""})
        code = re.search(r'name="code" value="([^"]+)"', page)
        assert code, page
        action = urllib.parse.urljoin(REALM, html.unescape(re.search(r'action="([^"]+)"', page).group(1)))
        browser.open(action, {"code": html.unescape(code.group(1)), "accept": "Yes"})
        time.sleep(6) # who asks more often than Keycloak says (5 s) is told to slow down
        auth = expect(poll(), 200)["auth"]
        assert auth["policies"] == ["default", "tv"], auth
        assert poll()[1]["errors"] == ["Vault login failed. Expired or missing OAuth state."]


def program_token():
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": "pipeline", "client_secret": "p1peline"}).encode()
    with urllib.request.urlopen(REALM + "/protocol/openid-connect/token", form, timeout=30) as reply:
        return json.load(reply)["access_token"]


def a_person_logs_in_through_the_browser():
    with scenario.Daemon() as vogt:
        configure(vogt)
        query, answer = browse(vogt, "ada")
        auth = expect(answer, 200)["auth"]
        assert auth["policies"] == ["default", "dev"] and auth["metadata"] == {"role": "dev", "mail": "ada@example.org"}, auth
        data = expect(vogt.call("GET", "/v1/auth/token/lookup-self", token=auth["client_token"]), 200)["data"]
        assert data["display_name"] == "oidc-ada", data
        assert vogt.call("GET", f"/v1/auth/oidc/oidc/callback?{query}", token="")[1]["errors"] == ["invalid client_nonce"] # who only saw the address cannot use it
        _, answer = browse(vogt, "eve")
        assert answer[0] == 400 and "claim" in answer[1]["errors"][0], answer # no member of the group


def a_program_logs_in_with_its_token():
    with scenario.Daemon() as vogt:
        configure(vogt)
        token = program_token()
        auth = expect(vogt.call("POST", "/v1/auth/jwt/login", {"role": "ci", "jwt": token}, token=""), 200)["auth"]
        assert auth["policies"] == ["ci", "default"], auth
        head, claims, signature = token.split(".")
        broken = ".".join((head, claims, ("A" if signature[0] != "A" else "B") + signature[1:]))
        assert "no known key" in vogt.call("POST", "/v1/auth/jwt/login", {"role": "ci", "jwt": broken}, token="")[1]["errors"][0]
        configured = time.monotonic()
        Admin().ask("POST", "/admin/realms/acme/components", {"name": "newer", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider", "config": {"priority": ["500"], "keySize": ["3072"]}})
        newer = program_token()
        assert newer.split(".")[0] != head, "Keycloak still signs with the old key"
        time.sleep(max(0, 62 - (time.monotonic() - configured))) # asked at most once a minute
        assert expect(vogt.call("POST", "/v1/auth/jwt/login", {"role": "ci", "jwt": newer}, token=""), 200)["auth"]["policies"] == ["ci", "default"]
        assert expect(vogt.call("POST", "/v1/auth/jwt/login", {"role": "ci", "jwt": token}, token=""), 200)["auth"]["client_token"] # Keycloak goes on publishing the older key


if __name__ == "__main__":
    place = tempfile.mkdtemp(prefix="vogt-keycloak-")
    try:
        home = fetch(place)
        port = free_port()
        wide_keycloak.BASE = f"http://127.0.0.1:{port}"
        REALM = wide_keycloak.BASE + "/realms/acme"
        with open(os.path.join(place, "log"), "wb") as log, keycloak(home, port, log):
            prepare()
            scenario.main([a_person_logs_in_through_the_browser, the_page_logs_in_through_keycloak, a_device_is_let_in, a_program_logs_in_with_its_token])
    finally:
        shutil.rmtree(place, ignore_errors=True)
