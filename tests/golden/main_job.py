#!/usr/bin/env python3
"""The main job, recomputed with Python's standard library alone.

    main_job.py LEAT MARKET_PY MARKET_LEAT MAIN_JOB [--long]
                                    --long: with a market of 1,000,000 trades too
"""
import csv
import json
import os
import re
import subprocess
import sys

import oracle

LONG = "--long" in sys.argv
if LONG:
    sys.argv.remove("--long")


def recompute(path):
    """What examples/market.leat does: a list of values for each channel."""
    with open(path, newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    return {name: oracle.ewma(oracle.rolling(oracle.logreturn([float(row[name]) for row in rows]),
                                             64), 2.0 / (8 + 1))
            for name in ("price", "size")}


class MainJob(oracle.Case):
    def market(self, rows, seed=7):
        path = self.path(f"market{rows}.csv")
        subprocess.run([sys.executable, self.market_py, "--rows", str(rows), "--seed", str(seed),
                        path], check=True)
        return path

    def result(self, path, *words):
        return self.json(*words, "-f", self.market_leat, "--set", "file=" + path)

    def check(self, result, values):
        self.assertEqual([channel["name"] for channel in result["channels"]], list(values))
        for channel in result["channels"]:
            self.near_stats(channel, values[channel["name"]])

    def test_same_as_recomputed(self):
        for rows, seed in ((2, 1), (3, 1), (65, 2), (1025, 3), (20_000, 7)):
            path = self.market(rows, seed)
            result = self.result(path)
            self.check(result, recompute(path))
            self.assertEqual(result["channels"][0]["count"], rows - 1)
            self.assertEqual(result["frames"], -(-rows // 1024))

    @oracle.unittest.skipUnless(LONG, "with --long")
    def test_a_million(self):
        path = self.market(1_000_000)
        self.check(self.result(path), recompute(path))

    def test_one_changed_line_is_seen(self):
        path = self.market(20_000)
        want = recompute(path)
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines(keepends=True)
        for at in (1, 2, 1024, 10_000, 20_000):
            for column, other in ((1, "100.37"), (2, "499")):
                cells = lines[at].split(",")
                self.assertNotEqual(cells[column], other)
                cells[column] = other
                changed = self.path("changed.csv", "".join(lines[:at] + [",".join(cells)]
                                                           + lines[at + 1:]))
                result = self.result(changed)
                with self.assertRaises(AssertionError, msg=(at, column)):
                    self.check(result, want)
                self.check(result, recompute(changed))

    def test_one_digest(self):
        path = self.market(20_000)
        with open(self.market_leat, encoding="utf-8") as file:
            text = file.read()
        head, found, tail = text.rpartition("stats")
        self.assertEqual((found, tail.strip()), ("stats", ""))
        pipeline = self.path("digest.leat", head + "digest" + tail)
        digests, results = set(), set()
        for isa in self.usable_sets():
            for workers in ("1", "2", "3"):
                for batch in ("1", "7", "32"):
                    words = ("--isa", isa, "--workers", workers, "--batch", batch, "--set",
                             "file=" + path, "-f")
                    digests.add(self.good(*words, pipeline))
                    results.add(self.good(*words, self.market_leat))
        self.assertEqual(len(digests), 1, digests)
        self.assertEqual(len(results), 1, results)
        self.assertEqual(json.loads(digests.pop())["bytes"], 19_999 * 2 * 8)

    @oracle.unittest.skipIf(oracle.FEW, "a sanitizer calls the system, too: nobody can tell which did")
    def test_the_screen(self):
        """What `./dev run` shows, line by line, of a market of 50,000 trades: all of it on a screen,
        the zeros, the result and the digests of what was recomputed."""
        rows = 50_000
        path = self.path("market.csv")
        os.rename(self.market(rows), path)
        done = subprocess.run([self.main_job, self.folder], capture_output=True, text=True,
                              env=oracle.environment(), timeout=250)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        said = done.stdout
        self.assertLessEqual(said.count("\n"), 24)
        count, number = r"(\d+)", r"(\d+(?:\.\d+)?)"
        self.assertRegex(said, r"\n  csv +-> logreturn -> rolling -> ewma +-> stats *\n"
                               r"(?: +\d+\.\d\d){5} +ns a sample\n")
        samples, rate, p50, p999 = map(float, re.search(
            f"\n  {count} samples in .* s: {number} million samples/s; a frame of 1024 takes "
            f"p50 {number} us, p99.9 {number} us\n", said).groups())
        self.assertEqual(samples, 2 * rows)
        self.assertTrue(rate > 0 and 0 < p50 <= p999, said)
        self.assertRegex(said, r"\n  after seal: 0 allocations, 0 locks, 0 page faults, (0 system calls|"
                               r"system calls not counted here), 0 copies, 0 drops, 0 rejects\n")
        hits = re.search(f"\n  pool: 16 frames, at most {count} in use, {number} % of claims", said)
        self.assertLessEqual(int(hits.group(1)), 16)
        self.assertGreater(float(hits.group(2)), 95)
        result = json.loads(re.search(r"\n  result (.*)\n", said).group(1))
        self.check(result, recompute(path))
        self.assertEqual(result, self.result(path))
        plans = " ".join(f"{isa}/{n}" for isa in self.usable_sets() for n in (1, 2))
        chain = "logreturn ! rolling size=64 out=zscore ! ewma span=8"
        for frame, words in ((1024, rf"\n  digest {plans}: (\w+), the same from all\n"),
                             (64, r" times as fast; both give the digest (\w+)\n")):
            want = self.json(f"csv file={path} columns=price,size frame={frame} ! {chain} ! digest")
            self.assertEqual(re.search(words, said).group(1), want["xxh64"])
        costs = [[float(word) for word in line.split()] for line in re.findall(
            r"\n  (?:Leat, in place|the usual way:.*mutex)((?: +\d+(?:\.\d)?){4})(?=\n)", said)]
        self.assertEqual([line[1] for line in costs], [0, 20])  # heap calls a frame
        self.assertTrue(all(cost > 0 for line in costs for cost in (line[0], *line[2:])), said)

    def test_generator(self):
        """The same bytes for a seed, on every machine: XXH64 of a small market."""
        with open(self.market(1000), "rb") as file:
            content = file.read()
        self.assertEqual(content.count(b"\n"), 1001)
        self.assertEqual(oracle.xxh64(content), "775225b0c4843142")
        with open(self.market(1000, seed=8), "rb") as file:
            self.assertNotEqual(file.read(), content)


if __name__ == "__main__":
    oracle.main(("market_py", "market_leat", "main_job"))
