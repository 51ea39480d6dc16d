/* Same bits from every instruction set: the tables of sparse matrices on the same inputs.
 *
 * As conformance.c does for statistics: a pointer of a table that no case covers is a failure, and
 * the digests of a run on another architecture must be the same lines. How many columns are done at
 * once differs from set to set; what is made of them must not.
 *
 *   sparse                           every table that this machine can execute
 *   sparse --brief                   one pattern of values
 *   sparse --plant order|tail|case   a planted fault: must fail
 */
#include <leat/sparse.h>

#define KERNELS struct leat_sparse
#define KERNELS_FIRST rows
#define KERNELS_OF leat_sparse_kernels
#define KERNELS_EXTRA "extra_sparse_tables.inc"
#include "tables.h"

#define ROWS 37u
#define COLS 150u
#define WIDE 200u /* columns of dense matrices, at most */

struct input {
    const struct leat_sparse *k;
    struct leat_csr a, t;      /* [ROWS x COLS], [COLS x ROWS] */
    struct leat_sliced sliced; /* a */
    char *b, *c;               /* [COLS x WIDE] */
};

static void clear(const struct input *in)
{
    memset(in->c, 0x55, (size_t)COLS * WIDE * leat_kind_bytes(in->k->kind));
}

static uint64_t fold_all(const struct input *in, uint64_t h)
{
    return fold_row(h, in->k->kind, in->c, (size_t)COLS * WIDE); /* and what is beside */
}

/* So many columns that every group of registers, and each rest, is there in some set. */
static uint64_t run_dense(const struct input *in, bool turned)
{
    uint64_t h = 1;
    for (uint32_t n = 1; n <= WIDE; n = n < 40 ? n + 1 : n + 53) {
        clear(in);
        (turned ? in->k->columns : in->k->rows)(in->c, WIDE, &in->a, in->b, WIDE, n);
        h = fold_all(in, h);
    }
    return h;
}

static uint64_t run_rows(const struct input *in) { return run_dense(in, false); }
static uint64_t run_columns(const struct input *in) { return run_dense(in, true); }

static uint64_t run_slices(const struct input *in)
{
    clear(in);
    in->k->slices(in->c, 3, &in->sliced, in->b);
    return fold_all(in, 1);
}

/* Both phases of a A' and of A' a: few products in a row, and many. */
static uint64_t run_product(const struct input *in)
{
    uint64_t h = 1, start[COLS + 1];
    for (int turn = 0; turn < 2; turn++) {
        const struct leat_csr *a = turn ? &in->t : &in->a, *b = turn ? &in->a : &in->t;
        size_t work_bytes = leat_csr_product_bytes(a, b);
        void *work = take(work_bytes);
        struct leat_csr c;
        if (leat_csr_product_start(in->k, a, b, start, work, work_bytes, NULL))
            abort();
        size_t bytes = leat_csr_bytes(a->kind, a->rows, b->cols, start[a->rows]);
        void *memory = take(bytes);
        if (leat_csr_lay(&c, a->kind, a->rows, b->cols, start[a->rows], memory, bytes, NULL))
            abort();
        memcpy(c.start, start, (a->rows + 1) * sizeof *start);
        if (leat_csr_product(in->k, &c, a, b, work, work_bytes, NULL))
            abort();
        h = fold_bytes(fold_row(h, a->kind, c.value, c.entries), c.col, c.entries * sizeof *c.col);
        free(work), free(memory);
    }
    return h;
}

static uint64_t run_count(const struct input *in)
{
    uint64_t h = 1;
    size_t width = leat_kind_bytes(in->k->kind);
    clear(in);
    for (uint32_t n = 0; n < 300; n++) { /* three of four are 0 */
        memset(in->c + (n & ~3u) * width, 0, 3 * width);
        h = fold(h, in->k->count(in->c, n));
    }
    return h;
}

static const struct test tests[] = {
    ONE(rows), ONE(columns), ONE(slices), ONE(product), ONE(count),
};
#define TESTS (sizeof tests / sizeof *tests)

/* ---- Planted faults: terms in falling order; a column too many ---- */

static const struct leat_sparse *honest;

static void plant_order(void *y, int64_t y_row, const struct leat_sliced *a, const void *x)
{
    uint32_t height = LEAT_LINE / leat_kind_bytes(a->kind);
    size_t steps = a->start[a->slices], width = leat_kind_bytes(a->kind);
    struct leat_sliced turned = *a;
    turned.col = take(steps * height * sizeof *a->col);
    turned.value = take(steps * LEAT_LINE);
    for (uint32_t s = 0; s < a->slices; s++)
        for (uint64_t t = a->start[s]; t < a->start[s + 1]; t++) {
            /* within what all of its rows have */
            uint64_t full = a->start[s] + a->length[(s + 1) * height - 1];
            uint64_t from = t < full ? a->start[s] + full - 1 - t : t;
            memcpy(turned.col + t * height, a->col + from * height, height * sizeof *a->col);
            memcpy((char *)turned.value + t * height * width,
                   (const char *)a->value + from * height * width, height * width);
        }
    honest->slices(y, y_row, &turned, x);
    free(turned.col), free(turned.value);
}

static void plant_tail(void *c, int64_t c_row, const struct leat_csr *a, const void *b,
                       int64_t b_row, uint32_t n)
{
    honest->rows(c, c_row, a, b, b_row, n % 8 == 5 ? n + 1 : n);
}

static void plant(struct leat_sparse *copy, const struct leat_sparse *table, const char *what)
{
    honest = table;
    if (strcmp(what, "order") == 0)
        copy->slices = plant_order;
    if (strcmp(what, "tail") == 0)
        copy->rows = plant_tail;
}

/* ---- The run ---- */

static void fill(char *to, uint32_t kind, enum pattern pattern, size_t n, uint64_t *state)
{
    for (size_t i = 0; i < n; i++)
        put_sample(kind, to, i, make_sample(pattern, kind, state));
}

/* Early rows have more entries, and some rows none. */
static void make(struct input *in, uint32_t kind, enum pattern pattern, void *memory[3])
{
    static uint32_t row[ROWS * COLS], col[ROWS * COLS];
    uint64_t n = 0, state = pattern;
    for (uint32_t i = 0; i < ROWS; i++)
        for (uint32_t j = 0; j < COLS; j++)
            if (i % 9 != 7 && next_random(&state) % 100 < 90 / (1 + i / 4)) {
                row[n] = i;
                col[n++] = j;
            }
    char *value = take(n * 8);
    fill(value, kind, pattern, n, &state);
    struct leat_coo coo = {ROWS, COLS, kind, n, row, col, value};
    size_t bytes = leat_csr_bytes(kind, ROWS, COLS, n), more = leat_csr_from_coo_bytes(&coo);
    void *workspace = take(more);
    memory[0] = take(bytes);
    memory[1] = take(more);
    if (leat_csr_from_coo(&in->a, &coo, memory[0], bytes, workspace, more, NULL) ||
        leat_csr_transpose(&in->t, &in->a, memory[1], more, NULL))
        abort();
    bytes = leat_sliced_bytes(&in->a);
    memory[2] = take(bytes);
    if (leat_sliced_make(&in->sliced, &in->a, memory[2], bytes, NULL))
        abort();
    free(workspace), free(value);
    fill(in->b, kind, pattern, (size_t)COLS * WIDE, &state);
}

static int run_kind(const struct subject *subjects, size_t count, const char *name, bool brief)
{
    uint64_t digests[TESTS] = {0};
    struct input in = {.b = take((size_t)COLS * WIDE * 8), .c = take((size_t)COLS * WIDE * 8)};
    int faults = 0;
    for (int p = 0; p < (brief ? 1 : PATTERNS); p++) {
        void *memory[3];
        make(&in, subjects[0].table->kind, (enum pattern)p, memory);
        for (size_t t = 0; t < TESTS; t++) {
            uint64_t first = 0;
            for (size_t s = 0; s < count; s++) {
                in.k = subjects[s].table;
                uint64_t digest = tests[t].run(&in);
                first = s ? first : digest;
                if (digest != first) {
                    printf("FAIL %s %s %s: differs from %s\n", subjects[s].name, tests[t].name,
                           pattern_names[p], subjects[0].name);
                    faults++;
                }
            }
            digests[t] = fold(digests[t], first);
        }
        for (int i = 0; i < 3; i++)
            free(memory[i]);
    }
    print_digests(tests, TESTS, name, digests);
    free(in.b), free(in.c);
    return faults;
}

int main(int argc, char **argv)
{
    return conform(argc, argv, tests, TESTS, run_kind, plant);
}
