"""Witnesses and time-stamps: a witness written against C2SP tlog-witness and a time-stamping authority (openssl ts), both on loopback, ask and are asked for real;
cosignatures and stamps are checked here with openssl, knowing nothing of Vogt's code."""
import base64
import contextlib
import hashlib
import http.server
import os
import signal
import subprocess
import tempfile
import threading
import time

from scenario import Daemon, build_folder, free_port, main, wait_until

PREFIX_SPKI = bytes.fromhex("302a300506032b6570032100")


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout


class Key:
    """An Ed25519 key of a note's signer; type 4 cosigns."""

    def __init__(self, folder, name, kind):
        self.name, self.path, self.folder = name, os.path.join(folder, name + ".pem"), folder
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)
        public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:]
        self.id = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"

    def sign(self, message):
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            file.write(message)
            file.flush()
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", file.name)

    def cosign(self, text):
        now = int(time.time())
        signature = self.sign(f"cosignature/v1\ntime {now}\n".encode() + text)
        return f"\u2014 {self.name} {base64.b64encode(self.id + now.to_bytes(8, 'big') + signature).decode()}\n".encode()


def verifies(public, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("key", "message", "signature")]
        for name, content in zip(names, (PREFIX_SPKI + public, message, signature)):
            with open(name, "wb") as file:
                file.write(content)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", names[0], "-in", names[1], "-sigfile", names[2]],
                              capture_output=True, check=False).returncode == 0


def signatures(note, vkey):
    """(signature bytes, text) of every good line of that key."""
    text, lines = note.split(b"\n\n", 1)
    text += b"\n"
    name, key_id, key = vkey.split("+", 2)
    key = base64.b64decode(key)
    found = []
    for line in lines.decode().splitlines():
        dash, signer, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        if dash == "\u2014" and signer == name and blob[:4].hex() == key_id:
            message = text if key[0] == 1 else f"cosignature/v1\ntime {int.from_bytes(blob[4:12], 'big')}\n".encode() + text
            assert verifies(key[1:], message, blob[-64:]), line
            found.append(blob)
    return found


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_consistent(old, old_root, size, root, proof):
    """RFC 9162 section 2.1.4.2."""
    if old in (0, size):
        return not proof and (old == 0 or old_root == root)
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    low, last = old - 1, size - 1
    while low & 1:
        low, last = low >> 1, last >> 1
    if not path:
        return False
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if low & 1 or low == last:
            first, second = node(step, first), node(step, second)
            while low and not low & 1:
                low, last = low >> 1, last >> 1
        else:
            second = node(second, step)
        low, last = low >> 1, last >> 1
    return last == 0 and first == old_root and second == root


class Server:
    """An HTTP server on loopback that can go away and come back on the same port."""

    def __init__(self):
        self.port, self.server = free_port(), None
        self.url = f"http://localhost:{self.port}"  # a name, so that the lookup is tried in the sandbox too

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, kind, reply = outer.answer(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(reply)))
                with contextlib.suppress(OSError):  # Vogt may have stopped meanwhile
                    self.end_headers()
                    self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class Witness(Server):
    """tlog-witness: add-checkpoint with all its refusals. `vkeys` of the logs it knows are told later: Vogt makes them."""

    def __init__(self, folder, name="witness.example"):
        super().__init__()
        self.key, self.vkeys, self.seen, self.statuses, self.lock = Key(folder, name, 4), {}, {}, [], threading.Lock()

    def answer(self, path, headers, body):
        with self.lock:
            status, kind, reply = self.add(body) if path == "/w/add-checkpoint" else (404, "text/plain", b"")
            self.statuses.append(status)
            return status, kind, reply

    def add(self, body):
        head, note = body.split(b"\n\n", 1)
        lines = head.decode().split("\n")
        old, proof = int(lines[0].removeprefix("old ")), [base64.b64decode(line, validate=True) for line in lines[1:]]
        text = note.split(b"\n\n", 1)[0] + b"\n"
        origin, size, root = text.decode().splitlines()[:3]
        size, root = int(size), base64.b64decode(root)
        if origin not in self.vkeys:
            return 404, "text/plain", b""
        if not signatures(note, self.vkeys[origin]):
            return 403, "text/plain", b""
        if old > size:
            return 400, "text/plain", b""
        seen_size, seen_root = self.seen.get(origin, (0, None))
        if old != seen_size or (old == size and old > 0 and root != seen_root):
            return 409, "text/x.tlog.size", f"{seen_size}\n".encode()
        if not is_consistent(old, seen_root, size, root, proof):
            return 422, "text/plain", b""
        self.seen[origin] = (size, root)
        return 200, "text/plain", self.padding(text) + self.key.cosign(text)

    def padding(self, text):
        """Lines of others and of itself that a hostile witness might add."""
        return "".join(f"\u2014 other.example {base64.b64encode(bytes([number]) * 76).decode()}\n" for number in range(20)).encode() + self.key.cosign(text)


class Authority(Server):
    """openssl ts behind HTTP."""

    def __init__(self, folder):
        super().__init__()
        self.folder, self.certificate, self.lock = folder, os.path.join(folder, "tsa.pem"), threading.Lock()
        self.config = os.path.join(folder, "tsa.cnf")
        with open(self.config, "w", encoding="ascii") as file:
            file.write(f"""[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = Stamps of a test
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = stamps
[stamps]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
""")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.path.join(folder, "tsa.key"), "-out", self.certificate, "-days", "2", "-config", self.config)

    def answer(self, path, headers, body):
        assert headers["Content-Type"] == "application/timestamp-query", headers
        query = os.path.join(self.folder, "query.tsq")
        with self.lock:
            with open(query, "wb") as file:
                file.write(body)
            return 200, "application/timestamp-reply", openssl("ts", "-reply", "-queryfile", query, "-signer", self.certificate, "-inkey", os.path.join(self.folder, "tsa.key"),
                                                               "-config", self.config, "-section", "stamps")


@contextlib.contextmanager
def running(blocks, *servers):
    """A Vogt with this configuration; the servers run before it does."""
    with tempfile.NamedTemporaryFile("w", suffix=".hcl") as config:
        config.write(blocks)
        config.flush()
        os.chmod(config.name, 0o644)
        try:
            for server in servers:
                server.start()
            with Daemon(options=["--config", config.name]) as vogt:
                yield vogt
        finally:
            for server in servers:
                server.stop()


def witness_block(witness, name="first"):
    return f'witness "{name}" {{\n  url = "{witness.url}/w"\n  vkey = "{witness.key.vkey}"\n}}\n'


def status(vogt, log="evidence"):
    code, reply = vogt.call("GET", "/v1/ledger/status")
    assert code == 200, reply
    return reply["data"][log]


def publish(vogt, log="evidence"):
    code, reply = vogt.call("POST", f"/v1/ledger/{log}/checkpoint", {})
    assert code == 200, reply
    return reply["data"]["size"]


def add_evidence(vogt):
    """Something that the evidence log tells: a role that ended."""
    before, pid = status(vogt)["size"], vogt.roles()["look"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: status(vogt)["size"] > before and vogt.roles()["look"]["pid"] != pid, what="an entry")


def know(vogt, witness):
    for log in ("evidence", "audit"):
        one = status(vogt, log)
        witness.vkeys[one["origin"]] = one["vkey"]


def states(vogt):
    return [entry["state"] for entry in vogt.evidence() if entry["type"] == "ledger.witnessed" and entry["log"] == "evidence"]


def cosigned(vogt):
    """Publishes until the witness has signed the newest size: the first cosignature is itself an entry."""
    def covered():
        publish(vogt)
        time.sleep(0.3)
        return status(vogt)["unwitnessed_since"] is None and status(vogt)
    return wait_until(covered, what="a witnessed checkpoint")


def shown(vogt, language="C.UTF-8"):
    """What `vogt ledger status` says of the evidence log, in one line."""
    done = subprocess.run([os.path.join(build_folder(), "vogt"), "ledger", "status", "--dir", vogt.directory, "--address", vogt.address], capture_output=True,
                          text=True, check=True, timeout=60, env={"PATH": os.environ["PATH"], "LANG": language, "HOME": "/nonexistent", "COLUMNS": "100"})
    return " ".join(done.stdout.split("audit")[0].split())


def a_checkpoint_is_cosigned_and_the_signature_holds():
    with tempfile.TemporaryDirectory() as folder:
        witness = Witness(folder)
        with running(witness_block(witness), witness) as vogt:
            before = status(vogt)
            assert before["unwitnessed_since"] is not None and before["witnesses"][0]["size"] == 0, before
            said = shown(vogt)
            assert "first: has signed nothing yet" in said and f"unwitnessed since {before['unwitnessed_since']}" in said and "time-stamp none" in said, said
            know(vogt, witness)
            after = cosigned(vogt)
            assert after["witnesses"][0]["behind"] == 0 and after["witnesses"][0]["reason"] is None, after
            said = shown(vogt)
            assert "first: covers " in said and "failing" not in said, said
            code, note = vogt.call("GET", "/v1/ledger/evidence/tile/checkpoint", token="", raw=True)
            assert code == 200 and int(note.split(b"\n")[1]) == after["published_size"], note
            assert len(signatures(note, after["vkey"])) == 1 and len(signatures(note, witness.key.vkey)) == 1, note
            assert len(note.split(b"\n\n", 1)[1].splitlines()) == 2, note
            assert states(vogt) == ["first"], states(vogt)
            publish(vogt, "audit")
            audit = wait_until(lambda: [one for one in [status(vogt, "audit")] if one["witnesses"][0]["size"] > 0], what="a witnessed audit log")[0]
            assert witness.seen[audit["origin"]][0] == audit["witnesses"][0]["size"]
            assert set(witness.statuses) <= {200, 404}, witness.statuses


def a_witness_that_is_down_is_said_and_forgiven():
    with tempfile.TemporaryDirectory() as folder:
        witness = Witness(folder)
        with running(witness_block(witness), witness) as vogt:
            know(vogt, witness)
            covered = cosigned(vogt)
            witness.stop()
            add_evidence(vogt)
            publish(vogt)
            down = wait_until(lambda: [one for one in [status(vogt)] if one["witnesses"][0]["failed_since"]], what="the failure")[0]
            first_unseen = vogt.evidence()[covered["published_size"]]["time"]     # it may be older than the cosignature of what was published before it
            assert down["unwitnessed_since"] == first_unseen, (down, first_unseen)
            assert down["witnesses"][0]["reason"]["german"] and down["witnesses"][0]["size"] == covered["published_size"], down
            for _ in range(3):
                publish(vogt)
            note = vogt.call("GET", "/v1/ledger/evidence/tile/checkpoint", token="", raw=True)[1]
            assert not signatures(note, witness.key.vkey), "an old cosignature stands on a newer checkpoint"
            one = status(vogt)["witnesses"][0]
            for language, words in (("C.UTF-8", ("english", "published entries behind", "failing since")), ("de_DE.UTF-8", ("german", "veröffentlichte Einträge zurück", "scheitert seit"))):
                said = shown(vogt, language)
                assert f"{one['behind']} {words[1]}; {words[2]} {one['failed_since']}: {one['reason'][words[0]]}" in said, (said, one)
            witness.start()
            cosigned(vogt)
            assert states(vogt) == ["first", "lost", "back"], states(vogt)
            assert 422 not in witness.statuses, witness.statuses


def another_size_is_answered_with_another_proof():
    with tempfile.TemporaryDirectory() as folder:
        witness = Witness(folder)
        with running(witness_block(witness), witness) as vogt:
            know(vogt, witness)
            origin = cosigned(vogt)["origin"]
            kept = witness.seen[origin]
            add_evidence(vogt)
            cosigned(vogt)
            witness.seen[origin] = kept  # as one restored from a backup
            add_evidence(vogt)
            cosigned(vogt)
            assert witness.statuses.count(409) == 1 and 422 not in witness.statuses, witness.statuses
            witness.seen[origin] = (10 ** 9, bytes(32))
            add_evidence(vogt)
            publish(vogt)
            ahead = wait_until(lambda: [one for one in status(vogt)["witnesses"] if one["reason"]], what="the alarm")[0]
            assert ahead["reason"]["id"] == "ahead", ahead


def a_stranger_and_one_who_does_not_know_us_do_not_count():
    with tempfile.TemporaryDirectory() as folder:
        honest, stranger, ignorant = (Witness(folder, name) for name in ("honest.example", "stranger.example", "ignorant.example"))
        blocks = witness_block(honest, "honest") + witness_block(stranger, "stranger").replace(stranger.key.vkey, Key(folder, "another.example", 4).vkey)
        with running(blocks + witness_block(ignorant, "ignorant"), honest, stranger, ignorant) as vogt:
            know(vogt, honest)
            know(vogt, stranger)
            def answered():
                publish(vogt)
                time.sleep(0.3)
                found = status(vogt)
                reasons = {one["name"]: one["reason"] and one["reason"]["id"] for one in found["witnesses"]}
                return reasons == {"honest": None, "stranger": "no-answer", "ignorant": "unknown-log"} and found
            found = wait_until(answered, what="three answers")
            assert found["unwitnessed_since"] is not None and states(vogt) == ["first"]


def a_wrong_configuration_is_named():
    blocks = 'witness "good-name" {\n  url = "ftp://example.org"\n  vkey = "x+00000000+AAAA"\n}\ntimestamp {\n  url = "http://127.0.0.1:1/"\n  colour = "green"\n}\n'
    with running(blocks) as vogt:
        log = vogt.read_log()
        assert sum("config.countersign" in line and "good-name" in line for line in log.splitlines()) == 1, log
        assert any("config.countersign" in line and "colour" in line for line in log.splitlines()), log
        one = status(vogt)
        assert one["witnesses"][0]["reason"]["id"] == "misconfigured" and one["unwitnessed_since"] is not None, one


def without_a_witness_it_is_unwitnessed_from_the_beginning():
    with Daemon() as vogt:
        first = status(vogt)
        assert first["witnesses"] == [] and first["timestamp"] is None
        assert vogt.stop() == 0
        vogt.start()
        assert status(vogt)["unwitnessed_since"] == first["unwitnessed_since"]
        assert vogt.call("GET", "/v1/ledger/evidence/tile/checkpoint.tsr", token="")[0] == 404


def a_checkpoint_is_stamped_and_the_stamp_holds():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        with open(authority.certificate, encoding="ascii") as file:
            block = f'timestamp {{\n  url = "{authority.url}/tsa"\n  trust = <<EOT\n{file.read()}EOT\n}}\n'
        with running(block, authority) as vogt:
            publish(vogt)
            stamp = wait_until(lambda: (status(vogt)["timestamp"] or {}).get("at") and status(vogt)["timestamp"], what="a time-stamp")
            assert stamp["chained"] and stamp["reason"] is None and stamp["size"] > 0, stamp
            assert f"time-stamp covers {stamp['size']} entries, {stamp['at']}" in shown(vogt), shown(vogt)
            code, token = vogt.call("GET", "/v1/ledger/evidence/tile/checkpoint.tsr", token="", raw=True)
            assert code == 200
            path = os.path.join(folder, "reply.tsr")
            with open(path, "wb") as file:
                file.write(token)
            text = stamp["checkpoint"].encode().split(b"\n\n", 1)[0] + b"\n"
            said = openssl("ts", "-verify", "-digest", hashlib.sha256(text).hexdigest(), "-in", path, "-CAfile", authority.certificate)
            assert b"OK" in said, said
            wrong = subprocess.run(["openssl", "ts", "-verify", "-digest", hashlib.sha256(b"x").hexdigest(), "-in", path, "-CAfile", authority.certificate],
                                   capture_output=True, check=False)
            assert wrong.returncode != 0


def a_stamp_of_a_stranger_is_refused():
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        authority, trusted = Authority(folder), Authority(other)
        with open(trusted.certificate, encoding="ascii") as file:
            block = f'timestamp {{\n  url = "{authority.url}/tsa"\n  trust = <<EOT\n{file.read()}EOT\n}}\n'
        with running(block, authority) as vogt:
            publish(vogt)
            stamp = wait_until(lambda: status(vogt)["timestamp"].get("failed_since") and status(vogt)["timestamp"], what="the refusal")
            assert stamp["size"] == 0 and stamp["reason"]["english"], stamp
            said = shown(vogt, "de_DE.UTF-8")
            assert "Zeitstempel noch keiner; scheitert seit" in said and stamp["reason"]["german"] in said, said
            assert vogt.call("GET", "/v1/ledger/evidence/tile/checkpoint.tsr", token="")[0] == 404


if __name__ == "__main__":
    main([a_checkpoint_is_cosigned_and_the_signature_holds, a_witness_that_is_down_is_said_and_forgiven, another_size_is_answered_with_another_proof,
          a_stranger_and_one_who_does_not_know_us_do_not_count, a_wrong_configuration_is_named, without_a_witness_it_is_unwitnessed_from_the_beginning,
          a_checkpoint_is_stamped_and_the_stamp_holds, a_stamp_of_a_stranger_is_refused])
