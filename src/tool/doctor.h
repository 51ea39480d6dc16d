/* `leat doctor`: what its files share. */
#ifndef LEAT_TOOL_DOCTOR_H
#define LEAT_TOOL_DOCTOR_H

#include <leat/plan.h>
#include <leat/simd.h>
#include <leat/topology.h>

#include <stdio.h>

/* ---- doctor_files.c: the files of /proc and /sys below a root folder, "" for this machine ---- */

#define DOCTOR_UNKNOWN (-1)
#define DOCTOR_UNLIMITED INT64_MAX
#define DOCTOR_PATH 1024

/* The first line of a file without blanks at its ends, cut to fit; false, and "" in out, when it
 * cannot be read. A file is never waited for. */
bool file_text(const char *root, const char *path, char *out, size_t bytes);
/* What follows the first `key` that begins a line, and its colon. */
bool file_line(const char *root, const char *path, const char *key, char *out, size_t bytes);
/* A whole number >= 0 at the start of a file; DOCTOR_UNKNOWN. */
int64_t file_number(const char *root, const char *path);
/* The number that text begins with, 0 to 2^53; DOCTOR_UNKNOWN. */
int64_t number_of(const char *text);
/* Calls each line until it answers false. */
void file_each(const char *root, const char *path, bool (*line)(void *user, char *text),
               void *user);

/* Processors as the system lists them: "0-3,8". */
struct cpus {
    bool known;
    uint32_t n;
    struct leat_topology_mask mask;
    char text[256];
};
bool cpus_parse(const char *text, struct cpus *cpus);
bool cpus_has(const struct cpus *cpus, uint32_t pu);
/* Every one of part is one of whole. */
bool cpus_within(const struct cpus *part, const struct cpus *whole);

/* ---- doctor_cgroup.c ---- */

struct control_group {
    bool known;               /* the quota is */
    double quota;             /* processors' worth of time; 0: none */
    double period_ms;
    char quota_file[DOCTOR_PATH]; /* where it is set */
    bool old;                 /* version 1 */
    int64_t throttled;        /* times that the group stood still; DOCTOR_UNKNOWN */
    double throttled_s;       /* for how long; < 0 unknown */
    struct cpus cpus;         /* that the group may use */
    char cpus_file[DOCTOR_PATH];
    char container[16];       /* docker, kubernetes, …; "" */
};
void control_group_look(struct control_group *group, const char *root);

/* ---- doctor_look.c: what the machine says of itself ---- */

struct doctor_facts {
    const char *root;            /* "": this machine */
    struct leat_topology topology;
    bool topology_known;
    struct cpus online, allowed, isolated, without_tick;
    char model[96];              /* all texts: "" unknown */
    int smt;                     /* 1, 0, DOCTOR_UNKNOWN, as all switches here */
    bool isa_known;
    enum leat_isa isa;
    bool usable[LEAT_ISAS];
    char clock[32], clocks[96];
    int invariant;               /* of the time stamp counter; DOCTOR_UNKNOWN: there is none */
    char transparent[16];
    int64_t reserved, reserved_free;
    struct {
        char name[32], driver[32];
        uint32_t cpus, of;       /* how many have it, of how many that say theirs */
        int64_t khz_min, khz_max;
        bool lowest;             /* it stays at the lowest frequency */
    } governor;
    int64_t memlock, memlock_most, stack, files; /* bytes, bytes, bytes, count */
    int64_t swap;                /* bytes */
    struct control_group group;
    int virtual_machine;
    char host[128];              /* what the virtual machine calls its hardware */
    double stolen;               /* share of the processors' time that the host took; < 0 */
    int numa_balancing;
};
void doctor_look(struct doctor_facts *facts, const char *root);

/* How many processors this process may use; 0 unknown. */
uint32_t doctor_usable(const struct doctor_facts *facts);

/* ---- doctor_measure.c: what things cost here ---- */

#define DOCTOR_CORES_MAX LEAT_WORKERS_MAX
#define DOCTOR_PAIRS_MAX (DOCTOR_CORES_MAX * (DOCTOR_CORES_MAX - 1) / 2)
#define DOCTOR_NEAR_NS 150.0 /* a line there and back in less: near */

struct doctor_pair {
    uint32_t a, b; /* processors of different cores */
    double ns;     /* a line there and back; < 0: not measured */
};

/* Nanoseconds; < 0: not measured. */
struct doctor_measures {
    double clock, clock_call, ticks, pause, yield, wake, page, huge_page, interruption;
    double share;          /* of its processor that a busy thread had, 0 to 1 */
    struct doctor_pair pairs[DOCTOR_PAIRS_MAX];
    uint32_t pairs_n;
    bool pairs_left;       /* there was no time for all, or there are more cores */
    uint32_t both[2];      /* two processors that worked at the same time */
    double both_speed;     /* share of its speed alone that the first had then; < 0 */
    bool both_siblings;    /* of one core, as the machine says */
    double seconds;        /* all of it */
};
#define DOCTOR_QUIET 0.9 /* with a smaller share others were at work: numbers are too great */

/* At most about 3 seconds. Nothing fails: what cannot be measured is < 0. */
void doctor_measure(struct doctor_measures *measures, const struct doctor_facts *facts);

/* ---- doctor_judge.c: what could be better ---- */

enum doctor_severity { DOCTOR_SEVERE, DOCTOR_WARNING, DOCTOR_HINT };

struct doctor_finding {
    const char *name;
    enum doctor_severity severity;
    bool measured;        /* the cost is a number of this machine */
    char what[256], cost[320], command[DOCTOR_PATH + 128];
};

#define DOCTOR_FINDINGS_MAX 24
struct doctor_findings {
    struct doctor_finding list[DOCTOR_FINDINGS_MAX]; /* the worst first */
    uint32_t n;
};
/* measures may be NULL. A pure function. */
void doctor_judge(struct doctor_findings *findings, const struct doctor_facts *facts,
                  const struct doctor_measures *measures);
const char *doctor_severity_name(enum doctor_severity severity);
/* "25 ns", "9.1 us"; "unknown" below 0. */
const char *doctor_time(double ns, char out[32]);

/* Workers for this machine and where: a core each, neighbours near each other as measured, no more
 * than a quota of processor time keeps busy. pus: DOCTOR_CORES_MAX entries. Returns how many; 0
 * unknown. */
uint32_t doctor_places(const struct doctor_facts *facts, const struct doctor_measures *measures,
                       uint32_t *pus);

/* ---- doctor_text.c, doctor_json.c ---- */

struct doctor_report {
    const struct doctor_facts *facts;
    const struct doctor_measures *measures; /* NULL: another machine */
    const struct doctor_findings *findings;
    double seconds;
};
void doctor_text(FILE *out, const struct doctor_report *report);
/* false: no memory. */
bool doctor_json(FILE *out, const struct doctor_report *report);

/* ---- doctor_config.c ---- */

/* A run configuration for `leat run --config`. */
void doctor_config(FILE *out, const struct doctor_facts *facts,
                   const struct doctor_measures *measures);

#endif
