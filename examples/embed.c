/* Leat inside a program that has a loop of its own.
 *
 * The host makes prices of two instruments, pushes them through an inlet, steps the engine on its
 * own thread, and takes scores from an outlet: no thread is started, nothing is allocated in the
 * loop, and each price is written once. The doors are made in C, the stages between them by text.
 *
 *     embed [TICKS]     prints, for each instrument, how many scores there were, how many beyond
 *                       3 deviations, and the largest with the tick that it belongs to
 */
#include <leat/engine.h>
#include <leat/text.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 2
#define FRAME 64 /* ticks that are pushed at once */
#define TAKEN 8  /* frames that are taken at once */
#define ALERT 3.0

static const char *const names[CHANNELS] = {"oil", "gas"};
static const char stages[] = "ticks. ! logreturn ! rolling size=100 out=zscore ! scores.";

struct score {
    uint64_t n, alerts, largest_tick;
    double largest;
};

struct host {
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
    uint32_t ticks, scores; /* the doors */
    uint64_t wanted, made;  /* ticks */
    uint64_t random[CHANNELS], price[CHANNELS];
    struct leat_frame *waiting; /* filled, and refused by a full edge */
    bool closed, ended;
    struct score score[CHANNELS];
};

/* ---- setting up ---- */

static int add_inlet(struct host *h, struct leat_diag *diag)
{
    struct leat_inlet_options options;
    uint32_t node;
    const struct leat_stage *inlet = leat_catalogue_find(leat_doors(), "inlet", true, diag);
    if (inlet == NULL)
        return diag->code;
    int status = leat_options_default(inlet->params, inlet->params_n, &options, sizeof options,
                                      diag);
    if (status != LEAT_OK)
        return status;
    options.channels = CHANNELS;
    options.frame.samples = FRAME;
    options.names = (struct leat_list){names, CHANNELS};
    return leat_graph_add(&h->graph, inlet, &options, "ticks", &node, diag);
}

static int make_graph(struct host *h, struct leat_diag *diag)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_text_options text = {.size = sizeof text, .file = "embed"};
    uint32_t node;
    leat_graph_init(&h->graph);
    int status = add_inlet(h, diag);
    const struct leat_stage *outlet = leat_catalogue_find(leat_doors(), "outlet", false, diag);
    if (status == LEAT_OK)
        status = outlet != NULL ? leat_graph_add(&h->graph, outlet, NULL, "scores", &node, diag)
                                : diag->code;
    if (status == LEAT_OK)
        status = leat_text_parse(&h->graph, leat_catalogue_default(lists), &text, stages,
                                 strlen(stages), diag);
    return status;
}

/* After it the loop allocates nothing: the plan said how much memory, and the host gives it. */
static int make_engine(struct host *h, struct leat_diag *diag)
{
    struct leat_limits limits = {.workers = 1};
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    int status = leat_plan_make(&h->plan, &h->graph, &limits, diag);
    if (status != LEAT_OK)
        return status;
    size_t bytes = leat_round_up(leat_engine_bytes(&h->plan), LEAT_APART);
    h->storage = aligned_alloc(LEAT_APART, bytes);
    if (h->storage == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for an engine of %zu bytes", bytes);
    status = leat_engine_init(&h->engine, &h->plan, &options, h->storage, bytes, diag);
    if (status == LEAT_OK)
        status = leat_engine_seal(h->engine, diag);
    if (status == LEAT_OK)
        status = leat_inlet_find(h->engine, "ticks", &h->ticks, diag);
    if (status == LEAT_OK)
        status = leat_outlet_find(h->engine, "scores", &h->scores, diag);
    return status;
}

/* ---- the loop ---- */

/* Cents, by whole numbers alone: the same prices everywhere. One tick in 128 is a jump. */
static double next_price(struct host *h, uint32_t channel)
{
    uint64_t *random = &h->random[channel], *cents = &h->price[channel];
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    *cents += (*random >> 33 & 15) + ((*random >> 48 & 127) == 0 ? 40 : 0);
    *cents -= *cents > 10000 ? 9 : 6;
    return (double)*cents / 100.0;
}

static void fill(struct host *h, struct leat_frame *frame)
{
    uint64_t left = h->wanted - h->made;
    frame->cols = left < FRAME ? (uint32_t)left : FRAME;
    for (uint32_t r = 0; r < CHANNELS; r++) {
        double *row = leat_frame_row(frame, r);
        for (uint32_t i = 0; i < frame->cols; i++)
            row[i] = next_price(h, r);
    }
    h->made += frame->cols;
}

/* Pushes until nothing fits any more or all is pushed; a refused frame is kept for next time. */
static void push(struct host *h)
{
    while (h->waiting != NULL || h->made < h->wanted) {
        if (h->waiting == NULL) {
            h->waiting = leat_inlet_claim(h->engine, h->ticks, NULL);
            if (h->waiting == NULL)
                return; /* every frame is on its way: step, take, and come back */
            fill(h, h->waiting);
        }
        if (!leat_inlet_publish(h->engine, h->ticks, h->waiting))
            return;
        h->waiting = NULL;
    }
    if (!h->closed)
        leat_inlet_close(h->engine, h->ticks);
    h->closed = true;
}

static void look(struct score *score, const double *row, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double size = row[i] < 0 ? -row[i] : row[i];
        score->n++; /* score k belongs to tick k, counted from 0: the first tick has none */
        score->alerts += size > ALERT;
        if (size > score->largest) {
            score->largest = size;
            score->largest_tick = score->n;
        }
    }
}

static void take(struct host *h)
{
    struct leat_frame *frames[TAKEN];
    uint32_t n;
    while ((n = leat_outlet_take(h->engine, h->scores, frames, TAKEN, &h->ended)) != 0) {
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t r = 0; r < CHANNELS; r++)
                look(&h->score[r], leat_frame_row(frames[i], r), frames[i]->cols);
        leat_outlet_release(h->engine, h->scores, frames, n);
    }
}

static int loop(struct host *h, struct leat_diag *diag)
{
    while (!h->ended) {
        push(h);
        int did = leat_worker_step(h->engine, 0, 4, NULL);
        if (did < 0 && did != LEAT_EEND)
            return leat_engine_wait(h->engine, 0, diag); /* says why it failed */
        take(h);
    }
    return leat_engine_wait(h->engine, 0, diag);
}

/* ---- the program ---- */

static int run(struct host *h, struct leat_diag *diag)
{
    int status = make_graph(h, diag);
    if (status == LEAT_OK)
        status = make_engine(h, diag);
    if (status == LEAT_OK)
        status = loop(h, diag);
    if (h->engine != NULL) {
        struct leat_diag missing = {0};
        int home = leat_engine_fini(h->engine, &missing);
        if (status == LEAT_OK && home != LEAT_OK) {
            status = home;
            *diag = missing;
        }
    }
    free(h->storage);
    leat_plan_fini(&h->plan);
    leat_graph_fini(&h->graph);
    return status;
}

int main(int argc, char **argv)
{
    static struct host h = {.wanted = 100000, .random = {1, 2}, .price = {10000, 10000}};
    struct leat_diag diag = {0};
    char *end = "";
    errno = 0;
    if (argc == 2)
        h.wanted = strtoull(argv[1], &end, 10);
    bool digits = argc == 1 || strspn(argv[1], "0123456789") != 0;
    if (argc > 2 || !digits || *end != '\0' || errno != 0) {
        fprintf(stderr, "usage: embed [TICKS]\n");
        return 2;
    }
    if (run(&h, &diag) != LEAT_OK) {
        char line[1024];
        leat_diag_format(&diag, line, sizeof line);
        fprintf(stderr, "embed: %s\n", line);
        return 1;
    }
    for (uint32_t r = 0; r < CHANNELS; r++)
        printf("%s: %llu scores, %llu beyond %g, largest %.17g at tick %llu\n", names[r],
               (unsigned long long)h.score[r].n, (unsigned long long)h.score[r].alerts, ALERT,
               h.score[r].largest, (unsigned long long)h.score[r].largest_tick);
    return fflush(stdout) == 0 ? 0 : 1;
}
