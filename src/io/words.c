#include "io/words.h"

int leat_words_wrong(const struct leat_words *w, struct leat_diag *diag, const char *due)
{
    bool cut = w->bytes > 40;
    if (w->bytes == 0)
        return leat_diag_set(diag, LEAT_EDATA, "the line ends where %s", due);
    return leat_diag_set(diag, LEAT_EDATA, "'%.*s%s' stands where %s", cut ? 40 : (int)w->bytes,
                         w->word, cut ? "..." : "", due);
}
