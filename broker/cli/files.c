/* SPDX-License-Identifier: Apache-2.0 */
/* Reading. A tar is looked through once: where each of its files lies. */
#include "cli/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

enum { BLOCK = 512, NAME = 100, PREFIX_AT = 345, PREFIX = 155, DEPTH_MAX = 8 };

struct member {
    char *path;
    uint64_t at, len;
};
struct files {
    int fd; /* of the folder, or of the tar */
    bool is_tar;
    struct member *members; /* of a tar, sorted by path */
    size_t n, room;
};

/* ---- tar (POSIX.1-1988 ustar) -----------------------------------------------------------------
 */

static AMBIT_CHECKED enum ambit_err read_at(int fd, uint64_t at, char *to, size_t len)
{
    while (len > 0) {
        ssize_t n = pread(fd, to, len, (off_t)at);
        if (n < 0)
            return AMBIT_ERR_IO;
        if (n == 0)
            return AMBIT_ERR_DAMAGED;
        to += n;
        len -= (size_t)n;
        at += (uint64_t)n;
    }
    return AMBIT_OK;
}

static bool read_octal(const char *text, size_t len, uint64_t *ret)
{
    uint64_t value = 0;
    size_t i = 0;
    for (; i < len && text[i] >= '0' && text[i] <= '7'; i++)
        value = value << 3 | (uint64_t)(text[i] - '0');
    *ret = value;
    return i > 0 && (i == len || text[i] == '\0' || text[i] == ' ');
}

static bool is_sum(const char block[BLOCK])
{
    uint64_t want = 0, sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : (uint8_t)block[i];
    return read_octal(block + 148, 8, &want) && want == sum;
}

static char *path_of(const char block[BLOCK])
{
    size_t n_prefix = strnlen(block + PREFIX_AT, PREFIX), n_name = strnlen(block, NAME);
    const char *name = block;
    if (n_prefix == 0 && n_name > 2 && memcmp(name, "./", 2) == 0) {
        name += 2;
        n_name -= 2;
    }
    char *path = malloc(n_prefix + n_name + 2);
    if (path == NULL)
        return NULL;
    memcpy(path, block + PREFIX_AT, n_prefix);
    if (n_prefix > 0)
        path[n_prefix++] = '/';
    memcpy(path + n_prefix, name, n_name);
    path[n_prefix + n_name] = '\0';
    return path;
}

static AMBIT_CHECKED enum ambit_err add_member(struct files *files, struct member member)
{
    if (member.path == NULL)
        return AMBIT_ERR_NO_MEMORY;
    if (files->n == files->room) {
        size_t room = files->room ? 2 * files->room : 256;
        struct member *members = realloc(files->members, room * sizeof *members);
        if (members == NULL) {
            free(member.path);
            return AMBIT_ERR_NO_MEMORY;
        }
        files->members = members;
        files->room = room;
    }
    files->members[files->n++] = member;
    return AMBIT_OK;
}

static int compare(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return strcmp(x->path, y->path);
}

/* Only plain files count; folders are passed over. Whatever else is none of ours. */
static AMBIT_CHECKED enum ambit_err list_tar(struct files *files, uint64_t size)
{
    static const char nothing[BLOCK];
    char block[BLOCK];
    uint64_t len = 0;
    for (uint64_t at = 0; at + BLOCK <= size; at += BLOCK + (len + BLOCK - 1) / BLOCK * BLOCK) {
        enum ambit_err err = read_at(files->fd, at, block, BLOCK);
        if (err != AMBIT_OK)
            return err;
        if (memcmp(block, nothing, BLOCK) == 0)
            break;
        if (memcmp(block + 257, "ustar", 5) != 0 || !is_sum(block) ||
            !read_octal(block + 124, 12, &len) || len > size - at - BLOCK)
            return at == 0 ? AMBIT_ERR_MALFORMED : AMBIT_ERR_DAMAGED;
        if (block[156] != '0' && block[156] != '\0')
            continue;
        err = add_member(files, (struct member){.path = path_of(block), at + BLOCK, len});
        if (err != AMBIT_OK)
            return err;
    }
    if (files->n == 0)
        return AMBIT_ERR_MALFORMED;
    qsort(files->members, files->n, sizeof *files->members, compare);
    for (size_t i = 1; i < files->n; i++)
        if (strcmp(files->members[i - 1].path, files->members[i].path) == 0)
            return AMBIT_ERR_DAMAGED;
    return AMBIT_OK;
}

static enum ambit_err get_tar(void *ctx, const char *path, size_t max, struct buf *ret)
{
    struct files *files = ctx;
    const struct member want = {.path = (char *)(uintptr_t)path};
    const struct member *found = bsearch(&want, files->members, files->n, sizeof want, compare);
    if (found == NULL)
        return AMBIT_ERR_NOT_FOUND;
    if (found->len > max)
        return AMBIT_ERR_TOO_LARGE;
    char *to = found->len > 0 ? buf_reserve(ret, (size_t)found->len) : NULL;
    if (to == NULL)
        return buf_check(ret);
    enum ambit_err err = read_at(files->fd, found->at, to, (size_t)found->len);
    if (err == AMBIT_OK)
        ret->len += (size_t)found->len;
    return err;
}

static enum ambit_err each_tar(void *ctx, void (*one)(void *one_ctx, const char *path),
                               void *one_ctx)
{
    const struct files *files = ctx;
    for (size_t i = 0; i < files->n; i++)
        one(one_ctx, files->members[i].path);
    return AMBIT_OK;
}

/* ---- folder --------------------------------------------------------------------------------- */

static enum ambit_err get_folder(void *ctx, const char *path, size_t max, struct buf *ret)
{
    const struct files *files = ctx;
    return file_read(files->fd, path, max, ret);
}

struct walk {
    const struct files *files;
    void (*one)(void *ctx, const char *path);
    void *ctx;
};

static AMBIT_CHECKED enum ambit_err walk_folder(const struct walk *walk, const char *folder,
                                                unsigned left)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct ambit_str *names = NULL;
    size_t n = 0;
    enum ambit_err err = dir_list(walk->files->fd, *folder ? folder : ".", &arena, &names, &n);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        char path[1024];
        struct stat status;
        int len = snprintf(path, sizeof path, "%s%s%.*s", folder, *folder ? "/" : "",
                           AMBIT_STR_ARG(names[i]));
        if (len < 0 || (size_t)len >= sizeof path ||
            fstatat(walk->files->fd, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue; /* nothing of a log is named so */
        if (S_ISDIR(status.st_mode) && left > 0)
            err = walk_folder(walk, path, left - 1);
        else if (S_ISREG(status.st_mode))
            walk->one(walk->ctx, path);
    }
    return err;
}

static enum ambit_err each_folder(void *ctx, void (*one)(void *one_ctx, const char *path),
                                  void *one_ctx)
{
    const struct walk walk = {.files = ctx, .one = one, .ctx = one_ctx};
    return walk_folder(&walk, "", DEPTH_MAX);
}

/* ---- life ----------------------------------------------------------------------------------- */

enum ambit_err files_open(const char *path, struct files **ret)
{
    struct stat status;
    FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return AMBIT_ERR_NOT_FOUND;
    struct files *files = calloc(1, sizeof *files);
    if (files == NULL)
        return AMBIT_ERR_NO_MEMORY;
    files->is_tar = S_ISREG(status.st_mode);
    files->fd = fd;
    fd = -1;
    enum ambit_err err = AMBIT_OK;
    if (files->is_tar)
        err = list_tar(files, (uint64_t)status.st_size);
    else if (!S_ISDIR(status.st_mode))
        err = AMBIT_ERR_MALFORMED;
    if (err == AMBIT_OK)
        *ret = files;
    else
        files_close(files);
    return err;
}

void files_close(struct files *files)
{
    if (files == NULL)
        return;
    for (size_t i = 0; i < files->n; i++)
        free(files->members[i].path);
    free(files->members);
    fd_closep(&files->fd);
    free(files);
}

struct log_source files_source(struct files *files)
{
    return (struct log_source){
        .ctx = files,
        .get = files->is_tar ? get_tar : get_folder,
        .each = files->is_tar ? each_tar : each_folder,
    };
}
