/* States: what the stages of an engine carry from frame to frame, as one block of bytes.
 *
 * A block saved from one engine and loaded into another of the same graph lets the second go on
 * where the first was: a stream that is cut in two gives the bits of the whole. The plan may differ
 * (workers, batch, edges), the graph may not: a block names each stage with its size, a hash of its
 * options (as last given, knobs too) and a hash of the shapes around it, and is refused when one of
 * them differs.
 *
 * With the state goes the number of the next frame of each source, inlet, flow stage and join, so
 * that what counts frames goes on, leat_engine_options.frames_max too. Not in it: counters and
 * times; stages marked LEAT_WAITS, which stand for a file or device outside. The block's bytes are
 * of this machine's byte order and this version of Leat.
 */
#ifndef LEAT_STATE_H
#define LEAT_STATE_H

#include <leat/engine.h>

LEAT_BEGIN

/* Bytes of the engine's block. Always the same for one plan's graph. */
LEAT_API size_t leat_engine_state_bytes(const struct leat_engine *engine);

/* Writes the block to block[0, bytes), bytes >= leat_engine_state_bytes. Returns 0; where stages
 * were left out because they wait for the outside, diag->text names them.
 * LEAT_EINVAL bytes; LEAT_ESTATE threads of Leat's run the stages, the engine has failed, a knob
 * has not been taken over yet, or frames are on their way: step until nothing moves, and take from
 * the outlets and release what lies there.
 * After the end stages have flushed: a window has put its last.
 * Threads: the one that steps or waits; none may be inside a step. */
LEAT_API LEAT_MUST_USE int leat_engine_save(const struct leat_engine *engine, void *block,
                                            size_t bytes, struct leat_diag *diag);

/* Takes the states of block[0, bytes) over. On any error nothing was touched.
 * LEAT_ESTATE the engine has begun; LEAT_EDATA no block of Leat's, cut short, or damaged;
 * LEAT_EINVAL one of another version of Leat or of another graph: the diag says which stage differs
 * in what.
 * Threads: the control thread, between init and the first step or start. */
LEAT_API LEAT_MUST_USE int leat_engine_load(struct leat_engine *engine, const void *block,
                                            size_t bytes, struct leat_diag *diag);

LEAT_END

#endif
