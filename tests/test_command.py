"""The command line against a real Vogt, and against a double that answers what a real one must not.

Run: python3 tests/test_command.py [BUILD_DIRECTORY]
"""
import contextlib
import hashlib
import http.server
import json
import os
import pty
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
    os.environ["VOGT_BUILD"] = sys.argv.pop(1)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import BUILD, ROOT, Daemon, Vogt, clean_environment, program  # noqa: E402

ANNEX = os.path.join(ROOT, "examples", "annex.de.md")
VERDICTS = {"kept", "broken", "stale", "unproven", "attested"}


def vogt(*words, directory=None, address=None, environment=None, input=None, timeout=60):
    more = (["--dir", directory] if directory else []) + (["--address", address] if address else [])
    return subprocess.run([program("vogt"), *words, *more], input=input, capture_output=True, text=True, timeout=timeout, check=False,
                          env=clean_environment(**(environment or {})))


class Alone(unittest.TestCase):
    """Without any server."""

    def test_usage_errors_are_2_and_say_what(self):
        for words in (["nope"], [], ["adopt"], ["status", "--nope"], ["help", "nope"], ["ledger", "prove", "other", "1"], ["completion", "fish"]):
            done = vogt(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertRegex(done.stderr, r"^vogt: .+\n$")
            self.assertEqual(done.stdout, "")

    def test_german_by_every_way(self):
        for environment, words in (({"LC_ALL": "de_AT.UTF-8"}, []), ({"LC_MESSAGES": "de_DE"}, []), ({"LANG": "de_DE.UTF-8"}, []), ({}, ["--language", "de"])):
            self.assertIn("diesen Befehl gibt es nicht", vogt("nope", *words, environment=environment).stderr)
        self.assertIn("no such command", vogt("nope", "--language", "en", environment={"LANG": "de_DE.UTF-8"}).stderr)

    def test_help_of_each_command(self):
        rows = json.loads(vogt("help", "--json").stdout)
        self.assertGreater(len(rows), 35)
        for row in rows:
            done = vogt("help", *row["name"].split())
            self.assertEqual(done.returncode, 0)
            self.assertTrue(done.stdout.startswith("vogt " + row["name"]))

    def test_unreachable_is_3_also_as_json(self):
        done = vogt("status", "--json", address="https://localhost:1")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(json.loads(done.stdout)["error"]["code"], "unreachable")
        self.assertIn("nothing answers", done.stderr)

    def test_plain_http_goes_to_this_machine_only(self):
        """A listener that answers nothing but says whether anybody came. 127.0.0.2 is none of the names of this machine, so it stands for any other host."""
        for host, named, code in (("127.0.0.1", "127.0.0.1:%d", 3), ("127.0.0.1", "localhost:%d", 3), ("127.0.0.2", "127.0.0.2:%d", 5),
                                  ("127.0.0.2", "localhost:1@127.0.0.2:%d", 5), ("127.0.0.2", "localhost:@127.0.0.2:%d", 5)):
            with self.subTest(named), socket.create_server((host, 0)) as server:
                came, port = [], server.getsockname()[1]
                server.settimeout(60)

                def answer():
                    with contextlib.suppress(OSError):
                        connection, _ = server.accept()
                        came.append(connection.recv(4096))
                        connection.close()

                listener = threading.Thread(target=answer, daemon=True)
                listener.start()
                done = vogt("status", address="http://" + named % port, environment={"VOGT_TOKEN": "hvs.secret"})
                if code == 5:
                    with socket.create_connection((host, port)) as own:  # ends the listener: it must have seen this one and no other
                        own.sendall(b"own")
                listener.join(60)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertEqual(came == [b"own"], code == 5, came)
                self.assertEqual("only https://" in done.stderr, code == 5, done.stderr)

    def test_what_is_no_ledger_or_bundle_is_5(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "verifier.keys"), "w", encoding="ascii") as stream:
                stream.write("example/evidence+0000+x\n")
            self.assertEqual(vogt("ledger", "verify", folder).returncode, 5)
            self.assertEqual(vogt("ledger", "verify", folder + "/none").returncode, 5)
            for text in ("", "{}", "[", "nonsense", "{\"format\":\"vogt-evidence/v1\"}"):
                path = os.path.join(folder, "bundle")
                with open(path, "w", encoding="ascii") as stream:
                    stream.write(text)
                done = vogt("evidence", "verify", path)
                self.assertEqual(done.returncode, 5, text)
                self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertEqual(vogt("evidence", "verify", folder).returncode, 5)

    def test_a_full_output_is_an_error(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([program("vogt"), "help"], stdout=full, stderr=subprocess.PIPE, env=clean_environment(), check=False, timeout=30)
        self.assertEqual(done.returncode, 1)


class Double:
    """An HTTPS server of a few lines that answers from a table: (status, body) by method and path."""

    def __init__(self, answers):
        self.folder = tempfile.mkdtemp(prefix="vogt-double-")
        self.answers, self.asked = answers, []
        pem, key = os.path.join(self.folder, "tls.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", pem], check=True, capture_output=True, timeout=60)
        with open(os.path.join(self.folder, "operator.token"), "w", encoding="ascii") as stream:
            stream.write("hvs.double\n")
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                double.asked.append((self.command, self.path, dict(self.headers), body))
                whole, plain = (self.command, self.path), (self.command, self.path.split("?")[0])
                status, reply = double.answers.get(whole) or double.answers.get(plain, (404, {"errors": ["no handler for route"]}))
                data = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = "https://localhost:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def vogt(self, *words, **more):
        return vogt(*words, directory=self.folder, address=self.address, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


LONG = "Daten werden unterwegs mit TLS 1.3 geschützt; HSTS ist gesetzt, schwache Cipher sind abgeschaltet, und das gilt für jeden Endpunkt."
CURRENT = {
    "revision": 2, "adopted": "2026-11-23T09:27:32.123Z", "name": "a.md", "language": "de", "title": "Anlage \x1b[2J2", "digest": "00",
    "counts": {"kept": 1, "broken": 1, "stale": 0, "unproven": 1, "attested": 0},
    "sections": [{"id": "s3", "number": "3.", "title": "Kryptographie"}],
    "clauses": [
        {"id": "3.1", "section": "s3", "text": LONG, "verdict": "kept", "since": "2026-11-23T09:27:32Z", "age_s": 125,
         "reason": {"english": "All endpoints agree.", "german": "Alle Endpunkte stimmen."}, "measures": [], "confirmed": True, "deviation": None},
        {"id": "3.2", "section": "s3", "text": "Volumes.", "verdict": "broken", "since": "2026-11-23T09:27:32Z", "age_s": 60,
         "reason": {"english": "Not encrypted.", "german": "Nicht verschlüsselt."}, "measures": [], "confirmed": True,
         "deviation": {"owner": "Kim", "plan": "LUKS", "due": "2027-01-31"}},
        {"id": "9.9", "section": "lost", "text": "Ohne Abschnitt.", "verdict": "unproven", "since": None, "age_s": None,
         "reason": {"english": "No probe yet.", "german": "Noch keine Probe."}, "measures": [], "confirmed": False, "deviation": None}]}


class AgainstADouble(unittest.TestCase):
    def test_the_annex_is_wrapped_in_columns_and_shows_everything(self):
        with Double({("GET", "/v1/annex/current"): (200, {"data": CURRENT})}) as double:
            done = double.vogt("annex", environment={"COLUMNS": "60", "LANG": "de_DE.UTF-8"})
            self.assertEqual(done.returncode, 0)
            self.assertLessEqual(max(len(line) for line in done.stdout.splitlines()), 60)
            words = " ".join(done.stdout.split())
            self.assertIn("3. Kryptographie", words)
            self.assertIn(LONG, words)
            self.assertIn("1 erfüllt, 1 gebrochen, 1 unbewiesen", words)
            for part in ("erfüllt", "gebrochen", "unbewiesen", "Alle Endpunkte stimmen. (vor 2 Min. 5 Sek.)", "in Arbeit: Kim bis 2027-01-31: LUKS", "Ohne Abschnitt."):
                self.assertIn(part, words)
            self.assertNotIn("\x1b", done.stdout)
            english = double.vogt("annex").stdout
            self.assertIn("All endpoints agree. (2 min 5 s ago)", english)
            self.assertEqual(double.vogt("annex", "--check").returncode, 1)
            self.assertEqual(json.loads(double.vogt("annex", "--json").stdout), CURRENT)

    def test_colours_only_on_a_terminal_and_never_with_no_color(self):
        with Double({("GET", "/v1/annex/current"): (200, {"data": CURRENT})}) as double:
            for environment, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
                above, below = pty.openpty()
                process = subprocess.Popen([program("vogt"), "annex", "--dir", double.folder, "--address", double.address], stdout=below, stderr=below, stdin=subprocess.DEVNULL,
                                           env=clean_environment(**environment))
                os.close(below)
                seen = b""
                try:
                    while True:
                        part = os.read(above, 65536)
                        if not part:
                            break
                        seen += part
                except OSError:
                    pass
                os.close(above)
                self.assertEqual(process.wait(30), 0)
                self.assertEqual(b"\x1b[32m" in seen, coloured, environment)
                self.assertNotIn(b"\x1b[2J", seen)

    def test_refusals_become_exit_codes_and_words(self):
        complaint = {"english": "word is unknown", "german": "Wort ist unbekannt", "line": 3, "column": 7, "detail": "hots"}
        for status, body, code, english, german in (
                (403, {"errors": ["permission denied"]}, 4, "permission denied", "permission denied"),
                (400, {"errors": ["x"], "complaint": complaint}, 5, "line 3, column 7: word is unknown: hots", "Zeile 3, Spalte 7: Wort ist unbekannt: hots"),
                (503, {"errors": ["Vault is sealed"]}, 3, "Vault is sealed", "Vault is sealed"),
                (500, b"<html>", 1, "HTTP 500", "HTTP 500"),
                (302, b"", 1, "HTTP 302", "HTTP 302"),
                (200, b"<html>", 1, "no JSON", "kein JSON")):
            with Double({("GET", "/v1/annex/current"): (status, body)}) as double:
                done = double.vogt("annex")
                self.assertEqual(done.returncode, code, (status, done))
                self.assertIn(english, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)
                self.assertIn(german, double.vogt("annex", "--language", "de").stderr)

    def test_the_token_goes_only_to_the_pinned_server(self):
        with Double({("GET", "/v1/annex/current"): (200, {"data": CURRENT})}) as one, Double({("GET", "/v1/annex/current"): (200, {"data": CURRENT})}) as other:
            self.assertEqual(one.vogt("annex").returncode, 0)
            self.assertEqual(one.asked[-1][2].get("X-Vault-Token"), "hvs.double")
            done = vogt("annex", directory=one.folder, address=other.address)
            self.assertEqual(done.returncode, 3)
            self.assertIn("certificate", done.stderr)
            self.assertEqual(other.asked, [])
            done = vogt("annex", address=other.address)
            self.assertEqual((done.returncode, other.asked), (3, []))

    def test_authorities_and_environment(self):
        with Double({("GET", "/v1/annex/current"): (200, {"data": CURRENT})}) as double:
            environment = {"VOGT_ADDR": double.address + "/", "VOGT_CACERT": os.path.join(double.folder, "tls.pem"), "VOGT_TOKEN": "hvs.own"}
            self.assertEqual(vogt("annex", environment=environment).returncode, 0)
            self.assertEqual(double.asked[-1][2]["X-Vault-Token"], "hvs.own")
            self.assertNotEqual(vogt("annex", environment=dict(environment, VOGT_TOKEN="a\r\nX-Other: b")).returncode, None)
            self.assertNotIn("X-Other", double.asked[-1][2])

    def test_decisions_send_what_was_said(self):
        clause = {"id": "3.1", "interpretations": [{"term": "regular", "english": "e", "german": "d", "values": {"days": 90, "kind": "x"}}]}
        prefix = "/v1/annex/clauses/3.1/"
        with Double({("GET", "/v1/annex/clauses/3.1"): (200, {"data": clause}), ("POST", prefix + "interpretations"): (200, {"data": {}}), ("POST", prefix + "bindings"): (200, {"data": {}}),
                     ("POST", prefix + "attestations"): (200, {"data": {}}), ("POST", prefix + "deviation"): (200, {"data": {}}), ("DELETE", prefix + "deviation"): (204, b"")}) as double:
            for words, body in ((["interpret", "3.1", "regular", "days=30"], {"term": "regular", "english": "e", "german": "d", "values": {"days": 30, "kind": "x"}}),
                                (["confirm", "3.1", "crypto.transit", "--reason", "r"], {"measures": ["crypto.transit"], "reason": "r"}),
                                (["attest", "3.1", "3.1.a", "ja", "--expires-days", "30"], {"promise": "3.1.a", "statement": "ja", "expires_days": 30}),
                                (["deviate", "3.1", "Kim", "LUKS", "2027-01-31"], {"owner": "Kim", "plan": "LUKS", "due": "2027-01-31"}),
                                (["deviate", "3.1", "--close"], None)):
                done = double.vogt(*words)
                self.assertEqual(done.returncode, 0, done)
                self.assertEqual(json.loads(double.asked[-1][3]) if double.asked[-1][3] else None, body)
            self.assertEqual(double.vogt("interpret", "3.1", "other").returncode, 5)
            self.assertEqual(double.vogt("interpret", "3.1", "regular", "days").returncode, 2)
            self.assertEqual(double.vogt("deviate", "3.1").returncode, 2)

    def test_the_estate_is_shown_whole_and_worst_first(self):
        def one(name, verdict, confirmed=True, state="judged", why="ok"):
            covered = {"subject": name, "state": state, "english": "no probe sees it", "german": "keine Probe sieht es"}
            if state == "judged":
                covered.update(verdict=verdict, kind="x.y", reason={"english": why, "german": "de " + why}, index=3)
            return {"id": name, "kind": name.split(":")[0], "name": name.split(":")[1], "confirmed": confirmed, "source": "estate", "attributes": {}}, covered

        rows = [one("endpoint:a", "kept"), one("endpoint:b", "broken", why="TLS 1.2 is accepted."), one("host:c", "unproven", confirmed=False, why="x"), one("service:d", None, state="not covered")]
        data = {"counts": {"endpoint": 2, "host": 1, "service": 1}, "subjects": [row[0] for row in rows], "coverage": [row[1] for row in rows],
                "not_covered": [{"english": "Reading the firewall needs root.", "german": "Die Firewall zu lesen braucht root."}]}
        with Double({("GET", "/v1/estate"): (200, {"data": data})}) as double:
            words = double.vogt("estate").stdout
            order = [words.index(part) for part in ("broken\n", "endpoint:b", "TLS 1.2 is accepted.", "unlisted", "host:c", "not covered\n", "service:d", "kept\n", "endpoint:a", "2 endpoint, 1 host", "Reading the firewall")]
            self.assertEqual(order, sorted(order), words)
            self.assertIn("Die Firewall zu lesen braucht root.", double.vogt("estate", "--language", "de").stdout)
            self.assertEqual(double.vogt("estate", "show", "a b", "--kind", "endpoint").returncode, 0)
            self.assertEqual(double.asked[-1][1], "/v1/estate?after=&kind=endpoint&q=a%20b")

    def test_every_page_of_a_large_estate_is_read(self):
        pages = {"": {"counts": {"host": 3}, "subjects": [{"id": "host:1", "confirmed": True}, {"id": "host:2", "confirmed": True}], "coverage": [{"subject": "host:1"}, {"subject": "host:2"}], "next": "host:2"},
                 "host%3A2": {"counts": {"host": 3}, "subjects": [{"id": "host:3", "confirmed": True}], "coverage": [{"subject": "host:3"}]}}
        with Double({("GET", "/v1/estate?after=" + after): (200, {"data": page}) for after, page in pages.items()}) as double:
            data = json.loads(double.vogt("estate", "--json").stdout)
            self.assertEqual([subject["id"] for subject in data["subjects"]], ["host:1", "host:2", "host:3"])
            self.assertEqual(len(data["coverage"]), 3)
            self.assertNotIn("next", data)
            self.assertEqual(len(double.asked), 2)
        with Double({("GET", "/v1/estate"): (200, {"data": pages[""]})}) as double:
            self.assertEqual(double.vogt("estate").returncode, 1)  # a server that goes round in circles does not hold us

    def test_the_inbox_and_the_word(self):
        inbox = {"items": [{"id": "endpoint:db:5432", "kind": "endpoint", "state": "new", "attributes": {"protocol": "postgres"}, "seen": [{"source": "host:db", "where": "0.0.0.0", "at_ms": 1}]},
                           {"id": "host:old", "kind": "host", "state": "gone", "attributes": {}, "seen": []}],
                 "ignored": [{"subject": "host:lab", "reason": "a test bench", "by": "anna", "at_ms": 1}]}
        prefix = "/v1/estate/inbox"
        with Double({("GET", prefix): (200, {"data": inbox}), **{("POST", "%s/%s" % (prefix, word)): (200, {"data": {"decided": 2}}) for word in ("confirm", "ignore", "remove", "restore")}}) as double:
            words = double.vogt("estate", "inbox").stdout
            for part in ("endpoint:db:5432", "seen by host:db, 0.0.0.0; protocol = postgres", "Found no more", "host:old", "host:lab", "a test bench (anna)"):
                self.assertIn(part, words)
            self.assertEqual(json.loads(double.vogt("estate", "inbox", "--json").stdout), inbox)
            for words, body in ((["confirm", "endpoint:*", "host:a"], {"subjects": ["endpoint:*", "host:a"]}),
                                (["confirm", "endpoint:a", "--set", "protocol=https", "--set", "ports=[1,2]", "--set", "own=true", "--reason", "r"],
                                 {"subjects": ["endpoint:a"], "reason": "r", "attributes": {"protocol": "https", "ports": [1, 2], "own": True}}),
                                (["ignore", "host:a", "--reason", "none of ours"], {"subjects": ["host:a"], "reason": "none of ours"}),
                                (["remove", "host:a", "--reason", "off"], {"subjects": ["host:a"], "reason": "off"}),
                                (["restore", "host:a", "--reason", "on"], {"subjects": ["host:a"], "reason": "on"})):
                done = double.vogt("estate", *words)
                self.assertEqual((done.returncode, done.stdout[:2]), (0, "2 "), done)
                self.assertEqual(double.asked[-1][1], "%s/%s" % (prefix, words[0]))
                self.assertEqual(json.loads(double.asked[-1][3]), body)
            count = len(double.asked)
            for words in (["ignore", "host:a"], ["remove", "host:a", "--reason", " "], ["restore", "host:a"], ["confirm"], ["confirm", "host:a", "--set", "=x"]):
                self.assertEqual(double.vogt("estate", *words).returncode, 2, words)
            self.assertEqual(len(double.asked), count)

    def test_a_source_is_set_up_and_its_secret_is_in_no_command_line(self):
        field = lambda name, credential, secret, required=True: {"name": name, "credential": credential, "required": required, "secret": secret, "form": {"attempt": "switch", "admin_groups": "list"}.get(name, "text"), "title": {"english": name, "german": name}}
        kinds = [{"id": "hetzner", "title": {"english": "Hetzner Cloud", "german": "Hetzner Cloud"}, "rights": {"english": "Grant Read.", "german": "Gib Lesen."}, "address": "https://api.hetzner.cloud", "feeds": ["host"],
                  "fields": [field("token", True, True), field("attempt", False, False, False)]},
                 {"id": "keycloak", "title": {"english": "Keycloak", "german": "Keycloak"}, "rights": {"english": "r", "german": "r"}, "address": "", "feeds": ["account"],
                  "fields": [field("client_id", True, False), field("client_secret", True, True), field("realm", False, False), field("admin_groups", False, False, False)]}]
        standing = {"verdict": "kept", "reason": {"english": "All lists were read.", "german": "Alle Listen wurden gelesen."}, "observed": "2026-11-23T09:27:32Z", "index": 3}
        staff = {"name": "staff", "kind": "keycloak", "title": kinds[1]["title"], "address": "https://login.example.org", "options": {"realm": "a", "days": 30}, "credential_fields": ["client_id", "client_secret"],
                 "complete": standing, "read_only": dict(standing, verdict="broken"), "powers": [{"english": "It could delete users.", "german": "Es könnte Konten löschen."}], "found": 3, "gone": 1}
        prefix = "/v1/estate/sources"
        answers = {("GET", prefix): (200, {"data": {"sources": [staff], "kinds": kinds}}), ("DELETE", prefix + "/staff"): (204, b"")}
        answers.update({("POST", "%s/%s" % (prefix, name)): (200, {"data": staff}) for name in ("cloud", "staff", "staff/run")})
        with Double(answers) as double, tempfile.TemporaryDirectory() as folder:
            def sent(*words, code=0, **more):
                done = double.vogt("source", *words, **more)
                self.assertEqual(done.returncode, code, done)
                self.assertNotIn("s3cret", done.stdout + done.stderr)
                return json.loads(double.asked[-1][3]) if double.asked[-1][3] else None

            def file(content):
                path = os.path.join(folder, "credential")
                with open(path, "w", encoding="utf-8") as stream:
                    stream.write(content)
                return path

            words = double.vogt("source").stdout
            for part in ("staff  Keycloak", "All lists were read.", "3, 1 found no more", "broken", "could do as well", "It could delete users.", "realm = a, days = 30"):
                self.assertIn(part, words)
            self.assertEqual(json.loads(double.vogt("source", "list", "--json").stdout), [staff])
            self.assertIn("Gib Lesen.", double.vogt("source", "kinds", "--language", "de").stdout)
            # a file with the secret alone, JSON with more than the fields, standing input, a prompt
            expected = {"kind": "hetzner", "options": {"attempt": False}, "credential": {"token": "s3cret"}}
            for source in ("s3cret\n", '{"token":"s3cret","type":"other"}'):
                self.assertEqual(sent("set", "cloud", "hetzner", "attempt=false", "--credential-file", file(source)), expected)
            self.assertEqual(sent("set", "cloud", "hetzner", "attempt=false", "--credential-file", "-", input="s3cret"), expected)
            self.assertEqual(sent("set", "cloud", "hetzner", "attempt=false", input="s3cret\n"), expected)
            # what is set stays unless the place is another
            self.assertEqual(sent("set", "staff", "keycloak", "admin_groups=ops, board", "days="), {"kind": "keycloak", "address": "https://login.example.org", "options": {"realm": "a", "admin_groups": ["ops", "board"]}})
            asked = sent("set", "staff", "keycloak", "--url", "https://other.example.org", input="vogt\ns3cret\n")
            self.assertEqual((asked["address"], asked["credential"]), ("https://other.example.org", {"client_id": "vogt", "client_secret": "s3cret"}))
            self.assertEqual(sent("set", "staff", "keycloak", "--ask", input="vogt\ns3cret\n")["credential"], {"client_id": "vogt", "client_secret": "s3cret"})
            self.assertEqual(sent("set", "cloud", "hetzner", "text=@" + file("a,b\n"), "--credential-file", file("s3cret"))["options"], {"text": "s3cret"})
            self.assertIsNone(sent("set", "cloud", "nope", code=5))
            self.assertIsNone(sent("set", "staff", "keycloak", "--credential-file", file("s3cret"), code=5))
            self.assertIsNone(sent("set", "cloud", "hetzner", "--credential-file", folder, code=5))
            sent("set", "cloud", "hetzner", "attempt", code=2)
            sent("run", "staff")
            self.assertEqual(double.asked[-1][1], prefix + "/staff/run")
            double.answers[("POST", prefix + "/staff/run")] = (200, {"data": dict(staff, complete=dict(standing, verdict="unproven"))})
            sent("run", "staff", code=1)
            sent("remove", "staff")
            self.assertEqual(double.asked[-1][0], "DELETE")

    def test_a_credential_is_asked_for_without_echo(self):
        kinds = [{"id": "hetzner", "title": {"english": "Hetzner"}, "fields": [{"name": "token", "credential": True, "required": True, "secret": True, "title": {"english": "API token"}}]}]
        with Double({("GET", "/v1/estate/sources"): (200, {"data": {"sources": [], "kinds": kinds}}), ("POST", "/v1/estate/sources/cloud"): (200, {"data": {"name": "cloud"}})}) as double:
            above, below = pty.openpty()
            process = subprocess.Popen([program("vogt"), "source", "set", "cloud", "hetzner", "--dir", double.folder, "--address", double.address], stdin=below, stdout=below, stderr=below,
                                       env=clean_environment())
            os.close(below)
            seen = b""
            while b"API token: " not in seen:
                part = os.read(above, 4096)
                self.assertTrue(part, seen)
                seen += part
            for _ in range(3000):  # what is typed before it listens is thrown away
                if not termios.tcgetattr(above)[3] & termios.ECHO:
                    break
                time.sleep(0.01)
            os.write(above, b"s3cret\n")
            try:
                while True:
                    part = os.read(above, 4096)
                    if not part:
                        break
                    seen += part
            except OSError:
                pass
            os.close(above)
            self.assertEqual(process.wait(30), 0, seen)
            self.assertNotIn(b"s3cret", seen)
            self.assertEqual(json.loads(double.asked[-1][3])["credential"], {"token": "s3cret"})

    def test_files_for_adoption(self):
        with Double({("POST", "/v1/annex/read"): (200, {"data": {"title": "T", "clauses": []}})}) as double, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "Anlage ä&b.md")
            for content, code in ((b"x", 0), (b"", 5), (b"x" * (8 << 20), 0), (b"x" * ((8 << 20) + 1), 5)):
                with open(path, "wb") as stream:
                    stream.write(content)
                self.assertEqual(double.vogt("adopt", "--dry-run", path).returncode, code, len(content))
            method, target, headers, body = double.asked[0]
            self.assertEqual((method, target, body), ("POST", "/v1/annex/read?name=Anlage%20%C3%A4%26b.md", b"x"))
            self.assertEqual(double.vogt("adopt", "--dry-run", folder).returncode, 5)
            self.assertEqual(double.vogt("adopt", "--dry-run", folder + "/none").returncode, 5)


class Whole(unittest.TestCase):
    """Against a real daemon, one for all."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def test_status_names_roles_and_levels(self):
        data = json.loads(self.daemon.vogt("status", "--json").stdout)
        roles = {role["role"] for role in data["roles"]}
        self.assertLessEqual({"gate", "keep", "store", "judge", "reach", "look"}, roles)
        done = self.daemon.vogt("status")
        self.assertEqual(done.returncode, 0)
        for role in data["roles"]:
            self.assertRegex(done.stdout, r"(?m)^  %s +%s" % (role["role"], role["confinement"]))

    def test_a_wrong_token_is_4(self):
        self.assertEqual(self.daemon.vogt("status", environment={"VOGT_TOKEN": "hvs.wrong"}).returncode, 4)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(os.path.join(self.daemon.directory, "tls.pem"), folder)
            self.assertEqual(vogt("status", directory=folder, address=self.daemon.address, environment={"VOGT_TOKEN": "hvs.wrong"}).returncode, 4)

    def test_proof_and_checkpoint(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "0.tlog-proof")
            self.assertEqual(self.daemon.vogt("ledger", "prove", "evidence", "0", "-o", path).returncode, 0)
            with open(path, encoding="utf-8") as stream:
                self.assertTrue(stream.read().startswith("c2sp.org/tlog-proof@v1\nindex 0\n"))
            self.assertEqual(self.daemon.vogt("ledger", "prove", "evidence", "99999999").returncode, 5)
            known = os.path.join(folder, "known")
            self.assertEqual(self.daemon.vogt("ledger", "checkpoint", "evidence", "-o", known).returncode, 0)
            done = self.daemon.vogt("ledger", "verify", self.daemon.address, "--known", known, "--json")
            report = json.loads(done.stdout)
            self.assertEqual((done.returncode, report["good"], report["logs"]["evidence"]["known"]), (0, True, True))
            with open(known, encoding="utf-8") as stream:
                text = stream.read()
            with open(known, "w", encoding="utf-8") as stream:
                lines = text.split("\n")
                stream.write("\n".join([lines[0], lines[1], hashlib.sha256(b"x").hexdigest()[:43] + "="] + lines[3:]))
            self.assertEqual(self.daemon.vogt("ledger", "verify", self.daemon.address, "--known", known).returncode, 6)

    def test_login_by_link_keeps_the_token_private(self):
        with tempfile.TemporaryDirectory() as home:
            link = self.daemon.ready["login_link"]
            self.assertIsNotNone(link)
            environment = {"HOME": home, "VOGT_CACERT": os.path.join(self.daemon.directory, "tls.pem")}
            done = vogt("login", link, environment=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(os.stat(os.path.join(home, ".vogt/token")).st_mode & 0o777, 0o600)
            done = vogt("token", "lookup", "--json", address=self.daemon.address, environment=environment)
            self.assertEqual(json.loads(done.stdout)["display_name"], "admin")
            self.assertEqual(vogt("login", link, environment=environment).returncode, 5)  # one use
            self.assertEqual(vogt("policy", "list", address=self.daemon.address, environment=environment).returncode, 0)

    def test_replay_agrees(self):
        for words in ([], [self.daemon.directory], [self.daemon.address]):
            done = self.daemon.vogt("replay", *words, "--json")
            report = json.loads(done.stdout)
            self.assertEqual((done.returncode, report["good"], report["differing"], report["forged"]), (0, True, 0, 0))


class Up(unittest.TestCase):
    def test_first_run_second_run_verify_and_damage(self):
        folder = tempfile.mkdtemp(prefix="vogt-up-")
        self.addCleanup(shutil.rmtree, folder, True)
        directory = os.path.join(folder, "var")
        with Vogt("--annex", ANNEX, directory=directory, language="de") as up:
            self.assertIsNotNone(up.address, up.output())
            self.assertIsNotNone(up.login_link())
            self.assertEqual(os.stat(directory).st_mode & 0o777, 0o700)
            current = json.loads(up.vogt("annex", "--json").stdout)
            self.assertEqual(current["revision"], 1)
            self.assertTrue(all(clause["verdict"] in VERDICTS for clause in current["clauses"]))
            words = " ".join(up.output().split())
            for clause in current["clauses"]:
                self.assertIn(" ".join(clause["text"].split()), words)
                self.assertIn(" ".join(clause["reason"]["german"].split()), words)
            self.assertIn("Vogt selbst", words)
            second = vogt("up", "--listen", "localhost:0", directory=directory)
            self.assertEqual(second.returncode, 1)
            self.assertIn("another Vogt runs", second.stderr)
            self.bundle(up, current, folder)
            self.report(up, current, folder)
            done = up.vogt("replay", "--json")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertGreater(json.loads(done.stdout)["agreed"], 0)
            self.assertEqual(up.stop(signal.SIGINT), 0)
        with Vogt("--annex", ANNEX, directory=directory) as up:
            self.assertEqual(json.loads(up.vogt("annex", "--json").stdout)["revision"], 1)
            self.assertEqual(up.stop(signal.SIGTERM), 0)
        done = vogt("ledger", "verify", directory, "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["rows"]), (0, "checked"), done.stdout + done.stderr)
        tile = os.path.join(directory, "ledger/evidence/tile/entries")
        victim = os.path.join(tile, sorted(os.listdir(tile))[0])
        while os.path.isdir(victim):
            victim = os.path.join(victim, max(os.listdir(victim), key=lambda name: int(name) if name.isdigit() else 0))
        with open(victim, "r+b") as stream:
            stream.seek(10)
            byte = stream.read(1)
            stream.seek(10)
            stream.write(bytes([byte[0] ^ 1]))
        self.assertEqual(vogt("ledger", "verify", directory).returncode, 6)

    def bundle(self, up, current, folder):
        """A bundle of every verdict that there is holds, alone and without us; a changed one does not."""
        seen = set()
        for clause in current["clauses"]:
            if clause["verdict"] in seen:
                continue
            seen.add(clause["verdict"])
            path = os.path.join(folder, "bundle.json")
            done = up.vogt("evidence", clause["id"], "-o", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            alone = vogt("evidence", "verify", path, "--json")
            report = json.loads(alone.stdout)
            self.assertEqual((alone.returncode, report["good"], report["verdict"]), (0, True, clause["verdict"]), alone.stdout)
            with open(path, encoding="utf-8") as stream:
                bundle = json.load(stream)
            bundle["verdict"]["verdict"] = "kept" if clause["verdict"] != "kept" else "broken"
            with open(path, "w", encoding="utf-8") as stream:
                json.dump(bundle, stream)
            self.assertEqual(vogt("evidence", "verify", path).returncode, 6)

    def report(self, up, current, folder):
        """The report's own evidence holds for every sentence: straight from the PDF, and as others' programs take it out. Changed ones do not."""
        path, out = os.path.join(folder, "report.pdf"), os.path.join(folder, "attached.json")
        done = up.vogt("report", "-o", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = {}
        for clause in current["clauses"]:
            expected[clause["verdict"]] = expected.get(clause["verdict"], 0) + 1

        def check(name, *more):
            done = vogt("evidence", "verify", name, "--json", *more)
            return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else done.stderr

        code, told = check(path)
        self.assertEqual((code, told["good"], told["clauses"]), (0, True, len(current["clauses"])), told)
        self.assertEqual({name: count for name, count in told["verdicts"].items() if count}, expected)
        status = json.loads(up.vogt("ledger", "status", "--json").stdout)
        self.assertEqual(check(path, "--vkey", status["evidence"]["vkey"])[0], 0)
        text = vogt("evidence", "verify", path).stdout
        self.assertIn("%d sentences" % len(current["clauses"]), text)
        self.assertIn(current["clauses"][0]["id"], text)
        subprocess.run(["pdfdetach", "-save", "1", "-o", out, path], check=True, capture_output=True, timeout=60)
        self.assertEqual(check(out)[0], 0)
        with open(out, encoding="utf-8") as stream:
            bundle = json.load(stream)

        def changed(change):
            tree = json.loads(json.dumps(bundle))
            change(tree)
            with open(out, "w", encoding="utf-8") as stream:
                json.dump(tree, stream)
            return check(out)

        other = "kept" if bundle["verdicts"][0]["verdict"] != "kept" else "broken"
        for change in (lambda tree: tree["verdicts"][0].update(verdict=other), lambda tree: tree["verdicts"].pop(), lambda tree: tree["verdicts"].reverse(),
                       lambda tree: tree["verdicts"].append(tree["verdicts"][0]), lambda tree: tree.update(revision=7), lambda tree: tree["entries"].pop(0),
                       lambda tree: tree["entries"][0].update(payload=tree["entries"][0]["payload"].replace("a", "b", 1)), lambda tree: tree.update(verdicts={})):
            code, told = changed(change)
            self.assertEqual((code, told["good"]), (6, False), told)
        self.assertEqual(changed(lambda tree: tree.update(remark="all is well"))[0], 5)
        self.assertEqual(changed(lambda tree: tree.update(clause="1.1"))[0], 5)
        self.assertEqual(changed(lambda tree: tree.update(format="vogt-evidence/v1"))[0], 5)

        with open(path, "rb") as stream:
            pdf = stream.read()
        damaged = os.path.join(folder, "damaged.pdf")
        start = pdf.index(b"/Type/EmbeddedFile/")
        stream_at = pdf.index(b"stream\n", start) + 7
        for content in (pdf[:stream_at + 40], pdf[:stream_at + 40] + bytes([pdf[stream_at + 40] ^ 1]) + pdf[stream_at + 41:], pdf[:start], pdf + pdf,
                        pdf.replace(b"/Type/EmbeddedFile/", b"/Type/EmbeddedFilx/"), b"%PDF-1.7\n"):
            with open(damaged, "wb") as stream:
                stream.write(content)
            done = vogt("evidence", "verify", damaged)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (5, 1), done.stderr)
        resaved = os.path.join(folder, "resaved.pdf")
        subprocess.run(["qpdf", "--object-streams=generate", path, resaved], check=True, capture_output=True, timeout=60)
        done = vogt("evidence", "verify", resaved)
        self.assertTrue(done.returncode == 0 or "pdfdetach" in done.stderr, done.stderr)

    def test_a_bad_annex_stops_with_one_message(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "binary.md")
            with open(path, "wb") as stream:
                stream.write(bytes(range(256)) * 64)
            done = vogt("up", "--listen", "localhost:0", "--annex", path, directory=os.path.join(folder, "var"))
            self.assertEqual(done.returncode, 5)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertFalse([pid for pid in os.listdir("/proc") if pid.isdigit() and folder in commandline(pid)])

    def test_a_killed_up_takes_its_daemon_along_and_nothing_is_lost(self):
        folder = tempfile.mkdtemp(prefix="vogt-up-")
        self.addCleanup(shutil.rmtree, folder, True)
        directory = os.path.join(folder, "var")
        up = Vogt("--annex", ANNEX, directory=directory).start()
        up.stop(signal.SIGKILL)
        for _ in range(100):  # the lock is free once it is gone
            daemon = Daemon(directory=directory)
            daemon.start(expect_ready=False)
            if daemon.address:
                break
            daemon.stop()
        with daemon:
            self.assertIsNotNone(daemon.address)
            self.assertEqual(json.loads(daemon.vogt("annex", "--json").stdout)["revision"], 1)
            self.assertEqual(daemon.vogt("replay").returncode, 0)

    def test_a_bad_estate_names_the_line_and_changes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            directory, path = os.path.join(folder, "var"), os.path.join(folder, "estate.hcl")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write('host "this" {\n}\nhots "other" {\n}\n')
            done = vogt("up", "--listen", "localhost:0", "--estate", path, directory=directory)
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertRegex(done.stderr, r"^vogt: line 3, column \d+: .+\n$")

    def test_dry_run_without_a_daemon(self):
        with tempfile.TemporaryDirectory() as folder:
            done = vogt("adopt", "--dry-run", "--json", ANNEX, directory=os.path.join(folder, "none"), environment={"TMPDIR": folder})
            self.assertEqual(done.returncode, 0, done.stderr)
            data = json.loads(done.stdout)
            self.assertGreater(len(data["sections"]), 3)
            self.assertTrue(all({"id", "text", "promises", "bindings"} <= set(clause) for clause in data["clauses"]))
            self.assertTrue(any(clause["bindings"] for clause in data["clauses"]))
            for clause in data["clauses"]:
                for binding in clause["bindings"]:
                    self.assertLessEqual({"measure", "number", "score", "reason"}, set(binding))
            self.assertEqual(os.listdir(folder), [])


def commandline(pid):
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as stream:
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""


class Counting(unittest.TextTestResult):
    def stopTestRun(self):
        super().stopTestRun()
        failed = len({str(test) for test, _ in self.failures + self.errors})
        print("%d passed, %d failed" % (self.testsRun - failed, failed))


if __name__ == "__main__":
    assert re.match(r"/", BUILD)
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Counting, verbosity=1).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)
