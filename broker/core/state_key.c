/* SPDX-License-Identifier: Apache-2.0 */
/* Derives the keys of the state tables. Every part is framed by its length: no separator can be
 * forged by a name that contains it. */
#include "core/state_key.h"

#include "base/encode.h"
#include "crypto/digest.h"

enum { FIELD_MAX = AMBIT_TEXT_MAX, PARTS_MAX = 8, FRAME_MAX = PARTS_MAX * (4 + FIELD_MAX) };
struct frame {
    size_t len;
    uint8_t bytes[FRAME_MAX];
};

/* No name is longer than a field; of what a caller or a damaged row says all the same the digest
 * stands there, and a length that no part has. */
static void frame_add(struct frame *frame, struct ambit_str part)
{
    struct ambit_digest digest;
    uint32_t len = (uint32_t)part.len;
    if (part.len > FIELD_MAX) {
        crypto_sha256(part.p, part.len, &digest);
        part = (struct ambit_str){.p = (const char *)digest.b, .len = sizeof digest.b};
        len = UINT32_MAX;
    }
    AMBIT_ASSERT(frame->len + 4 + part.len <= FRAME_MAX); /* of PARTS_MAX parts at most */
    put_be32(frame->bytes + frame->len, len);
    if (part.len > 0)
        memcpy(frame->bytes + frame->len + 4, part.p, part.len);
    frame->len += 4 + part.len;
}

static struct state_key frame_key(const struct frame *frame)
{
    struct ambit_digest digest;
    struct state_key key;

    crypto_sha256(frame->bytes, frame->len, &digest);
    memcpy(key.b, digest.b, sizeof key.b);
    return key;
}

struct state_key state_key_counter(const struct ambit_figure_query *query)
{
    __attribute__((uninitialized)) struct frame frame;
    frame.len = 0;
    frame_add(&frame, AMBIT_STR("ambit counter v1"));
    frame_add(&frame, query->policy);
    frame_add(&frame, query->is_stop ? AMBIT_STR("stop") : AMBIT_STR("rule"));
    frame_add(&frame, query->id);
    frame_add(&frame, ambit_str_of(ambit_limit_kind_text(query->kind)));
    /* The patterns of an `after` may be long: what is longer than any name stands as its digest. */
    struct ambit_digest digest;
    if (query->field.len > FIELD_MAX)
        crypto_sha256(query->field.p, query->field.len, &digest);
    frame_add(&frame, query->field.len > FIELD_MAX
                          ? (struct ambit_str){.p = (const char *)digest.b, .len = sizeof digest.b}
                          : query->field);
    frame_add(&frame, ambit_str_of(ambit_by_text(query->by)));
    frame_add(&frame, query->key);
    return frame_key(&frame);
}

struct state_key state_key_cutoff_text(struct ambit_str target)
{
    __attribute__((uninitialized)) struct frame frame;
    frame.len = 0;
    frame_add(&frame, AMBIT_STR("ambit cut-off v1"));
    frame_add(&frame, target);
    return frame_key(&frame);
}

/* Of the parts joined. What no target can be as long as is no target: it has no row. */
static struct state_key cutoff_of(const struct ambit_str *parts, size_t n)
{
    char text[FIELD_MAX];
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len > sizeof text - len)
            return state_key_cutoff_text((struct ambit_str){.p = parts[i].p, .len = parts[i].len});
        if (parts[i].len > 0)
            memcpy(text + len, parts[i].p, parts[i].len);
        len += parts[i].len;
    }
    return state_key_cutoff_text((struct ambit_str){.p = text, .len = len});
}

struct state_key state_key_cutoff(enum ambit_target_kind kind, struct ambit_str name)
{
    const struct ambit_str parts[] = {ambit_str_of(ambit_target_text(kind)), AMBIT_STR(":"), name};
    return cutoff_of(parts, kind == AMBIT_TARGET_ALL ? 1 : AMBIT_LEN(parts));
}

struct state_key state_key_cutoff_agent_policy(struct ambit_str agent, struct ambit_str policy)
{
    const struct ambit_str parts[] = {AMBIT_STR("agent:"), agent, AMBIT_STR(" policy:"), policy};
    return cutoff_of(parts, AMBIT_LEN(parts));
}

struct state_key state_key_person(struct ambit_str person)
{
    __attribute__((uninitialized)) struct frame frame;
    frame.len = 0;
    frame_add(&frame, AMBIT_STR("ambit person v1"));
    frame_add(&frame, person);
    return frame_key(&frame);
}

struct state_key state_key_incident(struct ambit_str policy, struct ambit_str stop,
                                    struct ambit_str key)
{
    __attribute__((uninitialized)) struct frame frame;
    frame.len = 0;
    frame_add(&frame, AMBIT_STR("ambit incident v1"));
    frame_add(&frame, policy);
    frame_add(&frame, stop);
    frame_add(&frame, key);
    return frame_key(&frame);
}

struct state_key state_key_agent(struct ambit_str agent)
{
    __attribute__((uninitialized)) struct frame frame;
    frame.len = 0;
    frame_add(&frame, AMBIT_STR("ambit agent v1"));
    frame_add(&frame, agent);
    return frame_key(&frame);
}

struct state_key state_key_shown(struct ambit_str agent, const struct ambit_digest *shown)
{
    struct frame frame;
    frame.len = 0;
    frame_add(&frame, AMBIT_STR("ambit approval key v1"));
    frame_add(&frame, agent);
    frame_add(&frame, (struct ambit_str){.p = (const char *)shown->b, .len = sizeof shown->b});
    return frame_key(&frame);
}
