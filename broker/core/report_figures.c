/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of one row as JSON. What there is nothing to tell of is left out, never zero: a share
 * of nothing, a median of no times. */
#include "core/report.h"

#include "base/json_write.h"

static void put(struct json_out *out, const char *name, uint64_t value)
{
    json_key(out, name);
    json_i64(out, (int64_t)value);
}

static void put_per(struct json_out *out, const char *name, uint64_t n, uint64_t of, uint64_t per)
{
    if (of > 0)
        put(out, name, (uint64_t)((unsigned __int128)n * per / of));
}

/* {"n","of","per_10000"} */
static void put_share(struct json_out *out, const char *name, uint64_t n, uint64_t of)
{
    if (of == 0)
        return;
    json_key(out, name);
    json_begin_object(out);
    put(out, "n", n);
    put(out, "of", of);
    put_per(out, "per_10000", n, of, 10000);
    json_end_object(out);
}

static void decisions(struct json_out *out, const struct report_tally *t)
{
    uint64_t no = t->denied + t->refused + t->folded;
    put(out, "allowed", t->allowed);
    put(out, "denied", t->denied);
    put(out, "granted", t->granted);
    put(out, "refused", t->refused);
    put(out, "folded", t->folded);
    put_per(out, "denials_per_1000", no, no + t->allowed + t->granted, 1000);
    json_key(out, "denials");
    json_begin_object(out);
    for (size_t i = 0; i < REPORT_REASONS; i++)
        if (t->reasons[i] > 0)
            put(out, ambit_reason_text((enum ambit_reason)i), t->reasons[i]);
    json_end_object(out);
}

static void traceability(struct json_out *out, const struct report_tally *t)
{
    static const char *const links[LINKS] = {[LINK_GRANT] = "grant",
                                             [LINK_RULE] = "rule",
                                             [LINK_VERSION] = "version",
                                             [LINK_OWNER] = "owner",
                                             [LINK_CONFIRMED] = "confirmed"};
    put_share(out, "traceability", t->complete, t->allowed);
    if (t->allowed > 0) {
        json_key(out, "links");
        json_begin_object(out);
        for (size_t i = 0; i < LINKS; i++)
            put(out, links[i], t->links[i]);
        json_end_object(out);
    }
    put_share(out, "attribution", t->attributed, t->decisions);
    put_share(out, "acts_by_named_people", t->named, t->acts);
}

static void authority(struct json_out *out, const struct report_tally *t)
{
    put_share(out, "items_unused", t->items_unused, t->items);
    if (t->granted > 0) {
        put(out, "granted_s", t->granted_s);
        put(out, "used_s", t->used_ms / 1000);
        put_per(out, "used_per_10000", t->used_ms, t->granted_s * 1000, 10000);
    }
    put(out, "outcomes_owed", t->owed);
    put(out, "unaccounted", t->unaccounted);
    put(out, "mismatched", t->mismatched);
    put(out, "late", t->late);
    put_per(out, "unaccounted_per_1000", t->unaccounted, t->owed, 1000);
    put_per(out, "mismatched_per_1000", t->mismatched, t->owed, 1000);
}

static void put_times(struct json_out *out, const char *name, const struct report_times *times)
{
    if (times->n == 0)
        return;
    json_key(out, name);
    json_begin_object(out);
    put(out, "n", times->n);
    put(out, "median_ms", (uint64_t)times->median_ms);
    put(out, "p95_ms", (uint64_t)times->p95_ms);
    json_end_object(out);
}

static void people(struct json_out *out, const struct report_tally *t)
{
    json_key(out, "approvals");
    json_begin_object(out);
    put(out, "asked", t->asked);
    put(out, "given", t->given);
    put(out, "refused", t->rejected);
    put(out, "lapsed", t->lapsed);
    put_times(out, "time_to_answer", &t->times);
    put_share(out, "under_5s", t->times.under, t->times.n);
    json_end_object(out);
    json_key(out, "stops");
    json_begin_object(out);
    put(out, "by_person", t->stops_person);
    put(out, "by_hard_stop", t->stops_hard);
    put(out, "cleared", t->cleared);
    put_share(out, "services_with_evidence", t->services_seen, t->services);
    put_times(out, "time_to_first_refusal", &t->contain);
    json_end_object(out);
}

static void in_force(struct json_out *out, const struct report_tally *t)
{
    put_share(out, "review_met", t->versions_met, t->versions);
    put_per(out, "review_depth_per_100", t->weighted, t->weight, 100);
    put_share(out, "attested", t->attested, t->agents);
    if (t->attested > 0)
        put(out, "oldest_attestation_s", t->attested_oldest_s);
    if (t->ages > 0) {
        put(out, "policy_age_mean_s", t->age_sum_s / t->ages);
        put(out, "policy_age_oldest_s", t->age_oldest_s);
    }
    put_share(out, "rules_unused", t->rules_unused, t->rules);
}

void report_figures(struct json_out *out, const struct report_tally *tally)
{
    json_begin_object(out);
    decisions(out, tally);
    traceability(out, tally);
    authority(out, tally);
    people(out, tally);
    in_force(out, tally);
    json_end_object(out);
}
