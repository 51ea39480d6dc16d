/* The n-th allocation fails, for every n: LEAT_ENOMEM, a message, and nothing leaked (under
 * AddressSanitizer). Linked with --wrap for the malloc family. */
#include "text/dummies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long left; /* allocations until one fails; negative: none fails */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

static bool fails(void)
{
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    return fails() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    return fails() ? NULL : __real_realloc(memory, bytes);
}

static const char text[] =
    "let n=20,30\nlet pre={ zscore ! select channels=a,b }\n"
    "csv file='a b' columns=$n name=src ! $pre ! split name=t ! $pre ! null\n"
    "t. ! rolling size=3 out=stddev ! csv file=\"$n\"; t. ! null\n";

static int run(struct leat_diag *diag)
{
    char out[2048];
    size_t length;
    struct leat_graph graph;
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, &dummies, NULL, text, sizeof text - 1, diag);
    if (status == LEAT_OK)
        status = leat_graph_text(&graph, out, sizeof out, &length, diag);
    leat_graph_fini(&graph);
    return status;
}

int main(void)
{
    for (long n = 0; n < 10000; n++) {
        struct leat_diag diag = { .code = 0 };
        left = n;
        int status = run(&diag);
        bool refused = left < 0;
        left = -1;
        if (!refused) {
            printf("%s: %ld allocations\n", status == LEAT_OK && n > 20 ? "ok" : "wrong", n);
            return status == LEAT_OK && n > 20 ? 0 : 1;
        }
        if (status != LEAT_ENOMEM || diag.code != LEAT_ENOMEM || diag.text[0] == '\0') {
            printf("allocation %ld fails: status %d, '%s'\n", n, status, diag.text);
            return 1;
        }
    }
    printf("it never ends\n");
    return 1;
}
