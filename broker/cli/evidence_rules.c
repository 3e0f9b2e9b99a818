/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy permits, in words. The document itself stands below them: where the two differ, it
 * is the document that was in force. */
#include "cli/evidence_page_internal.h"

static void put_for(struct buf *out, int64_t seconds)
{
    page_span(out, seconds * 1000);
}

static void put_by(struct buf *out, enum ambit_by by)
{
    buf_printf(out, " for each %s", ambit_by_text(by));
}

static void put_limit(struct buf *out, const struct ambit_limit *limit)
{
    static const char *const what[] = {[AMBIT_LIMIT_COUNT] = "at most # actions",
                                       [AMBIT_LIMIT_SUM] = "a sum of at most #",
                                       [AMBIT_LIMIT_DISTINCT] = "at most # different ones",
                                       [AMBIT_LIMIT_GRANTS] = "at most # grants",
                                       [AMBIT_LIMIT_LIVE_GRANTS] = "at most # grants alive at once",
                                       [AMBIT_LIMIT_USES] = "at most # uses",
                                       [AMBIT_LIMIT_AFTER] = "#"};
    const char *format = what[limit->kind];
    const char *at = strchr(format, '#');
    buf_put(out, format, (size_t)(at - format));
    buf_put_i64(out, limit->max);
    buf_put_text(out, at + 1);
    if (limit->field.p != NULL) {
        buf_put_text(out, " of ");
        page_text(out, limit->field);
    }
    if (limit->kind == AMBIT_LIMIT_DISTINCT)
        buf_put_text(out, limit->distinct_action ? " (actions)" : " (resources)");
    if (limit->within_s > 0) {
        buf_put_text(out, " within ");
        put_for(out, limit->within_s);
    }
    put_by(out, limit->by);
}

static void put_hours(struct buf *out, const struct ambit_hours *hours)
{
    static const char *const days[] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
    for (size_t i = 0; i < AMBIT_LEN(days); i++)
        if (hours->days & 1u << i)
            buf_printf(out, "%s ", days[i]);
    buf_printf(out, "%02d:%02d to %02d:%02d ", hours->from_min / 60, hours->from_min % 60,
               hours->to_min / 60, hours->to_min % 60);
    page_text(out, hours->zone);
}

static void begin(struct buf *out, const char *what)
{
    buf_printf(out, "<li>%s", what);
}

static void put_when(struct buf *out, const struct ambit_when *when)
{
    for (size_t i = 0; i < when->n_hours; i++) {
        begin(out, i == 0 ? "only during " : "or during ");
        put_hours(out, &when->hours[i]);
    }
    if (when->source.n > 0) {
        begin(out, "only from the addresses ");
        page_strs(out, &when->source);
    }
    if (when->purpose.p != NULL) {
        begin(out, "only with a stated purpose like <code>");
        page_text(out, when->purpose);
        buf_put_text(out, "</code>");
    }
    if (when->reason)
        begin(out, "only with a stated reason for each action");
    if (when->composition)
        begin(out, "only if the agent is shown to be made of what its document says");
    for (size_t i = 0; i < when->n_context; i++) {
        begin(out, "only if what the service says of <code>");
        page_text(out, when->context[i].member);
        buf_put_text(out, "</code> is as the document below wants it");
    }
    for (size_t i = 0; i < when->n_after; i++) {
        begin(out, "only after ");
        page_strs(out, &when->after[i].actions);
        if (when->after[i].within_s > 0) {
            buf_put_text(out, " within ");
            put_for(out, when->after[i].within_s);
        }
    }
}

static void put_approval(struct buf *out, const struct ambit_approval *approval)
{
    if (approval == NULL)
        return;
    begin(out, "");
    buf_printf(out, "only when %lld %s approved %s", (long long)approval->count,
               approval->count == 1 ? "person" : "people",
               approval->at_grant ? "before authority is given" : "before the action");
    if (approval->teams.n > 0) {
        buf_put_text(out, ", of the teams ");
        page_strs(out, &approval->teams);
    }
    if (approval->roles.n > 0) {
        buf_put_text(out, ", with the roles ");
        page_strs(out, &approval->roles);
    }
    buf_put_text(out, "; no answer within ");
    put_for(out, approval->timeout_s);
    buf_put_text(out, " is a no");
}

static void put_what(struct buf *out, const struct ambit_strs *actions,
                     const struct ambit_strs *resources)
{
    page_strs(out, actions);
    if (resources->n > 0) {
        buf_put_text(out, " on ");
        page_strs(out, resources);
    }
}

static void put_rule(struct buf *out, const struct ambit_rule *rule)
{
    buf_put_text(out, "<li><b>");
    page_text(out, rule->id);
    buf_put_text(out, "</b> permits ");
    put_what(out, &rule->actions, &rule->resources);
    buf_put_text(out, "<ul>");
    begin(out, "for at most ");
    put_for(out, rule->ttl_max_s);
    buf_put_text(out, " at a time");
    put_when(out, &rule->when);
    for (size_t i = 0; i < rule->n_limits; i++) {
        begin(out, "");
        put_limit(out, &rule->limits[i]);
    }
    put_approval(out, rule->approval);
    if (rule->bind_dpop || rule->bind_mtls)
        begin(out, "only with a token that is bound to the agent's key");
    if (rule->delegation_depth > 0) {
        begin(out, "may be handed on, ");
        buf_printf(out, "%lld %s", (long long)rule->delegation_depth,
                   rule->delegation_depth == 1 ? "step" : "steps");
    }
    if (rule->outcome_within_s > 0) {
        begin(out, "what became of it must be reported within ");
        put_for(out, rule->outcome_within_s);
    }
    buf_put_text(out, "</ul>\n");
}

static const char *on_words(enum ambit_stop_on on)
{
    switch (on) {
    case AMBIT_ON_DENIED:
        return "when something is refused";
    case AMBIT_ON_ALLOWED:
        return "when something is allowed";
    case AMBIT_ON_ATTEMPTED:
        return "when something is tried, allowed or not";
    case AMBIT_ON_GRANTED:
        return "when authority is given";
    case AMBIT_ON_UNACCOUNTED:
        return "when nobody reports what became of an action";
    case AMBIT_ON_SIGNAL:
        break;
    }
    return "when a service reports";
}

static const char *then_words(enum ambit_stop_then then)
{
    switch (then) {
    case AMBIT_THEN_REVOKE_GRANT:
        return "the grant ends at once";
    case AMBIT_THEN_SUSPEND_AGENT:
        return "the agent is stopped until a person lifts it";
    case AMBIT_THEN_STOP_TEAM:
        return "all agents of the team are stopped until a person lifts it";
    case AMBIT_THEN_STOP_POLICY:
        break;
    }
    return "everything under the policy is stopped until a person lifts it";
}

static void put_hard_stop(struct buf *out, const struct ambit_hard_stop *stop)
{
    buf_put_text(out, "<li><b>");
    page_text(out, stop->id);
    buf_printf(out, "</b>: %s", on_words(stop->on));
    if (stop->actions.n > 0 || stop->resources.n > 0) {
        buf_put_text(out, ", ");
        put_what(out, &stop->actions, &stop->resources);
    }
    if (stop->signal.p != NULL) {
        buf_put_text(out, ", the signal ");
        page_text(out, stop->signal);
    }
    if (stop->at_once) {
        buf_put_text(out, ", the first time");
    } else {
        buf_printf(out, stop->kind == AMBIT_LIMIT_COUNT ? ", %lld times" : ", more than %lld",
                   (long long)stop->max);
        buf_put_text(out, " within ");
        put_for(out, stop->within_s);
        put_by(out, stop->by);
    }
    buf_printf(out, ": <b>%s</b>\n", then_words(stop->then));
}

void page_rules(struct buf *out, const struct ambit_policy *policy)
{
    buf_put_text(out, "<h2>What it permits</h2><ul class=\"look\">\n");
    for (size_t i = 0; i < policy->n_rules; i++)
        put_rule(out, &policy->rules[i]);
    buf_put_text(out, policy->n_rules > 0 ? "</ul>\n" : "<li>Nothing.</ul>\n");
    buf_put_text(out, "<h2>What it always forbids</h2><ul class=\"look\">\n");
    for (size_t i = 0; i < policy->n_never; i++) {
        buf_put_text(out, "<li><b>");
        page_text(out, policy->never[i].id);
        buf_put_text(out, "</b> forbids ");
        put_what(out, &policy->never[i].actions, &policy->never[i].resources);
    }
    buf_put_text(out, policy->n_never > 0 ? "</ul>\n" : "<li>It names nothing.</ul>\n");
    buf_put_text(out, "<h2>What stops the agent by itself</h2><ul class=\"look\">\n");
    for (size_t i = 0; i < policy->n_hard_stops; i++)
        put_hard_stop(out, &policy->hard_stops[i]);
    buf_put_text(out, policy->n_hard_stops > 0 ? "</ul>\n" : "<li>Nothing.</ul>\n");
}
