/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events out of bytes as they come. */
#pragma once

#include "cli/cli.h"

/* Pieces of any size in, one call per message with its data.
 * Lines end with LF, CR or CRLF; comments and unknown fields are dropped. */
struct stream_reader {
    struct buf line, data;
    bool has_data, was_cr;
    enum cli_exit (*message)(void *ctx, struct ambit_str data);
    void *ctx;
};
enum { STREAM_MESSAGE_MAX = 1 << 20 };
void stream_reader_init(struct stream_reader *reader);
void stream_reader_done(struct stream_reader *reader);
enum cli_exit stream_reader_take(struct stream_reader *reader, struct ambit_str piece);
