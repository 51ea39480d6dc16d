/* Compressed rows: laying out, checking, and what changes their order but no value. */
#include "sparse/csr.h"

#include <leat/frame.h>

#include <string.h>

/* ---- sizes ---- */

static bool is_kind(uint32_t kind)
{
    return kind == LEAT_F32 || kind == LEAT_F64;
}

/* n elements of that many bytes, and where the next array begins. */
static bool add_array(size_t *bytes, uint64_t n, size_t each)
{
    size_t array;
    return n <= SIZE_MAX - LEAT_LINE && leat_size_mul((size_t)n, each, &array) &&
           array <= SIZE_MAX - LEAT_LINE &&
           leat_size_add(*bytes, leat_round_up(array, LEAT_LINE), bytes);
}

size_t leat_csr_bytes(uint32_t kind, uint32_t rows, uint32_t cols, uint64_t entries)
{
    size_t bytes = 0;
    if (!is_kind(kind) || rows > LEAT_SPARSE_MOST || cols > LEAT_SPARSE_MOST ||
        !add_array(&bytes, (uint64_t)rows + 1, sizeof(uint64_t)) ||
        !add_array(&bytes, entries, sizeof(uint32_t)) ||
        !add_array(&bytes, entries, leat_kind_bytes(kind)))
        return 0;
    return bytes;
}

int csr_memory(const char *what, const void *memory, size_t bytes, size_t needed,
               struct leat_diag *diag)
{
    if (needed == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "%s: more than memory holds", what);
    if (bytes >= needed && (uintptr_t)memory % LEAT_LINE == 0 && memory != NULL)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ELIMIT, "%s: needs %zu bytes on a boundary of %d", what, needed,
                         LEAT_LINE);
}

static int check_sizes(const char *what, uint32_t kind, uint32_t rows, uint32_t cols,
                       struct leat_diag *diag)
{
    if (!is_kind(kind))
        return leat_diag_set(diag, LEAT_EINVAL, "%s: its kind is neither f32 nor f64", what);
    if (rows > LEAT_SPARSE_MOST || cols > LEAT_SPARSE_MOST)
        return leat_diag_set(diag, LEAT_ERANGE, "%s: [%u x %u], at most %u of either can be", what,
                             rows, cols, LEAT_SPARSE_MOST);
    return LEAT_OK;
}

/* In memory that is large enough. */
static struct leat_csr lay(uint32_t kind, uint32_t rows, uint32_t cols, uint64_t entries,
                           void *memory)
{
    struct leat_csr m = {rows, cols, kind, entries, memory, NULL, NULL};
    char *at = memory;
    at += leat_round_up(((size_t)rows + 1) * sizeof *m.start, LEAT_LINE);
    m.col = (uint32_t *)(void *)at;
    at += leat_round_up((size_t)entries * sizeof *m.col, LEAT_LINE);
    m.value = at;
    return m;
}

int leat_csr_lay(struct leat_csr *m, uint32_t kind, uint32_t rows, uint32_t cols, uint64_t entries,
                 void *memory, size_t bytes, struct leat_diag *diag)
{
    int code = check_sizes("csr", kind, rows, cols, diag);
    if (code == LEAT_OK)
        code = csr_memory("csr", memory, bytes, leat_csr_bytes(kind, rows, cols, entries), diag);
    if (code == LEAT_OK)
        *m = lay(kind, rows, cols, entries, memory);
    return code;
}

/* ---- checks ---- */

static int check_row(const struct leat_csr *m, uint32_t i, struct leat_diag *diag)
{
    for (uint64_t e = m->start[i]; e < m->start[i + 1]; e++) {
        if (m->col[e] >= m->cols)
            return leat_diag_set(diag, LEAT_ERANGE,
                                 "csr: col[%llu] is %u: there are %u columns",
                                 (unsigned long long)e, m->col[e], m->cols);
        if (e > m->start[i] && m->col[e] <= m->col[e - 1])
            return leat_diag_set(diag, LEAT_ERANGE,
                                 "csr: col[%llu] is %u, not above the one before it in row %u",
                                 (unsigned long long)e, m->col[e], i);
    }
    return LEAT_OK;
}

int leat_csr_check(const struct leat_csr *m, struct leat_diag *diag)
{
    int code = check_sizes("csr", m->kind, m->rows, m->cols, diag);
    if (code != LEAT_OK)
        return code;
    if (leat_csr_bytes(m->kind, m->rows, m->cols, m->entries) == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "csr: %llu entries are more than memory holds",
                             (unsigned long long)m->entries);
    if (m->start == NULL || (m->entries != 0 && (m->col == NULL || m->value == NULL)))
        return leat_diag_set(diag, LEAT_EINVAL, "csr: no %s",
                             m->start == NULL ? "start" : m->col == NULL ? "col" : "value");
    if ((uintptr_t)m->value % leat_kind_bytes(m->kind) != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "csr: value is not aligned to its elements");
    if (m->start[0] != 0 || m->start[m->rows] != m->entries)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "csr: start goes from %llu to %llu, not from 0 to the %llu entries",
                             (unsigned long long)m->start[0],
                             (unsigned long long)m->start[m->rows],
                             (unsigned long long)m->entries);
    for (uint32_t i = 0; i < m->rows; i++)
        if (m->start[i + 1] < m->start[i] || m->start[i + 1] > m->entries)
            return leat_diag_set(diag, LEAT_ERANGE, "csr: start[%u] is %llu, before it is %llu",
                                 i + 1, (unsigned long long)m->start[i + 1],
                                 (unsigned long long)m->start[i]);
    for (uint32_t i = 0; i < m->rows && code == LEAT_OK; i++)
        code = check_row(m, i, diag);
    return code;
}

/* ---- one list of entries to another ---- */

static void put(void *to, uint64_t at, const void *from, uint64_t e, size_t width)
{
    if (width == sizeof(float))
        memcpy((float *)to + at, (const float *)from + e, sizeof(float));
    else
        memcpy((double *)to + at, (const double *)from + e, sizeof(double));
}

/* start[i] = entries of lines before i, where count[i + 1] of them lie in line i. */
static void sum_counts(uint64_t *count, uint32_t lines)
{
    for (uint32_t i = 0; i < lines; i++)
        count[i + 1] += count[i];
}

/* start[i] has walked over its line to where the next begins. */
static void walk_back(uint64_t *start, uint32_t lines)
{
    for (uint32_t i = lines; i > 0; i--)
        start[i] = start[i - 1];
    start[0] = 0;
}

/* Entries keep their order in each line of t, so lines of a that are walked in order come out in
 * order. */
static void turn(struct leat_csr *t, const struct leat_csr *a)
{
    size_t width = leat_kind_bytes(a->kind);
    memset(t->start, 0, ((size_t)t->rows + 1) * sizeof *t->start);
    for (uint64_t e = 0; e < a->entries; e++)
        t->start[a->col[e] + 1]++;
    sum_counts(t->start, t->rows);
    for (uint32_t i = 0; i < a->rows; i++)
        for (uint64_t e = a->start[i]; e < a->start[i + 1]; e++) {
            uint64_t at = t->start[a->col[e]]++;
            t->col[at] = i;
            put(t->value, at, a->value, e, width);
        }
    walk_back(t->start, t->rows);
}

int leat_csr_transpose(struct leat_csr *t, const struct leat_csr *a, void *memory, size_t bytes,
                       struct leat_diag *diag)
{
    int code = leat_csr_lay(t, a->kind, a->cols, a->rows, a->entries, memory, bytes, diag);
    if (code == LEAT_OK)
        turn(t, a);
    return code;
}

/* ---- from coordinates ---- */

/* Between coordinates and rows stand columns, whose lines are not in order. */
size_t leat_csr_from_coo_bytes(const struct leat_coo *from)
{
    return leat_csr_bytes(from->kind, from->cols, from->rows, from->entries);
}

static int check_coo(const struct leat_coo *from, struct leat_diag *diag)
{
    int code = check_sizes("coo", from->kind, from->rows, from->cols, diag);
    if (code != LEAT_OK)
        return code;
    if (from->entries != 0 && (from->row == NULL || from->col == NULL || from->value == NULL))
        return leat_diag_set(diag, LEAT_EINVAL, "coo: no %s",
                             from->row == NULL   ? "row"
                             : from->col == NULL ? "col"
                                                 : "value");
    for (uint64_t e = 0; e < from->entries; e++) {
        bool row = from->row[e] < from->rows;
        if (!row || from->col[e] >= from->cols)
            return leat_diag_set(diag, LEAT_ERANGE, "coo: %s[%llu] is %u: there are %u",
                                 row ? "col" : "row", (unsigned long long)e,
                                 row ? from->col[e] : from->row[e], row ? from->cols : from->rows);
    }
    return LEAT_OK;
}

static void to_columns(struct leat_csr *t, const struct leat_coo *from)
{
    size_t width = leat_kind_bytes(from->kind);
    memset(t->start, 0, ((size_t)t->rows + 1) * sizeof *t->start);
    for (uint64_t e = 0; e < from->entries; e++)
        t->start[from->col[e] + 1]++;
    sum_counts(t->start, t->rows);
    for (uint64_t e = 0; e < from->entries; e++) {
        uint64_t at = t->start[from->col[e]]++;
        t->col[at] = from->row[e];
        put(t->value, at, from->value, e, width);
    }
    walk_back(t->start, t->rows);
}

/* Entries of one place stand side by side: their sum, from the first one on. */
static void join_equal(struct leat_csr *m)
{
    size_t width = leat_kind_bytes(m->kind);
    uint64_t n = 0, e = 0;
    for (uint32_t i = 0; i < m->rows; i++) {
        uint64_t first = n;
        for (; e < m->start[i + 1]; e++) {
            if (n == first || m->col[n - 1] != m->col[e]) {
                m->col[n] = m->col[e];
                put(m->value, n++, m->value, e, width);
            } else if (m->kind == LEAT_F32) {
                ((float *)m->value)[n - 1] += ((const float *)m->value)[e];
            } else {
                ((double *)m->value)[n - 1] += ((const double *)m->value)[e];
            }
        }
        m->start[i + 1] = n;
    }
    m->entries = n;
}

int leat_csr_from_coo(struct leat_csr *m, const struct leat_coo *from, void *memory, size_t bytes,
                      void *workspace, size_t workspace_bytes, struct leat_diag *diag)
{
    struct leat_csr columns;
    int code = check_coo(from, diag);
    if (code == LEAT_OK)
        code = csr_memory("coo: workspace", workspace, workspace_bytes,
                          leat_csr_from_coo_bytes(from), diag);
    if (code == LEAT_OK)
        code = leat_csr_lay(m, from->kind, from->rows, from->cols, from->entries, memory, bytes,
                            diag);
    if (code != LEAT_OK)
        return code;
    columns = lay(from->kind, from->cols, from->rows, from->entries, workspace);
    to_columns(&columns, from);
    turn(m, &columns);
    join_equal(m);
    return LEAT_OK;
}

/* ---- addition ---- */

static void put_sum(struct leat_csr *c, uint64_t at, double alpha, const struct leat_csr *a,
                    uint64_t ea, double beta, const struct leat_csr *b, uint64_t eb)
{
    if (c->kind == LEAT_F32) {
        const float *x = a->value, *y = b->value;
        float scaled = eb == UINT64_MAX ? 0 : (float)beta * y[eb];
        ((float *)c->value)[at] = ea == UINT64_MAX   ? scaled
                                  : eb == UINT64_MAX ? (float)alpha * x[ea]
                                                     : __builtin_fmaf((float)alpha, x[ea], scaled);
    } else {
        const double *x = a->value, *y = b->value;
        double scaled = eb == UINT64_MAX ? 0 : beta * y[eb];
        ((double *)c->value)[at] = ea == UINT64_MAX   ? scaled
                                   : eb == UINT64_MAX ? alpha * x[ea]
                                                      : __builtin_fma(alpha, x[ea], scaled);
    }
}

int leat_csr_add(struct leat_csr *c, double alpha, const struct leat_csr *a, double beta,
                 const struct leat_csr *b, void *memory, size_t bytes, struct leat_diag *diag)
{
    uint64_t n = 0;
    if (a->rows != b->rows || a->cols != b->cols || a->kind != b->kind)
        return leat_diag_set(diag, LEAT_ESHAPE, "csr: A [%u x %u] %s and B [%u x %u] %s do not add",
                             a->rows, a->cols, leat_kind_name(a->kind), b->rows, b->cols,
                             leat_kind_name(b->kind));
    int code = leat_csr_lay(c, a->kind, a->rows, a->cols, a->entries + b->entries, memory, bytes,
                            diag);
    if (code != LEAT_OK)
        return code;
    c->start[0] = 0;
    for (uint32_t i = 0; i < c->rows; i++) {
        uint64_t ea = a->start[i], eb = b->start[i];
        while (ea < a->start[i + 1] || eb < b->start[i + 1]) {
            /* a column that is none stands behind all others */
            uint32_t in_a = ea < a->start[i + 1] ? a->col[ea] : UINT32_MAX;
            uint32_t in_b = eb < b->start[i + 1] ? b->col[eb] : UINT32_MAX;
            c->col[n] = in_a < in_b ? in_a : in_b;
            put_sum(c, n++, alpha, a, in_a <= in_b ? ea++ : UINT64_MAX, beta, b,
                    in_b <= in_a ? eb++ : UINT64_MAX);
        }
        c->start[i + 1] = n;
    }
    c->entries = n;
    return LEAT_OK;
}
