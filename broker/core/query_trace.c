/* SPDX-License-Identifier: Apache-2.0 */
/* One answer from act to named human: from any of grant, agent, decision, stop, incident, txn or
 * event to the whole story. The index says which events belong to it; the events say the rest. */
#include "core/trace.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/cutoff.h"
#include "core/event_json.h"
#include "ledger/indexer.h"

enum { INDEX_WAIT_MS = 2000 };

/* ---- which events -------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err story_add(struct story *story, uint64_t seq)
{
    if (seq >= story->reading.head.edge.size)
        return AMBIT_OK; /* the index may be ahead of this snapshot */
    for (size_t i = 0; i < story->n; i++)
        if (story->seqs[i] == seq)
            return AMBIT_OK;
    if (story->n == STORY_EVENTS_MAX) {
        story->is_cut = true;
        return AMBIT_OK;
    }
    story->seqs[story->n++] = seq;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err story_find(struct story *story, enum index_tag tag,
                                               struct ambit_str value)
{
    uint64_t seqs[STORY_EVENTS_MAX];
    size_t n = 0;
    /* The latest are kept when there are more than a story holds. */
    struct index_query query = {
        .tag = tag, .value = value, .is_descending = true, .from = UINT64_MAX};
    enum ambit_err err = indexer_find(story->broker->search, &query, seqs, AMBIT_LEN(seqs), &n);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++)
        err = story_add(story, seqs[i]);
    return err;
}

static AMBIT_CHECKED enum ambit_err story_find_id(struct story *story, enum index_tag tag,
                                                  struct ambit_id id)
{
    char text[ID_TEXT_LEN];
    id_encode(id, text);
    return story_find(story, tag, (struct ambit_str){text, sizeof text});
}

/* What a first event leads to: its lineage, its stop, what it tripped, what tripped it. */
static AMBIT_CHECKED enum ambit_err story_follow(struct story *story, const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    if (!ambit_id_is_none(event->lineage))
        err = story_find_id(story, INDEX_LINEAGE, event->lineage);
    if (err == AMBIT_OK && !ambit_id_is_none(event->stop))
        err = story_find_id(story, INDEX_STOP, event->stop);
    if (err == AMBIT_OK && !ambit_id_is_none(event->cause))
        err = story_find_id(story, INDEX_ID, event->cause);
    if (err == AMBIT_OK && event->n_trips > 0)
        err = story_find_id(story, INDEX_CAUSE, event->id);
    return err;
}

static bool is_stop_event(const struct event *event)
{
    return event->type == EVENT_STOP_RAISED || event->type == EVENT_STOP_CLEARED ||
           event->type == EVENT_STOP_CLEAR_ASKED || event->type == EVENT_INCIDENT_OPENED ||
           event->type == EVENT_INCIDENT_ESCALATED || event->type == EVENT_INCIDENT_ACKNOWLEDGED ||
           event->type == EVENT_INCIDENT_CLOSED;
}

/* Stops a person raised on the agent carry no lineage: they belong to the story of every grant that
 * they ended. */
static AMBIT_CHECKED enum ambit_err story_agent_stops(struct story *story, struct ambit_str agent,
                                                      uint64_t since_seq)
{
    uint64_t seqs[STORY_EVENTS_MAX];
    size_t n = 0;
    struct index_query query = {
        .tag = INDEX_AGENT, .value = agent, .is_descending = true, .from = UINT64_MAX};
    enum ambit_err err = indexer_find(story->broker->search, &query, seqs, AMBIT_LEN(seqs), &n);
    for (size_t i = 0; err == AMBIT_OK && i < n && seqs[i] > since_seq; i++) {
        ARENA_AUTO arena;
        char block[8192];
        arena_init(&arena, block, sizeof block, 0);
        struct ledger_row row;
        struct event event;
        if (seqs[i] >= story->reading.head.edge.size)
            continue; /* the index may be ahead of this snapshot */
        err = reading_event(&story->reading, seqs[i], &story->memory, &arena, &row, &event);
        if (err == AMBIT_OK && is_stop_event(&event))
            err = story_add(story, seqs[i]);
    }
    return err;
}

/* The stop on everything, or on the team, owner or policy, that ended a grant: its cut-off is the
 * sequence of the event that raised it. */
static AMBIT_CHECKED enum ambit_err story_wide_stops(struct story *story, const struct event *event)
{
    struct state_key keys[3 + AMBIT_GIVEN_MAX];
    size_t n = 0;
    keys[n++] = state_key_cutoff(AMBIT_TARGET_ALL, (struct ambit_str){0});
    keys[n++] = state_key_cutoff(AMBIT_TARGET_TEAM, event->team);
    keys[n++] = state_key_cutoff(AMBIT_TARGET_OWNER, event->owner);
    for (size_t i = 0; i < event->n_items && i < AMBIT_GIVEN_MAX; i++)
        keys[n++] = state_key_cutoff(AMBIT_TARGET_POLICY, event->items[i].policy);
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        struct cutoff cutoff;
        err = cutoff_load(story->reading.txn, &keys[i], &cutoff);
        if (err == AMBIT_OK && cutoff.seq > event->seq)
            err = story_add(story, cutoff.seq);
    }
    return err;
}

static int seq_order(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Three rounds reach from a decision over its grant to the stop that ended it and what tripped
 * that. */
static AMBIT_CHECKED enum ambit_err story_expand(struct story *story)
{
    enum { ROUNDS = 3 };
    size_t done = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t end = story->n;
        for (; done < end; done++) {
            ARENA_AUTO arena;
            char block[8192];
            arena_init(&arena, block, sizeof block, 0);
            struct ledger_row row;
            struct event event;
            enum ambit_err err = reading_event(&story->reading, story->seqs[done], &story->memory,
                                               &arena, &row, &event);
            if (err == AMBIT_OK)
                err = story_follow(story, &event);
            if (err == AMBIT_OK && event.type == EVENT_GRANT_ISSUED)
                err = story_agent_stops(story, event.agent, event.seq);
            if (err == AMBIT_OK && event.type == EVENT_GRANT_ISSUED)
                err = story_wide_stops(story, &event);
            if (err != AMBIT_OK)
                return err;
        }
    }
    qsort(story->seqs, story->n, sizeof story->seqs[0], seq_order);
    return AMBIT_OK;
}

/* What an owner may see of a story that touches others': the events that are theirs. */
static AMBIT_CHECKED enum ambit_err story_keep(struct story *story, struct ambit_str only_owner)
{
    size_t kept = 0;
    for (size_t i = 0; only_owner.p != NULL && i < story->n; i++) {
        ARENA_AUTO arena;
        char block[8192];
        arena_init(&arena, block, sizeof block, 0);
        struct ledger_row row;
        struct event event;
        enum ambit_err err =
            reading_event(&story->reading, story->seqs[i], &story->memory, &arena, &row, &event);
        if (err != AMBIT_OK)
            return err;
        if (ambit_str_eq(event.owner, only_owner))
            story->seqs[kept++] = story->seqs[i];
    }
    if (only_owner.p != NULL)
        story->n = kept;
    return story->n > 0 ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

static bool begins(struct ambit_str text, const char *word, struct ambit_str *ret_rest)
{
    size_t len = strlen(word);
    if (text.len <= len || memcmp(text.p, word, len) != 0)
        return false;
    *ret_rest = (struct ambit_str){text.p + len, text.len - len};
    return true;
}

/* An id is looked for as everything that has one. */
static AMBIT_CHECKED enum ambit_err story_start_id(struct story *story, struct ambit_str text)
{
    static const struct {
        enum index_tag tag;
        const char *kind;
    } tags[] = {{INDEX_GRANT, "grant"},
                {INDEX_STOP, "stop"},
                {INDEX_INCIDENT, "incident"},
                {INDEX_ID, "decision"}};
    struct ambit_id id;
    if (id_decode(text, &id) != AMBIT_OK)
        return AMBIT_ERR_NOT_FOUND;
    for (size_t i = 0; i < AMBIT_LEN(tags); i++) {
        enum ambit_err err = story_find_id(story, tags[i].tag, id);
        if (err != AMBIT_OK)
            return err;
        if (story->n > 0) {
            story->kind = tags[i].kind;
            story->id = text;
            return AMBIT_OK;
        }
    }
    return AMBIT_ERR_NOT_FOUND;
}

static AMBIT_CHECKED enum ambit_err story_start(struct story *story, struct ambit_str what)
{
    struct ambit_str rest;
    uint64_t seq = 0;
    if (begins(what, "event:", &rest)) {
        story->kind = "event";
        story->id = rest;
        if (parse_u64(rest, &seq) != AMBIT_OK || seq >= story->reading.head.edge.size)
            return AMBIT_ERR_NOT_FOUND;
        return story_add(story, seq);
    }
    if (begins(what, "agent:", &rest)) {
        story->kind = "agent";
        story->id = rest;
        return story_find(story, INDEX_AGENT, rest);
    }
    if (begins(what, "txn:", &rest)) {
        story->kind = "txn";
        story->id = rest;
        return story_find(story, INDEX_TXN, rest);
    }
    /* The words a person may have before an id. */
    static const char *const words[] = {"grant:", "lineage:", "stop:", "incident:", "decision:"};
    for (size_t i = 0; i < AMBIT_LEN(words); i++)
        if (begins(what, words[i], &rest))
            return story_start_id(story, rest);
    return story_start_id(story, what);
}

/* ---- the answer ---------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err story_write(struct story *story, struct json_out *out)
{
    struct trace_facts *facts = calloc(1, sizeof *facts);
    if (facts == NULL)
        return AMBIT_ERR_NO_MEMORY;
    arena_init(&facts->arena, NULL, 0, 0);
    enum ambit_err err = trace_gather(story, facts);
    if (err == AMBIT_OK)
        err = trace_write(story, facts, out);
    arena_done(&facts->arena);
    free(facts);
    return err;
}

enum ambit_err query_trace(struct broker *broker, struct ambit_str what,
                           struct ambit_str only_owner, struct json_out *out)
{
    /* The index follows the record by at most a second: a story asked for at once is waited for. */
    uint64_t size = query_size(broker);
    if (size > 0)
        (void)indexer_wait(broker->indexer, size - 1, INDEX_WAIT_MS);

    struct story *story = calloc(1, sizeof *story);
    if (story == NULL)
        return AMBIT_ERR_NO_MEMORY;
    story->broker = broker;
    buf_init(&story->memory, 0);
    enum ambit_err err = reading_begin(broker, &story->reading);
    if (err == AMBIT_OK)
        err = story_start(story, what);
    if (err == AMBIT_OK)
        err = story_expand(story);
    if (err == AMBIT_OK)
        err = story_keep(story, only_owner);
    if (err == AMBIT_OK)
        err = story_write(story, out);
    reading_end(&story->reading);
    buf_done(&story->memory);
    free(story);
    return err;
}
