"""What the fuzzer starts from: short inputs of each reader, some made here by the writers of the
golden tests, some cut from the shared captures where they are. Nothing of the latter is kept.

An input ends with two bytes that are not the reader's: in what pieces it comes, and through which
line of readers/NAME.leat; 128 more: and whether all at once gives the same."""
import io
import os
import random
import struct
import sys
import wave

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "golden"))
import feeds_oracle as feeds  # noqa: E402
import formats  # noqa: E402

PACES = {0: 0, 7: 128, 40: 0}
READERS = ("itch dbn iex moldudp soupbin lengths fixed book pcap csv json npy raw wav mtx idx pgm wfdb "
           "itch-file").split()


def read(data, path, begin=0, size=600):
    """Bytes of a shared file; none where it is not here."""
    try:
        with open(os.path.join(data, path), "rb") as file:
            file.seek(begin)
            return [file.read(size)]
    except OSError:
        return []


def shared_itch(data):
    return [m for part in read(data, "market/itch50_real_first1000.itch", size=900)
            for m in feeds.itch_split(part[:41 * (len(part) // 41)])[:8]]


def datagrams(data, names, udp_only=True):
    """What the UDP packets of small captures carry."""
    out = []
    for name in names:
        for content in read(data, name, size=4000):
            at = 24
            while at + 16 <= len(content):
                size = struct.unpack_from("<I", content, at + 8)[0]
                packet = content[at + 16:at + 16 + size]
                ip = 14 + 4 * (packet[12:14] == b"\x81\x00")
                if len(packet) > ip + 28 and (packet[ip + 9] == 17 or not udp_only):
                    out.append(packet[ip + (packet[ip] & 15) * 4 + 8:])
                at += 16 + size
    return out


def captures(data, part):
    folder = os.path.join(data, "market", "omi")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [os.path.join("market", "omi", name) for name in names if part in name]


def behind_lengths(messages):
    return b"".join(struct.pack(">H", len(m)) + m for m in messages)


# ---- a function for each reader: the inputs that it may be given

def itch(data, r):
    kinds = [feeds.itch_make(kind, r) for kind in feeds.ITCH]
    symbol = [feeds.itch_make(kind, r, symbol=b"AAPL    ", locate=3) for kind in "RAFP"]
    out = [behind_lengths(kinds[i:i + 4]) for i in range(0, len(kinds), 4)]
    out += [behind_lengths(symbol + [feeds.itch_make("E", r, locate=3)])]
    out += [behind_lengths([m for m in kinds if m[0] == kind])[:-1] for kind in b"AV"]
    return out + [behind_lengths(shared_itch(data))]


def itch_file(data, r):
    bare = [feeds.itch_file([feeds.itch_make(kind, r) for kind in "SAEP"], lengths=False)]
    return (itch(data, r) + bare + [bare[0] + b"\0\0"]
            + read(data, "market/itch50_ARTIFICIAL_ritch.itch", size=300))


def dbn(data, r):
    records = [feeds.mbo_make(r, action=bytes([a]), instrument=17077) for a in b"ACMRTFN"]
    other = feeds.mbo_make(r, length=20)[:16] + bytes(64)
    return ([b"".join(records), behind_lengths(records[:3] + [other]),
             feeds.dbn_file(records[:3], metadata=20), feeds.dbn_file(records[:2] + [other])]
            + [feeds.dbn_file(records[:1], version=2), b"\x28\xb5\x2f\xfd" + bytes(40)]
            + read(data, "market/dbn/esh4-glbx-mdp3-20231224.mbo.dbn", size=206 + 56 * 4)
            + read(data, "market/dbn/esh4-glbx-mdp3-20231224.mbo.dbn", 206, 56 * 4))


def iex(data, r):
    kinds = [feeds.iex_make(kind, r) for kind in feeds.IEX]
    packets = [feeds.iex_packet(kinds[i:i + 3], 1 + i) for i in range(0, len(kinds), 3)]
    twice = [feeds.iex_packet(kinds[:2], n) for n in (5, 5, 9, 2)]
    real = datagrams(data, captures(data, "Iex__"))
    return ([behind_lengths([p]) for p in packets]
            + [behind_lengths(twice), behind_lengths([feeds.iex_packet([], 0), packets[0]]),
               behind_lengths([feeds.iex_packet(kinds[:1], 1, session=8), packets[0]])]
            + [behind_lengths([d[:400]]) for d in real])


def moldudp(data, r):
    kinds = [feeds.itch_make(kind, r) for kind in "SAEXDU"]
    packets = [feeds.mold_packet(kinds[i:i + 2], 1 + i) for i in (0, 2, 4)]
    lost = [feeds.mold_packet(kinds[:1], n) for n in (3, 3, 9, 1)]
    real = datagrams(data, captures(data, "Nasdaq__Nasdaq.Equities.TotalView.Itch.v5"))
    return ([behind_lengths(packets), behind_lengths(lost),
             behind_lengths([feeds.mold_packet([], 7), feeds.mold_packet([], 7, count=0xffff),
                             feeds.mold_packet(kinds[:1], 1, session=b"000000000B"),
                             feeds.mold_packet(kinds[:1], 1, count=3), packets[0] + b"x"])]
            + [behind_lengths([d[:300]]) for d in real])


def soupbin(data, r):
    login = feeds.soup_packet(b"A", b"session001" + b"%20d" % 42)
    kinds = [feeds.itch_make(kind, r) for kind in "SAEX"] + shared_itch(data)[:4]
    each = [feeds.soup_packet(bytes([kind]), b"x") for kind in b"+JHZLROUq"]
    return [login + b"".join(feeds.soup_packet(b"S", m) for m in kinds), b"".join(each),
            b"\0\0" + login[:20], feeds.soup_packet(b"S", bytes(100))]


def lengths(data, r):
    del r
    return [behind_lengths([b"", b"a", b"bc" * 20, bytes(130), b"end"]), b"\xff\xffrest",
            behind_lengths(shared_itch(data)) + b"\0", bytes(200)]


def fixed(data, r):
    return [r.randbytes(n) for n in (1, 6, 7, 63, 64, 300)] + read(
        data, "market/dbn/esh4-glbx-mdp3-20231224.mbo.dbn", 206, 56 * 4)


# Rows of numbers as book takes them: LOBSTER's files, their columns from the type on, ITCH's and
# DBN's channels.
BOOK_ROWS = (
    [(9.5, 1, 0, 2 ** 39, 100, 1), (9.5, 1, 0, 2 ** 39, 100, 1), (9.6, 4, 0, 7, 100, 1)],
    [(9.5, 1, 0, 5, 100, 1), (9.5, 1, 7, 10, 100, 1), (9.6, 1, 8, 10, 101, -1), (9.7, 4, 7, 4, 100, 1),
     (9.8, 2, 99, 5, 100, 1), (9.9, 3, 8, 10, 101, -1), (9.9, 5, 0, 1, 1, 1), (9.9, 4, 7, 60, 100, 1)],
    [(1, 0, 5, 100.5, 1), (1, 7, 10, -0.0, -1), (4, 99, 5, 100.5, 1), (3, 99, 1, 100.5, 1),
     (2, 7, 20, 0, -1), (1, 2 ** 60, 1, 1, 1), (1, 9, 0.5, 1, 1), (1, 9, 1, 1, 3), (4, 9, 1, 1, 3)],
    [(ord("A"), 1, ord("B"), 10, 1.5, 0, 3), (ord("F"), 2, ord("S"), 10, 2.5, 0, 4),
     (ord("U"), 1, 0, 10, 1.25, 5, 3), (ord("X"), 5, 0, 3, 0, 0, 3), (ord("D"), 2, 0, 0, 0, 0, 4),
     (ord("U"), 1, 0, 1, 1, 0.5, 3), (ord("A"), 6, ord("B"), 1, 1, 0, 5)],
    [(ord("A"), 1, ord("B"), 10, 1.5, 0, 3), (ord("M"), 1, ord("B"), 7, 1.25, 0, 3),
     (ord("A"), 0, ord("A"), 10, 1.5, 64, 3), (ord("A"), 0, ord("A"), 0, "", 64, 3),
     (ord("C"), 1, ord("B"), 2, 0, 0, 3), (ord("R"), 0, 0, 0, 0, 0, 3), (ord("R"), 0, 0, 0, 0, 0, 9)])


def rows(cells):
    return "".join(",".join(map(str, row)) + "\n" for row in cells).encode()


def book(data, r):
    del r
    days = feeds.day(60, seed=3)
    records = [feeds.mbo_make(random.Random(i), instrument=1 + i % 3, order_id=1 + i % 5,
                              action=bytes([a]), price=10 ** 9 * (1 + i % 4), size=10)
               for i, a in enumerate(b"AAAMCTFRAAC")]
    real = [b"\n".join(part.split(b"\n")[:10]) for part in read(
        data, "market/lobster/AAPL_2012-06-21_34200000_57600000_message_10.csv")]
    return ([behind_lengths(days[i:i + 12]) for i in range(0, 60, 12)] + [b"".join(records)]
            + [behind_lengths([days[0], bytes(300), *days[1:6]])]
            + [behind_lengths(shared_itch(data)), *map(rows, BOOK_ROWS), *real])


def pcap(data, r):
    carried = feeds.mold_packet([feeds.itch_make("A", r)], 1)
    packets = [(10 ** 18, feeds.udp(carried)), (10 ** 18 + 5, feeds.udp(carried, tags=2)),
               (10 ** 18 + 9, feeds.udp(carried, version=6))]
    tcp = bytearray(packets[0][1])
    tcp[23] = 6
    part = bytearray(packets[0][1])
    part[20] = 0x20
    out = [feeds.pcap(packets), feeds.pcap(packets[:1], nano=False, order=">"),
           feeds.pcapng(packets), feeds.pcap([(1, bytes(tcp)), (2, bytes(part)), (3, bytes(60))]),
           feeds.pcap([(1, feeds.udp(bytes(1500)))])]
    for link, skip, head in ((101, 14, b""), (228, 14, b""), (0, 14, b"\2\0\0\0"),
                             (113, 12, bytes(14)), (276, 12, None), (229, 14, b""), (147, 0, b"")):
        bare = [p[skip:] if head is not None else p[12:14] + bytes(18) + p[14:]
                for _, p in packets[::2]]
        out.append(feeds.pcap([(1, (head or b"") + p) for p in bare], link=link))
    real = captures(data, "")
    return out + [c for name in real[::4] for c in read(data, name, size=2000)] + read(
        data, "market/iex/TOPS16.pcapng", size=1500)


def csv(data, r):
    del r
    made = [b"time,price,size\n1,2.5,3\n2,,-4e3\n", b'"a","b"\r\n"1","2"\r\n3,"4""5"\n"6\n7",8\n',
            b"1;2\n#x\n3;4", b"x y\n1 2\n\n3 4 5\n", b"1\t2\n3\tinf\n", b"\xef\xbb\xbfa,b\n1,2\n",
            b"1,2\n3\n1e400,nan\n", b"a,b\n1,2\n" + b'"' + b"x" * 4500 + b"\n3,4\n", b"x" * 5000,
            b",".join([b"7"] * 90) + b"\n", b"time,price,size\n9223372036854775807,1e-400,0x1p3\n" * 2]
    names = ("market/lean/bac_trade_20131009.csv", "signals/imu_sensor_data.csv",
             "market/lobster/AAPL_2012-06-21_34200000_57600000_message_10.csv",
             "sparse/ml-100k_u.data", "sparse/graph_wiki-Vote_subset.txt")
    return made + [c for name in names for c in read(data, name, size=300)]


def json(data, r):
    del r
    made = [b'{"price": 1.5, "data": {"sizes": [3, 4]}}\n{"price": "2", "data": 7}\n',
            b'17.5: {"type":"l2update","changes":[["buy","1.5","2"]]}\nwss: x\n3: {"type":1}\n',
            b'{"id": 9007199254740993, "a.b": [1, 2], "ts": 1700000000123}\n{"id": 1e3}\n',
            b'{"a": [2], "price": null}\n{"a": ["2"], "price": true}\n\n[1]\n{"a":', b'{"price": ""}',
            b'{"price": 1e999}\n{"price": -0.0}\n{"price": "\\u0000"}\n' + b"[" * 60 + b"\n",
            b'{"price": 1}\n' + b"x" * 5000 + b'\n{"price": 2}\n']
    return made + read(data, "market/crypto/COINBASE.ws.28.0", 700, 500)


def npy_file(descr, order, shape, body, version=1):
    head = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 16) + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(head))
    return b"\x93NUMPY" + bytes([version, 0]) + size + head + body


def npy(data, r):
    del data
    return [npy_file("<f8", False, "(3,)", r.randbytes(24)),
            npy_file("<f4", True, "(2, 5)", r.randbytes(40)),
            npy_file(">i2", False, "(2, 3, 4)", r.randbytes(48), version=2),
            npy_file("|u1", False, "(2, 9)", r.randbytes(18)),
            npy_file("<c8", False, "(4,)", r.randbytes(32)),
            npy_file("<i8", True, "(2, 2, 2)", r.randbytes(64)),
            npy_file("<i8", False, f"(200, {2 ** 60})", b""),
            npy_file("<i8", False, f"(0, 1, {2 ** 29})", b""),
            npy_file("<i8", False, f"({2 ** 61}, 1, 1)", b"")]


def raw(data, r):
    return [r.randbytes(n) for n in (0, 1, 24, 96, 200)] + read(
        data, "signals/iq/fsk.complex", size=200)


def wav(data, r):
    out = []
    for channels, width in ((1, 1), (2, 2), (1, 3), (2, 4)):
        held = io.BytesIO()
        with wave.open(held, "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(width)
            file.setframerate(8000)
            file.writeframes(r.randbytes(60 * channels * width))
        out.append(held.getvalue())
    real = out[0][:20] + b"\x03\0" + out[0][22:]
    sun = b".snd" + struct.pack(">5I", 24, 40, 2, 8000, 1) + r.randbytes(40)
    return out + [real, out[1][:60], sun] + read(data, "signals/fsdd/0_george_0.wav", size=300)


def mtx(data, r):
    del r
    head = "%%MatrixMarket matrix coordinate "
    made = [head + "real symmetric\n% x\n3 3 2\n2 1 5\n3 3 1\n", head + "pattern general\n2 2 1\n1 2\n",
            head + "complex hermitian\n2 2 2\n1 1 1 0\n2 1 1e5 -2\n",
            head + "integer skew-symmetric\n3 3 1\n3 1 -7\n",
            "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n",
            "%%MatrixMarket matrix array integer symmetric\n2 2\n1\n2\n4\n",
            "%%MatrixMarket matrix array pattern general\n", head + "pattern hermitian\n",
            "%%MatrixMarket matrix array real general\n9000000000000 9000000000000\n",
            head + "real skew-symmetric\n2 2 1\n1 1 5\n", head + "real general\n100000000 2 0\n",
            head + "real general\n2 2 1\n1 1 1e300\n%" + "x" * 5000 + "\n"]
    names = ("sparse/west0479.mtx", "sparse/bcspwr10.mtx", "sparse/young1c.mtx")
    return [text.encode() for text in made] + [c for n in names for c in read(data, n, size=400)]


def idx(data, r):
    out = [formats.idx_bytes(code, (2, 3, 4), [r.randrange(9) for _ in range(24)])
           for code in formats.IDX]
    out.append(formats.idx_bytes(8, (5,), range(5)))
    real = read(data, "dense/mnist/t10k-0-1999-images.idx3-ubyte", size=16 + 784)
    return out + [c[:4] + struct.pack(">I", 1) + c[8:] for c in real]


def pgm(data, r):
    lines = [[r.randrange(9) for _ in range(4)] for _ in range(3)]
    real = read(data, "dense/ascent_512x512.pgm", size=15 + 512)
    return ([formats.pgm_bytes(lines), formats.pgm_bytes(lines, white=999),
             formats.pgm_bytes(lines, text=True, comment="# x\n"),
             formats.pgm_bytes(lines, white=9, text=True)]
            + [b"P5\n16 16\n255\n" + c[-256:] for c in real] + real)


def wfdb(data, r):
    out = []
    for bits in (212, 16):
        signals = [[r.randrange(-99, 99) for _ in range(7)] for _ in range(2)]
        files = formats.wfdb_files("r", signals, bits)
        out.append(files["r.hea"] + b"\0" + files["r.dat"])
    head = b"# x\nr 1 360/1(0) 0 12:00:00\n\nr.dat 212+2 200(1024)/uV 11 1024 0 0 0 a b\n# y\n"
    out += [head + b"\0" + r.randbytes(20), b"r 1\nr.dat 16 0 0 0 0 0 0\n\0" + r.randbytes(6),
            b"r 2 1 9000000000000000000\nr.dat 16\nr.dat 16\n\0" + r.randbytes(4)]
    for text, body in zip(read(data, "signals/ecg/100.hea"), read(data, "signals/ecg/100.dat", 0, 60)):
        out.append(text.replace(b"100.dat", b"r.dat").replace(b"650000", b"20") + b"\0" + body)
    return out


def chains(reader):
    with open(os.path.join(HERE, "readers", reader + ".leat"), encoding="utf-8") as file:
        return [line for line in file if line.strip() and line[0] != "#"
                and not line.startswith("refused ")]


def write(reader, folder, data):
    """The seeds of a reader as files in folder; returns their paths."""
    os.makedirs(folder, exist_ok=True)
    made = globals()[reader.replace("-", "_")](data, random.Random(5))
    paths = []
    for i, content in enumerate(made):
        for chain in range(len(chains(reader))):
            for pace, twice in PACES.items():
                paths.append(os.path.join(folder, f"seed-{i}-{chain}-{pace}"))
                with open(paths[-1], "wb") as file:
                    file.write(content + bytes([pace, chain + twice]))
    return paths
