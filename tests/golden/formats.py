"""Writers and readers of the formats of data sets, from their descriptions: IDX, PGM, Matrix Market,
WFDB, JSON lines.
"""
import json
import struct

IDX = {0x08: "B", 0x09: "b", 0x0B: "h", 0x0C: "i", 0x0D: "f", 0x0E: "d"}


def idx_bytes(code, sizes, values):
    return (bytes([0, 0, code, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)
            + struct.pack(f">{len(values)}{IDX[code]}", *values))


def read_idx(content):
    """Sizes and values."""
    code, dims = content[2:4]
    sizes = struct.unpack(f">{dims}I", content[4:4 + 4 * dims])
    rest = content[4 + 4 * dims:]
    return sizes, struct.unpack(f">{len(rest) // struct.calcsize(IDX[code])}{IDX[code]}", rest)


def pgm_bytes(lines, white=255, text=False, comment=""):
    head = f"P{2 if text else 5}\n{comment}{len(lines[0])} {len(lines)}\n{white}\n".encode()
    points = [x for line in lines for x in line]
    if text:
        return head + " ".join(map(str, points)).encode() + b"\n"
    return head + struct.pack(f">{len(points)}{'B' if white < 256 else 'H'}", *points)


def pack_212(values):
    """Two numbers of twelve bits in three bytes; the last of an odd number in two."""
    out = bytearray()
    for i in range(0, len(values), 2):
        a, b = values[i] & 0xFFF, values[i + 1] & 0xFFF if i + 1 < len(values) else 0
        out += bytes([a & 0xFF, a >> 8 | b >> 8 << 4, b & 0xFF][:3 if i + 1 < len(values) else 2])
    return bytes(out)


def unpack_212(content):
    values = [0] * (len(content) // 3 * 2)
    values[::2] = [(a | b << 8 & 0xF00) - (b << 9 & 0x1000)
                   for a, b in zip(content[::3], content[1::3])]
    values[1::2] = [(c | b << 4 & 0xF00) - (b << 5 & 0x1000)
                    for b, c in zip(content[1::3], content[2::3])]
    return values


def wfdb_files(name, signals, bits=212, rate=360, gain="200(0)/mV", names=("MLII", "V5"), sums=None):
    """Header and samples, by the names of their files."""
    values = [x for row in zip(*signals) for x in row]
    data = pack_212(values) if bits == 212 else struct.pack(f"<{len(values)}h", *values)
    lines = [f"{name} {len(signals)} {rate} {len(signals[0])}"]
    for i, signal in enumerate(signals):
        total = (sum(signal) + 2 ** 15) % 2 ** 16 - 2 ** 15 if sums is None else sums[i]
        lines.append(f"{name}.dat {bits} {gain} 12 0 {signal[0]} {total} 0 {names[i]}")
    return {f"{name}.hea": "\n".join(lines).encode() + b"\n", f"{name}.dat": data}


def read_beats(content):
    """Sample numbers of the beats in WFDB annotations of the MIT format: words of six bits of type
    and ten of time since the one before."""
    beats, time, at = [], 0, 0
    while True:
        word = int.from_bytes(content[at:at + 2], "little")
        kind, n, at = word >> 10, word & 1023, at + 2
        if word == 0:
            return beats
        if kind == 59:  # a long time, its upper half first
            high, low = struct.unpack("<hH", content[at:at + 4])
            time, at = time + (high << 16) + low, at + 4
        elif kind == 63:  # a remark of n bytes
            at += n + n % 2
        elif kind < 50:
            time += n
            if kind <= 13 or kind in (25, 30, 31, 34, 35, 38, 41):
                beats.append(time)


def read_mtx(text):
    """Symmetry, and the columns that the entries of a coordinate file have."""
    lines = [line for line in text.split("\n") if line and line[0] != "%"]
    numbers = list(map(float, " ".join(lines[1:]).split()))
    stored = int(lines[0].split()[2])
    assert len(lines) == stored + 1
    return text.split(None, 5)[4], [numbers[c::len(numbers) // stored]
                                    for c in range(len(numbers) // stored)]


def examples():
    """What the examples of the catalogue read, by name."""
    trades = [{"ts": i, "type": "match", "data": {"price": str(i / 8), "sizes": [i, 7]}}
              for i in range(100)]
    files = {
        "trades.jsonl": "".join(json.dumps(trade) + "\n" for trade in trades).encode(),
        "west.mtx": b"%%MatrixMarket matrix coordinate integer symmetric\n% two\n3 3 2\n"
                    b"2 1 5\n3 3 -7\n",
        "images.idx3-ubyte": idx_bytes(0x08, (9, 2, 4), [i % 251 for i in range(72)]),
        "scan.pgm": pgm_bytes([[1, 2, 3], [4, 5, 6]]),
    }
    files.update(wfdb_files("100", [[i % 50 - 25 for i in range(1000)], [7] * 1000]))
    return files
