/* SPDX-License-Identifier: Apache-2.0 */
/* The log over HTTP (C2SP tlog-tiles, TIL-1 to TIL-3): checkpoint and key for everybody; tiles and
 * entry bundles for those who may read everything, or for everybody where the configuration says
 * so. Only what the published checkpoint covers. An entry is the event as it was hashed: with
 * commitments, never with what opens them. */
#include "ledger/tlog.h"

#include "base/encode.h"
#include "ledger/tile_path.h"
#include "ledger/tiles.h"
#include "operator/handlers.h"
#include "operator/reading.h"
#include "store/store.h"

static const char text_type[] = "text/plain; charset=utf-8";
static const char bytes_type[] = "application/octet-stream";
static const char prefix[] = "/log/";

enum { HASH_BYTES = sizeof(struct ambit_digest), LENGTH_BYTES = 2 };

/* ---- checkpoint and key ---- */

enum http_next log_checkpoint_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    TLOG_CHECKPOINT_AUTO *checkpoint = tlog_checkpoint_acquire(broker_log(app));
    (void)req;
    AMBIT_ASSERT(checkpoint); /* the start publishes the first */
    buf_put_str(&reply->body, buf_str(&checkpoint->note));
    reply->status = 200;
    reply->content_type = text_type;
    http_reply_header(reply, "Cache-Control", "public, max-age=1");
    return HTTP_DONE;
}

enum http_next log_key_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)req;
    note_verifier_put(tlog_verifier(broker_log(app)), &reply->body);
    buf_put_char(&reply->body, '\n');
    reply->status = 200;
    reply->content_type = text_type;
    http_reply_header(reply, "Cache-Control", "public, max-age=300");
    return HTTP_DONE;
}

/* ---- tiles and bundles ---- */

static enum ambit_err put_tile(struct store_txn *txn, uint64_t size, const struct tile_path *path,
                               struct buf *out)
{
    __attribute__((uninitialized)) struct tile tile;
    enum ambit_err err = tile_read(txn, size, path->level, path->index, path->width, &tile);
    if (err == AMBIT_OK)
        buf_put(out, tile.hash, tile.n * HASH_BYTES);
    return err;
}

/* NOT_FOUND also where events were exported and taken away. */
static enum ambit_err put_bundle(struct store_txn *txn, uint64_t size, const struct tile_path *path,
                                 struct buf *out)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key = {0}, row = {0};
    uint8_t seq[8];
    if (path->index >= size / AMBIT_TILE_HASHES + 1 ||
        size - path->index * AMBIT_TILE_HASHES < path->width)
        return AMBIT_ERR_NOT_FOUND;
    put_be64(seq, path->index * AMBIT_TILE_HASHES);
    enum ambit_err err = store_cursor_open(txn, STORE_EVENTS, &cursor);
    enum store_seek seek = STORE_AT_OR_AFTER;
    for (unsigned i = 0; err == AMBIT_OK && i < path->width; i++, seek = STORE_NEXT) {
        err = store_cursor_move(cursor, seek, (struct store_key){seq, sizeof seq}, &key, &row);
        if (err != AMBIT_OK)
            return err;
        put_be64(seq, path->index * AMBIT_TILE_HASHES + i);
        if (!ambit_str_eq(key, (struct ambit_str){(const char *)seq, sizeof seq}))
            return AMBIT_ERR_NOT_FOUND;
        if (row.len < HASH_BYTES || row.len - HASH_BYTES > UINT16_MAX)
            return AMBIT_ERR_DAMAGED;
        size_t len = row.len - HASH_BYTES;
        uint8_t length[LENGTH_BYTES] = {(uint8_t)(len >> 8), (uint8_t)len};
        buf_put(out, length, sizeof length);
        buf_put(out, row.p + HASH_BYTES, len);
    }
    return err;
}

static enum ambit_err put_resource(struct broker *broker, const struct tile_path *path,
                                   struct buf *out)
{
    struct store_txn *txn = NULL;
    TLOG_CHECKPOINT_AUTO *checkpoint = tlog_checkpoint_acquire(broker_log(broker));
    enum ambit_err err = store_read_begin(broker_store(broker), &txn);
    if (err != AMBIT_OK)
        return err;
    err = path->is_entries ? put_bundle(txn, checkpoint->size, path, out)
                           : put_tile(txn, checkpoint->size, path, out);
    store_read_end(txn);
    return err == AMBIT_OK ? buf_check(out) : err;
}

/* No such name, and nothing there, are the same answer. */
static enum ambit_err reply_resource(struct broker *broker, struct http_request *req,
                                     struct http_reply *reply)
{
    const size_t skip = sizeof prefix - 1;
    struct ambit_str name = {.p = req->path.p + skip, .len = req->path.len - skip};
    struct tile_path path;
    enum ambit_err err = tile_path_read(name, &path) == AMBIT_OK && req->query.p == NULL
                             ? put_resource(broker, &path, &reply->body)
                             : AMBIT_ERR_NOT_FOUND;
    if (err != AMBIT_OK)
        return err;
    bool is_public = broker_log_config(broker)->is_public;
    reply->status = 200;
    reply->content_type = bytes_type;
    reply->no_store = false;
    http_reply_header(reply, "Cache-Control",
                      is_public ? "public, max-age=31536000, immutable"
                                : "private, max-age=31536000, immutable");
    return AMBIT_OK;
}

enum http_next log_tile_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    if (!broker_log_config(app)->is_public &&
        !reading_open_for(app, RIGHT_LOG, req, reply, &reading))
        return HTTP_DONE;
    enum ambit_err err = reply_resource(app, req, reply);
    if (err != AMBIT_OK)
        return reading_fail(req, reply, err);
    /* A log is read in many pieces: told once a minute, as the pages of one query are. */
    if (reading == NULL || broker_log_read_is_told(app, reading->access.caller.name))
        return HTTP_DONE;
    return reading_record(reading, req, reply);
}
