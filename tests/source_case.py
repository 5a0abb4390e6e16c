"""What the tests of sources share: collect and judge through collect_run, and look at what was said."""
import json
import shutil
import subprocess
import sys
import time

import cases

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def run(request, expect_refusal=False):
    done = subprocess.run([sys.argv[1]], input=json.dumps(request), capture_output=True, text=True, timeout=130)
    if expect_refusal:
        assert done.returncode == 1, done.stdout[:500]
        return done.stderr
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def source_input(kind, port, credential, options, timeout_ms):
    return {"kind": kind, "address": f"http://127.0.0.1:{port}", "port": port, "credential": credential, "options": options, "timeout_ms": timeout_ms}


class Seen:
    """One run at a source: facts, observations, proposals."""

    def __init__(self, kind, port, credential, options=None, *, estate=None, timeout_ms=20000, judged=None):
        self.source_options = options or {}
        begin = time.monotonic()
        self.output = run({"collect": "collect.source", "judge": "judge.source", "subject": {"kind": "source", "name": "test"},
                           "input": source_input(kind, port, credential, self.source_options, timeout_ms),
                           "options": judged if judged is not None else self.source_options, "estate": estate or {}})
        assert time.monotonic() - begin < timeout_ms / 1000 + 10
        assert self.output["plant"]["caught"], self.output["plant"]
        for sentence in self.output["sentences"]:
            assert "?" not in sentence, sentence
        self.facts = self.output["facts"]

    def request(self, name):
        return next(request for request in self.facts["requests"] if request["name"] == name)

    def said(self, kind, subject=None):
        return [f"{one['outcome']} {one['reason']}" for one in self.output["observations"] if one["kind"] == kind and one.get("subject") == subject]

    def expect(self, kind, wanted, subject=None):
        got = self.said(kind, subject)
        assert got == [wanted], f"{kind} of {subject}: {got}, wanted {wanted}; requests: {json.dumps(self.facts['requests'])[:1500]}"

    def proposals(self, kind):
        return {one["name"]: one["attributes"] for one in self.output.get("proposals", []) if one["kind"] == kind}

    def powers(self):
        return [one["values"]["power"] for one in self.output.get("powers", [])]

    def holds(self, word):
        return word in json.dumps(self.facts)


def main(directory=None):
    code = cases.run(TESTS)
    if directory:
        shutil.rmtree(directory, ignore_errors=True)
    return code
