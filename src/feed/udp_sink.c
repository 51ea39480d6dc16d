/* udp: messages go out as datagrams. */
#define _GNU_SOURCE
#include "feed/messages.h"
#include "feed/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define TRIES 1000 /* of a millisecond each, while the system has no room */

enum { REFUSED, TOO_LONG };
static const char *const causes[] = {"refused", "too long", NULL};

struct udp_sink {
    int fd;
    bool open;
    struct mmsghdr messages[LEAT_SOCKET_BATCH];
    struct iovec texts[LEAT_SOCKET_BATCH];
};

/* True when the first of them may be tried again, or goes out after all. *skip: it never will. */
static bool recover(struct leat_ctx *ctx, int cause, int *tries, bool *skip)
{
    *skip = cause == EMSGSIZE;
    leat_count(ctx, TOO_LONG, *skip);
    leat_count(ctx, REFUSED, cause == ECONNREFUSED); /* said of an earlier one: nobody is there */
    if (*skip || cause == ECONNREFUSED || cause == EINTR)
        return true;
    if ((cause == ENOBUFS || cause == EAGAIN) && (*tries)++ < TRIES) {
        (void)poll(NULL, 0, 1);
        return true;
    }
    leat_fail(ctx, LEAT_EIO, "udp: cannot be sent: %s", strerror(cause));
    return false;
}

static bool send_all(struct udp_sink *s, struct leat_ctx *ctx, uint32_t n)
{
    int tries = 0;
    for (uint32_t i = 0; i < n;) {
        bool skip = false;
        int sent = sendmmsg(s->fd, s->messages + i, n - i, 0);
        if (sent < 0 && !recover(ctx, errno, &tries, &skip))
            return false;
        i += sent > 0 ? (uint32_t)sent : skip;
    }
    return true;
}

static void udp_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    struct udp_sink *s = state;
    uint32_t waiting = 0;
    for (uint32_t k = 0; k < n; k++) {
        struct leat_messages messages;
        leat_messages_read(&messages, frames[k]);
        for (uint32_t i = 0; i < messages.n; i++) {
            struct iovec *text = &s->texts[waiting++];
            text->iov_base = (void *)(uintptr_t)leat_message(&messages, i, &text->iov_len);
            if (waiting == LEAT_SOCKET_BATCH) {
                if (!send_all(s, ctx, waiting))
                    return;
                waiting = 0;
            }
        }
    }
    (void)send_all(s, ctx, waiting);
}

static int open_all(struct udp_sink *s, const struct leat_udp_sink_options *o,
                    struct leat_diag *diag)
{
    struct leat_address address;
    unsigned index;
    int status = leat_address_find(o->address, false, SOCK_DGRAM, &address, diag);
    if (status == LEAT_OK && o->interface != NULL && !address.group)
        status = leat_diag_set(diag, LEAT_EINVAL, "interface: goes with a multicast group");
    if (status == LEAT_OK)
        status = leat_socket_interface(o->interface, &index, diag);
    if (status != LEAT_OK)
        return status;
    s->fd = leat_socket_open(&address, o->address, SOCK_DGRAM, diag);
    if (s->fd < 0)
        return s->fd;
    s->open = true;
    struct ip_mreqn four = {.imr_ifindex = (int)index};
    bool set = true;
    if (index != 0 && address.at.ss_family == AF_INET)
        set = setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_IF, &four, sizeof four) == 0;
    else if (index != 0)
        set = leat_socket_set(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index);
    if (!set ||
        connect(s->fd, (const struct sockaddr *)(const void *)&address.at, address.bytes) != 0)
        return leat_socket_failed(o->address, "cannot be sent to", diag);
    return LEAT_OK;
}

static int udp_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_udp_sink_options *o = options;
    int status = leat_messages_check(in, diag);
    need->state_bytes = sizeof(struct udp_sink);
    return status == LEAT_OK ? leat_address_check(o->address, false, diag) : status;
}

static int udp_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    struct udp_sink *s = state;
    (void)in, (void)need;
    for (uint32_t i = 0; i < LEAT_SOCKET_BATCH; i++) {
        s->messages[i].msg_hdr.msg_iov = &s->texts[i];
        s->messages[i].msg_hdr.msg_iovlen = 1;
    }
    return open_all(s, options, diag);
}

static void udp_fini(void *state)
{
    struct udp_sink *s = state;
    if (s->open)
        close(s->fd);
    s->open = false;
}

static const struct leat_param udp_params[] = {
    {.name = "address", .fallback = NULL, .example = "127.0.0.1:26477",
     .doc = "address and port to send to, or a multicast group and its port",
     .offset = offsetof(struct leat_udp_sink_options, address), .type = LEAT_P_TEXT},
    {.name = "interface", .fallback = "", .example = "lo",
     .doc = "network interface by which a group is sent to; default the system's choice",
     .offset = offsetof(struct leat_udp_sink_options, interface), .type = LEAT_P_TEXT},
};

const struct leat_stage leat_udp_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY | LEAT_WAITS,
    .name = "udp",
    .doc = "Sends each message as a UDP datagram, as soon as it comes.",
    .params = udp_params,
    .params_n = sizeof udp_params / sizeof udp_params[0],
    .options_bytes = sizeof(struct leat_udp_sink_options),
    .ins = 1,
    .resolve = udp_resolve,
    .init = udp_init,
    .map = udp_map,
    .fini = udp_fini,
    .source = "pcap file=day.pcap",
    .counts = causes,
};
