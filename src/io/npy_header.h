/* The header of an npy file (format versions 1, 2 and 3). */
#ifndef LEAT_IO_NPY_HEADER_H
#define LEAT_IO_NPY_HEADER_H

#include "io/cells.h"

struct leat_npy_header {
    uint32_t cell; /* a leat_cell */
    bool swap;
    bool fortran;
    uint32_t dims; /* 1 .. 3 */
    uint64_t shape[3];
    uint64_t start;      /* byte of the first sample */
    uint64_t file_bytes;
};

/* Reads it. LEAT_EIO; LEAT_EDATA: not an npy file, cut off, or of a type or shape that is none of
 * samples in 1 to 3 dimensions. The samples' place is not held to the file's length here. */
int leat_npy_header_read(struct leat_npy_header *header, const char *path, struct leat_diag *diag);

#define LEAT_NPY_HEADER_BYTES 128

/* Writes a header of exactly LEAT_NPY_HEADER_BYTES for little-endian samples of kind. */
void leat_npy_header_write(char out[LEAT_NPY_HEADER_BYTES], uint32_t kind, bool fortran,
                           uint32_t dims, const uint64_t *shape);

#endif
