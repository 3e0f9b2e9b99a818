/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: HTTP Basic is read as strict OAuth clients send it (CLI-4), bearer tokens as BRR-1 says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "identity/basic.h"
#include "identity/identity.h"

static void basic_of(const char *scheme, const char *plain, struct buf *out)
{
    buf_put_text(out, scheme);
    buf_put_char(out, ' ');
    buf_put_base64(out, (const uint8_t *)plain, strlen(plain));
}

static void halves_are_form_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *scheme, *plain, *id, *secret;
    } rows[] = {
        {"Basic", "remediator:secret", "remediator", "secret"},
        {"bAsIc", "remediator:secret", "remediator", "secret"},
        {"Basic", "a%2Db:x%3Ay", "a-b", "x:y"}, /* even '-' is encoded */
        {"Basic", "a+b:c+d", "a b", "c d"},     /* '+' is a space */
        {"Basic", "a:b:c", "a", "b:c"},         /* the first ':' splits */
        {"Basic", "a:", "a", ""},
        {"Basic", "abc", NULL, NULL}, /* no ':' */
        {"Basic", "a%zz:b", NULL, NULL},
        {"Basic", "a:%00", NULL, NULL},
        {"Digest", "a:b", NULL, NULL},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO header;
        buf_init(&header, 0);
        basic_of(rows[i].scheme, rows[i].plain, &header);
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct basic got = {0};
        enum ambit_err err = basic_read(buf_str(&header), &arena, &got);
        if ((err == AMBIT_OK) != (rows[i].id != NULL))
            fail_msg("%s", rows[i].plain);
        if (err)
            continue;
        assert_true(ambit_str_is(got.id, rows[i].id));
        assert_true(ambit_str_is(got.secret, rows[i].secret));
    }
}

static void base64_is_strict(void **state)
{
    (void)state;
    static const char *const headers[] = {"Basic",       "Basic ",    "Basic !!!!",
                                          "Basic YTpi=", "Basic YTp", "YTpi"};
    for (size_t i = 0; i < AMBIT_LEN(headers); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct basic got = {0};
        assert_int_not_equal(basic_read(ambit_str_of(headers[i]), &arena, &got), AMBIT_OK);
    }
}

static void bearer_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *header, *token;
    } rows[] = {
        {"Bearer abc.DEF-_~+/123==", "abc.DEF-_~+/123=="},
        {"bearer x", "x"},
        {"Bearer  x", "x"},
        {"Bearer", ""},
        {"Bearer ", ""},
        {"Bearer =", ""},
        {"Bearer a b", ""},
        {"Bearer a\"b", ""},
        {"Basic x", ""},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        if (!ambit_str_is(identity_bearer(ambit_str_of(rows[i].header)), rows[i].token))
            fail_msg("%s", rows[i].header);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_are_form_decoded),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(bearer_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
