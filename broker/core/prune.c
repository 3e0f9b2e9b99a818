/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that prunes, and what it tells. */
#include "core/prune.h"

#include <pthread.h>
#include <stdio.h>

#include "base/json_write.h"
#include "core/internal.h"
#include "core/prune_bound.h"
#include "core/pruned.h"
#include "core/segment_write.h"

enum { WHY_MAX = 256, DAY_MS = 86400000, BY_ITSELF_MS = DAY_MS };
enum { YOUNG_MS = 25 * 3600000 /* grants live a day at most, and clocks differ */ };

struct prune_job {
    struct command command; /* first: of record.pruned */
    struct arena arena;     /* owns the texts */
    struct ambit_str reason;
    uint64_t first, next;
    struct segment_made made;
    atomic_bool is_over;
};

struct prunes {
    struct segments *segments;
    int64_t least_age_ms, keep_ms;
    int64_t next_ms;       /* of broker_tend alone: when it prunes by itself */
    pthread_mutex_t mutex; /* guards the rest */
    struct prune_job *job; /* at work; NULL: nothing is */
    bool has_thread;
    pthread_t thread;
    int64_t failed_ms;
    char failed_why[WHY_MAX];
};

static enum ambit_err open_segments(const struct prune_options *options, struct broker *broker)
{
    BUF_AUTO folder;
    buf_init(&folder, 0);
    if (options->folder)
        buf_put_text(&folder, options->folder);
    else
        buf_printf(&folder, "%s/segments", broker->state_folder.p);
    buf_put_char(&folder, '\0');
    enum ambit_err err = buf_check(&folder);
    return err == AMBIT_OK ? segments_new(folder.p, &broker->prunes->segments) : err;
}

enum ambit_err prunes_new(const struct prune_options *options, struct broker *broker)
{
    struct prunes *prunes = calloc(1, sizeof *prunes);
    if (!prunes)
        return AMBIT_ERR_NO_MEMORY;
    (void)pthread_mutex_init(&prunes->mutex, NULL);
    prunes->least_age_ms = options->least_age_ms;
    prunes->keep_ms = options->keep_ms;
    /* Allowed, since a trial of pruning cannot wait for a day; said, since nobody wants it. */
    if (options->least_age_ms > 0 && options->least_age_ms < YOUNG_MS)
        LOG(LOG_WARNING, "record.least_age is below 25 hours: for trials alone",
            LOG_NUMBER("seconds", options->least_age_ms / 1000));
    broker->prunes = prunes;
    atomic_store(&broker->is_pruning, true); /* the first tick looks whether it is so */
    return open_segments(options, broker);
}

static void job_free(struct prune_job *job)
{
    if (!job)
        return;
    command_release(&job->command);
    if (job->command.authenticated)
        broker_documents_release(TAKE(job->command.authenticated));
    arena_done(&job->arena);
    free(job);
}

static void join(struct prunes *prunes)
{
    if (prunes->has_thread)
        (void)pthread_join(prunes->thread, NULL);
    prunes->has_thread = false;
}

void prunes_stop(struct broker *broker)
{
    struct prunes *prunes = broker->prunes;
    if (!prunes)
        return;
    (void)pthread_mutex_lock(&prunes->mutex);
    if (prunes->job)
        atomic_store(&prunes->job->is_over, true);
    (void)pthread_mutex_unlock(&prunes->mutex);
    join(prunes);
}

void prunes_free(struct broker *broker)
{
    struct prunes *prunes = TAKE(broker->prunes);
    if (!prunes)
        return;
    segments_free(prunes->segments);
    (void)pthread_mutex_destroy(&prunes->mutex);
    free(prunes);
}

struct segments *broker_segments(struct broker *broker)
{
    return broker->prunes ? broker->prunes->segments : NULL;
}

/* ---- the record ---------------------------------------------------------------------------- */

static enum ambit_err put_detail(const struct prune_job *job, struct buf *detail)
{
    struct json_out out;
    char name[SEGMENT_NAME_MAX];
    segment_name(job->first, job->next, name);
    json_out_init(&out, detail, true);
    json_begin_object(&out);
    json_key(&out, "bytes");
    json_i64(&out, (int64_t)job->made.bytes);
    json_key(&out, "digest");
    json_digest(&out, job->made.digest);
    json_member_text(&out, "file", name);
    json_key(&out, "first");
    json_i64(&out, (int64_t)job->first);
    json_key(&out, "next");
    json_i64(&out, (int64_t)job->next);
    json_key(&out, "root");
    json_digest(&out, job->made.root);
    json_end_object(&out);
    return buf_check(detail);
}

static enum ambit_err record_run(struct writer_job *writer_job, struct store_txn *txn,
                                 int64_t now_ms)
{
    struct prune_job *job = (struct prune_job *)(void *)writer_job;
    struct command *base = &job->command;
    BUF_AUTO detail;
    buf_init(&detail, 0);
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    err = put_detail(job, &detail);
    if (err != AMBIT_OK)
        return err;
    struct event event;
    event_init(&event, base, EVENT_RECORD_PRUNED);
    event.words = job->reason;
    event.detail = buf_str(&detail);
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

static enum ambit_err record(struct broker *broker, struct prune_job *job, struct buf *said)
{
    job->command.job.run = record_run;
    job->command.job.class = WRITER_RECORDS;
    enum ambit_err err = writer_call(broker->writer, &job->command.job);
    if (err == AMBIT_OK && job->command.way_in_lost)
        err = AMBIT_ERR_REFUSED;
    if (err == AMBIT_OK)
        atomic_store(&broker->is_pruning, true);
    else
        buf_printf(said, "it could not be recorded, and nothing was deleted: %s",
                   ambit_err_text(err));
    return err;
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void told(struct broker *broker, const struct prune_job *job, enum ambit_err err,
                 const struct buf *said)
{
    struct prunes *prunes = broker->prunes;
    (void)pthread_mutex_lock(&prunes->mutex);
    prunes->failed_ms = err == AMBIT_OK ? 0 : broker_now_ms(broker);
    int n = snprintf(prunes->failed_why, sizeof prunes->failed_why, "%.*s",
                     err == AMBIT_OK ? 0 : (int)said->len, said->len ? said->p : "");
    prunes->job = NULL;
    (void)pthread_mutex_unlock(&prunes->mutex);
    AMBIT_ASSERT(n >= 0);
    if (err == AMBIT_OK)
        LOG(LOG_NOTICE, "events were written to a segment and leave the store",
            LOG_NUMBER("first", (int64_t)job->first), LOG_NUMBER("next", (int64_t)job->next));
    else
        LOG(LOG_ERROR, "pruning failed: nothing was deleted", LOG_TEXT("why", buf_str(said)));
}

static void *prune_main(void *ctx)
{
    struct prune_job *job = ctx;
    struct broker *broker = job->command.broker;
    char memory[WHY_MAX];
    struct buf said;
    buf_init_fixed(&said, memory, sizeof memory);
    const struct segment_plan plan = {
        .store = broker->store,
        .folder = segments_folder(broker->prunes->segments),
        .state = broker->state_folder.p,
        .first = job->first,
        .next = job->next,
        .now_ms = broker_now_ms(broker),
        .reserve_bytes = 2 * broker->limits.store_reserve_bytes,
        .is_over = &job->is_over,
    };
    enum ambit_err err = segment_make(&plan, &job->made, &said);
    if (err == AMBIT_OK)
        err = record(broker, job, &said);
    told(broker, job, err, &said);
    job_free(job);
    return NULL;
}

/* ---- asking for it ------------------------------------------------------------------------- */

static enum ambit_err job_new(struct broker *broker, const struct prune_request *request,
                              const struct prune_bound *bound, struct prune_job **ret)
{
    struct prune_job *job = calloc(1, sizeof *job);
    if (!job)
        return AMBIT_ERR_NO_MEMORY;
    arena_init(&job->arena, NULL, 0, 0);
    job->first = bound->first;
    job->next = bound->next;
    command_init(&job->command, broker, request->caller, request->authenticated);
    job->reason = arena_copy(&job->arena, request->reason);
    bool is_whole = job->reason.p != NULL;
    if (request->authenticated) {
        broker_documents_keep(request->authenticated);
        job->command.caller.name = arena_copy(&job->arena, request->caller->name);
        job->command.caller.composition = (struct ambit_str){0};
        job->command.txn = arena_copy(&job->arena, request->txn);
        is_whole = is_whole && job->command.caller.name.p && job->command.txn.p;
        if (request->source.p)
            job->command.source = arena_copy(&job->arena, request->source);
    }
    if (!is_whole) {
        job_free(job);
        return AMBIT_ERR_NO_MEMORY;
    }
    *ret = job;
    return AMBIT_OK;
}

static enum ambit_err start(struct prunes *prunes, struct prune_job *job)
{
    join(prunes);
    if (pthread_create(&prunes->thread, NULL, prune_main, job) != 0)
        return AMBIT_ERR_NO_MEMORY;
    (void)pthread_setname_np(prunes->thread, "prune");
    prunes->has_thread = true;
    prunes->job = job;
    return AMBIT_OK;
}

static enum ambit_err load(struct broker *broker, struct pruned *ret)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = pruned_load(txn, ret);
    store_read_end(txn);
    return err;
}

enum ambit_err prune_begin(struct broker *broker, const struct prune_request *request,
                           struct prune_answer *ret)
{
    struct prunes *prunes = broker->prunes;
    struct prune_bound bound;
    struct pruned pruned;
    struct prune_job *job = NULL;
    *ret = (struct prune_answer){.refusal = PRUNE_FINE};
    if (atomic_load(&broker->is_sealed))
        return AMBIT_ERR_SEALED;
    enum ambit_err err = prune_find_bound(broker, request->before_ms, prunes->least_age_ms, &bound);
    if (err != AMBIT_OK)
        return err;
    ret->first = bound.first;
    ret->next = bound.next;
    ret->asked = bound.asked;
    ret->held_by = bound.held_by;
    if (bound.next == bound.first)
        ret->refusal = PRUNE_NOTHING;
    if (ret->refusal != PRUNE_FINE || request->is_dry)
        return AMBIT_OK;
    err = job_new(broker, request, &bound, &job);
    if (err != AMBIT_OK)
        return err;
    (void)pthread_mutex_lock(&prunes->mutex);
    /* One that ended since the bound was found has moved it. */
    err = load(broker, &pruned);
    if (prunes->job || (err == AMBIT_OK && pruned.target != bound.first))
        ret->refusal = PRUNE_RUNS;
    else if (err == AMBIT_OK)
        err = start(prunes, job);
    (void)pthread_mutex_unlock(&prunes->mutex);
    if (err != AMBIT_OK || ret->refusal != PRUNE_FINE)
        job_free(job);
    return err;
}

/* ---- by itself ----------------------------------------------------------------------------- */

void prunes_tend(struct broker *broker)
{
    struct prunes *prunes = broker->prunes;
    int64_t now_ms = broker_now_ms(broker);
    struct prune_answer answer;
    if (prunes->keep_ms == 0 || now_ms < prunes->next_ms)
        return;
    prunes->next_ms = now_ms + BY_ITSELF_MS;
    const struct prune_request request = {.before_ms = now_ms - prunes->keep_ms,
                                          .reason = AMBIT_STR("record.keep")};
    enum ambit_err err = prune_begin(broker, &request, &answer);
    if (err != AMBIT_OK)
        LOG(LOG_ERROR, "what is older than record.keep could not be pruned",
            LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
}

/* ---- telling ------------------------------------------------------------------------------- */

static void put_state(struct prunes *prunes, struct json_out *out)
{
    (void)pthread_mutex_lock(&prunes->mutex);
    if (prunes->job) {
        json_key(out, "writing");
        json_begin_object(out);
        json_key(out, "first");
        json_i64(out, (int64_t)prunes->job->first);
        json_key(out, "next");
        json_i64(out, (int64_t)prunes->job->next);
        json_end_object(out);
    }
    if (prunes->failed_ms) {
        json_key(out, "failed");
        json_begin_object(out);
        json_key(out, "time");
        json_time_ms(out, prunes->failed_ms);
        json_member_text(out, "why", prunes->failed_why);
        json_end_object(out);
    }
    (void)pthread_mutex_unlock(&prunes->mutex);
}

enum ambit_err prunes_query(struct broker *broker, struct json_out *out)
{
    ARENA_AUTO arena;
    struct segment_listed *listed = NULL;
    struct pruned pruned;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    json_begin_object(out);
    put_state(broker->prunes, out); /* first: what ends meanwhile stands in the rest */
    enum ambit_err err = load(broker, &pruned);
    if (err == AMBIT_OK)
        err = segments_list(segments_folder(broker->prunes->segments), &arena, &listed, &n);
    if (err != AMBIT_OK)
        return err;
    json_key(out, "pruned_to");
    json_i64(out, (int64_t)pruned.target);
    json_key(out, "deleted_to");
    json_i64(out, (int64_t)pruned.done);
    json_key(out, "segments");
    json_begin_array(out);
    for (size_t i = 0; i < n; i++) {
        char name[SEGMENT_NAME_MAX];
        segment_name(listed[i].first, listed[i].next, name);
        json_begin_object(out);
        json_member_text(out, "file", name);
        json_key(out, "first");
        json_i64(out, (int64_t)listed[i].first);
        json_key(out, "next");
        json_i64(out, (int64_t)listed[i].next);
        json_key(out, "bytes");
        json_i64(out, (int64_t)listed[i].bytes);
        json_end_object(out);
    }
    json_end_array(out);
    json_end_object(out);
    return AMBIT_OK;
}
