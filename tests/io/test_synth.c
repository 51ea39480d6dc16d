/* synth: values, and that frames do not show in them. */
#include "io/harness.h"

#include <math.h>
#include <string.h>

TestSuite(synth, .init = folder_make, .fini = folder_remove);

static void run(struct taken *taken, const char *a, const char *b, const char *c, const char *d)
{
    struct node node;
    node_open(&node, &leat_synth_source, NULL, a, b, c, d, NULL);
    node_pull(&node, taken, 3);
    cr_assert_eq(node.status, LEAT_EEND);
    node_close(&node);
}

/* The published sequence of SplitMix64 for the seed 1234567. */
Test(synth, noise_is_splitmix64)
{
    static const uint64_t published[] = {UINT64_C(6457827717110365317),
                                         UINT64_C(3203168211198807973),
                                         UINT64_C(9817491932198370423),
                                         UINT64_C(4593380528125082431),
                                         UINT64_C(16408922859458223821)};
    struct taken taken;
    run(&taken, "seed=1234567", "samples=5", "frame=2", "amplitude=1");
    for (int i = 0; i < 5; i++) {
        double want = (double)(published[i] >> 11) / 4503599627370496.0 - 1.0;
        cr_assert(taken_get(&taken, 0, (size_t)i) == want, "sample %d", i);
    }
    taken_free(&taken);
}

Test(synth, frames_do_not_show)
{
    const char *kinds[] = {"kind=noise", "kind=sine", "kind=walk", "kind=ramp"};
    const char *frames[] = {"frame=1", "frame=7", "frame=1024", "frame=100000"};
    for (int k = 0; k < 4; k++) {
        struct taken first, other;
        run(&first, kinds[k], "channels=2", "samples=3000", frames[0]);
        cr_assert_eq(first.n, 3000);
        cr_assert_neq(memcmp(first.data[0], first.data[1], 24000), k == 1 || k == 3);
        for (int f = 1; f < 4; f++) {
            run(&other, kinds[k], "channels=2", "samples=3000", frames[f]);
            cr_assert_eq(memcmp(first.data[0], other.data[0], 24000), 0);
            cr_assert_eq(memcmp(first.data[1], other.data[1], 24000), 0);
            taken_free(&other);
        }
        taken_free(&first);
    }
}

Test(synth, noise_is_uniform)
{
    struct taken taken;
    run(&taken, "samples=100k", "seed=3", "amplitude=2", "kind=noise");
    double sum = 0, square = 0, low = 9, high = -9;
    for (size_t i = 0; i < taken.n; i++) {
        double x = taken_get(&taken, 0, i);
        sum += x;
        square += x * x;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    cr_assert(low >= -2 && high < 2 && low < -1.999 && high > 1.999);
    cr_assert(fabs(sum / 1e5) < 0.02);
    cr_assert(fabs(square / 1e5 - 4.0 / 3) < 0.02);
    taken_free(&taken);
}

Test(synth, sine_keeps_its_stated_error)
{
    struct taken taken;
    run(&taken, "kind=sine", "frequency=12345.678", "rate=44100", "samples=200k");
    const long double two_pi = 6.283185307179586476925286766559L;
    for (size_t i = 0; i < taken.n; i++) {
        long double turns = (long double)(double)12345.678 * (long double)i / 44100.0L;
        long double want = sinl(two_pi * (turns - floorl(turns)));
        long double bound = 1e-15L + two_pi * (long double)i * 0x1p-64L;
        cr_assert(fabsl((long double)taken_get(&taken, 0, i) - want) < bound, "sample %zu", i);
    }
    taken_free(&taken);
}

Test(synth, a_walk_sums_its_noise)
{
    struct taken noise, walk;
    run(&noise, "kind=noise", "seed=9", "samples=1000", "amplitude=0.25");
    run(&walk, "kind=walk", "seed=9", "samples=1000", "amplitude=0.25");
    double sum = 0;
    for (size_t i = 0; i < 1000; i++)
        cr_assert(taken_get(&walk, 0, i) == (sum += taken_get(&noise, 0, i)));
    taken_free(&noise);
    taken_free(&walk);
}

Test(synth, types_round_once)
{
    struct taken f64, f32, i64;
    run(&f64, "amplitude=1000", "samples=500", "type=f64", "kind=noise");
    run(&f32, "amplitude=1000", "samples=500", "type=f32", "kind=noise");
    run(&i64, "amplitude=1000", "samples=500", "type=i64", "kind=noise");
    for (size_t i = 0; i < 500; i++) {
        cr_assert(taken_get(&f32, 0, i) == (double)(float)taken_get(&f64, 0, i));
        cr_assert_eq(taken_i64(&i64, 0, i), (int64_t)nearbyint(taken_get(&f64, 0, i)));
    }
    taken_free(&f64);
    taken_free(&f32);
    taken_free(&i64);
    run(&i64, "kind=ramp", "samples=5", "type=i64", "frame=2");
    cr_assert_eq(taken_i64(&i64, 0, 4), 4);
    cr_assert_eq(i64.frames_n, 3);
    cr_assert_eq(i64.flags[2], LEAT_SHORT);
    taken_free(&i64);
}

Test(synth, durations_are_samples_at_its_rate)
{
    struct taken ramp;
    run(&ramp, "kind=ramp", "rate=8", "samples=2.5s", "frame=375ms");
    cr_assert_eq(ramp.frames_n, 7);
    cr_assert_eq(taken_get(&ramp, 0, 19), 19);
    cr_assert(ramp.flags[5] == 0 && ramp.flags[6] == LEAT_SHORT);
    taken_free(&ramp);
}

Test(synth, what_makes_no_sense_is_refused)
{
    struct node node;
    cr_assert_eq(node_resolve(&node, &leat_synth_source, NULL, "kind=sine", "rate=0", NULL),
                 LEAT_ESHAPE);
    cr_assert_eq(node_resolve(&node, &leat_synth_source, NULL, "kind=sine", "frequency=30kHz",
                              NULL),
                 LEAT_ERANGE);
    cr_assert_eq(node_resolve(&node, &leat_synth_source, NULL, "channels=0", NULL), LEAT_ERANGE);
    cr_assert_eq(node_resolve(&node, &leat_synth_source, NULL, "kind=square", NULL), LEAT_ENAME);
}
