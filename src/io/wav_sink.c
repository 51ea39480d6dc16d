/* wav: sound files, through libsndfile. */
#include "io/bytes.h"
#include "io/common.h"

#include <sndfile.h>

#include <stdio.h>
#include <string.h>

#define CHUNK_MAX 1024u          /* samples of a channel that are put together at once */
#define REASON 128               /* bytes of why a file cannot be written, in words */
#define BYTES_MAX UINT32_C(0xffff0000) /* of samples: the format's lengths have 32 bits */

struct wav_sink {
    struct leat_writer writer;
    SNDFILE *file;       /* NULL: its header could not be written, `refused` says why */
    char refused[REASON];
    uint64_t bytes;
    uint32_t channels, chunk;
    uint32_t bits; /* of a stored integer; 0: float or double */
    bool wide;     /* double */
    double factor; /* of floating-point rows on their way to integers */
};

static uint32_t chunk_of(const struct leat_shape *in)
{
    return in->cols < CHUNK_MAX ? in->cols : CHUNK_MAX;
}

static int rate_of(const struct leat_wav_sink_options *o, const struct leat_shape *in, int *rate,
                   struct leat_diag *diag)
{
    double hz = o->rate > 0.0 ? o->rate : in->rate_hz;
    if (!(hz > 0.0))
        return leat_diag_set(diag, LEAT_ESHAPE, "wav needs a rate, and the stream has none; give "
                                                "rate=");
    if (!(hz < 2147483648.0) || hz != (double)(int)hz)
        return leat_diag_set(diag, LEAT_ERANGE, "rate: a wav file holds whole Hz, not %g", hz);
    *rate = (int)hz;
    return LEAT_OK;
}

static uint32_t format_of(const struct leat_wav_sink_options *o, const struct leat_shape *in)
{
    if (o->format != LEAT_WAV_AUTO)
        return o->format;
    return in->kind == LEAT_F32   ? LEAT_WAV_FLOAT
           : in->kind == LEAT_F64 ? LEAT_WAV_DOUBLE
                                  : LEAT_WAV_PCM32;
}

static int wav_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_wav_sink_options *o = options;
    int rate;
    if (in->rows > 1024)
        return leat_diag_set(diag, LEAT_ESHAPE, "a wav file holds at most 1024 channels, not %u",
                             in->rows);
    need->state_bytes = sizeof(struct wav_sink);
    need->scratch_bytes = (size_t)chunk_of(in) * in->rows * sizeof(double);
    return rate_of(o, in, &rate, diag);
}

/* The system's own words are enough, without the stop that libsndfile sets behind them. Returns
 * out, which has room for REASON bytes. */
static const char *reason(SNDFILE *file, char *out)
{
    static const char prefix[] = "System error : ";
    const char *text = sf_strerror(file);
    if (strncmp(text, prefix, sizeof prefix - 1) == 0)
        text += sizeof prefix - 1;
    snprintf(out, REASON, "%s", text);
    size_t n = strlen(out);
    if (n > 0 && out[n - 1] == '.')
        out[n - 1] = '\0';
    return out;
}

static int wav_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    static const struct {
        int format;
        uint32_t bits;
    } formats[] = {[LEAT_WAV_PCM16] = {SF_FORMAT_PCM_16, 16},
                   [LEAT_WAV_PCM24] = {SF_FORMAT_PCM_24, 24},
                   [LEAT_WAV_PCM32] = {SF_FORMAT_PCM_32, 32},
                   [LEAT_WAV_FLOAT] = {SF_FORMAT_FLOAT, 0},
                   [LEAT_WAV_DOUBLE] = {SF_FORMAT_DOUBLE, 0}};
    const struct leat_wav_sink_options *o = options;
    struct wav_sink *s = state;
    SF_INFO info = {.channels = (int)in->rows};
    (void)need;
    uint32_t format = format_of(o, in);
    s->channels = in->rows;
    s->chunk = chunk_of(in);
    s->bits = formats[format].bits;
    s->wide = format == LEAT_WAV_DOUBLE;
    s->factor = s->bits != 0 && o->scale ? (double)(UINT64_C(1) << (s->bits - 1)) : 1.0;
    info.format = SF_FORMAT_WAV | formats[format].format;
    int status = rate_of(o, in, &info.samplerate, diag);
    if (status == LEAT_OK)
        status = leat_writer_open(&s->writer, o->file, 1, diag);
    if (status == LEAT_OK)
        status = leat_writer_seekable(&s->writer, diag);
    if (status != LEAT_OK)
        return status;
    s->file = sf_open_fd(s->writer.fd, SFM_WRITE, &info, SF_FALSE);
    if (s->file == NULL && sf_error(NULL) == SF_ERR_SYSTEM) {
        /* A full disk is no mistake of the pipeline: every sink tells it when it runs. */
        reason(NULL, s->refused);
        return LEAT_OK;
    }
    if (s->file == NULL) {
        char words[REASON];
        return leat_diag_set(diag, LEAT_EIO, "%s: cannot be written: %s", s->writer.path,
                             reason(NULL, words));
    }
    /* It would hold the time of day: the same samples are to give the same file. */
    sf_command(s->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    return LEAT_OK;
}

static void wav_fini(void *state)
{
    struct wav_sink *s = state;
    if (s->file != NULL)
        sf_close(s->file);
    s->file = NULL;
    leat_writer_close(&s->writer);
}

/* A sample as a double; i64 beyond 2^53 are out of every format's range anyway. */
static double sample(const void *row, uint32_t kind, uint32_t c)
{
    switch (kind) {
    case LEAT_U8: return ((const uint8_t *)row)[c];
    case LEAT_I16: return ((const int16_t *)row)[c];
    case LEAT_I32: return ((const int32_t *)row)[c];
    case LEAT_I64: return (double)((const int64_t *)row)[c];
    case LEAT_F32: return (double)((const float *)row)[c];
    default: return ((const double *)row)[c];
    }
}

/* To an integer of so many bits, at the upper end of 32 as libsndfile wants it. */
static int32_t quantise(double x, uint32_t bits)
{
    double most = (double)(UINT64_C(1) << (bits - 1));
    if (x != x)
        return 0;
    if (x >= most - 1.0)
        x = most - 1.0;
    if (x < -most)
        x = -most;
    x = (x + 0x1.8p52) - 0x1.8p52; /* to nearest, ties to even: |x| <= 2^31 */
    return (int32_t)((uint32_t)(int32_t)x << (32 - bits));
}

static bool put(struct wav_sink *s, void *scratch, const struct leat_frame *frame, uint32_t from,
                uint32_t n)
{
    bool real = frame->kind == LEAT_F32 || frame->kind == LEAT_F64;
    double factor = real ? s->factor : 1.0;
    for (uint32_t r = 0; r < s->channels; r++) {
        const void *row = leat_io_row(frame, r);
        for (uint32_t c = 0; c < n; c++) {
            double x = sample(row, frame->kind, from + c);
            size_t at = (size_t)c * s->channels + r;
            if (s->bits != 0)
                ((int32_t *)scratch)[at] = quantise(x * factor, s->bits);
            else if (s->wide)
                ((double *)scratch)[at] = x;
            else
                ((float *)scratch)[at] = (float)x;
        }
    }
    sf_count_t done = s->bits != 0 ? sf_writef_int(s->file, scratch, n)
                      : s->wide    ? sf_writef_double(s->file, scratch, n)
                                   : sf_writef_float(s->file, scratch, n);
    return done == (sf_count_t)n;
}

static void fail(struct wav_sink *s, struct leat_ctx *ctx)
{
    char words[REASON];
    s->writer.failed = true;
    leat_fail(ctx, LEAT_EIO, "%s: cannot be written: %s", s->writer.path,
              s->file != NULL ? reason(s->file, words) : s->refused);
}

static void wav_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    struct wav_sink *s = state;
    uint64_t width = s->bits != 0 ? s->bits / 8 : s->wide ? 8 : 4;
    if (s->file == NULL)
        fail(s, ctx);
    for (uint32_t i = 0; i < n && !s->writer.failed; i++) {
        uint32_t cols = frames[i]->cols;
        s->bytes += width * s->channels * cols;
        if (s->bytes > BYTES_MAX) {
            s->writer.failed = true;
            leat_fail(ctx, LEAT_ERANGE, "%s: a wav file holds at most 4 GiB; use raw or npy",
                      s->writer.path);
            return;
        }
        for (uint32_t from = 0; from < cols; from += s->chunk) {
            uint32_t piece = cols - from < s->chunk ? cols - from : s->chunk;
            if (!put(s, ctx->scratch, frames[i], from, piece)) {
                fail(s, ctx);
                return;
            }
        }
    }
}

static bool wav_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct wav_sink *s = state;
    (void)out;
    if (s->writer.failed)
        return true;
    if (s->file != NULL)
        sf_command(s->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
    if (s->file == NULL || sf_error(s->file) != SF_ERR_NO_ERROR) {
        fail(s, ctx);
        return true;
    }
    int status = sf_close(s->file);
    s->file = NULL;
    if (status != 0)
        leat_fail(ctx, LEAT_EIO, "%s: cannot be written: %s", s->writer.path,
                  sf_error_number(status));
    else
        leat_writer_commit(&s->writer, ctx);
    return true;
}

static const char *const format_words[] = {"auto", "pcm16", "pcm24", "pcm32", "float",
                                           "double", NULL};

#define OPTION(field) offsetof(struct leat_wav_sink_options, field)
static const struct leat_param wav_params[] = {
    LEAT_IO_FILE(leat_wav_sink_options, NULL, "file to write", "norm.wav"),
    {.name = "format", .fallback = "auto", .words = format_words, .example = "pcm16",
     .doc = "how samples are stored; auto: float of f32, double of f64, pcm32 of integers",
     .offset = OPTION(format), .type = LEAT_P_WORD},
    {.name = "rate", .fallback = "0", .doc = "samples a second; 0 = the stream's",
     .example = "48kHz", .max = 2147483647.0, .offset = OPTION(rate), .type = LEAT_P_F64,
     .unit = LEAT_HZ},
    {.name = "scale", .fallback = "yes", .example = "no", .offset = OPTION(scale),
     .doc = "pcm: [-1, 1) becomes the full range, or samples are the integers themselves",
     .type = LEAT_P_BOOL},
};

const struct leat_stage leat_wav_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY | LEAT_WAITS,
    .name = "wav",
    .doc = "Writes WAV sound files.",
    .params = wav_params,
    .params_n = sizeof wav_params / sizeof wav_params[0],
    .options_bytes = sizeof(struct leat_wav_sink_options),
    .ins = 1,
    .resolve = wav_resolve,
    .init = wav_init,
    .map = wav_map,
    .flush = wav_flush,
    .fini = wav_fini,
};
