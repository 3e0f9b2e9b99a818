/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an evaluation request of the right form is read as it stands, one of another form is 400,
 * and what the asker vouches for reaches the engine and the record alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "authzen/request.h"
#include "base/arena.h"
#include "base/json_write.h"

#define SUBJECT  "\"subject\":{\"type\":\"access_token\",\"id\":\"T\"}"
#define ACTION   "\"action\":{\"name\":\"service.restart\"}"
#define RESOURCE "\"resource\":{\"type\":\"svc\",\"id\":\"prod/web-1\"}"
#define THREE    SUBJECT "," ACTION "," RESOURCE

struct row {
    const char *name, *body;
    bool is_read;
};
static const struct row rows[] = {
    {"the least", "{" THREE "}", true},
    {"unknown members are ignored (AZN-3)", "{" THREE ",\"foo\":\"bar\",\"x\":{\"y\":1.5}}", true},
    {"a context", "{" THREE ",\"context\":{\"batch\":3}}", true},
    {"no body", "", false},
    {"not JSON", "{", false},
    {"an array", "[]", false},
    {"bytes behind", "{" THREE "} x", false},
    {"a member twice (I-JSON)", "{" THREE "," ACTION "}", false},
    {"a member twice, escaped", "{" THREE ",\"\\u0061ction\":{\"name\":\"a\"}}", false},
    {"no subject (AZN-2)", "{" ACTION "," RESOURCE "}", false},
    {"no action", "{" SUBJECT "," RESOURCE "}", false},
    {"no resource", "{" SUBJECT "," ACTION "}", false},
    {"a subject without id", "{\"subject\":{\"type\":\"access_token\"}," ACTION "," RESOURCE "}",
     false},
    {"a subject without type", "{\"subject\":{\"id\":\"T\"}," ACTION "," RESOURCE "}", false},
    {"an action that is a text", "{" SUBJECT ",\"action\":\"a\"," RESOURCE "}", false},
    {"an action whose name is a number", "{" SUBJECT ",\"action\":{\"name\":1}," RESOURCE "}",
     false},
    {"a resource without id", "{" SUBJECT "," ACTION ",\"resource\":{\"type\":\"svc\"}}", false},
    {"properties that are no object",
     "{\"subject\":{\"type\":\"access_token\",\"id\":\"T\",\"properties\":[]}," ACTION "," RESOURCE
     "}",
     false},
    {"a context that is no object", "{" THREE ",\"context\":[]}", false},
    {"a context of null", "{" THREE ",\"context\":null}", false},
    {"context.subject.role (AZN-16)", "{" THREE ",\"context\":{\"subject.role\":\"admin\"}}",
     false},
    {"context.resource.x (AZN-16)", "{" THREE ",\"context\":{\"resource.x\":1}}", false},
    {"context.action.x (AZN-16)", "{" THREE ",\"context\":{\"action.x\":1}}", false},
    {"a source", "{" THREE ",\"context\":{\"source\":\"10.20.0.1\"}}", true},
    {"a source that is no address", "{" THREE ",\"context\":{\"source\":\"web-1\"}}", false},
    {"a source that is no text", "{" THREE ",\"context\":{\"source\":1}}", false},
    {"a stated reason", "{" THREE ",\"context\":{\"stated_reason\":\"INC-9\"}}", true},
    {"a stated reason with a control byte",
     "{" THREE ",\"context\":{\"stated_reason\":\"a\\u0000b\"}}", false},
    {"a digest that is no text", "{" THREE ",\"context\":{\"arguments_digest\":[]}}", false},
};

static void shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct evaluation evaluation;
        const char *what = NULL;
        enum ambit_err err =
            evaluation_read(ambit_str_of(rows[i].body), &arena, &evaluation, &what);
        if (err != (rows[i].is_read ? AMBIT_OK : AMBIT_ERR_MALFORMED))
            fail_msg("%s: %s", rows[i].name, ambit_err_text(err));
        if (err)
            assert_non_null(what);
    }
}

/* AZN-15: what the service was shown with the token */
static void azn_15_proofs(void **state)
{
    (void)state;
    static const char body[] =
        "{\"subject\":{\"type\":\"access_token\",\"id\":\"T\",\"properties\":{\"dpop\":"
        "{\"proof\":\"a.b.c\",\"method\":\"GET\",\"uri\":\"https://x/y\"},"
        "\"x5t#S256\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}},"
        "\"action\":{\"name\":\"a\"},\"resource\":{\"type\":\"svc\",\"id\":\"x\"}}";
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct evaluation got;
    const char *what = NULL;
    assert_int_equal(evaluation_read(ambit_str_of(body), &arena, &got, &what), AMBIT_OK);
    assert_true(ambit_str_is(got.dpop.proof, "a.b.c") && ambit_str_is(got.dpop.method, "GET"));
    assert_true(ambit_str_is(got.dpop.uri, "https://x/y") && got.n_members == 0);
    assert_true(got.has_certificate && got.certificate.b[0] == 1 && got.certificate.b[31] == 1);
}

/* AZN-14, AZN-16: properties reach the context under their prefix; reserved members do not */
static void members_and_record_agree(void **state)
{
    (void)state;
    static const char body[] =
        "{\"subject\":{\"type\":\"access_token\",\"id\":\"T\",\"properties\":{\"role\":\"admin\","
        "\"dpop\":{},"
        "\"x5t#S256\":\"x\"}},"
        "\"action\":{\"name\":\"a\",\"properties\":{\"soft\":true}},"
        "\"resource\":{\"type\":\"svc\",\"id\":\"x:y\",\"properties\":{\"size\":1.5}},"
        "\"context\":{\"batch\":3,\"source\":\"::ffff:10.0.0.1\",\"stated_reason\":\"why\","
        "\"arguments_digest\":\"sha256:00\",\"list\":[1,2.5],\"none\":null}}";
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct evaluation got;
    const char *what = NULL;
    assert_int_equal(evaluation_read(ambit_str_of(body), &arena, &got, &what), AMBIT_OK);
    assert_true(ambit_str_is(got.resource, "svc:x:y"));
    assert_true(ambit_str_is(got.stated_reason, "why"));
    assert_true(ambit_str_is(got.arguments_digest, "sha256:00"));
    assert_true(ambit_str_is(got.source_text, "::ffff:10.0.0.1"));
    assert_int_equal(got.source.family, 4);
    assert_true(!got.dpop.proof.p && !got.has_certificate); /* not of their form: none */

    static const struct {
        const char *name;
        bool is_other;
    } want[] = {{"batch", false},        {"list", true},          {"none", true},
                {"subject.role", false}, {"resource.size", true}, {"action.soft", false}};
    assert_int_equal(got.n_members, AMBIT_LEN(want));
    for (size_t i = 0; i < AMBIT_LEN(want); i++) {
        assert_true(ambit_str_is(got.members[i].name, want[i].name));
        assert_int_equal(got.members[i].is_other, want[i].is_other);
    }

    BUF_AUTO buf;
    buf_init(&buf, 0);
    struct json_out out;
    json_out_init(&out, &buf, true); /* as the record writes it */
    json_write_value(&out, got.context);
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    assert_true(ambit_str_is(
        buf_str(&buf),
        "{\"action.soft\":true,\"batch\":3,\"list\":[1,{\"decimal\":\"2.5\"}],\"none\":null,"
        "\"resource.size\":{\"decimal\":\"1.5\"},\"subject.role\":\"admin\"}"));
}

static void members_are_bounded(void **state)
{
    (void)state;
    for (int n = 64; n <= 65; n++) {
        BUF_AUTO body;
        buf_init(&body, 0);
        buf_put_text(&body, "{" THREE ",\"context\":{");
        for (int i = 0; i < n; i++)
            buf_printf(&body, "%s\"m%d\":%d", i ? "," : "", i, i);
        buf_put_text(&body, "}}");
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct evaluation got;
        const char *what = NULL;
        assert_int_equal(evaluation_read(buf_str(&body), &arena, &got, &what),
                         n == 64 ? AMBIT_OK : AMBIT_ERR_MALFORMED);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(azn_15_proofs),
        cmocka_unit_test(members_and_record_agree),
        cmocka_unit_test(members_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
