#!/usr/bin/env python3
"""The formats of data sets: json, wfdb, mtx, idx, pgm. What is written by Python is read by Leat, and
what is none of them is refused with one line.

    contract_formats.py LEAT
"""
import json
import math
import os
import random
import struct
import subprocess
import unittest

import bad_input
import formats
import oracle


class Case(bad_input.Case):
    def channels(self, source):
        """Names, kind and rows."""
        text = self.good(f"{source} ! csv")
        names, rows = oracle.read_csv(text)
        return names, rows

    def frames(self, source):
        """The frames as (channels, samples, values), of equal length."""
        path = self.path("stack.npy")
        self.good(f"{source} ! npy stack=yes file={path}")
        return oracle.read_npy(path)[2:]

    def refused(self, form, files, options, *patterns, status=2, **more):
        """Of {name: content} the first is read. What it says names the file."""
        paths = [self.path(name, content) for name, content in files.items()]
        self.bad(status, f"{form} file={paths[0]} {options} ! csv file={self.out()}", *patterns,
                 **more)

    def refused_at(self, form, name, content, options, line, column, *patterns):
        """With a line and a column in the data: while the pipeline is made, or while it runs."""
        path = self.path(name, content)
        self.bad((1, 2), f"{form} file={path} {options} ! csv file={self.out()}", *patterns,
                 place=path, line=line, column=column)


class Json(Case):
    LINES = ['{"a": {"b": [1, {"c": "2.5"}]}, "d.e": -3e2, "t": 1.25, "k": "x"}',
             '{"a": {"b": [4, {"c": "-5"}]}, "d.e": 6, "t": 2.5, "k": "y"}']

    def text(self, lines=None):
        return self.path("in.jsonl", "".join(line + "\n" for line in lines or self.LINES))

    def test_paths(self):
        source = f"json file={self.text()} fields=one:a.b[0],a.b[1].c,'three:[d.e]'"
        self.assertEqual(self.channels(source),
                         (["one", "a.b[1].c", "three"], [[1, 4], [2.5, -5], [-300, 6]]))
        path = self.path("list.jsonl", "[[1, 2], 3]\r\n\n  \n[[4, 5], 6]")
        self.assertEqual(self.channels(f"json file={path} fields=x:[0][1],y:[1]")[1],
                         [[2, 5], [3, 6]])

    def test_only_and_missing(self):
        path = self.text(self.LINES + ['{"k": "x", "a": null}', '{"k": 7, "a": {"b": [""]}}'])
        for only, want in (("k:x", [1, math.nan]), ("k:7", [math.nan]), ("k:x,t:1.25", [1]),
                           ("k:z", [])):
            result = self.json(f"json file={path} fields=a.b[0] only={only} ! stats")["channels"][0]
            self.assertEqual(result["count"], len([x for x in want if x == x]), only)
        self.assertEqual(self.good(f"json file={path} fields=a.b[0] ! csv"),
                         "a.b[0]\n1\n4\nnan\nnan\n")
        for kind, missing in (("f64", "reject"), ("i64", "nan"), ("i64", "reject")):
            text = f"json file={path} fields=x:a.b[0] type={kind} missing={missing} ! csv"
            self.assertEqual(self.good(text), "x\n1\n4\n")

    def test_whole_numbers_are_exact(self):
        ids = [2 ** 53 + 1, -2 ** 63, 2 ** 63 - 1]
        lines = [f'{{"n": {i}, "s": "{i}"}}' for i in ids]
        text = f"json file={self.text(lines)} fields=n,s type=i64 ! csv header=no"
        self.assertEqual(self.good(text), "".join(f"{i},{i}\n" for i in ids))
        path = self.text(['{"n": 18446744073709551615}'])
        self.assertEqual(self.channels(f"json file={path} fields=n")[1], [[2.0 ** 64]])

    def test_prefix_and_time(self):
        lines = ["1618677817.061845: [1]", "# a comment", "1618677818.5: [2]"]
        source = f"json file={self.text(lines)} after=': ' comment='#' fields=when:^,x:[0] time=^"
        self.assertEqual(self.channels(source)[1], [[1618677817.061845, 1618677818.5], [1, 2]])

    def test_time_is_exact(self):
        """To a nanosecond, beside a csv's: merge by=time puts the earlier frame first."""
        other = self.path("t.csv", "t,x\n1618677817.061845,0\n")
        for when, unit, want in (("1618677817.061845001", "s", [0, 1]),
                                 ("1618677817.061844999", "s", [1, 0]),
                                 ("1618677817061845001", "ns", [0, 1]),
                                 ("1618677817061844999", "ns", [1, 0])):
            for line, path in ((f"{when}: [1]", "^"), (f': [1, "{when}"]', "[1]"),
                               (f": [1, {when}]", "[1]")):
                if path == "[1]" and "." in when and '"' not in line:
                    continue  # a number with a fraction has been a double
                source = self.path("t.jsonl", line)
                self.assertEqual(self.channels(
                    f"json file={source} after=': ' fields=x:[0] time={path} time-unit={unit} ! j.; "
                    f"csv file={other} time=t ! j.; join name=j how=merge by=time")[1], [want], line)

    def test_a_pipe_gives_the_same(self):
        r = random.Random(5)
        values = [r.uniform(-9, 9) for _ in range(3000)]
        text = "".join(json.dumps({"pad": "x" * r.randrange(300), "v": v}) + "\n" for v in values)
        want = oracle.digest_of(oracle.cut([values], 1024))
        self.assertEqual(self.json("json file=- fields=v ! digest", input=text.encode()), want)
        self.assertEqual(self.json(f"json file={self.path('v.jsonl', text)} fields=v ! digest"),
                         want)
        pipe = subprocess.Popen([self.leat, "run", "json file=- fields=v ! digest"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for at in range(0, len(text), 7919):
            pipe.stdin.write(text[at:at + 7919].encode())
            pipe.stdin.flush()
        out, _ = pipe.communicate()
        self.assertEqual(json.loads(out), want)

    def test_ends_of_lines_where_reading_goes_on(self):
        """A line ends at every multiple of 4096, whatever is read at once; longer ones in between."""
        lines = [f"[{i}".ljust(4094 + (i == 0) + 8192 * (i % 5 == 1)) + "]" for i in range(600)]
        path = self.path("in.jsonl", "\n".join(lines) + "\n")
        self.assertEqual(self.channels(f"json file={path} fields=x:[0]")[1], [list(range(600))])

    def test_rejects_are_counted(self):
        lines = ['{"v": 1}', '{"v": "x"}', '{"v": true}', '{"v": [1]}', '{"v": 2', "nonsense",
                 '{"v": 1e999}', '{"v": 3, "v": 4}', '{"v": 5} {"v": 6}', '{"v": "1e400"}',
                 '{"v": "\xff"}', '{"v": 7}']
        path = self.path("in.jsonl", "\n".join(lines).encode("latin-1"))
        kept = self.path("kept.csv")
        done = self.call("run", "--stats", "json",
                         f"json file={path} fields=v on-error=reject ! csv file={kept}")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(kept, encoding="ascii") as file:
            self.assertEqual(file.read(), "v\n1\n7\n")
        self.assertEqual(json.loads(done.stderr)["rejected"], len(lines) - 2)

    def test_bad(self):
        for line, column, pattern in (
                ('{"v": "x"}', 1, r"v \(v\): 'x' is not a number"),
                ('{"v": false}', 1, "'false' is not a number"),
                ('{"v": {}}', 1, r"'{...}' is not a number"),
                ('{"v": 1', 7, "this is not JSON"), ('{"v": 1]', 8, "this is not JSON"),
                ('{"v": 1e400}', 11, "overflow"), ("[" * 4000, 2049, "depth"),
                ('{"v": 1, "v": 2}', 12, "duplicate"), ("3", 1, "this is not JSON"),
                ('{"v": 1}\0', 9, "this is not JSON")):
            self.refused_at("json", "in.jsonl", '{"v": 0}\n\n' + line + "\n", "fields=v", 3, column,
                            pattern, "use on-error=reject")
        self.refused_at("json", "in.jsonl", '{"v": 0.5}', "fields=v type=i64", 1, 1,
                        "'0.5' is not a whole number")
        self.refused_at("json", "in.jsonl", '{"v": 1e39}', "fields=v type=f32", 1, 1,
                        "does not fit")
        self.refused_at("json", "in.jsonl", "x [1]", "fields=[0] after=:", 1, 1,
                        "the line has no ':'")
        self.refused_at("json", "in.jsonl", '{"v": 1, "t": "x"}', "fields=v time=t", 1, 1,
                        r"time \(t\): 'x' is not a number")
        long = '{"v": 1}\n{"v": "' + "1" * (5 << 20) + '"}\n{"v": 2}\n'
        self.refused_at("json", "in.jsonl", long, "fields=v", 2, 1, "longer than 4 MiB")
        path = self.path("long.jsonl", long)
        self.assertEqual(self.good(f"json file={path} fields=v on-error=reject ! csv"), "v\n1\n2\n")
        good = {"in.jsonl": "[1]"}
        for options, pattern in (("", "fields"), ("fields=a..b", "'a..b' is no path"),
                                 ("fields=a[", "is no path"), ("fields=[]", "is no path"),
                                 ("fields=a[99999999999999999999]", "is no path"),
                                 ("fields=:a", "has no name"), ("fields=a,a", "there twice"),
                                 ("fields=x:^", "after=, which is not given"),
                                 ("fields=a only=b", "write PATH:TEXT"),
                                 ("fields=a frame=20ms", "needs a stream with a rate")):
            self.refused("json", good, options, pattern)


class Wfdb(Case):
    def signals(self, n, bits, seed=1):
        r = random.Random(seed)
        top = 1 << 11 if bits == 212 else 1 << 15
        return [[r.randrange(1 - top, top) for _ in range(n)] for _ in range(2)]

    def record(self, signals, **more):
        for name, content in formats.wfdb_files("r", signals, **more).items():
            self.path(name, content)
        return f"wfdb file={self.path('r.hea')}"

    def test_both_formats(self):
        for bits in (212, 16):
            for n in oracle.some((1, 2, 1023, 2049), 3):
                signals = self.signals(n, bits)
                source = self.record(signals, bits=bits, gain="7.5(-3)/uV")
                self.assertEqual(self.channels(f"{source} scale=no"), (["MLII", "V5"], signals))
                want = [[(x + 3) / 7.5 for x in signal] for signal in signals]
                for frame in (1, 3, 1024):
                    self.assertEqual(self.channels(f"{source} frame={frame}")[1], want)
                self.assertEqual(self.json(f"{source} type=f32 frame=7 ! digest"),
                                 oracle.digest_of(oracle.cut(
                                     [oracle.to_f32(row) for row in want], 7), "f"))
                self.assertEqual(self.good(f"{source} type=i64 ! csv header=no"),
                                 "".join("%d,%d\n" % row for row in zip(*signals)))

    def test_odd_and_padded(self):
        """Three samples of 212 take five bytes, or six."""
        signal = [[5, -6, 7]]
        source = self.record(signal, names=("x",))
        self.assertEqual(self.channels(f"{source} scale=no")[1], signal)
        self.path("r.dat", formats.pack_212(signal[0]) + b"\0")
        self.assertEqual(self.channels(f"{source} scale=no")[1], signal)

    def test_header(self):
        """What may be left away, and the sample that says that there is none."""
        self.path("r.dat", struct.pack("<4h", 100, -32768, -100, 300))
        path = self.path("bare.hea", "\n# a remark\r\nbare 2\r\nr.dat 16\nr.dat 16 0 12 50\n#end")
        names, rows = self.channels(f"wfdb file={path[:-4]}")
        self.assertEqual((names, rows[0]), (["ch1", "ch2"], [0.5, -0.5]))
        self.assertEqual((rows[1][0] != rows[1][0], rows[1][1]), (True, 1.25))
        plan = self.call("plan", f"wfdb file={path} ! null").stdout
        self.assertIn(b"250 samples a second", plan)
        self.path("skip.dat", b"head" + struct.pack("<2h", 4, 5))
        path = self.path("skip.hea", "skip 1 100/360 2 12:00\nskip.dat 16+4 2/mV 12 0 4 9 0  a  b \n")
        self.assertEqual(self.channels(f"wfdb file={path}"), (["a  b"], [[2, 2.5]]))

    def test_checksum(self):
        source = self.record([[1, 2, 3], [4, 5, 6]], sums=(6, 16))
        text = f"{source} ! csv file={self.out()}"
        self.bad(1, text, r"signal 2 \(V5\) have the checksum 15 and its header says 16",
                 place=None)

    def test_bad(self):
        good = formats.wfdb_files("r", self.signals(100, 212))
        hea, dat = good["r.hea"].decode(), good["r.dat"]
        for n in (0, 1, 150, len(dat) - 1):
            self.refused("wfdb", {"r.hea": hea, "r.dat": dat[:n]}, "", "is cut off")
        self.refused("wfdb", {"r.hea": hea, "r.dat": dat + b"\0"}, "", "another record's")
        self.refused("wfdb", {"r.hea": "", "r.dat": dat}, "", "is not the header of a record")
        self.refused("wfdb", {"r.hea": hea.split("\n")[0], "r.dat": dat}, "", "has 0 of 2 signals")
        self.refused("wfdb", {"r.hea": hea.replace("r.dat", "no.dat"), "r.dat": dat}, "",
                     "no.dat: cannot be read")
        for old, new, line, pattern in (
                ("r 2", "r/3 2", 1, "in one piece"), ("r 2", "r -2", 1, "number of signals"),
                ("r 2", "r 99999999", 1, "number of signals"), ("r 2 360 100", "r", 1, "number of signals"),
                ("360", "fast", 1, "samples a second"), ("360", "0", 1, "samples a second"),
                ("360", "nan", 1, "samples a second"), ("360 100", "360 -1", 1, "of samples"),
                ("360 100", "360 1e2", 1, "of samples"),
                ("360 100", "360 9999999999999999999", 1, "of samples"),
                ("dat 212", "dat 213", 2, "format 212 or 16"),
                ("dat 212", "dat 212x2", 2, "plain format"),
                ("dat 212", "dat 212:4", 2, "plain format"),
                ("dat 212", "dat 212+x", 2, "bytes before"), ("200(0)", "abc", 2, "a gain"),
                ("200(0)", "200(", 2, "a gain"), ("200(0)", "inf(0)", 2, "a gain"),
                ("200(0)/mV 12", "200(0)/mV x", 2, "bits are due")):
            self.refused_at("wfdb", "r.hea", hea.replace(old, new, 1), "", line, None, pattern)
        lines = hea.split("\n")
        second = "\n".join([*lines[:2], lines[2].replace("r.dat", "s.dat")])
        self.refused_at("wfdb", "r.hea", second, "", 3, 1, "signals of several are not read")
        self.refused_at("wfdb", "r.hea", hea + lines[2], "", 4, 1, "the header should end")
        for samples in (2 ** 62, 2 ** 63 - 1):
            self.refused("wfdb", {"r.hea": hea.replace("360 100", f"360 {samples}"), "r.dat": dat},
                         "", "multiply to more")


class Mtx(Case):
    def source(self, head, lines):
        path = self.path("m.mtx", f"%%MatrixMarket matrix {head}\n% remark\n\n" + "\n".join(lines))
        return f"mtx file={path}"

    def test_coordinates(self):
        source = self.source("coordinate real general", ["2 3 3", "1 1 0.5", " 2  3 -1e3 ", "1 2 7"])
        names, rows = self.channels(source)
        self.assertEqual((names, rows), (["row", "col", "value"], [[1, 2, 1], [1, 3, 2],
                                                                   [0.5, -1000, 7]]))
        source = self.source("Coordinate Pattern General", ["2 2 1", "2 1"])
        self.assertEqual(self.channels(source)[1], [[2], [1], [1]])
        big = 2 ** 53 + 1
        source = self.source("coordinate integer general", ["2 2 1", f"2 1 {big}"])
        self.assertEqual(self.good(f"{source} type=i64 ! csv header=no"), f"2,1,{big}\n")

    def test_halves(self):
        for symmetry, off in (("symmetric", 1), ("skew-symmetric", -1)):
            diagonal = [] if off < 0 else ["3 3 9"]
            source = self.source(f"coordinate real {symmetry}",
                                 [f"3 3 {2 + len(diagonal)}", "2 1 5", "3 1 6", *diagonal])
            rows = [[2, 1, 3, 1], [1, 2, 1, 3], [5, 5 * off, 6, 6 * off]]
            rows = [row + ([3, 3, 9][i:i + 1] if diagonal else []) for i, row in enumerate(rows)]
            for frame in (1, 2, 3, 1024):
                self.assertEqual(self.channels(f"{source} frame={frame}")[1], rows)
            self.assertEqual(self.channels(f"{source} mirror=no")[1],
                             [[2, 3] + [3] * len(diagonal), [1, 1] + [3] * len(diagonal),
                              [5, 6] + [9] * len(diagonal)])
        source = self.source("coordinate complex hermitian", ["2 2 2", "2 1 1 2", "2 2 3 0"])
        names, rows = self.channels(source)
        self.assertEqual(names, ["row", "col", "value.re", "value.im"])
        self.assertEqual(rows, [[2, 1, 2], [1, 2, 2], [1, 1, 3], [2, -2, 0]])
        self.assertEqual(self.channels(f"{source} ! select channels=3,4 ! magnitude")[1],
                         [[math.sqrt(5), math.sqrt(5), 3]])

    def test_arrays(self):
        source = self.source("array real general", ["2 3", *"123456"])
        self.assertEqual(self.channels(source)[1],
                         [[1, 2] * 3, [1, 1, 2, 2, 3, 3], [1, 2, 3, 4, 5, 6]])
        for symmetry, n, places in (
                ("symmetric", 6, [(1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (3, 3)]),
                ("skew-symmetric", 3, [(2, 1), (3, 1), (3, 2)])):
            source = self.source(f"array integer {symmetry}", ["3 3", *map(str, range(n))])
            rows = self.channels(f"{source} mirror=no")[1]
            self.assertEqual([*zip(*rows)], [(*place, i) for i, place in enumerate(places)])

    def test_a_pipe_gives_the_same(self):
        r = random.Random(2)
        n = 5000
        text = f"%%MatrixMarket matrix coordinate real symmetric\n{n} {n} {n}\n" + "".join(
            f"{i} {r.randrange(1, i + 1)} {r.random()!r}\n" for i in range(1, n + 1))
        want = self.json(f"mtx file={self.path('p.mtx', text)} ! digest")
        self.assertEqual(self.json("mtx file=- ! digest", input=text.encode()), want)

    def test_bad(self):
        real = "%%MatrixMarket matrix coordinate real general\n"
        for content, line, column, pattern in (
                ("", 1, 1, "ends before the matrix's size"),
                ("1 2 3\n", 1, 1, "%%MatrixMarket is due"),
                ("%%MatrixMarket vector array real general\n", 1, 16, "'matrix' is due"),
                ("%%MatrixMarket matrix dense real general\n", 1, 23, "'coordinate' or 'array'"),
                ("%%MatrixMarket matrix array float general\n", 1, 29, "'real', 'integer'"),
                ("%%MatrixMarket matrix array real square\n", 1, 34, "'general', 'symmetric'"),
                ("%%MatrixMarket matrix array pattern general\n", 1, None, "an array has values"),
                ("%%MatrixMarket matrix coordinate pattern skew-symmetric\n", 1, None, "'general' or"),
                (real, 2, 1, "ends before the matrix's size"), (real + "2 2\n", 2, 4, "of entries"),
                (real + "2 -2 1\n", 2, 3, "number of columns"), (real + "x 2 1\n", 2, 1, "of rows"),
                (real + "2 2 5\n", 2, 5, "at most rows times"), (real + "2 2 1 0\n", 2, 7, "should end"),
                (real + "99999999999999999999 2 1\n", 2, 1, "number of rows"),
                (real + "2 2 2\n1 1 1\n", 4, 1, "after 1 of 2 entries; is it cut off"),
                (real + "2 2 1\n1 1 1\n2 2 2\n", 4, None, "no more entries"),
                (real + "2 2 1\n0 1 1\n", 3, 1, "a row of the matrix"),
                (real + "2 2 1\n1 3 1\n", 3, 3, "a column of the matrix"),
                (real + "2 2 1\n1 1 x\n", 3, 5, "'x' stands where a number is due"),
                (real + "2 2 1\n1 1\n", 3, 4, "the line ends where a number is due"),
                (real + "2 2 1\n1 1 1e999\n", 3, 5, "a number that fits"),
                (real + "2 2 1\n1 1 1 1\n", 3, 7, "should end"),
                (real.replace("general", "symmetric") + "2 3 1\n", 2, 3, "as many columns"),
                (real.replace("general", "symmetric") + "2 2 1\n1 2 1\n", 3, 3, "lower half"),
                (real.replace("general", "skew-symmetric") + "2 2 1\n1 1 1\n", 3, 3, "below the d"),
                (real.replace("real", "integer") + "2 2 1\n1 1 1.5\n", 3, 5, "whole number"),
                ("%%MatrixMarket matrix array real general\n9223372036854775807 4\n", 2, 21,
                 "must fit 64 bits"),
                (real + "2 2 1\n" + "1" * (1 << 21) + "\n", 3, 1, "longer than")):
            self.refused_at("mtx", "m.mtx", content, "", line, column, pattern)
        self.refused("mtx", {"m.mtx": real + "2 2 1\n1 1 1\n"}, "type=i64", "for integers")
        self.refused("mtx", {"m.mtx": real + "20000000 2 0\n"}, "type=f32", "does not fit f32")
        self.refused_at("mtx", "m.mtx", real + "2 2 1\n1 1 1e300\n", "type=f32", 3, 1,
                        "does not fit f32")


class Idx(Case):
    def test_types(self):
        for code, letter in formats.IDX.items():
            top = 8 * struct.calcsize(letter)
            values = [0, 1, 2 ** (top - (2 if letter in "bhi" else 1)) - 1] if letter not in "fd" \
                else [0.5, -1.5, 2.0 ** 60]
            values += [-1 if letter in "bhi" else 3]
            path = self.path("x.idx", formats.idx_bytes(code, (4,), values))
            self.assertEqual(self.channels(f"idx file={path}")[1], [[float(x) for x in values]])
            if letter not in "fd":
                self.assertEqual(self.good(f"idx file={path} type=i64 ! csv header=no"),
                                 "".join(f"{x}\n" for x in values))

    def test_items(self):
        r = random.Random(3)
        for sizes in ((5, 3), (4, 2, 3), (3, 2, 2, 5), (2, 1, 2, 1, 3)):
            n = math.prod(sizes)
            values = [r.randrange(256) for _ in range(n)]
            path = self.path("x.idx", formats.idx_bytes(0x08, sizes, values))
            rows = n // sizes[0] // sizes[-1]
            shape, got = self.frames(f"idx file={path}")
            self.assertEqual((shape, got), ((sizes[0], rows, sizes[-1]), values), sizes)
            item = n // sizes[0]
            for mapped in ("no", "yes"):
                source = f"idx file={path} items=samples frame=2 mapped={mapped}"
                self.assertEqual(self.channels(source)[1], [values[c::item] for c in range(item)])

    def test_bad(self):
        good = formats.idx_bytes(0x08, (2, 3), range(6))
        for n in (0, 3, 4, 11):
            self.refused("idx", {"x.idx": good[:n]}, "", "is cut off")
        self.refused("idx", {"x.idx": good[:-1]}, "", "is cut off")
        self.refused("idx", {"x.idx": good + b"x"}, "", "1 bytes stand behind its last item")
        for content, pattern in ((b"\x01" + good[1:], "two zeros"),
                                 (good[:2] + b"\x0a" + good[3:], "type of its samples"),
                                 (good[:3] + b"\0" + good[4:], "1 to 8 dimensions"),
                                 (good[:3] + b"\x09" + good[4:], "1 to 8 dimensions")):
            self.refused("idx", {"x.idx": content}, "", pattern)
        top = 2 ** 32 - 1
        for sizes in ((top, top, top), (2, top, top), (top,) * 8, (2, 70000, 2), (2, 0, 2)):
            self.refused("idx", {"x.idx": formats.idx_bytes(0x0E, sizes, [])}, "",
                         "multiply to more|there may be 1 to|is cut off")
        self.refused("idx", {"x.idx": formats.idx_bytes(0x0D, (1,), [1.5])}, "type=i64", "integers")


class Pgm(Case):
    LINES = [[0, 1, 200], [255, 7, 9]]

    def test_images(self):
        for white, lines in ((255, self.LINES), (65535, [[0, 256, 65535], [1, 2, 300]])):
            for text in (False, True):
                content = formats.pgm_bytes(lines, white, text, "# a remark\n#\n")
                path = self.path("x.pgm", content)
                self.assertEqual(self.frames(f"pgm file={path}"), ((1, 2, 3), sum(lines, [])))
                shape, got = self.frames(f"pgm file={path} lines=frames mapped=yes type=i64")
                self.assertEqual((shape, got), ((2, 1, 3), sum(lines, [])))

    def test_bad(self):
        whole = formats.pgm_bytes(self.LINES)
        text = formats.pgm_bytes(self.LINES, text=True)
        for n in range(len(whole)):
            self.refused("pgm", {"x.pgm": whole[:n]}, "", "is cut off|P5 or P2")
        self.refused("pgm", {"x.pgm": whole + b"P5"}, "", "one image is read, and nothing behind")
        for content, pattern in ((b"P6" + whole[2:], "does not begin with P5 or P2"),
                                 (b"P5 3 x 255\n", "do not stand behind"),
                                 (b"P5 3 -2 255\n", "do not stand behind"),
                                 (b"P5 3 2 65536\n", "do not stand behind"),
                                 (b"P5 0 2 255\n", "is 0"), (b"P5 3 2 0\n", "is 0"),
                                 (b"P5 4294967295 4294967295 65535\n", "multiply to more"),
                                 (b"P5 99999999999 2 255\n", "do not stand behind"),
                                 (b"P5 2 70000 255\n", "use lines=frames"),
                                 (b"P2 60000 60000 9\n1", "is cut off"),
                                 (text[:-4], "is cut off")):
            self.refused("pgm", {"x.pgm": content}, "", pattern)
        for old, new, line, pattern in (("200", "256", 4, "'256' is not a whole number from 0"),
                                        ("200", "2x0", 4, "'2x0' is not"),
                                        ("200", "-20", 4, "'-20' is not"),
                                        (" 9\n", " 9 8\n", 4, "'8' stands behind")):
            content = text.decode().replace(old, new)
            self.refused_at("pgm", "x.pgm", content, "", line, None, pattern)


class Everywhere(Case):
    def test_what_is_no_file(self):
        for form, options in (("json", "fields=x"), ("wfdb", ""), ("mtx", ""), ("idx", ""),
                              ("pgm", "")):
            name = "absent.hea"
            self.bad(2, f"{form} file={self.path(name)} {options} ! null", "No such file", line=1)
            folder = self.path("folder.hea")
            os.makedirs(folder, exist_ok=True)
            self.bad(2, f"{form} file={folder} {options} ! null", "directory")
        for form in ("wfdb", "idx", "pgm"):
            self.bad(2, f"{form} file=/dev/null ! null", "from files only|No such file")

    def test_nothing_in_it(self):
        self.path("e.dat", b"")
        for form, name, content in (
                ("idx", "e3.idx", formats.idx_bytes(8, (0, 2, 3), [])),
                ("idx", "e1.idx", formats.idx_bytes(8, (0,), [])),
                ("wfdb", "e.hea", "e 1 360\ne.dat 16\n"), ("json fields=a", "e.jsonl", "\n\n"),
                ("mtx", "e.mtx", "%%MatrixMarket matrix coordinate real general\n0 0 0\n"),
                ("mtx", "a.mtx", "%%MatrixMarket matrix array real general\n0 3\n")):
            source = f"{form} file={self.path(name, content)}"
            self.assertEqual(self.json(f"{source} ! digest"), oracle.digest_of([]), source)

    def test_cut_anywhere_and_noise(self):
        """Whatever a file holds: one line, or a run that ends well."""
        r = random.Random(11)
        for name, form in (("trades.jsonl", "json fields=data.price"), ("west.mtx", "mtx"),
                           ("images.idx3-ubyte", "idx"), ("scan.pgm", "pgm"), ("100.hea", "wfdb")):
            files = formats.examples()
            for path, content in files.items():
                self.path(path, content)
            whole = files[name][:300]
            contents = [whole[:r.randrange(len(whole))] for _ in oracle.some(range(8), 4)]
            for _ in oracle.some(range(8), 4):
                noise = bytearray(whole)
                for _ in range(r.randrange(1, 4)):
                    noise[r.randrange(min(len(noise), 60))] = r.randrange(256)
                contents.append(bytes(noise))
            for content in contents:
                done = self.call("run", f"{form} file={self.path(name, content)} ! csv")
                self.assertIn(done.returncode, (0, 1, 2), (name, content, done.stderr))
                lines = done.stderr.count(b"\n")
                self.assertIn(lines, (0,) if done.returncode == 0 else (1, 3), (name, content))


if __name__ == "__main__":
    oracle.main()
