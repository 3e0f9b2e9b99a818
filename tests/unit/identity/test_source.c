/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what a source of keys sends is keys or nothing (WIF-1, SPF-2); how long it may be kept is
 * read; a file is read again, and what is not there refuses. */
#include "support/unit.h"

#include "trust_fixture.h"

#define EC                                                   \
    "\"kty\":\"EC\",\"crv\":\"P-256\","                      \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"kid\":\"1\""

static void snapshots(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum source_kind kind;
        enum ambit_err want;
        int64_t hint_s;
    } rows[] = {
        {"a key set", "{\"keys\":[{" EC "}]}", SOURCE_JWKS, AMBIT_OK, 0},
        {"a bundle (SPF-2)",
         "{\"keys\":[{" EC ",\"use\":\"jwt-svid\"}],\"spiffe_refresh_hint\":600}", SOURCE_BUNDLE,
         AMBIT_OK, 600},
        {"SPF-2 unknown uses are ignored",
         "{\"keys\":[{" EC ",\"use\":\"jwt-svid\"},{" EC ",\"use\":\"witness\"}]}", SOURCE_BUNDLE,
         AMBIT_OK, 0},
        {"a bundle of no use at all", "{\"keys\":[{" EC "}]}", SOURCE_BUNDLE, AMBIT_ERR_MALFORMED,
         0},
        {"a bundle's keys are no key set", "{\"keys\":[{" EC ",\"use\":\"jwt-svid\"}]}",
         SOURCE_JWKS, AMBIT_ERR_MALFORMED, 0},
        {"an authority that is none",
         "{\"keys\":[{" EC ",\"use\":\"jwt-svid\"},{\"kty\":\"EC\",\"use\":\"x509-svid\",\"x5c\":"
         "[\"AAAA\"]}]}",
         SOURCE_BUNDLE, AMBIT_ERR_MALFORMED, 0},
        {"no keys", "{\"keys\":[]}", SOURCE_JWKS, AMBIT_ERR_MALFORMED, 0},
        {"a private key", "{\"keys\":[{" EC ",\"d\":\"AA\"}]}", SOURCE_JWKS, AMBIT_ERR_MALFORMED,
         0},
        {"no JSON", "<html>", SOURCE_JWKS, AMBIT_ERR_MALFORMED, 0},
        {"no PEM", "nothing", SOURCE_ANCHORS, AMBIT_ERR_MALFORMED, 0},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        KEY_SNAPSHOT_AUTO *snapshot = NULL;
        int64_t hint_s = 0;
        ROW_CHECK(rows[i].name, key_snapshot_read(rows[i].kind, ambit_str_of(rows[i].text),
                                                  &snapshot, &hint_s) == rows[i].want);
        ROW_CHECK(rows[i].name, hint_s == rows[i].hint_s);
    }
}

static void discovery(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum ambit_err want;
    } rows[] = {
        {"WIF-1", "{\"issuer\":\"https://a.example\",\"jwks_uri\":\"https://b.example/k\"}",
         AMBIT_OK},
        {"WIF-1 another issuer",
         "{\"issuer\":\"https://a.example/\",\"jwks_uri\":\"https://b.example/k\"}",
         AMBIT_ERR_MALFORMED},
        {"no place", "{\"issuer\":\"https://a.example\"}", AMBIT_ERR_MALFORMED},
        {"in the clear", "{\"issuer\":\"https://a.example\",\"jwks_uri\":\"http://b.example/k\"}",
         AMBIT_ERR_MALFORMED},
        {"twice",
         "{\"issuer\":\"https://a.example\",\"issuer\":\"https://a.example\",\"jwks_uri\":"
         "\"https://b.example/k\"}",
         AMBIT_ERR_MALFORMED},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct ambit_str uri = {0};
        ROW_CHECK(rows[i].name,
                  discovery_read(ambit_str_of(rows[i].text), AMBIT_STR("https://a.example"), &arena,
                                 &uri) == rows[i].want);
    }
}

static void ages(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {
        {"max-age=600", 600},
        {" public, MAX-AGE=3600\r\n", 3600},
        {"s-maxage=10, max-age=20", 20},
        {"no-store", 0},
        {"max-age=", 0},
        {"xmax-age=600", 0},
        {"max-age=99999999999999999999", SOURCE_FRESH_MAX_S},
        {"max-age=86401", SOURCE_FRESH_MAX_S},
        {"", 0},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].text, cache_control_age(ambit_str_of(rows[i].text)) == rows[i].want);
}

static void files(void **state)
{
    (void)state;
    struct config_fetch fetch = {.stale_s = 60};
    struct key_sources *sources = NULL;
    struct key_source *source = NULL, *again = NULL;
    char path[64];
    assert_true(snprintf(path, sizeof path, "source-%d.json", (int)getpid()) > 0);
    trust_write(path, AMBIT_STR("{\"keys\":[{" EC "}]}"));
    assert_int_equal(key_sources_new(&fetch, &sources), AMBIT_OK);
    assert_int_equal(key_source_take(sources, SOURCE_JWKS, AMBIT_STR("absent.json"), true, &source),
                     AMBIT_ERR_NOT_FOUND);
    assert_int_equal(key_source_take(sources, SOURCE_JWKS, ambit_str_of(path), true, &source),
                     AMBIT_OK);
    assert_int_equal(key_source_take(sources, SOURCE_JWKS, ambit_str_of(path), true, &again),
                     AMBIT_OK);
    assert_ptr_equal(source, again);
    KEY_SNAPSHOT_AUTO *keys = key_source_keys(sources, source);
    assert_non_null(keys);
    assert_false(key_source_news(sources, source)); /* young: what is not there is not there */
    key_source_release(sources, source);
    key_source_release(sources, again);

    /* Loopback is not allowed: the fetch fails, and there are no keys. */
    assert_int_equal(key_source_take(sources, SOURCE_JWKS, AMBIT_STR("https://127.0.0.1:1/jwks"),
                                     false, &source),
                     AMBIT_OK);
    assert_null(key_source_keys(sources, source));
    assert_true(key_source_news(sources, source));
    key_source_release(sources, source);
    key_sources_free(sources);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(snapshots), cmocka_unit_test(discovery),
                                       cmocka_unit_test(ages), cmocka_unit_test(files)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
