"""Snapshots of a running Vogt: taken while it writes, put back elsewhere, held against the ledger; put back while it runs; and the reopening that follows a restore."""
import base64
import glob
import gzip
import hashlib
import http.client
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import threading
import time

from scenario import main, wait_until
from vault_client import Daemon, Shared, client, fails, hvac


def filled(vogt, count=3):
    vault = client(vogt, getattr(vogt, "root", None))
    vault.sys.enable_secrets_engine("kv", path="app", options={"version": "1"})
    for number in range(count):
        vault.secrets.kv.v1.create_or_update_secret(f"s{number}", {"value": str(number)}, mount_point="app")
    return vault


def publish(vogt, token=None):
    for log in ("evidence", "audit"):
        assert vogt.call("POST", f"/v1/ledger/{log}/checkpoint", {}, token=token)[0] == 200


def raw(vogt, token):
    """hvac as it is told to be used for files: its usual adapter guesses at their character set, for minutes."""
    return client(vogt, token, adapter=hvac.adapters.RawAdapter)


def restored(directory, snapshot, key_of=None, words=()):
    """A directory made of a snapshot: (outcome of the command, directory)."""
    os.makedirs(directory, mode=0o700, exist_ok=True)
    if key_of:
        shutil.copy(os.path.join(key_of, "seal.key"), os.path.join(directory, "seal.key"))
    return Daemon().vogt("snapshot", "restore", snapshot, "--dir", directory, *words)


def a_snapshot_taken_under_load_is_put_back_elsewhere():
    above = tempfile.mkdtemp(prefix="vogt-test-")
    snapshot, elsewhere = os.path.join(above, "store.snapshot"), os.path.join(above, "elsewhere")
    try:
        with Daemon() as vogt:
            vault = filled(vogt)
            publish(vogt)
            stop, written = threading.Event(), []

            def write():
                own = client(vogt, vogt.admin)
                while not stop.is_set():
                    own.secrets.kv.v1.create_or_update_secret(f"load{len(written)}", {"value": "x" * 2000}, mount_point="app")
                    written.append(1)
            thread = threading.Thread(target=write)
            thread.start()
            try:
                while len(written) < 50:
                    pass
                before = len(written)
                done = vogt.vogt("snapshot", "save", snapshot, "--json", environment={"VOGT_TOKEN": vogt.admin})
                after = len(written)
            finally:
                stop.set()
                thread.join()
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["bytes"] == os.path.getsize(snapshot) and os.stat(snapshot).st_mode & 0o777 == 0o600
            assert not os.path.exists(os.path.join(vogt.directory, "snapshot.db"))
            with open(snapshot, "rb") as stream:
                assert b"xxxxxxxx" not in stream.read()
            assert "snapshot.taken" in [entry["type"] for entry in vogt.evidence()]
            publish(vogt)
            # without its key it is nothing
            done = restored(elsewhere, snapshot)
            assert done.returncode == 1 and "key file" in done.stderr, done.stderr
            assert not os.path.exists(os.path.join(elsewhere, "vogt.db"))
            keys = [word for log in ("evidence", "audit") for word in ("--vkey", vogt.call("GET", "/v1/ledger/status")[1]["data"][log]["vkey"])]
            done = restored(elsewhere, snapshot, vogt.directory, keys)
            assert done.returncode == 0 and "ledger reopen" in done.stdout, done.stderr
            assert restored(elsewhere, snapshot).returncode == 1  # never over a store
            origin = vogt.call("GET", "/v1/ledger/status")[1]["data"]["evidence"]["origin"]
        with Daemon(elsewhere) as other:
            assert other.vogt("ledger", "status").returncode == 0
            status = other.call("GET", "/v1/ledger/status")[1]["data"]
            assert status["reopen_needed"] and status["evidence"]["origin"] == origin, status
            own = client(other, vogt.admin)
            assert own.secrets.kv.v1.read_secret("s1", mount_point="app")["data"] == {"value": "1"}
            found = len(own.secrets.kv.v1.list_secrets("", mount_point="app")["data"]["keys"]) - 3
            assert before <= found <= after + 1, (before, found, after)
            fails(lambda: own.secrets.kv.v1.create_or_update_secret("s1", {"value": "new"}, mount_point="app"), "ledger reopen")
            # a restart changes nothing about that
            assert other.stop() == 0
            other.start()
            assert other.call("GET", "/v1/ledger/status")[1]["data"]["reopen_needed"]
            own = client(other, vogt.admin)
            assert other.vogt("ledger", "reopen", "--reason", "restored from a snapshot", environment={"VOGT_TOKEN": vogt.admin}).returncode == 0
            assert other.call("GET", "/v1/ledger/status")[1]["data"]["evidence"]["origin"] != origin
            own.secrets.kv.v1.create_or_update_secret("s1", {"value": "new"}, mount_point="app")
            publish(other)
            assert not os.path.exists(os.path.join(elsewhere, "restored"))
            keys = [word for log in ("evidence", "audit") for word in ("--vkey", other.call("GET", "/v1/ledger/status")[1]["data"][log]["vkey"])]
            assert other.stop() == 0
            done = other.vogt("ledger", "verify", elsewhere, *keys)
            assert done.returncode == 0, done.stdout + done.stderr
            other.start()
            assert not other.call("GET", "/v1/ledger/status")[1]["data"]["reopen_needed"]
        assert vault
        return "%d secrets were written before, %d after, %d are in it" % (before, after, found)
    finally:
        shutil.rmtree(above, ignore_errors=True)


def a_changed_snapshot_or_another_key_is_refused():
    above = tempfile.mkdtemp(prefix="vogt-test-")
    snapshot = os.path.join(above, "store.snapshot")
    try:
        with Daemon() as vogt, Daemon() as stranger:
            filled(vogt)
            assert vogt.vogt("snapshot", "save", snapshot, environment={"VOGT_TOKEN": vogt.admin}).returncode == 0
            done = restored(os.path.join(above, "other-key"), snapshot, stranger.directory)
            assert done.returncode == 1 and "another one" in done.stderr, done.stderr
            for number, change in enumerate(("UPDATE row SET bytes = zeroblob(length(bytes)) WHERE path = 'core/keys'", "DELETE FROM row WHERE path LIKE 'm/%'",
                                             "UPDATE row SET due_unix_ms = 7 WHERE path LIKE 'token/id/%'", "DELETE FROM entry WHERE idx = 1")):
                changed = os.path.join(above, "changed")
                shutil.copy(snapshot, changed)
                database = sqlite3.connect(changed)
                database.execute("PRAGMA journal_mode=DELETE")
                assert database.execute(change).rowcount > 0, change
                database.commit()
                database.close()
                done = restored(os.path.join(above, f"changed{number}"), changed, vogt.directory)
                assert done.returncode == 6, (change, done.returncode, done.stderr)
                assert not os.path.exists(os.path.join(above, f"changed{number}", "vogt.db"))
            with open(os.path.join(above, "short"), "wb") as stream, open(snapshot, "rb") as whole:
                stream.write(whole.read()[:-4096])
            assert restored(os.path.join(above, "short-dir"), os.path.join(above, "short"), vogt.directory).returncode != 0
    finally:
        shutil.rmtree(above, ignore_errors=True)


def clients_take_it_by_vaults_path_and_shares_open_it():
    above = tempfile.mkdtemp(prefix="vogt-test-")
    snapshot, elsewhere = os.path.join(above, "store.snapshot"), os.path.join(above, "elsewhere")
    try:
        with Shared() as vogt:
            vault = filled(vogt)
            for number in range(10):  # more than one part, more than one reply of old
                vault.secrets.kv.v1.create_or_update_secret(f"large{number}", {"value": "y" * 1500000}, mount_point="app")
            taken = raw(vogt, vogt.root).sys.take_raft_snapshot().content
            with open(snapshot, "wb") as stream:
                stream.write(taken)
            with tarfile.open(fileobj=io.BytesIO(taken), mode="r:gz") as archive:
                files = {member.name: archive.extractfile(member).read() for member in archive}
            assert list(files) == ["meta.json", "state.bin", "SHA256SUMS", "SHA256SUMS.sealed"], list(files)
            assert files["SHA256SUMS"].decode() == "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in ("meta.json", "state.bin"))
            assert files["state.bin"].startswith(b"SQLite format 3") and len(files["state.bin"]) > 14 << 20 and b"yyyyyyyy" not in files["state.bin"]
            assert json.loads(files["meta.json"])["Size"] == len(files["state.bin"]) and files["SHA256SUMS"] not in files["SHA256SUMS.sealed"]
            assert not os.path.exists(os.path.join(vogt.directory, "snapshot.db"))
            # a policy of Vault's kind is enough, and ends what it does not name
            vault.sys.create_or_update_policy("backup", 'path "sys/storage/raft/snapshot" { capabilities = ["read"] }')
            backup = raw(vogt, vault.auth.token.create(policies=["backup"])["auth"]["client_token"])
            assert len(backup.sys.take_raft_snapshot().content) > 14 << 20
            assert vogt.request("GET", "/v1/sys/mounts", token=backup.token)[0] == 403
            for wrong in ("0000000000000001-1", "x", "0000000000000001-", "-", "0000000000000001-99999"):
                assert vogt.request("GET", f"/v1/sys/storage/raft/snapshot?next={wrong}", token=vogt.root)[0] == 404, wrong
            # what is cut or changed on its way is not taken
            for name, broken in (("cut", taken[:-700]), ("half", taken[:len(taken) // 2]), ("flipped", taken[:9000000] + bytes([taken[9000000] ^ 1]) + taken[9000001:]),
                                 ("other", gzip.compress(b"something else")), ("none", b"")):
                with open(os.path.join(above, name), "wb") as stream:
                    stream.write(broken)
                done = restored(os.path.join(above, name + "-dir"), os.path.join(above, name))
                assert done.returncode != 0 and not os.path.exists(os.path.join(above, name + "-dir", "vogt.db")), (name, done.stdout)
                assert name == "none" or "no whole snapshot" in done.stderr, (name, done.stderr)
            assert vogt.request("GET", "/v1/sys/storage/raft/snapshot", token="hvs.nobody")[0] == 403
            # parts of what ended are not there, nor those of an earlier copy
            first = vogt.call("POST", "/v1/sys/storage/snapshot", {}, token=vogt.root)[1]["data"]
            second = vogt.call("POST", "/v1/sys/storage/snapshot", {}, token=vogt.root)[1]["data"]
            assert vogt.call("GET", f"/v1/sys/storage/snapshot/{first['id']}/0", token=vogt.root)[0] == 404
            assert len(vogt.call("GET", f"/v1/sys/storage/snapshot/{second['id']}/0", token=vogt.root, raw=True)[1]) == second["part_bytes"] < second["size_bytes"]
            assert vogt.call("DELETE", f"/v1/sys/storage/snapshot/{second['id']}", token=vogt.root)[0] == 204
            assert vogt.call("GET", f"/v1/sys/storage/snapshot/{second['id']}/0", token=vogt.root)[0] == 404
            publish(vogt, vogt.root)
            done = restored(elsewhere, snapshot)
            assert done.returncode == 0 and "unseal keys" in done.stdout, done.stderr
            # in its own place, beside a ledger that went on
            assert vogt.stop() == 0
            for name in ("vogt.db", "vogt.db-wal"):
                if os.path.exists(os.path.join(vogt.directory, name)):
                    os.unlink(os.path.join(vogt.directory, name))
            assert restored(vogt.directory, snapshot).returncode == 0
            vogt.start()
            assert vogt.unseal(vogt.keys)
            assert vogt.call("GET", "/v1/ledger/status", token=vogt.root)[1]["data"]["reopen_needed"]
            assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "restored"}, token=vogt.root)[0] == 200
            publish(vogt, vogt.root)
            assert client(vogt, vogt.root).secrets.kv.v1.read_secret("s2", mount_point="app")["data"] == {"value": "2"}
    finally:
        shutil.rmtree(above, ignore_errors=True)


def packed(database, meta=b"{}", sums=None, compress=0):
    """An archive as Vault's clients have it, of these bytes."""
    digests = [hashlib.sha256(content).hexdigest() for content in (meta, database)]
    files = {"meta.json": meta, "state.bin": database, "SHA256SUMS": sums if sums is not None else f"{digests[0]}  meta.json\n{digests[1]}  state.bin\n".encode(), "SHA256SUMS.sealed": b"x"}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=compress) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def database_of(archive):
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        return opened.extractfile("state.bin").read()


def changed_database(database, sql):
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        file.write(database)
        file.flush()
        opened = sqlite3.connect(file.name)
        opened.execute("PRAGMA journal_mode=DELETE")
        opened.execute(sql)
        opened.commit()
        opened.close()
        with open(file.name, "rb") as stream:
            return stream.read()


def value_of(vogt, token, name="s1"):
    return client(vogt, token).secrets.kv.v1.read_secret(name, mount_point="app")["data"]["value"]


def value_again(vogt, token):
    """After a restore: for a moment nobody, or a Vogt that is still sealed, answers."""
    def look():
        try:
            return value_of(vogt, token)
        except (hvac.exceptions.VaultDown, OSError):
            return None
    return wait_until(look, what="an answer after the restore")


def types(vogt):
    return [entry["type"] for entry in vogt.evidence() if entry]


def put_back(vogt, archive, token, path="sys/storage/raft/snapshot"):
    """(status, what was said): errors or warnings."""
    status, _, content = vogt.request("POST", "/v1/" + path, archive, token)
    told = json.loads(content)
    return status, " ".join(told.get("errors") or told.get("warnings") or [])


def gone(vogt, *names):
    return not any(os.path.exists(os.path.join(vogt.directory, name)) for name in names)


def reopen_and_verify(vogt, token):
    """The ledger under its new name agrees with itself, and the one of before lies beside it."""
    assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "put back"}, token=token)[0] == 200
    publish(vogt, token)
    assert gone(vogt, "restored")
    keys = [word for log in ("evidence", "audit") for word in ("--vkey", vogt.call("GET", "/v1/ledger/status", token=token)[1]["data"][log]["vkey"])]
    assert vogt.stop() == 0
    done = vogt.vogt("ledger", "verify", vogt.directory, *keys)
    assert done.returncode == 0, done.stdout + done.stderr
    vogt.start()


def a_running_vogt_is_put_back_and_says_so():
    with Daemon() as vogt:
        vault = filled(vogt)
        for number in range(8):  # more than two parts
            vault.secrets.kv.v1.create_or_update_secret(f"large{number}", {"value": "y" * 1500000}, mount_point="app")
        brief = vault.auth.token.create(policies=["default"])["auth"]["client_token"]
        archive = raw(vogt, vogt.admin).sys.take_raft_snapshot().content
        vault.auth.token.revoke(brief)
        for name in ("s1", "late"):
            vault.secrets.kv.v1.create_or_update_secret(name, {"value": "changed"}, mount_point="app")
        vault.sys.create_or_update_policy("half", 'path "sys/storage/raft/*" { capabilities = ["create", "update"] }')
        half = vault.auth.token.create(policies=["half"])["auth"]["client_token"]
        publish(vogt)
        known = {log: vogt.call("GET", "/v1/ledger/status")[1]["data"][log] for log in ("evidence", "audit")}
        before = types(vogt)
        for token in (half, "hvs.nobody", ""):
            assert put_back(vogt, archive, token)[0] == 403, token
        assert types(vogt) == before and gone(vogt, "restore.part", "restore.db")
        reply = vault.sys.restore_raft_snapshot(archive)
        assert "ledger reopen" in reply["warnings"][0], reply
        assert value_again(vogt, vogt.admin) == "1"
        fails(lambda: value_of(vogt, vogt.admin, "late"), "")
        assert len(value_of(vogt, vogt.admin, "large7")) == 1500000
        assert client(vogt, brief).auth.token.lookup_self()["data"]["policies"] == ["default"]  # as with vogt snapshot restore: tokens of that day
        fails(lambda: vault.secrets.kv.v1.create_or_update_secret("s1", {"value": "x"}, mount_point="app"), "ledger reopen")
        status = vogt.call("GET", "/v1/ledger/status", token=vogt.admin)[1]["data"]
        assert status["reopen_needed"] and os.path.exists(os.path.join(vogt.directory, "restored"))
        # the log of before ends under a checkpoint of its own, one entry after what was known: the word of the restore
        assert status["evidence"]["published_size"] > status["evidence"]["size"] and status["evidence"]["published_size"] >= known["evidence"]["published_size"] + 1
        wait_until(lambda: vogt.call("GET", "/v1/ledger/status")[0] == 200, what="a new operator's token")
        assert not [entry for entry in vogt.events() if entry["level"] == "error" and entry["event"] != "ledger.went-back"], vogt.log_text()
        reopen_and_verify(vogt, vogt.admin)
        reopened = [entry for entry in vogt.evidence() if entry and entry["type"] == "ledger.reopened"]
        last = reopened[0]["last_evidence_checkpoint"].split("\n")
        assert int(last[1]) == status["evidence"]["published_size"], reopened
        # who did it stands there, and everybody can hold it against the former log
        told = reopened[0]["restored"]
        salt, payload = base64.b64decode(told["salt"]), json.loads(told["payload"])
        assert payload["type"] == "snapshot.restored" and payload["by"] and payload["sha256"] == hashlib.sha256(database_of(archive)).hexdigest(), payload
        entry = b"\x01" + hashlib.sha256(b"vogt/commitment/v1" + salt + told["payload"].encode()).digest()
        former = glob.glob(os.path.join(vogt.directory, "ledger", "former", "**", "entries", "**"), recursive=True)
        assert any(entry in open(name, "rb").read() for name in former if os.path.isfile(name)), (told, former)
        # and again, packed by somebody else, through PUT, as a plain file
        client(vogt, vogt.admin).secrets.kv.v1.create_or_update_secret("s1", {"value": "again"}, mount_point="app")
        status, said = put_back(vogt, packed(database_of(archive), compress=9), vogt.admin)
        assert status == 200, said
        assert value_again(vogt, vogt.admin) == "1"
        assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "put back"}, token=vogt.admin)[0] == 200
        status, said = put_back(vogt, database_of(archive), vogt.admin)
        assert status == 200 and value_again(vogt, vogt.admin) == "1", said
        return "%d bytes" % len(archive)


def what_is_no_whole_snapshot_of_this_vogt_changes_nothing():
    with Daemon() as vogt, Daemon() as stranger:
        vault = filled(vogt)
        archive = raw(vogt, vogt.admin).sys.take_raft_snapshot().content
        database = database_of(archive)
        filled(stranger)
        foreign = raw(stranger, stranger.admin).sys.take_raft_snapshot().content
        vault.secrets.kv.v1.create_or_update_secret("s1", {"value": "changed"}, mount_point="app")
        middle = len(archive) // 2
        rows = [(b"", "no whole"), (b"x", "no whole"), (b"\x1f\x8b", "no whole"), (b"x" * 100000, "no whole"), (gzip.compress(b"something else" * 1000), "no whole"),
                (archive[:-700], "no whole"), (archive[:middle], "no whole"), (archive + b"x", "no whole"), (archive[:middle] + bytes([archive[middle] ^ 1]) + archive[middle + 1:], "no whole"),
                (packed(database, sums=b""), "no whole"), (packed(database, sums=hashlib.sha256(database).hexdigest().encode() + b"  state.bin\n"), "no whole"),
                (packed(database, meta=b"\xff\0"), "no whole"), (packed(database, meta=b" " * 5000), "no whole"), (packed(database[:-4096]), ""), (database[:-4096], ""), (packed(b""), ""), (packed(b"\0" * (9 << 20), compress=9), ""),
                (packed(changed_database(database, "UPDATE row SET bytes = zeroblob(length(bytes)) WHERE path = 'core/keys'")), ""),
                (packed(changed_database(database, "DELETE FROM entry WHERE idx = 1")), ""), (packed(changed_database(database, "CREATE VIEW other AS SELECT 1")), "not Vogt's"),
                (packed(changed_database(database, "DELETE FROM row WHERE path = 'boot/keyring'")), ""), (foreign, "-force")]
        for content, word in rows:
            before = types(vogt)
            status, said = put_back(vogt, content, vogt.admin)
            assert status == 400 and said and word in said, (len(content), status, said, word)
            assert gone(vogt, "restore.part", "restore.db", "restored") and types(vogt) == before
            assert value_of(vogt, vogt.admin) == "changed"
        assert not vogt.events("role.ended"), vogt.log_text()
        # with force it comes back sealed, and opens with its own key file only
        status, said = put_back(vogt, foreign, vogt.admin, "sys/storage/raft/snapshot-force")
        assert status == 200 and "sealed" in said, said
        wait_until(lambda: vogt.request("GET", "/v1/sys/seal-status")[0] == 200 and json.loads(vogt.request("GET", "/v1/sys/seal-status")[2])["sealed"], what="a sealed Vogt")
        assert vogt.stop() == 0
        shutil.copy(os.path.join(stranger.directory, "seal.key"), os.path.join(vogt.directory, "seal.key"))
        vogt.start()
        assert value_of(vogt, stranger.admin) == "1"
        reopen_and_verify(vogt, stranger.admin)
        return f"{len(rows)} files refused"


def shares_open_what_was_put_back():
    with Shared() as vogt:
        vault = filled(vogt)
        archive = raw(vogt, vogt.root).sys.take_raft_snapshot().content
        vault.secrets.kv.v1.create_or_update_secret("s1", {"value": "changed"}, mount_point="app")
        vault.sys.force_restore_raft_snapshot(archive)
        wait_until(lambda: client(vogt, "").sys.is_sealed(), what="a sealed Vogt")
        assert vogt.unseal(vogt.keys)
        assert value_of(vogt, vogt.root) == "1"
        assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "put back"}, token=vogt.root)[0] == 200
        publish(vogt, vogt.root)


def whatever_is_killed_the_old_store_or_the_new_one_is_there():
    outcomes = {"old": 0, "new": 0}
    with Daemon() as vogt:
        vault = filled(vogt)
        for number in range(4):
            vault.secrets.kv.v1.create_or_update_secret(f"large{number}", {"value": "y" * 1500000}, mount_point="app")
        archive = raw(vogt, vogt.admin).sys.take_raft_snapshot().content
        begun = time.monotonic()
        assert put_back(vogt, archive, vogt.admin)[0] == 200
        whole = time.monotonic() - begun
        assert value_again(vogt, vogt.admin) == "1"
        assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "put back"}, token=vogt.admin)[0] == 200
        for share in (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.2, 1.3, 1.5):
            vault = client(vogt, vogt.admin)
            vault.secrets.kv.v1.create_or_update_secret("s1", {"value": "changed"}, mount_point="app")
            told = []

            def send():
                try:
                    told.append(put_back(vogt, archive, vogt.admin)[0])
                except (OSError, ValueError, http.client.HTTPException):
                    told.append(None)
            thread = threading.Thread(target=send)
            thread.start()
            time.sleep(share * whole)
            vogt.kill()
            thread.join()
            vogt.start()
            value = value_of(vogt, vogt.admin)
            reopen_needed = vogt.call("GET", "/v1/ledger/status")[1]["data"]["reopen_needed"]
            assert (value, reopen_needed) in (("changed", False), ("1", True)), (share, value, reopen_needed)
            assert value == "1" or told != [200], share
            assert gone(vogt, "restore.part", "restore.db")
            outcomes["old" if value == "changed" else "new"] += 1
            if reopen_needed:
                assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "put back"})[0] == 200
                publish(vogt, vogt.admin)
    assert outcomes["old"] and outcomes["new"], outcomes
    return "%(old)d times the old one, %(new)d times the new one" % outcomes


if __name__ == "__main__":
    main([a_snapshot_taken_under_load_is_put_back_elsewhere, a_changed_snapshot_or_another_key_is_refused, clients_take_it_by_vaults_path_and_shares_open_it, a_running_vogt_is_put_back_and_says_so,
          what_is_no_whole_snapshot_of_this_vogt_changes_nothing, shares_open_what_was_put_back, whatever_is_killed_the_old_store_or_the_new_one_is_there])
