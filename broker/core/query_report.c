/* SPDX-License-Identifier: Apache-2.0 */
/* A report from beginning to end: two periods are counted, the one asked for and the one before it
 * of the same length, then what is in force is looked at. */
#include "core/report.h"

#include "ledger/indexer.h"

enum { INDEX_WAIT_MS = 1000, DAY_MS = 24 * 3600 * 1000, HOUR_MS = 3600 * 1000, DAYS = 30 };

static void period_done(struct report_period *period)
{
    report_map_done(&period->group_of);
    report_map_done(&period->group_named);
    report_map_done(&period->chains);
    report_map_done(&period->granted);
    report_map_done(&period->used);
    report_map_done(&period->live);
    report_map_done(&period->pending);
    report_map_done(&period->acted);
    free(period->groups);
    free(period->answers);
    free(period->stops);
    free(period->services);
}

static void report_free(struct report *report)
{
    if (!report)
        return;
    period_done(&report->now);
    period_done(&report->before);
    report_map_done(&report->names);
    report_map_done(&report->links);
    report_map_done(&report->people);
    report_map_done(&report->person_documents);
    report_texts_done(&report->texts);
    free(report->items);
    free(report->policies);
    free(report->agents);
    arena_done(&report->arena);
    broker_documents_release(report->documents);
    free(report);
}

/* ---- sums of rows ---- */

static void add_group(struct report_tally *sum, const struct report_tally *one)
{
    sum->allowed += one->allowed;
    sum->denied += one->denied;
    sum->granted += one->granted;
    sum->refused += one->refused;
    sum->folded += one->folded;
    for (size_t i = 0; i < REPORT_REASONS; i++)
        sum->reasons[i] += one->reasons[i];
    sum->decisions += one->decisions;
    sum->attributed += one->attributed;
    sum->acts += one->acts;
    sum->named += one->named;
    for (size_t i = 0; i < LINKS; i++)
        sum->links[i] += one->links[i];
    sum->complete += one->complete;
    sum->granted_s += one->granted_s;
    sum->used_ms += one->used_ms;
    sum->untimed += one->untimed;
    sum->items += one->items;
    sum->items_unused += one->items_unused;
    sum->owed += one->owed;
    sum->unaccounted += one->unaccounted;
    sum->mismatched += one->mismatched;
    sum->late += one->late;
    sum->asked += one->asked;
    sum->given += one->given;
    sum->rejected += one->rejected;
    sum->lapsed += one->lapsed;
    sum->stops_person += one->stops_person;
    sum->stops_hard += one->stops_hard;
    sum->cleared += one->cleared;
}

static AMBIT_CHECKED enum ambit_err period_run(struct report *report, struct report_period *period)
{
    bool is_now = period == &report->now;
    report->needs_stops = is_now;
    if (is_now)
        period->stops = calloc(REPORT_STOPS_MAX, sizeof *period->stops);
    if (is_now && !period->stops)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = report_count(report, period);
    if (err == AMBIT_OK)
        err = report_chains(report, period);
    if (err == AMBIT_OK)
        err = report_items(report, period, is_now);
    if (err == AMBIT_OK)
        err = report_answers(report, period);
    for (size_t i = 0; i < period->n_groups; i++)
        add_group(&period->total, &period->groups[i].tally);
    if (err == AMBIT_OK && is_now)
        err = report_stops_finish(report, period);
    return err;
}

/* ---- what is asked ---- */

/* Hours for two days, days for a quarter, else as many days as fit. */
static void points_of(struct report *report)
{
    int64_t length = report->now.until_ms - report->now.since_ms;
    int64_t step = length <= 2 * (int64_t)DAY_MS ? HOUR_MS : DAY_MS;
    while (length / step >= REPORT_SERIES_MAX - 1)
        step += DAY_MS;
    report->step_ms = step;
    report->n_points = (size_t)((length + step - 1) / step);
}

static AMBIT_CHECKED enum ambit_err begin(struct report *report, const struct report_ask *ask)
{
    struct reading reading;
    enum ambit_err err = reading_begin(report->broker, &reading);
    if (err != AMBIT_OK)
        return err;
    report->now_ms = reading.now_ms;
    report->record = reading.head.edge.size;
    reading_end(&reading);
    int64_t until = ask->until_ms ? ask->until_ms : report->now_ms + 1;
    int64_t since = ask->since_ms ? ask->since_ms : until - DAYS * (int64_t)DAY_MS;
    report->now.until_ms = until;
    report->now.since_ms = since < 0 ? 0 : since;
    if (report->now.since_ms >= until)
        return AMBIT_ERR_MALFORMED;
    report->before.until_ms = report->now.since_ms;
    report->before.since_ms = report->now.since_ms - (until - report->now.since_ms);
    if (report->before.since_ms < 0)
        report->before.since_ms = 0;
    points_of(report);
    if (!ask->owner.p)
        return AMBIT_OK;
    err = facts_number(report->broker->search, FACT_PERSON, ask->owner, &report->owner);
    report->is_nobody = err == AMBIT_ERR_NOT_FOUND;
    return report->is_nobody ? AMBIT_OK : err;
}

enum ambit_err query_report(struct broker *broker, const struct report_ask *ask,
                            struct json_out *out)
{
    uint64_t size = query_size(broker);
    if (size > 0)
        (void)indexer_wait(broker->indexer, size, INDEX_WAIT_MS);
    struct report *report = calloc(1, sizeof *report);
    if (!report)
        return AMBIT_ERR_NO_MEMORY;
    report->broker = broker;
    report->ask = ask;
    arena_init(&report->arena, NULL, 0, 0);
    report->texts.arena = &report->arena;
    report->documents = broker_documents_acquire(broker);
    enum ambit_err err = begin(report, ask);
    report->now.complete_to = indexer_complete_to(broker->indexer);
    report->complete_from = indexer_complete_from(broker->indexer);
    if (err == AMBIT_OK)
        err = period_run(report, &report->now);
    if (err == AMBIT_OK)
        err = period_run(report, &report->before);
    if (err == AMBIT_OK)
        err = report_review(report);
    if (err == AMBIT_OK)
        err = report_write(report, out);
    report_free(report);
    return err;
}
