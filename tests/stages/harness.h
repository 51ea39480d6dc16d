/* One stage by itself: its table's calls over frames made by hand, without a pipeline.
 *
 * The harness owns everything a planner and a worker would: options from text, shapes, state,
 * scratch, frames. It is the `leat_out` of flow stages too, and can be made to refuse.
 */
#ifndef TESTS_STAGES_HARNESS_H
#define TESTS_STAGES_HARNESS_H

#include <leat/stages.h>

#include <criterion/criterion.h>
#include <stdio.h>

#define ROWS_MAX 8u

/* Samples of every row, rows one after the other, each n of the kind. */
struct samples {
    void *data;
    uint32_t rows, kind;
    size_t n;
};

/* Header of a frame that came out. */
struct made {
    uint32_t cols;
    uint8_t flags;
    int64_t time_ns;
    uint64_t key;
};

struct harness {
    const struct leat_stage *stage;
    uint64_t options[64]; /* the option struct */
    char memory[1024];    /* lists */
    struct leat_shape in;
    struct leat_need need;
    struct leat_channel channels_in[ROWS_MAX], channels_out[ROWS_MAX];
    struct leat_diag diag;
    struct leat_ctx ctx;
    void *state;
    uint8_t verdict[LEAT_CHANNELS_MAX];
    /* how a run goes */
    uint32_t batch;      /* frames a call */
    uint32_t room;       /* what a flow stage may put in one call */
    uint32_t claim_each; /* every so many claims one is refused; 0 = none */
    int64_t time_ns;     /* of the first sample; LEAT_TIME_NONE */
    size_t gap_at;       /* the frame with this sample says GAP_BEFORE, and */
    int64_t gap_ns;      /* it and all after it are so much later; 0 = no gap */
    /* what came out of the last run */
    struct samples out;
    struct made *made;
    size_t made_n, dropped, rejected, claims, refused; /* refused: puts without room */
    size_t live; /* frames that somebody still holds */
};

/* The stage of that name; its table is checked on the way. */
const struct leat_stage *harness_stage(const char *name);

/* Options from "size=3 out=mean" over the defaults, then resolve for [rows x cols] of kind.
 * Channels are named a, b, c, … Returns the first error, words in diag. */
int harness_resolve(struct harness *h, const char *name, const char *options, uint32_t rows,
                    uint32_t cols, uint32_t kind, double rate_hz);

/* What the planner says of it to every stage; NULL at first. */
extern const struct leat_tuning *harness_tuning;

/* The same, and it must succeed; then init. */
void harness_open(struct harness *h, const char *name, const char *options, uint32_t rows,
                  uint32_t cols, uint32_t kind, double rate_hz);
void harness_close(struct harness *h);

/* Cuts `in` into frames of `frame` samples and runs them through; end: flush after them. Every
 * frame must be home afterwards. What comes out replaces h->out and h->made. */
void harness_run(struct harness *h, const struct samples *in, uint32_t frame, bool end);

struct samples samples_make(uint32_t rows, size_t n, uint32_t kind);
void samples_free(struct samples *samples);
void *samples_row(const struct samples *samples, uint32_t r);
/* Sample i of row r as a double. */
double samples_get(const struct samples *samples, uint32_t r, size_t i);
void samples_set(struct samples *samples, uint32_t r, size_t i, double value);
/* Filled with a walk around `level`: prices, the same at every call. */
struct samples samples_walk(uint32_t rows, size_t n, uint32_t kind, double level);
bool samples_same(const struct samples *a, const struct samples *b);

#endif
