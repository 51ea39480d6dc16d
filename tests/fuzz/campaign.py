#!/usr/bin/env python3
"""Fuzzes readers by coverage, and says what was reached.

    campaign.py FUZZER WORK DATA [--runs N] [--more] [--seconds S] [--at-once K] [--table]
                [READER...]

Each reader begins anew from its seeds, those cut from DATA too, so many at once as there are
processors, unless --at-once says otherwise. --runs: executions of each reader, 1000000 unless said;
0: what earlier runs kept is run once more, to see which lines it reaches. --more: so many more than
an earlier run, from what it kept. --seconds: no longer than that for one. What was reached is kept in WORK/READER/record.json while it runs; --table prints of
all that is kept the table of tests/fuzz/README.md, and runs nothing anew.

Ctrl-C ends the readers that run and goes on to what was reached; a second one ends everything. What
a reader finds is kept in WORK/READER, and tests/fuzz/README.md says how to look at it. Exit status:
0 nothing was found, 1 something was, 130 it was interrupted.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import seeds

LENGTH_MAX = 1024  # bytes of an input, unless a seed is longer
SAID = 60          # seconds between two words of a reader
UNEVEN = {"csv", "json", "mtx"}  # some inputs cost many times what others do: those are taken less
OWN = "# lines of: "     # in readers/NAME.leat
OTHERS = "# but not: "   # functions of these files that are no reader's
EVENT = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+)")
REPORT = re.compile(r"ERROR: (AddressSanitizer|LeakSanitizer|libFuzzer): |runtime error: |leat fuzz: ")


def environment(reader, profile):
    """Freed memory is kept back for as long as an input takes, and not until it has left the caches:
    the next input finds everything else where it was."""
    chosen = dict(os.environ)
    chosen["LEAT_FUZZ_CHAINS"] = os.path.join(seeds.HERE, "readers", reader + ".leat")
    chosen["LLVM_PROFILE_FILE"] = profile
    chosen["ASAN_OPTIONS"] = ("handle_abort=1:detect_stack_use_after_return=0:"
                              "malloc_context_size=2:quarantine_size_mb=1")
    chosen["UBSAN_OPTIONS"] = "print_stacktrace=1"
    return chosen


def commit():
    """Of the readers: the last one that changed the library; + where that is not all."""
    def git(*words):
        return subprocess.run(["git", "-C", os.path.join(seeds.HERE, "..", ".."), *words, "--", "src",
                               "include"], capture_output=True, text=True, check=False).stdout
    return (git("log", "-1", "--format=%h").strip() or "?") + "+" * bool(git("status", "--porcelain"))


def processor_seconds(pid):
    """Of a process that nobody has waited for yet."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Campaign:
    """One reader."""

    def __init__(self, options, reader):
        self.options, self.reader = options, reader
        self.folder = os.path.join(options.work, reader)
        self.corpus, self.seeds, self.path = (
            os.path.join(self.folder, n) for n in ("corpus", "seeds", "record.json"))
        # steps: (executions, edges) whenever there were more
        self.record = {"reader": reader, "commit": "", "seeds": 0, "executions": 0, "seconds": 0.0,
                       "processor": 0.0, "steps": [], "finding": []}
        self.pid = 0
        self.begun = self.said = time.monotonic()
        if (options.more or not options.runs) and os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as file:
                self.record = json.load(file)
        self.before = {n: self.record[n] for n in ("executions", "seconds", "processor")}

    def start(self):
        if self.options.runs:
            if not self.options.more:
                shutil.rmtree(self.folder, ignore_errors=True)
            self.record["commit"] = self.record["commit"] or commit()
        os.makedirs(self.corpus, exist_ok=True)
        paths = seeds.write(self.reader, self.seeds, self.options.data)
        self.record["seeds"] = len(paths)
        return max(LENGTH_MAX, *map(os.path.getsize, paths))  # bytes of an input

    def keep(self):
        self.record["seconds"] = self.before["seconds"] + time.monotonic() - self.begun
        self.record["processor"] = self.before["processor"] + processor_seconds(self.pid)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.record, file)
        os.replace(self.path + ".new", self.path)

    def rate(self):
        """Executions in a second of the processor: others may have had it for most of the time."""
        return self.record["executions"] / max(1e-2, self.record["processor"])

    def see(self, line):
        record, found = self.record, EVENT.search(line)
        if found:
            n, edges, _ = map(int, found.groups())
            record["executions"] = self.before["executions"] + n
            if not record["steps"] or edges > record["steps"][-1][1]:
                record["steps"].append((record["executions"], edges))
            if time.monotonic() - self.said > SAID:
                self.said = time.monotonic()
                self.keep()
                print(f"{self.reader}: {n} of {self.options.runs} executions, "
                      f"{record['steps'][-1][1]} edges, {self.rate():.0f} a second of the "
                      "processor", flush=True)
        elif record["finding"] or REPORT.search(line):
            record["finding"].append(line)
        done = re.match(r"Done (\d+) runs|stat::number_of_executed_units: (\d+)", line)
        if done:
            record["executions"] = self.before["executions"] + int(done.group(1) or done.group(2))

    def run(self):
        most = self.start()
        words = [self.options.fuzzer, f"-runs={self.options.runs}", f"-max_len={most}",
                 "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", "-print_funcs=0", "-reload=0",
                 f"-artifact_prefix={self.folder}/found-", self.corpus, self.seeds]
        if self.reader in UNEVEN:
            words.insert(1, "-entropic_scale_per_exec_time=1")
        if self.options.seconds:
            words.insert(1, f"-max_total_time={self.options.seconds}")
        self.begun = self.said = time.monotonic()
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, errors="replace",
                              env=environment(self.reader, os.devnull)) as fuzzer:
            self.pid = fuzzer.pid
            for line in fuzzer.stderr:
                self.see(line)
            self.keep()
        with open(os.path.join(self.folder, "finding"), "w", encoding="utf-8") as file:
            file.writelines(self.record["finding"])
        self.report()

    def report(self):
        record = self.record
        print(f"{self.reader}: {record['executions']} executions from {record['seeds']} seeds in "
              f"{record['seconds']:.0f} s, {self.rate():.0f} a second of the processor; edges "
              f"after each quarter {self.quarters()}, the last new one at execution {self.last()}")
        if record["finding"]:
            print(f"{self.reader}: FOUND: {record['finding'][0].strip()}\n{self.reader}:   see "
                  f"{self.folder}/finding and {self.folder}/found-*")
        sys.stdout.flush()

    def quarters(self):
        steps, all_n = self.record["steps"], self.record["executions"]
        return " ".join(str(max((edges for at, edges in steps if at <= q * all_n / 4), default=0))
                        for q in range(1, 5))

    def last(self):
        return self.record["steps"][-1][0] if self.record["steps"] else 0

    def profile(self, folder):
        """Counts the lines that all reach which the runs kept; a profile of it in the folder."""
        raw, data = (os.path.join(folder, self.reader + n) for n in (".raw", ".data"))
        subprocess.run([self.options.fuzzer, "-runs=0", "-max_len=1000000", self.corpus,
                        self.seeds], stderr=subprocess.DEVNULL, check=False,
                       env=environment(self.reader, raw))
        subprocess.run(["llvm-profdata-14", "merge", "-sparse", raw, "-o", data], check=True)
        return data


def said_of(reader, what):
    """The words behind `what` in the reader's file."""
    with open(os.path.join(seeds.HERE, "readers", reader + ".leat"), encoding="utf-8") as file:
        return " ".join(line.removeprefix(what) for line in file if line.startswith(what)).split()


def lines(fuzzer, campaigns, others):
    """{file: {line: times}} of the room's files, over all readers of a run: they share some. Without
    the functions that are named in others, file:function."""
    with tempfile.TemporaryDirectory() as folder:
        profiles, data = [c.profile(folder) for c in campaigns], os.path.join(folder, "all")
        subprocess.run(["llvm-profdata-14", "merge", "-sparse", *profiles, "-o", data], check=True)
        told = subprocess.run(["llvm-cov-14", "export", "-format=lcov", f"-instr-profile={data}",
                               fuzzer], check=True, capture_output=True, text=True).stdout
    out, current, functions, seen = {}, None, {}, set()
    for line in told.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            name = os.path.basename(rest)
            current, functions = out.setdefault(name, {}), {}
        elif kind == "FN":
            number, function = rest.split(",")
            functions[int(number)] = f"{name}:{function.rpartition(':')[2]}"
        elif kind == "DA":
            number, times = map(int, rest.split(",")[:2])
            inside = functions.get(max((n for n in functions if n <= number), default=0))
            seen.add(inside)
            if inside not in others:
                current[number] = current.get(number, 0) + times
    gone = sorted(set(others) - seen)
    if gone:
        sys.exit(f"no function {gone[0]}, which readers/*.leat would leave out")
    return out


def ranges(numbers):
    """[3, 4, 5, 9] -> "3-5 9"."""
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return " ".join(f"{a}-{b}" if a != b else str(a) for a, b in out)


def shares(reached, readers):
    """{reader: (lines reached, lines)} of each reader's own files."""
    own = {r: [times for name in said_of(r, OWN) for times in reached[name].values()]
           for r in readers}
    return {r: (sum(times != 0 for times in all_n), len(all_n)) for r, all_n in own.items()}


def report_lines(reached, readers):
    print("lines of each reader's own files, reached by any reader of this run:")
    for reader, (there, all_n) in shares(reached, readers).items():
        print(f"  {reader}: {there} of {all_n}, {100 * there / all_n:.1f} %")
    print("not reached:")
    for name in sorted({name for reader in readers for name in said_of(reader, OWN)}):
        missed = [number for number, times in sorted(reached[name].items()) if times == 0]
        print(f"  {name}: {ranges(missed) or 'nothing'}")


def report_table(reached, campaigns):
    share = shares(reached, [c.reader for c in campaigns])
    print("| reader | commit | executions | a second of the processor | edges after each quarter "
          "| last new one at | lines |\n|---|---|--:|--:|---|--:|--:|")
    for c in campaigns:
        there, all_n = share[c.reader]
        print(f"| {c.reader} | {c.record['commit']} | {c.record['executions']:,} | {c.rate():,.0f} | "
              f"{c.quarters()} | {c.last():,} | {100 * there / all_n:.1f} %"
              f"{' FOUND' if c.record['finding'] else ''} |")


def count(text):
    """10M, 500k, 1000."""
    digits = text.rstrip("kM")
    return int(digits) * {"": 1, "k": 1000, "M": 1000000}[text[len(digits):]]


def arguments():
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    parser.add_argument("fuzzer")
    parser.add_argument("work")
    parser.add_argument("data")
    parser.add_argument("--runs", type=count, default=1000000)
    parser.add_argument("--more", action="store_true")
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=os.cpu_count())
    parser.add_argument("--table", action="store_true")
    parser.add_argument("readers", nargs="*", metavar="READER")
    options = parser.parse_intermixed_args()
    unknown = [name for name in options.readers if name not in seeds.READERS]
    if unknown:
        parser.error(f"no reader '{unknown[0]}'; there are {' '.join(seeds.READERS)}")
    if options.table:
        options.runs = 0
    return options


def run_all(options, campaigns):
    """So many at once. True: it was interrupted."""
    interrupted = []

    def interrupt(number, frame):
        del number, frame
        interrupted.append(True)
        if len(interrupted) > 1:
            os._exit(130)

    def run(campaign):
        if not interrupted:
            campaign.run()
    signal.signal(signal.SIGINT, interrupt)
    with concurrent.futures.ThreadPoolExecutor(max(1, options.at_once)) as pool:
        list(pool.map(run, campaigns))
    return bool(interrupted)


def main():
    options = arguments()
    campaigns = [Campaign(options, reader) for reader in options.readers or seeds.READERS]
    interrupted = run_all(options, campaigns) if options.runs else False
    campaigns = [c for c in campaigns if os.path.exists(c.path)]
    if not campaigns:
        sys.exit("nothing was run")
    readers = [c.reader for c in campaigns]
    reached = lines(options.fuzzer, campaigns,
                    [function for r in seeds.READERS for function in said_of(r, OTHERS)])
    if options.table:
        report_table(reached, campaigns)
    else:
        report_lines(reached, readers)
    found = any(c.record["finding"] for c in campaigns)
    sys.exit(130 if interrupted else 1 if found else 0)


if __name__ == "__main__":
    main()
