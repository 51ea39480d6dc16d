/* Prints where the fields lie that examples/neighbours.py describes to ctypes: STRUCT.FIELD OFFSET
 * BYTES, and STRUCT BYTES for the whole.
 */
#include <leat/arrow.h>
#include <leat/dlpack.h>
#include <leat/engine.h>
#include <leat/text.h>

#include <stdio.h>

#define WHOLE(name, type) printf("%s %zu\n", name, sizeof(type))
#define FIELD(name, type, field) \
    printf("%s." #field " %zu %zu\n", name, offsetof(type, field), sizeof(((type *)NULL)->field))

static void print_own(void)
{
    WHOLE("Diag", struct leat_diag);
    FIELD("Diag", struct leat_diag, code);
    FIELD("Diag", struct leat_diag, file);
    FIELD("Diag", struct leat_diag, text);
    WHOLE("Limits", struct leat_limits);
    FIELD("Limits", struct leat_limits, workers);
    FIELD("Limits", struct leat_limits, batch);
    FIELD("Limits", struct leat_limits, edge_frames);
    FIELD("Limits", struct leat_limits, frames);
    FIELD("Limits", struct leat_limits, memory_bytes);
    FIELD("Limits", struct leat_limits, quarantine);
    FIELD("Limits", struct leat_limits, pins);
    WHOLE("EngineOptions", struct leat_engine_options);
    FIELD("EngineOptions", struct leat_engine_options, size);
    FIELD("EngineOptions", struct leat_engine_options, isa);
    FIELD("EngineOptions", struct leat_engine_options, flush_to_zero);
    FIELD("EngineOptions", struct leat_engine_options, frames_max);
    FIELD("EngineOptions", struct leat_engine_options, spins);
    FIELD("EngineOptions", struct leat_engine_options, yields);
    FIELD("EngineOptions", struct leat_engine_options, watch);
    FIELD("EngineOptions", struct leat_engine_options, clock_ns);
    WHOLE("Header", struct leat_frame);
    FIELD("Header", struct leat_frame, seq);
    FIELD("Header", struct leat_frame, time_ns);
    FIELD("Header", struct leat_frame, rows);
    FIELD("Header", struct leat_frame, cols);
    FIELD("Header", struct leat_frame, owner);
    WHOLE("GRAPH_ROOM", struct leat_graph);
    WHOLE("PLAN_ROOM", struct leat_plan);
    WHOLE("CATALOGUES_ROOM", struct leat_catalogue[LEAT_CATALOGUE_LISTS]);
    printf("APART %d\n", LEAT_APART);
}

static void print_others(void)
{
    WHOLE("Tensor", DLManagedTensor);
    FIELD("Tensor", DLManagedTensor, dl_tensor);
    FIELD("Tensor", DLManagedTensor, deleter);
    WHOLE("VersionedTensor", DLManagedTensorVersioned);
    FIELD("VersionedTensor", DLManagedTensorVersioned, deleter);
    FIELD("VersionedTensor", DLManagedTensorVersioned, flags);
    FIELD("VersionedTensor", DLManagedTensorVersioned, dl_tensor);
    WHOLE("ArrowSchema", struct ArrowSchema);
    FIELD("ArrowSchema", struct ArrowSchema, children);
    FIELD("ArrowSchema", struct ArrowSchema, release);
    WHOLE("ArrowArray", struct ArrowArray);
    FIELD("ArrowArray", struct ArrowArray, buffers);
    FIELD("ArrowArray", struct ArrowArray, children);
    FIELD("ArrowArray", struct ArrowArray, release);
}

int main(void)
{
    print_own();
    print_others();
    return 0;
}
