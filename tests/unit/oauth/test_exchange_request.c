/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the form of a token exchange is read as RFC 8693 has it, and what is not of that form is
 * refused with the code of its field (TEX-1 to TEX-4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "oauth/exchange_request.h"

#define TYPE "urn:ietf:params:oauth:token-type:"
/* {"jti":"AQIDAAAAAAAAAAAAAAAAAA","rnd":"__4AAAAAAAAAAAAAAAAAAA","x":1} */
#define TOKEN                                            \
    "e30.eyJqdGkiOiJBUUlEQUFBQUFBQUFBQUFBQUFBQUFBIiwicm" \
    "5kIjoiX180QUFBQUFBQUFBQUFBQUFBQUFBQSIsIngiOjF9.AAAA"
#define SUBJECT "subject_token=" TOKEN "&subject_token_type=" TYPE "access_token"
#define ACTOR   "&actor_token=" TOKEN "&actor_token_type=" TYPE "access_token"

static const struct row {
    const char *name, *body, *error; /* NULL: read */
} rows[] = {
    {"a subject token and its type", SUBJECT, NULL},
    {"no subject token", "subject_token_type=" TYPE "access_token", "invalid_request"},
    {"an empty one counts as absent (HTP-7)",
     "subject_token=&subject_token_type=" TYPE "access_token", "invalid_request"},
    {"no type of it", "subject_token=" TOKEN, "invalid_request"},
    {"its type is jwt (TEX-2)", "subject_token=" TOKEN "&subject_token_type=" TYPE "jwt", NULL},
    {"a refresh token", "subject_token=" TOKEN "&subject_token_type=" TYPE "refresh_token",
     "invalid_request"},
    {"an id token", "subject_token=" TOKEN "&subject_token_type=" TYPE "id_token",
     "invalid_request"},
    {"saml", "subject_token=" TOKEN "&subject_token_type=" TYPE "saml2", "invalid_request"},
    {"a type with more behind it", SUBJECT "x", "invalid_request"},
    {"no token of ours (TEX-3)", "subject_token=a.b.c&subject_token_type=" TYPE "access_token",
     "invalid_request"},
    {"an actor token", SUBJECT ACTOR, NULL},
    {"an actor token without a type", SUBJECT "&actor_token=" TOKEN, "invalid_request"},
    {"a type without an actor token", SUBJECT "&actor_token_type=" TYPE "access_token",
     "invalid_request"},
    {"an actor token of another type",
     SUBJECT "&actor_token=" TOKEN "&actor_token_type=" TYPE "id_token", "invalid_request"},
    {"an actor token that is none", SUBJECT "&actor_token=x&actor_token_type=" TYPE "jwt",
     "invalid_request"},
    {"an access token asked for", SUBJECT "&requested_token_type=" TYPE "access_token", NULL},
    {"another asked for", SUBJECT "&requested_token_type=" TYPE "jwt", "invalid_request"},
    {"an audience", SUBJECT "&audience=https://p", NULL},
    {"the same resource", SUBJECT "&audience=https://p&resource=https://p", NULL},
    {"another resource (TEX-4)", SUBJECT "&audience=https://p&resource=https://q",
     "invalid_target"},
    {"two audiences", SUBJECT "&audience=https://p&audience=https://p", "invalid_target"},
    {"an audience that is no URI", SUBJECT "&audience=p", "invalid_target"},
};

static enum ambit_err read_body(const char *body, struct arena *arena, struct exchange_request *ret,
                                struct token_refusal *reterr)
{
    struct form form = {0};
    const char *what = NULL;
    assert_int_equal(form_decode(ambit_str_of(body), arena, &form, &what), AMBIT_OK);
    return exchange_request_read(&form, ret, reterr);
}

static void forms_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct exchange_request request;
        struct token_refusal refusal = {0};
        enum ambit_err err = read_body(rows[i].body, &arena, &request, &refusal);
        if (!err != !rows[i].error)
            fail_msg("%s: %s", rows[i].name, err ? refusal.description : "was read");
        if (err && !streq(oauth_error_text(refusal.error), rows[i].error))
            fail_msg("%s: %s", rows[i].name, oauth_error_text(refusal.error));
    }
}

static void what_was_read(void **state)
{
    (void)state;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct exchange_request request;
    struct token_refusal refusal = {0};
    assert_int_equal(read_body(SUBJECT ACTOR "&audience=urn:x", &arena, &request, &refusal),
                     AMBIT_OK);
    const struct ambit_id jti = {{1, 2, 3}};
    assert_true(ambit_id_eq(request.subject.jti, jti));
    assert_int_equal(request.subject.rnd[0], 0xff);
    assert_true(request.has_actor && ambit_id_eq(request.actor.jti, jti));
    assert_true(ambit_str_is(request.audience, "urn:x"));
    assert_int_equal(read_body(SUBJECT, &arena, &request, &refusal), AMBIT_OK);
    assert_false(request.has_actor);
    assert_null(request.audience.p);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(what_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
