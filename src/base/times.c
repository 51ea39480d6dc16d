#include "base/times.h"

#include <stddef.h>

const char *const leat_time_words[] = {"s", "ms", "us", "ns", NULL};
const uint64_t leat_time_ns[] = {1000000000, 1000000, 1000, 1};
