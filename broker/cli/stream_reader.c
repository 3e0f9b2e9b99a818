/* SPDX-License-Identifier: Apache-2.0 */
/* A reader that keeps nothing but the line and the message it is in, both bounded. */
#include "cli/stream_reader.h"

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
