"""Agents: a Vogt and several hosts, each in a network namespace of its own (IPv4 and IPv6), with the real programs of packaging/agent.

Run: python3 tests/test_agent.py [BUILD_DIRECTORY]. Needs root (the agents give their roles users of their own); else 77. Ends only what it started.
"""
import http.client
import json
import os
import pwd
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import netns

HERE = os.path.dirname(os.path.abspath(__file__))
if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
    os.environ["VOGT_BUILD"] = os.path.abspath(sys.argv.pop(1))
from daemon import BUILD, Daemon, clean_environment  # noqa: E402

AGENT = os.path.join(BUILD, "packaging", "agent", "vogt-agent")
PATIENCE_SECONDS = 40

ESTATE = """
host "this" {}
host "web-1" {
  ports = [22]
}
host "web-2" {
  ports = [22]
}
"""


def wait_for(condition, what, seconds=PATIENCE_SECONDS, about=None):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("never: " + what + ("\n" + about() if about else ""))


class Everywhere(Daemon):
    """Listens on every address of its machine, and is asked over loopback."""

    def start(self, expect_ready=True):
        super().start(expect_ready)
        self.address = "https://localhost:8200"
        return self


class Host:
    """A machine: a network and a host name of its own, a cable to where Vogt is, and what was started on it."""

    def __init__(self, name, number):
        self.name = name
        self.here4, self.own4 = f"192.0.2.{4 * number + 1}", f"192.0.2.{4 * number + 2}"
        self.here6, self.own6 = f"2001:db8:{number}::1", f"2001:db8:{number}::2"
        self.processes = []
        self.above = tempfile.mkdtemp(prefix="vogt-agent-")
        os.chmod(self.above, 0o755)
        self.directory = os.path.join(self.above, "agent")
        self.holder = subprocess.Popen(["unshare", "--net", "--uts", "sh", "-c", f"hostname {name}; echo ready; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.holder.stdout.readline()
        self.inside = ["nsenter", "--target", str(self.holder.pid), "--net", "--uts"]
        netns.run("ip", "link", "add", f"to{number}", "type", "veth", "peer", "name", "vogt", "netns", str(self.holder.pid))
        for device, address4, address6, prefix in ((f"to{number}", self.here4, self.here6, []), ("vogt", self.own4, self.own6, self.inside)):
            netns.run(*prefix, "ip", "link", "set", "lo", "up")
            netns.run(*prefix, "ip", "address", "add", address4 + "/30", "dev", device)
            netns.run(*prefix, "ip", "address", "add", address6 + "/64", "dev", device, "nodad")
            netns.run(*prefix, "ip", "link", "set", device, "up")

    def run(self, *command, text=None):
        return netns.run(*self.inside, *command, text=text)

    def listen(self, *ports):
        process = subprocess.Popen([*self.inside, sys.executable, "-c", netns.LISTEN, *map(str, ports)], stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("a server of the test did not start")

    def agent(self, *arguments, token=None, user=None, language=None, wait=False):
        """Starts vogt-agent here; `wait`: until it has ended, giving (code, output)."""
        command = [*self.inside, AGENT, "--dir", self.directory, *arguments]
        if token is not None:
            command += ["--token", "-"]
        log = tempfile.TemporaryFile(dir=self.above)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=clean_environment(LANG="de_DE.UTF-8" if language == "de" else None), user=user)
        process.stdin.write((token or "").encode())
        process.stdin.close()
        process.log = log
        if not wait:
            self.processes.append(process)
            return process
        with log:
            code = process.wait(PATIENCE_SECONDS)
            log.seek(0)
            return code, log.read().decode()

    def stop_agents(self, number=signal.SIGTERM):
        for process in [one for one in self.processes if hasattr(one, "log")]:
            process.send_signal(number)
            process.wait(PATIENCE_SECONDS)
            process.log.close()
            self.processes.remove(process)

    def quiet(self):
        """As it was: nothing runs, nothing listens, no rules, no agent's directory."""
        self.stop_agents()
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()
        self.processes.clear()
        self.run("nft", "flush", "ruleset")
        shutil.rmtree(self.directory, ignore_errors=True)

    def said(self):
        """What the agents that run here said."""
        text = ""
        for process in [one for one in self.processes if hasattr(one, "log")]:
            process.log.seek(0)
            text += process.log.read().decode()
        return text + json.dumps(self.status())

    def status(self):
        try:
            with open(os.path.join(self.directory, "status.json"), encoding="utf-8") as stream:
                return json.load(stream)
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def spooled(self):
        folder = os.path.join(self.directory, "spool")
        return sorted(name for name in os.listdir(folder) if name.endswith(".json")) if os.path.isdir(folder) else []

    def close(self):
        for process in [*self.processes, self.holder]:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self.above, ignore_errors=True)


class AgentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Everywhere(listen=":8200").start()
        cls.hosts = {name: Host(name, number) for number, name in enumerate(("web-1", "web-2", "outside"), 1)}
        cls.put_estate(ESTATE)

    @classmethod
    def tearDownClass(cls):
        for host in cls.hosts.values():
            host.close()
        cls.daemon.close()

    @classmethod
    def put_estate(cls, text):
        status, body = cls.daemon.api("POST", "estate", {"hcl": text})
        assert status == 200, body

    def tearDown(self):
        for host in self.hosts.values():
            host.quiet()

    # -- helpers --

    def create(self, name, **more):
        status, body = self.daemon.api("POST", "agent/create", {"name": name, **more})
        self.assertEqual(status, 200, body)
        return body["data"]

    def address(self, host, family=4):
        return f"https://{host.here4}:8200" if family == 4 else f"https://[{host.here6}]:8200"

    def enrolled(self, name, family=4, agent_name=None, **more):
        host = self.hosts[name]
        invitation = self.create(agent_name or name, **{"every": "1", **more})
        arguments = ["--name", agent_name] if agent_name else []
        host.agent("--server", self.address(host, family), "--pin", invitation["pin"], *arguments, token=invitation["token"])
        self.wait_well(host)
        return host

    def wait_well(self, host):
        wait_for(lambda: host.status().get("state") == "well", f"the agent on {host.name} is well", about=host.said)

    def listed(self, name):
        status, body = self.daemon.api("GET", "agent/list")
        self.assertEqual(status, 200, body)
        return next((one for one in body["data"]["agents"] if one["name"] == name), None)

    def newest(self, subject):
        """{kind: observation} of the subject, newest of each."""
        status, body = self.daemon.api("GET", "observations?limit=500")
        self.assertEqual(status, 200, body)
        return {one["kind"]: one for one in body["data"]["observations"] if one["subject"] == subject}

    def log_size(self):
        return self.daemon.api("GET", "evidence/entries?after=0&limit=1")[1]["data"]["size"]

    def observed(self, subject, kinds, floor):
        """The newest of these kinds, all of them observed since the log had `floor` entries."""
        def fresh():
            seen = self.newest(subject)
            return seen if all(kind in seen and seen[kind]["index"] >= floor for kind in kinds) else None
        return wait_for(fresh, f"{subject} was observed")

    def payloads(self, kind):
        """Every payload of this type in the evidence log."""
        found, first = [], 0
        while True:
            status, body = self.daemon.api("GET", f"evidence/entries?after={first}&limit=100")
            self.assertEqual(status, 200, body)
            entries = body["data"]["entries"]
            if not entries:
                return found
            for entry in entries:
                payload = entry.get("payload")
                payload = json.loads(payload) if isinstance(payload, str) else payload
                if payload and payload.get("type") == kind:
                    found.append(payload)
            first += len(entries)

    def ask(self, host, method, path, body=None, directory=None):
        """A request with the agent's own certificate and key, from where Vogt is."""
        directory = directory or host.directory
        with open(os.path.join(directory, "certificate.der"), "rb") as stream:
            pem = ssl.DER_cert_to_PEM_cert(stream.read())
        with tempfile.NamedTemporaryFile("w", suffix=".pem", dir=host.above) as both:
            with open(os.path.join(directory, "key.pem"), encoding="ascii") as key:
                both.write(pem + key.read())
            both.flush()
            context = ssl.create_default_context(cafile=os.path.join(self.daemon.directory, "tls.pem"))
            context.check_hostname = False
            context.load_cert_chain(both.name)
            connection = http.client.HTTPSConnection("localhost", 8200, context=context, timeout=60)
            connection.request(method, "/v1/" + path, body=None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            return answer.status, json.loads(text) if text.strip() else None

    # -- enrolling --

    def test_wrong_used_and_others_tokens_are_refused_with_one_clear_message(self):
        one, two = self.hosts["web-1"], self.hosts["web-2"]
        invitation, other = self.create("web-1"), self.create("web-2")
        arguments = ("--server", self.address(one), "--pin", invitation["pin"])
        for token in (other["token"], "vga.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"):
            code, said = one.agent(*arguments, token=token, wait=True)
            self.assertEqual(code, 1)
            self.assertIn("vogt-agent: this token is not good for this name", said)
        code, said = one.agent(*arguments, token="nonsense", wait=True)
        self.assertEqual(code, 1)
        self.assertIn("this file holds no token", said)
        code, said = one.agent(*arguments, token=other["token"], language="de", wait=True)
        self.assertIn("dieses Token gilt nicht für diesen Namen", said)
        self.assertFalse(os.path.exists(os.path.join(one.directory, "certificate.der")))
        self.enrolled("web-1")
        used = self.create("web-2")["token"]
        two.agent("--server", self.address(two), "--pin", invitation["pin"], token=used)
        wait_for(lambda: two.status().get("state") == "well", "web-2 is enrolled")
        two.stop_agents()
        # a unit that always gives the token starts all the same: the agent is enrolled already
        os.unlink(os.path.join(two.directory, "status.json"))
        two.agent("--server", self.address(two), "--pin", invitation["pin"], token=used)
        wait_for(lambda: set(two.status().get("confinement", {})) == {"courier", "look"}, "it serves with its certificate", about=two.said)
        two.stop_agents()
        shutil.rmtree(two.directory)
        code, said = two.agent("--server", self.address(two), "--pin", invitation["pin"], token=used, wait=True)
        self.assertEqual(code, 1)
        self.assertIn("unknown, used, or was made for another host", said)

    def test_another_servers_key_gets_neither_token_nor_certificate(self):
        host = self.hosts["web-1"]
        invitation = self.create("web-1")
        code, said = host.agent("--server", self.address(host), "--pin", "00" * 32, token=invitation["token"], wait=True)
        self.assertEqual(code, 1)
        self.assertIn("the server's key is not the pinned one", said)
        self.assertEqual(self.listed("web-1")["state"], "invited" if self.listed("web-1")["enrolled_at"] is None else self.listed("web-1")["state"])
        code, said = host.agent("--server", self.address(host), "--pin", invitation["pin"][:-1], token=invitation["token"], wait=True)
        self.assertEqual(code, 1)
        self.assertIn("64 hexadecimal digits", said)
        code, said = host.agent(wait=True)
        self.assertEqual(code, 1)
        self.assertIn("this directory holds no agent yet", said)

    def test_the_key_stays_with_the_agent(self):
        host = self.enrolled("web-1")
        for name in ("key.pem", "certificate.der", "agent.json"):
            found = os.stat(os.path.join(host.directory, name))
            self.assertEqual(found.st_mode & 0o777, 0o600)
            self.assertNotEqual(found.st_uid, 0)
        self.assertEqual(os.stat(host.directory).st_mode & 0o777, 0o700)
        wait_for(lambda: set(host.status()["confinement"]) == {"courier", "look"}, "both roles are there")
        for role, level in host.status()["confinement"].items():
            self.assertIn(level, ("seccomp", "landlock", "full"), role)

    # -- looking --

    def test_each_host_is_seen_by_its_own_agent_over_both_families(self):
        one, two = self.hosts["web-1"], self.hosts["web-2"]
        one.listen(22)
        two.listen(22, 8080)
        one.run("nft", "-f", "-", text="table inet filter {\nchain input {\ntype filter hook input priority 0\npolicy drop\nct state established,related accept\niif lo accept\ntcp dport 22 accept\nicmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n}\n}\n")
        floor = self.log_size()
        self.enrolled("web-1", family=4)
        self.enrolled("web-2", family=6)
        first, second = (self.observed(subject, {"sockets.listed", "firewall.default-deny"}, floor) for subject in ("host:web-1", "host:web-2"))
        self.assertEqual(first["sockets.listed"]["outcome"], "pass", first["sockets.listed"])
        self.assertEqual(first["firewall.default-deny"]["outcome"], "pass", first["firewall.default-deny"])
        self.assertEqual(second["sockets.listed"]["outcome"], "fail", second["sockets.listed"])
        self.assertIn("8080", second["sockets.listed"]["reason"]["english"])
        self.assertEqual(second["firewall.default-deny"]["outcome"], "fail", second["firewall.default-deny"])
        for name, seen in (("web-1", first), ("web-2", second)):
            status, body = self.daemon.api("GET", "observations/%d" % seen["sockets.listed"]["facts_index"])
            self.assertEqual(status, 200, body)
            self.assertEqual(body["data"]["payload"]["vantage"], {"kind": "agent", "name": name, "place": "host"})
            self.assertTrue(body["data"]["payload"]["plant"]["caught"])
        if os.access("/proc/1/ns/net", os.R_OK):  # what process 1 sees may be nobody's to ask, as in a container
            self.assertIn("other-network", [gap["id"] for gap in self.listed("web-1")["cannot_see"]])
        self.assertEqual(self.listed("web-1")["state"], "well")
        self.assertLess(abs(self.listed("web-1")["skew_ms"]), 60000)

    # -- from outside --

    def test_a_vantage_sees_over_both_families_what_the_host_shows(self):
        """Both listen on 8022 and 8023. web-1 hides 8023 by its firewall, web-2 over IPv4 alone. The vantage stands behind Vogt's machine, which forwards."""
        one, two, outside = self.hosts["web-1"], self.hosts["web-2"], self.hosts["outside"]
        one.listen(8022, 8023)
        two.listen(8022, 8023)
        rules = "table inet vantage {\nchain input {\ntype filter hook input priority 10\npolicy accept\n%s tcp dport 8023 drop\n}\n}\n"
        one.run("nft", "-f", "-", text=rules % "")
        two.run("nft", "-f", "-", text=rules % "meta nfproto ipv4")
        try:
            netns.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
            for host in self.hosts.values():
                host.run("ip", "route", "replace", "default", "via", host.here4)
                host.run("ip", "-6", "route", "replace", "default", "via", host.here6)
            hosts = "".join('host "%s" {\n  ports = [8022]\n  addresses = ["%s", "%s"]\n  outside = ["8020-8030"]\n}\n' % (host.name, host.own4, host.own6) for host in (one, two))
            self.put_estate('host "this" {}\n' + hosts)
            floor = self.log_size()
            self.enrolled("outside", family=6, kind="vantage")
            first, second = (self.observed(subject, {"ports.outside"}, floor)["ports.outside"] for subject in ("host:web-1", "host:web-2"))
            self.assertEqual(first["outcome"], "pass", first)
            self.assertEqual(second["outcome"], "fail", second)
            self.assertIn("8023", second["reason"]["english"])
            payload = self.daemon.api("GET", "observations/%d" % second["facts_index"])[1]["data"]["payload"]
            self.assertEqual(payload["vantage"], {"kind": "agent", "name": "outside", "place": "vantage"})
            self.assertTrue(payload["plant"]["caught"])
            shown = {fact["family"]: "8023" in str(fact["open"]) or "8022-8023" in str(fact["open"]) for fact in payload["facts"]["addresses"]}
            self.assertEqual(shown, {"ipv4": False, "ipv6": True})
            self.assertEqual({fact["address"] for fact in payload["facts"]["addresses"]}, {two.own4, two.own6}, "nothing but what the task named")
            # what a host's agent may do, a vantage may not, and the other way round
            tasks = self.ask(outside, "GET", "agent/tasks")[1]["data"]["tasks"]
            self.assertEqual({task["collector"] for task in tasks}, {"collect.ports"})
            self.assertEqual(self.ask(outside, "POST", "agent/facts", {"reports": [{"probe": "sockets", "subject": "host:web-1", "collected_at_ms": 1, "facts": {}}]})[1]["data"]["results"][0]["reason"],
                             "not-yours")
        finally:
            self.put_estate(ESTATE)

    # -- what a certificate cannot do --

    def test_a_certificate_reads_its_own_tasks_and_nothing_else(self):
        self.enrolled("web-2")
        host = self.enrolled("web-1")
        for method, path in (("GET", "observations"), ("GET", "agent/list"), ("GET", "estate"), ("GET", "annex/current"), ("GET", "morning"), ("GET", "sys/status"),
                             ("GET", "evidence/entries"), ("GET", "auth/token/lookup-self")):
            status, body = self.ask(host, method, path)
            self.assertEqual(status, 403, (path, body))
        for path, body in (("agent/create", {"name": "x"}), ("agent/revoke", {"name": "web-2"}), ("auth/token/create", {}), ("observe", {})):
            status, answer = self.ask(host, "POST", path, body)
            self.assertEqual(status, 403, (path, answer))
        status, body = self.ask(host, "GET", "agent/tasks")
        self.assertEqual(status, 200, body)
        self.assertEqual({task["subject"] for task in body["data"]["tasks"] if task["subject"].startswith("host:")}, {"host:web-1"})
        # and a token, even the operator's, opens none of the agents' routes
        for method, path, body in (("GET", "agent/tasks", None), ("POST", "agent/facts", {"reports": []})):
            status, _ = self.daemon.api(method, path, body)
            self.assertEqual(status, 403)

    def test_old_proofs_others_subjects_and_the_future_are_refused(self):
        host = self.enrolled("web-1", every="1h")
        wait_for(lambda: len(self.newest("host:web-1")) >= 2 and not host.spooled(), "the first round is in")
        host.stop_agents()
        now_ms = int(time.time() * 1000)
        report = {"probe": "sockets", "subject": "host:web-1", "collected_at_ms": now_ms, "facts": {"listeners": []}, "plant": {"facts": {}}}

        def tell(*reports, **health):
            status, body = self.ask(host, "POST", "agent/facts", {"reports": list(reports), **health})
            self.assertEqual(status, 200, body)
            return [(one["taken"], one["reason"]) for one in body["data"]["results"]]

        self.assertEqual(tell(report), [(True, "taken")])
        before = len(self.payloads("observation"))
        self.assertEqual(tell(report), [(True, "repeated")])
        self.assertEqual(tell({**report, "facts": {"listeners": [1]}}), [(False, "older")])
        self.assertEqual(tell({**report, "collected_at_ms": now_ms - 1}), [(False, "older")])
        self.assertEqual(tell({**report, "collected_at_ms": now_ms + 3600000}), [(False, "future")])
        self.assertEqual(tell({**report, "subject": "host:web-2"}), [(False, "not-yours")])
        self.assertEqual(tell({**report, "probe": "tls"}), [(False, "not-yours")])
        self.assertEqual(tell({"probe": "sockets"}, 7, {}), [(False, "malformed")] * 3)
        self.assertEqual(len(self.payloads("observation")), before)
        # an hour old: kept as what it is, and nothing becomes fresh by it
        self.assertEqual(tell({**report, "probe": "firewall", "collected_at_ms": now_ms - 3600000}), [(False, "older")])
        status, body = self.ask(host, "POST", "agent/facts", {"reports": [report] * 33})
        self.assertEqual(status, 400, body)
        self.assertEqual(tell(sent_ms=now_ms - 7200000, cannot_see=["no-root"]), [])
        self.assertAlmostEqual(self.listed("web-1")["skew_ms"], -7200000, delta=60000)
        self.assertEqual(self.listed("web-1")["cannot_see"][0]["id"], "no-root")

    # -- the command line --

    def test_the_commands_speak_both_languages_and_json(self):
        done = self.daemon.vogt("agent", "create", "web-1", "--every", "1s")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("--name web-1 --token -", done.stdout)
        self.assertRegex(done.stdout, r"(?m)^vga\.\S{32}$")
        done = self.daemon.vogt("agent", "create", "web 1", language="de")
        self.assertEqual(done.returncode, 5, done.stdout)
        self.assertIn("der Name eines Agenten besteht aus Buchstaben", done.stderr)
        self.enrolled("web-1")
        one = next(agent for agent in json.loads(self.daemon.vogt("agent", "list", "--json").stdout)["agents"] if agent["name"] == "web-1")
        self.assertEqual(one["state"], "well")
        self.assertIn("wohlauf", self.daemon.vogt("agent", "list", language="de").stdout)
        status = self.daemon.vogt("agent", "status", "--dir", self.hosts["web-1"].directory, "--json")
        self.assertEqual((status.returncode, json.loads(status.stdout)["state"]), (0, "well"))
        self.assertEqual(self.daemon.vogt("agent", "revoke", "web-1").returncode, 0)
        self.assertEqual(self.daemon.vogt("agent", "revoke", "nobody").returncode, 5)
        wait_for(lambda: self.daemon.vogt("agent", "status", "--dir", self.hosts["web-1"].directory).returncode == 1, "its status says that something is wrong")
        empty = tempfile.mkdtemp(dir=self.hosts["web-1"].above)
        done = self.daemon.vogt("agent", "--dir", empty)
        self.assertEqual(done.returncode, 1)
        self.assertIn("this directory holds no agent yet", done.stderr)

    # -- away and gone --

    def test_vogt_away_nothing_is_lost_and_nothing_doubled(self):
        host = self.enrolled("web-1")
        wait_for(lambda: self.newest("host:web-1"), "a first observation")
        self.daemon.stop()
        names = set(host.spooled())
        wait_for(lambda: len(names.update(host.spooled()) or names) >= 8, "reports gather in the spool")
        self.assertEqual(host.status()["state"], "away")
        # the agent is started anew while Vogt is away: it goes on with what it was last asked
        host.stop_agents()
        before = set(host.spooled())
        host.agent()
        wait_for(lambda: len(names.update(host.spooled()) or set(host.spooled()) - before) >= 3, "it collects on")
        self.assertLessEqual(before, set(host.spooled()))
        self.daemon.start()
        wait_for(lambda: host.status().get("state") == "well" and names.isdisjoint(host.spooled()), "everything is delivered")
        host.stop_agents()
        self.assertEqual(self.listed("web-1")["lost"], 0)
        taken = [(one["probe"], one["subject"], one["collected_at_ms"]) for kind in ("observation", "agent.late") for one in self.payloads(kind)
                 if isinstance(one.get("vantage"), dict) and one["vantage"].get("name") == "web-1"]
        self.assertEqual(len(taken), len(set(taken)), "an entry for each report, once")
        times = {int(name[17:33], 16) for name in names}
        self.assertLessEqual(times, {one[2] for one in taken}, "every report that was in the spool is in the log")

    def test_a_killed_agent_falls_silent_and_its_parts_are_restarted_when_they_die(self):
        host = self.enrolled("web-1")
        with open(os.path.join(host.directory, "agent.pid"), encoding="ascii") as stream:
            agent = int(stream.read())

        def children():
            found = {}
            for entry in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stream:
                        text = stream.read()
                except OSError:
                    continue
                if int(text[text.rindex(")") + 2:].split()[1]) == agent:
                    found[text[text.index("(") + 1:text.rindex(")")]] = int(entry)
            return found

        before = wait_for(lambda: (lambda found: found if len(found) == 2 else None)(children()), "courier and look run")
        os.kill(before["vogt-look"], signal.SIGKILL)
        wait_for(lambda: children().get("vogt-look") not in (None, before["vogt-look"]), "look was restarted")
        self.assertEqual(children()["vogt-courier"], before["vogt-courier"])
        os.kill(before["vogt-courier"], signal.SIGKILL)
        after = wait_for(lambda: (lambda found: found if len(found) == 2 and found["vogt-courier"] != before["vogt-courier"] else None)(children()), "the courier was restarted")
        wait_for(lambda: host.status().get("state") == "well" and self.listed("web-1")["state"] == "well", "it is well again")
        host.stop_agents(signal.SIGKILL)
        wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in after.values()), "its children went with it")
        wait_for(lambda: self.listed("web-1")["state"] == "silent", "the silence is said")
        self.assertIn("grows old", self.listed("web-1")["english"])

    def test_a_revoked_agent_is_told_so_and_brings_nothing_any_more(self):
        host = self.enrolled("web-1")
        status, _ = self.daemon.api("POST", "agent/revoke", {"name": "web-1"})
        self.assertEqual(status, 204)
        wait_for(lambda: host.status().get("state") == "denied", "it knows")
        self.assertEqual(self.listed("web-1")["state"], "revoked")
        self.assertEqual(self.ask(host, "GET", "agent/tasks")[0], 403)
        host.stop_agents()
        again = self.create("web-1", every="1")
        host.agent(token=again["token"])  # server and pin are known
        wait_for(lambda: host.status().get("state") == "well", "enrolled anew")

    def test_an_ordinary_users_agent_says_what_it_cannot_see(self):
        host = self.hosts["web-1"]
        user = pwd.getpwnam("nobody")
        os.mkdir(host.directory, 0o700)
        os.chown(host.directory, user.pw_uid, user.pw_gid)
        invitation = self.create("web-1", every="1")
        host.inside, kept = [*host.inside, "setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"], host.inside
        try:
            host.agent("--server", self.address(host), "--pin", invitation["pin"], token=invitation["token"])
        finally:
            host.inside = kept
        wait_for(lambda: host.status().get("state") == "well", "it serves")
        wait_for(lambda: "no-root" in [gap["id"] for gap in self.listed("web-1")["cannot_see"]], "and says so")
        seen = wait_for(lambda: self.newest("host:web-1").get("firewall.default-deny"), "an observation")
        wait_for(lambda: self.newest("host:web-1")["firewall.default-deny"]["outcome"] == "error", "without the right to read rules there is an error, never a pass")
        self.assertNotEqual(seen["outcome"], "pass")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root: agents give their roles users of their own")
        sys.exit(77)
    if not os.path.exists(AGENT):
        raise SystemExit(AGENT + " is not built")
    netns.enter()
    netns.run("ip", "link", "set", "lo", "up")
    unittest.main(verbosity=2)
