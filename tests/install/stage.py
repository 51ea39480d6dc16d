#!/usr/bin/env python3
"""Installs the build into a prefix, moves the prefix, and looks at what is there and what it says.

The other tests of this folder take the moved prefix.
"""
import os
import re
import shutil

from setting import arguments, dynamic, fail, run, soname


def expected(a):
    """Every path that an installation has, files and links."""
    names = ["libleat.a", "libleat.so", soname(a.version), "libleat.so." + a.version,
             "libleat_mimalloc.a", "pkgconfig/leat.pc", "pkgconfig/leat-mimalloc.pc",
             "cmake/leat/LeatModule.cmake", "cmake/leat/Findlibcsv.cmake"]
    names += [f"cmake/leat/leat-{file}.cmake" for file in (
        "config", "config-version", "static-targets", "static-targets-BUILD", "shared-targets",
        "shared-targets-BUILD", "mimalloc-targets", "mimalloc-targets-BUILD")]
    paths = {os.path.join(a.libdir, name) for name in names}
    paths |= {"bin/leat", "share/doc/leat/LICENSE"}
    for header in os.listdir(os.path.join(a.source, "include/leat")):
        paths.add("include/leat/" + header)
    paths |= {os.path.join("share/man", page) for page in present(os.path.join(a.build, "man"))}
    if "share/man/man1/leat.1" not in paths:
        fail("no man pages were built")
    return paths


def present(prefix):
    return {os.path.relpath(os.path.join(folder, name), prefix)
            for folder, _, names in os.walk(prefix) for name in names}


def without_build_type(paths):
    return {re.sub(r"-targets-\w+\.cmake$", "-targets-BUILD.cmake", path) for path in paths}


def look_at_texts(a, staged):
    """Nothing that is read at build time knows where the prefix was, or where it was built."""
    for path in sorted(present(a.prefix)):
        if not path.endswith((".cmake", ".pc")):
            continue
        with open(os.path.join(a.prefix, path), encoding="utf-8") as file:
            text = file.read()
        for place in (staged, a.build, a.source):
            if place in text:
                fail(f"{path} names {place}")
        if path.endswith("-targets.cmake") and re.search(r"/usr/\S+\.(so|a)\b", text):
            fail(f"{path} names a library by its place on this machine")


def look_at_binaries(a):
    library = dynamic(a.readelf, os.path.join(a.lib, "libleat.so"))
    if library.get("SONAME") != [soname(a.version)]:
        fail(f"libleat.so calls itself {library.get('SONAME')}, not {soname(a.version)}")
    if any("mimalloc" in name for name in library["NEEDED"]):
        fail("libleat.so needs mimalloc, which would replace its host's malloc")
    for tags in (library, dynamic(a.readelf, os.path.join(a.prefix, "bin/leat"))):
        if "RPATH" in tags or "RUNPATH" in tags:
            fail(f"a path is left in a binary: {tags}")


def main():
    a = arguments()
    staged = os.path.join(a.work, "staged")
    shutil.rmtree(a.work, ignore_errors=True)
    os.makedirs(os.path.dirname(a.prefix))
    run([a.cmake, "--install", a.build, "--prefix", staged])
    os.rename(staged, a.prefix)
    there = without_build_type(present(a.prefix))
    missing, extra = expected(a) - there, there - expected(a)
    if missing or extra:
        fail(f"missing: {sorted(missing)}; not expected: {sorted(extra)}")
    look_at_texts(a, staged)
    look_at_binaries(a)
    said = run([os.path.join(a.prefix, "bin/leat"), "--version"])
    if a.version not in said:
        fail(f"leat --version says {said!r}, not {a.version}")
    print(f"ok: {len(there)} files")


if __name__ == "__main__":
    main()
