#!/usr/bin/env python3
"""Vault's official Go client against Vogt over TLS: tests/clients/go, built from its Go modules.

usage: wide_go_client.py BUILD       Without Go or the modules it exits with 77.
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.argv[1:] and os.environ.setdefault("VOGT_BUILD", os.path.abspath(sys.argv[1]))
from daemon import clean_environment  # noqa: E402
from vault_server import Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def build(folder):
    if shutil.which("go") is None:
        print("wide_go_client: go is not installed")
        sys.exit(77)
    source, program = os.path.join(folder, "source"), os.path.join(folder, "client")
    shutil.copytree(os.path.join(HERE, "clients", "go"), source)
    done = subprocess.run(["go", "build", "-o", program, "."], cwd=source, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0:
        print("wide_go_client: " + (done.stderr.strip().splitlines() or ["it was not built"])[-1][:200])
        sys.exit(77 if "dial tcp" in done.stderr or "no such host" in done.stderr else 1)
    return program


def main():
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        with Server.development() as server:
            done = subprocess.run([program], env=clean_environment(**server.environment(), UNSEAL_KEY=server.unseal_key), timeout=120, check=False)
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
