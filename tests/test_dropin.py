"""The program called as `vault`: a server from Vault's own configuration, set up, unsealed and asked by Vault's verbs, with its exit codes and formats."""
import json
import os
import re
import subprocess
import sys
import tarfile

sys.argv[1:] and os.environ.setdefault("VOGT_BUILD", os.path.abspath(sys.argv[1]))
from daemon import clean_environment  # noqa: E402
from scenario import free_port, main  # noqa: E402
from vault_server import FOLDER, VAULT, Server, configuration  # noqa: E402


def on_disk(port, folder):
    return configuration(f'ui = true\ndisable_mlock = true\nstorage "file" {{\n  path = "{folder}"\n}}\nlistener "tcp" {{\n  address = "127.0.0.1:{port}"\n  tls_disable = true\n}}\n'
                         f'api_addr = "http://127.0.0.1:{port}"\ndefault_lease_ttl = "2h"\nmax_lease_ttl = "3h"\n')


def a_server_from_a_configuration_is_set_up_and_used():
    port, folder = free_port(), os.path.join(FOLDER, "data")
    config = on_disk(port, folder)
    with Server("-config=" + config, port=port) as server:
        assert "not initialized" in server.vault("operator", "init", "-status", code=2)
        made = json.loads(server.vault("operator", "init", "-key-shares=3", "-key-threshold=2", "-format=json"))
        assert len(made["unseal_keys_b64"]) == len(made["unseal_keys_hex"]) == 3 and made["unseal_threshold"] == 2, made
        assert server.vault("operator", "init", "-status").strip() == "Vault is initialized"
        assert re.search(r"Sealed +true", server.vault("status", code=2))
        assert re.search(r"Unseal Progress +1/2", server.vault("operator", "unseal", made["unseal_keys_b64"][0]))
        assert re.search(r"Sealed +false", server.vault("operator", "unseal", "-", input=made["unseal_keys_hex"][2] + "\n"))
        server.vault("status")
        assert "permission denied" in server.vault("secrets", "list", code=2)
        assert "Success! You are now authenticated." in server.vault("login", "-", input=made["root_token"] + "\n")
        assert os.stat(os.path.join(server.home, ".vault-token")).st_mode & 0o777 == 0o600
        server.vault("secrets", "enable", "-path=app", "kv-v2")
        server.vault("kv", "put", "app/db", "password=correct horse", "port=5432")
        assert server.vault("kv", "get", "-field=password", "app/db") == "correct horse"
        granted = json.loads(server.vault("token", "create", "-format=json", "-policy=default"))["auth"]
        assert granted["lease_duration"] == 7200, granted
        assert json.loads(server.vault("token", "create", "-format=json", "-policy=default", "-ttl=9h"))["auth"]["lease_duration"] == 10800
        assert server.stop() == 0
    with Server("-config=" + config, port=port) as server:
        assert re.search(r"Sealed +true", server.vault("status", code=2))
        for key in made["unseal_keys_b64"][1:]:
            server.vault("operator", "unseal", key)
        assert json.loads(server.vault("kv", "get", "-format=json", "app/db", VAULT_TOKEN=made["root_token"]))["data"]["data"] == {"password": "correct horse", "port": "5432"}
        assert server.vault("operator", "seal", VAULT_TOKEN=made["root_token"]).startswith("Success!")
        assert "Code: 503" in server.vault("kv", "get", "app/db", code=2, VAULT_TOKEN=made["root_token"])
        return "3 shares of which 2; kept over a restart; sealed again"


def a_development_server_is_ready_and_forgets():
    port, temporary = free_port(), os.path.join(FOLDER, "tmp")
    os.makedirs(temporary, exist_ok=True)
    with Server("-dev", f"-dev-listen-address=127.0.0.1:{port}", port=port, environment={"TMPDIR": temporary}) as server:
        server.wait("Root Token: ")
        token = re.search(r"Root Token: (\S+)", server.text()).group(1)
        assert server.vault("print", "token").strip() == token
        assert re.search(r"Key +Value", server.vault("kv", "put", "-mount=secret", "a", "x=1"))
        assert re.search(r"x +1", server.vault("kv", "get", "secret/a"))
        assert len(os.listdir(temporary)) == 1
        assert server.stop() == 0
    assert os.listdir(temporary) == []
    return token[:4]


def kv_goes_through_its_versions():
    port = free_port()
    with Server("-dev", f"-dev-listen-address=127.0.0.1:{port}", port=port) as server:
        server.wait("Root Token: ")
        for value in ("one", "two", "three"):
            server.vault("kv", "put", "secret/v", "word=" + value)
        assert "did not match the current version" in server.vault("kv", "put", "-cas=1", "secret/v", "word=no", code=2)
        assert server.vault("kv", "get", "-version=1", "-field=word", "secret/v") == "one"
        server.vault("kv", "patch", "secret/v", "more=yes")
        assert server.vault("kv", "get", "-field=more", "secret/v") == "yes"
        server.vault("kv", "delete", "-versions=2", "secret/v")
        assert re.search(r"deletion_time +2", server.vault("kv", "get", "-version=2", "secret/v"))
        server.vault("kv", "undelete", "-versions=2", "secret/v")
        assert server.vault("kv", "get", "-version=2", "-field=word", "secret/v") == "two"
        server.vault("kv", "destroy", "-versions=2", "secret/v")
        server.vault("kv", "rollback", "-version=1", "secret/v")
        assert server.vault("kv", "get", "-field=word", "secret/v") == "one"
        server.vault("kv", "metadata", "put", "-max-versions=7", "-custom-metadata=owner=ops", "secret/v")
        shown = server.vault("kv", "metadata", "get", "secret/v")
        assert re.search(r"max_versions +7", shown) and "map[owner:ops]" in shown and "Version 5" in shown, shown
        assert server.vault("kv", "list", "secret").split() == ["Keys", "----", "v"]
        assert json.loads(server.vault("kv", "list", "-format=json", "secret")) == ["v"]
        server.vault("kv", "metadata", "delete", "secret/v")
        assert "No value found at secret/data/v" in server.vault("kv", "get", "secret/v", code=2)
        server.vault("secrets", "enable", "-path=old", "-version=1", "kv")
        server.vault("kv", "put", "old/x", "a=b")
        assert server.vault("kv", "get", "-field=a", "old/x") == "b"
        assert "kv version 2" in server.vault("kv", "undelete", "-versions=1", "old/x", code=1)
        return "put, patch, delete, undelete, destroy, rollback, metadata, version 1"


def data_comes_from_words_files_and_standard_input():
    port = free_port()
    with Server("-dev", f"-dev-listen-address=127.0.0.1:{port}", port=port) as server:
        server.wait("Root Token: ")
        path, tree = configuration("from a file", "plain"), configuration('{"a": 1.50, "b": [true, null], "c": {"d": "ä"}}', "tree.json")
        server.vault("kv", "put", "secret/f", "one=@" + path, "two=-", input="from standard input")
        assert server.vault("kv", "get", "-field=one", "secret/f") == "from a file"
        assert server.vault("kv", "get", "-field=two", "secret/f") == "from standard input"
        server.vault("kv", "put", "secret/t", "@" + tree)
        assert '1.50' in server.vault("kv", "get", "-format=json", "secret/t")
        server.vault("write", "secret/data/w", "-", input='{"data": {"x": "y"}}')
        assert json.loads(server.vault("read", "-format=json", "secret/data/w"))["data"]["data"] == {"x": "y"}
        assert "key=value" in server.vault("kv", "put", "secret/bad", "nonsense", code=1)
        assert "not defined" in server.vault("kv", "put", "-nonsense", "secret/bad", "a=b", code=1)
        assert "Schlüssel=Wert" in server.vault("kv", "put", "secret/bad", "unsinn", code=1, LANG="de_DE.UTF-8")
        return "words, files, standard input, JSON"


def tokens_policies_and_logins():
    port = free_port()
    with Server("-dev", f"-dev-listen-address=127.0.0.1:{port}", port=port) as server:
        server.wait("Root Token: ")
        server.vault("policy", "write", "reader", "-", input='path "secret/data/*" { capabilities = ["read"] }\n')
        assert "reader" in server.vault("policy", "list").split()
        assert "capabilities" in server.vault("policy", "read", "reader")
        assert "No policy named: none" in server.vault("policy", "read", "none", code=2)
        token = server.vault("token", "create", "-policy=reader", "-ttl=1h", "-metadata=who=test", "-field=token")
        assert server.vault("token", "capabilities", "secret/data/x", VAULT_TOKEN=token).strip() == "read"
        assert "deny" in server.vault("token", "capabilities", "secret/metadata/x", VAULT_TOKEN=token)
        server.vault("kv", "put", "secret/x", "a=b")
        assert server.vault("read", "-format=json", "secret/data/x", VAULT_TOKEN=token)
        assert "permission denied" in server.vault("kv", "put", "secret/x", "a=c", code=2, VAULT_TOKEN=token)
        assert json.loads(server.vault("token", "renew", "-format=json", token))["auth"]["client_token"] == token
        accessor = json.loads(server.vault("token", "lookup", "-format=json", token))["data"]["accessor"]
        server.vault("token", "revoke", "-accessor", accessor)
        assert "Code: 403" in server.vault("token", "lookup", code=2, VAULT_TOKEN=token)
        server.vault("auth", "enable", "approle")
        assert re.search(r"approle/ +approle", server.vault("auth", "list"))
        server.vault("write", "auth/approle/role/app", "token_policies=reader")
        role = server.vault("read", "-field=role_id", "auth/approle/role/app/role-id")
        secret = server.vault("write", "-f", "-field=secret_id", "auth/approle/role/app/secret-id")
        granted = json.loads(server.vault("write", "-format=json", "auth/approle/login", "role_id=" + role, "secret_id=" + secret))["auth"]
        assert "reader" in granted["token_policies"]
        assert server.vault("login", "-method=approle", "-token-only", "role_id=" + role, "secret_id=" + secret).startswith("hvs.")
        assert "Code: 400" in server.vault("login", "-method=approle", "role_id=" + role, "secret_id=wrong", code=2)
        server.vault("auth", "disable", "approle")
        log = os.path.join(server.home, "audit.log")
        assert "No audit devices" in server.vault("audit", "list")
        assert server.vault("audit", "enable", "file", "file_path=" + log, code=2)  # only below the data directory
        return "policies, tokens, approle"


def a_root_token_can_have_a_name_of_the_callers_choice():
    port = free_port()
    with Server("-dev", f"-dev-listen-address=127.0.0.1:{port}", "-dev-root-token-id=my-root", port=port) as server:
        server.wait("Root Token: my-root")
        assert "root" in server.vault("token", "lookup", VAULT_TOKEN="my-root")
        wrapped = server.vault("kv", "put", "-wrap-ttl=60s", "-field=wrapping_token", "secret/w", "a=b")
        assert re.search(r"version +1", server.vault("unwrap", wrapped))
        return "my-root; a reply unwrapped"


def keys_make_a_root_token_and_new_keys():
    port, folder = free_port(), os.path.join(FOLDER, "keys")
    with Server("-config=" + on_disk(port, folder), port=port) as server:
        made = json.loads(server.vault("operator", "init", "-key-shares=2", "-key-threshold=2", "-format=json"))
        for key in made["unseal_keys_b64"]:
            server.vault("operator", "unseal", key)
        begun = json.loads(server.vault("operator", "generate-root", "-init", "-format=json"))
        for key in made["unseal_keys_b64"]:
            last = json.loads(server.vault("operator", "generate-root", "-format=json", "-nonce=" + begun["nonce"], key))
        token = server.vault("operator", "generate-root", "-decode=" + last["encoded_token"], "-otp=" + begun["otp"]).strip()
        assert "root" in server.vault("token", "lookup", VAULT_TOKEN=token)
        begun = json.loads(server.vault("operator", "rekey", "-init", "-key-shares=3", "-key-threshold=2", "-format=json"))
        for key in made["unseal_keys_b64"]:
            last = json.loads(server.vault("operator", "rekey", "-format=json", "-nonce=" + begun["nonce"], "-", input=key + "\n"))
        assert last["complete"] and len(last["keys_base64"]) == 3, last
        assert server.vault("operator", "rotate", VAULT_TOKEN=token).startswith("Success!")
        server.vault("operator", "seal", VAULT_TOKEN=token)
        server.vault("operator", "unseal", last["keys_base64"][1])
        assert re.search(r"Sealed +false", server.vault("operator", "unseal", last["keys_base64"][2]))
        assert "nothing is under way" in server.vault("operator", "generate-root", made["unseal_keys_b64"][0], code=1)
        return "generate-root, rekey, rotate"


def a_snapshot_is_saved_and_put_back():
    port = free_port()
    with Server("-dev", f"-dev-listen-address=127.0.0.1:{port}", port=port, environment={"TMPDIR": FOLDER}) as server:
        server.wait("Root Token: ")
        path = os.path.join(server.home, "backup.snap")
        for number in range(7):
            server.vault("kv", "put", f"secret/large{number}", "value=-", input="x" * 1400000)
        server.vault("operator", "raft", "snapshot", "save", path)
        assert os.stat(path).st_mode & 0o777 == 0o600 and not os.path.exists(path + ".new")
        with tarfile.open(path) as archive:
            assert archive.getnames() == ["meta.json", "state.bin", "SHA256SUMS", "SHA256SUMS.sealed"] and archive.getmember("state.bin").size > 8 << 20
        server.vault("kv", "put", "secret/large0", "value=changed")
        with open(path, "rb") as whole, open(path + ".cut", "wb") as cut:
            cut.write(whole.read()[:-600])
        assert "no whole snapshot" in server.vault("operator", "raft", "snapshot", "restore", path + ".cut", code=2)
        server.vault("operator", "raft", "snapshot", "restore", path + ".none", code=1)
        assert server.vault("kv", "get", "-field=value", "secret/large0") == "changed"
        server.vault("operator", "raft", "snapshot", "restore", path)
        server.vault("operator", "unseal", re.search(r"Unseal Key: (\S+)", server.text()).group(1))  # the next gate lets it in
        assert server.vault("kv", "get", "-field=value", "secret/large0") == "x" * 1400000
        assert "ledger reopen" in server.vault("kv", "put", "secret/large0", "value=changed", code=2)
        assert "Code: 403" in server.vault("operator", "raft", "snapshot", "save", path + "2", code=2, VAULT_TOKEN="hvs.nobody")
        assert not os.path.exists(path + "2") and not os.path.exists(path + "2.new")
        return f"{os.path.getsize(path)} bytes"


def what_cannot_be_kept_does_not_start():
    rows = [('storage "consul" {}\nlistener "tcp" {}\n', "consul"), ('storage "inmem" {}\n', "listener"), ('storage "inmem" {\n', "vault.hcl"),
            ('storage "inmem" {}\nlistener "tcp" { address = "0.0.0.0:0"\n tls_disable = true }\n', "")]
    for text, word in rows:
        done = subprocess.run([VAULT, "server", "-config=" + configuration(text)], capture_output=True, text=True, timeout=60, check=False, env=clean_environment(HOME=FOLDER))
        assert done.returncode == 1 and word in done.stderr, (text, done.returncode, done.stderr)
        assert len([line for line in done.stderr.splitlines() if not line.startswith("{")]) == 1, done.stderr
    assert subprocess.run([VAULT, "server"], capture_output=True, timeout=60, check=False).returncode == 1
    assert subprocess.run([VAULT, "-version"], capture_output=True, text=True, timeout=60, check=False).stdout.startswith("Vault v1.15.0")
    return f"{len(rows)} configurations"


if __name__ == "__main__":
    main([a_server_from_a_configuration_is_set_up_and_used, a_development_server_is_ready_and_forgets, kv_goes_through_its_versions, data_comes_from_words_files_and_standard_input,
          tokens_policies_and_logins, a_root_token_can_have_a_name_of_the_callers_choice, keys_make_a_root_token_and_new_keys, a_snapshot_is_saved_and_put_back,
          what_cannot_be_kept_does_not_start])
