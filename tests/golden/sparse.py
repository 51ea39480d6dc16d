#!/usr/bin/env python3
"""Sparse matrices across channels: spmm and matmul kind=, against Python's own arithmetic.

    sparse.py LEAT
"""
import json
import math
import statistics
from fractions import Fraction

import matrices
import oracle

BANNER = "%%MatrixMarket matrix coordinate "


class Spmm(matrices.Channels):
    def thin(self, rows, cols, density):
        return [[self.random.randint(-9, 9) * (self.random.random() < density) for _ in range(cols)]
                for _ in range(rows)]

    def market(self, matrix, name="a.mtx"):
        """Coordinates in no order; some of the values in two parts."""
        entries = [(i, j, v) for i, row in enumerate(matrix, 1) for j, v in enumerate(row, 1) if v]
        entries = [part for i, j, v in entries
                   for part in ([(i, j, v)] if j % 11 else [(i, j, v - 2), (i, j, 2)])]
        self.random.shuffle(entries)
        text = "".join("%d %d %d\n" % e for e in entries)
        size = f"{len(matrix)} {len(matrix[0])} {len(entries)}"
        return self.path(name, f"{BANNER}real general\n{size}\n{text}")

    def test_whole_numbers_are_exact(self):
        for rows, cols, density in ((1, 1, 1), (1, 9, .5), (9, 1, .5), (40, 70, .05), (3, 4, 0),
                                    (70, 40, .9), (2, 700, .01)):
            matrix, columns = self.thin(rows, cols, density), self.channels(cols, 70)
            want = matrices.product(matrix, columns)
            for path, words in ((self.market(matrix), "type=f64 frame=1"),
                                (self.market(matrix), "type=f32 frame=7"),
                                (self.file(matrix), "type=f64 frame=300")):
                got = self.out(columns, f"spmm matrix={path}", words)
                self.assertEqual(got, want, (rows, cols, words))

    def test_files_say_the_same_matrix(self):
        columns = self.channels(3)
        for text, want in matrices.MARKET:
            path = self.path("a.mtx", "%%MatrixMarket matrix " + text)
            self.assertEqual(self.out(columns, f"spmm matrix={path}"),
                             matrices.product(want, columns))

    def test_real_matrices(self):
        """Files of others, by the entries that the source of mtx gives; each with its mirror."""
        for name, size in (("west0479.mtx", 479), ("lp_e226.mtx", 472), ("bcsstk13.mtx", 2003)):
            path = oracle.data("sparse", name)
            row, col, value = oracle.read_csv(self.good(f"mtx file={path} ! csv"))[1]
            got = self.out([[float(j % 64 - 30)] for j in range(size)], f"spmm matrix={path}")
            sums = [[] for _ in got]
            for i, j, v in zip(row, col, value):
                sums[int(i) - 1].append(Fraction(v) * (int(j - 1) % 64 - 30))
            self.assertEqual(len(got), max(map(int, row)))
            for g, row_terms in zip(got, sums):
                bound = Fraction(len(row_terms), 2 ** 53 - len(row_terms))
                self.assertLessEqual(abs(Fraction(g[0]) - sum(row_terms)),
                                     bound * sum(map(abs, row_terms)), name)

    def test_kinds_have_the_same_bits_up_to_a_chunk(self):
        """A chain over what is stored, or over all: what is left out adds nothing to it."""
        for cols, density in ((384, .02), (384, .9), (50, .3)):
            matrix = [[self.random.uniform(-1, 1) * (self.random.random() < density)
                       for _ in range(cols)] for _ in range(30)]
            path, seen = self.file(matrix), set()
            for words in ("matmul kind=auto", "matmul kind=dense", "matmul kind=sparse", "spmm",
                          "matmul"):
                out = self.path("out.npy")
                self.good(f"synth kind=noise channels={cols} samples=100 frame=33 ! {words} "
                          f"matrix={path} ! npy file={out}")
                with open(out, "rb") as file:
                    seen.add(file.read())
            self.assertEqual(len(seen), 1, (cols, density))

    def test_frames_batches_workers_and_sets_do_not_show(self):
        matrix = [[self.random.uniform(-1, 1) * (self.random.random() < .2) for _ in range(40)]
                  for _ in range(30)]
        self.frames_do_not_show(f"spmm matrix={self.file(matrix)}", 40)

    def test_what_is_not_stored_is_no_term(self):
        columns = [[1.0, math.nan, math.inf], [2.0, 2.0, 2.0]]
        path = self.path("a.mtx", BANNER + "real general\n3 2 3\n1 1 1\n1 2 1\n2 2 1\n")
        got = self.out(columns, f"spmm matrix={path}")
        self.assertEqual(str(got), "[[3.0, nan, inf], [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]]")

    def mtx(self, path):
        done = self.call("mtx", "--json", path)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        return json.loads(done.stdout)

    def plan(self, text):
        done = self.call("plan", text)
        self.assertEqual((done.returncode, done.stderr), (0, b""), text)
        return done.stdout.decode()

    def test_plan_tells_what_auto_took(self):
        """By how much is not 0, beside the share that docs/NUMERICS.md gives."""
        for filled, frame, kind, took, share in (
                (9, 16, "f64", "sparse", 55), (55, 16, "f64", "sparse", 55),
                (56, 16, "f64", "dense", 55), (100, 16, "f32", "dense", 46),
                (61, 64, "f32", "sparse", 61), (50, 300, "f32", "dense", 49),
                (37, 8, "f32", "sparse", 37),
                (33, 2, "f64", "sparse", 33), (33, 2, "f32", "dense", 18),
                (14, 1, "f64", "sparse", 14), (8, 1, "f32", "dense", 7),
                (18, 7, "f32", "sparse", 18)):
            path = self.file([[int(10 * i + j < filled) for j in range(10)] for i in range(10)])
            source = f"synth channels=10 samples=99 frame={frame} type={kind}"
            told = self.plan(f"{source} ! matmul matrix={path} ! null")
            self.assertIn(f"     keeps its matrix {took}: {filled} % of it is not 0, and up to "
                          f"{share} % entries alone are faster on {frame} columns of {kind}\n",
                          told)
            for stage in (f"matmul matrix={path} kind={took}", f"spmm matrix={path}"):
                told = self.plan(f"{source} ! {stage} ! null")
                self.assertNotIn("keeps its matrix", told)

    def test_mtx_tells_of_real_matrices(self):
        """What stands in the files, counted here line by line."""
        for name, symmetry in (("west0479.mtx", "none"), ("bcspwr10.mtx", "symmetric"),
                               ("bcsstk13.mtx", "symmetric"), ("rajat01.mtx", None),
                               ("lp_e226.mtx", "none")):
            path = oracle.data("sparse", name)
            told = self.mtx(path)
            with open(path, encoding="ascii") as file:
                banner, *lines = [line for line in file if line[0] != "%" or line[1] == "%"]
            rows, cols, _ = map(int, lines[0].split())
            places = {}
            for line in lines[1:]:
                i, j, *value = line.split()
                v = float(value[0]) if value else 1.0
                for place in {(i, j), (j, i)} if "symmetric" in banner else {(i, j)}:
                    places[place] = v
            lengths = [0] * rows
            for i, _ in places:
                lengths[int(i) - 1] += 1
            self.assertEqual((told["rows"], told["cols"], told["entries"]),
                             (rows, cols, len(places)), name)
            self.near(told["density"], len(places) / (rows * cols), 1e-14)
            self.near(told["row_entries"].pop("mean"), len(places) / rows, 1e-14)
            self.assertEqual(told["row_entries"],
                             {"most": max(lengths), "median": statistics.median(lengths),
                              "empty_rows": lengths.count(0)})
            self.assertEqual(told["zeros"], sum(v == 0 for v in places.values()))
            if symmetry:
                self.assertEqual(told["symmetry"], symmetry, name)
            for choice in told["matmul"]:
                below = told["listed"] <= choice["crossover"] * rows * cols
                self.assertEqual(choice["kind"], "sparse" if below else "dense")

    def test_mtx_symmetries(self):
        for text, symmetry in (("general\n2 2 2\n1 2 3\n2 1 3\n", "symmetric"),
                               ("general\n2 2 2\n1 2 3\n2 1 4\n", "pattern"),
                               ("general\n2 2 2\n1 2 3\n2 1 -3\n", "skew-symmetric"),
                               ("general\n2 3 1\n1 1 3\n", "none"),
                               ("general\n2 2 1\n1 2 3\n", "none")):
            told = self.mtx(self.path("a.mtx", BANNER + "real " + text))
            self.assertEqual(told["symmetry"], symmetry)
        full = self.mtx(self.file([[1, 2], [3, 0]]))
        self.assertEqual((full["entries"], [c["kind"] for c in full["matmul"]]), (3, ["dense"] * 4))
        told = self.call("mtx", self.path("a.npy")).stdout.decode()
        self.assertIn("dense  in frames of 1: 75 % of the elements are listed, dense pays above",
                      told)

    def test_mtx_says_what_is_wrong(self):
        for words, status, said in ((("mtx",), 2, "mtx: name one file"),
                                    (("mtx", "--jsn", "a"), 2, "did you mean '--json'"),
                                    (("mtx", "no.mtx"), 1, "no.mtx: cannot be read"),
                                    (("mtx", self.path("a.mtx", BANNER + "real general\n2 2 1\n")),
                                     1, "a.mtx:3:1: the text ends after 0 of 1")):
            done = self.call(*words)
            self.assertEqual(done.returncode, status, words)
            self.assertIn(said, done.stderr.decode())
            self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertIn("Usage: leat mtx", self.call("mtx", "--help").stdout.decode())

    def test_what_cannot_be(self):
        good = self.file(self.matrix(3, 2), name="good.npy")
        bad = self.path("bad.mtx", BANNER + "real general\n2 3 2\n1 1 1\n2 4 1\n")
        far = self.path("far.mtx", BANNER + "real general\n9000000 3 1\n1 1 1\n")
        large = self.path("large.mtx", BANNER + "real general\n2 3 1\n1 1 1e99\n")
        for stage, words in (
                ("spmm", "matrix= is required"),
                (f"spmm matrix={good}", "[3 x 2]: it takes 2 channels, the stream has 3"),
                (f"spmm matrix={bad}", "bad.mtx:4:3: '4' stands where a column of the matrix"),
                (f"spmm matrix={far}", "gives 9000000 channels; there may be"),
                (f"cast type=f32 ! spmm matrix={large}", "large.mtx:3:1: a value of this line does"),
                ("spmm matrix=no.mtx", "cannot be read"),
                (f"matmul kind=spars matrix={good}", "did you mean 'sparse'"),
                (f"spmm matrx={good}", "did you mean 'matrix'"),
                (f"select channels=1,2 ! cast type=i64 ! spmm matrix={good}", "cast type=f64")):
            self.refused(f"synth channels=3 samples=64 frame=16 ! {stage} ! null", words)


if __name__ == "__main__":
    oracle.main()
