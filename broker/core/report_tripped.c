/* SPDX-License-Identifier: Apache-2.0 */
/* What led to a hard stop: the event that tripped it, and the first of those that it counted. */
#include "core/report.h"

#include "base/encode.h"
#include "ledger/indexer.h"
#include "ledger/ledger.h"

enum { BACK_MAX = 1000 /* events looked at, of the one whose count it is */ };

struct back {
    struct report *report;
    struct reading reading;
    struct buf memory;
    struct ambit_str policy, id; /* of the hard stop */
};

/* "hard_stop:POLICY/ID" */
static bool name_of(struct ambit_str by, struct ambit_str *policy, struct ambit_str *id)
{
    static const char word[] = "hard_stop:";
    size_t skip = sizeof word - 1;
    if (by.len <= skip || memcmp(by.p, word, skip) != 0)
        return false;
    const char *name = by.p + skip, *slash = memchr(name, '/', by.len - skip);
    if (!slash)
        return false;
    *policy = (struct ambit_str){.p = name, .len = (size_t)(slash - name)};
    *id = (struct ambit_str){.p = slash + 1, .len = (size_t)(by.p + by.len - slash - 1)};
    return true;
}

static const struct event_count *count_of(const struct back *back, const struct event *event,
                                          struct ambit_str key)
{
    for (size_t i = 0; i < event->n_counts; i++) {
        const struct event_count *count = &event->counts[i];
        if (count->is_stop && ambit_str_eq(count->policy, back->policy) &&
            ambit_str_eq(count->id, back->id) && (!key.p || ambit_str_eq(count->key, key)))
            return count;
    }
    return NULL;
}

static bool tag_of(enum ambit_by by, enum index_tag *ret)
{
    *ret = by == AMBIT_BY_AGENT     ? INDEX_AGENT
           : by == AMBIT_BY_GRANT   ? INDEX_GRANT
           : by == AMBIT_BY_LINEAGE ? INDEX_LINEAGE
           : by == AMBIT_BY_TEAM    ? INDEX_TEAM
                                    : INDEX_ID;
    return *ret != INDEX_ID;
}

/* Goes back from the event that tripped it, as far as its count was kept. */
static AMBIT_CHECKED enum ambit_err walk(struct back *back, struct report_stop *stop,
                                         const struct event *cause, const struct event_count *count)
{
    uint64_t seqs[BACK_MAX];
    size_t n = 0;
    struct index_query query = {.value = count->key, .is_descending = true, .from = cause->seq};
    if (!tag_of(count->by, &query.tag))
        return AMBIT_OK; /* not known */
    enum ambit_err err = indexer_find(back->report->broker->search, &query, seqs, BACK_MAX, &n);
    int64_t first = cause->time_ms;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        if (++back->report->n_back > REPORT_BACK_MAX)
            return AMBIT_OK;
        ARENA_AUTO arena;
        char block[8192];
        struct ledger_row row;
        struct event event;
        arena_init(&arena, block, sizeof block, 0);
        err = reading_event(&back->reading, seqs[i], &back->memory, &arena, &row, &event);
        if (err != AMBIT_OK)
            return err;
        bool is_over = count->keep_ms > 0 && event.time_ms <= cause->time_ms - count->keep_ms;
        const struct event_count *earlier = is_over ? NULL : count_of(back, &event, count->key);
        if (is_over || (earlier && earlier->resets)) {
            stop->first_ms = first;
            return AMBIT_OK;
        }
        if (earlier)
            first = event.time_ms;
        if (reading_is_long(back->report->broker, &back->reading))
            return AMBIT_OK;
    }
    if (err == AMBIT_OK && n < BACK_MAX)
        stop->first_ms = first;
    return err;
}

static AMBIT_CHECKED enum ambit_err look(struct back *back, struct report_stop *stop)
{
    char id[ID_TEXT_LEN];
    uint64_t seq = 0;
    size_t n = 0;
    struct buf memory;
    ARENA_AUTO arena;
    struct ledger_row row;
    struct event cause;
    arena_init(&arena, NULL, 0, 0);
    id_encode(stop->cause, id);
    const struct index_query query = {.tag = INDEX_ID, .value = {id, sizeof id}};
    enum ambit_err err = indexer_find(back->report->broker->search, &query, &seq, 1, &n);
    if (err != AMBIT_OK || n == 0)
        return err;
    buf_init(&memory, 0);
    err = reading_event(&back->reading, seq, &memory, &arena, &row, &cause);
    if (err == AMBIT_OK) {
        const struct event_count *count = count_of(back, &cause, (struct ambit_str){0});
        stop->tripped_ms = cause.time_ms;
        if (!count)
            stop->first_ms = cause.time_ms; /* it fires at once */
        else
            err = walk(back, stop, &cause, count);
    }
    buf_done(&memory);
    return err;
}

enum ambit_err report_tripped(struct report *report, struct report_stop *stop)
{
    struct back back = {.report = report};
    if (ambit_id_is_none(stop->cause) || !name_of(stop->by, &back.policy, &back.id))
        return AMBIT_OK;
    buf_init(&back.memory, 0);
    enum ambit_err err = reading_begin(report->broker, &back.reading);
    if (err == AMBIT_OK) {
        err = look(&back, stop);
        reading_end(&back.reading);
    }
    buf_done(&back.memory);
    return err;
}
