#!/usr/bin/env python3
"""Includes go strictly down the floors of docs/ARCHITECTURE.md; each dependency lives in one room.

    floors.py ROOT            checks the tree, exit 1 and a line for each offence
    floors.py ROOT --plant    the same with an offence added in memory: must exit 1
"""
import os
import re
import sys

# Third-party headers and the only rooms that may include them.
HOMES = {
    r"hwloc.*": {"topology"},
    r"urcu.*": {"metrics"},
    r"simde/.*|immintrin\.h|arm_neon\.h": {"simd"},
    r"ck_.*": {"pipeline"},
    r"sndfile\.h|csv\.h|jansson\.h|xxhash\.h": {"io"},
    r"pcap/.*": {"feed"},
    r"cjson/.*": {"tool"},
    r"mimalloc\.h": {"arena"},
    r"math\.h": set(),  # no libm in the library; the compilers' builtins for sqrt, fma, fabs, rint
}
OUTSIDE_THE_LIBRARY = {"witness", "tool"}


def rooms_of(root):
    floors, owners = {}, {}
    with open(os.path.join(root, "docs/ARCHITECTURE.md"), encoding="utf-8") as text:
        for line in text:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) == 4 and cells[0].isdigit():
                room = cells[1].strip("`")
                floors[room] = int(cells[0])
                for header in re.findall(r"`([\w.]+)`", cells[2]):
                    owners[header] = room
    return floors, owners


def files_of(root, owners):
    for name in sorted(os.listdir(os.path.join(root, "include/leat"))):
        yield owners.get(name, "?"), os.path.join("include/leat", name)
    for room in sorted(os.listdir(os.path.join(root, "src"))):
        for folder, _, names in os.walk(os.path.join(root, "src", room)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".inc")):
                    yield room, os.path.relpath(os.path.join(folder, name), root)


def offences(root, planted):
    floors, owners = rooms_of(root)
    if len(floors) < 10:
        yield "docs/ARCHITECTURE.md: the table of floors was not found"
    for room, path in files_of(root, owners):
        if room not in floors:
            yield f"{path}: belongs to no room of docs/ARCHITECTURE.md"
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        if planted and path == "src/pool/pool.c":
            text += "#include <leat/engine.h>\n"
        for number, line in enumerate(text.splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            if not found:
                continue
            target = found.group(1)
            if target.startswith("leat/"):
                to = owners.get(target[5:])
            elif "/" in target and target.split("/")[0] in floors:
                to = target.split("/")[0]
            else:
                for pattern, homes in HOMES.items():
                    free = room in OUTSIDE_THE_LIBRARY and target == "math.h"
                    if re.fullmatch(pattern, target) and room not in homes and not free:
                        yield f"{path}:{number}: {target} does not belong in room {room}"
                continue
            if to is None:
                yield f"{path}:{number}: {target} belongs to no room"
            elif to != room and floors[to] >= floors[room]:
                yield (f"{path}:{number}: room {room} (floor {floors[room]}) includes {target} of "
                       f"room {to} (floor {floors[to]})")


def main():
    root = sys.argv[1]
    found = list(offences(root, "--plant" in sys.argv[2:]))
    for line in found:
        print(line)
    print(f"floors: {len(found)} offences")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
