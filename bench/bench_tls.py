"""The TLS probe at many endpoints: bench/bench_tls.py BUILD [ENDPOINTS]. One nginx answers to every name; bars: one endpoint in a second, 1,000 in a minute on two cores."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests"))
from tls_servers import Servers  # noqa: E402

os.environ["VOGT_BUILD"] = os.path.abspath(sys.argv[1])
from daemon import ROOT, Daemon  # noqa: E402

WORKERS = 4  # of one reach
SETTINGS = {
    "TLS 1.3 alone": "ssl_protocols TLSv1.3;",
    "TLS 1.2 and 1.3": "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
}


def whole_daemon(port, count):
    """The same endpoints in the estate of a whole Vogt: reach, judge, keep and store, every observation recorded and every verdict written."""
    estate = 'host "this" {}\n' + "".join(f'endpoint "n{number}.vogt.test:{port}" {{ address = "127.0.0.1"  protocol = "https"  trust = "any" }}\n'.replace("  ", "\n")
                                          .replace("{ ", "{\n").replace(" }", "\n}") for number in range(count))
    with Daemon() as vogt, open(os.path.join(ROOT, "examples", "annex.en.md"), "rb") as annex:
        assert vogt.request("POST", "/v1/annex/adopt?name=annex.md", annex.read(), vogt.token())[0] == 200
        status, answer = vogt.api("POST", "estate", {"hcl": estate})
        assert status == 200, answer
        start = time.monotonic()
        status, answer = vogt.api("POST", "observe", {})
        assert status == 200, answer
        while vogt.api("GET", "observe")[1]["data"]["waiting"] > 0:
            time.sleep(0.5)
        seconds = time.monotonic() - start
        judged = vogt.api("GET", "observations?kind=tls.version&limit=500")[1]["data"]["observations"]
        passed = sum(one["outcome"] == "pass" for one in judged)
    print(f"whole Vogt: {count} endpoints observed, judged, recorded in {seconds:.1f} s; of the first {len(judged)} {passed} pass")


def main():
    program = os.path.join(os.path.abspath(sys.argv[1]), "bench_tls")
    endpoints = sys.argv[2] if len(sys.argv) > 2 else "1000"
    with Servers() as servers:
        servers.certificate("wild", names="DNS:*.vogt.test")
        blocks = [f'server_name *.vogt.test; {text} add_header Strict-Transport-Security "max-age=63072000" always;' for text in SETTINGS.values()]
        for name, port in zip(SETTINGS, servers.nginx(*blocks, name="wild")):
            for count, workers in (("1", 1), (endpoints, WORKERS)):
                print(f"{name}, {workers} at a time", flush=True)
                subprocess.run([program, str(port), count, str(workers)], check=True)
            whole_daemon(port, int(endpoints))
    print("bars: one endpoint in 1 s; 1,000 in 60 s on two cores")


if __name__ == "__main__":
    main()
