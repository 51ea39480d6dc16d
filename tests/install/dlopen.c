/* A host that loads and unloads what stands on Leat: dlopen PLUGIN, a hundred times.
 *
 * After the first turns nothing more stays behind: no mapping, no descriptor, no thread, no memory
 * (to be run without malloc's caches of free blocks, which count as used); and a thread of the host
 * that has used the library may end after it was unloaded. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS 100
#define FIRST 10 /* turns after which what the system keeps once is there */

struct left {
    size_t mappings, mapped; /* neighbours of a kind are one mapping, so their bytes as well */
    size_t descriptors, threads, bytes;
    bool loaded;
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "FAIL: %s: %s\n", what, why != NULL ? why : "");
    exit(1);
}

static size_t entries(const char *path)
{
    size_t n = 0;
    DIR *folder = opendir(path);
    while (folder != NULL && readdir(folder) != NULL)
        n++;
    if (folder != NULL)
        closedir(folder);
    return n;
}

static struct left look(void)
{
    char line[4096];
    struct left left = {.descriptors = entries("/proc/self/fd"),
                        .threads = entries("/proc/self/task"),
                        .bytes = mallinfo2().uordblks};
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        size_t begin, end;
        if (sscanf(line, "%zx-%zx", &begin, &end) == 2)
            left.mapped += end - begin;
        left.mappings++;
        left.loaded |= strstr(line, "libleat") != NULL;
    }
    if (maps == NULL)
        fail("/proc/self/maps", "cannot be read");
    fclose(maps);
    return left;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static struct left most(struct left a, struct left b)
{
    return (struct left){.mappings = larger(a.mappings, b.mappings),
                         .mapped = larger(a.mapped, b.mapped),
                         .descriptors = larger(a.descriptors, b.descriptors),
                         .threads = larger(a.threads, b.threads),
                         .bytes = larger(a.bytes, b.bytes)};
}

static int call(void *plugin, const char *name)
{
    int (*function)(void);
    void *found = dlsym(plugin, name);
    if (found == NULL)
        fail(name, dlerror());
    memcpy(&function, &found, sizeof function);
    return function();
}

struct guest {
    const char *path;
    pthread_barrier_t loaded, used, unloaded;
    void *plugin;
};

/* A thread that was there before the first load and ends after the last unload. */
static void *outlive(void *argument)
{
    struct guest *g = argument;
    for (int i = 0; i < TURNS; i++) {
        pthread_barrier_wait(&g->loaded);
        if (call(g->plugin, "plugin_enrol") != 0)
            fail("plugin_enrol", "on the host's other thread");
        pthread_barrier_wait(&g->used);
        pthread_barrier_wait(&g->unloaded);
    }
    return NULL;
}

static void turn(struct guest *g)
{
    g->plugin = dlopen(g->path, RTLD_NOW | RTLD_LOCAL);
    if (g->plugin == NULL)
        fail("dlopen", dlerror());
    if (!look().loaded)
        fail("dlopen", "libleat is not among the mappings: this test is blind");
    pthread_barrier_wait(&g->loaded);
    if (call(g->plugin, "plugin_run") != 0 || call(g->plugin, "plugin_enrol") != 0)
        fail("the plug-in", "wrong scores");
    pthread_barrier_wait(&g->used);
    if (dlclose(g->plugin) != 0)
        fail("dlclose", dlerror());
    pthread_barrier_wait(&g->unloaded);
}

int main(int argc, char **argv)
{
    struct guest g = {.path = argv[argc - 1]};
    struct left first = {0}, last = {0};
    pthread_t thread;
    pthread_barrier_init(&g.loaded, NULL, 2);
    pthread_barrier_init(&g.used, NULL, 2);
    pthread_barrier_init(&g.unloaded, NULL, 2);
    if (argc != 2 || pthread_create(&thread, NULL, outlive, &g) != 0)
        return 2;
    for (int i = 0; i < TURNS; i++) {
        turn(&g);
        last = look();
        if (last.loaded)
            fail("dlclose", "libleat is still mapped");
        if (i < FIRST)
            first = most(first, last);
    }
    pthread_join(thread, NULL); /* runs what the library hung on a thread's end, if it did */
    printf("mappings %zu -> %zu (%zu -> %zu bytes), descriptors %zu -> %zu, threads %zu -> %zu, "
           "bytes of malloc %zu -> %zu\n",
           first.mappings, last.mappings, first.mapped, last.mapped, first.descriptors,
           last.descriptors, first.threads, last.threads, first.bytes, last.bytes);
    bool left = last.mappings > first.mappings || last.mapped > first.mapped ||
                last.descriptors > first.descriptors || last.threads > first.threads ||
                last.bytes > first.bytes;
    if (left)
        fail("dlclose", "something stays behind at every turn");
    return 0;
}
