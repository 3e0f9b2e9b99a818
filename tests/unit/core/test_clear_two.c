/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: at critical, and for team, owner and all, two people clear (policy-language.md, Roles): the
 * first leaves the hold as it is, the second is another one, both may when the second comes, and
 * the first one's word lapses after a day. */
#include "stage.h"

#include "stage_documents.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static enum ambit_reason ask(struct stage *stage)
{
    static const struct ask worker = {"worker", "a.free", "svc:free/**"};
    return stage_ask(stage, &worker).reason;
}

static void test_second_is_another(void **state)
{
    static const char *const targets[] = {"all",          "team:payments",  "owner:dana",
                                          "agent:keeper", "policy:vaulted", "resource:vault:x"};
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    for (size_t i = 0; i < AMBIT_LEN(targets); i++) {
        struct stopped stop = stage_stop(&stage, "lee", targets[i]);
        enum ambit_reason held = ask(&stage);
        ROW_CHECK(targets[i], stage_clear(&stage, "lee", stop.stop) == CLEAR_NEEDS_TWO);
        ROW_CHECK(targets[i], ask(&stage) == held);
        ROW_CHECK(targets[i], stage_clear(&stage, "lee", stop.stop) == CLEAR_NEEDS_OTHER);
        ROW_CHECK(targets[i], stage_clear(&stage, "dana", stop.stop) == CLEAR_NOT_PERMITTED);
        stage_reopen(&stage);
        ROW_CHECK(targets[i], ask(&stage) == held);
        ROW_CHECK(targets[i], stage_clear(&stage, "lee", stop.stop) == CLEAR_NEEDS_OTHER);
        ROW_CHECK(targets[i], stage_clear(&stage, "kim", stop.stop) == CLEAR_FINE);
        ROW_CHECK(targets[i], ask(&stage) == AMBIT_REASON_ALLOWED);
        ROW_CHECK(targets[i], stage_clear(&stage, "kim", stop.stop) == CLEAR_ALREADY);
        ROW_CHECK(targets[i], stage_clear(&stage, "lee", stop.stop) == CLEAR_ALREADY);
    }
    assert_int_equal(stage_count_events(&stage, "stop.clear_asked", "\"person\":\"lee\""),
                     AMBIT_LEN(targets));
    assert_int_equal(stage_count_events(&stage, "stop.cleared", "\"first\":\"lee\""),
                     AMBIT_LEN(targets));
    stage_verify(&stage);
}

/* Whoever owns a part of what was stopped, or backs it up, is neither the first nor the second. */
static void test_owners_do_not_count(void **state)
{
    static const struct {
        const char *target, *person;
        enum clear_refusal want;
    } rows[] = {
        {"all", "oli", CLEAR_NOT_PERMITTED},
        {"owner:oli", "oli", CLEAR_NOT_PERMITTED},
        {"team:operations", "oli", CLEAR_NOT_PERMITTED},
        {"team:payments", "oli", CLEAR_NEEDS_TWO},
        {"owner:dana", "oli", CLEAR_NEEDS_TWO},
        {"owner:dana", "ann", CLEAR_NOT_PERMITTED},
        {"agent:keeper", "oli", CLEAR_NEEDS_TWO},
    };
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct stopped stop = stage_stop(&stage, "lee", rows[i].target);
        ROW_CHECK(rows[i].target, stage_clear(&stage, rows[i].person, stop.stop) == rows[i].want);
    }
    stage_verify(&stage);
}

static void test_lapse(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct stopped one = stage_stop(&stage, "lee", "all"), two = stage_stop(&stage, "lee", "all");
    assert_int_equal(stage_clear(&stage, "lee", one.stop), CLEAR_NEEDS_TWO);
    assert_int_equal(stage_clear(&stage, "lee", two.stop), CLEAR_NEEDS_TWO);
    stage_pass(DAY_MS - 1);
    assert_int_equal(stage_clear(&stage, "kim", one.stop), CLEAR_FINE);
    stage_pass(1);
    assert_int_equal(stage_clear(&stage, "kim", two.stop), CLEAR_NEEDS_TWO);
    assert_int_equal(stage_clear(&stage, "kim", two.stop), CLEAR_NEEDS_OTHER);
    assert_int_equal(ask(&stage), AMBIT_REASON_STOPPED);
    assert_int_equal(stage_clear(&stage, "lee", two.stop), CLEAR_FINE);
    assert_int_equal(ask(&stage), AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_count_events(&stage, "stop.cleared", "\"first\":\"kim\""), 1);
    stage_verify(&stage);
}

/* Who was on call when they asked and is not any more counts no more. */
static void test_first_lost_the_role(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct stopped stop = stage_stop(&stage, "lee", "all");
    assert_int_equal(stage_clear(&stage, "kim", stop.stop), CLEAR_NEEDS_TWO);
    stage_document(&stage, "people/kim.json",
                   "{'person':'kim','name':'Kim X','email':'kim@example.gov','team':'operations',"
                   "'active':true,'roles':['auditor']}");
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    assert_int_equal(stage_clear(&stage, "lee", stop.stop), CLEAR_NEEDS_TWO);
    assert_int_equal(ask(&stage), AMBIT_REASON_STOPPED);
    stage_verify(&stage);
}

/* Nor does who was offboarded since, though their document still says that they are on call. */
static void test_first_was_offboarded(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct stopped stop = stage_stop(&stage, "lee", "all");
    assert_int_equal(stage_clear(&stage, "kim", stop.stop), CLEAR_NEEDS_TWO);
    assert_int_equal(stage_offboard(&stage, "lee", "kim").err, AMBIT_OK);
    assert_int_equal(stage_clear(&stage, "lee", stop.stop), CLEAR_NEEDS_TWO);
    assert_int_equal(ask(&stage), AMBIT_REASON_STOPPED);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_second_is_another),
    cmocka_unit_test(test_owners_do_not_count),
    cmocka_unit_test(test_lapse),
    cmocka_unit_test(test_first_lost_the_role),
    cmocka_unit_test(test_first_was_offboarded),
};
UNIT_MAIN(tests)
