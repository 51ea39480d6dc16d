/* Two engines in one process know nothing of each other: each gives the bits that it gives alone,
 * stepped by turns, beside each other on threads, and while the other one fails. */
#include "hosted.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define N 20000u

/* The same stages with other parameters, in another order. */
static const char smooth[] = HOSTED("ewma alpha=0.1 ! rolling size=16 out=zscore ! scale by=3");
static const char score[] = HOSTED("scale by=0.5 ! rolling size=5 out=mean ! ewma alpha=0.7");

static void give_up(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state, (void)n;
    if (frames[0]->seq > 40)
        leat_fail(ctx, LEAT_EDATA, "planted");
}
static const struct leat_stage failing = {
    .size = sizeof failing, .traits = LEAT_MAP, .name = "failing", .doc = "Fails.", .ins = 1,
    .outs = 1, .map = give_up};
static const struct leat_stage *const own_stages[] = {&failing};
static const struct leat_catalogue own = {own_stages, 1, NULL};

static double samples[N];

static void open_engine(struct hosted *h, const char *text, const struct hosted_options *o)
{
    EXPECT(hosted_open(h, text, o) == LEAT_OK, "%s", h->diag.text);
}

static void compare(const char *what, const double *got, size_t n, const double *wanted)
{
    EXPECT(n == N, "%s: %zu scores", what, n);
    for (size_t i = 0; i < N; i++)
        EXPECT(memcmp(&got[i], &wanted[i], sizeof got[i]) == 0, "%s: score %zu: %a, alone %a", what,
               i, got[i], wanted[i]);
}

static void alone(const char *text, const struct hosted_options *o, double *scores)
{
    struct hosted h;
    open_engine(&h, text, o);
    EXPECT(hosted_pass(&h, samples, N, scores, false) == N, "%s", text);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

/* One thread steps both, a few frames of each by turns; their options differ in everything. */
static void by_turns(const struct hosted_options *o, const double *a_alone, const double *b_alone)
{
    static double a[N], b[N];
    struct hosted one, other;
    size_t a_got = 0, b_got = 0, step = 500;
    open_engine(&one, smooth, &o[0]);
    open_engine(&other, score, &o[1]);
    for (size_t i = 0; i < N; i += step) {
        bool more = i + step < N;
        a_got += hosted_part(&one, samples + i, step, a + a_got, N - a_got, false, more);
        b_got += hosted_part(&other, samples + i, step, b + b_got, N - b_got, false, more);
    }
    compare("by turns, one", a, a_got, a_alone);
    compare("by turns, other", b, b_got, b_alone);
    EXPECT(hosted_close(&one) == LEAT_OK, "%s", one.diag.text);
    EXPECT(hosted_close(&other) == LEAT_OK, "%s", other.diag.text);
}

struct runner {
    struct hosted h;
    const char *text;
    struct hosted_options options;
    double *scores;
    size_t got;
    bool threads; /* Leat's own, or this one steps */
};

static void *run(void *argument)
{
    struct runner *r = argument;
    open_engine(&r->h, r->text, &r->options);
    if (r->threads)
        EXPECT(leat_engine_start(r->h.engine, &r->h.diag) == LEAT_OK, "%s", r->h.diag.text);
    r->got = hosted_pass(&r->h, samples, N, r->scores, r->threads);
    return NULL;
}

/* Two threads of the host, each with an engine of its own, from opening to the end. */
static void beside(struct runner *one, struct runner *other)
{
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, run, other) == 0, "no thread");
    run(one);
    pthread_join(thread, NULL);
}

int main(void)
{
    static double a_alone[N], b_alone[N], a[N], b[N];
    struct hosted_options o[2] = {{.isa = leat_isa_best()},
                                  {.isa = LEAT_ISA_BASE, .flush_to_zero = true, .own = &own}};
    for (size_t i = 0; i < N; i++)
        samples[i] = hosted_sample(i);
    alone(smooth, &o[0], a_alone);
    alone(score, &o[1], b_alone);
    by_turns(o, a_alone, b_alone);
    for (int threads = 0; threads < 4; threads++) {
        struct runner one = {.text = smooth, .options = o[0], .scores = a, .threads = threads & 1};
        struct runner other = {.text = score, .options = o[1], .scores = b, .threads = threads & 2};
        beside(&one, &other);
        compare("beside, one", a, one.got, a_alone);
        compare("beside, other", b, other.got, b_alone);
        EXPECT(hosted_close(&one.h) == LEAT_OK, "%s", one.h.diag.text);
        EXPECT(hosted_close(&other.h) == LEAT_OK, "%s", other.h.diag.text);
        other = (struct runner){.text = HOSTED("failing"), .options = o[1], .scores = b,
                                .threads = threads & 2};
        one.got = 0;
        beside(&one, &other);
        compare("beside one that fails", a, one.got, a_alone);
        EXPECT(hosted_close(&one.h) == LEAT_OK, "%s", one.h.diag.text);
        EXPECT(hosted_close(&other.h) == LEAT_EDATA && strcmp(other.h.diag.text, "planted") == 0,
               "%s", other.h.diag.text);
    }
    return 0;
}
