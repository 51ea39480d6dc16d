/* Each spectrum of a sound as coordinates along the directions of another: directions.leat and
 * voices.leat in C. Pipelines make the spectra, the mathematics is called by itself.
 *
 *     voices REFERENCE.wav AUDIO.wav     prints a line of coordinates for each spectrum of AUDIO
 */
#include <leat/engine.h>
#include <leat/factor.h>
#include <leat/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 256
#define BINS (SIZE / 2 + 1)
#define RANK 4
#define TAKEN 8 /* frames that are taken at once */

static const char stages[] = "wav file=$file type=f64 ! window size=256 hop=128 shape=hann ! rfft "
                             "! magnitude ! outlet name=spectra";

struct spectra {
    double *rows; /* [n x BINS], one behind the other */
    uint32_t n, room;
};

/* ---- spectra of a file ---- */

static int keep(struct spectra *s, const double *row, struct leat_diag *diag)
{
    if (s->n == s->room) {
        uint32_t room = s->room == 0 ? 1024 : 2 * s->room;
        double *rows = realloc(s->rows, (size_t)room * BINS * sizeof *rows);
        if (rows == NULL || room < s->room)
            return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u spectra", room);
        s->rows = rows;
        s->room = room;
    }
    memcpy(s->rows + (size_t)s->n++ * BINS, row, BINS * sizeof *row);
    return LEAT_OK;
}

static int take_all(struct leat_engine *engine, struct spectra *s, struct leat_diag *diag)
{
    struct leat_frame *frames[TAKEN];
    bool ended = false;
    uint32_t outlet, n;
    int status = leat_outlet_find(engine, "spectra", &outlet, diag);
    while (status == LEAT_OK && !ended) {
        int did = leat_worker_step(engine, 0, 4, NULL);
        if (did < 0 && did != LEAT_EEND)
            break;
        while ((n = leat_outlet_take(engine, outlet, frames, TAKEN, &ended)) != 0) {
            for (uint32_t i = 0; i < n && status == LEAT_OK; i++)
                status = keep(s, leat_frame_row(frames[i], 0), diag);
            leat_outlet_release(engine, outlet, frames, n);
        }
    }
    return status != LEAT_OK ? status : leat_engine_wait(engine, 0, diag);
}

static int run(const struct leat_plan *plan, struct spectra *s, struct leat_diag *diag)
{
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    struct leat_engine *engine = NULL;
    struct leat_diag missing;
    size_t bytes = leat_round_up(leat_engine_bytes(plan), LEAT_APART);
    void *storage = aligned_alloc(LEAT_APART, bytes);
    if (storage == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for an engine of %zu bytes", bytes);
    int status = leat_engine_init(&engine, plan, &options, storage, bytes, diag);
    if (status == LEAT_OK)
        status = leat_engine_seal(engine, diag);
    if (status == LEAT_OK)
        status = take_all(engine, s, diag);
    if (engine != NULL && leat_engine_fini(engine, &missing) != LEAT_OK && status == LEAT_OK) {
        status = missing.code;
        *diag = missing;
    }
    free(storage);
    return status;
}

static int spectra_of(const char *path, struct spectra *s, struct leat_diag *diag)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_limits limits = {.workers = 1};
    char set[4096];
    const char *const sets[] = {set};
    struct leat_text_options text = {sizeof text, 1, sets, "voices", NULL};
    struct leat_graph graph;
    struct leat_plan plan = {0};
    if ((size_t)snprintf(set, sizeof set, "file=%s", path) >= sizeof set)
        return leat_diag_set(diag, LEAT_ELIMIT, "a name of %zu bytes", strlen(path));
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, leat_catalogue_default(lists), &text, stages,
                                 strlen(stages), diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&plan, &graph, &limits, diag);
    if (status == LEAT_OK)
        status = run(&plan, s, diag);
    leat_plan_fini(&plan);
    leat_graph_fini(&graph);
    return status;
}

/* ---- directions and coordinates ---- */

/* v [BINS x RANK]: the leading right singular vectors of the spectra, a spectrum a row. */
static int directions(const struct leat_linalg *kernels, const struct spectra *s,
                      const struct leat_matrix *v, struct leat_diag *diag)
{
    struct leat_rsvd_how how = {.size = sizeof how, .rank = RANK, .oversampling = 10, .powers = 2,
                                .seed = 1};
    struct leat_matrix a = leat_matrix_rows(s->rows, s->n, BINS, BINS);
    double sigma[RANK];
    size_t bytes = leat_rsvd_bytes(kernels, a.rows, a.cols, &how);
    void *workspace = aligned_alloc(LEAT_LINE, bytes);
    int status = workspace == NULL
                     ? leat_diag_set(diag, LEAT_ENOMEM, "no memory for %zu bytes", bytes)
                     : leat_rsvd_dense(kernels, &a, &how, NULL, sigma, v, NULL, workspace, bytes,
                                       diag);
    free(workspace);
    return status;
}

/* A line for each spectrum: its products with the directions. */
static int print_coordinates(const struct leat_linalg *kernels, const struct spectra *s,
                             const struct leat_matrix *v, struct leat_diag *diag)
{
    struct leat_matrix a = leat_matrix_rows(s->rows, s->n, BINS, BINS);
    size_t bytes = leat_gemm_bytes(kernels, s->n, RANK, BINS);
    double *p = calloc((size_t)s->n * RANK + 1, sizeof *p);
    void *workspace = aligned_alloc(LEAT_LINE, bytes);
    struct leat_matrix c = leat_matrix_rows(p, s->n, RANK, RANK);
    int status = p == NULL || workspace == NULL
                     ? leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u coordinates", s->n)
                     : leat_gemm(kernels, 1, &a, v, 0, &c, workspace, bytes, diag);
    for (uint32_t i = 0; i < s->n && status == LEAT_OK; i++)
        for (uint32_t j = 0; j < RANK; j++)
            printf("%.17g%c", p[(size_t)i * RANK + j], j + 1 < RANK ? ',' : '\n');
    free(p), free(workspace);
    return status;
}

int main(int argc, char **argv)
{
    static double basis[BINS * RANK];
    const struct leat_linalg *kernels = leat_linalg_kernels(leat_isa_best(), LEAT_F64);
    struct leat_matrix v = leat_matrix_rows(basis, BINS, RANK, RANK);
    struct spectra reference = {0}, audio = {0};
    struct leat_diag diag = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: voices REFERENCE.wav AUDIO.wav\n");
        return 2;
    }
    int status = spectra_of(argv[1], &reference, &diag);
    if (status == LEAT_OK)
        status = directions(kernels, &reference, &v, &diag);
    if (status == LEAT_OK)
        status = spectra_of(argv[2], &audio, &diag);
    if (status == LEAT_OK)
        status = print_coordinates(kernels, &audio, &v, &diag);
    free(reference.rows), free(audio.rows);
    if (status != LEAT_OK) {
        char line[1024];
        leat_diag_format(&diag, line, sizeof line);
        fprintf(stderr, "voices: %s\n", line);
        return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
