/* SPDX-License-Identifier: Apache-2.0 */
/* The way of the log's start; see tlog_open.h. */
#include "core/tlog_open.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "core/tlog_start.h"
#include "crypto/digest.h"
#include "ledger/tlog.h"

static const char way_on[] = "; bring back what is missing, or go on as another log, on record: "
                             "ambitd --accept-rollback REASON";

/* A log keeps its name: another one in the configuration is a mistake, or another log's. */
static bool is_named_so(const struct broker *broker, const struct tlog_start *start)
{
    uint64_t n = 1;
    struct ambit_str name = note_verifier_name(&start->row.log);
    struct ambit_str wanted = broker->log_config.origin;
    return wanted.p == NULL || !start->has_row || ambit_str_eq(wanted, name) ||
           ambit_str_eq(wanted, tlog_origin_base(name, &n));
}

/* ---- looking ---- */

static AMBIT_CHECKED enum ambit_err read_row(struct store_txn *txn, struct tlog_start *start)
{
    enum ambit_err err = head_load(txn, &start->head);
    if (err == AMBIT_OK || err == AMBIT_ERR_NOT_FOUND)
        err = tlog_row_last(txn, &start->row);
    start->has_row = err == AMBIT_OK;
    if (start->has_row)
        tlog_start_name(start, note_verifier_name(&start->row.log));
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static bool is_key_of(const struct crypto_key *key, const struct note_verifier *log)
{
    uint8_t bytes[NOTE_KEY_BYTES];
    return key != NULL && crypto_key_put_ed25519(key, bytes) == AMBIT_OK &&
           memcmp(bytes, log->key, sizeof bytes) == 0;
}

/* A change of keys that is on record, and was not done with: the key that waits is the one. */
static AMBIT_CHECKED enum ambit_err complete_key(const struct broker *broker,
                                                 struct tlog_start *start)
{
    if (!start->has_row || is_key_of(start->key, &start->row.log) ||
        !is_key_of(start->next_key, &start->row.log))
        return AMBIT_OK;
    crypto_key_free(start->key);
    start->key = TAKE(start->next_key);
    return tlog_key_install(broker);
}

static AMBIT_CHECKED enum ambit_err look(struct broker *broker, struct tlog_start *start,
                                         struct buf *reterr_text)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = read_row(txn, start);
    if (err == AMBIT_OK)
        err = tlog_keys_load(broker, start);
    if (err == AMBIT_ERR_MALFORMED)
        buf_put_text(reterr_text, "the log's key (STATE/keys/log.key, or the credential "
                                  "ambit-log-key) is no private Ed25519 key");
    if (err == AMBIT_OK)
        err = complete_key(broker, start);
    if (err == AMBIT_OK)
        err = tlog_hold(broker, txn, start);
    store_read_end(txn);
    return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_CONFLICT : err;
}

/* What was found, as the answer of the start. */
static AMBIT_CHECKED enum ambit_err judge(struct broker *broker, struct tlog_start *start,
                                          struct ambit_str accept, struct buf *reterr_text)
{
    if (!is_named_so(broker, start)) {
        buf_printf(reterr_text,
                   "log.origin is %.*s, and this log is %.*s: a log keeps its name; expected that "
                   "one, or no log.origin",
                   AMBIT_STR_ARG(broker->log_config.origin), (int)start->row.log.name_len,
                   start->row.log.name);
        return AMBIT_ERR_CONFLICT;
    }
    if (start->fault == TLOG_FINE && accept.p == NULL)
        return AMBIT_OK;
    if (start->fault == TLOG_FINE) {
        buf_put_text(reterr_text, "there is nothing to accept: the store is what was published; "
                                  "start without --accept-rollback");
        return AMBIT_ERR_MALFORMED;
    }
    if (accept.p == NULL) {
        buf_put_str(reterr_text, buf_str(&start->said));
        buf_put_text(reterr_text, way_on);
        return AMBIT_ERR_CONFLICT;
    }
    if (start->is_handed && start->has_row && is_key_of(start->key, &start->row.log)) {
        buf_put_text(reterr_text, "another log needs another key: hand in a new one as the "
                                  "credential ambit-log-key");
        return AMBIT_ERR_CONFLICT;
    }
    buf_put_str(&start->accept, accept);
    return buf_check(&start->accept);
}

enum ambit_err tlog_look(struct broker *broker, struct ambit_str accept, struct buf *reterr_text)
{
    broker->log_start = calloc(1, sizeof *broker->log_start);
    if (broker->log_start == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = look(broker, broker->log_start, reterr_text);
    return err == AMBIT_OK ? judge(broker, broker->log_start, accept, reterr_text) : err;
}

/* ---- publishing ---- */

static enum ambit_err edge_of(struct store_txn *txn, struct tree_edge *ret)
{
    struct head head;
    enum ambit_err err = head_load(txn, &head);
    if (err == AMBIT_OK)
        *ret = head.edge;
    return err;
}

static uint64_t durable(void *ctx)
{
    const struct broker *broker = ctx;
    return atomic_load(&broker->size);
}

static void told(void *ctx, enum tlog_step step, enum ambit_err err)
{
    static const struct {
        const char *failed, *works;
    } texts[TLOG_STEPS] = {
        [TLOG_READ] = {"the log cannot read the record", "the log reads the record again"},
        [TLOG_PROVE] = {"the log signs nothing more: the tree is not the one that was published",
                        "the tree is the one that was published again"},
        [TLOG_FILE] = {"the checkpoint cannot be written: none is published",
                       "checkpoints are written and published again"},
        [TLOG_WITNESS_FILE] = {"the witness file cannot be written",
                               "the witness file is written again"},
    };
    (void)ctx;
    if (err == AMBIT_OK)
        LOG(LOG_NOTICE, texts[step].works);
    else
        LOG(LOG_ERROR,
            step == TLOG_WITNESS_FILE && err == AMBIT_ERR_DAMAGED
                ? "the log signs nothing more: the witness file holds a checkpoint in its name "
                  "that this record does not have"
                : texts[step].failed,
            LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
}

static void start_free(struct tlog_start *start)
{
    if (start == NULL)
        return;
    crypto_key_free(start->key);
    crypto_key_free(start->next_key);
    crypto_key_free(start->old_key);
    buf_done(&start->said);
    buf_done(&start->accept);
    free(start);
}

enum ambit_err tlog_open(struct broker *broker)
{
    struct tlog_start *start = TAKE(broker->log_start);
    struct tlog *log = NULL;
    BUF_AUTO folder = {0};
    buf_put_str(&folder, buf_str(&broker->state_folder));
    buf_put(&folder, "/log", sizeof "/log");
    const struct tlog_options options = {
        .store = broker->store,
        .folder = folder.p,
        .witness_file = broker->log_config.witness_file,
        .origin = tlog_start_origin(start),
        .key = start->key,
        .size = start->size,
        .root = start->root,
        .edge = edge_of,
        .durable = durable,
        .told = told,
        .ctx = broker,
    };
    enum ambit_err err = buf_check(&folder);
    if (err == AMBIT_OK)
        err = tlog_start(&options, &log);
    if (err == AMBIT_OK)
        atomic_store(&broker->log, log);
    start_free(start);
    return err;
}

void tlog_close(struct broker *broker)
{
    tlog_stop(atomic_exchange(&broker->log, NULL));
    start_free(TAKE(broker->log_start));
}

/* ---- who reads it ---- */

enum { TOLD_MS = 60 * 1000 };

bool broker_log_read_is_told(struct broker *broker, struct ambit_str person)
{
    struct ambit_digest digest;
    int64_t now_ms = broker_now_ms(broker);
    size_t at = 0;
    bool is_told = false;
    crypto_sha256(person.p, person.len, &digest);
    pthread_mutex_lock(&broker->lock);
    struct log_reader *readers = broker->log_readers;
    for (size_t i = 0; i < AMBIT_LEN(broker->log_readers); i++) {
        bool is_same = ambit_digest_eq(readers[i].person, digest);
        if (is_same || readers[i].told_ms < readers[at].told_ms)
            at = i; /* the same, or the one told longest ago */
        if (is_same)
            break;
    }
    int64_t passed_ms = now_ms - readers[at].told_ms;
    is_told = ambit_digest_eq(readers[at].person, digest) && passed_ms >= 0 && passed_ms < TOLD_MS;
    if (!is_told)
        readers[at] = (struct log_reader){.person = digest, .told_ms = now_ms};
    pthread_mutex_unlock(&broker->lock);
    return is_told;
}
