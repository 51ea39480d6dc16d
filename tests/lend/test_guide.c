/* What docs/guides/neighbours.md shows in C, compiled as it stands there (guide.c, cut out by
 * CMake) and run with borrowers on threads of their own.
 */
#include "guide.c"

#include "host.h"

#include <pthread.h>
#include <stdio.h>

enum { FRAMES = 500 };
static uint64_t seen, wrong;
static leat_atomic_u64 back;
static pthread_t threads[FRAMES];

static void *give_back(void *argument)
{
    DLManagedTensorVersioned *tensor = argument;
    tensor->deleter(tensor);
    (void)leat_add_relaxed(&back, 1);
    return NULL;
}

static void borrow(DLManagedTensorVersioned *tensor)
{
    const DLTensor *t = &tensor->dl_tensor;
    for (int64_t r = 0; r < t->shape[0]; r++)
        for (int64_t i = 0; i < t->shape[1]; i++)
            wrong += ((const double *)t->data)[r * t->strides[0] + i] !=
                     host_sample(seen, (uint32_t)r, (uint32_t)i);
    if (pthread_create(&threads[seen++], NULL, give_back, tensor) != 0)
        abort();
}

int main(void)
{
    struct host_options o = {.n = FRAMES, .rows = 2, .cols = 9, .kind = LEAT_F64};
    struct host h;
    int status = host_open(&h, &o);
    if (status == LEAT_OK)
        status = leat_engine_start(h.engine, &h.diag);
    if (status == LEAT_OK)
        status = lend_all(h.engine, h.outlet, borrow, &h.diag);
    for (uint64_t i = 0; i < seen; i++)
        pthread_join(threads[i], NULL);
    if (status == LEAT_OK)
        status = leat_engine_wait(h.engine, UINT64_C(20000000000), &h.diag);
    h.ended = true;
    if (status == LEAT_OK)
        status = host_close(&h);
    bool well = status == LEAT_OK && wrong == 0 && seen == FRAMES &&
                leat_load_relaxed(&back) == FRAMES;
    printf("%s: %llu frames, %llu wrong samples, status %d %s\n", well ? "ok" : "failed",
           (unsigned long long)seen, (unsigned long long)wrong, status, h.diag.text);
    return well ? 0 : 1;
}
