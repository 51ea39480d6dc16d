/* The tables that eigen_functions.h makes. */
#ifndef LEAT_BENCH_EIGEN_SETS_H
#define LEAT_BENCH_EIGEN_SETS_H

#include "stats_job.h"

LEAT_BEGIN
extern const struct stats_functions eigen_one_pass_base, eigen_one_pass_v3, eigen_one_pass_v4;
extern const struct stats_functions eigen_two_pass_base, eigen_two_pass_v3, eigen_two_pass_v4;
LEAT_END

#endif
