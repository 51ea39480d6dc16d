/* What a host does with Leat, in the language that C11, C17 and C++17 share: samples in at one
 * door, scores out at another; then a pipeline from text to standard output, for comparison with
 * what the installed command says to the same text.
 *
 *     pipeline TEXT
 */
#include <leat/engine.h>
#include <leat/text.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 8

/* Mean 5, deviation 2: every score is exact. */
static const double samples[SAMPLES] = {2, 4, 4, 4, 5, 5, 7, 9};
static const double scores[SAMPLES] = {-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2};
static const char doors[] = "inlet channels=1 frame=8 name=in ! zscore ! outlet name=out";

struct host {
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
    struct leat_diag diag;
};

static int open_host(struct host *h, const char *text)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_engine_options options;
    memset(h, 0, sizeof *h);
    memset(&options, 0, sizeof options);
    options.size = (uint32_t)sizeof options;
    options.isa = leat_isa_best();
    leat_graph_init(&h->graph);
    int status = leat_text_parse(&h->graph, leat_catalogue_default(lists), NULL, text,
                                 strlen(text), &h->diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&h->plan, &h->graph, NULL, &h->diag);
    if (status != LEAT_OK)
        return status;
    size_t bytes = leat_round_up(leat_engine_bytes(&h->plan), LEAT_APART);
    h->storage = aligned_alloc(LEAT_APART, bytes);
    if (h->storage == NULL)
        return leat_diag_set(&h->diag, LEAT_ENOMEM, "no memory");
    status = leat_engine_init(&h->engine, &h->plan, &options, h->storage, bytes, &h->diag);
    return status == LEAT_OK ? leat_engine_seal(h->engine, &h->diag) : status;
}

static int close_host(struct host *h, int status)
{
    struct leat_diag missing;
    memset(&missing, 0, sizeof missing);
    int home = h->engine != NULL ? leat_engine_fini(h->engine, &missing) : LEAT_OK;
    if (status != LEAT_OK || home != LEAT_OK)
        fprintf(stderr, "pipeline: %s%s\n", h->diag.text, missing.text);
    free(h->storage);
    leat_plan_fini(&h->plan);
    leat_graph_fini(&h->graph);
    return status != LEAT_OK ? status : home;
}

static int push_and_take(struct host *h)
{
    uint32_t in, out;
    struct leat_frame *frame;
    bool end = false;
    int status = leat_inlet_find(h->engine, "in", &in, &h->diag);
    if (status == LEAT_OK)
        status = leat_outlet_find(h->engine, "out", &out, &h->diag);
    if (status != LEAT_OK)
        return status;
    frame = leat_inlet_claim(h->engine, in, NULL);
    frame->cols = SAMPLES;
    memcpy(leat_frame_row(frame, 0), samples, sizeof samples);
    if (!leat_inlet_publish(h->engine, in, frame))
        return leat_diag_set(&h->diag, LEAT_ESTATE, "an empty inlet took nothing");
    leat_inlet_close(h->engine, in);
    while (leat_outlet_take(h->engine, out, &frame, 1, &end) == 0)
        if (end || leat_worker_step(h->engine, 0, 1, NULL) < 0)
            return leat_diag_set(&h->diag, LEAT_EEND, "the end came before the scores");
    bool same = frame->cols == SAMPLES &&
                memcmp(leat_frame_row(frame, 0), scores, sizeof scores) == 0;
    leat_outlet_release(h->engine, out, &frame, 1);
    while (leat_worker_step(h->engine, 0, 1, NULL) >= 0)
        continue;
    if (!same)
        return leat_diag_set(&h->diag, LEAT_EDATA, "other scores than by hand");
    return leat_engine_wait(h->engine, 0, &h->diag);
}

static int run_threads(struct host *h)
{
    int status = leat_engine_start(h->engine, &h->diag);
    return status == LEAT_OK ? leat_engine_wait(h->engine, UINT64_MAX, &h->diag) : status;
}

int main(int argc, char **argv)
{
    struct host h;
    int status = open_host(&h, doors);
    if (status == LEAT_OK)
        status = push_and_take(&h);
    if (close_host(&h, status) != LEAT_OK)
        return 1;
    /* The opt-in arena must not come along: mimalloc would replace the host's malloc. */
    if (dlsym(dlopen(NULL, RTLD_NOW), "mi_malloc") != NULL) {
        fprintf(stderr, "pipeline: mimalloc is in the process\n");
        return 1;
    }
    if (argc != 2)
        return 2;
    status = open_host(&h, argv[1]);
    if (status == LEAT_OK)
        status = run_threads(&h);
    return close_host(&h, status) == LEAT_OK ? 0 : 1;
}
