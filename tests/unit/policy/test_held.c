/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what reading refuses is refused by what comes behind it too, when it is told all the same
 * (a set that was changed in memory, a file that nobody could read, a world of another set): an
 * error, and never the end of the program. */
#include "support/unit.h"

#include "ambit/explain.h"
#include "ambit/review.h"
#include "base/json_read.h"
#include "set.h"

static const struct ambit_str unread = {NULL, 0};

static struct ambit_documents *read_language(struct set *set)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    set_init(set);
    assert_true(set_put_folder(set, CORPUS "/language"));
    assert_int_equal(ambit_documents_read(set->files, set->n, &set_env, &problems, &documents),
                     AMBIT_OK);
    ambit_problems_done(&problems);
    return documents;
}

/* A member of a list that a set hands out as constant. */
#define CHANGE(list, type) ((struct type *)(uintptr_t)(list))

static void change(struct ambit_documents *documents, int what)
{
    static const struct ambit_str none[] = {AMBIT_STR("no such one"), AMBIT_STR("a..b")};
    struct ambit_agent *agent = CHANGE(documents->agents, ambit_agent);
    struct ambit_policy *policy = CHANGE(documents->policies, ambit_policy);
    struct ambit_rule *rule = CHANGE(policy->rules, ambit_rule);
    switch (what) {
    case 0:
        agent->owner = none[0];
        return;
    case 1:
        agent->backup = none[0];
        return;
    case 2:
        agent->policies = (struct ambit_strs){none, 1};
        return;
    case 3:
        agent->policies.n = AMBIT_POLICIES_MAX + 1;
        return;
    case 4:
        rule->actions = (struct ambit_strs){none + 1, 1};
        return;
    case 5:
        rule->when.source = (struct ambit_strs){none, 1};
        return;
    default:
        policy->n_hard_stops = AMBIT_STOPS_MAX + 1;
    }
}

static void changed_sets(void **state)
{
    (void)state;
    for (int what = 0; what < 7; what++) {
        struct set set;
        struct ambit_policy_set *compiled = NULL;
        struct ambit_documents *documents = read_language(&set);
        change(documents, what);
        enum ambit_err err = ambit_policy_compile(documents, &compiled);
        assert_int_not_equal(err, AMBIT_OK);
        assert_int_not_equal(err, AMBIT_ERR_NO_MEMORY);
        assert_null(compiled);
        set_done(&set);
    }
}

static enum ambit_err nobody(void *ctx, const struct ambit_confirm_query *query,
                             struct ambit_confirmed *ret)
{
    (void)ctx;
    (void)query;
    (void)ret;
    return AMBIT_OK;
}

/* A policy, or the service of an audience, that the set does not have. */
static void changed_reviews(void **state)
{
    (void)state;
    for (int what = 0; what < 2; what++) {
        static const struct ambit_str none[] = {AMBIT_STR("https://none.example.gov")};
        struct set set;
        struct ambit_problems missing = {0};
        struct ambit_documents *documents = read_language(&set);
        if (what == 0)
            change(documents, 2);
        else
            CHANGE(documents->policies, ambit_policy)->audiences = (struct ambit_strs){none, 1};
        const struct ambit_reviewing review = {.proposed = documents, .confirmed = nobody};
        assert_int_equal(ambit_review_judge(&review, &missing), AMBIT_ERR_MALFORMED);
        ambit_problems_done(&missing);
        ambit_documents_free(documents);
        set_done(&set);
    }
}

/* A file without bytes is broken, whether or not somebody listed why. */
static void unread_file(void **state)
{
    (void)state;
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/language"));
    for (size_t i = 0; i < set.n; i++) {
        struct ambit_str bytes = set.files[i].bytes;
        set.files[i].bytes = unread;
        enum ambit_err err =
            ambit_documents_read(set.files, set.n, &set_env, &problems, &documents);
        assert_int_equal(err, AMBIT_ERR_MALFORMED);
        assert_null(documents);
        set.files[i].bytes = bytes;
        ambit_problems_done(&problems);
        problems = (struct ambit_problems){0};
    }
    set_done(&set);
}

/* Members of a key that nobody reads are a part of the document all the same. */
static void unread_members(void **state)
{
    static const char *const members[] = {"\"x5c\":[1.5]", "\"x5c\":{\"a\":0.1}",
                                          "\"x5t#S256\":1e3"};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(members); i++) {
        struct set set;
        char text[1024];
        struct ambit_problems problems = {0};
        struct ambit_documents *documents = NULL;
        set_init(&set);
        assert_true(set_put_folder(&set, CORPUS "/language"));
        int n = snprintf(text, sizeof text,
                         "{\"agent\":\"full\",\"description\":\"d\",\"owner\":\"dana\",\"backup\":"
                         "\"sam\",\"authenticate\":[{\"method\":\"private_key_jwt\",\"jwks\":{"
                         "\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"ctHXEMkumU-"
                         "TGtS3HSaMSAOT-670CYrlCcctIvNLVMM\",%s}]}}],\"policies\":[]}",
                         members[i]);
        assert_true(n > 0 && (size_t)n < sizeof text);
        set_put(&set, AMBIT_KIND_AGENT, "full", ambit_str_of(text));
        enum ambit_err err =
            ambit_documents_read(set.files, set.n, &set_env, &problems, &documents);
        assert_int_equal(err, AMBIT_ERR_MALFORMED);
        assert_true(problems.n_errors > 0);
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

/* A world that is told of agents and policies which its set does not have. */
static void world_of_another_set(void **state)
{
    (void)state;
    struct set set;
    struct ambit_policy_set *compiled = NULL;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(ambit_policy_compile(read_language(&set), &compiled), AMBIT_OK);
    const struct ambit_entry entry = {.agent = AMBIT_STR("nobody"), .kind = AMBIT_ENTRY_ALLOWED};
    struct ambit_hypothesis h = {.entries = &entry, .n_entries = 1};
    struct ambit_world world;
    assert_int_equal(ambit_world_of_hypothesis(compiled, &h, &arena, &world), AMBIT_ERR_NOT_FOUND);

    h.n_entries = 0;
    assert_int_equal(ambit_world_of_hypothesis(compiled, &h, &arena, &world), AMBIT_OK);
    static const struct ambit_figure_query queries[] = {
        {.kind = AMBIT_LIMIT_COUNT, .is_stop = true},
        {.kind = AMBIT_LIMIT_AFTER},
        {.kind = AMBIT_LIMIT_AFTER, .is_stop = true},
    };
    const struct ambit_policy *policy = ambit_policy_documents(compiled)->policies;
    for (size_t i = 0; i < 2 * AMBIT_LEN(queries); i++) {
        struct ambit_figure_query query = queries[i / 2];
        int64_t figure = 0;
        query.policy = i % 2 ? policy->doc.name : AMBIT_STR("none");
        query.id = AMBIT_STR("none");
        assert_int_equal(world.figure(world.ctx, &query, &figure), AMBIT_ERR_NOT_FOUND);
    }
    ambit_policy_set_free(compiled);
    set_done(&set);
}

/* A question read in parts, the first of them in another set. */
static void question_of_another_set(void **state)
{
    (void)state;
    struct set set;
    struct ambit_policy_set *compiled = NULL;
    struct json_problem syntax;
    struct ambit_hypothesis_problem problem;
    const struct json_value *value = NULL;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(ambit_policy_compile(read_language(&set), &compiled), AMBIT_OK);
    assert_int_equal(json_read(AMBIT_STR("{\"items\":[]}"), (struct json_limits){.depth = 8},
                               &arena, &value, &syntax),
                     AMBIT_OK);
    struct ambit_hypothesis h = {.kind = AMBIT_QUESTION_GRANT, .agent = AMBIT_STR("nobody")};
    assert_int_equal(ambit_hypothesis_read(compiled, value, AMBIT_PART_ASKED, &arena, &h, &problem),
                     AMBIT_ERR_NOT_FOUND);
    ambit_policy_set_free(compiled);
    set_done(&set);
}

/* A document from which personal text was erased keeps the digest it was activated by. */
static void erased_document(void **state)
{
    (void)state;
    struct set set;
    struct ambit_digest was = {{7}};
    struct ambit_documents *documents = read_language(&set);
    ambit_documents_free(documents);
    set.files[0].digest = &was;
    documents = NULL;
    struct ambit_problems problems = {0};
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_OK);
    bool is_kept = false;
    for (size_t i = 0; i < documents->n_agents; i++)
        is_kept |= ambit_digest_eq(documents->agents[i].doc.digest, was);
    for (size_t i = 0; i < documents->n_people; i++)
        is_kept |= ambit_digest_eq(documents->people[i].doc.digest, was);
    for (size_t i = 0; i < documents->n_services; i++)
        is_kept |= ambit_digest_eq(documents->services[i].doc.digest, was);
    for (size_t i = 0; i < documents->n_policies; i++)
        is_kept |= ambit_digest_eq(documents->policies[i].doc.digest, was);
    assert_true(is_kept);
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
    set_done(&set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(erased_document),         cmocka_unit_test(changed_sets),
    cmocka_unit_test(changed_reviews),         cmocka_unit_test(unread_file),
    cmocka_unit_test(unread_members),          cmocka_unit_test(world_of_another_set),
    cmocka_unit_test(question_of_another_set),
};

UNIT_MAIN(tests)
