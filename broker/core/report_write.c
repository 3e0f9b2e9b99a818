/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of GET /v1/report. Lists are bounded and the largest come first; what could not be
 * told stands under `not_known`, with why. */
#include "core/report.h"

#include "base/json_write.h"

static void put_time(struct json_out *out, const char *name, int64_t ms)
{
    if (ms == 0)
        return;
    json_key(out, name);
    json_time_ms(out, ms);
}

static void put_n(struct json_out *out, const char *name, int64_t value)
{
    json_key(out, name);
    json_i64(out, value);
}

/* ---- rows ---- */

static uint64_t size_of(const struct report_tally *t)
{
    return t->allowed + t->denied + t->granted + t->refused + t->folded;
}

static int by_size(const void *a, const void *b)
{
    const struct report_group *x = a, *y = b;
    uint64_t p = size_of(&x->tally), q = size_of(&y->tally);
    if (p != q)
        return p > q ? -1 : 1;
    return (x->text > y->text) - (x->text < y->text);
}

static void put_groups(const struct report *report, struct json_out *out)
{
    size_t n = report->now.n_groups;
    json_key(out, "groups");
    json_begin_array(out);
    for (size_t i = 0; i < n && i < REPORT_GROUPS_MAX; i++) {
        json_begin_object(out);
        json_member_str(out, "name", report_str(report, report->now.groups[i].text));
        json_key(out, "figures");
        report_figures(out, &report->now.groups[i].tally);
        json_end_object(out);
    }
    json_end_array(out);
    if (n > REPORT_GROUPS_MAX)
        put_n(out, "groups_left_out", (int64_t)(n - REPORT_GROUPS_MAX));
}

static void put_series(const struct report *report, struct json_out *out)
{
    put_n(out, "step_s", report->step_ms / 1000);
    json_key(out, "series");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_points && i < REPORT_SERIES_MAX; i++) {
        const struct report_point *point = &report->now.points[i];
        json_begin_object(out);
        put_time(out, "at", report->now.since_ms + (int64_t)i * report->step_ms);
        put_n(out, "allowed", (int64_t)point->allowed);
        put_n(out, "denied", (int64_t)point->denied);
        put_n(out, "granted", (int64_t)point->granted);
        put_n(out, "approvals_asked", (int64_t)point->asked);
        put_n(out, "stops", (int64_t)point->stops);
        put_n(out, "unaccounted", (int64_t)point->unaccounted);
        json_end_object(out);
    }
    json_end_array(out);
}

/* ---- stops ---- */

static void put_service(const struct report *report, const struct report_service *of,
                        int64_t raised_ms, struct json_out *out)
{
    bool has_ended = of->expires_ms <= report->now.until_ms && of->expires_ms <= report->now_ms;
    json_begin_object(out);
    json_member_str(out, "service", report_str(report, of->service));
    json_member_text(out, "evidence",
                     of->seen_ms != 0 ? "first_refusal"
                     : has_ended      ? "expiry"
                                      : "none");
    if (of->seen_ms != 0)
        put_n(out, "after_ms", of->seen_ms - raised_ms);
    else if (has_ended)
        put_n(out, "after_ms", of->expires_ms - raised_ms);
    json_end_object(out);
}

static void put_stop(const struct report *report, size_t index, struct json_out *out)
{
    const struct report_stop *stop = &report->now.stops[index];
    json_begin_object(out);
    json_member_id(out, "stop", stop->stop);
    json_member_str(out, "target", stop->target);
    json_member_text(out, "cause", stop->is_hard ? "hard_stop" : "person");
    json_member_str(out, "by", stop->is_hard ? stop->by : stop->person);
    put_time(out, "raised_at", stop->raised_ms);
    put_time(out, "first_counted_at", stop->first_ms);
    put_time(out, "tripped_at", stop->tripped_ms);
    if (stop->first_ms != 0)
        put_n(out, "first_counted_to_force_ms", stop->raised_ms - stop->first_ms);
    if (stop->acknowledged_ms != 0)
        put_n(out, "to_acknowledged_ms", stop->acknowledged_ms - stop->raised_ms);
    if (stop->cleared_ms != 0)
        put_n(out, "to_cleared_ms", stop->cleared_ms - stop->raised_ms);
    json_key(out, "services");
    json_begin_array(out);
    for (size_t i = 0; i < report->now.n_services; i++)
        if (report->now.services[i].stop == index)
            put_service(report, &report->now.services[i], stop->raised_ms, out);
    json_end_array(out);
    json_end_object(out);
}

/* ---- people ---- */

static int by_person(const void *a, const void *b)
{
    const struct report_answer *x = a, *y = b;
    return (x->person > y->person) - (x->person < y->person);
}

static AMBIT_CHECKED enum ambit_err put_approvers(struct report *report, struct json_out *out)
{
    struct report_answer *answers = report->now.answers;
    size_t n = report->now.n_answers;
    uint32_t *ms = reallocarray(NULL, n + 1, sizeof *ms);
    if (!ms)
        return AMBIT_ERR_NO_MEMORY;
    if (n > 0)
        qsort(answers, n, sizeof *answers, by_person);
    json_key(out, "approvers");
    json_begin_array(out);
    for (size_t i = 0, end = 0; i < n; i = end) {
        int64_t given = 0;
        for (end = i; end < n && answers[end].person == answers[i].person; end++) {
            ms[end - i] = answers[end].ms;
            given += answers[end].is_yes;
        }
        struct report_times times = report_times_of(ms, end - i);
        json_begin_object(out);
        json_member_str(out, "person", report_str(report, answers[i].person));
        put_n(out, "approved", given);
        put_n(out, "rejected", (int64_t)(end - i) - given);
        put_n(out, "median_ms", times.median_ms);
        put_n(out, "p95_ms", times.p95_ms);
        put_n(out, "under_5s", (int64_t)times.under);
        put_n(out, "under_5s_per_10000", (int64_t)(times.under * 10000 / times.n));
        json_end_object(out);
    }
    json_end_array(out);
    free(ms);
    return AMBIT_OK;
}

/* ---- what is in force ---- */

static void put_policies(const struct report *report, struct json_out *out)
{
    json_key(out, "policies");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_policies && i < REPORT_GROUPS_MAX; i++) {
        const struct report_policy *of = &report->policies[i];
        json_begin_object(out);
        json_member_str(out, "policy", of->policy->doc.name);
        json_key(out, "digest");
        json_digest(out, of->policy->doc.digest);
        json_member_str(out, "owner", of->policy->owner);
        json_member_text(out, "tier", ambit_tier_text(of->policy->tier));
        put_time(out, "activated_at", of->activated_ms);
        if (of->activated_ms != 0)
            put_n(out, "age_s", (report->now_ms - of->activated_ms) / 1000);
        json_member_str(out, "authored_by", of->policy->review.authored_by);
        put_n(out, "confirmed_by_others", (int64_t)of->others);
        json_key(out, "review_met");
        json_bool(out, of->is_met);
        put_n(out, "rules", (int64_t)of->policy->n_rules);
        put_n(out, "rules_unused", (int64_t)of->rules_unused);
        json_end_object(out);
    }
    json_end_array(out);
}

static void put_agents(const struct report *report, struct json_out *out)
{
    json_key(out, "attestations");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_agents && i < REPORT_GROUPS_MAX; i++) {
        const struct report_agent *of = &report->agents[i];
        json_begin_object(out);
        json_member_str(out, "agent", of->agent->doc.name);
        json_member_str(out, "owner", of->agent->owner);
        json_key(out, "attested");
        json_bool(out, of->until_ms > report->now_ms);
        put_time(out, "attested_at", of->attested_ms);
        put_time(out, "until", of->until_ms);
        json_end_object(out);
    }
    json_end_array(out);
}

static void put_over(const struct report *report, struct json_out *out)
{
    json_key(out, "over_granted");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_items && i < REPORT_OVER_MAX; i++) {
        const struct report_item *item = &report->items[i];
        struct ambit_str rule = report_str(report, item->rule);
        const char *slash = memchr(rule.p, '/', rule.len);
        size_t policy = slash ? (size_t)(slash - rule.p) : rule.len;
        if (item->is_used || !slash)
            break;
        json_begin_object(out);
        json_member_str(out, "agent", report_str(report, item->agent));
        json_member_str(out, "policy", (struct ambit_str){rule.p, policy});
        json_member_str(out, "rule", (struct ambit_str){slash + 1, rule.len - policy - 1});
        json_member_str(out, "action", report_str(report, item->action));
        put_n(out, "grants", (int64_t)item->grants);
        json_end_object(out);
    }
    json_end_array(out);
}

/* ---- what is not known ---- */

static void not_known(struct json_out *out, bool is_so, const char *figure, const char *why)
{
    if (!is_so)
        return;
    json_begin_object(out);
    json_member_text(out, "figure", figure);
    json_member_text(out, "why", why);
    json_end_object(out);
}

static void put_not_known(const struct report *report, struct json_out *out)
{
    const struct report_tally *t = &report->now.total;
    bool by_agent = report->ask->by == REPORT_BY_AGENT,
         by_policy = report->ask->by == REPORT_BY_POLICY;
    json_key(out, "not_known");
    json_begin_array(out);
    not_known(out, report->now.complete_to < report->record, "complete",
              "the index is still behind the record: ask again");
    not_known(out, report->complete_from > 0, "complete",
              "events before complete_from were pruned: what the index has forgotten of them is "
              "left out");
    not_known(out, true, "rules_untested",
              "tests lie in the folder of the documents: ambit report --documents DIR");
    not_known(out, t->versions > 0, "review_tests", "whether tests pass is left out of review_met");
    not_known(out, t->allowed == 0, "traceability", "no action was allowed in the period");
    not_known(out, t->decisions == 0, "attribution", "nothing was decided in the period");
    not_known(out, t->items == 0, "items_unused", "nothing was granted in the period");
    not_known(
        out, t->untimed > 0, "used_s",
        "the issue of some grants that were used is not in the record: their use is left out");
    not_known(out, t->owed == 0, "unaccounted_per_1000", "no outcome was owed in the period");
    not_known(out, t->times.n == 0, "time_to_answer", "nobody answered in the period");
    not_known(out, report->now.is_cut, "items_unused",
              "more than a million different items or actions: those that came later are left out");
    not_known(out, report->n_back > REPORT_BACK_MAX, "first_counted_to_force_ms",
              "of some stops: more than 20,000 events would have to be looked at");
    not_known(out, report->now.is_answers_cut, "time_to_answer",
              "there are more answers than are kept: the first 500,000 of the period");
    not_known(out, t->services == 0, "time_to_first_refusal",
              "no stop of the period took a live grant");
    not_known(out, report->now.stops_cut > 0, "stops", "only the first 500 are told one by one");
    not_known(out, by_agent, "groups.review_met", "a policy belongs to no one agent");
    not_known(out, by_policy, "groups.attested", "an agent belongs to no one policy");
    not_known(out, t->versions > t->ages, "policy_age",
              "some versions came before what was looked at: the last 512 activations that the "
              "index has");
    not_known(out, true, "dry_runs", "a dry run stops nothing and is not counted as a stop");
    json_end_array(out);
}

static const char *by_text(enum report_by by)
{
    switch (by) {
    case REPORT_BY_OWNER:
        return "owner";
    case REPORT_BY_TEAM:
        return "team";
    case REPORT_BY_POLICY:
        return "policy";
    case REPORT_BY_AGENT:
        break;
    }
    return "agent";
}

enum ambit_err report_write(struct report *report, struct json_out *out)
{
    json_begin_object(out);
    put_time(out, "since", report->now.since_ms);
    put_time(out, "until", report->now.until_ms);
    json_member_text(out, "by", by_text(report->ask->by));
    json_member_str(out, "owner", report->ask->owner);
    put_n(out, "complete_from", (int64_t)report->complete_from);
    put_n(out, "complete_to", (int64_t)report->now.complete_to);
    put_n(out, "events", (int64_t)report->record);
    json_key(out, "total");
    report_figures(out, &report->now.total);
    json_key(out, "before");
    json_begin_object(out);
    json_key(out, "since");
    json_time_ms(out, report->before.since_ms);
    json_key(out, "until");
    json_time_ms(out, report->before.until_ms);
    json_key(out, "total");
    report_figures(out, &report->before.total);
    json_end_object(out);
    json_key(out, "stops");
    json_begin_array(out);
    for (size_t i = 0; i < report->now.n_stops; i++)
        put_stop(report, i, out);
    json_end_array(out);
    put_over(report, out);
    put_policies(report, out);
    put_agents(report, out);
    put_series(report, out);
    enum ambit_err err = put_approvers(report, out);
    /* Rows are sorted last: the stops name theirs by index. */
    if (report->now.n_groups > 0)
        qsort(report->now.groups, report->now.n_groups, sizeof *report->now.groups, by_size);
    put_groups(report, out);
    put_not_known(report, out);
    json_end_object(out);
    return err ? err : buf_check(out->buf);
}
