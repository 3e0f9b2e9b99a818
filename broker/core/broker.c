/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing the broker. */
#include "core/internal.h"

#include <unistd.h>

#include "base/random.h"
#include "core/attest.h"
#include "core/await.h"
#include "core/backup.h"
#include "core/budget.h"
#include "core/distrust.h"
#include "core/failures.h"
#include "core/live_before.h"
#include "core/prune.h"
#include "core/repeat.h"
#include "core/searching.h"
#include "core/sealed.h"
#include "core/witness.h"
#include "core/signing.h"
#include "core/status.h"
#include "core/tick.h"
#include "core/tlog_open.h"
#include "core/vouched.h"
#include "crypto/digest.h"
#include "ledger/indexer.h"
#include "ledger/tlog.h"
#include "store/lock.h"
#include "store/search.h"

enum { ATTESTATION_S = 90 * 86400 };

/* ---- opening ------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err copy_text(struct buf *buf, struct ambit_str text)
{
    buf_init(buf, 0);
    buf_put_str(buf, text);
    buf_put_char(buf, '\0');
    if (buf->err == AMBIT_OK)
        buf->len--; /* the NUL stands behind the text */
    return buf_check(buf);
}

static AMBIT_CHECKED enum ambit_err path_of(const struct broker *broker, const char *name,
                                            struct buf *ret)
{
    buf_init(ret, 0);
    buf_put_str(ret, buf_str(&broker->state_folder));
    buf_put_char(ret, '/');
    buf_put_text(ret, name);
    buf_put_char(ret, '\0');
    return buf_check(ret);
}

static AMBIT_CHECKED enum ambit_err open_store(struct broker *broker)
{
    BUF_AUTO folder;
    enum ambit_err err = path_of(broker, "store", &folder);
    if (err != AMBIT_OK)
        return err;
    struct store_options options = {.folder = folder.p,
                                    .create = true,
                                    .map_bytes = broker->limits.store_bytes,
                                    .grow_bytes = broker->limits.store_grow_bytes,
                                    .reserve_bytes = broker->limits.store_reserve_bytes};
    return store_open(&options, &broker->store);
}

static AMBIT_CHECKED enum ambit_err look_at_dead(struct store_txn *txn, const struct head *head)
{
    enum ambit_err err = tally_check(txn, head);
    if (err == AMBIT_ERR_DAMAGED)
        LOG(LOG_ERROR, "stops, holds and cut-offs are not those that were recorded: `ambit verify` "
                       "names the rows");
    return err;
}

/* The stored set, or at the very first start nothing yet. */
static AMBIT_CHECKED enum ambit_err take_up_state(struct broker *broker)
{
    static const struct ambit_digest none = {{0}};
    struct store_txn *txn = NULL;
    struct head head = {0};
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = head_load(txn, &head);
    if (err == AMBIT_ERR_NOT_FOUND)
        err = AMBIT_OK;
    if (err == AMBIT_OK)
        err = look_at_dead(txn, &head);
    if (err == AMBIT_OK && !ambit_digest_eq(head.documents, none))
        err = documents_load(txn, &head.documents, &broker->documents);
    if (err == AMBIT_OK && broker->documents != NULL)
        err = identity_keys_attach(broker->documents->keys, broker->trust);
    if (err == AMBIT_OK)
        err = holds_load(txn, head.holds_version, &broker->holds);
    if (err == AMBIT_OK)
        err = people_look(broker, txn);
    broker->size_at_start = head.edge.size;
    atomic_store(&broker->size, head.edge.size);
    atomic_store(&broker->stops_in_force, head.stops_in_force);
    broker->settle.kept = broker->settle.next =
        (struct settle_state){.able_ms = head.last_now_ms, .was_outage = true};
    store_read_end(txn);
    return err;
}

/* At the first start there is no set that anything could be recorded under: an empty one stands in
 * until the first activation, in the same batch. */
static AMBIT_CHECKED enum ambit_err empty_documents(struct broker *broker)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    struct ambit_read_env env = {.sha256 = crypto_sha256};
    enum ambit_err err = ambit_documents_read(NULL, 0, &env, &problems, &documents);
    ambit_problems_done(&problems);
    return err == AMBIT_OK ? documents_ref_new(documents, NULL, &broker->documents) : err;
}

struct own_job {
    struct writer_job job;
    struct broker *broker;
    enum event_type type;
    struct ambit_str detail;
};

static enum ambit_err own_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct own_job *own = (struct own_job *)(void *)job;
    return record_own(own->broker, txn, now_ms, own->type, (struct ambit_str){0}, own->detail);
}

enum ambit_err broker_record_own(struct broker *broker, enum event_type type,
                                 struct ambit_str detail)
{
    struct own_job own = {.job = {.class = WRITER_RECORDS, .run = own_run},
                          .broker = broker,
                          .type = type,
                          .detail = detail};
    return writer_call(broker->writer, &own.job);
}

/* The folder is a proposal: at the first start it must hold, later a broken one leaves the stored
 * set in force and is an alarm. */
static AMBIT_CHECKED enum ambit_err propose_folder(struct broker *broker, bool is_first,
                                                   struct ambit_problems *problems)
{
    enum ambit_err err = broker_reload(broker, problems);
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_NOT_FOUND) {
        if (is_first)
            return AMBIT_ERR_MALFORMED;
        LOG(LOG_ERROR, "the documents folder does not hold: the stored set stays in force",
            LOG_NUMBER("errors", (int64_t)problems->n_errors));
        return AMBIT_OK;
    }
    if (err == AMBIT_OK && is_first && broker->is_enforcing)
        LOG(LOG_WARNING, "the first set came in force on signatures by keys that stand in it: look "
                         "at who its people are");
    return err;
}

/* By the time that is believed: the wall clock may be anywhere. */
static void live_begin(struct broker *broker)
{
    int64_t now_ms = broker_now_ms(broker);
    struct ambit_id first = random_id(now_ms);
    live_init(&broker->live, now_ms, &first);
}

static AMBIT_CHECKED enum ambit_err open_parts(struct broker *broker,
                                               const struct broker_options *options,
                                               struct ambit_problems *problems,
                                               const char **ret_step, struct buf *reterr_text)
{
    *ret_step = "the state folder cannot be locked";
    enum ambit_err err = store_lock(broker->state_folder.p, &broker->lock_fd);
    if (err != AMBIT_OK)
        return err;
    *ret_step = "the store cannot be opened";
    err = open_store(broker);
    *ret_step = "the stored state cannot be taken up";
    if (err == AMBIT_OK)
        err = take_up_state(broker);
    *ret_step = "the store cannot be held against what was published";
    if (err == AMBIT_OK) /* before anything is written: it would grow */
        err = tlog_look(broker, options->accept_rollback, reterr_text);
    if (err != AMBIT_OK)
        return err;

    bool is_first = broker->documents == NULL;
    *ret_step = "the documents cannot be taken up";
    if (is_first)
        err = empty_documents(broker);
    if (err == AMBIT_OK && is_first) /* nothing is written before the first set is known to hold */
        err = documents_check(broker, problems);
    *ret_step = "the search index cannot be opened";
    if (err == AMBIT_OK) /* before the writer, whose commits wake it */
        err = searching_start(broker);
    *ret_step = "the writer cannot be started";
    if (err == AMBIT_OK)
        err = batch_start_writer(broker, options);
    if (err == AMBIT_OK)
        live_begin(broker);
    *ret_step = "the way on cannot be recorded";
    if (err == AMBIT_OK)
        err = distrust_start(broker, options->accept_time, reterr_text);
    if (err == AMBIT_OK)
        err = tlog_continue(broker);
    *ret_step = "stops.journal cannot be taken into the record";
    if (err == AMBIT_OK)
        err = store_journal_take(broker->store, sealed_take, broker);
    *ret_step = "the documents cannot be taken up";
    if (err == AMBIT_OK)
        err = propose_folder(broker, is_first, problems);
    *ret_step = "the signing key cannot be made or read";
    if (err == AMBIT_OK)
        err = signing_open(broker);
    *ret_step = "the status lists cannot be built";
    if (err == AMBIT_OK)
        err = status_start(broker);
    *ret_step = "the log cannot be begun";
    if (err == AMBIT_OK)
        err = tlog_begin(broker);
    *ret_step = "the start cannot be recorded";
    if (err == AMBIT_OK)
        err = broker_record_own(broker, EVENT_BROKER_STARTED,
                                AMBIT_STR("{\"version\":\"" AMBIT_VERSION "\"}"));
    *ret_step = "the log cannot be opened";
    return err == AMBIT_OK ? tlog_open(broker) : err;
}

static AMBIT_CHECKED enum ambit_err broker_init(struct broker *broker,
                                                const struct broker_options *options)
{
    pthread_mutex_init(&broker->lock, NULL);
    pending_init(&broker->pending);
    pthread_mutex_init(&broker->live_turn, NULL);
    broker->lock_fd = -1;
    random_bytes(broker->nonces.key, sizeof broker->nonces.key);
    broker->limits = options->limits;
    broker->wall_ms = options->wall_ms;
    broker->is_enforcing = options->is_enforcing;
    broker->attestation_s = options->attestation_s > 0 ? options->attestation_s : ATTESTATION_S;
    broker->algorithm = options->algorithm;
    broker->status_ttl_s = options->status_ttl_s;
    broker->status_size = options->status_size;
    broker->is_deferring = options->is_deferring;
    broker->rotate_ms = options->rotate_s * 1000;
    broker->keys_due_ms = INT64_MAX;
    broker->kick = options->kick;
    broker->kick_ctx = options->kick_ctx;
    broker->forward = options->forward;
    broker->reload_files = options->reload_files;
    broker->reload_ctx = options->reload_ctx;
    broker->log_config = options->log;
    broker->trust = options->trust;
    enum ambit_err err = copy_text(&broker->issuer, options->issuer);
    if (err == AMBIT_OK)
        err = copy_text(&broker->state_folder, ambit_str_of(options->state_folder));
    if (err == AMBIT_OK)
        err = copy_text(&broker->documents_folder, ambit_str_of(options->documents_folder));
    if (err == AMBIT_OK && options->credentials_folder != NULL)
        err = copy_text(&broker->credentials_folder, ambit_str_of(options->credentials_folder));
    if (err == AMBIT_OK)
        err = budgets_new(&options->limits, &broker->budgets);
    if (err == AMBIT_OK && options->limits.failed_burst > 0)
        err = failures_new(options->limits.failed_burst, options->limits.failed_per_minute,
                           &broker->failures);
    if (err == AMBIT_OK)
        err = backups_new(options->backup_folder, options->backup_keys, options->backup_bytes_per_s,
                          broker);
    const struct prune_options prune = {.folder = options->segments_folder,
                                        .least_age_ms = options->least_age_s * 1000,
                                        .keep_ms = options->keep_s * 1000};
    if (err == AMBIT_OK)
        err = prunes_new(&prune, broker);
    if (err == AMBIT_OK)
        err = unproved_new(&broker->unproved);
    if (err == AMBIT_OK)
        err = repeats_new(&broker->repeats);
    broker->live_before = live_before_new();
    broker->recent = calloc(1, sizeof *broker->recent);
    broker->vouched = vouched_new();
    broker->polls = calloc(1, sizeof *broker->polls);
    if (err == AMBIT_OK && (broker->live_before == NULL || broker->recent == NULL ||
                            broker->vouched == NULL || broker->polls == NULL))
        err = AMBIT_ERR_NO_MEMORY;
    broker->decision = malloc(sizeof *broker->decision);
    return err == AMBIT_OK && broker->decision == NULL ? AMBIT_ERR_NO_MEMORY : err;
}

enum ambit_err broker_open(const struct broker_options *options, struct ambit_problems *problems,
                           struct broker **ret, struct buf *reterr_text)
{
    const char *step = "out of memory";
    struct broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = broker_init(broker, options);
    if (err == AMBIT_OK)
        err = open_parts(broker, options, problems, &step, reterr_text);
    if (err == AMBIT_OK) {
        step = "the witnesses cannot be followed";
        err = witnesses_start(broker, &broker->witnesses, reterr_text);
    }
    if (err != AMBIT_OK) {
        if (reterr_text->len == 0)
            buf_printf(reterr_text, "%s: %s", step, ambit_err_text(err));
        broker_close(broker);
        return err;
    }
    atomic_store(&broker->is_open, true);
    *ret = broker;
    return AMBIT_OK;
}

void broker_close(struct broker *broker)
{
    if (broker == NULL)
        return;
    status_stop(broker);
    backups_stop(broker);
    prunes_stop(broker);
    if (broker->writer != NULL) {
        if (broker->keys != NULL &&
            broker_record_own(broker, EVENT_BROKER_STOPPED, (struct ambit_str){0}) != AMBIT_OK)
            LOG(LOG_WARNING, "the stop of the broker could not be recorded");
        atomic_store(&broker->is_stopping, true);
        writer_stop(broker->writer);
    }
    witnesses_stop(TAKE(broker->witnesses));
    tlog_close(broker);
    searching_stop(broker);
    batch_drop(&broker->batch);
    broker_documents_release(broker->documents);
    holds_release(broker->holds);
    signing_close(broker);
    store_close(broker->store);
    if (broker->lock_fd >= 0)
        store_unlock(broker->lock_fd);
    budgets_free(broker->budgets);
    failures_free(broker->failures);
    backups_free(broker);
    prunes_free(broker);
    unproved_free(broker->unproved);
    pending_done(&broker->pending);
    live_before_free(broker->live_before);
    repeats_free(broker->repeats);
    free(broker->recent);
    vouched_free(broker->vouched);
    free(broker->polls);
    free(broker->decision);
    buf_done(&broker->issuer);
    buf_done(&broker->state_folder);
    buf_done(&broker->documents_folder);
    buf_done(&broker->credentials_folder);
    pthread_mutex_destroy(&broker->lock);
    pthread_mutex_destroy(&broker->live_turn);
    free(broker);
}
