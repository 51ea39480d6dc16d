#define _GNU_SOURCE
#include "usual.h"

#include <leat/clock.h>
#include <leat/stats.h>
#include <leat/status.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define STAGES 4
#define WINDOW 64
#define SPAN 8

struct message {
    size_t channels, cols;
    double *rows; /* [channels x cols], one after the other */
};

/* What a careful programme keeps of each stage, shared by whoever may run it. */
struct metrics {
    pthread_mutex_t lock;
    uint64_t frames[STAGES], ns[STAGES], worst[STAGES];
};

struct chain {
    const struct leat_stats *kernels;
    struct leat_last *last;
    struct leat_rolling **rolling;
    struct leat_ewma *ewma;
    struct metrics metrics;
    uint64_t heap_calls;
    XXH64_state_t *hash;
};

static struct message *message_new(struct chain *c, size_t channels, size_t cols)
{
    struct message *m = malloc(sizeof *m);
    double *rows = malloc(channels * cols * sizeof *rows);
    c->heap_calls += 2;
    if (m == NULL || rows == NULL) {
        free(m);
        free(rows);
        return NULL;
    }
    *m = (struct message){channels, cols, rows};
    return m;
}

static void message_free(struct chain *c, struct message *m)
{
    c->heap_calls += 2;
    free(m->rows);
    free(m);
}

static struct message *message_clone(struct chain *c, const struct message *from)
{
    struct message *m = message_new(c, from->channels, from->cols);
    if (m != NULL)
        memcpy(m->rows, from->rows, from->channels * from->cols * sizeof *m->rows);
    return m;
}

static void note(struct metrics *metrics, int stage, uint64_t ns)
{
    pthread_mutex_lock(&metrics->lock);
    metrics->frames[stage]++;
    metrics->ns[stage] += ns;
    if (ns > metrics->worst[stage])
        metrics->worst[stage] = ns;
    pthread_mutex_unlock(&metrics->lock);
}

static size_t apply(struct chain *c, int stage, double *row, size_t n, size_t channel)
{
    switch (stage) {
    case 0:
        return c->kernels->logreturn(row, n, &c->last[channel]);
    case 1:
        c->kernels->rolling(row, n, c->rolling[channel]);
        return n;
    case 2:
        c->kernels->ewma(row, n, &c->ewma[channel]);
        return n;
    default:
        XXH64_update(c->hash, row, n * sizeof *row);
        return n;
    }
}

/* One message through all stages; consumes it. */
static bool process(struct chain *c, struct message *m)
{
    for (int stage = 0; stage < STAGES; stage++) {
        uint64_t since = leat_clock_ns();
        struct message *own = message_clone(c, m);
        message_free(c, m);
        if (own == NULL)
            return false;
        size_t kept = own->cols;
        for (size_t ch = 0; ch < own->channels; ch++)
            kept = apply(c, stage, own->rows + ch * own->cols, own->cols, ch);
        if (kept != own->cols) /* close the gap that a dropped sample leaves between the rows */
            for (size_t ch = 1; ch < own->channels; ch++)
                memmove(own->rows + ch * kept, own->rows + ch * own->cols, kept * sizeof(double));
        own->cols = kept;
        m = own;
        note(&c->metrics, stage, leat_clock_ns() - since);
    }
    message_free(c, m);
    return true;
}

static bool chain_init(struct chain *c, size_t channels, enum leat_isa isa)
{
    c->kernels = leat_stats_kernels(isa, LEAT_F64);
    c->last = calloc(channels, sizeof *c->last);
    c->rolling = calloc(channels, sizeof(struct leat_rolling *));
    c->ewma = calloc(channels, sizeof *c->ewma);
    c->hash = XXH64_createState();
    pthread_mutex_init(&c->metrics.lock, NULL);
    if (c->last == NULL || c->rolling == NULL || c->ewma == NULL || c->hash == NULL)
        return false;
    XXH64_reset(c->hash, 0);
    for (size_t ch = 0; ch < channels; ch++) {
        size_t bytes = leat_round_up(leat_rolling_bytes(WINDOW), LEAT_LINE);
        c->rolling[ch] = aligned_alloc(LEAT_LINE, bytes);
        if (c->rolling[ch] == NULL ||
            leat_rolling_init(c->rolling[ch], WINDOW, LEAT_OUT_ZSCORE, 0) != LEAT_OK ||
            leat_ewma_init(&c->ewma[ch], 2.0 / (SPAN + 1)) != LEAT_OK)
            return false;
    }
    return true;
}

static void chain_fini(struct chain *c, size_t channels)
{
    for (size_t ch = 0; c->rolling != NULL && ch < channels; ch++)
        free(c->rolling[ch]);
    free(c->last);
    free(c->rolling);
    free(c->ewma);
    XXH64_freeState(c->hash);
    pthread_mutex_destroy(&c->metrics.lock);
}

bool usual_run(const double *x, size_t channels, size_t samples, size_t frame,
               struct usual_result *result)
{
    struct chain c = {0};
    memset(result, 0, sizeof *result);
    bool well = chain_init(&c, channels, leat_isa_best());
    uint64_t since = leat_clock_ns();
    for (size_t at = 0; well && at < samples; at += frame) {
        size_t cols = samples - at < frame ? samples - at : frame;
        struct message *m = message_new(&c, channels, cols);
        if (m != NULL)
            memcpy(m->rows, x + at * channels, channels * cols * sizeof *x);
        well = m != NULL && process(&c, m);
        result->frames++;
    }
    result->seconds = (double)(leat_clock_ns() - since) * 1e-9;
    result->heap_calls = c.heap_calls;
    result->digest = well ? XXH64_digest(c.hash) : 0;
    chain_fini(&c, channels);
    return well;
}

double usual_claim_ns(size_t bytes, uint32_t rounds)
{
    uint64_t since = leat_clock_ns();
    for (uint32_t i = 0; i < rounds; i++) {
        char *volatile memory = malloc(bytes);
        if (memory != NULL)
            *(volatile char *)memory = (char)i;
        free(memory);
    }
    return (double)(leat_clock_ns() - since) / rounds;
}

double usual_metric_ns(uint32_t rounds)
{
    struct metrics metrics = {0};
    pthread_mutex_init(&metrics.lock, NULL);
    uint64_t since = leat_clock_ns();
    for (uint32_t i = 0; i < rounds; i++)
        note(&metrics, (int)(i % STAGES), i);
    double ns = (double)(leat_clock_ns() - since) / rounds;
    pthread_mutex_destroy(&metrics.lock);
    return ns;
}
