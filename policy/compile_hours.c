/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of a rule, each with the clock of its zone at hand. */
#include "policy/compile.h"

enum { MINUTE_S = 60, DAY_S = 86400 };

enum ambit_err compile_hours(struct arena *arena, const struct ambit_documents *documents,
                             struct compiled_rule *rule)
{
    const struct ambit_when *when = &rule->rule->when;
    struct compiled_hours *hours =
        arena_array(arena, when->n_hours ? when->n_hours : 1, sizeof *hours);
    if (!hours)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < when->n_hours; i++) {
        const struct ambit_hours *from = &when->hours[i];
        const struct ambit_zone *zone = ambit_zone_find(documents, from->zone);
        hours[i] = (struct compiled_hours){
            /* A set that was stored without its zones, on a machine that has none: never open. */
            .zone = zone ? zone->rules : NULL,
            .from_s = from->from_min * MINUTE_S,
            .to_s = from->to_min * MINUTE_S,
            .days = from->days,
        };
        if (hours[i].to_s <= hours[i].from_s)
            hours[i].to_s += DAY_S;
    }
    rule->hours = hours;
    return AMBIT_OK;
}
