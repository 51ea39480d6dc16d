/* pgm: gray images, P5 (bytes) and P2 (text). */
#include "io/cells.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_MAX ((size_t)64 << 10) /* a header with its comments */

struct image {
    const char *path;
    uint64_t width, height, top; /* top: the value of white */
    uint64_t start;              /* byte of the first point */
    uint64_t file_bytes;
    bool text;                   /* P2 */
};

static int not_pgm(struct leat_diag *diag, const char *path, const char *why)
{
    return leat_diag_set(diag, LEAT_EDATA, "%s: is not a PGM image that can be read: %s", path,
                         why);
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Behind blanks and comments, which go from # to the end of a line. */
static const char *next_word(const char *at, const char *end)
{
    while (at < end && (blank(*at) || *at == '#')) {
        const char *line = *at == '#' ? memchr(at, '\n', (size_t)(end - at)) : at;
        at = line != NULL ? line + 1 : end;
    }
    return at;
}

/* A whole number of at most `most` that ends before a blank; NULL when there is none. It need not
 * end before the text does where that is all. */
static const char *number(const char *at, const char *end, uint64_t most, uint64_t *value)
{
    const char *digits = at;
    *value = 0;
    for (; at < end && *at >= '0' && *at <= '9' && *value <= most; at++)
        *value = *value * 10 + (uint64_t)(*at - '0');
    bool good = at > digits && *value <= most && (at == end || blank(*at) || *at == '#');
    return good ? at : NULL;
}

/* P5 or P2, width, height, white; then one blank. */
static int read_header(struct image *image, const char *path, struct leat_diag *diag)
{
    char *head = malloc(HEAD_MAX);
    size_t n;
    if (head == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a header");
    *image = (struct image){.path = path};
    int status = leat_input_head(path, "pgm is", head, HEAD_MAX, &n, &image->file_bytes, diag);
    const char *at = head + 2, *end = head + n;
    uint64_t *const numbers[] = {&image->width, &image->height, &image->top};
    if (status == LEAT_OK && (n < 2 || head[0] != 'P' || (head[1] != '5' && head[1] != '2')))
        status = not_pgm(diag, path, "it does not begin with P5 or P2");
    for (int i = 0; i < 3 && status == LEAT_OK; i++) {
        const char *word = next_word(at, end);
        at = word > at ? number(word, end, i < 2 ? UINT32_MAX : 65535, numbers[i]) : NULL;
        if (at == NULL || at == end || !blank(*at))
            status = not_pgm(diag, path,
                             n == HEAD_MAX || n == image->file_bytes
                                 ? "its width, height and white do not stand behind P5 or P2"
                                 : "it is cut off");
        else if (*numbers[i] == 0)
            status = not_pgm(diag, path, "its width, height or white is 0");
    }
    if (status == LEAT_OK) {
        image->text = head[1] == '2';
        image->start = (uint64_t)(at + 1 - head);
    }
    free(head);
    return status;
}

/* An image is a frame of `height` channels, or a line is a frame of one. P2 is turned into numbers
 * of two bytes before. */
static int lay_out(const struct image *image, uint32_t lines, const struct leat_need *need,
                   struct leat_cells_layout *at, struct leat_diag *diag)
{
    bool wide = image->text || image->top > 255, channels = lines == LEAT_LINES_CHANNELS;
    uint64_t bytes = wide ? 2 : 1, points = image->width * image->height; /* 32 bits each */
    uint64_t held = image->file_bytes - image->start, needed;
    if (__builtin_mul_overflow(points, bytes, &needed) || needed > INT64_MAX)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its sizes multiply to more than a file holds", image->path);
    if (channels && image->height > need->channels_max)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its %llu lines are too many channels; there may be %u: use "
                             "lines=frames",
                             image->path, (unsigned long long)image->height, need->channels_max);
    if (image->text) /* a digit and a blank each, but for the last */
        needed = held + 1 >= needed ? held : needed;
    if (held != needed)
        return leat_diag_set(diag, LEAT_EDATA,
                             held < needed ? "%s: is cut off: its points need %llu bytes and the "
                                             "file has %llu"
                                           : "%s: its points need %llu bytes and the file has "
                                             "%llu; one image is read, and nothing behind it",
                             image->path, (unsigned long long)needed, (unsigned long long)held);
    *at = (struct leat_cells_layout){.cell = wide ? LEAT_CELL_U16 : LEAT_CELL_U8,
                                     .swap = !image->text,
                                     .rows = channels ? (uint32_t)image->height : 1,
                                     .samples = channels ? image->width : points,
                                     .start = image->text ? 0 : image->start,
                                     .block = channels ? image->width : points,
                                     .row_step = image->width * bytes,
                                     .col_step = bytes};
    at->tail_row_step = at->row_step;
    return LEAT_OK;
}

/* ---- P2 ---- */

static int bad_point(const struct image *image, const char *text, const char *at, const char *end,
                     const char *why, struct leat_diag *diag)
{
    uint32_t line = 1;
    const char *begin = text, *stop = at;
    for (const char *p = text; p < at; p++)
        if (*p == '\n') {
            line++;
            begin = p + 1;
        }
    while (stop < end && stop - at < 40 && !blank(*stop))
        stop++;
    leat_diag_set(diag, LEAT_EDATA, "'%.*s' %s %llu", (int)(stop - at), at, why,
                  (unsigned long long)image->top);
    return leat_diag_at(diag, image->path, line, (uint32_t)(at - begin) + 1);
}

static int read_points(const struct image *image, const char *text, uint16_t *points,
                       struct leat_diag *diag)
{
    const char *at = text + image->start, *end = text + image->file_bytes, *next = at;
    uint64_t all = image->width * image->height, value;
    for (uint64_t i = 0; i < all; i++, at = next) {
        at = next_word(at, end);
        next = number(at, end, image->top, &value);
        if (at == end)
            return leat_diag_set(diag, LEAT_EDATA, "%s: is cut off: it has %llu of %llu points",
                                 image->path, (unsigned long long)i, (unsigned long long)all);
        if (next == NULL)
            return bad_point(image, text, at, end, "is not a whole number from 0 to", diag);
        points[i] = (uint16_t)value;
    }
    at = next_word(at, end);
    if (at != end)
        return bad_point(image, text, at, end,
                         "stands behind the last point; one image is read, of white", diag);
    return LEAT_OK;
}

static int open_text(struct leat_cells *cells, const struct image *image,
                     const struct leat_cells_layout *at, const struct leat_shape *out,
                     struct leat_diag *diag)
{
    size_t n = 0, bytes = (size_t)image->file_bytes;
    uint64_t file_bytes;
    char *text = malloc(bytes); /* points fit: lay_out has held them to the file's length */
    uint16_t *points = malloc((size_t)(image->width * image->height) * sizeof *points);
    int status = LEAT_OK;
    if (text == NULL || points == NULL)
        status = leat_diag_set(diag, LEAT_ENOMEM, "no memory for %zu bytes", bytes);
    if (status == LEAT_OK)
        status = leat_input_head(image->path, "pgm is", text, bytes, &n, &file_bytes, diag);
    if (status == LEAT_OK && n < bytes)
        status = leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", image->path);
    if (status == LEAT_OK)
        status = read_points(image, text, points, diag);
    free(text);
    if (status != LEAT_OK)
        free(points);
    else
        leat_cells_give(cells, at, image->path, (char *)points, out->cols, out->kind);
    return status;
}

/* ---- the stage ---- */

static int look(const struct leat_pgm_source_options *o, const struct leat_need *need,
                struct image *image, struct leat_cells_layout *at, struct leat_diag *diag)
{
    int status = read_header(image, o->file, diag);
    return status == LEAT_OK ? lay_out(image, o->lines, need, at, diag) : status;
}

static int pgm_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_pgm_source_options *o = options;
    struct leat_cells_layout at;
    struct image image;
    (void)in;
    int status = look(o, need, &image, &at, diag);
    if (status != LEAT_OK)
        return status;
    struct leat_cells_wish wish = {.file = o->file,
                                   .own = image.width,
                                   .rate = o->rate,
                                   .names = o->names,
                                   .type = o->type};
    return leat_cells_resolve(&at, &wish, need, diag);
}

static int pgm_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_pgm_source_options *o = options;
    struct leat_cells_layout at;
    struct image image;
    (void)in;
    int status = look(o, need, &image, &at, diag);
    if (status != LEAT_OK)
        return status;
    if (at.rows != need->out.rows || image.width != need->out.cols)
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", o->file);
    if (image.text)
        return open_text(state, &image, &at, &need->out, diag);
    return leat_cells_open(state, &at, o->file, o->mapped, need->out.cols, need->out.kind, 1.0,
                           diag);
}

static const char *const line_words[] = {"channels", "frames", NULL};

#define OPTION(field) offsetof(struct leat_pgm_source_options, field)
static const struct leat_param pgm_params[] = {
    LEAT_IO_FILE(leat_pgm_source_options, NULL, "image to read", "scan.pgm"),
    {.name = "lines", .fallback = "channels", .words = line_words, .example = "frames",
     .offset = OPTION(lines), .type = LEAT_P_WORD,
     .doc = "the image is one frame and each of its lines a channel; or each line is a frame of "
            "one channel, from the top"},
    LEAT_IO_RATE(leat_pgm_source_options),
    LEAT_IO_TYPE(leat_pgm_source_options, "f64"),
    LEAT_IO_NAMES(leat_pgm_source_options, "names of the channels; default ch1, ch2, ..."),
    LEAT_IO_MAPPED(leat_pgm_source_options),
};

const struct leat_stage leat_pgm_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS,
    .name = "pgm",
    .doc = "Reads a gray image, PGM of bytes (P5) or of text (P2) and of 8 or 16 bits. Samples are "
           "the values as they stand, from 0 to the image's white.",
    .params = pgm_params,
    .params_n = sizeof pgm_params / sizeof pgm_params[0],
    .options_bytes = sizeof(struct leat_pgm_source_options),
    .outs = 1,
    .resolve = pgm_resolve,
    .init = pgm_init,
    .pull = leat_cells_pull,
    .fini = leat_cells_close,
};
