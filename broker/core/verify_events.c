/* SPDX-License-Identifier: Apache-2.0 */
/* The first pass: event by event. One that is missing or cannot be read leaves its place empty, so
 * that what stands behind it is still judged. */
#include "core/verify_internal.h"

#include "ambit/limits.h"
#include "base/arena.h"
#include "base/encode.h"
#include "core/apply.h"

enum { COMMIT_EVERY = 1000, MISSING_MAX = 100000 };

/* ---- bounds ---- */

static bool is_word(struct ambit_str text)
{
    return text.len <= AMBIT_WORD_MAX;
}

/* A target: a word of the list and a name; "agent:x policy:y". */
static bool is_target(struct ambit_str text)
{
    return text.len <= AMBIT_WORD_MAX + 16;
}

bool verify_is_bounded(const struct event *event)
{
    bool is_fine = event->agent.len <= AMBIT_AGENT_NAME_MAX && is_word(event->owner) &&
                   is_word(event->person) && is_word(event->by) && is_word(event->team) &&
                   is_word(event->policy) && is_word(event->rule) && is_target(event->target) &&
                   event->n_items <= AMBIT_GIVEN_MAX && event->n_except <= AMBIT_EXCEPT_MAX;
    for (size_t i = 0; i < event->n_items; i++)
        is_fine = is_fine && event->items[i].policy.len <= AMBIT_NAME_MAX;
    for (size_t i = 0; i < event->n_also; i++)
        is_fine = is_fine && is_target(event->also[i]);
    is_fine = is_fine && event->key.len <= 2 * AMBIT_WORD_MAX;
    for (size_t i = 0; i < event->n_counts; i++) {
        const struct event_count *count = &event->counts[i];
        is_fine = is_fine && is_word(count->policy) && is_word(count->id) && is_word(count->key) &&
                  count->field.len <= AMBIT_EVENT_BYTES;
    }
    return is_fine;
}

/* ---- one event ---- */

static AMBIT_CHECKED enum ambit_err rebuild_row(struct verify *verify, uint64_t seq,
                                                const struct ledger_row *row,
                                                struct ambit_digest leaf)
{
    uint8_t key[8];
    put_be64(key, seq);
    buf_reset(&verify->scratch);
    buf_put(&verify->scratch, leaf.b, sizeof leaf.b);
    buf_put_str(&verify->scratch, row->bytes);
    enum ambit_err err = buf_check(&verify->scratch);
    if (err == AMBIT_OK)
        err = store_append(verify->rebuilt_txn, STORE_EVENTS, (struct store_key){key, sizeof key},
                           verify->scratch.p, verify->scratch.len);
    return err == AMBIT_OK ? tree_append(&verify->head.edge, verify->rebuilt_txn, leaf) : err;
}

/* Pruned, and its segment is not there: the tree is built all the same. */
static AMBIT_CHECKED enum ambit_err take_unread(struct verify *verify, uint64_t seq)
{
    struct ledger_row none = {.bytes = AMBIT_STR("")};
    struct ambit_digest leaf = {{0}};
    enum ambit_err err = verify_pruned_leaf(verify, seq, &leaf);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED) {
        verify->n_missing++;
        verify_problem_seq(verify, seq, "tiles", "the leaf hash of a pruned event is missing");
        err = AMBIT_OK;
    }
    verify->n_unread++;
    return err ? err : rebuild_row(verify, seq, &none, leaf);
}

/* Reads the row into *ret_row, its leaf into the rebuilt tree. *ret_is_there: there is something to
 * decode. */
static AMBIT_CHECKED enum ambit_err take_row(struct verify *verify, uint64_t seq,
                                             struct ledger_row *ret_row, bool *ret_is_there)
{
    buf_reset(&verify->memory);
    enum ambit_err err = verify_row(verify, seq, &verify->memory, ret_row);
    *ret_is_there = !err;
    if (err == AMBIT_ERR_NOT_FOUND && seq < verify->pruned_to)
        return take_unread(verify, seq);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED) {
        struct ledger_row none = {.bytes = AMBIT_STR("")};
        verify->n_missing++;
        verify_problem_seq(verify, seq, "events",
                           err == AMBIT_ERR_NOT_FOUND ? "the event is missing"
                                                      : "the event's row cannot be read");
        return rebuild_row(verify, seq, &none, none.leaf);
    }
    if (err)
        return err;
    struct ambit_digest leaf = tree_leaf(ret_row->bytes);
    if (!ambit_digest_eq(leaf, ret_row->leaf))
        verify_problem_seq(verify, seq, "events",
                           "the event's bytes do not have the leaf hash stored with them");
    return rebuild_row(verify, seq, ret_row, leaf);
}

/* Without an event to apply: NOT_FOUND. */
static AMBIT_CHECKED enum ambit_err decode(struct verify *verify, uint64_t seq,
                                           const struct ledger_row *row, struct arena *arena,
                                           struct event *ret)
{
    enum ambit_err err = event_decode(row->bytes, row->opening, arena, ret);
    if (err == AMBIT_ERR_DAMAGED && row->opening.len > 0) {
        verify_problem_seq(verify, seq, "openings",
                           "the opening does not fit the commitment in the event");
        err = event_decode(row->bytes, AMBIT_STR(""), arena, ret);
        if (err == AMBIT_OK)
            ret->erased = 0; /* it is told already */
    }
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    const char *what = NULL;
    if (err)
        what = err == AMBIT_ERR_NEWER ? "the event is of a newer format"
                                      : "the event is not canonical JSON of a known form";
    else if (ret->seq != seq)
        what = "the event says that it is another one";
    else if (!verify_is_bounded(ret))
        what = "the event holds a name longer than any can be";
    if (!what)
        return AMBIT_OK;
    verify_problem_seq(verify, seq, "events", what);
    return AMBIT_ERR_NOT_FOUND;
}

/* What our own store cannot do is no fault of the record. */
static bool is_ours(enum ambit_err err)
{
    return err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_NO_SPACE || err == AMBIT_ERR_IO;
}

static AMBIT_CHECKED enum ambit_err one_event(struct verify *verify, uint64_t seq)
{
    ARENA_AUTO arena;
    char block[16384];
    arena_init(&arena, block, sizeof block, 0);
    struct ledger_row row;
    struct event event;
    bool is_there = false;
    enum ambit_err err = take_row(verify, seq, &row, &is_there);
    if (err || !is_there)
        return err;
    err = decode(verify, seq, &row, &arena, &event);
    if (err)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;

    if (event.time_ms < verify->head.last_now_ms)
        verify_problem_seq(verify, seq, "events", "the event is earlier than the one before it");
    verify->head.last_now_ms = event.time_ms;
    verify_pruned_note(verify, &event);
    verify_checkpoint_note(verify, &event);
    err = verify_redecide(verify, &event, &arena); /* by the tables as they were */
    if (err)
        return err;
    if (verify_is_whole(verify))
        err = apply_event(verify->rebuilt_txn, &verify->head, &event);
    if (err && is_ours(err))
        return err;
    if (err)
        verify_problem_seq(verify, seq, "events", "the event does not follow from those before it");
    err = verify_erasures_note(verify, &event);
    return err ? err : verify_named(verify, &event);
}

/* ---- all of them ---- */

/* Where the events end: at the end of the tree, or of the table where that is shorter or the tree's
 * size is not known. */
static AMBIT_CHECKED enum ambit_err find_end(struct verify *verify, uint64_t *ret)
{
    struct store_cursor *cursor = NULL;
    struct ambit_str key, value;
    enum ambit_err err = store_cursor_open(verify->txn, STORE_EVENTS, &cursor);
    if (!err)
        err = store_cursor_move(cursor, STORE_LAST, (struct store_key){0}, &key, &value);
    uint64_t end = !err && key.len == 8 ? get_be64((const uint8_t *)key.p) + 1 : 0;
    store_cursor_close(cursor);
    if (err && err != AMBIT_ERR_NOT_FOUND)
        return err;
    if (verify->has_head && verify->stored.edge.size > end)
        verify_problem_seq(verify, end, "events", "the event is missing, and all behind it");
    *ret = verify->has_head && verify->stored.edge.size < end ? verify->stored.edge.size : end;
    return AMBIT_OK;
}

enum ambit_err verify_events(struct verify *verify)
{
    uint64_t end = 0;
    enum ambit_err err = find_end(verify, &end);
    for (uint64_t seq = 0; !err && seq < end && verify->n_missing < MISSING_MAX; seq++) {
        err = one_event(verify, seq);
        verify_checkpoint_at(verify);
        if (verify->options->progress != NULL)
            verify->options->progress(verify->options->ctx, seq + 1, end);
        if (!err && seq % COMMIT_EVERY == COMMIT_EVERY - 1) {
            err = store_write_commit(TAKE(verify->rebuilt_txn));
            if (!err)
                err = store_write_begin(verify->rebuilt, &verify->rebuilt_txn);
        }
    }
    return err ? err : store_write_commit(TAKE(verify->rebuilt_txn));
}
