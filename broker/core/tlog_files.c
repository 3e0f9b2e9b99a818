/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and files of the log: STATE/keys/log.key, STATE/log/. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "core/tlog_open.h"
#include "core/tlog_start.h"
#include "ledger/checkpoint.h"

static const char key_file[] = "log.key";
static const char next_file[] = "log.key.next";
static const char credential[] = "ambit-log-key";
static const char checkpoint_file[] = "checkpoint";
static const char vkey_file[] = "log.vkey";

enum { ASIDE_MAX = 1000, NAME_MAX_LEN = 64 };

static AMBIT_CHECKED enum ambit_err folder_open(const struct broker *broker, const char *name,
                                                unsigned mode, int *ret_fd)
{
    FD_AUTO state_fd = -1;
    enum ambit_err err = dir_open(AT_FDCWD, broker->state_folder.p, &state_fd);
    if (err == AMBIT_OK)
        err = dir_make(state_fd, name, mode);
    return err == AMBIT_OK ? dir_open(state_fd, name, ret_fd) : err;
}

/* ---- keys ---- */

static AMBIT_CHECKED enum ambit_err key_load(int folder_fd, const char *name,
                                             struct crypto_key **ret)
{
    struct buf text;
    buf_init(&text, 0);
    CRYPTO_KEY_AUTO *key = NULL;
    enum ambit_err err = file_read(folder_fd, name, AMBIT_FORM_BYTES, &text);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (err == AMBIT_OK)
        err = crypto_key_from_private_text(buf_str(&text), &key);
    buf_wipe(&text);
    if (err == AMBIT_OK && !crypto_key_fits(key, CRYPTO_ED25519))
        err = AMBIT_ERR_MALFORMED;
    if (err == AMBIT_OK)
        *ret = TAKE(key);
    return err == AMBIT_ERR_UNSUPPORTED ? AMBIT_ERR_MALFORMED : err;
}

enum ambit_err tlog_keys_load(const struct broker *broker, struct tlog_start *start)
{
    FD_AUTO fd = -1;
    enum ambit_err err = AMBIT_OK;
    if (broker->credentials_folder.len > 0) {
        err = dir_open(AT_FDCWD, broker->credentials_folder.p, &fd);
        if (err == AMBIT_OK)
            err = key_load(fd, credential, &start->key);
        start->is_handed = start->key != NULL;
    }
    if (err != AMBIT_OK || start->is_handed)
        return err;
    fd_closep(&fd);
    err = folder_open(broker, "keys", 0700, &fd);
    if (err == AMBIT_OK)
        err = key_load(fd, key_file, &start->key);
    return err == AMBIT_OK ? key_load(fd, next_file, &start->next_key) : err;
}

enum ambit_err tlog_key_make(const struct broker *broker, bool is_first, struct crypto_key **ret)
{
    FD_AUTO fd = -1;
    CRYPTO_KEY_AUTO *key = NULL;
    struct buf text;
    buf_init(&text, 0);
    enum ambit_err err = folder_open(broker, "keys", 0700, &fd);
    if (err == AMBIT_OK)
        err = crypto_key_new(CRYPTO_ED25519, &key);
    if (err == AMBIT_OK)
        err = crypto_key_put_pem(key, &text);
    if (err == AMBIT_OK)
        err = buf_check(&text);
    if (err == AMBIT_OK && is_first)
        err = file_create(fd, key_file, buf_str(&text), 0600);
    else if (err == AMBIT_OK)
        err = file_write(fd, next_file, buf_str(&text), 0600);
    buf_wipe(&text);
    if (err == AMBIT_OK)
        *ret = TAKE(key);
    return err;
}

enum ambit_err tlog_key_install(const struct broker *broker)
{
    FD_AUTO fd = -1;
    enum ambit_err err = folder_open(broker, "keys", 0700, &fd);
    if (err != AMBIT_OK)
        return err;
    return renameat(fd, next_file, fd, key_file) == 0 && fsync(fd) == 0 ? AMBIT_OK : AMBIT_ERR_IO;
}

/* ---- STATE/log ---- */

enum ambit_err tlog_checkpoint_load(const struct broker *broker, struct buf *ret)
{
    FD_AUTO fd = -1;
    enum ambit_err err = folder_open(broker, "log", 0755, &fd);
    return err == AMBIT_OK ? file_read(fd, checkpoint_file, NOTE_BYTES_MAX, ret) : err;
}

/* What writes that were cut by a crash left; none of it was ever the checkpoint. */
static void remove_leftovers(int fd)
{
    ARENA_AUTO arena;
    struct ambit_str *names = NULL;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    if (dir_list(fd, ".", &arena, &names, &n) != AMBIT_OK)
        return;
    for (size_t i = 0; i < n; i++)
        if (names[i].len > 4 && memcmp(names[i].p + names[i].len - 4, ".tmp", 4) == 0)
            (void)unlinkat(fd, names[i].p, 0);
}

enum ambit_err tlog_checkpoint_begin(const struct broker *broker, const struct tlog_start *start)
{
    FD_AUTO fd = -1;
    BUF_AUTO note = {.max = NOTE_BYTES_MAX};
    const struct tree_edge none = {.size = 0};
    const struct checkpoint empty = {.origin = tlog_start_origin(start), .root = tree_root(&none)};
    enum ambit_err err = checkpoint_sign(&empty, start->key, &note);
    if (err == AMBIT_OK)
        err = folder_open(broker, "log", 0755, &fd);
    return err == AMBIT_OK ? file_write(fd, checkpoint_file, buf_str(&note), 0644) : err;
}

enum ambit_err tlog_checkpoint_set_aside(const struct broker *broker)
{
    FD_AUTO fd = -1;
    enum ambit_err err = folder_open(broker, "log", 0755, &fd);
    if (err != AMBIT_OK)
        return err;
    for (int i = 1; i < ASIDE_MAX; i++) {
        char name[NAME_MAX_LEN];
        int n = snprintf(name, sizeof name, "%s.%d", checkpoint_file, i);
        AMBIT_ASSERT(n > 0 && n < (int)sizeof name);
        if (faccessat(fd, name, F_OK, 0) == 0)
            continue;
        /* A second name: there is a checkpoint at every moment, until another takes its place. */
        if (linkat(fd, checkpoint_file, fd, name, 0) != 0)
            return faccessat(fd, checkpoint_file, F_OK, 0) != 0 ? AMBIT_OK : AMBIT_ERR_IO;
        return fsync(fd) == 0 ? AMBIT_OK : AMBIT_ERR_IO;
    }
    return AMBIT_ERR_NO_SPACE;
}

enum ambit_err tlog_vkey_write(const struct broker *broker, const struct tlog_start *start)
{
    FD_AUTO fd = -1;
    BUF_AUTO text = {0}, there = {0};
    struct note_verifier verifier;
    enum ambit_err err =
        note_verifier_of(tlog_start_origin(start), NOTE_ED25519, start->key, &verifier);
    if (err != AMBIT_OK)
        return err;
    note_verifier_put(&verifier, &text);
    buf_put_char(&text, '\n');
    err = buf_check(&text);
    if (err == AMBIT_OK)
        err = folder_open(broker, "log", 0755, &fd);
    if (err != AMBIT_OK)
        return err;
    remove_leftovers(fd);
    if (file_read(fd, vkey_file, NOTE_BYTES_MAX, &there) == AMBIT_OK &&
        ambit_str_eq(buf_str(&there), buf_str(&text)))
        return AMBIT_OK;
    return file_write(fd, vkey_file, buf_str(&text), 0644);
}
