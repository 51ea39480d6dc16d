#!/usr/bin/env python3
"""The libraries show what the public headers declare, no more and no less.

libleat.so exports exactly the names declared LEAT_API; the archive, whose internal names a linker
cannot hide, has none outside leat_, so that none can meet one of the host's. --plant declares a
name too many, forgets one, and adds a foreign name: the four offences must be found.
"""
import os
import re
import sys

from setting import arguments, fail, run


def declared(path):
    """Names behind LEAT_API: a function, or objects separated by commas."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", file.read(), flags=re.S)
    text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
    names = set()
    for declaration in re.findall(r"\bLEAT_API\b([^;]*);", text):
        function = re.search(r"\b(leat_\w+)\s*\(", declaration)
        found = [function[1]] if function else re.findall(r"\b(leat_\w+)\s*(?:,|$)", declaration)
        if not found:
            fail(f"{path}: no name in LEAT_API{declaration};")
        names.update(found)
    return names


def shown(nm, path, *flags):
    lines = run([nm, *flags, "--defined-only", path]).splitlines()
    return {line.split()[2].split("@")[0] for line in lines if len(line.split()) == 3}


def main():
    a = arguments()
    headers = os.path.join(a.prefix, "include/leat")
    wanted, opted = set(), declared(os.path.join(headers, "mimalloc.h"))
    for name in sorted(os.listdir(headers)):
        wanted |= declared(os.path.join(headers, name))
    wanted -= opted
    library = shown(a.nm, os.path.join(a.lib, "libleat.so"), "-D")
    archive = shown(a.nm, os.path.join(a.lib, "libleat.a"), "-g")
    opt_in = shown(a.nm, os.path.join(a.lib, "libleat_mimalloc.a"), "-g")
    if a.plant:
        wanted = wanted - {"leat_engine_init"} | {"leat_planted"}
        archive = archive | {"planted"}
    offences = [f"declared, not exported: {name}" for name in sorted(wanted - library)]
    offences += [f"exported, not declared: {name}" for name in sorted(library - wanted)]
    offences += [f"declared, not in libleat.a: {name}" for name in sorted(wanted - archive)]
    offences += [f"in libleat.a, not in Leat's name space: {name}"
                 for name in sorted(archive) if not name.startswith("leat_")]
    if opt_in != opted:
        offences.append(f"libleat_mimalloc.a has {sorted(opt_in)}, mimalloc.h {sorted(opted)}")
    if len(wanted) < 100:
        offences.append(f"only {len(wanted)} declarations were seen: the test is blind")
    for offence in offences:
        print(offence)
    print(f"{len(wanted)} names, {len(offences)} offences")
    sys.exit(1 if offences else 0)


if __name__ == "__main__":
    main()
