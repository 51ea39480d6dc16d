/* The control group that the process is in: how much processor time it may take, and where. */
#define _GNU_SOURCE
#include "doctor.h"

#include <stdlib.h>
#include <string.h>

/* A hierarchy of groups: where it is mounted, which of its groups is the mount's root, ours. */
struct tree {
    const char *controller; /* version 1; NULL: version 2 */
    char point[DOCTOR_PATH], top[DOCTOR_PATH], group[DOCTOR_PATH];
    bool mounted, joined;
};
struct trees {
    struct tree unified, cpu, cpuset;
};

/* Whether a list "cpu,cpuacct" has the word. */
static bool lists(const char *list, const char *word)
{
    for (size_t n = strlen(word); *list != '\0'; list += *list == ',') {
        size_t own = strcspn(list, ",");
        if (own == n && memcmp(list, word, n) == 0)
            return true;
        list += own;
    }
    return false;
}

static void copy(char out[DOCTOR_PATH], const char *text)
{
    snprintf(out, DOCTOR_PATH, "%.*s", DOCTOR_PATH - 1, text);
}

/* ID:CONTROLLERS:GROUP */
static bool take_group(void *user, char *text)
{
    struct trees *trees = user;
    char *rest = text;
    char *id = strsep(&rest, ":"), *controllers = strsep(&rest, ":");
    if (id == NULL || controllers == NULL || rest == NULL)
        return true;
    struct tree *const all[] = {&trees->unified, &trees->cpu, &trees->cpuset};
    for (size_t i = 0; i < 3; i++) {
        const char *controller = all[i]->controller;
        if (controller == NULL ? *controllers == '\0' : lists(controllers, controller)) {
            copy(all[i]->group, rest);
            all[i]->joined = true;
        }
    }
    return true;
}

/* ID PARENT DEVICE TOP POINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS */
static bool take_mount(void *user, char *text)
{
    struct trees *trees = user;
    char *words[5], *rest = strstr(text, " - ");
    if (rest == NULL)
        return true;
    *rest = '\0';
    for (size_t i = 0; i < 5; i++)
        if ((words[i] = strsep(&text, " ")) == NULL)
            return true;
    rest += 3;
    const char *type = strsep(&rest, " ");
    (void)strsep(&rest, " ");
    const char *options = rest != NULL ? rest : "";
    struct tree *const all[] = {&trees->unified, &trees->cpu, &trees->cpuset};
    for (size_t i = 0; i < 3; i++) {
        const char *controller = all[i]->controller;
        bool this = controller == NULL ? strcmp(type, "cgroup2") == 0
                                       : strcmp(type, "cgroup") == 0 && lists(options, controller);
        if (!this || all[i]->mounted)
            continue;
        copy(all[i]->top, words[3]);
        copy(all[i]->point, words[4]);
        all[i]->mounted = true;
    }
    return true;
}

/* The folder of our group; false when it is not to be seen. */
static bool folder_of(const struct tree *tree, char folder[DOCTOR_PATH])
{
    const char *inside = tree->group;
    size_t top = strcmp(tree->top, "/") == 0 ? 0 : strlen(tree->top);
    if (!tree->mounted || !tree->joined)
        return false;
    bool below = strncmp(inside, tree->top, top) == 0 && (inside[top] == '/' || inside[top] == 0);
    inside = below ? inside + top : ""; /* what is beside the mount is the mount, from here */
    if (strcmp(inside, "/") == 0)
        inside = "";
    int n = snprintf(folder, DOCTOR_PATH, "%s%s", tree->point, inside);
    return n > 0 && n < DOCTOR_PATH - 32; /* room for the name of a file in it */
}

/* To the group above; false at the mount. */
static bool climb(const struct tree *tree, char folder[DOCTOR_PATH])
{
    char *slash = strrchr(folder, '/');
    if (slash == NULL || strlen(folder) <= strlen(tree->point))
        return false;
    *slash = '\0';
    return true;
}

static bool read_in(const char *root, const char *folder, const char *name, char *out,
                    size_t bytes)
{
    char path[DOCTOR_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return file_text(root, path, out, bytes);
}

/* ---- the quota ---- */

/* Both in microseconds. False: none is set here. */
static bool quota_of(const char *root, const char *folder, bool old, int64_t *quota,
                     int64_t *period)
{
    char text[64], span[64];
    if (!old) {
        if (!read_in(root, folder, "cpu.max", text, sizeof text))
            return false;
        *quota = number_of(text);
        *period = number_of(text + strcspn(text, " ") + (strchr(text, ' ') != NULL));
    } else {
        if (!read_in(root, folder, "cpu.cfs_quota_us", text, sizeof text) ||
            !read_in(root, folder, "cpu.cfs_period_us", span, sizeof span))
            return false;
        *quota = number_of(text);
        *period = number_of(span);
    }
    return *quota > 0 && *period > 0;
}

static void read_throttled(struct control_group *group, const char *root, const char *folder)
{
    char path[DOCTOR_PATH + 64], text[32];
    snprintf(path, sizeof path, "%s/cpu.stat", folder);
    if (file_line(root, path, "nr_throttled", text, sizeof text))
        group->throttled = number_of(text);
    if (file_line(root, path, group->old ? "throttled_time" : "throttled_usec", text,
                  sizeof text) && number_of(text) >= 0)
        group->throttled_s = (double)number_of(text) / (group->old ? 1e9 : 1e6);
}

/* The tightest of our group and those above it. */
static void look_quota(struct control_group *group, const char *root, const struct tree *tree)
{
    char folder[DOCTOR_PATH];
    int64_t quota, period;
    bool old = tree->controller != NULL;
    if (!folder_of(tree, folder))
        return;
    group->known = true;
    do {
        if (!quota_of(root, folder, old, &quota, &period))
            continue;
        double processors = (double)quota / (double)period;
        if (group->quota > 0 && processors >= group->quota)
            continue;
        group->quota = processors;
        group->period_ms = (double)period / 1e3;
        group->old = old;
        snprintf(group->quota_file, sizeof group->quota_file, "%.*s/%s", DOCTOR_PATH - 32, folder,
                 old ? "cpu.cfs_quota_us" : "cpu.max");
        read_throttled(group, root, folder);
    } while (climb(tree, folder));
}

/* ---- the processors ---- */

static bool cpus_of(const char *root, const char *folder, bool old, struct cpus *cpus)
{
    char text[4096];
    return read_in(root, folder, old ? "cpuset.effective_cpus" : "cpuset.cpus.effective", text,
                   sizeof text) && text[0] != '\0' && cpus_parse(text, cpus);
}

/* Ours, and the highest group that allows no more: there it is set. */
static void look_cpus(struct control_group *group, const char *root, const struct tree *tree)
{
    char folder[DOCTOR_PATH];
    struct cpus above;
    bool old = tree->controller != NULL;
    if (group->cpus.known || !folder_of(tree, folder))
        return;
    do {
        if (!cpus_of(root, folder, old, &above))
            continue;
        if (group->cpus.known && !cpus_within(&above, &group->cpus))
            return;
        group->cpus = above;
        snprintf(group->cpus_file, sizeof group->cpus_file, "%.*s/cpuset.cpus", DOCTOR_PATH - 32,
                 folder);
    } while (climb(tree, folder));
}

static void name_container(struct control_group *group, const struct trees *trees)
{
    static const char *const names[] = {"docker", "kubepods", "libpod", "lxc", "containerd"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strstr(trees->unified.group, names[i]) != NULL ||
            strstr(trees->cpu.group, names[i]) != NULL)
            snprintf(group->container, sizeof group->container, "%s", names[i]);
}

void control_group_look(struct control_group *group, const char *root)
{
    *group = (struct control_group){.throttled = DOCTOR_UNKNOWN, .throttled_s = -1};
    struct trees *trees = calloc(1, sizeof *trees);
    if (trees == NULL)
        return;
    trees->cpu.controller = "cpu";
    trees->cpuset.controller = "cpuset";
    file_each(root, "/proc/self/cgroup", take_group, trees);
    file_each(root, "/proc/self/mountinfo", take_mount, trees);
    look_quota(group, root, &trees->unified);
    look_quota(group, root, &trees->cpu);
    look_cpus(group, root, &trees->unified);
    look_cpus(group, root, &trees->cpuset);
    name_container(group, trees);
    free(trees);
}
