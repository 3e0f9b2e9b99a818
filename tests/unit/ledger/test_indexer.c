/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: every event is found by each of its values, in order and in both directions, soon after it
 * was committed; an index that is lost, damaged or of another record is built again. */
#include "index_fixture.h"

#include <fcntl.h>

#include "base/encode.h"
#include "ledger/index_entries.h"
#include "store/search.h"

static void test_every_value(void **state)
{
    static const struct {
        const char *name;
        enum index_tag tag;
        const char *value;
        size_t want;
    } rows[] = {
        {"id", INDEX_ID, "AQIDAAAAAAAAAAAAAAAAAQ", 1},
        {"grant", INDEX_GRANT, "AQIDAAAAAAAAAAAAAAAAAg", 1},
        {"an id elsewhere", INDEX_GRANT, "AQIDAAAAAAAAAAAAAAAAAQ", 0},
        {"lineage", INDEX_LINEAGE, "AQIDAAAAAAAAAAAAAAAAAw", 1},
        {"agent", INDEX_AGENT, "remediator", 1},
        {"owner", INDEX_OWNER, "dana", 1},
        {"owner as agent", INDEX_AGENT, "dana", 0},
        {"policy", INDEX_POLICY, "p", 1},
        {"trace", INDEX_TXN, "0123456789abcdef0123456789abcdef", 1},
        {"stop", INDEX_STOP, "AQIDAAAAAAAAAAAAAAAABg", 1},
        {"incident", INDEX_INCIDENT, "AQIDAAAAAAAAAAAAAAAABw", 1},
        {"cause", INDEX_CAUSE, "AQIDAAAAAAAAAAAAAAAACA", 1},
        {"type", INDEX_TYPE, "grant.issued", 1},
        {"person", INDEX_PERSON, "lee", 1},
        {"team", INDEX_TEAM, "payments", 1},
        {"service", INDEX_SERVICE, "payments-api", 1},
        {"resource asked for", INDEX_RESOURCE, "svc:staging/**", 1},
        {"resource given", INDEX_RESOURCE, "y", 1},
        {"action asked for", INDEX_ACTION, "service.restart", 1},
        {"action given", INDEX_ACTION, "x", 1},
        {"that it is allowed", INDEX_REASON, "allowed", 0},
        {"parent", INDEX_PARENT, "AQIDAAAAAAAAAAAAAAAABA", 1},
        {"target", INDEX_TARGET, "agent:remediator", 1},
        {"a set that was not activated", INDEX_SET, "sha256:03", 0},
        {"a grant is not rare", INDEX_NOTED, "grant agent:remediator", 0},
        {"no id", INDEX_ID, "short", 0},
        {"nothing", INDEX_AGENT, "", 0},
    };
    struct index_fixture *f = *state;
    ARENA_AUTO arena = {0};
    struct event event = sample_large(&arena);
    struct store_txn *txn = NULL;
    uint64_t seqs[4];
    assert_int_equal(store_write_begin(f->fixture->store, &txn), AMBIT_OK);
    assert_int_equal(ledger_append(&f->fixture->edge, txn, &event, &seed), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    indexer_wake(f->indexer);
    assert_true(indexer_wait(f->indexer, 1, 5000));
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].name, find(f, rows[i].tag, rows[i].value, seqs, 4) == rows[i].want);
}

static void test_order_and_pages(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    size_t n = 0;
    append(f, 100);
    assert_true(indexer_wait(f->indexer, 100, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a1", seqs, 64), 33);
    for (size_t i = 0; i < 33; i++)
        assert_int_equal(seqs[i], 3 * i + 1);

    struct index_query query = {.tag = INDEX_AGENT, .value = AMBIT_STR("a1"), .from = 40};
    assert_int_equal(indexer_find(f->search, &query, seqs, 2, &n), AMBIT_OK);
    assert_true(n == 2 && seqs[0] == 40 && seqs[1] == 43);
    query.is_descending = true;
    assert_int_equal(indexer_find(f->search, &query, seqs, 2, &n), AMBIT_OK);
    assert_true(n == 2 && seqs[0] == 37 && seqs[1] == 34);
    query.from = UINT64_MAX;
    assert_int_equal(indexer_find(f->search, &query, seqs, 1, &n), AMBIT_OK);
    assert_true(n == 1 && seqs[0] == 97);
    query.from = 1;
    assert_int_equal(indexer_find(f->search, &query, seqs, 4, &n), AMBIT_OK);
    assert_int_equal(n, 0);
    query.from = 2;
    assert_int_equal(indexer_find(f->search, &query, seqs, 4, &n), AMBIT_OK);
    assert_true(n == 1 && seqs[0] == 1);
}

static void test_follows(void **state)
{
    struct index_fixture *f = *state;
    assert_int_equal(indexer_complete_to(f->indexer), 0);
    assert_false(indexer_wait(f->indexer, 1, 50)); /* there is no such event yet */
    for (uint64_t total = 700; total <= 2800; total += 700) {
        append(f, 700);
        assert_true(indexer_wait(f->indexer, total, 5000));
        assert_int_equal(indexer_complete_to(f->indexer), total);
    }
    assert_int_equal(indexer_problem(f->indexer), AMBIT_OK);
}

static void test_more_than_a_chunk(void **state)
{
    struct index_fixture *f = *state;
    static uint64_t seqs[10000];
    for (int i = 0; i < 5; i++)
        append(f, 5000);
    assert_true(indexer_wait(f->indexer, 25000, 20000));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 10000), 8334);
    assert_int_equal(seqs[8333], 24999);
}

static void test_goes_on_after_reopening(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    append(f, 50);
    assert_true(indexer_wait(f->indexer, 50, 5000));
    stop(f);
    start(f);
    assert_int_equal(indexer_complete_to(f->indexer), 50);
    append(f, 10);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 20);
}

static void overwrite(const char *folder, off_t at)
{
    char path[FOLDER_PATH_MAX];
    int fd = open(folder_join(path, folder, "data.mdb"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff", 4, at), 4);
    assert_int_equal(close(fd), 0);
}

static void test_is_built_again(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    stop(f);
    overwrite(f->path, 16); /* no meta page any more */
    start(f);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 20);
    stop(f);
    folder_remove(f->path);
    start(f);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 20);
}

static uint64_t append_one(struct index_fixture *f, struct event event)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(f->fixture->store, &txn), AMBIT_OK);
    assert_int_equal(ledger_append(&f->fixture->edge, txn, &event, &seed), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    indexer_wake(f->indexer);
    return event.seq;
}

/* What only events of some types are found by. */
static void test_of_types(void **state)
{
    static const struct {
        const char *name;
        enum index_tag tag;
        const char *value;
        size_t want;
    } rows[] = {
        {"stops of an agent", INDEX_NOTED, "stop agent:x", 1},
        {"of its owner", INDEX_NOTED, "stop owner:dana", 1},
        {"of its lineage", INDEX_NOTED, "stop lineage:AQIDAAAAAAAAAAAAAAAABQ", 1},
        {"incidents", INDEX_NOTED, "incident agent:x", 1},
        {"questions, not their uses", INDEX_NOTED, "approval agent:x", 1},
        {"both by their id", INDEX_APPROVAL, "AQIDAAAAAAAAAAAAAAAACQ", 2},
    };
    struct index_fixture *f = *state;
    uint64_t seqs[8];
    struct event event = sample_small();
    event.agent = AMBIT_STR("x");
    event.owner = AMBIT_STR("dana");
    event.lineage = sample_id(5);
    event.type = EVENT_STOP_RAISED;
    (void)append_one(f, event);
    event.type = EVENT_INCIDENT_OPENED;
    (void)append_one(f, event);
    event.approval = sample_id(9);
    event.type = EVENT_APPROVAL_ASKED;
    (void)append_one(f, event);
    event.type = EVENT_APPROVAL_USED;
    assert_true(indexer_wait(f->indexer, append_one(f, event) + 1, 5000));
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].name, find(f, rows[i].tag, rows[i].value, seqs, 8) == rows[i].want);
}

/* An index that was built by other rules, or before there were any, is built again. */
static void test_other_rules(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    for (uint32_t built_as = 0; built_as <= INDEX_VERSION; built_as++) {
        struct search_position position;
        struct search_entry lie = {.tag = INDEX_AGENT, .seq = 7};
        assert_true(index_key(INDEX_AGENT, AMBIT_STR("nobody"), lie.key));
        stop(f);
        assert_int_equal(search_open(f->path, 0, &f->search), AMBIT_OK);
        assert_int_equal(search_position(f->search, &position), AMBIT_OK);
        assert_int_equal(position.built_as, INDEX_VERSION);
        position.built_as = built_as;
        assert_int_equal(search_add(f->search, &lie, 1, &position), AMBIT_OK);
        search_close(f->search);
        start(f);
        assert_true(indexer_wait(f->indexer, 60, 5000));
        assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 20);
        assert_int_equal(find(f, INDEX_AGENT, "nobody", seqs, 64), built_as == INDEX_VERSION);
    }
}

/* One reader, moved about: the first at or behind a place, in both directions. */
static void test_reader(void **state)
{
    struct index_fixture *f = *state;
    struct search_reader *reader = NULL;
    uint8_t key[16];
    uint64_t seq = 0;
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_true(index_key(INDEX_AGENT, AMBIT_STR("a1"), key));
    assert_int_equal(search_reader_open(f->search, &reader), AMBIT_OK);
    struct search_query query = {.tag = INDEX_AGENT};
    memcpy(query.key, key, sizeof key);
    static const struct {
        const char *name;
        bool is_descending;
        uint64_t from, want; /* UINT64_MAX: none */
    } rows[] = {
        {"first", false, 0, 1},
        {"itself", false, 4, 4},
        {"next", false, 5, 7},
        {"past the last", false, 59, UINT64_MAX},
        {"back again", false, 0, 1},
        {"last", true, UINT64_MAX, 58},
        {"before itself", true, 58, 55},
        {"before it", true, 57, 55},
        {"before the first", true, 1, UINT64_MAX},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        query.is_descending = rows[i].is_descending;
        query.from = rows[i].from;
        enum ambit_err err = search_reader_seek(reader, &query, &seq);
        ROW_CHECK(rows[i].name, rows[i].want == UINT64_MAX
                                    ? err == AMBIT_ERR_NOT_FOUND
                                    : err == AMBIT_OK && seq == rows[i].want);
    }
    query.key[0] ^= 1;
    assert_int_equal(search_reader_seek(reader, &query, &seq), AMBIT_ERR_NOT_FOUND);
    search_reader_close(reader);
}

/* The record was put back to an older state, or is another one altogether. */
static void test_other_record(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    stop(f);
    store_close(f->fixture->store);
    folder_remove(f->fixture->path);
    store_up(f->fixture);
    f->fixture->edge = (struct tree_edge){0};
    start(f);
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 0);
    append(f, 3);
    assert_true(indexer_wait(f->indexer, 3, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 1);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)
    const struct CMUnitTest tests[] = {
        WITH(test_every_value),
        WITH(test_order_and_pages),
        WITH(test_follows),
        WITH(test_more_than_a_chunk),
        WITH(test_goes_on_after_reopening),
        WITH(test_is_built_again),
        WITH(test_of_types),
        WITH(test_other_rules),
        WITH(test_other_record),
        WITH(test_reader),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
