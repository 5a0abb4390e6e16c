"""Runs every test of a build: the C programs beside the code, the Python scenarios, the page. Ends with 'N passed, N failed'.

    tests/run.py BUILD [WORD]     only tests whose name contains WORD
    tests/run.py BUILD --wide     only those that bring a real provider from a package registry (wide_*.py): long, for CI

A C test prints its own 'N passed, N failed' line, whose numbers are added up; a scenario counts as the number of its own line, or as one. A test that exits with 77
could not run here: it says why, and counts as neither.
"""
import json
import os
import re
import subprocess
import sys
import time

LINE = re.compile(r"^(\d+) passed, (\d+) failed", re.M)
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def whole(build, part):
    inside = os.path.join(build, part)
    return inside if not os.path.isabs(part) and "/" in part else os.path.normpath(part) if os.path.isabs(part) else part


def meson_tests(build):
    listed = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    return [(test["name"], [whole(build, part) for part in test["cmd"]], test["timeout"]) for test in listed]


def scenarios(build, prefix="test_", timeout=600):
    names = sorted(name for name in os.listdir(HERE) if name.startswith(prefix) and name.endswith(".py"))
    return [(name[:-3], [sys.executable, os.path.join(HERE, name), build], timeout) for name in names]


def is_other(name):
    """Programs of `make fuzz` and `make bench`."""
    return name.endswith("_fuzz") or name.startswith("bench_")


def run(name, command, timeout, environment, build):
    start = time.monotonic()
    try:
        done = subprocess.run(command, cwd=build, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
        status, output = done.returncode, done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        status, output = 1, (late.stdout or b"").decode("utf-8", "replace") + f"\n{name}: took longer than {timeout} s"
    lines = LINE.findall(output)
    if status == 77:
        print(f"--   {name}: not run here: {output.strip().splitlines()[-1] if output.strip() else 'no reason given'}", flush=True)
        return 0, 0
    passed, failed = (int(lines[-1][0]), int(lines[-1][1])) if lines else (1, 0) if status == 0 else (0, 1)
    if status != 0 and failed == 0:
        failed = 1
    print(f"{'ok' if failed == 0 else 'FAIL'}   {name}: {passed} passed, {failed} failed, {time.monotonic() - start:.1f} s", flush=True)
    if failed:
        print("\n".join("     " + line for line in output.splitlines()[-60:]), flush=True)
    return passed, failed


def main():
    build = os.path.abspath(sys.argv[1])
    wide = "--wide" in sys.argv[2:]
    word = next((argument for argument in sys.argv[2:] if not argument.startswith("--")), "")
    sanitized = "asan" in os.path.basename(build)
    environment = dict(os.environ, VOGT_BUILD=build, LC_ALL="C.UTF-8", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    chosen = scenarios(build, "wide_", 2400) if wide else meson_tests(build) + scenarios(build)
    # what is looked at in a browser is TypeScript: sanitizers see nothing of it, and all that it asks other scenarios ask too
    tests = [test for test in chosen if word in test[0] and not (sanitized and test[0].startswith("test_page"))]
    programs = json.loads(subprocess.check_output(["meson", "introspect", "--targets", build]))
    names = [os.path.relpath(program["filename"][0], build) for program in programs if program["type"] == "executable" and not is_other(program["name"])]
    # the generators that run while building end at once and leave their memory to the system
    subprocess.check_call(["ninja", "-C", build, *names], stdout=subprocess.DEVNULL if not word else None, env=dict(environment, ASAN_OPTIONS="detect_leaks=0"))
    total = [0, 0]
    for name, command, timeout in tests:
        passed, failed = run(name, command, timeout * (4 if sanitized else 1), environment, build)
        total[0] += passed
        total[1] += failed
    print(f"{total[0]} passed, {total[1]} failed")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
