/* A host that forks: a child may exec, leave by exit or _exit, or make engines of its own, while
 * the parent's engines run on; neither notices the other. */
#define _GNU_SOURCE
#include "hosted.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 4000u

static double samples[N], wanted[N];
static const char smooth[] = HOSTED("scale by=0.5 ! ewma alpha=0.1");

/* Are these the means by the recurrence? Leat's have a tree of their own (docs/NUMERICS.md). */
static bool near_wanted(const double *means)
{
    for (size_t i = 0; i < N; i++)
        if (!(means[i] - wanted[i] <= 1e-12 && wanted[i] - means[i] <= 1e-12))
            return false;
    return true;
}

/* An engine from text to end in this process; the status for the exit of a child. */
static int live(bool threads)
{
    static double scores[N];
    struct hosted h;
    if (hosted_open(&h, smooth, NULL) != LEAT_OK)
        return 10;
    if (threads && leat_engine_start(h.engine, NULL) != LEAT_OK)
        return 11;
    size_t got = hosted_pass(&h, samples, N, scores, threads);
    if (threads && leat_engine_wait(h.engine, UINT64_MAX, NULL) != LEAT_OK)
        return 12;
    if (hosted_close(&h) != LEAT_OK)
        return 13;
    return got == N && near_wanted(scores) ? 0 : 14;
}

/* ---- what a child does */

static int leave_at_once(void)
{
    _exit(0);
}

static int leave(void)
{
    exit(0); /* what the libraries do at the end of a process, with the parent's threads gone */
}

static int make_engines(void)
{
    int status = live(false);
    return status != 0 ? status : live(true);
}

static int become(void)
{
    execl("/proc/self/exe", "fork", "inside", (char *)NULL);
    return 20;
}

/* After exec: nothing was handed down but the three that everybody has. */
static int inside(void)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int fd = atoi(entry->d_name);
        if (fd > 2 && fd != dirfd(folder)) {
            char path[512] = "", link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            (void)!readlink(link, path, sizeof path - 1);
            fprintf(stderr, "an engine's file was handed down: %s\n", path);
            return 30;
        }
    }
    if (folder == NULL)
        return 31;
    closedir(folder);
    return make_engines();
}

static int (*const children[])(void) = {leave_at_once, leave, make_engines, become};
#define CHILDREN (sizeof children / sizeof children[0])

static void beget(const char *when)
{
    for (size_t i = 0; i < CHILDREN; i++) {
        int status;
        fflush(NULL);
        pid_t child = fork();
        EXPECT(child >= 0, "fork");
        if (child == 0)
            exit(children[i]());
        EXPECT(waitpid(child, &status, 0) == child, "waitpid");
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: child %zu ends with %x", when, i,
               (unsigned)status);
    }
}

/* ---- what the parent's engines do meanwhile */

static void open_doorless(struct hosted *h, const char *text)
{
    struct hosted_options o = {.isa = leat_isa_best(), .doorless = true};
    EXPECT(hosted_open(h, text, &o) == LEAT_OK, "%s", h->diag.text);
}

static void end(struct hosted *h, bool threads)
{
    while (!threads && leat_worker_step(h->engine, 0, 4, NULL) >= 0)
        continue;
    EXPECT(leat_engine_wait(h->engine, UINT64_MAX, &h->diag) == LEAT_OK, "%s", h->diag.text);
    EXPECT(hosted_close(h) == LEAT_OK, "%s", h->diag.text);
}

/* Between two calls: by a step of this thread, or by the engine's own. */
static void let_work(struct hosted *h, bool threads)
{
    if (threads)
        usleep(100);
    else
        (void)leat_worker_step(h->engine, 0, 4, NULL);
}

/* Line i of the file says i, and there are no others. */
static void look_at_file(const char *path, uint32_t lines)
{
    char text[64];
    FILE *file = fopen(path, "re");
    EXPECT(file != NULL && fgets(text, sizeof text, file) != NULL, "no file");
    for (uint32_t i = 0; i < lines; i++)
        EXPECT(fgets(text, sizeof text, file) != NULL && strtod(text, NULL) == i, "line %u: %s", i,
               text);
    EXPECT(fgets(text, sizeof text, file) == NULL, "more lines than samples: %s", text);
    fclose(file);
    EXPECT(unlink(path) == 0, "unlink");
}

/* A file is written once, whole, whatever children do with their copies of its buffer. */
static void while_a_file_is_written(bool threads)
{
    struct hosted h;
    open_doorless(&h, "inlet channels=1 frame=64 name=in ! csv file=fork.csv");
    EXPECT(leat_inlet_find(h.engine, "in", &h.in, &h.diag) == LEAT_OK, "%s", h.diag.text);
    if (threads)
        EXPECT(leat_engine_start(h.engine, &h.diag) == LEAT_OK, "%s", h.diag.text);
    for (uint32_t i = 0; i < 1000; i++) {
        struct leat_frame *frame;
        while ((frame = leat_inlet_claim(h.engine, h.in, NULL)) == NULL)
            let_work(&h, threads);
        frame->cols = 1;
        *(double *)leat_frame_row(frame, 0) = i;
        while (!leat_inlet_publish(h.engine, h.in, frame))
            let_work(&h, threads);
        if (i == 500) {
            let_work(&h, threads);
            beget(threads ? "while a thread writes a file" : "while a file is written");
        }
    }
    leat_inlet_close(h.engine, h.in);
    end(&h, threads);
    look_at_file("fork.csv", 1000);
}

/* Every kind of file, read and written by engines that stand still meanwhile. */
static void while_files_are_open(void)
{
    static const char *const kinds[] = {"csv", "wav", "npy", "raw"};
    struct hosted makers[4], readers[4];
    char text[256];
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "synth samples=1000 rate=1000 ! %s file=fork.in.%s", kinds[i],
                 kinds[i]);
        open_doorless(&makers[i], text);
    }
    beget("while sinks are open");
    for (int i = 0; i < 4; i++) {
        end(&makers[i], false);
        snprintf(text, sizeof text, "%s file=fork.in.%s%s ! null", kinds[i], kinds[i],
                 i == 3 ? " channels=1 type=f64" : "");
        open_doorless(&readers[i], text);
    }
    beget("while sources are open");
    for (int i = 0; i < 4; i++) {
        struct leat_stage_stats stats;
        while (leat_worker_step(readers[i].engine, 0, 4, NULL) >= 0)
            continue;
        leat_engine_stage(readers[i].engine, 0, &stats);
        EXPECT(stats.samples_out == 1000, "%s: %llu samples", kinds[i],
               (unsigned long long)stats.samples_out);
        end(&readers[i], false);
        snprintf(text, sizeof text, "fork.in.%s", kinds[i]);
        EXPECT(unlink(text) == 0, "unlink");
    }
}

/* Threads that run all the time go on running. */
static void while_threads_run(void)
{
    struct hosted h;
    struct leat_engine_stats before, after;
    open_doorless(&h, "synth samples=0 ! zscore ! null");
    EXPECT(leat_engine_start(h.engine, &h.diag) == LEAT_OK, "%s", h.diag.text);
    for (int i = 0; i < 3; i++) {
        leat_engine_snapshot(h.engine, &before);
        beget("while threads run");
        leat_engine_snapshot(h.engine, &after);
        EXPECT(after.frames > before.frames, "the engine stands still");
    }
    leat_engine_stop(h.engine);
    end(&h, true);
}

/* fork FOLDER: files are made there. */
int main(int argc, char **argv)
{
    for (size_t i = 0; i < N; i++)
        samples[i] = hosted_sample(i);
    for (size_t i = 0; i < N; i++)
        wanted[i] = i == 0 ? samples[0] * 0.5
                           : wanted[i - 1] + 0.1 * (samples[i] * 0.5 - wanted[i - 1]);
    if (argc == 2 && strcmp(argv[1], "inside") == 0)
        return inside();
    if (argc != 2 || chdir(argv[1]) != 0)
        return 2;
    close_range(3, ~0u, 0); /* what whoever started this test handed down */
    EXPECT(live(false) == 0, "steps alone");
    EXPECT(live(true) == 0, "threads alone");
    beget("before any engine");
    for (int threads = 0; threads < 2; threads++)
        while_a_file_is_written(threads != 0);
    while_files_are_open();
    while_threads_run();
    return live(true);
}
