#!/usr/bin/env python3
"""The date that a build shows, RFC 3339: SOURCE_DATE_EPOCH, else that of the newest commit. Never the clock: the same source gives the same program.

    tools/build_date.py [SOURCE_ROOT]      Without either it ends with 1, and nothing is shown.
"""
import datetime
import os
import subprocess
import sys


def epoch(root):
    if os.environ.get("SOURCE_DATE_EPOCH"):
        return int(os.environ["SOURCE_DATE_EPOCH"])
    top = subprocess.run(["git", "-C", root, "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=True).stdout.strip()
    if os.path.realpath(top) != os.path.realpath(root):
        raise ValueError("the source is not a checkout of its own")
    return int(subprocess.run(["git", "-C", root, "log", "-1", "--format=%ct"], capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    try:
        print(datetime.datetime.fromtimestamp(epoch(sys.argv[1] if len(sys.argv) > 1 else os.getcwd()), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    except (OSError, ValueError, subprocess.CalledProcessError):
        sys.exit(1)
