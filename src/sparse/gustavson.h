/* C = A B row by row, as in Gustavson, Two fast algorithms for sparse matrices: multiplication and
 * permuted transposition, ACM TOMS 4(3), 1978. A row of C gathers rows of B, in order, so each of
 * its elements is a chain of fma by rising inner index however its columns are found: in a list
 * that is kept sorted (few products), a hash table whose columns are sorted afterwards, or by sums
 * for all columns (many), whose pattern is kept as bits.
 */
#ifndef LEAT_SPARSE_GUSTAVSON_H
#define LEAT_SPARSE_GUSTAVSON_H

#include "sparse/work.h"

/* Where entries of C go, and how many there is room for. col NULL: they are counted alone. */
struct gather {
    uint32_t *col;
    real *value;
    uint64_t room;
};

/* ---- few products: kept in order ---- */

static uint64_t row_sorted(struct gather to, const struct leat_csr *a, const struct leat_csr *b,
                           uint32_t i)
{
    uint32_t col[WORK_SORTED], n = 0;
    real sum[WORK_SORTED];
    for (uint64_t p = a->start[i]; p < a->start[i + 1]; p++) {
        real x = ((const real *)a->value)[p];
        for (uint64_t e = b->start[a->col[p]]; e < b->start[a->col[p] + 1]; e++) {
            uint32_t at = n, c = b->col[e];
            while (at > 0 && col[at - 1] > c)
                at--;
            if (at == 0 || col[at - 1] != c) {
                for (uint32_t k = n++; k > at; k--) {
                    col[k] = col[k - 1];
                    sum[k] = sum[k - 1];
                }
                col[at] = c;
                sum[at++] = 0;
            }
            sum[at - 1] = real_fma(x, ((const real *)b->value)[e], sum[at - 1]);
        }
    }
    for (uint32_t k = 0; k < n && to.col != NULL; k++) {
        to.col[k] = col[k];
        to.value[k] = sum[k];
    }
    return n;
}

/* ---- hashed ---- */

/* By column, which is in the upper half: insertion where they are few, else eight bits at once. */
static uint64_t *sort_list(uint64_t *list, uint64_t *spare, uint32_t n, uint32_t cols)
{
    if (n <= 48) {
        for (uint32_t i = 1; i < n; i++) {
            uint64_t x = list[i];
            uint32_t at = i;
            for (; at > 0 && list[at - 1] > x; at--)
                list[at] = list[at - 1];
            list[at] = x;
        }
        return list;
    }
    for (uint32_t shift = 0; shift < 32 && (cols - 1) >> shift != 0; shift += 8) {
        uint32_t count[257] = {0};
        for (uint32_t i = 0; i < n; i++)
            count[(list[i] >> (32 + shift) & 255) + 1]++;
        for (uint32_t d = 0; d < 256; d++)
            count[d + 1] += count[d];
        for (uint32_t i = 0; i < n; i++)
            spare[count[list[i] >> (32 + shift) & 255]++] = list[i];
        uint64_t *sorted = spare;
        spare = list;
        list = sorted;
    }
    return list;
}

/* A table of at least twice the products. */
static uint64_t row_hashed(struct gather to, const struct leat_csr *a, const struct leat_csr *b,
                           const struct leat_csr_work *w, uint32_t i, uint64_t products)
{
    uint32_t log2 = 5, n = 0;
    real *slot = w->slot;
    while (((uint64_t)1 << log2) < 2 * products)
        log2++;
    uint32_t mask = ((uint32_t)1 << log2) - 1;
    for (uint32_t k = 0; k <= mask; k++)
        w->key[k] = UINT32_MAX;
    for (uint64_t p = a->start[i]; p < a->start[i + 1]; p++) {
        real x = ((const real *)a->value)[p];
        for (uint64_t e = b->start[a->col[p]]; e < b->start[a->col[p] + 1]; e++) {
            uint32_t c = b->col[e], at = c * UINT32_C(0x9e3779b1) >> (32 - log2);
            while (w->key[at] != c && w->key[at] != UINT32_MAX)
                at = (at + 1) & mask;
            if (w->key[at] != c) {
                w->key[at] = c;
                slot[at] = 0;
                w->list[n++] = (uint64_t)c << 32 | at;
            }
            slot[at] = real_fma(x, ((const real *)b->value)[e], slot[at]);
        }
    }
    if (to.col == NULL)
        return n;
    const uint64_t *sorted = sort_list(w->list, w->spare, n, b->cols);
    for (uint32_t k = 0; k < n; k++) {
        to.col[k] = (uint32_t)(sorted[k] >> 32);
        to.value[k] = slot[(uint32_t)sorted[k]];
    }
    return n;
}

/* ---- many products: a sum for each column ---- */

static void find_pattern(const struct leat_csr *a, const struct leat_csr *b,
                         const struct leat_csr_work *w, uint32_t i)
{
    uint64_t *pattern = w->pattern;
    for (uint64_t p = a->start[i]; p < a->start[i + 1]; p++) {
        uint32_t k = a->col[p];
        if (w->of_b != NULL)
            for (uint32_t v = 0; v < w->words; v++)
                pattern[v] |= w->of_b[(size_t)k * w->words + v];
        else
            for (uint64_t e = b->start[k]; e < b->start[k + 1]; e++)
                pattern[b->col[e] / 64] |= (uint64_t)1 << b->col[e] % 64;
    }
}

static void add_rows(const struct leat_csr *a, const struct leat_csr *b, real *sum, uint32_t i)
{
    for (uint64_t p = a->start[i]; p < a->start[i + 1]; p++) {
        uint64_t from = b->start[a->col[p]], n = b->start[a->col[p] + 1] - from;
        const uint32_t *col = b->col + from;
        const real *value = (const real *)b->value + from;
        real x = ((const real *)a->value)[p];
        _Pragma("GCC unroll 4")
        for (uint64_t e = 0; e < n; e++)
            sum[col[e]] = real_fma(x, value[e], sum[col[e]]);
    }
}

/* Bits that are set: no instruction for it is in every set. */
LEAT_INLINE uint32_t bits_of(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

/* The columns of a word's bits, eight at a time where there is room: what is written behind the
 * last one is no column, and the next ones are written over it. Nothing predicts how many bits a
 * word has, and one at a time would find out at each word's end. */
LEAT_INLINE uint64_t list_bits(uint32_t *col, uint64_t room, uint32_t first, uint64_t left)
{
    uint32_t n = bits_of(left), step = n + 7 < room ? 8 : 1;
    for (uint32_t k = 0; k < n && step == 1; k++, left &= left - 1)
        col[k] = first + (uint32_t)__builtin_ctzll(left);
    for (uint32_t k = 0; k < n && step == 8; k += 8) {
        _Pragma("GCC unroll 8")
        for (uint32_t i = 0; i < 8; i++, left &= left - 1)
            col[k + i] = first + (uint32_t)__builtin_ctzll(left | (uint64_t)1 << 63);
    }
    return n;
}

static uint64_t row_dense(struct gather to, const struct leat_csr *a, const struct leat_csr *b,
                          const struct leat_csr_work *w, uint32_t i)
{
    real *sum = w->sum;
    uint64_t n = 0;
    find_pattern(a, b, w, i);
    for (uint32_t v = 0; v < w->words; v++) {
        n += to.col == NULL ? bits_of(w->pattern[v])
                            : list_bits(to.col + n, to.room - n, v * 64, w->pattern[v]);
        w->pattern[v] = 0;
    }
    if (to.col == NULL)
        return n;
    add_rows(a, b, sum, i);
    for (uint64_t k = 0; k < n; k++) {
        to.value[k] = sum[to.col[k]];
        sum[to.col[k]] = 0;
    }
    return n;
}

/* ---- all rows ---- */

static void product(struct leat_csr *c, const struct leat_csr *a, const struct leat_csr *b,
                    const struct leat_csr_work *w)
{
    struct gather to = {c->col, c->value, c->entries};
    c->start[0] = 0;
    for (uint32_t i = 0; i < a->rows; i++) {
        uint64_t products = 0, n;
        for (uint64_t p = a->start[i]; p < a->start[i + 1]; p++)
            products += b->start[a->col[p] + 1] - b->start[a->col[p]];
        if (products <= WORK_SORTED)
            n = row_sorted(to, a, b, i);
        else if (w->of_b != NULL || products >= b->cols / WORK_DENSE)
            n = row_dense(to, a, b, w, i);
        else
            n = row_hashed(to, a, b, w, i, products);
        c->start[i + 1] = c->start[i] + n;
        if (to.col != NULL) {
            to.col += n;
            to.value += n;
            to.room -= n;
        }
    }
}

#endif
