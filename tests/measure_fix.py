"""Fixes as those who take them meet them: each text is put before the program that it is written for, and what Vogt called broken passes afterwards.

    measure_fix.py FIX_RUN COLLECT_RUN

nft in a network namespace of the test's own, nginx on loopback; as an ordinary user the part with namespaces is left out with a reason.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

FIX_RUN, COLLECT_RUN = (os.path.abspath(path) for path in sys.argv[1:3])
passed = failed = 0


def check(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'} {name}{'' if good else ': ' + str(detail)[:2000]}", flush=True)


def changes(reason, subject, host=None, minimum="1.3"):
    given = {"reason": reason, "subject": subject, "minimum": minimum, **({"host": host} if host else {})}
    return json.loads(subprocess.run([FIX_RUN], input=json.dumps(given), capture_output=True, text=True, check=True).stdout)


def change(reason, subject, file_format, **more):
    return next(one for one in changes(reason, subject, **more) if one["format"] == file_format)


def observed(collector, judge, given, estate, prefix=()):
    done = subprocess.run([*prefix, COLLECT_RUN], input=json.dumps({"collect": collector, "judge": judge, "input": given, "estate": estate, "options": {"trust": "any"}}),
                          capture_output=True, text=True, timeout=60, check=False)
    try:
        return {one["kind"]: one for one in json.loads(done.stdout)["observations"]}
    except (ValueError, KeyError):
        return {"error": done.stdout + done.stderr}


def firewall():
    if os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("unshare"):
        print("--   the ruleset in a network namespace: needs root, nft and unshare")
        return
    host = {"id": "host:this", "kind": "host", "name": "this", "attributes": {"ports": ["22/tcp", "443/tcp", "51820/udp"]}}
    estate = {"ports": [{"port": 22, "protocol": "tcp"}, {"port": 443, "protocol": "tcp"}, {"port": 51820, "protocol": "udp"}]}
    text = change("firewall.no-default-deny", host, "nftables", host=host)["text"]
    with tempfile.NamedTemporaryFile("w", suffix=".nft") as file:
        file.write(text)
        file.flush()
        inside = ["unshare", "--net", "sh", "-c"]
        tried = subprocess.run([*inside, f"nft -c -f {file.name}"], capture_output=True, text=True, check=False)
        check("nft takes the ruleset", tried.returncode == 0, tried.stderr)
        judge = f"exec {COLLECT_RUN}"
        before = observed("collect.nft", "judge.firewall", {}, estate, [*inside, judge])
        check("without it the firewall is broken", before.get("firewall.default-deny", {}).get("outcome") == "fail", before)
        after = observed("collect.nft", "judge.firewall", {}, estate, [*inside, f"nft -f {file.name} && nft -f {file.name} && {judge}"])
        check("with it (loaded twice) the firewall passes", after.get("firewall.default-deny", {}).get("outcome") == "pass", after)
        other = observed("collect.nft", "judge.firewall", {}, {"ports": [{"port": 22, "protocol": "tcp"}]}, [*inside, f"nft -f {file.name} && {judge}"])
        check("and opens no more than the estate that it was made for", other.get("firewall.default-deny", {}).get("outcome") == "fail", other)


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], capture_output=True, check=True)


def serve(folder, snippet):
    """nginx on a free port, the snippet in its http block; returns process and port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as file:
        file.write(f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
                   f"http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
                   f"{snippet}\nserver {{ listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; location = / {{ return 200 ok; }} }} }}\n")
    tried = subprocess.run(["nginx", "-t", "-c", f"{folder}/nginx.conf"], capture_output=True, text=True, check=False)
    process = subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    return process, port, tried


def nginx():
    if not shutil.which("nginx"):
        print("--   nginx: not installed")
        return
    endpoint = {"id": "endpoint:localhost:443", "kind": "endpoint", "name": "localhost:443", "attributes": {"protocol": "https"}}
    with tempfile.TemporaryDirectory() as folder:
        certificate(folder)
        rows = (("nothing", "ssl_protocols TLSv1.2 TLSv1.3;", {"tls.version": "fail", "tls.hsts": "fail"}),
                ("HSTS", change("tls.hsts-missing", endpoint, "nginx")["text"], {"tls.hsts": "pass"}),
                ("the version", change("tls.old-version-accepted", endpoint, "nginx")["text"], {"tls.version": "pass", "tls.ciphers": "pass"}))
        for name, snippet, wanted in rows:
            process, port, tried = serve(folder, snippet)
            try:
                check(f"nginx takes the snippet ({name})", tried.returncode == 0, tried.stderr)
                found = observed("collect.tls", "judge.tls", {"host": "localhost", "port": port, "protocol": "https", "address": "127.0.0.1"}, {})
                outcomes = {kind: found.get(kind, {}).get("outcome") for kind in wanted}
                check(f"with {name}: {wanted}", outcomes == wanted, found)
            finally:
                process.terminate()
                process.wait(10)


def shell():
    volume = {"id": "volume:/srv", "kind": "volume", "name": "/srv/data", "attributes": {}}
    text = change("volume.not-encrypted", volume, "shell")["text"]
    tried = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    check("sh reads the script", tried.returncode == 0, tried.stderr)
    refused = subprocess.run(["/bin/sh"], input=text, capture_output=True, text=True, env={"PATH": "/nonexistent"}, check=False)
    check("and it does nothing without a device", refused.returncode != 0 and "NEW" in refused.stderr, refused.stderr)


firewall()
nginx()
shell()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
