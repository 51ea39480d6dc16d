/* After set-up no loan and no return allocates, whatever it is lent as. Allocations of the library
 * and of this program are wrapped at link time (tests/faults/wraps.c).
 */
#include "host.h"

#include "faults/wraps.h"

#include <leat/arrow.h>
#include <leat/dlpack.h>

#include <stdio.h>

enum { FRAMES = 4000 };

static void lend(struct host *h, struct leat_frame *f, uint32_t turn)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    if (turn % 3 == 0) {
        DLManagedTensorVersioned *t = leat_lender_dlpack(h->lender, f, true);
        t->deleter(t);
    } else if (turn % 3 == 1) {
        DLManagedTensor *t = leat_lender_dlpack_unversioned(h->lender, f);
        t->deleter(t);
    } else if (leat_lender_schema(h->lender, &schema, NULL) == LEAT_OK &&
               leat_lender_arrow(h->lender, f, &array)) {
        schema.release(&schema);
        array.release(&array);
    }
}

int main(void)
{
    struct host_options o = {.n = FRAMES, .rows = 5, .cols = 32, .kind = LEAT_F32, .loans = 3};
    struct host h;
    wraps.on = true;
    int status = host_open(&h, &o);
    if (status != LEAT_OK || wraps.calls == 0) {
        printf("failed: status %d, %llu allocations of set-up were seen: %s\n", status,
               (unsigned long long)wraps.calls, h.diag.text);
        return 1;
    }
    wraps.calls = 0;
    uint32_t lent = 0;
    for (struct leat_frame *f; (f = host_take(&h)) != NULL; lent++)
        lend(&h, f, lent);
    uint64_t calls = wraps.calls;
    wraps.on = false;
    status = leat_lender_fini(h.lender, &h.diag);
    if (status == LEAT_OK)
        status = host_close(&h);
    if (calls != 0 || lent != FRAMES || status != LEAT_OK) {
        printf("failed: %llu allocations in %u of %u loans, status %d: %s\n",
               (unsigned long long)calls, lent, FRAMES, status, h.diag.text);
        return 1;
    }
    printf("ok: %u loans, none allocated\n", lent);
    return 0;
}
