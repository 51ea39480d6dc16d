/* join how=first of messages: the same feed comes over several lines, each with losses of its own.
 *
 * It goes by the messages' numbers, not by the frames': lines cut their frames differently. The
 * numbers of a frame follow each other, because a gap begins a frame; so what of it is new is its
 * end, and the rest is cut off its beginning where it lies. A number is missing when no line has
 * it. Where a line begins anew, as after the end of a session, its numbers are of another life, and
 * behind all of the one before.
 */
#include "feed/messages.h"
#include "stages/join.h"

enum { GAPS, MISSING, RESETS };
const char *const leat_lines_causes[] = {"gaps", "missing", "resets", NULL};

/* A place in the stream. */
struct spot {
    uint64_t life;
    int64_t number;
};

struct line {
    struct spot shown; /* the line has shown all below */
};

struct lines {
    struct join join;
    struct spot next;  /* what comes next */
    bool any;          /* a message has been put */
    struct line line[];
};

static bool before(struct spot a, struct spot b)
{
    return a.life != b.life ? a.life < b.life : a.number < b.number;
}

/* What a line's head holds: [begin, end). A line's own numbers rise but where it begins anew. */
struct run {
    struct spot begin, end;
    bool counts; /* 0 is nobody's number: such messages pass */
};

static struct run run_of(const struct line *line, struct leat_frame *frame)
{
    uint32_t n;
    const int64_t *numbers = leat_messages_numbers(frame, &n);
    struct run run = {line->shown, line->shown, n != 0 && numbers[0] > 0};
    if (!run.counts)
        return run;
    run.begin.life += numbers[0] < line->shown.number;
    run.begin.number = numbers[0];
    run.end.life = run.begin.life;
    run.end.number = numbers[0] > INT64_MAX - (int64_t)n ? INT64_MAX : numbers[0] + n;
    return run;
}

/* Numbers between two of one life. */
static uint64_t between(int64_t from, int64_t to)
{
    return to > from ? (uint64_t)to - (uint64_t)from : 0;
}

/* Has a line gone on so far, or filled its room, that what comes next is not waited for? */
static bool overdue(const struct lines *s, const struct leat_input *inputs, uint32_t n)
{
    for (uint32_t i = 0; s->join.within != 0 && i < n; i++) {
        if (head(&inputs[i]) == NULL)
            continue;
        struct run first = run_of(&s->line[i], head(&inputs[i]));
        struct run last = run_of(&(struct line){first.begin}, inputs[i].frames[inputs[i].n - 1]);
        bool same = first.begin.life == s->next.life;
        uint64_t ahead = between(same ? s->next.number : first.begin.number, last.end.number);
        if (ahead >= s->join.within || (inputs[i].full && inputs[i].taken == 0))
            return true;
    }
    return false;
}

/* The first place that a line may still show; false: it shows nothing more. */
static bool bound_of(const struct line *line, const struct leat_input *input, struct spot *bound)
{
    *bound = head(input) != NULL ? run_of(line, head(input)).begin : line->shown;
    return head(input) != NULL || !input->ended;
}

/* Goes on to the first place that some line has, or may still have; false: it is not known yet, or
 * there is none. */
static bool skip(struct lines *s, struct leat_ctx *ctx, const struct leat_input *inputs, uint32_t n)
{
    const bool late = overdue(s, inputs, n);
    struct spot least = {UINT64_MAX, 0}, bound;
    for (uint32_t i = 0; i < n; i++)
        if ((!late || head(&inputs[i]) != NULL) && bound_of(&s->line[i], &inputs[i], &bound) &&
            before(bound, least))
            least = bound;
    if (least.life == UINT64_MAX || !before(s->next, least))
        return false;
    bool other = least.life != s->next.life;
    leat_count(ctx, RESETS, s->any && other);
    leat_count(ctx, GAPS, s->any && !other);
    leat_count(ctx, MISSING, s->any && !other ? between(s->next.number, least.number) : 0);
    s->join.gap = s->any;
    s->next = least;
    return true;
}

/* The head goes on, as far as it is new. */
static void pass(struct lines *s, struct leat_ctx *ctx, uint32_t i, struct leat_input *input,
                 struct leat_out *out)
{
    struct leat_frame *frame = head(input);
    struct run run = run_of(&s->line[i], frame);
    uint32_t cols = frame->cols;
    input->taken++;
    frame->flags &= (uint8_t)~LEAT_GAP_BEFORE; /* the line's own: another had what is missing */
    frame->flags |= s->join.gap || !run.counts ? LEAT_GAP_BEFORE : 0;
    if (run.counts) {
        uint64_t old = between(run.begin.number, s->next.number);
        if (old != 0)
            leat_messages_trim(frame, (uint32_t)old);
        s->line[i].shown = s->next = run.end;
        s->join.gap = false;
        s->any = true;
    }
    ctx->samples_lost += cols - frame->cols;
    (void)leat_out_put(out, frame); /* there was room */
}

/* One frame or one step on; false: not now. */
static bool step(struct lines *s, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                 struct leat_out *out)
{
    for (uint32_t i = 0; i < n; i++)
        while (head(&inputs[i]) != NULL) {
            struct run run = run_of(&s->line[i], head(&inputs[i]));
            if (!run.counts || (!before(s->next, run.begin) && before(s->next, run.end))) {
                pass(s, ctx, i, &inputs[i], out);
                return true;
            }
            if (before(s->next, run.begin))
                break;
            s->line[i].shown = run.end;
            let_go(ctx, &inputs[i], out);
        }
    return skip(s, ctx, inputs, n);
}

void leat_lines_join(struct join *join, struct leat_ctx *ctx, struct leat_input *inputs,
                     uint32_t n, struct leat_out *out)
{
    struct lines *s = (struct lines *)join;
    while (!join->stopped && leat_out_room(out) != 0) {
        for (uint32_t i = 0; join->stops && i < n; i++)
            join->stopped |= used_up(&inputs[i]);
        if (join->stopped || !step(s, ctx, inputs, n, out))
            return;
    }
}

bool leat_lines_are(const struct leat_shape *in)
{
    return leat_messages_are(in);
}

void leat_lines_resolve(uint64_t within, struct leat_need *need)
{
    need->state_bytes = sizeof(struct lines) + need->ins_n * sizeof(struct line);
    need->frames_out = 0; /* nobody knows how many */
    need->pairing = LEAT_BY_TIME; /* by what is in the frames; not by their number */
    need->wait_max = (uint32_t)(within < LEAT_LINES_FRAMES ? within : LEAT_LINES_FRAMES);
}

void leat_lines_init(struct join *join)
{
    struct lines *s = (struct lines *)join;
    join->lines = true;
    s->next.number = 1;
}
