#define _GNU_SOURCE
#include "inspect.h"
#include "json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHOWN 10u /* instruments in the text */

/* Letters as they came, the first in the highest byte; what cannot be shown is a dot. */
static const char *letters(int64_t value, char out[9])
{
    uint32_t n = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        char c = (char)((uint64_t)value >> shift & 255);
        if (c != '\0' || n != 0)
            out[n++] = (char)(isprint((unsigned char)c) ? c : '.');
    }
    while (n != 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return out;
}

/* ns since 1970, or since midnight. */
static const char *when(const struct reading *how, int64_t ns, char out[64])
{
    int64_t s = ns / 1000000000, rest = ns % 1000000000;
    struct tm tm = {0};
    time_t seconds = (time_t)s;
    if (how->midnight || ns < 0 || gmtime_r(&seconds, &tm) == NULL)
        snprintf(out, 64, "%02lld:%02lld:%02lld.%09lld", (long long)(s / 3600),
                 (long long)(s / 60 % 60), (long long)(s % 60), (long long)rest);
    else
        snprintf(out, 64, "%04d-%02d-%02d %02d:%02d:%02d.%09lld UTC", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (long long)rest);
    return out;
}

static int by_records(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->records != y->records)
        return x->records < y->records ? 1 : -1;
    return (x->key > y->key) - (x->key < y->key);
}

/* The instruments, the busiest first; NULL without memory. */
static struct group *sorted(const struct found *f)
{
    struct group *out = malloc((f->groups_n + 1) * sizeof *out);
    uint32_t n = 0;
    for (uint32_t i = 0; out != NULL && i < INSPECT_GROUPS; i++)
        if (f->groups[i].records != 0)
            out[n++] = f->groups[i];
    if (out != NULL)
        qsort(out, n, sizeof *out, by_records);
    return out;
}

static const char *group_text(const struct found *f, const struct group *g, char out[32])
{
    char name[9];
    if (g->name != LEAT_TIME_NONE)
        snprintf(out, 32, "%s", letters(g->name, name));
    else if (f->reading->name != NULL && strcmp(f->reading->name, f->reading->group) == 0)
        snprintf(out, 32, "%s", letters(g->key, name));
    else
        snprintf(out, 32, "%lld", (long long)g->key);
    return out;
}

/* A name as the pipeline language takes it: in quotes unless it is plain, a quote in other quotes.
 * Returns how many bytes of room that would take, as snprintf does. */
static size_t quote(const char *name, char *out, size_t bytes)
{
    size_t n = 0, plain = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789._-/+@%:");
    if (name[plain] == '\0')
        return (size_t)snprintf(out, bytes, "%s", name);
    do {
        size_t part = strcspn(name, "'");
        if (part != 0)
            n += (size_t)snprintf(out + n, bytes - n, "'%.*s'", (int)part, name);
        name += part;
        if (*name == '\'' && n < bytes)
            n += (size_t)snprintf(out + n, bytes - n, "\"'\"");
        name += *name == '\'';
    } while (*name != '\0' && n < bytes);
    return n;
}

/* The pipeline without its outlet, over the file. */
static void read_by(const struct found *f, char *out, size_t bytes)
{
    const char *text = f->reading->text, *file = text != NULL ? strstr(text, "$file") : NULL;
    if (file == NULL) {
        out[0] = '\0';
        return;
    }
    const char *end = strstr(text, " ! outlet");
    size_t n = (size_t)snprintf(out, bytes, "%.*s", (int)(file - text), text);
    n += quote(f->path, out + n, bytes - n);
    if (n < bytes)
        snprintf(out + n, bytes - n, "%.*s", (int)(end - file - 5), file + 5);
}

/* A type's letter; DBN's actions may be any byte. */
static const char *type_text(int type, char out[8])
{
    snprintf(out, 8, isprint(type) ? "%c" : "\\x%02x", (unsigned)type);
    return out;
}

static bool is_letters(const struct found *f, uint32_t r)
{
    const char *name = f->names[r];
    return f->reading->type != NULL &&
           (strcmp(name, f->reading->type) == 0 || strcmp(name, "symbol") == 0);
}

static void print_cell(FILE *out, const struct found *f, uint32_t i, uint32_t r)
{
    char text[40] = "-", name[9];
    if (f->kind != LEAT_I64)
        text[leat_number_write(text, f->first[i][r].f64)] = '\0';
    else if (f->first[i][r].i64 != LEAT_TIME_NONE && is_letters(f, r))
        snprintf(text, sizeof text, "%s", letters(f->first[i][r].i64, name));
    else if (f->first[i][r].i64 != LEAT_TIME_NONE)
        snprintf(text, sizeof text, "%lld", (long long)f->first[i][r].i64);
    fprintf(out, " %20s", text);
}

static void print_first(FILE *out, const struct found *f)
{
    if (f->reading->text == NULL) {
        fprintf(out, "first lines:\n");
        for (uint32_t i = 0; i < INSPECT_FIRST && i < f->records; i++)
            fprintf(out, "  %s\n", f->lines[i]);
    }
    if (f->first_n == 0)
        return;
    fprintf(out, "first records:\n ");
    for (uint32_t r = 0; r < f->channels_n; r++)
        fprintf(out, " %20s", f->names[r]);
    fprintf(out, "\n");
    for (uint32_t i = 0; i < f->first_n; i++) {
        fprintf(out, " ");
        for (uint32_t r = 0; r < f->channels_n; r++)
            print_cell(out, f, i, r);
        fprintf(out, "\n");
    }
}

static void print_groups(FILE *out, const struct found *f)
{
    struct group *groups = f->groups_n != 0 ? sorted(f) : NULL;
    char text[32];
    if (groups == NULL)
        return;
    fprintf(out, "%-12s %u:", "instruments", f->groups_n);
    for (uint32_t i = 0; i < f->groups_n && i < SHOWN; i++)
        fprintf(out, "%s %s %llu", i != 0 ? "," : "", group_text(f, &groups[i], text),
                (unsigned long long)groups[i].records);
    fprintf(out, "%s\n", f->groups_n > SHOWN ? ", …" : "");
    free(groups);
}

void inspect_text(FILE *out, const struct found *f)
{
    char text[INSPECT_TEXT], time[64], letter[8];
    read_by(f, text, sizeof text);
    fprintf(out, "%s: %s\n", f->path, f->reading->doc);
    if (text[0] != '\0')
        fprintf(out, "%-12s %s\n", "read by", text);
    fprintf(out, "%-12s %llu\n%-12s %llu\n", "bytes", (unsigned long long)f->bytes, "records",
            (unsigned long long)f->records);
    if (f->rate > 0)
        fprintf(out, "%-12s %g Hz, %.6g s\n", "rate", f->rate, (double)f->records / f->rate);
    if (f->time_min != LEAT_TIME_NONE) {
        fprintf(out, "%-12s %s\n", "from", when(f->reading, f->time_min, time));
        fprintf(out, "%-12s %s\n", "to", when(f->reading, f->time_max, time));
    }
    bool any = false;
    for (int t = 0; t < 256; t++)
        if (f->types[t] != 0) {
            fprintf(out, any ? ", %s %llu" : "types        %s %llu", type_text(t, letter),
                    (unsigned long long)f->types[t]);
            any = true;
        }
    fprintf(out, any ? "\n" : "");
    print_groups(out, f);
    for (uint32_t i = 0; i < f->causes_n; i++)
        fprintf(out, "%-12s %s: %s %llu\n", i == 0 ? "wrong" : "", f->causes[i].stage,
                f->causes[i].cause, (unsigned long long)f->causes[i].count);
    print_first(out, f);
}

/* ---- JSON ---- */

static void add_i64(cJSON *object, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    cJSON_AddRawToObject(object, name, text);
}

static void add_first(cJSON *root, const struct found *f)
{
    cJSON *array = cJSON_AddArrayToObject(root, "first");
    for (uint32_t i = 0; f->reading->text == NULL && i < INSPECT_FIRST && i < f->records; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(f->lines[i]));
    for (uint32_t i = 0; i < f->first_n; i++) {
        cJSON *o = json_add_entry(array);
        for (uint32_t r = 0; r < f->channels_n; r++) {
            char name[9];
            if (f->kind != LEAT_I64)
                cJSON_AddNumberToObject(o, f->names[r], f->first[i][r].f64);
            else if (f->first[i][r].i64 == LEAT_TIME_NONE)
                cJSON_AddNullToObject(o, f->names[r]);
            else if (is_letters(f, r))
                cJSON_AddStringToObject(o, f->names[r], letters(f->first[i][r].i64, name));
            else
                add_i64(o, f->names[r], f->first[i][r].i64);
        }
    }
}

static void add_groups(cJSON *root, const struct found *f)
{
    cJSON *array = cJSON_AddArrayToObject(root, "instruments");
    struct group *groups = sorted(f);
    char text[32];
    for (uint32_t i = 0; groups != NULL && i < f->groups_n; i++) {
        cJSON *o = json_add_entry(array);
        cJSON_AddStringToObject(o, "name", group_text(f, &groups[i], text));
        json_add_u64(o, "records", groups[i].records);
    }
    free(groups);
}

bool inspect_json(FILE *out, const struct found *f)
{
    cJSON *root = json_begin();
    char text[INSPECT_TEXT], letter[8];
    read_by(f, text, sizeof text);
    cJSON_AddStringToObject(root, "file", f->path);
    cJSON_AddStringToObject(root, "format", f->reading->format);
    cJSON_AddStringToObject(root, "read_by", text);
    json_add_u64(root, "bytes", f->bytes);
    json_add_u64(root, "records", f->records);
    cJSON_AddNumberToObject(root, "rate", f->rate);
    if (f->time_min != LEAT_TIME_NONE) {
        add_i64(root, "from_ns", f->time_min);
        add_i64(root, "to_ns", f->time_max);
    }
    json_add_u64(root, "frames_after_gaps", f->gap_frames);
    cJSON *types = cJSON_AddObjectToObject(root, "types");
    for (int t = 0; t < 256; t++)
        if (f->types[t] != 0)
            json_add_u64(types, type_text(t, letter), f->types[t]);
    add_groups(root, f);
    cJSON *causes = cJSON_AddArrayToObject(root, "wrong");
    for (uint32_t i = 0; i < f->causes_n; i++) {
        cJSON *o = json_add_entry(causes);
        cJSON_AddStringToObject(o, "stage", f->causes[i].stage);
        cJSON_AddStringToObject(o, "cause", f->causes[i].cause);
        json_add_u64(o, "count", f->causes[i].count);
    }
    cJSON *names = cJSON_AddArrayToObject(root, "channels");
    for (uint32_t r = 0; r < f->channels_n; r++)
        cJSON_AddItemToArray(names, cJSON_CreateString(f->names[r]));
    add_first(root, f);
    return json_end(out, root);
}
