// Eigen's sparse products, on its own compressed rows.
#include "sparse_job.h"

#include <leat/frame.h>

#include <Eigen/Core>
#include <Eigen/SparseCore>

namespace {

template <class real> struct eigen {
    using sparse = Eigen::SparseMatrix<real, Eigen::RowMajor, int>;
    using dense = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using vector = Eigen::Matrix<real, Eigen::Dynamic, 1>;
    sparse a, b, c;

    static sparse copy(const leat_csr &m)
    {
        sparse s(static_cast<int>(m.rows), static_cast<int>(m.cols));
        s.reserve(static_cast<Eigen::Index>(m.entries));
        for (uint32_t i = 0; i < m.rows; i++) {
            s.startVec(static_cast<int>(i));
            for (uint64_t e = m.start[i]; e < m.start[i + 1]; e++)
                s.insertBack(static_cast<int>(i), static_cast<int>(m.col[e])) =
                    static_cast<const real *>(m.value)[e];
        }
        s.finalize();
        return s;
    }

    static void multiply(sparse_job *job)
    {
        eigen *own = static_cast<eigen *>(job->own);
        const real *x = static_cast<const real *>(job->x);
        real *y = static_cast<real *>(job->y);
        Eigen::Index n = static_cast<Eigen::Index>(job->n);
        if (job->cols == 0) {
            own->c = own->a * own->b;
            job->entries = static_cast<uint64_t>(own->c.nonZeros());
        } else if (job->cols == 1) {
            Eigen::Map<vector>(y, n).noalias() = own->a * Eigen::Map<const vector>(x, n);
        } else {
            Eigen::Index cols = static_cast<Eigen::Index>(job->cols);
            Eigen::Map<dense>(y, n, cols).noalias() = own->a * Eigen::Map<const dense>(x, n, cols);
        }
    }

    static void drop(sparse_job *job) { delete static_cast<eigen *>(job->own); }

    static sparse_job *make(const bench_load *load)
    {
        sparse_job *job = sparse_setup(load, multiply);
        eigen *own = new eigen;
        own->a = copy(job->a);
        own->b = copy(job->b);
        job->own = own;
        job->drop = drop;
        return job;
    }
};

void *setup(const bench_load *load, const char **)
{
    return load->bytes == sizeof(double) ? eigen<double>::make(load) : eigen<float>::make(load);
}

} // namespace

extern "C" const bench_subject bench_sparse_eigen;
const bench_subject bench_sparse_eigen = {"Eigen", setup, sparse_run, sparse_error, sparse_fini,
                                          nullptr};
