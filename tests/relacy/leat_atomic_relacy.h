/* The names of <leat/atomic.h> on top of Relacy: the library's own headers, compiled as C++ with
 * LEAT_ATOMIC_HEADER set to this file, run under a scheduler that tries many interleavings and
 * every value that the memory model lets a load see. A guarded word is one that only its holder
 * may touch: a race on it is reported.
 *
 * run_model runs the model as it is; every ordered site that it met is then weakened, one at a
 * time, acquire and release apart, and the model must notice each of them.
 */
#ifndef LEAT_TESTS_ATOMIC_RELACY_H
#define LEAT_TESTS_ATOMIC_RELACY_H

#include <relacy/relacy.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

/* A broken precondition is a finding like any other. */
extern "C" void leat_broken(const char *condition, const char *, int)
{
    RL_ASSERT(condition == NULL);
    std::abort();
}

typedef rl::atomic<uint32_t> leat_atomic_u32;
typedef rl::atomic<uint64_t> leat_atomic_u64;
typedef rl::var<uint32_t> leat_guarded_u32;
typedef rl::var<uint64_t> leat_guarded_u64;

namespace leat_relacy
{
enum side { ACQUIRE = 1, RELEASE = 2 };

/* A place in the source where one side of an order is asked for. */
struct site {
    const char *function, *file;
    unsigned line;
    int side;
};

static site sites[64];
static unsigned sites_n, planted = ~0u;

/* Notes the place; false where its order is the planted bug. */
static bool wanted(int side, rl::debug_info_param info)
{
    unsigned i = 0;
    while (i < sites_n && (sites[i].line != info.line_ || sites[i].side != side ||
                           std::strcmp(sites[i].file, info.file_) != 0))
        i++;
    if (i == sites_n && i < sizeof sites / sizeof sites[0]) {
        site made = {info.func_, info.file_, (unsigned)info.line_, side};
        sites[sites_n++] = made;
    }
    return i != planted;
}

static rl::memory_order acquire(rl::debug_info_param info)
{
    return wanted(ACQUIRE, info) ? rl::mo_acquire : rl::mo_relaxed;
}

static rl::memory_order release(rl::debug_info_param info)
{
    return wanted(RELEASE, info) ? rl::mo_release : rl::mo_relaxed;
}

static rl::memory_order both(rl::debug_info_param info)
{
    bool first = wanted(ACQUIRE, info), second = wanted(RELEASE, info);
    return first && second ? rl::mo_acq_rel : first ? rl::mo_acquire : rl::mo_release;
}

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
    rl::memory_order success = both(info);
    rl::memory_order failure = success == rl::mo_release ? rl::mo_relaxed : rl::mo_acquire;
    return word->compare_exchange_weak(*expected, (T)desired, success, info, failure, info);
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
#define leat_load_acquire(address) leat_relacy::load((address), leat_relacy::acquire($), $)
#define leat_store_relaxed(address, value) \
    leat_relacy::store((address), (value), rl::mo_relaxed, $)
#define leat_store_release(address, value) \
    leat_relacy::store((address), (value), leat_relacy::release($), $)
#define leat_add_relaxed(address, value) leat_relacy::add((address), (value), rl::mo_relaxed, $)
#define leat_add_acq_rel(address, value) \
    leat_relacy::add((address), (value), leat_relacy::both($), $)
#define leat_exchange_acq_rel(address, value) \
    leat_relacy::exchange((address), (value), leat_relacy::both($), $)
#define leat_cas_acq_rel(address, expected, desired) \
    leat_relacy::cas((address), (expected), (desired), $)
#define leat_guarded_get(address) leat_relacy::get((address), $)
#define leat_guarded_set(address, value) leat_relacy::set((address), (value), $)

/* Keeps the beginning of Relacy's report. Without allocation: Relacy replaces new and delete. */
struct model_report : std::streambuf {
    char text[6000];
    size_t n;
    model_report() : n(0) {}
    int overflow(int letter)
    {
        if (n < sizeof text)
            text[n++] = (char)letter;
        return letter;
    }
};

/* How many schedules ran to their end; the suite counts in after(). A model that ran nothing to its
 * end proves nothing. */
extern unsigned long completed;

template <typename SUITE> bool try_schedules(unsigned long schedules, rl::test_params &params,
                                             model_report &report)
{
    std::ostream stream(&report);
    params.iteration_count = (rl::iteration_t)schedules;
    params.execution_depth_limit = 4000;
    params.output_stream = &stream;
    params.progress_stream = &stream;
    return rl::simulate<SUITE>(params);
}

/* `spare` says in which functions an order may be dropped without harm to this model, and why. */
struct spare_order {
    const char *function;
    int side;
    const char *why;
};

template <typename SUITE> int run_model(const char *name, unsigned long schedules,
                                        const spare_order *spare = NULL, unsigned spare_n = 0)
{
    static model_report report;
    rl::test_params clean;
    int failures = 0;
    if (!try_schedules<SUITE>(schedules, clean, report) || completed != schedules) {
        std::printf("failed: %s: %lu of %lu schedules complete: %s\n%.*s\n", name, completed,
                    schedules, rl::test_result_str(clean.test_result), (int)report.n, report.text);
        return 1;
    }
    std::printf("ok: %s: %lu schedules complete\n", name, completed);
    unsigned n = leat_relacy::sites_n;
    for (unsigned i = 0; i < n; i++) {
        const leat_relacy::site &site = leat_relacy::sites[i];
        const char *why = NULL;
        for (unsigned k = 0; k < spare_n; k++)
            if (std::strcmp(spare[k].function, site.function) == 0 && spare[k].side == site.side)
                why = spare[k].why;
        rl::test_params params;
        leat_relacy::planted = i;
        bool found = !try_schedules<SUITE>(schedules, params, report);
        failures += !found && why == NULL;
        std::printf("%s: %s: %s:%u without its %s: %s\n", found || why != NULL ? "ok" : "failed",
                    name, site.function, site.line,
                    site.side == leat_relacy::ACQUIRE ? "acquire" : "release",
                    found ? rl::test_result_str(params.test_result)
                          : why != NULL ? why : "not found");
    }
    if (n == 0)
        std::printf("failed: %s: no ordered site was met\n", name);
    return failures != 0 || n == 0;
}

#endif
