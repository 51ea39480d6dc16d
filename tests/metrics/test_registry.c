#include <leat/registry.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct leat_registry *make(uint32_t entries_max, void **storage)
{
    struct leat_registry_options options = { .size = sizeof options, .entries_max = entries_max };
    struct leat_registry *registry = NULL;
    struct leat_diag diag = { 0 };
    size_t bytes = leat_registry_bytes(&options);
    *storage = aligned_alloc(LEAT_LINE, bytes);
    cr_assert_not_null(*storage);
    memset(*storage, 0xa5, bytes);
    cr_assert_eq(leat_registry_init(&registry, *storage, bytes, &options, &diag), 0, "%s",
                 diag.text);
    return registry;
}

static void drop(struct leat_registry *registry, void *storage)
{
    leat_registry_fini(registry);
    free(storage);
}

Test(registry, finds_what_was_added_by_kind_and_key)
{
    void *storage;
    struct leat_registry *r = make(8, &storage);
    struct leat_counter counter = { 0 }, bare = { 0 };
    struct leat_gauge gauge = { 0 };
    struct leat_histogram *histogram = aligned_alloc(LEAT_LINE, sizeof *histogram);
    cr_assert_not_null(histogram);
    const char *where = "stage=zscore worker=0";
    cr_assert_eq(leat_registry_add_counter(r, "frames", where, &counter, NULL), 0);
    cr_assert_eq(leat_registry_add_gauge(r, "in_use", where, &gauge, NULL), 0);
    cr_assert_eq(leat_registry_add_histogram(r, "ns", where, histogram, NULL), 0);
    cr_assert_eq(leat_registry_add_counter(r, "frames", NULL, &bare, NULL), 0);

    cr_assert_eq(leat_registry_find_counter(r, "frames", where), &counter);
    cr_assert_eq(leat_registry_find_counter(r, "frames", "  worker=0   stage=zscore "), &counter);
    cr_assert_eq(leat_registry_find_counter(r, "frames", ""), &bare);
    cr_assert_eq(leat_registry_find_counter(r, "frames", NULL), &bare);
    cr_assert_eq(leat_registry_find_gauge(r, "in_use", where), &gauge);
    cr_assert_eq(leat_registry_find_histogram(r, "ns", where), histogram);

    cr_assert_null(leat_registry_find_gauge(r, "frames", where));
    cr_assert_null(leat_registry_find_counter(r, "frames", "stage=zscore"));
    cr_assert_null(leat_registry_find_counter(r, "frames", "stage=zscore worker=1"));
    cr_assert_null(leat_registry_find_counter(r, "frame", where));
    cr_assert_null(leat_registry_find_counter(r, "frames", "broken"));
    cr_assert_null(leat_registry_find_counter(r, NULL, NULL));

    leat_counter_add(leat_registry_find_counter(r, "frames", where), 3);
    cr_assert_eq(leat_counter_get(&counter), 3);
    free(histogram);
    drop(r, storage);
}

Test(registry, refuses_what_is_no_key)
{
    static const struct {
        const char *name, *labels;
        int code;
    } cases[] = {
        { NULL, NULL, LEAT_EINVAL },          { "", NULL, LEAT_EINVAL },
        { "a b", NULL, LEAT_EINVAL },         { "a=b", NULL, LEAT_EINVAL },
        { "a\n", NULL, LEAT_EINVAL },         { "a", "x", LEAT_EINVAL },
        { "a", "=1", LEAT_EINVAL },           { "a", "x=", LEAT_EINVAL },
        { "a", "x=1 y", LEAT_EINVAL },        { "a", "x=1\ty=2", LEAT_EINVAL },
        { "a", "x=1 y=2 x=3", LEAT_EINVAL },  { "a", "x=2 xy=1 x=1", LEAT_EINVAL },
        { "a", "k=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 l=1 m=1 n=1 o=1 p=1 q=1 r=1",
          LEAT_ERANGE },
        { "a", "x=1 xy=1 x-y=1 \xc3\xa4=\xc3\xb6 z=a=b", 0 },
    };
    void *storage;
    struct leat_registry *r = make(4, &storage);
    struct leat_counter counter = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct leat_diag diag = { 0 };
        int got = leat_registry_add_counter(r, cases[i].name, cases[i].labels, &counter, &diag);
        cr_assert_eq(got, cases[i].code, "case %zu: %d %s", i, got, diag.text);
        cr_assert_eq(diag.code, cases[i].code);
        cr_assert_eq(diag.text[0] != '\0', cases[i].code != 0);
    }
    cr_assert_eq(leat_registry_find_counter(r, "a", "z=a=b \xc3\xa4=\xc3\xb6 x-y=1 xy=1 x=1"),
                 &counter);
    cr_assert_eq(leat_registry_add_counter(r, "a", "x=9", NULL, NULL), LEAT_EINVAL);
    drop(r, storage);
}

Test(registry, text_has_room_for_exactly_the_stated_bytes)
{
    void *storage;
    struct leat_registry *r = make(2, &storage);
    struct leat_counter counter = { 0 };
    char name[LEAT_REGISTRY_TEXT_MAX + 2];
    memset(name, 'n', sizeof name);
    name[LEAT_REGISTRY_TEXT_MAX + 1] = '\0';
    cr_assert_eq(leat_registry_add_counter(r, name, NULL, &counter, NULL), LEAT_ERANGE);
    name[LEAT_REGISTRY_TEXT_MAX] = '\0';
    cr_assert_eq(leat_registry_add_counter(r, name, NULL, &counter, NULL), 0);
    name[LEAT_REGISTRY_TEXT_MAX - 3] = '\0';
    cr_assert_eq(leat_registry_add_counter(r, name, "a=bc", &counter, NULL), LEAT_ERANGE);
    cr_assert_eq(leat_registry_add_counter(r, name, "a=b", &counter, NULL), 0);
    cr_assert_eq(leat_registry_find_counter(r, name, " a=b"), &counter);
    drop(r, storage);
}

Test(registry, holds_exactly_entries_max_and_each_key_once)
{
    enum { N = 1000 };
    void *storage;
    struct leat_registry *r = make(N, &storage);
    static struct leat_counter counters[N + 1];
    char labels[40];
    for (uint32_t i = 0; i < N; i++) {
        (void)snprintf(labels, sizeof labels, "stage=s%u worker=%u", i / 8, i % 8);
        cr_assert_eq(leat_registry_add_counter(r, "frames", labels, &counters[i], NULL), 0);
        cr_assert_eq(leat_registry_add_counter(r, "frames", labels, &counters[N], NULL),
                     LEAT_EINVAL);
    }
    cr_assert_eq(leat_registry_add_counter(r, "more", NULL, &counters[N], NULL), LEAT_ELIMIT);
    for (uint32_t i = 0; i < N; i++) {
        (void)snprintf(labels, sizeof labels, "worker=%u stage=s%u", i % 8, i / 8);
        cr_assert_eq(leat_registry_find_counter(r, "frames", labels), &counters[i]);
    }
    drop(r, storage);
}

struct seen {
    uint32_t n, stop;
    char text[256];
};

static bool note(void *context, const struct leat_registry_item *item)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    int kinds = (item->counter != NULL) + (item->gauge != NULL) + (item->histogram != NULL);
    cr_assert_eq(kinds, 1);
    uint64_t value = item->counter != NULL ? leat_counter_get(item->counter)
                                           : (uint64_t)leat_gauge_get(item->gauge);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%s{%s}=%llu;", item->name,
                   item->labels, (unsigned long long)value);
    return ++seen->n != seen->stop;
}

Test(registry, visits_in_the_order_of_adding_until_told_to_stop)
{
    void *storage;
    struct leat_registry *r = make(3, &storage);
    struct leat_counter a = { 0 }, b = { 0 };
    struct leat_gauge g = { 0 };
    struct seen seen = { 0 };
    cr_assert_eq(leat_registry_visit(r, note, &seen), 0);
    cr_assert_eq(leat_registry_add_counter(r, "z", "w=1 a=2", &a, NULL), 0);
    cr_assert_eq(leat_registry_add_gauge(r, "y", NULL, &g, NULL), 0);
    cr_assert_eq(leat_registry_add_counter(r, "a", "k=v", &b, NULL), 0);
    leat_counter_add(&a, 5);
    leat_gauge_set(&g, 6);
    cr_assert_eq(leat_registry_visit(r, note, &seen), 3);
    cr_assert_str_eq(seen.text, "z{a=2 w=1}=5;y{}=6;a{k=v}=0;");
    memset(&seen, 0, sizeof seen);
    seen.stop = 2;
    cr_assert_eq(leat_registry_visit(r, note, &seen), 2);
    cr_assert_str_eq(seen.text, "z{a=2 w=1}=5;y{}=6;");
    drop(r, storage);
}

Test(registry, refuses_storage_that_does_not_fit)
{
    struct leat_registry_options options = { .size = sizeof options, .entries_max = 5 };
    struct leat_registry *r = NULL;
    size_t bytes = leat_registry_bytes(&options);
    char *storage = aligned_alloc(LEAT_LINE, bytes + LEAT_LINE);
    cr_assert_not_null(storage);
    cr_assert_eq(leat_registry_init(&r, storage, bytes - 1, &options, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_registry_init(&r, storage + 8, bytes, &options, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_registry_init(&r, NULL, bytes, &options, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_registry_init(&r, storage, bytes, NULL, NULL), LEAT_EINVAL);
    options.entries_max = 0;
    cr_assert_eq(leat_registry_bytes(&options), 0);
    options.entries_max = LEAT_REGISTRY_ENTRIES_MAX + 1;
    cr_assert_eq(leat_registry_bytes(&options), 0);
    options.size = 4;
    options.entries_max = 5;
    cr_assert_eq(leat_registry_bytes(&options), 0);
    cr_assert_null(r);
    leat_registry_fini(NULL);
    free(storage);
}
