/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the documents folder. What stands there is a proposal: a name that is not a plain file is
 * said, never skipped in silence and never followed. */
#include "config/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"
#include "config/zones.h"
#include "crypto/digest.h"

/* What one walk needs. */
struct walk {
    const char *path;
    struct ambit_problems *problems;
    struct folder *folder;
    const char *suffix; /* of the files that are read */
    size_t cap;
    size_t n_folders; /* of the four, how many are there */
};

void folder_done(struct folder *folder)
{
    if (!folder)
        return;

    free(folder->files);
    arena_done(&folder->arena);
    *folder = (struct folder){.files = NULL};
}

void folder_file_name(struct buf *out, struct ambit_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.p[i] == '/')
            buf_put_text(out, "__");
        else
            buf_put_char(out, name.p[i]);
    }
    buf_put_text(out, ".json");
}

static bool ends_with(struct ambit_str text, const char *suffix)
{
    size_t len = strlen(suffix);
    return text.len > len && memcmp(text.p + text.len - len, suffix, len) == 0;
}

static bool is_wanted(const struct walk *walk, struct ambit_str name)
{
    return ends_with(name, walk->suffix) &&
           ends_with(name, ".test.json") == streq(walk->suffix, ".test.json");
}

/* "policies/restart-services.json" as messages name it. */
static struct ambit_str path_of(struct walk *walk, enum ambit_kind kind, struct ambit_str name)
{
    BUF_AUTO text = {.p = NULL};
    buf_put_text(&text, walk->path);
    while (text.len > 1 && text.p[text.len - 1] == '/')
        text.len--;
    buf_put_char(&text, '/');
    buf_put_text(&text, ambit_kind_folder(kind));
    if (name.len) {
        buf_put_char(&text, '/');
        buf_put_str(&text, name);
    }
    /* A name that is not UTF-8 has no place in a message as it is. */
    bool is_utf8 = utf8_is_valid(buf_str(&text));
    for (size_t i = 0; !is_utf8 && i < text.len; i++)
        text.p[i] = (uint8_t)text.p[i] < 0x80 ? text.p[i] : '?';
    return buf_check(&text) ? (struct ambit_str){NULL, 0}
                            : arena_copy(&walk->folder->arena, buf_str(&text));
}

static enum ambit_err complain(struct walk *walk, struct ambit_str path, const char *what,
                               const char *expected)
{
    struct ambit_problem problem = {.file = path,
                                    .pointer = AMBIT_STR(""),
                                    .what = ambit_str_of(what),
                                    .expected = ambit_str_of(expected)};
    return ambit_problems_add(walk->problems, &problem);
}

/* "acme__agent.json" stands for "acme/agent". */
static struct ambit_str name_of(struct walk *walk, struct ambit_str file_name)
{
    size_t len = file_name.len - strlen(walk->suffix);
    char *name = arena_alloc(&walk->folder->arena, len + 1);
    size_t n = 0;
    for (size_t i = 0; name && i < len; i++) {
        bool is_slash = i + 1 < len && file_name.p[i] == '_' && file_name.p[i + 1] == '_';
        name[n++] = is_slash ? '/' : file_name.p[i];
        i += is_slash;
    }
    return (struct ambit_str){.p = name, .len = n};
}

static enum ambit_err add_file(struct walk *walk, const struct ambit_file *file)
{
    struct folder *folder = walk->folder;
    if (folder->n == walk->cap) {
        size_t cap = walk->cap ? walk->cap * 2 : 32, bytes = 0;
        if (!ambit_mul(cap, sizeof *folder->files, &bytes))
            return AMBIT_ERR_NO_MEMORY;
        struct ambit_file *files = realloc(folder->files, bytes);
        if (!files)
            return AMBIT_ERR_NO_MEMORY;
        folder->files = files;
        walk->cap = cap;
    }
    folder->files[folder->n++] = *file;
    return AMBIT_OK;
}

/* At most `size` bytes; what grew meanwhile is cut and found wrong by the reader. */
static enum ambit_err read_bytes(int fd, size_t size, struct arena *arena, struct ambit_str *ret)
{
    char *bytes = arena_alloc(arena, size + 1);
    if (!bytes)
        return AMBIT_ERR_NO_MEMORY;

    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return AMBIT_ERR_IO;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret = (struct ambit_str){.p = bytes, .len = len};
    return AMBIT_OK;
}

static enum ambit_err take_file(struct walk *walk, int dir_fd, enum ambit_kind kind,
                                struct ambit_str name)
{
    struct ambit_file file = {
        .kind = kind, .path = path_of(walk, kind, name), .name = name_of(walk, name)};
    if (!file.path.p || !file.name.p)
        return AMBIT_ERR_NO_MEMORY;

    /* O_NONBLOCK: a pipe must be found out, not waited for. */
    FD_AUTO fd = openat(dir_fd, name.p, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ELOOP)
        return complain(walk, file.path, "is a symbolic link", "a plain file");
    if (fd < 0)
        return complain(walk, file.path, strerror(errno), "a readable file");

    struct stat about = {0};
    if (fstat(fd, &about) || !S_ISREG(about.st_mode))
        return complain(walk, file.path, "is no plain file", "a plain file");
    if (about.st_size > AMBIT_DOCUMENT_BYTES)
        return complain(walk, file.path, "is larger than 1 MiB", "at most 1 MiB");

    enum ambit_err err = read_bytes(fd, (size_t)about.st_size, &walk->folder->arena, &file.bytes);
    if (err == AMBIT_ERR_IO)
        return complain(walk, file.path, "cannot be read", "a readable file");
    if (err)
        return err;

    return add_file(walk, &file);
}

static enum ambit_err walk_kind(struct walk *walk, int root_fd, enum ambit_kind kind)
{
    FD_AUTO dir_fd =
        openat(root_fd, ambit_kind_folder(kind), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir_fd < 0 && errno == ENOENT)
        return AMBIT_OK;

    walk->n_folders++;
    if (dir_fd < 0)
        return complain(walk, path_of(walk, kind, AMBIT_STR("")), "is no folder that can be read",
                        "a folder, not a link to one");

    struct ambit_str *names = NULL;
    size_t n = 0;
    enum ambit_err err = dir_list(dir_fd, ".", &walk->folder->arena, &names, &n);
    for (size_t i = 0; !err && i < n; i++) {
        if (walk->folder->n >= FOLDER_FILES_MAX)
            return complain(walk, path_of(walk, kind, AMBIT_STR("")), "holds too many files",
                            "at most 100000 documents");
        if (is_wanted(walk, names[i]))
            err = take_file(walk, dir_fd, kind, names[i]);
    }
    return err;
}

enum ambit_err folder_read(const char *path, struct ambit_problems *problems, struct folder *ret)
{
    static const enum ambit_kind kinds[] = {AMBIT_KIND_PERSON, AMBIT_KIND_AGENT, AMBIT_KIND_SERVICE,
                                            AMBIT_KIND_POLICY};

    *ret = (struct folder){.files = NULL};
    arena_init(&ret->arena, NULL, 0, 0);
    FD_AUTO root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? AMBIT_ERR_NOT_FOUND : AMBIT_ERR_IO;

    struct walk walk = {.path = path, .problems = problems, .folder = ret, .suffix = ".json"};
    size_t before = problems->n_errors;
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        enum ambit_err err = walk_kind(&walk, root_fd, kinds[i]);
        if (err)
            return err;
    }
    if (walk.n_folders == 0) {
        enum ambit_err err = complain(&walk, ambit_str_of(path), "is no documents folder",
                                      "people/, agents/, services/ and policies/ in it");
        if (err)
            return err;
    }
    return problems->n_errors > before ? AMBIT_ERR_MALFORMED : AMBIT_OK;
}

enum ambit_err folder_read_tests(const char *path, struct ambit_problems *problems,
                                 struct folder *ret)
{
    *ret = (struct folder){.files = NULL};
    arena_init(&ret->arena, NULL, 0, 0);
    FD_AUTO root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? AMBIT_ERR_NOT_FOUND : AMBIT_ERR_IO;

    struct walk walk = {.path = path, .problems = problems, .folder = ret, .suffix = ".test.json"};
    size_t before = problems->n_errors;
    enum ambit_err err = walk_kind(&walk, root_fd, AMBIT_KIND_POLICY);
    return err || problems->n_errors == before ? err : AMBIT_ERR_MALFORMED;
}

struct ambit_read_env folder_env(struct zones *zones, int64_t now_ms)
{
    return (struct ambit_read_env){
        .now_ms = now_ms,
        .sha256 = crypto_sha256,
        .zone = zones_find,
        .ctx = zones,
        .zone_data = zones_version(zones),
    };
}

enum ambit_err folder_load(const char *path, int64_t now_ms, struct ambit_problems *problems,
                           struct ambit_documents **ret)
{
    ZONES_AUTO zones = NULL;
    enum ambit_err err = zones_open(NULL, &zones);
    if (err)
        return err;

    FOLDER_AUTO folder = {.files = NULL};
    enum ambit_err folder_err = folder_read(path, problems, &folder);
    if (folder_err && folder_err != AMBIT_ERR_MALFORMED)
        return folder_err;

    /* A link among the files does not hide what is wrong in the others. */
    struct ambit_read_env env = folder_env(zones, now_ms);
    err = ambit_documents_read(folder.files, folder.n, &env, problems, ret);
    if (err || !folder_err)
        return err;

    ambit_documents_free(*ret);
    *ret = NULL;
    return AMBIT_ERR_MALFORMED;
}
