/* What the tests of a left-alone host share: an engine between two doors, made from text.
 *
 * The text has an inlet `in` and an outlet `out`, one channel of f64, frames of HOSTED_FRAME.
 */
#ifndef LEAT_TESTS_INSTALL_HOSTED_H
#define LEAT_TESTS_INSTALL_HOSTED_H

#include <leat/engine.h>

#define HOSTED_FRAME 64
#define HOSTED(stages) "inlet channels=1 frame=64 name=in ! " stages " ! outlet name=out"

struct hosted {
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
    uint32_t in, out; /* the doors; text without doors leaves them alone */
    struct leat_diag diag;
};

struct hosted_options {
    const struct leat_catalogue *own; /* stages beside the library's; NULL */
    enum leat_isa isa;
    bool flush_to_zero, doorless;
    const struct leat_limits *limits; /* NULL: the defaults */
    uint64_t frames_max;
    const leat_atomic_u64 *clock_ns;
};

/* Up to a sealed engine; the status that stopped it, with hosted->diag. */
int hosted_open(struct hosted *h, const char *text, const struct hosted_options *options);
/* Pushes samples[0, n) and takes every score into scores[0, n), which it returns the number of.
 * Steps the workers itself unless `threads` says that Leat's own run. Closes the inlet at the
 * end. */
size_t hosted_pass(struct hosted *h, const double *samples, size_t n, double *scores,
                   bool threads);
/* The same a part at a time: `more` leaves the inlet open, and only what is there is taken. */
size_t hosted_part(struct hosted *h, const double *samples, size_t n, double *scores, size_t room,
                   bool threads, bool more);
/* Steps and takes until nothing moves any more. */
size_t hosted_rest(struct hosted *h, double *scores, size_t room);
/* Waits for the end, which must be near. What leat_engine_wait and leat_engine_fini say, the first
 * that is not 0. */
int hosted_close(struct hosted *h);

/* A test's sample i: whole cents, up and down, never twice the same in a row. */
double hosted_sample(size_t i);

/* Ends the test with a line when the condition does not hold. */
#define EXPECT(condition, ...) \
    ((condition) ? (void)0 : hosted_fail(__FILE__, __LINE__, #condition, __VA_ARGS__))
__attribute__((noreturn)) LEAT_PRINTF(4, 5) void hosted_fail(const char *file, int line,
                                                             const char *condition,
                                                             const char *text, ...);

#endif
