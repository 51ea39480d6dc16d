/* A lender and its loans: what lend.c, dlpack.c and arrow.c share. Private to this room. */
#ifndef LEAT_PIPELINE_LOAN_H
#define LEAT_PIPELINE_LOAN_H

#include "pipeline/impl.h"

#include <leat/arrow.h>
#include <leat/dlpack.h>
#include <leat/lend.h>

/* A child of what Arrow is given. */
union loan_part {
    struct ArrowArray array;
    struct ArrowSchema schema;
};
union loan_child {
    struct ArrowArray *array;
    struct ArrowSchema *schema;
};

/* What one borrower holds: a frame or a schema, and all that the words for it point into. */
struct loan {
    struct leat_lender *lender;
    struct leat_frame *frame;  /* NULL: a schema */
    leat_atomic_u32 holders;   /* parts that are given back one by one; 0: none is out */
    uint32_t number, next;     /* next: of the free or of the returned, + 1; 0 ends */
    union {
        DLManagedTensorVersioned versioned;
        DLManagedTensor unversioned;
    } tensor;
    int64_t shape[2], strides[2];
    const void *none;            /* the one buffer of a struct array: NULL, no bitmap */
    const void *(*buffers)[2];   /* [rows] */
    union loan_child *children;  /* [rows] */
    union loan_part *parts;      /* [rows] */
};

struct leat_lender {
    struct leat_engine *engine;
    const struct leat_shape *shape; /* of the outlet's frames */
    char *loans;
    size_t loan_bytes;
    uint32_t outlet, loans_n;
    uint32_t free, out;             /* free: a list by next; out: not yet settled */
    leat_atomic_u32 busy;           /* LEAT_CHECK >= 1 */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 returned; /* a list by next, by any thread */
};

/* A loan of the frame (NULL: of a schema), given back in so many parts; NULL: none is free. */
struct loan *loan_make(struct leat_lender *lender, struct leat_frame *frame, uint32_t holders);
/* One part is back; with the last the loan is. Any thread. */
void loan_return(struct loan *loan);

#endif
