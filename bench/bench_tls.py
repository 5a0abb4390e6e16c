"""The TLS probe at many endpoints: bench/bench_tls.py BUILD [ENDPOINTS]. One nginx answers to every name; bars: one endpoint in a second, 1,000 in a minute on two cores."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests"))
from tls_servers import Servers  # noqa: E402

WORKERS = 4  # of one reach
SETTINGS = {
    "TLS 1.3 alone": "ssl_protocols TLSv1.3;",
    "TLS 1.2 and 1.3": "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
}


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
    print("bars: one endpoint in 1 s; 1,000 in 60 s on two cores")


if __name__ == "__main__":
    main()
