"""The agent's Debian package: what lies in it and whose it is, the same bytes twice, its programs run without a library, and its unit names one that is there."""
import os
import re
import subprocess
import sys
import tempfile

sys.argv[1:] and os.environ.setdefault("VOGT_BUILD", os.path.abspath(sys.argv[1]))
from daemon import BUILD, ROOT  # noqa: E402
from scenario import main  # noqa: E402


def make(folder):
    return subprocess.run([os.path.join(ROOT, "packaging", "agent", "deb.sh"), BUILD, folder], check=True, capture_output=True, text=True).stdout.strip()


def it_holds_its_programs_and_its_unit():
    with tempfile.TemporaryDirectory() as folder:
        path, again = make(folder), make(os.path.join(folder, "again"))
        with open(path, "rb") as one, open(again, "rb") as other:
            assert one.read() == other.read(), "two packages of one build differ"
        rows = [line.split(None, 5) for line in subprocess.run(["dpkg-deb", "-c", path], check=True, capture_output=True, text=True).stdout.splitlines()]
        assert all(row[1] == "root/root" and "s" not in row[0] and row[0][8] != "w" for row in rows), rows
        names = {row[5].lstrip(".") for row in rows}
        assert {f"/usr/lib/vogt/agent/vogt-{part}" for part in ("agent", "courier", "look", "reach", "relay")} < names and "/lib/systemd/system/vogt-agent.service" in names, names
        return f"{os.path.getsize(path) // 1024} KiB"


def its_programs_need_no_library_and_its_unit_starts_them():
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "root")
        subprocess.run(["dpkg-deb", "-x", make(folder), root], check=True)
        agent = os.path.join(root, "usr/lib/vogt/agent/vogt-agent")
        told = subprocess.run(["ldd", agent], capture_output=True, text=True, check=False)
        if "asan" not in os.path.basename(BUILD):
            assert "not a dynamic executable" in told.stderr or "statically linked" in told.stdout, told
        done = subprocess.run([agent, "--dir", os.path.join(folder, "none"), "--nonsense", "x"], capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode != 0 and re.search(r"option", done.stdout + done.stderr), done
        with open(os.path.join(root, "lib/systemd/system/vogt-agent.service"), encoding="utf-8") as unit:
            start = re.search(r"^ExecStart=(\S+)", unit.read(), re.M).group(1)
        assert os.access(root + start, os.X_OK), start
        return "static"


if __name__ == "__main__":
    main([it_holds_its_programs_and_its_unit, its_programs_need_no_library_and_its_unit_starts_them])
