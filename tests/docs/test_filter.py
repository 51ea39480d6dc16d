#!/usr/bin/env python3
"""What Doxygen is told of the headers: test_filter.py FILTER INCLUDE

The filter moves comments and nothing else: the code that is left is what it was, for every header.
"""
import importlib.util
import os
import re
import sys
import unittest

FILTER, INCLUDE = sys.argv[1:3]
spec = importlib.util.spec_from_file_location("filter", FILTER)
filter_ = importlib.util.module_from_spec(spec)
spec.loader.exec_module(filter_)

HEADER = """/* The pump: lifts.
 *
 * Which calls:
 *   lift   one thread
 */
#ifndef P
#define P

#define PUMPS_MAX 4u /* at once */

/* A pump. */
struct pump {
    uint32_t n; /* strokes * 2,
                 * at most */
    /* Both below
     * belong. */
    bool on;
};

/* ---- a section ---- */

/* Lifts <n> of it. Errors:
 * Errors: none. */
int pump_lift(struct pump *p);
int pump_drop(struct pump *p);

int pump_silent(void);

/* Private: primes. */
static inline int pump_prime(struct pump *p)
{
    /* inside */
    return p->n == 0; /* [R1 pairs R2: x] */
}
#endif
"""


def code(text):
    return re.sub(r"\s+", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


class Filter(unittest.TestCase):
    def setUp(self):
        self.out = filter_.header(HEADER)

    def test_the_head_is_about_the_file(self):
        self.assertTrue(self.out.startswith("/** @file\nThe pump: lifts.\n"))

    def test_what_is_indented_stands_as_it_is(self):
        self.assertRegex(self.out, r"@verbatim\n  lift   one thread\n@endverbatim")

    def test_above_and_behind(self):
        self.assertIn("/** A pump. */\nstruct pump", self.out)
        self.assertIn("#define PUMPS_MAX 4u /**< at once */", self.out)
        self.assertIn("uint32_t n; /**< strokes \\* 2,\nat most */", self.out)
        self.assertIn("/** Both below\nbelong. */\n    bool on;", self.out)

    def test_neighbours_share(self):
        self.assertRegex(self.out, r"(?s)/\*\* Lifts &lt;n&gt; of it\..*\*/\nint pump_lift.*"
                                   r"/\*\* Lifts &lt;n&gt; of it\..*\*/\nint pump_drop")
        self.assertIn("**Errors:** none.", self.out)

    def test_no_one_else(self):
        self.assertIn("\n\nint pump_silent", self.out)
        self.assertIn("/* ---- a section ---- */", self.out)
        self.assertIn("/* inside */", self.out)
        self.assertIn("/* [R1 pairs R2: x] */", self.out)
        self.assertIn("/** @private\nPrivate: primes. */", self.out)

    def test_every_header_keeps_its_code(self):
        names = [name for name in os.listdir(INCLUDE) if name.endswith(".h")]
        self.assertGreater(len(names), 20)
        for name in names:
            with open(os.path.join(INCLUDE, name), encoding="utf-8") as file:
                text = file.read()
            out = filter_.header(text)
            self.assertEqual(code(out), code(text), name)
            self.assertEqual(out.count("@verbatim"), out.count("@endverbatim"), name)
            self.assertEqual(out.count("@file"), 1, name)


class Pages(unittest.TestCase):
    def test_links(self):
        page = filter_.page("docs/guides/x.md", "# `T`\n`a` `'b'` [a](../NUMERICS.md#sums) [b](../../LICENSE) "
                            "[c](https://c.example/) [d](y.md)\n```sh long\n[e](f)\n```\n")
        self.assertEqual(page, "# T\n`a` <code>&apos;b&apos;</code> [a](docs/NUMERICS.md) b [c](https://c.example/) "
                               "[d](docs/guides/y.md)\n```{.sh}\n[e](f)\n```\n")


unittest.main(argv=sys.argv[:1])
