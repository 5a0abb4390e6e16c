"""Every figure of Vogt beside its floor, from one run: bench/run.py BUILD [WORD]. Nothing here fails on slowness; it prints what came out."""
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from scenario import Daemon  # noqa: E402  the daemon of the tests is the daemon measured

PROGRAMS = ["bench_crypto", "bench_json", "bench_channel", "bench_store", "bench_ledger", "bench_tasks", "bench_estate", "bench_gate", "bench_transit"]
ROUNDS = 5
WARM_UP = 1.25  # load runs 0.5 s before the 2 s that it counts


def load(build, port, path, token=""):
    command = [os.path.join(build, "load"), str(port), path, "64", "2"] + ([token] if token else [])
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def cpu_us(process):
    """Processor time so far of a server and its children: what other load on the machine does not bend."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False).stdout.split()
    ticks = 0
    for pid in [str(process.pid), *children]:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass  # a role that just ended
    return ticks * 1000000 // os.sysconf("SC_CLK_TCK")


def whole_daemon(build):
    """gate -> keep -> store and back: the checkpoint, which store reads for every request, beside libmicrohttpd's static reply of the same size."""
    floor = subprocess.Popen([os.path.join(build, "bench_gate"), "floor"], stdout=subprocess.PIPE, text=True)
    try:
        floor_port = int(floor.stdout.readline())
        with Daemon() as vogt:
            vogt.call("POST", "/v1/ledger/evidence/checkpoint", {})
            rows = {"libmicrohttpd, static": [], "gate, keep": [], "gate, keep, store": []}
            for _ in range(ROUNDS):
                for name, server, port, path in (("libmicrohttpd, static", floor, floor_port, "/"), ("gate, keep", vogt.process, vogt.port, "/v1/sys/seal-status"),
                                                 ("gate, keep, store", vogt.process, vogt.port, "/ledger/evidence/checkpoint")):
                    before_us = cpu_us(server)
                    found = load(build, port, path)
                    found["cpu_us"] = (cpu_us(server) - before_us) / (found["requests"] * WARM_UP)
                    rows[name].append(found)
    finally:
        floor.terminate()
        floor.wait()
    median = {name: statistics.median(row["requests_per_second"] for row in found) for name, found in rows.items()}
    bare = median["libmicrohttpd, static"]
    for name, found in rows.items():
        print(f"{name}: {median[name]:.0f} requests/s, {100 * median[name] / bare:.0f} % of the floor, p99 {statistics.median(row['p99_us'] for row in found):.0f} us, "
              f"{statistics.median(row['cpu_us'] for row in found):.1f} us of processor time a request, {found[0]['reply_bytes']} bytes")
    print("bar: gate, keep, store at least 40 %")


def transit(build):
    """Batches of a megabyte over TLS: gate, keep, store (every request is recorded) and back, with the client on the same two cores. The floor is what openssl says of the cipher."""
    said = subprocess.run(["openssl", "speed", "-mr", "-evp", "aes-256-gcm", "-bytes", str(1 << 20), "-seconds", "2"], capture_output=True, text=True, check=True).stdout
    print(f"openssl speed, AES-256-GCM: {float(said.strip().split(':')[-1]) / 1e6:.0f} MB/s")
    with Daemon() as vogt, tempfile.TemporaryDirectory() as folder:
        code = vogt.ready["login_link"].split("#login=")[1]
        token = vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]
        for path, body in (("sys/mounts/transit", {"type": "transit"}), ("transit/keys/k", {})):
            assert vogt.call("POST", "/v1/" + path, body, token)[0] < 300
        for count in (1, 16, 256):
            plain = [{"plaintext": base64.b64encode(os.urandom((1 << 20) // count)).decode()} for _ in range(count)]
            sealed = vogt.call("POST", "/v1/transit/encrypt/k", {"batch_input": plain}, token)[1]["data"]["batch_results"]
            for verb, batch in (("encrypt", plain), ("decrypt", [{"ciphertext": one["ciphertext"]} for one in sealed])):
                file = os.path.join(folder, "body")
                with open(file, "w", encoding="ascii") as stream:
                    json.dump({"batch_input": batch}, stream)
                found, spent = [], []
                for _ in range(ROUNDS):
                    before_us = cpu_us(vogt.process)
                    one = json.loads(subprocess.run([os.path.join(build, "load"), str(vogt.port), f"/v1/transit/{verb}/k", "4", "2", token, file], capture_output=True, check=True).stdout)
                    found.append(one["requests_per_second"])
                    spent.append((cpu_us(vogt.process) - before_us) / (one["requests"] * WARM_UP))
                rate = statistics.median(found) * (1 << 20) / 1e6
                print(f"transit {verb}, {count} x {(1 << 20) // count} bytes: {rate:.0f} MB/s end to end (bar: 150), {statistics.median(spent) / 1000:.2f} ms of processor time of all roles a batch")


def idle():
    """Memory (PSS over all processes) and the time from the start to READY."""
    sums, starts = [], []
    for _ in range(ROUNDS):
        with Daemon() as vogt:
            log = vogt.read_log()
            starts += [json.loads(line)["after_ms"] for line in log.splitlines() if '"parent.ready"' in line]
            sums.append(vogt.memory_kib())
    print(f"idle memory: {statistics.median(sums) / 1024:.1f} MiB PSS over all processes (bar: 40)")
    print(f"ready: {statistics.median(starts):.0f} ms after the start (bar: 300)")


def main():
    build = os.path.abspath(sys.argv[1])
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    os.environ["VOGT_BUILD"] = build
    subprocess.check_call(["ninja", "-C", build, "load", "fill", "bench_tls", *PROGRAMS], stdout=subprocess.DEVNULL)
    for name in PROGRAMS:
        if word in name:
            print(f"== {name}", flush=True)
            subprocess.run([os.path.join(build, name)], cwd=ROOT, check=False, stderr=subprocess.DEVNULL)
    if word in "bench_tls":
        print("== bench_tls", flush=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "bench", "bench_tls.py"), build], cwd=ROOT, check=False)
    if word in "bench_leases":
        print("== bench_leases", flush=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "bench", "bench_leases.py"), build], cwd=ROOT, check=False)
    if word in "bench_requests":
        print("== bench_requests", flush=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "bench", "bench_requests.py"), build], cwd=ROOT, check=False)
    if word in "daemon":
        print("== daemon", flush=True)
        idle()
        whole_daemon(build)
    if word in "transit":
        print("== transit", flush=True)
        transit(build)


if __name__ == "__main__":
    main()
