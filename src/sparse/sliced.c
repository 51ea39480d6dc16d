/* Slices of rows side by side: as in Kreutzer, Hager, Wellein, Fehske, Bishop, A unified sparse
 * matrix data format for efficient general sparse matrix-vector multiplication, SIAM J. Sci.
 * Comput. 36(5), 2014, with a slice of one cache line and all rows sorted.
 *
 * Sorted by falling length, a slice is no longer than the shortest row of the slice before, so the
 * steps of all but the first are at most entries / height.
 */
#include "sparse/csr.h"

#include <leat/frame.h>

#include <string.h>

static uint32_t height_of(uint32_t kind)
{
    return LEAT_LINE / leat_kind_bytes(kind);
}

static uint64_t length_of(const struct leat_csr *a, uint32_t i)
{
    return a->start[i + 1] - a->start[i];
}

static uint64_t longest_of(const struct leat_csr *a)
{
    uint64_t longest = 0;
    for (uint32_t i = 0; i < a->rows; i++)
        longest = length_of(a, i) > longest ? length_of(a, i) : longest;
    return longest;
}

/* Bytes of the arrays; the lanes' are two. */
struct sizes {
    size_t start, lanes, cols, values;
};

/* False: more than memory holds. */
static bool sizes_of(struct sizes *z, const struct leat_sliced *s)
{
    uint32_t height = height_of(s->kind);
    uint64_t steps = s->entries / height + s->longest;
    z->start = leat_round_up(((size_t)s->slices + 1) * sizeof(uint64_t), LEAT_LINE);
    z->lanes = leat_round_up((size_t)s->slices * height * sizeof(uint32_t), LEAT_LINE);
    if (steps > SIZE_MAX / LEAT_LINE / 4)
        return false;
    z->values = (size_t)steps * LEAT_LINE;
    /* to sort by length there is a count of each length, and of one more */
    z->cols = leat_round_up(((size_t)steps * height + 2) * sizeof(uint32_t), LEAT_LINE);
    return true;
}

static struct leat_sliced sliced_of(const struct leat_csr *a)
{
    uint32_t height = height_of(a->kind);
    return (struct leat_sliced){.rows = a->rows, .cols = a->cols, .kind = a->kind,
                                .slices = (a->rows + height - 1) / height,
                                .entries = a->entries, .longest = longest_of(a)};
}

size_t leat_sliced_bytes(const struct leat_csr *a)
{
    struct leat_sliced s = sliced_of(a);
    struct sizes z;
    size_t bytes = 0;
    if (!sizes_of(&z, &s) || !leat_size_add(z.start + 2 * z.lanes, z.cols, &bytes) ||
        !leat_size_add(bytes, z.values, &bytes))
        return 0;
    return bytes;
}

void leat_sliced_at(struct leat_sliced *s, void *memory)
{
    struct sizes z;
    char *at = memory;
    if (!sizes_of(&z, s)) /* it was made, so it fits */
        return;
    s->start = memory;
    s->row = (uint32_t *)(void *)(at += z.start);
    s->length = (uint32_t *)(void *)(at += z.lanes);
    s->col = (uint32_t *)(void *)(at += z.lanes);
    s->value = at + z.cols;
}

/* Rows by falling length, in order where they are as long; count[longest + 2]. */
static void sort_rows(struct leat_sliced *s, const struct leat_csr *a, uint32_t *count)
{
    uint64_t longest = s->longest;
    memset(count, 0, (size_t)(longest + 2) * sizeof *count);
    for (uint32_t i = 0; i < a->rows; i++)
        count[longest - length_of(a, i) + 1]++;
    for (uint64_t l = 0; l < longest; l++)
        count[l + 1] += count[l];
    for (uint32_t i = 0; i < a->rows; i++) {
        uint32_t at = count[longest - length_of(a, i)]++;
        s->row[at] = i;
        s->length[at] = (uint32_t)length_of(a, i);
    }
    for (size_t at = a->rows; at < (size_t)s->slices * height_of(s->kind); at++) {
        s->row[at] = UINT32_MAX;
        s->length[at] = 0;
    }
}

static void fill_slice(struct leat_sliced *s, const struct leat_csr *a, uint32_t slice)
{
    uint32_t height = height_of(s->kind);
    size_t width = leat_kind_bytes(a->kind), at = (size_t)slice * height;
    const char *value = a->value;
    for (uint32_t lane = 0; lane < height; lane++) {
        uint64_t first = s->length[at + lane] == 0 ? 0 : a->start[s->row[at + lane]];
        for (uint32_t t = 0; t < s->length[at]; t++) {
            size_t to = (size_t)(s->start[slice] + t) * height + lane;
            bool is = t < s->length[at + lane];
            s->col[to] = is ? a->col[first + t] : 0;
            if (is)
                memcpy((char *)s->value + to * width, value + (first + t) * width, width);
            else
                memset((char *)s->value + to * width, 0, width);
        }
    }
}

int leat_sliced_make(struct leat_sliced *s, const struct leat_csr *a, void *memory, size_t bytes,
                     struct leat_diag *diag)
{
    int code = csr_memory("sliced", memory, bytes, leat_sliced_bytes(a), diag);
    if (code != LEAT_OK)
        return code;
    *s = sliced_of(a);
    leat_sliced_at(s, memory);
    sort_rows(s, a, s->col);
    s->start[0] = 0;
    for (uint32_t i = 0; i < s->slices; i++) {
        s->start[i + 1] = s->start[i] + s->length[(size_t)i * height_of(s->kind)];
        fill_slice(s, a, i);
    }
    return LEAT_OK;
}
