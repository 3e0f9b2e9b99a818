/* SPDX-License-Identifier: Apache-2.0 */
/* One document of the folder by itself, and what lies beside it. The names come from callers and
 * documents: each is made a file name in one way only, and that file is never a link. */
#include "config/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "crypto/digest.h"
#include "policy/name.h"

static bool is_name_of(enum ambit_kind kind, struct ambit_str name)
{
    return kind == AMBIT_KIND_AGENT ? name_is_agent(name) : name_is_plain(name);
}

static AMBIT_CHECKED enum ambit_err file_name(const struct folder_beside *beside, struct buf *ret)
{
    static const char json[] = ".json";
    folder_file_name(ret, beside->name);
    if (beside->is_test && ret->len >= sizeof json - 1) {
        ret->len -= sizeof json - 1;
        buf_put_text(ret, ".test.json");
    }
    buf_put_text(ret, beside->suffix != NULL ? beside->suffix : "");
    if (beside->person.len > 0) {
        buf_put_char(ret, '.');
        buf_put_str(ret, beside->person);
        buf_put_text(ret, ".sig");
    }
    buf_put_char(ret, '\0');
    return buf_check(ret);
}

enum ambit_err folder_read_beside(const char *path, const struct folder_beside *beside,
                                  struct buf *ret)
{
    if (!is_name_of(beside->kind, beside->name) ||
        (beside->person.len > 0 && !name_is_plain(beside->person)))
        return AMBIT_ERR_NOT_FOUND;
    BUF_AUTO name = {.p = NULL};
    enum ambit_err err = file_name(beside, &name);
    if (err != AMBIT_OK)
        return err;
    FD_AUTO root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return errno == ENOENT ? AMBIT_ERR_NOT_FOUND : AMBIT_ERR_IO;
    FD_AUTO dir_fd = openat(root_fd, ambit_kind_folder(beside->kind),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir_fd < 0)
        return errno == ENOENT ? AMBIT_ERR_NOT_FOUND : AMBIT_ERR_MALFORMED;
    /* A link is refused here as the whole folder refuses it. */
    char target[1];
    if (readlinkat(dir_fd, name.p, target, sizeof target) >= 0)
        return AMBIT_ERR_MALFORMED;
    err = file_read(dir_fd, name.p, AMBIT_DOCUMENT_BYTES, ret);
    return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_MALFORMED : err;
}

enum ambit_err folder_identify(const char *path, enum ambit_kind kind, struct ambit_str name,
                               struct ambit_identity *ret)
{
    const struct folder_beside beside = {.kind = kind, .name = name};
    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err = folder_read_beside(path, &beside, &bytes);
    if (err != AMBIT_OK)
        return err;

    const struct ambit_read_env env = {.sha256 = crypto_sha256};
    err = ambit_document_identify(buf_str(&bytes), &env, ret);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_MALFORMED : err;
    struct ambit_str own = {.p = ret->name, .len = ret->name_len};
    return ret->kind == kind && ambit_str_eq(own, name) ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}
