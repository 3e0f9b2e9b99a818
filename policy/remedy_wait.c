/* SPDX-License-Identifier: Apache-2.0 */
/* When the calendar alone refused: the next time at which it would not. The engine says whether
 * that time would pass; what it says is in the way then is waited for in its turn. */
#include "policy/remedy.h"

bool remedy_next_time(const struct compiled_agent *agent, const struct ambit_decision *denied,
                      int64_t now_ms, int64_t *ret_ms)
{
    const struct compiled_policy *policy =
        agent && denied->policy.p ? compiled_policy_of(agent, denied->policy) : NULL;
    const struct compiled_rule *rule = policy ? compiled_rule_find(policy, denied->rule) : NULL;
    if (!rule)
        return false;
    if (denied->reason == AMBIT_REASON_OUTSIDE_HOURS)
        return hours_next_opening(rule->hours, rule->rule->when.n_hours, now_ms, ret_ms) &&
               *ret_ms > now_ms;
    *ret_ms = policy->policy->not_before_ms;
    return denied->reason == AMBIT_REASON_POLICY_EXPIRED && *ret_ms > now_ms;
}

void remedy_give_time(struct remedy *r, int64_t at_ms, const char *text)
{
    BUF_AUTO value = {0};
    struct json_out out;
    json_out_init(&out, &value, false);
    json_time_ms(&out, at_ms);
    remedy_give(r, AMBIT_CHANGE_WAIT, &value, text, REMEDY_FOR_ALL);
}
