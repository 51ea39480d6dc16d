/* Conversions between real and one other kind, OTHER (a type) with the suffix NAME, through f64.
 * Included once for each kind by variant.c; integers also name their limits LOW and HIGH.
 *
 * out may lie on in: widening walks the row backwards, narrowing forwards, CHUNK samples at a time,
 * and a chunk is read whole before any of it is written. Its types may alias for that reason.
 */
#define CONVERT(verb) V_GLUE(verb, _, NAME)

typedef OTHER __attribute__((may_alias)) CONVERT(mem);

LEAT_INLINE void CONVERT(from_chunk)(real_mem *out, const CONVERT(mem) *in, size_t n, double scale)
{
    real to[CHUNK];
    for (size_t k = 0; k < n; k++)
        to[k] = (real)((double)in[k] * scale);
    for (size_t k = 0; k < n; k++)
        out[k] = to[k];
}

LEAT_INLINE OTHER CONVERT(saturate)(double x)
{
#ifdef HIGH
    double size = __builtin_fabs(x);
    double whole = size + 0x1p52 - 0x1p52; /* to nearest, ties to even */
    whole = size < 0x1p52 ? whole : size;
    x = x < 0.0 ? -whole : whole;
    /* The limits as doubles: LOW is exact, HIGH of 64 bits is one more, and >= covers it. */
    double inside = x >= (double)HIGH || x <= (double)LOW || x != x ? 0.0 : x;
    return x >= (double)HIGH ? HIGH : x <= (double)LOW ? LOW : (OTHER)inside;
#else
    return (OTHER)x;
#endif
}

LEAT_INLINE void CONVERT(to_chunk)(CONVERT(mem) *out, const real_mem *in, size_t n, double scale)
{
    OTHER to[CHUNK];
    for (size_t k = 0; k < n; k++)
        to[k] = CONVERT(saturate)((double)in[k] * scale);
    for (size_t k = 0; k < n; k++)
        out[k] = to[k];
}

static void CONVERT(from)(void *to, const void *from, size_t n, double scale)
{
    real_mem *out = to;
    const CONVERT(mem) *in = from;
    size_t tail = n % CHUNK, whole = n - tail;
    if (sizeof(real) > sizeof(OTHER)) {
        CONVERT(from_chunk)(out + whole, in + whole, tail, scale);
        for (size_t i = whole; i > 0; i -= CHUNK)
            CONVERT(from_chunk)(out + i - CHUNK, in + i - CHUNK, CHUNK, scale);
        return;
    }
    for (size_t i = 0; i < whole; i += CHUNK)
        CONVERT(from_chunk)(out + i, in + i, CHUNK, scale);
    CONVERT(from_chunk)(out + whole, in + whole, tail, scale);
}

static void CONVERT(to)(void *to, const void *from, size_t n, double scale)
{
    CONVERT(mem) *out = to;
    const real_mem *in = from;
    size_t tail = n % CHUNK, whole = n - tail;
    if (sizeof(OTHER) > sizeof(real)) {
        CONVERT(to_chunk)(out + whole, in + whole, tail, scale);
        for (size_t i = whole; i > 0; i -= CHUNK)
            CONVERT(to_chunk)(out + i - CHUNK, in + i - CHUNK, CHUNK, scale);
        return;
    }
    for (size_t i = 0; i < whole; i += CHUNK)
        CONVERT(to_chunk)(out + i, in + i, CHUNK, scale);
    CONVERT(to_chunk)(out + whole, in + whole, tail, scale);
}

#undef CONVERT
#undef OTHER
#undef NAME
#undef LOW
#undef HIGH
