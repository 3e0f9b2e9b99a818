/* SPDX-License-Identifier: Apache-2.0 */
/* `owner offboard`: a person leaves; all that is theirs stops, and their own way in ends. */
#include "ambit/limits.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/owners.h"
#include "cli/show.h"

static enum ambit_err put_body(const struct cli *cli, struct buf *body)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, body, false);
    json_begin_object(&out);
    json_member_text(&out, "reason", cli_get(cli, "reason"));
    if (cli_has(cli, "dry-run")) {
        json_key(&out, "dry_run");
        json_bool(&out, true);
    }
    json_end_object(&out);
    return buf_check(body);
}

static enum cli_exit run_offboard(struct cli *cli)
{
    struct ambit_str reason = ambit_str_of(cli_get(cli, "reason"));
    if (reason.len == 0 || reason.len > AMBIT_TEXT_MAX || !utf8_is_valid(reason) ||
        text_has_control(reason))
        return cli_usage(cli, "--reason is 1 to %d bytes of text without control characters",
                         AMBIT_TEXT_MAX);
    BUF_AUTO body = {.p = NULL}, path = {.p = NULL};
    buf_put_text(&path, "/v1/people/");
    percent_encode(&path, ambit_str_of(cli->argument));
    buf_put_text(&path, "/offboard");
    buf_put_char(&path, '\0');
    if (buf_check(&path) || put_body(cli, &body))
        return cli_fail(cli, CLI_USAGE, "the person or the reason is not UTF-8 text");

    const struct answer_request request = {.path = path.p, .body = buf_str(&body)};
    const struct json_value *answer = NULL;
    enum cli_exit code = answer_ask(cli, &request, &answer);
    if (code || !answer)
        return code;
    struct arena *arena = &cli->arena;
    const struct show_line lines[] = {
        {"offboarded", show_member(arena, answer, "person")},
        {"target", show_member(arena, answer, "target")},
        {"stop", show_member(arena, answer, "stop")},
        {"state", show_member(arena, answer, "state")},
        {"recorded", show_member(arena, answer, "recorded")},
        {"by", show_member(arena, answer, "by")},
        {"at", show_member(arena, answer, "offboarded_at")},
        {"incident", show_member(arena, answer, "incident")},
        {"would stop agents", show_member(arena, answer, "agents")},
        {"would end grants", show_member(arena, answer, "live_grants")},
        {"is backup of", show_member(arena, answer, "backup_of")},
        {"owns policies", show_member(arena, answer, "policies")},
        {"owns services", show_member(arena, answer, "services")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
    return CLI_YES;
}

const struct cli_verb owners_offboard = {
    .name = "owner offboard",
    .argument = "PERSON",
    .summary = "stop all that is a person's, and end their way in",
    .text = "One act for the day a person leaves: a stop on every agent they own, with its "
            "incident, no new grant to an agent they are backup of, and their own credentials, "
            "signatures and confirmations count no more. It holds until a set of documents in "
            "which they are not active, or not there, is in force. For on-call people and admins.",
    .example = "ambit owner offboard dana --reason 'left on Friday, HR-77'",
    .options = {{"reason", "TEXT", "why; it stands in the record", false, true},
                {"dry-run", NULL, "only say what it takes", false, false}},
    .run = run_offboard,
};
