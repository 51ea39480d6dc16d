"""What the tests of the command share: a folder for each of them, and the command that is tested.
"""
import os
import subprocess
import sys
import tempfile
import time
import unittest

LEAT = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None


def leat(*words, **more):
    more.setdefault("stdin", subprocess.DEVNULL)
    if isinstance(more.get("input"), str):
        del more["stdin"]
    return subprocess.run([LEAT, *words], capture_output=True, text=True, timeout=60, **more)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, text=None):
        path = os.path.join(self.folder.name, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def left_over(self):
        return [name for name in os.listdir(self.folder.name) if ".tmp" in name]

    def good(self, *words, **more):
        done = leat(*words, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def bad(self, status, pattern, *words, **more):
        """Fails with that status, nothing on stdout, one line of message and perhaps its excerpt."""
        done = leat(*words, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, pattern)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("leat: "), done.stderr)
        self.assertEqual(done.stderr.count("leat: "), 1, done.stderr)
        self.assertLessEqual(done.stderr.count("\n"), 3, done.stderr)
        return done.stderr

    def start(self, *words, **more):
        more.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen([LEAT, "run", *words], text=True, **more)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, condition, what):
        for _ in range(3000):
            if condition():
                return
            time.sleep(0.01)
        self.fail(what)

    def wait_for_bytes(self, bytes_min):
        """Until the temporary file has something in it."""
        self.wait_for(lambda: any(os.path.getsize(self.path(name)) >= bytes_min
                                  for name in self.left_over()), "nothing was written")


def main():
    program = unittest.main(argv=sys.argv[:1], verbosity=1, exit=False)
    if program.result.testsRun == 0:
        sys.exit("no test ran")
    sys.exit(0 if program.result.wasSuccessful() else 1)
