/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of facts as texts, and which row of the report a fact belongs to. */
#include "core/report.h"

#include "ledger/facts.h"

enum { TEXT_MAX = 4096 };

struct ambit_str report_str(const struct report *report, uint32_t text)
{
    return text == REPORT_NO_TEXT ? (struct ambit_str){0} : report->texts.v[text];
}

enum ambit_err report_name(struct report *report, uint32_t number, uint32_t *ret)
{
    char memory[TEXT_MAX];
    size_t len = 0;
    *ret = REPORT_NO_TEXT;
    if (number == 0)
        return AMBIT_OK;
    struct report_cell *cell = report_map_cell(&report->names, (struct report_key){{number}});
    if (!cell)
        return AMBIT_ERR_NO_MEMORY;
    if (cell->value == 0) {
        enum ambit_err err =
            facts_name(report->broker->search, report->scan ? report->scan->txn : NULL, number,
                       memory, sizeof memory, &len);
        if (err != AMBIT_OK)
            return err;
        uint32_t text = report_text(&report->texts, (struct ambit_str){.p = memory, .len = len});
        if (text == REPORT_NO_TEXT)
            return AMBIT_ERR_NO_MEMORY;
        cell->value = (uint64_t)text + 1;
    }
    *ret = (uint32_t)(cell->value - 1);
    return AMBIT_OK;
}

/* policy NUL rule NUL digest */
enum ambit_err report_authority(struct report *report, uint32_t number, uint32_t *ret_policy,
                                uint32_t *ret_rule, struct ambit_digest *ret_digest)
{
    char joined[2 * 64 + 1];
    uint32_t text = REPORT_NO_TEXT;
    *ret_policy = *ret_rule = REPORT_NO_TEXT;
    *ret_digest = (struct ambit_digest){{0}};
    enum ambit_err err = report_name(report, number, &text);
    if (err != AMBIT_OK || text == REPORT_NO_TEXT)
        return err;
    struct ambit_str all = report_str(report, text);
    const char *first = memchr(all.p, '\0', all.len);
    size_t policy = first ? (size_t)(first - all.p) : all.len, rest = all.len - policy;
    const char *second = rest > 1 ? memchr(first + 1, '\0', rest - 1) : NULL;
    size_t rule = second ? (size_t)(second - first - 1) : 0;
    if (!second || policy + 1 + rule > sizeof joined)
        return AMBIT_ERR_DAMAGED;
    if ((size_t)(all.p + all.len - second - 1) == sizeof ret_digest->b)
        memcpy(ret_digest->b, second + 1, sizeof ret_digest->b);
    memcpy(joined, all.p, policy);
    joined[policy] = '/';
    memcpy(joined + policy + 1, first + 1, rule);
    *ret_policy = report_text(&report->texts, (struct ambit_str){.p = all.p, .len = policy});
    if (rule > 0)
        *ret_rule =
            report_text(&report->texts, (struct ambit_str){.p = joined, .len = policy + 1 + rule});
    bool is_short = *ret_policy == REPORT_NO_TEXT || (rule > 0 && *ret_rule == REPORT_NO_TEXT);
    return is_short ? AMBIT_ERR_NO_MEMORY : AMBIT_OK;
}

/* ---- rows of the report ---- */

enum ambit_err report_group_named(struct report_period *period, uint32_t text, uint32_t *ret)
{
    struct report_cell *cell = report_map_cell(&period->group_named, (struct report_key){{text}});
    if (!cell)
        return AMBIT_ERR_NO_MEMORY;
    if (cell->value == 0) {
        if (period->n_groups == period->groups_room) {
            size_t room = period->groups_room ? period->groups_room * 2 : 16;
            struct report_group *groups = reallocarray(period->groups, room, sizeof *groups);
            if (!groups)
                return AMBIT_ERR_NO_MEMORY;
            period->groups = groups;
            period->groups_room = room;
        }
        period->groups[period->n_groups] = (struct report_group){.text = text};
        cell->value = ++period->n_groups;
    }
    *ret = (uint32_t)(cell->value - 1);
    return AMBIT_OK;
}

static uint32_t number_of(const struct report *report, const struct fact *fact)
{
    switch (report->ask->by) {
    case REPORT_BY_OWNER:
        return fact->owner;
    case REPORT_BY_TEAM:
        return fact->team;
    case REPORT_BY_POLICY:
        return fact->authority;
    case REPORT_BY_AGENT:
        return fact->agent;
    }
    return 0;
}

enum ambit_err report_group_of(struct report *report, struct report_period *period,
                               const struct fact *fact, uint32_t *ret)
{
    uint32_t number = number_of(report, fact), text = REPORT_NO_TEXT, rule = REPORT_NO_TEXT;
    struct ambit_digest digest;
    struct report_cell *cell = report_map_cell(&period->group_of, (struct report_key){{number}});
    if (!cell)
        return AMBIT_ERR_NO_MEMORY;
    if (cell->value != 0) {
        *ret = (uint32_t)(cell->value - 1);
        return AMBIT_OK;
    }
    enum ambit_err err = report->ask->by == REPORT_BY_POLICY
                             ? report_authority(report, number, &text, &rule, &digest)
                             : report_name(report, number, &text);
    if (err == AMBIT_OK)
        err = report_group_named(period, text, ret);
    if (err == AMBIT_OK)
        cell->value = (uint64_t)*ret + 1;
    return err;
}
