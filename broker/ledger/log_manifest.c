/* SPDX-License-Identifier: Apache-2.0 */
/* SHA256SUMS of an archive of evidence, as sha256sum(1) writes and checks it: a line a file, its
 * digest, two blanks, its path. The log signs nothing of it: it shows what was changed since the
 * archive was made by whoever did not make the list anew. */
#include <stdio.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "ledger/log_verify_internal.h"
#include "ledger/note.h"

static const char name[] = "SHA256SUMS";

/* Below the archive, and printable. */
static bool is_path(struct ambit_str path)
{
    if (path.len == 0 || path.len >= LOG_PATH_MAX || path.p[0] == '/' || path.p[0] == '.')
        return false;
    for (size_t i = 0; i < path.len; i++) {
        bool is_hidden = i > 0 && path.p[i] == '.' && path.p[i - 1] == '/';
        if (path.p[i] <= ' ' || path.p[i] >= 0x7f || path.p[i] == '\\' || is_hidden)
            return false;
    }
    return true;
}

static bool read_line(struct ambit_str line, struct log_listed *ret)
{
    if (line.len < HEX_DIGEST_LEN + 3 || memcmp(line.p + HEX_DIGEST_LEN, "  ", 2) != 0)
        return false;
    ret->path = (struct ambit_str){line.p + HEX_DIGEST_LEN + 2, line.len - HEX_DIGEST_LEN - 2};
    return is_path(ret->path) && hex_decode((struct ambit_str){line.p, HEX_DIGEST_LEN},
                                            ret->digest.b, sizeof ret->digest.b) == AMBIT_OK;
}

static int compare(const void *a, const void *b)
{
    const struct log_listed *x = a, *y = b;
    return ambit_str_cmp(x->path, y->path);
}

/* Every line, sorted; *ret_is_sound: they are lines of it, and name no file twice. */
static AMBIT_CHECKED enum ambit_err read_lines(struct log_verify *verify, bool *ret_is_sound)
{
    struct ambit_str left = buf_str(&verify->manifest), line;
    size_t room = 1;
    for (size_t i = 0; i < left.len; i++)
        room += left.p[i] == '\n';
    verify->listed = calloc(room, sizeof *verify->listed);
    if (verify->listed == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *ret_is_sound = false;
    while (note_take_line(&left, &line))
        if (!read_line(line, &verify->listed[verify->n_listed++]))
            return AMBIT_OK;
    qsort(verify->listed, verify->n_listed, sizeof *verify->listed, compare);
    for (size_t i = 1; i < verify->n_listed; i++)
        if (ambit_str_eq(verify->listed[i - 1].path, verify->listed[i].path))
            return AMBIT_OK;
    *ret_is_sound = left.len == 0 && verify->n_listed > 0;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err judge(struct log_verify *verify,
                                          const struct log_listed *listed, struct buf *file)
{
    char path[LOG_PATH_MAX];
    struct ambit_digest digest;
    (void)snprintf(path, sizeof path, "%.*s", AMBIT_STR_ARG(listed->path));
    buf_reset(file);
    enum ambit_err err = log_get(verify, path, LOG_FILE_MAX, file);
    if (err != AMBIT_OK)
        return log_is_ours(err) ? err : AMBIT_OK; /* told */
    crypto_sha256(file->p, file->len, &digest);
    verify->report->n_listed++;
    if (!ambit_digest_eq(digest, listed->digest))
        log_problem(verify, NULL, path, "was changed since the archive was made (%s)", name);
    return AMBIT_OK;
}

enum ambit_err log_verify_manifest(struct log_verify *verify)
{
    BUF_AUTO file;
    bool is_sound = false;
    buf_init(&file, 0);
    enum ambit_err err = log_get(verify, name, LOG_FILE_MAX, &verify->manifest);
    if (err != AMBIT_OK)
        return log_is_ours(err) ? err : AMBIT_OK;
    crypto_sha256(verify->manifest.p, verify->manifest.len, &verify->report->manifest);
    err = read_lines(verify, &is_sound);
    if (err == AMBIT_OK && !is_sound) {
        log_problem(verify, NULL, name, "is no list of files and their digests");
        verify->n_listed = 0; /* rows that are half read, unsorted: it lists nothing */
    }
    for (size_t i = 0; err == AMBIT_OK && is_sound && i < verify->n_listed; i++)
        err = log_gives_up(verify) ? AMBIT_OK : judge(verify, &verify->listed[i], &file);
    return err;
}

bool log_is_listed(const struct log_verify *verify, const char *path)
{
    const struct log_listed want = {.path = ambit_str_of(path)};
    return strcmp(path, name) == 0 ||
           (verify->n_listed > 0 &&
            bsearch(&want, verify->listed, verify->n_listed, sizeof want, compare) != NULL);
}
