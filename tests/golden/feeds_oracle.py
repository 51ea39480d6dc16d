"""Market data as Python reads and writes it: the layouts of the specifications as struct formats,
one a message, independent of the tables in src/io."""
import math
import os
import random
import struct

NONE = -2 ** 63  # what an i64 channel has where the message has no such field

# NASDAQ TotalView-ITCH 5.0. A name with 4 or 8 behind it is a price of so many decimals; text has
# its letters. Every message begins with type, locate, tracking and a time of 6 bytes.
ITCH = {
    "S": ("s", "event"),
    "R": ("8sssIss2ssssssIs", "symbol market_category financial_status round_lot round_lots_only "
          "classification subtype authenticity short_sale_threshold ipo_flag luld_tier etp_flag "
          "etp_leverage inverse"),
    "H": ("8sss4s", "symbol trading_state reserved reason"),
    "Y": ("8ss", "symbol reg_sho"),
    "L": ("4s8ssss", "attribution symbol primary_maker maker_mode participant_state"),
    "V": ("QQQ", "level_1:8 level_2:8 level_3:8"),
    "W": ("s", "level"),
    "K": ("8sIsI", "symbol release_time release_qualifier price:4"),
    "J": ("8sIIII", "symbol price:4 upper_price:4 lower_price:4 extension"),
    "h": ("8sss", "symbol market halt_action"),
    "A": ("QsI8sI", "reference side shares symbol price:4"),
    "F": ("QsI8sI4s", "reference side shares symbol price:4 attribution"),
    "E": ("QIQ", "reference shares match"),
    "C": ("QIQsI", "reference shares match printable price:4"),
    "X": ("QI", "reference shares"),
    "D": ("Q", "reference"),
    "U": ("QQII", "reference new_reference shares price:4"),
    "P": ("QsI8sIQ", "reference side shares symbol price:4 match"),
    "Q": ("Q8sIQs", "shares symbol price:4 match cross_type"),
    "B": ("Q", "match"),
    "I": ("QQs8sIIIss", "paired_shares imbalance_shares direction symbol far_price:4 near_price:4 "
          "reference_price:4 cross_type variation"),
    "N": ("8ss", "symbol interest"),
    "O": ("8ssIIIQII", "symbol open_status minimum_price:4 maximum_price:4 near_price:4 near_time "
          "lower_price:4 upper_price:4"),
}
# Databento DBN 1, market by order.
MBO = ("<BBHIQQqIBBssQiI", "length rtype publisher instrument ts_event order_id price:9 size flags "
       "channel action side ts_recv ts_in_delta sequence")


def itch_format(kind):
    return ">sHHHI" + ITCH[kind][0]


def itch_bytes(kind):
    return struct.calcsize(itch_format(kind))


def named(names, values):
    """{name: (value, decimals of a price or None)}"""
    out = {}
    for name, value in zip(names.split(), values):
        name, _, decimals = name.partition(":")
        out[name] = (value, int(decimals) if decimals else None)
    return out


def itch_decode(message):
    kind = chr(message[0])
    values = struct.unpack(itch_format(kind), message)
    out = named("type locate tracking high low " + ITCH[kind][1], values)
    out["timestamp"] = (out.pop("high")[0] << 32 | out.pop("low")[0], None)
    return out


def itch_make(kind, r, **given):
    """A message of that type with random content."""
    values = [kind.encode()] + [r.getrandbits(16), r.getrandbits(16), r.getrandbits(8),
                                r.getrandbits(32)]
    names = ["type", "locate", "tracking", "high", "low"] + [
        name.partition(":")[0] for name in ITCH[kind][1].split()]
    text = ITCH[kind][0]
    size = ""
    for c in text:
        if c.isdigit():
            size += c
            continue
        values.append(bytes(r.choice(b"ABCXYZ ") for _ in range(int(size or 1))) if c == "s"
                      else r.getrandbits({"I": 32, "Q": 64}[c]))
        size = ""
    for name, value in given.items():
        values[names.index(name)] = value
    return struct.pack(itch_format(kind), *values)


def itch_file(messages, lengths=True):
    """A BinaryFILE."""
    return b"".join(struct.pack(">H", len(m) if lengths else 0) + m for m in messages)


def itch_split(content):
    at, out = 0, []
    while at < len(content):
        n = struct.unpack_from(">H", content, at)[0] or itch_bytes(chr(content[at + 2]))
        out.append(content[at + 2:at + 2 + n])
        at += 2 + n
    return out


def mbo_decode(record):
    return named(MBO[1], struct.unpack(MBO[0], record))


def dbn_file(records, version=1, schema=0, metadata=100):
    head = b"TEST".ljust(16, b"\0") + struct.pack("<H", schema)
    return (b"DBN" + bytes([version]) + struct.pack("<I", metadata) + head.ljust(metadata, b"\0")
            + b"".join(records))


def mbo_make(r, **given):
    values = [14, 0xa0, r.getrandbits(16), r.getrandbits(32), r.getrandbits(63), r.getrandbits(64),
              r.getrandbits(53) - 2 ** 52, r.getrandbits(32), r.getrandbits(8), r.getrandbits(8),
              bytes([r.choice(b"ACMRTFN")]), bytes([r.choice(b"ABN")]), r.getrandbits(63),
              r.getrandbits(32) - 2 ** 31, r.getrandbits(32)]
    names = [name.partition(":")[0] for name in MBO[1].split()]
    for name, value in given.items():
        values[names.index(name)] = value
    return struct.pack(MBO[0], *values)


def day(n, seed=1):
    """Messages of a short day of two symbols: orders come, are executed, replaced and deleted. An
    execution leaves at least half of what there is."""
    r = random.Random(seed)
    names = [b"ABCD    ", b"WXYZ    "]
    out = [itch_make("S", r, locate=0, event=b"O")]
    out += [itch_make("R", r, locate=i + 1, symbol=name) for i, name in enumerate(names)]
    live, price, left = [], [1000000, 250000], {}
    owner = {}
    for i in range(n):
        which = r.randrange(2)
        time = {"high": 0x1f00 + (i >> 12), "low": (i & 0xfff) << 20, "locate": which + 1}
        price[which] += 100 * r.randint(-3, 3)
        kind = r.choice("AAAAEXDUP") if len(live) > 9 else "A"
        more = {"reference": i + 1, "shares": 100 * r.randint(1, 9), "price": price[which],
                "side": r.choice((b"B", b"S")), "symbol": names[which], "new_reference": i + 1}
        if kind in "EXDU":
            more["reference"] = r.choice(live)
            which = owner[more["reference"]]
            time["locate"], more["price"] = which + 1, price[which]
        if kind in "EX":
            more["shares"] = min(more["shares"], left[more["reference"]] // 2)
            left[more["reference"]] -= more["shares"]
        if kind in "DU":
            live.remove(more["reference"])
        if kind in "AU":
            live.append(i + 1)
            left[i + 1], owner[i + 1] = more["shares"], which
        known = ["type", "locate", "tracking", "high", "low"] + [
            name.partition(":")[0] for name in ITCH[kind][1].split()]
        out.append(itch_make(kind, r, **{k: v for k, v in {**more, **time}.items() if k in known}))
    return out


def write_day(folder):
    """What the guides and the examples of the catalogue read: day.itch, the same messages in
    day.pcap and day.soup, day.dbn, and day.iex.pcap."""
    r = random.Random(2)
    records = [mbo_make(r, instrument=17077 + i % 2, ts_event=10 ** 18 + 1000 * i, sequence=i,
                        price=4799 * 10 ** 9 + 250000000 * r.randint(-8, 8),
                        size=r.randint(1, 40)) for i in range(3000)]
    messages = day(3000)
    quotes = [iex_make("QT"[i % 2], r) for i in range(600)]
    files = {
        "day.itch": itch_file(messages),
        "day.pcap": pcap([(10 ** 18 + 1000 * i, udp(mold_packet(messages[i:i + 7], 1 + i)))
                          for i in range(0, len(messages), 7)]),
        "day.soup": b"".join(soup_packet(b"S", m) for m in messages),
        "day.dbn": dbn_file(records, metadata=198),
        "day.iex.pcap": pcap([(10 ** 18 + 1000 * i, udp(iex_packet(quotes[i:i + 5], 1 + i)))
                              for i in range(0, len(quotes), 5)]),
    }
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


# ---- transports

# IEX TOPS and DEEP, little-endian; "t" is the letter behind the type, then the time follows.
IEX = {
    "S": ("", "event", ""),
    "D": ("8sIqB", "flags", "symbol round_lot previous_close:4 luld_tier"),
    "H": ("8s4s", "status", "symbol reason"),
    "I": ("8s", "indicator", "symbol"),
    "O": ("8s", "status", "symbol"),
    "P": ("8ss", "status", "symbol detail"),
    "E": ("8s", "event", "symbol"),
    "Q": ("8sIqqI", "flags", "symbol bid_size bid_price:4 ask_price:4 ask_size"),
    "8": ("8sIq", "flags", "symbol size price:4"),
    "5": ("8sIq", "flags", "symbol size price:4"),
    "T": ("8sIqQ", "condition", "symbol size price:4 trade_id"),
    "X": ("8sq", "price_type", "symbol price:4"),
    "B": ("8sIqQ", "condition", "symbol size price:4 trade_id"),
    "A": ("8sIqqIsBIqqqq", "auction_type", "symbol paired_shares reference_price:4 "
          "indicative_price:4 imbalance_shares imbalance_side extension auction_time book_price:4 "
          "collar_price:4 lower_price:4 upper_price:4"),
}
NUMBERED = ("flags", "condition")  # the letter behind the type is a number there


def iex_decode(message):
    kind = chr(message[0])
    text, second, names = IEX[kind]
    letter = "B" if second in NUMBERED else "s"
    values = struct.unpack(f"<s{letter}q" + text, message)
    return named(f"type {second} timestamp {names}", values)


def iex_make(kind, r):
    text, second, _ = IEX[kind]
    values = [kind.encode(), r.getrandbits(8) if second in NUMBERED else b"x",
              r.getrandbits(60)]
    size = ""
    for c in text:
        if c.isdigit():
            size += c
            continue
        values.append(bytes(r.choice(b"ABCXYZ ") for _ in range(int(size or 1))) if c == "s"
                      else r.getrandbits({"I": 32, "Q": 64, "q": 50, "B": 8}[c]))
        size = ""
    return struct.pack(f"<s{'B' if second in NUMBERED else 's'}q" + text, *values)


def iex_packet(messages, first, session=7, version=1):
    body = b"".join(struct.pack("<H", len(m)) + m for m in messages)
    return struct.pack("<BBHIIHHqqq", version, 0, 0x8003, 1, session, len(body), len(messages), 0,
                       first, 0) + body


def mold_packet(messages, first, session=b"000000000A", count=None):
    return (session + struct.pack(">QH", first, len(messages) if count is None else count)
            + b"".join(struct.pack(">H", len(m)) + m for m in messages))


def soup_packet(kind, content=b""):
    return struct.pack(">H", 1 + len(content)) + kind + content


def udp(payload, tags=0, version=4, more=b"", first=17):
    """An Ethernet frame; more: headers between that of version 6 and the datagram."""
    head = struct.pack(">HHHH", 10000, 26477, 8 + len(payload), 0) + payload
    if version == 4:
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(head), 1, 0x4000, 9, 17, 0, 1, 2) + head
    else:
        ip = (struct.pack(">IHBB", 6 << 28, len(more + head), first, 9) + bytes(32) + more + head)
    return (bytes(12) + b"\x81\x00\x00\x05" * tags
            + (b"\x08\x00" if version == 4 else b"\x86\xdd") + ip)


def pcap(packets, nano=True, order="<", link=1):
    """A classic capture of (ns, packet)."""
    magic = 0xa1b23c4d if nano else 0xa1b2c3d4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for ns, packet in packets:
        out += struct.pack(order + "IIII", ns // 10 ** 9, ns % 10 ** 9 // (1 if nano else 1000),
                           len(packet), len(packet)) + packet
    return out


def block(kind, content):
    content += bytes(-len(content) % 4)
    n = struct.pack("<I", 12 + len(content))
    return struct.pack("<I", kind) + n + content + n


def section():
    return block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))


def interface(link=1, longest=0, digits=9):
    """Times of its packets have so many digits behind the second."""
    return block(1, struct.pack("<HHI", link, 0, longest) + struct.pack("<HHB3x", 9, 1, digits)
                 + bytes(4))


def packet_block(time, packet, number=0):
    """Of the interface of that number."""
    return block(6, struct.pack("<IIIII", number, time >> 32, time & 0xffffffff, len(packet),
                                len(packet)) + packet)


def pcapng(packets):
    return section() + interface() + b"".join(packet_block(ns, packet) for ns, packet in packets)


def cell(field, real):
    """What a channel has for it; field None: the message has none."""
    if field is None:
        return math.nan if real else NONE
    value, decimals = field
    if isinstance(value, bytes):
        value = int.from_bytes(value, "big")
    if not real:
        return value - 2 ** 64 if value >= 2 ** 63 else value
    if decimals == 9 and value == 2 ** 63 - 1:  # DBN's price that nobody said
        return math.nan
    return value / 10 ** decimals if decimals is not None else float(value)


def columns(messages, names, real):
    return [[cell(message.get(name), real) for message in messages] for name in names]
