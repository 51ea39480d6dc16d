/* An engine on Leat's own threads, an outlet's thread that lends what it takes, and borrowers on
 * threads of their own that read, keep some for a while and give back in an order of their own; of
 * Arrow's arrays each channel goes to another borrower. Every sample is read as it was written, and
 * every frame comes home.
 */
#include "host.h"

#include <leat/arrow.h>
#include <leat/dlpack.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAMES = 6000, BORROWERS = 3, CHANNELS = BORROWERS, LOANS = 12, KEPT = 3, ROOM = 64 };

enum what { TENSOR, UNVERSIONED, CHILD, PARENT };
struct item {
    enum what what;
    uint64_t seq;
    uint32_t row;
    void *tensor;
    struct ArrowArray array;
};

struct borrower {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct item items[ROOM];
    uint32_t n;
    bool over;
    uint64_t random, wrong, given_back;
};

static struct borrower borrowers[BORROWERS];

static void hand_over(struct borrower *b, const struct item *item)
{
    pthread_mutex_lock(&b->lock);
    while (b->n == ROOM)
        pthread_cond_wait(&b->change, &b->lock);
    b->items[b->n++] = *item;
    pthread_cond_signal(&b->change);
    pthread_mutex_unlock(&b->lock);
}

/* Any of those that wait, so that the order is nobody's. */
static bool receive(struct borrower *b, struct item *item)
{
    pthread_mutex_lock(&b->lock);
    while (b->n == 0 && !b->over)
        pthread_cond_wait(&b->change, &b->lock);
    bool got = b->n != 0;
    if (got) {
        b->random = b->random * UINT64_C(6364136223846793005) + 1;
        uint32_t k = (uint32_t)(b->random >> 33) % b->n;
        *item = b->items[k];
        b->items[k] = b->items[--b->n];
        pthread_cond_signal(&b->change);
    }
    pthread_mutex_unlock(&b->lock);
    return got;
}

static uint64_t look(const float *row, uint64_t seq, uint32_t r, int64_t cols)
{
    uint64_t wrong = 0;
    for (int64_t i = 0; i < cols; i++)
        wrong += row[i] != (float)host_sample(seq, r, (uint32_t)i);
    return wrong;
}

static uint64_t look_at(const DLTensor *t, uint64_t seq)
{
    uint64_t wrong = 0;
    for (int64_t r = 0; r < t->shape[0]; r++)
        wrong += look((const float *)t->data + r * t->strides[0], seq, (uint32_t)r, t->shape[1]);
    return wrong;
}

static void use(struct borrower *b, struct item *item)
{
    DLManagedTensorVersioned *tensor = item->tensor;
    DLManagedTensor *unversioned = item->tensor;
    switch (item->what) {
    case TENSOR:
        b->wrong += look_at(&tensor->dl_tensor, item->seq);
        tensor->deleter(tensor);
        break;
    case UNVERSIONED:
        b->wrong += look_at(&unversioned->dl_tensor, item->seq);
        unversioned->deleter(unversioned);
        break;
    case CHILD:
        b->wrong += look(item->array.buffers[1], item->seq, item->row, item->array.length);
        item->array.release(&item->array);
        break;
    case PARENT:
        item->array.release(&item->array);
        break;
    }
    b->given_back++;
}

/* Keeps some, then gives them back, the last first. */
static void *borrow(void *argument)
{
    struct borrower *b = argument;
    struct item kept[KEPT];
    uint32_t n = 0;
    while (receive(b, &kept[n])) {
        n++;
        for (bool all = n == KEPT || (b->random >> 60) < 4; all && n != 0; n--)
            use(b, &kept[n - 1]);
    }
    while (n != 0)
        use(b, &kept[--n]);
    return NULL;
}

/* False: every loan is out. */
static bool lend(struct host *h, struct leat_frame *f, uint64_t seq)
{
    struct item item = {.what = (enum what)(seq % 3), .seq = seq};
    struct borrower *b = &borrowers[seq / 3 % BORROWERS];
    struct ArrowArray array;
    switch (item.what) {
    case TENSOR: item.tensor = leat_lender_dlpack(h->lender, f, true); break;
    case UNVERSIONED: item.tensor = leat_lender_dlpack_unversioned(h->lender, f); break;
    default:
        if (!leat_lender_arrow(h->lender, f, &array))
            return false;
        for (item.row = 0; item.row < CHANNELS; item.row++) {
            item.array = *array.children[item.row];
            array.children[item.row]->release = NULL;
            hand_over(&borrowers[item.row], &item);
        }
        item.what = PARENT;
        item.array = array;
        hand_over(b, &item);
        return true;
    }
    if (item.tensor == NULL)
        return false;
    hand_over(b, &item);
    return true;
}

/* The outlet's thread; how many frames it lent. */
static uint64_t lend_all(struct host *h)
{
    uint64_t lent = 0, give_up = leat_clock_ns() + UINT64_C(120000000000);
    while (!h->ended && leat_clock_ns() < give_up) {
        struct leat_frame *frame;
        (void)leat_lender_settle(h->lender);
        if (leat_outlet_take(h->engine, h->outlet, &frame, 1, &h->ended) == 0)
            continue;
        while (!lend(h, frame, lent) && leat_clock_ns() < give_up)
            leat_pause();
        lent++;
    }
    return lent;
}

int main(void)
{
    struct host_options o = {.n = FRAMES, .rows = CHANNELS, .cols = 60, .kind = LEAT_F32,
                             .frames = 40, .loans = LOANS};
    struct host h;
    int status = host_open(&h, &o);
    if (status == LEAT_OK)
        status = leat_engine_start(h.engine, &h.diag);
    if (status != LEAT_OK) {
        printf("failed: %s\n", h.diag.text);
        return 1;
    }
    for (uint32_t i = 0; i < BORROWERS; i++) {
        struct borrower *b = &borrowers[i];
        b->random = i + 1;
        pthread_mutex_init(&b->lock, NULL);
        pthread_cond_init(&b->change, NULL);
        pthread_create(&b->thread, NULL, borrow, b);
    }
    uint64_t lent = lend_all(&h), wrong = 0, back = 0;
    for (uint32_t i = 0; i < BORROWERS; i++) {
        struct borrower *b = &borrowers[i];
        pthread_mutex_lock(&b->lock);
        b->over = true;
        pthread_cond_signal(&b->change);
        pthread_mutex_unlock(&b->lock);
        pthread_join(b->thread, NULL);
        wrong += b->wrong;
        back += b->given_back;
    }
    status = leat_lender_fini(h.lender, &h.diag);
    if (status == LEAT_OK)
        status = leat_engine_wait(h.engine, 0, &h.diag);
    if (status == LEAT_OK)
        status = host_close(&h);
    if (status != LEAT_OK || wrong != 0 || lent != FRAMES ||
        back != FRAMES / 3 * (2 + CHANNELS + 1)) {
        printf("failed: status %d %s, %llu wrong samples, %llu frames lent, %llu parts back\n",
               status, h.diag.text, (unsigned long long)wrong, (unsigned long long)lent,
               (unsigned long long)back);
        return 1;
    }
    printf("ok: %llu frames lent in %llu parts\n", (unsigned long long)lent,
           (unsigned long long)back);
    return 0;
}
