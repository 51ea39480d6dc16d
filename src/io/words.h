/* The words of a line, one after the other. */
#ifndef LEAT_IO_WORDS_H
#define LEAT_IO_WORDS_H

#include <leat/status.h>

struct leat_words {
    const char *begin, *at, *end; /* of the line; at: behind the word */
    const char *word;
    size_t bytes; /* of the word; 0: there are no more */
};

static inline bool leat_words_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static inline struct leat_words leat_words_of(const char *line, size_t bytes)
{
    return (struct leat_words){.begin = line, .at = line, .end = line + bytes, .word = line};
}

static inline void leat_words_next(struct leat_words *w)
{
    while (w->at < w->end && leat_words_blank(*w->at))
        w->at++;
    w->word = w->at;
    while (w->at < w->end && !leat_words_blank(*w->at))
        w->at++;
    w->bytes = (size_t)(w->at - w->word);
}

/* "'abc' stands where ...", or that the line ends there: LEAT_EDATA. */
int leat_words_wrong(const struct leat_words *words, struct leat_diag *diag, const char *due);
/* Where the word stands in the line, from 1. */
static inline uint64_t leat_words_column(const struct leat_words *words)
{
    return (uint64_t)(words->word - words->begin) + 1;
}

#endif
