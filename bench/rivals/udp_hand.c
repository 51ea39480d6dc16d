/* The bare loop: recvmmsg of 64 datagrams at a time into one array, no times, no drops. */
#define _GNU_SOURCE
#include "udp_job.h"

#define AT_ONCE 64u
#define LONGEST 2048u

struct job {
    uint32_t bytes;
    int fd;
    struct mmsghdr messages[AT_ONCE];
    struct iovec places[AT_ONCE];
    char text[AT_ONCE][LONGEST];
};

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    (void)why;
    job->bytes = load->bytes;
    job->fd = -1;
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        job->places[i] = (struct iovec){job->text[i], LONGEST};
        job->messages[i].msg_hdr.msg_iov = &job->places[i];
        job->messages[i].msg_hdr.msg_iovlen = 1;
    }
    return job;
}

static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    int buffer = 8 << 20;
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
    udp_send(port, n, job->bytes);
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    uint64_t sum = 0, word;
    (void)thread;
    for (uint64_t seen = 0; seen < n;) {
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
