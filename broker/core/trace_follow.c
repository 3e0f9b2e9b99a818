/* SPDX-License-Identifier: Apache-2.0 */
/* From the first events of a story to all of it: over stops, incidents, approvals and causes, and,
 * where what was asked about belongs to a lineage, over that whole lineage: every grant above and
 * below, what was done with them, and what ended them. */
#include "core/trace.h"

#include "base/encode.h"
#include "core/approval_row.h"
#include "core/state_key.h"

enum { LINKED = 24, CAUSED = 16, BELOW = 32, NOTED = 32, USED = 8, ENDED = 8 };

/* True once for each: many events name the same stop. */
static bool is_new_link(struct story *story, struct ambit_id id)
{
    if (ambit_id_is_none(id))
        return false;
    for (size_t i = 0; i < story->n_links; i++)
        if (ambit_id_eq(story->links[i], id))
            return false;
    if (story->n_links == AMBIT_LEN(story->links)) {
        story->is_cut = true;
        return false;
    }
    story->links[story->n_links++] = id;
    return true;
}

static AMBIT_CHECKED enum ambit_err link_id(struct story *story, enum index_tag tag,
                                            struct ambit_id id, struct reach reach)
{
    struct story_query query = {
        .tag = tag, .value = story_id_text(story, id), .max = tag == INDEX_CAUSE ? CAUSED : LINKED};
    return story_take_all(story, &query, reach);
}

/* The question and its answers by its row, however often it was used; of the uses the newest. */
static AMBIT_CHECKED enum ambit_err link_approval(struct story *story, struct ambit_id id,
                                                  struct reach reach)
{
    struct approval_row row;
    enum ambit_err err = approval_row_load(story->reading.txn, id, &story->arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    err = story_take(story, row.asked_seq, reach);
    for (size_t i = 0; err == AMBIT_OK && i < row.n_answers; i++)
        err = story_take(story, row.answers[i].seq, reach);
    struct story_query query = {
        .tag = INDEX_APPROVAL, .value = story_id_text(story, id), .max = LINKED};
    return err == AMBIT_OK ? story_take_all(story, &query, reach) : err;
}

/* Something may say "because of this": a stop that it tripped, a report of what became of it, a
 * question that was put to people. */
static bool may_have_caused(const struct event *event)
{
    return event->n_trips > 0 || event->type == EVENT_ACTION_ALLOWED ||
           event->type == EVENT_ACTION_DENIED || event->type == EVENT_GRANT_REFUSED ||
           event->type == EVENT_GRANT_ISSUED || event->type == EVENT_SIGNAL_RECEIVED;
}

static AMBIT_CHECKED enum ambit_err follow_links(struct story *story, const struct story_event *at)
{
    const struct event *event = &at->event;
    struct reach reach = {.hops = at->hops + 1, .may_open = at->may_open};
    enum ambit_err err = AMBIT_OK;
    if (at->hops >= STORY_HOPS_MAX)
        return AMBIT_OK;
    if (is_new_link(story, event->stop))
        err = link_id(story, INDEX_STOP, event->stop, reach);
    struct reach beside = {.hops = reach.hops};
    for (size_t i = 0; err == AMBIT_OK && i < event->n_used_stops; i++)
        if (is_new_link(story, event->used_stops[i].id))
            err = link_id(story, INDEX_STOP, event->used_stops[i].id, beside);
    if (err == AMBIT_OK && is_new_link(story, event->incident))
        err = link_id(story, INDEX_INCIDENT, event->incident, reach);
    if (err == AMBIT_OK && is_new_link(story, event->approval))
        err = link_approval(story, event->approval, reach);
    if (err == AMBIT_OK && is_new_link(story, event->cause)) {
        err = link_id(story, INDEX_ID, event->cause, reach);
        if (err == AMBIT_OK)
            err = link_id(story, INDEX_CAUSE, event->cause, reach);
    }
    if (err == AMBIT_OK && may_have_caused(event) && is_new_link(story, event->id))
        err = link_id(story, INDEX_CAUSE, event->id, reach);
    return err;
}

/* ---- a lineage ----------------------------------------------------------------------------- */

/* The grants of a lineage from its root down; what was refused below one too. */
static AMBIT_CHECKED enum ambit_err open_grants(struct story *story, struct ambit_id root,
                                                struct reach reach)
{
    struct ambit_id grants[FACTS_MAX] = {root};
    struct grant_row row;
    enum ambit_err err = grant_load_row(story->reading.txn, root, &story->arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    err = story_take(story, row.seq, reach);
    size_t n = 1;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        uint64_t seqs[BELOW];
        size_t found = 0;
        struct story_query query = {
            .tag = INDEX_PARENT, .value = story_id_text(story, grants[i]), .max = BELOW};
        err = story_find(story, &query, seqs, &found);
        story->is_cut = story->is_cut || found == BELOW;
        for (size_t k = 0; err == AMBIT_OK && k < found; k++) {
            struct story_event *at = NULL;
            err = story_look(story, seqs[k], &at);
            if (err != AMBIT_OK || at == NULL)
                continue;
            const struct event *event = &at->event;
            bool is_request =
                event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED;
            if (is_request)
                err = story_take(story, seqs[k], reach);
            if (event->type == EVENT_GRANT_ISSUED && n < FACTS_MAX)
                grants[n++] = event->grant;
        }
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err open_noted(struct story *story, struct ambit_str lineage,
                                               struct reach reach)
{
    static const char *const groups[] = {INDEX_NOTED_GROUPS};
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < AMBIT_LEN(groups); i++) {
        struct story_query query = {
            .tag = INDEX_NOTED,
            .value = STORY_TEXT(story, ambit_str_of(groups[i]), AMBIT_STR(" lineage:"), lineage),
            .max = NOTED};
        err = story_take_all(story, &query, reach);
    }
    return err;
}

static void open_lineage(struct story *story, struct ambit_id lineage)
{
    for (size_t i = 0; i < story->n_lineages; i++)
        if (ambit_id_eq(story->lineages[i], lineage))
            return;
    if (story->n_lineages == STORY_LINEAGES_MAX)
        story->is_cut = true;
    else
        story->lineages[story->n_lineages++] = lineage;
}

/* The grants of an agent that a person's stop on it ended: those that were alive then. */
static AMBIT_CHECKED enum ambit_err open_ended(struct story *story, const struct event *stop)
{
    STORE_CURSOR_AUTO cursor = NULL;
    uint8_t from[16 + 8];
    struct state_key agent = state_key_agent(stop->agent);
    memcpy(from, agent.b, sizeof agent.b);
    put_be64(from + sizeof agent.b, stop->seq);
    enum ambit_err err = store_cursor_open(story->reading.txn, STORE_AGENT_GRANTS, &cursor);
    struct store_key at = {.p = from, .len = sizeof from};
    enum store_seek seek = STORE_BEFORE;
    for (size_t i = 0; err == AMBIT_OK && i < ENDED; i++, seek = STORE_PREVIOUS) {
        struct ambit_str key, value;
        err = store_cursor_move(cursor, seek, at, &key, &value);
        if (err != AMBIT_OK || key.len != sizeof from ||
            memcmp(key.p, agent.b, sizeof agent.b) != 0)
            break;
        if (value.len != 16 + 8)
            return AMBIT_ERR_DAMAGED;
        struct ambit_id id;
        struct grant_row row;
        memcpy(id.b, value.p, sizeof id.b);
        err = grant_load_row(story->reading.txn, id, &story->arena, &row);
        if (err == AMBIT_OK && row.expires_ms > stop->time_ms)
            open_lineage(story, row.lineage);
        if (err == AMBIT_ERR_NOT_FOUND)
            err = AMBIT_OK;
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* What it belongs to is told whole, if that was asked for. */
static AMBIT_CHECKED enum ambit_err follow_whole(struct story *story, const struct story_event *at)
{
    bool is_of_stop = strcmp(story->kind, "stop") == 0 || strcmp(story->kind, "incident") == 0;
    const struct event *event = &at->event;
    if (!at->may_open)
        return AMBIT_OK;
    if (!ambit_id_is_none(event->lineage))
        open_lineage(story, event->lineage);
    bool is_on_agent = event->type == EVENT_STOP_RAISED && event->agent.p != NULL &&
                       ambit_id_is_none(event->lineage);
    return is_of_stop && is_on_agent ? open_ended(story, event) : AMBIT_OK;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err follow_each(struct story *story)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < story->n_told; i++) {
        struct story_event *at = story->told[i];
        if (at->is_followed)
            continue;
        at->is_followed = true;
        err = follow_links(story, at);
        if (err == AMBIT_OK)
            err = follow_whole(story, at);
        if (err == AMBIT_OK && at->event.type == EVENT_GRANT_ISSUED)
            err = story_stops_of(story, &at->event);
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err open_lineages(struct story *story, size_t from)
{
    struct reach reach = {.hops = 1};
    struct ambit_str texts[STORY_LINEAGES_MAX];
    enum ambit_err err = AMBIT_OK;
    for (size_t i = from; err == AMBIT_OK && i < story->n_lineages; i++) {
        texts[i] = story_id_text(story, story->lineages[i]);
        err = open_grants(story, story->lineages[i], reach);
        if (err == AMBIT_OK)
            err = open_noted(story, texts[i], reach);
    }
    size_t n = story->n_lineages - from;
    return err == AMBIT_OK ? story_take_body(story, INDEX_LINEAGE, texts + from, n, reach) : err;
}

enum ambit_err story_follow(struct story *story)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t opened = 0, told = SIZE_MAX; err == AMBIT_OK && told != story->n_told;) {
        told = story->n_told;
        err = follow_each(story);
        size_t from = opened;
        opened = story->n_lineages;
        if (err == AMBIT_OK && from < opened)
            err = open_lineages(story, from);
    }
    return err;
}
