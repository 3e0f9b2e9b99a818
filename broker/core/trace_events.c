/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a story: found in the index, read and decoded once each, bounded in number and
 * bytes. */
#include "core/trace.h"

#include <stdlib.h>

#include "base/encode.h"

struct ambit_str story_text(struct story *story, const struct ambit_str *parts, size_t n)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    for (size_t i = 0; i < n; i++)
        buf_put_str(&text, parts[i]);
    return buf_check(&text) == AMBIT_OK ? arena_copy(&story->arena, buf_str(&text))
                                        : (struct ambit_str){0};
}

struct ambit_str story_id_text(struct story *story, struct ambit_id id)
{
    char text[ID_TEXT_LEN];
    id_encode(id, text);
    return arena_copy(&story->arena, (struct ambit_str){text, sizeof text});
}

/* ---- one event ----------------------------------------------------------------------------- */

static struct story_event *known(const struct story *story, uint64_t seq)
{
    for (size_t i = 0; i < story->n_events; i++)
        if (story->seqs[i] == seq)
            return story->events[i];
    return NULL;
}

/* What it borrows from is copied into the arena first. */
static AMBIT_CHECKED enum ambit_err decode(struct story *story, struct story_event *at)
{
    struct ledger_row *row = &at->row;
    struct ambit_str bytes = arena_copy(&story->arena, row->bytes);
    struct ambit_str opening = arena_copy(&story->arena, row->opening);
    if (bytes.p == NULL || (row->opening.len > 0 && opening.p == NULL))
        return AMBIT_ERR_NO_MEMORY;
    row->bytes = row->opening = (struct ambit_str){0};
    return event_decode(bytes, opening, &story->arena, &at->event);
}

enum ambit_err story_look(struct story *story, uint64_t seq, struct story_event **ret)
{
    *ret = known(story, seq);
    if (*ret != NULL || seq >= story->reading.head.edge.size)
        return AMBIT_OK; /* the index may be ahead of this snapshot */
    if (story->n_events == STORY_EVENTS_MAX || story->arena.used > STORY_BYTES_MAX) {
        story->is_cut = true;
        return AMBIT_OK;
    }
    struct story_event *at = arena_alloc(&story->arena, sizeof *at);
    if (at == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = reading_row(&story->reading, seq, &story->memory, &at->row);
    if (err == AMBIT_ERR_NOT_FOUND) {
        story->n_pruned++; /* and its segment is not here */
        return AMBIT_OK;
    }
    if (err == AMBIT_OK)
        err = decode(story, at);
    if (err != AMBIT_OK)
        return err;
    story->seqs[story->n_events] = seq;
    story->events[story->n_events++] = at;
    *ret = at;
    return AMBIT_OK;
}

enum ambit_err story_take(struct story *story, uint64_t seq, struct reach reach)
{
    struct story_event *at = NULL;
    enum ambit_err err = story_look(story, seq, &at);
    if (err != AMBIT_OK || at == NULL)
        return err;
    if (!at->is_in) {
        at->is_in = true;
        at->hops = reach.hops;
        story->told[story->n_told++] = at; /* no more of them than there are events */
    }
    if (reach.may_open && !at->may_open) {
        at->may_open = true;
        at->is_followed = false; /* it leads further than before */
    }
    if (reach.hops < at->hops)
        at->hops = reach.hops;
    return AMBIT_OK;
}

/* ---- many ---------------------------------------------------------------------------------- */

enum ambit_err story_find(struct story *story, const struct story_query *query, uint64_t *seqs,
                          size_t *ret_n)
{
    struct index_query of = {.tag = query->tag,
                             .value = query->value,
                             .is_descending = true,
                             .from = query->from != 0 ? query->from : UINT64_MAX};
    *ret_n = 0;
    if (query->value.p == NULL)
        return AMBIT_ERR_NO_MEMORY; /* of a text that could not be put together */
    return indexer_find(story->broker->search, &of, seqs, query->max, ret_n);
}

enum { AT_ONCE = 64 };

enum ambit_err story_take_all(struct story *story, const struct story_query *query,
                              struct reach reach)
{
    uint64_t seqs[AT_ONCE];
    size_t n = 0;
    AMBIT_ASSERT(query->max <= AT_ONCE);
    enum ambit_err err = story_find(story, query, seqs, &n);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++)
        err = story_take(story, seqs[i], reach);
    return err;
}

/* How many there are below the place where the next page begins. */
static AMBIT_CHECKED enum ambit_err count_left(struct story *story, enum index_tag tag,
                                               const struct ambit_str *values, size_t n)
{
    AMBIT_AUTO_FREE uint64_t *seqs = calloc(STORY_LEFT_MAX, sizeof *seqs);
    if (seqs == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n && story->n_left < STORY_LEFT_MAX; i++) {
        size_t found = 0;
        struct story_query query = {.tag = tag,
                                    .value = values[i],
                                    .from = story->next,
                                    .max = STORY_LEFT_MAX - story->n_left};
        enum ambit_err err = story_find(story, &query, seqs, &found);
        if (err != AMBIT_OK)
            return err;
        story->n_left += found;
    }
    return AMBIT_OK;
}

enum ambit_err story_take_body(struct story *story, enum index_tag tag,
                               const struct ambit_str *values, size_t n, struct reach reach)
{
    AMBIT_AUTO_FREE uint64_t *seqs = calloc(n * story->limit + n, sizeof *seqs);
    if (seqs == NULL)
        return AMBIT_ERR_NO_MEMORY;
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        size_t found = 0;
        struct story_query query = {
            .tag = tag, .value = values[i], .from = story->from, .max = story->limit + 1};
        enum ambit_err err = story_find(story, &query, seqs + total, &found);
        if (err != AMBIT_OK)
            return err;
        if (found > story->limit) {
            found = story->limit; /* of all values none is told below where one of them ends */
            uint64_t last = seqs[total + found - 1];
            story->next = last > story->next ? last : story->next;
        }
        total += found;
    }
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < total; i++)
        if (seqs[i] >= story->next)
            err = story_take(story, seqs[i], reach);
    return err == AMBIT_OK && story->next > 0 ? count_left(story, tag, values, n) : err;
}
