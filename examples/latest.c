/* What another process does with the file of the sink `latest`: looks at the newest frame, a
 * thousand times a second, until the run has ended.
 *
 *     latest FILE [SECONDS]   prints the channels' names, then the newest sample each time that
 *                             there is a new frame, with the frame's number
 *
 * A writer that was killed never says that it has ended: when nothing new came for SECONDS, 10
 * unless told, latest says so and stops with status 1.
 */
#define _POSIX_C_SOURCE 200809L
#include <leat/latest.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TRIES 100    /* copies that may be overtaken before we look again later */
#define SECONDS 10.0 /* without a new frame, then it stops */

static const struct leat_latest *map_file(const char *path)
{
    struct stat file;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &file) != 0 || file.st_size <= 0)
        return NULL;
    size_t bytes = (size_t)file.st_size;
    void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return map != MAP_FAILED && leat_latest_look(map, bytes) == LEAT_OK ? map : NULL;
}

static void print_cell(const struct leat_latest *latest, const char *row, uint32_t col)
{
    switch (latest->kind) {
    case LEAT_F64: printf("%.17g", ((const double *)(const void *)row)[col]); break;
    case LEAT_F32: printf("%.9g", (double)((const float *)(const void *)row)[col]); break;
    case LEAT_I64: printf("%" PRId64, ((const int64_t *)(const void *)row)[col]); break;
    case LEAT_I32: printf("%" PRId32, ((const int32_t *)(const void *)row)[col]); break;
    case LEAT_I16: printf("%d", ((const int16_t *)(const void *)row)[col]); break;
    default: printf("%d", ((const uint8_t *)row)[col]); break;
    }
}

static void print_newest(const struct leat_latest *latest, const struct leat_latest_frame *frame,
                         const char *samples)
{
    printf("%" PRIu64, frame->number);
    for (uint32_t r = 0; r < latest->rows; r++) {
        printf(",");
        print_cell(latest, samples + r * leat_latest_stride(latest), frame->cols - 1);
    }
    printf("\n");
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* False: nothing new came for so many seconds. */
static bool watch(const struct leat_latest *latest, char *samples, double seconds)
{
    const struct timespec millisecond = {0, 1000000};
    struct leat_latest_frame frame = {0};
    uint64_t shown = 0;
    double since = now();
    for (;;) {
        bool over = leat_latest_ended(latest); /* before we look: then this is the last one */
        if (leat_latest_read(latest, &frame, samples, leat_latest_stride(latest), TRIES) &&
            frame.number != shown) {
            shown = frame.number;
            since = now();
            print_newest(latest, &frame, samples);
        }
        if (over || now() - since >= seconds)
            return over;
        nanosleep(&millisecond, NULL);
    }
}

int main(int argc, char **argv)
{
    char *end = "";
    double seconds = argc == 3 ? strtod(argv[2], &end) : SECONDS;
    if (argc < 2 || argc > 3 || *end != '\0' || !(seconds > 0)) {
        fprintf(stderr, "usage: latest FILE [SECONDS]\n");
        return 2;
    }
    const struct leat_latest *latest = map_file(argv[1]);
    if (latest == NULL) {
        fprintf(stderr, "latest: %s: not a file of `latest`\n", argv[1]);
        return 2;
    }
    char *samples = malloc(leat_latest_stride(latest) * latest->rows);
    if (samples == NULL)
        return 1;
    printf("frame");
    for (uint32_t r = 0; r < latest->rows; r++)
        printf(",%s", leat_latest_name(latest, r));
    printf("\n");
    bool ended = watch(latest, samples, seconds);
    if (!ended)
        fprintf(stderr,
                "latest: %s: nothing new for %g s, and the run has not ended: was it killed?\n",
                argv[1], seconds);
    free(samples);
    return ended ? 0 : 1;
}
