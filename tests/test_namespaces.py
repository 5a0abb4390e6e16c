"""Namespaces with a real client (python3-hvac) over TLS: two teams that see nothing of each other, and ten thousand that cost nothing."""
import http.client
import json
import os
import ssl
import threading
import time

from scenario import main
from vault_client import Daemon, client, fails, hvac

BOSS = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }'


def inside(vogt, space, token=None):
    if token is None:
        client(vogt)
    return client(vogt, vogt.admin if token is None else token, namespace=space)


def team(vogt, name):
    """A namespace with kv, AppRole and a boss, as an administrator of the root makes it: a client of the boss."""
    client(vogt).sys.create_namespace(name)
    space = inside(vogt, name)
    space.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
    space.sys.create_or_update_policy("boss", BOSS)
    token = space.auth.token.create(policies=["boss"], ttl="1h")["auth"]["client_token"]
    return inside(vogt, name, token)


def two_teams_see_nothing_of_each_other():
    with Daemon() as vogt:
        ant, bee, root = team(vogt, "ant"), team(vogt, "bee"), client(vogt)
        assert root.sys.list_namespaces()["data"]["keys"] == ["ant/", "bee/"]
        ant.secrets.kv.v2.create_or_update_secret("db", {"password": "of ant"})
        bee.secrets.kv.v2.create_or_update_secret("db", {"password": "of bee"})
        assert ant.secrets.kv.v2.read_secret("db")["data"]["data"] == {"password": "of ant"}
        assert bee.secrets.kv.v2.read_secret("db")["data"]["data"] == {"password": "of bee"}
        assert root.adapter.get("/v1/ant/secret/data/db")["data"]["data"] == {"password": "of ant"}
        status, headers, _ = vogt.request("GET", "/v1/secret/data/db", token=bee.token, headers={"X-Vault-Namespace": "bee"})
        assert status == 200 and headers["X-Vault-Namespace"] == "bee"
        for space in ("bee", "", "root"):
            fails(lambda: inside(vogt, space, ant.token).adapter.get("/v1/secret/data/db"), "permission denied")
        fails(lambda: inside(vogt, None, ant.token).adapter.get("/v1/bee/secret/data/db"), "permission denied")
        fails(lambda: inside(vogt, "nowhere", ant.token).adapter.get("/v1/secret/data/db"), "permission denied")
        fails(lambda: ant.adapter.get("/v1/sys/audit"), "root namespace only")
        fails(lambda: ant.adapter.post("/v1/sys/seal"), "root namespace only")
        fails(lambda: ant.adapter.post("/v1/auth/token/lookup", json={"token": bee.token}), "bad token")
        # a login method of its own, with policies of its own
        ant.sys.enable_auth_method("approle")
        ant.sys.create_or_update_policy("web", 'path "secret/data/db" { capabilities = ["read"] }')
        ant.adapter.post("/v1/auth/approle/role/web", json={"token_policies": "web"})
        login = {"role_id": ant.adapter.get("/v1/auth/approle/role/web/role-id")["data"]["role_id"], "secret_id": ant.adapter.post("/v1/auth/approle/role/web/secret-id")["data"]["secret_id"]}
        fails(lambda: inside(vogt, "bee", "").adapter.post("/v1/auth/approle/login", json=login), "")
        web = inside(vogt, "ant", inside(vogt, "ant", "").adapter.post("/v1/auth/approle/login", json=login)["auth"]["client_token"])
        assert web.secrets.kv.v2.read_secret("db")["data"]["data"] == {"password": "of ant"}
        fails(lambda: web.secrets.kv.v2.create_or_update_secret("db", {"password": "x"}), "permission denied")
        assert web.auth.token.lookup_self()["data"]["policies"] == ["default", "web"]
        # wrapped within it
        _, wrapped = vogt.call("GET", "/v1/secret/data/db", token=web.token, headers={"X-Vault-Namespace": "ant", "X-Vault-Wrap-TTL": "60"})
        assert inside(vogt, "ant", "").sys.unwrap(wrapped["wrap_info"]["token"])["data"]["data"] == {"password": "of ant"}
        # one below
        ant.sys.create_namespace("dev")
        dev = inside(vogt, "ant/dev", ant.token)
        dev.sys.enable_secrets_engine("kv", path="secret", options={"version": "1"})
        dev.secrets.kv.v1.create_or_update_secret("x", {"a": "1"}, mount_point="secret")
        assert ant.adapter.get("/v1/dev/secret/x")["data"] == {"a": "1"}
        fails(lambda: bee.adapter.get("/v1/dev/secret/x"), "")
        # the ledger names the whole path
        types = [(entry["type"], entry.get("path")) for entry in vogt.evidence()]
        assert ("namespace.created", "ant/dev") in types and ("mount.enabled", "ant/dev/secret") in types and ("mount.enabled", "ant/auth/approle") in types, types
        # all of it is there after a restart, and gone when it is deleted
        assert vogt.stop() == 0
        vogt.start()
        root = client(vogt, vogt.admin)
        assert inside(vogt, "ant", web.token).secrets.kv.v2.read_secret("db")["data"]["data"] == {"password": "of ant"}
        fails(lambda: root.sys.delete_namespace("ant"), "child namespaces")
        root.sys.delete_namespace("bee")
        fails(lambda: inside(vogt, "bee", bee.token).secrets.kv.v2.read_secret("db"), "permission denied")
        assert root.sys.list_namespaces()["data"]["keys"] == ["ant/"]


def limits_and_audit_devices_know_namespaces():
    with Daemon() as vogt:
        ant, root = team(vogt, "ant"), client(vogt)
        root.sys.enable_audit_device("file", options={"file_path": "audit.log"})
        ant.secrets.kv.v2.create_or_update_secret("db", {"password": "x"})
        with open(os.path.join(vogt.directory, "audit", "audit.log"), encoding="utf-8") as stream:
            lines = [json.loads(line) for line in stream]
        written = [line["request"] for line in lines if line["request"]["path"] == "secret/data/db" and line["request"]["operation"] != "read"]
        assert written and all(request["namespace"]["path"] == "ant/" for request in written), lines[-1]
        root.adapter.post("/v1/sys/quotas/rate-limit/ant", json={"path": "ant", "rate": 3, "interval": "1h"})
        answers = [vogt.request("GET", "/v1/secret/data/db", token=ant.token, headers={"X-Vault-Namespace": "ant"})[0] for _ in range(6)]
        assert answers == [200] * 3 + [429] * 3, answers
        assert vogt.request("GET", "/v1/sys/mounts", token=vogt.admin)[0] == 200


def ten_thousand_namespaces_cost_nothing():
    count, threads = 10000, 8
    with Daemon() as vogt:
        team(vogt, "first")
        assert vogt.stop() == 0
        vogt.start()
        before, start_before = vogt.memory_kib("keep"), vogt.ready_ms
        failures = []

        def make(start):
            context = ssl.create_default_context(cafile=os.path.join(vogt.directory, "tls.pem"))
            connection = http.client.HTTPSConnection("localhost", vogt.port, context=context, timeout=60)
            for number in range(start, count, threads):
                connection.request("POST", f"/v1/sys/namespaces/team{number:05d}", body=b"{}", headers={"X-Vault-Token": vogt.admin})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    failures.append(answer.status)
                    return
            connection.close()
        begun = time.monotonic()
        workers = [threading.Thread(target=make, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        took = time.monotonic() - begun
        assert not failures, failures
        assert vogt.stop() == 0
        vogt.start()
        after, start_after = vogt.memory_kib("keep"), vogt.ready_ms
        last = inside(vogt, "team09999")
        last.sys.enable_secrets_engine("kv", path="secret", options={"version": "1"})
        last.secrets.kv.v1.create_or_update_secret("x", {"a": "1"}, mount_point="secret")
        assert last.secrets.kv.v1.read_secret("x", mount_point="secret")["data"] == {"a": "1"}
        listed = vogt.call("LIST", "/v1/sys/namespaces?after=team04999/&limit=10", token=vogt.admin)[1]["data"]["keys"]
        assert listed == [f"team{number:05d}/" for number in range(5000, 5010)], listed
        assert after - before < 1024, (before, after)
        assert start_after < start_before + 1000, (start_before, start_after)
        return "made in %.1f s; keep has %d KiB, %d before; ready after %d ms, %d before" % (took, after, before, start_after, start_before)


if __name__ == "__main__":
    assert hvac
    main([two_teams_see_nothing_of_each_other, limits_and_audit_devices_know_namespaces, ten_thousand_namespaces_cost_nothing])
