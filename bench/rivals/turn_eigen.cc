// Eigen's transposeInPlace of a map of the same memory.
#include "turn_job.h"

#include <Eigen/Core>

namespace {

void *setup(const bench_load *load, const char **) { return turn_setup(load); }

uint64_t run(void *self, uint32_t, uint64_t n)
{
    turn_job *job = static_cast<turn_job *>(self);
    using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::Map<matrix> a(job->a, static_cast<Eigen::Index>(job->n),
                         static_cast<Eigen::Index>(job->n));
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        a.transposeInPlace();
        sum += turn_look(job);
    }
    return sum;
}

void fini(void *self) { turn_fini(self); }

} // namespace

extern "C" {
extern const bench_subject bench_turn_eigen;
const bench_subject bench_turn_eigen = {"Eigen", setup, run, nullptr, fini, nullptr};
}
