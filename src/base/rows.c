#include <leat/frame.h>

#include <string.h>

static __attribute__((noinline)) void copy_each(char *to, const char *from, size_t bytes,
                                                uint32_t rows, size_t to_stride,
                                                size_t from_stride)
{
    for (uint32_t r = 0; r < rows; r++)
        memcpy(to + r * to_stride, from + r * from_stride, bytes);
}

/* One row, the usual thing, is a jump to memcpy. */
void leat_rows_copy(void *to, const void *from, size_t bytes, uint32_t rows, size_t to_stride,
                    size_t from_stride)
{
    if (rows != 1)
        copy_each(to, from, bytes, rows, to_stride, from_stride);
    else
        memcpy(to, from, bytes);
}
