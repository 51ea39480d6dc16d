/* The names of <leat/atomic.h> on top of Relacy: the library's own headers, compiled as C++ with
 * LEAT_ATOMIC_HEADER set to this file, run under a scheduler that tries many interleavings and every
 * value that the memory model lets a load see. A guarded word is one that only its holder may touch:
 * a race on it is reported.
 *
 * PLANT names an order to weaken, so that the model proves that it would notice:
 *   acquire   every acquire load and exchange becomes relaxed on the acquire side
 *   release   every release store and exchange becomes relaxed on the release side
 */
#ifndef LEAT_TESTS_ATOMIC_RELACY_H
#define LEAT_TESTS_ATOMIC_RELACY_H

#include <relacy/relacy.hpp>

#if defined(PLANT_ACQUIRE)
#define ORDER_ACQUIRE rl::mo_relaxed
#define ORDER_RELEASE rl::mo_release
#define ORDER_BOTH rl::mo_release
#elif defined(PLANT_RELEASE)
#define ORDER_ACQUIRE rl::mo_acquire
#define ORDER_RELEASE rl::mo_relaxed
#define ORDER_BOTH rl::mo_acquire
#else
#define ORDER_ACQUIRE rl::mo_acquire
#define ORDER_RELEASE rl::mo_release
#define ORDER_BOTH rl::mo_acq_rel
#endif

typedef rl::atomic<uint32_t> leat_atomic_u32;
typedef rl::atomic<uint64_t> leat_atomic_u64;
typedef rl::var<uint32_t> leat_guarded_u32;
typedef rl::var<uint64_t> leat_guarded_u64;

namespace leat_relacy
{
template <typename T> T load(const rl::atomic<T> *word, rl::memory_order order,
                             rl::debug_info_param info)
{
    return word->load(order, info);
}

template <typename T, typename V> void store(rl::atomic<T> *word, V value, rl::memory_order order,
                                             rl::debug_info_param info)
{
    word->store((T)value, order, info);
}

template <typename T, typename V> T add(rl::atomic<T> *word, V value, rl::memory_order order,
                                        rl::debug_info_param info)
{
    return word->fetch_add((T)value, order, info);
}

template <typename T, typename V> T exchange(rl::atomic<T> *word, V value, rl::memory_order order,
                                             rl::debug_info_param info)
{
    return word->exchange((T)value, order, info);
}

template <typename T, typename V> bool cas(rl::atomic<T> *word, T *expected, V desired,
                                           rl::debug_info_param info)
{
    return word->compare_exchange_weak(*expected, (T)desired, ORDER_BOTH, info, ORDER_ACQUIRE,
                                       info);
}

template <typename T> T get(const rl::var<T> *word, rl::debug_info_param info)
{
    return rl::var_proxy_const<T>(*word, info).load();
}

template <typename T, typename V> void set(rl::var<T> *word, V value, rl::debug_info_param info)
{
    rl::var_proxy<T>(*word, info).store((T)value);
}
}

#define leat_load_relaxed(address) leat_relacy::load((address), rl::mo_relaxed, $)
#define leat_load_acquire(address) leat_relacy::load((address), ORDER_ACQUIRE, $)
#define leat_store_relaxed(address, value) \
    leat_relacy::store((address), (value), rl::mo_relaxed, $)
#define leat_store_release(address, value) \
    leat_relacy::store((address), (value), ORDER_RELEASE, $)
#define leat_add_relaxed(address, value) leat_relacy::add((address), (value), rl::mo_relaxed, $)
#define leat_add_acq_rel(address, value) leat_relacy::add((address), (value), ORDER_BOTH, $)
#define leat_exchange_acq_rel(address, value) \
    leat_relacy::exchange((address), (value), ORDER_BOTH, $)
#define leat_cas_acq_rel(address, expected, desired) \
    leat_relacy::cas((address), (expected), (desired), $)
#define leat_guarded_get(address) leat_relacy::get((address), $)
#define leat_guarded_set(address, value) leat_relacy::set((address), (value), $)

/* Runs SUITE under random schedules and says how many were complete. A clean model must finish them
 * all; a planted one must be caught, by a data race or a broken assertion. A model that ran nothing
 * to its end proves nothing: `completed` is counted by the suite itself. */
extern unsigned long completed;

template <typename SUITE> int run_model(const char *name, unsigned long schedules)
{
    rl::test_params params;
    std::ostringstream report;
    params.iteration_count = (rl::iteration_t)schedules;
    params.execution_depth_limit = 4000;
    params.output_stream = &report;
    params.progress_stream = &report;
    bool clean = rl::simulate<SUITE>(params);
#if defined(PLANTED)
    bool right = !clean && (params.test_result == rl::test_result_data_race ||
                            params.test_result == rl::test_result_user_assert_failed);
    std::printf("%s: %s: planted bug %s after %lu schedules (%s)\n", right ? "ok" : "failed", name,
                clean ? "not found" : "found", (unsigned long)params.stop_iteration,
                rl::test_result_str(params.test_result));
#else
    bool right = clean && completed == schedules;
    std::printf("%s: %s: %lu of %lu schedules complete (%s)\n", right ? "ok" : "failed", name,
                completed, schedules, rl::test_result_str(params.test_result));
    if (!right)
        std::printf("%s\n", report.str().substr(0, 4000).c_str());
#endif
    return right ? 0 : 1;
}

#endif
