"""How Vogt listens: the operator's certificate and key of every kind, plain HTTP on this machine's own addresses and nowhere else, one clear message for what does not fit."""
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.request

sys.argv[1:] and os.environ.setdefault("VOGT_BUILD", os.path.abspath(sys.argv[1]))
from daemon import Daemon  # noqa: E402
from scenario import main  # noqa: E402

KINDS = {"P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "P-384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
         "Ed25519": ["-newkey", "ed25519"], "RSA 2048": ["-newkey", "rsa:2048"], "RSA 4096": ["-newkey", "rsa:4096"]}


def make(folder, name, kind):
    certificate, key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
    subprocess.run(["openssl", "req", "-x509", *KINDS[kind], "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    return certificate, key


def make_issued(folder):
    """A certificate that an authority issued, as a public one: the file has leaf and issuer."""
    issuer, issuer_key = make(folder, "issuer", "P-256")
    certificate, key, request = (os.path.join(folder, "issued" + end) for end in (".pem", ".key", ".csr"))
    extensions = os.path.join(folder, "extensions")
    with open(extensions, "w", encoding="ascii") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n")
    for command in (["req", "-newkey", "rsa:3072", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=localhost"],
                    ["x509", "-req", "-in", request, "-CA", issuer, "-CAkey", issuer_key, "-CAcreateserial", "-out", certificate, "-days", "2", "-extfile", extensions]):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    with open(issuer, encoding="ascii") as file, open(certificate, "a", encoding="ascii") as out:
        out.write(file.read())
    return issuer, certificate, key


def configured(folder, text):
    path = os.path.join(folder, "vogt.hcl")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def refused(folder, text, listen="localhost:0"):
    """The message of a Vogt that does not start."""
    daemon = Daemon("--config", configured(folder, text), listen=listen)
    try:
        daemon.start(expect_ready=False)
        assert daemon.ready is None, daemon.ready
        assert daemon.refusal and daemon.refusal.get("english"), (daemon.refusal, daemon.log_text())
        return daemon.refusal
    finally:
        daemon.close()


def health(address, context=None):
    with urllib.request.urlopen(address + "/v1/sys/health", timeout=20, context=context) as answer:
        return json.load(answer)


def every_kind_of_key_shakes_hands():
    said = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            certificate, key = make(folder, kind.replace(" ", ""), kind)
            with Daemon("--config", configured(folder, f'tls {{\n  certificate = "{certificate}"\n  key = "{key}"\n}}\n')) as daemon:
                context = ssl.create_default_context(cafile=certificate)
                assert health(daemon.address, context)["initialized"], kind
                with socket.create_connection(("127.0.0.1", int(daemon.address.rsplit(":", 1)[1]))) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
                    assert tls.version() == "TLSv1.3", tls.version()
                    with open(certificate, encoding="ascii") as file:
                        assert tls.getpeercert(True) == ssl.PEM_cert_to_DER_cert(file.read()), kind
                assert daemon.vogt("status").returncode == 0, kind  # our own client trusts tls.pem
                said.append(kind)
    return ", ".join(said)


def an_issued_certificate_is_shown_with_its_chain():
    with tempfile.TemporaryDirectory() as folder:
        issuer, certificate, key = make_issued(folder)
        with Daemon("--config", configured(folder, f'tls {{\n  certificate = "{certificate}"\n  key = "{key}"\n}}\n')) as daemon:
            assert health(daemon.address, ssl.create_default_context(cafile=issuer))["initialized"]
            assert daemon.vogt("status").returncode == 0
            shown = subprocess.run(["openssl", "s_client", "-connect", daemon.address[8:], "-showcerts"], input=b"", capture_output=True, check=True).stdout
            assert shown.count(b"BEGIN CERTIFICATE") == 2, shown[:2000]


def what_does_not_fit_is_said():
    with tempfile.TemporaryDirectory() as folder:
        certificate, _ = make(folder, "one", "P-256")
        _, other = make(folder, "two", "P-256")
        small = os.path.join(folder, "small.key")
        subprocess.run(["openssl", "genrsa", "-out", small, "1024"], check=True, capture_output=True)
        block = 'tls {{\n  certificate = "{}"\n  key = "{}"\n}}\n'
        assert "does not belong" in refused(folder, block.format(certificate, other))["english"]
        assert "2048" in refused(folder, block.format(certificate, small))["english"]
        assert "PEM" in refused(folder, block.format(certificate, certificate))["english"]
        missing = refused(folder, block.format(certificate, folder + "/nothing.key"))
        assert missing["detail"].endswith("nothing.key") and "lesen" in missing["german"], missing
        refused(folder, f'tls {{\n  certificate = "{certificate}"\n}}\n')


def plain_http_stays_on_this_machine():
    with tempfile.TemporaryDirectory() as folder:
        with Daemon("--config", configured(folder, "plain_http = true\n"), listen="127.0.0.1:0") as daemon:
            assert daemon.address.startswith("http://127.0.0.1:"), daemon.address
            assert health(daemon.address)["initialized"]
            status = daemon.vogt("status", "--json")
            assert status.returncode == 0 and json.loads(status.stdout)["roles"], status.stderr
        with Daemon("--config", configured(folder, "plain_http = true\n")) as daemon:
            assert health(daemon.address)["initialized"]
        said = refused(folder, "plain_http = true\n", listen="0.0.0.0:0")
        assert "localhost" in said["english"], said


if __name__ == "__main__":
    sys.exit(main([every_kind_of_key_shakes_hands, an_issued_certificate_is_shown_with_its_chain, what_does_not_fit_is_said, plain_http_stays_on_this_machine]))
