/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to its fact. Events are read as JSON, not decoded: members are sorted (RFC 8785),
 * so that one walk finds the few that are wanted. */
#include "ledger/facts_inside.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "ledger/event.h"

enum { ITEMS_MAX = FACTS_NAME_MAX / 8 };

/* ---- members ---- */

#define MEMBER_LIST(X)                                                                        \
    X(action)                                                                                 \
    X(agent)                                                                                  \
    X(agreement)                                                                              \
    X(approval)                                                                               \
    X(approval_until)                                                                         \
    X(audience)                                                                               \
    X(by) X(detail) X(digest) X(documents) X(grant) X(items) X(late) X(lifetime_s) X(lineage) \
        X(outcome_due) X(owner) X(person) X(policy) X(reason) X(removal) X(rule) X(service)   \
            X(team) X(time) X(type)
enum member {
#define X(name) M_##name,
    MEMBER_LIST(X)
#undef X
        MEMBERS
};
static const struct ambit_str member_names[MEMBERS] = {
#define X(name) [M_##name] = {.p = #name, .len = sizeof #name - 1},
    MEMBER_LIST(X)
#undef X
};

struct members {
    const struct json_value *v[MEMBERS];
};

static void find_members(const struct json_value *event, struct members *ret)
{
    size_t at = 0;
    *ret = (struct members){0};
    for (const struct json_value *m = event->first; m && at < MEMBERS; m = m->next) {
        int order = 1;
        while (at < MEMBERS && (order = ambit_str_cmp(member_names[at], m->key)) < 0)
            at++;
        if (at < MEMBERS && order == 0)
            ret->v[at++] = m;
    }
}

static struct ambit_str text(const struct members *members, enum member which)
{
    const struct json_value *value = members->v[which];
    return value && value->kind == JSON_STRING ? value->text : (struct ambit_str){0};
}

static bool id_of(const struct members *members, enum member which, struct ambit_id *ret)
{
    struct ambit_str t = text(members, which);
    return t.p && id_decode(t, ret) == AMBIT_OK;
}

static enum event_type type_of(const struct facts *facts, struct ambit_str t)
{
    size_t last = (facts->next + FACTS_PER_ROW - 1) % FACTS_PER_ROW; /* mostly as the one before */
    enum event_type type_before = (enum event_type)facts->row[last].type;
    if (type_before < EVENT_TYPES && ambit_str_is(t, event_type_text(type_before)))
        return type_before;
    for (int type = 0; type < EVENT_TYPES; type++)
        if (ambit_str_is(t, event_type_text((enum event_type)type)))
            return (enum event_type)type;
    return EVENT_TYPES;
}

static uint32_t amount_of(int64_t value)
{
    return value < 0 ? 0 : value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* ---- names ---- */

/* The texts of a name of several, and its number, as the event before had them. */
static bool recent_has(const struct recent_name *recent, const struct ambit_str *parts, size_t n,
                       uint32_t *ret)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (recent->lens[i] != parts[i].len ||
            (parts[i].len > 0 && memcmp(recent->text + at, parts[i].p, parts[i].len) != 0))
            return false;
        at += parts[i].len;
    }
    *ret = recent->number;
    return recent->number != 0;
}

static void recent_keep(struct recent_name *recent, const struct ambit_str *parts, size_t n,
                        uint32_t number)
{
    size_t at = 0;
    *recent = (struct recent_name){.number = 0};
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len > sizeof recent->text - at)
            return;
        if (parts[i].len > 0)
            memcpy(recent->text + at, parts[i].p, parts[i].len);
        recent->lens[i] = parts[i].len;
        at += parts[i].len;
    }
    recent->number = number;
}

static AMBIT_CHECKED enum ambit_err authority(struct facts *facts, struct ambit_str policy,
                                              struct ambit_str rule, struct ambit_str digest,
                                              uint32_t *ret)
{
    char memory[2 * 64 + 2 + 32];
    struct ambit_digest bytes;
    struct buf key;
    *ret = 0;
    if (!policy.p)
        return AMBIT_OK;
    struct ambit_str parts[] = {policy, rule, digest};
    if (recent_has(&facts->authority, parts, AMBIT_LEN(parts), ret))
        return AMBIT_OK;
    buf_init_fixed(&key, memory, sizeof memory);
    buf_put_str(&key, policy);
    buf_put_char(&key, '\0');
    buf_put_str(&key, rule);
    buf_put_char(&key, '\0');
    if (digest.p && digest_decode(digest, &bytes) == AMBIT_OK)
        buf_put(&key, bytes.b, sizeof bytes.b);
    if (buf_check(&key))
        return AMBIT_OK;
    enum ambit_err err = names_number(facts->names, FACT_AUTHORITY, buf_str(&key), ret);
    if (err == AMBIT_OK)
        recent_keep(&facts->authority, parts, AMBIT_LEN(parts), *ret);
    return err;
}

static AMBIT_CHECKED enum ambit_err set_of(struct facts *facts, struct ambit_str documents,
                                           uint32_t *ret)
{
    struct ambit_digest set;
    *ret = 0;
    if (!documents.p || recent_has(&facts->set, &documents, 1, ret))
        return AMBIT_OK;
    if (digest_decode(documents, &set) != AMBIT_OK)
        return AMBIT_OK;
    struct ambit_str bytes = {.p = (const char *)set.b, .len = sizeof set.b};
    enum ambit_err err = names_number(facts->names, FACT_SET, bytes, ret);
    if (err == AMBIT_OK)
        recent_keep(&facts->set, &documents, 1, *ret);
    return err;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 8);
}

/* The items of a grant, by policy, rule, version and action; which resources is left out. */
static AMBIT_CHECKED enum ambit_err items_of(struct facts *facts, const struct json_value *items,
                                             uint32_t *ret)
{
    uint8_t each[ITEMS_MAX][8];
    size_t n = 0, kept = 0;
    *ret = 0;
    for (const struct json_value *item = items ? items->first : NULL; item && n < ITEMS_MAX;
         item = item->next) {
        uint32_t under = 0, action = 0;
        const struct json_value *actions = json_get(item, "actions");
        struct ambit_str name =
            actions && actions->first ? actions->first->text : (struct ambit_str){0};
        enum ambit_err err =
            authority(facts, json_get_str(item, "policy"), json_get_str(item, "rule"),
                      json_get_str(item, "digest"), &under);
        if (err == AMBIT_OK)
            err = names_number(facts->names, FACT_ACTION, name, &action);
        if (err != AMBIT_OK)
            return err;
        put_be32(each[n], under);
        put_be32(each[n++] + 4, action);
    }
    if (n == 0)
        return AMBIT_OK;
    qsort(each, n, sizeof each[0], by_bytes);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || memcmp(each[i], each[kept - 1], 8) != 0)
            memmove(each[kept++], each[i], 8);
    return names_number(facts->names, FACT_ITEMS,
                        (struct ambit_str){.p = (const char *)each, .len = 8 * kept}, ret);
}

static AMBIT_CHECKED enum ambit_err fill_names(struct facts *facts, const struct members *m,
                                               struct fact *fact)
{
    bool is_action = fact->type == EVENT_ACTION_ALLOWED || fact->type == EVENT_ACTION_DENIED;
    bool is_grant = fact->type == EVENT_GRANT_ISSUED || fact->type == EVENT_GRANT_REFUSED;
    enum member who = is_action ? M_service : is_grant ? M_audience : M_person;
    enum fact_kind who_kind = is_action ? FACT_SERVICE : is_grant ? FACT_AUDIENCE : FACT_PERSON;
    enum ambit_err err = names_number(facts->names, FACT_AGENT, text(m, M_agent), &fact->agent);
    if (!err)
        err = names_number(facts->names, FACT_PERSON, text(m, M_owner), &fact->owner);
    if (!err)
        err = names_number(facts->names, FACT_TEAM, text(m, M_team), &fact->team);
    if (!err)
        err = names_number(facts->names, who_kind, text(m, who), &fact->who);
    if (!err)
        err = set_of(facts, text(m, M_documents), &fact->set);
    if (!err)
        err = authority(facts, text(m, M_policy), text(m, M_rule), text(m, M_digest),
                        &fact->authority);
    if (!err && fact->type == EVENT_ACTION_ALLOWED)
        err = names_number(facts->names, FACT_ACTION, text(m, M_action), &fact->what);
    if (!err && fact->type == EVENT_GRANT_ISSUED)
        err = items_of(facts, m->v[M_items], &fact->what);
    return err;
}

/* ---- what needs an earlier event ---- */

/* How much of a grant's life was used: what lies between two uses of it adds up to the time from
 * its issue to its last use. */
static AMBIT_CHECKED enum ambit_err used(struct facts *facts, const struct members *m,
                                         struct fact *fact)
{
    struct ambit_id grant;
    int64_t times[2] = {0};
    bool is_there = false;
    if (!id_of(m, M_grant, &grant)) {
        fact->flags |= FACT_ON_WORD;
        return AMBIT_OK;
    }
    struct facts_key key = facts_key_id('g', grant.b);
    enum ambit_err err = facts_times_get(facts, &key, times, &is_there);
    if (err != AMBIT_OK || !is_there)
        return err;
    fact->flags |= FACT_GRANT_KNOWN | FACT_TIMED;
    fact->amount = amount_of(fact->time_ms - times[1]);
    if (fact->time_ms <= times[1])
        return AMBIT_OK;
    times[1] = fact->time_ms;
    return facts_times_put(facts, &key, times);
}

static AMBIT_CHECKED enum ambit_err issued(struct facts *facts, const struct members *m,
                                           struct fact *fact)
{
    struct ambit_id grant;
    const struct json_value *life = m->v[M_lifetime_s];
    if (life && life->kind == JSON_INTEGER) {
        fact->amount = amount_of(life->integer);
        fact->flags |= FACT_TIMED;
    }
    if (!id_of(m, M_grant, &grant))
        return AMBIT_OK;
    struct facts_key key = facts_key_id('g', grant.b);
    return facts_times_put(facts, &key, (const int64_t[2]){fact->time_ms, fact->time_ms});
}

static AMBIT_CHECKED enum ambit_err approval(struct facts *facts, const struct members *m,
                                             struct fact *fact)
{
    struct ambit_id id;
    int64_t times[2] = {0};
    bool is_there = false;
    if (m->v[M_approval_until])
        fact->flags |= FACT_COMPLETES;
    if (!id_of(m, M_approval, &id))
        return AMBIT_OK;
    struct facts_key key = facts_key_id('a', id.b);
    if (fact->type == EVENT_APPROVAL_ASKED)
        return facts_times_put(facts, &key, (const int64_t[2]){fact->time_ms, fact->time_ms});
    enum ambit_err err = facts_times_get(facts, &key, times, &is_there);
    if (err != AMBIT_OK || !is_there)
        return err;
    fact->amount = amount_of(fact->time_ms - times[0]);
    fact->flags |= FACT_TIMED;
    return AMBIT_OK;
}

static void folded(const struct members *m, struct fact *fact)
{
    int64_t count = 0;
    enum ambit_reason reason = AMBIT_REASON_ALLOWED;
    if (json_get_i64(m->v[M_detail], "count", &count))
        fact->amount = amount_of(count);
    if (ambit_reason_parse(json_get_str(m->v[M_detail], "reason"), &reason) == AMBIT_OK)
        fact->reason = (uint8_t)reason;
}

static AMBIT_CHECKED enum ambit_err fill_more(struct facts *facts, const struct members *m,
                                              struct fact *fact)
{
    if (fact->type == EVENT_ACTION_ALLOWED)
        return used(facts, m, fact);
    if (fact->type == EVENT_GRANT_ISSUED)
        return issued(facts, m, fact);
    if (fact->type == EVENT_APPROVAL_ASKED || fact->type == EVENT_APPROVAL_GIVEN ||
        fact->type == EVENT_APPROVAL_REFUSED || fact->type == EVENT_APPROVAL_LAPSED)
        return approval(facts, m, fact);
    if (fact->type == EVENT_REFUSALS_FOLDED)
        folded(m, fact);
    return AMBIT_OK;
}

static void fill_flags(const struct members *m, struct fact *fact)
{
    struct ambit_id lineage;
    if (m->v[M_grant])
        fact->flags |= FACT_HAS_GRANT;
    if (m->v[M_outcome_due])
        fact->flags |= FACT_OWED;
    if (ambit_str_is(text(m, M_agreement), "mismatched"))
        fact->flags |= FACT_MISMATCHED;
    if (m->v[M_late] && m->v[M_late]->kind == JSON_TRUE)
        fact->flags |= FACT_LATE;
    if (m->v[M_removal])
        fact->flags |= FACT_REMOVAL;
    if (text(m, M_by).len > 10 && memcmp(text(m, M_by).p, "hard_stop:", 10) == 0)
        fact->flags |= FACT_HARD_STOP;
    if (id_of(m, M_lineage, &lineage))
        fact->lineage = get_be32(lineage.b + 12);
}

enum ambit_err facts_add(struct facts *facts, const struct json_value *event)
{
    struct members m;
    struct fact fact = {0};
    enum ambit_reason reason = AMBIT_REASON_ALLOWED;
    if (event)
        find_members(event, &m);
    else
        m = (struct members){0}; /* damaged: its place must be kept */
    enum event_type type = type_of(facts, text(&m, M_type));
    fact.type = (uint8_t)type;
    if (time_decode(text(&m, M_time), &fact.time_ms) != AMBIT_OK)
        fact.time_ms = facts->time_ms;
    if (ambit_reason_parse(text(&m, M_reason), &reason) == AMBIT_OK)
        fact.reason = (uint8_t)reason;
    fill_flags(&m, &fact);
    enum ambit_err err = fill_names(facts, &m, &fact);
    if (err == AMBIT_OK)
        err = fill_more(facts, &m, &fact);
    if (err != AMBIT_OK)
        return err;
    size_t at = facts->next % FACTS_PER_ROW;
    facts->row[at] = fact;
    facts->time_ms = fact.time_ms;
    facts->next++;
    if (at + 1 < FACTS_PER_ROW)
        return AMBIT_OK;
    struct facts_key key = facts_key_row((facts->next - 1) / FACTS_PER_ROW);
    return search_put(facts->txn, facts_key_store(&key), facts->row, sizeof facts->row);
}
