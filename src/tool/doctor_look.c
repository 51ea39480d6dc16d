/* What the machine says of itself. Every file may be missing: then the fact is unknown. */
#define _GNU_SOURCE
#include "doctor.h"

#include <stdlib.h>
#include <string.h>

#define CPU "/sys/devices/system/cpu/"

static void look_list(struct cpus *cpus, const char *root, const char *path, const char *key)
{
    char text[4096];
    memset(cpus, 0, sizeof *cpus);
    if (file_line(root, path, key, text, sizeof text))
        (void)cpus_parse(text, cpus);
}

static int switch_of(const char *root, const char *path)
{
    int64_t number = file_number(root, path);
    return number == DOCTOR_UNKNOWN ? DOCTOR_UNKNOWN : number != 0;
}

/* Another machine's description is read below its root, which the environment names. Files that
 * contradict each other give no message there, and must not end the program, as a list of nodes
 * that is no list would. */
static bool enter_root(const struct doctor_facts *facts)
{
    char text[4096];
    struct cpus nodes;
    bool there = file_text(facts->root, "/sys/devices/system/node/online", text, sizeof text);
    return facts->online.known && (!there || (cpus_parse(text, &nodes) && nodes.n != 0)) &&
           setenv("HWLOC_FSROOT", facts->root, 1) == 0 && setenv("HWLOC_HIDE_ERRORS", "2", 1) == 0;
}

static void look_topology(struct doctor_facts *facts)
{
    struct leat_topology *t = &facts->topology;
    bool here = facts->root[0] == '\0';
    if (!here && !enter_root(facts))
        return;
    bool known = leat_topology_read(t, NULL) == LEAT_OK;
    if (known && !here && facts->allowed.known)
        known = leat_topology_keep(t, &facts->allowed.mask, NULL) == LEAT_OK;
    facts->topology_known = known;
    if (!known)
        memset(t, 0, sizeof *t);
}

uint32_t doctor_usable(const struct doctor_facts *facts)
{
    if (facts->topology_known)
        return facts->topology.pus + facts->topology.pus_left;
    return facts->allowed.known ? facts->allowed.n : 0;
}

/* ---- the processor ---- */

static bool has_flag(const char *flags, const char *flag)
{
    size_t n = strlen(flag);
    for (; *flags != '\0'; flags += strspn(flags, " ")) {
        size_t own = strcspn(flags, " ");
        if (own == n && memcmp(flags, flag, n) == 0)
            return true;
        flags += own;
    }
    return false;
}

static bool has_flags(const char *flags, const char *const *wanted)
{
    for (; *wanted != NULL; wanted++)
        if (!has_flag(flags, *wanted))
            return false;
    return true;
}

/* Here the processor is asked, as `leat run` does; elsewhere only its flags can be. */
static void look_kernels(struct doctor_facts *facts, const char *flags, bool arm)
{
    static const char *const words[LEAT_ISAS][6] = {
        [LEAT_ISA_V3] = {"avx2", "fma"},
        [LEAT_ISA_V4] = {"avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"},
    };
    bool here = facts->root[0] == '\0';
    facts->isa_known = here || arm || flags[0] != '\0';
    for (int isa = 0; isa < LEAT_ISAS && facts->isa_known; isa++) {
        facts->usable[isa] = here ? leat_isa_usable((enum leat_isa)isa)
                                  : isa == 0 || (!arm && has_flags(flags, words[isa]));
        if (facts->usable[isa])
            facts->isa = (enum leat_isa)isa;
    }
}

static void look_processor(struct doctor_facts *facts)
{
    const char *path = "/proc/cpuinfo";
    char flags[4096], features[1024];
    (void)file_line(facts->root, path, "model name", facts->model, sizeof facts->model);
    bool x86 = file_line(facts->root, path, "flags", flags, sizeof flags) && flags[0] != '\0';
    bool arm = !x86 && file_line(facts->root, path, "Features", features, sizeof features);
    facts->virtual_machine = x86 ? has_flag(flags, "hypervisor") : DOCTOR_UNKNOWN;
    facts->invariant = x86 ? has_flag(flags, "constant_tsc") && has_flag(flags, "nonstop_tsc")
                           : DOCTOR_UNKNOWN;
    look_kernels(facts, flags, arm);
}

static void look_host(struct doctor_facts *facts)
{
    char vendor[48], product[48], hypervisor[24];
    (void)file_text(facts->root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof vendor);
    (void)file_text(facts->root, "/sys/class/dmi/id/product_name", product, sizeof product);
    if (file_text(facts->root, "/sys/hypervisor/type", hypervisor, sizeof hypervisor))
        facts->virtual_machine = 1;
    if (facts->virtual_machine != 1)
        return;
    if (vendor[0] == '\0' && hypervisor[0] == '\0' && strstr(facts->clocks, "kvm-clock") != NULL)
        snprintf(hypervisor, sizeof hypervisor, "KVM");
    snprintf(facts->host, sizeof facts->host, "%s%s%s%s%s", hypervisor,
             hypervisor[0] != '\0' && vendor[0] != '\0' ? " " : "", vendor,
             product[0] != '\0' ? " " : "", product);
}

/* user nice system idle iowait irq softirq steal, in ticks since the machine began */
static void look_stolen(struct doctor_facts *facts)
{
    char text[256];
    double all = 0, stolen = -1;
    facts->stolen = -1;
    if (!file_line(facts->root, "/proc/stat", "cpu ", text, sizeof text))
        return;
    const char *at = text;
    for (int i = 0; i < 8 && *at != '\0'; i++) {
        stolen = i == 7 ? (double)number_of(at) : -1;
        all += (double)number_of(at);
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    if (stolen >= 0 && all > 0)
        facts->stolen = stolen / all;
}

/* ---- what the system sets ---- */

/* With these powersave is a speed that follows the load. */
static bool follows_load(const char *driver)
{
    return strcmp(driver, "intel_pstate") == 0 || strcmp(driver, "amd-pstate-epp") == 0;
}

/* How much a governor holds back: 0 not at all. */
static int held_back(const char *name, const char *driver)
{
    if (strcmp(name, "performance") == 0)
        return 0;
    return strcmp(name, "powersave") == 0 && !follows_load(driver) ? 2 : 1;
}

/* The one that holds back most, and on how many processors it does. */
static void look_governor(struct doctor_facts *facts)
{
    int worst = -1;
    facts->governor.khz_min = facts->governor.khz_max = DOCTOR_UNKNOWN;
    for (uint32_t pu = 0; pu < LEAT_TOPOLOGY_PUS_MAX; pu++) {
        char path[96], name[32], driver[32];
        if (!cpus_has(facts->allowed.known ? &facts->allowed : &facts->online, pu))
            continue;
        snprintf(path, sizeof path, CPU "cpu%u/cpufreq/scaling_governor", pu);
        if (!file_text(facts->root, path, name, sizeof name) || name[0] == '\0')
            continue;
        snprintf(path, sizeof path, CPU "cpu%u/cpufreq/scaling_driver", pu);
        (void)file_text(facts->root, path, driver, sizeof driver);
        facts->governor.of++;
        int own = held_back(name, driver);
        facts->governor.cpus = own > worst ? 1 : facts->governor.cpus + (own == worst);
        if (own <= worst)
            continue;
        worst = own;
        facts->governor.lowest = own == 2;
        memcpy(facts->governor.name, name, sizeof name);
        memcpy(facts->governor.driver, driver, sizeof driver);
        snprintf(path, sizeof path, CPU "cpu%u/cpufreq/cpuinfo_min_freq", pu);
        facts->governor.khz_min = file_number(facts->root, path);
        snprintf(path, sizeof path, CPU "cpu%u/cpufreq/cpuinfo_max_freq", pu);
        facts->governor.khz_max = file_number(facts->root, path);
    }
}

/* The word in brackets: "always [madvise] never". */
static void look_pages(struct doctor_facts *facts)
{
    char text[64];
    (void)file_text(facts->root, "/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof text);
    const char *open = strchr(text, '[');
    size_t n = open != NULL ? strcspn(open + 1, "]") : 0;
    if (n > 0 && n < sizeof facts->transparent && open[n + 1] == ']')
        snprintf(facts->transparent, sizeof facts->transparent, "%.*s", (int)n, open + 1);
    const char *folder = "/sys/kernel/mm/hugepages/hugepages-2048kB/";
    char path[96];
    snprintf(path, sizeof path, "%snr_hugepages", folder);
    facts->reserved = file_number(facts->root, path);
    snprintf(path, sizeof path, "%sfree_hugepages", folder);
    facts->reserved_free = file_number(facts->root, path);
}

/* The soft limit and the hard one, of a line as in /proc/self/limits. */
static void look_limit(const char *root, const char *key, int64_t *soft, int64_t *hard)
{
    char text[128];
    (void)file_line(root, "/proc/self/limits", key, text, sizeof text);
    const char *second = text + strcspn(text, " ");
    second += strspn(second, " ");
    *soft = strncmp(text, "unlimited", 9) == 0 ? DOCTOR_UNLIMITED : number_of(text);
    *hard = strncmp(second, "unlimited", 9) == 0 ? DOCTOR_UNLIMITED : number_of(second);
}

static void look_limits(struct doctor_facts *facts)
{
    int64_t most;
    char text[64];
    look_limit(facts->root, "Max locked memory", &facts->memlock, &facts->memlock_most);
    look_limit(facts->root, "Max stack size", &facts->stack, &most);
    look_limit(facts->root, "Max open files", &facts->files, &most);
    int64_t kib = file_line(facts->root, "/proc/meminfo", "SwapTotal", text, sizeof text)
                      ? number_of(text)
                      : DOCTOR_UNKNOWN;
    facts->swap = kib > 0 && kib < INT64_MAX / 1024 ? kib * 1024 : kib;
}

void doctor_look(struct doctor_facts *facts, const char *root)
{
    memset(facts, 0, sizeof *facts);
    facts->root = root;
    look_list(&facts->online, root, CPU "online", NULL);
    look_list(&facts->isolated, root, CPU "isolated", NULL);
    look_list(&facts->without_tick, root, CPU "nohz_full", NULL);
    look_list(&facts->allowed, root, "/proc/self/status", "Cpus_allowed_list");
    look_topology(facts);
    look_processor(facts);
    const char *clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    const char *clocks = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    (void)file_text(root, clock, facts->clock, sizeof facts->clock);
    (void)file_text(root, clocks, facts->clocks, sizeof facts->clocks);
    look_host(facts);
    look_stolen(facts);
    look_governor(facts);
    look_pages(facts);
    look_limits(facts);
    facts->smt = switch_of(root, CPU "smt/active");
    facts->numa_balancing = switch_of(root, "/proc/sys/kernel/numa_balancing");
    control_group_look(&facts->group, root);
}
