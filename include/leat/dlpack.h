/* DLPack 1.0 (https://dmlc.github.io/dlpack): what Leat's loans need of it, from the published
 * layout, under the published names.
 *
 * For programs that have no header of DLPack's own. Who has one includes it first: then this one
 * is empty. leat/lend.h needs neither.
 */
#ifndef LEAT_DLPACK_H
#define LEAT_DLPACK_H

#include <leat/def.h>

#ifndef DLPACK_DLPACK_H_

LEAT_BEGIN

typedef struct {
    uint32_t major; /* not 1: only version, manager_ctx, deleter and flags lie as here */
    uint32_t minor;
} DLPackVersion;

enum { kDLCPU = 1 };
typedef struct {
    int32_t device_type; /* kDLCPU */
    int32_t device_id;   /* 0 */
} DLDevice;

enum { kDLInt = 0, kDLUInt = 1, kDLFloat = 2 };
typedef struct {
    uint8_t code;   /* kDLInt … */
    uint8_t bits;   /* of one element */
    uint16_t lanes; /* 1 */
} DLDataType;

typedef struct {
    void *data; /* element [0, 0] is byte_offset bytes behind it */
    DLDevice device;
    int32_t ndim;
    DLDataType dtype;
    int64_t *shape;   /* [ndim] */
    int64_t *strides; /* [ndim], in elements */
    uint64_t byte_offset;
} DLTensor;

/* Before DLPack 1.0. */
typedef struct DLManagedTensor {
    DLTensor dl_tensor;
    void *manager_ctx; /* the lender's */
    void (*deleter)(struct DLManagedTensor *self);
} DLManagedTensor;

#define DLPACK_FLAG_BITMASK_READ_ONLY (1UL << 0UL)
#define DLPACK_FLAG_BITMASK_IS_COPIED (1UL << 1UL)

typedef struct DLManagedTensorVersioned {
    DLPackVersion version;
    void *manager_ctx; /* the lender's */
    void (*deleter)(struct DLManagedTensorVersioned *self);
    uint64_t flags; /* DLPACK_FLAG_BITMASK_… */
    DLTensor dl_tensor;
} DLManagedTensorVersioned;

LEAT_END

#endif
#endif
