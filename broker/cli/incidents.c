/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: what is open, whose it is, taking one up, closing it. */
#include "base/encode.h"
#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/oncall.h"
#include "cli/reason.h"
#include "cli/show.h"

static void show_incident(struct cli *cli, const struct json_value *answer)
{
    struct arena *arena = &cli->arena;
    const struct show_line lines[] = {
        {"incident", show_member(arena, answer, "incident")},
        {"state", show_member(arena, answer, "state")},
        {"agent", show_member(arena, answer, "agent")},
        {"policy", show_member(arena, answer, "policy")},
        {"rule", show_member(arena, answer, "rule")},
        {"on the word of", show_member(arena, answer, "service")},
        {"stop", show_member(arena, answer, "stop")},
        {"stops", show_member(arena, answer, "stops")},
        {"last stop", show_member(arena, answer, "last_stop")},
        {"opened at", show_member(arena, answer, "opened_at")},
        {"owner", show_member(arena, answer, "owner")},
        {"backup", show_member(arena, answer, "backup")},
        {"is with", show_member(arena, answer, "with.level")},
        {"who is", show_member(arena, answer, "with.person")},
        {"goes on at", show_member(arena, answer, "escalates_at")},
        {"taken up by", show_member(arena, answer, "acknowledged_by")},
        {"taken up at", show_member(arena, answer, "acknowledged_at")},
        {"closed by", show_member(arena, answer, "closed_by")},
        {"closed at", show_member(arena, answer, "closed_at")},
        {"cause", show_member(arena, answer, "closed_reason")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
}

/* "/v1/incidents/ID" and what is done there; the id must need no escaping. */
static enum cli_exit put_path(struct cli *cli, const char *deed, struct buf *path)
{
    struct ambit_id id;
    if (id_decode(ambit_str_of(cli->argument), &id) != AMBIT_OK)
        return cli_usage(cli, "\"%s\" is no id of an incident: 22 characters", cli->argument);
    buf_printf(path, "/v1/incidents/%s%s", cli->argument, deed);
    buf_put_char(path, '\0');
    return buf_check(path) ? cli_fail(cli, CLI_USAGE, "out of memory") : CLI_YES;
}

static enum cli_exit ask_one(struct cli *cli, const struct answer_request *request)
{
    const struct json_value *answer = NULL;
    enum cli_exit code = answer_ask(cli, request, &answer);
    if (!code && answer)
        show_incident(cli, answer);
    return code;
}

/* ---- list and show --------------------------------------------------------------------------- */

static enum cli_exit run_list(struct cli *cli)
{
    static const struct show_column columns[] = {
        {"INCIDENT", "incident"}, {"STATE", "state"},
        {"OPENED", "opened_at"},  {"AGENT", "agent"},
        {"RULE", "rule"},         {"WITH", "with.person"},
        {"LEVEL", "with.level"},  {"TAKEN UP", "acknowledged_by"}};
    const struct json_value *answer = NULL;
    const struct answer_request request = {.path = cli_has(cli, "all")
                                                       ? "/v1/incidents?limit=1000&state=all"
                                                       : "/v1/incidents?limit=1000&state=open"};
    enum cli_exit code = answer_ask(cli, &request, &answer);
    if (code || !answer)
        return code;
    const struct json_value *incidents = json_get(answer, "incidents");
    if (!incidents || incidents->count == 0) {
        buf_put_text(&cli->out, "no incidents\n");
        return CLI_YES;
    }
    if (show_list(&cli->out, &cli->arena, incidents, columns, AMBIT_LEN(columns)))
        return cli_fail(cli, CLI_UNREACHABLE, "out of memory");
    if (show_member(&cli->arena, answer, "next").p)
        buf_put_text(&cli->out, "(more than these)\n");
    return CLI_YES;
}

const struct cli_verb oncall_incidents = {
    .name = "incidents",
    .summary = "what is open, and whose it is",
    .text = "Lists the open incidents, or with --all the closed ones too. An incident is its "
            "owner's; after 15 minutes in which nobody took it up it goes to the backup, after 30 "
            "to the escalation of the agent.",
    .example = "ambit incidents --all",
    .options = {{"all", NULL, "closed ones too", false, false}},
    .run = run_list,
};

static enum cli_exit run_show(struct cli *cli)
{
    BUF_AUTO path = {.p = NULL};
    enum cli_exit code = put_path(cli, "", &path);
    return code ? code : ask_one(cli, &(struct answer_request){.path = path.p});
}

const struct cli_verb oncall_incidents_show = {
    .name = "incidents show",
    .argument = "INCIDENT",
    .summary = "one incident, as it stands",
    .text =
        "Shows the incident with this id: what it is about, on whose word it rests, whose it is "
        "now, who took it up or closed it. Its whole story is in ambit trace.",
    .example = "ambit incidents show AZqL0kYAAAABaW5jaWRlbg",
    .run = run_show,
};

/* ---- taking up and closing ------------------------------------------------------------------- */

static enum cli_exit post(struct cli *cli, const char *deed)
{
    BUF_AUTO path = {.p = NULL};
    BUF_AUTO body = {.p = NULL};
    enum cli_exit code = reason_check(cli);
    if (!code)
        code = put_path(cli, deed, &path);
    if (!code)
        code = reason_body(cli, NULL, &body);
    return code ? code
                : ask_one(cli, &(struct answer_request){.path = path.p, .body = buf_str(&body)});
}

static enum cli_exit run_acknowledge(struct cli *cli)
{
    return post(cli, "/acknowledge");
}

const struct cli_verb oncall_incidents_acknowledge = {
    .name = "incidents acknowledge",
    .argument = "INCIDENT",
    .summary = "take an incident up: it goes no further",
    .text = "Says that you look after the incident with this id: it goes to nobody else. It stays "
            "open until somebody closes it.",
    .example = "ambit incidents acknowledge AZqL0kYAAAABaW5jaWRlbg",
    .options = {{"reason", "TEXT", "a word about it; it stands in the record", false, false}},
    .run = run_acknowledge,
};

static enum cli_exit run_close(struct cli *cli)
{
    return post(cli, "/close");
}

const struct cli_verb oncall_incidents_close = {
    .name = "incidents close",
    .argument = "INCIDENT",
    .summary = "close an incident, with its cause",
    .text = "Closes the incident with this id, with a written cause. A stop that still holds goes "
            "on holding: ambit clear lifts it.",
    .example = "ambit incidents close AZqL0kYAAAABaW5jaWRlbg --reason 'a wrong pattern: SEC-1402'",
    .options = {{"reason", "TEXT", "the cause; it stands in the record", false, true}},
    .run = run_close,
};
