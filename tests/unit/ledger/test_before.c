/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what events put in force is followed as the broker keeps it: stops that hold (in the order
 * of their ids, few), what was ended for ever, approvals that are open, people who left; what is
 * more than is followed is said to be, and an erased text that is still there is found. */
#include "support/unit.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/encode.h"
#include "ledger/before.h"
#include "ledger/follow_texts.h"

static const uint64_t hash_key[2] = {3, 4};

static struct ambit_id id_of(unsigned n)
{
    struct ambit_id id = {{1}};
    put_be64(id.b + 8, n);
    return id;
}

static void what_a_stop_is_on(void **state)
{
    static const struct {
        const char *text;
        enum ambit_err want;
        enum ambit_target_kind kind;
        const char *name;
    } rows[] = {
        {"all", AMBIT_OK, AMBIT_TARGET_ALL, ""},
        {"agent:a/b", AMBIT_OK, AMBIT_TARGET_AGENT, "a/b"},
        {"resource:svc:**", AMBIT_OK, AMBIT_TARGET_RESOURCE, "svc:**"},
        {"policy:p", AMBIT_OK, AMBIT_TARGET_POLICY, "p"},
        {"agent:", AMBIT_ERR_MALFORMED, AMBIT_TARGET_ALL, ""},
        {"all:x", AMBIT_ERR_MALFORMED, AMBIT_TARGET_ALL, ""},
        {"agents:x", AMBIT_ERR_MALFORMED, AMBIT_TARGET_ALL, ""},
        {"", AMBIT_ERR_MALFORMED, AMBIT_TARGET_ALL, ""},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        enum ambit_target_kind kind = AMBIT_TARGET_ALL;
        struct ambit_str name = AMBIT_STR("");
        enum ambit_err err = held_target_parse(ambit_str_of(rows[i].text), &kind, &name);
        ROW_CHECK(rows[i].text,
                  err == rows[i].want && kind == rows[i].kind && ambit_str_is(name, rows[i].name));
    }
}

static struct event raised(unsigned n, const char *target, bool holds)
{
    return (struct event){.type = EVENT_STOP_RAISED,
                          .seq = n,
                          .time_ms = 1000 + n,
                          .stop = id_of(n),
                          .target = ambit_str_of(target),
                          .holds = holds};
}

static struct event cleared(unsigned n, int64_t time_ms)
{
    return (struct event){.type = EVENT_STOP_CLEARED, .time_ms = time_ms, .stop = id_of(n)};
}

static void stops_that_hold(void **state)
{
    static const struct {
        const char *target;
        unsigned n;
        bool holds, is_there;
    } rows[] = {{"agent:b", 7, true, true},    {"agent:a", 3, true, true},
                {"all", 5, true, true},        {"grant:x", 4, true, false},
                {"lineage:x", 6, true, false}, {"agent:c", 8, false, false},
                {"nothing:x", 9, true, false}};
    struct held held = {.n = 0};
    size_t at = 0;
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct event event = raised(rows[i].n, rows[i].target, rows[i].holds);
        assert_int_equal(held_note(&held, &event), AMBIT_OK);
    }
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].target, held_find(&held, id_of(rows[i].n), &at) == rows[i].is_there);
    assert_int_equal(held.n, 3);
    for (size_t i = 1; i < held.n; i++)
        assert_true(memcmp(held.views[i - 1].id.b, held.views[i].id.b, 16) < 0);
    const struct event gone = cleared(5, 2000);
    assert_int_equal(held_note(&held, &gone), AMBIT_OK);
    assert_false(held_find(&held, id_of(5), &at));
    assert_true(held_was_cleared(&held, id_of(5), 2001));
    assert_false(held_was_cleared(&held, id_of(5), 2000)); /* in the same batch */
    assert_false(held_was_cleared(&held, id_of(3), 9000));
    held_done(&held);
}

static void more_stops_than_are_followed(void **state)
{
    struct held held = {.n = 0};
    (void)state;
    for (unsigned n = 0; n <= HELD_MAX; n++) {
        const struct event event = raised(n, "resource:svc:x", true);
        assert_false(held.is_over);
        assert_int_equal(held_note(&held, &event), AMBIT_OK);
    }
    assert_true(held.is_over);
    assert_int_equal(held.n, HELD_MAX);
    held_done(&held);
}

/* A grant given at 10 under a parent given at 5; what ends which of them, when. */
static void what_is_ended(void **state)
{
    char grant_text[32], line_text[32];
    const struct ambit_given items[] = {{.policy = AMBIT_STR("p")}, {.policy = AMBIT_STR("q")}};
    const struct ambit_grant_view parent = {.id = id_of(105),
                                            .lineage = id_of(105),
                                            .agent = AMBIT_STR("chief"),
                                            .owner = AMBIT_STR("dana"),
                                            .team = AMBIT_STR("t")};
    const struct ambit_grant_view grant = {.id = id_of(110),
                                           .lineage = id_of(105),
                                           .parent = id_of(105),
                                           .agent = AMBIT_STR("hand"),
                                           .owner = AMBIT_STR("sam"),
                                           .team = AMBIT_STR("u"),
                                           .items = items,
                                           .n_items = 2,
                                           .depth = 1,
                                           .above = &parent};
    const struct {
        const char *target;
        unsigned seq;
        bool holds;
        enum ambit_liveness want;
    } rows[] = {
        {"agent:hand", 20, true, AMBIT_DEAD_STOPPED},
        {"agent:hand", 20, false, AMBIT_DEAD_REVOKED},
        {"agent:hand", 9, true, AMBIT_LIVE},
        {"agent:chief", 9, true, AMBIT_DEAD_STOPPED},
        {"agent:other", 20, true, AMBIT_LIVE},
        {"owner:dana", 20, true, AMBIT_DEAD_STOPPED},
        {"team:u", 20, true, AMBIT_DEAD_STOPPED},
        {"policy:q", 20, true, AMBIT_DEAD_STOPPED},
        {"policy:z", 20, true, AMBIT_LIVE},
        {"all", 20, true, AMBIT_DEAD_STOPPED},
        {"all", 4, true, AMBIT_LIVE},
        {"resource:svc:**", 20, true, AMBIT_LIVE},
        {grant_text, 20, false, AMBIT_DEAD_REVOKED},
        {line_text, 20, false, AMBIT_DEAD_REVOKED},
        {"agent:hand policy:q", 20, false, AMBIT_DEAD_REVOKED},
        {"agent:chief policy:q", 20, false, AMBIT_LIVE},
    };
    struct places ids;
    bool is_new = false;
    (void)state;
    memcpy(grant_text, "grant:", sizeof "grant:");
    id_encode(id_of(110), grant_text + 6);
    grant_text[6 + ID_TEXT_LEN] = '\0';
    memcpy(line_text, "lineage:", sizeof "lineage:");
    id_encode(id_of(105), line_text + 8);
    line_text[8 + ID_TEXT_LEN] = '\0';
    places_init(&ids, hash_key);
    assert_int_equal(places_add(&ids, PLACE_GRANT, parent.id, 5, &is_new), AMBIT_OK);
    assert_int_equal(places_add(&ids, PLACE_GRANT, grant.id, 10, &is_new), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct held held = {.n = 0};
        struct cuts cuts;
        const struct event event = raised(rows[i].seq, rows[i].target, rows[i].holds);
        cuts_init(&cuts, hash_key);
        assert_int_equal(held_note(&held, &event), AMBIT_OK);
        assert_int_equal(cuts_note(&cuts, &event), AMBIT_OK);
        ROW_CHECK(rows[i].target, cuts_liveness(&cuts, &held, &ids, &grant) == rows[i].want);
        const struct event gone = cleared(rows[i].seq, 2000);
        assert_int_equal(held_note(&held, &gone), AMBIT_OK); /* the cut-off stays */
        bool is_over = rows[i].want != AMBIT_LIVE;
        ROW_CHECK(rows[i].target, cuts_liveness(&cuts, &held, &ids, &grant) ==
                                      (is_over ? AMBIT_DEAD_REVOKED : AMBIT_LIVE));
        held_done(&held);
        cuts_done(&cuts);
    }
    places_done(&ids);
}

/* Spent ones make room; 4,096 that are open do not. */
static void approvals_that_are_open(void **state)
{
    struct approvals approvals = {.n = 0};
    const char *what = NULL;
    const struct approved *found = NULL;
    (void)state;
    for (unsigned n = 1; n <= APPROVALS_MAX + 1; n++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        const struct event asked = {.type = EVENT_APPROVAL_ASKED,
                                    .approval = id_of(n),
                                    .agent = AMBIT_STR("a"),
                                    .expires_ms = 1 << 30,
                                    .detail = AMBIT_STR("{\"timeout_ms\":1000,\"uses\":1}")};
        const struct event over = {.type = EVENT_APPROVAL_LAPSED, .approval = id_of(n)};
        assert_int_equal(approvals_note(&approvals, &asked, &arena, false, &what), AMBIT_OK);
        assert_null(what);
        if (n <= 100)
            assert_int_equal(approvals_note(&approvals, &over, &arena, false, &what), AMBIT_OK);
    }
    assert_false(approvals.is_over);
    const struct event used = {.type = EVENT_GRANT_ISSUED,
                               .decision = AMBIT_ALLOW,
                               .approval = id_of(50),
                               .approved = AMBIT_STR("given")};
    assert_string_equal(approvals_judge(&approvals, &used, false, &found),
                        "was made with an approval that was not given, or was over");
    approvals_done(&approvals);
}

static void count_seq(void *ctx, uint64_t seq)
{
    uint64_t *seen = ctx;
    *seen = *seen * 1000 + seq;
}

static void texts_that_are_still_there(void **state)
{
    struct texts texts = {.n_held = 0};
    struct erasure_range ranges[] = {{60, 70}, {128, 128}};
    const struct erasure erasure = {
        .members = EVENT_ERASED_WORDS, .ranges = ranges, .n_ranges = AMBIT_LEN(ranges)};
    uint64_t seen = 0;
    (void)state;
    for (uint64_t seq = 50; seq < 140; seq++)
        assert_int_equal(texts_have(&texts, seq,
                                    seq == 63 || seq == 64 || seq == 129 ? EVENT_ERASED_WORDS
                                                                         : EVENT_ERASED_PURPOSE),
                         AMBIT_OK);
    assert_int_equal(texts_erase(&texts, &erasure), AMBIT_OK);
    texts_judge_held(&texts, count_seq, &seen);
    assert_int_equal(seen, 63064);
    texts_done(&texts);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_a_stop_is_on),
    cmocka_unit_test(stops_that_hold),
    cmocka_unit_test(more_stops_than_are_followed),
    cmocka_unit_test(what_is_ended),
    cmocka_unit_test(approvals_that_are_open),
    cmocka_unit_test(texts_that_are_still_there),
};

UNIT_MAIN(tests)
