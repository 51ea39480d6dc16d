#!/usr/bin/env python3
"""The examples, run as their comments say and compared with an independent computation.

    test_examples.py LEAT EMBED EXAMPLES        EXAMPLES: the folder of the pipeline files
"""
import bisect
import csv
import json
import math
import operator
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "golden"))
import bars  # noqa: E402
import books  # noqa: E402
import feeds_oracle as feeds  # noqa: E402
import formats  # noqa: E402
import oracle  # noqa: E402


class Example(oracle.Case):
    def run_example(self, name, **sets):
        words = [word for item in sets.items() for word in ("--set", "%s=%s" % item)]
        return self.good("-f", os.path.join(self.examples, name), *words, cwd=self.folder)

    def wobble(self, n, seed=1):
        """Whole numbers from 0 to 999, without a library's generator."""
        out = []
        for _ in range(n):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            out.append(seed >> 8 & 1023)
        return [v * 999 // 1023 for v in out]


class Trades(Example):
    def scores(self, path):
        with open(path, encoding="ascii") as file:
            names, columns = oracle.read_csv(file.read())
        self.assertEqual(len(columns), 1)
        return names[0], columns[0]

    def check(self, prices, name, last=64, **sets):
        out = self.path("scores.csv")
        self.assertEqual(self.run_example("trades.leat", **sets), "")
        got_name, got = self.scores(out)
        self.assertEqual(got_name, name)
        self.near_all(got, oracle.rolling(oracle.logreturn(prices), last))

    def prices(self, n):
        price, out = 10_000, []
        for step in self.wobble(n):
            price += step % 13 - (7 if price > 10_000 else 5)
            out.append(price / 100)
        return out

    def test_generated(self):
        """By the defaults that the file's `let` lines give."""
        for n in (2, 3, 64, 66, 5000):
            prices = self.prices(n)
            self.csv("trades.csv", [range(n), prices, self.wobble(n, 7)], ["time", "price", "size"])
            self.check(prices, "price")

    def test_size_and_number_of_the_column(self):
        prices = self.prices(1500)
        path = self.csv("bare.csv", [range(1500), prices])
        for size in (2, 20, 2000):
            self.check(prices, "c2", size, file=path, price=2, size=size)

    def test_flat_prices(self):
        """No move at all is a score of zero, not of 0 / 0."""
        path = self.csv("flat.csv", [[7.25] * 200 + [7.5] + [7.25] * 200], ["price"])
        self.check([7.25] * 200 + [7.5] + [7.25] * 200, "price", file=path)

    def test_real_trades(self):
        path = oracle.data("market", "lean", "bac_trade_20131009.csv")
        with open(path, encoding="ascii", newline="") as file:
            prices = [float(row[1]) for row in csv.reader(file)]
        self.assertEqual(len(prices), 122_832)
        self.check(prices, "c2", file=path, price=2)


class Branches(Example):
    def check(self, prices, last, **sets):
        stats = json.loads(self.run_example("branches.leat", size=last, **sets))
        with open(self.path("scored.csv"), encoding="ascii") as file:
            names, (price, score) = oracle.read_csv(file.read())
        self.assertEqual(names, ["price", "price.2"])
        self.assertEqual(price, prices[1:])
        self.near_all(score, oracle.rolling(oracle.logreturn(prices), last))
        self.assertEqual([c["count"] for c in stats["channels"]], [len(prices) - 1] * 2)
        self.assertEqual([c["max"] for c in stats["channels"]], [max(price), max(score)])

    def test_generated(self):
        """Frames of 1024 trades: the lengths lie about their borders."""
        for n in (2, 1024, 1025, 1026, 5000):
            prices = [100 + v / 8 for v in self.wobble(n)]
            self.csv("trades.csv", [prices], ["price"])
            self.check(prices, 64)


class Quotes(Example):
    def check(self, trades, quotes, old, /, **sets):
        """Rows of (time, …), in order: the latest quote by bisection."""
        self.assertEqual(self.run_example("quotes.leat", **sets), "")
        with open(self.path("beside.csv"), encoding="ascii") as file:
            names, columns = oracle.read_csv(file.read())
        self.assertEqual(names, ["time", "price", "size", "time.2", "bid", "ask"])
        times, want = [quote[0] for quote in quotes], []
        for trade in trades:
            at = bisect.bisect_right(times, trade[0]) - 1
            known = at >= 0 and trade[0] - times[at] <= old
            want.append(list(trade) + (list(quotes[at]) if known else [math.nan] * 3))
        self.assertEqual(list(map(repr, map(list, zip(*columns)))), list(map(repr, want)))
        return want

    def ticks(self, n, seed, most):
        time, out = 34_200_000.0, []
        for wait, value in zip(self.wobble(n, seed), self.wobble(n, seed + 1)):
            time += wait % most
            out.append((time, 100 + value / 8, 1.0 + value % 7))
        return out

    def test_generated(self):
        for trades, quotes, most in ((1, 1, 3), (3000, 50, 2), (50, 3000, 9), (1500, 1500, 700)):
            trades, quotes = self.ticks(trades, 1, most), self.ticks(quotes, 2, 3 * most)
            self.csv("trades.csv", zip(*trades), ["when", "price", "size"])
            self.csv("quotes.csv", zip(*quotes))
            self.check(trades, quotes, 250, trade="when,price,size", old="250ms")

    def test_real_trades_and_quotes(self):
        files = [oracle.data("market", "lean", name) for name in (
            "bac_trade_20131009.csv", "ibm_quote_20131011_first40000.csv")]
        rows = []
        for path in files:
            with open(path, encoding="ascii") as file:
                rows.append([tuple(map(float, row[:3])) for row in csv.reader(file)])
        want = self.check(rows[0], rows[1], 5000, file=files[0], quotes=files[1])
        known = sum(row[3] == row[3] for row in want)
        self.assertTrue(0 < known < len(want))


class Symbols(Example):
    def check(self, symbols, prices, most, span, **sets):
        """Each symbol by itself, as if there were no others; here none is ever evicted."""
        self.assertEqual(self.run_example("symbols.leat", max=most, span=span, **sets), "")
        with open(self.path("returns.csv"), encoding="ascii") as file:
            names, (symbol, price, smooth) = oracle.read_csv(file.read())
        self.assertEqual(names, ["symbol", "price", "return"])
        want = [None] * len(prices)
        for one in set(symbols):
            own = [i for i, s in enumerate(symbols) if s == one]
            returns = oracle.logreturn([prices[i] for i in own])
            for i, value in zip(own[1:], oracle.ewma(returns, 2 / (span + 1))):
                want[i] = value
        kept = [i for i, value in enumerate(want) if value is not None]
        self.assertEqual(symbol, [symbols[i] for i in kept])
        self.assertEqual(price, [prices[i] for i in kept])
        self.near_all(smooth, [want[i] for i in kept], 1e-15)

    def test_generated(self):
        for n, symbols_n in ((2, 1), (1500, 7), (5000, 700)):
            symbols = [(v * 31 + i) % symbols_n + 1 for i, v in enumerate(self.wobble(n))]
            prices = [100 + v / 8 for v in self.wobble(n, 3)]
            path = self.csv("ticks.csv", [prices, symbols], ["price", "symbol"])
            self.check(symbols, prices, "1k", 20, file=path)
            self.check(symbols, prices, symbols_n, 3, file=path)


class Audio(Example):
    def stack(self, path):
        descr, fortran, shape, values = oracle.read_npy(path)
        self.assertEqual((fortran, len(shape)), (False, 3))
        frames, channels, size = shape
        rows = [values[at:at + size] for at in range(0, len(values), size)]
        return descr, [rows[f * channels:(f + 1) * channels] for f in range(frames)]

    def check(self, channels, kind, tolerance, window=(1024, 512), **sets):
        """channels: samples in [-1, 1), exact in f32 and so in f64."""
        self.assertEqual(self.run_example("audio.leat", type=kind, **sets), "")
        descr, got = self.stack(self.path("windows.npy"))
        self.assertEqual(descr, {"f32": "<f4", "f64": "<f8"}[kind])
        want = oracle.windows(channels, *window)
        self.assertEqual(len(got), len(want))
        for frame, (rows, expected) in enumerate(zip(got, want)):
            self.assertEqual(len(rows), len(channels))
            for row, samples in zip(rows, expected):
                self.near_all(row, oracle.zscore(samples), tolerance, f"window {frame}")

    def test_generated(self):
        for n in (1, 1000, 1024, 1025, 5000):
            left = [v * 60 - 30_000 for v in self.wobble(n, 3)]
            right = [int(20_000 * math.sin(i / 11)) for i in range(n)]
            right[:600] = [0] * len(right[:600])  # silence
            oracle.write_wav(self.path("audio.wav"), [left, right], 2)
            channels = [[v / 32768 for v in x] for x in (left, right)]
            self.check(channels, "f64", 1e-12)
            self.check(channels, "f32", 1e-6)

    def test_silence_is_zeros(self):
        path = oracle.write_wav(self.path("audio.wav"), [[1234] * 4096], 2)
        self.run_example("audio.leat", file=path)
        for (row,) in self.stack(self.path("windows.npy"))[1]:
            self.assertEqual(set(map(str, row)), {"0.0"})

    def test_durations(self):
        x = [v * 2 ** 13 - 2 ** 22 for v in self.wobble(3000)]
        path = oracle.write_wav(self.path("in.wav"), [x], 3, rate=16000)
        self.check([[v / 2 ** 23 for v in x]], "f64", 1e-12, (400, 160), file=path, size="25ms",
                   hop="10ms")

    def test_real_speech(self):
        path = oracle.data("signals", "jfk.wav")
        rate, (x,) = oracle.read_wav(path)
        self.assertEqual((rate, len(x)), (16000, 176_000))
        self.check([[v / 32768 for v in x]], "f64", 1e-12, file=path)
        self.check([[v / 32768 for v in x]], "f32", 1e-6, file=path)


class Voices(Example):
    """The sign of a singular vector is free, so the sizes of coordinates are what is compared."""
    RANK = 4

    def spectra(self, samples):
        """Windows of 256, 128 apart, by sums of sines and cosines."""
        turns = [(math.cos(2 * math.pi * k / 256), math.sin(2 * math.pi * k / 256))
                 for k in range(256)]
        out = []
        for (window,) in oracle.windows([samples], 256, 128):
            x = [v * (0.5 - 0.5 * turns[i][0]) for i, v in enumerate(window)]
            out.append([math.hypot(sum(v * turns[k * i % 256][0] for i, v in enumerate(x)),
                                   sum(v * turns[k * i % 256][1] for i, v in enumerate(x)))
                        for k in range(129)])
        return out

    @staticmethod
    def directions(rows, rank):
        """Eigenvectors of A'A by orthogonal iteration, in lists."""
        square = [[sum(map(operator.mul, x, y)) for y in zip(*rows)] for x in zip(*rows)]
        basis = [[math.cos((i + 1) * (j + 1)) for i in range(129)] for j in range(rank + 4)]
        for _ in range(60):
            for j, v in enumerate(basis):
                v = [sum(map(operator.mul, row, v)) for row in square]
                for _ in range(2):
                    for other in basis[:j]:
                        by = sum(map(operator.mul, v, other))
                        v = [a - by * b for a, b in zip(v, other)]
                size = math.sqrt(sum(map(operator.mul, v, v)))
                basis[j] = [a / size for a in v]
        return basis[:rank]

    def voice(self, name, tones, n=3000):
        samples = [round(sum(a * math.sin(f * i + i * i * w) for a, f, w in tones))
                   for i in range(n)]
        return oracle.write_wav(self.path(name), [samples], 2), [v / 32768 for v in samples]

    def check(self, got, want):
        self.assertEqual(len(got), len(want))
        most = max(max(map(abs, row)) for row in want)
        for row, expected in zip(got, want):
            for g, w in zip(row, expected):
                self.assertLessEqual(abs(abs(g) - abs(w)), 1e-8 * most)

    def test_coordinates(self):
        reference, x = self.voice("reference.wav", [(9000, 0.3, 1e-5), (4000, 0.9, 1e-5),
                                                    (2000, 1.7, 0), (900, 2.6, 0)])
        audio, y = self.voice("audio.wav", [(7000, 0.35, 0), (3000, 1.7, 1e-5)], 2000)
        basis = self.directions(self.spectra(x), self.RANK)
        want = [[sum(map(operator.mul, row, v)) for v in basis] for row in self.spectra(y)]
        self.assertEqual(self.run_example("directions.leat", file=reference), "")
        self.assertEqual(self.run_example("voices.leat", file=audio), "")
        with open(self.path("coordinates.csv"), encoding="ascii") as file:
            names, columns = oracle.read_csv(file.read())
        self.assertEqual(names, ["p1", "p2", "p3", "p4"])
        self.check(list(zip(*columns)), want)
        program = os.path.join(os.path.dirname(self.embed_program), "voices")
        done = subprocess.run([program, reference, audio], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.check([list(map(float, line.split(","))) for line in done.stdout.splitlines()], want)
        for words, status in ((["/nowhere/in", audio], 1), ([audio], 2)):
            done = subprocess.run([program, *words], capture_output=True, text=True, timeout=120,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout), (status, ""))


class Sensors(Example):
    def check(self, text, names, columns, **sets):
        result = json.loads(text)
        self.assertEqual([c["name"] for c in result["channels"]], names)
        self.assertEqual(result["frames"], -(-len(columns[0]) // 1024))
        for channel, values in zip(result["channels"], columns):
            finite = [v for v in values if v == v]
            self.near_stats(channel, finite)
            self.assertEqual(channel.get("nonfinite", 0), len(values) - len(finite))

    def test_generated(self):
        n = 2500
        x, y = [v / 7 for v in self.wobble(n, 5)], [1e6 + v / 1000 for v in self.wobble(n, 6)]
        self.csv("sensors.csv", [[i / 100 for i in range(n)], x, y], ["t", "x (g)", "y"])
        self.check(self.run_example("sensors.leat"), ["x (g)", "y"], [x, y])
        self.assertEqual(self.run_example("sensors.leat", out=self.path("out.json")), "")
        with open(self.path("out.json"), encoding="utf-8") as file:
            self.check(file.read(), ["x (g)", "y"], [x, y])

    def test_missing_and_broken(self):
        lines = ["t,a,b"] + [f"{i},{i},{-i}" for i in range(50)]
        lines[11], lines[21], lines[31] = "10,,-10", "20,x,-20", "30,1"
        self.path("sensors.csv", "\n".join(lines) + "\n")
        a = [float(i) for i in range(50) if i not in (20, 30)]
        b = [-v for v in a]
        a[a.index(10.0)] = math.nan
        self.check(self.run_example("sensors.leat"), ["a", "b"], [a, b])

    def test_real_log(self):
        path = oracle.data("signals", "imu_sensor_data.csv")
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        columns = [[float(row[c]) for row in rows[1:]] for c in range(1, len(rows[0]))]
        self.assertEqual((len(columns), len(columns[0])), (9, 13_514))
        text = self.run_example("sensors.leat", file=path, time="Time (s)")
        self.check(text, rows[0][1:], columns)


class Beats(Example):
    def beats(self, **sets):
        """Times in seconds; the run says how many."""
        said = json.loads(self.run_example("beats.leat", **sets))["channels"][0]
        with open(self.path("beats.csv"), encoding="ascii") as file:
            names, (times, since) = oracle.read_csv(file.read())
        self.assertEqual((names, said["name"], said["count"]), (["time", "since"], "time",
                                                                len(times)))
        self.near_all(since[1:], [b - a for a, b in zip(times, times[1:])], 1e-9)
        return times

    def near_each(self, times, wanted, most):
        """A beat within 150 ms of each wanted one, and few others."""
        for want in wanted:
            at = bisect.bisect(times, want - 0.15)
            self.assertTrue(at < len(times) and times[at] < want + 0.15, want)
        self.assertLessEqual(len(times), len(wanted) + most)

    def test_generated(self):
        """Pulses of 60 ms on a slow wave, the first after the statistics have filled."""
        at = list(range(900, 9000, 271))
        signal = [round(60 * math.sin(i / 90)) for i in range(9200)]
        for start in at:
            for i in range(22):
                signal[start + i] += 500 - abs(i - 11) * 45
        for name, content in formats.wfdb_files("100", [[0] * len(signal), signal]).items():
            self.path(name, content)
        times = self.beats(lead="V5", samples=len(signal))
        self.near_each(times, [start / 360 for start in at[1:]], 0)

    def test_real(self):
        """The beats that were marked by hand: what stands beside the record."""
        path = oracle.data("signals", "ecg", "100.hea")
        with open(oracle.data("signals", "ecg", "100.atr"), "rb") as file:
            marked = formats.read_beats(file.read())
        self.assertEqual(len(marked), 2273)
        times = self.beats(file=path)
        self.near_each(times, [t / 360 for t in marked], 1)


class Bars(Example):
    def check(self, trades, unit="s", every=60, ticks=100, volume=10 ** 4, dollars=10 ** 6, **sets):
        """trades: (time, price, size) of doubles."""
        self.assertEqual(self.run_example("bars.leat", unit=unit, every=f"{every}s", ticks=ticks,
                                          volume=volume, dollars=dollars, **sets), "")
        for name, by, most in (("time", "every", every * 10 ** 9), ("tick", "ticks", ticks),
                               ("volume", "volume", volume), ("dollar", "dollars", dollars)):
            want, _, _ = bars.bars(trades, True, by, most, unit)
            with open(self.path(f"{name}_bars.csv"), encoding="ascii") as file:
                names, got = oracle.read_csv(file.read())
            self.assertEqual(names, ["time", "open", "high", "low", "close", "volume", "count"])
            self.assertEqual(got, [list(map(float, row)) for row in want], name)
            self.assertEqual(sum(got[6]), len(trades))

    def test_generated(self):
        waits, moves, sizes = (self.wobble(4000, seed) for seed in (3, 4, 5))
        time, trades = 34200.0, []
        for wait, move, size in zip(waits, moves, sizes):
            time += wait / 64
            trades.append((time, 50 + move / 8, 1.0 + size))
        self.csv("trades.csv", zip(*trades), ["time", "price", "size"])
        self.check(trades)
        self.check(trades, every=7, ticks=3, volume=1, dollars=10 ** 9)

    def test_real_trades(self):
        path = oracle.data("market", "lean", "bac_trade_20131009.csv")
        with open(path, encoding="ascii") as file:
            trades = [tuple(map(float, line.split(",")[:3])) for line in file]
        self.check(trades, "ms", 60, 500, 10 ** 6, 10 ** 11, file=path, columns="1,2,3")


class OrderFlow(Example):
    """Two pipelines over the orders of a day, of one symbol."""

    def day(self, path, symbol):
        """(timestamps, the best levels after each message of the symbol)"""
        with open(path, "rb") as file:
            decoded = list(map(feeds.itch_decode, feeds.itch_split(file.read())))
        locate = next(m["locate"] for m in decoded
                      if m.get("symbol", (b"",))[0].strip() == symbol.encode())
        names = books.FORMS["itch"][2]
        chosen = [m for m in decoded if m["locate"] == locate]
        messages = [{n: feeds.cell(m.get(n), False) for n in names} for m in chosen]
        return [m["timestamp"][0] for m in chosen], books.rebuild("itch", messages)[0]

    def days(self):
        feeds.write_day(self.folder)
        yield self.path("day.itch"), "ABCD"
        yield self.path("day.itch"), "WXYZ"
        try:
            yield oracle.data("market", "itch50_ARTIFICIAL_ritch.itch"), "BOB"
        except unittest.SkipTest:
            pass

    def test_imbalance(self):
        for path, symbol in self.days():
            times, (bid, bids, _, ask, asks, _) = self.day(path, symbol)
            self.run_counting("imbalance.leat", file=path, symbol=symbol, size=50)
            with open(self.path("imbalance.csv"), encoding="ascii") as file:
                names, (time, mean) = oracle.read_csv(file.read())
            self.assertEqual((names, time), (["timestamp", "imbalance"], list(map(float, times))))
            flows = bars.imbalance(zip(bid, bids, ask, asks), lambda x: x == feeds.NONE)
            want = oracle.rolling(list(map(float, flows)), 50, "mean")
            self.near_all(mean, want, 1e-12)

    def run_counting(self, name, **sets):
        """What was counted of the data is said on stderr."""
        words = [word for item in sets.items() for word in ("--set", "%s=%s" % item)]
        done = self.call("run", "-f", os.path.join(self.examples, name), *words, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)

    def latest(self, *words):
        program = os.path.join(os.path.dirname(self.embed_program), "latest")
        return subprocess.run([program, *words], capture_output=True, text=True, timeout=120,
                              check=False)

    def test_bbo(self):
        """After the run the newest frame is the last one; its last sample is the day's last."""
        out = self.path("bbo")
        for path, symbol in self.days():
            times, (bid, bids, _, ask, asks, _) = self.day(path, symbol)
            for frame in (16, 7):
                self.run_counting("bbo.leat", file=path, symbol=symbol, out=out, frame=frame)
                done = self.latest(out)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(done.stdout.splitlines(), [
                    "frame,timestamp,bid1_price,bid1_size,ask1_price,ask1_size",
                    f"{done.stdout.split()[1].split(',')[0]},{times[-1]},{bid[-1]},{bids[-1]},"
                    f"{ask[-1]},{asks[-1]}"])
        for content in (b"", b"x", bytes(4096)):
            done = self.latest(self.path("other", content))
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("not a file of `latest`", done.stderr)
        for words in ([], [out, "0"], [out, "1x"], [out, "nan"], [out, "1", "2"]):
            self.assertEqual(self.latest(*words).returncode, 2, words)

    def test_a_writer_that_was_killed(self):
        """It left no word of an end: the reader stops by itself, and says why."""
        out = self.path("killed")
        writer = subprocess.Popen([self.leat, "run", f"csv file=- frame=1 ! latest file={out}"],
                                  stdin=subprocess.PIPE)
        try:
            writer.stdin.write(b"x\n5\n7\n")
            writer.stdin.flush()
            for _ in range(1000):
                seen = self.latest(out, "0.01").stdout
                if seen == "frame,x\n1,7\n":
                    break
        finally:
            writer.kill()
            writer.communicate()
        done = self.latest(out, "0.2")
        self.assertEqual((done.returncode, done.stdout), (1, "frame,x\n1,7\n"))
        self.assertEqual(done.stderr, f"latest: {out}: nothing new for 0.2 s, and the run has not "
                                      "ended: was it killed?\n")


class Embed(Example):
    LINE = re.compile(r"(\w+): (\d+) scores, (\d+) beyond 3, largest (\S+) at tick (\d+)")

    def prices(self, n, state):
        cents, out = 10_000, []
        for _ in range(n):
            state = (state * 6364136223846793005 + 1442695040888963407) & oracle.M64
            cents += (state >> 33 & 15) + (40 if state >> 48 & 127 == 0 else 0)
            cents -= 9 if cents > 10_000 else 6
            out.append(cents / 100)
        return out

    def embed(self, *words):
        return subprocess.run([self.embed_program, *words], capture_output=True, text=True,
                              timeout=120, check=False)

    def check(self, n):
        done = self.embed(str(n))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 2)
        for line, name, seed in zip(lines, ("oil", "gas"), (1, 2)):
            got_name, scores, alerts, largest, tick = self.LINE.fullmatch(line).groups()
            want = [abs(z) for z in oracle.rolling(oracle.logreturn(self.prices(n, seed)), 100)]
            self.assertEqual((got_name, int(scores)), (name, len(want)))
            self.assertEqual(int(alerts), sum(z > 3 for z in want))
            self.near(float(largest), max(want, default=0))
            if max(want, default=0) > 0:
                self.near(want[int(tick) - 1], max(want))

    def test_scores(self):
        for n in (0, 1, 2, 3, 64, 65, 129, 1000, 100_000):
            self.check(n)

    def test_default(self):
        self.assertEqual(self.embed().stdout, self.embed("100000").stdout)

    def test_mistakes(self):
        for words in (["x"], ["-1"], ["1", "2"], ["99999999999999999999"], [""], ["1x"]):
            done = self.embed(*words)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (2, "", "usage: embed [TICKS]\n"), words)


class Steer(Example):
    """examples/steer.c: the frames that it makes, by whole numbers and doubles alone."""

    def test_what_it_prints(self):
        program = os.path.join(os.path.dirname(self.embed_program), "steer")
        done = subprocess.run([program], capture_output=True, text=True, timeout=120, check=False)
        state, frames, value, first, loud = 3, 0, None, None, []
        for number in range(1000):
            samples = []
            for _ in range(8):
                state = (state * 6364136223846793005 + 1442695040888963407) & oracle.M64
                samples.append((state >> 40) / 2 ** 24 * 1000)
            if max(samples) > 990:
                loud.append(number)
                continue
            if first is None and number >= 500:
                first = number
            frames += 1
            for x in samples:
                x *= 0.1 if number >= 500 else 1
                value = x if value is None else value + 0.125 * (x - value)
        self.assertGreater(len(loud), 20)
        want = [f"limit: frame {number} at {number} ms: too loud" for number in loud[:3]]
        want += [f"volume: -20dB from frame {first} on",
                 f"{frames} frames, {len(loud)} rejected, the last average"]
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        said, average = done.stdout.rstrip("\n").rsplit(" ", 1)
        self.assertEqual(said.splitlines(), want)
        self.assertLess(abs(float(average) - value), 1e-14 * value)


class Files(Example):
    def test_every_pipeline_file_is_tested_and_parses(self):
        files = sorted(name for name in os.listdir(self.examples) if name.endswith(".leat"))
        self.assertEqual(files, ["audio.leat", "bars.leat", "bbo.leat", "beats.leat", "branches.leat",
                                 "directions.leat", "imbalance.leat", "market.leat", "quotes.leat",
                                 "sensors.leat", "symbols.leat", "trades.leat", "voices.leat"])
        with open(os.path.join(self.examples, "README.md"), encoding="utf-8") as file:
            text = file.read()
        for name in files:
            self.assertIn(f"`{name}`", text)
            done = self.call("run", "-f", os.path.join(self.examples, name), "--set",
                             "file=/nowhere/in")
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr.decode(), r"/nowhere/in(\.hea)?: cannot be read")


if __name__ == "__main__":
    oracle.main(("embed_program", "examples"))
