"""Mean and deviation against exact rational arithmetic over the samples' own bits.

usage: moments_oracle.py TALLY_FILE

Every sample is an integer times a power of two, so sums and sums of squares are exact integers.
The bound is a relative error: 5e-15 (14 digits) for f64; for f32, 1e-7 of the variance.
"""
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
from fractions import Fraction

PROGRAM = sys.argv[1]
FORMAT = {"f32": "f", "f64": "d"}


def exact(samples):
    """Count, mean and squared deviations, exactly."""
    pairs = [x.as_integer_ratio() for x in samples]
    denominator = max(d for _, d in pairs)
    whole = [n * (denominator // d) for n, d in pairs]
    total, squares, n = sum(whole), sum(v * v for v in whole), len(whole)
    return n, Fraction(total, n * denominator), Fraction(n * squares - total * total,
                                                         n * denominator ** 2)


def root(fraction):
    """The square root to about 40 digits."""
    scale = 10 ** 80
    return Fraction(math.isqrt(fraction.numerator * scale ** 2 // fraction.denominator), scale)


def relative(got, want):
    if want == 0:
        return 0.0 if got == 0 else math.inf
    return float(abs(Fraction(got) - want) / abs(want))


def check(name, kind, samples, bound_mean, bound_deviation):
    samples = list(struct.unpack(f"{len(samples)}{FORMAT[kind]}",
                                 struct.pack(f"{len(samples)}{FORMAT[kind]}", *samples)))
    n, mean, m2 = exact(samples)
    variance = m2 / (n - 1)
    faults, lines = 0, set()
    with tempfile.NamedTemporaryFile() as file:
        file.write(struct.pack(f"{n}{FORMAT[kind]}", *samples))
        file.flush()
        for isa in ("base", "v3", "v4"):
            for chunk in (1024, 7, 65536):
                run = subprocess.run([PROGRAM, kind, isa, str(chunk), file.name],
                                     capture_output=True, text=True)
                if run.returncode == 77:
                    continue
                if run.returncode != 0:
                    print(f"FAIL {name}: {PROGRAM} says {run.returncode}")
                    return 1
                lines.add(run.stdout)
    if len(lines) != 1:
        print(f"FAIL {name}: chunks or instruction sets differ: {lines}")
        return 1
    words = lines.pop().split()
    got = [float.fromhex(w) for w in words[1:]]
    errors = (relative(got[0], mean), relative(math.sqrt(got[1]), root(variance)),
              relative(got[1], variance))
    deviation_error = errors[2] if kind == "f32" else errors[1]
    if (int(words[0]) != n or errors[0] > bound_mean or deviation_error > bound_deviation
            or relative(got[2], m2 / n) > 2 * errors[2] + 1e-15
            or got[3] != min(samples) or got[4] != max(samples)):
        print(f"FAIL {name}: {words}")
        faults = 1
    print(f"{name}: n={n} mean {errors[0]:.1e} deviation {errors[1]:.1e} variance {errors[2]:.1e}")
    return faults


def nist(path):
    """The numbers at the end of the file: after the last line that is not one."""
    with open(path, encoding="ascii") as file:
        lines = [line.strip() for line in file.read().splitlines()]
    samples = []
    for line in lines:
        try:
            samples.append(float(line))
        except ValueError:
            samples = [] if line else samples
    return samples


def main():
    r = random.Random(20240229)
    digits = 5e-15
    normal = [r.gauss(0, 1) for _ in range(1_000_000)]
    faults = check("1e9 + N(0,1)", "f64", [1e9 + v for v in normal], digits, digits)
    faults += check("N(0,1)", "f64", normal[:100_003], 1e-13, digits)
    faults += check("trend", "f64", [i * 1e-3 + normal[i] for i in range(200_000)], digits, digits)
    faults += check("outlier", "f64", normal[:5000] + [1e12] + normal[:5000], digits, digits)
    faults += check("period", "f64", [v + (1e3 if i % 128 < 32 else 0) for i, v in
                                      enumerate(normal[:50_000])], digits, digits)
    # The first pivot of a block sees samples 256, 768, ... alone, and each is 1000 deviations off
    # the rest: sums about it are right to 5e-15, which is not enough.
    faults += check("pulses", "f64", [v + (1e3 if i % 512 == 256 else 0) for i, v in
                                      enumerate(normal[:49_152])], 1e-15, 1e-15)
    faults += check("NumAcc2", "f64", [1.2] + [1.1, 1.3] * 500, digits, digits)
    faults += check("NumAcc4", "f64", [10000000.2] + [10000000.1, 10000000.3] * 500, digits, digits)
    faults += check("constant", "f64", [0.1] * 10_001, 0.0 + digits, 0.0)
    faults += check("1e4 +- 100", "f32", [1e4 + 100 * v for v in normal[:300_000]], 1e-7, 1e-7)
    faults += check("N(0,1)", "f32", normal[:300_000], 1e-4, 1e-7)
    faults += check("constant", "f32", [0.1] * 10_001, 1e-7, 0.0)
    folder = os.path.join(os.environ.get("LEAT_TEST_DATA", ""), "nist")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in names:
        faults += check(name, "f64", nist(os.path.join(folder, name)), digits, digits)
    if not names:
        print("NIST StRD: skipped, LEAT_TEST_DATA has no folder nist")
    sys.exit(1 if faults else 0)


main()
