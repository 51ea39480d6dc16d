#!/usr/bin/env python3
"""What the `leat` command does with files that it writes: pipes, links, names, padding, rejects.

    test_outputs.py LEAT
"""
import json
import os
import re
import signal
import stat
import struct
import subprocess
import time

import case
from case import Case, leat

PLACE = r"^leat: pipeline:1:%d: "


class NamedPipes(Case):
    def fifo(self, name="pipe"):
        path = self.path(name)
        os.mkfifo(path)
        return path

    def reader(self, path):
        """A process of its own: one that waits for a writer in vain can be ended."""
        process = subprocess.Popen(["cat", path], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def read(self, path):
        return self.reader(path).communicate(timeout=30)[0]

    def interrupted(self, number, status, *words):
        process = self.start(*words)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(number)
        self.assertEqual(process.wait(timeout=5), status)
        self.assertEqual(process.stderr.read(), "")
        self.assertEqual(os.listdir(self.folder.name), ["pipe"])

    def test_signals_end_the_wait_for_a_reader(self):
        path = self.fifo()
        for kind in ("csv", "raw", "stats", "digest"):
            self.interrupted(signal.SIGINT, 130, f"synth samples=0 ! {kind} file={path}")
        self.interrupted(signal.SIGTERM, 143, f"synth samples=0 ! csv file={path}")
        self.interrupted(signal.SIGINT, 130, "--stats-file", path, "synth samples=0 ! null")
        other = self.path("out.csv")
        self.interrupted(signal.SIGINT, 130, f"synth samples=0 ! csv file={other} ; "
                         f"synth samples=0 ! csv file={path}")

    def test_a_reader_may_come_late(self):
        path, lines = self.fifo(), "".join(f"{i}\n" for i in range(50000))
        process = self.start(f"synth kind=ramp samples=50k ! csv header=no file={path}")
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        self.assertEqual(self.read(path), lines)
        self.assertEqual((process.wait(timeout=30), process.stderr.read()), (0, ""))
        process = self.start("--stats-file", path, "synth samples=1k frame=100 ! null")
        time.sleep(0.3)
        self.assertEqual(json.loads(self.read(path))["frames"], 10)
        self.assertEqual((process.wait(timeout=30), process.stderr.read()), (0, ""))

    def test_two_pipes_one_reader_after_the_other(self):
        """Both are open before the run begins, and each ends with its own chain."""
        paths = [self.fifo("one"), self.fifo("two")]
        process = self.start("; ".join(f"synth kind=ramp samples={i + 2} ! csv header=no "
                                       f"file={paths[i]}" for i in range(2)))
        readers = []
        for path in paths:
            time.sleep(0.2)
            readers.append(self.reader(path))
        got = [reader.communicate(timeout=30)[0] for reader in readers]
        self.assertEqual((process.wait(timeout=30), process.stderr.read()), (0, ""))
        self.assertEqual(got, ["0\n1\n", "0\n1\n2\n"])

    def test_the_first_chain_ends_while_the_second_runs(self):
        """A pipe that was held open for longer would keep its reader waiting."""
        path = self.fifo()
        process = self.start(f"synth kind=ramp samples=2 ! csv header=no file={path}; "
                             "synth samples=0 ! null")
        self.assertEqual(self.read(path), "0\n1\n")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)


class Names(Case):
    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_a_link_stays_and_its_target_is_replaced(self):
        os.mkdir(self.path("away"))
        target, link = self.path("away/data.csv", "as it was"), self.path("link.csv")
        os.chmod(target, 0o640)
        os.symlink("away/data.csv", link)
        before = os.stat(target)
        self.good("run", f"synth kind=ramp samples=3 ! csv header=no file={link}")
        self.assertEqual(os.readlink(link), "away/data.csv")
        self.assertEqual(self.read(target), "0\n1\n2\n")
        after = os.stat(target)
        self.assertEqual(stat.S_IMODE(after.st_mode), 0o640)
        self.assertNotEqual(after.st_ino, before.st_ino)  # it appeared complete
        self.assertEqual(os.listdir(self.path("away")), ["data.csv"])
        self.good("run", "--stats-file", link, "synth samples=3 ! null")
        self.assertEqual(os.readlink(link), "away/data.csv")
        self.assertEqual(json.loads(self.read(target))["samples"], 3)
        self.assertEqual(stat.S_IMODE(os.stat(target).st_mode), 0o640)
        loose = self.path("loose.csv")
        os.symlink(self.path("nowhere"), loose)
        self.bad(2, "loose.csv: .*link to nothing", "run", f"synth samples=3 ! csv file={loose}")
        self.bad(2, "loose.csv: cannot be", "run", "--stats-file", loose, "synth samples=3 ! null")
        self.assertEqual(os.listdir(self.path("away")), ["data.csv"])

    def test_permissions_stay_and_new_files_have_the_masks(self):
        for mode in (0o600, 0o644, 0o666, 0o755):
            path = self.path("kept.csv", "as it was")
            os.chmod(path, mode)
            self.good("run", f"synth samples=3 ! csv file={path}")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode)
        path = self.path("new.csv")
        self.good("run", f"synth samples=3 ! csv file={path}", preexec_fn=lambda: os.umask(0o027))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)

    def test_one_file_for_two_sinks_is_refused(self):
        os.mkdir(self.path("a"))
        path, kept = self.path("a/out.csv"), self.path("a/kept.csv", "as it was")
        os.symlink("a", self.path("b"))
        os.symlink("a/kept.csv", self.path("link.csv"))
        names = [path, path.replace("/a/", "/a/../a/"), path.replace("/a/", "/b/"),
                 path.replace("/a/", "//a/./")]
        pairs = [(path, name) for name in names] + [(kept, self.path("link.csv"))]
        for one, two in pairs:
            text = f"synth samples=3 ! csv file={one} ; synth samples=3 ! raw file={two}"
            for command in ("run", "plan"):
                self.bad(2, PLACE % (text.index("raw") + 1) + f".*'csv'.* {re.escape(two)} ", command, text)
        self.bad(2, "--stats-file: 'csv' writes to .*out.csv already", "run", "--stats-file", path, f"synth ! csv file={path}")
        self.assertEqual(os.listdir(self.path("a")), ["kept.csv"])
        self.assertEqual(self.read(kept), "as it was")

    def test_an_output_has_a_name(self):
        """Found out before anything runs."""
        for kind in ("csv", "raw", "npy", "wav", "stats", "digest"):
            text = f"synth ! {kind} file=''"
            self.bad(2, PLACE % (text.index("''") + 1) + "(.*: )?file: the (name|text) is empty; ",
                     "run", text, cwd=self.folder.name)
        for kind in ("csv", "raw", "npy", "wav"):
            self.bad(2, PLACE % 10 + f"{kind}: file: the text is empty; give one such as .*{kind}",
                     "run", f"{kind} file='' ! null")
        for words in (("run", "--stats-file", ""), ("eject", "-o", "")):
            self.bad(2, "name of the output is empty", *words, "synth ! null",
                     cwd=self.folder.name)
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_what_is_not_one_file_is_not_refused(self):
        os.link(self.path("one.csv", "as it was"), self.path("two.csv"))
        for one, two in (("one.csv", "two.csv"), ("three.csv", "four.csv")):
            self.good("run", f"synth kind=ramp samples=1 ! csv header=no file={self.path(one)} ; "
                      f"synth kind=ramp samples=2 ! csv header=no file={self.path(two)}")
            self.assertEqual(self.read(self.path(one)) + self.read(self.path(two)), "0\n0\n1\n")
        for name in ("-", "/dev/null", "/dev/stdout"):
            leat_text = f"synth samples=1 ! digest file={name} ; synth samples=1 ! digest file={name}"
            self.assertEqual(self.good("run", leat_text).count("\n"), 0 if "null" in name else 2)
        path = self.path("in.csv", "a\n1\n")  # a source's file may be replaced
        self.good("run", f"csv file={path} ! scale by=2 ! csv file={path}")
        self.assertEqual(self.read(path), "a\n2\n")

    def to_stdout(self, kind, path, flags, place):
        file = os.open(path, os.O_WRONLY | flags)
        os.lseek(file, 0, place)
        done = subprocess.run([case.LEAT, "run", f"synth samples=10 rate=8kHz ! {kind} file=-"],
                              stdout=file, stderr=subprocess.PIPE, text=True, timeout=60)
        os.close(file)
        return done

    def test_a_header_does_not_go_over_what_is_there(self):
        """npy and wav write their lengths last, to the start of the file."""
        for kind in ("npy", "wav"):
            path = self.path("out." + kind, "twelve bytes")
            for flags, place, words in ((0, os.SEEK_END, "has bytes already"),
                                        (os.O_APPEND, os.SEEK_END, "has bytes already"),
                                        (os.O_APPEND, os.SEEK_SET, ">>")):  # as the shell's >> does
                done = self.to_stdout(kind, path, flags, place)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, rf"^leat: .*standard output: .*{words}.*file=")
                self.assertEqual(self.read(path), "twelve bytes")
            done = self.to_stdout(kind, path, os.O_TRUNC, os.SEEK_SET)  # as > does
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with open(path, "rb") as file:
                self.assertIn(file.read(4), (b"RIFF", b"\x93NUM"))


class Counts(Case):
    def test_rejected_frames_are_told(self):
        path = self.path("in.csv", "x\n" + "1\n2\n" * 8 + "\n".join(["nan"] + ["3"] * 7) + "\n")
        text = f"csv file={path} frame=8 ! zscore ! null"
        for tail, frames, word in (("", "1", "frame was"), ("inf\n" * 8, "2", "frames were")):
            with open(path, "a", encoding="utf-8") as file:
                file.write(tail)
            done = leat("run", text)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertRegex(done.stderr, rf"^leat: {frames} {word} rejected[^\n]*--stats[^\n]*\n$")
        for form in ("text", "json"):  # which say it themselves
            self.assertNotIn("leat:", leat("run", "--stats", form, text).stderr)
        self.good("run", "--stats-file", self.path("stats"), text)
        self.good("run", f"csv file={path} frame=8 ! null")

    def test_rows_rejected_as_asked_are_counted_alone(self):
        path = self.path("in.csv", "x\n1\noops\n2\n")
        self.assertEqual(self.good("run", f"csv file={path} on-error=reject ! csv"), "x\n1\n2\n")
        done = leat("run", "--stats", "json", f"csv file={path} on-error=reject ! null")
        self.assertEqual(json.loads(done.stderr)["stages"][0]["rejected_rows"], 1)

    def test_a_padded_last_frame_is_counted(self):
        path = self.path("out.npy")
        for samples, padded in ((12, 0), (10, 1), (1, 1)):
            done = leat("run", "--stats", "json", f"synth kind=ramp samples={samples} channels=2 "
                        f"frame=4 ! npy stack=yes file={path}")
            frames = -(-samples // 4)
            with open(path, "rb") as file:
                content = file.read()
            self.assertIn(f"({frames}, 2, 4)".encode(), content[:128])
            rows = [[i if i < samples else 0 for i in range(f * 4, f * 4 + 4)]
                    for f in range(frames) for _ in range(2)]
            self.assertEqual(struct.unpack(f"<{frames * 8}d", content[128:]), tuple(sum(rows, [])))
            said = json.loads(done.stderr)
            self.assertEqual([stage["reframed"] for stage in said["stages"]], [0, padded])
            self.assertEqual(said["reframed"], padded)
        said = self.good("stages", "npy")
        self.assertRegex(said, r"(?s)stack=.*pad\S*.*zeros")


if __name__ == "__main__":
    case.main()
