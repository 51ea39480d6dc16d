#!/usr/bin/env python3
"""Mean and deviation to 14 digits, against exact rational arithmetic over the binary64 inputs,
through the command: NIST StRD's univariate sets, and 1e9 + N(0,1).

    moments.py LEAT [--long]      --long: 10^6 values instead of 10^5, rolling windows over 10^9
"""
import random
import re
import sys
from fractions import Fraction

import oracle

LONG = "--long" in sys.argv
if LONG:
    sys.argv.remove("--long")
DIGITS = Fraction(5, 10 ** 15)  # half a unit of the 14th digit of a number that begins with 1


def exact(values):
    """Mean and the squared deviation with n - 1, as fractions."""
    numbers, one = oracle.whole(values)
    n, total = len(numbers), sum(numbers)
    squares = sum(x * x for x in numbers)
    return Fraction(total, n * one), Fraction(n * squares - total * total, n * (n - 1) * one * one)


class Moments(oracle.Case):
    def check(self, values, source, digits=DIGITS):
        mean, variance = exact(values)
        results = set()
        for isa in self.usable_sets():
            for frame in (1024, 1000, 7):
                channel = self.json("--isa", isa, f"{source} frame={frame} ! stats")["channels"][0]
                self.assertEqual(channel["count"], len(values))
                self.assertEqual((channel["min"], channel["max"]), (min(values), max(values)))
                results.add((channel["mean"], channel["stddev"]))
        self.assertEqual(len(results), 1)
        got_mean, got_deviation = map(Fraction, results.pop())
        self.assertLessEqual(abs(got_mean - mean), digits * abs(mean))
        # |d - s| <= e s, by way of squares: s^2 (1 - e)^2 <= d^2 <= s^2 (1 + e)^2
        square = got_deviation ** 2
        self.assertLessEqual(variance * (1 - digits) ** 2, square)
        self.assertLessEqual(square, variance * (1 + digits) ** 2)
        return got_mean, got_deviation

    def csv_source(self, values):
        return "csv columns=1 header=yes file=" + self.csv("in.csv", [values], ["x"])

    def test_can_fail(self):
        """The same check refuses a mean that is off in the 15th digit, and a deviation with n."""
        values = [1e9 + x / 8 for x in range(-400, 401)]
        mean, variance = exact(values)
        self.assertEqual(mean, 10 ** 9)
        other = [v + 0.25 for v in values]
        with self.assertRaises(AssertionError):
            self.check(values, self.csv_source(other[:-1] + [max(values)]))
        self.check(values, self.csv_source(values))
        n = len(values)
        self.assertGreater(variance, variance * (n - 1) / n * (1 + DIGITS) ** 2)

    def test_shifted_normal(self):
        r = random.Random(1)
        values = [1e9 + r.gauss(0, 1) for _ in range(1_000_000 if LONG else 100_000)]
        self.check(values, self.csv_source(values))

    def test_nist_generated(self):
        """NumAcc2, 3 and 4, which NIST describes by formula."""
        for base in ("1.", "1000000.", "10000000."):
            middle = float(base + "2")
            values = [middle] + [float(base + "1"), float(base + "3")] * 500
            mean, deviation = self.check(values, self.csv_source(values))
            self.assertLess(abs(mean - Fraction(base + "2")), Fraction(1, 10 ** 8))
            self.assertLess(abs(deviation - Fraction(1, 10)), Fraction(1, 10 ** 8))

    def nist(self, name):
        """The path, the number of the first line of data (those after the last line that is not a
        number), certified mean and deviation, and the values."""
        path = oracle.data("nist", name)
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
        number = re.compile(r"\s*-?[\d.]+\s*")
        start = max(i for i, line in enumerate(lines) if not number.fullmatch(line)) + 1
        label = re.compile(r"(?:mean|standardDeviation) *=|(?:Sample Mean|Sample Standard Dev).*:")
        certified = [Fraction(line.split()[-1]) for line in lines if label.match(line)]
        self.assertEqual(len(certified), 2, name)
        return path, start + 1, certified, [float(line) for line in lines[start:]]

    def test_nist_files(self):
        for name in ("Lew.txt", "Michelso.txt", "NumAcc1.txt", "NumAcc3.txt"):
            path, start, certified, values = self.nist(name)
            source = f"csv file={path} skip={start - 1} header=no columns=1"
            for got, want in zip(self.check(values, source), certified):
                # The certified values are of the decimal data, not of the doubles nearest to it.
                self.assertLess(abs(got - want), Fraction(1, 10 ** 8) * abs(want), name)

    def test_other_kinds(self):
        """f32 and i64 rows: exact over what they hold."""
        r = random.Random(4)
        floats = oracle.to_f32(1e4 + r.gauss(0, 100) for _ in range(20_000))
        self.check(floats, self.csv_source(floats) + " type=f32")
        whole = [10 ** 6 + r.randrange(1000) for _ in range(20_000)]
        path = self.path("whole.csv", "x\n" + "".join(f"{x}\n" for x in whole))
        self.check(whole, f"csv file={path} type=i64")

    def test_rolling_windows_far_along(self):
        """What has left a window leaves no error behind: ten stretches of a long stream, each against
        the samples of its own windows alone."""
        size, stretch = 100, 120
        samples, hop = (10 ** 9, 10 ** 8) if LONG else (10 ** 6, 10 ** 5)
        there, here = self.path("there.npy"), self.path("here.npy")
        cut = f"window size={stretch} hop={hop} tail=drop ! npy file="
        for out, level in (("mean", "1"), ("variance", "1M")):
            self.good(f"synth seed=3 samples={samples} frame=16Ki ! scale add={level} ! tee name=t ! "
                      f"rolling size={size} out={out} ! {cut}{there}\nt. ! {cut}{here}")
            x, y = oracle.read_npy(here)[3], oracle.read_npy(there)[3]
            self.assertEqual((len(x), len(y)), (10 * stretch, 10 * stretch))
            for at in range(0, len(x), stretch):
                want = oracle.rolling(x[at:at + stretch], size, out)[size - 1:]
                self.near_all(y[at + size - 1:at + stretch], want, 1e-13, f"{out} from {at}")


if __name__ == "__main__":
    oracle.main()
