#!/usr/bin/env python3
"""The firewall probe against rulesets that the kernel really holds, each in a network namespace of its own.

usage: collect_nft.py PATH-OF-COLLECT_RUN
Where no network namespace can be made, the tests are left out, which is said, and the exit code is 77.
"""
import json
import os
import shutil
import subprocess
import sys

from netns import statements

RUN = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
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


IPTABLES = """iptables -P INPUT DROP; ip6tables -P INPUT DROP
iptables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment 'answers # handle 1' -j ACCEPT
iptables -A INPUT -m conntrack --ctstate INVALID -j DROP
iptables -A INPUT -p icmp --icmp-type 8 -m limit --limit 5/s -j ACCEPT
iptables -A INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport 22 -j ACCEPT
"""
# What dockerd writes for the bridge network and one published port (Docker's documentation "Packet filtering and firewalls", engines 20 to 28).
DOCKER = IPTABLES + """
iptables -N DOCKER; iptables -N DOCKER-ISOLATION-STAGE-1; iptables -N DOCKER-ISOLATION-STAGE-2; iptables -N DOCKER-USER
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -t nat -A DOCKER -i docker0 -j RETURN
iptables -P FORWARD DROP
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -j DOCKER-ISOLATION-STAGE-1
iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -A FORWARD -i docker0 -o docker0 -j ACCEPT
iptables -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
iptables -A DOCKER-ISOLATION-STAGE-1 -j RETURN
iptables -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
iptables -A DOCKER-ISOLATION-STAGE-2 -j RETURN
iptables -A DOCKER-USER -j RETURN
"""


def published(port, address=None):
    where = f"-d {address}/32 " if address else ""
    return DOCKER + f"""iptables -t nat -A DOCKER {where}! -i docker0 -p tcp -m tcp --dport {port} -j DNAT --to-destination 172.17.0.2:80
iptables -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
iptables -t nat -A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE"""


# ufw keeps its state in /etc: here in copies that only this name space sees.
UFW = """mount -t tmpfs none /mnt; cp -a /etc/ufw /mnt/ufw; cp -a /etc/default/ufw /mnt/default; mkdir /mnt/run
mount --bind /mnt/ufw /etc/ufw; mount --bind /mnt/default /etc/default/ufw; mount --bind /mnt/run /run
ufw --force reset; ufw default deny incoming; {}; ufw --force enable"""

TOOLS = [
    ("iptables", "iptables", 0, IPTABLES, "pass firewall.denies-by-default"),
    ("iptables with several ports in one match", "iptables", 0, IPTABLES + "iptables -A INPUT -p tcp -m multiport --dports 22,443 -j ACCEPT",
     "pass firewall.denies-by-default"),
    ("iptables opens a port in the middle of a range", "iptables", 0, IPTABLES + "iptables -A INPUT -p tcp -m multiport --dports 22,5000:6000 -j ACCEPT",
     "fail firewall.unlisted-port"),
    ("iptables opens to new connections", "iptables", 0, IPTABLES + "iptables -A INPUT -m conntrack --ctstate NEW -j ACCEPT", "fail firewall.opens-everything"),
    ("iptables opens to our own address", "iptables", 0, IPTABLES + "iptables -A INPUT -m addrtype --dst-type LOCAL -j ACCEPT", "fail firewall.opens-everything"),
    ("iptables with a match that nft does not say", "iptables", 0, IPTABLES + "iptables -A INPUT -m string --string x --algo bm -j ACCEPT",
     "error firewall.rule-not-understood"),
    ("such a match on a listed port", "iptables", 0, IPTABLES + "iptables -A INPUT -p tcp --dport 443 -m string --string x --algo bm -j ACCEPT",
     "pass firewall.denies-by-default"),
    ("such a match on another port", "iptables", 0, IPTABLES + "iptables -A INPUT -p tcp --dport 5432 -m string --string x --algo bm -j ACCEPT",
     "error firewall.rule-not-understood"),
    ("iptables ends with a reject", "iptables", 0, IPTABLES + "iptables -P INPUT ACCEPT; iptables -A INPUT -j REJECT --reject-with icmp-host-prohibited",
     "pass firewall.denies-by-default"),
    ("iptables for IPv4 alone", "iptables", 0, IPTABLES + "ip6tables -P INPUT ACCEPT", "fail firewall.no-default-deny"),
    ("Docker, nothing published", "iptables", 1, DOCKER, "pass firewall.denies-by-default"),
    ("Docker publishes a listed port", "iptables", 1, published(443), "pass firewall.denies-by-default"),
    ("Docker publishes another port past the input chain", "iptables", 1, published(5432), "fail firewall.unlisted-redirect"),
    ("Docker publishes on loopback", "iptables", 1, published(5432, "127.0.0.1"), "pass firewall.denies-by-default"),
    ("Docker publishes on one address", "iptables", 1, published(5432, "192.0.2.7"), "fail firewall.unlisted-redirect"),
    ("ufw", "ufw", 0, UFW.format("ufw allow 22/tcp; ufw allow 443; ufw allow from 10.0.0.0/8 to any port 5432"), "pass firewall.denies-by-default"),
    ("ufw with a rate limit", "ufw", 0, UFW.format("ufw limit 22/tcp"), "pass firewall.denies-by-default"),
    ("ufw opens another port", "ufw", 0, UFW.format("ufw allow 5432/tcp"), "fail firewall.unlisted-port"),
    ("ufw that allows by default", "ufw", 0, UFW.format("ufw default allow incoming"), "fail firewall.no-default-deny"),
    ("firewalld 1.3.3 as it left its ruleset (ssh; 546/udp from the link)", "nft", 0, f"nft -f {os.path.join(HERE, 'facts', 'firewalld.nft')}",
     "pass firewall.denies-by-default"),
    ("firewalld with another port", "nft", 0, f"sed 's/tcp dport 22 accept/tcp dport 5432 accept/' {os.path.join(HERE, 'facts', 'firewalld.nft')} | nft -f -",
     "fail firewall.unlisted-port"),
]
# The DHCP client's port of ufw's own rules is open to anybody who sends from port 67, and is therefore named by whoever runs one.
UFW_PORTS = {"ports": [*ESTATE["ports"], {"port": 68, "protocol": "udp"}, {"port": 546, "protocol": "udp"}]}


def namespace(*command, **more):
    return subprocess.run(["unshare", "--map-root-user", "--net", "--mount", *command], capture_output=True, text=True, timeout=60, **more)


def observe_tool(setup, forward, estate):
    request = json.dumps({"collect": "collect.nft", "judge": "judge.firewall", "input": {}, "estate": estate})
    script = f"""echo {forward} > /proc/sys/net/ipv4/ip_forward
exec 3>&1 >&2
set -e
{setup}
printf '%s' "$1" | {RUN} >&3"""
    done = namespace("sh", "-c", script, "sh", request)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


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
    cases = [(name, ruleset, wanted, lambda ruleset=ruleset, forward=forward: observe(ruleset, forward))
             for forward, rows in ((0, CASES), (1, FORWARDING)) for name, ruleset, wanted in rows]
    for name, tool, forward, setup, wanted in TOOLS:
        if shutil.which(tool) is None:
            print(f"left out: {name}: {tool} is not installed")
            continue
        if tool == "ufw" and not os.access("/etc/ufw/before.rules", os.R_OK):
            print(f"left out: {name}: its rules are readable by root alone")
            continue
        estate = UFW_PORTS if tool == "ufw" else ESTATE
        cases.append((name, setup, wanted, lambda setup=setup, forward=forward, estate=estate: observe_tool(setup, forward, estate)))
    for name, _, wanted, run in cases:
        try:
            output = run()
            entry = output["observations"][0]
            got = entry["outcome"] + " " + entry["reason"]
            assert output["plant"]["caught"], output["plant"]
            assert got == wanted, f"{got}, wanted {wanted}: {output['sentences']}"
            assert "?" not in output["sentences"][0], output["sentences"]
            passed += 1
            print("ok", name, flush=True)
        except Exception as error:  # noqa: BLE001: a test program reports whatever went wrong
            failed += 1
            print("FAIL", name, type(error).__name__, error, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
