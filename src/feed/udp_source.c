/* udp: datagrams as the kernel hands them over, many at once, one behind the other where they stay
 * in the frame: each has a place as long as the last ones were. What is longer runs over into
 * `held`, where it is put together, and what came after it goes there, too.
 *
 * The kernel counts what it dropped, and says its count with each datagram: a number that is
 * missing before it. So a datagram behind a loss begins a frame; those that were received after
 * it wait in `held` until there is another. */
#define _GNU_SOURCE
#include "feed/messages.h"
#include "feed/socket.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RCVBUF (8 << 20) /* bytes that are asked for where nobody says how many */
#define CONTROL (CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)))

enum { DROPPED, OVERSIZE, LEFT };
static const char *const causes[] = {"dropped by the kernel", "oversize", "left at the end", NULL};

struct udp_source {
    struct leat_packer packer;
    int fd;
    bool open, drained, over;
    uint32_t slot;     /* bytes of the longest that are taken */
    uint32_t stride;   /* from place to place in a frame, at most as many */
    uint32_t longest;  /* of those that came last */
    uint32_t drops;    /* what the kernel has counted so far */
    int64_t sequence;  /* of the last datagram, those that are missing counted in */
    uint64_t taken, most;
    struct leat_ends ends;
    uint32_t at, n;    /* messages[at, n) wait for a frame; */
    uint32_t aside;    /* from here on they lie in `held`, the others in their places */
    struct mmsghdr messages[LEAT_SOCKET_BATCH];
    struct iovec places[LEAT_SOCKET_BATCH][2]; /* in the frame, and what runs over */
    LEAT_ALIGNED(16) char control[LEAT_SOCKET_BATCH][CONTROL];
    char held[];       /* [LEAT_SOCKET_BATCH][slot] */
};

/* ---- receiving ---- */

/* The last word of the kernel about what it dropped: no datagram has come that would say it. */
static int end(struct udp_source *s, struct leat_ctx *ctx)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t bytes = sizeof info;
    if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &bytes) == 0 &&
        bytes > SK_MEMINFO_DROPS * sizeof info[0]) {
        leat_count(ctx, DROPPED, info[SK_MEMINFO_DROPS] - s->drops);
        s->drops = info[SK_MEMINFO_DROPS];
    }
    return LEAT_EEND;
}

/* What the kernel says beside a datagram, as far as it says it. */
static void read_control(struct msghdr *header, uint32_t *drops, int64_t *time_ns)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        struct timespec time;
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(drops, CMSG_DATA(c), sizeof *drops);
        } else if (c->cmsg_type == SO_TIMESTAMPNS) {
            memcpy(&time, CMSG_DATA(c), sizeof time);
            *time_ns = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
        }
    }
}

/* Places that are so far apart. */
static void lay_out(struct udp_source *s, uint32_t stride)
{
    s->stride = stride;
    for (uint32_t i = 0; i < LEAT_SOCKET_BATCH; i++) {
        s->places[i][0].iov_len = stride;
        s->places[i][1].iov_base = s->held + (size_t)i * s->slot + stride;
        s->places[i][1].iov_len = s->slot - stride;
    }
}

/* Those from number i on go to `held`; what of them ran over is there. */
static void hold(struct udp_source *s, uint32_t from)
{
    for (uint32_t i = from; i < s->aside; i++) {
        uint32_t bytes = s->messages[i].msg_len;
        memcpy(s->held + (size_t)i * s->slot, s->places[i][0].iov_base,
               bytes < s->stride ? bytes : s->stride);
    }
    s->aside = from < s->aside ? from : s->aside;
}

/* n datagrams came. The next ones have places as long as these and those before them. */
static void came(struct udp_source *s, uint32_t n)
{
    uint32_t longest = 1, before = s->longest;
    s->at = 0;
    s->n = s->aside = n;
    s->taken += n;
    for (uint32_t i = n; i-- > 0;) {
        uint32_t bytes = s->messages[i].msg_len;
        longest = bytes > longest ? bytes : longest;
        if (LEAT_UNLIKELY(bytes > s->stride))
            hold(s, i);
    }
    s->longest = longest;
    longest = longest > before ? longest : before;
    if (longest != s->stride)
        lay_out(s, longest);
    leat_ends_came(&s->ends);
}

/* Up to `room` datagrams, behind what is in the frame already. 1: some came; 0: none now;
 * LEAT_EEND; another status after leat_fail. */
static int receive(struct udp_source *s, struct leat_ctx *ctx, struct leat_packing *p,
                   uint32_t room, bool wait)
{
    char *row = (char *)leat_frame_row(p->frame, 0) + p->used;
    for (uint32_t i = 0; i < room; i++) {
        s->places[i][0].iov_base = row + (size_t)i * s->stride;
        s->messages[i].msg_hdr.msg_controllen = CONTROL;
    }
    int n = recvmmsg(s->fd, s->messages, room, MSG_DONTWAIT, NULL);
    if (n < 0 && errno == EAGAIN && wait && leat_input_ready(s->fd, true, ctx))
        n = recvmmsg(s->fd, s->messages, room, MSG_DONTWAIT, NULL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return leat_fail(ctx, LEAT_EIO, "udp: cannot be received: %s", strerror(errno));
    if (n <= 0)
        return leat_ends_now(&s->ends) ? end(s, ctx) : 0;
    s->drained = (uint32_t)n < room;
    came(s, (uint32_t)n);
    return 1;
}

/* ---- frames ---- */

/* False: it wants another frame. */
static bool place(struct udp_source *s, struct leat_ctx *ctx, struct leat_packing *p, uint32_t i)
{
    struct mmsghdr *message = &s->messages[i];
    const char *text = i < s->aside ? s->places[i][0].iov_base : s->held + (size_t)i * s->slot;
    bool oversize = (message->msg_hdr.msg_flags & MSG_TRUNC) != 0;
    uint32_t drops = s->drops;
    int64_t time_ns = LEAT_TIME_NONE;
    read_control(&message->msg_hdr, &drops, &time_ns);
    uint32_t lost = drops - s->drops;
    int64_t number = s->sequence + lost + 1;
    if (!oversize &&
        !leat_packing_add(&s->packer, p, text, message->msg_len, number, time_ns))
        return false;
    leat_count(ctx, OVERSIZE, oversize);
    leat_count(ctx, DROPPED, lost);
    s->drops = drops;
    s->sequence = number;
    return true;
}

/* 1: the frame is full, or another must begin; else as receive. */
static int fill(struct udp_source *s, struct leat_ctx *ctx, struct leat_packing *p, bool wait)
{
    for (;;) {
        for (; s->at < s->n; s->at++)
            if (!place(s, ctx, p, s->at)) {
                hold(s, s->at);
                return 1;
            }
        if (s->taken == s->most || ctx->stopping)
            return end(s, ctx);
        if (s->drained) {
            s->drained = false;
            return 0;
        }
        size_t room = (s->packer.cols - p->used) / s->stride;
        room = room < LEAT_SOCKET_BATCH ? room : LEAT_SOCKET_BATCH;
        room = room < s->most - s->taken ? room : (size_t)(s->most - s->taken);
        if (room == 0)
            return 1;
        int status = receive(s, ctx, p, (uint32_t)room, wait && p->n == 0);
        if (status != 1)
            return status;
    }
}

static int udp_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                    uint32_t n)
{
    struct udp_source *s = state;
    uint32_t made = 0;
    int status = 1;
    if (s->over || (s->at == s->n && leat_ends_by(&s->ends)))
        status = s->over ? LEAT_EEND : end(s, ctx);
    while (made < n && status == 1) {
        struct leat_packing packing = {.frame = frames[made]};
        status = fill(s, ctx, &packing, made == 0);
        made += leat_packing_end(&packing);
    }
    s->over |= status == LEAT_EEND;
    if (ctx->stopping)
        leat_count(ctx, LEFT, s->n - s->at);
    if (s->most != UINT64_MAX) {
        ctx->progress = s->taken;
        ctx->progress_all = s->most;
    }
    return made != 0 ? (int)made : status;
}

/* ---- opening ---- */

static int join_group(const struct udp_source *s, const struct leat_udp_source_options *o,
                      const struct leat_address *address, struct leat_diag *diag)
{
    unsigned index;
    bool joined;
    int status = leat_socket_interface(o->interface, &index, diag);
    if (status != LEAT_OK)
        return status;
    if (address->at.ss_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, &address->at, sizeof four);
        struct ip_mreqn want = {.imr_multiaddr = four.sin_addr, .imr_ifindex = (int)index};
        joined = setsockopt(s->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &want, sizeof want) == 0;
    } else {
        struct sockaddr_in6 six;
        memcpy(&six, &address->at, sizeof six);
        struct ipv6_mreq want = {.ipv6mr_multiaddr = six.sin6_addr, .ipv6mr_interface = index};
        joined = setsockopt(s->fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &want, sizeof want) == 0;
    }
    return joined ? LEAT_OK : leat_socket_failed(o->address, "cannot be joined", diag);
}

/* The kernel gives what is asked for twice, for its own use, and silently no more than it may. */
static int ask_buffer(const struct udp_source *s, uint64_t bytes, struct leat_diag *diag)
{
    int want = bytes != 0 ? (int)bytes : RCVBUF, given = 0;
    socklen_t size = sizeof given;
    if (!leat_socket_set(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, want))
        (void)leat_socket_set(s->fd, SOL_SOCKET, SO_RCVBUF, want);
    (void)getsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &given, &size);
    if (bytes == 0 || given / 2 >= want)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ERANGE,
                         "rcvbuf: the kernel gives %d bytes; net.core.rmem_max allows no more",
                         given / 2);
}

static int open_all(struct udp_source *s, const struct leat_udp_source_options *o,
                    struct leat_diag *diag)
{
    struct leat_address address;
    int status = leat_address_find(o->address, true, SOCK_DGRAM, &address, diag);
    if (status == LEAT_OK && o->interface != NULL && !address.group)
        status = leat_diag_set(diag, LEAT_EINVAL, "interface: goes with a multicast group");
    if (status != LEAT_OK)
        return status;
    s->fd = leat_socket_open(&address, o->address, SOCK_DGRAM, diag);
    if (s->fd < 0)
        return s->fd;
    s->open = true;
    if (address.group) /* others on this machine may listen, too */
        (void)leat_socket_set(s->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!leat_socket_set(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) ||
        !leat_socket_set(s->fd, SOL_SOCKET, SO_RXQ_OVFL, 1))
        return leat_socket_failed(o->address, "the kernel says neither time nor loss", diag);
    status = ask_buffer(s, o->rcvbuf, diag);
    if (status == LEAT_OK &&
        bind(s->fd, (const struct sockaddr *)(const void *)&address.at, address.bytes) != 0)
        status = leat_socket_failed(o->address, "cannot be received at", diag);
    return status == LEAT_OK && address.group ? join_group(s, o, &address, diag) : status;
}

static int udp_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_udp_source_options *o = options;
    (void)in;
    int status = leat_address_check(o->address, true, diag);
    if (status != LEAT_OK)
        return status;
    if (o->datagram > o->frame)
        return leat_diag_set(diag, LEAT_ERANGE, "datagram: %llu bytes do not fit in frame=%llu",
                             (unsigned long long)o->datagram, (unsigned long long)o->frame);
    leat_messages_shape(&need->out, (uint32_t)o->frame);
    need->out.timed = true; /* by the kernel */
    need->state_bytes = sizeof(struct udp_source) + LEAT_SOCKET_BATCH * (size_t)o->datagram;
    return LEAT_OK;
}

static int udp_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_udp_source_options *o = options;
    struct udp_source *s = state;
    (void)in;
    s->packer.cols = need->out.cols;
    s->slot = s->longest = (uint32_t)o->datagram;
    s->most = o->count != 0 ? o->count : UINT64_MAX;
    for (uint32_t i = 0; i < LEAT_SOCKET_BATCH; i++) {
        s->messages[i].msg_hdr.msg_iov = s->places[i];
        s->messages[i].msg_hdr.msg_iovlen = 2;
        s->messages[i].msg_hdr.msg_control = s->control[i];
    }
    lay_out(s, s->slot);
    int status = open_all(s, o, diag);
    leat_ends_begin(&s->ends, o->idle, o->duration);
    return status;
}

static void udp_fini(void *state)
{
    struct udp_source *s = state;
    if (s->open)
        close(s->fd);
    s->open = false;
}

static const struct leat_param udp_params[] = {
    {.name = "address", .fallback = NULL, .example = "239.1.2.3:26477",
     .doc = "address and port to receive at; *:PORT: at every address; a multicast group is joined",
     .offset = offsetof(struct leat_udp_source_options, address), .type = LEAT_P_TEXT},
    {.name = "interface", .fallback = "", .example = "lo",
     .doc = "network interface on which a group is joined; default the system's choice",
     .offset = offsetof(struct leat_udp_source_options, interface), .type = LEAT_P_TEXT},
    {.name = "rcvbuf", .fallback = "0", .max = 1 << 30, .example = "64Ki",
     .doc = "bytes that the kernel keeps for us, no less; 0: 8 MiB, or what it allows",
     .offset = offsetof(struct leat_udp_source_options, rcvbuf), .type = LEAT_P_U64,
     .unit = LEAT_BYTES},
    {.name = "datagram", .fallback = "2Ki", .min = 1, .max = 65535, .example = "9000",
     .doc = "bytes of the longest datagram; a longer one is rejected and counted",
     .offset = offsetof(struct leat_udp_source_options, datagram), .type = LEAT_P_U64,
     .unit = LEAT_BYTES},
    {.name = "frame", .fallback = "64Ki", .min = LEAT_MESSAGES_MIN, .max = LEAT_IO_FRAME_MAX,
     .doc = "bytes of a frame; a datagram takes its own",
     .example = "16Ki",
     .offset = offsetof(struct leat_udp_source_options, frame), .type = LEAT_P_U64,
     .unit = LEAT_BYTES},
    LEAT_IO_ENDS(leat_udp_source_options),
    {.name = "count", .fallback = "0", .max = 1e18, .example = "1M",
     .doc = "ends after so many datagrams; 0: it goes on",
     .offset = offsetof(struct leat_udp_source_options, count), .type = LEAT_P_U64,
     .unit = LEAT_COUNT},
};

const struct leat_stage leat_udp_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS,
    .name = "udp",
    .doc = "Receives UDP datagrams, unicast or of a multicast group, with the kernel's times; what "
           "the kernel drops is counted, and marks the frame that begins after it.",
    .params = udp_params,
    .params_n = sizeof udp_params / sizeof udp_params[0],
    .options_bytes = sizeof(struct leat_udp_source_options),
    .outs = 1,
    .resolve = udp_resolve,
    .init = udp_init,
    .pull = udp_pull,
    .fini = udp_fini,
    .counts = causes,
};
