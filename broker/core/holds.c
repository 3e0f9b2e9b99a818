/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the list of holding stops out of the store: few rows, read only when they have changed. */
#include "core/holds.h"

#include "base/arena.h"
#include "core/command.h"
#include "core/stop_row.h"
#include "store/store.h"

#include <stdatomic.h>

enum { HOLDS_FIRST = 16 };

void holds_keep(struct holds *holds)
{
    atomic_fetch_add_explicit(&holds->count, 1, memory_order_relaxed);
}

void holds_release(struct holds *holds)
{
    if (holds == NULL || atomic_fetch_sub_explicit(&holds->count, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < holds->n; i++)
        free((char *)(uintptr_t)holds->views[i].target.p);
    free(holds->views);
    free(holds);
}

static AMBIT_CHECKED enum ambit_err holds_add(struct holds *holds, const struct stop_row *row)
{
    struct ambit_str target;
    enum ambit_target_kind kind;
    enum ambit_err err = stop_target_parse(row->target, &kind, &target);
    if (err != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    if (kind == AMBIT_TARGET_GRANT || kind == AMBIT_TARGET_LINEAGE)
        return AMBIT_OK; /* cut-offs alone: nothing of theirs holds */
    if (holds->n == holds->room) {
        size_t room = holds->room > 0 ? holds->room * 2 : HOLDS_FIRST;
        struct ambit_stop_view *views = reallocarray(holds->views, room, sizeof *views);
        if (views == NULL)
            return AMBIT_ERR_NO_MEMORY;
        holds->views = views;
        holds->room = room;
    }
    char *copy = malloc(target.len + 1);
    if (copy == NULL)
        return AMBIT_ERR_NO_MEMORY;
    if (target.len > 0)
        memcpy(copy, target.p, target.len);
    copy[target.len] = '\0';
    holds->views[holds->n++] = (struct ambit_stop_view){
        .id = row->id, .kind = kind, .target = {.p = copy, .len = target.len}};
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err holds_fill(struct store_txn *txn, struct holds *holds)
{
    STORE_CURSOR_AUTO cursor = NULL;
    enum ambit_err err = store_cursor_open(txn, STORE_HOLDS, &cursor);
    if (err != AMBIT_OK)
        return err;

    enum store_seek seek = STORE_FIRST;
    struct ambit_str key, value;
    while ((err = store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value)) ==
           AMBIT_OK) {
        seek = STORE_NEXT;
        ARENA_AUTO arena;
        struct ambit_id id;
        struct stop_row row;
        arena_init(&arena, NULL, 0, 0);
        if (key.len != sizeof id.b)
            return AMBIT_ERR_DAMAGED;
        memcpy(id.b, key.p, sizeof id.b);
        err = stop_row_load(txn, id, &arena, &row);
        if (err == AMBIT_OK)
            err = holds_add(holds, &row);
        if (err != AMBIT_OK)
            return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err holds_load(struct store_txn *txn, uint64_t version, struct holds **ret)
{
    struct holds *holds = calloc(1, sizeof *holds);
    if (holds == NULL)
        return AMBIT_ERR_NO_MEMORY;
    atomic_init(&holds->count, 1);
    holds->version = version;
    enum ambit_err err = holds_fill(txn, holds);
    if (err != AMBIT_OK) {
        holds_release(holds);
        return err;
    }
    *ret = holds;
    return AMBIT_OK;
}
