// The usual way: one hash map by name for all threads, a mutex around it.
#include "metric_data.h"

#include <leat/metrics.h>

#include <mutex>
#include <string>
#include <unordered_map>

namespace {

struct histogram {
    uint64_t max, buckets[LEAT_HISTOGRAM_BUCKETS];
};

struct job {
    std::mutex mutex;
    std::unordered_map<std::string, histogram> map;
    std::string keys[2][METRIC_KEYS];
    uint64_t values[METRIC_VALUES];
};

void *setup(const struct bench_load *, const char **)
{
    job *j = new job;
    metric_fill(j->values);
    for (uint32_t i = 0; i < 2 * METRIC_KEYS; i++) {
        char label[48];
        metric_label(label, sizeof label, i % METRIC_KEYS, i / METRIC_KEYS);
        j->keys[i / METRIC_KEYS][i % METRIC_KEYS] = std::string("latency ") + label;
    }
    return j;
}

uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    job *j = static_cast<job *>(self);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = j->values[i % METRIC_VALUES];
        std::lock_guard<std::mutex> lock(j->mutex);
        histogram &h = j->map[j->keys[thread][i % METRIC_KEYS]];
        h.buckets[leat_histogram_bucket(value)]++;
        h.max = value > h.max ? value : h.max;
        sum += value;
    }
    return sum;
}

void fini(void *self) { delete static_cast<job *>(self); }

} // namespace

extern "C" const struct bench_subject bench_keyed_mutex_map;
const struct bench_subject bench_keyed_mutex_map = {"map behind a mutex", setup, run,
                                                      nullptr, fini, nullptr};
