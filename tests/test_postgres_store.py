"""A store whose rows lie in PostgreSQL: a real server of the test's own, asked by Vault's configuration and by `vogt up --database`; killed, lost, foreign, unfit, and twice.

    tests/test_postgres_store.py BUILD
"""
import glob
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.argv[1:] and os.environ.setdefault("VOGT_BUILD", os.path.abspath(sys.argv[1]))
del sys.argv[2:]  # test_vault_crash's own words
import test_vault_crash as crash  # noqa: E402
from daemon import clean_environment, program  # noqa: E402
from postgres_server import PASSWORD, QUOTED, Postgres, folder_of_programs  # noqa: E402
from scenario import Daemon, free_port, is_sanitized, main  # noqa: E402
from vault_server import VAULT, Server, configuration  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="vogt-postgres-test-")


def url_file(url, mode=0o600):
    path = os.path.join(tempfile.mkdtemp(dir=FOLDER), "database.url")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(url + "\n")
    os.chmod(path, mode)
    return path


def vault_configuration(port, storage):
    return configuration(f'disable_mlock = true\nstorage "postgresql" {{\n{storage}\n}}\nlistener "tcp" {{\n  address = "127.0.0.1:{port}"\n  tls_disable = true\n}}\n')


def own_processes(pid):
    """This process and all below it."""
    found, open_ = [], [pid]
    while open_:
        above = open_.pop()
        found.append(above)
        for path in glob.glob(f"/proc/{above}/task/*/children"):
            with open(path, encoding="ascii") as stream:
                open_ += [int(word) for word in stream.read().split()]
    return found


def secret_nowhere(server, place):
    """The password stands in no argument, no environment of the daemon, no output, and in one file of the directory, which nobody else reads."""
    for pid in own_processes(server.process.pid):
        for name in ("cmdline", "environ") if pid != server.process.pid else ("cmdline",):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as stream:
                    text = stream.read()
            except PermissionError:
                continue  # roles show theirs to root alone
            assert PASSWORD.encode() not in text and QUOTED.encode() not in text, (pid, name)
    for name in ("out", "err"):
        assert PASSWORD not in server.text(name) and QUOTED not in server.text(name), name
    for folder, _, names in os.walk(place):
        for name in names:
            with open(os.path.join(folder, name), "rb") as stream:
                assert name == "database.url" or QUOTED.encode() not in stream.read(), name
    assert os.stat(os.path.join(place, "database.url")).st_mode & 0o777 == 0o600


def vaults_own_configuration_is_kept():
    with Postgres() as postgres:
        postgres.database("vault")
        port, place = free_port(), os.path.join(FOLDER, "place")
        config = vault_configuration(port, f'  connection_url = "{postgres.url("vault")}"\n  table = "vault_kv_store"\n  max_parallel = 128\n  ha_enabled = "false"\n  path = "{place}"')
        with Server("-config=" + config, port=port) as server:
            assert "storage.postgresql.table" in server.text("err") and "storage.postgresql.max_parallel" in server.text("err"), server.text("err")
            assert re.search(r"Storage: postgresql", server.text())
            made = json.loads(server.vault("operator", "init", "-key-shares=3", "-key-threshold=2", "-format=json"))
            for key in made["unseal_keys_b64"][:2]:
                server.vault("operator", "unseal", key)
            server.more["VAULT_TOKEN"] = made["root_token"]
            server.vault("secrets", "enable", "-path=app", "kv-v2")
            for number in range(20):
                server.vault("kv", "put", f"app/team/{number % 5}/db", f"password=correct horse {number}")
            assert json.loads(server.vault("kv", "list", "-format=json", "app/team")) == [f"{number}/" for number in range(5)]
            assert json.loads(server.vault("status", "-format=json"))["storage_type"] == "postgresql"
            secret_nowhere(server, place)
            assert not os.path.exists(os.path.join(place, "vogt.db"))
            assert server.stop() == 0
        rows = int(postgres.sql("SELECT count(*) FROM vogt.row", "vault"))
        assert rows > 20 and "correct horse" not in postgres.sql("SELECT string_agg(encode(bytes, 'escape'), '') FROM vogt.row", "vault")
        shutil.rmtree(place)  # as a container without a disk begins: shares, a database, an empty directory
        with Server("-config=" + config, port=port) as server:
            for key in made["unseal_keys_b64"][1:]:
                server.vault("operator", "unseal", key)
            server.more["VAULT_TOKEN"] = made["root_token"]
            assert [server.vault("kv", "get", "-field=password", f"app/team/{number}/db") for number in range(5)] == [f"correct horse {number}" for number in range(15, 20)]
            server.vault("kv", "put", "app/after", "x=1")
            server.vault("operator", "raft", "snapshot", "save", os.path.join(FOLDER, "raft.snap"))
            assert os.path.getsize(os.path.join(FOLDER, "raft.snap")) > 1000
            status = json.loads(server.vault("read", "-format=json", "ledger/status"))["data"]
            assert server.stop() == 0
        done = verify(place, *[word for log in ("evidence", "audit") for word in ("--vkey", status[log]["vkey"])])
        assert done["good"], done
        return f"{rows} rows; the directory was lost and its ledger written anew"


def verify(place, *words, code=0):
    done = subprocess.run([program("vogt"), "ledger", "verify", place, "--json", *words], capture_output=True, text=True, timeout=120, check=False, env=clean_environment())
    assert done.returncode == code, (done.stdout[-2000:], done.stderr[-2000:])
    return json.loads(done.stdout)


def the_environment_and_a_local_socket_will_do():
    with Postgres() as postgres:
        postgres.database("vault")
        port, state = free_port(), os.path.join(FOLDER, "state")
        config = vault_configuration(port, f'  connection_url = "postgres://nobody:wrong@127.0.0.1:1/x"\n  path = "{state}"')
        with Server("-config=" + config, port=port, environment={"VAULT_PG_CONNECTION_URL": postgres.url("vault", local=True)}) as server:
            json.loads(server.vault("operator", "init", "-key-shares=1", "-key-threshold=1", "-format=json"))
            assert postgres.sql("SELECT count(*) > 0 FROM vogt.row", "vault") == "t"
            secret_nowhere(server, state)


def admin(vogt):
    code = vogt.ready["login_link"].split("#login=")[1]
    return vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]


def killed_in_turn_nothing_acknowledged_is_lost():
    """Vogt, its store, its keep and the server, each with SIGKILL in the middle of writes, logins, revocations and rotations (test_vault_crash.py)."""
    chance, seen, killed = random.Random(11), crash.Seen(), []
    with Postgres() as postgres:
        postgres.database("vault")
        with Daemon(options=["--database", url_file(postgres.url("vault"))]) as vogt:
            crash.set_up(vogt, seen)
            for what in ("all", "server", "store", "server", "keep", "all"):
                stop = threading.Event()
                threads = [threading.Thread(target=crash.work, args=(vogt, seen, lane, stop)) for lane in range(2 * len(crash.WORK))]
                for thread in threads:
                    thread.start()
                time.sleep(chance.uniform(0.5, 1.5))
                killed.append(what)
                if what == "server":
                    postgres.kill()
                else:
                    crash.kill(vogt, what)
                stop.set()
                for thread in threads:
                    thread.join(90)
                    assert not thread.is_alive()
                if what == "server":
                    postgres.start()  # and Vogt comes back by itself, unsealed by its key file
                    vogt.wait_for(lambda: answers(vogt), "an answer after the server's return", 60)
                    assert vogt.process.poll() is None and vogt.events("store.away"), vogt.log_text()[-3000:]
                else:
                    vogt.stop()
                    vogt.start()
                crash.check(vogt, seen, lambda rows: chance.sample(rows, min(len(rows), 40)))
            assert seen.values and seen.logins and seen.ended and seen.sealed, seen.counts()
            status = vogt.call("GET", "/v1/ledger/status")[1]["data"]
            keys = [word for log in ("evidence", "audit") for word in ("--vkey", status[log]["vkey"])]
            snapshot = os.path.join(FOLDER, "crash.snapshot")
            assert vogt.vogt("snapshot", "save", snapshot, environment={"VOGT_TOKEN": vogt.root}).returncode == 0
            assert verify(vogt.directory, *keys)["rows"] == "in PostgreSQL"
            told = verify(vogt.directory, "--snapshot", snapshot, *keys)
            assert told["good"] and told["rows"] == "checked" and told["row_count"] > 0, told
            assert vogt.stop() == 0
            told = verify(vogt.directory, *keys)
            assert told["good"] and told["rows"] == "in PostgreSQL", told
    return f"killed: {' '.join(killed)}; {seen.counts()}; verified"


def answers(vogt):
    try:
        return vogt.call("GET", "/v1/sys/seal-status")[1]["sealed"] is False
    except (OSError, ValueError, KeyError):
        return False


def a_database_that_went_back_takes_nothing_until_it_is_reopened():
    """As after a failover to a replica that was behind: what was published since contradicts it."""
    with Postgres() as postgres:
        postgres.database("vault")
        with Daemon(options=["--database", url_file(postgres.url("vault"))]) as vogt:
            token = admin(vogt)
            assert vogt.call("POST", "/v1/sys/mounts/app", {"type": "kv"}, token=token)[0] == 204
            assert vogt.stop() == 0
            postgres.sql("CREATE DATABASE behind TEMPLATE vault OWNER vault")
            vogt.start()
            assert vogt.call("POST", "/v1/app/new", {"x": "1"}, token=token)[0] == 204
            assert vogt.stop() == 0
            vogt.arguments = ["--database", url_file(postgres.url("vault").replace("/vault?", "/behind?"))]
            vogt.start()
            assert vogt.call("GET", "/v1/ledger/status")[1]["data"]["reopen_needed"]
            status, answer = vogt.call("POST", "/v1/app/other", {"x": "1"}, token=token)
            assert status != 204 and "reopen" in json.dumps(answer), (status, answer)
            assert vogt.vogt("ledger", "reopen", "--reason", "failover", environment={"VOGT_TOKEN": token}).returncode == 0
            assert vogt.call("POST", "/v1/app/other", {"x": "1"}, token=token)[0] == 204
            assert vogt.call("GET", "/v1/app/new", token=token)[0] == 404


def a_restarted_server_is_waited_for():
    """pg_ctl restart in the middle of requests: they fail or succeed, none hangs for good, and afterwards everything is as it was answered."""
    with Postgres() as postgres:
        postgres.database("vault")
        with Daemon(options=["--database", url_file(postgres.url("vault", local=True))]) as vogt:
            token, said = admin(vogt), {}
            assert vogt.call("POST", "/v1/sys/mounts/app", {"type": "kv"}, token=token)[0] == 204
            enough = threading.Event()

            def write():
                number = 0
                while not enough.is_set():
                    number += 1
                    try:
                        said[number] = vogt.call("POST", f"/v1/app/n{number}", {"n": str(number)}, token=token)[0]
                    except OSError:
                        said[number] = None
            writer = threading.Thread(target=write)
            writer.start()
            for _ in range(2):
                time.sleep(1)
                postgres.stop()
                time.sleep(0.5)
                postgres.start()
            vogt.wait_for(lambda: answers(vogt), "an answer after the restart", 60)
            since = len(said)
            vogt.wait_for(lambda: len(said) > since + 10, "writes after the restart", 60)
            enough.set()
            writer.join(90)
            assert not writer.is_alive()
            kept = [number for number, status in said.items() if status == 204]
            assert kept and max(kept) == len(said), said
            assert all(vogt.call("GET", f"/v1/app/n{number}", token=token)[1]["data"]["n"] == str(number) for number in kept)
            assert "connection to the database was lost" in vogt.log_text().lower() and vogt.process.poll() is None
            before = len(vogt.events("store.away"))
            postgres.stop()  # nobody asks anything, and it is seen all the same
            vogt.wait_for(lambda: len(vogt.events("store.away")) > before, "the loss while idle", 2)
            assert vogt.stop() == 0  # and nothing is waited for
            return f"{len(kept)} of {len(said)} writes were acknowledged"


def a_snapshot_is_a_store_with_a_file():
    """Out of PostgreSQL: what was saved there is verified and goes on in vogt.db; a changed one is refused."""
    with Postgres() as postgres:
        postgres.database("vault")
        snapshot, other = os.path.join(FOLDER, "snapshot"), os.path.join(FOLDER, "other")
        with Daemon(options=["--database", url_file(postgres.url("vault", local=True))]) as vogt:
            token = admin(vogt)
            assert vogt.call("POST", "/v1/sys/mounts/app", {"type": "kv"}, token=token)[0] == 204
            for number in range(300):
                assert vogt.call("POST", f"/v1/app/row/{number}", {"n": "x" * number}, token=token)[0] == 204
            done = vogt.vogt("snapshot", "save", snapshot, environment={"VOGT_TOKEN": token})
            assert done.returncode == 0, done.stderr
            key = os.path.join(vogt.directory, "seal.key")
            os.makedirs(other, 0o700)
            shutil.copy(key, os.path.join(other, "seal.key"))
            refused = vogt.vogt("snapshot", "restore", snapshot, "--dir", vogt.directory)
            assert refused.returncode != 0 and "runs here" in refused.stderr, refused.stderr
            assert vogt.stop() == 0
            refused = vogt.vogt("snapshot", "restore", snapshot, "--dir", vogt.directory)
            assert refused.returncode != 0 and "PostgreSQL" in refused.stderr, refused.stderr
        done = subprocess.run([program("vogt"), "snapshot", "restore", snapshot, "--dir", other], capture_output=True, text=True, timeout=120, check=False, env=clean_environment())
        assert done.returncode == 0, done.stderr
        with Daemon(directory=other) as vogt:
            done = vogt.vogt("ledger", "reopen", "--reason", "out of PostgreSQL", environment={"VOGT_TOKEN": token})
            assert done.returncode == 0, done.stderr
            assert vogt.call("GET", "/v1/app/row/299", token=token)[1]["data"]["n"] == "x" * 299
            assert vogt.call("GET", "/v1/sys/seal-status")[1]["storage_type"] == "sqlite"


def a_running_vogt_is_put_back_in_its_database():
    """As with a file: looked at whole, then all rows are those of the snapshot, in one transaction, whatever is killed."""
    with Postgres() as postgres:
        postgres.database("vault")
        with Daemon(options=["--database", url_file(postgres.url("vault", local=True))]) as vogt:
            token = admin(vogt)
            assert vogt.call("POST", "/v1/sys/mounts/app", {"type": "kv"}, token=token)[0] == 204
            for number in range(200):
                assert vogt.call("POST", f"/v1/app/row/{number}", {"n": "x" * 20000}, token=token)[0] == 204
            archive = vogt.request("GET", "/v1/sys/storage/raft/snapshot", None, token)[2]
            count = int(postgres.sql("SELECT count(*) FROM vogt.row", "vault"))
            outcomes = set()
            for after_ms in (None, 0, 50, 100, 150, 200, 250, 300, 400, 500, 700):
                assert vogt.call("POST", "/v1/app/row/0", {"n": "changed"}, token=token)[0] == 204
                assert vogt.call("POST", "/v1/app/late", {"n": "1"}, token=token)[0] == 204
                assert vogt.request("POST", "/v1/sys/storage/raft/snapshot", archive[:-600], token)[0] == 400
                assert vogt.call("GET", "/v1/app/row/0", token=token)[1]["data"]["n"] == "changed"
                assert vogt.request("POST", "/v1/sys/storage/raft/snapshot", archive, token)[0] == 200
                if after_ms is not None:
                    time.sleep(after_ms / 1000)
                    vogt.kill()
                    vogt.start()
                vogt.wait_for(lambda: vogt.call("GET", "/v1/app/row/0", token=token)[0] == 200, "an answer after the restore")
                assert vogt.call("GET", "/v1/app/row/0", token=token)[1]["data"]["n"] == "x" * 20000
                assert vogt.call("GET", "/v1/app/late", token=token)[0] == 404
                assert not os.path.exists(os.path.join(vogt.directory, "restore.db"))
                assert abs(int(postgres.sql("SELECT count(*) FROM vogt.row", "vault")) - count) < 10
                assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "put back"}, token=token)[0] == 200
                for log in ("evidence", "audit"):
                    assert vogt.call("POST", f"/v1/ledger/{log}/checkpoint", {}, token=token)[0] == 200
                outcomes.add(after_ms)
        return f"{len(outcomes)} times, {len(archive)} bytes"


def a_store_with_a_file_moves_into_a_database():
    with Postgres() as postgres:
        postgres.database("vault")
        snapshot, place = os.path.join(FOLDER, "moving.snapshot"), os.path.join(FOLDER, "moved")
        with Daemon() as vogt:
            token = admin(vogt)
            assert vogt.call("POST", "/v1/sys/mounts/app", {"type": "kv"}, token=token)[0] == 204
            for number in range(300):
                assert vogt.call("POST", f"/v1/app/row/{number}", {"n": "x" * number}, token=token)[0] == 204
            assert vogt.vogt("snapshot", "save", snapshot, environment={"VOGT_TOKEN": token}).returncode == 0
            for log in ("evidence", "audit"):
                assert vogt.call("POST", f"/v1/ledger/{log}/checkpoint", {}, token=token)[0] == 200
            assert vogt.stop() == 0
            os.makedirs(place, 0o700)
            shutil.copy(os.path.join(vogt.directory, "seal.key"), os.path.join(place, "seal.key"))
            shutil.copytree(os.path.join(vogt.directory, "ledger"), os.path.join(place, "ledger"))
        url = url_file(postgres.url("vault", local=True))
        move = [program("vogt"), "snapshot", "restore", snapshot, "--dir", place, "--database", url]
        done = subprocess.run(move, capture_output=True, text=True, timeout=120, check=False, env=clean_environment())
        assert done.returncode == 0 and "--database" in done.stdout and not os.path.exists(os.path.join(place, "vogt.db")), done.stderr
        with Daemon(directory=place, options=["--database", url]) as vogt:
            assert vogt.call("GET", "/v1/app/row/299", token=token)[1]["data"]["n"] == "x" * 299
            assert vogt.call("GET", "/v1/sys/seal-status")[1]["storage_type"] == "postgresql"
            assert vogt.call("POST", "/v1/ledger/reopen", {"reason": "moved"}, token=token)[0] == 200
            assert vogt.call("POST", "/v1/app/row/0", {"n": "new"}, token=token)[0] == 204
            assert vogt.call("POST", "/v1/ledger/audit/checkpoint", {}, token=token)[0] == 200 and os.path.isdir(os.path.join(place, "ledger", "former"))
        # never over another's rows
        other = os.path.join(FOLDER, "moved-again")
        os.makedirs(other, 0o700)
        shutil.copy(os.path.join(place, "seal.key"), os.path.join(other, "seal.key"))
        move[move.index(place)] = other
        assert subprocess.run(move, capture_output=True, timeout=120, check=False, env=clean_environment()).returncode == 0
        vogt = Daemon(directory=other, options=["--database", url], expect_ready=False)
        vogt.start()
        assert "not empty" in json.dumps(vogt.refusal), vogt.refusal
        with Daemon(directory=place, options=["--database", url]) as vogt:
            assert vogt.call("GET", "/v1/app/row/0", token=token)[1]["data"]["n"] == "new"


def refused(*options, directory=None, language=None):
    """(english, german, detail) of a Vogt that does not start, and all that it wrote."""
    vogt = Daemon(options=list(options), directory=directory, expect_ready=False)
    try:
        vogt.start()
        assert vogt.refusal is not None, vogt.ready
        vogt.stop()
        return vogt.refusal["english"], vogt.refusal["german"], vogt.read_log() or vogt.log
    finally:
        vogt.close()


def one_at_a_time_and_only_what_is_fit():
    with Postgres() as postgres:
        postgres.database("vault")
        file = url_file(postgres.url("vault"))
        with Daemon(options=["--database", file]) as vogt:
            english, german, _ = refused("--database", file)
            assert "another Vogt works in this database" in english and "arbeitet schon ein Vogt" in german, english
            assert answers(vogt)
            # the directory belongs to PostgreSQL now
            vogt.stop()
            assert "give the file with the connection" in refused(directory=vogt.directory)[0]
            key = os.path.join(vogt.directory, "seal.key")
            os.rename(key, key + ".away")
            refused("--database", file, directory=vogt.directory)
            assert not os.path.exists(key), "a new key would hide the loss of the old one"
            os.rename(key + ".away", key)
            vogt.start()
            assert answers(vogt)
        assert "key file does not belong to this store" in refused("--database", file)[0]  # another directory, with a key file of its own
        with Daemon() as plain:
            plain.stop()
            assert "has its rows in vogt.db" in refused("--database", file, directory=plain.directory)[0]
        rows = [
            (postgres.url("vault", password="hunter2"), "does not let this user in", "lässt diesen Benutzer nicht ein"),
            (postgres.url("vault").replace("/vault?", "/nothing?"), "no such database", "hat der Server nicht"),
            (f"postgres://vault:{QUOTED}@127.0.0.1:{free_port()}/vault", "cannot be reached", "nicht zu erreichen"),
            (postgres.url("vault", mode="disable"), "does not let this user in", "lässt diesen Benutzer nicht ein"),  # pg_hba.conf wants TLS
            (postgres.url("vault").replace(postgres.certificate, "/etc/ssl/certs/ca-certificates.crt"), "cannot be reached", "nicht zu erreichen"),
            (f"postgres://vault:{QUOTED}@127.0.0.1:1/vault?service=x", "no such setting", "diese Einstellung"),
            ("mysql://vault@x", "cannot be read", "nicht lesbar"),
        ]
        for url, english, german in rows:
            told = refused("--database", url_file(url))
            assert english in told[0] and german in told[1], (url, told[:2])
            assert all(word not in text for word in ("hunter2", PASSWORD, QUOTED) for text in told), told
        assert "chmod 600" in refused("--database", url_file(postgres.url("vault"), 0o644))[0]
        if not is_sanitized():  # libpq's reason may be memory that was never written, so none is shown; the sanitizers end a store that reads it
            key = url_file("no key")
            told = refused("--database", url_file(postgres.url("vault") + f"&sslcert={postgres.certificate}&sslkey={key}"))
            assert "cannot be reached" in told[0] and told[0].endswith(f'"{key}"'), told[:2]
        assert "cannot be read" in refused("--database", "/nowhere/url")[0]
        postgres.database("books")
        postgres.sql("CREATE SCHEMA vogt; CREATE TABLE vogt.bills (id int)", "books")
        told = refused("--database", url_file(postgres.url("books")))
        assert "not of Vogt" in told[0] and "nicht von Vogt" in told[1], told[:2]
        assert postgres.sql("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'vogt'", "books") == "1"
        postgres.database("lazy")
        postgres.sql("ALTER ROLE lazy SET synchronous_commit = off")
        told = refused("--database", url_file(postgres.url("lazy")))
        assert "synchronous_commit = on" in told[0] and "verlöre Bestätigtes" in told[1], told[:2]
        postgres.sql("CREATE DATABASE latin OWNER vault ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        assert "must be UTF8" in refused("--database", url_file(postgres.url("vault").replace("/vault?", "/latin?")))[0]
    with Postgres("fsync=off") as postgres:
        postgres.database("vault")
        assert "set fsync = on" in refused("--database", url_file(postgres.url("vault")))[0]


def a_server_that_repeats_the_password_is_not_quoted():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer():
            for words in ("you said hunter2hunter3", "you said nothing"):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    fields = b"".join(kind + text.encode() + b"\0" for kind, text in ((b"S", "FATAL"), (b"V", "FATAL"), (b"C", "28P01"), (b"M", words))) + b"\0"
                    connection.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        threading.Thread(target=answer, daemon=True).start()
        url = f"postgres://vault:hunter2hunter3@127.0.0.1:{listener.getsockname()[1]}/vault?sslmode=disable"
        told = [refused("--database", url_file(url)) for _ in range(2)]
    assert all("does not let this user in" in one[0] and "28P01" in one[0] and "hunter" not in "".join(one) for one in told), told
    assert "you said nothing" in told[1][0] and "you said" not in told[0][0], told


def the_word_on_the_command_line_is_one_clear_one():
    with Postgres() as postgres:
        postgres.database("vault")
        file = url_file(postgres.url("vault", password="hunter2"))
        for language, words in ((None, "does not let this user in"), ("de_DE.UTF-8", "lässt diesen Benutzer nicht ein")):
            done = subprocess.run([program("vogt"), "up", "--dir", os.path.join(FOLDER, "up"), "--listen", "localhost:0", "--database", file], capture_output=True, text=True, timeout=60, check=False,
                                  env=clean_environment(LANG=language))
            assert done.returncode != 0 and words in done.stderr and "28P01" in done.stderr and "hunter2" not in done.stdout + done.stderr, done.stderr
        config = vault_configuration(free_port(), f'  connection_url = "{postgres.url("vault", password="hunter2")}"\n  path = "{FOLDER}/dropin"')
        done = subprocess.run([VAULT, "server", "-config=" + config], capture_output=True, text=True, timeout=60, check=False, env=clean_environment(HOME=FOLDER))
        assert done.returncode == 1 and "does not let this user in" in done.stderr and "hunter2" not in done.stdout + done.stderr, (done.stdout, done.stderr)


if __name__ == "__main__":
    if folder_of_programs() is None:
        print("PostgreSQL is not installed (package postgresql)")
        sys.exit(77)
    try:
        main([vaults_own_configuration_is_kept, the_environment_and_a_local_socket_will_do, one_at_a_time_and_only_what_is_fit, the_word_on_the_command_line_is_one_clear_one, a_server_that_repeats_the_password_is_not_quoted,
              killed_in_turn_nothing_acknowledged_is_lost, a_restarted_server_is_waited_for, a_database_that_went_back_takes_nothing_until_it_is_reopened, a_snapshot_is_a_store_with_a_file,
              a_running_vogt_is_put_back_in_its_database, a_store_with_a_file_moves_into_a_database])
    finally:
        shutil.rmtree(FOLDER, True)
