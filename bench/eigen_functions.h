// Eigen's way, compiled once for each instruction set. The namespace gets another name in each
// compilation, so that the linker cannot take one set's templates for another's.
//
// EIGEN_SET is the name of the set.
#define EIGEN_JOIN2(a, b) a##b
#define EIGEN_JOIN(a, b) EIGEN_JOIN2(a, b)
#define Eigen EIGEN_JOIN(Eigen_, EIGEN_SET)

#include "eigen_sets.h"

#include <Eigen/Core>

namespace {

using row_in = Eigen::Map<const Eigen::ArrayXf>;
using row_out = Eigen::Map<Eigen::ArrayXf>;

Eigen::Index length(size_t n) { return static_cast<Eigen::Index>(n); }

// One pass over the samples: the sum and the sum of squares.
void one_pass(const float *p, size_t n, double *mean, double *variance)
{
    row_in x(p, length(n));
    float m = x.mean();
    *mean = m;
    *variance = x.square().mean() - m * m;
}

// Two passes: deviations from the mean.
void two_pass(const float *p, size_t n, double *mean, double *variance)
{
    row_in x(p, length(n));
    float m = x.mean();
    *mean = m;
    *variance = (x - m).square().mean();
}

// Two passes in f64.
void wide(const float *p, size_t n, double *mean, double *variance)
{
    row_in x(p, length(n));
    *mean = x.cast<double>().mean();
    *variance = (x.cast<double>() - *mean).square().mean();
}

void zscore(float *p, size_t n)
{
    row_out x(p, length(n));
    float m = x.mean();
    x -= m;
    float deviation = std::sqrt(x.square().mean());
    x *= 1.0f / deviation;
}

void exp_row(float *out, const float *in, size_t n)
{
    row_out(out, length(n)) = row_in(in, length(n)).exp();
}

void log_row(float *out, const float *in, size_t n)
{
    row_out(out, length(n)) = row_in(in, length(n)).log();
}

} // namespace

const struct stats_functions EIGEN_JOIN(eigen_one_pass_, EIGEN_SET) = {
    one_pass, zscore, exp_row, log_row, wide, nullptr, nullptr};
const struct stats_functions EIGEN_JOIN(eigen_two_pass_, EIGEN_SET) = {
    two_pass, zscore, exp_row, log_row, wide, nullptr, nullptr};
