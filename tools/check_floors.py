#!/usr/bin/env python3
"""The rule of includes: from a floor to the same floor or a lower one, never up, and never from one domain to another.

    tools/check_floors.py [SOURCE_ROOT]      checks src/ (and that bench/ and tests/ only look down on it)
    tools/check_floors.py --self-test        shows that the check catches what it must

Floors, lowest first, stand in FLOORS below; rooms of one floor may not include each other. Ends with "N passed, N failed".
"""
import os
import re
import sys

# process and net share a floor and know nothing of each other, but for what EXCEPTIONS names; the nine domains likewise.
FLOORS = [
    ["base"],
    ["crypto"],
    ["store"],
    ["ledger"],
    ["process", "net"],
    ["engine"],
    ["measure"],
    ["govern", "access", "secrets", "change", "infra", "watch", "backup", "incident", "continuity"],
    ["collect"],
    ["agent"],
    ["roles"],
    ["command"],
    ["dropin"],
]
HEIGHT = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}

# (file, included): why an include may do what the rule forbids. An exception that nothing needs is a failure itself.
EXCEPTIONS = {
    ("measure/explain.c", "collect/reason.h"): "the sentences of reason ids are data that stand beside the judges",
    ("measure/exposure_task.c", "collect/usual_ports.h"): "which ports a scan asks by default is data that stands beside the scan",
    ("measure/fix_test.c", "collect/reason.h"): "every reason that a fix names must exist",
    ("measure/source_engine.c", "collect/source_kinds.h"): "which kinds of sources there are is data that stands beside their collectors",
    ("measure/observe.c", "collect/self.h"): "what is planted into Vogt's own facts stands beside the judges of those facts",
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SUFFIXES = (".c", ".h", ".def")


def sources(folder):
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(SUFFIXES):
                yield os.path.join(place, name)


def judge(room, target):
    """None if a file of `room` may include `target`, else the reason why not."""
    target_room = target.split("/")[0]
    if "/" not in target or target_room not in HEIGHT:
        return "is not written from src/, or names no room"
    if HEIGHT[target_room] > HEIGHT[room]:
        return "points up"
    if HEIGHT[target_room] == HEIGHT[room] and target_room != room:
        return "crosses to another room of the same floor"
    return None


def check_src(root):
    """(files checked, findings)"""
    src, findings, used, count = os.path.join(root, "src"), [], set(), 0
    for path in sources(src):
        relative = os.path.relpath(path, src)
        room = relative.split(os.sep)[0]
        if os.sep not in relative or room not in HEIGHT:
            findings.append(f"src/{relative}: stands in no room of the table of floors")
            continue
        count += 1
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for match in INCLUDE.finditer(text):
            target = match.group(1)
            if "__has_include" in match.group(0):
                continue
            reason = judge(room, target)
            if reason is None:
                continue
            if (relative, target) in EXCEPTIONS:
                used.add((relative, target))
                continue
            line = text.count("\n", 0, match.start(1)) + 1
            findings.append(f'src/{relative}:{line}: #include "{target}" {reason}')
    for file, target in sorted(set(EXCEPTIONS) - used):
        findings.append(f'tools/check_floors.py: the exception src/{file} -> "{target}" is not needed any more')
    return count, findings


def self_test():
    cases = [
        ("engine", "base/json.h", True), ("engine", "engine/turn.h", True), ("base", "crypto/crypto.h", False),
        ("net", "process/channel.h", False), ("access", "secrets/kv.h", False), ("access", "measure/clause.h", True),
        ("measure", "access/people.h", False), ("collect", "command/run.h", False), ("roles", "collect/judge.h", True),
        ("engine", "turn.h", False), ("engine", "nowhere/turn.h", False),
    ]
    return [f"{room} -> {target}: expected {'allowed' if allowed else 'refused'}"
            for room, target, allowed in cases if (judge(room, target) is None) != allowed]


def main():
    findings = self_test()
    count = 0
    if sys.argv[1:] != ["--self-test"]:
        root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        count, more = check_src(root)
        findings += more
        if count == 0:
            findings.append("no source file was found")
    for finding in findings:
        print(finding)
    passed = 1 if not findings else 0
    print(f"{count} files")
    print(f"{passed} passed, {0 if passed else len(findings)} failed")
    return 0 if not findings else 1


if __name__ == "__main__":
    sys.exit(main())
