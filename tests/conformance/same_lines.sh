#!/bin/sh
# same_lines.sh EMULATOR OTHER PROGRAM [ARGUMENT...]: PROGRAM here, and OTHER in the emulator, succeed
# with these arguments and print the same lines.
set -u
emulator=$1 other=$2 program=$3
shift 3
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
"$program" "$@" >"$dir/a" 2>/dev/null || { echo "FAIL: $program"; grep FAIL "$dir/a"; exit 1; }
"$emulator" "$other" "$@" >"$dir/b" 2>/dev/null ||
    { echo "FAIL: $other"; grep FAIL "$dir/b"; exit 1; }
[ "$(wc -l <"$dir/a")" -gt 8 ] || { echo "FAIL: no digests"; exit 1; }
diff "$dir/a" "$dir/b" || { echo "FAIL: digests differ"; exit 1; }
echo "ok: $(grep -c . "$dir/a") lines"
