/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones as documents name them: each is asked for once, read whole, and kept with the set. */
#include "policy/read.h"
#include "policy/shape.h"

#include "base/zone.h"

static const char expected[] = "the name of an IANA time zone such as Europe/Berlin";

static const struct zone_row *find(const struct zone_list *list, struct ambit_str name)
{
    const struct zone_row *row = list->first;
    while (row && !ambit_str_eq(row->zone.name, name))
        row = row->next;
    return row;
}

static enum ambit_err load_rules(const struct reading *reading, struct ambit_str tzif,
                                 struct ambit_zone *zone)
{
    struct zone *rules = arena_alloc(reading->keep, sizeof *rules);
    if (!rules)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = zone_read(reading->keep, tzif, rules);
    if (err)
        return err;
    zone->rules = rules;
    zone->tzif = arena_copy(reading->keep, tzif);
    reading->env->sha256(tzif.p, tzif.len, &zone->digest);
    return zone->tzif.p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

/* Without a source of zones every name will do, and no window ever opens. */
static enum ambit_err load(const struct reading *reading, struct ambit_str name,
                           const struct zone_row **ret)
{
    struct ambit_str tzif = {0};
    enum ambit_err err =
        reading->env->zone ? reading->env->zone(reading->env->ctx, name, &tzif) : AMBIT_OK;
    if (err)
        return err;
    struct zone_row *row = arena_alloc(reading->keep, sizeof *row);
    if (!row)
        return AMBIT_ERR_NO_MEMORY;
    row->zone.name = arena_copy(reading->keep, name);
    if (!row->zone.name.p)
        return AMBIT_ERR_NO_MEMORY;
    err = reading->env->zone ? load_rules(reading, tzif, &row->zone) : AMBIT_OK;
    if (err)
        return err;
    row->next = reading->zones->first;
    reading->zones->first = row;
    reading->zones->n++;
    *ret = row;
    return AMBIT_OK;
}

void read_zone(struct reading *reading, const struct place *at, const struct field *field,
               void *target)
{
    if (at->value->kind != JSON_STRING) {
        complain_found(reading, at, expected);
        return;
    }
    struct ambit_str name = at->value->text;
    if (!shape_is_zone_name(name)) {
        complain_text(reading, at, "not a zone name", expected);
        return;
    }
    const struct zone_row *row = find(reading->zones, name);
    enum ambit_err err = row ? AMBIT_OK : load(reading, name, &row);
    if (err == AMBIT_ERR_NO_MEMORY) {
        reading->is_out_of_memory = true;
    } else if (err) {
        complain_text(reading, at,
                      err == AMBIT_ERR_NOT_FOUND ? "no such zone" : "its rules cannot be read",
                      expected);
    } else {
        memcpy((char *)target + field->at, &row->zone.name, sizeof row->zone.name);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct ambit_zone *x = a, *y = b;
    return ambit_str_cmp(x->name, y->name);
}

enum ambit_err read_zones_take(const struct zone_list *list, struct arena *keep,
                               struct ambit_documents *documents)
{
    struct ambit_zone *zones = arena_array(keep, list->n ? list->n : 1, sizeof *zones);
    if (!zones)
        return AMBIT_ERR_NO_MEMORY;
    size_t n = 0;
    for (const struct zone_row *row = list->first; row; row = row->next) {
        if (row->zone.rules)
            zones[n++] = row->zone;
    }
    qsort(zones, n, sizeof *zones, by_name);
    documents->zones = zones;
    documents->n_zones = n;
    return AMBIT_OK;
}
