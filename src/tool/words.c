/* Numbers and shapes as people read them. */
#include "tool.h"

#include <string.h>

const char *size_text(uint64_t bytes, char *out)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    uint32_t unit = 0;
    double number = (double)bytes;
    for (; number >= 1024 && unit < 6; unit++)
        number /= 1024;
    bool whole = number - (double)(uint64_t)number == 0;
    snprintf(out, 32, whole ? "%.0f %s" : "%.1f %s", number, units[unit]);
    return out;
}

const char *shape_text(const struct leat_shape *shape, char *out)
{
    snprintf(out, 64, "[%u x %u] %s", shape->rows, shape->cols, leat_kind_name(shape->kind));
    return out;
}

double tuning_number(const struct leat_param *param, const struct leat_tuning *tuning)
{
    const char *field = (const char *)tuning + param->offset;
    uint64_t whole;
    double number;
    memcpy(&whole, field, sizeof whole);
    memcpy(&number, field, sizeof number);
    return param->type == LEAT_P_F64 ? number : (double)whole;
}
