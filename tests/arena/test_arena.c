#define _GNU_SOURCE
#include "sanitized.h"

#include <leat/arena.h>

#include <criterion/criterion.h>

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct leat_arena_options options_of(size_t bytes)
{
    struct leat_arena_options o = {.size = sizeof o, .bytes = bytes, .node = -1};
    return o;
}

static void init(struct leat_arena *arena, size_t bytes)
{
    struct leat_arena_options o = options_of(bytes);
    struct leat_diag diag = {0};
    cr_assert_eq(leat_arena_init(arena, &o, &diag), LEAT_OK, "%s", diag.text);
}

static size_t resident_bytes(void)
{
    unsigned long size, resident;
    FILE *f = fopen("/proc/self/statm", "r");
    cr_assert_not_null(f);
    cr_assert_eq(fscanf(f, "%lu %lu", &size, &resident), 2);
    fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

Test(arena, blocks_are_aligned_and_apart_and_zero)
{
    struct leat_arena a;
    struct leat_diag diag = {0};
    init(&a, 1 << 20);
    char *end = a.base;
    for (size_t align = 1; align <= 8192; align *= 2)
        for (size_t bytes = 0; bytes < 200; bytes += 33) {
            char *block = leat_arena_take(&a, bytes, align, &diag);
            cr_assert_not_null(block, "%s", diag.text);
            cr_assert_eq((uintptr_t)block % (align < 64 ? 64 : align), 0);
            cr_assert(block >= end && block + bytes <= a.base + a.bytes);
            for (size_t i = 0; i < bytes; i++)
                cr_assert_eq(block[i], 0);
            memset(block, 0xa5, bytes);
            end = block + bytes;
        }
    cr_assert_eq(a.peak, a.used);
    leat_arena_fini(&a);
    leat_arena_fini(&a);
    cr_assert_null(a.base);
}

Test(arena, the_last_byte_can_be_taken_and_not_one_more)
{
    struct leat_arena a;
    struct leat_diag diag = {0};
    init(&a, 8192);
    cr_assert_eq(a.bytes, 8192);
    cr_assert_null(leat_arena_take(&a, 8193, 64, &diag));
    cr_assert_eq(diag.code, LEAT_ENOMEM);
    cr_assert_str_eq(diag.text, "8193 bytes do not fit: 8192 of the arena's 8192 are free");
    char *all = leat_arena_take(&a, 8192, 64, NULL);
    cr_assert_eq(all, a.base);
    all[8191] = 1;
    cr_assert_null(leat_arena_take(&a, 1, 64, &diag));
    cr_assert_str_eq(diag.text, "1 bytes do not fit: 0 of the arena's 8192 are free");
    leat_arena_fini(&a);
}

Test(arena, exhaustion_leaves_it_as_it_was)
{
    struct leat_arena a;
    struct leat_diag diag = {0};
    init(&a, 4096);
    cr_assert_not_null(leat_arena_take(&a, 100, 64, NULL));
    size_t used = a.used, peak = a.peak;
    cr_assert_null(leat_arena_take(&a, 4096, 64, &diag));
    cr_assert_null(leat_arena_take(&a, 64, (size_t)1 << 40, &diag));
    cr_assert_null(leat_arena_take(&a, 64, (size_t)1 << 63, &diag));
    cr_assert_eq(diag.code, LEAT_ENOMEM);
    cr_assert_eq(a.used, used);
    cr_assert_eq(a.peak, peak);
    cr_assert_not_null(leat_arena_take(&a, 64, 64, NULL));
    leat_arena_fini(&a);
}

Test(arena, sizes_that_overflow_are_refused)
{
    struct leat_arena a;
    struct leat_diag diag = {0};
    init(&a, 4096);
    cr_assert_not_null(leat_arena_take(&a, 10, 64, NULL)); /* a sum with its end comes round to 0 */
    size_t used = a.used;
    size_t sizes[] = {SIZE_MAX, SIZE_MAX - 62, SIZE_MAX - 63, SIZE_MAX - 127, SIZE_MAX - 4096,
                      SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cr_assert_null(leat_arena_take(&a, sizes[i], 64, &diag));
        cr_assert_eq(diag.code, LEAT_ENOMEM);
        cr_assert_eq(a.used, used);
    }
    for (size_t align = 3; align < 4096; align = align * 2 + 1) {
        cr_assert_null(leat_arena_take(&a, 1, align + 64, &diag));
        cr_assert_eq(diag.code, LEAT_EINVAL);
    }
    leat_arena_fini(&a);

    size_t reservations[] = {0, SIZE_MAX, SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < 3; i++) {
        struct leat_arena_options o = options_of(reservations[i]);
        cr_assert_eq(leat_arena_init(&a, &o, &diag), LEAT_ERANGE);
        cr_assert_null(a.base);
    }
    struct leat_arena_options o = options_of(SIZE_MAX / 2); /* fits a size_t, not a machine */
    o.prefault = LEAT_PREFAULT_LAZY;
    cr_assert_eq(leat_arena_init(&a, &o, &diag), LEAT_ENOMEM);
    o = options_of(4096);
    o.size--;
    cr_assert_eq(leat_arena_init(&a, &o, &diag), LEAT_EINVAL);
}

Test(arena, marks_and_reset_give_the_same_place_again)
{
    struct leat_arena a;
    init(&a, 1 << 16);
    char *keep = leat_arena_take(&a, 100, 64, NULL);
    memset(keep, 7, 100);
    size_t mark = leat_arena_mark(&a);
    char *first = leat_arena_take(&a, 1000, 64, NULL);
    cr_assert_not_null(leat_arena_take(&a, 1000, 64, NULL));
    size_t peak = a.used;
    cr_assert_eq(leat_arena_reset(&a, mark, NULL), LEAT_OK);
    cr_assert_eq(leat_arena_mark(&a), mark);
    cr_assert_eq(leat_arena_take(&a, 10, 64, NULL), first);
    cr_assert_eq(a.peak, peak, "a reset does not lower the peak");
    cr_assert_eq(a.resets, 1);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(keep[i], 7);

    struct leat_diag diag = {0};
    cr_assert_eq(leat_arena_reset(&a, a.used + 64, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_arena_reset(&a, mark + 1, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_arena_reset(&a, 0, &diag), LEAT_OK);
    cr_assert_eq(leat_arena_take(&a, 1, 64, NULL), keep);
    leat_arena_fini(&a);
}

Test(arena, the_mark_of_a_full_arena_is_a_mark)
{
    LEAT_ALIGNED(64) static char memory[100];
    struct leat_arena a;
    cr_assert_eq(leat_arena_wrap(&a, memory, sizeof memory, NULL), LEAT_OK);
    cr_assert_not_null(leat_arena_take(&a, 100, 64, NULL));
    cr_assert_eq(leat_arena_reset(&a, leat_arena_mark(&a), NULL), LEAT_OK);
    cr_assert_null(leat_arena_take(&a, 1, 64, NULL));
    leat_arena_fini(&a);
}

Test(arena, phases_have_names_and_go_with_a_reset)
{
    struct leat_arena a;
    struct leat_diag diag = {0};
    init(&a, 1 << 16);
    cr_assert_eq(leat_arena_phase(&a, "pools", NULL), LEAT_OK);
    cr_assert_not_null(leat_arena_take(&a, 64, 64, NULL));
    size_t mark = leat_arena_mark(&a);
    cr_assert_eq(leat_arena_phase(&a, "rings", NULL), LEAT_OK);
    cr_assert_not_null(leat_arena_take(&a, 64, 64, NULL));
    cr_assert_eq(leat_arena_phase(&a, "late", NULL), LEAT_OK);
    cr_assert_eq(a.phases_n, 3);
    cr_assert_eq(a.phases[1].begin, mark);
    cr_assert_str_eq(a.phases[1].name, "rings");
    cr_assert_eq(leat_arena_reset(&a, mark, NULL), LEAT_OK);
    cr_assert_eq(a.phases_n, 2, "a phase that began at the mark stays");
    for (uint32_t i = a.phases_n; i < LEAT_PHASES_MAX; i++)
        cr_assert_eq(leat_arena_phase(&a, "more", NULL), LEAT_OK);
    cr_assert_eq(leat_arena_phase(&a, "too many", &diag), LEAT_ERANGE);
    cr_assert_eq(a.phases_n, LEAT_PHASES_MAX);
    leat_arena_fini(&a);
}

Test(arena, after_seal_nothing_moves)
{
    struct leat_arena a;
    struct leat_diag diag = {0};
    init(&a, 1 << 16);
    char *block = leat_arena_take(&a, 64, 64, NULL);
    leat_arena_seal(&a);
    cr_assert_null(leat_arena_take(&a, 64, 64, &diag));
    cr_assert_eq(diag.code, LEAT_ESTATE);
    cr_assert_eq(leat_arena_reset(&a, 0, &diag), LEAT_ESTATE);
    cr_assert_eq(leat_arena_phase(&a, "late", &diag), LEAT_ESTATE);
    block[63] = 1;
    leat_arena_fini(&a);
}

Test(arena, wrap_takes_memory_of_the_caller)
{
    LEAT_ALIGNED(64) static char memory[4096 + 64];
    struct leat_arena a;
    struct leat_diag diag = {0};
    cr_assert_eq(leat_arena_wrap(&a, NULL, 4096, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_arena_wrap(&a, memory + 8, 4096, &diag), LEAT_EINVAL);
    cr_assert_null(a.base);
    cr_assert_eq(leat_arena_wrap(&a, memory + 64, 4096, &diag), LEAT_OK);
    cr_assert_eq(leat_arena_take(&a, 4096, 64, NULL), memory + 64);
    leat_arena_fini(&a);
    memory[0] = memory[sizeof memory - 1] = 1; /* still the caller's, not poisoned */
    cr_assert_null(a.base);
}

#define BIG ((size_t)64 << 20)

Test(arena, lazy_pages_come_at_first_touch_and_all_pages_at_once)
{
    struct leat_arena a;
    struct leat_arena_options o = options_of(BIG);
    o.prefault = LEAT_PREFAULT_LAZY;
    o.huge = LEAT_HUGE_NEVER;
    size_t before = resident_bytes();
    cr_assert_eq(leat_arena_init(&a, &o, NULL), LEAT_OK);
    cr_assert_not(a.prefaulted);
    char *block = leat_arena_take(&a, BIG, 64, NULL);
    size_t lazy = resident_bytes() - before;
    if (!SANITIZED)
        cr_assert_lt(lazy, (size_t)1 << 20, "%zu bytes before a touch", lazy);
    for (size_t i = 0; i < BIG / 4; i += 4096)
        block[i] = 1;
    size_t quarter = resident_bytes() - before;
    cr_assert(quarter >= BIG / 4 && (SANITIZED || quarter < BIG / 4 + (1 << 20)));
    leat_arena_fini(&a);

    before = resident_bytes();
    o.prefault = LEAT_PREFAULT_ALL;
    cr_assert_eq(leat_arena_init(&a, &o, NULL), LEAT_OK);
    cr_assert(a.prefaulted);
    cr_assert_eq(a.kind, LEAT_PAGES_ORDINARY);
    cr_assert_geq(resident_bytes() - before, BIG);
    leat_arena_fini(&a);
    cr_assert_lt(resident_bytes(), before + (SANITIZED ? BIG : (size_t)1 << 20));
}

Test(arena, touching_a_prefaulted_arena_faults_no_page)
{
    struct leat_arena a;
    struct rusage before, after;
    init(&a, BIG / 4);
    char *block = leat_arena_take(&a, BIG / 4, 64, NULL);
    getrusage(RUSAGE_THREAD, &before);
    for (size_t i = 0; i < BIG / 4; i += 4096)
        block[i] = 1;
    getrusage(RUSAGE_THREAD, &after);
    if (!SANITIZED)
        cr_assert_leq(after.ru_minflt - before.ru_minflt, 2);
    leat_arena_fini(&a);
}

/* What the machine has decides which; the report must say what is so. */
Test(arena, the_kind_of_pages_is_reported)
{
    struct leat_arena a;
    init(&a, BIG / 4);
    cr_assert(a.kind == LEAT_PAGES_ORDINARY || a.kind == LEAT_PAGES_ADVISED ||
              a.kind == LEAT_PAGES_HUGE);
    cr_assert_eq((uintptr_t)a.base % ((size_t)2 << 20), 0, "aligned for huge pages");
    char line[256], name[64];
    unsigned long size;
    bool found = false, advised = false, huge = false;
    FILE *f = fopen("/proc/self/smaps", "r");
    while (fgets(line, sizeof line, f) != NULL) {
        unsigned long low, high;
        if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
            found = low <= (uintptr_t)a.base && (uintptr_t)a.base < high;
        if (found && strncmp(line, "VmFlags:", 8) == 0)
            advised = strstr(line, " hg") != NULL;
        if (found && sscanf(line, "%63s %lu kB", name, &size) == 2 &&
            strcmp(name, "KernelPageSize:") == 0)
            huge = size >= 2048;
    }
    fclose(f);
    cr_assert_eq(a.kind == LEAT_PAGES_ADVISED, advised && !huge);
    cr_assert_eq(a.kind == LEAT_PAGES_HUGE, huge);
    cr_assert_str_eq(leat_page_kind_name(LEAT_PAGES_ORDINARY), "ordinary 4 KiB");
    cr_assert_str_eq(leat_page_kind_name(LEAT_PAGES_ADVISED), "advised huge");
    cr_assert_str_eq(leat_page_kind_name(LEAT_PAGES_HUGE), "huge");
    leat_arena_fini(&a);
}

/* root may lock what it likes: give that right up first. */
static void forbid_locking(void)
{
    struct rlimit limit = {65536, 65536};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2];
    cr_assert_eq(syscall(SYS_capget, &header, caps), 0);
    caps[0].effective &= ~(1u << CAP_IPC_LOCK);
    cr_assert_eq(syscall(SYS_capset, &header, caps), 0);
    cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
}

Test(arena, a_lock_over_the_limit_is_refused_and_nothing_is_kept)
{
    struct leat_arena a;
    struct leat_diag diag = {0};
    struct leat_arena_options o = options_of(1 << 20);
    if (SANITIZED)
        cr_skip_test("the sanitizers make mlock do nothing");
    forbid_locking();
    size_t before = resident_bytes();
    o.lock = true;
    cr_assert_eq(leat_arena_init(&a, &o, &diag), LEAT_ENOMEM);
    cr_assert(strstr(diag.text, "cannot be locked") && strstr(diag.text, "ulimit -l"), "%s",
              diag.text);
    cr_assert_null(a.base);
    cr_assert_lt(resident_bytes(), before + (1 << 19));
    o.bytes = 16384;
    int status = leat_arena_init(&a, &o, &diag);
    cr_assert_eq(status, LEAT_OK, "%s", diag.text);
    cr_assert(a.locked);
    leat_arena_fini(&a);
}

Test(arena, a_node_that_is_not_there_is_refused)
{
    struct leat_arena a;
    struct leat_diag diag = {0};
    struct leat_arena_options o = options_of(1 << 20);
    o.node = 4000;
    cr_assert_eq(leat_arena_init(&a, &o, &diag), LEAT_EINVAL);
    cr_assert(strstr(diag.text, "4000") != NULL, "%s", diag.text);
    cr_assert_null(a.base);
}

static size_t mapped, unmapped;
static bool refuse;

static void *page_map(size_t bytes, size_t align, struct leat_diag *diag)
{
    void *memory = refuse ? NULL : aligned_alloc(align, bytes);
    if (memory == NULL) {
        leat_diag_set(diag, LEAT_ENOMEM, "no pages today");
        return NULL;
    }
    mapped += bytes;
    return memset(memory, 0, bytes);
}

static void page_unmap(void *memory, size_t bytes)
{
    unmapped += bytes;
    free(memory);
}

Test(arena, a_page_source_of_the_embedder)
{
    static const struct leat_pages pages = {"mine", page_map, page_unmap};
    struct leat_arena a;
    struct leat_diag diag = {0};
    struct leat_arena_options o = options_of(100000);
    o.pages = &pages;
    refuse = true;
    cr_assert_eq(leat_arena_init(&a, &o, &diag), LEAT_ENOMEM);
    cr_assert_str_eq(diag.text, "no pages today");
    cr_assert_null(a.base);
    leat_arena_fini(&a);
    cr_assert_eq(unmapped, 0);

    refuse = false;
    cr_assert_eq(leat_arena_init(&a, &o, &diag), LEAT_OK);
    cr_assert(mapped >= 100000 && mapped == a.bytes);
    cr_assert_not_null(leat_arena_take(&a, 100000, 64, NULL));
    leat_arena_fini(&a);
    cr_assert_eq(unmapped, mapped);

    o.node = 4000; /* fails after the pages came: they go back */
    cr_assert_lt(leat_arena_init(&a, &o, &diag), 0);
    cr_assert_eq(unmapped, mapped);
}
