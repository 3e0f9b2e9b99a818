/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: whom the configuration trusts is read whole or refused: issuers (WIF-1, SPF-1, SPF-2), the
 * other spelling of our own (CLI-8), blocks of addresses. */
#include "support/unit.h"

#include "config/config.h"
#include "crypto/key.h"

#define ISSUER "\"issuer\": \"https://broker.example.gov\""

static enum ambit_err load(const char *json, struct config *config, struct ambit_problems *problems)
{
    const struct config_source none = {.path = NULL};
    return config_read(ambit_str_of(json), "ambit.json", "/etc/ambit/", &none, config, problems);
}

static void whole(void **state)
{
    (void)state;
    static const char json[] =
        "{" ISSUER ", \"issuer_aliases\": [\"https://broker.example.gov/\"],"
        "\"fetch\": {\"ca\": \"ca.pem\", \"allow\": [\"10.0.0.0/8\", \"fd00::/8\"], \"stale\": "
        "\"10m\"},"
        "\"trusted_issuers\": ["
        "{\"issuer\": \"https://kubernetes.default.svc\", \"profile\": \"kubernetes\", \"jwks\": "
        "\"https://10.96.0.1/openid/v1/jwks\", \"algorithms\": [\"RS256\", \"ES256\"]},"
        "{\"issuer\": \"https://token.actions.githubusercontent.com\", \"algorithms\": "
        "[\"RS256\"], \"max_age\": \"10m\"},"
        "{\"issuer\": \"spiffe://example.gov\", \"jwks\": \"bundle.json\", \"algorithms\": "
        "[\"ES256\"], \"client_assertion\": true}]}";
    CONFIG_AUTO config = {.n_listen = 0};
    struct ambit_problems problems = {.v = NULL};
    assert_int_equal(load(json, &config, &problems), AMBIT_OK);
    assert_true(ambit_str_is(config.issuer_alias, "https://broker.example.gov/"));
    assert_true(ambit_str_is(config.fetch.ca, "/etc/ambit/ca.pem"));
    assert_int_equal(config.fetch.n_allow, 2);
    assert_int_equal(config.fetch.stale_s, 600);
    assert_int_equal(config.n_issuers, 3);
    const struct config_issuer *one = config.issuers;
    assert_int_equal(one[0].profile, CONFIG_PROFILE_KUBERNETES);
    assert_false(one[0].is_file);
    assert_int_equal(one[0].algorithms,
                     CRYPTO_ALG_BIT(CRYPTO_RS256) | CRYPTO_ALG_BIT(CRYPTO_ES256));
    assert_int_equal(one[0].max_age_s, 3600);
    assert_int_equal(one[1].profile, CONFIG_PROFILE_GITHUB);
    assert_null(one[1].jwks.p);
    assert_int_equal(one[1].max_age_s, 600);
    assert_int_equal(one[2].profile, CONFIG_PROFILE_SPIFFE);
    assert_true(one[2].is_file && one[2].is_assertion);
    assert_true(ambit_str_is(one[2].jwks, "/etc/ambit/bundle.json"));
    ambit_problems_done(&problems);
}

static void refused(void **state)
{
    (void)state;
#define ONE(members) "{" ISSUER ", \"trusted_issuers\": [{" members "}]}"
    static const struct {
        const char *name, *json, *what;
    } rows[] = {
        {"no issuer", ONE("\"algorithms\": [\"ES256\"]"), "\"issuer\" is missing or no URL"},
        {"plain http", ONE("\"issuer\": \"http://a.example\", \"algorithms\": [\"ES256\"]"),
         "\"issuer\" is missing or no URL"},
        {"a legacy issuer (K8S-2)",
         ONE("\"issuer\": \"kubernetes/serviceaccount\", \"algorithms\": [\"ES256\"]"),
         "\"issuer\" is missing or no URL"},
        {"no algorithms", ONE("\"issuer\": \"https://a.example\""), "\"algorithms\" is missing"},
        {"empty algorithms", ONE("\"issuer\": \"https://a.example\", \"algorithms\": []"),
         "names no algorithm"},
        {"none", ONE("\"issuer\": \"https://a.example\", \"algorithms\": [\"none\"]"),
         "names an algorithm that is not known"},
        {"HS256", ONE("\"issuer\": \"https://a.example\", \"algorithms\": [\"HS256\"]"),
         "names an algorithm that is not known"},
        {"SPF-1 EdDSA of SVIDs",
         ONE("\"issuer\": \"spiffe://td\", \"jwks\": \"b\", \"algorithms\": [\"EdDSA\"]"),
         "EdDSA is not for SVIDs"},
        {"SPF-2 no bundle", ONE("\"issuer\": \"spiffe://td\", \"algorithms\": [\"ES256\"]"),
         "\"jwks\" is missing"},
        {"a workload is no issuer",
         ONE("\"issuer\": \"spiffe://td/a\", \"jwks\": \"b\", \"algorithms\": [\"ES256\"]"),
         "issuer and profile do not fit"},
        {"a profile of another kind",
         ONE("\"issuer\": \"https://a.example\", \"profile\": \"spiffe\", \"jwks\": \"b\", "
             "\"algorithms\": [\"ES256\"]"),
         "issuer and profile do not fit"},
        {"unknown profile",
         ONE("\"issuer\": \"https://a.example\", \"profile\": \"saml\", \"algorithms\": "
             "[\"ES256\"]"),
         "is no profile"},
        {"keys in the clear",
         ONE("\"issuer\": \"https://a.example\", \"jwks\": \"http://a.example/\", "
             "\"algorithms\": [\"ES256\"]"),
         "is no place of keys"},
        {"too old",
         ONE("\"issuer\": \"https://a.example\", \"max_age\": \"25h\", \"algorithms\": "
             "[\"ES256\"]"),
         "is no duration in range"},
        {"unknown key", ONE("\"issuer\": \"https://a.example\", \"algorithm\": [\"ES256\"]"),
         "unknown key"},
        {"a key twice",
         ONE("\"issuer\": \"https://a.example\", \"issuer\": \"https://a.example\", "
             "\"algorithms\": [\"ES256\"]"),
         "the key occurs twice"},
        {"an issuer twice",
         "{" ISSUER ", \"trusted_issuers\": [{\"issuer\": \"https://a.example\", \"algorithms\": "
         "[\"ES256\"]}, {\"issuer\": \"https://a.example\", \"algorithms\": [\"ES256\"]}]}",
         "the issuer stands twice"},
        {"CLI-8 another name", "{" ISSUER ", \"issuer_aliases\": [\"https://a.example/\"]}",
         "\"issuer_aliases\" names something else"},
        {"CLI-8 two slashes",
         "{" ISSUER ", \"issuer_aliases\": [\"https://broker.example.gov//\"]}",
         "\"issuer_aliases\" names something else"},
        {"CLI-8 two of them",
         "{" ISSUER ", \"issuer_aliases\": [\"https://broker.example.gov/\", \"https://a/\"]}",
         "has the wrong type"},
        {"a block with host bits", "{" ISSUER ", \"fetch\": {\"allow\": [\"10.0.0.1/8\"]}}",
         "is no block of addresses"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        CONFIG_AUTO config = {.n_listen = 0};
        struct ambit_problems problems = {.v = NULL};
        ROW_CHECK(rows[i].name, load(rows[i].json, &config, &problems) == AMBIT_ERR_MALFORMED);
        ROW_CHECK(rows[i].name, problems.n == 1);
        if (!ambit_str_is(problems.v[0].what, rows[i].what))
            fail_msg("%s: %.*s", rows[i].name, AMBIT_STR_ARG(problems.v[0].what));
        ambit_problems_done(&problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(refused)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
