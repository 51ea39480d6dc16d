/* Which cells of a CSV file become which channels: options against the file's first record. */
#ifndef LEAT_IO_CSV_TABLE_H
#define LEAT_IO_CSV_TABLE_H

#include "io/common.h"

#define LEAT_CSV_ROOM ((size_t)1 << 20) /* bytes of the longest record */
#define LEAT_CSV_NONE UINT32_MAX

struct leat_csv_table {
    uint32_t cells;    /* of every record; 0: unknown before the first one */
    uint32_t channels; /* >= 1 */
    uint32_t *column;  /* [channels] cell numbers, from 0 */
    struct leat_channel *names; /* [channels] */
    uint32_t time;     /* cell number of the event time; LEAT_CSV_NONE */
    bool header;       /* the first record holds names */
    char delimiter;
};

/* Looks at the file as far as it must. A pipe is looked at without taking from it; one that cannot
 * be is refused unless the options say everything.
 * LEAT_EIO, LEAT_EDATA (no first record), LEAT_ENAME (no such column), LEAT_ESHAPE, LEAT_ENOMEM. */
int leat_csv_table_make(struct leat_csv_table *table,
                        const struct leat_csv_source_options *options, struct leat_diag *diag);
void leat_csv_table_fini(struct leat_csv_table *table);

#endif
