"""Killed under mixed load (secrets written, logins, short-lived tokens, revocations, rotations): what was acknowledged is there, nothing ends early or late, the ledger verifies.

    tests/test_vault_crash.py BUILD [ROUNDS] [SEED]
"""
import base64
import http.client
import json
import os
import random
import signal
import sys
import threading
import time

sys.argv[1:] and os.environ.setdefault("VOGT_BUILD", os.path.abspath(sys.argv[1]))
import daemon  # noqa: E402
from scenario import Daemon, main  # noqa: E402

ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
SHORT_S = 6
KEYS = 12


class Client:
    """One connection that stays open; a request whose answer did not come was not acknowledged."""

    def __init__(self, vogt, token):
        self.connection, self.token = vogt.connection(), token

    def ask(self, method, path, body=None, token=None):
        headers = {"X-Vault-Token": self.token if token is None else token}
        self.connection.request(method, "/v1/" + path, body=None if body is None else json.dumps(body), headers=headers)
        answer = self.connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content.strip() else None


class Seen:
    """What the clients were told, over all rounds."""

    def __init__(self):
        self.values = {}        # key -> the newest acknowledged number
        self.tried = {}         # key -> the newest number sent
        self.logins = []        # tokens
        self.short = []         # (token, from, until): valid for sure before `from`, ended for sure after `until`
        self.ended = []         # tokens whose revocation was acknowledged
        self.sealed = []        # (plaintext, ciphertext)
        self.rotations = 0
        self.strange = []       # answers that no crash explains

    def counts(self):
        return f"{sum(self.values.values())} writes, {len(self.logins)} logins, {len(self.short)} short-lived, {len(self.ended)} revoked, {self.rotations} rotations, {len(self.sealed)} ciphertexts"


def write(client, seen, number, lane):
    key = f"{lane}-{number % KEYS}"
    value = seen.tried.get(key, 0) + 1
    seen.tried[key] = value
    status, answer = client.ask("POST", "app/data/" + key, {"data": {"n": value}})
    if status == 200:
        seen.values[key] = value
    return status in (200, 503), (key, status, answer)


def log_in(client, seen, number, lane):
    status, answer = client.ask("POST", "auth/approle/login", {"role_id": seen.role_id, "secret_id": seen.secret_id}, token="")
    if status == 200:
        seen.logins.append(answer["auth"]["client_token"])
    return status in (200, 503), (status, answer)


def short_lived(client, seen, number, lane):
    begun = time.time()
    status, answer = client.ask("POST", "auth/token/create", {"policies": ["default"], "ttl": f"{SHORT_S}s", "renewable": False})
    if status == 200:
        seen.short.append((answer["auth"]["client_token"], begun + SHORT_S - 1.5, time.time() + SHORT_S + 1.5))
    return status in (200, 503), (status, answer)


def make_and_end(client, seen, number, lane):
    status, answer = client.ask("POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})
    if status != 200:
        return status == 503, (status, answer)
    token = answer["auth"]["client_token"]
    status, answer = client.ask("POST", "auth/token/revoke", {"token": token})
    if status == 204:
        seen.ended.append(token)
    return status in (204, 503), (status, answer)


def rotate_and_seal(client, seen, number, lane):
    if number % 5 == 0:
        status, answer = client.ask("POST", "transit/keys/k/rotate")
        seen.rotations += status in (200, 204)
        return status in (200, 204, 503), (status, answer)
    text = f"{lane} {number}".encode()
    status, answer = client.ask("POST", "transit/encrypt/k", {"plaintext": base64.b64encode(text).decode()})
    if status == 200:
        seen.sealed.append((text, answer["data"]["ciphertext"]))
    return status in (200, 503), (status, answer)


WORK = [write, write, log_in, short_lived, make_and_end, rotate_and_seal]


def work(vogt, seen, lane, stop):
    client = Client(vogt, vogt.root)
    for number in range(1_000_000):
        if stop.is_set():
            return
        try:
            fine, said = WORK[lane % len(WORK)](client, seen, number, lane)
        except (OSError, http.client.HTTPException, ValueError):
            return  # the connection broke: this one was not acknowledged
        if not fine:
            seen.strange.append((WORK[lane % len(WORK)].__name__, said))
            return


def kill(vogt, what):
    """SIGKILL to all of Vogt at once, or to one role, after which the rest is ended by the parent or by us."""
    roles = daemon.Daemon.roles(vogt)
    pids = [vogt.process.pid, *(pid for pids in roles.values() for pid in pids)] if what == "all" else roles[what]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def set_up(vogt, seen):
    code = vogt.ready["login_link"].split("#login=")[1]
    admin = Client(vogt, vogt.call("POST", "/v1/auth/link/login", {"code": code}, token="")[1]["auth"]["client_token"])
    for path, body in (("sys/mounts/app", {"type": "kv", "options": {"version": "2"}}), ("sys/mounts/transit", {"type": "transit"}), ("sys/auth/approle", {"type": "approle"}),
                       ("transit/keys/k", {}), ("auth/approle/role/r", {"token_policies": "default", "token_ttl": "1h"})):
        status, answer = admin.ask("POST", path, body)
        assert status in (200, 204), (path, status, answer)
    seen.role_id = admin.ask("GET", "auth/approle/role/r/role-id")[1]["data"]["role_id"]
    seen.secret_id = admin.ask("POST", "auth/approle/role/r/secret-id", {})[1]["data"]["secret_id"]
    vogt.root = admin.token


def is_valid(client, token):
    return client.ask("GET", "auth/token/lookup-self", token=token)[0] == 200


def check(vogt, seen, sample):
    client = Client(vogt, vogt.root)
    for key, value in seen.values.items():
        status, answer = client.ask("GET", "app/data/" + key)
        assert status == 200, (key, status, answer)
        found = answer["data"]["data"]["n"]
        assert value <= found <= seen.tried[key], f"{key}: {value} was acknowledged, {seen.tried[key]} sent, {found} is there"
    for token in sample(seen.logins):
        assert is_valid(client, token), "a login was lost"
    for token in sample(seen.ended):
        assert not is_valid(client, token), "a revoked token lives"
    for token, sure_until, ended_from in sample(seen.short):
        before, valid, after = time.time(), is_valid(client, token), time.time()
        assert valid or after > sure_until, f"a token ended {sure_until - after:.1f} s early"
        assert not valid or before < ended_from, f"a token lives {before - ended_from:.1f} s too long"
    latest = client.ask("GET", "transit/keys/k")[1]["data"]["latest_version"]
    assert latest >= 1 + seen.rotations, f"{seen.rotations} rotations, version {latest}"
    for text, ciphertext in sample(seen.sealed):
        status, answer = client.ask("POST", "transit/decrypt/k", {"ciphertext": ciphertext})
        assert status == 200 and base64.b64decode(answer["data"]["plaintext"]) == text, (text, status, answer)
    assert not seen.strange, seen.strange[:3]


def nothing_acknowledged_is_lost_and_nothing_ends_early():
    chance, seen, killed = random.Random(SEED), Seen(), []
    print(f"seed {SEED}", flush=True)
    with Daemon() as vogt:
        set_up(vogt, seen)
        for number in range(ROUNDS):
            stop = threading.Event()
            threads = [threading.Thread(target=work, args=(vogt, seen, lane, stop)) for lane in range(2 * len(WORK))]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.4, 2.0))
            killed.append(chance.choice(["all", "all", "store", "keep"]))
            kill(vogt, killed[-1])
            stop.set()
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive()
            vogt.stop()
            vogt.start()
            check(vogt, seen, lambda rows: chance.sample(rows, min(len(rows), 60)))
        assert seen.values and seen.logins and seen.short and seen.ended and seen.sealed and seen.rotations, seen.counts()
        time.sleep(max(0.0, max(until for _, _, until in seen.short) - time.time()))
        check(vogt, seen, lambda rows: rows)
        status = vogt.call("GET", "/v1/ledger/status")[1]["data"]
        keys = [status[log]["vkey"] for log in ("evidence", "audit")]
        assert vogt.stop() == 0
        done = vogt.vogt("ledger", "verify", vogt.directory, "--json", *[word for key in keys for word in ("--vkey", key)])
        assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    return f"killed: {' '.join(killed)}; {seen.counts()}; verified"


if __name__ == "__main__":
    main([nothing_acknowledged_is_lost_and_nothing_ends_early])
