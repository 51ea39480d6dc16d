#include "chain.h"

#include "arena/poison.h"
#include "feed/messages.h"

#include <leat/text.h>

#include <stdlib.h>
#include <string.h>

enum {
    STOPS = 16,          /* one pace of so many stops in the middle */
    CUTS = 512,          /* columns of a frame of `cuts` */
    FRAMES_LIMIT = 1 << 17, /* of a source in one run: more than any input asks for */
    IDLE_LIMIT = 1 << 13,   /* pulls in which nothing comes */
    CELLS_LIMIT = 1 << 15,  /* of a frame, */
    STATE_LIMIT = 1 << 24   /* and bytes of a state that are worth a run */
};

#define REFUSED "refused "

static struct chain chains[CHAINS_MAX];
static uint32_t chains_n;
static enum leat_isa isa; /* the processor is asked once: in a virtual machine that takes long */

/* The input that is run, as `cuts` gives it. */
static struct {
    const uint8_t *at, *end;
    size_t all;
    uint64_t state;
    uint32_t pace;
} input;

/* What must hold of every stage whatever its input is. */
#define must(what, ...)                                   \
    do {                                                  \
        if (!(what)) {                                    \
            fprintf(stderr, "leat fuzz: " __VA_ARGS__);   \
            fprintf(stderr, "\n  of: %s\n", #what);       \
            abort();                                      \
        }                                                 \
    } while (0)

/* What a run gave: frames, and what was counted. */
static struct {
    bool well; /* to its end */
    uint64_t digest;
} result;

static void note(const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, at + i, n - i < sizeof word ? n - i : sizeof word);
        result.digest = (result.digest ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        result.digest ^= result.digest >> 32;
    }
}

static void note_frame(struct leat_frame *frame)
{
    note(&frame->cols, sizeof frame->cols);
    note(&frame->time_ns, sizeof frame->time_ns);
    note(&frame->flags, sizeof frame->flags);
    for (uint32_t r = 0; r < frame->rows; r++)
        note(leat_frame_row(frame, r), (size_t)frame->cols * leat_kind_bytes(frame->kind));
}

/* ---- the source of bytes ---- */

static int cuts_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    leat_bytes_shape(&need->out, CUTS);
    return LEAT_OK;
}

static int cuts_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    uint32_t made = 0;
    (void)state, (void)ctx;
    for (; made < n && input.at < input.end; made++) {
        size_t left = (size_t)(input.end - input.at);
        size_t piece = piece_of(input.pace, &input.state, input.all,
                                left < CUTS ? left : CUTS);
        memcpy(leat_frame_row(frames[made], 0), input.at, piece);
        frames[made]->cols = (uint32_t)piece;
        frames[made]->time_ns = LEAT_TIME_NONE;
        input.at += piece;
    }
    return made != 0 ? (int)made : LEAT_EEND;
}

static const struct leat_stage cuts = {
    .size = sizeof cuts, .name = "cuts", .doc = "The input, in pieces.", .outs = 1,
    .resolve = cuts_resolve, .pull = cuts_pull};
static const struct leat_stage *const own[] = {&cuts};
static const struct leat_catalogue catalogue = {own, 1, NULL};

/* ---- memory ---- */

/* Exactly so many bytes may be touched. */
static void *exact(void *before, size_t bytes)
{
    free(before);
    size_t room = leat_round_up(bytes + 1, LEAT_LINE);
    char *at = aligned_alloc(LEAT_LINE, room);
    must(at != NULL, "no memory for %zu bytes", bytes);
    arena_poison(at + bytes, room - bytes);
    return at;
}

static size_t row_bytes(const struct leat_shape *shape)
{
    return leat_round_up((size_t)shape->cols * leat_kind_bytes(shape->kind), LEAT_LINE);
}

static void give_frames(struct station *s)
{
    size_t bytes = sizeof(struct leat_frame) + s->shape.rows * row_bytes(&s->shape);
    for (uint32_t i = 0; i < FRAMES_MAX && bytes != s->frame_room; i++) {
        s->frames[i] = exact(s->frames[i], bytes);
        *s->frames[i] = (struct leat_frame){.owner = 0};
    }
    s->frame_room = bytes;
}

static void blank(const struct station *s, struct leat_frame *frame)
{
    *frame = (struct leat_frame){.rows = s->shape.rows, .kind = (uint8_t)s->shape.kind,
                                 .stride = (uint32_t)row_bytes(&s->shape),
                                 .time_ns = LEAT_TIME_NONE, .owner = 1};
}

static struct leat_frame *claim(struct station *s)
{
    for (uint32_t i = 0; i < FRAMES_MAX; i++)
        if (s->frames[i]->owner == 0) {
            blank(s, s->frames[i]);
            return s->frames[i];
        }
    return NULL;
}

static void home(const struct station *s)
{
    for (uint32_t i = 0; i < FRAMES_MAX; i++)
        must(s->frames[i]->owner == 0, "%s: frame %u did not come home", s->stage->name, i);
}

/* ---- one station ---- */

static void said(const struct station *s, int status)
{
    must(s->diag.code == status, "%s: fails with %d and says %d", s->stage->name, status,
         s->diag.code);
    must(s->diag.text[0] != '\0', "%s: fails and does not say why", s->stage->name);
    for (const char *at = s->diag.text; *at != '\0'; at++)
        must((unsigned char)*at >= ' ' && *at != 0x7f, "%s: its words hold byte %02x: %s",
             s->stage->name, (unsigned char)*at, s->diag.text);
}

static int resolve(struct station *s, const struct leat_shape *in)
{
    static struct leat_channel channels[CHANNELS_MAX];
    s->need = (struct leat_need){.channels_max = CHANNELS_MAX};
    s->diag = (struct leat_diag){.code = 0};
    if (in != NULL) {
        memcpy(channels, in->channels, in->rows * sizeof *channels);
        s->need.out = *in;
    }
    s->need.out.channels = channels;
    int status = s->stage->resolve(s->options, in, &s->need, &s->diag);
    if (status != LEAT_OK) {
        said(s, status);
        return status;
    }
    s->shape = s->need.out;
    must(s->shape.rows >= 1 && s->shape.rows <= CHANNELS_MAX && s->shape.cols >= 1 &&
         leat_kind_bytes(s->shape.kind) != 0, "%s: a shape of %u x %u", s->stage->name,
         s->shape.rows, s->shape.cols);
    s->shape.channels = memcpy(s->channels, channels, s->shape.rows * sizeof *channels);
    return LEAT_OK;
}

static int init(struct station *s, const struct leat_shape *in)
{
    if (s->state_room != s->need.state_bytes || s->state == NULL) {
        s->state_room = s->need.state_bytes;
        s->state = exact(s->state, s->state_room);
    }
    if (s->scratch_room != s->need.scratch_bytes) {
        s->scratch_room = s->need.scratch_bytes;
        s->scratch = exact(s->scratch, s->scratch_room);
    }
    memset(s->state, 0, s->state_room);
    s->ctx = (struct leat_ctx){
        .isa = isa, .diag = &s->diag, .scratch = s->scratch};
    s->put_n = 0;
    if (s->stage->init == NULL)
        return LEAT_OK;
    int status = s->stage->init(s->state, s->options, in, &s->need, &s->diag);
    if (status != LEAT_OK)
        said(s, status);
    return status;
}

/* What a call left behind. True: the chain is over. */
static bool over(struct station *s)
{
    for (uint32_t i = s->causes; i < LEAT_COUNTS_MAX && s->ctx.counted != 0; i++)
        must(s->ctx.counts[i] == 0, "%s: counts cause %u, which has no name", s->stage->name, i);
    if (s->ctx.failed != 0)
        said(s, s->ctx.failed);
    return s->ctx.failed != 0;
}

/* ---- what a flow stage calls, in place of the engine's (wrapped at link time) ---- */

struct leat_out {
    struct station *station;
};

struct leat_frame *__wrap_leat_out_claim(struct leat_out *out);
bool __wrap_leat_out_put(struct leat_out *out, struct leat_frame *frame);
uint32_t __wrap_leat_out_room(const struct leat_out *out);
void __wrap_leat_out_release(struct leat_out *out, struct leat_frame *frame);

struct leat_frame *__wrap_leat_out_claim(struct leat_out *out)
{
    struct station *s = out->station;
    if (s->claims == 0)
        return NULL;
    s->claims--;
    return claim(s);
}

uint32_t __wrap_leat_out_room(const struct leat_out *out)
{
    return out->station->room - out->station->put_n;
}

bool __wrap_leat_out_put(struct leat_out *out, struct leat_frame *frame)
{
    struct station *s = out->station;
    if (s->put_n == s->room)
        return false;
    must(frame->owner == 1, "%s: puts a frame that is not its own", s->stage->name);
    s->put[s->put_n++] = frame;
    return true;
}

void __wrap_leat_out_release(struct leat_out *out, struct leat_frame *frame)
{
    must(frame->owner == 1, "%s: releases a frame twice", out->station->stage->name);
    frame->owner = 0;
}

/* ---- frames on their way ---- */

/* Whoever reads the frame finds nothing behind its columns. */
static void fence(struct leat_frame *frame, bool up)
{
    size_t used = (size_t)frame->cols * leat_kind_bytes(frame->kind);
    for (uint32_t r = 0; r < frame->rows; r++) {
        char *row = leat_frame_row(frame, r);
        if (up)
            arena_poison(row + used, frame->stride - used);
        else
            arena_unpoison(row + used, frame->stride - used);
    }
}

static void check(const struct station *s, struct leat_frame *frame)
{
    const struct leat_shape *shape = &s->shape;
    must(frame->rows == shape->rows && frame->kind == shape->kind &&
         frame->stride == row_bytes(shape), "%s: another shape", s->stage->name);
    must(frame->cols >= 1 && frame->cols <= shape->cols &&
         (!shape->cols_fixed || frame->cols == shape->cols), "%s: a frame of %u columns of %u",
         s->stage->name, frame->cols, shape->cols);
}

/* A MAP stage, whose frame may have more rows than those that come: in a frame of its own. */
static uint32_t map(struct station *s, struct leat_frame *const *frames, uint32_t n)
{
    uint8_t verdict[FRAMES_MAX] = {0};
    uint16_t why[FRAMES_MAX];
    s->ctx.verdict = verdict;
    s->ctx.why = why;
    s->ctx.marked = 0;
    for (uint32_t k = 0; k < n; k++) {
        struct leat_frame *from = frames[k], *to = s->put[k] = claim(s);
        leat_rows_copy(leat_frame_row(to, 0), leat_frame_row(from, 0),
                       (size_t)from->cols * leat_kind_bytes(from->kind), from->rows, to->stride,
                       from->stride);
        to->cols = from->cols;
        to->time_ns = from->time_ns;
        to->flags = from->flags;
        from->owner = 0;
    }
    s->put_n = n;
    s->stage->map(s->state, &s->ctx, s->put, n);
    must(s->ctx.marked == 0, "%s: drops or rejects", s->stage->name);
    return n;
}

static bool pass(struct chain *c, uint32_t i, struct leat_frame *const *frames, uint32_t n);

/* Hands on what station i has put. */
static bool hand_on(struct chain *c, uint32_t i)
{
    struct station *s = &c->at[i];
    struct leat_frame *put[FRAMES_MAX];
    uint32_t n = s->put_n;
    memcpy(put, s->put, n * sizeof *put);
    s->put_n = 0;
    for (uint32_t k = 0; k < n; k++)
        check(s, put[k]);
    return n == 0 || pass(c, i + 1, put, n);
}

/* n frames through the stages from i on; they go home. False: one of them failed. */
static bool pass(struct chain *c, uint32_t i, struct leat_frame *const *frames, uint32_t n)
{
    struct station *s = &c->at[i];
    struct leat_out out = {s};
    bool well = true;
    uint32_t taken = 0, idle = 0;
    for (uint32_t k = 0; k < n; k++) {
        if (i < c->n) {
            fence(frames[k], true);
        } else { /* the end: home */
            note_frame(frames[k]);
            frames[k]->owner = 0;
        }
    }
    if (i == c->n)
        return true;
    while (taken < n && well) {
        s->room = idle != 0 || input.pace % 3 != 0 ? 2 : 1;
        s->claims = idle != 0 || input.pace % 5 != 4 ? FRAMES_MAX : 1;
        uint32_t k = s->stage->map != NULL
                         ? map(s, frames + taken, n - taken)
                         : s->stage->flow(s->state, &s->ctx, frames + taken, n - taken, &out);
        must(k <= n - taken, "%s: takes %u of %u", s->stage->name, k, n - taken);
        idle = k != 0 || s->put_n != 0 ? 0 : idle + 1;
        must(idle < 4, "%s: stands still", s->stage->name);
        taken += k;
        well = !over(s) && hand_on(c, i);
    }
    for (uint32_t k = 0; k < n; k++) {
        fence(frames[k], false);
        must(!well || frames[k]->owner == 0, "%s: keeps a frame", s->stage->name);
        frames[k]->owner = 0;
    }
    return well;
}

static bool flush(struct chain *c)
{
    bool well = true;
    for (uint32_t i = 1; i < c->n && well; i++) {
        struct station *s = &c->at[i];
        struct leat_out out = {s};
        for (bool done = s->stage->flush == NULL; !done && well;) {
            s->room = 1;
            s->claims = 1;
            done = s->stage->flush(s->state, &s->ctx, &out);
            must(done || s->put_n != 0, "%s: its flush stands still", s->stage->name);
            well = !over(s) && hand_on(c, i);
        }
    }
    return well;
}

/* ---- a run ---- */

static void pull_all(struct chain *c)
{
    struct station *s = &c->at[0];
    uint32_t batch = 1 + input.pace % 2, idle = 0, all = 0;
    bool well = true;
    int got = 0;
    while (well && got >= 0) {
        struct leat_frame *frames[2];
        for (uint32_t k = 0; k < batch; k++)
            frames[k] = claim(s);
        s->ctx.waited = false;
        s->ctx.stopping = input.pace % STOPS == STOPS - 1 && all != 0;
        got = s->stage->pull(s->state, &s->ctx, frames, batch);
        must(got <= (int)batch, "%s: gives %d frames of %u", s->stage->name, got, batch);
        well = !over(s);
        must(got >= 0 || got == LEAT_EEND || !well, "%s: ends with %d", s->stage->name, got);
        uint32_t n = got > 0 && well ? (uint32_t)got : 0;
        for (uint32_t k = 0; k < n; k++)
            check(s, frames[k]);
        for (uint32_t k = n; k < batch; k++)
            frames[k]->owner = 0;
        well = well && (n == 0 || pass(c, 1, frames, n));
        all += n;
        idle = n != 0 ? 0 : idle + 1;
        must(idle < IDLE_LIMIT, "%s: gives nothing and does not end", s->stage->name);
        must(all < FRAMES_LIMIT, "%s: does not end", s->stage->name);
        if (s->ctx.stopping)
            break;
    }
    result.well = well && flush(c);
    for (uint32_t i = 0; i < c->n && result.well; i++) {
        home(&c->at[i]);
        note(c->at[i].ctx.counts, sizeof c->at[i].ctx.counts);
        note(&c->at[i].ctx.rejected_rows, sizeof c->at[i].ctx.rejected_rows);
    }
}

/* The stages behind the source, for what the source gives. False: they do not take it. */
static bool prepare(struct chain *c)
{
    for (uint32_t i = 1; i < c->n; i++) {
        struct station *s = &c->at[i];
        if (!c->ready) {
            if (resolve(s, &c->at[i - 1].shape) != LEAT_OK)
                return false;
            must(init(s, &c->at[i - 1].shape) == LEAT_OK, "%s: %s", s->stage->name, s->diag.text);
            must(s->stage->fini == NULL && (s->stage->flow != NULL || s->stage->map != NULL),
                 "%s: is for no chain here", s->stage->name);
            s->fresh = memcpy(exact(s->fresh, s->state_room), s->state, s->state_room);
            give_frames(s);
        }
        memcpy(s->state, s->fresh, s->state_room);
        s->ctx = (struct leat_ctx){
            .isa = isa, .diag = &s->diag, .scratch = s->scratch};
        s->put_n = 0;
        for (uint32_t k = 0; k < FRAMES_MAX; k++)
            s->frames[k]->owner = 0;
    }
    c->ready = true;
    return true;
}

static void run(struct chain *c)
{
    struct station *s = &c->at[0];
    struct leat_shape before = s->shape;
    if (resolve(s, NULL) != LEAT_OK)
        return;
    size_t cells = (size_t)s->shape.rows * s->shape.cols;
    if (cells > CELLS_LIMIT || s->need.state_bytes > STATE_LIMIT)
        return; /* a plan would have to find the memory first */
    c->ready = c->ready && before.rows == s->shape.rows && before.cols == s->shape.cols &&
               before.kind == s->shape.kind;
    int status = init(s, NULL);
    give_frames(s);
    if (status == LEAT_OK && prepare(c))
        pull_all(c);
    if (s->stage->fini != NULL)
        s->stage->fini(s->state);
    for (uint32_t k = 0; k < FRAMES_MAX; k++)
        s->frames[k]->owner = 0;
}

static void run_at(struct chain *c, const uint8_t *data, size_t bytes, uint32_t pace)
{
    input.at = data;
    input.end = data + bytes;
    input.all = bytes;
    input.state = input.pace = pace;
    result.well = false;
    result.digest = UINT64_C(0xcbf29ce484222325);
    if (c->at[0].stage != &cuts)
        world_show(data, bytes, c->record, pace);
    run(c);
    if (c->at[0].stage != &cuts)
        world_close();
}

/* Frames of a framing end where its input's do, of pcap where a pipe has no more; of all others
 * how the input comes must not show. */
static bool comparable(const struct chain *c)
{
    const struct leat_stage *last = c->at[c->n - 1].stage;
    return (c->n == 1 && last != &leat_pcap_source) || last == &leat_stage_itch ||
           last == &leat_stage_dbn || last == &leat_stage_iex || last->map != NULL;
}

void chains_run(const uint8_t *data, size_t bytes)
{
    uint32_t which = 0, pace = 0;
    if (bytes >= 2) {
        which = data[bytes - 1];
        pace = data[bytes - 2];
        bytes -= 2;
    }
    struct chain *c = &chains[which % 128 % chains_n];
    run_at(c, data, bytes, pace);
    if (which < 128 || pace == 0 || pace % STOPS == STOPS - 1 || !comparable(c) || !result.well)
        return;
    uint64_t digest = result.digest;
    run_at(c, data, bytes, 0);
    must(!result.well || digest == result.digest, "the pieces of the input show in what it gives");
}

/* ---- the chains of a reader ---- */

static void open_chain(struct chain *c, const char *line)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_diag diag = {0};
    char text[1280];
    int n = snprintf(text, sizeof text,
                     "let file=" WORLD_FILE "\nlet record=" WORLD_RECORD "\n%s", line);
    must(n > 0 && (size_t)n < sizeof text, "%s: too long", line);
    leat_catalogue_default(lists);
    lists[LEAT_CATALOGUE_LISTS - 1].next = &catalogue;
    leat_graph_init(&c->graph);
    int status = leat_text_parse(&c->graph, lists, NULL, text, (size_t)n, &diag);
    must(status == LEAT_OK, "%s: %s", line, diag.text);
    must(c->graph.nodes_n <= STATIONS_MAX, "%s: too many stages", line);
    c->record = strstr(line, "$record") != NULL;
    c->n = c->graph.nodes_n;
    for (uint32_t i = 0; i < c->n; i++) {
        c->at[i].stage = c->graph.nodes[i].stage;
        c->at[i].options = c->graph.nodes[i].options;
        const char *const *causes = c->at[i].stage->counts;
        while (causes != NULL && causes[c->at[i].causes] != NULL)
            c->at[i].causes++;
    }
    must(c->at[0].stage->pull != NULL, "%s: begins with no source", line);
}

/* A chain of those lines that begin with `refused`: it must be, in a line. */
static void refuse(struct chain *c, const char *line)
{
    world_show((const uint8_t *)"", 0, c->record, 0);
    bool taken = resolve(&c->at[0], NULL) == LEAT_OK && prepare(c);
    must(!taken, "%s: is not refused", line);
    world_close();
}

void chains_open(const char *path)
{
    char line[1024];
    uint32_t refused_n = 0; /* from the array's end on */
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    must(file != NULL, "no chains in '%s'", path != NULL ? path : "");
    isa = leat_isa_best();
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        bool refused = strncmp(line, REFUSED, strlen(REFUSED)) == 0;
        must(chains_n + refused_n < CHAINS_MAX, "%s: more than %u chains", path, CHAINS_MAX);
        struct chain *c = &chains[refused ? CHAINS_MAX - ++refused_n : chains_n++];
        open_chain(c, refused ? line + strlen(REFUSED) : line);
        if (refused)
            refuse(c, line);
    }
    fclose(file);
    must(chains_n != 0, "%s: no chain", path);
}
