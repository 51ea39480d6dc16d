/* Races: all runners in turn, between two runs of the usual one, so that whatever else the machine
 * does falls on all of them alike; and only the ratios of one round mean anything. */
#define _GNU_SOURCE
#include "tune.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS_MAX 41u
#define ROUNDS_MIN 3u

double tune_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double tune_quantile(double *values, uint32_t n, double share)
{
    qsort(values, n, sizeof values[0], by_value);
    return values[(uint32_t)((n - 1) * share + 0.5)];
}

/* ratio[0]: of the usual one to itself. */
static bool run_round(const struct tune_race *race, uint32_t round,
                      double ratio[TUNE_FIELD][ROUNDS_MAX], double spent)
{
    double seconds[TUNE_FIELD], share = spent / race->seconds_max;
    double before = race->run(race->user, 0);
    for (uint32_t i = 1; i < race->n; i++) {
        uint32_t with = 1 + (i + round) % (race->n - 1); /* another begins each time */
        if (!race->how->goes_on(race->name, share < 1 ? share : 1))
            return false;
        seconds[with] = race->run(race->user, with);
    }
    double after = race->run(race->user, 0);
    ratio[0][round] = before / after;
    for (uint32_t i = 1; i < race->n; i++)
        ratio[i][round] = (before + after) / 2 / seconds[i];
    return race->how->goes_on(race->name, share < 1 ? share : 1);
}

bool tune_race(struct tune_result *result, const struct tune_race *race)
{
    static double ratio[TUNE_FIELD][ROUNDS_MAX];
    double begun = tune_seconds(), spent = 0;
    uint32_t rounds = 0;
    for (uint32_t i = 0; i < race->n; i++)
        (void)race->run(race->user, i); /* what it touches is there then */
    while (rounds < ROUNDS_MAX && (rounds < ROUNDS_MIN || spent < race->seconds_max)) {
        if (!run_round(race, rounds, ratio, spent))
            return false;
        rounds++;
        spent = tune_seconds() - begun;
    }
    for (uint32_t i = 0; i < race->n; i++) {
        result->lower[i] = tune_quantile(ratio[i], rounds, 0.25);
        result->gain[i] = i == 0 ? 1 : tune_quantile(ratio[i], rounds, 0.5);
    }
    double above = tune_quantile(ratio[0], rounds, 0.75) - 1, below = 1 - result->lower[0];
    result->noise = fmax(fmax(above, below), 0);
    result->rounds = rounds;
    return true;
}
