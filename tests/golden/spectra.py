#!/usr/bin/env python3
"""Spectra from the command: rfft irfft fft ifft magnitude power and the shapes of windows, against
sums over cmath.exp.

    spectra.py LEAT
"""
import cmath
import json
import math
import random

import oracle

SHAPES = ("rectangular", "hann", "hamming", "blackman", "kaiser")


def dft(x):
    n = len(x)
    roots = [cmath.exp(-2j * math.pi * k / n) for k in range(n)]
    return [sum(v * roots[k * t % n] for t, v in enumerate(x)) for k in range(n)]


def bessel(x):
    return math.fsum((x * x / 4) ** k / math.factorial(k) ** 2 for k in range(60))


def taper(shape, n, beta=8.6):
    turn = [2 * math.pi * i / n for i in range(n)]
    return {
        "rectangular": [1.0] * n,
        "hann": [0.5 - 0.5 * math.cos(a) for a in turn],
        "hamming": [0.54 - 0.46 * math.cos(a) for a in turn],
        "blackman": [0.42 - 0.5 * math.cos(a) + 0.08 * math.cos(2 * a) for a in turn],
        "kaiser": [bessel(beta * math.sqrt(1 - (2 * i / n - 1) ** 2)) / bessel(beta)
                   for i in range(n)],
    }[shape]


class Spectra(oracle.Case):
    def setUp(self):
        super().setUp()
        r = random.Random(5)
        self.x = [r.uniform(-1, 1) for _ in range(700)]
        self.y = [math.sin(t / 3) for t in range(700)]

    def source(self, frame=1024):
        path = self.csv("in.csv", [self.x, self.y], ["x", "y"])
        return f"csv file={path} frame={frame}"

    def same(self, got, want, tolerance, what):
        """The L2 norm of the difference, against that of what it should be."""
        self.assertEqual(len(got), len(want), what)
        off = math.sqrt(math.fsum(abs(g - w) ** 2 for g, w in zip(got, want)))
        size = math.sqrt(math.fsum(abs(w) ** 2 for w in want))
        self.assertLessEqual(off, tolerance * size, what)

    def test_magnitudes_of_overlapping_windows_of_a_wav(self):
        whole = [round(20000 * v) for v in self.x]
        path = oracle.write_wav(self.path("in.wav"), [whole], 2)
        x = [v / 32768 for v in whole]
        for shape in SHAPES:
            got = self.stacked(f"wav file={path} ! window size=64 hop=32 shape={shape} ! rfft "
                               "! magnitude")
            weights, cut = taper(shape, 64), oracle.windows([x], 64, 32)
            self.assertEqual(len(got), len(cut))
            for frame, samples in zip(got, cut):
                want = dft([v * w for v, w in zip(samples[0], weights)])[:33]
                self.same(frame[0], [abs(z) for z in want], 3e-7, shape)

    def test_bins_of_every_length(self):
        for n in (1, 2, 3, 7, 8, 30, 44, 64, 100, 101):
            for stage, bins in (("rfft", n // 2 + 1), ("fft", n)):
                got = self.stacked(f"{self.source(n)} ! {stage}")
                self.assertEqual(len(got), -(-700 // n))
                for i in (0, len(got) - 1):
                    for c, row in enumerate((self.x, self.y)):
                        part = row[i * n:(i + 1) * n]
                        part += [0.0] * (n - len(part))
                        z = [complex(*v) for v in zip(got[i][2 * c], got[i][2 * c + 1])]
                        self.same(z, dft(part)[:bins], 2e-15, f"{stage} n={n} frame {i}")

    def test_power_is_the_square_of_magnitude(self):
        for stage in ("rfft", "fft"):
            m = self.stacked(f"{self.source(60)} ! {stage} ! magnitude")
            p = self.stacked(f"{self.source(60)} ! {stage} ! power")
            for a, b in zip(m[0], p[0]):
                self.near_all(b, [v * v for v in a], 1e-14)

    def test_phase_is_the_angle(self):
        for stage in ("rfft", "fft"):
            z = self.stacked(f"{self.source(60)} ! {stage}")
            p = self.stacked(f"{self.source(60)} ! {stage} ! phase")
            for c in (0, 1):
                self.near_all(p[0][c], [math.atan2(im, re) for re, im
                                        in zip(z[0][2 * c], z[0][2 * c + 1])], 1e-15)

    def test_topk_of_each_row(self):
        for k in (1, 5, 31):
            m = self.stacked(f"{self.source(60)} ! rfft ! magnitude")
            got = self.stacked(f"{self.source(60)} ! rfft ! magnitude ! topk k={k}")
            self.assertEqual(len(got), len(m))
            for frame, whole in zip(got, m):
                for c, row in enumerate(whole):
                    order = sorted(range(len(row)), key=lambda i: (-row[i], i))[:k]
                    self.assertEqual(frame[2 * c], [row[i] for i in order])
                    self.assertEqual(frame[2 * c + 1], order)
        path = self.path("ties.csv", "a\n" + "\n".join("3 nan 7 7 inf 3 -inf nan".split()) + "\n")
        got = self.stacked(f"csv file={path} frame=8 ! topk k=8")[0]
        self.assertEqual(got[1], [4, 2, 3, 0, 5, 6, 1, 7])
        self.assertEqual(self.stacked(f"csv file={path} frame=5 ! topk k=4 ! select channels=a.at")
                         [0][0], [4, 2, 3, 0])

    def test_norm_of_each_row(self):
        lengths = {"l2": lambda row: math.sqrt(math.fsum(v * v for v in row)),
                   "l1": lambda row: math.fsum(map(abs, row)), "max": lambda row: max(map(abs, row))}
        for by, length in lengths.items():
            for size in (1, 1e-320, 1e-200, 1e200, 1e300):
                row = [v * size for v in self.x[:100]] if size > 1e-300 else [5e-324, 0, -1e-323, 0]
                path = self.path("row.csv", "a\n" + "\n".join(map(repr, row)) + "\n")
                got = self.stacked(f"csv file={path} frame={len(row)} ! norm by={by}")[0][0]
                scaled = [v / max(map(abs, row)) for v in row]
                self.near_all(got, [v / length(scaled) for v in scaled], 1e-14)
        for row in ("4.2e-45 5.6e-45", "3e-30 4e-30", "-2.1e38 2.8e38"): # squares f32 cannot hold
            path = self.path("row.csv", "a\n" + "\n".join(row.split()) + "\n")
            got = self.stacked(f"csv file={path} frame=2 type=f32 ! norm")[0][0]
            self.near_all([abs(v) for v in got], [0.6, 0.8], 2e-7)
        path = self.path("row.csv", "a\n0\n-0.0\n0\n")
        self.assertEqual(self.stacked(f"csv file={path} frame=3 ! norm")[0][0], [0, 0, 0])
        self.assertEqual(self.stacked("synth kind=ramp samples=7 frame=7 type=f32 ! norm by=max")
                         [0][0][-1], 1)

    def test_leat_fft_finds_sines(self):
        tones = ((440.3, 0.5), (1234.567, 0.05), (3000.0, 0.002))
        x = [math.fsum(a * math.sin(2 * math.pi * f * t / 8000 + f) for f, a in tones)
             for t in range(20000)]
        path = self.path("tones.csv", "a,t\n" + "".join(f"{v!r},{t}\n" for t, v in enumerate(x)))
        wav = self.path("tones.wav")
        self.good(f"csv file={path} columns=a type=f32 ! wav file={wav} rate=8000")
        npy = self.path("tones.npy")
        self.good(f"csv file={path} columns=a ! npy file={npy}")
        for file, rate in ((wav, 8000), (npy, None), (path, None)):
            done = self.call("fft", file, "--top", "3", "--size", "2048", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            told = json.loads(done.stdout)
            self.assertEqual((told["rate"], told["size"], told["windows"]), (rate, 2048, 18))
            self.assertEqual(told["channels"][0]["name"], "ch1" if file == wav else "a"
                             if file == path else told["channels"][0]["name"])
            for (f, a), peak in zip(tones, told["channels"][0]["peaks"]):
                self.assertAlmostEqual(peak["frequency"] * (1 if rate else 8000), f,
                                       delta=0.002 * 8000 / 2048)
                self.assertAlmostEqual(peak["amplitude"] / a, 1, delta=2e-3)
                self.assertAlmostEqual(peak["db"], 20 * math.log10(a / 0.5), delta=0.02)
        self.assertIn(b"440.3 Hz", self.call("fft", wav).stdout)
        for words, status, said in (
                ((wav, "--size", "30k"), 1, "not one window of 30000 samples"),
                ((wav, "--tops", "3"), 2, "did you mean '--top'"), ((), 2, "name one file"),
                ((self.path("none.wav"),), 1, "No such file"),
                ((wav, "--size", "3"), 2, "out of range: 4 to")):
            done = self.call("fft", *words)
            self.assertEqual((done.returncode, done.stdout), (status, b""), words)
            self.assertIn(said, done.stderr.decode())
            self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_there_and_back(self):
        for n in (1, 2, 7, 50, 64, 101):
            for stages in ("rfft ! irfft", "fft ! ifft"):
                got = self.stacked(f"{self.source(n)} ! {stages}")
                step = 1 if "rfft" in stages else 2
                self.assertEqual(len(got[0]), 2 * step)
                for c, row in enumerate((self.x, self.y)):
                    whole = [v for frame in got for v in frame[c * step]][:700]
                    self.near_all(whole, row, 3e-15)

    def test_complex_into_fft(self):
        """fft of complex samples, as ifft gives them: the bins, turned around."""
        got = self.stacked(f"{self.source(20)} ! fft ! ifft ! fft ! select channels=x.re,x.im")
        self.same([complex(*v) for v in zip(*got[0])], dft(self.x[:20]), 2e-15, "fft")

    def test_names(self):
        for stages, names in (("rfft", "x.re,x.im,y.re,y.im"), ("rfft ! magnitude", "x,y"),
                              ("rfft ! irfft", "x,y"), ("fft ! ifft", "x.re,x.im,y.re,y.im"),
                              ("rfft ! select channels=y.re,y.im ! power", "y")):
            got = self.good(f"{self.source(16)} ! {stages} ! csv").split("\n", 1)[0]
            self.assertEqual(got, names, stages)

    def test_rate_comes_back(self):
        path = self.path("out.wav")
        self.good(f"synth samples=1000 rate=44100 frame=300 type=f32 ! rfft ! irfft "
                  f"! wav file={path} format=pcm16")
        self.assertEqual(oracle.read_wav(path)[0], 44100)

    def test_a_short_frame_is_filled_up_and_counted(self):
        done = self.call("run", f"{self.source(256)} ! rfft ! irfft ! null", "--stats", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        stages = {s["name"]: s for s in json.loads(done.stdout or done.stderr)["stages"]}
        counts = {n: (s["samples"], s["samples_out"], s["samples_lost"], s["reframed"])
                  for n, s in stages.items()}
        self.assertEqual(counts, {"csv": (1400, 1400, 0, 0), "rfft": (1400, 3 * 129 * 4, 0, 1),
                                  "irfft": (3 * 129 * 4, 1536, 0, 0), "null": (1536, 1536, 0, 0)})

    def test_branches_meet(self):
        """A spectrum zipped with another, and added to itself."""
        s = self.source(32)
        got = self.stacked(f"{s} ! rfft ! tee name=t ! j. ; t. ! scale by=2 ! j. ; "
                           "join name=j ! magnitude")
        self.assertEqual(len(got[0]), 4)
        self.near_all(got[0][2], [2 * v for v in got[0][0]], 1e-15)

    def test_what_cannot_be(self):
        s = "synth samples=64 frame=16"
        for stages, words in (
                ("irfft", "'ch1' is real"), ("magnitude", "put `rfft` before it"),
                ("rfft ! zscore", "part of a complex one"), ("rfft ! log", "`magnitude`"),
                ("rfft ! scale add=1", "part of a complex one"),
                ("rfft ! ewma span=3", "the frames are spectra"),
                ("rfft ! magnitude ! diff", "the frames are spectra"),
                ("rfft ! magnitude ! window size=8", "the frames are spectra"),
                ("rfft ! rfft", "spectra already"), ("fft ! irfft", "take `ifft`"),
                ("rfft ! ifft", "take `irfft`"), ("fft ! ifft ! rfft", "take `fft`"),
                ("fft ! ifft ! ifft", "no spectra"),
                ("cast type=i64 ! rfft", "cast type=f64"),
                ("cast type=i64 ! window size=8 shape=hann", "cast type=f64"),
                ("window size=8 shape=han", "did you mean 'hann'"),
                ("window size=8 shape=kaiser beta=-1", "beta"),
                ("rfft ! select channels=1 ! magnitude", "is real")):
            self.refused(f"{s} ! {stages} ! null", words)


if __name__ == "__main__":
    oracle.main()
