#include <leat/engine.h>
#include <leat/io.h>
#include <leat/stages.h>
#include <leat/text.h>

const struct leat_catalogue *leat_catalogue_default(struct leat_catalogue *lists)
{
    lists[0] = *leat_io_stages();
    lists[1] = *leat_math_stages();
    lists[2] = *leat_doors();
    lists[0].next = &lists[1];
    lists[1].next = &lists[2];
    lists[2].next = NULL;
    return lists;
}
