/* SPDX-License-Identifier: Apache-2.0 */
/* One answer from act to named human: from anything that has a name in the record to the whole
 * story of it. The index says which events belong to it; the events say the rest. */
#include "core/trace.h"

#include <stdlib.h>

#include "core/event_json.h"

enum { INDEX_WAIT_MS = 2000 };

static bool known_event(const void *ctx, uint64_t seq, struct ledger_row *ret_row,
                        struct event *ret)
{
    const struct story *story = ctx;
    for (size_t i = 0; i < story->n_events; i++) {
        if (story->seqs[i] != seq)
            continue;
        *ret_row = story->events[i]->row;
        *ret = story->events[i]->event;
        return true;
    }
    return false;
}

static int seq_order(const void *a, const void *b)
{
    const struct story_event *x, *y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x->event.seq > y->event.seq) - (x->event.seq < y->event.seq);
}

/* What a hard stop counted belongs to its story. */
static AMBIT_CHECKED enum ambit_err take_counted(struct story *story)
{
    enum { COUNTED_MAX = 16 };
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < story->n_told; i++) {
        const struct event *event = &story->told[i]->event;
        uint64_t seqs[COUNTED_MAX];
        size_t n = 0;
        if (event->type == EVENT_STOP_RAISED && event->by.p != NULL)
            err = story_counted(story, event, seqs, COUNTED_MAX, &n);
        for (size_t k = 0; err == AMBIT_OK && k < n; k++)
            err = story_take(story, seqs[k], (struct reach){.hops = STORY_HOPS_MAX});
    }
    return err;
}

/* What an owner may see of a story that touches others': the events that are theirs. */
static AMBIT_CHECKED enum ambit_err keep_theirs(struct story *story, struct ambit_str only_owner)
{
    size_t kept = 0;
    for (size_t i = 0; only_owner.p != NULL && i < story->n_told; i++)
        if (ambit_str_eq(story->told[i]->event.owner, only_owner))
            story->told[kept++] = story->told[i];
    if (only_owner.p != NULL)
        story->n_told = kept;
    return story->n_told > 0 ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

static AMBIT_CHECKED enum ambit_err tell(struct story *story, struct json_out *out)
{
    struct trace_facts *facts = arena_alloc(&story->arena, sizeof *facts);
    if (facts == NULL)
        return AMBIT_ERR_NO_MEMORY;
    qsort(story->told, story->n_told, sizeof(struct story_event *), seq_order);
    trace_gather(story, facts);
    return trace_write(story, facts, out);
}

static void story_free(struct story *story)
{
    reading_end(&story->reading);
    buf_done(&story->memory);
    buf_done(&story->set);
    arena_done(&story->arena);
    free(story);
}

/* Does anything but readings stand behind what the index has come to? Each trace leaves one of its
 * own, and no story has any. */
static AMBIT_CHECKED enum ambit_err is_behind(struct broker *broker, uint64_t size, bool *ret)
{
    enum { FEW = 8 };
    uint64_t from = indexer_complete_to(broker->indexer);
    struct reading reading;
    BUF_AUTO memory;
    buf_init(&memory, 0);
    *ret = from < size;
    if (from >= size || size - from > FEW)
        return AMBIT_OK;
    enum ambit_err err = reading_begin(broker, &reading);
    *ret = false;
    for (uint64_t seq = from; err == AMBIT_OK && seq < size && !*ret; seq++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct ledger_row row;
        struct event event;
        err = reading_event(&reading, seq, &memory, &arena, &row, &event);
        *ret = err == AMBIT_OK && event.type != EVENT_PERSON_READ;
    }
    reading_end(&reading);
    return err;
}

/* The index follows the record by at most a second: a story asked for at once is waited for. One
 * that is being built again may be far behind: then the answer says to where it looked. */
static AMBIT_CHECKED enum ambit_err await_index(struct story *story)
{
    struct indexer *indexer = story->broker->indexer;
    uint64_t size = query_size(story->broker);
    bool waits = false;
    enum ambit_err err = is_behind(story->broker, size, &waits);
    if (err == AMBIT_OK && waits && !indexer_wait(indexer, size, INDEX_WAIT_MS)) {
        story->is_behind = true;
        story->complete_to = indexer_complete_to(indexer);
    }
    return err;
}

enum ambit_err query_trace(struct broker *broker, const struct trace_question *question,
                           struct json_out *out)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL)
        return AMBIT_ERR_NO_MEMORY;
    story->broker = broker;
    story->limit = question->limit;
    story->sees_all = question->only_owner.p == NULL;
    story->from = question->below > 0 ? question->below : UINT64_MAX;
    buf_init(&story->memory, 0);
    buf_init(&story->set, 0);
    arena_init(&story->arena, NULL, 0, 0);
    enum ambit_err err = await_index(story);
    if (err == AMBIT_OK)
        err = reading_begin(broker, &story->reading);
    story->reading.known = known_event;
    story->reading.known_ctx = story;
    if (err == AMBIT_OK)
        err = story_start(story, question->what);
    if (err == AMBIT_OK)
        err = story_follow(story);
    if (err == AMBIT_OK)
        err = take_counted(story);
    if (err == AMBIT_OK)
        err = keep_theirs(story, question->only_owner);
    if (err == AMBIT_OK)
        err = tell(story, out);
    story_free(story);
    return err;
}
