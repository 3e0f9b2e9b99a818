/* SPDX-License-Identifier: Apache-2.0 */
/* What on-call staff call at night: short to type, and the answer says what is true now. */
#include "cli/oncall.h"

#include "ambit/model.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/reason.h"
#include "cli/show.h"

/* The argument as a part of a path: what would need escaping there names nothing of ours. */
static enum cli_exit check_id(struct cli *cli)
{
    for (const char *p = cli->argument; *p; p++) {
        bool is_word = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
                       (*p >= '0' && *p <= '9') || *p == '-' || *p == '_';
        if (!is_word)
            return cli_usage(cli, "\"%s\" is no id", cli->argument);
    }
    return *cli->argument ? CLI_YES : cli_usage(cli, "the id is empty");
}

/* ---- stop ------------------------------------------------------------------------------------ */

static const enum ambit_target_kind kinds[] = {
    AMBIT_TARGET_AGENT, AMBIT_TARGET_GRANT,  AMBIT_TARGET_LINEAGE, AMBIT_TARGET_TEAM,
    AMBIT_TARGET_OWNER, AMBIT_TARGET_POLICY, AMBIT_TARGET_RESOURCE};

static bool is_target(const char *text)
{
    if (streq(text, ambit_target_text(AMBIT_TARGET_ALL)))
        return true;

    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        const char *kind = ambit_target_text(kinds[i]);
        size_t len = strlen(kind);
        if (strncmp(text, kind, len) == 0 && text[len] == ':' && text[len + 1])
            return true;
    }
    return false;
}

static void show_stop(struct cli *cli, const struct json_value *answer)
{
    struct arena *arena = &cli->arena;
    const struct show_line lines[] = {
        {"stop", show_member(arena, answer, "stop")},
        {"target", show_member(arena, answer, "target")},
        {"state", show_member(arena, answer, "state")},
        {"recorded", show_member(arena, answer, "recorded")},
        {"by", show_member(arena, answer, "by")},
        {"reason", show_member(arena, answer, "reason")},
        {"raised at", show_member(arena, answer, "raised_at")},
        {"incident", show_member(arena, answer, "incident")},
        {"clear asked by", show_member(arena, answer, "clear_asked_by")},
        {"a second until", show_member(arena, answer, "clear_lapses_at")},
        {"cleared by", show_member(arena, answer, "cleared_by")},
        {"cleared at", show_member(arena, answer, "cleared_at")},
        {"would stop agents", show_member(arena, answer, "agents")},
        {"would end grants", show_member(arena, answer, "live_grants")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
}

static enum cli_exit post(struct cli *cli, const char *path, const char *target)
{
    BUF_AUTO body = {.p = NULL};
    const struct json_value *answer = NULL;
    enum cli_exit code = reason_body(cli, target, &body);
    if (!code)
        code = answer_ask(cli, &(struct answer_request){.path = path, .body = buf_str(&body)},
                          &answer);
    if (code || !answer)
        return code;
    show_stop(cli, answer);
    if (show_member(&cli->arena, answer, "clear_lapses_at").p != NULL)
        buf_put_text(&cli->out, "It holds: another on-call person must clear it too.\n");
    return code;
}

static enum cli_exit run_stop(struct cli *cli)
{
    if (!is_target(cli->argument))
        return cli_usage(
            cli,
            "\"%s\" is no target; expected agent:X, grant:X, lineage:X, team:X, owner:X, policy:X, "
            "resource:PATTERN or all",
            cli->argument);

    enum cli_exit code = reason_check(cli);
    return code ? code : post(cli, "/v1/stops", cli->argument);
}

const struct cli_verb oncall_stop = {
    .name = "stop",
    .argument = "TARGET",
    .summary = "take authority back, now",
    .text = "Stops everything the target covers: what was given is dead for ever, and nothing new "
            "is given until the stop "
            "is cleared. TARGET is agent:X, grant:X, lineage:X, team:X, owner:X, policy:X, "
            "resource:PATTERN or all. "
            "Returns once the stop is in force and durable.",
    .example = "ambit stop agent:reporter --reason 'reads tickets it has no business with'",
    .options = {{"reason", "TEXT", "why; it stands in the record", false, true},
                {"dry-run", NULL, "only say what would be stopped", false, false}},
    .run = run_stop,
};

static enum cli_exit run_clear(struct cli *cli)
{
    enum cli_exit code = reason_check(cli);
    if (!code)
        code = check_id(cli);
    if (code)
        return code;

    BUF_AUTO path = {.p = NULL};
    buf_printf(&path, "/v1/stops/%s/clear", cli->argument);
    buf_put_char(&path, '\0');
    return buf_check(&path) ? cli_fail(cli, CLI_USAGE, "out of memory") : post(cli, path.p, NULL);
}

const struct cli_verb oncall_clear = {
    .name = "clear",
    .argument = "STOP",
    .summary = "lift the hold of a stop",
    .text = "Lifts the hold of the stop with this id, with a written cause. What the stop ended "
            "stays dead: clearing "
            "revives nothing. At tier critical, and for team, owner and all, two people clear: the "
            "first is recorded and the stop holds until, within a day, the second clears it too.",
    .example = "ambit clear AZqL0kYAAAABc3RvcHN0b3A --reason 'cause found and fixed: SEC-1402'",
    .options = {{"reason", "TEXT", "the cause; it stands in the record", false, true}},
    .run = run_clear,
};

/* ---- time acknowledge ------------------------------------------------------------------------ */

static enum cli_exit time_body(struct cli *cli, struct buf *body)
{
    const char *given = cli_get(cli, "wall");
    int64_t wall_ms = cli->now_ms;
    if (given && time_decode(ambit_str_of(given), &wall_ms))
        return cli_usage(cli, "--wall \"%s\" is no time such as 2026-01-31T00:00:00Z", given);
    struct json_out out;
    json_out_init(&out, body, false);
    json_begin_object(&out);
    json_member_text(&out, "reason", cli_get(cli, "reason"));
    json_key(&out, "wall");
    json_time_ms(&out, wall_ms);
    json_end_object(&out);
    return buf_check(body) ? cli_fail(cli, CLI_USAGE, "what was given is not UTF-8 text") : CLI_YES;
}

static enum cli_exit run_time(struct cli *cli)
{
    BUF_AUTO body = {.p = NULL};
    enum cli_exit code = reason_check(cli);
    if (!code)
        code = time_body(cli, &body);
    if (code)
        return code;

    const struct json_value *answer = NULL;
    const struct answer_request request = {.path = "/v1/time/acknowledge", .body = buf_str(&body)};
    code = answer_ask(cli, &request, &answer);
    if (code || !answer)
        return code;

    const struct show_line lines[] = {
        {"believed from", show_member(&cli->arena, answer, "wall")},
        {"goes on ahead by (s)", show_member(&cli->arena, answer, "ahead_s")},
        {"recorded at", show_member(&cli->arena, answer, "time")},
        {"acknowledged by", show_member(&cli->arena, answer, "by")}};
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
    return CLI_YES;
}

const struct cli_verb oncall_time_acknowledge = {
    .name = "time acknowledge",
    .summary = "say that the broker's clock is right again",
    .text = "A broker whose clock jumped gives nothing until an on-call person says that its time "
            "is right. What the clock shows is believed from then on, and what ends by it stays "
            "ended: a broker whose clock is more than a minute off the time of this machine, or "
            "off --wall, refuses. Look at the clock first.",
    .example = "ambit time acknowledge --reason 'time server was wrong, now corrected'",
    .options = {{"reason", "TEXT", "what happened; it stands in the record", false, true},
                {"wall", "TIME", "what the broker's clock should show (the time here)", false,
                 false}},
    .run = run_time,
};

/* ---- grants ---------------------------------------------------------------------------------- */

static enum cli_exit run_grants(struct cli *cli)
{
    static const struct show_column columns[] = {
        {"GRANT", "grant"},   {"AGENT", "agent"},        {"OWNER", "owner"},
        {"STATE", "state"},   {"EXPIRES", "expires_at"}, {"AUDIENCE", "audience"},
        {"POLICY", "policy"}, {"PURPOSE", "purpose"}};
    BUF_AUTO path = {.p = NULL};
    buf_printf(&path, "/v1/grants?limit=1000&state=%s", cli_has(cli, "all") ? "all" : "live");
    const char *agent = cli_get(cli, "agent");
    if (agent) {
        buf_put_text(&path, "&agent=");
        percent_encode(&path, ambit_str_of(agent));
    }
    buf_put_char(&path, '\0');
    if (buf_check(&path))
        return cli_fail(cli, CLI_USAGE, "out of memory");

    const struct json_value *answer = NULL;
    enum cli_exit code = answer_ask(cli, &(struct answer_request){.path = path.p}, &answer);
    if (code || !answer)
        return code;

    const struct json_value *grants = json_get(answer, "grants");
    if (!grants || grants->count == 0) {
        buf_put_text(&cli->out, "no grants\n");
        return CLI_YES;
    }
    if (show_list(&cli->out, &cli->arena, grants, columns, AMBIT_LEN(columns)))
        return cli_fail(cli, CLI_UNREACHABLE, "out of memory");
    if (show_member(&cli->arena, answer, "next").p)
        buf_put_text(&cli->out, "(more than these: narrow with --agent)\n");
    return CLI_YES;
}

const struct cli_verb oncall_grants = {
    .name = "grants",
    .summary = "what is given out now",
    .text = "Lists the grants that are alive, or with --all every grant in the record.",
    .example = "ambit grants --agent remediator --all",
    .options = {{"all", NULL, "ended ones too", false, false}},
    .run = run_grants,
};
