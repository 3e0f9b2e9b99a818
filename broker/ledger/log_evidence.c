/* SPDX-License-Identifier: Apache-2.0 */
/* Chosen events: each entry as it was hashed, and beside it the path from it to the root of a
 * checkpoint that the log signed (TLP-1). */
#include "ledger/log_verify_internal.h"

#include <stdio.h>

#include "base/encode.h"
#include "ledger/tlog_proof.h"

enum { RECEIPTS_MAX = 1 << 20 /* files */ };

struct receipts {
    uint64_t *seqs;
    size_t n, room;
    bool is_full;
};

/* "receipts/17" and `end`; one name for one number. */
static bool read_path(const char *path, const char *end, uint64_t *ret)
{
    static const char folder[] = "receipts/";
    size_t len = strlen(path), n = sizeof folder - 1, n_end = strlen(end);
    if (len <= n + n_end || memcmp(path, folder, n) != 0 || strcmp(path + len - n_end, end) != 0)
        return false;
    const struct ambit_str number = {.p = path + n, .len = len - n - n_end};
    return (number.len == 1 || number.p[0] != '0') && parse_u64(number, ret) == AMBIT_OK;
}

bool log_is_receipt(const char *path)
{
    uint64_t unused = 0;
    return read_path(path, ".entry", &unused) || read_path(path, ".tlog-proof", &unused) ||
           read_path(path, ".open", &unused);
}

static void take_path(void *ctx, const char *path)
{
    struct receipts *receipts = ctx;
    uint64_t seq = 0;
    bool is_ours = read_path(path, ".entry", &seq) || read_path(path, ".tlog-proof", &seq) ||
                   read_path(path, ".open", &seq);
    if (!is_ours || receipts->is_full)
        return;
    if (receipts->n == receipts->room) {
        size_t room = receipts->room ? 2 * receipts->room : 64;
        uint64_t *seqs = room <= RECEIPTS_MAX ? realloc(receipts->seqs, room * sizeof *seqs) : NULL;
        receipts->is_full = seqs == NULL;
        if (seqs == NULL)
            return;
        receipts->seqs = seqs;
        receipts->room = room;
    }
    receipts->seqs[receipts->n++] = seq;
}

static int compare_seqs(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Each event once, whichever of its files are there: what is missing of it is told. */
static void sort(struct receipts *receipts)
{
    size_t n = 0;
    if (receipts->n == 0)
        return;
    qsort(receipts->seqs, receipts->n, sizeof *receipts->seqs, compare_seqs);
    for (size_t i = 0; i < receipts->n; i++)
        if (n == 0 || receipts->seqs[n - 1] != receipts->seqs[i])
            receipts->seqs[n++] = receipts->seqs[i];
    receipts->n = n;
}

/* Every receipt leads to the checkpoint of the whole, or to one that the same key signed. */
static AMBIT_CHECKED enum ambit_err judge_proof(struct log_verify *verify, uint64_t seq,
                                                struct ambit_str text, struct ambit_str entry,
                                                const char *path)
{
    struct tlog_proof proof;
    struct note_verifier key;
    enum ambit_err err = tlog_proof_read(text, &proof);
    if (err != AMBIT_OK) {
        log_problem(verify, &seq, path, "is no receipt");
        return AMBIT_OK;
    }
    err = log_find_key(verify, &key);
    if (err != AMBIT_OK)
        return log_is_ours(err) ? err : AMBIT_OK;
    struct ambit_digest leaf = tree_leaf(entry);
    bool is_whole =
        verify->report->is_signed && ambit_str_eq(proof.checkpoint, buf_str(&verify->note));
    err = is_whole ? tree_inclusion_verify(leaf, proof.index, verify->checkpoint.size,
                                           proof.path.node, proof.path.n, verify->checkpoint.root)
                   : tlog_proof_verify(&proof, &key, leaf, NULL);
    if (err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_CRYPTO)
        return err;
    if (err != AMBIT_OK)
        log_problem(verify, &seq, path, "does not prove this entry under the log's key");
    else if (proof.index != seq)
        log_problem(verify, &seq, path, "proves another event");
    return AMBIT_OK;
}

enum ambit_err log_read_receipt(struct log_verify *verify, uint64_t seq, struct buf *ret_entry,
                                struct buf *ret_opening)
{
    char path[LOG_PATH_MAX];
    (void)snprintf(path, sizeof path, "receipts/%llu.open", (unsigned long long)seq);
    enum ambit_err err =
        verify->source->get(verify->source->ctx, path, AMBIT_EVENT_BYTES, ret_opening);
    if (log_is_ours(err))
        return err;
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        log_problem(verify, &seq, path, "cannot be read: %s", ambit_err_text(err));
    (void)snprintf(path, sizeof path, "receipts/%llu.entry", (unsigned long long)seq);
    return log_get(verify, path, AMBIT_EVENT_BYTES, ret_entry);
}

static AMBIT_CHECKED enum ambit_err one_receipt(struct log_verify *verify, uint64_t seq)
{
    char path[LOG_PATH_MAX];
    BUF_AUTO entry;
    BUF_AUTO proof;
    BUF_AUTO opening;
    buf_init(&entry, 0);
    buf_init(&proof, 0);
    buf_init(&opening, 0);
    enum ambit_err err = log_read_receipt(verify, seq, &entry, &opening);
    if (err == AMBIT_OK) {
        (void)snprintf(path, sizeof path, "receipts/%llu.tlog-proof", (unsigned long long)seq);
        err = log_get(verify, path, TLOG_PROOF_BYTES_MAX, &proof);
    }
    if (err != AMBIT_OK)
        return log_is_ours(err) ? err : AMBIT_OK;
    err = judge_proof(verify, seq, buf_str(&proof), buf_str(&entry), path);
    verify->report->events++;
    return err == AMBIT_OK ? log_judge_entry(verify, seq, buf_str(&entry), buf_str(&opening)) : err;
}

enum ambit_err log_verify_evidence(struct log_verify *verify)
{
    struct receipts receipts = {.n = 0};
    enum ambit_err err = AMBIT_OK;
    verify->report->root = verify->checkpoint.root;
    if (verify->source->each == NULL)
        return AMBIT_ERR_UNSUPPORTED; /* a URL serves a log, no evidence */
    err = verify->source->each(verify->source->ctx, take_path, &receipts);
    if (err == AMBIT_OK && receipts.is_full)
        err = AMBIT_ERR_NO_MEMORY;
    sort(&receipts);
    for (size_t i = 0; err == AMBIT_OK && i < receipts.n; i++) {
        err = one_receipt(verify, receipts.seqs[i]);
        if (verify->options->progress != NULL)
            verify->options->progress(verify->options->ctx, i + 1, receipts.n);
    }
    free(receipts.seqs);
    if (err == AMBIT_OK && !verify->options->no_redecide)
        err = log_verify_sets(verify);
    return err == AMBIT_OK ? log_verify_manifest(verify) : err;
}
