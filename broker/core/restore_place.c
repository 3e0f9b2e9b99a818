/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a restore: see restore_place.h. */
#include "core/restore_place.h"

#include <stdio.h>

#include "base/file.h"
#include "core/backup_files.h"

enum { JOURNAL_BYTES = 1 << 20, SECTOR = 512, NAME_MAX_BYTES = 64 };
static const char journal_path[] = "store/stops.journal";

bool restore_is_there(int dir_fd, const char *path)
{
    FD_AUTO fd = -1;
    return file_open(dir_fd, path, &fd) != AMBIT_ERR_NOT_FOUND;
}

/* ---- the journal --------------------------------------------------------------------------- */

/* The sectors up to the last one that is not all zeroes; none where there is no file. */
static enum ambit_err read_journal(int dir_fd, const char *path, struct buf *bytes)
{
    enum ambit_err err = file_read(dir_fd, path, JOURNAL_BYTES, bytes);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    while (bytes->len > 0 && bytes->p[bytes->len - 1] == '\0')
        bytes->len--;
    while (err == AMBIT_OK && bytes->len % SECTOR != 0)
        buf_put_char(bytes, '\0');
    return err == AMBIT_OK ? buf_check(bytes) : err;
}

static bool begins_with(struct ambit_str text, struct ambit_str with)
{
    return with.len <= text.len && (with.len == 0 || memcmp(text.p, with.p, with.len) == 0);
}

/* Each record begins on a sector of its own and has a checksum, so that what stands behind a torn
 * one is found all the same. */
static void join(struct ambit_str old, struct ambit_str backup, struct buf *both)
{
    bool has_all = begins_with(old, backup);
    if (has_all || !begins_with(backup, old))
        buf_put_str(both, old);
    if (!has_all)
        buf_put_str(both, backup);
}

enum ambit_err restore_put_journal(int backup_fd, int state_fd, int fresh_fd, bool *ret_has)
{
    BUF_AUTO old, backup, both;
    buf_init(&old, 0);
    buf_init(&backup, 0);
    buf_init(&both, 0);
    enum ambit_err err = read_journal(state_fd, journal_path, &old);
    if (err == AMBIT_OK)
        err = read_journal(backup_fd, journal_path, &backup);
    if (err != AMBIT_OK)
        return err;
    *ret_has = old.len > 0;
    join(buf_str(&old), buf_str(&backup), &both);
    if (both.len > JOURNAL_BYTES)
        return AMBIT_ERR_TOO_LARGE;
    size_t room = JOURNAL_BYTES - both.len; /* so that an entry changes no metadata */
    char *p = buf_reserve(&both, room);
    if (!p)
        return AMBIT_ERR_NO_MEMORY;
    memset(p, 0, room);
    both.len += room;
    return file_write(fresh_fd, "stops.journal", buf_str(&both), 0600);
}

enum ambit_err restore_clear(int backup_fd, int state_fd, const char *fresh)
{
    char path[NAME_MAX_BYTES];
    BUF_AUTO left, backup;
    buf_init(&left, 0);
    buf_init(&backup, 0);
    int n = snprintf(path, sizeof path, "%s/stops.journal", fresh);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof path);
    enum ambit_err err = AMBIT_OK;
    if (!restore_is_there(state_fd, "store"))
        err = read_journal(state_fd, path, &left);
    if (err == AMBIT_OK && left.len > 0)
        err = read_journal(backup_fd, journal_path, &backup);
    if (err == AMBIT_OK && !begins_with(buf_str(&backup), buf_str(&left)))
        err = AMBIT_ERR_REFUSED;
    return err == AMBIT_OK ? dir_remove(state_fd, fresh) : err;
}

/* ---- the places ---------------------------------------------------------------------------- */

enum ambit_err restore_swap(int state_fd, const char *fresh, const char *aside, bool *ret_is_aside)
{
    *ret_is_aside = restore_is_there(state_fd, "store");
    if (!*ret_is_aside)
        return file_rename(state_fd, fresh, "store");
    /* First the name that the old one will have, so that nothing is left to be done behind the
     * exchange. */
    enum ambit_err err = file_rename(state_fd, fresh, aside);
    if (err == AMBIT_OK)
        err = file_exchange(state_fd, aside, "store");
    if (err != AMBIT_ERR_UNSUPPORTED)
        return err;
    err = file_rename(state_fd, aside, fresh);
    if (err == AMBIT_OK)
        err = file_rename(state_fd, "store", aside);
    return err == AMBIT_OK ? file_rename(state_fd, fresh, "store") : err;
}

enum ambit_err restore_add_folder(int backup_fd, int state_fd, const char *name)
{
    char partial[NAME_MAX_BYTES];
    if (restore_is_there(state_fd, name) || !restore_is_there(backup_fd, name))
        return AMBIT_OK;
    int n = snprintf(partial, sizeof partial, "%s.restoring", name);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof partial);
    enum ambit_err err = dir_remove(state_fd, partial); /* of one that was cut short */
    if (err == AMBIT_OK)
        err = backup_copy_folder(backup_fd, name, state_fd, partial);
    return err == AMBIT_OK ? file_rename(state_fd, partial, name) : err;
}
