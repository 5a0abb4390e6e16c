"""An issuer of signed tokens on loopback, over TLS with an authority of its own: it publishes its document and its keys, signs what it is told, and lies on demand. Signing and
key making are OpenSSL's, so that no code of Vogt checks itself.

    with Issuer() as issuer:
        issuer.url, issuer.authority            where it is, and the PEM that its certificate is checked with
        issuer.token({"sub": "ada"})            a good token; key="other" signs with a key that is not published
        issuer.answers["/keys"] = …             bytes, or a function(handler) that answers itself; see the hostile ones in the tests
        issuer.asked                            paths in the order in which they were asked for
"""
import base64
import contextlib
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """RSA, as most issuers have it."""

    def __init__(self, folder, kid):
        self.kid, self.path = kid, os.path.join(folder, kid + ".key")
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path)
        modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().strip().partition("=")[2]
        self.jwk = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encode(bytes.fromhex(modulus)), "e": "AQAB"}

    @property
    def pem(self):
        return openssl("pkey", "-in", self.path, "-pubout").decode()

    def sign(self, claims, header=None):
        head = {"alg": "RS256", "typ": "JWT", "kid": self.kid} if header is None else header
        text = encode(json.dumps(head).encode()) + "." + encode(json.dumps(claims).encode())
        return text + "." + encode(openssl("dgst", "-sha256", "-sign", self.path, data=text.encode()))


def certificate(folder):
    """An authority, and what it signed for localhost."""
    path = lambda name: os.path.join(folder, name)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("ca.key"), "-out", path("ca.pem"), "-days", "2", "-subj", "/CN=Test authority")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("tls.key"), "-out", path("tls.csr"), "-subj", "/CN=localhost")
    with open(path("names"), "w", encoding="utf-8") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", path("tls.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "1", "-extfile", path("names"), "-out", path("tls.pem"))


class Issuer:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="vogt-issuer-")
        certificate(self.folder)
        self.keys = {kid: Key(self.folder, kid) for kid in ("one", "other")}
        self.answers, self.asked, self.bodies = {}, [], []
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.partition("?")[0]
                issuer.asked.append(path)
                issuer.bodies.append(body)
                answer = issuer.answers.get(path)
                if callable(answer):
                    answer(self)
                else:
                    reply(self, 404 if answer is None else 200, b"{}" if answer is None else answer)

            do_GET = do_POST = do

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *arguments: None  # a client that does not trust the certificate goes away
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, "tls.pem"), os.path.join(self.folder, "tls.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        with open(os.path.join(self.folder, "ca.pem"), encoding="utf-8") as file:
            self.authority = file.read()
        self.publish()

    def publish(self, *kids, **document):
        self.answers["/.well-known/openid-configuration"] = json.dumps({"issuer": self.url, "jwks_uri": self.url + "/keys", "authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token",
                                                                        "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
                                                                        **document}).encode()
        self.answers["/keys"] = json.dumps({"keys": [self.keys[kid].jwk for kid in kids or ("one",)]}).encode()

    def token(self, claims, key="one", header=None):
        now = int(time.time())
        return self.keys[key].sign({"iss": self.url, "aud": "vogt", "iat": now, "exp": now + 300, **claims}, header)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *arguments):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


def reply(handler, status, body, headers=None):
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    with contextlib.suppress(OSError):
        handler.wfile.write(body)


def redirect_to(url):
    return lambda handler: reply(handler, 302, b"", {"Location": url})


def endless(handler):
    """Never ends by itself."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b" " * 65536)
    handler.close_connection = True


def cut(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"keys":[')
    handler.close_connection = True


def silent(handler):
    """Takes the request and says nothing until the other side gives up."""
    handler.connection.settimeout(60)
    with contextlib.suppress(OSError):
        handler.rfile.read(1)
    handler.close_connection = True


def slow(handler):
    """A byte a second: alive, and never done."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(60):
            handler.wfile.write(b" ")
            time.sleep(1)
    handler.close_connection = True


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
