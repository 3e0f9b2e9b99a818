/* SPDX-License-Identifier: Apache-2.0 */
/* Backups as a long job, and what is told of them. */
#include "core/backup.h"

#include "base/json_write.h"
#include "core/backup_files.h"
#include "core/backup_folder.h"
#include "core/internal.h"
#include "core/long_job.h"

struct backup_job {
    struct long_job base; /* first */
    _Atomic uint64_t bytes;
    uint64_t of_bytes;
    struct backup_manifest manifest;
};

struct backups {
    struct long_jobs jobs;
    struct buf folder; /* NUL-terminated */
    bool with_keys;
    uint64_t bytes_per_s;
    _Atomic int64_t last_ms; /* when the newest was made; 0: there is none */
};

_Static_assert((int)BACKUP_NAME_MAX <= (int)LONG_JOB_NAME_MAX,
               "the name of one that failed is kept");

static const struct backup_job *backup_job_of(const struct long_job *job)
{
    return (const struct backup_job *)(const void *)job;
}

/* ---- the work ------------------------------------------------------------------------------ */

static void put_detail(const struct long_job *job, struct json_out *out)
{
    const struct backup_manifest *manifest = &backup_job_of(job)->manifest;
    json_key(out, "bytes");
    json_i64(out, (int64_t)manifest->bytes);
    json_key(out, "digest");
    json_digest(out, manifest->digest);
    json_key(out, "keys");
    json_bool(out, manifest->has_keys);
    json_member_str(out, "name", manifest->name);
    json_key(out, "root");
    json_digest(out, manifest->root);
    json_key(out, "size");
    json_i64(out, (int64_t)manifest->size);
}

static void put_copying(const struct long_job *job, struct json_out *out)
{
    const struct backup_job *backup = backup_job_of(job);
    json_member_str(out, "name", job->name);
    json_key(out, "begun");
    json_time_ms(out, job->begun_ms);
    json_key(out, "bytes");
    json_i64(out, (int64_t)atomic_load(&backup->bytes));
    json_key(out, "of_bytes");
    json_i64(out, (int64_t)backup->of_bytes);
}

/* Who asked for it is still somebody, and the record says that it is made; then it has its name. */
static enum ambit_err finish(struct backups *backups, struct long_job *job, struct buf *said)
{
    enum ambit_err err = long_job_record(job);
    if (err != AMBIT_OK) {
        buf_printf(said, "it could not be recorded: %s", ambit_err_text(err));
        backup_drop(backups->folder.p, job->name);
        return err;
    }
    err = backup_publish(backups->folder.p, job->name);
    if (err != AMBIT_OK)
        buf_printf(said, "it could not be given its name: %s", ambit_err_text(err));
    return err;
}

static enum ambit_err work(struct long_job *base, struct buf *said)
{
    struct backup_job *job = (struct backup_job *)(void *)base;
    struct broker *broker = base->command.broker;
    struct backups *backups = broker->backups;
    const struct backup_plan plan = {
        .store = broker->store,
        .state = broker->state_folder.p,
        .folder = backups->folder.p,
        .name = base->name,
        .with_keys = backups->with_keys,
        .version = AMBIT_VERSION,
        .now_ms = base->begun_ms,
        .reserve_bytes = 2 * broker->limits.store_reserve_bytes,
        .bytes_per_s = backups->bytes_per_s,
        .bytes = &job->bytes,
        .is_over = &base->is_over,
    };
    enum ambit_err err = backup_make(&plan, &job->manifest, said);
    if (err == AMBIT_OK)
        err = finish(backups, base, said);
    if (err == AMBIT_OK)
        atomic_store(&backups->last_ms, job->manifest.time_ms);
    return err;
}

static void say(const struct long_job *job, enum ambit_err err, struct ambit_str said)
{
    const struct backup_manifest *manifest = &backup_job_of(job)->manifest;
    if (err == AMBIT_OK)
        LOG(LOG_NOTICE, "a backup is made", LOG_TEXT("name", job->name),
            LOG_NUMBER("events", (int64_t)manifest->size),
            LOG_NUMBER("bytes", (int64_t)manifest->bytes));
    else
        LOG(LOG_ERROR, "a backup failed", LOG_TEXT("name", job->name), LOG_TEXT("why", said));
}

static const struct long_job_kind backup_kind = {
    .thread = "backup",
    .event = EVENT_RECORD_BACKED_UP,
    .work = work,
    .put_detail = put_detail,
    .put_state = put_copying,
    .log = say,
};

/* ---- the life of it ------------------------------------------------------------------------ */

/* Of those that are there already. */
static void find_newest(struct backups *backups)
{
    ARENA_AUTO arena;
    struct backup_listed *listed = NULL;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    if (backup_list(backups->folder.p, &arena, &listed, &n) != AMBIT_OK)
        return; /* the list will say so */
    for (size_t i = 0; i < n; i++)
        if (listed[i].manifest.name.p && listed[i].manifest.time_ms > backups->last_ms)
            backups->last_ms = listed[i].manifest.time_ms;
}

enum ambit_err backups_new(const char *folder, bool with_keys, uint64_t bytes_per_s,
                           struct broker *broker)
{
    struct backups *backups = calloc(1, sizeof *backups);
    if (!backups)
        return AMBIT_ERR_NO_MEMORY;
    long_jobs_init(&backups->jobs, &backup_kind);
    backups->with_keys = with_keys;
    backups->bytes_per_s = bytes_per_s;
    buf_init(&backups->folder, 0);
    if (folder)
        buf_put_text(&backups->folder, folder);
    else
        buf_printf(&backups->folder, "%s/backups", broker->state_folder.p);
    buf_put_char(&backups->folder, '\0');
    broker->backups = backups;
    if (buf_check(&backups->folder) != AMBIT_OK)
        return buf_check(&backups->folder);
    find_newest(backups);
    return AMBIT_OK;
}

void backups_stop(struct broker *broker)
{
    if (broker->backups)
        long_jobs_stop(&broker->backups->jobs);
}

void backups_free(struct broker *broker)
{
    struct backups *backups = TAKE(broker->backups);
    if (!backups)
        return;
    buf_done(&backups->folder);
    long_jobs_done(&backups->jobs);
    free(backups);
}

/* ---- asking for one ------------------------------------------------------------------------ */

static bool is_taken(const struct backups *backups, struct ambit_str name)
{
    ARENA_AUTO arena;
    BUF_AUTO partial, whole;
    struct backup_manifest manifest;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = backup_paths(backups->folder.p, name, &partial, &whole);
    return err == AMBIT_OK && backup_read(whole.p, &arena, &manifest) != AMBIT_ERR_NOT_FOUND;
}

enum ambit_err backup_begin(struct broker *broker, const struct long_job_asked *asked,
                            struct ambit_str name, enum backup_refusal *ret)
{
    struct backups *backups = broker->backups;
    struct store_space space;
    bool is_late = false;
    *ret = BACKUP_FINE;
    if (atomic_load(&broker->is_sealed))
        return AMBIT_ERR_SEALED;
    if (is_taken(backups, name)) {
        *ret = BACKUP_TAKEN;
        return AMBIT_OK;
    }
    struct backup_job *job = calloc(1, sizeof *job);
    if (!job)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = long_job_init(&job->base, &backups->jobs, broker, asked);
    job->base.name = arena_copy(&job->base.arena, name);
    if (err != AMBIT_OK || !job->base.name.p) {
        long_job_free(&job->base);
        return AMBIT_ERR_NO_MEMORY;
    }
    store_space(broker->store, &space);
    job->of_bytes = space.used_bytes;
    err = long_job_begin(&job->base, &is_late);
    if (is_late)
        *ret = BACKUP_RUNS;
    return err;
}

/* ---- telling of them ----------------------------------------------------------------------- */

static void put_listed(const struct backup_listed *listed, struct json_out *out)
{
    const struct backup_manifest *manifest = &listed->manifest;
    json_begin_object(out);
    json_member_str(out, "name", listed->folder_name);
    json_member_text(out, "state", manifest->name.p ? "whole" : "no manifest that can be read");
    if (manifest->name.p) {
        json_key(out, "size");
        json_i64(out, (int64_t)manifest->size);
        json_key(out, "root");
        json_digest(out, manifest->root);
        json_key(out, "time");
        json_time_ms(out, manifest->time_ms);
        json_key(out, "bytes");
        json_i64(out, (int64_t)manifest->bytes);
        json_key(out, "digest");
        json_digest(out, manifest->digest);
        json_key(out, "keys");
        json_bool(out, manifest->has_keys);
    }
    json_end_object(out);
}

enum ambit_err backups_query(struct broker *broker, struct json_out *out)
{
    ARENA_AUTO arena;
    struct backup_listed *listed = NULL;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    json_begin_object(out);
    long_jobs_tell(&broker->backups->jobs, "copying",
                   out); /* first: what ends meanwhile stands in the list */
    enum ambit_err err = backup_list(broker->backups->folder.p, &arena, &listed, &n);
    if (err != AMBIT_OK)
        return err;
    json_key(out, "backups");
    json_begin_array(out);
    for (size_t i = 0; i < n; i++)
        put_listed(&listed[i], out);
    json_end_array(out);
    json_end_object(out);
    return AMBIT_OK;
}

int64_t backups_last_ms(struct broker *broker)
{
    return atomic_load(&broker->backups->last_ms);
}
