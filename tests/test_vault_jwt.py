"""Logins with signed tokens, with a real client (python3-hvac) over TLS: keys in PEM and keys that an issuer publishes, fetched through reach's sandbox; issuers that lie."""
import concurrent.futures
import functools
import json
import time

import vault_client  # first, because it may begin this program anew with the system's Python
import login_fake
from login_fake import Issuer
from scenario import Daemon, main
from vault_client import client, guest, hvac

fails = functools.partial(vault_client.fails, kind=hvac.exceptions.InvalidRequest)
ROLE = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vogt"], "allowed_redirect_uris": []}


def methods(vogt):
    vault = client(vogt)
    vault.sys.enable_auth_method("jwt")
    return vault


def tokens_are_taken_by_their_keys_in_pem():
    with Issuer() as issuer, Daemon() as vogt:
        vault = methods(vogt)
        vault.auth.jwt.configure(jwt_validation_pubkeys=[issuer.keys["one"].pem], bound_issuer=issuer.url, default_role="app")
        assert vault.auth.jwt.read_config()["data"]["bound_issuer"] == issuer.url
        vault.auth.jwt.create_role("app", **ROLE, bound_claims={"team": ["blue", "red"]}, claim_mappings={"email": "mail"}, token_policies=["dev"], token_ttl="20m")
        assert vault.auth.jwt.list_roles()["data"]["keys"] == ["app"]
        assert vault.auth.jwt.read_role("app")["data"]["bound_claims"] == {"team": ["blue", "red"]}
        someone = guest(vogt)
        auth = someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada", "team": "red", "email": "ada@example.org"}))["auth"]
        assert auth["policies"] == ["default", "dev"] and auth["lease_duration"] == 1200 and auth["metadata"] == {"role": "app", "mail": "ada@example.org"}, auth
        data = client(vogt, auth["client_token"]).auth.token.lookup_self()["data"]
        assert data["display_name"] == "jwt-ada" and data["path"] == "auth/jwt/login", data
        fails(lambda: someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada", "team": "green"})), 'claim "team" does not match any associated bound claim values')
        fails(lambda: someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada", "team": "red"}, key="other")), "no known key successfully validated the token signature")
        fails(lambda: someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada", "team": "red", "exp": int(time.time()) - 61})), "token is expired")
        fails(lambda: someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada"}, header={"alg": "none"})), "unsupported algorithm")
        assert issuer.asked == []
        # no record holds a token
        assert not any("eyJ" in json.dumps(entry) for entry in vogt.evidence())
        vault.auth.jwt.delete_role("app")
        fails(lambda: someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada", "team": "red"})), 'role "app" could not be found')


def keys_come_from_the_provider():
    with Issuer() as issuer, Daemon() as vogt:
        vault = methods(vogt)
        vault.auth.jwt.configure(oidc_discovery_url=issuer.url, oidc_discovery_ca_pem=issuer.authority)
        assert issuer.asked == ["/.well-known/openid-configuration", "/keys"], issuer.asked
        vault.auth.jwt.create_role("app", **ROLE)
        someone = guest(vogt)
        for _ in range(3):
            assert someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada"}))["auth"]["policies"] == ["default"]
        fails(lambda: someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada", "iss": "https://elsewhere.example"})), "invalid issuer (iss) claim")
        fails(lambda: someone.auth.jwt.jwt_login("app", issuer.token({"sub": "ada"}, key="other")), "no known key")
        assert len(issuer.asked) == 2
        assert vogt.stop() == 0
        vogt.start()
        assert guest(vogt).auth.jwt.jwt_login("app", issuer.token({"sub": "ada"}))["auth"]["client_token"]
        assert len(issuer.asked) == 2 # keys are a row
        vault = client(vogt, vault.token)
        vault.auth.jwt.configure(jwks_url=issuer.url + "/keys", jwks_ca_pem=issuer.authority)
        assert guest(vogt).auth.jwt.jwt_login("app", issuer.token({"sub": "ada"}))["auth"]["client_token"]


def groups_of_the_token_are_groups_of_identity():
    """External groups: who is in them is what the issuer says with each login, no longer and no wider."""
    with Issuer() as issuer, Daemon() as vogt:
        vault = methods(vogt)
        vault.auth.jwt.configure(jwt_validation_pubkeys=[issuer.keys["one"].pem])
        vault.auth.jwt.create_role("app", **ROLE, groups_claim="/realm/groups")
        accessor = vault.sys.list_auth_methods()["data"]["jwt/"]["accessor"]
        group = vault.secrets.identity.create_or_update_group(name="deployers", group_type="external", policies=["deploy"])["data"]["id"]
        vault.secrets.identity.create_or_update_group_alias(name="team-deploy", mount_accessor=accessor, canonical_id=group)
        log_in = lambda sub, groups: guest(vogt).auth.jwt.jwt_login("app", issuer.token({"sub": sub, "realm": {"groups": groups}}))["auth"]
        auth = log_in("ada", ["everyone", "team-deploy"])
        assert auth["identity_policies"] == ["deploy"] and auth["policies"] == ["default", "deploy"], auth
        again = log_in("ada", ["everyone", "team-deploy"])
        assert again["entity_id"] == auth["entity_id"] != "" and log_in("bob", [])["entity_id"] not in ("", auth["entity_id"])
        entity = vault.secrets.identity.read_entity(auth["entity_id"])["data"]
        assert [(alias["name"], alias["mount_accessor"]) for alias in entity["aliases"]] == [("ada", accessor)], entity
        out = log_in("ada", ["everyone"]) # left the group at the issuer
        assert not out.get("identity_policies") and out["policies"] == ["default"], out
        assert client(vogt, auth["client_token"]).auth.token.lookup_self()["data"].get("identity_policies") in (None, []) # and so have the tokens from before


def many_logins_at_once_ask_the_issuer_once():
    with Issuer() as issuer, Daemon() as vogt:
        vault = methods(vogt)

        def keys(handler):
            time.sleep(1)
            login_fake.reply(handler, 200, json.dumps({"keys": [issuer.keys["one"].jwk]}).encode())
        issuer.answers["/keys"] = keys
        vault.adapter.post("/v1/auth/jwt/config", json={"jwks_url": issuer.url + "/keys", "jwks_ca_pem": issuer.authority, "skip_jwks_validation": True})
        vault.auth.jwt.create_role("app", **ROLE)
        token = issuer.token({"sub": "ada"})
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            done = list(pool.map(lambda _: guest(vogt).auth.jwt.jwt_login("app", token)["auth"]["client_token"], range(24)))
        assert len(set(done)) == 24 and set(issuer.asked) == {"/keys"} and len(issuer.asked) <= 2, issuer.asked # a second where a login comes just between the answer and its row


def issuers_that_lie_are_refused_in_words():
    with Issuer() as issuer, Issuer() as other, Daemon() as vogt:
        vault = methods(vogt)
        document = "/.well-known/openid-configuration"

        def configure(url=None, authority=issuer.authority):
            vault.auth.jwt.configure(oidc_discovery_url=url or issuer.url, oidc_discovery_ca_pem=authority)
        cases = [("/keys", login_fake.endless, "answer is too large"), ("/keys", login_fake.cut, "broke off its answer"), ("/keys", login_fake.silent, "did not answer in time"),
                 ("/keys", login_fake.slow, "did not answer in time"), ("/keys", b"<html>", "no set of keys"), ("/keys", None, "answered with an error: 404"),
                 ("/keys", login_fake.redirect_to(other.url + "/keys"), "answered with an error: 302"), (document, login_fake.redirect_to(other.url + document), "answered with an error: 302"),
                 (document, b"[]", "no JSON object"), ("/keys", b'{"keys":[{"kty":"oct","k":"AAAA"}]}', "no key that can check signatures")]
        for path, answer, words in cases:
            issuer.publish()
            issuer.answers[path] = answer
            began = time.monotonic()
            fails(configure, words)
            assert time.monotonic() - began < 30, path
        issuer.publish(issuer=issuer.url + "/")
        fails(configure, "calls itself by another issuer")
        issuer.publish(jwks_uri=f"http://127.0.0.1:{vogt.port}/v1/sys/health")
        fails(configure, "names an address that is not taken: jwks_uri")
        issuer.publish()
        fails(lambda: configure(authority=other.authority), "certificate is not trusted")
        fails(lambda: configure(authority="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "https://localhost")
        fails(lambda: configure(f"https://localhost:{login_fake.closed_port()}"), "could not be reached")
        fails(lambda: configure("https://no-such-host.invalid"), "no-such-host.invalid") # unreachable, or no answer in time where names are not answered at all
        fails(lambda: configure("http://issuer.example"), "this must be an https address")
        assert other.asked == [] # nobody was led there
        configure()
        assert {role["role"]: role["restarts"] for role in vogt.roles().values() if role["role"] in ("reach", "judge")} == {"reach": 0, "judge": 0}


if __name__ == "__main__":
    main([tokens_are_taken_by_their_keys_in_pem, keys_come_from_the_provider, groups_of_the_token_are_groups_of_identity, many_logins_at_once_ask_the_issuer_once, issuers_that_lie_are_refused_in_words])
