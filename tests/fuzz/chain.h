/* A reader under fuzz: the stages of a pipeline's text, driven by hand over one input.
 *
 * No engine is around them: its memory is one block, in which a read behind a frame's end would
 * find the next frame. Here every frame and state has an allocation of its own, and what a frame's
 * rows hold behind their columns is poisoned for whoever reads it, so AddressSanitizer sees a byte
 * too far. What an engine asks of its stages is checked instead: see `must` in chain.c.
 *
 * A chain is a line of text. It begins with a source of a file, `file=$file` (wfdb: `$record`), or
 * with the source `cuts`, which gives the input's bytes in pieces. The last two bytes of an input
 * are not of it: they choose the chain, and how the input comes: in which pieces, through a file or
 * a pipe, how many frames there is room for.
 */
#ifndef TESTS_FUZZ_CHAIN_H
#define TESTS_FUZZ_CHAIN_H

#include <leat/graph.h>

#include <stdio.h>

#define STATIONS_MAX 4u
#define FRAMES_MAX 4u
#define CHAINS_MAX 32u
#define CHANNELS_MAX 256u

/* One stage with its memory. */
struct station {
    const struct leat_stage *stage;
    const void *options;
    uint32_t causes; /* that it counts by name */
    struct leat_shape shape; /* of what it gives */
    struct leat_channel channels[CHANNELS_MAX];
    struct leat_need need;
    struct leat_ctx ctx;
    struct leat_diag diag;
    void *state, *fresh; /* fresh: the state as init left it; NULL where init opens something */
    void *scratch;
    size_t state_room, scratch_room;
    struct leat_frame *frames[FRAMES_MAX];
    size_t frame_room;
    struct leat_frame *put[FRAMES_MAX]; /* what a call has put, */
    uint32_t put_n, room, claims;       /* of at most so many */
};

struct chain {
    struct leat_graph graph;
    struct station at[STATIONS_MAX];
    uint32_t n;
    bool record; /* it reads the input as a record, not as a file */
    bool ready; /* every station but the source has its memory, for the shape that came last */
};

/* Reads the chains of a file, one a line; # begins a comment. Ends the program with why not. */
void chains_open(const char *path);
/* Runs one input through the chain that it chooses. Ends the program at what must not be. */
void chains_run(const uint8_t *data, size_t bytes);

/* ---- the world around a chain: world.c, rings.c ---- */

/* Shows an input to whoever opens the file WORLD_FILE, or the record WORLD_RECORD: as a file, or
 * as a pipe into which a piece of it comes whenever the reader looks. It must stay where it is. */
#define WORLD_FILE "/proc/world/input"
#define WORLD_RECORD "/proc/world/r"
void world_show(const uint8_t *data, size_t bytes, bool record, uint32_t pace);
/* Ends the program when a descriptor or a mapping has been left. */
void world_close(void);

/* The input's length. */
size_t world_bytes(void);
/* True: `out` is in the ring that is fenced, and its first bytes may be touched now. */
bool world_ring_take(const void *out, size_t bytes);

/* False: a large block of memory has not been given back. blocks.c */
bool world_blocks_home(void);

/* How long the next piece of an input of `all` bytes is, at least 1 and at most `most`, so that
 * there are few; pace 0: as long as it may be. */
size_t piece_of(uint32_t pace, uint64_t *state, size_t all, size_t most);

#endif
