#!/usr/bin/env python3
"""The source "forgejo" against a real Gitea on loopback: users, organisations, repositories, tokens that may only read and tokens that may more.

usage: wide_gitea.py BUILD       Gitea is built from its Go module; without Go, git or the module it exits with 77.
"""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("VOGT_BUILD", "build"))
sys.argv[1:] = [os.path.join(BUILD, "src", "collect", "collect_run")]
from source_case import Seen, main, test  # noqa: E402: it reads the program's path from the arguments

VERSION = "v1.25.5"
READS = "read:admin,read:organization,read:repository,read:user"
PORT, TOKENS = 0, {}


def not_here(reason):
    print(f"wide_gitea: {reason}")
    sys.exit(77)


def build(directory):
    for program in ("go", "git"):
        if shutil.which(program) is None:
            not_here(f"{program} is not installed")
    done = subprocess.run(["go", "mod", "download", "-json", "code.gitea.io/gitea@" + VERSION], cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    module = json.loads(done.stdout or "{}").get("Dir")
    if done.returncode != 0 or not module:
        not_here("the module of Gitea could not be had")
    source = os.path.join(directory, "source")
    shutil.copytree(module, source)
    subprocess.run(["chmod", "-R", "u+w", source], check=True)
    done = subprocess.run(["go", "build", "-tags", "sqlite sqlite_unlock_notify", "-o", os.path.join(directory, "gitea"), "."], cwd=source, capture_output=True, text=True, timeout=1500, check=False)
    if done.returncode != 0:
        not_here("Gitea could not be built: " + done.stderr.strip().splitlines()[-1][:200])
    return source


def configure(directory, source, port):
    path = os.path.join(directory, "app.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""RUN_USER = root
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = {directory}
[database]
DB_TYPE = sqlite3
PATH = {directory}/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = {"a" * 40}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
DISABLE_SSH = true
OFFLINE_MODE = true
STATIC_ROOT_PATH = {source}
ROOT_URL = http://127.0.0.1:{port}/
[log]
LEVEL = error
""")
    return path


def gitea(directory, *arguments):
    done = subprocess.run([os.path.join(directory, "gitea"), *arguments, "-c", os.path.join(directory, "app.ini")], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    return done.stdout.strip().splitlines()[-1]


def ask(method, path, content=None, token="all"):
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/api/v1{path}", data, {"Authorization": "token " + TOKENS[token], "Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as reply:
        text = reply.read()
        return json.loads(text) if text else None


@contextlib.contextmanager
def serving(directory):
    with open(os.path.join(directory, "log.txt"), "wb") as log:
        process = subprocess.Popen([os.path.join(directory, "gitea"), "web", "-c", os.path.join(directory, "app.ini")], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        for _ in range(120):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/v1/version", timeout=5):
                break
            assert process.poll() is None, "Gitea ended"
            time.sleep(0.5)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()


def prepare(directory):
    gitea(directory, "migrate")
    gitea(directory, "admin", "user", "create", "--admin", "--username", "keeper", "--password", "hunter2hunter2", "--email", "keeper@example.org", "--must-change-password=false")
    for name, scopes in (("reads", READS), ("all", "all"), ("blind", "read:user"), ("repository", READS.replace("read:repository", "write:repository"))):
        TOKENS[name] = gitea(directory, "admin", "user", "generate-access-token", "--username", "keeper", "--token-name", name, "--scopes", scopes, "--raw")


def fill():
    for number in range(59):
        ask("POST", "/admin/users", {"username": f"user-{number}", "email": f"user-{number}@example.org", "password": "hunter2hunter2", "must_change_password": False})
    ask("PATCH", "/admin/users/user-1", {"login_name": "user-1", "source_id": 0, "prohibit_login": True})
    ask("POST", "/orgs", {"username": "shop"})
    team = ask("POST", "/orgs/shop/teams", {"name": "coders", "permission": "write", "units": ["repo.code"]})
    ask("PUT", f"/teams/{team['id']}/members/user-2")
    ask("POST", "/orgs/shop/repos", {"name": "web", "private": True})


@test
def the_whole_instance():
    seen = Seen("forgejo", PORT, {"token": TOKENS["reads"]}, {"admins": ["keeper"]}, timeout_ms=60000)
    host = f"forgejo/127.0.0.1:{PORT}/"
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("source.read-only", "pass source.reads-only")
    assert len(seen.request("users")["items"]) == 60, "two pages of fifty"
    for login, factor, unused, matrix in (("keeper", "unprovable mfa.no-field", "pass access.used", "pass access.approved-admin"), ("user-0", "pass mfa.not-admin", "pass access.used", "pass access.no-admin-right"),
                                          ("user-1", "pass mfa.inactive", "pass access.inactive", "pass access.inactive")):
        seen.expect("mfa.factor", factor, "account:" + host + login)
        seen.expect("access.unused-rights", unused, "account:" + host + login)
        seen.expect("access.matrix", matrix, "account:" + host + login)
    assert seen.proposals("repository")[host + "shop/web"]["private"] is True and host + "shop" in seen.proposals("team")
    assert not seen.holds(TOKENS["reads"])


@test
def one_organisation():
    seen = Seen("forgejo", PORT, {"token": TOKENS["reads"]}, {"org": "shop", "admins": ["keeper"]})
    host = f"forgejo/127.0.0.1:{PORT}/"
    seen.expect("source.complete", "pass source.all-read")
    seen.expect("access.matrix", "pass access.approved-admin", "account:" + host + "keeper")
    seen.expect("access.matrix", "pass access.no-admin-right", "account:" + host + "user-2")
    assert seen.proposals("team")[host + "shop/coders"]["members"] == ["user-2"]


@test
def tokens():
    seen = Seen("forgejo", PORT, {"token": TOKENS["all"]})
    seen.expect("source.read-only", "fail source.can-write")
    seen = Seen("forgejo", PORT, {"token": TOKENS["repository"]})
    seen.expect("source.read-only", "fail source.can-write")
    assert seen.powers() == ["write:repository"], seen.powers()
    seen = Seen("forgejo", PORT, {"token": TOKENS["blind"]})
    seen.expect("source.complete", "error source.forbidden")
    Seen("forgejo", PORT, {"token": "0" * 40}).expect("source.complete", "error source.unauthorised")
    assert len(ask("GET", "/user/emails")) == 1, "the attempt changed nothing"


if __name__ == "__main__":
    place = tempfile.mkdtemp(prefix="vogt-gitea-")
    try:
        gitea_source = build(place)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            PORT = probe.getsockname()[1]
        configure(place, gitea_source, PORT)
        prepare(place)
        with serving(place):
            fill()
            status = main()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.exit(status)
