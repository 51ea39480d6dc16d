"""What golden tests and the tests of the examples check against: Python's standard library alone.

Readers and writers of the formats, XXH64, and the mathematics in exact arithmetic where that is
possible: a double is a whole number times a power of two, so sums and sums of squares of
doubles are whole numbers, however many there are.
"""
import ast
import itertools
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import wave
from array import array
from collections import OrderedDict
from fractions import Fraction

PLACE = r"^leat: %s:\d+:\d+: "  # % a pattern of the file's name
DATA = os.environ.get("LEAT_TEST_DATA", "")
SETS = ("base", "v3", "v4")
FEW = "--few" in sys.argv  # under a sanitizer, where it takes ten times as long to start a run
if FEW:
    sys.argv.remove("--few")


def data(*names):
    """The path of a real input; skips the test where it is absent."""
    path = os.path.join(DATA, *names)
    if not DATA or not os.path.exists(path):
        raise unittest.SkipTest(f"LEAT_TEST_DATA has no {'/'.join(names)}")
    return path


def some(cases, step):
    """Of many cases alike all, or with --few each step-th."""
    return list(cases)[::step if FEW else 1]


RUNS = itertools.count()


def environment():
    """A run's environment. A sanitizer's look for leaks takes a short run as long as all that it does:
    of four runs one looks."""
    if not FEW or next(RUNS) % 4 == 0:
        return None
    return {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


# ---- the command

def lives_of(keys, most, ttl=None, times=None):
    """Of each sample the number of the life that it belongs to, a key's time with one state; and
    how many keys were evicted, expired, and have a state at the end."""
    table, lives, born, evicted, expired = OrderedDict(), [], 0, 0, 0
    for i, key in enumerate(keys):
        now = times[i] if times else 0
        if key in table:
            life, seen = table.pop(key)
            if ttl is not None and now - seen > ttl:
                life, born, expired = born, born + 1, expired + 1
        else:
            if len(table) == most:
                table.popitem(last=False)
                evicted += 1
            life, born = born, born + 1
        table[key] = (life, now)
        lives.append(life)
    return lives, (len(table), evicted, expired)


class Slots:
    """Who has a state, and in which of `most` places: a key that comes for one that goes takes its
    place, and at the end they go in the order of places. held: what each has, None at first."""

    def __init__(self, most):
        self.most, self.used, self.place, self.held, self.seen = most, OrderedDict(), {}, {}, {}
        self.evicted = self.expired = 0

    def touch(self, key, now, ttl):
        """Makes room for the key; who goes for it, or None."""
        gone = None
        if key in self.used:
            if ttl is not None and now - self.seen[key] > ttl:
                gone, self.expired = (key, self.held[key]), self.expired + 1
                self.held[key] = None
            self.seen[key] = now
        else:
            place = len(self.used)
            if place == self.most:
                old, _ = self.used.popitem(last=False)
                gone, self.evicted, place = (old, self.held.pop(old)), self.evicted + 1, self.place.pop(old)
            self.place[key], self.held[key], self.seen[key] = place, None, now
        self.used[key] = None
        self.used.move_to_end(key)
        return gone


def by_life(lives, values, function):
    """function over the values of each life; results in the order of the samples, which are None
    where a life's first ones have none."""
    where = {}
    for i, life in enumerate(lives):
        where.setdefault(life, []).append(i)
    out = [None] * len(values)
    for index in where.values():
        got = list(function([values[i] for i in index]))
        for i, value in zip(index[len(index) - len(got):], got):
            out[i] = value
    return out


class Case(unittest.TestCase):
    """A test with a folder of its own and the built command, which main() names."""
    leat = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def csv(self, name, columns, header=None):
        """Writes columns of numbers as repr does, which reads back to the same bits."""
        lines = [",".join(header)] if header else []
        lines += [",".join(map(repr, row)) for row in zip(*columns)]
        return self.path(name, "".join(line + "\n" for line in lines))

    def call(self, *words, **more):
        more.setdefault("input", b"")
        more.setdefault("env", environment())
        return subprocess.run([self.leat, *words], capture_output=True, timeout=250, **more)

    def good(self, *words, **more):
        done = self.call("run", *words, **more)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""), words)
        return done.stdout.decode()

    def refused(self, text, words):
        """By the plan: where, and why in these words, with the line of the text and a caret below it."""
        done = self.call("run", text)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 2, (text, said))
        self.assertRegex(said, PLACE % "pipeline", text)
        self.assertIn(words, said, text)
        self.assertEqual(said.count("\n"), 3, said)

    def json(self, *words, **more):
        return json.loads(self.good(*words, **more))

    def stacked(self, text):
        """[frame][channel][sample] of what the pipeline puts out."""
        path = self.path("out.npy")
        self.good(f"{text} ! npy file={path} stack=yes")
        _, _, (frames, rows, cols), values = read_npy(path)
        return [[values[(f * rows + r) * cols:(f * rows + r + 1) * cols] for r in range(rows)]
                for f in range(frames)]

    def usable_sets(self):
        """The instruction sets of this machine; one that it lacks is refused with exit status 2."""
        usable = []
        for isa in SETS:
            done = self.call("run", "--isa", isa, "synth samples=1 ! null")
            self.assertIn(done.returncode, (0, 2), done.stderr)
            if done.returncode == 0:
                usable.append(isa)
        self.assertIn("base", usable)
        return usable

    def near(self, got, want, tolerance=1e-12, what=""):
        """Equal to a relative tolerance, absolute below 1; NaN and infinities exactly."""
        if got != want and not abs(got - want) <= tolerance * max(1.0, abs(want)):
            self.fail(f"{what}: {got!r}, expected {want!r}")

    def near_all(self, got, want, tolerance=1e-12, what=""):
        got, want = list(got), list(want)
        self.assertEqual(len(got), len(want), what)
        for i, pair in enumerate(zip(got, want)):
            self.near(*pair, tolerance, f"{what} sample {i}")

    def near_stats(self, channel, values, tolerance=1e-12):
        """One channel of a stats object against exact arithmetic over its values."""
        count, mean, deviation = moments(values)
        self.assertEqual(channel["count"], count)
        self.near_relative(channel["mean"], mean, tolerance, "mean")
        self.near_relative(channel["stddev"], deviation, tolerance, "stddev")
        self.near_relative(channel["min"], min(values, default=None), tolerance, "min")
        self.near_relative(channel["max"], max(values, default=None), tolerance, "max")

    def near_relative(self, got, want, tolerance, what):
        if got != want and (got is None or want is None
                            or not abs(got - want) <= tolerance * abs(want)):
            self.fail(f"{what}: {got!r}, expected {want!r}")


def main(names=()):
    """Runs the tests of the calling program: PROGRAM.py LEAT, then an argument for each name, which
    becomes an attribute of Case."""
    for name, word in zip(("leat", *names), sys.argv[1:]):
        setattr(Case, name, os.path.abspath(word))
    if len(sys.argv) < 2 + len(names):
        sys.exit(f"usage: {sys.argv[0]} LEAT {' '.join(names)}")
    program = unittest.main(argv=sys.argv[:1], verbosity=1, exit=False)
    if program.result.testsRun == 0:
        sys.exit("no test ran")
    sys.exit(0 if program.result.wasSuccessful() else 1)


# ---- formats

CODES = {"f4": "f", "f8": "d", "i8": "q", "i4": "i", "i2": "h", "u1": "B", "i1": "b"}


def read_csv(text, kind=float):
    """Names, and a list of numbers for each column."""
    lines = text.split("\n")
    assert lines[-1] == "", "the last line has no end"
    rows = [line.split(",") for line in lines[1:-1]]
    names = lines[0].split(",")
    return names, [[kind(row[c]) for row in rows] for c in range(len(names))]


def read_npy(path):
    """descr, fortran_order, shape and the samples in the order in which they are stored."""
    with open(path, "rb") as file:
        content = file.read()
    assert content[:8] == b"\x93NUMPY\x01\x00", content[:8]
    length = struct.unpack("<H", content[8:10])[0]
    assert (10 + length) % 64 == 0 and content[9 + length:10 + length] == b"\n"
    header = ast.literal_eval(content[10:10 + length].decode("latin-1"))
    assert set(header) == {"descr", "fortran_order", "shape"}, header
    code = CODES[header["descr"][1:]]
    values = list(struct.unpack(f"<{math.prod(header['shape'])}{code}", content[10 + length:]))
    return header["descr"], header["fortran_order"], header["shape"], values


def npy_channels(path):
    """The rows of a joined array, [samples] or [channels x samples]."""
    _, fortran, shape, values = read_npy(path)
    if len(shape) == 1:
        return [values]
    assert fortran == (shape[0] > 1), (fortran, shape)
    return [values[c::shape[0]] for c in range(shape[0])]


def npy_bytes(shape, values, descr="<f8", fortran=False):
    """A .npy file, as the format's description says; values in the order of storage."""
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {tuple(shape)!r}, }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    order = ">" if descr[0] == ">" else "<"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin-1")
            + struct.pack(f"{order}{len(values)}{CODES[descr[1:]]}", *values))


def write_wav(path, channels, bytes_each, rate=8000):
    """PCM: whole numbers, signed but for one byte each, which WAV stores from 0 to 255."""
    with wave.open(path, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(bytes_each)
        file.setframerate(rate)
        offset = 128 if bytes_each == 1 else 0
        file.writeframes(b"".join((x + offset).to_bytes(bytes_each, "little", signed=offset == 0)
                                  for row in zip(*channels) for x in row))
    return path


def read_wav(path):
    """Rate and channels of whole numbers."""
    with wave.open(path, "rb") as file:
        width, n = file.getsampwidth(), file.getnchannels()
        content = file.readframes(file.getnframes())
        values = [int.from_bytes(content[i:i + width], "little", signed=width > 1)
                  for i in range(0, len(content), width)]
        return file.getframerate(), [values[c::n] for c in range(n)]


# ---- XXH64, from its specification

P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                      0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
M64 = (1 << 64) - 1


def rotate(x, n):
    return (x << n | x >> (64 - n)) & M64


def xxh64_round(lane, word):
    return rotate((lane + word * P2) & M64, 31) * P1 & M64


def xxh64(content):
    n, at = len(content), 0
    if n >= 32:
        lanes = [(P1 + P2) & M64, P2, 0, -P1 & M64]
        words = struct.unpack(f"<{n // 32 * 4}Q", content[:n // 32 * 32])
        for i in range(0, len(words), 4):
            lanes = [xxh64_round(lane, word) for lane, word in zip(lanes, words[i:i + 4])]
        at = n // 32 * 32
        h = sum(map(rotate, lanes, (1, 7, 12, 18))) & M64
        for lane in lanes:
            h = ((h ^ xxh64_round(0, lane)) * P1 + P4) & M64
    else:
        h = P5
    h = (h + n) & M64
    while at + 8 <= n:
        h ^= xxh64_round(0, int.from_bytes(content[at:at + 8], "little"))
        h = (rotate(h, 27) * P1 + P4) & M64
        at += 8
    if at + 4 <= n:
        h ^= int.from_bytes(content[at:at + 4], "little") * P1 & M64
        h = (rotate(h, 23) * P2 + P3) & M64
        at += 4
    for byte in content[at:]:
        h ^= byte * P5 & M64
        h = rotate(h, 11) * P1 & M64
    h = (h ^ h >> 33) * P2 & M64
    h = (h ^ h >> 29) * P3 & M64
    return f"{h ^ h >> 32:016x}"


def digest_of(frames, code="d"):
    """What the digest sink says of frames, each a list of rows."""
    content = b"".join(struct.pack(f"<{len(row)}{code}", *row) for rows in frames for row in rows)
    return {"frames": len(frames), "bytes": len(content), "xxh64": xxh64(content)}


def cut(channels, size):
    """Channels as frames of at most size samples."""
    return [[row[at:at + size] for row in channels] for at in range(0, len(channels[0]), size)]


# ---- mathematics

def whole(values):
    """Whole numbers and the power of two that the values are multiples of."""
    ratios = [float(x).as_integer_ratio() for x in values]
    one = max((d for _, d in ratios), default=1)
    return [n * (one // d) for n, d in ratios], one


def root_of(numerator, denominator):
    """The square root of a ratio of whole numbers, to half a unit of the last place and a bit."""
    if numerator == 0:
        return 0.0
    shift = max(0, 256 - numerator.bit_length() + denominator.bit_length())
    shift += shift & 1
    root = Fraction(math.isqrt((numerator << shift) // denominator), 1 << shift // 2)
    return root.numerator / root.denominator


def moments(values):
    """Count, mean and deviation with n - 1 (None where there are too few), from exact sums."""
    numbers, one = whole(values)
    n, total = len(numbers), sum(numbers)
    squares = sum(x * x for x in numbers)
    deviation = root_of(n * squares - total * total, n * (n - 1) * one * one) if n > 1 else None
    return n, total / (n * one) if n > 0 else None, deviation


def zscore(row):
    """(x - mean) / population deviation, zeros for a constant row; exact but for the last steps."""
    numbers, _ = whole(row)
    n, total = len(numbers), sum(numbers)
    spread = n * sum(x * x for x in numbers) - total * total
    if spread == 0:
        return [0.0] * n
    return [math.copysign(root_of((n * x - total) ** 2, spread), n * x - total) for x in numbers]


def logreturn(values):
    """log(b / a) of neighbours; where b - a is exact, by way of it, so that no digits are lost."""
    return [math.log1p((b - a) / a) if a / 2 <= b <= 2 * a else math.log(b / a)
            for a, b in zip(values, values[1:])]


def rolling(values, size, out="zscore", ddof=0):
    """Over the last `size` values, fewer at the start; sliding sums of whole numbers are exact."""
    numbers, one = whole(values)
    total = squares = 0
    answers = []
    for i, x in enumerate(numbers):
        total += x
        squares += x * x
        if i >= size:
            gone = numbers[i - size]
            total -= gone
            squares -= gone * gone
        answers.append(answer(out, min(i + 1, size), ddof, total, squares, x, one))
    return answers


def answer(out, n, ddof, total, squares, x, one):
    spread = n * squares - total * total  # n^2 times the population variance, in units of one^2
    if out == "mean":
        return total / (n * one)
    if spread == 0 or n <= ddof:
        return 0.0
    if out == "variance":
        return spread / (n * (n - ddof) * one * one)
    if out == "stddev":
        return math.sqrt(spread / (n * (n - ddof) * one * one))
    ratio = (n * x - total) ** 2 * (n - ddof) / (n * spread)
    return math.copysign(math.sqrt(ratio), n * x - total)


def ewma(values, alpha):
    answers, value = [], None
    for x in values:
        value = x if value is None else value + alpha * (x - value)
        answers.append(value)
    return answers


def windows(channels, size, hop):
    """Every window that begins inside the stream and holds a sample that none before it holds; the
    last is filled up with zeros."""
    n, frames, at = len(channels[0]), [], 0
    while at < n and (at == 0 or at - hop + size < n):
        frames.append([row[at:at + size] + [0] * (at + size - n) for row in channels])
        at += hop
    return frames


class KeyedWindow:
    """The window of one life of one key: which samples it takes, and the frames that they make."""

    def __init__(self, size, hop):
        self.size, self.hop, self.samples, self.begins = size, hop, [], 0

    def take(self, sample):
        self.samples.append(sample)
        if len(self.samples) != self.begins + self.size:
            return []
        self.begins += self.hop
        return [self.samples[-self.size:]]

    def rest(self):
        """Samples from the next window's start on, where one of them was in none."""
        held = self.begins - self.hop + self.size if self.begins else 0
        return [self.samples[self.begins:]] if len(self.samples) > max(held, self.begins) else []


def keyed_windows(channels, key, size, hop, most, pad=True, ttl=None, times=None, passes=()):
    """channels: rows, one of them the keys. Frames in the order of the samples that complete them,
    samples that are in none, and the keys' counts; the rows that pass go on where one is filled up."""
    slots, frames, taken = Slots(most), [], set()

    def put(samples):
        taken.update(samples)
        rest = size - len(samples)
        frames.append([[row[i] for i in samples] + [row[samples[-1]] if r in (key, *passes) else 0] * rest
                       for r, row in enumerate(channels)])

    def leave(window):
        for samples in window.rest() if window and pad else []:
            put(samples)
    for i, name in enumerate(channels[key]):
        gone = slots.touch(name, times and times[i], ttl)
        if gone:
            leave(gone[1])
        slots.held[name] = slots.held[name] or KeyedWindow(size, hop)
        for samples in slots.held[name].take(i):
            put(samples)
    for name in sorted(slots.place, key=slots.place.get):
        leave(slots.held[name])
    return frames, len(channels[key]) - len(taken), (len(slots.used), slots.evicted, slots.expired)


def to_f32(values):
    """Rounded to binary32."""
    return list(array("f", values))
