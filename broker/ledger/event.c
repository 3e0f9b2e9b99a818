/* SPDX-License-Identifier: Apache-2.0 */
/* An event to its canonical bytes and back. Both directions walk the one table of members; reading
 * is strict because what was read is written again and must give the same bytes. */
#include "ledger/event_internal.h"

#include "base/encode.h"

enum { PERSONAL_BYTES = 4 * AMBIT_TEXT_MAX };

static const void *field_of(const struct event *event, const struct event_member *member)
{
    return (const char *)event + member->at;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void write_digest(struct json_out *out, const char *name, const struct ambit_digest *digest)
{
    static const struct ambit_digest none = {{0}};
    if (ambit_digest_eq(*digest, none))
        return;
    json_key(out, name);
    json_digest(out, *digest);
}

static void write_commitment(struct json_out *out, const struct event_commitments *commitments,
                             size_t which)
{
    if (!commitments->has[which])
        return;
    json_key(out, event_personals[which].name);
    json_begin_object(out);
    json_key(out, "commitment");
    json_digest(out, commitments->digest[which]);
    json_end_object(out);
}

static void write_number(struct json_out *out, const struct event_member *member, int64_t value)
{
    if (value == 0)
        return;
    json_key(out, member->name);
    if (member->kind == MEMBER_TIME)
        json_time_ms(out, value);
    else
        json_i64(out, value);
}

static void write_member(struct json_out *out, const struct event_member *member,
                         const struct event *event, const struct event_commitments *commitments)
{
    const void *field = field_of(event, member);
    switch (member->kind) {
    case MEMBER_STR:
        json_member_str(out, member->name, *(const struct ambit_str *)field);
        return;
    case MEMBER_ID:
        json_member_id(out, member->name, *(const struct ambit_id *)field);
        return;
    case MEMBER_DIGEST:
        write_digest(out, member->name, field);
        return;
    case MEMBER_COUNT:
    case MEMBER_TIME:
        write_number(out, member, *(const int64_t *)field);
        return;
    case MEMBER_TRUE:
        if (*(const bool *)field) {
            json_key(out, member->name);
            json_bool(out, true);
        }
        return;
    case MEMBER_PERSONAL:
        write_commitment(out, commitments, member->at);
        return;
    case MEMBER_OWN:
        member->write(out, event);
        return;
    }
}

enum ambit_err event_write(const struct event *event, const struct event_commitments *commitments,
                           struct buf *leaf)
{
    struct json_out out;
    size_t start = leaf->len;
    json_out_init(&out, leaf, true);
    json_begin_object(&out);
    for (size_t i = 0; i < event_n_members; i++)
        write_member(&out, &event_members[i], event, commitments);
    json_end_object(&out);
    enum ambit_err err = buf_check(leaf);
    if (err != AMBIT_OK)
        return err;
    return leaf->len - start > AMBIT_EVENT_BYTES ? AMBIT_ERR_TOO_LARGE : AMBIT_OK;
}

/* ---- personal text ------------------------------------------------------------------------- */

static struct ambit_str personal_text(const struct event *event, size_t which)
{
    return *(const struct ambit_str *)(const void *)((const char *)event +
                                                     event_personals[which].at);
}

static void write_opening(struct json_out *out, const char *name, const struct event_salt *salt,
                          struct ambit_str text)
{
    json_key(out, name);
    json_begin_object(out);
    json_key(out, "salt");
    json_id(out, *(const struct ambit_id *)salt);
    json_member_str(out, "text", text);
    json_end_object(out);
}

_Static_assert(sizeof(struct event_salt) == sizeof(struct ambit_id),
               "a salt is written as an id is");

/* Fills the commitments and writes the openings, both empty when there is nothing personal. */
static enum ambit_err commit_personal(const struct event *event, const struct event_seed *seed,
                                      struct event_commitments *ret, struct buf *opening)
{
    struct json_out out;
    bool has_any = event->purpose.p || event->stated_reason.p || event->words.p;
    *ret = (struct event_commitments){0};
    if (!has_any)
        return AMBIT_OK;
    json_out_init(&out, opening, true);
    json_begin_object(&out);
    for (size_t i = 0; i < PERSONALS; i++) {
        struct ambit_str text = personal_text(event, i);
        if (!text.p)
            continue;
        if (text.len > PERSONAL_BYTES)
            return AMBIT_ERR_TOO_LARGE;
        struct event_salt salt = commitment_salt(seed, event_personals[i].name);
        ret->digest[i] = commitment_of(event_personals[i].name, &salt, text);
        ret->has[i] = true;
        write_opening(&out, event_personals[i].name, &salt, text);
    }
    json_end_object(&out);
    return buf_check(opening);
}

void event_hide(struct event *event, const struct event_seed *seed)
{
    bool is_salted = event->purpose.p || event->stated_reason.p || event->words.p;
    struct event_salt salt = commitment_salt(seed, "blind");
    _Static_assert(sizeof event->blind.b == sizeof salt.b, "both are 128 bits");
    event->blind = (struct ambit_id){{0}};
    if (!is_salted)
        memcpy(event->blind.b, salt.b, sizeof salt.b);
}

enum ambit_err event_encode(const struct event *event, const struct event_seed *seed,
                            struct buf *leaf, struct buf *opening)
{
    struct event_commitments commitments;
    enum ambit_err err = commit_personal(event, seed, &commitments, opening);
    return err != AMBIT_OK ? err : event_write(event, &commitments, leaf);
}
