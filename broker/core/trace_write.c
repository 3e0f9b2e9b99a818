/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers the facts of a story and writes the answer (interfaces.md, GET /v1/trace). */
#include "core/trace.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "core/event_json.h"
#include "ledger/indexer.h"

static void add_id(struct ambit_id *list, size_t *n, struct ambit_id id)
{
    if (ambit_id_is_none(id) || *n == FACTS_MAX)
        return;
    for (size_t i = 0; i < *n; i++)
        if (ambit_id_eq(list[i], id))
            return;
    list[(*n)++] = id;
}

static AMBIT_CHECKED enum ambit_err keep_text(struct arena *arena, struct ambit_str text,
                                              struct ambit_str *ret)
{
    if (ret->p != NULL || text.p == NULL)
        return AMBIT_OK;
    *ret = arena_copy(arena, text);
    return ret->p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err add_policy(struct trace_facts *facts, struct ambit_str policy,
                                               struct ambit_digest digest)
{
    static const struct ambit_digest none = {{0}};
    if (policy.p == NULL || ambit_digest_eq(digest, none) || facts->n_policies == FACTS_MAX)
        return AMBIT_OK;
    for (size_t i = 0; i < facts->n_policies; i++)
        if (ambit_str_eq(facts->policies[i].policy, policy) &&
            ambit_digest_eq(facts->policies[i].digest, digest))
            return AMBIT_OK;
    facts->policies[facts->n_policies].digest = digest;
    enum ambit_err err =
        keep_text(&facts->arena, policy, &facts->policies[facts->n_policies].policy);
    facts->n_policies += err == AMBIT_OK;
    return err;
}

static AMBIT_CHECKED enum ambit_err add_people(struct trace_facts *facts, const struct event *event)
{
    if (event->owner.p == NULL || event->agent.p == NULL || facts->n_people == FACTS_MAX)
        return AMBIT_OK;
    for (size_t i = 0; i < facts->n_people; i++)
        if (ambit_str_eq(facts->people[i].agent, event->agent) &&
            ambit_str_eq(facts->people[i].owner, event->owner))
            return AMBIT_OK;
    enum ambit_err err =
        keep_text(&facts->arena, event->owner, &facts->people[facts->n_people].owner);
    if (err == AMBIT_OK)
        err = keep_text(&facts->arena, event->agent, &facts->people[facts->n_people].agent);
    facts->n_people += err == AMBIT_OK;
    return err;
}

static AMBIT_CHECKED enum ambit_err gather_subject(struct trace_facts *facts,
                                                   const struct event *event)
{
    enum ambit_err err = keep_text(&facts->arena, event->owner, &facts->owner);
    return err == AMBIT_OK ? keep_text(&facts->arena, event->agent, &facts->agent) : err;
}

/* The grant or decision that was asked about: a story begins with what is above it. */
static bool is_of_subject(const struct story *story, const struct event *event)
{
    struct ambit_id id;
    return id_decode(story->id, &id) == AMBIT_OK &&
           (ambit_id_eq(id, event->id) || ambit_id_eq(id, event->grant));
}

static AMBIT_CHECKED enum ambit_err gather_event(struct trace_facts *facts,
                                                 const struct event *event)
{
    enum ambit_err err = add_people(facts, event);
    if (err == AMBIT_OK)
        err = add_policy(facts, event->policy, event->digest);
    for (size_t i = 0; err == AMBIT_OK && i < event->n_items; i++)
        err = add_policy(facts, event->items[i].policy, event->items[i].digest);
    if (event->type != EVENT_GRANT_REFUSED)
        add_id(facts->grants, &facts->n_grants, event->grant);
    add_id(facts->stops, &facts->n_stops, event->stop);
    if (event->type == EVENT_INCIDENT_OPENED)
        add_id(facts->incidents, &facts->n_incidents, event->incident);
    return err;
}

enum ambit_err trace_gather(struct story *story, struct trace_facts *facts)
{
    enum ambit_err err = AMBIT_OK;
    struct ambit_str owner = {0},
                     agent = {0}; /* of the first event, where none is of the subject */
    for (size_t i = 0; err == AMBIT_OK && i < story->n; i++) {
        ARENA_AUTO arena;
        char block[16384];
        arena_init(&arena, block, sizeof block, 0);
        struct ledger_row row;
        struct event event;
        err = reading_event(&story->reading, story->seqs[i], &story->memory, &arena, &row, &event);
        if (err == AMBIT_OK && is_of_subject(story, &event))
            err = gather_subject(facts, &event);
        if (err == AMBIT_OK)
            err = keep_text(&facts->arena, event.owner, &owner);
        if (err == AMBIT_OK)
            err = keep_text(&facts->arena, event.agent, &agent);
        if (err == AMBIT_OK)
            err = gather_event(facts, &event);
    }
    if (facts->owner.p == NULL)
        facts->owner = owner;
    if (facts->agent.p == NULL)
        facts->agent = agent;
    return err;
}

/* ---- when a version of a policy came into force, and by whom ------------------------------- */

struct activation {
    int64_t time_ms;         /* 0: not found */
    struct ambit_str person; /* absent: the broker took it up from the folder */
};

/* `detail` of documents.activated is {"policies":{NAME:"sha256:…"},…}. */
static AMBIT_CHECKED enum ambit_err activates(struct ambit_str detail, struct arena *arena,
                                              struct ambit_str policy,
                                              const struct ambit_digest *digest, bool *ret)
{
    const struct json_value *value = NULL;
    struct json_problem problem;
    struct ambit_digest named;
    *ret = false;
    enum ambit_err err = json_read(detail, (struct json_limits){0}, arena, &value, &problem);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
    const struct json_value *policies = json_get(value, "policies");
    for (const struct json_value *member = policies != NULL ? policies->first : NULL;
         member != NULL; member = member->next)
        if (ambit_str_eq(member->key, policy) && member->kind == JSON_STRING &&
            digest_decode(member->text, &named) == AMBIT_OK)
            *ret = ambit_digest_eq(named, *digest);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err find_activation(struct story *story, struct arena *keep,
                                                    struct ambit_str policy,
                                                    const struct ambit_digest *digest,
                                                    struct activation *ret)
{
    enum { ACTIVATIONS = 256 };
    uint64_t seqs[ACTIVATIONS];
    size_t n = 0;
    struct index_query query = {.tag = INDEX_TYPE,
                                .value = ambit_str_of(event_type_text(EVENT_DOCUMENTS_ACTIVATED)),
                                .is_descending = true,
                                .from = UINT64_MAX};
    enum ambit_err err = indexer_find(story->broker->search, &query, seqs, ACTIVATIONS, &n);
    *ret = (struct activation){0};
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct ledger_row row;
        struct event event;
        bool is_it = false;
        if (seqs[i] >= story->reading.head.edge.size)
            continue; /* the index may be ahead of this snapshot */
        err = reading_event(&story->reading, seqs[i], &story->memory, &arena, &row, &event);
        if (err == AMBIT_OK)
            err = activates(event.detail, &arena, policy, digest, &is_it);
        if (err != AMBIT_OK || !is_it)
            continue;
        ret->time_ms = event.time_ms; /* the earliest of those looked at stays */
        ret->person =
            event.person.p != NULL ? arena_copy(keep, event.person) : (struct ambit_str){0};
    }
    return err;
}

/* ---- the answer ---------------------------------------------------------------------------- */

static void write_subject(const struct story *story, const struct trace_facts *facts,
                          struct json_out *out)
{
    json_key(out, "subject");
    json_begin_object(out);
    json_member_text(out, "kind", story->kind);
    json_member_str(out, "id", story->id);
    json_end_object(out);
    struct documents_ref *documents = broker_documents_acquire(story->broker);
    const struct ambit_person *owner = ambit_person_find(documents->documents, facts->owner);
    if (facts->owner.p != NULL) {
        json_key(out, "owner");
        json_begin_object(out);
        json_member_str(out, "person", facts->owner);
        if (owner != NULL) {
            json_member_str(out, "name", owner->name);
            json_member_str(out, "team", owner->team);
        }
        json_end_object(out);
    }
    broker_documents_release(documents);
    json_member_str(out, "agent", facts->agent);
}

static AMBIT_CHECKED enum ambit_err write_policies(struct story *story,
                                                   const struct trace_facts *facts,
                                                   struct json_out *out)
{
    enum ambit_err err = AMBIT_OK;
    json_key(out, "policies");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_policies; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct activation activation;
        err = find_activation(story, &arena, facts->policies[i].policy, &facts->policies[i].digest,
                              &activation);
        json_begin_object(out);
        json_member_str(out, "policy", facts->policies[i].policy);
        json_key(out, "digest");
        json_digest(out, facts->policies[i].digest);
        if (activation.time_ms != 0) {
            json_key(out, "activated_at");
            json_time_ms(out, activation.time_ms);
            json_member_str(out, "activated_by",
                            activation.person.p != NULL ? activation.person : AMBIT_STR("broker"));
        }
        json_end_object(out);
    }
    json_end_array(out);
    return err;
}

static AMBIT_CHECKED enum ambit_err write_events(struct story *story, struct json_out *out)
{
    enum ambit_err err = AMBIT_OK;
    json_key(out, "events");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < story->n; i++) {
        ARENA_AUTO arena;
        char block[16384];
        arena_init(&arena, block, sizeof block, 0);
        struct ledger_row row;
        struct event event;
        err = reading_event(&story->reading, story->seqs[i], &story->memory, &arena, &row, &event);
        if (err == AMBIT_OK)
            err = event_json_write(story->broker, story->reading.txn, &row, &event,
                                   (struct event_form){0}, &arena, out);
    }
    json_end_array(out);
    return err;
}

static AMBIT_CHECKED enum ambit_err write_lists(struct story *story,
                                                const struct trace_facts *facts,
                                                struct json_out *out)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = AMBIT_OK;
    json_key(out, "grants");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_grants; i++) {
        err = reading_grant_json(&story->reading, facts->grants[i], &arena, out);
        err = err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK
                                         : err; /* an id that was asked about and is no grant */
    }
    json_end_array(out);
    if (err == AMBIT_OK)
        err = write_events(story, out);
    json_key(out, "stops");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_stops; i++)
        err = reading_stop_json(&story->reading, facts->stops[i], (struct ambit_str){0}, out);
    json_end_array(out);
    json_key(out, "incidents");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_incidents; i++)
        err =
            reading_incident_json(&story->reading, facts->incidents[i], (struct ambit_str){0}, out);
    json_end_array(out);
    return err;
}

enum ambit_err trace_write(struct story *story, const struct trace_facts *facts,
                           struct json_out *out)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    json_begin_object(out);
    write_subject(story, facts, out);
    enum ambit_err err = write_policies(story, facts, out);
    if (err == AMBIT_OK)
        err = write_lists(story, facts, out);
    if (err == AMBIT_OK)
        err = trace_text(story, facts, &text);
    json_member_str(out, "text", buf_str(&text));
    if (story->is_cut) {
        json_key(out, "cut");
        json_bool(out, true);
    }
    json_end_object(out);
    return err == AMBIT_OK ? buf_check(out->buf) : err;
}
