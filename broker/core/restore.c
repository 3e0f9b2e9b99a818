/* SPDX-License-Identifier: Apache-2.0 */
/* Putting a backup in place: see restore.h. */
#include "core/restore.h"

#include <fcntl.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_write.h"
#include "core/backup_files.h"
#include "core/restore_check.h"
#include "core/restore_place.h"
#include "store/lock.h"

static const char fresh[] = "store.restoring";

static void unlockp(int *fd)
{
    store_unlock(*fd);
}

void restore_done(struct restore_report *report)
{
    arena_done(&report->arena);
}

/* ---- files --------------------------------------------------------------------------------- */

/* The copy beside, whole and flushed. */
static enum ambit_err make_copy(int backup_fd, int state_fd, struct restore_report *report)
{
    FD_AUTO fd = -1;
    enum ambit_err err = restore_clear(backup_fd, state_fd, fresh);
    if (err == AMBIT_ERR_REFUSED)
        return restore_say(report, err,
                           "%s has stops that are nowhere else, and there is no store: give it the "
                           "name store, then restore with --replace",
                           fresh);
    if (err == AMBIT_OK)
        err = dir_make(state_fd, fresh, 0700);
    if (err == AMBIT_OK)
        err = dir_open(state_fd, fresh, &fd);
    if (err == AMBIT_OK)
        err = backup_copy_file(backup_fd, BACKUP_STORE, fd, "data.mdb");
    if (err == AMBIT_OK)
        err = restore_put_journal(backup_fd, state_fd, fd, &report->has_journal);
    return err == AMBIT_OK ? file_flush(fd) : err;
}

static enum ambit_err swap(int state_fd, int64_t now_ms, struct restore_report *report)
{
    char name[64] = "store.replaced-", time[TIME_TEXT_LEN];
    size_t n = strlen(name);
    bool is_aside = false;
    time_encode(now_ms, time);
    for (size_t i = 0; i < sizeof time; i++)
        if (time[i] != '-' && time[i] != ':' && time[i] != '.')
            name[n++] = time[i];
    name[n] = '\0';
    enum ambit_err err = restore_swap(state_fd, fresh, name, &is_aside);
    if (err == AMBIT_OK && is_aside)
        report->aside = arena_copy(&report->arena, (struct ambit_str){name, n});
    return err;
}

static enum ambit_err put_in_place(const struct restore_plan *plan, struct restore_report *report)
{
    FD_AUTO backup_fd = -1, state_fd = -1;
    enum ambit_err err = dir_open(AT_FDCWD, plan->backup, &backup_fd);
    if (err == AMBIT_OK)
        err = dir_open(AT_FDCWD, plan->state, &state_fd);
    if (err == AMBIT_OK)
        err = make_copy(backup_fd, state_fd, report);
    if (err == AMBIT_OK)
        err = restore_add_folder(backup_fd, state_fd, "log");
    if (err == AMBIT_OK)
        err = restore_add_folder(backup_fd, state_fd, "keys");
    return err == AMBIT_OK ? swap(state_fd, plan->now_ms, report) : err;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static enum ambit_err may_begin(const struct restore_plan *plan, struct restore_report *report,
                                int *ret_lock)
{
    FD_AUTO fd = -1;
    enum ambit_err err = dir_make(AT_FDCWD, plan->state, 0700);
    if (err == AMBIT_OK)
        err = dir_open(AT_FDCWD, plan->state, &fd);
    if (err == AMBIT_OK)
        err = store_lock(plan->state, ret_lock);
    if (err == AMBIT_ERR_BUSY)
        return restore_say(report, err, "%s: a broker is running on it", plan->state);
    if (err != AMBIT_OK)
        return restore_say(report, err, "%s: %s", plan->state, ambit_err_text(err));
    if (restore_is_there(fd, "store/data.mdb") && !plan->may_replace)
        return restore_say(report, AMBIT_ERR_REFUSED, "%s holds a store: --replace moves it aside",
                           plan->state);
    return AMBIT_OK;
}

enum ambit_err restore_run(const struct restore_plan *plan, struct restore_report *ret)
{
    AMBIT_CLEANUP(unlockp) int lock = -1;
    *ret = (struct restore_report){.is_done = false};
    arena_init(&ret->arena, NULL, 0, 0);
    enum ambit_err err = restore_check_backup(plan, ret);
    if (err == AMBIT_OK)
        err = may_begin(plan, ret, &lock);
    if (err == AMBIT_OK)
        err = restore_check_rollback(plan, ret);
    if (err != AMBIT_OK)
        return err;
    err = put_in_place(plan, ret);
    if (err != AMBIT_OK && ret->why.p)
        return err;
    if (err != AMBIT_OK)
        return restore_say(ret, err, "the backup could not be put in place: %s",
                           ambit_err_text(err));
    ret->is_done = true;
    return AMBIT_OK;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void put_lost(const struct restore_report *report, struct json_out *out)
{
    json_key(out, "lost");
    json_begin_object(out);
    json_key(out, "events");
    json_i64(out, (int64_t)report->lost);
    json_key(out, "stops_raised");
    json_i64(out, (int64_t)report->lost_stops);
    json_key(out, "revocations");
    json_i64(out, (int64_t)report->lost_revocations);
    json_key(out, "erasures");
    json_i64(out, (int64_t)report->lost_erasures);
    json_key(out, "stops");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_stops; i++) {
        const struct restore_stop *stop = &report->stops[i];
        json_begin_object(out);
        json_member_id(out, "stop", stop->id);
        json_member_str(out, "target", stop->target);
        json_member_str(out, "by", stop->by);
        json_key(out, "raised");
        json_time_ms(out, stop->raised_ms);
        json_key(out, "in_force");
        json_bool(out, stop->is_in_force);
        json_end_object(out);
    }
    json_end_array(out);
    json_end_object(out);
}

void restore_write_json(const struct restore_report *report, struct json_out *out)
{
    json_begin_object(out);
    json_key(out, "ok");
    json_bool(out, report->is_done);
    json_member_str(out, "why", report->why);
    if (report->manifest.name.p) {
        json_member_str(out, "name", report->manifest.name);
        json_key(out, "size");
        json_i64(out, (int64_t)report->manifest.size);
        json_key(out, "root");
        json_digest(out, report->manifest.root);
    }
    json_key(out, "rollback");
    json_bool(out, report->is_rollback);
    json_key(out, "known");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_known; i++) {
        json_begin_object(out);
        json_member_text(out, "what", report->known[i].what);
        json_key(out, "size");
        json_i64(out, (int64_t)report->known[i].size);
        json_key(out, "root");
        json_digest(out, report->known[i].root);
        json_end_object(out);
    }
    json_end_array(out);
    if (report->has_lost)
        put_lost(report, out);
    json_member_str(out, "replaced", report->aside);
    json_key(out, "journal_taken_over");
    json_bool(out, report->has_journal);
    json_end_object(out);
}
