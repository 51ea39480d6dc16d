/* Lending: a frame that was taken from an outlet is given to another library without a copy, and
 * goes home when that library gives it back.
 *
 * A lender serves one outlet. Each of its loans is one frame in the hands of one borrower, in the
 * words of DLPack (numpy, PyTorch, JAX, …) or of the Arrow C data interface (Arrow, Polars,
 * DuckDB, …). The borrower gives it back by the function that both specifications put into what
 * they pass around, when and where it likes: a garbage collector, another thread. That function
 * only notes the return; the outlet's own thread hands the frame home by leat_outlet_release, in
 * leat_lender_settle or at its next loan.
 *
 * Owner: the frame is the borrower's from the loan to the return; after it nobody touches the frame
 * until it is home. A call that answers "none" leaves it with the caller. A frame is lent once.
 * The storage behind the loans is the caller's, taken once: no call here allocates, and no return.
 * Engine, plan and storage are in use until leat_lender_fini returns 0.
 *
 * Which calls may run beside which:
 *   every leat_lender_*      the outlet's thread, as leat_outlet_take and leat_outlet_release: one
 *                            at a time for each outlet (LEAT_CHECK >= 1 stops at two)
 *   what gives a loan back   any thread, beside everything else, once (LEAT_CHECK >= 1 stops at a
 *                            second time, until the loan is made anew)
 * Progress: lock-free, giving back too. A loan begins with settling, whose steps are as many as
 * there are returns.
 *
 * A frame that is out is missing in its pool. A plan has frames for itself; a borrower that keeps k
 * of them wants k more (leat_limits.frames), else the source waits for the returns.
 */
#ifndef LEAT_LEND_H
#define LEAT_LEND_H

#include <leat/engine.h>

LEAT_BEGIN

struct leat_lender;

/* Defined by DLPack and Arrow themselves, or by leat/dlpack.h and leat/arrow.h. */
struct DLManagedTensor;
struct DLManagedTensorVersioned;
struct ArrowArray;
struct ArrowSchema;

/* Bytes of storage for so many loans at once, 1 to LEAT_SLOTS_MAX: some 200 each, and 104 more for
 * each channel. 0 for another number of loans, and when the sum does not fit. */
LEAT_API size_t leat_lender_bytes(const struct leat_engine *engine, uint32_t outlet,
                                  uint32_t loans);

/* A lender for that outlet (leat_outlet_find) in storage[0, bytes), LEAT_APART-aligned.
 * LEAT_EINVAL: storage too small or misaligned; LEAT_ERANGE: loans, as above. On error
 * *lender is NULL. */
LEAT_API LEAT_MUST_USE int leat_lender_init(struct leat_lender **lender,
                                            struct leat_engine *engine, uint32_t outlet,
                                            uint32_t loans, void *storage, size_t bytes,
                                            struct leat_diag *diag);

/* Hands home what borrowers have given back. Returns how many loans are still out. To be called
 * where leat_outlet_take is called, so that the frames come round. */
LEAT_API uint32_t leat_lender_settle(struct leat_lender *lender);

/* The end, before leat_engine_fini. Returns 0, or LEAT_ESTATE when loans are still out: how many in
 * *diag, and everything stays as it was, to be asked again. */
LEAT_API LEAT_MUST_USE int leat_lender_fini(struct leat_lender *lender, struct leat_diag *diag);

/* The frame as a tensor [rows x cols] of DLPack 1.0 on the CPU: element [r, i] is sample i of
 * channel r, strides in elements {stride / width, 1}, rows on 64 bytes, byte_offset 0. dtype: u8 is
 * uint, i16 i32 i64 int, f32 f64 float, of its width. A frame of no column has data NULL.
 * read_only: the borrower is told not to write (DLPACK_FLAG_BITMASK_READ_ONLY), as it is anyway
 * when the frame's header names other readers. Else it may write: an outlet's frames are the host's
 * alone, because a tee gives an outlet frames of its own.
 * The borrower calls deleter(self) once, and touches neither struct nor samples after it.
 * NULL: no loan is free; the frame is still the caller's. */
LEAT_API struct DLManagedTensorVersioned *
leat_lender_dlpack(struct leat_lender *lender, struct leat_frame *frame, bool read_only);

/* The same in the struct from before DLPack 1.0, which has no version and no flags, for borrowers
 * that take no other (numpy before 2.1, whose arrays of it are read-only by themselves). That it
 * must not write, where it must not, is for the caller to tell it. */
LEAT_API struct DLManagedTensor *leat_lender_dlpack_unversioned(struct leat_lender *lender,
                                                                struct leat_frame *frame);

/* The frame as an Arrow struct array into the caller's *array: length cols, a child a channel whose
 * values are the row, no nulls (NaN is a value), offset 0, immutable as the interface demands. The
 * borrower releases *array once, wherever it has moved it. It may move children out and release
 * them on their own: the frame comes home after the last.
 * false: no loan is free; *array is as it was, the frame still the caller's. */
LEAT_API LEAT_MUST_USE bool leat_lender_arrow(struct leat_lender *lender,
                                              struct leat_frame *frame, struct ArrowArray *array);

/* What every array of this lender is made of, into the caller's *schema: format "+s", children C s
 * i l f g by kind (u8 i16 i32 i64 f32 f64), with the channels' names, not nullable. It counts as a
 * loan until the borrower releases it, and is often released at once.
 * LEAT_ELIMIT: no loan is free; LEAT_EDATA: a channel's name is not UTF-8, which Arrow demands. On
 * error *schema is as it was. */
LEAT_API LEAT_MUST_USE int leat_lender_schema(struct leat_lender *lender,
                                              struct ArrowSchema *schema,
                                              struct leat_diag *diag);

LEAT_END

#endif
