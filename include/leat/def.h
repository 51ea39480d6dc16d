/* The few words every other header uses: attributes, alignment, checks.
 *
 * Floor 0, room base. Compiles alone as C11, C17 and C++17.
 */
#ifndef LEAT_DEF_H
#define LEAT_DEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define LEAT_BEGIN extern "C" {
#define LEAT_END }
#define LEAT_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define LEAT_BEGIN
#define LEAT_END
#define LEAT_STATIC_ASSERT(condition, text) _Static_assert(condition, text) /* C's and C++'s */
#endif

/* What compilers are told: exported, an answer to be looked at, printf's format, always inline, and
 * which way a branch goes. */
#define LEAT_API __attribute__((visibility("default")))
#define LEAT_MUST_USE __attribute__((warn_unused_result))
#define LEAT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define LEAT_INLINE static inline __attribute__((always_inline, unused))
#define LEAT_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define LEAT_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* One cache line; every payload, ring slot array and per-worker block starts on one. */
#define LEAT_LINE 64
/* Lines that different threads write stand this far apart: adjacent-line prefetch moves pairs. */
#define LEAT_APART 128
#define LEAT_ALIGNED(bytes) __attribute__((aligned(bytes)))

/* How much the library distrusts its caller: 0 release, 1 preconditions, 2 also per-hop owners
 * and racing double releases. Set for the whole build by CMake; the inline code follows it. */
#ifndef LEAT_CHECK
#define LEAT_CHECK 0
#endif

LEAT_BEGIN

/* Prints one line to stderr and aborts. Called by broken preconditions at LEAT_CHECK >= 1 only. */
LEAT_API __attribute__((noreturn)) void leat_broken(const char *condition, const char *file,
                                                    int line);

/* Rounds up to a multiple of a power of two. The caller has checked that the sum fits. */
LEAT_INLINE size_t leat_round_up(size_t bytes, size_t power)
{
    return (bytes + power - 1) & ~(power - 1);
}

/* Multiplies into *product; false, leaving it alone, when the product does not fit. */
LEAT_INLINE bool leat_size_mul(size_t a, size_t b, size_t *product)
{
    size_t wide;
    if (__builtin_mul_overflow(a, b, &wide))
        return false;
    *product = wide;
    return true;
}

/* Adds into *sum; false, leaving it alone, when the sum does not fit. */
LEAT_INLINE bool leat_size_add(size_t a, size_t b, size_t *sum)
{
    size_t wide;
    if (__builtin_add_overflow(a, b, &wide))
        return false;
    *sum = wide;
    return true;
}

LEAT_END

#if LEAT_CHECK >= 1
#define LEAT_REQUIRE(condition) LEAT_REQUIRE_THAT(condition, #condition)
/* The same where the words say more than the condition: who did what wrong. */
#define LEAT_REQUIRE_THAT(condition, words) \
    (LEAT_LIKELY(condition) ? (void)0 : leat_broken(words, __FILE__, __LINE__))
#else
#define LEAT_REQUIRE(condition) ((void)0)
#define LEAT_REQUIRE_THAT(condition, words) ((void)0)
#endif
/* What always holds, and the compiler cannot see: it leaves out what follows from the contrary. */
#if LEAT_CHECK >= 1
#define LEAT_ASSUME(condition) LEAT_REQUIRE(condition)
#else
#define LEAT_ASSUME(condition) ((condition) ? (void)0 : __builtin_unreachable())
#endif
/* A call was given something where NULL would be nothing. */
#define LEAT_GIVEN(call, pointer, name) \
    LEAT_REQUIRE_THAT((pointer) != NULL, call ": " name " is NULL")

#endif
