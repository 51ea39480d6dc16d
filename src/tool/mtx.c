/* leat mtx: what a matrix in a file is like, and how a stage would keep it. */
#define _GNU_SOURCE
#include "json.h"
#include "tool.h"

#include <leat/frame.h>
#include <leat/io.h>
#include <leat/sparse.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* Samples of a frame for which the choice is told. */
static const uint32_t widths[] = {1, 4, 64, 1024};
#define WIDTHS (sizeof widths / sizeof widths[0])

struct matrix {
    const char *path;
    uint64_t listed;     /* entries of the file, each with its mirror */
    struct leat_csr a;   /* in f64 */
    void *memory;
    uint64_t zeros;      /* entries that are 0 */
    uint64_t longest, empty; /* rows */
    double median;
    const char *symmetry;
};

static void help(void)
{
    printf("Usage: leat mtx [--json] FILE\n"
           "\n"
           "Tells what a matrix is like: its shape, how many of its elements are there, its\n"
           "symmetry, how long its rows are, and whether matmul kind=auto keeps it dense or\n"
           "sparse, and why.\n"
           "FILE is Matrix Market, or an npy array.\n"
           "\n"
           "    leat mtx west0479.mtx\n"
           "\n"
           "Options:\n"
           "  --json      the same as one JSON object\n"
           "  -h, --help  this text\n"
           "\n"
           "Exit status: 0 done; 1 the file cannot be read; 2 a mistake in the command.\n");
}

/* ---- reading it ---- */

/* The file's entries to compressed rows; memory that lasts for the call in `lists`. */
static int compress(struct matrix *m, uint32_t rows, uint32_t cols, void *lists[4],
                    struct leat_diag *diag)
{
    uint64_t n = m->listed;
    struct leat_coo coo = {rows, cols, LEAT_F64, n, NULL, NULL, NULL};
    size_t bytes = leat_csr_bytes(LEAT_F64, rows, cols, n), more = leat_csr_from_coo_bytes(&coo);
    bool fits = bytes != 0 && more != 0;
    lists[0] = fits ? malloc((n + 1) * sizeof *coo.row) : NULL;
    lists[1] = fits ? malloc((n + 1) * sizeof *coo.col) : NULL;
    lists[2] = fits ? malloc((n + 1) * sizeof(double)) : NULL;
    lists[3] = fits ? aligned_alloc(LEAT_LINE, more) : NULL;
    m->memory = fits ? aligned_alloc(LEAT_LINE, bytes) : NULL;
    if (!lists[0] || !lists[1] || !lists[2] || !lists[3] || !m->memory)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for %llu entries", m->path,
                             (unsigned long long)n);
    coo.row = lists[0];
    coo.col = lists[1];
    coo.value = lists[2];
    int code = leat_matrix_file_entries(m->path, rows, cols, LEAT_F64, &n, lists[0], lists[1],
                                        lists[2], diag);
    if (code == LEAT_OK && n != m->listed)
        code = leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", m->path);
    return code != LEAT_OK ? code
                           : leat_csr_from_coo(&m->a, &coo, m->memory, bytes, lists[3], more, diag);
}

static int read_matrix(struct matrix *m, struct leat_diag *diag)
{
    uint32_t rows, cols;
    void *lists[4] = {NULL};
    int code = leat_matrix_file_look(m->path, &rows, &cols, diag);
    if (code == LEAT_OK)
        code = leat_matrix_file_entries(m->path, rows, cols, LEAT_F64, &m->listed, NULL, NULL,
                                        NULL, diag);
    if (code == LEAT_OK)
        code = compress(m, rows, cols, lists, diag);
    for (int i = 0; i < 4; i++)
        free(lists[i]);
    return code;
}

/* ---- looking at it ---- */

/* Of a matrix and its transpose: nothing, the places, or also the values, alike or opposite. */
static const char *compare(const struct leat_csr *a, const struct leat_csr *t)
{
    const double *x = a->value, *y = t->value;
    bool same = true, opposite = true;
    if (memcmp(a->start, t->start, ((size_t)a->rows + 1) * sizeof *a->start) != 0 ||
        memcmp(a->col, t->col, a->entries * sizeof *a->col) != 0)
        return "none";
    for (uint64_t e = 0; e < a->entries; e++) {
        same &= x[e] == y[e];
        opposite &= x[e] == -y[e];
    }
    return same ? "symmetric" : opposite ? "skew-symmetric" : "pattern";
}

static int find_symmetry(struct matrix *m, struct leat_diag *diag)
{
    struct leat_csr t;
    m->symmetry = "none";
    if (m->a.rows != m->a.cols)
        return LEAT_OK;
    size_t bytes = leat_csr_bytes(LEAT_F64, m->a.cols, m->a.rows, m->a.entries);
    void *memory = aligned_alloc(LEAT_LINE, bytes);
    if (memory == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for its transpose", m->path);
    int code = leat_csr_transpose(&t, &m->a, memory, bytes, diag);
    if (code == LEAT_OK)
        m->symmetry = compare(&m->a, &t);
    free(memory);
    return code;
}

static int by_length(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int measure_rows(struct matrix *m, struct leat_diag *diag)
{
    uint32_t n = m->a.rows;
    uint64_t *length = malloc(n * sizeof *length);
    if (length == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for %u rows", m->path, n);
    for (uint32_t i = 0; i < n; i++) {
        length[i] = m->a.start[i + 1] - m->a.start[i];
        m->empty += length[i] == 0;
    }
    qsort(length, n, sizeof *length, by_length);
    m->longest = length[n - 1];
    m->median = ((double)length[(n - 1) / 2] + (double)length[n / 2]) / 2;
    for (uint64_t e = 0; e < m->a.entries; e++)
        m->zeros += ((const double *)m->a.value)[e] == 0;
    free(length);
    return LEAT_OK;
}

static double density(const struct matrix *m)
{
    return (double)m->a.entries / ((double)m->a.rows * m->a.cols);
}

/* As matmul kind=auto: it counts the entries of the file. */
static bool is_sparse(const struct matrix *m, uint32_t width)
{
    return leat_sparse_pays(LEAT_F64, m->a.rows, m->a.cols, m->listed, width);
}

static double crossover(const struct matrix *m, uint32_t width)
{
    return leat_sparse_crossover(LEAT_F64, m->a.rows, m->a.cols, width);
}

/* ---- what is told ---- */

static void tell(const struct matrix *m)
{
    const struct leat_csr *a = &m->a;
    printf("%-12s %s\n%-12s %u x %u\n", "file", m->path, "shape", a->rows, a->cols);
    printf("%-12s %llu, %.4g %% of the elements", "entries", (unsigned long long)a->entries,
           100 * density(m));
    if (m->listed != a->entries)
        printf("; %llu more were added to others", (unsigned long long)(m->listed - a->entries));
    if (m->zeros != 0)
        printf("; %llu of them are 0", (unsigned long long)m->zeros);
    printf("\n%-12s %s\n", "symmetry",
           strcmp(m->symmetry, "pattern") == 0 ? "places, not values" : m->symmetry);
    printf("%-12s up to %llu entries, median %g, mean %.4g; %llu empty\n", "rows",
           (unsigned long long)m->longest, m->median, (double)a->entries / a->rows,
           (unsigned long long)m->empty);
    for (size_t i = 0; i < WIDTHS; i++)
        printf("%-12s %-6s in frames of %u: %.4g %% of the elements are listed, dense pays above "
               "%g %%\n",
               i == 0 ? "matmul" : "", is_sparse(m, widths[i]) ? "sparse" : "dense", widths[i],
               100 * (double)m->listed / ((double)a->rows * a->cols),
               100 * crossover(m, widths[i]));
}

static bool tell_json(const struct matrix *m)
{
    cJSON *root = json_begin();
    cJSON_AddStringToObject(root, "file", m->path);
    json_add_u64(root, "rows", m->a.rows);
    json_add_u64(root, "cols", m->a.cols);
    json_add_u64(root, "listed", m->listed);
    json_add_u64(root, "entries", m->a.entries);
    json_add_u64(root, "zeros", m->zeros);
    cJSON_AddNumberToObject(root, "density", density(m));
    cJSON_AddStringToObject(root, "symmetry", m->symmetry);
    cJSON *rows = cJSON_AddObjectToObject(root, "row_entries");
    json_add_u64(rows, "most", m->longest);
    cJSON_AddNumberToObject(rows, "median", m->median);
    cJSON_AddNumberToObject(rows, "mean", (double)m->a.entries / m->a.rows);
    json_add_u64(rows, "empty_rows", m->empty);
    cJSON *choice = cJSON_AddArrayToObject(root, "matmul");
    for (size_t i = 0; i < WIDTHS; i++) {
        cJSON *entry = json_add_entry(choice);
        json_add_u64(entry, "frame", widths[i]);
        cJSON_AddStringToObject(entry, "kind", is_sparse(m, widths[i]) ? "sparse" : "dense");
        cJSON_AddNumberToObject(entry, "crossover", crossover(m, widths[i]));
    }
    return json_end(stdout, root);
}

/* ---- the command ---- */

enum tool_exit command_mtx(int argc, char **argv)
{
    static const struct option known[] = {{"json", 0, NULL, 'j'},
                                          {"help", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct matrix m = {0};
    struct leat_diag diag = {0};
    const char *word;
    bool json = false;
    for (int key; (key = args_next(argc, argv, ":h", known, &word)) != -1;) {
        if (key == 'h') {
            help();
            return TOOL_DONE;
        }
        if (key != 'j')
            return args_bad_option("mtx", known, key, word);
        json = true;
    }
    if (argc - optind != 1) {
        complain_text("mtx: name one file");
        return TOOL_MISTAKE;
    }
    m.path = argv[optind];
    int code = read_matrix(&m, &diag);
    if (code == LEAT_OK)
        code = find_symmetry(&m, &diag);
    if (code == LEAT_OK)
        code = measure_rows(&m, &diag);
    if (code != LEAT_OK)
        complain(NULL, &diag);
    else if (!json)
        tell(&m);
    else if (!tell_json(&m)) {
        complain_text("mtx: no memory for the list");
        code = LEAT_ENOMEM;
    }
    free(m.memory);
    return code == LEAT_OK ? TOOL_DONE : TOOL_FAILED;
}
