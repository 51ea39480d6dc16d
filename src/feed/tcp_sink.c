/* tcp: serves one who connects: the bytes, one behind the other. */
#define _GNU_SOURCE
#include "feed/messages.h"
#include "feed/socket.h"

#include <leat/clock.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define LINGER_NS UINT64_C(1000000000) /* so long for the other end to have read everything */

struct tcp_sink {
    int listens, fd; /* fd: of the one who came */
    bool open, connected;
    uint64_t wait_ns;
    const char *address;
};

/* Waits for one who connects. False after leat_fail. */
static bool met(struct tcp_sink *s, struct leat_ctx *ctx)
{
    struct pollfd poller = {.fd = s->listens, .events = POLLIN};
    if (s->connected)
        return true;
    if (ctx->failed != 0)
        return false;
    int ready = poll(&poller, 1, leat_wait_ms(s->wait_ns));
    s->fd = ready > 0 ? accept4(s->listens, NULL, NULL, SOCK_CLOEXEC) : -1;
    s->connected = s->fd >= 0;
    if (!s->connected) {
        leat_fail(ctx, LEAT_EIO, "tcp: %s: nobody has connected%s%s", s->address,
                  ready > 0 ? ": " : "", ready > 0 ? strerror(errno) : "");
        return false;
    }
    const struct timeval wait = {.tv_sec = (time_t)(s->wait_ns / 1000000000),
                                 .tv_usec = (suseconds_t)(s->wait_ns % 1000000000 / 1000)};
    (void)setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    return true;
}

static bool send_all(struct tcp_sink *s, struct leat_ctx *ctx, const char *bytes, size_t n)
{
    while (n != 0) {
        ssize_t sent = send(s->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            leat_fail(ctx, LEAT_EIO, "tcp: %s: the other end %s", s->address,
                      errno == EAGAIN ? "reads nothing" : "has gone");
            return false;
        }
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static void tcp_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    struct tcp_sink *s = state;
    for (uint32_t i = 0; i < n && met(s, ctx); i++)
        if (!send_all(s, ctx, leat_frame_row(frames[i], 0), frames[i]->cols))
            return;
}

/* Says that this was all. Closing at once would throw away what is on its way to one who has said
 * something himself that nobody read, or goes on to. */
static bool tcp_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct tcp_sink *s = state;
    char nothing[4096];
    (void)out;
    if (!met(s, ctx))
        return true;
    struct pollfd poller = {.fd = s->fd, .events = POLLIN};
    const uint64_t end = leat_clock_ns() + LINGER_NS;
    bool talks = false;
    (void)shutdown(s->fd, SHUT_WR);
    for (uint64_t now; (now = leat_clock_ns()) < end;) {
        ssize_t got = recv(s->fd, nothing, sizeof nothing, MSG_DONTWAIT);
        talks |= got > 0;
        if (got == 0 || (got < 0 && (errno != EAGAIN || !talks)))
            break;
        (void)poll(&poller, 1, leat_wait_ms(end - now));
    }
    return true;
}

static int tcp_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_tcp_sink_options *o = options;
    int status = leat_bytes_check(in, diag);
    need->state_bytes = sizeof(struct tcp_sink);
    return status == LEAT_OK ? leat_address_check(o->address, true, diag) : status;
}

static int tcp_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_tcp_sink_options *o = options;
    struct tcp_sink *s = state;
    struct leat_address address;
    (void)in, (void)need;
    s->address = o->address;
    s->wait_ns = o->wait;
    int status = leat_address_find(o->address, true, SOCK_STREAM, &address, diag);
    if (status != LEAT_OK)
        return status;
    s->listens = leat_socket_open(&address, o->address, SOCK_STREAM | SOCK_NONBLOCK, diag);
    if (s->listens < 0)
        return s->listens;
    s->open = true;
    (void)leat_socket_set(s->listens, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(s->listens, (const struct sockaddr *)(const void *)&address.at, address.bytes) != 0 ||
        listen(s->listens, 1) != 0)
        return leat_socket_failed(o->address, "cannot be served at", diag);
    return LEAT_OK;
}

static void tcp_fini(void *state)
{
    struct tcp_sink *s = state;
    if (s->connected)
        close(s->fd);
    if (s->open)
        close(s->listens);
    s->open = s->connected = false;
}

static const struct leat_param tcp_params[] = {
    {.name = "address", .fallback = NULL, .example = "127.0.0.1:26480",
     .doc = "address and port to listen at, for one who connects; *:PORT: at every address",
     .offset = offsetof(struct leat_tcp_sink_options, address), .type = LEAT_P_TEXT},
    {.name = "wait", .fallback = "10s", .min = 1e6, .max = LEAT_YEAR, .example = "1min",
     .doc = "how long it waits for somebody, and for one who reads nothing",
     .offset = offsetof(struct leat_tcp_sink_options, wait), .type = LEAT_P_U64, .unit = LEAT_NS},
};

const struct leat_stage leat_tcp_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY | LEAT_WAITS,
    .name = "tcp",
    .doc = "Listens, and sends bytes to the one who connects.",
    .params = tcp_params,
    .params_n = sizeof tcp_params / sizeof tcp_params[0],
    .options_bytes = sizeof(struct leat_tcp_sink_options),
    .ins = 1,
    .resolve = tcp_resolve,
    .init = tcp_init,
    .map = tcp_map,
    .flush = tcp_flush,
    .fini = tcp_fini,
    .source = "file file=day.soup",
};
