/* leat replay: a capture as a live feed. It is a pipeline like any other, and is run as one. */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static void help(void)
{
    printf("Usage: leat replay FILE --to udp:ADDRESS:PORT [--speed N|max] [--interface NAME]\n"
           "       leat replay FILE --to tcp:ADDRESS:PORT\n"
           "\n"
           "Sends the datagrams of a capture, pcap or pcapng, as they were: each when it is due.\n"
           "Over TCP it waits for one who connects, and sends the bytes of any file as fast as\n"
           "they are read. It ends with the file, or with Ctrl-C.\n"
           "\n"
           "    leat replay day.pcap --to udp:127.0.0.1:26477 --speed 10\n"
           "    leat replay day.soup --to tcp:127.0.0.1:26480\n"
           "\n"
           "do the same as\n"
           "\n"
           "    leat run 'pcap file=day.pcap speed=10 ! udp address=127.0.0.1:26477'\n"
           "    leat run 'file file=day.soup ! tcp address=127.0.0.1:26480'\n"
           "\n"
           "Options:\n"
           "  --to udp:ADDRESS:PORT  where to; a multicast group, too\n"
           "  --to tcp:ADDRESS:PORT  where to listen\n"
           "  --speed N|max          so many times as fast as it was captured, or as fast as it\n"
           "                         can be sent; default 1\n"
           "  --interface NAME       network interface by which a group is sent to\n"
           "  -h, --help             this text\n"
           "\n"
           "Exit status: as that of leat run.\n");
}

struct replay {
    const char *file, *to, *interface;
    const char *speed; /* 0: max; NULL: not said */
};

static enum tool_exit mistake(const char *text, const char *word)
{
    complain_text(text, word);
    return TOOL_MISTAKE;
}

static enum tool_exit read_speed(struct replay *r, const char *text)
{
    double speed = 0;
    r->speed = strcmp(text, "max") == 0 ? "0" : text;
    if (strcmp(text, "max") == 0)
        return TOOL_DONE;
    size_t bytes = strlen(text);
    if (leat_number_read(text, bytes, &speed) != bytes || !(speed > 0 && speed <= 1e9))
        return mistake("replay: --speed '%s' is neither a number above 0, at most 1e9, nor max",
                       text);
    return TOOL_DONE;
}

static enum tool_exit read_args(struct replay *r, int argc, char **argv, bool *helped)
{
    static const struct option known[] = {{"to", 1, NULL, 't'},
                                          {"speed", 1, NULL, 's'},
                                          {"interface", 1, NULL, 'i'},
                                          {"help", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const char *word = NULL;
    opterr = 0;
    for (int key; (key = args_next(argc, argv, ":h", known, &word)) != -1;) {
        if (key == '?' || key == ':')
            return args_bad_option("replay", known, key, word);
        *helped |= key == 'h';
        if (key == 't')
            r->to = optarg;
        else if (key == 'i')
            r->interface = optarg;
        else if (key == 's' && read_speed(r, optarg) != TOOL_DONE)
            return TOOL_MISTAKE;
    }
    if (*helped)
        return TOOL_DONE;
    if (argc - optind != 1)
        return mistake("replay: name one file%s", "");
    r->file = argv[optind];
    if (r->to == NULL)
        return mistake("replay: --to says where to: --to udp:127.0.0.1:26477%s", "");
    bool tcp = strncmp(r->to, "tcp:", 4) == 0;
    if (!tcp && strncmp(r->to, "udp:", 4) != 0)
        return mistake("replay: --to '%s': write udp:ADDRESS:PORT or tcp:ADDRESS:PORT", r->to);
    if (tcp && (r->speed != NULL || r->interface != NULL))
        return mistake("replay: --%s goes with udp", r->speed != NULL ? "speed" : "interface");
    return TOOL_DONE;
}

static char *set(const char *name, const char *value)
{
    size_t bytes = strlen(name) + strlen(value) + 2;
    char *text = malloc(bytes);
    if (text != NULL)
        snprintf(text, bytes, "%s=%s", name, value);
    return text;
}

static enum tool_exit replay(const struct replay *r)
{
    static char tcp[] = "file file=$file ! tcp address=$to",
                udp[] = "pcap file=$file speed=$speed ! udp address=$to",
                group[] = "pcap file=$file speed=$speed ! udp address=$to interface=$interface";
    const bool by_tcp = strncmp(r->to, "tcp:", 4) == 0;
    char *text = by_tcp ? tcp : r->interface == NULL ? udp : group;
    const uint32_t sets_n = by_tcp ? 2 : r->interface == NULL ? 3 : 4; /* that it names, in order */
    char *sets[4] = {set("file", r->file), set("to", r->to + 4),
                     set("speed", r->speed != NULL ? r->speed : "1"),
                     set("interface", r->interface != NULL ? r->interface : "")};
    const char *given[4];
    bool whole = true;
    for (int i = 0; i < 4; i++)
        whole &= (given[i] = sets[i]) != NULL;
    const struct tool_args args = {.command = "replay", .words = &text, .words_n = 1,
                                   .sets = given, .sets_n = sets_n, .isa = leat_isa_best()};
    if (!whole)
        complain_text("replay: no memory");
    enum tool_exit answer = whole ? run_args(&args) : TOOL_FAILED;
    for (int i = 0; i < 4; i++)
        free(sets[i]);
    return answer;
}

enum tool_exit command_replay(int argc, char **argv)
{
    struct replay r = {0};
    bool helped = false;
    enum tool_exit answer = read_args(&r, argc, argv, &helped);
    if (helped)
        help();
    return answer != TOOL_DONE || helped ? answer : replay(&r);
}
