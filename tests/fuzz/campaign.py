#!/usr/bin/env python3
"""Fuzzes readers by coverage, and says what was reached.

    campaign.py FUZZER WORK DATA [--runs N] [--seconds S] [READER...]

Each reader begins anew from its seeds, those cut from DATA too. --runs: executions of each reader,
1000000 unless said; 0: what earlier runs kept is run once more, to see which lines it reaches.
--seconds: no longer than that for one. Ctrl-C ends the reader that runs and goes on to what was
reached; a second one ends everything. What a reader finds is kept in WORK/READER, and
tests/fuzz/README.md says how to look at it. Exit status: 0 nothing was found, 1 something was, 130
it was interrupted.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import seeds

LENGTH_MAX = 1024  # bytes of an input, unless a seed is longer
OWN = "# lines of: "  # in readers/NAME.leat
EVENT = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+)")
REPORT = re.compile(r"ERROR: (AddressSanitizer|LeakSanitizer|libFuzzer): |runtime error: |leat fuzz: ")


def environment(reader, profile):
    chosen = dict(os.environ)
    chosen["LEAT_FUZZ_CHAINS"] = os.path.join(seeds.HERE, "readers", reader + ".leat")
    chosen["LLVM_PROFILE_FILE"] = profile
    chosen["ASAN_OPTIONS"] = ("handle_abort=1:detect_stack_use_after_return=0:"
                              "malloc_context_size=6:quarantine_size_mb=32")
    chosen["UBSAN_OPTIONS"] = "print_stacktrace=1"
    return chosen


class Campaign:
    """One reader."""

    def __init__(self, options, reader):
        self.options, self.reader = options, reader
        self.folder = os.path.join(options.work, reader)
        if options.runs:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.corpus, self.seeds = (os.path.join(self.folder, n) for n in ("corpus", "seeds"))
        os.makedirs(self.corpus, exist_ok=True)
        paths = seeds.write(reader, self.seeds, options.data)
        self.seeds_n = len(paths)
        self.most = max(LENGTH_MAX, *map(os.path.getsize, paths))  # bytes of an input
        self.steps = []  # (executions, edges) whenever there were more
        self.executions, self.begun, self.said = 0, time.monotonic(), time.monotonic()
        self.finding = []

    def rate(self):
        return self.executions / max(1e-3, time.monotonic() - self.begun)

    def see(self, line):
        found = EVENT.search(line)
        if found:
            self.executions, edges, _ = map(int, found.groups())
            if not self.steps or edges > self.steps[-1][1]:
                self.steps.append((self.executions, edges))
            if time.monotonic() - self.said > 10:
                self.said = time.monotonic()
                print(f"{self.reader}: {self.executions} of {self.options.runs} executions, "
                      f"{self.steps[-1][1]} edges, {self.rate():.0f} a second", flush=True)
        elif self.finding or REPORT.search(line):
            self.finding.append(line)
        done = re.match(r"Done (\d+) runs|stat::number_of_executed_units: (\d+)", line)
        if done:
            self.executions = int(done.group(1) or done.group(2))

    def run(self):
        words = [self.options.fuzzer, f"-runs={self.options.runs}", f"-max_len={self.most}",
                 "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", "-reload=0",
                 f"-artifact_prefix={self.folder}/found-", self.corpus, self.seeds]
        if self.options.seconds:
            words.insert(1, f"-max_total_time={self.options.seconds}")
        self.begun = time.monotonic()
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, errors="replace",
                              env=environment(self.reader, os.devnull)) as fuzzer:
            for line in fuzzer.stderr:
                self.see(line)
        self.seconds = time.monotonic() - self.begun
        with open(os.path.join(self.folder, "finding"), "w", encoding="utf-8") as file:
            file.writelines(self.finding)
        return fuzzer.returncode

    def edges_at(self, share):
        reached = [edges for at, edges in self.steps if at <= share * self.executions]
        return reached[-1] if reached else 0

    # ---- lines

    def profile(self):
        """Counts the lines that all reach which the run kept; the profile of it."""
        raw, data = (os.path.join(self.folder, n) for n in ("profile.raw", "profile.data"))
        subprocess.run([self.options.fuzzer, "-runs=0", f"-max_len={self.most}", self.corpus,
                        self.seeds], stderr=subprocess.DEVNULL, check=False,
                       env=environment(self.reader, raw))
        subprocess.run(["llvm-profdata-14", "merge", "-sparse", raw, "-o", data], check=True)
        return data


def own_files(reader):
    with open(os.path.join(seeds.HERE, "readers", reader + ".leat"), encoding="utf-8") as file:
        words = next(line for line in file if line.startswith(OWN))
    return words.removeprefix(OWN).split()


def lines(fuzzer, work, profiles):
    """{file: {line: times}} of the room's files, over all readers of a run: they share some."""
    data, out, current = os.path.join(work, "profile.data"), {}, None
    subprocess.run(["llvm-profdata-14", "merge", "-sparse", *profiles, "-o", data], check=True)
    told = subprocess.run(["llvm-cov-14", "export", "-format=lcov", f"-instr-profile={data}",
                           fuzzer], check=True, capture_output=True, text=True).stdout
    for line in told.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            current = out.setdefault(os.path.basename(rest), {})
        elif kind == "DA":
            number, times = map(int, rest.split(",")[:2])
            current[number] = current.get(number, 0) + times
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


def report(campaign):
    quarters = " ".join(str(campaign.edges_at(q / 4)) for q in range(1, 5))
    last = campaign.steps[-1][0] if campaign.steps else 0
    print(f"{campaign.reader}: {campaign.executions} executions from {campaign.seeds_n} seeds in "
          f"{campaign.seconds:.0f} s, {campaign.executions / max(1e-3, campaign.seconds):.0f} a "
          f"second; edges after each quarter {quarters}, the last new one at execution {last}")
    sys.stdout.flush()


def report_lines(reached, readers):
    print("lines of each reader's own files, reached by any reader of this run:")
    for reader in readers:
        own = {name: reached[name] for name in own_files(reader)}
        there = sum(times != 0 for file in own.values() for times in file.values())
        all_n = sum(map(len, own.values()))
        print(f"  {reader}: {there} of {all_n}, {100 * there / all_n:.1f} %")
    print("not reached:")
    for name in sorted({name for reader in readers for name in own_files(reader)}):
        missed = [number for number, times in sorted(reached[name].items()) if times == 0]
        print(f"  {name}: {ranges(missed) or 'nothing'}")


def count(text):
    """10M, 500k, 1000."""
    digits = text.rstrip("kM")
    return int(digits) * {"": 1, "k": 1000, "M": 1000000}[text[len(digits):]]


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    parser.add_argument("fuzzer")
    parser.add_argument("work")
    parser.add_argument("data")
    parser.add_argument("--runs", type=count, default=1000000)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("readers", nargs="*", metavar="READER")
    options = parser.parse_intermixed_args()
    unknown = [name for name in options.readers if name not in seeds.READERS]
    if unknown:
        parser.error(f"no reader '{unknown[0]}'; there are {' '.join(seeds.READERS)}")
    found, interrupted, profiles = 0, [], {}

    def interrupt(number, frame):
        del number, frame
        interrupted.append(True)
        if len(interrupted) > 1:
            sys.exit(130)
    signal.signal(signal.SIGINT, interrupt)
    for reader in options.readers or seeds.READERS:
        if interrupted:
            break
        campaign = Campaign(options, reader)
        if options.runs:
            campaign.run()
            report(campaign)
        profiles[reader] = campaign.profile()
        if campaign.finding:
            found += 1
            print(f"{reader}: FOUND: {campaign.finding[0].strip()}\n{reader}:   see "
                  f"{campaign.folder}/finding and {campaign.folder}/found-*", flush=True)
    report_lines(lines(options.fuzzer, options.work, profiles.values()), profiles)
    sys.exit(130 if interrupted else 1 if found else 0)


if __name__ == "__main__":
    main()
