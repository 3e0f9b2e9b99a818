/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a service is told everything about what it asked, an agent only what it may know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "authzen/answer.h"
#include "base/json_write.h"

static struct ambit_explanation lesson = {
    .checks =
        {{.check = "audience", .outcome = AMBIT_CHECK_PASS, .required = {"a", 1}, .saw = {"b", 1}},
         {.check = "grant", .outcome = AMBIT_CHECK_FAIL, .required = {"c", 1}, .saw = {"d", 1}},
         {.check = "stop", .outcome = AMBIT_CHECK_NOT_REACHED}},
    .n_checks = 3,
    .remedy = {.change = AMBIT_CHANGE_SHORTEN,
               .value = {"60", 2},
               .may_retry = true,
               .text = {"shorter", 7}},
    .agent_remedy = {.change = AMBIT_CHANGE_NONE, .text = {"nothing", 7}},
    .user_text = {"user", 4},
    .admin_text = {"admin", 5},
};
static struct decided denied = {.verdict = AMBIT_DENY,
                                .reason = AMBIT_REASON_INACTIVE,
                                .policy = {"p", 1},
                                .rule = {"r", 1},
                                .digest = {{1}}};

static void check_answer(const struct evaluation_answer *answer, const char *want)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    struct json_out out;
    json_out_init(&out, &buf, false);
    evaluation_answer_write(answer, &out);
    if (!ambit_str_is(buf_str(&buf), want))
        fail_msg("%.*s", AMBIT_STR_ARG(buf_str(&buf)));
}

static void a_service_sees_all(void **state)
{
    (void)state;
    struct evaluation_answer answer = {.id = {{1}}, .decided = &denied, .explanation = &lesson};
    check_answer(
        &answer,
        "{\"decision\":false,\"context\":{\"id\":\"AQAAAAAAAAAAAAAAAAAAAA\",\"reason\":"
        "\"inactive\","
        "\"policy\":\"p\","
        "\"digest\":\"sha256:0100000000000000000000000000000000000000000000000000000000000000\","
        "\"rule\":\"r\",\"checks\":["
        "{\"check\":\"audience\",\"result\":\"pass\",\"required\":\"a\",\"saw\":\"b\"},"
        "{\"check\":\"grant\",\"result\":\"fail\",\"required\":\"c\",\"saw\":\"d\"},"
        "{\"check\":\"stop\",\"result\":\"not_reached\"}],"
        "\"remedy\":{\"change\":\"shorten\",\"value\":60,\"retry\":true,\"text\":\"shorter\"},"
        "\"reason_user\":{\"403\":\"user\"},\"reason_admin\":{\"403\":\"admin\"}}}");
}

/* AZN-7, "Answers teach, and do not leak" */
static void an_agent_sees_its_part(void **state)
{
    (void)state;
    struct evaluation_answer answer = {
        .id = {{1}}, .decided = &denied, .explanation = &lesson, .for_agent = true};
    check_answer(
        &answer,
        "{\"decision\":false,\"context\":{\"id\":\"AQAAAAAAAAAAAAAAAAAAAA\",\"reason\":"
        "\"inactive\","
        "\"rule\":\"r\",\"remedy\":{\"change\":\"none\",\"retry\":false,\"text\":\"nothing\"},"
        "\"reason_user\":{\"403\":\"user\"}}}");
}

static void an_allow_has_no_remedy(void **state)
{
    (void)state;
    struct decided allowed = {
        .verdict = AMBIT_ALLOW, .reason = AMBIT_REASON_ALLOWED, .rule = {"r", 1}};
    struct evaluation_answer answer = {.id = {{1}}, .decided = &allowed, .explanation = NULL};
    check_answer(
        &answer,
        "{\"decision\":true,\"context\":{\"id\":\"AQAAAAAAAAAAAAAAAAAAAA\",\"reason\":\"allowed\","
        "\"rule\":\"r\"}}");
}

/* AZN-18 */
static void another_subject_reaches_no_check(void **state)
{
    (void)state;
    struct decided decided = {0};
    struct ambit_explanation explanation;
    evaluation_not_supported(&decided, &explanation);
    assert_int_equal(decided.verdict, AMBIT_DENY);
    assert_int_equal(decided.reason, AMBIT_REASON_NOT_SUPPORTED);
    assert_int_equal(explanation.n_checks, AMBIT_ACTION_CHECKS);
    for (size_t i = 0; i < explanation.n_checks; i++)
        assert_int_equal(explanation.checks[i].outcome, AMBIT_CHECK_NOT_REACHED);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_sees_all),
        cmocka_unit_test(an_agent_sees_its_part),
        cmocka_unit_test(an_allow_has_no_remedy),
        cmocka_unit_test(another_subject_reaches_no_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
