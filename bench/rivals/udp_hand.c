/* The bare loop: recvmmsg of 64 datagrams at a time into one array. And the same where the kernel
 * is asked for what Leat asks of it, the time of each and what it dropped before it: how much of
 * the difference is the kernel's own. */
#define _GNU_SOURCE
#include "udp_job.h"

#define AT_ONCE 64u
#define LONGEST 2048u
#define CONTROL 64u

struct job {
    uint32_t bytes;
    bool told; /* the kernel says times and drops */
    int fd;
    struct mmsghdr messages[AT_ONCE];
    struct iovec places[AT_ONCE];
    char text[AT_ONCE][LONGEST];
    LEAT_ALIGNED(16) char control[AT_ONCE][CONTROL];
};

static void *setup_as(const struct bench_load *load, bool told)
{
    struct job *job = bench_memory(sizeof *job);
    job->bytes = load->bytes;
    job->told = told;
    job->fd = -1;
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        job->places[i] = (struct iovec){job->text[i], LONGEST};
        job->messages[i].msg_hdr.msg_iov = &job->places[i];
        job->messages[i].msg_hdr.msg_iovlen = 1;
        job->messages[i].msg_hdr.msg_control = told ? job->control[i] : NULL;
    }
    return job;
}

static void *setup(const struct bench_load *load, const char **why)
{
    (void)why;
    return setup_as(load, false);
}

static void *setup_told(const struct bench_load *load, const char **why)
{
    (void)why;
    return setup_as(load, true);
}

static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    int buffer = 8 << 20, on = 1;
    uint16_t port = udp_port();
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (job->fd >= 0)
        close(job->fd);
    job->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (setsockopt(job->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        (void)setsockopt(job->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(job->fd, (const void *)&at, sizeof at) != 0) {
        fprintf(stderr, "leat_bench: a port cannot be had\n");
        exit(1);
    }
    if (job->told) {
        (void)setsockopt(job->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        (void)setsockopt(job->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    }
    udp_send(port, n, job->bytes);
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    uint64_t sum = 0, word;
    (void)thread;
    for (uint64_t seen = 0; seen < n;) {
        for (uint32_t i = 0; job->told && i < AT_ONCE; i++)
            job->messages[i].msg_hdr.msg_controllen = CONTROL;
        int got = recvmmsg(job->fd, job->messages, AT_ONCE, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            memcpy(&word, job->text[i], sizeof word);
            sum += word;
        }
        seen += got > 0 ? (uint64_t)got : 0;
    }
    return sum;
}

static void fini(void *self)
{
    struct job *job = self;
    if (job->fd >= 0)
        close(job->fd);
    free(job);
}

const struct bench_subject bench_udp_hand = {
    .name = "recvmmsg", .setup = setup, .ready = ready, .run = run, .fini = fini};
const struct bench_subject bench_udp_told = {
    .name = "with times, drops", .setup = setup_told, .ready = ready, .run = run, .fini = fini};
