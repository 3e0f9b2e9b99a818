/* SPDX-License-Identifier: Apache-2.0 */
/* Whose an event is. */
#include "ledger/evidence_internal.h"

static bool begins(struct ambit_str *text, const char *prefix)
{
    size_t n = strlen(prefix);
    if (text->len < n || memcmp(text->p, prefix, n) != 0)
        return false;
    text->p += n;
    text->len -= n;
    return true;
}

/* "agent:remediator", and "agent:remediator policy:x" likewise. */
static bool is_target(struct ambit_str text, const char *kind, struct ambit_str name)
{
    return text.p != NULL && begins(&text, kind) && begins(&text, ":") && text.len >= name.len &&
           memcmp(text.p, name.p, name.len) == 0 &&
           (text.len == name.len || text.p[name.len] == ' ');
}

static bool is_aimed(const struct event *event, const char *kind, struct ambit_str name)
{
    bool is_it = is_target(event->target, kind, name) || is_target(event->key, kind, name);
    for (size_t i = 0; !is_it && i < event->n_also; i++)
        is_it = is_target(event->also[i], kind, name);
    return is_it;
}

/* "POLICY/ID" */
static bool is_part_of(struct ambit_str text, struct ambit_str policy)
{
    return text.len > policy.len + 1 && memcmp(text.p, policy.p, policy.len) == 0 &&
           text.p[policy.len] == '/' &&
           memchr(text.p + policy.len + 1, '/', text.len - policy.len - 1) == NULL;
}

static bool is_of_policy(const struct event *event, struct ambit_str name)
{
    struct ambit_str by = event->by;
    bool is_it = ambit_str_eq(event->policy, name) || is_aimed(event, "policy", name);
    for (size_t i = 0; !is_it && i < event->n_items; i++)
        is_it = ambit_str_eq(event->items[i].policy, name);
    for (size_t i = 0; !is_it && i < event->n_trips; i++)
        is_it = is_part_of(event->trips[i], name);
    return is_it || (by.p != NULL && begins(&by, "hard_stop:") && is_part_of(by, name));
}

static bool is_of_owner(const struct event *event, struct ambit_str name)
{
    return ambit_str_eq(event->owner, name) || ambit_str_eq(event->person, name) ||
           ambit_str_eq(event->backup, name) || ambit_str_eq(event->to, name) ||
           is_aimed(event, "owner", name) || is_aimed(event, "person", name);
}

static AMBIT_CHECKED enum ambit_err keep_name(struct evidence *evidence,
                                              struct evidence_list *names, struct ambit_str name)
{
    const struct ambit_str *v = names->v;
    for (size_t i = 0; i < names->n; i++)
        if (ambit_str_eq(v[i], name))
            return AMBIT_OK;
    if (name.len == 0)
        return AMBIT_OK;
    struct ambit_str copy = arena_copy(&evidence->memory, name);
    return copy.p != NULL ? evidence_add(names, &copy, sizeof copy) : AMBIT_ERR_NO_MEMORY;
}

/* Authority may come of several policies: each item has its own. */
static AMBIT_CHECKED enum ambit_err keep_policies(struct evidence *evidence,
                                                  const struct event *event)
{
    enum ambit_err err = keep_name(evidence, &evidence->policies, event->policy);
    for (size_t i = 0; err == AMBIT_OK && i < event->n_items; i++)
        err = keep_name(evidence, &evidence->policies, event->items[i].policy);
    return err;
}

static bool is_aimed_at_any(const struct event *event, const char *kind,
                            const struct evidence_list *names)
{
    const struct ambit_str *v = names->v;
    for (size_t i = 0; i < names->n; i++)
        if (is_aimed(event, kind, v[i]))
            return true;
    return false;
}

/* A stop of whoever stands above the target takes from it what it has, without naming it. */
static bool is_above(const struct evidence *evidence, const struct event *event)
{
    return ambit_str_is(event->target, "all") ||
           is_aimed_at_any(event, "owner", &evidence->owners) ||
           is_aimed_at_any(event, "team", &evidence->teams) ||
           is_aimed_at_any(event, "policy", &evidence->policies);
}

enum ambit_err evidence_belongs(struct evidence *evidence, const struct event *event, bool *ret)
{
    struct ambit_str name = evidence->ask.name;
    enum ambit_err err = AMBIT_OK;
    bool is_it = false;
    switch (evidence->ask.kind) {
    case EVIDENCE_PERIOD:
        *ret = true;
        return AMBIT_OK;
    case EVIDENCE_AGENT:
        is_it = ambit_str_eq(event->agent, name) || is_aimed(event, "agent", name);
        if (ambit_str_eq(event->agent, name)) {
            err = keep_name(evidence, &evidence->owners, event->owner);
            if (err == AMBIT_OK)
                err = keep_policies(evidence, event);
        }
        break;
    case EVIDENCE_OWNER:
        is_it = is_of_owner(event, name);
        break;
    case EVIDENCE_POLICY:
        is_it = is_of_policy(event, name);
        break;
    }
    bool is_theirs = evidence->ask.kind != EVIDENCE_POLICY && event->agent.p != NULL && is_it;
    if (err == AMBIT_OK && is_theirs)
        err = keep_name(evidence, &evidence->teams, event->team);
    evidence->summary.is_known = evidence->summary.is_known || is_it;
    *ret = is_it || is_above(evidence, event);
    return err;
}

static const struct ambit_document *document_of(const struct ambit_documents *documents,
                                                const struct evidence_ask *ask)
{
    const struct ambit_agent *agent = NULL;
    const struct ambit_person *person = NULL;
    const struct ambit_policy *policy = NULL;
    switch (ask->kind) {
    case EVIDENCE_PERIOD:
        break;
    case EVIDENCE_AGENT:
        agent = ambit_agent_find(documents, ask->name);
        break;
    case EVIDENCE_OWNER:
        person = ambit_person_find(documents, ask->name);
        break;
    case EVIDENCE_POLICY:
        policy = ambit_policy_find(documents, ask->name);
        break;
    }
    return agent != NULL    ? &agent->doc
           : person != NULL ? &person->doc
           : policy != NULL ? &policy->doc
                            : NULL;
}

enum ambit_err evidence_belongs_set(struct evidence *evidence, const struct event *event, bool *ret)
{
    struct redecide_set set;
    struct ambit_digest now = {{0}};
    if (evidence->ask.kind == EVIDENCE_PERIOD || event->type != EVENT_DOCUMENTS_ACTIVATED)
        return AMBIT_OK;
    enum ambit_err err = evidence_set(evidence, &event->documents, &set);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED)
        return AMBIT_OK; /* what was in it cannot be told; the activation is chosen all the same */
    if (err != AMBIT_OK)
        return err;
    const struct ambit_document *document =
        document_of(ambit_policy_documents(set.set), &evidence->ask);
    if (document != NULL)
        now = document->digest;
    *ret = *ret || !ambit_digest_eq(now, evidence->document);
    evidence->document = now;
    evidence->summary.is_known = evidence->summary.is_known || document != NULL;
    return AMBIT_OK;
}

bool evidence_is_record(const struct event *event)
{
    static const enum event_type types[] = {
        EVENT_DOCUMENTS_ACTIVATED, EVENT_KEY_CREATED,     EVENT_KEY_ACTIVATED,
        EVENT_KEY_RETIRED,         EVENT_TIME_DISTRUSTED, EVENT_TIME_ACKNOWLEDGED,
        EVENT_BROKER_STARTED,      EVENT_BROKER_STOPPED,  EVENT_BROKER_SEALED,
        EVENT_BROKER_OUTAGE,       EVENT_RECORD_PRUNED,   EVENT_LOG_STARTED,
        EVENT_LOG_CONTINUED,
    };
    for (size_t i = 0; i < AMBIT_LEN(types); i++)
        if (event->type == types[i])
            return true;
    return false;
}
