/* SPDX-License-Identifier: Apache-2.0 */
/* `owner offboard`: a person leaves; all that is theirs stops, and their own way in ends. */
#include "base/encode.h"
#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/owners.h"
#include "cli/reason.h"
#include "cli/show.h"

static enum cli_exit run_offboard(struct cli *cli)
{
    enum cli_exit code = reason_check(cli);
    if (code)
        return code;
    BUF_AUTO body = {.p = NULL}, path = {.p = NULL};
    buf_put_text(&path, "/v1/people/");
    percent_encode(&path, ambit_str_of(cli->argument));
    buf_put_text(&path, "/offboard");
    buf_put_char(&path, '\0');
    if (buf_check(&path))
        return cli_fail(cli, CLI_USAGE, "out of memory");
    code = reason_body(cli, NULL, &body);
    if (code)
        return code;

    const struct answer_request request = {.path = path.p, .body = buf_str(&body)};
    const struct json_value *answer = NULL;
    code = answer_ask(cli, &request, &answer);
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
