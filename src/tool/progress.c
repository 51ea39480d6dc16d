#define _GNU_SOURCE
#include "tool.h"

#include <leat/clock.h>

#include <unistd.h>

#define FIRST_NS UINT64_C(1000000000)
#define EVERY_NS UINT64_C(250000000)

static const char *rate_text(double rate, char *out)
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    uint32_t unit = 0;
    for (; rate >= 999.5 && unit < 4; unit++)
        rate /= 1000;
    snprintf(out, 32, "%.3g %ssamples/s", rate, units[unit]);
    return out;
}

static const char *time_text(double seconds, char *out)
{
    if (!(seconds < 3.6e7)) /* years of it are no forecast */
        seconds = 3.6e7;
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(out, 32, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, 32, "%lu:%02lu", s / 60, s % 60);
    return out;
}

/* How far it is and when it will be done, where the source can know; else for how long it runs. */
static void show(const struct leat_engine *engine, const struct leat_engine_stats *now,
                 double rate)
{
    char rate_out[32], time_out[32];
    double share = leat_engine_progress(engine);
    rate_text(rate, rate_out);
    if (share > 0)
        fprintf(stderr, "\r%3d %%  %s  %s left\033[K", (int)(share * 100), rate_out,
                time_text(now->seconds * (1 - share) / share, time_out));
    else
        fprintf(stderr, "\r%s  %s\033[K", rate_out, time_text(now->seconds, time_out));
    fflush(stderr);
}

/* Draining may take long, or for ever where nobody reads a pipe. Once. */
static void tell_end(bool shown)
{
    if (shown)
        fprintf(stderr, "\r\033[K");
    complain_text("finishing what has been read; a second Ctrl-C leaves at once");
}

int progress_wait(struct leat_engine *engine, struct leat_diag *diag)
{
    if (!isatty(STDERR_FILENO))
        return leat_engine_wait(engine, UINT64_MAX, diag);
    struct leat_engine_stats before, now;
    bool shown = false, told = false;
    uint64_t begun = leat_clock_ns();
    int status;
    leat_engine_snapshot(engine, &before);
    while ((status = leat_engine_wait(engine, EVERY_NS, diag)) == 1) {
        uint64_t at = leat_clock_ns(), stopped = signals_seen_ns();
        leat_engine_snapshot(engine, &now);
        double span = now.seconds - before.seconds;
        if (stopped == 0 && at - begun > FIRST_NS && span > 0) {
            show(engine, &now, (double)(now.samples - before.samples) / span);
            shown = true;
        } else if (stopped != 0 && !told && at - stopped >= FIRST_NS) {
            tell_end(shown);
            told = true;
            shown = false;
        }
        before = now;
    }
    if (shown)
        fprintf(stderr, "\r\033[K");
    return status;
}
