/* tcp and stdin: bytes as they come, each read straight into a frame. Nothing is kept back until a
 * frame is full, as file does: who sends may be waiting for an answer. */
#define _GNU_SOURCE
#include "feed/messages.h"
#include "feed/socket.h"

#include <leat/clock.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ADDRESSES 8u /* of a name, that are tried */

enum { VANISHED };
static const char *const causes[] = {"the other end vanished", NULL};

struct stream_source {
    int fd;
    bool owned, over;
    uint32_t cols;
    struct leat_ends ends;
};

/* One frame. 1; 0: nothing now; LEAT_EEND; another status after leat_fail. */
static int fill(struct stream_source *s, struct leat_ctx *ctx, struct leat_frame *frame, bool wait)
{
    if (ctx->stopping)
        return LEAT_EEND;
    ssize_t got = -1;
    errno = EAGAIN;
    if (leat_input_ready(s->fd, wait, ctx))
        got = read(s->fd, leat_frame_row(frame, 0), s->cols);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return leat_ends_now(&s->ends) ? LEAT_EEND : 0;
    if (got < 0 && (errno == ECONNRESET || errno == ETIMEDOUT)) {
        leat_count(ctx, VANISHED, 1);
        return LEAT_EEND;
    }
    if (got < 0)
        return leat_fail(ctx, LEAT_EIO, "cannot be read: %s", strerror(errno));
    if (got == 0)
        return LEAT_EEND;
    leat_ends_came(&s->ends);
    frame->cols = (uint32_t)got;
    frame->flags = frame->cols < s->cols ? LEAT_SHORT : 0;
    frame->time_ns = LEAT_TIME_NONE;
    return 1;
}

static int stream_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    struct stream_source *s = state;
    uint32_t made = 0;
    int status = s->over || leat_ends_by(&s->ends) ? LEAT_EEND : 1;
    while (made < n && status == 1) {
        status = fill(s, ctx, frames[made], made == 0);
        made += status == 1;
    }
    s->over |= status == LEAT_EEND;
    return made != 0 ? (int)made : status;
}

static void stream_fini(void *state)
{
    struct stream_source *s = state;
    if (s->owned)
        close(s->fd);
    s->owned = false;
}

static void shape(struct leat_need *need, uint64_t frame)
{
    leat_bytes_shape(&need->out, (uint32_t)frame);
    need->state_bytes = sizeof(struct stream_source);
}

/* ---- tcp ---- */

/* Connects, in so many ns. */
static bool connects(int fd, const struct leat_address *address, uint64_t wait_ns)
{
    int cause = 0;
    socklen_t bytes = sizeof cause;
    struct pollfd poller = {.fd = fd, .events = POLLOUT};
    if (connect(fd, (const struct sockaddr *)(const void *)&address->at, address->bytes) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    errno = ETIMEDOUT;
    if (poll(&poller, 1, leat_wait_ms(wait_ns)) <= 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &bytes) != 0)
        return false;
    errno = cause;
    return cause == 0;
}

/* LEAT_OK: the connection stands. */
static int try_one(struct stream_source *s, const struct leat_address *address, const char *text,
                   uint64_t wait_ns, struct leat_diag *diag)
{
    s->fd = leat_socket_open(address, text, SOCK_STREAM | SOCK_NONBLOCK, diag);
    if (s->fd < 0)
        return s->fd;
    (void)leat_socket_set(s->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    s->owned = connects(s->fd, address, wait_ns);
    if (s->owned)
        return LEAT_OK;
    int status = leat_socket_failed(text, "cannot be connected to", diag);
    close(s->fd);
    return status;
}

static int tcp_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_tcp_source_options *o = options;
    (void)in;
    shape(need, o->frame);
    return leat_address_check(o->address, false, diag);
}

static int tcp_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_tcp_source_options *o = options;
    struct stream_source *s = state;
    struct leat_address addresses[ADDRESSES];
    struct leat_diag why;
    uint32_t n = ADDRESSES;
    const uint64_t end = leat_clock_ns() + o->wait;
    (void)in;
    s->cols = need->out.cols;
    int status = leat_addresses_find(o->address, false, SOCK_STREAM, addresses, &n, diag);
    if (status != LEAT_OK)
        return status;
    for (uint32_t i = 0; i < n && !s->owned; i++) { /* each has its part of the time that is left */
        const uint64_t now = leat_clock_ns(), left = now < end ? end - now : 0;
        status = try_one(s, &addresses[i], o->address, left / (n - i), &why);
    }
    if (status != LEAT_OK && diag != NULL)
        *diag = why; /* of the last one */
    leat_ends_begin(&s->ends, o->idle, o->duration);
    return status;
}

static const struct leat_param tcp_params[] = {
    {.name = "address", .fallback = NULL, .example = "127.0.0.1:26480",
     .doc = "address and port to connect to",
     .offset = offsetof(struct leat_tcp_source_options, address), .type = LEAT_P_TEXT},
    {.name = "wait", .fallback = "10s", .min = 1e6, .max = LEAT_YEAR, .example = "1s",
     .doc = "how long it may take until the connection stands",
     .offset = offsetof(struct leat_tcp_source_options, wait), .type = LEAT_P_U64,
     .unit = LEAT_NS},
    LEAT_IO_FRAME_BYTES(leat_tcp_source_options),
    LEAT_IO_ENDS(leat_tcp_source_options),
};

const struct leat_stage leat_tcp_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS,
    .name = "tcp",
    .doc = "Connects, and reads what the other end sends, for what cuts it into messages.",
    .params = tcp_params,
    .params_n = sizeof tcp_params / sizeof tcp_params[0],
    .options_bytes = sizeof(struct leat_tcp_source_options),
    .outs = 1,
    .resolve = tcp_resolve,
    .init = tcp_init,
    .pull = stream_pull,
    .fini = stream_fini,
    .counts = causes,
};

/* ---- stdin ---- */

static int stdin_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    const struct leat_stdin_source_options *o = options;
    (void)in, (void)diag;
    shape(need, o->frame);
    return LEAT_OK;
}

static int stdin_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_stdin_source_options *o = options;
    struct stream_source *s = state;
    (void)in, (void)diag;
    s->cols = need->out.cols;
    s->fd = STDIN_FILENO;
    leat_ends_begin(&s->ends, o->idle, o->duration);
    return LEAT_OK;
}

static const struct leat_param stdin_params[] = {
    LEAT_IO_FRAME_BYTES(leat_stdin_source_options),
    LEAT_IO_ENDS(leat_stdin_source_options),
};

const struct leat_stage leat_stdin_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS,
    .name = "stdin",
    .doc = "Reads the bytes of standard input as soon as they come, for what cuts them into "
           "messages.",
    .params = stdin_params,
    .params_n = sizeof stdin_params / sizeof stdin_params[0],
    .options_bytes = sizeof(struct leat_stdin_source_options),
    .outs = 1,
    .resolve = stdin_resolve,
    .init = stdin_init,
    .pull = stream_pull,
    .counts = causes,
};
