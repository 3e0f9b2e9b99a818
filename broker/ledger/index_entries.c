/* SPDX-License-Identifier: Apache-2.0 */
/* Which values of an event can be searched for. */
#include "ledger/index_entries.h"

#include "ambit/model.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "crypto/digest.h"

enum { DEPTH = 24, TRACE_HEX = 32, RECENT = 256, RECENT_TEXT = 64, NOTED_MAX = 1024 };

#define NAMED(text, of_tag)                                             \
    {                                                                   \
        .name = {.p = (text), .len = sizeof(text) - 1}, .tag = (of_tag) \
    }
static const struct {
    struct ambit_str name;
    enum index_tag tag;
} members[] = {
    /* in their order, which is that of an event's (RFC 8785) */
    NAMED("action", INDEX_ACTION),     NAMED("agent", INDEX_AGENT),
    NAMED("approval", INDEX_APPROVAL), NAMED("cause", INDEX_CAUSE),
    NAMED("grant", INDEX_GRANT),       NAMED("id", INDEX_ID),
    NAMED("incident", INDEX_INCIDENT), NAMED("lineage", INDEX_LINEAGE),
    NAMED("owner", INDEX_OWNER),       NAMED("parent", INDEX_PARENT),
    NAMED("person", INDEX_PERSON),     NAMED("policy", INDEX_POLICY),
    NAMED("reason", INDEX_REASON),     NAMED("resource", INDEX_RESOURCE),
    NAMED("service", INDEX_SERVICE),   NAMED("source", INDEX_SOURCE),
    NAMED("stop", INDEX_STOP),         NAMED("target", INDEX_TARGET),
    NAMED("team", INDEX_TEAM),         NAMED("txn", INDEX_TXN),
    NAMED("type", INDEX_TYPE),
};

/* Where a text is kept: of its length and of its first and last bytes, which tell names apart. */
static size_t slot_of(struct ambit_str value)
{
    uint64_t first = 0, last = 0;
    size_t n = value.len < sizeof first ? value.len : sizeof first;
    memcpy(&first, value.p, n);
    memcpy(&last, value.p + value.len - n, n);
    uint64_t hash = (first ^ last << 1 ^ value.len) * UINT64_C(0x9e3779b97f4a7c15);
    return (hash >> 32) % RECENT;
}

/* Event after event names the same agents, owners, policies and types: their keys are kept, each in
 * the one slot that it falls on. */
static void key_of_text(struct ambit_str value, uint8_t ret[16])
{
    static _Thread_local struct {
        size_t len; /* 0: empty */
        char text[RECENT_TEXT];
        uint8_t key[16];
    } recent[RECENT];
    struct ambit_digest digest;
    bool may_keep = value.len > 0 && value.len <= RECENT_TEXT;
    size_t slot = may_keep ? slot_of(value) : 0;
    if (may_keep && recent[slot].len == value.len &&
        memcmp(recent[slot].text, value.p, value.len) == 0) {
        memcpy(ret, recent[slot].key, 16);
        return;
    }
    crypto_sha256(value.p, value.len, &digest);
    memcpy(ret, digest.b, 16);
    if (!may_keep)
        return;
    recent[slot].len = value.len;
    memcpy(recent[slot].text, value.p, value.len);
    memcpy(recent[slot].key, ret, 16);
}

bool index_key(enum index_tag tag, struct ambit_str value, uint8_t ret[16])
{
    struct ambit_id id;
    switch (tag) {
    case INDEX_ID:
    case INDEX_GRANT:
    case INDEX_LINEAGE:
    case INDEX_STOP:
    case INDEX_INCIDENT:
    case INDEX_CAUSE:
    case INDEX_APPROVAL:
    case INDEX_PARENT:
        if (id_decode(value, &id) != AMBIT_OK)
            return false;
        memcpy(ret, id.b, sizeof id.b);
        return true;
    case INDEX_TXN:
        if (value.len == TRACE_HEX && hex_decode(value, ret, 16) == AMBIT_OK)
            return true;
        key_of_text(value, ret);
        return true;
    case INDEX_AGENT:
    case INDEX_OWNER:
    case INDEX_POLICY:
    case INDEX_TYPE:
    case INDEX_PERSON:
    case INDEX_TEAM:
    case INDEX_SERVICE:
    case INDEX_RESOURCE:
    case INDEX_ACTION:
    case INDEX_REASON:
    case INDEX_SOURCE:
    case INDEX_TARGET:
    case INDEX_CONFIRMED:
    case INDEX_SET:
    case INDEX_NOTED:
        key_of_text(value, ret);
        return true;
    }
    return false;
}

static void add(struct search_entry *entries, size_t *n, enum index_tag tag, struct ambit_str value,
                uint64_t seq)
{
    struct search_entry entry = {.tag = (uint8_t)tag, .seq = seq};
    if (!value.p || *n == INDEX_ENTRIES_MAX || !index_key(tag, value, entry.key))
        return;
    for (size_t i = 0; i < *n; i++) /* the policies of items are mostly one */
        if (entries[i].tag == entry.tag && memcmp(entries[i].key, entry.key, sizeof entry.key) == 0)
            return;
    entries[(*n)++] = entry;
}

/* "GROUP member:VALUE" of an event whose type begins with one of the groups. */
static void add_noted(struct search_entry *entries, size_t *n, const struct json_value *event,
                      struct ambit_str group, uint64_t seq)
{
    static const char *const of[] = {"agent", "owner", "policy", "lineage"};
    for (size_t i = 0; i < AMBIT_LEN(of); i++) {
        struct ambit_str value = json_get_str(event, of[i]);
        char memory[NOTED_MAX];
        struct buf text;
        buf_init_fixed(&text, memory, sizeof memory);
        buf_put_str(&text, group);
        buf_put_char(&text, ' ');
        buf_put_text(&text, of[i]);
        buf_put_char(&text, ':');
        buf_put_str(&text, value);
        if (value.len > 0 && buf_check(&text) == AMBIT_OK)
            add(entries, n, INDEX_NOTED, buf_str(&text), seq);
    }
}

static bool begins(struct ambit_str text, const char *word)
{
    size_t len = strlen(word);
    return text.len > len && memcmp(text.p, word, len) == 0 && text.p[len] == '.';
}

/* What only events of some types are found by. */
static void add_of_type(struct search_entry *entries, size_t *n, const struct json_value *event,
                        uint64_t seq)
{
    static const char *const groups[] = {INDEX_NOTED_GROUPS};
    static const char *const not_rare[] = {"approval.used", "approval.awaited",
                                           "approval.cancelled"};
    struct ambit_str type = json_get_str(event, "type");
    if (begins(type, "action") || begins(type, "grant"))
        return; /* by far the most */
    if (ambit_str_is(type, "documents.confirmed"))
        add(entries, n, INDEX_CONFIRMED, json_get_str(event, "digest"), seq);
    if (ambit_str_is(type, "documents.activated"))
        add(entries, n, INDEX_SET, json_get_str(event, "documents"), seq);
    for (size_t i = 0; i < AMBIT_LEN(not_rare); i++)
        if (ambit_str_is(type, not_rare[i]))
            return;
    for (size_t i = 0; i < AMBIT_LEN(groups); i++)
        if (begins(type, groups[i]))
            add_noted(entries, n, event, ambit_str_of(groups[i]), seq);
}

static struct ambit_str first_text(const struct json_value *item, const char *name)
{
    const struct json_value *list = json_get(item, name);
    bool has = list && list->kind == JSON_ARRAY && list->first && list->first->kind == JSON_STRING;
    return has ? list->first->text : (struct ambit_str){0};
}

/* Items asked for or given: one action and one resource each, and the policy that gave it. */
static void add_items(struct search_entry *entries, size_t *n, const struct json_value *items,
                      uint64_t seq)
{
    for (const struct json_value *item = items ? items->first : NULL; item; item = item->next) {
        add(entries, n, INDEX_POLICY, json_get_str(item, "policy"), seq);
        add(entries, n, INDEX_ACTION, first_text(item, "actions"), seq);
        add(entries, n, INDEX_RESOURCE, first_text(item, "resources"), seq);
    }
}

/* Most decisions allow, by far: that is no reason to look for. */
static bool is_searched(enum index_tag tag, struct ambit_str value)
{
    return tag != INDEX_REASON || !ambit_str_is(value, ambit_reason_text(AMBIT_REASON_ALLOWED));
}

bool index_event(struct ambit_str leaf, struct arena *arena, const struct json_value **ret)
{
    struct json_problem problem;
    return json_read(leaf, (struct json_limits){.depth = DEPTH}, arena, ret, &problem) ==
               AMBIT_OK &&
           (*ret)->kind == JSON_OBJECT;
}

size_t index_entries_of(const struct json_value *event, uint64_t seq, struct search_entry *ret)
{
    size_t n = 0, i = 0;
    for (const struct json_value *member = event->first; member; member = member->next) {
        int order = -1;
        while (i < AMBIT_LEN(members) && (order = ambit_str_cmp(members[i].name, member->key)) < 0)
            i++;
        if (order == 0 && member->kind == JSON_STRING && is_searched(members[i].tag, member->text))
            add(ret, &n, members[i].tag, member->text, seq);
    }
    add_items(ret, &n, json_get(event, "asked"), seq);
    add_items(ret, &n, json_get(event, "items"), seq);
    add_of_type(ret, &n, event, seq);
    return n;
}

size_t index_entries(struct ambit_str leaf, uint64_t seq, struct arena *arena,
                     struct search_entry *ret)
{
    const struct json_value *event = NULL;
    return index_event(leaf, arena, &event) ? index_entries_of(event, seq, ret) : 0;
}
