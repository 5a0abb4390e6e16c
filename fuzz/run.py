"""Builds and runs every fuzzer for SECONDS each on the seeds in fuzz/NAME: fuzz/run.py BUILD SECONDS. New inputs stay in the build folder; a finding is printed and fails."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def fuzzers(build):
    targets = json.loads(subprocess.check_output(["meson", "introspect", "--targets", build]))
    return sorted((target["name"], target["filename"][0]) for target in targets if target["name"].endswith("_fuzz"))


def main():
    build, seconds = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    names = fuzzers(build)
    subprocess.check_call(["ninja", "-C", build, *[os.path.relpath(path, build) for _, path in names]], stdout=subprocess.DEVNULL,
                          env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))  # the generators leave their memory to the system
    passed = failed = 0
    workers = 2 if (os.cpu_count() or 1) > 1 else 1
    waiting, running = list(names), []
    while waiting or running:
        while waiting and len(running) < workers:
            name, path = waiting.pop(0)
            corpus, seeds = os.path.join(build, "corpus", name), os.path.join(HERE, name[: -len("_fuzz")])
            os.makedirs(corpus, exist_ok=True)
            folders = [corpus] + ([seeds] if os.path.isdir(seeds) else [])
            log = open(os.path.join(build, name + ".log"), "wb")
            command = [path, f"-max_total_time={seconds}", "-rss_limit_mb=4096", "-timeout=20", f"-artifact_prefix={build}/{name}-", *folders]
            running.append((name, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log), log))
        name, process, log = running.pop(0)
        status = process.wait()
        log.close()
        if status == 0:
            passed += 1
            print(f"ok   {name}", flush=True)
        else:
            failed += 1
            with open(log.name, encoding="utf-8", errors="replace") as text:
                print(f"FAIL {name}\n" + "".join(text.readlines()[-40:]), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
