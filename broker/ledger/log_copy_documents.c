/* SPDX-License-Identifier: Apache-2.0 */
/* One file of a log after another, and every document that a set of them is made of, once. */
#include <stdio.h>

#include "base/arena.h"
#include "ledger/log_copy_internal.h"

enum { KIND_SET = 6, KIND_DOCUMENT, KIND_ZONE }; /* beside enum place_kind */

enum ambit_err log_copy_get(struct copying *copying, const char *path)
{
    buf_reset(&copying->file);
    enum ambit_err err =
        copying->source->get(copying->source->ctx, path, LOG_FILE_MAX, &copying->file);
    if (err != AMBIT_OK)
        (void)snprintf(copying->reterr_path, LOG_PATH_MAX, "%s", path);
    return err == AMBIT_OK ? buf_check(&copying->file) : err;
}

enum ambit_err log_copy_put(struct copying *copying, const char *path)
{
    return copying->sink->put(copying->sink->ctx, path, buf_str(&copying->file));
}

enum ambit_err log_copy_file(struct copying *copying, const char *path)
{
    enum ambit_err err = log_copy_get(copying, path);
    return err == AMBIT_OK ? log_copy_put(copying, path) : err;
}

static AMBIT_CHECKED enum ambit_err is_new(struct copying *copying, int kind,
                                           const struct ambit_digest *digest, bool *ret)
{
    struct ambit_id id;
    memcpy(id.b, digest->b, sizeof id.b);
    return places_add(&copying->seen, (enum place_kind)kind, id, 0, ret);
}

static AMBIT_CHECKED enum ambit_err copy_named(struct copying *copying, enum log_named kind,
                                               const struct ambit_digest *digest)
{
    char path[LOG_PATH_MAX];
    bool is_first = false;
    enum ambit_err err = is_new(copying, KIND_SET + (int)kind, digest, &is_first);
    if (err != AMBIT_OK || !is_first)
        return err;
    log_named_path(kind, digest, path);
    copying->copied->documents++;
    return log_copy_file(copying, path);
}

enum ambit_err log_copy_set(struct copying *copying, const struct ambit_digest *set)
{
    static const struct ambit_digest none = {{0}};
    char path[LOG_PATH_MAX];
    struct sets_list list;
    bool is_first = false;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    if (ambit_digest_eq(*set, none))
        return AMBIT_OK;
    enum ambit_err err = is_new(copying, KIND_ZONE + 1, set, &is_first);
    if (err != AMBIT_OK || !is_first)
        return err;
    log_named_path(LOG_SET, set, path);
    err = log_copy_get(copying, path);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (err == AMBIT_OK)
        err = log_copy_put(copying, path);
    struct ambit_str bytes = arena_copy(&arena, buf_str(&copying->file));
    if (err == AMBIT_OK)
        err = bytes.p != NULL ? log_set_read(bytes, &arena, &list) : AMBIT_ERR_NO_MEMORY;
    copying->copied->documents++;
    for (size_t i = 0; err == AMBIT_OK && i < list.n; i++)
        err = copy_named(copying, LOG_DOCUMENT, &list.documents[i]);
    for (size_t i = 0; err == AMBIT_OK && i < list.n_zones; i++)
        err = copy_named(copying, LOG_ZONE, &list.zones[i].digest);
    return err;
}
