"""The everyday commands: vogt secret, run and import against a real Vogt, and leases against a double that has some.

Run: python3 tests/test_secret.py [BUILD_DIRECTORY]
"""
import json
import os
import pty
import signal
import subprocess
import tempfile
import time

from scenario import Daemon, main, wait_until

from daemon import clean_environment, program
from test_command import Double

HIDDEN = "correct horse battery"


class Store(Daemon):
    """A Vogt with a versioned mount "app" and a plain one "old"."""

    mounts = (("app", "2"), ("old", "1"))

    def start(self):
        super().start()
        code = self.ready["login_link"].split("#login=")[1]
        self.admin = self.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]
        for path, version in self.mounts:
            status, reply = self.call("POST", f"/v1/sys/mounts/{path}", {"type": "kv", "options": {"version": version}}, token=self.admin)
            assert status == 204, reply
        return self

    def restart_same(self):
        """The same store again; the admin's token lives on."""
        super(Store, self).start()

    def command(self, *words, input="", code=0, token=None, language="en"):
        done = subprocess.run([program("vogt"), *words], input=input, capture_output=True, text=True, timeout=60, check=False, env=self.environment_of(token, language))
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done

    def environment_of(self, token=None, language="en"):
        return clean_environment(VOGT_ADDR=self.address, VOGT_CACERT=os.path.join(self.directory, "tls.pem"), VOGT_TOKEN=token or self.admin, LANG=f"{language}.UTF-8", PATH=os.environ["PATH"])

    def tree(self, *words, **more):
        return json.loads(self.command(*words, "--json", **more).stdout)

    def may(self, name, rules, **more):
        """A token with these rules: {path: [capability]}."""
        text = "\n".join(f'path "{path}" {{ capabilities = {json.dumps(list(capabilities))} }}' for path, capabilities in rules.items())
        status, reply = self.call("PUT", f"/v1/sys/policies/acl/{name}", {"policy": text}, token=self.admin)
        assert status in (200, 204), reply
        return self.call("POST", "/v1/auth/token/create", {"policies": [name], "ttl": "1h", **more}, token=self.admin)[1]["auth"]["client_token"]


def a_secret_is_written_read_listed_and_found():
    with Store() as vogt:
        assert "version 1" in vogt.command("secret", "put", "app/team/db", "password=-", input=HIDDEN + "\n").stdout
        assert vogt.command("secret", "get", "app/team/db", "--field", "password").stdout == HIDDEN
        assert vogt.command("secret", "get", "-field=password", "app/team/db").stdout == HIDDEN
        # numbers come back as they were written, and a whole secret by standard input
        vogt.command("secret", "put", "app/team/db", input='{"password":"x","port":12345678901234567890,"share":1.10}')
        assert vogt.command("secret", "get", "app/team/db", "--field", "port").stdout == "12345678901234567890"
        assert vogt.tree("secret", "get", "app/team/db")["metadata"]["version"] == 2
        assert vogt.tree("secret", "get", "app/team/db", "--version", "1")["data"] == {"password": HIDDEN}
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write("-----BEGIN-----\nabc\n-----END-----\n")
            file.flush()
            vogt.command("secret", "put", "app/team/db", f"key=@{file.name}", "--merge")
        assert vogt.tree("secret", "get", "app/team/db")["data"]["key"] == "-----BEGIN-----\nabc\n-----END-----\n"
        assert vogt.command("secret", "get", "app/team/db", "-field", "share").stdout == "1.10"
        assert "    -----BEGIN-----\n    abc\n" in vogt.command("secret", "get", "app/team/db").stdout
        # check-and-set
        assert "check-and-set" in vogt.command("secret", "put", "app/team/db", "--cas", "1", input="{}", code=5).stderr
        # the mount without versions, by the same words
        vogt.command("secret", "put", "old/plain", input='{"a":"1"}')
        vogt.command("secret", "put", "old/plain", "--merge", "b=-", input="2")
        assert vogt.tree("secret", "get", "old/plain")["data"] == {"a": "1", "b": "2"}
        assert vogt.tree("secret", "list") == ["app/", "old/"]
        assert vogt.tree("secret", "list", "app") == ["team/"] and vogt.tree("secret", "list", "app/team/") == ["db"] and vogt.tree("secret", "list", "old") == ["plain"]
        assert vogt.tree("secret", "list", "app/none") == []
        assert vogt.tree("secret", "search", "DB") == ["app/team/db"] and vogt.tree("secret", "search", "", "--in", "old") == ["old/plain"]
        # what the token may not list is not found
        token = vogt.may("reader", {"app/data/team/*": ["read"], "old/*": ["list", "read"]})
        assert vogt.tree("secret", "search", "", token=token) == ["old/plain"]
        assert vogt.command("secret", "get", "app/team/db", "--field", "password", token=token).stdout == "x"


def errors_name_what_is_wrong_in_both_languages():
    with Store() as vogt:
        done = vogt.command("secret", "put", "app/x", "password=" + HIDDEN, code=2)
        assert "never stands in the command line" in done.stderr and HIDDEN not in done.stderr
        assert "steht nie in der Befehlszeile" in vogt.command("secret", "put", "app/x", "password=hunter2", code=2, language="de").stderr
        assert "nothing is there" in vogt.command("secret", "get", "app/none", code=5).stderr
        assert "no engine that this token may use" in vogt.command("secret", "get", "nowhere/x", code=4).stderr
        assert "unter diesem Pfad liegt nichts" in vogt.command("secret", "get", "nowhere/x", code=4, language="de").stderr
        assert "is a mount" in vogt.command("secret", "get", "app", code=5).stderr
        assert "no versions" in vogt.command("secret", "versions", "old/x", code=5).stderr
        done = vogt.command("secret", "put", "app/x", input='{"a": hunter2}', code=5)
        assert "line 1" in done.stderr and "hunter2" not in done.stderr, done.stderr
        vogt.command("secret", "put", "app/x", input='{"a":"1"}')
        assert "no such field" in vogt.command("secret", "get", "app/x", "--field", "b", code=5).stderr
        token = vogt.may("none", {"app/metadata/*": ["list"]})
        assert "permission denied" in vogt.command("secret", "get", "app/x", code=4, token=token).stderr
        reply = json.loads(vogt.command("secret", "get", "app/none", "--json", code=5).stdout)
        assert reply["error"]["code"] == "input" and reply["error"]["german"]


def what_was_deleted_comes_back():
    with Store() as vogt:
        for value in ("1", "2", "3"):
            vogt.command("secret", "put", "app/x", input=json.dumps({"a": value}))
        vogt.command("secret", "delete", "app/x")
        assert "deleted" in vogt.command("secret", "get", "app/x", code=5).stderr
        assert [(one["path"], one["all_versions"]) for one in vogt.tree("secret", "bin")] == [("app/x", False)]
        vogt.command("secret", "undelete", "app/x")
        assert vogt.command("secret", "get", "app/x", "--field", "a").stdout == "3"
        vogt.command("secret", "delete", "app/x", "--version", "1", "--version", "2")
        vogt.command("secret", "undelete", "app/x", "--version", "2")
        vogt.command("secret", "delete", "app/x", "--version", "2", "--destroy")
        versions = vogt.tree("secret", "versions", "app/x")["versions"]
        assert versions["1"]["deletion_time"] and versions["2"]["destroyed"] and not versions["3"]["deletion_time"]
        assert "destroyed" in vogt.command("secret", "versions", "app/x").stdout
        # with all its versions: for good unless the mount keeps a bin
        vogt.call("POST", "/v1/app/config", {"deleted_keep": "24h"}, token=vogt.admin)
        vogt.command("secret", "delete", "app/x", "--all")
        entry = vogt.tree("secret", "bin", "app")[0]
        assert entry["all_versions"] and entry["kept_until"]
        assert "app/x" in vogt.command("secret", "bin").stdout
        vogt.command("secret", "restore", "app/x", "app/y")
        assert vogt.command("secret", "get", "app/y", "--field", "a").stdout == "3" and vogt.tree("secret", "bin") == []
        assert "keeps nothing" in vogt.command("secret", "restore", "app/x", code=5).stderr
        assert "--destroy goes with --version" in vogt.command("secret", "delete", "app/y", "--destroy", code=2).stderr


def a_value_is_asked_for_without_echo():
    with Store() as vogt:
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(program("vogt"), ["vogt", "secret", "put", "app/x", "password"], vogt.environment_of())
        seen = b""
        while b"password: " not in seen:
            seen += os.read(fd, 1024)
        time.sleep(0.2)
        os.write(fd, HIDDEN.encode() + b"\n")
        try:
            while True:
                part = os.read(fd, 1024)
                if not part:
                    break
                seen += part
        except OSError:
            pass
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and HIDDEN.encode() not in seen, seen
        assert vogt.command("secret", "get", "app/x", "--field", "password").stdout == HIDDEN


# ---- vogt run ----

def accessors(vogt):
    return set(vogt.call("LIST", "/v1/auth/token/accessors", token=vogt.admin)[1]["data"]["keys"])


def a_program_gets_secrets_and_its_token_ends_with_it():
    with Store() as vogt:
        vogt.command("secret", "put", "app/db", input='{"password":"%s","port":5432}' % HIDDEN)
        vogt.command("secret", "put", "old/mail", input='{"smtp-key":"k"}')
        before = accessors(vogt)
        done = vogt.command("run", "--secret", "app/db=DB_", "--secret", "old/mail", "--upper", "--", "sh", "-c", 'printf "%s|%s|%s|%s" "$DB_PASSWORD" "$DB_PORT" "$SMTP_KEY" "${VOGT_TOKEN-none}"')
        assert done.stdout == f"{HIDDEN}|5432|k|none", done
        assert accessors(vogt) == before
        # its exit code is the answer, and what cannot be started says so
        assert vogt.command("run", "--", "sh", "-c", "exit 42", code=42).stderr == ""
        vogt.command("run", "--", "sh", "-c", "kill -9 $$", code=137)
        assert "cannot be started" in vogt.command("run", "--secret", "app/db", "--", "/nonexistent/program", code=127).stderr
        vogt.command("run", "--", "/etc/passwd", code=126)
        # words of the program that look like ours are its own, and there may be many
        done = vogt.command("run", "--", "printf", "%s ", "--json", "--secret", *(str(i) for i in range(100)))
        assert done.stdout.startswith("--json --secret 0 1") and done.stdout.endswith("98 99 ")
        assert "which program" in vogt.command("run", "--secret", "app/db", code=2).stderr
        # two names that become one are refused, and nothing is started
        done = vogt.command("run", "--secret", "app/db", "--secret", "app/db", "--", "sh", "-c", "echo started", code=5)
        assert "same variable" in done.stderr and "started" not in done.stdout and HIDDEN not in done.stderr
        assert "nothing is there" in vogt.command("run", "--secret", "app/none", "--", "true", code=5).stderr
        assert accessors(vogt) == before
        # the token itself, when the program asks Vogt on its own
        done = vogt.command("run", "--pass-token", "--ttl", "1m", "--", "sh", "-c", 'printf "%s %s" "$VAULT_ADDR" "$VAULT_TOKEN"')
        address, token = done.stdout.split()
        assert address == vogt.address and token != vogt.admin and vogt.call("GET", "/v1/auth/token/lookup-self", token=token)[0] == 403
        # a token that may create none says what it needs
        weak = vogt.may("weak", {"app/data/db": ["read"]})
        assert "auth/token/create" in vogt.command("run", "--secret", "app/db", "--", "true", code=4, token=weak).stderr
        assert vogt.command("run", "--own-token", "--secret", "app/db", "--", "printenv", "password", token=weak).stdout == HIDDEN + "\n"


def its_token_is_renewed_while_it_runs_and_signals_reach_it():
    with Store() as vogt:
        vogt.command("secret", "put", "app/db", input='{"password":"%s"}' % HIDDEN)
        before = accessors(vogt)
        script = 'trap "echo usr1" USR1; trap "echo term; exit 7" TERM; echo ready; while :; do sleep 0.1; done'
        process = subprocess.Popen([program("vogt"), "run", "--ttl", "2s", "--secret", "app/db", "--", "sh", "-c", script], stdout=subprocess.PIPE, text=True, env=vogt.environment_of())
        try:
            assert process.stdout.readline() == "ready\n"
            made = accessors(vogt) - before
            assert len(made) == 1
            # no value and no token in the arguments of either process
            with open(f"/proc/{process.pid}/cmdline", "rb") as stream:
                assert HIDDEN.encode() not in stream.read()
            time.sleep(5)
            assert accessors(vogt) - before == made, "it ended while the program ran"
            process.send_signal(signal.SIGUSR1)
            assert process.stdout.readline() == "usr1\n"
            process.send_signal(signal.SIGTERM)
            assert process.stdout.readline() == "term\n"
            assert process.wait(20) == 7
        finally:
            process.kill()
            process.wait()
        assert accessors(vogt) == before


def a_program_does_not_outlive_who_renews_for_it():
    with Store() as vogt:
        process = subprocess.Popen([program("vogt"), "run", "--", "sh", "-c", "echo $$; exec sleep 600"], stdout=subprocess.PIPE, text=True, env=vogt.environment_of())
        pid = int(process.stdout.readline())
        process.kill()
        process.wait()
        wait_until(lambda: not os.path.exists(f"/proc/{pid}") or open(f"/proc/{pid}/stat").read().split()[2] == "Z", what="the program to end")


def leases_are_renewed_and_end_with_the_program():
    answers = {
        ("POST", "/v1/auth/token/create"): (200, {"auth": {"client_token": "hvs.child", "lease_duration": 60, "renewable": True}}),
        ("GET", "/v1/sys/internal/ui/mounts/database/creds/app"): (200, {"data": {"path": "database/", "type": "database", "options": None}}),
        ("GET", "/v1/database/creds/app"): (200, {"lease_id": "database/creds/app/1", "lease_duration": 2, "renewable": True, "data": {"username": "u", "password": HIDDEN}}),
        ("PUT", "/v1/sys/leases/renew"): (200, {"lease_id": "database/creds/app/1", "lease_duration": 2, "renewable": True}),
        ("PUT", "/v1/sys/leases/revoke"): (204, b""),
        ("PUT", "/v1/auth/token/revoke-self"): (204, b""),
    }
    with Double(answers) as double:
        def asked(path):
            return [one for one in double.asked if one[1] == path]
        words = ["--secret", "database/creds/app=DB_", "--dir", double.folder, "--address", double.address, "--", "sh", "-c", "sleep 3.5; printenv DB_username"]
        done = subprocess.run([program("vogt"), "run", *words], capture_output=True, text=True, timeout=60, check=False, env=clean_environment(PATH=os.environ["PATH"]))
        assert done.returncode == 0 and done.stdout == "u\n", done
        renewals = asked("/v1/sys/leases/renew")
        assert 2 <= len(renewals) <= 4 and json.loads(renewals[0][3]) == {"increment": 2, "lease_id": "database/creds/app/1"}, renewals
        assert len(asked("/v1/auth/token/revoke-self")) == 1 and asked("/v1/auth/token/revoke-self")[0][2]["X-Vault-Token"] == "hvs.child"
        assert not asked("/v1/sys/leases/revoke"), "a token's end ends its leases"
        double.asked.clear()
        done = subprocess.run([program("vogt"), "run", "--own-token", *words[:-1], "true"], capture_output=True, text=True, timeout=60, check=False, env=clean_environment(PATH=os.environ["PATH"]))
        assert done.returncode == 0 and json.loads(asked("/v1/sys/leases/revoke")[0][3]) == {"lease_id": "database/creds/app/1"}, done
        assert not asked("/v1/auth/token/create") and not asked("/v1/auth/token/revoke-self")
        # a lease that cannot be renewed is said once, and the program goes on
        answers["PUT", "/v1/sys/leases/renew"] = (400, {"errors": ["lease not found"]})
        done = subprocess.run([program("vogt"), "run", *words], capture_output=True, text=True, timeout=60, check=False, env=clean_environment(PATH=os.environ["PATH"]))
        assert done.returncode == 0 and done.stderr.count("cannot be renewed now") == 1, done


# ---- vogt import ----

ENV = """# the app's
export DATABASE_URL="postgres://u:p@h/d?x=1#y"  # comment
DEBUG=false
KEY='-----BEGIN-----
abc
-----END-----'
BASE=${HOME}/x
EMPTY=
"""


def a_file_of_variables_becomes_a_secret():
    with Store() as vogt, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "app.env")

        def write(text):
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
        write(ENV)
        done = vogt.command("import", path, "app/env", "--dry-run")
        assert done.stdout.split() == ["DATABASE_URL", "DEBUG", "KEY", "BASE", "EMPTY"] and "postgres" not in done.stdout + done.stderr
        assert vogt.command("secret", "get", "app/env", code=5)
        done = vogt.command("import", path, "app/env")
        assert "5 names, version 1" in done.stdout and "line 7: BASE" in done.stderr and "${HOME}" not in done.stderr
        assert vogt.tree("secret", "get", "app/env")["data"] == {"DATABASE_URL": "postgres://u:p@h/d?x=1#y", "DEBUG": "false", "KEY": "-----BEGIN-----\nabc\n-----END-----", "BASE": "${HOME}/x", "EMPTY": ""}
        done = vogt.command("run", "--secret", "app/env", "--", "sh", "-c", 'printf "%s" "$KEY"')
        assert done.stdout == "-----BEGIN-----\nabc\n-----END-----"
        # never over something without a word
        assert "already" in vogt.command("import", path, "app/env", code=5).stderr
        write("DEBUG=true\nNEW=1\n")
        vogt.command("import", path, "app/env", "--merge")
        data = vogt.tree("secret", "get", "app/env")["data"]
        assert data["DEBUG"] == "true" and data["NEW"] == "1" and data["EMPTY"] == ""
        assert vogt.tree("import", path, "app/env", "--replace")["names"] == ["DEBUG", "NEW"]
        assert vogt.tree("secret", "get", "app/env")["data"] == {"DEBUG": "true", "NEW": "1"}
        vogt.command("import", path, "old/env")
        assert vogt.tree("secret", "get", "old/env")["data"] == {"DEBUG": "true", "NEW": "1"}
        assert "already" in vogt.command("import", path, "old/env", code=5).stderr
        write("A=1\nB='hunter2\n")
        done = vogt.command("import", path, "app/bad", code=5)
        assert "line 2, column 3" in done.stderr and "hunter2" not in done.stderr
        assert "Zeile 2, Spalte 3" in vogt.command("import", path, "app/bad", code=5, language="de").stderr


if __name__ == "__main__":
    main([a_secret_is_written_read_listed_and_found, errors_name_what_is_wrong_in_both_languages, what_was_deleted_comes_back, a_value_is_asked_for_without_echo,
          a_program_gets_secrets_and_its_token_ends_with_it, its_token_is_renewed_while_it_runs_and_signals_reach_it, a_program_does_not_outlive_who_renews_for_it,
          leases_are_renewed_and_end_with_the_program, a_file_of_variables_becomes_a_secret])
