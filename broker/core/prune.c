/* SPDX-License-Identifier: Apache-2.0 */
/* Pruning as a long job, and what is told of it. */
#include "core/prune.h"

#include "base/json_write.h"
#include "core/internal.h"
#include "core/prune_bound.h"
#include "core/pruned.h"
#include "core/segment_write.h"

enum { DAY_MS = 86400000, BY_ITSELF_MS = DAY_MS };
enum { YOUNG_MS = 25 * 3600000 /* grants live a day at most, and clocks differ */ };

struct prune_job {
    struct long_job base; /* first */
    uint64_t first, next;
    struct segment_made made;
};

struct prunes {
    struct long_jobs jobs;
    struct segments *segments;
    int64_t least_age_ms, keep_ms;
    int64_t next_ms; /* of broker_tend alone: when it prunes by itself */
};

static const struct prune_job *prune_job_of(const struct long_job *job)
{
    return (const struct prune_job *)(const void *)job;
}

/* ---- the work ------------------------------------------------------------------------------ */

static void put_detail(const struct long_job *base, struct json_out *out)
{
    const struct prune_job *job = prune_job_of(base);
    char name[SEGMENT_NAME_MAX];
    segment_name(job->first, job->next, name);
    json_key(out, "bytes");
    json_i64(out, (int64_t)job->made.bytes);
    json_key(out, "digest");
    json_digest(out, job->made.digest);
    json_member_text(out, "file", name);
    json_key(out, "first");
    json_i64(out, (int64_t)job->first);
    json_key(out, "next");
    json_i64(out, (int64_t)job->next);
    json_key(out, "root");
    json_digest(out, job->made.root);
}

static void put_writing(const struct long_job *base, struct json_out *out)
{
    const struct prune_job *job = prune_job_of(base);
    json_key(out, "first");
    json_i64(out, (int64_t)job->first);
    json_key(out, "next");
    json_i64(out, (int64_t)job->next);
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

/* One that ended since the bound was found has moved it. */
static enum ambit_err check(const struct long_job *job, bool *ret_is_late)
{
    struct pruned pruned;
    enum ambit_err err = load(job->command.broker, &pruned);
    if (err == AMBIT_OK)
        *ret_is_late = pruned.target != prune_job_of(job)->first;
    return err;
}

static enum ambit_err work(struct long_job *base, struct buf *said)
{
    struct prune_job *job = (struct prune_job *)(void *)base;
    struct broker *broker = base->command.broker;
    const struct segment_plan plan = {
        .store = broker->store,
        .folder = segments_folder(broker->prunes->segments),
        .state = broker->state_folder.p,
        .first = job->first,
        .next = job->next,
        .now_ms = base->begun_ms,
        .reserve_bytes = 2 * broker->limits.store_reserve_bytes,
        .is_over = &base->is_over,
    };
    enum ambit_err err = segment_make(&plan, &job->made, said);
    if (err != AMBIT_OK)
        return err;
    err = long_job_record(base);
    if (err == AMBIT_OK)
        atomic_store(&broker->is_pruning, true);
    else
        buf_printf(said, "it could not be recorded, and nothing was deleted: %s",
                   ambit_err_text(err));
    return err;
}

static void say(const struct long_job *base, enum ambit_err err, struct ambit_str said)
{
    const struct prune_job *job = prune_job_of(base);
    if (err == AMBIT_OK)
        LOG(LOG_NOTICE, "events were written to a segment and leave the store",
            LOG_NUMBER("first", (int64_t)job->first), LOG_NUMBER("next", (int64_t)job->next));
    else
        LOG(LOG_ERROR, "pruning failed: nothing was deleted", LOG_TEXT("why", said));
}

static const struct long_job_kind prune_kind = {
    .thread = "prune",
    .event = EVENT_RECORD_PRUNED,
    .check = check,
    .work = work,
    .put_detail = put_detail,
    .put_state = put_writing,
    .log = say,
};

/* ---- the life of it ------------------------------------------------------------------------ */

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
    long_jobs_init(&prunes->jobs, &prune_kind);
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

void prunes_stop(struct broker *broker)
{
    if (broker->prunes)
        long_jobs_stop(&broker->prunes->jobs);
}

void prunes_free(struct broker *broker)
{
    struct prunes *prunes = TAKE(broker->prunes);
    if (!prunes)
        return;
    segments_free(prunes->segments);
    long_jobs_done(&prunes->jobs);
    free(prunes);
}

struct segments *broker_segments(struct broker *broker)
{
    return broker->prunes ? broker->prunes->segments : NULL;
}

/* ---- asking for it ------------------------------------------------------------------------- */

static enum ambit_err begin(struct broker *broker, const struct long_job_asked *asked,
                            const struct prune_bound *bound, struct prune_answer *ret)
{
    bool is_late = false;
    struct prune_job *job = calloc(1, sizeof *job);
    if (!job)
        return AMBIT_ERR_NO_MEMORY;
    job->first = bound->first;
    job->next = bound->next;
    enum ambit_err err = long_job_init(&job->base, &broker->prunes->jobs, broker, asked);
    if (err != AMBIT_OK) {
        long_job_free(&job->base);
        return err;
    }
    err = long_job_begin(&job->base, &is_late);
    if (is_late)
        ret->refusal = PRUNE_RUNS;
    return err;
}

enum ambit_err prune_begin(struct broker *broker, const struct prune_request *request,
                           struct prune_answer *ret)
{
    struct prune_bound bound;
    *ret = (struct prune_answer){.refusal = PRUNE_FINE};
    if (atomic_load(&broker->is_sealed))
        return AMBIT_ERR_SEALED;
    enum ambit_err err =
        prune_find_bound(broker, request->before_ms, broker->prunes->least_age_ms, &bound);
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
    return begin(broker, &request->asked, &bound, ret);
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
                                          .asked.reason = AMBIT_STR("record.keep")};
    enum ambit_err err = prune_begin(broker, &request, &answer);
    if (err != AMBIT_OK)
        LOG(LOG_ERROR, "what is older than record.keep could not be pruned",
            LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
}

/* ---- telling ------------------------------------------------------------------------------- */

enum ambit_err prunes_query(struct broker *broker, struct json_out *out)
{
    ARENA_AUTO arena;
    struct segment_listed *listed = NULL;
    struct pruned pruned;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    json_begin_object(out);
    long_jobs_tell(&broker->prunes->jobs, "writing",
                   out); /* first: what ends meanwhile stands in the rest */
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
