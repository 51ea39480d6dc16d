#!/usr/bin/env python3
"""`leat inspect` against what Python counts in the same files.

    inspect_files.py LEAT
"""
import collections
import json
import os
import random
import struct

import feeds_oracle as feeds
import oracle


class Inspect(oracle.Case):
    def look(self, path):
        done = self.call("inspect", "--json", path)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        text = self.call("inspect", path)
        self.assertEqual((text.returncode, text.stderr), (0, b""))
        found = json.loads(done.stdout)
        self.assertEqual(found["bytes"], os.path.getsize(path))
        self.assertIn(f"records      {found['records']}\n", text.stdout.decode())
        return found

    def refused(self, status, words, *args):
        done = self.call("inspect", *args)
        self.assertEqual((done.returncode, done.stdout), (status, b""))
        self.assertRegex(done.stderr.decode(), "^leat: [^\n]*\n$")
        self.assertIn(words, done.stderr.decode())

    def check_itch(self, found, messages):
        decoded = [feeds.itch_decode(m) for m in messages]
        self.assertEqual(found["records"], len(messages))
        self.assertEqual(found["types"], collections.Counter(chr(m[0]) for m in messages))
        times = [m["timestamp"][0] for m in decoded]
        self.assertEqual((found["from_ns"], found["to_ns"]), (min(times), max(times)))
        names, counts = {}, collections.Counter()
        for m in decoded:
            locate = m["locate"][0]
            if locate != 0:
                counts[locate] += 1
            if "symbol" in m and locate != 0:
                names[locate] = m["symbol"][0].decode().rstrip()
        want = sorted((names.get(k, str(k)), n) for k, n in counts.items())
        self.assertEqual(sorted((i["name"], i["records"]) for i in found["instruments"]), want)
        self.assertEqual([r["type"] for r in found["first"]], [chr(m[0]) for m in messages[:5]])
        self.assertEqual([r["timestamp"] for r in found["first"]], times[:5])

    def test_one_day_in_every_wrapping(self):
        feeds.write_day(self.folder)
        messages = feeds.day(3000)
        for name, kind, read in (("day.itch", "itch", "itch file="),
                                 ("day.pcap", "moldudp", "pcap file="),
                                 ("day.soup", "soupbin", "file file=")):
            found = self.look(self.path(name))
            self.assertEqual((found["format"], found["wrong"]), (kind, []))
            self.assertTrue(found["read_by"].startswith(read))
            self.check_itch(found, messages)
            self.good(found["read_by"] + " ! digest")

    def test_loss_is_told(self):
        messages = feeds.day(200)
        packets = [(i, feeds.udp(feeds.mold_packet(messages[i:i + 4], 1 + i)))
                   for i in range(0, len(messages), 4)]
        del packets[20:22]
        content = feeds.pcap(packets)
        found = self.look(self.path("lost.pcap", content[:-1]))
        self.assertEqual({(w["stage"], w["cause"]): w["count"] for w in found["wrong"]},
                         {("pcap", "cut off"): 1, ("moldudp", "gaps"): 1, ("moldudp", "missing"): 8})
        self.assertEqual(found["frames_after_gaps"], 1)

    def test_dbn(self):
        r = random.Random(1)
        records = [feeds.mbo_make(r, instrument=i % 3) for i in range(100)]
        records[7] = feeds.mbo_make(r, action=b"\n", instrument=0)
        found = self.look(self.path("in.dbn", feeds.dbn_file(records)))
        decoded = [feeds.mbo_decode(m) for m in records]
        actions = collections.Counter(m["action"][0].decode() for m in decoded)
        actions["\\x0a"] = actions.pop("\n")
        self.assertEqual((found["format"], found["types"]), ("dbn", actions))
        self.assertEqual({i["name"]: i["records"] for i in found["instruments"]},
                         collections.Counter(str(m["instrument"][0]) for m in decoded))

    def test_real_files(self):
        for name in ("itch50_real_first1000.itch", "itch50_ARTIFICIAL_ritch.itch"):
            path = oracle.data("market", name)
            with open(path, "rb") as file:
                self.check_itch(self.look(path), feeds.itch_split(file.read()))
        found = self.look(oracle.data("market", "iex", "TOPS16.pcapng"))
        self.assertEqual((found["format"], found["wrong"]), ("iex", []))
        self.assertEqual(sum(found["types"].values()), found["records"])

    def test_formats(self):
        text = "x,y\n" + "".join(f"{i},{i / 8}\n" for i in range(7))
        image = b"P5 3 2 255\n" + bytes(range(6))
        items = struct.pack(">HBBI", 0, 8, 1, 6) + bytes(6)
        files = {
            "csv": (self.path("a", text), 7), "npy": (self.path("b", oracle.npy_bytes(
                (2, 5), range(10))), 5),
            "wav": (oracle.write_wav(self.path("c"), [list(range(9))], 2), 9),
            "mtx": (self.path("d", "%%MatrixMarket matrix coordinate real general\n"
                              "2 2 1\n1 2 0.5\n"), 1),
            "pgm": (self.path("e", image), 3), "idx": (self.path("f", items), 6),
            "text": (self.path("g", "one two\nthree\n"), 2),
            "pcap": (self.path("h", feeds.pcap([(5, feeds.udp(b"what is this"))])), 1),
        }
        for kind, (path, records) in files.items():
            found = self.look(path)
            self.assertEqual((found["format"], found["records"]), (kind, records))
            if "read_by" in found and found["read_by"]:
                self.good(found["read_by"] + " ! null")
        self.assertEqual(self.look(files["csv"][0])["first"][2], {"x": 2, "y": 0.25})
        for between, word in (("\t", "tab"), (";", "semicolon"), ("|", "pipe"), (" ", "space")):
            found = self.look(self.path("o", text.replace(",", between)))
            self.assertIn(f" delimiter={word} ", found["read_by"])
            self.assertEqual((found["format"], found["first"][2]), ("csv", {"x": 2, "y": 0.25}))
            self.good(found["read_by"] + " ! null")
        self.assertEqual(self.look(files["text"][0])["first"], ["one two", "three"])

    def test_names_of_every_kind(self):
        """The pipeline that it tells of reads the file, whatever it is called."""
        for name in ("my day", "it's", "'", "a''b'", 'a"b', "$x", "a!b;c#d", "h\u00e9", "x=y,z"):
            found = self.look(self.path(name, "x,y\n1,2\n"))
            self.assertEqual(self.good(found["read_by"] + " ! csv"), "x,y\n1,2\n")

    def test_lines_of_json(self):
        """The paths to the numbers of the first line."""
        lines = [json.dumps({"ts": i, "who": "me", "a b": 1, "in": {"p": str(i / 8), "q": None},
                             "sizes": [i, [7, "x"]], "long" * 20: 1}) for i in range(9)]
        found = self.look(self.path("j", "\n".join(lines) + "\nno JSON\n"))
        self.assertEqual((found["format"], found["records"]), ("json", 9))
        self.assertEqual(found["first"][2], {"ts": 2, "in.p": 0.25, "sizes[0]": 2, "sizes[1][0]": 7})
        self.assertEqual(found["wrong"], [{"stage": "json", "cause": "rejected rows", "count": 1}])
        for content in ('{"a": "x"}\n' * 2, "{\n" * 2, "[1, 2]\n" * 2, '{"a": 1}\n' + "no\n" * 9):
            self.assertEqual(self.look(self.path("k", content))["format"], "text", content)

    def test_what_is_none(self):
        self.refused(1, "No such file", "/nowhere/x")
        self.refused(1, "it is no file", self.folder)
        self.refused(1, "none of the formats", self.path("empty", b""))
        self.refused(1, "none of the formats", self.path("noise", random.Random(3).randbytes(5000)))
        self.refused(1, "version 2", self.path("v2.dbn", feeds.dbn_file([], version=2)))
        self.refused(1, "b.ng: packet 1: an interface has a type", self.path(
            "b.ng", feeds.pcapng([]) + feeds.interface(link=101)))
        self.refused(2, "name one file")
        self.refused(2, "name one file", "a", "b")
        self.refused(2, "--jsn", "--jsn", "a")

    def test_cut_anywhere(self):
        r = random.Random(4)
        content = feeds.itch_file([feeds.itch_make(kind, r) for kind in "ARQ"])
        for n in range(0, len(content), 5):
            done = self.call("inspect", self.path("cut", content[:n]))
            self.assertIn(done.returncode, (0, 1), done.stderr)
            self.assertLessEqual(done.stderr.count(b"\n"), 1)


if __name__ == "__main__":
    oracle.main()
