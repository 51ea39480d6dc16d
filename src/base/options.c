/* Option structs as a whole: defaults, checks, names, lengths. */
#include <leat/param.h>

#include <string.h>

size_t leat_param_size(const struct leat_param *param)
{
    switch (param->type) {
    case LEAT_P_BOOL: return sizeof(bool);
    case LEAT_P_WORD: return sizeof(uint32_t);
    case LEAT_P_TEXT: return sizeof(const char *);
    case LEAT_P_LIST: return sizeof(struct leat_list);
    case LEAT_P_LENGTH: return sizeof(struct leat_length);
    case LEAT_P_STRETCH: return sizeof(struct leat_stretch);
    default: return sizeof(uint64_t);
    }
}

int leat_options_default(const struct leat_param *params, uint32_t n, void *options, size_t bytes,
                         struct leat_diag *diag)
{
    if (bytes != 0)
        memset(options, 0, bytes);
    for (uint32_t i = 0; i < n; i++) {
        const struct leat_param *param = &params[i];
        if (param->offset + leat_param_size(param) > bytes)
            return leat_diag_set(diag, LEAT_EINVAL, "%s: the field is outside its struct",
                                 param->name);
        if (param->fallback == NULL || param->fallback[0] == '\0')
            continue;
        if (param->type == LEAT_P_LIST)
            return leat_diag_set(diag, LEAT_EINVAL, "%s: a list has no default", param->name);
        if (leat_param_read(param, param->fallback, options, NULL, diag) != LEAT_OK)
            return leat_diag_set(diag, LEAT_EINVAL, "%s: the default '%s' is not valid",
                                 param->name, param->fallback);
    }
    return LEAT_OK;
}

static int missing(const struct leat_param *param, struct leat_diag *diag)
{
    return leat_diag_set(diag, LEAT_EINVAL, "%s= is required%s%s", param->name,
                         param->example != NULL ? ", for example " : "",
                         param->example != NULL ? param->example : "");
}

static int check_number(const struct leat_param *param, double value, struct leat_diag *diag)
{
    bool optional = param->fallback != NULL && param->fallback[0] == '\0';
    bool any = param->min == 0.0 && param->max == 0.0;
    if ((optional && value == 0.0) || (any && value == value))
        return LEAT_OK;
    if (!any && value >= param->min && value <= param->max)
        return LEAT_OK;
    char text[32], range[80];
    leat_number_write(text, value);
    leat_param_range(param, range);
    return leat_diag_set(diag, LEAT_ERANGE, "%s: %s is out of range: %s", param->name, text, range);
}

static int check_stretch(const struct leat_param *param, double samples, uint64_t ns,
                         struct leat_diag *diag)
{
    if (samples != 0 && ns != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "%s: samples and nanoseconds exclude each other",
                             param->name);
    if (samples == 0 && ns == 0)
        return param->fallback == NULL ? missing(param, diag) : LEAT_OK;
    return ns != 0 ? LEAT_OK : check_number(param, samples, diag);
}

static int check_word(const struct leat_param *param, uint32_t word, struct leat_diag *diag)
{
    uint32_t n = 0;
    while (param->words != NULL && param->words[n] != NULL)
        n++;
    if (word < n)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ERANGE, "%s: word %u of %u", param->name, word, n);
}

static int check_field(const struct leat_param *param, const void *field, struct leat_diag *diag)
{
    switch (param->type) {
    case LEAT_P_U64: return check_number(param, (double)*(const uint64_t *)field, diag);
    case LEAT_P_F64: return check_number(param, *(const double *)field, diag);
    case LEAT_P_BOOL: return LEAT_OK;
    case LEAT_P_WORD: return check_word(param, *(const uint32_t *)field, diag);
    case LEAT_P_LENGTH: {
        const struct leat_length *length = field;
        return check_stretch(param, (double)length->samples, length->ns, diag);
    }
    case LEAT_P_STRETCH: {
        const struct leat_stretch *stretch = field;
        return check_stretch(param, stretch->samples, stretch->ns, diag);
    }
    case LEAT_P_TEXT: {
        const char *text = *(const char *const *)field;
        bool gone = text == NULL || text[0] == '\0';
        return gone && param->fallback == NULL ? missing(param, diag) : LEAT_OK;
    }
    case LEAT_P_LIST: {
        const struct leat_list *list = field;
        if (list->n == 0 && param->fallback == NULL)
            return missing(param, diag);
        for (uint32_t i = 0; i < list->n; i++)
            if (list->items == NULL || list->items[i] == NULL)
                return leat_diag_set(diag, LEAT_EINVAL, "%s: item %u is NULL", param->name, i);
        return LEAT_OK;
    }
    default:
        return leat_diag_set(diag, LEAT_EINVAL, "%s: unknown parameter type %u", param->name,
                             param->type);
    }
}

int leat_options_check(const struct leat_param *params, uint32_t n, const void *options,
                       struct leat_diag *diag)
{
    for (uint32_t i = 0; i < n; i++) {
        const void *field = (const char *)options + params[i].offset;
        int status = check_field(&params[i], field, diag);
        if (status != LEAT_OK)
            return status;
    }
    return LEAT_OK;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_list(const struct leat_list *a, const struct leat_list *b)
{
    bool same = a->n == b->n;
    for (uint32_t i = 0; same && i < a->n; i++)
        same = same_text(a->items[i], b->items[i]);
    return same;
}

bool leat_param_same(const struct leat_param *param, const void *options, const void *others)
{
    const char *a = (const char *)options + param->offset;
    const char *b = (const char *)others + param->offset;
    switch (param->type) {
    case LEAT_P_TEXT: return same_text(*(const char *const *)(const void *)a,
                                       *(const char *const *)(const void *)b);
    case LEAT_P_LIST: return same_list((const void *)a, (const void *)b);
    default: return memcmp(a, b, leat_param_size(param)) == 0;
    }
}

const struct leat_param *leat_param_find(const struct leat_param *params, uint32_t n,
                                         const char *name, struct leat_diag *diag)
{
    struct leat_guess guess = { NULL, 0 };
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(params[i].name, name) == 0)
            return &params[i];
    for (uint32_t i = 0; i < n; i++)
        leat_guess_try(&guess, name, params[i].name);
    if (guess.nearest != NULL)
        leat_diag_set(diag, LEAT_ENAME, "unknown parameter '%s'; did you mean '%s'?", name,
                      guess.nearest);
    else
        leat_diag_set(diag, LEAT_ENAME, "unknown parameter '%s'", name);
    return NULL;
}

const struct leat_param *leat_param_named(const struct leat_param *params, uint32_t n,
                                          const char *message)
{
    size_t bytes = strcspn(message, ":=");
    if (message[bytes] == '\0')
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        if (strlen(params[i].name) == bytes && memcmp(params[i].name, message, bytes) == 0)
            return &params[i];
    return NULL;
}

int leat_stretch_samples(const struct leat_stretch *stretch, double rate_hz, const char *name,
                         double *samples, struct leat_diag *diag)
{
    if (stretch->ns == 0) {
        *samples = stretch->samples;
        return LEAT_OK;
    }
    if (!(rate_hz > 0.0))
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "%s: a duration needs a stream with a rate, and this one has none: "
                             "give a count of samples, or rate= at the source",
                             name);
    double count = (double)stretch->ns * rate_hz / 1e9;
    if (!(count < 0x1p53))
        return leat_diag_set(diag, LEAT_ERANGE, "%s: the duration is more than 2^53 samples", name);
    *samples = count;
    return LEAT_OK;
}

int leat_length_samples(const struct leat_length *length, double rate_hz, const char *name,
                        uint64_t *samples, struct leat_diag *diag)
{
    const struct leat_stretch duration = { 0, length->ns };
    double count = 0;
    int status = leat_stretch_samples(&duration, rate_hz, name, &count, diag);
    if (status == LEAT_OK)
        *samples = length->ns == 0 ? length->samples : count < 0.5 ? 1 : (uint64_t)(count + 0.5);
    return status;
}
