#!/usr/bin/env python3
"""The `leat` command from outside: exit statuses, messages, statistics.

    test_tool.py LEAT [LOUD]   LOUD: a library whose preloading makes the digest sink loud; without
                               it the build has sanitizers, and some counts are null
"""
import json
import os
import re
import sys

import case
from case import Case, leat

LOUD = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
PLACE = re.compile(r"^leat: [^:\n]+:\d+:\d+: ")


class Words(Case):
    def test_version(self):
        self.assertRegex(self.good("--version"), r"^leat \d+\.\d+\.\d+\n$")

    def test_help_everywhere(self):
        for words in (["--help"], ["-h"], ["run", "--help"], ["plan", "--help"],
                      ["stages", "--help"], ["run", "-h"]):
            self.assertIn("Usage: leat", self.good(*words))
        for option in ("--set", "--workers", "--pin", "--frames", "--pool", "--batch", "--stats", "--isa",
                       "--stats-file", "--check-quiet", "--memory", "--quarantine"):
            self.assertIn(option, self.good("run", "--help"))
        self.assertNotIn("--stats", self.good("plan", "--help"))

    def test_mistakes_in_the_command(self):
        self.bad(2, "no command")
        self.bad(2, "did you mean 'run'", "rum")
        self.bad(2, "did you mean 'stages'", "stagse")
        self.bad(2, "see leat --help", "flibbertigibbet")
        self.bad(2, "there is no pipeline", "run")
        self.bad(2, "did you mean '--workers'", "run", "--wrokers", "2", "synth")
        self.bad(2, "wants a value", "run", "--workers")
        self.bad(2, "takes no value", "run", "--check-quiet=yes", "synth")
        self.bad(2, "out of range", "run", "--workers", "65", "synth")
        self.bad(2, "--batch", "run", "--batch", "x", "synth")
        self.bad(2, "text nor json", "run", "--stats", "xml", "synth")
        self.bad(2, "base, v3, v4", "run", "--isa", "v9", "synth")
        self.bad(2, "NAME=VALUE", "run", "--set", "x", "synth")
        self.bad(2, "no processor 999999", "run", "--pin", "999999", "synth samples=1 ! null")
        self.bad(2, "--pin", "run", "--pin", "0,", "synth samples=1 ! null")
        self.bad(2, "1 processors for 2", "run", "--workers", "2", "--pin", "0",
                 "synth samples=1 ! null")
        self.bad(2, "unknown option", "plan", "--stats", "json", "synth ! null")
        for words, message in ((["run", "--worker", "2"], "'--worker'; did you mean '--workers'"),
                               (["run", "--worker=2"], "'--worker'; did you mean '--workers'"),
                               (["plan", "--sv"], "'--sv'; did you mean '--svg'"),
                               (["eject", "--outpu", "x"], "'--outpu'; did you mean '--output'"),
                               (["stages", "--jso"], "'--jso'; did you mean '--json'"),
                               (["doctor", "--write-confi"], "did you mean '--write-config'")):
            self.bad(2, message, *words, *(["synth ! null"] if words[0] != "stages" else []))
        self.bad(2, "unknown option '--worker'", "run", "synth ! null", "--worker")
        self.bad(2, "one name at a time", "stages", "csv", "wav")
        self.bad(2, "did you mean 'rolling'", "stages", "roling")


class Pipelines(Case):
    def test_place_and_caret(self):
        text = self.bad(2, "did you mean 'zscore'", "run", "synth ! zscor ! stats")
        self.assertRegex(text, PLACE)
        lines = text.splitlines()
        self.assertEqual(lines[1], "synth ! zscor ! stats")
        self.assertEqual(lines[2].index("^"), lines[1].index("zscor"))

    def test_place_in_a_file(self):
        path = self.path("x.leat", "# two lines\nsynth samples=10 !\n  scale bye=2 ! null\n")
        text = self.bad(2, "did you mean 'by'", "run", path)
        self.assertTrue(text.startswith(f"leat: {path}:3:9: "), text)

    def test_mistakes_in_the_pipeline(self):
        self.bad(2, PLACE, "run", "synth samples=x ! null")
        self.bad(2, PLACE, "run", "synth samples=10 ! scale by=2")
        self.bad(2, PLACE, "run", "scale by=2 ! null")
        self.bad(2, "\\$nowhere|'nowhere'", "run", "synth samples=$nowhere ! null")
        self.bad(2, "No such file", "run", "csv file=/nowhere/x.csv ! null")
        self.bad(2, "No such file", "run", "-f", "/nowhere/x.leat")
        self.bad(2, "not from both", "run", "-f", "x.leat", "synth ! null")
        self.bad(2, "embeds Leat", "run", "inlet ! null")
        self.bad(2, "cannot be written", "run", "synth samples=1 ! csv file=/nowhere/x.csv")
        self.bad(2, "cannot be written", "run", "--stats-file", "/nowhere/x", "synth samples=1 ! "
                 "null")
        self.bad(2, "allowed", "run", "--memory", "1Ki", "synth samples=1 ! null")
        self.bad(2, "column|nope", "run", "csv columns=nope file=" + self.path("a.csv", "a\n1\n"),
                 "! null")

    def test_ways_in(self):
        text = "synth kind=ramp samples=$n ! csv header=no"
        expected = "".join(f"{i}\n" for i in range(5))
        path = self.path("x.leat", "let n=3\n" + text + "\n")
        words = text.replace("$n", "5").split()
        self.assertEqual(self.good("run", *words), expected)
        self.assertEqual(self.good("run", path, "--set", "n=5"), expected)
        self.assertEqual(self.good("run", "--set=n=5", "-f", path), expected)
        self.assertEqual(self.good("run", path), "0\n1\n2\n")
        self.assertEqual(self.good("run", "-", input=text.replace("$n", "5")), expected)
        self.assertEqual(self.good("run", "--", *words), expected)

    def test_failure_while_running(self):
        source = self.path("in.csv", "x\n" + "1\n" * 5000 + "oops\n" + "2\n" * 100)
        result = self.path("out.csv", "as it was")
        text = self.bad(1, "oops", "run", f"csv file={source} header=yes ! csv file={result}")
        self.assertTrue(text.startswith(f"leat: {source}:5002:"), text)
        self.assertEqual(self.left_over(), [])
        with open(result, encoding="utf-8") as file:
            self.assertEqual(file.read(), "as it was")

    def test_same_result_whatever_the_plan(self):
        text = "synth kind=walk samples=100k frame=100 ! zscore ! rolling size=77 ! digest"
        expected = self.good("run", text)
        self.assertEqual(json.loads(expected)["bytes"], 800000)
        for words in (["--workers", "2"], ["--workers", "auto"], ["--workers", "3"],
                      ["--batch", "1"], ["--pool", "2"], ["--isa", "base"], ["--pin", "0"],
                      ["--workers", "2", "--pin", "none"], ["--batch", "7", "--workers", "4"],
                      ["--quarantine", "3", "--memory", "64Mi"]):
            self.assertEqual(self.good("run", *words, text), expected, words)


    def test_frames_ends_every_source(self):
        text = "synth samples=100k frame=100 ! digest; synth kind=ramp samples=100k frame=100 ! digest"
        said = self.good("run", "--frames", "7", "--workers", "2", text).splitlines()
        self.assertEqual([json.loads(line)["frames"] for line in said], [7, 7])


class Statistics(Case):
    KEYS = ("frames samples seconds allocations_after_seal locks_after_seal faults_after_seal "
            "syscalls_after_seal copied reframed dropped rejected latency_ns stages edges pools "
            "workers").split()
    NS = ["count", "mean", "p50", "p99", "p99.9", "max"]
    PIPELINE = "synth samples=25k frame=1000 channels=2 ! scale by=2 ! null"

    def test_json(self):
        done = leat("run", "--stats", "json", "--workers", "2", self.PIPELINE)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        it = json.loads(done.stderr)
        for key in self.KEYS:
            self.assertIn(key, it)
        self.assertEqual((it["frames"], it["samples"]), (25, 50000))
        self.assertEqual(it["copied"] + it["reframed"] + it["dropped"] + it["rejected"], 0)
        self.assertEqual(it["allocations_after_seal"], 0)
        self.assertEqual(it["locks_after_seal"], 0 if LOUD else None)
        self.assertIsNone(it["syscalls_after_seal"])
        self.assertEqual([s["name"] for s in it["stages"]], ["synth", "scale", "null"])
        for stage in it["stages"]:
            self.assertEqual((stage["frames"], stage["samples"]), (25, 50000))
            self.assertEqual(list(stage["ns"]), self.NS)
            self.assertLessEqual(stage["ns"]["p50"], stage["ns"]["max"])
        self.assertEqual({s["worker"] for s in it["stages"]}, {0, 1})
        self.assertEqual(it["edges"][0]["frames"], 25)
        self.assertEqual(len(it["workers"]), 2)
        self.assertEqual(it["pools"][0]["in_use"], 0)
        self.assertGreater(it["pools"][0]["hit_rate"], 0)
        self.assertLessEqual(it["pools"][0]["hit_rate"], 1)
        self.assertEqual(it["latency_ns"]["count"], 25)

    def test_text(self):
        done = leat("run", "--stats", "text", self.PIPELINE)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertRegex(done.stderr, r"^25 frames, 50000 samples in ")
        self.assertRegex(done.stderr, r"\n  scale +0 +25 +50000 ")
        self.assertRegex(done.stderr, r"after seal: allocations 0, locks (0|n/a), page faults")
        for line in done.stderr.splitlines():
            self.assertLessEqual(len(line), 120)

    def test_file(self):
        path = self.path("stats.json", "old")
        self.assertEqual(self.good("run", "--stats-file", path, self.PIPELINE), "")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["frames"], 25)
        self.assertEqual(self.left_over(), [])
        self.assertEqual(json.loads(self.good("run", "--stats-file=-", self.PIPELINE))["frames"], 25)
        self.bad(1, "No space left", "run", "--stats-file", "/dev/full", self.PIPELINE)

    def test_rejected_rows_are_counted(self):
        source = self.path("in.csv", "x\n1\n2\noops\n3\n")
        done = leat("run", "--stats", "json", f"csv file={source} on-error=reject ! null")
        self.assertEqual(json.loads(done.stderr)["rejected"], 1)

    def test_rejected_frames_that_were_kept_are_listed(self):
        source = self.path("holes.csv", "x,y\n1,1\n2,nan\n3,3\n" + "inf,4\n" * 2 + "5,5\n")
        text = f"csv file={source} frame=1 ! zscore name=z ! null"
        kept = [{"frame": n, "stage": "z", "why": "not finite", "rows": 2, "cols": 1}
                for n in (4, 3, 1)]
        for workers in ("1", "2"):
            for k in (0, 1, 2, 3, 9):
                words = ["--workers", workers, "--quarantine", str(k), "--stats"]
                done = leat("run", *words, "json", text)
                self.assertEqual(json.loads(done.stderr)["quarantine"], kept[:k])
                said = leat("run", *words, "text", text).stderr
                self.assertEqual(re.findall(r"^kept: (.*)$", said, re.M),
                                 [f"frame {n['frame']}, [2 x 1], rejected by z: not finite"
                                  for n in kept[:k]])

    def test_frames_are_counted_alike_in_front_of_a_tee_and_behind(self):
        source = self.path("holes.csv", "x\n1\n2\nnan\n4\n5\n7\n")
        for text in (f"csv file={source} frame=1 ! zscore ! null name=z",
                     f"csv file={source} frame=1 ! tee name=t ! null\nt. ! zscore ! null name=z"):
            for workers in ("1", "2"):
                done = leat("run", "--stats", "json", "--workers", workers, text)
                stages = {s["name"]: s for s in json.loads(done.stderr)["stages"]}
                self.assertEqual([stages[name]["frames"] for name in ("zscore", "z")], [6, 5])
                self.assertEqual(stages["zscore"]["rejected"], 1)

    def test_check_quiet(self):
        text = "synth samples=200k ! zscore ! digest"
        if not LOUD:
            self.bad(2, "sanitizers", "run", "--check-quiet", text)
            return
        for workers in ("1", "2"):
            done = leat("run", "--check-quiet", "--stats", "json", "--workers", workers, text)
            self.assertEqual(done.returncode, 0, done.stderr)
            it = json.loads(done.stderr)
            self.assertEqual([it[key] for key in self.KEYS[3:7]], [0, 0, 0, 0])
        loud = dict(os.environ, LD_PRELOAD=LOUD)
        done = leat("run", "--check-quiet", text, env=loud)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^leat: not quiet after seal: 392 allocations, 0 locks, \d+ "
                         r"page faults, \d+ system calls; first: worker 0: malloc, .*loud.*\n$")
        done = leat("run", "--stats", "json", text, env=loud)
        self.assertEqual(json.loads(done.stderr)["allocations_after_seal"], 392)


class OtherCommands(Case):
    def test_plan(self):
        text = self.good("plan", "--workers", "2", "synth samples=1M frame=100 ! "
                         "window size=64 hop=32 ! ewma span=20 ! stats")
        for part in ("workers: 2", "[1 x 100] f64 -> [1 x 64] f64", "edges: 1", "pools: 2",
                     "frames, exact", "batch: 32", "memory: ", "isa: "):
            self.assertIn(part, text)
        self.assertIn("batch: 5, as --batch says",
                      self.good("plan", "--batch", "5", "synth ! null"))
        self.assertFalse(os.path.exists(self.path("out.csv")))
        self.good("plan", "synth ! csv file=" + self.path("out.csv"))
        self.assertFalse(os.path.exists(self.path("out.csv")))
        self.bad(2, PLACE, "plan", "synth ! nul")

    def test_stages(self):
        text = self.good("stages")
        names = re.findall(r"^  (\w+)  ", text, re.M)
        for name in ("csv wav raw npy json wfdb mtx idx pgm synth null stats digest zscore "
                     "welford ewma rolling scale gain clamp log exp diff logreturn window where select cast inlet "
                     "outlet").split():
            self.assertIn(name, names)
        for name in set(names):
            one = self.good("stages", name)
            self.assertTrue(one.startswith(name + ": "), one)
            self.assertIn("Example:", one)
            for line in one.splitlines():
                self.assertLessEqual(len(line), 200)
        both = self.good("stages", "csv")
        self.assertIn("A source", both)
        self.assertIn("A sink", both)
        self.assertIn("1 to 268435456", self.good("stages", "rolling"))


if __name__ == "__main__":
    case.main()
