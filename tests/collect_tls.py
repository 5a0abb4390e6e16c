#!/usr/bin/env python3
"""The TLS probe against real servers on this machine: openssl s_server, nginx, and hostile ones written here.

usage: collect_tls.py PATH-OF-COLLECT_RUN
Prints ok/FAIL lines and 'N passed, N failed', like the C tests.
"""
import contextlib
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import cases
from cases import hostile

RUN = sys.argv[1]
DIRECTORY = tempfile.mkdtemp(prefix="vogt-tls-")
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def shell(*arguments):
    subprocess.run(arguments, check=True, cwd=DIRECTORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificate(name, *, names="DNS:localhost,IP:127.0.0.1", days="30", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
                digest="-sha256"):
    shell("openssl", "req", "-x509", "-newkey", *key, "-nodes", "-keyout", name + ".key", "-out", name + ".pem",
          "-days", days, digest, "-subj", "/CN=" + name, "-addext", "subjectAltName=" + names)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            raise RuntimeError("the server ended")
        time.sleep(0.05)
    raise RuntimeError("the server does not listen")


@contextlib.contextmanager
def s_server(name, *options):
    port = free_port()
    process = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", name + ".pem", "-key",
                                name + ".key", "-www", "-quiet", *options], cwd=DIRECTORY, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def nginx(extra):
    port = free_port()
    path = os.path.join(DIRECTORY, f"nginx-{port}.conf")
    temporary = "".join(f"{kind}_temp_path {DIRECTORY}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    key = "" if "ssl_certificate " in extra else f"ssl_certificate {DIRECTORY}/good.pem; ssl_certificate_key {DIRECTORY}/good.key;"
    with open(path, "w") as file:
        file.write(f"""daemon off; worker_processes 1; pid {DIRECTORY}/nginx-{port}.pid; error_log {DIRECTORY}/error.log;
events {{}} http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port} ssl; {key} location = / {{ return 200 "hello"; }} {extra} }} }}""")
    process = subprocess.Popen(["nginx", "-c", path, "-p", DIRECTORY], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def observe(port, *, host="localhost", options=None, timeout_ms=8000, prefix=(), **more):
    request = {"collect": "collect.tls", "judge": "judge.tls", "options": {"trust": "any"} if options is None else options,
               "input": {"host": host, "port": port, "address": "127.0.0.1", "timeout_ms": timeout_ms, **more}}
    begin = time.monotonic()
    done = subprocess.run([*prefix, RUN], input=json.dumps(request), capture_output=True, text=True, timeout=60)
    took = time.monotonic() - begin
    assert done.returncode == 0, done.stderr
    assert took < timeout_ms / 1000 + 10, f"took {took:.1f} s"
    output = json.loads(done.stdout)
    assert output["plant"]["caught"], output["plant"]
    for sentence in output["sentences"]:
        assert "?" not in sentence, sentence
    return {entry["kind"]: entry["outcome"] + " " + entry["reason"] for entry in output["observations"]}, output


def expect(result, **wanted):
    for kind, words in wanted.items():
        got = result[0].get("tls." + kind)
        assert got == words, f"tls.{kind}: {got}, wanted {words}: {json.dumps(result[1]['facts'])[:1500]}"


@test
def only_13_with_hsts_everywhere():
    with nginx('ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=63072000" always;') as port:
        expect(observe(port), version="pass tls.versions-kept", ciphers="pass tls.ciphers-strong", hsts="pass tls.hsts-kept",
               certificate="pass tls.certificate-untried")


@test
def hsts_missing_on_errors():
    with nginx('ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=63072000";') as port:
        expect(observe(port), version="pass tls.versions-kept", hsts="fail tls.hsts-missing")


@test
def hsts_short_and_malformed():
    with nginx('ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=300" always;') as port:
        expect(observe(port), hsts="fail tls.hsts-short")
        expect(observe(port, options={"hsts_seconds": 300, "trust": "any"}), hsts="pass tls.hsts-kept")
    with nginx('ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=x" always;') as port:
        expect(observe(port), hsts="fail tls.hsts-malformed")


@test
def version_12_with_strong_ciphers():
    with nginx('ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM;') as port:
        expect(observe(port), version="fail tls.old-version-accepted", ciphers="pass tls.ciphers-strong",
               hsts="fail tls.hsts-missing")
        expect(observe(port, options={"minimum": "1.2", "trust": "any"}), version="pass tls.versions-kept")


@test
def version_12_with_a_weak_cipher_last_in_line():
    with nginx('ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on; ssl_ciphers ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA;') as port:
        expect(observe(port), ciphers="fail tls.weak-cipher")


@test
def only_12():
    with s_server("good", "-tls1_2") as port:
        expect(observe(port), version="fail tls.old-version-accepted")


@test
def old_versions():
    with s_server("good", "-tls1", "-cipher", "ALL:@SECLEVEL=0") as port:
        result = observe(port)
        expect(result, version="fail tls.old-version-accepted", ciphers="fail tls.weak-cipher")
        assert "1.0" in result[1]["sentences"][0], result[1]["sentences"]
        expect(observe(port, options={"minimum": "1.2", "trust": "any"}), version="fail tls.old-version-accepted")


@test
def no_encryption_at_all():
    with s_server("good", "-tls1_2", "-cipher", "eNULL:@SECLEVEL=0") as port:
        result = observe(port)
        expect(result, ciphers="fail tls.weak-cipher")


@test
def anonymous_cipher():
    with s_server("good", "-tls1_2", "-cipher", "aNULL:ALL:@SECLEVEL=0") as port:
        expect(observe(port), ciphers="fail tls.weak-cipher")


@test
def short_tag_in_13():
    # level 0: OpenSSL has counted its tag of 64 bits since 3.2
    with s_server("good", "-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_8_SHA256", "-cipher", "DEFAULT:@SECLEVEL=0") as port:
        expect(observe(port), version="pass tls.versions-kept", ciphers="fail tls.weak-cipher")


@test
def certificates():
    certificate("wrong", names="DNS:elsewhere.example")
    certificate("wild", names="DNS:*.example.test")
    certificate("small", key=("rsa:1024",))
    certificate("nul", names="DNS:localhost.evil.example")
    shell("openssl", "req", "-new", "-key", "good.key", "-subj", "/CN=localhost", "-out", "old.csr",
          "-addext", "subjectAltName=DNS:localhost")
    shutil.copy(os.path.join(DIRECTORY, "good.key"), os.path.join(DIRECTORY, "old.key"))
    shutil.copy(os.path.join(DIRECTORY, "good.key"), os.path.join(DIRECTORY, "future.key"))
    open(os.path.join(DIRECTORY, "index.txt"), "w").close()
    with open(os.path.join(DIRECTORY, "ca.conf"), "w") as file:
        file.write("[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nnew_certs_dir=.\npolicy=p\ncopy_extensions=copy\n"
                   "rand_serial=yes\nunique_subject=no\n[p]\ncommonName=supplied\n")
    for name, begin, end in (("old", "20200101000000Z", "20210101000000Z"), ("future", "20900101000000Z", "20910101000000Z")):
        shell("openssl", "ca", "-batch", "-config", "ca.conf", "-cert", "good.pem", "-keyfile", "good.key", "-md", "sha256",
              "-startdate", begin, "-enddate", end, "-in", "old.csr", "-out", name + ".pem", "-notext")
    for name, reason in (("wrong", "fail tls.certificate-name"), ("wild", "fail tls.certificate-name"),
                         ("nul", "fail tls.certificate-name"), ("small", "fail tls.certificate-key-weak"),
                         ("old", "fail tls.certificate-expired"), ("future", "fail tls.certificate-not-yet-valid")):
        options = ("-cipher", "ALL:@SECLEVEL=0")
        with s_server(name, "-tls1_3", *options) as port:
            expect(observe(port), certificate=reason)
    with s_server("wild", "-tls1_3") as port:
        expect(observe(port, server_name="a.example.test"), certificate="pass tls.certificate-untried")
        expect(observe(port, server_name="a.b.example.test"), certificate="fail tls.certificate-name")
        expect(observe(port, server_name="example.test"), certificate="fail tls.certificate-name")
    with s_server("good", "-tls1_3") as port:
        expect(observe(port, options={}), certificate="fail tls.certificate-untrusted")
        expect(observe(port, options={"days_left": 90, "trust": "any"}), certificate="fail tls.certificate-expires-soon")
        expect(observe(port, host="127.0.0.1"), certificate="pass tls.certificate-untried")
        digest = subprocess.run(["openssl", "x509", "-in", "good.pem", "-outform", "DER"], cwd=DIRECTORY, check=True,
                                capture_output=True).stdout
        pin = hashlib.sha256(digest).hexdigest()
        expect(observe(port, options={"trust": "pinned", "pins": [pin]}), certificate="pass tls.certificate-pinned")
        expect(observe(port, options={"trust": "pinned", "pins": ["0" * 64]}), certificate="fail tls.certificate-not-pinned")


def is_error(result):
    for kind, words in result[0].items():
        assert words.startswith("error "), f"{kind}: {words}"


@test
def hostile_silence():
    with hostile(lambda connection: time.sleep(30)) as port:
        is_error(observe(port, timeout_ms=2000))


@test
def hostile_drip():
    def drip(connection):
        for byte in b"\x16\x03\x03\x40\x00" + bytes(20000):
            connection.sendall(bytes([byte]))
            time.sleep(0.2)
    with hostile(drip) as port:
        is_error(observe(port, timeout_ms=2000))


@test
def hostile_noise():
    with hostile(lambda connection: connection.sendall(os.urandom(1 << 20))) as port:
        is_error(observe(port))


@test
def hostile_alert_only():
    with hostile(lambda connection: (connection.recv(4096), connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28"))) as port:
        result = observe(port)
        assert result[0]["tls.version"] == "fail tls.new-version-refused", result[0]
        assert result[0]["tls.ciphers"].startswith("error"), result[0]


@test
def http_in_the_clear():
    with hostile(lambda connection: (connection.recv(4096), connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))) as port:
        expect(observe(port), version="fail tls.no-encryption", ciphers="fail tls.no-encryption", hsts="fail tls.no-encryption",
               certificate="fail tls.no-encryption")


@test
def hostile_half_hello():
    def cut(connection):
        connection.recv(4096)
        connection.sendall(bytes.fromhex("160303007a020000760303") + bytes(30))
    with hostile(cut) as port:
        is_error(observe(port))


@test
def hostile_huge_certificate_message():
    def flood(connection):
        connection.recv(4096)
        with contextlib.suppress(OSError):
            connection.sendall(bytes.fromhex("16030300310200002d0303") + bytes(32) + b"\x00\xc0\x2f\x00\x00\x05\xff\x01\x00\x01\x00")
            record = bytes.fromhex("16030340000b") + b"\xff\xff\xff" + bytes(16380)
            while True:
                connection.sendall(record)
    with hostile(flood) as port:
        result = observe(port)
        assert not any(words.startswith("pass") for words in result[0].values()), result[0]


def tls13_http(reply, slow=0.0):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(os.path.join(DIRECTORY, "good.pem"), os.path.join(DIRECTORY, "good.key"))

    def serve(connection):
        secure = context.wrap_socket(connection, server_side=True)
        if not secure.recv(4096):
            return
        for chunk in reply():
            secure.sendall(chunk)
            time.sleep(slow)
        secure.close()
    return serve


@test
def hostile_endless_header():
    def endless():
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X-A: " + b"a" * 1000 + b"\r\n"
    with hostile(tls13_http(endless)) as port:
        expect(observe(port), version="pass tls.versions-kept", hsts="error tls.http-failed")


@test
def hostile_header_drip():
    def drip():
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
            yield bytes([byte])
    with hostile(tls13_http(drip, 0.3)) as port:
        result = observe(port, timeout_ms=6000)
        assert result[0]["tls.hsts"].startswith("error"), result[0]


@test
def hostile_reply_cut_short():
    with hostile(tls13_http(lambda: [b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=63072000\r\n"])) as port:
        expect(observe(port), hsts="error tls.http-failed")


@test
def hostile_header_bytes():
    with hostile(tls13_http(lambda: [b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: \xff\xfe\x01\r\n\r\n"])) as port:
        expect(observe(port), hsts="fail tls.hsts-malformed")


HSTS = b"Strict-Transport-Security: max-age=63072000\r\n"


@test
def hostile_redirect_to_the_metadata_address():
    for location in (b"http://169.254.169.254/latest/meta-data/", b"//[fe80::1]/", b"http://metadata.google.internal/"):
        with hostile(tls13_http(lambda where=location: [b"HTTP/1.1 302 Found\r\nLocation: " + where + b"\r\n" + HSTS + b"\r\n"])) as port:
            expect(observe(port), hsts="error tls.http-redirect-inside")


@test
def redirects_are_never_followed():
    """Not even to another port of the same machine: what no task named is not connected to."""
    visits = []
    with hostile(lambda connection: visits.append(connection.recv(10))) as trap:
        with hostile(tls13_http(lambda: [b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:%d/\r\n" % trap + HSTS + b"\r\n"])) as port:
            expect(observe(port), hsts="pass tls.hsts-kept")
            time.sleep(0.3)
    assert not visits, visits


@test
def hostile_endless_body():
    """The head says what is judged; the body, however long, is not read."""
    sent = []

    def endless():
        yield b"HTTP/1.1 404 Not Found\r\n" + HSTS + b"\r\n"
        while True:
            sent.append(1 << 16)
            yield bytes(1 << 16)
    with hostile(tls13_http(endless)) as port:
        expect(observe(port), hsts="pass tls.hsts-kept")
        assert sum(sent) < 64 << 20, f"{sum(sent)} bytes were taken"


@test
def hostile_half_closed():
    def half(connection):
        connection.shutdown(socket.SHUT_WR)
        time.sleep(3)
    with hostile(half) as port:
        is_error(observe(port, timeout_ms=4000))

    def after_the_handshake(connection):
        secure = tls13_context("good").wrap_socket(connection, server_side=True)
        secure.recv(4096)
        connection.shutdown(socket.SHUT_WR)
        time.sleep(3)
    with hostile(after_the_handshake) as port:
        expect(observe(port), hsts="error tls.http-failed")


def tls13_context(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(os.path.join(DIRECTORY, name + ".pem"), os.path.join(DIRECTORY, name + ".key"))
    return context


@test
def hostile_chain_beyond_all_bounds():
    """Eight hundred certificates: over 300 KB in one message of a good handshake."""
    with open(os.path.join(DIRECTORY, "good.pem")) as file:
        pem = file.read()
    with open(os.path.join(DIRECTORY, "endless.pem"), "w") as file:
        file.write(pem * 800)
    shutil.copy(os.path.join(DIRECTORY, "good.key"), os.path.join(DIRECTORY, "endless.key"))
    context = tls13_context("endless")
    with hostile(lambda connection: context.wrap_socket(connection, server_side=True).recv(100)) as port:
        is_error(observe(port))


@test
def hostile_certificate_that_changes():
    certificate("twin")
    contexts, turns = [tls13_context("good"), tls13_context("twin")], []

    def serve(connection):
        turns.append(1)
        secure = contexts[len(turns) > 6].wrap_socket(connection, server_side=True)
        if secure.recv(4096):
            secure.sendall(b"HTTP/1.1 404 Not Found\r\n" + HSTS + b"\r\n")
    with hostile(serve) as port:
        result = observe(port)
        expect(result, certificate="error tls.certificate-changes", version="pass tls.versions-kept")


@test
def two_certificates_by_version():
    """RSA for TLS 1.2, ECDSA for 1.3: both are judged, so a bad one of the older version is not hidden by a good one."""
    certificate("wrong-rsa", names="DNS:elsewhere.example", key=("rsa:2048",))
    port = free_port()
    process = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", "good.pem", "-key", "good.key", "-dcert", "wrong-rsa.pem", "-dkey",
                                "wrong-rsa.key", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384", "-www", "-quiet"], cwd=DIRECTORY, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        expect(observe(port), certificate="fail tls.certificate-name")
    finally:
        process.kill()
        process.wait()


@test
def records_split_in_small_pieces():
    """A relay before a real server cuts its first record, the ServerHello, into records of three bytes."""
    with s_server("good", "-tls1_2", "-cipher", "ECDHE+AESGCM") as behind:
        def relay(connection):
            with socket.create_connection(("127.0.0.1", behind)) as server:
                server.settimeout(3)
                server.sendall(connection.recv(4096))
                answer = server.recv(65536)
                length = int.from_bytes(answer[3:5], "big") if len(answer) > 5 else 0
                if answer[:1] == b"\x16":
                    body = answer[5:5 + length]
                    connection.sendall(b"".join(b"\x16\x03\x03" + len(body[i:i + 3]).to_bytes(2, "big") + body[i:i + 3] for i in range(0, len(body), 3)))
                    answer = answer[5 + length:]
                connection.sendall(answer)
                threading.Thread(target=pump, args=(connection, server), daemon=True).start()
                pump(server, connection)

        def pump(here, there):
            with contextlib.suppress(OSError):
                while chunk := here.recv(65536):
                    there.sendall(chunk)
            with contextlib.suppress(OSError):
                there.shutdown(socket.SHUT_RDWR)

        with hostile(relay) as port:
            expect(observe(port, options={"minimum": "1.2", "trust": "any"}), version="pass tls.versions-kept", ciphers="pass tls.ciphers-strong")


@test
def weak_group():
    """A real group of 1024 bits makes a suite weak that is strong by its name."""
    certificate("rsa", key=("rsa:2048",))
    for bits, words in ((1024, "fail tls.weak-group"), (2048, "pass tls.ciphers-strong")):
        shell("openssl", "dhparam", "-dsaparam", "-out", f"{bits}.dh", str(bits))
        with nginx(f"ssl_certificate {DIRECTORY}/rsa.pem; ssl_certificate_key {DIRECTORY}/rsa.key; ssl_protocols TLSv1.2; ssl_dhparam {DIRECTORY}/{bits}.dh; "
                   "ssl_ciphers DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0;") as port:
            expect(observe(port), ciphers=words)


@test
def http_in_the_clear_beside():
    for location, said in (("", True), ("return 301 https://localhost/;", False)):
        clear = free_port()
        with nginx(f"""ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=63072000" always; }}
server {{ listen 127.0.0.1:{clear}; location / {{ {location or "return 200 hello;"} }}""") as port:
            result = observe(port, clear_port=clear)
            expect(result, hsts="pass tls.hsts-kept")
            assert ("tls.http-not-redirected" in [entry["reason"] for entry in result[1]["not_covered"]]) == said, result[1]["not_covered"]


def authority(name, subject, signer=None):
    """A key and a certificate that may sign; by itself, or by `signer`."""
    shell("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + subject)
    with open(os.path.join(DIRECTORY, "authority.ext"), "w") as file:
        file.write("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
    sign(name, signer or name, "authority.ext", own=signer is None)


def sign(name, signer, extensions, own=False):
    by = ("-signkey", name + ".key") if own else ("-CA", signer + ".pem", "-CAkey", signer + ".key", "-CAcreateserial")
    shell("openssl", "x509", "-req", "-in", name + ".csr", *by, "-days", "30", "-out", name + ".pem", "-extfile", extensions)


@test
def trusted_chain():
    """The machine's list is replaced for one process, in a mount namespace of its own. Who only has an authority's name is not it."""
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    prefix = ["unshare", "--map-root-user", "--mount", "sh", "-c", f'mount --bind "$1" {bundle} && shift && exec "$@"', "sh"]
    if not os.path.exists(bundle) or subprocess.run([*prefix, "/dev/null", "true"], capture_output=True, check=False).returncode != 0:
        print("-- trusted_chain: no mount namespace here")
        return
    authority("root", "Vogt Test Root")
    authority("imposter", "Vogt Test Root")
    authority("middle", "Vogt Test Middle", "root")
    shell("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=localhost")
    with open(os.path.join(DIRECTORY, "leaf.ext"), "w") as file:
        file.write("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
    sign("leaf", "middle", "leaf.ext")

    def read(name):
        with open(os.path.join(DIRECTORY, name + ".pem")) as file:
            return file.read()

    with open(bundle) as file:
        public = file.read()
    for served, trusted, words in (("leaf middle", public + read("root"), "pass tls.certificate-good"), ("leaf middle", public, "fail tls.certificate-untrusted"),
                                   ("leaf", public + read("root"), "fail tls.certificate-untrusted"), ("leaf", public + read("middle") + read("root"), "pass tls.certificate-good"),
                                   ("leaf middle", public + read("imposter"), "fail tls.certificate-untrusted"), ("leaf middle", "nothing", "error tls.no-authorities")):
        with open(os.path.join(DIRECTORY, "served.pem"), "w") as file:
            file.write("".join(read(name) for name in served.split()))
        with open(os.path.join(DIRECTORY, "trusted.crt"), "w") as file:
            file.write(trusted)
        with nginx(f"ssl_protocols TLSv1.3; ssl_certificate {DIRECTORY}/served.pem; ssl_certificate_key {DIRECTORY}/leaf.key;") as port:
            expect(observe(port, options={}, prefix=[*prefix, os.path.join(DIRECTORY, "trusted.crt")]), certificate=words)


@test
def nobody_there():
    port = free_port()
    is_error(observe(port))
    is_error(observe(port, host="no-such-name.invalid", address=""))


def main():
    certificate("good")
    code = cases.run(TESTS)
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    return code


sys.exit(main())
