"""The report as others' programs see it: qpdf, mutool and pdftotext always, a PDF/A validator (veraPDF) where it can be had.

Run: python3 tests/test_report.py [BUILD_DIRECTORY] (default: build beside this tree). The validator is a Java library, found through
Maven without a network; fetch it once with: mvn -f tests/report/pom.xml dependency:build-classpath
"""
import copy
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("VOGT_BUILD", os.path.join(ROOT, "build"))
HERE = os.path.join(ROOT, "tests", "report")
EVIDENCE = os.path.join(HERE, "evidence.json")
WORDS = {"de": ("gehalten", "gebrochen", "veraltet", "unbewiesen", "bescheinigt"), "en": ("kept", "broken", "stale", "unproven", "attested")}


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **more)


def example():
    with open(os.path.join(HERE, "report.de.json"), encoding="utf-8") as file:
        return json.load(file)


def english():
    tree = example()
    tree["language"] = "en"
    tree["annex"]["title"] = "Schedule 2: technical and organisational measures"
    return tree


def hostile():
    """What somebody could write into an annex, a plan or a company's name."""
    tree = example()
    nasty = "a)\\ (b >> endstream endobj \u202eabc \u4e2d\u6587 \U0001f600 \ue000 \ufffe ]]> <x> & \u0000\u0001\u001f %s%n " + "W" * 400
    tree["company"] = nasty
    tree["annex"].update({"title": nasty, "revision": nasty, "digest": nasty})
    for section in tree["sections"]:
        section.update({"number": nasty, "title": nasty})
        for clause in section["clauses"]:
            clause.update({"id": nasty, "text": nasty * 20, "since": nasty, "reason": nasty, "population": nasty, "measures": [nasty, nasty]})
    return tree


def long():
    tree = example()
    clauses = [clause for section in tree["sections"] for clause in section["clauses"]]
    tree["sections"] = [{"id": str(n), "number": str(n), "title": f"Abschnitt {n} " + "mit einem langen Titel " * (n % 5),
                         "clauses": [dict(copy.deepcopy(clauses[k % len(clauses)]), id=f"{n}.{k}") for k in range(n % 9)]} for n in range(60)]
    tree["sections"][7]["clauses"][2]["text"] = "Ein Satz ohne Ende, " * 2000
    tree["sections"][8]["clauses"][2]["text"] = "Donaudampfschifffahrtsgesellschaft" * 400
    return tree


def empty():
    return {"language": "en", "generated": "2026-11-23T09:27:32Z", "annex": {"title": ""}, "sections": []}


CASES = {"german": example, "english": english, "hostile": hostile, "long": long, "empty": empty}


def classpath():
    """Of the validator, or None."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        done = run("mvn", "-o", "-q", "-B", "-f", os.path.join(HERE, "pom.xml"), "dependency:build-classpath", "-Dmdep.outputFile=" + file.name)
        text = file.read().decode()
    return text if done.returncode == 0 and text and all(os.path.exists(part) for part in text.split(os.pathsep)) else None


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.pdf = {}
        for name, tree in CASES.items():
            cls.pdf[name] = os.path.join(cls.folder.name, name + ".pdf")
            cls.make(tree(), cls.pdf[name])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def make(cls, tree, path, evidence=EVIDENCE):
        source = os.path.join(cls.folder.name, "input.json")
        with open(source, "w", encoding="utf-8") as file:
            json.dump(tree, file)
        done = run(os.path.join(BUILD, "src", "measure", "report_run"), source, evidence, path)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def text(self, name):
        return run("pdftotext", "-enc", "UTF-8", self.pdf[name], "-").stdout

    def flat(self, name):
        return re.sub(r"\s+", " ", self.text(name))

    def test_structure_is_sound(self):
        for name, path in self.pdf.items():
            with self.subTest(name=name):
                done = run("qpdf", "--check", path)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn("No syntax or stream encoding errors", done.stdout)

    def test_pages_draw(self):
        for name, path in self.pdf.items():
            with self.subTest(name=name):
                done = run("mutool", "draw", "-q", "-r", "40", "-s", "5", "-o", os.path.join(self.folder.name, name + "-%d.png"), path)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotIn("error", done.stderr)
                drawn = [one for one in os.listdir(self.folder.name) if one.startswith(name + "-")]
                self.assertGreater(len(drawn), 0)
                self.assertGreater(max(os.path.getsize(os.path.join(self.folder.name, one)) for one in drawn), 1000)

    def test_text_reads_back(self):
        tree = example()
        for name, language in (("german", "german"), ("english", "english")):
            flat = self.flat(name)
            for section in tree["sections"]:
                self.assertIn(f"{section['number']} {section['title']}", flat)
                for clause in section["clauses"]:
                    with self.subTest(name=name, clause=clause["id"]):
                        self.assertIn(clause["text"], flat)
                        self.assertIn(clause["reason"][language], flat)
            for one in tree["not_covered"]:
                self.assertIn(one[language], flat)
            for word in WORDS[name[0:2] if name == "english" else "de"]:
                self.assertIn(word, flat)

    def test_periods_gaps_and_pages_are_said(self):
        flat = self.flat("german")
        self.assertIn("97,2\u00a0% der Zeit".replace("\u00a0", " "), flat.replace("\u00a0", " "))
        self.assertIn("11.09.2026, 22:40 UTC – 14.09.2026, 06:12 UTC: gebrochen", flat)
        self.assertIn("20.09.2026, 00:00 UTC – noch offen: gebrochen", flat)
        self.assertIn("Seite 1 von 3", flat)
        self.assertIn("fällig 15.12.2026", flat)
        self.assertIn("gehalten zu 100 % der Zeit, keine Lücken", flat.replace("\u00a0", " "))
        self.assertNotIn("64 % der Zeit, keine Lücken", flat.replace("\u00a0", " "))
        self.assertIn("„öffentliche Netze“: jedes Netz außerhalb unserer privaten Adressbereiche (nur vorgeschlagen, noch nicht bestätigt)", flat)
        self.assertIn("2026-09-11 22:40 UTC – 2026-09-14 06:12 UTC: broken", self.flat("english"))

    def test_people_are_numbers(self):
        with open(self.pdf["german"], "rb") as file:
            self.assertNotIn(b"berta", file.read())
        for name in ("german", "english"):
            unpacked = os.path.join(self.folder.name, "unpacked.pdf")
            run("qpdf", "--qdf", "--object-streams=disable", self.pdf[name], unpacked)
            with open(unpacked, "rb") as file:
                plain = file.read()
            text = self.flat(name)
            self.assertNotIn("berta", text)
            self.assertNotIn("anton", text)
            self.assertNotIn("berta".encode("utf-16-be").hex().upper().encode(), plain)
            self.assertIn("Person 1", text.replace("\u00a0", " "))
            self.assertIn("Person 2", text.replace("\u00a0", " "))

    def test_letters_that_the_font_lacks_can_be_copied(self):
        self.assertIn("\u4e2d", self.text("hostile"))
        self.assertIn("endstream endobj", self.flat("hostile"))

    def test_evidence_comes_out_as_it_went_in(self):
        with open(EVIDENCE, "rb") as file:
            put_in = file.read()
        done = subprocess.run(["qpdf", "--show-attachment=evidence.vogt-evidence.json", self.pdf["german"]], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(put_in).digest())

    def test_large_evidence(self):
        bundle = os.path.join(self.folder.name, "bundle.json")
        with open(bundle, "wb") as file:
            file.write(b'{"entries":["' + os.urandom(3_000_000).hex().encode() + b'"]}')
        path = os.path.join(self.folder.name, "large.pdf")
        self.make(example(), path, bundle)
        done = subprocess.run(["qpdf", "--show-attachment=evidence.vogt-evidence.json", path], capture_output=True, timeout=60)
        with open(bundle, "rb") as file:
            self.assertEqual(done.stdout, file.read())

    def test_same_input_same_bytes(self):
        again = os.path.join(self.folder.name, "again.pdf")
        self.make(example(), again)
        with open(again, "rb") as one, open(self.pdf["german"], "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_bookmarks_and_tags(self):
        done = run("mutool", "show", self.pdf["german"], "outline")
        self.assertIn("3 Verschlüsselung", done.stdout)
        self.assertIn("3.2 gebrochen: Datenträger", done.stdout)
        tags = run("pdfinfo", "-struct-text", self.pdf["german"]).stdout
        for role in ("Document", "H1", "H2", "Sect", "Table", "TH", "TD"):
            self.assertRegex(tags, rf"(?m)^\s*{role}\b")
        about = run("pdfinfo", self.pdf["german"]).stdout
        self.assertRegex(about, r"Tagged:\s+yes")
        self.assertRegex(about, r"Page size:.*A4")

    def test_validator_agrees(self):
        path = classpath()
        if path is None:
            self.skipTest("no PDF/A validator here; fetch it once: mvn -f tests/report/pom.xml dependency:build-classpath")
        done = run("java", "-cp", path, os.path.join(HERE, "Validate.java"), "3a", *self.pdf.values())
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertEqual(len(re.findall(r"^compliant ", done.stdout, re.M)), len(self.pdf), done.stdout[:4000])
        damaged = os.path.join(self.folder.name, "damaged.pdf")
        with open(self.pdf["german"], "rb") as file:
            pdf = file.read()
        with open(damaged, "wb") as file:
            file.write(pdf.replace(b"<pdfaid:part>3<", b"<pdfaid:part>2<"))
        self.assertRegex(run("java", "-cp", path, os.path.join(HERE, "Validate.java"), "3a", damaged).stdout, "(?m)^broken ")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = os.path.abspath(sys.argv.pop(1))
    missing = [tool for tool in ("qpdf", "mutool", "pdftotext", "pdfinfo") if shutil.which(tool) is None]
    if missing:
        print("FAIL: these programs are missing: " + " ".join(missing) + " (packages qpdf, mupdf-tools, poppler-utils)")
        sys.exit(1)
    outcome = unittest.main(exit=False, verbosity=2).result
    skipped, failed = len(outcome.skipped), len(outcome.failures) + len(outcome.errors)
    for _, why in outcome.skipped:
        print("not run: " + why)
    print(f"{outcome.testsRun - skipped - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
