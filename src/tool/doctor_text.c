/* What `leat doctor` found, on one screen. */
#include "tool.h"

#include "doctor.h"

#include <stdarg.h>
#include <string.h>

#define COLUMNS 100
#define LEFT 9 /* of a finding's text, behind its severity */

/* ---- words ---- */

static const char *or_unknown(const char *text)
{
    return text[0] != '\0' ? text : "unknown";
}

static const char *list_words(const struct cpus *cpus)
{
    return !cpus->known ? "unknown" : cpus->n == 0 ? "none" : cpus->text;
}

static const char *bytes_words(int64_t bytes, char out[32])
{
    if (bytes < 0)
        return "unknown";
    return bytes == DOCTOR_UNLIMITED ? "unlimited" : size_text((uint64_t)bytes, out);
}

static const char *count_words(int64_t count, char out[32])
{
    if (count < 0 || count == DOCTOR_UNLIMITED)
        return count < 0 ? "unknown" : "unlimited";
    snprintf(out, 32, "%lld", (long long)count);
    return out;
}

/* Text from column LEFT on, words that would go beyond the last column on lines of their own. */
static void wrapped(FILE *out, const char *text, int left)
{
    int column = left;
    while (*text != '\0') {
        int n = (int)strcspn(text, " ");
        if (column > left && column + 1 + n > COLUMNS) {
            fprintf(out, "\n%*s", left, "");
            column = left;
        }
        column += fprintf(out, "%s%.*s", column > left ? " " : "", n, text);
        text += n + (int)strspn(text + n, " ");
    }
    fputc('\n', out);
}

LEAT_PRINTF(3, 4) static void row(FILE *out, const char *name, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    wrapped(out, text, fprintf(out, "  %-10s ", name));
}

/* ---- the machine ---- */

static void show_processors(FILE *out, const struct doctor_facts *facts)
{
    const struct leat_topology *t = &facts->topology;
    char usable[32], online[32];
    count_words(doctor_usable(facts), usable);
    count_words(facts->online.n, online);
    const char *of = facts->online.known ? online : "unknown";
    const char *smt = facts->smt < 0 ? "unknown" : facts->smt != 0 ? "on" : "off";
    if (facts->topology_known)
        row(out, "processors",
            "%s usable of %s; %u core%s, %u package%s, %u memory node%s; SMT %s; isolated: %s",
            usable, of, t->cores, t->cores == 1 ? "" : "s", t->packages,
            t->packages == 1 ? "" : "s", t->nodes, t->nodes == 1 ? "" : "s", smt,
            list_words(&facts->isolated));
    else
        row(out, "processors", "%s usable of %s; cores unknown; SMT %s; isolated: %s",
            doctor_usable(facts) != 0 ? usable : "unknown", of, smt, list_words(&facts->isolated));
}

static void show_caches(FILE *out, const struct doctor_facts *facts)
{
    const struct leat_topology *t = &facts->topology;
    const uint64_t sizes[] = {t->l1d_bytes, t->l2_bytes, t->l3_bytes};
    char text[3][32];
    const char *words[3];
    for (int i = 0; i < 3; i++)
        words[i] = facts->topology_known && sizes[i] != 0 ? size_text(sizes[i], text[i])
                                                          : "unknown";
    row(out, "caches", "L1 %s, L2 %s, L3 %s", words[0], words[1], words[2]);
}

static void show_kernels(FILE *out, const struct doctor_facts *facts)
{
    char usable[64] = "";
    for (int isa = 0; isa < LEAT_ISAS; isa++)
        if (facts->usable[isa]) {
            size_t n = strlen(usable);
            snprintf(usable + n, sizeof usable - n, " %s", leat_isa_name((enum leat_isa)isa));
        }
    if (facts->isa_known)
        row(out, "kernels", "%s would be picked; usable:%s", leat_isa_name(facts->isa), usable);
    else
        row(out, "kernels", "unknown");
}

static void show_clock(FILE *out, const struct doctor_report *r)
{
    const struct doctor_facts *facts = r->facts;
    char read[32], ticks[32], text[128] = "";
    if (r->measures != NULL)
        snprintf(text, sizeof text, "; reading it takes %s, a time stamp %s",
                 doctor_time(r->measures->clock, read), doctor_time(r->measures->ticks, ticks));
    row(out, "clock", "%s%s%s", or_unknown(facts->clock),
        facts->invariant < 0    ? ""
        : facts->invariant == 1 ? "; the time stamp counter is invariant"
                                : "; the time stamp counter is not invariant",
        text);
}

static void show_pages(FILE *out, const struct doctor_report *r)
{
    const struct doctor_facts *facts = r->facts;
    char reserved[32], one[32], huge[32], text[160] = "";
    if (r->measures != NULL)
        snprintf(text, sizeof text, "; first touch of a page %s, of 4 KiB in a huge one %s",
                 doctor_time(r->measures->page, one), doctor_time(r->measures->huge_page, huge));
    row(out, "huge pages", "%s, %s set aside%s",
        or_unknown(facts->transparent), count_words(facts->reserved, reserved), text);
}

static void show_limits(FILE *out, const struct doctor_facts *facts)
{
    char memlock[32], stack[32], files[32], quota[32] = "none";
    if (!facts->group.known)
        snprintf(quota, sizeof quota, "unknown");
    else if (facts->group.quota > 0)
        snprintf(quota, sizeof quota, "%.3g processors", facts->group.quota);
    row(out, "limits", "CPU quota: %s; cpuset: %s; locked memory %s, stack %s, files %s", quota,
        list_words(&facts->allowed), bytes_words(facts->memlock, memlock),
        bytes_words(facts->stack, stack), count_words(facts->files, files));
}

static void show_system(FILE *out, const struct doctor_facts *facts)
{
    const struct control_group *group = &facts->group;
    const char *kind = facts->virtual_machine < 0    ? "unknown whether a virtual machine"
                       : facts->virtual_machine == 0 ? "no virtual machine"
                                                     : "virtual machine ";
    row(out, "system", "%s%s%s%s; governor: %s", kind,
        facts->virtual_machine == 1 ? or_unknown(facts->host) : "",
        group->container[0] != '\0' ? "; container: " : "", group->container,
        or_unknown(facts->governor.name));
}

/* All pairs of few cores; of many the nearest, the farthest, and how many there are of each. */
static void show_pairs(FILE *out, const struct doctor_measures *m)
{
    char text[256] = "";
    const struct doctor_pair *low = NULL, *high = NULL;
    uint32_t near = 0, far = 0;
    for (uint32_t i = 0; i < m->pairs_n; i++) {
        const struct doctor_pair *pair = &m->pairs[i];
        if (pair->ns < 0)
            continue;
        bool is_near = pair->ns < DOCTOR_NEAR_NS;
        near += is_near;
        far += !is_near;
        low = low == NULL || pair->ns < low->ns ? pair : low;
        high = high == NULL || pair->ns > high->ns ? pair : high;
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%u-%u %.0f ns (%s)", n != 0 ? ", " : "", pair->a,
                 pair->b, pair->ns, is_near ? "near" : "far");
    }
    if (low == NULL)
        row(out, "lines", m->pairs_n == 0 && !m->pairs_left ? "one core: no line travels"
                                                            : "there and back: unknown");
    else if (m->pairs_n <= 6)
        row(out, "lines", "there and back: %s", text);
    else
        row(out, "lines", "there and back: %u pairs near, %u far; %u-%u %.0f ns, %u-%u %.0f ns%s",
            near, far, low->a, low->b, low->ns, high->a, high->b, high->ns,
            m->pairs_left ? "; not all were measured" : "");
}

static void show_waits(FILE *out, const struct doctor_measures *m)
{
    char pause[32], yield[32], wake[32], interruption[32];
    row(out, "waits", "a pause %s, a yield %s, sleep and wake %s; longest interruption %s",
        doctor_time(m->pause, pause), doctor_time(m->yield, yield), doctor_time(m->wake, wake),
        doctor_time(m->interruption, interruption));
}

static void show_finding(FILE *out, const struct doctor_finding *f)
{
    char text[sizeof f->what + sizeof f->cost + 2];
    snprintf(text, sizeof text, "%s %s", f->what, f->cost);
    fprintf(out, "%-*s", LEFT, doctor_severity_name(f->severity));
    wrapped(out, text, LEFT);
    fprintf(out, "%*s%s\n", LEFT, "", f->command); /* in one piece, to be copied */
}

void doctor_text(FILE *out, const struct doctor_report *r)
{
    const char *note = r->measures == NULL ? "   (another machine: nothing is measured)"
                       : r->facts->topology.imitated != 0
                           ? "   (its processors are imitated, by HWLOC_SYNTHETIC or a file)"
                           : "";
    fprintf(out, "%s%s\n", or_unknown(r->facts->model), note);
    show_processors(out, r->facts);
    show_caches(out, r->facts);
    show_kernels(out, r->facts);
    show_clock(out, r);
    show_pages(out, r);
    show_limits(out, r->facts);
    show_system(out, r->facts);
    if (r->measures != NULL) {
        show_pairs(out, r->measures);
        show_waits(out, r->measures);
    }
    fprintf(out, "\n");
    for (uint32_t i = 0; i < r->findings->n; i++)
        show_finding(out, &r->findings->list[i]);
    if (r->findings->n == 0)
        fprintf(out, "Nothing to mend.\n");
}
