"""Vault's sys/ with a real client (python3-hvac) over TLS: audit devices that work, are full, stuck, removed and slow."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from scenario import ROOT, Daemon, main, wait_until
from vault_client import client, fails, hvac

IN_NAMESPACE = ["unshare", "--mount", "--propagation", "private"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def policies(vault):
    return vault.adapter.list("/v1/sys/policies/acl")["data"]["keys"]


def lines_of(path):
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


# ---- audit devices ----

def a_file_has_every_request_and_no_secret():
    with Daemon() as vogt:
        vault = client(vogt)
        path = os.path.join(vogt.directory, "audit", "audit.log")
        vault.sys.enable_audit_device("file", options={"file_path": path, "mode": "0644"})
        assert vault.sys.list_enabled_audit_devices()["data"]["file/"]["options"]["file_path"] == path
        vault.sys.enable_secrets_engine("kv", path="app", options={"version": "1"})
        vault.secrets.kv.v1.create_or_update_secret("db", {"password": "correct horse", "port": 5432}, mount_point="app")
        assert vault.secrets.kv.v1.read_secret("db", mount_point="app")["data"]["password"] == "correct horse"
        fails(lambda: policies(client(vogt, "hvs.nobody")), "permission denied")
        lines = lines_of(path)
        with open(path, encoding="utf-8") as stream:
            whole = stream.read()
        assert "correct horse" not in whole and vault.token not in whole and "hvs." not in whole
        written = [line for line in lines if line["request"]["path"] == "app/db"][2:] # the client looks first whether it is there
        assert [line["type"] for line in written] == ["request", "response"] * 2, written
        hashed = vault.sys.calculate_hash("file", "correct horse")["data"]["hash"]
        assert written[0]["request"]["data"] == {"password": hashed, "port": 5432}
        assert written[3]["response"]["data"]["password"] == hashed and written[0]["request"]["mount_type"] == "kv"
        assert any(line.get("error") == "permission denied" for line in lines)
        assert os.stat(path).st_mode & 0o777 == 0o644
        # rotated as logrotate does it: moved, then SIGHUP; nothing is lost and nothing stops
        os.rename(path, path + ".1")
        subprocess.run(["kill", "-HUP", str(vogt.process.pid)], check=True)
        policies(vault)
        assert [line["type"] for line in lines_of(path)] == ["request", "response"]
        os.unlink(path)
        policies(vault)
        assert len(lines_of(path)) == 2
        vault.sys.disable_audit_device("file")
        policies(vault)
        assert [line["type"] for line in lines_of(path)] == ["request", "response"] * 2, lines_of(path)
        wait_until(lambda: "tell" not in [name for name, role in vogt.roles().items() if role.get("running")], what="the device's process to end")


def named_headers_stand_in_records_plain_or_hashed():
    with Daemon() as vogt:
        vault = client(vogt)
        path = os.path.join(vogt.directory, "audit", "audit.log")
        vault.sys.enable_audit_device("file", options={"file_path": path})
        send = {"X-Request-Id": "abc-17", "X-User": "grace", "X-Other": "nobody's business"}

        def seen():
            assert vogt.request("GET", "/v1/sys/mounts", token=vault.token, headers=send)[0] == 200
            return [line["request"].get("headers") for line in lines_of(path) if line["request"]["path"] == "sys/mounts"][-2:]
        assert seen() == [None, None]
        vault.adapter.put("/v1/sys/config/auditing/request-headers/X-Request-ID", json={})
        vault.adapter.put("/v1/sys/config/auditing/request-headers/X-User", json={"hmac": True})
        named = {"x-request-id": ["abc-17"], "x-user": [vault.sys.calculate_hash("file", "grace")["data"]["hash"]]}
        assert seen() == [named, named], seen()
        send = {"X-USER": "\xe9\xff", "X-Request-Id": "a" * 9000}  # no text, and too long: told as text, and cut
        assert [len(one["x-request-id"][0]) for one in seen()] == [4096, 4096]
        fails(lambda: vault.adapter.put("/v1/sys/config/auditing/request-headers/X-Vault-Token", json={}), "carries secrets")
        # a gate that is started anew is told as well
        assert vogt.stop() == 0
        vogt.start()
        vault = client(vogt, vault.token)
        send = {"x-request-id": "abc-18"}
        assert seen() == [{"x-request-id": ["abc-18"]}] * 2, seen()
        vault.adapter.delete("/v1/sys/config/auditing/request-headers/x-request-id")
        assert seen() == [None, None]


# ---- other origins, headers of the page ----

def pages_of_named_origins_may_call_and_no_others():
    with Daemon() as vogt:
        vault = client(vogt)

        def ask(method, origin, path="/v1/sys/health"):
            status, headers, _ = vogt.request(method, path, headers={"Origin": origin} if origin else {})
            return status, {name.lower(): value for name, value in headers.items()}
        own, other = "https://app.example", "https://evil.example"
        assert "access-control-allow-origin" not in ask("GET", own)[1] and ask("OPTIONS", own)[0] == 405
        vault.adapter.put("/v1/sys/config/cors", json={"allowed_origins": own, "allowed_headers": "X-Mine"})
        status, headers = ask("GET", own)
        assert (status, headers["access-control-allow-origin"], headers["vary"]) == (200, own, "Origin") and "access-control-allow-credentials" not in headers
        status, headers = ask("OPTIONS", own)
        assert status == 204 and "LIST" in headers["access-control-allow-methods"] and headers["access-control-max-age"] == "300", (status, headers)
        assert headers["access-control-allow-headers"].endswith(", X-Mine") and "X-Vogt-Session" not in headers["access-control-allow-headers"]
        assert ask("GET", other)[0] == 403 and ask("OPTIONS", other)[0] == 403
        assert ask("GET", vogt.address)[0] == 200 and "access-control-allow-origin" not in ask("GET", vogt.address)[1]  # its own page
        assert ask("GET", None)[0] == 200 and "access-control-allow-origin" not in ask("GET", None)[1]
        assert ask("GET", other, "/ui/")[0] == 200  # a page is not the API
        vault.adapter.put("/v1/sys/config/cors", json={"allowed_origins": ["*"]})
        assert ask("GET", other)[1]["access-control-allow-origin"] == other
        vault.adapter.delete("/v1/sys/config/cors")
        assert ask("OPTIONS", own)[0] == 405 and "access-control-allow-origin" not in ask("GET", other)[1]


def the_page_carries_further_headers():
    with Daemon() as vogt:
        vault = client(vogt)
        vault.adapter.put("/v1/sys/config/ui/headers/X-Custom", json={"values": ["one", "two"]})
        _, headers, _ = vogt.request("GET", "/ui/")
        assert [value for name, value in headers.items() if name == "X-Custom"] == ["one", "two"] and "default-src 'none'" in headers["Content-Security-Policy"]
        assert "X-Custom" not in vogt.request("GET", "/v1/sys/health")[1]
        fails(lambda: vault.adapter.put("/v1/sys/config/ui/headers/X-Frame-Options", json={"values": ["ALLOW"]}), "is fixed")
        vault.adapter.delete("/v1/sys/config/ui/headers/X-Custom")
        assert "X-Custom" not in vogt.request("GET", "/ui/")[1]


def what_clients_ask_about_the_server_is_answered():
    with Daemon() as vogt:
        vault = client(vogt)
        assert vogt.request("GET", "/v1/sys/internal/specs/openapi", token="")[0] == 403
        document = vogt.call("GET", "/v1/sys/internal/specs/openapi", token=vault.token)[1]
        assert document["openapi"].startswith("3.") and "/sys/health" in document["paths"]
        assert vogt.call("GET", "/v1/sys/internal/ui/feature-flags", token="")[1] == {"feature_flags": []}
        backends = vogt.call("GET", "/v1/sys/seal-backend-status", token="")[1]
        assert backends["healthy"] and backends["backends"][0]["name"] == "key-file", backends
        servers = vogt.call("GET", "/v1/sys/storage/raft/configuration", token=vault.token)[1]["data"]["config"]["servers"]
        assert [server["leader"] for server in servers] == [True] and vogt.address.endswith(servers[0]["address"])
        assert vogt.call("GET", "/v1/sys/internal/counters/config", token=vault.token)[1]["data"]["queries_available"] is False
        assert vogt.request("GET", "/v1/sys/internal/counters/activity", token=vault.token)[0] == 204
        date = vogt.call("GET", "/v1/sys/seal-status", token="")[1].get("build_date")
        built = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "build_date.py"), ROOT], capture_output=True, text=True, check=False)
        assert date is None if built.returncode else date[:2] == "20", date


def devices_are_kept_over_a_restart():
    with Daemon() as vogt:
        vault = client(vogt)
        vault.sys.enable_audit_device("file", options={"file_path": "audit.log"})
        assert vogt.stop() == 0
        vogt.start()
        vault = client(vogt, vault.token)
        before = len(lines_of(os.path.join(vogt.directory, "audit", "audit.log")))
        policies(vault)
        assert len(lines_of(os.path.join(vogt.directory, "audit", "audit.log"))) == before + 2


def a_device_outside_the_directory_is_refused():
    with Daemon() as vogt:
        vault = client(vogt)
        fails(lambda: vault.sys.enable_audit_device("file", options={"file_path": "/etc/cron.d/vogt"}), "one directory only")
        fails(lambda: vault.sys.enable_audit_device("file", options={"file_path": os.path.join(vogt.directory, "audit", "..", "x")}), "one directory only")
        fails(lambda: vault.sys.enable_audit_device("socket", options={"address": "127.0.0.1:1"}), "socket/: ")
        assert vault.sys.list_enabled_audit_devices()["data"] == {}


def a_full_disk_stops_requests_and_says_so():
    above = tempfile.mkdtemp(prefix="vogt-test-")
    directory = os.path.join(above, "data")
    os.makedirs(os.path.join(directory, "audit"), mode=0o700)
    mount = f"mount -t tmpfs -o size=256k,mode=1777 tmpfs {directory}/audit && exec \"$@\""
    try:
        with Daemon(directory, wrapper=[*IN_NAMESPACE, "sh", "-c", mount, "sh"]) as vogt:
            vault = client(vogt)
            vault.sys.enable_audit_device("file", options={"file_path": "audit.log"})
            told = None
            for _ in range(400):
                try:
                    policies(vault)
                except hvac.exceptions.VaultError as error:
                    told = str(error)
                    break
            assert told and "no audit device takes the record" in told and "file/" in told and "no space left" in told, told
            # nothing was done, and Vogt lives: health needs no device, and the ledger has both
            fails(lambda: vault.adapter.put("/v1/sys/policies/acl/late", json={"policy": 'path "x" { capabilities = ["read"] }'}), "no audit device")
            assert vault.sys.read_health_status(method="GET")["initialized"]
            # the way out
            vault.sys.disable_audit_device("file")
            policies(vault)
            assert "late" not in policies(vault)
            return told[:150]
    finally:
        shutil.rmtree(above, ignore_errors=True)


def a_stuck_pipe_holds_up_its_own_requests_only():
    with Daemon() as vogt:
        vault = client(vogt)
        audit = os.path.join(vogt.directory, "audit")
        vault.sys.enable_audit_device("file", path="file", options={"file_path": "audit.log"})
        pipe = os.path.join(audit, "pipe")
        os.mkfifo(pipe, 0o600)
        if os.geteuid() == 0:
            os.chown(pipe, os.stat(audit).st_uid, os.stat(audit).st_gid)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        vault.sys.enable_audit_device("file", path="pipe", options={"file_path": "pipe"})
        # nobody reads: the pipe fills, the file takes the records all the same
        for _ in range(80):
            policies(vault)
        assert len(lines_of(os.path.join(audit, "audit.log"))) >= 160
        # now it is the only one: requests fail with its name, others of Vogt's go on
        vault.sys.disable_audit_device("file")
        told = fails(lambda: policies(vault), "pipe/")
        assert "does not take anything" in told or "nobody reads" in told or "wait for it" in told, told
        assert vault.sys.read_health_status(method="GET")["initialized"]
        # it is read again: all is well
        stop = threading.Event()

        def drain():
            while not stop.is_set():
                try:
                    os.read(reader, 65536)
                except BlockingIOError:
                    time.sleep(0.01)
        thread = threading.Thread(target=drain)
        thread.start()
        try:
            def works():
                try:
                    return policies(vault)
                except hvac.exceptions.VaultError:
                    return None
            wait_until(works, what="the pipe to be taken up again")
        finally:
            stop.set()
            thread.join()
            os.close(reader)
        vault.sys.disable_audit_device("pipe")
        policies(vault)
        return told.split("\n")[0]


def a_stopped_process_of_a_device_is_passed_over():
    """The device's process does not answer at all, as on a disk that hangs."""
    with Daemon() as vogt:
        vault = client(vogt)
        vault.sys.enable_audit_device("file", options={"file_path": "audit.log"})
        pid, [keep] = vogt.roles()["tell"]["pid"], super(Daemon, vogt).roles("keep")
        os.kill(pid, 19)
        try:
            told = fails(lambda: policies(vault), "file/")
            assert vault.sys.read_health_status(method="GET")["initialized"]
            assert "no audit device takes the record" in told and ("did not answer" in told or "has not answered" in told), told
            for _ in range(3):  # the next ones hear it at once, and nothing ends
                assert "has not answered for some seconds" in fails(lambda: policies(vault), "file/")
            assert super(Daemon, vogt).roles("keep") == [keep]
        finally:
            os.kill(pid, 18)

        def works():
            try:
                return policies(vault)
            except hvac.exceptions.VaultError:
                return None
        wait_until(works, what="the device to be taken up again")
        state = lambda: vault.sys.list_enabled_audit_devices()["data"]["file/"]["state"] # as it was up to a second ago
        wait_until(lambda: state()["failures"] > 0 and state()["taken"] > state()["failed"], what="the state of the device")
        assert "antwort" in state()["cause"]["german"] and not state()["stuck"], state()
        return told.split("\n")[0]


def a_device_whose_process_ends_is_started_anew():
    with Daemon() as vogt:
        vault = client(vogt)
        vault.sys.enable_audit_device("file", options={"file_path": "audit.log"})
        os.kill(vogt.roles()["tell"]["pid"], 9)

        def works():
            try:
                return policies(vault)
            except hvac.exceptions.VaultError:
                return None
        wait_until(works, what="a new process for the device")
        assert "tell" in [entry["role"] for entry in vogt.evidence() if entry["type"] == "role.ended"]


def a_slow_reader_gets_everything():
    with Daemon() as vogt:
        vault = client(vogt)
        server = socket.create_server(("127.0.0.1", 0))
        received = []

        def serve():
            connection, _ = server.accept()
            with connection:
                while True:
                    part = connection.recv(512)
                    if not part:
                        return
                    received.append(part)
                    time.sleep(0.002)
        thread = threading.Thread(target=serve)
        thread.start()
        vault.sys.enable_audit_device("socket", options={"address": "127.0.0.1:%d" % server.getsockname()[1]})
        for _ in range(20):
            policies(vault)
        vault.sys.disable_audit_device("socket")
        thread.join(20)
        server.close()
        lines = [json.loads(line) for line in b"".join(received).split(b"\n") if line]
        assert len([line for line in lines if line["type"] == "request" and line["request"]["path"].startswith("sys/polic")]) == 20, len(lines)


if __name__ == "__main__":
    main([a_file_has_every_request_and_no_secret, named_headers_stand_in_records_plain_or_hashed, pages_of_named_origins_may_call_and_no_others, the_page_carries_further_headers,
          what_clients_ask_about_the_server_is_answered, devices_are_kept_over_a_restart, a_device_outside_the_directory_is_refused,
          a_full_disk_stops_requests_and_says_so, a_stuck_pipe_holds_up_its_own_requests_only, a_stopped_process_of_a_device_is_passed_over,
          a_device_whose_process_ends_is_started_anew, a_slow_reader_gets_everything])
