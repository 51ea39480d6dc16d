/* The stage: a named transformation with its own state, as a table of plain functions.
 *
 * Who calls what, and when:
 *   resolve   control thread, at plan time, as often as it likes; pure but for what a source must
 *             look up outside (a header line, a file's length).
 *   init      control thread, once, before seal.
 *   map flow pull join tick flush knob   the one worker that owns the stage.
 *   fini      control thread, once, after the workers stopped; also after a failed init.
 * State is a zeroed block of need.state_bytes, 64-byte aligned, owned by the engine. It holds no
 * pointers, so that it can be saved, compared, moved and replayed by memcpy; stages marked WAITS
 * stand for something outside (a file) and are excepted.
 * Nothing here blocks: "not now" is a short count. Batch borders must not show in the bits.
 */
#ifndef LEAT_STAGE_H
#define LEAT_STAGE_H

#include <leat/atomic.h>
#include <leat/frame.h>
#include <leat/param.h>
#include <leat/simd.h>
#include <leat/tuning.h>

LEAT_BEGIN

#define LEAT_NAME_MAX 64     /* bytes of a channel's name, the NUL included */
#define LEAT_CHANNELS_MAX 65535u /* rows of a frame */
#define LEAT_COUNTS_MAX 8u   /* causes that a stage may count by itself */
#define LEAT_CHOICE_MAX 160  /* bytes of a choice in words, the NUL included */

/* A complex channel is two rows, the real parts and right behind them the imaginary parts, each an
 * ordinary row. What marks it is this, not its rows' names; a half by itself is a real channel. */
enum leat_half { LEAT_WHOLE, LEAT_RE, LEAT_IM };

/* The name of a row, and the unit of its samples. */
struct leat_channel {
    char name[LEAT_NAME_MAX];
    char unit[16];
    uint32_t half; /* leat_half: a LEAT_RE is followed by its LEAT_IM */
};

/* What flows over an edge: [rows x cols] of one kind. */
struct leat_shape {
    uint32_t rows;                 /* channels, >= 1 */
    uint32_t cols;                 /* most samples in a frame, >= 1 */
    uint32_t kind;                 /* leat_kind of every row */
    bool cols_fixed;               /* every frame has exactly cols samples, the last one too */
    double rate_hz;                /* samples a second; 0 = the stream has no rate */
    bool timed;                    /* frames say their time_ns; a source that sets it says so */
    uint32_t bins_of;              /* columns are bins 0, 1, … of the spectrum of so many samples
                                    * at rate_hz; 0 = columns are samples in time */
    struct leat_channel *channels; /* [rows]; names are unique */
};

/* What a stage needs, said by resolve before any memory exists. On entry `out` is a copy of the
 * (first) input shape, channels included, and everything else is 0. */
struct leat_need {
    struct leat_shape out; /* channels: room for channels_max entries */
    uint32_t channels_max; /* given by the planner */
    uint32_t ins_n;        /* given by the planner: inputs that are joined, shapes in `in` */
    bool resets;           /* given by the planner: on-gap=reset, for LEAT_MINDS_GAPS */
    bool keyed;            /* given by the planner: behind `key`, a state for each of many keys */
    const struct leat_tuning *tuning; /* given by the planner; NULL: the release's */
    uint32_t key_row, time_row; /* given by the planner: behind `key`, 1 + the row that holds the
                            * keys, and the one that holds their times; 0: it is shown none */
    size_t state_bytes;
    size_t scratch_bytes;  /* of the worker, 64-byte aligned, contents lost between calls */
    uint32_t hold_max;     /* input frames that it may keep back */
    uint32_t claim_max;    /* frames of its quota that it may hold at once; 0: it makes none */
    uint64_t tick_ns;      /* 0 = never; else tick() no later than this after it is due */
    uint32_t lag_max;      /* input frames that may pass before what they give comes out */
    uint64_t frames_in, frames_out; /* so many in give so many out; 0 and 0: one gives one; 1 and
                                     * 0: nobody knows how many */
    uint32_t pairing;      /* a join's leat_pairing: what its inputs wait for each other by */
    bool first_goes_on;    /* a join that puts frames of its first input alone, */
    bool rows_follow;      /* and puts the rows of each other input behind those that are there, in
                            * order: they may lie there already. It gives the other frames back
                            * before it puts that one */
    bool breaks_finite;    /* with these options, as LEAT_MAY_BREAK_FINITE */
    uint32_t wait_max;     /* a join: frames of an input that may wait until it gives another up */
    bool moves_rows;       /* a MAP stage that changes no sample: rows may go, or change places */
    bool keeps_keys;       /* take and leave put the keys out by themselves, in the row where they
                            * came; else the engine puts them behind the stage's channels */
    /* What it chose by itself that may show in the bits, and why, for people: `leat plan` prints
     * it. Empty where nothing was left to it. */
    char choice[LEAT_CHOICE_MAX];
};

/* By what the inputs of a join wait for each other. */
enum leat_pairing {
    LEAT_BY_ARRIVAL,
    LEAT_BY_SEQUENCE,
    LEAT_BY_TIME,
    LEAT_BY_LATEST /* inputs in step with the first by sequence, those of other sources by time */
};

enum leat_trait {
    LEAT_MAP = 1,               /* one in, the same out, in place: fusable */
    LEAT_STATELESS = 2,
    LEAT_KEYED = 4,             /* a MAP stage, or a flow stage with take and leave, whose state may
                                 * be kept once for each key: it is made by init alone, needs no
                                 * fini, and is copied by memcpy */
    LEAT_READS_ONLY = 8,        /* leaves header and payload as they are */
    LEAT_WANTS_FINITE = 16,     /* frames with NaN or Inf are rejected before it sees them */
    LEAT_MAY_BREAK_FINITE = 32, /* may let NaN or Inf out */
    LEAT_WAITS = 64,            /* sources and sinks: may do system calls; timed apart */
    LEAT_RESIZES = 128,         /* a MAP stage that may change a frame's cols: to fewer, which are
                                 * lost, or with out.cols_fixed to others in their place */
    LEAT_MINDS_GAPS = 256,      /* on-gap=reset is its own affair: need.resets says that it was
                                 * asked for, and the engine leaves its state alone */
    LEAT_ADDS = 512             /* a MAP stage that leaves the channels that it takes as they are
                                 * and puts its own behind them: KEYED, it is shown the keys, too */
};

/* Why a frame was rejected; a stage's own reasons start at LEAT_WHY_OWN. */
enum leat_why { LEAT_WHY_NONE, LEAT_WHY_NOT_FINITE, LEAT_WHY_SHAPE, LEAT_WHY_OWN = 16 };

/* What a MAP stage says of a frame: leat_drop and leat_reject set it. */
enum leat_verdict { LEAT_KEEP = 0, LEAT_DROP = 1, LEAT_REJECT = 2 };

/* The explicit context, one per worker; no thread-local state anywhere. */
struct leat_ctx {
    void *scratch;
    uint64_t now;            /* ticks, read once a batch */
    uint32_t worker, stage;  /* numbers in the plan */
    uint32_t isa;            /* leat_isa: which kernel tables this engine uses */
    uint32_t marked;         /* how many verdicts of this batch are not LEAT_KEEP */
    uint8_t *verdict;        /* one per frame of the batch; read only if marked != 0 */
    uint16_t *why;           /* of those that are LEAT_REJECT */
    uint64_t rejected_rows;  /* sources add the records that they refused (on-error=reject) */
    uint64_t copied, reframed; /* stages add the frames that they had to copy or cut anew */
    uint64_t samples_lost;   /* flow stages add the samples (columns) that went into no frame */
    uint64_t dropped;        /* flow stages and joins add the inputs that they let go for nothing */
    uint64_t progress, progress_all; /* a source's place and end, in its units; all 0: unknown */
    bool waited;             /* a source that already waited for its input: do not park on top */
    bool stopping;           /* a source that WAITS: the last pull, hand over what is half filled */
    int failed;              /* a leat_status: set by leat_fail, stops the engine */
    struct leat_diag *diag;  /* where leat_fail says why */
    uint64_t counts[LEAT_COUNTS_MAX]; /* leat_count adds; [i] is called counts[i] in its table */
    uint64_t counted;        /* not 0 when one of them is not */
    const struct leat_tuning *tuning; /* as the stage's need had it; NULL: the release's */
};

/* n more of what the stage's own table calls counts[cause]. */
LEAT_INLINE void leat_count(struct leat_ctx *ctx, uint32_t cause, uint64_t n)
{
    ctx->counts[cause] += n;
    ctx->counted |= n;
}

/* In map: this frame goes no further. Dropped frames are counted; rejected ones with a reason. */
LEAT_INLINE void leat_drop(struct leat_ctx *ctx, uint32_t i)
{
    ctx->verdict[i] = LEAT_DROP;
    ctx->marked++;
}
LEAT_INLINE void leat_reject(struct leat_ctx *ctx, uint32_t i, uint16_t why)
{
    ctx->why[i] = why;
    ctx->verdict[i] = LEAT_REJECT;
    ctx->marked++;
}

/* The stage cannot go on: fills the diag (first failure wins) and stops the engine after this call.
 * Returns code. */
LEAT_API int leat_fail(struct leat_ctx *ctx, int code, const char *format, ...) LEAT_PRINTF(3, 4);

/* Where a flow stage puts frames. Valid during the call that it was handed to. */
struct leat_out;
/* A frame of the stage's own quota, header set but for cols; NULL = not now. */
LEAT_API struct leat_frame *leat_out_claim(struct leat_out *out);
/* Hands a frame on, in order; false = full, the frame is still the stage's. An input put by a stage
 * with a quota stops the engine (LEAT_EINVAL). */
LEAT_API bool leat_out_put(struct leat_out *out, struct leat_frame *frame);
/* The same for n frames, in order; returns how many it took, the first ones. */
LEAT_API uint32_t leat_out_put_n(struct leat_out *out, struct leat_frame *const *frames,
                                 uint32_t n);
/* How many frames leat_out_put would take now. */
LEAT_API uint32_t leat_out_room(const struct leat_out *out);
/* Sends a frame home, an input that is used up or an unused claim. */
LEAT_API void leat_out_release(struct leat_out *out, struct leat_frame *frame);
/* The same for n frames, cheaper than one by one. */
LEAT_API void leat_out_release_n(struct leat_out *out, struct leat_frame *const *frames,
                                 uint32_t n);

/* One of the inputs of a join, as its function sees it. */
struct leat_input {
    struct leat_frame *const *frames; /* [n], in order */
    uint32_t n;
    uint32_t taken;    /* the join says: the first so many are its own now */
    uint64_t answered; /* no frame with a smaller seq will come beyond these: it was dropped */
    bool ended;        /* nothing will come beyond these; answered is final */
    bool full;         /* there is no room for more beyond these */
    bool in_step;      /* counts as the first input does, as LEAT_BY_LATEST asks */
    bool unwanted;     /* the join says: all that may come is let go; a source need not go on */
};

#define LEAT_MANY 255 /* ports: any number, at least one joined */

struct leat_stage {
    uint32_t size;   /* sizeof(struct leat_stage): the table grows at its end only */
    uint32_t traits; /* leat_trait bits */
    const char *name, *doc;
    const struct leat_param *params;
    uint32_t params_n;
    size_t options_bytes;
    uint8_t ins, outs; /* ports: source 0/1, stage 1/1, sink 1/0, join LEAT_MANY/1 */

    int (*resolve)(const void *options, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag);
    /* `need` is resolve's answer. Set-up may allocate and open files. */
    int (*init)(void *state, const void *options, const struct leat_shape *in,
                const struct leat_need *need, struct leat_diag *diag);
    /* Every frame in place; n >= 1. A sink reads, and the worker releases after it. The frames may
     * be parts of others, of as many rows as resolve was told: of each row the stage's are the
     * samples that the shapes have, rounded up to a line; what lies behind or outside is not. */
    void (*map)(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n);
    /* Takes over the first k of n frames and returns k. One without a quota forwards, holds and
     * releases; one with claim_max > 0 claims, puts what it claimed, holds and releases, and never
     * puts an input: the plan's proof follows a frame to the first stage that makes new ones.
     * k < n: the rest is offered again; only want of room or of a claim excuses it. */
    uint32_t (*flow)(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n, struct leat_out *out);
    /* A source: fills up to n claimed frames (cols, time_ns, flags; rows, kind and stride are set)
     * and returns how many, each with cols >= 1; 0 = nothing now (asked again in some milliseconds,
     * or at once when it set ctx->waited); LEAT_EEND at the end; another
     * negative status after leat_fail. A short answer may come with the end at the next call. */
    int (*pull)(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n);
    void (*tick)(void *state, struct leat_ctx *ctx, struct leat_out *out);
    /* The end of the input, in order: put out what is held, finish files (write beside, then rename
     * here: fini without flush removes what is unfinished). false = out is full, call again.
     * out is NULL for a sink. */
    bool (*flush)(void *state, struct leat_ctx *ctx, struct leat_out *out);
    void (*fini)(void *state);
    /* A join: one of map, flow, pull and this. As flow, over several inputs: takes over the first
     * `taken` frames of each. What it leaves is offered again with more behind it; only want of
     * room, of a claim or of another input's frames excuses it. */
    void (*join)(void *state, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t inputs_n,
                 struct leat_out *out);
    /* Parameters that the table marks `knob` have changed: takes them over, between two batches,
     * and leaves alone what the stage carries from frame to frame. resolve has accepted the
     * options, with the need that it said at first; `in` as in init. Allocates nothing. */
    void (*knob)(void *state, const void *options, const struct leat_shape *in);
    /* What the stage's own reasons are called, from LEAT_WHY_OWN on; NULL ends. NULL: by number. */
    const char *const *whys;
    /* A KEYED stage that gives one sample for each may offer this, for many keys in few samples:
     * samples first to first + n of every row, sample first + i with the state states[i]. What map
     * makes of the samples of each state, bit for bit. Several samples may have one state. The
     * frame's rows are those that came; what is added lies behind them. */
    void (*each)(void *const *states, struct leat_ctx *ctx, struct leat_frame *frame,
                 uint32_t first, uint32_t n);
    const char *behind; /* for examples: stages that must stand before it; NULL: none must */
    const char *source; /* for examples: the source that its input comes from; NULL: any will do */
    /* What goes wrong in its input without ending it, a cause each: "gaps", "unknown type", …;
     * at most LEAT_COUNTS_MAX of them, NULL ends. NULL: it counts nothing. See leat_count. */
    const char *const *counts;
    /* A KEYED flow stage has both, and no tick: behind `key` they are called in place of flow and
     * flush, and the engine claims, puts and releases. `made` has the channels that resolve said;
     * what they put into it stands behind the made->cols samples that it has, which they raise.
     * take: sample c of the input, one of the state's key, which makes one sample or none; with
     * out.cols_fixed a whole frame or none, for which made is empty. */
    void (*take)(void *state, struct leat_ctx *ctx, struct leat_frame *input, uint32_t c,
                 struct leat_frame *made);
    /* The key goes: another wants its place, it was not seen for too long, or what comes to an end
     * is the stream or, with need.resets, its part before a gap. What the state still holds becomes
     * one sample, or one frame, or is counted as lost; called again it holds nothing. */
    void (*leave)(void *state, struct leat_ctx *ctx, struct leat_frame *made);
};

/* A rejection's reason in words: "not finite", "shape", the stage's own; NULL when it has none. */
LEAT_API const char *leat_why_text(const struct leat_stage *stage, uint16_t why);

/* Can it begin anew at a gap (graph.h, leat_on_gap)? It says so, or works in place and carries from
 * frame to frame what init alone makes. */
LEAT_INLINE bool leat_stage_resets(const struct leat_stage *stage)
{
    if ((stage->traits & LEAT_MINDS_GAPS) != 0)
        return true;
    return stage->map != NULL && stage->outs != 0 && stage->fini == NULL &&
           (stage->traits & (LEAT_STATELESS | LEAT_WAITS)) == 0;
}

/* The index of the channel with that name, or of a 1-based number; LEAT_ENAME and a suggestion. */
LEAT_API LEAT_MUST_USE int leat_shape_find(const struct leat_shape *shape, const char *name,
                                           uint32_t *row, struct leat_diag *diag);
/* The channels that a list means, in its order, as indices in rows[0, *n): at most as many as the
 * shape has. An item is a name, else a number from 1, a range of numbers ("2..10") or a
 * pattern ("price*"; ? stands for one letter) for all that are like it, in the stream's order.
 * LEAT_ENAME nothing is called or like that, with a suggestion, or there are not so many;
 * LEAT_ERANGE a range that begins at 0 or runs backwards; LEAT_EINVAL a channel is meant twice;
 * LEAT_ENOMEM. Control thread: it allocates while it looks. */
LEAT_API LEAT_MUST_USE int leat_shape_rows(const struct leat_shape *shape,
                                           const struct leat_list *list, uint32_t *rows,
                                           uint32_t *n, struct leat_diag *diag);
/* Those rows' channels, n of them, into out, which is not in->channels. Halves of a complex channel
 * that follow each other stay one; one by itself becomes a real channel. */
LEAT_API void leat_shape_take(const struct leat_shape *in, const uint32_t *rows, uint32_t n,
                              struct leat_channel *out);
/* The columns of frames of that length, 1 to max. LEAT_ERANGE: none or more, LEAT_ESHAPE: a
 * duration without a rate; the diag begins with "frame". */
LEAT_API LEAT_MUST_USE int leat_shape_cols(const struct leat_length *frame, double rate_hz,
                                           uint32_t max, uint32_t *cols, struct leat_diag *diag);
/* 0 when the kind is f32 or f64, else LEAT_ESHAPE with what to do. */
LEAT_API LEAT_MUST_USE int leat_shape_real(const struct leat_shape *shape, struct leat_diag *diag);
/* 0 when no channel is complex, else LEAT_ESHAPE with what to do. */
LEAT_API LEAT_MUST_USE int leat_shape_plain(const struct leat_shape *shape, struct leat_diag *diag);
/* 0 when columns are samples in time, else LEAT_ESHAPE with what to do. */
LEAT_API LEAT_MUST_USE int leat_shape_series(const struct leat_shape *shape,
                                             struct leat_diag *diag);
/* Writes printf-formatted text as the name of channel r, cut to LEAT_NAME_MAX. */
LEAT_API void leat_shape_name(struct leat_shape *shape, uint32_t r, const char *format, ...)
    LEAT_PRINTF(3, 4);

LEAT_END

#endif
