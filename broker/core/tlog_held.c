/* SPDX-License-Identifier: Apache-2.0 */
/* What was published, held against the store (CKP-2): a smaller store was rolled back or cut; one
 * of the same or a larger size must have the published root over its first events. */
#include "base/file.h"
#include "core/internal.h"
#include "core/tlog_open.h"
#include "core/tlog_start.h"
#include "ledger/checkpoint.h"

#include <fcntl.h>

const char *tlog_fault_text(enum tlog_fault fault)
{
    switch (fault) {
    case TLOG_FINE:
        return "fine";
    case TLOG_SMALLER:
        return "smaller";
    case TLOG_FORKED:
        return "forked";
    case TLOG_UNREADABLE:
        return "unreadable";
    case TLOG_ABSENT:
        return "absent";
    case TLOG_KEY:
        return "key";
    }
    return "fine";
}

/* The first fault is told; of two the larger size is remembered all the same. */
static bool begin_fault(struct tlog_start *start, enum tlog_fault fault)
{
    if (start->fault != TLOG_FINE)
        return false;
    start->fault = fault;
    return true;
}

static AMBIT_CHECKED enum ambit_err hold_root(struct store_txn *txn, struct tlog_start *start,
                                              const char *name, const struct checkpoint *published)
{
    struct ambit_digest root;
    enum ambit_err err = tree_root_at(txn, published->size, start->head.edge.size, &root);
    /* A tree that cannot be read there has not the root that was published either. */
    if (err != AMBIT_OK && err != AMBIT_ERR_DAMAGED)
        return err;
    if (err == AMBIT_OK && ambit_digest_eq(root, published->root))
        return AMBIT_OK;
    if (!begin_fault(start, TLOG_FORKED))
        return AMBIT_OK;
    buf_printf(&start->said,
               "the store is not the one that was published: %s says that its first %llu events "
               "have the root ",
               name, (unsigned long long)published->size);
    buf_put_base64(&start->said, published->root.b, sizeof published->root.b);
    buf_put_text(&start->said, ", in the store they have ");
    if (err == AMBIT_OK)
        buf_put_base64(&start->said, root.b, sizeof root.b);
    else
        buf_put_text(&start->said, "none, for its tree is damaged");
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err hold_size(struct store_txn *txn, struct tlog_start *start,
                                              const char *name, const struct checkpoint *published)
{
    if (!start->has_published || published->size > start->size) {
        start->has_published = true;
        start->size = published->size;
        start->root = published->root;
    }
    if (published->size <= start->head.edge.size)
        return hold_root(txn, start, name, published);
    if (begin_fault(start, TLOG_SMALLER))
        buf_printf(&start->said,
                   "the store is smaller than what was published: it has %llu events, and %s "
                   "covers %llu",
                   (unsigned long long)start->head.edge.size, name,
                   (unsigned long long)published->size);
    return AMBIT_OK;
}

/* By our own key under the origin that the note itself says: which log that is, is judged apart. */
static AMBIT_CHECKED enum ambit_err open_ours(const struct tlog_start *start, struct ambit_str note,
                                              struct checkpoint *ret)
{
    AMBIT_AUTO_FREE struct note *read = malloc(sizeof *read);
    struct note_verifier own = start->row.log;
    if (read == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = note_read(note, read);
    if (err == AMBIT_OK)
        err = checkpoint_read(read->text, ret);
    if (err == AMBIT_OK && start->key != NULL)
        err = note_verifier_of(ret->origin, NOTE_ED25519, start->key, &own);
    else if (err == AMBIT_OK && !start->has_row)
        err = AMBIT_ERR_REFUSED; /* nobody's key */
    return err == AMBIT_OK ? checkpoint_open(note, &own, ret) : err;
}

/* Which log it is of: what is left for another one may have gone further than the record knows. */
static void hold_origin(struct tlog_start *start, const char *name,
                        const struct checkpoint *published)
{
    bool is_ours =
        start->has_row && ambit_str_eq(note_verifier_name(&start->row.log), published->origin);
    if (tlog_generation(published->origin) > tlog_generation(tlog_start_origin(start)) ||
        start->origin_len == 0)
        tlog_start_name(start, published->origin);
    if (is_ours || (published->size == 0 && !start->has_row) || !begin_fault(start, TLOG_KEY))
        return;
    buf_printf(&start->said, "%s is of the log %.*s, and the record names %.*s", name,
               AMBIT_STR_ARG(published->origin), start->has_row ? (int)start->row.log.name_len : 4,
               start->has_row ? start->row.log.name : "none");
}

static AMBIT_CHECKED enum ambit_err hold_file(struct store_txn *txn, struct tlog_start *start,
                                              const char *name, struct ambit_str note,
                                              bool *ret_is_over)
{
    struct checkpoint published = {.size = 0};
    enum ambit_err err = open_ours(start, note, &published);
    if (err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_CRYPTO)
        return err;
    if (err == AMBIT_OK) {
        err = hold_size(txn, start, name, &published);
        hold_origin(start, name, &published);
        return err;
    }
    enum ambit_err over = tlog_row_find_over(txn, note);
    *ret_is_over = over == AMBIT_OK;
    if (over != AMBIT_ERR_NOT_FOUND)
        return over;
    if (begin_fault(start, TLOG_UNREADABLE))
        buf_printf(&start->said, "%s is no checkpoint that this log's key signed (%s)", name,
                   err == AMBIT_ERR_REFUSED ? "the signature is not its" : ambit_err_text(err));
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err hold_checkpoint(const struct broker *broker,
                                                    struct store_txn *txn, struct tlog_start *start)
{
    BUF_AUTO note = {0};
    enum ambit_err err = tlog_checkpoint_load(broker, &note);
    if (err == AMBIT_OK) {
        err = hold_file(txn, start, "STATE/log/checkpoint", buf_str(&note), &start->is_over);
        start->has_checkpoint = !start->is_over;
        return err;
    }
    if (err == AMBIT_ERR_NOT_FOUND) {
        if (start->has_row && begin_fault(start, TLOG_ABSENT))
            buf_put_text(&start->said, "STATE/log/checkpoint is gone, and the record says that "
                                       "this log has been published");
        return AMBIT_OK;
    }
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (begin_fault(start, TLOG_UNREADABLE))
        buf_printf(&start->said, "STATE/log/checkpoint cannot be read (%s)", ambit_err_text(err));
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err hold_witness(const struct broker *broker, struct store_txn *txn,
                                                 struct tlog_start *start)
{
    BUF_AUTO note = {0};
    bool is_over = false; /* the next checkpoint takes its place */
    if (broker->log_config.witness_file == NULL)
        return AMBIT_OK;
    enum ambit_err err =
        file_read(AT_FDCWD, broker->log_config.witness_file, NOTE_BYTES_MAX, &note);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK; /* it is new, or the disk is not mounted: told when it cannot be written */
    if (err == AMBIT_OK)
        return hold_file(txn, start, "the witness file", buf_str(&note), &is_over);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (begin_fault(start, TLOG_UNREADABLE))
        buf_printf(&start->said, "the witness file cannot be read (%s)", ambit_err_text(err));
    return AMBIT_OK;
}

/* The key that the record names signs, or none does. */
static AMBIT_CHECKED enum ambit_err hold_key(struct tlog_start *start)
{
    struct note_verifier own;
    if (!start->has_row)
        return AMBIT_OK;
    if (start->key == NULL) {
        if (begin_fault(start, TLOG_KEY))
            buf_put_text(&start->said, "the log's key is gone (STATE/keys/log.key, or the "
                                       "credential ambit-log-key)");
        return AMBIT_OK;
    }
    enum ambit_err err =
        note_verifier_of(note_verifier_name(&start->row.log), NOTE_ED25519, start->key, &own);
    if (err != AMBIT_OK)
        return err;
    if (memcmp(own.key, start->row.log.key, sizeof own.key) != 0 && begin_fault(start, TLOG_KEY))
        buf_put_text(&start->said, "the log's key (STATE/keys/log.key, or the credential "
                                   "ambit-log-key) is not the one that the record names");
    return AMBIT_OK;
}

enum ambit_err tlog_hold(const struct broker *broker, struct store_txn *txn,
                         struct tlog_start *start)
{
    enum ambit_err err = hold_checkpoint(broker, txn, start);
    if (err == AMBIT_OK)
        err = hold_witness(broker, txn, start);
    return err == AMBIT_OK ? hold_key(start) : err;
}
