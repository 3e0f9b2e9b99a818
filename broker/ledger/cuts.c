/* SPDX-License-Identifier: Apache-2.0 */
/* The cut-offs of core/apply.c, by events alone. */
#include "ledger/cuts.h"

#include "ambit/limits.h"
#include "base/encode.h"
#include "crypto/digest.h"

enum { TARGET_MAX = 2 * AMBIT_WORD_MAX + 32 };

void cuts_init(struct cuts *cuts, const uint64_t key[2])
{
    *cuts = (struct cuts){.has_names = false};
    places_init(&cuts->places, key);
}

void cuts_done(struct cuts *cuts)
{
    places_done(&cuts->places);
}

static struct ambit_id id_of_text(struct ambit_str text)
{
    struct ambit_digest digest;
    struct ambit_id id;
    crypto_sha256(text.p, text.len, &digest);
    memcpy(id.b, digest.b, sizeof id.b);
    return id;
}

/* "agent:x", "all", "grant:ID", "agent:x policy:y". A resource is cut off nowhere. */
static AMBIT_CHECKED enum ambit_err cut(struct cuts *cuts, struct ambit_str target, uint64_t seq)
{
    enum ambit_target_kind kind;
    struct ambit_str name;
    struct ambit_id id;
    if (held_target_parse(target, &kind, &name) != AMBIT_OK || kind == AMBIT_TARGET_RESOURCE)
        return AMBIT_OK;
    if (kind == AMBIT_TARGET_GRANT || kind == AMBIT_TARGET_LINEAGE) {
        if (id_decode(name, &id) != AMBIT_OK)
            return AMBIT_OK;
        cuts->has_grants = true;
        return places_put(&cuts->places,
                          kind == AMBIT_TARGET_GRANT ? PLACE_CUT_GRANT : PLACE_CUT_LINEAGE, id,
                          seq);
    }
    cuts->has_names = true;
    return places_put(&cuts->places, PLACE_CUT_NAME, id_of_text(target), seq);
}

static AMBIT_CHECKED enum ambit_err cut_id(struct cuts *cuts, enum place_kind kind,
                                           struct ambit_id id, uint64_t seq)
{
    cuts->has_grants = true;
    return places_put(&cuts->places, kind, id, seq);
}

enum ambit_err cuts_note(struct cuts *cuts, const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    if (event->type == EVENT_GRANT_ISSUED && !ambit_id_is_none(event->replaces))
        return cut_id(cuts, PLACE_CUT_GRANT, event->replaces, event->seq);
    if (event->type == EVENT_GRANT_REVOKED && event->decision != AMBIT_DENY) {
        bool is_root = ambit_id_eq(event->grant, event->lineage);
        return cut_id(cuts, is_root ? PLACE_CUT_LINEAGE : PLACE_CUT_GRANT, event->grant,
                      event->seq);
    }
    if (event->type != EVENT_STOP_RAISED)
        return AMBIT_OK;
    err = cut(cuts, event->target, event->seq);
    for (size_t i = 0; err == AMBIT_OK && i < event->n_also; i++)
        err = cut(cuts, event->also[i], event->seq);
    return err;
}

/* ---- asking --------------------------------------------------------------------------------- */

static bool text_ended(const struct cuts *cuts, struct ambit_str text, uint64_t seq)
{
    uint64_t at = 0;
    return places_find(&cuts->places, PLACE_CUT_NAME, id_of_text(text), &at) && seq <= at;
}

static size_t put(char *dst, size_t at, const char *word, struct ambit_str name)
{
    size_t len = strlen(word);
    if (at + len + name.len > TARGET_MAX) /* no target is so long */
        return at;
    memcpy(dst + at, word, len);
    if (name.len > 0)
        memcpy(dst + at + len, name.p, name.len);
    return at + len + name.len;
}

bool cuts_name_ended(const struct cuts *cuts, enum ambit_target_kind kind, struct ambit_str name,
                     uint64_t seq)
{
    char text[TARGET_MAX];
    size_t len = 0;
    if (!cuts->has_names || (name.p == NULL && kind != AMBIT_TARGET_ALL))
        return false;
    len = put(text, 0, ambit_target_text(kind), (struct ambit_str){0});
    if (kind != AMBIT_TARGET_ALL)
        len = put(text, len, ":", name);
    return text_ended(cuts, (struct ambit_str){.p = text, .len = len}, seq);
}

static bool agent_policy_ended(const struct cuts *cuts, struct ambit_str agent,
                               struct ambit_str policy, uint64_t seq)
{
    char text[TARGET_MAX];
    size_t len = put(text, 0, "agent:", agent);
    len = put(text, len, " policy:", policy);
    return text_ended(cuts, (struct ambit_str){.p = text, .len = len}, seq);
}

static bool is_first(const struct ambit_grant_view *grant, size_t item)
{
    for (size_t i = 0; i < item; i++)
        if (ambit_str_eq(grant->items[i].policy, grant->items[item].policy))
            return false;
    return true;
}

static bool name_ended(const struct cuts *cuts, const struct ambit_grant_view *grant, uint64_t seq)
{
    if (!cuts->has_names)
        return false;
    bool is_over = cuts_name_ended(cuts, AMBIT_TARGET_ALL, (struct ambit_str){0}, seq) ||
                   cuts_name_ended(cuts, AMBIT_TARGET_AGENT, grant->agent, seq) ||
                   cuts_name_ended(cuts, AMBIT_TARGET_TEAM, grant->team, seq) ||
                   cuts_name_ended(cuts, AMBIT_TARGET_OWNER, grant->owner, seq);
    for (size_t i = 0; i < grant->n_items && !is_over; i++)
        is_over = is_first(grant, i) &&
                  (cuts_name_ended(cuts, AMBIT_TARGET_POLICY, grant->items[i].policy, seq) ||
                   agent_policy_ended(cuts, grant->agent, grant->items[i].policy, seq));
    return is_over;
}

static bool has_policy(const struct ambit_grant_view *grant, struct ambit_str policy)
{
    for (size_t i = 0; i < grant->n_items; i++)
        if (ambit_str_eq(grant->items[i].policy, policy))
            return true;
    return false;
}

static bool holds_on(const struct ambit_stop_view *stop, const struct ambit_grant_view *grant)
{
    switch (stop->kind) {
    case AMBIT_TARGET_AGENT:
        return ambit_str_eq(stop->target, grant->agent);
    case AMBIT_TARGET_TEAM:
        return ambit_str_eq(stop->target, grant->team);
    case AMBIT_TARGET_OWNER:
        return ambit_str_eq(stop->target, grant->owner);
    case AMBIT_TARGET_POLICY:
        return has_policy(grant, stop->target);
    case AMBIT_TARGET_ALL:
        return true;
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE:
    case AMBIT_TARGET_RESOURCE:
        return false;
    }
    return false;
}

static bool is_held(const struct held *held, const struct ambit_grant_view *grant, uint64_t seq)
{
    for (size_t i = 0; i < held->n; i++)
        if (seq <= held->seqs[i] && holds_on(&held->views[i], grant))
            return true;
    return false;
}

enum ambit_liveness cuts_liveness(const struct cuts *cuts, const struct held *held,
                                  const struct places *ids, const struct ambit_grant_view *grant)
{
    enum ambit_liveness state = AMBIT_LIVE;
    if (!cuts->has_names && !cuts->has_grants)
        return AMBIT_LIVE;
    for (; grant != NULL; grant = grant->above) {
        uint64_t seq = 0, unused = 0;
        if (!places_find(ids, PLACE_GRANT, grant->id, &seq))
            continue;
        if (is_held(held, grant, seq))
            return AMBIT_DEAD_STOPPED;
        if (name_ended(cuts, grant, seq) ||
            places_find(&cuts->places, PLACE_CUT_GRANT, grant->id, &unused) ||
            places_find(&cuts->places, PLACE_CUT_LINEAGE, grant->lineage, &unused))
            state = AMBIT_DEAD_REVOKED;
    }
    return state;
}
