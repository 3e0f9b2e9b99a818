/* SPDX-License-Identifier: Apache-2.0 */
/* Writing checks and remedies. */
#include "policy/explain_json.h"

#include "base/json_write.h"

const char *explain_outcome_text(enum ambit_outcome_of_check outcome)
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

/* A check of an action that passed, up to what it required: most of every answer. */
static const struct ambit_str passed[] = {
#define X(name, text) AMBIT_STR("{\"check\":\"" text "\",\"result\":\"pass\",\"required\":"),
    AMBIT_ACTION_CHECK_LIST(X)
#undef X
};

static void write_check(struct json_out *out, const struct ambit_check_report *report)
{
    json_begin_object(out);
    json_member_text(out, "check", report->check);
    json_member_text(out, "result", explain_outcome_text(report->outcome));
    json_member_str(out, "required", report->required);
    json_member_str(out, "saw", report->saw);
    json_end_object(out);
}

void explain_write_checks(struct json_out *out, const struct ambit_explanation *explanation)
{
    bool is_action = explanation->n_checks == AMBIT_LEN(passed);
    json_key(out, "checks");
    json_begin_array(out);
    for (size_t i = 0; i < explanation->n_checks; i++) {
        const struct ambit_check_report *report = &explanation->checks[i];
        if (!is_action || report->outcome != AMBIT_CHECK_PASS) {
            write_check(out, report);
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

void explain_write_remedy(struct json_out *out, const char *key, const struct ambit_remedy *remedy)
{
    json_key(out, key);
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
