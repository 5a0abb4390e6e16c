"""Environments kept apart, through a whole Vogt: files with secrets read in look's sandbox, compared by keep, connections tried by reach.

Run: python3 tests/test_segmentation.py [BUILD_DIRECTORY] (default: build beside this tree).
"""
import json
import os
import sys
import tempfile
import unittest

if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
    os.environ["VOGT_BUILD"] = sys.argv.pop(1)
from daemon import ROOT, Vogt

SECRET = "hunter2-of-the-database"
ESTATE = """environment "production" {{}}
environment "staging" {{
  apart_from = "production"
  host       = "this"
  control    = "{control}"
}}
host "this" {{
  environment = "{environment}"
  ports       = ["8200/tcp"]
  secrets     = ["{folder}/.env", "{folder}/unnamed"]
}}
endpoint "localhost:9" {{
  environment = "production"
}}
"""


class SegmentationTest(unittest.TestCase):
    def observed(self, vogt):
        status, body = vogt.api("GET", "observations")
        self.assertEqual(status, 200)
        text = json.dumps(body)
        self.assertNotIn(SECRET, text)
        return {(entry["kind"], entry["subject"]): entry for entry in body["data"]["observations"]}

    def test_secrets_are_compared_and_never_shown(self):
        with tempfile.TemporaryDirectory(prefix="vogt-segmentation-") as folder:
            os.chmod(folder, 0o755)
            for name in (".env", "unnamed"):
                with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                    file.write(f"DB_PASSWORD={SECRET}\nPORT=8080\n")
                os.chmod(os.path.join(folder, name), 0o640)
            paths = {}
            for name, text in (("estate.hcl", ESTATE.format(folder=folder, environment="production", control="localhost:8200")),
                               ("vogt.hcl", f'look {{\n  read = ["{folder}/.env"]\n}}\n')):
                paths[name] = os.path.join(folder, name)
                with open(paths[name], "w", encoding="ascii") as file:
                    file.write(text)
            with Vogt("--annex", os.path.join(ROOT, "examples", "annex.de.md"), "--estate", paths["estate.hcl"], "--config", paths["vogt.hcl"]) as vogt:
                done = vogt.vogt("observe")
                self.assertEqual(done.returncode, 0, done.stderr)
                seen = self.observed(vogt)
                files = seen[("secrets.files-closed", "host:this")]
                # the file that the configuration does not name stays closed to look, at the levels with Landlock
                self.assertIn(files["outcome"], ("error", "pass"), files)
                if files["outcome"] == "error":
                    self.assertIn(f"{folder}/unnamed", files["reason"]["english"])
                disjoint = seen[("secrets.disjoint", "environment:staging")]
                self.assertEqual((disjoint["outcome"], disjoint["plant"]), ("error", True), disjoint)
                self.assertEqual(seen[("secrets.disjoint", "environment:production")]["outcome"], "error")
                refused = seen[("network.staging-refused", "environment:staging")]
                # the target is this machine itself, where nothing listens: no proof, whatever the control says
                self.assertEqual((refused["outcome"], refused["plant"]), ("error", True), refused)


if __name__ == "__main__":
    unittest.main(verbosity=2)
