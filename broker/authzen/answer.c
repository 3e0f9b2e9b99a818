/* SPDX-License-Identifier: Apache-2.0 */
/* Writing evaluation answers. */
#include "authzen/answer.h"

#include "base/json_write.h"

static const char *outcome_text(enum ambit_outcome_of_check outcome)
{
    switch (outcome) {
    case AMBIT_CHECK_NOT_REACHED:
        return "not_reached";
    case AMBIT_CHECK_PASS:
        return "pass";
    case AMBIT_CHECK_FAIL:
        return "fail";
    }
    return "not_reached";
}

/* A check that passed, up to what it required: most of every answer. */
static const struct ambit_str passed[] = {
#define X(name, text) AMBIT_STR("{\"check\":\"" text "\",\"result\":\"pass\",\"required\":"),
    AMBIT_ACTION_CHECK_LIST(X)
#undef X
};

static void write_check(const struct ambit_check_report *report, struct json_out *out)
{
    json_begin_object(out);
    json_member_text(out, "check", report->check);
    json_member_text(out, "result", outcome_text(report->outcome));
    json_member_str(out, "required", report->required);
    json_member_str(out, "saw", report->saw);
    json_end_object(out);
}

static void write_checks(const struct ambit_explanation *explanation, struct json_out *out)
{
    json_key(out, "checks");
    json_begin_array(out);
    for (size_t i = 0; i < explanation->n_checks; i++) {
        const struct ambit_check_report *report = &explanation->checks[i];
        if (report->outcome != AMBIT_CHECK_PASS || i >= AMBIT_LEN(passed) || !report->required.p ||
            !report->saw.p) {
            write_check(report, out);
            continue;
        }
        json_raw(out, passed[i]);
        json_more_str(out, report->required);
        json_more(out, AMBIT_STR(",\"saw\":"));
        json_more_str(out, report->saw);
        json_more(out, AMBIT_STR("}"));
    }
    json_end_array(out);
}

static void write_remedy(const struct ambit_remedy *remedy, struct json_out *out)
{
    json_key(out, "remedy");
    json_begin_object(out);
    json_member_text(out, "change", ambit_change_text(remedy->change));
    if (remedy->value.p) {
        json_key(out, "value");
        json_raw(out, remedy->value);
    }
    json_key(out, "retry");
    json_bool(out, remedy->may_retry);
    json_member_str(out, "text", remedy->text);
    json_end_object(out);
}

static void write_reason_text(const char *key, struct ambit_str text, struct json_out *out)
{
    if (!text.p)
        return;
    json_key(out, key);
    json_begin_object(out);
    json_member_str(out, "403", text); /* AZN-7 */
    json_end_object(out);
}

static bool has_digest(const struct decided *decided)
{
    static const struct ambit_digest none = {{0}};
    return !ambit_digest_eq(decided->digest, none);
}

void evaluation_answer_write(const struct evaluation_answer *answer, struct json_out *out)
{
    const struct decided *decided = answer->decided;
    const struct ambit_explanation *explanation = answer->explanation;
    bool is_denied = decided->verdict != AMBIT_ALLOW;

    json_begin_object(out);
    json_key(out, "decision");
    json_bool(out, !is_denied);
    json_key(out, "context");
    json_begin_object(out);
    json_member_id(out, "id", answer->id);
    json_member_id(out, "ambit_approval", answer->approval);
    json_member_text(out, "reason", ambit_reason_text(decided->reason));
    if (!answer->for_agent) {
        json_member_str(out, "policy", decided->policy);
        if (has_digest(decided)) {
            json_key(out, "digest");
            json_digest(out, decided->digest);
        }
    }
    json_member_str(out, "rule", decided->rule);
    if (explanation && !answer->for_agent)
        write_checks(explanation, out);
    if (explanation && is_denied) {
        write_remedy(answer->for_agent ? &explanation->agent_remedy : &explanation->remedy, out);
        write_reason_text("reason_user", explanation->user_text, out);
        if (!answer->for_agent)
            write_reason_text("reason_admin", explanation->admin_text, out);
    }
    json_end_object(out);
    json_end_object(out);
}

void evaluation_not_supported(struct decided *decided, struct ambit_explanation *explanation)
{
    static const char *const checks[] = {
#define X(name, text) text,
        AMBIT_ACTION_CHECK_LIST(X)
#undef X
    };
    static const struct ambit_remedy nothing = {
        .change = AMBIT_CHANGE_NONE,
        .text = {.p = "ask about an access token", .len = sizeof "ask about an access token" - 1},
    };
    *decided = (struct decided){.verdict = AMBIT_DENY,
                                .reason = AMBIT_REASON_NOT_SUPPORTED,
                                .member = AMBIT_STR("subject.type")};
    *explanation = (struct ambit_explanation){
        .n_checks = AMBIT_LEN(checks),
        .remedy = nothing,
        .agent_remedy = nothing,
        .user_text = AMBIT_STR("Only access tokens can be asked about."),
        .admin_text = AMBIT_STR("The subject's type is not access_token; no other type is judged."),
    };
    for (size_t i = 0; i < AMBIT_LEN(checks); i++)
        explanation->checks[i].check = checks[i];
}
