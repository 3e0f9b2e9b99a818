/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: discovery names what works, in the form stock clients parse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "oauth/metadata.h"

static bool has_text(const struct json_value *list, const char *text)
{
    for (const struct json_value *v = list ? list->first : NULL; v; v = v->next)
        if (ambit_str_is(v->text, text))
            return true;
    return false;
}

/* MET-3..6 */
static void metadata_is_what_clients_parse(void **state)
{
    (void)state;
    BUF_AUTO buf;
    buf_init(&buf, 0);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct json_out out;
    json_out_init(&out, &buf, false);
    struct metadata metadata = {.issuer = AMBIT_STR("https://broker.example.gov")};
    metadata_write(&metadata, &out);
    const struct json_value *got = NULL;
    struct json_problem problem = {0};
    assert_int_equal(json_read(buf_str(&buf), (struct json_limits){0}, &arena, &got, &problem),
                     AMBIT_OK);

    assert_true(ambit_str_is(json_get_str(got, "issuer"), "https://broker.example.gov"));
    assert_true(
        ambit_str_is(json_get_str(got, "token_endpoint"), "https://broker.example.gov/token"));
    assert_true(ambit_str_is(json_get_str(got, "jwks_uri"), "https://broker.example.gov/jwks"));
    assert_non_null(json_get(got, "authorization_endpoint"));
    assert_true(has_text(json_get(got, "response_types_supported"), "code"));
    assert_true(has_text(json_get(got, "code_challenge_methods_supported"), "S256"));
    assert_true(has_text(json_get(got, "grant_types_supported"), "client_credentials"));
    assert_true(
        has_text(json_get(got, "token_endpoint_auth_methods_supported"), "private_key_jwt"));
    assert_true(
        has_text(json_get(got, "token_endpoint_auth_signing_alg_values_supported"), "RS256"));
    assert_false(
        has_text(json_get(got, "token_endpoint_auth_signing_alg_values_supported"), "none"));
    assert_true(has_text(json_get(got, "authorization_details_types_supported"), "ambit"));
    assert_true(has_text(json_get(got, "dpop_signing_alg_values_supported"), "ES256"));
    assert_false(has_text(json_get(got, "dpop_signing_alg_values_supported"), "none"));
    for (const struct json_value *member = got->first; member; member = member->next)
        assert_false(member->kind == JSON_ARRAY && member->count == 0); /* MET-4 */
    static const char *const not_yet[] = {
        "device_authorization_endpoint", "deferred_token_response_supported",
        "pushed_authorization_request_endpoint", "status_list_aggregation_endpoint"};
    for (size_t i = 0; i < AMBIT_LEN(not_yet); i++)
        assert_null(json_get(got, not_yet[i]));
}

/* MET-1 */
static void the_path_of_an_issuer(void **state)
{
    (void)state;
    static const struct {
        const char *issuer, *path;
    } rows[] = {
        {"https://h", ""},
        {"https://h/", ""},
        {"https://h/t1", "/t1"},
        {"https://h/t1/", "/t1"},
        {"https://h:8443/a/b", "/a/b"},
        {"http://127.0.0.1:8420", ""},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        assert_true(ambit_str_is(metadata_issuer_path(ambit_str_of(rows[i].issuer)), rows[i].path));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_is_what_clients_parse),
        cmocka_unit_test(the_path_of_an_issuer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
