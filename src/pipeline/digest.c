/* Options and shapes as numbers, to see whether two are the same. */
#include "pipeline/impl.h"

#define PRIME UINT64_C(0x100000001b3) /* Fowler, Noll, Vo: FNV-1a */

uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++)
        digest = (digest ^ at[i]) * PRIME;
    return digest;
}

uint64_t digest_text(uint64_t digest, const char *text)
{
    return text == NULL ? digest_bytes(digest, "\1", 2)
                        : digest_bytes(digest, text, strlen(text) + 1);
}

static uint64_t digest_param(const struct leat_param *param, const void *options)
{
    const char *field = (const char *)options + param->offset;
    uint64_t digest = digest_text(DIGEST_START, param->name);
    if (param->type == LEAT_P_TEXT) {
        const char *text;
        memcpy(&text, field, sizeof text);
        return digest_text(digest, text);
    }
    if (param->type != LEAT_P_LIST)
        return digest_bytes(digest, field, leat_param_size(param));
    struct leat_list list;
    memcpy(&list, field, sizeof list);
    digest = digest_bytes(digest, &list.n, sizeof list.n);
    for (uint32_t i = 0; i < list.n; i++)
        digest = digest_text(digest, list.items[i]);
    return digest;
}

uint64_t digest_options(const struct leat_stage *stage, const void *options)
{
    uint64_t digest = DIGEST_START;
    for (uint32_t i = 0; i < stage->params_n; i++) {
        uint64_t one = digest_param(&stage->params[i], options);
        digest = digest_bytes(digest, &one, sizeof one);
    }
    return digest;
}

uint64_t digest_shape(uint64_t digest, const struct leat_shape *shape)
{
    digest = digest_bytes(digest, &shape->rows, sizeof shape->rows);
    digest = digest_bytes(digest, &shape->cols, sizeof shape->cols);
    digest = digest_bytes(digest, &shape->kind, sizeof shape->kind);
    digest = digest_bytes(digest, &shape->cols_fixed, sizeof shape->cols_fixed);
    digest = digest_bytes(digest, &shape->rate_hz, sizeof shape->rate_hz);
    digest = digest_bytes(digest, &shape->timed, sizeof shape->timed);
    digest = digest_bytes(digest, &shape->bins_of, sizeof shape->bins_of);
    for (uint32_t r = 0; shape->channels != NULL && r < shape->rows; r++) {
        digest = digest_text(digest, shape->channels[r].name);
        digest = digest_text(digest, shape->channels[r].unit);
    }
    return digest;
}
