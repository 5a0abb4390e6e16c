"""Mounts and leases as rows: what 10,000 mounts and 1,000,000 leases add to memory and start, and what reads feel while 100,000 leases, and then 100,000 tokens, end at once.

    bench/bench_leases.py BUILD [LEASES [ENDING [MOUNTS]]]

The floor is the same Vogt without them: its memory and start before they were put, and its reads in the same seconds before the revocation.
"""
import http.client
import json
import os
import re
import ssl
import statistics
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from scenario import Daemon  # noqa: E402

ROUNDS = 5
QUIET_SECONDS = 3  # the counters are a second old
DAY_S = "86400"
FLOOR_SECONDS = 10
STALL_MS = 50


def fill(vogt, *words):
    subprocess.run([os.path.join(os.environ["VOGT_BUILD"], "fill"), vogt.directory, *words], check=True)


def mount(vogt, token, count, threads=4):
    """Mounts of kv, made by clients: m0, m1…"""
    def make(first):
        context = ssl.create_default_context(cafile=os.path.join(vogt.directory, "tls.pem"))
        context.check_hostname = False
        host, port = re.fullmatch(r"https://(.+):(\d+)", vogt.address).groups()
        connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=60)
        for number in range(first, count, threads):
            connection.request("POST", f"/v1/sys/mounts/m{number}", json.dumps({"type": "kv", "options": {"version": "2"}}), {"X-Vault-Token": token})
            answer = connection.getresponse()
            answer.read()
            failed.extend([answer.status] if answer.status != 204 else [])

    failed = []
    makers = [threading.Thread(target=make, args=(first,)) for first in range(threads)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert not failed, failed[:3]


def idle(vogt):
    """Medians of memory and of the time to READY, over starts of a stopped Vogt."""
    sums, starts = [], []
    for _ in range(ROUNDS):
        vogt.start()
        time.sleep(QUIET_SECONDS)
        sums.append(vogt.memory_kib())
        starts.append(vogt.ready_ms)
        vogt.stop()
    return statistics.median(sums) / 1024, statistics.median(starts)


class Reader(threading.Thread):
    """Reads one secret over one connection, again and again, and notes how long each read took."""

    def __init__(self, vogt, token):
        super().__init__(daemon=True)
        context = ssl.create_default_context(cafile=os.path.join(vogt.directory, "tls.pem"))
        context.check_hostname = False
        host, port = re.fullmatch(r"https://(.+):(\d+)", vogt.address).groups()
        self.connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=60)
        self.token, self.taken_ms, self.ends = token, [], False

    def run(self):
        while not self.ends:
            start = time.perf_counter()
            self.connection.request("GET", "/v1/lend/secret", headers={"X-Vault-Token": self.token})
            answer = self.connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            self.taken_ms.append((time.perf_counter() - start) * 1000)

    def stop(self):
        self.ends = True
        self.join()
        return sorted(self.taken_ms)


def cpu_ms(vogt):
    """Processor time so far of all of Vogt's processes: what other work on the machine does not bend."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(vogt.process.pid)], capture_output=True, text=True, check=False).stdout.split()
    ticks = 0
    for pid in children:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass  # a role that just ended
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def told(name, taken_ms):
    at = len(taken_ms)
    late = sum(1 for taken in taken_ms if taken > STALL_MS)
    return f"{name}: {at} reads, median {taken_ms[at // 2]:.2f} ms, p99 {taken_ms[at * 99 // 100]:.2f} ms, longest {taken_ms[-1]:.1f} ms, {late} over {STALL_MS} ms"


def own_turns(vogt, admin):
    """Keep's own turns so far: the slices in which things end."""
    counters = vogt.call("GET", "/v1/sys/status", token=admin)[1]["data"]["counters"]
    return counters["turns"] - counters["requests"]


def wait_for_quiet(vogt, admin):
    """Until keep has next to nothing of its own to do; listing what is left would be a load itself."""
    last = own_turns(vogt, admin)
    while True:
        time.sleep(QUIET_SECONDS)
        now = own_turns(vogt, admin)
        if now - last < 20 * QUIET_SECONDS:
            return
        last = now


def watched(vogt, admin, what, revoke, folder):
    """Reads before and during a revocation, until nothing is left of what it ended."""
    reader = Reader(vogt, admin)
    reader.start()
    time.sleep(FLOOR_SECONDS)
    before_ms = reader.stop()
    reader = Reader(vogt, admin)
    reader.start()
    start, cpu_start, slices = time.monotonic(), cpu_ms(vogt), own_turns(vogt, admin)
    status = revoke()
    said_ms = (time.monotonic() - start) * 1000
    assert status == 204, status
    wait_for_quiet(vogt, admin)
    seconds = time.monotonic() - start - QUIET_SECONDS
    during_ms = reader.stop()
    cpu_each = (cpu_ms(vogt) - cpu_start) / max(1, own_turns(vogt, admin) - slices)
    status, body = vogt.call("LIST", folder, token=admin)
    left = len(body["data"]["keys"]) if status == 200 else 0
    print(f"{what}: said after {said_ms:.1f} ms, ended after {seconds:.1f} s, {left} rows left in its list")
    print(f"  a slice costs {cpu_each:.1f} ms of processor time in all processes, the reads between slices included")
    print(told("  floor, nothing ends", before_ms))
    print(told("  while they end", during_ms) + " (bar: none)", flush=True)


def before_others():
    """Other work on the machine shall not bend the figures, where that is allowed."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except PermissionError:
        print("(without priority over other work on this machine)")


def main():
    before_others()
    leases = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    ending = int(sys.argv[3]) if len(sys.argv) > 3 else 100000
    mounts = int(sys.argv[4]) if len(sys.argv) > 4 else 10000
    with Daemon() as vogt:
        code = vogt.ready["login_link"].split("#login=")[1]
        admin = vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]
        vogt.call("POST", "/v1/sys/mounts/lend", {"type": "kv", "options": {"version": "1"}}, token=admin)
        vogt.call("POST", "/v1/lend/secret", {"value": "x" * 100}, token=admin)
        parent = vogt.call("POST", "/v1/auth/token/create", {"policies": ["default"], "ttl": "24h"}, token=admin)[1]["auth"]["client_token"]
        vogt.stop()
        floor = idle(vogt)
        print(f"without mounts and leases: {floor[0]:.1f} MiB PSS over all processes, ready {floor[1]:.0f} ms after the start", flush=True)
        vogt.start()
        start = time.monotonic()
        mount(vogt, admin, mounts)
        took = time.monotonic() - start
        vogt.stop()
        full = idle(vogt)
        print(f"with {mounts} mounts, made in {took:.0f} s: {full[0]:.1f} MiB, ready after {full[1]:.0f} ms: {full[0] - floor[0]:+.1f} MiB, {full[1] - floor[1]:+.0f} ms (bar: nothing)", flush=True)
        start = time.monotonic()
        fill(vogt, "leases", str(leases), "lend/creds/kept", DAY_S)
        size = os.path.getsize(os.path.join(vogt.directory, "vogt.db")) / (1 << 20)
        print(f"{leases} leases put in {time.monotonic() - start:.0f} s; the database has {size:.0f} MiB", flush=True)
        full = idle(vogt)
        print(f"with {leases} leases: {full[0]:.1f} MiB, ready after {full[1]:.0f} ms: {full[0] - floor[0]:+.1f} MiB, {full[1] - floor[1]:+.0f} ms (bar: nothing)", flush=True)
        fill(vogt, "leases", str(ending), "lend/creds/mass", DAY_S)
        fill(vogt, "children", str(ending), parent, DAY_S)
        vogt.start()
        watched(vogt, admin, f"{ending} leases end by their prefix", lambda: vogt.call("PUT", "/v1/sys/leases/revoke-prefix/lend/creds/mass", token=admin)[0],
                "/v1/sys/leases/lookup/lend/creds/mass")
        watched(vogt, admin, f"{ending} tokens end with their parent", lambda: vogt.call("POST", "/v1/auth/token/revoke", {"token": parent}, token=admin)[0],
                "/v1/auth/token/accessors")
        peak = vogt.memory_kib() / 1024
        print(f"memory after both: {peak:.1f} MiB")


if __name__ == "__main__":
    main()
