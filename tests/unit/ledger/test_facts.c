/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: of every event there is one fact, in order, with its names as numbers that can be turned
 * back; periods are exact; what a grant was used adds up; facts go on where they stopped and are
 * built again when they are lost or of another version. */
#include "fixture.h"
#include "samples.h"

#include "base/encode.h"
#include "ledger/facts.h"
#include "ledger/indexer.h"
#include "store/search.h"

static const struct event_seed seed = {.b = {7}};
static const int64_t start_ms = 1795168800000;

struct facts_fixture {
    struct fixture *fixture;
    char path[FOLDER_PATH_MAX];
    struct search *search;
    struct indexer *indexer;
};

static void start(struct facts_fixture *f)
{
    assert_int_equal(search_open(f->path, (size_t)64 << 20, &f->search), AMBIT_OK);
    assert_int_equal(indexer_start(f->fixture->store, f->search, 1 << 20, &f->indexer), AMBIT_OK);
}

static void stop(struct facts_fixture *f)
{
    indexer_stop(f->indexer);
    search_close(f->search);
}

static int up(void **state)
{
    struct facts_fixture *f = calloc(1, sizeof *f);
    void *fixture = NULL;
    assert_non_null(f);
    (void)fixture_up(&fixture);
    f->fixture = fixture;
    folder_join(f->path, f->fixture->folder, "search");
    start(f);
    *state = f;
    return 0;
}

static int down(void **state)
{
    struct facts_fixture *f = *state;
    void *fixture = f->fixture;
    stop(f);
    (void)fixture_down(&fixture);
    free(f);
    return 0;
}

static void append(struct facts_fixture *f, const struct event *events, size_t n)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(f->fixture->store, &txn), AMBIT_OK);
    for (size_t i = 0; i < n; i++) {
        struct event event = events[i];
        assert_int_equal(ledger_append(&f->fixture->edge, txn, &event, &seed), AMBIT_OK);
    }
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    indexer_wake(f->indexer);
    assert_true(indexer_wait(f->indexer, f->fixture->edge.size, 5000));
}

static struct event action(int64_t after_ms, uint8_t grant)
{
    struct event event = sample_small();
    event.time_ms = start_ms + after_ms;
    event.type = EVENT_ACTION_ALLOWED;
    event.decision = AMBIT_ALLOW;
    event.reason = AMBIT_REASON_ALLOWED;
    event.id = sample_id(200);
    event.agent = AMBIT_STR("worker");
    event.owner = AMBIT_STR("dana");
    event.team = AMBIT_STR("payments");
    event.service = AMBIT_STR("api");
    event.action = AMBIT_STR("a.do");
    event.resource = AMBIT_STR("svc:x");
    event.policy = AMBIT_STR("p");
    event.rule = AMBIT_STR("r");
    event.digest = sample_digest(9);
    event.grant = event.lineage = sample_id(grant);
    return event;
}

static struct event grant(int64_t after_ms, uint8_t id)
{
    static const struct ambit_given items[] = {
        {.action = {"a.do", 4}, .resource = {"svc:x", 5}, .policy = {"p", 1}, .rule = {"r", 1}},
        {.action = {"a.do", 4}, .resource = {"svc:y", 5}, .policy = {"p", 1}, .rule = {"r", 1}}};
    struct event event = action(after_ms, id);
    event.type = EVENT_GRANT_ISSUED;
    event.service = event.action = event.resource = (struct ambit_str){0};
    event.audience = AMBIT_STR("https://api.example.gov");
    event.lifetime_s = 300;
    event.items = items;
    event.n_items = AMBIT_LEN(items);
    return event;
}

struct taken {
    struct fact facts[512];
    uint64_t seqs[512];
    size_t n;
};

static enum ambit_err take(void *ctx, uint64_t seq, const struct fact *fact)
{
    struct taken *taken = ctx;
    if (taken->n == AMBIT_LEN(taken->facts))
        return AMBIT_ERR_TOO_LARGE;
    taken->facts[taken->n] = *fact;
    taken->seqs[taken->n++] = seq;
    return AMBIT_OK;
}

static void read_all(struct facts_fixture *f, int64_t since, int64_t until, struct taken *ret)
{
    uint64_t next = 0;
    struct facts_scan scan = {.since_ms = start_ms + since,
                              .until_ms = start_ms + until,
                              .below = UINT64_MAX,
                              .each = take,
                              .ctx = ret};
    ret->n = 0;
    assert_int_equal(facts_read(f->search, &scan, &next), AMBIT_OK);
}

static bool is_named(struct facts_fixture *f, uint32_t number, const char *text)
{
    char name[128];
    size_t len = 0;
    return facts_name(f->search, NULL, number, name, sizeof name, &len) == AMBIT_OK &&
           ambit_str_is((struct ambit_str){name, len}, text);
}

static void test_members(void **state)
{
    struct facts_fixture *f = *state;
    struct taken *taken = calloc(1, sizeof *taken);
    assert_non_null(taken);
    const struct event events[] = {grant(0, 1), action(4000, 1), action(9000, 1), action(9500, 2)};
    append(f, events, AMBIT_LEN(events));
    read_all(f, 0, 10000, taken);
    assert_int_equal(taken->n, 4);
    const struct fact *fact = taken->facts;
    assert_int_equal(fact[0].amount, 300);
    assert_true(is_named(f, fact[0].who, "https://api.example.gov"));
    assert_int_equal(fact[1].amount, 4000); /* from its issue on */
    assert_int_equal(fact[2].amount, 5000); /* from the use before */
    assert_true(fact[2].flags & FACT_GRANT_KNOWN);
    assert_false(fact[3].flags & (FACT_GRANT_KNOWN | FACT_TIMED)); /* nobody issued it */
    assert_true(is_named(f, fact[1].agent, "worker") && is_named(f, fact[1].owner, "dana") &&
                is_named(f, fact[1].team, "payments") && is_named(f, fact[1].who, "api") &&
                is_named(f, fact[1].what, "a.do"));
    uint32_t number = 0;
    assert_int_equal(facts_number(f->search, FACT_AGENT, AMBIT_STR("worker"), &number), AMBIT_OK);
    assert_int_equal(number, fact[1].agent);
    assert_int_equal(facts_number(f->search, FACT_TEAM, AMBIT_STR("worker"), &number),
                     AMBIT_ERR_NOT_FOUND);
    char text[64];
    size_t len = 0;
    assert_int_equal(facts_name(f->search, NULL, fact[0].what, text, sizeof text, &len), AMBIT_OK);
    assert_int_equal(len, 8); /* two resources of one action are one item */
    assert_int_equal(facts_name(f->search, NULL, 0, text, sizeof text, &len), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(facts_name(f->search, NULL, fact[0].who, text, 3, &len), AMBIT_ERR_TOO_LARGE);
    free(taken);
}

/* Over the bounds of rows, and of transactions. */
static void test_periods(void **state)
{
    struct facts_fixture *f = *state;
    struct taken *taken = calloc(1, sizeof *taken);
    assert_non_null(taken);
    for (int part = 0; part < 4; part++) {
        struct event events[100];
        for (int i = 0; i < 100; i++)
            events[i] = action(1000 * (100 * part + i), 1);
        append(f, events, AMBIT_LEN(events));
        if (part == 1) {
            stop(f);
            start(f);
        }
    }
    static const struct {
        const char *name;
        int64_t since, until;
        size_t want;
        uint64_t first;
    } rows[] = {
        {"all", 0, 400000, 400, 0},
        {"none before", -9000, 0, 0, 0},
        {"none after", 400000, 500000, 0, 0},
        {"one", 84000, 84001, 1, 84},
        {"a row's end", 84000, 86000, 2, 84},
        {"the second row", 85000, 170000, 85, 85},
        {"between events", 85001, 85999, 0, 0},
        {"the last", 399000, 900000, 1, 399},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        read_all(f, rows[i].since, rows[i].until, taken);
        ROW_CHECK(rows[i].name,
                  taken->n == rows[i].want && (taken->n == 0 || taken->seqs[0] == rows[i].first));
        for (size_t k = 1; k < taken->n; k++)
            assert_int_equal(taken->seqs[k], taken->seqs[k - 1] + 1);
    }
    free(taken);
}

/* A record whose beginning was pruned: the index meets a later event first. */
static void test_begins_later(void **state)
{
    struct facts_fixture *f = *state;
    struct taken *taken = calloc(1, sizeof *taken);
    assert_non_null(taken);
    stop(f);
    struct event events[200];
    for (int i = 0; i < 200; i++)
        events[i] = action(1000 * i, 1);
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(f->fixture->store, &txn), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(events); i++)
        assert_int_equal(ledger_append(&f->fixture->edge, txn, &events[i], &seed), AMBIT_OK);
    size_t n = 0;
    uint8_t to[8];
    put_be64(to, 100);
    assert_int_equal(store_delete_range(txn, STORE_EVENTS, (struct store_key){NULL, 0},
                                        (struct store_key){to, sizeof to}, 1000, &n),
                     AMBIT_OK);
    assert_int_equal(n, 100);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    start(f);
    assert_true(indexer_wait(f->indexer, 200, 5000));
    read_all(f, 0, 400000, taken);
    assert_true(taken->n == 100 && taken->seqs[0] == 100 &&
                taken->facts[0].time_ms == start_ms + 100000);
    free(taken);
}

/* Facts of another version are thrown away with the index. */
static void test_other_version(void **state)
{
    struct facts_fixture *f = *state;
    struct taken *taken = calloc(1, sizeof *taken);
    struct store_txn *txn = NULL;
    struct search_position position;
    uint32_t version = FACTS_VERSION + 1;
    assert_non_null(taken);
    append(f, (const struct event[]){grant(0, 1), action(1000, 1)}, 2);
    stop(f);
    assert_int_equal(search_open(f->path, 0, &f->search), AMBIT_OK);
    assert_int_equal(search_position(f->search, &position), AMBIT_OK);
    assert_int_equal(search_write_begin(f->search, &txn), AMBIT_OK);
    assert_int_equal(search_put(txn, (struct store_key){"v", 1}, &version, sizeof version),
                     AMBIT_OK);
    assert_int_equal(search_write_commit(txn, NULL, 0, &position), AMBIT_OK);
    search_close(f->search);
    start(f);
    assert_true(indexer_wait(f->indexer, 2, 5000));
    read_all(f, 0, 10000, taken);
    assert_true(taken->n == 2 && taken->facts[1].amount == 1000);
    free(taken);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)
    const struct CMUnitTest tests[] = {WITH(test_members), WITH(test_periods),
                                       WITH(test_begins_later), WITH(test_other_version)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
