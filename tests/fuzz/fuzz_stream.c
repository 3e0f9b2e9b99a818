/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stream of server-sent events: the messages are the same whether the bytes come at
 * once or one by one. */
#include "fuzz.h"

#include "cli/stream_reader.h"

static void put_framed(struct buf *all, struct ambit_str text)
{
    buf_put_i64(all, (int64_t)text.len);
    buf_put_char(all, ':');
    buf_put_str(all, text);
}

static enum cli_exit collect(void *ctx, const struct stream_message *message)
{
    put_framed(ctx, message->type);
    put_framed(ctx, message->id);
    put_framed(ctx, message->data);
    return CLI_YES;
}

static enum cli_exit read_in_steps(struct ambit_str bytes, size_t step, struct buf *all)
{
    struct stream_reader reader = {.has_data = false};
    stream_reader_init(&reader);
    reader.message = collect;
    reader.ctx = all;
    enum cli_exit code = CLI_YES;
    for (size_t at = 0; !code && at < bytes.len; at += step) {
        size_t len = bytes.len - at < step ? bytes.len - at : step;
        code = stream_reader_take(&reader, (struct ambit_str){.p = bytes.p + at, .len = len});
    }
    stream_reader_done(&reader);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str bytes = {.p = data ? (const char *)data : "", .len = size};
    BUF_AUTO whole = {.p = NULL}, single = {.p = NULL};
    FUZZ_CHECK(read_in_steps(bytes, size ? size : 1, &whole) == read_in_steps(bytes, 1, &single));
    FUZZ_CHECK(ambit_str_eq(buf_str(&whole), buf_str(&single)));
    return 0;
}
