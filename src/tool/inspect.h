/* leat inspect: what is in a file of any format that Leat reads. */
#ifndef LEAT_TOOL_INSPECT_H
#define LEAT_TOOL_INSPECT_H

#include "tool.h"

/* A way to read a file: a pipeline over $file that ends in an outlet, and what its channels are. */
struct reading {
    const char *format, *doc;
    const char *text; /* NULL: no pipeline reads it as it is */
    const char *type, *group, *name, *time; /* channels; NULL: there is none */
    bool midnight;                          /* times count from midnight, not from 1970; and
                                             * group 0 is nobody's */
};

#define INSPECT_CHANNELS 8u    /* that are kept of a record */
#define INSPECT_FIRST 5u       /* records that are shown */
#define INSPECT_GROUPS 65536u  /* instruments that are told apart; a power of two */
#define INSPECT_CAUSES 32u
#define INSPECT_TEXT 20000u    /* bytes of the pipeline that reads a file, whose name has 4096 */
#define INSPECT_LINE 100u      /* letters of a line of text that are shown */

struct group {
    int64_t key, name;
    uint64_t records; /* 0: this place is free */
};
struct cause {
    const char *stage, *cause; /* the stage's kind */
    uint64_t count;
};

/* What was found. */
struct found {
    const struct reading *reading;
    const char *path;
    uint64_t bytes, records, gap_frames;
    uint64_t types[256];
    struct group *groups;            /* [INSPECT_GROUPS] */
    uint32_t groups_n;
    uint64_t records_beyond;         /* of instruments that found no room */
    int64_t time_min, time_max;      /* LEAT_TIME_NONE: no time was seen */
    struct cause causes[INSPECT_CAUSES];
    uint32_t causes_n;
    uint32_t channels_n, first_n, kind;
    double rate;
    char names[INSPECT_CHANNELS][LEAT_NAME_MAX];
    union {
        int64_t i64;
        double f64;
    } first[INSPECT_FIRST][INSPECT_CHANNELS];
    char lines[INSPECT_FIRST][INSPECT_LINE]; /* of text that no pipeline reads as it is */
};

/* A way to read a file of JSON lines, of which the first has numbers; false: it is none. `text` is
 * kept. */
bool inspect_lines(const char *path, struct reading *how, char *text, size_t bytes);

/* Text, and --json. */
void inspect_text(FILE *out, const struct found *found);
bool inspect_json(FILE *out, const struct found *found);

#endif
