/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a stream of server-sent events and showing each as it comes. */
#include "cli/stream.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/event_view.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "cli/stream_reader.h"

struct stream {
    struct cli *cli;
    struct stream_options options;
    struct stream_reader reader;
    size_t n;
    bool is_done;
    bool was_ended; /* by the broker, in words that were shown */
};

static const struct json_value *read_value(struct ambit_str text, struct arena *arena)
{
    const struct json_value *value = NULL;
    struct json_problem ignored = {.line = 0};
    const struct json_limits limits = {.depth = 32, .allow_decimals = true};
    return json_read(text, limits, arena, &value, &ignored) ? NULL : value;
}

/* The broker says why it ends the stream. */
static enum cli_exit take_end(struct stream *stream, const struct json_value *value)
{
    struct ambit_str why = json_get_str(value, "detail");
    stream->was_ended = true;
    return cli_fail(stream->cli, CLI_UNREACHABLE, "the broker ended the stream: %.*s",
                    AMBIT_STR_ARG(why.p ? why : AMBIT_STR("it does not say why")));
}

static enum cli_exit take_message(void *ctx, const struct stream_message *message)
{
    struct stream *stream = ctx;
    struct cli *cli = stream->cli;
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *event = read_value(message->data, &arena);
    if (!event)
        return CLI_UNREACHABLE;
    if (ambit_str_is(message->type, "end"))
        return take_end(stream, event);

    if (stream->options.is_raw) {
        show_json(&cli->out, message->data);
        buf_put_char(&cli->out, '\n');
    } else {
        event_line(&cli->out, &arena, event);
    }
    if (cli->flush)
        cli->flush(cli);
    stream->n++;
    stream->is_done = stream->options.at_most != 0 && stream->n >= stream->options.at_most;
    return stream->is_done ? CLI_NO : CLI_YES; /* no more: the transfer ends here */
}

static enum cli_exit take_piece(void *ctx, struct ambit_str bytes)
{
    struct stream *stream = ctx;
    return stream_reader_take(&stream->reader, bytes);
}

static enum cli_exit died(const struct stream *stream, const char *words)
{
    struct ambit_str id = buf_str(&stream->reader.id);
    uint64_t seq = 0;
    if (!stream->was_ended)
        (void)cli_fail(stream->cli, CLI_UNREACHABLE, "%s: what happens now is not shown", words);
    if (id.len && parse_u64(id, &seq) == AMBIT_OK)
        (void)cli_fail(stream->cli, CLI_UNREACHABLE, "it goes on with --after %.*s",
                       AMBIT_STR_ARG(id));
    return CLI_UNREACHABLE;
}

static enum cli_exit follow(struct stream *stream, const struct client_request *request)
{
    CLIENT_REPLY_AUTO reply = {.status = 0};
    enum cli_exit code = client_send(stream->cli, request, &reply);
    if (stream->is_done)
        return CLI_YES;
    if (code)
        return died(stream, "the stream is dead");
    if (reply.status == 200)
        return died(stream, "the broker ended the stream");
    const struct json_value *none = NULL;
    return answer_take(stream->cli, &reply, &none);
}

enum cli_exit stream_events(struct cli *cli, const char *path, struct stream_options options)
{
    struct settings settings = {.url = NULL};
    struct ambit_str token = {NULL, 0};
    enum cli_exit code = answer_credentials(cli, &settings, &token);
    if (code)
        return code;

    struct stream stream = {.cli = cli, .options = options};
    stream_reader_init(&stream.reader);
    stream.reader.message = take_message;
    stream.reader.ctx = &stream;
    const struct client_request request = {.broker = &settings,
                                           .path = path,
                                           .bearer = token,
                                           .accept = "text/event-stream",
                                           .piece = take_piece,
                                           .ctx = &stream};
    code = follow(&stream, &request);
    stream_reader_done(&stream.reader);
    return code;
}
