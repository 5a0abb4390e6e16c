"""An existing secrets server as a source: one Vogt observes another by its Vault API, with a token that may only look.

Run: python3 tests/test_vault_source.py [BUILD_DIRECTORY]
"""
import os
import tempfile

from scenario import main
from test_secret import Store

RULES = {"sys/audit": ["read", "sudo"], "sys/key-status": ["read"], "sys/internal/ui/resultant-acl": ["read"]}


def set_up(observer, observed, token, code=0):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(token)
        file.flush()
        observer.command("source", "set", "other", "vault", "--url", observed.address, "--credential-file", file.name, f"pinned_pem=@{observed.directory}/tls.pem", "version_days=3660")
    return observer.command("source", "run", "other", code=code)


def newest(observer, subject):
    listed = observer.call("GET", "/v1/observations?limit=500", token=observer.admin)[1]["data"]["observations"]
    return {one["kind"]: f"{one['outcome']} {one['reason']['id']}" for one in sorted(listed, key=lambda one: one["index"]) if one["subject"] == subject}


def another_vogt_is_observed_by_its_api():
    with Store() as observed, Store() as observer:
        token = observed.may("look", RULES)
        set_up(observer, observed, token)
        inbox = observer.command("estate", "inbox").stdout
        assert "vault:other" in inbox and f"endpoint:localhost:{observed.port}" in inbox, inbox
        observer.command("estate", "confirm", "vault:other")
        observer.command("source", "run", "other")
        seen = newest(observer, "vault:other")
        assert seen["vault.seal"] == "pass vault.open" and seen["vault.kms"] == "fail vault.no-kms", seen
        assert seen["vault.audit"] == "fail vault.no-audit" and seen["vault.key-age"] == "pass vault.key-recent", seen
        dated = "build_date" in observed.call("GET", "/v1/sys/seal-status", token="")[1]  # not when it was built out of no repository
        assert seen["vault.version"] == ("pass vault.version-recent" if dated else "unprovable vault.version-undated"), seen
        assert newest(observer, "source:other")["source.read-only"] == "pass source.reads-only"
        # what is mended is seen by the next run
        observed.call("PUT", "/v1/sys/audit/file", {"type": "file", "options": {"file_path": os.path.join(observed.directory, "audit", "audit.log")}}, token=observed.admin)
        observer.command("source", "run", "other")
        assert newest(observer, "vault:other")["vault.audit"] == "pass vault.audited"
        # a source is judged by what its kind tells, and by nothing that only others do
        shown = observer.tree("estate", "show", "other")
        assert {one["subject"]: one.get("verdict") for one in shown["coverage"]}["source:other"] == "kept", shown["coverage"]
        # it took no more rights than it says, and left nothing
        assert observed.call("GET", "/v1/auth/token/lookup-self", token=token)[1]["data"]["policies"] == ["default", "look"]


def a_token_that_may_write_and_one_that_sees_too_little():
    with Store() as observed, Store() as observer:
        set_up(observer, observed, observed.may("writes", RULES | {"app/*": ["create", "read"]}))
        assert newest(observer, "source:other")["source.read-only"] == "fail source.can-write"
        assert "app/*" in observer.command("source", "list").stdout
        observer.command("estate", "confirm", "vault:other")
        set_up(observer, observed, observed.may("blind", {}), code=1)
        seen = newest(observer, "vault:other")
        assert seen["vault.audit"] == "error vault.unread" and seen["vault.seal"] == "pass vault.open", seen


if __name__ == "__main__":
    main([another_vogt_is_observed_by_its_api, a_token_that_may_write_and_one_that_sees_too_little])
