/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over the facts of a period: sums at once, what must be looked up into tables. A day
 * before the period is walked too, for the grants that are alive when it begins. */
#include "core/report.h"

static const int64_t lead_ms = INT64_C(24) * 3600 * 1000; /* no grant lives longer */

struct walk {
    struct report *report;
    struct report_period *period;
};

/* The cell of the key. Names are partly agents' own words: there are no more cells than bound
 * memory, and NULL with OK says that this one is left out. */
static AMBIT_CHECKED enum ambit_err cell_of(struct report_period *period, struct report_map *map,
                                            struct report_key key, struct report_cell **ret)
{
    *ret = NULL;
    if (map->n >= REPORT_CELLS_MAX) {
        *ret = report_map_find(map, key);
        period->is_cut = period->is_cut || !*ret;
        return AMBIT_OK;
    }
    *ret = report_map_cell(map, key);
    return *ret ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err add(struct report_period *period, struct report_map *map,
                                        struct report_key key)
{
    struct report_cell *cell = NULL;
    enum ambit_err err = cell_of(period, map, key, &cell);
    if (cell)
        cell->value++;
    return err;
}

static struct report_point *point_of(const struct report *report, struct report_period *period,
                                     const struct fact *fact)
{
    int64_t at = (fact->time_ms - period->since_ms) / report->step_ms;
    return at >= 0 && at < REPORT_SERIES_MAX ? &period->points[at] : &period->points[0];
}

/* ---- decisions ---- */

enum { CODE_ALLOWED = 1, CODE_ALLOWED_NO_GRANT = 2, CODE_OTHER = 3 };

static AMBIT_CHECKED enum ambit_err decided(struct walk *walk, const struct fact *fact,
                                            uint32_t group, struct report_tally *tally)
{
    bool is_allowed = fact->type == EVENT_ACTION_ALLOWED;
    bool has_grant = fact->flags & (FACT_GRANT_KNOWN | FACT_ON_WORD);
    uint32_t code = !is_allowed ? CODE_OTHER : has_grant ? CODE_ALLOWED : CODE_ALLOWED_NO_GRANT;
    tally->decisions++;
    return add(walk->period, &walk->period->chains,
               (struct report_key){
                   {group, is_allowed ? fact->authority : 0, fact->owner, fact->set, code}});
}

static AMBIT_CHECKED enum ambit_err allowed(struct walk *walk, const struct fact *fact,
                                            uint32_t group, struct report_tally *tally)
{
    tally->allowed++;
    tally->owed += (fact->flags & FACT_OWED) != 0;
    tally->used_ms += fact->amount;
    tally->untimed += !(fact->flags & (FACT_TIMED | FACT_ON_WORD));
    point_of(walk->report, walk->period, fact)->allowed++;
    enum ambit_err err = decided(walk, fact, group, tally);
    return err ? err
               : add(walk->period, &walk->period->used,
                     (struct report_key){{fact->agent, fact->authority, fact->what}});
}

static AMBIT_CHECKED enum ambit_err issued(struct walk *walk, const struct fact *fact,
                                           uint32_t group, struct report_tally *tally)
{
    tally->granted++;
    tally->granted_s += fact->amount;
    point_of(walk->report, walk->period, fact)->granted++;
    enum ambit_err err = decided(walk, fact, group, tally);
    return err ? err
               : add(walk->period, &walk->period->granted,
                     (struct report_key){{group, fact->agent, fact->what}});
}

static AMBIT_CHECKED enum ambit_err refused(struct walk *walk, const struct fact *fact,
                                            uint32_t group, struct report_tally *tally)
{
    bool is_action = fact->type == EVENT_ACTION_DENIED;
    *(is_action ? &tally->denied : &tally->refused) += 1;
    tally->reasons[fact->reason % REPORT_REASONS]++;
    point_of(walk->report, walk->period, fact)->denied++;
    return decided(walk, fact, group, tally);
}

/* Grants that may be alive when a stop comes: by agent and audience the last end. */
static AMBIT_CHECKED enum ambit_err lives(struct report_period *period, const struct fact *fact)
{
    struct report_cell *cell = NULL;
    const struct report_key key = {{fact->agent, fact->who, fact->what, fact->owner, fact->team}};
    uint64_t end = (uint64_t)fact->time_ms + (uint64_t)fact->amount * 1000;
    enum ambit_err err = cell_of(period, &period->live, key, &cell);
    if (cell && end > cell->value)
        cell->value = end;
    return err;
}

/* ---- what people do ---- */

static AMBIT_CHECKED enum ambit_err acted(struct walk *walk, const struct fact *fact,
                                          uint32_t group, struct report_tally *tally)
{
    tally->acts++;
    return add(walk->period, &walk->period->acted,
               (struct report_key){{group, fact->who, fact->set}});
}

static AMBIT_CHECKED enum ambit_err answered(struct walk *walk, const struct fact *fact,
                                             uint32_t group, struct report_tally *tally)
{
    struct report_period *period = walk->period;
    bool is_yes = fact->type == EVENT_APPROVAL_GIVEN;
    tally->given += is_yes && fact->flags & FACT_COMPLETES;
    tally->rejected += !is_yes;
    enum ambit_err err = acted(walk, fact, group, tally);
    if (err != AMBIT_OK || !(fact->flags & FACT_TIMED))
        return err;
    if (period->n_answers == REPORT_ANSWERS_MAX) {
        period->is_answers_cut = true;
        return AMBIT_OK;
    }
    if (period->n_answers == period->answers_room) {
        size_t room = period->answers_room ? period->answers_room * 2 : 64;
        struct report_answer *answers = reallocarray(period->answers, room, sizeof *answers);
        if (!answers)
            return AMBIT_ERR_NO_MEMORY;
        period->answers = answers;
        period->answers_room = room;
    }
    uint32_t person = REPORT_NO_TEXT;
    err = report_name(walk->report, fact->who, &person);
    period->answers[period->n_answers++] = (struct report_answer){
        .group = group, .person = person, .ms = fact->amount, .is_yes = is_yes};
    return err;
}

static AMBIT_CHECKED enum ambit_err stopped(struct walk *walk, uint64_t seq,
                                            const struct fact *fact, uint32_t group,
                                            struct report_tally *tally)
{
    bool is_hard = fact->flags & FACT_HARD_STOP;
    *(is_hard ? &tally->stops_hard : &tally->stops_person) += 1;
    point_of(walk->report, walk->period, fact)->stops++;
    enum ambit_err err = is_hard ? AMBIT_OK : acted(walk, fact, group, tally);
    return err ? err : report_stop_fact(walk->report, walk->period, seq, fact);
}

/* ---- each ---- */

static AMBIT_CHECKED enum ambit_err count_rare(struct walk *walk, uint64_t seq,
                                               const struct fact *fact, uint32_t group,
                                               struct report_tally *tally)
{
    enum event_type type = (enum event_type)fact->type;
    if (type == EVENT_ACTION_OUTCOME) {
        tally->mismatched += (fact->flags & FACT_MISMATCHED) != 0;
        tally->late += (fact->flags & FACT_LATE) != 0;
    } else if (type == EVENT_ACTION_UNACCOUNTED) {
        tally->unaccounted++;
        point_of(walk->report, walk->period, fact)->unaccounted++;
    } else if (type == EVENT_REFUSALS_FOLDED) {
        tally->folded += fact->amount;
        tally->reasons[fact->reason % REPORT_REASONS] += fact->amount;
    } else if (type == EVENT_APPROVAL_ASKED) {
        tally->asked++;
        point_of(walk->report, walk->period, fact)->asked++;
    } else if (type == EVENT_APPROVAL_LAPSED) {
        tally->lapsed++;
    } else if (type == EVENT_APPROVAL_GIVEN || type == EVENT_APPROVAL_REFUSED) {
        return answered(walk, fact, group, tally);
    } else if (type == EVENT_STOP_RAISED) {
        return stopped(walk, seq, fact, group, tally);
    } else if (type == EVENT_STOP_CLEARED) {
        tally->cleared++;
        enum ambit_err err = acted(walk, fact, group, tally);
        return err ? err : report_stop_fact(walk->report, walk->period, seq, fact);
    } else if (type == EVENT_INCIDENT_ACKNOWLEDGED || type == EVENT_INCIDENT_CLOSED) {
        return report_stop_fact(walk->report, walk->period, seq, fact);
    }
    return AMBIT_OK;
}

/* What a report counts; of any other event there is a fact all the same, for later. */
static bool is_counted(uint8_t type)
{
    static const bool counted[EVENT_TYPES] = {
        [EVENT_GRANT_ISSUED] = true,    [EVENT_GRANT_REFUSED] = true,
        [EVENT_ACTION_ALLOWED] = true,  [EVENT_ACTION_DENIED] = true,
        [EVENT_ACTION_OUTCOME] = true,  [EVENT_ACTION_UNACCOUNTED] = true,
        [EVENT_REFUSALS_FOLDED] = true, [EVENT_APPROVAL_ASKED] = true,
        [EVENT_APPROVAL_GIVEN] = true,  [EVENT_APPROVAL_REFUSED] = true,
        [EVENT_APPROVAL_LAPSED] = true, [EVENT_STOP_RAISED] = true,
        [EVENT_STOP_CLEARED] = true,    [EVENT_INCIDENT_ACKNOWLEDGED] = true,
        [EVENT_INCIDENT_CLOSED] = true,
    };
    return type < EVENT_TYPES && counted[type];
}

static AMBIT_CHECKED enum ambit_err count(struct walk *walk, uint64_t seq, const struct fact *fact)
{
    struct report_period *period = walk->period;
    uint32_t group = 0;
    enum ambit_err err = report_group_of(walk->report, period, fact, &group);
    if (err != AMBIT_OK)
        return err;
    struct report_tally *tally = &period->groups[group].tally;
    if (fact->type == EVENT_ACTION_ALLOWED)
        return allowed(walk, fact, group, tally);
    if (fact->type == EVENT_GRANT_ISSUED)
        return issued(walk, fact, group, tally);
    if (fact->type == EVENT_ACTION_DENIED || fact->type == EVENT_GRANT_REFUSED)
        return refused(walk, fact, group, tally);
    return count_rare(walk, seq, fact, group, tally);
}

static enum ambit_err each(void *ctx, uint64_t seq, const struct fact *fact)
{
    struct walk *walk = ctx;
    const struct report *report = walk->report;
    struct report_period *period = walk->period;
    bool is_theirs = report->owner == 0 || fact->owner == report->owner;
    enum ambit_err err = AMBIT_OK;
    if (!is_theirs || !is_counted(fact->type))
        return AMBIT_OK;
    if (fact->time_ms >= period->since_ms)
        err = count(walk, seq, fact);
    if (err == AMBIT_OK && fact->type == EVENT_GRANT_ISSUED && report->needs_stops)
        err = lives(period, fact);
    if (err == AMBIT_OK && fact->type == EVENT_ACTION_DENIED && period->n_services > 0)
        err = report_refusal_fact(walk->report, period, fact);
    return err;
}

enum ambit_err report_count(struct report *report, struct report_period *period)
{
    struct walk walk = {.report = report, .period = period};
    int64_t lead = report->needs_stops ? lead_ms : 0;
    struct facts_scan scan = {.since_ms = period->since_ms > lead ? period->since_ms - lead : 0,
                              .until_ms = period->until_ms,
                              .below = UINT64_MAX,
                              .each = each,
                              .ctx = &walk};
    uint64_t next = 0;
    if (report->is_nobody)
        return AMBIT_OK;
    report->scan = &scan;
    enum ambit_err err = facts_read(report->broker->search, &scan, &next);
    report->scan = NULL;
    return err;
}
