/* SPDX-License-Identifier: Apache-2.0 */
/* `approvals` and `approve`: what agents have people asked, and the answers. */
#include "cli/oncall.h"

#include "ambit/limits.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/show.h"

/* ---- approvals ------------------------------------------------------------------------------- */

static enum cli_exit run_approvals(struct cli *cli)
{
    static const struct show_column columns[] = {
        {"APPROVAL", "approval"},      {"STATE", "state"}, {"AGENT", "agent"},
        {"ASKS FOR", "question"},      {"UNTIL", "until"}, {"PURPOSE", "purpose"},
        {"MESSAGE", "binding_message"}};
    const struct json_value *answer = NULL;
    const char *path =
        cli_has(cli, "all") ? "/v1/approvals?limit=1000&state=all" : "/v1/approvals?limit=1000";
    enum cli_exit code = answer_ask(cli, &(struct answer_request){.path = path}, &answer);
    if (code || !answer)
        return code;
    const struct json_value *approvals = json_get(answer, "approvals");
    if (!approvals || approvals->count == 0) {
        buf_put_text(&cli->out, "nobody is asked anything\n");
        return CLI_YES;
    }
    if (show_list(&cli->out, &cli->arena, approvals, columns, AMBIT_LEN(columns)))
        return cli_fail(cli, CLI_UNREACHABLE, "out of memory");
    return CLI_YES;
}

const struct cli_verb oncall_approvals = {
    .name = "approvals",
    .summary = "what agents have people asked",
    .text = "Lists the questions that wait for an answer and that you may see: those you may "
            "answer, those of your agents, all of them for on-call people and auditors. Newest "
            "first.",
    .example = "ambit approvals",
    .options = {{"all", NULL, "answered, lapsed and used ones too", false, false}, {NULL}},
    .run = run_approvals,
};

/* ---- approve --------------------------------------------------------------------------------- */

static void put_list(struct buf *out, const char *name, const struct json_value *list)
{
    for (const struct json_value *v = list ? list->first : NULL; v; v = v->next) {
        buf_printf(out, "%s%s", v == list->first ? "  " : " ", v == list->first ? name : "");
        show_escaped(out, v->text);
    }
}

/* Exactly what a yes would be to. */
static void show_question(struct cli *cli, const struct json_value *answer)
{
    struct arena *arena = &cli->arena;
    const struct show_line lines[] = {
        {"approval", show_member(arena, answer, "approval")},
        {"state", show_member(arena, answer, "state")},
        {"agent", show_member(arena, answer, "agent")},
        {"owner", show_member(arena, answer, "owner")},
        {"action", show_member(arena, answer, "action")},
        {"resource", show_member(arena, answer, "resource")},
        {"context", show_member(arena, answer, "context")},
        {"stated reason", show_member(arena, answer, "stated_reason")},
        {"arguments", show_member(arena, answer, "arguments_digest")},
        {"purpose", show_member(arena, answer, "purpose")},
        {"message", show_member(arena, answer, "binding_message")},
        {"audience", show_member(arena, answer, "audience")},
        {"lifetime (s)", show_member(arena, answer, "lifetime_s")},
        {"answer until", show_member(arena, answer, "until")},
        {"usable until", show_member(arena, answer, "usable_until")},
        {"uses left", show_member(arena, answer, "uses_left")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
    const struct json_value *items = json_get(answer, "items");
    for (const struct json_value *item = items ? items->first : NULL; item; item = item->next) {
        buf_put_text(&cli->out, "item");
        put_list(&cli->out, "", json_get(item, "actions"));
        put_list(&cli->out, "on ", json_get(item, "resources"));
        buf_put_char(&cli->out, '\n');
    }
    const struct json_value *asks = json_get(answer, "asks");
    for (const struct json_value *ask = asks ? asks->first : NULL; ask; ask = ask->next) {
        buf_put_text(&cli->out, "asked by ");
        show_escaped(&cli->out, json_get_str(ask, "policy"));
        buf_put_char(&cli->out, '/');
        show_escaped(&cli->out, json_get_str(ask, "rule"));
        put_list(&cli->out, "of ", json_get(ask, "roles"));
        put_list(&cli->out, "in ", json_get(ask, "teams"));
        buf_put_char(&cli->out, '\n');
    }
}

static enum cli_exit read_answer(struct cli *cli, struct buf *body)
{
    const char *reason = cli_get(cli, "reason");
    bool is_given = !cli_has(cli, "reject");
    struct json_out out = {.buf = NULL};
    if (!reason) {
        if (cli_has(cli, "reject"))
            return cli_usage(cli, "--reject wants --reason TEXT");
        return CLI_YES; /* only shown */
    }
    struct ambit_str text = ambit_str_of(reason);
    if (text.len == 0 || text.len > AMBIT_TEXT_MAX || !utf8_is_valid(text) ||
        text_has_control(text))
        return cli_usage(cli, "--reason: expected 1 to 1024 bytes of text");
    json_out_init(&out, body, false);
    json_begin_object(&out);
    json_member_text(&out, "answer", is_given ? "approve" : "reject");
    json_member_str(&out, "reason", text);
    json_end_object(&out);
    return buf_check(body) ? cli_fail(cli, CLI_USAGE, "out of memory") : CLI_YES;
}

static enum cli_exit run_approve(struct cli *cli)
{
    BUF_AUTO body = {.p = NULL}, path = {.p = NULL};
    struct ambit_id id;
    if (id_decode(ambit_str_of(cli->argument), &id))
        return cli_usage(cli, "\"%s\" is no id; expected 22 characters, as `ambit approvals` shows",
                         cli->argument);
    enum cli_exit code = read_answer(cli, &body);
    if (code)
        return code;
    buf_printf(&path, "/v1/approvals/%s", cli->argument);
    buf_put_char(&path, '\0');
    if (buf_check(&path))
        return cli_fail(cli, CLI_USAGE, "out of memory");

    const struct json_value *answer = NULL;
    const struct answer_request request = {
        .path = path.p, .body = body.len ? buf_str(&body) : (struct ambit_str){NULL, 0}};
    code = answer_ask(cli, &request, &answer);
    if (code || !answer)
        return code;
    show_question(cli, answer);
    if (body.len && ambit_str_is(json_get_str(answer, "state"), "pending"))
        buf_put_text(&cli->out, "It takes other people's answers too.\n");
    return CLI_YES;
}

const struct cli_verb oncall_approve = {
    .name = "approve",
    .argument = "APPROVAL",
    .summary = "answer what an agent asks for, or look at it",
    .text = "Says yes to exactly what is shown, or no with --reject; without --reason it only "
            "shows the question. A yes is used once, or within the envelope that the rule gives. "
            "Where a rule asks more than one person, the last of them completes it.",
    .example = "ambit approve AaH_GGxvACfx1nd-Wvofcw --reason 'agreed in INC-7'",
    .options = {{"reason", "TEXT", "why; it stands in the record", false, false},
                {"reject", NULL, "say no", false, false},
                {NULL}},
    .run = run_approve,
};
