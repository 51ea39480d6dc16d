#!/usr/bin/env python3
"""The shape of the code: lines of 100 columns, functions of 70 lines, files of 600, a room's README of
40, no left-overs.

    shape.py ROOT            checks the tree; LIMITS lists what is allowed to be longer, and may only
                             shrink
    shape.py ROOT --plant    the same with offences added in memory: must exit 1
"""
import os
import re
import sys

COLUMNS, FUNCTION, FILE, README = 100, 70, 600, 40
# path or path:function -> lines; an entry that has become unnecessary is an offence too.
LIMITS = {}
FOLDERS = ("include", "src", "tests", "bench", "examples")
LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|not implemented|placeholder")


def sources(root):
    for folder in FOLDERS:
        for path, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".cc", ".hpp")):
                    full = os.path.join(path, name)
                    yield os.path.relpath(full, root), full


def functions(lines):
    """(name, length) of each function whose body opens with a brace in the first column."""
    start = name = None
    for number, line in enumerate(lines):
        if line.startswith("{") and start is None and number > 0:
            head = number - 1
            while head > 0 and lines[head - 1].strip() and lines[head - 1][0] not in "}#/*":
                head -= 1
            text = " ".join(lines[head:number])
            found = re.search(r"(\w+)\s*\([^;]*\)\s*(__attribute__.*)?$", text)
            if found:
                start, name = number, re.search(r"(\w+)\s*\(", text[found.start():]).group(1)
        elif line.startswith("}") and start is not None:
            yield name, number - start + 1
            start = None


def offences(root, planted):
    used = set()
    for path, full in sources(root):
        with open(full, encoding="utf-8") as file:
            lines = file.read().splitlines()
        if planted and path == "src/pool/pool.c":
            lines += ["int planted(void)", "{"] + ["    ;" + " " * 100] * 80 + ["}", "/* TO" "DO */"]
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                yield f"{path}:{number}: {len(line)} columns"
            if LEFT_OVER.search(line):
                yield f"{path}:{number}: a left-over: {line.strip()}"
        sizes = [(path, len(lines), FILE)]
        sizes += [(f"{path}:{name}", length, FUNCTION) for name, length in functions(lines)]
        for what, length, limit in sizes:
            if length <= limit:
                continue
            if length <= LIMITS.get(what, 0):
                used.add(what)
            else:
                yield f"{what}: {length} lines, the limit is {LIMITS.get(what, limit)}"
    rooms = os.path.join(root, "src")
    for room in sorted(os.listdir(rooms)):
        if os.path.isdir(os.path.join(rooms, room)):
            with open(os.path.join(rooms, room, "README.md"), encoding="utf-8") as file:
                length = len(file.readlines()) + (README if planted and room == "pool" else 0)
            if length > README:
                yield f"src/{room}/README.md: {length} lines, the limit is {README}"
    for what in sorted(set(LIMITS) - used):
        yield f"{what}: is in LIMITS without need"


def main():
    found = list(offences(sys.argv[1], "--plant" in sys.argv[2:]))
    for line in found:
        print(line)
    print(f"shape: {len(found)} offences")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
