#!/usr/bin/env python3
"""The source kind "vault": servers on loopback that answer as Vault and OpenBao document it, well and badly kept ones.

usage: collect_vault.py PATH-OF-COLLECT_RUN
"""
import datetime
import sys

from source_case import Seen, main, test
from source_fake import Provider

TOKEN = {"token": "s3cret-token-value"}
SECRET = "must-never-be-a-fact"
SERVER = "vault:test"


def ago(days):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def server(**more):
    """A server as it should be; `more` replaces whole replies, as (status, body)."""
    seal = {"type": "awskms", "initialized": True, "sealed": False, "t": 3, "n": 5, "progress": 0, "nonce": "", "version": "1.20.4", "build_date": ago(30), "migration": False,
            "cluster_name": SECRET, "cluster_id": SECRET, "recovery_seal": True, "storage_type": "raft"}
    replies = {
        "seal-status": (200, seal | more.pop("seal", {})),
        "self": (200, {"data": {"id": SECRET, "accessor": SECRET, "policies": ["default", "vogt"], "ttl": 2764790, "period": 2764800, "type": "service", "orphan": True, "renewable": True}}),
        "acl": (200, {"data": {"root": False, "exact_paths": {"sys/audit": {"capabilities": ["read", "sudo"]}, "sys/key-status": {"capabilities": ["read"]},
                                                              "auth/token/renew-self": {"capabilities": ["update"]}, "sys/internal/ui/resultant-acl": {"capabilities": ["read"]}},
                               "glob_paths": {"cubbyhole/": {"capabilities": ["create", "delete", "list", "read", "update"]}, "sys/tools/hash/": {"capabilities": ["update"]}}}}),
        "audit": (200, {"data": {"file/": {"type": "file", "local": False, "description": "", "options": {"file_path": SECRET}}}, "file/": {"type": "file"}}),
        "key-status": (200, {"data": {"term": 3, "install_time": ago(100), "encryptions": 12345}, "term": 3}),
    } | more

    def answer(name):
        def reply(query, headers, body):
            assert headers["X-Vault-Token"] == TOKEN["token"]
            return replies[name][0], {}, replies[name][1]
        return reply
    return Provider("vault", {"/v1/sys/seal-status": answer("seal-status"), "/v1/auth/token/lookup-self": answer("self"), "/v1/sys/internal/ui/resultant-acl": answer("acl"),
                              "/v1/sys/audit": answer("audit"), "/v1/sys/key-status": answer("key-status")})


def look(options=None, **more):
    provider = server(**more)
    with provider.serve() as port:
        seen = Seen("vault", port, TOKEN, options)
    assert not provider.faults, provider.faults
    assert not seen.holds(SECRET) and not seen.holds(TOKEN["token"])
    return seen


@test
def a_server_that_is_well_kept():
    seen = look()
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    seen.expect("vault.version", "pass vault.version-recent", SERVER)
    seen.expect("vault.seal", "pass vault.open", SERVER)
    seen.expect("vault.kms", "pass vault.sealed-by-kms", SERVER)
    seen.expect("vault.audit", "pass vault.audited", SERVER)
    seen.expect("vault.key-age", "pass vault.key-recent", SERVER)
    assert seen.output["whole"] is True
    assert seen.proposals("vault")["test"]["version"] == "1.20.4"
    assert seen.proposals("endpoint") == {}, "plain HTTP is no endpoint with TLS"
    assert {one["reason"] for one in seen.output["not_covered"]} == {"vault.kms-use-unseen"}


@test
def ages_are_held_against_the_limits():
    for days, options, wanted in ((179, None, "pass vault.version-recent"), (182, None, "fail vault.version-old"), (182, {"version_days": 200}, "pass vault.version-recent"),
                                  (10, {"version_days": 5}, "fail vault.version-old"), (10, {"version_days": 0}, "error options.unknown")):
        look(options, seal={"build_date": ago(days)}).expect("vault.version", wanted, SERVER)
    look(seal={"build_date": None}).expect("vault.version", "unprovable vault.version-undated", SERVER)
    look(seal={"build_date": ago(-30)}).expect("vault.version", "unprovable vault.version-undated", SERVER)
    look(**{"key-status": (200, {"data": {"term": 1, "install_time": ago(366), "encryptions": 1}})}).expect("vault.key-age", "fail vault.key-old", SERVER)
    look({"key_days": 400}, **{"key-status": (200, {"data": {"term": 1, "install_time": ago(366)}})}).expect("vault.key-age", "pass vault.key-recent", SERVER)
    look(**{"key-status": (200, {"data": {"term": 1, "install_time": "yesterday"}})}).expect("vault.key-age", "error vault.unread", SERVER)


@test
def seals_and_devices():
    for kind, wanted in (("shamir", "fail vault.no-kms"), ("static", "fail vault.no-kms"), ("transit", "pass vault.sealed-by-kms"), ("pkcs11", "pass vault.sealed-by-kms"), ("", "error vault.unread")):
        look(seal={"type": kind}).expect("vault.kms", wanted, SERVER)
    look(seal={"sealed": True}).expect("vault.seal", "fail vault.sealed", SERVER)
    look(seal={"initialized": False}).expect("vault.seal", "fail vault.sealed", SERVER)
    look(seal={"sealed": "no"}).expect("vault.seal", "error vault.unread", SERVER)
    look(audit=(200, {"data": {}})).expect("vault.audit", "fail vault.no-audit", SERVER)
    look(audit=(200, {"data": [1]})).expect("vault.audit", "error vault.unread", SERVER)
    seen = look(audit=(403, {"errors": ["permission denied"]}))
    seen.expect("vault.audit", "error vault.unread", SERVER)
    seen.expect("source.complete", "error source.forbidden")
    assert seen.output["whole"] is False


@test
def a_token_that_may_do_more_is_said():
    def powers(acl):
        seen = look(acl=(200, {"data": acl}))
        seen.expect("source.read-only", "fail source.can-write")
        return seen.powers()
    assert powers({"root": True}) == ["root"]
    assert powers({"root": False, "exact_paths": {"sys/policies/acl/x": {"capabilities": ["update"]}}, "glob_paths": {"secret/": {"capabilities": ["create", "read"]}}}) == ["sys/policies/acl/x", "secret/*"]
    look(acl=(200, {"data": {"root": False, "exact_paths": {"secret/x": {"capabilities": ["deny"]}}, "glob_paths": {}}})).expect("source.read-only", "pass source.reads-only")
    look(acl=(403, {"errors": ["permission denied"]})).expect("source.read-only", "error source.forbidden")
    look(acl=(200, {"data": {}})).expect("source.read-only", "unprovable source.powers-unseen")


if __name__ == "__main__":
    sys.exit(main())
