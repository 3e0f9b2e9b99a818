/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: server-sent events are read the same however the bytes are cut. */
#include "cli/stream_reader.h"
#include "support/unit.h"

static enum cli_exit collect(void *ctx, const struct stream_message *message)
{
    struct buf *all = ctx;
    buf_put_char(all, '<');
    buf_put_str(all, message->type);
    buf_put_char(all, message->id.len ? '#' : '|');
    buf_put_str(all, message->id);
    buf_put_char(all, '|');
    buf_put_str(all, message->data);
    buf_put_char(all, '>');
    return CLI_YES;
}

static void messages_are_the_same_however_cut(void **state)
{
    (void)state;
    static const struct {
        const char *name, *stream, *want;
    } rows[] = {
        {"one", "id: 1\ndata: a\n\n", "<#1|a>"},
        {"no blank", "data:a\n\n", "<||a>"},
        {"two blanks", "data:  a\n\n", "<|| a>"},
        {"several lines", "data: a\ndata: b\n\n", "<||a\nb>"},
        {"empty data", "data:\n\n", "<||>"},
        {"comment", ": beat\n\n: beat\n\ndata: a\n\n", "<||a>"},
        {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", "<||a><||b>"},
        {"CR", "data: a\r\rdata: b\r\r", "<||a><||b>"},
        {"an id stays, alone too", "id: 7\n\ndata: a\n\ndata: b\n\n", "<#7|a><#7|b>"},
        {"a type does not", "event: end\ndata: a\n\ndata: b\n\n", "<end||a><||b>"},
        {"unknown field", "datum: a\nretry: 1\n\n", ""},
        {"unfinished", "data: a\n", ""},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        for (size_t step = 1; step < 5; step++) {
            struct stream_reader reader = {.has_data = false};
            BUF_AUTO all = {.p = NULL};
            stream_reader_init(&reader);
            reader.message = collect;
            reader.ctx = &all;
            struct ambit_str stream = ambit_str_of(rows[i].stream);
            for (size_t at = 0; at < stream.len; at += step) {
                size_t len = stream.len - at < step ? stream.len - at : step;
                ROW_CHECK(rows[i].name,
                          stream_reader_take(&reader, (struct ambit_str){.p = stream.p + at,
                                                                         .len = len}) == CLI_YES);
            }
            ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&all), rows[i].want));
            stream_reader_done(&reader);
        }
    }
}

static void an_endless_message_ends_the_stream(void **state)
{
    (void)state;
    struct stream_reader reader = {.has_data = false};
    stream_reader_init(&reader);
    reader.message = collect;
    static const char piece[4096] = "data: ";
    enum cli_exit code = CLI_YES;
    for (size_t i = 0; !code && i < 1000; i++)
        code = stream_reader_take(&reader, (struct ambit_str){.p = piece, .len = sizeof piece});
    assert_int_equal(code, CLI_UNREACHABLE);
    stream_reader_done(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_the_same_however_cut),
        cmocka_unit_test(an_endless_message_ends_the_stream),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
