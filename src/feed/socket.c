#define _GNU_SOURCE
#include "feed/socket.h"

#include <leat/clock.h>

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX 256u

struct written {
    char host[HOST_MAX]; /* "": all of ours */
    const char *port;
};

static int split(const char *text, bool own, struct written *w, struct leat_diag *diag)
{
    const char *colon = strrchr(text, ':'), *begin = text;
    size_t n = colon != NULL ? (size_t)(colon - text) : 0;
    char *end;
    unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;
    if (colon == NULL || colon[1] < '0' || colon[1] > '9' || *end != '\0')
        return leat_diag_set(diag, LEAT_ESYNTAX,
                             "address: '%s' has no port; write ADDRESS:PORT, such as "
                             "239.1.2.3:26477", text);
    if (port < 1 || port > 65535)
        return leat_diag_set(diag, LEAT_ERANGE, "address: port %s is not 1 to 65535", colon + 1);
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        begin++;
        n -= 2;
    } else if (memchr(text, ':', n) != NULL) {
        return leat_diag_set(diag, LEAT_ESYNTAX, "address: '%s': write [%.*s]:%s", text, (int)n,
                             text, colon + 1);
    }
    if (n == 1 && *begin == '*')
        n = 0;
    if ((n == 0 && !own) || n >= HOST_MAX)
        return leat_diag_set(diag, LEAT_ESYNTAX, "address: '%s' names nobody", text);
    memcpy(w->host, begin, n);
    w->host[n] = '\0';
    w->port = colon + 1;
    return LEAT_OK;
}

int leat_address_check(const char *text, bool own, struct leat_diag *diag)
{
    struct written w;
    return split(text, own, &w, diag);
}

static bool is_group(const struct leat_address *address)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    memcpy(&four, &address->at, sizeof four);
    memcpy(&six, &address->at, sizeof six);
    return address->at.ss_family == AF_INET ? IN_MULTICAST(ntohl(four.sin_addr.s_addr))
                                            : IN6_IS_ADDR_MULTICAST(&six.sin6_addr) != 0;
}

int leat_addresses_find(const char *text, bool own, int type, struct leat_address *addresses,
                        uint32_t *n, struct leat_diag *diag)
{
    const uint32_t most = *n;
    struct written w;
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_socktype = type, .ai_flags = AI_NUMERICSERV};
    int status = split(text, own, &w, diag);
    if (status != LEAT_OK)
        return status;
    if (own)
        hints.ai_flags |= AI_PASSIVE;
    if (w.host[0] == '\0')
        hints.ai_family = AF_INET;
    int answer = getaddrinfo(w.host[0] != '\0' ? w.host : NULL, w.port, &hints, &found);
    if (answer != 0)
        return leat_diag_set(diag, LEAT_EIO, "address: %s: %s", text, gai_strerror(answer));
    *n = 0;
    for (const struct addrinfo *one = found; one != NULL && *n < most; one = one->ai_next) {
        struct leat_address *address = &addresses[(*n)++];
        memset(address, 0, sizeof *address);
        memcpy(&address->at, one->ai_addr, one->ai_addrlen);
        address->bytes = one->ai_addrlen;
        address->group = is_group(address);
    }
    freeaddrinfo(found);
    return LEAT_OK;
}

int leat_address_find(const char *text, bool own, int type, struct leat_address *address,
                      struct leat_diag *diag)
{
    uint32_t one = 1;
    return leat_addresses_find(text, own, type, address, &one, diag);
}

int leat_socket_failed(const char *text, const char *what, struct leat_diag *diag)
{
    return leat_diag_set(diag, LEAT_EIO, "address: %s: %s: %s", text, what, strerror(errno));
}

int leat_socket_open(const struct leat_address *address, const char *text, int type,
                     struct leat_diag *diag)
{
    int fd = socket(address->at.ss_family, type | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : leat_socket_failed(text, "there is no socket for it", diag);
}

int leat_socket_interface(const char *name, unsigned *index, struct leat_diag *diag)
{
    *index = name != NULL ? if_nametoindex(name) : 0;
    if (name == NULL || *index != 0)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ENAME, "interface: '%s': %s", name, strerror(errno));
}

bool leat_socket_set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

int leat_wait_ms(uint64_t ns)
{
    uint64_t ms = ns / 1000000 + (ns % 1000000 != 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

void leat_ends_begin(struct leat_ends *ends, uint64_t idle_ns, uint64_t duration_ns)
{
    ends->idle_ns = idle_ns;
    ends->end_ns = duration_ns != 0 ? leat_clock_ns() + duration_ns : 0;
}

void leat_ends_came(struct leat_ends *ends)
{
    ends->came = true;
    ends->last_ns = ends->idle_ns != 0 ? leat_clock_ns() : 0;
}

bool leat_ends_by(const struct leat_ends *ends)
{
    return ends->end_ns != 0 && leat_clock_ns() >= ends->end_ns;
}

bool leat_ends_now(const struct leat_ends *ends)
{
    bool idle = ends->idle_ns != 0 && ends->came &&
                leat_clock_ns() - ends->last_ns >= ends->idle_ns;
    return idle || leat_ends_by(ends);
}
