#!/usr/bin/env python3
"""The firewall probe against rulesets that the kernel really holds, each in a network namespace of its own.

usage: collect_nft.py PATH-OF-COLLECT_RUN
Where no network namespace can be made, the tests are left out, which is said, and the exit code is 77.
"""
import json
import subprocess
import sys

from netns import statements

RUN = sys.argv[1]
ESTATE = {"ports": [{"port": 22, "protocol": "tcp"}, {"port": 443}]}
BASE = "type filter hook input priority 0; policy {}; "
DROP, ACCEPT = BASE.format("drop"), BASE.format("accept")

CASES = [
    ("empty", "", "fail firewall.no-default-deny"),
    ("good", "table inet f { chain input { " + DROP + "ct state established,related accept; iif lo accept; tcp dport { 22, 443 } accept; "
     "meta l4proto icmp accept; icmpv6 type echo-request accept; } }", "pass firewall.denies-by-default"),
    ("good with counters, log and limits", "table inet f { chain input { " + DROP + "ct state new tcp dport 22 counter accept; "
     "limit rate 3/minute log prefix \"x\"; counter; reject; } }", "pass firewall.denies-by-default"),
    ("verdict map and a range", "table inet f { chain input { " + DROP + "ct state vmap { established : accept, related : accept, "
     "invalid : drop }; iifname lo accept; tcp dport 8000-8080 accept; } }", "fail firewall.unlisted-port"),
    ("verdict map of ports", "table inet f { chain input { " + DROP + "tcp dport vmap { 22 : accept, 443 : jump b }; } chain b { accept; } }",
     "pass firewall.denies-by-default"),
    ("verdict map opens a port", "table inet f { chain input { " + DROP + "udp dport vmap { 443 : accept, 53 : jump b }; } chain b { accept; } }",
     "fail firewall.unlisted-port"),
    ("only IPv4", "table ip f { chain input { " + DROP + "} }", "fail firewall.no-default-deny"),
    ("IPv4 and IPv6", "table ip f { chain input { " + DROP + "} } table ip6 f { chain input { " + DROP + "} }",
     "pass firewall.denies-by-default"),
    ("drop as last rule", "table inet f { chain input { " + ACCEPT + "tcp dport 22 accept; drop; } }", "pass firewall.denies-by-default"),
    ("return into policy accept", "table inet f { chain input { " + ACCEPT + "tcp dport 22 return; drop; } }",
     "fail firewall.no-default-deny"),
    ("return from a chain into policy accept", "table inet f { chain a { tcp dport 9 return; drop; } chain input { " + ACCEPT
     + "jump a; } }", "fail firewall.no-default-deny"),
    ("goto into policy accept", "table inet f { chain a { tcp dport 9 counter; } chain input { " + ACCEPT + "tcp dport 9 goto a; drop; } }",
     "fail firewall.no-default-deny"),
    ("jump to a chain that rejects", "table inet f { chain a { tcp dport 22 accept; reject; } chain input { " + ACCEPT + "jump a; } }",
     "pass firewall.denies-by-default"),
    ("condition kept over a jump", "table inet f { chain a { accept; } chain input { " + DROP + "tcp dport 22 jump a; } }",
     "pass firewall.denies-by-default"),
    ("named set", "table inet f { set ok { type inet_service; elements = { 22, 443 }; } chain input { " + DROP
     + "tcp dport @ok accept; ip saddr 10.0.0.0/8 accept; } }", "pass firewall.denies-by-default"),
    ("named set with more", "table inet f { set ok { type inet_service; elements = { 22, 5432 }; } chain input { " + DROP
     + "tcp dport @ok accept; } }", "fail firewall.unlisted-port"),
    ("source restricted", "table inet f { chain input { " + DROP + "ip saddr { 192.0.2.7, 198.51.100.0/24 } tcp dport 5432 accept; } }",
     "pass firewall.denies-by-default"),
    ("source is half the world", "table inet f { chain input { " + DROP + "ip saddr 0.0.0.0/1 accept; } }",
     "error firewall.rule-not-understood"),
    ("source by negation", "table inet f { chain input { " + DROP + "ip saddr != 10.0.0.0/8 accept; } }",
     "error firewall.rule-not-understood"),
    ("riddle", "table inet f { chain input { " + DROP + "meta mark 5 accept; } }", "error firewall.rule-not-understood"),
    ("accepts everything", "table inet f { chain input { " + DROP + "accept; } }", "fail firewall.no-default-deny"),
    ("accepts an interface", "table inet f { chain input { " + DROP + "iifname eth0 accept; } }", "fail firewall.opens-everything"),
    ("accepts all of TCP", "table inet f { chain input { " + DROP + "meta l4proto tcp accept; } }", "fail firewall.opens-everything"),
    ("new connections", "table inet f { chain input { " + DROP + "ct state new,established accept; } }", "fail firewall.opens-everything"),
    ("two chains, one strict", "table inet a { chain input { " + ACCEPT + "tcp dport 9 accept; } } table inet b { chain input { " + DROP
     + "tcp dport 22 accept; } }", "pass firewall.denies-by-default"),
    ("published port", "table inet f { chain input { " + DROP + "} } table ip nat { chain D { iifname != \"docker0\" tcp dport 8080 "
     "dnat to 172.17.0.2:80; } chain pre { type nat hook prerouting priority -100; jump D; } }", "fail firewall.unlisted-redirect"),
    ("published port in the estate", "table inet f { chain input { " + DROP + "} } table ip nat { chain pre { type nat hook "
     "prerouting priority -100; tcp dport 443 dnat to 172.17.0.2:80; } }", "pass firewall.denies-by-default"),
    ("redirect of everything", "table inet f { chain input { " + DROP + "} } table ip nat { chain pre { type nat hook prerouting "
     "priority -100; dnat to 172.17.0.2; } }", "fail firewall.opens-everything"),
]

FORWARDING = [
    ("forwarding without chain", "table inet f { chain input { " + DROP + "} }", "fail firewall.no-default-deny"),
    ("forwarding denied", "table inet f { chain input { " + DROP + "} chain forward { type filter hook forward priority 0; policy drop; } }",
     "pass firewall.denies-by-default"),
]


def namespace(*command, **more):
    return subprocess.run(["unshare", "--map-root-user", "--net", *command], capture_output=True, text=True, timeout=60, **more)


def observe(ruleset, forward):
    request = json.dumps({"collect": "collect.nft", "judge": "judge.firewall", "input": {}, "estate": ESTATE})
    script = f"""sysctl -q net.ipv4.ip_forward={forward} >/dev/null 2>&1 || echo {forward} > /proc/sys/net/ipv4/ip_forward
printf '%s' "$1" | nft -f - || exit 9
printf '%s' "$2" | {RUN}"""
    done = namespace("sh", "-c", script, "sh", statements(ruleset), request)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def main():
    if namespace("nft", "list", "ruleset").returncode != 0:
        print("left out: no network namespace or no nft here")
        return 77
    passed = failed = 0
    for forward, cases in ((0, CASES), (1, FORWARDING)):
        for name, ruleset, wanted in cases:
            try:
                output = observe(ruleset, forward)
                entry = output["observations"][0]
                got = entry["outcome"] + " " + entry["reason"]
                assert output["plant"]["caught"], output["plant"]
                assert got == wanted, f"{got}, wanted {wanted}"
                assert "?" not in output["sentences"][0], output["sentences"]
                passed += 1
                print("ok", name, flush=True)
            except Exception as error:  # noqa: BLE001: a test program reports whatever went wrong
                failed += 1
                print("FAIL", name, type(error).__name__, error, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
