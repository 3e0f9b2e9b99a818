/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the members of an event that are arrays. Only what event_lists.c can have written is
 * taken; the caller holds the whole against it byte for byte. */
#include "ledger/event_internal.h"

#include "base/encode.h"

/* Room for the elements of a non-empty array; NULL with *reterr otherwise. */
static void *array_room(struct event_leaf *leaf, const struct json_value *value, size_t each,
                        enum ambit_err *reterr)
{
    *reterr = AMBIT_ERR_MALFORMED;
    if (value->kind != JSON_ARRAY || value->count == 0)
        return NULL;
    void *room = arena_array(leaf->arena, value->count, each);
    *reterr = room ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    return room;
}

static enum ambit_err read_str(const struct json_value *value, struct ambit_str *ret)
{
    if (value->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    *ret = value->text;
    return AMBIT_OK;
}

/* ["one"] */
static enum ambit_err read_single(const struct json_value *value, struct ambit_str *ret)
{
    if (value->kind != JSON_ARRAY || value->count != 1)
        return AMBIT_ERR_MALFORMED;
    return read_str(value->first, ret);
}

static enum ambit_err read_strs(struct event_leaf *leaf, const struct json_value *value,
                                struct ambit_strs *ret)
{
    if (value->kind != JSON_ARRAY)
        return AMBIT_ERR_MALFORMED;
    if (value->count == 0)
        return AMBIT_OK;
    struct ambit_str *strs = arena_array(leaf->arena, value->count, sizeof *strs);
    if (!strs)
        return AMBIT_ERR_NO_MEMORY;
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        enum ambit_err err = read_str(one, &strs[n++]);
        if (err != AMBIT_OK)
            return err;
    }
    *ret = (struct ambit_strs){.v = strs, .n = n};
    return AMBIT_OK;
}

static bool is_named(const struct json_value *member, const char *name)
{
    return ambit_str_is(member->key, name);
}

static enum ambit_err read_true(const struct json_value *value, bool *ret)
{
    *ret = value->kind == JSON_TRUE;
    return *ret ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

static enum ambit_err read_integer(const struct json_value *value, int64_t *ret)
{
    if (value->kind != JSON_INTEGER)
        return AMBIT_ERR_MALFORMED;
    *ret = value->integer;
    return AMBIT_OK;
}

/* Each element of an array of objects, each member of it through `read`. */
static enum ambit_err each_member(struct event_leaf *leaf, const struct json_value *object,
                                  void *element,
                                  enum ambit_err (*read)(struct event_leaf *,
                                                         const struct json_value *, void *))
{
    if (object->kind != JSON_OBJECT)
        return AMBIT_ERR_MALFORMED;
    for (const struct json_value *member = object->first; member; member = member->next) {
        enum ambit_err err = read(leaf, member, element);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err asked_member(struct event_leaf *leaf, const struct json_value *member,
                                   void *element)
{
    (void)leaf;
    struct ambit_item *item = element;
    if (is_named(member, "actions"))
        return read_single(member, &item->action);
    if (is_named(member, "resources"))
        return read_single(member, &item->resource);
    return AMBIT_ERR_MALFORMED;
}

enum ambit_err event_read_asked(struct event_leaf *leaf, const struct json_value *value)
{
    enum ambit_err err = AMBIT_OK;
    struct ambit_item *items = array_room(leaf, value, sizeof *items, &err);
    if (!items)
        return err;
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        err = each_member(leaf, one, &items[n++], asked_member);
        if (err != AMBIT_OK)
            return err;
    }
    leaf->event->asked = items;
    leaf->event->n_asked = n;
    return AMBIT_OK;
}

static enum ambit_err item_member(struct event_leaf *leaf, const struct json_value *member,
                                  void *element)
{
    (void)leaf;
    struct ambit_given *item = element;
    if (is_named(member, "actions"))
        return read_single(member, &item->action);
    if (is_named(member, "digest"))
        return member->kind == JSON_STRING ? digest_decode(member->text, &item->digest)
                                           : AMBIT_ERR_MALFORMED;
    if (is_named(member, "policy"))
        return read_str(member, &item->policy);
    if (is_named(member, "resources"))
        return read_single(member, &item->resource);
    if (is_named(member, "rule"))
        return read_str(member, &item->rule);
    return AMBIT_ERR_MALFORMED;
}

enum ambit_err event_read_items(struct event_leaf *leaf, const struct json_value *value)
{
    enum ambit_err err = AMBIT_OK;
    struct ambit_given *items = array_room(leaf, value, sizeof *items, &err);
    if (!items)
        return err;
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        err = each_member(leaf, one, &items[n++], item_member);
        if (err != AMBIT_OK)
            return err;
    }
    leaf->event->items = items;
    leaf->event->n_items = n;
    return AMBIT_OK;
}

static enum ambit_err except_member(struct event_leaf *leaf, const struct json_value *member,
                                    void *element)
{
    struct ambit_except *except = element;
    if (is_named(member, "actions"))
        return read_strs(leaf, member, &except->actions);
    if (is_named(member, "id"))
        return read_str(member, &except->id);
    if (is_named(member, "policy"))
        return read_str(member, &except->policy);
    if (is_named(member, "resources"))
        return read_strs(leaf, member, &except->resources);
    return AMBIT_ERR_MALFORMED;
}

enum ambit_err event_read_except(struct event_leaf *leaf, const struct json_value *value)
{
    enum ambit_err err = AMBIT_OK;
    struct ambit_except *excepts = array_room(leaf, value, sizeof *excepts, &err);
    if (!excepts)
        return err;
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        err = each_member(leaf, one, &excepts[n++], except_member);
        if (err != AMBIT_OK)
            return err;
    }
    leaf->event->except = excepts;
    leaf->event->n_except = n;
    return AMBIT_OK;
}

static enum ambit_err read_by(const struct json_value *value, enum ambit_by *ret)
{
    for (int i = AMBIT_BY_GRANT; value->kind == JSON_STRING && i <= AMBIT_BY_POLICY; i++)
        if (ambit_str_is(value->text, ambit_by_text((enum ambit_by)i))) {
            *ret = (enum ambit_by)i;
            return AMBIT_OK;
        }
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err read_limit_kind(const struct json_value *value, enum ambit_limit_kind *ret)
{
    for (int i = AMBIT_LIMIT_COUNT; value->kind == JSON_STRING && i <= AMBIT_LIMIT_AFTER; i++)
        if (ambit_str_is(value->text, ambit_limit_kind_text((enum ambit_limit_kind)i))) {
            *ret = (enum ambit_limit_kind)i;
            return AMBIT_OK;
        }
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err count_member(struct event_leaf *leaf, const struct json_value *member,
                                   void *element)
{
    struct event_count *count = element;
    if (is_named(member, "amount"))
        return read_integer(member, &count->amount);
    if (is_named(member, "by"))
        return read_by(member, &count->by);
    if (is_named(member, "field"))
        return read_str(member, &count->field);
    if (is_named(member, "id"))
        return read_str(member, &count->id);
    if (is_named(member, "keep_ms"))
        return read_integer(member, &count->keep_ms);
    if (is_named(member, "key"))
        return read_str(member, &count->key);
    if (is_named(member, "kind"))
        return read_limit_kind(member, &count->kind);
    if (is_named(member, "policy"))
        return read_str(member, &count->policy);
    if (is_named(member, "resets"))
        return read_true(member, &count->resets);
    if (is_named(member, "stop"))
        return read_true(member, &count->is_stop);
    if (is_named(member, "when_done"))
        return read_true(member, &count->when_done);
    if (is_named(member, "values")) {
        struct ambit_strs strs = {0};
        enum ambit_err err = read_strs(leaf, member, &strs);
        count->values = strs.v;
        count->n_values = strs.n;
        return err;
    }
    return AMBIT_ERR_MALFORMED;
}

enum ambit_err event_read_counts(struct event_leaf *leaf, const struct json_value *value)
{
    enum ambit_err err = AMBIT_OK;
    struct event_count *counts = array_room(leaf, value, sizeof *counts, &err);
    if (!counts)
        return err;
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        counts[n].amount = 1; /* left out when it is one */
        err = each_member(leaf, one, &counts[n++], count_member);
        if (err != AMBIT_OK)
            return err;
    }
    leaf->event->counts = counts;
    leaf->event->n_counts = n;
    return AMBIT_OK;
}

enum ambit_err event_read_figures(struct event_leaf *leaf, const struct json_value *value)
{
    enum ambit_err err = AMBIT_OK;
    int64_t *figures = array_room(leaf, value, sizeof *figures, &err);
    if (!figures)
        return err;
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        if (one->kind == JSON_STRING && ambit_str_is(one->text, event_figure_full))
            figures[n++] = AMBIT_FIGURE_FULL;
        else
            err = read_integer(one, &figures[n++]);
        if (err != AMBIT_OK)
            return err;
    }
    leaf->event->figures = figures;
    leaf->event->n_figures = n;
    return AMBIT_OK;
}

enum ambit_err event_read_also(struct event_leaf *leaf, const struct json_value *value)
{
    struct ambit_strs strs = {0};
    enum ambit_err err = read_strs(leaf, value, &strs);
    if (err != AMBIT_OK)
        return err;
    leaf->event->also = strs.v;
    leaf->event->n_also = strs.n;
    return AMBIT_OK;
}

enum ambit_err event_read_approvers(struct event_leaf *leaf, const struct json_value *value)
{
    struct ambit_strs strs = {0};
    enum ambit_err err = read_strs(leaf, value, &strs);
    if (err != AMBIT_OK)
        return err;
    leaf->event->approvers = strs.v;
    leaf->event->n_approvers = strs.n;
    return AMBIT_OK;
}

enum ambit_err event_read_trips(struct event_leaf *leaf, const struct json_value *value)
{
    struct ambit_strs strs = {0};
    enum ambit_err err = read_strs(leaf, value, &strs);
    if (err != AMBIT_OK)
        return err;
    leaf->event->trips = strs.v;
    leaf->event->n_trips = strs.n;
    return AMBIT_OK;
}

enum ambit_err event_read_expired(struct event_leaf *leaf, const struct json_value *value)
{
    struct ambit_strs strs = {0};
    enum ambit_err err = read_strs(leaf, value, &strs);
    leaf->event->expired = strs.v;
    leaf->event->n_expired = strs.n;
    return err;
}

enum ambit_err event_read_expired_outcomes(struct event_leaf *leaf, const struct json_value *value)
{
    struct ambit_strs strs = {0};
    enum ambit_err err = read_strs(leaf, value, &strs);
    leaf->event->expired_outcomes = strs.v;
    leaf->event->n_expired_outcomes = strs.n;
    return err;
}

static enum ambit_err stop_member(struct event_leaf *leaf, const struct json_value *member,
                                  void *element)
{
    (void)leaf;
    struct ambit_stop_view *stop = element;
    if (member->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    if (is_named(member, "id"))
        return id_decode(member->text, &stop->id);
    if (is_named(member, "target"))
        return read_str(member, &stop->target);
    if (!is_named(member, "kind"))
        return AMBIT_ERR_MALFORMED;
    for (int i = AMBIT_TARGET_GRANT; i <= AMBIT_TARGET_ALL; i++)
        if (ambit_str_is(member->text, ambit_target_text((enum ambit_target_kind)i))) {
            stop->kind = (enum ambit_target_kind)i;
            return AMBIT_OK;
        }
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err once_member(struct event_leaf *leaf, const struct json_value *member,
                                  void *element)
{
    (void)leaf;
    struct once_value *once = element;
    if (is_named(member, "proof"))
        return read_true(member, &once->is_proof);
    if (member->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    if (is_named(member, "digest"))
        return digest_decode(member->text, &once->digest);
    return is_named(member, "until") ? time_decode(member->text, &once->until_ms)
                                     : AMBIT_ERR_MALFORMED;
}

enum ambit_err event_read_once_also(struct event_leaf *leaf, const struct json_value *value)
{
    enum ambit_err err = AMBIT_OK;
    struct once_value *values = array_room(leaf, value, sizeof *values, &err);
    if (!values)
        return err;
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        err = each_member(leaf, one, &values[n++], once_member);
        if (err != AMBIT_OK)
            return err;
    }
    leaf->event->once_also = values;
    leaf->event->n_once_also = n;
    return AMBIT_OK;
}

enum ambit_err event_read_used_stops(struct event_leaf *leaf, const struct json_value *value)
{
    enum ambit_err err = AMBIT_OK;
    struct ambit_stop_view *stops = array_room(leaf, value, sizeof *stops, &err);
    if (!stops)
        return err;
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        err = each_member(leaf, one, &stops[n++], stop_member);
        if (err != AMBIT_OK)
            return err;
    }
    leaf->event->used_stops = stops;
    leaf->event->n_used_stops = n;
    return AMBIT_OK;
}
