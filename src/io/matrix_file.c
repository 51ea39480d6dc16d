/* Matrices in files: an npy array of one or two dimensions. */
#include "io/npy_header.h"

#include <stdlib.h>

static int look(const char *path, struct leat_npy_header *h, uint32_t *rows, uint32_t *cols,
                struct leat_diag *diag)
{
    uint64_t bytes;
    int status = leat_npy_header_read(h, path, diag);
    if (status != LEAT_OK)
        return status;
    if (h->dims == 3)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s: has three dimensions, a matrix has two", path);
    uint64_t m = h->dims == 1 ? 1 : h->shape[0], n = h->shape[h->dims - 1];
    if (m == 0 || n == 0)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s: is an empty matrix", path);
    if (m > UINT32_MAX || n > UINT32_MAX ||
        __builtin_mul_overflow(m * n, (uint64_t)leat_cell_bytes(h->cell), &bytes) ||
        bytes > SIZE_MAX / 2)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its sizes multiply to more than a file holds", path);
    if (bytes > h->file_bytes - h->start)
        return leat_diag_set(diag, LEAT_EDATA,
                             "%s: is cut off: its elements need %llu bytes and the file has %llu",
                             path, (unsigned long long)(h->start + bytes),
                             (unsigned long long)h->file_bytes);
    *rows = (uint32_t)m;
    *cols = (uint32_t)n;
    return LEAT_OK;
}

int leat_matrix_file_look(const char *path, uint32_t *rows, uint32_t *cols, struct leat_diag *diag)
{
    struct leat_npy_header h;
    return look(path, &h, rows, cols, diag);
}

/* All that stands behind the header. */
static int read_elements(const char *path, uint64_t start, char *to, size_t bytes,
                         struct leat_diag *diag)
{
    bool owned;
    struct leat_ctx ctx = {.diag = diag};
    int fd = leat_input_open(path, &owned, diag);
    if (fd < 0)
        return fd;
    (void)leat_input_at(fd, path, to, bytes, start, &ctx);
    if (owned)
        leat_input_close(fd);
    return ctx.failed;
}

int leat_matrix_file_read(const char *path, uint32_t rows, uint32_t cols, uint32_t kind,
                          void *elements, struct leat_diag *diag)
{
    struct leat_npy_header h;
    uint32_t m = 0, n = 0;
    int status = look(path, &h, &m, &n, diag);
    if (status != LEAT_OK)
        return status;
    if (m != rows || n != cols)
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", path);
    size_t width = leat_cell_bytes(h.cell), bytes = (size_t)m * n * width;
    size_t down = h.fortran ? width : width * n, across = h.fortran ? width * m : width;
    char *file = malloc(bytes);
    if (file == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for %zu bytes", path, bytes);
    status = read_elements(path, h.start, file, bytes, diag);
    for (uint32_t i = 0; i < m && status == LEAT_OK; i++)
        leat_cells_decode((char *)elements + (size_t)i * n * leat_kind_bytes(kind), kind,
                          file + i * down, h.cell, h.swap, across, n, 1.0);
    free(file);
    return status;
}
