"""The completion scripts in the shells that they are for: bash and zsh at a terminal of this test's own, words typed, Tab pressed, the line read back.

Run: python3 tests/test_completion.py [BUILD_DIRECTORY]
"""
import os
import pty
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import unittest

if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
    os.environ["VOGT_BUILD"] = sys.argv.pop(1)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import program  # noqa: E402

PATIENCE_SECONDS = 30
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r|\x07")
TO_THE_START, TAB = "\x01", "\t"


class Shell:
    """An interactive shell that reads none of the user's files."""

    def __init__(self, command, lines):
        self.folder = tempfile.mkdtemp(prefix="vogt-completion-")
        environment = {"PATH": os.path.dirname(program("vogt")) + ":/usr/bin:/bin", "TERM": "dumb", "HOME": self.folder, "LC_ALL": "C.UTF-8", "PS1": "> "}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(self.folder)
            os.execve(command[0], command, environment)
        self.seen, self.asked = "", 0
        for line in lines:
            self.run(line)

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, pattern):
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = re.search(pattern, CONTROL.sub("", self.seen))
            if found:
                return found
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        raise AssertionError(f"no {pattern!r} in {self.seen!r}")

    def run(self, line):
        """The line's own echo holds the words apart: only what the shell printed matches."""
        self.asked += 1
        self.type(f"{line}; echo done-''{self.asked}\r")
        self.wait_for(rf"done-{self.asked}\b")

    def complete(self, typed):
        """What stands in the line after Tab: the line itself is made the words of an echo."""
        self.asked += 1
        self.type(f"{typed}{TAB}{TO_THE_START}echo got-''{self.asked} \r")
        return self.wait_for(rf"got-{self.asked} (vogt[^\n]*?) *\n").group(1)


class Completion:
    def test_a_command(self):
        self.assertEqual(self.shell.complete("vogt stat"), "vogt status")

    def test_the_second_word_of_a_command(self):
        self.assertEqual(self.shell.complete("vogt ledger ver"), "vogt ledger verify")

    def test_an_option(self):
        self.assertEqual(self.shell.complete("vogt up --mini"), "vogt up --minimum")

    def test_an_options_values(self):
        self.assertEqual(self.shell.complete("vogt up --minimum land"), "vogt up --minimum landlock")

    def test_a_file(self):
        with open(os.path.join(self.shell.folder, "annex-of-ours.md"), "w", encoding="utf-8"):
            pass
        self.assertEqual(self.shell.complete("vogt adopt annex-of"), "vogt adopt annex-of-ours.md")

    def test_nothing_where_there_is_nothing(self):
        self.assertEqual(self.shell.complete("vogt nonsen"), "vogt nonsen")


@unittest.skipIf(shutil.which("bash") is None, "bash is not installed")
class Bash(Completion, unittest.TestCase):
    def setUp(self):
        self.shell = Shell([shutil.which("bash"), "--norc", "--noprofile", "-i"], ["source <(vogt completion bash)"])
        self.addCleanup(self.shell.close)


@unittest.skipIf(shutil.which("zsh") is None, "zsh is not installed")
class Zsh(Completion, unittest.TestCase):
    def setUp(self):
        self.shell = Shell([shutil.which("zsh"), "-f", "-i"], ["bindkey -e; autoload -Uz compinit", "compinit -D -u", "source <(vogt completion zsh)"])
        self.addCleanup(self.shell.close)


@unittest.skipIf(shutil.which("zsh") is None, "zsh is not installed")
class ZshFromItsFolder(Completion, unittest.TestCase):
    """As a package installs it: a file _vogt in a folder of fpath, loaded at the first Tab."""

    def setUp(self):
        self.shell = Shell([shutil.which("zsh"), "-f", "-i"], ["vogt completion zsh > _vogt", "fpath=($PWD $fpath)", "bindkey -e; autoload -Uz compinit", "compinit -D -u"])
        self.addCleanup(self.shell.close)


if __name__ == "__main__":
    whole = unittest.main(verbosity=2, exit=False).result.wasSuccessful()
    if whole and shutil.which("zsh") is None:
        print("zsh is not installed: its completion was not tested", file=sys.stderr)
        sys.exit(77)
    sys.exit(0 if whole else 1)
