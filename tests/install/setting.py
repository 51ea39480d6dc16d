"""What the tests of the installed library share: arguments, commands, and what an ELF file needs."""
import argparse
import os
import re
import subprocess
import sys

TEXT = "synth kind=noise seed=7 channels=2 samples=10k ! zscore ! digest file=-"


def arguments(*modes):
    parser = argparse.ArgumentParser()
    if modes:
        parser.add_argument("mode", choices=modes)
    for name in ("source", "build", "work", "version", "kind", "libdir", "generator", "cmake",
                 "pkg-config", "cc", "cxx", "nm", "readelf"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--plant", action="store_true")
    found = parser.parse_args()
    found.prefix = os.path.join(found.work, "moved", "elsewhere")
    found.lib = os.path.join(found.prefix, found.libdir)
    return found


def fail(text):
    sys.exit("FAIL: " + text)


def run(command, **more):
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, timeout=250, **more)
    if done.returncode != 0:
        fail(f"{' '.join(command)} exits {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def dynamic(readelf, path):
    """{tag: [values]} of the dynamic section: NEEDED, SONAME, RUNPATH, …"""
    tags = {}
    for tag, value in re.findall(r"\((\w+)\)[^\[\n]*\[([^\]]*)\]", run([readelf, "-dW", path])):
        tags.setdefault(tag, []).append(value)
    return tags


def soname(version):
    major, minor, _ = version.split(".")
    return f"libleat.so.{major}.{minor}" if major == "0" else f"libleat.so.{major}"


def look_at_program(a, path, kind, environment=None):
    """Runs a consumer: right scores, the command's own digest, and the kind of library asked for."""
    wanted = run([os.path.join(a.prefix, "bin", "leat"), "run", TEXT])
    clean = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    said = run([path, TEXT], env={**clean, **(environment or {})})
    if '"xxh64"' not in wanted:
        fail(f"the command said no digest: {wanted}")
    if said != wanted:
        fail(f"{path} said {said!r}, the command {wanted!r}")
    needs = soname(a.version) in dynamic(a.readelf, path).get("NEEDED", [])
    if needs != (kind == "shared"):
        fail(f"{path}: was to be {kind}, and libleat.so is {'' if needs else 'not '}needed")
    print(f"ok: {os.path.basename(path)}")
