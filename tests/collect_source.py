#!/usr/bin/env python3
"""The collector of sources and its judges against providers on loopback that hold to the published schemas, and against hostile ones.

usage: collect_source.py PATH-OF-COLLECT_RUN
"""
import copy
import json
import socket
import sys
import threading
import time

from source_case import Seen, main, run, source_input, test
from source_fake import Provider, pages

TOKEN = {"token": "s3cret-token-value"}
SECRET = "must-never-be-a-fact"


# ---- Hetzner Cloud ----

def meta(number, last, total):
    return {"pagination": {"page": number, "per_page": 50, "previous_page": number - 1 or None, "next_page": number + 1 if number < last else None, "last_page": last,
                           "total_entries": total}}


def listed(member, items, size=50):
    def reply(query, headers, body):
        return pages(items, size, lambda part, number, last: (200, {}, {member: part, "meta": meta(number, last, len(items))}))(query, headers, body)
    return reply


def server(number, firewalls=(), public=True, private=False):
    return {"id": number, "name": f"web-{number}", "status": "running", "created": "2026-01-01T00:00:00+00:00", "root_password": SECRET,
            "public_net": {"ipv4": {"ip": f"192.0.2.{number}", "blocked": False, "dns_ptr": f"web-{number}.example.org"} if public else None, "ipv6": None,
                           "firewalls": [{"id": one, "status": "applied"} for one in firewalls]},
            "private_net": [{"network": 7, "ip": f"10.0.0.{number}", "alias_ips": []}] if private else [], "location": {"name": "fsn1", "country": "DE"},
            "protection": {"delete": False, "rebuild": False}, "volumes": [], "load_balancers": []}


def rule(port, sources=("0.0.0.0/0", "::/0"), protocol="tcp", direction="in"):
    return {"direction": direction, "protocol": protocol, "port": port, "source_ips": list(sources), "destination_ips": [], "description": None}


def hetzner(servers, firewalls, code="token_readonly", status=403, **more):
    def attempt(query, headers, body):
        assert json.loads(body) == {}
        return status, {}, {"error": {"code": code, "message": "no"}}
    replies = {"/v1/servers": listed("servers", servers, more.get("size", 50)), "/v1/firewalls": listed("firewalls", firewalls),
               "/v1/networks": listed("networks", [{"id": 7, "name": "inside", "ip_range": "10.0.0.0/8", "subnets": [], "servers": [], "load_balancers": []}]),
               "/v1/volumes": listed("volumes", [{"id": 3, "name": "data", "server": 1, "size": 10, "linux_device": "/dev/disk/by-id/x", "format": "ext4", "status": "available"}]),
               "/v1/load_balancers": listed("load_balancers", [{"id": 5, "name": "edge", "public_net": {"enabled": True, "ipv4": {"ip": "192.0.2.99"}, "ipv6": {"ip": "2001:db8::99"}},
                                                                "services": [{"protocol": "https", "listen_port": 443, "destination_port": 80}]}]),
               "/v1/servers/0/actions/poweron": attempt}
    return Provider("hetzner", replies | more.get("replies", {}))


ESTATE = {"hosts": [{"name": "web-1", "ports": [{"port": 443, "protocol": "tcp"}, {"port": 8000}, {"port": 8001}]}]}


@test
def hetzner_that_is_well_kept():
    firewall = {"id": 9, "name": "edge", "rules": [rule("443"), rule("8000-8001"), rule("22", ["198.51.100.7/32"]), rule(None, protocol="icmp"), rule("any", direction="out")],
                "applied_to": []}
    provider = hetzner([server(1, [9], private=True)], [firewall])
    with provider.serve() as port:
        seen = Seen("hetzner", port, TOKEN, estate=ESTATE, judged={"admins": ["console"]})
    assert not provider.faults, provider.faults
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    seen.expect("cloud.security-groups", "pass cloud.denies-by-default", "host:web-1")
    seen.expect("mfa.cloud-factor", "unprovable mfa.hetzner-unseen", "account:hetzner/test/console")
    seen.expect("access.matrix", "pass access.approved-admin", "account:hetzner/test/console")
    assert seen.output["whole"] is True
    assert not seen.holds(SECRET) and not seen.holds(TOKEN["token"])
    assert seen.proposals("host")["web-1"]["addresses"] == ["192.0.2.1", "10.0.0.1"]
    assert seen.proposals("host")["web-1"]["firewalls"] == ["edge"]
    assert set(seen.proposals("endpoint")) == {"192.0.2.99:443", "[2001:db8::99]:443"}
    assert seen.proposals("volume")["hetzner/data"]["host"] == "web-1"
    assert seen.proposals("network")["hetzner/inside"]["range"] == "10.0.0.0/8"
    assert {one["reason"] for one in seen.output["not_covered"]} == {"cloud.private-networks", "mfa.hetzner-unseen"}


@test
def hetzner_pages_are_all_read():
    provider = hetzner([server(number) for number in range(1, 24)], [], size=5)
    with provider.serve() as port:
        seen = Seen("hetzner", port, TOKEN)
    assert not provider.faults, provider.faults
    assert len(seen.request("servers")["items"]) == 23 and seen.request("servers")["complete"]
    assert len([target for _, target in provider.asked if target.startswith("/v1/servers?")]) == 5
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("cloud.security-groups", "fail cloud.no-firewall", "host:web-23")


@test
def hetzner_firewalls_that_are_not_good_enough():
    def judged(rules, applied="applied", firewall_id=9):
        one = server(1, [firewall_id])
        one["public_net"]["firewalls"][0]["status"] = applied
        provider = hetzner([one], [{"id": 9, "name": "edge", "rules": rules, "applied_to": []}])
        with provider.serve() as port:
            return Seen("hetzner", port, TOKEN, estate=ESTATE).said("cloud.security-groups", "host:web-1")[0]
    assert judged([]) == "pass cloud.denies-by-default"
    assert judged([], applied="pending") == "fail cloud.firewall-pending"
    assert judged([], firewall_id=10) == "error cloud.firewall-unread"
    assert judged([rule("22")]) == "fail cloud.port-unlisted"
    assert judged([rule("443", protocol="udp")]) == "fail cloud.port-unlisted"
    assert judged([rule("442-443")]) == "fail cloud.port-unlisted"
    assert judged([rule("22", ["0.0.0.0/1", "128.0.0.0/1"])]) == "fail cloud.port-unlisted"
    assert judged([rule("1-65535")]) == "fail cloud.opens-everything"
    assert judged([rule("any")]) == "fail cloud.opens-everything"
    assert judged([rule(None, protocol="gre")]) == "fail cloud.port-unlisted"
    assert judged([rule("many")]) == "error cloud.firewall-unread"
    provider = hetzner([server(1, public=False, private=True)], [])
    with provider.serve() as port:
        Seen("hetzner", port, TOKEN).expect("cloud.security-groups", "pass cloud.no-public-address", "host:web-1")


@test
def hetzner_token_that_may_write():
    for code, status, wanted in (("not_found", 404, "fail source.can-write"), ("invalid_input", 422, "fail source.can-write"),
                                 ("service_error", 500, "unprovable source.powers-unseen")):
        provider = hetzner([], [], code=code, status=status)
        with provider.serve() as port:
            seen = Seen("hetzner", port, TOKEN)
        seen.expect("source.read-only", wanted)
        assert seen.powers() == (["read & write"] if wanted.startswith("fail") else [])
    provider = hetzner([], [])
    with provider.serve() as port:
        Seen("hetzner", port, TOKEN, {"attempt": False}).expect("source.read-only", "unprovable source.powers-unseen")
    assert all(method == "GET" for method, _ in provider.asked)


# ---- GitHub ----

def user(number, login, kind="User"):
    base = "https://api.github.com/users/" + login
    return {"login": login, "id": number, "node_id": "x", "type": kind, "site_admin": False, "gravatar_id": "", "email": SECRET,
            **{name: base for name in ("avatar_url", "events_url", "followers_url", "following_url", "gists_url", "html_url", "organizations_url", "received_events_url",
                                       "repos_url", "starred_url", "subscriptions_url", "url")}}


def github(owners, members, without, *, scopes="read:org", outside=(), size=100, **replies):
    provider = None

    def linked(items):
        def envelope(part, number, last):
            query = "&".join(f"{name}={value}" for name, value in linked.query.items() if name != "page")
            link = {"Link": f'<http://127.0.0.1:{provider.port}{linked.path}?{query}&page={number + 1}>; rel="next", <http://127.0.0.1:{provider.port}/x?page={last}>; rel="last"'}
            return 200, link if number < last else {}, part
        return pages(items, size, envelope)

    def members_of(query, headers, body):
        linked.query, linked.path = query, "/orgs/acme/members"
        chosen = [one for one in owners + members if one["login"] in without] if query.get("filter") == "2fa_disabled" else [] if "filter" in query else \
            owners if query.get("role") == "admin" else members
        return linked(chosen)(query, headers, body)

    def outside_of(query, headers, body):
        linked.query, linked.path = query, "/orgs/acme/outside_collaborators"
        return linked([one for one in outside if query.get("filter") is None or one["login"] in without])(query, headers, body)

    def org(query, headers, body):
        return 200, {"X-OAuth-Scopes": scopes} if scopes is not None else {}, {"login": "acme", "id": 1, "two_factor_requirement_enabled": False}
    team = {"id": 4, "slug": "core", "name": "Core", "privacy": "closed", "permission": "pull", "parent": None}
    repository = {"id": 8, "name": "shop", "full_name": "acme/shop", "private": True, "fork": False, "archived": False, "default_branch": "main", "temp_clone_token": SECRET}
    provider = Provider("github", {"/orgs/acme": org, "/orgs/acme/members": members_of, "/orgs/acme/outside_collaborators": outside_of, "/orgs/acme/teams": [team],
                                   "/orgs/acme/teams/core/members": owners, "/orgs/acme/repos": [repository]} | replies)
    return provider


OWNERS, MEMBERS = [user(1, "alice"), user(2, "bob")], [user(3, "carol"), user(4, "ci-bot", "Bot"), user(5, "dave")]


@test
def github_with_people_of_all_sorts():
    provider = github(OWNERS, MEMBERS, {"bob", "dave"}, outside=[user(6, "eve")], size=2)
    with provider.serve() as port:
        seen = Seen("github", port, TOKEN, {"org": "acme", "admins": ["alice"]})
    assert not provider.faults, provider.faults
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    wanted = {"alice": ("pass mfa.has-factor", "pass mfa.has-factor", "pass access.approved-admin"), "bob": ("fail mfa.none", "fail mfa.none", "fail access.unapproved-admin"),
              "carol": ("pass mfa.not-admin", "pass mfa.has-factor", "pass access.no-admin-right"), "dave": ("pass mfa.not-admin", "fail mfa.none", "pass access.no-admin-right"),
              "ci-bot": ("pass mfa.service-account", "pass mfa.service-account", "pass access.no-admin-right"),
              "eve": ("pass mfa.not-admin", "pass mfa.has-factor", "pass access.no-admin-right")}
    for login, (factor, cloud, matrix) in wanted.items():
        subject = "account:github/acme/" + login
        seen.expect("mfa.factor", factor, subject)
        seen.expect("mfa.cloud-factor", cloud, subject)
        seen.expect("access.matrix", matrix, subject)
        seen.expect("access.unused-rights", "unprovable access.use-unseen", subject)
    assert set(seen.proposals("account")) == {"github/acme/" + login for login in wanted}
    assert seen.proposals("team")["github/acme/core"]["members"] == ["alice", "bob"]
    assert seen.proposals("repository")["github/acme/shop"]["private"] is True
    assert not seen.holds(SECRET) and not seen.holds(TOKEN["token"])


@test
def github_tokens():
    for scopes, wanted, powers in (("repo, read:org, admin:org", "fail source.can-write", ["repo", "admin:org"]), ("read:org, read:user", "pass source.reads-only", []),
                                   (None, "unprovable source.powers-unseen", [])):
        with github(OWNERS, [], set(), scopes=scopes).serve() as port:
            seen = Seen("github", port, TOKEN, {"org": "acme"})
        seen.expect("source.read-only", wanted)
        assert seen.powers() == powers


@test
def github_token_that_may_not_see_factors():
    def members_of(query, headers, body):
        return (422, {}, {"message": "Only owners can use this filter."}) if "filter" in query else (200, {}, OWNERS if query["role"] == "admin" else MEMBERS)
    with github(OWNERS, MEMBERS, set(), **{"/orgs/acme/members": members_of}).serve() as port:
        seen = Seen("github", port, TOKEN, {"org": "acme"})
    seen.expect("source.complete", "error source.status")
    seen.expect("mfa.factor", "error mfa.not-readable", "account:github/acme/alice")
    seen.expect("access.matrix", "error access.no-matrix", "account:github/acme/alice")
    assert seen.output.get("whole") is not True


# ---- whatever a provider may do ----

def only_servers(reply, **more):
    with hetzner([], [], replies={"/v1/servers": reply}).serve() as port:
        return Seen("hetzner", port, TOKEN, **more)


@test
def refusals_have_names():
    for status, headers, wanted in ((401, {}, "unauthorised"), (403, {}, "forbidden"), (404, {}, "not-found"), (500, {}, "status"), (302, {"Location": "http://169.254.169.254/"}, "led-elsewhere"),
                                    (429, {"Retry-After": "17"}, "rate-limited"), (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 90)}, "rate-limited"),
                                    (503, {"Retry-After": "Sun, 01 Nov 2099 08:49:37 GMT"}, "rate-limited")):
        seen = only_servers(lambda query, got, body: (status, headers, {"error": {}}))
        seen.expect("source.complete", "error source." + wanted)
    assert seen.request("servers")["retry_after_s"] > 86400
    seen = only_servers(lambda query, got, body: (429, {"Retry-After": "17"}, {}))
    assert seen.request("servers")["retry_after_s"] == 17 and "status" not in seen.request("volumes"), "a provider that wants rest gets it"


@test
def wrong_types_and_broken_bodies():
    good = {"servers": [server(1)], "meta": meta(1, 1, 1)}
    for content, wanted in ((b"<html>", "error source.malformed"), (b"[" * 100000, "error source.malformed"), (b'{"servers":{}}', "error source.wrong-shape"),
                            (b"[]", "error source.wrong-shape"), (b'{"servers":[1]}', "error source.wrong-shape"), (b'{"servers":[],"servers":[]}', "error source.malformed"),
                            (json.dumps({"servers": [server(1)]}).encode(), "fail source.incomplete"), (json.dumps(good | {"meta": meta(1, 1, 1) | {"pagination": {"next_page": "x"}}}).encode(), "fail source.incomplete"),
                            (json.dumps(good | {"meta": {"pagination": {"next_page": 1}}}).encode(), "fail source.incomplete")):
        seen = only_servers(lambda query, got, body: (200, {}, content))
        seen.expect("source.complete", wanted)
    long = copy.deepcopy(good)
    long["servers"][0]["name"] = "x" * 5000
    only_servers(lambda query, got, body: (200, {}, long)).expect("source.complete", "fail source.incomplete")
    only_servers(lambda query, got, body: (200, {"Content-Length": "9999"}, b'{"servers":[')).expect("source.complete", "error source.cut")


@test
def bodies_without_end():
    seen = only_servers(lambda query, got, body: (200, {"Content-Length": str(1 << 30)}, b'{"servers":["' + b"a" * (9 << 20)))
    seen.expect("source.complete", "error source.too-large")
    seen = only_servers(lambda query, got, body: (200, {}, b'{"servers":[' + b"{}," * 2600000 + b"{}]}"))
    seen.expect("source.complete", "error source.too-large")


@test
def pages_without_end():
    def endless(query, headers, body):
        number = int(query["page"])
        return 200, {}, {"servers": [], "meta": meta(number, number + 1, 10**6)}
    seen = only_servers(endless, timeout_ms=60000)
    assert seen.request("servers")["error"] == "source.too-much"
    seen.expect("source.complete", "error source.too-much")


@test
def next_pages_elsewhere():
    for link in ("http://127.0.0.1:1/orgs/acme/members", "https://127.0.0.1:{port}/x", "http://localhost:{port}/x", "http://127.0.0.1:{port}@169.254.169.254/x",
                 "http://169.254.169.254/latest/meta-data", "//169.254.169.254/", "file:///etc/passwd", "http://127.0.0.1:{port}\\@169.254.169.254/"):
        def teams(query, headers, body):
            return 200, {"Link": f'<{link.replace("{port}", str(provider.port))}>; rel="next"'}, [{"id": 4, "slug": "core", "name": "Core", "description": None, "permission": "pull", "parent": None}]
        provider = github(OWNERS, [], set(), **{"/orgs/acme/teams": teams})
        with provider.serve() as port:
            seen = Seen("github", port, TOKEN, {"org": "acme"})
        assert seen.request("teams")["error"] == "source.led-elsewhere", (link, seen.request("teams"))
        seen.expect("source.complete", "fail source.incomplete")


@test
def silence_and_drips():
    listener = socket.create_server(("127.0.0.1", 0))
    connections = []

    def drip():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            try:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                for _ in range(100):
                    connection.sendall(b" ")
                    time.sleep(0.1)
            except OSError:
                pass
    threading.Thread(target=drip, daemon=True).start()
    Seen("hetzner", listener.getsockname()[1], TOKEN, timeout_ms=1500).expect("source.complete", "error source.timeout")
    listener.close()
    for connection in connections:
        connection.close()


@test
def inputs_that_are_refused():
    good = source_input("github", 9, TOKEN, {"org": "acme"}, 1000)
    for change, word in (({"kind": "nothing"}, "no such kind"), ({"address": "ftp://x"}, "https://HOST"), ({"address": "http://example.org:9"}, "without TLS"),
                         ({"port": 10}, "another port"), ({"credential": {}}, "token"), ({"credential": {"token": "a\nb"}}, "characters"), ({"credential": TOKEN | {"more": "x"}}, "more"),
                         ({"options": {}}, "org"), ({"options": {"org": {"a": 1}}}, "org"), ({"address": "https://user@host:9"}, "https://HOST"), ({"address": "http://127.0.0.1:9/?x=1"}, "https://HOST")):
        said = run({"work": "collect.source", "input": good | change}, expect_refusal=True)
        assert word in said, (change, said)


@test
def an_org_with_steps_in_its_name_stays_a_name():
    provider = github(OWNERS, [], set())
    with provider.serve() as port:
        Seen("github", port, TOKEN, {"org": "acme/../admin?x=1#y"})
        seen = Seen("github", port, TOKEN, {"org": ".."})
    assert all(target.startswith("/orgs/acme%2F..%2Fadmin%3Fx%3D1%23y") for _, target in provider.asked), provider.asked
    assert seen.request("org")["error"] == "source.not-found"


if __name__ == "__main__":
    sys.exit(main())
