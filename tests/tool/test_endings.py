#!/usr/bin/env python3
"""How runs of the `leat` command end: signals, closed pipes, full disks, a mapped file cut short.

    test_endings.py LEAT
"""
import json
import os
import pty
import resource
import select
import shutil
import signal
import subprocess
import time
import unittest

import case
from case import Case

ENDLESS = "synth kind=ramp samples=0 frame=512 ! csv header=no file="
WIDE = ENDLESS.replace("frame", "channels=64 frame")  # fewer lines in the same time


def closed_pipe():
    """The writing end of a pipe that nobody reads any more."""
    out, held = os.pipe()
    os.close(out)
    return held


def heeds_hangup():
    """A test that was started with nohup passes on that hangups are ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Signals(Case):
    def ramp(self, path):
        """How many lines came out: whole frames, nothing missing, nothing beside the file."""
        with open(path, encoding="utf-8") as file:
            lines = [line.partition(",")[0] for line in file]
        self.assertGreater(len(lines), 0)
        self.assertEqual(len(lines) % 512, 0)
        self.assertEqual([int(float(line)) for line in lines], list(range(len(lines))))
        self.assertEqual(self.left_over(), [])
        return len(lines)

    def interrupted(self, number, status, *words):
        result = self.path("out.csv")
        process = self.start(*words, ENDLESS + result, preexec_fn=heeds_hangup)
        self.wait_for_bytes(10000)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        self.assertEqual(process.returncode, status, said)
        return said, self.ramp(result)

    def test_interrupt_finishes(self):
        said, lines = self.interrupted(signal.SIGINT, 130)
        self.assertRegex(said, rf"^{lines // 512} frames, {lines} samples in ")
        said, lines = self.interrupted(signal.SIGINT, 130, "--stats", "json", "--workers", "2")
        self.assertEqual(json.loads(said)["samples"], lines)

    def test_terminate_and_hangup_finish(self):
        self.interrupted(signal.SIGTERM, 143)
        self.interrupted(signal.SIGHUP, 129)

    def test_ignored_hangups_stay_ignored(self):
        result = self.path("out.csv")
        process = self.start(WIDE + result,
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_for_bytes(10000)
        process.send_signal(signal.SIGHUP)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.ramp(result)

    def stuck(self, result):
        """A run that cannot drain: its second chain's sink is held up in a pipe nobody reads."""
        stdout, held = os.pipe()
        self.addCleanup(os.close, stdout)
        process = self.start(ENDLESS + result + " ; synth ! csv", stdout=held,
                             preexec_fn=heeds_hangup)
        os.close(held)
        self.wait_for_bytes(0)
        time.sleep(0.3)
        return process

    def test_second_signal_leaves_at_once(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            process = self.stuck(self.path("out.csv"))
            process.send_signal(number)
            with self.assertRaises(subprocess.TimeoutExpired):
                process.wait(timeout=0.5)
            self.assertNotEqual(self.left_over(), [])
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=5), status)
            self.assertEqual(os.listdir(self.folder.name), [])

    def test_second_signal_finds_files_behind_links(self):
        """What is unfinished stands beside the link's target, not beside the link."""
        away = self.path("away")
        os.mkdir(away)
        target = os.path.join(away, "other.csv")
        with open(target, "w", encoding="utf-8") as file:
            file.write("as it was")
        link = self.path("link.csv")
        os.symlink(target, link)
        process = self.start("synth ! csv ; " + ENDLESS + link, stdout=self.full_pipe())
        self.wait_for(lambda: len(os.listdir(away)) == 2, "nothing was written")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=5), 130)
        self.assertEqual(os.listdir(away), ["other.csv"])
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["away", "link.csv"])

    def full_pipe(self):
        """A pipe that nobody reads, and that takes nothing more."""
        out, held = os.pipe()
        self.addCleanup(os.close, out)
        self.addCleanup(os.close, held)
        os.set_blocking(held, False)
        try:
            while os.write(held, b"x" * 65536):
                pass
        except BlockingIOError:
            pass
        os.set_blocking(held, True)
        return held

    def test_repeats_within_a_moment_are_one(self):
        """As from GNU timeout, which signals the process and then its group."""
        for _ in range(20):
            process = self.stuck(self.path("out.csv"))
            begun = time.monotonic()
            for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                process.send_signal(number)
                time.sleep(0.005)
            if time.monotonic() - begun < 0.05:
                break
            process.kill()  # a busy machine: that was no moment
            process.wait()
            for name in self.left_over():  # none when it has left already
                os.remove(self.path(name))
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=5), 143)
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_gnu_timeout(self):
        program = shutil.which("timeout")
        if program is None:
            raise unittest.SkipTest("there is no timeout")
        for word, status in (("INT", 130), ("TERM", 143)):
            result = self.path(word + ".csv")
            done = subprocess.run([program, "--preserve-status", "-s", word, "1", case.LEAT, "run",
                                   WIDE + result], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, status, done.stderr)
            self.ramp(result)

    def test_what_was_read_comes_out(self):
        """A source that waits has rows of a frame that is not full: they are not lost."""
        rows = [f"{i},{i * i}" for i in range(5)]
        process = self.start("csv file=- header=yes frame=1024 ! csv", stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
        process.stdin.write("a,b\n" + "\n".join(rows) + "\n7,")
        process.stdin.flush()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)
        self.assertEqual(process.stdout.read(), "a,b\n" + "".join(row + "\n" for row in rows))
        process = self.start("raw file=- type=u8 channels=2 frame=1024 to=i64 ! csv header=no",
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write("ABCDE")  # and half a sample
        process.stdin.flush()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)
        self.assertEqual(process.stdout.read(), "65,66\n67,68\n")


class Failures(Case):
    def test_closed_pipe(self):
        """As of a program that SIGPIPE ends: no word, and the status that shells give it."""
        process = self.start("synth samples=0 ! csv", stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), "ch1\n")
        process.stdout.close()
        self.assertEqual((process.wait(timeout=30), process.stderr.read()), (141, ""))
        for words in (["run", "synth samples=10 ! csv"], ["run", "synth samples=10 ! stats"],
                      ["run", "--stats-file=-", "synth samples=10 ! null"], ["stages"], ["--help"]):
            held = closed_pipe()
            done = subprocess.run([case.LEAT, *words], stdout=held, stderr=subprocess.PIPE,
                                  text=True, timeout=60)
            os.close(held)
            self.assertEqual((done.returncode, done.stderr), (141, ""), words)

    def test_closed_pipe_hides_nothing_else(self):
        held = closed_pipe()
        done = subprocess.run([case.LEAT, "run", "synth samples=100k ! csv file=/dev/full"],
                              stdout=held, stderr=subprocess.PIPE, text=True, timeout=60)
        os.close(held)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^leat: /dev/full: .*No space left on device\.?\n$")

    def test_small_stack(self):
        """Workers need more than some limits leave them, and have it."""
        def limit():
            resource.setrlimit(resource.RLIMIT_STACK, (100 << 10, resource.RLIM_INFINITY))
        done = subprocess.run([case.LEAT, "run", "--workers", "2", "--stats", "json",
                               "synth samples=9k ! rolling size=64 ! rfft ! stats"],
                              capture_output=True, text=True, preexec_fn=limit, timeout=60, env={})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stderr)["samples"], 9000)

    def test_limit_of_a_files_size(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))  # TSan has a file of half
        for kind in ("csv", "npy", "raw", "wav"):
            result = self.path("out." + kind)
            done = subprocess.run([case.LEAT, "run", f"synth samples=900k rate=8k ! {kind} file={result}"],
                                  capture_output=True, text=True, preexec_fn=limit, timeout=60)
            self.assertEqual((done.returncode, done.stderr),
                             (1, f"leat: {result}: cannot be written: File too large\n"))
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for words in (["run", "synth samples=1M ! csv"], ["run", "synth samples=1k ! stats"],
                          ["run", "synth samples=1k rate=8k ! wav file=-"],
                          ["stages"], ["--help"], ["plan", "synth ! null"]):
                done = subprocess.run([case.LEAT, *words], stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=60)
                self.assertEqual(done.returncode, 1, words)
                self.assertRegex(done.stderr, r"^leat: .*No space left on device\.?\n$")
        self.bad(1, "No space left", "run", "synth samples=1M ! csv file=/dev/full")

    def test_mapped_file_that_is_cut_while_it_is_read(self):
        """In the middle of a pull nobody can look beforehand: the fault itself is what is told. A
        cut between pulls is found by looking, and tried again."""
        path, result = self.path("in.raw"), self.path("out.csv")
        for _ in range(20):
            with open(path, "wb") as file:
                file.truncate(1 << 36)
            process = self.start("--workers", "2", "raw file=in.raw type=u8 mapped=yes frame=256Ki ! "
                                 f"null ; {ENDLESS}{result}", cwd=self.folder.name)
            self.wait_for_bytes(0)
            time.sleep(0.3)
            os.truncate(path, 4096)
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1, said)
            self.assertEqual(os.listdir(self.folder.name), ["in.raw"])
            self.assertRegex(said, r"^leat: \S*in\.raw: became shorter while it was mapped\n$")
            if said.startswith(f"leat: {os.path.realpath(path)}: "):
                return
        self.fail("no pull was hit")

    def test_other_faults_are_left_to_the_system(self):
        process = self.start("synth samples=0 ! null")
        time.sleep(0.3)
        process.send_signal(signal.SIGBUS)
        self.assertEqual(process.wait(timeout=30), -signal.SIGBUS)
        self.assertNotIn("mapped", process.stderr.read())


class Terminal(Case):
    def said_on_terminal(self, *words, act=lambda process, said, seconds: None, **more):
        master, slave = pty.openpty()
        more.setdefault("stdout", subprocess.DEVNULL)
        process = self.start(*words, stderr=slave, **more)
        os.close(slave)
        said = b""
        start = time.monotonic()
        while time.monotonic() < start + 60:
            ready, _, _ = select.select([master], [], [], 0.1)
            try:
                part = os.read(master, 4096) if ready else b""
            except OSError:  # the other end has closed
                break
            said += part
            if process.poll() is None:
                act(process, said, time.monotonic() - start)
        self.status = process.wait(timeout=30)
        os.close(master)
        return said.decode()

    def test_progress(self):
        def stop(process, said, _):
            if said.count(b"samples/s") >= 3:
                process.send_signal(signal.SIGTERM)

        said = self.said_on_terminal("synth kind=sine samples=100G ! null", act=stop)
        self.assertRegex(said, r"\r +\d+ %  [\d.]+ [kMG]?samples/s  [\d:]+ left")
        self.assertIn("\r\x1b[K", said)
        self.assertNotIn("Ctrl-C", said)
        said = self.said_on_terminal("synth kind=sine samples=0 ! null", act=stop)
        self.assertRegex(said, r"\r[\d.]+ [kMG]?samples/s  \d+:\d\d")

    def test_quick_runs_are_silent(self):
        self.assertEqual(self.said_on_terminal("synth samples=1k ! null"), "")

    def test_a_long_end_is_told(self):
        """Once, after a second; a second Ctrl-C then leaves."""
        out, held = os.pipe()  # nobody reads, so the sink never finishes
        self.addCleanup(os.close, out)
        sent = []

        def interrupt(process, said, seconds):
            if (not sent and seconds > 0.5) or (len(sent) == 1 and seconds > sent[0] + 3):
                self.assertEqual(b"Ctrl-C" in said, len(sent) == 1)
                process.send_signal(signal.SIGINT)
                sent.append(seconds)
            if len(sent) == 1 and seconds < sent[0] + 0.9:
                self.assertNotIn(b"Ctrl-C", said)

        said = self.said_on_terminal("synth ! csv", act=interrupt, stdout=held)
        os.close(held)
        self.assertEqual(self.status, 130)
        self.assertEqual(said.count("Ctrl-C"), 1, said)
        self.assertRegex(said, r"(^|\r\x1b\[K)leat: [^\r\n]*finish[^\r\n]*second Ctrl-C leaves at "
                         r"once[^\r\n]*\r\n$")

    def test_elsewhere_nothing_is_told(self):
        out, held = os.pipe()
        self.addCleanup(os.close, out)
        process = self.start("synth ! csv", stdout=held)
        os.close(held)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        self.assertEqual((process.wait(timeout=5), process.stderr.read()), (130, ""))


if __name__ == "__main__":
    case.main()
