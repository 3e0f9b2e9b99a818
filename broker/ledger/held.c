/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted list: stops that hold are few. */
#include "ledger/held.h"

#include "ambit/limits.h"

enum { FIRST_ROOM = 16 };

enum ambit_err held_target_parse(struct ambit_str text, enum ambit_target_kind *ret_kind,
                                 struct ambit_str *ret_target)
{
    static const enum ambit_target_kind kinds[] = {
#define X(name, word) AMBIT_TARGET_##name,
        AMBIT_TARGET_LIST(X)
#undef X
    };
    if (ambit_str_is(text, "all")) {
        *ret_kind = AMBIT_TARGET_ALL;
        *ret_target = (struct ambit_str){.p = text.p + text.len, .len = 0};
        return AMBIT_OK;
    }
    const char *colon = text.len > 0 ? memchr(text.p, ':', text.len) : NULL;
    if (colon == NULL)
        return AMBIT_ERR_MALFORMED;
    struct ambit_str word = {.p = text.p, .len = (size_t)(colon - text.p)};
    struct ambit_str name = {.p = colon + 1, .len = text.len - word.len - 1};
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        if (kinds[i] == AMBIT_TARGET_ALL || !ambit_str_is(word, ambit_target_text(kinds[i])))
            continue;
        if (name.len == 0 || name.len > AMBIT_WORD_MAX)
            return AMBIT_ERR_MALFORMED;
        *ret_kind = kinds[i];
        *ret_target = name;
        return AMBIT_OK;
    }
    return AMBIT_ERR_MALFORMED;
}

static void free_target(struct ambit_stop_view *view)
{
    free((char *)(uintptr_t)view->target.p);
}

void held_done(struct held *held)
{
    for (size_t i = 0; i < held->n; i++)
        free_target(&held->views[i]);
    free(held->views);
    free(held->seqs);
    *held = (struct held){.n = 0};
}

/* Where it is, or would be. */
static bool find(const struct held *held, struct ambit_id id, size_t *ret)
{
    size_t low = 0, high = held->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(held->views[middle].id.b, id.b, sizeof id.b) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return low < held->n && ambit_id_eq(held->views[low].id, id);
}

bool held_find(const struct held *held, struct ambit_id id, size_t *ret)
{
    return find(held, id, ret);
}

bool held_was_cleared(const struct held *held, struct ambit_id id, int64_t now_ms)
{
    size_t n = held->n_cleared < HELD_CLEARED_MAX ? held->n_cleared : HELD_CLEARED_MAX;
    for (size_t i = 0; i < n; i++)
        if (ambit_id_eq(held->cleared[i].id, id))
            return held->cleared[i].at_ms < now_ms;
    return false;
}

static AMBIT_CHECKED enum ambit_err make_room(struct held *held)
{
    if (held->n < held->room)
        return AMBIT_OK;
    size_t room = held->room > 0 ? 2 * held->room : FIRST_ROOM;
    struct ambit_stop_view *views = realloc(held->views, room * sizeof *views);
    if (views == NULL)
        return AMBIT_ERR_NO_MEMORY;
    held->views = views;
    uint64_t *seqs = realloc(held->seqs, room * sizeof *seqs);
    if (seqs == NULL)
        return AMBIT_ERR_NO_MEMORY;
    held->seqs = seqs;
    held->room = room;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err raise(struct held *held, const struct event *event)
{
    struct ambit_stop_view view = {.id = event->stop};
    struct ambit_str target;
    size_t at = 0;
    if (!event->holds || held_target_parse(event->target, &view.kind, &target) != AMBIT_OK)
        return AMBIT_OK;
    if (view.kind == AMBIT_TARGET_GRANT || view.kind == AMBIT_TARGET_LINEAGE ||
        find(held, event->stop, &at))
        return AMBIT_OK;
    if (held->n == HELD_MAX) {
        held->is_over = true;
        return AMBIT_OK;
    }
    enum ambit_err err = make_room(held);
    char *copy = err == AMBIT_OK ? malloc(target.len + 1) : NULL;
    if (copy == NULL)
        return AMBIT_ERR_NO_MEMORY;
    if (target.len > 0)
        memcpy(copy, target.p, target.len);
    view.target = (struct ambit_str){.p = copy, .len = target.len};
    memmove(held->views + at + 1, held->views + at, (held->n - at) * sizeof *held->views);
    memmove(held->seqs + at + 1, held->seqs + at, (held->n - at) * sizeof *held->seqs);
    held->views[at] = view;
    held->seqs[at] = event->seq;
    held->n++;
    return AMBIT_OK;
}

static void clear(struct held *held, const struct event *event)
{
    size_t at = 0;
    held->cleared[held->n_cleared++ % HELD_CLEARED_MAX] =
        (struct held_cleared){.id = event->stop, .at_ms = event->time_ms};
    if (!find(held, event->stop, &at))
        return;
    free_target(&held->views[at]);
    held->n--;
    memmove(held->views + at, held->views + at + 1, (held->n - at) * sizeof *held->views);
    memmove(held->seqs + at, held->seqs + at + 1, (held->n - at) * sizeof *held->seqs);
}

enum ambit_err held_note(struct held *held, const struct event *event)
{
    if (event->type == EVENT_STOP_RAISED)
        return raise(held, event);
    if (event->type == EVENT_STOP_CLEARED)
        clear(held, event);
    return AMBIT_OK;
}
