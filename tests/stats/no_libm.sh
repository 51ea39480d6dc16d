#!/bin/sh
# no_libm.sh NM ARCHIVE: the kernels ask nothing of libm but square root and fma, and of libc but
# copies: glibc's own exp and log change with the processor, which would break same bits.
set -u
nm=$1
archive=$2
for room in stats fft linalg sparse; do
    "$nm" -A -u "$archive" | grep -E "leat_${room}_(base|v3|v4)_f(32|64)" >/dev/null ||
        { echo "FAIL: no kernels of the room $room in $archive"; exit 1; }
done
bad=$("$nm" -A -u "$archive" |
      grep -E '[:/](leat_(stats|fft|linalg|sparse)_(base|v3|v4)_f(32|64)|(stats|tally|fft|turn|taper|linalg|view|gemm|sparse|csr|sliced|times|product|isa|isa_x86|isa_arm))\.c\.o?' |
      sed 's/.*[ :]U //' | sort -u |
      grep -vxE 'sqrtf?|fmaf?|mem(cpy|move|set)|str(cmp|len)|leat_[a-z0-9_]*|_GLOBAL_OFFSET_TABLE_' |
      grep -vxE '__stack_chk_fail|__(asan|ubsan|tsan|gcov|cpu|sanitizer)_[A-Za-z0-9_]*')
[ -z "$bad" ] || { echo "FAIL: undefined in the kernels: $bad"; exit 1; }
echo "ok"
