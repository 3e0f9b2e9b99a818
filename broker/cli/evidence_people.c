/* SPDX-License-Identifier: Apache-2.0 */
/* Who and what the chosen events name, and what the documents say of them. */
#include "base/encode.h"
#include "cli/evidence_page_internal.h"

enum { PATH_NAME_MAX = 56 };

static const struct ambit_digest no_digest;

/* ---- noted as the events come --------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err find_person(struct evidence_page *page, struct ambit_str name,
                                                struct page_person **ret)
{
    struct page_person **at = &page->people;
    while (*at != NULL && !ambit_str_eq((*at)->name, name))
        at = &(*at)->next;
    if (*at == NULL) {
        struct page_person *person = arena_alloc(&page->memory, sizeof *person);
        if (person == NULL)
            return AMBIT_ERR_NO_MEMORY;
        person->name = arena_copy(&page->memory, name);
        *at = person;
    }
    *ret = *at;
    return (*ret)->name.p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err page_mention(struct evidence_page *page, struct ambit_str name, unsigned did)
{
    struct page_person *person = NULL;
    if (name.len == 0)
        return AMBIT_OK;
    enum ambit_err err = find_person(page, name, &person);
    if (err == AMBIT_OK)
        person->did |= did;
    return err;
}

static AMBIT_CHECKED enum ambit_err find_agent(struct evidence_page *page, struct ambit_str name,
                                               struct page_agent **ret)
{
    struct page_agent **at = &page->agents;
    while (*at != NULL && !ambit_str_eq((*at)->name, name))
        at = &(*at)->next;
    if (*at == NULL) {
        struct page_agent *agent = arena_alloc(&page->memory, sizeof *agent);
        if (agent == NULL)
            return AMBIT_ERR_NO_MEMORY;
        agent->name = arena_copy(&page->memory, name);
        *at = agent;
    }
    *ret = *at;
    return (*ret)->name.p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

/* The last that was said. */
static AMBIT_CHECKED enum ambit_err keep(struct evidence_page *page, struct ambit_str *at,
                                         struct ambit_str text)
{
    if (text.p == NULL || ambit_str_eq(*at, text))
        return AMBIT_OK;
    *at = arena_copy(&page->memory, text);
    return at->p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err note_agent(struct evidence_page *page,
                                               const struct event *event)
{
    struct page_agent *agent = NULL;
    if (event->agent.len == 0)
        return AMBIT_OK;
    enum ambit_err err = find_agent(page, event->agent, &agent);
    if (err != AMBIT_OK)
        return err;
    agent->granted += event->type == EVENT_GRANT_ISSUED;
    agent->not_granted += event->type == EVENT_GRANT_REFUSED;
    agent->allowed += event->type == EVENT_ACTION_ALLOWED;
    agent->denied += event->type == EVENT_ACTION_DENIED;
    if (event->decision == EVENT_DECISION_NONE) /* a stop of a lineage may be another owner's */
        return AMBIT_OK;
    err = keep(page, &agent->owner, event->owner);
    return err == AMBIT_OK ? keep(page, &agent->team, event->team) : err;
}

/* ---- versions of policies ------------------------------------------------------------------- */

static void put_path(struct buf *out, struct ambit_str policy, const struct ambit_digest *digest)
{
    buf_put_text(out, "policies/");
    for (size_t i = 0; i < policy.len && i < PATH_NAME_MAX; i++) {
        char c = policy.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_';
        buf_put_char(out, is_plain ? c : '_');
    }
    buf_put_char(out, '-');
    buf_put_hex(out, digest->b, 8);
    buf_put_text(out, ".html");
}

static AMBIT_CHECKED enum ambit_err note_version(struct evidence_page *page,
                                                 struct ambit_str policy,
                                                 const struct ambit_digest *digest,
                                                 const struct ambit_digest *set,
                                                 struct page_version **ret)
{
    struct page_version **at = &page->versions;
    BUF_AUTO path;
    buf_init(&path, 0);
    *ret = NULL;
    if (policy.p == NULL || ambit_digest_eq(*digest, no_digest))
        return AMBIT_OK;
    while (*at != NULL &&
           !(ambit_digest_eq((*at)->digest, *digest) && ambit_str_eq((*at)->policy, policy)))
        at = &(*at)->next;
    *ret = *at;
    if (*ret != NULL)
        return AMBIT_OK;
    struct page_version *version = arena_alloc(&page->memory, sizeof *version);
    if (version == NULL)
        return AMBIT_ERR_NO_MEMORY;
    put_path(&path, policy, digest);
    *version = (struct page_version){.policy = arena_copy(&page->memory, policy),
                                     .digest = *digest,
                                     .set = *set,
                                     .path = arena_copy(&page->memory, buf_str(&path))};
    *ret = *at = version;
    return version->policy.p != NULL && version->path.p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err note_versions(struct evidence_page *page,
                                                  const struct event *event)
{
    struct page_version *version = NULL;
    enum ambit_err err =
        note_version(page, event->policy, &event->digest, &event->documents, &version);
    if (version != NULL)
        version->decisions += event->decision != EVENT_DECISION_NONE;
    for (size_t i = 0; err == AMBIT_OK && i < event->n_items; i++) {
        err = note_version(page, event->items[i].policy, &event->items[i].digest, &event->documents,
                           &version);
        if (version != NULL && !ambit_str_eq(event->items[i].policy, event->policy))
            version->decisions +=
                i == 0 || !ambit_str_eq(event->items[i].policy, event->items[i - 1].policy);
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err note_set(struct evidence_page *page, const struct event *event)
{
    if (ambit_digest_eq(event->documents, no_digest))
        return AMBIT_OK;
    for (const struct page_set *at = page->sets; at != NULL; at = at->next)
        if (ambit_digest_eq(at->digest, event->documents))
            return AMBIT_OK;
    struct page_set *set = arena_alloc(&page->memory, sizeof *set);
    if (set == NULL)
        return AMBIT_ERR_NO_MEMORY;
    set->digest = event->documents;
    *page->last_set = set;
    page->last_set = &set->next;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err note_activation(struct evidence_page *page,
                                                    const struct event *event)
{
    struct page_activation *one = arena_alloc(&page->memory, sizeof *one);
    if (one == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *one = (struct page_activation){
        .set = event->documents, .seq = event->seq, .time_ms = event->time_ms};
    *page->last_activation = one;
    page->last_activation = &one->next;
    return keep(page, &one->person, event->person);
}

/* ---- people --------------------------------------------------------------------------------- */

static unsigned did_what(enum event_type type)
{
    static const unsigned did[EVENT_TYPES] = {
        [EVENT_STOP_RAISED] = DID_STOP,           [EVENT_STOP_CLEARED] = DID_CLEAR,
        [EVENT_STOP_CLEAR_ASKED] = DID_CLEAR,     [EVENT_INCIDENT_ACKNOWLEDGED] = DID_ANSWER,
        [EVENT_INCIDENT_CLOSED] = DID_ANSWER,     [EVENT_APPROVAL_GIVEN] = DID_APPROVE,
        [EVENT_APPROVAL_REFUSED] = DID_APPROVE,   [EVENT_DOCUMENTS_CONFIRMED] = DID_CONFIRM,
        [EVENT_DOCUMENTS_ACTIVATED] = DID_CHANGE, [EVENT_DOCUMENTS_REJECTED] = DID_CHANGE,
        [EVENT_PERSON_READ] = DID_READ,
    };
    return type < EVENT_TYPES ? did[type] : 0;
}

enum ambit_err page_note(struct evidence_page *page, const struct event *event)
{
    enum ambit_err err = page_mention(page, event->owner, DID_OWN);
    if (err == AMBIT_OK)
        err = page_mention(page, event->person, did_what(event->type));
    for (size_t i = 0; err == AMBIT_OK && i < event->n_approvers; i++)
        err = page_mention(page, event->approvers[i], DID_APPROVE);
    if (err == AMBIT_OK)
        err = note_agent(page, event);
    if (err == AMBIT_OK)
        err = note_versions(page, event);
    if (err == AMBIT_OK && event->type == EVENT_DOCUMENTS_ACTIVATED)
        err = note_activation(page, event);
    return err == AMBIT_OK ? note_set(page, event) : err;
}

/* ---- from the documents --------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err resolve_policy(struct evidence_page *page,
                                                   const struct ambit_documents *documents,
                                                   const struct ambit_policy *policy,
                                                   const struct ambit_digest *set)
{
    struct page_version *version = NULL;
    (void)documents;
    return policy == NULL
               ? AMBIT_OK
               : note_version(page, policy->doc.name, &policy->doc.digest, set, &version);
}

/* What the target could have been given, used or not. */
static AMBIT_CHECKED enum ambit_err resolve_target(struct evidence_page *page,
                                                   const struct ambit_documents *documents,
                                                   const struct ambit_digest *set)
{
    const struct evidence_ask *ask = page->ask.ask;
    enum ambit_err err = AMBIT_OK;
    if (ask->kind == EVIDENCE_POLICY)
        err = resolve_policy(page, documents, ambit_policy_find(documents, ask->name), set);
    if (ask->kind == EVIDENCE_AGENT) {
        const struct ambit_agent *agent = ambit_agent_find(documents, ask->name);
        for (size_t i = 0; err == AMBIT_OK && agent != NULL && i < agent->policies.n; i++)
            err = resolve_policy(page, documents,
                                 ambit_policy_find(documents, agent->policies.v[i]), set);
    }
    for (size_t i = 0; err == AMBIT_OK && ask->kind == EVIDENCE_OWNER && i < documents->n_policies;
         i++)
        if (ambit_str_eq(documents->policies[i].owner, ask->name))
            err = resolve_policy(page, documents, &documents->policies[i], set);
    return err;
}

static AMBIT_CHECKED enum ambit_err resolve_agent(struct evidence_page *page,
                                                  struct page_agent *agent,
                                                  const struct ambit_documents *documents)
{
    const struct ambit_agent *document = ambit_agent_find(documents, agent->name);
    BUF_AUTO made_of;
    buf_init(&made_of, 0);
    if (document == NULL)
        return AMBIT_OK;
    const struct ambit_str parts[] = {document->tool, document->version, document->model};
    for (size_t i = 0; i < AMBIT_LEN(parts); i++) {
        buf_put_text(&made_of, parts[i].len > 0 && made_of.len > 0 ? " " : "");
        buf_put_str(&made_of, parts[i]);
    }
    enum ambit_err err = keep(page, &agent->about, document->description);
    if (err == AMBIT_OK)
        err = keep(page, &agent->owner, document->owner);
    if (err == AMBIT_OK)
        err = keep(page, &agent->backup, document->backup);
    if (err == AMBIT_OK && made_of.len > 0)
        err = keep(page, &agent->made_of, buf_str(&made_of));
    if (err == AMBIT_OK)
        err = page_mention(page, document->owner, DID_OWN);
    return err == AMBIT_OK ? page_mention(page, document->backup, DID_BACK) : err;
}

static AMBIT_CHECKED enum ambit_err resolve_set(struct evidence_page *page,
                                                const struct ambit_digest *set)
{
    struct redecide_set compiled;
    enum ambit_err err = evidence_set(page->ask.evidence, set, &compiled);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED)
        return AMBIT_OK; /* told where its policies are */
    if (err != AMBIT_OK)
        return err;
    const struct ambit_documents *documents = ambit_policy_documents(compiled.set);
    err = resolve_target(page, documents, set);
    for (struct page_agent *at = page->agents; err == AMBIT_OK && at != NULL; at = at->next)
        err = resolve_agent(page, at, documents);
    for (struct page_version *at = page->versions; err == AMBIT_OK && at != NULL; at = at->next) {
        const struct ambit_policy *policy = ambit_policy_find(documents, at->policy);
        if (policy == NULL || !ambit_digest_eq(policy->doc.digest, at->digest))
            continue;
        at->set = *set;
        err = page_mention(page, policy->owner, DID_OWN_POLICY);
        if (err == AMBIT_OK && ambit_person_find(documents, policy->review.authored_by) != NULL)
            err = page_mention(page, policy->review.authored_by, DID_WRITE);
        if (err == AMBIT_OK)
            err = page_mention(page, policy->review.accepted_by, DID_ACCEPT);
        for (size_t i = 0; err == AMBIT_OK && i < policy->review.reviewed_by.n; i++)
            err = page_mention(page, policy->review.reviewed_by.v[i], DID_REVIEW);
    }
    for (struct page_person *at = page->people; err == AMBIT_OK && at != NULL; at = at->next) {
        const struct ambit_person *person = ambit_person_find(documents, at->name);
        if (person != NULL && !page->ask.no_openings)
            err = keep(page, &at->full, person->name);
        if (err == AMBIT_OK && person != NULL)
            err = keep(page, &at->team, person->team);
    }
    return err;
}

/* When each version came, and when it went. */
static AMBIT_CHECKED enum ambit_err resolve_activation(struct evidence_page *page,
                                                       const struct page_activation *one)
{
    struct redecide_set compiled;
    enum ambit_err err = evidence_set(page->ask.evidence, &one->set, &compiled);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED)
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    const struct ambit_documents *documents = ambit_policy_documents(compiled.set);
    for (struct page_version *at = page->versions; at != NULL; at = at->next) {
        const struct ambit_policy *policy = ambit_policy_find(documents, at->policy);
        bool is_in = policy != NULL && ambit_digest_eq(policy->doc.digest, at->digest);
        if (is_in && !at->has_activation) {
            at->has_activation = true;
            at->activated_seq = one->seq;
            at->activated_ms = one->time_ms;
            at->activated_by = one->person;
        } else if (!is_in && at->has_activation && !at->has_end) {
            at->has_end = true;
            at->ended_seq = one->seq;
            at->ended_ms = one->time_ms;
        } else if (is_in) {
            at->has_gap = at->has_gap || at->has_end;
            at->has_end = false; /* it came back */
        }
    }
    return AMBIT_OK;
}

enum ambit_err page_resolve(struct evidence_page *page)
{
    enum ambit_err err = AMBIT_OK;
    for (const struct page_set *at = page->sets; err == AMBIT_OK && at != NULL; at = at->next)
        err = resolve_set(page, &at->digest);
    for (const struct page_activation *at = page->activations; err == AMBIT_OK && at != NULL;
         at = at->next)
        err = resolve_activation(page, at);
    return err;
}
