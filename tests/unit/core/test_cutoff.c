/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the table of policy-language.md, "A stop is a cut-off and a hold": which targets kill which
 * grants, by sequence alone; dead by a stop in force is told from dead by a cleared one. */
#include "../store/fixture.h"

#include "base/encode.h"
#include "core/cutoff.h"
#include "core/head.h"

static struct ambit_given items[] = {{.action = AMBIT_STR("a"),
                                      .resource = AMBIT_STR("t:x"),
                                      .policy = AMBIT_STR("p1"),
                                      .rule = AMBIT_STR("r")},
                                     {.action = AMBIT_STR("a"),
                                      .resource = AMBIT_STR("t:y"),
                                      .policy = AMBIT_STR("p2"),
                                      .rule = AMBIT_STR("r")}};

static struct grant_row row_at(uint64_t seq)
{
    return (struct grant_row){.id = {{1}},
                              .lineage = {{2}},
                              .seq = seq,
                              .agent = AMBIT_STR("bot"),
                              .owner = AMBIT_STR("dana"),
                              .team = AMBIT_STR("pay"),
                              .items = items,
                              .n_items = 2};
}

static enum ambit_liveness liveness_at(struct store_txn *txn, const struct head *head, uint64_t seq)
{
    struct grant_row row = row_at(seq);
    enum ambit_liveness liveness = AMBIT_LIVE;
    assert_int_equal(cutoff_liveness(txn, head->last_cutoff_seq, &row, &liveness), AMBIT_OK);
    return liveness;
}

static void every_target_kills_what_it_covers(void **state)
{
    char lineage[6 + 24] = "lineage:", grant[6 + 24] = "grant:";
    struct ambit_id lineage_id = {{2}}, grant_id = {{1}};
    id_encode(lineage_id, lineage + 8);
    id_encode(grant_id, grant + 6);
    const struct {
        struct ambit_str target;
        bool kills;
    } rows[] = {
        {AMBIT_STR("all"), true},
        {AMBIT_STR("agent:bot"), true},
        {AMBIT_STR("agent:bo"), false},
        {AMBIT_STR("team:pay"), true},
        {AMBIT_STR("team:bot"), false},
        {AMBIT_STR("owner:dana"), true},
        {AMBIT_STR("policy:p1"), true},
        {AMBIT_STR("policy:p2"), true},
        {AMBIT_STR("policy:p3"), false},
        {{lineage, 8 + ID_TEXT_LEN}, true},
        {{grant, 6 + ID_TEXT_LEN}, true},
        {AMBIT_STR("agent:bot policy:p2"), true},
        {AMBIT_STR("agent:bot policy:p3"), false},
        {AMBIT_STR("agent:cat policy:p2"), false},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct store_txn *txn = NULL;
        struct head head = {0};
        struct state_key key = state_key_cutoff_text(rows[i].target);
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        assert_int_equal(cutoff_raise(txn, &head, &key, 50, (struct ambit_id){{0}}), AMBIT_OK);
        enum ambit_liveness dead = rows[i].kills ? AMBIT_DEAD_REVOKED : AMBIT_LIVE;
        ROW_CHECK(rows[i].target.p, liveness_at(txn, &head, 50) == dead);
        ROW_CHECK(rows[i].target.p, liveness_at(txn, &head, 3) == dead);
        ROW_CHECK(rows[i].target.p, liveness_at(txn, &head, 51) == AMBIT_LIVE);
        store_write_abort(txn);
    }
}

static void in_force_is_told_from_cleared(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    struct head head = {0};
    struct state_key key = state_key_cutoff(AMBIT_TARGET_AGENT, AMBIT_STR("bot"));
    struct ambit_id first = {{1}}, second = {{2}}, none = {{0}};
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(cutoff_raise(txn, &head, &key, 10, first), AMBIT_OK);
    assert_int_equal(cutoff_raise(txn, &head, &key, 20, second), AMBIT_OK);
    assert_int_equal(liveness_at(txn, &head, 15), AMBIT_DEAD_STOPPED);
    assert_int_equal(cutoff_release(txn, &head, &key, 10, first),
                     AMBIT_OK); /* the second was cleared */
    assert_int_equal(liveness_at(txn, &head, 15), AMBIT_DEAD_REVOKED);
    assert_int_equal(liveness_at(txn, &head, 10), AMBIT_DEAD_STOPPED);
    assert_int_equal(cutoff_release(txn, &head, &key, 0, none), AMBIT_OK);
    assert_int_equal(liveness_at(txn, &head, 10),
                     AMBIT_DEAD_REVOKED); /* clearing revives nothing */
    assert_int_equal(liveness_at(txn, &head, 21), AMBIT_LIVE);
    store_write_abort(txn);
}

static void cutoffs_only_grow(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    struct head head = {0};
    struct state_key key = state_key_cutoff(AMBIT_TARGET_ALL, (struct ambit_str){0});
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(cutoff_raise(txn, &head, &key, 20, (struct ambit_id){{0}}), AMBIT_OK);
    assert_int_equal(cutoff_raise(txn, &head, &key, 10, (struct ambit_id){{0}}), AMBIT_OK);
    assert_int_equal(head.last_cutoff_seq, 20);
    assert_int_equal(liveness_at(txn, &head, 15), AMBIT_DEAD_REVOKED);
    store_write_abort(txn);
}

/* What a caller asks for, or a damaged row says, may be longer than any name. */
static void longer_than_any_name(void **state)
{
    static char text[20000];
    (void)state;
    memset(text, 'x', sizeof text);
    static const size_t lengths[] = {64, 512, 980, 1017, 1018, 1024, 1025, 4096, 5000, 20000};
    struct state_key seen[4 * AMBIT_LEN(lengths)];
    size_t n = 0;
    for (size_t i = 0; i < AMBIT_LEN(lengths); i++) {
        struct ambit_str name = {text, lengths[i]};
        const struct ambit_figure_query query = {
            .policy = name, .id = name, .field = name, .key = name};
        seen[n++] = state_key_agent(name);
        seen[n++] = state_key_cutoff(AMBIT_TARGET_AGENT, name);
        seen[n++] = state_key_incident(name, name, name);
        seen[n++] = state_key_counter(&query);
        state_key_cutoff_agent_policy(name, name);
        for (size_t k = 0; k + 1 < n; k++)
            for (size_t m = k + 1; m < n; m++)
                assert_memory_not_equal(seen[k].b, seen[m].b, sizeof seen[k].b);
    }
}

/* More events than anybody appended: the next one could not be counted. */
static void a_head_beyond_all(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    struct head head = {0}, back;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    head.edge.size = 5;
    assert_int_equal(head_store(txn, &head), AMBIT_OK);
    assert_int_equal(head_load(txn, &back), AMBIT_OK);
    head.edge.size = UINT64_MAX >> 1;
    assert_int_equal(head_store(txn, &head), AMBIT_OK);
    assert_int_equal(head_load(txn, &back), AMBIT_ERR_DAMAGED);
    store_write_abort(txn);
}

static const struct store_key one = {"0123456789abcdef", 16}, two = {"fedcba9876543210", 16};

static void take_row(struct store_txn *txn)
{
    assert_int_equal(store_delete(txn, STORE_HOLDS, one), AMBIT_OK);
}

static void add_row(struct store_txn *txn)
{
    assert_int_equal(store_put(txn, STORE_HOLDS, two, "", 0), AMBIT_OK);
}

static void change_row(struct store_txn *txn)
{
    assert_int_equal(store_put(txn, STORE_STOPS, one, "b", 1), AMBIT_OK);
}

static void exchange_rows(struct store_txn *txn)
{
    assert_int_equal(store_put(txn, STORE_STOPS, one, "c", 1), AMBIT_OK);
    assert_int_equal(store_put(txn, STORE_STOPS, two, "a", 1), AMBIT_OK);
}

static void take_cutoff(struct store_txn *txn)
{
    struct state_key key = state_key_cutoff_text(AMBIT_STR("agent:one"));
    assert_int_equal(store_delete(txn, STORE_CUTOFFS, state_key_store(&key)), AMBIT_OK);
}

static void nothing(struct store_txn *txn)
{
    (void)txn;
}

/* Rows that say what is dead: whoever changes one behind the back of the head is found. */
static void rows_are_counted(void **state)
{
    static const struct {
        const char *name;
        void (*edit)(struct store_txn *txn);
        enum ambit_err want;
    } rows[] = {
        {"as they are", nothing, AMBIT_OK},
        {"a hold is gone", take_row, AMBIT_ERR_DAMAGED},
        {"a hold more", add_row, AMBIT_ERR_DAMAGED},
        {"a stop is another", change_row, AMBIT_ERR_DAMAGED},
        {"two have changed places", exchange_rows, AMBIT_ERR_DAMAGED},
        {"a cut-off is gone", take_cutoff, AMBIT_ERR_DAMAGED},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct store_txn *txn = NULL;
        struct head head = {0}, back;
        struct ambit_id none = {{0}};
        struct state_key key = state_key_cutoff_text(AMBIT_STR("agent:one"));
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        assert_int_equal(cutoff_raise(txn, &head, &key, 7, none), AMBIT_OK);
        assert_int_equal(cutoff_raise(txn, &head, &key, 9, none), AMBIT_OK);
        struct tally *tally = &head.tally;
        assert_int_equal(tally_put(txn, tally, STORE_STOPS, one, AMBIT_STR("z")), AMBIT_OK);
        assert_int_equal(tally_put(txn, tally, STORE_STOPS, two, AMBIT_STR("c")), AMBIT_OK);
        assert_int_equal(tally_put(txn, tally, STORE_STOPS, one, AMBIT_STR("a")), AMBIT_OK);
        assert_int_equal(tally_put(txn, tally, STORE_HOLDS, two, AMBIT_STR("")), AMBIT_OK);
        assert_int_equal(tally_put(txn, tally, STORE_HOLDS, one, AMBIT_STR("")), AMBIT_OK);
        assert_int_equal(tally_delete(txn, tally, STORE_HOLDS, two), AMBIT_OK);
        assert_int_equal(tally_delete(txn, tally, STORE_HOLDS, two), AMBIT_ERR_NOT_FOUND);
        assert_int_equal(head_store(txn, &head), AMBIT_OK);
        assert_int_equal(head_load(txn, &back), AMBIT_OK);
        rows[i].edit(txn);
        ROW_CHECK(rows[i].name, tally_check(txn, &back) == rows[i].want);
        back.last_cutoff_seq--;
        ROW_CHECK(rows[i].name, tally_check(txn, &back) == AMBIT_ERR_DAMAGED);
        store_write_abort(txn);
    }
}

/* A head of the version before says nothing of them: they are counted as they are. */
static void an_older_head(void **state)
{
    enum { SECOND_BYTES = 1 + 8 * 7 + 32 };
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    struct head head = {0}, back;
    struct state_key key = state_key_cutoff_text(AMBIT_STR("agent:one"));
    uint8_t row[256];
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(cutoff_raise(txn, &head, &key, 7, (struct ambit_id){{0}}), AMBIT_OK);
    assert_int_equal(head_store(txn, &head), AMBIT_OK);
    const struct store_key name = {"head", 4};
    assert_int_equal(store_get(txn, STORE_META, name, row, sizeof row, NULL), AMBIT_OK);
    row[0] = 2;
    assert_int_equal(store_put(txn, STORE_META, name, row, SECOND_BYTES), AMBIT_OK);
    assert_int_equal(head_load(txn, &back), AMBIT_OK);
    assert_memory_equal(&back.tally, &head.tally, sizeof back.tally);
    assert_int_equal(tally_check(txn, &back), AMBIT_OK);
    store_write_abort(txn);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(every_target_kills_what_it_covers, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(in_force_is_told_from_cleared, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(cutoffs_only_grow, fixture_up, fixture_down),
    cmocka_unit_test(longer_than_any_name),
    cmocka_unit_test_setup_teardown(a_head_beyond_all, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(rows_are_counted, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(an_older_head, fixture_up, fixture_down),
};
UNIT_MAIN(tests)
