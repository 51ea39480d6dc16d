#!/usr/bin/env python3
"""Shows that every build ran the same tests: compare_builds.py build/plain build/address ...

Each argument names a build folder beside which `NAME.tests` (what ctest lists) and `NAME.test.log`
(what it said) stand. The counts are printed side by side. A test that runs in the plain build but not
in another is a failure, unless EXCEPTIONS names it with a reason.
"""
import re
import sys

# (build, test name as a regular expression): why it cannot run there.
EXCEPTIONS = [
    ("address|thread", r"arena_mimalloc", "mimalloc replaces the malloc that the sanitizer replaces"),
    ("address|thread", r"quiet\.preload.*", "a preloaded interposer and the sanitizer's exclude "
                                            "each other"),
    ("address|thread", r"lend_python", "Python would have to be linked with the sanitizer"),
    ("address|thread", r"install\..*", "a library with a sanitizer inside asks its hosts for it"),
    ("address|thread", r"docs\.pages", "what the catalogue prints is the same text in every build"),
    ("address|thread", r"docs\.guides.*", "its programs stand on an installed library, as above"),
    ("address|thread", r"host\.(fork|dlopen|allocator_.*)", "the sanitizer brings its own malloc, "
                                                            "keeps what is unloaded, and loses "
                                                            "track of threads in a fork"),
    ("address|thread", r"relacy_(ring|ring_room|stream|latest)", "the models hold no sanitizer: they are the "
                                                          "same in each build"),
    ("address|thread", r"conformance.*_neon", "no sanitizer goes to the other architecture"),
    ("thread", r"golden\.(moments|contract_(sources|formats|stages)|bad_input|every_file|spectra|filters|"
               r"books|bars|inspect_files)", "one worker each: no thread meets another that the "
                                             "others of these do not bring together"),
    ("thread", r"tool_draw", "one thread draws"),
    ("thread", r"(stats|fft|linalg|sparse|conformance)_?.*", "they compute on one thread"),
    ("address|thread", r"pipeline_idle", "measures what an idle worker costs, which a sanitizer "
                                         "multiplies"),
]


def outcome(build):
    with open(build + ".tests", encoding="utf-8") as listed:
        names = {line.strip() for line in listed if line.strip()}
    passed, skipped, failed = set(), set(), set()
    line = re.compile(r"^\s*\d+/\d+ Test\s+#\d+: (\S+) \.+\s*(\S.*?)\s+[\d.]+ sec")
    with open(build + ".test.log", encoding="utf-8", errors="replace") as log:
        for text in log:
            found = line.match(text)
            if found:
                result = found.group(2)
                (skipped if "Skipped" in result else
                 passed if result == "Passed" else failed).add(found.group(1))
    return names, passed, skipped, failed


def main():
    builds = sys.argv[1:]
    if not builds:
        sys.exit(__doc__)
    results = {build: outcome(build) for build in builds}
    plain_names, plain_passed, _, _ = results[builds[0]]
    print(f"{'build':24} {'listed':>7} {'passed':>7} {'skipped':>8} {'excepted':>9}")
    failed = False
    for build in builds:
        names, passed, skipped, broken = results[build]
        label = build.rsplit("/", 1)[-1]
        lacking = sorted(plain_passed - passed)
        excepted = [name for name in lacking
                    if any(re.fullmatch(where, label) and re.fullmatch(pattern, name)
                           for where, pattern, _ in EXCEPTIONS)]
        print(f"{label:24} {len(names):7} {len(passed):7} {len(skipped):8} {len(excepted):9}")
        for name in sorted(broken):
            print(f"  {label}: {name} failed")
            failed = True
        for name in lacking:
            if name not in excepted and name not in broken:
                print(f"  {label}: {name} did not run, and no exception names it")
                failed = True
    if not plain_names or not plain_passed:
        failed = True
        print("  the plain build ran no test")
    for where, pattern, reason in EXCEPTIONS:
        print(f"exception: {where}: {pattern}: {reason}")
    total = sum(len(results[build][1]) for build in builds)
    print(f"{total} passed, {1 if failed else 0} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
