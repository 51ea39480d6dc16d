/* tally_file f32|f64 ISA CHUNK FILE: statistics of a file of raw samples, fed CHUNK at a time, as
 * hexadecimal floating point: count, mean, variance by n - 1 and by n, min, max.
 * For moments_oracle.py. */
#include <leat/stats.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    uint32_t kind = strcmp(argv[1], "f32") == 0 ? LEAT_F32 : LEAT_F64;
    enum leat_isa isa;
    if (!leat_isa_parse(argv[2], &isa))
        return 2;
    if (!leat_isa_usable(isa))
        return 77;
    const struct leat_stats *kernels = leat_stats_kernels(isa, kind);
    size_t chunk = strtoull(argv[3], NULL, 10), got;
    size_t width = leat_kind_bytes(kind);
    struct leat_tally *tally = aligned_alloc(64, leat_tally_bytes(kind));
    void *row = malloc(chunk * width);
    FILE *file = fopen(argv[4], "rb");
    if (!kernels || !tally || !row || !file || leat_tally_init(tally, kind))
        return 1;
    while ((got = fread(row, width, chunk, file)) > 0)
        leat_tally_add(tally, kernels, row, got);
    struct leat_summary s;
    leat_tally_read(tally, kernels, &s);
    printf("%" PRIu64 " %a %a %a %a %a\n", s.moments.count, s.moments.mean,
           leat_moments_variance(&s.moments, 1), leat_moments_variance(&s.moments, 0), s.min,
           s.max);
    fclose(file);
    free(row);
    free(tally);
    return 0;
}
