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

void explain_write_checks(struct json_out *out, const struct ambit_explanation *explanation)
{
    json_key(out, "checks");
    json_begin_array(out);
    for (size_t i = 0; i < explanation->n_checks; i++) {
        const struct ambit_check_report *report = &explanation->checks[i];
        json_begin_object(out);
        json_member_text(out, "check", report->check);
        json_member_text(out, "result", explain_outcome_text(report->outcome));
        json_member_str(out, "required", report->required);
        json_member_str(out, "saw", report->saw);
        json_end_object(out);
    }
    json_end_array(out);
}

void explain_write_remedy(struct json_out *out, const struct ambit_remedy *remedy)
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
