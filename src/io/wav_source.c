/* wav: sound files, through libsndfile. It allocates when a file is opened and closed only. */
#include "io/cells.h"

#include <sndfile.h>

#include <string.h>

#define CHUNK_MAX 4096u /* samples of a channel that are taken apart at once */

struct wav_source {
    SNDFILE *file;
    const char *path;
    uint64_t taken, samples;
    uint32_t channels, cols, kind, chunk;
    uint32_t shift; /* of integers, which libsndfile moves to the left */
    bool below_one; /* f32 of integers of more than 24 bits stays under 1 */
    bool integers;
};

/* Bits of a stored integer; 0 when samples are stored in another way. */
static uint32_t integer_bits(int format)
{
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8: return 8;
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW: return 16;
    case SF_FORMAT_PCM_24: return 24;
    case SF_FORMAT_PCM_32: return 32;
    default: return 0;
    }
}

static uint32_t word(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* libsndfile reads what is left of a file that was cut off as if it were whole: hold its data chunk
 * to the file's length. Lengths of nothing and of almost everything are written by programs that
 * could not know them. */
static int check_whole(int fd, const char *path, uint64_t bytes, struct leat_diag *diag)
{
    unsigned char chunk[12];
    struct leat_ctx ctx = {.diag = diag};
    if (bytes < sizeof chunk)
        return LEAT_OK; /* libsndfile will say it */
    if (!leat_input_at(fd, path, chunk, 12, 0, &ctx))
        return ctx.failed;
    if (memcmp(chunk, "RIFF", 4) != 0 || memcmp(chunk + 8, "WAVE", 4) != 0)
        return LEAT_OK;
    for (uint64_t at = 12; at + 8 <= bytes;) {
        if (!leat_input_at(fd, path, chunk, 8, at, &ctx))
            return ctx.failed;
        uint64_t n = word(chunk + 4), rest = bytes - at - 8;
        if (memcmp(chunk, "data", 4) == 0) {
            if (n <= rest || n >= 0x7ffff000)
                return LEAT_OK;
            return leat_diag_set(diag, LEAT_EDATA,
                                 "%s: is cut off: its samples need %llu bytes and the file has "
                                 "%llu of them",
                                 path, (unsigned long long)n, (unsigned long long)rest);
        }
        at += 8 + n + (n & 1);
    }
    return leat_diag_set(diag, LEAT_EDATA, "%s: is cut off: it has no data", path);
}

static int open_file(const char *path, SNDFILE **file, SF_INFO *info, struct leat_diag *diag)
{
    bool owned;
    struct leat_input_facts facts;
    memset(info, 0, sizeof *info);
    int fd = leat_input_open_file(path, "wav is", "; raw reads a pipe", &owned, &facts, diag);
    if (fd < 0)
        return fd;
    int status = check_whole(fd, path, facts.bytes, diag);
    if (status != LEAT_OK) {
        if (owned)
            leat_input_close(fd);
        return status;
    }
    /* By this descriptor, which no child inherits; libsndfile closes it when it is ours, now if it
     * cannot read it. */
    *file = sf_open_fd(fd, SFM_READ, info, owned);
    if (*file == NULL)
        return leat_diag_set(diag, LEAT_EDATA, "%s: is not a sound file that can be read: %s",
                             path, sf_strerror(NULL));
    return LEAT_OK;
}

static int set_shape(const struct leat_wav_source_options *o, const SF_INFO *info,
                     struct leat_need *need, struct leat_diag *diag)
{
    struct leat_shape *out = &need->out;
    out->kind = leat_io_kind(o->type);
    out->rate_hz = info->samplerate;
    bool real = (info->format & SF_FORMAT_SUBMASK) == SF_FORMAT_FLOAT ||
                (info->format & SF_FORMAT_SUBMASK) == SF_FORMAT_DOUBLE;
    bool whole = out->kind == LEAT_I64 || !o->scale;
    if (whole && integer_bits(info->format) == 0 && !(real && out->kind != LEAT_I64))
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "%s: its samples are not stored as integers; leave scale=no and "
                             "type=i64 away",
                             o->file);
    int status = leat_io_channels(need, info->channels > 0 ? (uint64_t)info->channels : 0, diag);
    if (status == LEAT_OK)
        status = leat_shape_cols(&o->frame, out->rate_hz, LEAT_IO_FRAME_MAX, &out->cols, diag);
    if (status != LEAT_OK)
        return status;
    out->rows = (uint32_t)info->channels;
    static const char *const sides[] = {"left", "right"};
    struct leat_list names = o->names;
    if (names.n == 0 && out->rows == 2)
        names = (struct leat_list){sides, 2};
    return leat_io_names(out, &names, "ch", diag);
}

static uint32_t chunk_of(const struct leat_shape *out)
{
    return out->cols < CHUNK_MAX ? out->cols : CHUNK_MAX;
}

static int wav_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_wav_source_options *o = options;
    SNDFILE *file;
    SF_INFO info;
    (void)in;
    int status = open_file(o->file, &file, &info, diag);
    if (status != LEAT_OK)
        return status;
    sf_close(file);
    status = set_shape(o, &info, need, diag);
    if (status != LEAT_OK)
        return status;
    need->state_bytes = sizeof(struct wav_source);
    need->scratch_bytes = (size_t)chunk_of(&need->out) * need->out.rows * sizeof(double);
    return LEAT_OK;
}

static int wav_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_wav_source_options *o = options;
    struct wav_source *s = state;
    SF_INFO info;
    (void)in;
    int status = open_file(o->file, &s->file, &info, diag);
    if (status != LEAT_OK)
        return status;
    if (info.channels != (int)need->out.rows || info.samplerate != need->out.rate_hz)
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", o->file);
    uint32_t bits = integer_bits(info.format);
    s->path = o->file;
    s->samples = info.frames > 0 ? (uint64_t)info.frames : 0;
    s->channels = need->out.rows;
    s->cols = need->out.cols;
    s->kind = need->out.kind;
    s->chunk = chunk_of(&need->out);
    s->integers = bits != 0 && (s->kind == LEAT_I64 || !o->scale);
    s->shift = s->integers ? 32 - bits : 0;
    s->below_one = bits > 24;
    return LEAT_OK;
}

static void wav_fini(void *state)
{
    struct wav_source *s = state;
    if (s->file != NULL)
        sf_close(s->file);
    s->file = NULL;
}

/* n samples of each channel, from sample `to` of the frame's rows on. Returns how many came. */
static uint32_t take(struct wav_source *s, void *scratch, struct leat_frame *frame, uint32_t to,
                     uint32_t n)
{
    uint32_t cell, width;
    sf_count_t got;
    if (s->integers) {
        int32_t *whole = scratch;
        cell = LEAT_CELL_I32;
        got = sf_readf_int(s->file, whole, n);
        for (sf_count_t i = 0; i < got * (sf_count_t)s->channels; i++)
            whole[i] >>= s->shift;
    } else if (s->kind == LEAT_F32) {
        cell = LEAT_CELL_F32;
        got = sf_readf_float(s->file, scratch, n);
        float *x = scratch; /* the largest of 32 bits would be rounded up to 1 */
        for (sf_count_t i = 0; s->below_one && i < got * (sf_count_t)s->channels; i++)
            x[i] = x[i] < 1.0f ? x[i] : 0x1.fffffep-1f;
    } else {
        cell = LEAT_CELL_F64;
        got = sf_readf_double(s->file, scratch, n);
    }
    if (got <= 0)
        return 0;
    width = leat_cell_bytes(cell);
    size_t at = (size_t)to * leat_kind_bytes(s->kind);
    for (uint32_t r = 0; r < s->channels; r++)
        leat_cells_decode((char *)leat_frame_row(frame, r) + at, s->kind,
                          (const char *)scratch + (size_t)r * width, cell, false,
                          (size_t)s->channels * width, (size_t)got, 1.0);
    return (uint32_t)got;
}

static int wav_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    struct wav_source *s = state;
    uint32_t made = 0;
    for (; made < n && s->taken < s->samples; made++) {
        struct leat_frame *frame = frames[made];
        uint64_t left = s->samples - s->taken;
        uint32_t cols = left < s->cols ? (uint32_t)left : s->cols;
        for (uint32_t to = 0; to < cols;) {
            uint32_t got =
                take(s, ctx->scratch, frame, to, cols - to < s->chunk ? cols - to : s->chunk);
            if (got == 0)
                return leat_fail(ctx, LEAT_EDATA, "%s: ended at sample %llu of %llu: %s", s->path,
                                 (unsigned long long)(s->taken + to),
                                 (unsigned long long)s->samples,
                                 sf_error(s->file) != SF_ERR_NO_ERROR
                                     ? sf_strerror(s->file)
                                     : "it became shorter while it was read");
            to += got;
        }
        frame->cols = cols;
        frame->flags = cols < s->cols ? LEAT_SHORT : 0;
        frame->time_ns = LEAT_TIME_NONE;
        s->taken += cols;
    }
    ctx->progress = s->taken;
    ctx->progress_all = s->samples;
    return made != 0 ? (int)made : LEAT_EEND;
}

#define OPTION(field) offsetof(struct leat_wav_source_options, field)
static const struct leat_param wav_params[] = {
    LEAT_IO_FILE(leat_wav_source_options, NULL, "sound file to read", "voice.wav"),
    LEAT_IO_FRAME(leat_wav_source_options),
    LEAT_IO_TYPE(leat_wav_source_options, "f32"),
    {.name = "scale", .fallback = "yes", .example = "no", .offset = OPTION(scale),
     .doc = "scale integers to [-1, 1), or keep them as they are (i64: always kept)",
     .type = LEAT_P_BOOL},
    LEAT_IO_NAMES(leat_wav_source_options, "names of the channels; default ch1, or left and right"),
};

const struct leat_stage leat_wav_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "wav",
    .doc = "Reads WAV, AIFF, FLAC and other sound files.",
    .params = wav_params,
    .params_n = sizeof wav_params / sizeof wav_params[0],
    .options_bytes = sizeof(struct leat_wav_source_options),
    .outs = 1,
    .resolve = wav_resolve,
    .init = wav_init,
    .pull = wav_pull,
    .fini = wav_fini,
};
