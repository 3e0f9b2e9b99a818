/* SPDX-License-Identifier: Apache-2.0 */
/* A reader that keeps nothing but the line and the message it is in, both bounded. */
#include "cli/stream_reader.h"

void stream_reader_init(struct stream_reader *reader)
{
    *reader = (struct stream_reader){.has_data = false};
    buf_init(&reader->line, STREAM_MESSAGE_MAX);
    buf_init(&reader->data, STREAM_MESSAGE_MAX);
    buf_init(&reader->type, STREAM_MESSAGE_MAX);
    buf_init(&reader->id, STREAM_MESSAGE_MAX);
}

void stream_reader_done(struct stream_reader *reader)
{
    buf_done(&reader->line);
    buf_done(&reader->data);
    buf_done(&reader->type);
    buf_done(&reader->id);
}

static enum cli_exit end_message(struct stream_reader *reader)
{
    enum cli_exit code = CLI_YES;
    const struct stream_message message = {
        .type = buf_str(&reader->type), .id = buf_str(&reader->id), .data = buf_str(&reader->data)};
    if (reader->has_data)
        code = reader->message(reader->ctx, &message);
    buf_reset(&reader->data);
    buf_reset(&reader->type);
    reader->has_data = false;
    return code;
}

/* "name: value", the blank may be absent; false: another field. */
static bool is_field(struct ambit_str line, const char *name, struct ambit_str *ret)
{
    size_t len = strlen(name);
    if (line.len <= len || memcmp(line.p, name, len) != 0 || line.p[len] != ':')
        return false;
    size_t skip = line.len > len + 1 && line.p[len + 1] == ' ' ? len + 2 : len + 1;
    *ret = (struct ambit_str){.p = line.p + skip, .len = line.len - skip};
    return true;
}

static void replace(struct buf *text, struct ambit_str with)
{
    buf_reset(text);
    buf_put_str(text, with);
}

static enum cli_exit end_line(struct stream_reader *reader)
{
    struct ambit_str line = buf_str(&reader->line), value = {NULL, 0};
    if (line.len == 0)
        return end_message(reader);
    if (is_field(line, "data", &value)) {
        if (reader->has_data)
            buf_put_char(&reader->data, '\n');
        buf_put_str(&reader->data, value);
        reader->has_data = true;
    } else if (is_field(line, "event", &value)) {
        replace(&reader->type, value);
    } else if (is_field(line, "id", &value)) {
        replace(&reader->id, value);
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
        if (buf_check(&reader->line) || buf_check(&reader->data) || buf_check(&reader->type) ||
            buf_check(&reader->id))
            return CLI_UNREACHABLE;
    }
    return CLI_YES;
}
