/* States that are saved from one engine and loaded into another: a stream that is cut in two gives
 * the bits of the whole, whatever the plans are; a block that does not match is refused in one
 * line, and the engine is then as it was.
 */
#include "hosted.h"

#include <leat/knob.h>
#include <leat/state.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES = 3000, ROOM = 4 * SAMPLES + 256 };

static double samples[SAMPLES], whole[ROOM], parts[ROOM];

static void open_text(struct hosted *h, const char *text, uint32_t workers)
{
    struct leat_limits limits = {.workers = workers, .batch = 1 + workers * 3};
    struct hosted_options o = {.isa = leat_isa_best(), .limits = &limits};
    EXPECT(hosted_open(h, text, &o) == LEAT_OK, "%s", h->diag.text);
}

static void *save(struct hosted *h, size_t *bytes)
{
    *bytes = leat_engine_state_bytes(h->engine);
    void *block = malloc(*bytes + 1);
    EXPECT(block != NULL, "memory");
    EXPECT(leat_engine_save(h->engine, block, *bytes, &h->diag) == LEAT_OK, "%s", h->diag.text);
    return block;
}

static void step_out(struct hosted *h)
{
    for (bool ended = false; !ended;) {
        ended = true;
        for (uint32_t w = 0; w < h->plan.workers_n; w++)
            ended &= leat_worker_step(h->engine, w, 9, NULL) < 0;
    }
}

/* What it still gives is nobody's. */
static void drop(struct hosted *h)
{
    static double rest[ROOM];
    (void)hosted_part(h, NULL, 0, rest, ROOM, false, false);
    step_out(h);
    EXPECT(hosted_close(h) == LEAT_OK, "%s", h->diag.text);
}

static size_t run_whole(const char *text)
{
    struct hosted h;
    open_text(&h, text, 1);
    size_t got = hosted_part(&h, samples, SAMPLES, whole, ROOM, false, false);
    step_out(&h);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    return got;
}

/* Up to the cut in one engine, from it on in another of as many workers as given. */
static size_t run_parts(const char *text, size_t cut, uint32_t first, uint32_t second)
{
    struct hosted h;
    size_t bytes, got;
    open_text(&h, text, first);
    got = hosted_part(&h, samples, cut, parts, ROOM, false, true);
    got += hosted_rest(&h, parts + got, ROOM - got);
    void *block = save(&h, &bytes);
    drop(&h);
    open_text(&h, text, second);
    EXPECT(leat_engine_load(h.engine, block, bytes, &h.diag) == LEAT_OK, "%s", h.diag.text);
    free(block);
    got += hosted_part(&h, samples + cut, SAMPLES - cut, parts + got, ROOM - got, false, false);
    step_out(&h);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    return got;
}

static const char *const streaming[] = {
    HOSTED("diff"),
    HOSTED("clamp min=0.5 ! logreturn"),
    HOSTED("ewma halflife=20"),
    HOSTED("welford out=zscore"),
    HOSTED("welford out=variance ddof=1"),
    HOSTED("rolling size=50 out=zscore"),
    HOSTED("rolling size=1000 out=stddev"),
    HOSTED("window size=100 hop=30"),
    HOSTED("window size=30 hop=100 ! diff"),
    HOSTED("gain db=-3 ! ewma span=9 ! diff ! rolling size=7 ! window size=48 ! zscore"),
    "inlet channels=1 frame=64 name=in ! tee name=t; t. ! ewma alpha=0.1 ! j.; "
    "t. ! rolling size=33 ! j.; join how=add name=j ! outlet name=out",
    "inlet channels=1 frame=64 name=in ! tee name=t; t. ! ewma alpha=0.1 ! j.; "
    "t. ! where channel=1 min=40 ! j.; join how=first name=j ! diff ! outlet name=out",
};

static void cut_anywhere(void)
{
    static const size_t cuts[] = {0, 1, 100, 2047, SAMPLES};
    for (size_t i = 0; i < sizeof streaming / sizeof streaming[0]; i++) {
        size_t n = run_whole(streaming[i]);
        for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++)
            for (uint32_t workers = 1; workers <= 3; workers++) {
                size_t got = run_parts(streaming[i], cuts[c], workers, 4 - workers);
                EXPECT(got == n && memcmp(whole, parts, n * sizeof *whole) == 0,
                       "%s cut at %zu: %zu samples, not %zu, or other ones", streaming[i],
                       cuts[c], got, n);
            }
    }
}

/* A source of Leat's own goes on where it was, and frames_max counts the whole stream. */
static void a_source_goes_on(void)
{
    static const char text[] = "synth kind=noise seed=5 samples=10k frame=100 ! ewma alpha=0.3 ! "
                               "outlet name=out";
    double out[3][2000];
    size_t got[3] = {0, 0, 0}, bytes = 0;
    void *block = NULL;
    for (int run = 0; run < 3; run++) { /* the whole, the first half, the second */
        struct hosted_options o = {.isa = leat_isa_best(), .doorless = true,
                                   .frames_max = run == 1 ? 9 : 20};
        struct hosted h;
        EXPECT(hosted_open(&h, text, &o) == LEAT_OK, "%s", h.diag.text);
        EXPECT(leat_outlet_find(h.engine, "out", &h.out, &h.diag) == LEAT_OK, "the outlet");
        if (run == 2)
            EXPECT(leat_engine_load(h.engine, block, bytes, &h.diag) == LEAT_OK, "%s",
                   h.diag.text);
        got[run] = hosted_rest(&h, out[run], 2000);
        if (run == 1)
            block = save(&h, &bytes);
        step_out(&h);
        EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    }
    free(block);
    EXPECT(got[0] == 2000 && got[1] == 900 && got[2] == 1100, "%zu, %zu, %zu", got[0], got[1],
           got[2]);
    EXPECT(memcmp(out[0], out[1], 900 * sizeof(double)) == 0 &&
               memcmp(out[0] + 900, out[2], 1100 * sizeof(double)) == 0,
           "the two halves are not the whole");
}

/* ---- what is refused ---- */

#define REFUSED HOSTED("ewma alpha=0.5 name=e ! rolling size=9 name=r")

static const struct {
    const char *text, *why;
} others[] = {
    {HOSTED("ewma alpha=0.25 name=e ! rolling size=9 name=r"), "e: saved with other options"},
    {HOSTED("ewma alpha=0.5 name=e ! rolling size=9 out=variance name=r"),
     "r: saved with other options"},
    {HOSTED("ewma alpha=0.5 name=e ! rolling size=900 name=r"), "r: saved with other options"},
    {HOSTED("ewma alpha=0.5 name=e ! rolling size=9 name=s"),
     "s: the states are of r (rolling) in its place"},
    {HOSTED("diff name=e ! rolling size=9 name=r"), "e: the states are of e (ewma) in its place"},
    {HOSTED("ewma alpha=0.5 name=e"), "the states are of 4 stages, the graph has 3"},
    {"inlet channels=2 frame=64 name=in ! ewma alpha=0.5 name=e ! rolling size=9 name=r ! "
     "outlet name=out",
     "in: saved with other channels, frames, types or rates"},
    {"inlet channels=1 frame=64 type=f32 name=in ! ewma alpha=0.5 name=e ! "
     "rolling size=9 name=r ! outlet name=out",
     "in: saved with other channels, frames, types or rates"},
};

/* The engine refuses the block and then gives what a new one gives. */
static void refuse(const void *block, size_t bytes, int status, const char *why)
{
    struct hosted h;
    double a[HOSTED_FRAME], b[HOSTED_FRAME];
    open_text(&h, REFUSED, 1);
    EXPECT(leat_engine_load(h.engine, block, bytes, &h.diag) == status, "%s", h.diag.text);
    EXPECT(strstr(h.diag.text, why) != NULL, "%s", h.diag.text);
    EXPECT(hosted_pass(&h, samples, 60, a, false) == 60, "all");
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    open_text(&h, REFUSED, 1);
    EXPECT(hosted_pass(&h, samples, 60, b, false) == 60, "all");
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    EXPECT(memcmp(a, b, 60 * sizeof *a) == 0, "something was touched");
}

static void mismatches(void)
{
    struct hosted h;
    size_t bytes;
    open_text(&h, REFUSED, 1);
    size_t got = hosted_part(&h, samples, 300, parts, ROOM, false, true);
    (void)hosted_rest(&h, parts + got, ROOM - got);
    char *block = save(&h, &bytes);
    EXPECT(leat_engine_load(h.engine, block, bytes, &h.diag) == LEAT_ESTATE, "it has begun");
    EXPECT(leat_engine_save(h.engine, block, bytes - 1, &h.diag) == LEAT_EINVAL, "no room");
    drop(&h);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        open_text(&h, others[i].text, 1);
        EXPECT(leat_engine_load(h.engine, block, bytes, &h.diag) == LEAT_EINVAL &&
                   strcmp(h.diag.text, others[i].why) == 0,
               "%s", h.diag.text);
        drop(&h);
    }
    for (size_t n = 0; n < bytes; n += 1 + n / 4)
        refuse(block, n, LEAT_EDATA, n < 48 ? "not a block" : "cut short");
    for (size_t at = 0; at < bytes; at += 1 + at / 8) {
        block[at] ^= 4;
        bool version = at >= 8 && at <= 8 + strlen(block + 8);
        refuse(block, bytes, version ? LEAT_EINVAL : LEAT_EDATA,
               at < 8                ? "not a block"
               : version             ? "are of Leat"
               : at >= 24 && at < 32 ? "" /* its length */
                                     : "damaged");
        block[at] ^= 4;
    }
    free(block);
}

/* A knob that was turned belongs to the options; one that is on its way is waited for. */
static void knobs_belong_to_it(void)
{
    struct hosted h;
    size_t bytes = 0;
    double out[HOSTED_FRAME];
    open_text(&h, REFUSED, 1);
    EXPECT(leat_engine_knob(h.engine, "e", "alpha", "0.25", &h.diag) == 0, "%s", h.diag.text);
    void *block = malloc(leat_engine_state_bytes(h.engine));
    EXPECT(leat_engine_save(h.engine, block, leat_engine_state_bytes(h.engine), &h.diag) ==
                   LEAT_ESTATE && strstr(h.diag.text, "e: a knob") != NULL,
           "%s", h.diag.text);
    free(block);
    (void)hosted_rest(&h, out, HOSTED_FRAME);
    block = save(&h, &bytes);
    drop(&h);
    refuse(block, bytes, LEAT_EINVAL, "e: saved with other options");
    open_text(&h, others[0].text, 1);
    EXPECT(leat_engine_load(h.engine, block, bytes, &h.diag) == LEAT_OK, "%s", h.diag.text);
    drop(&h);
    free(block);
}

/* What is on its way is nobody's state yet; threads must have come to their end. */
static void not_at_rest(void)
{
    struct hosted h;
    struct leat_frame *frame;
    char block[4096];
    double out[HOSTED_FRAME];
    open_text(&h, REFUSED, 1);
    EXPECT(leat_engine_state_bytes(h.engine) <= sizeof block, "it fits");
    frame = leat_inlet_claim(h.engine, h.in, NULL);
    EXPECT(leat_engine_save(h.engine, block, sizeof block, &h.diag) == LEAT_ESTATE &&
               strcmp(h.diag.text, "1 frames of in are on their way: step until nothing moves, "
                                   "and release what the outlets give") == 0,
           "%s", h.diag.text);
    leat_inlet_release(h.engine, h.in, frame);
    EXPECT(leat_engine_save(h.engine, block, sizeof block, &h.diag) == LEAT_OK, "not begun");
    EXPECT(leat_engine_start(h.engine, NULL) == LEAT_OK, "start");
    EXPECT(leat_engine_save(h.engine, block, sizeof block, &h.diag) == LEAT_ESTATE &&
               strstr(h.diag.text, "threads run the stages") != NULL,
           "%s", h.diag.text);
    (void)hosted_part(&h, samples, 50, out, HOSTED_FRAME, true, false);
    EXPECT(leat_engine_wait(h.engine, UINT64_MAX, NULL) == LEAT_OK, "the end");
    EXPECT(leat_engine_save(h.engine, block, sizeof block, &h.diag) == LEAT_OK, "%s",
           h.diag.text);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

/* A file is no state of ours: the diag of a save that went well names it. */
static void files_are_named(void)
{
    char text[256], path[64], block[4096];
    struct hosted_options o = {.isa = leat_isa_best(), .doorless = true};
    struct hosted h;
    snprintf(path, sizeof path, "states.%ld.npy", (long)getpid());
    snprintf(text, sizeof text, "synth samples=1k ! ewma alpha=0.5 ! npy file=%s name=file", path);
    EXPECT(hosted_open(&h, text, &o) == LEAT_OK, "%s", h.diag.text);
    while (leat_worker_step(h.engine, 0, 9, NULL) >= 0)
        continue;
    EXPECT(leat_engine_save(h.engine, block, sizeof block, &h.diag) == LEAT_OK &&
               h.diag.code == LEAT_OK &&
               strcmp(h.diag.text,
                      "not saved, because they stand for something outside: file") == 0,
           "%s", h.diag.text);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    remove(path);
}

int main(void)
{
    for (size_t i = 0; i < SAMPLES; i++)
        samples[i] = hosted_sample(i);
    cut_anywhere();
    a_source_goes_on();
    mismatches();
    knobs_belong_to_it();
    not_at_rest();
    files_are_named();
    return 0;
}
