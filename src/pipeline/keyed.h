/* States by key: a stage behind `key` keeps one state for each value of the key channel. Private to
 * this room.
 *
 * Its block of state, flat and without pointers as every stage's, holds in this order: what is
 * counted; a state as init made it; buckets, an open-addressing table of slots; groups of slots, in
 * the order in which they are looked at for a key that goes; entries, each the state of one key and
 * behind it the key, when it was last touched, and with ttl at what time.
 */
#ifndef LEAT_PIPELINE_KEYED_H
#define LEAT_PIPELINE_KEYED_H

#include "pipeline/run.h"

#define KEYED_PASS 256u /* samples whose states are looked up together */
#define KEYED_NONE UINT32_MAX
#define KEYED_GROUP 64u /* slots that are looked at together for the one used longest ago */

/* Slots first to first + KEYED_GROUP. None of them was touched last before number `bound`. */
struct keyed_group {
    uint64_t bound;
    uint64_t first;
};

struct keyed {
    uint64_t touches;           /* so many were taken; the last one's number */
    uint64_t live;              /* slots in use, the first so many */
    int64_t time_ns;            /* of the last frame that said it, or 0 */
    uint64_t since;             /* samples since then; so time does not depend on frames */
    uint64_t timed;             /* 1: a frame has said it */
    uint64_t left;              /* slots, the first so many, whose keys are gone: not all at once */
    uint64_t frame_key;         /* of the newest input frame of a flow stage */
    uint64_t flags;             /* of those that no frame has taken on yet */
    uint64_t at;                /* samples of the offered frame that a flow stage has taken */
    uint64_t entered;           /* 1: its header has been read */
};

/* Behind the state in an entry. */
struct keyed_tail {
    uint64_t key, touched;
    int64_t seen_ns[]; /* [1] with ttl */
};

/* One frame's way through: what the passes share. */
struct keyed_run {
    struct worker *w;
    const struct leat_plan_stage *stage;
    const struct leat_plan_keyed *plan;
    struct keyed *self;
    char *block;                /* the state block */
    uint32_t *buckets;
    struct leat_frame *shown;   /* what the stage is shown */
    struct leat_frame *made;    /* what a flow stage makes of it; NULL: it is none */
    uint64_t evicted, expired;
    /* scratch of the worker */
    uint64_t *key;              /* [cols] */
    int64_t *time;              /* [cols] by the channel of times; NULL: there is none */
    uint64_t *hash;             /* [KEYED_PASS] */
    void **state;               /* [KEYED_PASS] of those not yet touched a guess, or NULL */
    uint32_t *before, *after;   /* [KEYED_PASS] the samples of the same key around each */
    struct leat_frame *part;    /* the samples of one key */
    uint8_t *gone;              /* [cols] 1: the stage took the sample out */
    uint32_t gone_n;
    uint64_t base;              /* touches up to here have been run */
    uint32_t first;             /* sample of the frame that the pass begins with */
    uint32_t pending, touched;  /* of the pass: those from pending to touched wait to be run */
    double ns_a_sample;         /* 0: the stream has no rate */
};

/* Bytes from row to row of the frame for the samples of one key. */
static inline size_t keyed_part_stride(uint32_t kind)
{
    return leat_round_up((size_t)KEYED_PASS * leat_kind_bytes(kind), LEAT_LINE);
}

/* keyed_table.c */
/* The entry of the key of sample i of this pass, touched now; made new where there is none or where
 * it has expired. What is pending of an entry that must go is run first: keyed_flush. */
char *keyed_touch(struct keyed_run *r, uint32_t i, int64_t time_ns);
/* The frame's keys, into r->key. */
void keyed_read(struct keyed_run *r, struct leat_frame *frame);
/* Guesses the entries of samples first to first + n, and sends for what keyed_touch will want. */
void keyed_prefetch(struct keyed_run *r, uint32_t first, uint32_t n);
static inline struct keyed_tail *keyed_tail_of(const struct leat_plan_keyed *plan, char *entry)
{
    return (struct keyed_tail *)(void *)(entry + plan->tail_at);
}
static inline char *keyed_entry(const struct keyed_run *r, uint64_t slot)
{
    return r->block + r->plan->entries_at + slot * r->plan->entry_bytes;
}

/* keyed_flow.c: the key of that entry goes. */
void keyed_leave(struct keyed_run *r, char *entry);

/* keyed.c */
/* The time of a sample of the frame. */
int64_t keyed_time_at(const struct keyed_run *r, uint32_t sample);
/* Forgets all keys. */
void keyed_forget(struct keyed *self, char *block, const struct leat_plan_keyed *plan);
/* In the worker's scratch, for one key's samples of so many rows. */
size_t keyed_scratch_bytes(const struct leat_shape *in, uint32_t rows, bool times);
/* For the frames of a batch: begin; for each of them open, map what the stage is shown of it and,
 * when it is whole again, close; end. */
void keyed_begin(struct keyed_run *r, struct worker *w, uint32_t stage, char *scratch);
/* Reads keys and time, which are perhaps covered while a part is shown. */
void keyed_open(struct keyed_run *r, struct leat_frame *frame);
void keyed_map(struct keyed_run *r, struct leat_frame *shown);
/* Takes the samples out that the stage took out. */
void keyed_close(struct keyed_run *r, struct leat_frame *frame);
void keyed_end(struct keyed_run *r, struct stage_record *record);
/* Runs the samples of the pass that are touched and not yet run. */
void keyed_flush(struct keyed_run *r);

#endif
