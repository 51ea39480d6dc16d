/* A catalogue of stages that do nothing, so that the language is tested without the other rooms. */
#ifndef LEAT_TESTS_TEXT_DUMMIES_H
#define LEAT_TESTS_TEXT_DUMMIES_H

#include <leat/text.h>

struct file_options {
    const char *file;
    struct leat_list columns;
    struct leat_length frame;
    double rate;
    uint32_t type;
    bool header;
    uint64_t wait_ns;
};

struct rolling_options {
    struct leat_length size;
    uint64_t ddof;
    uint32_t out;
};

struct scale_options {
    double by, add;
    double gain_db;
};

struct select_options {
    struct leat_list channels;
};

extern const struct leat_catalogue dummies;

#endif
