/* Ordered atomics: the order is in the name.
 *
 * Plain integers, the compilers' __atomic builtins behind them, so that the header also compiles
 * as C++17 and so that these names are the one seam where a schedule explorer takes the
 * builtins' place (LEAT_ATOMIC_HEADER). Only acquire loads, release stores and
 * read-modify-writes order anything; there are no stand-alone fences, which ThreadSanitizer
 * cannot see.
 *
 * Every use carries a label and names its partner: [R1 pairs A1: what is handed over]. The list
 * is docs/MEMORY_ORDER.md.
 */
#ifndef LEAT_ATOMIC_H
#define LEAT_ATOMIC_H

#include <leat/def.h>

#ifdef LEAT_ATOMIC_HEADER
#include LEAT_ATOMIC_HEADER
#else

/* A 32- or 64-bit word that several threads touch. */
typedef uint32_t leat_atomic_u32;
typedef uint64_t leat_atomic_u64;
/* A plain payload word that is handed over under the protection of an ordered one. */
typedef uint64_t leat_guarded_u64;
typedef uint32_t leat_guarded_u32;

/* The name says the order; what each site orders stands in docs/MEMORY_ORDER.md. The additions give
 * back what was there before. */
#define leat_load_relaxed(address) __atomic_load_n((address), __ATOMIC_RELAXED)
#define leat_load_acquire(address) __atomic_load_n((address), __ATOMIC_ACQUIRE)
#define leat_store_relaxed(address, value) __atomic_store_n((address), (value), __ATOMIC_RELAXED)
#define leat_store_release(address, value) __atomic_store_n((address), (value), __ATOMIC_RELEASE)
#define leat_add_relaxed(address, value) __atomic_fetch_add((address), (value), __ATOMIC_RELAXED)
#define leat_add_acq_rel(address, value) __atomic_fetch_add((address), (value), __ATOMIC_ACQ_REL)
#define leat_exchange_acq_rel(address, value) \
    __atomic_exchange_n((address), (value), __ATOMIC_ACQ_REL)
#define leat_exchange_seq_cst(address, value) \
    __atomic_exchange_n((address), (value), __ATOMIC_SEQ_CST)
#define leat_or_seq_cst(address, bits) __atomic_fetch_or((address), (bits), __ATOMIC_SEQ_CST)
#define leat_and_seq_cst(address, bits) __atomic_fetch_and((address), (bits), __ATOMIC_SEQ_CST)
/* Weak: may fail without cause; *expected holds what was seen. A failure of the second acquires. */
#define leat_cas_relaxed(address, expected, desired)                                         \
    __atomic_compare_exchange_n((address), (expected), (desired), true, __ATOMIC_RELAXED, \
                                __ATOMIC_RELAXED)
#define leat_cas_acq_rel(address, expected, desired)                                         \
    __atomic_compare_exchange_n((address), (expected), (desired), true, __ATOMIC_ACQ_REL, \
                                __ATOMIC_ACQUIRE)
#define leat_guarded_get(address) (*(address))
#define leat_guarded_set(address, value) (*(address) = (value))

#endif

/* Tells the core that the thread waits in a loop: one pause on x86 (about 25 ns), yield on Arm. */
LEAT_INLINE void leat_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

#endif
