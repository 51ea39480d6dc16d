#define _GNU_SOURCE
#include "inspect.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ITCH "itch type=i64 fields=type,timestamp,locate,symbol ! outlet"
static const struct reading readings[] = {
    {"dbn", "Databento DBN 1, market by order",
     "dbn file=$file type=i64 fields=action,ts_event,instrument ! outlet", "action", "instrument",
     NULL, "ts_event", false},
    {"iex", "IEX-TP in a capture",
     "pcap file=$file ! iex type=i64 fields=type,timestamp,symbol ! outlet", "type", "symbol",
     "symbol", "timestamp", false},
    {"moldudp", "NASDAQ TotalView-ITCH 5.0 in MoldUDP64 in a capture",
     "pcap file=$file ! moldudp ! " ITCH, "type", "locate", "symbol", "timestamp", true},
    {"pcap", "a capture", "pcap file=$file ! outlet", NULL, NULL, NULL, "time", false},
    {"itch", "NASDAQ TotalView-ITCH 5.0, BinaryFILE",
     "itch file=$file type=i64 fields=type,timestamp,locate,symbol ! outlet", "type", "locate",
     "symbol", "timestamp", true},
    {"soupbin", "NASDAQ TotalView-ITCH 5.0 in SoupBinTCP", "file file=$file ! soupbin ! " ITCH,
     "type", "locate", "symbol", "timestamp", true},
    {"wav", "sound", "wav file=$file ! outlet", NULL, NULL, NULL, NULL, false},
    {"npy", "an array of numpy", "npy file=$file ! outlet", NULL, NULL, NULL, NULL, false},
    {"mtx", "a matrix, Matrix Market", "mtx file=$file ! outlet", NULL, NULL, NULL, NULL, false},
    {"pgm", "a gray image", "pgm file=$file ! outlet", NULL, NULL, NULL, NULL, false},
    {"idx", "an array of IDX", "idx file=$file ! outlet", NULL, NULL, NULL, NULL, false},
    {"wfdb", "a record of WFDB", "wfdb file=$file ! outlet", NULL, NULL, NULL, NULL, false},
#define CSV(between, doc) \
    {"csv", doc, "csv file=$file" between " on-error=reject ! outlet", NULL, NULL, NULL, NULL, \
     false}
    CSV("", "text of numbers, CSV"),
    CSV(" delimiter=tab", "text of numbers with tabs between them"),
    CSV(" delimiter=semicolon", "text of numbers with semicolons between them"),
    CSV(" delimiter=pipe", "text of numbers with | between them"),
    CSV(" delimiter=space", "text of numbers with blanks between them"),
    {"text", "lines of text", NULL, NULL, NULL, NULL, NULL, false},
};

static void help(void)
{
    printf("Usage: leat inspect [--json] FILE\n"
           "\n"
           "Recognises the format of a file by what is in it, reads all of it, and tells what it\n"
           "found: records by type, instruments, the span of time, what is missing or wrong, the\n"
           "first records, and the pipeline that reads it.\n"
           "\n"
           "    leat inspect day.itch\n"
           "\n"
           "Options:\n"
           "  --json      the same as one JSON object\n"
           "  -h, --help  this text\n"
           "\n"
           "Exit status: 0 done; 1 the file cannot be read, or no format is recognised in it; 2 a\n"
           "mistake in the command.\n");
}

/* ---- which formats it may be ---- */

#define CAPTURE "iex moldudp pcap"

/* The formats' names, in the order in which they are tried, by how the file begins. */
static const char *guesses(const unsigned char *head, size_t n, const char *path)
{
    static const struct {
        const char *begin;
        size_t bytes;
        const char *formats;
    } known[] = {
        {"DBN", 3, "dbn"},
        {"\xd4\xc3\xb2\xa1", 4, CAPTURE},            {"\xa1\xb2\xc3\xd4", 4, CAPTURE},
        {"\x4d\x3c\xb2\xa1", 4, CAPTURE},            {"\xa1\xb2\x3c\x4d", 4, CAPTURE},
        {"\x0a\x0d\x0d\x0a", 4, CAPTURE},            {"\x93NUMPY", 6, "npy"},
        {"RIFF", 4, "wav"},     {"RIFX", 4, "wav"},   {"fLaC", 4, "wav"},
        {"OggS", 4, "wav"},     {"FORM", 4, "wav"},   {".snd", 4, "wav"},
        {"%%MatrixMarket", 14, "mtx"},                {"P5", 2, "pgm"},
        {"P2", 2, "pgm"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (n >= known[i].bytes && memcmp(head, known[i].begin, known[i].bytes) == 0)
            return known[i].formats;
    size_t length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, ".hea") == 0)
        return "wfdb";
    bool text = n != 0;
    for (size_t i = 0; i < n; i++)
        text &= isprint(head[i]) || isspace(head[i]) || head[i] >= 0x80;
    if (text)
        return "csv text";
    bool idx = n >= 4 && head[0] == 0 && head[1] == 0 && head[2] >= 8 && head[2] <= 14 &&
               head[3] >= 1 && head[3] <= 8;
    return idx ? "idx itch soupbin" : "itch soupbin";
}

static bool among(const char *formats, const char *format)
{
    size_t n = strlen(format);
    for (const char *at = formats; (at = strstr(at, format)) != NULL; at += n)
        if ((at == formats || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

/* ---- what is found ---- */

static int channel(const struct leat_shape *shape, const char *name)
{
    for (uint32_t r = 0; name != NULL && r < shape->rows; r++)
        if (strcmp(shape->channels[r].name, name) == 0)
            return (int)r;
    return -1;
}

static void count_group(struct found *f, int64_t key, int64_t name)
{
    uint32_t at = (uint32_t)(((uint64_t)key * UINT64_C(0x9e3779b97f4a7c15)) >> 48);
    while (f->groups[at].records != 0 && f->groups[at].key != key)
        at = (at + 1) & (INSPECT_GROUPS - 1);
    if (f->groups[at].records == 0) {
        if (f->groups_n == INSPECT_GROUPS - 1) {
            f->records_beyond++;
            return;
        }
        f->groups[at] = (struct group){key, LEAT_TIME_NONE, 0};
        f->groups_n++;
    }
    f->groups[at].records++;
    if (name != LEAT_TIME_NONE)
        f->groups[at].name = name;
}

static void keep_first(struct found *f, struct leat_frame *frame, uint32_t c)
{
    uint32_t i = f->first_n++;
    for (uint32_t r = 0; r < f->channels_n; r++) {
        const char *row = leat_frame_row(frame, r);
        if (frame->kind == LEAT_I64)
            memcpy(&f->first[i][r].i64, row + 8 * (size_t)c, 8);
        else if (frame->kind == LEAT_F64)
            memcpy(&f->first[i][r].f64, row + 8 * (size_t)c, 8);
        else
            f->first[i][r].f64 = (double)((const float *)(const void *)row)[c];
    }
}

static void count_time(struct found *f, int64_t time)
{
    if (time == LEAT_TIME_NONE)
        return;
    if (f->time_min == LEAT_TIME_NONE || time < f->time_min)
        f->time_min = time;
    if (f->time_max == LEAT_TIME_NONE || time > f->time_max)
        f->time_max = time;
}

/* Of datagrams only how many there are, and when they came. */
static void count_messages(struct found *f, struct leat_frame *frame)
{
    const int64_t *n = leat_frame_row(frame, 1), *time = leat_frame_row(frame, 3);
    f->records += (uint64_t)*n;
    for (int64_t i = 0; i < *n; i++)
        count_time(f, time[i]);
}

static void count_frame(struct found *f, struct leat_frame *frame, const int at[4])
{
    f->gap_frames += (frame->flags & LEAT_GAP_BEFORE) != 0;
    if (frame->kind == LEAT_U8) {
        count_messages(f, frame);
        return;
    }
    const int64_t *row[4] = {NULL};
    for (int i = 0; i < 4; i++)
        row[i] = at[i] >= 0 ? leat_frame_row(frame, (uint32_t)at[i]) : NULL;
    for (uint32_t c = 0; c < frame->cols; c++) {
        if (f->first_n < INSPECT_FIRST)
            keep_first(f, frame, c);
        if (row[0] != NULL)
            f->types[(uint8_t)row[0][c]]++;
        bool nobody = row[1] == NULL || row[1][c] == (f->reading->midnight ? 0 : LEAT_TIME_NONE);
        if (!nobody)
            count_group(f, row[1][c], row[2] != NULL ? row[2][c] : LEAT_TIME_NONE);
        if (row[3] != NULL)
            count_time(f, row[3][c]);
    }
    f->records += frame->cols;
}

static void add_cause(struct found *f, const char *stage, const char *cause, uint64_t count)
{
    if (count != 0 && f->causes_n < INSPECT_CAUSES)
        f->causes[f->causes_n++] = (struct cause){stage, cause, count};
}

/* What the stages counted; returns how many messages none of them could read. */
static uint64_t take_causes(struct found *f, const struct leat_plan *plan,
                            const struct leat_engine *engine)
{
    uint64_t unread = 0;
    f->causes_n = 0;
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        struct leat_stage_stats s;
        leat_engine_stage(engine, i, &s);
        const char *name = plan->stages[i].stage->name;
        add_cause(f, name, "rejected rows", s.rejected_rows);
        unread += s.rejected_rows;
        for (uint32_t c = 0; s.causes != NULL && s.causes[c] != NULL; c++) {
            add_cause(f, name, s.causes[c], s.counts[c]);
            bool lies = strcmp(s.causes[c], "unknown type") == 0 ||
                        strcmp(s.causes[c], "wrong length") == 0;
            unread += lies ? s.counts[c] : 0;
        }
    }
    return unread;
}

/* ---- reading all of it ---- */

/* *hopeless: more of it cannot be read than can. */
static int read_frames(struct through *t, struct found *f, bool *hopeless, struct leat_diag *diag)
{
    const struct reading *how = f->reading;
    const struct leat_shape *shape = through_shape(t);
    const int at[4] = {channel(shape, how->type), channel(shape, how->group),
                       channel(shape, how->name), channel(shape, how->time)};
    struct leat_frame *frames[32];
    f->channels_n = shape->rows < INSPECT_CHANNELS ? shape->rows : INSPECT_CHANNELS;
    f->kind = shape->kind;
    f->rate = shape->rate_hz;
    for (uint32_t r = 0; r < f->channels_n; r++)
        memcpy(f->names[r], shape->channels[r].name, LEAT_NAME_MAX);
    while (!t->ended && !*hopeless) {
        uint32_t n = through_take(t, frames, 32);
        for (uint32_t i = 0; i < n; i++)
            count_frame(f, frames[i], at);
        through_give_back(t, frames, n);
        uint64_t unread = take_causes(f, &t->plan, t->engine);
        *hopeless = (t->ended || unread > 1000) && unread > f->records / 4;
    }
    return through_end(t, diag);
}

/* Lines that are no table of numbers: JSON, a log, columns of words. */
static int read_lines(struct found *f)
{
    FILE *file = fopen(f->path, "rb");
    uint32_t n = 0;
    if (file == NULL)
        return LEAT_EIO;
    for (int c, before = '\n'; (c = getc(file)) != EOF; before = c) {
        if (before == '\n')
            n = 0;
        f->records += before == '\n';
        if (f->records <= INSPECT_FIRST && n + 1 < INSPECT_LINE && c != '\n' && c != '\r')
            f->lines[f->records - 1][n++] = (char)(isprint(c) || c >= 0x80 ? c : ' ');
    }
    fclose(file);
    return LEAT_OK;
}

/* Reads the file that way. False: that it is not; *diag then says why where something did. */
static bool try_reading(struct found *f, const struct reading *how, struct leat_diag *diag)
{
    struct through through;
    struct group *groups = f->groups;
    bool hopeless = false;
    *f = (struct found){.reading = how, .path = f->path, .bytes = f->bytes, .groups = groups,
                        .time_min = LEAT_TIME_NONE, .time_max = LEAT_TIME_NONE};
    memset(groups, 0, INSPECT_GROUPS * sizeof *groups);
    if (how->text == NULL)
        return read_lines(f) == LEAT_OK;
    char set[4096 + 8];
    const char *sets[] = {set};
    snprintf(set, sizeof set, "file=%s", f->path);
    int status = through_make(&through, how->text, sets, 1, diag);
    if (status == LEAT_OK)
        status = read_frames(&through, f, &hopeless, diag);
    hopeless |= !through_fini(&through);
    return status == LEAT_OK && !hopeless && (f->records != 0 || how->type == NULL);
}

static bool recognise(struct found *f, struct leat_diag *diag)
{
    static struct reading json; /* found.reading */
    static char text[1024];
    unsigned char head[512];
    struct stat st;
    errno = 0;
    FILE *file = fopen(f->path, "rb");
    if (file == NULL || fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
        leat_diag_set(diag, LEAT_EIO, "%s: cannot be read: %s", f->path,
                      errno != 0 ? strerror(errno) : "it is no file");
        if (file != NULL)
            fclose(file);
        return false;
    }
    size_t n = fread(head, 1, sizeof head, file);
    fclose(file);
    f->bytes = (uint64_t)st.st_size;
    const char *formats = guesses(head, n, f->path);
    if (among(formats, "text") && inspect_lines(f->path, &json, text, sizeof text) &&
        try_reading(f, &json, diag))
        return true;
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++)
        if (among(formats, readings[i].format) && try_reading(f, &readings[i], diag))
            return true;
    /* Of several ways none says why; but the last way to read a capture takes whatever it holds. */
    if (diag->code == 0 || (strchr(formats, ' ') != NULL && !among(formats, "pcap")))
        leat_diag_set(diag, LEAT_EDATA, "%s: none of the formats that Leat knows by sight",
                      f->path);
    diag->line = 0; /* the text is ours, not the user's */
    return false;
}

enum tool_exit command_inspect(int argc, char **argv)
{
    static const struct option known[] = {{"json", 0, NULL, 'j'},
                                          {"help", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct found found = {0};
    struct leat_diag diag = {0};
    bool json = false;
    opterr = 0;
    for (int key; (key = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (key == 'h') {
            help();
            return TOOL_DONE;
        }
        if (key != 'j')
            return args_bad_option("inspect", known, key, argv[optind - 1]);
        json = true;
    }
    if (argc - optind != 1 || strlen(argv[optind]) > 4096) {
        complain_text("inspect: name one file");
        return TOOL_MISTAKE;
    }
    found.path = argv[optind];
    found.groups = calloc(INSPECT_GROUPS, sizeof *found.groups);
    if (found.groups == NULL) {
        complain_text("inspect: no memory");
        return TOOL_FAILED;
    }
    fault_begin();
    bool good = recognise(&found, &diag);
    if (!good)
        complain(NULL, &diag);
    else if (!json)
        inspect_text(stdout, &found);
    else if (!inspect_json(stdout, &found)) {
        complain_text("inspect: no memory for the list");
        good = false;
    }
    free(found.groups);
    return good ? TOOL_DONE : TOOL_FAILED;
}
