#!/usr/bin/env python3
"""Random graphs of tees, joins, windows, queues, drops, keys and stages that see some channels: what the
command makes of them with any number of workers and any batch is what a plain model makes, frame by
frame, byte by byte, count by count. The model knows nothing of threads or room: a stream is a list of
frames, a stage a function.

    random_graphs.py LEAT [--long] [--seed N]      --seed N: that graph alone
"""
import bisect
import itertools
import json
import math
import os
import random
import re
import shutil
import struct
import subprocess
import sys
from fractions import Fraction

import oracle

LONG = "--long" in sys.argv
if LONG:
    sys.argv.remove("--long")
SEEDS = range(3000, 3600) if LONG else oracle.some(range(3000, 3050), 2)
if "--seed" in sys.argv:
    at = sys.argv.index("--seed")
    SEEDS = range(int(sys.argv[at + 1]), int(sys.argv[at + 1]) + 1)
    del sys.argv[at:at + 2]
SETTINGS = [(workers, batch) for workers in (1, 2, 3, 4) for batch in (1, 7, 32)]
PATIENCE = 60  # seconds; a run takes some milliseconds
CODES = {"i64": "q", "f64": "d"}
# A plan may refuse inputs that could wait for each other for ever. Nothing else may be refused.
OUT_OF_STEP = re.compile(r"cannot be paired|out of step|in another join, too")
STANDSTILL = re.compile(r"could come to a standstill: .* so it needs (\d+)")


# ---- the model: a frame is (number, rows of equal length); a stage is a function of whole streams

def cols(frame):
    return len(frame[1][0])


def renumber(rows):
    return list(enumerate(rows))


def wrapped(x):
    return (x + (1 << 63)) % (1 << 64) - (1 << 63) if isinstance(x, int) else x


def model_where(frames, row, low, high):
    kept = [(seq, [i for i, x in enumerate(rows[row]) if low <= x <= high], rows)
            for seq, rows in frames]
    return [(seq, [[r[i] for i in where] for r in rows]) for seq, where, rows in kept if where]


def model_diff(frames):
    out, before = [], None
    for seq, rows in frames:
        longer = rows if before is None else [[b] + r for b, r in zip(before, rows)]
        before = [r[-1] for r in rows]
        changes = [[wrapped(y - x) for x, y in zip(r, r[1:])] for r in longer]
        if changes[0]:
            out.append((seq, changes))
    return out


def scanned(sums, fading):
    """Sums of parts to those of all parts so far; fading[i] is what one loses over 2^i parts."""
    for i, by in enumerate(fading):
        sums = [by * (sums[s - 2 ** i] if s >= 2 ** i else 0.0) + sums[s] for s in range(len(sums))]
    return sums


def weighted(values, alpha):
    """ewma of f64 as docs/NUMERICS.md has it: stripes of 16 parts of 2 samples. No denormals."""
    q, out = 1.0 - alpha, []
    carry = before = values[0] if values else 0.0
    fading = [q * q]
    while len(fading) < 5:
        fading.append(fading[-1] * fading[-1])
    left = scanned([1.0] + 15 * [0.0], fading[:4])
    for at in range(0, len(values), 32):
        x = values[at:at + 32] + [0.0] * (at + 32 - len(values))
        pivot = before if abs(before) < abs(x[0]) else x[0]
        first = [x[2 * s] - pivot for s in range(16)]
        second = [q * first[s] + (x[2 * s + 1] - pivot) for s in range(16)]
        total, off = scanned(second, fading[:4]), carry - pivot
        for s in range(16):
            begin = alpha * (total[s - 1] if s else 0.0) + left[s] * off
            out += [alpha * first[s] + (q * begin + pivot),
                    alpha * second[s] + (fading[0] * begin + pivot)]
        carry = pivot + (alpha * total[15] + fading[4] * off)
        before = x[31]
    return out[:len(values)]


def model_ewma(frames, alpha):
    """Over the whole stream, and cut again."""
    made = [weighted([x for _, rows in frames for x in rows[r]], alpha)
            for r in range(len(frames[0][1]) if frames else 0)]
    ends = list(itertools.accumulate(map(cols, frames)))
    return [(seq, [r[end - len(rows[0]):end] for r in made]) for (seq, rows), end in zip(frames, ends)]


def differences(values):
    return [wrapped(b - a) for a, b in zip(values, values[1:])]


def model_lens(frames, chosen, changed, appends):
    """What a stage made of the chosen rows alone, among the others: in their places or behind the
    last. Where it took samples away, all rows begin later."""
    before, out = dict(frames), []
    for seq, rows in changed:
        n = len(rows[0])
        whole = [r[len(r) - n:] for r in before[seq]]
        if appends:
            whole += rows
        else:
            for row, new in zip(chosen, rows):
                whole[row] = new
        out.append((seq, whole))
    return out


def model_keyed(frames, key, chosen, function, appends):
    """The chosen rows become what function makes of the samples of each key, life by life; the
    samples that it makes nothing of are gone from every row. With it, how many, and the counts."""
    row = lambda r: [x for _, rows in frames for x in rows[r]]
    lives, counts = oracle.lives_of(row(key.row), key.most, key.ttl, key.ttl and row(key.time))
    made, out, at = [oracle.by_life(lives, row(c), function) for c in chosen], [], 0
    for seq, rows in frames:
        kept = [i for i in range(len(rows[0])) if made[0][at + i] is not None]
        whole = [[r[i] for i in kept] for r in rows]
        new = [[m[at + i] for i in kept] for m in made]
        if appends:
            whole += new
        else:
            for c, r in zip(chosen, new):
                whole[c] = r
        if kept:
            out.append((seq, whole))
        at += len(rows[0])
    return out, at - sum(map(cols, out)), dict(zip(("keys", "evicted", "expired"), counts))


def model_each(frames, function):
    return [(seq, [[function(x) for x in r] for r in rows]) for seq, rows in frames]


def model_window(frames, rows_n, size, hop, pad):
    joined = [[x for _, rows in frames for x in rows[r]] for r in range(rows_n)]
    found = oracle.windows(joined, size, hop)
    n = len(joined[0])
    if not pad and found and (len(found) - 1) * hop + size > n:
        found.pop()
    held = {i for k in range(len(found)) for i in range(k * hop, min(k * hop + size, n))}
    return renumber(found), n - len(held)


def model_pair(inputs, adds):
    """zip and add: numbers that every input has; frames of unequal length end together. With it,
    the samples that are in none."""
    common = set.intersection(*({seq for seq, _ in frames} for frames in inputs))
    out = []
    for group in zip(*([f for f in frames if f[0] in common] for frames in inputs)):
        n = min(map(cols, group))
        parts = [[r[len(r) - n:] for r in rows] for _, rows in group]
        if adds:
            out.append([[wrapped(sum(column)) for column in zip(*rows)] for rows in zip(*parts)])
        else:
            out.append([r for part in parts for r in part])
    lost = [sum(map(cols, frames)) - sum(len(rows[0]) for rows in out) for frames in inputs]
    return renumber(out), sum(n * len(frames[0][1]) for n, frames in zip(lost, inputs) if frames)


def model_first(inputs):
    """None where it would matter which of two frames came first."""
    found = {}
    for frames in inputs:
        for seq, rows in frames:
            if found.setdefault(seq, rows) != rows:
                return None
    return renumber(found[seq] for seq in sorted(found))


def model_merge(inputs):
    every = [(seq, i, rows) for i, frames in enumerate(inputs) for seq, rows in frames]
    return renumber(rows for _, _, rows in sorted(every, key=lambda f: f[:2]))


def model_asof(inputs, rows_of, clocks, in_step, none):
    """To each sample of the first input the latest of each other that is not later; in step with it,
    in no frame of a larger number. With it, how many frames of the others are of no use."""
    out, dropped = [], 0
    until = inputs[0][-1][1][clocks[0]][-1] if inputs[0] else None
    for seq, rows in inputs[0]:
        out.append((seq, [list(row) for row in rows]))
    for frames, rows_n, clock, step in list(zip(inputs, rows_of, clocks, in_step))[1:]:
        flat = [[x for _, rows in frames for x in rows[r]] for r in range(rows_n)]
        times = flat[clock]
        starts = [0]
        for frame in frames:
            starts.append(starts[-1] + cols(frame))
        numbers = [seq for seq, _ in frames]
        for (seq, joined), (_, rows) in zip(out, inputs[0]):
            limit = starts[bisect.bisect_right(numbers, seq)] if step else starts[-1]
            found = [min(bisect.bisect_right(times, t), limit) - 1 for t in rows[clocks[0]]]
            joined += [[row[at] if at >= 0 else none for at in found] for row in flat]
        dropped += sum(until is None or (seq > inputs[0][-1][0] if step else rows[clock][0] > until)
                       for seq, rows in frames)
    return renumber(rows for _, rows in out), dropped


# ---- a graph while it grows

class Node:
    """A stage, and the counts that --stats json has to give for it."""

    def __init__(self, name, kind):
        self.name, self.kind, self.to, self.counts = name, kind, [], {}

    def changes(self):
        """Would a branch that begins here have to get copies?"""
        if self.kind == "tee":
            return all(node.changes() for node in self.to)
        if self.kind in ("queue", "key"):
            return self.to[0].changes()
        return self.kind in ("map", "join")

    def copied(self):
        branches = [node.changes() for node in self.to]
        return (sum(branches) - all(branches)) * self.counts["frames"]


class Key:
    """Of a stream: its row and that of the times, None when a select has left them out."""

    def __init__(self, row, most, ttl=None, time=None):
        self.row, self.most, self.ttl, self.time = row, most, ttl, time

    def usable(self):
        return self.row is not None and (self.ttl is None or self.time is not None)


class Stream:
    """A loose end: its frames, what is known of its shape, and the text of the chain so far.

    step: what its numbers count, and how many of them there are to one of these. missing: some
    numbers may not come; uneven: frames may have any length. What counts them anew is then out of
    step with everything. clock: the row whose samples never become less, and what was done to it,
    None where no such row is left."""

    def __init__(self, node, text, frames, kind, rows, size, source):
        self.node, self.text, self.frames, self.kind = node, text, frames, kind
        self.rows, self.size, self.source = rows, size, source
        self.step, self.missing, self.uneven = (node, Fraction(1)), False, False
        self.clock, self.key = (rows - 1, ()), None

    def branch(self, text):
        copy = Stream(self.node, text, self.frames, self.kind, self.rows, self.size, self.source)
        copy.step, copy.missing, copy.uneven = self.step, self.missing, self.uneven
        copy.clock, copy.key = self.clock, self.key
        return copy

    def keyed(self):
        return self.key is not None and self.key.row is not None

    def passing(self):
        """The rows that pass untouched behind a key."""
        return [] if self.key is None else [self.key.row, self.key.time]

    def cells(self):
        return sum(cols(f) for f in self.frames) * self.rows


class Graph:
    """Grown at random from a seed. files: what to write before; lines: the text; sinks: where the
    results lie, and what they are."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.nodes, self.lines, self.files, self.sinks = [], [], {}, []
        self.family, self.sure = {}, True
        self.wild = self.r.random() < 0.3  # joins what may be out of step, too
        self.frames = 200 if self.wild else self.r.choice((3, 20, 60, 200))
        self.rate = self.r.choice(("", "", " rate=1k"))
        self.kind = self.r.choice(("i64", "i64", "f64"))
        self.cores = sorted(os.sched_getaffinity(0)) if self.r.random() < 0.3 else []
        self.ends = [self.source() for _ in range(self.r.randint(1, 3))]
        for _ in range(self.r.randint(3, 20)):
            self.grow()
        while self.ends:
            self.sink(self.r.choice(self.ends))

    def text(self):
        """$in and $out are folders, which the command line gives."""
        return "".join(line + "\n" for line in ["let in=. ; let out=.", *self.lines])

    def node(self, letter, kind):
        node = Node(f"{letter}{len(self.nodes)}", kind)
        self.nodes.append(node)
        return node

    # -- sources

    def source(self):
        r = self.r
        form = r.choice(("raw", "raw", "npy", "csv", "synth"))
        n, size = r.randint(0 if form == "raw" else 1, self.frames), r.randint(1, 6)
        rows = 1 if form == "synth" else r.randint(1, 3)
        samples = max(0, n * size - r.randrange(size)) if n else 0
        node = self.node("s", "source")
        if form == "synth":
            channels = [list(range(samples))]
        else:
            wide = 1 << r.choice((3, 10, 40 if self.kind == "f64" else 62))
            channels = [[r.randrange(-wide, wide) for _ in range(samples)] for _ in range(rows)]
            channels[-1] = [i // size for i in range(samples)]  # the frame's number
        if self.kind == "f64":
            channels = [list(map(float, row)) for row in channels]
        text = self.write(form, node.name, channels) + f" frame={size} name={node.name}"
        text += self.rate if form != "synth" or self.rate else " rate=0"
        stream = Stream(node, text, renumber(oracle.cut(channels, size)), self.kind, rows, size,
                        node)
        self.family[node] = node
        node.counts = {"frames": len(stream.frames), "samples": stream.cells()}
        return stream

    def write(self, form, name, channels):
        """The source's text up to the frame; keeps what its file has to hold."""
        kind, code = self.kind, CODES[self.kind]
        mixed = [x for column in zip(*channels) for x in column]
        if form == "synth":
            return f"synth kind=ramp type={kind} samples={len(mixed)}"
        if form == "raw":
            self.files[name] = struct.pack(f"<{len(mixed)}{code}", *mixed)
            return f"raw file=$in/{name} type={kind} channels={len(channels)}"
        if form == "npy":
            self.files[name] = oracle.npy_bytes((len(channels), len(channels[0])),
                                                [x for row in channels for x in row],
                                                "<i8" if kind == "i64" else "<f8")
            return f"npy file=$in/{name} type={kind}"
        lines = [",".join(f"c{i}" for i in range(len(channels)))]
        lines += [",".join(map(repr, column)) for column in zip(*channels)]
        self.files[name] = ("\n".join(lines) + "\n").encode()
        return f"csv file=$in/{name} type={kind}"

    # -- stages

    def grow(self):
        r = self.r
        stream = r.choice(self.ends)
        doing = r.choices(("map", "where", "window", "queue", "key", "tee", "join"),
                          (4, 2, 2, 1, 2, 4, 9))[0]
        if doing == "tee" and len(self.ends) < 7:
            self.tee(stream)
        elif doing == "join" and len(self.ends) > 1:
            self.join()
        elif doing in ("where", "window", "queue", "key", "map"):
            getattr(self, doing)(stream)

    def put(self, stream, node, words, frames, lost=0):
        """The stage behind the stream; its frames are the stream's from now on."""
        old_cells, old = stream.cells(), len(stream.frames)
        node.counts = {"frames": old, "frames_out": len(frames), "samples": old_cells,
                       "dropped": old - len(frames) if node.kind == "map" else 0,
                       "samples_lost": lost * stream.rows, "reframed": 0, "copied": 0}
        stream.node.to.append(node)
        stream.node, stream.frames = node, frames
        stream.text += f" ! {words} name={node.name}" + (self.core() if node.kind != "queue" else "")

    def core(self):
        """Some stages are sent to a processor, and what follows goes with them."""
        return f" core={self.r.choice(self.cores)}" if self.cores and self.r.random() < 0.3 else ""

    def where(self, stream):
        r, row = self.r, self.r.randrange(stream.rows)
        values = [x for _, rows in stream.frames for x in rows[row] if abs(x) < 1 << 50] or [0]
        low, high = sorted((r.choice(values), r.choice(values)))
        if r.random() < 0.3:
            high = max(values)
        kept = model_where(stream.frames, row, low, high)
        lost = sum(map(cols, stream.frames)) - sum(map(cols, kept))
        self.put(stream, self.node("m", "map"), f"where channel={row + 1} min={low} max={high}",
                 kept, lost)
        stream.missing = stream.uneven = True

    def key(self, stream):
        """From here on states are kept by the values of a row, and of few of them, now and then for
        a while only."""
        r = self.r
        whole = [c for c in range(stream.rows)
                 if all(x == x for _, rows in stream.frames for x in rows[c])]
        if not whole:
            return
        key = Key(r.choice(whole), r.choice((1, 2, 3, 5, 100)))
        words = f"key by={key.row + 1} max={key.most}"
        if stream.clock is not None and stream.clock[0] != key.row and r.random() < 0.5:
            key.ttl, key.time = r.randint(1, 5), stream.clock[0]
            words += f" ttl={key.ttl}s time={key.time + 1}"
        self.put(stream, self.node("k", "key"), words, stream.frames)
        stream.key = key

    def lens(self, stream):
        """Now and then a stage works on some rows, or beside them: which, and the words for it.
        Behind a key it never works on that."""
        r, free = self.r, [c for c in range(stream.rows) if c not in stream.passing()]
        if not free or r.random() < 0.5:
            return free if stream.keyed() else list(range(stream.rows)), ""
        chosen = r.sample(free, r.randint(1, len(free)))
        on = " on=" + ",".join(str(c + 1) for c in chosen)
        if r.random() < 0.5 or stream.rows + len(chosen) > 6:
            return chosen, on
        return chosen, f"{on} as=a{len(self.nodes)}"

    def map(self, stream):
        r = self.r
        if stream.keyed() and set(range(stream.rows)) <= set(stream.passing()):
            return  # nothing but the keys and their times is left to work on
        stateful = stream.key is None or stream.key.usable()
        doings = ["select", "cast"] + ["diff"] * stateful
        if stream.kind == "f64":
            doings += ["scale", "abs", "clamp"]
            finite = all(x - x == 0 for _, rows in stream.frames for row in rows for x in row)
            doings += ["ewma"] * (stateful and finite)
        doing, lost, frames, counts = r.choice(doings), 0, stream.frames, {}
        every = list(range(stream.rows))
        chosen, lens = (every, "") if doing in ("select", "cast") else self.lens(stream)
        if not chosen:
            return
        part = doing not in ("select", "cast") and (lens or chosen != every)
        node, appends = self.node("m", "map"), "as=" in lens
        if part:
            frames = [(seq, [rows[c] for c in chosen]) for seq, rows in frames]
        if doing in ("diff", "ewma") and stream.key is not None:
            part, words = False, "diff" if doing == "diff" else "ewma alpha=0.5"
            function = differences if doing == "diff" else lambda v: oracle.ewma(v, 0.5)
            frames, lost, counts = model_keyed(stream.frames, stream.key, chosen, function, appends)
            if doing == "diff":
                stream.missing = stream.uneven = True
        elif doing == "diff":
            words, frames = "diff", model_diff(frames)
            lost = 1 if stream.frames else 0
        elif doing == "ewma":
            words, frames = "ewma alpha=0.5", model_ewma(frames, 0.5)
            stream.missing = True  # a plan counts on its rejecting what is not finite
        elif doing == "select":
            chosen = r.sample(range(stream.rows), r.randint(1, stream.rows))
            words = "select channels=" + ",".join(str(c + 1) for c in chosen)
            frames = [(seq, [rows[c] for c in chosen]) for seq, rows in frames]
        elif doing == "cast":
            other = "f64" if stream.kind == "i64" else "i64"
            if any(not abs(x) <= 1 << 50 for _, rows in frames for row in rows for x in row):
                other = stream.kind  # what does not fit is another test's
            words = f"cast type={other}"
            if other != stream.kind:
                frames = model_each(frames, float if other == "f64" else round)
        elif doing == "scale":
            by, add = r.choice((0.5, 2, -1, 0.25)), r.choice((0, 1, -8))
            words, frames = f"scale by={by} add={add}", model_each(frames, lambda x: x * by + add)
        elif doing == "abs":
            words, frames = "abs", model_each(frames, abs)
        else:
            words, frames = "clamp min=-7 max=100", model_each(frames, lambda x: min(max(x, -7.0),
                                                                                    100.0))
        if part:
            frames = model_lens(stream.frames, chosen, frames, appends)
        self.put(stream, node, words + lens, frames, lost)
        node.counts.update(counts)
        self.follow(stream, doing, words, chosen, appends, doing == "scale" and by < 0)
        if doing == "cast":
            stream.kind = other

    def follow(self, stream, doing, words, chosen, appends, turned):
        """What becomes of the clock and the key."""
        if appends:
            stream.rows += len(chosen)
        elif stream.clock is not None and (doing == "select" or stream.clock[0] in chosen):
            row, done = stream.clock
            stream.clock = (row, done + (words,))
            if turned or doing in ("diff", "abs", "ewma"):
                stream.clock = None
            elif doing == "select":
                stream.clock = (chosen.index(row), done) if row in chosen else None
        if doing == "select":
            stream.rows = len(chosen)
            if stream.key is not None:
                row, time = (chosen.index(c) if c in chosen else None for c in stream.passing())
                stream.key = Key(row, stream.key.most, stream.key.ttl, time)

    def window(self, stream):
        """A reframing, the same one also on other streams, so that they can be joined again; behind a
        key of each key by itself, which is out of step with everything."""
        r = self.r
        if stream.key is not None:
            if stream.key.usable():
                self.keyed_window(stream, r.randint(1, 8), r.randint(1, 8), r.random() < 0.7)
            return
        alike = [s for s in self.ends if s.step == stream.step and s.size == stream.size
                 and not s.missing and not s.uneven and s.key is None]
        chosen = alike if stream in alike and r.random() < 0.7 else [stream]
        size, hop = r.randint(1, 12), r.randint(1, 12)
        if r.random() < 0.5:
            hop = size
        pad = r.random() < 0.7
        for one in chosen:
            frames, lost = model_window(one.frames, one.rows, size, hop, pad)
            node = self.node("w", "window")
            self.put(one, node, f"window size={size} hop={hop}" + ("" if pad else " tail=drop"),
                     frames, lost)
            node.counts["reframed"] = len(frames)
            if one.missing or one.uneven:
                one.step = (node, Fraction(1))
            else:
                one.step = (one.step[0], one.step[1] * one.size / hop)
            one.size, one.missing, one.uneven = size, False, False
            if pad or hop < size:
                one.clock = None

    def keyed_window(self, stream, size, hop, pad):
        key = stream.key
        joined = [[x for _, rows in stream.frames for x in rows[c]] for c in range(stream.rows)]
        made, lost, counts = oracle.keyed_windows(joined, key.row, size, hop, key.most, pad, key.ttl,
                                                  key.ttl and joined[key.time], (key.time,))
        frames = renumber(made)
        node = self.node("w", "window")
        self.put(stream, node, f"window size={size} hop={hop}" + ("" if pad else " tail=drop"), frames, lost)
        node.counts.update(zip(("keys", "evicted", "expired"), counts), reframed=len(frames))
        stream.step, stream.size = (node, Fraction(1)), size
        stream.missing = stream.uneven = False
        stream.clock = None

    def queue(self, stream):
        self.put(stream, self.node("q", "queue"), f"queue depth={self.r.randint(1, 9)}",
                 stream.frames)

    def tee(self, stream):
        node = self.node("t", "tee")
        self.put(stream, node, "tee", stream.frames)
        self.ends.remove(stream)
        ends = [stream.branch(node.name + ".") for _ in range(self.r.randint(1, 4))]
        if self.r.random() < 0.5:
            ends[0].text = stream.text  # the first branch in line
        else:
            self.lines.append(stream.text)
        self.ends += ends

    # -- joins

    def kin(self, source):
        while self.family[source] != source:
            source = self.family[source]
        return source

    def in_step(self, inputs):
        """Sure to be: all count the same, or no two have ever had to wait for each other."""
        same = all(s.step == inputs[0].step for s in inputs)
        return same or len({self.kin(s.source) for s in inputs}) == len(inputs)

    def sure_asof(self, inputs):
        """In step with the first, or of another source than all that are not."""
        others = [s for s in inputs if s.step != inputs[0].step]
        kin = {self.kin(s.source) for s in [inputs[0], *others]}
        return len(kin) == len(others) + 1

    def fitting(self, how):
        """Two or three loose ends that can be joined so, or None."""
        r = self.r
        first = r.choice(self.ends)
        inputs = [first]
        for other in r.sample(self.ends, len(self.ends)):
            shape = other.kind == first.kind and (how in ("zip", "asof") or other.rows == first.rows)
            sure = (self.sure_asof if how == "asof" else self.in_step)(inputs + [other])
            if other not in inputs and shape and (self.wild or sure):
                inputs.append(other)
            if len(inputs) == 3 or (len(inputs) == 2 and r.random() < 0.7):
                break
        r.shuffle(inputs)
        return inputs if len(inputs) > 1 and sum(s.rows for s in inputs) <= 9 else None

    def asof(self, inputs):
        """By the clocks. False: they have none, or not the same one on branches of one source."""
        if any(s.clock is None for s in inputs) or inputs[0].keyed():
            return False
        first = inputs[0]
        in_step = [s.step == first.step for s in inputs]
        if any(step and s.clock[1] != first.clock[1] for s, step in zip(inputs, in_step)):
            return False
        none = math.nan if first.kind == "f64" else -(1 << 63)
        frames, dropped = model_asof([s.frames for s in inputs], [s.rows for s in inputs],
                                     [s.clock[0] for s in inputs], in_step, none)
        self.unite(inputs, "asof", frames, {
            "frames": sum(len(s.frames) for s in inputs), "frames_out": len(frames),
            "dropped": dropped, "copied": 0, "reframed": 0}, self.sure_asof(inputs))
        return True

    def join(self):
        how = self.r.choice(("zip", "zip", "add", "first", "merge", "asof", "asof"))
        inputs = next(filter(None, (self.fitting(how) for _ in self.ends)), None)
        if inputs is None or (how == "asof" and self.asof(inputs)):
            return
        if how == "asof":
            how = "zip"
            if not self.wild and not self.in_step(inputs):
                return
        if how == "add" and inputs[0].keyed():
            return
        streams, lost, dropped = [s.frames for s in inputs], 0, 0
        if how == "merge":
            frames = model_merge(streams)
        elif how == "first":
            frames = model_first(streams)
        else:
            frames, lost = model_pair(streams, how == "add")
            dropped = sum(map(len, streams)) - len(inputs) * len(frames)
        if frames is None or len(frames) > 1000:
            return
        if how == "first":
            dropped = sum(map(len, streams)) - len(frames)
            lost = sum(s.cells() for s in inputs) - sum(map(cols, frames)) * inputs[0].rows
        self.unite(inputs, how, frames, {
            "frames": sum(map(len, streams)), "frames_out": len(frames), "dropped": dropped,
            "samples": sum(s.cells() for s in inputs), "samples_lost": lost, "copied": 0,
            "reframed": 0})

    def unite(self, inputs, how, frames, counts, sure=None):
        self.sure = self.sure and (self.in_step(inputs) if sure is None else sure)
        node = self.node("j", "join")
        node.counts = counts
        one = inputs[0].branch("")
        one.node, one.frames = node, frames
        one.rows = sum(s.rows for s in inputs) if how in ("zip", "asof") else one.rows
        sizes = [s.size for s in inputs]
        one.size = max(sizes) if how in ("first", "merge") else min(sizes)
        one.size = inputs[0].size if how == "asof" else one.size
        one.clock = one.clock if how in ("zip", "asof") else None
        one.uneven = any(s.uneven for s in inputs) or (how in ("first", "merge")
                                                       and len(set(sizes)) > 1)
        step = all(s.step == one.step and not s.missing for s in inputs)
        if not step or how == "merge":
            one.step = (node, Fraction(1))
        one.missing = False
        for stream in inputs:
            stream.node.to.append(node)
            self.family[self.kin(stream.source)] = self.kin(one.source)
            self.ends.remove(stream)
        words = f"join name={node.name} how={how}"
        if how == "asof":
            words += " time=" + ",".join(str(s.clock[0] + 1) for s in inputs)
        if self.r.random() < 0.5 and not inputs[0].text.endswith("."):
            one.text = f"{inputs[0].text} ! {words}"  # in line with its first input
            inputs = inputs[1:]
        else:
            one.text = words
        self.lines += [f"{s.text} ! {node.name}." for s in inputs]
        self.ends.append(one)

    # -- sinks

    def sink(self, stream):
        r = self.r
        form = r.choice(("planar", "interleaved", "digest", "stats"))
        if form in ("digest", "stats") and r.random() < 0.5:
            self.tee(stream)
            return
        self.ends.remove(stream)
        node = self.node("o", "sink")
        node.counts = {"frames": len(stream.frames), "samples": stream.cells()}
        stream.node.to.append(node)
        words = f"raw layout={form}" if form in ("planar", "interleaved") else form
        self.lines.append(f"{stream.text} ! {words} file=$out/{node.name} name={node.name}")
        self.sinks.append((node.name, form, stream))


# ---- the command against the model

def raw_bytes(stream, planar):
    parts = []
    for _, rows in stream.frames:
        values = sum(rows, []) if planar else [x for column in zip(*rows) for x in column]
        parts.append(struct.pack(f"<{len(values)}{CODES[stream.kind]}", *values))
    return b"".join(parts)


class RandomGraphs(oracle.Case):
    def run_graph(self, text, *words):
        """Exit status, standard error, and the content of what the sinks wrote."""
        out = self.path("out")
        os.makedirs(out)
        command = [self.leat, "run", "--stats", "json", "--set", "in=" + self.folder,
                   "--set", "out=" + out, *words, "-f", text]
        try:
            done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False,
                                  env=oracle.environment(),
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            self.fail("it hangs")
        results = {}
        for name in os.listdir(out):
            with open(os.path.join(out, name), "rb") as file:
                results[name] = file.read()
        shutil.rmtree(out)
        return done.returncode, done.stderr.decode(), results

    def check_sink(self, got, form, stream, name):
        if form in ("planar", "interleaved"):
            self.assertEqual(got, raw_bytes(stream, form == "planar"), name)
        elif form == "digest":
            self.assertEqual(json.loads(got), oracle.digest_of([rows for _, rows in stream.frames],
                                                               CODES[stream.kind]), name)
        else:
            result = json.loads(got)
            self.assertEqual(result["frames"], len(stream.frames), name)
            self.assertEqual(len(result["channels"]), stream.rows, name)
            for row, channel in enumerate(result["channels"]):
                values = [x for _, rows in stream.frames for x in rows[row] if x == x]
                self.assertEqual((channel["count"], channel["min"], channel["max"]),
                                 (len(values), min(values, default=None),
                                  max(values, default=None)), name)

    def check_counts(self, graph, stats):
        stages = {stage["name"]: stage for stage in stats["stages"]}
        self.assertEqual(set(stages), {node.name for node in graph.nodes})
        for node in graph.nodes:
            want = dict(node.counts)
            if node.kind == "tee":
                want["copied"] = node.copied()
            self.assertEqual({key: stages[node.name][key] for key in want}, want, node.name)
        self.assertEqual(stats["rejected"], 0)
        for pool in stats["pools"]:
            self.assertEqual(pool["in_use"], 0, pool["stage"])

    def check_run(self, graph, text, *words):
        """False: refused, which only a graph may be that is not sure to be in step."""
        status, said, results = self.run_graph(text, *words)
        if status == 2 and OUT_OF_STEP.search(said) and not graph.sure:
            return False
        self.assertEqual(status, 0, said)
        self.assertEqual(set(results), {name for name, _, _ in graph.sinks})
        for name, form, stream in graph.sinks:
            self.check_sink(results[name], form, stream, name)
        self.check_counts(graph, json.loads(said))
        return True

    def check_small_pools(self, graph, text, *words):
        """The least number of frames that a plan says it needs is refused below, enough from there
        on. Each source says its own, so the largest is found in as many steps as there are."""
        frames = 1
        for _ in graph.nodes:
            status, said, _ = self.run_graph(text, *words, "--pool", str(frames))
            found = STANDSTILL.search(said)
            if status != 2 or found is None:
                break
            self.assertGreater(int(found[1]), frames)
            frames = int(found[1])
        self.check_run(graph, text, *words, "--pool", str(frames))

    def check_graph(self, seed):
        graph = Graph(seed)
        for name, content in graph.files.items():
            self.path(name, content)
        text = self.path("graph.leat", graph.text())
        r = random.Random(seed)
        settings = SETTINGS if LONG else r.sample(SETTINGS, 4)
        words = ()
        try:
            for workers, batch in settings:
                words = ("--workers", str(workers), "--batch", str(batch))
                if not self.check_run(graph, text, *words):
                    return False
            if seed % 3 == 0:
                self.check_small_pools(graph, text, *words)
        except AssertionError as error:
            what = str(error)
            self.fail(f"{what[:2000]}\nseed {seed}, {' '.join(words)}, of the graph\n"
                      f"{graph.text()}")
        return True

    def test_what_waits_in_a_queue_still_comes(self):
        """More has passed into a queue than has left it, because those behind it are slow: a join must
        not take what waits there for what will not come."""
        cores = sorted(os.sched_getaffinity(0))
        text = ("synth samples=100k frame=64 ! tee name=t; t. ! queue depth=2 ! rolling size=500 out=mean "
                f"core={cores[-1]} ! j.; t. ! j.; join name=j core={cores[0]} ! digest")
        for _ in range(1 if oracle.FEW else 3):
            self.assertEqual(self.json("--batch", "4", text)["frames"], 1563)

    def test_against_the_model(self):
        ran = sum(self.check_graph(seed) for seed in SEEDS)
        self.assertGreater(ran, len(SEEDS) * 3 // 4 if len(SEEDS) > 1 else -1)


if __name__ == "__main__":
    oracle.main()
