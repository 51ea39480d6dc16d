#!/usr/bin/env python3
"""Market data against decoders in Python: each message of the real files, each type of message, and
input that is cut, lies or is no feed at all.

    feeds.py LEAT
"""
import json
import random
import struct

import feeds_oracle as feeds
import oracle


class Feeds(oracle.Case):
    """What the tests share."""

    def channels(self, text, names, real):
        """The channels that a pipeline gives, by way of the digest of the same values and an array."""
        path = self.path("out.npy")
        self.good(f"{text} type={'f64' if real else 'i64'} fields={','.join(names)} ! "
                  f"npy file={path}")
        return oracle.npy_channels(path)

    def same(self, got, want, what):
        """Equal bit for bit but for the kind of NaN."""
        self.assertEqual([len(row) for row in got], [len(row) for row in want], what)
        for row, (a, b) in enumerate(zip(got, want)):
            for i, (x, y) in enumerate(zip(a, b)):
                if x != y and (x == x or y == y):
                    self.fail(f"{what}: channel {row}, sample {i}: {x!r}, expected {y!r}")

    def compare(self, text, messages, real=True, names=None):
        """All fields of messages, which are named as the oracle names them."""
        if names is None:
            names = sorted({name for m in messages for name, field in m.items()
                            if not real or holds(name, field)})
        self.same(self.channels(text, names, real), feeds.columns(messages, names, real), text)

    def counted(self, *texts):
        """What each source counted, and how many samples it gave: (counts, samples) of one."""
        done = self.call("run", "--stats", "json", "; ".join(f"{text} ! null" for text in texts))
        self.assertEqual(done.returncode, 0, done.stderr)
        found = [({k: v for k, v in stage["counts"].items() if v != 0}, stage["samples_out"])
                 for stage in json.loads(done.stderr)["stages"] if "counts" in stage]
        return found if len(texts) > 1 else found[0]

    def check_cuts(self, text, contents, want):
        """Files that are cut, many in one run; want: what is counted of each, and the samples."""
        for first in range(0, len(contents), 40):
            part = [self.path(f"cut{i}", content)
                    for i, content in enumerate(contents[first:first + 40])]
            got = self.counted(*(text.replace("$file", path) for path in part))
            self.assertEqual(got, want[first:first + 40], f"from {first} bytes on")


def holds(name, field):
    """f64 holds it, as the guide says."""
    wide = {"reference", "new_reference", "match", "near_time", "order_id", "ts_event", "ts_recv"}
    return name not in wide and not (isinstance(field[0], bytes) and len(field[0]) == 8)


def itch_everything(seed, each=3):
    r = random.Random(seed)
    messages = [feeds.itch_make(kind, r) for kind in feeds.ITCH for _ in range(each)]
    r.shuffle(messages)
    return messages


class Itch(Feeds):
    def test_every_type(self):
        messages = itch_everything(1)
        self.assertEqual(len({m[0] for m in messages}), 23)
        for lengths in (True, False):
            path = self.path("in.itch", feeds.itch_file(messages, lengths))
            want = [feeds.itch_decode(m) for m in messages]
            self.compare(f"itch file={path}", want)
            self.compare(f"itch file={path} frame=7", want, real=False)

    def test_only_one_type(self):
        messages = itch_everything(2, 20)
        path = self.path("in.itch", feeds.itch_file(messages))
        for kind in feeds.ITCH:
            want = [feeds.itch_decode(m) for m in messages if chr(m[0]) == kind]
            self.compare(f"itch file={path} only={kind}", want)
            self.compare(f"itch file={path} only={kind}", want, real=False)

    def test_real_files(self):
        for name in ("itch50_real_first1000.itch", "itch50_ARTIFICIAL_ritch.itch"):
            path = oracle.data("market", name)
            with open(path, "rb") as file:
                want = [feeds.itch_decode(m) for m in feeds.itch_split(file.read())]
            self.compare(f"itch file={path}", want)
            self.compare(f"itch file={path}", want, real=False)

    def test_symbol(self):
        """Messages that name their order alone belong to the symbol of their locate code."""
        r = random.Random(3)
        messages = []
        for _ in range(300):
            locate = r.randrange(1, 5)
            kind = r.choice("AFECXDUPH")
            more = {"symbol": b"ABCD"[locate - 1:locate].ljust(8)} if kind in "AFPH" else {}
            messages.append(feeds.itch_make(kind, r, locate=locate, **more))
        path = self.path("in.itch", feeds.itch_file(messages))
        for symbols in ("B", "A,D"):
            known, want = set(), []
            for m in map(feeds.itch_decode, messages):
                locate = m["locate"][0]
                if "symbol" in m:
                    chosen = m["symbol"][0].decode().strip() in symbols.split(",")
                    known.add(locate) if chosen else known.discard(locate)
                if locate in known:
                    want.append(m)
            self.assertGreater(len(want), 50)
            self.compare(f"itch file={path} symbol={symbols}", want, real=False)
            want = [m for m in want if m["type"][0] in b"AD"]
            self.compare(f"itch file={path} symbol={symbols} only=A,D", want, real=False)

    def test_frames_and_times(self):
        """The event time is in the frame: asof looks at channels, the arrival of merge at it."""
        messages = itch_everything(4)
        path = self.path("in.itch", feeds.itch_file(messages))
        names = ["type", "timestamp"]
        want = feeds.columns([feeds.itch_decode(m) for m in messages], names, True)
        for size in (1, 7, 69, 1024):
            self.assertEqual(self.json(f"itch file={path} fields=type,timestamp frame={size} ! "
                                       "digest"), oracle.digest_of(oracle.cut(want, size)))
        ordered = [feeds.itch_make("D", random.Random(i), high=0, low=i) for i in range(40)]
        for part in (0, 1):
            self.path(f"{part}.itch", feeds.itch_file(ordered[part::2]))
        text = "; ".join(f"itch file={self.path(f'{i}.itch')} fields=timestamp frame=1 ! j."
                         for i in (0, 1))
        self.assertEqual(self.good(f"{text}; join name=j how=merge by=time ! csv header=no"),
                         "".join(f"{i}\n" for i in range(40)))

    def test_pipes(self):
        messages = itch_everything(5, 300)
        content = feeds.itch_file(messages)
        names = ["type", "timestamp", "shares"]
        want = oracle.digest_of(oracle.cut(feeds.columns(
            [feeds.itch_decode(m) for m in messages], names, True), 1000))
        for source in ("-", "/dev/stdin"):
            self.assertEqual(self.json(f"itch file={source} fields={','.join(names)} frame=1000 ! "
                                       "abs ! digest", input=content)["frames"], want["frames"])


class Dbn(Feeds):
    def test_every_field(self):
        r = random.Random(6)
        records = [feeds.mbo_make(r) for _ in range(700)]
        records[5] = feeds.mbo_make(r, price=2 ** 63 - 1)  # nobody said a price
        path = self.path("in.dbn", feeds.dbn_file(records))
        want = [feeds.mbo_decode(m) for m in records]
        for m in want:
            del m["length"], m["rtype"]
        self.compare(f"dbn file={path}", want)
        self.compare(f"dbn file={path}", want, real=False)
        for only in ("A", "T,F"):
            some = [m for m in want if m["action"][0].decode() in only.split(",")]
            self.compare(f"dbn file={path} only={only}", some, real=False)
        number = want[9]["instrument"][0]
        self.compare(f"dbn file={path} instrument={number},{want[77]['instrument'][0]}",
                     [m for m in want if m["instrument"][0] in
                      (number, want[77]["instrument"][0])])

    def test_real_file(self):
        path = oracle.data("market", "dbn", "esh4-glbx-mdp3-20231224.mbo.dbn")
        with open(path, "rb") as file:
            content = file.read()
        at = 8 + struct.unpack_from("<I", content, 4)[0]
        want = [feeds.mbo_decode(content[i:i + 56]) for i in range(at, len(content), 56)]
        for m in want:
            del m["length"], m["rtype"]
        self.assertEqual(len(want), 8725)
        self.compare(f"dbn file={path}", want)
        self.compare(f"dbn file={path}", want, real=False)
        for only in "AB":
            some = [m for m in want if m["side"][0].decode() == only]
            self.assertEqual(len(some), 5192 if only == "B" else 3533)
        with open(path, "rb") as file:
            piped = self.good("dbn file=- fields=price,size ! digest", input=file.read())
        self.assertEqual(piped, self.good(f"dbn file={path} fields=price,size ! digest"))


class Bad(Feeds):
    """Counted or refused in one line; never a crash."""

    def test_cut_anywhere(self):
        messages = itch_everything(7, 1)[:6]
        content = feeds.itch_file(messages)
        ends = [sum(2 + len(m) for m in messages[:i]) for i in range(len(messages) + 1)]
        cuts = range(len(content) + 1)
        self.check_cuts("itch file=$file fields=type frame=4", [content[:n] for n in cuts],
                        [({} if n in ends else {"cut off": 1}, sum(end <= n for end in ends) - 1)
                         for n in cuts])
        r = random.Random(8)
        content = feeds.dbn_file([feeds.mbo_make(r) for _ in range(2)], metadata=30)
        cuts = range(26, len(content) + 1)
        self.check_cuts("dbn file=$file fields=price frame=4", [content[:n] for n in cuts],
                        [({"cut off": 1} if n < 38 or (n - 38) % 56 else {}, max(n - 38, 0) // 56)
                         for n in cuts])
        for n in (0, 3, 4, 25):
            self.refused(f"dbn file={self.path('cut.dbn', content[:n])} ! null", 2,
                         "does not begin as a DBN file")

    def refused(self, text, status, words):
        done = self.call("run", text)
        self.assertEqual(done.returncode, status, (text, done.stderr))
        lines = done.stderr.decode().splitlines()
        self.assertIn(words, lines[0])
        self.assertTrue(len(lines) == 1 or (len(lines) == 3 and lines[2].strip() == "^"), lines)
        self.assertEqual(done.stdout, b"")

    def test_lies(self):
        """Lengths that are not the type's, types that there are not."""
        r = random.Random(9)
        good = feeds.itch_make("A", r)
        odd = [good[:-1], good + b"x", b"\xff" + good[1:], b"z", b"\0" * 12, good[:1]]
        content = feeds.itch_file([good, *odd, good])
        self.assertEqual(self.counted(f"itch file={self.path('in.itch', content)} fields=type"),
                         ({"unknown type": 3, "wrong length": 3}, 2))
        for symbol in (b"\0" * 8, b"\xff\x80\n\t\"%s", b"        "):
            message = feeds.itch_make("A", r, symbol=symbol)
            path = self.path("odd.itch", feeds.itch_file([message]))
            self.compare(f"itch file={path}", [feeds.itch_decode(message)], real=False)
        record = feeds.mbo_make(r)
        content = feeds.dbn_file([record, b"\x05\x17" + b"y" * 18, record[:1] + b"\x01" + record[2:],
                                  b"\x0f" + record[1:] + b"more", record])
        self.assertEqual(self.counted(f"dbn file={self.path('in.dbn', content)} fields=price"),
                         ({"unknown type": 2, "wrong length": 1}, 2))

    def test_no_way_on(self):
        r = random.Random(10)
        content = feeds.itch_file([feeds.itch_make("A", r)], False) + b"\0\0z"
        self.refused(f"itch file={self.path('in.itch', content)} ! null", 1,
                     "byte 38: a message without a length has the unknown type 0x7a")
        for length in range(4):
            content = feeds.dbn_file([feeds.mbo_make(r), bytes([length]) * 56])
            self.refused(f"dbn file={self.path('in.dbn', content)} ! null", 1,
                         f"byte 164: a record of {4 * length} bytes: there is none below 16")
        self.refused(f"dbn file={self.path('in.dbn', feeds.dbn_file([], version=3))} ! null", 2,
                     "it is DBN version 3; Leat reads version 1")
        self.refused(f"dbn file={self.path('in.dbn', feeds.dbn_file([], schema=6))} ! null", 2,
                     "its records are of schema 6")
        self.refused(f"dbn file={self.path('in.dbn', bytes.fromhex('28b52ffd') + bytes(99))} ! null",
                     2, "zstd -d first")
        self.refused("itch file=/nowhere ! null", 2, "No such file")

    def test_a_million_unknown(self):
        content = b"\0\x01z" * 1000000 + feeds.itch_file([feeds.itch_make("A", random.Random(11))])
        path = self.path("in.itch", content)
        self.assertEqual(self.counted(f"itch file={path} fields=type"),
                         ({"unknown type": 1000000}, 1))
        done = self.call("run", f"itch file={path} fields=type ! csv header=no")
        self.assertEqual((done.stdout, done.stderr), (b"65\n", b"leat: itch: unknown type 1000000\n"))

    def test_end_of_session(self):
        messages = itch_everything(12, 1)
        path = self.path("in.itch", feeds.itch_file(messages) + b"\0\0")
        self.assertEqual(self.counted(f"itch file={path} fields=type"), ({}, len(messages)))

    def test_noise(self):
        """Whatever it is, it ends, and well but for a line of words."""
        r = random.Random(13)
        for i in range(24):
            content = r.randbytes(r.randrange(4000))
            if i % 2:
                content = feeds.itch_file(itch_everything(i, 1), i % 4 == 1)
                content = bytearray(content)
                for _ in range(r.randrange(1, 20)):
                    content[r.randrange(len(content))] = r.getrandbits(8)
            for text in (f"itch file={self.path('noise', bytes(content))}",
                         f"dbn file={self.path('noise.dbn', feeds.dbn_file([bytes(content)]))}"):
                done = self.call("run", text + " ! null")
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.assertLessEqual(done.stderr.count(b"\n"), 3, done.stderr)

    def test_options(self):
        path = self.path("in.itch", b"")
        for options, words in (("only=T", "only: 'T' is no type; there are SRHY"),
                               ("only=AB", "only: 'AB' is no type"),
                               ("fields=prise", "unknown field 'prise'; did you mean 'price'?"),
                               ("fields=price,price", "fields: 'price' is there twice"),
                               ("fields=reference", "say type=i64"),
                               ("only=D fields=price", "none of the messages of only= has 'price'"),
                               ("symbol=ABCDEFGHI", "symbol: 'ABCDEFGHI' has not 1 to 8 letters"),
                               ("frame=0", "frame: 0 is out of range"),
                               ("type=f32", "type: unknown word 'f32' (one of: f64 i64)")):
            self.refused(f"itch file={path} {options} ! null", 2, words)
        path = self.path("in.dbn", feeds.dbn_file([]))
        for options, words in (("only=X", "only: 'X' is no action; there are ACMRTFN"),
                               ("instrument=ES", "instrument: 'ES' is no instrument's number"),
                               ("instrument=4294967296", "no instrument's number")):
            self.refused(f"dbn file={path} {options} ! null", 2, words)


if __name__ == "__main__":
    oracle.main()
