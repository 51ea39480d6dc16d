#!/usr/bin/env python3
"""Order books against a rebuild in Python, after every message: the real files, and generated
messages with all that can be wrong with them.

    books.py LEAT
"""
import bisect
import json
import math
import random

import feeds_oracle as feeds
import oracle

SIZE_MAX = 2 ** 40 - 1
CELLS = [f"{side}{{}}_{cell}" for side in ("bid", "ask") for cell in ("price", "size", "count")]


class Full(Exception):
    """Why something was left out."""


class Books:
    """Every order by its instrument and number, every price of a side with what is there. Sums
    that nobody's orders are known of are orders of the name (side, price)."""

    def __init__(self, depth=1, orders=65536, levels=1000, instruments=16):
        self.depth, self.most, self.levels_most, self.many = depth, orders, levels, instruments
        self.orders = {}   # (instrument, name): [side, price, size]
        self.prices = {}   # (instrument, side): {price: [size, count]}
        self.sorted = {}   # (instrument, side): prices in order
        self.seen = set()
        self.counts = {}

    def count(self, cause, n=1):
        if n:
            self.counts[cause] = self.counts.get(cause, 0) + n

    def change(self, who, side, price, size, count):
        prices = self.prices.setdefault((who, side), {})
        order = self.sorted.setdefault((who, side), [])
        if price not in prices:
            if len(prices) == self.levels_most:
                raise Full("levels full")
            prices[price] = [0, 0]
            bisect.insort(order, price)
        prices[price][0] += size
        prices[price][1] += count
        if prices[price][0] == 0:
            del prices[price]
            order.remove(price)

    def see(self, who):
        if who not in self.seen:
            if len(self.seen) == self.many:
                raise Full("instruments full")
            self.seen.add(who)

    def add(self, who, name, side, price, size, loose=False):
        if side is None or price is None or not 1 <= size <= SIZE_MAX:
            raise Full("bad value")
        self.see(who)
        self.put(who, name, side, price, size, loose)

    def put(self, who, name, side, price, size, loose=False):
        name = (side, price) if loose else name
        if (who, name) in self.orders:
            if not loose:
                raise Full("duplicate order")
            if self.orders[who, name][2] + size > SIZE_MAX:
                raise Full("orders full")
        elif len(self.orders) == self.most:
            raise Full("orders full")
        self.change(who, side, price, size, not loose)
        self.orders.setdefault((who, name), [side, price, 0])[2] += size

    def take(self, who, name, size=None):
        """size None: all."""
        if size is not None and size < 0:
            raise Full("bad value")
        if (who, name) not in self.orders:
            raise Full("unknown order")
        side, price, there = self.orders[who, name]
        gone = there if size is None else min(size, there)
        self.orders[who, name][2] -= gone
        if gone == there:
            del self.orders[who, name]
        self.change(who, side, price, -gone, -(gone == there and not isinstance(name, tuple)))
        if size is not None and size > there:
            raise Full("more than there is")
        return side

    def clear(self, who, sides=(0, 1)):
        for key in [k for k, order in self.orders.items() if k[0] == who and order[0] in sides]:
            del self.orders[key]
        for side in sides:
            self.prices.pop((who, side), None)
            self.sorted.pop((who, side), None)

    def gap(self):
        for who in self.seen:
            self.clear(who)
        self.count("cleared", len(self.seen))

    def top(self, who, none):
        row = []
        for level in range(self.depth):
            for side in (0, 1):
                order = self.sorted.get((who, side), ())
                if level >= len(order):
                    row += [none, 0, 0]
                    continue
                price = order[level] if side else order[-1 - level]
                row += [price] + self.prices[who, side][price]
        return row


def itch(books, m):
    """m: {name: number}."""
    who, name, kind = m.get("locate", 0), m["reference"], chr(m["type"])
    side = {ord("B"): 0, ord("S"): 1}.get(m["side"])
    price = None if m["price"] == feeds.NONE else m["price"]
    if kind in "AF":
        books.add(who, name, side, price, m["shares"])
    elif kind in "ECX":
        books.take(who, name, m["shares"])
    elif kind == "D":
        books.take(who, name)
    elif kind == "U":
        if price is None or not 1 <= m["shares"] <= SIZE_MAX:
            raise Full("bad value")
        books.put(who, m["new_reference"], books.take(who, name), price, m["shares"])
    return who


def dbn(books, m):
    who, name, action = m.get("instrument", 0), m["order_id"], chr(m["action"])
    side = {ord("B"): 0, ord("A"): 1}.get(m["side"])
    price = None if m["price"] in (feeds.NONE, 2 ** 63 - 1) else m["price"]
    if action in "AM":
        top = m["flags"] & 64
        if action == "M" and None not in (side, price) and 1 <= m["size"] <= SIZE_MAX:
            if (who, name) in books.orders:
                books.take(who, name)
        if top and side is not None and (price is None or 1 <= m["size"] <= SIZE_MAX):
            books.see(who)
            books.clear(who, (side,))
            if price is None:
                return
        books.add(who, name, side, price, m["size"], loose=top)
    elif action == "C":
        books.take(who, name, m["size"])
    elif action == "R" and who in books.seen:
        books.clear(who)
        raise Full("cleared")


def lobster(books, m):
    name, kind, size = m["order_id"], m["type"], m["size"]
    side = {1: 0, -1: 1}.get(m["direction"])
    price = None if m["price"] in (feeds.NONE, 2 ** 63 - 1) else m["price"]
    if kind == 1:
        books.add(0, name, side, price, size, loose=name == 0)
    elif kind in (2, 3, 4):
        if (0, name) not in books.orders:
            name = (side, price)
        books.take(0, name, size if kind != 3 or isinstance(name, tuple) else None)


FORMS = {
    "itch": (itch, "locate", "type locate reference new_reference side shares price".split()),
    "dbn": (dbn, "instrument", "action instrument order_id side size price flags".split()),
    "lobster": (lobster, "", "type order_id direction size price".split()),
}


def rebuild(form, messages, real=False, gaps=(), **most):
    """What book shows behind each message, as channels, and what it counts. gaps: the numbers of
    messages before which the books begin anew."""
    apply, who, _ = FORMS[form]
    books, rows = Books(**most), []
    for i, m in enumerate(messages):
        if i in gaps:
            books.gap()
        try:
            apply(books, m)
        except Full as why:
            books.count(str(why))
        rows.append(books.top(m.get(who, 0), math.nan if real else feeds.NONE))
    return list(map(list, zip(*rows))), books.counts


class Book(oracle.Case):
    def show(self, source, **most):
        """What the stage shows, and counts."""
        path, options = self.path("out.npy"), " ".join(f"{k}={v}" for k, v in most.items())
        depth = most.get("depth", 1)
        names = ",".join(cell.format(d + 1) for d in range(depth) for cell in CELLS)
        done = self.call("run", "--stats", "json", f"{source} ! book {options} ! "
                         f"select channels={names} ! npy file={path}")
        self.assertEqual(done.returncode, 0, done.stderr)
        stages = {s["name"]: s for s in json.loads(done.stderr)["stages"]}
        counts = {k: v for k, v in stages["book"]["counts"].items() if v}
        return oracle.npy_channels(path), counts

    def same(self, got, want, what):
        for row, (a, b) in enumerate(zip(got, want, strict=True)):
            for i, (x, y) in enumerate(zip(a, b, strict=True)):
                if x != y and (x == x or y == y):
                    self.fail(f"{what}: message {i}, row {row}: {x!r}, expected {y!r}")

    def check(self, form, source, messages, real=False, gaps=(), on_gap="continue", **most):
        want, counts = rebuild(form, messages, real, gaps if on_gap == "reset" else (), **most)
        if on_gap != "continue":
            most["on-gap"] = on_gap
        got, counted = self.show(source, **most)
        self.same(got, want, source)
        self.assertEqual(counted, counts, source)
        return counts

    def check_both(self, form, messages, frames=(1024, 63), **most):
        """The same from csv as i64 and as f64, in frames of two lengths."""
        names = FORMS[form][2]
        path = self.csv("in.csv", [[m[n] for m in messages] for n in names], names)
        counts = []
        for kind, frame in zip(("i64", "f64"), frames):
            some = messages
            if kind == "f64":
                some = [{n: float(v) if n == "price" else v for n, v in m.items()}
                        for m in messages]
            counts.append(self.check(form, f"csv file={path} type={kind} frame={frame}", some,
                                     kind == "f64", **most))
        self.assertEqual(counts[1:], counts[:-1])
        return counts[0]


class Real(Book):
    FIELDS = {form: ",".join(names) for form, (_, _, names) in FORMS.items()}

    def messages(self, decoded, form):
        return [{n: feeds.cell(m.get(n), False) for n in FORMS[form][2]} for m in decoded]

    def test_itch(self):
        for name, least in (("itch50_ARTIFICIAL_ritch.itch", 3), ("itch50_real_first1000.itch", 0)):
            path = oracle.data("market", name)
            with open(path, "rb") as file:
                messages = self.messages(map(feeds.itch_decode, feeds.itch_split(file.read())),
                                         "itch")
            for depth in (1, 5):
                self.check("itch", f"itch file={path} type=i64 fields=" + self.FIELDS["itch"],
                           messages, depth=depth)
            self.assertGreaterEqual(len({m["locate"] for m in messages if m["type"] == 65}), least)

    def test_dbn(self):
        path = oracle.data("market", "dbn", "esh4-glbx-mdp3-20231224.mbo.dbn")
        with open(path, "rb") as file:
            records = file.read()[206:]
        messages = self.messages((feeds.mbo_decode(records[at:at + 56])
                                  for at in range(0, len(records), 56)), "dbn")
        for depth, levels in ((1, 100), (10, 1000)):
            counts = self.check("dbn", f"dbn file={path} type=i64 fields=" + self.FIELDS["dbn"],
                                messages, depth=depth, levels=levels)
            self.assertEqual("levels full" in counts, levels == 100)

    def lobster(self):
        """Rows of messages, seeded with the first row of its book, and the book's rows."""
        rows = []
        for name in ("message", "orderbook"):
            path = oracle.data("market", "lobster",
                               f"AAPL_2012-06-21_34200000_57600000_{name}_10.csv")
            with open(path, encoding="ascii") as file:
                rows.append([line.strip().split(",") for line in file if line.strip()])
        first = rows[1][0]
        seed = [[rows[0][0][0], "1", "0", first[at + 1], first[at], "1" if at % 4 else "-1"]
                for at in range(0, len(first), 2)]
        return seed + rows[0][1:], rows[1]

    def test_lobster(self):
        """The best bid and ask, with their sizes, of the book that LOBSTER gives beside them; what
        lies deeper than its ten levels at the begin is known to nobody."""
        rows, books = self.lobster()
        path = self.path("messages.csv", "".join(",".join(row) + "\n" for row in rows))
        source = f"csv file={path} names=time,type,order_id,size,price,direction time=time"
        messages = [dict(zip(FORMS["lobster"][2], map(int, (r[1], r[2], r[5], r[3], r[4]))))
                    for r in rows]
        for kind in ("i64", "f64"):
            self.check("lobster", f"{source} type={kind}", [
                {n: float(v) if n == "price" and kind == "f64" else v for n, v in m.items()}
                for m in messages], kind == "f64", depth=3)
        (bid, bids, _, ask, asks, _), _ = self.show(f"{source} type=i64")
        got = list(zip(ask, asks, bid, bids))[20 - 1:]
        same = sum(g == tuple(map(int, w[:4])) for g, w in zip(got, books, strict=True))
        self.assertGreaterEqual(same, 950, len(books))


class Generated(Book):
    """Numbers from few, so that they meet; some values that cannot be."""

    def size(self, r):
        return r.choice((0, 1, 1, 2, 3, 100, 100, 200)) if r.random() < 0.95 else r.choice(
            (-1, SIZE_MAX, SIZE_MAX + 1))

    def price(self, r, bad):
        return r.randint(-20, 20) if r.random() < 0.97 else r.choice((0, bad))

    def itch(self, n, seed, names=40, whos=3):
        r = random.Random(seed)
        return [{"type": ord(r.choice("AAAFECXDUUPQRS")), "locate": r.randrange(whos),
                 "reference": r.randrange(names), "new_reference": r.randrange(names),
                 "side": ord(r.choice("BBBSSSX")), "shares": self.size(r),
                 "price": self.price(r, 5)} for _ in range(n)]

    def dbn(self, n, seed, names=40, whos=3):
        r = random.Random(seed)
        actions = "A" * 12 + "CCCMMMMTFN" + "R" * (seed % 2)
        return [{"action": ord(r.choice(actions)), "instrument": r.randrange(whos),
                 "order_id": r.randrange(names), "side": ord(r.choice("BBBAAAN")),
                 "size": self.size(r), "price": self.price(r, 7),
                 "flags": r.choice((0, 128, 40, 168)) if r.random() < 0.98 else 64}
                for _ in range(n)]

    def lobster(self, n, seed, names=40):
        r = random.Random(seed)
        return [{"type": r.choice((1, 1, 1, 2, 3, 4, 5, 6, 7)), "order_id": r.randrange(names),
                 "direction": r.choice((1, 1, 1, -1, -1, -1, 0)), "size": self.size(r),
                 "price": self.price(r, 3)} for _ in range(n)]

    def test_all_that_can_be_wrong(self):
        for form in FORMS:
            make = getattr(self, form)
            for seed, most in oracle.some(enumerate((
                    {"depth": 4}, {"orders": 7, "depth": 2}, {"orders": 1, "levels": 1},
                    {"levels": 3, "depth": 5, "instruments": 2})), 3):
                counts = self.check_both(form, make(1200, seed), (7, 63), **most)
                wanted = {"unknown order", "bad value"}
                if most.get("orders", 10) > 1:
                    wanted |= {"more than there is", "duplicate order"}
                if "orders" in most:
                    wanted.add("orders full")
                if most.get("levels", 1) > 1:
                    wanted.add("levels full")
                if "instruments" in most and form != "lobster":
                    wanted.add("instruments full")
                if form == "dbn" and seed % 2:
                    wanted.add("cleared")
                self.assertLessEqual(wanted, set(counts), (form, most))

    def test_many_levels(self):
        """A side of many prices: found by halves, and put in at both ends."""
        r = random.Random(5)
        messages = [{"type": 65, "locate": 1, "reference": i, "new_reference": 0,
                     "side": ord(r.choice("BS")), "shares": 1 + i, "price": r.randrange(10 ** 6)}
                    for i in range(1500)]
        messages += [dict(m, type=68) for m in r.sample(messages, 1400)]
        self.check_both("itch", messages, depth=3)

    def test_all_of_64_bits(self):
        """In i64 an order's number, a price and an instrument may be anything but none."""
        r = random.Random(6)
        edges = [-2 ** 63, -2 ** 63 + 1, -1, 0, 1, 2 ** 53 + 1, 2 ** 63 - 2, 2 ** 63 - 1]
        messages = []
        for _ in range(2000):
            messages.append({"type": ord(r.choice("AAFEDU")), "locate": r.choice(edges[1:]),
                             "reference": r.choice(edges), "new_reference": r.choice(edges),
                             "side": ord(r.choice("BS")), "shares": r.choice((1, SIZE_MAX)),
                             "price": r.choice(edges[1:-1])})
        names = FORMS["itch"][2]
        path = self.csv("in.csv", [[m[n] for m in messages] for n in names], names)
        self.check("itch", f"csv file={path} type=i64", messages, depth=8)

    def test_decimal_prices(self):
        """In f64 a price is what it is: equal decimals are one level, and -0 is 0."""
        prices = [-1e300, -0.1, -5e-324, -0.0, 0.0, 5e-324, 0.1, 0.30000000000000004, 0.3, 1e300,
                  math.inf, -math.inf, math.nan]
        r = random.Random(7)
        messages = [{"type": r.choice((1, 1, 3)), "order_id": 1 + r.randrange(30),
                     "direction": r.choice((1, -1)), "size": 5, "price": r.choice(prices)}
                    for _ in range(800)]
        names = FORMS["lobster"][2]
        path = self.csv("in.csv", [[m[n] for m in messages] for n in names], names)
        want = [dict(m, price=None if m["price"] - m["price"] != 0 else m["price"] + 0.0)
                for m in messages]
        for m in want:
            m["price"] = feeds.NONE if m["price"] is None else m["price"]
        self.check("lobster", f"csv file={path}", want, True, depth=6)

    def test_loose_sizes_add_up(self):
        messages = [dict(type=kind, order_id=name, direction=1, size=size, price=5)
                    for kind, name, size in ((1, 0, 7), (1, 0, 5), (1, 3, 1), (4, 99, 2), (3, 98, 3),
                                             (1, 0, SIZE_MAX), (1, 0, SIZE_MAX - 7), (1, 0, 1),
                                             (4, 3, 9), (2, 98, SIZE_MAX), (2, 98, 1))]
        counts = self.check_both("lobster", messages)
        self.assertEqual(counts, {"orders full": 2, "more than there is": 1, "unknown order": 1})

    def test_real_numbers_that_are_not_whole(self):
        rows = ["type,order_id,direction,size,price", "1,1.5,1,5,10", "1,nan,1,5,10",
                "1,2,0.5,5,10", "1,2,1,5.5,10", "1,2,1,1e300,10", "1.5,2,1,5,10", "nan,2,1,5,10",
                "1,2,1,5,10", "1,1e17,1,5,10", "4,2,1,2.5,10", "4,2,1,2,10"]
        path = self.path("in.csv", "\n".join(rows) + "\n")
        got, counts = self.show(f"csv file={path}")
        self.assertEqual(counts, {"bad value": 7})
        self.assertEqual(got[1], [0.0] * 7 + [5.0, 5.0, 5.0, 3.0])


class Gaps(Book):
    def test_on_gap(self):
        """The first message after a gap begins a frame that says so."""
        r = random.Random(8)
        raw = feeds.day(400, seed=3)
        lost = set(range(7 * 20, 7 * 23)) | set(range(7 * 40, 7 * 41))
        packets = [(10 ** 18 + 1000 * i, feeds.udp(feeds.mold_packet(raw[i:i + 7], 1 + i)))
                   for i in range(0, len(raw), 7) if i not in lost]
        path = self.path("lost.pcap", feeds.pcap(packets))
        kept = [i for i in range(len(raw)) if i not in lost]
        fields = FORMS["itch"][2]
        messages = [{n: feeds.cell(feeds.itch_decode(raw[i]).get(n), False) for n in fields}
                    for i in kept]
        gaps = {at for at, i in enumerate(kept) if i - 1 in lost}
        self.assertEqual(len(gaps), 2)
        source = f"pcap file={path} ! moldudp ! itch type=i64 fields={','.join(fields)}"
        for on_gap in ("continue", "reset"):
            for frame in (1024, r.randint(3, 50)):
                counts = self.check("itch", f"{source} frame={frame}", messages, gaps=gaps,
                                    on_gap=on_gap, depth=4)
                self.assertIn("unknown order", counts)
                self.assertEqual("cleared" in counts, on_gap == "reset")


class Refused(Book):
    def test_what_is_refused(self):
        path = self.csv("in.csv", [[1.0]] * 5, FORMS["lobster"][2])
        good = f"csv file={path}"
        for text, words in (
                ("synth samples=1", "none of the channels that tell what messages these are"),
                (f"{good} columns=type,order_id,direction,size", "no channel 'price'"),
                (f"{good} type=f32", "it works on i64 and f64, and this is f32"),
                (f"{good} ! book", "there is a channel 'bid1_price' already"),
                (f"{good} ! book levels=1M instruments=64k orders=8Mi", None),
        ):
            done = self.call("plan", f"{text} ! book ! null")
            if words is None:
                self.assertEqual(done.returncode, 2, done.stdout)
                continue
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(words, done.stderr.decode())
        for option in ("depth=0", "depth=101", "orders=0", "orders=9Mi", "levels=0",
                       "instruments=0", "on-gap=later"):
            self.assertEqual(self.call("plan", f"{good} ! book {option} ! null").returncode, 2)


if __name__ == "__main__":
    oracle.main()
