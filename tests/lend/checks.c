/* LEAT_CHECK 1: a loan given back twice stops the program, and so do two threads that use one
 * lender at once. The lender is compiled anew with it.
 */
#include "ends.h"
#include "host.h"

#include <leat/arrow.h>
#include <leat/dlpack.h>

#include <pthread.h>
#include <stdlib.h>

LEAT_STATIC_ASSERT(LEAT_CHECK == 1, "what is tested here stops at level 1");

static struct host host;

static void open_host(void)
{
    struct host_options o = {.rows = 2, .cols = 8, .kind = LEAT_F64, .loans = 2};
    if (host_open(&host, &o) != LEAT_OK)
        exit(3);
}

static void once(void)
{
    open_host();
    DLManagedTensorVersioned *t = leat_lender_dlpack(host.lender, host_take(&host), true);
    t->deleter(t);
    exit(leat_lender_fini(host.lender, NULL) == LEAT_OK && host_close(&host) == LEAT_OK ? 0 : 3);
}

static void tensor_twice(void)
{
    open_host();
    DLManagedTensorVersioned *t = leat_lender_dlpack(host.lender, host_take(&host), true);
    void (*deleter)(DLManagedTensorVersioned *) = t->deleter;
    deleter(t);
    deleter(t);
}

static void tensor_twice_across_settle(void)
{
    open_host();
    DLManagedTensor *t = leat_lender_dlpack_unversioned(host.lender, host_take(&host));
    void (*deleter)(DLManagedTensor *) = t->deleter;
    deleter(t);
    (void)leat_lender_settle(host.lender);
    deleter(t);
}

static void array_twice(void)
{
    struct ArrowArray a, b;
    open_host();
    if (!leat_lender_arrow(host.lender, host_take(&host), &a))
        exit(3);
    b = a; /* copied, not moved */
    a.release(&a);
    b.release(&b);
}

static void schema_twice(void)
{
    struct ArrowSchema s;
    open_host();
    if (leat_lender_schema(host.lender, &s, NULL) != LEAT_OK)
        exit(3);
    void (*release)(struct ArrowSchema *) = s.release;
    release(&s);
    release(&s);
}

/* A frame that is home again, so no longer the caller's. */
static void frame_gone(void)
{
    open_host();
    struct leat_frame *f = host_take(&host);
    leat_outlet_release(host.engine, host.outlet, &f, 1);
    (void)leat_lender_dlpack(host.lender, f, true);
}

/* More channels than the loan has room for. */
static void too_many_rows(void)
{
    struct ArrowArray a;
    open_host();
    struct leat_frame *f = host_take(&host);
    f->rows++;
    exit(leat_lender_arrow(host.lender, f, &a) ? 3 : 4);
}

static void *settle_on(void *argument)
{
    while (leat_load_relaxed((const leat_atomic_u32 *)argument) == 0)
        (void)leat_lender_settle(host.lender);
    return NULL;
}

static void two_threads(void)
{
    leat_atomic_u32 stop = 0;
    pthread_t thread;
    open_host();
    pthread_create(&thread, NULL, settle_on, &stop);
    for (uint64_t until = leat_clock_ns() + UINT64_C(20000000000); leat_clock_ns() < until;)
        (void)leat_lender_settle(host.lender);
    leat_store_relaxed(&stop, 1);
    pthread_join(thread, NULL);
}

int main(void)
{
    bool well = ends("once", once, 0, "");
    well &= ends("a tensor twice", tensor_twice, SIGABRT, "given_back_twice");
    well &= ends("a tensor twice, across settle", tensor_twice_across_settle, SIGABRT,
                 "given_back_twice");
    well &= ends("an array twice", array_twice, SIGABRT, "given_back_twice");
    well &= ends("a schema twice", schema_twice, SIGABRT, "given_back_twice");
    well &= ends("a frame that is gone", frame_gone, SIGABRT, "");
    well &= ends("too many rows", too_many_rows, SIGABRT, "rows");
    well &= ends("two threads", two_threads, SIGABRT, "two threads use one lender");
    return well ? 0 : 1;
}
