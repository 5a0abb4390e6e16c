#!/usr/bin/env python3
"""The source "keycloak" against a real Keycloak on loopback: people with and without second factors, roles by groups, a client that may only look and one that may more.

usage: wide_keycloak.py BUILD       Keycloak comes from Maven Central (org.keycloak:keycloak-quarkus-dist) and needs Java 17; without either it exits with 77.
"""
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("VOGT_BUILD", "build"))
sys.argv[1:] = [os.path.join(BUILD, "src", "collect", "collect_run")]
from source_case import Seen, main, test  # noqa: E402: it reads the program's path from the arguments

VERSION = "26.7.3"
BASE = ""


def not_here(reason):
    print(f"wide_keycloak: {reason}")
    sys.exit(77)


def fetch(directory):
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            not_here(f"{program} is not installed")
    archive = os.path.join(directory, f"keycloak-quarkus-dist-{VERSION}.zip")
    done = subprocess.run(["mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy", f"-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip",
                           f"-DoutputDirectory={directory}"], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0 or not os.path.exists(archive):
        not_here("Keycloak could not be had: " + (done.stdout.strip().splitlines() or ["no reason given"])[0][:200])
    with zipfile.ZipFile(archive) as file:
        file.extractall(directory)
    os.unlink(archive)
    return os.path.join(directory, f"keycloak-{VERSION}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def keycloak(home, port, log):
    script = os.path.join(home, "bin", "kc.sh")
    os.chmod(script, 0o755)
    environment = dict(os.environ, KC_BOOTSTRAP_ADMIN_USERNAME="root", KC_BOOTSTRAP_ADMIN_PASSWORD="root", JAVA_OPTS_KC_HEAP="-Xms64m -Xmx512m")
    process = subprocess.Popen([script, "start-dev", "--http-host=127.0.0.1", f"--http-port={port}", "--http-management-port", str(free_port()), "--cache=local"], env=environment, stdout=log, stderr=log,
                               stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/realms/master", timeout=5) as reply:
                if reply.status == 200:
                    break
            time.sleep(1)
        else:
            raise RuntimeError("Keycloak did not come up")
        yield
    finally:
        os.killpg(process.pid, 15)      # the script and its Java, a group of their own
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()


class Admin:
    def __init__(self):
        form = urllib.parse.urlencode({"grant_type": "password", "client_id": "admin-cli", "username": "root", "password": "root"}).encode()
        with urllib.request.urlopen(BASE + "/realms/master/protocol/openid-connect/token", form, timeout=30) as reply:
            self.token = json.load(reply)["access_token"]

    def ask(self, method, path, content=None):
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(BASE + path, data, {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            text = reply.read()
            return reply.headers.get("Location", "").rsplit("/", 1)[-1] or (json.loads(text) if text else None)


def client(admin, management, name, roles):
    made = admin.ask("POST", "/admin/realms/acme/clients", {"clientId": name, "secret": "s3cret-" + name, "serviceAccountsEnabled": True, "publicClient": False, "standardFlowEnabled": False})
    account = admin.ask("GET", f"/admin/realms/acme/clients/{made}/service-account-user")["id"]
    chosen = [role for role in admin.ask("GET", f"/admin/realms/acme/clients/{management}/roles") if role["name"] in roles]
    assert len(chosen) == len(roles)
    admin.ask("POST", f"/admin/realms/acme/users/{account}/role-mappings/clients/{management}", chosen)


def prepare():
    admin = Admin()
    admin.ask("POST", "/admin/realms", {"realm": "acme", "enabled": True})
    management = admin.ask("GET", "/admin/realms/acme/clients?clientId=realm-management")[0]["id"]
    client(admin, management, "looks", ["view-users", "view-clients", "view-realm", "query-users", "query-groups"])
    client(admin, management, "writes", ["view-users", "view-clients", "view-realm", "query-users", "query-groups", "manage-users"])
    client(admin, management, "blind", ["query-users"])
    password = {"type": "password", "value": "correct horse battery staple", "temporary": False}
    otp = {"type": "otp", "secretData": json.dumps({"value": "ABCDEFGHIJKLMNOPQRST"}), "credentialData": json.dumps({"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"})}
    people = {"alice": [password, otp], "bob": [password], "carol": [password], "dave": [], **{f"many-{number}": [password] for number in range(120)}}
    ids = {login: admin.ask("POST", "/admin/realms/acme/users", {"username": login, "email": login + "@example.org", "enabled": True, "credentials": credentials})
           for login, credentials in people.items()}
    admin.ask("POST", "/admin/realms/acme/users", {"username": "gone", "enabled": False, "credentials": [password]})
    group = admin.ask("POST", "/admin/realms/acme/groups", {"name": "Site admins"})
    roles = [role for role in admin.ask("GET", f"/admin/realms/acme/clients/{management}/roles") if role["name"] == "realm-admin"]
    admin.ask("POST", f"/admin/realms/acme/groups/{group}/role-mappings/clients/{management}", roles)
    for login in ("alice", "bob", "dave"):
        admin.ask("PUT", f"/admin/realms/acme/users/{ids[login]}/groups/{group}", {})


def seen_by(name):
    port = int(re.search(r":(\d+)$", BASE).group(1))
    return Seen("keycloak", port, {"client_id": name, "client_secret": "s3cret-" + name}, {"realm": "acme", "admins": ["alice"]}, timeout_ms=110000)


@test
def people_roles_and_factors():
    seen = seen_by("looks")
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    assert len(seen.request("users")["items"]) == 125 and seen.request("users")["complete"]
    for login, factor, matrix in (("alice", "pass mfa.has-factor", "pass access.approved-admin"), ("bob", "fail mfa.none", "fail access.unapproved-admin"),
                                  ("carol", "pass mfa.not-admin", "pass access.no-admin-right"), ("dave", "unprovable mfa.signs-in-elsewhere", "fail access.unapproved-admin"),
                                  ("gone", "pass mfa.inactive", "pass access.inactive")):
        seen.expect("mfa.factor", factor, "account:keycloak/acme/" + login)
        seen.expect("access.matrix", matrix, "account:keycloak/acme/" + login)
    assert sorted(seen.proposals("team")["keycloak/acme/Site-admins"]["members"]) == ["alice", "bob", "dave"]
    assert not seen.holds("s3cret") and not seen.holds("secretData") and not seen.holds("ABCDEFGHIJKLMNOPQRST")


@test
def a_client_that_could_write():
    seen = seen_by("writes")
    seen.expect("source.read-only", "fail source.can-write")
    assert seen.powers() == ["manage-users"]


@test
def a_client_without_rights():
    seen = seen_by("blind")
    assert seen.said("source.complete")[0].startswith(("error source.forbidden", "fail source.incomplete")), seen.said("source.complete")


@test
def a_wrong_secret():
    port = int(re.search(r":(\d+)$", BASE).group(1))
    Seen("keycloak", port, {"client_id": "looks", "client_secret": "wrong"}, {"realm": "acme"}).expect("source.complete", "error source.unauthorised")


if __name__ == "__main__":
    place = tempfile.mkdtemp(prefix="vogt-keycloak-")
    try:
        keycloak_home = fetch(place)
        keycloak_port = free_port()
        BASE = f"http://127.0.0.1:{keycloak_port}"
        with open(os.path.join(place, "log"), "wb") as keycloak_log, keycloak(keycloak_home, keycloak_port, keycloak_log):
            prepare()
            status = main()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.exit(status)
