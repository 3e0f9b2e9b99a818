/* SPDX-License-Identifier: Apache-2.0 */
/* Looking through the stops in force: by target, by what an agent is covered by, by resource. */
#include "policy/judge.h"

const struct ambit_stop_view *stop_on(const struct ambit_stop_view *stops, size_t n,
                                      enum ambit_target_kind kind, struct ambit_str target)
{
    for (size_t i = 0; i < n; i++) {
        if (stops[i].kind == kind && ambit_str_eq(stops[i].target, target))
            return &stops[i];
    }
    return NULL;
}

static bool covers(const struct ambit_stop_view *stop, const struct covered *covered)
{
    switch (stop->kind) {
    case AMBIT_TARGET_AGENT:
        return ambit_str_eq(stop->target, covered->agent);
    case AMBIT_TARGET_TEAM:
        return ambit_str_eq(stop->target, covered->team);
    case AMBIT_TARGET_OWNER:
        return ambit_str_eq(stop->target, covered->owner);
    case AMBIT_TARGET_ALL:
        return true;
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE:
    case AMBIT_TARGET_POLICY:
    case AMBIT_TARGET_RESOURCE:
        return false;
    }
    return true;
}

const struct ambit_stop_view *stop_covering(const struct ambit_stop_view *stops, size_t n,
                                            const struct covered *covered)
{
    for (size_t i = 0; i < n; i++) {
        if (covers(&stops[i], covered))
            return &stops[i];
    }
    return NULL;
}

const struct ambit_stop_view *stop_on_resource(const struct ambit_stop_view *stops, size_t n,
                                               const struct pattern *resource)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    for (size_t i = 0; i < n; i++) {
        if (stops[i].kind != AMBIT_TARGET_RESOURCE)
            continue;
        /* A stop whose pattern cannot be read covers everything: could not tell is a no. */
        if (pattern_parse(stops[i].target, PATTERN_RESOURCE, false, &buf) != AMBIT_OK ||
            pattern_overlaps(&buf.pattern, resource))
            return &stops[i];
    }
    return NULL;
}
