/* Sockets: addresses as people write them, and how this room opens what belongs to them. */
#ifndef LEAT_FEED_SOCKET_H
#define LEAT_FEED_SOCKET_H

#include "io/bytes.h"
#include "io/common.h"

#include <sys/socket.h>

#define LEAT_SOCKET_BATCH 64u /* datagrams a system call */

struct leat_address {
    struct sockaddr_storage at;
    socklen_t bytes;
    bool group; /* it is a multicast address */
};

/* HOST:PORT, [HOST]:PORT, and for a place of our own :PORT or *:PORT for all of them. LEAT_ESYNTAX
 * or LEAT_ERANGE, in words that begin with "address: ". Looks nothing up. */
int leat_address_check(const char *text, bool own, struct leat_diag *diag);
/* The same, looked up, for sockets of that type (SOCK_DGRAM, SOCK_STREAM). LEAT_EIO, too. *n: in,
 * how many of its addresses are wanted at most; out, how many there are, the likeliest first. */
int leat_addresses_find(const char *text, bool own, int type, struct leat_address *addresses,
                        uint32_t *n, struct leat_diag *diag);
/* The likeliest one. */
int leat_address_find(const char *text, bool own, int type, struct leat_address *address,
                      struct leat_diag *diag);

/* A socket of its family; >= 0, or LEAT_EIO. */
int leat_socket_open(const struct leat_address *address, const char *text, int type,
                     struct leat_diag *diag);
/* LEAT_EIO, "address: TEXT: what: the reason in errno". */
int leat_socket_failed(const char *text, const char *what, struct leat_diag *diag);
/* The number of a network interface; 0 for NULL. LEAT_ENAME, "interface: …". */
int leat_socket_interface(const char *name, unsigned *index, struct leat_diag *diag);
/* Sets an option that is an int. */
bool leat_socket_set(int fd, int level, int option, int value);

/* For poll: at least so long. */
int leat_wait_ms(uint64_t ns);

/* ---- when a source of the network ends by itself ---- */

struct leat_ends {
    uint64_t idle_ns, last_ns, end_ns; /* 0: it goes on */
    bool came;
};
void leat_ends_begin(struct leat_ends *ends, uint64_t idle_ns, uint64_t duration_ns);
void leat_ends_came(struct leat_ends *ends);
/* Its time is up. */
bool leat_ends_by(const struct leat_ends *ends);
/* The same, or nothing has come for too long; there is nothing now. */
bool leat_ends_now(const struct leat_ends *ends);

#define LEAT_YEAR 3.2e16 /* ns */
#define LEAT_IO_ENDS(options)                                                               \
    {.name = "idle", .fallback = "0ns", .max = LEAT_YEAR, .example = "2s",                  \
     .doc = "ends when nothing has come for so long, once something has; 0ns: it goes on",  \
     .offset = offsetof(struct options, idle), .type = LEAT_P_U64, .unit = LEAT_NS},        \
    {.name = "duration", .fallback = "0ns", .max = LEAT_YEAR, .example = "20ms",            \
     .doc = "ends after so long; 0ns: it goes on",                                          \
     .offset = offsetof(struct options, duration), .type = LEAT_P_U64, .unit = LEAT_NS}

#endif
