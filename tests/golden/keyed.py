#!/usr/bin/env python3
"""States by key, against a plain model: an OrderedDict says which samples share a state, and the
stages of a life are those of a stream of its own (oracle.py).

    keyed.py LEAT [--long]
"""
import cmath
import itertools
import json
import math
import os
import random
import struct
import sys

from collections import OrderedDict

import bars
import oracle

LONG = "--long" in sys.argv
if LONG:
    sys.argv.remove("--long")
ROUNDS = 60 if LONG else 6


def differences(values):
    return [b - a for a, b in zip(values, values[1:])]


def filtered(taps):
    """Zeros before the first sample."""
    return lambda v: [sum(tap * v[i - k] for k, tap in enumerate(taps) if k <= i)
                      for i in range(len(v))]


class Case(oracle.Case):
    def setUp(self):
        super().setUp()
        self.r = random.Random(5)

    def stream(self, n, keys_n, whole=False):
        """Keys of which some are hot, and two channels of values."""
        r = self.r
        hot = [r.randrange(keys_n) for _ in range(max(1, keys_n // 5))]
        keys = [r.choice(hot) if r.random() < 0.6 else r.randrange(keys_n) for _ in range(n)]
        names = [r.randrange(-1 << 62, 1 << 62) if whole else r.choice((k, -k - 0.5, k * 1e300))
                 for k in range(keys_n)]
        value = (lambda: r.randrange(-1000, 1000)) if whole else lambda: r.uniform(0.5, 2)
        return [names[k] for k in keys], [[value() for _ in range(n)] for _ in range(2)]

    def irregular(self, n, steps):
        """Times in eighths of a second; some are equal, some go back."""
        now, times = 1000, []
        for _ in range(n):
            now += self.r.choice(steps)
            times.append(now)
        return times

    def counts(self, stage):
        return stage["keys"], stage["evicted"], stage["expired"]


class Keyed(Case):
    def run_keyed(self, columns, words, options=(), kind="f64"):
        """The columns that come out, and the statistics of each stage by name."""
        path = self.csv("in.csv", columns, ["key", "x", "y"])
        done = self.call("run", "--stats", "json", *options, f"csv file={path} type={kind} {words} ! csv")
        self.assertEqual(done.returncode, 0, done.stderr)
        names, got = oracle.read_csv(done.stdout.decode(), int if kind == "i64" else float)
        return names, got, {s["name"]: s for s in json.loads(done.stderr)["stages"]}

    STAGES = (("ewma alpha=0.25", lambda v: oracle.ewma(v, 0.25), 0),
              ("diff", differences, 0), ("logreturn", oracle.logreturn, 1e-15),
              ("rolling size=5 out=mean", lambda v: oracle.rolling(v, 5, "mean"), 1e-12),
              ("rolling size=3 out=zscore", lambda v: oracle.rolling(v, 3), 1e-9),
              ("welford out=stddev", lambda v: oracle.rolling(v, len(v), "stddev"), 1e-9),  # so far
              ("fir taps=0.5,0.25,-0.125", filtered((0.5, 0.25, -0.125)), 1e-15),
              ("fir taps=1,2,3,4,5,6 by=spectra", filtered((1, 2, 3, 4, 5, 6)), 1e-11))

    def check(self, n, keys_n, most, frame, options=()):
        keys, (x, y) = self.stream(n, keys_n)
        lives, want_counts = oracle.lives_of(keys, most)
        for words, function, tolerance in self.STAGES:
            want = [keys] + [oracle.by_life(lives, v, function) for v in (x, y)]
            kept = [i for i, v in enumerate(want[1]) if v is not None]
            names, got, stats = self.run_keyed(
                [keys, x, y], f"frame={frame} ! key by=key max={most} ! {words} name=s", options)
            about = f"{words} n={n} keys={keys_n} max={most} frame={frame} {options}"
            self.assertEqual(names, ["key", "x", "y"])
            self.assertEqual(got[0] if got else [], [keys[i] for i in kept], about)
            for row, values in zip(got[1:], want[1:]):
                self.near_all(row, [values[i] for i in kept], tolerance, about)
            self.assertEqual(self.counts(stats["s"]), want_counts, about)
            self.assertEqual(stats["s"]["samples_lost"], 3 * (n - len(kept)), about)

    def test_against_the_model(self):
        r = self.r
        for _ in range(ROUNDS):
            keys_n = r.choice((1, 3, 40, 400))
            most = r.choice((1, 2, keys_n, max(1, keys_n // 2), keys_n + 5, 1000))
            self.check(r.choice((1, 60, 600)), keys_n, most, r.choice((1, 7, 256, 257, 1024)),
                       ("--workers", str(r.choice((1, 2, 3))), "--batch", str(r.choice((1, 7)))))

    def test_the_one_used_longest_ago_goes(self):
        """Many evictions among keys that come again, so that candidates are used in between."""
        r = self.r
        for most, keys_n, frame in ((1000, 1300, 1024), (160, 400, 1024), (2000, 2600, 40)):
            keys = [float(r.randrange(keys_n)) for _ in range(15000)]
            x = [r.uniform(0.5, 2) for _ in keys]
            lives, counts = oracle.lives_of(keys, most)
            want = oracle.by_life(lives, x, lambda v: oracle.ewma(v, 0.25))
            _, got, stats = self.run_keyed([keys, x, x], f"frame={frame} ! key by=key max={most} ! "
                                           "ewma alpha=0.25 on=x")
            self.assertEqual(got[1], want)
            self.assertEqual(self.counts(stats["ewma"]), counts)

    def test_the_one_used_longest_ago_goes_when_a_sample_misleads(self):
        """Every second entry, those that a sample of 1024 of 2048 looks at, was used last."""
        r, most = self.r, 2048
        keys = [*range(most), *range(0, most, 2), *range(most, 3600)]
        keys = [float(k) for k in keys + [r.randrange(3600) for _ in range(3000)]]
        x = [r.uniform(0.5, 2) for _ in keys]
        lives, counts = oracle.lives_of(keys, most)
        _, got, stats = self.run_keyed([keys, x, x], f"! key by=key max={most} ! "
                                       "ewma alpha=0.25 on=x")
        self.assertEqual(got[1], oracle.by_life(lives, x, lambda v: oracle.ewma(v, 0.25)))
        self.assertEqual(self.counts(stats["ewma"]), counts)

    def test_the_one_used_longest_ago_goes_where_the_next_ones_are_wanted(self):
        """What would have gone next is touched: had it gone instead, it would begin anew. Now and
        then all are touched, in another order."""
        r = self.r
        for most, frame in ((64, 1), (65, 1024), (1000, 1024), (1000, 40)):
            used, keys = OrderedDict((k, None) for k in range(most)), [*range(most)]
            for new in range(most, 2 * most + 500):
                others = r.sample((*used,), most if new % 300 == 0 else 2)
                for k in (*others, new, *itertools.islice(used, 1, 2 + r.randrange(3))):
                    keys.append(k)
                    if k not in used and len(used) == most:
                        used.popitem(last=False)
                    used.pop(k, None)
                    used[k] = None
            keys = [float(k) for k in keys]
            x = [r.uniform(0.5, 2) for _ in keys]
            lives, counts = oracle.lives_of(keys, most)
            _, got, stats = self.run_keyed([keys, x, x], f"frame={frame} ! key by=key max={most} ! "
                                           "ewma alpha=0.25 on=x")
            self.assertEqual(got[1], oracle.by_life(lives, x, lambda v: oracle.ewma(v, 0.25)))
            self.assertEqual(self.counts(stats["ewma"]), counts)

    def test_whole_keys_are_exact(self):
        """Neighbours beyond 2^53 are different keys, and differences wrap."""
        keys, (x, y) = self.stream(900, 30, whole=True)
        keys[:4] = [2 ** 62, 2 ** 62 + 1, -2 ** 63, 2 ** 63 - 1]
        lives, counts = oracle.lives_of(keys, 20)
        _, got, stats = self.run_keyed([keys, x, y], "frame=64 ! key by=1 max=20 ! diff", kind="i64")
        want = [oracle.by_life(lives, v, differences) for v in (x, y)]
        kept = [i for i, v in enumerate(want[0]) if v is not None]
        self.assertEqual(got, [[v[i] for i in kept] for v in (keys, *want)])
        self.assertEqual(self.counts(stats["diff"]), counts)

    def test_zeros_are_one_key_and_nan_is_none(self):
        path = self.path("nan.csv", "k,x\n0,1\n-0,3\n1,7\nnan,9\n0,5\n")
        done = self.call("run", "--stats", "json",
                         f"csv file={path} frame=2 ! key by=k max=9 ! diff ! csv header=no")
        self.assertEqual((done.returncode, done.stdout), (0, b"-0,2\n0,2\n"), done.stderr)
        self.assertEqual(json.loads(done.stderr)["rejected"], 1)

    def test_ttl(self):
        keys, (x, y) = self.stream(700, 60)
        for ttl, rate in ((3, 10), (0.5, 1000), (40, 7)):
            times = [int(i * (1e9 / rate)) for i in range(len(keys))]
            for most in (1000, 17):
                lives, counts = oracle.lives_of(keys, most, int(ttl * 1e9), times)
                want = [oracle.by_life(lives, v, lambda v: oracle.ewma(v, 0.25)) for v in (x, y)]
                for frame in (1, 100):
                    _, got, stats = self.run_keyed([keys, x, y],
                        f"frame={frame} rate={rate} ! key by=key max={most} ttl={ttl}s ! "
                        "ewma alpha=0.25")
                    self.assertEqual(got, [keys, *want], (ttl, rate, most, frame))
                    self.assertEqual(self.counts(stats["ewma"]), counts)

    def test_ttl_by_a_channel_of_times(self):
        """Each sample has its own time, however frames are cut; the channel passes untouched."""
        keys, (x, _) = self.stream(700, 60)
        times = self.irregular(700, (0, 1, 1, 2, -1, 40))
        lives, counts = oracle.lives_of(keys, 17, 9 * 10 ** 9, [t * 125 * 10 ** 6 for t in times])
        self.assertGreater(min(counts), 10)
        for frame in (1, 100):
            for words, seconds in (("time=y", [t / 8 for t in times]),
                                   ("time=y time-unit=ms", [t * 125.0 for t in times])):
                want = [keys, oracle.by_life(lives, x, lambda v: oracle.ewma(v, 0.25)), seconds]
                _, got, stats = self.run_keyed([keys, x, seconds],
                    f"frame={frame} ! key by=key max=17 ttl=9s {words} ! ewma alpha=0.25")
                self.assertEqual(got, want, (frame, words))
                self.assertEqual(self.counts(stats["ewma"]), counts)
        keys, (x, _) = self.stream(700, 60, whole=True)
        ns = [t * 125 * 10 ** 6 for t in times]
        lives, counts = oracle.lives_of(keys, 17, 9 * 10 ** 9, ns)
        changes = oracle.by_life(lives, x, differences)
        kept = [i for i, v in enumerate(changes) if v is not None]
        _, got, stats = self.run_keyed([keys, x, ns], "frame=9 ! key by=key max=17 ttl=9s time=y "
                                       "time-unit=ns ! diff", kind="i64")
        self.assertEqual(got, [[v[i] for i in kept] for v in (keys, changes, ns)])
        self.assertEqual(self.counts(stats["diff"]), counts)

    def test_ttl_by_the_frames_times(self):
        """Without a rate all samples of a frame count as of its time, with one they follow on."""
        keys, (x, _) = self.stream(700, 60)
        times = self.irregular(700, (0, 1, 1, 2, 40))
        for rate in (0, 8):
            for frame in (1, 3, 100):
                seen = [(times[i // frame * frame] + (i % frame if rate else 0)) * 125 * 10 ** 6
                        for i in range(700)]
                lives, counts = oracle.lives_of(keys, 17, 9 * 10 ** 9, seen)
                _, got, stats = self.run_keyed([keys, x, [t / 8 for t in times]],
                    f"frame={frame} rate={rate} columns=key,x time=y ! "
                    "key by=key max=17 ttl=9s ! ewma alpha=0.25")
                self.assertEqual(got, [keys, oracle.by_life(lives, x, lambda v: oracle.ewma(v, 0.25))])
                self.assertEqual(self.counts(stats["ewma"]), counts, (rate, frame))

    def quotes(self, n, keys_n, none):
        """Names by column and their columns: best bids and asks of many keys, some none."""
        r = self.r
        keys, _ = self.stream(n, keys_n, whole=True)
        price = lambda low: r.choice((low, low + 1, low + 2, low + 3, none))
        rows = [(price(100), r.randrange(9), price(102), r.randrange(9)) for _ in keys]
        times = self.irregular(n, (0, 1, 1, 2, -1, 40))
        return keys, rows, times

    def test_imbalance_of_each_key(self):
        """It adds a channel behind all, and a number means the stream's channel, keys and all."""
        nothing = bars.feeds.NONE
        for kind, none in (("i64", nothing), ("f64", float("nan"))):
            keys, rows, times = self.quotes(900, 60, none)
            if kind == "f64":
                keys = [float(k % 1000) for k in keys]
            columns = dict(zip(("b", "bs", "a", "as"), zip(*rows)), key=keys, t=times)
            flows = lambda v: bars.imbalance(v, lambda x: x != x or x == nothing)
            for order, words, ttl in ((["key", "b", "bs", "a", "as"], "", None),
                                      (["b", "key", "bs", "t", "a", "as"], "ttl=9s time=t", 9),
                                      (["b", "bs", "a", "as", "t", "key"], "", None)):
                path = self.csv("in.csv", [columns[c] for c in order], order)
                place = {c: str(order.index(c) + 1) for c in order}
                for most, frame, by_number in oracle.some(
                        ((17, 300, True), (1000, 7, True), (17, 1, False), (25, 1024, False)), 2):
                    lives, counts = oracle.lives_of(keys, most, ttl, times)
                    name = (lambda c: place[c]) if by_number else str
                    text = (f"csv file={path} type={kind} frame={frame} ! key by=key max={most} "
                            f"{words} ! imbalance bid={name('b')} bid-size={name('bs')} "
                            f"ask={name('a')} ask-size={name('as')} ! csv")
                    done = self.call("run", "--stats", "json", "--workers", "2", text)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    names, got = oracle.read_csv(done.stdout.decode(),
                                                 int if kind == "i64" else float)
                    self.assertEqual(names, [*order, "imbalance"])
                    for c, row in zip(order, got):
                        same = [a == b or (a != a and b != b) for a, b in zip(row, columns[c])]
                        self.assertTrue(all(same) and len(same) == 900, (c, text))
                    self.assertEqual(got[-1], oracle.by_life(lives, rows, flows), text)
                    stats = {s["name"]: s for s in json.loads(done.stderr)["stages"]}
                    self.assertEqual(self.counts(stats["imbalance"]), counts, text)

    def test_a_chain_of_them(self):
        """Every stage has states of its own, and a second key takes the place of the first."""
        keys, (x, y) = self.stream(900, 50)
        y = [round(4 * v) / 4 for v in y]
        z = oracle.by_life(oracle.lives_of(keys, 30)[0], x, differences)
        kept = [i for i, v in enumerate(z) if v is not None]
        z, y2 = [z[i] for i in kept], [y[i] for i in kept]
        want = oracle.by_life(oracle.lives_of(y2, 3)[0], z, lambda v: oracle.ewma(v, 0.25))
        names, got, _ = self.run_keyed(
            [keys, x, y], "frame=300 ! key by=key max=30 ! diff on=x ! key by=y max=3 ! "
            "ewma alpha=0.25 on=x as=slow")
        self.assertEqual(names, ["key", "x", "y", "slow"])
        self.assertEqual(got, [[keys[i] for i in kept], z, y2, want])

    def test_math_does_not_touch_the_keys(self):
        keys, (x, y) = self.stream(300, 9)
        _, got, _ = self.run_keyed([keys, x, y], "! key by=key max=9 ! scale by=-2 ! abs ! exp as=e")
        for row, want in zip(got[:3], (keys, [2 * v for v in x], [2 * v for v in y])):
            self.assertEqual(row, want)
        names, got, _ = self.run_keyed([keys, x, y], "! key by=key max=9 ! select channels=y,key ! "
                                       "scale by=3 ! select channels=key,y")
        self.assertEqual((names, got), (["key", "y"], [keys, [3 * v for v in y]]))

    def test_select_sees_the_keys(self):
        keys, (x, y) = self.stream(300, 9)
        for kept in (["key"], ["key", "x"], ["key", "x", "y"], ["x", "key"], ["y"]):
            names, got, _ = self.run_keyed([keys, x, y], f"columns={','.join(sorted(kept))} ! key by="
                                           f"{'key' if 'key' in kept else 'y'} max=9 ! "
                                           f"select channels={','.join(kept)}")
            values = {"key": keys, "x": x, "y": y}
            self.assertEqual((names, got), (kept, [values[n] for n in kept]))

    def test_the_same_bits_from_every_set_and_cut(self):
        keys, (x, y) = self.stream(1500, 100)
        for words in ("ewma span=9", "rolling size=7 out=zscore", "welford", "logreturn"):
            seen = set()
            for isa in self.usable_sets():
                for frame, workers in ((1, 1), (100, 2), (1024, 1)):
                    _, got, _ = self.run_keyed(
                        [keys, x, y], f"frame={frame} ! key by=key max=64 ! {words}",
                        ("--isa", isa, "--workers", str(workers)))
                    seen.add(str(got))
            self.assertEqual(len(seen), 1, words)


class Windows(Case):
    """A window behind `key` keeps the last samples of each: frames of one key, whole, in order."""

    def frames(self, columns, words, size, options=(), kind="f64"):
        path, out = self.csv("in.csv", columns, ["x", "key", "y"]), self.path("out.raw")
        done = self.call("run", "--stats", "json", *options,
                         f"csv file={path} type={kind} {words} ! raw layout=planar file={out}")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(out, "rb") as file:
            values = [x for x, in struct.iter_unpack("<q" if kind == "i64" else "<d", file.read())]
        rows = [values[at:at + size] for at in range(0, len(values), size)]
        stats = {s["name"]: s for s in json.loads(done.stderr)["stages"]}["window"]
        self.assertEqual(stats["reframed"], len(rows) // 3)
        return ([rows[at:at + 3] for at in range(0, len(rows), 3)], stats["samples_lost"] // 3,
                self.counts(stats))

    def test_against_the_model(self):
        r = self.r
        for _ in range(2 * ROUNDS):
            whole = r.random() < 0.4
            keys_n = r.choice((1, 3, 40, 400))
            most = r.choice((1, 2, keys_n, max(1, keys_n // 2), 1000))
            keys, (x, y) = self.stream(r.choice((1, 60, 600)), keys_n, whole)
            size = r.choice((1, 2, 3, 8, 50))
            hop, pad = r.choice((1, size, max(1, size // 2), size + 3)), r.random() < 0.7
            frame = r.choice((1, 7, 256, 257, 1024))
            options = ("--workers", str(r.choice((1, 2, 3))), "--batch", str(r.choice((1, 7, 32))))
            words = (f"frame={frame} ! key by=key max={most} ! window size={size} hop={hop}"
                     + ("" if pad else " tail=drop"))
            got = self.frames([x, keys, y], words, size, options, "i64" if whole else "f64")
            self.assertEqual(got, oracle.keyed_windows([x, keys, y], 1, size, hop, most, pad), words)

    def test_ttl(self):
        """By a channel of times, which passes untouched: it is not weighted, nor filled up with zeros."""
        keys, (x, _) = self.stream(700, 60)
        times = self.irregular(700, (0, 1, 1, 2, -1, 40))
        seconds = [t / 8 for t in times]
        for frame, shape in ((1, ""), (100, " shape=hann")):
            want, lost, counts = oracle.keyed_windows([x, keys, seconds], 1, 6, 4, 17, True, 72, times, (2,))
            self.assertGreater(counts[2], 10)
            if shape:
                weights = [0.5 - 0.5 * math.cos(math.tau * i / 6) for i in range(6)]
                want = [[[a * b for a, b in zip(f[0], weights)], *f[1:]] for f in want]
            got = self.frames([x, keys, seconds], f"frame={frame} ! key by=key max=17 ttl=9s time=y ! "
                              f"window size=6 hop=4{shape}", 6)
            self.assertEqual([f[1:] for f in got[0]], [f[1:] for f in want])
            for one, other in zip(got[0], want):
                self.near_all(one[0], other[0], 1e-15, shape)
            self.assertEqual(got[1:], (lost, counts))

    def test_spectra_of_each_key(self):
        """What follows works on the windows of one key: all power of a key is in bin 0."""
        keys = [float(self.r.randrange(1, 9)) for _ in range(600)]
        x = [self.r.uniform(-1, 1) for _ in keys]
        want, _, _ = oracle.keyed_windows([x, keys], 1, 16, 8, 5)
        path = self.csv("in.csv", [x, keys], ["x", "key"])
        names, got = oracle.read_csv(self.call(
            "run", f"csv file={path} frame=50 ! key by=key max=5 ! window size=16 hop=8 ! rfft ! magnitude ! "
            "csv").stdout.decode())
        self.assertEqual((names, len(got[0])), (["x", "key"], 9 * len(want)))
        for k, rows in enumerate(want):
            for row, values in zip(got, rows):
                self.near_all(row[9 * k:9 * k + 9], [abs(sum(
                    v * cmath.exp(-2j * math.pi * b * i / 16) for i, v in enumerate(values)))
                    for b in range(9)], 1e-12, k)

    def test_a_key_that_goes_and_a_window_that_is_full_with_one_sample(self):
        """Each sample evicts a key and ends a window, and there is room for one frame at a time."""
        keys = [float(k) for k in range(500)]
        for size in (1, 2):
            want = oracle.keyed_windows([keys, keys, keys], 1, size, size, 3)
            self.assertEqual(self.frames([keys] * 3, f"frame=500 ! key by=key max=3 ! window size={size}",
                                         size, ("--batch", "1")), want)
            self.assertEqual(len(want[0]), 500)

    def test_stages_behind_them_know_the_keys(self):
        keys, (x, y) = self.stream(600, 30)
        want, _, _ = oracle.keyed_windows([x, keys, y], 1, 8, 8, 20)
        flat = [sum((f[r] for f in want), []) for r in range(3)]
        flat[0] = oracle.by_life(oracle.lives_of(flat[1], 20)[0], flat[0], lambda v: oracle.ewma(v, 0.25))
        got, _, _ = self.frames([x, keys, y], "frame=99 ! key by=key max=20 ! window size=8 ! "
                                "ewma alpha=0.25 on=x", 8)
        self.assertEqual([sum((f[r] for f in got), []) for r in range(3)], flat)


class Refusals(oracle.Case):
    def test_where_the_first_sample_may_be_gone_a_frame_has_no_time(self):
        path = self.path("in.csv", "t,id,price\n1,1,2\n2,3,4\n")
        key = "key by=id max=9 ttl=5s ! "
        for rate in (0, 1):
            source = f"csv file={path} columns=id,price time=t rate={rate} ! "
            for words, refused in (("where channel=price min=3 ! " + key, "ttl: the stream has neither"),
                                   ("diff on=price ! " + key, "ttl: the stream has neither"),
                                   (key + "diff ! ", "ewma: samples are missing before it"),
                                   (key, None)):
                done = self.call("run", source + words + "ewma span=3 ! null")
                bad = refused is not None and rate == 0
                self.assertEqual(done.returncode, 2 if bad else 0, done.stderr)
                self.assertRegex(done.stderr.decode(), refused if bad else "^$")

    def test_what_a_plan_says(self):
        path = self.path("in.csv", "id,price\n1,2\n3,4\n")
        source = f"csv file={path} ! "
        for words, value, pattern in (
                ("key by=di max=9 ! null", "di", "by: unknown channel 'di'; did you mean 'id'"),
                ("key by=id max=0 ! null", "0", "max: 0 is out of range: 1 to 16777216"),
                ("key by=id max=9 ttl=5s ! null", "5s", "neither times nor a rate, .* time=, or give"),
                ("key by=id max=9 ttl=5s time=when ! null", "when", "time: unknown channel 'when'"),
                ("key by=id max=9 ttl=5s time=id ! null", "id ! ", "time: id is the key"),
                ("key by=id max=9 time=price ! null", "price", "time: ttl= alone looks at it"),
                ("cast type=f32 ! key by=id max=9 ttl=5s time=price ! null", "price",
                 "time: price is f32, which holds no times"),
                ("key by=id max=9 ttl=5s time=price ! select channels=id ! welford ! null", None,
                 "welford: the times are gone: 'price' is no channel"),
                ("key by=id max=9 ttl=5s time=price ! welford on=price ! null", "price ! null",
                 "on: price holds the times of the stream and passes untouched"),
                ("key by=id max=9 ttl=5s time=price ! welford ! null", None,
                 "beside the key 'id' and its times"),
                ("key by=id max=9 ! rolling size=5ms ! null", "5ms",
                 "size: a duration needs a rate, and the samples of one id have none: give a count"),
                ("key by=id max=9 on=id ! null", "id ! ", "moves whole frames"),
                ("key by=id max=9 ! transpose ! null", None, "transpose: .* put it before `key`"),
                ("key by=id max=9 ! window size=5ms ! null", "5ms", "the samples of one id have none"),
                ("key by=id max=16M ! window size=100k ! null", None, "or max= of key"),
                ("key by=id max=9 ! ewma span=3 on=id ! null", "id ! null", "id is the key"),
                ("key by=id max=9 ! imbalance on=price bid=1 bid-size=1 ask=1 ask-size=1 ! null",
                 None, "gives other channels than it takes"),
                ("key by=id max=9 ! select channels=price ! diff ! null", None, "the keys are gone"),
                ("select channels=id ! key by=id max=9 ! scale ! null", None, "no channel beside"),
                ("key by=id max=9 ! tee name=t ! j.; t. ! j.; join name=j how=add ! null", None,
                 "would add the keys in 'id' to each other"),
                ("key by=id max=9 ! tee name=t ! j.; t. ! j.; join name=j how=asof time=price ! null",
                 None, "the latest sample of any id; put it before `key`"),
                ("key by=id max=16M ! rolling size=100k ! null", None, "or max= of key")):
            done = self.call("run", source + words)
            said = done.stderr.decode().splitlines()[0]
            self.assertEqual(done.returncode, 2, said)
            self.assertRegex(said, pattern)
            if value is not None:
                column = len(source) + (source + words)[len(source):].rindex("=" + value) + 2
                self.assertTrue(said.startswith(f"leat: pipeline:1:{column}: "), (column, said))


if __name__ == "__main__":
    oracle.main()
