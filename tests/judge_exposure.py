#!/usr/bin/env python3
"""Default deny over all layers of a real host: packet filter, a published container port that goes past it, listeners, and a scan from
another machine, each collected where it can be seen and judged together.

usage: judge_exposure.py PATH-OF-COLLECT_RUN
The container is a network namespace behind the host's; nft translates to it as Docker's rules do.
"""
import json
import os
import subprocess
import sys
import time

import cases
import netns

RUN = os.path.abspath(sys.argv[1])
ESTATE = {"ports": [{"port": 443, "protocol": "tcp"}], "addresses": [netns.THERE4, netns.THERE6]}
RULES = """table inet f {{ chain input {{ type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept;
icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept; tcp dport 443 accept; {input} }}
chain forward {{ type filter hook forward priority 0; policy drop; ct state established,related accept; ct status dnat accept; }} }}
table ip nat {{ chain pre {{ type nat hook prerouting priority -100; {nat} }} }}"""
DNAT = "iifname there tcp dport 5400 dnat to 172.31.0.2:80;"


def work(name, document, prefix=()):
    done = subprocess.run([*prefix, RUN], input=json.dumps({"work": name, "input": document}), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def collect(there, **more):
    """All layers; what each was collected with is dropped, as keep does."""
    now_ms = int(time.time() * 1000)
    scan = {"addresses": ESTATE["addresses"], "ports": [443, "5390-5440"], "per_second": 1000, "wait_ms": 1200, "timeout_ms": 60000, "plant_ports": netns.free_ports(2)}
    facts = {
        "nft": work("collect.nft", {}, there.prefix())["facts"],
        "sockets": work("collect.sockets", {}, there.prefix())["facts"],
        "scan": work("collect.ports", scan)["facts"],
        **more,
    }
    facts["collected_at_ms"] = {name: now_ms for name in facts}
    return facts, now_ms


def judge(facts, now_ms, estate=None):
    planted = json.loads(json.dumps(facts))
    planted["scan"]["addresses"].append({"address": "192.0.2.250", "family": "ipv4", "local": False, "open": [39119]})
    planted.setdefault("published", []).append({"address": "0.0.0.0", "port": 39119, "protocol": "tcp", "container": "planted"})
    planted["planted_port"] = 39119
    output = work("judge.exposure", {"facts": facts, "plant": {"facts": planted}, "estate": estate or ESTATE, "collected_at_ms": now_ms})
    assert output["plant"]["caught"], output
    entry = output["observations"][0]
    return entry["outcome"] + " " + entry["reason"], entry["values"], output


def expect(got, wanted, **values):
    said, seen, output = got
    assert said == wanted, f"{said}, wanted {wanted}: {json.dumps(output)[:1500]}"
    for name, value in values.items():
        assert seen[name] == value, f"{name} is {seen[name]}, wanted {value}"


PUBLISHED = [{"address": "0.0.0.0", "port": 5400, "protocol": "tcp", "container": "web"}]
NONE = {"attached": False, "rules": []}
ANYBODY = ["0.0.0.0/0", "::/0"]


def layers_that_agree_are_kept(there):
    there.rules(RULES.format(input="", nat=""))
    expect(judge(*collect(there, published=[], provider=NONE)), "pass exposure.default-deny-kept", nft="tcp 5432")


def a_published_port_goes_past_the_input_chain(there):
    there.rules(RULES.format(input="", nat=DNAT))
    expect(judge(*collect(there, published=PUBLISHED, provider=NONE)), "fail exposure.reachable", path="provider(none) > nft(dnat) > docker(web)", family="IPv4")
    wide = {"attached": True, "rules": [{"direction": "in", "protocol": "tcp", "port": "443", "source_ips": ANYBODY},
                                       {"direction": "in", "protocol": "tcp", "port": "5000-6000", "source_ips": ["0.0.0.0/0"]}]}
    expect(judge(*collect(there, published=PUBLISHED, provider=wide)), "fail exposure.reachable", path="provider(rule 2: tcp 5000-6000) > nft(dnat) > docker(web)")
    expect(judge(*collect(there)), "fail exposure.reachable", path="provider(?) > nft(dnat)")


def what_a_provider_stops_is_not_reached(there):
    """The provider's firewall, played by the cable: what it drops never reaches the host."""
    there.rules(RULES.format(input="", nat=DNAT))
    netns.run("nft", "-f", "-", text="table ip provider {\nchain out {\ntype filter hook output priority 0\ntcp dport 5400 drop\n}\n}\n")
    try:
        strict = {"attached": True, "rules": [{"direction": "in", "protocol": "tcp", "port": "443", "source_ips": ANYBODY}]}
        expect(judge(*collect(there, published=PUBLISHED, provider=strict)), "pass exposure.default-deny-kept", provider="tcp 5400")
    finally:
        netns.run("nft", "flush", "ruleset")


def a_rule_for_one_family_is_found_by_its_scan(there):
    there.rules(RULES.format(input="ip6 daddr " + netns.THERE6 + " tcp dport 5432 accept;", nat=""))
    expect(judge(*collect(there, published=[], provider=NONE)), "fail exposure.reachable", path="provider(none) > nft(input accept) > listener", family="IPv6")


def no_layer_that_denies_fails(there):
    there.rules("table inet f { chain input { type filter hook input priority 0; policy accept; tcp dport 5432 drop; } }")
    expect(judge(*collect(there, published=[], provider=NONE)), "fail exposure.no-default-deny")


def main():
    netns.enter()
    there = netns.There()
    box = subprocess.Popen([*there.prefix(), "unshare", "--net", "sh", "-c", "echo ready; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        box.stdout.readline()
        inside = ["nsenter", "--target", str(box.pid), "--net"]
        there.run("ip", "link", "add", "bridge", "type", "veth", "peer", "name", "box", "netns", str(box.pid))
        there.run("ip", "address", "add", "172.31.0.1/24", "dev", "bridge")
        there.run("ip", "link", "set", "bridge", "up")
        there.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        for command in (["link", "set", "lo", "up"], ["address", "add", "172.31.0.2/24", "dev", "box"], ["link", "set", "box", "up"],
                        ["route", "add", "default", "via", "172.31.0.1"]):
            netns.run(*inside, "ip", *command)
        there.listen(443, 5432)
        server = subprocess.Popen([*inside, sys.executable, "-c", netns.LISTEN, "80"], stdout=subprocess.PIPE, text=True)
        there.processes.append(server)
        server.stdout.readline()
        return cases.run((layers_that_agree_are_kept, a_published_port_goes_past_the_input_chain, what_a_provider_stops_is_not_reached,
                          a_rule_for_one_family_is_found_by_its_scan, no_layer_that_denies_fails), there)
    finally:
        there.close()
        box.kill()
        box.wait()


sys.exit(main())
