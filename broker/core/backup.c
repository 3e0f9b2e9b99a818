/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that makes a backup, and what it tells. */
#include "core/backup.h"

#include <pthread.h>
#include <stdio.h>

#include "base/json_write.h"
#include "core/backup_files.h"
#include "core/backup_folder.h"
#include "core/internal.h"

struct backup_job {
    struct command command; /* first: of record.backed_up */
    struct backup_progress progress;
    struct backup_manifest manifest;
    struct arena arena; /* owns the texts */
    struct ambit_str name, reason;
    uint64_t of_bytes;
    int64_t begun_ms;
};

struct backups {
    struct buf folder; /* NUL-terminated */
    bool with_keys;
    uint64_t bytes_per_s;
    pthread_mutex_t mutex;  /* guards the rest */
    struct backup_job *job; /* at work; NULL: nothing is */
    bool has_thread;        /* to be joined */
    pthread_t thread;
    int64_t last_ms, failed_ms;
    char failed_name[BACKUP_NAME_MAX + 1], failed_why[BACKUP_TEXT_MAX];
};

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
    (void)pthread_mutex_init(&backups->mutex, NULL);
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

static void job_free(struct backup_job *job)
{
    if (!job)
        return;
    command_release(&job->command);
    if (job->command.authenticated)
        broker_documents_release(TAKE(job->command.authenticated));
    arena_done(&job->arena);
    free(job);
}

static void join(struct backups *backups)
{
    if (backups->has_thread)
        (void)pthread_join(backups->thread, NULL);
    backups->has_thread = false;
}

void backups_stop(struct broker *broker)
{
    struct backups *backups = broker->backups;
    if (!backups)
        return;
    (void)pthread_mutex_lock(&backups->mutex);
    if (backups->job)
        atomic_store(&backups->job->progress.is_over, true);
    (void)pthread_mutex_unlock(&backups->mutex);
    join(backups);
}

void backups_free(struct broker *broker)
{
    struct backups *backups = TAKE(broker->backups);
    if (!backups)
        return;
    buf_done(&backups->folder);
    (void)pthread_mutex_destroy(&backups->mutex);
    free(backups);
}

/* ---- the record ---------------------------------------------------------------------------- */

static enum ambit_err put_detail(const struct backup_manifest *manifest, struct buf *detail)
{
    struct json_out out;
    json_out_init(&out, detail, true);
    json_begin_object(&out);
    json_key(&out, "bytes");
    json_i64(&out, (int64_t)manifest->bytes);
    json_key(&out, "digest");
    json_digest(&out, manifest->digest);
    json_key(&out, "keys");
    json_bool(&out, manifest->has_keys);
    json_member_str(&out, "name", manifest->name);
    json_key(&out, "root");
    json_digest(&out, manifest->root);
    json_key(&out, "size");
    json_i64(&out, (int64_t)manifest->size);
    json_end_object(&out);
    return buf_check(detail);
}

static enum ambit_err record_run(struct writer_job *writer_job, struct store_txn *txn,
                                 int64_t now_ms)
{
    struct backup_job *job = (struct backup_job *)(void *)writer_job;
    struct command *base = &job->command;
    BUF_AUTO detail;
    buf_init(&detail, 0);
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    err = put_detail(&job->manifest, &detail);
    if (err != AMBIT_OK)
        return err;
    struct event event;
    event_init(&event, base, EVENT_RECORD_BACKED_UP);
    event.words = job->reason;
    event.detail = buf_str(&detail);
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

/* Who asked for it is still somebody, and the record says that it is made; then it has its name. */
static enum ambit_err finish(struct broker *broker, struct backup_job *job, struct buf *said)
{
    const char *folder = broker->backups->folder.p;
    job->command.job.run = record_run;
    job->command.job.class = WRITER_RECORDS;
    enum ambit_err err = writer_call(broker->writer, &job->command.job);
    if (err == AMBIT_OK && job->command.way_in_lost)
        err = AMBIT_ERR_REFUSED;
    if (err != AMBIT_OK) {
        buf_printf(said, "it could not be recorded: %s", ambit_err_text(err));
        backup_drop(folder, job->name);
        return err;
    }
    err = backup_publish(folder, job->name);
    if (err != AMBIT_OK)
        buf_printf(said, "it could not be given its name: %s", ambit_err_text(err));
    return err;
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void told(struct broker *broker, const struct backup_job *job, enum ambit_err err,
                 const struct buf *said)
{
    struct backups *backups = broker->backups;
    int n = 0, len = (int)said->len;
    (void)pthread_mutex_lock(&backups->mutex);
    if (err == AMBIT_OK)
        backups->last_ms = job->manifest.time_ms;
    else
        backups->failed_ms = broker_now_ms(broker);
    n += snprintf(backups->failed_name, sizeof backups->failed_name, "%.*s",
                  err == AMBIT_OK ? 0 : (int)job->name.len, job->name.p);
    n += snprintf(backups->failed_why, sizeof backups->failed_why, "%.*s",
                  err == AMBIT_OK ? 0 : len, len > 0 ? said->p : "");
    backups->job = NULL;
    (void)pthread_mutex_unlock(&backups->mutex);
    AMBIT_ASSERT(n >= 0);
    if (err == AMBIT_OK)
        LOG(LOG_NOTICE, "a backup is made", LOG_TEXT("name", job->name),
            LOG_NUMBER("events", (int64_t)job->manifest.size),
            LOG_NUMBER("bytes", (int64_t)job->manifest.bytes));
    else
        LOG(LOG_ERROR, "a backup failed", LOG_TEXT("name", job->name),
            LOG_TEXT("why", buf_str(said)));
}

static void *backup_main(void *ctx)
{
    struct backup_job *job = ctx;
    struct broker *broker = job->command.broker;
    char memory[BACKUP_TEXT_MAX];
    struct buf said;
    buf_init_fixed(&said, memory, sizeof memory);
    const struct backup_plan plan = {
        .store = broker->store,
        .state = broker->state_folder.p,
        .folder = broker->backups->folder.p,
        .name = job->name,
        .with_keys = broker->backups->with_keys,
        .version = AMBIT_VERSION,
        .now_ms = job->begun_ms,
        .reserve_bytes = 2 * broker->limits.store_reserve_bytes,
        .bytes_per_s = broker->backups->bytes_per_s,
        .progress = &job->progress,
    };
    enum ambit_err err = backup_make(&plan, &job->manifest, &said);
    if (err == AMBIT_OK)
        err = finish(broker, job, &said);
    told(broker, job, err, &said);
    job_free(job);
    return NULL;
}

/* ---- asking for one ------------------------------------------------------------------------ */

static enum ambit_err job_new(struct broker *broker, const struct backup_request *request,
                              struct backup_job **ret)
{
    struct backup_job *job = calloc(1, sizeof *job);
    struct store_space space;
    if (!job)
        return AMBIT_ERR_NO_MEMORY;
    arena_init(&job->arena, NULL, 0, 0);
    store_space(broker->store, &space);
    job->of_bytes = space.used_bytes;
    job->begun_ms = broker_now_ms(broker);
    command_init(&job->command, broker, request->caller, request->authenticated);
    broker_documents_keep(request->authenticated);
    job->name = arena_copy(&job->arena, request->name);
    job->reason = arena_copy(&job->arena, request->reason);
    job->command.caller.name = arena_copy(&job->arena, request->caller->name);
    job->command.caller.composition = (struct ambit_str){0};
    job->command.txn = arena_copy(&job->arena, request->txn);
    if (request->source.p)
        job->command.source = arena_copy(&job->arena, request->source);
    if (!job->name.p || !job->reason.p || !job->command.caller.name.p || !job->command.txn.p) {
        job_free(job);
        return AMBIT_ERR_NO_MEMORY;
    }
    *ret = job;
    return AMBIT_OK;
}

static bool is_taken(const struct backups *backups, struct ambit_str name)
{
    ARENA_AUTO arena;
    BUF_AUTO partial, whole;
    struct backup_manifest manifest;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = backup_paths(backups->folder.p, name, &partial, &whole);
    return err == AMBIT_OK && backup_read(whole.p, &arena, &manifest) != AMBIT_ERR_NOT_FOUND;
}

/* Under the mutex: nothing is at work, and the thread of the one before has ended or is about to.
 */
static enum ambit_err begin(struct backups *backups, struct backup_job *job)
{
    join(backups);
    if (pthread_create(&backups->thread, NULL, backup_main, job) != 0)
        return AMBIT_ERR_NO_MEMORY;
    (void)pthread_setname_np(backups->thread, "backup");
    backups->has_thread = true;
    backups->job = job;
    return AMBIT_OK;
}

enum ambit_err backup_begin(struct broker *broker, const struct backup_request *request,
                            enum backup_refusal *ret)
{
    struct backups *backups = broker->backups;
    struct backup_job *job = NULL;
    *ret = BACKUP_FINE;
    if (atomic_load(&broker->is_sealed))
        return AMBIT_ERR_SEALED;
    if (is_taken(backups, request->name)) {
        *ret = BACKUP_TAKEN;
        return AMBIT_OK;
    }
    enum ambit_err err = job_new(broker, request, &job);
    if (err != AMBIT_OK)
        return err;
    (void)pthread_mutex_lock(&backups->mutex);
    if (backups->job)
        *ret = BACKUP_RUNS;
    else
        err = begin(backups, job);
    (void)pthread_mutex_unlock(&backups->mutex);
    if (err != AMBIT_OK || *ret != BACKUP_FINE)
        job_free(job);
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

static void put_state(struct backups *backups, struct json_out *out)
{
    (void)pthread_mutex_lock(&backups->mutex);
    if (backups->job) {
        json_key(out, "copying");
        json_begin_object(out);
        json_member_str(out, "name", backups->job->name);
        json_key(out, "begun");
        json_time_ms(out, backups->job->begun_ms);
        json_key(out, "bytes");
        json_i64(out, (int64_t)atomic_load(&backups->job->progress.bytes));
        json_key(out, "of_bytes");
        json_i64(out, (int64_t)backups->job->of_bytes);
        json_end_object(out);
    }
    if (backups->failed_name[0]) {
        json_key(out, "failed");
        json_begin_object(out);
        json_member_text(out, "name", backups->failed_name);
        json_key(out, "time");
        json_time_ms(out, backups->failed_ms);
        json_member_text(out, "why", backups->failed_why);
        json_end_object(out);
    }
    (void)pthread_mutex_unlock(&backups->mutex);
}

enum ambit_err backups_query(struct broker *broker, struct json_out *out)
{
    ARENA_AUTO arena;
    struct backup_listed *listed = NULL;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    json_begin_object(out);
    put_state(broker->backups, out); /* first: what ends meanwhile stands in the list */
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
    (void)pthread_mutex_lock(&broker->backups->mutex);
    int64_t last_ms = broker->backups->last_ms;
    (void)pthread_mutex_unlock(&broker->backups->mutex);
    return last_ms;
}
