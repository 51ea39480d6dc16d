#include <leat/engine.h>
#include <leat/feeds.h>
#include <leat/io.h>
#include <leat/stages.h>
#include <leat/text.h>

const struct leat_catalogue *leat_catalogue_default(struct leat_catalogue *lists)
{
    lists[0] = *leat_io_stages();
    lists[1] = *leat_feed_stages();
    lists[2] = *leat_math_stages();
    lists[3] = *leat_doors();
    lists[4] = *leat_joints();
    for (uint32_t i = 0; i < LEAT_CATALOGUE_LISTS; i++)
        lists[i].next = i + 1 < LEAT_CATALOGUE_LISTS ? &lists[i + 1] : NULL;
    return lists;
}
