/* SPDX-License-Identifier: Apache-2.0 */
/* Writing segments: see segment_write.h. */
#include "core/segment_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_write.h"
#include "core/backup_files.h"
#include "core/head.h"
#include "core/pruned.h"
#include "crypto/digest.h"
#include "ledger/checkpoint.h"
#include "ledger/tiles.h"

enum { BLOCK = 512, MODE_AT = 100, SIZE_AT = 124, TIME_AT = 136, SUM_AT = 148 };

struct writing {
    const struct segment_plan *plan;
    int folder, fd;
    struct crypto_hash *hash;
    uint64_t bytes, size; /* written; of the tree that the tiles reach up to */
    struct buf checkpoint, vkey;
    bool has_name; /* the file of this try has taken it */
    char name[SEGMENT_NAME_MAX + 8], partial[SEGMENT_NAME_MAX + 16];
};

/* ---- ustar (POSIX.1-1988) -------------------------------------------------------------------- */

static enum ambit_err put(struct writing *writing, const void *bytes, size_t len)
{
    const char *p = bytes;
    crypto_hash_add(writing->hash, bytes, len);
    writing->bytes += len;
    while (len > 0) {
        ssize_t n = write(writing->fd, p, len);
        if (n <= 0)
            return AMBIT_ERR_NO_SPACE;
        p += n;
        len -= (size_t)n;
    }
    return AMBIT_OK;
}

static void put_octal(char *at, int digits, uint64_t value)
{
    for (int i = digits - 1; i >= 0; i--, value /= 8)
        at[i] = (char)('0' + value % 8);
}

static enum ambit_err put_member(struct writing *writing, const char *path, struct ambit_str bytes)
{
    static const char zeros[BLOCK] = {0};
    char header[BLOCK] = {0};
    unsigned sum = 0;
    size_t len = strlen(path);
    AMBIT_ASSERT(len < 100);
    memcpy(header, path, len);
    memcpy(header + MODE_AT,
           "0000600\0"
           "0000000\0"
           "0000000",
           23);
    put_octal(header + SIZE_AT, 11, bytes.len);
    put_octal(header + TIME_AT, 11, (uint64_t)writing->plan->now_ms / 1000);
    memset(header + SUM_AT, ' ', 8);
    header[156] = '0';
    memcpy(header + 257,
           "ustar\0"
           "00",
           8);
    for (size_t i = 0; i < sizeof header; i++)
        sum += (uint8_t)header[i];
    put_octal(header + SUM_AT, 6, sum);
    header[SUM_AT + 6] = '\0';
    enum ambit_err err = put(writing, header, sizeof header);
    if (err == AMBIT_OK)
        err = put(writing, bytes.p, bytes.len);
    if (err == AMBIT_OK && bytes.len % BLOCK != 0)
        err = put(writing, zeros, BLOCK - bytes.len % BLOCK);
    return err;
}

/* ---- what is in it --------------------------------------------------------------------------- */

/* What was published last, where it covers the range; otherwise the segment has no checkpoint, and
 * its tiles reach up to the record as it is. */
static enum ambit_err look_at_log(struct writing *writing)
{
    FD_AUTO state = -1;
    AMBIT_AUTO_FREE struct note *note = malloc(sizeof *note);
    struct checkpoint checkpoint;
    if (!note)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = dir_open(AT_FDCWD, writing->plan->state, &state);
    if (err == AMBIT_OK)
        err = file_read(state, "log/checkpoint", NOTE_BYTES_MAX, &writing->checkpoint);
    if (err == AMBIT_OK)
        err = file_read(state, "log/log.vkey", NOTE_VKEY_MAX + 2, &writing->vkey);
    if (err == AMBIT_OK)
        err = note_read(buf_str(&writing->checkpoint), note);
    if (err == AMBIT_OK)
        err = checkpoint_read(note->text, &checkpoint);
    if (err == AMBIT_OK && checkpoint.size >= writing->plan->next) {
        writing->size = checkpoint.size;
        return AMBIT_OK;
    }
    buf_reset(&writing->checkpoint);
    return AMBIT_OK;
}

static enum ambit_err put_json(struct writing *writing)
{
    BUF_AUTO text;
    struct json_out out;
    AMBIT_AUTO_FREE struct note *note = malloc(sizeof *note);
    struct checkpoint checkpoint = {.origin = {0}};
    buf_init(&text, 0);
    if (!note)
        return AMBIT_ERR_NO_MEMORY;
    if (writing->checkpoint.len > 0 &&
        (note_read(buf_str(&writing->checkpoint), note) != AMBIT_OK ||
         checkpoint_read(note->text, &checkpoint) != AMBIT_OK))
        return AMBIT_ERR_MALFORMED;
    json_out_init(&out, &text, true);
    json_begin_object(&out);
    json_key(&out, "first");
    json_i64(&out, (int64_t)writing->plan->first);
    json_member_text(&out, "kind", "segment");
    json_key(&out, "made_at");
    json_time_ms(&out, writing->plan->now_ms);
    json_key(&out, "next");
    json_i64(&out, (int64_t)writing->plan->next);
    json_key(&out, "openings");
    json_bool(&out, false);
    json_member_str(&out, "origin", checkpoint.origin);
    json_key(&out, "size");
    json_i64(&out, (int64_t)writing->size);
    json_key(&out, "v");
    json_i64(&out, 1);
    json_end_object(&out);
    enum ambit_err err = buf_check(&text);
    if (err == AMBIT_OK)
        err = put_member(writing, "export.json", buf_str(&text));
    if (err == AMBIT_OK && writing->checkpoint.len > 0)
        err = put_member(writing, "checkpoint", buf_str(&writing->checkpoint));
    if (err == AMBIT_OK && writing->checkpoint.len > 0)
        err = put_member(writing, "log.vkey", buf_str(&writing->vkey));
    return err;
}

static enum ambit_err put_tile(struct writing *writing, unsigned level, uint64_t index,
                               size_t width)
{
    struct store_txn *txn = NULL;
    struct tile tile;
    char path[SEGMENT_PATH_MAX], name[8];
    int n = snprintf(name, sizeof name, "%u", level);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof name);
    enum ambit_err err = store_read_begin(writing->plan->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = tile_read(txn, writing->size, level, index, width, &tile);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return err;
    segment_tile_path(name, index, width, path);
    return put_member(writing, path,
                      (struct ambit_str){(const char *)tile.hash, width * sizeof tile.hash[0]});
}

/* Of level 0 those of the range and the part at the end of the tree; of the others all. */
static enum ambit_err put_tiles(struct writing *writing)
{
    const struct segment_plan *plan = writing->plan;
    enum ambit_err err = AMBIT_OK;
    for (unsigned level = 0; err == AMBIT_OK && level < TILE_LEVELS; level++) {
        uint64_t nodes = writing->size >> (8 * level);
        uint64_t from = level == 0 ? plan->first / AMBIT_TILE_HASHES : 0;
        uint64_t to = level == 0 ? plan->next / AMBIT_TILE_HASHES : nodes / AMBIT_TILE_HASHES;
        for (uint64_t index = from; err == AMBIT_OK && index < to; index++)
            err = put_tile(writing, level, index, AMBIT_TILE_HASHES);
        if (err == AMBIT_OK && nodes % AMBIT_TILE_HASHES != 0)
            err = put_tile(writing, level, nodes / AMBIT_TILE_HASHES, nodes % AMBIT_TILE_HASHES);
    }
    return err;
}

static enum ambit_err read_bundle(struct store *store, uint64_t index, struct buf *memory,
                                  struct buf *bundle)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = store_read_begin(store, &txn);
    if (err != AMBIT_OK)
        return err;
    for (uint64_t i = 0; err == AMBIT_OK && i < AMBIT_TILE_HASHES; i++) {
        struct ledger_row row;
        err = ledger_get(txn, index * AMBIT_TILE_HASHES + i, memory, &row);
        if (err != AMBIT_OK)
            break;
        buf_put_char(bundle, (char)(row.bytes.len >> 8));
        buf_put_char(bundle, (char)(row.bytes.len & 0xff));
        buf_put_str(bundle, row.bytes);
    }
    store_read_end(txn);
    return err == AMBIT_OK ? buf_check(bundle) : err;
}

static enum ambit_err put_bundles(struct writing *writing)
{
    const struct segment_plan *plan = writing->plan;
    BUF_AUTO memory, bundle;
    enum ambit_err err = AMBIT_OK;
    buf_init(&memory, 0);
    buf_init(&bundle, 0);
    for (uint64_t index = plan->first / AMBIT_TILE_HASHES;
         err == AMBIT_OK && index < plan->next / AMBIT_TILE_HASHES; index++) {
        char path[SEGMENT_PATH_MAX];
        uint64_t left = 0;
        buf_reset(&bundle);
        segment_tile_path("entries", index, AMBIT_TILE_HASHES, path);
        err = atomic_load(plan->is_over) ? AMBIT_ERR_STOPPING : file_free_bytes(writing->fd, &left);
        if (err == AMBIT_OK && left < plan->reserve_bytes)
            err = AMBIT_ERR_NO_SPACE;
        if (err == AMBIT_OK)
            err = read_bundle(plan->store, index, &memory, &bundle);
        if (err == AMBIT_OK)
            err = put_member(writing, path, buf_str(&bundle));
    }
    return err;
}

static enum ambit_err write_all(struct writing *writing, struct segment_made *ret)
{
    static const char end[2 * BLOCK] = {0};
    enum ambit_err err = crypto_hash_begin(&writing->hash);
    if (err != AMBIT_OK)
        return err;
    err = put_json(writing);
    if (err == AMBIT_OK)
        err = put_tiles(writing);
    if (err == AMBIT_OK)
        err = put_bundles(writing);
    if (err == AMBIT_OK)
        err = put(writing, end, sizeof end);
    crypto_hash_end(TAKE(writing->hash), err == AMBIT_OK ? &ret->digest : NULL);
    ret->bytes = writing->bytes;
    return err == AMBIT_OK ? file_flush(writing->fd) : err;
}

/* ---- read back ------------------------------------------------------------------------------- */

static enum ambit_err check_tile(const struct segment_plan *plan, struct segments *segments,
                                 uint64_t index, struct buf *memory)
{
    struct store_txn *txn = NULL;
    struct tile tile;
    enum ambit_err err = store_read_begin(plan->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = tile_get(txn, 0, index, &tile);
    for (uint64_t i = 0; err == AMBIT_OK && i < AMBIT_TILE_HASHES; i++) {
        struct ledger_row row;
        err = segments_get(segments, txn, index * AMBIT_TILE_HASHES + i, memory, &row);
        if (err == AMBIT_OK && !ambit_digest_eq(row.leaf, tile.hash[i]))
            err = AMBIT_ERR_DAMAGED;
    }
    store_read_end(txn);
    return err;
}

/* The file as it lies on the disk: its digest, and every event of it against the tree. */
static enum ambit_err read_back(struct writing *writing, const struct segment_made *made)
{
    const struct segment_plan *plan = writing->plan;
    struct ambit_digest digest;
    uint64_t bytes = 0;
    struct segments *segments = NULL;
    BUF_AUTO memory;
    buf_init(&memory, 0);
    enum ambit_err err = backup_hash_file(writing->folder, writing->name, &digest, &bytes);
    if (err != AMBIT_OK)
        return err;
    if (bytes != made->bytes || !ambit_digest_eq(digest, made->digest))
        return AMBIT_ERR_DAMAGED;
    err = segments_new_one(plan->folder, plan->first, plan->next, &segments);
    for (uint64_t index = plan->first / AMBIT_TILE_HASHES;
         err == AMBIT_OK && index < plan->next / AMBIT_TILE_HASHES; index++)
        err = atomic_load(plan->is_over) ? AMBIT_ERR_STOPPING
                                         : check_tile(plan, segments, index, &memory);
    segments_free(segments);
    return err;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* A file that has the name already is of a try that was not recorded, or of a record that was
 * rolled back: it is kept beside. */
static enum ambit_err set_aside(struct writing *writing)
{
    char aside[SEGMENT_NAME_MAX + 24];
    int n = snprintf(aside, sizeof aside, "%s.replaced", writing->name);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof aside);
    enum ambit_err err = file_rename(writing->folder, writing->name, aside);
    if (err == AMBIT_ERR_EXISTS) {
        (void)unlinkat(writing->folder, aside, 0);
        err = file_rename(writing->folder, writing->name, aside);
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static enum ambit_err begin(struct writing *writing, struct segment_made *ret)
{
    const struct segment_plan *plan = writing->plan;
    struct store_txn *txn = NULL;
    struct head head;
    struct pruned pruned;
    enum ambit_err err = store_read_begin(plan->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = head_load(txn, &head);
    if (err == AMBIT_OK)
        err = pruned_load(txn, &pruned);
    /* The range was recorded since it was chosen: the file of that name is the only one. */
    if (err == AMBIT_OK && pruned.target != plan->first)
        err = AMBIT_ERR_CONFLICT;
    if (err == AMBIT_OK)
        err = tree_root_at(txn, plan->next, head.edge.size, &ret->root);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return err;
    writing->size = head.edge.size;
    err = look_at_log(writing);
    segment_name(plan->first, plan->next, writing->name);
    int n = snprintf(writing->partial, sizeof writing->partial, "%s.partial", writing->name);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof writing->partial);
    if (err == AMBIT_OK)
        err = dir_make(AT_FDCWD, plan->folder, 0700);
    if (err == AMBIT_OK)
        err = dir_open(AT_FDCWD, plan->folder, &writing->folder);
    if (err != AMBIT_OK)
        return err;
    (void)unlinkat(writing->folder, writing->partial, 0); /* of tries that were cut short */
    err = set_aside(writing);
    if (err != AMBIT_OK)
        return err;
    return file_open_new(writing->folder, writing->partial, &writing->fd);
}

static void writing_done(struct writing *writing)
{
    fd_closep(&writing->fd);
    fd_closep(&writing->folder);
    buf_done(&writing->checkpoint);
    buf_done(&writing->vkey);
}

enum ambit_err segment_make(const struct segment_plan *plan, struct segment_made *ret,
                            struct buf *reterr_said)
{
    AMBIT_CLEANUP(writing_done)
    struct writing writing = {.plan = plan, .folder = -1, .fd = -1};
    const char *step = "the segment could not be begun";
    buf_init(&writing.checkpoint, 0);
    buf_init(&writing.vkey, 0);
    enum ambit_err err = begin(&writing, ret);
    if (err == AMBIT_OK) {
        step = "the segment could not be written";
        err = write_all(&writing, ret);
    }
    if (err == AMBIT_OK)
        err = file_rename(writing.folder, writing.partial, writing.name);
    if (err == AMBIT_OK) {
        writing.has_name = true;
        step = "the segment could not be read back";
        err = read_back(&writing, ret);
    }
    if (err == AMBIT_OK)
        return AMBIT_OK;
    buf_printf(reterr_said, "%s: %s", step, ambit_err_text(err));
    if (writing.fd >= 0)
        (void)unlinkat(writing.folder, writing.partial, 0);
    if (writing.has_name)
        (void)unlinkat(writing.folder, writing.name, 0);
    return err;
}
