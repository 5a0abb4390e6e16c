#!/usr/bin/env python3
"""Takes the pictures of the README anew, of a Vogt with the English example: tools/pictures.py BUILD [FOLDER]. Needs what the page's tests need."""
import json
import os
import subprocess
import sys

FOLDER = sys.argv[2:]  # imports below take the arguments for their own
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from scenario import Daemon  # noqa: E402: where the tests are, is said above
from test_rotation import Target  # noqa: E402


def main():
    folder = os.path.abspath(FOLDER[0]) if FOLDER else os.path.join(ROOT, "docs", "pictures")
    with Daemon() as vogt, Target("first one") as target, open(os.path.join(ROOT, "examples", "annex.en.md"), "rb") as annex:
        assert vogt.call("POST", "/v1/annex/adopt?name=annex.en.md", annex.read())[0] == 200
        assert vogt.call("POST", "/v1/observe", {})[0] == 200
        subprocess.run(["node", "tests/pictures.mjs", vogt.address, vogt.ready["login_link"], json.dumps(target.fields()), folder], cwd=os.path.join(ROOT, "ui"), check=True, timeout=600)


if __name__ == "__main__":
    main()
