#include "io/wfdb_header.h"

#include "io/bytes.h"
#include "io/lines.h"
#include "io/names.h"
#include "io/value.h"
#include "io/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)

struct parse {
    struct leat_wfdb_header *header;
    const char *path;
    uint32_t line;
    uint32_t seen; /* signals so far */
    bool record;   /* the record's own line has been read */
    uint32_t signals_max;
    struct leat_words words;
    struct leat_diag *diag;
};

static int bad(struct parse *p, const char *due)
{
    leat_words_wrong(&p->words, p->diag, due);
    return leat_diag_at(p->diag, p->path, p->line, (uint32_t)leat_words_column(&p->words));
}

/* The next word is a whole number within bounds, or, when it may, is not there. */
static int whole(struct parse *p, bool needed, int64_t least, int64_t most, int64_t *value,
                 const char *why)
{
    leat_words_next(&p->words);
    if (p->words.bytes == 0 && !needed)
        return LEAT_OK;
    if (leat_value_i64(p->words.word, p->words.bytes, value) != LEAT_VALUE_GOOD ||
        *value < least || *value > most)
        return bad(p, why);
    return LEAT_OK;
}

/* FREQUENCY[/COUNTER[(BASE)]]: of the counter nothing is asked but that it is there. */
static int read_rate(struct parse *p)
{
    struct leat_wfdb_header *h = p->header;
    h->rate_hz = 250;
    leat_words_next(&p->words);
    size_t n = leat_number_read(p->words.word, p->words.bytes, &h->rate_hz);
    if (p->words.bytes == 0)
        return LEAT_OK;
    if (n == 0 || (n < p->words.bytes && p->words.word[n] != '/') || !(h->rate_hz > 0) ||
        h->rate_hz > 1e12)
        return bad(p, "samples a second are due, above 0");
    return LEAT_OK;
}

/* NAME[/SEGMENTS] SIGNALS [FREQUENCY [SAMPLES [TIME [DATE]]]] */
static int read_record(struct parse *p)
{
    struct leat_wfdb_header *h = p->header;
    int64_t signals = 0, samples = 0;
    leat_words_next(&p->words);
    if (memchr(p->words.word, '/', p->words.bytes) != NULL)
        return bad(p, "a record in one piece is due; read its segments one by one");
    int status = whole(p, true, 1, p->signals_max, &signals,
                       "the number of signals is due, at least 1 and no more than channels may be");
    if (status == LEAT_OK)
        status = read_rate(p);
    if (status == LEAT_OK)
        status = whole(p, false, 0, INT64_MAX, &samples, "the number of samples is due");
    if (status != LEAT_OK)
        return status;
    h->signals_n = (uint32_t)signals;
    h->samples = (uint64_t)samples;
    h->signals = calloc(h->signals_n, sizeof *h->signals);
    h->channels = calloc(h->signals_n, sizeof *h->channels);
    p->record = true;
    if (h->signals == NULL || h->channels == NULL)
        return leat_diag_set(p->diag, LEAT_ENOMEM, "no memory for %u signals", h->signals_n);
    return LEAT_OK;
}

/* The signals' file stands beside the header. */
static int read_file(struct parse *p)
{
    const struct leat_words *w = &p->words;
    const char *slash = strrchr(p->path, '/');
    size_t folder = slash != NULL ? (size_t)(slash + 1 - p->path) : 0;
    leat_words_next(&p->words);
    char *name = p->header->data;
    if (name != NULL) {
        name += folder;
        if (strlen(name) == w->bytes && memcmp(name, w->word, w->bytes) == 0)
            return LEAT_OK;
        return bad(p, "the file of the first signal is due: signals of several are not read");
    }
    if (w->bytes == 0 || (w->bytes == 1 && (*w->word == '-' || *w->word == '~')))
        return bad(p, "the name of a file is due");
    name = malloc(folder + w->bytes + 1);
    if (name == NULL)
        return leat_diag_set(p->diag, LEAT_ENOMEM, "no memory for a name");
    memcpy(name, p->path, folder);
    memcpy(name + folder, w->word, w->bytes);
    name[folder + w->bytes] = '\0';
    p->header->data = name;
    return LEAT_OK;
}

/* FORMAT[xSAMPLES][:SKEW][+START] */
static int read_format(struct parse *p)
{
    struct leat_wfdb_header *h = p->header;
    const struct leat_words *w = &p->words;
    leat_words_next(&p->words);
    const char *end = w->word + w->bytes, *plus = memchr(w->word, '+', w->bytes);
    const char *stop = plus != NULL ? plus : end;
    int64_t bits, start = 0;
    size_t n = (size_t)(stop - w->word);
    if (memchr(w->word, 'x', n) != NULL || memchr(w->word, ':', n) != NULL)
        return bad(p, "a plain format is due: signals of several samples at a time, or skewed, are "
                      "not read");
    if (leat_value_i64(w->word, n, &bits) != LEAT_VALUE_GOOD ||
        (bits != 212 && bits != 16))
        return bad(p, "format 212 or 16 is due; others are not read");
    if (plus != NULL && (leat_value_i64(plus + 1, (size_t)(end - plus - 1), &start) !=
                             LEAT_VALUE_GOOD || start < 0))
        return bad(p, "bytes before the first sample are due behind the +");
    if (p->seen > 0 && ((uint32_t)bits != h->bits || (uint64_t)start != h->start))
        return bad(p, "the format of the first signal is due: they stand in one file");
    h->bits = (uint32_t)bits;
    h->start = (uint64_t)start;
    return LEAT_OK;
}

/* GAIN[(BASELINE)][/UNITS]; *zero: a baseline is given. A gain of 0 is none: then it is 200. */
static int read_gain(struct parse *p, struct leat_wfdb_signal *signal,
                     struct leat_channel *channel, bool *given)
{
    static const char why[] = "a gain is due, as 200(1024)/mV";
    leat_words_next(&p->words);
    const char *at = p->words.word, *end = at + p->words.bytes;
    signal->gain = 0;
    strcpy(channel->unit, "mV");
    if (at < end) {
        size_t n = leat_number_read(at, p->words.bytes, &signal->gain);
        if (n == 0 || signal->gain - signal->gain != 0.0)
            return bad(p, why);
        at += n;
    }
    if (at < end && *at == '(') {
        const char *close = memchr(at, ')', (size_t)(end - at));
        if (close == NULL || leat_value_i64(at + 1, (size_t)(close - at - 1), &signal->baseline) !=
                                 LEAT_VALUE_GOOD)
            return bad(p, why);
        *given = true;
        at = close + 1;
    }
    if (at < end && *at == '/') {
        size_t n = (size_t)(end - at - 1);
        n = n < sizeof channel->unit ? n : sizeof channel->unit - 1;
        memcpy(channel->unit, at + 1, n);
        channel->unit[n] = '\0';
        at = end;
    }
    if (at != end)
        return bad(p, why);
    signal->gain = signal->gain == 0.0 ? 200 : signal->gain;
    return LEAT_OK;
}

/* FILE FORMAT [GAIN [RESOLUTION [ZERO [FIRST [CHECKSUM [BLOCK [DESCRIPTION]]]]]]] */
static int read_signal(struct parse *p)
{
    struct leat_wfdb_signal *signal = &p->header->signals[p->seen];
    struct leat_channel *channel = &p->header->channels[p->seen];
    int64_t resolution, zero = 0, first, checksum = INT64_MIN, block;
    bool given = false;
    int status = read_file(p);
    if (status == LEAT_OK)
        status = read_format(p);
    if (status == LEAT_OK)
        status = read_gain(p, signal, channel, &given);
    if (status == LEAT_OK)
        status = whole(p, false, 0, 64, &resolution, "the converter's bits are due");
    if (status == LEAT_OK)
        status = whole(p, false, INT32_MIN, INT32_MAX, &zero, "the converter's zero is due");
    if (status == LEAT_OK)
        status = whole(p, false, INT32_MIN, INT32_MAX, &first, "the first sample is due");
    if (status == LEAT_OK)
        status = whole(p, false, INT16_MIN, UINT16_MAX, &checksum,
                       "a checksum of 16 bits is due");
    if (status == LEAT_OK)
        status = whole(p, false, 0, INT32_MAX, &block, "the size of a block is due");
    if (status != LEAT_OK)
        return status;
    if (!given)
        signal->baseline = zero;
    signal->checked = checksum != INT64_MIN;
    signal->checksum = (uint16_t)checksum;
    leat_words_next(&p->words); /* what is left is the description */
    const char *end = p->words.end;
    while (end > p->words.word && leat_words_blank(end[-1]))
        end--;
    leat_name_copy(channel->name, p->words.word, (size_t)(end - p->words.word));
    p->seen++;
    return LEAT_OK;
}

static int read_lines(struct parse *p, const char *text, size_t bytes)
{
    const char *at = text, *end = text + bytes, *line;
    int status = LEAT_OK;
    while (status == LEAT_OK && leat_lines_cut(&at, end, true, &line, &bytes)) {
        p->line++;
        p->words = leat_words_of(line, bytes);
        struct leat_words first = p->words;
        leat_words_next(&first);
        if (first.bytes == 0 || *first.word == '#')
            continue;
        p->words.word = first.word;
        if (!p->record)
            status = read_record(p);
        else if (p->seen < p->header->signals_n)
            status = read_signal(p);
        else {
            p->words = first;
            status = bad(p, "the header should end: it has all of its signals");
        }
    }
    if (status != LEAT_OK)
        return status;
    if (!p->record)
        return leat_diag_set(p->diag, LEAT_EDATA, "%s: is not the header of a record", p->path);
    if (p->seen < p->header->signals_n)
        return leat_diag_set(p->diag, LEAT_EDATA, "%s: is cut off: it has %u of %u signals",
                             p->path, p->seen, p->header->signals_n);
    return LEAT_OK;
}

int leat_wfdb_header_read(struct leat_wfdb_header *header, const char *path, uint32_t signals_max,
                          struct leat_diag *diag)
{
    memset(header, 0, sizeof *header);
    struct parse p = {.header = header, .path = path, .signals_max = signals_max, .diag = diag};
    char *text = malloc(TEXT_MAX);
    if (text == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a header");
    size_t n;
    uint64_t bytes;
    int status = leat_input_head(path, "wfdb is", text, TEXT_MAX, &n, &bytes, diag);
    if (status == LEAT_OK && bytes >= TEXT_MAX)
        status = leat_diag_set(diag, LEAT_EDATA, "%s: is too long for a header", path);
    if (status == LEAT_OK)
        status = read_lines(&p, text, n);
    free(text);
    return status;
}

void leat_wfdb_header_fini(struct leat_wfdb_header *header)
{
    free(header->data);
    free(header->signals);
    free(header->channels);
    memset(header, 0, sizeof *header);
}
