#include "host.h"

#include <leat/dlpack.h>

#include <criterion/criterion.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct host host;

TestSuite(dlpack, .timeout = 60);

static void open_host(uint32_t kind, uint32_t rows, uint32_t cols, uint32_t loans)
{
    struct host_options o = {.rows = rows, .cols = cols, .kind = kind, .frames = 24,
                             .loans = loans};
    cr_assert_eq(host_open(&host, &o), LEAT_OK, "%s", host.diag.text);
}

static void close_host(void)
{
    cr_assert_eq(leat_lender_fini(host.lender, &host.diag), LEAT_OK, "%s", host.diag.text);
    cr_assert_eq(host_close(&host), LEAT_OK, "%s", host.diag.text);
}

/* Frames that are not home; nothing steps the worker between two questions. */
static uint32_t away(void)
{
    struct leat_pool_stats stats;
    leat_engine_pool(host.engine, 0, &stats);
    return stats.in_use;
}

/* The layouts that the specification fixes, as numbers, on machines with 64-bit pointers. */
Test(dlpack, structs_lie_as_published)
{
    cr_assert_eq(sizeof(DLTensor), 48);
    cr_assert_eq(offsetof(DLTensor, data), 0);
    cr_assert_eq(offsetof(DLTensor, device), 8);
    cr_assert_eq(offsetof(DLTensor, ndim), 16);
    cr_assert_eq(offsetof(DLTensor, dtype), 20);
    cr_assert_eq(offsetof(DLTensor, shape), 24);
    cr_assert_eq(offsetof(DLTensor, strides), 32);
    cr_assert_eq(offsetof(DLTensor, byte_offset), 40);
    cr_assert(sizeof(DLDevice) == 8 && sizeof(DLDataType) == 4);
    cr_assert(offsetof(DLDataType, bits) == 1 && offsetof(DLDataType, lanes) == 2);
    cr_assert_eq(sizeof(DLManagedTensor), 64);
    cr_assert_eq(offsetof(DLManagedTensor, manager_ctx), 48);
    cr_assert_eq(offsetof(DLManagedTensor, deleter), 56);
    cr_assert_eq(sizeof(DLManagedTensorVersioned), 80);
    cr_assert_eq(offsetof(DLManagedTensorVersioned, manager_ctx), 8);
    cr_assert_eq(offsetof(DLManagedTensorVersioned, deleter), 16);
    cr_assert_eq(offsetof(DLManagedTensorVersioned, flags), 24);
    cr_assert_eq(offsetof(DLManagedTensorVersioned, dl_tensor), 32);
}

struct type {
    uint32_t kind;
    uint8_t code, bits;
};
static const struct type types[] = {{LEAT_U8, 1, 8},   {LEAT_I16, 0, 16}, {LEAT_I32, 0, 32},
                                    {LEAT_I64, 0, 64}, {LEAT_F32, 2, 32}, {LEAT_F64, 2, 64}};

/* As a borrower sees it: the specification's words alone, no frame. */
static void check_tensor(const DLTensor *t, const struct type *type, uint64_t seq, int64_t rows,
                         int64_t cols)
{
    cr_assert(t->device.device_type == 1 && t->device.device_id == 0);
    cr_assert(t->dtype.code == type->code && t->dtype.bits == type->bits && t->dtype.lanes == 1);
    cr_assert(t->ndim == 2 && t->byte_offset == 0);
    cr_assert(t->shape[0] == rows && t->shape[1] == cols);
    cr_assert(t->strides[1] == 1 && t->strides[0] >= cols);
    cr_assert_eq((uintptr_t)t->data % 64, 0);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < cols; i++) {
            int64_t at = r * t->strides[0] + i * t->strides[1];
            cr_assert_eq(host_read(t->data, type->kind, at),
                         host_sample(seq, (uint32_t)r, (uint32_t)i), "kind %u [%d, %d]",
                         type->kind, (int)r, (int)i);
        }
}

Test(dlpack, a_tensor_is_the_frame)
{
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
        open_host(types[k].kind, 3, 70, 2);
        for (uint64_t seq = 0; seq < 5; seq++) {
            struct leat_frame *f = host_take(&host);
            uint32_t cols = f->cols;
            DLManagedTensorVersioned *t = leat_lender_dlpack(host.lender, f, false);
            cr_assert_not_null(t);
            cr_assert(t->version.major == 1 && t->version.minor == 0 && t->flags == 0);
            cr_assert_eq(t->dl_tensor.data, leat_frame_row(f, 0), "no copy");
            check_tensor(&t->dl_tensor, &types[k], seq, 3, cols);
            uint32_t before = away();
            t->deleter(t);
            cr_assert_eq(leat_lender_settle(host.lender), 0);
            cr_assert_eq(away(), before - 1, "it is home");
        }
        close_host();
    }
}

Test(dlpack, a_tensor_without_version_is_the_frame)
{
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
        open_host(types[k].kind, 2, 9, 2);
        for (uint64_t seq = 0; seq < 5; seq++) {
            struct leat_frame *f = host_take(&host);
            uint32_t cols = f->cols;
            DLManagedTensor *t = leat_lender_dlpack_unversioned(host.lender, f);
            cr_assert_not_null(t);
            cr_assert_eq(t->dl_tensor.data, leat_frame_row(f, 0), "no copy");
            check_tensor(&t->dl_tensor, &types[k], seq, 2, cols);
            uint32_t before = away();
            t->deleter(t);
            cr_assert_eq(leat_lender_settle(host.lender), 0);
            cr_assert_eq(away(), before - 1, "it is home");
        }
        close_host();
    }
}

Test(dlpack, says_who_may_write)
{
    open_host(LEAT_F64, 1, 8, 4);
    for (int shared = 0; shared <= 1; shared++)
        for (int read_only = 0; read_only <= 1; read_only++) {
            struct leat_frame *f = host_take(&host);
            f->share = (uint16_t)shared; /* as a tee does for readers beyond the first */
            DLManagedTensorVersioned *t = leat_lender_dlpack(host.lender, f, read_only != 0);
            cr_assert_eq(t->flags, shared != 0 || read_only != 0 ? 1u : 0u);
            f->share = 0; /* the other reader has finished */
            t->deleter(t);
        }
    close_host();
}

Test(dlpack, a_frame_without_samples_has_no_data)
{
    open_host(LEAT_F32, 2, 8, 2);
    struct leat_frame *f = host_take(&host);
    f->cols = 0;
    DLManagedTensorVersioned *t = leat_lender_dlpack(host.lender, f, true);
    cr_assert_null(t->dl_tensor.data);
    cr_assert(t->dl_tensor.shape[0] == 2 && t->dl_tensor.shape[1] == 0);
    t->deleter(t);
    close_host();
}

/* So many loans as were asked for, no fewer and no more; a return makes room for the next. */
Test(dlpack, loans_are_counted_exactly)
{
    DLManagedTensorVersioned *out[3], *more;
    open_host(LEAT_F64, 2, 16, 3);
    for (int i = 0; i < 3; i++)
        cr_assert_not_null(out[i] = leat_lender_dlpack(host.lender, host_take(&host), true));
    struct leat_frame *f = host_take(&host);
    cr_assert_null(leat_lender_dlpack(host.lender, f, true));
    cr_assert_null(leat_lender_dlpack_unversioned(host.lender, f));
    cr_assert_eq(leat_lender_settle(host.lender), 3);
    out[1]->deleter(out[1]);
    cr_assert_not_null(more = leat_lender_dlpack(host.lender, f, true), "without settle");
    check_tensor(&more->dl_tensor, &types[5], 3, 2, 16);
    check_tensor(&out[2]->dl_tensor, &types[5], 2, 2, 14);
    more->deleter(more);
    out[0]->deleter(out[0]);
    out[2]->deleter(out[2]);
    cr_assert_eq(leat_lender_settle(host.lender), 0);
    close_host();
}

Test(dlpack, the_end_says_what_is_out)
{
    open_host(LEAT_F64, 2, 16, 3);
    DLManagedTensorVersioned *a = leat_lender_dlpack(host.lender, host_take(&host), true);
    DLManagedTensorVersioned *b = leat_lender_dlpack(host.lender, host_take(&host), true);
    cr_assert_eq(leat_lender_fini(host.lender, &host.diag), LEAT_ESTATE);
    cr_assert_str_eq(host.diag.text, "2 loans have not come back");
    a->deleter(a);
    cr_assert_eq(leat_lender_fini(host.lender, &host.diag), LEAT_ESTATE);
    cr_assert_str_eq(host.diag.text, "1 loan has not come back");
    check_tensor(&b->dl_tensor, &types[5], 1, 2, 15);
    b->deleter(b);
    close_host();
}

Test(dlpack, storage_is_checked)
{
    struct leat_lender *lender = (struct leat_lender *)&host;
    open_host(LEAT_F64, 2, 16, 0);
    size_t bytes = leat_lender_bytes(host.engine, host.outlet, 2);
    char *storage = aligned_alloc(LEAT_APART, leat_round_up(bytes, LEAT_APART) + LEAT_APART);
    cr_assert_not_null(storage);
    cr_assert_eq(leat_lender_init(&lender, host.engine, host.outlet, 2, storage, bytes - 1,
                                  &host.diag),
                 LEAT_EINVAL);
    cr_assert_null(lender);
    cr_assert_not_null(strstr(host.diag.text, "bytes aligned to 128"), "%s", host.diag.text);
    cr_assert_eq(leat_lender_init(&lender, host.engine, host.outlet, 2, storage + 64, bytes, NULL),
                 LEAT_EINVAL);
    cr_assert_eq(leat_lender_init(&lender, host.engine, host.outlet, 2, NULL, bytes, NULL),
                 LEAT_EINVAL);
    cr_assert_eq(leat_lender_bytes(host.engine, host.outlet, 0), 0);
    cr_assert_eq(leat_lender_bytes(host.engine, host.outlet, UINT32_MAX), 0);
    for (uint32_t loans = 0; loans != 1; loans = loans == 0 ? UINT32_MAX : 1) {
        cr_assert_eq(leat_lender_init(&lender, host.engine, host.outlet, loans, storage, bytes,
                                      &host.diag),
                     LEAT_ERANGE);
        cr_assert_null(lender);
    }
    cr_assert_eq(leat_lender_init(&lender, host.engine, host.outlet, 2, storage, bytes, NULL),
                 LEAT_OK);
    cr_assert_eq(leat_lender_fini(lender, NULL), LEAT_OK);
    free(storage);
    cr_assert_eq(host_close(&host), LEAT_OK, "%s", host.diag.text);
}

static void *give_back(void *tensor)
{
    DLManagedTensorVersioned *t = tensor;
    ((double *)t->dl_tensor.data)[0] = 7;
    t->deleter(t);
    return NULL;
}

/* A stranger's thread only notes the return: the outlet's own hands the frame home. */
Test(dlpack, another_thread_may_give_back)
{
    open_host(LEAT_F64, 2, 16, 3);
    struct leat_frame *f = host_take(&host);
    DLManagedTensorVersioned *t = leat_lender_dlpack(host.lender, f, false);
    uint32_t before = away();
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, give_back, t), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(away(), before);
    cr_assert_eq(leat_lender_settle(host.lender), 0);
    cr_assert_eq(away(), before - 1);
    cr_assert_eq(*(double *)leat_frame_row(f, 0), 7, "what was written is seen");
    close_host();
}

/* More than are handed home in one go. */
Test(dlpack, many_come_back_at_once)
{
    enum { N = 45 };
    struct host_options o = {.rows = 2, .cols = 4, .kind = LEAT_F64, .frames = 90, .loans = N};
    DLManagedTensorVersioned *out[N];
    cr_assert_eq(host_open(&host, &o), LEAT_OK, "%s", host.diag.text);
    for (uint32_t n = N; n <= N; n -= 11) { /* until it wraps */
        for (uint32_t i = 0; i < n; i++)
            cr_assert_not_null(out[i] = leat_lender_dlpack(host.lender, host_take(&host), true));
        uint32_t before = away();
        for (uint32_t i = 0; i < n; i++)
            out[i]->deleter(out[i]);
        cr_assert_eq(leat_lender_settle(host.lender), 0);
        cr_assert_eq(away(), before - n);
    }
    close_host();
}

/* A borrower that keeps what it has stops the pipeline, and lets it go on. */
Test(dlpack, a_kept_frame_is_missing_in_its_pool)
{
    struct host_options o = {.rows = 1, .cols = 4, .kind = LEAT_F64, .frames = 1, .loans = 64};
    DLManagedTensorVersioned *out[64];
    struct leat_frame *f;
    uint32_t n = 0;
    cr_assert_eq(host_open(&host, &o), LEAT_OK, "%s", host.diag.text);
    while (n < 64 && (f = host_take(&host)) != NULL)
        out[n++] = leat_lender_dlpack(host.lender, f, true);
    cr_assert(n >= 1 && n < 64 && !host.ended, "%u", n);
    cr_assert_null(host_take(&host));
    for (uint32_t i = 0; i < n; i++)
        out[i]->deleter(out[i]);
    cr_assert_eq(leat_lender_settle(host.lender), 0);
    cr_assert_not_null(f = host_take(&host));
    leat_outlet_release(host.engine, host.outlet, &f, 1);
    close_host();
}
