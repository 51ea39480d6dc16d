#!/usr/bin/env python3
"""The contract of text and numbers: sources. Inputs are written by Python, results read by Python.

    contract_sources.py LEAT
"""
import csv
import io
import json
import random
import struct
import unittest

import oracle


class Oracle(unittest.TestCase):
    """The oracle itself, against published values."""

    def test_xxh64(self):
        for content, want in ((b"", "ef46db3751d8e999"), (b"a", "d24ec4f1a98c6e5b"),
                              (b"abc", "44bc2cf5ad770999"),
                              (b"Nobody inspects the spammish repetition", "fbcea83c8a378bf1")):
            self.assertEqual(oracle.xxh64(content), want)

    def test_moments(self):
        n, mean, deviation = oracle.moments([1.2] + [1.1, 1.3] * 500)  # NIST StRD NumAcc2
        self.assertEqual((n, round(mean, 14), round(deviation, 14)), (1001, 1.2, 0.1))
        self.assertEqual(oracle.zscore([1.0, 2.0, 1.0, 2.0]), [-1.0, 1.0, -1.0, 1.0])


class Frames(oracle.Case):
    """"A frame is [channels x samples] … frame= samples (default 1024; the last frame may be
    shorter, none is empty)."""

    def sources(self, n):
        """One of each kind, two channels of n samples 0, 1, …, as f64."""
        x = [float(i) for i in range(n)]
        pairs = [v for i in range(n) for v in (x[i], x[i])]
        return [
            "csv file=" + self.csv("in.csv", [x, x], ["a", "b"]),
            "npy file=" + self.path("in.npy", oracle.npy_bytes((2, n), x + x)),
            "raw type=f64 channels=2 file="
            + self.path("in.raw", struct.pack(f"<{2 * n}d", *pairs)),
            "wav type=f64 scale=no file=" + oracle.write_wav(self.path("in.wav"),
                                                             [list(range(n))] * 2, 2),
            f"synth kind=ramp channels=2 samples={n}",
        ]

    def test_default_and_last(self):
        for n, frames in ((1, 1), (1023, 1), (1024, 1), (1025, 2), (2048, 2), (3000, 3)):
            x = [float(i) for i in range(n)]
            want = oracle.digest_of(oracle.cut([x, x], 1024))
            self.assertEqual(want["frames"], frames)
            for source in self.sources(n):
                self.assertEqual(self.json(source + " ! digest"), want, source)

    def test_frame_parameter(self):
        n = 100
        x = [float(i) for i in range(n)]
        for size in oracle.some((1, 2, 7, 8, 9, 50, 99, 100, 101), 4):
            want = oracle.digest_of(oracle.cut([x, x], size))
            for source in self.sources(n):
                self.assertEqual(self.json(f"{source} frame={size} ! digest"), want, source)

    def test_no_samples_no_frames(self):
        for source in ("csv header=yes file=" + self.path("e.csv", "a,b\n"),
                       "npy file=" + self.path("e.npy", oracle.npy_bytes((2, 0), [])),
                       "raw type=f64 channels=2 file=" + self.path("e.raw", b"")):
            self.assertEqual(self.json(source + " ! digest"), oracle.digest_of([]), source)
            result = self.json(source + " ! stats")
            self.assertEqual((result["frames"], len(result["channels"])), (0, 2))
            for channel in result["channels"]:
                self.near_stats(channel, [])


class Types(oracle.Case):
    """"Every source takes type=f32|f64|i64 where it makes sense (csv and npy default f64; wav f32
    in [-1, 1), scale=no keeps the integers)."""

    def descr(self, source):
        path = self.path("out.npy")
        self.good(f"{source} ! npy file={path}")
        return oracle.read_npy(path)

    def test_kinds(self):
        x = [1, -2, 3]
        csv = "csv file=" + self.csv("in.csv", [x], ["a"])
        npy = "npy file=" + self.path("in.npy", oracle.npy_bytes((3,), x, "<i4"))
        wav = "wav scale=no file=" + oracle.write_wav(self.path("in.wav"), [[1, -2, 3]], 2)
        synth = "synth kind=ramp samples=3"
        for source, default in ((csv, "<f8"), (npy, "<f8"), (wav, "<f4"), (synth, "<f8")):
            want = [0, 1, 2] if source is synth else [1, -2, 3]
            for word, descr in (("", default), (" type=f32", "<f4"), (" type=f64", "<f8"),
                                (" type=i64", "<i8")):
                got = self.descr(source + word)
                self.assertEqual((got[0], got[3]), (descr, want), source + word)

    def test_i64_is_exact(self):
        """Order numbers and nanoseconds do not fit f64."""
        x = [2 ** 53 + 1, -2 ** 63, 2 ** 63 - 1, 1700000000123456789]
        text = "".join(f"{i}\n" for i in x)
        path = self.path("in.csv", "id\n" + text)
        self.assertEqual(self.good(f"csv file={path} type=i64 ! csv"), "id\n" + text)
        npy = self.path("in.npy", oracle.npy_bytes((4,), x, "<i8"))
        self.assertEqual(self.good(f"npy file={npy} type=i64 ! csv header=no"), text)
        channel = self.json(f"npy file={npy} type=i64 ! stats")["channels"][0]
        self.assertEqual((channel["min"], channel["max"]), (-2 ** 63, 2 ** 63 - 1))

    def test_csv_f32(self):
        """By way of the nearest f64."""
        words = ["0.1", "16777217", "16777219", "1.0000001788139344", "3.4028234e38", "1e-45",
                 "1e-300"]
        path = self.path("in.csv", "\n".join(["x"] + words) + "\n")
        self.assertEqual(self.descr(f"csv file={path} type=f32")[3],
                         oracle.to_f32(float(word) for word in words))

    def test_csv_is_correctly_rounded(self):
        r = random.Random(1)
        x = [struct.unpack("<d", r.randbytes(8))[0] for _ in range(3000)]
        x = [v for v in x if v - v == 0] + [0.1, 5e-324, 2.2250738585072014e-308, -0.0, 1e23]
        path = self.csv("in.csv", [x], ["x"])
        got = self.descr(f"csv file={path}")[3]
        self.assertEqual(struct.pack(f"<{len(x)}d", *got), struct.pack(f"<{len(x)}d", *x))
        halves = ["9007199254740993", "9007199254740992.99999999999999999999",
                  "9007199254740993.00000000000000000001", "1e-400", "+1.5", "1.", ".5", "1E2"]
        path = self.path("half.csv", "\n".join(["x"] + halves) + "\n")
        self.assertEqual(self.descr(f"csv file={path}")[3], [float(word) for word in halves])

    def test_wav_scaled(self):
        for width in (1, 2, 3, 4):
            top = 2 ** (8 * width - 1)
            x = [-top, 1 - top, -1, 0, 1, top // 3, top - 1]
            path = oracle.write_wav(self.path("in.wav"), [x], width)
            want = [v / top for v in x]
            self.assertEqual(self.descr(f"wav file={path} type=f64")[3], want)
            self.assertTrue(all(-1 <= v < 1 for v in want))
            below_one = 1 - 2 ** -24  # the largest f32 under 1: samples are in [-1, 1)
            self.assertEqual(self.descr(f"wav file={path}")[3],
                             [min(v, below_one) for v in oracle.to_f32(want)])
            for kind in ("f64", "i64"):
                self.assertEqual(self.descr(f"wav file={path} scale=no type={kind}")[3], x)

    def test_wav_channels(self):
        left, right = [1, 2, 3], [-1, -2, -3]
        path = oracle.write_wav(self.path("in.wav"), [left, right], 2)
        self.assertEqual(self.good(f"wav file={path} scale=no ! csv"),
                         "left,right\n1,-1\n2,-2\n3,-3\n")
        path = oracle.write_wav(self.path("three.wav"), [left] * 3, 2)
        self.assertTrue(self.good(f"wav file={path} scale=no ! csv").startswith("ch1,ch2,ch3\n"))

    def test_real_wav(self):
        path = oracle.data("signals", "jfk.wav")
        _, channels = oracle.read_wav(path)
        want = [v / 32768 for v in channels[0]]
        self.near_stats(self.json(f"wav file={path} ! stats")["channels"][0], want)
        self.assertEqual(self.descr(f"wav file={path}")[3], want)


class Csv(oracle.Case):
    """"`csv columns=price,3` takes header names or 1-based numbers, `header=yes|no|auto`."""
    TEXT = "time,price,size\n1,100.5,7\n2,101.25,8\n"
    BARE = "1,100.5,7\n2,101.25,8\n"

    def out(self, words, text=TEXT):
        return self.good(f"csv file={self.path('in.csv', text)} {words} ! csv")

    def test_columns(self):
        self.assertEqual(self.out(""), self.TEXT)
        self.assertEqual(self.out("columns=price,3"), "price,size\n100.5,7\n101.25,8\n")
        self.assertEqual(self.out("columns=3,price"), "size,price\n7,100.5\n8,101.25\n")
        self.assertEqual(self.out("columns=2", self.BARE).split("\n", 1)[1], "100.5\n101.25\n")
        self.assertEqual(self.out("columns=3,1 names=n,t", self.BARE), "n,t\n7,1\n8,2\n")
        self.assertEqual(self.out("columns=price names=id,price,size header=no", self.BARE),
                         "price\n100.5\n101.25\n")

    def test_columns_by_ranges_and_patterns(self):
        self.assertEqual(self.out("columns=2..3"), "price,size\n100.5,7\n101.25,8\n")
        self.assertEqual(self.out("columns=size,1..2"), "size,time,price\n7,1,100.5\n8,2,101.25\n")
        self.assertEqual(self.out("columns=*i*"), self.TEXT)
        self.assertEqual(self.out("columns=*ze,p????"), "size,price\n7,100.5\n8,101.25\n")
        self.assertEqual(self.out("columns=2..3 names=a,b", self.BARE), "a,b\n100.5,7\n101.25,8\n")
        self.assertEqual(self.out("columns=p* names=id,price,pace header=no", self.BARE),
                         "price,pace\n100.5,7\n101.25,8\n")
        text = "1..2,*,x\n1,2,3\n4,5,6\n"  # names come first
        self.assertEqual(self.out("columns=1..2", text), "1..2\n1\n4\n")
        self.assertEqual(self.out("columns=* header=yes", text), "*\n2\n5\n")
        # header=auto looks at the cells of the range alone, and a pattern needs a header
        self.assertEqual(self.out("columns=2..3", "day,1,2\nday,3,4\n"), "c2,c3\n1,2\n3,4\n")
        self.assertEqual(self.out("columns=1..2", "day,1,2\n0,3,4\n"), "day,1\n0,3\n")
        self.assertEqual(self.out("columns=d*", "day,1,2\n0,3,4\n"), "day\n0\n")

    def test_header(self):
        body = self.TEXT.split("\n", 1)[1]
        self.assertEqual(self.out("header=yes").split("\n", 1)[1], body)
        self.assertEqual(self.out("header=auto").split("\n", 1)[1], body)
        self.assertEqual(self.out("header=auto", self.BARE).split("\n", 1)[1], self.BARE)
        self.assertEqual(self.out("header=no", self.BARE).split("\n", 1)[1], self.BARE)
        self.assertEqual(self.out("header=yes", self.BARE), self.BARE)  # the first line names them
        self.assertEqual(self.out("header=auto columns=2", "1,p\n2,3\n"), "p\n3\n")

    def test_skip_delimiter_comment_time(self):
        text = "made by\na machine\nt;x\n# no\n1;2\n#no\n3;4\n"
        self.assertEqual(self.out("skip=2 delimiter=semicolon comment='#'", text),
                         "t,x\n1,2\n3,4\n")
        self.assertEqual(self.out("time=time"), "price,size\n100.5,7\n101.25,8\n")
        self.assertEqual(self.out("time=1 columns=1"), "time\n1\n2\n")

    def test_quotes_and_line_ends(self):
        text = '"a, b",c\r\n"1",2\r\n 3 ,"4"'
        path = self.path("in.csv", text)
        result = self.json(f"csv file={path} ! stats")
        self.assertEqual([c["name"] for c in result["channels"]], ["a, b", "c"])
        self.assertEqual([c["mean"] for c in result["channels"]], [2, 3])

    def test_row_ends(self):
        """CR, LF or both, also in one file, as Python's csv has them."""
        r = random.Random(2)
        for ends in (["\n"], ["\r"], ["\r\n"], ["\n", "\r", "\r\n"]):
            rows = [[str(r.randrange(99)) for _ in "abc"] for _ in range(3000)]
            cells = [[f'"{c}"' if r.random() < 0.1 else c for c in row] for row in rows]
            text = "".join(",".join(row) + r.choice(ends) for row in [["a", "b", "c"]] + cells)
            want = [list(map(str, row)) for row in csv.reader(io.StringIO(text, newline=""))]
            got = self.out("", text).split("\n")
            self.assertEqual([line.split(",") for line in got[:-1]], [row for row in want if row])

    def test_header_of_words_and_numbers(self):
        """header=auto looks at the cells that would be read."""
        text = "time,1,2\n2024-01-01,3,4\n"
        self.assertEqual(self.out("columns=2,3", text), "c2,c3\n1,2\n3,4\n")
        self.assertEqual(self.out("columns=3 header=yes", text), "2\n4\n")
        text = text.replace("2024-01-01", "100")
        self.assertEqual(self.out("", text), text)
        self.assertEqual(self.out("time=time columns=3", text), "2\n4\n")

    def test_as_many_columns_as_there_may_be(self):
        """Their names are told apart in time that grows with their number."""
        n = 65535
        head, row = ",".join("x" * n) + "\n", ",".join("1" * n) + "\n"
        got = self.out("frame=1", head + row).split("\n")
        self.assertEqual(got[0].split(",")[:3], ["x", "x_2", "x_3"])
        self.assertEqual(len(set(got[0].split(","))), n)
        self.assertEqual(got[1] + "\n", row)

    def test_rounding_at_the_ends(self):
        """What is too small is rounded; what is too large is no number (see bad_input)."""
        text = "a\n1e-400\n-1e-400\n2.5e-324\n2.4e-324\n1.7976931348623158e308\ninf\n"
        self.assertEqual(self.out("", text),
                         "a\n0\n-0\n5e-324\n0\n1.7976931348623157e308\ninf\n")
        self.assertEqual(self.out("type=f32", "a\n1e-46\n1e-45\n3.4e38\n-inf\n"),
                         "a\n0\n1e-45\n3.4e38\n-inf\n")

    def test_missing(self):
        text = "a,b\n1,\n,4\n5,6\n"
        self.assertEqual(self.out("", text), "a,b\n1,nan\nnan,4\n5,6\n")
        self.assertEqual(self.out("missing=nan", text), "a,b\n1,nan\nnan,4\n5,6\n")
        self.assertEqual(self.out("missing=reject", text), "a,b\n5,6\n")

    def test_standard_input(self):
        self.assertEqual(self.good("csv file=- ! csv", input=self.TEXT.encode()), self.TEXT)


class Npy(oracle.Case):
    """"The `npy` source reads [samples], [channels x samples] or [frames x channels x samples]."""

    def read(self, shape, values, words="", **more):
        path = self.path("in.npy", oracle.npy_bytes(shape, values, **more))
        names, columns = oracle.read_csv(self.good(f"npy file={path} {words} ! csv"))
        self.assertEqual(names, [f"ch{i + 1}" for i in range(len(names))])
        digest = self.json(f"npy file={path} {words} ! digest")
        return columns, digest

    def test_shapes(self):
        x = [i + 0.5 for i in range(24)]
        self.assertEqual(self.read((24,), x), ([x], oracle.digest_of([[x]])))
        rows = [x[:12], x[12:]]
        self.assertEqual(self.read((2, 12), x), (rows, oracle.digest_of([rows])))
        mixed = [v for pair in zip(*rows) for v in pair]  # Fortran order
        self.assertEqual(self.read((2, 12), mixed, fortran=True), (rows, oracle.digest_of([rows])))
        # [3 frames x 2 channels x 4 samples]: the file's own frames
        frames = [[x[8 * f + 4 * c:8 * f + 4 * c + 4] for c in (0, 1)] for f in range(3)]
        joined = [sum((frame[c] for frame in frames), []) for c in (0, 1)]
        self.assertEqual(self.read((3, 2, 4), x), (joined, oracle.digest_of(frames)))
        mixed = [frames[f][c][s] for s in range(4) for c in range(2) for f in range(3)]
        self.assertEqual(self.read((3, 2, 4), mixed, fortran=True),
                         (joined, oracle.digest_of(frames)))

    def test_kinds(self):
        for descr in oracle.some(("<f8", "<f4", "<i8", "<i4", "<i2", "|u1", "|i1", ">f8", ">f4",
                                  ">i8", ">i4", ">i2"), 4):
            for words in ("", "mapped=yes"):
                self.assertEqual(self.read((5,), [1, 0, 100, 3, 127], words, descr=descr)[0],
                                 [[1, 0, 100, 3, 127]], descr)

    def test_versions(self):
        """Version 2.0 and 3.0 of the format have a header length of four bytes."""
        one = oracle.npy_bytes((3,), [1.0, 2.0, 3.0])
        for version in (b"\x02\x00", b"\x03\x00"):
            header = one[10:-24]
            content = b"\x93NUMPY" + version + struct.pack("<I", len(header)) + header + one[-24:]
            path = self.path("in.npy", content)
            self.assertEqual(self.good(f"npy file={path} ! csv header=no"), "1\n2\n3\n")


class Raw(oracle.Case):
    """Bare samples: type, byte order, channels, interleaved or planar, mapped."""

    def test_types(self):
        for word, code, x in oracle.some((("u8", "B", [0, 128, 255]), ("i8", "b", [-128, 0, 127]),
                                          ("i16", "h", [-2 ** 15, 0, 2 ** 15 - 1]),
                                          ("u16", "H", [0, 1, 2 ** 16 - 1]),
                                          ("i32", "i", [-2 ** 31, 0, 12345]),
                                          ("u32", "I", [0, 1, 2 ** 32 - 1]),
                                          ("i64", "q", [-2 ** 63, 2 ** 53 + 1, 0]),
                                          ("f32", "f", [-1.5, 0.0, 0.25]),
                                          ("f64", "d", [-1.5, 5e-324, 1e300])), 4):
            for order, endian in (("<", "little"), (">", "big")):
                path = self.path("in.raw", struct.pack(f"{order}{len(x)}{code}", *x))
                to = "auto" if word in ("f32", "f64", "i64") else "i64"
                for mapped in ("no", "yes"):
                    text = self.good(f"raw file={path} type={word} endian={endian} to={to} "
                                     f"mapped={mapped} ! csv header=no")
                    kind = float if word[0] == "f" else int
                    self.assertEqual([kind(v) for v in text.split()], x, (word, endian))

    def test_layouts(self):
        x, y = [1.0, 2.0, 3.0, 4.0, 5.0], [-1.0, -2.0, -3.0, -4.0, -5.0]
        want = oracle.digest_of(oracle.cut([x, y], 2))
        inter = [v for pair in zip(x, y) for v in pair]
        for content, words in ((inter, ""), (x + y, "layout=planar"),
                               (x[:2] + y[:2] + x[2:4] + y[2:4] + x[4:] + y[4:],
                                "layout=planar block=2")):
            path = self.path("in.raw", b"skip" + struct.pack("<10d", *content))
            text = f"raw file={path} type=f64 channels=2 skip=4 frame=2 {words}"
            for mapped in ("no", "yes"):
                self.assertEqual(self.json(f"{text} mapped={mapped} ! digest"), want, words)

    def test_real_iq(self):
        path = oracle.data("signals", "iq", "modes1.bin")
        with open(path, "rb") as file:
            content = file.read()
        result = self.json(f"raw file={path} type=u8 to=f64 channels=2 ! stats")
        for c in (0, 1):
            self.near_stats(result["channels"][c], list(content[c::2]))


class Synth(oracle.Case):
    def test_seeded(self):
        text = "synth samples=1k channels=2 seed=%d ! digest"
        self.assertEqual(self.good(text % 5), self.good(text % 5))
        self.assertNotEqual(self.good(text % 5), self.good(text % 6))

    def test_noise_is_splitmix64_in_range(self):
        result = self.json("synth samples=100k amplitude=2 ! stats")["channels"][0]
        self.assertTrue(-2 <= result["min"] < -1.99 and 1.99 < result["max"] < 2)
        self.assertTrue(abs(result["mean"]) < 0.02 and abs(result["stddev"] - 4 / 12 ** 0.5) < 0.02)

    def test_sine(self):
        from math import pi, sin
        text = self.good("synth kind=sine samples=500 rate=1kHz frequency=50 amplitude=3 ! csv")
        got = oracle.read_csv(text)[1][0]
        self.near_all(got, [3 * sin(2 * pi * (50 * i % 1000) / 1000) for i in range(500)], 1e-14)

    def test_walk_is_the_sum_of_noise(self):
        noise = oracle.read_csv(self.good("synth samples=300 ! csv"))[1][0]
        walk = oracle.read_csv(self.good("synth kind=walk samples=300 ! csv"))[1][0]
        total = 0.0
        for step, got in zip(noise, walk):
            total += step
            self.near(got, total, 1e-13)


if __name__ == "__main__":
    oracle.main()
