/* The kernels of the room for one instruction set and kind, and the one table that they are.
 * Compiled by leat_kernel_matrix: LEAT_REAL, LEAT_ISA, LEAT_TABLE and a width of the vocabulary are
 * given before this text begins.
 */
#include "stats/elementwise.h"
#include "stats/ewma.h"
#include "stats/explog.h"
#include "stats/reduce.h"
#include "stats/rolling.h"
#include "stats/stream.h"
#include "stats/welford.h"
#if LEAT_REAL == 32
#include "stats/wide.h"
#else
#define wide_moments moments /* whose samples are as wide */
#endif

#define CHUNK 16 /* samples that a conversion reads before it writes */
typedef real __attribute__((may_alias)) real_mem;

#define OTHER uint8_t
#define NAME u8
#define LOW 0
#define HIGH UINT8_MAX
#include "stats/convert.h"

#define OTHER int16_t
#define NAME i16
#define LOW INT16_MIN
#define HIGH INT16_MAX
#include "stats/convert.h"

#define OTHER int32_t
#define NAME i32
#define LOW INT32_MIN
#define HIGH INT32_MAX
#include "stats/convert.h"

#define OTHER int64_t
#define NAME i64
#define LOW INT64_MIN
#define HIGH INT64_MAX
#include "stats/convert.h"

#if LEAT_REAL == 32
#define OTHER double
#define OTHER_KIND LEAT_F64
#else
#define OTHER float
#define OTHER_KIND LEAT_F32
#endif
#define NAME other
#include "stats/convert.h"

extern const struct leat_stats LEAT_TABLE;
const struct leat_stats LEAT_TABLE = {
    .isa = LEAT_ISA,
    .kind = REAL_KIND,
    .sum = sum,
    .dot = dot,
    .minmax = minmax,
    .moments = moments,
    .finite = finite,
    .keep_range = keep_range,
    .zscore = zscore,
    .scale = scale,
    .clamp = clamp,
    .abs = magnitude,
    .exp = exponential,
    .log = logarithm,
    .diff = diff,
    .logreturn = logreturn,
    .ewma = ewma,
    .welford = welford,
    .rolling = rolling,
    .from = { [LEAT_U8] = from_u8, [LEAT_I16] = from_i16, [LEAT_I32] = from_i32,
              [LEAT_I64] = from_i64, [OTHER_KIND] = from_other },
    .to = { [LEAT_U8] = to_u8, [LEAT_I16] = to_i16, [LEAT_I32] = to_i32, [LEAT_I64] = to_i64,
            [OTHER_KIND] = to_other },
    .block = block,
    .moments_wide = wide_moments,
};
