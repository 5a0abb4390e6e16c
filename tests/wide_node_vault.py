#!/usr/bin/env python3
"""node-vault, from npm, against a whole Vogt over TLS: kv in both versions, AppRole, userpass, tokens, policies, mounts (tests/node_vault.js).

usage: wide_node_vault.py BUILD       Without node, npm or the package it exits with 77.
"""
import os
import shutil
import subprocess
import sys
import tempfile

from scenario import Daemon, main

VERSION = "0.12.0"
HERE = os.path.dirname(os.path.abspath(__file__))


def not_here(reason):
    print(f"wide_node_vault: {reason}")
    sys.exit(77)


def fetch(directory):
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            not_here(f"{program} is not installed")
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", f"node-vault@{VERSION}"], cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        not_here("node-vault could not be had: " + (done.stderr.strip().splitlines() or ["no reason given"])[-1][:200])


def node_vault_works_unchanged():
    with tempfile.TemporaryDirectory(prefix="vogt-test-") as directory:
        fetch(directory)
        shutil.copy(os.path.join(HERE, "node_vault.js"), directory)
        with Daemon() as vogt:
            token = vogt.call("POST", "/v1/auth/link/login", {"code": vogt.ready["login_link"].split("#login=")[1]}, token="")[1]["auth"]["client_token"]
            environment = dict(os.environ, VAULT_ADDR=vogt.address, VAULT_TOKEN=token, NODE_EXTRA_CA_CERTS=os.path.join(vogt.directory, "tls.pem"))
            done = subprocess.run(["node", "node_vault.js"], cwd=directory, env=environment, capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0 and done.stdout.strip() == "done", done.stdout + done.stderr


if __name__ == "__main__":
    main([node_vault_works_unchanged])
