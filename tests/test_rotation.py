"""Rotation of secrets: a hook changes the value at a real target, and the probe shows that the old one is refused there.

Run: python3 tests/test_rotation.py [BUILD_DIRECTORY]
"""
import base64
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

from scenario import ROOT, free_port, main, wait_until
from test_secret import Store

import tls_servers

PATH = "app/team/db"


class Target:
    """An HTTPS server with a login (Basic) and a hook that sets the password. `also_old`: it goes on taking every password that it ever had."""

    def __init__(self, password, setter=None):
        self.folder = tempfile.mkdtemp(prefix="vogt-target-")
        self.pem, key = os.path.join(self.folder, "tls.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.pem], check=True, capture_output=True, timeout=60)
        self.passwords, self.token, self.setter = [password], "hook-token", setter
        self.also_old = self.deaf = False
        self.status, self.told = 200, []
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def end(self, status):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                good = target.passwords if target.also_old else target.passwords[-1:]
                wanted = ["Basic " + base64.b64encode(f"app:{one}".encode()).decode() for one in good]
                self.end(200 if self.headers.get("Authorization") in wanted else 401)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.headers.get("Authorization") != "Bearer " + target.token:
                    return self.end(401)
                target.told.append(body)
                if target.status == 200 and not target.deaf:
                    target.passwords.append(body["new"])
                    if target.setter:
                        target.setter(body["new"])
                return self.end(target.status)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = "https://localhost:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fields(self, **more):
        with open(self.pem, encoding="ascii") as stream:
            pem = stream.read()
        return {"field": "password", "user": "app", "every": "24h", "hook": self.address + "/rotate", "hook_token": self.token, "hook_authorities_pem": pem, "target": self.address + "/login",
                "target_authorities_pem": pem} | more

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


def ask(vogt, method, path, body=None, wanted=(200, 204), token=None):
    status, reply = vogt.call(method, f"/v1/{path}", body, token=token or vogt.admin)
    assert status in wanted, (path, status, reply)
    return reply["data"] if reply and "data" in reply else reply


def run(vogt):
    """Rotates now; what is shown once it ended one way or the other."""
    before = ask(vogt, "GET", "sys/rotation/of/" + PATH)
    ask(vogt, "POST", "sys/rotation/run/" + PATH, {})

    def ended():
        now = ask(vogt, "GET", "sys/rotation/of/" + PATH)
        is_done = not now["under_way"] and now["rotated"] != before["rotated"]
        is_failed = now.get("failed") and now["failed"] != before.get("failed")
        return now if is_done or is_failed else None
    return wait_until(ended, what="the rotation to end")


def observed(vogt):
    vogt.command("observe", code=0)
    listed = ask(vogt, "GET", "observations?limit=500")["observations"]
    return max((one for one in listed if one["kind"] == "secret.rotated"), key=lambda one: one["index"])


def a_value_is_changed_at_its_target_and_the_old_one_is_refused_there():
    with Store() as vogt, Target("first one") as target:
        ask(vogt, "POST", f"app/data/team/db", {"data": {"username": "app", "password": "first one", "port": 5432}})
        shown = ask(vogt, "POST", "sys/rotation/of/" + PATH, target.fields(length=40))
        assert shown["every_s"] == 86400 and not shown["rotated"] and "hook-token" not in json.dumps(shown) and "first one" not in json.dumps(shown)
        one = observed(vogt)
        assert one["reason"]["id"] == "secret.never-rotated" and one["outcome"] == "fail" and one["plant"], one
        done = run(vogt)
        data = ask(vogt, "GET", "app/data/team/db")
        assert data["data"]["password"] == target.passwords[-1] and len(target.passwords[-1]) == 40 and data["data"]["port"] == 5432 and data["metadata"]["version"] == 2 and done["version"] == 2
        assert target.told[0]["old"] == "first one" and target.told[0]["path"] == PATH and target.told[0]["user"] == "app"
        one = observed(vogt)
        assert one["outcome"] == "pass" and one["subject"] == "secret:" + PATH and "HTTP 401" in one["reason"]["english"] and "weist den alten Wert von" in one["reason"]["german"], one
        # the target's mistake is seen: it takes what was there before
        target.also_old = True
        one = observed(vogt)
        assert one["outcome"] == "fail" and one["reason"]["id"] == "secret.old-accepted", one
        target.also_old = False
        assert observed(vogt)["outcome"] == "pass"
        # paused, and set anew without the authorities, which stay with their addresses
        assert vogt.tree("rotation", "pause", PATH)["paused"]
        assert ask(vogt, "POST", "sys/rotation/of/" + PATH, {name: value for name, value in target.fields(length=40).items() if not name.endswith("_pem")})["paused"]
        assert observed(vogt)["outcome"] == "pass"
        assert "paused" in vogt.command("rotation", "list").stdout and not vogt.tree("rotation", "resume", PATH)["paused"]
        # the command line: the file holds the token, the answer does not
        with open(os.path.join(target.folder, "fields.json"), "w", encoding="utf-8") as stream:
            json.dump(target.fields(length=40), stream)
        assert vogt.tree("rotation", "set", PATH, stream.name)["version"] == 2
        assert PATH in vogt.command("rotation", "list").stdout and "hook-token" not in vogt.command("rotation", "list").stdout
        # somebody changes it by hand, at the target: nothing is proven any more, until the next rotation
        target.passwords.append("by hand")
        assert observed(vogt)["reason"]["id"] == "secret.current-refused"
        assert vogt.tree("rotation", "run", PATH)["version"] == 3
        assert observed(vogt)["outcome"] == "pass" and ask(vogt, "GET", "app/data/team/db")["metadata"]["version"] == 3
        # no value stands in the evidence or in the list
        said = json.dumps(vogt.evidence()) + json.dumps(ask(vogt, "GET", "sys/rotation"))
        assert not any(value in said for value in target.passwords) and "hook-token" not in said
        assert [entry["type"] for entry in vogt.evidence() if entry and entry["type"].startswith("rotation.")] == ["rotation.set", "rotation.done", "rotation.paused", "rotation.set", "rotation.resumed", "rotation.set", "rotation.done"]
        vogt.command("rotation", "remove", PATH)
        # verdicts follow from the evidence log alone, and the ledger is whole
        vogt.command("replay")
        vogt.command("ledger", "verify", vogt.address)
        ask(vogt, "GET", "sys/rotation/of/" + PATH, wanted=(404,))


def nothing_is_written_before_the_target_takes_it():
    with Store() as vogt, Target("first one") as target:
        ask(vogt, "POST", "app/data/team/db", {"data": {"password": "first one"}})
        ask(vogt, "POST", "sys/rotation/of/" + PATH, target.fields())
        # the hook refuses; then it lies; then nobody answers there
        target.status = 503
        assert "HTTP 503" in vogt.command("rotation", "run", PATH, code=1).stdout
        target.status, target.deaf = 200, True
        assert "does not take the new value" in run(vogt)["failed"]["english"] and "nimmt den neuen Wert nicht" in ask(vogt, "GET", "sys/rotation/of/" + PATH)["failed"]["german"]
        assert ask(vogt, "GET", "app/data/team/db")["data"]["password"] == "first one"
        # all of them were told the same value, and a restart in between loses it not
        assert vogt.stop() == 0
        vogt.restart_same()
        target.deaf = False
        run(vogt)
        assert len({body["new"] for body in target.told}) == 1 and len({body["id"] for body in target.told}) == 1 and len(target.told) == 3
        assert ask(vogt, "GET", "app/data/team/db")["data"]["password"] == target.passwords[-1] == target.told[0]["new"]
        assert observed(vogt)["outcome"] == "pass"


def only_who_may_change_a_secret_may_let_it_be_changed():
    with Store() as vogt, Target("first one") as target:
        ask(vogt, "POST", "app/data/team/db", {"data": {"password": "first one", "number": 7}})
        token = vogt.may("sets", {"sys/rotation/*": ["create", "read", "update"], "app/data/*": ["read"]})
        ask(vogt, "POST", "sys/rotation/of/" + PATH, target.fields(), wanted=(403,), token=token)
        token = vogt.may("changes", {"sys/rotation/*": ["create", "read", "update"], "app/data/*": ["read", "update"]})
        ask(vogt, "POST", "sys/rotation/of/" + PATH, target.fields(), token=token)
        for wrong in ({"field": "number"}, {"field": "none"}, {"every": "5s"}, {"every": "4000d"}, {"hook": "ftp://x"}, {"target": "postgres://host/db"}, {"hook_token": "", "hook": target.address + "/other"}, {"length": 5}):
            ask(vogt, "POST", "sys/rotation/of/" + PATH, target.fields(**wrong), wanted=(400,))
        ask(vogt, "POST", "sys/rotation/of/app/none", target.fields(), wanted=(400,))
        ask(vogt, "POST", "sys/rotation/of/old/x", target.fields(), wanted=(400,))
        # a value does not leave without TLS but to this machine
        ask(vogt, "POST", "sys/rotation/of/" + PATH, target.fields(hook="http://192.0.2.1/x"))
        assert "no address that can be asked" in run(vogt)["failed"]["english"]


def postgresql_takes_the_new_password_only():
    try:
        servers = tls_servers.Servers()
    except Exception as error: # what is not installed is said by the tests of protocols
        return f"not here: {error}"
    with servers:
        port = servers.postgres("hostssl")
        environment = dict(os.environ, PGPASSWORD="of a test", PGSSLMODE="require")

        def sql(text):
            subprocess.run(["psql", "-h", "127.0.0.1", "-p", str(port), "-U", "owner", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", text], env=environment, check=True, capture_output=True, timeout=60)
        sql("CREATE ROLE app LOGIN PASSWORD 'first one'")
        with Store() as vogt, Target("first one", setter=lambda value: sql(f"ALTER ROLE app PASSWORD '{value}'")) as target:
            ask(vogt, "POST", "app/data/team/db", {"data": {"password": "first one"}})
            ask(vogt, "POST", "sys/rotation/of/" + PATH, target.fields(target=f"postgres://127.0.0.1:{port}/postgres", target_authorities_pem=""))
            run(vogt)
            one = observed(vogt)
            assert one["outcome"] == "pass" and "28P01" in one["reason"]["english"], one
            # somebody sets the old one again: the present one is refused, and the old one taken
            sql("ALTER ROLE app PASSWORD 'first one'")
            assert observed(vogt)["reason"]["id"] == "secret.old-accepted"
            run(vogt)
            assert observed(vogt)["outcome"] == "pass"


def the_example_of_a_hook_rotates_a_real_role():
    """examples/rotation-hook-postgres.py as a team would run it: its own token, certificate and list of roles."""
    with tls_servers.Servers() as servers, Store() as vogt, Target("first one") as target:
        port, hook_port = servers.postgres("hostssl"), free_port()
        environment = dict(os.environ, PGHOST="127.0.0.1", PGPORT=str(port), PGUSER="owner", PGPASSWORD="of a test", PGSSLMODE="require")
        subprocess.run(["psql", "--dbname", "postgres", "-c", "CREATE ROLE app LOGIN PASSWORD 'first one'"], env=environment, check=True, capture_output=True, timeout=60)
        token_file = os.path.join(target.folder, "token")
        with open(token_file, "w", encoding="ascii") as stream:
            stream.write("a-token-of-the-hook\n")
        hook = subprocess.Popen([sys.executable, os.path.join(ROOT, "examples", "rotation-hook-postgres.py"), "--listen", f"127.0.0.1:{hook_port}", "--certificate", target.pem,
                                 "--key", os.path.join(target.folder, "key.pem"), "--token-file", token_file, "app"], env=environment)
        try:
            wait_until(lambda: socket.create_connection(("127.0.0.1", hook_port), timeout=1).close() is None, what="the hook to listen")
            ask(vogt, "POST", "app/data/team/db", {"data": {"password": "first one"}})
            fields = target.fields(hook=f"https://localhost:{hook_port}/", target=f"postgres://127.0.0.1:{port}/postgres", target_authorities_pem="")
            ask(vogt, "POST", "sys/rotation/of/" + PATH, fields)
            assert "HTTP 401" in run(vogt)["failed"]["detail"]
            ask(vogt, "POST", "sys/rotation/of/" + PATH, fields | {"hook_token": "a-token-of-the-hook"})
            done = run(vogt)
            assert done["version"] == 2 and observed(vogt)["outcome"] == "pass", done
            # the example sets no other role's password
            ask(vogt, "POST", "app/data/team/db", {"data": {"password": ask(vogt, "GET", "app/data/team/db")["data"]["password"]}})
            ask(vogt, "POST", "sys/rotation/of/" + PATH, fields | {"hook_token": "a-token-of-the-hook", "user": "owner"})
            assert "HTTP 403" in run(vogt)["failed"]["detail"]
        finally:
            hook.terminate()
            hook.wait(20)


def a_sentence_that_promises_rotation_is_kept_by_what_the_target_says():
    with Store() as vogt, Target("first one") as target:
        path = os.path.join(target.folder, "annex.md")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("# Anlage\n\n## 3. Verschlüsselung\n\n3.1 Passwörter werden mindestens alle 30 Tage rotiert.\n")
        vogt.command("adopt", path)
        vogt.command("confirm", "3.1", "secrets.vault")

        def verdict():
            vogt.command("observe")
            clause = ask(vogt, "GET", "annex/clauses/3.1")
            return next(promise["verdict"] for promise in clause["promises"] if promise["promise"] == "rotation")
        assert verdict() == "unproven" # nothing is rotated at all
        ask(vogt, "POST", "app/data/team/db", {"data": {"password": "first one"}})
        ask(vogt, "POST", "sys/rotation/of/" + PATH, target.fields())
        assert verdict() == "broken" # never yet
        run(vogt)
        assert verdict() == "kept" and "allowed: 30" in observed(vogt)["reason"]["english"] # the sentence's own number
        target.also_old = True
        assert verdict() == "broken"
        vogt.command("replay")


def the_rings_key_and_unscheduled_transit_keys_are_said():
    with Store() as vogt:
        ask(vogt, "POST", "sys/mounts/transit", {"type": "transit"})
        ask(vogt, "POST", "transit/keys/scheduled", {"auto_rotate_period": "24h"})
        ask(vogt, "POST", "transit/keys/forgotten", {})
        vogt.command("observe")
        morning = ask(vogt, "GET", "morning")
        own = next(one for one in morning["own"] if one["kind"] == "keys.rotated")
        assert own["verdict"] == "kept" and "term 1" in own["reason"]["english"], own
        assert any(one["english"].startswith("1 of 2 transit keys have no auto_rotate_period") for one in morning["not_covered"]), morning["not_covered"]
        vogt.command("rotate")
        vogt.command("observe")
        assert "Term 2" in next(one for one in ask(vogt, "GET", "morning")["own"] if one["kind"] == "keys.rotated")["reason"]["german"]


if __name__ == "__main__":
    main([a_value_is_changed_at_its_target_and_the_old_one_is_refused_there, nothing_is_written_before_the_target_takes_it, only_who_may_change_a_secret_may_let_it_be_changed,
          postgresql_takes_the_new_password_only, the_example_of_a_hook_rotates_a_real_role,
          a_sentence_that_promises_rotation_is_kept_by_what_the_target_says, the_rings_key_and_unscheduled_transit_keys_are_said])
