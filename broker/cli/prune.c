/* SPDX-License-Identifier: Apache-2.0 */
/* `prune`: old events leave the store for a segment; waits until it is written. */
#include "cli/keep.h"

#include <time.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/reason.h"
#include "cli/show.h"

enum { LOOK_EVERY_MS = 250, LOOKS_MAX = 4 * 3600 * 4 };

static enum cli_exit ask(struct cli *cli, const struct json_value **ret)
{
    BUF_AUTO body = {.p = NULL};
    struct json_out out = {.buf = NULL};
    bool wants_json = cli->wants_json;
    json_out_init(&out, &body, false);
    json_begin_object(&out);
    json_member_text(&out, "before", cli_get(cli, "before"));
    json_member_text(&out, "reason", cli_get(cli, "reason"));
    json_key(&out, "dry_run");
    json_bool(&out, cli_has(cli, "dry-run"));
    json_end_object(&out);
    if (buf_check(&body))
        return cli_fail(cli, CLI_USAGE, "out of memory");
    const struct answer_request request = {.path = "/v1/prune", .body = buf_str(&body)};
    cli->wants_json = false;
    enum cli_exit code = answer_ask(cli, &request, ret);
    cli->wants_json = wants_json;
    return code;
}

static void put_json(struct cli *cli, const struct json_value *value)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &cli->out, false);
    json_write_value(&out, value);
    buf_put_char(&cli->out, '\n');
}

static void put_answer(struct cli *cli, const struct json_value *answer)
{
    const struct show_line lines[] = {
        {"state", show_member(&cli->arena, answer, "state")},
        {"first", show_member(&cli->arena, answer, "first")},
        {"next", show_member(&cli->arena, answer, "next")},
        {"by time alone", show_member(&cli->arena, answer, "asked")},
        {"held back by", show_member(&cli->arena, answer, "held_by")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
}

/* Looks until the record says so, or it failed. */
static enum cli_exit wait_for(struct cli *cli, int64_t next)
{
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    bool wants_json = cli->wants_json;
    cli->wants_json = false;
    for (int looks = 0; looks < LOOKS_MAX; looks++) {
        const struct json_value *answer = NULL;
        int64_t pruned = 0;
        enum cli_exit code =
            answer_ask(cli, &(struct answer_request){.path = "/v1/segments"}, &answer);
        if (code || !answer)
            return code;
        if (json_get_i64(answer, "pruned_to", &pruned) && pruned >= next) {
            if (wants_json)
                put_json(cli, answer);
            else
                buf_printf(&cli->out,
                           "pruned up to event %lld; the rows leave the store by and "
                           "by\n",
                           (long long)pruned);
            return CLI_YES;
        }
        if (!json_get(answer, "writing"))
            return cli_fail(cli, CLI_NO, "nothing was pruned: %.*s",
                            AMBIT_STR_ARG(json_get_str(json_get(answer, "failed"), "why")));
        (void)nanosleep(&pause, NULL);
    }
    return cli_fail(cli, CLI_UNREACHABLE, "it is still being written: look at GET /v1/segments");
}

static enum cli_exit run_prune(struct cli *cli)
{
    const struct json_value *answer = NULL;
    int64_t next = 0;
    enum cli_exit code = CLI_YES;
    if (cli_get(cli, "reason"))
        code = reason_check(cli);
    else if (!cli_has(cli, "dry-run"))
        code = cli_usage(cli, "why? Give --reason TEXT");
    if (!code)
        code = ask(cli, &answer);
    if (code || !answer)
        return code;
    bool is_begun = ambit_str_is(json_get_str(answer, "state"), "writing");
    if (!cli->wants_json)
        put_answer(cli, answer);
    else if (!is_begun)
        put_json(cli, answer);
    if (!is_begun || !json_get_i64(answer, "next", &next))
        return CLI_YES;
    return wait_for(cli, next);
}

const struct cli_verb keep_prune = {
    .name = "prune",
    .summary = "move old events out of the store, into a segment",
    .text =
        "Events older than TIME are written to a segment, a file that verifies by itself; it is "
        "read back, the record says so, and then their rows leave the store. Proofs of them "
        "stay valid, and they are shown as before while the segment is there. What live state "
        "needs stays: grants alive, stops in force, open incidents, questions that are not "
        "over; the answer says what holds more back. Personal text stays in the store, where "
        "it can be erased.",
    .example = "ambit prune --before 2025-11-20T00:00:00Z --reason 'retention, 400 days'",
    .options = {{"before", "TIME", "RFC 3339: 2025-11-20T00:00:00Z", false, true},
                {"reason", "TEXT", "why; it stands in the record", false, false},
                {"dry-run", NULL, "only say how far it would go", false, false},
                {NULL}},
    .run = run_prune,
};
