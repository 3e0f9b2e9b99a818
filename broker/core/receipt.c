/* SPDX-License-Identifier: Apache-2.0 */
/* See receipt.h. */
#include "core/receipt.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/query_internal.h"
#include "ledger/indexer.h"
#include "ledger/ledger.h"
#include "ledger/tiles.h"
#include "ledger/tlog_proof.h"

enum { INDEX_WAIT_MS = 2000, QUERY_WAIT_MS = 1500, SAME_ID_MAX = 8 };

/* ---- waiting ---- */

static void on_published(void *ctx, bool is_covered)
{
    struct receipt *receipt = ctx;
    struct broker *broker = receipt->broker;
    receipt->is_covered = is_covered;
    receipt->resume(receipt->ctx); /* and the receipt may be gone */
    if (broker->kick)
        broker->kick(broker->kick_ctx);
}

void receipt_wait(struct broker *broker, struct receipt *receipt, uint64_t seq)
{
    receipt->has_waited = true;
    receipt->broker = broker;
    receipt->waiter =
        (struct tlog_waiter){.seq = seq,
                             .at_most_ms = broker_log_config(broker)->receipts_wait_ms,
                             .done = on_published,
                             .ctx = receipt};
    struct tlog *log = broker_log(broker);
    if (log)
        tlog_wait_begin(log, &receipt->waiter);
    else
        on_published(receipt, false);
}

/* ---- the text ---- */

static AMBIT_CHECKED enum ambit_err write_proof(const struct reading *reading, uint64_t seq,
                                                const struct tlog_checkpoint *checkpoint,
                                                struct buf *out)
{
    struct tile tile;
    size_t place = seq % AMBIT_TILE_HASHES;
    char leaf[(sizeof tile.hash[0].b + 2) / 3 * 4];
    struct tlog_proof proof = {.index = seq, .checkpoint = buf_str(&checkpoint->note)};
    /* The hash alone, of what was pruned too: this runs on loops. */
    enum ambit_err err =
        tile_read(reading->txn, checkpoint->size, 0, seq / AMBIT_TILE_HASHES, place + 1, &tile);
    if (err == AMBIT_OK)
        err = tree_inclusion(reading->txn, seq, checkpoint->size, &proof.path);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    base64_encode(tile.hash[place].b, sizeof tile.hash[place].b, leaf);
    proof.extra = (struct ambit_str){leaf, sizeof leaf};
    tlog_proof_put(&proof, out);
    return buf_check(out);
}

void receipt_take(struct receipt *receipt, uint64_t seq, struct arena *arena)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    if (receipt->is_covered && query_receipt(receipt->broker, seq, &text) == AMBIT_OK)
        receipt->text = arena_copy(arena, buf_str(&text));
}

enum ambit_err query_receipt(struct broker *broker, uint64_t seq, struct buf *out)
{
    struct tlog *log = broker_log(broker);
    if (!log)
        return AMBIT_ERR_NOT_FOUND;
    TLOG_CHECKPOINT_AUTO *checkpoint = tlog_checkpoint_acquire(log);
    if (!checkpoint || seq >= checkpoint->size)
        return AMBIT_ERR_NOT_FOUND;
    struct reading reading;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = write_proof(&reading, seq, checkpoint, out);
    reading_end(&reading);
    return err;
}

/* ---- whose ---- */

static bool is_sought(enum index_tag tag, const struct caller *caller, enum event_type type)
{
    if (tag == INDEX_GRANT)
        return type == EVENT_GRANT_ISSUED;
    if (caller->kind == CALLER_PERSON)
        return true;
    return type == EVENT_GRANT_ISSUED || type == EVENT_GRANT_REFUSED ||
           type == EVENT_ACTION_ALLOWED || type == EVENT_ACTION_DENIED;
}

static bool is_of(const struct event *event, const struct caller *caller)
{
    return caller->kind == CALLER_PERSON    ? true
           : caller->kind == CALLER_SERVICE ? ambit_str_eq(event->service, caller->name)
           : caller->kind == CALLER_AGENT   ? ambit_str_eq(event->agent, caller->name)
                                            : false;
}

/* Among the first events of this id: the one that decided, if it is this caller's. */
static AMBIT_CHECKED enum ambit_err find(struct broker *broker, const struct reading *reading,
                                         enum index_tag tag, struct ambit_id id,
                                         const struct caller *caller, uint64_t *ret)
{
    uint64_t seqs[SAME_ID_MAX];
    size_t n = 0;
    char text[ID_TEXT_LEN];
    id_encode(id, text);
    struct index_query query = {.tag = tag, .value = {text, sizeof text}};
    enum ambit_err err = indexer_find(broker->search, &query, seqs, AMBIT_LEN(seqs), &n);
    BUF_AUTO memory;
    buf_init(&memory, 0);
    for (size_t i = 0; err == AMBIT_OK && i < n && seqs[i] < reading->head.edge.size; i++) {
        ARENA_AUTO arena;
        char block[8192];
        arena_init(&arena, block, sizeof block, 0);
        struct ledger_row row;
        struct event event;
        err = reading_event(reading, seqs[i], &memory, &arena, &row, &event);
        if (err == AMBIT_OK && is_sought(tag, caller, event.type) && is_of(&event, caller)) {
            *ret = seqs[i];
            return AMBIT_OK;
        }
    }
    return err != AMBIT_OK ? err : AMBIT_ERR_NOT_FOUND;
}

/* A decision by its own id; a token by its jti: the first event of a grant is that it was given. */
static AMBIT_CHECKED enum ambit_err look(struct broker *broker, struct ambit_id id,
                                         const struct caller *caller, uint64_t *ret)
{
    struct reading reading;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = find(broker, &reading, INDEX_ID, id, caller, ret);
    if (err == AMBIT_ERR_NOT_FOUND)
        err = find(broker, &reading, INDEX_GRANT, id, caller, ret);
    reading_end(&reading);
    return err;
}

enum ambit_err query_decided_seq(struct broker *broker, struct ambit_id id,
                                 const struct caller *caller, uint64_t *ret)
{
    uint64_t size = query_size(broker);
    enum ambit_err err = look(broker, id, caller, ret);
    if (err != AMBIT_ERR_NOT_FOUND || size == 0)
        return err;
    bool is_whole = indexer_wait(broker->indexer, size, INDEX_WAIT_MS);
    err = look(broker, id, caller, ret);
    return err == AMBIT_ERR_NOT_FOUND && !is_whole ? AMBIT_ERR_BUSY : err; /* could not tell */
}

/* ---- for readers of the log ---- */

static void put_base64(struct json_out *out, const void *bytes, size_t len)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_base64(&text, bytes, len);
    json_str(out, buf_check(&text) == AMBIT_OK ? buf_str(&text) : AMBIT_STR(""));
}

/* Of one whose segment is not here the hash alone: whoever has the entry can hold it against that.
 */
static AMBIT_CHECKED enum ambit_err put_entry(const struct reading *reading, uint64_t seq,
                                              struct json_out *out)
{
    BUF_AUTO memory;
    buf_init(&memory, 0);
    struct ledger_row row;
    struct ambit_digest leaf;
    enum ambit_err err = reading_row(reading, seq, &memory, &row);
    bool is_pruned = err == AMBIT_ERR_NOT_FOUND;
    if (err == AMBIT_OK || is_pruned)
        err = reading_leaf(reading, seq, &leaf);
    if (err != AMBIT_OK)
        return err;
    if (!is_pruned) {
        json_key(out, "entry");
        put_base64(out, row.bytes.p, row.bytes.len);
    }
    json_key(out, "leaf");
    json_hex(out, leaf.b, sizeof leaf.b);
    if (is_pruned) {
        json_key(out, "pruned");
        json_bool(out, true);
    }
    return AMBIT_OK;
}

enum ambit_err query_proof(struct broker *broker, uint64_t seq, struct json_out *out)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    struct reading reading;
    if (seq >= query_size(broker))
        return AMBIT_ERR_NOT_FOUND;
    /* On one of few query threads: not for as long as a receipt waits beside them. */
    if (!tlog_wait(broker_log(broker), seq, QUERY_WAIT_MS))
        return AMBIT_ERR_BUSY;
    enum ambit_err err = query_receipt(broker, seq, &text);
    if (err == AMBIT_OK)
        err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = put_entry(&reading, seq, out);
    json_member_str(out, "proof", buf_str(&text));
    json_key(out, "seq");
    json_i64(out, (int64_t)seq);
    reading_end(&reading);
    return err;
}

enum ambit_err query_consistency(struct broker *broker, uint64_t from, uint64_t to,
                                 struct json_out *out)
{
    struct tree_proof proof;
    struct reading reading;
    TLOG_CHECKPOINT_AUTO *checkpoint = tlog_checkpoint_acquire(broker_log(broker));
    if (!checkpoint || from == 0 || from > to || to > checkpoint->size)
        return AMBIT_ERR_NOT_FOUND;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = tree_consistency(reading.txn, from, to, &proof);
    reading_end(&reading);
    if (err != AMBIT_OK)
        return err;
    json_key(out, "from");
    json_i64(out, (int64_t)from);
    json_key(out, "proof");
    json_begin_array(out);
    for (size_t i = 0; i < proof.n; i++)
        put_base64(out, proof.node[i].b, sizeof proof.node[i].b);
    json_end_array(out);
    json_key(out, "to");
    json_i64(out, (int64_t)to);
    return AMBIT_OK;
}
