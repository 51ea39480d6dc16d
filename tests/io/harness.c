#define _GNU_SOURCE
#include "io/harness.h"

#include <leat/arena.h>
#include <leat/clock.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

void folder_make(void)
{
    strcpy(folder, "/tmp/leat-io-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

void folder_remove(void)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
        rmdir(path);
    }
    if (dir != NULL)
        closedir(dir);
    cr_assert_eq(chdir("/"), 0);
    rmdir(folder);
}

void file_write(const char *name, const void *bytes, size_t n)
{
    FILE *file = fopen(name, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
}

void file_text(const char *name, const char *text)
{
    file_write(name, text, strlen(text));
}

size_t file_read(const char *name, void *bytes, size_t room)
{
    FILE *file = fopen(name, "rb");
    cr_assert(file != NULL, "there is no %s", name);
    size_t n = fread(bytes, 1, room - 1, file);
    fclose(file);
    ((char *)bytes)[n] = '\0';
    return n;
}

bool file_there(const char *name)
{
    return access(name, F_OK) == 0;
}

int files_like(const char *prefix)
{
    int n = 0;
    DIR *dir = opendir(".");
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(dir);
    return n;
}

const char *real_file(const char *name)
{
    static char path[1024];
    const char *root = getenv("LEAT_TEST_DATA");
    snprintf(path, sizeof path, "%s/%s", root != NULL ? root : LEAT_TEST_DATA_DIR, name);
    return access(path, R_OK) == 0 ? path : NULL;
}

struct leat_shape shape_of(uint32_t rows, uint32_t cols, uint32_t kind, double rate_hz)
{
    static struct leat_channel channels[ROWS_MAX];
    struct leat_shape shape = {
        .rows = rows, .cols = cols, .kind = kind, .rate_hz = rate_hz, .channels = channels};
    for (uint32_t r = 0; r < rows; r++)
        snprintf(channels[r].name, sizeof channels[r].name, "%c", 'a' + (int)r);
    return shape;
}

static int read_option(struct node *node, const char *text)
{
    const struct leat_stage *stage = node->stage;
    size_t n = strlen(text) + 1;
    cr_assert(node->memory_n + n <= sizeof node->memory);
    char *name = memcpy(node->memory + node->memory_n, text, n);
    node->memory_n += n;
    char *value = strchr(name, '=');
    *value++ = '\0';
    const struct leat_param *param =
        leat_param_find(stage->params, stage->params_n, name, &node->diag);
    if (param == NULL)
        return node->diag.code;
    static size_t lists;
    lists = param->type == LEAT_P_LIST ? lists + 16 : lists; /* 16 words for each list */
    return leat_param_read(param, value, node->options, node->lists + lists % 64, &node->diag);
}

static int resolve(struct node *node, const struct leat_stage *stage, const struct leat_shape *in,
                   va_list list)
{
    memset(node, 0, sizeof *node);
    node->stage = stage;
    cr_assert_eq(stage->size, sizeof *stage);
    cr_assert(stage->options_bytes <= sizeof node->options);
    int status = leat_options_default(stage->params, stage->params_n, node->options,
                                      stage->options_bytes, &node->diag);
    for (const char *text; status == LEAT_OK && (text = va_arg(list, const char *)) != NULL;)
        status = read_option(node, text);
    if (status == LEAT_OK)
        status = leat_options_check(stage->params, stage->params_n, node->options, &node->diag);
    if (status != LEAT_OK)
        return status;
    if (in != NULL) {
        node->in = *in;
        memcpy(node->channels_in, in->channels, in->rows * sizeof *in->channels);
        memcpy(node->channels, in->channels, in->rows * sizeof *in->channels);
        node->in.channels = node->channels_in;
        node->need.out = *in;
    }
    node->need.out.channels = node->channels;
    node->need.channels_max = ROWS_MAX;
    return stage->resolve(node->options, in != NULL ? &node->in : NULL, &node->need, &node->diag);
}

int node_resolve(struct node *node, const struct leat_stage *stage, const struct leat_shape *in,
                 ...)
{
    va_list list;
    va_start(list, in);
    int status = resolve(node, stage, in, list);
    va_end(list);
    return status;
}

static void *lines(size_t bytes)
{
    void *memory = aligned_alloc(64, leat_round_up(bytes + 1, 64));
    cr_assert_not_null(memory);
    memset(memory, 0xa5, bytes);
    return memory;
}

int node_init(struct node *node)
{
    const struct leat_shape *shape = node->stage->ins != 0 ? &node->in : &node->need.out;
    node->state = lines(node->need.state_bytes);
    memset(node->state, 0, node->need.state_bytes);
    node->ctx.scratch = lines(node->need.scratch_bytes);
    node->ctx.verdict = lines(FRAMES_MAX);
    node->ctx.isa = leat_isa_best();
    node->ctx.diag = &node->diag;
    node->stride = leat_round_up((size_t)shape->cols * leat_kind_bytes(shape->kind), 64) + 64;
    for (uint32_t i = 0; i < FRAMES_MAX; i++) {
        node->frames[i] = lines(sizeof(struct leat_frame) + shape->rows * node->stride);
        *node->frames[i] = (struct leat_frame){.rows = shape->rows,
                                               .kind = (uint8_t)shape->kind,
                                               .stride = (uint32_t)node->stride};
    }
    if (node->stage->init == NULL)
        return LEAT_OK;
    return node->stage->init(node->state, node->options, node->stage->ins != 0 ? &node->in : NULL,
                             &node->need, &node->diag);
}

void node_open(struct node *node, const struct leat_stage *stage, const struct leat_shape *in, ...)
{
    va_list list;
    va_start(list, in);
    int status = resolve(node, stage, in, list);
    va_end(list);
    cr_assert_eq(status, LEAT_OK, "%s", node_words(node));
    cr_assert_eq(node_init(node), LEAT_OK, "%s", node_words(node));
}

void node_close(struct node *node)
{
    if (node->stage->fini != NULL && node->state != NULL)
        node->stage->fini(node->state);
    free(node->state);
    free(node->ctx.scratch);
    free(node->ctx.verdict);
    for (uint32_t i = 0; i < FRAMES_MAX; i++)
        free(node->frames[i]);
    node->state = NULL;
}

const char *node_words(struct node *node)
{
    static char text[1024];
    leat_diag_format(&node->diag, text, sizeof text);
    return text;
}

static void take(struct taken *taken, struct leat_frame *frame)
{
    uint32_t width = leat_kind_bytes(frame->kind);
    cr_assert(frame->cols >= 1 && (size_t)frame->cols * width <= frame->stride);
    if (taken->n + frame->cols > taken->room) {
        taken->room = 2 * (taken->n + frame->cols);
        for (uint32_t r = 0; r < taken->rows; r++)
            taken->data[r] = realloc(taken->data[r], taken->room * width);
    }
    for (uint32_t r = 0; r < taken->rows; r++)
        memcpy(taken->data[r] + taken->n * width, leat_frame_row(frame, r),
               (size_t)frame->cols * width);
    taken->n += frame->cols;
    if (taken->frames_n < 4096) {
        taken->cols[taken->frames_n] = frame->cols;
        taken->time_ns[taken->frames_n] = frame->time_ns;
        taken->flags[taken->frames_n] = frame->flags;
    }
    taken->frames_n++;
}

void node_pull(struct node *node, struct taken *taken, uint32_t batch)
{
    memset(taken, 0, sizeof *taken);
    taken->rows = node->need.out.rows;
    taken->kind = node->need.out.kind;
    const uint64_t since = leat_clock_ns();
    for (int got;;) {
        node->ctx.waited = false;
        got = node->stage->pull(node->state, &node->ctx, node->frames, batch);
        for (int i = 0; i < got; i++)
            take(taken, node->frames[i]);
        taken->idle += got == 0;
        /* Not so many empty pulls: a writer a byte at a time makes one of each byte. */
        if (got < 0 || leat_clock_ns() - since > UINT64_C(30000000000)) {
            node->status = got;
            return;
        }
    }
}

void taken_free(struct taken *taken)
{
    for (uint32_t r = 0; r < taken->rows; r++)
        free(taken->data[r]);
}

int64_t taken_i64(const struct taken *taken, uint32_t row, size_t i)
{
    cr_assert(taken->kind == LEAT_I64 && i < taken->n);
    return ((int64_t *)(void *)taken->data[row])[i];
}

double taken_get(const struct taken *taken, uint32_t row, size_t i)
{
    cr_assert(i < taken->n, "only %zu samples", taken->n);
    void *data = taken->data[row];
    return taken->kind == LEAT_F64   ? ((double *)data)[i]
           : taken->kind == LEAT_F32 ? (double)((float *)data)[i]
                                     : (double)((int64_t *)data)[i];
}

void node_feed(struct node *node, const void *rows, uint32_t cols)
{
    struct leat_frame *frame = node->frames[0];
    size_t bytes = (size_t)cols * leat_kind_bytes(frame->kind);
    cr_assert(cols <= node->in.cols);
    frame->cols = cols;
    for (uint32_t r = 0; r < frame->rows; r++)
        memcpy(leat_frame_row(frame, r), (const char *)rows + r * bytes, bytes);
    node->stage->map(node->state, &node->ctx, node->frames, 1);
    node->status = node->ctx.failed;
}

void node_flush(struct node *node)
{
    while (!node->stage->flush(node->state, &node->ctx, NULL))
        ;
    node->status = node->ctx.failed;
}
