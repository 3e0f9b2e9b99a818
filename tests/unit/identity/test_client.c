/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: callers get in by what their own document names, by exactly one way, and by nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fixture.h"

static struct ambit_str basic(struct arena *arena, const char *id, const char *secret)
{
    BUF_AUTO plain, header;
    buf_init(&plain, 0);
    buf_init(&header, 0);
    buf_printf(&plain, "%s:%s", id, secret);
    buf_put_text(&header, "Basic ");
    buf_put_base64(&header, (const uint8_t *)plain.p, plain.len);
    return arena_copy(arena, buf_str(&header));
}

/* CLI-2, CLI-3, CLI-4 */
static void shared_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *name, *id, *secret, *client_id;
        enum identity_refusal want;
    } rows[] = {
        {"an agent", "remediator", "agent+secret", NULL, IDENTITY_FINE},
        {"a service", "payments-api", "service+secret", NULL, IDENTITY_FINE},
        {"client_id beside it", "remediator", "agent+secret", "remediator", IDENTITY_FINE},
        {"another client_id", "remediator", "agent+secret", "payments-api", IDENTITY_INVALID},
        {"a wrong secret", "remediator", "wrong", NULL, IDENTITY_INVALID},
        {"a lapsed secret", "remediator", "lapsed+secret", NULL, IDENTITY_INVALID},
        {"another's secret", "remediator", "service+secret", NULL, IDENTITY_INVALID},
        {"nobody", "nobody", "agent+secret", NULL, IDENTITY_INVALID},
        {"an empty secret", "remediator", "", NULL, IDENTITY_INVALID},
    };
    struct fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct identity_proof proof = {.authorization = basic(&arena, rows[i].id, rows[i].secret),
                                       .client_id = ambit_str_of(rows[i].client_id)};
        struct identity_answer got = {0};
        assert_int_equal(fixture_client(&f, &proof, &arena, &got), AMBIT_OK);
        if (got.refusal != rows[i].want)
            fail_msg("%s: %d", rows[i].name, got.refusal);
        assert_true(got.used_header);
        if (got.refusal == IDENTITY_FINE) {
            assert_true(ambit_str_is(got.caller.name, rows[i].id));
            assert_true(identity_stands(&f.documents, f.keys, &got.caller, NOW_MS));
            assert_false(identity_stands(&f.documents, f.keys, &got.caller, NOW_MS + 1000));
        }
    }
    fixture_done(&f);
}

/* CLI-1, CLI-14 */
static void exactly_one_way(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct ambit_str header = basic(&arena, "remediator", "agent+secret"), text = AMBIT_STR("x");
    const struct {
        struct identity_proof proof;
        enum identity_refusal want;
    } rows[] = {
        {{.client_id = text}, IDENTITY_NO_CREDENTIALS},
        {{.authorization = header, .client_secret = text}, IDENTITY_TWO_METHODS},
        {{.authorization = header, .client_assertion = text}, IDENTITY_TWO_METHODS_ASSERTION},
        {{.authorization = header, .client_assertion_type = text}, IDENTITY_TWO_METHODS_ASSERTION},
        {{.client_secret = text, .client_assertion = text}, IDENTITY_TWO_METHODS_ASSERTION},
        {{.client_id = AMBIT_STR("remediator"), .client_secret = AMBIT_STR("agent secret")},
         IDENTITY_INVALID},
        {{.client_assertion = text}, IDENTITY_INVALID},
        {{.client_assertion_type = text}, IDENTITY_INVALID},
        {{.authorization = AMBIT_STR("Bearer x")}, IDENTITY_INVALID},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct identity_answer got = {0};
        assert_int_equal(fixture_client(&f, &rows[i].proof, &arena, &got), AMBIT_OK);
        if (got.refusal != rows[i].want)
            fail_msg("row %zu: %d", i, got.refusal);
    }
    fixture_done(&f);
}

static void services_alone(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct identity_answer got = {0};
    assert_int_equal(
        identity_service(&f.documents, f.keys,
                         &(struct identity_proof){
                             .authorization = basic(&arena, "payments-api", "service+secret")},
                         NOW_MS, &arena, &got),
        AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_FINE);
    assert_int_equal(got.caller.kind, CALLER_SERVICE);
    assert_int_equal(
        identity_service(
            &f.documents, f.keys,
            &(struct identity_proof){.authorization = basic(&arena, "remediator", "agent+secret")},
            NOW_MS, &arena, &got),
        AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID);
    assert_int_equal(
        identity_service(&f.documents, f.keys, &(struct identity_proof){0}, NOW_MS, &arena, &got),
        AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_NO_CREDENTIALS);
    fixture_done(&f);
}

static void people_by_token(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int64_t now_ms;
        enum identity_refusal want;
    } rows[] = {
        {"Bearer dana-token", NOW_MS, IDENTITY_FINE},
        {"Bearer dana-token", NOW_MS + 1000, IDENTITY_INVALID}, /* lapsed */
        {"Bearer kim-token", NOW_MS, IDENTITY_INVALID},         /* not active */
        {"Bearer other", NOW_MS, IDENTITY_INVALID},
        {"dana-token", NOW_MS, IDENTITY_INVALID},
        {NULL, NOW_MS, IDENTITY_NO_CREDENTIALS},
    };
    struct fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct identity_answer got = {0};
        struct identity_proof proof = {.authorization = ambit_str_of(rows[i].header)};
        assert_int_equal(identity_person(&f.documents, f.keys, &proof, rows[i].now_ms, &got),
                         AMBIT_OK);
        if (got.refusal != rows[i].want)
            fail_msg("row %zu: %d", i, got.refusal);
        if (got.refusal == IDENTITY_FINE) {
            assert_true(ambit_str_is(got.caller.name, "dana"));
            assert_true(identity_stands(&f.documents, f.keys, &got.caller, NOW_MS));
            f.people[0].is_active = false;
            assert_false(identity_stands(&f.documents, f.keys, &got.caller, NOW_MS));
            f.people[0].is_active = true;
        }
    }
    fixture_done(&f);
}

static void a_broken_key_refuses_the_set(void **state)
{
    (void)state;
    static const char *const sets[] = {
        "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", "[]",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}"};
    for (size_t i = 0; i < AMBIT_LEN(sets); i++) {
        struct fixture f;
        fixture_init(&f);
        f.agent_ways[2].jwks = ambit_str_of(sets[i]);
        struct identity_keys *keys = NULL;
        struct ambit_str name = {0};
        const char *what = NULL;
        assert_int_equal(identity_keys_new(&f.documents, &keys, &name, &what), AMBIT_ERR_MALFORMED);
        assert_true(ambit_str_is(name, "remediator"));
        assert_non_null(what);
        fixture_done(&f);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_secrets),
        cmocka_unit_test(exactly_one_way),
        cmocka_unit_test(services_alone),
        cmocka_unit_test(people_by_token),
        cmocka_unit_test(a_broken_key_refuses_the_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
