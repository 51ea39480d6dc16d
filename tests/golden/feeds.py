#!/usr/bin/env python3
"""Market data against decoders in Python: each message of the real files, each type of message, and
input that is cut, lies or is no feed at all.

    feeds.py LEAT
"""
import json
import os
import random
import struct
import subprocess
import time

import feeds_oracle as feeds
import oracle


class Feeds(oracle.Case):
    """What the tests share."""

    def channels(self, text, names, real):
        """The channels that a pipeline gives."""
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
        self.assertEqual(len(found), len(texts))
        return found if len(texts) > 1 else found[0]

    def check_cuts(self, text, contents, want):
        """Files that are cut, many in one run; want: what is counted of each, and the samples."""
        for first in range(0, len(contents), 40):
            part = [self.path(f"cut{i}", content)
                    for i, content in enumerate(contents[first:first + 40])]
            got = self.counted(*(text.replace("$file", path) for path in part))
            if want[0][1] is None:
                got = [(counts, None) for counts, _ in got]
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
        for kind in oracle.some(feeds.ITCH, 4):
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
        wide = [sign * (2 ** 53 + i) for sign in (1, -1) for i in (-1, 0, 1, 2, 3)]
        wide += [2 ** 63 - 2, -2 ** 63] + [r.getrandbits(64) - 2 ** 63 for _ in range(100)]
        records[10:10 + len(wide)] = [feeds.mbo_make(r, price=price) for price in wide]
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
        self.assertIn(words, lines[0] + "\n")
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
        odd = [b"\x05\x17" + b"y" * 18, record[:1] + b"\x01" + record[2:],
               b"\x0f" + record[1:] + b"more", record, record[:1] + b"\x02" + record[2:]]
        path = self.path("in.dbn", feeds.dbn_file([record, *odd, record]))
        for fields, n in (("price", 3), ("price,order_id type=i64 instrument=1", 0)):
            self.assertEqual(self.counted(f"dbn file={path} fields={fields}"),
                             ({"unknown type": 3, "wrong length": 1}, n))

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
        path = self.path("in.dbn", bytes.fromhex("28b52ffd") + bytes(99))
        self.refused(f"dbn file={path} ! null", 2, "zstd -d first")
        self.refused("itch file=/nowhere ! null", 2, "No such file")

    def test_a_million_unknown(self):
        content = b"\0\x01z" * 1000000 + feeds.itch_file([feeds.itch_make("A", random.Random(11))])
        path = self.path("in.itch", content)
        self.assertEqual(self.counted(f"itch file={path} fields=type"),
                         ({"unknown type": 1000000}, 1))
        done = self.call("run", f"itch file={path} fields=type ! csv header=no")
        self.assertEqual((done.stdout, done.stderr),
                         (b"65\n", b"leat: itch: unknown type 1000000\n"))

    def test_end_of_session(self):
        messages = itch_everything(12, 1)
        path = self.path("in.itch", feeds.itch_file(messages) + b"\0\0")
        self.assertEqual(self.counted(f"itch file={path} fields=type"), ({}, len(messages)))

    def test_noise(self):
        """Whatever it is, it ends, and well but for a line of words."""
        r = random.Random(13)
        for i in oracle.some(range(24), 3):
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
                               ("only=D,U fields=xyz", "fields: itch has no field 'xyz'; there are "
                                "type locate tracking timestamp reference new_reference shares "
                                "price sequence ts_recv\n"),
                               ("fields=xyz", "'xyz'; there are type locate tracking timestamp "),
                               ("fields=xyz", " ...\n"),
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


class Transports(Feeds):
    """The same decoder gives the same frames from a file, from its bytes, from a capture."""
    FIELDS = ["type", "timestamp", "locate", "reference", "shares", "price", "sequence"]

    def digest(self, text, *more):
        fields = ",".join(self.FIELDS)
        return self.json(*more, f"{text} ! itch type=i64 fields={fields} frame=100 ! digest")

    def want(self, messages, first=1):
        decoded = [dict(feeds.itch_decode(m), sequence=(i + first, None))
                   for i, m in enumerate(messages)]
        return oracle.digest_of(oracle.cut(feeds.columns(decoded, self.FIELDS, False), 100), "q")

    def packets(self, messages, r, make=feeds.mold_packet):
        out, at = [], 0
        while at < len(messages):
            n = r.randrange(0, 9)
            out.append(make(messages[at:at + n], 1 + at))
            at += n
        return out

    def check_file(self, path, messages):
        want = self.want(messages)
        self.assertEqual(self.json(f"itch file={path} type=i64 fields={','.join(self.FIELDS)} "
                                   "frame=100 ! digest"), want)
        r = random.Random(14)
        captured = [(10 ** 18 + 7 * i, feeds.udp(p, i % 3, 4 + 2 * (i % 2)))
                    for i, p in enumerate(self.packets(messages, r))]
        one, other = self.path("day.pcap", feeds.pcap(captured)), self.path(
            "day.pcapng", feeds.pcapng(captured))
        soup = self.path("day.soup", b"".join(
            [feeds.soup_packet(b"+", b"debug"),
             feeds.soup_packet(b"A", b"S".ljust(10) + b"1".rjust(20))]
            + [feeds.soup_packet(b"S", m) + (feeds.soup_packet(b"H") if i % 50 == 9 else b"")
               for i, m in enumerate(messages)] + [feeds.soup_packet(b"Z")]))
        for text in (f"pcap file={one} ! moldudp", f"pcap file={other} ! moldudp",
                     f"pcap file={one} frame=2000 ! moldudp frame=99",
                     f"file file={soup} ! soupbin",
                     f"file file={soup} frame=64 ! soupbin frame=999"):
            self.assertEqual(self.digest(text), want, text)
            for more in (["--workers", "2"], ["--batch", "1"]):
                self.assertEqual(self.digest(text, *more), want, (text, more))

    def test_named_pipes(self):
        """Who looks at one and goes away again would break its writer."""
        r = random.Random(27)
        messages = itch_everything(27, 40)
        contents = {
            "itch file=$file fields=shares": feeds.itch_file(messages),
            "dbn file=$file fields=price": feeds.dbn_file([feeds.mbo_make(r) for _ in range(300)]),
            "file file=$file ! lengths ! itch fields=shares": feeds.itch_file(messages),
            "pcap file=$file ! moldudp ! itch fields=shares": feeds.pcap(
                [(10 ** 18 + i, feeds.udp(p)) for i, p in enumerate(self.packets(messages, r))]),
            "raw file=$file type=f64": bytes(8000),
            "csv file=$file header=no names=a,b": b"1,2\n3,4\n" * 1000,
            "json file=$file fields=a type=i64": b'{"a": 7}\n' * 1000,
        }
        for i, (text, content) in enumerate(contents.items()):
            path, pipe = self.path(f"in{i}", content), self.path(f"pipe{i}")
            os.mkfifo(pipe)
            writer = subprocess.Popen(["sh", "-c", 'exec cat "$0" >"$1"', path, pipe])
            self.addCleanup(writer.wait)
            self.addCleanup(writer.kill)
            piped = text.replace("$file", pipe) + " ! digest"
            self.assertEqual(self.call("plan", piped).returncode, 0, text)
            time.sleep(0.02)
            self.assertIsNone(writer.poll(), text)
            self.assertEqual(self.good(piped), self.good(text.replace("$file", path) + " ! digest"))
            self.assertEqual(writer.wait(60), 0, text)

    def test_named_pipes_that_cannot_be_read(self):
        """They are refused by their name: who opens one and goes away breaks its writer, too."""
        pipe = self.path("pipe.hea", b"")
        os.remove(pipe)
        os.mkfifo(pipe)
        writer = subprocess.Popen(["sh", "-c", 'exec printf x >"$0"', pipe])
        self.addCleanup(writer.wait)
        self.addCleanup(writer.kill)
        time.sleep(0.02)
        for text in ("npy file=$file", "wav file=$file", "idx file=$file", "pgm file=$file",
                     "wfdb file=$file", "synth ! matmul matrix=$file"):
            done = self.call("plan", text.replace("$file", pipe) + " ! null")
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(b"read from files only", done.stderr, text)
            time.sleep(0.02)
            self.assertIsNone(writer.poll(), text)

    def test_captures_through_pipes(self):
        """Of every kind, at once and a few bytes at a time, a packet larger than the pipe in it."""
        messages = itch_everything(26, 2)
        packets = [(10 ** 18 + i, feeds.udp(p))
                   for i, p in enumerate(self.packets(messages, random.Random(26)))]
        packets.insert(3, (10 ** 18 + 2, feeds.udp(bytes(60000))))
        more = feeds.block(5, bytes(100)) + feeds.block(10, bytes(70000))
        text = (f"pcap file=- ! moldudp ! itch type=i64 fields={','.join(self.FIELDS)} frame=100 ! "
                "digest")
        for content in (feeds.pcap(packets), feeds.pcap(packets, False), feeds.pcapng(packets),
                        feeds.pcap(packets, order=">"), feeds.pcapng(packets[:5]) + more
                        + feeds.pcapng(packets)[len(feeds.pcapng(packets[:5])):] + more):
            at_once = self.call("run", text, input=content)
            self.assertEqual(at_once.stderr, b"leat: pcap: oversize 1\n")
            self.assertEqual(json.loads(at_once.stdout), self.want(messages))
            process = subprocess.Popen([self.leat, "run", text], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
            for at in range(0, len(content), 977):
                process.stdin.write(content[at:at + 977])
            self.assertEqual(process.communicate(timeout=250), (at_once.stdout, at_once.stderr))

    def test_one_text(self):
        messages = itch_everything(15, 20)
        path = self.path("day.itch", feeds.itch_file(messages))
        self.check_file(path, messages)
        for frame, out in ((64, 64), (65, 400), (100, 1000), (16384, 16384)):
            self.assertEqual(self.digest(f"file file={path} frame={frame} ! lengths frame={out}"),
                             self.want(messages), (frame, out))

    def test_real_file(self):
        path = oracle.data("market", "itch50_real_first1000.itch")
        with open(path, "rb") as file:
            messages = feeds.itch_split(file.read())
        self.check_file(path, messages)

    def test_times(self):
        messages = itch_everything(16, 1)
        packets = [(10 ** 18 + 1000 * i, feeds.udp(feeds.mold_packet([m], 5 + i)))
                   for i, m in enumerate(messages)]
        for make, step in ((feeds.pcapng, 1), (feeds.pcap, 1),
                           (lambda p: feeds.pcap(p, False), 1000),
                           (lambda p: feeds.pcap(p, True, ">"), 1)):
            path = self.path("t.pcap", make(packets))
            got = self.good(f"pcap file={path} ! moldudp ! itch type=i64 fields=sequence,ts_recv ! "
                            "csv header=no")
            self.assertEqual(got, "".join(f"{5 + i},{ns // step * step}\n"
                                          for i, (ns, _) in enumerate(packets)))

    def test_fixed(self):
        r = random.Random(17)
        records = [feeds.mbo_make(r) for _ in range(500)]
        path = self.path("in.dbn", feeds.dbn_file(records, metadata=100))
        for frame in (64, 1000, 16384):
            self.assertEqual(self.good(f"file file={path} skip=108 frame={frame} ! fixed size=56 ! "
                                       "dbn type=i64 ! digest"),
                             self.good(f"dbn file={path} type=i64 ! digest"))

    def test_iex(self):
        r = random.Random(18)
        messages = [feeds.iex_make(kind, r) for kind in feeds.IEX for _ in range(9)]
        r.shuffle(messages)
        packets = [(i, feeds.udp(p)) for i, p in
                   enumerate(self.packets(messages, r, feeds.iex_packet))]
        path = self.path("iex.pcap", feeds.pcap(packets))
        want = [feeds.iex_decode(m) for m in messages]
        self.compare(f"pcap file={path} ! iex", want, real=False)
        names = sorted({n for m in want for n, f in m.items()
                        if n not in ("timestamp", "trade_id", "symbol")})
        self.compare(f"pcap file={path} ! iex", want, names=names)
        some = [m for m in want if m["type"][0] in (b"T", b"8", b"Q", b"A")]
        self.compare(f"pcap file={path} ! iex only=T,8,Q,A", some, real=False)
        symbol = next(m["symbol"][0] for m in some if b" " not in m["symbol"][0])
        self.compare(f"pcap file={path} ! iex symbol={symbol.decode()}",
                     [m for m in want if m.get("symbol", (b"",))[0] == symbol], real=False)

    def test_iex_real(self):
        path = oracle.data("market", "iex", "TOPS16.pcapng")
        messages, at = [], 24  # classic, whatever its name says
        with open(path, "rb") as file:
            content = file.read()
        while at < len(content):
            n = struct.unpack_from("<I", content, at + 8)[0]
            data, here = content[at + 16 + 42:at + 16 + n], 40  # Ethernet, IP, UDP; IEX-TP
            for _ in range(struct.unpack_from("<H", data, 14)[0]):
                size = struct.unpack_from("<H", data, here)[0]
                messages.append(data[here + 2:here + 2 + size])
                here += 2 + size
            at += 16 + n
        self.assertGreater(len(messages), 10000)
        want = [feeds.iex_decode(m) for m in messages]
        self.compare(f"pcap file={path} ! iex", want, real=False)
        self.compare(f"pcap file={path} ! iex only=T", [m for m in want if m["type"][0] == b"T"],
                     names=["size", "price"])

    def test_samples_of_every_message(self):
        """One capture for a type of message, with numbers that are 0 or have gaps."""
        folder = oracle.data("market", "omi")
        seen = set()
        for name in sorted(os.listdir(folder)):
            if "Itch" not in name:
                continue
            text = f"pcap file={os.path.join(folder, name)} ! moldudp ! itch type=i64 fields=type"
            done = self.call("run", f"{text} ! csv header=no")
            self.assertEqual(done.returncode, 0, done.stderr)
            seen |= {chr(int(line)) for line in done.stdout.split()}
        self.assertEqual(seen, set("AFQJLIPXDECUYHS"))


class Sequence(Feeds):
    """Gaps, duplicates and resets, each message of them counted."""

    def run_packets(self, packets, options=""):
        """(numbers that came, frames that begin with a gap, counts) through moldudp."""
        path = self.path("s.pcap", feeds.pcap(list(enumerate(map(feeds.udp, packets)))))
        out = self.path("s.npy")
        done = self.call("run", "--stats", "json", f"pcap file={path} ! moldudp {options} ! itch "
                         f"type=i64 fields=sequence ! npy file={out}")
        self.assertEqual(done.returncode, 0, done.stderr)
        counts = json.loads(done.stderr)["stages"][1]["counts"]
        return oracle.npy_channels(out)[0], {k: v for k, v in counts.items() if v != 0}

    def test_counts(self):
        r = random.Random(19)
        m = [feeds.itch_make("D", r) for _ in range(100)]
        mold = feeds.mold_packet
        plain = [mold(m[i:i + 10], 1 + i) for i in range(0, 100, 10)]
        got = self.run_packets(plain)
        self.assertEqual(got, (list(range(1, 101)), {}))
        got = self.run_packets(plain[:3] + plain[5:])
        self.assertEqual(got, (list(range(1, 31)) + list(range(51, 101)),
                               {"gaps": 1, "missing": 20}))
        got = self.run_packets(plain[:3] + plain[1:2] + [mold(m[25:40], 26)] + plain[4:])
        self.assertEqual(got, (list(range(1, 101)), {"duplicates": 15}))
        got = self.run_packets(plain[:4] + [mold([], 61, count=0), mold([], 61, count=0xffff)])
        self.assertEqual(got, (list(range(1, 41)), {"gaps": 1, "missing": 20}))
        other = [mold(m[:10], 1, b"another one"[:10])]
        got = self.run_packets(plain[:2] + other)
        self.assertEqual(got, (list(range(1, 21)) + list(range(1, 11)), {"resets": 1}))
        got = self.run_packets(plain + plain[:2], "window=50")
        self.assertEqual(got, (list(range(1, 101)) + list(range(1, 21)), {"resets": 1}))

    def test_random_loss(self):
        """Against a model: what came is what was sent, less what is counted."""
        r = random.Random(20)
        for _ in range(6):
            sent = [(1 + 5 * i, [feeds.itch_make("D", r) for _ in range(5)]) for i in range(60)]
            order = [p for p in sent if r.random() > 0.1]
            for _ in range(5):
                i = r.randrange(len(order))
                order.insert(min(len(order), i + r.randrange(4)), order[i])
            nexts, came, counts = None, [], {"gaps": 0, "missing": 0, "duplicates": 0}
            for first, messages in order:
                if nexts is not None and first > nexts:
                    counts["gaps"] += 1
                    counts["missing"] += first - nexts
                nexts = first if nexts is None or first > nexts else nexts
                for i in range(first, first + len(messages)):
                    if i < nexts:
                        counts["duplicates"] += 1
                    else:
                        came.append(i)
                        nexts = i + 1
            got = self.run_packets([feeds.mold_packet(ms, first) for first, ms in order])
            self.assertEqual(got, (came, {k: v for k, v in counts.items() if v}))

    def test_gap_begins_a_frame(self):
        r = random.Random(21)
        m = [feeds.itch_make("D", r) for _ in range(30)]
        packets = [feeds.mold_packet(m[:10], 1), feeds.mold_packet(m[20:], 21)]
        path = self.path("g.pcap", feeds.pcap([(i, feeds.udp(p)) for i, p in enumerate(packets)]))
        done = self.call("run", f"pcap file={path} ! moldudp ! itch fields=type ! digest")
        self.assertEqual(json.loads(done.stdout)["frames"], 2)
        told = self.call("run", "--stats", "text", f"pcap file={path} ! moldudp ! null").stderr
        self.assertIn(b"\n    gaps 1, missing 10\n", told)
        self.assertEqual(done.stderr, b"leat: moldudp: gaps 1, missing 10\n")

    def test_cut_and_lying_datagrams(self):
        r = random.Random(22)
        m = [feeds.itch_make("D", r) for _ in range(3)]
        whole = feeds.mold_packet(m, 1)
        for n in oracle.some(range(len(whole)), 5):
            came, counts = self.run_packets([whole[:n], feeds.mold_packet(m, 4)])
            first = [] if n < 20 else list(range(1, 1 + max(0, (n - 20) // 21)))
            lost = 0 if n < 20 or len(first) == 3 else 3 - len(first)
            want = {"cut off": 1}
            if n >= 20 and lost:
                want.update({"gaps": 1, "missing": lost})
            self.assertEqual((came, counts), (first + [4, 5, 6], want), n)
        came, counts = self.run_packets([whole + b"more", feeds.mold_packet(m, 2 ** 63 - 2),
                                         feeds.mold_packet(m, 2 ** 64 - 1), b"", b"\xff" * 400])
        self.assertEqual(came[:3], [1, 2, 3])
        self.assertEqual(counts["wrong length"], 2)

    def test_captures_cut_anywhere(self):
        r = random.Random(23)
        m = [feeds.itch_make("D", r) for _ in range(3)]
        packets = [(i, feeds.udp(feeds.mold_packet([x], 1 + i))) for i, x in enumerate(m)]
        for make in (feeds.pcap, feeds.pcapng):
            content, head = make(packets), len(make([]))
            each = (len(content) - head) // 3
            cuts = range(head, len(content) + 1)
            self.check_cuts("pcap file=$file frame=400", [content[:n] for n in cuts],
                            [({"cut off": 1} if (n - head) % each else {}, None) for n in cuts])
            for n in (0, 3, head - 1):
                done = self.call("run", f"pcap file={self.path('cut', content[:n])} ! null")
                self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 3), done.stderr)
                done = self.call("run", "pcap file=- ! null", input=content[:n])
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"leat: -: is no capture: ", done.stderr)
            for n in (head, head + 5, len(content) - 1, len(content)):
                done = self.call("run", "pcap file=- frame=400 ! null", input=content[:n])
                self.assertEqual((done.returncode, done.stderr), (
                    0, b"leat: pcap: cut off 1\n" if (n - head) % each else b""), n)

    def test_lying_lengths_in_a_pipe(self):
        """What libpcap refuses itself, and what the pipe's room does not hold."""
        r = random.Random(27)
        packets = [(1, feeds.udp(feeds.mold_packet([feeds.itch_make("D", r)], 1)))]
        classic, blocks = feeds.pcap(packets), feeds.pcapng(packets)
        for n in (262145, 2 ** 20 - 16):
            self.one_and_then(classic + struct.pack("<IIII", 0, 0, n, n) + bytes(99), 1,
                              b"leat: -: packet 2: invalid packet capture length ")
        for n in (0, 3, 11):
            self.one_and_then(blocks + struct.pack("<II", 6, n) + bytes(99), 1,
                              b"leat: -: packet 2: block in pcapng dump file has a length of ")
        self.one_and_then(blocks + struct.pack("<II", 6, 2 ** 20 - 4) + bytes(99), 0,
                          b"leat: pcap: cut off 1\n")
        for content in (classic + struct.pack("<IIII", 0, 0, 2 ** 32 - 1, 2 ** 32 - 1),
                        blocks + struct.pack("<III", 6, 2 ** 32 - 4, 0),
                        blocks + feeds.block(10, bytes(2 << 20)) + blocks):
            self.one_and_then(content, 1, b"of a pipe there is room for 1048576")

    def one_and_then(self, content, status, words):
        done = self.call("run", "pcap file=- ! moldudp ! itch fields=type frame=1 ! csv header=no",
                         input=content)
        self.assertEqual(done.returncode, status)
        if status == 0:
            self.assertEqual(done.stdout, b"68\n")
        self.assertIn(words, done.stderr)

    def sequences(self, content, status=0):
        """(what a capture gives, sequence and time each, the words): of a file, and of standard
        input that stands in a file behind something else."""
        path = self.path("n.pcap", b"else" + content)
        text = "moldudp ! itch type=i64 fields=sequence,ts_recv ! csv header=no"
        with open(path, "rb") as file:
            os.lseek(file.fileno(), 4, os.SEEK_SET)
            redirected = self.call("run", f"pcap file=- ! {text}", input=None, stdin=file)
        named = self.call("run", f"pcap file={self.path('m.pcap', content)} ! {text}")
        self.assertEqual((redirected.returncode, named.returncode), (status, status), named.stderr)
        self.assertEqual(redirected.stdout, named.stdout)
        return named.stdout.decode(), named.stderr.decode()

    def test_several_interfaces(self):
        """Each has its own kind of time; what libpcap cannot read ends the run with its words."""
        r = random.Random(28)
        packets = [feeds.udp(feeds.mold_packet([feeds.itch_make("D", r)], 1 + i)) for i in range(4)]
        one = feeds.packet_block
        got = self.sequences(feeds.section() + b"".join(feeds.interface(digits=n) for n in (9, 6, 3))
                             + one(10 ** 18 + 1, packets[0]) + one(10 ** 15 + 2, packets[1], 1)
                             + feeds.block(4, bytes(8)) + one(10 ** 12 + 3, packets[2], 2)
                             + feeds.section() + feeds.interface() + one(7, packets[3]))
        self.assertEqual(got, (f"1,{10 ** 18 + 1}\n2,{10 ** 18 + 2000}\n3,{10 ** 18 + 3000000}\n4,7\n",
                               ""))
        begin = feeds.section() + feeds.interface()
        for more, words in ((feeds.interface(link=101), "packet 2: an interface has a type 101"),
                            (feeds.interface(longest=96), "packet 2: an interface has a snapshot"),
                            (one(1, packets[1], 7), "packet 2: a packet arrived on interface 7"),
                            (one(1, packets[1])[:-4] + bytes(4), "packet 2: block total length")):
            _, told = self.sequences(begin + one(1, packets[0]) + more + one(2, packets[2]), 1)
            self.assertRegex(told, f"^leat: .*m.pcap: {words}[^\n]*\n$")

    def test_headers_of_version_6(self):
        """Datagrams stand behind any number of them; a part of one is none."""
        r = random.Random(29)
        plain = b"\x11\0" + bytes(6)
        routing = b"\x2b\0" + bytes(6) + b"\x11\x01" + bytes(14)
        whole, part, other = (b"%c\0" % n + rest for n, rest in
                              ((17, bytes(6)), (17, b"\0\x01" + bytes(4)), (6, b"\0\x08" + bytes(4))))
        packets = [(17, b""), (0, plain), (60, plain), (0, routing), (44, whole), (44, part),
                   (44, other), (6, b""), (59, b""), (0, b"\x3b\0" + bytes(6)), (17, b"")]
        made = [feeds.udp(feeds.mold_packet([feeds.itch_make("D", r)], 1 + i), 0, 6, more, first)
                for i, (first, more) in enumerate(packets)]
        path = self.path("six.pcap", feeds.pcap(list(enumerate(made))))
        counts, _ = self.counted(f"pcap file={path}")
        self.assertEqual(counts, {"not udp": 4, "fragments": 1})
        got = self.call("run", f"pcap file={path} ! moldudp ! itch type=i64 fields=sequence ! "
                        "csv header=no")
        self.assertEqual(got.stdout, b"1\n2\n3\n4\n5\n11\n")
        cuts = [struct.pack("<IIII", 0, 0, n, len(made[3])) + made[3][:n]
                for n in range(14, len(made[3]))]
        self.check_cuts("pcap file=$file", [feeds.pcap([]) + cut for cut in cuts],
                        [({"cut off": 1}, None) for _ in cuts])

    def test_other_packets(self):
        r = random.Random(24)
        good = feeds.udp(feeds.mold_packet([feeds.itch_make("D", r)], 1))
        tcp = good[:23] + b"\x06" + good[24:]
        part = good[:20] + b"\x20\x00" + good[22:]
        short = good[:38] + b"\xff\xff" + good[40:]
        arp = good[:12] + b"\x08\x06" + good[14:]
        big = feeds.udp(bytes(5000))
        path = self.path("o.pcap", feeds.pcap(list(enumerate([tcp, part, short, arp, big, good[:13],
                                                             b"", good]))))
        counts, samples = self.counted(f"pcap file={path} frame=4Ki")
        self.assertEqual(counts, {"not udp": 4, "fragments": 1, "cut off": 1, "oversize": 1})
        done = self.call("run", f"pcap file={path} filter='udp port 1' ! moldudp ! itch ! null")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        done = self.call("run", f"pcap file={path} filter='udp prt 1' ! null")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"filter: ", done.stderr)
        for link, words in ((127, b"IEEE802_11_RADIO"), (9999, b"no known link")):
            path = self.path("l.pcap", feeds.pcap([], link=link))
            done = self.call("run", f"pcap file={path} ! null")
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)

    def test_framings(self):
        """Oversize, cut and lying, through lengths, fixed and soupbin."""
        def counted(text):
            done = self.call("run", "--stats", "json", f"{text} ! null")
            self.assertEqual(done.returncode, 0, done.stderr)
            stages = json.loads(done.stderr)["stages"]
            return {k: v for k, v in stages[1]["counts"].items() if v != 0}

        r = random.Random(25)
        d = feeds.itch_make("D", r)
        content = feeds.itch_file([d, bytes(300), d, b"", d])
        path = self.path("l.itch", content)
        text = f"file file={path} frame=64 ! lengths frame=64"
        self.assertEqual(counted(text), {"oversize": 1})
        done = self.call("run", f"{text} ! itch type=i64 fields=sequence ! csv header=no")
        self.assertEqual(done.stdout, b"1\n3\n5\n")
        self.assertEqual(done.stderr,
                         b"leat: lengths: oversize 1\nleat: itch: unknown type 1\n")
        self.assertEqual(counted(f"file file={self.path('c', content[:-1])} ! lengths"),
                         {"cut off": 1})
        self.assertEqual(counted(f"file file={self.path('f', bytes(1000))} ! fixed size=300"),
                         {"cut off": 1})
        soup = [feeds.soup_packet(b"A", b"x" * 5), feeds.soup_packet(b"S", d), b"\0\0",
                feeds.soup_packet(b"?"), feeds.soup_packet(b"U", d), feeds.soup_packet(b"H")]
        self.assertEqual(counted(f"file file={self.path('s', b''.join(soup))} ! soupbin"),
                         {"wrong length": 2, "unknown type": 1, "unsequenced": 1})
        # Behind a packet of length 0 stands a length that begins with the letter S.
        soup = [b"\0\0", feeds.soup_packet(b"S", bytes(0x5300 - 1)), feeds.soup_packet(b"S", d)]
        text = f"file file={self.path('s', b''.join(soup))} ! soupbin frame=32Ki"
        self.assertEqual(counted(text), {"wrong length": 1})
        done = self.call("run", f"{text} ! itch type=i64 fields=sequence ! csv header=no")
        self.assertEqual(done.stdout, b"2\n")

    def test_what_goes_before(self):
        path = self.path("in.itch", feeds.itch_file([]))
        for text, words in ((f"file file={path} ! itch ! null", "takes messages: put lengths"),
                            (f"file file={path} ! moldudp ! null", "takes messages"),
                            ("synth ! lengths ! null", "takes bytes: put file"),
                            (f"file file={path} ! lengths ! lengths ! null", "takes bytes")):
            done = self.call("run", text)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    oracle.main()
