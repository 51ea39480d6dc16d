/* What a set-up call says: 0 or a negative LEAT_E… code, and in words where and why. */
#ifndef LEAT_STATUS_H
#define LEAT_STATUS_H

#include <leat/def.h>

#include <stdarg.h>

LEAT_BEGIN

enum leat_status {
    LEAT_OK = 0,
    LEAT_ENOMEM = -1,   /* memory or another resource of the system is not to be had */
    LEAT_EINVAL = -2,   /* an argument is outside what the call documents */
    LEAT_ERANGE = -3,   /* a size or value overflows or exceeds its bound */
    LEAT_ESTATE = -4,   /* the call came in the wrong order (after seal, before init, …) */
    LEAT_ESTALE = -5,   /* the handle's generation has passed: released, or released twice */
    LEAT_EFOREIGN = -6, /* the handle belongs to another pool */
    LEAT_EIO = -7,      /* the operating system refused a file or device */
    LEAT_ESYNTAX = -8,  /* text that does not parse */
    LEAT_ENAME = -9,    /* an unknown stage, parameter, channel or word */
    LEAT_ESHAPE = -10,  /* shapes, kinds or rates that do not fit together */
    LEAT_EDATA = -11,   /* the input holds what its format does not allow */
    LEAT_EEND = -12,    /* the stream is over: an answer, not a fault */
    LEAT_ELIMIT = -13   /* a plan needs more than its limits allow; the diag names the number */
};

/* Where and why, in one line of text. Filled by the first failure; plain data, no owner. */
struct leat_diag {
    int code;              /* a leat_status, 0 when nothing was reported */
    uint32_t line, column; /* 1-based, 0 when there is no such place */
    char file[256];        /* the file or text that the place is in; "" when there is none */
    char text[512];        /* what was expected, what was found, what to do; no newline */
};

/* Fills *diag (which may be NULL) and returns code, so that a caller can `return` it. */
LEAT_API int leat_diag_set(struct leat_diag *diag, int code, const char *format, ...)
    LEAT_PRINTF(3, 4);
LEAT_API int leat_diag_setv(struct leat_diag *diag, int code, const char *format, va_list list)
    LEAT_PRINTF(3, 0);

/* Adds the place to a filled diag. file may be NULL (kept). Returns diag->code, 0 for NULL. */
LEAT_API int leat_diag_at(struct leat_diag *diag, const char *file, uint32_t line,
                          uint32_t column);

/* Writes "file:line:column: text" (with what is known of it) and a final NUL; returns the length
 * that it has, as snprintf does. */
LEAT_API int leat_diag_format(const struct leat_diag *diag, char *out, size_t bytes);

/* A short word for a code: "out of memory", "stale handle", … Never NULL. */
LEAT_API const char *leat_status_text(int code);

/* The candidate nearest to word by edit distance, NULL when none is near enough to suggest.
 * candidates is an array of n strings; the answer is one of them. */
LEAT_API const char *leat_nearest(const char *word, const char *const *candidates, size_t n);

/* The same search, one candidate at a time, for names that do not stand in an array. Start with
 * all 0; nearest is NULL while none was near enough. The candidate is borrowed. */
struct leat_guess {
    const char *nearest;
    uint32_t edits;
};
LEAT_API void leat_guess_try(struct leat_guess *guess, const char *word, const char *candidate);

LEAT_END

#endif
