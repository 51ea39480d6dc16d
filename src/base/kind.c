#include <leat/frame.h>

#include <string.h>

static const char *const names[] = {
    [LEAT_U8] = "u8",   [LEAT_I16] = "i16", [LEAT_I32] = "i32",
    [LEAT_I64] = "i64", [LEAT_F32] = "f32", [LEAT_F64] = "f64",
};

const char *leat_kind_name(uint32_t kind)
{
    return kind >= LEAT_U8 && kind <= LEAT_F64 ? names[kind] : "?";
}

uint32_t leat_kind_parse(const char *name)
{
    for (uint32_t kind = LEAT_U8; kind <= LEAT_F64; kind++)
        if (strcmp(name, names[kind]) == 0)
            return kind;
    return 0;
}
