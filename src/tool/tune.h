/* `leat tune`: what its files share. */
#ifndef LEAT_TOOL_TUNE_H
#define LEAT_TOOL_TUNE_H

#include <leat/simd.h>
#include <leat/tuning.h>

/* What was measured of one number. */
struct tune_row {
    const struct leat_param *param;
    double usual; /* what the release says */
    double best;  /* usual where nothing better was found */
    double gain;  /* time with usual over time with best, the middle of all rounds; 1 */
    double noise; /* how far a ratio of the same to itself was from 1, of half of the rounds */
    uint32_t rounds;
    bool measured; /* false: there was not what it takes */
};
#define TUNE_ROWS (sizeof(struct leat_tuning) / sizeof(uint64_t)) /* at most */

struct tune_how {
    enum leat_isa isa;
    bool bits, quick;
    /* Between two measurements: what is at work, and how much of it is done, 0 to 1. false ends all
     * of it. */
    bool (*goes_on)(const char *name, double share);
};

/* A gain above 1 is one that another set of rounds has confirmed, beyond their noise.
 * 0; LEAT_ENOMEM; LEAT_ESTATE: goes_on said no. */
int tune_measure(struct tune_row rows[TUNE_ROWS], uint32_t *n, const struct tune_how *how);

/* ---- tune_race.c: which of several is the fastest ---- */

#define TUNE_FIELD 8u /* at most so many run a race */

/* Runs with number `with` of them; 0 is the usual one. Seconds of processor time. */
struct tune_race {
    double (*run)(void *user, uint32_t with);
    void *user;
    uint32_t n;         /* of them, the usual one included */
    double seconds_max; /* for all rounds, but for the first three */
    const char *name;
    const struct tune_how *how;
};
struct tune_result {
    double gain[TUNE_FIELD]; /* time of the usual one over time of each, the middle; [0] is 1 */
    double lower[TUNE_FIELD]; /* a quarter of the rounds gained less */
    double noise;
    uint32_t rounds;
};
/* All of them in turn, round after round, between two runs of the usual one. false: goes_on said
 * no. */
bool tune_race(struct tune_result *result, const struct tune_race *race);
/* Number i of n, sorted by it. */
double tune_quantile(double *values, uint32_t n, double share);
double tune_seconds(void);

/* ---- tune_choice.c: where one way ends and the other begins ---- */

int tune_choices(struct tune_row *row, const struct tune_how *how);

#endif
