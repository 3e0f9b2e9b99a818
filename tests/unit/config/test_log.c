/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the object `log` of the configuration is read whole or refused: name, second place,
 * witnesses. */
#include "support/unit.h"

#include "config/config.h"

#define ISSUER "\"issuer\": \"https://broker.example.gov\""
#define ONE    "\"name\": \"w.example\", \"vkey\": \"w.example+01234567+AAAA\""

static enum ambit_err load(const char *json, const char *const *environment, struct config *config,
                           struct ambit_problems *problems)
{
    const struct config_source source = {.environment = environment};
    return config_read(ambit_str_of(json), "ambit.json", "/etc/ambit/", &source, config, problems);
}

static void test_whole(void **state)
{
    static const char json[] =
        "{" ISSUER ", \"log\": {\"origin\": \"log.example.gov/prod\", \"public\": true, "
        "\"witness_file\": \"witness\", \"receipts_wait_ms\": 0, \"witnesses\": [{" ONE
        ", \"url\": \"https://w.example/x\"}, {\"name\": \"v\", \"vkey\": \"v+01234567+AAAA\", "
        "\"url\": \"http://127.0.0.1:9\"}]}}";
    (void)state;
    CONFIG_AUTO config = {.n_listen = 0};
    struct ambit_problems problems = {.v = NULL};
    assert_int_equal(load(json, NULL, &config, &problems), AMBIT_OK);
    const struct config_log *log = &config.log;
    assert_true(ambit_str_is(log->origin, "log.example.gov/prod") && log->is_public);
    assert_true(ambit_str_is(log->witness_file, "/etc/ambit/witness"));
    assert_int_equal(log->receipts_wait_ms, 0);
    assert_int_equal(log->n_witnesses, 2);
    assert_true(ambit_str_is(log->witnesses[0].name, "w.example"));
    assert_true(ambit_str_is(log->witnesses[1].url, "http://127.0.0.1:9"));
    ambit_problems_done(&problems);
}

static void test_presets_and_environment(void **state)
{
    static const char *const environment[] = {"AMBIT_LOG_ORIGIN=log.example",
                                              "AMBIT_LOG_PUBLIC=true", NULL};
    (void)state;
    CONFIG_AUTO none = {.n_listen = 0};
    CONFIG_AUTO some = {.n_listen = 0};
    struct ambit_problems problems = {.v = NULL};
    assert_int_equal(load("{" ISSUER "}", NULL, &none, &problems), AMBIT_OK);
    assert_true(!none.log.origin.p && !none.log.witness_file.p && !none.log.is_public);
    assert_int_equal(none.log.receipts_wait_ms, 3000);
    assert_int_equal(load("{" ISSUER "}", environment, &some, &problems), AMBIT_OK);
    assert_true(ambit_str_is(some.log.origin, "log.example") && some.log.is_public);
    ambit_problems_done(&problems);
}

static void test_refused(void **state)
{
#define LOG(members)      "{" ISSUER ", \"log\": {" members "}}"
#define WITNESSES(values) LOG("\"witnesses\": " values)
    static const struct {
        const char *name, *json, *what;
    } rows[] = {
        {"empty origin", LOG("\"origin\": \"\""), "is no name of a log"},
        {"origin with a plus", LOG("\"origin\": \"a+b\""), "is no name of a log"},
        {"origin with a blank", LOG("\"origin\": \"a b\""), "is no name of a log"},
        {"origin that is none", LOG("\"origin\": 7"), "has the wrong type"},
        {"public that is none", LOG("\"public\": \"yes\""), "has the wrong type"},
        {"unknown key", LOG("\"witness\": \"x\""), "unknown key"},
        {"waits too long", LOG("\"receipts_wait_ms\": 60001"), "is out of range"},
        {"no list", WITNESSES("{}"), "has the wrong type"},
        {"no object", WITNESSES("[7]"), "has the wrong type"},
        {"no name", WITNESSES("[{\"vkey\": \"w+01234567+AA\", \"url\": \"https://w.example\"}]"),
         "\"name\" is missing or no name of a key"},
        {"another's key",
         WITNESSES("[{\"name\": \"w\", \"vkey\": \"v+01234567+AAAA\", "
                   "\"url\": \"https://w.example\"}]"),
         "\"vkey\" is missing or not of that name"},
        {"half a key",
         WITNESSES("[{\"name\": \"w\", \"vkey\": \"w+01234567\", "
                   "\"url\": \"https://w.example\"}]"),
         "\"vkey\" is missing or not of that name"},
        {"no url", WITNESSES("[{" ONE "}]"), "\"url\" is missing or no URL"},
        {"empty url", WITNESSES("[{" ONE ", \"url\": \"\"}]"), "\"url\" is missing or no URL"},
        {"plain http", WITNESSES("[{" ONE ", \"url\": \"http://w.example\"}]"),
         "\"url\" is missing or no URL"},
        {"slash behind", WITNESSES("[{" ONE ", \"url\": \"https://w.example/\"}]"),
         "\"url\" is missing or no URL"},
        {"twice",
         WITNESSES("[{" ONE ", \"url\": \"https://w.example\"}, {" ONE
                   ", \"url\": \"https://v.example\"}]"),
         "the witness stands twice"},
        {"a member twice", WITNESSES("[{" ONE ", " ONE "}]"), "the key occurs twice"},
        {"another member", WITNESSES("[{" ONE ", \"role\": \"x\"}]"), "unknown key"},
        {"a number", WITNESSES("[{\"name\": 7}]"), "has the wrong type"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        CONFIG_AUTO config = {.n_listen = 0};
        struct ambit_problems problems = {.v = NULL};
        ROW_CHECK(rows[i].name,
                  load(rows[i].json, NULL, &config, &problems) == AMBIT_ERR_MALFORMED);
        ROW_CHECK(rows[i].name, ambit_str_is(problems.v[0].what, rows[i].what));
        ROW_CHECK(rows[i].name, problems.v[0].line == 1 && problems.v[0].column > 1);
        ambit_problems_done(&problems);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_whole),
    cmocka_unit_test(test_presets_and_environment),
    cmocka_unit_test(test_refused),
};

UNIT_MAIN(tests)
