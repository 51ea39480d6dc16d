/* replay CHAINS INPUT...: runs inputs through a reader's chains, without a fuzzer, in any build. */
#include "chain.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    static uint8_t bytes[1 << 20];
    if (argc < 3) {
        fputs("replay CHAINS INPUT...\n", stderr);
        return 2;
    }
    chains_open(argv[1]);
    for (int i = 2; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            perror(argv[i]);
            return 1;
        }
        size_t n = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        uint8_t *input = malloc(n != 0 ? n : 1); /* of its own length, for AddressSanitizer */
        if (input == NULL)
            return 1;
        for (size_t k = 0; k < n; k++)
            input[k] = bytes[k];
        chains_run(input, n);
        free(input);
    }
    printf("%d inputs\n", argc - 2);
    return 0;
}
