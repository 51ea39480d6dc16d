/* Machines that hwloc imitates, whose shape is known, and the one that the test runs on, against
 * what the kernel says of it. */
#define _GNU_SOURCE
#include <leat/topology.h>

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct leat_topology topology;

static void read_imitated(const char *machine)
{
    struct leat_diag diag = { 0 };
    cr_assert_eq(setenv("HWLOC_SYNTHETIC", machine, 1), 0);
    cr_assert_eq(leat_topology_read(&topology, &diag), 0, "%s", diag.text);
    cr_assert_eq(topology.imitated, 1);
}

static void read_this(void)
{
    struct leat_diag diag = { 0 };
    cr_assert_eq(unsetenv("HWLOC_SYNTHETIC"), 0);
    cr_assert_eq(leat_topology_read(&topology, &diag), 0, "%s", diag.text);
}

static void check_spread(uint32_t n, const char *want)
{
    uint32_t pus[64];
    char text[512] = "";
    size_t used = 0;
    uint32_t different = leat_topology_spread(&topology, n, pus);
    cr_assert_eq(different, n < topology.pus ? n : topology.pus);
    for (uint32_t i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, i == 0 ? "%u" : " %u", pus[i]);
    cr_assert_str_eq(text, want);
}

Test(topology, reads_two_nodes_of_two_caches_of_two_cores_of_two_siblings)
{
    read_imitated("node:2 l3:2(size=33554432) l2:2(size=1048576) l1d:1(size=32768) core:1 pu:2");
    cr_assert_eq(topology.pus, 16);
    cr_assert_eq(topology.pus_left, 0);
    cr_assert_eq(topology.cores, 8);
    cr_assert_eq(topology.l3s, 4);
    cr_assert_eq(topology.nodes, 2);
    cr_assert_eq(topology.packages, 1);
    cr_assert_eq(topology.line_bytes, 64);
    cr_assert_eq(topology.l1d_bytes, 32768);
    cr_assert_eq(topology.l2_bytes, 1048576);
    cr_assert_eq(topology.l3_bytes, 33554432);
    for (uint32_t i = 0; i < 16; i++) {
        const struct leat_topology_pu *pu = &topology.pu[i];
        cr_assert_eq(pu->pu, i);
        cr_assert_eq(pu->core, i / 2);
        cr_assert_eq(pu->l3, i / 4);
        cr_assert_eq(pu->node, i / 8);
        cr_assert_eq(pu->sibling, i % 2);
    }
}

Test(topology, a_machine_without_l3_says_none)
{
    read_imitated("node:2 core:32 pu:1");
    cr_assert_eq(topology.pus, 64);
    cr_assert_eq(topology.cores, 64);
    cr_assert_eq(topology.l3s, 0);
    cr_assert_eq(topology.l3_bytes, 0);
    cr_assert_eq(topology.nodes, 2);
    cr_assert_eq(topology.pu[63].l3, LEAT_TOPOLOGY_NONE);
    cr_assert_eq(topology.pu[63].node, 1);
}

Test(topology, a_machine_beyond_the_bound_is_cut_and_says_so)
{
    read_imitated("node:4 l3:8 core:20 pu:2");
    cr_assert_eq(topology.pus, LEAT_TOPOLOGY_PUS_MAX);
    cr_assert_eq(topology.pus_left, 4 * 8 * 20 * 2 - LEAT_TOPOLOGY_PUS_MAX);
    cr_assert_eq(topology.cores, 512);
    static uint32_t pus[2000];
    cr_assert_eq(leat_topology_spread(&topology, 2000, pus), LEAT_TOPOLOGY_PUS_MAX);
}

Test(topology, spread_takes_whole_cores_of_one_cache_then_siblings)
{
    read_imitated("node:2 l3:2 core:2 pu:2");
    check_spread(0, "");
    check_spread(1, "0");
    check_spread(2, "0 2");
    check_spread(3, "0 2 4");
    check_spread(4, "0 2 4 6");
    check_spread(8, "0 2 4 6 8 10 12 14");
    check_spread(10, "0 2 4 6 8 10 12 14 13 15");
    check_spread(18, "0 2 4 6 8 10 12 14 13 15 9 11 1 3 5 7 0 2");
}

Test(topology, packages_are_counted_and_named)
{
    read_imitated("package:2 node:1 l3:2 core:2 pu:2");
    cr_assert_eq(topology.packages, 2);
    for (uint32_t i = 0; i < 16; i++)
        cr_assert_eq(topology.pu[i].package, i / 8);
}

static struct leat_topology_mask mask_of(const uint32_t *pus, uint32_t n)
{
    struct leat_topology_mask mask = { { 0 } };
    for (uint32_t i = 0; i < n; i++)
        mask.words[pus[i] / 64] |= UINT64_C(1) << (pus[i] % 64);
    return mask;
}

Test(topology, what_is_kept_is_numbered_as_if_there_was_nothing_else)
{
    /* 0 1 | 2 3 || 4 5 | 6 7 ||| 8 9 | 10 11 || 12 13 | 14 15: cores, caches, packages */
    read_imitated("package:2 node:1 l3:2 core:2 pu:2");
    struct leat_topology_mask mask = mask_of((const uint32_t[]){ 1, 6, 7, 12, 900 }, 5);
    struct leat_diag diag = { 0 };
    cr_assert_eq(leat_topology_keep(&topology, &mask, &diag), 0, "%s", diag.text);
    cr_assert_eq(topology.pus, 4);
    cr_assert_eq(topology.cores, 3);
    cr_assert_eq(topology.l3s, 3);
    cr_assert_eq(topology.packages, 2);
    cr_assert_eq(topology.nodes, 2);
    static const struct leat_topology_pu want[] = { { 1, 0, 0, 0, 0, 0 },
                                                    { 6, 0, 1, 1, 0, 0 },
                                                    { 7, 0, 1, 1, 1, 0 },
                                                    { 12, 1, 2, 2, 0, 1 } };
    cr_assert_eq(memcmp(topology.pu, want, sizeof want), 0);
    check_spread(4, "1 6 12 7");

    mask = mask_of((const uint32_t[]){ 12 }, 1);
    cr_assert_eq(leat_topology_keep(&topology, &mask, NULL), 0);
    cr_assert_eq(topology.nodes, 1);
    cr_assert_eq(topology.packages, 1);
    cr_assert_eq(topology.pu[0].node, 1);
    cr_assert_eq(topology.pu[0].core + topology.pu[0].l3 + topology.pu[0].package, 0);
}

Test(topology, nothing_kept_is_refused_and_changes_nothing)
{
    read_imitated("core:2 pu:1");
    static struct leat_topology before;
    struct leat_topology_mask mask = mask_of((const uint32_t[]){ 7 }, 1);
    struct leat_diag diag = { 0 };
    before = topology;
    cr_assert_eq(leat_topology_keep(&topology, &mask, &diag), LEAT_EINVAL);
    cr_assert(diag.text[0] != '\0');
    cr_assert_eq(memcmp(&before, &topology, sizeof before), 0);
    cr_assert_eq(leat_topology_keep(&topology, NULL, NULL), LEAT_EINVAL);
}

Test(topology, a_machine_without_caches_keeps_its_none)
{
    read_imitated("node:2 core:2 pu:1");
    struct leat_topology_mask mask = mask_of((const uint32_t[]){ 1, 3 }, 2);
    cr_assert_eq(leat_topology_keep(&topology, &mask, NULL), 0);
    cr_assert_eq(topology.l3s, 0);
    cr_assert_eq(topology.nodes, 2);
    cr_assert_eq(topology.pu[1].l3, LEAT_TOPOLOGY_NONE);
}

/* Drops entries, as a control group does: caches of unequal room. */
static void keep(const uint32_t *entries, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        topology.pu[i] = topology.pu[entries[i]];
    topology.pus = n;
}

Test(topology, spread_prefers_the_tightest_cache_that_holds_all)
{
    read_imitated("node:2 l3:2 core:4 pu:1");
    /* cache 0 has one core left, cache 1 four, cache 2 two, cache 3 three */
    keep((const uint32_t[]){ 0, 4, 5, 6, 7, 8, 9, 12, 13, 14 }, 10);
    check_spread(1, "0");
    check_spread(2, "8 9");
    check_spread(3, "12 13 14");
    check_spread(4, "4 5 6 7");
    check_spread(5, "4 5 6 7 0");
    check_spread(6, "4 5 6 7 8 9");
    check_spread(10, "4 5 6 7 12 13 14 8 9 0");
    check_spread(12, "4 5 6 7 12 13 14 8 9 0 4 5");
}

Test(topology, spread_without_l3_keeps_to_a_node)
{
    read_imitated("node:2 core:3 pu:1");
    check_spread(3, "0 1 2");
    check_spread(5, "0 1 2 3 4");
}

Test(topology, an_imitated_machine_is_not_bound_to)
{
    struct leat_topology_mask mask;
    struct leat_diag diag = { 0 };
    char page[1];
    read_imitated("node:2 core:32 pu:1");
    cr_assert_eq(leat_topology_pin(40, &diag), LEAT_ESTATE);
    cr_assert_eq(diag.code, LEAT_ESTATE);
    cr_assert_eq(leat_topology_mask_get(&mask, NULL), LEAT_ESTATE);
    memset(&mask, 0xff, sizeof mask);
    cr_assert_eq(leat_topology_mask_set(&mask, NULL), LEAT_ESTATE);
    cr_assert_eq(leat_topology_bind_memory(page, sizeof page, 0, NULL), LEAT_ESTATE);
}

Test(topology, shows_exactly_what_the_kernel_lets_this_process_use)
{
    cpu_set_t set;
    read_this();
    cr_assert_eq(topology.imitated, 0);
    cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
    cr_assert_eq(topology.pus, (uint32_t)CPU_COUNT(&set));
    for (uint32_t i = 0; i < topology.pus; i++) {
        cr_assert(CPU_ISSET(topology.pu[i].pu, &set));
        CPU_CLR(topology.pu[i].pu, &set);
    }
    cr_assert(topology.cores >= 1 && topology.cores <= topology.pus && topology.nodes >= 1);
}

/* In a child, which has one thread: a process may use what any of its threads may. */
static int read_bound_to(uint32_t pu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(pu, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0 || leat_topology_read(&topology, NULL) != 0)
        return 2;
    bool alone = topology.pus == 1 && topology.cores == 1 && topology.nodes == 1;
    return alone && topology.pu[0].pu == pu && topology.pu[0].core == 0 &&
                   topology.pu[0].sibling == 0
               ? 0
               : 3;
}

Test(topology, a_process_bound_to_one_pu_sees_one)
{
    read_this();
    uint32_t last = topology.pu[topology.pus - 1].pu;
    int status = 0;
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        _exit(read_bound_to(last));
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
}

Test(topology, pin_moves_the_thread_and_the_mask_puts_it_back)
{
    cpu_set_t before, now;
    struct leat_topology_mask mask;
    struct leat_diag diag = { 0 };
    read_this();
    cr_assert_eq(sched_getaffinity(0, sizeof before, &before), 0);
    cr_assert_eq(leat_topology_mask_get(&mask, &diag), 0, "%s", diag.text);
    for (uint32_t pu = 0; pu < LEAT_TOPOLOGY_PUS_MAX; pu++)
        cr_assert_eq(mask.words[pu / 64] >> (pu % 64) & 1u, (uint64_t)!!CPU_ISSET(pu, &before));
    for (uint32_t i = topology.pus; i-- > 0;) {
        cr_assert_eq(leat_topology_pin(topology.pu[i].pu, &diag), 0, "%s", diag.text);
        cr_assert_eq((uint32_t)sched_getcpu(), topology.pu[i].pu);
        cr_assert_eq(sched_getaffinity(0, sizeof now, &now), 0);
        cr_assert_eq(CPU_COUNT(&now), 1);
    }
    cr_assert_eq(leat_topology_mask_set(&mask, &diag), 0, "%s", diag.text);
    cr_assert_eq(sched_getaffinity(0, sizeof now, &now), 0);
    cr_assert(CPU_EQUAL(&now, &before));
}

Test(topology, a_pinner_pins_as_often_as_one_likes)
{
    cpu_set_t now;
    struct leat_pinner *pinner = (struct leat_pinner *)1;
    struct leat_diag diag = { 0 };
    read_imitated("node:2 core:32 pu:1");
    cr_assert_eq(leat_pinner_open(&pinner, &diag), LEAT_ESTATE);
    cr_assert_null(pinner);
    leat_pinner_close(pinner);
    read_this();
    cr_assert_eq(leat_pinner_open(&pinner, &diag), 0, "%s", diag.text);
    for (uint32_t i = 0; i < 2 * topology.pus; i++) {
        uint32_t pu = topology.pu[i % topology.pus].pu;
        cr_assert_eq(leat_pinner_check(pinner, pu, &diag), 0, "%s", diag.text);
        cr_assert_eq(leat_pinner_pin(pinner, pu, &diag), 0, "%s", diag.text);
        cr_assert_eq(sched_getaffinity(0, sizeof now, &now), 0);
        cr_assert(CPU_COUNT(&now) == 1 && CPU_ISSET(pu, &now));
    }
    cr_assert_eq(leat_pinner_check(pinner, 1u << 20, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_pinner_pin(pinner, UINT32_MAX, NULL), LEAT_EINVAL);
    leat_pinner_close(pinner);
}

Test(topology, binding_refuses_what_is_not_there)
{
    struct leat_topology_mask mask;
    struct leat_diag diag = { 0 };
    char page[1];
    read_this();
    cr_assert_eq(leat_topology_pin(1u << 20, &diag), LEAT_EINVAL);
    cr_assert(strstr(diag.text, "1048576") != NULL);
    cr_assert_eq(leat_topology_pin(UINT32_MAX, NULL), LEAT_EINVAL);
    memset(&mask, 0, sizeof mask);
    cr_assert_eq(leat_topology_mask_set(&mask, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_topology_mask_set(NULL, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_topology_mask_get(NULL, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_topology_read(NULL, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_topology_bind_memory(NULL, 1, 0, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_topology_bind_memory(page, 0, 0, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_topology_bind_memory(page, 1, 1000000, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_topology_bind_memory(page, 1, UINT32_MAX, NULL), LEAT_EINVAL);
    cr_assert_eq(leat_topology_bind_memory(page, SIZE_MAX, 0, NULL), LEAT_ERANGE);
}

Test(topology, memory_bound_to_its_node_keeps_its_bytes)
{
    enum { BYTES = 1 << 20 };
    struct leat_diag diag = { 0 };
    read_this();
    unsigned char *block =
        mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(block, MAP_FAILED);
    memset(block, 0x5a, BYTES / 2);
    int status = leat_topology_bind_memory(block + 100, BYTES - 200, topology.pu[0].node, &diag);
    if (status == LEAT_EIO)
        cr_skip_test("the system does not let memory be bound: %s", diag.text);
    cr_assert_eq(status, 0, "%s", diag.text);
    memset(block + BYTES / 2, 0x5a, BYTES / 2);
    for (uint32_t i = 0; i < BYTES; i++)
        cr_assert_eq(block[i], 0x5a);
    cr_assert_eq(munmap(block, BYTES), 0);
}
