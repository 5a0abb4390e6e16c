"""Real servers with TLS on loopback, each in its own folder and on a free port, ended by their process id. Shared by collect_protocols.py, agree_tls.py and the bench.

    with Servers() as servers:
        port = servers.postgres("hostssl")

Every method returns a port, or raises Missing with the reason why it cannot run here (not installed, not root).
"""
import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 30
PATHS = ["/usr/sbin", "/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/15/bin", "/usr/lib/dovecot"]


class Missing(Exception):
    """A server that cannot be had here, with the reason."""


def free_port(family=socket.AF_INET):
    with socket.socket(family) as probe:
        probe.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        return probe.getsockname()[1]


def program(name, package):
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *PATHS]))
    if found is None:
        raise Missing(f"{name} is not installed (package {package})")
    return found


def need_root(name):
    if os.getuid() != 0:
        raise Missing(f"{name} only starts as root")


def stat_of(pid):
    """What follows the name in the kernel's line about a process: state, parent, ..., its start as the twentieth; empty when it is gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()
    return []


def start_of(pid):
    return next(iter(stat_of(pid)[19:20]), None)


def descendants(pid):
    """{process id: its start} of all that this process and its children started: ids are used again, the pair is not."""
    parents = {int(entry): stat_of(entry) for entry in os.listdir("/proc") if entry.isdigit()}
    found, wave = {}, {pid}
    while wave:
        wave = {child for child, stat in parents.items() if stat and int(stat[1]) in wave and child not in found}
        found.update({child: parents[child][19] for child in wave})
    return found


class Servers:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="vogt-servers-")
        os.chmod(self.directory, 0o755)  # noqa: S103: servers that change their user must reach their own folder beneath
        self.running = []
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            self.stop(process)
        shutil.rmtree(self.directory, ignore_errors=True)

    def stop(self, process):
        """Ends the server and what it started: all of its group, and who left the group (Postfix's master does)."""
        others = descendants(process.pid)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=3)
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pid, started in others.items():
            if start_of(pid) == started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def path(self, name):
        return os.path.join(self.directory, name)

    def folder(self, name, owner=None):
        self.count += 1
        path = self.path(f"{name}-{self.count}")
        os.makedirs(path)
        if owner is not None:
            shutil.chown(path, owner)
        return path

    def write(self, folder, name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def shell(self, *arguments, **more):
        done = subprocess.run(arguments, cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **more)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: {(done.stderr or done.stdout)[-400:]}")
        return done.stdout

    def certificate(self, name="good", *, names="DNS:localhost,IP:127.0.0.1,IP:::1", days="30", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), digest="-sha256",
                    subject=None):
        """Returns (certificate, key), made once per name, readable for servers that change their user."""
        pem, private = self.path(name + ".pem"), self.path(name + ".key")
        if not os.path.exists(pem):
            self.shell("openssl", "req", "-x509", "-newkey", *key, "-nodes", "-keyout", private, "-out", pem, "-days", days, digest, "-subj",
                       "/CN=" + (subject or name), "-addext", "subjectAltName=" + names)
            os.chmod(private, 0o644)  # noqa: S103: keys of a test, of no use to anybody
        return pem, private

    def start(self, port, *command, folder=None, environment=None, family=socket.AF_INET, user=None, host=None):
        log = os.path.join(folder or self.directory, "log")
        with open(log, "ab") as out:
            process = subprocess.Popen(command, cwd=folder or self.directory, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                                       env=dict(os.environ, **(environment or {})), user=user, group=None)
        self.running.append(process)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((host or ("127.0.0.1" if family == socket.AF_INET else "::1"), port), timeout=1):
                return port
            if process.poll() is not None:
                break
            time.sleep(0.05)
        with open(log, encoding="utf-8", errors="replace") as file:
            raise RuntimeError(f"{command[0]} does not listen: {file.read()[-800:]}")

    # -- https ------------------------------------------------------------------------------------------------------------

    def s_server(self, *options, name="good", port=None, family=socket.AF_INET, www=True):
        pem, key = self.certificate(name)
        port = port or free_port(family)
        listen = f"127.0.0.1:{port}" if family == socket.AF_INET else f"[::1]:{port}"
        return self.start(port, "openssl", "s_server", "-accept", listen, "-cert", pem, "-key", key, *(["-www"] if www else []), "-quiet", *options, family=family)

    def nginx(self, *servers, listen=None, name="good", more=""):
        """One nginx; each text of `servers` is a server block on a port of its own. Returns the ports."""
        folder = self.folder("nginx")
        pem, key = self.certificate(name)
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        ports = [free_port() for _ in servers]
        blocks = "".join(f"server {{ listen {(listen or '127.0.0.1:{} ssl').format(port)}; "
                         f"{'' if 'ssl_certificate ' in text else f'ssl_certificate {pem}; ssl_certificate_key {key};'} "
                         f"location = / {{ return 200 hello; }} {text} }}\n" for port, text in zip(ports, servers))
        path = self.write(folder, "nginx.conf", f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; events {{ worker_connections 8192; }} "
                                                f"http {{ access_log off; {temporary} {more} {blocks} }}")
        self.start(ports[0], program("nginx", "nginx-light"), "-c", path, "-p", folder, "-e", folder + "/error.log", folder=folder)
        return ports

    def haproxy(self, bind, name="good", response="http-after-response set-header Strict-Transport-Security max-age=63072000"):
        folder, port = self.folder("haproxy"), free_port()
        pem, key = self.certificate(name)
        with open(pem, encoding="ascii") as one, open(key, encoding="ascii") as two:
            both = self.write(folder, "both.pem", one.read() + two.read())
        path = self.write(folder, "haproxy.cfg", f"""
global
    tune.ssl.default-dh-param 2048
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend it
    bind 127.0.0.1:{port} ssl crt {both} {bind}
    {response}
    http-request return status 200 content-type text/plain string hello if {{ path / }}
    http-request return status 404 content-type text/plain string no
""")
        return self.start(port, program("haproxy", "haproxy"), "-f", path, "-db", folder=folder)

    def stunnel(self, options, name="good"):
        folder, port = self.folder("stunnel"), free_port()
        pem, key = self.certificate(name)
        path = self.write(folder, "stunnel.conf", f"foreground = yes\npid =\ndebug = 3\n[it]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:9\ncert = {pem}\nkey = {key}\n{options}\n")
        return self.start(port, program("stunnel4", "stunnel4"), path, folder=folder)

    # -- mail -------------------------------------------------------------------------------------------------------------

    def dovecot(self, options="ssl = required", name="good", protocols=("imap", "pop3", "sieve")):
        """Returns {"imap": port, ...}, at 127.0.0.2: Dovecot takes a client at its own address for safe without TLS."""
        folder = self.folder("dovecot")
        need_root("dovecot")
        pem, key = self.certificate(name)
        ports = {protocol: free_port() for protocol in protocols}
        def listener(name, port):
            return f"  inet_listener {name} {{\n    port = {port}\n    address = 127.0.0.2\n  }}\n"

        listeners = "".join(f"service {'managesieve' if protocol == 'sieve' else protocol}-login {{\n{listener(protocol, port)}"
                            f"{'' if protocol == 'sieve' else listener(protocol + 's', 0)}}}\n" for protocol, port in ports.items())
        path = self.write(folder, "dovecot.conf", f"""
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/mail.log
protocols = {' '.join(protocols)}
listen = 127.0.0.2
ssl_cert = <{pem}
ssl_key = <{key}
mail_location = maildir:{folder}/mail
auth_mechanisms = plain login
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}
}}
{listeners}
{options}
""")
        self.start(ports[protocols[0]], program("dovecot", "dovecot-imapd"), "-F", "-c", path, folder=folder, host="127.0.0.2")
        return ports

    def postfix(self, options, submission=""):
        """Returns (port of mail, port of submission)."""
        need_root("postfix")
        binary = program("postfix", "postfix")
        folder = self.folder("postfix")
        os.chmod(folder, 0o755)  # noqa: S103
        pem, key = self.certificate()
        mail, submit = free_port(), free_port()
        queue, data = os.path.join(folder, "queue"), os.path.join(folder, "data")
        os.makedirs(queue)
        os.makedirs(data)
        shutil.chown(data, "postfix")
        self.write(folder, "main.cf", f"""
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = mail.vogt.test
mydestination = localhost
smtpd_tls_cert_file = {pem}
smtpd_tls_key_file = {key}
smtpd_peername_lookup = no
smtpd_client_connection_rate_limit = 0
cyrus_sasl_config_path = {folder}
{options}
""")
        services = "".join(f"{line}\n" for line in (
            f"127.0.0.1:{mail} inet n - n - - smtpd", f"127.0.0.1:{submit} inet n - n - - smtpd {submission}", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
            "rewrite unix - - n - - trivial-rewrite", "anvil unix - - n - 1 anvil", "tlsmgr unix - - n 1000? 1 tlsmgr", "postlog unix-dgram n - n - 1 postlogd",
            "pickup unix n - n 60 1 pickup", "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "proxymap unix - - n - - proxymap", "scache unix - - n - 1 scache"))
        self.write(folder, "master.cf", services)
        self.start(mail, binary, "-c", folder, "start-fg", folder=folder)
        return mail, submit

    # -- databases and directories ----------------------------------------------------------------------------------------

    def postgres(self, rule="hostssl", options=(), ssl="on"):
        user = "postgres" if os.getuid() == 0 else getpass.getuser()
        initdb, server = program("initdb", "postgresql"), program("postgres", "postgresql")
        folder, port = self.folder("postgres", owner=user if os.getuid() == 0 else None), free_port()
        pem, key = self.certificate()
        data = os.path.join(folder, "data")
        own = os.path.join(folder, "server.key")
        shutil.copy(key, own)
        os.chmod(own, 0o600)
        if os.getuid() == 0:
            shutil.chown(own, user)
        secret = self.write(folder, "password", "of a test\n")
        self.shell(initdb, "-D", data, "-A", "scram-sha-256", "--no-sync", "-U", "owner", f"--pwfile={secret}", user=user if os.getuid() == 0 else None)
        self.write(folder, "pg_hba.conf", f"{rule} all all 127.0.0.1/32 scram-sha-256\n")
        return self.start(port, server, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-c", f"hba_file={folder}/pg_hba.conf", "-c", f"ssl={ssl}", "-c", f"ssl_cert_file={pem}", "-c",
                          f"ssl_key_file={own}", "-c", "fsync=off", *[part for option in options for part in ("-c", option)], folder=folder, user=user if os.getuid() == 0 else None)

    def mariadb(self, *options, tls=True):
        install, server = program("mariadb-install-db", "mariadb-server"), program("mariadbd", "mariadb-server")
        user = "mysql" if os.getuid() == 0 else getpass.getuser()
        folder, port = self.folder("mariadb", owner=user if os.getuid() == 0 else None), free_port()
        pem, key = self.certificate()
        data = os.path.join(folder, "data")
        self.shell(install, "--no-defaults", f"--datadir={data}", f"--user={user}", "--auth-root-authentication-method=normal", "--skip-test-db")
        return self.start(port, server, "--no-defaults", f"--datadir={data}", f"--user={user}", f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket",
                          "--innodb-buffer-pool-size=8M", "--skip-log-bin", *([f"--ssl-cert={pem}", f"--ssl-key={key}"] if tls else []), *options, folder=folder)

    def slapd(self, options="", tls=True):
        folder, port = self.folder("slapd"), free_port()
        pem, key = self.certificate()
        os.makedirs(os.path.join(folder, "data"))
        keys = f"TLSCertificateFile {pem}\nTLSCertificateKeyFile {key}\nTLSCACertificateFile {pem}\n" if tls else ""
        path = self.write(folder, "slapd.conf", f"include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {folder}/pid\n{keys}{options}\n"
                                                f"database mdb\nsuffix dc=vogt\ndirectory {folder}/data\nrootdn cn=admin,dc=vogt\nrootpw secret\n")
        return self.start(port, program("slapd", "slapd"), "-f", path, "-h", f"ldap://127.0.0.1:{port}", "-d", "0", folder=folder)

    def prosody(self, required):
        folder, port = self.folder("prosody"), free_port()
        pem, key = self.certificate()
        path = self.write(folder, "prosody.cfg.lua", f"""
run_as_root = true
pidfile = "{folder}/pid"
data_path = "{folder}"
log = {{ error = "{folder}/error.log" }}
modules_enabled = {{ "tls", "saslauth" }}
modules_disabled = {{ "s2s" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_require_encryption = {str(required).lower()}
allow_unencrypted_plain_auth = true
ssl = {{ certificate = "{pem}", key = "{key}" }}
VirtualHost "localhost"
""")
        return self.start(port, program("prosody", "prosody"), "--config", path, "-F", folder=folder)

    def vsftpd(self):
        need_root("vsftpd")
        folder, port = self.folder("vsftpd"), free_port()
        pem, key = self.certificate("rsa", key=("rsa:2048",))
        os.makedirs(os.path.join(folder, "empty"))
        path = self.write(folder, "vsftpd.conf", f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nanonymous_enable=NO\nlocal_enable=YES\nssl_enable=YES\n"
                                                 f"rsa_cert_file={pem}\nrsa_private_key_file={key}\nsecure_chroot_dir={folder}/empty\nseccomp_sandbox=NO\n")
        os.chmod(path, 0o600)
        return self.start(port, program("vsftpd", "vsftpd"), path, folder=folder)

    # -- in the clear -----------------------------------------------------------------------------------------------------

    def redis(self, *options):
        port = free_port()
        return self.start(port, program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", *options)

    def redis_tls(self):
        port = free_port()
        pem, key = self.certificate()
        return self.start(port, program("redis-server", "redis-server"), "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--save", "", "--tls-cert-file", pem,
                          "--tls-key-file", key, "--tls-ca-cert-file", pem, "--tls-auth-clients", "no")

    def memcached(self):
        port = free_port()
        return self.start(port, program("memcached", "memcached"), "-l", "127.0.0.1", "-p", str(port), "-U", "0", *(["-u", "nobody"] if os.getuid() == 0 else []))
