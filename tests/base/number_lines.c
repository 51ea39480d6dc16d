/* Answers, line by line, for number_oracle.py:
 *   r TEXT     the bits that leat_number_read makes of TEXT, in hexadecimal, and how many bytes of
 *              it it took
 *   w BITS     the text that leat_number_write makes of those bits
 *   f BITS     the text that leat_number_write_f32 makes of those bits
 */
#include <leat/param.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer(const char *line, size_t bytes)
{
    char out[32];
    double number = 0.0;
    uint64_t bits = strtoull(line + 2, NULL, 16);
    uint32_t bits32 = (uint32_t)bits;
    float single;
    switch (line[0]) {
    case 'r': {
        /* A copy without the NUL, so that AddressSanitizer sees a read beyond the end. */
        char *copy = malloc(bytes - 2 + (bytes == 2));
        memcpy(copy, line + 2, bytes - 2);
        size_t n = leat_number_read(copy, bytes - 2, &number);
        free(copy);
        memcpy(&bits, &number, sizeof bits);
        printf("%016" PRIx64 " %zu\n", bits, n);
        break;
    }
    case 'w':
        memcpy(&number, &bits, sizeof number);
        leat_number_write(out, number);
        puts(out);
        break;
    default:
        memcpy(&single, &bits32, sizeof single);
        leat_number_write_f32(out, single);
        puts(out);
        break;
    }
}

int main(void)
{
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        answer(line, strlen(line));
    }
    return 0;
}
