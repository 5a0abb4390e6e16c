"""The page's rotation in Debian's Chromium: a running Vogt, a hook and a target that take passwords in earnest."""
import json
import tempfile

from scenario import Daemon
from test_page import node, run
from test_rotation import Target


def rotation_on_a_running_vogt():
    with Daemon() as vogt, Target("first one") as target, tempfile.TemporaryDirectory() as pictures:
        said = node("tests/page_rotation.mjs", vogt.address, vogt.ready["login_link"], json.dumps(target.fields()), pictures)
        assert len(target.passwords) == 3, "the first, and two that the hook set"
        return said


if __name__ == "__main__":
    run([rotation_on_a_running_vogt])
