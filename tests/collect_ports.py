#!/usr/bin/env python3
"""The port scan between two machines (network namespaces) with real rulesets, over IPv4 and IPv6.

usage: collect_ports.py PATH-OF-COLLECT_RUN
"""
import json
import sys

import cases
import netns

ESTATE = {"ports": [{"port": 443, "protocol": "tcp"}, {"port": 5353, "protocol": "udp"}], "addresses": [netns.THERE4, netns.THERE6]}
DENY = "table inet f {{ chain input {{ type filter hook input priority 0; policy drop; ct state established,related accept; {} }} }}"
NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; "


def scan(addresses=(netns.THERE4, netns.THERE6), **more):
    asked = {"addresses": list(addresses), "ports": [22, 443, "5400-5499"], "per_second": 1000, "wait_ms": 1200,
             "timeout_ms": 60000, "plant_ports": netns.free_ports(2), **more}
    request = {"collect": "collect.ports", "judge": "judge.ports", "input": asked, "estate": dict(ESTATE, addresses=list(addresses))}
    return cases.observed(request, timeout=120)


def said(output):
    return output["observations"][0]["outcome"] + " " + output["observations"][0]["reason"]


def expect(output, wanted):
    assert said(output) == wanted, f"{said(output)}, wanted {wanted}: {output['sentences']} {json.dumps(output['facts'])[:1500]}"


def only_what_is_let_through_is_open(there):
    there.rules(DENY.format(NEIGHBOURS + "tcp dport 443 accept;"))
    output = scan()
    expect(output, "pass ports.all-listed")
    for fact in output["facts"]["addresses"]:
        assert fact["open"] == ["443"] and fact["filtered"] == ["22", "5400-5499"] and fact["control"] == {"port": 443, "first": "open", "last": "open"}, fact
    there.rules(DENY.format(NEIGHBOURS + "tcp dport 443 accept; meta l4proto tcp reject with tcp reset;"))
    output = scan()
    expect(output, "pass ports.all-listed")
    assert output["facts"]["addresses"][0]["closed"] == ["22", "5400-5499"], output["facts"]
    there.rules(DENY.format(NEIGHBOURS + "tcp dport 443 accept; tcp dport 22 reject;"))
    output = scan()
    expect(output, "pass ports.all-listed")
    assert all(fact["rejected"] == ["22"] and fact["filtered"] == ["5400-5499"] for fact in output["facts"]["addresses"]), output["facts"]


def a_rule_for_one_family_alone_is_found(there):
    there.rules("table ip f { chain input { type filter hook input priority 0; policy drop; tcp dport 443 accept; } }")
    output = scan()
    expect(output, "fail ports.unlisted")
    assert output["observations"][0]["values"]["address"] == netns.THERE6 and "5432" in output["sentences"][0], output["sentences"]


def one_address_among_several_is_enough(there):
    there.rules("")
    expect(scan(addresses=[netns.THERE6]), "fail ports.unlisted")
    there.rules(DENY.format(NEIGHBOURS + "ip6 daddr " + netns.THERE6 + " tcp dport 5432 accept; tcp dport 443 accept;"))
    expect(scan(), "fail ports.unlisted")


def silence_alone_proves_nothing(there):
    there.rules(DENY.format(NEIGHBOURS))
    expect(scan(), "error ports.nothing-answers")
    expect(scan(addresses=["192.0.2.99"]), "error ports.nothing-answers")
    expect(scan(addresses=["198.51.100.1"]), "error ports.nothing-answers")


def a_host_that_begins_to_block_is_noticed(there):
    there.rules("table ip f { set seen { type ipv4_addr; flags dynamic; timeout 5m; } set bad { type ipv4_addr; flags dynamic; timeout 5m; } "
                "chain input { type filter hook input priority 0; policy accept; ip saddr @bad drop; "
                "tcp flags syn limit rate over 100/minute burst 60 packets add @bad { ip saddr } drop; } }")
    expect(scan(addresses=[netns.THERE4], ports=[443, "6000-6500"]), "error ports.control-lost")


def time_that_is_not_enough_is_said(there):
    there.rules(DENY.format("tcp dport 443 accept;"))
    expect(scan(addresses=[netns.THERE4], timeout_ms=5000, at_a_time=4, ports=["400-65535"]), "error ports.incomplete")


def udp_is_told_as_far_as_it_can_be(there):
    there.rules("table ip f { chain input { type filter hook input priority 0; policy accept; udp dport 161 drop; tcp dport 5432 drop; } }")
    there.serve(netns.ANSWER_UDP, 5353)
    output = scan(addresses=[netns.THERE4], udp_ports=[53, 161, 5353])
    expect(output, "pass ports.all-listed")
    assert output["facts"]["addresses"][0]["udp"] == {"silent": ["161"], "answered": ["5353"], "closed": ["53"], "error": []}, output["facts"]
    assert any(entry["reason"] == "ports.udp-silent" for entry in output["not_covered"]), output["not_covered"]
    there.serve(netns.ANSWER_UDP, 123)
    expect(scan(addresses=[netns.THERE4], udp_ports=[123]), "fail ports.unlisted")


def the_machines_own_address_is_no_outside(there):
    expect(scan(addresses=[netns.HERE4], ports=[443]), "error ports.not-outside")


def main():
    netns.enter()
    there = netns.There()
    try:
        there.listen(443, 5432)
        return cases.run((only_what_is_let_through_is_open, a_rule_for_one_family_alone_is_found, one_address_among_several_is_enough, silence_alone_proves_nothing,
                          a_host_that_begins_to_block_is_noticed, time_that_is_not_enough_is_said, udp_is_told_as_far_as_it_can_be,
                          the_machines_own_address_is_no_outside), there)
    finally:
        there.close()


sys.exit(main())
