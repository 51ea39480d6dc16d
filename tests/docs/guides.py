#!/usr/bin/env python3
"""Runs what the guides show: every command, every C text, every pipeline file.

    guides.py --leat LEAT --root ROOT --prefix PREFIX --libdir LIB --cc CC --python PYTHON
              [--long] [DOCUMENT...]

PREFIX is an installation of Leat. Without DOCUMENT: what SHOWN names, and docs/guides. Each
document has a folder of its own, in which the checkout's own folders, `leat` and seeded input files
lie; its blocks run there from top to bottom. What a block is says the word behind its fence:

    sh          commands. Lines behind "$ " are commands ("> ": they go on), their output below, errors too; where
                it shows "…" there may be anything, and a line of "…" alone stands for any number of
                lines. Without "$ " the block is a script, and its output is not looked at.
    sh fails    the same; each command must fail
    sh first    of what a command says the first line is shown, and compared
    sh machine  wants rights or a machine that tests do not have: its syntax is checked
    sh long     takes minutes: with --long alone; else its syntax is checked
    c           compiled, warnings as errors; what has a main is linked, with those above, and run
    leat        a pipeline file: planned
    others      not run: text, python (tests/lend runs those), cmake

The first line of a c, cmake or leat block may name the file that it is kept as: /* peak.c */ or
# peak.leat; then later commands can use it. Outside fences nothing is indented as code is: what
looks like a command would not be run.
"""
import argparse
import math
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "golden"))
import feeds_oracle  # noqa: E402
import formats  # noqa: E402

SHOWN = ("README.md", "CONTRIBUTING.md", "examples/README.md")
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()
DEV = """#!/bin/sh
word=$1; shift
[ "$word" = leat ] && exec leat "$@"
"{root}/dev" help | grep -q "^./dev $word\\b"
"""


class Wrong(Exception):
    pass


# ---- the inputs

def make_inputs(folder):
    """trades.csv time,price,size,symbol; readings.csv with an empty cell; speech.wav, 8000 Hz; and
    what the examples of the catalogue read."""
    rng = random.Random(7)
    price = 100.0
    with open(os.path.join(folder, "trades.csv"), "w", encoding="utf-8") as file:
        file.write("time,price,size,symbol\n")
        for i in range(5000):
            price = round(max(1.0, price + rng.choice((-0.02, -0.01, 0, 0.01, 0.02))), 2)
            file.write(f"{1700000000 + i},{price},{rng.randint(1, 900)},{rng.randint(1, 5)}\n")
    with open(os.path.join(folder, "readings.csv"), "w", encoding="utf-8") as file:
        file.write("time,temperature,pressure\n")
        for i in range(3000):
            cell = "" if i == 1500 else f"{20 + rng.gauss(0, 1):.3f}"
            file.write(f"{i / 100},{cell},{1013 + rng.gauss(0, 2):.2f}\n")
    samples = [int(8000 * math.sin(i / 9) * math.sin(i / 4000)) for i in range(16000)]
    for name in ("speech.wav", "voice.wav"):
        with wave.open(os.path.join(folder, name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    with open(os.path.join(folder, "iq.raw"), "wb") as file:
        file.write(struct.pack(f"<{len(samples)}f", *samples))
    for name, shape, values in (("norm.npy", (16000,), samples),
                                ("weights.npy", (3, 2), (1, 0, 0.5, 0.5, 1, -1)),
                                ("mixing.npy", (2, 2), (0.75, 0.25, -0.5, 1)),
                                ("basis.npy", (2, 1), (0.5, 0.5)),
                                ("voices.npy", (129, 2), [i % 7 / 7 for i in range(258)])):
        with open(os.path.join(folder, name), "wb") as file:
            head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117)
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head) + 1) + head.encode() +
                       b"\n" + struct.pack(f"<{len(values)}d", *values))
    feeds_oracle.write_day(folder)
    for name, content in formats.examples().items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


# ---- the documents

def blocks_of(text):
    """(line, info words, lines) of each fenced block; refuses code that no fence shows."""
    lines = text.split("\n")
    at, before = 0, ""
    while at < len(lines):
        line = lines[at]
        fence = re.match(r"( *)```(.*)$", line)
        if fence:
            inside, first = [], at + 1
            at += 1
            while at < len(lines) and lines[at].strip() != "```":
                inside.append(lines[at][len(fence[1]):])
                at += 1
            if at == len(lines):
                raise Wrong(f"line {first}: the block has no end")
            yield first, fence[2].split(), inside
        elif line.startswith("    ") and not before.strip():
            raise Wrong(f"line {at + 1}: code without a fence, which no test sees: {line.strip()}")
        before = lines[at]
        at += 1


def steps_of(lines):
    """[(command, output lines or None)]"""
    if not any(line.startswith("$ ") for line in lines):
        return [("\n".join(lines), None)]
    steps = []
    for line in lines:
        if line.startswith("$ "):
            steps.append([line[2:], []])
        elif line.startswith("> ") and steps and not steps[-1][1]:
            steps[-1][0] += "\n" + line[2:]
        elif steps:
            steps[-1][1].append(line)
        else:
            raise Wrong(f"output before the first command: {line}")
    return [(command, output) for command, output in steps]


def matches(wanted, said):
    pattern = ""
    for line in wanted:
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.rstrip().split("…"))) + r"[ \t]*\n"
    return re.fullmatch(pattern, said if said.endswith("\n") or not said else said + "\n")


# ---- running

class Document:
    def __init__(self, options, path):
        self.options, self.path, self.count, self.objects = options, path, {}, []
        self.folder = tempfile.mkdtemp(prefix="leat-guide-")
        lib = os.path.join(options.prefix, options.libdir)
        bin_ = os.path.join(self.folder, ".bin")
        os.mkdir(bin_)
        os.symlink(options.leat, os.path.join(bin_, "leat"))
        os.symlink(options.python, os.path.join(bin_, "python3"))
        for name in ("src", "include", "cmake", "examples", "tests", "bench", "docs", "CMakeLists.txt",
                     "LICENSE"):
            os.symlink(os.path.join(options.root, name), os.path.join(self.folder, name))
        with open(os.path.join(self.folder, "dev"), "w", encoding="utf-8") as file:
            file.write(DEV.format(root=options.root))
        os.chmod(os.path.join(self.folder, "dev"), 0o755)
        make_inputs(self.folder)
        self.environment = {
            **os.environ, "PATH": bin_ + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8",
            "PKG_CONFIG_PATH": os.path.join(lib, "pkgconfig"), "CMAKE_PREFIX_PATH": options.prefix,
            "LD_LIBRARY_PATH": lib, "LEAT_LIBRARY": os.path.join(lib, "libleat.so"),
            "CC": options.cc, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, command, timeout=60):
        state = os.path.join(self.folder, ".environment")
        script = (f"[ -e {state} ] && . {state}\n{command}\nstatus=$?\nexport -p >{state}\n"
                  "exit $status")
        return subprocess.run(["bash", "-c", script], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout)

    def shell(self, words, lines):
        long = "long" in words
        if "machine" in words or (long and not self.options.long):
            script = "\n".join(command for command, _ in steps_of(lines))
            done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
            if done.returncode != 0:
                raise Wrong(done.stderr)
            return
        for command, output in steps_of(lines):
            whole = command if output is not None else "set -e\n" + command + "\nset +e"
            done = self.run(whole, 900 if long else 60)
            self.count["commands"] = self.count.get("commands", 0) + len(
                [c for c in command.split("\n") if c.strip() and not c.startswith(" ")])
            if (done.returncode != 0) != ("fails" in words):
                raise Wrong(f"`{command}` exits {done.returncode}:\n{done.stdout}")
            if "first" in words:
                done.stdout = done.stdout.split("\n")[0]
            if output is not None and not matches(output, done.stdout):
                raise Wrong(f"`{command}` says:\n{done.stdout}and not:\n" + "\n".join(output))

    def keep(self, lines, fallback):
        named = re.match(r"(?:/\* |# )([\w.-]+\.\w+|CMakeLists\.txt)\b", lines[0])
        path = os.path.join(self.folder, named[1] if named else fallback)
        if os.path.islink(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def c(self, lines):
        path = self.keep(lines, "snippet.c")
        program = any(re.match(r"int main\(", line) for line in lines)
        out = path[:-2]
        flags = " ".join(["-std=c17", "-D_GNU_SOURCE", *WARNINGS])
        how = f"{path} {' '.join(self.objects)}" if program else f"-c {path}"
        out += "" if program else ".o"
        done = self.run(f"$CC {flags} {how} -o {out} $(pkg-config --cflags --libs leat)")
        if done.returncode == 0 and not program:
            self.objects.append(out)
        elif done.returncode == 0:
            done = self.run(out)
        if done.returncode != 0:
            raise Wrong(done.stdout or f"exit {done.returncode}")
        self.count["C texts"] = self.count.get("C texts", 0) + 1

    def block(self, words, lines):
        kind = words[0] if words else ""
        if kind == "sh":
            self.shell(words[1:], lines)
        elif kind == "c":
            self.c(lines)
        elif kind == "leat":
            done = self.run(f"leat plan -f {self.keep(lines, 'snippet.leat')}")
            if done.returncode != 0:
                raise Wrong(done.stdout)
            self.count["pipelines"] = self.count.get("pipelines", 0) + 1
        elif kind == "cmake":
            self.keep(lines, "snippet.cmake")
        elif kind not in ("text", "python"):
            raise Wrong(f"'{kind}' is no kind of block")

    def look(self):
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        failures = 0
        try:
            for line, words, lines in blocks_of(text):
                try:
                    self.block(words, lines)
                except (Wrong, subprocess.TimeoutExpired) as error:
                    failures += 1
                    print(f"{os.path.relpath(self.path, self.options.root)}:{line}: {error}")
        except Wrong as error:
            failures += 1
            print(f"{os.path.relpath(self.path, self.options.root)}: {error}")
        shutil.rmtree(self.folder, ignore_errors=True)
        return failures


def main():
    parser = argparse.ArgumentParser()
    for name in ("leat", "root", "prefix", "libdir", "cc", "python"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("documents", nargs="*")
    options = parser.parse_args()
    options.leat, options.root = os.path.abspath(options.leat), os.path.abspath(options.root)
    options.prefix = os.path.abspath(options.prefix)
    guides = os.path.join(options.root, "docs/guides")
    documents = [os.path.abspath(path) for path in options.documents] or [
        os.path.join(options.root, name) for name in SHOWN] + [
        os.path.join(guides, name) for name in sorted(os.listdir(guides)) if name.endswith(".md")]
    failures, total = 0, {}
    for path in documents:
        document = Document(options, path)
        failures += document.look()
        for what, n in document.count.items():
            total[what] = total.get(what, 0) + n
    print(f"{len(documents)} documents:", ", ".join(f"{n} {what}" for what, n in total.items()) +
          f"; {failures} failures")
    sys.exit(1 if failures or not total else 0)


if __name__ == "__main__":
    main()
