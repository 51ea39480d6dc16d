#!/usr/bin/env python3
"""Every reader over what the fuzzer starts from and what it has found: no crash, no endless loop, no
byte outside of a buffer, every frame at home.

    replay.py PROGRAM DATA      DATA: the shared files; without them what is made here is run alone
"""
import os
import subprocess
import sys
import tempfile

import seeds


def main():
    program, data = sys.argv[1:]
    failed = 0
    for reader in seeds.READERS:
        with tempfile.TemporaryDirectory() as folder:
            inputs = seeds.write(reader, folder, data)
            found = os.path.join(seeds.HERE, "found", reader)
            if os.path.isdir(found):
                inputs += [os.path.join(found, name) for name in sorted(os.listdir(found))]
            done = subprocess.run([program, os.path.join(seeds.HERE, "readers", reader + ".leat"),
                                   *inputs], capture_output=True, text=True, timeout=120)
            well = done.returncode == 0 and done.stdout == f"{len(inputs)} inputs\n"
            print(f"{reader}: {'ok' if well else 'FAILED'}: {len(inputs)} inputs")
            if not well:
                print(done.stdout, done.stderr, sep="\n")
                failed += 1
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
