/* The loop that one writes by hand over text in memory: strtod, cell after cell. No file, no names,
 * no frames, no bad rows. */
#include "csv_job.h"

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    return bench_memory(sizeof(struct csv_text));
}

static void ready(void *self, uint64_t n)
{
    csv_text_make(self, n);
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    const struct csv_text *t = self;
    const char *at = t->text;
    uint64_t sum = 0;
    (void)thread;
    for (uint64_t i = 0; i < n * CSV_COLUMNS; i++) {
        char *end;
        sum += csv_bits(strtod(at, &end));
        at = end + 1; /* a comma or a line's end */
    }
    return sum;
}

static void fini(void *self)
{
    free(((struct csv_text *)self)->text);
    free(self);
}

const struct bench_subject bench_csv_strtod = {
    .name = "hand: strtod", .setup = setup, .ready = ready, .run = run, .fini = fini};
