/* The Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html): its two
 * structs, under the published names and the published guard, so that this header may stand beside
 * any other that defines them. leat/lend.h does not need it.
 */
#ifndef LEAT_ARROW_H
#define LEAT_ARROW_H

#include <leat/def.h>

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

LEAT_BEGIN

/* What an array is made of. */
struct ArrowSchema {
    const char *format; /* the type, as text */
    const char *name;   /* UTF-8 */
    const char *metadata;
    int64_t flags; /* ARROW_FLAG_… */
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *self); /* NULL: released, or moved elsewhere */
    void *private_data;                        /* the lender's */
};

/* An array's data. */
struct ArrowArray {
    int64_t length, null_count, offset;
    int64_t n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *self); /* NULL: released, or moved elsewhere */
    void *private_data;                       /* the lender's */
};

LEAT_END

#endif
#endif
