"""Login methods with a real client (python3-hvac) over TLS: AppRole, userpass and who is locked out, client certificates made by openssl."""
import base64
import http.server
import os
import subprocess
import tempfile
import threading
import time
import urllib.request

from test_vault_system import client, fails
import hvac

from scenario import Daemon, free_port, main

POLICY = 'path "secret/*" { capabilities = ["create", "read", "update", "list"] }'


def login_client(vogt, token=None):
    return hvac.Client(url=vogt.address, token=token, verify=os.path.join(vogt.directory, "tls.pem"), timeout=30)


def prepared(vogt, method):
    vault = client(vogt)
    vault.sys.enable_auth_method(method)
    vault.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
    vault.adapter.put("/v1/sys/policies/acl/app", json={"policy": POLICY})
    return vault


def writes_and_reads(who):
    who.secrets.kv.v2.create_or_update_secret("db", {"password": "s3cret"})
    assert who.secrets.kv.v2.read_secret_version("db")["data"]["data"] == {"password": "s3cret"}


# ---- AppRole ----

def a_program_logs_in_with_approle():
    with Daemon() as vogt:
        vault = prepared(vogt, "approle")
        vault.auth.approle.create_or_update_approle("web", token_policies=["app"], token_ttl="10m", secret_id_num_uses=2)
        assert vault.auth.approle.list_roles()["data"]["keys"] == ["web"]
        assert vault.auth.approle.read_role("web")["data"]["token_ttl"] == 600
        role_id = vault.auth.approle.read_role_id("web")["data"]["role_id"]
        made = vault.auth.approle.generate_secret_id("web", metadata={"team": "blue"})["data"]
        looked_up = vault.auth.approle.read_secret_id("web", made["secret_id"])["data"]
        assert looked_up["secret_id_accessor"] == made["secret_id_accessor"] and looked_up["metadata"] == {"team": "blue"}
        app = login_client(vogt)
        auth = app.auth.approle.login(role_id, made["secret_id"])["auth"]
        assert auth["policies"] == ["app", "default"] and auth["metadata"] == {"role_name": "web", "team": "blue"} and auth["lease_duration"] == 600
        writes_and_reads(app)
        app.auth.token.revoke_self()
        app.auth.approle.login(role_id, made["secret_id"])
        fails(lambda: login_client(vogt).auth.approle.login(role_id, made["secret_id"]), "invalid role or secret ID")  # its two uses are gone
        fails(lambda: login_client(vogt).auth.approle.login("nobody", made["secret_id"]), "invalid role or secret ID")


def secret_ids_end_by_accessor_and_survive_a_restart():
    with Daemon() as vogt:
        vault = prepared(vogt, "approle")
        vault.auth.approle.create_or_update_approle("web", token_policies=["app"])
        role_id = vault.auth.approle.read_role_id("web")["data"]["role_id"]
        made = vault.auth.approle.generate_secret_id("web")["data"]
        token = vault.token
        assert vogt.stop() == 0
        vogt.start()
        vault = client(vogt, token)
        login_client(vogt).auth.approle.login(role_id, made["secret_id"])
        assert vault.auth.approle.list_secret_id_accessors("web")["data"]["keys"] == [made["secret_id_accessor"]]
        vault.auth.approle.destroy_secret_id_accessor("web", made["secret_id_accessor"])
        fails(lambda: login_client(vogt).auth.approle.login(role_id, made["secret_id"]), "invalid role or secret ID")
        vault.auth.approle.delete_role("web")
        fails(lambda: login_client(vogt).auth.approle.login(role_id, "x"), "invalid role or secret ID")


# ---- userpass ----

def a_person_logs_in_with_a_password():
    with Daemon() as vogt:
        vault = prepared(vogt, "userpass")
        vault.auth.userpass.create_or_update_user("Ada", password="correct horse", policies=["app"])
        assert vault.auth.userpass.list_user()["data"]["keys"] == ["ada"]
        assert vault.auth.userpass.read_user("ada")["data"]["token_policies"] == ["app"]
        ada = login_client(vogt)
        auth = ada.auth.userpass.login("ada", "correct horse")["auth"]
        assert auth["metadata"] == {"username": "ada"} and auth["policies"] == ["app", "default"]
        writes_and_reads(ada)
        wrong = fails(lambda: login_client(vogt).auth.userpass.login("ada", "wrong"), "invalid username or password")
        unknown = fails(lambda: login_client(vogt).auth.userpass.login("eve", "wrong"), "invalid username or password")
        assert wrong.replace("ada", "eve") == unknown
        vault.auth.userpass.update_password_on_user("ada", "battery staple")
        fails(lambda: login_client(vogt).auth.userpass.login("ada", "correct horse"), "invalid username or password")
        login_client(vogt).auth.userpass.login("ADA", "battery staple")
        vault.auth.userpass.delete_user("ada")
        fails(lambda: login_client(vogt).auth.userpass.login("ada", "battery staple"), "invalid username or password")


def who_guesses_too_often_is_locked_out_until_let_in():
    with Daemon() as vogt:
        vault = prepared(vogt, "userpass")
        vault.adapter.post("/v1/sys/auth/userpass/tune", json={"user_lockout_config": {"lockout_threshold": "3", "lockout_duration": "1h"}})
        assert vault.sys.read_auth_method_tuning("userpass")["data"]["user_lockout_threshold"] == 3
        vault.auth.userpass.create_or_update_user("ada", password="correct horse", policies=["app"])
        for name in ("ada", "nobody"):
            for _ in range(3):
                fails(lambda who=name: login_client(vogt).auth.userpass.login(who, "wrong"), "invalid username or password")
            fails(lambda who=name: login_client(vogt).auth.userpass.login(who, "correct horse"), "permission denied")
        token, accessor = vault.token, vault.sys.list_auth_methods()["data"]["userpass/"]["accessor"]
        assert vogt.stop() == 0
        vogt.start()
        vault = client(vogt, token)
        fails(lambda: login_client(vogt).auth.userpass.login("ada", "correct horse"), "permission denied")
        locked = vault.adapter.get("/v1/sys/locked-users")["data"]
        assert locked["total"] == 2 and locked["by_namespace"][0]["mount_accessors"] == [{"mount_accessor": accessor, "alias_identifiers": ["ada", "nobody"], "counts": 2}], locked
        vault.adapter.post(f"/v1/sys/locked-users/{accessor}/unlock/ada")
        login_client(vogt).auth.userpass.login("ada", "correct horse")
        fails(lambda: login_client(vogt).auth.userpass.login("nobody", "x"), "permission denied")


# ---- client certificates ----

class Authority:
    """An authority in a directory of its own, made by openssl."""

    def __init__(self, name="Our authority"):
        self.directory = tempfile.mkdtemp(prefix="vogt-test-")
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", f"/CN={name}")
        with open(self.path("index.txt"), "w", encoding="ascii"):
            pass
        with open(self.path("ca.cnf"), "w", encoding="ascii") as file:
            file.write("[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=2\ncertificate=ca.pem\nprivate_key=ca.key\n")

    def run(self, *words):
        subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def text(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return file.read()

    def client(self, name, kind="ec", extensions="extendedKeyUsage=clientAuth"):
        """Paths of certificate and key."""
        key = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        with open(self.path(f"{name}.ext"), "w", encoding="ascii") as file:
            file.write(extensions + "\n")
        self.run("req", *key, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}/OU=engineering")
        self.run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-sha256", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        return self.path(f"{name}.pem"), self.path(f"{name}.key")

    def revoke(self, name):
        self.run("ca", "-config", "ca.cnf", "-revoke", f"{name}.pem")
        self.run("ca", "-config", "ca.cnf", "-gencrl", "-out", "crl.pem")
        return self.text("crl.pem")


def cert_login(vogt, pair, name=""):
    who = hvac.Client(url=vogt.address, verify=os.path.join(vogt.directory, "tls.pem"), timeout=30, cert=pair)
    who.token = who.adapter.post("/v1/auth/cert/login", json={"name": name} if name else {})["auth"]["client_token"]
    return who


class Publisher:
    """Serves one file at /list."""

    def __init__(self, content):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/list" else 404)
                self.send_header("Content-Length", str(len(content) if self.path == "/list" else 0))
                self.end_headers()
                self.wfile.write(content if self.path == "/list" else b"")

            def log_message(self, *words):
                pass
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://localhost:%d" % self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()


def who_holds_a_certificates_key_logs_in():
    ours, theirs = Authority(), Authority("Other authority")
    web, rsa, server, foreign = ours.client("web"), ours.client("db", kind="rsa"), ours.client("server", extensions="extendedKeyUsage=serverAuth"), theirs.client("web")
    with Daemon() as vogt:
        vault = prepared(vogt, "cert")
        vault.auth.cert.create_ca_certificate_role("web", certificate=ours.path("ca.pem"), allowed_common_names="web,server", token_policies=["app"], token_ttl=600)
        vault.auth.cert.create_ca_certificate_role("rest", certificate=ours.path("ca.pem"), allowed_organizational_units="engineering", token_policies=["default"])
        assert vault.auth.cert.list_certificate_roles()["data"]["keys"] == ["rest", "web"]
        assert vault.auth.cert.read_ca_certificate_role("web")["data"]["certificate"] == ours.text("ca.pem")
        one = cert_login(vogt, web, "web")
        writes_and_reads(one)
        assert one.auth.token.lookup_self()["data"]["meta"]["common_name"] == "web"
        assert one.auth.token.renew_self()["auth"]["lease_duration"] == 600
        fails(lambda: login_client(vogt, one.token).auth.token.renew_self(), "client identity during renewal")
        assert cert_login(vogt, rsa).auth.token.lookup_self()["data"]["meta"]["cert_name"] == "rest"
        fails(lambda: cert_login(vogt, rsa, "web"), "no chain matching all constraints could be found")
        for bad in (server, foreign):
            fails(lambda pair=bad: cert_login(vogt, pair), "invalid certificate or no client certificate supplied")
        fails(lambda: cert_login(vogt, None), "client certificate must be supplied")
        revoked = ours.revoke("web")
        vault.adapter.post("/v1/auth/cert/crls/ours", json={"crl": revoked})
        fails(lambda: cert_login(vogt, web, "web"), "invalid certificate or no client certificate supplied")
        cert_login(vogt, rsa)
        # the same list, fetched
        vault.adapter.delete("/v1/auth/cert/crls/ours")
        cert_login(vogt, web, "web")
        with Publisher(revoked.encode()) as publisher:
            fails(lambda: vault.adapter.post("/v1/auth/cert/crls/ours", json={"url": publisher.url + "/absent"}), "404")
            fails(lambda: vault.adapter.post("/v1/auth/cert/crls/ours", json={"url": "http://crl.example/list"}), "https address")
            vault.adapter.post("/v1/auth/cert/crls/ours", json={"url": publisher.url + "/list"})
        fails(lambda: cert_login(vogt, web, "web"), "invalid certificate or no client certificate supplied")
        cert_login(vogt, rsa)
        token = vault.token
        assert vogt.stop() == 0
        vogt.start()  # gate learns anew whom to ask
        cert_login(vogt, rsa)
        vault = client(vogt, token)
        vault.sys.disable_auth_method("cert")
        fails(lambda: cert_login(vogt, rsa), "permission denied")


class Responder:
    """openssl's OCSP server over an authority's index; `signer` names the pair that signs."""

    def __init__(self, authority, port, signer="ca", *more):
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen(["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", f"{signer}.pem", "-rkey", f"{signer}.key", "-port", str(port), *more], cwd=authority.directory,
                                        stdout=self.log, stderr=self.log)
        end = time.monotonic() + 20
        while "waiting for OCSP client connections" not in self.said():  # a connection that only knocks would stop it for good
            assert time.monotonic() < end and self.process.poll() is None, self.said()
            time.sleep(0.05)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.process.terminate()
        self.process.wait(timeout=20)


class Replaying(http.server.BaseHTTPRequestHandler):
    """Asks the server at `behind` once, and gives its first answer to everybody."""
    behind, kept, types = 0, None, []

    def do_POST(self):
        question = self.rfile.read(int(self.headers["Content-Length"]))
        Replaying.types.append(self.headers["Content-Type"])
        if Replaying.kept is None:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.behind}/", question, {"Content-Type": "application/ocsp-request"}), timeout=20) as reply:
                Replaying.kept = reply.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(Replaying.kept)))
        self.end_headers()
        self.wfile.write(Replaying.kept)

    def log_message(self, *words):
        pass


def issuers_are_asked_whether_a_certificate_was_revoked():
    """By openssl's own OCSP server, found by the address that the certificate names."""
    port = free_port()
    ours, theirs = Authority(), Authority("Other authority")
    usage = f"extendedKeyUsage=clientAuth\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:{port}/"
    web, unlisted = ours.client("web", extensions=usage), ours.client("unlisted", extensions=usage)
    ours.client("answers", extensions="extendedKeyUsage=OCSPSigning")
    ours.run("ca", "-config", "ca.cnf", "-valid", "web.pem")
    for end in ("pem", "key"):
        os.symlink(theirs.path(f"ca.{end}"), ours.path(f"theirs.{end}"))
    with Daemon() as vogt:
        vault = prepared(vogt, "cert")
        entry = lambda **more: vault.adapter.post("/v1/auth/cert/certs/web", json={"certificate": ours.text("ca.pem"), "token_policies": ["app"], "ocsp_enabled": True, **more})
        refused = lambda pair, words: fails(lambda: cert_login(vogt, pair), words)
        entry()
        refused(web, "the server could not be reached")
        entry(ocsp_fail_open=True)
        cert_login(vogt, web)
        entry(ocsp_fail_open=False)
        for signer in ("ca", "answers"):
            for more in ((), ("-nmin", "5"), ("-resp_key_id",)):
                with Responder(ours, port, signer, *more):
                    writes_and_reads(cert_login(vogt, web))
                    refused(unlisted, "the OCSP server does not know the certificate")
        for signer in ("theirs", "web"):
            with Responder(ours, port, signer):
                refused(web, "not signed by the issuer")
        with Responder(ours, port, "ca", "-rmd", "sha1"):
            refused(web, "not signed by the issuer")
        with Responder(ours, port, "theirs"):
            entry(ocsp_ca_certificates=base64.b64encode(theirs.text("ca.pem").encode()).decode())
            cert_login(vogt, web)
            entry(ocsp_ca_certificates="")
        with Responder(ours, port):
            Replaying.behind = port
            with http.server.HTTPServer(("127.0.0.1", 0), Replaying) as server:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                here = "http://127.0.0.1:%d/" % server.server_address[1]
                entry(ocsp_servers_override=[here])
                cert_login(vogt, web)
                refused(web, "belongs to another question")
                entry(ocsp_servers_override=[here, f"http://127.0.0.1:{port}/"])
                cert_login(vogt, web)
                entry(ocsp_query_all_servers=True)
                refused(web, "belongs to another question")
                entry(ocsp_query_all_servers=False, ocsp_servers_override=[])
                assert set(Replaying.types) == {"application/ocsp-request"}, Replaying.types
                server.shutdown()
        ours.revoke("web")
        with Responder(ours, port):
            for is_open in (False, True):
                entry(ocsp_fail_open=is_open)
                refused(web, "the client certificate was revoked")


def a_certificate_opens_nothing_but_its_login():
    ours = Authority()
    pair = ours.client("web")
    with Daemon() as vogt:
        vault = prepared(vogt, "cert")
        vault.auth.cert.create_ca_certificate_role("web", certificate=ours.path("ca.pem"), token_policies=["app"])
        who = hvac.Client(url=vogt.address, verify=os.path.join(vogt.directory, "tls.pem"), timeout=30, cert=pair)
        for path in ("/v1/agent/tasks", "/v1/secret/data/db", "/v1/sys/mounts"):
            fails(lambda where=path: who.adapter.get(where), "denied")


if __name__ == "__main__":
    main([a_program_logs_in_with_approle, secret_ids_end_by_accessor_and_survive_a_restart, a_person_logs_in_with_a_password, who_guesses_too_often_is_locked_out_until_let_in,
          who_holds_a_certificates_key_logs_in, issuers_are_asked_whether_a_certificate_was_revoked, a_certificate_opens_nothing_but_its_login])
