/* SPDX-License-Identifier: Apache-2.0 */
/* Offline backup: see backup_offline.h. */
#include "core/backup_offline.h"

#include <fcntl.h>

#include "base/file.h"
#include "core/backup_files.h"
#include "core/backup_folder.h"
#include "store/lock.h"
#include "store/store.h"

static void unlockp(int *fd)
{
    store_unlock(*fd);
}

/* FOLDER/NAME; a name alone lies where we are. */
static enum ambit_err split(const char *out, struct arena *arena, struct ambit_str *ret_folder,
                            struct ambit_str *ret_name)
{
    size_t len = strlen(out);
    while (len > 1 && out[len - 1] == '/')
        len--;
    size_t at = len;
    while (at > 0 && out[at - 1] != '/')
        at--;
    *ret_name = arena_copy(arena, (struct ambit_str){out + at, len - at});
    *ret_folder = arena_copy(arena, at > 1    ? (struct ambit_str){out, at - 1}
                                    : at == 1 ? AMBIT_STR("/")
                                              : AMBIT_STR("."));
    if (!ret_name->p || !ret_folder->p)
        return AMBIT_ERR_NO_MEMORY;
    return backup_name_is_fine(*ret_name) ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* Stops that a sealed broker could not record wait in the journal. */
static enum ambit_err copy_journal(const char *state, const char *folder, struct ambit_str name)
{
    FD_AUTO from = -1, to = -1;
    BUF_AUTO partial, whole;
    enum ambit_err err = backup_paths(folder, name, &partial, &whole);
    if (err == AMBIT_OK)
        err = dir_open(AT_FDCWD, state, &from);
    if (err == AMBIT_OK)
        err = dir_open(AT_FDCWD, partial.p, &to);
    if (err == AMBIT_OK)
        err = backup_copy_file(from, "store/stops.journal", to, "store/stops.journal");
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    return err == AMBIT_OK ? dir_flush(to, "store") : err;
}

static enum ambit_err make(const struct backup_offline_plan *plan, struct store *store,
                           const char *folder, struct ambit_str name, struct backup_manifest *ret,
                           struct buf *said)
{
    const struct backup_plan each = {
        .store = store,
        .state = plan->state,
        .folder = folder,
        .name = name,
        .with_keys = plan->with_keys,
        .version = plan->version,
        .now_ms = plan->now_ms,
    };
    enum ambit_err err = backup_make(&each, ret, said);
    if (err != AMBIT_OK)
        return err;
    err = copy_journal(plan->state, folder, name);
    if (err == AMBIT_OK)
        err = backup_publish(folder, name);
    if (err != AMBIT_OK) {
        buf_printf(said, "%s: %s", plan->out, ambit_err_text(err));
        backup_drop(folder, name);
    }
    return err;
}

enum ambit_err backup_offline(const struct backup_offline_plan *plan, struct arena *arena,
                              struct backup_manifest *ret, struct buf *reterr_said)
{
    AMBIT_CLEANUP(unlockp) int lock = -1;
    struct ambit_str folder, name;
    BUF_AUTO path;
    struct store *store = NULL;
    buf_init(&path, 0);
    buf_printf(&path, "%s/store", plan->state);
    buf_put_char(&path, '\0');
    enum ambit_err err = buf_check(&path);
    if (err == AMBIT_OK)
        err = split(plan->out, arena, &folder, &name);
    if (err == AMBIT_ERR_MALFORMED)
        buf_printf(reterr_said,
                   "%s: the name of a backup is 1 to 64 letters, digits, dots, "
                   "dashes and underscores",
                   plan->out);
    if (err != AMBIT_OK)
        return err;
    err = store_lock(plan->state, &lock);
    if (err == AMBIT_OK)
        err = store_open(&(struct store_options){.folder = path.p, .read_only = true}, &store);
    if (err != AMBIT_OK) {
        buf_printf(reterr_said, "%s: %s", plan->state,
                   err == AMBIT_ERR_BUSY ? "a broker is running on it: leave out --out"
                                         : ambit_err_text(err));
        return err;
    }
    err = make(plan, store, folder.p, name, ret, reterr_said);
    store_close(store);
    return err;
}
