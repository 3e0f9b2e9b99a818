/* SPDX-License-Identifier: Apache-2.0 */
/* An erasure: event by event, each with what went in the same transaction. What a crash leaves of a
 * large one is whole as far as it got; asked for again it takes the rest. */
#include "core/erase_seek.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "core/internal.h"
#include "core/query.h"

static bool begins(struct ambit_str text, const char *front, struct ambit_str *ret_rest)
{
    size_t len = strlen(front);
    if (text.len <= len || memcmp(text.p, front, len) != 0)
        return false;
    *ret_rest = (struct ambit_str){.p = text.p + len, .len = text.len - len};
    return true;
}

enum ambit_err erase_target_parse(struct ambit_str text, struct erase_command *ret)
{
    struct ambit_str rest = {0};
    ret->target = text;
    if (begins(text, "person:", &ret->name)) {
        ret->kind = ERASE_PERSON;
        return ret->name.len <= AMBIT_NAME_MAX ? AMBIT_OK : AMBIT_ERR_MALFORMED;
    }
    if (begins(text, "agent:", &ret->name)) {
        ret->kind = ERASE_AGENT;
        return ret->name.len <= AMBIT_AGENT_NAME_MAX ? AMBIT_OK : AMBIT_ERR_MALFORMED;
    }
    if (begins(text, "event:", &rest)) {
        ret->kind = ERASE_EVENT;
        return parse_u64(rest, &ret->seq);
    }
    if (begins(text, "grant:", &rest)) {
        ret->kind = ERASE_GRANT;
        return id_decode(rest, &ret->id);
    }
    if (begins(text, "decision:", &rest)) {
        ret->kind = ERASE_DECISION;
        return id_decode(rest, &ret->id);
    }
    return AMBIT_ERR_MALFORMED;
}

/* ---- one event ----------------------------------------------------------------------------- */

/* A part of an erasure: what its event says. */
struct erase_part {
    struct command base;
    const struct erase_command *whole;
    struct erasure erasure;
    bool is_in_force; /* output: the person is in the set in force */
};

static bool takes_documents(const struct erase_command *command)
{
    return command->kind == ERASE_PERSON && (command->members & ERASURE_DOCUMENT) != 0;
}

static bool is_in_force(const struct erase_command *command, const struct documents_ref *documents)
{
    return takes_documents(command) &&
           ambit_person_find(documents->documents, command->name) != NULL;
}

static enum ambit_err part_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct erase_part *part = (struct erase_part *)(void *)job;
    struct command *base = &part->base;
    struct json_out out;
    struct event event;
    BUF_AUTO detail;
    buf_init(&detail, 0);
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    part->is_in_force = is_in_force(part->whole, base->documents);
    if (part->is_in_force)
        return AMBIT_OK;
    json_out_init(&out, &detail, true);
    erasure_write(&part->erasure, &out);
    err = buf_check(&detail);
    if (err != AMBIT_OK)
        return err;
    event_init(&event, base, EVENT_PERSONAL_ERASED);
    event.target = part->whole->target;
    event.words = part->whole->reason;
    if (!ambit_id_eq(base->id, part->erasure.id)) /* the first one's */
        event.cause = part->erasure.id;
    event.detail = buf_str(&detail);
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err == AMBIT_OK ? store_scrub_want(txn, event.seq) : err;
}

/* Each part has an id and salts of its own; who asks is the same. */
static AMBIT_CHECKED enum ambit_err record_part(struct erase_command *command,
                                                const struct erase_seek *seek,
                                                struct erasure_document *documents, size_t n)
{
    struct erase_part part = {.whole = command};
    command_init(&part.base, command->base.broker, &command->base.caller,
                 command->base.authenticated);
    part.base.source = command->base.source;
    part.base.txn = command->base.txn;
    if (command->count.events == 0)
        part.base.id = command->base.id;
    else
        part.base.caller.has_once = false; /* used with the first */
    part.erasure = (struct erasure){.id = command->erasure,
                                    .members = command->members,
                                    .ranges = (struct erasure_range *)(uintptr_t)seek->ranges,
                                    .n_ranges = seek->n_ranges,
                                    .documents = documents,
                                    .n_documents = n};
    part.base.job.run = part_run;
    part.base.job.class = WRITER_RECORDS;
    command_finished(&part.base, writer_call(command->base.broker->writer, &part.base.job));
    command_release(&part.base);
    command->base.way_in_lost = part.base.way_in_lost;
    command->base.now_ms = part.base.now_ms;
    if (part.base.err != AMBIT_OK || part.base.way_in_lost)
        return part.base.err;
    if (part.is_in_force) {
        command->refusal = ERASE_IN_FORCE;
        return AMBIT_OK;
    }
    if (command->count.events++ == 0)
        command->first_seq = part.base.seq;
    command->last_seq = part.base.seq;
    return AMBIT_OK;
}

/* ---- all of them --------------------------------------------------------------------------- */

static void add(struct erase_count *sum, const struct erase_count *more, size_t documents)
{
    sum->openings += more->openings;
    sum->purposes += more->purposes;
    sum->stated_reasons += more->stated_reasons;
    sum->words += more->words;
    sum->in_use += more->in_use;
    sum->documents += documents;
}

static AMBIT_CHECKED enum ambit_err one_part(struct erase_command *command, struct erase_seek *seek)
{
    enum ambit_err err = erase_seek_more(seek);
    size_t left = seek->n_documents - seek->next_document;
    size_t n = left < ERASURE_DOCUMENTS_MAX ? left : ERASURE_DOCUMENTS_MAX;
    if (err == AMBIT_OK && !command->is_dry_run && (seek->n_ranges > 0 || n > 0)) {
        command->erasure = command->base.id;
        err = record_part(command, seek, seek->documents + seek->next_document, n);
        if (command->refusal != ERASE_FINE || command->base.way_in_lost)
            return err;
    }
    if (err != AMBIT_OK)
        return err;
    add(&command->count, &seek->count, n);
    seek->next_document += n;
    return AMBIT_OK;
}

/* ---- is it gone ---------------------------------------------------------------------------- */

enum ambit_err query_erasures(struct broker *broker, struct json_out *out)
{
    struct store_scrub scrub;
    struct store_txn *txn = NULL;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = store_scrub_load(txn, &scrub);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return err;
    json_begin_object(out);
    json_member_text(out, "state",
                     scrub.wanted == 0            ? "none"
                     : scrub.wanted != scrub.done ? "erased"
                                                  : "scrubbed");
    if (scrub.wanted != 0) {
        json_key(out, "erased_to");
        json_i64(out, (int64_t)scrub.wanted);
    }
    if (scrub.done != 0) {
        json_key(out, "scrubbed_to");
        json_i64(out, (int64_t)scrub.done);
        json_key(out, "scrubbed_at");
        json_time_ms(out, scrub.done_ms);
    }
    json_end_object(out);
    return AMBIT_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

enum ambit_err erase_call(struct erase_command *command)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct erase_seek *seek = arena_alloc(&arena, sizeof *seek);
    if (seek == NULL)
        return AMBIT_ERR_NO_MEMORY;
    if (!command->is_dry_run && (command->reason.len == 0 || command->reason.len > AMBIT_TEXT_MAX))
        return AMBIT_ERR_MALFORMED;
    enum ambit_err err = erase_seek_begin(seek, command, &arena);
    if (err != AMBIT_OK || command->refusal != ERASE_FINE)
        return err;
    struct documents_ref *documents = broker_documents_acquire(command->base.broker);
    if (is_in_force(command, documents))
        command->refusal = ERASE_IN_FORCE;
    broker_documents_release(documents);
    if (command->refusal != ERASE_FINE && !command->is_dry_run)
        return AMBIT_OK;
    do
        err = one_part(command, seek);
    while (err == AMBIT_OK && !command->base.way_in_lost &&
           (command->refusal == ERASE_FINE || command->is_dry_run) &&
           (seek->next < seek->end || seek->next_document < seek->n_documents));
    return command->refusal == ERASE_NO_SEGMENT ? AMBIT_OK : err;
}
