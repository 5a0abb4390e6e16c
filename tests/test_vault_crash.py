"""Power cuts under mixed load: writes, logins, tokens that end, revocations, wrapped values, key rotations. What was acknowledged holds afterwards, what was ended stays
ended, what has time left is good, and the ledger verifies."""
import http.client
import json
import os
import random
import re
import ssl
import sys
import threading
import time

from scenario import Daemon, main, wait_until
from test_core import kill_everything, publish, verify

ROUNDS = 3
LOAD_SECONDS = (1.0, 2.5)
SHORT_S = 8


class Client:
    """One connection; None as status when the server has gone."""

    def __init__(self, vogt):
        context = ssl.create_default_context(cafile=os.path.join(vogt.directory, "tls.pem"))
        context.check_hostname = False
        host, port = re.fullmatch(r"https://(.+):(\d+)", vogt.address).groups()
        self.connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=30)

    def call(self, method, path, body=None, token="", wrap=None):
        headers = {"X-Vault-Token": token} if token else {}
        headers.update({"X-Vault-Wrap-TTL": wrap} if wrap else {})
        try:
            self.connection.request(method, "/v1/" + path, json.dumps(body) if body is not None else None, headers)
            answer = self.connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content else None
        except (OSError, http.client.HTTPException, ValueError):
            return None, None


class Load:
    """What was acknowledged, by kind, over all rounds."""

    def __init__(self, admin, role_id):
        self.admin, self.role_id = admin, role_id
        self.values, self.good, self.short, self.revoked, self.wrapped, self.unwrapped = {}, [], [], [], {}, []
        self.number, self.failures, self.lock = 0, [], threading.Lock()

    def next(self):
        with self.lock:
            self.number += 1
            return self.number

    def check(self, status, expected, what):
        """False: the server has gone. Anything but what was expected is a failure of the test."""
        if status is not None and status != expected:
            self.failures.append((what, status))
        return status == expected

    def writes(self, client):
        name, value = f"app/{self.next()}", self.next()
        if not self.check(client.call("POST", name, {"n": value}, self.admin)[0], 204, "write"):
            return False
        self.values[name] = value
        return True

    def logins(self, client):
        status, body = client.call("POST", "auth/approle/role/web/secret-id", {}, self.admin)
        if not self.check(status, 200, "secret id"):
            return False
        status, body = client.call("POST", "auth/approle/login", {"role_id": self.role_id, "secret_id": body["data"]["secret_id"]})
        if not self.check(status, 200, "login"):
            return False
        self.good.append(body["auth"]["client_token"])
        return True

    def ends(self, client):
        begun = time.time()
        status, body = client.call("POST", "auth/token/create", {"policies": ["default"], "ttl": SHORT_S}, self.admin)
        if not self.check(status, 200, "token"):
            return False
        self.short.append((body["auth"]["client_token"], begun, time.time()))
        return True

    def revokes(self, client):
        status, body = client.call("POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"}, self.admin)
        if not self.check(status, 200, "token"):
            return False
        token = body["auth"]["client_token"]
        status, body = client.call("POST", "auth/token/create", {"policies": ["default"]}, token)
        if not self.check(client.call("POST", "auth/token/revoke", {"token": token}, self.admin)[0], 204, "revoke"):
            return False
        self.revoked.append(token)
        return True

    def wraps(self, client):
        value = self.next()
        status, body = client.call("POST", "sys/wrapping/wrap", {"n": value}, self.admin, wrap="1h")
        if not self.check(status, 200, "wrap"):
            return False
        token = body["wrap_info"]["token"]
        if value % 2:
            self.wrapped[token] = value
            return True
        if not self.check(client.call("POST", "sys/wrapping/unwrap", {"token": token}, self.admin)[0], 200, "unwrap"):
            return False
        self.unwrapped.append(token)
        return True

    def rotates(self, client):
        time.sleep(0.2)
        return self.check(client.call("PUT", "sys/rotate", None, self.admin)[0], 204, "rotate")

    def run(self, vogt, seconds):
        """All of it side by side, until everything is killed."""
        def keep_going(action):
            client = Client(vogt)
            while action(client):
                pass
        threads = [threading.Thread(target=keep_going, args=(action,)) for action in (self.writes, self.writes, self.logins, self.ends, self.revokes, self.wraps, self.rotates)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        kill_everything(vogt)
        for thread in threads:
            thread.join(60)
        assert not self.failures, self.failures


def lives(client, token):
    return client.call("GET", "auth/token/lookup-self", None, token)[0] == 200


def holds(vogt, load):
    """After a restart: everything that was acknowledged, however long ago."""
    client = Client(vogt)
    young = 0
    for token, begun, _ in reversed(load.short[-30:]):
        left = begun + SHORT_S - time.time()
        if left > 1:
            assert lives(client, token), f"a token ended {left:.1f} s early"
            young += 1
    for name, value in load.values.items():
        status, body = client.call("GET", name, None, load.admin)
        assert status == 200 and body["data"] == {"n": value}, (name, status, body)
    for token in load.good:
        assert lives(client, token), "a login was lost"
    for token in load.revoked:
        assert not lives(client, token), "a revoked token lives"
    for token in load.unwrapped:
        assert client.call("POST", "sys/wrapping/unwrap", {"token": token}, load.admin)[0] == 400, "a wrapped reply was given twice"
    for token in random.sample(sorted(load.wrapped), min(5, len(load.wrapped))):
        status, body = client.call("POST", "sys/wrapping/unwrap", {"token": token}, load.admin)
        assert status == 200 and body["data"] == {"n": load.wrapped.pop(token)}, (status, body)
        load.unwrapped.append(token)
    wait_until(lambda: time.time() > max(known for _, _, known in load.short) + SHORT_S + 1, SHORT_S + 5, "the short tokens' end")
    for token, _, _ in load.short:
        assert not lives(client, token), "a token outlived its time"
    return young


def what_was_acknowledged_outlives_power_cuts():
    seed = int(os.environ.get("VOGT_SEED", random.randrange(1 << 32)))
    random.seed(seed)
    with Daemon() as vogt:
        code = vogt.ready["login_link"].split("#login=")[1]
        admin = vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"]
        for path, body in (("sys/mounts/app", {"type": "kv", "options": {"version": "1"}}), ("sys/auth/approle", {"type": "approle"}), ("auth/approle/role/web", {"token_policies": ["default"], "token_ttl": "1h"})):
            assert vogt.call("POST", "/v1/" + path, body, token=admin)[0] == 204, path
        load = Load(admin, vogt.call("GET", "/v1/auth/approle/role/web/role-id", token=admin)[1]["data"]["role_id"])
        young = 0
        for _ in range(ROUNDS):
            load.run(vogt, random.uniform(*LOAD_SECONDS))
            vogt.start()
            young += holds(vogt, load)
        kinds = {"values": load.values, "logins": load.good, "short tokens": load.short, "revocations": load.revoked, "unwrapped": load.unwrapped}
        assert all(kinds.values()) and young > 0, {name: len(kind) for name, kind in kinds.items()}
        _, keys = publish(vogt)
        vogt.stop()
        good, findings = verify(vogt, keys)
        assert good and not findings, (seed, findings)
        return f"seed {seed}, {young} tokens seen young, " + ", ".join(f"{len(kind)} {name}" for name, kind in kinds.items())


if __name__ == "__main__":
    main([what_was_acknowledged_outlives_power_cuts])
