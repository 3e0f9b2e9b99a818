/* SPDX-License-Identifier: Apache-2.0 */
/* See remote.h. */
#include "cli/remote.h"

#include <stdio.h>

#include "cli/client.h"

enum { TOKEN_MAX = 4096 };

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
    const struct client_request request = {
        .broker = &remote->settings, .path = target, .bearer = remote->token, .accept = "*/*"};
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

enum cli_exit remote_open(struct cli *cli, const char *url, struct remote *ret)
{
    *ret = (struct remote){.cli = cli};
    enum cli_exit code = settings_find(cli, &ret->settings);
    if (code)
        return code;
    if (url != NULL) {
        size_t n = strlen(url);
        while (n > 0 && url[n - 1] == '/')
            n--;
        if (n > 4 && memcmp(url + n - 4, "/log", 4) == 0)
            n -= 4;
        struct ambit_str copy = arena_copy(&cli->arena, (struct ambit_str){.p = url, .len = n});
        if (copy.p == NULL)
            return cli_fail(cli, CLI_USAGE, "out of memory");
        bool is_plain = strncmp(copy.p, "http://", 7) == 0;
        if (is_plain && !settings_is_loopback(copy.p))
            return cli_usage(cli, "%s: plain http would leave this machine; expected https", url);
        ret->settings.url = ret->settings.named = copy.p;
        ret->settings.unix_path = NULL;
    }
    if (ret->settings.url == NULL)
        return cli_usage(cli, "which broker? give its URL");
    if (ret->settings.token_file != NULL)
        code = settings_read_word(cli, ret->settings.token_file, TOKEN_MAX, &ret->token);
    return code;
}

void remote_close(struct remote *remote)
{
    *remote = (struct remote){.cli = NULL};
}

struct log_source remote_source(struct remote *remote)
{
    return (struct log_source){.ctx = remote, .get = get};
}
