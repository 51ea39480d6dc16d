#!/usr/bin/env python3
"""Programs that `leat eject` wrote, built with the installed library: they give what `leat run` gives.

The whole catalogue is among them: each parameter of each stage, source and sink has the value that
its own table gives as an example, so that no name of a struct or field is wrong.
"""
import filecmp
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from consume import STANDARDS, build, flags
from setting import arguments, fail, run

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "golden"))
import feeds_oracle  # noqa: E402
import formats  # noqa: E402
import oracle  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


class Work:
    """Two folders with the same inputs: `leat run` works in one, the ejected program in the other."""

    def __init__(self, a, name):
        self.a = a
        self.leat = os.path.join(a.prefix, "bin", "leat")
        self.folder = os.path.join(a.work, "eject", name)
        self.c, self.program = self.path("engine.c"), self.path("engine")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.path("run"))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def file(self, name, content):
        with open(self.path("run", name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def eject(self, *words):
        """The program's text, the same to a file and to standard output."""
        run([self.leat, "eject", "-o", self.c, *words], cwd=self.path("run"))
        with open(self.c, encoding="utf-8") as file:
            text = file.read()
        again = subprocess.run([self.leat, "eject", *words], cwd=self.path("run"), text=True,
                               capture_output=True, timeout=60, check=True)
        if again.stdout != text or again.stderr:
            fail(f"{words}: two texts, or something said: {again.stderr}")
        return text

    def compile(self, standard="c17"):
        """No warning in that language."""
        cxx = standard.startswith("cxx")
        said = run([self.a.cxx if cxx else self.a.cc, STANDARDS[standard], *WARNINGS,
                    "-x", "c++" if cxx else "c", self.c, "-x", "none", "-o", self.program,
                    *flags(self.a, self.a.prefix, "--cflags", "--libs", "leat")])
        if said:
            fail(f"{standard}: {said}")

    def start(self, **more):
        return subprocess.Popen([self.program], cwd=self.path("ejected"), text=True,
                                env={**os.environ, "LD_LIBRARY_PATH": self.a.lib},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def ends(self):
        shutil.rmtree(self.path("ejected"), ignore_errors=True)
        shutil.copytree(self.path("run"), self.path("ejected"))
        process = self.start()
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def differs(self, *words):
        """What the program just built does otherwise than the command; "" when it does the same."""
        status, out, err = self.ends()
        wanted = subprocess.run([self.leat, "run", *words], cwd=self.path("run"), text=True,
                                capture_output=True, timeout=60, check=False)
        if (status, out, err == "") != (wanted.returncode, wanted.stdout, wanted.stderr == ""):
            return f"{status} {out!r} {err!r}, not {wanted.returncode} {wanted.stdout!r} " \
                   f"{wanted.stderr!r}"
        files = sorted(os.listdir(self.path("run")))
        if files != sorted(os.listdir(self.path("ejected"))):
            return f"files {sorted(os.listdir(self.path('ejected')))}, not {files}"
        other = filecmp.cmpfiles(self.path("run"), self.path("ejected"), files, shallow=False)
        return "" if other[0] == files else f"other bytes in {other[1] + other[2]}"

    def check(self, *words, standards=("c17",)):
        text = self.eject(*words)
        for standard in standards:
            self.compile(standard)
            difference = self.differs(*words)
            if difference:
                fail(f"{words}: {difference}")
        return text


# ---- the whole catalogue

# Where an example wants another chain before or around it than the usual one.
USUAL = {"csv": "csv file=plain.csv rate=1000", "wav": "wav file=voice.wav",
         "npy": "npy file=norm.npy rate=1000", "raw": "raw file=iq.raw channels=2 rate=1000",
         "itch": "itch file=day.itch", "dbn": "dbn file=day.dbn", "file": "file file=day.itch",
         "pcap": "pcap file=day.pcap", "udp": "udp address=127.0.0.1:{port} duration=20ms",
         "stdin": "stdin duration=20ms",
         "tcp": "file file=day.soup ! tcp address=127.0.0.1:{port}; tcp address=127.0.0.1:{port}",
         "json": "json file=trades.jsonl fields=data.price rate=1000", "wfdb": "wfdb file=100.hea",
         "mtx": "mtx file=west.mtx", "idx": "idx file=images.idx3-ubyte rate=1000",
         "pgm": "pgm file=scan.pgm", "synth": "synth samples=100 rate=1000"}
SPECIAL = {"csv.columns": "csv file=trades.csv", "csv.time": "csv file=trades.csv",
           "csv.time-unit": "csv file=trades.csv time=timestamp",
           "json.after": "json file=after.jsonl fields=^",
           "json.time-unit": "json file=trades.jsonl fields=data.price time=ts",
           "csv.delimiter": "csv file=tabs.csv", "raw.block": USUAL["raw"] + " layout=planar"}
JOINED = "synth samples=9 ! j{n}.; synth samples=9 ! j{n}.; join name=j{n}"
TIMED = "csv file=plain.csv names=time,{c} ! j{n}.; ".replace
SPECIAL.update({f"join.{param}": JOINED + how for param, how in (
    ("how", ""), ("on-end", ""))})
SPECIAL["join.time"] = TIMED("{c}", "a") + TIMED("{c}", "b") + "join name=j{n} how=asof"
SPECIAL["join.within"] = SPECIAL["join.time-unit"] = SPECIAL["join.time"] + " time=time"
SPECIAL["join.by"] = ("csv file=plain.csv names=time,a time=time ! j{n}.; " * 2 +
                      "join name=j{n} how=merge")
WALK = "synth kind=walk channels=2 samples=100 rate=1000"
SPECIAL.update({f"{name}.None": f"{WALK} ! {before} ! {name}" for name, before in (
    ("irfft", "rfft"), ("ifft", "fft"), ("magnitude", "rfft"), ("power", "rfft"),
    ("phase", "rfft"))})
SPECIAL.update({"matmul.matrix": WALK + " ! matmul", "spmm.matrix": WALK + " ! spmm",
                "matmul.kind": WALK + " ! matmul matrix=weights.npy",
                "matmul.levels": WALK + " ! matmul matrix=weights.npy",
                "project.basis": WALK + " ! project"})
# A group, for what goes with one; nobody sends.
SPECIAL["udp.interface"] = "udp address=239.1.2.3:26477 duration=20ms"
PEERS = {"tcp": "; tcp address=127.0.0.1:{port} ! null",
         "udp": "; udp address=127.0.0.1:{port} idle=50ms duration=1s ! null"}
ALSO = {("sink", "udp", "interface"): {"address": "239.1.2.3:26477"},
        ("stage", "imbalance", "bid"): {"bid": "ask1_price"}}  # not its default
BEHIND = {"lengths": "file file=day.itch", "fixed": "file file=day.dbn skip=206",
          "soupbin": "file file=day.soup", "moldudp": "pcap file=day.pcap", "udp": "pcap file=day.pcap",
          "tcp": "file file=day.soup",
          "book": "itch file=day.itch type=i64 "
                  "fields=type,locate,reference,new_reference,side,shares,price",
          "itch": "file file=day.itch ! lengths", "iex": "pcap file=day.iex.pcap",
          "dbn": "file file=day.dbn skip=206 ! fixed size=56"}
TRADES = "csv file=trades.csv type=i64 names=time,price,size ! bars"
BEHIND["imbalance"] = BEHIND["book"] + " ! book"
SPECIAL.update({f"bars.{param}": TRADES for param in ("ticks", "volume", "dollars")})
SPECIAL.update({f"bars.{param}": TRADES + " time=time every=1s" for param in (
    "every", "price", "size", "time", "time-unit", "tail")})
SPECIAL["key.time"] = "csv file=plain.csv names=b,time ! key ttl=1s"
SPECIAL["key.time-unit"] = SPECIAL["key.time"] + " time=time"
SINK = {"queue.age": "null"}  # what it drops is a matter of time
DOORS = ("inlet", "outlet")
TOGETHER = 100  # chains in one graph, which has at most 255 pools


def inputs(work):
    for name, between in (("plain.csv", ","), ("tabs.csv", "\t")):
        work.file(name, "".join(f"{i}{between}{i * i % 17}\n" for i in range(100)))
    work.file("trades.csv", "timestamp,price,size\n" + "".join(
        f"{i},{1 + i * i % 17},{1 + i % 5}\n" for i in range(100)))
    oracle.write_wav(work.path("run", "voice.wav"), [list(range(100)), [7] * 100], 2)
    work.file("iq.raw", bytes(range(256)) * 256)
    feeds_oracle.write_day(work.path("run"))
    for name, content in formats.examples().items():
        work.file(name, content)
    work.file("after.jsonl", "1.5: [2]\n2.5: [4]\n")
    work.file("norm.npy", oracle.npy_bytes((2, 50), [i / 8 for i in range(100)]))
    work.file("weights.npy", oracle.npy_bytes((3, 2), [1, 0, -1, 2, 0.5, 3]))
    work.file("mixing.npy", oracle.npy_bytes((2, 2), [0.75, 0.25, -0.5, 1]))
    work.file("basis.npy", oracle.npy_bytes((2, 3), [1, 0, -1, 2, 0.5, 3]))


def catalogue(leat):
    """[(role, name, {parameter: (value, required)})]: of each parameter its example, or another of its
    words where that is the default."""
    found = []
    for stage in json.loads(run([leat, "stages", "--json"]))["stages"]:
        params = {}
        for p in stage["params"]:
            value = p["example"]
            if "words" in p and value == p.get("default"):
                value = next(word for word in p["words"] if word != value)
            params[p["name"]] = (value, p["required"])
        found.append((stage["role"], stage["name"], params))
    return found


def chain(role, name, params, param, number):
    """A text in which that parameter is said; it ends in a file of its own."""
    head = SPECIAL.get(f"{name}.{param}") or USUAL.get(name)
    if role != "source" or head is None:
        head = SPECIAL.get(f"{name}.{param}") if role == "stage" else None
        head = head or f"{BEHIND.get(name, WALK)} ! {name}"
    said = {key: value for key, (value, required) in params.items() if required or key == param}
    if role == "sink" and "file" in params:
        said["file"] = f"sink{number}"
    if name in PEERS:
        said["address"] = "127.0.0.1:{port}"
    said.update(ALSO.get((role, name, param), {}))
    for key, value in said.items():
        if not (role == "source" and key in ("file", "address")):
            head = re.sub(rf" {key}=\S+(?!.* ! )", "", head) + f" {key}={value}"
    head += PEERS.get(name, "") if role == "sink" else ""
    head = head.replace("{n}", str(number)).replace("{port}", str(27000 + number))
    if role == "sink":
        return head
    return f"{head} ! {SINK.get(f'{name}.{param}', f'digest file=sink{number}')}"


def whole_catalogue(a):
    work = Work(a, "catalogue")
    inputs(work)
    texts, fields = [], set()
    for role, name, params in catalogue(work.leat):
        for param in () if name in DOORS else list(params) or [None]:
            texts.append(chain(role, name, params, param, len(texts)))
            kind = "" if role == "stage" else "_" + role
            if param:
                fields.add((f"leat_{name}{kind}_options", param.replace("-", "_")))
    text = ""
    for first in range(0, len(texts), TOGETHER):
        name = f"all{first}.leat"
        work.file(name, "\n".join(texts[first:first + TOGETHER]) + "\n")
        text += work.check(name, standards=STANDARDS)
    said = {(function[0], field) for function in re.findall(
        r"struct (\w+) options;\n(.*?)\n}", text, flags=re.S)
        for field in re.findall(r"options\.(\w+)", function[1])}
    if fields - said:
        fail(f"never said: {sorted(fields - said)}")
    print(f"ok: {len(texts)} chains, {len(fields)} parameters")


# ---- pipelines as people write them

GRAPHS = {
    "tee": "synth seed=3 samples=10k ! tee name=t; t. ! zscore ! digest file=a; t. ! digest",
    "twice": "synth samples=5k ! tee name=t; t. ! j.; t. ! scale by=2 ! j.; "
             "join how=add name=j ! digest",
    "sources": "synth seed=1 samples=3k ! j.; synth seed=2 samples=3k ! abs ! j.; join name=j ! "
               "queue depth=8 ! digest",
    "apart": "synth seed=1 samples=100 ! digest file=a; synth seed=2 samples=100 ! digest file=b",
    "names": "synth samples=9 name=int ! scale by=2 name=a-b ! scale by=3 name=a_b ! "
             "scale by=4 name=_a-b_ ! log name=errno ! exp name=_9 ! abs name=__ ! digest name=b",
    "numbers": "synth kind=ramp amplitude=0.1 samples=100 ! scale by=1e300 add=-0 ! "
               "scale by=123456789012345678 add=5e-324 ! clamp min=-inf max=1e308 ! "
               "clamp min=0.30000000000000004 ! where channel=1 max=inf ! digest",
    "channels": "synth channels=4 samples=9k core=%d ! ewma span=9 on=4,'ch2' as=a-b ! "
                "scale by=3 on=1..2 ! exp as=e name=int ! digest on=e.ch1,a-b.*" %
                min(os.sched_getaffinity(0)),
    "seed": "synth seed=18446744073709551615 samples=2147483648 ! digest",
}
CORE = "synth samples=3k ! rolling size=20 core=%s ! digest on=1"
OPTIONS = (["--workers", "2"], ["--workers", "auto", "--pin", "none"], ["--workers", "2", "--pin",
           "none", "--batch", "3", "--pool", "64", "--memory", "1Gi"],
           ["--isa", "base", "--quarantine", "2", "--spins", "5", "--yields", "7"])


def graphs(a):
    for name, text in GRAPHS.items():
        odd = name in ("names", "numbers")
        Work(a, name).check("--frames", "40", text, standards=STANDARDS if odd else ["c17"])
    for number, options in enumerate(OPTIONS):
        work = Work(a, f"options{number}")
        work.check(*options, "--frames", "40", GRAPHS["twice"])
    core = min(os.sched_getaffinity(0))
    text = Work(a, "pinned").check("--pin", str(core), GRAPHS["tee"])
    if f"pins[] = {{{core}}}" not in text:
        fail("the program forgot its pin")
    text = Work(a, "cores").check("--workers", "2", CORE % core)
    if f"leat_graph_core(b->graph, node, {core}, b->diag)" not in text or "spread" in text:
        fail("the program forgot its core, or gives it away")
    tuned(a)
    print("ok: graphs and options")


def tuned(a):
    """A profile goes with the program: a filter that only a price makes one of spectra."""
    work = Work(a, "tuned")
    work.file("tuned.conf", "gemm-panel-b = 8Ki\nmatmul-block = 1Mi\nfilter-price = 0.05\n"
                            "sparse-price-few = 1.25\n")
    words = ("synth seed=1 samples=9k ! fir taps=" + ",".join(f"0.{i}1" for i in range(40)) +
             " ! digest file=d")
    found = []
    for config in ([], ["--config", "tuned.conf"]):
        text = work.check(*config, words, standards=STANDARDS if config else ["c17"])
        with open(work.path("ejected", "d"), encoding="utf-8") as file:
            found.append(file.read())
    if found[0] == found[1] or "tuning.filter_price = 0.05;" not in text:
        fail("the program forgot its profile")


ODD = ['say "x"', "back\\slash", "what??/", "??=x", "tab\there", "h\u00e9llo \u20ac\U0001f40e",
       "\u202eturned", "/* not */", "%d%s", "\\n0123", "'q'"]


def texts(a):
    """Texts of every kind reach the file in the program as they do in the command."""
    work = Work(a, "texts")
    work.file(ODD[0] + ".csv", "1," * (len(ODD) - 1) + "1\n")
    quoted = ["'" + text.replace("'", "'\"'\"'") + "'" for text in ODD]
    words = f"csv file={quoted[0]}.csv names={','.join(quoted)} ! csv file={quoted[6]}.csv"
    work.check(f"# a comment /* of ours */ with ??/\n{words}", standards=STANDARDS)
    with open(work.path("ejected", ODD[6] + ".csv"), encoding="utf-8") as file:
        header = file.readline()
    for text in ODD:
        if text.replace('"', '""').replace("\t", " ") not in header:
            fail(f"{text!r} is not in {header!r}")
    print("ok: texts")


def examples(a):
    """Every pipeline file that people are shown."""
    folder = os.path.join(a.source, "examples")
    files = sorted(name for name in os.listdir(folder) if name.endswith(".leat"))
    prices = "".join(f"{i},{100 + i * i % 17 / 8},{1 + i % 5}\n" for i in range(3000))
    for name in files:
        work = Work(a, name)
        for table in ("market", "trades", "quotes", "sensors"):
            work.file(table + ".csv", "time,price,size\n" + prices)
        work.file("ticks.csv", "symbol,price\n" + "".join(
            f"{i * i % 7},{100 + i % 17 / 8}\n" for i in range(3000)))
        for record, content in formats.wfdb_files("100", [[i % 50 for i in range(3000)]] * 2).items():
            work.file(record, content)
        for sound in ("audio.wav", "reference.wav"):
            oracle.write_wav(work.path("run", sound), [[i * i % 997 for i in range(5000)]], 2)
        if name != "directions.leat":  # which makes it
            work.file("directions.npy", oracle.npy_bytes((129, 4), [i % 7 for i in range(516)]))
        feeds_oracle.write_day(work.path("run"))
        before = len(os.listdir(work.path("run")))
        here = ["--set", "out=bbo"] if name == "bbo.leat" else []  # its own is in memory
        work.check("-f", os.path.join(folder, name), *here)
        said = work.ends()[1]
        if said == "" and len(os.listdir(work.path("ejected"))) == before:
            fail(f"{name}: there is no result")
    print(f"ok: {', '.join(files)}")


def cmake(a):
    work = Work(a, "cmake")
    work.eject(GRAPHS["twice"])
    shutil.copy(work.c, work.path("host.c"))
    with open(work.path("CMakeLists.txt"), "w", encoding="utf-8") as file:
        file.write("cmake_minimum_required(VERSION 3.25)\nproject(host LANGUAGES C)\n"
                   "find_package(leat 0.1 REQUIRED)\nadd_executable(engine host.c)\n"
                   "target_link_libraries(engine PRIVATE leat::leat)\n")
    build(a, work.folder, work.path("built"), "-DCMAKE_PREFIX_PATH=" + a.prefix)
    work.program = work.path("built", "engine")
    difference = work.differs(GRAPHS["twice"])
    if difference:
        fail(f"by find_package: {difference}")
    print("ok: find_package")


# ---- how it ends

def planted(a):
    """What these tests see: another number in the program is another digest."""
    work = Work(a, "planted")
    text = work.eject(GRAPHS["twice"])
    with open(work.c, "w", encoding="utf-8") as file:
        file.write(text.replace("options.by = 2.0;", "options.by = 2.5;"))
    work.compile()
    if "not 0" not in work.differs(GRAPHS["twice"]):
        fail("a changed factor went unseen")


def failures(a):
    work = Work(a, "failures")
    work.file("in.csv", "1\n2\n3\n")
    text = work.eject("csv file=in.csv frame=2 ! csv file=out.csv")
    work.compile()
    line = next(n for n, line in enumerate(text.split("\n"), 1) if 'return add(b' in line)
    for content, status, message in (
            (None, 2, rf"engine: \S*engine\.c:{line}: .*in\.csv.*No such file"),
            ("1\n2\n3\nx\n", 1, r"engine: in\.csv:4:1: .*'x'")):
        shutil.rmtree(work.path("run"))
        os.mkdir(work.path("run"))
        if content:
            work.file("in.csv", content)
        found = work.ends()
        left = sorted(os.listdir(work.path("ejected")))
        if found[0] != status or not re.search(message, found[2]) or found[2].count("\n") != 1:
            fail(f"it was to end with {status} and {message}: {found}")
        if left != (["in.csv"] if content else []):
            fail(f"files are left: {left}")
    work = Work(a, "rejects")
    work.file("in.csv", "1\n\n2\n,\n3\n")
    work.check("csv file=in.csv ! zscore ! digest")
    packets = [feeds_oracle.udp(feeds_oracle.mold_packet([b"D" * 19], n)) for n in (1, 2, 5, 9)]
    work.file("lost.pcap", feeds_oracle.pcap(list(enumerate(packets))))
    work.check("pcap file=lost.pcap ! moldudp name=line ! itch fields=type ! digest")
    told = work.ends()[2]
    if told != "engine: line: gaps 2\nengine: line: missing 5\n":
        fail(f"what is lost is told otherwise: {told}")
    work.check("pcap file=lost.pcap ! moldudp ! itch type=i64 fields=sequence ! diff on-gap=reset "
               "! digest")


def signals(a):
    work = Work(a, "signals")
    work.eject("synth samples=0 ! csv file=out.csv")
    work.compile()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        shutil.rmtree(work.path("ejected"), ignore_errors=True)
        os.mkdir(work.path("ejected"))
        process = work.start()
        for _ in range(1000):
            if any(os.path.getsize(work.path("ejected", name)) > 100_000
                   for name in os.listdir(work.path("ejected"))):
                break
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        if (process.returncode, out, err) != (128 + number, "", ""):
            fail(f"{number!r}: {process.returncode} {out!r} {err!r}")
        if os.listdir(work.path("ejected")) != ["out.csv"]:
            fail(f"{number!r}: {os.listdir(work.path('ejected'))}")
        with open(work.path("ejected", "out.csv"), encoding="ascii") as file:
            lines = file.read().split("\n")
        if lines[-1] != "" or (len(lines) - 2) % 1024 != 0:
            fail(f"{number!r}: {len(lines)} lines, the last one {lines[-1]!r}")


def small_file():
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def endings(a):
    """A reader that has gone and a file that may not grow are errors: told, and nothing is left."""
    work = Work(a, "endings")
    work.eject("synth samples=0 ! tee name=t ! csv file=out.csv; t. ! csv")
    work.compile()
    for before, why in ((small_file, "out.csv"), (None, "standard output")):
        shutil.rmtree(work.path("ejected"), ignore_errors=True)
        os.mkdir(work.path("ejected"))
        process = work.start(preexec_fn=before)
        if before is None:
            process.stdout.read(1000)
            process.stdout.close()
            process.stdout = None
        err = process.communicate(timeout=60)[1]
        if process.returncode != 1 or not err.startswith("engine: ") or why not in err:
            fail(f"{why}: {process.returncode} {err!r}")
        if os.listdir(work.path("ejected")):
            fail(f"{why}: {os.listdir(work.path('ejected'))} are left")


def main():
    a = arguments()
    for part in (whole_catalogue, graphs, texts, examples, cmake, planted, failures, signals, endings):
        part(a)


if __name__ == "__main__":
    main()
