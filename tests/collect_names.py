#!/usr/bin/env python3
"""Sources of names: a real BIND that gives its zones (or not), name servers that lie, certificate transparency, Dokploy, zones and invoices as text.

usage: collect_names.py PATH-OF-COLLECT_RUN
Without named the part with the real server is left out, which is said.
"""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from source_case import Seen, main, run, test
from source_fake import Provider

FOLDER = tempfile.mkdtemp(prefix="vogt-names-")
os.chmod(FOLDER, 0o755)
SECRET = "must-never-be-a-fact"
ZONE = """$TTL 3600
@ IN SOA ns.example.org. host.example.org. 1 3600 3600 604800 3600
@ NS ns
@ MX 10 mail
ns A 192.0.2.53
www A 192.0.2.1
www AAAA 2001:db8::1
shop CNAME www
mail A 192.0.2.25
*.dev A 192.0.2.9
_dmarc TXT "v=DMARC1"
local A 127.0.0.1
sub NS ns.elsewhere.example.
_xmpp._tcp SRV 0 0 5222 chat
chat A 192.0.2.52
"""


def ask(port, zones, **more):
    request = {"collect": "collect.source", "judge": "judge.source", "subject": {"kind": "source", "name": "test"},
               "input": {"kind": "dns", "address": f"dns://127.0.0.1:{port}", "port": port, "options": {"zones": zones}, "timeout_ms": more.get("timeout_ms", 10000)}}
    output = run(request)
    assert output["plant"]["caught"], output["plant"]
    assert not any("?" in sentence for sentence in output["sentences"]), output["sentences"]
    return output


def said(output):
    return {entry["kind"]: entry["outcome"] + " " + entry["reason"] for entry in output["observations"]}


def names(output):
    return {entry["name"] for entry in output.get("proposals", [])}


EXPECTED = {"www.example.org:443", "ns.example.org:443", "shop.example.org:443", "mail.example.org:443", "chat.example.org:443", "mail.example.org:25", "chat.example.org:5222"}


# ---- a real name server ----

class Bind:
    def __init__(self):
        self.port = free_port()
        zone, many = os.path.join(FOLDER, "example.org"), os.path.join(FOLDER, "many.example")
        with open(zone, "w", encoding="ascii") as out:
            out.write(ZONE)
        with open(many, "w", encoding="ascii") as out:
            out.write("$TTL 60\n@ SOA ns host 1 1 1 1 1\n@ NS ns\nns A 192.0.2.1\n" + "".join(f"host-with-a-longer-name-{i} A 192.0.2.{i % 250}\n" for i in range(5000)))
        path = os.path.join(FOLDER, "named.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(f"""options {{ directory "{FOLDER}"; listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none; recursion no; dnssec-validation no;
  allow-transfer {{ none; }}; session-keyfile none; }};
controls {{ }};
zone "example.org" {{ type primary; file "{zone}"; allow-transfer {{ 127.0.0.1; }}; }};
zone "many.example" {{ type primary; file "{many}"; allow-transfer {{ 127.0.0.1; }}; }};
zone "closed.example" {{ type primary; file "{zone}"; }};
""")
        self.log = open(os.path.join(FOLDER, "named.log"), "wb")
        self.process = subprocess.Popen(["named", "-g", "-n", "1", "-c", path], stdout=self.log, stderr=self.log)

    def wait(self):
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, open(os.path.join(FOLDER, "named.log"), encoding="utf-8").read()[-2000:]
                time.sleep(0.1)
        raise AssertionError("named does not answer")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def real_name_server():
    bind = Bind()
    try:
        bind.wait()
        output = ask(bind.port, ["Example.org."])
        assert said(output) == {"source.complete": "pass source.all-read", "source.read-only": "pass source.no-credential"}, output["observations"]
        assert names(output) == EXPECTED and output["whole"] is True, names(output)
        assert {entry["reason"] for entry in output["not_covered"]} == {"dns.wildcard", "dns.delegated"}, output["not_covered"]
        many = ask(bind.port, ["many.example", "example.org"])
        assert said(many)["source.complete"] == "pass source.all-read" and len(names(many)) == 5001 + len(EXPECTED), len(names(many))
        refused = ask(bind.port, ["example.org", "closed.example"])
        assert said(refused)["source.complete"] == "error source.forbidden" and not refused.get("whole"), said(refused)
        assert names(refused) == EXPECTED
        absent = ask(bind.port, ["nowhere.example"])
        assert said(absent)["source.complete"].startswith("error source."), said(absent)
        # what BIND itself makes of the same zone is read as text, too
        compiled = subprocess.run(["named-compilezone", "-q", "-o", "-", "example.org", os.path.join(FOLDER, "example.org")], capture_output=True, text=True, timeout=30, check=True)
        text = run({"collect": "collect.source", "judge": "judge.source", "input": {"kind": "zone", "options": {"zone": "example.org", "text": compiled.stdout}}})
        assert said(text)["source.complete"] == "pass dns.zone-read" and names(text) == EXPECTED, (said(text), names(text))
        return text
    finally:
        bind.stop()


if shutil.which("named") and shutil.which("named-compilezone"):
    test(real_name_server)
else:
    print("left out: no named here")


# ---- name servers that lie ----

class Liar:
    """Answers one question over TCP with the bytes that `reply` makes of its id."""

    def __init__(self, reply, hold=False):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(30)
        self.port, self.reply, self.hold = self.listener.getsockname()[1], reply, hold
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            peer, _ = self.listener.accept()
            with peer:
                question = peer.recv(4096)
                for piece in self.reply(question[2:4], question[14:]):
                    peer.sendall(piece)
                if self.hold:
                    peer.settimeout(20)
                    peer.recv(1)
        except OSError:
            pass


def framed(message):
    return struct.pack("!H", len(message)) + message


def header(number, answers, flags=0x8400):
    return number + struct.pack("!HHHHH", flags, 0, answers, 0, 0)


def soa(owner):
    return owner + struct.pack("!HHIH", 6, 1, 60, 22 + 2) + b"\xc0\x0c\xc0\x0c" + struct.pack("!IIIII", 1, 1, 1, 1, 1)


OWNER = b"\x07example\x03org\x00"


@test
def lying_name_servers_end_in_errors():
    def endless(number, question):
        yield framed(header(number, 1) + soa(OWNER))
        record = b"\x03www\x07example\x03org\x00" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\xc0\x00\x02\x01"
        for _ in range(400):
            yield framed(header(number, 100) + record * 100)

    cases = [
        ("closed at once", lambda number, question: [], "error source.cut"),
        ("half a message", lambda number, question: [b"\x00\xff\x00"], "error source.cut"),
        ("another id", lambda number, question: [framed(header(b"\x00\x00", 1) + soa(OWNER))], "error source.wrong-shape"),
        ("no records", lambda number, question: [framed(header(number, 0))], "error source.wrong-shape"),
        ("begins with another record", lambda number, question: [framed(header(number, 1) + OWNER + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x01\x02\x03\x04")], "error source.wrong-shape"),
        ("names that point to themselves", lambda number, question: [framed(header(number, 1) + b"\xc0\x0c" + struct.pack("!HHIH", 6, 1, 60, 0))], "error source.malformed"),
        ("breaks off", lambda number, question: [framed(header(number, 1) + soa(OWNER))], "fail source.incomplete"),
        ("endless", endless, "fail source.incomplete"),
    ]
    for name, reply, wanted in cases:
        liar = Liar(reply)
        output = ask(liar.port, ["example.org"])
        assert said(output)["source.complete"] == wanted, (name, said(output))
        assert not output.get("whole"), name
    slow = Liar(lambda number, question: [b"\x00"], hold=True)
    begun = time.monotonic()
    output = ask(slow.port, ["example.org"], timeout_ms=1500)
    assert said(output)["source.complete"] == "error source.timeout" and time.monotonic() - begun < 30, said(output)
    nobody = ask(free_port(), ["example.org"])
    assert said(nobody)["source.complete"] == "error source.unreachable", said(nobody)


# ---- certificate transparency ----

def certificate(number, name_value, until="2126-01-01T00:00:00"):
    return {"issuer_ca_id": 1, "issuer_name": "C=US, O=Let's Encrypt, CN=R3", "common_name": name_value.split("\n")[0], "name_value": name_value, "id": number,
            "entry_timestamp": "2026-01-01T00:00:00.1", "not_before": "2026-01-01T00:00:00", "not_after": until, "serial_number": SECRET}


@test
def crtsh_tells_names():
    def reply(query, headers, body):
        if query["q"] == "%.example.org":
            return 200, {}, [certificate(1, "www.example.org\n*.example.org\nEXAMPLE.org"), certificate(2, "old.example.org", "2020-01-01T00:00:00"),
                             certificate(3, "evilexample.org\nhost@example.org\napi.example.org")]
        return 200, {}, [certificate(4, "example.org\nother.test")]
    provider = Provider("crtsh", {"/": reply})
    with provider.serve() as port:
        seen = Seen("crtsh", port, {}, {"domain": "example.org"})
    assert not provider.faults, provider.faults
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.no-credential")
    assert set(seen.proposals("endpoint")) == {"www.example.org:443", "example.org:443", "api.example.org:443"}, seen.proposals("endpoint")
    assert not seen.holds(SECRET)
    broken = Provider("crtsh", {"/": lambda query, headers, body: (200, {"Content-Type": "text/html"}, b"<html>busy</html>")})
    with broken.serve() as port:
        Seen("crtsh", port, {}, {"domain": "example.org"}).expect("source.complete", "error source.malformed")


@test
def certspotter_is_paged_to_its_end():
    issuances = [{"id": str(number), "tbs_sha256": SECRET, "dns_names": [f"n{number}.example.org", "elsewhere.test"], "pubkey_sha256": "00", "not_before": "2026-01-01T00:00:00Z",
                  "not_after": "2126-01-01T00:00:00Z", "revoked": False} for number in range(1, 251)]

    def reply(query, headers, body):
        after = int(query.get("after", 0))
        return 200, {}, issuances[after:after + 100]
    provider = Provider("certspotter", {"/v1/issuances": reply})
    with provider.serve() as port:
        seen = Seen("certspotter", port, {"token": "s3cret-token-value"}, {"domain": "example.org"})
    assert not provider.faults, provider.faults
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "unprovable source.powers-unseen")
    assert len(seen.proposals("endpoint")) == 250 and len(provider.asked) == 4
    assert not seen.holds(SECRET) and not seen.holds("s3cret-token-value")


# ---- Dokploy ----

def dokploy(**more):
    application = {"applicationId": "a1", "name": "web", "applicationStatus": "done"}
    environment = {"environmentId": "e1", "name": "production", "isDefault": True, "applications": [application], "compose": [{"composeId": "c1", "name": "stack", "composeStatus": "done"}],
                   "postgres": [{"postgresId": "p1"}], "mysql": [], "mariadb": [], "mongo": [], "redis": [], "libsql": []}
    project = {"projectId": "x", "name": "Shop", "description": "", "createdAt": "2026-01-01", "organizationId": "o", "env": "KEY=" + SECRET, "environments": [environment], "projectTags": []}

    def domain(number, host, https):
        return {"domainId": number, "host": host, "https": https, "port": 3000, "path": "/", "certificateType": "letsencrypt", "domainType": "application", "createdAt": "2026-01-01"}

    def user(number, role, email, factor, banned=False):
        return {"id": f"m{number}", "organizationId": "o", "userId": f"u{number}", "role": role, "createdAt": "2026-01-01",
                "user": {"id": f"u{number}", "email": email, "twoFactorEnabled": factor, "banned": banned, "sshPrivateKey": SECRET, "name": "x"}}
    replies = {"/api/project.all": [project], "/api/domain.byApplicationId": [domain("d1", "Shop.example.org", True)], "/api/domain.byComposeId": [domain("d2", "old.example.org", False)],
               "/api/user.all": [user(1, "owner", "Ann@example.org", True), user(2, "admin", "bob@example.org", False), user(3, "member", "cy@example.org", None),
                                 user(4, "admin", "gone@example.org", False, True)],
               "/api/server.all": [{"serverId": "s1", "name": "worker-1", "ipAddress": "192.0.2.8", "serverStatus": "active", "serverType": "deploy", "sshKeyId": SECRET}],
               "/api/certificates.all": [{"certificateId": "k", "name": "own", "certificateData": SECRET, "privateKey": SECRET, "certificatePath": "p", "autoRenew": None, "serverId": None}]}
    return Provider("dokploy", replies | more)


@test
def dokploy_is_walked_and_never_written_to():
    provider = dokploy()
    with provider.serve() as port:
        seen = Seen("dokploy", port, {"token": "s3cret-token-value"}, judged={"admins": ["ann@example.org"]})
    assert not provider.faults, provider.faults
    assert {method for method, _ in provider.asked} == {"GET"}
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "fail source.can-write")
    assert seen.powers() == ["instance-wide read-write key"]
    seen.expect("mfa.factor", "pass mfa.has-factor", "account:dokploy/test/ann@example.org")
    seen.expect("mfa.factor", "fail mfa.none", "account:dokploy/test/bob@example.org")
    seen.expect("mfa.cloud-factor", "fail mfa.none", "account:dokploy/test/cy@example.org")
    seen.expect("mfa.factor", "pass mfa.inactive", "account:dokploy/test/gone@example.org")
    seen.expect("access.matrix", "fail access.unapproved-admin", "account:dokploy/test/bob@example.org")
    assert set(seen.proposals("environment")) == {"Shop/production"}
    assert seen.proposals("service")["dokploy/Shop/production/web"]["environment"] == "Shop/production"
    assert set(seen.proposals("endpoint")) == {"shop.example.org:443", "old.example.org:80"}
    assert seen.proposals("host")["worker-1"]["address"] == "192.0.2.8"
    assert "ann@example.org" in seen.proposals("person")
    assert not seen.holds(SECRET) and not seen.holds("s3cret-token-value")


@test
def dokploy_that_refuses_is_incomplete():
    for path in ("/api/user.all", "/api/domain.byComposeId", "/api/project.all"):
        provider = dokploy(**{path: lambda query, headers, body: (401, {}, {"message": "UNAUTHORIZED"})})
        with provider.serve() as port:
            seen = Seen("dokploy", port, {"token": "x"})
        assert seen.said("source.complete")[0].split()[0] in ("error", "fail") and not seen.output.get("whole"), (path, seen.said("source.complete"))


sys.exit(main(FOLDER))
