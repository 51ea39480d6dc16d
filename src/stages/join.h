/* What the files of the join share. */
#ifndef LEAT_STAGES_JOIN_H
#define LEAT_STAGES_JOIN_H

#include "stages/room.h"

enum how { ZIP, ADD, FIRST, MERGE, ASOF };
enum by { SEQUENCE, TIME, ARRIVAL };
enum on_end { DRAIN, STOP };

struct join {
    uint64_t next;   /* FIRST: the number that comes next; by arrival: whose turn it is */
    uint64_t within; /* FIRST: numbers, MERGE: nanoseconds; 0: waits as long as it takes */
    int64_t latest;  /* MERGE: the latest time of what was put */
    double rate_hz;
    uint32_t how, by;
    uint32_t bytes;  /* of a sample */
    bool gap;        /* FIRST: numbers before `next` are missing */
    bool stops;      /* on-end=stop */
    bool stopped;    /* an input has ended and is used up: what still comes is let go */
    bool lines;      /* FIRST, of messages: join_lines.c */
};

/* What it has not taken yet. */
static inline struct leat_frame *const *rest(const struct leat_input *input)
{
    return input->frames + input->taken;
}

static inline struct leat_frame *head(const struct leat_input *input)
{
    return input->taken < input->n ? *rest(input) : NULL;
}

static inline bool used_up(const struct leat_input *input)
{
    return input->ended && head(input) == NULL;
}

static inline bool any_used_up(const struct leat_input *inputs, uint32_t n)
{
    bool any = false;
    for (uint32_t i = 0; i < n; i++)
        any |= used_up(&inputs[i]);
    return any;
}

/* No frame of a smaller number will come from this input. */
static inline uint64_t bound(const struct leat_input *input)
{
    const struct leat_frame *frame = head(input);
    return frame != NULL ? frame->seq : input->ended ? UINT64_MAX : input->answered;
}

static inline void let_go(struct leat_ctx *ctx, struct leat_input *input, struct leat_out *out)
{
    struct leat_frame *frame = input->frames[input->taken++];
    ctx->dropped++;
    ctx->samples_lost += frame->cols;
    leat_out_release(out, frame);
}

/* The channels of the other inputs behind those of the first, all names different. LEAT_ELIMIT. */
int leat_join_side_by_side(const struct leat_shape *in, struct leat_need *need,
                           struct leat_diag *diag);

/* join_pair.c: how=zip, how=add. */
void leat_pair_join(struct join *join, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                    struct leat_out *out);

/* join_asof.c: how=asof. The state begins with a struct join. */
int leat_asof_resolve(const struct leat_join_options *options, const struct leat_shape *in,
                      struct leat_need *need, struct leat_diag *diag);
int leat_asof_init(struct join *join, const struct leat_join_options *options,
                   const struct leat_shape *in, const struct leat_need *need,
                   struct leat_diag *diag);
void leat_asof_join(struct join *join, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                    struct leat_out *out);
/* At the end: counts what is of no use after all. */
void leat_asof_flush(struct join *join, struct leat_ctx *ctx);

/* join_lines.c: how=first of messages. The state begins with a struct join. */
#define LEAT_LINES_FRAMES 256u /* of a line that may wait for what another may have */
extern const char *const leat_lines_causes[];
bool leat_lines_are(const struct leat_shape *in);
/* What differs from how=first of other frames. */
void leat_lines_resolve(uint64_t within, struct leat_need *need);
void leat_lines_init(struct join *join);
void leat_lines_join(struct join *join, struct leat_ctx *ctx, struct leat_input *inputs,
                     uint32_t n, struct leat_out *out);

#endif
