#!/usr/bin/env python3
"""A rotation hook for PostgreSQL: sets the password of named roles, and nothing else. Vogt tells it the new value, logs in with it, and only then keeps it.

    PGHOST=/run/postgresql PGUSER=rotator rotation-hook-postgres.py --listen 10.0.0.5:8443 --certificate tls.pem --key key.pem --token-file token app web

It needs psql and a role that may change the others' passwords (PostgreSQL 16: CREATEROLE and ADMIN OPTION on them). The password itself never reaches the server, nor its log: what is sent
is the SCRAM-SHA-256 verifier. Then, at Vogt:

    vogt rotation set app/db fields.json      {"field": "password", "user": "app", "every": "30d", "target": "postgres://10.0.0.5:5432/shop",
                                               "hook": "https://10.0.0.5:8443/", "hook_token": "...", "hook_authorities_pem": "..."}
"""
import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import ssl
import subprocess

BODY_MAX_BYTES = 65536
ITERATIONS = 4096


def verifier(password):
    """SCRAM-SHA-256$ITERATIONS:SALT$STORED-KEY:SERVER-KEY, as PostgreSQL keeps it (RFC 5803)."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return "SCRAM-SHA-256$%d:%s$%s:%s" % (ITERATIONS, *(base64.b64encode(part).decode() for part in (salt, stored, server)))


def set_password(role, password):
    statement = 'ALTER ROLE "%s" PASSWORD \'%s\';\n' % (role, verifier(password))
    done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", os.environ.get("PGDATABASE", "postgres")], input=statement, capture_output=True, text=True, timeout=20, check=False)
    return done.returncode == 0


class Hook(http.server.BaseHTTPRequestHandler):
    token = ""
    roles = ()

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0")) if self.headers.get("Content-Length", "").isdigit() else 0
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), ("Bearer " + self.token).encode()):
            return self.answer(401)
        if not 0 < length <= BODY_MAX_BYTES:
            return self.answer(413)
        try:
            told = json.loads(self.rfile.read(length))
            role, password = told["user"], told["new"]
        except (ValueError, KeyError, TypeError):
            return self.answer(400)
        if role not in self.roles or not isinstance(password, str) or not re.fullmatch(r"[A-Za-z0-9]{12,128}", password):
            return self.answer(403)
        return self.answer(204 if set_password(role, password) else 502)

    def log_message(self, *_):
        """Nothing: a request holds two passwords."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--listen", default="127.0.0.1:8443")
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--token-file", required=True)
    parser.add_argument("roles", nargs="+")
    options = parser.parse_args()
    with open(options.token_file, encoding="ascii") as stream:
        Hook.token = stream.read().strip()
    if len(Hook.token) < 16:
        parser.error("the token is shorter than 16 letters")
    Hook.roles = tuple(options.roles)
    host, _, port = options.listen.rpartition(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Hook)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(options.certificate, options.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
