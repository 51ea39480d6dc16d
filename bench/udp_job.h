/* Datagrams over loopback: sent before the time begins, no more than the receiver's buffer in the
 * kernel holds where nobody may ask for a larger one.
 * The checksum is the sum of their first eight bytes. */
#ifndef LEAT_BENCH_UDP_JOB_H
#define LEAT_BENCH_UDP_JOB_H

#include "bench.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sends n datagrams of so many bytes to a port of this machine. */
LEAT_INLINE void udp_send(uint16_t port, uint64_t n, uint32_t bytes)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    char text[2048] = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t number = i * UINT64_C(0x9e3779b97f4a7c15);
        memcpy(text, &number, sizeof number);
        if (sendto(fd, text, bytes, 0, (const void *)&to, sizeof to) != (ssize_t)bytes) {
            fprintf(stderr, "leat_bench: a datagram cannot be sent\n");
            exit(1);
        }
    }
    close(fd);
}

/* A port that nobody has, as it seems. */
LEAT_INLINE uint16_t udp_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = bind(fd, (const void *)&at, size) == 0 && getsockname(fd, (void *)&at, &size) == 0;
    close(fd);
    return good ? ntohs(at.sin_port) : 0;
}

#endif
