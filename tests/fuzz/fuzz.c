/* libFuzzer's door. LEAT_FUZZ_CHAINS names the file of the reader's chains. */
#include "chain.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    chains_open(getenv("LEAT_FUZZ_CHAINS"));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    chains_run(data, bytes);
    if (!world_blocks_home()) {
        fputs("leat fuzz: memory is not given back\n", stderr);
        abort();
    }
    return 0;
}
