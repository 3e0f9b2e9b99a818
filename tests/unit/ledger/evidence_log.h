/* SPDX-License-Identifier: Apache-2.0 */
/* A log in memory, of 300 events in which a few things happen, signed by a key of its own. */
#pragma once

#include <stdio.h>

#include "support/unit.h"

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/key.h"
#include "ledger/checkpoint.h"
#include "ledger/event.h"
#include "ledger/source.h"
#include "ledger/tree.h"

enum { SIZE = 300, FILES = 400, BEGAN_S = 1763632800 };

struct file {
    char path[LOG_PATH_MAX];
    struct buf bytes;
    bool is_gone;
};
struct log {
    struct file file[FILES];
    size_t n;
};

static struct file *find_file(struct log *log, const char *path)
{
    for (size_t i = 0; i < log->n; i++)
        if (strcmp(log->file[i].path, path) == 0)
            return &log->file[i];
    assert_true(log->n < FILES);
    (void)snprintf(log->file[log->n].path, LOG_PATH_MAX, "%s", path);
    return &log->file[log->n++];
}

static struct buf *file_of(struct log *log, const char *path)
{
    return &find_file(log, path)->bytes;
}

static enum ambit_err get(void *ctx, const char *path, size_t max, struct buf *ret)
{
    const struct log *log = ctx;
    for (size_t i = 0; i < log->n; i++) {
        if (log->file[i].is_gone || strcmp(log->file[i].path, path) != 0)
            continue;
        if (log->file[i].bytes.len > max)
            return AMBIT_ERR_TOO_LARGE;
        buf_put_str(ret, buf_str(&log->file[i].bytes));
        return buf_check(ret);
    }
    return AMBIT_ERR_NOT_FOUND;
}

static enum ambit_err put(void *ctx, const char *path, struct ambit_str bytes)
{
    struct buf *file = file_of(ctx, path);
    assert_int_equal(file->len, 0); /* each once */
    buf_put_str(file, bytes);
    return buf_check(file);
}

static enum ambit_err each(void *ctx, void (*one)(void *one_ctx, const char *path), void *one_ctx)
{
    const struct log *log = ctx;
    for (size_t i = 0; i < log->n; i++)
        if (!log->file[i].is_gone)
            one(one_ctx, log->file[i].path);
    return AMBIT_OK;
}

static void done(struct log *log)
{
    for (size_t i = 0; i < log->n; i++)
        buf_done(&log->file[i].bytes);
    free(log);
}

/* ---- a log ------------------------------------------------------------------------------------
 */

static struct ambit_id id_of(uint64_t n)
{
    struct ambit_id id = {{0}};
    put_be64(id.b + 8, n);
    return id;
}

enum { CHIEF = 1000, HAND, ASKED, STOPPED, OPENED, OLD, STOPPED_TOO, OPENED_TOO };
static const struct ambit_stop_view used[] = {
    {.id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, STOPPED >> 8, STOPPED & 0xff}},
     .kind = AMBIT_TARGET_OWNER,
     .target = {"dana", 4}}};

static const struct ambit_given given[] = {
    {.action = {"x.y", 3}, .resource = {"svc:x/1", 7}, .policy = {"helper", 6}, .rule = {"a", 1}},
    {.action = {"x.z", 3}, .resource = {"svc:x/1", 7}, .policy = {"second", 6}, .rule = {"b", 1}}};

/* At these sequences something happens; everywhere else somebody reads. */
static void fill(uint64_t seq, struct event *event)
{
    event->decision = EVENT_DECISION_NONE;
    switch (seq) {
    case 10:
        event->type = EVENT_GRANT_ISSUED;
        event->agent = AMBIT_STR("chief");
        event->owner = AMBIT_STR("dana");
        event->grant = event->lineage = id_of(CHIEF);
        event->decision = AMBIT_ALLOW;
        break;
    case 20:
        event->type = EVENT_GRANT_ISSUED;
        event->agent = AMBIT_STR("hand");
        event->owner = AMBIT_STR("dana");
        event->policy = AMBIT_STR("helper");
        event->items = given;
        event->n_items = AMBIT_LEN(given);
        event->grant = id_of(HAND);
        event->parent = event->lineage = id_of(CHIEF);
        event->depth = 1;
        event->decision = AMBIT_ALLOW;
        break;
    case 30:
        event->type = EVENT_APPROVAL_ASKED;
        event->agent = AMBIT_STR("hand");
        event->approval = id_of(ASKED);
        break;
    case 31:
        event->type = EVENT_APPROVAL_GIVEN;
        event->person = AMBIT_STR("lee");
        event->words = AMBIT_STR("I looked");
        event->approval = id_of(ASKED);
        break;
    case 40:
        event->type = EVENT_ACTION_ALLOWED;
        event->agent = AMBIT_STR("hand");
        event->owner = AMBIT_STR("dana");
        event->grant = id_of(HAND);
        event->lineage = id_of(CHIEF);
        event->approval = id_of(ASKED);
        event->decision = AMBIT_ALLOW;
        event->stated_reason = AMBIT_STR("because");
        break;
    case 260:
        event->type = EVENT_ACTION_OUTCOME;
        event->cause = id_of(41); /* the id of event 40 */
        event->reported_by = AMBIT_STR("service");
        event->outcome = AMBIT_STR("succeeded");
        break;
    case 50:
        event->type = EVENT_STOP_RAISED;
        event->target = AMBIT_STR("owner:dana");
        event->person = AMBIT_STR("kim");
        event->stop = id_of(STOPPED);
        event->incident = id_of(OPENED);
        event->holds = true;
        break;
    case 60:
        event->type = EVENT_ACTION_DENIED;
        event->agent = AMBIT_STR("chief");
        event->grant = event->lineage = id_of(CHIEF);
        event->decision = AMBIT_DENY;
        event->reason = AMBIT_REASON_STOPPED;
        event->used_stops = used;
        event->n_used_stops = 1;
        break;
    case 70:
        event->type = EVENT_STOP_RAISED;
        event->target = AMBIT_STR("policy:second");
        event->person = AMBIT_STR("kim");
        event->stop = id_of(STOPPED_TOO);
        event->incident = id_of(OPENED_TOO);
        event->holds = true;
        break;
    case 290:
        event->type = EVENT_STOP_CLEARED;
        event->stop = id_of(STOPPED);
        event->person = AMBIT_STR("kim");
        break;
    case 295:
        event->type = EVENT_BROKER_STARTED;
        break;
    default:
        event->type = EVENT_PERSON_READ;
        event->person = AMBIT_STR("reader");
    }
}

static void put_event(uint64_t seq, struct buf *bundle, struct buf *openings,
                      struct ambit_digest *ret_leaf)
{
    static const struct event_seed seed = {{9}};
    struct event event = {
        .seq = seq, .time_ms = (BEGAN_S + (int64_t)seq) * 1000, .id = id_of(seq + 1)};
    BUF_AUTO opening;
    BUF_AUTO leaf;
    buf_init(&opening, 0);
    buf_init(&leaf, 0);
    fill(seq, &event);
    assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_OK);
    buf_put_char(bundle, (char)(leaf.len >> 8));
    buf_put_char(bundle, (char)leaf.len);
    buf_put_str(bundle, buf_str(&leaf));
    *ret_leaf = tree_leaf(buf_str(&leaf));
    if (opening.len > 0) {
        buf_put_text(openings, "{\"open\":");
        buf_put_str(openings, buf_str(&opening));
        buf_printf(openings, ",\"seq\":%llu}\n", (unsigned long long)seq);
    }
}

/* The log's own key, and its checkpoint. */
static void sign(struct log *log, struct ambit_digest root)
{
    struct crypto_key *key = NULL;
    struct note_verifier verifier;
    const struct checkpoint checkpoint = {
        .origin = AMBIT_STR("test/log"), .size = SIZE, .root = root};
    assert_int_equal(crypto_key_new(CRYPTO_ED25519, &key), AMBIT_OK);
    assert_int_equal(checkpoint_sign(&checkpoint, key, file_of(log, "checkpoint")), AMBIT_OK);
    assert_int_equal(note_verifier_of(checkpoint.origin, NOTE_ED25519, key, &verifier), AMBIT_OK);
    note_verifier_put(&verifier, file_of(log, "log.vkey"));
    crypto_key_free(key);
}

static struct log *make(void)
{
    static const char *const bundles[] = {"tile/entries/000", "tile/entries/001.p/44"};
    static const char *const tiles[] = {"tile/0/000", "tile/0/001.p/44"};
    static const char *const openings[] = {"openings/000", "openings/001"};
    struct tree_edge edge = {.size = 0};
    struct log *log = calloc(1, sizeof *log);
    assert_non_null(log);
    for (uint64_t seq = 0; seq < SIZE; seq++) {
        struct ambit_digest leaf;
        size_t at = seq / 256;
        put_event(seq, file_of(log, bundles[at]), file_of(log, openings[at]), &leaf);
        buf_put(file_of(log, tiles[at]), leaf.b, sizeof leaf.b);
        tree_edge_add(&edge, leaf);
        if (edge.size % 256 == 0)
            buf_put(file_of(log, "tile/1/000.p/1"), edge.node[8].b, sizeof leaf.b);
    }
    find_file(log, "openings/001")->is_gone = file_of(log, "openings/001")->len == 0;
    sign(log, tree_root(&edge));
    return log;
}
