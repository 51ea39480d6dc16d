/* A handle: eight bytes that name a frame and its generation.
 *
 *   63        32 31    24 23        0
 *   [generation ][ pool  ][  slot   ]
 *
 * The generation is odd while the frame is live, so a handle is never 0 and a ring slot can be its
 * own flag. It advances by one at every claim and every release: 32 bits, so a handle kept over
 * 2^31 reuses of its slot would match again; until then it is refused. A handle holds no address,
 * so it means the same in another process. Pool 255 is a token: an event, not a frame.
 */
#ifndef LEAT_HANDLE_H
#define LEAT_HANDLE_H

#include <leat/def.h>

LEAT_BEGIN

typedef uint64_t leat_handle; /* 0 is none */

#define LEAT_POOLS_MAX 255u           /* pool numbers 0..254; 255 marks a token */
#define LEAT_SLOTS_MAX (UINT32_C(1) << 24) /* frames in a pool */

enum leat_token {
    LEAT_TOKEN_SKIP = 1, /* answers a ticket that made no frame */
    LEAT_TOKEN_DRAIN,    /* everything before it has passed */
    LEAT_TOKEN_PLAN,     /* the plan changes here */
    LEAT_TOKEN_END       /* the stream is over */
};

/* A handle out of its parts. */
LEAT_INLINE leat_handle leat_handle_make(uint32_t generation, uint32_t pool, uint32_t slot)
{
    return (leat_handle)generation << 32 | (leat_handle)pool << 24 | slot;
}

/* Its parts; whether its frame was live; whether it names an event instead. */
LEAT_INLINE uint32_t leat_handle_generation(leat_handle h) { return (uint32_t)(h >> 32); }
LEAT_INLINE uint32_t leat_handle_pool(leat_handle h) { return (uint32_t)(h >> 24) & 0xffu; }
LEAT_INLINE uint32_t leat_handle_slot(leat_handle h) { return (uint32_t)h & 0xffffffu; }
LEAT_INLINE bool leat_handle_live(leat_handle h) { return (h >> 32 & 1u) != 0; }
LEAT_INLINE bool leat_handle_is_token(leat_handle h) { return leat_handle_pool(h) == 255u; }

LEAT_END

#endif
