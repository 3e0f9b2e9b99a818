/* SPDX-License-Identifier: Apache-2.0 */
/* An event against the decision that its inputs give, member by member; the first difference is
 * told. */
#include "ledger/redecide_internal.h"

#include "base/encode.h"

/* ---- words ---------------------------------------------------------------------------------- */

static void put_answer(struct redecided *ret, int verdict, enum ambit_reason reason)
{
    if (verdict == EVENT_DECISION_NONE) {
        redecided_put(ret, "nothing");
        return;
    }
    redecided_put(ret, verdict == AMBIT_ALLOW ? "allow" : "deny");
    if (verdict == AMBIT_ALLOW && reason == AMBIT_REASON_ALLOWED)
        return;
    redecided_put(ret, " (");
    redecided_put(ret, ambit_reason_text(reason));
    redecided_put(ret, ")");
}

static void put_value(struct redecided *ret, struct ambit_str value)
{
    if (value.p == NULL)
        redecided_put(ret, "none");
    else
        redecided_put_str(ret, value);
}

static void put_time(struct redecided *ret, int64_t ms)
{
    char text[TIME_TEXT_LEN];
    if (ms == 0) {
        redecided_put(ret, "none");
        return;
    }
    time_encode(ms, text);
    redecided_put_str(ret, (struct ambit_str){.p = text, .len = sizeof text});
}

static bool still_follows(const struct redecided *ret)
{
    return ret->finding == REDECIDE_FOLLOWS;
}

/* "says rule a, its inputs decide rule b" */
static void same_str(struct redecided *ret, const char *name, struct ambit_str says,
                     struct ambit_str decided)
{
    if (!still_follows(ret) || ambit_str_eq(says, decided))
        return;
    redecided_differs(ret, "says ");
    redecided_put(ret, name);
    redecided_put(ret, " ");
    put_value(ret, says);
    redecided_put(ret, ", its inputs decide ");
    put_value(ret, decided);
}

static void same_time(struct redecided *ret, const char *name, int64_t says, int64_t decided)
{
    if (!still_follows(ret) || says == decided)
        return;
    redecided_differs(ret, "says ");
    redecided_put(ret, name);
    redecided_put(ret, " ");
    put_time(ret, says);
    redecided_put(ret, ", its inputs decide ");
    put_time(ret, decided);
}

static void same(struct redecided *ret, const char *name, bool is_same)
{
    if (!still_follows(ret) || is_same)
        return;
    redecided_differs(ret, "says other ");
    redecided_put(ret, name);
    redecided_put(ret, " than its inputs decide");
}

/* ---- lists ---------------------------------------------------------------------------------- */

static bool strs_eq(const struct ambit_str *a, size_t n_a, const struct ambit_str *b, size_t n_b)
{
    if (n_a != n_b)
        return false;
    for (size_t i = 0; i < n_a; i++)
        if (!ambit_str_eq(a[i], b[i]))
            return false;
    return true;
}

static bool items_eq(const struct event *event, const struct ambit_given *items, size_t n)
{
    if (event->n_items != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct ambit_given *a = &event->items[i], *b = &items[i];
        if (!ambit_str_eq(a->action, b->action) || !ambit_str_eq(a->resource, b->resource) ||
            !ambit_str_eq(a->policy, b->policy) || !ambit_str_eq(a->rule, b->rule) ||
            !ambit_digest_eq(a->digest, b->digest))
            return false;
    }
    return true;
}

static bool except_eq(const struct event *event, const struct ambit_except *except, size_t n)
{
    if (event->n_except != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct ambit_except *a = &event->except[i], *b = &except[i];
        if (!ambit_str_eq(a->policy, b->policy) || !ambit_str_eq(a->id, b->id) ||
            !strs_eq(a->actions.v, a->actions.n, b->actions.v, b->actions.n) ||
            !strs_eq(a->resources.v, a->resources.n, b->resources.v, b->resources.n))
            return false;
    }
    return true;
}

static bool count_eq(const struct event_count *a, const struct ambit_charge *b)
{
    const struct ambit_figure_query *what = &b->what;
    return ambit_str_eq(a->policy, what->policy) && ambit_str_eq(a->id, what->id) &&
           a->is_stop == what->is_stop && a->kind == what->kind &&
           ambit_str_eq(a->field, what->field) && a->by == what->by &&
           ambit_str_eq(a->key, what->key) && a->amount == b->amount &&
           a->keep_ms == what->within_ms && a->resets == b->resets &&
           a->when_done == b->when_done &&
           strs_eq(a->values, a->n_values, what->values, what->n_values);
}

static bool counts_eq(const struct event *event, const struct ambit_decision *decision)
{
    if (event->n_counts != decision->n_charges)
        return false;
    for (size_t i = 0; i < event->n_counts; i++)
        if (!count_eq(&event->counts[i], &decision->charges[i]))
            return false;
    return true;
}

static bool is_trip(struct ambit_str text, const struct ambit_trip *trip)
{
    size_t n = trip->policy.len;
    return text.len == n + 1 + trip->id.len && memcmp(text.p, trip->policy.p, n) == 0 &&
           text.p[n] == '/' && memcmp(text.p + n + 1, trip->id.p, trip->id.len) == 0;
}

static bool trips_eq(const struct event *event, const struct ambit_decision *decision)
{
    if (event->n_trips != decision->n_trips)
        return false;
    for (size_t i = 0; i < event->n_trips; i++)
        if (!is_trip(event->trips[i], &decision->trips[i]))
            return false;
    return true;
}

/* ---- both questions ------------------------------------------------------------------------- */

static void compare_answer(const struct event *event, const struct ambit_decision *decision,
                           struct redecided *ret)
{
    if (event->decision != (int)decision->verdict || event->reason != decision->reason) {
        redecided_differs(ret, "says ");
        put_answer(ret, event->decision, event->reason);
        redecided_put(ret, ", its inputs decide ");
        put_answer(ret, (int)decision->verdict, decision->reason);
        return;
    }
    bool is_yes = event->type == EVENT_GRANT_ISSUED || event->type == EVENT_ACTION_ALLOWED;
    if (is_yes != (decision->verdict == AMBIT_ALLOW))
        redecided_differs(ret, "is of a type that its decision is not");
    same_str(ret, "policy", event->policy, decision->policy);
    same_str(ret, "rule", event->rule, decision->rule);
    same_str(ret, "member", event->member, decision->member);
    same(ret, "policy digest", ambit_digest_eq(event->digest, decision->digest));
}

static void compare_history(const struct event *event, const struct ambit_decision *decision,
                            bool stops_are_exact, struct redecided *ret)
{
    same(ret, "stops", redecide_stops_eq(event, decision, stops_are_exact));
    same(ret, "trips", trips_eq(event, decision));
    same(ret, "counts", counts_eq(event, decision));
}

/* Whose the agent is, by the documents. */
static void compare_agent(const struct event *event, const struct redecide_set *set,
                          struct redecided *ret)
{
    const struct ambit_documents *documents = ambit_policy_documents(set->set);
    const struct ambit_agent *agent = ambit_agent_find(documents, event->agent);
    if (agent == NULL)
        return;
    const struct ambit_person *owner = ambit_person_find(documents, agent->owner);
    same_str(ret, "owner", event->owner, agent->owner);
    same_str(ret, "team", event->team, owner ? owner->team : (struct ambit_str){0});
}

/* ---- grants --------------------------------------------------------------------------------- */

static void compare_issued(const struct event *event, const struct redecide_question *question,
                           const struct ambit_decision *decision, struct redecided *ret)
{
    const struct ambit_grant_view *parent = question->grant.parent;
    struct ambit_id lineage = parent ? parent->lineage : event->grant;
    same(ret, "items", items_eq(event, decision->given, decision->n_given));
    same(ret, "exceptions", except_eq(event, decision->except, decision->n_except));
    same_str(ret, "audience", event->audience, decision->audience);
    same_time(ret, "expires_at", event->expires_ms, decision->expires_ms);
    same(ret, "lifetime", event->lifetime_s == (decision->expires_ms - event->time_ms) / 1000);
    same(ret, "grant to replace", ambit_id_eq(event->replaces, decision->replaces));
    same(ret, "lineage", ambit_id_eq(event->lineage, lineage));
    same(ret, "depth", event->depth == (parent ? (int64_t)parent->depth + 1 : 0));
    same(ret, "liveness", event->liveness == AMBIT_LIVE);
}

static void compare_refused(const struct event *event, const struct redecide_question *question,
                            struct redecided *ret)
{
    const struct ambit_grant_view *parent = question->grant.parent;
    struct ambit_id none = {{0}};
    same(ret, "items", event->n_items == 0 && event->n_except == 0);
    same_time(ret, "expires_at", event->expires_ms, 0);
    same(ret, "lifetime", event->lifetime_s == 0);
    same(ret, "grant", ambit_id_is_none(event->grant) && ambit_id_is_none(event->replaces));
    same(ret, "audience", event->has_asked_audience || event->audience.p == NULL);
    same(ret, "lineage", ambit_id_eq(event->lineage, parent ? parent->lineage : none));
}

/* ---- actions -------------------------------------------------------------------------------- */

static void compare_subject(const struct event *event, const struct redecide_question *question,
                            struct redecided *ret)
{
    const struct ambit_grant_view *grant = &question->subject.view;
    same_str(ret, "agent", event->agent, grant->agent);
    same_str(ret, "owner", event->owner, grant->owner);
    same_str(ret, "team", event->team, grant->team);
    same_str(ret, "audience", event->audience, grant->audience);
    same(ret, "lineage", ambit_id_eq(event->lineage, grant->lineage));
    same(ret, "parent", ambit_id_eq(event->parent, grant->parent));
    same(ret, "binding",
         event->binding == grant->binding &&
             ambit_digest_eq(event->binding_key, grant->binding_key));
}

void redecide_compare(const struct event *event, const struct redecide_question *question,
                      const struct redecide_set *set, const struct ambit_decision *decision,
                      bool stops_are_exact, struct redecided *ret)
{
    compare_answer(event, decision, ret);
    if (question->is_grant && event->type == EVENT_GRANT_ISSUED)
        compare_issued(event, question, decision, ret);
    else if (question->is_grant)
        compare_refused(event, question, ret);
    else
        same_time(ret, "outcome_due", event->outcome_due_ms, decision->outcome_due_ms);
    if (question->is_grant || !question->has_subject)
        compare_agent(event, set, ret);
    else
        compare_subject(event, question, ret);
    compare_history(event, decision, stops_are_exact, ret);
}
