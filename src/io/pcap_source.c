/* pcap: the datagrams of a capture, by libpcap, which lives here alone. */
#define _GNU_SOURCE
#include "io/bytes.h"
#include "io/messages.h"

#include <leat/clock.h>

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CUT_OFF, OTHER, FRAGMENTS, OVERSIZE };
static const char *const causes[] = {"cut off", "not udp", "fragments", "oversize", NULL};

struct pcap_source {
    struct leat_packer packer;
    const char *path;
    pcap_t *capture;
    struct bpf_program filter;
    bool filters, held, over;   /* held: the packet has been read and found no room yet */
    int link;
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

/* The datagram in p[0, n) of a packet of `all` bytes; a cause where there is none, else -1. */
static int datagram(int link, const uint8_t *p, size_t n, size_t all, const uint8_t **text,
                    size_t *bytes)
{
    size_t at = ip_at(link, p, n);
    if (at == NOT_IP || at >= n)
        return at == NOT_IP && n == all ? OTHER : CUT_OFF;
    uint32_t version = p[at] >> 4;
    size_t head = version == 4 ? 4u * (p[at] & 15u) : 40;
    if ((version != 4 && version != 6) || head < 20)
        return OTHER;
    if (n - at < head)
        return CUT_OFF;
    if (p[at + (version == 4 ? 9 : 6)] != 17)
        return OTHER;
    if (version == 4 && (u16(p + at + 6) & 0x3fff) != 0)
        return FRAGMENTS;
    at += head;
    if (n - at < 8)
        return CUT_OFF;
    size_t length = u16(p + at + 4);
    if (length < 8 || n - at < length)
        return CUT_OFF;
    *text = p + at + 8;
    *bytes = length - 8;
    return -1;
}

/* The next datagram, which is held until it has found room. 1, or LEAT_EEND. */
static int next(struct pcap_source *s, struct leat_ctx *ctx)
{
    struct pcap_pkthdr *header;
    const u_char *packet;
    while (!s->held) {
        int got = pcap_next_ex(s->capture, &header, &packet);
        if (got != 1) {
            leat_count(ctx, CUT_OFF, got == PCAP_ERROR);
            return LEAT_EEND;
        }
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
        s->time_ns = (int64_t)header->ts.tv_sec * 1000000000 + (int64_t)header->ts.tv_usec;
    }
    return 1;
}

/* ---- as it was captured ---- */

/* Is it time for the packet that is held? wait: until it is, but no longer than a pull may. */
static bool is_due(struct pcap_source *s, struct leat_ctx *ctx, bool wait)
{
    if (s->speed == 0)
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

/* The next datagram, when it is due. 1; 0: not yet; LEAT_EEND. */
static int next_due(struct pcap_source *s, struct leat_ctx *ctx, bool wait)
{
    int status = ctx->stopping ? LEAT_EEND : next(s, ctx);
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
    return made != 0 ? (int)made : status;
}

/* ---- opening ---- */

static int open_capture(const char *path, pcap_t **capture, uint64_t *bytes,
                        struct leat_diag *diag)
{
    char why[PCAP_ERRBUF_SIZE];
    struct leat_input_facts facts;
    bool owned;
    int fd = leat_input_open(path, &owned, diag);
    if (fd < 0)
        return fd;
    int status = leat_input_look(fd, path, &facts, diag);
    if (status == LEAT_OK && !facts.regular)
        status = leat_diag_set(diag, LEAT_EIO,
                               "%s: is no file: libpcap would wait for it; write it to one first",
                               path);
    int own = status == LEAT_OK ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (owned)
        leat_input_close(fd);
    if (status != LEAT_OK)
        return status;
    FILE *file = own >= 0 ? fdopen(own, "rb") : NULL;
    if (file == NULL) {
        status = leat_diag_set(diag, LEAT_EIO, "%s: cannot be read: %s", path, strerror(errno));
        if (own >= 0)
            close(own);
        return status;
    }
    *bytes = facts.bytes;
    *capture = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (*capture != NULL)
        return LEAT_OK;
    fclose(file);
    return leat_diag_set(diag, LEAT_EDATA, "%s: is no capture: %s", path, why);
}

static int open_all(const struct leat_pcap_source_options *o, struct pcap_source *s,
                    struct leat_diag *diag)
{
    int status = open_capture(o->file, &s->capture, &s->file_bytes, diag);
    if (status != LEAT_OK)
        return status;
    s->link = pcap_datalink(s->capture);
    static const int links[] = {DLT_EN10MB, DLT_RAW,        DLT_IPV4, DLT_IPV6,
                                DLT_NULL,   DLT_LINUX_SLL, DLT_LINUX_SLL2};
    bool known = false;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        known |= links[i] == s->link;
    const char *name = pcap_datalink_val_to_name(s->link);
    if (!known)
        return leat_diag_set(diag, LEAT_EDATA,
                             "%s: its packets are of %s; Leat reads Ethernet, Linux cooked, "
                             "loopback and raw IP", o->file, name != NULL ? name : "no known link");
    if (o->filter == NULL)
        return LEAT_OK;
    if (pcap_compile(s->capture, &s->filter, o->filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return leat_diag_set(diag, LEAT_ESYNTAX, "filter: %s", pcap_geterr(s->capture));
    s->filters = true;
    return LEAT_OK;
}

static void capture_fini(void *state)
{
    struct pcap_source *s = state;
    if (s->filters)
        pcap_freecode(&s->filter);
    if (s->capture != NULL)
        pcap_close(s->capture);
    memset(s, 0, sizeof *s);
}

static int capture_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_pcap_source_options *o = options;
    struct pcap_source s = {0};
    (void)in;
    int status = open_all(o, &s, diag);
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
    LEAT_IO_FILE(leat_pcap_source_options, NULL, "capture to read, pcap or pcapng", "day.pcap"),
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
