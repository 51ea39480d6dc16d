#!/usr/bin/env python3
"""Writes a made-up market: one trade a line, `time_ns,price,size,side`.

The price walks in ticks of 0.01 around 100.00 and is pulled back towards it; sizes are lots of 1 to
500 with many small ones; trades come 1 to 400 microseconds apart. Only integers are computed, so a
seed gives the same bytes on every machine and every Python 3.

    market.py [--rows 1000000] [--seed 7] FILE        FILE may be - for standard output
"""
import argparse
import os
import sys

MASK = (1 << 64) - 1


def splitmix64(state):
    """Steele, Lea and Flood 2014: 64 well-mixed bits for each call."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def trades(rows, seed):
    bits = splitmix64(seed)
    time_ns, ticks = 34_200_000_000_000, 10_000
    for _ in range(rows):
        word = next(bits)
        time_ns += 1_000 + word % 400_000
        step = (word >> 20) % 7 - 3
        pull = (10_000 - ticks) // 512
        ticks = max(100, ticks + step + pull)
        roll = (word >> 32) % 1000
        size = 1 + (word >> 44) % 5 if roll < 600 else 100 * (1 + (word >> 44) % 5)
        yield time_ns, ticks, size, "B" if word >> 63 else "S"


def write(out, rows, seed):
    out.write("time_ns,price,size,side\n")
    lines = []
    for time_ns, ticks, size, side in trades(rows, seed):
        lines.append(f"{time_ns},{ticks // 100}.{ticks % 100:02d},{size},{side}\n")
        if len(lines) == 20_000:
            out.write("".join(lines))
            lines.clear()
    out.write("".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("file")
    args = parser.parse_args()
    if args.rows < 1:
        parser.error("--rows takes a number of at least 1")
    if args.file == "-":
        write(sys.stdout, args.rows, args.seed)
        return
    beside = f"{args.file}.tmp-{os.getpid()}"
    try:
        with open(beside, "w", encoding="ascii", newline="\n") as out:
            write(out, args.rows, args.seed)
        os.replace(beside, args.file)
    except OSError as error:
        sys.exit(f"market.py: {args.file}: {error.strerror}")


if __name__ == "__main__":
    main()
