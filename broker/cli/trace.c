/* SPDX-License-Identifier: Apache-2.0 */
/* `ambit trace`: the story of one thing, as a tree, line by line, or as the broker answers. */
#include "cli/trace.h"

#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/audit.h"
#include "cli/settings.h"
#include "cli/trailer.h"

enum { TOKEN_FILE_MAX = 32 * 1024, COMMIT_MAX = 1024 * 1024 };

/* ---- what is asked about --------------------------------------------------------------------- */

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

static enum cli_exit read_commit(struct cli *cli, const char *path, struct buf *ret)
{
    bool is_input = strcmp(path, "-") == 0;
    enum ambit_err err = AMBIT_OK;
    buf_init(ret, COMMIT_MAX);
    if (!is_input)
        err = file_read(AT_FDCWD, path, COMMIT_MAX, ret);
    for (ssize_t n = 1; is_input && !err && n > 0;) {
        char block[4096];
        n = read(STDIN_FILENO, block, sizeof block);
        if (n > 0)
            buf_put(ret, block, (size_t)n);
        err = n < 0 ? AMBIT_ERR_IO : buf_check(ret);
    }
    return err ? cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err)) : CLI_YES;
}

/* The decision that a commit message names. It is read as text: git is not asked. */
static enum cli_exit id_of_commit(struct cli *cli, const char *path, struct ambit_str *ret)
{
    BUF_AUTO message = {.p = NULL};
    struct ambit_str id = {NULL, 0};
    enum cli_exit code = read_commit(cli, path, &message);
    if (code)
        return code;
    size_t n = trailer_find(buf_str(&message), &id);
    if (n == 0)
        return cli_fail(cli, CLI_USAGE, "%s names no decision: expected a line %s ID", path,
                        trailer_name);
    if (n > 1)
        return cli_fail(cli, CLI_USAGE, "%s names %zu decisions: trace each by its id", path, n);
    *ret = arena_copy(&cli->arena, id);
    return ret->p ? CLI_YES : cli_fail(cli, CLI_USAGE, "out of memory");
}

static enum cli_exit find_subject(struct cli *cli, struct ambit_str *ret)
{
    const char *token = cli_get(cli, "of-token"), *commit = cli_get(cli, "of-commit");
    if ((token != NULL) + (commit != NULL) + (cli->argument != NULL) != 1)
        return cli_usage(cli, "give what to trace, or --of-token FILE, or --of-commit FILE");
    if (token)
        return id_of_token(cli, token, ret);
    if (commit)
        return id_of_commit(cli, commit, ret);

    *ret = ambit_str_of(cli->argument);
    if (trailer_find(*ret, ret) == 1)
        return CLI_YES;
    if (!is_subject(*ret))
        return cli_usage(cli,
                         "\"%s\" cannot be traced; expected an id, agent:X, owner:X, policy:X, "
                         "txn:X, event:SEQ or a line \"Ambit-Decision: ID\"",
                         cli->argument);

    return CLI_YES;
}

/* ---- how it is told -------------------------------------------------------------------------- */

/* Does the terminal, as far as the environment says it, know box drawing? */
static bool has_utf8(const struct cli *cli)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < AMBIT_LEN(names); i++) {
        const char *value = cli_env(cli, names[i]);
        if (value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static enum cli_exit show_trace(struct cli *cli, const struct json_value *answer)
{
    struct trace_view view = {.arena = &cli->arena, .answer = answer, .is_ascii = !has_utf8(cli)};
    enum ambit_err err =
        cli_has(cli, "timeline") ? trace_timeline(&cli->out, &view) : trace_tree(&cli->out, &view);
    return err ? cli_fail(cli, CLI_UNREACHABLE, "%s", ambit_err_text(err)) : CLI_YES;
}

static enum cli_exit check_number(struct cli *cli, const char *option)
{
    uint64_t number = 0;
    const char *text = cli_get(cli, option);
    if (text && (parse_u64(ambit_str_of(text), &number) || number == 0))
        return cli_usage(cli, "--%s: \"%s\" is no number above 0", option, text);

    return CLI_YES;
}

static void put_number(struct cli *cli, struct buf *path, const char *option, char before)
{
    const char *text = cli_get(cli, option);
    if (text)
        buf_printf(path, "%c%s=%s", before, option, text);
}

static enum cli_exit run_trace(struct cli *cli)
{
    struct ambit_str subject = {NULL, 0};
    enum cli_exit code = find_subject(cli, &subject);
    if (!code)
        code = check_number(cli, "limit");
    if (!code)
        code = check_number(cli, "cursor");
    if (code)
        return code;

    BUF_AUTO path = {.p = NULL};
    buf_printf(&path, "/v1/trace/%.*s", AMBIT_STR_ARG(subject));
    put_number(cli, &path, "limit", '?');
    put_number(cli, &path, "cursor", cli_get(cli, "limit") ? '&' : '?');
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
    .text = "From a person and a reviewed policy over grants, what was handed on, approvals and "
            "actions to the stop and who answered. X is the id of a token, grant, lineage, "
            "decision, approval, stop or incident, or agent:X, owner:X, policy:X, txn:X, "
            "event:SEQ, or a line \"Ambit-Decision: ID\" of a commit message. Of what has many "
            "events the newest are told, and how to get the others.",
    .example = "git log -1 --format=%B | ambit trace --of-commit -",
    .options = {{"of-token", "FILE", "trace the grant of the access token in FILE", false, false},
                {"of-commit", "FILE",
                 "trace the decision that the commit message in FILE names; - for standard input",
                 false, false},
                {"timeline", NULL, "a line an event, in order of time, with the time between",
                 false, false},
                {"limit", "N", "of what has many events at most this many (200, up to 1000)", false,
                 false},
                {"cursor", "SEQ", "only those before this event: the next page", false, false}},
    .run = run_trace,
};
