/* SPDX-License-Identifier: Apache-2.0 */
/* Writing evaluation answers. */
#include "authzen/answer.h"

#include "base/json_write.h"
#include "policy/explain_json.h"

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
        explain_write_checks(out, explanation);
    if (explanation && is_denied) {
        explain_write_remedy(out, "remedy",
                             answer->for_agent ? &explanation->agent_remedy : &explanation->remedy);
        write_reason_text("reason_user", explanation->user_text, out);
        if (!answer->for_agent)
            write_reason_text("reason_admin", explanation->admin_text, out);
    }
    json_member_str(out, "receipt", answer->receipt);
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
