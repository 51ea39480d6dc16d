/* Sources and sinks of real formats: the catalogue that names them, and the option structs that a
 * C caller fills (after leat_options_default over the stage's own table).
 *
 * csv, wav, npy and raw are both a source and a sink: two tables of the same name, one with an
 * output port, one with an input port. json, wfdb, mtx, idx, pgm and synth are sources.
 *
 * For every stage here:
 *   Texts and lists in the options are borrowed and must live as long as the stage runs.
 *   Files: a sink writes beside ("name.tmp-PROCESS-…", the number of the process) and renames when
 *     its input has ended well. What exists under the name is replaced then; it stays as it is when
 *     the run fails. Behind a link it is the link's target that is replaced; permissions stay.
 *     Devices and pipes are written directly; a named pipe that nobody reads is refused by init,
 *     never waited for. "-" is standard input or output. Of two sinks with one file the later wins:
 *     the host sees to it that there are none.
 *   Mapped files (mapped, and layouts that cannot be read in pieces): one that became shorter fails
 *     the next pull with LEAT_EDATA. One cut in the middle of a pull raises SIGBUS, which is the
 *     host's to handle: the library has no signal handlers.
 *   Memory: everything is allocated by init and given back by fini; libsndfile allocates in
 *     sf_open and sf_close only. json alone allocates in its pull, a declared wait: jansson takes
 *     each line's values from malloc and gives them back before the next line.
 *   Threads: as stage.h says. Two stages share nothing.
 *   Numerics: the same bits on every machine; nothing depends on the locale.
 */
#ifndef LEAT_IO_H
#define LEAT_IO_H

#include <leat/graph.h>

LEAT_BEGIN

/* All of the stages below, for leat_graph_text and leat_catalogue_find. */
LEAT_API const struct leat_catalogue *leat_io_stages(void);

/* One by one, for leat_graph_add. */
LEAT_API extern const struct leat_stage leat_csv_source, leat_csv_sink;
LEAT_API extern const struct leat_stage leat_wav_source, leat_wav_sink;
LEAT_API extern const struct leat_stage leat_npy_source, leat_npy_sink;
LEAT_API extern const struct leat_stage leat_raw_source, leat_raw_sink;
LEAT_API extern const struct leat_stage leat_json_source, leat_wfdb_source, leat_mtx_source;
LEAT_API extern const struct leat_stage leat_idx_source, leat_pgm_source;
LEAT_API extern const struct leat_stage leat_synth_source;
LEAT_API extern const struct leat_stage leat_null_sink, leat_stats_sink, leat_digest_sink,
    leat_latest_sink;

/* The kind of a source's output: the `type` fields. */
enum leat_type { LEAT_TYPE_F64, LEAT_TYPE_F32, LEAT_TYPE_I64 };

/* csv: is there a header line; what an empty cell becomes; what a bad record does; the unit of the
 * time column. */
enum leat_header { LEAT_HEADER_AUTO, LEAT_HEADER_YES, LEAT_HEADER_NO };
enum leat_missing { LEAT_MISSING_NAN, LEAT_MISSING_REJECT };
enum leat_on_error { LEAT_ERROR_STOP, LEAT_ERROR_REJECT };
enum leat_time_unit { LEAT_TIME_S, LEAT_TIME_MS, LEAT_TIME_US, LEAT_TIME_NS };

/* csv: text of one sample a line. Lines end with CR, LF or both. A record that is rejected adds to
 * the context's rejected_rows; where its quotes are wrong, that is its first line. Numbers are
 * rounded to nearest, also to 0; what is too large for the type cannot be read, inf can. */
struct leat_csv_source_options {
    const char *file;
    struct leat_list columns; /* header names, else as leat_shape_rows; none: all but the time */
    struct leat_list names;   /* of the channels; without a header, of the file's columns */
    struct leat_length frame;
    double rate;              /* 0 = none */
    const char *time;         /* column of the event time, by name or number; NULL = none */
    uint64_t skip;            /* lines before the header */
    const char *delimiter;    /* one character that stands in no number, or a word: tab, comma,
                               * semicolon, space, pipe */
    const char *comment;      /* lines that begin with it are passed over; NULL = none */
    uint32_t type;            /* leat_type */
    uint32_t header;          /* leat_header; AUTO: is a cell that would be read no number? */
    uint32_t missing;         /* leat_missing: of empty cells; of i64 always reject */
    uint32_t on_error;        /* leat_on_error: of records that cannot be read */
    uint32_t time_unit;       /* leat_time_unit */
};

/* csv sink: a header line of channel names, then one line a sample, each number the shortest text
 * that reads back as the same bits. */
struct leat_csv_sink_options {
    const char *file;      /* "-" = standard output */
    const char *delimiter; /* as the source's */
    bool header;
};

/* wav, and what else libsndfile reads. Channels ch1, ch2, …; left and right for two. */
struct leat_wav_source_options {
    const char *file;
    struct leat_length frame;
    struct leat_list names;
    uint32_t type; /* leat_type; i64 keeps the integers whatever scale says */
    bool scale;    /* true: [-1, 1); false: the integers as they are stored */
};

enum leat_wav_format {
    LEAT_WAV_AUTO, /* float for f32, double for f64, pcm32 for integers */
    LEAT_WAV_PCM16,
    LEAT_WAV_PCM24,
    LEAT_WAV_PCM32,
    LEAT_WAV_FLOAT,
    LEAT_WAV_DOUBLE
};

/* wav sink. To pcm: samples times 2^(bits - 1), nearest with ties to even, saturated, NaN to 0. */
struct leat_wav_sink_options {
    const char *file;
    double rate;     /* 0: the stream's */
    uint32_t format; /* leat_wav_format */
    bool scale;      /* false: samples are the integers to store; integer rows always are */
};

/* What the samples of a raw file are. */
enum leat_cell {
    LEAT_CELL_U8,
    LEAT_CELL_I8,
    LEAT_CELL_I16,
    LEAT_CELL_U16,
    LEAT_CELL_I32,
    LEAT_CELL_U32,
    LEAT_CELL_I64,
    LEAT_CELL_F32,
    LEAT_CELL_F64
};
enum leat_endian { LEAT_ENDIAN_LITTLE, LEAT_ENDIAN_BIG };
enum leat_layout { LEAT_LAYOUT_INTERLEAVED, LEAT_LAYOUT_PLANAR };
/* The kind of raw's output: AUTO keeps i64, f32 and f64 and makes f32 of the rest. */
enum leat_raw_to { LEAT_TO_AUTO, LEAT_TO_F32, LEAT_TO_F64, LEAT_TO_I64 };

/* raw: bare samples. */
struct leat_raw_source_options {
    const char *file;
    uint64_t channels;
    struct leat_list names;
    struct leat_length frame;
    double rate;              /* 0 = none */
    uint64_t skip;            /* bytes before the first sample */
    double scale;             /* output = sample * scale, computed in f64; not for i64 */
    struct leat_length block; /* planar: samples of a channel that stand together; 0: all */
    uint32_t type;            /* leat_cell */
    uint32_t to;              /* leat_raw_to */
    uint32_t endian;          /* leat_endian */
    uint32_t layout;          /* leat_layout */
    bool mapped;              /* map the file instead of reading it; it must not shrink */
};

/* raw sink: little-endian samples, interleaved or frame by frame, row by row (planar). */
struct leat_raw_sink_options {
    const char *file;
    uint32_t layout; /* leat_layout */
};

/* npy: [samples], [channels x samples] or [frames x channels x samples], C or Fortran order. */
struct leat_npy_source_options {
    const char *file;
    struct leat_length frame; /* not given: 1024, or the file's own frames */
    struct leat_list names;
    double rate;              /* 0 = none */
    uint32_t type;            /* leat_type */
    bool mapped;
};

/* npy sink: frames joined along samples, [samples] or [channels x samples] in Fortran order. */
struct leat_npy_sink_options {
    const char *file;
    bool stack; /* [frames x channels x samples] instead; a shorter last frame is padded with zeros
                 * and counted as reframed */
};

/* json: lines of JSON, one sample a line; numbers may stand in strings. Lines that are rejected add
 * to the context's rejected_rows. A number with a fraction is a double before anything else, and a
 * whole one an int64_t; one in a string is read as csv reads it. Paths: keys with dots between
 * them, [n] for an array's item from 0, [key] for a key with a dot in it; "^" is the text of the
 * line before `after`. */
struct leat_json_source_options {
    const char *file;
    struct leat_list fields;  /* NAME:PATH, or a path that is its own name; one at least */
    struct leat_list only;    /* PATH:TEXT: other lines are passed over */
    const char *after;        /* a line's JSON begins behind the first such text; NULL = at once */
    const char *comment;      /* lines that begin with it are passed over; NULL = none */
    struct leat_length frame;
    double rate;              /* 0 = none */
    const char *time;         /* path of the event time; NULL = none */
    uint32_t type;            /* leat_type */
    uint32_t time_unit;       /* leat_time_unit */
    uint32_t missing;         /* leat_missing: of what is not there, null or empty; i64: reject */
    uint32_t on_error;        /* leat_on_error: of lines that cannot be read */
};

/* wfdb: a record of format 212 or 16 whose signals stand in one file, at its header's rate. The
 * header's checksums are held to the samples at the end: LEAT_EDATA. Its date and time of day, and
 * the frequency of its counter, are not used. */
struct leat_wfdb_source_options {
    const char *file;         /* the header, with or without ".hea" */
    struct leat_length frame;
    struct leat_list names;   /* none: the signals' descriptions */
    uint32_t type;            /* leat_type; i64 keeps the integers whatever scale says */
    bool scale;               /* true: physical units, NaN for no sample; false: as stored */
};

/* mtx: the entries of a Matrix Market file as samples: row and col from 1, value; of a complex
 * matrix value is a complex channel. Places that do not fit the type are refused. */
struct leat_mtx_source_options {
    const char *file;
    uint64_t frame; /* entries of a frame */
    uint32_t type;  /* leat_type */
    bool mirror;    /* give the other half of a symmetric matrix too, entry behind entry */
};

/* What an item of an idx file is: a frame, its last dimension along samples, the others channels;
 * or a sample, whose channels are all of its numbers. Single numbers are samples. */
enum leat_items { LEAT_ITEMS_FRAMES, LEAT_ITEMS_SAMPLES };

/* idx: arrays of 1 to 8 dimensions, the first of which counts items. */
struct leat_idx_source_options {
    const char *file;
    struct leat_length frame; /* not given: an item where items are frames, else 1024 */
    struct leat_list names;
    double rate;              /* 0 = none */
    uint32_t type;            /* leat_type */
    uint32_t items;           /* leat_items */
    bool mapped;
};

/* What the lines of an image are: channels of the one frame that it is, or frames. */
enum leat_lines_are { LEAT_LINES_CHANNELS, LEAT_LINES_FRAMES };

/* pgm: a gray image, P5 or P2. P2 is read into memory by init, two bytes a point. */
struct leat_pgm_source_options {
    const char *file;
    struct leat_list names;
    double rate;    /* 0 = none */
    uint32_t type;  /* leat_type */
    uint32_t lines; /* leat_lines_are */
    bool mapped;
};

/* A matrix in a file, which is told by its first bytes: an npy array of two dimensions in C or
 * Fortran order, or of one, which is a row, of any type that npy's source reads; or Matrix Market
 * text, coordinate or array, real, integer or pattern, symmetric or not: places without an entry
 * are 0, and entries at one place are added. *rows and *cols are set where it succeeds.
 * Errors, with path, line and column in the diag or the path in its text: LEAT_EIO, no file or a
 * pipe; LEAT_EDATA neither format, cut off, or changed since it was looked at; LEAT_ESHAPE three
 * dimensions, complex, or empty; LEAT_ERANGE; LEAT_ENOMEM.
 * Threads: any. Memory: reads all of the file into memory, for the time of the call. */
LEAT_API LEAT_MUST_USE int leat_matrix_file_look(const char *path, uint32_t *rows, uint32_t *cols,
                                                 struct leat_diag *diag);
/* Its elements as f32 or f64 (rounded to nearest), row after row, into elements[rows * cols]. */
LEAT_API LEAT_MUST_USE int leat_matrix_file_read(const char *path, uint32_t rows, uint32_t cols,
                                                 uint32_t kind, void *elements,
                                                 struct leat_diag *diag);
/* The same as coordinates, from 0: the entries of a file of coordinates in its order, the other of
 * two that one stands for behind it; of other files the elements that are not 0. *entries says how
 * many the arrays hold (0: they may be NULL) and then how many there are; those that do not fit are
 * counted alone. */
LEAT_API LEAT_MUST_USE int leat_matrix_file_entries(const char *path, uint32_t rows, uint32_t cols,
                                                    uint32_t kind, uint64_t *entries,
                                                    uint32_t *row, uint32_t *col, void *value,
                                                    struct leat_diag *diag);

/* What synth makes: below. */
enum leat_synth_kind { LEAT_SYNTH_NOISE, LEAT_SYNTH_SINE, LEAT_SYNTH_WALK, LEAT_SYNTH_RAMP };

/* synth: signals that are a pure function of the parameters and the sample's number.
 *   noise  uniform in [-amplitude, amplitude): SplitMix64, a stream of its own for each channel
 *   sine   amplitude * sin(2 pi frequency t), absolute error below 1e-15 * amplitude, plus the
 *          phase: frequency / rate is cut to a multiple of 2^-64 turns
 *   walk   the running sum of noise
 *   ramp   the sample's number times amplitude, from 0
 * The arithmetic is f64, rounded to the type (i64: to nearest, saturated). */
struct leat_synth_source_options {
    uint32_t kind; /* leat_synth_kind */
    uint32_t type; /* leat_type */
    uint64_t seed, channels;
    struct leat_length samples; /* 0 = without end */
    struct leat_length frame;
    double rate, frequency, amplitude;
};

/* stats and digest: one JSON object when the input has ended. */
struct leat_stats_sink_options {
    const char *file; /* "-" = standard output */
};
struct leat_digest_sink_options {
    const char *file; /* "-" = standard output */
};

/* latest: the newest frame in a mapped file. Unlike other outputs it is under its name from init
 * on, and stays there; readers: leat/latest.h. On a file system that writes pages back the worker
 * may take a page fault now and then; /dev/shm is none. */
struct leat_latest_sink_options {
    const char *file;
};

LEAT_END

#endif
