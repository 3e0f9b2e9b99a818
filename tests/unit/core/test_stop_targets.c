/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a stop is a cut-off and a hold (the table of policy-language.md): what it covers is dead
 * for ever, what it holds is refused until a person clears it, and who may clear is who has the
 * role. */
#include "stage.h"

#include "base/encode.h"

enum { WORKER, HELPER, PORTER, TOKENS };

/* One token of each agent, before and after. */
struct scene {
    struct stage stage;
    struct answer token[TOKENS];
    char target[64];
};

static void scene_done(struct scene *scene)
{
    stage_done(&scene->stage);
}

static void scene_make(struct scene *scene)
{
    stage_make(&scene->stage);
    stage_open(&scene->stage);
    scene->token[WORKER] = stage_grant(&scene->stage, "worker", "a.free", "svc:free/**");
    scene->token[HELPER] = stage_grant(&scene->stage, "helper", "a.free", "svc:free/**");
    scene->token[PORTER] = stage_grant(&scene->stage, "porter", "p.do", "svc:p/**");
}

static struct answer use(struct scene *scene, int who)
{
    return who == PORTER ? stage_do(&scene->stage, &scene->token[who], "p.do", "svc:p/x")
                         : stage_do(&scene->stage, &scene->token[who], "a.free", "svc:free/x");
}

static struct answer ask_again(struct scene *scene, int who)
{
    static const struct ask asks[] = {{"worker", "a.free", "svc:free/**"},
                                      {"helper", "a.free", "svc:free/**"},
                                      {"porter", "p.do", "svc:p/**"}};
    return stage_ask(&scene->stage, &asks[who]);
}

static const struct {
    const char *target; /* "grant" and "lineage": of the worker's token */
    bool dead[TOKENS], held[TOKENS];
    const char *clears; /* may; NULL: needs two */
} rows[] = {
    {"grant", {true, false, false}, {false, false, false}, "kim"},
    {"lineage", {true, false, false}, {false, false, false}, "kim"},
    {"agent:worker", {true, false, false}, {true, false, false}, "kim"},
    {"team:payments", {true, true, false}, {true, true, false}, NULL},
    {"owner:oli", {false, false, true}, {false, false, true}, NULL},
    {"policy:counting", {true, true, false}, {true, true, false}, "kim"},
    {"resource:svc:free/**", {true, true, false}, {true, true, false}, "kim"},
    {"resource:svc:p/x", {false, false, true}, {false, false, true}, "kim"},
    {"all", {true, true, true}, {true, true, true}, NULL},
};

static void test_every_target(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        AMBIT_CLEANUP(scene_done) struct scene scene;
        scene_make(&scene);
        const char *target = rows[i].target;
        if (streq(target, "grant") || streq(target, "lineage"))
            target = stage_target(target, scene.token[WORKER].grant, scene.target);
        bool is_resource = strncmp(target, "resource:", 9) == 0;
        struct stopped stop = stage_stop(&scene.stage, "lee", target);
        ROW_CHECK(target, stop.err == AMBIT_OK);
        for (int who = 0; who < TOKENS; who++) {
            ROW_CHECK(target,
                      (use(&scene, who).reason == AMBIT_REASON_STOPPED) == rows[i].dead[who]);
            ROW_CHECK(target,
                      stage_is_active(&scene.stage, &scene.token[who]) != (rows[i].dead[who]));
            ROW_CHECK(target,
                      (ask_again(&scene, who).reason == AMBIT_REASON_STOPPED) == rows[i].held[who]);
        }
        /* The same after a restart, and the same after the clear, but for the reason. */
        stage_reopen(&scene.stage);
        ROW_CHECK(target, stage_clear(&scene.stage, "kim", stop.stop) ==
                              (rows[i].clears ? CLEAR_FINE : CLEAR_NEEDS_TWO));
        for (int who = 0; rows[i].clears && who < TOKENS; who++) {
            bool is_dead = rows[i].dead[who] && !is_resource;
            ROW_CHECK(target, use(&scene, who).reason ==
                                  (is_dead ? AMBIT_REASON_INACTIVE : AMBIT_REASON_ALLOWED));
            ROW_CHECK(target, stage_is_active(&scene.stage, &scene.token[who]) == !is_dead);
            ROW_CHECK(target, ask_again(&scene, who).reason == AMBIT_REASON_ALLOWED);
        }
        ROW_CHECK(target, stage_explain_all(&scene.stage) > 0);
        stage_verify(&scene.stage);
    }
}

static void test_no_such_target(void **state)
{
    static const char *const unknown[] = {
        "agent:nobody", "team:none", "owner:none", "policy:none", "grant:AAAAAAAAAAAAAAAAAAAAAQ",
        "grant:x"};
    static const char *const malformed[] = {"",          "worker",           "agent:", "user:x",
                                            "resource:", "resource:no type", "all:"};
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    for (size_t i = 0; i < AMBIT_LEN(unknown); i++)
        ROW_CHECK(unknown[i], stage_stop(&stage, "lee", unknown[i]).err == AMBIT_ERR_NOT_FOUND);
    for (size_t i = 0; i < AMBIT_LEN(malformed); i++)
        ROW_CHECK(malformed[i], stage_stop(&stage, "lee", malformed[i]).err == AMBIT_ERR_MALFORMED);
    assert_int_equal(stage_count_events(&stage, "stop.raised", NULL), 0);
}

/* In force in introspection from the moment it is accepted, while a slow commit stands before it.
 */
static void test_in_force_while_it_waits(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        AMBIT_CLEANUP(scene_done) struct scene scene;
        struct held_ask slow;
        struct held_stop stop;
        struct ask ask = {"keeper", "v.open", "vault:x"};
        scene_make(&scene);
        const char *target = rows[i].target;
        if (streq(target, "grant") || streq(target, "lineage"))
            target = stage_target(target, scene.token[WORKER].grant, scene.target);
        stage_hold_commits();
        stage_submit(&scene.stage, &ask, &slow);
        stage_await_commit();
        stage_submit_stop(&scene.stage, "lee", target, &stop);
        for (int who = 0; who < TOKENS; who++)
            ROW_CHECK(target,
                      stage_is_active(&scene.stage, &scene.token[who]) != rows[i].dead[who]);
        stage_release_commits();
        assert_int_equal(stage_await(&slow).err, AMBIT_OK);
        assert_int_equal(stage_await_stop(&stop).err, AMBIT_OK);
        for (int who = 0; who < TOKENS; who++)
            ROW_CHECK(target,
                      stage_is_active(&scene.stage, &scene.token[who]) != rows[i].dead[who]);
    }
}

/* Roles: an on-call person who is neither owner nor backup; at low and medium its owner, if no
 * other person raised it; at critical two. */
static void test_who_may_clear(void **state)
{
    static const struct {
        const char *raised_by, *target, *cleared_by;
        enum clear_refusal want;
    } cases[] = {
        {"lee", "agent:worker", "kim", CLEAR_FINE},
        {"lee", "agent:worker", "lee", CLEAR_FINE},
        {"lee", "agent:worker", "dana", CLEAR_NOT_PERMITTED}, /* its owner, raised by another */
        {"dana", "agent:worker", "dana", CLEAR_FINE},
        {"dana", "agent:worker", "sam", CLEAR_NOT_PERMITTED}, /* its backup */
        {"lee", "agent:worker", "ann", CLEAR_NOT_PERMITTED},  /* admin, auditor */
        {"lee", "agent:porter", "oli", CLEAR_NOT_PERMITTED},  /* on call, and its owner */
        {"lee", "agent:porter", "kim", CLEAR_FINE},
        {"lee", "agent:keeper", "kim", CLEAR_NEEDS_TWO}, /* critical */
        {"lee", "policy:vaulted", "kim", CLEAR_NEEDS_TWO},
        {"lee", "policy:counting", "oli", CLEAR_FINE},
        {"lee", "resource:vault:x", "kim", CLEAR_NEEDS_TWO},
        {"lee", "resource:svc:x", "kim", CLEAR_FINE},
        {"lee", "all", "kim", CLEAR_NEEDS_TWO},
        {"lee", "all", "ann", CLEAR_NOT_PERMITTED},
        {"lee", "agent:worker", "nobody", CLEAR_NOT_PERMITTED},
    };
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    for (size_t i = 0; i < AMBIT_LEN(cases); i++) {
        struct stopped stop = stage_stop(&stage, cases[i].raised_by, cases[i].target);
        assert_int_equal(stop.err, AMBIT_OK);
        enum clear_refusal refusal = stage_clear(&stage, cases[i].cleared_by, stop.stop);
        if (refusal != cases[i].want)
            fail_msg("%s cleared by %s: %d instead of %d", cases[i].target, cases[i].cleared_by,
                     (int)refusal, (int)cases[i].want);
        if (refusal == CLEAR_FINE)
            assert_int_equal(stage_clear(&stage, "kim", stop.stop), CLEAR_ALREADY);
    }
    assert_int_equal(stage_clear(&stage, "kim", (struct ambit_id){.b = {1}}), CLEAR_UNKNOWN);
    stage_verify(&stage);
}

/* Two stops on one target: with one cleared, the other holds, and its reason stays. */
static void test_two_on_one_target(void **state)
{
    (void)state;
    AMBIT_CLEANUP(scene_done) struct scene scene;
    scene_make(&scene);
    struct stopped first = stage_stop(&scene.stage, "lee", "agent:worker");
    struct stopped second = stage_stop(&scene.stage, "kim", "agent:worker");
    assert_int_equal(stage_clear(&scene.stage, "kim", second.stop), CLEAR_FINE);
    assert_int_equal(use(&scene, WORKER).reason, AMBIT_REASON_STOPPED);
    assert_int_equal(ask_again(&scene, WORKER).reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_clear(&scene.stage, "kim", first.stop), CLEAR_FINE);
    assert_int_equal(use(&scene, WORKER).reason, AMBIT_REASON_INACTIVE);
    assert_int_equal(ask_again(&scene, WORKER).reason, AMBIT_REASON_ALLOWED);
    stage_verify(&scene.stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_target),
    cmocka_unit_test(test_no_such_target),
    cmocka_unit_test(test_in_force_while_it_waits),
    cmocka_unit_test(test_who_may_clear),
    cmocka_unit_test(test_two_on_one_target),
};
UNIT_MAIN(tests)
