/* The header of a WFDB record: what its signals are and where their samples stand. */
#ifndef LEAT_IO_WFDB_HEADER_H
#define LEAT_IO_WFDB_HEADER_H

#include <leat/stage.h>

struct leat_wfdb_signal {
    double gain;      /* units of the converter in one physical unit */
    int64_t baseline; /* what the converter gives for 0 */
    uint16_t checksum;
    bool checked;     /* there is one */
};

struct leat_wfdb_header {
    char *data;     /* path of the signals' file */
    uint64_t start; /* byte of the first sample in it */
    uint32_t bits;  /* 212 or 16: the format of all signals */
    uint32_t signals_n;
    uint64_t samples; /* of each signal; 0: as many as the file holds */
    double rate_hz;
    struct leat_wfdb_signal *signals;
    struct leat_channel *channels; /* [signals_n] their names, "" where there is none, and units */
};

/* Reads the header of that name. Memory comes from malloc: a zeroed or read header can be freed,
 * whatever came of it. LEAT_EIO, LEAT_ENOMEM, LEAT_EDATA with line and column: it is not one, or
 * one of a kind that is not read (several segments, files, or samples of a signal at a time). */
int leat_wfdb_header_read(struct leat_wfdb_header *header, const char *path, uint32_t signals_max,
                          struct leat_diag *diag);
void leat_wfdb_header_fini(struct leat_wfdb_header *header);

#endif
