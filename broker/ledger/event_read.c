/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an event. The members of the leaf and the table are both in canonical order, so that one
 * walk along both finds every unknown, misplaced or doubled name; then the event is written again.
 */
#include "ledger/event_internal.h"

#include "base/encode.h"

static enum ambit_err read_commitment(struct event_leaf *leaf, size_t which,
                                      const struct json_value *value)
{
    const struct json_value *commitment = json_get(value, "commitment");
    if (!commitment || commitment->kind != JSON_STRING || value->count != 1)
        return AMBIT_ERR_MALFORMED;
    leaf->commitments->has[which] = true;
    return digest_decode(commitment->text, &leaf->commitments->digest[which]);
}

static enum ambit_err read_text_member(const struct event_member *member, struct ambit_str text,
                                       void *room)
{
    switch (member->kind) {
    case MEMBER_STR:
        *(struct ambit_str *)room = text;
        return AMBIT_OK;
    case MEMBER_ID:
        return id_decode(text, room);
    case MEMBER_DIGEST:
        return digest_decode(text, room);
    case MEMBER_TIME:
        return time_decode(text, room);
    case MEMBER_COUNT:
    case MEMBER_TRUE:
    case MEMBER_PERSONAL:
    case MEMBER_OWN:
        break;
    }
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err read_member(struct event_leaf *leaf, const struct event_member *member,
                                  const struct json_value *value)
{
    if (member->kind == MEMBER_OWN)
        return member->read(leaf, value);
    if (member->kind == MEMBER_PERSONAL)
        return read_commitment(leaf, member->at, value);

    void *room = (char *)leaf->event + member->at;
    if (value->kind == JSON_STRING)
        return read_text_member(member, value->text, room);
    if (member->kind == MEMBER_COUNT && value->kind == JSON_INTEGER) {
        *(int64_t *)room = value->integer;
        return AMBIT_OK;
    }
    if (member->kind == MEMBER_TRUE && value->kind == JSON_TRUE) {
        *(bool *)room = true;
        return AMBIT_OK;
    }
    return AMBIT_ERR_MALFORMED;
}

/* Most names of the table are passed over: by their first byte, which none is without. */
static bool is_named(const struct json_value *value, const struct event_member *member)
{
    return value->key.len > 0 && value->key.p[0] == member->name[0] &&
           ambit_str_is(value->key, member->name);
}

static enum ambit_err read_members(struct event_leaf *leaf, const struct json_value *object)
{
    size_t at = 0;
    for (const struct json_value *value = object->first; value; value = value->next) {
        while (at < event_n_members && !is_named(value, &event_members[at]))
            at++;
        if (at == event_n_members)
            return AMBIT_ERR_MALFORMED;
        enum ambit_err err = read_member(leaf, &event_members[at++], value);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

/* Whether the event, written again, gives the bytes it was read from. */
static enum ambit_err check_bytes(struct ambit_str leaf, const struct event *event,
                                  const struct event_commitments *commitments)
{
    BUF_AUTO again;
    buf_init(&again, AMBIT_EVENT_BYTES);
    enum ambit_err err = event_write(event, commitments, &again);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    return err == AMBIT_OK && ambit_str_eq(buf_str(&again), leaf) ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

enum ambit_err event_read(struct ambit_str leaf, struct arena *arena, struct event *ret,
                          struct event_commitments *ret_commitments)
{
    struct json_limits limits = {.depth = EVENT_DEPTH};
    struct json_problem problem;
    const struct json_value *object = NULL;
    int64_t version = 0;
    if (leaf.len > AMBIT_EVENT_BYTES)
        return AMBIT_ERR_TOO_LARGE;
    enum ambit_err err = json_read(leaf, limits, arena, &object, &problem);
    if (err != AMBIT_OK)
        return err;
    if (!json_get_i64(object, "v", &version) || version < 1)
        return AMBIT_ERR_MALFORMED;
    if (version > 1)
        return AMBIT_ERR_NEWER;

    *ret = (struct event){.decision = EVENT_DECISION_NONE};
    *ret_commitments = (struct event_commitments){0};
    struct event_leaf state = {.event = ret, .commitments = ret_commitments, .arena = arena};
    err = read_members(&state, object);
    return err != AMBIT_OK ? err : check_bytes(leaf, ret, ret_commitments);
}

/* ---- openings ------------------------------------------------------------------------------ */

static enum ambit_err open_one(const struct json_value *member,
                               const struct event_commitments *commitments, struct event *event)
{
    struct ambit_str text = json_get_str(member, "text");
    struct ambit_id salt;
    struct event_salt given;
    if (!text.p || text.len > 4 * AMBIT_TEXT_MAX || member->count != 2 ||
        id_decode(json_get_str(member, "salt"), &salt) != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    memcpy(given.b, salt.b, sizeof given.b);
    for (size_t i = 0; i < PERSONALS; i++) {
        if (!ambit_str_is(member->key, event_personals[i].name))
            continue;
        struct ambit_digest digest = commitment_of(event_personals[i].name, &given, text);
        if (!commitments->has[i] || !ambit_digest_eq(digest, commitments->digest[i]))
            return AMBIT_ERR_DAMAGED;
        *(struct ambit_str *)(void *)((char *)event + event_personals[i].at) = text;
        return AMBIT_OK;
    }
    return AMBIT_ERR_DAMAGED;
}

static enum ambit_err open_personal(struct ambit_str opening,
                                    const struct event_commitments *commitments,
                                    struct arena *arena, struct event *event)
{
    struct json_problem problem;
    const struct json_value *object = NULL;
    if (opening.len == 0)
        return AMBIT_OK;
    enum ambit_err err =
        json_read(opening, (struct json_limits){.depth = 3}, arena, &object, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err != AMBIT_OK || object->kind != JSON_OBJECT)
        return AMBIT_ERR_DAMAGED;
    for (const struct json_value *member = object->first; member; member = member->next) {
        err = open_one(member, commitments, event);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

/* EVENT_ERASED_… bits: in the leaf, and not said. */
static unsigned not_opened(const struct event_commitments *commitments, const struct event *event)
{
    unsigned erased = 0;
    _Static_assert(EVENT_ERASED_PURPOSE == 1U << PERSONAL_PURPOSE, "bits are the enum's");
    _Static_assert(EVENT_ERASED_STATED_REASON == 1U << PERSONAL_STATED_REASON, "");
    _Static_assert(EVENT_ERASED_WORDS == 1U << PERSONAL_WORDS, "");
    const char *at = (const char *)event;
    for (size_t i = 0; i < PERSONALS; i++) {
        const struct ambit_str *text = (const void *)(at + event_personals[i].at);
        if (commitments->has[i] && text->p == NULL)
            erased |= 1U << i;
    }
    return erased;
}

enum ambit_err event_decode(struct ambit_str leaf, struct ambit_str opening, struct arena *arena,
                            struct event *ret)
{
    struct event_commitments commitments;
    enum ambit_err err = event_read(leaf, arena, ret, &commitments);
    if (err == AMBIT_OK)
        err = open_personal(opening, &commitments, arena, ret);
    if (err == AMBIT_OK)
        ret->erased = not_opened(&commitments, ret);
    return err;
}
