/* The bench: Leat beside its rivals, in the same run.
 *
 * subject: one way to do a job, Leat's or a rival's, behind a table of functions. A loop is written
 *     once for a kind of job (ring_loops.h, pool_loops.h) and compiled into each subject's file, so
 *     no subject pays for a call through a pointer on every operation.
 * row: one measurement: a load, the subjects that carry it and the goals. Rows are data (rows.c).
 *     The first subject of a row is Leat's; ratios are against it.
 *
 * Everything here serves one program and one control thread.
 */
#ifndef LEAT_BENCH_H
#define LEAT_BENCH_H

#include <leat/atomic.h>
#include <leat/clock.h>
#include <leat/topology.h>

#include <stdio.h>

LEAT_BEGIN

enum bench_kernel {
    BENCH_MOMENTS,
    BENCH_MOMENTS_WIDE, /* every step in f64 */
    BENCH_ROLLING,      /* variance of the last 64 */
    BENCH_EWMA,
    BENCH_ZSCORE,
    BENCH_EXP,
    BENCH_LOG
};

/* What is made of a matrix. */
enum bench_factor {
    BENCH_RSVD,
    BENCH_QR,
    BENCH_CHOLESKY
};

/* What a sparse matrix is multiplied with. */
enum bench_other {
    BENCH_VECTOR,
    BENCH_COLUMNS, /* 64 of them, dense */
    BENCH_LIKE     /* a sparse matrix like it */
};

/* What every subject of a row is asked to carry. A job reads the fields that concern it. */
struct bench_load {
    uint32_t threads; /* 1 or 2, each on a processor of its own */
    uint32_t slots;   /* of a ring */
    uint32_t burst;   /* moved, claimed or batched at once; a ring's 0: round trips */
    uint32_t bytes;   /* of an object */
    uint32_t handed;  /* objects are released by the other thread */
    uint32_t samples; /* in a row of samples */
    uint32_t real;    /* samples of a transform are real */
    uint32_t taps;    /* of a filter */
    uint32_t columns; /* of a product with a matrix; 0: as many as samples */
    uint32_t turned;  /* a matrix is given as its transpose */
    uint32_t batch;   /* products of one shape; 0: one */
    uint32_t filled;  /* elements of a million that a sparse matrix has */
    uint32_t itch;    /* market data is ITCH's, else DBN's */
    enum bench_kernel kernel;
    enum bench_other other;
    enum bench_factor factor;
};

struct bench_subject {
    const char *name;
    /* Makes what the load needs; NULL, with the cause in *why, when it cannot be had here. */
    void *(*setup)(const struct bench_load *load, const char **why);
    /* Does n operations. Returns this thread's part of the checksum: the parts of all threads add
     * up to the same number for every subject of the row. May be called again and again. */
    uint64_t (*run)(void *self, uint32_t thread, uint64_t n);
    /* Relative error of the last result; NULL where results are exact. */
    double (*error)(void *self);
    void (*fini)(void *self);
    /* What has to be there before n operations and is not part of them; NULL: nothing. */
    void (*ready)(void *self, uint64_t n);
};

/* A subject by its file's name; subject is NULL when this build does not have it. */
struct bench_entry {
    const char *id;
    const struct bench_subject *subject;
    const char *package; /* what would have to be installed */
};
const struct bench_entry *bench_find(const char *id);

/* ---- rows ---- */

enum bench_sense {
    BENCH_INFO,     /* no goal */
    BENCH_FASTER,   /* the subject's time / Leat's time >= bound */
    BENCH_WITHIN,   /* Leat's time / the subject's time <= bound */
};

struct bench_candidate {
    const char *id;
    enum bench_sense sense;
    double bound;
    double error_bound; /* its error / Leat's error >= this; 0 = no such goal */
};

#define BENCH_CANDIDATES 12

struct bench_row {
    const char *group, *name, *text;
    const char *operation; /* what one operation is: "item", "pair", … */
    uint32_t elements;     /* of that in one operation of run(); 0 = 1 */
    uint64_t n_min;        /* operations in a round, at least */
    struct bench_load load;
    struct bench_candidate candidates[BENCH_CANDIDATES]; /* ends with id NULL */
};

extern const struct bench_row *const bench_groups[];

/* ---- harness ---- */

#define BENCH_ROUNDS 301

struct bench_helper;

struct bench {
    struct leat_clock clock;
    struct leat_topology topology;
    struct bench_helper *helper;
    uint32_t pu[2];
    bool two; /* two processors are usable */
    bool json;
    double seconds_row, seconds_left;
    uint64_t alone_ticks; /* of a row's shortest probe of the core */
    uint32_t met, open, unclear, rivalless, failed;
};

/* Pins the caller, starts the second thread. Errors: a line on stderr and false. */
bool bench_begin(struct bench *b);
void bench_end(struct bench *b);

/* Lets the second thread spin between runs (true) or sleep. */
void bench_hold(struct bench *b, bool spin);

/* One run. checksum: the sum of the threads' parts. quiet: the system took no processor away, and
 * a run of one thread had its core alone, before and after. */
struct bench_time {
    double ns;
    uint64_t checksum;
    bool quiet;
};
struct bench_time bench_run(struct bench *b, const struct bench_subject *subject, void *self,
                            uint32_t threads, uint64_t n);

/* Nanoseconds that one cache line needs from one processor to the other and back, now. */
double bench_probe(struct bench *b);

/* What one candidate did. */
struct bench_result {
    const struct bench_candidate *candidate;
    const char *name;
    const char *why;         /* not NULL: it did not run, and why */
    void *self;
    const struct bench_subject *subject;
    uint64_t checksum;
    double error;            /* < 0: exact */
    double ns[BENCH_ROUNDS];      /* of one operation */
    bool disturbed[BENCH_ROUNDS]; /* not quiet, however often it was repeated */
};

struct bench_sample {
    const struct bench_row *row;
    struct bench_result results[BENCH_CANDIDATES];
    uint32_t results_n, rounds;
    uint64_t n;
    bool equal;              /* checksums */
    double probe[BENCH_ROUNDS];
};

/* Measures a row and reports it. */
void bench_measure(struct bench *b, const struct bench_row *row);

/* ---- report ---- */

void bench_report_machine(struct bench *b);
void bench_report_row(struct bench *b, struct bench_sample *sample);
void bench_report_end(struct bench *b, double seconds);

/* ---- for subjects ---- */

/* Zeroed memory, touched, aligned to a page; given back by free. Ends the program without any. */
void *bench_memory(size_t bytes);

/* Keeps the compiler from knowing what is at an address. */
LEAT_INLINE void bench_escape(const void *address)
{
    __asm__ __volatile__("" : : "r"(address) : "memory");
}

LEAT_END

#endif
