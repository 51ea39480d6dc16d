#!/usr/bin/env python3
"""join how=asof, within= and on-end= against models of the standard library alone: whole streams as
lists, bisect for the latest sample. Times are irregular, with many that are equal.

    asof.py LEAT [--long | --few]
"""
import bisect
import json
import math
import random
import struct
import sys

import oracle

LONG = "--long" in sys.argv
if LONG:
    sys.argv.remove("--long")
SETTINGS = [(workers, batch) for workers in (1, 2, 3, 4) for batch in (1, 7, 32)]
UNITS = {"s": 10 ** 9, "ms": 10 ** 6, "us": 10 ** 3, "ns": 1}
LEAST = -(1 << 63)


def asof(first, others, old=None, none=math.nan):
    """Rows of (time, values...) -> rows of all, side by side. old(t, q): is q too old at t?"""
    times = [[row[0] for row in rows] for rows in others]
    out = []
    for row in first:
        joined = list(row)
        for own, rows in zip(times, others):
            at = bisect.bisect_right(own, row[0]) - 1
            missing = at < 0 or (old is not None and old(row[0], own[at]))
            joined += [none] * len(rows[0]) if missing else rows[at]
        out.append(joined)
    return out


def frames(rows, size):
    return [rows[i:i + size] for i in range(0, len(rows), size)]


class Asof(oracle.Case):
    def write(self, name, rows, kind, names):
        """A source of these rows; its text up to the frame."""
        if kind == "raw":
            path = self.path(name, b"".join(struct.pack(f"<{len(row)}q", *row) for row in rows))
            return f"raw file={path} type=i64 to=i64 channels={len(rows[0])} names={','.join(names)}"
        lines = [",".join(names)] + [",".join(map(repr, row)) for row in rows]
        path = self.path(name, "\n".join(lines) + "\n")
        return f"csv file={path} type={kind} header=yes"

    def rows(self, r, kind, columns, n, span):
        times = sorted(r.randrange(span) for _ in range(n))
        if kind == "f64":
            times = [t / 8 for t in times]
            return [[t] + [r.uniform(-9, 9) for _ in range(columns)] for t in times]
        return [[t] + [r.randrange(-1 << 62, 1 << 62) for _ in range(columns)] for t in times]

    def table(self, path, kind):
        with open(path, encoding="utf-8") as file:
            _, columns = oracle.read_csv(file.read(), float if kind == "f64" else int)
        return [list(row) for row in zip(*columns)]

    def same(self, got, want, what):
        self.assertEqual([list(map(repr, row)) for row in got],
                         [list(map(repr, row)) for row in want], what)

    def run_join(self, text, workers, batch):
        done = self.call("run", "--workers", str(workers), "--batch", str(batch), "--stats", "json",
                         text)
        self.assertEqual(done.returncode, 0, f"{text}\n{done.stderr.decode()}")
        stats = json.loads(done.stderr)
        for pool in stats["pools"]:
            self.assertEqual(pool["in_use"], 0)
        return {stage["name"]: stage for stage in stats["stages"]}

    def test_irregular_ticks_of_several_sources(self):
        for seed in range(200 if LONG else 10 if oracle.FEW else 25):
            r = random.Random(seed)
            kind = r.choice(("f64", "i64"))
            inputs = [self.rows(r, kind, r.randint(1, 3), r.randint(1, 300), r.choice((5, 300, 5000)))
                      for _ in range(r.randint(2, 4))]
            unit = r.choice(list(UNITS))
            span = r.choice((0, 1, 3, 40, 1000))  # quarters of a unit
            within = span * UNITS[unit] // 4 if unit != "ns" else span
            old = None
            if within and kind == "i64":
                old = lambda t, q: (t - q) * UNITS[unit] > within
            elif within:
                old = lambda t, q: t - q > within / UNITS[unit]
            want = asof(inputs[0], inputs[1:], old, math.nan if kind == "f64" else LEAST)
            stop = r.random() < 0.4
            sizes = [r.choice((1, 2, 7, 64, 1000)) for _ in inputs]
            kept = len(want)
            if stop:  # whole frames of the first input that begin after the end of another go
                last = min(rows[-1][0] for rows in inputs[1:])
                kept = sum(len(f) for f in frames(want, sizes[0]) if f[0][0] <= last)
            lines = [f"{self.write(f'in{i}', rows, kind, [f'v{i}{c}' for c in range(len(rows[0]))])}"
                     f" frame={size} ! j." for i, (rows, size) in enumerate(zip(inputs, sizes))]
            times = ",".join(f"v{i}0" for i in range(len(inputs)))
            join = f"join name=j how=asof time={r.choice((times, '1'))} time-unit={unit}"
            join += f" within={within}ns" if within else ""
            join += " on-end=stop" if stop else ""
            out = self.path("out.csv")
            text = "\n".join(lines + [f"{join} ! csv file={out}"])
            for workers, batch in SETTINGS if LONG else r.sample(SETTINGS, 3):
                stages = self.run_join(text, workers, batch)
                self.same(self.table(out, kind), want[:kept], f"seed {seed}\n{text}")
                self.check_counts(stages["j"], inputs, sizes, kept, stop, seed)

    def check_counts(self, stage, inputs, sizes, kept, stop, seed):
        """Dropped is what was of no use: of the others, frames that begin after the last sample. With
        on-end=stop, some of it may not have been made."""
        until = inputs[0][kept - 1][0] if kept else None
        dropped = [f for rows, size in zip(inputs[1:], sizes[1:]) for f in frames(rows, size)
                   if until is None or f[0][0] > until]
        dropped += frames(inputs[0], sizes[0])[len(frames(inputs[0][:kept], sizes[0])):]
        self.assertEqual(stage["frames_out"], len(frames(inputs[0][:kept], sizes[0])), f"seed {seed}")
        unmade = sum(len(frames(rows, size)) for rows, size in zip(inputs, sizes)) - stage["frames"]
        self.assertEqual(stage["dropped"] + unmade, len(dropped), f"seed {seed}")
        self.assertTrue(unmade == 0 or stop, f"seed {seed}")

    def test_the_oldest_that_counts(self):
        """within= is the age that a sample may have, not one that it may not."""
        for kind, none in (("f64", math.nan), ("i64", LEAST)):
            for time, bid in ((3, 9), (4, none)):
                left = self.write("left", [[time, 1]], kind, ["t", "x"])
                right = self.write("right", [[0, 9]], kind, ["t", "bid"])
                out = self.path("out.csv")
                self.run_join(f"{left} ! j.\n{right} ! j.\njoin name=j how=asof time=t within=3s ! "
                              f"csv file={out}", 1, 1)
                self.same([[row[3]] for row in self.table(out, kind)],
                          [[float(bid) if kind == "f64" else bid]], (kind, time))

    def test_branches_of_one_source(self):
        """A feed of trades and quotes, told apart by `where`: a quote counts when it is not later,
        and in no later frame."""
        for seed in range(200 if LONG else 10 if oracle.FEW else 25):
            r = random.Random(1000 + seed)
            span, n, size = r.choice((5, 300, 5000)), r.randint(1, 400), r.choice((1, 3, 16, 500))
            rare = r.choice((0.5, 0.02, 0.98, 0, 1))
            feed = [[t, float(r.random() < rare), r.uniform(-9, 9)]
                    for t in sorted(float(r.randrange(span)) for _ in range(n))]
            want, unused = [], 0  # frames of quotes behind the last one of trades
            for number, frame in enumerate(frames(feed, size)):
                quotes = [row for row in feed[:(number + 1) * size] if row[1] == 0]
                unused = 0 if any(row[1] == 1 for row in frame) else unused + 1
                want += asof([row for row in frame if row[1] == 1],
                             [quotes or [[math.inf] * 3]])
            out = self.path("out.csv")
            text = (self.write("feed", feed, "f64", ["ts", "is", "px"]) + f" frame={size} ! tee name=t"
                    "\nt. ! where channel=is min=1 ! j.\nt. ! where channel=is max=0 ! j.\n"
                    f"join name=j how=asof time=ts ! csv file={out}")
            for workers, batch in SETTINGS if LONG else r.sample(SETTINGS, 3):
                for words in ("", " on-end=stop"):
                    stages = self.run_join(text.replace("time=ts", "time=ts" + words), workers, batch)
                    self.same(self.table(out, "f64"), want, f"seed {seed}, {workers} {batch}\n{text}")
                    self.assertEqual(stages["j"]["dropped"], unused, f"seed {seed}\n{text}")

    def test_times_by_rate(self):
        """Two rates, each frame's time from a column: sample k of a frame is k / rate later."""
        lines = ["t,x"] + [f"{0.01 * i!r},{i}" for i in range(500)]
        slow = ["t,y"] + [f"{0.07 * i + 0.035!r},{i}" for i in range(40)]
        fast_path, slow_path = self.path("a.csv", "\n".join(lines)), self.path("b.csv", "\n".join(slow))
        for size in (1, 7, 500):
            got = self.good(f"csv file={fast_path} time=t rate=100 frame={size} ! j.\n"
                            f"csv file={slow_path} time=t rate={1 / 0.07!r} frame=5 ! j.\n"
                            "join name=j how=asof within=0.05s ! csv")
            rows = [list(row) for row in zip(*oracle.read_csv(got)[1])]
            for i, (x, y) in enumerate(rows):
                self.assertEqual(x, i)
                at = math.floor((0.01 * i - 0.035) / 0.07 + 1e-6)
                known = 0 <= at < 40 and 0.01 * i - (0.07 * at + 0.035) <= 0.05 + 1e-6
                self.assertEqual(repr(y), repr(float(at) if known else math.nan), (size, i))

    def test_frames_of_any_length_give_the_same(self):
        r = random.Random(5)
        inputs = [self.rows(r, "f64", 1, 300, 400) for _ in range(2)]
        sources = [self.write(f"in{i}", rows, "f64", ["t", f"v{i}"])
                   for i, rows in enumerate(inputs)]
        got = {self.good(f"{sources[0]} frame={a} ! j.\n{sources[1]} frame={b} ! j.\n"
                         "join name=j how=asof time=t ! csv") for a in (1, 7, 1000)
               for b in (1, 7, 1000)}
        self.assertEqual(len(got), 1)

    def refused(self, text, status, *patterns):
        done = self.call("run", text)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, status, said)
        for pattern in patterns:
            self.assertRegex(said.split("\n")[0], pattern)

    def test_times_that_cannot_be(self):
        good = "csv file=" + self.path("good.csv", "t,x\n1,1\n2,2\n3,3\n")
        for content, why in (("t,y\n1,1\n3,2\n2,3\n", "input 2: its time goes back, from 3 to 2"),
                             ("t,y\n1,1\n,2\n2,3\n", "input 2: sample 2 of frame 0 has no time"),
                             ("t,y\n-1,1\n-2,2\n", "from -1 to -2, at sample 2 of frame 0")):
            bad = "csv file=" + self.path("bad.csv", content)
            text = f"{good} ! j.\n{bad} frame=%d ! j.\njoin name=j how=asof time=t ! null"
            self.refused(text % 9, 1, why)
            self.refused(text.replace(" frame=%d", ""), 1, why)
        turned = f"{bad} ! j.\n{good} ! j.\njoin name=j how=asof time=t ! null"
        self.refused(turned, 1, "input 1: its time goes back, from -1 to -2")

    def test_what_cannot_be_joined(self):
        good = "csv file=" + self.path("good.csv", "t,x\n1,1\n2,2\n3,3\n")
        two = f"{good} ! j.\n{good} ! j.\njoin name=j "
        branches = f"{good} ! tee name=t\nt. ! %s ! j.\nt. ! %s ! j.\njoin name=j how=asof time=t ! null"
        for text, pattern in (
                (two + "how=asof ! null", "3:1: join: input 1 has no rate.* time="),
                (two + "how=asof time=q ! null", "3:27: time: unknown channel 'q'"),
                (two + "how=asof time=t,t,t ! null", "3:27: time: 3 channels for 2 inputs"),
                (two + "how=asof by=arrival time=t ! null", "3:25: by: how=asof goes by time"),
                (two + "how=asof time=t within=5 ! null", "3:36: within: .*duration such as 5s"),
                (two + "how=zip time=t ! null", "3:26: time: how=asof alone"),
                (two + "how=zip within=5s ! null", "3:28: within: goes with how=asof, how=first"),
                (two + "how=first within=5s ! null", "3:30: within: how many numbers"),
                (two + "how=merge by=time within=5 ! null", "3:38: within: how long"),
                (two + "how=asoff ! null", "3:17: join: how: unknown word 'asoff'; did you mean 'asof'"),
                (two.replace("csv file", "csv type=f32 file") + "how=asof time=t ! null",
                 "3:27: time: t is f32, which holds no times"),
                (branches % ("window size=2", "window size=3"), "cannot be paired"),
                (branches % ("where channel=x min=2 ! window size=2", "abs"), "out of step"),
                ("synth rate=10 samples=9 ! j.\nsynth rate=20 samples=9 ! j.\njoin name=j ! null",
                 "3:1: join: input 1 has 10 .* equal number .* join how=asof goes by the times"),
                ("synth rate=10 samples=9 ! j.\nsynth rate=20 samples=9 ! j.\n"
                 "join name=j how=merge ! null",
                 "3:1: join: .* merged into has one rate; join how=asof goes by the times"),
                (f"{good} rate=5 ! j.\n{good} rate=5 ! j.\njoin name=j how=asof ! null",
                 "3:1: join: input 1 gives frames without a time: name the channel .* time=")):
            with self.subTest(text):
                self.refused(text, 2, pattern)

    def test_joins_that_wait_both_ways(self):
        """Numbered and by time the same two sources could stand still."""
        good = "csv file=" + self.path("good.csv", "t,x\n1,1\n2,2\n3,3\n")
        self.refused(f"{good} ! tee name=a ! z.\n{good} ! tee name=b ! z.\njoin name=z ! null\n"
                     "a. ! j.\nb. ! j.\njoin name=j how=asof time=t ! null", 2,
                     "wait for each other in another join, too")

    def test_merge_by_time_wants_times(self):
        """A plan knows who gives none, and where a stage may leave a frame without."""
        one = "csv file=" + self.path("in.csv", "t,x\n1,2\n3,4\n")
        join = "\njoin name=j how=merge by=time ! null"
        for first, second, bad in (
                (f"{one} time=t", f"{one}", 2), (f"{one}", f"{one} time=t", 1),
                (f"{one} time=t", f"{one} time=t ! logreturn", 2), (f"{one} time=t", "synth", 2),
                (f"{one} time=t rate=1", f"{one} time=t rate=1 ! logreturn", 0),
                (f"{one} time=t", f"{one} time=t frame=1 ! where channel=x min=3", 0)):
            with self.subTest((first, second)):
                done = self.call("run", f"{first} ! j.; {second} ! j.{join}")
                if bad == 0:
                    self.assertEqual((done.returncode, done.stderr), (0, b""))
                    continue
                self.assertEqual((done.returncode, done.stdout), (2, b""))
                self.assertIn(f"pipeline:2:26: by: input {bad} gives frames without a time; say "
                              "time=", done.stderr.decode())

    def test_on_end_stop_ends_sources_without_an_end(self):
        first = "csv file=" + self.path("in.csv", "t,x\n" + "".join(f"{i},{i}\n" for i in range(50)))
        for how, want in (("zip", 10), ("add", 10), ("merge", None), ("first", None),
                          ("asof time=1", 10), ("merge by=arrival", None)):
            for workers in (1, 2, 4):
                cut = workers // 2 * "window size=5 ! "  # numbers are counted anew on the way
                text = (f"{first} frame=5 ! j.\n"
                        f"synth kind=ramp samples=0 channels=2 frame=5 name=s ! scale ! {cut}j.\n"
                        f"join name=j how={how} on-end=stop ! stats")
                done = self.call("run", "--workers", str(workers), "--stats", "json", text)
                self.assertEqual(done.returncode, 0, done.stderr)
                result, stats = json.loads(done.stdout), json.loads(done.stderr)
                stages = {stage["name"]: stage for stage in stats["stages"]}
                if want is not None:
                    self.assertEqual(result["frames"], want, how)
                self.assertEqual(stages["s"]["frames"] + 10, stages["j"]["frames"])
                if how in ("zip", "add"):
                    self.assertEqual(stages["j"]["dropped"], stages["s"]["frames"] - 10)

    def test_by_arrival_nobody_waits_for_ever(self):
        rows = "csv file=" + self.path("in.csv", "x\n" + "".join(f"{i}\n" for i in range(500)))
        for workers in (1, 2, 3):
            stages = self.run_join("synth samples=0 frame=1 ! j.\n" f"{rows} name=c frame=1 ! j.\n"
                                   "join name=j how=merge by=arrival on-end=stop ! null", workers, 7)
            self.assertEqual(stages["c"]["frames"], 500)

    def test_on_end_stop_of_numbers(self):
        """merge and first by number: nothing beyond the numbers of the input that ended first."""
        for seed in range(100 if LONG else 6 if oracle.FEW else 12):
            r = random.Random(2000 + seed)
            lengths = [r.randint(1, 200) for _ in range(3)]
            size = r.randint(1, 5)
            sources = []
            for i, n in enumerate(lengths):
                low = r.choice((0, n // 2, n + 1))  # drops frames, also the last ones
                rows = [[k, k if r.random() < 0.8 and k < low or low == 0 else -1]
                        for k in range(n)]
                path = self.path(f"in{i}.csv", "n,keep\n" + "".join(f"{a},{b}\n" for a, b in rows))
                kept = [f for f in ([row for row in g if row[1] >= 0] for g in frames(rows, size))]
                sources.append((path, kept))
            end = min(len(kept) for _, kept in sources)
            merged = [row for number in range(end) for _, kept in sources for row in kept[number]]
            firsts = []
            for number in range(end):
                firsts += next((kept[number] for _, kept in sources if kept[number]), [])
            out = self.path("out.csv")
            chains = "\n".join(f"csv file={path} type=i64 header=yes frame={size} ! "
                               "where channel=keep min=0 ! j." for path, _ in sources)
            for how, want in (("merge", merged), ("first", None)):
                text = f"{chains}\njoin name=j how={how} on-end=stop ! csv file={out}"
                for workers, batch in r.sample(SETTINGS, 3):
                    self.run_join(text, workers, batch)
                    got = self.table(out, "i64")
                    if want is not None:
                        self.same(got, want, f"seed {seed}\n{text}")
                    else:  # whose frame of a number comes, and how far it is then, is a matter
                        self.check_first(got, sources, end, seed)  # of threads

    def check_first(self, got, sources, end, seed):
        at = 0
        for number in range(max(len(kept) for _, kept in sources)):
            ways = [kept[number] for _, kept in sources if kept[number:] and kept[number]]
            if not ways or (number >= end and at == len(got)):
                continue
            fits = [len(way) for way in ways if got[at:at + len(way)] == way]
            self.assertTrue(fits, f"seed {seed}, frame {number}")
            at += max(fits)
        self.assertEqual(at, len(got))


if __name__ == "__main__":
    oracle.main()
