/* Loans in the words of DLPack. */
#include "pipeline/loan.h"

static const DLDataType types[] = {
    [LEAT_U8] = {kDLUInt, 8, 1}, [LEAT_I16] = {kDLInt, 16, 1},  [LEAT_I32] = {kDLInt, 32, 1},
    [LEAT_I64] = {kDLInt, 64, 1}, [LEAT_F32] = {kDLFloat, 32, 1}, [LEAT_F64] = {kDLFloat, 64, 1},
};

static DLTensor tensor_of(struct loan *loan)
{
    struct leat_frame *f = loan->frame;
    loan->shape[0] = f->rows;
    loan->shape[1] = f->cols;
    loan->strides[0] = f->stride / leat_kind_bytes(f->kind);
    loan->strides[1] = 1;
    return (DLTensor){
        .data = f->cols != 0 ? leat_frame_row(f, 0) : NULL,
        .device = {kDLCPU, 0},
        .ndim = 2,
        .dtype = types[f->kind],
        .shape = loan->shape,
        .strides = loan->strides,
    };
}

/* A borrower that asks twice finds nothing to call, as long as the loan is not made anew. */
static void give_back(DLManagedTensorVersioned *self)
{
    self->deleter = NULL;
    loan_return(self->manager_ctx);
}

static void give_back_unversioned(DLManagedTensor *self)
{
    self->deleter = NULL;
    loan_return(self->manager_ctx);
}

DLManagedTensorVersioned *leat_lender_dlpack(struct leat_lender *lender, struct leat_frame *frame,
                                             bool read_only)
{
    struct loan *loan = loan_make(lender, frame, 1);
    if (loan == NULL)
        return NULL;
    /* [C3 pairs C2: what the other readers read, before the borrower writes] */
    bool shared = leat_load_acquire(&frame->share) != 0;
    loan->tensor.versioned = (DLManagedTensorVersioned){
        .version = {1, 0},
        .manager_ctx = loan,
        .deleter = give_back,
        .flags = shared || read_only ? DLPACK_FLAG_BITMASK_READ_ONLY : 0,
        .dl_tensor = tensor_of(loan),
    };
    return &loan->tensor.versioned;
}

DLManagedTensor *leat_lender_dlpack_unversioned(struct leat_lender *lender,
                                                struct leat_frame *frame)
{
    struct loan *loan = loan_make(lender, frame, 1);
    if (loan == NULL)
        return NULL;
    loan->tensor.unversioned = (DLManagedTensor){
        .dl_tensor = tensor_of(loan),
        .manager_ctx = loan,
        .deleter = give_back_unversioned,
    };
    return &loan->tensor.unversioned;
}
