/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files and listing folders. Writing: file_write.c. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file_errno.h"

enum { READ_STEP = 16384 };

void fd_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

enum ambit_err file_err_of(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return AMBIT_ERR_NOT_FOUND;
    case EEXIST:
        return AMBIT_ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return AMBIT_ERR_NO_SPACE;
    case ENOMEM:
        return AMBIT_ERR_NO_MEMORY;
    default:
        return AMBIT_ERR_IO;
    }
}

static enum ambit_err read_rest(int fd, size_t max, struct buf *buf)
{
    size_t start = buf->len;

    for (;;) {
        /* One byte more than allowed is asked for, to tell a full file from a longer one. */
        size_t room = max - (buf->len - start);
        size_t step = room < READ_STEP ? room + 1 : READ_STEP;
        char *p = buf_reserve(buf, step);
        if (!p)
            return buf_check(buf);
        ssize_t n = read(fd, p, step);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_err_of(errno);
        if (n == 0)
            return AMBIT_OK;
        if ((size_t)n > room)
            return AMBIT_ERR_TOO_LARGE;
        buf->len += (size_t)n;
    }
}

enum ambit_err file_read(int dir_fd, const char *path, size_t max, struct buf *ret)
{
    struct stat st = {0};
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    FD_AUTO fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return file_err_of(errno);
    if (fstat(fd, &st) != 0)
        return file_err_of(errno);
    if (!S_ISREG(st.st_mode))
        return AMBIT_ERR_MALFORMED;
    if (max > SIZE_MAX / 2)
        max = SIZE_MAX / 2;
    if (st.st_size > 0 && (uint64_t)st.st_size > max)
        return AMBIT_ERR_TOO_LARGE;
    return read_rest(fd, max, ret);
}

enum ambit_err dir_open(int dir_fd, const char *path, int *ret_fd)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return file_err_of(errno);
    *ret_fd = fd;
    return AMBIT_OK;
}

static void closedirp(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

/* Names are collected in a list first, since how many there are shows only at the end. */
struct name {
    struct name *next;
    struct ambit_str text;
};

static enum ambit_err collect(DIR *dir, struct arena *arena, struct name **ret_list, size_t *ret_n)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return errno ? file_err_of(errno) : AMBIT_OK;
        if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
            continue;
        struct name *name = arena_alloc(arena, sizeof *name);
        if (!name)
            return arena_err(arena);
        name->text = arena_copy(arena, ambit_str_of(entry->d_name));
        if (!name->text.p)
            return arena_err(arena);
        name->next = *ret_list;
        *ret_list = name;
        ++*ret_n;
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct ambit_str *x = a, *y = b;

    return ambit_str_cmp(*x, *y);
}

enum ambit_err dir_list(int dir_fd, const char *path, struct arena *arena,
                        struct ambit_str **ret_names, size_t *ret_n)
{
    FD_AUTO fd = -1;
    struct name *list = NULL;
    size_t n = 0, i = 0;

    enum ambit_err err = dir_open(dir_fd, path, &fd);
    if (err != AMBIT_OK)
        return err;
    AMBIT_CLEANUP(closedirp) DIR *dir = fdopendir(fd);
    if (!dir)
        return file_err_of(errno);
    fd = -1; /* the stream owns it now */
    err = collect(dir, arena, &list, &n);
    if (err != AMBIT_OK)
        return err;
    struct ambit_str *names = arena_array(arena, n, sizeof *names);
    if (!names)
        return arena_err(arena);
    for (; list; list = list->next)
        names[i++] = list->text;
    qsort(names, n, sizeof *names, compare_names);
    *ret_names = names;
    *ret_n = n;
    return AMBIT_OK;
}

enum ambit_err dir_open_list(const char *path, struct arena *arena, int *ret_fd,
                             struct ambit_str **ret_names, size_t *ret_n)
{
    FD_AUTO fd = -1;
    *ret_fd = -1;
    *ret_names = NULL;
    *ret_n = 0;
    enum ambit_err err = dir_open(AT_FDCWD, path, &fd);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (err == AMBIT_OK)
        err = dir_list(fd, ".", arena, ret_names, ret_n);
    if (err != AMBIT_OK)
        return err;
    *ret_fd = fd;
    fd = -1;
    return AMBIT_OK;
}
