"""What clients of secrets do, from a second process over TLS 1.3 with keep-alive: bench/bench_requests.py BUILD [ROUNDS [SECONDS]]. Reads, durable writes and logins, each beside
libmicrohttpd's static reply, with the processor time that each process spends on a request: what other load on the machine does not bend. Every request stands in the audit log."""
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from scenario import Daemon  # noqa: E402

SECRETS, PATHS = 1000, 10000
WARM_UP_SECONDS = 0.5  # of `load`, whose processor time counts too
TICKS = os.sysconf("SC_CLK_TCK")
POLICY = 'path "kv/*" { capabilities = ["create", "read", "update"] }'
BARS = {"kv v2 reads": "at least 25,000/s", "kv v2 writes": "at least 12,000/s at 64 connections, p99 under 10 ms", "AppRole logins": "at least 3,000/s"}


def cpu_us(pids):
    """Processor time so far of each process, by its name."""
    spent = {}
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            name, fields = file.read().split("(", 1)[1].rsplit(")", 1)
        fields = fields.split()
        spent[name.removeprefix("vogt-")] = spent.get(name.removeprefix("vogt-"), 0) + (int(fields[11]) + int(fields[12])) * 1000000 // TICKS
    return spent


def children(process):
    return [str(process.pid), *subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False).stdout.split()]


class Bench:
    def __init__(self, build, vogt, rounds, seconds):
        self.build, self.vogt, self.rounds, self.seconds, self.found = build, vogt, rounds, seconds, {}

    def call(self, method, path, body=None, token=None):
        status, answer = self.vogt.call(method, "/v1/" + path, body, token=self.admin if token is None else token)
        assert status in (200, 204), (path, status, answer)
        return answer

    def set_up(self):
        self.admin = self.vogt.call("POST", "/v1/auth/link/login", {"code": self.vogt.ready["login_link"].split("#login=")[1]}, token="")[1]["auth"]["client_token"]
        self.call("POST", "sys/mounts/kv", {"type": "kv", "options": {"version": "2"}})
        self.call("POST", "sys/auth/approle", {"type": "approle"})
        self.call("POST", "sys/policies/acl/app", {"policy": POLICY})
        self.call("POST", "auth/approle/role/app", {"role_id": "app", "token_policies": "app", "token_ttl": "1h"})
        self.secret_id = self.call("POST", "auth/approle/role/app/secret-id", {})["data"]["secret_id"]
        self.token = self.call("POST", "auth/approle/login", {"role_id": "app", "secret_id": self.secret_id}, token="")["auth"]["client_token"]
        self.load(self.vogt.port, "/v1/kv/data/app/{number}", self.token, self.secret(), SECRETS, seconds=1)  # so that all can be read

    @staticmethod
    def secret():
        return json.dumps({"data": {"user": "app", "password": "correct horse battery {number}"}})

    def load(self, port, path, token="", body="", numbers=0, seconds=None):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
            file.write(body)
            file.flush()
            command = [os.path.join(self.build, "load"), str(port), path, "64", str(seconds or self.seconds), token, file.name if body else "-", str(numbers)]
            return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def measure(self, name, process, *load):
        pids = children(process)
        before = cpu_us(pids)
        found = self.load(*load)
        after, count = cpu_us(pids), found["requests"] * (self.seconds + WARM_UP_SECONDS) / self.seconds
        found["cpu"] = {role: (after[role] - before[role]) / count for role in after}
        self.found.setdefault(name, []).append(found)

    def run(self, floor, floor_port):
        login = json.dumps({"role_id": "app", "secret_id": self.secret_id})
        for _ in range(self.rounds):
            self.measure("libmicrohttpd, static", floor, floor_port, "/")
            self.measure("kv v2 reads", self.vogt.process, self.vogt.port, "/v1/kv/data/app/{number}", self.token, "", SECRETS)
            self.measure("kv v2 writes", self.vogt.process, self.vogt.port, "/v1/kv/data/written/{number}", self.token, self.secret(), PATHS)
            self.measure("AppRole logins", self.vogt.process, self.vogt.port, "/v1/auth/approle/login", "", login)

    def tell(self):
        rate = {name: statistics.median(one["requests_per_second"] for one in found) for name, found in self.found.items()}
        for name, found in self.found.items():
            cpu = {role: statistics.median(one["cpu"][role] for one in found) for role in found[0]["cpu"]}
            parts = ", ".join(f"{role} {us:.1f}" for role, us in sorted(cpu.items(), key=lambda item: -item[1]) if us >= 0.05)
            print(f"{name}: {rate[name]:.0f}/s, {100 * rate[name] / rate['libmicrohttpd, static']:.0f} % of the floor, p50 {statistics.median(one['p50_us'] for one in found) / 1000:.2f} ms, "
                  f"p99 {statistics.median(one['p99_us'] for one in found) / 1000:.2f} ms, {sum(one['bad'] for one in found)} failed; {sum(cpu.values()):.1f} us of processor time a request ({parts})"
                  + (f"; bar: {BARS[name]}" if name in BARS else ""), flush=True)


def main():
    build = os.path.abspath(sys.argv[1])
    rounds, seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 5, float(sys.argv[3]) if len(sys.argv) > 3 else 2.0
    floor = subprocess.Popen([os.path.join(build, "bench_gate"), "floor"], stdout=subprocess.PIPE, text=True)
    try:
        floor_port = int(floor.stdout.readline())
        with Daemon() as vogt:
            bench = Bench(build, vogt, rounds, seconds)
            bench.set_up()
            bench.run(floor, floor_port)
            bench.tell()
    finally:
        floor.terminate()
        floor.wait()


if __name__ == "__main__":
    main()
