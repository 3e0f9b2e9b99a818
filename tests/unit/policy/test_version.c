/* SPDX-License-Identifier: Apache-2.0 */
/* One document by itself (policy-language.md, "Documents"): which one it is and its version, the
 * digest that a whole set gives it, whatever the order of its members (RFC 8785). */
#include "support/unit.h"

#include "set.h"
#include "support/shortage.h"

static enum ambit_err identify(const char *text, struct ambit_identity *ret)
{
    return ambit_document_identify(ambit_str_of(text), &set_env, ret);
}

static void test_names(void **state)
{
    char longest[AMBIT_AGENT_NAME_MAX + 32], longer[AMBIT_AGENT_NAME_MAX + 32];
    char name[AMBIT_AGENT_NAME_MAX + 2];
    memset(name, 'a', sizeof name);
    (void)snprintf(longest, sizeof longest, "{\"agent\":\"%.*s\"}", (int)AMBIT_AGENT_NAME_MAX,
                   name);
    (void)snprintf(longer, sizeof longer, "{\"agent\":\"%.*s\"}", (int)AMBIT_AGENT_NAME_MAX + 1,
                   name);
    const struct {
        const char *name, *text;
        enum ambit_err err;
        enum ambit_kind kind;
        size_t name_len;
    } rows[] = {
        {"person", "{\"person\":\"p\"}", AMBIT_OK, AMBIT_KIND_PERSON, 1},
        {"agent", "{\"agent\":\"a/b\",\"x\":[{}]}", AMBIT_OK, AMBIT_KIND_AGENT, 3},
        {"service", "{\"x\":1,\"service\":\"s\"}", AMBIT_OK, AMBIT_KIND_SERVICE, 1},
        {"policy", "{\"policy\":\"pp\"}", AMBIT_OK, AMBIT_KIND_POLICY, 2},
        {"longest", longest, AMBIT_OK, AMBIT_KIND_AGENT, AMBIT_AGENT_NAME_MAX},
        {"longer", longer, AMBIT_ERR_MALFORMED, 0, 0},
        {"two kinds", "{\"agent\":\"a\",\"policy\":\"p\"}", AMBIT_ERR_MALFORMED, 0, 0},
        {"none", "{}", AMBIT_ERR_MALFORMED, 0, 0},
        {"no text", "{\"agent\":1}", AMBIT_ERR_MALFORMED, 0, 0},
        {"empty", "{\"agent\":\"\"}", AMBIT_ERR_MALFORMED, 0, 0},
        {"no object", "[]", AMBIT_ERR_MALFORMED, 0, 0},
        {"no JSON", "{", AMBIT_ERR_MALFORMED, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_identity got;
        ROW_CHECK(rows[i].name, identify(rows[i].text, &got) == rows[i].err);
        ROW_CHECK(rows[i].name,
                  rows[i].err || (got.kind == rows[i].kind && got.name_len == rows[i].name_len));
    }
    static char large[AMBIT_DOCUMENT_BYTES + 1];
    struct ambit_identity got;
    memset(large, ' ', sizeof large);
    assert_int_equal(
        ambit_document_identify((struct ambit_str){large, sizeof large}, &set_env, &got),
        AMBIT_ERR_TOO_LARGE);
}

static void test_digest(void **state)
{
    struct ambit_identity a, b, c;
    (void)state;
    assert_int_equal(identify("{\"policy\":\"p\",\"x\":[1,2]}", &a), AMBIT_OK);
    assert_int_equal(identify(" {\"x\": [1, 2], \"policy\": \"\\u0070\"}", &b), AMBIT_OK);
    assert_int_equal(identify("{\"policy\":\"p\",\"x\":[2,1]}", &c), AMBIT_OK);
    assert_true(ambit_digest_eq(a.digest, b.digest));
    assert_false(ambit_digest_eq(a.digest, c.digest));
}

/* The version that reading the whole set gives each document. */
static void test_set(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    (void)state;
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/language"));
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_OK);
    size_t n_policies = 0;
    for (size_t i = 0; i < set.n; i++) {
        struct ambit_identity got;
        assert_int_equal(ambit_document_identify(set.files[i].bytes, &set_env, &got), AMBIT_OK);
        assert_int_equal(got.kind, set.files[i].kind);
        struct ambit_str name = {.p = got.name, .len = got.name_len};
        assert_true(ambit_str_eq(name, set.files[i].name));
        const struct ambit_policy *policy =
            got.kind == AMBIT_KIND_POLICY ? ambit_policy_find(documents, name) : NULL;
        if (!policy)
            continue;
        assert_true(ambit_digest_eq(policy->doc.digest, got.digest));
        n_policies++;
    }
    assert_true(n_policies > 0);
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
    set_done(&set);
}

static void test_memory(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    struct ambit_identity got, want;
    struct ambit_digest digest;
    bool has_failed = false;
    (void)state;
    assert_int_equal(identify("{\"policy\":\"p\",\"x\":[1,2]}", &want), AMBIT_OK);
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/language"));
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_OK);
    FAILING_START();
    do {
        failing_arm();
        enum ambit_err err = identify("{\"policy\":\"p\",\"x\":[1,2]}", &got);
        if (!err)
            err = ambit_documents_digest(documents, true, &set_env, &digest);
        has_failed = failing_disarm();
        assert_int_equal(err, has_failed ? AMBIT_ERR_NO_MEMORY : AMBIT_OK);
    } while (has_failed);
    assert_true(ambit_digest_eq(got.digest, want.digest));
    assert_true(failing.n_ways > 3);
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
    set_done(&set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_memory),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_digest),
    cmocka_unit_test(test_set),
};
UNIT_MAIN(tests)
