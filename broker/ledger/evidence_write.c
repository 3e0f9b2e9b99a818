/* SPDX-License-Identifier: Apache-2.0 */
/* The files of chosen events: entry, proof and opening of each, and every document that one names.
 * A proof is made from the log's own tiles (TLP-1). */
#include "ledger/evidence_internal.h"

#include <stdio.h>

#include "base/encode.h"
#include "base/json_write.h"
#include "ledger/tile_path.h"
#include "ledger/tlog_proof.h"

/* ---- proofs --------------------------------------------------------------------------------- */

static struct evidence_tile *find_tile(struct evidence *evidence, unsigned level, uint64_t index)
{
    for (size_t i = 0; i < EVIDENCE_TILES; i++) {
        struct evidence_tile *tile = &evidence->tiles[i];
        if (tile->is_there && tile->level == level && tile->index == index)
            return tile;
    }
    return NULL;
}

/* Of one checkpoint a tile has always the same width. */
static enum ambit_err read_tile(void *ctx, unsigned level, uint64_t index, size_t width,
                                struct ambit_digest *ret)
{
    struct evidence *evidence = ctx;
    struct evidence_tile *tile = find_tile(evidence, level, index);
    char path[LOG_PATH_MAX];
    if (tile == NULL) {
        log_tile_path(&(struct tile_path){.level = level, .index = index, .width = (unsigned)width},
                      path);
        enum ambit_err err = log_copy_get(&evidence->copying, path);
        if (err != AMBIT_OK)
            return err;
        if (evidence->copying.file.len != width * sizeof *ret)
            return AMBIT_ERR_DAMAGED;
        tile = &evidence->tiles[evidence->next_tile++ % EVIDENCE_TILES];
        *tile = (struct evidence_tile){.is_there = true, .level = level, .index = index};
        memcpy(tile->hash, evidence->copying.file.p, width * sizeof *ret);
    }
    memcpy(ret, tile->hash, width * sizeof *ret);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err put_proof(struct evidence *evidence, uint64_t seq)
{
    const struct tree_tiles tiles = {.ctx = evidence, .read = read_tile};
    struct tlog_proof proof = {.index = seq, .checkpoint = evidence->summary.checkpoint};
    char path[LOG_PATH_MAX];
    enum ambit_err err = tree_inclusion_from(&tiles, seq, evidence->summary.size, &proof.path);
    if (err != AMBIT_OK)
        return err;
    (void)snprintf(path, sizeof path, "receipts/%llu.tlog-proof", (unsigned long long)seq);
    buf_reset(&evidence->copying.file);
    tlog_proof_put(&proof, &evidence->copying.file);
    err = buf_check(&evidence->copying.file);
    return err == AMBIT_OK ? log_copy_put(&evidence->copying, path) : err;
}

/* ---- one event ------------------------------------------------------------------------------ */

struct writing {
    struct evidence *evidence;
    enum ambit_err (*one)(void *ctx, const struct evidence_item *item);
    void *ctx;
    uint64_t done;
};

static AMBIT_CHECKED enum ambit_err put_bytes(struct evidence *evidence, uint64_t seq,
                                              const char *end, struct ambit_str bytes)
{
    const struct log_sink *sink = evidence->copying.sink;
    char path[LOG_PATH_MAX];
    (void)snprintf(path, sizeof path, "receipts/%llu.%s", (unsigned long long)seq, end);
    return sink->put(sink->ctx, path, bytes);
}

static enum ambit_err put_item(void *ctx, const struct evidence_item *item)
{
    struct writing *writing = ctx;
    struct evidence *evidence = writing->evidence;
    const struct log_copy_options *options = evidence->copying.options;
    uint64_t seq = item->event->seq;
    enum ambit_err err = put_bytes(evidence, seq, "entry", item->entry);
    if (err == AMBIT_OK && item->opening.len > 0)
        err = put_bytes(evidence, seq, "open", item->opening);
    if (err == AMBIT_OK)
        err = put_proof(evidence, seq);
    if (err == AMBIT_OK)
        err = log_copy_set(&evidence->copying, &item->event->documents);
    if (err == AMBIT_OK && writing->one != NULL)
        err = writing->one(writing->ctx, item);
    if (options->progress != NULL)
        options->progress(options->ctx, ++writing->done, evidence->summary.n);
    return err;
}

/* ---- the head ------------------------------------------------------------------------------- */

static void put_time(struct json_out *out, const char *name, int64_t ms)
{
    if (ms == INT64_MIN || ms == INT64_MAX)
        return;
    json_key(out, name);
    json_time_ms(out, ms);
}

static void put_target(struct json_out *out, const struct evidence_ask *ask)
{
    static const char *const kinds[] = {[EVIDENCE_PERIOD] = "period",
                                        [EVIDENCE_AGENT] = "agent",
                                        [EVIDENCE_OWNER] = "owner",
                                        [EVIDENCE_POLICY] = "policy"};
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, kinds[ask->kind]);
    if (ask->kind != EVIDENCE_PERIOD) {
        buf_put_char(&text, ':');
        buf_put_str(&text, ask->name);
    }
    json_member_str(out, "target", buf_str(&text));
}

static AMBIT_CHECKED enum ambit_err put_export(struct evidence *evidence)
{
    const struct log_copy_options *options = evidence->copying.options;
    struct json_out out;
    buf_reset(&evidence->copying.file);
    json_out_init(&out, &evidence->copying.file, true);
    json_begin_object(&out);
    json_key(&out, "events");
    json_i64(&out, (int64_t)evidence->summary.n);
    put_time(&out, "from", evidence->ask.from_ms);
    json_member_text(&out, "kind", "evidence");
    put_time(&out, "made_at", options->now_ms);
    json_key(&out, "openings");
    json_bool(&out, !options->no_openings);
    json_member_str(&out, "origin", evidence->summary.origin);
    json_key(&out, "size");
    json_i64(&out, (int64_t)evidence->summary.size);
    put_target(&out, &evidence->ask);
    put_time(&out, "to", evidence->ask.to_ms);
    json_key(&out, "unread");
    json_i64(&out, (int64_t)evidence->summary.unread);
    json_key(&out, "v");
    json_i64(&out, 1);
    json_end_object(&out);
    enum ambit_err err = buf_check(&evidence->copying.file);
    return err == AMBIT_OK ? log_copy_put(&evidence->copying, "export.json") : err;
}

enum ambit_err evidence_write(struct evidence *evidence, const struct log_sink *sink,
                              enum ambit_err (*one)(void *ctx, const struct evidence_item *item),
                              void *ctx)
{
    struct writing writing = {.evidence = evidence, .one = one, .ctx = ctx};
    evidence->copying.sink = sink;
    enum ambit_err err = put_export(evidence);
    if (err == AMBIT_OK)
        err = sink->put(sink->ctx, "checkpoint", evidence->summary.checkpoint);
    if (err == AMBIT_OK)
        err = sink->put(sink->ctx, "log.vkey", evidence->summary.key);
    if (err == AMBIT_OK)
        err = evidence_each(evidence, put_item, &writing);
    evidence->summary.documents = evidence->copied.documents;
    return err;
}

/* ---- documents ------------------------------------------------------------------------------ */

static AMBIT_CHECKED enum ambit_err get_named(struct evidence *evidence, enum log_named kind,
                                              const struct ambit_digest *digest,
                                              struct arena *arena, struct ambit_str *ret)
{
    char path[LOG_PATH_MAX];
    log_named_path(kind, digest, path);
    enum ambit_err err = log_copy_get(&evidence->copying, path);
    if (err == AMBIT_OK)
        *ret = arena_copy(arena, buf_str(&evidence->copying.file));
    return err == AMBIT_OK && ret->p == NULL ? AMBIT_ERR_NO_MEMORY : err;
}

static enum ambit_err list_of(void *ctx, const struct ambit_digest *set, struct arena *arena,
                              struct sets_list *ret)
{
    struct ambit_str bytes = {0};
    enum ambit_err err = get_named(ctx, LOG_SET, set, arena, &bytes);
    return err == AMBIT_OK ? log_set_read(bytes, arena, ret) : err;
}

static enum ambit_err bytes_of(void *ctx, const struct ambit_digest *digest, bool is_zone,
                               struct arena *arena, struct ambit_str *ret)
{
    return get_named(ctx, is_zone ? LOG_ZONE : LOG_DOCUMENT, digest, arena, ret);
}

/* Whether an erasure says so is judged by whoever verifies. */
static enum ambit_err replaced(void *ctx, const struct ambit_digest *digest,
                               const struct ambit_digest *now)
{
    (void)ctx;
    (void)digest;
    (void)now;
    return AMBIT_OK;
}

enum ambit_err evidence_set(struct evidence *evidence, const struct ambit_digest *digest,
                            struct redecide_set *ret)
{
    const struct sets_source source = {
        .ctx = evidence, .list = list_of, .bytes = bytes_of, .replaced = replaced};
    enum ambit_err err = evidence->sets == NULL ? sets_new(&source, &evidence->sets) : AMBIT_OK;
    return err == AMBIT_OK ? sets_get(evidence->sets, digest, ret) : err;
}
