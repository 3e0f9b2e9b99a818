/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: CIB-2, CIB-3, CIB-4: the form of POST /bc-authorize, each fault with its own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "oauth/awaited.h"

#define OK  "scope=a&login_hint=oncall"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *name, *body, *error; /* NULL: read */
} rows[] = {
    {"a plain one", OK, NULL},
    {"with all there is", OK "&binding_message=W-4&requested_expiry=60&acr_values=x&user_code=1",
     NULL},
    {"CIB-3: no scope", "login_hint=oncall", "invalid_request"},
    {"CIB-2: no hint", "scope=a", "invalid_request"},
    {"CIB-2: an empty hint is none", "scope=a&login_hint=", "invalid_request"},
    {"CIB-2: two hints", OK "&id_token_hint=x", "invalid_request"},
    {"CIB-2: a hint of another kind", "scope=a&login_hint_token=x", "invalid_request"},
    {"CIB-2: no name", "scope=a&login_hint=a%0ab", "unknown_user_id"},
    {"CIB-2: too long for a name", "scope=a&login_hint=" X64 "x", "unknown_user_id"},
    {"CIB-4: the longest message", OK "&binding_message=" X64 X64 X64 X64, NULL},
    {"CIB-4: one more", OK "&binding_message=" X64 X64 X64 X64 "x", "invalid_binding_message"},
    {"CIB-4: a message of two lines", OK "&binding_message=a%0ab", "invalid_binding_message"},
    {"CIB-4: no time", OK "&requested_expiry=0", "invalid_request"},
    {"CIB-4: time behind us", OK "&requested_expiry=-1", "invalid_request"},
    {"CIB-4: no number", OK "&requested_expiry=1m", "invalid_request"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        struct form form = {0};
        struct bc_request request;
        struct token_refusal refusal = {0};
        const char *what = NULL;
        arena_init(&arena, NULL, 0, 0);
        assert_int_equal(form_decode(ambit_str_of(rows[i].body), &arena, &form, &what), AMBIT_OK);
        enum ambit_err err = bc_request_read(&form, &request, &refusal);
        const char *error = err ? oauth_error_text(refusal.error) : NULL;
        bool is_it = rows[i].error ? error && streq(error, rows[i].error) : !error;
        if (!is_it)
            fail_msg("%s: %s", rows[i].name, error ? error : "read");
    }
}

static void test_openid(void **state)
{
    (void)state;
    struct asked asked = {.n = 0};
    const char *what = NULL;
    assert_int_equal(scope_read(AMBIT_STR("a openid b openid[x:y]"), &asked, &what), AMBIT_OK);
    assert_int_equal(asked.n, 4);
    bc_drop_openid(&asked);
    assert_int_equal(asked.n, 3);
    assert_int_equal(asked.n_scope, 3);
    assert_true(ambit_str_is(asked.items[1].action, "b"));
    bc_drop_openid(&asked);
    assert_int_equal(asked.n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_openid)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
