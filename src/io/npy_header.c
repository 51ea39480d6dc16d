#include "io/npy_header.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX ((size_t)4096) /* a header of three numbers is far shorter */

static int not_npy(struct leat_diag *diag, const char *path, const char *why)
{
    return leat_diag_set(diag, LEAT_EDATA, "%s: is not an npy file that can be read: %s", path,
                         why);
}

static const char *skip(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
    return at;
}

/* A quoted word of at most room - 1 bytes; NULL when there is none. */
static const char *word(const char *at, char *out, size_t room)
{
    char quote = *at;
    size_t n = 0;
    if (quote != '\'' && quote != '"')
        return NULL;
    for (at++; *at != quote; at++) {
        if (*at == '\0' || n + 1 == room)
            return NULL;
        out[n++] = *at;
    }
    out[n] = '\0';
    return skip(at + 1);
}

static const char *type(const char *at, struct leat_npy_header *h, char name[16])
{
    static const struct {
        const char *name;
        uint32_t cell;
    } types[] = {{"u1", LEAT_CELL_U8},  {"i1", LEAT_CELL_I8},  {"i2", LEAT_CELL_I16},
                 {"u2", LEAT_CELL_U16}, {"i4", LEAT_CELL_I32}, {"u4", LEAT_CELL_U32},
                 {"i8", LEAT_CELL_I64}, {"f4", LEAT_CELL_F32}, {"f8", LEAT_CELL_F64}};
    at = word(at, name, 16);
    if (at == NULL || strchr("<>|=", name[0]) == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(name + 1, types[i].name) == 0) {
            h->cell = types[i].cell;
            h->swap = name[0] == '>';
            return at;
        }
    return NULL;
}

/* ( n, n, n ) */
static const char *shape(const char *at, struct leat_npy_header *h)
{
    if (*at++ != '(')
        return NULL;
    for (h->dims = 0;;) {
        at = skip(at);
        if (*at == ')')
            return skip(at + 1);
        if (h->dims == 3 || *at < '0' || *at > '9')
            return NULL;
        uint64_t n = 0;
        for (; *at >= '0' && *at <= '9'; at++)
            if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
                __builtin_add_overflow(n, (uint64_t)(*at - '0'), &n))
                return NULL;
        h->shape[h->dims++] = n;
        at = skip(at);
        if (*at == ',')
            at++;
        else if (*at != ')')
            return NULL;
    }
}

static const char *order(const char *at, struct leat_npy_header *h)
{
    h->fortran = strncmp(at, "True", 4) == 0;
    if (!h->fortran && strncmp(at, "False", 5) != 0)
        return NULL;
    return skip(at + (h->fortran ? 4 : 5));
}

/* A Python dictionary of just three keys. */
static int parse(struct leat_npy_header *h, const char *path, const char *text,
                 struct leat_diag *diag)
{
    const char *at = skip(text);
    unsigned seen = 0;
    char key[16], name[16] = "?";
    if (*at++ != '{')
        return not_npy(diag, path, "its header is no dictionary");
    for (at = skip(at); *at != '}'; at = skip(at)) {
        at = word(at, key, sizeof key);
        if (at == NULL || *at != ':')
            return not_npy(diag, path, "its header is damaged");
        at = skip(at + 1);
        unsigned which = strcmp(key, "descr") == 0           ? 1
                         : strcmp(key, "fortran_order") == 0 ? 2
                         : strcmp(key, "shape") == 0         ? 4
                                                             : 0;
        at = which == 1   ? type(at, h, name)
             : which == 2 ? order(at, h)
             : which == 4 ? shape(at, h)
                          : NULL;
        if (at == NULL && which == 1)
            return leat_diag_set(diag, LEAT_EDATA,
                                 "%s: samples of type '%s' cannot be read; convert them to "
                                 "float64, float32, int64 or an integer type of at most 32 bits",
                                 path, name);
        if (at == NULL && which == 4)
            return not_npy(diag, path, "its shape must have 1 to 3 dimensions");
        if (at == NULL || (seen & which) != 0)
            return not_npy(diag, path, "its header is damaged");
        seen |= which;
        if (*at == ',')
            at++;
    }
    if (seen != 7)
        return not_npy(diag, path, "its header lacks descr, fortran_order or shape");
    if (h->dims == 0)
        return not_npy(diag, path, "its shape must have 1 to 3 dimensions");
    return LEAT_OK;
}

static uint32_t little(const unsigned char *bytes, int n)
{
    uint32_t value = 0;
    while (n-- > 0)
        value = value << 8 | bytes[n];
    return value;
}

int leat_npy_header_read(struct leat_npy_header *h, const char *path, struct leat_diag *diag)
{
    unsigned char head[12 + TEXT_MAX + 1];
    size_t n;
    memset(h, 0, sizeof *h);
    int status = leat_input_head(path, "npy is", head, sizeof head - 1, &n, &h->file_bytes, diag);
    if (status != LEAT_OK)
        return status;
    if (n < 12)
        return not_npy(diag, path, "it is cut off");
    if (memcmp(head, "\x93NUMPY", 6) != 0)
        return not_npy(diag, path, "it does not begin as one");
    if (head[6] < 1 || head[6] > 3)
        return not_npy(diag, path, "its format version is unknown");
    uint32_t prefix = head[6] == 1 ? 10 : 12;
    uint32_t bytes = head[6] == 1 ? little(head + 8, 2) : little(head + 8, 4);
    if (bytes > TEXT_MAX)
        return not_npy(diag, path, "its header is too long");
    if (n - prefix < bytes)
        return not_npy(diag, path, "it is cut off");
    h->start = prefix + bytes;
    head[h->start] = '\0';
    return parse(h, path, (char *)head + prefix, diag);
}

void leat_npy_header_write(char out[LEAT_NPY_HEADER_BYTES], uint32_t kind, bool fortran,
                           uint32_t dims, const uint64_t *sizes)
{
    static const char *const types[] = {[LEAT_U8] = "|u1",  [LEAT_I16] = "<i2", [LEAT_I32] = "<i4",
                                        [LEAT_I64] = "<i8", [LEAT_F32] = "<f4", [LEAT_F64] = "<f8"};
    char text[LEAT_NPY_HEADER_BYTES - 10 + 1];
    int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': (",
                     types[kind], fortran ? "True" : "False");
    for (uint32_t i = 0; i < dims; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%llu%s", i == 0 ? "" : ", ",
                      (unsigned long long)sizes[i], dims == 1 ? "," : "");
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    memset(out, ' ', LEAT_NPY_HEADER_BYTES);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = LEAT_NPY_HEADER_BYTES - 10;
    out[9] = 0;
    memcpy(out + 10, text, (size_t)n);
    out[LEAT_NPY_HEADER_BYTES - 1] = '\n';
}
