"""Logins from Kubernetes, with a real client (python3-hvac) over TLS: a cluster's API on loopback that holds every TokenReview against the schema that Kubernetes publishes
(tests/schemas/logins/kubernetes.json: origin and date), its own replies too; and clusters that lie."""
import json
import os
import re
import shutil
import tempfile
import time

from vault_client import client, fails, guest, hvac  # first, because it may begin this program anew with the system's Python
import login_fake
from login_fake import Issuer
from scenario import Daemon, main
from source_fake import HERE, faults_of
from test_vault_system import IN_NAMESPACE

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
with open(os.path.join(HERE, "schemas", "logins", "kubernetes.json"), encoding="utf-8") as schema_file:
    SCHEMA = json.load(schema_file)


class Cluster(Issuer):
    """Signs service accounts' tokens, knows those that were not deleted, and answers TokenReviews of who may ask."""

    def __init__(self):
        super().__init__()
        self.faults, self.accounts, self.reviewers, self.aware = [], {}, {}, True
        self.answers = {PATH: self.review}

    def account(self, namespace, name, **claims):
        uid = f"uid-{len(self.accounts)}"
        token = self.token({"iss": "https://kubernetes.default.svc.cluster.local", "sub": f"system:serviceaccount:{namespace}:{name}", "aud": ["https://kubernetes.default.svc.cluster.local", "vogt"],
                            "kubernetes.io": {"namespace": namespace, "pod": {"name": name + "-0", "uid": "pod-1"}, "serviceaccount": {"name": name, "uid": uid}}, **claims})
        self.accounts[token] = (namespace, name, uid)
        return token

    def review(self, handler):
        place, body = SCHEMA["paths"][PATH], self.bodies[-1]
        if handler.command != place["method"]:
            self.faults.append(handler.command)
        self.faults += [f"{name}: {handler.headers.get(name)!r}" for name, pattern in SCHEMA["headers"].items() if not re.search(pattern, handler.headers.get(name, ""))]
        question = json.loads(body)
        self.faults += faults_of(place["request"], question, "request")
        asker = handler.headers["Authorization"].partition(" ")[2]
        if self.reviewers.get(asker, 401) != 201:
            login_fake.reply(handler, self.reviewers.get(asker, 401), b'{"kind":"Status","apiVersion":"v1","status":"Failure"}')
            return
        found, wanted = self.accounts.get(question["spec"]["token"]), question["spec"].get("audiences", [])
        status = {"authenticated": False, "error": "[invalid bearer token, token lookup failed]"}
        if found is not None:
            status = {"authenticated": True, "user": {"username": f"system:serviceaccount:{found[0]}:{found[1]}", "uid": found[2], "groups": ["system:serviceaccounts", "system:authenticated"],
                                                      "extra": {"authentication.kubernetes.io/pod-name": [found[1] + "-0"]}}}
            if self.aware and wanted:
                status["audiences"] = wanted
        answer = {**question, "metadata": {"creationTimestamp": None}, "status": status}
        self.faults += faults_of(place["reply"], answer)
        login_fake.reply(handler, 201, json.dumps(answer).encode())


def refused(call, words, kind=hvac.exceptions.Forbidden):
    fails(call, words, kind)


def start(vogt, cluster, reviewer="reviewer"):
    vault = client(vogt)
    vault.sys.enable_auth_method("kubernetes")
    cluster.reviewers["reviewer"] = 201
    vault.auth.kubernetes.configure(kubernetes_host=cluster.url, kubernetes_ca_cert=cluster.authority, token_reviewer_jwt=reviewer)
    vault.auth.kubernetes.create_role("app", bound_service_account_names=["shop", "job-*"], bound_service_account_namespaces=["web"], policies=["dev"], ttl="30m")
    return vault


def service_accounts_log_in():
    with Cluster() as cluster, Daemon() as vogt:
        vault = start(vogt, cluster)
        config = vault.auth.kubernetes.read_config()
        assert config["kubernetes_host"] == cluster.url and config["token_reviewer_jwt_set"] is True and "token_reviewer_jwt" not in config, config
        assert vault.auth.kubernetes.list_roles() == {"keys": ["app"]}
        assert vault.auth.kubernetes.read_role("app")["bound_service_account_names"] == ["shop", "job-*"]
        token = cluster.account("web", "shop")
        auth = guest(vogt).auth.kubernetes.login("app", token)["auth"]
        assert auth["policies"] == ["default", "dev"] and auth["lease_duration"] == 1800, auth
        assert auth["metadata"] == {"role": "app", "service_account_name": "shop", "service_account_namespace": "web", "service_account_secret_name": "", "service_account_uid": "uid-0"}, auth
        assert client(vogt, auth["client_token"]).auth.token.lookup_self()["data"]["display_name"] == "kubernetes-web-shop"
        assert guest(vogt).auth.kubernetes.login("app", cluster.account("web", "job-42"))["auth"]["client_token"]
        assert len(cluster.asked) == 2
        refused(lambda: guest(vogt).auth.kubernetes.login("app", cluster.account("default", "shop")), "namespace not authorized")
        refused(lambda: guest(vogt).auth.kubernetes.login("app", cluster.account("web", "root")), "service account name not authorized")
        refused(lambda: guest(vogt).auth.kubernetes.login("none", token), 'invalid role name "none"', hvac.exceptions.InvalidRequest)
        assert len(cluster.asked) == 2 # what the role does not allow asks nobody
        del cluster.accounts[token] # deleted in the cluster
        refused(lambda: guest(vogt).auth.kubernetes.login("app", token), "the cluster says that the token is not good: [invalid bearer token")
        assert cluster.faults == [], cluster.faults
        vault.auth.kubernetes.delete_role("app")


def audiences_are_asked_for_and_confirmed():
    with Cluster() as cluster, Daemon() as vogt:
        vault = start(vogt, cluster)
        vault.adapter.post("/v1/auth/kubernetes/role/app", json={"audience": "vogt"})
        assert guest(vogt).auth.kubernetes.login("app", cluster.account("web", "shop"))["auth"]["client_token"]
        refused(lambda: guest(vogt).auth.kubernetes.login("app", cluster.account("web", "shop", aud=["other"])), "audience claim does not match any expected audience")
        cluster.aware = False
        refused(lambda: guest(vogt).auth.kubernetes.login("app", cluster.account("web", "shop")), "the cluster did not confirm the audience")
        assert cluster.faults == [], cluster.faults


def who_may_not_ask_is_told_so():
    with Cluster() as cluster, Daemon() as vogt:
        vault = start(vogt, cluster, reviewer="stale")
        token = cluster.account("web", "shop")
        refused(lambda: guest(vogt).auth.kubernetes.login("app", token), "the cluster does not know the token that asks")
        cluster.reviewers["stale"] = 403
        refused(lambda: guest(vogt).auth.kubernetes.login("app", token), "system:auth-delegator")
        # without a reviewer's token the one that logs in asks for itself
        vault.auth.kubernetes.configure(kubernetes_host=cluster.url, kubernetes_ca_cert=cluster.authority)
        refused(lambda: guest(vogt).auth.kubernetes.login("app", token), "the cluster does not know the token that asks")
        cluster.reviewers[token] = 201
        assert guest(vogt).auth.kubernetes.login("app", token)["auth"]["client_token"]
        assert cluster.faults == [], cluster.faults


def clusters_that_lie_are_refused_in_words():
    with Cluster() as cluster, Issuer() as other, Daemon() as vogt:
        vault = start(vogt, cluster)
        token = cluster.account("web", "shop")
        login = lambda: guest(vogt).auth.kubernetes.login("app", token)
        for answer, words in ((login_fake.endless, "answer is too large"), (login_fake.cut, "broke off its answer"), (login_fake.silent, "did not answer in time"), (b"<html>", "no TokenReview"),
                              (login_fake.redirect_to(other.url + PATH), "answered with an error: 302"), (b"[" * 100000, "no TokenReview")):
            cluster.answers[PATH] = answer
            began = time.monotonic()
            refused(login, words, hvac.exceptions.InvalidRequest)
            assert time.monotonic() - began < 30
        assert other.asked == []
        cluster.answers[PATH] = cluster.review
        vault.auth.kubernetes.configure(kubernetes_host=cluster.url, kubernetes_ca_cert=other.authority, token_reviewer_jwt="reviewer")
        asked = len(cluster.asked)
        refused(login, "certificate is not trusted", hvac.exceptions.InvalidRequest)
        assert len(cluster.asked) == asked # no token went to whom nobody trusts
        vault.auth.kubernetes.configure(kubernetes_host=f"https://localhost:{login_fake.closed_port()}", token_reviewer_jwt="reviewer")
        refused(login, "could not be reached", hvac.exceptions.InvalidRequest)
        assert not any("eyJ" in json.dumps(entry) or "reviewer" in json.dumps(entry) for entry in vogt.evidence())


def in_a_cluster_the_pods_own_files_are_used():
    """The directory that Kubernetes mounts into every pod, in a mount namespace of this daemon's own."""
    with Cluster() as cluster:
        pod = tempfile.mkdtemp(prefix="vogt-pod-")

        def give(token):
            for name, text in (("ca.crt", cluster.authority), ("token", token)):
                with open(os.path.join(pod, name), "w", encoding="utf-8") as file:
                    file.write(text)
        give("pod.token-1")
        place = "/run/secrets/kubernetes.io/serviceaccount"
        script = f"mount -t tmpfs run /run && mkdir -p {place} && mount --bind {pod} {place} && exec \"$@\""
        with Daemon(wrapper=[*IN_NAMESPACE, "sh", "-c", script, "sh"]) as vogt:
            vault = client(vogt)
            vault.sys.enable_auth_method("kubernetes")
            vault.auth.kubernetes.configure(kubernetes_host=cluster.url)
            vault.auth.kubernetes.create_role("app", bound_service_account_names=["shop"], bound_service_account_namespaces=["web"])
            token = cluster.account("web", "shop")
            refused(lambda: guest(vogt).auth.kubernetes.login("app", token), "the cluster does not know the token that asks")
            cluster.reviewers["pod.token-1"] = 201
            assert guest(vogt).auth.kubernetes.login("app", token)["auth"]["client_token"]
            assert not any("pod.token" in json.dumps(entry) for entry in vogt.evidence())
            vault.adapter.post("/v1/auth/kubernetes/config", json={"kubernetes_host": cluster.url, "kubernetes_ca_cert": cluster.authority, "disable_local_ca_jwt": True})
            refused(lambda: guest(vogt).auth.kubernetes.login("app", token), "the cluster does not know the token that asks")
        shutil.rmtree(pod, ignore_errors=True)
        assert cluster.faults == [], cluster.faults


if __name__ == "__main__":
    main([service_accounts_log_in, audiences_are_asked_for_and_confirmed, who_may_not_ask_is_told_so, in_a_cluster_the_pods_own_files_are_used,
          clusters_that_lie_are_refused_in_words])
