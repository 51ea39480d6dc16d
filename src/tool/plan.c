#include "tool.h"

#include "draw.h"

static void help(void)
{
    printf("Usage: leat plan [OPTION...] PIPELINE...\n"
           "       leat plan [OPTION...] FILE.leat | -f FILE | -\n"
           "\n"
           "Shows what `leat run` would run, and why, without running it: the graph, workers,\n"
           "stages and what flows between them, edges, pools with the least number of frames\n"
           "they need. A branch of a tee begins below it; (copy) is one that gets frames of its\n"
           "own. A chain that ends in a join ends in its name. stage@1 runs on worker 1; =64=>\n"
           "is an edge between workers that holds 64 frames. Lines are ASCII where the locale is\n"
           "not UTF-8.\n"
           "\n"
           "    leat plan synth samples=1M frame=256 ! ewma span=20 ! null --workers 2\n"
           "    leat plan --svg FILE.leat > graph.svg\n"
           "    leat plan --dot FILE.leat | dot -Tpdf > graph.pdf\n");
    args_help("plan");
    printf("\nExit status: 0 the plan is good; 2 a mistake in the command or the pipeline.\n");
}

/* Is it pinned because a stage asks for that processor? */
static bool by_core(const struct leat_plan *plan, uint32_t worker)
{
    for (uint32_t i = 0; i < plan->stages_n; i++)
        if (plan->stages[i].worker == worker)
            return plan->stages[i].core != LEAT_NO_CORE;
    return false;
}

static void print_workers(const struct leat_plan *plan)
{
    printf("workers: %u\n", plan->workers_n);
    for (uint32_t w = 0; w < plan->workers_n; w++) {
        if (plan->pins[w] == LEAT_UNPINNED)
            printf("  %u  on any processor:", w);
        else
            printf("  %u  pinned to processor %u%s:", w, plan->pins[w],
                   by_core(plan, w) ? ", as core= says" : "");
        for (uint32_t i = 0; i < plan->stages_n; i++)
            if (plan->stages[i].worker == w)
                printf(" %s", plan->stages[i].name);
        printf("\n");
    }
}

/* Which channels it sees, where it is not all of them, and what becomes of its input. */
static void print_lens(const struct leat_plan_stage *s)
{
    const struct leat_plan_lens *lens = s->lens;
    printf("     works on");
    for (uint32_t i = 0; i < lens->in.rows; i++)
        printf("%s %s", i != 0 ? "," : "", lens->in.channels[i].name);
    if (lens->appends) {
        printf("; the result is");
        for (uint32_t r = s->in.rows; r < s->out.rows; r++)
            printf("%s %s", r != s->in.rows ? "," : "", s->out.channels[r].name);
    }
    printf("%s\n", lens->together || lens->appends ? "" : "; not side by side, so gathered");
}

/* What makes the stage special to the planner. */
static void print_notes(const struct leat_plan_stage *s)
{
    char bytes[32], shape[64];
    if (s->stage->ins == 0 && s->out.rate_hz > 0)
        printf("     %.10g samples a second\n", s->out.rate_hz);
    for (uint32_t port = 0; s->ins_n > 1 && port < s->ins_n; port++)
        printf("     input %u: %s\n", port + 1, shape_text(&s->ins[port], shape));
    if (s->lens != NULL)
        print_lens(s);
    if (s->need.choice[0] != '\0')
        printf("     %s\n", s->need.choice);
    if (s->scan_finite)
        printf("     rejects frames with NaN or Inf: a stage before it may let them out\n");
    if (s->need.hold_max != 0)
        printf("     may hold back %u frames of its input\n", s->need.hold_max);
    if (s->stage->ins != 0 && s->need.claim_max != 0)
        printf("     writes new frames, at most %u at once: copies or cuts its input anew\n",
               s->need.claim_max);
    if (s->keyed != NULL)
        printf("     keeps a state for each %s, at most %llu, %s each\n", s->key->channel,
               (unsigned long long)s->key->max, size_text(s->keyed->entry_bytes, bytes));
    if (s->need.state_bytes != 0 && s->stage->ins != 0 && s->stage->outs != 0)
        printf("     keeps %s of state\n", size_text(s->need.state_bytes, bytes));
}

static void print_stages(const struct leat_plan *plan)
{
    printf("stages: %u\n", plan->stages_n);
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        const struct leat_plan_stage *s = &plan->stages[i];
        char in[64] = "", out[64] = "";
        if (s->ins_n == 1)
            shape_text(&s->in, in);
        if (s->stage->outs != 0)
            shape_text(&s->out, out);
        printf("  %-14s %-9s %s%s%s\n", s->name, draw_manner(s), in,
               in[0] != '\0' && out[0] != '\0' ? " -> " : "", out);
        print_notes(s);
    }
}

static void print_joints(const struct leat_plan *plan)
{
    char bytes[32], row[32];
    printf("edges: %u%s\n", plan->edges_n,
           plan->edges_n == 0 ? ", every chain runs fused on one worker" : "");
    for (uint32_t i = 0; i < plan->edges_n; i++)
        printf("  %s -> %s: %u frames, exact\n", plan->stages[plan->edges[i].from].name,
               plan->stages[plan->edges[i].to].name, plan->edges[i].capacity);
    printf("pools: %u\n", plan->pools_n);
    for (uint32_t i = 0; i < plan->pools_n; i++) {
        const struct leat_plan_pool *p = &plan->pools[i];
        printf("  %s: %u frames x %s, rows of %s; never waits in a circle from %u on\n",
               plan->stages[p->stage].name, p->frames, size_text(p->payload_bytes, bytes),
               size_text(p->stride, row), p->frames_min);
    }
}

/* Where the run's numbers are not the release's. */
static void print_tuning(const struct leat_plan *plan, const struct tool_args *args)
{
    uint32_t n;
    const struct leat_param *params = leat_tuning_params(&n);
    for (uint32_t i = 0; plan->tuning != NULL && i < n; i++) {
        double number = tuning_number(&params[i], plan->tuning);
        if (number != 0)
            printf("tuning: %s = %.17g, as %s says (%s)\n", params[i].name, number, args->config,
                   i < LEAT_TUNING_NEUTRAL ? "the same bits" : "it may change bits");
    }
}

static void print_sizes(const struct leat_plan *plan, const struct tool_args *args)
{
    char one[32], all[32], most[32];
    size_t widest = 0;
    for (uint32_t i = 0; i < plan->pools_n; i++)
        widest = plan->pools[i].payload_bytes > widest ? plan->pools[i].payload_bytes : widest;
    if (args->batch != 0)
        printf("batch: %u, as --batch%s says\n", plan->batch,
               args->config != NULL ? " or --config" : "");
    else
        printf("batch: %u, %u frames x %s are %s: at most 32, at most 256 KiB\n", plan->batch,
               plan->batch, size_text(widest, one), size_text(widest * plan->batch, all));
    if (plan->quarantine != 0)
        printf("quarantine: the last %u rejected frames of each worker\n", plan->quarantine);
    printf("memory: %s, %s of it frames; %s are allowed\n",
           size_text(leat_engine_bytes(plan), one), size_text(plan->frame_bytes, all),
           size_text(plan->memory_bytes, most));
    printf("isa: %s; usable here:", leat_isa_name(args->isa));
    for (int isa = 0; isa < LEAT_ISAS; isa++)
        if (leat_isa_usable((enum leat_isa)isa))
            printf(" %s", leat_isa_name((enum leat_isa)isa));
    printf(" (the same bits from each)\n");
    print_tuning(plan, args);
}

static enum tool_exit show(const struct leat_plan *plan, const struct tool_args *args)
{
    switch (args->draw) {
    case DRAW_DOT:
        draw_dot(stdout, plan);
        return TOOL_DONE;
    case DRAW_SVG:
        if (draw_svg(stdout, plan))
            return TOOL_DONE;
        complain_text("no memory to draw the plan");
        return TOOL_FAILED;
    case DRAW_TEXT:
        break;
    }
    printf("graph:\n");
    draw_text(stdout, plan, draw_utf8(), NULL);
    print_workers(plan);
    print_stages(plan);
    print_joints(plan);
    print_sizes(plan, args);
    return TOOL_DONE;
}

enum tool_exit command_plan(int argc, char **argv)
{
    struct tool_args args;
    struct pipeline pipeline;
    enum tool_exit answer = args_read(&args, "plan", argc, argv);
    if (answer == TOOL_DONE && args.help) {
        help();
    } else if (answer == TOOL_DONE) {
        answer = pipeline_make(&pipeline, &args);
        if (answer == TOOL_DONE)
            answer = show(&pipeline.plan, &args);
        pipeline_fini(&pipeline);
    }
    args_fini(&args);
    return answer;
}
