/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a stop costs the same with many live grants as with few: it reads no grant's row (but the
 * one that it names), writes the same rows, and needs none of those it covers to be readable
 * (design section 2: a revocation is a number). What core asks of the store is counted on the way.
 */
#include "stage.h"

#include "store/store.h"

enum { FEW = 10, MANY = 300 };

static atomic_int n_grant_reads, n_puts;
static atomic_bool is_garbled; /* every grant's row reads as damaged */

enum ambit_err __real_store_get(struct store_txn *txn, enum store_table table, struct store_key key,
                                void *dst, size_t size, size_t *ret_len);
enum ambit_err __wrap_store_get(struct store_txn *txn, enum store_table table, struct store_key key,
                                void *dst, size_t size, size_t *ret_len);
enum ambit_err __wrap_store_get(struct store_txn *txn, enum store_table table, struct store_key key,
                                void *dst, size_t size, size_t *ret_len)
{
    if (table == STORE_GRANTS || table == STORE_AGENT_GRANTS) {
        atomic_fetch_add(&n_grant_reads, 1);
        if (is_garbled)
            return AMBIT_ERR_DAMAGED;
    }
    return __real_store_get(txn, table, key, dst, size, ret_len);
}

enum ambit_err __real_store_cursor_open(struct store_txn *txn, enum store_table table,
                                        struct store_cursor **ret);
enum ambit_err __wrap_store_cursor_open(struct store_txn *txn, enum store_table table,
                                        struct store_cursor **ret);
enum ambit_err __wrap_store_cursor_open(struct store_txn *txn, enum store_table table,
                                        struct store_cursor **ret)
{
    if (table == STORE_GRANTS || table == STORE_AGENT_GRANTS)
        atomic_fetch_add(&n_grant_reads, 1);
    return __real_store_cursor_open(txn, table, ret);
}

enum ambit_err __real_store_put(struct store_txn *txn, enum store_table table, struct store_key key,
                                const void *value, size_t len);
enum ambit_err __wrap_store_put(struct store_txn *txn, enum store_table table, struct store_key key,
                                const void *value, size_t len);
enum ambit_err __wrap_store_put(struct store_txn *txn, enum store_table table, struct store_key key,
                                const void *value, size_t len)
{
    if (table != STORE_META) /* the head, once a commit: the second's own commits too */
        atomic_fetch_add(&n_puts, 1);
    return __real_store_put(txn, table, key, value, len);
}

struct cost {
    int grant_reads, puts;
};

static struct cost stop_at(struct stage *stage, const char *target)
{
    n_grant_reads = 0;
    n_puts = 0;
    struct stopped stopped = stage_stop(stage, "lee", target);
    struct cost cost = {.grant_reads = n_grant_reads, .puts = n_puts};
    assert_int_equal(stopped.err, AMBIT_OK);
    return cost;
}

static const char *const targets[] = {"agent:worker",    "team:payments",        "owner:dana",
                                      "policy:counting", "resource:svc:free/**", "all"};

static void issue(struct stage *stage, int n, struct answer *ret_last)
{
    for (int i = 0; i < n; i++)
        *ret_last = stage_grant(stage, "worker", "a.free", "svc:free/**");
}

/* Every target in turn, over so many live grants. */
static void stop_all(int n, struct cost *ret)
{
    STAGE_AUTO stage;
    struct answer token;
    is_garbled = false;
    stage_make(&stage);
    stage_open(&stage);
    issue(&stage, n, &token);
    for (size_t i = 0; i < AMBIT_LEN(targets); i++)
        ret[i] = stop_at(&stage, targets[i]);
    stage_verify(&stage);
}

static void test_the_same_with_many(void **state)
{
    (void)state;
    struct cost few[AMBIT_LEN(targets)], many[AMBIT_LEN(targets)];
    stop_all(FEW, few);
    stop_all(MANY, many);
    for (size_t i = 0; i < AMBIT_LEN(targets); i++) {
        if (few[i].grant_reads != 0 || many[i].grant_reads != 0)
            fail_msg("%s: %d rows of grants read", targets[i], many[i].grant_reads);
        /* Two more: a tile of the log becomes full now and then, whatever the event is. */
        if (few[i].puts == 0 || many[i].puts > few[i].puts + 2)
            fail_msg("%s: %d rows written at %d grants, %d at %d", targets[i], few[i].puts, FEW,
                     many[i].puts, MANY);
    }
}

/* The one that is named is looked up, and no other. */
static void test_one_grant_reads_its_own(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct answer token;
    char target[64];
    is_garbled = false;
    stage_make(&stage);
    stage_open(&stage);
    issue(&stage, FEW, &token);
    assert_true(stop_at(&stage, stage_target("grant", token.grant, target)).grant_reads <= 2);
    issue(&stage, FEW, &token);
    assert_true(stop_at(&stage, stage_target("lineage", token.grant, target)).grant_reads <= 2);
    stage_verify(&stage);
}

/* Not one row of a grant can be read, and the stop is raised, recorded and in force. */
static void test_needs_no_grant(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct answer token;
    is_garbled = false;
    stage_make(&stage);
    stage_open(&stage);
    issue(&stage, FEW, &token);
    assert_true(stage_is_active(&stage, &token));
    is_garbled = true;
    for (size_t i = 0; i < AMBIT_LEN(targets); i++)
        assert_int_equal(stop_at(&stage, targets[i]).grant_reads, 0);
    is_garbled = false;
    assert_false(stage_is_active(&stage, &token));
    assert_int_equal(stage_count_events(&stage, "stop.raised", NULL), AMBIT_LEN(targets));
    stage_verify(&stage);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_with_many),
        cmocka_unit_test(test_one_grant_reads_its_own),
        cmocka_unit_test(test_needs_no_grant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
