#!/usr/bin/env python3
"""The TLS probe against real servers of other protocols than https: mail, directories, databases, chat, telemetry, and what speaks in the clear.

usage: collect_protocols.py PATH-OF-COLLECT_RUN [WORD]
Prints ok/FAIL lines and 'N passed, N failed', like the C tests; what cannot run here says why and counts as neither.
"""
import json
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import hostile, observed  # noqa: E402
from tls_servers import Missing, Servers  # noqa: E402

RUN = sys.argv[1]
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def observe(port, *, host="localhost", options=None, address="127.0.0.1", timeout_ms=15000, **more):
    request = {"collect": "collect.tls", "judge": "judge.tls", "options": {"trust": "any"} if options is None else options,
               "input": {"host": host, "port": port, "address": address, "timeout_ms": timeout_ms, **more}}
    output = observed(request)
    return {entry["kind"]: entry["outcome"] + " " + entry["reason"] for entry in output["observations"]}, output


def expect(result, *, said=(), **wanted):
    for kind, words in wanted.items():
        got = result[0].get("tls." + kind)
        assert got == words, f"tls.{kind}: {got}, wanted {words}: {json.dumps(result[1]['facts'])[:2500]}"
    for reason in said:
        assert reason in [entry["reason"] for entry in result[1]["not_covered"]], result[1]["not_covered"]
    return result


GOOD = {"version": "pass tls.versions-kept", "ciphers": "pass tls.ciphers-strong", "certificate": "pass tls.certificate-untried"}
OPEN = {"version": "fail tls.plaintext-accepted"}
NONE = {"version": "fail tls.no-encryption", "ciphers": "fail tls.no-encryption", "certificate": "fail tls.no-encryption"}
ONLY_13 = "TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.3\n"  # Debian builds OpenLDAP with GnuTLS
AT_LEAST_12 = {"trust": "any", "minimum": "1.2"}


@test
def postgres_only_with_tls(servers):
    port = servers.postgres("hostssl", ["ssl_min_protocol_version=TLSv1.3"])
    result = expect(observe(port, protocol="postgres"), **GOOD, said=["tls.plaintext-by-account"])
    assert "tls.hsts" not in result[0]


@test
def postgres_with_and_without(servers):
    expect(observe(servers.postgres("host", ["ssl_min_protocol_version=TLSv1.3"]), protocol="postgres"), **OPEN, ciphers="pass tls.ciphers-strong")


@test
def postgres_without_tls(servers):
    expect(observe(servers.postgres("host", ssl="off"), protocol="postgres"), **NONE)


@test
def postgres_old(servers):
    port = servers.postgres("hostssl", ["ssl_min_protocol_version=TLSv1.2"])
    expect(observe(port, protocol="postgres"), version="fail tls.old-version-accepted")


@test
def mariadb(servers):
    """Whether TLS is required is checked after the password (also with require_secure_transport): nobody without one can see it."""
    expect(observe(servers.mariadb("--require-secure-transport=ON", "--tls-version=TLSv1.3"), protocol="mysql"), **GOOD, said=["tls.plaintext-unclear"])


@test
def mariadb_old(servers):
    expect(observe(servers.mariadb("--tls-version=TLSv1.2,TLSv1.3"), protocol="mysql"), version="fail tls.old-version-accepted")


@test
def mariadb_without_tls(servers):
    expect(observe(servers.mariadb(tls=False), protocol="mysql"), **NONE)


@test
def slapd(servers):
    port = servers.slapd(ONLY_13 + "security simple_bind=128")
    result = expect(observe(port, protocol="ldap"), version="pass tls.versions-kept", certificate="pass tls.certificate-untried")
    assert result[1]["facts"]["addresses"][0]["unencrypted"]["state"] == "refused"


@test
def slapd_with_and_without(servers):
    expect(observe(servers.slapd(ONLY_13), protocol="ldap"), **OPEN)


@test
def slapd_without_tls(servers):
    expect(observe(servers.slapd(tls=False), protocol="ldap"), **NONE)


@test
def dovecot(servers):
    for protocol, port in servers.dovecot("ssl = required\nssl_min_protocol = TLSv1.3").items():
        result = expect(observe(port, protocol=protocol, address="127.0.0.2"), **GOOD)
        assert result[1]["facts"]["addresses"][0]["unencrypted"]["state"] == "refused", protocol


@test
def dovecot_with_and_without(servers):
    for protocol, port in servers.dovecot("ssl = yes\nssl_min_protocol = TLSv1.3\ndisable_plaintext_auth = no").items():
        expect(observe(port, protocol=protocol, address="127.0.0.2"), **OPEN)


@test
def dovecot_without_tls(servers):
    for protocol, port in servers.dovecot("ssl = no").items():
        expect(observe(port, protocol=protocol, address="127.0.0.2"), **NONE)


@test
def postfix(servers):
    ports = servers.postfix("smtpd_tls_security_level = may\nsmtpd_tls_protocols = >=TLSv1.3\nsmtpd_tls_mandatory_protocols = >=TLSv1.3",
                            "-o smtpd_tls_security_level=encrypt")
    for port in ports:
        expect(observe(port, protocol="smtp"), **GOOD, said=["tls.plaintext-mail"])


@test
def postfix_without_tls(servers):
    expect(observe(servers.postfix("smtpd_tls_security_level = none")[0], protocol="smtp"), **NONE)


@test
def prosody(servers):
    expect(observe(servers.prosody(True), protocol="xmpp", options=AT_LEAST_12), version="pass tls.versions-kept")
    expect(observe(servers.prosody(False), protocol="xmpp", options=AT_LEAST_12), **OPEN)


@test
def prosody_knows_only_its_own_names(servers):
    result = expect(observe(servers.prosody(True), protocol="xmpp", server_name="elsewhere.example"), version="error tls.protocol-refused")
    assert "host-unknown" in result[1]["sentences"][0], result[1]["sentences"]


@test
def ftp(servers):
    expect(observe(servers.vsftpd(), protocol="ftp", options=AT_LEAST_12), said=["tls.plaintext-unclear"], version="pass tls.versions-kept")


@test
def in_the_clear(servers):
    expect(observe(servers.redis(), protocol="tls"), **NONE)
    expect(observe(servers.redis("--requirepass", "x"), protocol="tls"), **NONE)
    expect(observe(servers.memcached(), protocol="tls"), **NONE)
    expect(observe(servers.postgres("host"), protocol="tls"), version="error tls.inconclusive")  # it has TLS, but begins it another way
    expect(observe(servers.nginx("", listen="127.0.0.1:{}")[0]), **NONE, hsts="fail tls.no-encryption")
    expect(observe(servers.nginx("", listen="127.0.0.1:{} http2")[0], protocol="otlp-grpc"), **NONE)


@test
def redis_with_tls(servers):
    expect(observe(servers.redis_tls(), protocol="tls", options=AT_LEAST_12), version="pass tls.versions-kept", certificate="pass tls.certificate-untried")


@test
def telemetry(servers):
    """4317 is gRPC, which wants h2 by ALPN; 4318 is HTTP without browsers, so HSTS is not judged. nginx stands for the collector's edge."""
    http, grpc = servers.nginx("ssl_protocols TLSv1.3;"), servers.nginx("ssl_protocols TLSv1.3;", listen="127.0.0.1:{} ssl http2")
    for port, protocol in ((http[0], "otlp-http"), (grpc[0], "otlp-grpc")):
        result = expect(observe(port, protocol=protocol), **GOOD)
        assert "tls.hsts" not in result[0]


@test
def wrong_protocols_are_errors(servers):
    port = servers.redis()
    for protocol in ("smtp", "imap", "pop3", "sieve", "ftp", "xmpp", "mysql", "ldap", "postgres"):
        for kind, words in observe(port, protocol=protocol, timeout_ms=4000)[0].items():
            assert words.startswith("error "), f"{protocol}: {kind}: {words}"


@test
def both_families(servers):
    ports = servers.nginx('ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=63072000" always;', listen="[::]:{} ssl ipv6only=off")
    result = observe(ports[0], address="", host="localhost")
    families = sorted(entry["family"] for entry in result[1]["facts"]["addresses"] if entry["reach"] == "open")
    expect(result, **GOOD, hsts="pass tls.hsts-kept")
    for host in ("::1", "[::1]"):
        expect(observe(ports[0], address="", host=host), **GOOD, hsts="pass tls.hsts-kept")
    if families == ["ipv4", "ipv6"]:
        port = servers.s_server("-tls1_2", family=socket.AF_INET6)
        servers.s_server("-tls1_3", port=port)
        result = expect(observe(port, address=""), version="fail tls.old-version-accepted")
        assert "::1" in result[1]["sentences"][0], result[1]["sentences"]


@test
def usual_ports(servers):
    del servers
    for port, protocol in ((443, "https"), (25, "smtp"), (5432, "postgres"), (3306, "mysql"), (4317, "otlp-grpc"), (993, "tls"), (8200, "https")):
        done = subprocess.run([RUN], input=json.dumps({"work": "collect.tls", "input": {"host": "127.0.0.9", "port": port, "timeout_ms": 2000}}), capture_output=True, text=True,
                              check=True, timeout=30)
        assert json.loads(done.stdout)["facts"]["protocol"] == protocol, port


# -- hostile servers before TLS, written here because no real one misbehaves so -------------------------------------------------


def endless_lines(connection):
    while True:
        connection.sendall(b"220-" + b"x" * 1000 + b"\r\n" + b"* OK " + b"y" * 1000 + b"\r\n")


def endless_line(connection):
    while True:
        connection.sendall(b"a" * 4096)


def drip(connection):
    for byte in b"220-slow\r\n" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.1)


def half_closed(connection):
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1 << 16)
    time.sleep(5)


def huge_packet(connection):
    connection.recv(4096)
    connection.sendall(b"\xff\xff\xff\x00\x0a" + bytes(100000))


def huge_ldap(connection):
    connection.recv(4096)
    connection.sendall(bytes.fromhex("30847fffffff") + bytes(100000))


@test
def hostile_before_tls(servers):
    del servers
    for behave in (endless_lines, endless_line, drip, half_closed, huge_packet, huge_ldap):
        with hostile(behave) as port:
            for protocol in ("smtp", "imap", "pop3", "sieve", "ftp", "xmpp", "mysql", "ldap", "postgres"):
                begin = time.monotonic()
                result = observe(port, protocol=protocol, timeout_ms=2000)
                assert time.monotonic() - begin < 12, f"{behave.__name__}, {protocol}: took {time.monotonic() - begin:.1f} s"
                for kind, words in result[0].items():
                    assert words.startswith("error "), f"{behave.__name__}, {protocol}: {kind}: {words}"


@test
def words_smuggled_before_tls_are_refused(servers):
    """What follows the go-ahead in the clear must not be taken for what TLS protects."""
    del servers

    def smtp(connection):
        connection.sendall(b"220 mail\r\n")
        connection.recv(100)
        connection.sendall(b"250-mail\r\n250 STARTTLS\r\n")
        connection.recv(100)
        connection.sendall(b"220 go\r\n250 injected\r\n")
        connection.recv(100)

    with hostile(smtp) as port:
        expect(observe(port, protocol="smtp", timeout_ms=4000), version="error tls.protocol-refused")


@test
def mysql_that_blocks_us(servers):
    """MySQL answers a blocked or unknown host with an error in place of its greeting: seen by nobody, so never green."""
    del servers
    words = b"\xff\x69\x04Host '192.0.2.1' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'"
    with hostile(lambda connection: (connection.sendall(bytes([len(words), 0, 0, 0]) + words), connection.recv(10))) as port:
        result = expect(observe(port, protocol="mysql"), version="error tls.protocol-refused")
        assert "is blocked" in result[1]["sentences"][0]


def main():
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    passed = failed = 0
    for function in TESTS:
        if word not in function.__name__:
            continue
        try:
            with Servers() as servers:
                function(servers)
            passed += 1
            print("ok", function.__name__, flush=True)
        except Missing as reason:
            print("--", function.__name__, "not run here:", reason, flush=True)
        except Exception as error:  # noqa: BLE001: a test program reports whatever went wrong
            failed += 1
            print("FAIL", function.__name__, type(error).__name__, error, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
