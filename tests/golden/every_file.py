#!/usr/bin/env python3
"""Every file of the shared data can be read by a pipeline: the folder is walked, and what each file
gives is held to what Python's standard library reads in it. A file that no rule covers fails.

    every_file.py LEAT
"""
import array
import csv
import fnmatch
import functools
import json
import math
import os
import re
import struct
import unittest
import wave

import feeds_oracle
import formats
import oracle

NOT_DATA = ("README.md",)


def cells(path, delimiter=","):
    with open(path, newline="", encoding="ascii") as file:
        return list(csv.reader(file, delimiter=delimiter))


def number(cell):
    return float(cell) if cell.strip() else math.nan


def columns(rows, which):
    """Numbers, NaN where a cell is empty."""
    texts = list(zip(*rows))
    return [list(map(float if "" not in texts[c] else number, texts[c])) for c in which]


def all_columns(rows):
    return columns(rows, range(len(rows[0])))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def words(path):
    return read(path).decode("ascii").split("\n")


# ---- a rule: of a file's path the source that reads it, and its channels

def lobster(path):
    return f"csv file={path}", all_columns(cells(path))


def lean(which, options=""):
    """The first columns are numbers; flags and letters stand behind them."""
    def rule(path):
        return f"csv file={path} columns=1..{which}{options}", columns(cells(path), range(which))
    return rule


def websocket(path):
    """Lines of RECEIVED: JSON; requests and the connection begin with its address."""
    changes = []
    for line in words(path):
        received, _, text = line.partition(": ")
        if text and not line.startswith("wss"):
            message = json.loads(text)
            if message["type"] == "l2update":
                changes.append((received, *message["changes"][0][1:]))
    return (f"json file={path} after=': ' comment=wss only=type:l2update "
            "fields=received:^,price:changes[0][1],size:changes[0][2]",
            [[float(change[c]) for change in changes] for c in range(3)])


def heads(messages):
    """Of messages of ITCH the type and the number of the stock, which all have."""
    return [[m[0] for m in messages], [m[1] << 8 | m[2] for m in messages]]


def itch(path):
    return f"itch file={path} fields=type,locate", heads(feeds_oracle.itch_split(read(path)))


def dbn(path):
    """Behind a metadata of a length that stands at byte 4."""
    content = read(path)
    start = 8 + struct.unpack_from("<I", content, 4)[0]
    records = [feeds_oracle.mbo_decode(content[at:at + 56])
               for at in range(start, len(content), 56)]
    names = ["price", "size", "sequence"]
    return (f"dbn file={path} fields={','.join(names)}",
            feeds_oracle.columns(records, names, True))


def datagrams(path):
    """What UDP carries in a classic capture of Ethernet and IPv4."""
    content, at, out = read(path), 24, []
    order = "<" if content[:1] in (b"\xd4", b"\x4d") else ">"
    while at < len(content):
        size = struct.unpack_from(order + "I", content, at + 8)[0]
        packet = content[at + 16:at + 16 + size]
        ip = 14 + 4 * (packet[12:14] == b"\x81\x00")  # behind a tag, if there is one
        udp = ip + (packet[ip] & 15) * 4
        out.append(packet[udp + 8:udp + struct.unpack_from(">H", packet, udp + 4)[0]])
        at += 16 + size
    return out


def blocks(datagram, at, count, order):
    """So many messages, each behind its length."""
    out = []
    for _ in range(count):
        size = struct.unpack_from(order + "H", datagram, at)[0]
        out.append(datagram[at + 2:at + 2 + size])
        at += 2 + size
    return out


def itch_capture(path):
    messages = [m for d in datagrams(path)
                for m in blocks(d, 20, struct.unpack_from(">H", d, 18)[0], ">")]
    return f"pcap file={path} ! moldudp ! itch fields=type,locate", heads(messages)


def iex_capture(path):
    types = [m[0] for d in datagrams(path)
             for m in blocks(d, 40, struct.unpack_from("<H", d, 14)[0], "<")]
    return f"pcap file={path} ! iex fields=type", [types]


def capture(path):
    """Of a feed that no stage decodes: its bytes."""
    return f"pcap file={path} ! select channels=bytes", [list(b"".join(datagrams(path)))]


def sound(path):
    with wave.open(path, "rb") as file:
        assert (file.getsampwidth(), file.getnchannels()) == (2, 1)
        values = array.array("h", file.readframes(file.getnframes()))
    return f"wav file={path} scale=no type=f64", [list(values)]


@functools.lru_cache
def record_of(path):
    values = formats.unpack_212(read(path + ".dat"))
    return f"wfdb file={path}.hea", [[(x - 1024) / 200 for x in values[c::2]] for c in range(2)]


def record(path):
    """Both files of it: the header names the samples."""
    return record_of(os.path.splitext(path)[0])


def annotations(path):
    """Words of 16 bits, in which an annotation has its type and its time."""
    return f"raw file={path} type=i16 to=f64", [list(array.array("h", read(path)))]


def iq_bytes(path):
    content = read(path)
    return f"raw file={path} type=u8 channels=2 to=f64", [list(content[c::2]) for c in range(2)]


def iq_floats(path):
    values = array.array("f", read(path))
    return f"raw file={path} type=f32 channels=2 to=f64", [list(values[c::2]) for c in range(2)]


def imu(path):
    return f"csv file={path}", all_columns(cells(path)[1:])


def matrix(path):
    symmetry, columns_of = formats.read_mtx(read(path).decode("ascii"))
    row, col, *values = columns_of
    values = values or [[1.0] * len(row)]
    if symmetry == "symmetric":
        off = [i for i, (r, c) in enumerate(zip(row, col)) if r != c]
        values = [v + [v[i] for i in off] for v in values]
        row, col = row + [col[i] for i in off], col + [row[i] for i in off]
    return f"mtx file={path}", [row, col, *values]


def ratings(path):
    return f"csv file={path} delimiter=pipe", all_columns(cells(path, "|")[1:])


def edges(path):
    return f"csv file={path} delimiter=space", all_columns(cells(path, " "))


def images(path):
    sizes, values = formats.read_idx(read(path))
    if len(sizes) == 1:
        return f"idx file={path}", [list(values)]
    return f"idx file={path} items=samples", [list(values[c::sizes[1] * sizes[2]])
                                               for c in range(sizes[1] * sizes[2])]


def gray(path):
    head, size, white, points = read(path).split(b"\n", 3)
    assert (head, white) == (b"P5", b"255")
    width = int(size.split()[0])
    return f"pgm file={path}", [list(points[at:at + width]) for at in range(0, len(points), width)]


def nist(path):
    """Behind the certified values: the lines after the last that is no number."""
    lines = [line for line in words(path) if line.strip()]
    skip = max(i for i, line in enumerate(words(path)) if not re.fullmatch(r"[ .0-9+-]*\s*", line)
               or "--" in line) + 1
    first = max(i for i, line in enumerate(lines) if not re.fullmatch(r"[ .0-9+-]*\s*", line)
                or "--" in line) + 1
    return f"csv file={path} skip={skip} header=no", [[float(line) for line in lines[first:]]]


def pattern(path):
    """The decimal of each value stands in a comment before its bits."""
    values = [float(line.split()[1]) for line in words(path) if line.startswith("//")]
    assert len(values) == int(words(path)[1])
    return (f"csv file={path} skip=2 comment=0x delimiter=space header=no columns=2", [values])


RULES = (
    ("market/lobster/*.csv", lobster),
    ("market/lean/bac_trade_*.csv", lean(3)),
    ("market/lean/ibm_quote_*.csv", lean(5)),
    ("market/lean/gc_*_trade_*.csv", lean(3)),
    ("market/lean/eurusd_*.csv", lean(3)),
    ("market/lean/btcusd_*.csv", lean(6)),
    ("market/crypto/*.ws.*", websocket),
    ("market/*.itch", itch),
    ("market/dbn/*.dbn", dbn),
    ("market/omi/Nasdaq*Itch*.pcap", itch_capture),
    ("market/omi/Cme*.pcap", capture),
    ("market/omi/Iex*.pcap", iex_capture),
    ("market/iex/*", iex_capture),
    ("signals/*.wav", sound),
    ("signals/ecg/*.hea", record),
    ("signals/ecg/*.dat", record),
    ("signals/ecg/*.atr", annotations),
    ("signals/iq/*.bin", iq_bytes),
    ("signals/iq/*.complex", iq_floats),
    ("signals/imu_*.csv", imu),
    ("sparse/*.mtx", matrix),
    ("sparse/*u.data", ratings),
    ("sparse/graph_*.txt", edges),
    ("dense/mnist/*-ubyte", images),
    ("dense/*.pgm", gray),
    ("nist/*.txt", nist),
    ("fft/*.txt", pattern),
    ("conv/*.txt", pattern),
    ("matmul/*.txt", pattern),
)


class EveryFile(oracle.Case):
    def test_every_rule_is_needed(self):
        _, names = self.files()
        for pattern, _ in RULES:
            self.assertTrue(fnmatch.filter(names, pattern), pattern)

    def files(self):
        root = oracle.data(".")
        found = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, names in os.walk(root) for name in names]
        self.assertGreater(len(found), 100)
        return root, sorted(name for name in found if name not in NOT_DATA)

    def test_every_file_is_read(self):
        """One pipeline a file, many of them in one run."""
        root, names = self.files()
        text, wants = [], []
        for name in names:
            rules = [rule for pattern, rule in RULES if fnmatch.fnmatchcase(name, pattern)]
            self.assertEqual(len(rules), 1, f"{name}: one rule must say how it is read")
            source, channels = rules[0](os.path.join(root, name))
            wants.append((name, channels))
            text.append(f"{source} ! stats file={self.path(str(len(wants)))}")
        for at in range(0, len(text), 16):
            done = self.call("run", "\n".join(text[at:at + 16]))
            self.assertEqual(done.returncode, 0, done.stderr)
            for line in done.stderr.splitlines():  # captures of some packets only lack the others
                self.assertRegex(line, rb"^leat: (moldudp|iex)\d*: gaps \d+, missing \d+$")
        for number, (name, channels) in enumerate(wants, 1):
            with open(self.path(str(number)), encoding="ascii") as file:
                self.check(name, json.load(file)["channels"], channels)

    def check(self, name, got, want):
        """As many channels and samples, the same least and largest, and the same sum: exact in
        Python, the mean times the count here."""
        self.assertEqual(len(got), len(want), name)
        for channel, values in zip(got, want):
            if math.isnan(math.fsum(values)):
                values = [x for x in values if x - x == 0]
            self.assertEqual((channel["count"], channel["min"], channel["max"]),
                             (len(values), min(values, default=None), max(values, default=None)),
                             name)
            self.assertAlmostEqual((channel["mean"] or 0) * len(values), math.fsum(values),
                                   delta=1e-12 * math.fsum(map(abs, values)) + 1e-300, msg=name)


if __name__ == "__main__":
    oracle.main()
