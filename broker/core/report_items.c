/* SPDX-License-Identifier: Apache-2.0 */
/* Granted against used: an item is one agent's leave for an action pattern under a rule; it was
 * used when an allowed action of that agent under that rule lies in the pattern. */
#include "core/report.h"

#include "base/encode.h"
#include "policy/pattern.h"

/* What was used: {agent text, "policy/rule" text, action text}, in order. */
struct use {
    uint32_t agent, rule, action;
};
struct uses {
    struct use *v;
    size_t n;
};

static int by_use(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct use));
}

static AMBIT_CHECKED enum ambit_err uses_of(struct report *report,
                                            const struct report_period *period, struct uses *ret)
{
    enum ambit_err err = AMBIT_OK;
    ret->v = reallocarray(NULL, period->used.n + 1, sizeof *ret->v);
    if (!ret->v)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; err == AMBIT_OK && i < period->used.n; i++) {
        const uint32_t *key = period->used.cells[i].key.v;
        struct use *use = &ret->v[ret->n];
        struct ambit_digest digest;
        uint32_t policy = REPORT_NO_TEXT;
        err = report_name(report, key[0], &use->agent);
        if (err == AMBIT_OK)
            err = report_authority(report, key[1], &policy, &use->rule, &digest);
        if (err == AMBIT_OK)
            err = report_name(report, key[2], &use->action);
        ret->n += use->rule != REPORT_NO_TEXT;
    }
    if (ret->n > 0)
        qsort(ret->v, ret->n, sizeof *ret->v, by_use);
    return err;
}

static bool lies_in(struct ambit_str name, struct ambit_str pattern)
{
    PATTERN_SCRATCH struct pattern_buf p;
    PATTERN_SCRATCH struct pattern_buf n;
    return pattern_parse(pattern, PATTERN_ACTION, false, &p) == AMBIT_OK &&
           pattern_parse_name(name, PATTERN_ACTION, &n) == AMBIT_OK &&
           pattern_matches(&p.pattern, &n.pattern);
}

static bool is_used(const struct report *report, const struct uses *uses,
                    const struct report_item *item)
{
    size_t low = 0, high = uses->n;
    const struct use want = {.agent = item->agent, .rule = item->rule};
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (memcmp(&uses->v[mid], &want, offsetof(struct use, action)) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < uses->n && uses->v[low].agent == item->agent && uses->v[low].rule == item->rule;
         low++)
        if (lies_in(report_str(report, uses->v[low].action), report_str(report, item->action)))
            return true;
    return false;
}

/* ---- items ---- */

struct items {
    struct report_map of; /* {group, agent, rule, action} -> grants */
};

static AMBIT_CHECKED enum ambit_err add_grants(struct report *report, struct report_period *period,
                                               struct items *items, const struct report_cell *cell)
{
    uint32_t agent = REPORT_NO_TEXT, text = REPORT_NO_TEXT;
    enum ambit_err err = report_name(report, cell->key.v[1], &agent);
    if (err == AMBIT_OK)
        err = report_name(report, cell->key.v[2], &text);
    size_t n = err == AMBIT_OK ? report_str(report, text).len / 8 : 0;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        const uint8_t *each = (const uint8_t *)report_str(report, text).p + 8 * i;
        uint32_t authority = get_be32(each), number = get_be32(each + 4);
        uint32_t policy = REPORT_NO_TEXT, rule = REPORT_NO_TEXT, action = REPORT_NO_TEXT;
        uint32_t group = cell->key.v[0];
        struct ambit_digest digest;
        err = report_authority(report, authority, &policy, &rule, &digest);
        if (err == AMBIT_OK)
            err = report_name(report, number, &action);
        if (err == AMBIT_OK && report->ask->by == REPORT_BY_POLICY)
            err = report_group_named(period, policy, &group);
        if (err != AMBIT_OK || rule == REPORT_NO_TEXT || action == REPORT_NO_TEXT)
            continue;
        struct report_cell *item =
            report_map_cell(&items->of, (struct report_key){{group, agent, rule, action}});
        if (!item)
            return AMBIT_ERR_NO_MEMORY;
        item->value += cell->value;
    }
    return err;
}

/* The most granted first; the unused before the used. */
static int by_waste(const void *a, const void *b)
{
    const struct report_item *x = a, *y = b;
    if (x->is_used != y->is_used)
        return x->is_used ? 1 : -1;
    if (x->grants != y->grants)
        return x->grants > y->grants ? -1 : 1;
    return memcmp(x, y, offsetof(struct report_item, grants));
}

static AMBIT_CHECKED enum ambit_err judge(struct report *report, struct report_period *period,
                                          const struct items *items, const struct uses *uses,
                                          bool keeps)
{
    struct report_item *all = reallocarray(NULL, items->of.n + 1, sizeof *all);
    if (!all)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < items->of.n; i++) {
        const struct report_cell *cell = &items->of.cells[i];
        struct report_tally *tally = &period->groups[cell->key.v[0]].tally;
        all[i] = (struct report_item){.group = cell->key.v[0],
                                      .agent = cell->key.v[1],
                                      .rule = cell->key.v[2],
                                      .action = cell->key.v[3],
                                      .grants = cell->value};
        all[i].is_used = is_used(report, uses, &all[i]);
        tally->items++;
        tally->items_unused += !all[i].is_used;
    }
    if (items->of.n > 0)
        qsort(all, items->of.n, sizeof *all, by_waste);
    if (keeps) {
        report->items = all;
        report->n_items = items->of.n;
        return AMBIT_OK;
    }
    free(all);
    return AMBIT_OK;
}

enum ambit_err report_items(struct report *report, struct report_period *period, bool keeps)
{
    struct items items = {0};
    struct uses uses = {0};
    enum ambit_err err = uses_of(report, period, &uses);
    for (size_t i = 0; err == AMBIT_OK && i < period->granted.n; i++)
        err = add_grants(report, period, &items, &period->granted.cells[i]);
    if (err == AMBIT_OK)
        err = judge(report, period, &items, &uses, keeps);
    report_map_done(&items.of);
    free(uses.v);
    return err;
}
