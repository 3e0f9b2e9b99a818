/* SPDX-License-Identifier: Apache-2.0 */
/* Settings from options, environment and file, in that order. */
#include "cli/settings.h"

#include <fcntl.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/secret.h"

enum { URL_MAX = 512, UNIX_PATH_MAX = 107, SETTINGS_FILE_MAX = 65536 };

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool settings_is_loopback(const char *url)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host = strstr(url, "://");
    for (size_t i = 0; host && i < AMBIT_LEN(hosts); i++) {
        const char *end = host + 3 + strlen(hosts[i]);
        if (starts_with(host + 3, hosts[i]) && (*end == '\0' || *end == ':' || *end == '/'))
            return true;
    }
    return false;
}

static enum cli_exit take_unix(struct cli *cli, const char *text, struct settings *settings)
{
    const char *path = text + strlen("unix:");
    if (*path == '\0' || strlen(path) > UNIX_PATH_MAX || text_has_control(ambit_str_of(path)))
        return cli_usage(cli, "\"%s\" is no Unix socket: expected unix:/PATH", text);

    settings->named = arena_copy(&cli->arena, ambit_str_of(text)).p;
    settings->unix_path = arena_copy(&cli->arena, ambit_str_of(path)).p;
    settings->url = "http://localhost";
    return settings->named && settings->unix_path ? CLI_YES
                                                  : cli_fail(cli, CLI_USAGE, "out of memory");
}

enum cli_exit settings_take_url(struct cli *cli, const char *text, struct settings *settings)
{
    if (starts_with(text, "unix:"))
        return take_unix(cli, text, settings);
    if (!starts_with(text, "http://") && !starts_with(text, "https://"))
        return cli_usage(cli, "\"%s\" is no http or https URL, nor unix:/PATH", text);

    struct ambit_str url = ambit_str_of(text);
    for (size_t i = 0; i < url.len; i++) {
        if ((uint8_t)url.p[i] <= 0x20 || (uint8_t)url.p[i] >= 0x7f || strchr("?#@\\\"", url.p[i]))
            return cli_usage(cli, "\"%s\" is not the URL of a broker: no user, query or fragment",
                             text);
    }
    if (url.len > URL_MAX)
        return cli_usage(cli, "the URL is too long");
    if (starts_with(text, "http://") && !settings_is_loopback(text))
        return cli_usage(cli, "plain http would carry tokens in the clear to %s: use https",
                         text + 7);

    while (url.len && url.p[url.len - 1] == '/')
        url.len--;
    settings->url = settings->named = arena_copy(&cli->arena, url).p;
    return settings->url ? CLI_YES : cli_fail(cli, CLI_USAGE, "out of memory");
}

enum cli_exit settings_read_word(struct cli *cli, const char *path, size_t max,
                                 struct ambit_str *ret)
{
    struct buf bytes = {.p = NULL};
    enum ambit_err err = file_read(AT_FDCWD, path, max, &bytes);
    if (err) {
        buf_wipe(&bytes);
        return cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err));
    }

    struct ambit_str word = buf_str(&bytes);
    while (word.len && (word.p[word.len - 1] == '\n' || word.p[word.len - 1] == '\r'))
        word.len--;
    bool is_word = word.len > 0;
    for (size_t i = 0; i < word.len; i++)
        is_word = is_word && (uint8_t)word.p[i] > 0x20 && (uint8_t)word.p[i] < 0x7f;
    *ret = is_word ? arena_copy(&cli->arena, word) : (struct ambit_str){NULL, 0};
    buf_wipe(&bytes);
    return is_word ? CLI_YES : cli_fail(cli, CLI_USAGE, "%s does not hold one word", path);
}

/* ---- the file -------------------------------------------------------------------------------- */

static const char *settings_path(struct cli *cli)
{
    const char *root = cli_env(cli, "XDG_CONFIG_HOME"), *home = cli_env(cli, "HOME");
    BUF_AUTO path = {.p = NULL};
    if (root)
        buf_printf(&path, "%s/ambit/config.json", root);
    else if (home)
        buf_printf(&path, "%s/.config/ambit/config.json", home);
    else
        return NULL;

    return buf_check(&path) ? NULL : arena_copy(&cli->arena, buf_str(&path)).p;
}

static enum cli_exit take_member(struct cli *cli, const char *path, const struct json_value *member,
                                 struct settings *file, const char **ret_url)
{
    const struct {
        const char *name;
        const char **place;
    } rows[] = {{"url", ret_url},
                {"ca", &file->ca},
                {"agent", &file->agent},
                {"key", &file->key},
                {"certificate", &file->certificate},
                {"token_file", &file->token_file}};

    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        if (!ambit_str_is(member->key, rows[i].name))
            continue;
        if (member->kind != JSON_STRING || member->text.len == 0)
            return cli_fail(cli, CLI_USAGE, "%s:%u:%u: \"%s\" is no text", path, member->line,
                            member->column, rows[i].name);
        *rows[i].place = arena_copy(&cli->arena, member->text).p;
        return CLI_YES;
    }
    return cli_fail(cli, CLI_USAGE,
                    "%s:%u:%u: unknown key \"%.*s\"; expected url, ca, agent, key, certificate, "
                    "token_file",
                    path, member->key_line, member->key_column, AMBIT_STR_ARG(member->key));
}

static enum cli_exit read_file(struct cli *cli, struct settings *file, const char **ret_url)
{
    const char *path = settings_path(cli);
    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err =
        path ? file_read(AT_FDCWD, path, SETTINGS_FILE_MAX, &bytes) : AMBIT_ERR_NOT_FOUND;
    if (err == AMBIT_ERR_NOT_FOUND)
        return CLI_YES;
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err));

    struct ambit_str text = arena_copy(&cli->arena, buf_str(&bytes));
    const struct json_value *top = NULL;
    struct json_problem wrong = {.line = 1, .column = 1, .what = "is not JSON"};
    if (json_read(text, (struct json_limits){.depth = 4}, &cli->arena, &top, &wrong))
        return cli_fail(cli, CLI_USAGE, "%s:%u:%u: %s", path, wrong.line, wrong.column, wrong.what);
    if (top->kind != JSON_OBJECT)
        return cli_fail(cli, CLI_USAGE, "%s:1:1: is no JSON object", path);

    for (const struct json_value *member = top->first; member; member = member->next) {
        enum cli_exit code = take_member(cli, path, member, file, ret_url);
        if (code)
            return code;
    }
    return CLI_YES;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static const char *pick(const struct cli *cli, const char *option, const char *variable,
                        const char *file)
{
    const char *given = cli_get(cli, option);
    if (given)
        return given;

    given = cli_env(cli, variable);
    return given ? given : file;
}

/* --url, then --state DIR (its file `url`), then AMBIT_URL, then the file. */
static enum cli_exit find_url(struct cli *cli, const char *from_file, struct settings *ret)
{
    const char *url = cli_get(cli, "url"), *state = cli_get(cli, "state");
    if (!url && state) {
        BUF_AUTO path = {.p = NULL};
        buf_printf(&path, "%s/url", state);
        buf_put_char(&path, '\0');
        struct ambit_str word = {NULL, 0};
        if (buf_check(&path))
            return cli_fail(cli, CLI_USAGE, "out of memory");
        enum cli_exit code = settings_read_word(cli, path.p, URL_MAX, &word);
        if (code)
            return code;
        url = word.p;
    }
    if (!url)
        url = cli_env(cli, "AMBIT_URL");
    if (!url)
        url = from_file;

    return url ? settings_take_url(cli, url, ret) : CLI_YES;
}

enum cli_exit settings_find(struct cli *cli, struct settings *ret)
{
    struct settings file = {.url = NULL};
    const char *file_url = NULL;
    enum cli_exit code = read_file(cli, &file, &file_url);
    if (code)
        return code;

    *ret = (struct settings){
        .ca = pick(cli, "ca", "AMBIT_CA", file.ca),
        .agent = pick(cli, "agent", "AMBIT_AGENT", file.agent),
        .key = pick(cli, "key", "AMBIT_KEY", file.key),
        .certificate = pick(cli, "cert", "AMBIT_CERT", file.certificate),
        .token_file = pick(cli, "token-file", "AMBIT_TOKEN_FILE", file.token_file),
    };
    return find_url(cli, file_url, ret);
}
