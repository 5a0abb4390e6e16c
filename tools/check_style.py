#!/usr/bin/env python3
"""What a reader can hold against a file without reading it.

    tools/check_style.py [SOURCE_ROOT]

Fails on: markers of unfinished work, paths of one machine, tabs in C, trailing spaces, a file without a last newline, a header
without its guard or its opening comment, a folder of src/ without README, a worked example that is not the compiled one. Lists, without failing, files over 600 lines: they
need a hard look. Ends with "N passed, N failed".
"""
import os
import re
import subprocess
import sys

LONG_LINES = 600
# Written so that this file does not name what it looks for.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(?:work|home|root|Users)/[\w.]")
# A home is what a rule about homes must be able to name.
PATHS_ALLOWED = {"src/process/sandbox_test.c", "tools/check_style.py"}
TEXT = (".c", ".h", ".def", ".py", ".sh", ".ts", ".svelte", ".css", ".html", ".hcl", ".md", ".build", ".mjs", ".js")
GENERATED = ("ui/dist/", "ui/node_modules/", "build", "var/")


def tracked(root):
    """What git knows or would take in; every text file when there is no git."""
    try:
        listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], check=True, capture_output=True, text=True).stdout
        names = listed.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = [os.path.relpath(os.path.join(place, name), root) for place, _, files in os.walk(root) for name in files]
    wanted = [name for name in names if name.endswith(TEXT) or os.path.basename(name) in ("Makefile", "run")]
    return sorted(name for name in set(wanted) if not name.startswith(GENERATED) and os.path.isfile(os.path.join(root, name)))


def check_lines(name, text):
    is_c = name.endswith((".c", ".h", ".def"))
    for number, line in enumerate(text.split("\n"), 1):
        if UNFINISHED.search(line) and not name.startswith("fuzz/"):
            yield f"{name}:{number}: unfinished work belongs into the issue's note"
        if name not in PATHS_ALLOWED and MACHINE_PATHS.search(line):
            yield f"{name}:{number}: a path of one machine"
        if is_c and "\t" in line:
            yield f"{name}:{number}: a tab"
        if is_c and line != line.rstrip():
            yield f"{name}:{number}: trailing spaces"


def check_header(name, text):
    if not text.startswith("/*"):
        yield f"{name}:1: a header opens with what it is, what it owns, what it never does"
    room, file = name.split("/")[1:3] if name.count("/") == 2 else ("", "")
    guard = "VOGT_{}_{}_H".format(room, file[:-2]).upper()
    if f"#ifndef {guard}\n#define {guard}\n" not in text:
        yield f"{name}: its guard is not {guard}"


def check_example(root):
    """The worked example of the engine is the code that is compiled, word by word."""
    page, code = (os.path.join(root, "src", "engine", name) for name in ("README.md", "example_test.c"))
    with open(page, encoding="utf-8") as file:
        blocks = re.findall(r"```c\n(static .*?)```", file.read(), re.S)
    with open(code, encoding="utf-8") as file:
        text = file.read()
    if not blocks or any(block not in text for block in blocks):
        yield "src/engine/README.md: its example is not what stands in example_test.c"


def check(root):
    findings, long_files, names = [], [], tracked(root)
    for name in names:
        with open(os.path.join(root, name), encoding="utf-8") as file:
            text = file.read()
        findings += check_lines(name, text)
        if text and not text.endswith("\n"):
            findings.append(f"{name}: no newline at its end")
        if name.startswith("src/") and name.endswith(".h"):
            findings += check_header(name, text)
        lines = text.count("\n")
        if name.endswith((".c", ".h", ".py", ".ts", ".svelte")) and lines > LONG_LINES:
            long_files.append((lines, name))
    findings += check_example(root)
    rooms = sorted({name.split("/")[1] for name in names if name.startswith("src/") and name.count("/") >= 2})
    findings += [f"src/{room}: no README.md" for room in rooms if not os.path.isfile(os.path.join(root, "src", room, "README.md"))]
    return names, findings, long_files


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    names, findings, long_files = check(root)
    for lines, name in sorted(long_files, reverse=True):
        print(f"long: {name} has {lines} lines")
    if not names:
        findings.append("no file was found")
    for finding in findings:
        print(finding)
    print(f"{len(names)} files")
    print(f"{1 if not findings else 0} passed, {len(findings)} failed")
    return 0 if not findings else 1


if __name__ == "__main__":
    sys.exit(main())
