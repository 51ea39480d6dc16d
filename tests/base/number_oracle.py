#!/usr/bin/env python3
"""leat_number_read and leat_number_write against Python's float(), repr() and exact fractions.

usage: number_oracle.py PROGRAM [CASES]     (PROGRAM: number_lines)
"""
import random
import struct
import subprocess
import sys
from fractions import Fraction


def bits_of(number):
    return struct.unpack("<Q", struct.pack("<d", number))[0]


def double_of(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def single_of(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def single_bits(number):
    """The binary32 nearest to a double; ties to even; None when it overflows."""
    try:
        return struct.unpack("<I", struct.pack("<f", number))[0]
    except OverflowError:
        return None


def exact(fraction):
    """All the decimal digits of a fraction whose denominator is a power of two."""
    shift = fraction.denominator.bit_length() - 1
    digits = str(fraction.numerator * 5**shift)
    return f"{digits}e-{shift}" if shift else digits


def halfway_texts(rng):
    """A border between two doubles, and its neighbours on both sides."""
    kind = rng.randrange(4)
    if kind == 0:
        bits = rng.randrange(1, 1 << 52)  # subnormal
    elif kind == 1:
        bits = rng.randrange(1, 2047) << 52  # a power of two
    else:
        bits = rng.randrange(1 << 52, 0x7FEFFFFFFFFFFFFF)
    border = (Fraction(double_of(bits)) + Fraction(double_of(bits + 1))) / 2
    text = exact(border)
    digits, _, power = text.partition("e")
    power = int(power or 0)
    yield text
    zeros = rng.randrange(0, 200)
    yield f"{digits}{'0' * zeros}1e{power - zeros - 1}"
    lower = str(int(digits) - 1) + "9" * zeros
    yield f"{lower}e{power - zeros}"
    if 0 < -power < len(digits):
        yield f"{digits[:power]}.{digits[power:]}{'0' * zeros}7"
    elif power < 0:
        yield f"0.{'0' * (-power - len(digits))}{digits}"


def read_texts(rng, cases):
    yield from ["0", "-0", "1", ".5", "5.", "+7", "1e400", "-1e400", "1e-400", "4.9e-324",
                "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623158e308",
                "1.7976931348623159e308", "2.2250738585072011e-308", "2.2250738585072014e-308",
                "9007199254740993", "9007199254740992.5", "1e23", "8.5e22", "0e999999999999999999",
                "1e99999999999999999999", "1e-99999999999999999999", "0." + "0" * 400 + "1e401",
                "1" + "0" * 400 + "e-400", "123456789" * 90, "0." + "987654321" * 90,
                "9" * 800 + "e-800", "0" * 500 + "1", "1" + "0" * 308, "1" + "0" * 309]
    for _ in range(cases):
        yield repr(double_of(rng.getrandbits(64) & 0x7FEFFFFFFFFFFFFF))
        yield f"{rng.randrange(10**rng.randrange(1, 25))}e{rng.randrange(-345, 320)}"
        yield f"{rng.uniform(-1e6, 1e6):.{rng.randrange(25)}f}"
        n = rng.randrange(1, 820)
        digits = "".join(rng.choice("0123456789") for _ in range(n))
        point = rng.randrange(n + 1)
        yield f"{digits[:point]}.{digits[point:]}e{rng.randrange(-330, 310) - point}"
    for _ in range(cases // 10 + 1):
        yield from halfway_texts(rng)


def shortest_single(bits):
    """The fewest digits that come back, the nearest among them: by trying, with exact distances."""
    value = Fraction(single_of(bits))
    for precision in range(1, 10):
        text = f"{single_of(bits):.{precision - 1}e}"
        digits, power = text.split("e")
        scaled = int(digits.replace(".", ""))
        power = int(power) - precision + 1
        good = [c for c in (scaled - 1, scaled, scaled + 1)
                if single_bits(float(f"{c}e{power}")) == bits]
        if good:
            return precision, min(abs(Fraction(c) * Fraction(10) ** power - value) for c in good)
    raise AssertionError(f"no text for {bits:08x}")


def significant(text):
    digits = text.lstrip("-").split("e")[0].replace(".", "").lstrip("0").rstrip("0")
    return max(len(digits), 1)


def ask(program, questions):
    run = subprocess.run([program], input="\n".join(questions) + "\n", text=True,
                         stdout=subprocess.PIPE, check=True)
    answers = run.stdout.split("\n")[:-1]
    assert len(answers) == len(questions), (len(answers), len(questions))
    return answers


def main():
    program = sys.argv[1]
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    rng = random.Random(20240607)
    wrong = 0

    texts = list(read_texts(rng, cases))
    for text, answer in zip(texts, ask(program, ["r " + t for t in texts])):
        expected = f"{bits_of(float(text)):016x} {len(text)}"
        if answer != expected:
            wrong += 1
            print(f"read {text[:80]}: {answer}, expected {expected}")

    bits = [rng.getrandbits(63) & 0x7FEFFFFFFFFFFFFF for _ in range(cases)]
    bits += [rng.randrange(1, 1 << rng.randrange(1, 53)) for _ in range(cases)]
    bits += [e << 52 for e in range(1, 2047)] + [(e << 52) - 1 for e in range(1, 2047)]
    bits += [bits_of(float(rng.randrange(10**9)) / 10 ** rng.randrange(9)) for _ in range(cases)]
    bits += [bits_of(float(rng.randrange(1 << 62))) for _ in range(cases)]
    bits += [b | 1 << 63 for b in bits[:50]] + [0, 1 << 63]
    for b, answer in zip(bits, ask(program, [f"w {b:016x}" for b in bits])):
        number = double_of(b)
        same = bits_of(float(answer)) == b
        if not same or Fraction(answer) != Fraction(repr(number)) or len(answer) > 31:
            wrong += 1
            print(f"write {b:016x}: {answer}, Python writes {number!r}")

    bits = [rng.randrange(1, 0x7F800000) for _ in range(cases)]
    bits += [rng.randrange(1, 1 << rng.randrange(1, 24)) for _ in range(cases)]
    bits += [e << 23 for e in range(1, 255)] + [(e << 23) - 1 for e in range(1, 255)]
    for b, answer in zip(bits, ask(program, [f"f {b:08x}" for b in bits])):
        precision, distance = shortest_single(b)
        if (single_bits(float(answer)) != b or significant(answer) > precision
                or abs(Fraction(answer) - Fraction(single_of(b))) > distance):
            wrong += 1
            print(f"write_f32 {b:08x}: {answer}, {precision} digits are enough")

    print("wrong" if wrong else "ok", len(texts), len(bits))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
