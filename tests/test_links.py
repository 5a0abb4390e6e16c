"""Which libraries each role's executable links: exactly those of its list, so that a danger does not come in through a dependency unseen.

Run: python3 tests/test_links.py [BUILD_DIRECTORY] (default: build beside this tree).
"""
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("VOGT_BUILD", os.path.join(ROOT, "build"))

# The C library is everybody's; sanitizers add their own in their builds.
EVERYBODY = {"libc.so", "libm.so", "libseccomp.so", "ld-linux-x86-64.so", "ld-linux-aarch64.so", "libgcc_s.so"}
SANITIZERS = {"libasan.so", "libubsan.so", "libpthread.so", "libdl.so", "librt.so"}
ALLOWED = {
    "parent": set(),
    "gate": {"libmicrohttpd.so", "libgnutls.so", "libz.so"},
    "keep": {"libcrypto.so", "libsodium.so"},
    "store": {"libcrypto.so", "libsodium.so", "libsqlite3.so"},
    "store-postgres": {"libcrypto.so", "libsodium.so", "libpq.so", "libsqlite3.so"},
    "judge": {"libcrypto.so", "libsodium.so", "libarchive.so", "libxml2.so", "libz.so", "libcrypt.so"},
    "reach": {"libcrypto.so", "libssl.so", "libcurl.so", "libz.so", "libzstd.so"},
    "look": {"libsodium.so"},
    "relay": set(),
    "tell": set(),
    "seal": {"libcrypto.so", "libsodium.so"},
}


# An agent brings everything along: its programs name no library at all, unless this build says otherwise (-Dagent_static=false, sanitizers).
AGENT = ["agent", "courier", "look", "reach", "relay"]


def needed(path):
    text = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
    return {re.sub(r"\.so.*", ".so", name) for name in re.findall(r"\(NEEDED\).*\[(.+)\]", text)}


class LinkTest(unittest.TestCase):
    def test_each_role_links_its_own_libraries_only(self):
        for role, allowed in ALLOWED.items():
            with self.subTest(role=role):
                linked = needed(os.path.join(BUILD, "vogt-" + role))
                self.assertIn("libc.so", linked)
                self.assertEqual(linked - allowed - EVERYBODY - SANITIZERS, set())

    def test_the_list_names_nothing_superfluous(self):
        """A library that no build of the role links must leave the list: it would let a later mistake pass."""
        for role, allowed in ALLOWED.items():
            with self.subTest(role=role):
                self.assertEqual(allowed - needed(os.path.join(BUILD, "vogt-" + role)), set())

    def test_an_agent_needs_no_library(self):
        for role in AGENT:
            with self.subTest(role=role):
                linked = needed(os.path.join(BUILD, "packaging", "agent", "vogt-" + role))
                if linked & SANITIZERS:
                    self.skipTest("a sanitizer's build")
                self.assertEqual(linked, set())

    def test_programs_are_hardened(self):
        for path in [os.path.join(BUILD, "vogt-" + role) for role in ALLOWED] + [os.path.join(BUILD, "packaging", "agent", "vogt-" + role) for role in AGENT]:
            with self.subTest(path=path):
                text = subprocess.run(["readelf", "-Wdlh", path], check=True, capture_output=True, text=True).stdout
                self.assertIn("DYN (", text)
                self.assertIn("NOW", text)
                self.assertIn("GNU_RELRO", text)
                self.assertRegex(text, r"GNU_STACK.* RW ")


if __name__ == "__main__":
    if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
        BUILD = sys.argv.pop(1)
    unittest.main(verbosity=2)
