/* `leat doctor --json`: what the text says, null where it says unknown. */
#include "tool.h"

#include "doctor.h"
#include "json.h"

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

static void add_count(cJSON *object, const char *name, int64_t number)
{
    if (number == DOCTOR_UNLIMITED)
        cJSON_AddStringToObject(object, name, "unlimited");
    else if (number >= 0)
        json_add_u64(object, name, (uint64_t)number);
    else
        cJSON_AddNullToObject(object, name);
}

/* Of what is never 0 where it is known. */
static void add_size(cJSON *object, const char *name, uint64_t number)
{
    add_count(object, name, number != 0 ? (int64_t)number : DOCTOR_UNKNOWN);
}

static void add_switch(cJSON *object, const char *name, int value)
{
    if (value >= 0)
        cJSON_AddBoolToObject(object, name, value != 0);
    else
        cJSON_AddNullToObject(object, name);
}

static void add_real(cJSON *object, const char *name, double number)
{
    if (number >= 0)
        cJSON_AddNumberToObject(object, name, number);
    else
        cJSON_AddNullToObject(object, name);
}

static void add_list(cJSON *object, const char *name, const struct cpus *cpus)
{
    if (cpus->known)
        cJSON_AddStringToObject(object, name, cpus->text);
    else
        cJSON_AddNullToObject(object, name);
}

/* ---- the machine ---- */

static void add_processors(cJSON *machine, const struct doctor_facts *facts)
{
    const struct leat_topology *t = &facts->topology; /* all 0 where it is not known */
    cJSON *o = cJSON_AddObjectToObject(machine, "processors");
    add_size(o, "usable", doctor_usable(facts));
    add_size(o, "online", facts->online.n);
    add_size(o, "cores", t->cores);
    add_size(o, "packages", t->packages);
    add_size(o, "memory_nodes", t->nodes);
    add_switch(o, "siblings", facts->topology_known ? t->cores < t->pus : DOCTOR_UNKNOWN);
    add_switch(o, "smt", facts->smt);
    add_list(o, "allowed", &facts->allowed);
    add_list(o, "isolated", &facts->isolated);
    add_list(o, "without_tick", &facts->without_tick);
    o = cJSON_AddObjectToObject(machine, "caches");
    add_size(o, "l1d_bytes", t->l1d_bytes);
    add_size(o, "l2_bytes", t->l2_bytes);
    add_size(o, "l3_bytes", t->l3_bytes);
    add_size(o, "l3s", t->l3s);
    add_size(o, "line_bytes", t->line_bytes);
}

static void add_kernels(cJSON *machine, const struct doctor_facts *facts)
{
    cJSON *o = cJSON_AddObjectToObject(machine, "kernels");
    add_text(o, "isa", facts->isa_known ? leat_isa_name(facts->isa) : "");
    cJSON *usable = cJSON_AddArrayToObject(o, "usable");
    for (int isa = 0; isa < LEAT_ISAS; isa++)
        if (facts->usable[isa])
            cJSON_AddItemToArray(usable, cJSON_CreateString(leat_isa_name((enum leat_isa)isa)));
}

static void add_system(cJSON *machine, const struct doctor_facts *facts)
{
    cJSON *o = cJSON_AddObjectToObject(machine, "clock");
    add_text(o, "source", facts->clock);
    add_text(o, "available", facts->clocks);
    add_switch(o, "tsc_invariant", facts->invariant);
    o = cJSON_AddObjectToObject(machine, "pages");
    add_text(o, "transparent", facts->transparent);
    add_count(o, "reserved", facts->reserved);
    add_count(o, "reserved_free", facts->reserved_free);
    o = cJSON_AddObjectToObject(machine, "governor");
    add_text(o, "name", facts->governor.name);
    add_text(o, "driver", facts->governor.driver);
    add_count(o, "khz_min", facts->governor.khz_min);
    add_count(o, "khz_max", facts->governor.khz_max);
    o = cJSON_AddObjectToObject(machine, "limits");
    add_count(o, "memlock_bytes", facts->memlock);
    add_count(o, "stack_bytes", facts->stack);
    add_count(o, "files", facts->files);
}

static void add_around(cJSON *machine, const struct doctor_facts *facts)
{
    const struct control_group *group = &facts->group;
    cJSON *o = cJSON_AddObjectToObject(machine, "control_group");
    if (group->quota > 0)
        cJSON_AddNumberToObject(o, "quota", group->quota);
    else
        add_text(o, "quota", group->known ? "none" : "");
    cJSON_AddStringToObject(o, "file", group->quota_file);
    add_count(o, "throttled", group->throttled);
    add_real(o, "throttled_s", group->throttled_s);
    o = cJSON_AddObjectToObject(machine, "virtual");
    add_switch(o, "machine", facts->virtual_machine);
    cJSON_AddStringToObject(o, "name", facts->host);
    cJSON_AddStringToObject(o, "container", group->container);
    add_real(o, "stolen", facts->stolen);
}

/* ---- what was measured, what was found ---- */

static void add_measures(cJSON *root, const struct doctor_measures *m)
{
    cJSON *o = cJSON_AddObjectToObject(root, "measured");
    add_real(o, "clock_ns", m->clock);
    add_real(o, "clock_system_call_ns", m->clock_call);
    add_real(o, "ticks_ns", m->ticks);
    add_real(o, "pause_ns", m->pause);
    add_real(o, "yield_ns", m->yield);
    add_real(o, "wake_ns", m->wake);
    add_real(o, "page_ns", m->page);
    add_real(o, "huge_page_ns", m->huge_page);
    add_real(o, "interruption_ns", m->interruption);
    add_real(o, "share", m->share);
    cJSON *pairs = cJSON_AddArrayToObject(o, "pairs");
    for (uint32_t i = 0; i < m->pairs_n; i++) {
        const struct doctor_pair *pair = &m->pairs[i];
        cJSON *entry = json_add_entry(pairs);
        const int both[] = {(int)pair->a, (int)pair->b};
        cJSON_AddItemToObject(entry, "processors", cJSON_CreateIntArray(both, 2));
        add_real(entry, "ns", pair->ns);
        add_text(entry, "state", pair->ns < 0 ? "" : pair->ns < DOCTOR_NEAR_NS ? "near" : "far");
    }
    cJSON *both = cJSON_AddObjectToObject(o, "both_at_work");
    const int processors[] = {(int)m->both[0], (int)m->both[1]};
    cJSON_AddItemToObject(both, "processors", cJSON_CreateIntArray(processors, 2));
    add_real(both, "speed", m->both_speed);
    cJSON_AddBoolToObject(both, "siblings", m->both_siblings);
}

static void add_findings(cJSON *root, const struct doctor_findings *findings)
{
    cJSON *array = cJSON_AddArrayToObject(root, "findings");
    for (uint32_t i = 0; i < findings->n; i++) {
        const struct doctor_finding *f = &findings->list[i];
        cJSON *o = json_add_entry(array);
        cJSON_AddStringToObject(o, "name", f->name);
        cJSON_AddStringToObject(o, "severity", doctor_severity_name(f->severity));
        cJSON_AddStringToObject(o, "what", f->what);
        cJSON_AddStringToObject(o, "cost", f->cost);
        cJSON_AddBoolToObject(o, "measured", f->measured);
        cJSON_AddStringToObject(o, "command", f->command);
    }
}

bool doctor_json(FILE *out, const struct doctor_report *r)
{
    cJSON *root = json_begin();
    cJSON_AddStringToObject(root, "leat", TOOL_VERSION);
    cJSON_AddNumberToObject(root, "seconds", r->seconds);
    cJSON *machine = cJSON_AddObjectToObject(root, "machine");
    add_text(machine, "model", r->facts->model);
    add_processors(machine, r->facts);
    add_kernels(machine, r->facts);
    add_system(machine, r->facts);
    add_around(machine, r->facts);
    if (r->measures != NULL)
        add_measures(root, r->measures);
    else
        cJSON_AddNullToObject(root, "measured");
    add_findings(root, r->findings);
    return json_end(out, root);
}
