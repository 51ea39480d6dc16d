/* A plug-in that stands on libleat.so; dlopen.c loads and unloads it. */
#include "hosted.h"

#include <leat/registry.h>

#include <stdlib.h>
#include <string.h>

LEAT_API int plugin_enrol(void);
LEAT_API int plugin_run(void);

/* The calling thread enters the registry's reclamation scheme, which outlives the registry. */
int plugin_enrol(void)
{
    struct leat_registry_options options = {.size = sizeof options, .entries_max = 4};
    struct leat_registry *registry;
    struct leat_counter counter = {0};
    size_t bytes = leat_round_up(leat_registry_bytes(&options), LEAT_LINE);
    void *storage = aligned_alloc(LEAT_LINE, bytes);
    if (storage == NULL ||
        leat_registry_init(&registry, storage, bytes, &options, NULL) != LEAT_OK)
        return 1;
    int status = leat_registry_add_counter(registry, "frames", "stage=one", &counter, NULL);
    bool found = leat_registry_find_counter(registry, "frames", "stage=one") == &counter;
    leat_registry_fini(registry);
    free(storage);
    return status != LEAT_OK || !found;
}

/* An engine on threads of its own, from text to end; 0 when every score is right. */
int plugin_run(void)
{
    static const double samples[8] = {2, 4, 4, 4, 5, 5, 7, 9};
    static const double wanted[8] = {-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2};
    double scores[8];
    struct hosted h;
    if (hosted_open(&h, HOSTED("zscore"), NULL) != LEAT_OK ||
        leat_engine_start(h.engine, NULL) != LEAT_OK)
        return 1;
    size_t got = hosted_pass(&h, samples, 8, scores, true);
    int status = leat_engine_wait(h.engine, UINT64_MAX, NULL);
    if (hosted_close(&h) != LEAT_OK || status != LEAT_OK)
        return 1;
    return got != 8 || memcmp(scores, wanted, sizeof wanted) != 0;
}
