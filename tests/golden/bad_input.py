#!/usr/bin/env python3
"""Bad input: exit status 2 or 1, one clear line that says where and what, and nothing half-written.

    bad_input.py LEAT
"""
import os
import re
import struct
import unittest

import oracle

PIPELINE = "pipeline"  # the name of a pipeline that came on the command line


class Case(oracle.Case):
    def bad(self, status, text, *patterns, words=(), place=PIPELINE, line=None, column=None):
        """Fails with that status, or one of several, and one line on stderr, which begins with its
        place (place=None: none) and in which all patterns are found; perhaps the line in question
        and a caret follow.
        Files named out.* do not come to be, and none is left over."""
        done = self.call("run", *words, text)
        said = done.stderr.decode()
        self.assertIn(done.returncode, status if isinstance(status, tuple) else (status,), said)
        self.assertEqual(done.stdout, b"", said)
        lines = said.split("\n")
        self.assertTrue(said.endswith("\n") and lines[0].startswith("leat: "), said)
        self.assertIn(len(lines), (2, 4), said)
        if len(lines) == 4:
            self.assertRegex(lines[2], r"\A\s*\^\Z")
        if place is not None:
            found = re.match(rf"leat: {re.escape(place)}:(\d+):(\d+): \S", lines[0])
            self.assertTrue(found, said)
            for got, want in zip(found.groups(), (line, column)):
                self.assertTrue(want is None or int(got) == want, said)
        for pattern in patterns:
            self.assertRegex(lines[0], pattern)
        left = [name for name in os.listdir(self.folder) if name.startswith("out.")]
        self.assertEqual(left, [])
        return lines

    def out(self, name="out.csv"):
        return os.path.join(self.folder, name)

    def bad_somewhere(self, text):
        """Before the run or while it runs."""
        return self.bad((1, 2), text, place=None)


class BadInput(Case):
    # ---- the input

    def test_missing_file(self):
        for kind in ("csv", "wav", "npy", "raw"):
            path = self.path("absent")
            self.bad(2, f"{kind} file={path} ! csv file={self.out()}", re.escape(path),
                     "No such file", line=1, column=1)
            self.bad(2, f"{kind} file={self.folder} ! null", re.escape(self.folder), "directory")

    def test_a_folder_that_may_not_be_read(self):
        if os.geteuid() == 0:
            raise unittest.SkipTest("the superuser reads everything")
        path = self.path("closed.csv", "a\n1\n")
        os.chmod(path, 0)
        self.bad(2, f"csv file={path} ! null", "Permission denied")

    def test_short_file(self):
        whole = oracle.npy_bytes((4,), [1.0, 2.0, 3.0, 4.0])
        for n in (0, 5, 9, 60, len(whole) - 32, len(whole) - 8, len(whole) - 1):
            path = self.path("in.npy", whole[:n])
            self.bad(2, f"npy file={path} ! csv file={self.out()}", re.escape(path))
        path = oracle.write_wav(self.path("in.wav"), [[1, 2, 3, 4]], 2)
        with open(path, "rb") as file:
            whole = file.read()
        for n in (0, 3, 11, 20, 40, 44, len(whole) - 1):
            cut = self.path("cut.wav", whole[:n])
            self.bad(2, f"wav file={cut} ! csv file={self.out()}", re.escape(cut))
        path = self.path("in.raw", struct.pack("<3d", 1, 2, 3) + b"x")
        lines = self.bad_somewhere(f"raw file={path} type=f64 ! csv file={self.out()}")
        self.assertIn(path, lines[0])
        self.bad(2, f"csv file={self.path('in.csv', b'')} ! csv file={self.out()}", "empty")

    def test_channels_names_and_processors(self):
        path = self.path("in.csv", "price,size\n1,2\n3,4\n")
        source = f"csv file={path} ! "
        at = len(source) + 1
        for stage, value, pattern in (
                ("zscore on=prcie ! null", "prcie", "unknown channel 'prcie'; did you mean 'price'"),
                ("zscore on=price,3 ! null", "price,3", "there is no channel 3: the stream has 2"),
                ("zscore on=price,1 ! null", "price,1", "price is named twice"),
                ("zscore on=price as=size ! null", "size", "has a channel 'size' already"),
                ("zscore as=4x ! null", "4x", "'4x' is no name"),
                ("where channel=size max=2 on=size ! null", "size", "where changes the columns"),
                ("where channel=price max=2 on=size ! null", "size", "where changes the columns"),
                ("rfft on=size ! null", "size", "rfft changes the columns of a frame, which all"),
                ("ifft as=x ! null", "x", "as: ifft changes the columns of a frame"),
                ("zscore on=1..99999999999 ! null", "1..99999999999",
                 "on: there is no channel 99999999999: the stream has 2"),
                ("window size=99999999999h ! null", "99999999999h", "range: 1ns to 5124095h"),
                ("queue age=-1s ! null", "-1s", "age: -1s is out of range: 1ns to 5124095h"),
                ("key by='' max=2 ! null", "''", "by: the text is empty; give one such as 1"),
                ("window size=2 as=w ! null", "w ", "moves whole frames; .* use tee, `select"),
                ("cast type=f32 on=size ! null", "size", "a frame has one"),
                ("null as=x", "x", "gives nothing on"),
                ("queue depth=2 core=0 ! null", "0", "give core= to the stage behind it"),
                ("zscore core=987654 ! null", "987654", "no processor 987654 that we may use; \\d+ is"),
                ("zscore core=-1 ! null", "-1", "core: -1 is out of range"),
                ("zscore onn=size ! null", "onn", "unknown parameter 'onn'; did you mean 'on'")):
            first = stage.rindex("=" + value) + 1 if "=" + value in stage else stage.index(value)
            self.bad(2, source + stage, pattern, line=1, column=at + first)
        self.bad(2, f"csv file={path} on=price ! null", "has no channels before it; name those",
                 line=1, column=len(f"csv file={path} on=") + 1)
        cores = sorted(os.sched_getaffinity(0))
        self.bad(2, f"{source}zscore core={cores[0]} ! null", "worker 0 is pinned to processor",
                 words=("--pin", str(cores[0])), line=1)

    def test_corrupt_file(self):
        whole = oracle.npy_bytes((4,), [1.0, 2.0, 3.0, 4.0])
        for old, new in ((b"<f8", b"<c8"), (b"<f8", b"|O8"), (b"(4,)", b"(-4)"), (b"(4,)", b"(4;)"),
                         (b"\x93", b"\x92"), (b"\x01\x00", b"\x09\x00"), (b"(4,)", b"(9,)"),
                         (b"'descr'", b"'dexcr'")):
            self.assertIn(old, whole)
            path = self.path("in.npy", whole.replace(old, new, 1))
            self.bad(2, f"npy file={path} ! csv file={self.out()}", re.escape(path))
        for shape in ((2 ** 62, 2 ** 62), (2, 2 ** 62), (2 ** 63,), (2 ** 40,), (1, 1, 1, 1)):
            huge = self.path("huge.npy", oracle.npy_bytes(shape, []))
            self.bad(2, f"npy file={huge} ! csv file={self.out()}")
        for content in (b"RIFF\xff\xff\xff\xffWAVE", b"RIFF" + b"\x00" * 100, b"hello, world" * 9):
            path = self.path("in.wav", content)
            self.bad(2, f"wav file={path} ! csv file={self.out()}", re.escape(path))

    def test_column_that_is_not_there(self):
        path = self.path("in.csv", "time,price\n1,2\n")
        self.bad(2, f"csv file={path} columns=prise ! null", "prise", "did you mean 'price'")
        self.bad(2, f"csv file={path} columns=3 ! null", "no column 3", "it has 2")
        self.bad(2, f"csv file={path} columns=0 ! null", "column")
        self.bad(2, f"csv file={path} time=when ! null", "time", "when")
        self.bad(2, f"csv file={path} ! where channel=prize ! null", "prize", "'price'|price")
        self.bad(2, f"csv file={path} ! select channels=prize ! null", "prize", "'price'|price")
        bare = self.path("bare.csv", "1,2\n")
        self.bad(2, f"csv file={bare} columns=price ! null", "price")

    def test_number_that_is_not_one(self):
        for cell in ("x", "1x", "1,2", "--1", "1e", "0x10", "1 2", "1e999", "٣"):
            path = self.path("in.csv", "a,b\n" + "1,2\n" * 2000 + f"3,{cell}\n" + "4,5\n" * 2000)
            self.bad(1, f"csv file={path} frame=16 ! csv file={self.out()}", "on-error=reject",
                     place=path, line=2002)
            got = self.good(f"csv file={path} frame=16 on-error=reject ! stats")
            self.assertEqual(oracle.json.loads(got)["channels"][0]["count"], 4000)
        self.bad(1, f"csv file={path} ! null", place=path, line=2002, column=3)

    def test_rows_with_wrong_quotes_or_too_long(self):
        """Rejected one by one, whatever is wrong with them; otherwise they end the run."""
        for row, why, column in (('"3"x,4', "behind the closing quote", 4),
                                 ('3,"4" "5"', "behind the closing quote", 7),
                                 ('"3,4', "text ends inside the quotes", 1),
                                 ("1" * (3 << 20) + ",2", "longer than 1048576 bytes", 1),
                                 ('"' + "1" * (3 << 20) + '",2', "longer than 1048576 bytes", 1),
                                 ("3,1e400", "does not fit", 3)):
            for end in ("\n", "\r\n", "\r"):
                path = self.path("in.csv", end.join(("a,b", "1,2", row, "5,6", "")))
                self.bad(1, f"csv file={path} ! csv file={self.out()}", why, "on-error=reject",
                         place=path, line=3, column=column)
                done = self.call("run", "--stats", "json", f"csv file={path} on-error=reject ! csv")
                self.assertEqual((done.returncode, done.stdout), (0, b"a,b\n1,2\n5,6\n"))
                self.assertEqual(oracle.json.loads(done.stderr)["rejected"], 1)

    def test_rejected_rows_are_counted(self):
        path = self.path("in.csv", "a\n1\nx\n2\n3,4\n5\n")
        done = self.call("run", "--stats", "json",
                         f"csv file={path} on-error=reject ! csv header=no")
        self.assertEqual((done.returncode, done.stdout), (0, b"1\n2\n5\n"))
        self.assertEqual(oracle.json.loads(done.stderr)["rejected"], 2)

    def test_rows_of_other_lengths(self):
        for row in ("1", "1,2,3", ","):
            path = self.path("in.csv", f"a,b\n1,2\n{row}\n3,4\n")
            if row == ",":
                self.assertEqual(self.good(f"csv file={path} ! csv").count("\n"), 4)
            else:
                self.bad(1, f"csv file={path} ! csv file={self.out()}", place=path, line=3)
        path = self.path("in.csv", 'a,b\n1,2\n"3,4\n5,6\n')
        self.bad(1, f"csv file={path} ! csv file={self.out()}", "quote", place=path, line=3)

    # ---- the pipeline

    def test_does_not_parse(self):
        for text, line, column in (("synth ! ! null", 1, 9), ("synth !", 1, 8), ("! null", 1, 1),
                                   ("synth samples=\"1 ! null", 1, 15),
                                   ("synth samples= ! null", 1, 15),
                                   ("synth samples=$n ! null", 1, 15), ("synth =1 ! null", 1, 7),
                                   ("let n=1\nsynth samples=$m ! null", 2, 15),
                                   ("synth samples=1 samples=2 ! null", 1, 17), ("{", 1, 1)):
            self.bad(2, text, line=line, column=column)
        path = self.path("p.leat", "# a comment\n\nsynth samples=10 !\n  zscore size=3 !\n  null\n")
        self.bad(2, path, "zscore", "size", place=path, line=4, column=10)

    def test_unknown_words(self):
        self.bad(2, "synth ! zscor ! null", "zscor", "did you mean 'zscore'", column=9)
        self.bad(2, "synth ! rolling siz=3 ! null", "siz", "did you mean 'size'", column=17)
        self.bad(2, "synth kind=sin ! null", "sin", "sine", column=12)
        self.bad(2, "synth type=f16 ! null", "f16", "f64", column=12)
        self.bad(2, "synth ! rolling size=3 out=sdtdev ! null", "stddev", column=28)

    def test_what_there_is_instead(self):
        """What a stage refuses is not among what it is said to take."""
        for stage, takes in (("tee", ""), ("key", ""), ("where channel=1", ""), ("window size=2", "on-gap= "),
                             ("scale", "on= as= "), ("ewma span=2", "on= as= on-gap= "), ("null", "on= ")):
            name, after = stage.split()[0], "" if stage == "null" else " ! null"
            done = self.call("run", f"synth ! {stage} zzzz=1{after}")
            self.assertRegex(done.stderr.decode().split("\n")[0] + " ",
                             f"it takes .*name= {takes.replace('on-gap= ', '')}core= "
                             f"{'on-gap= ' if 'on-gap' in takes else ''}$")
            listed = self.call("stages", name).stdout.decode()
            for word in ("on=1", "as=x", "on-gap=reset"):
                known = f" {word.split('=')[0]}= " in " " + takes
                self.assertEqual(f" {word.split('=')[0]}=" in listed.split("As every stage:")[-1], known)
                done = self.call("plan", f"synth ! {stage} {word}{after}")
                self.assertEqual(done.returncode, 0 if known else 2, (stage, word, done.stderr))

    def test_out_of_range(self):
        for text, column in (("synth ! rolling size=0 ! null", 22), ("synth frame=0 ! null", 13),
                             ("synth samples=-1 ! null", 15), ("synth samples=1.5 ! null", 15),
                             ("synth samples=1e30 ! null", 15),
                             ("synth ! ewma alpha=2 ! null", None),
                             ("synth ! ewma ! null", None), ("synth channels=65536 ! null", 16),
                             ("synth ! clamp min=2 max=1 ! null", None),
                             ("synth ! rolling size=5m ! null", 22),
                             ("synth rate=0 ! window size=2ms ! null", None),
                             ("synth rate=0 samples=2s ! null", 22),
                             ("synth samples=2m ! null", 15),
                             ("synth rate=0 ! ewma halflife=2ms ! null", 30),
                             ("synth rate=10 ! ewma span=2ms ! null", 27),
                             ("synth ! ewma span=-2ms ! null", 19),
                             ("synth ! ewma halflife=0s ! null", 23),
                             ("inlet frame=20ms ! null", 13),
                             ("inlet rate=1MHz frame=9h ! null", 23),
                             ("synth ! rolling ! null", 9), ("synth ! scale by=inf ! null", None)):
            self.bad(2, text, line=1, column=column)

    def points_at(self, value, text, *patterns):
        """Refused by run and by plan, at the value, whose last place in the text is meant."""
        line = text.count("\n", 0, text.rindex(value)) + 1
        column = text.rindex(value) - text.rfind("\n", 0, text.rindex(value))
        said = self.bad(2, text, *patterns, line=line, column=column)
        done = self.call("plan", text)
        self.assertEqual((done.returncode, done.stderr.decode()), (2, "\n".join(said)), text)

    def test_every_bad_value_is_pointed_at(self):
        """Each kind of parameter, refused by its table, by its stage, or only for that stream."""
        csv = "csv file=" + self.path("in.csv", "a,b\n1,2\n")
        raw = "raw type=f64 file=" + self.path("in.raw", struct.pack("<2d", 1, 2))
        npy = "npy file=" + self.path("in.npy", oracle.npy_bytes((4,), [1.0, 2.0, 3.0, 4.0]))
        frames = "out of range: 1 to 268435456"
        for value, text, pattern in oracle.some((
                # whole numbers
                ("0", "synth channels=0 ! null", "out of range: 1 to 65535"),
                ("-1", "synth samples=-1 ! null", "out of range: 0 to 18446744073709551615"),
                ("1e30", "synth samples=1e30 ! null", "out of range: 0 to 18446744073709551615"),
                ("1.5", "synth samples=1.5 ! null", "whole number"),
                ("x", "synth samples=x ! null", "expected a count such as 1024, or a duration"),
                ("x", "synth seed=x ! null", "whole number"),
                ("-1", csv + " skip=-1 ! null", "out of range: 0 to 1"),
                # real numbers
                ("-1", "synth rate=-1 ! null", "out of range: 0 to 1000000000000"),
                ("1e400", "synth ! scale by=1e400 ! null", "out of range: -1.79.*e308 to 1.79"),
                ("inf", "synth ! scale by=inf ! null", "inf is not a finite number"),
                ("x", "synth ! scale by=x ! null", "expected a number"),
                ("1e39", "synth type=f32 ! scale by=1e39 ! null", "does not fit the stream's f32"),
                ("401dB", "synth ! gain db=401dB ! null", "out of range: -400 to 400"),
                ("0", "synth ! ewma alpha=0 ! null", "out of range: above 0, at most 1"),
                ("1e-400", "synth ! ewma alpha=1e-400 ! null", "out of range: above 0, at most 1"),
                ("2", "synth ! ewma alpha=2 ! null", "out of range: above 0, at most 1"),
                ("0", "synth ! ewma span=0 ! null", "out of range: 1 to 1"),
                ("2", "synth ! clamp max=1 min=2 ! null", "min: 2 is above max=1"),
                ("60", "synth kind=sine rate=100 frequency=60 ! null", "frequency: .*50 Hz"),
                ("sine", "synth kind=sine rate=0 ! null", "rate"),
                ("1.5", f"synth ! wav rate=1.5 file={self.out('out.wav')}", "whole Hz"),
                # lengths
                ("0", "synth frame=0 ! null", frames),
                ("0", npy + " frame=0 ! null", frames),
                ("1G", "synth frame=1G ! null", frames),
                ("9h", "synth frame=9h ! null", "out of range: 1 to 268435456"),
                ("20ms", csv + " frame=20ms ! null", "rate="),
                ("0", "synth ! rolling size=0 ! null", "out of range: 1 to"),
                ("9h", "synth ! rolling size=9h ! null", "1 to 268435456"),
                ("2ms", "synth rate=0 ! window size=2ms ! null", "rate"),
                ("0", "synth ! window size=9 hop=0 ! null", "out of range: 1 to"),
                # words, yes and no
                ("f16", "synth type=f16 ! null", "one of: f64 f32 i64"),
                ("maybe", csv + " header=maybe ! null", "one of: auto yes no"),
                ("maybe", "synth ! csv header=maybe", "yes or no"),
                ("i64", raw + " to=i64 ! null", "whole numbers"),
                # texts and lists
                ("ab", csv + " delimiter=ab ! null", "one character"),
                ("e", csv + " delimiter=e ! null", "stands in no number"),
                ("c", csv + " columns=c ! null", "no column 'c'"),
                ("a,7", csv + " columns=a,7 ! null", "no column 7; it has 2"),
                ("5..99999999999", csv + " columns=5..99999999999 ! null", "no column 99999999999;"),
                ("1..7", csv + " columns=1..7 ! null", "no column 7; it has 2"),
                ("2..1", csv + " columns=2..1 ! null", "runs backwards; write 1..2"),
                ("0..1", csv + " columns=0..1 ! null", "the first one has the number 1"),
                ("q*", csv + " columns=q* ! null", r"no column 'q\*'"),
                ("a,a", csv + " columns=a,a ! null", "a is named twice"),
                ("1..2,b", csv + " columns=1..2,b ! null", "b is named twice"),
                ("a,1", csv + " columns=a,1 header=no ! null", "no header"),
                ("*", csv + " columns=* header=no ! null", "no header"),
                ("x,x", csv + " names=x,x ! null", "twice"),
                ("x,y,z", csv + " names=x,y,z ! null", "3 names for 2"),
                ("when", csv + " time=when ! null", "no column 'when'"),
                ("q", csv + " ! where channel=q ! null", "unknown channel 'q'"),
                ("a,q", csv + " ! select channels=a,q ! null", "unknown channel 'q'"),
                ("1..3", csv + " ! select channels=1..3 ! null", "no channel 3: the stream has 2"),
                ("2..1", csv + " ! select channels=2..1 ! null", "runs backwards; write 1..2"),
                ("0..1", csv + " ! select channels=0..1 ! null", "the first one has the number 1"),
                ("q*", csv + " ! select channels=q* ! null", r"no channel is like 'q\*'"),
                ("a,*", csv + " ! select channels=a,* ! null", "a is named twice"),
                ("1x", csv + " name=1x ! null", "is no name"),
                # from a variable, in a block, over lines
                ("$n", "let n=0\nsynth frame=$n ! null", frames + ".*defined at"),
                ("$n", f"let n=q\n{csv} columns=$n ! null", "no column 'q'"),
                ("0", "let b={\n  rolling size=9 !\n  window size=8 hop=0 }\nsynth ! $b ! null",
                 "out of range: 1 to"),
                ("2ms", "let b={\n  window size=2ms }\nsynth rate=0 ! $b ! null", "rate")), 3):
            with self.subTest(text):
                self.points_at(value, text, pattern)

    def test_graphs_that_go_nowhere(self):
        """Circles, dangling branches, joins whose inputs never meet: told before anything starts."""
        tee, join = "synth samples=9 ! tee name=t", "\njoin name=j ! null"
        for text, line, column, pattern in (
                ("synth ! j.\njoin name=j ! tee name=t ! j.\nt. ! null", 2, 1, "j: stands in a circle"),
                ("synth ! a.\njoin name=a ! b.\nsynth ! b.\njoin name=b ! a.", 2, 1,
                 "a: stands in a circle"),
                ("synth ! j.\njoin name=j ! abs ! j.", 2, 1, "j: nothing takes|circle"),
                (tee, 1, 19, "t: nothing takes its frames"),
                (tee + " ! null\nt. ! abs", 2, 6, "abs: nothing takes its frames"),
                (tee + " ! null\nu. ! null", 2, 1, "u.: no stage is named 'u'"),
                ("synth ! jn.\nsynth ! j." + join, 1, 9, "no stage is named 'jn'"),
                ("join name=j ! null", 1, 1, "j: nothing comes in"),
                ("synth ! j." + join, 2, 1, "one input is no join"),
                ("synth name=s ! null\ns. ! null", 2, 1, "s has no free output"),
                ("synth ! null name=n\nsynth ! n.", 2, 9, "n has no free input"),
                ("synth ! queue", 1, 9, "queue: nothing takes its frames"),
                # inputs that never meet
                (tee + " ! j.\nt. ! window size=10 ! j." + join, 3, 1, "cannot be paired"),
                (tee + " ! j.\nt. ! where channel=1 ! window size=1024 ! j." + join, 3, 1,
                 "may be out of step: window counts"),
                (tee + " ! j.\nt. ! j.\njoin name=j how=merge by=time ! null", 3, 26,
                 "by: input 1 gives frames without a time"),
                ("udp address=127.0.0.1:26477 ! tee name=t ! j.\nt. ! j.\n"
                 "join name=j how=merge by=time ! null", 3, 1, "cannot wait for each other by time"),
                ("synth rate=10 ! j.\nsynth rate=20 ! j." + join, 3, 1, "join how=asof goes by"),
                ("synth ! j.\nsynth type=f32 ! j." + join, 3, 1, "cast one"),
                ("synth ! j.\nsynth channels=2 ! j.\njoin name=j how=add ! null", 3, 1,
                 "select the same number, or join how=zip"),
                ("synth ! tee name=a ! z.\nsynth ! tee name=b ! z.\njoin name=z ! null\n"
                 "a. ! j.\nb. ! j.\njoin name=j how=asof time=1 ! null", 6, 1,
                 "wait for each other in another join, too")):
            with self.subTest(text):
                self.bad(2, text, pattern, line=line, column=column)

    def test_frame_larger_than_the_pool(self):
        self.bad(2, "synth frame=100M ! null", "bytes", words=("--memory", "16M"))
        self.bad(2, "synth frame=1000G ! null", "frame")
        self.bad(2, "synth frame=200M channels=60000 ! null", r"\d+ bytes")
        self.bad(2, "synth ! window size=200M ! null", "bytes", words=("--memory", "16M"))

    def test_shapes_that_do_not_fit(self):
        self.bad(2, "synth type=i64 ! zscore ! null", "i64", "cast type=f64", column=18)
        self.bad(2, "synth samples=1", "sink|takes its frames")
        self.bad(2, "zscore ! null")
        self.bad(2, "stats ! null")

    # ---- the output

    def test_output_that_cannot_be_written(self):
        for kind in ("csv", "npy", "raw", "wav", "stats", "digest"):
            rate = "rate=8kHz" if kind == "wav" else ""
            text = f"synth samples=10 {rate} ! {kind} file="
            self.bad(2, text + "/nowhere/out", "/nowhere/out", "No such file", place=None)
            self.bad(2, text + self.folder, re.escape(self.folder), "directory", place=None)
        for kind in ("csv", "raw", "stats", "digest"):
            self.bad(1, f"synth samples=100k ! {kind} file=/dev/full", "No space left", place=None)

    def test_frames_that_cannot_be_stacked(self):
        """logreturn makes the first frame shorter, and only the last one may be."""
        self.bad(1, f"synth samples=5k ! logreturn ! npy stack=yes file={self.out('out.npy')}",
                 "out.npy", "put window before it", place=None)

    def test_old_output_stays(self):
        """A run that fails leaves what stood under the name, and nothing beside it."""
        source = self.path("in.csv", "a\n" + "1\n" * 5000 + "x\n")
        for kind in ("csv", "npy", "raw", "wav", "stats", "digest"):
            path = self.path("keep." + kind, "as it was")
            done = self.call("run", f"csv file={source} rate=8kHz frame=16 ! {kind} file={path}")
            self.assertEqual(done.returncode, 1, done.stderr)
            with open(path, encoding="ascii") as file:
                self.assertEqual(file.read(), "as it was")
        self.assertEqual([name for name in os.listdir(self.folder) if ".tmp" in name], [])

    def test_npy_of_a_type_that_no_row_has(self):
        for descr, width in (("<u8", 8), ("<f2", 2), ("|b1", 1), ("<c8", 8)):
            path = self.path("other.npy", oracle.npy_bytes((2,), []).replace(
                b"<f8", descr.encode()) + bytes(2 * width))
            self.bad(2, f"npy file={path} ! null", re.escape(f"'{descr}'"),
                     "float64, float32, int64 or an integer type of at most 32 bits$")

    def test_npy_of_an_absurd_shape(self):
        """The one line names the file, whatever is wrong with the shape."""
        for shape in ((2 ** 62, 2 ** 62), (2, 2 ** 62), (2 ** 63,), (2 ** 64,), (2 ** 40,), (0, 5),
                      (100000, 1), (7, 0, 3), (2 ** 32, 2, 2 ** 32), (1, 1, 1, 1), ()):
            path = self.path("huge.npy", oracle.npy_bytes(shape, []))
            self.bad(2, f"npy file={path} ! csv file={self.out()}", f"{re.escape(path)}: ")
        path = self.path("long.npy", oracle.npy_bytes((1, 1, 2 ** 29), [], descr="|u1"))
        os.truncate(path, 2 ** 29 + 4096)  # all of it is there, and it asks for one such frame
        self.bad(2, f"npy file={path} ! null", f"{re.escape(path)}: .*give frame=")

    def test_a_full_disk_is_no_mistake_of_the_pipeline(self):
        for kind, samples in (("wav", 1), ("wav", "100k"), ("npy", 1), ("npy", "100k")):
            self.bad(1, f"synth samples={samples} rate=8kHz ! {kind} file=/dev/full",
                     "/dev/full: .*No space left on device$", place=None)

    def test_two_sinks_of_one_file(self):
        text = f"synth ! csv file={self.out()} ; synth ! npy file={self.out()}"
        self.bad(2, text, "'csv'", re.escape(self.out()), line=1, column=text.index("npy") + 1)


if __name__ == "__main__":
    oracle.main()
