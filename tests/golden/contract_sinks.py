#!/usr/bin/env python3
"""The contract of text and numbers: sinks, and the statistics of a run.

    contract_sinks.py LEAT
"""
import json
import os
import random
import re
import struct

import oracle

TRICKY = [0.0, -0.0, 0.1, -0.1, 1 / 3, 1e22, 1e23, 5e-324, 2.2250738585072014e-308,
          1.7976931348623157e308, 2.0 ** 53, 2.0 ** 53 + 2, 123456789012345680.0,
          1e-4, 1e-5, 9.5e-5, 1e16, 1e17, 1e21, 299.85, 4.35, 0.3,
          2 / 3, 1e-7, 5e-7, 9007199254740993.0]


def doubles(n, seed=3):
    """Random bits: every exponent; and the tricky ones. None that is not finite."""
    r = random.Random(seed)
    values = [struct.unpack("<d", r.randbytes(8))[0] for _ in range(n)]
    values += [round(r.uniform(-1000, 1000), r.randrange(8)) for _ in range(n)]
    return TRICKY + [v for v in values if v - v == 0]


def digits_of(text):
    """The significant digits of a number's text."""
    mantissa = text.lower().split("e")[0].lstrip("-").replace(".", "")
    return mantissa.strip("0") or "0"


class Sink(oracle.Case):
    def npy(self, rows, descr="<f8", name="in.npy"):
        """A source that gives those rows."""
        values = [v for row in rows for v in row]
        return "npy file=" + self.path(name, oracle.npy_bytes((len(rows), len(rows[0])), values,
                                                              descr))


class Csv(Sink):
    """"The `csv` sink writes a header line of channel names and one line a sample, the shortest
    text that reads back the same bits."""

    def test_shortest_f64(self):
        x = doubles(3000)
        lines = self.good(self.npy([x]) + " ! csv").split("\n")
        self.assertEqual((lines[0], lines[-1]), ("ch1", ""))
        for text, value in zip(lines[1:-1], x, strict=True):
            self.assertEqual(struct.pack("<d", float(text)), struct.pack("<d", value), text)
            self.assertEqual(len(digits_of(text)), len(digits_of(repr(value))), (text, value))
            self.assertLessEqual(len(text), max(len(repr(value)), 17), (text, value))

    def test_shortest_f32(self):
        r = random.Random(5)
        x = [struct.unpack("<f", r.randbytes(4))[0] for _ in range(3000)]
        x += oracle.to_f32(TRICKY[:6])
        x = [v for v in x if v - v == 0]
        lines = self.good(self.npy([x], "<f4") + " type=f32 ! csv header=no").split()
        for text, value in zip(lines, x, strict=True):
            self.assertEqual(oracle.to_f32([float(text)]), [value], text)
            fewer = next(n for n in range(1, 10)
                         if oracle.to_f32([min(float(f"{value:.{n - 1}e}"), 3.4e38)
                                           if abs(value) < 3.4e38 else value])[0] == value)
            self.assertLessEqual(len(digits_of(text)), max(fewer, 1), (text, value))

    def test_header_and_lines(self):
        source = "csv file=" + self.path("in.csv", "price,size\n1.50,2\n-3e2,0.25\n")
        self.assertEqual(self.good(source + " ! csv"), "price,size\n1.5,2\n-300,0.25\n")
        self.assertEqual(self.good(source + " ! csv header=no delimiter=tab"),
                         "1.5\t2\n-300\t0.25\n")
        path = self.path("out.csv")
        self.assertEqual(self.good(f"{source} ! csv file={path}"), "")
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "price,size\n1.5,2\n-300,0.25\n")

    def test_reads_back(self):
        """Names with delimiters and quotes, numbers of any size: out, in and out is the same."""
        x = doubles(200)
        text = '"a,b","say ""x"""\n' + "".join(f"{v!r},1\n" for v in x)
        first = self.good("csv file=" + self.path("in.csv", text) + " ! csv")
        again = self.good("csv file=" + self.path("again.csv", first) + " ! csv")
        self.assertEqual(first, again)
        self.assertEqual(first.split("\n")[0], '"a,b","say ""x"""')

    def test_not_finite(self):
        source = "csv file=" + self.path("in.csv", "a\nnan\ninf\n-inf\nNaN\n-Infinity\n")
        self.assertEqual(self.good(source + " ! csv"), "a\nnan\ninf\n-inf\nnan\n-inf\n")


class Npy(Sink):
    """"the `npy` sink joins frames along samples (fortran_order for more than one channel, so that
    it streams), `stack=yes` writes [frames x channels x samples]."""

    def out(self, source, words=""):
        path = self.path("out.npy")
        self.good(f"{source} ! npy {words} file={path}")
        return oracle.read_npy(path)

    def test_joined(self):
        x, y = [float(i) for i in range(50)], [i / 7 for i in range(50)]
        for frame in (1, 7, 50, 1024):
            self.assertEqual(self.out(f"{self.npy([x])} frame={frame}"),
                             ("<f8", False, (50,), x))
            mixed = [v for pair in zip(x, y) for v in pair]
            self.assertEqual(self.out(f"{self.npy([x, y])} frame={frame}"),
                             ("<f8", True, (2, 50), mixed))

    def test_stacked(self):
        x, y = [float(i) for i in range(10)], [-float(i) for i in range(10)]
        want = [v for rows in oracle.cut([x + [0.0] * 2, y + [0.0] * 2], 4) for row in rows
                for v in row]  # a shorter last frame is padded with zeros
        for words in ("", "! window size=4"):
            self.assertEqual(self.out(f"{self.npy([x, y])} frame=4 {words}", "stack=yes"),
                             ("<f8", False, (3, 2, 4), want))
        self.assertEqual(self.out(f"{self.npy([x])} frame=5", "stack=yes"),
                         ("<f8", False, (2, 1, 5), x))

    def test_reads_back(self):
        rows = [[float(i * c) for i in range(100)] for c in (1, 2, 3)]
        path = self.path("joined.npy")
        self.good(f"{self.npy(rows)} frame=16 ! npy file={path}")
        want = self.good(self.npy(rows) + " ! digest")
        self.assertEqual(self.good(f"npy file={path} ! digest"), want)
        self.assertEqual(oracle.npy_channels(path), rows)

    def test_kinds(self):
        for kind, descr in (("f32", "<f4"), ("f64", "<f8"), ("i64", "<i8")):
            source = self.npy([[1, 2, 3]], "<i4") + " type=" + kind
            self.assertEqual(self.out(source), (descr, False, (3,), [1, 2, 3]))


class RawAndDigest(Sink):
    """"Rows are padded to 64 bytes in memory; `digest`, `raw` and `npy` see samples only. …
    `digest` writes {"frames":F,"bytes":B,"xxh64":"16 hex digits"} over the samples, frame by
    frame, row by row."""

    def test_digest(self):
        x, y = doubles(60), doubles(60, 4)
        n = min(len(x), len(y))
        rows = [x[:n], y[:n]]
        for frame in (1, 3, 7, 8, 9, 64, 100, 1024):
            text = self.good(f"{self.npy(rows)} frame={frame} ! digest")
            self.assertRegex(text, r'\A\{"frames":\d+,"bytes":\d+,"xxh64":"[0-9a-f]{16}"\}\n\Z')
            self.assertEqual(json.loads(text), oracle.digest_of(oracle.cut(rows, frame)))

    def test_digest_of_every_kind(self):
        x = list(range(-50, 51))
        for kind, code in (("f32", "f"), ("f64", "d"), ("i64", "q")):
            got = self.json(f"{self.npy([x], '<i4')} type={kind} frame=13 ! digest")
            self.assertEqual(got, oracle.digest_of(oracle.cut([x], 13), code))

    def test_digest_sees_one_bit(self):
        x = doubles(500)
        before = self.json(self.npy([x]) + " ! digest")
        for at in (0, len(x) // 2, len(x) - 1):
            bits = struct.unpack("<Q", struct.pack("<d", x[at]))[0] ^ 1
            changed = x[:at] + [struct.unpack("<d", struct.pack("<Q", bits))[0]] + x[at + 1:]
            after = self.json(self.npy([changed]) + " ! digest")
            self.assertNotEqual(before["xxh64"], after["xxh64"])

    def test_every_nan_is_one(self):
        digests = set()
        for bits in (0x7ff8000000000000, 0xfff8000000000000, 0x7ff8000000000123):
            path = self.path("nan.raw", struct.pack("<dQd", 1.0, bits, 2.0))
            digests.add(self.good(f"raw file={path} type=f64 ! digest"))
        self.assertEqual(len(digests), 1)
        self.assertEqual(json.loads(digests.pop())["xxh64"],
                         oracle.xxh64(struct.pack("<dQd", 1.0, 0x7ff8000000000000, 2.0)))

    def test_raw(self):
        x, y = doubles(10), doubles(10, 6)
        n = min(len(x), len(y))
        x, y = x[:n], y[:n]
        path = self.path("out.raw")
        mixed = [v for pair in zip(x, y) for v in pair]
        for frame in (1, 7, 1024):
            source = f"{self.npy([x, y])} frame={frame}"
            frames = [v for rows in oracle.cut([x, y], frame) for row in rows for v in row]
            for words, want in (("", mixed), ("layout=interleaved", mixed),
                                ("layout=planar", frames)):
                self.good(f"{source} ! raw file={path} {words}")
                with open(path, "rb") as file:
                    self.assertEqual(file.read(), struct.pack(f"<{2 * n}d", *want))
        for kind, code in (("f32", "f"), ("i64", "q")):
            self.good(f"{self.npy([[1, 2, 3]], '<i4')} type={kind} ! raw file={path}")
            with open(path, "rb") as file:
                self.assertEqual(file.read(), struct.pack(f"<3{code}", 1, 2, 3))


class Wav(Sink):
    def test_round_trip(self):
        for width, word in ((2, "pcm16"), (3, "pcm24"), (4, "pcm32")):
            top = 2 ** (8 * width - 1)
            rows = [[-top, -1, 0, 1, top - 1], [5, 4, 3, 2, 1]]
            source = oracle.write_wav(self.path("in.wav"), rows, width, rate=16000)
            path = self.path("out.wav")
            for words in ("type=f64", "type=i64"):
                self.good(f"wav file={source} {words} ! wav format={word} file={path}")
                self.assertEqual(oracle.read_wav(path), (16000, rows), words)

    def test_saturates(self):
        path = self.path("out.wav")
        values = [2.0, -2.0, 0.99999, 1.5 / 32768, 2.5 / 32768, -0.5 / 32768]
        self.good(f"{self.npy([values])} rate=8kHz ! wav format=pcm16 file={path}")
        self.assertEqual(oracle.read_wav(path), (8000, [[32767, -32768, 32767, 2, 2, 0]]))


class Stats(Sink):
    """"The `stats` sink writes one JSON object to stdout, or to `file=`: {"frames":F,"channels":
    [{"name":"price","count":N,"mean":…,"stddev":…,"min":…,"max":…}]}, stddev with n-1,
    17 significant digits."""
    SHAPE = re.compile(r'\A\{"frames":\d+,"channels":\[(\{"name":"[^"]*","count":\d+,"mean":N,'
                       r'"stddev":N,"min":N,"max":N\},?)+\]\}\n\Z'.replace(
                           "N", r"(null|-?\d+(\.\d+)?(e[+-]?\d+)?)"))

    def test_object(self):
        x, y = [299.85, 0.1, -7.0, 1 / 3], [1e9 + i for i in range(4)]
        source = "csv frame=3 file=" + self.csv("in.csv", [x, y], ["price", "size"])
        text = self.good(source + " ! stats")
        self.assertRegex(text, self.SHAPE)
        result = json.loads(text)
        self.assertEqual((result["frames"], [c["name"] for c in result["channels"]]),
                         (2, ["price", "size"]))
        for channel, values in zip(result["channels"], (x, y)):
            self.near_stats(channel, values, 1e-15)
        path = self.path("out.json")
        self.assertEqual(self.good(f"{source} ! stats file={path}"), "")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), text)

    def test_deviation_is_with_n_minus_1(self):
        channel = self.json(self.npy([[1.0, 2.0]]) + " ! stats")["channels"][0]
        self.assertEqual(channel["stddev"], 0.5 ** 0.5)
        channel = self.json(self.npy([[5.0]]) + " ! stats")["channels"][0]
        self.assertEqual((channel["count"], channel["mean"], channel["stddev"]), (1, 5, None))

    def test_17_digits(self):
        """Enough for every bit of a double: what is read back is the same number."""
        for value in oracle.some(doubles(40), 4):
            text = self.good(self.npy([[value, value]]) + " ! stats")
            self.assertRegex(text, self.SHAPE)
            channel = json.loads(text)["channels"][0]
            for key in ("min", "max", "mean"):
                self.assertEqual(channel[key], value, text)
            for number in re.findall(r'"(?:min|mean)":([^,}]+)', text):
                self.assertEqual(float(number), float(f"{value:.17g}"))
                self.assertTrue(len(digits_of(number)) <= 17)
                self.assertEqual(digits_of(number), digits_of(f"{value:.16e}"))

    def test_frames_do_not_show(self):
        x = [v for v in doubles(500) if abs(v) < 1e100]
        results = set()
        for frame in (1, 7, 100, 1024):
            result = self.json(f"{self.npy([x])} frame={frame} ! stats")
            self.assertEqual(result["frames"], -(-len(x) // frame))
            results.add(json.dumps(result["channels"]))
        self.assertEqual(len(results), 1)
        self.near_stats(result["channels"][0], x, 1e-14)

    def test_every_kind(self):
        x = [3, -1, 4, 1, -5]
        for kind in ("f32", "f64", "i64"):
            channel = self.json(f"{self.npy([x], '<i4')} type={kind} ! stats")["channels"][0]
            self.near_stats(channel, x, 1e-15)

    def test_missing_samples(self):
        """They are passed over and counted."""
        source = "csv file=" + self.path("in.csv", "a,b\n1,1\n,2\n3,inf\n")
        a, b = self.json(source + " ! stats")["channels"]
        self.assertEqual((a["count"], a["mean"], a["nonfinite"]), (2, 2, 1))
        self.assertEqual((b["count"], b["mean"], b["nonfinite"]), (2, 1.5, 1))


class Statistics(Sink):
    """"`--stats json` writes to stderr or `--stats-file` an object with frames, samples, seconds,
    allocations_after_seal, locks_after_seal, copied, reframed, dropped, rejected, and per stage and
    edge counts and nanoseconds (p50, p99, p99.9, max), and pool hit rates."""
    KEYS = ("frames", "samples", "seconds", "allocations_after_seal", "locks_after_seal", "copied",
            "reframed", "dropped", "rejected")
    NS = ("p50", "p99", "p99.9", "max")

    def of(self, *words):
        done = self.call("run", "--stats", "json", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stderr)

    def test_keys(self):
        # Stages are stamped on every 16th batch only: enough batches, so that each is.
        got = self.of("--workers", "2", "synth samples=1M channels=3 frame=500 ! zscore ! null")
        for key in self.KEYS:
            self.assertIn(key, got)
        self.assertEqual((got["frames"], got["samples"]), (2000, 3_000_000))
        self.assertGreater(got["seconds"], 0)
        for key in self.KEYS[3:]:
            self.assertIn(got[key], (0, None), key)  # null: a build that does not count them
        self.assertEqual([stage["name"] for stage in got["stages"]], ["synth", "zscore", "null"])
        for part, ns in ([(stage, "ns") for stage in got["stages"]]
                         + [(edge, "wait_ns") for edge in got["edges"]]):
            self.assertEqual(part["frames"], 2000)
            self.assertGreater(part[ns]["count"], 0)
            values = [part[ns][key] for key in self.NS]
            self.assertEqual(values, sorted(values))
        self.assertGreater(got["stages"][1]["ns"]["p50"], 0)
        self.assertEqual(len(got["edges"]), 1)
        self.assertGreater(len(got["pools"]), 0)
        for pool in got["pools"]:
            self.assertTrue(0 < pool["hit_rate"] <= 1)
            self.near(pool["hit_rate"], pool["hits"] / pool["claims"])

    def test_counts(self):
        path = self.path("in.csv", "a\n" + "1\n" * 10 + "x\n" + "2\n" * 9 + "nan\n")
        got = self.of(f"csv file={path} header=yes on-error=reject frame=5 ! zscore ! "
                      "where channel=a max=-1 ! null")
        # one row that is no number, one frame with a NaN; three frames of zeros from which nothing
        # is kept
        self.assertEqual((got["rejected"], got["dropped"]), (2, 3))
        got = self.of("synth samples=1k frame=100 ! window size=200 hop=100 ! null")
        self.assertEqual((got["reframed"], got["copied"]), (9, 0))

    def test_samples_lost(self):
        """What no window holds: the tail that is dropped, and the gaps of a hop above the size."""
        for words, lost in (("size=200 tail=drop", 30), ("size=200", 0), ("size=1031", 0),
                            ("size=1031 tail=drop", 1030), ("size=200 hop=100 tail=drop", 30),
                            ("size=200 hop=300", 300), ("size=200 hop=300 tail=drop", 430)):
            for frame in (1, 100, 1024):
                got = self.of(f"synth samples=1030 channels=2 frame={frame} ! window {words} ! null")
                self.assertEqual([stage["samples_lost"] for stage in got["stages"]],
                                 [0, 2 * lost, 0], words)
        path = self.path("in.csv", "a,b\n" + "1,2\n" * 10 + "nan,1\n" * 10)
        got = self.of(f"csv file={path} header=yes frame=10 ! zscore ! where channel=a min=9 ! null")
        self.assertEqual([stage["samples_lost"] for stage in got["stages"]], [0, 20, 20, 0])

    def test_where_it_goes(self):
        path = self.path("stats.json")
        text = self.good("--stats", "json", "--stats-file", path, "synth samples=10 ! digest")
        self.assertEqual(json.loads(text)["bytes"], 80)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["samples"], 10)
        self.assertEqual(sorted(os.listdir(self.folder)), ["stats.json"])


if __name__ == "__main__":
    oracle.main()
