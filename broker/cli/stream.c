/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a stream of server-sent events and showing each as it comes. */
#include "cli/stream.h"

#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/event_view.h"
#include "cli/settings.h"
#include "cli/show.h"

void stream_reader_init(struct stream_reader *reader)
{
    *reader = (struct stream_reader){.has_data = false};
    buf_init(&reader->line, STREAM_MESSAGE_MAX);
    buf_init(&reader->data, STREAM_MESSAGE_MAX);
}

void stream_reader_done(struct stream_reader *reader)
{
    buf_done(&reader->line);
    buf_done(&reader->data);
}

static enum cli_exit end_message(struct stream_reader *reader)
{
    enum cli_exit code = CLI_YES;
    if (reader->has_data)
        code = reader->message(reader->ctx, buf_str(&reader->data));
    buf_reset(&reader->data);
    reader->has_data = false;
    return code;
}

static enum cli_exit end_line(struct stream_reader *reader)
{
    struct ambit_str line = buf_str(&reader->line);
    if (line.len == 0)
        return end_message(reader);
    if (line.len >= 5 && memcmp(line.p, "data:", 5) == 0) {
        size_t skip = line.len > 5 && line.p[5] == ' ' ? 6 : 5;
        if (reader->has_data)
            buf_put_char(&reader->data, '\n');
        buf_put(&reader->data, line.p + skip, line.len - skip);
        reader->has_data = true;
    }
    buf_reset(&reader->line);
    return CLI_YES;
}

enum cli_exit stream_reader_take(struct stream_reader *reader, struct ambit_str piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        char c = piece.p[i];
        bool is_second_half = c == '\n' && reader->was_cr;
        reader->was_cr = c == '\r';
        enum cli_exit code = CLI_YES;
        if (is_second_half)
            continue;
        if (c == '\n' || c == '\r')
            code = end_line(reader);
        else
            buf_put_char(&reader->line, c);
        if (code)
            return code;
        if (buf_check(&reader->line) || buf_check(&reader->data))
            return CLI_UNREACHABLE;
    }
    return CLI_YES;
}

/* ---- events ---------------------------------------------------------------------------------- */

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
    const struct client_request request = {.url = settings.url,
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
