"""Tokens, wrapping, cubbyholes, capabilities and policies with a real client (python3-hvac) over TLS."""
import datetime
import threading
import time

from scenario import Daemon, main
from vault_client import client, hvac, refused


def at_once(count, call):
    """What `count` threads got that called at the same time."""
    told, gate = [], threading.Barrier(count)

    def run(number):
        gate.wait()
        told.append(call(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def wrapped_replies():
    with Daemon() as vogt:
        vault = client(vogt)
        info = vault.adapter.post("/v1/sys/wrapping/wrap", json={"color": "blue", "n": 1.10}, wrap_ttl="1m")["wrap_info"]
        assert info["ttl"] == 60 and info["creation_path"] == "sys/wrapping/wrap" and info["token"].startswith("hvs."), info
        assert set(info) == {"token", "accessor", "ttl", "creation_time", "creation_path"}, info
        looked = vault.adapter.post("/v1/sys/wrapping/lookup", json={"token": info["token"]})["data"]
        assert set(looked) == {"creation_path", "creation_time", "creation_ttl"} and looked["creation_path"] == "sys/wrapping/wrap" and looked["creation_ttl"] == 60, looked
        times = [datetime.datetime.fromisoformat(time.replace("Z", "+00:00")) for time in (looked["creation_time"], info["creation_time"])]
        assert abs((times[0] - times[1]).total_seconds()) < 1, times
        assert vault.sys.unwrap(info["token"])["data"] == {"color": "blue", "n": 1.1}
        gone = ("wrapping token is not valid or does not exist",)
        refused(lambda: vault.sys.unwrap(info["token"]), hvac.exceptions.InvalidRequest, *gone)
        refused(lambda: client(vogt, info["token"]).sys.unwrap(), hvac.exceptions.InvalidRequest, *gone)
        refused(lambda: vault.adapter.post("/v1/sys/wrapping/wrap", json={"a": 1}), hvac.exceptions.InvalidRequest, "endpoint requires response wrapping to be used")
        # a token inside: it is good after it was unwrapped by whoever has nothing but the wrapping token
        made = vault.auth.token.create(policies=["default"], wrap_ttl="60s")
        assert made["auth"] is None and made["data"] is None
        inner = client(vogt, made["wrap_info"]["token"]).sys.unwrap()["auth"]
        assert inner["accessor"] == made["wrap_info"]["wrapped_accessor"]
        assert client(vogt, inner["client_token"]).auth.token.lookup_self()["data"]["display_name"] == "token-token"
        # secrets, too; and a wrapping token that tries anything else is used up by it
        vault.sys.enable_secrets_engine("kv", path="app", options={"version": "1"})
        vault.secrets.kv.v1.create_or_update_secret("db", {"password": "correct horse"}, mount_point="app")
        wrapped = vault.adapter.get("/v1/app/db", wrap_ttl=30)["wrap_info"]["token"]
        refused(lambda: client(vogt, wrapped).auth.token.lookup_self(), hvac.exceptions.Forbidden, "permission denied")
        refused(lambda: vault.sys.unwrap(wrapped), hvac.exceptions.InvalidRequest, *gone)
        wrapped = vault.adapter.get("/v1/app/db", wrap_ttl=30)["wrap_info"]
        again = vault.adapter.post("/v1/sys/wrapping/rewrap", json={"token": wrapped["token"]})["wrap_info"]
        assert again["token"] != wrapped["token"] and again["creation_path"] == "app/db" and again["ttl"] == 30
        refused(lambda: vault.sys.unwrap(wrapped["token"]), hvac.exceptions.InvalidRequest, *gone)
        # it outlives a restart, and ends at its time
        short = vault.adapter.get("/v1/app/db", wrap_ttl="2s")["wrap_info"]["token"]
        vogt.restart()
        vault = client(vogt, vault.token)
        assert vault.sys.unwrap(again["token"])["data"] == {"password": "correct horse"}
        time.sleep(2.1)
        refused(lambda: vault.sys.unwrap(short), hvac.exceptions.InvalidRequest, *gone)
        assert vogt.call("GET", "/v1/app/db", token=vault.token, headers={"X-Vault-Wrap-TTL": "soon"})[0] == 400


def of_many_who_unwrap_at_once_one_gets_the_reply():
    with Daemon() as vogt:
        vault = client(vogt)
        for _ in range(5):
            token = vault.adapter.post("/v1/sys/wrapping/wrap", json={"a": "b"}, wrap_ttl="1m")["wrap_info"]["token"]
            told = at_once(16, lambda number: vogt.call("POST", "/v1/sys/wrapping/unwrap", {"token": token}, token=vault.token if number % 2 else token)[0])
            assert sorted(told) == [200] + [400] * 15, told
        counted = vault.auth.token.create(policies=["default"], num_uses=5)["auth"]["client_token"]
        told = at_once(16, lambda _: vogt.call("GET", "/v1/auth/token/lookup-self", token=counted)[0])
        assert sorted(told) == [200] * 5 + [403] * 11, told


def a_cubbyhole_is_its_token_s_own():
    with Daemon() as vogt:
        vault = client(vogt)
        ada, bob = (client(vogt, vault.auth.token.create(policies=["default"])["auth"]["client_token"]) for _ in range(2))
        ada.adapter.put("/v1/cubbyhole/notes/one", json={"a": "b"})
        assert ada.adapter.get("/v1/cubbyhole/notes/one")["data"] == {"a": "b"}
        assert ada.adapter.list("/v1/cubbyhole/")["data"]["keys"] == ["notes/"]
        for other in (bob, vault):
            status, body = vogt.call("GET", "/v1/cubbyhole/notes/one", token=other.token)
            assert (status, body) == (404, {"errors": []}), body
        ada.adapter.delete("/v1/cubbyhole/notes/one")
        assert vogt.call("LIST", "/v1/cubbyhole/", token=ada.token) == (404, {"errors": []})
        batch = vault.auth.token.create(policies=["default"], type="batch", ttl="1m")["auth"]["client_token"]
        refused(lambda: client(vogt, batch).adapter.put("/v1/cubbyhole/x", json={"a": 1}), hvac.exceptions.InvalidRequest,
                'cubbyhole operations are only supported by "service" type tokens')


def tokens_as_clients_make_them():
    with Daemon() as vogt:
        vault = client(vogt)
        fixed = vault.auth.token.create(id="00000000-fixed-for-tests", policies=["default"], ttl="1h")["auth"]
        assert fixed["client_token"] == "00000000-fixed-for-tests" and fixed["policies"] == ["default"]
        assert client(vogt, "00000000-fixed-for-tests").auth.token.lookup_self()["data"]["id"] == "00000000-fixed-for-tests"
        refused(lambda: vault.auth.token.create(id="00000000-fixed-for-tests"), hvac.exceptions.InvalidRequest, "cannot create a token with a duplicate ID")
        refused(lambda: vault.auth.token.create(id="hvs.x"), hvac.exceptions.InvalidRequest, "custom token ID cannot contain '.'")
        vault.sys.create_or_update_policy("maker", {"path": {"auth/token/create": {"capabilities": ["update"]}, "auth/token/create/*": {"capabilities": ["update"]}}})
        maker = client(vogt, vault.auth.token.create(policies=["maker"])["auth"]["client_token"])
        refused(lambda: maker.auth.token.create(no_parent=True), hvac.exceptions.InvalidRequest, "root or sudo privileges required to create orphan token")
        refused(lambda: maker.auth.token.create(policies=["admin"]), hvac.exceptions.InvalidRequest, "child policies must be subset of parent: admin")
        refused(lambda: maker.adapter.post("/v1/auth/token/create-orphan", json={}), hvac.exceptions.Forbidden, "permission denied")
        vault.auth.token.create_or_update_role("ci", allowed_policies=["deploy"], orphan=True, renewable=True)
        vault.adapter.post("/v1/auth/token/roles/ci", json={"token_period": "2m"})
        role = vault.auth.token.read_role("ci")["data"]
        assert role["allowed_policies"] == ["deploy"] and role["token_period"] == 120 and role["orphan"] is True and role["name"] == "ci"
        assert vault.auth.token.list_roles()["data"]["keys"] == ["ci"]
        auth = maker.auth.token.create(role_name="ci")["auth"]
        assert auth["policies"] == ["default", "deploy"] and auth["lease_duration"] == 120 and auth["orphan"] is True and auth["token_type"] == "service"
        renewed = client(vogt, auth["client_token"]).auth.token.renew_self(increment="1h")["auth"]
        assert renewed["lease_duration"] == 120
        assert auth["accessor"] in vault.auth.token.list_accessors()["data"]["keys"]
        seen = vault.auth.token.lookup_accessor(auth["accessor"])["data"]
        assert seen["id"] == "" and seen["path"] == "auth/token/create/ci" and seen["role"] == "ci" and seen["period"] == 120
        vault.auth.token.revoke_accessor(auth["accessor"])
        refused(lambda: client(vogt, auth["client_token"]).auth.token.lookup_self(), hvac.exceptions.Forbidden, "permission denied")
        vault.auth.token.delete_role("ci")
        refused(lambda: vault.auth.token.read_role("ci"), hvac.exceptions.InvalidPath)
        tidied = vault.auth.token.tidy()
        assert tidied.status_code == 202 if hasattr(tidied, "status_code") else "Tidy operation" in tidied["warnings"][0], tidied


def what_a_token_may():
    with Daemon() as vogt:
        vault = client(vogt)
        vault.sys.create_or_update_policy("app", 'path "app/*" {\n  capabilities = ["update", "create"]\n}\npath "app/locked" {\n  capabilities = ["deny"]\n}')
        assert "app" in vault.sys.list_policies()["data"]["policies"] and "app" in vault.adapter.list("/v1/sys/policies/acl")["data"]["keys"]
        assert 'path "app/*"' in vault.sys.read_policy("app")["data"]["rules"] and 'path "app/*"' in vault.adapter.get("/v1/sys/policies/acl/app")["data"]["policy"]
        auth = vault.auth.token.create(policies=["app"])["auth"]
        app = client(vogt, auth["client_token"])
        assert app.sys.get_capabilities(["app/a", "app/locked", "b"])["data"] == {"app/a": ["create", "update"], "app/locked": ["deny"], "b": ["deny"]}
        assert vault.sys.get_capabilities(["app/a"], token=app.token)["capabilities"] == ["create", "update"]
        assert vault.sys.get_capabilities(["app/a"], accessor=auth["accessor"])["data"]["capabilities"] == ["create", "update"]
        refused(lambda: vault.sys.get_capabilities(["a"], accessor="none"), hvac.exceptions.InvalidRequest, "invalid accessor")
        acl = app.adapter.get("/v1/sys/internal/ui/resultant-acl")["data"]
        assert acl["root"] is False and acl["glob_paths"]["app/"]["capabilities"] == ["create", "update"] and acl["exact_paths"]["app/locked"]["capabilities"] == ["deny"]
        mounts = app.adapter.get("/v1/sys/internal/ui/mounts")["data"]
        assert "cubbyhole/" in mounts["secret"] and "token/" in mounts["auth"], mounts
        assert vogt.call("GET", "/v1/sys/internal/ui/mounts/nowhere/x", token=app.token) == (403, {"errors": ["permission denied"]})
        vault.sys.delete_policy("app")
        refused(lambda: vault.sys.read_policy("app"), hvac.exceptions.InvalidPath)
        refused(lambda: vault.sys.create_or_update_policy("broken", {"path": {"a": {"capabilities": ["fly"]}}}), hvac.exceptions.InvalidRequest,
                "no such capability (create, read, update, delete, list, patch, scan, sudo, deny): fly")


def rules_that_look_at_parameters_and_wrapping():
    with Daemon() as vogt:
        vault = client(vogt)
        vault.sys.enable_secrets_engine("kv", path="app", options={"version": "1"})
        vault.sys.create_or_update_policy("narrow", """
            path "app/db" {
              capabilities        = ["create", "update", "read"]
              required_parameters = ["owner"]
              allowed_parameters  = { "owner" = ["ada", "bob*"], "size" = [] }
              denied_parameters   = { "size" = ["huge"] }
            }
            path "app/wrapped" {
              capabilities     = ["read"]
              min_wrapping_ttl = "1s"
              max_wrapping_ttl = "90s"
            }""")
        narrow = client(vogt, vault.auth.token.create(policies=["narrow"])["auth"]["client_token"])
        for good in ({"owner": "ada"}, {"owner": "bobby", "size": "small"}):
            narrow.adapter.put("/v1/app/db", json=good)
        for bad in ({"owner": "eve"}, {"size": "small"}, {"owner": "ada", "size": "huge"}, {"owner": "ada", "more": "x"}):
            refused(lambda: narrow.adapter.put("/v1/app/db", json=bad), hvac.exceptions.Forbidden, "permission denied")
        vault.secrets.kv.v1.create_or_update_secret("wrapped", {"a": "b"}, mount_point="app")
        refused(lambda: narrow.adapter.get("/v1/app/wrapped"), hvac.exceptions.Forbidden, "permission denied")
        refused(lambda: narrow.adapter.get("/v1/app/wrapped", wrap_ttl="2m"), hvac.exceptions.Forbidden, "permission denied")
        token = narrow.adapter.get("/v1/app/wrapped", wrap_ttl="1m")["wrap_info"]["token"]
        assert vault.sys.unwrap(token)["data"] == {"a": "b"}


def leases_and_their_names_of_old():
    with Daemon() as vogt:
        vault = client(vogt)
        for path in ("/v1/sys/leases/renew", "/v1/sys/renew"):
            assert vogt.call("PUT", path, {"lease_id": "none/at/all"}, token=vault.token)[1]["errors"] == ["lease not found"]
        refused(lambda: vault.sys.read_lease("none/at/all"), hvac.exceptions.InvalidRequest, "invalid lease")
        assert vogt.call("LIST", "/v1/sys/leases/lookup/none/", token=vault.token) == (404, {"errors": []})
        for path in ("/v1/sys/leases/revoke", "/v1/sys/revoke"):
            assert vogt.call("PUT", path, {"lease_id": "none/at/all"}, token=vault.token)[0] == 204
        for word in ("revoke-prefix", "revoke-force"):
            for base in ("/v1/sys/leases/", "/v1/sys/"):
                assert vogt.call("PUT", f"{base}{word}/none", token=vault.token)[0] == 204


if __name__ == "__main__":
    main([wrapped_replies, of_many_who_unwrap_at_once_one_gets_the_reply, a_cubbyhole_is_its_token_s_own, tokens_as_clients_make_them, what_a_token_may, rules_that_look_at_parameters_and_wrapping, leases_and_their_names_of_old])
