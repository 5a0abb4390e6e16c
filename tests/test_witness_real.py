"""A witness that others wrote, litewitness (filippo.io/torchwood), cosigns Vogt's logs. Needs it beside ssh-agent; without: not run here (77).

    GOBIN=/usr/local/bin go install filippo.io/torchwood/cmd/litewitness@v0.9.0
"""
import base64
import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from scenario import free_port, main, wait_until
from test_witness import add_evidence, cosigned, publish, running, signatures, states, status

PROGRAM = os.environ.get("VOGT_LITEWITNESS") or shutil.which("litewitness")


class Litewitness:
    """The program with its own agent and database; logs are made known to it in its database, as its witnessctl does."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.database, self.agent_socket, self.log = (os.path.join(folder, name) for name in ("witness.db", "agent", "witness.log"))
        self.processes = []

    def start(self):
        key = os.path.join(self.folder, "key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        self.processes.append(subprocess.Popen(["ssh-agent", "-D", "-a", self.agent_socket], stdout=subprocess.DEVNULL))
        wait_until(lambda: os.path.exists(self.agent_socket), what="the agent")
        subprocess.run(["ssh-add", "-q", key], check=True, env={**os.environ, "SSH_AUTH_SOCK": self.agent_socket})
        fingerprint = subprocess.run(["ssh-keygen", "-l", "-f", key], check=True, capture_output=True, text=True).stdout.split()[1]
        with open(self.log, "wb") as log:
            self.processes.append(subprocess.Popen([PROGRAM, "-db", self.database, "-name", "witness.example/real", "-ssh-agent", self.agent_socket, "-key", fingerprint,
                                                    "-listen", f"127.0.0.1:{self.port}"], stdout=log, stderr=log))
        self.vkey = wait_until(lambda: re.search(r'vkey="?([^"\s]+)', self.read_log()), what="the witness's key").group(1)
        return self

    def read_log(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def stop(self):
        while self.processes:
            process = self.processes.pop()
            process.terminate()
            process.wait(timeout=10)

    def know(self, one):
        with contextlib.closing(sqlite3.connect(self.database, timeout=10)) as database, database:
            database.execute("INSERT INTO log VALUES (?, 0, ?)", (one["origin"], base64.b64encode(hashlib.sha256(b"").digest()).decode()))
            database.execute("INSERT INTO key VALUES (?, ?)", (one["origin"], one["vkey"]))


def a_real_witness_cosigns_a_growing_log():
    with tempfile.TemporaryDirectory() as folder:
        witness = Litewitness(folder)
        try:
            witness.start()
            block = f'witness "real" {{\n  url = "http://127.0.0.1:{witness.port}"\n  vkey = "{witness.vkey}"\n}}\n'
            with running(block) as vogt:
                publish(vogt)
                refused = wait_until(lambda: [one for one in status(vogt)["witnesses"] if one["reason"]], what="a refusal")[0]
                assert refused["reason"]["id"] == "unknown-log", refused
                for log in ("evidence", "audit"):
                    witness.know(status(vogt, log))
                sizes = []
                for _ in range(3):
                    sizes.append(cosigned(vogt)["published_size"])
                    note = vogt.call("GET", "/v1/ledger/evidence/tile/checkpoint", token="", raw=True)[1]
                    assert len(signatures(note, witness.vkey)) == 1, note
                    add_evidence(vogt)
                assert sizes == sorted(set(sizes)) and states(vogt) == ["first"], (sizes, states(vogt))
        finally:
            witness.stop()


if __name__ == "__main__":
    if PROGRAM is None or shutil.which("ssh-agent") is None:
        print("no litewitness and ssh-agent here: see the head of this file")
        sys.exit(77)
    main([a_real_witness_cosigns_a_growing_log])
