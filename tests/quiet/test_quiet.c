/* Promise 1 for everything in the catalogue: each source, stage and sink runs sealed, on plans of
 * one and two workers and with every usable instruction set, over 10^6 frames or to its file's end,
 * and no worker allocates, locks, faults a page or calls the system outside declared waits.
 *
 * A stage of the catalogue without a recipe here fails the test. Stages that break the promise, one
 * in each way, run the same way and must be caught. */
#define _GNU_SOURCE
#include "quiet/inputs.h"
#include "witness/witness.h"

#include <leat/arena.h>
#include <leat/text.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAME 16u /* samples of a frame in the files, and for the inlet; elsewhere few: what is
                   * watched happens once a frame, and base, which has no fma, takes long */
#define FILE_FRAMES 20000u

static uint64_t frames_all = 1000000; /* fewer under sanitizers */
static bool half; /* under sanitizers: one worker with base, two with the others */
static bool count_syscalls;            /* this machine and build can */
static int failures;

enum role { SOURCE, STAGE, SINK };

static const struct recipe {
    const char *stage;
    enum role role;
    const char *text;   /* knows $dir, $type, $port that nobody has, and $samples for all frames of
                         * its frame= */
    bool short_file;    /* FILE_FRAMES frames instead of frames_all */
} recipes[] = {
    {"csv", SOURCE, "csv file=$dir/in.csv frame=16 type=$type ! null", true},
    {"wav", SOURCE, "wav file=$dir/in.wav frame=16 type=$type ! null", true},
    {"npy", SOURCE, "npy file=$dir/in.npy frame=16 type=$type ! null", true},
    {"npy", SOURCE, "npy file=$dir/in.npy frame=16 type=$type mapped=yes ! null", true},
    {"raw", SOURCE, "raw file=$dir/in.raw type=f64 to=$type frame=16 ! null", true},
    {"raw", SOURCE, "raw file=$dir/in.raw type=f64 to=$type frame=16 mapped=yes ! null", true},
    {"itch", SOURCE, "itch file=$dir/in.itch frame=16 ! null", true},
    {"dbn", SOURCE, "dbn file=$dir/in.dbn frame=16 type=i64 ! null", true},
    {"json", SOURCE, "json file=$dir/in.json fields=b:a[0].b frame=1 type=$type ! null", true},
    {"wfdb", SOURCE, "wfdb file=$dir/in frame=16 type=$type ! null", true},
    {"mtx", SOURCE, "mtx file=$dir/in.mtx frame=1 type=$type ! null", true},
    {"idx", SOURCE, "idx file=$dir/in.idx type=$type ! null", true},
    {"idx", SOURCE, "idx file=$dir/in.idx frame=1 items=samples type=$type mapped=yes ! null",
     true},
    {"pgm", SOURCE, "pgm file=$dir/in.pgm lines=frames type=$type ! null", true},
    {"file", SOURCE, "file file=$dir/in.itch frame=256 ! null", true},
    {"pcap", SOURCE, "pcap file=$dir/in.pcap frame=64 ! null", true},
    {"udp", SOURCE,
     "pcap file=$dir/in.pcap frame=64 speed=200k ! udp address=127.0.0.1:$port; "
     "udp address=127.0.0.1:$port frame=64 datagram=64 idle=50ms duration=9s ! null", true},
    {"udp", SINK,
     "pcap file=$dir/in.pcap frame=64 speed=200k ! udp address=127.0.0.1:$port; "
     "udp address=127.0.0.1:$port idle=50ms duration=9s rcvbuf=4Ki ! moldudp ! null", true},
    {"tcp", SOURCE,
     "file file=$dir/in.itch frame=64 ! tcp address=127.0.0.1:$port; "
     "tcp address=127.0.0.1:$port frame=64 idle=30s duration=100s ! null", true},
    {"tcp", SINK,
     "file file=$dir/in.itch frame=64 ! tcp address=127.0.0.1:$port; "
     "tcp address=127.0.0.1:$port duration=100s ! lengths ! null", true},
    {"stdin", SOURCE, "stdin frame=64 ! null", true},
    {"lengths", STAGE, "file file=$dir/in.itch frame=256 ! lengths ! null", true},
    {"fixed", STAGE, "file file=$dir/in.dbn frame=512 skip=26 ! fixed size=56 ! null", true},
    {"soupbin", STAGE, "file file=$dir/in.soup frame=256 ! soupbin ! null", true},
    {"moldudp", STAGE, "pcap file=$dir/in.pcap frame=64 ! moldudp ! null", true},
    {"itch", STAGE, "file file=$dir/in.itch frame=256 ! lengths ! itch frame=16 ! null", true},
    {"dbn", STAGE,
     "file file=$dir/in.dbn frame=512 skip=26 ! fixed size=56 ! dbn frame=16 ! null", true},
    {"iex", STAGE, "pcap file=$dir/in.iex.pcap frame=128 ! iex frame=16 ! null", true},
    {"synth", SOURCE, "synth kind=noise samples=$samples frame=4 type=$type ! null", false},
    {"synth", SOURCE, "synth kind=sine samples=$samples frame=4 type=$type ! null", false},
    {"inlet", SOURCE, "inlet frame=16 type=$type ! null", false},
    {"zscore", STAGE, "synth samples=$samples frame=4 type=$type ! zscore ! null", false},
    {"welford", STAGE, "synth samples=$samples frame=4 type=$type ! welford ! null", false},
    {"ewma", STAGE, "synth samples=$samples frame=4 type=$type ! ewma span=20 ! null", false},
    {"rolling", STAGE, "synth samples=$samples frame=4 type=$type ! rolling size=50 ! null",
     false},
    {"scale", STAGE, "synth samples=$samples frame=4 type=$type ! scale by=3 add=1 ! null", false},
    {"gain", STAGE, "synth samples=$samples frame=4 type=$type ! gain db=6 ! null", false},
    {"clamp", STAGE, "synth samples=$samples frame=4 type=$type ! clamp min=0 max=0.5 ! null",
     false},
    {"log", STAGE, "synth samples=$samples frame=2 type=$type ! log ! null", false},
    {"log", STAGE, "synth samples=$samples frame=2 type=$type ! log ! zscore ! null", false},
    {"exp", STAGE, "synth samples=$samples frame=2 type=$type ! exp ! null", false},
    {"abs", STAGE, "synth samples=$samples frame=4 type=$type ! abs ! null", false},
    {"diff", STAGE, "synth samples=$samples frame=4 type=$type ! diff ! null", false},
    {"logreturn", STAGE, "synth samples=$samples frame=2 type=$type ! abs ! logreturn ! null",
     false},
    {"window", STAGE, "synth samples=$samples frame=16 type=$type ! window size=24 hop=12 ! null",
     false},
    {"window", STAGE,
     "synth samples=$samples frame=16 type=$type ! window size=24 hop=12 shape=hann ! null", false},
    {"window", STAGE, /* more keys than states */
     "synth kind=noise samples=320k frame=16 channels=2 type=$type ! scale by=99 ! "
     "cast type=i64 ! key by=1 max=40 ! window size=4 hop=3 ! null",
     true},
    /* 11 and 13 are convolutions. */
    {"rfft", STAGE, "synth samples=$samples frame=4 type=$type ! rfft ! null", false},
    {"rfft", STAGE, "synth samples=220k frame=11 type=$type ! rfft ! null", true},
    {"irfft", STAGE, "synth samples=$samples frame=3 type=$type ! rfft ! irfft ! null", false},
    {"fft", STAGE, "synth samples=$samples frame=4 channels=2 type=$type ! fft ! null", false},
    {"ifft", STAGE, "synth samples=$samples frame=3 type=$type ! fft ! ifft ! null", false},
    {"ifft", STAGE, "synth samples=260k frame=13 type=$type ! fft ! ifft ! null", true},
    {"magnitude", STAGE, "synth samples=$samples frame=4 type=$type ! rfft ! magnitude ! null",
     false},
    {"power", STAGE, "synth samples=$samples frame=4 type=$type ! rfft ! power ! null", false},
    {"phase", STAGE, "synth samples=$samples frame=2 type=$type ! rfft ! phase ! null", false},
    {"norm", STAGE, "synth samples=$samples frame=4 type=$type ! norm ! null", false},
    {"topk", STAGE, "synth samples=$samples frame=4 type=$type ! topk k=3 ! null", false},
    {"fir", STAGE, "synth samples=$samples frame=4 type=$type ! fir taps=1,-0.5 ! null", false},
    {"fir", STAGE,
     "synth samples=320k frame=16 type=$type ! fir taps=1,-0.5 by=spectra ! null", true},
    {"convolve", STAGE,
     "synth samples=$samples frame=4 type=$type ! convolve taps=1,-0.5 ! null", false},
    {"matmul", STAGE,
     "synth samples=320k frame=16 channels=2 type=$type ! matmul matrix=$dir/weights.npy ! null",
     true},
    {"spmm", STAGE,
     "synth samples=320k frame=16 channels=2 type=$type ! spmm matrix=$dir/weights.npy ! null",
     true},
    {"spmm", STAGE,
     "synth samples=20k frame=1 channels=2 type=$type ! spmm matrix=$dir/weights.npy ! null",
     true},
    {"transpose", STAGE,
     "synth samples=$samples frame=4 channels=3 type=$type ! transpose ! null", false},
    {"book", STAGE,
     "dbn file=$dir/in.dbn frame=16 type=i64 "
     "fields=action,instrument,order_id,side,size,price ! book depth=2 orders=999 ! null", true},
    {"bars", STAGE,
     "dbn file=$dir/in.dbn frame=16 type=i64 fields=price,size ! bars ticks=5 ! null", true},
    {"imbalance", STAGE,
     "synth samples=320k frame=16 channels=4 ! imbalance bid=1 bid-size=2 ask=3 ask-size=4 ! null",
     true},
    {"bars", STAGE,
     "synth kind=noise samples=320k frame=16 channels=4 ! abs ! key by=1 max=99 ! "
     "imbalance bid=1 bid-size=2 ask=3 ask-size=4 ! bars ticks=2 price=3 size=4 ! null",
     true},
    {"project", STAGE,
     "synth samples=320k frame=16 type=$type ! project basis=$dir/weights.npy ! null", true},
    {"gemm", STAGE,
     "synth samples=320k frame=16 channels=2 type=$type ! gemm matrix=$dir/weights.npy ! null",
     true},
    {"rsvd", STAGE,
     "synth kind=noise samples=80k frame=4 channels=2 type=$type ! rsvd rank=1 ! null", true},
    {"rsvd", STAGE,
     "synth kind=noise samples=80k frame=4 channels=2 type=$type ! rsvd rank=1 oversampling=0 "
     "out=right ! null", true},
    {"where", STAGE, "synth samples=$samples frame=4 type=$type ! where channel=1 min=0 ! null",
     false},
    {"select", STAGE,
     "synth samples=$samples frame=4 channels=2 type=$type ! select channels=2 ! null", false},
    {"cast", STAGE, "synth samples=$samples frame=4 type=$type ! cast type=i64 ! null", false},
    {"cast", STAGE, "synth samples=$samples frame=4 type=f32 ! cast type=f64 ! null", false},
    {"tee", STAGE,
     "synth samples=$samples frame=4 type=$type ! tee name=t ! null; t. ! abs ! null; t. ! null",
     false},
    {"queue", STAGE, "synth samples=$samples frame=4 type=$type ! queue depth=8 ! abs ! null",
     false},
    {"queue", STAGE,
     "synth samples=$samples frame=2 type=$type ! queue depth=8 full=oldest age=1s ! exp ! null",
     false},
    {"join", STAGE,
     "synth samples=$samples frame=4 type=$type ! tee name=t ! abs ! j.; t. ! j.; "
     "join name=j ! null",
     false},
    {"join", STAGE,
     "synth samples=$samples frame=4 type=$type ! tee name=t ! where channel=1 min=0.5 ! j.; "
     "t. ! where channel=1 max=0.5 ! j.; join name=j how=first ! null",
     false},
    {"ewma", STAGE,
     "synth samples=$samples frame=4 channels=3 type=$type ! ewma span=9 on=2 ! diff on=1,3 ! "
     "zscore on=3,1 as=z ! null on=2,z.ch1", false},
    {"join", STAGE,
     "synth kind=ramp channels=2 samples=$samples frame=16 ! tee name=t ! abs ! j.; t. ! j.; "
     "synth kind=ramp channels=2 samples=$samples frame=24 ! j.; "
     "join name=j how=asof time=1 within=1s ! null",
     false},
    {"key", STAGE,
     "synth samples=$samples frame=4 channels=2 rate=1k type=$type ! key by=1 max=99 ttl=1s ! "
     "ewma span=9 ! rolling size=4 ! diff ! null",
     false},
    {"csv", SINK, "synth samples=$samples frame=1 type=$type ! csv file=$dir/out.csv", false},
    {"wav", SINK, "synth samples=$samples frame=1 type=$type ! wav file=$dir/out.wav", false},
    {"npy", SINK, "synth samples=$samples frame=4 type=$type ! npy file=$dir/out.npy", false},
    {"raw", SINK, "synth samples=$samples frame=4 type=$type ! raw file=$dir/out.raw", false},
    {"null", SINK, "synth samples=$samples frame=4 type=$type ! null", false},
    {"stats", SINK, "synth samples=$samples frame=4 type=$type ! stats file=$dir/out.json", false},
    {"latest", SINK, "synth samples=320k frame=16 type=$type ! latest file=$dir/out.latest", true},
    {"digest", SINK, "synth samples=$samples frame=4 type=$type ! digest file=$dir/out.json",
     false},
    {"outlet", SINK, "synth samples=$samples frame=4 type=$type ! outlet", false},
};
#define RECIPES (sizeof recipes / sizeof recipes[0])

/* ---- stages that break the promise, once each 100 batches ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *volatile kept;
static volatile char *fresh;
static size_t fresh_at, fresh_bytes;

static bool due(void)
{
    static uint64_t batches; /* one planted stage runs at a time, on one worker */
    return ++batches % 100 == 0;
}

static void bad_malloc(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    if (!due())
        return;
    kept = malloc(24);
    free(kept);
}

static void bad_lock(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    if (!due())
        return;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

static void bad_call(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    if (due())
        (void)syscall(SYS_getpid);
}

static void bad_touch(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    if (!due() || fresh_at >= fresh_bytes)
        return;
    fresh[fresh_at] = 1;
    fresh_at += (size_t)sysconf(_SC_PAGESIZE);
}

#define BAD(word, function)                                                                  \
    {.size = sizeof(struct leat_stage), .traits = LEAT_MAP, .name = word, .doc = "planted.", \
     .ins = 1, .outs = 1, .map = function}
static const struct leat_stage bad[LEAT_WITNESS_KINDS] = {
    BAD("planted_malloc", bad_malloc),
    BAD("planted_mutex", bad_lock),
    BAD("planted_touch", bad_touch),
    BAD("planted_getpid", bad_call),
};
static const struct leat_stage *const bad_list[] = {&bad[0], &bad[1], &bad[2], &bad[3]};
static const struct leat_catalogue bad_catalogue = {bad_list, LEAT_WITNESS_KINDS, NULL};

/* ---- one run ---- */

struct run {
    const char *text;
    uint32_t workers;
    enum leat_isa isa;
    const struct leat_stage *stage; /* must be in the plan */
    uint64_t frames;                /* that it, or the source, saw */
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_arena arena;
    struct leat_witness witness;
    struct leat_engine *engine;
};

static char folder[] = "/tmp/leat-quiet-XXXXXX";

/* A port of this machine that is free for connections and datagrams, as it seems, so that runs
 * beside this one take others; 0: none was found. */
static uint16_t free_port(void)
{
    struct sockaddr_in at;
    bool good = false;
    for (int i = 0; i < 100 && !good; i++) {
        socklen_t size = sizeof at;
        int connections = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        at = (struct sockaddr_in){.sin_family = AF_INET};
        good = bind(connections, (const void *)&at, size) == 0 &&
               getsockname(connections, (void *)&at, &size) == 0 &&
               bind(datagrams, (const void *)&at, size) == 0;
        close(datagrams);
        close(connections);
    }
    return good ? ntohs(at.sin_port) : 0;
}

static int make(struct run *r, struct leat_diag *diag)
{
    char text[512];
    const char *frame = strstr(r->text, "frame=");
    uint64_t samples = frames_all * (frame != NULL ? strtoull(frame + 6, NULL, 10) : FRAME);
    int length = snprintf(text, sizeof text,
                          "let dir=%s; let port=%u; let samples=%llu; let type=%s; %s", folder,
                          free_port(), (unsigned long long)samples,
                          r->workers == 1 ? "f64" : "f32", r->text);
    struct leat_limits limits = {.workers = r->workers, .quarantine = 4};
    leat_graph_init(&r->graph);
    const struct leat_catalogue *all = leat_catalogue_default(r->lists);
    r->lists[LEAT_CATALOGUE_LISTS - 1].next = &bad_catalogue;
    int status = leat_text_parse(&r->graph, all, NULL, text, (size_t)length, diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&r->plan, &r->graph, &limits, diag);
    if (status != LEAT_OK)
        return status;
    size_t bytes = leat_engine_bytes(&r->plan);
    struct leat_arena_options memory = {.size = sizeof memory, .bytes = bytes + LEAT_APART,
                                        .huge = LEAT_HUGE_AUTO, .node = -1};
    struct leat_witness_options watch = {.syscalls = count_syscalls};
    status = leat_witness_init(&r->witness, &watch, diag);
    if (status == LEAT_OK)
        status = leat_arena_init(&r->arena, &memory, diag);
    if (status != LEAT_OK)
        return status;
    void *storage = leat_arena_take(&r->arena, bytes, LEAT_APART, diag);
    struct leat_engine_options options = {.size = sizeof options, .isa = r->isa,
                                          .watch = &r->witness.watch};
    return leat_engine_init(&r->engine, &r->plan, &options, storage, bytes, diag);
}

/* This thread is the host program: what a door wants, it does. */
static void serve_inlet(struct leat_engine *engine, uint32_t door)
{
    for (uint64_t sent = 0; sent < frames_all;) {
        struct leat_frame *frame = leat_inlet_claim(engine, door, NULL);
        if (frame == NULL) {
            sched_yield();
            continue;
        }
        frame->cols = FRAME;
        memset(leat_frame_row(frame, 0), 0, FRAME * leat_kind_bytes(frame->kind));
        while (!leat_inlet_publish(engine, door, frame))
            sched_yield();
        sent++;
    }
    leat_inlet_close(engine, door);
}

static void serve_outlet(struct leat_engine *engine, uint32_t door)
{
    struct leat_frame *frames[32];
    for (bool end = false; !end;) {
        uint32_t n = leat_outlet_take(engine, door, frames, 32, &end);
        if (n != 0)
            leat_outlet_release(engine, door, frames, n);
        else
            sched_yield();
    }
}

/* What comes from standard input comes from a file. */
static bool feed_stdin(const struct run *r)
{
    char path[512];
    snprintf(path, sizeof path, "%s/in.itch", folder);
    int fd = strncmp(r->text, "stdin", 5) == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool fed = fd < 0 || dup2(fd, STDIN_FILENO) >= 0;
    if (fd >= 0)
        close(fd);
    return fed;
}

static int go(struct run *r, struct leat_diag *diag)
{
    uint32_t door;
    int status = feed_stdin(r) ? make(r, diag) : LEAT_EIO;
    if (status == LEAT_OK)
        status = leat_engine_seal(r->engine, diag);
    if (status == LEAT_OK)
        status = leat_engine_start(r->engine, diag);
    if (status != LEAT_OK)
        return status;
    if (leat_inlet_find(r->engine, "inlet", &door, NULL) == LEAT_OK)
        serve_inlet(r->engine, door);
    if (leat_outlet_find(r->engine, "outlet", &door, NULL) == LEAT_OK)
        serve_outlet(r->engine, door);
    status = leat_engine_wait(r->engine, UINT64_MAX, diag);
    for (uint32_t i = 0; i < r->plan.stages_n; i++) {
        struct leat_stage_stats stats;
        leat_engine_stage(r->engine, i, &stats);
        if (r->plan.stages[i].stage == r->stage)
            r->frames = r->stage->ins == 0 ? stats.frames_out : stats.frames_in;
    }
    return status;
}

static void end(struct run *r)
{
    struct leat_diag diag;
    if (leat_engine_fini(r->engine, &diag) != LEAT_OK) {
        printf("FAIL %s: %s\n", r->text, diag.text);
        failures++;
    }
    leat_arena_fini(&r->arena);
    leat_plan_fini(&r->plan);
    leat_graph_fini(&r->graph);
}

static void fail(const struct run *r, const char *what)
{
    printf("FAIL %s [%u workers, %s]: %s\n", r->text, r->workers, leat_isa_name(r->isa), what);
    failures++;
}

/* Runs it; the counts of what the workers did. */
static struct leat_witness_counts run(struct run *r, uint64_t frames_min, char *offender,
                                      size_t bytes)
{
    struct leat_diag diag;
    struct leat_witness_counts counts;
    char text[128];
    memset(&diag, 0, sizeof diag);
    if (go(r, &diag) != LEAT_OK)
        fail(r, diag.text);
    else if (r->frames < frames_min) {
        snprintf(text, sizeof text, "%llu frames, %llu are due", (unsigned long long)r->frames,
                 (unsigned long long)frames_min);
        fail(r, text);
    }
    leat_witness_total(&r->witness, &counts);
    (void)leat_witness_offender(&r->witness, offender, bytes);
    end(r);
    return counts;
}

/* ---- the walk over the catalogue ---- */

static enum role role_of(const struct leat_stage *stage)
{
    return stage->ins == 0 ? SOURCE : stage->outs == 0 ? SINK : STAGE;
}

static void check_recipe(const struct recipe *recipe, const struct leat_stage *stage)
{
    uint64_t frames = recipe->short_file && frames_all > FILE_FRAMES ? FILE_FRAMES : frames_all;
    for (uint32_t workers = 1; workers <= 2; workers++)
        for (int isa = 0; isa < LEAT_ISAS; isa++) {
            if (!leat_isa_usable((enum leat_isa)isa) ||
                (half && (workers == 1) != (isa == LEAT_ISA_BASE)))
                continue;
            static struct run r;
            char offender[512], text[1024];
            memset(&r, 0, sizeof r);
            r.text = recipe->text;
            r.workers = workers;
            r.isa = (enum leat_isa)isa;
            r.stage = stage;
            struct leat_witness_counts n = run(&r, frames, offender, sizeof offender);
            if ((n.allocations | n.locks | n.faults | n.syscalls) == 0)
                continue;
            snprintf(text, sizeof text, "%llu allocations, %llu locks, %llu faults, %llu system "
                     "calls; %s", (unsigned long long)n.allocations,
                     (unsigned long long)n.locks, (unsigned long long)n.faults,
                     (unsigned long long)n.syscalls, offender);
            fail(&r, text);
        }
}

static void check_stage(const struct leat_stage *stage)
{
    uint32_t found = 0;
    for (size_t i = 0; i < RECIPES; i++)
        if (strcmp(recipes[i].stage, stage->name) == 0 && recipes[i].role == role_of(stage)) {
            check_recipe(&recipes[i], stage);
            found++;
        }
    static const char *const roles[] = {"source", "stage", "sink"};
    if (found == 0) {
        printf("FAIL %s %s has no recipe in this test\n", roles[role_of(stage)], stage->name);
        failures++;
    }
    printf("     %-6s %-10s %u\n", roles[role_of(stage)], stage->name, found);
    fflush(stdout);
}

static void check_planted(enum leat_witness_kind kind, bool seen)
{
    static struct run r;
    char text[96], offender[512];
    memset(&r, 0, sizeof r);
    if (!seen) {
        printf("n/a  %s: this build or machine does not count it\n", bad[kind].name);
        return;
    }
    snprintf(text, sizeof text, "synth samples=$samples frame=4 ! %s ! null", bad[kind].name);
    r.text = text;
    r.workers = 1;
    r.isa = leat_isa_best();
    r.stage = &bad[kind];
    struct leat_witness_counts n = run(&r, frames_all, offender, sizeof offender);
    const uint64_t counts[] = {n.allocations, n.locks, n.faults, n.syscalls};
    if (counts[kind] == 0)
        fail(&r, "was not caught");
    else
        printf("seen %s: %llu; %s\n", bad[kind].name, (unsigned long long)counts[kind], offender);
}

static void check_all_planted(void)
{
    static struct leat_witness witness;
    if (leat_witness_init(&witness, NULL, NULL) != LEAT_OK)
        failures++;
    fresh_bytes = 64 * (size_t)sysconf(_SC_PAGESIZE);
    void *memory = mmap(NULL, fresh_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                        0);
    if (memory == MAP_FAILED) {
        printf("FAIL no memory\n");
        failures++;
        return;
    }
    fresh = memory;
    for (int kind = 0; kind < LEAT_WITNESS_KINDS; kind++)
        check_planted((enum leat_witness_kind)kind,
                      kind == LEAT_WITNESS_SYSCALLS
                          ? count_syscalls
                          : leat_witness_sees(&witness, (enum leat_witness_kind)kind));
    munmap(memory, fresh_bytes);
}

int main(void)
{
    static struct leat_witness probe;
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_diag diag;
    count_syscalls =
        leat_witness_init(&probe, &(struct leat_witness_options){true}, &diag) == LEAT_OK;
    if (!count_syscalls)
        printf("n/a  %s\n", diag.text);
    if (!leat_witness_sees(&probe, LEAT_WITNESS_LOCKS)) {
        frames_all = 5000; /* sanitizers: allocations are all that is counted */
        half = leat_isa_best() != LEAT_ISA_BASE;
        printf("n/a  locks, page faults: not counted in a build with sanitizers\n");
    }
    if (mkdtemp(folder) == NULL || !inputs_write(folder, (uint64_t)FILE_FRAMES * FRAME)) {
        printf("FAIL %s: no inputs\n", folder);
        return 1;
    }
    check_all_planted();
    for (const struct leat_catalogue *c = leat_catalogue_default(lists); c != NULL; c = c->next)
        for (uint32_t i = 0; i < c->n; i++)
            check_stage(c->stages[i]);
    inputs_remove(folder);
    printf(failures == 0 ? "ok\n" : "failed: %d\n", failures);
    return failures != 0;
}
