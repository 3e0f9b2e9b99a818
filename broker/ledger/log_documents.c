/* SPDX-License-Identifier: Apache-2.0 */
/* What the walk asks of a log's files: an earlier event, a set, a document. */
#include "ledger/log_verify_internal.h"

static AMBIT_CHECKED enum ambit_err copy(struct arena *arena, struct ambit_str entry,
                                         struct ambit_str opening, struct ambit_str *ret,
                                         struct ambit_str *ret_opening)
{
    *ret = arena_copy(arena, entry);
    *ret_opening = arena_copy(arena, opening);
    return ret->p != NULL && ret_opening->p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err receipt_at(struct log_verify *verify, uint64_t seq,
                                               struct arena *arena, struct ambit_str *ret,
                                               struct ambit_str *ret_opening)
{
    BUF_AUTO entry;
    BUF_AUTO opening;
    buf_init(&entry, 0);
    buf_init(&opening, 0);
    enum ambit_err err = log_read_receipt(verify, seq, &entry, &opening);
    if (err == AMBIT_OK)
        return copy(arena, buf_str(&entry), buf_str(&opening), ret, ret_opening);
    return log_is_ours(err) ? err : AMBIT_ERR_NOT_FOUND;
}

static enum ambit_err event_at(void *ctx, uint64_t seq, struct arena *arena, struct ambit_str *ret,
                               struct ambit_str *ret_opening)
{
    struct log_verify *verify = ctx;
    struct log_bundle *bundle = verify->again;
    uint64_t index = seq / LOG_TILE_WIDTH;
    if (verify->report->export.kind == LOG_EVIDENCE)
        return receipt_at(verify, seq, arena, ret, ret_opening);
    if (!bundle->is_there || bundle->index != index) {
        enum ambit_err err = log_read_bundle(verify, index, bundle);
        if (err != AMBIT_OK)
            return log_is_ours(err) ? err : AMBIT_ERR_NOT_FOUND;
    }
    size_t at = seq % LOG_TILE_WIDTH;
    if (at >= bundle->n)
        return AMBIT_ERR_NOT_FOUND;
    return copy(arena, bundle->entry[at], bundle->opening[at], ret, ret_opening);
}

static enum ambit_err get_named(struct log_verify *verify, enum log_named kind,
                                const struct ambit_digest *digest, size_t max, struct arena *arena,
                                struct ambit_str *ret)
{
    char path[LOG_PATH_MAX];
    BUF_AUTO file;
    buf_init(&file, 0);
    log_named_path(kind, digest, path);
    enum ambit_err err = verify->source->get(verify->source->ctx, path, max, &file);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_DAMAGED : err;
    *ret = arena_copy(arena, buf_str(&file));
    return ret->p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static enum ambit_err bytes_of(void *ctx, const struct ambit_digest *digest, bool is_zone,
                               struct arena *arena, struct ambit_str *ret)
{
    return get_named(ctx, is_zone ? LOG_ZONE : LOG_DOCUMENT, digest, AMBIT_DOCUMENT_BYTES, arena,
                     ret);
}

static enum ambit_err list_of(void *ctx, const struct ambit_digest *set, struct arena *arena,
                              struct sets_list *ret)
{
    struct ambit_str bytes = {0};
    enum ambit_err err = get_named(ctx, LOG_SET, set, LOG_SET_MAX, arena, &bytes);
    return err == AMBIT_OK ? log_set_read(bytes, arena, ret) : err;
}

static void follow_problem(void *ctx, const uint64_t *seq, const char *what)
{
    log_problem(ctx, seq, NULL, "%s", what);
}

struct follow_source log_follow_source(struct log_verify *verify)
{
    return (struct follow_source){
        .sets = {.ctx = verify, .list = list_of, .bytes = bytes_of},
        .ctx = verify,
        .event_at = event_at,
        .problem = follow_problem,
    };
}
