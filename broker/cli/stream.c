/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a stream of server-sent events and showing each as it comes. */
#include "cli/stream.h"

#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/event_view.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "cli/stream_reader.h"

static enum cli_exit show_message(void *ctx, struct ambit_str data)
{
    struct cli *cli = ctx;
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *event = NULL;
    struct json_problem ignored = {.line = 0};
    if (json_read(data, (struct json_limits){.depth = 32, .allow_decimals = true}, &arena, &event,
                  &ignored))
        return CLI_UNREACHABLE;

    if (cli->wants_json) {
        show_json(&cli->out, data);
        buf_put_char(&cli->out, '\n');
    } else {
        event_line(&cli->out, &arena, event);
    }
    if (cli->flush)
        cli->flush(cli);
    return CLI_YES;
}

static enum cli_exit take_piece(void *ctx, struct ambit_str bytes)
{
    return stream_reader_take(ctx, bytes);
}

enum cli_exit stream_events(struct cli *cli, const char *path)
{
    struct settings settings = {.url = NULL};
    struct ambit_str token = {NULL, 0};
    enum cli_exit code = answer_credentials(cli, &settings, &token);
    if (code)
        return code;

    struct stream_reader reader = {.has_data = false};
    stream_reader_init(&reader);
    reader.message = show_message;
    reader.ctx = cli;
    const struct client_request request = {.broker = &settings,
                                           .path = path,
                                           .bearer = token,
                                           .accept = "text/event-stream",
                                           .piece = take_piece,
                                           .ctx = &reader};
    CLIENT_REPLY_AUTO reply = {.status = 0};
    code = client_send(cli, &request, &reply);
    stream_reader_done(&reader);
    if (code)
        return cli_fail(cli, code, "the stream is dead: what happens now is not shown");
    if (reply.status == 200)
        return cli_fail(cli, CLI_UNREACHABLE,
                        "the broker ended the stream: what happens now is not shown");

    const struct json_value *none = NULL;
    return answer_take(cli, &reply, &none);
}
