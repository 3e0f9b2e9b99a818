/* SPDX-License-Identifier: Apache-2.0 */
/* The log over HTTP (C2SP tlog-tiles, TIL-1 to TIL-3): checkpoint and key for everybody; tiles and
 * entry bundles for those who may read everything, or for everybody where the configuration says
 * so. Only what the published checkpoint covers. An entry is the event as it was hashed: with
 * commitments, never with what opens them. */
#include "ledger/tlog.h"

#include "core/record_files.h"
#include "operator/handlers.h"
#include "operator/reading.h"
#include "store/store.h"

static const char text_type[] = "text/plain; charset=utf-8";
static const char bytes_type[] = "application/octet-stream";

enum { PREFIX_LEN = sizeof "/log/" - 1 };

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

enum http_next log_witnessed_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    enum ambit_err err = broker_log_witnessed(app, &reply->body);
    if (err != AMBIT_OK)
        return reading_fail(req, reply, err);
    reply->status = 200;
    reply->content_type = text_type;
    http_reply_header(reply, "Cache-Control", "public, max-age=1");
    return HTTP_DONE;
}

/* ---- tiles and bundles ---- */

static enum ambit_err put_resource(struct broker *broker, struct ambit_str path, struct buf *out)
{
    struct store_txn *txn = NULL;
    TLOG_CHECKPOINT_AUTO *checkpoint = tlog_checkpoint_acquire(broker_log(broker));
    enum ambit_err err = store_read_begin(broker_store(broker), &txn);
    if (err != AMBIT_OK)
        return err;
    err = record_file(txn, checkpoint->size, path, out);
    if (err == AMBIT_ERR_NOT_FOUND) /* of events that have left the store */
        err = record_file_pruned(broker_segments(broker), txn, checkpoint->size, path, out);
    store_read_end(txn);
    return err == AMBIT_OK ? buf_check(out) : err;
}

/* No such name, and nothing there, are the same answer. */
static enum ambit_err reply_resource(struct broker *broker, struct http_request *req,
                                     struct http_reply *reply)
{
    struct ambit_str name = {.p = req->path.p + PREFIX_LEN, .len = req->path.len - PREFIX_LEN};
    enum ambit_err err =
        req->query.p == NULL ? put_resource(broker, name, &reply->body) : AMBIT_ERR_NOT_FOUND;
    if (err != AMBIT_OK)
        return err;
    reply->status = 200;
    reply->content_type = bytes_type;
    return AMBIT_OK;
}

static enum ambit_err reply_tile(struct broker *broker, struct http_request *req,
                                 struct http_reply *reply)
{
    bool is_public = broker_log_config(broker)->is_public;
    enum ambit_err err = reply_resource(broker, req, reply);
    if (err != AMBIT_OK)
        return err;
    reply->no_store = false;
    http_reply_header(reply, "Cache-Control",
                      is_public ? "public, max-age=31536000, immutable"
                                : "private, max-age=31536000, immutable");
    return AMBIT_OK;
}

/* A log is read in many pieces: told once a minute, as the pages of one query are. */
static enum http_next finish(struct broker *broker, struct reading *reading,
                             struct http_request *req, struct http_reply *reply)
{
    if (reading == NULL || broker_log_read_is_told(broker, reading->access.caller.name))
        return HTTP_DONE;
    return reading_record(reading, req, reply);
}

enum http_next log_tile_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    if (!broker_log_config(app)->is_public &&
        !reading_open_for(app, RIGHT_LOG, req, reply, &reading))
        return HTTP_DONE;
    enum ambit_err err = reply_tile(app, req, reply);
    return err == AMBIT_OK ? finish(app, reading, req, reply) : reading_fail(req, reply, err);
}

/* ---- what opens commitments, and documents ---- */

/* Never public, whatever the tiles are; not to be kept: an erasure takes from them. */
enum http_next log_private_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    if (!reading_open_for(app, RIGHT_LOG, req, reply, &reading))
        return HTTP_DONE;
    enum ambit_err err = reply_resource(app, req, reply);
    return err == AMBIT_OK ? finish(app, reading, req, reply) : reading_fail(req, reply, err);
}
