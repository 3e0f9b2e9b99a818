/* SPDX-License-Identifier: Apache-2.0 */
/* What the walk asks of a log's files: an earlier event, a set, a document. */
#include "base/encode.h"
#include "base/json_read.h"
#include "ledger/log_verify_internal.h"

enum { SET_MAX = 16 << 20 };

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
    return get_named(ctx, is_zone ? LOG_ZONE : LOG_DOCUMENT, digest, LOG_FILE_MAX, arena, ret);
}

static bool read_set(const struct json_value *documents, const struct json_value *zones,
                     struct ambit_digest *digests, struct sets_zone *named)
{
    const struct json_value *value = documents->first;
    for (size_t i = 0; i < documents->count; i++, value = value->next)
        if (value->kind != JSON_STRING || digest_decode(value->text, &digests[i]) != AMBIT_OK)
            return false;
    value = zones != NULL ? zones->first : NULL;
    for (size_t i = 0; value != NULL; i++, value = value->next) {
        named[i].name = json_get_str(value, "name");
        if (named[i].name.p == NULL ||
            digest_decode(json_get_str(value, "digest"), &named[i].digest) != AMBIT_OK)
            return false;
    }
    return true;
}

static enum ambit_err list_of(void *ctx, const struct ambit_digest *set, struct arena *arena,
                              struct sets_list *ret)
{
    struct ambit_str bytes = {0};
    const struct json_value *object = NULL;
    struct json_problem unused;
    enum ambit_err err = get_named(ctx, LOG_SET, set, SET_MAX, arena, &bytes);
    if (err == AMBIT_OK)
        err = json_read(bytes, (struct json_limits){.depth = 4}, arena, &object, &unused);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
    const struct json_value *documents = json_get(object, "documents");
    const struct json_value *zones = json_get(object, "zones");
    if (documents == NULL || documents->kind != JSON_ARRAY ||
        (zones != NULL && zones->kind != JSON_ARRAY))
        return AMBIT_ERR_DAMAGED;
    struct ambit_digest *digests = arena_array(arena, documents->count + 1, sizeof *digests);
    struct sets_zone *named = arena_array(arena, zones ? zones->count + 1 : 1, sizeof *named);
    if (digests == NULL || named == NULL)
        return AMBIT_ERR_NO_MEMORY;
    if (!read_set(documents, zones, digests, named))
        return AMBIT_ERR_DAMAGED;
    *ret = (struct sets_list){.documents = digests,
                              .n = documents->count,
                              .has_zones = zones != NULL,
                              .zones = named,
                              .n_zones = zones ? zones->count : 0};
    return AMBIT_OK;
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
