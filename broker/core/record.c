/* SPDX-License-Identifier: Apache-2.0 */
/* How a command becomes events within a batch. Runs on the writer thread and is repeatable: ids and
 * salts derive from the command's seed, results go into the command alone. */
#include "core/internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/random.h"
#include "core/apply.h"
#include "core/once.h"
#include "crypto/digest.h"
#include "ledger/ledger.h"

void command_init(struct command *command, struct broker *broker, const struct caller *caller,
                  struct documents_ref *authenticated)
{
    *command = (struct command){.broker = broker, .authenticated = authenticated};
    if (caller != NULL)
        command->caller = *caller;
    random_bytes(command->seed.b, sizeof command->seed.b);
    command->id = random_id(broker_now_ms(broker));
}

/* Why a run failed is never the caller's fault (what is asked wrongly is decided, not failed): it
 * must not look like one on the wire (HTP-12). */
static enum ambit_err own_fault(enum ambit_err err)
{
    switch (err) {
    case AMBIT_ERR_OK:
    case AMBIT_ERR_BUSY:
    case AMBIT_ERR_CLOCK:
    case AMBIT_ERR_FULL:
    case AMBIT_ERR_NO_SPACE:
    case AMBIT_ERR_SEALED:
    case AMBIT_ERR_STOPPING:
        return err;
    case AMBIT_ERR_NO_MEMORY:
    case AMBIT_ERR_IO:
    case AMBIT_ERR_DAMAGED:
    case AMBIT_ERR_NEWER:
    case AMBIT_ERR_CRYPTO:
    case AMBIT_ERR_INTERNAL:
    case AMBIT_ERR_MALFORMED:
    case AMBIT_ERR_TOO_LARGE:
    case AMBIT_ERR_NOT_FOUND:
    case AMBIT_ERR_EXISTS:
    case AMBIT_ERR_CONFLICT:
    case AMBIT_ERR_REFUSED:
    case AMBIT_ERR_UNSUPPORTED:
        break;
    }
    LOG(LOG_ERROR, "a command failed alone: refused, nothing of it happened",
        LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
    bool is_a_failure = err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_IO ||
                        err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NEWER ||
                        err == AMBIT_ERR_CRYPTO;
    return is_a_failure ? err : AMBIT_ERR_INTERNAL;
}

void command_finished(struct command *command, enum ambit_err err)
{
    bool is_busy = command->has_too_many || command->is_behind;
    command->err = err != AMBIT_OK       ? own_fault(err)
                   : is_busy             ? AMBIT_ERR_BUSY
                   : command->once_used  ? AMBIT_ERR_REFUSED
                   : command->is_damaged ? AMBIT_ERR_DAMAGED
                                         : AMBIT_OK;
    if (command->done != NULL)
        command->done(command->done_ctx);
}

static void command_ready(struct writer_job *job)
{
    struct command *command = (struct command *)(void *)job;
    bool has_answer =
        !command->way_in_lost && !command->once_used && !command->is_behind && !command->is_damaged;
    if (command->ready != NULL && has_answer)
        command->ready(command->done_ctx);
}

static void command_done(struct writer_job *job, enum ambit_err err)
{
    command_finished((struct command *)(void *)job, err);
}

enum ambit_err command_submit(struct command *command, enum writer_class class)
{
    command->job.class = class;
    command->job.ready = command_ready;
    if (command->job.done == NULL)
        command->job.done = command_done;
    enum ambit_err err = writer_submit(command->broker->writer, &command->job);
    if (err != AMBIT_OK)
        command->err = err;
    return err;
}

void metrics_decided(struct broker *broker, unsigned question, enum ambit_reason reason)
{
    atomic_fetch_add_explicit(&broker->metrics.decisions[question][reason], 1,
                              memory_order_relaxed);
}

void command_release(struct command *command)
{
    if (command->documents != NULL)
        broker_documents_release(TAKE(command->documents));
}

struct ambit_id command_derive_id(const struct command *command, unsigned index)
{
    uint8_t framed[18 + sizeof command->seed.b + 4] = "ambit derived id 1";
    memcpy(framed + 18, command->seed.b, sizeof command->seed.b);
    put_be32(framed + 18 + sizeof command->seed.b, index);

    struct ambit_digest digest;
    crypto_sha256(framed, sizeof framed, &digest);
    struct ambit_id id = command->id; /* the milliseconds: ids stay time-ordered */
    memcpy(id.b + 6, digest.b, 10);
    return id;
}

enum ambit_err command_begin(struct command *command, int64_t now_ms)
{
    struct broker *broker = command->broker;
    command_release(command); /* of an earlier, aborted run */
    command->documents = broker->batch.documents;
    broker_documents_keep(command->documents);
    command->now_ms = now_ms;
    command->seq = 0;
    broker->batch.head.last_now_ms = now_ms;
    command->way_in_lost = false;
    command->is_behind = false;
    command->is_damaged = false;
    if (command->caller.kind != CALLER_NONE && command->authenticated != command->documents)
        command->way_in_lost = !identity_stands(command->documents->documents,
                                                command->documents->keys, &command->caller, now_ms);
    if (command->caller.kind == CALLER_PERSON && !command->way_in_lost)
        command->way_in_lost = broker_person_left(broker, command->caller.name);
    return AMBIT_OK;
}

void command_add_once(struct command *command, const struct once_value *value)
{
    AMBIT_ASSERT(command->n_extra < AMBIT_LEN(command->extra));
    command->extra[command->n_extra++] = *value;
}

/* One of them; nothing once one was refused. */
static AMBIT_CHECKED enum ambit_err use_one(struct command *command, struct store_txn *txn,
                                            const struct once_value *value, size_t which)
{
    enum once_state state = ONCE_NEW;
    if (command->once_used)
        return AMBIT_OK;
    enum ambit_err err = once_look(txn, value, command->caller.name, command->now_ms, &state);
    if (err != AMBIT_OK)
        return err;
    switch (state) {
    case ONCE_NEW:
        return once_keep(txn, value, command->caller.name);
    case ONCE_FULL:
        command->has_too_many = true;
        break;
    case ONCE_USED:
        command->extra_used = which;
        break;
    }
    command->once_used = true;
    return AMBIT_OK;
}

enum ambit_err command_use_once(struct command *command, struct store_txn *txn)
{
    const struct caller *caller = &command->caller;
    const struct once_value own = {.digest = caller->once, .until_ms = caller->once_until_ms};
    command->once_used = command->has_too_many = false;
    command->extra_used = 0;
    enum ambit_err err = caller->has_once ? use_one(command, txn, &own, 0) : AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < command->n_extra; i++)
        err = use_one(command, txn, &command->extra[i], i + 1);
    return err;
}

void event_without_once(struct event *event)
{
    event->once = (struct ambit_digest){{0}};
    event->once_until_ms = 0;
    event->once_also = NULL;
    event->n_once_also = 0;
}

void event_init(struct event *event, const struct command *command, enum event_type type)
{
    *event = (struct event){
        .type = type,
        .time_ms = command->now_ms,
        .id = command->id,
        .decision = EVENT_DECISION_NONE,
        .documents = command->documents->documents->digest,
        .txn = command->txn,
        .source = command->source,
    };
    if (command->caller.kind == CALLER_PERSON)
        event->person = command->caller.name;
    if (command->caller.has_once) {
        event->once = command->caller.once;
        event->once_until_ms = command->caller.once_until_ms;
    }
    event->once_also = command->extra;
    event->n_once_also = command->n_extra;
}

enum ambit_err record_event(struct broker *broker, struct store_txn *txn, struct command *command,
                            struct event *event)
{
    /* Salts of two events of one command must differ: the seed is theirs plus the sequence. */
    struct event_seed seed = command->seed;
    uint8_t number[8];
    put_be64(number, broker->batch.head.edge.size);
    for (size_t i = 0; i < sizeof number; i++)
        seed.b[i] ^= number[i];

    enum ambit_err err = ledger_append(&broker->batch.head.edge, txn, event, &seed);
    if (err != AMBIT_OK)
        return err;
    broker->batch.event_bytes += event->bytes;
    err = apply_event(txn, &broker->batch.head, event);
    /* The event stands in the log of this batch already: this is no "too long, ask shorter". */
    return record_cannot_hold(err) ? AMBIT_ERR_INTERNAL : err;
}

bool record_cannot_hold(enum ambit_err err)
{
    return err == AMBIT_ERR_TOO_LARGE || err == AMBIT_ERR_MALFORMED;
}

enum ambit_err batch_holds(struct broker *broker, struct store_txn *txn, const struct holds **ret)
{
    struct batch *batch = &broker->batch;
    if (batch->holds == NULL || batch->holds->version != batch->head.holds_version) {
        struct holds *fresh = NULL;
        enum ambit_err err = holds_load(txn, batch->head.holds_version, &fresh);
        if (err != AMBIT_OK)
            return err;
        holds_release(batch->holds);
        batch->holds = fresh;
    }
    *ret = batch->holds;
    return AMBIT_OK;
}

static void *copy_array(struct arena *arena, const void *from, size_t n, size_t each)
{
    void *copy = arena_array(arena, n > 0 ? n : 1, each);
    if (copy != NULL && n > 0)
        memcpy(copy, from, n * each);
    return copy;
}

static struct ambit_str trip_name(struct arena *arena, const struct ambit_trip *trip)
{
    char text[2 * AMBIT_NAME_MAX + 1];
    memcpy(text, trip->policy.p, trip->policy.len);
    text[trip->policy.len] = '/';
    memcpy(text + trip->policy.len + 1, trip->id.p, trip->id.len);
    return arena_copy(arena,
                      (struct ambit_str){.p = text, .len = trip->policy.len + 1 + trip->id.len});
}

enum ambit_err decided_copy(const struct ambit_decision *decision, struct arena *arena,
                            struct decided *ret)
{
    *ret = (struct decided){
        .verdict = decision->verdict,
        .reason = decision->reason,
        .failed_check = decision->failed_check,
        .policy = decision->policy,
        .rule = decision->rule,
        .member = decision->member,
        .digest = decision->digest,
        .item = decision->item,
        .n_figures = decision->n_figures,
        .n_used_stops = decision->n_used_stops,
        .n_trips = decision->n_trips,
        .replaces = decision->replaces,
    };
    ret->figures = copy_array(arena, decision->figures, decision->n_figures, sizeof *ret->figures);
    ret->used_stops =
        copy_array(arena, decision->used_stops, decision->n_used_stops, sizeof *ret->used_stops);
    ret->trips = arena_array(arena, decision->n_trips + 1, sizeof *ret->trips);
    if (ret->figures == NULL || ret->used_stops == NULL || ret->trips == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < decision->n_used_stops; i++) {
        /* The text of a stop belongs to the batch's list: it may be gone when the answer is
         * written. */
        ret->used_stops[i].target = arena_copy(arena, decision->used_stops[i].target);
        if (ret->used_stops[i].target.p == NULL && decision->used_stops[i].target.p != NULL)
            return AMBIT_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < decision->n_trips; i++) {
        ret->trips[i] = trip_name(arena, &decision->trips[i]);
        if (ret->trips[i].p == NULL)
            return AMBIT_ERR_NO_MEMORY;
    }
    return AMBIT_OK;
}
