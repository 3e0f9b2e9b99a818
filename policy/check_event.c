/* SPDX-License-Identifier: Apache-2.0 */
/* Agents on whom so many hard stops may fall at once that the event could not be recorded: what
 * cannot be recorded does not happen, so the agent would be refused everything that they watch. */
#include "policy/check_warn.h"

/* The words of one entry of an event's `counts` but for what is named below; room for the rest. */
enum { ENTRY_BYTES = 96, ID_TEXT = 22, REST_BYTES = 8 * 1024 };

struct load {
    size_t trips, bytes;
};

static size_t key_bytes(const struct compiled_agent *agent, const struct compiled_stop *stop)
{
    switch (stop->by) {
    case AMBIT_BY_GRANT:
    case AMBIT_BY_LINEAGE:
        return ID_TEXT;
    case AMBIT_BY_AGENT:
        return agent->agent->doc.name.len;
    case AMBIT_BY_TEAM:
        return compiled_team(agent).len;
    case AMBIT_BY_OWNER:
    case AMBIT_BY_RESOURCE: /* of limits alone */
    case AMBIT_BY_POLICY:
        break;
    }
    return stop->policy->policy->doc.name.len;
}

static bool may_hear(const struct ambit_hard_stop *stop, bool allowed)
{
    return stop->on == AMBIT_ON_ATTEMPTED ||
           (allowed ? stop->on == AMBIT_ON_ALLOWED || stop->on == AMBIT_ON_GRANTED
                    : stop->on == AMBIT_ON_DENIED);
}

/* What could fall on one event that is allowed, or refused, if it lay in all of them. */
static struct load load_of(const struct compiled_agent *agent, bool allowed)
{
    struct load load = {0};
    for (size_t p = 0; p < agent->n_policies; p++) {
        const struct compiled_policy *policy = agent->policies[p].policy;
        for (size_t i = 0; i < policy->n_stops; i++) {
            const struct compiled_stop *stop = &policy->stops[i];
            if (!may_hear(stop->stop, allowed))
                continue;
            load.trips++;
            if (stop->stop->at_once)
                continue;
            load.bytes += ENTRY_BYTES + stop->stop->id.len + stop->stop->field.len +
                          policy->policy->doc.name.len + key_bytes(agent, stop);
        }
    }
    return load;
}

static bool is_too_much(const struct load *load)
{
    _Static_assert((int)AMBIT_TRIPS_MAX <= (int)AMBIT_CHARGES_MAX,
                   "what does not fire counts once");
    return load->trips > AMBIT_TRIPS_MAX || load->bytes + REST_BYTES > AMBIT_EVENT_BYTES;
}

void warn_events(struct check_run *run)
{
    for (size_t g = 0; g < run->n_groups; g++) {
        const struct check_group *group = &run->groups[g];
        struct load allowed = load_of(group->agent, true), denied = load_of(group->agent, false);
        if (!is_too_much(&allowed) && !is_too_much(&denied))
            continue;
        size_t most = allowed.trips > denied.trips ? allowed.trips : denied.trips;
        const struct check_warning warning = {
            .id = AMBIT_WARNING_STOPS_TOO_MANY,
            .at = {.kind = AMBIT_KIND_AGENT,
                   .name = group->agent->agent->doc.name,
                   .member = "policies"},
            .what = check_say(run,
                              "up to %zu hard stops of its policies may fall on one event, "
                              "which records at most %d that fire, %d histories and %d bytes",
                              most, AMBIT_TRIPS_MAX, AMBIT_CHARGES_MAX, AMBIT_EVENT_BYTES),
            .expected = "fewer or narrower hard stops: what cannot be recorded is refused",
        };
        check_warn(run, &warning);
    }
}
