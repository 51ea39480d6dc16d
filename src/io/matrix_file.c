/* Matrices in files: an npy array of one or two dimensions, or Matrix Market. What it is, its first
 * bytes tell. */
#include "io/lines.h"
#include "io/mtx.h"
#include "io/npy_header.h"
#include "io/value.h"

#include <stdlib.h>
#include <string.h>

struct matrix_file {
    const char *path;
    char *text; /* all of the file */
    size_t bytes;
    bool market;
    struct leat_npy_header npy;
    struct leat_mtx mtx;
    const char *entries; /* mtx: what stands behind its size */
    uint32_t rows, cols;
};

static int read_all(struct matrix_file *f, int fd, uint64_t bytes, struct leat_diag *diag)
{
    struct leat_ctx ctx = {.diag = diag};
    f->bytes = (size_t)bytes;
    f->text = f->bytes == bytes && f->bytes < SIZE_MAX ? malloc(f->bytes + 1) : NULL;
    if (f->text == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for %llu bytes", f->path,
                             (unsigned long long)bytes);
    return leat_input_at(fd, f->path, f->text, f->bytes, 0, &ctx) ? LEAT_OK : ctx.failed;
}

static int take_shape(struct matrix_file *f, uint64_t rows, uint64_t cols, struct leat_diag *diag)
{
    if (rows == 0 || cols == 0)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s: is an empty matrix", f->path);
    if (rows > UINT32_MAX || cols > UINT32_MAX || rows * cols > SIZE_MAX / 16)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its sizes multiply to more than a file holds", f->path);
    f->rows = (uint32_t)rows;
    f->cols = (uint32_t)cols;
    return LEAT_OK;
}

/* ---- npy ---- */

static int look_npy(struct matrix_file *f, struct leat_diag *diag)
{
    struct leat_npy_header *h = &f->npy;
    int status = leat_npy_header_read(h, f->path, diag);
    if (status != LEAT_OK)
        return status;
    if (h->dims == 3)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s: has three dimensions, a matrix has two",
                             f->path);
    status = take_shape(f, h->dims == 1 ? 1 : h->shape[0], h->shape[h->dims - 1], diag);
    if (status != LEAT_OK)
        return status;
    uint64_t bytes = (uint64_t)f->rows * f->cols * leat_cell_bytes(h->cell);
    if (h->start > f->bytes || bytes > f->bytes - h->start)
        return leat_diag_set(diag, LEAT_EDATA,
                             "%s: is cut off: its elements need %llu bytes and the file has %zu",
                             f->path, (unsigned long long)(h->start + bytes), f->bytes);
    return LEAT_OK;
}

static void read_npy_row(const struct matrix_file *f, uint32_t kind, uint32_t i, void *elements)
{
    size_t width = leat_cell_bytes(f->npy.cell);
    size_t down = f->npy.fortran ? width : width * f->cols;
    size_t across = f->npy.fortran ? width * f->rows : width;
    leat_cells_decode(elements, kind, f->text + f->npy.start + i * down, f->npy.cell, f->npy.swap,
                      across, f->cols, 1.0);
}

static void read_npy(const struct matrix_file *f, uint32_t kind, char *elements)
{
    size_t row = f->cols * (size_t)leat_kind_bytes(kind);
    for (uint32_t i = 0; i < f->rows; i++)
        read_npy_row(f, kind, i, elements + i * row);
}

/* ---- Matrix Market ---- */

static int wrong_line(const struct matrix_file *f, int status, struct leat_diag *diag)
{
    uint64_t line = f->mtx.line, column = f->mtx.column;
    (void)leat_diag_at(diag, f->path, line > UINT32_MAX ? 0 : (uint32_t)line,
                       column > UINT32_MAX ? 0 : (uint32_t)column);
    return status;
}

/* 1: an entry; 0: there are no more; a negative status. */
static int next_entry(struct matrix_file *f, struct leat_mtx_entry *entry, struct leat_diag *diag)
{
    const char *line, *end = f->text + f->bytes;
    size_t bytes;
    while (leat_lines_cut(&f->entries, end, true, &line, &bytes)) {
        bool sized = f->mtx.ready;
        int status = leat_mtx_line(&f->mtx, line, bytes, entry, diag);
        if (status < 0)
            return wrong_line(f, status, diag);
        if (status == 1 || (!sized && f->mtx.ready))
            return status;
    }
    int status = leat_mtx_end(&f->mtx, diag);
    return status == LEAT_OK ? 0 : wrong_line(f, status, diag);
}

static int look_market(struct matrix_file *f, struct leat_diag *diag)
{
    struct leat_mtx_entry none;
    f->entries = f->text;
    int status = next_entry(f, &none, diag); /* up to its size */
    if (status != LEAT_OK)
        return status;
    if (f->mtx.field == LEAT_MTX_COMPLEX)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s: is complex, and real numbers are due",
                             f->path);
    return take_shape(f, f->mtx.rows, f->mtx.cols, diag);
}

/* The next entry, whose value fits the kind; as next_entry. */
static int next_of_kind(struct matrix_file *f, uint32_t kind, struct leat_mtx_entry *entry,
                        struct leat_diag *diag)
{
    float narrow;
    int status = next_entry(f, entry, diag);
    if (status != 1 || kind == LEAT_F64 ||
        leat_value_narrow(entry->re, kind, &narrow) == LEAT_VALUE_GOOD)
        return status;
    f->mtx.column = 1;
    return wrong_line(f, leat_diag_set(diag, LEAT_EDATA,
                                       "a value of this line does not fit f32"), diag);
}

static void put_value(uint32_t kind, void *values, uint64_t at, double value)
{
    if (kind == LEAT_F64)
        ((double *)values)[at] = value;
    else
        ((float *)values)[at] = (float)value;
}

/* Adds the entry, rounded to the kind, to what stands at its place. */
static void add_entry(const struct matrix_file *f, uint32_t kind, void *elements,
                      const struct leat_mtx_entry *entry)
{
    size_t at = (size_t)(entry->row - 1) * f->cols + (size_t)(entry->col - 1);
    if (kind == LEAT_F64)
        ((double *)elements)[at] += entry->re;
    else
        ((float *)elements)[at] += (float)entry->re;
}

static int read_market(struct matrix_file *f, uint32_t kind, void *elements,
                       struct leat_diag *diag)
{
    struct leat_mtx_entry entry, other;
    int status;
    memset(elements, 0, (size_t)f->rows * f->cols * leat_kind_bytes(kind));
    while ((status = next_of_kind(f, kind, &entry, diag)) == 1) {
        add_entry(f, kind, elements, &entry);
        if (leat_mtx_mirror(&f->mtx, &entry, &other))
            add_entry(f, kind, elements, &other);
    }
    return status;
}

/* ---- as coordinates ---- */

struct entries {
    uint64_t n, most;
    uint32_t kind, *row, *col;
    void *value;
};

static void list(struct entries *list, uint64_t row, uint64_t col, double value)
{
    uint64_t at = list->n++;
    if (at >= list->most)
        return;
    list->row[at] = (uint32_t)row;
    list->col[at] = (uint32_t)col;
    put_value(list->kind, list->value, at, value);
}

static int list_market(struct matrix_file *f, struct entries *to, struct leat_diag *diag)
{
    struct leat_mtx_entry e, other;
    int status;
    while ((status = next_of_kind(f, to->kind, &e, diag)) == 1) {
        if (f->mtx.array && e.re == 0)
            continue;
        list(to, (uint64_t)e.row - 1, (uint64_t)e.col - 1, e.re);
        if (leat_mtx_mirror(&f->mtx, &e, &other))
            list(to, (uint64_t)other.row - 1, (uint64_t)other.col - 1, other.re);
    }
    return status;
}

static int list_npy(const struct matrix_file *f, struct entries *to, struct leat_diag *diag)
{
    void *row = malloc(f->cols * (size_t)leat_kind_bytes(to->kind));
    if (row == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for a row", f->path);
    for (uint32_t i = 0; i < f->rows; i++) {
        read_npy_row(f, to->kind, i, row);
        for (uint32_t j = 0; j < f->cols; j++) {
            double value = to->kind == LEAT_F64 ? ((double *)row)[j] : (double)((float *)row)[j];
            if (value != 0)
                list(to, i, j, value);
        }
    }
    free(row);
    return LEAT_OK;
}

/* ---- either ---- */

static int open_matrix(struct matrix_file *f, const char *path, struct leat_diag *diag)
{
    bool owned;
    struct leat_input_facts facts;
    *f = (struct matrix_file){.path = path};
    int fd = leat_input_open_file(path, "matrices are", "; a pipe has no places", &owned, &facts,
                                  diag);
    if (fd < 0)
        return fd;
    int status = read_all(f, fd, facts.bytes, diag);
    if (owned)
        leat_input_close(fd);
    if (status != LEAT_OK)
        return status;
    f->market = f->bytes >= 2 && memcmp(f->text, "%%", 2) == 0;
    return f->market ? look_market(f, diag) : look_npy(f, diag);
}

int leat_matrix_file_look(const char *path, uint32_t *rows, uint32_t *cols, struct leat_diag *diag)
{
    struct matrix_file f;
    int status = open_matrix(&f, path, diag);
    *rows = f.rows;
    *cols = f.cols;
    free(f.text);
    return status;
}

/* Opens the matrix that has been looked at before. */
static int open_again(struct matrix_file *f, const char *path, uint32_t rows, uint32_t cols,
                      struct leat_diag *diag)
{
    int status = open_matrix(f, path, diag);
    if (status == LEAT_OK && (f->rows != rows || f->cols != cols))
        status = leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", path);
    return status;
}

int leat_matrix_file_read(const char *path, uint32_t rows, uint32_t cols, uint32_t kind,
                          void *elements, struct leat_diag *diag)
{
    struct matrix_file f;
    int status = open_again(&f, path, rows, cols, diag);
    if (status == LEAT_OK && f.market)
        status = read_market(&f, kind, elements, diag);
    else if (status == LEAT_OK)
        read_npy(&f, kind, elements);
    free(f.text);
    return status;
}

int leat_matrix_file_entries(const char *path, uint32_t rows, uint32_t cols, uint32_t kind,
                             uint64_t *entries, uint32_t *row, uint32_t *col, void *value,
                             struct leat_diag *diag)
{
    struct matrix_file f;
    struct entries to = {0, *entries, kind, row, col, value};
    int status = open_again(&f, path, rows, cols, diag);
    if (status == LEAT_OK)
        status = f.market ? list_market(&f, &to, diag) : list_npy(&f, &to, diag);
    free(f.text);
    *entries = to.n;
    return status;
}
