/* A program that knows the witnesses by name alone: run plainly it has none, run with
 * LD_PRELOAD=libleat_quiet.so it is watched, and the library says at the end what its worker did.
 *     preload [loud]   loud: one of its stages allocates */
#define _GNU_SOURCE
#include <leat/engine.h>
#include <leat/text.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept;

static void loud_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    kept = malloc(24);
    free(kept);
}

static const struct leat_stage loud = {
    .size = sizeof(struct leat_stage), .traits = LEAT_MAP, .name = "loud", .doc = "planted.",
    .ins = 1, .outs = 1, .map = loud_map};
static const struct leat_stage *const own[] = {&loud};
static const struct leat_catalogue own_catalogue = {own, 1, NULL};

static const struct leat_watch *find_watch(void)
{
    const struct leat_watch *(*watch)(void) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "leat_quiet_watch");
    memcpy(&watch, &found, sizeof watch);
    printf(watch != NULL ? "watched\n" : "not watched\n");
    return watch != NULL ? watch() : NULL;
}

static int run(const char *text, struct leat_diag *diag)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    struct leat_graph graph;
    struct leat_plan plan = {.stages_n = 0};
    struct leat_engine *engine = NULL;
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best(),
                                          .watch = find_watch()};
    void *storage = NULL;
    lists[LEAT_CATALOGUE_LISTS - 1].next = &own_catalogue;
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, all, NULL, text, strlen(text), diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&plan, &graph, NULL, diag);
    if (status == LEAT_OK) {
        size_t bytes = leat_round_up(leat_engine_bytes(&plan), LEAT_APART);
        storage = aligned_alloc(LEAT_APART, bytes);
        status = leat_engine_init(&engine, &plan, &options, storage, bytes, diag);
    }
    if (status == LEAT_OK)
        status = leat_engine_seal(engine, diag);
    if (status == LEAT_OK)
        status = leat_engine_start(engine, diag);
    if (status == LEAT_OK)
        status = leat_engine_wait(engine, UINT64_MAX, diag);
    int home = leat_engine_fini(engine, diag);
    free(storage);
    leat_plan_fini(&plan);
    leat_graph_fini(&graph);
    return status != LEAT_OK ? status : home;
}

int main(int argc, char **argv)
{
    struct leat_diag diag;
    bool planted = argc > 1 && strcmp(argv[1], "loud") == 0;
    if (run(planted ? "synth samples=1M ! loud ! null" : "synth samples=1M ! zscore ! null",
            &diag) == LEAT_OK)
        return 0;
    printf("%s\n", diag.text);
    return 1;
}
