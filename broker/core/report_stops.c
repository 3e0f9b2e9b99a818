/* SPDX-License-Identifier: Apache-2.0 */
/* Stops and what came of them, from the record alone: a service that was told of stopped grants'
 * audiences has seen the stop when it first refused one of the stopped agents; one that never asked
 * again gives no evidence, and is said so. */
#include "core/report.h"

#include "base/encode.h"
#include "ledger/ledger.h"

/* The event itself, read in a transaction of its own. */
static AMBIT_CHECKED enum ambit_err event_read(struct report *report, uint64_t seq,
                                               struct buf *memory, struct arena *arena,
                                               struct event *ret)
{
    struct reading reading;
    struct ledger_row row;
    enum ambit_err err = reading_begin(report->broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = reading_event(&reading, seq, memory, arena, &row, ret);
    reading_end(&reading);
    return err;
}

/* ---- whom a stop takes ---- */

/* Does the text begin with the word? *rest is what stands behind it. */
static bool is_of(struct ambit_str text, const char *word, struct ambit_str *rest)
{
    size_t len = strlen(word);
    if (text.len < len || memcmp(text.p, word, len) != 0)
        return false;
    *rest = (struct ambit_str){.p = text.p + len, .len = text.len - len};
    return true;
}

static AMBIT_CHECKED enum ambit_err number_is(struct report *report, uint32_t number,
                                              struct ambit_str want, bool *ret)
{
    uint32_t text = REPORT_NO_TEXT;
    enum ambit_err err = report_name(report, number, &text);
    *ret = err == AMBIT_OK && ambit_str_eq(report_str(report, text), want);
    return err;
}

static AMBIT_CHECKED enum ambit_err items_have(struct report *report, uint32_t items,
                                               struct ambit_str policy, bool *ret)
{
    uint32_t text = REPORT_NO_TEXT, name = REPORT_NO_TEXT, rule = REPORT_NO_TEXT;
    struct ambit_digest digest;
    *ret = false;
    enum ambit_err err = report_name(report, items, &text);
    struct ambit_str all = report_str(report, text);
    for (size_t at = 0; err == AMBIT_OK && !*ret && at + 8 <= all.len; at += 8) {
        all = report_str(report, text);
        err =
            report_authority(report, get_be32((const uint8_t *)all.p + at), &name, &rule, &digest);
        *ret = err == AMBIT_OK && ambit_str_eq(report_str(report, name), policy);
    }
    return err;
}

/* Was a grant of this cell taken by the stop? Of a grant or lineage: those of its agent, since the
 * cell does not tell families apart. */
static AMBIT_CHECKED enum ambit_err is_taken(struct report *report, const struct report_stop *stop,
                                             const struct report_key *of, bool *ret)
{
    struct ambit_str target = stop->target, rest;
    *ret = false;
    if (ambit_str_is(target, "all"))
        *ret = true;
    else if (is_of(target, "team:", &rest))
        return number_is(report, of->v[4], rest, ret);
    else if (is_of(target, "owner:", &rest))
        return number_is(report, of->v[3], rest, ret);
    else if (is_of(target, "policy:", &rest))
        return items_have(report, of->v[2], rest, ret);
    else if (is_of(target, "grant:", &rest) || is_of(target, "lineage:", &rest))
        return number_is(report, of->v[0], stop->agent, ret);
    else if (is_of(target, "agent:", &rest)) {
        const char *space = memchr(rest.p, ' ', rest.len);
        struct ambit_str agent = {rest.p, space ? (size_t)(space - rest.p) : rest.len}, policy;
        struct ambit_str tail = {rest.p + agent.len, rest.len - agent.len};
        enum ambit_err err = number_is(report, of->v[0], agent, ret);
        if (err == AMBIT_OK && *ret && is_of(tail, " policy:", &policy))
            err = items_have(report, of->v[2], policy, ret);
        return err;
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err service_room(struct report_period *period)
{
    if (period->n_services < period->services_room)
        return AMBIT_OK;
    size_t room = period->services_room ? period->services_room * 2 : 32;
    struct report_service *services = reallocarray(period->services, room, sizeof *services);
    if (!services)
        return AMBIT_ERR_NO_MEMORY;
    period->services = services;
    period->services_room = room;
    return AMBIT_OK;
}

/* The service of this stop, made when it is new; and that a refusal of the agent there is one. */
static AMBIT_CHECKED enum ambit_err wait_for(struct report *report, struct report_period *period,
                                             uint32_t stop, const struct report_cell *grants)
{
    uint32_t audience = REPORT_NO_TEXT, agent = REPORT_NO_TEXT;
    enum ambit_err err = report_name(report, grants->key.v[1], &audience);
    if (err == AMBIT_OK)
        err = report_name(report, grants->key.v[0], &agent);
    if (err != AMBIT_OK)
        return err;
    struct ambit_str name = report_str(report, audience);
    const struct ambit_service *service =
        ambit_service_of_audience(report->documents->documents, name);
    uint32_t text = service ? report_text(&report->texts, service->doc.name) : audience;
    struct report_cell *cell =
        report_map_cell(&period->pending, (struct report_key){{agent, text}});
    err = service_room(period);
    if (text == REPORT_NO_TEXT || !cell || err != AMBIT_OK)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = period->n_services; i > 0 && period->services[i - 1].stop == stop; i--) {
        struct report_service *had = &period->services[i - 1];
        if (had->service != text)
            continue;
        if ((int64_t)grants->value > had->expires_ms)
            had->expires_ms = (int64_t)grants->value;
        if (cell->value == i)
            return AMBIT_OK; /* several grants of one agent */
    }
    period->services[period->n_services++] =
        (struct report_service){.service = text,
                                .expires_ms = (int64_t)grants->value,
                                .stop = stop,
                                .next = (uint32_t)cell->value};
    cell->value = period->n_services;
    return AMBIT_OK;
}

/* ---- the events ---- */

static AMBIT_CHECKED enum ambit_err keep(struct report *report, struct ambit_str text,
                                         struct ambit_str *ret)
{
    if (!text.p)
        return AMBIT_OK;
    *ret = arena_copy(&report->arena, text);
    return ret->p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err raised(struct report *report, struct report_period *period,
                                           const struct event *event, uint32_t group)
{
    if (period->n_stops == REPORT_STOPS_MAX) {
        period->stops_cut++;
        return AMBIT_OK;
    }
    struct report_stop *stop = &period->stops[period->n_stops];
    *stop = (struct report_stop){.stop = event->stop,
                                 .incident = event->incident,
                                 .cause = event->cause,
                                 .lineage = event->lineage,
                                 .seq = event->seq,
                                 .group = group,
                                 .raised_ms = event->time_ms,
                                 .is_hard = event->by.p != NULL};
    struct ambit_str rest;
    stop->is_resource = is_of(event->target, "resource:", &rest);
    enum ambit_err err = keep(report, event->target, &stop->target);
    if (!err)
        err = keep(report, event->by, &stop->by);
    if (!err)
        err = keep(report, event->person, &stop->person);
    if (!err)
        err = keep(report, event->agent, &stop->agent);
    for (size_t i = 0, n = period->live.n; !err && i < n; i++) {
        bool is_it = false;
        if ((int64_t)period->live.cells[i].value <= event->time_ms)
            continue;
        err = is_taken(report, stop, &period->live.cells[i].key, &is_it);
        if (!err && is_it)
            err = wait_for(report, period, (uint32_t)period->n_stops, &period->live.cells[i]);
    }
    period->n_stops++;
    return err;
}

static void followed(struct report_period *period, const struct event *event)
{
    for (size_t i = period->n_stops; i > 0; i--) {
        struct report_stop *stop = &period->stops[i - 1];
        bool is_stop = event->type == EVENT_STOP_CLEARED;
        if (is_stop ? !ambit_id_eq(stop->stop, event->stop)
                    : !ambit_id_eq(stop->incident, event->incident))
            continue;
        if (is_stop)
            stop->cleared_ms = event->time_ms;
        else if (event->type == EVENT_INCIDENT_CLOSED)
            stop->closed_ms = event->time_ms;
        else if (stop->acknowledged_ms == 0)
            stop->acknowledged_ms = event->time_ms;
    }
}

enum ambit_err report_stop_fact(struct report *report, struct report_period *period, uint64_t seq,
                                const struct fact *fact)
{
    ARENA_AUTO arena;
    BUF_AUTO memory;
    struct event event;
    uint32_t group = 0;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    if (!report->needs_stops || (period->n_stops == 0 && fact->type != EVENT_STOP_RAISED))
        return AMBIT_OK;
    enum ambit_err err = event_read(report, seq, &memory, &arena, &event);
    if (err == AMBIT_OK)
        err = report_group_of(report, period, fact, &group);
    if (err != AMBIT_OK)
        return err;
    if (event.type == EVENT_STOP_RAISED)
        return raised(report, period, &event, group);
    followed(period, &event);
    return AMBIT_OK;
}

/* A service refused an agent because of a stop, or of a grant that one ended. */
enum ambit_err report_refusal_fact(struct report *report, struct report_period *period,
                                   const struct fact *fact)
{
    uint32_t agent = REPORT_NO_TEXT, service = REPORT_NO_TEXT;
    if (fact->reason != AMBIT_REASON_STOPPED && fact->reason != AMBIT_REASON_INACTIVE)
        return AMBIT_OK;
    enum ambit_err err = report_name(report, fact->agent, &agent);
    if (err == AMBIT_OK)
        err = report_name(report, fact->who, &service);
    if (err != AMBIT_OK)
        return err;
    struct report_cell *cell =
        report_map_find(&period->pending, (struct report_key){{agent, service}});
    for (uint64_t at = cell ? cell->value : 0; at != 0;) {
        struct report_service *of = &period->services[at - 1];
        if (of->seen_ms == 0)
            of->seen_ms = fact->time_ms;
        at = of->next;
    }
    if (cell)
        cell->value = 0; /* it was heard of all of them */
    return AMBIT_OK;
}

/* ---- at the end ---- */

/* Several agents of one stop may have waited for one service: its first refusal counts. */
static void join_services(struct report_period *period)
{
    size_t kept = 0;
    for (size_t i = 0; i < period->n_services; i++) {
        struct report_service *of = &period->services[i];
        size_t at = kept;
        while (at > 0 && period->services[at - 1].stop == of->stop &&
               period->services[at - 1].service != of->service)
            at--;
        bool is_new = at == 0 || period->services[at - 1].stop != of->stop;
        struct report_service *had = is_new ? &period->services[kept] : &period->services[at - 1];
        if (is_new) {
            *had = *of;
            kept++;
            continue;
        }
        if (of->seen_ms != 0 && (had->seen_ms == 0 || of->seen_ms < had->seen_ms))
            had->seen_ms = of->seen_ms;
        if (of->expires_ms > had->expires_ms)
            had->expires_ms = of->expires_ms;
    }
    period->n_services = kept;
}

/* What does not fit (49 days) counts as the longest. */
static uint32_t span_of(int64_t ms)
{
    return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static AMBIT_CHECKED enum ambit_err times_of_group(struct report_period *period, uint32_t group,
                                                   struct report_tally *tally)
{
    uint32_t *ms = reallocarray(NULL, period->n_services + 1, sizeof *ms);
    size_t n = 0;
    if (!ms)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < period->n_services; i++) {
        const struct report_service *of = &period->services[i];
        const struct report_stop *stop = &period->stops[of->stop];
        if (group != UINT32_MAX && stop->group != group)
            continue;
        tally->services++;
        tally->services_seen += of->seen_ms != 0;
        if (of->seen_ms != 0)
            ms[n++] = span_of(of->seen_ms - stop->raised_ms);
    }
    tally->contain = report_times_of(ms, n);
    free(ms);
    return AMBIT_OK;
}

enum ambit_err report_stops_finish(struct report *report, struct report_period *period)
{
    join_services(period);
    enum ambit_err err = times_of_group(period, UINT32_MAX, &period->total);
    for (uint32_t i = 0; err == AMBIT_OK && period->n_services > 0 && i < period->n_groups; i++)
        err = times_of_group(period, i, &period->groups[i].tally);
    for (size_t i = 0; err == AMBIT_OK && i < period->n_stops; i++)
        err = report_tripped(report, &period->stops[i]);
    return err;
}
