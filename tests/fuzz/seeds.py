"""What the fuzzer starts from: short inputs of each reader, some made here by the writers of the
golden tests, some cut from the shared captures where they are. Nothing of the latter is kept.

An input ends with two bytes that are not the reader's: in what pieces it comes, and through which
line of readers/NAME.leat; 128 more: and whether all at once gives the same.

What is here decides how long it takes until nothing new is reached: what an input needs and no
chance makes soon, the words of a header or two prices in their order, is said here."""
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

# At once; in pieces, compared with at once; in larger ones; with room for one frame (a multiple of 3);
# with one frame (4 beyond a multiple of 5); stopped in the middle (15 beyond a multiple of 16).
PACES = {0: 0, 7: 128, 40: 0, 240: 0, 254: 0, 79: 0}
FILES = ("npy", "wav", "idx", "pgm", "wfdb")  # of files alone: what comes in pieces is refused
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


# ---- a function for each reader: the inputs that it may be given; (input, chains): to these alone

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
    prices = [2 ** 63 - 1, 2 ** 53, 2 ** 53 + 1, 2 ** 62, -2 ** 53 - 1, -2 ** 63, 0]
    priced = [feeds.mbo_make(r, action=b"A", instrument=1, price=p) for p in prices]
    lengths = [feeds.mbo_make(r, action=b"A", length=n) for n in (0, 3, 4, 13, 15, 255)]
    late = feeds.mbo_make(r, action=b"T", instrument=1, ts_event=2 ** 64 - 1)
    traded = [feeds.mbo_make(r, action=b"T", instrument=n) for n in (1, 2, 17077, 3)]
    kinds = [feeds.mbo_make(r, action=b"T", rtype=n) for n in (0, 1, 0xa1, 255)]
    bad = [records[0], lengths[4], kinds[0], records[0][:16].ljust(64, b"\0"), b"", b"\x0e", bytes(300)]
    bare = [b"".join(records), b"".join(priced), b"".join(traded * 4), b"".join(records * 5), late * 20,
            b"".join(kinds + records[:2] + kinds[:1]), bytes(56 * 3), b"", b"D", records[0][:50],
            records[0] + records[1][:1]]
    behind = [records[:3] + [other], bad, priced, [b"\0\1"] + records[:4], [b""] * 70 + records[:1], traded * 4,
              traded[:2] + [bytes(300)] + traded[:1] + [bytes(300)] * 2 + traded * 3,
              [b"\1" * 30, records[4]] * 6, records[4:5] * 9]
    file = feeds.dbn_file(records, metadata=20)
    files = [file, b"x" + file, file[:-3], file[:28], file[:20], file + b"\x0e", b"",
             b"\x28\xb5\x2f\xfd" + bytes(40),
             feeds.dbn_file([])[:60], feeds.dbn_file([b"\x0e\xa0"]), feeds.dbn_file(records[4:5] * 9),
             feeds.dbn_file(records[:1], version=2)]
    files += [feeds.dbn_file(some, metadata=20) for some in (
        priced, records * 3, kinds + records, records[:2] + [other],
        *(records[:1] + [one] + records[1:2] for one in lengths))]
    files += [feeds.dbn_file([], metadata=20, schema=n) for n in (1, 0xff, 0xffff)]
    files += [file[:4] + struct.pack("<I", size) + bytes(n) for n in (17, 18, 60)
              for size in (0, 18, 228, 2 ** 16, 2 ** 32 - 1)]
    real = "market/dbn/esh4-glbx-mdp3-20231224.mbo.dbn"
    return ([(one, (0, 1)) for one in bare + read(data, real, 206, 56 * 4)]
            + [(behind_lengths(one), (2,)) for one in behind]
            + [(one, (3, 4, 5)) for one in files + read(data, real, size=206 + 56 * 4)])


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
    kinds = [feeds.itch_make(kind, r) for kind in "SAEXQ"] + shared_itch(data)[:4]
    each = [feeds.soup_packet(bytes([kind]), b"x") for kind in b"+JHZLROUq"]
    bare = [feeds.soup_packet(bytes([kind])) for kind in b"+AHSUq\0"]
    again = [feeds.soup_packet(b"A", b"session001" + number.rjust(20)) for number in (
        b"42", b"43", b"7", b"0", b"", b"9" * 20, b"-1x2", b"9223372036854775807")]
    first = feeds.soup_packet(b"S", kinds[0])
    some = [feeds.soup_packet(b"S", m) for m in (kinds[0], kinds[0][:-1], b"q" + kinds[0][1:], b"")]
    odd = [feeds.soup_packet(kind, bytes(n)) for kind, n in (
        (b"2", 30), (b"S", 40), (b"2", 30), (b"S", 40), (b"\xa3", 30))]
    whole = [login + b"".join(feeds.soup_packet(b"S", m) for m in kinds * n) for n in (1, 4)]
    gaps = [login + first + login + first * 2 + login, (first + login + first * 4) * 2,
            b"".join(one + first for one in again), b"".join(again + [first] * 5)]
    cut = [login[:-1], first[:5], b"\0", b"\0\0" + login[:20], login + b"\xff\xff" + first,
           b"".join(odd) + b"\0\x1f"]
    many = [first * 40, feeds.soup_packet(b"S", kinds[4]) * 3, bare[3] * 40, b"".join(some * 4),
            login + feeds.soup_packet(b"S", kinds[1]) * 6]
    long = [feeds.soup_packet(b"S", bytes(100)), (feeds.soup_packet(b"S", bytes(60)) + login) * 3]
    wrong = [feeds.soup_packet(b"A", login[3:-1]), feeds.soup_packet(b"A", login[3:] + b"0") + first,
             b"".join(some) + login + first]
    return [b"".join(each), *bare, b"".join(bare), *whole, *gaps, *cut, *many, *long, *wrong]


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


def orders(r, n, chain):
    """A day of few orders, prices and instruments, so that they meet; some rows as nobody may write
    them. As the columns of a chain of readers/book.leat."""
    out = []
    for _ in range(n):
        name, side = r.randrange(1, 7), r.choice((1, 1, -1))
        size, price = r.choice((10, 10, 4, 1, 0, 2 ** 40)), r.choice((1.5, 1.25, 2, 2.5, 3, 9, -1, 0, 2 ** 60))
        if chain in (3, 4):
            row = [r.choice((1, 1, 1, 1, 2, 3, 4, 4, 5, 7, 9)), name * (r.randrange(19) != 0), size,
                   price, side * (r.randrange(25) != 0)]
            row = [0.5] + row if chain == 3 else row
        elif chain == 5:
            row = [ord(r.choice("AAAAFEECXDDUUUPSq")), name, ord(r.choice("BBBSSx")), size, price,
                   r.randrange(1, 9), r.randrange(4)]
        else:
            row = [ord(r.choice("AAAAACCMMMTFNRq")), name, ord(r.choice("BBBAAANx")), size, price,
                   r.choice((0, 0, 0, 128, 64, 130)), r.randrange(4)]
        if r.randrange(30) == 0:
            row[r.randrange(len(row))] = r.choice(("", "nan", "inf", -1, 0.5, 2 ** 63, "x", '"1"'))
        out.append(row)
    return rows(out)


def rows(cells):
    return "".join(",".join(map(str, row)) + "\n" for row in cells).encode()


def itch_order(r):
    kind = r.choice("AAAAAFEECXDUUP")
    given = {"reference": r.randrange(1, 7), "new_reference": r.randrange(1, 9),
             "shares": r.choice((100, 100, 40, 0)), "price": r.randrange(1, 6),
             "side": r.choice((b"B", b"S"))}
    has = [word.partition(":")[0] for word in feeds.ITCH[kind][1].split()]
    return feeds.itch_make(kind, r, locate=r.randrange(1, 4),
                           **{name: given[name] for name in given if name in has})


def book(data, r):
    days = feeds.day(60, seed=3)
    records = [feeds.mbo_make(random.Random(i), instrument=1 + i % 3, order_id=1 + i % 5,
                              action=bytes([a]), price=10 ** 9 * (1 + i % 4), size=10)
               for i, a in enumerate(b"AAAMCTFRAAC")]
    real = [b"\n".join(part.split(b"\n")[:10]) for part in read(
        data, "market/lobster/AAPL_2012-06-21_34200000_57600000_message_10.csv")]
    made = [(behind_lengths([itch_order(r) for _ in range(n)]), (0, 1)) for n in (20, 40, 60)
            for _ in range(4)]
    made += [(b"".join(feeds.mbo_make(
        r, instrument=r.randrange(1, 4), order_id=r.randrange(1, 7), action=bytes([r.choice(b"AAAAACCMMTFR")]),
        price=r.choice((1, 2, 3, 4, 5, -1, 2 ** 63 - 1)), size=r.choice((10, 10, 4, 0)),
        flags=r.choice((0, 0, 128, 64)), side=bytes([r.choice(b"AABBN")])) for _ in range(n)), (2,))
             for n in (20, 40) for _ in range(6)]
    made += [(orders(r, n, chain), (chain,)) for chain in (3, 4, 5, 6) for n in (10, 30, 60)
             for _ in range(8)]
    made += [(one, (4, 6)) for one in csv(data, r)]
    return ([behind_lengths(days[i:i + 12]) for i in range(0, 60, 12)] + [b"".join(records)]
            + [behind_lengths([days[0], bytes(300), *days[1:6]])]
            + [behind_lengths(shared_itch(data)), *map(rows, BOOK_ROWS), *real, *made])


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


def npy_text(head, body=b"", version=1, size=None):
    head = head.encode()
    size = len(head) if size is None else size
    return (b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", size)
            + head + body)


def npy_file(descr, order, shape, body, version=1):
    head = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"
    return npy_text(head + " " * (-(len(head) + 11) % 16) + "\n", body, version)


# Headers that are read in another way than numpy's own, or refused.
NPY_HEADS = (
    "", "{", "{'descr", "{'descr'", "{'descr'x", "{descr: 1", "{'" + "x" * 40 + "': 1}", "{'who': 1}", "[1]",
    "{'descr': 8}", "{'descr': '8'}", "{'descr': '<i8", "{'descr': '|t2'}", "{'descr': '<c16'}",
    "{'descr': '" + "<" * 40 + "'}", "{'fortran_order': Trap}", "{'fortran_order': Falsch}",
    "{'shape': 3}", "{'shape': (", "{'shape': ()}", "{'shape': (,)}", "{'shape': (1 2)}", "{'shape': (1, x)}",
    "{'shape': (1[2)}",
    "{'shape': (-1,)}", "{'shape': (1, 2, 3, 4)}", "{'shape': (99999999999999999999,)}",
    "{'shape': (18446744073709551619,)}", "{'shape': (1,), 'shape': (1,)}", "{'descr': '<i8', }",
    "{}", "{'descr': '<i2', 'fortran_order': True}", "{'descr': '<i2', 'shape': (1,)}",
    "{'fortran_order': True, 'shape': (1,)}", "{'descr': '<i2', 'fortran_order': True, 'shape': ()}",
    "\r\n\t {\r\n\t 'shape'\t:\n(1,\r2\t)\n'descr' :'=i2','fortran_order':False}",
    "{\"shape\": (2, 2,), \"descr\": \"|u2\", \"fortran_order\": True}",
    "{'descr': '<i1' 'fortran_order': True 'shape': (1, 2,  )}", "{'descr': '<i1', , }")
NPY_TYPES = ("u1", "i1", "i2", "u2", "i4", "u4", "i8", "f4", "f8")


def npy(data, r):
    del data
    made = [npy_file("<f8", False, "(3,)", r.randbytes(24)),
            npy_file(">i2", False, "(2, 3, 4)", r.randbytes(48), version=2),
            npy_file("<c8", False, "(4,)", r.randbytes(32)),
            npy_file("<i8", False, f"(200, {2 ** 60})", b""),
            npy_file("<i8", False, f"(0, 1, {2 ** 29})", b""),
            npy_file("<i8", False, f"({2 ** 61}, 1, 1)", b""),
            npy_file("<i4", False, f"({2 ** 61}, 1, 1)", b"")]
    made += [npy_file(order + name, fortran, shape, r.randbytes(n * int(name[1])))
             for name in NPY_TYPES for order in "<>" for fortran in (False, True)
             for shape, n in (("(1,)", 1), ("(5,)", 5), ("(2, 9)", 18), ("(1, 1, 1)", 1),
                              ("(2, 2, 3)", 12))]
    made += [npy_file("<f8", fortran, shape, r.randbytes(40)) for fortran in (False, True)
             for shape in ("(0,)", "(0, 3)", "(3, 0)", "(70, 1)", "(6,)", "(1, 2, 3)", "(0, 0, 0)",
                           f"(1, {2 ** 62}, 2)", f"({2 ** 40}, {2 ** 10}, {2 ** 20})")]
    made += [npy_text(head, bytes(8)) for head in NPY_HEADS]
    made += [npy_text(made_of, bytes(2), version) for version in (0, 1, 2, 3, 4, 255)
             for made_of in ("{'descr': '<i2', 'fortran_order': True, 'shape': (1,)}",)]
    return made + [b"", b"\x93NUMPY\1", bytes(40), npy_text("{}", size=9999), npy_text("{}", size=4097),
                   npy_text("{}", size=12), npy_text("{}", version=2, size=2 ** 32 - 1), made[0][:-1],
                   made[0][:40]]


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
    every = range(len(chains(reader)))
    for i, content in enumerate(made):
        content, of = content if isinstance(content, tuple) else (content, every)
        for chain in of:
            for pace, twice in PACES.items() if reader not in FILES else ((0, 0), (7, 0)):
                paths.append(os.path.join(folder, f"seed-{i}-{chain}-{pace}"))
                with open(paths[-1], "wb") as file:
                    file.write(content + bytes([pace, chain + twice]))
    return paths
