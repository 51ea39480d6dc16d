#!/usr/bin/env python3
"""`leat eject` as a command: what it takes, what it refuses, what it leaves behind.

That its programs compile and do what the pipeline does is tests/install/eject.py's: it wants an
installed library.

    test_eject.py LEAT EJECT_HOST     EJECT_HOST ejects a graph with a stage of its own
"""
import os
import re
import subprocess
import sys

import case
from case import Case, leat

EJECT_HOST = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
GOOD = "synth seed=7 samples=100 ! rolling size=8 ! digest"


class Eject(Case):
    def test_help(self):
        text = self.good("eject", "--help")
        for option in ("-f, --file FILE", "-o, --output FILE", "--workers", "--frames", "--isa"):
            self.assertIn(option, text)
        for option in ("--stats", "--check-quiet", "--svg"):
            self.assertNotIn(option, text)
        self.assertRegex(self.good("--help"), r"\n  eject +\S")
        self.assertNotIn("--output", self.good("run", "--help"))

    def test_ways_to_give_a_pipeline(self):
        """All of them write the same graph; the text above it is the one that was given."""
        graph = re.compile(r"^#define.*", flags=re.S | re.M)
        path = self.path("p.leat", "let n=100\n" + GOOD.replace("100", "$n"))
        texts = [self.good("eject", GOOD), self.good("eject", *GOOD.split()),
                 self.good("eject", path), self.good("eject", "-f", path),
                 self.good("eject", "-", input=GOOD),
                 self.good("eject", "--set", "n=100", path),
                 self.good("eject", "-o", "-", GOOD)]
        self.assertEqual(len({graph.search(text)[0] for text in texts}), 1)
        self.assertIn("\n *     " + GOOD + "\n", texts[0])
        self.assertIn("\n *     let n=100\n *     synth", texts[2])
        self.assertIn("\n *     n=100\n", texts[5])
        self.assertNotIn("let", texts[0])

    def test_only_what_is_said(self):
        text = self.good("eject", "synth samples=5 frame=1024 type=f64 ! rolling size=64 out=zscore"
                         " ! zscore ! digest file=-")
        fields = re.findall(r"^    options\.(\S+ = \S+;.*)$", text, flags=re.M)
        self.assertEqual(fields[:3], ["samples.samples = 5;", "size.samples = 64;",
                                      "out = 3; /* zscore */"])
        self.assertNotIn("memset(&options, 0, sizeof options);\n    options.frame", text)
        self.assertNotIn("add_zscore", text)
        self.assertNotIn("topology", text)

    def test_options(self):
        text = self.good("eject", "--workers", "2", "--pin", "none", "--batch", "7", "--frames",
                         "5G", "--pool", "99", "--memory", "64Mi", "--quarantine", "3", "--isa",
                         "base", "--spins", "11", "--yields", "12", GOOD)
        for line in ("limits.workers = 2;", "limits.batch = 7;", "limits.frames = 99;",
                     "options.frames_max = UINT64_C(5000000000);", "limits.quarantine = 3;",
                     "limits.memory_bytes = 67108864;", "options.isa = LEAT_ISA_BASE;",
                     "options.spins = 11;", "options.yields = 12;"):
            self.assertIn("    " + line + "\n", text)
        self.assertNotIn("limits.pins", text)
        self.assertIn("options.isa = leat_isa_best();", self.good("eject", GOOD))
        self.assertIn("leat_topology_spread", self.good("eject", "--workers", "2", GOOD))
        config = self.path("c.conf", "batch = 9\n")
        self.assertIn("limits.batch = 9;", self.good("eject", "--config", config, GOOD))

    def test_output(self):
        path = self.path("engine.c")
        self.assertEqual(self.good("eject", "-o", path, GOOD), "")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), self.good("eject", GOOD))
        self.assertEqual(os.listdir(self.folder.name), ["engine.c"])

    def test_mistakes_write_nothing(self):
        path = self.path("engine.c", "mine\n")
        for words, pattern in (
                (["synth ! zscor ! null"], "did you mean 'zscore'"),
                (["synth ! zscore"], "zscore"),
                (["csv file=/nowhere/x.csv ! null"], "No such file"),
                (["synth ! ewma alpha=2 ! null"], "out of range"),
                (["synth ! tee name=t; t. ! join name=j; j. ! t."], "t"),
                ([], "there is no pipeline"),
                (["--stats", "json", GOOD], "unknown option '--stats'"),
                (["--isa", "v9", GOOD], "none of base"),
                (["--workers", "0", GOOD], "out of range"),
                (["inlet ! null"], "inlet: only a program that embeds"),
                (["synth ! csv file=" + "x" * 4096], "pipeline:1:9: a text of 4096 bytes")):
            with self.subTest(words):
                self.bad(2, pattern, "eject", "-o", path, *words)
                self.bad(2, pattern, "eject", *words)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine\n")
        self.assertEqual(os.listdir(self.folder.name), ["engine.c"])

    def test_outputs_that_cannot_be(self):
        self.bad(2, "nowhere", "eject", "-o", self.path("nowhere/engine.c"), GOOD)
        self.bad(2, "directory", "eject", "-o", self.folder.name, GOOD)
        for words in ((GOOD, "-o"), ("-o",), (GOOD, "--output")):
            self.bad(2, "wants a value", "eject", *words)
        self.bad(1, "/dev/full", "eject", "-o", "/dev/full", GOOD)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([case.LEAT, "eject", GOOD], stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output cannot be written", done.stderr)
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([case.LEAT, "eject", GOOD], stdout=write, stderr=subprocess.PIPE,
                              text=True, timeout=60, check=False)
        os.close(write)
        self.assertEqual((done.returncode, done.stderr), (141, ""))
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_stages_of_a_host(self):
        done = subprocess.run([EJECT_HOST], capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(done.stdout, "host.leat:3:9: mine: a stage of the host's own cannot be "
                                      "ejected: Leat does not know what C calls its options\n")

    def test_other_commands(self):
        self.bad(2, "unknown option", "run", "-o", "x", GOOD)
        self.assertEqual(leat("ejct").stderr, "leat: unknown command 'ejct'; did you mean "
                                              "'eject'?\n")


if __name__ == "__main__":
    case.main()
