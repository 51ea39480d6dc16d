#!/usr/bin/env python3
"""Matrices from files and what they make of channels, and frames as matrices, against Python's own
arithmetic.

    matrices.py LEAT
"""
import json
import math
import operator
import random
from fractions import Fraction

import oracle


def product(matrix, columns):
    """Rows of the matrix times channels: exact where both are small whole numbers or fractions."""
    return [[sum(map(operator.mul, row, sample)) for sample in zip(*columns)] for row in matrix]


# What stands behind %%MatrixMarket matrix, and the matrix that it says.
MARKET = (
    ("coordinate real general\n% a remark\n2 3 4\n1 1 2.5\n2 3 -1\n1 1 1\n1 2 4\n",
     [[3.5, 4, 0], [0, 0, -1]]),
    ("coordinate integer symmetric\n3 3 3\n2 1 5\n3 3 7\n3 2 -1\n",
     [[0, 5, 0], [5, 0, -1], [0, -1, 7]]),
    ("coordinate real skew-symmetric\n3 3 1\n3 1 2\n",
     [[0, 0, -2], [0, 0, 0], [2, 0, 0]]),
    ("coordinate pattern general\n1 3 2\n1 3\n1 1\n", [[1, 0, 1]]),
    ("array real general\n2 3\n1\n2\n0\n4\n5\n6", [[1, 0, 5], [2, 4, 6]]))


class Channels(oracle.Case):
    """Columns of whole numbers, matrices in files, and what a stage makes of both."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(7)

    def channels(self, n, samples=100, most=99):
        return [[float(self.random.randint(-most, most)) for _ in range(samples)]
                for _ in range(n)]

    def matrix(self, rows, cols, most=9):
        return [[self.random.randint(-most, most) for _ in range(cols)] for _ in range(rows)]

    def file(self, matrix, descr="<f8", fortran=False, name="a.npy"):
        rows, cols = len(matrix), len(matrix[0])
        values = [matrix[i][j] for j in range(cols) for i in range(rows)] if fortran else \
                 [v for row in matrix for v in row]
        return self.path(name, oracle.npy_bytes((rows, cols), values, descr, fortran))

    def out(self, columns, stages, words=""):
        source = "csv file=" + self.csv("in.csv", columns)
        names, got = oracle.read_csv(self.good(f"{source} {words} ! {stages} ! csv"))
        self.assertEqual(names, [f"y{i + 1}" for i in range(len(names))])
        return got

    def frames_do_not_show(self, stage, channels):
        """Frames, batches, workers, instruction sets: one file of each kind of sample."""
        seen, sets = {}, [("--isa", name) for name in self.usable_sets()]
        for kind in ("f32", "f64"):
            for frame in (1, 7, 1000, 1024):
                out = self.path("out.npy")
                for words in sets if frame == 1000 else ((), ("--batch", "1"), ("--workers", "2")):
                    self.good(*words, f"synth kind=noise channels={channels} samples=3000 "
                              f"frame={frame} type={kind} ! {stage} ! npy file={out}")
                    with open(out, "rb") as file:
                        seen.setdefault(kind, set()).add(file.read())
        self.assertEqual([len(s) for s in seen.values()], [1, 1])


class Matmul(Channels):
    def test_whole_numbers_are_exact(self):
        for rows, cols in ((1, 1), (1, 4), (3, 2), (2, 3), (9, 13), (40, 7), (5, 50), (70, 70)):
            matrix, columns = self.matrix(rows, cols), self.channels(cols)
            path = self.file(matrix)
            for words in oracle.some(("type=f64", "type=f32", "frame=1", "frame=7", "frame=300"), 3):
                got = self.out(columns, f"matmul matrix={path}", words)
                self.assertEqual(got, product(matrix, columns), (rows, cols, words))

    def test_every_kind_of_file(self):
        matrix, columns = self.matrix(4, 3), self.channels(3)
        want = product(matrix, columns)
        for descr in ("<f8", ">f8", "<f4", ">f4", "<i8", ">i4", "<i2", "|i1"):
            for fortran in (False, True):
                path = self.file(matrix, descr, fortran)
                self.assertEqual(self.out(columns, f"matmul matrix={path}"), want, descr)
        path = self.path("row.npy", oracle.npy_bytes((3,), [2, 3, 5]))
        self.assertEqual(self.out(columns, f"matmul matrix={path}"), product([[2, 3, 5]], columns))

    def test_matrix_market(self):
        """Coordinates or all entries, halves that stand for both, what stands twice is added."""
        columns = self.channels(3)
        for text, want in MARKET:
            path = self.path("a.mtx", "%%MatrixMarket matrix " + text)
            self.assertEqual(self.out(columns, f"matmul matrix={path}"), product(want, columns))

    def test_real_matrix(self):
        """A file of others, by its entries as the source of mtx gives them."""
        path = oracle.data("sparse", "west0479.mtx")
        row, col, value = oracle.read_csv(self.good(f"mtx file={path} ! csv"))[1]
        got = self.out([[float(j)] for j in range(1, 480)], f"matmul matrix={path}")
        sums = [[] for _ in got]
        for i, j, v in zip(row, col, value):
            sums[int(i) - 1].append(Fraction(v) * int(j))
        for g, terms in zip(got, sums):
            size = sum(map(abs, terms))
            self.assertLessEqual(abs(Fraction(g[0]) - sum(terms)), size * Fraction(400, 2 ** 53))

    def test_project(self):
        basis, columns = self.matrix(4, 2), self.channels(4)
        source = "csv file=" + self.csv("in.csv", columns)
        names, got = oracle.read_csv(
            self.good(f"{source} ! project basis={self.file(basis)} ! csv"))
        self.assertEqual(names, ["p1", "p2"])
        self.assertEqual(got, product(list(zip(*basis)), columns))

    def test_transpose(self):
        for channels, frame, kind in ((1, 16, "f64"), (3, 7, "f32"), (20, 33, "i64"), (40, 1, "f64")):
            columns = self.channels(channels, 100)
            source = f"csv file={self.csv('in.csv', columns)} frame={frame} type={kind}"
            if kind == "i64":
                source = f"csv file={self.path('in.csv')} frame={frame} ! cast type=i64"
            padded = [column + [0] * (-100 % frame) for column in columns]
            want = [[list(sample) for sample in zip(*(c[at:at + frame] for c in padded))]
                    for at in range(0, 100, frame)]
            self.assertEqual(self.stacked(f"{source} ! transpose"), want)
            again = self.stacked(f"{source} ! transpose ! transpose")
            self.assertEqual([sum((f[c] for f in again), []) for c in range(channels)], padded)

    def test_transpose_tells_what_it_does(self):
        s = "synth samples=40 frame=16 rate=1k"
        done = self.call("run", f"{s} ! transpose ! null", "--stats", "json")
        stages = {x["name"]: x for x in json.loads(done.stdout or done.stderr)["stages"]}
        self.assertEqual(stages["transpose"]["reframed"], 3)
        for stages, names in (("", "s1,s2"), (" ! rfft ! magnitude", "bin0,bin1")):
            got = self.good(f"{s}{stages} ! transpose ! csv")
            self.assertEqual(",".join(got.split("\n", 1)[0].split(",")[:2]), names)
        for stages, words in (("! rfft ! transpose", "`magnitude`"),
                              ("! transpose ! rolling size=1s", "with a rate, and this one has none"),
                              ("! window size=70000 ! transpose", "70000 samples would become")):
            self.refused(f"{s} {stages} ! null", words)

    def test_spectra_on_a_basis(self):
        """Windows of a sound, their magnitudes, as coordinates along two directions."""
        path = oracle.write_wav(self.path("in.wav"),
                                [[round(9000 * math.sin(t * t / 9e4)) for t in range(4000)]], 2)
        basis = [[self.random.uniform(-1, 1) for _ in range(2)] for _ in range(33)]
        s = f"wav file={path} type=f64 ! window size=64 hop=32 shape=hann ! rfft ! magnitude"
        spectra = self.stacked(s)
        got = self.stacked(f"{s} ! transpose ! project basis={self.file(basis)}")
        self.assertEqual(len(got), len(spectra))
        for coordinates, (row,) in zip(got, spectra):
            for p, direction in zip(coordinates, zip(*basis)):
                self.near(p[0], math.fsum(map(operator.mul, row, direction)), 1e-13)

    def test_long_sums_are_within_the_bound(self):
        """More channels than a chain is long, of sizes far apart."""
        cols = 400
        matrix = [[self.random.uniform(-1, 1) * 10.0 ** self.random.randint(-9, 9)
                   for _ in range(cols)] for _ in range(3)]
        columns = [[self.random.uniform(-1, 1)] for _ in range(cols)]
        got = self.out(columns, f"matmul matrix={self.file(matrix)}")
        u = Fraction(1, 2 ** 53)
        h = 384 + 2 + 2
        columns = [[Fraction(c[0])] for c in columns]
        for row, g in zip(matrix, got):
            row = list(map(Fraction, row))
            (want,), = product([row], columns)
            (size,), = product([map(abs, row)], [[abs(c)] for (c,) in columns])
            self.assertLessEqual(abs(Fraction(g[0]) - want), h * u / (1 - h * u) * size)

    def test_frames_batches_workers_and_sets_do_not_show(self):
        path = self.file([[self.random.uniform(-1, 1) for _ in range(20)] for _ in range(30)])
        self.frames_do_not_show(f"matmul matrix={path}", 20)

    def test_frames_wider_than_a_block(self):
        """128 KiB of input are multiplied at once: 64 columns of 700 channels, then the rest."""
        matrix, columns = self.matrix(2, 700), self.channels(700, 70)
        path = self.file(matrix)
        self.assertEqual(self.out(columns, f"matmul matrix={path}"), product(matrix, columns))

    def test_what_is_not_finite_passes(self):
        columns = [[1.0, math.nan, math.inf], [2.0, 2.0, 2.0]]
        path = self.file([[1, 1], [0, 1]])
        got = self.out(columns, f"matmul matrix={path}")
        self.assertEqual(str(got), "[[3.0, nan, inf], [2.0, nan, nan]]")
        done = self.call("run", f"csv file={self.path('in.csv')} frame=1 ! matmul matrix={path} "
                         "! zscore ! null", "--stats", "json")
        stages = {s["name"]: s for s in json.loads(done.stdout or done.stderr)["stages"]}
        self.assertEqual(stages["zscore"]["rejected"], 2)

    def test_units_and_channels_are_new(self):
        path = self.file([[1, 1]])
        got = self.good(f"csv file={self.csv('in.csv', self.channels(2), ['p', 'q'])} ! "
                        f"matmul matrix={path} ! scale by=2 on=y1 ! csv")
        self.assertEqual(got.split("\n", 1)[0], "y1")

    def test_levels(self):
        """Whole numbers are exact at any level; others show that it was taken, as the plan says, but
        not on which set, and of shorter frames none."""
        n = 1024
        rows = [[0] * n for _ in range(n)]
        for row in rows:
            for _ in range(3):
                row[self.random.randrange(n)] = self.random.choice((-1, 1, 2))
        path = self.file(rows, "<f4")

        def digest(source, levels, *words):
            return self.good(*words, f"synth channels={n} seed=5 type=f32 {source} ! "
                                     f"matmul matrix={path} kind=dense{levels} ! digest")
        whole = f"kind=ramp samples={n + 9} frame={n}"
        self.assertEqual(digest(whole, " levels=3"), digest(whole, ""))
        noise = f"kind=noise samples={n} frame={n}"
        one = digest(noise, " levels=1")
        self.assertNotEqual(one, digest(noise, ""))
        self.assertEqual(one, digest(noise, " levels=3"))
        for name in self.usable_sets():
            if name != "base" and not oracle.FEW:  # base: a call for each of 2^30 terms; tests/conformance has its bits
                self.assertEqual(digest(noise, " levels=2", "--isa", name), one, name)
        short = f"kind=noise samples={n - 1} frame={n}"
        self.assertEqual(digest(short, " levels=1"), digest(short, ""))
        for frame, told in ((n, "takes 1 level of"), (n - 1, "takes 0 levels of")):
            done = self.call("plan", f"synth channels={n} samples=5 frame={frame} ! matmul "
                                     f"matrix={path} levels=2 ! null")
            self.assertIn(f"     {told} Strassen's recursion: [{n} x {n}] times [{n} x {frame}], and "
                          f"a level halves sides of {n} and more\n", done.stdout.decode())

    def test_what_cannot_be(self):
        good = self.file(self.matrix(3, 2), name="good.npy")
        cut = self.path("cut.npy", oracle.npy_bytes((3, 2), range(6))[:-8])
        cube = self.path("cube.npy", oracle.npy_bytes((1, 2, 3), range(6)))
        empty = self.path("empty.npy", oracle.npy_bytes((0, 2), []))
        huge = self.path("huge.npy", oracle.npy_bytes((4294967295, 4294967295), []))
        tall = self.path("tall.npy", oracle.npy_bytes((70000, 2), [0] * 140000, "|i1"))
        text = self.path("text.npy", "1 2\n3 4\n")
        banner = "%%MatrixMarket matrix coordinate "
        market = self.path("market.mtx", banner + "real general\n2 3 2\n1 1 1\n2 2 x\n")
        short = self.path("short.mtx", banner + "real general\n2 3 2\n1 1 1\n")
        unreal = self.path("unreal.mtx", banner + "complex general\n1 3 1\n1 1 1 1\n")
        for stage, words in (
                (f"matmul matrix={good}", "[3 x 2]: it takes 2 channels, the stream has 3"),
                ("project", "basis= is required"),
                (f"select channels=1,2 ! project basis={good}", "takes 3 channels"),
                (f"matmul matrix={market}", "market.mtx:4:5: 'x' stands where a number is due"),
                (f"matmul matrix={short}", "short.mtx:4:1: the text ends after 1 of 2"),
                (f"matmul matrix={unreal}", "is complex, and real numbers are due"),
                (f"matmul matrix={good} levels=4", "levels: 4 is out of range: 0 to 3"),
                (f"select channels=1,2 ! matmul matrix={good} kind=sparse levels=1",
                 "Strassen's recursion is of dense matrices"),
                ("matmul", "matrix= is required"), ("matmul matrix=no.npy", "cannot be read"),
                (f"matmul matrix={cut}", "is cut off: its elements need"),
                (f"matmul matrix={cube}", "three dimensions, a matrix has two"),
                (f"matmul matrix={empty}", "is an empty matrix"),
                (f"matmul matrix={huge}", "sizes multiply to more"),
                (f"select channels=1,2 ! matmul matrix={tall}", "70000 channels; there may be"),
                (f"matmul matrix={text}", "is not an npy file"),
                (f"matmul matrix={self.folder}", "it is a directory"),
                (f"matmul matrx={good}", "did you mean 'matrix'"),
                (f"select channels=1,2 ! matmul matrix={good} as=z", "leave on= and as= out"),
                (f"select channels=1,2 ! cast type=i64 ! matmul matrix={good}", "cast type=f64"),
                (f"select channels=1,2 ! rfft ! matmul matrix={good}", "`magnitude`")):
            self.refused(f"synth channels=3 samples=64 frame=16 ! {stage} ! null", words)


class Gemm(Channels):
    """alpha A X + beta X, in place."""

    def test_whole_numbers_are_exact(self):
        for rows, cols in ((1, 1), (3, 2), (2, 3), (4, 4), (70, 70)):
            matrix, columns = self.matrix(rows, cols), self.channels(cols)
            path = self.file(matrix)
            turned = self.file(list(zip(*matrix)), name="turned.npy")
            for alpha, beta in oracle.some(((1, 0), (-1, 1), (0.5, -2), (0, 3), (3, 0)), 2):
                if beta != 0 and rows != cols:
                    continue
                want = [[alpha * p for p in row] for row in product(matrix, columns)]
                if beta != 0:
                    want = [[w + beta * x for w, x in zip(*pair)] for pair in zip(want, columns)]
                for words in (f"matrix={path}", f"matrix={turned} transposed=yes"):
                    got = self.out(columns, f"gemm {words} alpha={alpha} beta={beta}", "frame=7")
                    self.assertEqual(got, want, (rows, cols, alpha, beta))

    def test_within_the_bound(self):
        """Three thirds and tenths of others: against fractions, with what adds to them."""
        u, columns = Fraction(1, 2 ** 53), [[self.random.uniform(-1, 1)] for _ in range(400)]
        matrix = [[self.random.uniform(-1, 1) for _ in range(400)] for _ in range(400)]
        got = self.out(columns, f"gemm matrix={self.file(matrix)} alpha=0.1 beta=-3.3")
        gamma, alpha, beta = (384 + 4) * u / (1 - (384 + 4) * u), Fraction(0.1), Fraction(-3.3)
        exact = [Fraction(c) for (c,) in columns]
        for i in (0, 7, 399):
            terms = [Fraction(a) * x for a, x in zip(matrix[i], exact)]
            size = alpha * sum(map(abs, terms)) * gamma + 2 * u * abs(beta * exact[i])
            off = abs(Fraction(got[i][0]) - alpha * sum(terms) - beta * exact[i])
            self.assertLessEqual(off, size)

    def test_what_is_not_read(self):
        """beta = 0: the product alone; alpha = 0: whatever the matrix holds."""
        columns = [[1.0, math.nan], [2.0, 2.0]]
        path = self.file([[math.nan, 1], [0, math.inf]])
        self.assertEqual(str(self.out(columns, f"gemm matrix={path} alpha=0 beta=2")),
                         "[[2.0, nan], [4.0, 4.0]]")

    def test_leaves_out_a_direction(self):
        """X - b b' X: what is common to all channels goes."""
        columns = [[float(t * c % 11) for t in range(50)] for c in range(1, 5)]
        path = self.file([[0.25] * 4] * 4)
        got = self.out(columns, f"gemm matrix={path} alpha=-1 beta=1")
        for sample, out in zip(zip(*columns), zip(*got)):
            self.assertEqual(list(out), [x - sum(sample) / 4 for x in sample])

    def test_frames_batches_workers_and_sets_do_not_show(self):
        path = self.file([[self.random.uniform(-1, 1) for _ in range(20)] for _ in range(20)])
        self.frames_do_not_show(f"gemm matrix={path} alpha=0.7 beta=0.1", 20)

    def test_mistakes(self):
        path = self.file(self.matrix(3, 2))
        for stage, words in ((f"gemm matrix={path} beta=1", "a square matrix, or beta=0"),
                             (f"gemm matrix={path} transposed=yes", "it takes 3 channels"),
                             (f"gemm matrix={path} alpha=1e39", "does not fit the stream's f32")):
            self.refused(f"synth channels=2 samples=9 type=f32 ! {stage} ! null", words)


def known(values, rows=64, cols=32):
    """Those singular values, between columns of ones and minus ones at right angles."""
    def sign(i, p):
        return -1 if bin(i & p).count("1") % 2 else 1
    scale = math.sqrt(rows * cols)
    return [[sum(sign(i, p) * sign(j, p) * v for p, v in enumerate(values)) / scale
             for j in range(cols)] for i in range(rows)]


class Rsvd(Channels):
    """Frames whose singular values and vectors are known."""
    VALUES = [2.0 ** -(2 * i) for i in range(16)]

    def source(self, frames, kind="f64"):
        """Their channels end to end."""
        path = self.path("in.npy", oracle.npy_bytes(
            (len(frames), len(frames[0]), len(frames[0][0])),
            [v for frame in frames for row in frame for v in row]))
        return f"npy file={path} type={kind}"

    def test_values(self):
        """Wide and tall frames, one behind the other; each a multiple of the first."""
        for rows, cols in ((16, 32), (32, 16)):
            frames = [[[by * v for v in row] for row in known(self.VALUES, rows, cols)]
                      for by in (1, 3, 0)]
            for kind, u in (("f64", 2 ** -53), ("f32", 2 ** -24)):
                for rank in (1, 5, 16):
                    got = self.stacked(f"{self.source(frames, kind)} ! rsvd rank={rank}")
                    self.assertEqual(len(got), 3)
                    for (row,), by in zip(got, (1, 3, 0)):
                        self.assertEqual(len(row), rank)
                        for sigma, want in zip(row, self.VALUES):
                            self.assertLessEqual(abs(sigma - by * want), 200 * u * by)

    def test_a_structured_sample_is_as_near(self):
        """The sample is at most half of the columns, so it is not the normal one."""
        frame = known(self.VALUES, 16, 64)
        for sample in ("normal", "structured"):
            ((row,),) = self.stacked(f"{self.source([frame])} ! rsvd rank=8 sample={sample}")
            for sigma, want in zip(row, self.VALUES):
                self.assertLessEqual(abs(sigma - want), 1e-12)

    def test_vectors(self):
        """At right angles, of length 1, and A' u = sigma v; signs are free."""
        frame = known(self.VALUES, 16, 32)
        source = self.source([frame])
        (left,) = self.stacked(f"{source} ! rsvd rank=4 out=left")
        (right,) = self.stacked(f"{source} ! rsvd rank=4 out=right")
        self.assertEqual((len(left), len(left[0]), len(right), len(right[0])), (16, 4, 4, 32))
        u = list(zip(*left))
        for vectors in (u, right):
            for i, x in enumerate(vectors):
                for j, y in enumerate(vectors):
                    self.assertLessEqual(abs(math.fsum(map(operator.mul, x, y)) - (i == j)), 1e-14)
        for x, y, sigma in zip(u, right, self.VALUES):
            image = [math.fsum(map(operator.mul, x, column)) for column in zip(*frame)]
            for got, want in zip(image, y):
                self.assertLessEqual(abs(abs(got) - sigma * abs(want)), 1e-14)

    def test_names_and_lengths(self):
        source = self.source([known(self.VALUES, 16, 32)])
        for out, head, samples in (("values", "sigma", 3), ("left", "ch1,ch2", 3),
                                   ("right", "v1,v2,v3", 32)):
            lines = self.good(f"{source} ! rsvd rank=3 out={out} ! csv").split("\n")
            self.assertEqual(lines[0][:len(head)], head)
            self.assertEqual(len(lines), samples + 2)

    def test_a_short_frame_is_filled_up(self):
        """Columns of zeros do not change what is left: 20 samples of 32."""
        frame = known(self.VALUES, 16, 32)
        columns = [row + row[:20] for row in frame]
        (_,), (short,) = self.stacked(f"csv file={self.csv('in.csv', columns)} frame=32 "
                                      "! rsvd rank=16")
        (whole,), = self.stacked(self.source([[row[:20] for row in frame]]) + " ! rsvd rank=16")
        for got, want in zip(short, whole):
            self.assertLessEqual(abs(got - want), 1e-14)

    def test_sets_batches_workers_do_not_show(self):
        seen = {}
        for kind in ("f32", "f64"):
            for words in [("--isa", name) for name in self.usable_sets()] + [
                    ("--batch", "1"), ("--workers", "2")]:
                out = self.path("out.npy")
                self.good(*words, f"synth kind=noise channels=30 samples=400 frame=40 type={kind} "
                          f"! rsvd rank=5 oversampling=3 out=left sample=structured "
                          f"! npy file={out}")
                with open(out, "rb") as file:
                    seen.setdefault(kind, set()).add(file.read())
        self.assertEqual([len(s) for s in seen.values()], [1, 1])

    def test_seeds_and_powers_are_heard(self):
        s = "synth kind=noise channels=60 samples=60 frame=60 ! rsvd rank=5"
        said = {words: json.dumps(self.stacked(f"{s} {words}"))
                for words in ("", "seed=1", "seed=2", "powers=0", "powers=3", "oversampling=9",
                              "sample=normal", "sample=structured",
                              "sample=structured oversampling=26",
                              "oversampling=26")}
        self.assertEqual(said[""], said["seed=1"])
        self.assertEqual(said[""], said["sample=normal"])
        self.assertEqual(said["oversampling=26"], said["sample=structured oversampling=26"])
        self.assertEqual(len(set(said.values())), 7)
        sums = [sum(json.loads(said[w])[0][0]) for w in ("powers=0", "", "powers=3")]
        self.assertEqual(sums, sorted(sums))  # nearer from below

    def test_what_cannot_be_told_is_rejected(self):
        huge = [[1e308 if i == j else 1.0 for j in range(4)] for i in range(4)]
        bad = [[math.nan] * 4] * 4
        done = self.call("run", self.source([huge, bad, known([2, 1], 4, 4)]) +
                         " ! rsvd rank=2 ! csv", "--stats", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.decode().split("\n")
        self.assertEqual(lines[0], "sigma")
        self.assertEqual([round(float(x), 12) for x in lines[1:3]], [2, 1])
        self.assertRegex(done.stderr.decode(), r"\b2\b")


class Svd(Channels):
    """leat svd of matrices whose singular values are known."""

    def told(self, path, *words):
        done = self.call("svd", path, "--json", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def held_to(self, told, values, rank):
        for got, want in zip(told["sigma"], values):
            self.assertLessEqual(abs(got - want), 1e-9 * values[0])
        self.assertEqual(len(told["sigma"]), rank)
        rest = math.sqrt(sum(v * v for v in values[rank:]))
        self.assertGreaterEqual(told["left_out_at_most"], rest)
        self.assertLessEqual(told["left_out_at_most"], rest * (1 + 1e-3) + 1e-5 * values[0])
        self.near(told["norm"], math.sqrt(sum(v * v for v in values)), 1e-12)

    def test_dense(self):
        values = [2.0 ** -(2 * i) for i in range(32)]
        path = self.file(known(values))
        for rank in (1, 6, 32):
            told = self.told(path, "--rank", str(rank))
            self.assertEqual((told["form"], told["rows"], told["cols"]), ("dense", 64, 32))
            self.held_to(told, values, rank)
        for seed in range(5):  # the sample is at most half of the columns, then more
            for rank in (1, 6, 12):
                told = self.told(path, "--rank", str(rank), "--seed", str(seed), "--sample",
                                 "structured")
                self.held_to(told, values, rank)
        turned = self.file([list(c) for c in zip(*known(values))], name="turned.npy")
        self.held_to(self.told(turned, "--powers", "4", "--seed", "9"), values, 10)

    def test_sparse(self):
        """One entry in a row and column: its size is a singular value."""
        values = [1000.0 / 1.5 ** i for i in range(200)]
        places = list(zip(self.random.sample(range(1, 301), 200), range(1, 201)))
        lines = [f"{i} {j} {-v if j % 3 else v!r}" for (i, j), v in zip(places, values)]
        self.random.shuffle(lines)
        path = self.path("a.mtx", "%%MatrixMarket matrix coordinate real general\n300 200 200\n" +
                         "\n".join(lines) + "\n")
        told = self.told(path, "--rank", "7")
        self.assertEqual((told["form"], told["entries"]), ("sparse", 200))
        self.held_to(told, values, 7)
        self.assertEqual(told, self.told(path, "--rank", "7"))
        mixed = self.told(path, "--rank", "7", "--sample", "structured")
        self.assertEqual(mixed["form"], "dense")
        self.held_to(mixed, values, 7)
        text = self.call("svd", path).stdout.decode()
        self.assertIn("300 x 200, 0.333 % not 0, multiplied by as sparse", text)
        self.assertRegex(text, r"\n +1 +1000 +55\.556 % +55\.556 %\n")

    def test_forms_agree(self):
        """The same matrix by its entries and as all of its elements: the sums differ, no more."""
        path = oracle.data("sparse", "west0479.mtx")
        row, col, value = oracle.read_csv(self.good(f"mtx file={path} ! csv"))[1]
        matrix = [[0.0] * 479 for _ in range(479)]
        for i, j, v in zip(row, col, value):
            matrix[int(i) - 1][int(j) - 1] += v
        x, y = self.told(path), self.told(self.file(matrix), "--oversampling", "10")
        self.assertEqual(x["form"], "sparse")
        for got, want in zip(x["sigma"], y["sigma"]):
            self.near(got, want, 1e-10)

    def test_mistakes(self):
        path = self.file([[1.0, 2.0], [3.0, 4.0]])
        for status, text, words in ((1, "[2 x 2] has no 3 singular values", (path, "--rank", "3")),
                                    (2, "--rank: 0 is out of range", (path, "--rank", "0")),
                                    (2, "did you mean '--rank'", (path, "--rnk", "1")),
                                    (2, "--sample: unknown word 'structurd'; did you mean 'structured'",
                                     (path, "--sample", "structurd")),
                                    (2, "svd: name one file", (path, path)),
                                    (2, "svd: name one file", ()),
                                    (1, "is complex", (oracle.data("sparse", "young1c.mtx"),)),
                                    (1, "none.npy: cannot be read", ("none.npy",)),
                                    (1, "nan.npy: an element is not finite", (self.file([[1, float("nan")]], name="nan.npy"),))):
            done = self.call("svd", *words)
            self.assertEqual(done.returncode, status, words)
            self.assertIn(text, done.stderr.decode(), words)
            self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    oracle.main()
