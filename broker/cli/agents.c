/* SPDX-License-Identifier: Apache-2.0 */
/* What agents call: token, whoami. A token goes to standard output alone or to a file; nothing else
 * that is secret is ever printed. */
#include "cli/agents.h"

#include <fcntl.h>

#include "ambit/limits.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/assertion.h"
#include "cli/proof.h"
#include "cli/settings.h"
#include "cli/show.h"

enum { DETAILS_MAX = 32 * 1024 };

#define EXCHANGE          "urn:ietf:params:oauth:grant-type:token-exchange"
#define JWT_BEARER        "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define ACCESS_TOKEN_TYPE "urn:ietf:params:oauth:token-type:access_token"

/* ---- token ----------------------------------------------------------------------------------- */

static void put_field(struct buf *form, const char *name, struct ambit_str value)
{
    if (!value.len)
        return;

    if (form->len)
        buf_put_char(form, '&');
    buf_put_text(form, name);
    buf_put_char(form, '=');
    percent_encode(form, value);
}

static enum cli_exit put_scope(struct cli *cli, struct buf *form)
{
    BUF_AUTO scope = {.p = NULL};
    for (size_t i = 0; cli_nth(cli, "scope", i); i++)
        buf_printf(&scope, "%s%s", i ? " " : "", cli_nth(cli, "scope", i));
    if (buf_check(&scope))
        return cli_fail(cli, CLI_USAGE, "out of memory");

    put_field(form, "scope", buf_str(&scope));
    return CLI_YES;
}

static enum cli_exit put_details(struct cli *cli, struct buf *form)
{
    const char *path = cli_get(cli, "details");
    if (!path)
        return CLI_YES;

    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err = file_read(AT_FDCWD, path, DETAILS_MAX, &bytes);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err));

    const struct json_value *value = NULL;
    struct json_problem wrong = {.line = 1, .column = 1, .what = "is not JSON"};
    if (json_read(buf_str(&bytes), (struct json_limits){.depth = 16}, &cli->arena, &value, &wrong))
        return cli_fail(cli, CLI_USAGE, "%s:%u:%u: %s", path, wrong.line, wrong.column, wrong.what);

    put_field(form, "authorization_details", buf_str(&bytes));
    return CLI_YES;
}

static enum cli_exit put_lifetime(struct cli *cli, struct buf *form)
{
    const char *text = cli_get(cli, "for");
    int64_t seconds = 0;
    if (!text)
        return CLI_YES;
    if (duration_decode(ambit_str_of(text), &seconds))
        return cli_usage(
            cli,
            "--for: \"%s\" is no duration; expected a whole number and s, m, h or d, such as 5m",
            text);

    BUF_AUTO number = {.p = NULL};
    buf_put_i64(&number, seconds);
    put_field(form, "requested_lifetime", buf_str(&number));
    return CLI_YES;
}

/* The broker's own word for itself is what an assertion must be addressed to. One that publishes
 * none is taken to be called as we call it. */
static enum cli_exit find_issuer(struct cli *cli, const struct settings *settings,
                                 struct ambit_str *ret)
{
    const struct client_request request = {.broker = settings,
                                           .path = "/.well-known/oauth-authorization-server"};
    CLIENT_REPLY_AUTO reply = {.status = 0};
    enum cli_exit code = client_send(cli, &request, &reply);
    if (code)
        return code;
    if (reply.status >= 500)
        return cli_fail(cli, CLI_UNREACHABLE, "%s answers %ld", settings->named, reply.status);

    *ret = ambit_str_of(settings->url);
    struct ambit_str body = arena_copy(&cli->arena, buf_str(&reply.body));
    const struct json_value *value = NULL;
    struct json_problem ignored = {.line = 0};
    if (reply.status != 200 || !body.p ||
        json_read(body, (struct json_limits){.allow_decimals = true}, &cli->arena, &value,
                  &ignored))
        return CLI_YES;

    struct ambit_str issuer = json_get_str(value, "issuer");
    if (issuer.len)
        *ret = issuer;
    return CLI_YES;
}

/* By its key; else by the certificate of the handshake, or by the uid that a Unix socket tells:
 * then the name is all that is said. */
static enum cli_exit put_proof(struct cli *cli, const struct settings *settings, struct buf *form,
                               struct ambit_str *ret_issuer)
{
    if (settings->certificate || !settings->key) {
        put_field(form, "client_id", ambit_str_of(settings->agent));
        return cli_has(cli, "dpop") ? find_issuer(cli, settings, ret_issuer) : CLI_YES;
    }
    struct assertion assertion = {
        .agent = settings->agent, .key_path = settings->key, .now_ms = cli->now_ms};
    struct buf jws = {.p = NULL};
    enum cli_exit code = find_issuer(cli, settings, &assertion.audience);
    if (!code)
        code = assertion_make(cli, &assertion, &jws);
    if (!code) {
        put_field(form, "client_id", ambit_str_of(settings->agent));
        put_field(form, "client_assertion_type",
                  AMBIT_STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        put_field(form, "client_assertion", buf_str(&jws));
    }
    *ret_issuer = assertion.audience;
    buf_wipe(&jws);
    return code;
}

/* For itself, by the word of its platform, or below the grant of a token that the agent was handed:
 * that comes from a file, so that it stands in no list of processes. */
static enum cli_exit put_grant_type(struct cli *cli, struct buf *form)
{
    const char *path = cli_get(cli, "subject-token"), *assertion = cli_get(cli, "assertion");
    struct ambit_str token = {0};
    if (assertion && !path) {
        put_field(form, "grant_type", AMBIT_STR(JWT_BEARER));
        enum cli_exit code = settings_read_word(cli, assertion, AMBIT_JWS_BYTES, &token);
        put_field(form, "assertion", token);
        return code;
    }
    put_field(form, "grant_type", path ? AMBIT_STR(EXCHANGE) : AMBIT_STR("client_credentials"));
    if (!path)
        return CLI_YES;
    enum cli_exit code = settings_read_word(cli, path, AMBIT_JWS_BYTES, &token);
    put_field(form, "subject_token", token);
    put_field(form, "subject_token_type", AMBIT_STR(ACCESS_TOKEN_TYPE));
    return code;
}

static enum cli_exit put_form(struct cli *cli, const struct settings *settings, struct buf *form,
                              struct ambit_str *ret_issuer)
{
    enum cli_exit code = put_grant_type(cli, form);
    if (!code)
        code = put_scope(cli, form);
    if (!code)
        code = put_details(cli, form);
    if (!code)
        code = put_lifetime(cli, form);
    put_field(form, "resource", ambit_str_of(cli_get(cli, "resource")));
    put_field(form, "purpose", ambit_str_of(cli_get(cli, "purpose")));
    put_field(form, "approval", ambit_str_of(cli_get(cli, "approval")));
    return code ? code : put_proof(cli, settings, form, ret_issuer);
}

/* The answer without the token, for --json beside --out. */
static void put_without_token(struct cli *cli, const struct json_value *answer)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &cli->out, false);
    json_begin_object(&out);
    for (const struct json_value *member = answer->first; member; member = member->next) {
        if (ambit_str_is(member->key, "access_token"))
            continue;
        json_key_str(&out, member->key);
        json_write_value(&out, member);
    }
    json_end_object(&out);
    buf_put_char(&cli->out, '\n');
}

static enum cli_exit show_token(struct cli *cli, const struct json_value *answer, bool wants_json)
{
    struct ambit_str token = json_get_str(answer, "access_token");
    const char *path = cli_get(cli, "out");
    if (!token.len)
        return cli_fail(cli, CLI_UNREACHABLE,
                        "the answer holds no token: is this an ambit broker?");
    if (!path) {
        show_escaped(&cli->out, token);
        buf_put_char(&cli->out, '\n');
        return CLI_YES;
    }

    enum ambit_err err = file_write(AT_FDCWD, path, token, 0600);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err));
    if (wants_json)
        put_without_token(cli, answer);
    return CLI_YES;
}

/* With a proof of the agent's key; once more where the broker wants its nonce in it. The assertion
 * in the form is still good then: it is used up by an outcome alone. */
static enum cli_exit send_proved(struct cli *cli, const struct client_request *request,
                                 struct ambit_str issuer, struct client_reply *ret)
{
    char nonce[CLIENT_NONCE_MAX + 1] = "";
    for (bool is_last = false;; is_last = true) {
        BUF_AUTO jws = {.p = NULL};
        const struct proof proof = {.key_path = request->broker->key,
                                    .method = "POST",
                                    .issuer = issuer,
                                    .path = ambit_str_of(request->path),
                                    .nonce = nonce,
                                    .now_ms = cli->now_ms};
        struct client_request proved = *request;
        enum cli_exit code = proof_make(cli, &proof, &jws);
        proved.proof = buf_str(&jws);
        if (!code)
            code = client_send(cli, &proved, ret);
        bool wants_nonce = !code && !is_last && ret->status == 400 && ret->nonce[0];
        if (!wants_nonce)
            return code;
        memcpy(nonce, ret->nonce, sizeof nonce);
        client_reply_done(ret);
    }
}

static enum cli_exit ask_token(struct cli *cli, const struct settings *settings)
{
    struct buf form = {.p = NULL};
    CLIENT_REPLY_AUTO reply = {.status = 0};
    const struct json_value *answer = NULL;
    struct ambit_str issuer = {0};
    enum cli_exit code = put_form(cli, settings, &form, &issuer);
    if (!code && buf_check(&form))
        code = cli_fail(cli, CLI_USAGE, "out of memory");
    if (!code) {
        const struct client_request request = {.broker = settings,
                                               .path = "/token",
                                               .body = buf_str(&form),
                                               .content_type = "application/x-www-form-urlencoded"};
        code = cli_has(cli, "dpop") ? send_proved(cli, &request, issuer, &reply)
                                    : client_send(cli, &request, &reply);
    }
    buf_wipe(&form);
    if (code)
        return code;

    /* With --out the token must not reach the screen, not even inside the JSON answer. */
    bool wants_json = cli->wants_json;
    if (cli_has(cli, "out") && reply.status == 200)
        cli->wants_json = false;
    code = answer_take(cli, &reply, &answer);
    return code || !answer ? code : show_token(cli, answer, wants_json);
}

static enum cli_exit run_token(struct cli *cli)
{
    struct settings settings = {.url = NULL};
    enum cli_exit code = settings_find(cli, &settings);
    if (code)
        return code;
    if (!settings.url)
        return cli_usage(cli, "which broker? Give --url, --state DIR or AMBIT_URL");
    bool is_proved = settings.key || settings.certificate || settings.unix_path;
    if (!cli_has(cli, "assertion") && (!settings.agent || !is_proved))
        return cli_usage(
            cli, "which agent? Give --agent NAME and --key FILE, or AMBIT_AGENT and AMBIT_KEY");
    if (!cli_has(cli, "scope") && !cli_has(cli, "details"))
        return cli_usage(cli, "nothing is asked for: give --scope or --details");
    if (cli_has(cli, "dpop") && !settings.key)
        return cli_usage(cli, "--dpop binds the token to a key: give --key FILE or AMBIT_KEY");

    return ask_token(cli, &settings);
}

const struct cli_verb agents_token = {
    .name = "token",
    .summary = "ask for a token, and print it alone",
    .text =
        "Proves the agent by its key (or by --cert and its key, by its uid through a Unix socket, "
        "by "
        "the token of its platform) and asks for authority: an action on a resource, for a time. "
        "Prints the token "
        "and nothing else, or writes it to a file. A refusal names the reason and what would pass. "
        "With the token of another agent that was handed over, it asks for a part of what that one "
        "was given (token exchange, RFC 8693).",
    .example = "ambit token --agent remediator --key remediator.jwk --scope "
               "'service.restart[svc:staging/web-1]' --for 5m",
    .options = {{"scope", "SCOPE",
                 "what is asked: ACTION[RESOURCE], or ACTION alone; may be given again", true,
                 false},
                {"details", "FILE", "what is asked, as a JSON file of authorization_details", false,
                 false},
                {"resource", "URI", "the audience: which service the token is for", false, false},
                {"purpose", "TEXT", "why, for policies that ask and for the record", false, false},
                {"for", "TIME", "how long: 30s, 5m, 1h", false, false},
                {"dpop", NULL,
                 "bind the token to the agent's key: it is worth nothing without a proof of it "
                 "(RFC 9449)",
                 false, false},
                {"subject-token", "FILE",
                 "ask below the grant of the access token in FILE, which another agent handed over",
                 false, false},
                {"assertion", "FILE",
                 "the token in FILE, which a platform gave its workload, says which agent this is",
                 false, false},
                {"out", "FILE", "write the token to FILE (0600) instead of printing it", false,
                 false},
                {"approval", "ID", "that a person gave, as a refusal named it", false, false}},
    .run = run_token,
};

/* ---- whoami ---------------------------------------------------------------------------------- */

static enum cli_exit run_whoami(struct cli *cli)
{
    const struct json_value *answer = NULL;
    enum cli_exit code = answer_ask(cli, &(struct answer_request){.path = "/v1/whoami"}, &answer);
    if (code || !answer)
        return code;

    struct arena *arena = &cli->arena;
    const struct show_line lines[] = {
        {"kind", show_member(arena, answer, "kind")},
        {"name", show_member(arena, answer, "name")},
        {"owner", show_member(arena, answer, "owner")},
        {"roles", show_member(arena, answer, "roles")},
        {"policies", show_member(arena, answer, "policies")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
    return CLI_YES;
}

const struct cli_verb agents_whoami = {
    .name = "whoami",
    .summary = "who the broker takes you for",
    .text = "Says who the broker takes the holder of the token for: kind, name, owner, roles, "
            "policies. The token is a "
            "person's or an access token of an agent.",
    .example = "ambit whoami --token-file lee.token",
    .options = {{NULL}},
    .run = run_whoami,
};
