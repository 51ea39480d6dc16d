#!/usr/bin/env python3
"""The contract of text and numbers: stages, against exact or plain arithmetic in Python.

    contract_stages.py LEAT [--few]
"""
import itertools
import math
import random

import oracle


class Stage(oracle.Case):
    def setUp(self):
        super().setUp()
        r = random.Random(11)
        price = 100.0
        self.x = []
        for _ in range(3000):
            price *= 1 + r.gauss(0, 0.001)
            self.x.append(round(price, 4))
        self.y = [1e9 + r.gauss(0, 1) for _ in self.x]
        self.source = "csv file=" + self.csv("in.csv", [self.x, self.y], ["x", "y"])

    def out(self, stages, source=None):
        """Columns after the stages."""
        return oracle.read_csv(self.good(f"{source or self.source} ! {stages} ! csv"))[1]

    def whole(self, values):
        return "csv file=" + self.csv("whole.csv", [values], ["n"]) + " type=i64"


class Streaming(Stage):
    """"Stateful stages (`diff logreturn ewma rolling welford`) carry their state over frame
    boundaries; `diff` and `logreturn` drop the first sample of the stream."""

    def source_of(self, frame):
        return f"{self.source} frame={frame}"

    def both(self, stage, oracle_of, tolerance=1e-12, frames=(1, 7, 1000, 1024)):
        """The same as the oracle over the whole stream, however it is cut: the same bits."""
        path, outputs = self.path("out.npy"), set()
        for frame in frames:
            self.good(f"{self.source_of(frame)} ! {stage} ! npy file={path}")
            for row, values in zip(oracle.npy_channels(path), (self.x, self.y), strict=True):
                self.near_all(row, oracle_of(values), tolerance, f"{stage} frame={frame}")
            with open(path, "rb") as file:
                outputs.add(file.read())
        self.assertEqual(len(outputs), 1, stage)

    def test_diff(self):
        self.both("diff", lambda v: [b - a for a, b in zip(v, v[1:])], 0)

    def test_diff_i64_is_exact(self):
        v = [2 ** 62, 2 ** 62 + 1, -5, 2 ** 53 + 1, 2 ** 53]
        got = self.good(self.whole(v) + " ! diff ! csv header=no").split()
        self.assertEqual(list(map(int, got)), [b - a for a, b in zip(v, v[1:])])

    def test_logreturn(self):
        self.both("logreturn", oracle.logreturn)
        v = [1.0, 500.0, 1.0, 3.0, 2.0, 1e150, 1e-150, 1.0, 1.0 + 2 ** -52, 1.0]
        source = "csv file=" + self.csv("far.csv", [v], ["v"])
        got = self.out("logreturn", source)[0]
        for g, w in zip(got, oracle.logreturn(v), strict=True):
            self.near_relative(g, w, 1e-15, "logreturn")  # relative even where it is 2e-16

    def test_only_sample(self):
        """A stream of one sample has no difference: nothing comes out, and no empty frame."""
        source = "csv file=" + self.csv("one.csv", [[5.0]], ["v"])
        for stage in ("diff", "logreturn"):
            self.assertEqual(self.json(f"{source} ! {stage} ! digest"), oracle.digest_of([]))

    def test_ewma(self):
        for words, alpha in (("alpha=0.25", 0.25), ("span=9", 0.2), ("alpha=1", 1.0),
                             ("halflife=3", 1 - 0.5 ** (1 / 3))):
            self.both("ewma " + words, lambda v, a=alpha: oracle.ewma(v, a))

    def test_ewma_by_durations(self):
        """A duration is multiplied by the rate, and need not be of whole samples."""
        v = [float(i % 7) for i in range(50)]
        path = self.csv("v.csv", [v], ["v"])
        for rate, words, samples in ((8, "halflife=0.4s", 3.2), (44100, "halflife=1ms", 44.1),
                                     (1000, "halflife=100us", 0.1)):
            got = self.out("ewma " + words, f"csv file={path} rate={rate}")[0]
            for g, w in zip(got, oracle.ewma(v, 1 - 0.5 ** (1 / samples)), strict=True):
                self.near_relative(g, w, 1e-12, words)
        got = self.out("ewma span=0.5s", f"csv file={path} rate=5")[0]
        for g, w in zip(got, oracle.ewma(v, 2 / 3.5), strict=True):
            self.near_relative(g, w, 1e-14, "span=0.5s")

    def test_rolling(self):
        for size, out, ddof in oracle.some(itertools.product(
                (1, 2, 20, 2999, 5000), ("mean", "variance", "stddev", "zscore"), (0, 1)), 5):
            # y is 1e9 with a deviation of 1, where sums of squares would lose all digits
            self.both(f"rolling size={size} out={out} ddof={ddof}",
                      lambda v, s=size, o=out, d=ddof: oracle.rolling(v, s, o, d),
                      frames=(7, 1024))
        self.assertEqual(self.out("rolling size=7"), self.out("rolling size=7 out=mean ddof=0"))

    def test_welford(self):
        for out in ("mean", "variance", "stddev", "zscore"):
            for ddof in (0, 1):
                self.both(f"welford out={out} ddof={ddof}",
                          lambda v, o=out, d=ddof: oracle.rolling(v, len(v), o, d),
                          frames=(7, 1024))


class ZScore(Stage):
    """"`zscore` works on a row of a frame at a time, population deviation; a constant row gives
    zeros."""

    def test_row_of_a_frame(self):
        for frame in (1, 2, 7, 1000, 1024, 4096):
            got = self.out("zscore", f"{self.source} frame={frame}")
            for column, values in zip(got, (self.x, self.y)):
                want = sum((oracle.zscore(values[at:at + frame])
                            for at in range(0, len(values), frame)), [])
                self.near_all(column, want, 1e-12, f"frame={frame}")

    def test_constant(self):
        for value in (0.0, 0.1, 1e300, -1e-300, 5e-324):
            source = "csv file=" + self.csv("c.csv", [[value] * 100, self.x[:100]], ["c", "x"])
            for frame in (1, 33, 100, 1024):
                got = self.out("zscore", f"{source} frame={frame}")[0]
                self.assertEqual(list(map(str, got)), ["0.0"] * 100, (value, frame))

    def test_f32(self):
        got = self.out("zscore", self.source + " type=f32 columns=x")[0]
        want = sum((oracle.zscore(oracle.to_f32(self.x[at:at + 1024]))
                    for at in range(0, 3000, 1024)), [])
        self.near_all(got, want, 1e-6)


class Window(Stage):
    """"`window size= hop=` gives frames of exactly `size`"; a shorter last one is padded."""

    def frames(self, stages, source):
        path = self.path("out.npy")
        self.good(f"{source} ! {stages} ! npy stack=yes file={path}")
        _, fortran, (n, channels, cols), v = oracle.read_npy(path)
        self.assertFalse(fortran)
        return [[v[(f * channels + c) * cols:(f * channels + c + 1) * cols]
                 for c in range(channels)] for f in range(n)]

    def test_sizes_and_hops(self):
        for n, (size, hop), frame in oracle.some(itertools.product(
                (1, 2, 5, 64, 100, 1025),
                ((1, 1), (4, 4), (4, 1), (4, 3), (4, 6), (64, 32), (100, 7), (2000, 500)),
                (1, 5, 1024)), 5):
            source = ("csv file=" + self.csv("in.csv", [self.x[:n], self.y[:n]], ["x", "y"]))
            got = self.frames(f"window size={size} hop={hop}", f"{source} frame={frame}")
            self.assertEqual(got, oracle.windows([self.x[:n], self.y[:n]], size, hop),
                             (n, size, hop, frame))

    def test_hop_is_size_by_default(self):
        self.assertEqual(self.frames("window size=128", self.source),
                         oracle.windows([self.x, self.y], 128, 128))

    def test_tail(self):
        """pad fills the last window up with zeros; drop leaves it out."""
        got = self.frames("window size=1024 tail=drop", self.source)
        self.assertEqual(got, oracle.windows([self.x, self.y], 1024, 1024)[:2])
        got = self.frames("window size=1024", self.source)
        self.assertEqual(got[2][0], self.x[2048:] + [0.0] * 72)

    def test_windows_are_joined_as_they_are(self):
        """What follows sees frames of `size`: z-scores of each window, padding included."""
        got = self.frames("window size=500 hop=250 ! zscore", self.source)
        want = [list(map(oracle.zscore, rows))
                for rows in oracle.windows([self.x, self.y], 500, 250)]
        for g, w in zip(got, want, strict=True):
            for c in (0, 1):
                self.near_all(g[c], w[c], 1e-11)

    def test_durations(self):
        text = "synth kind=ramp samples=1000 rate=1kHz"
        self.assertEqual(self.frames("window size=20ms hop=10ms", text),
                         self.frames("window size=20 hop=10", text))


class WhereSelect(Stage):
    """"`where channel= min= max=` keeps the samples in range; `select` picks channels by name."""

    def test_where(self):
        for words, keep in (("min=99 max=101", lambda v: 99 <= v <= 101),
                            ("min=100", lambda v: v >= 100), ("max=99.5", lambda v: v <= 99.5),
                            ("min=1000", lambda v: False), ("", lambda v: True),
                            (f"min={self.x[7]!r} max={self.x[7]!r}", lambda v: v == self.x[7])):
            for name in ("x", "1"):
                for frame in (1, 100, 1024):
                    got = self.out(f"where channel={name} {words}", f"{self.source} frame={frame}")
                    want = [pair for pair in zip(self.x, self.y) if keep(pair[0])]
                    self.assertEqual(list(zip(*got)), want, words)

    def test_where_leaves_no_empty_frame(self):
        source = "csv frame=2 file=" + self.csv("in.csv", [[1, 2, 30, 40, 5, 60, 7]], ["n"])
        want = oracle.digest_of([[[1.0, 2.0]], [[5.0]], [[7.0]]])
        self.assertEqual(self.json(f"{source} ! where channel=n max=9 ! digest"), want)

    def test_where_nan_and_i64(self):
        source = "csv file=" + self.path("nan.csv", "a,b\n1,1\nnan,2\n,3\ninf,4\n-inf,5\n")
        self.assertEqual(self.out("where channel=a", source)[1], [1, 4, 5])
        big = 2 ** 53 + 1
        got = self.good(self.whole([big - 1, big, big + 1]) + " ! where channel=n ! csv header=no")
        self.assertEqual(got.split(), [str(big - 1), str(big), str(big + 1)])

    def test_select(self):
        columns = [self.x, self.y, self.x[::-1]]
        source = "csv file=" + self.csv("in.csv", columns, ["a", "b", "c"])
        for words in (["a"], ["b"], ["c", "a"], ["c", "b", "a"], ["b", "c"], ["3", "1"]):
            text = self.good(f"{source} frame=100 ! select channels={','.join(words)} ! csv")
            names, got = oracle.read_csv(text)
            at = ["abc".index(w) if w in "abc" else int(w) - 1 for w in words]
            self.assertEqual(names, ["abc"[i] for i in at])
            self.assertEqual(got, [columns[i] for i in at])

    def test_select_by_ranges_and_patterns(self):
        names = ["bid", "bid_size", "ask", "ask_size", "2..3", "b*", "5"]
        columns = [[10.0 * i + k for k in range(3)] for i in range(len(names))]
        source = "csv file=" + self.csv("in.csv", columns, names)
        for words, want in (("2..4", [1, 2, 3]), ("7,1..1", [6, 0]), ("*_size", [1, 3]),
                            ("ask*,1", [2, 3, 0]), ("???", [0, 2]), ("*", range(7)),
                            ("2..3", [4]), ("b*", [5]), ("5", [6])):  # names come first
            got_names, got = oracle.read_csv(self.good(f"{source} ! select channels={words} ! csv"))
            self.assertEqual(got_names, [names[i] for i in want], words)
            self.assertEqual(got, [columns[i] for i in want], words)


class Elementwise(Stage):
    def test_values(self):
        for stage, want, tolerance in (
                ("scale by=0.1 add=3", lambda v: v * 0.1 + 3, 0), ("scale", lambda v: v, 0),
                ("gain db=-20", lambda v: v * 0.1, 0),
                ("gain db=6", lambda v: v * 10 ** (6 / 20), 1e-15),
                ("clamp min=99.5 max=100.5", lambda v: min(max(v, 99.5), 100.5), 0),
                ("log", math.log, 4e-16), ("scale by=-1 ! abs", abs, 0)):
            got = self.out(stage)
            for column, values in zip(got, (self.x, self.y)):
                self.near_all(column, map(want, values), tolerance, stage)
        got = self.out("scale by=0.01 ! exp", self.source + " columns=x")[0]
        for g, v in zip(got, self.x, strict=True):
            self.near_relative(g, math.exp(v * 0.01), 4e-16, "exp")

    def test_cast(self):
        v = [0.5, 1.5, 2.5, -0.5, -1.5, 1e300, -1e300, 0.1, 16777217.0]
        source = "csv file=" + self.csv("in.csv", [v], ["v"])
        got = self.good(f"{source} ! cast type=i64 ! csv header=no").split()
        self.assertEqual(list(map(int, got)), [0, 2, 2, 0, -2, 2 ** 63 - 1, -2 ** 63, 0, 16777217])
        got = self.out("cast type=f32 ! cast type=f64", source)[0]
        self.assertEqual(got[:5] + got[7:], oracle.to_f32(v[:5] + v[7:]))

    def test_what_is_not_finite_is_counted(self):
        """A stage that needs finite numbers rejects the frame; the rest goes on."""
        source = "csv frame=2 file=" + self.path("nan.csv", "a\n1\n2\nnan\n3\n4\n6\n")
        done = self.call("run", "--stats", "json", source + " ! zscore ! csv header=no")
        self.assertEqual((done.returncode, done.stdout), (0, b"-1\n1\n-1\n1\n"))
        self.assertEqual(oracle.json.loads(done.stderr)["rejected"], 1)


class SomeChannels(Stage):
    """"Every stage takes `on=` (channels it works on, the others pass untouched), `as=` (keep the
    input, append the result under this name)." The bits are those of the stage alone."""
    STAGES = ("zscore", "scale by=0.1 add=3", "clamp min=99.5 max=100.5", "abs", "log", "exp",
              "diff", "logreturn", "ewma span=9", "rolling size=20 out=zscore", "welford",
              "gain db=-3")

    def setUp(self):
        super().setUp()
        self.z = [abs(a - b) % 7 + 0.25 for a, b in zip(self.x, self.y)]
        self.columns = dict(zip("abc", (self.x, self.z, self.x[::-1])))
        self.source = "csv frame=64 file=" + self.csv("three.csv", list(self.columns.values()), "abc")

    def table(self, stages):
        names, columns = oracle.read_csv(self.good(f"{self.source} ! {stages} ! csv"))
        return dict(zip(names, columns))

    def test_against_the_stage_alone(self):
        for stage, chosen in oracle.some(itertools.product(self.STAGES, ("a", "bc", "ca", "abc")),
                                         3):
            words = ",".join(chosen)
            alone = self.table(f"select channels={words} ! {stage}")
            n = len(alone[chosen[0]])  # the samples that are gone stood at the front
            want = {name: values[-n:] for name, values in self.columns.items()}
            got = self.table(f"{stage} on={words}")
            self.assertEqual(got, want | alone, (stage, chosen))
            got = self.table(f"{stage} on={words} as=new")
            new = {"new" if len(chosen) == 1 else f"new.{name}": values
                   for name, values in alone.items()}
            self.assertEqual(got, want | new, (stage, chosen))
            self.assertEqual(list(got), [*"abc", *new])

    def test_as_alone_takes_every_channel(self):
        got = self.table("scale by=2 as=twice")
        want = {f"twice.{name}": [2 * v for v in values] for name, values in self.columns.items()}
        self.assertEqual(got, self.columns | want)

    def test_a_sink_sees_the_chosen(self):
        for words in ("b", "a,b", "c,a", "3,1"):
            wanted = [name if name in "abc" else "abc"[int(name) - 1] for name in words.split(",")]
            for text in (f"csv on={words}", f"tee ! csv on={words}\ntee. ! null"):
                names, columns = oracle.read_csv(self.good(f"{self.source} ! {text}"))
                self.assertEqual(names, wanted)
                self.assertEqual(columns, [self.columns[name] for name in wanted])
            stats = self.json(f"{self.source} ! stats on={words}")
            for channel, name in zip(stats["channels"], wanted, strict=True):
                self.assertEqual(channel["name"], name)
                self.near_stats(channel, self.columns[name])

    def test_scans_look_at_the_chosen(self):
        source = "csv frame=2 file=" + self.path("nan.csv", "a,b\n1,1\n2,nan\n3,2\n5,4\n")
        for on, rejected, out in (("a", 0, "-1,1\n1,nan\n-1,2\n1,4\n"),
                                  ("b", 1, "3,-1\n5,1\n")):
            done = self.call("run", "--stats", "json", f"{source} ! zscore on={on} ! csv header=no")
            self.assertEqual((done.returncode, done.stdout.decode()), (0, out), done.stderr)
            self.assertEqual(oracle.json.loads(done.stderr)["rejected"], rejected)

    def test_the_plan_says_so(self):
        done = self.call("plan", f"{self.source} ! zscore on=a,c ! diff on=b as=d ! stats on=d")
        text = done.stdout.decode()
        self.assertIn("     works on a, c; not side by side, so gathered\n", text)
        self.assertIn("     works on b; the result is d\n", text)
        self.assertIn("     works on d\n", text)


if __name__ == "__main__":
    oracle.main()
