#!/usr/bin/env python3
"""Connection attempts from one environment to another, between two machines (network namespaces) with real rulesets.

usage: collect_connect.py PATH-OF-COLLECT_RUN
"""
import json
import subprocess
import sys

import cases
import netns

RUN = sys.argv[1]
RULES = "table inet f {{ chain input {{ type filter hook input priority 0; policy accept; tcp dport 443 accept; {} }} }}"
CONTROL = {"host": netns.THERE4, "port": 443}
TARGETS = [{"host": netns.THERE4, "port": 5432}, {"host": netns.THERE6, "port": 5432}]


def observe(targets=None, control=None, **more):
    asked = {"targets": targets or TARGETS, "control": control or CONTROL, "plant_ports": netns.free_ports(2), **more}
    request = {"collect": "collect.connect", "judge": "judge.connect", "input": asked, "subject": {"name": "staging"}}
    return cases.observed(request)


def expect(wanted, **more):
    output = observe(**more)
    got = output["observations"][0]["outcome"] + " " + output["observations"][0]["reason"]
    assert got == wanted, f"{got}, wanted {wanted}: {json.dumps(output['facts'])}"
    return output


def what_is_dropped_or_rejected_is_out_of_reach(there):
    there.rules(RULES.format("tcp dport 5432 drop;"))
    expect("pass segmentation.refused")
    there.rules(RULES.format("tcp dport 5432 reject;"))
    output = expect("pass segmentation.refused")
    assert output["facts"]["targets"][0]["addresses"][0]["state"] == "rejected", output["facts"]
    there.rules(RULES.format("tcp dport 5432 reject with icmpx type admin-prohibited;"))
    expect("pass segmentation.refused")


def one_open_way_is_enough(there):
    there.rules(RULES.format("ip saddr " + netns.HERE4 + " tcp dport 5432 drop;"))
    output = expect("fail segmentation.reachable")
    assert output["observations"][0]["values"]["address"] == netns.THERE6, output["observations"]


def a_reset_proves_nothing(there):
    there.rules(RULES.format("tcp dport 5432 drop;"))
    expect("error segmentation.reset", targets=[*TARGETS, {"host": netns.THERE4, "port": 5433}])


def without_its_control_failing_proves_nothing(there):
    there.rules(RULES.format("tcp dport 5432 drop;"))
    expect("error segmentation.control-silent", control={"host": netns.THERE4, "port": 5432})
    expect("error segmentation.control-silent", control={"host": "192.0.2.99", "port": 443})


def what_was_not_tried_is_said(there):
    there.rules(RULES.format("tcp dport 5432 drop;"))
    expect("error segmentation.target-local", targets=[{"host": netns.HERE4, "port": 5432}])
    expect("error segmentation.not-tried", targets=[{"host": netns.THERE4, "port": 5432}] * 8, timeout_ms=7000)


def tasks_that_name_nothing_are_refused(there):
    for asked in ({}, {"targets": []}, {"targets": TARGETS}, {"targets": [{"host": "x"}], "control": CONTROL}, {"targets": TARGETS * 40, "control": CONTROL}):
        done = subprocess.run([RUN], input=json.dumps({"work": "collect.connect", "input": asked}), capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "1 to 64 targets" in done.stderr, (asked, done.stderr)


def main():
    netns.enter()
    there = netns.There()
    try:
        there.listen(443, 5432)
        return cases.run((what_is_dropped_or_rejected_is_out_of_reach, one_open_way_is_enough, a_reset_proves_nothing, without_its_control_failing_proves_nothing,
                          what_was_not_tried_is_said, tasks_that_name_nothing_are_refused), there)
    finally:
        there.close()


sys.exit(main())
