/* SPDX-License-Identifier: Apache-2.0 */
/* See record_source.h. */
#include "core/record_source.h"

#include <fcntl.h>

#include "base/buf.h"
#include "base/file.h"
#include "core/record_files.h"
#include "core/segment.h"
#include "ledger/checkpoint.h"
#include "store/store.h"

struct record_source {
    int fd; /* of the state folder */
    struct store *store;
    struct store_txn *txn;
    struct segments *segments; /* STATE/segments, of what was pruned */
    uint64_t size;
};

static AMBIT_CHECKED enum ambit_err read_size(struct record_source *source)
{
    BUF_AUTO file;
    buf_init(&file, 0);
    struct checkpoint checkpoint;
    struct note *note = malloc(sizeof *note);
    if (note == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = file_read(source->fd, "log/checkpoint", NOTE_BYTES_MAX, &file);
    if (err == AMBIT_OK)
        err = note_read(buf_str(&file), note);
    if (err == AMBIT_OK)
        err = checkpoint_read(note->text, &checkpoint);
    if (err == AMBIT_OK)
        source->size = checkpoint.size;
    free(note);
    return err;
}

static AMBIT_CHECKED enum ambit_err open_store(struct record_source *source, const char *folder)
{
    BUF_AUTO path;
    buf_init(&path, 0);
    buf_printf(&path, "%s/store", folder);
    buf_put_char(&path, '\0');
    enum ambit_err err = buf_check(&path);
    if (err != AMBIT_OK)
        return err;
    struct store_options options = {.folder = path.p, .read_only = true};
    err = store_open(&options, &source->store);
    if (err == AMBIT_OK)
        err = store_read_begin(source->store, &source->txn);
    return err;
}

static AMBIT_CHECKED enum ambit_err open_segments(struct record_source *source, const char *folder)
{
    BUF_AUTO path;
    buf_init(&path, 0);
    buf_printf(&path, "%s/segments", folder);
    buf_put_char(&path, '\0');
    enum ambit_err err = buf_check(&path);
    return err == AMBIT_OK ? segments_new(path.p, &source->segments) : err;
}

enum ambit_err record_source_open(const char *folder, struct record_source **ret)
{
    struct record_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return AMBIT_ERR_NO_MEMORY;
    source->fd = -1;
    enum ambit_err err = dir_open(AT_FDCWD, folder, &source->fd);
    if (err == AMBIT_OK) /* first: the store of a running broker is never behind it */
        err = read_size(source);
    if (err == AMBIT_OK)
        err = open_store(source, folder);
    if (err == AMBIT_OK)
        err = open_segments(source, folder);
    if (err == AMBIT_OK)
        *ret = source;
    else
        record_source_close(source);
    return err;
}

void record_source_close(struct record_source *source)
{
    if (source == NULL)
        return;
    if (source->txn != NULL)
        store_read_end(source->txn);
    store_close(source->store);
    segments_free(source->segments);
    fd_closep(&source->fd);
    free(source);
}

static enum ambit_err get(void *ctx, const char *path, size_t max, struct buf *ret)
{
    struct record_source *source = ctx;
    if (strcmp(path, "checkpoint") == 0)
        return file_read(source->fd, "log/checkpoint", max, ret);
    if (strcmp(path, "log.vkey") == 0)
        return file_read(source->fd, "log/log.vkey", max, ret);
    size_t before = ret->len;
    enum ambit_err err = record_file(source->txn, source->size, ambit_str_of(path), ret);
    if (err == AMBIT_ERR_NOT_FOUND)
        err = record_file_pruned(source->segments, source->txn, source->size, ambit_str_of(path),
                                 ret);
    return err == AMBIT_OK && ret->len - before > max ? AMBIT_ERR_TOO_LARGE : err;
}

struct log_source record_source_of(struct record_source *source)
{
    return (struct log_source){.ctx = source, .get = get};
}
