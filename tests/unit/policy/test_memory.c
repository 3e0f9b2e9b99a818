/* SPDX-License-Identifier: Apache-2.0 */
/* Whichever allocation fails, a set is read whole or not at all, compiled, judged, told apart: the
 * answer is "out of memory", never a set or a problem that would not be there otherwise. */
#include "support/unit.h"

#include <fcntl.h>

#include "ambit/policy.h"
#include "ambit/review.h"
#include "base/file.h"
#include "policy/problem.h"
#include "set.h"
#include "support/shortage.h"

/* Reads and compiles the set, without failure and then with every one; `failing` remembers which
 * ways have failed already. */
static void read_short(const char *name, const struct set *set)
{
    struct ambit_read_env env = set_env;
    env.zone_data = AMBIT_STR("2026a");
    struct ambit_problems all = {0};
    struct ambit_documents *documents = NULL;
    const enum ambit_err want = ambit_documents_read(set->files, set->n, &env, &all, &documents);
    bool has_failed = false;
    ambit_documents_free(documents);
    do {
        struct ambit_problems problems = {0};
        struct ambit_policy_set *compiled = NULL;
        documents = NULL;
        failing_arm();
        enum ambit_err err = ambit_documents_read(set->files, set->n, &env, &problems, &documents);
        bool is_read = err == AMBIT_OK;
        ROW_CHECK(name, is_read == (documents != NULL));
        if (is_read)
            err = ambit_policy_compile(documents, &compiled);
        has_failed = failing_disarm();
        ROW_CHECK(name, (err == AMBIT_OK) == (compiled != NULL));
        /* Sorting the list may do without its memory; nothing else may. */
        ROW_CHECK(name, err == (has_failed && err != want ? AMBIT_ERR_NO_MEMORY : want));
        ROW_CHECK(name, problems.n <= all.n && (err != want || problems.n == all.n));
        ambit_policy_set_free(compiled);
        ambit_problems_done(&problems);
    } while (has_failed);
    ambit_problems_done(&all);
}

static void of_a_good_set(void **state)
{
    struct set set;
    (void)state;
    FAILING_START();
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/language"));
    read_short("the documents of the language page", &set);
    assert_true(failing.n_ways > 100);
    set_done(&set);
}

/* Sets that are used, and an agent that lists so many policies that they have tables. */
static void of_large_sets(void **state)
{
    static const char *const folders[] = {"coding", "data-export", "deployment", "remediation",
                                          "support"};
    struct set set;
    (void)state;
    FAILING_START();
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/language"));
    char policies[2048] = "", text[4096];
    size_t at = 0;
    for (int i = 0; i < 12; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%02d", i);
        at += (size_t)snprintf(policies + at, sizeof policies - at, "%s\"%s\"", i ? "," : "", name);
        int len = snprintf(
            text, sizeof text,
            "{\"policy\":\"%s\",\"description\":\"d\",\"owner\":\"dana\",\"tier\":"
            "\"high\",\"audiences\""
            ":[\"https://"
            "payments.example.gov\"],\"review\":{\"authored_by\":\"dana\",\"accepted_by\":"
            "\"dana\"},\"allow\":[{\"id\":\"r\",\"actions\":[\"a%d.*\",\"b\"],"
            "\"resources\":[\"svc:**\",\""
            "db:prod/payments/"
            "**\"],\"ttl\":{\"max\":\"1m\"},\"when\":{\"after\":[{\"actions\":[\"c\"],\""
            "within\":\"1h\"},{\"actions\":[\"c\"],\"within\":\"2h\"},{\"actions\":[\"d\"]"
            ",\"resources\":[\""
            "svc:x\"],\"within\":\"1h\"}]}},{\"id\":\"q\",\"actions\":[\"g\"],\"resources\":[\"svc:"
            "**\"],\"ttl\":{\"max\":\"1m\"}}],\"never\":[{\"id\":\"n\",\"actions\":[\"e%"
            "d\"],\"resources\":[\""
            "svc:**\"]}],\"hard_stops\":[{\"id\":\"s\",\"on\":\"attempted\",\"then\":"
            "\"suspend_agent\",\"aft"
            "er\":{\"actions\":[\"f\"],\"within\":\"1h\"}}]}",
            name, i, i);
        assert_true(len > 0 && (size_t)len < sizeof text);
        set_put(&set, AMBIT_KIND_POLICY, name, ambit_str_of(text));
    }
    for (int i = 0; i < 2; i++) {
        int len = snprintf(
            text, sizeof text,
            "{\"agent\":\"many%d\",\"description\":\"d\",\"owner\":\"dana\",\"backup\":\"sam"
            "\",\"authenticate\":[{\"method\":\"unix_peer\",\"uid\":%d}],\"policies\":[%s]}",
            i, i + 7, policies);
        assert_true(len > 0 && (size_t)len < sizeof text);
        set_put(&set, AMBIT_KIND_AGENT, i ? "many1" : "many0", ambit_str_of(text));
    }
    read_short("many policies", &set);
    set_done(&set);
    for (size_t i = 0; i < AMBIT_LEN(folders); i++) {
        char path[1024];
        set_init(&set);
        int len = snprintf(path, sizeof path, CORPUS "/../../../../examples/sets/%s", folders[i]);
        assert_true(len > 0 && (size_t)len < sizeof path);
        assert_true(set_put_folder(&set, path));
        read_short(path, &set);
        set_done(&set);
    }
}

/* Every document of the corpus, right or wrong, among its companions. */
static void of_the_corpus(void **state)
{
    (void)state;
    FAILING_START();
    for (int kind = AMBIT_KIND_PERSON; kind <= AMBIT_KIND_POLICY; kind++) {
        struct set names;
        struct ambit_str *files = NULL;
        char folder[512];
        size_t n = 0;
        set_init(&names);
        int len =
            snprintf(folder, sizeof folder, CORPUS "/%s", ambit_kind_text((enum ambit_kind)kind));
        assert_true(len > 0 && (size_t)len < sizeof folder);
        assert_int_equal(dir_list(AT_FDCWD, folder, &names.arena, &files, &n), AMBIT_OK);
        assert_true(n > 40);
        for (size_t i = 0; i < n; i++) {
            struct set set;
            char path[1024];
            len = snprintf(path, sizeof path, "%s/%.*s", folder, AMBIT_STR_ARG(files[i]));
            assert_true(len > 0 && (size_t)len < sizeof path);
            set_init(&set);
            assert_true(set_put_folder(&set, CORPUS "/companions"));
            set_put(&set, (enum ambit_kind)kind, "subject", set_file(&set, path));
            read_short(path, &set);
            set_done(&set);
        }
        set_done(&names);
    }
    assert_true(failing.n_ways > 200);
}

static void of_a_wrong_set(void **state)
{
    struct set set;
    (void)state;
    FAILING_START();
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/companions"));
    set_put(&set, AMBIT_KIND_POLICY, "subject", set_file(&set, CORPUS "/twelve-mistakes.json"));
    read_short("twelve mistakes", &set);
    set_done(&set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(of_a_good_set),
    cmocka_unit_test(of_large_sets),
    cmocka_unit_test(of_the_corpus),
    cmocka_unit_test(of_a_wrong_set),
};

UNIT_MAIN(tests)
