/* SPDX-License-Identifier: Apache-2.0 */
/* A short list under a lock, with a count that says when it is not worth locking. */
#include "core/pending.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "base/encode.h"

void pending_init(struct pending *pending)
{
    pthread_mutex_init(&pending->lock, NULL);
    pending->first = NULL;
    atomic_init(&pending->n, 0);
}

void pending_done(struct pending *pending)
{
    while (pending->first != NULL) {
        struct pending_stop *stop = pending->first;
        pending->first = stop->next;
        free(stop);
    }
    pthread_mutex_destroy(&pending->lock);
}

enum ambit_err pending_add(struct pending *pending, struct ambit_id id, enum ambit_target_kind kind,
                           struct ambit_str target)
{
    if (target.len > AMBIT_WORD_MAX)
        return AMBIT_ERR_TOO_LARGE;
    struct pending_stop *stop = calloc(1, sizeof *stop);
    if (stop == NULL)
        return AMBIT_ERR_NO_MEMORY;

    stop->id = id;
    stop->kind = kind;
    stop->target_len = target.len;
    if (target.len > 0)
        memcpy(stop->target, target.p, target.len);
    pthread_mutex_lock(&pending->lock);
    stop->next = pending->first;
    pending->first = stop;
    atomic_fetch_add(&pending->n, 1);
    pthread_mutex_unlock(&pending->lock);
    return AMBIT_OK;
}

void pending_remove(struct pending *pending, struct ambit_id id)
{
    pthread_mutex_lock(&pending->lock);
    for (struct pending_stop **at = &pending->first; *at != NULL; at = &(*at)->next) {
        if (!ambit_id_eq((*at)->id, id))
            continue;
        struct pending_stop *stop = *at;
        *at = stop->next;
        free(stop);
        atomic_fetch_sub(&pending->n, 1);
        break;
    }
    pthread_mutex_unlock(&pending->lock);
}

static bool is_id(struct ambit_str text, struct ambit_id id)
{
    char encoded[ID_TEXT_LEN];
    id_encode(id, encoded);
    return ambit_str_eq(text, (struct ambit_str){.p = encoded, .len = sizeof encoded});
}

static bool row_has_policy(const struct grant_row *row, struct ambit_str policy)
{
    for (size_t i = 0; i < row->n_items; i++)
        if (ambit_str_eq(row->items[i].policy, policy))
            return true;
    return false;
}

static bool covers(const struct pending_stop *stop, const struct grant_row *row)
{
    struct ambit_str target = {.p = stop->target, .len = stop->target_len};
    switch (stop->kind) {
    case AMBIT_TARGET_GRANT:
        return is_id(target, row->id);
    case AMBIT_TARGET_LINEAGE:
        return is_id(target, row->lineage);
    case AMBIT_TARGET_AGENT:
        return ambit_str_eq(target, row->agent);
    case AMBIT_TARGET_TEAM:
        return ambit_str_eq(target, row->team);
    case AMBIT_TARGET_OWNER:
        return ambit_str_eq(target, row->owner);
    case AMBIT_TARGET_POLICY:
        return row_has_policy(row, target);
    case AMBIT_TARGET_RESOURCE:
        return false;
    case AMBIT_TARGET_ALL:
        return true;
    }
    return true;
}

/* A stop on what is above takes what was delegated from it. */
static bool covers_any(const struct pending_stop *stop, const struct grant_row *row)
{
    for (; row != NULL; row = row->above != NULL ? &row->above->row : NULL)
        if (covers(stop, row))
            return true;
    return false;
}

bool pending_covers(struct pending *pending, const struct grant_row *row)
{
    if (atomic_load(&pending->n) == 0)
        return false;

    bool is_covered = false;
    pthread_mutex_lock(&pending->lock);
    for (const struct pending_stop *stop = pending->first; stop != NULL && !is_covered;
         stop = stop->next)
        is_covered = covers_any(stop, row);
    pthread_mutex_unlock(&pending->lock);
    return is_covered;
}

static bool is_hold(enum ambit_target_kind kind)
{
    return kind != AMBIT_TARGET_GRANT && kind != AMBIT_TARGET_LINEAGE;
}

static AMBIT_CHECKED enum ambit_err copy_pending(const struct pending *pending, struct arena *arena,
                                                 struct ambit_stop_view *dst, size_t *n)
{
    for (const struct pending_stop *stop = pending->first; stop != NULL; stop = stop->next) {
        if (!is_hold(stop->kind))
            continue;
        struct ambit_str copy =
            arena_copy(arena, (struct ambit_str){.p = stop->target, .len = stop->target_len});
        if (copy.p == NULL)
            return AMBIT_ERR_NO_MEMORY;
        dst[(*n)++] = (struct ambit_stop_view){.id = stop->id, .kind = stop->kind, .target = copy};
    }
    return AMBIT_OK;
}

enum ambit_err pending_views(struct pending *pending, struct arena *arena,
                             struct ambit_stop_view **ret, size_t *ret_n)
{
    *ret = NULL;
    *ret_n = 0;
    if (atomic_load(&pending->n) == 0)
        return AMBIT_OK;

    enum ambit_err err = AMBIT_ERR_NO_MEMORY;
    pthread_mutex_lock(&pending->lock);
    *ret = arena_array(arena, pending->n + 1, sizeof **ret);
    if (*ret != NULL)
        err = copy_pending(pending, arena, *ret, ret_n);
    pthread_mutex_unlock(&pending->lock);
    return err;
}
