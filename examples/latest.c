/* What another process does with the file of the sink `latest`: looks at the newest frame, a
 * thousand times a second, until the run has ended.
 *
 *     latest FILE       prints the channels' names, then the newest sample each time that there is
 *                       a new frame, with the frame's number
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

#define TRIES 100 /* copies that may be overtaken before we look again later */

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

int main(int argc, char **argv)
{
    const struct timespec millisecond = {0, 1000000};
    const struct leat_latest *latest = argc == 2 ? map_file(argv[1]) : NULL;
    struct leat_latest_frame frame = {0};
    uint64_t shown = 0;
    if (latest == NULL) {
        fprintf(stderr, argc == 2 ? "latest: %s: not a file of `latest`\n" : "usage: latest FILE\n",
                argv[argc - 1]);
        return 2;
    }
    size_t stride = leat_latest_stride(latest);
    char *samples = malloc(stride * latest->rows);
    if (samples == NULL)
        return 1;
    printf("frame");
    for (uint32_t r = 0; r < latest->rows; r++)
        printf(",%s", leat_latest_name(latest, r));
    printf("\n");
    for (bool over = false; !over;) {
        over = leat_latest_ended(latest); /* before we look: then this is the last one */
        if (leat_latest_read(latest, &frame, samples, stride, TRIES) && frame.number != shown) {
            shown = frame.number;
            printf("%" PRIu64, shown);
            for (uint32_t r = 0; r < latest->rows; r++) {
                printf(",");
                print_cell(latest, samples + r * stride, frame.cols - 1);
            }
            printf("\n");
        }
        if (!over)
            nanosleep(&millisecond, NULL);
    }
    free(samples);
    return 0;
}
