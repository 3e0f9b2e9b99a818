/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a folder or a tar (POSIX.1-1988 ustar: every path of an export is short enough). */
#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/file_errno.h"

enum { BLOCK = 512, NAME = 100 };

struct files_out {
    int fd;
    bool is_tar, is_whole;
    int64_t now_s;
    char *path;
    char made[1024]; /* the folder that was made last */
};

static AMBIT_CHECKED enum ambit_err write_all(int fd, const char *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_err_of(errno);
        p += n;
        len -= (size_t)n;
    }
    return AMBIT_OK;
}

static void put_octal(char *to, int width, uint64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%0*llo", width - 1, (unsigned long long)value);
    memcpy(to, text, (size_t)width);
}

static AMBIT_CHECKED enum ambit_err put_tar(struct files_out *out, const char *path,
                                            struct ambit_str bytes)
{
    char block[BLOCK] = {0};
    uint64_t sum = 0;
    size_t n = strlen(path);
    if (n > NAME)
        return AMBIT_ERR_TOO_LARGE;
    memcpy(block, path, n);
    put_octal(block + 100, 8, 0644);
    put_octal(block + 108, 8, 0);
    put_octal(block + 116, 8, 0);
    put_octal(block + 124, 12, bytes.len);
    put_octal(block + 136, 12, (uint64_t)out->now_s);
    memset(block + 148, ' ', 8);
    block[156] = '0';
    memcpy(block + 257, "ustar\00000", 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (uint8_t)block[i];
    put_octal(block + 148, 7, sum);
    enum ambit_err err = write_all(out->fd, block, BLOCK);
    if (err == AMBIT_OK)
        err = write_all(out->fd, bytes.p, bytes.len);
    memset(block, 0, sizeof block);
    return err == AMBIT_OK && bytes.len % BLOCK != 0
               ? write_all(out->fd, block, BLOCK - bytes.len % BLOCK)
               : err;
}

/* The folders above a path; what was made last mostly does. */
static AMBIT_CHECKED enum ambit_err make_folders(struct files_out *out, const char *path)
{
    char folder[sizeof out->made];
    const char *last = strrchr(path, '/');
    size_t n = last != NULL ? (size_t)(last - path) : 0;
    if (n >= sizeof folder)
        return AMBIT_ERR_TOO_LARGE;
    memcpy(folder, path, n);
    folder[n] = '\0';
    if (n == 0 || strcmp(folder, out->made) == 0)
        return AMBIT_OK;
    for (size_t i = 1; i <= n; i++) {
        char c = folder[i];
        if (c != '/' && c != '\0')
            continue;
        folder[i] = '\0';
        enum ambit_err err = dir_make(out->fd, folder, 0755);
        folder[i] = c;
        if (err != AMBIT_OK)
            return err;
    }
    memcpy(out->made, folder, n + 1);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err put_folder(struct files_out *out, const char *path,
                                               struct ambit_str bytes)
{
    enum ambit_err err = make_folders(out, path);
    if (err != AMBIT_OK)
        return err;
    FD_AUTO fd = openat(out->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return fd >= 0 ? write_all(fd, bytes.p, bytes.len) : file_err_of(errno);
}

enum ambit_err files_put(struct files_out *out, const char *path, struct ambit_str bytes)
{
    return out->is_tar ? put_tar(out, path, bytes) : put_folder(out, path, bytes);
}

enum ambit_err files_create(const char *path, int64_t now_ms, struct files_out **ret)
{
    size_t n = strlen(path);
    bool is_tar = n > 4 && strcmp(path + n - 4, ".tar") == 0;
    struct stat status;
    if (lstat(path, &status) == 0)
        return AMBIT_ERR_EXISTS;
    struct files_out *out = calloc(1, sizeof *out);
    if (out == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *out = (struct files_out){
        .fd = -1, .is_tar = is_tar, .is_whole = true, .now_s = now_ms / 1000, .path = strdup(path)};
    enum ambit_err err = out->path != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK && !is_tar && mkdir(path, 0700) != 0)
        err = file_err_of(errno);
    if (err == AMBIT_OK)
        out->fd = is_tar ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                         : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (err == AMBIT_OK && out->fd < 0)
        err = file_err_of(errno);
    if (err != AMBIT_OK) {
        files_out_close(out);
        return err;
    }
    out->is_whole = false;
    *ret = out;
    return AMBIT_OK;
}

enum ambit_err files_finish(struct files_out *out)
{
    static const char end[2 * BLOCK];
    enum ambit_err err = out->is_tar ? write_all(out->fd, end, sizeof end) : AMBIT_OK;
    if (err == AMBIT_OK)
        err = out->is_tar ? file_flush(out->fd) : (syncfs(out->fd) == 0 ? AMBIT_OK : AMBIT_ERR_IO);
    out->is_whole = err == AMBIT_OK;
    return err;
}

void files_out_close(struct files_out *out)
{
    bool is_gone = false;
    if (out == NULL)
        return;
    fd_closep(&out->fd);
    /* Half of one looks like one. What cannot be taken away is in the way of the next, and so is
     * found. */
    if (!out->is_whole)
        is_gone =
            out->is_tar ? unlink(out->path) == 0 : dir_remove(AT_FDCWD, out->path) == AMBIT_OK;
    (void)is_gone;
    free(out->path);
    free(out);
}
