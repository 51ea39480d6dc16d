#!/usr/bin/env python3
"""fir and convolve from the command, against exact sums and published vectors.

    filters.py LEAT
"""
import math
import random
import struct
from fractions import Fraction

import oracle

U = 2.0 ** -53


def convolved(taps, x):
    """Full, each sum exact and then rounded."""
    taps, x = [Fraction(v) for v in taps], [Fraction(v) for v in x]
    out = [Fraction(0)] * (len(x) + len(taps) - 1)
    for k, h in enumerate(taps):
        for i, v in enumerate(x):
            out[i + k] += h * v
    return [float(v) for v in out]


def norm(x):
    return math.sqrt(math.fsum(v * v for v in x))


def vector(name):
    """A file of CMSIS-DSP's: a letter, a count, then a comment and the bits of each double."""
    with open(oracle.data("conv", name)) as file:
        words = [w for line in file for w in line.split("//")[0].split()]
    return [struct.unpack(">d", int(w, 16).to_bytes(8, "big"))[0] for w in words[2:]]


class Filters(oracle.Case):
    def setUp(self):
        super().setUp()
        r = random.Random(7)
        self.x = [r.uniform(-1, 1) for _ in range(333)]
        self.y = [r.uniform(-9, 9) for _ in range(333)]
        self.taps = [r.uniform(-1, 1) for _ in range(20)]

    def run_rows(self, stages, frame=64):
        """[channel][sample] of x and y through the stages, frames joined."""
        path = self.csv("in.csv", [self.x, self.y], ["x", "y"])
        lines = self.good(f"csv file={path} frame={frame} ! {stages} ! csv").split("\n")[1:-1]
        return [list(row) for row in zip(*(map(float, line.split(",")) for line in lines))]

    def within(self, got, want, taps, x, what):
        """Of |h| |x|: what both ways promise, with room for the length of a piece."""
        self.assertEqual(len(got), len(want), what)
        bound = (16 + len(taps)) * U * norm(taps) * norm(x)
        worst = max(abs(g - w) for g, w in zip(got, want))
        self.assertLessEqual(worst, bound, what)

    def text(self, taps):
        return ",".join(map(repr, taps))

    def test_along_the_stream(self):
        for n in (1, 2, 3, 20):
            taps = self.taps[:n]
            wants = [convolved(taps, x)[:len(x)] for x in (self.x, self.y)]
            for by in ("auto", "products", "spectra"):
                for frame in (1, 5, 64, 1000):
                    rows = self.run_rows(f"fir taps={self.text(taps)} by={by}", frame)
                    for got, want, x in zip(rows, wants, (self.x, self.y)):
                        self.within(got, want, taps, x, (by, n, frame))

    def price(self, taps, n, width):
        """The length of a piece and what spectra cost, as docs/NUMERICS.md gives them."""
        costs = []
        for log2 in range(4, 27):
            length = 2 ** log2
            if length >= 2 * taps:
                sample = 6 * log2 + (32 if length * width > 4096 else 16)
                pairs = -(-n // (2 * (length - taps + 1)))
                costs.append((pairs * 0.85 * (2000 + length * sample), length))
        return min(costs)

    def test_plan_tells_what_auto_took(self):
        for n, frame, kind in ((3, 16384, "f64"), (35, 16384, "f32"), (48, 16384, "f32"),
                               (48, 256, "f64"), (1000, 64, "f32"), (2000, 4096, "f64")):
            taps = ",".join(["1"] * n)
            source = f"synth samples=99 frame={frame} type={kind}"
            cost, length = self.price(n, frame, {"f32": 4, "f64": 8}[kind])
            done = self.call("plan", f"{source} ! fir taps={taps} ! null")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            if n * frame <= cost:
                want = (f"     filters by products: {n} taps on a row of {frame} take "
                        f"{n * frame:.3g} of them, spectra the time of {cost:.3g}\n")
            else:
                want = (f"     filters by spectra of pieces of {length}: they take the time of "
                        f"{cost:.3g} products, {n} taps on a row of {frame} {n * frame:.3g}\n")
            self.assertIn(want, done.stdout.decode())
            told = self.call("plan", f"{source} ! fir taps={taps} by=spectra ! null").stdout
            self.assertNotIn(b"filters by", told)

    def test_frame_by_frame(self):
        for by in ("products", "spectra"):
            for mode in ("full", "same", "valid"):
                for correlate in ("no", "yes"):
                    taps = self.taps[:8]
                    rows = self.run_rows(f"convolve taps={self.text(taps)} mode={mode} by={by} "
                                         f"correlate={correlate}", 111)
                    order = taps[::-1] if correlate == "yes" else taps
                    for got, x in zip(rows, (self.x, self.y)):
                        want = []
                        for at in range(0, 333, 111):
                            full = convolved(order, x[at:at + 111])
                            want += {"full": full, "same": full[3:3 + 111],
                                     "valid": full[7:111]}[mode]
                        self.within(got, want, taps, x, (by, mode, correlate))

    def test_a_short_frame_is_filled_up_unless_the_mode_is_same(self):
        for mode, count in (("full", 4 * 102), ("same", 333), ("valid", 4 * 98)):
            rows = self.run_rows(f"convolve taps=1,2,3 mode={mode}", 100)
            self.assertEqual(len(rows[0]), count, mode)

    def test_taps_from_a_file(self):
        path = self.csv("taps.csv", [self.taps])
        for name, more in (("row.npy", ""), ("column.npy", " type=f32")):
            taps = self.path(name)
            self.good(f"csv file={path} header=no{more} frame=7 ! npy file={taps}")
            got = self.run_rows(f"fir taps={taps} by=products")
            h = [struct.unpack("f", struct.pack("f", v))[0] for v in self.taps] if more else self.taps
            self.within(got[0], convolved(h, self.x)[:333], h, self.x, name)
        self.good(f"csv file={self.csv('two.csv', [self.x, self.y])} ! npy file={taps}")
        for file, words in ((taps, "a row or a column"), (self.path("none.npy"), "No such file"),
                            (self.path("bad.npy", "taps"), "npy")):
            done = self.call("run", f"synth samples=9 ! fir taps={file} ! null")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr.decode())

    def test_complex_channels(self):
        """Real and imaginary parts alike."""
        got = self.run_rows("fft ! ifft ! select channels=x.re,x.im ! fir taps=1,-1", 64)
        want = convolved([1, -1], self.x)[:333]
        self.near_all(got[0][:333], want, 1e-13)
        self.assertLess(max(map(abs, got[1])), 1e-14)

    def test_published_correlations(self):
        a, b = vector("InputsA1_f64.txt"), vector("InputsB1_f64.txt")
        sizes = [(m, n) for m in (4, 5, 6, 9) for n in (1, 2, 3, 8, 11)]
        for number, (m, n) in enumerate(sizes, 1):
            want = vector(f"Reference{number}_f64.txt")
            path = self.csv("a.csv", [a[:m]])
            text = self.good(f"csv file={path} header=no frame={m} ! convolve correlate=yes "
                             f"taps={self.text(b[:n])} ! csv")
            got = list(map(float, text.split("\n")[1:-1]))
            self.assertEqual(len(got), m + n - 1)
            zeros = [0.0] * (len(want) - len(got))
            scale = norm(a[:m]) * norm(b[:n])
            best = min(max(abs(g - w) for g, w in zip(padded, want))
                       for padded in (got + zeros, zeros + got))
            self.assertLessEqual(best, 1e-14 * scale, number)

    def test_what_cannot_be(self):
        s = "synth samples=64 frame=16"
        for stages, words in (
                ("fir", "taps= is required"), ("fir taps=1,x", "'x' is not a number"),
                ("fir taps=1,,2", "expected a value"), ("fir taps=nan", "not a finite number"),
                ("cast type=f32 ! fir taps=1e300", "does not fit the stream's f32"),
                ("cast type=i64 ! fir taps=1", "cast type=f64"),
                ("rfft ! fir taps=1", "it works along time"),
                ("fir taps=1 by=spectrum", "did you mean 'spectra'"),
                ("rfft ! convolve taps=1", "it works along time"),
                ("convolve taps=1 mode=ful", "did you mean 'full'"),
                (f"convolve mode=valid taps={self.text(self.taps)}", "all 20 taps")):
            self.refused(f"{s} ! {stages} ! null", words)


if __name__ == "__main__":
    oracle.main()
