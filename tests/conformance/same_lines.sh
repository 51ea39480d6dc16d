#!/bin/sh
# same_lines.sh PROGRAM OTHER [ARGUMENT...]: both succeed and print the same lines.
set -u
program=$1
shift
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
"$program" >"$dir/a" 2>/dev/null || { echo "FAIL: $program"; grep FAIL "$dir/a"; exit 1; }
"$@" >"$dir/b" 2>/dev/null || { echo "FAIL: $*"; grep FAIL "$dir/b"; exit 1; }
[ "$(wc -l <"$dir/a")" -gt 8 ] || { echo "FAIL: no digests"; exit 1; }
diff "$dir/a" "$dir/b" || { echo "FAIL: digests differ"; exit 1; }
echo "ok: $(grep -c . "$dir/a") lines"
