/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers the facts of a story and writes the answer (interfaces.md, GET /v1/trace). */
#include "core/trace.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "core/event_json.h"

/* ---- facts --------------------------------------------------------------------------------- */

static void add_id(struct ambit_id *list, size_t *n, struct ambit_id id)
{
    if (ambit_id_is_none(id) || *n == FACTS_MAX)
        return;
    for (size_t i = 0; i < *n; i++)
        if (ambit_id_eq(list[i], id))
            return;
    list[(*n)++] = id;
}

static void add_policy(struct trace_facts *facts, struct ambit_str policy,
                       struct ambit_digest digest, const struct event *event)
{
    static const struct ambit_digest none = {{0}};
    if (policy.p == NULL || ambit_digest_eq(digest, none) || facts->n_policies == FACTS_MAX)
        return;
    for (size_t i = 0; i < facts->n_policies; i++)
        if (ambit_str_eq(facts->policies[i].policy, policy) &&
            ambit_digest_eq(facts->policies[i].digest, digest))
            return;
    facts->policies[facts->n_policies++] =
        (struct trace_policy){.policy = policy, .digest = digest, .first = event};
}

/* Of what an agent asked for or did. A stop, and its incident, may name one agent and the owner of
 * another: what was counted, and who did it last. */
static bool is_act(const struct event *event)
{
    return event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED ||
           event->type == EVENT_ACTION_ALLOWED || event->type == EVENT_ACTION_DENIED;
}

static void add_people(struct trace_facts *facts, const struct event *event)
{
    if (event->owner.p == NULL || event->agent.p == NULL)
        return;
    size_t i = 0;
    while (i < facts->n_people && !(ambit_str_eq(facts->people[i].agent, event->agent) &&
                                    ambit_str_eq(facts->people[i].owner, event->owner)))
        i++;
    if (i == FACTS_MAX)
        return;
    if (i == facts->n_people)
        facts->people[facts->n_people++] =
            (struct trace_agent){.owner = event->owner, .agent = event->agent, .first = event};
    if (event->attested_until_ms != 0)
        facts->people[i].judged = event;
}

static void gather_event(struct trace_facts *facts, const struct event *event)
{
    if (is_act(event))
        add_people(facts, event);
    add_policy(facts, event->policy, event->digest, event);
    for (size_t i = 0; i < event->n_items; i++)
        add_policy(facts, event->items[i].policy, event->items[i].digest, event);
    if (event->type != EVENT_GRANT_REFUSED)
        add_id(facts->grants, &facts->n_grants, event->grant);
    add_id(facts->stops, &facts->n_stops, event->stop);
    add_id(facts->approvals, &facts->n_approvals, event->approval);
    if (event->type == EVENT_INCIDENT_OPENED)
        add_id(facts->incidents, &facts->n_incidents, event->incident);
}

/* The grant or decision that was asked about: a story begins with what is above it. */
static bool is_of_subject(const struct story *story, const struct event *event)
{
    struct ambit_id id;
    return id_decode(story->id, &id) == AMBIT_OK &&
           (ambit_id_eq(id, event->id) || ambit_id_eq(id, event->grant));
}

static void keep_first(struct ambit_str *ret, struct ambit_str text)
{
    if (ret->p == NULL)
        *ret = text;
}

void trace_gather(const struct story *story, struct trace_facts *facts)
{
    struct ambit_str owner = {0},
                     agent = {0}; /* of the first event, where none is of the subject */
    if (strcmp(story->kind, "agent") == 0)
        facts->agent = story->id;
    if (strcmp(story->kind, "owner") == 0)
        facts->owner = story->id;
    for (size_t i = 0; i < story->n_told; i++) {
        const struct event *event = &story->told[i]->event;
        bool is_own = is_of_subject(story, event) ||
                      (facts->agent.p != NULL && ambit_str_eq(event->agent, facts->agent));
        if (is_own && strcmp(story->kind, "owner") != 0) {
            keep_first(&facts->owner, event->owner);
            keep_first(&facts->agent, event->agent);
        }
        keep_first(&owner, event->owner);
        keep_first(&agent, event->agent);
        gather_event(facts, event);
    }
    for (size_t i = 0; facts->n_people == 0 && i < story->n_told; i++)
        add_people(facts, &story->told[i]->event); /* of a stop alone, whatever it names */
    keep_first(&facts->owner, owner);
    if (strcmp(story->kind, "owner") != 0)
        keep_first(&facts->agent, agent);
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

/* A policy that was asked about is told with the versions of it that decided nothing here, too. */
static AMBIT_CHECKED enum ambit_err add_versions(struct story *story, struct trace_facts *facts)
{
    enum { LOOKED_AT = 64 };
    enum ambit_err err = AMBIT_OK;
    if (!story->sees_all || strcmp(story->kind, "policy") != 0)
        return AMBIT_OK;
    for (size_t at = 0; err == AMBIT_OK && at < story->n_activations && at < LOOKED_AT; at++) {
        const struct event *event = NULL;
        struct ambit_digest digest;
        bool has = false;
        err = trace_activation_names(story, at, "policies", story->id, &digest, &has);
        if (err == AMBIT_OK)
            err = trace_activation_event(story, at, &event);
        if (err == AMBIT_OK && has && event != NULL)
            add_policy(facts, story->id, digest, event);
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err write_behind(struct story *story, struct trace_facts *facts,
                                                 struct json_out *out)
{
    enum ambit_err err = trace_activations(story);
    if (err == AMBIT_OK)
        err = add_versions(story, facts);
    json_key(out, "policies");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_policies; i++)
        err = trace_write_policy(story, &facts->policies[i], out);
    json_end_array(out);
    json_key(out, "agents");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_people; i++)
        err = trace_write_agent(story, &facts->people[i], out);
    json_end_array(out);
    return err;
}

static AMBIT_CHECKED enum ambit_err write_grants(struct story *story,
                                                 const struct trace_facts *facts,
                                                 struct json_out *out)
{
    enum ambit_err err = AMBIT_OK;
    json_key(out, "grants");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_grants; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        err = reading_grant_json(&story->reading, facts->grants[i], &arena, out);
        err = err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK
                                         : err; /* an id that was asked about and is no grant */
    }
    json_end_array(out);
    return err;
}

static bool is_listed(const struct trace_facts *facts, struct ambit_id grant)
{
    for (size_t i = 0; i < facts->n_grants; i++)
        if (ambit_id_eq(facts->grants[i], grant))
            return true;
    return false;
}

/* Of the grants above those that are not told, because they are not this person's to see: whose
 * they are, and nothing else of them. */
static AMBIT_CHECKED enum ambit_err write_above(struct story *story,
                                                const struct trace_facts *facts,
                                                struct json_out *out)
{
    struct ambit_id done[FACTS_MAX];
    size_t n_done = 0;
    enum ambit_err err = AMBIT_OK;
    json_key(out, "above");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_grants; i++) {
        struct grant_row row;
        struct ambit_id id = facts->grants[i];
        for (int up = 0; err == AMBIT_OK && up <= AMBIT_DEPTH_MAX && !ambit_id_is_none(id); up++) {
            size_t before = n_done;
            err = grant_load_row(story->reading.txn, id, &story->arena, &row);
            if (err != AMBIT_OK)
                break;
            add_id(done, &n_done, id);
            if (n_done > before && !is_listed(facts, id)) {
                json_begin_object(out);
                json_member_id(out, "grant", row.id);
                json_member_str(out, "agent", row.agent);
                json_member_str(out, "owner", row.owner);
                json_member_id(out, "parent", row.parent);
                json_end_object(out);
            }
            id = row.parent;
        }
        err = err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    }
    json_end_array(out);
    return err;
}

static AMBIT_CHECKED enum ambit_err write_events(struct story *story, struct json_out *out)
{
    enum ambit_err err = AMBIT_OK;
    json_key(out, "events");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < story->n_told; i++)
        err = event_json_write(story->broker, story->reading.txn, &story->told[i]->row,
                               &story->told[i]->event, (struct event_form){0}, &story->arena, out);
    json_end_array(out);
    return err;
}

/* What is not in the answer, and how to get it. */
static void write_left_out(const struct story *story, struct json_out *out)
{
    json_key(out, "next");
    if (story->next > 0)
        json_i64(out, (int64_t)story->next);
    else
        json_null(out);
    if (story->n_left > 0 || story->n_pruned > 0) {
        json_key(out, "left_out");
        json_begin_object(out);
        json_key(out, "events");
        json_i64(out, (int64_t)story->n_left);
        if (story->n_left == STORY_LEFT_MAX) {
            json_key(out, "or_more");
            json_bool(out, true);
        }
        if (story->n_pruned > 0) {
            json_key(out, "pruned");
            json_i64(out, (int64_t)story->n_pruned);
        }
        json_end_object(out);
    }
    if (story->is_behind) {
        json_key(out, "complete_to");
        json_i64(out, (int64_t)story->complete_to);
    }
    if (story->is_cut || story->next > 0) {
        json_key(out, "cut");
        json_bool(out, true);
    }
}

enum ambit_err trace_write(struct story *story, struct trace_facts *facts, struct json_out *out)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    json_begin_object(out);
    write_subject(story, facts, out);
    enum ambit_err err = write_behind(story, facts, out);
    if (err == AMBIT_OK)
        err = write_grants(story, facts, out);
    if (err == AMBIT_OK)
        err = write_above(story, facts, out);
    if (err == AMBIT_OK)
        err = write_events(story, out);
    if (err == AMBIT_OK)
        err = trace_write_lists(story, facts, out);
    if (err == AMBIT_OK)
        err = trace_text(story, facts, &text);
    json_member_str(out, "text", buf_str(&text));
    write_left_out(story, out);
    json_end_object(out);
    return err == AMBIT_OK ? buf_check(out->buf) : err;
}
