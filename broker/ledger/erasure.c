/* SPDX-License-Identifier: Apache-2.0 */
/* The detail of personal.erased, and openings with fewer members. */
#include "ledger/erasure.h"

#include "base/encode.h"
#include "ledger/event_internal.h"

/* In canonical order. */
static const struct {
    const char *name;
    unsigned bit;
} members[] = {
    {"email", ERASURE_EMAIL},          {"name", ERASURE_NAME},
    {"purpose", EVENT_ERASED_PURPOSE}, {"stated_reason", EVENT_ERASED_STATED_REASON},
    {"words", EVENT_ERASED_WORDS},
};

unsigned erasure_member(struct ambit_str name)
{
    for (size_t i = 0; i < AMBIT_LEN(members); i++)
        if (ambit_str_is(name, members[i].name))
            return members[i].bit;
    return 0;
}

void erasure_write_members(struct json_out *out, unsigned which)
{
    json_begin_array(out);
    for (size_t i = 0; i < AMBIT_LEN(members); i++)
        if (which & members[i].bit)
            json_text(out, members[i].name);
    json_end_array(out);
}

void erasure_write(const struct erasure *erasure, struct json_out *out)
{
    json_begin_object(out);
    json_key(out, "documents");
    json_begin_array(out);
    for (size_t i = 0; i < erasure->n_documents; i++) {
        json_begin_object(out);
        json_key(out, "digest");
        json_digest(out, erasure->documents[i].digest);
        json_key(out, "now");
        json_digest(out, erasure->documents[i].now);
        json_end_object(out);
    }
    json_end_array(out);
    json_member_id(out, "erasure", erasure->id);
    json_key(out, "members");
    erasure_write_members(out, erasure->members);
    json_key(out, "openings");
    json_begin_array(out);
    for (size_t i = 0; i < erasure->n_ranges; i++) {
        json_begin_array(out);
        json_i64(out, (int64_t)erasure->ranges[i].first);
        json_i64(out, (int64_t)erasure->ranges[i].last);
        json_end_array(out);
    }
    json_end_array(out);
    json_end_object(out);
}

/* ---- reading ------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err read_members(const struct json_value *list, unsigned *ret)
{
    *ret = 0;
    if (!list || list->kind != JSON_ARRAY)
        return AMBIT_ERR_DAMAGED;
    for (const struct json_value *value = list->first; value; value = value->next) {
        unsigned bit = value->kind == JSON_STRING ? erasure_member(value->text) : 0;
        if (bit == 0 || (*ret & bit))
            return AMBIT_ERR_DAMAGED;
        *ret |= bit;
    }
    return *ret != 0 ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

/* Behind the one before it, and of events before `end`. */
static AMBIT_CHECKED enum ambit_err read_range(const struct json_value *pair, uint64_t end,
                                               struct erasure *erasure)
{
    bool is_pair = pair->kind == JSON_ARRAY && pair->count == 2 &&
                   pair->first->kind == JSON_INTEGER && pair->first->next->kind == JSON_INTEGER &&
                   pair->first->integer >= 0 && pair->first->next->integer >= 0;
    if (!is_pair)
        return AMBIT_ERR_DAMAGED;
    const struct erasure_range range = {.first = (uint64_t)pair->first->integer,
                                        .last = (uint64_t)pair->first->next->integer};
    bool follows =
        erasure->n_ranges == 0 || range.first > erasure->ranges[erasure->n_ranges - 1].last;
    if (!follows || range.first > range.last || range.last >= end)
        return AMBIT_ERR_DAMAGED;
    erasure->ranges[erasure->n_ranges++] = range;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err read_ranges(const struct json_value *list, uint64_t end,
                                                struct arena *arena, struct erasure *ret)
{
    if (!list || list->kind != JSON_ARRAY)
        return AMBIT_ERR_DAMAGED;
    ret->ranges = arena_array(arena, list->count + 1, sizeof *ret->ranges);
    if (!ret->ranges)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = AMBIT_OK;
    for (const struct json_value *pair = list->first; !err && pair; pair = pair->next)
        err = read_range(pair, end, ret);
    return err;
}

static AMBIT_CHECKED enum ambit_err read_documents(const struct json_value *list,
                                                   struct arena *arena, struct erasure *ret)
{
    if (!list || list->kind != JSON_ARRAY)
        return AMBIT_ERR_DAMAGED;
    ret->documents = arena_array(arena, list->count + 1, sizeof *ret->documents);
    if (!ret->documents)
        return AMBIT_ERR_NO_MEMORY;
    for (const struct json_value *value = list->first; value; value = value->next) {
        struct erasure_document document;
        if (value->kind != JSON_OBJECT || value->count != 2 ||
            digest_decode(json_get_str(value, "digest"), &document.digest) != AMBIT_OK ||
            digest_decode(json_get_str(value, "now"), &document.now) != AMBIT_OK)
            return AMBIT_ERR_DAMAGED;
        ret->documents[ret->n_documents++] = document;
    }
    return AMBIT_OK;
}

enum ambit_err erasure_read(const struct event *event, struct arena *arena, struct erasure *ret)
{
    const struct json_value *detail = NULL;
    struct json_problem problem;
    *ret = (struct erasure){.n_ranges = 0};
    if (!event->detail.p)
        return AMBIT_ERR_DAMAGED;
    enum ambit_err err =
        json_read(event->detail, (struct json_limits){.depth = 4}, arena, &detail, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err || detail->kind != JSON_OBJECT || detail->count != 4 ||
        id_decode(json_get_str(detail, "erasure"), &ret->id) != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    err = read_members(json_get(detail, "members"), &ret->members);
    if (!err)
        err = read_ranges(json_get(detail, "openings"), event->seq, arena, ret);
    return err ? err : read_documents(json_get(detail, "documents"), arena, ret);
}

/* ---- openings ------------------------------------------------------------------------------ */

static AMBIT_CHECKED enum ambit_err opening_read(struct ambit_str opening, struct arena *arena,
                                                 const struct json_value **ret)
{
    struct json_problem problem;
    enum ambit_err err = json_read(opening, (struct json_limits){.depth = 3}, arena, ret, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    return !err && (*ret)->kind == JSON_OBJECT ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

static unsigned personal_bit(struct ambit_str name)
{
    for (size_t i = 0; i < PERSONALS; i++)
        if (ambit_str_is(name, event_personals[i].name))
            return 1U << i;
    return 0;
}

enum ambit_err opening_members(struct ambit_str opening, unsigned *ret)
{
    ARENA_AUTO arena;
    const struct json_value *object = NULL;
    arena_init(&arena, NULL, 0, 0);
    *ret = 0;
    if (opening.len == 0)
        return AMBIT_OK;
    enum ambit_err err = opening_read(opening, &arena, &object);
    if (err)
        return err;
    for (const struct json_value *member = object->first; member; member = member->next)
        *ret |= personal_bit(member->key);
    return AMBIT_OK;
}

enum ambit_err opening_without(struct ambit_str opening, unsigned which, struct buf *ret)
{
    ARENA_AUTO arena;
    const struct json_value *object = NULL;
    struct json_out out;
    size_t n = 0, start = ret->len;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = opening_read(opening, &arena, &object);
    if (err)
        return err;
    json_out_init(&out, ret, true);
    json_begin_object(&out);
    for (const struct json_value *member = object->first; member; member = member->next) {
        if (personal_bit(member->key) & which)
            continue;
        json_key_str(&out, member->key);
        json_write_value(&out, member);
        n++;
    }
    json_end_object(&out);
    err = buf_check(ret);
    if (!err && n == 0)
        ret->len = start;
    return err;
}
