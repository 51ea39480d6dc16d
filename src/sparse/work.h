/* The workspace of a product of sparse matrices, and which row is computed how. Private to this
 * room. */
#ifndef LEAT_SPARSE_WORK_H
#define LEAT_SPARSE_WORK_H

#include <leat/sparse.h>

/* Rows with at most so many products are sorted as they come. */
#define WORK_SORTED 16u
/* Others are hashed where they have fewer products than a WORK_DENSE'th of the columns. */
#define WORK_DENSE 16u

struct leat_csr_work {
    uint64_t *of_b;         /* [B's rows x words] which columns each has; NULL: not worth it */
    uint64_t *pattern;      /* [words] of a row of C; 0 between rows */
    void *sum;              /* [columns] 0 between rows */
    uint32_t *key;          /* [table] a column, or UINT32_MAX */
    void *slot;             /* [table] its sum */
    uint64_t *list, *spare; /* [most]; in order of columns: column << 32 | place in the table */
    uint32_t words, table_log2, most;
};

#endif
