/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the form of a token request is read in the order of standards.md section 3, and what is
 * syntax is refused with the code of its field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "oauth/token_request.h"

#define CC "grant_type=client_credentials&"

struct row {
    const char *name, *body, *error; /* NULL: read */
};

/* As token.c does: the grant type first, then what is asked. */
static enum ambit_err read_both(const struct form *form, struct arena *arena,
                                struct token_request *ret, struct token_refusal *reterr)
{
    enum grant_type type = GRANT_TYPES;
    enum ambit_err err = grant_type_read(form, &type, reterr);
    return err ? err : token_request_read(form, arena, ret, reterr);
}

static const struct row rows[] = {
    {"a plain one", CC "scope=a%5Bx:y%5D", NULL},
    {"no grant type (TOK-7)", "scope=a", "invalid_request"},
    {"an empty grant type counts as absent (HTP-7)", "grant_type=&scope=a", "invalid_request"},
    {"another grant type", "grant_type=password&scope=a", "unsupported_grant_type"},
    {"the grant type comes before the scope", "grant_type=password&scope=a++b",
     "unsupported_grant_type"},
    {"nothing asked is the engine's (TOK-4)", "grant_type=client_credentials", NULL},
    {"a bad scope", CC "scope=a++b", "invalid_scope"},
    {"bad details", CC "authorization_details=%5B1%5D", "invalid_authorization_details"},
    {"both are honoured (RAR-6)",
     CC "scope=a&authorization_details=%5B%7B%22type%22:%22ambit%22,%22actions%22:%5B%22b%22%5D,"
        "%22resources%22:%5B%22x:y%22%5D%7D%5D",
     NULL},
    {"a resource", CC "scope=a&resource=https://payments.example.gov", NULL},
    {"an urn", CC "scope=a&resource=urn:x:y", NULL},
    {"several resources (TOK-14)", CC "scope=a&resource=https://x&resource=https://y",
     "invalid_target"},
    {"a relative resource (RES-1)", CC "scope=a&resource=/x", "invalid_target"},
    {"a fragment", CC "scope=a&resource=https://x%23y", "invalid_target"},
    {"a space", CC "scope=a&resource=https://x%20y", "invalid_target"},
    {"a scheme alone", CC "scope=a&resource=https:", "invalid_target"},
    {"a lifetime (TOK-11)", CC "scope=a&requested_lifetime=60", NULL},
    {"a lifetime of nothing is the engine's", CC "scope=a&requested_lifetime=0", NULL},
    {"a negative lifetime is the engine's", CC "scope=a&requested_lifetime=-5", NULL},
    {"a lifetime that is no number", CC "scope=a&requested_lifetime=1m", "invalid_request"},
    {"half a second", CC "scope=a&requested_lifetime=1.5", "invalid_request"},
    {"a purpose", CC "scope=a&purpose=INC-9", NULL},
    {"a control byte in it", CC "scope=a&purpose=INC%0A9", "invalid_request"},
    {"two purposes",
     CC "purpose=1&authorization_details=%5B%7B%22type%22:%22ambit%22,%22actions%22:%5B%22b%22%5D,"
        "%22resources%22:%5B%22x:y%22%5D,%22purpose%22:%222%22%7D%5D",
     "invalid_request"},
    {"unknown parameters are ignored (HTP-7)", CC "scope=a&colour=blue", NULL},
};

static void forms_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct form form = {0};
        const char *what = NULL;
        assert_int_equal(form_decode(ambit_str_of(rows[i].body), &arena, &form, &what), AMBIT_OK);
        struct token_request request;
        struct token_refusal refusal = {0};
        enum ambit_err err = read_both(&form, &arena, &request, &refusal);
        if (err && (!rows[i].error || !streq(oauth_error_text(refusal.error), rows[i].error)))
            fail_msg("%s: %s", rows[i].name, oauth_error_text(refusal.error));
        if (!err && rows[i].error)
            fail_msg("%s: was read", rows[i].name);
        if (err)
            assert_non_null(refusal.description);
    }
}

static void what_was_read(void **state)
{
    (void)state;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct form form = {0};
    const char *what = NULL;
    const char *body =
        CC "scope=a+b%5Bx:y%5D&resource=https://p&purpose=INC-9&requested_lifetime=-5";
    assert_int_equal(form_decode(ambit_str_of(body), &arena, &form, &what), AMBIT_OK);
    struct token_request request;
    struct token_refusal refusal = {0};
    assert_int_equal(read_both(&form, &arena, &request, &refusal), AMBIT_OK);
    assert_int_equal(request.asked.n, 2);
    assert_true(ambit_str_is(request.resource, "https://p"));
    assert_true(ambit_str_is(request.purpose, "INC-9"));
    assert_true(request.has_lifetime);
    assert_int_equal(request.lifetime_s, -5);
}

/* What is too long for a name reaches the engine and the record as its digest, malformed as before.
 */
static void a_pasted_token_is_not_recorded(void **state)
{
    (void)state;
    BUF_AUTO body;
    buf_init(&body, 0);
    buf_put_text(&body, CC "scope=ok+");
    for (int i = 0; i < 513; i++)
        buf_put_char(&body, 'x');
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct form form = {0};
    const char *what = NULL;
    assert_int_equal(form_decode(buf_str(&body), &arena, &form, &what), AMBIT_OK);
    struct token_request request;
    struct token_refusal refusal = {0};
    assert_int_equal(read_both(&form, &arena, &request, &refusal), AMBIT_OK);
    assert_int_equal(request.asked.n, 2);
    assert_true(ambit_str_is(request.asked.items[0].action, "ok"));
    assert_int_equal(request.asked.items[1].action.len, 8 + 64);
    assert_memory_equal(request.asked.items[1].action.p, "?sha256:", 8);
    assert_false(ambit_pattern_is_action(request.asked.items[1].action));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(what_was_read),
        cmocka_unit_test(a_pasted_token_is_not_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
