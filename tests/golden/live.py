#!/usr/bin/env python3
"""Live feeds on the loopback: what is sent comes, and what does not come is counted, each datagram.

    live.py LEAT
"""
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import time

import feeds_oracle as feeds
import oracle

ENDS = "duration=100s"  # whatever goes wrong, a receiver ends


def free_port(kind=socket.SOCK_DGRAM, address="127.0.0.1", family=socket.AF_INET):
    with socket.socket(family, kind) as one:
        one.bind((address, 0))
        return one.getsockname()[1]


def is_bound(port, table="udp"):
    with open(f"/proc/net/{table}", encoding="ascii") as file:
        return any(line.split()[1].endswith(f":{port:04X}") for line in list(file)[1:])


class Live(oracle.Case):
    """What the tests share."""

    def begin(self, *words, **more):
        process = subprocess.Popen([self.leat, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.addCleanup(self.away, process)
        return process

    @staticmethod
    def away(process):
        process.kill()
        process.communicate()

    def receive(self, port, text, *options, table="udp"):
        """A run that has bound the port."""
        process = self.begin("run", *options, text)
        end = time.monotonic() + 60
        while not is_bound(port, table):
            if process.poll() is not None or time.monotonic() > end:
                self.fail(process.communicate()[1])
            time.sleep(0.005)
        return process

    def stop(self, process):
        """A consumer that is too slow: none of its threads runs."""
        process.send_signal(signal.SIGSTOP)
        folder = f"/proc/{process.pid}/task"
        for _ in range(10000):
            states = []
            for thread in os.listdir(folder):
                with open(f"{folder}/{thread}/stat", encoding="ascii") as file:
                    states.append(file.read().rsplit(")", 1)[1].split()[0])
            if set(states) == {"T"}:
                return
            time.sleep(0.001)
        self.fail(states)

    def drained(self, port):
        """Waits until nothing is left in the kernel's buffer of the port."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with open("/proc/net/udp", encoding="ascii") as file:
                rows = [line.split() for line in list(file)[1:]]
            left = [row[4] for row in rows if row[1].endswith(f":{port:04X}")]
            if left and all(queues.endswith(":00000000") for queues in left):
                return
            time.sleep(0.005)
        self.fail(left)

    def ends(self, process, status=0):
        out, err = process.communicate(timeout=200)
        self.assertEqual(process.returncode, status, err)
        return out.decode(), err.decode()

    def counts(self, err, stage=0):
        return {k: v for k, v in json.loads(err)["stages"][stage]["counts"].items() if v != 0}

    def send(self, port, datagrams, family=socket.AF_INET, address="127.0.0.1"):
        with socket.socket(family, socket.SOCK_DGRAM) as one:
            for datagram in datagrams:
                one.sendto(datagram, (address, port))


def day(seed=31, each=12):
    """Messages of all types, and the capture of them: some empty datagrams, and the session's end."""
    r = random.Random(seed)
    messages = [feeds.itch_make(kind, r) for kind in feeds.ITCH for _ in range(each)]
    r.shuffle(messages)
    datagrams, at = [], 0
    while at < len(messages):
        n = r.randrange(0, 7)
        datagrams.append(feeds.mold_packet(messages[at:at + n], 1 + at))
        at += n
    datagrams.append(feeds.mold_packet([], 1 + len(messages), count=0xffff))
    return messages, datagrams


def capture(datagrams, step=1000000):
    return feeds.pcap([(10 ** 18 + step * i, feeds.udp(d)) for i, d in enumerate(datagrams)])


ITCH = "moldudp ! itch type=i64 fields=type,timestamp,sequence,shares,price frame=100 ! digest"


class Udp(Live):
    def test_the_same_digest(self):
        """From the file, from the capture, and from the capture replayed."""
        messages, datagrams = day()
        file = self.path("day.itch", feeds.itch_file(messages))
        path = self.path("day.pcap", capture(datagrams))
        want = self.good(f"pcap file={path} ! {ITCH}")
        self.assertEqual(want, self.good(f"itch file={file} {ITCH.split('itch ')[1]}"))
        for options, speed in (([], "max"), (["--workers", "2"], "max"), (["--batch", "1"], "20")):
            port = free_port()
            process = self.receive(port, f"udp address=127.0.0.1:{port} count={len(datagrams)} "
                                         f"{ENDS} ! {ITCH}", *options)
            done = self.call("replay", path, "--to", f"udp:127.0.0.1:{port}", "--speed", speed)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(self.ends(process), (want, ""))

    def test_one_pipeline(self):
        """Both ends in one run; the receiver ends because nothing comes any more."""
        _, datagrams = day(32)
        path = self.path("day.pcap", capture(datagrams))
        port = free_port()
        self.assertEqual(self.good(f"pcap file={path} ! udp address=127.0.0.1:{port}; "
                                   f"udp address=127.0.0.1:{port} idle=1s {ENDS} ! {ITCH}"),
                         self.good(f"pcap file={path} ! {ITCH}"))

    def test_as_it_was(self):
        """Nothing goes before its time."""
        path = self.path("slow.pcap", capture([b"x"] * 6, 100 * 10 ** 6))
        for speed, least in (("1", 0.5), ("5", 0.1)):
            begin = time.monotonic()
            done = self.call("replay", "--speed", speed, path, "--to",
                             f"udp:127.0.0.1:{free_port()}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreaterEqual(time.monotonic() - begin, least)

    def test_what_the_kernel_drops(self):
        """Sent is received and counted, whatever is lost; a loss is a gap."""
        r = random.Random(33)
        messages = [feeds.itch_make("D", r) for _ in range(3000)]
        for more in ("", " frame=64 datagram=64"):
            port = free_port()
            out = self.path("out.npy")
            process = self.receive(
                port, f"udp address=127.0.0.1:{port} rcvbuf=20k idle=1s {ENDS}{more} ! "
                f"moldudp ! itch type=i64 fields=sequence ! npy file={out}", "--stats", "json")
            self.stop(process)
            self.send(port, (feeds.mold_packet([m], 1 + i) for i, m in enumerate(messages[:2000])))
            process.send_signal(signal.SIGCONT)
            self.drained(port)
            self.send(port, (feeds.mold_packet([m], 2001 + i)
                             for i, m in enumerate(messages[2000:])))
            _, err = self.ends(process)
            came = oracle.npy_channels(out)[0]
            dropped = self.counts(err)["dropped by the kernel"]
            self.assertGreater(dropped, 500)
            self.assertEqual(len(came) + dropped, len(messages))
            missing = sum(b - a - 1 for a, b in zip(came, came[1:]))
            self.assertEqual(self.counts(err, 1)["missing"], missing)

    def test_the_rate_of_the_guide(self):
        """Nothing is lost at it; a build that takes ten times as long may lose, and counts."""
        n = 6000
        one = feeds.itch_make("A", random.Random(50))
        path = self.path("rate.pcap", capture([feeds.mold_packet([one] * 4, 1 + 4 * i)
                                               for i in range(n)], 10 ** 9 // 30000))
        port = free_port()
        process = self.receive(port, f"udp address=127.0.0.1:{port} idle=1s {ENDS} ! moldudp ! "
                                     "itch fields=price ! stats", "--stats", "json")
        begin = time.monotonic()
        self.assertEqual(self.call("replay", path, "--to", f"udp:127.0.0.1:{port}").returncode, 0)
        self.assertGreaterEqual(time.monotonic() - begin, (n - 1) / 30000)
        out, err = self.ends(process)
        lost = self.counts(err).get("dropped by the kernel", 0)
        self.assertEqual(json.loads(out)["channels"][0]["count"], 4 * (n - lost))
        if not oracle.FEW:
            self.assertEqual(lost, 0)

    def test_a_loss_begins_a_frame(self):
        """Of bare messages, which nobody else has counted."""
        port = free_port()
        r = random.Random(34)
        process = self.receive(port, f"udp address=127.0.0.1:{port} rcvbuf=4Ki idle=1s {ENDS} ! "
                                     "itch type=i64 fields=sequence frame=100k ! csv header=no",
                               "--stats", "json")
        self.stop(process)
        self.send(port, [feeds.itch_make("D", r)] * 100)
        process.send_signal(signal.SIGCONT)
        self.drained(port)
        self.send(port, [feeds.itch_make("D", r)])
        out, err = self.ends(process)
        numbers = [int(line) for line in out.split()]
        dropped = self.counts(err)["dropped by the kernel"]
        self.assertGreater(dropped, 0)
        self.assertEqual((numbers[-1], len(numbers)), (101, 101 - dropped))
        self.assertEqual(json.loads(err)["stages"][1]["frames_out"], 2)

    def test_times(self):
        port = free_port()
        process = self.receive(port, f"udp address=127.0.0.1:{port} count=3 {ENDS} ! itch type=i64 "
                                     "fields=ts_recv ! csv header=no")
        before = time.time_ns()
        self.send(port, [feeds.itch_make("D", random.Random(35))] * 3)
        times = [int(line) for line in self.ends(process)[0].split()]
        self.assertTrue(before <= times[0] <= times[1] <= times[2] <= time.time_ns(), times)

    def test_any_size(self):
        """Datagrams of every size come whole; longer ones than are asked for are counted."""
        r = random.Random(36)
        sizes = [r.choice((0, 1, 63, 64, 65, 1472, 9000, 65507, r.randrange(65508)))
                 for _ in range(40)]
        datagrams = [bytes(r.randrange(1, 256) for _ in range(n)) for n in sizes]
        for most, frame in ((65507, "64Ki"), (2048, "16Ki"), (64, "64"), (1, "64")):
            port = free_port()
            out = self.path("out.raw")
            process = self.receive(
                port, f"udp address=127.0.0.1:{port} datagram={most} frame={frame} count=40 {ENDS} "
                f"rcvbuf=1M ! select channels=bytes ! raw file={out}", "--stats", "json")
            for datagram in datagrams:
                self.send(port, [datagram])
                time.sleep(0.001)
            _, err = self.ends(process)
            good = [d for d in datagrams if len(d) <= most]
            with open(out, "rb") as file:
                self.assertEqual(file.read().replace(b"\0", b""), b"".join(good))
            lost = self.counts(err)
            self.assertEqual(lost, {"oversize": 40 - len(good)} if len(good) < 40 else {})

    def test_many_sizes_at_once(self):
        """Of those that lie in the kernel together, any may be longer than those before it."""
        r = random.Random(37)
        sizes = [r.choice((0, 1, 40, 40, 40, 41, 599, 600, 601, 2048, 2049, r.randrange(2050)))
                 for _ in range(250)]
        datagrams = [bytes(r.randrange(1, 256) for _ in range(n)) for n in sizes]
        for most, frame in ((2048, "64Ki"), (2048, "4Ki"), (600, "1Ki"), (40, "64")):
            port = free_port()
            out = self.path("out.raw")
            process = self.receive(
                port, f"udp address=127.0.0.1:{port} datagram={most} frame={frame} count=250 {ENDS} "
                f"rcvbuf=1M ! select channels=bytes ! raw file={out}", "--stats", "json")
            self.send(port, datagrams[:50])
            self.stop(process)
            self.send(port, datagrams[50:])
            process.send_signal(signal.SIGCONT)
            _, err = self.ends(process)
            good = [d for d in datagrams if len(d) <= most]
            with open(out, "rb") as file:
                self.assertEqual(file.read().replace(b"\0", b""), b"".join(good))
            self.assertEqual(self.counts(err), {"oversize": 250 - len(good)})

    def test_groups(self):
        group, port = "239.7.7.7", free_port()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group)
                               + socket.inet_aton("127.0.0.1"))
        except OSError:
            self.skipTest("no multicast on the loopback here")
        _, datagrams = day(37, 3)
        path = self.path("day.pcap", capture(datagrams))
        text = f"udp address={group}:{port} interface=lo count={len(datagrams)} {ENDS} ! {ITCH}"
        both = [self.receive(port, text), self.receive(port, text)]
        time.sleep(0.2)  # the second has bound, too
        done = self.call("replay", path, "--to", f"udp:{group}:{port}", "--interface", "lo",
                         "--speed", "max")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        want = self.good(f"pcap file={path} ! {ITCH}")
        for process in both:
            self.assertEqual(self.ends(process), (want, ""))

    def test_six(self):
        try:
            port = free_port(address="::1", family=socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 here")
        _, datagrams = day(38, 2)
        path = self.path("day.pcap", capture(datagrams))
        process = self.receive(port, f"udp address=[::1]:{port} count={len(datagrams)} {ENDS} ! "
                                     f"{ITCH}", table="udp6")
        self.assertEqual(self.call("replay", path, "--to", f"udp:[::1]:{port}", "--speed",
                                   "max").returncode, 0)
        self.assertEqual(self.ends(process), (self.good(f"pcap file={path} ! {ITCH}"), ""))

    def test_stopped(self):
        """Ctrl-C: what has come is handed on; without an end of its own it goes on until then."""
        port = free_port()
        process = self.receive(port, f"udp address=127.0.0.1:{port} ! itch fields=type ! csv")
        self.send(port, [feeds.itch_make("D", random.Random(39))] * 5)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        out, _ = self.ends(process, 130)
        self.assertEqual(out, "type\n" + "68\n" * 5)

    def test_it_ends(self):
        port = free_port()
        begin = time.monotonic()
        out, err = self.ends(self.begin("run", f"udp address=127.0.0.1:{port} duration=200ms ! "
                                               "moldudp ! itch ! null"))
        self.assertEqual((out, err), ("", ""))
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    def test_nobody_there(self):
        """Datagrams that nobody takes are sent; the system says so of some."""
        path = self.path("day.pcap", capture(day(40)[1]))
        done = self.call("replay", path, "--speed", "max", "--to", f"udp:127.0.0.1:{free_port()}")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr.decode(), r"^(leat: udp: refused \d+\n)?$")

    def test_noise(self):
        """A feed that is none: each datagram is counted by somebody."""
        r = random.Random(41)
        port = free_port()
        process = self.receive(port, f"udp address=127.0.0.1:{port} count=300 {ENDS} rcvbuf=1M ! "
                                     "moldudp ! itch ! null", "--stats", "json")
        for _ in range(300):
            self.send(port, [r.randbytes(r.randrange(60))])
        _, err = self.ends(process)
        counts = self.counts(err, 1)
        self.assertGreater(counts["cut off"], 50)

    def test_mistakes(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            for text, words in (
                    ("address=127.0.0.1", "'127.0.0.1' has no port; write ADDRESS:PORT"),
                    ("address=127.0.0.1:0", "port 0 is not 1 to 65535"),
                    ("address=127.0.0.1:70000", "port 70000 is not 1 to 65535"),
                    ("address=::1:7000", "write [::1]:7000"),
                    ("address=no.such.host.invalid:7000", "address: no.such.host.invalid:7000: "),
                    (f"address=127.0.0.1:{port}", "cannot be received at: Address already in use"),
                    ("address=127.0.0.1:7 interface=lo", "goes with a multicast group"),
                    ("address=239.1.1.1:7000 interface=nowhere", "interface: 'nowhere': "),
                    ("address=:7000 datagram=20k frame=16Ki", "datagram: 20000 bytes do not fit in frame=")):
                done = self.call("run", f"udp {text} duration=1ms ! null")
                self.assertEqual(done.returncode, 2, (text, done.stderr))
                self.assertIn(words, done.stderr.decode())
                self.assertEqual(len(done.stderr.splitlines()), 3, done.stderr)
        done = self.call("run", "synth ! udp address=127.0.0.1:7000")
        self.assertEqual(done.returncode, 2)
        self.assertIn("takes messages: put", done.stderr.decode())


class Replay(Live):
    def test_mistakes(self):
        path = self.path("day.pcap", capture([b"x"]))
        for words, said in (([path], "--to says where to"),
                            (["--to", "udp:127.0.0.1:7000"], "name one file"),
                            ([path, path, "--to", "udp:127.0.0.1:7000"], "name one file"),
                            ([path, "--to", "127.0.0.1:7000"], "write udp:ADDRESS:PORT"),
                            ([path, "--to", "tcp:127.0.0.1:7000", "--speed", "2"],
                             "--speed goes with udp"),
                            ([path, "--to", "udp:127.0.0.1"], "has no port"),
                            ([path, "--to", "udp:127.0.0.1:7000", "--speed", "fast"],
                             "--speed 'fast' is neither a number"),
                            ([path, "--to", "udp:127.0.0.1:7000", "--speed", "0"],
                             "--speed '0' is neither a number"),
                            ([path, "--too", "udp:127.0.0.1:7000"], "did you mean '--to'?"),
                            (["/nowhere", "--to", "udp:127.0.0.1:7000"],
                             "leat: replay: /nowhere: cannot be read: No such file"),
                            (["/nowhere", "--to", "tcp:127.0.0.1:7000"],
                             "leat: replay: /nowhere: cannot be read: No such file")):
            done = self.call("replay", *words)
            self.assertEqual((done.returncode, done.stdout), (2, b""), (words, done.stderr))
            self.assertIn(said, done.stderr.decode())
            self.assertEqual(done.stderr.count(b"\n"), 1, "none of the pipeline that it makes")
        self.assertEqual(self.call("replay", "--help").returncode, 0)


class Tcp(Live):
    DECODE = "soupbin ! itch type=i64 fields=type,timestamp,sequence,shares,price frame=100 ! digest"

    def soup(self, seed=51):
        messages, _ = day(seed, 9)
        content = feeds.soup_packet(b"+", b"hello") + b"".join(
            feeds.soup_packet(b"S", m) for m in messages) + feeds.soup_packet(b"Z")
        path = self.path("day.soup", content)
        return path, content, self.good(f"file file={path} ! {self.DECODE}")

    def test_replay(self):
        """The same digest from the file, over a connection, and through a pipe."""
        path, content, want = self.soup()
        for more in ([], ["--workers", "2"], ["--batch", "1"]):
            port = free_port(socket.SOCK_STREAM)
            server = self.begin("replay", path, "--to", f"tcp:127.0.0.1:{port}")
            while not is_bound(port, "tcp"):
                self.assertIsNone(server.poll())
                time.sleep(0.005)
            self.assertEqual(self.good(*more, f"tcp address=127.0.0.1:{port} frame=99 {ENDS} ! "
                                              f"{self.DECODE}"), want)
            self.assertEqual(self.ends(server), ("", ""))
            self.assertEqual(self.good(*more, f"stdin ! {self.DECODE}", input=content), want)

    def serve(self, serve, text, *options):
        """Runs the text, $port in it, against one that a function serves."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = self.begin("run", *options,
                                 text.replace("$port", str(server.getsockname()[1])))
            server.settimeout(60)
            one, _ = server.accept()
            with one:
                serve(one)
        return process

    def test_vanishes(self):
        """A peer that resets the connection in the middle of a message, or falls silent."""
        _, content, _ = self.soup(52)

        def reset(one):
            one.sendall(content[:1000])
            time.sleep(0.2)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        text = f"tcp address=127.0.0.1:$port {ENDS} ! soupbin ! itch ! null"
        _, err = self.ends(self.serve(reset, text))
        self.assertRegex(err, "^leat: tcp: the other end vanished 1\nleat: soupbin: cut off 1\n$")

        def silent(one):
            one.sendall(content[:1000])
            self.assertEqual(one.recv(1), b"")

        _, err = self.ends(self.serve(silent, text.replace("!", "idle=200ms !", 1)))
        self.assertEqual(err, "leat: soupbin: cut off 1\n")

    def test_floods(self):
        """More than anybody can take, for as long as was asked for."""
        def flood(one):
            try:
                while True:
                    one.sendall(bytes(1 << 16))
            except OSError:
                pass

        begin = time.monotonic()
        _, err = self.ends(self.serve(flood, "tcp address=127.0.0.1:$port duration=300ms ! soupbin "
                                             "! null"))
        self.assertRegex(err, r"^leat: soupbin: (cut off 1, )?wrong length \d+\n$")
        self.assertLess(time.monotonic() - begin, 60)

    def test_as_soon_as_it_comes(self):
        """stdin does not wait until a frame is full."""
        process = subprocess.Popen([self.leat, "run", "stdin ! soupbin ! itch fields=type frame=1 ! "
                                    "csv header=no"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        for i in range(3):
            process.stdin.write(feeds.soup_packet(b"S", feeds.itch_make("D", random.Random(i))))
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), b"68\n")
        self.assertEqual((process.communicate(timeout=60), process.returncode), ((b"", b""), 0))

    def test_a_capture_as_it_comes(self):
        """pcap does not wait for more of a pipe than a packet, and hears Ctrl-C in the middle."""
        packets = [(i, feeds.udp(feeds.mold_packet([feeds.itch_make("D", random.Random(i))], 1 + i)))
                   for i in range(3)]
        for make in (feeds.pcap, feeds.pcapng):
            content, head = make(packets), len(make([]))
            each = (len(content) - head) // 3
            process = subprocess.Popen([self.leat, "run", "pcap file=- ! moldudp ! itch "
                                        "fields=type frame=1 ! csv header=no"], bufsize=0,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            self.addCleanup(self.away, process)
            for i in range(2):
                process.stdin.write(content[head + i * each if i else 0:head + (i + 1) * each])
                self.assertEqual(process.stdout.readline(), b"68\n")
            process.stdin.write(content[head + 2 * each:-1])
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), 130)
            self.assertLess(time.monotonic() - begin, 30)

    def test_mistakes(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            path = self.path("x", b"x" * 99)
            closed = free_port(socket.SOCK_STREAM)
            for text, status, words in (
                    (f"tcp address=127.0.0.1:{closed} ! null", 2,
                     "cannot be connected to: Connection refused"),
                    ("tcp address=:80 ! null", 2, "address: ':80' names nobody"),
                    (f"file file={path} ! tcp address=127.0.0.1:{port}", 2,
                     "cannot be served at: Address already in use"),
                    ("synth ! tcp address=127.0.0.1:80", 2, "takes bytes: put file before it"),
                    (f"file file={path} ! tcp address=127.0.0.1:{closed} wait=100ms", 1,
                     "nobody has connected")):
                done = self.call("run", text)
                self.assertEqual(done.returncode, status, (text, done.stderr))
                self.assertIn(words, done.stderr.decode())

    def test_one_who_leaves(self):
        """A reader that goes, or does not read: one line, and the end."""
        path = self.path("big", bytes(30 << 20))
        for reads in (False, True):
            port = free_port(socket.SOCK_STREAM)
            server = self.begin("run", f"file file={path} ! tcp address=127.0.0.1:{port} wait=1s")
            while not is_bound(port, "tcp"):
                time.sleep(0.005)
            with socket.create_connection(("127.0.0.1", port)) as one:
                one.recv(1)
                if not reads:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    one.close()
                _, err = self.ends(server, 1)
            self.assertIn("the other end reads nothing" if reads else "the other end has gone", err)


class Lines(Live):
    """Two lines of one feed, each with losses of its own, against a model."""

    def lines(self, datagrams, keeps, options="", more=()):
        """Runs both; (numbers that came, what the join counted, frames that a gap begins)."""
        text = ""
        for i, keep in enumerate(keeps):
            path = self.path(f"{i}.pcap", capture([d for d, k in zip(datagrams, keep) if k]))
            text += f"pcap file={path} frame={random.choice((200, 1000, 16384))} ! moldudp ! j.; "
        out = self.path("out.npy")
        done = self.call("run", *more, "--stats", "json", f"{text} join name=j how=first {options} ! "
                         f"itch type=i64 fields=sequence,timestamp ! npy file={out}")
        self.assertEqual(done.returncode, 0, done.stderr)
        stages = json.loads(done.stderr)["stages"]
        at = next(i for i, stage in enumerate(stages) if stage["name"] == "j")
        return oracle.npy_channels(out), self.counts(done.stderr, at)

    def test_random_losses(self):
        r = random.Random(42)
        random.seed(43)
        for loss in (0.0, 0.05, 0.3, 0.9):
            for more in ((), ("--workers", "2"), ("--batch", "2")):
                messages, datagrams, at = [feeds.itch_make("D", r) for _ in range(600)], [], 0
                ranges = []
                while at < len(messages):
                    n = min(r.randrange(1, 8), len(messages) - at)
                    datagrams.append(feeds.mold_packet(messages[at:at + n], 1 + at))
                    ranges.append((1 + at, 1 + at + n))
                    at += n
                keeps = [[r.random() >= loss for _ in datagrams] for _ in range(r.choice((2, 3)))]
                had = [span for span, *k in zip(ranges, *keeps) if any(k)]
                numbers = [i for a, b in had for i in range(a, b)]
                gaps = [(b, c) for (_, b), (c, _) in zip(had, had[1:]) if b != c]
                want = {"gaps": len(gaps), "missing": sum(b - a for a, b in gaps)}
                got, counts = self.lines(datagrams, keeps, more=more)
                self.assertEqual(got[0], numbers, (loss, more))
                times = [feeds.itch_decode(messages[i - 1])["timestamp"][0] for i in numbers]
                self.assertEqual(got[1], times)
                self.assertEqual(counts, {k: v for k, v in want.items() if v})

    def test_a_line_that_is_dead(self):
        """Nothing is lost of the other; with within= no gap of it waits for ever."""
        r = random.Random(44)
        datagrams = [feeds.mold_packet([feeds.itch_make("D", r)], 1 + i) for i in range(500)]
        keep = [i not in (100, 101, 300) for i in range(500)]
        numbers = [1 + i for i, k in enumerate(keep) if k]
        none = [False] * 500
        self.assertEqual(self.lines(datagrams, [keep, none])[0][0], numbers)
        got, counts = self.lines(datagrams, [keep, none], "within=20")
        self.assertEqual((got[0], counts), (numbers, {"gaps": 2, "missing": 3}))

    def test_a_live_line_that_is_silent(self):
        """One line has a gap, the other is open and says nothing: within= ends the wait."""
        r = random.Random(45)
        ports = [free_port(), free_port()]
        text = "; ".join(f"udp address=127.0.0.1:{p} idle=200ms duration={1 if i else 100}s rcvbuf=1M "
                         "! moldudp ! j." for i, p in enumerate(ports))
        process = self.receive(ports[1], f"{text}; join name=j how=first within=10 ! itch type=i64 "
                                         "fields=sequence ! csv header=no")
        kept = [i for i in range(1, 60) if i not in (7, 8)]
        while not is_bound(ports[0]):
            time.sleep(0.01)
        self.send(ports[0], [feeds.mold_packet([feeds.itch_make("D", r)], i) for i in kept])
        out, err = self.ends(process)
        self.assertEqual([int(line) for line in out.split()], kept)
        self.assertIn("leat: j: gaps 1, missing 2\n", err)

    def test_how_far_within_is(self):
        """A number is waited for until a line is within= further, and not one less."""
        r, port = random.Random(50), free_port()
        packets = [(i, feeds.udp(feeds.mold_packet([feeds.itch_make("D", r)], i)))
                   for i in range(1, 17) if i != 7]
        content, each = feeds.pcap(packets), len(feeds.pcap(packets[:1])) - len(feeds.pcap([]))
        text = (f"pcap file=- ! moldudp ! j.; udp address=127.0.0.1:{port} ! moldudp ! j.; "
                "join name=j how=first within=10 ! itch type=i64 fields=sequence frame=1 ! "
                "csv header=no")
        for last, want in ((15, 7), (16, 8)):
            process = subprocess.Popen([self.leat, "run", text], bufsize=0, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(self.away, process)
            process.stdin.write(content[:-each] if last == 15 else content)
            self.assertEqual([int(process.stdout.readline()) for _ in range(6)], [1, 2, 3, 4, 5, 6])
            if last == 15:
                while not is_bound(port):
                    time.sleep(0.01)
                time.sleep(0.05)  # for one that would not wait
                self.send(port, [feeds.mold_packet([feeds.itch_make("D", r)], 7)])
            ready, _, _ = select.select([process.stdout], [], [], 60)
            self.assertTrue(ready)
            self.assertEqual(int(process.stdout.readline()), want)
            process.kill()
            process.wait()

    def test_sessions(self):
        """Behind an end both lines begin anew, from a number that has been there."""
        r = random.Random(46)
        m = [feeds.itch_make("D", r) for _ in range(90)]
        first = [feeds.mold_packet([m[i]], 1 + i) for i in range(60)]
        second = [feeds.mold_packet([m[60 + i]], 1 + i, b"another se") for i in range(30)]
        for _ in range(4):
            keeps = [[r.random() > 0.2 for _ in range(90)] for _ in range(2)]
            for keep in keeps:
                keep[59] = keep[60] = True
            both = [a or b for a, b in zip(*keeps)]
            want = ([1 + i for i in range(60) if both[i]] +
                    [1 + i for i in range(30) if both[60 + i]])
            got, counts = self.lines(first + second, keeps)
            self.assertEqual((got[0], counts["resets"]), (want, 1))

    def test_an_index_that_is_none(self):
        """Frames of messages, cut anew elsewhere: what then stands where numbers and offsets should,
        whoever sent the datagrams chose. Half of such a frame is old, and nothing beside it is moved."""
        text, now = "", 10 ** 18
        for i in range(2):
            datagrams = [feeds.mold_packet([b"a", b"b"], number) for number in (now - 2 ** 40, now + 5)]
            path = self.path(f"{i}.pcap", feeds.pcap([(now - i, feeds.udp(d)) for d in datagrams]))
            text += f"pcap file={path} ! moldudp frame=64 ! window size=64 hop=24 ! j.; "
        done = self.call("run", "--stats", "json", f"{text} join name=j how=first ! null")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.counts(done.stderr, 6)["missing"], 2 ** 40 - 3)  # of what it took for numbers

    def test_one_source(self):
        path = self.path("d.pcap", capture([b"x"]))
        done = self.call("run", f"pcap file={path} ! tee name=t; t. ! moldudp ! j.; t. ! moldudp ! "
                                "j.; join name=j how=first ! null")
        self.assertEqual(done.returncode, 2)
        self.assertIn("use by=sequence, or two sources", done.stderr.decode())


class Gaps(Live):
    """on-gap=reset: behind a gap a stage is as new."""

    STAGES = ("diff", "logreturn", "ewma span=5", "rolling size=4 out=mean", "welford out=zscore",
              "fir taps=0.5,0.25,0.25", "window size=5", "window size=6 hop=2",
              "window size=3 hop=7 tail=drop", "bars ticks=7 size=price",
              "bars volume=1k size=price tail=drop")

    def parts(self, r, n=200, lost=5):
        """A stream with gaps: messages, and the datagrams of it that are left, in runs."""
        messages = [feeds.itch_make("P", r, price=10000 * r.randrange(100, 200)) for _ in range(n)]
        cuts = sorted(r.sample(range(5, n - 5), lost))
        keep = [i not in cuts for i in range(n)]
        runs, run = [], []
        for m, k in zip(messages, keep):
            if k:
                run.append(m)
            elif run:
                runs.append(run)
                run = []
        runs.append(run)
        return [feeds.mold_packet([m], 1 + i) for i, m in enumerate(messages) if keep[i]], \
            [run for run in runs if run]

    def test_reset(self):
        """As each run by itself; continue: as all of them without a word of gaps."""
        r = random.Random(47)
        for stage in self.STAGES:
            datagrams, runs = self.parts(r)
            path = self.path("g.pcap", capture(datagrams))
            source = f"pcap file={path} ! moldudp ! itch fields=price frame={r.choice((1, 7, 64))} ! "
            alone = []
            for run in runs:
                file = self.path("run.itch", feeds.itch_file(run))
                alone += self.good(f"itch file={file} fields=price ! {stage} ! "
                                   "csv header=no").split()
            all_of_it = self.path("all.itch", feeds.itch_file([m for run in runs for m in run]))
            gone_on = self.good(f"itch file={all_of_it} fields=price ! {stage} ! csv header=no")
            for more in ([], ["--batch", "1"], ["--workers", "2"]):
                done = self.call("run", *more, f"{source} {stage} on-gap=reset ! csv header=no")
                self.assertEqual(done.stdout.decode().split(), alone, stage)
            for word in ("", "on-gap=continue"):
                done = self.call("run", f"{source} {stage} {word} ! csv header=no")
                self.assertEqual(done.stdout.decode(), gone_on, stage)
            done = self.call("run", f"{source} {stage} on-gap=reset on=price as=x ! select "
                                    "channels=x* ! csv header=no")
            if not stage.startswith(("diff", "logreturn", "window", "bars")):
                self.assertEqual(done.stdout.decode().split(), alone, stage)

    def test_keys(self):
        """Behind a key the states of all of them go."""
        r = random.Random(48)
        datagrams, runs = self.parts(r)
        path = self.path("g.pcap", capture(datagrams))
        for stage, key in (("ewma span=5 on=price", "side max=5"),
                           ("bars ticks=2 size=price", "price max=50"),
                           ("bars ticks=2 size=price", "price max=3"),
                           ("bars volume=300 size=price tail=drop", "price max=50"),
                           ("window size=3 hop=2", "side max=5"),
                           ("window size=2", "price max=3"),
                           ("window size=1 hop=2 tail=drop", "price max=50")):
            key = f"key by={key}"
            alone = []
            for run in runs:
                file = self.path("run.itch", feeds.itch_file(run))
                alone += self.good(f"itch file={file} fields=side,price ! {key} ! {stage} ! "
                                   "csv header=no").split()
            self.assertGreater(len(alone), 20)
            for frame in (1, 9):
                done = self.call("run", f"pcap file={path} ! moldudp ! itch fields=side,price "
                                        f"frame={frame} ! {key} ! {stage} on-gap=reset ! "
                                        "csv header=no")
                self.assertEqual(done.stdout.decode().split(), alone, (stage, key))

    def test_a_marked_frame_that_goes(self):
        """A gap whose frame a stage drops is still one for the next."""
        r = random.Random(49)
        prices = [[100, 101, 102, 103], [7, 8, 104, 110], [5, 6], [9, 120, 130]]
        messages, at = [], 1
        for run in prices:
            for price in run:
                messages.append(feeds.mold_packet(
                    [feeds.itch_make("P", r, price=10000 * price)], at))
                at += 1
            at += 3
        path = self.path("g.pcap", capture(messages))
        for frame in (1, 2, 64):
            done = self.call("run", f"pcap file={path} ! moldudp ! itch fields=price frame={frame} ! "
                                    "where channel=price min=50 max=1000 ! ewma alpha=0.5 "
                                    "on-gap=reset ! csv header=no")
            want = [100, 100.5, 101.25, 102.125, 104, 107, 120, 125]
            self.assertEqual([float(x) for x in done.stdout.split()], want, frame)

    def test_mistakes(self):
        for text, words in (("zscore on-gap=reset", "on-gap: zscore has nothing that it could"),
                            ("where channel=1 on-gap=reset", "on-gap: where has nothing"),
                            ("ewma span=2 on-gap=begin", "on-gap: unknown word 'begin'")):
            done = self.call("run", f"synth samples=9 ! {text} ! null")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    oracle.main()
