/* tcp connects to a name that has several addresses. */
#define _GNU_SOURCE
#include "io/harness.h"

#include <leat/feeds.h>

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in places[3];
static struct addrinfo answers[3];
static uint32_t freed;

int __wrap_getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
                       struct addrinfo **found);
void __wrap_freeaddrinfo(struct addrinfo *found);

/* A family that the system does not know, an address where nobody listens, ours. */
int __wrap_getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
                       struct addrinfo **found)
{
    cr_assert_str_eq(name, "several.test");
    cr_assert_eq(hints->ai_socktype, SOCK_STREAM);
    for (int i = 0; i < 3; i++) {
        places[i] = (struct sockaddr_in){.sin_family = i == 0 ? 250 : AF_INET,
                                         .sin_port = htons((uint16_t)atoi(port))};
        places[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK + 2 - (uint32_t)i);
        answers[i] = (struct addrinfo){.ai_addr = (void *)&places[i],
                                       .ai_addrlen = sizeof places[i],
                                       .ai_next = i < 2 ? &answers[i + 1] : NULL};
    }
    *found = answers;
    return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *found)
{
    freed += found == answers;
}

/* At 127.0.0.1; "several.test:PORT" into the text. */
static int listen_there(char text[40])
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t bytes = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (void *)&at, sizeof at), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(getsockname(fd, (void *)&at, &bytes), 0);
    snprintf(text, 40, "address=several.test:%u", ntohs(at.sin_port));
    return fd;
}

Test(tcp, tries_each_address_of_a_name)
{
    struct node node;
    struct taken taken;
    char text[40];
    int fd = listen_there(text);
    node_open(&node, &leat_tcp_source, NULL, text, NULL);
    int other = accept(fd, NULL, NULL);
    cr_assert_eq(send(other, "hello", 5, 0), 5);
    close(other);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 5);
    cr_assert_eq(memcmp(taken.data[0], "hello", 5), 0);
    cr_assert_eq(freed, 1);
    taken_free(&taken);
    node_close(&node);
    close(fd);
}

Test(tcp, says_why_the_last_of_them_fails)
{
    struct node node;
    char text[40];
    close(listen_there(text));
    cr_assert_eq(node_resolve(&node, &leat_tcp_source, NULL, text, NULL), LEAT_OK);
    cr_assert_eq(node_init(&node), LEAT_EIO);
    words_have(&node, "cannot be connected to: Connection refused");
    node_close(&node);
}
