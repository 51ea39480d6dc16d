#!/bin/sh
# headers.sh CC CXX INCLUDE_FOLDER HEADER...
set -u
cc=$1 cxx=$2 include=$3
shift 3
flags="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only -I $include"
failed=0 n=0
for header in "$@"; do
    unit=$(mktemp)
    printf '#include "%s"\nint unit;\n' "$header" >"$unit"
    $cc -std=c11 $flags -x c "$unit" || failed=1
    $cc -std=c17 $flags -x c "$unit" || failed=1
    $cxx -std=c++17 $flags -x c++ "$unit" || failed=1
    rm -f "$unit"
    n=$((n + 1))
done
echo "headers: $n headers, failed=$failed"
[ "$n" -gt 0 ] || failed=1
exit $failed
