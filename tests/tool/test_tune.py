#!/usr/bin/env python3
"""`leat tune`, and the profiles that it writes and `--config` takes.

    test_tune.py LEAT
"""
import json
import os
import random
import re
import signal
import subprocess

import case
from case import Case, leat

TILES = ("gemm-panel-a", "gemm-panel-b", "gemm-small", "matmul-block")
ENDS = {"gemm-panel-a": (64, 65536), "gemm-panel-b": (64, 65536), "gemm-small": (1, 4096),
        "matmul-block": (4096, 16777216)}


class Tuned(Case):
    """A product of many channels, by a matrix of 40 x 40."""

    def setUp(self):
        super().setUp()
        rng = random.Random(5)
        matrix = self.path("a.mtx", "%%MatrixMarket matrix array real general\n40 40\n"
                           + "".join(f"{rng.gauss(0, 1)!r}\n" for _ in range(1600)))
        self.words = ("synth seed=3 channels=40 samples=2500 frame=1000 type=f32 ! "
                      f"matmul matrix={matrix} kind=dense ! digest")

    def profile(self, **numbers):
        return self.path("tuned.conf", "".join(f"{name.replace('_', '-')} = {number}\n"
                                               for name, number in numbers.items()))


class Profile(Tuned):
    def test_no_bit_changes(self):
        want = self.good("run", self.words)
        rng = random.Random(11)
        for turn in range(10):
            numbers = {name: rng.choice((*ENDS[name], rng.randint(*ENDS[name])))
                       for name in TILES if turn < 2 or rng.random() < 0.7}
            isa = rng.choice(("base", "v3", "v4"))
            words = ["--config", self.profile(**numbers), "--workers", str(rng.choice((1, 2, 7))),
                     "--batch", str(rng.choice((1, 7, 32)))]
            if isa in self.good("plan", "synth ! null").split("usable here:")[1]:
                words += ["--isa", isa]
            self.assertEqual(self.good("run", *words, self.words), want, numbers)

    def test_the_plan_says_what_it_uses(self):
        plan = self.good("plan", self.words)
        self.assertNotIn("tuning", plan)
        path = self.profile(gemm_panel_b="4Ki", matmul_block="1Mi")
        tuned = self.good("plan", "--config", path, self.words)
        self.assertEqual(re.findall(r"^tuning: (.*)$", tuned, re.M),
                         [f"gemm-panel-b = 4096, as {path} says (the same bits)",
                          f"matmul-block = 1048576, as {path} says (the same bits)"])
        memory = re.compile(r"^memory: .*", re.M)
        self.assertNotEqual(memory.search(plan)[0], memory.search(tuned)[0])

    def test_ejected(self):
        text = self.good("eject", "--config", self.profile(gemm_panel_a="16Ki", gemm_small=1),
                         self.words)
        for line in ("    tuning.size = sizeof tuning;", "    tuning.gemm_panel_a = 16384;",
                     "    tuning.gemm_small = 1;", "    limits.tuning = &tuning;"):
            self.assertIn("\n" + line, text)
        self.assertNotIn("matmul_block", text)
        self.assertNotIn("tuning", self.good("eject", self.words))

    def test_beside_what_the_doctor_writes(self):
        path = self.path("all.conf", "workers = 2\npin = none # here\nmatmul-block = 64Ki\n")
        plan = self.good("plan", "--config", path, self.words)
        self.assertIn("workers: 2", plan)
        self.assertIn("tuning: matmul-block = 65536", plan)

    def test_absurd_numbers(self):
        for text, message in (
                ("gemm-panel-a = 0", r"1:16: gemm-panel-a: 0 is out of range: 64 to 65536"),
                ("gemm-panel-b = 1Gi", r"1:16: gemm-panel-b: .* out of range: 64 to 65536"),
                ("\ngemm-small = -3", r"2:14: gemm-small: "),
                ("gemm-small = 2.5", r"1:14: gemm-small: 2.5 is not a whole number"),
                ("matmul-block = nan", r"1:16: matmul-block: "),
                ("matmul-block = 1e30", r"1:16: matmul-block: "),
                ("matmul-block =", r"1:14: matmul-block: "),
                ("matmul-blok = 64Ki", r"1:1: unknown key 'matmul-blok'; did you mean "
                                       "'matmul-block'"),
                ("gemm-small = 8\ngemm-small = 9", r"2:1: 'gemm-small' stands in line 1 already"),
                ("gemm-small 8", r"1:1: expected key = value, found 'gemm-small 8'")):
            path = self.path("wrong.conf", text + "\n")
            for command in ("run", "plan", "eject"):
                said = self.bad(2, "^leat: " + re.escape(path) + ":" + message, command,
                                "--config", path, "synth samples=1 ! null")
                self.assertEqual(said.count("\n"), 1, said)

    def test_prices_choose_otherwise(self):
        """Where a profile says so, and there alone: the plan tells it, and so do the bits."""
        rng = random.Random(7)
        matrix = self.path("s.mtx", "%%MatrixMarket matrix coordinate real general\n40 40 480\n" +
                           "".join(f"{k // 12 + 1} {(k * 7 + k // 12) % 40 + 1} {rng.random()!r}\n"
                                   for k in range(480)))
        taps = ",".join(repr(rng.random()) for _ in range(40))
        for key, stage, usual, other in (
                ("sparse-price-many", f"matmul matrix={matrix}", "sparse", "dense"),
                ("filter-price", f"fir taps={taps}", "by products", "by spectra")):
            words = f"synth seed=3 channels=40 samples=2000 frame=1000 ! {stage} ! digest"
            before = self.good("plan", words)
            self.assertRegex(before, rf"     (keeps|filters).* {usual}")
            path = self.path("p.conf", f"{key} = {20 if usual == 'sparse' else 0.05}\n")
            plan = self.good("plan", "--config", path, words)
            self.assertRegex(plan, rf"     (keeps|filters).* {other}.*as tuned")
            self.assertRegex(plan, rf"(?m)^tuning: {key} = \S+, as \S+ says \(it may change bits\)")
            self.assertEqual(self.good("plan", words), before)
            forced = words.replace(stage, stage + (" kind=dense" if usual == "sparse"
                                                   else " by=spectra"))
            self.assertEqual(self.good("run", "--config", path, words), self.good("run", forced))
            self.assertIn(f"tuning.{key.replace('-', '_')} = ",
                          self.good("eject", "--config", path, words))


class Tune(Tuned):
    def test_help_and_mistakes(self):
        text = self.good("tune", "--help")
        for option in ("--bits", "--quick", "--write FILE", "--json", "Exit status"):
            self.assertIn(option, text)
        self.assertRegex(self.good("--help"), r"\n  tune +\S")
        self.bad(2, "takes no word such as 'x'", "tune", "x")
        self.bad(2, "did you mean '--quick'", "tune", "--quik")
        self.bad(2, "--write wants a value", "tune", "--write")
        self.bad(2, "one of them", "tune", "--json", "--write", "-")
        self.bad(2, "tune: --isa: 'v9' is none of base", "tune", "--isa", "v9")

    def test_kernels_without_a_fused_multiply_add_are_not_measured(self):
        text = self.good("tune", "--bits", "--isa", "base", "--write", "-")
        self.assertEqual(re.findall("^# (.*): not measured$", text, re.M),
                         [*TILES, "filter-price", "sparse-price-few", "sparse-price-many"])

    def test_what_cannot_be_written_is_told(self):
        """Half a minute was spent on it."""
        for words, status, told in ((("--write", "/dev/full"), 1, "\n  gemm-small "),
                                    (("--write", "/nowhere/x"), 2, "\n  gemm-small "),
                                    (("--json", "--write", "/nowhere/x"), 2, '"gemm-small"'),
                                    (("--write", "-"), 0, "# gemm-small: ")):
            done = leat("tune", "--isa", "base", *words)
            self.assertEqual((done.returncode, done.stderr.count("cannot be written")),
                             (status, status != 0), done.stderr)
            self.assertIn(told, done.stdout)

    def test_measures_and_writes(self):
        path = self.path("tuned.conf")
        it = json.loads(self.good("tune", "--quick", "--bits", "--json", "--write", path))
        self.assertEqual(self.left_over(), [])
        numbers = it["numbers"]
        self.assertEqual([n["name"] for n in numbers],
                         [*TILES, "filter-price", "sparse-price-few", "sparse-price-many"])
        self.assertEqual([n["bits"] for n in numbers], [False] * 4 + [True] * 3)
        self.assertTrue(it["quick"] and it["seconds"] > 0 and it["isa"])
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        for n in numbers:
            if n["measured"]:
                self.assertGreaterEqual(n["rounds"], 3, n)
                self.assertGreaterEqual(n["noise"], 0, n)
            better = n["best"] != n["release"]
            self.assertTrue(n["gain"] > 1.02 if better else n["gain"] == 1, n)
            said = [line for line in lines if line.startswith(n["name"] + " = ")]
            self.assertEqual(len(said), better, n)
            if better:
                self.assertEqual(float(said[0].split()[2]), n["best"])
        self.assertIn("# what follows may change bits of results", lines)
        plan = self.good("plan", "--config", path, self.words)
        self.assertEqual(len(re.findall("^tuning: ", plan, re.M)),
                         sum(n["best"] != n["release"] for n in numbers))
        self.assertEqual(self.good("run", "--config", path, self.words),
                         self.good("run", self.words))

    def test_a_spoilt_profile_is_a_profile_or_one_line(self):
        text = "".join(f"{name} = {ends[1]} # 1.3 times as fast as rule\n"
                       for name, ends in ENDS.items()) + "filter-price = 0.8\n"
        rng = random.Random(2)
        for _ in range(40):
            spoilt = list(text)
            for _ in range(rng.randint(1, 4)):
                spoilt[rng.randrange(len(spoilt))] = rng.choice("\0\n=-#e 9\xff.")
            done = leat("plan", "--config", self.path("p.conf", "".join(spoilt)), "synth ! null")
            self.assertIn(done.returncode, (0, 2), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1 if done.returncode else 0, done.stderr)
            self.assertRegex(done.stderr, r"^(leat: \S+/p\.conf:\d+:\d+: .*\n)?$")

    def test_a_signal_ends_it(self):
        path = self.path("tuned.conf")
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            seen, terminal = os.openpty()
            process = subprocess.Popen([case.LEAT, "tune", "--write", path], stderr=terminal,
                                       stdout=subprocess.PIPE, text=True)
            self.addCleanup(process.stdout.close)
            os.close(terminal)
            told = os.read(seen, 4096) # it shows that it is at work
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=60), status)
            self.assertEqual(process.stdout.read(), "")
            while b"stopped" not in told:
                told += os.read(seen, 4096)
            os.close(seen)
            self.assertRegex(told.decode(), r"gemm-panel-a \d+ %\x1b\[K(.|\n)*"
                                            r"\r\x1b\[Kleat: tune: stopped; nothing was written")
            self.assertEqual(os.listdir(self.folder.name), ["a.mtx"])


if __name__ == "__main__":
    case.main()
