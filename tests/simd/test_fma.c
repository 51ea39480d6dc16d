/* One rounding in the base set's f32, which has no instruction for it, against the C library's. */
#define LEAT_REAL 32
#include "simd/v128.h"

#include <criterion/criterion.h>
#include <math.h>

static uint64_t state = 88172645463325252u;

static uint32_t some(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static bool alike(float a, float b) { return real_bits(a) == real_bits(b) || (a != a && b != b); }

static void check(const float a[4], const float b[4], const float c[4])
{
    float sum[4], square[4];
    v_store(sum, v_fma(v_load(a), v_load(b), v_load(c)));
    v_store(square, v_add_square(v_load(c), v_load(a)));
    for (int i = 0; i < 4; i++) {
        cr_assert(alike(sum[i], fmaf(a[i], b[i], c[i])), "%a %a %a: %a", a[i], b[i], c[i], sum[i]);
        cr_assert(alike(square[i], fmaf(a[i], a[i], c[i])), "%a %a: %a", a[i], c[i], square[i]);
    }
}

Test(fma, of_any_bits_rounds_once)
{
    for (int i = 0; i < 100000; i++) {
        float x[3][4];
        for (int k = 0; k < 12; k++) /* half of them with exponents that are near each other */
            x[k / 4][k % 4] = real_of_bits(i % 2 ? some() : (some() & 0x83ffffff) | 0x3c000000);
        check(x[0], x[1], x[2]);
    }
}

Test(fma, of_every_special_number_rounds_once)
{
    static const float special[] = {0.0f, -0.0f, 1.0f, -1.0f, INFINITY, -INFINITY, NAN, 0x1p-149f,
                                    -0x1p-149f, 0x1p-126f, 0x1.fffffep127f, -0x1.fffffep127f};
    const int n = sizeof special / sizeof *special;
    for (int i = 0; i < n * n * n; i++) {
        float x[3][4];
        for (int k = 0; k < 4; k++) { /* the others of a register are of another sort */
            x[0][k] = k == i % 4 ? special[i % n] : 1.5f;
            x[1][k] = k == i % 4 ? special[i / n % n] : (float)k;
            x[2][k] = k == i % 4 ? special[i / n / n] : 0.3f;
        }
        check(x[0], x[1], x[2]);
    }
}

/* c and half of its last place, more or less by so little that 53 bits do not hold it: products
 * that are 2^36 + 1, 2^46 - 1 and 2^46. At every exponent, so that some answers are denormal. */
Test(fma, half_way_between_two_numbers_rounds_once)
{
    static const float factor[3][2] = {{4097.0f, 16773121.0f}, {8388609.0f, 8388607.0f},
                                       {8388608.0f, 8388608.0f}};
    static const int width[3] = {36, 46, 46};
    for (int exponent = -149; exponent < 103; exponent++) {
        for (int i = 0; i < 48; i++) {
            float x[3][4];
            for (int k = 0; k < 4; k++) {
                int which = (i + k) % 3, down = exponent - 1 - width[which];
                x[0][k] = ldexpf(factor[which][0], down / 2) * (some() % 2 ? 1.0f : -1.0f);
                x[1][k] = ldexpf(factor[which][1], down - down / 2);
                x[2][k] = ldexpf((float)(some() >> (8 + some() % 24)), exponent);
            }
            check(x[0], x[1], x[2]);
        }
    }
}
