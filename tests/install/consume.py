#!/usr/bin/env python3
"""Builds hosts of the installed and moved library (or of its sources) and runs them.

    consume.py find_package | pkg_config | add_subdirectory ...
"""
import os
import shlex
import shutil

from setting import arguments, fail, look_at_program, run

LANGUAGES = {"c11": ("cc", "pipeline.c"), "c17": ("cc", "pipeline.c"),
             "cxx17": ("cxx", "pipeline.cpp")}
STANDARDS = {"c11": "-std=c11", "c17": "-std=c17", "cxx17": "-std=c++17"}


def here(*names):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "consumer", *names)


def build(a, source, folder, *options):
    """Configures and builds a project anew: its compiler is the one that built Leat."""
    run([a.cmake, "-S", source, "-B", folder, "--fresh", "-G", a.generator,
         "-DCMAKE_C_COMPILER=" + a.cc, "-DCMAKE_CXX_COMPILER=" + a.cxx,
         # as fast as can be: what is tested is the way to it
         "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=", *options])
    run([a.cmake, "--build", folder, "--parallel", "2"])


def look_at_all(a, folder):
    for kind in ("static", "shared"):
        for language in LANGUAGES:
            look_at_program(a, os.path.join(folder, f"{language}_{kind}"), kind)


def find_package(a):
    folder = os.path.join(a.work, "find_package")
    build(a, here(), folder, "-DCMAKE_PREFIX_PATH=" + a.prefix)
    look_at_all(a, folder)
    run([os.path.join(folder, "arena")])
    folder = os.path.join(a.work, "find_package_one")
    build(a, here("one"), folder, "-DCMAKE_PREFIX_PATH=" + a.prefix, "-DKIND=" + a.kind)
    look_at_program(a, os.path.join(folder, "c17_" + a.kind), a.kind)


def add_subdirectory(a):
    folder = os.path.join(a.work, "add_subdirectory")
    build(a, here(), folder, "-DLEAT_SOURCE=" + a.source)
    look_at_all(a, folder)
    prefix = os.path.join(a.work, "of_the_host")
    run([a.cmake, "--install", folder, "--prefix", prefix])
    if os.path.exists(prefix):
        fail(f"the host's installation holds what is Leat's: {sorted(os.listdir(prefix))}")


def flags(a, folder, *options):
    environment = {**os.environ, "PKG_CONFIG_PATH": os.path.join(folder, a.libdir, "pkgconfig")}
    return shlex.split(run([a.pkg_config, *options], env=environment))


def compile_with(a, language, kind, words):
    compiler, source = LANGUAGES[language]
    program = os.path.join(a.work, "pkg_config", f"{language}_{kind}")
    run([getattr(a, compiler), STANDARDS[language], "-Wall", "-Wextra", "-Wpedantic", "-Werror",
         here(source), "-o", program, *words])
    return program


def pkg_config(a):
    """Static: from a copy of the prefix without the shared library, as one says what is wanted."""
    folder = os.path.join(a.work, "pkg_config")
    shutil.rmtree(folder, ignore_errors=True)
    archive = os.path.join(folder, "archive")
    shutil.copytree(a.prefix, archive, symlinks=True,
                    ignore=shutil.ignore_patterns("*.so", "*.so.*"))
    if flags(a, a.prefix, "--modversion", "leat") != [a.version]:
        fail("pkg-config knows another version")
    if any(word.startswith(("-lhwloc", "-lsndfile", "-lcsv"))
           for word in flags(a, a.prefix, "--libs", "leat")):
        fail("who links the shared library is told to link what it needs by itself")
    for language in LANGUAGES:
        shared = compile_with(a, language, "shared", flags(a, a.prefix, "--cflags", "--libs", "leat"))
        look_at_program(a, shared, "shared", {"LD_LIBRARY_PATH": a.lib})
        static = compile_with(a, language, "static",
                              flags(a, archive, "--static", "--cflags", "--libs", "leat"))
        look_at_program(a, static, "static")
    arena = os.path.join(folder, "arena")
    run([a.cc, "-std=c17", here("arena.c"), "-o", arena,
         *flags(a, a.prefix, "--cflags", "--libs", "leat-mimalloc")])
    run([arena], env={**os.environ, "LD_LIBRARY_PATH": a.lib})


def main():
    modes = {"find_package": find_package, "pkg_config": pkg_config,
             "add_subdirectory": add_subdirectory}
    a = arguments(*modes)
    modes[a.mode](a)


if __name__ == "__main__":
    main()
