/* One pipeline from text to its counts: what every embedding does, in one function. */
#ifndef LEAT_EXAMPLES_JOB_H
#define LEAT_EXAMPLES_JOB_H

#include "witness/witness.h"

#include <leat/engine.h>

struct job_options {
    const char *text, *file; /* the pipeline and its name in messages */
    enum leat_isa isa;
    uint32_t workers;
    bool count_syscalls;
    bool draw; /* the graph on standard output, nanoseconds a sample below each stage */
};

struct job_result {
    struct leat_engine_stats totals;
    struct leat_pool_stats pool; /* the source's */
    struct leat_witness_counts counts;
    bool syscalls_counted;
};

/* Runs it to the end; says on stderr what failed and returns the status. */
int job_run(const struct job_options *options, struct job_result *result);

#endif
