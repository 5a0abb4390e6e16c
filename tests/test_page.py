"""The page in Debian's Chromium: its own suite against a fixture server under gate's policy (axe, keyboard, languages, the ledger check), then a walk through a running Vogt."""
import os
import subprocess
import sys
import tempfile

from scenario import ROOT, Daemon, is_sanitized, main

UI = os.path.join(ROOT, "ui")


def node(*arguments):
    done = subprocess.run(["node", *arguments], cwd=UI, capture_output=True, text=True, timeout=570, check=False)
    lines = [line for line in done.stdout.splitlines() if " passed, " in line]
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return lines[-1] if lines else "no count"


def the_page_against_fixtures():
    return node("tests/page.mjs")


def the_page_against_a_running_vogt():
    with Daemon() as vogt, tempfile.TemporaryDirectory() as pictures:
        annex = open(os.path.join(ROOT, "examples", "annex.de.md"), "rb").read()
        assert vogt.call("POST", "/v1/annex/adopt?name=annex.de.md", annex)[0] == 200
        assert vogt.call("POST", "/v1/observe", {})[0] == 200
        return node("tests/live.mjs", vogt.address, vogt.ready["login_link"], pictures)


def run(tests):
    if not os.path.exists("/usr/bin/chromium") or not os.path.isdir(os.path.join(UI, "node_modules")):
        print("the page's packages or Chromium are not installed: make build, apt-get install chromium")
        sys.exit(77)
    if is_sanitized():
        print("the page holds no C: make test runs it")
        sys.exit(77)
    main(tests)


if __name__ == "__main__":
    run([the_page_against_fixtures, the_page_against_a_running_vogt])
