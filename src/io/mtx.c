#include "io/mtx.h"

#include "io/value.h"
#include "io/words.h"

#include <string.h>
#include <strings.h>

static int bad(struct leat_mtx *m, const struct leat_words *w, struct leat_diag *diag,
               const char *due)
{
    m->column = leat_words_column(w);
    return leat_words_wrong(w, diag, due);
}

/* One of the words of a NULL-ended list, in any case; its number, or LEAT_EDATA. */
static int one_of(struct leat_mtx *m, struct leat_words *w, const char *const *list,
                  struct leat_diag *diag, const char *why)
{
    leat_words_next(w);
    for (int i = 0; list[i] != NULL; i++)
        if (w->bytes == strlen(list[i]) && strncasecmp(w->word, list[i], w->bytes) == 0)
            return i;
    return bad(m, w, diag, why);
}

/* %%MatrixMarket matrix coordinate|array FIELD SYMMETRY */
static int read_banner(struct leat_mtx *m, struct leat_words *w, struct leat_diag *diag)
{
    static const char *const marks[] = {"%%MatrixMarket", NULL},
                            *const objects[] = {"matrix", NULL},
                            *const formats[] = {"coordinate", "array", NULL},
                            *const fields[] = {"real", "integer", "complex", "pattern", NULL},
                            *const symmetries[] = {"general", "symmetric", "skew-symmetric",
                                                   "hermitian", NULL};
    int answer = one_of(m, w, marks, diag, "%%MatrixMarket is due");
    if (answer >= 0)
        answer = one_of(m, w, objects, diag, "'matrix' is due");
    if (answer >= 0)
        answer = one_of(m, w, formats, diag, "'coordinate' or 'array' is due");
    m->array = answer == 1;
    if (answer >= 0)
        answer = one_of(m, w, fields, diag, "'real', 'integer', 'complex' or 'pattern' is due");
    m->field = (uint32_t)answer;
    if (answer >= 0)
        answer = one_of(m, w, symmetries, diag,
                        "'general', 'symmetric', 'skew-symmetric' or 'hermitian' is due");
    m->symmetry = (uint32_t)answer;
    if (answer < 0)
        return answer;
    if (m->field == LEAT_MTX_PATTERN && m->array)
        return bad(m, w, diag, "an array has values; 'pattern' is for coordinates");
    if (m->field == LEAT_MTX_PATTERN && m->symmetry > LEAT_MTX_SYMMETRIC)
        return bad(m, w, diag, "a pattern is 'general' or 'symmetric'");
    if (m->symmetry == LEAT_MTX_HERMITIAN && m->field != LEAT_MTX_COMPLEX)
        return bad(m, w, diag, "'hermitian' is for complex values");
    m->banner = true;
    return 0;
}

static int read_end(struct leat_mtx *m, struct leat_words *w, struct leat_diag *diag)
{
    leat_words_next(w);
    return w->bytes == 0 ? 0 : bad(m, w, diag, "the line should end");
}

/* How many entries an array has: all, or those of its lower half. */
static bool count_array(struct leat_mtx *m)
{
    uint64_t n = m->rows;
    if (m->symmetry == LEAT_MTX_GENERAL)
        return !__builtin_mul_overflow(n, m->cols, &m->stored);
    uint64_t diagonal = m->symmetry == LEAT_MTX_SKEW ? 0 : n, off = n == 0 ? 0 : n - 1;
    return !__builtin_mul_overflow(n % 2 == 0 ? n / 2 : n, n % 2 == 0 ? off : off / 2,
                                   &m->stored) &&
           !__builtin_add_overflow(m->stored, diagonal, &m->stored);
}

/* rows columns [entries] */
static int read_size(struct leat_mtx *m, struct leat_words *w, struct leat_diag *diag)
{
    uint64_t *const sizes[] = {&m->rows, &m->cols, &m->stored};
    uint64_t most;
    for (int i = 0; i < (m->array ? 2 : 3); i++) {
        int64_t n;
        leat_words_next(w);
        if (leat_value_i64(w->word, w->bytes, &n) != LEAT_VALUE_GOOD || n < 0)
            return bad(m, w, diag,
                       i == 0   ? "the number of rows is due"
                       : i == 1 ? "the number of columns is due"
                                : "the number of entries is due");
        *sizes[i] = (uint64_t)n;
        if (i == 1 && m->symmetry != LEAT_MTX_GENERAL && m->rows != m->cols)
            return bad(m, w, diag, "as many columns as rows are due: the matrix is symmetric");
    }
    if (!m->array && !__builtin_mul_overflow(m->rows, m->cols, &most) && m->stored > most)
        return bad(m, w, diag, "at most rows times columns entries can be");
    if (m->array && !count_array(m))
        return bad(m, w, diag, "rows times columns must fit 64 bits");
    m->next_row = m->symmetry == LEAT_MTX_SKEW ? 2 : 1;
    m->next_col = 1;
    m->ready = true;
    return read_end(m, w, diag);
}

/* The place of an array's next entry. */
static void next_place(struct leat_mtx *m, struct leat_mtx_entry *e)
{
    e->row = (int64_t)m->next_row;
    e->col = (int64_t)m->next_col;
    if (m->next_row++ < m->rows)
        return;
    m->next_col++;
    m->next_row = m->symmetry == LEAT_MTX_GENERAL ? 1
                  : m->symmetry == LEAT_MTX_SKEW  ? m->next_col + 1
                                                  : m->next_col;
}

static int read_place(struct leat_mtx *m, struct leat_words *w, struct leat_mtx_entry *e,
                      struct leat_diag *diag)
{
    leat_words_next(w);
    if (leat_value_i64(w->word, w->bytes, &e->row) != LEAT_VALUE_GOOD || e->row < 1 ||
        (uint64_t)e->row > m->rows)
        return bad(m, w, diag, "a row of the matrix, from 1, is due");
    leat_words_next(w);
    if (leat_value_i64(w->word, w->bytes, &e->col) != LEAT_VALUE_GOOD || e->col < 1 ||
        (uint64_t)e->col > m->cols)
        return bad(m, w, diag, "a column of the matrix, from 1, is due");
    if (m->symmetry != LEAT_MTX_GENERAL && e->col > e->row)
        return bad(m, w, diag, "a place of the lower half is due: the matrix is symmetric");
    if (m->symmetry == LEAT_MTX_SKEW && e->col == e->row)
        return bad(m, w, diag, "a place below the diagonal is due: the matrix is skew-symmetric");
    return 0;
}

static int read_number(struct leat_mtx *m, struct leat_words *w, double *value,
                       struct leat_diag *diag)
{
    leat_words_next(w);
    enum leat_value answer = w->bytes == 0 ? LEAT_VALUE_NO_NUMBER
                                           : leat_value_real(w->word, w->bytes, value);
    if (answer == LEAT_VALUE_GOOD)
        return 0;
    return bad(m, w, diag, answer == LEAT_VALUE_TOO_LARGE ? "a number that fits is due"
                                                          : "a number is due");
}

static int read_entry(struct leat_mtx *m, struct leat_words *w, struct leat_mtx_entry *e,
                      struct leat_diag *diag)
{
    if (m->seen == m->stored)
        return bad(m, w, diag, "no more entries are due, by the header's count");
    *e = (struct leat_mtx_entry){.re = 1, .whole = 1};
    int status = 0;
    if (m->array)
        next_place(m, e);
    else
        status = read_place(m, w, e, diag);
    if (status == 0 && m->field == LEAT_MTX_INTEGER) {
        leat_words_next(w);
        if (leat_value_i64(w->word, w->bytes, &e->whole) != LEAT_VALUE_GOOD ||
            (m->symmetry == LEAT_MTX_SKEW && e->whole == INT64_MIN))
            status = bad(m, w, diag, "a whole number that fits 64 bits is due");
        e->re = (double)e->whole;
    } else if (status == 0 && m->field != LEAT_MTX_PATTERN) {
        status = read_number(m, w, &e->re, diag);
        if (status == 0 && m->field == LEAT_MTX_COMPLEX)
            status = read_number(m, w, &e->im, diag);
    }
    if (status == 0)
        status = read_end(m, w, diag);
    m->seen += status == 0;
    return status == 0 ? 1 : status;
}

int leat_mtx_line(struct leat_mtx *m, const char *text, size_t bytes, struct leat_mtx_entry *entry,
                  struct leat_diag *diag)
{
    struct leat_words w = leat_words_of(text, bytes), first = w;
    m->line++;
    if (!m->banner)
        return read_banner(m, &w, diag);
    leat_words_next(&first);
    if (first.bytes == 0 || *text == '%')
        return 0;
    return m->ready ? read_entry(m, &w, entry, diag) : read_size(m, &w, diag);
}

int leat_mtx_end(struct leat_mtx *m, struct leat_diag *diag)
{
    if (m->ready && m->seen == m->stored)
        return LEAT_OK;
    m->column = 1;
    m->line++;
    if (!m->ready)
        return leat_diag_set(diag, LEAT_EDATA, "the text ends before the matrix's size");
    return leat_diag_set(diag, LEAT_EDATA,
                         "the text ends after %llu of %llu entries; is it cut off?",
                         (unsigned long long)m->seen, (unsigned long long)m->stored);
}

bool leat_mtx_mirror(const struct leat_mtx *m, const struct leat_mtx_entry *entry,
                     struct leat_mtx_entry *other)
{
    if (m->symmetry == LEAT_MTX_GENERAL || entry->row == entry->col)
        return false;
    *other = *entry;
    other->row = entry->col;
    other->col = entry->row;
    if (m->symmetry == LEAT_MTX_SKEW) {
        other->re = -entry->re;
        other->im = -entry->im;
        other->whole = (int64_t)(0 - (uint64_t)entry->whole);
    } else if (m->symmetry == LEAT_MTX_HERMITIAN) {
        other->im = -entry->im;
    }
    return true;
}
