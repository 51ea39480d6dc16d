/* The units that times are written in, in the order of leat_time_unit: seconds first. */
#ifndef LEAT_BASE_TIMES_H
#define LEAT_BASE_TIMES_H

#include <stdint.h>

extern const char *const leat_time_words[]; /* "s" "ms" "us" "ns"; NULL ends */
extern const uint64_t leat_time_ns[];       /* of each */

#endif
