#!/usr/bin/env python3
"""Vogt's TLS probe beside sslscan and testssl.sh, at real servers with good and bad settings.

usage: agree_tls.py PATH-OF-COLLECT_RUN [short | SETTING]

Compared at every setting: versions offered, suites of the newest version below 1.3, the group of Diffie-Hellman suites, the leaf (fingerprint, key, signature,
end, expired or not) with sslscan; at some of them versions, leaf, name, trust and HSTS with testssl.sh, which takes most of a minute each. `short` leaves out
testssl.sh and whatever is slow to start. A disagreement that is not explained below fails. What cannot run here says why; without sslscan the test exits with 77.
"""
import hashlib
import base64
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tls_servers import Missing, Servers  # noqa: E402

RUN = sys.argv[1]
WORD = sys.argv[2] if len(sys.argv) > 2 else ""
SHORT = WORD == "short"
SETTINGS = []
STARTTLS = {"smtp": ("smtp", "smtp"), "imap": ("imap", "imap"), "pop3": ("pop3", "pop3"), "ldap": ("ldap", "ldap"), "postgres": ("psql", "postgres"), "mysql": ("mysql", "mysql"),
            "xmpp": ("xmpp", "xmpp"), "ftp": ("ftp", "ftp")}
HSTS = 'add_header Strict-Transport-Security "max-age=63072000" always;'

# (setting, what is compared): why the two differ. "*" is every setting.
EXPLAINED = {
    ("nginx: a curve nobody offers by default", "sslscan: suites"): "sslscan offers no brainpool curve, so it is refused; Vogt's hellos offer every curve",
    ("openssl: 1.3 with an 8-byte tag", "sslscan: leaf"): "sslscan does not offer the suite when it asks for the certificate",
    ("openssl: 1.3 with an 8-byte tag", "sslscan: key"): "likewise",
    ("openssl: 1.3 with an 8-byte tag", "sslscan: signature"): "likewise",
    ("openssl: 1.3 with an 8-byte tag", "sslscan: until"): "likewise",
    ("openssl: RSA of 1024 bits", "sslscan: signature"): "Vogt's sentence ends at the weak key; the signature is not looked at any more",
    ("slapd (GnuTLS): as it comes", "sslscan: answer"): "sslscan does not get past its StartTLS and testssl.sh 3.0 knows none; collect_protocols.py holds Vogt to what slapd was set to",
    ("openssl: Ed25519", "sslscan: key"): "sslscan prints no size for this kind of key",
}


def setting(name, *, protocol="https", testssl=False, slow=False, address="127.0.0.1"):
    def keep(function):
        SETTINGS.append({"name": name, "make": function, "protocol": protocol, "testssl": testssl, "slow": slow, "address": address})
        return function
    return keep


# -- the settings --------------------------------------------------------------------------------------------------------


def nginx(name, text, *, key="good", testssl=False, certificate=None):
    def make(servers):
        if certificate:
            servers.certificate(key, **certificate)
        return servers.nginx(text, name=key)[0]
    setting(name, testssl=testssl)(make)


RSA = {"key": ("rsa:2048",)}
nginx("nginx: 1.3 alone, HSTS", f"ssl_protocols TLSv1.3; {HSTS}", testssl=True)
nginx("nginx: 1.3, no HSTS", "ssl_protocols TLSv1.3;", testssl=True)
nginx("nginx: 1.3, HSTS of five minutes", 'ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=300" always;', testssl=True)
nginx("nginx: 1.3, HSTS malformed", 'ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=x" always;', testssl=True)
nginx("nginx: 1.3, HSTS not on errors", 'ssl_protocols TLSv1.3; add_header Strict-Transport-Security "max-age=63072000";')
nginx("nginx: 1.2 and 1.3, AEAD", f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; {HSTS}")
nginx("nginx: 1.2 and 1.3, everything", "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ALL;")
nginx("nginx: 1.0 to 1.2, ECDSA", "ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0;", testssl=True)
nginx("nginx: 1.0 to 1.3, RSA", "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;", key="rsa", certificate=RSA)
nginx("nginx: 1.1 alone", "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;", key="rsa", certificate=RSA)
nginx("nginx: RSA key transport", "ssl_protocols TLSv1.2; ssl_ciphers kRSA;", key="rsa", certificate=RSA)
nginx("nginx: CBC last in line", "ssl_protocols TLSv1.2; ssl_prefer_server_ciphers on; ssl_ciphers ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA;")
nginx("nginx: Camellia", "ssl_protocols TLSv1.2; ssl_ciphers CAMELLIA;", key="rsa", certificate=RSA)
nginx("nginx: ARIA", "ssl_protocols TLSv1.2; ssl_ciphers ARIAGCM;", key="rsa", certificate=RSA)
nginx("nginx: CCM", "ssl_protocols TLSv1.2; ssl_ciphers AESCCM;")
nginx("nginx: ChaCha20 alone", "ssl_protocols TLSv1.2; ssl_ciphers CHACHA20;")
nginx("nginx: no encryption", "ssl_protocols TLSv1.2; ssl_ciphers eNULL:@SECLEVEL=0;")
nginx("nginx: no authentication", "ssl_protocols TLSv1.2; ssl_ciphers ECDHE+AESGCM:aNULL:@SECLEVEL=0;")
nginx("nginx: a curve nobody offers by default", "ssl_protocols TLSv1.2; ssl_ecdh_curve brainpoolP256r1; ssl_ciphers ECDHE+AESGCM;")
for bits in (1024, 2048):
    def make_group(servers, bits=bits):
        servers.certificate("rsa", **RSA)
        servers.shell("openssl", "dhparam", "-dsaparam", "-out", f"{bits}.dh", str(bits))
        return servers.nginx(f"ssl_protocols TLSv1.2; ssl_dhparam {servers.path(f'{bits}.dh')}; ssl_ciphers DHE:@SECLEVEL=0;", name="rsa")[0]
    setting(f"nginx: Diffie-Hellman of {bits} bits")(make_group)


def s_server(name, *options, key="good", testssl=False, certificate=None):
    def make(servers):
        if certificate:
            servers.certificate(key, **certificate)
        return servers.s_server(*options, name=key)
    setting(name, testssl=testssl)(make)


s_server("openssl: 1.0 alone", "-tls1", "-cipher", "ALL:@SECLEVEL=0")
s_server("openssl: 1.3 with an 8-byte tag", "-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_8_SHA256")
s_server("openssl: RSA of 1024 bits", "-cipher", "ALL:@SECLEVEL=0", key="small", certificate={"key": ("rsa:1024",)}, testssl=True)
s_server("openssl: RSA of 4096 bits", key="large", certificate={"key": ("rsa:4096",)})
s_server("openssl: signed with SHA-1", "-cipher", "ALL:@SECLEVEL=0", key="sha1", certificate={"digest": "-sha1", **RSA})
s_server("openssl: for another name", key="wrong", certificate={"names": "DNS:elsewhere.example"}, testssl=True)
s_server("openssl: Ed25519", key="ed25519", certificate={"key": ("ed25519",)})
s_server("openssl: P-384", key="p384", certificate={"key": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384")})
s_server("openssl: P-521 at 1.2", "-tls1_2", key="p521", certificate={"key": ("ec", "-pkeyopt", "ec_paramgen_curve:P-521")})
s_server("openssl: client renegotiation, no tickets", "-client_renegotiation", "-no_ticket", "-tls1_2")
s_server("openssl: the server's order", "-serverpref", "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA:ECDHE+AESGCM")


@setting("openssl: RSA beside ECDSA")
def both_keys(servers):
    pem, key = servers.certificate("rsa", **RSA)
    return servers.s_server("-dcert", pem, "-dkey", key, "-tls1_2", "-cipher", "ECDHE+AESGCM")


@setting("openssl: expired", testssl=True)
def expired(servers):
    _, key = servers.certificate("good")
    shutil.copy(key, servers.path("old.key"))
    servers.shell("openssl", "req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", "old.csr", "-addext", "subjectAltName=DNS:localhost")
    servers.write(servers.directory, "index.txt", "")
    servers.write(servers.directory, "ca.conf", "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nnew_certs_dir=.\npolicy=p\ncopy_extensions=copy\nrand_serial=yes\nunique_subject=no\n"
                                                "[p]\ncommonName=supplied\n")
    servers.shell("openssl", "ca", "-batch", "-config", "ca.conf", "-selfsign", "-keyfile", key, "-md", "sha256", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z",
                  "-in", "old.csr", "-out", "old.pem", "-notext")
    return servers.s_server(name="old")


@setting("haproxy: as it comes")
def haproxy(servers):
    return servers.haproxy("")


@setting("haproxy: 1.3 alone, h2")
def haproxy13(servers):
    return servers.haproxy("ssl-min-ver TLSv1.3 alpn h2,http/1.1")


@setting("haproxy: from 1.0", slow=False)
def haproxy10(servers):
    servers.certificate("rsa", **RSA)
    return servers.haproxy("ssl-min-ver TLSv1.0 ciphers ALL:@SECLEVEL=0", name="rsa")


@setting("stunnel: as it comes", protocol="tls")
def stunnel(servers):
    return servers.stunnel("")


@setting("stunnel: 1.2 alone", protocol="tls")
def stunnel12(servers):
    return servers.stunnel("sslVersion = TLSv1.2\nciphers = ECDHE+AESGCM")


@setting("redis", protocol="tls")
def redis(servers):
    return servers.redis_tls()


@setting("postgres: as it comes", protocol="postgres", slow=True)
def postgres(servers):
    return servers.postgres("hostssl")


@setting("mariadb: as it comes", protocol="mysql", slow=True)
def mariadb(servers):
    return servers.mariadb()


@setting("postfix: as it comes", protocol="smtp", slow=True)
def postfix(servers):
    return servers.postfix("smtpd_tls_security_level = may")[0]


for mail in ("imap", "pop3"):
    def make_dovecot(servers, mail=mail):
        return servers.dovecot("ssl = required")[mail]
    setting(f"dovecot: {mail}", protocol=mail, slow=True, address="127.0.0.2")(make_dovecot)


@setting("slapd (GnuTLS): as it comes", protocol="ldap", slow=True)
def slapd(servers):
    return servers.slapd()


@setting("prosody: as it comes", protocol="xmpp", slow=True)
def prosody(servers):
    return servers.prosody(True)


@setting("vsftpd", protocol="ftp", slow=True)
def vsftpd(servers):
    return servers.vsftpd()


# -- the three -----------------------------------------------------------------------------------------------------------


def ask_vogt(one, port):
    request = {"collect": "collect.tls", "judge": "judge.tls", "options": {"trust": "public"},
               "input": {"host": "localhost", "port": port, "address": one["address"], "protocol": one["protocol"]}}
    done = subprocess.run([RUN], input=json.dumps(request), capture_output=True, text=True, timeout=60, check=True)
    output = json.loads(done.stdout)
    found = {entry["kind"]: entry for entry in output["observations"]}
    facts = output["facts"]["addresses"][0]
    leaf = found["tls.certificate"]["values"]
    versions = {entry["version"] for entry in facts["hellos"] + facts["handshakes"] if entry["result"] == "accepted"}
    return {
        "versions": versions,
        "suites": sorted(facts.get("suites", {}).get("accepted", [])),
        "suites of": facts.get("suites", {}).get("version"),
        "group": facts.get("finite_field", {}).get("bits"),
        "leaf": leaf.get("sha256"),
        "leaves": {leaf.get("sha256")} | {entry["leaf"] for entry in facts["handshakes"] if "leaf" in entry},
        "key": leaf.get("key_bits"),
        "signature": (leaf.get("signature") or "").lower(),
        "until": leaf.get("until"),
        "expired": found["tls.certificate"]["reason"] == "tls.certificate-expired",
        "certificate": found["tls.certificate"]["reason"],
        "hsts": found.get("tls.hsts", {}).get("reason"),
    }


def date(text):
    return time.strftime("%Y-%m-%d", time.strptime(text, "%b %d %H:%M:%S %Y %Z"))


NAMES = {"SSLv3": "ssl3", "TLSv1.0": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3"}


def ask_sslscan(one, port, suites_of):
    start = [f"--starttls-{STARTTLS[one['protocol']][0]}"] if one["protocol"] in STARTTLS else []
    done = subprocess.run(["sslscan", "--no-groups", "--no-heartbleed", "--no-compression", "--no-renegotiation", "--no-fallback", "--show-cipher-ids", "--show-certificate",
                           "--sni-name=localhost", *start, "--ipv4", "--xml=-", f"{'localhost' if one['protocol'] == 'xmpp' else one['address']}:{port}"], capture_output=True, timeout=120, check=False)
    tree = ET.fromstring(done.stdout.decode("utf-8", "replace"))
    test = tree.find("ssltest")
    if test is None:
        return None
    enabled = {{"ssl3": "ssl3"}.get(kind, version) for kind, version, on in
               ((f"{p.get('type')}{p.get('version')}", p.get("version"), p.get("enabled")) for p in test.findall("protocol")) if on == "1"}
    ciphers = [c for c in test.findall("cipher") if NAMES.get(c.get("sslversion")) == suites_of]
    groups = {int(c.get("dhebits")) for c in ciphers if c.get("dhebits") and not c.get("cipher").startswith("ADH-")}  # those fail for being anonymous
    blob = test.findtext(".//certificate-blob") or ""
    der = base64.b64decode("".join(line for line in blob.split() if "-----" not in line and line not in ("BEGIN", "END", "CERTIFICATE-----", "-----BEGIN", "-----END")) or "")
    short = test.find(".//certificate[@type='short']")
    bits = re.search(r"\((\d+) bit\)", test.findtext(".//certificate[@type='full']/pk") or "")
    return {
        "versions": enabled,
        "suites": sorted(int(c.get("id"), 16) for c in ciphers),
        "group": min(groups) if groups else None,
        "leaf": hashlib.sha256(der).hexdigest() if der else None,
        "key": int(bits.group(1)) if bits else None,
        "signature": (short.findtext("signature-algorithm") or "").lower() if short is not None else "",
        "until": date(short.findtext("not-valid-after")) if short is not None else None,
        "expired": short is not None and short.findtext("expired") == "true",
    }


def ask_testssl(one, port):
    with tempfile.TemporaryDirectory(prefix="vogt-testssl-") as folder:
        path = os.path.join(folder, "found.json")
        start = ["-t", STARTTLS[one["protocol"]][1]] if one["protocol"] in STARTTLS else []
        start += ["--xmpphost", "localhost"] if one["protocol"] == "xmpp" else []
        subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--ip", one["address"], "--jsonfile", path, "-p", "-S", "-h", *start, f"localhost:{port}"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300, check=False)
        with open(path, encoding="utf-8") as file:
            found = {entry["id"].split(" ")[0]: entry["finding"] for entry in json.load(file)}
    ids = {"SSLv3": "ssl3", "TLS1": "1.0", "TLS1_1": "1.1", "TLS1_2": "1.2", "TLS1_3": "1.3"}
    seconds = re.search(r"(\d+) seconds", found.get("HSTS_time", ""))
    return {
        "versions": {name for key, name in ids.items() if found.get(key, "").startswith("offered")},
        "leaf": found.get("cert_fingerprintSHA256", "").lower() or None,
        "expired": "expired" in found.get("cert_expirationStatus", "") and "not" not in found.get("cert_expirationStatus", ""),
        "named": "Ok" in found.get("cert_trust", ""),
        "trusted": found.get("cert_chain_of_trust", "").startswith("passed"),
        "hsts": int(seconds.group(1)) if seconds else None,
        "hsts text": found.get("HSTS_time", found.get("HSTS", "")),
    }


# -- comparing -----------------------------------------------------------------------------------------------------------


def same(value):
    return sorted(value) if isinstance(value, set) else value


def compare(name, other, pairs):
    """[(aspect, Vogt's, the other's)] -> what is not explained."""
    bad = []
    for aspect, ours, theirs in pairs:
        if ours == theirs:
            continue
        key = next((key for key in ((name, f"{other}: {aspect}"), ("*", f"{other}: {aspect}")) if key in EXPLAINED), None)
        if key is None:
            bad.append(f"{other}, {aspect}: Vogt {same(ours)}, {other} {same(theirs)}")
        else:
            print(f"   {name}: {other}, {aspect}: Vogt {same(ours)}, {other} {same(theirs)}: {EXPLAINED[key]}", flush=True)
    return bad


def signature_name(text):
    return {"rsa-sha256": "sha256withrsaencryption", "rsa-sha1": "sha1withrsaencryption", "rsa-sha512": "sha512withrsaencryption"}.get(text, text)


def with_sslscan(one, vogt, found):
    if found is None:
        return compare(one["name"], "sslscan", [("answer", True, False)])
    hexes = [f"{number:#06x}" for number in vogt["suites"]], [f"{number:#06x}" for number in found["suites"]]
    return compare(one["name"], "sslscan", [
        ("versions", vogt["versions"], found["versions"]), ("suites", *hexes), ("group", vogt["group"], found["group"]),
        ("leaf", True, found["leaf"] in vogt["leaves"]), ("key", vogt["key"], found["key"]), ("signature", signature_name(vogt["signature"]), found["signature"]),
        ("until", vogt["until"], found["until"]), ("expired", vogt["expired"], found["expired"])])


def with_testssl(one, vogt, found):
    pairs = [("versions", vogt["versions"], found["versions"]), ("leaf", True, found["leaf"] in vogt["leaves"]), ("expired", vogt["expired"], found["expired"]),
             ("name", vogt["certificate"] != "tls.certificate-name", found["named"]), ("trust", vogt["certificate"] == "tls.certificate-good", found["trusted"])]
    if one["protocol"] == "https" and vogt["hsts"] in ("tls.hsts-kept", "tls.hsts-short", "tls.hsts-missing", "tls.hsts-malformed"):
        kept = found["hsts"] is not None and found["hsts"] >= 31536000
        pairs.append(("hsts", vogt["hsts"] == "tls.hsts-kept", kept))
    return compare(one["name"], "testssl.sh", pairs)


def judge(one):
    with Servers() as servers:
        port = one["make"](servers)
        vogt = ask_vogt(one, port)
        bad = with_sslscan(one, vogt, ask_sslscan(one, port, vogt["suites of"]))
        if one["testssl"] and not SHORT and shutil.which("testssl"):
            bad += with_testssl(one, vogt, ask_testssl(one, port))
    return bad


def main():
    if shutil.which("sslscan", path=os.environ["PATH"] + ":/usr/bin") is None:
        print("sslscan is not installed")
        return 77
    wanted = [one for one in SETTINGS if (not SHORT or not one["slow"]) and (SHORT or WORD in one["name"])]
    passed = failed = missing = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for one, result in [(one, pool.submit(judge, one)) for one in wanted]:
            try:
                bad = result.result()
            except Missing as reason:
                missing += 1
                print("--", one["name"], "not run here:", reason, flush=True)
                continue
            except Exception as error:  # noqa: BLE001: a test program reports whatever went wrong
                bad = [f"{type(error).__name__}: {error}"]
            passed, failed = passed + (not bad), failed + bool(bad)
            print("FAIL" if bad else "ok", one["name"], *(f"\n     {line}" for line in bad), flush=True)
    print(f"{len(wanted)} settings, {missing} not run here")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
