/* SPDX-License-Identifier: Apache-2.0 */
/* Leaping through the search index. */
#include "core/events_keys.h"

#include "base/encode.h"
#include "ledger/index_entries.h"

static void add_key(struct events_keys *keys, enum index_tag tag, struct ambit_str value)
{
    struct events_key *key = &keys->keys[keys->n_keys++];
    AMBIT_ASSERT(keys->n_keys <= EVENTS_KEYS_MAX);
    *key = (struct events_key){.query = {.tag = (uint8_t)tag}};
    /* No event has what can be none of the tag's. */
    key->is_over = !index_key(tag, value, key->query.key);
    keys->conditions[keys->n - 1].n++;
}

static void begin_condition(struct events_keys *keys)
{
    AMBIT_ASSERT(keys->n < EVENTS_CONDITIONS_MAX);
    keys->conditions[keys->n++] = (struct events_condition){.first = keys->n_keys};
}

static void add_one(struct events_keys *keys, enum index_tag tag, struct ambit_str value)
{
    if (value.p == NULL)
        return;
    begin_condition(keys);
    add_key(keys, tag, value);
}

static void add_members(struct events_keys *keys, const struct events_filter *filter)
{
    for (size_t i = 0; i < events_n_members; i++) {
        const struct events_member *member = &events_members[i];
        const void *at = (const char *)filter + member->at;
        char text[ID_TEXT_LEN];
        if (member->tag == 0)
            continue;
        if (!member->is_id) {
            add_one(keys, member->tag, *(const struct ambit_str *)at);
        } else if (!ambit_id_is_none(*(const struct ambit_id *)at)) {
            id_encode(*(const struct ambit_id *)at, text);
            add_one(keys, member->tag, (struct ambit_str){text, sizeof text});
        }
    }
}

static void add_types(struct events_keys *keys, const struct events_filter *filter)
{
    if (!filter->has_types)
        return;
    begin_condition(keys);
    for (size_t i = 0; i < EVENT_TYPES; i++)
        if (filter->types[i])
            add_key(keys, INDEX_TYPE, ambit_str_of(event_type_text((enum event_type)i)));
}

/* Why not, or that it was not: the index has a key for every reason but `allowed`. */
static void add_reasons(struct events_keys *keys, const struct events_filter *filter)
{
    bool is_denied = filter->verdict == EVENTS_DENIED;
    if (!is_denied && (!filter->has_reasons || filter->reasons[AMBIT_REASON_ALLOWED]))
        return;
    begin_condition(keys);
    for (size_t i = 0; i < EVENTS_REASONS; i++)
        if (i != AMBIT_REASON_ALLOWED && (!filter->has_reasons || filter->reasons[i]))
            add_key(keys, INDEX_REASON, ambit_str_of(ambit_reason_text((enum ambit_reason)i)));
}

static bool has_star(struct ambit_str text)
{
    return text.p != NULL && memchr(text.p, '*', text.len) != NULL;
}

void events_keys_init(struct events_keys *keys, const struct events_filter *filter)
{
    keys->reader = NULL;
    keys->is_descending = filter->is_descending;
    keys->looks = keys->n_keys = keys->n = 0;
    add_members(keys, filter);
    add_one(keys, INDEX_OWNER, filter->only_owner);
    add_one(keys, INDEX_POLICY, filter->policy);
    if (!has_star(filter->action))
        add_one(keys, INDEX_ACTION, filter->action);
    if (!has_star(filter->resource))
        add_one(keys, INDEX_RESOURCE, filter->resource);
    if (filter->signal.p != NULL) /* only one type has it */
        add_one(keys, INDEX_TYPE, ambit_str_of(event_type_text(EVENT_SIGNAL_RECEIVED)));
    add_types(keys, filter);
    add_reasons(keys, filter);
}

/* What it found before still stands when the place has not gone past it. */
static AMBIT_CHECKED enum ambit_err look(struct events_keys *keys, struct events_key *key,
                                         uint64_t place)
{
    bool stands = key->is_asked && (keys->is_descending ? key->at < place : key->at >= place);
    if (key->is_over || stands)
        return AMBIT_OK;
    key->query.is_descending = keys->is_descending;
    key->query.from = place;
    keys->looks++;
    enum ambit_err err = search_reader_seek(keys->reader, &key->query, &key->at);
    key->is_asked = true;
    key->is_over = err == AMBIT_ERR_NOT_FOUND;
    return key->is_over ? AMBIT_OK : err;
}

/* The nearest event that one of the condition's keys has. */
static AMBIT_CHECKED enum ambit_err nearest(struct events_keys *keys,
                                            const struct events_condition *condition,
                                            uint64_t place, uint64_t *ret)
{
    bool is_found = false;
    for (size_t i = condition->first; i < condition->first + condition->n; i++) {
        struct events_key *key = &keys->keys[i];
        enum ambit_err err = look(keys, key, place);
        if (err != AMBIT_OK)
            return err;
        if (key->is_over)
            continue;
        if (!is_found || (keys->is_descending ? key->at > *ret : key->at < *ret))
            *ret = key->at;
        is_found = true;
    }
    return is_found ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

/* What moves the place most is asked first from now on. */
static void to_front(struct events_keys *keys, size_t i)
{
    struct events_condition condition = keys->conditions[i];
    keys->conditions[i] = keys->conditions[0];
    keys->conditions[0] = condition;
}

enum ambit_err events_keys_leap(struct events_keys *keys, size_t looks_max, uint64_t *place)
{
    /* Descending, the place is the first sequence not wanted: all agree on one when each says the
     * one just before it. */
    uint64_t step = keys->is_descending ? 1 : 0;
    size_t agreed = 0, i = 0;
    while (agreed < keys->n) {
        uint64_t found = 0;
        if (keys->looks >= looks_max)
            return AMBIT_ERR_BUSY;
        enum ambit_err err = nearest(keys, &keys->conditions[i], *place, &found);
        if (err != AMBIT_OK)
            return err;
        bool moved = found + step != *place;
        if (moved && i > 0)
            to_front(keys, i);
        i = moved && i > 0 ? 1 : i + 1;
        agreed = moved ? 1 : agreed + 1;
        if (i == keys->n)
            i = 0;
        *place = found + step;
    }
    *place -= step;
    return AMBIT_OK;
}
