/* leat svd: the leading singular values of a matrix in a file, and what they leave out.
 *
 * A matrix is multiplied by as dense or by its entries, whichever is sooner; how the values are
 * found knows nothing of that.
 */
#define _GNU_SOURCE
#include "json.h"
#include "tool.h"

#include <leat/factor.h>
#include <leat/frame.h>
#include <leat/io.h>
#include <leat/sparse.h>

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROBES 6u /* the error is under the true one for one seed in a million */

struct values {
    const char *path;
    uint64_t rank, oversampling, powers, seed;
    uint32_t sample; /* enum leat_rsvd_test */
    bool ranked; /* the rank was asked for */
    uint32_t rows, cols;
    uint64_t entries; /* that are not 0, or in the file */
    bool sparse;
    double *sigma;      /* [rank] */
    double norm, error; /* of the matrix, Frobenius; at least that of what is left out */
    void *memory[6];    /* freed at the end */
    uint32_t memory_n;
};

static void help(void)
{
    printf("Usage: leat svd [--rank K] [--oversampling N] [--powers N] [--seed N]\n"
           "                [--sample normal|structured] [--json] FILE\n"
           "\n"
           "Tells the leading singular values of a matrix, how much of it they hold, and how much\n"
           "they leave out. FILE is an npy array of two dimensions or Matrix Market text.\n"
           "The method is a randomised one: the same seed gives the same digits, everywhere.\n"
           "\n"
           "    leat svd ratings.mtx --rank 20\n"
           "\n"
           "Options:\n"
           "  --rank K          how many (10, or all that there are)\n"
           "  --oversampling N  columns of the sample beside these (10)\n"
           "  --powers N        products by the matrix and its transpose that sharpen it (2)\n"
           "  --seed N          of the sample (1)\n"
           "  --sample WORD     normal (the default), or structured, which costs a logarithm for\n"
           "                    each element in place of a product for each column: faster from\n"
           "                    some hundred columns on. Of all elements, so as dense; over half\n"
           "                    of the matrix's columns it is normal\n"
           "  --json            the same as one JSON object\n"
           "  -h, --help        this text\n"
           "\n"
           "Exit status: 0 done; 1 the file cannot be read, or the rank does not fit it; 2 a\n"
           "mistake in the command.\n");
}

/* Memory for `of` until the end; NULL after the diag says that there is none. */
static void *want(struct values *s, size_t bytes, const char *of, struct leat_diag *diag)
{
    size_t whole = bytes > SIZE_MAX - LEAT_LINE ? 0 : leat_round_up(bytes + 1, LEAT_LINE);
    void *memory = whole == 0 ? NULL : aligned_alloc(LEAT_LINE, whole);
    if (memory == NULL)
        (void)leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for %s", s->path, of);
    else
        s->memory[s->memory_n++] = memory;
    return memory;
}

/* ---- products ---- */

struct entries {
    const struct leat_sparse *kernels;
    struct leat_csr a;
};

static int times(void *self, bool transposed, const struct leat_matrix *x,
                 const struct leat_matrix *y, struct leat_diag *diag)
{
    const struct entries *e = self;
    return leat_csr_times(e->kernels, &e->a, transposed, x, y, NULL, 0, diag);
}

/* The file's entries as compressed rows. */
static int read_entries(struct values *s, struct leat_csr *a, struct leat_diag *diag)
{
    size_t n = (size_t)s->entries;
    struct leat_coo coo = {.rows = s->rows, .cols = s->cols, .kind = LEAT_F64,
                           .entries = s->entries};
    if (n > SIZE_MAX / 32)
        return leat_diag_set(diag, LEAT_ERANGE, "%s: too many entries", s->path);
    uint32_t *places = want(s, 2 * n * sizeof *places, "its entries", diag);
    double *value = places == NULL ? NULL : want(s, n * sizeof *value, "its entries", diag);
    size_t bytes = leat_csr_bytes(LEAT_F64, s->rows, s->cols, s->entries);
    void *memory = value == NULL ? NULL : want(s, bytes, "its rows", diag);
    size_t room_bytes = leat_csr_from_coo_bytes(&coo);
    void *room = memory == NULL ? NULL : want(s, room_bytes, "its rows", diag);
    if (room == NULL)
        return LEAT_ENOMEM;
    int status = leat_matrix_file_entries(s->path, s->rows, s->cols, LEAT_F64, &s->entries, places,
                                          places + n, value, diag);
    if (status == LEAT_OK && s->entries != n)
        status = leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was read", s->path);
    coo.row = places;
    coo.col = places + n;
    coo.value = value;
    if (status == LEAT_OK)
        status = leat_csr_from_coo(a, &coo, memory, bytes, room, room_bytes, diag);
    return status;
}

static double norm_of(const double *x, size_t n)
{
    long double squares = 0; /* x86's do not overflow, and round where n of them do not show */
    for (size_t i = 0; i < n; i++)
        squares += (long double)x[i] * x[i];
    return (double)sqrtl(squares);
}

static int all_finite(const struct values *s, struct leat_diag *diag)
{
    return isfinite(s->norm) ? LEAT_OK
                             : leat_diag_set(diag, LEAT_EDATA,
                                             "%s: an element is not finite, or the root of the "
                                             "sum of squares is not",
                                             s->path);
}

static int decompose(struct values *s, struct leat_diag *diag)
{
    struct leat_rsvd_how o = {sizeof o, (uint32_t)s->rank, (uint32_t)s->oversampling,
                              (uint32_t)s->powers, PROBES, s->seed, s->sample};
    enum leat_isa isa = leat_isa_best();
    const struct leat_linalg *kernels = leat_linalg_kernels(isa, LEAT_F64);
    size_t bytes = leat_rsvd_bytes(kernels, s->rows, s->cols, &o);
    void *room = want(s, bytes, "the sample", diag);
    s->sigma = room == NULL ? NULL : want(s, s->rank * sizeof *s->sigma, "the values", diag);
    if (s->sigma == NULL)
        return LEAT_ENOMEM;
    if (s->sparse) {
        struct entries e = {.kernels = leat_sparse_kernels(isa, LEAT_F64)};
        struct leat_operator as = {s->rows, s->cols, times, &e};
        int status = read_entries(s, &e.a, diag);
        if (status != LEAT_OK)
            return status;
        s->norm = norm_of(e.a.value, (size_t)e.a.entries);
        if ((status = all_finite(s, diag)) != LEAT_OK)
            return status;
        return leat_rsvd(kernels, &as, &o, NULL, s->sigma, NULL, &s->error, room, bytes, diag);
    }
    size_t elements, all;
    bool fits = leat_size_mul(s->rows, s->cols, &elements) &&
                leat_size_mul(elements, sizeof(double), &all);
    double *data = want(s, fits ? all : SIZE_MAX, "its elements", diag);
    if (data == NULL)
        return LEAT_ENOMEM;
    struct leat_matrix a = leat_matrix_rows(data, s->rows, s->cols, s->cols);
    int status = leat_matrix_file_read(s->path, s->rows, s->cols, LEAT_F64, data, diag);
    s->norm = status == LEAT_OK ? norm_of(data, elements) : 0;
    if (status == LEAT_OK)
        status = all_finite(s, diag);
    return status != LEAT_OK ? status
                             : leat_rsvd_dense(kernels, &a, &o, NULL, s->sigma, NULL, &s->error,
                                               room, bytes, diag);
}

static int find(struct values *s, struct leat_diag *diag)
{
    int status = leat_matrix_file_look(s->path, &s->rows, &s->cols, diag);
    if (status == LEAT_OK)
        status = leat_matrix_file_entries(s->path, s->rows, s->cols, LEAT_F64, &s->entries, NULL,
                                          NULL, NULL, diag);
    if (status != LEAT_OK)
        return status;
    uint32_t side = s->rows < s->cols ? s->rows : s->cols;
    if (!s->ranked && s->rank > side)
        s->rank = side;
    if (s->rank > side)
        return leat_diag_set(diag, LEAT_EINVAL, "%s: [%u x %u] has no %llu singular values",
                             s->path, s->rows, s->cols, (unsigned long long)s->rank);
    s->sparse = s->sample == LEAT_TEST_NORMAL &&
                leat_sparse_pays(LEAT_F64, s->rows, s->cols, s->entries,
                                 (uint32_t)(s->rank + s->oversampling));
    return decompose(s, diag);
}

/* ---- what is told ---- */

/* Part of the sum of squares of all singular values. */
static double share(const struct values *s, double sigma)
{
    return s->norm == 0 ? 0 : (sigma / s->norm) * (sigma / s->norm);
}

/* What was found is the matrix projected on some directions, so the squares that are left are the
 * rest of them all, but for rounding; where that is all there is, the estimate knows better. */
#define SQUARES_ROUND 1e-11

static void sharpen(struct values *s)
{
    double rest = 1;
    for (uint64_t i = 0; i < s->rank; i++)
        rest -= share(s, s->sigma[i]);
    s->error = fmin(s->error, s->norm * sqrt(fmax(rest, 0) + SQUARES_ROUND));
}

static void tell(const struct values *s)
{
    double held = 0;
    printf("%s: %u x %u, %.3g %% not 0, multiplied by as %s\n", s->path, s->rows, s->cols,
           100.0 * (double)s->entries / ((double)s->rows * s->cols),
           s->sparse ? "sparse" : "dense");
    for (uint64_t i = 0; i < s->rank; i++) {
        held += share(s, s->sigma[i]);
        printf("  %4llu  %-14.8g %7.3f %%  %7.3f %%\n", (unsigned long long)i + 1, s->sigma[i],
               100 * share(s, s->sigma[i]), 100 * held);
    }
    printf("left out: at most %.3g of %.8g (the root of the sum of squares)\n", s->error, s->norm);
}

static bool tell_json(const struct values *s)
{
    cJSON *root = json_begin();
    cJSON_AddStringToObject(root, "file", s->path);
    json_add_u64(root, "rows", s->rows);
    json_add_u64(root, "cols", s->cols);
    json_add_u64(root, "entries", s->entries);
    cJSON_AddStringToObject(root, "form", s->sparse ? "sparse" : "dense");
    json_add_u64(root, "seed", s->seed);
    cJSON *sigma = cJSON_AddArrayToObject(root, "sigma");
    for (uint64_t i = 0; i < s->rank; i++)
        cJSON_AddItemToArray(sigma, cJSON_CreateNumber(s->sigma[i]));
    cJSON_AddNumberToObject(root, "norm", s->norm);
    cJSON_AddNumberToObject(root, "left_out_at_most", s->error);
    return json_end(stdout, root);
}

/* ---- the command ---- */

static bool take_option(struct values *s, int key)
{
    static const char *const samples[] = {"normal", "structured", NULL};
    switch (key) {
    case 'm': return args_word("svd", "sample", samples, &s->sample);
    case 'r':
        s->ranked = true;
        return args_count("svd", "rank", 1, 100000, &s->rank);
    case 'o': return args_count("svd", "oversampling", 0, 100000, &s->oversampling);
    case 'p': return args_count("svd", "powers", 0, 100, &s->powers);
    default: return args_count("svd", "seed", 0, UINT64_C(1) << 53, &s->seed);
    }
}

enum tool_exit command_svd(int argc, char **argv)
{
    static const struct option known[] = {
        {"rank", 1, NULL, 'r'}, {"oversampling", 1, NULL, 'o'}, {"powers", 1, NULL, 'p'},
        {"seed", 1, NULL, 's'}, {"sample", 1, NULL, 'm'},       {"json", 0, NULL, 'j'},
        {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct values s = {.rank = 10, .oversampling = 10, .powers = 2, .seed = 1};
    struct leat_diag diag = {0};
    const char *word;
    bool json = false, good;
    for (int key; (key = args_next(argc, argv, ":h", known, &word)) != -1;) {
        if (key == 'h') {
            help();
            return TOOL_DONE;
        }
        if (key == 'j')
            json = true;
        else if (key == '?' || key == ':')
            return args_bad_option("svd", known, key, word);
        else if (!take_option(&s, key))
            return TOOL_MISTAKE;
    }
    if (argc - optind != 1) {
        complain_text("svd: name one file");
        return TOOL_MISTAKE;
    }
    s.path = argv[optind];
    good = find(&s, &diag) == LEAT_OK;
    if (!good)
        complain(NULL, &diag);
    else
        sharpen(&s);
    if (good && !json)
        tell(&s);
    else if (good && !(good = tell_json(&s)))
        complain_text("svd: no memory for the list");
    for (uint32_t i = 0; i < s.memory_n; i++)
        free(s.memory[i]);
    return good ? TOOL_DONE : TOOL_FAILED;
}
