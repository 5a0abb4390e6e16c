#!/usr/bin/env python3
"""Ansible's lookups of the collection community.hashi_vault (Debian's package ansible, with python3-hvac) against a whole Vogt over TLS, with token, AppRole, userpass and a client certificate.

usage: wide_ansible.py BUILD       Without ansible-playbook or the collection it exits with 77.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from scenario import Daemon, main

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    token: {auth_method: token, token: ADMIN_TOKEN}
    approle: {auth_method: approle, role_id: web, secret_id: SECRET_ID}
    userpass: {auth_method: userpass, username: ada, password: correct horse}
    cert: {auth_method: cert, cert_auth_public_key: CLIENT/web.pem, cert_auth_private_key: CLIENT/web.key, role_id: web}
  tasks:
    - name: hashi_vault with every login
      ansible.builtin.assert:
        that:
          - "lookup('community.hashi_vault.hashi_vault', 'secret/data/db', **item) == {'password': 's3cret', 'port': 5432}"
          - lookup('community.hashi_vault.hashi_vault', 'secret/data/db:password', **item) == 's3cret'
      loop: ["{{ token }}", "{{ approle }}", "{{ userpass }}", "{{ cert }}"]
    - name: the newer lookups
      ansible.builtin.assert:
        that:
          - lookup('community.hashi_vault.vault_kv2_get', 'db', engine_mount_point='secret', **approle).secret.password == 's3cret'
          - lookup('community.hashi_vault.vault_kv2_get', 'db', engine_mount_point='secret', version=1, **approle).metadata.version == 1
          - lookup('community.hashi_vault.vault_kv1_get', 'db', engine_mount_point='old', **token).secret.password == 'older'
          - lookup('community.hashi_vault.vault_read', 'secret/data/db', **userpass).data.data.port == 5432
          - lookup('community.hashi_vault.vault_list', 'secret/metadata', **token).data['keys'] == ['db']
          - "'app' in lookup('community.hashi_vault.vault_login', **userpass).auth.policies"
          - lookup('community.hashi_vault.vault_token_create', policies=['app'], **token).auth.policies == ['app', 'default']
    - name: writing by module and lookup
      community.hashi_vault.vault_write:
        path: old/written
        data: {a: b}
        auth_method: token
        token: "{{ token.token }}"
    - ansible.builtin.assert:
        that: "lookup('community.hashi_vault.vault_kv1_get', 'written', engine_mount_point='old', **token).secret == {'a': 'b'}"
    - name: what is refused is said
      ansible.builtin.set_fact:
        never: "{{ lookup('community.hashi_vault.vault_kv1_get', 'db', engine_mount_point='old', **approle) }}"
      register: refused
      ignore_errors: true
    - ansible.builtin.assert:
        that: refused is failed and ('ermission denied' in refused.msg or 'Forbidden' in refused.msg)
"""


def not_here(reason):
    print(f"wide_ansible: {reason}")
    sys.exit(77)


def certificate(directory):
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Authority")
    openssl("req", *curve, "-keyout", "web.key", "-out", "web.csr", "-subj", "/CN=web")
    openssl("x509", "-req", "-in", "web.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-out", "web.pem")
    with open(os.path.join(directory, "ca.pem"), encoding="ascii") as file:
        return file.read()


def prepare(vogt, authority):
    token = vogt.call("POST", "/v1/auth/link/login", {"code": vogt.ready["login_link"].split("#login=")[1]}, token="")[1]["auth"]["client_token"]

    def write(path, body):
        status, answer = vogt.call("POST", "/v1/" + path, body, token=token)
        assert status in (200, 204), (path, status, answer)
        return answer
    write("sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    write("sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
    write("sys/policies/acl/app", {"policy": 'path "secret/*" { capabilities = ["read", "list"] }'})
    write("secret/data/db", {"data": {"password": "s3cret", "port": 5432}})
    write("old/db", {"password": "older"})
    for method in ("approle", "userpass", "cert"):
        write("sys/auth/" + method, {"type": method})
    write("auth/approle/role/web", {"role_id": "web", "token_policies": "app"})
    write("auth/userpass/users/ada", {"password": "correct horse", "token_policies": "app"})
    write("auth/cert/certs/web", {"certificate": authority, "allowed_common_names": "web", "token_policies": "app"})
    return token, write("auth/approle/role/web/secret-id", {})["data"]["secret_id"]


def ansibles_lookups_work_unchanged():
    if shutil.which("ansible-playbook") is None:
        not_here("ansible-playbook is not installed")
    with tempfile.TemporaryDirectory(prefix="vogt-test-") as directory, Daemon() as vogt:
        token, secret_id = prepare(vogt, certificate(directory))
        with open(os.path.join(directory, "play.yml"), "w", encoding="utf-8") as file:
            file.write(PLAY.replace("ADMIN_TOKEN", token).replace("SECRET_ID", secret_id).replace("CLIENT", directory))
        environment = dict(os.environ, ANSIBLE_HASHI_VAULT_ADDR=vogt.address, VAULT_ADDR=vogt.address, ANSIBLE_HASHI_VAULT_CA_CERT=os.path.join(vogt.directory, "tls.pem"), VAULT_CACERT=os.path.join(vogt.directory, "tls.pem"),
                           HOME=directory, ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_STDOUT_CALLBACK="json", LC_ALL="C.UTF-8", PYTHONWARNINGS="ignore")
        done = subprocess.run(["ansible-playbook", "-i", "localhost,", "-e", "ansible_python_interpreter=/usr/bin/python3", "play.yml"], cwd=directory, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        stats = json.loads(done.stdout[done.stdout.index("{"):])["stats"]["localhost"]
        assert stats["failures"] == 0 and stats["ignored"] == 1, stats


if __name__ == "__main__":
    main([ansibles_lookups_work_unchanged])
