/* leat fft: the strongest frequencies in a recording.
 *
 * Welch, The use of fast Fourier transform for the estimation of power spectra, IEEE Trans. Audio
 * Electroacoustics 15(2), 1967: the mean of the powers of tapered windows that overlap by half. A
 * peak is a bin above both its neighbours; what the larger of these has says where between the two
 * it lies.
 */
#define _GNU_SOURCE
#include "json.h"
#include "tool.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

struct peak {
    double bin, power; /* of the mean of the windows */
};

struct spectrum {
    const char *path;
    uint64_t size, top;   /* samples of a window; peaks that are told */
    uint64_t windows;
    uint32_t channels, bins;
    double rate;          /* samples a second; 1: the file does not say */
    bool rated;
    double *power;        /* [channels x bins], sums */
    struct peak *peaks;   /* [channels x top] */
    uint32_t *peaks_n;    /* [channels] */
    char (*names)[LEAT_NAME_MAX];
};

static void help(void)
{
    printf("Usage: leat fft [--top N] [--size N] [--json] FILE\n"
           "\n"
           "Tells the strongest frequencies of each channel of a recording: the peaks of the mean\n"
           "power of its windows (Hann, overlapping by half), their amplitudes as those of sines.\n"
           "FILE is sound, or by its name numpy's (.npy), a table (.csv) or a record of WFDB\n"
           "(.hea); where it has no rate, frequencies are in cycles a sample.\n"
           "\n"
           "    leat fft speech.wav --top 5\n"
           "\n"
           "Options:\n"
           "  --top N     peaks of each channel, the strongest first (5)\n"
           "  --size N    samples of a window (8192): bins are rate / size apart\n"
           "  --json      the same as one JSON object\n"
           "  -h, --help  this text\n"
           "\n"
           "Exit status: 0 done; 1 the file cannot be read; 2 a mistake in the command.\n");
}

/* ---- the mean power ---- */

static const char *pipeline_of(const char *path)
{
#define WINDOWS(source) \
    source " ! window size=$size hop=$hop tail=drop shape=hann ! rfft ! power ! outlet"
    static const struct {
        const char *end, *text;
    } known[] = {
        {".npy", WINDOWS("npy file=$file type=f64")},
        {".csv", WINDOWS("csv file=$file")},
        {".hea", WINDOWS("wfdb file=$file type=f64")},
    };
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (n > 4 && strcmp(path + n - 4, known[i].end) == 0)
            return known[i].text;
    return WINDOWS("wav file=$file ! cast type=f64");
}

static bool lay_out(struct spectrum *s, const struct leat_shape *shape)
{
    s->channels = shape->rows;
    s->bins = shape->cols;
    s->rated = shape->rate_hz > 0;
    s->rate = s->rated ? shape->rate_hz : 1;
    s->top = s->top < s->bins ? s->top : s->bins;
    s->power = calloc((size_t)s->channels * s->bins, sizeof *s->power);
    s->peaks = calloc((size_t)s->channels * s->top, sizeof *s->peaks);
    s->peaks_n = calloc(s->channels, sizeof *s->peaks_n);
    s->names = calloc(s->channels, sizeof *s->names);
    if (s->power == NULL || s->peaks == NULL || s->peaks_n == NULL || s->names == NULL)
        return false;
    for (uint32_t c = 0; c < s->channels; c++)
        memcpy(s->names[c], shape->channels[c].name, LEAT_NAME_MAX);
    return true;
}

static void add_window(struct spectrum *s, struct leat_frame *frame)
{
    for (uint32_t c = 0; c < s->channels; c++) {
        const double *row = leat_frame_row(frame, c);
        for (uint32_t b = 0; b < s->bins; b++)
            s->power[(size_t)c * s->bins + b] += row[b];
    }
    s->windows++;
}

static int sum_up(struct spectrum *s, struct leat_diag *diag)
{
    char file[4096 + 8], size[40], hop[40];
    const char *sets[] = {file, size, hop};
    struct leat_frame *frames[32];
    struct through t;
    snprintf(file, sizeof file, "file=%s", s->path);
    snprintf(size, sizeof size, "size=%llu", (unsigned long long)s->size);
    snprintf(hop, sizeof hop, "hop=%llu", (unsigned long long)(s->size / 2));
    int status = through_make(&t, pipeline_of(s->path), sets, 3, diag);
    if (status == LEAT_OK && !lay_out(s, through_shape(&t)))
        status = leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u bins", s->bins);
    while (status == LEAT_OK && !t.ended) {
        uint32_t n = through_take(&t, frames, 32);
        for (uint32_t i = 0; i < n; i++)
            add_window(s, frames[i]);
        through_give_back(&t, frames, n);
    }
    if (status == LEAT_OK)
        status = through_end(&t, diag);
    if (status == LEAT_OK && s->windows == 0)
        status = leat_diag_set(diag, LEAT_EDATA, "%s: not one window of %llu samples: give --size",
                               s->path, (unsigned long long)s->size);
    through_fini(&t);
    return status;
}

/* ---- peaks ---- */

/* Of a sine between two bins, `shift` bins above the first, a Hann window gives the first
 * sin(pi shift) / (pi shift (1 - shift^2)) of its amplitude; their quotient tells shift. */
static struct peak peak_at(const double *power, uint32_t bin)
{
    double above = power[bin + 1], below = power[bin - 1];
    double quotient = sqrt((above > below ? above : below) / power[bin]);
    double shift = (2 * quotient - 1) / (quotient + 1);
    if (!(shift > 0)) /* the neighbours have less than a sine on a bin gives them */
        return (struct peak){bin, power[bin]};
    double whole = (1 - shift * shift) * PI * shift / sin(PI * shift);
    return (struct peak){above > below ? bin + shift : bin - shift, power[bin] * whole * whole};
}

/* The strongest first; of equal ones the lower. */
static void keep_peak(struct spectrum *s, uint32_t c, struct peak p)
{
    struct peak *peaks = s->peaks + (size_t)c * s->top;
    uint32_t i = s->peaks_n[c];
    if (i == s->top && !(p.power > peaks[i - 1].power))
        return;
    i = i < s->top ? s->peaks_n[c]++ : i - 1;
    for (; i != 0 && peaks[i - 1].power < p.power; i--)
        peaks[i] = peaks[i - 1];
    peaks[i] = p;
}

static void find_peaks(struct spectrum *s)
{
    for (uint32_t c = 0; c < s->channels; c++) {
        const double *power = s->power + (size_t)c * s->bins;
        for (uint32_t b = 1; b + 1 < s->bins; b++)
            if (power[b] > power[b - 1] && power[b] >= power[b + 1])
                keep_peak(s, c, peak_at(power, b));
    }
}

static double frequency(const struct spectrum *s, const struct peak *p)
{
    return p->bin * s->rate / (double)s->size;
}

/* Of the sine that has this peak: a Hann window lets half of it through, and half of that lies at
 * negative frequencies. */
static double amplitude(const struct spectrum *s, const struct peak *p)
{
    return 4 * sqrt(p->power / (double)s->windows) / (double)s->size;
}

static double decibels(const struct peak *p, const struct peak *strongest)
{
    return 10 * log10(p->power / strongest->power);
}

/* ---- what is told ---- */

static void tell(const struct spectrum *s)
{
    printf("%s: %u channel%s, ", s->path, s->channels, s->channels == 1 ? "" : "s");
    if (s->rated)
        printf("%.10g samples a second, ", s->rate);
    printf("%llu windows of %llu samples, bins %.6g %s apart\n", (unsigned long long)s->windows,
           (unsigned long long)s->size, s->rate / (double)s->size,
           s->rated ? "Hz" : "cycles a sample");
    for (uint32_t c = 0; c < s->channels; c++) {
        const struct peak *peaks = s->peaks + (size_t)c * s->top;
        printf("%s\n", s->names[c]);
        if (s->peaks_n[c] == 0)
            printf("  no peak\n");
        for (uint32_t i = 0; i < s->peaks_n[c]; i++)
            printf("  %12.6g %s  amplitude %-12.6g %7.2f dB\n", frequency(s, &peaks[i]),
                   s->rated ? "Hz" : "cycles a sample", amplitude(s, &peaks[i]),
                   decibels(&peaks[i], peaks));
    }
}

static bool tell_json(const struct spectrum *s)
{
    cJSON *root = json_begin();
    cJSON_AddStringToObject(root, "file", s->path);
    if (s->rated)
        cJSON_AddNumberToObject(root, "rate", s->rate);
    else
        cJSON_AddNullToObject(root, "rate");
    json_add_u64(root, "size", s->size);
    json_add_u64(root, "windows", s->windows);
    cJSON *channels = cJSON_AddArrayToObject(root, "channels");
    for (uint32_t c = 0; c < s->channels; c++) {
        const struct peak *peaks = s->peaks + (size_t)c * s->top;
        cJSON *channel = json_add_entry(channels);
        cJSON_AddStringToObject(channel, "name", s->names[c]);
        cJSON *list = cJSON_AddArrayToObject(channel, "peaks");
        for (uint32_t i = 0; i < s->peaks_n[c]; i++) {
            cJSON *peak = json_add_entry(list);
            cJSON_AddNumberToObject(peak, "frequency", frequency(s, &peaks[i]));
            cJSON_AddNumberToObject(peak, "amplitude", amplitude(s, &peaks[i]));
            cJSON_AddNumberToObject(peak, "db", decibels(&peaks[i], peaks));
        }
    }
    return json_end(stdout, root);
}

/* ---- the command ---- */

enum tool_exit command_fft(int argc, char **argv)
{
    static const struct option known[] = {{"top", 1, NULL, 't'}, {"size", 1, NULL, 's'},
                                          {"json", 0, NULL, 'j'}, {"help", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct spectrum s = {.size = 8192, .top = 5};
    struct leat_diag diag = {0};
    const char *word;
    bool json = false, good;
    for (int key; (key = args_next(argc, argv, ":h", known, &word)) != -1;) {
        if (key == 'h') {
            help();
            return TOOL_DONE;
        }
        if (key == 'j')
            json = true;
        else if (key != 't' && key != 's')
            return args_bad_option("fft", known, key, word);
        else if (!(key == 't' ? args_count("fft", "top", 1, 1000000, &s.top)
                              : args_count("fft", "size", 4, 1u << 24, &s.size)))
            return TOOL_MISTAKE;
    }
    if (argc - optind != 1 || strlen(argv[optind]) > 4096) {
        complain_text("fft: name one file");
        return TOOL_MISTAKE;
    }
    s.path = argv[optind];
    fault_begin();
    good = sum_up(&s, &diag) == LEAT_OK;
    diag.line = 0; /* the pipeline is ours, not the user's */
    if (!good)
        complain(NULL, &diag);
    else
        find_peaks(&s);
    if (good && !json)
        tell(&s);
    else if (good && !(good = tell_json(&s)))
        complain_text("fft: no memory for the list");
    free(s.power), free(s.peaks), free(s.peaks_n), free(s.names);
    return good ? TOOL_DONE : TOOL_FAILED;
}
