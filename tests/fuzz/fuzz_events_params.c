/* SPDX-License-Identifier: Apache-2.0 */
/* Query strings and cursors of events: what was read is within its bounds, the same when it is read
 * again, and the target of the next page is a query of the same question, from behind the cursor.
 */
#include "fuzz.h"

#include "operator/events_params.h"

static const struct ambit_str absent = {NULL, 0};

static void check_bounds(const struct events_params *params)
{
    const struct events_filter *filter = &params->filter;
    struct events_match match;
    FUZZ_CHECK(params->limit >= 1 && params->limit <= 1000);
    FUZZ_CHECK(events_match_init(&match, filter) == AMBIT_OK);
    FUZZ_CHECK(filter->after <= (uint64_t)INT64_MAX + 1 && filter->before <= INT64_MAX);
    FUZZ_CHECK(filter->agent.len <= 512 && filter->resource.len <= 512);
    bool has_type = !filter->has_types;
    for (size_t i = 0; i < EVENT_TYPES; i++)
        has_type = has_type || filter->types[i];
    FUZZ_CHECK(has_type); /* a list that names nothing is refused */
    FUZZ_CHECK(!filter->with_checks ||
               (filter->form != EVENTS_AS_OCSF && filter->form != EVENTS_AS_ECS));
}

static bool is_same(struct ambit_str a, struct ambit_str b)
{
    return (a.p == NULL) == (b.p == NULL) && (a.p == NULL || ambit_str_eq(a, b));
}

/* The next page asks the same, and begins where the cursor is. */
static void check_next(struct ambit_str query, const struct events_params *params,
                       struct arena *arena)
{
    static const char path[] = "/v1/events";
    BUF_AUTO target;
    buf_init(&target, 0);
    events_next_target(&target, (struct ambit_str){path, sizeof path - 1}, query, 7);
    FUZZ_CHECK(buf_check(&target) == AMBIT_OK);
    for (size_t i = 0; i < target.len; i++)
        FUZZ_CHECK(target.p[i] > ' ' && target.p[i] < 0x7f && !memchr("<>\"", target.p[i], 3));
    size_t skip = sizeof path; /* and the question mark */
    struct ambit_str next = {.p = target.p + skip, .len = target.len - skip};
    struct events_params again;
    const char *what = NULL;
    enum ambit_err err = events_params_read(next, absent, absent, arena, &again, &what);
    if (err == AMBIT_ERR_MALFORMED)
        return; /* one parameter more than there may be */
    FUZZ_CHECK(err == AMBIT_OK);
    FUZZ_CHECK(is_same(again.filter.agent, params->filter.agent) &&
               is_same(again.filter.resource, params->filter.resource) &&
               is_same(again.filter.rule, params->filter.rule));
    FUZZ_CHECK(memcmp(again.filter.types, params->filter.types, sizeof again.filter.types) == 0);
    if (again.filter.is_descending)
        FUZZ_CHECK(again.filter.before <= 7);
    else
        FUZZ_CHECK(again.filter.after >= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str query = {.p = size ? (const char *)data : "", .len = size};
    struct events_params params;
    const char *what = NULL;
    /* A query string as the gate lets it through: printable, without blanks. */
    for (size_t i = 0; i < size; i++)
        if (data[i] <= ' ' || data[i] >= 0x7f)
            return 0;
    enum ambit_err err = events_params_read(query, absent, absent, &arena, &params, &what);
    if (err != AMBIT_OK) {
        FUZZ_CHECK(err != AMBIT_ERR_MALFORMED || what);
        return 0;
    }
    check_bounds(&params);
    check_next(query, &params, &arena);
    return 0;
}
