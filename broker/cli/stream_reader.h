/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events out of bytes as they come. */
#pragma once

#include "cli/cli.h"

struct stream_message {
    struct ambit_str type, id, data; /* borrowed for the call; empty when absent */
};
/* Pieces of any size in, one call per message that has data.
 * Lines end with LF, CR or CRLF; comments and unknown fields are dropped. An id stays until the
 * next one, also when its message has no data. */
struct stream_reader {
    struct buf line, data, type, id;
    bool has_data, was_cr;
    enum cli_exit (*message)(void *ctx, const struct stream_message *message);
    void *ctx;
};
enum { STREAM_MESSAGE_MAX = 1 << 20 };
void stream_reader_init(struct stream_reader *reader);
void stream_reader_done(struct stream_reader *reader);
enum cli_exit stream_reader_take(struct stream_reader *reader, struct ambit_str piece);
