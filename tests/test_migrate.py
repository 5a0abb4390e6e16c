"""vogt migrate: one Vogt takes over another by Vault's API, with a token at the source that may only read.

Run: python3 tests/test_migrate.py [BUILD_DIRECTORY]
"""
import json
import os
import subprocess

from scenario import main
from test_secret import Store

from daemon import clean_environment, program

READS = {"sys/mounts": ["read"], "sys/auth": ["read", "sudo"], "sys/policies/acl": ["list"], "sys/policies/acl/*": ["read"], "app/*": ["read", "list"], "old/*": ["read", "list"],
         "auth/programs/*": ["read", "list"], "auth/people/*": ["read", "list"], "keys/*": ["read", "list"]}


def ask(vogt, method, path, body=None, wanted=(200, 204)):
    status, reply = vogt.call(method, f"/v1/{path}", body, token=vogt.admin)
    assert status in wanted, (path, status, reply)
    return reply["data"] if reply else None


def write(vogt, path, *values):
    for value in values:
        ask(vogt, "POST", path, {"data": value})


def fill(vogt):
    write(vogt, "app/data/db", {"password": "one"}, {"password": "two"}, {"password": "three", "port": 12345678901234567890})
    ask(vogt, "POST", "app/destroy/db", {"versions": [2]})
    ask(vogt, "POST", "app/metadata/db", {"custom_metadata": {"owner": "ada"}, "max_versions": 7})
    ask(vogt, "POST", "app/metadata/short", {"max_versions": 2})
    write(vogt, "app/data/short", *({"n": n} for n in range(1, 6)))
    write(vogt, "app/data/gone", {"a": "1"}, {"a": "2"})
    ask(vogt, "DELETE", "app/data/gone")
    write(vogt, "app/data/team/%C3%A4%20b/deep", {"a": "1"})
    ask(vogt, "POST", "app/config", {"max_versions": 20, "cas_required": False})
    ask(vogt, "POST", "old/plain", {"a": "1", "n": 1.10})
    ask(vogt, "POST", "old/team/x", {"a": "2"})
    ask(vogt, "PUT", "sys/policies/acl/app", {"policy": 'path "app/data/*" { capabilities = ["read"] }'})
    ask(vogt, "POST", "sys/auth/programs", {"type": "approle"})
    ask(vogt, "POST", "auth/programs/role/web", {"token_policies": ["app"], "token_ttl": "20m", "secret_id_ttl": "1h", "secret_id_num_uses": 3})
    ask(vogt, "POST", "sys/auth/people", {"type": "userpass"})
    ask(vogt, "POST", "auth/people/users/ada", {"password": "correct horse battery", "token_policies": ["app"], "token_ttl": "15m"})
    ask(vogt, "POST", "sys/mounts/keys", {"type": "transit"})
    ask(vogt, "POST", "keys/keys/stays", {"type": "aes256-gcm96"})
    ask(vogt, "POST", "keys/keys/moves", {"type": "aes256-gcm96", "exportable": True, "allow_plaintext_backup": True})
    ask(vogt, "POST", "keys/keys/moves/rotate", {})
    return ask(vogt, "POST", "keys/encrypt/moves", {"plaintext": "c2VjcmV0"})["ciphertext"]


def migrate(source, target, *more, code=0, token=None):
    environment = dict(target.environment_of(), VAULT_TOKEN=token or source.reader)
    words = ["migrate", "--from", source.address, "--cacert", os.path.join(source.directory, "tls.pem"), "--json", *more]
    done = subprocess.run([program("vogt"), *words], capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


def left(report):
    return {(one["what"], one["path"]): one for one in report["left"]}


class Empty(Store):
    mounts = ()


def everything_that_can_be_moved_is_moved_with_its_numbers():
    with Store() as source, Empty() as target:
        ciphertext = fill(source)
        source.reader = source.may("reads", READS)
        before = source.evidence()
        dry = migrate(source, target, "--dry-run", code=1)
        assert dry["dry_run"] and dry["moved"]["secrets"] == 6 and "app/" not in ask(target, "GET", "sys/mounts"), dry
        report = migrate(source, target, code=1)
        assert report["moved"] == {"mounts": 5, "secrets": 6, "versions": 6, "policies": 2, "roles": 1, "users": 1, "keys": 1}, report["moved"]
        # versions, their numbers, what was destroyed, metadata, the mount's settings
        metadata = ask(target, "GET", "app/metadata/db")
        assert metadata["current_version"] == 3 and metadata["versions"]["2"]["destroyed"] and metadata["custom_metadata"] == {"owner": "ada"} and metadata["max_versions"] == 7
        assert ask(target, "GET", "app/data/db?version=1")["data"] == {"password": "one"} and ask(target, "GET", "app/data/db")["data"] == {"password": "three", "port": 12345678901234567890}
        short = ask(target, "GET", "app/metadata/short")
        assert short["current_version"] == 5 and [number for number, one in short["versions"].items() if not one["destroyed"]] == ["4", "5"] and ask(target, "GET", "app/data/short?version=4")["data"] == {"n": 4}
        assert ask(target, "GET", "app/metadata/gone")["versions"]["2"]["destroyed"] and ask(target, "GET", "app/data/gone?version=1")["data"] == {"a": "1"}
        assert ask(target, "GET", "app/data/team/%C3%A4%20b/deep")["data"] == {"a": "1"} and ask(target, "GET", "app/config")["max_versions"] == 20
        assert ask(target, "GET", "old/plain")["a"] == "1" and ask(target, "GET", "old/team/x") == {"a": "2"}
        # what was encrypted there is decrypted here, and only a key that may leave left
        assert ask(target, "POST", "keys/decrypt/moves", {"ciphertext": ciphertext})["plaintext"] == "c2VjcmV0" and ask(target, "GET", "keys/keys/moves")["latest_version"] == 2
        # the programs' role answers to the same role_id, with a new secret id
        role = ask(source, "GET", "auth/programs/role/web/role-id")["role_id"]
        secret = ask(target, "POST", "auth/programs/role/web/secret-id", {})["secret_id"]
        status, reply = target.call("POST", "/v1/auth/programs/login", {"role_id": role, "secret_id": secret}, token="")
        assert status == 200 and reply["auth"]["lease_duration"] == 1200 and "app" in reply["auth"]["policies"], reply
        assert target.call("GET", "/v1/app/data/db", token=reply["auth"]["client_token"])[0] == 200
        # the user is there; nobody knows a password
        assert target.call("POST", "/v1/auth/people/login/ada", {"password": "correct horse battery"}, token="")[0] == 400
        ask(target, "POST", "auth/people/users/ada/password", {"password": "another one"})
        assert target.call("POST", "/v1/auth/people/login/ada", {"password": "another one"}, token="")[1]["auth"]["lease_duration"] == 900
        # what stays, and why
        stays = left(report)
        assert "allow_plaintext_backup" in stays["key", "keys/keys/stays"]["english"] and stays["key", "keys/keys/stays"]["failed"]
        assert "secret ids" in stays["role", "auth/programs/role/web"]["english"] and not stays["role", "auth/programs/role/web"]["failed"]
        assert "password" in stays["user", "auth/people/users/ada"]["english"] and "Passwort" in stays["user", "auth/people/users/ada"]["german"]
        assert stays["secret", "app/gone"]["detail"] == "2" and ("token", "-") in stays
        # a second run finds everything, and changes nothing there
        entries = ask(target, "GET", "app/metadata/db")["updated_time"]
        again = migrate(source, target, code=1)
        assert all(count == 0 for count in again["moved"].values()) and again["there_already"]["secrets"] == 6 and again["there_already"]["users"] == 1, again
        assert ask(target, "GET", "app/metadata/db")["updated_time"] == entries
        # nothing was written at the source but what reading leaves
        assert len(source.evidence()) == len(before)


def what_is_there_and_different_is_never_overwritten():
    with Store() as source, Store() as target:
        write(source, "app/data/same", {"a": "1"}, {"a": "2"})
        write(source, "app/data/other", {"a": "1"})
        ask(source, "POST", "old/plain", {"a": "1"})
        ask(source, "PUT", "sys/policies/acl/app", {"policy": 'path "x" { capabilities = ["read"] }'})
        source.reader = source.admin
        write(target, "app/data/same", {"a": "1"})
        write(target, "app/data/other", {"a": "mine"})
        ask(target, "POST", "old/plain", {"a": "mine"})
        ask(target, "PUT", "sys/policies/acl/app", {"policy": 'path "y" { capabilities = ["read"] }'})
        report = migrate(source, target, code=1)
        stays = left(report)
        assert set(stays) == {("secret", "app/other"), ("secret", "old/plain"), ("policy", "app"), ("token", "-")}, stays
        assert ask(target, "GET", "app/data/other")["data"] == {"a": "mine"} and ask(target, "GET", "old/plain") == {"a": "mine"}
        # a run that was broken off after the first version goes on
        assert report["moved"]["versions"] == 1 and ask(target, "GET", "app/data/same")["data"] == {"a": "2"}
        # a value stands in no report
        assert "mine" not in json.dumps(report)


def a_limit_of_requests_is_waited_for():
    with Store() as source, Empty() as target:
        for number in range(40):
            write(source, f"app/data/{number}", {"n": number})
        ask(source, "POST", "sys/quotas/rate-limit/slow", {"rate": 30, "interval": "1s"})
        source.reader = source.admin
        report = migrate(source, target)
        assert report["moved"]["secrets"] == 40 and report["moved"]["versions"] == 40, report
        assert ask(target, "GET", "app/data/39")["data"] == {"n": 39}


def what_cannot_be_read_is_said_and_a_wrong_token_ends_it():
    with Store() as source, Empty() as target:
        write(source, "app/data/open", {"a": "1"})
        write(source, "app/data/closed", {"a": "1"})
        source.reader = source.may("some", READS | {"app/data/closed": ["deny"]})
        report = migrate(source, target, code=1)
        assert "permission denied" in left(report)["secret", "app/data/closed?version=1"]["detail"] and ask(target, "GET", "app/data/open")["data"] == {"a": "1"}
        assert "does not show what is mounted" in migrate(source, target, code=4, token="hvs.nobody")["error"]["english"]
        assert migrate(source, target, "--language", "de", code=4, token="hvs.nobody")["error"]["german"].startswith("die Quelle zeigt nicht")
        done = subprocess.run([program("vogt"), "migrate"], capture_output=True, text=True, timeout=60, check=False, env=clean_environment())
        assert done.returncode == 2 and "--from" in done.stderr


if __name__ == "__main__":
    main([everything_that_can_be_moved_is_moved_with_its_numbers, what_is_there_and_different_is_never_overwritten, a_limit_of_requests_is_waited_for, what_cannot_be_read_is_said_and_a_wrong_token_ends_it])
