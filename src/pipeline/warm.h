/* Warm-up: after it, neither memory nor code is seen for the first time. */
#ifndef LEAT_PIPELINE_WARM_H
#define LEAT_PIPELINE_WARM_H

#include <stddef.h>

/* Touches every page of memory[0, bytes) for writing, keeping its contents. */
void warm_memory(char *memory, size_t bytes);
/* Reads every page of the code that is mapped into the process, so that no instruction faults. */
void warm_code(void);
#define WARM_STACK_BYTES ((size_t)128 << 10)
/* Touches so much of the calling thread's stack: as deep as a worker may go. */
void warm_stack(void);

#endif
