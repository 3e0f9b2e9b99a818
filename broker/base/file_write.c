/* SPDX-License-Identifier: Apache-2.0 */
/* Writing files whole or not at all: a temporary file beside the name, flushed, then given the
 * name, then the folder flushed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/file_errno.h"
#include "base/random.h"

enum { PATH_BYTES = 4096 };

static enum ambit_err write_all(int fd, struct ambit_str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.p, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_err_of(errno);
        bytes.p += n;
        bytes.len -= (size_t)n;
    }
    return AMBIT_OK;
}

static enum ambit_err sync_folder_of(int dir_fd, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_BYTES] = ".";
    FD_AUTO fd = -1;

    if (slash) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        if (len >= sizeof folder)
            return AMBIT_ERR_TOO_LARGE;
        memcpy(folder, path, len);
        folder[len] = 0;
    }
    enum ambit_err err = dir_open(dir_fd, folder, &fd);
    if (err != AMBIT_OK)
        return err;
    return fsync(fd) == 0 ? AMBIT_OK : file_err_of(errno);
}

/* "path.<16 hex>.tmp": random, so that two writers never meet and a leftover never stands in the
 * way. */
static enum ambit_err temporary_name(const char *path, char dst[PATH_BYTES])
{
    uint8_t random[8] = {0};
    char hex[2 * sizeof random + 1] = {0};

    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, hex);
    int n = snprintf(dst, PATH_BYTES, "%s.%s.tmp", path, hex);
    return n > 0 && n < PATH_BYTES ? AMBIT_OK : AMBIT_ERR_TOO_LARGE;
}

static enum ambit_err write_temporary(int dir_fd, const char *name, struct ambit_str bytes,
                                      unsigned mode)
{
    FD_AUTO fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)0600);

    if (fd < 0)
        return file_err_of(errno);
    enum ambit_err err = write_all(fd, bytes);
    if (err != AMBIT_OK)
        return err;
    /* After the bytes and past the umask: the mode is the caller's word. */
    if (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0)
        return file_err_of(errno);
    return AMBIT_OK;
}

static enum ambit_err put_file(int dir_fd, const char *path, struct ambit_str bytes, unsigned mode,
                               bool may_replace)
{
    char temporary[PATH_BYTES] = {0};

    enum ambit_err err = temporary_name(path, temporary);
    if (err != AMBIT_OK)
        return err;
    err = write_temporary(dir_fd, temporary, bytes, mode);
    if (err == AMBIT_OK) {
        /* A link, unlike a rename, fails when the name is taken. */
        int failed = may_replace ? renameat(dir_fd, temporary, dir_fd, path)
                                 : linkat(dir_fd, temporary, dir_fd, path, 0);
        err = failed ? file_err_of(errno) : AMBIT_OK;
    }
    if (err != AMBIT_OK || !may_replace)
        unlinkat(dir_fd, temporary, 0); /* best effort: a leftover is harmless */
    if (err != AMBIT_OK)
        return err;
    return sync_folder_of(dir_fd, path);
}

enum ambit_err file_write(int dir_fd, const char *path, struct ambit_str bytes, unsigned mode)
{
    return put_file(dir_fd, path, bytes, mode, true);
}

enum ambit_err file_create(int dir_fd, const char *path, struct ambit_str bytes, unsigned mode)
{
    return put_file(dir_fd, path, bytes, mode, false);
}

enum ambit_err dir_make(int dir_fd, const char *path, unsigned mode)
{
    struct stat st = {0};

    if (mkdirat(dir_fd, path, (mode_t)mode) == 0) {
        if (fchmodat(dir_fd, path, (mode_t)mode, 0) != 0)
            return file_err_of(errno);
        return sync_folder_of(dir_fd, path);
    }
    if (errno != EEXIST)
        return file_err_of(errno);
    if (fstatat(dir_fd, path, &st, 0) != 0)
        return file_err_of(errno);
    return S_ISDIR(st.st_mode) ? AMBIT_OK : AMBIT_ERR_EXISTS;
}
