#include "hosted.h"

#include <leat/text.h>

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void hosted_fail(const char *file, int line, const char *condition, const char *text, ...)
{
    va_list list;
    va_start(list, text);
    fprintf(stderr, "%s:%d: FAIL: %s: ", file, line, condition);
    vfprintf(stderr, text, list);
    fprintf(stderr, "\n");
    va_end(list);
    _exit(1); /* in a child too: what the parent has buffered stays the parent's */
}

double hosted_sample(size_t i)
{
    return (double)((i * 7919 + i / 3 * 104729) % 10007) / 100.0 + (double)(i % 2);
}

static int make_engine(struct hosted *h, const struct hosted_options *o)
{
    struct leat_engine_options options = {
        .size = sizeof options,
        .isa = o->isa,
        .flush_to_zero = o->flush_to_zero,
        .frames_max = o->frames_max,
        .clock_ns = o->clock_ns,
    };
    size_t bytes = leat_round_up(leat_engine_bytes(&h->plan), LEAT_APART);
    h->storage = aligned_alloc(LEAT_APART, bytes);
    if (h->storage == NULL)
        return leat_diag_set(&h->diag, LEAT_ENOMEM, "no memory for the engine");
    int status = leat_engine_init(&h->engine, &h->plan, &options, h->storage, bytes, &h->diag);
    if (status == LEAT_OK)
        status = leat_engine_seal(h->engine, &h->diag);
    if (status == LEAT_OK && !o->doorless)
        status = leat_inlet_find(h->engine, "in", &h->in, &h->diag);
    if (status == LEAT_OK && !o->doorless)
        status = leat_outlet_find(h->engine, "out", &h->out, &h->diag);
    return status;
}

int hosted_open(struct hosted *h, const char *text, const struct hosted_options *options)
{
    struct hosted_options usual = {.isa = leat_isa_best()};
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    const struct hosted_options *o = options != NULL ? options : &usual;
    memset(h, 0, sizeof *h);
    lists[LEAT_CATALOGUE_LISTS - 1].next = o->own;
    leat_graph_init(&h->graph);
    int status = leat_text_parse(&h->graph, all, NULL, text, strlen(text), &h->diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&h->plan, &h->graph, o->limits, &h->diag);
    return status == LEAT_OK ? make_engine(h, o) : status;
}

/* One frame from samples[*done]; false when none was to be had or it was not taken. */
static bool push(struct hosted *h, const double *samples, size_t n, size_t *done)
{
    struct leat_frame *frame = leat_inlet_claim(h->engine, h->in, NULL);
    if (frame == NULL)
        return false;
    size_t cols = n - *done < HOSTED_FRAME ? n - *done : HOSTED_FRAME;
    frame->cols = (uint32_t)cols;
    memcpy(leat_frame_row(frame, 0), samples + *done, cols * sizeof *samples);
    if (!leat_inlet_publish(h->engine, h->in, frame)) {
        leat_inlet_release(h->engine, h->in, frame);
        return false;
    }
    *done += cols;
    return true;
}

static size_t take(struct hosted *h, double *scores, size_t room, bool *end)
{
    struct leat_frame *frame;
    size_t got = 0;
    while (leat_outlet_take(h->engine, h->out, &frame, 1, end) == 1) {
        EXPECT(got + frame->cols <= room, "more scores than samples");
        memcpy(scores + got, leat_frame_row(frame, 0), frame->cols * sizeof *scores);
        got += frame->cols;
        leat_outlet_release(h->engine, h->out, &frame, 1);
    }
    return got;
}

/* Every worker in turn; true when one did something. */
static bool step(struct hosted *h, bool *ended)
{
    bool did = false;
    *ended = true;
    for (uint32_t w = 0; w < h->plan.workers_n; w++) {
        int status = leat_worker_step(h->engine, w, 4, NULL);
        did |= status > 0;
        *ended &= status < 0;
    }
    return did;
}

size_t hosted_rest(struct hosted *h, double *scores, size_t room)
{
    size_t got = 0, before = SIZE_MAX;
    bool end, ended;
    for (bool did = true; did || got != before;) {
        before = got;
        did = step(h, &ended);
        got += take(h, scores + got, room - got, &end);
    }
    return got;
}

size_t hosted_part(struct hosted *h, const double *samples, size_t n, double *scores, size_t room,
                   bool threads, bool more)
{
    size_t done = 0, got = 0;
    bool end = false, closed = false, ended;
    while (!end && (!more || done < n)) {
        while (done < n && push(h, samples, n, &done))
            continue;
        if (done == n && !more && !closed) {
            leat_inlet_close(h->engine, h->in);
            closed = true;
        }
        if (threads)
            sched_yield();
        else
            (void)step(h, &ended);
        got += take(h, scores + got, room - got, &end);
    }
    return got;
}

size_t hosted_pass(struct hosted *h, const double *samples, size_t n, double *scores, bool threads)
{
    size_t got = hosted_part(h, samples, n, scores, n, threads, false);
    for (bool ended = threads; !ended;)
        (void)step(h, &ended);
    return got;
}

int hosted_close(struct hosted *h)
{
    int status = LEAT_OK;
    if (h->engine != NULL) {
        struct leat_diag missing;
        status = leat_engine_wait(h->engine, UINT64_C(10000000000), &h->diag);
        int home = leat_engine_fini(h->engine, &missing);
        if (status == LEAT_OK && home != LEAT_OK) {
            status = home;
            h->diag = missing;
        }
    }
    free(h->storage);
    leat_plan_fini(&h->plan);
    leat_graph_fini(&h->graph);
    return status;
}
