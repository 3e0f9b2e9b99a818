/* SPDX-License-Identifier: Apache-2.0 */
/* Files of backups: see backup_files.h. */
#include "core/backup_files.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/digest.h"

enum { PIECE = 1 << 16 };

enum ambit_err backup_paths(const char *folder, struct ambit_str name, struct buf *ret_partial,
                            struct buf *ret_whole)
{
    buf_init(ret_partial, 0);
    buf_init(ret_whole, 0);
    buf_printf(ret_partial, "%s/%.*s.partial", folder, AMBIT_STR_ARG(name));
    buf_put_char(ret_partial, '\0');
    buf_printf(ret_whole, "%s/%.*s", folder, AMBIT_STR_ARG(name));
    buf_put_char(ret_whole, '\0');
    enum ambit_err err = buf_check(ret_partial);
    return err == AMBIT_OK ? buf_check(ret_whole) : err;
}

static enum ambit_err read_manifest(int fd, struct arena *arena, struct backup_manifest *ret)
{
    BUF_AUTO bytes;
    buf_init(&bytes, 0);
    enum ambit_err err = file_read(fd, BACKUP_MANIFEST, BACKUP_MANIFEST_BYTES, &bytes);
    if (err != AMBIT_OK)
        return err;
    struct ambit_str kept = arena_copy(arena, buf_str(&bytes));
    return kept.p ? backup_manifest_read(kept, arena, ret) : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err backup_read(const char *folder, struct arena *arena, struct backup_manifest *ret)
{
    FD_AUTO fd = -1;
    enum ambit_err err = dir_open(AT_FDCWD, folder, &fd);
    return err == AMBIT_OK ? read_manifest(fd, arena, ret) : err;
}

/* Calls `each` for every piece of the file. */
static enum ambit_err read_pieces(int fd,
                                  enum ambit_err (*each)(void *ctx, const char *p, size_t n),
                                  void *ctx)
{
    AMBIT_AUTO_FREE char *piece = malloc(PIECE);
    if (!piece)
        return AMBIT_ERR_NO_MEMORY;
    for (;;) {
        ssize_t n = read(fd, piece, PIECE);
        if (n < 0)
            return AMBIT_ERR_IO;
        if (n == 0)
            return AMBIT_OK;
        enum ambit_err err = each(ctx, piece, (size_t)n);
        if (err != AMBIT_OK)
            return err;
    }
}

struct hashing {
    struct crypto_hash *hash;
    uint64_t bytes;
};

static enum ambit_err hash_piece(void *ctx, const char *p, size_t n)
{
    struct hashing *hashing = ctx;
    crypto_hash_add(hashing->hash, p, n);
    hashing->bytes += n;
    return AMBIT_OK;
}

enum ambit_err backup_hash_file(int dir_fd, const char *path, struct ambit_digest *ret,
                                uint64_t *ret_bytes)
{
    FD_AUTO fd = -1;
    struct hashing hashing = {0};
    enum ambit_err err = file_open(dir_fd, path, &fd);
    if (err == AMBIT_OK)
        err = crypto_hash_begin(&hashing.hash);
    if (err != AMBIT_OK)
        return err;
    err = read_pieces(fd, hash_piece, &hashing);
    crypto_hash_end(hashing.hash, err == AMBIT_OK ? ret : NULL);
    *ret_bytes = hashing.bytes;
    return err;
}

static enum ambit_err write_piece(void *ctx, const char *p, size_t n)
{
    const int *fd = ctx;
    while (n > 0) {
        ssize_t done = write(*fd, p, n);
        if (done <= 0)
            return AMBIT_ERR_IO;
        p += done;
        n -= (size_t)done;
    }
    return AMBIT_OK;
}

enum ambit_err backup_copy_file(int from_fd, const char *from, int to_fd, const char *to)
{
    FD_AUTO in = -1, out = -1;
    enum ambit_err err = file_open(from_fd, from, &in);
    if (err == AMBIT_OK)
        err = file_open_new(to_fd, to, &out);
    if (err == AMBIT_OK)
        err = read_pieces(in, write_piece, &out);
    return err == AMBIT_OK ? file_flush(out) : err;
}

enum ambit_err backup_copy_folder(int from_fd, const char *from, int to_fd, const char *to)
{
    FD_AUTO in = -1, out = -1;
    ARENA_AUTO arena;
    struct ambit_str *names = NULL;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = dir_open(from_fd, from, &in);
    if (err == AMBIT_OK)
        err = dir_list(in, ".", &arena, &names, &n);
    if (err == AMBIT_OK)
        err = dir_make(to_fd, to, 0700);
    if (err == AMBIT_OK)
        err = dir_open(to_fd, to, &out);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        if (names[i].len > 4 && memcmp(names[i].p + names[i].len - 4, ".tmp", 4) == 0)
            continue; /* being written */
        err = backup_copy_file(in, names[i].p, out, names[i].p);
        if (err == AMBIT_ERR_NOT_FOUND)
            err = AMBIT_OK; /* it went meanwhile */
    }
    return err == AMBIT_OK ? file_flush(out) : err;
}

enum ambit_err backup_list(const char *folder, struct arena *arena, struct backup_listed **ret,
                           size_t *ret_n)
{
    FD_AUTO fd = -1;
    struct ambit_str *names = NULL;
    size_t n = 0;
    *ret_n = 0;
    enum ambit_err err = dir_open_list(folder, arena, &fd, &names, &n);
    if (err != AMBIT_OK || n == 0)
        return err;
    struct backup_listed *listed = arena_array(arena, n + 1, sizeof *listed);
    if (!listed)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        FD_AUTO one = -1;
        struct backup_listed *at = &listed[*ret_n];
        if (!backup_name_is_fine(names[i]) || dir_open(fd, names[i].p, &one) != AMBIT_OK)
            continue;
        at->folder_name = names[i];
        err = read_manifest(one, arena, &at->manifest);
        if (err == AMBIT_ERR_NO_MEMORY)
            return err;
        if (err != AMBIT_OK)
            at->manifest.name = (struct ambit_str){0};
        ++*ret_n;
    }
    *ret = listed;
    return AMBIT_OK;
}
