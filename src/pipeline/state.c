/* States of an engine's stages as one block: a head, then each stage in the plan's order, its entry
 * and its bytes. Everything is compared before anything is taken over. */
#include "pipeline/impl.h"

#include <leat/state.h>

#include <stdio.h>
#include <string.h>

#define MAGIC UINT64_C(0x6574617473746165) /* another number in another byte order */

struct state_head {
    uint64_t magic;
    char version[16];
    uint64_t bytes;   /* of the whole block */
    uint64_t digest;  /* of all of it, this word as 0 */
    uint64_t stages;
};

struct entry {
    char name[LEAT_NAME_MAX], kind[LEAT_NAME_MAX]; /* of the stage in the graph, of its table */
    uint64_t options, shapes; /* digests; options 0: waits for the outside, not saved */
    uint64_t state_bytes;
    uint64_t number;          /* of the next frame that it makes */
};

/* What stands for a file or device is not ours to keep. */
static bool saved(const struct leat_plan_stage *s)
{
    return (s->stage->traits & LEAT_WAITS) == 0;
}

/* The number of the next frame that the stage makes; NULL where frames keep theirs. */
static uint64_t *number_of(const struct leat_engine *e, uint32_t stage)
{
    struct segment *s = e->stages[stage].segment;
    bool head = s->head == HEAD_PULL || s->head == HEAD_FLOW || s->head == HEAD_JOIN;
    for (uint32_t i = e->plan->edges_n; i < e->edges_n; i++)
        if (e->edges[i].to == stage)
            return &e->edges[i].sent_frames;
    return head && s->stage == stage ? &s->seq : NULL;
}

static struct entry entry_of(const struct leat_engine *e, uint32_t stage)
{
    const struct leat_plan_stage *s = &e->plan->stages[stage];
    const void *given = e->knobs[stage].given != NULL ? e->knobs[stage].given : s->options;
    const uint64_t *number = number_of(e, stage);
    struct entry entry = {.shapes = DIGEST_START, .number = number != NULL ? *number : 0};
    snprintf(entry.name, sizeof entry.name, "%s", s->name);
    snprintf(entry.kind, sizeof entry.kind, "%s", s->stage->name);
    for (uint32_t i = 0; i < s->ins_n; i++)
        entry.shapes = digest_shape(entry.shapes, &s->ins[i]);
    if (s->stage->outs != 0)
        entry.shapes = digest_shape(entry.shapes, &s->out);
    if (s->lens != NULL)
        entry.shapes = digest_shape(entry.shapes, &s->lens->in);
    if (s->keyed != NULL) {
        entry.shapes = digest_text(entry.shapes, s->key->channel);
        entry.shapes = digest_bytes(entry.shapes, &s->key->max, sizeof s->key->max);
        entry.shapes = digest_bytes(entry.shapes, &s->key->ttl_ns, sizeof s->key->ttl_ns);
    }
    if (saved(s)) {
        entry.options = digest_options(s->stage, given);
        entry.state_bytes = s->need.state_bytes;
    }
    return entry;
}

/* Of a block whose bytes are there. */
static uint64_t digest_of(struct state_head head, const void *block)
{
    head.digest = 0;
    uint64_t digest = digest_bytes(DIGEST_START, &head, sizeof head);
    return digest_bytes(digest, (const char *)block + sizeof head,
                        (size_t)head.bytes - sizeof head);
}

size_t leat_engine_state_bytes(const struct leat_engine *e)
{
    ALIVE("leat_engine_state_bytes", e);
    size_t bytes = sizeof(struct state_head);
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        bytes += sizeof(struct entry); /* it fits: the states lie in the engine's memory */
        bytes += saved(&e->plan->stages[i]) ? e->plan->stages[i].need.state_bytes : 0;
    }
    return bytes;
}

/* ---- save ---- */

/* Frames of a pool that are on their way, or held: all but those that wait to be filled. */
static uint32_t under_way(const struct leat_engine *e, uint32_t pool)
{
    struct leat_pool_counts counts;
    uint32_t spare = 0;
    leat_pool_snapshot(e->pools[pool], &counts);
    for (uint32_t i = 0; i < e->plan->stages_n; i++)
        spare += e->plan->stages[i].quota == pool ? e->boxes[i].n : 0;
    return counts.in_use - spare;
}

/* Nothing runs, nothing is on its way: the states are all that there is. */
static int at_rest(const struct leat_engine *e, struct leat_diag *diag)
{
    if (e->started && !engine_ended(e))
        return leat_diag_set(diag, LEAT_ESTATE,
                             "threads run the stages: save after the end, or step the engine");
    if (leat_load_acquire(&e->failed) != 0) /* [F2 pairs F1: only that] */
        return leat_diag_set(diag, LEAT_ESTATE,
                             "the engine has failed: its stages are in the middle of something");
    for (uint32_t i = 0; i < e->plan->stages_n; i++)
        /* [K4 pairs K3: only that] */
        if (leat_load_acquire(&e->knobs[i].applied) != leat_load_relaxed(&e->knobs[i].posted))
            return leat_diag_set(diag, LEAT_ESTATE, "%s: a knob has not been taken over yet",
                                 e->plan->stages[i].name);
    for (uint32_t i = 0; i < e->plan->pools_n; i++)
        if (under_way(e, i) != 0)
            return leat_diag_set(diag, LEAT_ESTATE,
                                 "%u frames of %s are on their way: step until nothing moves, and "
                                 "release what the outlets give",
                                 under_way(e, i), e->plan->stages[e->plan->pools[i].stage].name);
    return LEAT_OK;
}

/* What was left out, in words; the code is that of success. */
static void tell_unsaved(const struct leat_engine *e, struct leat_diag *diag)
{
    char names[256] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < e->plan->stages_n && used < sizeof names; i++)
        if (!saved(&e->plan->stages[i]))
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     used != 0 ? ", " : "", e->plan->stages[i].name);
    if (used != 0)
        leat_diag_set(diag, LEAT_OK, "not saved, because they stand for something outside: %s",
                      names);
}

int leat_engine_save(const struct leat_engine *e, void *block, size_t bytes,
                     struct leat_diag *diag)
{
    ALIVE("leat_engine_save", e);
    LEAT_GIVEN("leat_engine_save", block, "block");
    size_t need = leat_engine_state_bytes(e);
    if (bytes < need)
        return leat_diag_set(diag, LEAT_EINVAL, "the states take %zu bytes, %zu given", need,
                             bytes);
    int status = at_rest(e, diag);
    if (status != LEAT_OK)
        return status;
    char *at = (char *)block + sizeof(struct state_head);
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        struct entry entry = entry_of(e, i);
        memcpy(at, &entry, sizeof entry);
        at += sizeof entry;
        if (entry.state_bytes != 0)
            memcpy(at, e->stages[i].state, entry.state_bytes);
        at += entry.state_bytes;
    }
    struct state_head head = {.magic = MAGIC, .version = LEAT_VERSION, .bytes = need,
                        .stages = e->plan->stages_n};
    head.digest = digest_of(head, block);
    memcpy(block, &head, sizeof head);
    tell_unsaved(e, diag);
    return LEAT_OK;
}

/* ---- load ---- */

static int damaged(struct leat_diag *diag)
{
    return leat_diag_set(diag, LEAT_EDATA, "the block of states is damaged");
}

static int check_head(const struct leat_engine *e, struct state_head *head, const void *block,
                      size_t bytes, struct leat_diag *diag)
{
    if (bytes >= sizeof *head)
        memcpy(head, block, sizeof *head);
    if (bytes < sizeof *head || head->magic != MAGIC)
        return leat_diag_set(diag, LEAT_EDATA, "not a block of states, or cut short in its head");
    if (strncmp(head->version, LEAT_VERSION, sizeof head->version) != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "the states are of Leat %.15s, this is %s",
                             head->version, LEAT_VERSION);
    if (bytes < head->bytes)
        return leat_diag_set(diag, LEAT_EDATA,
                             "the block of states is cut short: %zu of %llu bytes", bytes,
                             (unsigned long long)head->bytes);
    if (head->bytes < sizeof *head ||
        head->digest != digest_of(*head, block))
        return damaged(diag);
    if (head->stages != e->plan->stages_n)
        return leat_diag_set(diag, LEAT_EINVAL, "the states are of %llu stages, the graph has %u",
                             (unsigned long long)head->stages, e->plan->stages_n);
    return LEAT_OK;
}

/* The stage is the one that was saved. */
static int check_entry(const struct entry *was, const struct entry *is, struct leat_diag *diag)
{
    if (memcmp(was->name, is->name, sizeof is->name) != 0 ||
        memcmp(was->kind, is->kind, sizeof is->kind) != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "%s: the states are of %.63s (%.63s) in its place",
                             is->name, was->name, was->kind);
    if (was->shapes != is->shapes)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "%s: saved with other channels, frames, types or rates", is->name);
    if (was->options != is->options)
        return leat_diag_set(diag, LEAT_EINVAL, "%s: saved with other options", is->name);
    if (was->state_bytes != is->state_bytes)
        return leat_diag_set(diag, LEAT_EINVAL, "%s: its state has %llu bytes, the saved one %llu",
                             is->name, (unsigned long long)is->state_bytes,
                             (unsigned long long)was->state_bytes);
    return LEAT_OK;
}

/* Each stage in its place, and the block neither shorter nor longer than that. */
static int check_stages(const struct leat_engine *e, const char *at, size_t left,
                        struct leat_diag *diag)
{
    struct entry was;
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        const struct entry is = entry_of(e, i);
        if (left < sizeof was)
            return damaged(diag);
        memcpy(&was, at, sizeof was);
        int status = check_entry(&was, &is, diag);
        if (status != LEAT_OK)
            return status;
        if (left - sizeof was < is.state_bytes)
            return damaged(diag);
        at += sizeof was + is.state_bytes;
        left -= sizeof was + is.state_bytes;
    }
    return left == 0 ? LEAT_OK : damaged(diag);
}

int leat_engine_load(struct leat_engine *e, const void *block, size_t bytes,
                     struct leat_diag *diag)
{
    ALIVE("leat_engine_load", e);
    LEAT_GIVEN("leat_engine_load", block, "block");
    if (leat_load_relaxed(&e->began) != 0) /* [D3 pairs D3: a time only] */
        return leat_diag_set(diag, LEAT_ESTATE, "states are loaded before the engine begins");
    struct state_head head;
    const char *at = (const char *)block + sizeof head;
    int status = check_head(e, &head, block, bytes, diag);
    if (status == LEAT_OK)
        status = check_stages(e, at, (size_t)head.bytes - sizeof head, diag);
    if (status != LEAT_OK)
        return status;
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        struct entry was;
        memcpy(&was, at, sizeof was);
        at += sizeof was;
        if (was.state_bytes != 0)
            memcpy(e->stages[i].state, at, (size_t)was.state_bytes);
        if (number_of(e, i) != NULL)
            *number_of(e, i) = was.number;
        at += was.state_bytes;
    }
    return LEAT_OK;
}
