#!/usr/bin/env python3
"""The estate of a whole Vogt: a source is set up and asked, what it finds waits for a word, what hides or falls silent is never green, and no credential
leaves its row. The provider is one on loopback that holds to Hetzner's published schema (source_fake.py).

usage: test_estate.py BUILD-DIRECTORY
"""
import json
import os
import sys

os.environ.setdefault("VOGT_BUILD", sys.argv[1] if len(sys.argv) > 1 else "build")
from daemon import Daemon, ROOT  # noqa: E402
from source_fake import Provider, pages  # noqa: E402

SECRET = "hz-credential-that-nobody-may-read"
ANNEX = """# Annex

## 5 Network

- 5.1 Security groups and firewalls of the provider deny by default.
"""


def listed(member, items):
    def reply(query, headers, body):
        if headers.get("Authorization") != "Bearer " + SECRET:
            return 401, {}, {"error": {"code": "unauthorized", "message": "unable to authenticate"}}
        return pages(items(), 50, lambda part, number, last: (200, {}, {
            member: part, "meta": {"pagination": {"page": number, "per_page": 50, "previous_page": None, "next_page": None, "last_page": last, "total_entries": len(items())}}}))(query, headers, body)
    return reply


def server(number, firewall):
    return {"id": number, "name": f"web-{number}", "status": "running", "created": "2026-01-01T00:00:00+00:00",
            "public_net": {"ipv4": {"ip": f"192.0.2.{number}", "blocked": False, "dns_ptr": "x"}, "ipv6": None, "firewalls": [{"id": firewall, "status": "applied"}] if firewall else []},
            "private_net": [], "location": {"name": "fsn1", "country": "DE"}, "protection": {"delete": False, "rebuild": False}, "volumes": [], "load_balancers": []}


class Hetzner:
    """One project: its servers may come and go while it is asked."""

    def __init__(self):
        self.servers = [server(1, 9)]
        rule = {"direction": "in", "protocol": "tcp", "port": "443", "source_ips": ["0.0.0.0/0", "::/0"], "destination_ips": [], "description": None}
        self.provider = Provider("hetzner", {
            "/v1/servers": listed("servers", lambda: self.servers), "/v1/firewalls": listed("firewalls", lambda: [{"id": 9, "name": "edge", "rules": [rule], "applied_to": []}]),
            "/v1/networks": listed("networks", lambda: []), "/v1/volumes": listed("volumes", lambda: []), "/v1/load_balancers": listed("load_balancers", lambda: []),
            "/v1/servers/0/actions/poweron": lambda query, headers, body: (403, {}, {"error": {"code": "token_readonly", "message": "no"}})})


def run(vogt, name="hz"):
    status, answer = vogt.api("POST", f"estate/sources/{name}/run", {})
    assert status == 200, answer
    return answer["data"]


def inbox(vogt):
    status, answer = vogt.api("GET", "estate/inbox")
    assert status == 200, answer
    return {item["id"]: item for item in answer["data"]["items"]}


def subject_of(vogt, clause, kind, subject):
    status, answer = vogt.api("GET", f"annex/clauses/{clause}")
    assert status == 200, answer
    for promise in answer["data"]["promises"]:
        for rule in promise["observations"]:
            if rule["kind"] == kind:
                return next((one for one in rule["subjects"] if one["subject"] == subject), None)
    return None


def nowhere(vogt, secret):
    for folder, _, names in os.walk(vogt.directory):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert secret.encode() not in file.read(), name
    assert secret not in vogt.log_text()
    for path in ("estate/sources", "estate/sources/hz", "estate", "estate/inbox", "observations", "evidence/entries"):
        status, answer = vogt.api("GET", path)
        assert status == 200 and secret not in json.dumps(answer), path


def a_source_tells_what_there_is(vogt, hetzner, port):
    status, answer = vogt.api("POST", "estate/sources/hz", {"kind": "hetzner", "address": f"http://127.0.0.1:{port}", "credential": {"token": SECRET}, "options": {"admins": ["console"]}})
    assert status == 200, answer
    assert answer["data"]["credential_fields"] == ["token"] and "credential" not in answer["data"]
    done = run(vogt)
    assert done["complete"]["verdict"] == "kept", done
    assert done["read_only"]["verdict"] == "kept", done
    assert done["found"] >= 2, done
    assert not hetzner.provider.faults, hetzner.provider.faults
    found = inbox(vogt)
    assert found["host:web-1"]["state"] == "new" and found["host:web-1"]["seen"][0]["source"] == "source:hz", found
    nowhere(vogt, SECRET)


def a_person_confirms_and_the_firewall_is_judged(vogt):
    seen = subject_of(vogt, "5.1", "cloud.security-groups", "host:web-1")
    assert seen["verdict"] == "broken", seen  # 443 is open and no port of it is in the estate
    status, answer = vogt.api("POST", "estate/inbox/confirm", {"subjects": ["host:web-1"], "attributes": {"ports": ["443/tcp"]}})
    assert status == 200, answer
    run(vogt)
    seen = subject_of(vogt, "5.1", "cloud.security-groups", "host:web-1")
    assert seen["verdict"] == "kept", seen
    status, answer = vogt.api("POST", "estate/inbox/ignore", {"subjects": ["account:*"], "reason": "the console of a test"})
    assert status == 200, answer


def an_unlisted_server_blocks_green(vogt, hetzner):
    hetzner.servers.append(server(2, None))
    run(vogt)
    assert inbox(vogt)["host:web-2"]["state"] == "new"
    assert subject_of(vogt, "5.1", "cloud.security-groups", "host:web-2")["verdict"] == "broken"
    hetzner.servers.pop()
    run(vogt)
    assert "host:web-2" not in inbox(vogt)


def what_hides_is_said_and_stays(vogt, hetzner):
    kept, hetzner.servers = hetzner.servers, []
    run(vogt)
    assert inbox(vogt)["host:web-1"]["state"] == "gone"
    assert subject_of(vogt, "5.1", "cloud.security-groups", "host:web-1") is not None
    hetzner.servers = kept
    run(vogt)
    assert "host:web-1" not in inbox(vogt)


def a_refused_credential_leaves_the_population_unknown(vogt, port):
    status, answer = vogt.api("POST", "estate/sources/hz", {"kind": "hetzner", "address": f"http://127.0.0.1:{port}", "credential": {"token": "revoked"}})
    assert status == 200, answer
    done = run(vogt)
    assert done["complete"]["verdict"] != "kept", done
    status, answer = vogt.api("GET", "annex/clauses/5.1")
    assert answer["data"]["verdict"] != "kept" and inbox(vogt).get("host:web-1", {}).get("state") != "gone"
    status, answer = vogt.api("POST", "estate/sources/hz", {"kind": "hetzner", "address": f"http://127.0.0.1:{port}", "credential": {"token": SECRET}, "options": {"admins": ["console"]}})
    assert status == 200, answer
    assert run(vogt)["complete"]["verdict"] == "kept"


def mistakes_get_one_message_and_change_nothing(vogt, port):
    before = vogt.api("GET", "estate/sources")[1]["data"]["sources"]
    rows = (("no-kind", {"kind": "nonesuch", "credential": {}}), ("Bad Name", {"kind": "hetzner", "credential": {"token": "x"}}),
            ("hz2", {"kind": "hetzner"}), ("hz2", {"kind": "hetzner", "credential": {"token": "x", "passwd": "y"}}),
            ("hz2", {"kind": "hetzner", "address": "ftp://example.org", "credential": {"token": "x"}}),
            ("hz", {"kind": "hetzner", "address": "https://elsewhere.example"}))  # a credential is not carried to another place
    for name, body in rows:
        status, answer = vogt.api("POST", "estate/sources/" + name.replace(" ", "%20"), body)
        assert status in (400, 404) and len(answer["errors"]) == 1, (name, body, status, answer)
    assert [one["name"] for one in vogt.api("GET", "estate/sources")[1]["data"]["sources"]] == [one["name"] for one in before]
    assert vogt.api("GET", "estate/sources/nobody")[0] == 404
    assert vogt.api("POST", "estate/sources/nobody/run", {})[0] == 404


def everything_holds_after_a_restart(vogt):
    vogt.restart()
    assert vogt.api("GET", "estate/sources/hz")[1]["data"]["credential_fields"] == ["token"]
    verified = vogt.vogt("ledger", "verify", vogt.directory)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    replayed = vogt.vogt("replay")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    status, _ = vogt.api("DELETE", "estate/sources/hz")
    assert status == 204
    assert vogt.api("GET", "estate/sources/hz")[0] == 404
    assert any(one["id"] == "host:web-1" for one in vogt.api("GET", "estate?kind=host")[1]["data"]["subjects"])


def main():
    hetzner, passed, failed = Hetzner(), 0, 0
    with hetzner.provider.serve() as port, Daemon() as vogt:
        status, answer = vogt.request("POST", "/v1/annex/adopt?name=annex.md", ANNEX.encode(), vogt.token())[0::2]
        assert status == 200, answer
        for test, arguments in ((a_source_tells_what_there_is, (hetzner, port)), (a_person_confirms_and_the_firewall_is_judged, ()), (an_unlisted_server_blocks_green, (hetzner,)),
                                (what_hides_is_said_and_stays, (hetzner,)), (a_refused_credential_leaves_the_population_unknown, (port,)),
                                (mistakes_get_one_message_and_change_nothing, (port,)), (everything_holds_after_a_restart, ())):
            try:
                test(vogt, *arguments)
                passed += 1
                print("ok  ", test.__name__)
            except AssertionError as error:
                failed += 1
                print("FAIL", test.__name__, str(error)[:3000], vogt.log_text()[-1500:])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not ROOT else 0


if __name__ == "__main__":
    sys.exit(main())
