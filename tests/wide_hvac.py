#!/usr/bin/env python3
"""The newest hvac (PyPI) where Debian's serves otherwise: every scenario that asks with hvac runs once more with it.

usage: wide_hvac.py BUILD       Without the package it exits with 77.
"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("VOGT_BUILD", "build"))
VERSION = "2.4.0"
LINE = re.compile(r"^(\d+) passed, (\d+) failed", re.M)


def scenarios():
    for name in sorted(os.listdir(HERE)):
        if name.startswith("test_") and name.endswith(".py"):
            with open(os.path.join(HERE, name), encoding="utf-8") as stream:
                if re.search(r"^\s*(import hvac$|from vault_client import)", stream.read(), re.M):
                    yield name


def main():
    with tempfile.TemporaryDirectory() as folder:
        # what else the scenarios import (cryptography) is Debian's
        subprocess.run(["/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", folder], check=True)
        place = subprocess.run([os.path.join(folder, "bin", "python"), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], capture_output=True, text=True, check=True).stdout.strip()
        done = subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--only-binary=:all:", "--target", place, "hvac==" + VERSION], capture_output=True, text=True,
                              check=False, timeout=300)
        if done.returncode != 0:
            print("wide_hvac: hvac could not be had: " + (done.stderr.strip().splitlines() or ["?"])[-1][:200])
            sys.exit(77)
        python = os.path.join(folder, "bin", "python")
        used = subprocess.run([python, "-c", "import importlib.metadata as m; print(m.version('hvac'))"], capture_output=True, text=True, check=True).stdout.strip()
        assert used == VERSION, used
        passed = failed = 0
        for name in scenarios():
            done = subprocess.run([python, os.path.join(HERE, name), BUILD], capture_output=True, text=True, check=False, timeout=900)
            lines = LINE.findall(done.stdout)
            print(f"{'ok' if done.returncode == 0 else 'FAIL'}   {name} with hvac {used}", flush=True)
            if done.returncode != 0:
                print("\n".join((done.stdout + done.stderr).splitlines()[-40:]))
            passed += int(lines[-1][0]) if lines else int(done.returncode == 0)
            failed += int(lines[-1][1]) if lines and int(lines[-1][1]) else int(done.returncode != 0)
        print(f"{passed} passed, {failed} failed")
        sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
