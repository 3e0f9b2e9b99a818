/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders moved, flushed and taken away as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/file_errno.h"

enum { PATH_BYTES = 4096, DEPTH_MAX = 4 };

enum ambit_err file_open_new(int dir_fd, const char *path, int *ret_fd)
{
    int fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_err_of(errno);
    *ret_fd = fd;
    return AMBIT_OK;
}

enum ambit_err file_open(int dir_fd, const char *path, int *ret_fd)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return file_err_of(errno);
    *ret_fd = fd;
    return AMBIT_OK;
}

enum ambit_err file_flush(int fd)
{
    return fsync(fd) == 0 ? AMBIT_OK : file_err_of(errno);
}

enum ambit_err dir_flush(int dir_fd, const char *path)
{
    FD_AUTO fd = -1;
    enum ambit_err err = dir_open(dir_fd, path, &fd);
    return err == AMBIT_OK ? file_flush(fd) : err;
}

static enum ambit_err flush_above(int dir_fd, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_BYTES] = ".";
    size_t len = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (len >= sizeof folder)
        return AMBIT_ERR_TOO_LARGE;
    if (len > 0) {
        memcpy(folder, path, len);
        folder[len] = 0;
    }
    return dir_flush(dir_fd, folder);
}

enum ambit_err file_rename(int dir_fd, const char *from, const char *to)
{
    struct stat st;
    int rc = renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE);
    if (rc != 0 && errno == EINVAL) { /* a file system that cannot: looked at before */
        if (fstatat(dir_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return AMBIT_ERR_EXISTS;
        rc = renameat(dir_fd, from, dir_fd, to);
    }
    if (rc != 0)
        return file_err_of(errno);
    enum ambit_err err = flush_above(dir_fd, to);
    return err == AMBIT_OK ? flush_above(dir_fd, from) : err;
}

enum ambit_err file_exchange(int dir_fd, const char *one, const char *other)
{
    if (renameat2(dir_fd, one, dir_fd, other, RENAME_EXCHANGE) == 0)
        return flush_above(dir_fd, one);
    return errno == EINVAL || errno == ENOSYS ? AMBIT_ERR_UNSUPPORTED : file_err_of(errno);
}

static enum ambit_err remove_below(int dir_fd, const char *path, unsigned depth)
{
    FD_AUTO fd = -1;
    ARENA_AUTO arena;
    struct ambit_str *names = NULL;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = depth < DEPTH_MAX ? dir_open(dir_fd, path, &fd) : AMBIT_ERR_TOO_LARGE;
    if (err == AMBIT_OK)
        err = dir_list(fd, ".", &arena, &names, &n);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        if (unlinkat(fd, names[i].p, 0) == 0)
            continue;
        err = errno == EISDIR || errno == EPERM ? remove_below(fd, names[i].p, depth + 1)
                                                : file_err_of(errno);
    }
    if (err == AMBIT_OK && unlinkat(dir_fd, path, AT_REMOVEDIR) != 0)
        err = file_err_of(errno);
    return err;
}

enum ambit_err dir_remove(int dir_fd, const char *path)
{
    enum ambit_err err = remove_below(dir_fd, path, 0);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err file_free_bytes(int fd, uint64_t *ret)
{
    struct statvfs vfs;
    if (fstatvfs(fd, &vfs) != 0)
        return file_err_of(errno);
    *ret = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    return AMBIT_OK;
}
