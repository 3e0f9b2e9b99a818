/* SPDX-License-Identifier: Apache-2.0 */
/* See signing.h. */
#include "core/signing.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/secret.h"
#include "core/key_command.h"
#include "core/prune.h"
#include "core/searching.h"
#include "ledger/tlog.h"

static const char first_file[] = "signing.jwk"; /* of a version that had one key */
static const char suffix[] = ".jwk";
static const char credential[] = "ambit-signing-key";
static const char credential_next[] = "ambit-signing-key-next";

enum { FILE_NAME_MAX = CRYPTO_KID_LEN + sizeof suffix };

static void file_name(const struct ambit_digest *kid, char dst[FILE_NAME_MAX])
{
    base64url_encode(kid->b, sizeof kid->b, dst);
    memcpy(dst + CRYPTO_KID_LEN, suffix, sizeof suffix);
}

static AMBIT_CHECKED enum ambit_err key_load(int folder_fd, const char *name,
                                             struct crypto_key **ret)
{
    struct buf text;
    buf_init(&text, 0);
    enum ambit_err err = file_read(folder_fd, name, AMBIT_FORM_BYTES, &text);
    if (err == AMBIT_OK)
        err = crypto_key_from_private_text(buf_str(&text), ret);
    buf_wipe(&text);
    return err;
}

static AMBIT_CHECKED enum ambit_err keys_folder(struct broker *broker, int *ret_fd)
{
    FD_AUTO state_fd = -1;
    enum ambit_err err = dir_open(AT_FDCWD, broker->state_folder.p, &state_fd);
    if (err == AMBIT_OK)
        err = dir_make(state_fd, "keys", 0700);
    return err == AMBIT_OK ? dir_open(state_fd, "keys", ret_fd) : err;
}

/* ---- a new one ----------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err write_half(struct broker *broker, const struct crypto_key *key)
{
    FD_AUTO fd = -1;
    struct buf text;
    struct json_out out;
    char name[FILE_NAME_MAX];
    struct ambit_digest kid = crypto_key_thumbprint(key);
    buf_init(&text, 0);
    json_out_init(&out, &text, true);
    file_name(&kid, name);
    enum ambit_err err = keys_folder(broker, &fd);
    if (err == AMBIT_OK)
        err = crypto_key_put_private_jwk(key, crypto_key_alg(key), &out);
    if (err == AMBIT_OK)
        err = buf_check(&text);
    if (err == AMBIT_OK)
        err = file_create(fd, name, buf_str(&text), 0600);
    buf_wipe(&text);
    return err;
}

enum ambit_err key_prepare(struct key_command *command)
{
    struct broker *broker = command->base.broker;
    command->refusal = broker->has_handed_key ? KEY_HANDED : KEY_FINE;
    if (command->refusal != KEY_FINE)
        return AMBIT_OK;
    /* INVARIANT: between here and key_done() no file of a key is taken for an old one. */
    atomic_fetch_add(&broker->key_files.making, 1);
    atomic_fetch_add(&broker->key_files.made, 1);
    command->is_making = true;
    enum ambit_err err = crypto_key_new(broker->algorithm, &command->key);
    return err == AMBIT_OK ? write_half(broker, command->key) : err;
}

void key_done(struct key_command *command)
{
    if (command->is_making)
        atomic_fetch_sub(&command->base.broker->key_files.making, 1);
    command->is_making = false;
    crypto_key_free(TAKE(command->key));
    command_release(&command->base);
}

/* Runs one change of the broker's own and waits; `key` NULL: a new one is made. */
static AMBIT_CHECKED enum ambit_err change_own(struct broker *broker, enum key_change change,
                                               struct crypto_key *key, bool is_known)
{
    struct key_command command = {.change = change, .is_known = is_known};
    command_init(&command.base, broker, NULL, NULL);
    enum ambit_err err = AMBIT_OK;
    if (key != NULL)
        command.key = crypto_key_hold(key);
    else
        err = key_prepare(&command);
    if (err == AMBIT_OK && command.refusal == KEY_FINE)
        err = key_call(&command);
    if (err != AMBIT_OK || command.refusal != KEY_FINE)
        atomic_store(&broker->has_old_keys, true);
    key_done(&command);
    return err;
}

/* ---- the start ----------------------------------------------------------------------------- */

struct start {
    struct arena arena;
    struct key_row *rows;
    size_t n;
};

static const struct key_row *start_current(const struct start *start)
{
    for (size_t i = 0; i < start->n; i++)
        if (start->rows[i].state == KEY_CURRENT)
            return &start->rows[i];
    return NULL;
}

static const struct key_row *start_find(const struct start *start, const struct crypto_key *key)
{
    struct ambit_digest kid = crypto_key_thumbprint(key);
    for (size_t i = 0; i < start->n; i++)
        if (ambit_digest_eq(start->rows[i].kid, kid))
            return &start->rows[i];
    return NULL;
}

static AMBIT_CHECKED enum ambit_err start_read(struct broker *broker, struct start *start)
{
    struct store_txn *txn = NULL;
    start->rows = arena_array(&start->arena, KEYS_MAX, sizeof *start->rows);
    if (start->rows == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = key_rows_load(txn, &start->arena, start->rows, &start->n);
    store_read_end(txn);
    return err;
}

/* As it was: nothing is recorded, what the rows say is published again. */
static AMBIT_CHECKED enum ambit_err publish(struct broker *broker)
{
    struct store_txn *txn = NULL;
    struct broker_keys *keys = NULL;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = keyring_build(txn, &broker->halves, broker->rotate_ms, &keys, &broker->keys_due_ms);
    store_read_end(txn);
    if (err == AMBIT_OK)
        broker->keys = keys;
    return err;
}

/* All keys come from the service manager. */
static AMBIT_CHECKED enum ambit_err start_handed(struct broker *broker, struct start *start,
                                                 int folder_fd, struct crypto_key *key)
{
    CRYPTO_KEY_AUTO *next = NULL;
    broker->has_handed_key = true;
    broker->rotate_ms = 0;
    enum ambit_err err = key_halves_add(&broker->halves, key);
    if (err == AMBIT_OK)
        err = key_load(folder_fd, credential_next, &next);
    if (err == AMBIT_OK)
        err = key_halves_add(&broker->halves, next);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;

    const struct key_row *current = start_current(start);
    if (current != NULL && key_halves_has(&broker->halves, &current->kid))
        err = publish(broker);
    else
        err = change_own(broker, KEY_SIGN, key, start_find(start, key) != NULL);
    if (err == AMBIT_OK && next != NULL && start_find(start, next) == NULL)
        err = change_own(broker, KEY_PUBLISH, next, false);
    return err;
}

/* The halves that the rows want, as far as their files are there. */
static AMBIT_CHECKED enum ambit_err load_halves(struct broker *broker, const struct start *start,
                                                int folder_fd)
{
    for (size_t i = 0; i < start->n; i++) {
        CRYPTO_KEY_AUTO *key = NULL;
        char name[FILE_NAME_MAX];
        if (start->rows[i].state == KEY_PREVIOUS)
            continue;
        file_name(&start->rows[i].kid, name);
        enum ambit_err err = key_load(folder_fd, name, &key);
        if (err == AMBIT_ERR_NOT_FOUND)
            err = key_load(folder_fd, first_file, &key);
        if (err == AMBIT_ERR_NOT_FOUND)
            continue;
        if (err == AMBIT_OK)
            err = key_halves_add(&broker->halves, key);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err start_own(struct broker *broker, struct start *start)
{
    FD_AUTO fd = -1;
    CRYPTO_KEY_AUTO *first = NULL;
    const struct key_row *current = start_current(start);
    enum ambit_err err = keys_folder(broker, &fd);
    if (err == AMBIT_OK)
        err = load_halves(broker, start, fd);
    if (err == AMBIT_OK && start->n == 0)
        err = key_load(fd, first_file, &first);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    if (current != NULL && key_halves_has(&broker->halves, &current->kid)) {
        atomic_store(&broker->wants_key, current->alg != broker->algorithm);
        return publish(broker);
    }
    if (current != NULL)
        LOG(LOG_WARNING, "the file of the signing key is gone: a new key signs from here on");
    return change_own(broker, KEY_SIGN, first, first != NULL);
}

enum ambit_err signing_open(struct broker *broker)
{
    FD_AUTO fd = -1;
    CRYPTO_KEY_AUTO *key = NULL;
    struct start start = {.n = 0};
    arena_init(&start.arena, NULL, 0, 0);
    enum ambit_err err = start_read(broker, &start);
    if (err == AMBIT_OK && broker->credentials_folder.len > 0)
        err = dir_open(AT_FDCWD, broker->credentials_folder.p, &fd);
    if (err == AMBIT_OK && fd >= 0)
        err = key_load(fd, credential, &key);
    if (err == AMBIT_OK && key != NULL)
        err = start_handed(broker, &start, fd, key);
    else if (err == AMBIT_OK || err == AMBIT_ERR_NOT_FOUND)
        err = start_own(broker, &start);
    arena_done(&start.arena);
    atomic_store(&broker->has_old_keys, true);
    return err;
}

void signing_close(struct broker *broker)
{
    broker_keys_release(TAKE(broker->keys));
    key_halves_keep(&broker->halves, NULL);
}

/* ---- what is slow -------------------------------------------------------------------------- */

static bool is_needed(const struct start *start, const struct ambit_digest *kid)
{
    for (size_t i = 0; i < start->n; i++)
        if (start->rows[i].state != KEY_PREVIOUS && ambit_digest_eq(start->rows[i].kid, *kid))
            return true;
    return false;
}

/* Whether this file holds a private half that nobody needs. */
static bool is_over(const struct start *start, int fd, struct ambit_str name)
{
    struct ambit_digest kid;
    size_t len = 0;
    if (ambit_str_is(name, first_file)) {
        CRYPTO_KEY_AUTO *key = NULL;
        if (key_load(fd, first_file, &key) != AMBIT_OK)
            return false;
        kid = crypto_key_thumbprint(key);
        return !is_needed(start, &kid);
    }
    if (name.len != FILE_NAME_MAX - 1 || !streq(name.p + CRYPTO_KID_LEN, suffix))
        return false;
    struct ambit_str text = {.p = name.p, .len = CRYPTO_KID_LEN};
    return base64url_decode(text, kid.b, sizeof kid.b, &len) == AMBIT_OK && len == sizeof kid.b &&
           !is_needed(start, &kid);
}

enum ambit_err signing_clean(struct broker *broker)
{
    FD_AUTO fd = -1;
    struct start start = {.n = 0};
    struct ambit_str *names = NULL;
    size_t n = 0;
    arena_init(&start.arena, NULL, 0, 0);
    uint64_t made = atomic_load(&broker->key_files.made);
    bool is_making = atomic_load(&broker->key_files.making) != 0;
    enum ambit_err err = keys_folder(broker, &fd);
    if (err == AMBIT_OK)
        err = dir_list(fd, ".", &start.arena, &names, &n);
    /* What was listed while one was made may be that one. */
    is_making |= made != atomic_load(&broker->key_files.made);
    if (err == AMBIT_OK && !is_making)
        err = start_read(broker, &start);
    for (size_t i = 0; err == AMBIT_OK && !is_making && i < n; i++)
        if (is_over(&start, fd, names[i]) && unlinkat(fd, names[i].p, 0) != 0)
            err = AMBIT_ERR_IO;
    arena_done(&start.arena);
    return is_making ? AMBIT_ERR_BUSY : err;
}

void broker_tend(struct broker *broker)
{
    enum ambit_err err = AMBIT_OK;
    readers_look(broker);
    searching_look(broker);
    tlog_tend(broker_log(broker));
    prunes_tend(broker);
    if (atomic_exchange(&broker->wants_key, false)) {
        err = change_own(broker, KEY_PUBLISH, NULL, false);
        if (err != AMBIT_OK) {
            atomic_store(&broker->wants_key, true);
            LOG(LOG_ERROR, "the next signing key cannot be made",
                LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
        }
    }
    if (broker->has_handed_key || !atomic_exchange(&broker->has_old_keys, false))
        return;
    err = signing_clean(broker);
    if (err == AMBIT_OK)
        return;
    atomic_store(&broker->has_old_keys, true);
    if (err != AMBIT_ERR_BUSY)
        LOG(LOG_ERROR, "files of old signing keys cannot be removed",
            LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
}
