#!/usr/bin/env python3
"""Bars of trades and order-flow imbalance against Python: whole numbers exactly, f64 added in order.

    bars.py LEAT
"""
import json
import math
import random

import feeds_oracle as feeds
import oracle

UNITS = {"s": 10 ** 9, "ms": 10 ** 6, "us": 1000, "ns": 1}


def is_trade(price, size, real):
    if real:
        return math.isfinite(price) and math.isfinite(size) and size > 0
    return price not in (feeds.NONE, 2 ** 63 - 1) and 0 < size < 2 ** 40


def nanoseconds(time, unit, real):
    """None: it is no time."""
    if not real:
        ns = time * UNITS[unit]
        return ns if time != feeds.NONE and -2 ** 63 <= ns < 2 ** 63 else None
    ns = time * UNITS[unit]
    if not -2 ** 63 < ns < 2 ** 63:
        return None
    return int(math.floor(abs(ns) + 0.5)) * (-1 if ns < 0 else 1)


def bars(trades, real, by, most, unit="s", tail="keep"):
    """trades: (time, price, size). The bars as rows, and what is counted."""
    out, bar, counts, stretch, lost = [], None, {}, None, 0

    def count(cause):
        counts[cause] = counts.get(cause, 0) + 1
    for time, price, size in trades:
        if not is_trade(price, size, real):
            count("no trade")
            continue
        if by == "every":
            ns = nanoseconds(time, unit, real)
            if ns is None:
                count("no time")
                continue
            if bar is None or ns // most > stretch:
                if bar:
                    out.append(bar)
                bar, stretch = None, ns // most
        if bar is None:
            bar, money = [time, price, price, price, price, 0, 0], 0
        bar[2], bar[3], bar[4] = max(bar[2], price), min(bar[3], price), price
        bar[5] += size
        bar[6] += 1
        money += abs(price) * size
        if {"ticks": bar[6], "volume": bar[5], "dollars": money}.get(by, -1) >= most:
            out.append(bar)
            bar = None
    if bar and tail == "keep":
        out.append(bar)
    elif bar:
        lost = 3 * bar[6]  # cells, of three channels
    return list(map(list, zip(*out))), counts, lost


class Case(oracle.Case):
    def run_stage(self, text, name):
        """Channels, counts and lost samples of the stage."""
        path = self.path("out.npy")
        done = self.call("run", "--stats", "json", f"{text} ! npy file={path}")
        self.assertEqual(done.returncode, 0, done.stderr)
        stage = {s["name"]: s for s in json.loads(done.stderr)["stages"]}[name]
        counts = {k: v for k, v in stage.get("counts", {}).items() if v}
        rows = oracle.npy_channels(path) if stage["samples_out"] else []
        return rows, counts, stage.get("samples_lost", 0)

    def same(self, got, want, what):
        for row, (a, b) in enumerate(zip(got, want, strict=True)):
            for i, (x, y) in enumerate(zip(a, b, strict=True)):
                if x != y and (x == x or y == y):
                    self.fail(f"{what}: row {row}, sample {i}: {x!r}, expected {y!r}")


class Bars(Case):
    def trades(self, n, seed, real):
        r, time, price, out = random.Random(seed), -5000, 100.0, []
        for _ in range(n):
            time += r.choice((0, 0, 1, 3, 700, -2))
            price += r.choice((-0.25, 0, 0.1, 0.25))
            size = r.choice((1, 2, 5, 100, 1000))
            trade = (time, round(price * 10000), size)
            if real:
                trade = (time * 0.001, price, size * 0.1)
            bad = r.random()
            if bad < 0.03:
                trade = (trade[0], math.nan if real else feeds.NONE, trade[2])
            elif bad < 0.06:
                trade = (trade[0], trade[1], r.choice((0, -1)))
            elif bad < 0.08:
                trade = (r.choice((math.nan, math.inf, 1e30)) if real else
                         r.choice((feeds.NONE, 2 ** 62)), *trade[1:])
            out.append(trade)
        return out

    def check(self, trades, real, by, most, value=None, unit="s", tail="keep", frames=(1, 7, 1024),
              timed=True):
        path = self.csv("in.csv", zip(*trades), ["t", "p", "s"])
        want, counts, lost = bars(trades, real, by, most, unit, tail)
        for frame in frames:
            text = (f"csv file={path} type={'f64' if real else 'i64'} frame={frame} ! bars "
                    f"{by}={value or most} price=p size=s tail={tail}"
                    + (f" time=t time-unit={unit}" if timed else ""))
            got, counted, gone = self.run_stage(text, "bars")
            self.same(got, want if timed else want[1:], text)
            self.assertEqual((counted, gone), (counts, lost), text)
        return want

    def test_kinds(self):
        for real in (False, True):
            trades = self.trades(1200, 3, real)
            for tail in ("keep", "drop"):
                self.check(trades, real, "ticks", 17, tail=tail)
                self.check(trades, real, "volume", 1234, tail=tail, frames=(33,))
                self.check(trades, real, "dollars", 50000.5 if real else 5 * 10 ** 8, tail=tail,
                           frames=(33,))
            self.check(trades, real, "every", 10 ** 9, "1s", "s" if real else "ms")
            self.check(trades, real, "every", 35 * 10 ** 7, "350ms", "s" if real else "ms",
                       frames=(5,))
            self.check(trades, real, "ticks", 1, frames=(64,))
            self.check(trades, real, "ticks", 10 ** 6, timed=False, frames=(64,))
            self.check(trades, real, "ticks", 10 ** 6, tail="drop", frames=(64,))

    def test_sums_are_exact(self):
        """In i64 sums of products pass 2^64, and prices may be below 0."""
        r = random.Random(4)
        trades = [(i, r.choice((-1, 1)) * r.randrange(2 ** 62), r.randrange(1, 2 ** 40))
                  for i in range(300)]
        self.check(trades, False, "dollars", 2.0 ** 106, f"{2 ** 106}", frames=(64,))
        self.check(trades, False, "volume", 2 ** 43, frames=(64,))

    def test_real_trades(self):
        path = oracle.data("market", "lean", "bac_trade_20131009.csv")
        with open(path, encoding="ascii") as file:
            trades = [tuple(map(int, line.split(",")[:3])) for line in file][:40000]
        for kind, real in (("i64", False), ("f64", True)):
            for by, most, value in (("every", 60 * 10 ** 9, "1min"), ("ticks", 100, 0),
                                    ("volume", 10 ** 5, 0), ("dollars", 10 ** 10, 0)):
                values = [tuple(map(float, t)) for t in trades] if real else trades
                want, _, _ = bars(values, real, by, most, "ms")
                got, _, _ = self.run_stage(
                    f"csv file={path} columns=1,2,3 names=t,price,size type={kind} frame=4096 ! bars "
                    f"{by}={value or most} time=t time-unit=ms", "bars")
                got = [row[:len(w) - 1] for row, w in zip(got, want)]  # the last one goes on
                self.same(got, [w[:-1] for w in want], by)

    def keyed(self, kind, keys, trades, frame, words, stage, behind=""):
        path = self.csv("in.csv", zip(*[(t, k, p, s) for k, (t, p, s) in zip(keys, trades)]),
                        ["t", "id", "p", "s"])
        out = self.path("out.npy")
        text = f"csv file={path} type={kind} frame={frame} ! key by=id {words} ! bars {stage}"
        done = self.call("run", "--stats", "json", "--workers", "2",
                         f"{text} price=p size=s time=t ! {behind}npy file={out}")
        self.assertEqual(done.returncode, 0, done.stderr)
        stats = {s["name"]: s for s in json.loads(done.stderr)["stages"]}["bars"]
        counts = {k: v for k, v in stats.get("counts", {}).items() if v}
        return (oracle.npy_channels(out) if stats["samples_out"] else [], counts,
                stats.get("samples_lost", 0) // 4,
                (stats["keys"], stats["evicted"], stats["expired"])), text

    def test_of_each_key(self):
        """By itself, however frames are cut; a key that goes takes its bar with it, as the end does."""
        r = random.Random(8)
        for real in (False, True):
            trades = self.trades(900, 5, real)
            keys = [r.choice((r.randrange(4), r.randrange(60))) for _ in trades]
            keys = [k * 0.5 - 3 if real else 2 ** 62 + k for k in keys]
            most = {"ticks": 3, "volume": 150.5 if real else 800, "every": 10 ** 9,
                    "dollars": 25000.5 if real else 3 * 10 ** 8}
            unit = "s" if real else "ms"
            cases = [("ticks", 1000, "keep", 7, None), ("ticks", 9, "keep", 1, None),
                     ("ticks", 9, "drop", 300, None), ("volume", 9, "keep", 1024, None),
                     ("dollars", 20, "drop", 33, None), ("every", 20, "keep", 40, None),
                     ("every", 1, "keep", 13, None)]
            for by, n, tail, frame, ttl in oracle.some(cases, 2):
                value = "1s" if by == "every" else most[by]
                got, text = self.keyed("f64" if real else "i64", keys, trades, frame, f"max={n}",
                                       f"{by}={value} tail={tail} time-unit={unit}")
                want = keyed_bars(keys, trades, real, by, n, most[by], unit, tail)
                self.same(got[0], want[0], text)
                self.assertEqual(got[1:], want[1:], text)

    def test_stages_behind_them_know_the_keys(self):
        r = random.Random(28)
        trades = self.trades(900, 7, True)
        keys = [float(r.randrange(20)) for _ in trades]
        got, text = self.keyed("f64", keys, trades, 50, "max=15", "ticks=4", "ewma alpha=0.25 on=close ! ")
        want, *counted = keyed_bars(keys, trades, True, "ticks", 15, 4)
        lives, _ = oracle.lives_of(want[-1], 15)
        want[4] = oracle.by_life(lives, want[4], lambda v: oracle.ewma(v, 0.25))
        self.same(got[0], want, text)
        self.assertEqual(got[1:], tuple(counted), text)

    def test_two_bars_for_each_sample(self):
        """Every sample of a frame is a bar, and evicts a key with another."""
        keys, trades = list(range(192)), [(i, 100 + i, 100 if i // 64 == 1 else 1) for i in range(192)]
        for frame in (1, 64, 192):
            got, text = self.keyed("i64", keys, trades, frame, "max=64", "volume=50")
            want = keyed_bars(keys, trades, False, "volume", 64, 50)
            self.assertEqual(len(want[0][0]), 192)
            self.same(got[0], want[0], text)
            self.assertEqual(got[1:], want[1:], text)

    def test_of_each_key_until_it_is_not_seen(self):
        r = random.Random(18)
        trades = [t for t in self.trades(900, 6, False) if nanoseconds(t[0], "ms", False) is not None]
        keys = [r.choice((r.randrange(4), r.randrange(60))) for _ in trades]
        for n, frame, tail in ((1000, 7, "keep"), (20, 100, "drop")):
            got, text = self.keyed("i64", keys, trades, frame, f"max={n} ttl=4s time=t time-unit=ms",
                                   f"ticks=4 tail={tail}")
            want = keyed_bars(keys, trades, False, "ticks", n, 4, "ms", tail, 4 * 10 ** 9)
            self.assertGreater(want[3][2], 15)
            self.same(got[0], want[0], text)
            self.assertEqual(got[1:], want[1:], text)

    def test_refused(self):
        source = "synth samples=9 channels=3 type=f64"
        for words, why in (("", "give exactly one of them; 0 are given"),
                           ("ticks=5 volume=3", "give exactly one of them; 2 are given"),
                           ("every=1s", "say which channel has the times"),
                           ("ticks=5 price=x", "price: unknown channel 'x'"),
                           ("ticks=5 time=x", "time: unknown channel 'x'"),
                           ("ticks=0", "ticks"), ("volume=0", "volume"), ("every=0s", "every")):
            words = words if "price" in words else words + " price=1"
            self.refused(f"{source} ! bars {words} size=2 ! null", why)
        self.refused("synth channels=3 ! key by=1 max=9 ! bars ticks=1 price=2 size=3 on=2 ! null",
                     "on: bars moves whole frames")
        path = self.csv("in.csv", [[1.0]] * 3, ["open", "p", "s"])
        self.refused(f"csv file={path} ! key by=open max=9 ! bars ticks=1 price=p size=s ! null",
                     "bars: makes a channel 'open', which is what the keys are called")
        self.refused(f"{source} ! cast type=f32 ! bars ticks=1 price=1 size=2 ! null",
                     "it works on i64 and f64, and this is f32")


def turn(bar, trade, ns, by, most):
    """A trade comes to one instrument's open bar, [row, stretch, money] or None: what is open then,
    and the rows that are done."""
    time, price, size = trade
    done = []
    if by == "every" and (bar is None or ns // most > bar[1]):
        done += [bar[0]] if bar else []
        bar = None
    if bar is None:
        bar = [[time, price, price, price, price, 0, 0], ns // most if by == "every" else None, 0]
    row = bar[0]
    row[2:] = max(row[2], price), min(row[3], price), price, row[5] + size, row[6] + 1
    bar[2] += abs(price) * size
    if {"ticks": row[6], "volume": row[5], "dollars": bar[2]}.get(by, -1) >= most:
        done.append(row)
        bar = None
    return bar, done


def keyed_bars(keys, trades, real, by, most_keys, most, unit="s", tail="keep", ttl=None):
    """The bars of each key by itself, in the order in which they are done, the key behind them;
    what is counted, the trades that are lost, and the keys'."""
    slots, out, counts, lost = oracle.Slots(most_keys), [], {}, 0

    def leave(key, bar):
        nonlocal lost
        if bar and tail == "keep":
            out.append([*bar[0], key])
        elif bar:
            lost += bar[0][6]
    for key, trade in zip(keys, trades):
        now = nanoseconds(trade[0], unit, real)
        gone = slots.touch(key, now, ttl)
        if gone:
            leave(*gone)
        ns = now if by == "every" else 0
        cause = None if is_trade(*trade[1:], real) else "no trade"
        cause = cause or ("no time" if ns is None else None)
        if cause:
            counts[cause] = counts.get(cause, 0) + 1
            continue
        slots.held[key], done = turn(slots.held[key], trade, ns, by, most)
        out += [[*row, key] for row in done]
    for key in sorted(slots.place, key=slots.place.get):
        leave(key, slots.held[key])
    return (list(map(list, zip(*out))), counts, lost,
            (len(slots.used), slots.evicted, slots.expired))


def imbalance(rows, none):
    """rows: (bid, size, ask, size); a price may be none."""
    out, before = [], None
    for bid, bids, ask, asks in rows:
        now = (-math.inf if none(bid) else bid, 0 if none(bid) else bids,
               math.inf if none(ask) else ask, 0 if none(ask) else asks)
        flow = 0
        if before is not None:
            flow += now[1] if now[0] >= before[0] else 0
            flow -= before[1] if now[0] <= before[0] else 0
            flow -= now[3] if now[2] <= before[2] else 0
            flow += before[3] if now[2] >= before[2] else 0
        out.append(flow)
        before = now
    return out


class Imbalance(Case):
    def test_generated(self):
        r = random.Random(9)
        for kind in ("i64", "f64"):
            nothing = feeds.NONE if kind == "i64" else math.nan
            rows = [(r.choice((100, 101, 102, 103, nothing)), r.randrange(9),
                     r.choice((102, 103, 104, nothing)), r.randrange(9)) for _ in range(3000)]
            path = self.csv("in.csv", zip(*rows), ["b", "bs", "a", "as"])
            want = imbalance(rows, lambda x: x != x or x == feeds.NONE)
            for frame in (1, 7, 1024):
                got, _, _ = self.run_stage(
                    f"csv file={path} type={kind} frame={frame} ! imbalance bid=b bid-size=bs ask=a "
                    "ask-size=as", "imbalance")
                self.same(got, list(map(list, zip(*rows))) + [want], frame)

    def test_of_a_book(self):
        path = oracle.data("market", "itch50_ARTIFICIAL_ritch.itch")
        got, _, _ = self.run_stage(
            f"itch file={path} symbol=ALC type=i64 fields=type,reference,new_reference,side,shares,"
            "price ! book ! imbalance ! select channels=bid1_price,bid1_size,ask1_price,ask1_size,"
            "imbalance", "imbalance")
        want = imbalance(zip(*got[:4]), lambda x: x == feeds.NONE)
        self.same(got[4:], [want], path)
        self.assertGreater(len(set(want)), 20)

    def test_refused(self):
        path = self.csv("in.csv", [[1.0]] * 4, ["a", "b", "c", "imbalance"])
        for words, why in (("", "bid: unknown channel 'bid1_price'"),
                           ("bid=1 bid-size=2 ask=3 ask-size=4",
                            "there is a channel 'imbalance' already")):
            self.refused(f"csv file={path} ! imbalance {words} ! null", why)


if __name__ == "__main__":
    oracle.main()
