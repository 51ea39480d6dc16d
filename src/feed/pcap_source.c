/* pcap: the datagrams of a capture, by libpcap, which lives here alone.
 *
 * libpcap waits until it has a packet, and a pull may not. So what comes through a pipe is kept in
 * a byte ring, and libpcap is asked once all that it wants lies there: it reads from the ring.
 */
#define _GNU_SOURCE
#include "io/bytes.h"
#include "feed/messages.h"

#include <leat/clock.h>

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROOM ((size_t)1 << 20) /* bytes of a pipe in one piece: libpcap's longest packet, thrice */

enum { CUT_OFF, OTHER, FRAGMENTS, OVERSIZE };
static const char *const causes[] = {"cut off", "not udp", "fragments", "oversize", NULL};

struct pcap_source {
    struct leat_packer packer;
    const char *path, *wanted;  /* wanted: the filter's text; NULL: all */
    FILE *file;                 /* what libpcap reads; the capture's, once there is one */
    int fd;                     /* and what stands behind it; of a file, from byte `at` on */
    uint64_t at;
    pcap_t *capture;            /* NULL: of a pipe, its head has not come yet */
    bool piped, blocks, big;    /* of a pipe: it is pcapng; numbers begin with their highest byte */
    uint32_t record, minor;     /* and of pcap: bytes before a packet; its version, 2.minor */
    struct leat_reader pipe;
    struct bpf_program filter;
    bool filters, held, over;   /* held: the packet has been read and found no room yet */
    int link;
    uint64_t packets;
    int64_t sequence;           /* of the last datagram */
    int64_t time_ns;            /* of the packet that is held */
    const uint8_t *text;        /* its datagram */
    size_t bytes;
    uint64_t file_bytes, taken; /* of the file; of packets with their headers */
    double speed;               /* 0: at once */
    int64_t first_ns;           /* the time of the first packet, and */
    uint64_t began_ns;          /* when it was given, 0: not yet */
};

/* ---- from a packet to its datagram ---- */

static uint32_t u16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

#define NOT_IP SIZE_MAX

/* Where the internet protocol begins. */
static size_t ip_at(int link, const uint8_t *p, size_t n)
{
    size_t at = link == DLT_EN10MB ? 12 : link == DLT_LINUX_SLL ? 14 : 0;
    if (link == DLT_NULL)
        return 4;
    if (link != DLT_EN10MB && link != DLT_LINUX_SLL && link != DLT_LINUX_SLL2)
        return 0;
    while (at + 2 <= n && (u16(p + at) == 0x8100 || u16(p + at) == 0x88a8))
        at += 4; /* a virtual network's tag */
    if (at + 2 > n || (u16(p + at) != 0x0800 && u16(p + at) != 0x86dd))
        return NOT_IP;
    return link == DLT_LINUX_SLL2 ? 20 : at + 2;
}

enum { HOP_BY_HOP = 0, UDP = 17, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60 };

/* Version 6, at *at: moves it behind the headers of the internet protocol, each of which says what
 * the next one is. -1: a datagram of UDP stands there; else a cause. */
static int pass_headers(const uint8_t *p, size_t n, size_t *at)
{
    uint32_t next = p[*at + 6];
    *at += 40;
    while (next == HOP_BY_HOP || next == ROUTING || next == DESTINATION || next == FRAGMENT) {
        if (n - *at < 8)
            return CUT_OFF;
        const uint8_t *head = p + *at;
        if (next == FRAGMENT && (u16(head + 2) & 0xfff9) != 0)
            return head[0] == UDP ? FRAGMENTS : OTHER;
        size_t bytes = next == FRAGMENT ? 8 : 8 + 8 * (size_t)head[1];
        if (n - *at < bytes)
            return CUT_OFF;
        next = head[0];
        *at += bytes;
    }
    return next == UDP ? -1 : OTHER;
}

/* Version 4: the same. */
static int pass_header(const uint8_t *p, size_t n, size_t *at)
{
    const uint8_t *head = p + *at;
    size_t bytes = 4u * (head[0] & 15u);
    if (bytes < 20)
        return OTHER;
    if (n - *at < bytes)
        return CUT_OFF;
    *at += bytes;
    return head[9] != UDP ? OTHER : (u16(head + 6) & 0x3fff) != 0 ? FRAGMENTS : -1;
}

/* The datagram in p[0, n) of a packet of `all` bytes; a cause where there is none, else -1. */
static int datagram(int link, const uint8_t *p, size_t n, size_t all, const uint8_t **text,
                    size_t *bytes)
{
    size_t at = ip_at(link, p, n);
    if (at == NOT_IP || at >= n)
        return at == NOT_IP && n == all ? OTHER : CUT_OFF;
    uint32_t version = p[at] >> 4;
    if (version != 4 && version != 6)
        return OTHER;
    if (version == 6 && n - at < 40)
        return CUT_OFF;
    int cause = version == 4 ? pass_header(p, n, &at) : pass_headers(p, n, &at);
    if (cause >= 0)
        return cause;
    if (n - at < 8)
        return CUT_OFF;
    size_t length = u16(p + at + 4);
    if (length < 8 || n - at < length)
        return CUT_OFF;
    *text = p + at + 8;
    *bytes = length - 8;
    return -1;
}

/* ---- opening ---- */

/* The capture begins, and is one that can be read. A status after leat_fail. */
static int begin(struct pcap_source *s, struct leat_ctx *ctx)
{
    static const int links[] = {DLT_EN10MB, DLT_RAW,        DLT_IPV4, DLT_IPV6,
                                DLT_NULL,   DLT_LINUX_SLL, DLT_LINUX_SLL2};
    char why[PCAP_ERRBUF_SIZE];
    bool known = false;
    s->capture =
        pcap_fopen_offline_with_tstamp_precision(s->file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (s->capture == NULL)
        return leat_fail(ctx, LEAT_EDATA, "%s: is no capture: %s", s->path, why);
    s->link = pcap_datalink(s->capture);
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        known |= links[i] == s->link;
    const char *name = pcap_datalink_val_to_name(s->link);
    if (!known)
        return leat_fail(ctx, LEAT_EDATA,
                         "%s: its packets are of %s; Leat reads Ethernet, Linux cooked, loopback "
                         "and raw IP", s->path, name != NULL ? name : "no known link");
    if (s->wanted == NULL)
        return LEAT_OK;
    if (pcap_compile(s->capture, &s->filter, s->wanted, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return leat_fail(ctx, LEAT_ESYNTAX, "filter: %s", pcap_geterr(s->capture));
    s->filters = true;
    return LEAT_OK;
}

/* libpcap reads what has come through the pipe. */
static ssize_t read_ring(void *source, char *out, size_t n)
{
    struct leat_stream *stream = &((struct pcap_source *)source)->pipe.stream;
    const char *bytes;
    const size_t there = leat_stream_take(stream, &bytes);
    n = n < there ? n : there;
    memcpy(out, bytes, n);
    leat_stream_retire(stream, n);
    return (ssize_t)n;
}

/* And a file where it lies: standard input may stand anywhere in it, and is read twice, by
 * resolve and by init. */
static ssize_t read_file(void *source, char *out, size_t n)
{
    struct pcap_source *s = source;
    ssize_t got;
    do {
        got = pread(s->fd, out, n, (off_t)s->at);
    } while (got < 0 && errno == EINTR);
    s->at += got > 0 ? (uint64_t)got : 0;
    return got;
}

static int close_file(void *source)
{
    return close(((struct pcap_source *)source)->fd);
}

static int open_pipe(struct pcap_source *s, struct leat_diag *diag)
{
    int status = leat_reader_open(&s->pipe, s->path, ROOM, diag);
    if (status != LEAT_OK)
        return status;
    s->file = fopencookie(s, "rb", (cookie_io_functions_t){.read = read_ring});
    if (s->file == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory to read it", s->path);
    setvbuf(s->file, NULL, _IONBF, 0); /* no byte more than libpcap wants */
    return LEAT_OK;
}

/* Of a file the capture begins; of a pipe only a pull can say whether it is one. */
static int open_all(const struct leat_pcap_source_options *o, struct pcap_source *s,
                    struct leat_diag *diag)
{
    struct leat_input_facts facts;
    struct leat_ctx ctx = {.diag = diag};
    bool owned;
    s->path = o->file;
    s->wanted = o->filter;
    int status = leat_input_facts(s->path, &facts, diag);
    if (status != LEAT_OK)
        return status;
    s->piped = !facts.regular;
    if (s->piped)
        return open_pipe(s, diag);
    int fd = leat_input_open(s->path, &owned, diag);
    if (fd < 0)
        return fd;
    s->fd = owned ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    s->at = facts.at;
    s->file_bytes = facts.bytes > facts.at ? facts.bytes - facts.at : 0;
    s->file = s->fd < 0 ? NULL
                        : fopencookie(s, "rb", (cookie_io_functions_t){.read = read_file,
                                                                       .close = close_file});
    if (s->file != NULL)
        return begin(s, &ctx);
    status = leat_diag_set(diag, LEAT_EIO, "%s: cannot be read: %s", s->path, strerror(errno));
    if (s->fd >= 0)
        close(s->fd);
    return status;
}

/* ---- what has come through a pipe ---- */

static uint32_t u32(const uint8_t *p, bool big)
{
    uint32_t high = u16(p), low = u16(p + 2);
    return big ? high << 16 | low : __builtin_bswap32(high << 16 | low);
}

/* The first 12 bytes say how the others are to be read. */
static void see_head(struct pcap_source *s, const uint8_t *p)
{
    static const uint8_t odd[] = {0xa1, 0xb2, 0xcd, 0x34};
    s->blocks = u32(p, true) == 0x0a0d0d0a;
    s->big = s->blocks ? p[8] == 0x1a : p[0] == odd[0];
    s->record = u32(p, s->big) == u32(odd, true) ? 24 : 16;
    s->minor = s->big ? u16(p + 6) : u16(p + 6) >> 8 | (u16(p + 6) & 255) << 8;
}

/* Bytes of the packet at p that were kept. Up to version 2.2 they stand behind its whole length; in
 * 2.3 some writers did so and others did not, and the smaller one is meant. */
static uint32_t kept(const struct pcap_source *s, const uint8_t *p)
{
    uint32_t first = u32(p + 8, s->big), second = u32(p + 12, s->big);
    bool swapped = s->minor < 3 || (s->minor == 3 && first > second);
    return swapped ? second : first;
}

/* Bytes up to the end of the first block that is a packet, or describes an interface while the
 * head is awaited; more than n where that is not known yet, and n where a length lies. */
static uint64_t blocks_end(const struct pcap_source *s, const uint8_t *p, size_t n)
{
    enum { INTERFACE = 1, OLD_PACKET, SIMPLE_PACKET, PACKET = 6 };
    uint64_t at = 0;
    uint32_t type = 0;
    while (type != PACKET && type != OLD_PACKET && type != SIMPLE_PACKET &&
           (type != INTERFACE || s->capture != NULL)) {
        if (at + 12 > n)
            return at + 12;
        uint32_t bytes = u32(p + at + 4, s->big);
        if (bytes < 12)
            return n;
        type = u32(p + at, s->big);
        at += bytes;
    }
    return at;
}

/* How many bytes libpcap reads before it answers: the head, or the next packet and what stands
 * before it. More than n: at least so many. */
static uint64_t wants(struct pcap_source *s, const uint8_t *p, size_t n)
{
    if (s->capture == NULL && n < 12)
        return 12;
    if (s->capture == NULL)
        see_head(s, p);
    if (s->blocks)
        return blocks_end(s, p, n);
    if (s->capture == NULL)
        return 24;
    return n < s->record ? s->record : s->record + (uint64_t)kept(s, p);
}

/* 1: libpcap can be asked, which need not wait; what is wrong at the end, it says itself. 0: not
 * now; another status after leat_fail. */
static int arrived(struct pcap_source *s, struct leat_ctx *ctx, bool wait)
{
    int status = 1;
    while (s->piped && status == 1) {
        const char *bytes;
        size_t n = leat_stream_take(&s->pipe.stream, &bytes);
        uint64_t want = wants(s, (const uint8_t *)bytes, n);
        if (want <= n)
            break;
        if (want > s->pipe.stream.bytes)
            return leat_fail(ctx, LEAT_EDATA,
                             "%s: %llu bytes up to the end of a packet; of a pipe there is room "
                             "for %zu: write it to a file first", s->path,
                             (unsigned long long)want, s->pipe.stream.bytes);
        status = leat_reader_fill(&s->pipe, ctx, wait);
    }
    if (status != 1 && status != LEAT_EEND)
        return status;
    if (s->capture != NULL)
        return 1;
    status = begin(s, ctx);
    return status == LEAT_OK ? arrived(s, ctx, false) : status;
}

/* ---- packets ---- */

/* A capture may count seconds in 64 bits: LEAT_TIME_NONE where nanoseconds do not fit. */
static int64_t time_of(const struct pcap_pkthdr *header)
{
    int64_t ns;
    bool far = __builtin_mul_overflow((int64_t)header->ts.tv_sec, 1000000000, &ns) ||
               __builtin_add_overflow(ns, (int64_t)header->ts.tv_usec, &ns);
    return far ? LEAT_TIME_NONE : ns;
}

/* The next datagram, which is held until it has found room. 1; 0: not now; LEAT_EEND; another
 * status after leat_fail. */
static int next(struct pcap_source *s, struct leat_ctx *ctx, bool wait)
{
    struct pcap_pkthdr *header;
    const u_char *packet;
    while (!s->held) {
        int status = arrived(s, ctx, wait);
        if (status != 1)
            return status;
        int got = pcap_next_ex(s->capture, &header, &packet);
        if (got == PCAP_ERROR && !feof(s->file))
            return leat_fail(ctx, LEAT_EDATA, "%s: packet %llu: %s", s->path,
                             (unsigned long long)s->packets + 1, pcap_geterr(s->capture));
        if (got != 1) {
            leat_count(ctx, CUT_OFF, got == PCAP_ERROR);
            return LEAT_EEND;
        }
        s->packets++;
        s->taken += 16 + header->caplen;
        if (s->filters && pcap_offline_filter(&s->filter, header, packet) == 0)
            continue;
        int cause = datagram(s->link, packet, header->caplen, header->len, &s->text, &s->bytes);
        if (cause < 0 && leat_packer_oversize(&s->packer, s->bytes))
            cause = OVERSIZE;
        if (cause >= 0) {
            leat_count(ctx, (uint32_t)cause, 1);
            continue;
        }
        s->held = true;
        s->sequence++;
        s->time_ns = time_of(header);
    }
    return 1;
}

/* ---- as it was captured ---- */

/* Is it time for the packet that is held? wait: until it is, but no longer than a pull may. */
static bool is_due(struct pcap_source *s, struct leat_ctx *ctx, bool wait)
{
    if (s->speed == 0 || s->time_ns == LEAT_TIME_NONE)
        return true;
    uint64_t now = leat_clock_ns();
    if (s->began_ns == 0) {
        s->began_ns = now;
        s->first_ns = s->time_ns;
    }
    double after = (double)(int64_t)((uint64_t)s->time_ns - (uint64_t)s->first_ns) / s->speed;
    double left = after - (double)(now - s->began_ns);
    if (left <= 0 || !wait)
        return left <= 0;
    const double most = LEAT_IO_WAIT_MS * 1e6;
    const struct timespec pause = {.tv_nsec = (long)(left < most ? left : most)};
    ctx->waited = true;
    (void)nanosleep(&pause, NULL);
    return is_due(s, ctx, false);
}

/* The next datagram, when it is due. */
static int next_due(struct pcap_source *s, struct leat_ctx *ctx, bool wait)
{
    int status = ctx->stopping ? LEAT_EEND : next(s, ctx, wait);
    return status == 1 && !is_due(s, ctx, wait) ? 0 : status;
}

static int capture_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct pcap_source *s = state;
    uint32_t made = 0;
    int status = s->over ? LEAT_EEND : 1;
    while (made < n && status == 1) {
        struct leat_packing packing = {.frame = frames[made]};
        while ((status = next_due(s, ctx, made == 0 && packing.n == 0)) == 1 &&
               leat_packing_add(&s->packer, &packing, (const char *)s->text, s->bytes,
                                s->sequence, s->time_ns))
            s->held = false;
        made += leat_packing_end(&packing);
    }
    s->over |= status == LEAT_EEND;
    ctx->progress = s->taken < s->file_bytes ? s->taken : s->file_bytes;
    ctx->progress_all = s->file_bytes;
    if (status < 0 && status != LEAT_EEND)
        return status;
    return made != 0 ? (int)made : status;
}

/* ---- what was asked ---- */

static void capture_fini(void *state)
{
    struct pcap_source *s = state;
    if (s->filters)
        pcap_freecode(&s->filter);
    if (s->capture != NULL)
        pcap_close(s->capture);
    else if (s->file != NULL)
        fclose(s->file);
    leat_reader_close(&s->pipe);
    memset(s, 0, sizeof *s);
}

static int capture_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_pcap_source_options *o = options;
    struct pcap_source s = {0};
    struct leat_input_facts facts;
    (void)in;
    int status = leat_input_facts(o->file, &facts, diag);
    if (status == LEAT_OK && facts.regular)
        status = open_all(o, &s, diag);
    capture_fini(&s);
    if (status != LEAT_OK)
        return status;
    leat_messages_shape(&need->out, (uint32_t)o->frame);
    need->out.timed = true;
    need->state_bytes = sizeof(struct pcap_source);
    return LEAT_OK;
}

static int capture_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    struct pcap_source *s = state;
    (void)in;
    s->packer.cols = need->out.cols;
    s->speed = ((const struct leat_pcap_source_options *)options)->speed;
    return open_all(options, s, diag);
}

static const struct leat_param pcap_params[] = {
    LEAT_IO_FILE(leat_pcap_source_options, NULL,
                 "capture to read, pcap or pcapng; - is standard input", "day.pcap"),
    {.name = "filter", .fallback = "", .example = "'udp port 26477'",
     .doc = "which packets are wanted, as tcpdump says it; default all",
     .offset = offsetof(struct leat_pcap_source_options, filter), .type = LEAT_P_TEXT},
    {.name = "speed", .fallback = "0", .max = 1e9, .example = "1000k",
     .doc = "times as fast as it was captured: 1 as it was; 0: as fast as it is read",
     .offset = offsetof(struct leat_pcap_source_options, speed), .type = LEAT_P_F64},
    LEAT_IO_FRAME_BYTES(leat_pcap_source_options),
};

const struct leat_stage leat_pcap_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS,
    .name = "pcap",
    .doc = "Reads the UDP datagrams of a capture, pcap or pcapng.",
    .params = pcap_params,
    .params_n = sizeof pcap_params / sizeof pcap_params[0],
    .options_bytes = sizeof(struct leat_pcap_source_options),
    .outs = 1,
    .resolve = capture_resolve,
    .init = capture_init,
    .pull = capture_pull,
    .fini = capture_fini,
    .counts = causes,
};
