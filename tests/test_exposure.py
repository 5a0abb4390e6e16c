"""Default deny from all sides, through a whole Vogt: the host's own agent tells of packet filter and sockets, a vantage behind a router scans the host over both address
families, Vogt judges all of it together, and the sentence of the annex is kept, broken by one hole, and kept again.

Run: python3 tests/test_exposure.py [BUILD_DIRECTORY]. Needs root (the agents give their roles users of their own); else 77. Ends only what it started.
"""
import os
import sys
import time
import unittest

import netns
from test_agent import Everywhere, Host, wait_for

ANNEX = b"""# Technical and organisational measures

## 5. Infrastructure

- 5.1 Firewalls on every server deny by default; inbound traffic that no rule allows is dropped.
"""
ESTATE = """host "web-1" {
  ports     = [8022]
  addresses = ["%s", "%s"]
  outside   = ["8020-8030"]
}
"""
RULES = """table inet filter {
chain input {
type filter hook input priority 0
policy drop
ct state established,related accept
iif lo accept
tcp dport 8022 accept
%s
icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
}
}
"""


class ExposureTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Everywhere(listen=":8200").start()
        cls.hosts = [Host("web-1", 1), Host("outside", 2)]
        netns.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for host in cls.hosts:
            host.run("ip", "route", "replace", "default", "via", host.here4)
            host.run("ip", "-6", "route", "replace", "default", "via", host.here6)

    @classmethod
    def tearDownClass(cls):
        for host in cls.hosts:
            host.quiet()
            host.close()
        cls.daemon.close()

    def call(self, method, path, body=None):
        status, reply = self.daemon.api(method, path, body)
        self.assertEqual(status, 200, reply)
        return reply["data"]

    def enrol(self, host, kind):
        invitation = self.call("POST", "agent/create", {"name": host.name, "every": "1", "kind": kind})
        host.agent("--server", "https://%s:8200" % host.here4, "--pin", invitation["pin"], token=invitation["token"])
        wait_for(lambda: host.status().get("state") == "well", "the agent on %s is well" % host.name, about=host.said)

    def filter(self, more=""):
        self.hosts[0].run("nft", "-f", "-", text="flush ruleset\n" + RULES % more)

    def seen(self):
        """{kind: observation} of the host."""
        return {one["kind"]: one for one in self.call("GET", "observations?limit=500")["observations"] if one["subject"] == "host:web-1"}

    def clause(self):
        clauses = self.call("GET", "annex/current")["clauses"]
        self.assertEqual(len(clauses), 1, clauses)
        return clauses[0]

    def comes(self, verdict, outcome):
        def is_so():
            self.call("POST", "observe", {})  # what judges the records of others is due each minute, or when somebody asks
            time.sleep(1)
            return self.clause()["verdict"] == verdict and self.seen().get("exposure.default-deny", {}).get("outcome") == outcome
        wait_for(is_so, "the sentence is %s" % verdict, about=lambda: "%s\n%s\n%s" % (self.clause(), self.seen(), "".join(host.said() for host in self.hosts)), seconds=240)

    def test_the_sentence_follows_what_all_sides_see(self):
        host, outside = self.hosts
        self.call("POST", "annex/adopt", ANNEX)
        self.call("POST", "estate", {"hcl": ESTATE % (host.own4, host.own6)})
        self.call("POST", "observe", {})  # Vogt itself: without its own ledger's word nothing is kept
        self.assertNotEqual(self.clause()["verdict"], "kept")
        host.listen(8022)
        self.filter()
        self.enrol(host, "host")
        wait_for(lambda: {"firewall.default-deny", "sockets.listed"} <= set(self.seen()), "the host told of itself", about=host.said)
        self.assertNotEqual(self.clause()["verdict"], "kept", "nobody looked from outside yet")
        self.enrol(outside, "vantage")
        self.comes("kept", "pass")
        # a second service, and a hole in the filter for it: the filter still denies by default, and only all layers together show the way
        host.listen(8025)
        self.filter("tcp dport 8025 accept")
        self.comes("broken", "fail")
        words = self.seen()["exposure.default-deny"]["reason"]
        self.assertIn("8025", words["english"])
        self.assertIn("8025", words["german"])
        self.filter()
        self.comes("kept", "pass")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("not run: needs root, for the agents give their roles users of their own")
        sys.exit(77)
    netns.enter()
    netns.run("ip", "link", "set", "lo", "up")
    unittest.main(verbosity=2)
