/* What `leat doctor` makes of measurements, which no imitated machine can give, and of lists. */
#define _GNU_SOURCE
#include "tool.h"

#include "doctor.h"

#include <stdlib.h>
#include <string.h>

static struct doctor_facts facts;
static struct doctor_measures measures;
static struct doctor_findings findings;
static int failures;

static void check(bool good, const char *what, int line)
{
    if (good)
        return;
    failures++;
    fprintf(stderr, "line %d: %s\n", line, what);
    for (uint32_t i = 0; i < findings.n; i++)
        fprintf(stderr, "  %s: %s %s\n    %s\n", findings.list[i].name, findings.list[i].what,
                findings.list[i].cost, findings.list[i].command);
}
#define CHECK(condition) check((condition), #condition, __LINE__)

/* Four cores, one memory, nothing to mend, everything quick; all pairs 60 ns apart. */
static void clean(void)
{
    memset(&facts, 0, sizeof facts);
    memset(&measures, 0, sizeof measures);
    facts.root = "";
    facts.topology_known = true;
    struct leat_topology *t = &facts.topology;
    *t = (struct leat_topology){.pus = 4, .cores = 4, .l3s = 1, .nodes = 1, .packages = 1};
    for (uint16_t i = 0; i < 4; i++)
        t->pu[i] = (struct leat_topology_pu){.pu = i, .core = i};
    CHECK(cpus_parse("0-3", &facts.online) && cpus_parse("0-3", &facts.allowed));
    facts.isa_known = true;
    facts.isa = LEAT_ISA_V3;
    facts.invariant = 1;
    facts.memlock = facts.stack = facts.files = DOCTOR_UNLIMITED;
    snprintf(facts.clock, sizeof facts.clock, "tsc");
    measures = (struct doctor_measures){.clock = 25, .clock_call = 100, .ticks = 10, .pause = 25,
                                        .yield = 300, .wake = 10000, .page = 250, .huge_page = 50,
                                        .interruption = 5000, .share = 1, .both_speed = 1,
                                        .pairs_n = 6};
    uint32_t n = 0;
    for (uint32_t a = 0; a < 4; a++)
        for (uint32_t b = a + 1; b < 4; b++)
            measures.pairs[n++] = (struct doctor_pair){a, b, 60};
}

static void apart(uint32_t a, uint32_t b, double ns)
{
    for (uint32_t i = 0; i < measures.pairs_n; i++)
        if (measures.pairs[i].a == a && measures.pairs[i].b == b)
            measures.pairs[i].ns = ns;
}

/* The one finding there is; NULL, with a failure: another number of them. */
static const struct doctor_finding *only(const char *name, int line)
{
    doctor_judge(&findings, &facts, &measures);
    bool one = findings.n == 1 && strcmp(findings.list[0].name, name) == 0;
    check(one, name, line);
    if (one)
        check(findings.list[0].measured, "measured", line);
    return one ? &findings.list[0] : NULL;
}

static void nothing(int line)
{
    doctor_judge(&findings, &facts, &measures);
    check(findings.n == 0, "nothing", line);
}

static void says(const struct doctor_finding *f, const char *cost, const char *command, int line)
{
    check(f != NULL && strstr(f->cost, cost) != NULL, cost, line);
    check(f != NULL && strstr(f->command, command) != NULL, command, line);
}
#define ONLY(name, cost, command) says(only(name, __LINE__), cost, command, __LINE__)

static void distances(void)
{
    clean();
    nothing(__LINE__);
    apart(0, 1, 149.9);
    nothing(__LINE__);
    apart(1, 2, 55);
    apart(0, 3, 150);
    ONLY("far", "150 ns; 55 ns between 1 and 2", "--workers 2 --pin 1,2");
    for (uint32_t i = 0; i < 6; i++)
        measures.pairs[i].ns = 330 + i;
    ONLY("far", "335 ns (near", "--batch 64");
    for (uint32_t i = 0; i < 6; i++)
        measures.pairs[i].ns = -1;
    nothing(__LINE__);
    measures.pairs_n = 0;
    nothing(__LINE__);
}

static void costs(void)
{
    clean();
    measures.wake = 80e3;
    ONLY("wake", "80 us", "--write-config");
    clean();
    measures.clock = 90; /* whatever it is called */
    ONLY("clock", "90 ns", "tsc=reliable");
    clean();
    snprintf(facts.clock, sizeof facts.clock, "hpet"); /* measured: no system call after all */
    nothing(__LINE__);
    clean();
    measures.both[1] = 2;
    measures.both_speed = 0.55;
    ONLY("shared-core", "0.55", "--workers 1");
    clean();
    measures.both_speed = -1;
    nothing(__LINE__);
    clean();
    facts.topology.cores = 2;
    measures.both_siblings = true;
    measures.both_speed = 0.62;
    ONLY("siblings", "0.62", "--workers 2");
    clean();
    snprintf(facts.transparent, sizeof facts.transparent, "never");
    ONLY("huge-pages", "65.5 ms for each GiB", "echo madvise");
    clean();
    facts.virtual_machine = 1;
    measures.interruption = 7.6e6;
    ONLY("virtual", "7.6 ms", "vcpupin");
    clean();
    measures.share = 0.89; /* then nothing is said of the machine that others may have caused */
    measures.wake = 80e3;
    measures.both_speed = 0.4;
    ONLY("busy", "89 %", "ps ");
    clean();
    facts.invariant = 0;
    ONLY("tsc", "10 ns", "invtsc");
}

static void places(const char *want, int line)
{
    uint32_t pus[DOCTOR_CORES_MAX], n = doctor_places(&facts, &measures, pus);
    char text[256] = "";
    for (uint32_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u", i == 0 ? "" : " ",
                 pus[i]);
    check(strcmp(text, want) == 0, text, line);
}
#define PLACES(want) places(want, __LINE__)

static void neighbours_are_near(void)
{
    clean();
    PLACES("0 1 2 3");
    apart(1, 3, 45); /* noise */
    PLACES("0 1 2 3");
    for (uint32_t i = 0; i < 6; i++)
        measures.pairs[i].ns = 300;
    apart(0, 2, 60);
    apart(1, 3, 60);
    PLACES("0 2 1 3");
    apart(0, 2, 300);
    PLACES("1 3 0 2");
    facts.group.quota = 2.5;
    PLACES("1 3");
    facts.group.quota = 0.5;
    PLACES("1");
    facts.group.quota = 8;
    measures.pairs_left = true; /* a part says nothing of the whole */
    PLACES("0 1 2 3");
    facts.topology_known = false;
    PLACES("");
}

static void written(const char *want, int line)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    doctor_config(out, &facts, &measures);
    fclose(out);
    check(strstr(text, want) != NULL, text, line);
    free(text);
}

/* As long as it takes to be woken, half in pauses, half in yields. */
static void waits(void)
{
    clean();
    written("\nspins = 200\nyields = 17\n", __LINE__);
    measures.wake = 80e3;
    written("\nspins = 1600\nyields = 133\n", __LINE__);
    measures.wake = 1e12;
    written("\nspins = 100000\nyields = 1000\n", __LINE__);
    measures.wake = 1;
    written("\nspins = 1\nyields = 1\n", __LINE__);
    facts.group.quota = 0.9;
    written("\nspins = 1\n", __LINE__);
    clean();
    measures.share = 0.5;
    written("\n# spins, yields: others were at work", __LINE__);
}

static void lists(void)
{
    static const struct {
        const char *text;
        int n; /* -1: no list */
    } known[] = {{"0-3,8", 5}, {"", 0},     {"(null)", 0}, {"7", 1},       {"2,2-3", 2},
                 {"5-2", -1},  {"1,,2", -1}, {"3-", -1},   {"1,", -1},     {"-1", -1},
                 {"x", -1},    {"1 2", -1}, {"0-2000", 1024}, {"0-65536", -1},
                 {"99999999999999999999", -1}};
    struct cpus cpus;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        bool good = cpus_parse(known[i].text, &cpus);
        check(good == (known[i].n >= 0) && cpus.known == good, known[i].text, __LINE__);
        check((int)cpus.n == (good ? known[i].n : 0), known[i].text, __LINE__);
    }
    CHECK(cpus_parse("1,1023", &cpus) && cpus_has(&cpus, 1023) && !cpus_has(&cpus, 0));
    CHECK(!cpus_has(&cpus, 1024));
}

int main(void)
{
    lists();
    distances();
    costs();
    neighbours_are_near();
    waits();
    if (failures == 0)
        printf("all of it is judged as it should be\n");
    return failures != 0;
}
