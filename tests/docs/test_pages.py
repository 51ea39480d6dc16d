#!/usr/bin/env python3
"""Pages and man pages out of what the command says: test_pages.py LEAT ROOT

Every stage has a page with every parameter, its example runs, and every option is in a man page.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from guides import make_inputs

LEAT, ROOT = map(os.path.abspath, sys.argv[1:3])
PAGES = os.path.join(ROOT, "docs/make/pages.py")
DOORS = {"inlet", "outlet"}  # for programs: the command refuses to run them
PEERS = {"udp", "tcp"}  # want somebody at the other end


def say(*words):
    return subprocess.run([LEAT, *words], check=True, capture_output=True, text=True).stdout


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="leat-pages-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        catalogue = json.loads(say("stages", "--json"))
        cls.stages, cls.every = catalogue["stages"], catalogue["every"]
        for what, more in (("stages", []), ("man", [os.path.join(ROOT, "docs/guides/language.md")])):
            subprocess.run([sys.executable, "-B", PAGES, what, LEAT, *more,
                            os.path.join(cls.folder, what)], check=True)

    def read(self, *path):
        with open(os.path.join(self.folder, *path), encoding="utf-8") as file:
            return file.read()


class Catalogue(Case):
    def test_json_lists_what_the_text_lists(self):
        text, every = say("stages").split("Every one also takes:")
        self.assertEqual([p["name"] for p in self.every], re.findall(r"^  ([\w-]+)=", every, re.M))
        listed = re.findall(r"^  ([\w-]+)  ", text, re.M)
        self.assertEqual(sorted(s["name"] for s in self.stages), sorted(listed))
        self.assertGreater(len(listed), 25)

    def test_json_of_one(self):
        one = json.loads(say("stages", "--json", "csv"))["stages"]
        self.assertEqual([s["role"] for s in one], ["source", "sink"])
        bad = subprocess.run([LEAT, "stages", "--json", "cvs"], capture_output=True, text=True)
        self.assertEqual((bad.returncode, bad.stdout), (2, ""))
        self.assertIn("did you mean 'csv'", bad.stderr)

    def test_parameters_are_told_whole(self):
        for stage in self.stages:
            text, = (part for part in say("stages", stage["name"]).split("\n\n")
                     if stage["about"] in part)
            for p in stage["params"]:
                self.assertTrue(p.get("doc"), (stage["name"], p["name"]))
                self.assertTrue(p.get("example"), (stage["name"], p["name"]))
                own = text.split(f"  {p['name']}=\n")[1].split("=\n")[0]
                for part in (p["type"], p.get("range", ""), p.get("default", ""), p["example"]):
                    self.assertIn(part, own)
                self.assertEqual(p["knob"], "may change while running" in own)
            also = text.split("As every stage: ")[1].split(" (")[0]
            self.assertEqual([name + "=" for name in stage["also"]], also.split())

    def test_examples_run(self):
        with tempfile.TemporaryDirectory() as folder:
            make_inputs(folder)
            ran = 0
            for stage in self.stages:
                command = "plan" if stage["name"] in DOORS | PEERS else "run"
                done = subprocess.run([LEAT, command, stage["example"]], cwd=folder, text=True,
                                      capture_output=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""), stage["example"])
                ran += 1
            self.assertGreater(ran, 25)


class Pages(Case):
    def test_a_page_for_each(self):
        index = self.read("stages", "stages.md")
        for stage in self.stages:
            page = self.read("stages", f"stage-{stage['name']}.md")
            self.assertIn(f"(@ref stage_{stage['name']})", index)
            self.assertIn(stage["example"], page)
            for name in stage["also"]:
                self.assertIn(f"`{name}=`", page)
            for p in stage["params"]:
                self.assertRegex(page, rf"(?m)^\| \*\*{p['name']}=\*\* \| .*`{p['name']}=")


class Man(Case):
    def test_commands(self):
        text = say("--help")
        commands = re.findall(r"^  (\w+)  ", text.split("Commands:\n")[1], re.M)
        self.assertGreaterEqual(len(commands), 4)
        for command in commands:
            page = self.read("man", "man1", f"leat-{command}.1").replace("\\-", "-")
            options = re.findall(r"^  (--[\w-]+)", say(command, "--help"), re.M)
            for option in options:
                self.assertIn(option, page)
            self.assertIn(f"leat-{command} - ", page)
            self.assertIn(".SH EXIT STATUS", page)
            self.assertIn(f"leat-{command}", self.read("man", "man1", "leat.1").replace("\\-", "-"))

    def test_stages_and_language(self):
        page = self.read("man", "man7", "leat-stages.7").replace("\\-", "-")
        for stage in self.stages:
            self.assertIn(f".SS {stage['name']}\n", page)
            for p in stage["params"] + self.every:
                self.assertIn(f"\\fB{p['name']}=\\fR", page)
        language = self.read("man", "man7", "leat-language.7")
        self.assertIn(".SH THE GRAMMAR", language)
        self.assertNotIn("```", language)

    @unittest.skipUnless(shutil.which("groff"), "no groff")
    def test_groff_has_nothing_to_say(self):
        for folder, _, names in os.walk(os.path.join(self.folder, "man")):
            for name in names:
                done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", os.path.join(folder, name)],
                                      capture_output=True, text=True)
                self.assertEqual(done.stderr, "", name)
                self.assertNotIn("`", done.stdout, name)


unittest.main(argv=sys.argv[:1])
