/* SPDX-License-Identifier: Apache-2.0 */
/* See remote.h. */
#include "cli/remote.h"

#include <stdio.h>
#include <time.h>

#include "base/json_read.h"
#include "cli/client.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"

enum { TOKEN_MAX = 4096, AWAIT_TRIES = 50, AWAIT_PAUSE_MS = 100 };

/* An answer by its status, as an error of reading. */
static enum ambit_err of_status(struct remote *remote, const char *path, long status)
{
    if (status == 200)
        return AMBIT_OK;
    if (status == 404)
        return AMBIT_ERR_NOT_FOUND;
    if (remote->cli->errors.len == 0)
        (void)cli_fail(remote->cli, CLI_NO, "/log/%s: the broker answers %ld%s", path, status,
                       status == 401 || status == 403
                           ? "; it wants the token of a person who may read everything"
                           : "");
    return status == 401 || status == 403 ? AMBIT_ERR_REFUSED : AMBIT_ERR_IO;
}

static enum ambit_err get(void *ctx, const char *path, size_t max, struct buf *ret)
{
    struct remote *remote = ctx;
    char target[LOG_PATH_MAX + 8];
    CLIENT_REPLY_AUTO reply = {.status = 0};
    int n = snprintf(target, sizeof target, "/log/%s", path);
    if (n < 0 || (size_t)n >= sizeof target)
        return AMBIT_ERR_NOT_FOUND;
    const struct client_request request = {.broker = &remote->settings,
                                           .line = &remote->line,
                                           .path = target,
                                           .bearer = remote->token,
                                           .accept = "*/*"};
    if (client_send(remote->cli, &request, &reply))
        return AMBIT_ERR_IO;
    enum ambit_err err = of_status(remote, path, reply.status);
    if (err != AMBIT_OK)
        return err;
    if (reply.body.len > max)
        return AMBIT_ERR_TOO_LARGE;
    buf_put_str(ret, buf_str(&reply.body));
    return buf_check(ret);
}

/* The URL that was given in place of the one of the settings. Their token is for their broker
 * alone: to another one goes what --token-file names, or nothing. */
static enum cli_exit take_given(struct cli *cli, const char *given, struct settings *settings)
{
    struct ambit_str url = ambit_str_of(given);
    while (url.len > 0 && url.p[url.len - 1] == '/')
        url.len--;
    if (url.len > 4 && memcmp(url.p + url.len - 4, "/log", 4) == 0)
        url.len -= 4;
    struct ambit_str copy = arena_copy(&cli->arena, url);
    if (copy.p == NULL)
        return cli_fail(cli, CLI_USAGE, "out of memory");
    const char *configured = settings->named;
    settings->unix_path = NULL;
    enum cli_exit code = settings_take_url(cli, copy.p, settings);
    if (code == CLI_YES && cli_get(cli, "token-file") == NULL &&
        (configured == NULL || !streq(configured, settings->named)))
        settings->token_file = NULL;
    return code;
}

enum cli_exit remote_open(struct cli *cli, const char *url, struct remote *ret)
{
    *ret = (struct remote){.cli = cli};
    enum cli_exit code = settings_find(cli, &ret->settings);
    if (code)
        return code;
    if (url != NULL)
        code = take_given(cli, url, &ret->settings);
    if (code)
        return code;
    if (ret->settings.url == NULL)
        return cli_usage(cli, "which broker? give its URL");
    if (ret->settings.token_file != NULL)
        code = settings_read_word(cli, ret->settings.token_file, TOKEN_MAX, &ret->token);
    return code;
}

/* 0: it does not say. */
static uint64_t size_of_record(struct remote *remote)
{
    struct cli *cli = remote->cli;
    const struct json_value *value = NULL;
    struct json_problem problem = {.line = 0};
    CLIENT_REPLY_AUTO reply = {.status = 0};
    const struct client_request request = {.broker = &remote->settings,
                                           .line = &remote->line,
                                           .path = "/v1/events?limit=1",
                                           .bearer = remote->token};
    int64_t size = 0;
    if (client_send(cli, &request, &reply) || reply.status != 200 ||
        json_read(buf_str(&reply.body), (struct json_limits){0}, &cli->arena, &value, &problem) ||
        !json_get_i64(value, "complete_to", &size) || size < 0)
        return 0;
    return (uint64_t)size;
}

static uint64_t size_of_checkpoint(struct remote *remote)
{
    struct note *note = arena_alloc(&remote->cli->arena, sizeof *note);
    struct checkpoint checkpoint;
    BUF_AUTO text;
    buf_init(&text, 0);
    bool is_read = note != NULL && get(remote, "checkpoint", NOTE_BYTES_MAX, &text) == AMBIT_OK &&
                   note_read(buf_str(&text), note) == AMBIT_OK &&
                   checkpoint_read(note->text, &checkpoint) == AMBIT_OK;
    return is_read ? checkpoint.size : UINT64_MAX; /* the copying will say what is wrong with it */
}

void remote_await(struct remote *remote)
{
    const struct timespec pause = {.tv_nsec = AWAIT_PAUSE_MS * 1000000L};
    uint64_t wanted = size_of_record(remote);
    for (int i = 0; i < AWAIT_TRIES && size_of_checkpoint(remote) < wanted; i++)
        (void)nanosleep(&pause, NULL);
    buf_reset(&remote->cli->errors);
}

void remote_close(struct remote *remote)
{
    client_line_close(&remote->line);
    *remote = (struct remote){.cli = NULL};
}

struct log_source remote_source(struct remote *remote)
{
    return (struct log_source){.ctx = remote, .get = get};
}
