/* The host's floating-point control word: Leat neither changes it nor is changed by it.
 *
 * MXCSR is looked at in full, the bits that remember exceptions too: a host that asks fetestexcept
 * after its own sums must not find Leat's. */
#include "hosted.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)

#define N 1000u
#define USUAL 0x1f80u

/* 1/10 and the division by 3 depend on the rounding, the tiny ones on flushing. */
static const char stages[] = HOSTED("scale by=0.1 add=0 ! scale by=3 ! ewma alpha=0.3");

static const struct {
    const char *name;
    uint32_t word;
} words[] = {
    {"usual", USUAL},
    {"usual, all exceptions seen", USUAL | 0x3f},
    {"flush to zero, denormals are zero", USUAL | 0x8040},
    {"round up", USUAL | 0x4000},
    {"invalid, division and overflow trap", USUAL & ~0x0680u},
};

static double samples[N], wanted[N];
static uint32_t engine_word;

static void look(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    engine_word = __builtin_ia32_stmxcsr() & ~0x3fu;
}
static const struct leat_stage looker = {
    .size = sizeof looker, .traits = LEAT_MAP, .name = "looker", .doc = "Looks.", .ins = 1,
    .outs = 1, .map = look};
static const struct leat_stage *const own_stages[] = {&looker};
static const struct leat_catalogue own = {own_stages, 1, NULL};

/* Everything from text to end under a host's word, and the word looked at after each call. Set-up
 * reads numbers and computes weights as the host rounds: there it rounds to nearest. */
static void live_under(uint32_t word, const char *name, bool threads)
{
    static double scores[N];
    struct hosted h;
    struct hosted_options o = {.isa = leat_isa_best()};
    size_t got = 0;
    __builtin_ia32_ldmxcsr(word & ~0x6000u);
    int status = hosted_open(&h, stages, &o);
    uint32_t opened = __builtin_ia32_stmxcsr() & ~0x3fu;
    __builtin_ia32_ldmxcsr(word);
    EXPECT(opened == (word & ~0x603fu), "%s: set-up left %x", name, opened);
    EXPECT(status == LEAT_OK, "%s: %s", name, h.diag.text);
    if (threads) {
        status = leat_engine_start(h.engine, &h.diag);
        EXPECT(__builtin_ia32_stmxcsr() == word, "%s: start left %x", name,
               __builtin_ia32_stmxcsr());
        EXPECT(status == LEAT_OK, "%s: %s", name, h.diag.text);
        got = hosted_part(&h, samples, N, scores, N, true, false);
    } else {
        for (size_t i = 0; i < N; i += 10)
            got += hosted_part(&h, samples + i, 10, scores + got, N - got, false, i + 10 < N);
        while (leat_worker_step(h.engine, 0, 1, NULL) >= 0)
            continue;
    }
    uint32_t after = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(USUAL);
    EXPECT(after == word, "%s, %s: the host had %x and has %x", name,
           threads ? "threads" : "steps", word, after);
    EXPECT(got == N && memcmp(scores, wanted, sizeof wanted) == 0,
           "%s, %s: other bits than under the usual word", name, threads ? "threads" : "steps");
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

/* Who asks for flushing gets it in the engine, and only there. */
static void flushing_stays_inside(bool threads)
{
    double tiny = DBL_MIN / 4, score = -1;
    struct hosted h;
    struct hosted_options o = {.isa = leat_isa_best(), .flush_to_zero = true, .own = &own};
    EXPECT(hosted_open(&h, HOSTED("scale by=1 ! looker"), &o) == LEAT_OK, "%s", h.diag.text);
    if (threads)
        EXPECT(leat_engine_start(h.engine, &h.diag) == LEAT_OK, "%s", h.diag.text);
    size_t got = hosted_pass(&h, &tiny, 1, &score, threads);
    EXPECT(got == 1 && score == 0.0, "a flushing engine gave %a", score);
    EXPECT(engine_word == (USUAL | 0x8040), "a flushing engine ran with %x", engine_word);
    volatile double half = tiny;
    half /= 2;
    EXPECT(half > 0, "the host's own denormals are flushed");
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

int main(void)
{
    struct hosted h;
    for (size_t i = 0; i < N; i++)
        samples[i] = i % 5 == 0 ? DBL_MIN / (double)(i + 3) : hosted_sample(i);
    EXPECT(hosted_open(&h, stages, NULL) == LEAT_OK, "%s", h.diag.text);
    EXPECT(hosted_pass(&h, samples, N, wanted, false) == N, "no reference");
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (int threads = 0; threads < 2; threads++)
            live_under(words[i].word, words[i].name, threads != 0);
    for (int threads = 0; threads < 2; threads++)
        flushing_stays_inside(threads != 0);
    return 0;
}

#else

int main(void)
{
    return 77; /* the control word of other processors is set in the same place */
}

#endif
