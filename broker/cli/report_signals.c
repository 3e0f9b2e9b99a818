/* SPDX-License-Identifier: Apache-2.0 */
/* The signals of a report: names for people, units, which way is better. */
#include "cli/report.h"

#include "base/json_read.h"

const struct report_signal report_signals[] = {
    {"Actions allowed", "allowed", REPORT_COUNT, REPORT_NEITHER,
     "Actions that services or agents asked about and that were allowed.", false},
    {"Actions denied", "denied", REPORT_COUNT, REPORT_NEITHER, "And that were denied.", false},
    {"Grants given", "granted", REPORT_COUNT, REPORT_NEITHER, "Tokens that were issued.", false},
    {"Grants refused", "refused", REPORT_COUNT, REPORT_NEITHER, "And that were not.", false},
    {"Denials per 1,000", "denials_per_1000", REPORT_PER_1000, REPORT_LESS,
     "Denied or refused, of 1,000 decisions. A jump is an agent gone astray or a bad policy.",
     true},
    {"Traceability", "traceability.per_10000", REPORT_SHARE, REPORT_MORE,
     "Allowed actions whose chain resolves whole: grant, rule, policy version, owner, "
     "confirmation.",
     true},
    {"Attribution", "attribution.per_10000", REPORT_SHARE, REPORT_MORE,
     "Decisions for which a named, active person answered then.", true},
    {"Acts by named people", "acts_by_named_people.per_10000", REPORT_SHARE, REPORT_MORE,
     "Stops, clears and answers by people whose name was in force then.", false},
    {"Review met", "review_met.per_10000", REPORT_SHARE, REPORT_MORE,
     "Policies in force that everybody their tier asks for has confirmed (tests left out).", true},
    {"Review depth", "review_depth_per_100", REPORT_PER_100, REPORT_MORE,
     "Confirmations by people other than the author for each version, weighted by tier.", false},
    {"Agents attested", "attested.per_10000", REPORT_SHARE, REPORT_MORE,
     "Agents whose owner said lately that they still stand behind them.", false},
    {"Oldest attestation", "oldest_attestation_s", REPORT_SECONDS, REPORT_LESS,
     "The oldest of those that still count.", false},
    {"Granted, not used", "items_unused.per_10000", REPORT_SHARE, REPORT_LESS,
     "Items that were granted and that no allowed action used: authority nobody needed.", true},
    {"Life of grants used", "used_per_10000", REPORT_SHARE, REPORT_MORE,
     "Of all the time that grants could live, the part until their last use.", false},
    {"Outcomes owed", "outcomes_owed", REPORT_COUNT, REPORT_NEITHER,
     "Allowed actions of which somebody must say what became of them.", false},
    {"Unaccounted per 1,000", "unaccounted_per_1000", REPORT_PER_1000, REPORT_LESS,
     "Of 1,000 such actions, those of which nobody said it in time.", true},
    {"Mismatched per 1,000", "mismatched_per_1000", REPORT_PER_1000, REPORT_LESS,
     "And those of which service and agent said different things.", false},
    {"Approvals asked", "approvals.asked", REPORT_COUNT, REPORT_NEITHER, "Questions put to people.",
     false},
    {"Approvals lapsed", "approvals.lapsed", REPORT_COUNT, REPORT_LESS,
     "Questions nobody answered in time.", false},
    {"Time to answer, median", "approvals.time_to_answer.median_ms", REPORT_MS, REPORT_NEITHER,
     "From the question to a person's answer.", false},
    {"Answered under 5 s", "approvals.under_5s.per_10000", REPORT_SHARE, REPORT_LESS,
     "Answers so quick that the question was hardly read.", true},
    {"Stops by people", "stops.by_person", REPORT_COUNT, REPORT_NEITHER, "Dry runs are none.",
     false},
    {"Stops by hard stops", "stops.by_hard_stop", REPORT_COUNT, REPORT_NEITHER,
     "Raised by the rules themselves.", false},
    {"Services that saw stops", "stops.services_with_evidence.per_10000", REPORT_SHARE, REPORT_MORE,
     "Of the services that stopped grants were for, those that refused them afterwards, as the "
     "record shows it.",
     false},
    {"Time to first refusal", "stops.time_to_first_refusal.median_ms", REPORT_MS, REPORT_LESS,
     "From a stop to such a refusal, median. The time to containment that the record can prove.",
     true},
    {"Policy age, mean", "policy_age_mean_s", REPORT_SECONDS, REPORT_NEITHER,
     "Since the versions in force came into force.", false},
    {"Policy age, oldest", "policy_age_oldest_s", REPORT_SECONDS, REPORT_NEITHER,
     "The oldest of them.", false},
    {"Rules never used", "rules_unused.per_10000", REPORT_SHARE, REPORT_LESS,
     "Rules in force under which nothing was allowed.", false},
};
const size_t report_n_signals = AMBIT_LEN(report_signals);

const struct json_value *report_at(const struct json_value *value, const char *path)
{
    while (value) {
        char name[64];
        const char *dot = strchr(path, '.');
        size_t len = dot ? (size_t)(dot - path) : strlen(path);
        if (len >= sizeof name)
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        value = json_get(value, name);
        if (!dot)
            break;
        path = dot + 1;
    }
    return value;
}

bool report_number(const struct json_value *value, const char *path, int64_t *ret)
{
    const struct json_value *at = report_at(value, path);
    if (!at || at->kind != JSON_INTEGER)
        return false;
    *ret = at->integer;
    return true;
}

/* 1,234,567 */
static void put_grouped(struct buf *out, int64_t number)
{
    char digits[24];
    size_t n = 0;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[n++] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        buf_put_char(out, '-');
    while (n-- > 0) {
        buf_put_char(out, digits[n]);
        if (n > 0 && n % 3 == 0)
            buf_put_char(out, ',');
    }
}

static void put_seconds(struct buf *out, int64_t s)
{
    if (s < 60)
        buf_printf(out, "%lld s", (long long)s);
    else if (s < 2 * 3600)
        buf_printf(out, "%lld min", (long long)(s / 60));
    else if (s < 48 * 3600)
        buf_printf(out, "%lld h", (long long)(s / 3600));
    else
        buf_printf(out, "%lld d", (long long)(s / 86400));
}

void report_put_number(struct buf *out, enum report_unit unit, int64_t number)
{
    switch (unit) {
    case REPORT_COUNT:
    case REPORT_PER_1000:
        put_grouped(out, number);
        return;
    case REPORT_PER_100:
        buf_printf(out, "%lld.%02lld", (long long)(number / 100), (long long)(number % 100));
        return;
    case REPORT_SHARE:
        buf_printf(out, "%lld.%02lld %%", (long long)(number / 100), (long long)(number % 100));
        return;
    case REPORT_SECONDS:
        put_seconds(out, number);
        return;
    case REPORT_MS:
        if (number < 1000)
            buf_printf(out, "%lld ms", (long long)number);
        else if (number < 60000)
            buf_printf(out, "%lld.%lld s", (long long)(number / 1000),
                       (long long)(number % 1000 / 100));
        else
            put_seconds(out, number / 1000);
        return;
    }
}

void report_put_change(struct buf *out, const struct report_signal *signal, int64_t now,
                       const struct json_value *before, bool *ret_worse)
{
    int64_t was = 0;
    *ret_worse = false;
    if (!report_number(before, signal->path, &was))
        return;
    if (was == now) {
        buf_put_text(out, "the same");
        return;
    }
    *ret_worse = signal->better == REPORT_MORE   ? now < was
                 : signal->better == REPORT_LESS ? now > was
                                                 : false;
    buf_put_text(out, now > was ? "up from " : "down from ");
    report_put_number(out, signal->unit, was);
}

void report_put_breaks(struct buf *out, const struct json_value *report)
{
    static const struct {
        const char *path, *name;
    } links[] = {
        {"total.links.grant", "grant"},
        {"total.links.rule", "rule"},
        {"total.links.version", "version"},
        {"total.links.owner", "owner"},
        {"total.links.confirmed", "confirmation"},
    };
    int64_t of = 0, have = 0;
    const char *before = "";
    if (!report_number(report, "total.traceability.of", &of))
        return;
    for (size_t i = 0; i < AMBIT_LEN(links); i++) {
        if (!report_number(report, links[i].path, &have) || have >= of)
            continue;
        buf_printf(out, "%s%s ", before, links[i].name);
        put_grouped(out, of - have);
        before = ", ";
    }
}
