/* Private to this room. */
#ifndef LEAT_SPARSE_CSR_H
#define LEAT_SPARSE_CSR_H

#include <leat/sparse.h>

/* Memory that a call was given: LEAT_ERANGE where `needed` is 0, which says that there is no such
 * size; LEAT_ELIMIT too few bytes, or not aligned. */
int csr_memory(const char *what, const void *memory, size_t bytes, size_t needed,
               struct leat_diag *diag);

#endif
