"""Vault's sys/ for those who run it, with a real client (python3-hvac) over TLS: root tokens from unseal keys, new unseal keys, rotation."""
import base64
import json
import os

from scenario import main, wait_until
from vault_client import Daemon, Shared, client, fails

OTP = "BMjzW3wAsEzINXCM05Wbas3u9zSl"


def unmasked(encoded, otp):
    bytes_ = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    return bytes(a ^ b for a, b in zip(bytes_, otp.encode())).decode()


# ---- what holders of unseal keys do together ----

def unseal_keys_make_a_root_token():
    with Shared() as vogt:
        nobody = client(vogt, "")
        assert not nobody.sys.read_root_generation_progress()["started"]
        begun = nobody.sys.start_root_token_generation(otp=OTP)
        nonce = begun["nonce"]
        assert begun["started"] and begun["required"] == 3 and begun["otp_length"] == 28
        fails(lambda: nobody.sys.start_root_token_generation(otp=OTP), "already in progress")
        fails(lambda: nobody.sys.generate_root(vogt.keys[0], "another"), "incorrect nonce")
        for key in vogt.keys[1:4]:
            reply = nobody.sys.generate_root(key, nonce)
        assert reply["complete"] and reply["encoded_root_token"] == reply["encoded_token"]
        token = unmasked(reply["encoded_token"], OTP)
        assert token == vogt.call("POST", "/v1/sys/decode-token", {"encoded_token": reply["encoded_token"], "otp": OTP}, token="")[1]["data"]["token"]
        looked_up = client(vogt, token).auth.token.lookup_self()["data"]
        assert looked_up["policies"] == ["root"] and looked_up["ttl"] == 0 and looked_up["orphan"]
        # cancelled: nothing is left of it, and Vogt makes the otp itself
        begun = nobody.sys.start_root_token_generation()
        assert len(begun["otp"]) == 28 and begun["otp"].isalnum()
        nobody.sys.cancel_root_generation()
        fails(lambda: nobody.sys.generate_root(vogt.keys[0], begun["nonce"]), "begin it first")
        fails(lambda: nobody.sys.start_root_token_generation(pgp_key="mQENBF"), "PGP")
        status, body = vogt.call("GET", "/v1/sys/generate-root-token/attempt", token="")
        assert status == 403, body
        assert vogt.call("GET", "/v1/sys/generate-root-token/attempt", token=vogt.root)[0] == 200
        recorded = [entry["type"] for entry in _evidence(vogt)]
        assert recorded.count("root.generated") == 1, recorded


def _evidence(vogt):
    data = vogt.call("GET", "/v1/evidence/entries?after=0&limit=100", token=vogt.root)[1]["data"]
    return [json.loads(entry["payload"]) for entry in data["entries"]]


def new_unseal_keys_take_the_place_of_the_old():
    with Shared() as vogt:
        nobody = client(vogt, "")
        begun = nobody.sys.start_rekey(secret_shares=3, secret_threshold=2)
        assert begun["n"] == 3 and begun["t"] == 2 and nobody.sys.read_rekey_progress()["started"]
        done = nobody.sys.rekey_multi(vogt.keys[:3], nonce=begun["nonce"])
        assert done["complete"] and len(done["keys"]) == len(done["keys_base64"]) == 3
        assert not nobody.sys.read_rekey_progress()["started"]
        assert client(vogt, vogt.root).sys.list_auth_methods()
        assert vogt.stop() == 0
        vogt.start()
        nobody = client(vogt, "")
        assert nobody.sys.read_seal_status()["n"] == 3 and nobody.sys.read_seal_status()["t"] == 2
        nobody.sys.submit_unseal_key(reset=True)
        fails(lambda: nobody.sys.submit_unseal_keys(vogt.keys[:2]), "do not fit")
        assert not nobody.sys.submit_unseal_keys(done["keys"][1:3])["sealed"]
        assert client(vogt, vogt.root).sys.list_auth_methods()


def unverified_keys_do_not_count():
    with Shared() as vogt:
        nobody = client(vogt, "")
        begun = nobody.sys.start_rekey(secret_shares=3, secret_threshold=2, require_verification=True)
        done = nobody.sys.rekey_multi(vogt.keys[:3], nonce=begun["nonce"])
        nonce = done["verification_nonce"]
        assert nobody.sys.read_rekey_verify_progress()["nonce"] == nonce
        nobody.sys.rekey_verify(done["keys"][0], nonce)
        nobody.sys.cancel_rekey_verify()
        fresh = nobody.sys.read_rekey_verify_progress()["nonce"]
        assert fresh != nonce
        # sealed before it is done: the old keys are the keys
        client(vogt, vogt.root).sys.seal()
        wait_until(lambda: nobody.sys.is_sealed(), what="the seal")
        assert vogt.unseal(vogt.keys)
        begun = nobody.sys.start_rekey(secret_shares=3, secret_threshold=2, require_verification=True)
        done = nobody.sys.rekey_multi(vogt.keys[2:5], nonce=begun["nonce"])
        assert nobody.sys.rekey_verify_multi(done["keys"][1:3], done["verification_nonce"])["complete"]
        client(vogt, vogt.root).sys.seal()
        wait_until(lambda: nobody.sys.is_sealed(), what="the seal")
        assert not nobody.sys.submit_unseal_keys(done["keys"][:2])["sealed"]


def a_key_file_says_that_there_are_no_unseal_keys():
    with Daemon() as vogt:
        vault = client(vogt)
        told = fails(lambda: vault.sys.start_root_token_generation(otp=OTP), "key file")
        fails(lambda: vault.sys.start_rekey(1, 1), "key file")
        fails(lambda: vault.sys.start_rekey(1, 1, recovery_key=True), "recovery")
        return told


def keys_are_rotated_by_hand_and_by_a_setting():
    with Daemon() as vogt:
        vault = client(vogt)
        before = vault.sys.get_encryption_key_status()["data"]["term"]
        vault.sys.rotate_encryption_key()
        assert vault.sys.get_encryption_key_status()["data"]["term"] == before + 1
        vault.adapter.post("/v1/sys/rotate/config", json={"interval": "168h", "enabled": True})
        assert vault.adapter.get("/v1/sys/rotate/config")["data"] == {"max_operations": 3865470566, "interval": 604800, "enabled": True}
        fails(lambda: vault.adapter.post("/v1/sys/rotate/config", json={"interval": "1h"}), "24 hours")
        vault.sys.enable_secrets_engine("kv", path="app", options={"version": "1"})
        vault.secrets.kv.v1.create_or_update_secret("db", {"password": "x"}, mount_point="app")
        vault.adapter.post("/v1/sys/rotate/root")
        assert vogt.stop() == 0
        vogt.start()
        assert client(vogt, vogt.admin).secrets.kv.v1.read_secret("db", mount_point="app")["data"] == {"password": "x"}


# ---- rate limits, password policies, random bytes ----

def a_rate_limit_is_held_over_a_restart():
    with Daemon() as vogt:
        vault = client(vogt)
        vault.sys.enable_secrets_engine("kv", path="app", options={"version": "1"})
        vault.adapter.post("/v1/sys/quotas/rate-limit/app", json={"path": "app/", "rate": 5, "interval": "1h"})
        read = vault.adapter.get("/v1/sys/quotas/rate-limit/app")["data"]
        assert read == {"name": "app", "type": "rate-limit", "path": "app/", "role": "", "rate": 5, "interval": 3600, "block_interval": 0, "inheritable": False}, read
        assert vault.adapter.list("/v1/sys/quotas/rate-limit")["data"]["keys"] == ["app"]

        def answers():
            return [vogt.request("GET", "/v1/app/x", token=token)[0:2] for token in (vogt.admin, "hvs.nobody") for _ in range(4)]
        seen = answers()
        assert [status for status, _ in seen] == [404] * 4 + [403] + [429] * 3, seen  # a bad token is not even looked at
        assert 3590 <= int(seen[-1][1]["Retry-After"]) <= 3600
        assert vogt.stop() == 0
        vogt.start()
        assert [status for status, _ in answers()].count(429) == 3
        vault = client(vogt, vogt.admin)
        vault.adapter.delete("/v1/sys/quotas/rate-limit/app")
        assert 429 not in [status for status, _ in answers()]
        types = [entry["type"] for entry in vogt.evidence()]
        assert "quota.set" in types and "quota.removed" in types


def passwords_are_made_by_policies():
    policy = """
length = 20
rule "charset" {
  charset = "abcdefghijklmnopqrstuvwxyz"
  min-chars = 5
}
rule "charset" {
  charset = "0123456789"
  min-chars = 5
}
"""
    with Daemon() as vogt:
        vault = client(vogt)
        vault.adapter.put("/v1/sys/policies/password/db", json={"policy": policy})
        assert vault.adapter.get("/v1/sys/policies/password/db")["data"]["policy"] == policy
        made = {vault.adapter.get("/v1/sys/policies/password/db/generate")["data"]["password"] for _ in range(20)}
        assert len(made) == 20
        for password in made:
            assert len(password) == 20 and sum(c.isdigit() for c in password) >= 5 and sum(c.islower() for c in password) >= 5, password
        fails(lambda: vault.adapter.put("/v1/sys/policies/password/db", json={"policy": "length = 2"}), "4 to 512")
        fails(lambda: vault.adapter.put("/v1/sys/policies/password/db", json={"policy": policy.replace("20", "9")}), "more characters")
        assert len(base64.b64decode(vault.adapter.post("/v1/sys/tools/random/48")["data"]["random_bytes"])) == 48


# ---- moving mounts, about the server ----

def a_mount_is_moved_with_all_that_it_holds():
    with Daemon() as vogt:
        vault = client(vogt)
        vault.sys.enable_secrets_engine("kv", path="app", options={"version": "2"})
        vault.secrets.kv.v2.create_or_update_secret("db", {"password": "x"}, mount_point="app")
        moved = vault.sys.move_backend("app", "team/app")
        status = vault.adapter.get("/v1/sys/remount/status/" + moved["data"]["migration_id"])["data"]["migration_info"]
        assert status["source_mount"] == "app" and status["target_mount"] == "team/app", status
        assert "team/app/" in vault.sys.list_mounted_secrets_engines()["data"] and "app/" not in vault.sys.list_mounted_secrets_engines()["data"]
        vault.sys.enable_secrets_engine("kv", path="app", options={"version": "2"})
        fails(lambda: vault.secrets.kv.v2.read_secret("db", mount_point="app"), "")
        assert vogt.stop() == 0
        vogt.start()
        vault = client(vogt, vogt.admin)
        assert vault.secrets.kv.v2.read_secret("db", mount_point="team/app")["data"]["data"] == {"password": "x"}
        fails(lambda: vault.sys.move_backend("team/app", "app"), "already in use")
        vault.sys.enable_auth_method("approle")
        vault.adapter.post("/v1/auth/approle/role/web", json={"token_policies": "default"})
        login = {"role_id": vault.adapter.get("/v1/auth/approle/role/web/role-id")["data"]["role_id"],
                 "secret_id": vault.adapter.post("/v1/auth/approle/role/web/secret-id")["data"]["secret_id"]}
        token = vault.adapter.post("/v1/auth/approle/login", json=login)["auth"]["client_token"]
        vault.sys.move_backend("auth/approle", "auth/programs")
        fails(lambda: client(vogt, token).auth.token.lookup_self(), "permission denied")
        client(vogt, vault.adapter.post("/v1/auth/programs/login", json=login)["auth"]["client_token"]).auth.token.lookup_self()


def clients_may_ask_about_the_server():
    with Daemon() as vogt:
        vault = client(vogt)
        assert client(vogt, "").sys.read_leader_status()["ha_enabled"] is False
        assert vault.adapter.get("/v1/sys/ha-status")["data"]["nodes"][0]["active_node"]
        told = vault.adapter.get("/v1/sys/host-info")["data"]
        assert told["host"]["hostname"] == os.uname().nodename and told["host"]["kernelVersion"] == os.uname().release, told
        assert 0 < told["host"]["uptime"] and told["host"]["procs"] > 0 and len(told["host"]["loads"]) == 3, told["host"]
        assert 0 < told["memory"]["available"] <= told["memory"]["total"] and 0 < told["memory"]["usedPercent"] <= 100, told["memory"]
        assert len(told["cpu_times"]) >= 2 and told["cpu_times"][0]["cpu"] == "cpu-total" and told["cpu_times"][0]["user"] > 0 and len(told["cpu"]) >= 1, told["cpu"]
        assert all(disk["used"] <= disk["total"] for disk in told["disk"] if "total" in disk), told["disk"]
        history = vogt.call("LIST", "/v1/sys/version-history", token=vogt.admin)[1]["data"]
        assert len(history["keys"]) == 1 and history["key_info"][history["keys"][0]]["timestamp_installed"].endswith("Z")
        assert vault.adapter.get("/v1/sys/config/state/sanitized")["data"]["storage"]["type"] == "sqlite"
        assert vault.adapter.get("/v1/sys/config/cors")["data"]["enabled"] is False
        fails(lambda: vault.adapter.put("/v1/sys/config/cors", json={"enabled": True, "allowed_origins": ["no origin"]}), "origins are")
        fails(lambda: vault.adapter.put("/v1/sys/plugins/catalog/secret/x", json={"sha256": "00"}), "built in")


if __name__ == "__main__":
    main([unseal_keys_make_a_root_token, new_unseal_keys_take_the_place_of_the_old, unverified_keys_do_not_count, a_key_file_says_that_there_are_no_unseal_keys,
          keys_are_rotated_by_hand_and_by_a_setting, a_rate_limit_is_held_over_a_restart, passwords_are_made_by_policies,
          a_mount_is_moved_with_all_that_it_holds, clients_may_ask_about_the_server])
