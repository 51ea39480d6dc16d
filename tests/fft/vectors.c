/* Published vectors: CMSIS-DSP's inputs and transforms, numbers as 64-bit patterns in text. Skips
 * with a word where they are not. */
#include "oracle.h"

#include <inttypes.h>
#include <stdio.h>

/* The doubles of a file, the count in its second line; NULL when it is not there. */
static double *read_doubles(const char *name, size_t *count)
{
    const char *folder = getenv("LEAT_TEST_DATA");
    char path[512], line[128];
    unsigned long n = 0;
    snprintf(path, sizeof path, "%s/fft/%s", folder ? folder : LEAT_TEST_DATA_DIR, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    if (!fgets(line, sizeof line, file) || line[0] != 'D' || fscanf(file, "%lu ", &n) != 1)
        n = 0;
    double *x = allocate(n * sizeof *x);
    for (*count = 0; *count < n && fgets(line, sizeof line, file);) {
        uint64_t bits;
        if (sscanf(line, "0x%" SCNx64, &bits) != 1)
            continue;
        memcpy(&x[(*count)++], &bits, sizeof bits);
    }
    fclose(file);
    return x;
}

static int judge(const char *name, const double *re, const double *im, const double *want,
                 size_t bins)
{
    double error = 0, norm = 0;
    for (size_t k = 0; k < bins; k++) {
        error += (re[k] - want[2 * k]) * (re[k] - want[2 * k]);
        error += (im[k] - want[2 * k + 1]) * (im[k] - want[2 * k + 1]);
        norm += want[2 * k] * want[2 * k] + want[2 * k + 1] * want[2 * k + 1];
    }
    printf("%s: relative error %.3g\n", name, sqrt(error / norm));
    return sqrt(error / norm) < 1e-15 ? 0 : 1;
}

static int check(const char *name, const char *input, const char *output, bool real)
{
    size_t in_n = 0, out_n = 0;
    double *in = read_doubles(input, &in_n), *want = read_doubles(output, &out_n);
    if (!in || !want || in_n == 0 || out_n == 0) {
        printf("%s: no %s, skipped\n", name, in ? output : input);
        free(in), free(want);
        return 77;
    }
    size_t n = real ? in_n : in_n / 2;
    enum leat_fft_type type = real ? LEAT_FFT_REAL : LEAT_FFT_COMPLEX;
    const struct leat_fft *k = leat_fft_kernels(leat_isa_best(), LEAT_F64);
    void *plan = allocate(leat_fft_bytes(type, n, LEAT_F64));
    void *scratch = allocate(leat_fft_scratch(type, n, LEAT_F64));
    double *re = allocate((n + 2) * 8), *im = allocate((n + 2) * 8);
    int status = leat_fft_init(plan, type, n, LEAT_F64, scratch);
    for (size_t t = 0; !real && t < n; t++) {
        re[t] = in[2 * t];
        im[t] = in[2 * t + 1];
    }
    if (real)
        k->real_forward(plan, re, im, in, scratch);
    else
        k->forward(plan, re, im, re, im, scratch);
    if (real) { /* packed: the last bin, which is real, stands in the first one's imaginary part */
        want = realloc(want, (n + 2) * sizeof *want);
        want[n] = want[1];
        want[1] = want[n + 1] = 0;
    }
    status |= judge(name, re, im, want, real ? n / 2 + 1 : n);
    free(in), free(want), free(plan), free(scratch), free(re), free(im);
    return status;
}

int main(void)
{
    int noisy = check("complex, noisy", "ComplexInputSamples_Noisy_1024_7_f64.txt",
                      "ComplexFFTSamples_Noisy_1024_7_f64.txt", false);
    int step = check("complex, step", "ComplexInputSamples_Step_64_12_f64.txt",
                     "ComplexFFTSamples_Step_64_12_f64.txt", false);
    int real = check("real, noisy", "RealInputSamples_Noisy_1024_7_f64.txt",
                     "RealFFTSamples_Noisy_1024_7_f64.txt", true);
    if (noisy == 1 || step == 1 || real == 1)
        return 1;
    return noisy | step | real;
}
