"""Snapshots of a running Vogt: taken while it writes, put back elsewhere, held against the ledger; and the reopening that follows a restore."""
import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import threading

from scenario import main
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
            fails(lambda: vault.adapter.post("/v1/sys/storage/raft/snapshot", data=b"x"), "stop it")
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


if __name__ == "__main__":
    main([a_snapshot_taken_under_load_is_put_back_elsewhere, a_changed_snapshot_or_another_key_is_refused, clients_take_it_by_vaults_path_and_shares_open_it])
