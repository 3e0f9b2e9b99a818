/* SPDX-License-Identifier: Apache-2.0 */
/* Making a backup's folder: see backup_folder.h. */
#include "core/backup_folder.h"

#include <fcntl.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/backup_files.h"
#include "core/head.h"
#include "crypto/digest.h"
#include "store/store.h"

enum { LOOK_EVERY = 16 << 20, STEP_US = 20000 };

struct making {
    const struct backup_plan *plan;
    struct crypto_hash *hash;
    int fd; /* of the folder, to ask the disk */
    uint64_t bytes, looked;
    int64_t begun_us;
    bool is_disk_short, is_held;
};

static enum ambit_err say(struct buf *said, const char *what, enum ambit_err err)
{
    buf_printf(said, "%s: %s", what, ambit_err_text(err));
    return err;
}

/* So many bytes should have taken so long: waits for the rest, a little at a time. */
static void keep_pace(const struct making *making)
{
    uint64_t rate = making->plan->bytes_per_s;
    if (rate == 0)
        return;
    int64_t due_us = making->begun_us + (int64_t)(making->bytes / (rate / 1000 + 1) * 1000);
    int64_t left_us = due_us - clock_mono_us();
    if (left_us <= STEP_US)
        return;
    struct timespec wait = {.tv_nsec = STEP_US * 1000L};
    (void)nanosleep(&wait, NULL);
}

static enum ambit_err look_at_disk(struct making *making)
{
    uint64_t left = 0;
    making->looked = making->bytes;
    enum ambit_err err = file_free_bytes(making->fd, &left);
    making->is_disk_short = err == AMBIT_OK && left < making->plan->reserve_bytes;
    return making->is_disk_short ? AMBIT_ERR_NO_SPACE : err;
}

static enum ambit_err take(void *ctx, const void *bytes, size_t len)
{
    struct making *making = ctx;
    const struct backup_plan *plan = making->plan;
    if (plan->is_over && atomic_load(plan->is_over))
        return AMBIT_ERR_STOPPING;
    crypto_hash_add(making->hash, bytes, len);
    making->bytes += len;
    if (plan->bytes)
        atomic_store(plan->bytes, making->bytes);
    keep_pace(making);
    return making->bytes - making->looked >= LOOK_EVERY ? look_at_disk(making) : AMBIT_OK;
}

/* Is there room for all of it, and the reserve of others? */
static enum ambit_err has_room(const struct making *making)
{
    struct store_space space;
    uint64_t left = 0;
    store_space(making->plan->store, &space);
    enum ambit_err err = file_free_bytes(making->fd, &left);
    if (err != AMBIT_OK)
        return err;
    return left >= space.used_bytes + making->plan->reserve_bytes ? AMBIT_OK : AMBIT_ERR_NO_SPACE;
}

static enum ambit_err copy_store(struct making *making, struct backup_manifest *manifest)
{
    FD_AUTO file = -1;
    enum ambit_err err = dir_make(making->fd, "store", 0700);
    if (err == AMBIT_OK)
        err = file_open_new(making->fd, BACKUP_STORE, &file);
    if (err == AMBIT_OK)
        err = crypto_hash_begin(&making->hash);
    if (err != AMBIT_OK)
        return err;
    struct store_copy copy = {.fd = file, .take = take, .ctx = making};
    making->begun_us = clock_mono_us();
    err = store_copy(making->plan->store, &copy, &making->is_held);
    crypto_hash_end(TAKE(making->hash), err == AMBIT_OK ? &manifest->digest : NULL);
    manifest->bytes = making->bytes;
    return err == AMBIT_OK ? dir_flush(making->fd, "store") : err;
}

/* Where the record stands in the copy: read from the copy itself, whose pages are walked by that.
 */
static enum ambit_err look_at_copy(const char *path, struct backup_manifest *manifest)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct store_options options = {.folder = path, .read_only = true};
    struct head head;
    enum ambit_err err = store_open(&options, &store);
    if (err == AMBIT_OK)
        err = store_read_begin(store, &txn);
    if (err == AMBIT_OK)
        err = head_load(txn, &head);
    if (err == AMBIT_OK) {
        manifest->size = head.edge.size;
        manifest->root = tree_root(&head.edge);
    }
    store_read_end(txn);
    store_close(store);
    return err;
}

static enum ambit_err copy_beside(const struct making *making, struct backup_manifest *manifest)
{
    FD_AUTO state = -1;
    enum ambit_err err = dir_open(AT_FDCWD, making->plan->state, &state);
    if (err == AMBIT_OK)
        err = backup_copy_folder(state, "log", making->fd, "log");
    if (err == AMBIT_ERR_NOT_FOUND)
        err = AMBIT_OK; /* nothing was published yet */
    if (err == AMBIT_OK && making->plan->with_keys)
        err = backup_copy_folder(state, "keys", making->fd, "keys");
    manifest->has_keys = making->plan->with_keys;
    return err;
}

static enum ambit_err write_manifest(const struct making *making,
                                     const struct backup_manifest *manifest)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    enum ambit_err err = backup_manifest_write(manifest, &text);
    return err == AMBIT_OK ? file_create(making->fd, BACKUP_MANIFEST, buf_str(&text), 0600) : err;
}

static enum ambit_err fill(struct making *making, const char *path, struct backup_manifest *ret,
                           struct buf *said)
{
    BUF_AUTO store;
    buf_init(&store, 0);
    buf_printf(&store, "%s/store", path);
    buf_put_char(&store, '\0');
    enum ambit_err err = buf_check(&store);
    if (err == AMBIT_OK)
        err = has_room(making);
    if (err != AMBIT_OK)
        return say(said, "there is no room for the copy beside the reserve", err);
    /* First what was published: the copy then goes on from it. */
    err = copy_beside(making, ret);
    if (err != AMBIT_OK)
        return say(said, "what lies beside the store could not be copied", err);
    err = copy_store(making, ret);
    if (making->is_held)
        return say(said, "the copy held back more than a quarter of the free space", err);
    if (making->is_disk_short)
        return say(said, "the disk fills: the reserve is the broker's", err);
    if (err != AMBIT_OK)
        return say(said, "the store could not be copied", err);
    err = look_at_copy(store.p, ret);
    if (err != AMBIT_OK)
        return say(said, "the copy is none that can be read", err);
    err = write_manifest(making, ret);
    if (err == AMBIT_OK)
        err = file_flush(making->fd);
    return err == AMBIT_OK ? err : say(said, "the manifest could not be written", err);
}

enum ambit_err backup_make(const struct backup_plan *plan, struct backup_manifest *ret,
                           struct buf *reterr_said)
{
    FD_AUTO fd = -1;
    BUF_AUTO path, whole;
    struct making making = {.plan = plan, .fd = -1};
    *ret = (struct backup_manifest){
        .name = plan->name, .time_ms = plan->now_ms, .version = ambit_str_of(plan->version)};
    enum ambit_err err = backup_paths(plan->folder, plan->name, &path, &whole);
    if (err == AMBIT_OK)
        err = dir_make(AT_FDCWD, plan->folder, 0700);
    if (err == AMBIT_OK && dir_open(AT_FDCWD, whole.p, &fd) == AMBIT_OK)
        err = AMBIT_ERR_EXISTS;
    if (err == AMBIT_OK)
        err = dir_remove(AT_FDCWD, path.p); /* of one that was cut short */
    if (err == AMBIT_OK)
        err = dir_make(AT_FDCWD, path.p, 0700);
    if (err == AMBIT_OK)
        err = dir_open(AT_FDCWD, path.p, &making.fd);
    if (err != AMBIT_OK)
        return say(reterr_said, plan->folder, err);
    err = fill(&making, path.p, ret, reterr_said);
    fd_closep(&making.fd);
    if (err != AMBIT_OK)
        backup_drop(plan->folder, plan->name);
    return err;
}

enum ambit_err backup_publish(const char *folder, struct ambit_str name)
{
    BUF_AUTO path, whole;
    enum ambit_err err = backup_paths(folder, name, &path, &whole);
    return err == AMBIT_OK ? file_rename(AT_FDCWD, path.p, whole.p) : err;
}

void backup_drop(const char *folder, struct ambit_str name)
{
    BUF_AUTO path, whole;
    enum ambit_err err = backup_paths(folder, name, &path, &whole);
    if (err == AMBIT_OK)
        err = dir_remove(AT_FDCWD, path.p);
    (void)err; /* the next one of that name takes it away */
}
