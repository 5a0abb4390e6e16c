"""docs/vault-compatibility.md is what the tables of routes say, and its rows mean what they say to a real Vogt.

Run: python3 tests/test_compatibility.py [BUILD_DIRECTORY]
"""
import os
import re
import subprocess

from scenario import ROOT, main
from test_secret import Store

from daemon import program

PAGE = os.path.join(ROOT, "docs", "vault-compatibility.md")
ROW = re.compile(r"^\| ([A-Z, ]+) \| `([^`]+)` \| (done|different|not there)", re.M)


def rows():
    with open(PAGE, encoding="utf-8") as stream:
        text = stream.read().split("## Beside Vault's documentation")[0]
    return [(method, path, state) for methods, path, state in ROW.findall(text) for method in methods.split(", ")]


def the_page_is_what_the_tables_say():
    made = subprocess.run([program("compatibility_page")], capture_output=True, text=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    with open(PAGE, encoding="utf-8") as stream:
        assert made.stdout == stream.read(), "write it anew: ninja -C build compatibility_page && build/compatibility_page > docs/vault-compatibility.md"


def what_must_be_there_is():
    state = {(method, path): word for method, path, word in rows()}
    assert len(state) > 900
    for method, path in (("GET", "secret/data/:path"), ("PATCH", "secret/data/:path"), ("LIST", "secret/metadata/:path"), ("POST", "sys/unseal"), ("POST", "sys/leases/renew"), ("POST", "auth/approle/login"),
                         ("POST", "auth/token/create"), ("POST", "transit/encrypt/:name"), ("POST", "sys/wrapping/unwrap")):
        assert state[method, path] == "done", (method, path, state[method, path])
    assert state["POST", "pki/root/generate/:type"] == "not there"


def rows_are_true_of_a_running_vogt():
    """What is not there is answered so; what is done is known, whatever the request lacks."""
    with Store() as vogt:
        for path, kind in (("secret", "kv"), ("transit", "transit")):
            vogt.call("POST", f"/v1/sys/mounts/{path}", {"type": kind, "options": {"version": "2"} if kind == "kv" else {}}, token=vogt.admin)
        for kind in ("approle", "userpass", "cert", "jwt", "oidc", "kubernetes"):
            status, reply = vogt.call("POST", f"/v1/sys/auth/{kind}", {"type": kind}, token=vogt.admin)
            assert status == 204, (kind, reply)
        asked = 0
        for method, path, state in rows():
            if method not in ("GET", "LIST") or "secret/:path" in path or "/init" in path:
                continue
            target = "/".join("name" if part.startswith(":") else part for part in path.split("/"))
            status, reply = vogt.call(method, "/v1/" + target, token=vogt.admin, raw=True)
            reply = reply[:300]
            missing = status == 405 or (status == 404 and "no handler for route" in str(reply)) or "unsupported path" in str(reply)
            assert missing == (state == "not there"), (method, path, state, status, reply)
            asked += 1
        return f"{asked} asked"


if __name__ == "__main__":
    main([the_page_is_what_the_tables_say, what_must_be_there_is, rows_are_true_of_a_running_vogt])
