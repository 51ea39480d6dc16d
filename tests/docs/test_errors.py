#!/usr/bin/env python3
"""The table "From C" of the page on errors: test_errors.py PROGRAM GUIDE

PROGRAM makes each mistake of the table and prints what it was told, a line each. Every row has such a
line, every line such a row; "…" in a row stands for what varies.
"""
import re
import subprocess
import sys


def rows_of(guide):
    with open(guide, encoding="utf-8") as file:
        section = file.read().split("\n## From C\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.M)


def pattern(row):
    return ".*".join(re.escape(part) for part in row.split("…"))


def main():
    program, guide = sys.argv[1:3]
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(f"exit {done.returncode}: {done.stdout}{done.stderr}")
    crash = subprocess.run([program, "broken"], capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines() + crash.stderr.splitlines()[:1]
    rows, bad = rows_of(guide), 0
    for row in rows:
        if not any(re.fullmatch(pattern(row), line) for line in lines):
            bad += 1
            print(f"nothing says: {row}")
    for line in lines:
        if not any(re.fullmatch(pattern(row), line) for row in rows):
            bad += 1
            print(f"not on the page: {line}")
    if crash.returncode >= 0:
        bad += 1
        print(f"the broken precondition did not abort: {crash.returncode}")
    print(f"{len(rows)} rows, {len(lines)} texts, {bad} without their match")
    sys.exit(1 if bad or not rows else 0)


main()
