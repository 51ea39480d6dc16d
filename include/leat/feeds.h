/* Market data: transports, framings and decoders, and how raw bytes travel in frames.
 *
 * A transport is a source, a framing and a decoder are stages:
 *     file file=DAY.itch ! lengths ! itch only=A ! …
 *     pcap file=DAY.pcap ! moldudp ! itch only=A ! …
 *     udp address=239.1.2.3:26477 ! moldudp ! itch only=A ! …
 *     itch file=DAY.itch only=A ! …            source and decoder in one
 * The same decoder gives the same frames from each of them, as long as nothing is lost on the way.
 *
 * Bytes are a stream of kind u8 with one row, "bytes". Messages are a stream of kind u8 with
 * LEAT_MESSAGES_ROWS rows of the same number of bytes; what a row does not need of them is 0:
 *     bytes     the messages, one behind the other
 *     offsets   int64_t: how many they are, n, and n + 1 offsets: message i lies from
 *               offsets[1 + i] to offsets[2 + i]; then their n numbers in their stream; then n
 *               times when they were received, ns since 1970 or LEAT_TIME_NONE
 * A gap in the numbers begins a frame, which is marked LEAT_GAP_BEFORE.
 *
 * For every stage here:
 *   Numbers: type=f64 gives prices as decimal numbers, sizes and single letters (as their codes);
 *     what needs all of 64 bits (order numbers, ns since 1970) is refused. type=i64 gives every
 *     field exactly: prices in the feed's own scale, letters as a number with the first letter in
 *     the highest byte. A field that a message does not have is NaN, in i64 LEAT_TIME_NONE.
 *   Bad input: messages that cannot be read are left out and counted by cause
 *     (leat_stage_stats.counts); what makes going on impossible fails the run in one line.
 *   Texts, files, memory, threads: as io.h says.
 */
#ifndef LEAT_FEEDS_H
#define LEAT_FEEDS_H

#include <leat/graph.h>

LEAT_BEGIN

/* Rows of a frame of messages: bytes, offsets. */
enum { LEAT_MESSAGES_ROWS = 2 };

/* All of the stages below, for leat_graph_text and leat_catalogue_find. */
LEAT_API const struct leat_catalogue *leat_feed_stages(void);

/* One by one, for leat_graph_add. */
LEAT_API extern const struct leat_stage leat_file_source, leat_pcap_source;
LEAT_API extern const struct leat_stage leat_udp_source, leat_udp_sink;
LEAT_API extern const struct leat_stage leat_tcp_source, leat_tcp_sink, leat_stdin_source;
LEAT_API extern const struct leat_stage leat_stage_lengths, leat_stage_fixed, leat_stage_soupbin,
    leat_stage_moldudp;
LEAT_API extern const struct leat_stage leat_stage_itch, leat_stage_dbn, leat_stage_iex;
LEAT_API extern const struct leat_stage leat_itch_source, leat_dbn_source;

/* file: bytes in frames of so many. */
struct leat_file_source_options {
    const char *file;
    uint64_t skip;  /* bytes before the first that is wanted */
    uint64_t frame; /* bytes */
};

/* pcap: the UDP datagrams of a capture, each a message; its number counts those that were wanted
 * and whole, its time is the packet's. IPv4 and IPv6 over Ethernet, Linux cooked, loopback or
 * bare. Through a pipe each comes as soon as its packet is there; that it is no such capture, or
 * the filter none, a pull finds then: LEAT_EDATA, LEAT_ESYNTAX. */
struct leat_pcap_source_options {
    const char *file;
    const char *filter; /* as tcpdump takes it; NULL: all */
    double speed;       /* times as fast as it was captured; 0: as fast as it is read */
    uint64_t frame;     /* bytes; a longer datagram is rejected and counted */
};

/* udp: datagrams that are received, each a message, its time the kernel's; its number counts those
 * that were lost on this machine (dropped by the kernel, longer than datagram), so that they are a
 * gap. Without idle, duration and count it goes on until the engine is stopped. */
struct leat_udp_source_options {
    const char *address;   /* ADDRESS:PORT; a multicast group is joined */
    const char *interface; /* on which; NULL: the system's choice */
    uint64_t rcvbuf;       /* bytes of the kernel's buffer, at least; 0: as many as may be */
    uint64_t datagram;     /* bytes; a longer one is rejected and counted */
    uint64_t frame;        /* bytes */
    uint64_t idle;         /* ns without a datagram, after the first, that end it; 0: none */
    uint64_t duration;     /* ns after which it ends; 0: none */
    uint64_t count;        /* datagrams after which it ends; 0: none */
};
/* udp as a sink: each message as a datagram. What the system refuses is counted. */
struct leat_udp_sink_options {
    const char *address;
    const char *interface; /* by which a group is sent to; NULL: the system's choice */
};

/* tcp: bytes that the other end of a connection sends, as soon as they come. */
struct leat_tcp_source_options {
    const char *address; /* HOST:PORT that is connected to, by init; of a name, the first of its
                          * addresses where somebody answers */
    uint64_t wait;       /* ns that this may take */
    uint64_t frame;      /* bytes */
    uint64_t idle;       /* as udp's */
    uint64_t duration;
};
/* tcp as a sink: listens from init on, and sends bytes to the one who connects. */
struct leat_tcp_sink_options {
    const char *address; /* HOST:PORT of this machine */
    uint64_t wait;       /* ns that it waits for somebody, and for one who reads nothing */
};

/* stdin: bytes of standard input as soon as they come; file=- waits until a frame is full. */
struct leat_stdin_source_options {
    uint64_t frame;
    uint64_t idle;
    uint64_t duration;
};

/* lengths: each message behind its length in two bytes, the higher first. */
struct leat_lengths_options {
    uint64_t frame;
};
/* fixed: messages of size bytes. */
struct leat_fixed_options {
    uint64_t size; /* 1 to 65535 */
    uint64_t frame;
};
/* soupbin: SoupBinTCP, the server's side. */
struct leat_soupbin_options {
    uint64_t frame;
};
/* moldudp: MoldUDP64 datagrams. */
struct leat_moldudp_options {
    uint64_t window; /* a number that lies back by at most so many is a duplicate, or late; from
                      * further back, or in another session, the stream begins anew */
    uint64_t frame;
};

/* The kind of a decoder's output. */
enum leat_feed_type { LEAT_FEED_F64, LEAT_FEED_I64 };

/* itch, dbn, iex as stages: as the sources below, over messages. */
struct leat_itch_options {
    struct leat_list only, symbol, fields;
    struct leat_length frame;
    uint32_t type;
};
struct leat_dbn_options {
    struct leat_list only, instrument, fields;
    struct leat_length frame;
    uint32_t type;
};
/* iex: datagrams of IEX-TP, TOPS and DEEP. */
struct leat_iex_options {
    struct leat_list only, symbol, fields;
    struct leat_length frame;
    uint32_t type;
    uint64_t window; /* as moldudp's */
};

/* itch: NASDAQ TotalView-ITCH 5.0. As a source: a BinaryFILE, each message behind its length in two
 * bytes; where that is 0, as long as its type says. */
struct leat_itch_source_options {
    const char *file;
    struct leat_list only;   /* types of messages, a letter each; none: all */
    struct leat_list symbol; /* of the messages that are kept; none: of all. Messages without a
                              * symbol belong to the one whose locate code they have */
    struct leat_list fields; /* channels, in that order; none: all that these messages have and the
                              * type can hold */
    struct leat_length frame;
    uint32_t type;           /* leat_feed_type */
};

/* dbn: Databento DBN version 1, market by order. */
struct leat_dbn_source_options {
    const char *file;
    struct leat_list only;       /* actions, a letter each; none: all */
    struct leat_list instrument; /* instrument numbers; none: all */
    struct leat_list fields;
    struct leat_length frame;
    uint32_t type;
};

LEAT_END

#endif
