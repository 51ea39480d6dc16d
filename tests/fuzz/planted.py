#!/usr/bin/env python3
"""The fuzzer finds a bound that was left out of the reader of IEX-TP's datagrams within a minute, from
seeds that do not show it; with the bound it finds nothing in as many executions.

    planted.py PLANTED CLEAN
"""
import os
import re
import subprocess
import sys
import tempfile

import seeds

READER, SECONDS, LEAST = "iex", 60, 50000


def fuzz(program, folder, name, *words):
    """Its exit status and words."""
    corpus = os.path.join(folder, name)
    os.makedirs(corpus)
    done = subprocess.run(
        [program, *words, "-seed=1", f"-artifact_prefix={corpus}-", corpus,
         os.path.join(folder, "seeds")], stderr=subprocess.PIPE, text=True, errors="replace",
        env={**os.environ, "LLVM_PROFILE_FILE": os.devnull,
             "LEAT_FUZZ_CHAINS": os.path.join(seeds.HERE, "readers", READER + ".leat")}, check=False)
    return done.returncode, done.stderr


def executions(words):
    return max(int(n) for n in re.findall(r"#(\d+)\t", words))


def main():
    planted, clean = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        seeds.write(READER, os.path.join(folder, "seeds"), "")
        status, words = fuzz(planted, folder, "seeds-only", "-runs=0")
        if status != 0:
            sys.exit("the seeds themselves show what is planted")
        status, words = fuzz(planted, folder, "planted", f"-max_total_time={SECONDS}")
        read = re.search(r"AddressSanitizer: \S+ .*\n(READ of size \d+)", words)
        if status == 0 or read is None:
            sys.exit(f"it found nothing in {SECONDS} s:\n{words[-2000:]}")
        n = executions(words)
        print(f"planted: {read.group(1)} behind a buffer, found after {n} executions")
        n = max(2 * n, LEAST)
        status, words = fuzz(clean, folder, "clean", f"-runs={n}")
        if status != 0:
            sys.exit(f"with the bound in its place it finds something:\n{words[-2000:]}"
                     .replace("Sanitizer", "-Sanitizer"))
        print(f"clean: nothing in {n} executions")


if __name__ == "__main__":
    main()
