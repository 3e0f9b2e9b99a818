/* SPDX-License-Identifier: Apache-2.0 */
/* One document of the folder by itself. The name comes from a caller: it is made a file name in one
 * way only, and that file is never a link. */
#include "config/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "crypto/digest.h"
#include "policy/name.h"

static AMBIT_CHECKED enum ambit_err read_one(int dir_fd, struct ambit_str name, struct buf *ret)
{
    BUF_AUTO file = {.p = NULL};
    folder_file_name(&file, name);
    buf_put_char(&file, '\0');
    enum ambit_err err = buf_check(&file);
    if (err != AMBIT_OK)
        return err;
    /* A link is refused here as the whole folder refuses it. */
    char target[1];
    if (readlinkat(dir_fd, file.p, target, sizeof target) >= 0)
        return AMBIT_ERR_MALFORMED;
    err = file_read(dir_fd, file.p, AMBIT_DOCUMENT_BYTES, ret);
    return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_MALFORMED : err;
}

enum ambit_err folder_identify(const char *path, enum ambit_kind kind, struct ambit_str name,
                               struct ambit_identity *ret)
{
    if (kind == AMBIT_KIND_AGENT ? !name_is_agent(name) : !name_is_plain(name))
        return AMBIT_ERR_NOT_FOUND;
    FD_AUTO root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return AMBIT_ERR_NOT_FOUND;
    FD_AUTO dir_fd =
        openat(root_fd, ambit_kind_folder(kind), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir_fd < 0)
        return AMBIT_ERR_NOT_FOUND;
    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err = read_one(dir_fd, name, &bytes);
    if (err != AMBIT_OK)
        return err;

    const struct ambit_read_env env = {.sha256 = crypto_sha256};
    err = ambit_document_identify(buf_str(&bytes), &env, ret);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_MALFORMED : err;
    struct ambit_str own = {.p = ret->name, .len = ret->name_len};
    return ret->kind == kind && ambit_str_eq(own, name) ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}
