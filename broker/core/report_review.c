/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force, and who stood up for it: when each version came, who but its author confirmed
 * it, whether that is what its tier asks, which rules nobody used, and how fresh attestations are.
 */
#include "core/report.h"

#include "ambit/review.h"
#include "base/encode.h"
#include "core/confirm_row.h"
#include "core/set_row.h"
#include "ledger/indexer.h"
#include "ledger/ledger.h"

enum { ACTIVATIONS_MAX = 512, CONFIRM_KEY = 32 + 1 + 16 };

static bool is_wanted(const struct report *report, struct ambit_str owner)
{
    return !report->ask->owner.p || ambit_str_eq(report->ask->owner, owner);
}

/* The row of the report that a document of this owner and name belongs to; NULL: none. */
static AMBIT_CHECKED enum ambit_err row_of(struct report *report, struct ambit_str owner,
                                           struct ambit_str name, enum report_by named,
                                           struct report_tally **ret)
{
    const struct ambit_person *person = ambit_person_find(report->documents->documents, owner);
    struct ambit_str text = {0};
    uint32_t group = 0;
    *ret = NULL;
    switch (report->ask->by) {
    case REPORT_BY_OWNER:
        text = owner;
        break;
    case REPORT_BY_TEAM:
        text = person ? person->team : text;
        break;
    case REPORT_BY_POLICY:
    case REPORT_BY_AGENT:
        text = named == report->ask->by ? name : text;
        break;
    }
    if (!text.p)
        return AMBIT_OK;
    uint32_t number = report_text(&report->texts, text);
    if (number == REPORT_NO_TEXT)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = report_group_named(&report->now, number, &group);
    if (err == AMBIT_OK)
        *ret = &report->now.groups[group].tally;
    return err;
}

/* ---- when it came ---- */

static bool holds(const struct set_row *row, const struct ambit_digest *digest)
{
    for (size_t i = 0; i < row->n; i++)
        if (memcmp(row->digests + 32 * i, digest->b, 32) == 0)
            return true;
    return false;
}

struct ages {
    struct report *report;
    bool *is_open; /* of each policy: every set looked at has it */
    size_t n_open;
    char *bytes;
};

static AMBIT_CHECKED enum ambit_err activation(struct ages *ages, const struct reading *reading,
                                               uint64_t seq)
{
    struct report *report = ages->report;
    ARENA_AUTO arena;
    BUF_AUTO memory;
    struct ledger_row row;
    struct event event;
    struct set_row set = {0};
    size_t len = 0;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    if (seq >= reading->head.edge.size)
        return AMBIT_OK;
    enum ambit_err err = reading_event(reading, seq, &memory, &arena, &row, &event);
    if (err == AMBIT_OK)
        err = store_get(reading->txn, STORE_SETS,
                        (struct store_key){event.documents.b, sizeof event.documents.b},
                        ages->bytes, SET_ROW_MAX, &len);
    if (err == AMBIT_OK)
        err = set_row_read((struct ambit_str){ages->bytes, len}, &set);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    for (size_t i = 0; i < report->n_policies; i++) {
        struct report_policy *policy = &report->policies[i];
        if (!ages->is_open[i])
            continue;
        if (holds(&set, &policy->policy->doc.digest)) {
            policy->activated_ms = event.time_ms;
            continue;
        }
        ages->is_open[i] = false;
        ages->n_open--;
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err walk_back(struct ages *ages, struct reading *reading)
{
    struct report *report = ages->report;
    uint64_t seqs[ACTIVATIONS_MAX];
    size_t n = 0;
    const struct index_query query = {.tag = INDEX_TYPE,
                                      .value =
                                          ambit_str_of(event_type_text(EVENT_DOCUMENTS_ACTIVATED)),
                                      .is_descending = true,
                                      .from = UINT64_MAX};
    enum ambit_err err = indexer_find(report->broker->search, &query, seqs, AMBIT_LEN(seqs), &n);
    size_t i = 0;
    for (; err == AMBIT_OK && i < n && ages->n_open > 0; i++) {
        err = activation(ages, reading, seqs[i]);
        if (reading_is_long(report->broker, reading)) {
            reading_end(reading);
            err = err ? err : reading_begin(report->broker, reading);
        }
    }
    /* Older than what was looked at, or than what the index knows: not known. */
    bool is_cut = i == n && (n == AMBIT_LEN(seqs) || report->complete_from > 0);
    for (size_t p = 0; is_cut && p < report->n_policies; p++)
        if (ages->is_open[p])
            report->policies[p].activated_ms = 0;
    return err;
}

static AMBIT_CHECKED enum ambit_err find_ages(struct report *report)
{
    struct ages ages = {.report = report, .n_open = report->n_policies};
    struct reading reading;
    ages.bytes = malloc(SET_ROW_MAX);
    ages.is_open = malloc(report->n_policies + 1);
    enum ambit_err err = ages.bytes && ages.is_open ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK) {
        memset(ages.is_open, 1, report->n_policies + 1);
        err = reading_begin(report->broker, &reading);
    }
    if (err == AMBIT_OK) {
        err = walk_back(&ages, &reading);
        reading_end(&reading);
    }
    free(ages.bytes);
    free(ages.is_open);
    return err;
}

/* ---- who confirmed it ---- */

static AMBIT_CHECKED enum ambit_err count_others(struct store_txn *txn,
                                                 struct report_policy *policy)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    const struct ambit_digest *digest = &policy->policy->doc.digest;
    enum ambit_err err = store_cursor_open(txn, STORE_CONFIRMATIONS, &cursor);
    if (err == AMBIT_OK)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER,
                                (struct store_key){digest->b, sizeof digest->b}, &key, &value);
    while (err == AMBIT_OK && key.len == CONFIRM_KEY && memcmp(key.p, digest->b, 32) == 0) {
        ARENA_AUTO arena;
        char block[512];
        struct confirm_row row;
        arena_init(&arena, block, sizeof block, 0);
        err = confirm_row_decode(value, &arena, &row);
        bool is_removal = key.p[32] != 0;
        if (err == AMBIT_OK && !is_removal &&
            !ambit_str_eq(row.person, policy->policy->review.authored_by))
            policy->others++;
        if (err == AMBIT_OK)
            err = store_cursor_move(cursor, STORE_NEXT, (struct store_key){0}, &key, &value);
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static enum ambit_err confirmed(void *ctx, const struct ambit_confirm_query *query,
                                struct ambit_confirmed *ret)
{
    struct store_txn *txn = ctx;
    ARENA_AUTO arena;
    char block[1024];
    struct confirm_row row;
    struct offboard_row gone;
    const struct confirm_key key = {
        .digest = query->digest, .is_removal = query->is_removal, .person = query->person};
    arena_init(&arena, block, sizeof block, 0);
    *ret = (struct ambit_confirmed){0};
    enum ambit_err err = confirm_row_load(txn, &key, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    err = offboard_row_load(txn, query->person, &arena, &gone);
    if (err != AMBIT_ERR_NOT_FOUND)
        return err;
    ret->by_word = row.said_ms != 0 && !row.is_spent;
    ret->by_signature = row.signed_ms != 0 && !row.is_signed_spent;
    return AMBIT_OK;
}

/* Whether tests pass cannot be told here: that is left out of the judgement, and said. */
static enum ambit_err tested(void *ctx, const struct ambit_policy *policy, struct ambit_str *why)
{
    (void)ctx;
    (void)policy;
    *why = (struct ambit_str){0};
    return AMBIT_OK;
}

static bool is_about(const struct ambit_problem *problem, struct ambit_str policy)
{
    static const char folder[] = "policies/", end[] = ".json";
    size_t head = sizeof folder - 1, tail = sizeof end - 1;
    return problem->file.len == head + policy.len + tail &&
           memcmp(problem->file.p, folder, head) == 0 &&
           memcmp(problem->file.p + head, policy.p, policy.len) == 0 &&
           !ambit_str_is(problem->pointer, "/review/replaces"); /* it came before it was in force */
}

static AMBIT_CHECKED enum ambit_err find_reviews(struct report *report)
{
    struct ambit_problems missing = {0};
    struct reading reading;
    enum ambit_err err = reading_begin(report->broker, &reading);
    if (err != AMBIT_OK)
        return err;
    const struct ambit_reviewing review = {.proposed = report->documents->documents,
                                           .ctx = reading.txn,
                                           .confirmed = confirmed,
                                           .tested = tested};
    err = ambit_review_judge(&review, &missing);
    for (size_t i = 0; err == AMBIT_OK && i < report->n_policies; i++) {
        struct report_policy *policy = &report->policies[i];
        policy->is_met = true;
        for (size_t p = 0; p < missing.n; p++)
            policy->is_met = policy->is_met && !is_about(&missing.v[p], policy->policy->doc.name);
        err = count_others(reading.txn, policy);
    }
    reading_end(&reading);
    ambit_problems_done(&missing);
    return err;
}

/* ---- sums ---- */

static void add_policy(struct report_tally *tally, const struct report *report,
                       const struct report_policy *of)
{
    uint64_t weight = 1 + (uint64_t)of->policy->tier;
    int64_t age = of->activated_ms ? (report->now_ms - of->activated_ms) / 1000 : -1;
    tally->versions++;
    tally->versions_met += of->is_met;
    tally->confirmations += of->others;
    tally->weight += weight;
    tally->weighted += weight * of->others;
    tally->rules += of->policy->n_rules;
    tally->rules_unused += of->rules_unused;
    if (age < 0)
        return;
    tally->ages++;
    tally->age_sum_s += (uint64_t)age;
    if ((uint64_t)age > tally->age_oldest_s)
        tally->age_oldest_s = (uint64_t)age;
}

static void add_agent(struct report_tally *tally, const struct report *report,
                      const struct report_agent *of)
{
    bool is_attested = of->until_ms > report->now_ms;
    uint64_t age = is_attested ? (uint64_t)(report->now_ms - of->attested_ms) / 1000 : 0;
    tally->agents++;
    tally->attested += is_attested;
    if (age > tally->attested_oldest_s)
        tally->attested_oldest_s = age;
}

static AMBIT_CHECKED enum ambit_err rules_of(struct report *report, struct report_policy *of,
                                             const struct report_map *used)
{
    for (size_t i = 0; i < of->policy->n_rules; i++) {
        char memory[2 * 64 + 1];
        struct buf name;
        buf_init_fixed(&name, memory, sizeof memory);
        buf_put_str(&name, of->policy->doc.name);
        buf_put_char(&name, '/');
        buf_put_str(&name, of->policy->rules[i].id);
        uint32_t text = report_text(&report->texts, buf_str(&name));
        if (text == REPORT_NO_TEXT)
            return AMBIT_ERR_NO_MEMORY;
        of->rules_unused += report_map_find(used, (struct report_key){{text}}) == NULL;
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err rules_used(struct report *report, struct report_map *ret)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < report->now.used.n; i++) {
        uint32_t policy = REPORT_NO_TEXT, rule = REPORT_NO_TEXT;
        struct ambit_digest digest;
        err = report_authority(report, report->now.used.cells[i].key.v[1], &policy, &rule, &digest);
        if (err == AMBIT_OK && !report_map_cell(ret, (struct report_key){{rule}}))
            err = AMBIT_ERR_NO_MEMORY;
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err policies(struct report *report)
{
    const struct ambit_documents *documents = report->documents->documents;
    struct report_map used = {0};
    report->policies = calloc(documents->n_policies + 1, sizeof *report->policies);
    if (!report->policies)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < documents->n_policies; i++)
        if (is_wanted(report, documents->policies[i].owner))
            report->policies[report->n_policies++].policy = &documents->policies[i];
    enum ambit_err err = find_ages(report);
    if (err == AMBIT_OK)
        err = find_reviews(report);
    if (err == AMBIT_OK)
        err = rules_used(report, &used);
    for (size_t i = 0; err == AMBIT_OK && i < report->n_policies; i++) {
        struct report_policy *of = &report->policies[i];
        struct report_tally *tally = NULL;
        err = rules_of(report, of, &used);
        if (err == AMBIT_OK)
            err = row_of(report, of->policy->owner, of->policy->doc.name, REPORT_BY_POLICY, &tally);
        add_policy(&report->now.total, report, of);
        if (tally)
            add_policy(tally, report, of);
    }
    report_map_done(&used);
    return err;
}

static AMBIT_CHECKED enum ambit_err attestation(struct report *report, struct store_txn *txn,
                                                struct report_agent *of)
{
    ARENA_AUTO arena;
    char block[512];
    struct confirm_row row;
    const struct confirm_key key = {.digest = of->agent->doc.digest, .person = of->agent->owner};
    arena_init(&arena, block, sizeof block, 0);
    enum ambit_err err = confirm_row_load(txn, &key, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    int64_t said = row.is_spent ? 0 : row.said_ms, wrote = row.is_signed_spent ? 0 : row.signed_ms;
    of->attested_ms = said > wrote ? said : wrote;
    if (of->attested_ms > 0)
        of->until_ms = of->attested_ms + report->broker->attestation_s * 1000;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err agents(struct report *report)
{
    const struct ambit_documents *documents = report->documents->documents;
    struct reading reading;
    report->agents = calloc(documents->n_agents + 1, sizeof *report->agents);
    if (!report->agents)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = reading_begin(report->broker, &reading);
    if (err != AMBIT_OK)
        return err;
    for (size_t i = 0; err == AMBIT_OK && i < documents->n_agents; i++) {
        if (!is_wanted(report, documents->agents[i].owner))
            continue;
        struct report_agent *of = &report->agents[report->n_agents++];
        of->agent = &documents->agents[i];
        err = attestation(report, reading.txn, of);
    }
    reading_end(&reading);
    for (size_t i = 0; err == AMBIT_OK && i < report->n_agents; i++) {
        struct report_agent *of = &report->agents[i];
        struct report_tally *tally = NULL;
        err = row_of(report, of->agent->owner, of->agent->doc.name, REPORT_BY_AGENT, &tally);
        add_agent(&report->now.total, report, of);
        if (tally)
            add_agent(tally, report, of);
    }
    return err;
}

enum ambit_err report_review(struct report *report)
{
    enum ambit_err err = policies(report);
    return err ? err : agents(report);
}
