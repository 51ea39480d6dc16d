/* One source or sink by itself: its table's calls over frames made by hand, without a pipeline.
 *
 * Every test works in a new folder of its own, which is the current one and is removed at the end.
 */
#ifndef TESTS_IO_HARNESS_H
#define TESTS_IO_HARNESS_H

#include <leat/io.h>

#include <criterion/criterion.h>

#define ROWS_MAX 16u
#define FRAMES_MAX 8u

struct node {
    const struct leat_stage *stage;
    uint64_t options[64];
    char *lists[64];
    char memory[8192]; /* values of parameters */
    size_t memory_n;
    struct leat_channel channels_in[ROWS_MAX], channels[ROWS_MAX];
    struct leat_shape in;
    struct leat_need need;
    struct leat_diag diag;
    struct leat_ctx ctx;
    void *state;
    struct leat_frame *frames[FRAMES_MAX];
    size_t stride;
    int status; /* of the call that ended it */
};

/* All that a source gave: rows one after the other, `n` samples each. */
struct taken {
    uint32_t rows, kind, frames_n;
    size_t n, room;
    char *data[ROWS_MAX];
    uint32_t cols[4096];
    int64_t time_ns[4096];
    uint8_t flags[4096];
    uint32_t idle; /* pulls that gave nothing */
};

/* Options "name=value" up to a NULL, over the defaults, then resolve. in: NULL for a source. */
int node_resolve(struct node *node, const struct leat_stage *stage, const struct leat_shape *in,
                 ...);
/* Goes on with init. */
int node_init(struct node *node);
/* Both; fails the test unless they succeed. */
void node_open(struct node *node, const struct leat_stage *stage, const struct leat_shape *in, ...);
void node_close(struct node *node);
/* The diag as the user sees it. */
const char *node_words(struct node *node);

/* Pulls batches of `batch` frames until the end or an error (node->status), for 30 s at most. */
void node_pull(struct node *node, struct taken *taken, uint32_t batch);
void taken_free(struct taken *taken);
double taken_get(const struct taken *taken, uint32_t row, size_t i);
int64_t taken_i64(const struct taken *taken, uint32_t row, size_t i);

/* Gives a sink one frame: rows of cols samples of the shape's kind, one after the other. */
void node_feed(struct node *node, const void *rows, uint32_t cols);
void node_flush(struct node *node);

/* A shape with channels named a, b, c, …; storage is static, one at a time for each row count. */
struct leat_shape shape_of(uint32_t rows, uint32_t cols, uint32_t kind, double rate_hz);

void folder_make(void);
void folder_remove(void);
void file_write(const char *name, const void *bytes, size_t n);
void file_text(const char *name, const char *text);
/* Reads up to room bytes, adds a NUL; returns the bytes. Fails the test when there is no file. */
size_t file_read(const char *name, void *bytes, size_t room);
bool file_there(const char *name);
/* Files whose names begin so. */
int files_like(const char *prefix);
/* A file of the real data; NULL when they are not here. */
const char *real_file(const char *name);

#define words_have(node, part)                                                            \
    cr_assert(strstr(node_words(node), part) != NULL, "'%s' is not in: %s", part, node_words(node))

#endif
