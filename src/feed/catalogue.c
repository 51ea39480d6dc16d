/* The list that names the stages of this room. A new stage is a file and a line here. */
#include "io/common.h"

#include <leat/feeds.h>

static const struct leat_stage *const stages[] = {
    &leat_file_source,   &leat_pcap_source,   &leat_itch_source,   &leat_dbn_source,
    &leat_stage_lengths, &leat_stage_fixed,   &leat_stage_soupbin, &leat_stage_moldudp,
    &leat_stage_itch,    &leat_stage_dbn,     &leat_stage_iex,     &leat_udp_source,
    &leat_udp_sink,      &leat_tcp_source,    &leat_tcp_sink,      &leat_stdin_source,
};
static const struct leat_catalogue catalogue = {stages, sizeof stages / sizeof stages[0], NULL};

const struct leat_catalogue *leat_feed_stages(void)
{
    return &catalogue;
}
