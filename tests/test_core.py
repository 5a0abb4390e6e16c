"""The daemon as a whole: starts, stops, crashes, wrong keys, damaged, full and read-only disks, a store that went back in time."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import tempfile

from scenario import ROOT, Daemon, build_folder, main, wait_until

IN_NAMESPACE = ["unshare", "--mount", "--propagation", "private"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def starts_and_stops_cleanly():
    with Daemon() as vogt:
        status, health = vogt.call("GET", "/v1/sys/health", token="")
        assert status == 200 and health["initialized"] and not health["sealed"], health
        assert os.stat(vogt.directory).st_mode & 0o777 == 0o700
        assert vogt.ready["login_link"].startswith(vogt.address + "/ui/#login=")
        assert vogt.stop(signal.SIGINT) == 0, vogt.log


def goes_on_where_it_was():
    directory = tempfile.mkdtemp(prefix="vogt-test-")
    try:
        with Daemon(directory) as vogt:
            first = vogt.call("GET", "/v1/ledger/status")[1]["data"]["evidence"]
            assert vogt.stop() == 0, vogt.log
            vogt.start()
            second = vogt.call("GET", "/v1/ledger/status")[1]["data"]["evidence"]
            assert second["origin"] == first["origin"] and second["size"] > first["size"], (first, second)
    finally:
        shutil.rmtree(directory)


def every_role_is_confined():
    with Daemon() as vogt:
        levels = {name: role.get("confinement") for name, role in vogt.roles().items() if name not in ("parent", "seal")}
        assert set(levels) == {"keep", "store", "gate", "judge", "reach", "look"}, levels
        assert all(level in ("seccomp", "landlock", "full") for level in levels.values()), levels
        return ", ".join(f"{name} {level}" for name, level in sorted(levels.items()))


def an_unreachable_minimum_stops_the_start():
    with Daemon(options=["--minimum", "nonsense"], expect_ready=False) as vogt:
        assert vogt.ready is None and vogt.stop() not in (0, None)


def crashes_are_restarted_and_recorded():
    with Daemon() as vogt:
        for name in ("gate", "judge", "reach", "look"):
            before = vogt.roles()[name]["pid"]
            os.kill(before, signal.SIGKILL)
            after = wait_until(lambda: (vogt.roles()[name]["pid"] != before and vogt.roles()[name]["running"]) and vogt.roles()[name], what=f"a new {name}")
            assert after["restarts"] >= 1
        ended = [entry["role"] for entry in vogt.evidence() if entry["type"] == "role.ended"]
        assert set(ended) >= {"gate", "judge", "reach", "look"}, ended


def a_crash_of_keep_seals():
    with Daemon() as vogt:
        pids = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(vogt.process.pid)], capture_output=True, text=True, check=True).stdout
        keep = next(int(line.split()[0]) for line in pids.splitlines() if line.split()[1] == "vogt-keep")
        os.kill(keep, signal.SIGKILL)
        wait_until(lambda: vogt.call("GET", "/v1/sys/seal-status", token="")[1]["sealed"], what="a sealed Vogt")
        assert vogt.call("GET", "/v1/ledger/status")[0] == 503
        assert vogt.stop() == 0
        vogt.start()
        assert not vogt.call("GET", "/v1/sys/seal-status", token="")[1]["sealed"]


def a_second_daemon_is_refused():
    with Daemon() as vogt:
        with Daemon(vogt.directory, expect_ready=False) as second:
            assert second.ready is None and second.stop() != 0
            assert str(vogt.process.pid) in second.log, second.log
        assert vogt.call("GET", "/v1/sys/health", token="")[0] == 200


def a_wrong_key_file_opens_nothing_and_changes_nothing():
    with Daemon() as vogt:
        size = vogt.call("GET", "/v1/ledger/status")[1]["data"]["evidence"]["size"]
        assert vogt.stop() == 0
        path = os.path.join(vogt.directory, "seal.key")
        with open(path, "rb") as file:
            right = file.read()
        with open(path, "wb") as file:
            file.write(bytes(32))
        vogt.expect_ready = False
        vogt.start()
        assert vogt.ready is None and "key file does not belong" in vogt.refusal["english"] and "gehört nicht" in vogt.refusal["german"], vogt.refusal
        assert vogt.stop() != 0
        with open(path, "wb") as file:
            file.write(right)
        vogt.expect_ready = True
        vogt.start()
        assert vogt.call("GET", "/v1/ledger/status")[1]["data"]["evidence"]["size"] >= size


def a_damaged_database_is_not_served():
    with Daemon() as vogt:
        assert vogt.stop() == 0
        path = os.path.join(vogt.directory, "vogt.db")
        with open(path, "r+b") as file:
            for offset in range(4096, os.path.getsize(path), 512):
                file.seek(offset)
                file.write(b"\xff" * 64)
        vogt.expect_ready = False
        vogt.start()
        status = vogt.stop()
        assert vogt.ready is None and status != 0, vogt.log
        assert "DAMAGED" in vogt.log or "damaged" in vogt.log, vogt.log


def command(vogt, *words):
    """The command line on the daemon's directory: (exit code, its JSON)."""
    done = subprocess.run([os.path.join(build_folder(), "vogt"), *words, "--json"], capture_output=True, text=True, check=False, timeout=120,
                          env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"})
    return done.returncode, json.loads(done.stdout) if done.stdout.strip().startswith("{") else done.stdout + done.stderr


def verify(vogt, keys, *words):
    """vogt ledger verify of the stopped daemon's directory, with the keys that it had named: (good, findings)."""
    code, told = command(vogt, "ledger", "verify", vogt.directory, *[word for key in keys for word in ("--vkey", key)], *words)
    assert isinstance(told, dict) and (code == 0) == told["good"] and told["rows"] == "checked", (code, told)
    return told["good"], told["findings"]


def copy_of_the_store(vogt):
    return {name: open(os.path.join(vogt.directory, name), "rb").read() for name in ("vogt.db", "vogt.db-wal") if os.path.exists(os.path.join(vogt.directory, name))}


def put_back(vogt, copy):
    for name in ("vogt.db", "vogt.db-wal", "vogt.db-shm"):
        path = os.path.join(vogt.directory, name)
        if os.path.exists(path):
            owner = os.stat(path)
            os.unlink(path)
        if name in copy:
            with open(path, "wb") as file:
                file.write(copy[name])
            os.chown(path, owner.st_uid, owner.st_gid)


def write_entries(vogt, count, token=None):
    """One in each log a time."""
    for number in range(count):
        status, reply = vogt.call("POST", "/v1/auth/link/create", {"name": f"p{number % 7}"}, token=token)
        assert status == 200, reply


def publish(vogt):
    """Both logs under a checkpoint: (status of the ledger, verifier keys)."""
    for log in ("evidence", "audit"):
        status, reply = vogt.call("POST", f"/v1/ledger/{log}/checkpoint", {})
        assert status == 200, (log, reply)
    data = vogt.call("GET", "/v1/ledger/status")[1]["data"]
    return data, [data[log]["vkey"] for log in ("evidence", "audit")]


def went_back(vogt, lost):
    """The store as it was before `lost` more entries, beside the files that were published over them: (status then, checkpoint kept elsewhere)."""
    publish(vogt)
    assert vogt.stop() == 0
    copy = copy_of_the_store(vogt)
    vogt.start()
    write_entries(vogt, lost)
    before, _ = publish(vogt)
    assert vogt.stop() == 0
    put_back(vogt, copy)
    vogt.start()
    wait_until(lambda: "went-back" in vogt.read_log(), what="the finding")
    return before


def a_store_that_went_back_takes_nothing_until_it_is_reopened():
    with Daemon() as vogt:
        before = went_back(vogt, 3)
        old = vogt.call("GET", "/v1/ledger/status")[1]["data"]
        assert old["reopen_needed"] and old["evidence"]["origin"] == before["evidence"]["origin"]
        assert vogt.call("POST", "/v1/observe", {})[0] == 409
        assert vogt.call("POST", "/v1/ledger/evidence/checkpoint", {})[0] != 200
        status, reply = vogt.call("POST", "/v1/ledger/reopen", {"reason": "restored from the copy of yesterday"})
        assert status == 200 and "/evidence" in reply["data"]["last_evidence_checkpoint"], reply
        new, _ = publish(vogt)
        assert not new["reopen_needed"] and new["evidence"]["origin"] != old["evidence"]["origin"], new
        assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "again"})[0] == 400
        assert vogt.stop() == 0
        vogt.start()
        assert "went-back" not in vogt.read_log(), vogt.log
        assert vogt.call("GET", "/v1/ledger/status")[1]["data"]["evidence"]["origin"] == new["evidence"]["origin"]


def after_reopening_checkpoints_come_again_and_outsiders_see_the_rollback():
    """300 entries are lost, so that whole tiles of the former tree lie in the way of the new one."""
    with Daemon() as vogt, tempfile.TemporaryDirectory() as kept:
        before = went_back(vogt, 300)
        assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "restored"})[0] == 200
        for round in range(2):
            after, keys = publish(vogt)
            for log in ("evidence", "audit"):
                note = after[log]["checkpoint"].splitlines()
                assert note[0] == after[log]["origin"] != before[log]["origin"], after[log]
                assert int(note[1]) == after[log]["published_size"] < before[log]["published_size"], after[log]
            for name in ("000.p/%d" % (after["evidence"]["published_size"] % 256), "entries/000.p/%d" % (after["evidence"]["published_size"] % 256)):
                path = ("0/" if not name.startswith("entries") else "") + name
                assert vogt.call("GET", f"/ledger/evidence/tile/{path}", token="", raw=True)[0] == 200
            assert vogt.call("GET", "/ledger/evidence/tile/0/000", token="", raw=True)[0] == 404, "a tile of the former tree is still served"
            assert vogt.stop() == 0
            good, findings = verify(vogt, keys)
            assert good, findings
            assert [finding for finding in findings if finding["place"].startswith("tile/")] == [], findings
            for log in ("evidence", "audit"):
                path = os.path.join(kept, f"{log}.checkpoint")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(before[log]["checkpoint"])
                good, findings = verify(vogt, keys, "--known", path)
                told = [finding["english"] for finding in findings if finding["log"] == log and finding["weight"] == "broken"]
                assert not good and told and all("rolled back and reopened" in line for line in told), findings
            vogt.start()
            assert "went-back" not in vogt.read_log(), vogt.log
            write_entries(vogt, 20)


def a_crash_while_reopening_leaves_it_reopened():
    """Killed right after the answer, and again when only one of the logs has its new checkpoint: no start asks for a second reopening."""
    with Daemon() as vogt:
        went_back(vogt, 40)
        audit, former = (os.path.join(vogt.directory, "ledger", name) for name in ("audit", "former"))
        kept = os.path.join(vogt.directory, "audit.kept")
        subprocess.run(["cp", "-a", audit, kept], check=True)
        assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "restored"})[0] == 200
        name = vogt.call("GET", "/v1/ledger/status")[1]["data"]["evidence"]["origin"]
        for log in (None, "evidence", "audit"):
            if log is not None:
                assert vogt.call("POST", f"/v1/ledger/{log}/checkpoint", {})[0] == 200, log
            kill_everything(vogt)
            if log == "evidence":  # a start publishes both within a second: the audit log's files as they were between the two
                for path in (audit, *(os.path.join(former, name) for name in os.listdir(former) if "audit" in name)):
                    shutil.rmtree(path, ignore_errors=True)
                os.rename(kept, audit)
            vogt.start()
            status = vogt.call("GET", "/v1/ledger/status")[1]["data"]
            assert not status["reopen_needed"] and status["evidence"]["origin"] == name, (log, status)
        _, keys = publish(vogt)
        assert vogt.stop() == 0
        good, findings = verify(vogt, keys)
        assert good, findings


def a_store_from_before_a_reopening_is_found_whatever_its_size():
    """The larger copy is put back over the smaller, reopened one: its own name was given up, so nothing may be signed under it again."""
    with Daemon() as vogt:
        publish(vogt)
        assert vogt.stop() == 0
        small = copy_of_the_store(vogt)
        vogt.start()
        write_entries(vogt, 60)
        publish(vogt)
        assert vogt.stop() == 0
        large = copy_of_the_store(vogt)
        put_back(vogt, small)
        vogt.start()
        assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "restored"})[0] == 200
        after, _ = publish(vogt)
        assert vogt.stop() == 0
        put_back(vogt, large)
        vogt.start()
        status = vogt.call("GET", "/v1/ledger/status")[1]["data"]
        assert status["evidence"]["size"] > after["evidence"]["size"] and status["reopen_needed"], status
        assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "the larger copy is the better one"})[0] == 200
        third, keys = publish(vogt)
        assert third["evidence"]["origin"] not in (status["evidence"]["origin"], after["evidence"]["origin"])
        assert len(os.listdir(os.path.join(vogt.directory, "ledger", "former"))) == 4
        assert vogt.stop() == 0
        good, findings = verify(vogt, keys)
        assert good, findings


def kill_everything(vogt):
    """As a power cut would, as far as processes go; each by its id."""
    pids = subprocess.run(["ps", "-o", "pid=", "--ppid", str(vogt.process.pid)], capture_output=True, text=True, check=True).stdout.split()
    for pid in [vogt.process.pid, *map(int, pids)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    vogt.process.wait()
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), what="the end of all roles")
    vogt.process = None


def a_store_behind_shamir_shares_is_reopened_too():
    with tempfile.NamedTemporaryFile("w", suffix=".hcl") as config:
        config.write('seal "shamir" {}\n')
        config.flush()
        with Daemon(options=["--config", config.name]) as vogt:
            made = vogt.call("PUT", "/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1}, token="")[1]
            root, share = made["root_token"], made["keys"][0]

            def unseal():
                assert not vogt.call("PUT", "/v1/sys/unseal", {"key": share}, token="")[1]["sealed"]

            def checkpoint():
                for log in ("evidence", "audit"):
                    status, reply = vogt.call("POST", f"/v1/ledger/{log}/checkpoint", {}, token=root)
                    assert status == 200, reply

            unseal()
            write_entries(vogt, 2, root)
            checkpoint()
            assert vogt.stop() == 0
            copy = copy_of_the_store(vogt)
            vogt.start()
            unseal()
            write_entries(vogt, 20, root)
            checkpoint()
            assert vogt.stop() == 0
            put_back(vogt, copy)
            vogt.start()
            unseal()
            assert vogt.call("GET", "/v1/ledger/status", token=root)[1]["data"]["reopen_needed"]
            assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "restored"}, token=root)[0] == 200
            kill_everything(vogt)
            vogt.start()
            unseal()
            assert not vogt.call("GET", "/v1/ledger/status", token=root)[1]["data"]["reopen_needed"]
            checkpoint()


def unpack_schema_1(above):
    """A data directory that a Vogt of schema 1 left (its key file is in it, and good for nothing else): four entries of evidence, both logs published."""
    with tarfile.open(os.path.join(ROOT, "tests", "stores", "schema-1.tar.xz")) as archive:
        for member in archive.getmembers():
            assert member.isreg() or member.isdir(), member.name
            archive.extract(member, above, set_attrs=False)
    directory = os.path.join(above, "store")
    for folder, _, names in os.walk(directory):
        os.chmod(folder, 0o700)
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)
    return directory


def a_store_of_schema_1_is_migrated_and_goes_on():
    with tempfile.TemporaryDirectory() as above:
        directory = unpack_schema_1(above)
        with Daemon(directory) as vogt:
            status, keys = publish(vogt)
            assert status["evidence"]["size"] > 4 and vogt.call("GET", "/v1/sys/status")[1]["data"]["schema"] == 2, status
            assert [entry["type"] for entry in vogt.evidence()][:1] == ["vogt.initialized"]
            assert vogt.stop() == 0
            good, findings = verify(vogt, keys)
            assert good and not findings, findings
            with sqlite3.connect(os.path.join(directory, "vogt.db")) as database:
                assert sorted(name for name, in database.execute("SELECT name FROM meta")) == ["epoch", "state"]
                due = database.execute("SELECT path FROM row WHERE due_unix_ms > 0").fetchone()[0]
                database.execute("UPDATE row SET due_unix_ms = due_unix_ms + 1 WHERE path = ?", (due,))
            database.close()
            good, findings = verify(vogt, keys)
            assert not good, "a due time that was changed is not found"


def a_changed_store_of_schema_1_is_refused_as_it_is():
    with tempfile.TemporaryDirectory() as above:
        directory = unpack_schema_1(above)
        path = os.path.join(directory, "vogt.db")
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA journal_mode=DELETE")
            database.execute("UPDATE row SET version = version + 1 WHERE path = 'core/keys'")
        database.close()
        with Daemon(directory, expect_ready=False) as vogt:
            assert vogt.ready is None and vogt.stop() != 0
            assert "damaged" in vogt.log, vogt.log
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA user_version").fetchone()[0] == 1
        database.close()


def a_newer_store_is_refused_as_it_is():
    with Daemon() as vogt:
        assert vogt.stop() == 0
        path = os.path.join(vogt.directory, "vogt.db")
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 3")
        database.close()
        vogt.expect_ready = False
        vogt.start()
        assert vogt.ready is None and vogt.stop() != 0
        assert "newer version of Vogt" in vogt.log, vogt.log


def on_a_full_disk_there_is_one_clear_error():
    script = """
set -e
mount -t tmpfs -o size=1m,mode=0700 none "$1"
shift
exec "$@"
"""
    directory = tempfile.mkdtemp(prefix="vogt-test-")
    try:
        if subprocess.run([*IN_NAMESPACE, "true"], capture_output=True).returncode != 0:
            return "not possible here: no mount namespace"
        with Daemon(directory, wrapper=[*IN_NAMESPACE, "sh", "-c", script, "sh", directory], expect_ready=False) as vogt:
            vogt.read_log()
            if vogt.ready is not None:
                vogt.token = lambda: open(f"/proc/{vogt.process.pid}/root{directory}/operator.token").read().strip()
                certificate = f"/proc/{vogt.process.pid}/root{directory}/tls.pem"
                shutil.copy(certificate, os.path.join(directory, "tls.pem"))
                token, failures = vogt.token(), 0
                for number in range(600):
                    try:
                        status, _ = vogt.call("POST", "/v1/auth/link/create", {"name": f"p{number}" + "x" * 40}, token=token)
                    except OSError:
                        status = 0
                    if status != 200:
                        failures += 1
                        break
                assert failures == 1, "the disk never filled"
            vogt.stop()
            assert "FULL" in vogt.log or "no space" in vogt.log, vogt.log
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def a_read_only_directory_is_said():
    script = 'set -e; mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"'
    directory = tempfile.mkdtemp(prefix="vogt-test-")
    try:
        if subprocess.run([*IN_NAMESPACE, "true"], capture_output=True).returncode != 0:
            return "not possible here: no mount namespace"
        with Daemon(directory, wrapper=[*IN_NAMESPACE, "sh", "-c", script, "sh", directory], expect_ready=False) as vogt:
            assert vogt.ready is None and vogt.stop() != 0
            assert "READ_ONLY" in vogt.log or "cannot be written" in vogt.log, vogt.log
        assert os.listdir(directory) == []
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def shamir_shares_seal_and_unseal():
    with tempfile.NamedTemporaryFile("w", suffix=".hcl") as config:
        config.write('seal "shamir" {}\n')
        config.flush()
        with Daemon(options=["--config", config.name]) as vogt:
            assert vogt.call("GET", "/v1/sys/health", token="")[0] == 501
            assert vogt.call("PUT", "/v1/sys/init", {"secret_shares": 5, "secret_threshold": 9}, token="")[0] == 400
            status, made = vogt.call("PUT", "/v1/sys/init", {"secret_shares": 5, "secret_threshold": 3}, token="")
            assert status == 200 and len(made["keys"]) == 5
            root = made["root_token"]
            assert vogt.call("GET", "/v1/sys/seal-status", token="")[1]["sealed"]  # whoever sets Vogt up does not open it: the shares do
            assert vogt.call("GET", "/v1/sys/health", token="")[0] == 503
            assert vogt.call("GET", "/v1/sys/key-status", token=root)[0] == 503
            for key in made["keys"][1:4]:
                assert vogt.call("GET", "/v1/sys/seal-status", token="")[1]["sealed"]
                status, reply = vogt.call("PUT", "/v1/sys/unseal", {"key": key}, token="")
            assert status == 200 and not reply["sealed"], reply
            assert vogt.call("PUT", "/v1/sys/seal", {}, token=root)[0] == 204
            wait_until(lambda: vogt.call("GET", "/v1/sys/seal-status", token="")[1]["sealed"], what="the seal")
            wrong = "00" * 33
            for key in (made["keys"][0], made["keys"][1]):
                assert vogt.call("PUT", "/v1/sys/unseal", {"key": key}, token="")[1]["sealed"]
            assert vogt.call("PUT", "/v1/sys/unseal", {"key": wrong[:-2] + "09"}, token="")[0] == 400
            for key in made["keys_base64"][2:5]:
                status, reply = vogt.call("PUT", "/v1/sys/unseal", {"key": key}, token="")
            assert status == 200 and not reply["sealed"], reply

            def said():
                entries = vogt.call("GET", "/v1/evidence/entries?after=0&limit=100", token=root)[1]["data"]["entries"]
                return [kind for kind in (json.loads(entry["payload"])["type"] for entry in entries) if kind.startswith("vogt.")]
            wait_until(lambda: said() == ["vogt.unsealed", "vogt.sealed", "vogt.unsealed"], what="a record of each unsealing")
            before = vogt.call("GET", "/v1/sys/key-status", token=root)[1]["data"]["term"]
            assert vogt.call("PUT", "/v1/sys/rotate", {}, token=root)[0] == 204
            assert vogt.call("GET", "/v1/sys/key-status", token=root)[1]["data"]["term"] == before + 1
            assert vogt.stop() == 0
            vogt.start()
            assert vogt.call("GET", "/v1/sys/health", token="")[0] == 503


def people_log_in_by_link_and_passphrase():
    with Daemon() as vogt:
        code = vogt.ready["login_link"].split("#login=")[1]
        status, reply = vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")
        assert status == 200, reply
        token = reply["auth"]["client_token"]
        assert vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[0] == 400
        assert vogt.call("POST", "/v1/auth/passphrase/set", {"name": "admin", "passphrase": "short"}, token=token)[0] == 400
        passphrase = "ein Pferd frisst Hafer äöü"
        status, reply = vogt.call("POST", "/v1/auth/passphrase/set", {"name": "admin", "passphrase": passphrase}, token=token)
        assert status == 204, reply
        assert vogt.call("POST", "/v1/auth/passphrase/login", {"name": "admin", "passphrase": passphrase + "!"}, token="")[0] == 400
        status, reply = vogt.call("POST", "/v1/auth/passphrase/login", {"name": "admin", "passphrase": passphrase}, token="")
        assert status == 200 and "admin" in reply["auth"]["policies"], reply
        assert vogt.call("GET", "/v1/sys/status", token=reply["auth"]["client_token"])[0] == 200
        for _ in range(5):
            vogt.call("POST", "/v1/auth/passphrase/login", {"name": "admin", "passphrase": "x" * 20}, token="")
        assert vogt.call("POST", "/v1/auth/passphrase/login", {"name": "admin", "passphrase": passphrase}, token="")[0] == 429


def policies_bound_what_a_token_may_do():
    with Daemon() as vogt:
        code = vogt.ready["login_link"].split("#login=")[1]
        admin = vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]
        policy = 'path "sys/status" { capabilities = ["read"] }\npath "sys/policies/*" { capabilities = ["read"] }\npath "sys/policies/acl/admin" { capabilities = ["deny"] }\n'
        assert vogt.call("PUT", "/v1/sys/policies/acl/narrow", {"policy": policy}, token=admin)[0] == 204
        status, reply = vogt.call("PUT", "/v1/sys/policies/acl/broken", {"policy": 'path "x" {\n  capabilities = ["fly"]\n}'}, token=admin)
        assert status == 400 and "fly" in reply["errors"][0], reply
        token = vogt.call("POST", "/v1/auth/token/create", {"policies": ["narrow"], "ttl": "1h"}, token=admin)[1]["auth"]["client_token"]
        assert vogt.call("GET", "/v1/sys/status", token=token)[0] == 200
        assert vogt.call("GET", "/v1/sys/policies/acl/default", token=token)[0] == 200
        assert vogt.call("GET", "/v1/sys/policies/acl/admin", token=token)[0] == 403
        assert vogt.call("PUT", "/v1/sys/policies/acl/narrow", {"policy": policy}, token=token)[0] == 403
        once = vogt.call("POST", "/v1/auth/token/create", {"policies": ["narrow"], "num_uses": 1}, token=admin)[1]["auth"]["client_token"]
        assert vogt.call("GET", "/v1/sys/status", token=once)[0] == 200
        assert vogt.call("GET", "/v1/sys/status", token=once)[0] == 403
        assert vogt.call("GET", "/v1/sys/status", token="")[0] == 403


def metrics_are_what_prometheus_reads():
    with Daemon() as vogt:
        status, text = vogt.call("GET", "/metrics", raw=True)
        assert status == 200, text
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert b"vogt_evidence_entries" in text


if __name__ == "__main__":
    main([starts_and_stops_cleanly, goes_on_where_it_was, every_role_is_confined, an_unreachable_minimum_stops_the_start, crashes_are_restarted_and_recorded,
          a_crash_of_keep_seals, a_second_daemon_is_refused, a_wrong_key_file_opens_nothing_and_changes_nothing, a_damaged_database_is_not_served,
          a_store_that_went_back_takes_nothing_until_it_is_reopened, after_reopening_checkpoints_come_again_and_outsiders_see_the_rollback,
          a_crash_while_reopening_leaves_it_reopened, a_store_from_before_a_reopening_is_found_whatever_its_size, a_store_behind_shamir_shares_is_reopened_too,
          a_store_of_schema_1_is_migrated_and_goes_on, a_changed_store_of_schema_1_is_refused_as_it_is, a_newer_store_is_refused_as_it_is, on_a_full_disk_there_is_one_clear_error, a_read_only_directory_is_said, shamir_shares_seal_and_unseal,
          people_log_in_by_link_and_passphrase, policies_bound_what_a_token_may_do, metrics_are_what_prometheus_reads])
