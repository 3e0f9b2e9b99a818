/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a backup before it becomes a store: see restore_check.h. */
#include "core/restore_check.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "core/backup_files.h"
#include "core/head.h"
#include "core/restore_lost.h"
#include "core/verify.h"
#include "ledger/checkpoint.h"

enum { SAID_MAX = 512 };

enum ambit_err restore_say(struct restore_report *report, enum ambit_err err, const char *format,
                           ...)
{
    char text[SAID_MAX];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    report->why = arena_copy(&report->arena, (struct ambit_str){text, len});
    return err;
}

/* ---- the backup ---------------------------------------------------------------------------- */

static enum ambit_err path_in(const char *folder, const char *name, struct buf *ret)
{
    buf_init(ret, 0);
    buf_printf(ret, "%s/%s", folder, name);
    buf_put_char(ret, '\0');
    return buf_check(ret);
}

/* A store below `folder` that is only read, and where its record stands. */
static enum ambit_err open_store(const char *folder, struct restore_store *ret)
{
    BUF_AUTO path;
    enum ambit_err err = path_in(folder, "store", &path);
    struct store_options options = {.folder = path.p, .read_only = true};
    if (err == AMBIT_OK)
        err = store_open(&options, &ret->store);
    if (err == AMBIT_OK)
        err = store_read_begin(ret->store, &ret->txn);
    return err == AMBIT_OK ? head_load(ret->txn, &ret->head) : err;
}

void restore_store_close(struct restore_store *store)
{
    store_read_end(store->txn);
    store_close(store->store);
}

static enum ambit_err check_file(const struct restore_plan *plan, struct restore_report *report)
{
    FD_AUTO fd = -1;
    struct ambit_digest digest = {{0}};
    uint64_t bytes = 0;
    enum ambit_err err = dir_open(AT_FDCWD, plan->backup, &fd);
    if (err == AMBIT_OK)
        err = backup_hash_file(fd, BACKUP_STORE, &digest, &bytes);
    if (err != AMBIT_OK)
        return restore_say(report, err, "%s: %s", BACKUP_STORE, ambit_err_text(err));
    if (bytes != report->manifest.bytes || !ambit_digest_eq(digest, report->manifest.digest))
        return restore_say(report, AMBIT_ERR_REFUSED,
                           "%s is not what %s says: %llu bytes of %llu, or other ones",
                           BACKUP_STORE, BACKUP_MANIFEST, (unsigned long long)bytes,
                           (unsigned long long)report->manifest.bytes);
    return AMBIT_OK;
}

static enum ambit_err check_head(const struct restore_plan *plan, struct restore_report *report)
{
    AMBIT_CLEANUP(restore_store_close) struct restore_store backup = {0};
    enum ambit_err err = open_store(plan->backup, &backup);
    if (err != AMBIT_OK)
        return restore_say(report, AMBIT_ERR_REFUSED, "the store in the backup: %s",
                           ambit_err_text(err));
    if (backup.head.edge.size != report->manifest.size ||
        !ambit_digest_eq(tree_root(&backup.head.edge), report->manifest.root))
        return restore_say(report, AMBIT_ERR_REFUSED,
                           "the record in the backup does not stand where %s says",
                           BACKUP_MANIFEST);
    return AMBIT_OK;
}

static enum ambit_err check_record(const struct restore_plan *plan, struct restore_report *report)
{
    struct verify_report verified = {.events = 0};
    enum ambit_err err = verify_store(plan->backup, plan->scratch, &verified);
    if (err == AMBIT_OK && verified.n_problems > 0)
        err = restore_say(report, AMBIT_ERR_REFUSED,
                          "the record in the backup does not hold: %zu differences (ambit verify "
                          "names them)",
                          verified.n_problems);
    else if (err != AMBIT_OK)
        err = restore_say(report, AMBIT_ERR_REFUSED, "the record in the backup: %s",
                          ambit_err_text(err));
    verify_done(&verified);
    return err;
}

enum ambit_err restore_check_backup(const struct restore_plan *plan, struct restore_report *report)
{
    enum ambit_err err = backup_read(plan->backup, &report->arena, &report->manifest);
    if (err != AMBIT_OK)
        return restore_say(report, err, "%s/%s: %s", plan->backup, BACKUP_MANIFEST,
                           ambit_err_text(err));
    err = check_file(plan, report);
    if (err == AMBIT_OK)
        err = check_head(plan, report);
    return err == AMBIT_OK && !plan->without_verify ? check_record(plan, report) : err;
}

/* ---- how far the record had come ----------------------------------------------------------- */

/* Size and root of a checkpoint (CKP-1). Who signed it is not asked: one that is forged can only
 * have a restore refused. */
static enum ambit_err read_checkpoint(const char *path, struct restore_known *ret)
{
    BUF_AUTO bytes;
    AMBIT_AUTO_FREE struct note *note = malloc(sizeof *note);
    struct checkpoint checkpoint;
    buf_init(&bytes, 0);
    enum ambit_err err = note ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK)
        err = file_read(AT_FDCWD, path, NOTE_BYTES_MAX, &bytes);
    if (err == AMBIT_OK)
        err = note_read(buf_str(&bytes), note);
    if (err == AMBIT_OK)
        err = checkpoint_read(note->text, &checkpoint);
    if (err != AMBIT_OK)
        return err;
    ret->size = checkpoint.size;
    ret->root = checkpoint.root;
    return AMBIT_OK;
}

static enum ambit_err add_checkpoint(struct restore_report *report, const char *path,
                                     const char *what, bool may_be_absent)
{
    struct restore_known *known = &report->known[report->n_known];
    enum ambit_err err = read_checkpoint(path, known);
    if (err == AMBIT_ERR_NOT_FOUND && may_be_absent)
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return restore_say(report, AMBIT_ERR_REFUSED, "%s (%s): %s", what, path,
                           ambit_err_text(err));
    known->what = what;
    report->n_known++;
    return AMBIT_OK;
}

static enum ambit_err gather(const struct restore_plan *plan, struct restore_report *report,
                             struct restore_store *old)
{
    BUF_AUTO path;
    enum ambit_err err = path_in(plan->state, "log/checkpoint", &path);
    if (err == AMBIT_OK)
        err = add_checkpoint(report, path.p, "the published checkpoint", true);
    if (err == AMBIT_OK && plan->witness)
        err = add_checkpoint(report, plan->witness, "the witness file", false);
    if (err != AMBIT_OK)
        return err;
    /* A store that cannot be read is what restores are for: then the others tell. */
    if (open_store(plan->state, old) == AMBIT_OK)
        report->known[report->n_known++] =
            (struct restore_known){.what = "the store there",
                                   .size = old->head.edge.size,
                                   .root = tree_root(&old->head.edge)};
    else
        old->head.edge.size = 0;
    return AMBIT_OK;
}

uint64_t restore_newest(const struct restore_report *report, const char **ret_what)
{
    uint64_t size = 0;
    for (size_t i = 0; i < report->n_known; i++)
        if (report->known[i].size >= size) {
            size = report->known[i].size;
            *ret_what = report->known[i].what;
        }
    return size;
}

/* What is not behind the backup must be a beginning of it. */
static enum ambit_err hold_against(const struct restore_known *known, struct restore_store *backup,
                                   struct restore_report *report)
{
    struct ambit_digest root;
    if (known->size > backup->head.edge.size) {
        report->is_rollback = true;
        return AMBIT_OK;
    }
    enum ambit_err err = tree_root_at(backup->txn, known->size, backup->head.edge.size, &root);
    if (err == AMBIT_OK && !ambit_digest_eq(root, known->root))
        report->is_other_record = true;
    return err;
}

static enum ambit_err judge(const struct restore_plan *plan, struct restore_report *report)
{
    const char *what = "nothing";
    uint64_t newest = restore_newest(report, &what);
    if (report->is_other_record)
        return restore_say(report, AMBIT_ERR_REFUSED,
                           "the backup is of another record than %s: it has another root at the "
                           "same size",
                           what);
    if (report->is_rollback && !plan->accept_rollback)
        return restore_say(
            report, AMBIT_ERR_REFUSED, "rollback: the backup has %llu events, %s says %llu",
            (unsigned long long)report->manifest.size, what, (unsigned long long)newest);
    return AMBIT_OK;
}

enum ambit_err restore_check_rollback(const struct restore_plan *plan,
                                      struct restore_report *report)
{
    AMBIT_CLEANUP(restore_store_close) struct restore_store backup = {0}, old = {0};
    enum ambit_err err = gather(plan, report, &old);
    if (err == AMBIT_OK)
        err = open_store(plan->backup, &backup);
    for (size_t i = 0; err == AMBIT_OK && i < report->n_known; i++)
        err = hold_against(&report->known[i], &backup, report);
    uint64_t size = report->manifest.size;
    if (err == AMBIT_OK && old.head.edge.size > size) {
        struct ambit_digest root;
        err = tree_root_at(old.txn, size, old.head.edge.size, &root);
        if (err == AMBIT_OK && !ambit_digest_eq(root, report->manifest.root))
            report->is_other_record = true;
        else if (err == AMBIT_OK)
            restore_look_lost(&old, size, report);
    }
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_REFUSED
                   ? err
                   : restore_say(report, err, "the rollback check: %s", ambit_err_text(err));
    return judge(plan, report);
}
