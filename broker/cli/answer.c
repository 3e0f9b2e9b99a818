/* SPDX-License-Identifier: Apache-2.0 */
/* From status and body to exit code and words. */
#include "cli/answer.h"

#include "base/json_read.h"
#include "cli/settings.h"
#include "cli/show.h"

enum { TOKEN_FILE_MAX = 32 * 1024 };

static enum cli_exit code_of(long status, const struct json_value *value)
{
    if (status >= 200 && status < 300)
        return CLI_YES;
    if (status >= 500 || status < 200)
        return CLI_UNREACHABLE;
    if (status == 413 || status == 414 || status == 422 ||
        (status == 400 && ambit_str_is(json_get_str(value, "reason"), "malformed")))
        return CLI_USAGE;

    return CLI_NO;
}

static void put_part(struct buf *out, const char *before, struct ambit_str text, const char *after)
{
    if (!text.len)
        return;

    buf_put_text(out, before);
    show_escaped(out, text);
    buf_put_text(out, after);
}

static struct ambit_str first_of(struct ambit_str a, struct ambit_str b)
{
    return a.len ? a : b;
}

/* 422: every problem of every document on a line of its own. */
static void show_problems(struct cli *cli, const struct json_value *errors)
{
    for (const struct json_value *one = errors ? errors->first : NULL; one; one = one->next) {
        struct arena *arena = &cli->arena;
        buf_put_text(&cli->errors, "  ");
        show_escaped(&cli->errors, show_member(arena, one, "file"));
        put_part(&cli->errors, ":", show_member(arena, one, "line"), "");
        put_part(&cli->errors, ":", show_member(arena, one, "column"), "");
        put_part(&cli->errors, ": ", show_member(arena, one, "pointer"), "");
        put_part(&cli->errors, ": ", show_member(arena, one, "what"), "");
        put_part(&cli->errors, "; expected ", show_member(arena, one, "expected"), "");
        buf_put_char(&cli->errors, '\n');
    }
}

/* "TEXT: VALUE", items as ACTION[RESOURCE]. */
static void put_remedy(struct cli *cli, const struct json_value *answer)
{
    struct arena *arena = &cli->arena;
    const struct json_value *remedy = json_get(answer, "ambit_remedy"),
                            *value = json_get(remedy, "value");
    put_part(&cli->errors, "  what would pass: ",
             first_of(show_member(arena, remedy, "text"), json_get_str(answer, "ambit_remedy")),
             "");
    bool has_items =
        value && value->kind == JSON_ARRAY && value->first && value->first->kind == JSON_OBJECT;
    for (const struct json_value *item = has_items ? value->first : NULL; item; item = item->next) {
        put_part(&cli->errors, " ", show_member(arena, item, "actions"), "");
        put_part(&cli->errors, "[", show_member(arena, item, "resources"), "]");
    }
    if (value && !has_items)
        put_part(&cli->errors, " (", show_member(arena, remedy, "value"), ")");
    if (remedy)
        buf_put_char(&cli->errors, '\n');
}

/* The broker's no, with its reason and what would pass. OAuth errors and problem+json alike. */
static void show_refusal(struct cli *cli, long status, const struct json_value *value)
{
    struct buf *out = &cli->errors;
    struct ambit_str reason =
        first_of(json_get_str(value, "ambit_reason"), json_get_str(value, "reason"));
    struct ambit_str word = first_of(reason, json_get_str(value, "error"));
    buf_printf(out, "ambit: the broker %s (%ld)", status >= 500 ? "cannot answer" : "says no",
               status);
    put_part(out, ": ", word, "");
    put_part(out, ", rule ", json_get_str(value, "ambit_rule"), "");
    buf_put_char(out, '\n');
    put_part(out, "  why: ",
             first_of(json_get_str(value, "error_description"),
                      first_of(json_get_str(value, "detail"), json_get_str(value, "title"))),
             "\n");
    put_remedy(cli, value);
    put_part(out, "  decision: ", json_get_str(value, "ambit_request"), "\n");
    put_part(out, "  people are asked: ", json_get_str(value, "ambit_approval"),
             "; ask again with --approval and that id once they said yes\n");
    show_problems(cli, json_get(value, "errors"));
}

enum cli_exit answer_take(struct cli *cli, const struct client_reply *reply,
                          const struct json_value **ret)
{
    *ret = NULL;
    struct ambit_str body = arena_copy(&cli->arena, buf_str(&reply->body));
    struct json_problem ignored = {.line = 0};
    const struct json_value *value = NULL;
    /* A proxy or another program may answer in its own words: then there is no value. */
    if (!body.p || json_read(body, (struct json_limits){.depth = 32, .allow_decimals = true},
                             &cli->arena, &value, &ignored))
        value = NULL;

    enum cli_exit code = code_of(reply->status, value);
    if (!value && code == CLI_YES)
        return cli_fail(cli, CLI_UNREACHABLE,
                        "the answer (%ld) is not JSON: is this an ambit broker?", reply->status);
    if (cli->wants_json) {
        show_json(&cli->out, value ? body : AMBIT_STR("{}"));
        buf_put_char(&cli->out, '\n');
        return code;
    }
    if (code)
        show_refusal(cli, reply->status, value);
    else
        *ret = value;
    return code;
}

enum cli_exit answer_credentials(struct cli *cli, struct settings *settings,
                                 struct ambit_str *ret_token)
{
    enum cli_exit code = settings_find(cli, settings);
    if (code)
        return code;
    if (!settings->url)
        return cli_usage(cli, "which broker? Give --url, --state DIR or AMBIT_URL");
    if (!settings->token_file && settings->certificate)
        return CLI_YES; /* it stands for the caller (method mtls) */
    if (!settings->token_file)
        return cli_usage(cli, "who are you? Give --token-file FILE or AMBIT_TOKEN_FILE");

    return settings_read_word(cli, settings->token_file, TOKEN_FILE_MAX, ret_token);
}

enum cli_exit answer_ask(struct cli *cli, const struct answer_request *request,
                         const struct json_value **ret)
{
    struct settings settings = {.url = NULL};
    struct ambit_str token = {NULL, 0};
    *ret = NULL;
    enum cli_exit code = answer_credentials(cli, &settings, &token);
    if (code)
        return code;

    const struct client_request http = {.broker = &settings,
                                        .path = request->path,
                                        .bearer = token,
                                        .body = request->body,
                                        .content_type =
                                            request->body.p ? "application/json" : NULL};
    CLIENT_REPLY_AUTO reply = {.status = 0};
    code = client_send(cli, &http, &reply);
    return code ? code : answer_take(cli, &reply, ret);
}
