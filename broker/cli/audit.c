/* SPDX-License-Identifier: Apache-2.0 */
/* What auditors ask: the story of one thing, and the record as it grows. */
#include "cli/audit.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/event_view.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "cli/stream.h"

enum { TOKEN_FILE_MAX = 32 * 1024 };

/* ---- trace ----------------------------------------------------------------------------------- */

/* The grant's id out of an access token: its `jti`. Only form is looked at; the broker's row is
 * what counts. The token itself is not sent. */
static enum cli_exit id_of_token(struct cli *cli, const char *path, struct ambit_str *ret)
{
    struct ambit_str token = {NULL, 0};
    enum cli_exit code = settings_read_word(cli, path, TOKEN_FILE_MAX, &token);
    if (code)
        return code;

    const char *first = memchr(token.p, '.', token.len);
    const char *second =
        first ? memchr(first + 1, '.', token.len - (size_t)(first + 1 - token.p)) : NULL;
    uint8_t *payload = second ? arena_alloc(&cli->arena, base64url_decoded_max(token.len)) : NULL;
    size_t len = 0;
    const struct json_value *claims = NULL;
    struct json_problem ignored = {.line = 0};
    bool is_token =
        payload &&
        !base64url_decode((struct ambit_str){.p = first + 1, .len = (size_t)(second - first - 1)},
                          payload, base64url_decoded_max(token.len), &len);
    is_token =
        is_token && !json_read((struct ambit_str){.p = (const char *)payload, .len = len},
                               (struct json_limits){.depth = 16}, &cli->arena, &claims, &ignored);
    struct ambit_id id = {{0}};
    if (!is_token || id_decode(json_get_str(claims, "jti"), &id))
        return cli_fail(cli, CLI_USAGE, "%s holds no access token of an ambit broker", path);

    *ret = json_get_str(claims, "jti");
    return CLI_YES;
}

/* It becomes part of a path, where nothing may be escaped. */
static bool is_subject(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        bool is_word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       memchr("-_.~:/", c, 6) != NULL;
        if (!is_word)
            return false;
    }
    return text.len > 0;
}

static enum cli_exit find_subject(struct cli *cli, struct ambit_str *ret)
{
    const char *path = cli_get(cli, "of-token");
    if ((path != NULL) == (cli->argument != NULL))
        return cli_usage(cli, "give either what to trace or --of-token FILE");
    if (path)
        return id_of_token(cli, path, ret);

    *ret = ambit_str_of(cli->argument);
    if (!is_subject(*ret))
        return cli_usage(cli,
                         "\"%s\" cannot be traced; expected an id, agent:X, txn:X or event:SEQ",
                         cli->argument);

    return CLI_YES;
}

static void put_heading(struct buf *out, const char *heading, const struct json_value *list)
{
    buf_printf(out, "\n%s (%zu)\n", heading, list ? list->count : 0);
}

static enum ambit_err show_section(struct cli *cli, const struct json_value *answer,
                                   const char *member, const struct show_column *columns,
                                   size_t n_columns)
{
    const struct json_value *list = json_get(answer, member);
    if (!list || list->count == 0)
        return AMBIT_OK;

    put_heading(&cli->out, member, list);
    return show_list(&cli->out, &cli->arena, list, columns, n_columns);
}

static void show_head(struct cli *cli, const struct json_value *answer)
{
    struct arena *arena = &cli->arena;
    const struct show_line lines[] = {
        {"subject", show_member(arena, answer, "subject.kind")},
        {"id", show_member(arena, answer, "subject.id")},
        {"agent", show_member(arena, answer, "agent")},
        {"owner", show_member(arena, answer, "owner.person")},
        {"owner's name", show_member(arena, answer, "owner.name")},
        {"team", show_member(arena, answer, "owner.team")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
}

static enum cli_exit show_trace(struct cli *cli, const struct json_value *answer)
{
    static const struct show_column policies[] = {{"POLICY", "policy"},
                                                  {"ACTIVATED", "activated_at"},
                                                  {"BY", "activated_by"},
                                                  {"DIGEST", "digest"}};
    static const struct show_column grants[] = {{"GRANT", "grant"},
                                                {"STATE", "state"},
                                                {"ISSUED", "issued_at"},
                                                {"EXPIRES", "expires_at"},
                                                {"AUDIENCE", "audience"}};
    static const struct show_column stops[] = {{"STOP", "stop"},   {"TARGET", "target"},
                                               {"STATE", "state"}, {"RAISED", "raised_at"},
                                               {"BY", "by"},       {"REASON", "reason"}};
    static const struct show_column incidents[] = {{"INCIDENT", "incident"},
                                                   {"STATE", "state"},
                                                   {"STOP", "stop"},
                                                   {"OPENED", "opened_at"},
                                                   {"OWNER", "owner"}};
    show_head(cli, answer);
    enum ambit_err err = show_section(cli, answer, "policies", policies, AMBIT_LEN(policies));
    if (!err)
        err = show_section(cli, answer, "grants", grants, AMBIT_LEN(grants));
    const struct json_value *events = json_get(answer, "events");
    if (!err && events && events->count) {
        put_heading(&cli->out, "events", events);
        err = event_table(&cli->out, &cli->arena, events);
    }
    if (!err)
        err = show_section(cli, answer, "stops", stops, AMBIT_LEN(stops));
    if (!err)
        err = show_section(cli, answer, "incidents", incidents, AMBIT_LEN(incidents));

    struct ambit_str text = json_get_str(answer, "text");
    if (text.len) {
        buf_put_char(&cli->out, '\n');
        show_paragraphs(&cli->out, text);
    }
    return err ? cli_fail(cli, CLI_UNREACHABLE, "%s", ambit_err_text(err)) : CLI_YES;
}

static enum cli_exit run_trace(struct cli *cli)
{
    struct ambit_str subject = {NULL, 0};
    enum cli_exit code = find_subject(cli, &subject);
    if (code)
        return code;

    BUF_AUTO path = {.p = NULL};
    buf_printf(&path, "/v1/trace/%.*s", AMBIT_STR_ARG(subject));
    buf_put_char(&path, '\0');
    if (buf_check(&path))
        return cli_fail(cli, CLI_USAGE, "out of memory");

    const struct json_value *answer = NULL;
    code = answer_ask(cli, &(struct answer_request){.path = path.p}, &answer);
    return code || !answer ? code : show_trace(cli, answer);
}

const struct cli_verb audit_trace = {
    .name = "trace",
    .argument = "[X]",
    .summary = "the whole story of one thing",
    .text = "Who, what, under which rule and policy version, owned by whom, what followed and why "
            "it was stopped. X is the "
            "id of a grant, decision, stop, incident or event, or agent:X, txn:X, event:SEQ.",
    .example = "ambit trace agent:remediator",
    .options = {{"of-token", "FILE", "trace the grant of the access token in FILE", false, false}},
    .run = run_trace,
};
