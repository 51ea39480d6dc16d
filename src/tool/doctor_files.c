#define _GNU_SOURCE
#include "doctor.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 8192 /* the flags of a processor are the longest, 2 KiB */

static FILE *file_open(const char *root, const char *path)
{
    char whole[2 * DOCTOR_PATH];
    int n = snprintf(whole, sizeof whole, "%s%s", root, path);
    if (n < 0 || (size_t)n >= sizeof whole)
        return NULL;
    int fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

/* The next line without its newline, cut to fit. */
static bool next_line(FILE *file, char line[LINE_BYTES])
{
    if (fgets(line, LINE_BYTES, file) == NULL)
        return false;
    size_t n = strcspn(line, "\n");
    if (line[n] != '\n')
        for (int c = getc(file); c != '\n' && c != EOF;)
            c = getc(file);
    line[n] = '\0';
    return true;
}

void file_each(const char *root, const char *path, bool (*line)(void *user, char *text),
               void *user)
{
    char text[LINE_BYTES];
    FILE *file = file_open(root, path);
    if (file == NULL)
        return;
    while (next_line(file, text) && line(user, text))
        ;
    fclose(file);
}

/* Printable, without blanks at its ends. */
static void clean(const char *text, char *out, size_t bytes)
{
    text += strspn(text, " \t");
    size_t n = strnlen(text, bytes - 1);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    memcpy(out, text, n);
    out[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)out[i] < ' ' || (unsigned char)out[i] > '~')
            out[i] = '?';
}

/* What file_line and file_text look for. */
struct wanted {
    const char *key; /* NULL: the first line */
    char *out;
    size_t bytes;
    bool found;
};

static bool take_line(void *user, char *text)
{
    struct wanted *wanted = user;
    if (wanted->key != NULL) {
        size_t n = strlen(wanted->key);
        if (strncmp(text, wanted->key, n) != 0)
            return true;
        text += n + strspn(text + n, " \t");
        text += *text == ':';
    }
    clean(text, wanted->out, wanted->bytes);
    wanted->found = true;
    return false;
}

bool file_line(const char *root, const char *path, const char *key, char *out, size_t bytes)
{
    struct wanted wanted = {key, out, bytes, false};
    out[0] = '\0';
    file_each(root, path, take_line, &wanted);
    return wanted.found;
}

bool file_text(const char *root, const char *path, char *out, size_t bytes)
{
    return file_line(root, path, NULL, out, bytes);
}

int64_t number_of(const char *text)
{
    const int64_t most = INT64_C(1) << 53;
    int64_t number = 0;
    if (*text < '0' || *text > '9')
        return DOCTOR_UNKNOWN;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (*text - '0');
        if (number > most)
            return DOCTOR_UNKNOWN;
    }
    return number;
}

int64_t file_number(const char *root, const char *path)
{
    char text[32];
    return file_text(root, path, text, sizeof text) ? number_of(text) : DOCTOR_UNKNOWN;
}

/* ---- lists of processors ---- */

#define CPUS_MOST 65535 /* no system numbers them higher: what does is nonsense */

static void cpus_add(struct cpus *cpus, int64_t from, int64_t to)
{
    for (int64_t pu = from; pu <= to && pu < (int64_t)LEAT_TOPOLOGY_PUS_MAX; pu++)
        if (!cpus_has(cpus, (uint32_t)pu)) {
            cpus->mask.words[pu / 64] |= UINT64_C(1) << (pu % 64);
            cpus->n++;
        }
}

bool cpus_parse(const char *text, struct cpus *cpus)
{
    memset(cpus, 0, sizeof *cpus);
    if (strcmp(text, "(null)") == 0) /* a kernel that could, and was not asked to */
        text = "";
    for (const char *at = text; *at != '\0';) {
        int64_t from = number_of(at), to = from;
        at += strspn(at, "0123456789");
        if (*at == '-') {
            to = number_of(++at);
            at += strspn(at, "0123456789");
        }
        bool another = *at == ',' && at[1] != '\0';
        if (from == DOCTOR_UNKNOWN || to < from || to > CPUS_MOST || (*at != '\0' && !another)) {
            memset(cpus, 0, sizeof *cpus);
            return false;
        }
        cpus_add(cpus, from, to);
        at += another;
    }
    snprintf(cpus->text, sizeof cpus->text, "%.*s", (int)sizeof cpus->text - 1, text);
    cpus->known = true;
    return true;
}

bool cpus_has(const struct cpus *cpus, uint32_t pu)
{
    return pu < LEAT_TOPOLOGY_PUS_MAX && (cpus->mask.words[pu / 64] >> (pu % 64) & 1u) != 0;
}

bool cpus_within(const struct cpus *part, const struct cpus *whole)
{
    for (uint32_t i = 0; i < LEAT_TOPOLOGY_PUS_MAX / 64; i++)
        if ((part->mask.words[i] & ~whole->mask.words[i]) != 0)
            return false;
    return true;
}
