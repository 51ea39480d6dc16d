/* What could be better on this machine, what it costs, and the command that changes it. */
#define _GNU_SOURCE
#include "tool.h"

#include "doctor.h"

#include <stdarg.h>
#include <string.h>

static const char *const severities[] = {
    [DOCTOR_SEVERE] = "severe",
    [DOCTOR_WARNING] = "warning",
    [DOCTOR_HINT] = "hint",
};

const char *doctor_severity_name(enum doctor_severity severity)
{
    return severities[severity];
}

const char *doctor_time(double ns, char out[32])
{
    if (ns < 0)
        return "unknown";
    if (ns < 9.95)
        snprintf(out, 32, "%.1f ns", ns);
    else if (ns < 9999.5)
        snprintf(out, 32, "%.0f ns", ns);
    else if (ns < 999.5e3)
        snprintf(out, 32, "%.3g us", ns / 1e3);
    else
        snprintf(out, 32, "%.3g ms", ns / 1e6);
    return out;
}

/* What every judge looks at. */
struct judging {
    struct doctor_findings *findings;
    const struct doctor_facts *facts;
    const struct doctor_measures *measures; /* NULL */
    uint32_t usable;                        /* 0 unknown */
};

static struct doctor_finding *find(struct judging *b, const char *name,
                                   enum doctor_severity severity)
{
    LEAT_REQUIRE(b->findings->n < DOCTOR_FINDINGS_MAX);
    struct doctor_finding *finding = &b->findings->list[b->findings->n++];
    memset(finding, 0, sizeof *finding);
    finding->name = name;
    finding->severity = severity;
    return finding;
}

/* Adds to a text, cut to fit. */
LEAT_PRINTF(3, 4) static void add(char *text, size_t bytes, const char *format, ...)
{
    size_t n = strlen(text);
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text + n, bytes - n, format, list);
    va_end(list);
}
#define WHAT(finding, ...) add((finding)->what, sizeof(finding)->what, __VA_ARGS__)
#define COST(finding, ...) add((finding)->cost, sizeof(finding)->cost, __VA_ARGS__)
#define COMMAND(finding, ...) add((finding)->command, sizeof(finding)->command, __VA_ARGS__)

static const char *plural(double n)
{
    return n > 1 || n < 1 ? "s" : "";
}

/* ---- processor time ---- */

static void judge_quota(struct judging *b)
{
    const struct control_group *group = &b->facts->group;
    if (group->quota <= 0 || b->usable == 0 || group->quota >= b->usable)
        return;
    bool one = group->quota <= 1;
    struct doctor_finding *f = find(b, "quota", one ? DOCTOR_SEVERE : DOCTOR_WARNING);
    uint32_t busy = group->quota < 1 ? 1 : b->usable;
    WHAT(f, "The control group may use %.3g processor%s worth of time, and %u are there.",
         group->quota, group->quota > 1 || group->quota < 1 ? "s'" : "'s", b->usable);
    COST(f, "%u busy worker%s stand%s still for %.3g ms of each %.3g ms", busy, plural(busy),
         busy == 1 ? "s" : "", group->period_ms * (1 - group->quota / busy), group->period_ms);
    if (group->throttled > 0)
        COST(f, "; the group stood still %lld times so far, %.3g s", (long long)group->throttled,
             group->throttled_s);
    COST(f, ".");
    if (!one)
        COMMAND(f, "leat run --workers %u ...   or ", (uint32_t)group->quota);
    COMMAND(f, "echo %s | sudo tee %s", group->old ? "-1" : "max", group->quota_file);
}

/* Isolated processors are left out unless they are asked for: that is no restriction. */
static void judge_cpuset(struct judging *b)
{
    const struct doctor_facts *facts = b->facts;
    struct cpus ordinary = facts->online;
    if (!facts->online.known || !facts->allowed.known)
        return;
    ordinary.n = 0;
    for (uint32_t i = 0; i < LEAT_TOPOLOGY_PUS_MAX / 64; i++) {
        ordinary.mask.words[i] &= ~facts->isolated.mask.words[i];
        ordinary.n += (uint32_t)__builtin_popcountll(ordinary.mask.words[i]);
    }
    bool apart = facts->allowed.n > 0 && cpus_within(&facts->allowed, &facts->isolated);
    if (cpus_within(&ordinary, &facts->allowed) || apart)
        return;
    struct doctor_finding *f = find(b, "cpuset", DOCTOR_WARNING);
    WHAT(f, "This process may run on %u of the %u processors: %s.", facts->allowed.n,
         facts->online.n, facts->allowed.text);
    COST(f, "More than %u worker%s share them.", facts->allowed.n, plural(facts->allowed.n));
    if (facts->group.cpus.known && !cpus_within(&ordinary, &facts->group.cpus))
        COMMAND(f, "echo %s | sudo tee %s", facts->online.text, facts->group.cpus_file);
    else
        COMMAND(f, "taskset -c %s leat run ...", facts->online.text);
}

static void judge_siblings(struct judging *b)
{
    const struct leat_topology *t = &b->facts->topology;
    if (!b->facts->topology_known || t->cores >= t->pus)
        return;
    struct doctor_finding *f = find(b, "siblings", DOCTOR_HINT);
    WHAT(f, "%u cores show themselves as %u processors, siblings of each other.", t->cores, t->pus);
    f->measured = b->measures != NULL && b->measures->both_siblings && b->measures->both_speed > 0;
    if (f->measured)
        COST(f, "Two busy workers on one core work at %.2f of their speed alone (processors %u and "
                "%u).", b->measures->both_speed, b->measures->both[0], b->measures->both[1]);
    else
        COST(f, "Two busy workers on one core share it.");
    COMMAND(f, "leat run --workers %u ...   (no more: these are put on whole cores)", t->cores);
}

/* Two processors of different cores that are not different after all. */
static void judge_shared_core(struct judging *b)
{
    const struct doctor_measures *m = b->measures;
    if (m == NULL || m->share < DOCTOR_QUIET || m->both_siblings || m->both_speed < 0 ||
        m->both_speed > 0.75)
        return;
    struct doctor_finding *f = find(b, "shared-core", DOCTOR_WARNING);
    f->measured = true;
    WHAT(f, "Processors %u and %u slow each other down: siblings of one core that the machine does "
            "not show as such, or another program is at work.", m->both[0], m->both[1]);
    COST(f, "Two busy workers there work at %.2f of their speed alone.", m->both_speed);
    COMMAND(f, "leat run --workers 1 ...   (compare); ask the host for whole cores");
}

static void judge_isolated(struct judging *b)
{
    const struct doctor_facts *facts = b->facts;
    char time[32];
    if (!facts->isolated.known || facts->isolated.n == 0 ||
        (facts->allowed.known && cpus_within(&facts->allowed, &facts->isolated)))
        return;
    bool ticks = facts->without_tick.known &&
                 !cpus_within(&facts->isolated, &facts->without_tick);
    struct doctor_finding *f = find(b, "isolated", DOCTOR_HINT);
    uint32_t n = facts->isolated.n < LEAT_WORKERS_MAX ? facts->isolated.n : LEAT_WORKERS_MAX;
    WHAT(f, "Processors %s are isolated: nothing runs there that is not put there.",
         facts->isolated.text);
    f->measured = b->measures != NULL;
    if (f->measured)
        COST(f, "Workers elsewhere are interrupted, for up to %s just now.",
             doctor_time(b->measures->interruption, time));
    else
        COST(f, "Workers elsewhere are interrupted.");
    if (ticks)
        COST(f, " The timer's tick still comes there: boot with nohz_full=%s too.",
             facts->isolated.text);
    COMMAND(f, "taskset -c %s leat run --workers %u --pin ", facts->isolated.text, n);
    const char *comma = "";
    for (uint32_t pu = 0; pu < LEAT_TOPOLOGY_PUS_MAX && n > 0; pu++)
        if (cpus_has(&facts->isolated, pu)) {
            COMMAND(f, "%s%u", comma, pu);
            comma = ",";
            n--;
        }
    COMMAND(f, " ...");
}

static void judge_governor(struct judging *b)
{
    const struct doctor_facts *facts = b->facts;
    double low = (double)facts->governor.khz_min / 1e6;
    double high = (double)facts->governor.khz_max / 1e6;
    if (facts->governor.name[0] == '\0' || strcmp(facts->governor.name, "performance") == 0)
        return;
    bool lowest = facts->governor.lowest;
    struct doctor_finding *f = find(b, "governor", lowest ? DOCTOR_SEVERE : DOCTOR_HINT);
    WHAT(f, "The governor of %u of %u processor%s is %s: ", facts->governor.cpus,
         facts->governor.of, plural(facts->governor.of), facts->governor.name);
    WHAT(f, lowest ? "they stay at their lowest frequency." : "they slow down while workers wait.");
    if (lowest && low > 0 && high > low)
        COST(f, "%.1f GHz of %.1f GHz: everything takes up to %.1f times as long.", low, high,
             high / low);
    else if (low > 0 && high > low)
        COST(f, "The first frames after a pause take up to %.1f times as long.", high / low);
    else
        COST(f, lowest ? "Everything takes longer."
                       : "The first frames after a pause take longer.");
    COMMAND(f, "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
}

static void judge_virtual(struct judging *b)
{
    const struct doctor_facts *facts = b->facts;
    if (facts->virtual_machine != 1)
        return;
    bool stolen = facts->stolen >= 0.01;
    char time[32];
    struct doctor_finding *f = find(b, "virtual", stolen ? DOCTOR_WARNING : DOCTOR_HINT);
    f->measured = b->measures != NULL;
    WHAT(f, "This is a virtual machine%s%s%s: its host may take processors away.",
         facts->host[0] != '\0' ? " (" : "", facts->host, facts->host[0] != '\0' ? ")" : "");
    if (facts->stolen >= 0)
        COST(f, "It took %.2g %% of their time so far", facts->stolen * 100);
    else
        COST(f, "How much of their time it took is unknown");
    if (f->measured)
        COST(f, "; the longest interruption just now was %s",
             doctor_time(b->measures->interruption, time));
    COST(f, ".");
    COMMAND(f, "virsh vcpupin DOMAIN VCPU CPU   (on the host: a processor for each of ours)");
}

/* ---- time ---- */

/* Those that the kernel has to be called for. */
static bool slow_clock(const char *name)
{
    static const char *const slow[] = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "xen",
                                       "pit"};
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++)
        if (strcmp(name, slow[i]) == 0)
            return true;
    return false;
}

static void judge_clock(struct judging *b)
{
    const struct doctor_facts *facts = b->facts;
    const struct doctor_measures *m = b->measures;
    char time[32];
    bool call = m != NULL ? m->clock > 0.7 * m->clock_call : slow_clock(facts->clock);
    if (!call)
        return;
    struct doctor_finding *f = find(b, "clock", DOCTOR_WARNING);
    f->measured = m != NULL;
    WHAT(f, "Reading the system's clock (%s) is a system call.",
         facts->clock[0] != '\0' ? facts->clock : "unknown");
    if (m != NULL)
        COST(f, "A reading takes %s; of a clock that is mapped, about 25 ns.",
             doctor_time(m->clock, time));
    else
        COST(f, "A reading takes hundreds of ns; of a clock that is mapped, about 25.");
    if (strstr(facts->clocks, "tsc") != NULL && strcmp(facts->clock, "tsc") != 0)
        COMMAND(f, "echo tsc | sudo tee "
                   "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    else
        COMMAND(f, "boot with tsc=reliable clocksource=tsc   (in the kernel's command line)");
}

static void judge_tsc(struct judging *b)
{
    const struct doctor_measures *m = b->measures;
    char time[32];
    if (b->facts->invariant != 0)
        return;
    struct doctor_finding *f = find(b, "tsc", DOCTOR_HINT);
    f->measured = m != NULL;
    WHAT(f, "The processor's time stamp counter is not invariant: Leat reads the system's clock.");
    if (m != NULL)
        COST(f, "A time stamp takes %s in place of about 10, twice a batch.",
             doctor_time(m->ticks, time));
    else
        COST(f, "A time stamp takes longer, twice a batch.");
    COMMAND(f, "qemu-system-x86_64 -cpu host,+invtsc ...   (on the host of a virtual machine)");
}

static void judge_wake(struct judging *b)
{
    const struct doctor_measures *m = b->measures;
    char time[32];
    if (m == NULL || m->wake < 50e3 || m->share < DOCTOR_QUIET)
        return;
    struct doctor_finding *f = find(b, "wake", DOCTOR_HINT);
    f->measured = true;
    WHAT(f, "A worker that sleeps wakes up late.");
    COST(f, "It takes %s from the call until it runs.", doctor_time(m->wake, time));
    COMMAND(f, "leat doctor --write-config FILE   (looks longer); sudo cpupower idle-set -D 10");
}

/* What is said of the rest is to be taken with care. */
static void judge_busy(struct judging *b)
{
    const struct doctor_measures *m = b->measures;
    if (m == NULL || m->share >= DOCTOR_QUIET)
        return;
    struct doctor_finding *f = find(b, "busy", DOCTOR_WARNING);
    f->measured = true;
    WHAT(f, "Other programs are at work here: what was measured is too great, look again later.");
    COST(f, "A busy thread had %.0f %% of its processor just now.", m->share * 100);
    COMMAND(f, "ps -eo pcpu,pid,comm --sort=-pcpu | head");
}

/* ---- memory ---- */

static void judge_pages(struct judging *b)
{
    const struct doctor_facts *facts = b->facts;
    if (strcmp(facts->transparent, "never") != 0)
        return;
    char time[32];
    bool reserved = facts->reserved_free > 0;
    struct doctor_finding *f = find(b, "huge-pages", reserved ? DOCTOR_HINT : DOCTOR_WARNING);
    WHAT(f, "Transparent huge pages are off");
    if (reserved)
        WHAT(f, "; %lld pages of 2 MiB are set aside", (long long)facts->reserved_free);
    WHAT(f, ".");
    f->measured = b->measures != NULL && b->measures->page > 0;
    COST(f, reserved ? "A run that wants more takes pages of 4 KiB"
                     : "A run's memory is in pages of 4 KiB");
    if (f->measured)
        COST(f, ": their first touch takes %s for each GiB",
             doctor_time(b->measures->page * 262144, time));
    COST(f, "; it begins later, and addresses are looked up more often.");
    COMMAND(f, "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled");
}

static void judge_nodes(struct judging *b)
{
    const struct leat_topology *t = &b->facts->topology;
    if (!b->facts->topology_known || t->nodes < 2)
        return;
    bool moves = b->facts->numa_balancing == 1;
    struct doctor_finding *f = find(b, "memory-nodes", moves ? DOCTOR_WARNING : DOCTOR_HINT);
    WHAT(f, "There are %u memory nodes%s.", t->nodes,
         moves ? ", and the system moves pages between them" : "");
    COST(f, moves ? "Workers meet page faults while they run."
                  : "Workers of different nodes wait longer for each other's lines.");
    if (moves) {
        COMMAND(f, "echo 0 | sudo tee /proc/sys/kernel/numa_balancing");
        return;
    }
    COMMAND(f, "leat run --pin ");
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->pus && n < LEAT_WORKERS_MAX; i++)
        if (t->pu[i].node == t->pu[0].node && t->pu[i].sibling == 0)
            COMMAND(f, "%s%u", n++ == 0 ? "" : ",", t->pu[i].pu);
    COMMAND(f, " ...   (processors of one node)");
}

static void judge_far(struct judging *b)
{
    const struct doctor_measures *m = b->measures;
    const struct doctor_pair *near = NULL, *far = NULL;
    for (uint32_t i = 0; m != NULL && i < m->pairs_n; i++) {
        const struct doctor_pair *pair = &m->pairs[i];
        if (pair->ns >= 0 && (near == NULL || pair->ns < near->ns))
            near = pair;
        if (pair->ns >= 0 && (far == NULL || pair->ns > far->ns))
            far = pair;
    }
    if (far == NULL || far->ns < DOCTOR_NEAR_NS)
        return;
    struct doctor_finding *f = find(b, "far", DOCTOR_WARNING);
    f->measured = true;
    bool some = near->ns < DOCTOR_NEAR_NS;
    WHAT(f, "Processors %u and %u are far from each other%s.", far->a, far->b,
         some ? "" : ", and none are near");
    COST(f, "A line there and back takes %.0f ns", far->ns);
    if (some) {
        COST(f, "; %.0f ns between %u and %u, which are near.", near->ns, near->a, near->b);
        COMMAND(f, "leat run --workers 2 --pin %u,%u ...", near->a, near->b);
    } else {
        COST(f, " (near: 50 to 110): each batch that is handed over pays for some.");
        COMMAND(f, "leat run --batch 64 ...   or --workers 1");
    }
}

/* ---- limits and kernels ---- */

static void judge_memlock(struct judging *b)
{
    const struct doctor_facts *facts = b->facts;
    char size[32];
    if (facts->memlock < 0 || facts->memlock >= 64 << 20 || facts->swap <= 0)
        return;
    struct doctor_finding *f = find(b, "memlock", DOCTOR_HINT);
    WHAT(f, "At most %s can be locked, and there is swap.",
         size_text((uint64_t)facts->memlock, size));
    COST(f, "Memory that was swapped out faults in the middle of a run; a program that embeds Leat "
            "cannot lock a larger arena.");
    if (facts->memlock_most > facts->memlock)
        COMMAND(f, "ulimit -l %s", facts->memlock_most == DOCTOR_UNLIMITED ? "unlimited" : "hard");
    else
        COMMAND(f, "echo '* - memlock unlimited' | sudo tee -a /etc/security/limits.conf");
}

/* A worker touches 128 KiB of its stack before it begins. */
static void judge_stack(struct judging *b)
{
    char size[32];
    if (b->facts->stack < 0 || b->facts->stack >= 192 << 10)
        return;
    struct doctor_finding *f = find(b, "stack", DOCTOR_SEVERE);
    WHAT(f, "The limit of the stack is %s.", size_text((uint64_t)b->facts->stack, size));
    COST(f, "Workers take 128 KiB of it before they begin: a run crashes.");
    COMMAND(f, "ulimit -s 8192");
}

static void judge_files(struct judging *b)
{
    if (b->facts->files < 0 || b->facts->files >= 64)
        return;
    struct doctor_finding *f = find(b, "files", DOCTOR_WARNING);
    WHAT(f, "A process may open %lld files.", (long long)b->facts->files);
    COST(f, "A pipeline with many files cannot open them all.");
    COMMAND(f, "ulimit -n 1024");
}

/* Only an x86 processor has wider kernels. */
static void judge_kernels(struct judging *b)
{
    if (!b->facts->isa_known || b->facts->isa != LEAT_ISA_BASE || b->facts->invariant < 0)
        return;
    struct doctor_finding *f = find(b, "kernels", DOCTOR_WARNING);
    WHAT(f, "The processor shows neither AVX2 nor FMA: kernels work on 128 bits at a time.");
    COST(f, "Those of statistics take about twice as long as on 256.");
    COMMAND(f, "qemu-system-x86_64 -cpu host ...   (on the host of a virtual machine)");
}

/* ---- all of them ---- */

void doctor_judge(struct doctor_findings *findings, const struct doctor_facts *facts,
                  const struct doctor_measures *measures)
{
    static void (*const judges[])(struct judging *) = {
        judge_quota,       judge_stack,  judge_governor, judge_busy,     judge_clock,
        judge_far,         judge_cpuset, judge_virtual,  judge_kernels,  judge_pages,
        judge_shared_core, judge_files,  judge_nodes,    judge_isolated, judge_siblings,
        judge_wake,        judge_tsc,    judge_memlock,
    };
    struct doctor_findings found = {.n = 0};
    struct judging judging = {&found, facts, measures, doctor_usable(facts)};
    for (size_t i = 0; i < sizeof judges / sizeof judges[0]; i++)
        judges[i](&judging);
    findings->n = 0;
    for (int severity = DOCTOR_SEVERE; severity <= DOCTOR_HINT; severity++)
        for (uint32_t i = 0; i < found.n; i++)
            if ((int)found.list[i].severity == severity)
                findings->list[findings->n++] = found.list[i];
}
