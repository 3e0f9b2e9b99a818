/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a zone that a document names is asked for once, read strictly, and kept with the set in
 * order; one that cannot be told is a mistake where it is named. */
#include "support/tzif.h"
#include "support/unit.h"

#include "base/zone.h"
#include "set.h"

static size_t n_asked;

/* What the machine has; "Out/Memory" it cannot tell for want of that. */
static enum ambit_err find_zone(void *ctx, struct ambit_str name, struct ambit_str *ret)
{
    static const struct {
        const char *name;
        struct ambit_str tzif;
        enum ambit_err err;
    } zones[] = {
        {"Europe/Berlin", {TZIF_BERLIN, sizeof TZIF_BERLIN - 1}, AMBIT_OK},
        {"America/New_York", {TZIF_NEW_YORK, sizeof TZIF_NEW_YORK - 1}, AMBIT_OK},
        {"Not/TZif", {"TZif", 4}, AMBIT_OK},
        {"Bad/Rule", {TZIF("EST5EDT"), sizeof TZIF("EST5EDT") - 1}, AMBIT_OK},
        {"Out/Disk", {"", 0}, AMBIT_ERR_IO},
        {"Out/Memory", {"", 0}, AMBIT_ERR_NO_MEMORY},
    };
    (void)ctx;
    n_asked++;
    for (size_t i = 0; i < AMBIT_LEN(zones); i++) {
        *ret = zones[i].tzif;
        if (ambit_str_is(name, zones[i].name))
            return zones[i].err;
    }
    return AMBIT_ERR_NOT_FOUND;
}

#define WINDOW(zone) "{\"from\":\"08:00\",\"to\":\"18:00\",\"zone\":" zone "}"
#define POLICY(name, windows)                                                                     \
    "{\"policy\":\"" name "\",\"description\":\"d\",\"owner\":\"dana\",\"tier\":\"high\","        \
    "\"audiences\":[\"https://payments.example.gov\"],\"review\":{\"authored_by\":\"dana\","      \
    "\"accepted_by\":\"dana\"},\"allow\":[{\"id\":\"a\",\"actions\":[\"a\"],\"resources\":["      \
    "\"svc:**\"],\"ttl\":{\"max\":\"5m\"},\"when\":{\"hours\":[\n" windows "]}}],\"hard_stops\":" \
    "[{\"id\":\"s\",\"on\":\"denied\",\"then\":\"revoke_grant\"}]}"

static enum ambit_err read_set(struct set *set, const char *one, const char *two,
                               const struct ambit_read_env *env, struct ambit_problems *problems,
                               struct ambit_documents **ret)
{
    set_init(set);
    assert_true(set_put_folder(set, CORPUS "/companions"));
    set_put(set, AMBIT_KIND_POLICY, "one", ambit_str_of(one));
    if (two)
        set_put(set, AMBIT_KIND_POLICY, "two", ambit_str_of(two));
    return ambit_documents_read(set->files, set->n, env, problems, ret);
}

static struct ambit_read_env env_of(void)
{
    struct ambit_read_env env = set_env;
    env.zone = find_zone;
    env.zone_data = AMBIT_STR("2025b");
    return env;
}

static void kept(void **state)
{
    static struct set set;
    struct ambit_read_env env = env_of();
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    (void)state;
    n_asked = 0;
    assert_int_equal(
        read_set(&set, POLICY("one", WINDOW("\"Europe/Berlin\"")),
                 POLICY("two", WINDOW("\"Europe/Berlin\"") "," WINDOW("\"America/New_York\"")),
                 &env, &problems, &documents),
        AMBIT_OK);
    assert_int_equal(n_asked, 2);
    assert_int_equal(documents->n_zones, 2);
    assert_true(ambit_str_is(documents->zones[0].name, "America/New_York"));
    assert_true(ambit_str_is(documents->zones[1].name, "Europe/Berlin"));
    assert_int_equal(zone_at(documents->zones[1].rules, 1785542400)->offset_s, 7200);
    assert_true(ambit_str_is(documents->zone_data, "2025b"));
    struct ambit_digest digest;
    env.sha256(TZIF_BERLIN, sizeof TZIF_BERLIN - 1, &digest);
    assert_true(ambit_digest_eq(digest, documents->zones[1].digest));
    ambit_documents_free(documents);
    set_done(&set);
}

/* Nobody there to ask: any name will do, and nothing is known of it. */
static void nobody_to_ask(void **state)
{
    static struct set set;
    struct ambit_read_env env = env_of();
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    (void)state;
    env.zone = NULL;
    assert_int_equal(
        read_set(&set, POLICY("one", WINDOW("\"No/Where\"")), NULL, &env, &problems, &documents),
        AMBIT_OK);
    assert_int_equal(documents->n_zones, 0);
    ambit_documents_free(documents);
    set_done(&set);
}

static void mistakes(void **state)
{
    static const struct {
        const char *window, *what;
    } rows[] = {
        {WINDOW("\"Europe/Berlim\""), "\"Europe/Berlim\": no such zone"},
        {WINDOW("\"Not/TZif\""), "\"Not/TZif\": its rules cannot be read"},
        {WINDOW("\"Bad/Rule\""), "\"Bad/Rule\": its rules cannot be read"},
        {WINDOW("\"Out/Disk\""), "\"Out/Disk\": its rules cannot be read"},
        {WINDOW("\"../etc/passwd\""), "\"../etc/passwd\": not a zone name"},
        {WINDOW("\"\""), "\"\": not a zone name"},
        {WINDOW("1"), "found 1"},
    };
    static struct set set;
    struct ambit_read_env env = env_of();
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        char text[1024];
        struct ambit_problems problems = {0};
        struct ambit_documents *documents = NULL;
        (void)snprintf(text, sizeof text, POLICY("one", "%s"), rows[i].window);
        ROW_CHECK(rows[i].window,
                  read_set(&set, text, NULL, &env, &problems, &documents) == AMBIT_ERR_MALFORMED);
        ROW_CHECK(rows[i].window, problems.n == 1 && problems.v[0].line == 2);
        if (!ambit_str_is(problems.v[0].what, rows[i].what))
            fail_msg("%s: %.*s", rows[i].window, AMBIT_STR_ARG(problems.v[0].what));
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

static void out_of_memory(void **state)
{
    static struct set set;
    struct ambit_read_env env = env_of();
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    (void)state;
    assert_int_equal(
        read_set(&set, POLICY("one", WINDOW("\"Out/Memory\"")), NULL, &env, &problems, &documents),
        AMBIT_ERR_NO_MEMORY);
    ambit_problems_done(&problems);
    set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kept), cmocka_unit_test(nobody_to_ask),
                                       cmocka_unit_test(mistakes), cmocka_unit_test(out_of_memory)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
