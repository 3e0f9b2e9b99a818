/* SPDX-License-Identifier: Apache-2.0 */
/* See key_command.h: from a new key to events, and what the tick does about old ones. */
#include "core/key_command.h"

#include "base/encode.h"
#include "base/json_write.h"

enum { KEY_EVENT_INDEX = 2000 };

/* ---- events -------------------------------------------------------------------------------- */

static void put_kid(struct json_out *out, const struct ambit_digest *kid)
{
    char text[CRYPTO_KID_LEN];
    base64url_encode(kid->b, sizeof kid->b, text);
    json_member_str(out, "kid", (struct ambit_str){text, sizeof text});
}

static AMBIT_CHECKED enum ambit_err record(struct command *command, struct store_txn *txn,
                                           struct event *event, unsigned index,
                                           struct ambit_str words)
{
    if (index > 0) {
        event->id = command_derive_id(command, KEY_EVENT_INDEX + index);
        event->once = (struct ambit_digest){{0}};
    }
    event->words = words;
    enum ambit_err err = record_event(command->broker, txn, command, event);
    if (index == 0)
        command->seq = event->seq;
    return err;
}

/* key.created and key.activated: `signs_from_ms` 0: at once. */
static AMBIT_CHECKED enum ambit_err record_key(struct command *command, struct store_txn *txn,
                                               enum event_type type, const struct key_row *row,
                                               struct ambit_str words)
{
    struct event event;
    struct json_out out;
    BUF_AUTO detail;
    buf_init(&detail, 0);
    json_out_init(&out, &detail, true);
    json_begin_object(&out);
    json_member_text(&out, "alg", crypto_alg_text(row->alg));
    json_key(&out, "jwk");
    json_raw(&out, row->jwk);
    put_kid(&out, &row->kid);
    if (row->state == KEY_NEXT) {
        json_key(&out, "signs_from");
        json_time_ms(&out, row->from_ms);
    }
    json_end_object(&out);
    if (buf_check(&detail) != AMBIT_OK)
        return buf_check(&detail);
    event_init(&event, command, type);
    event.detail = buf_str(&detail);
    if (row->state == KEY_CURRENT)
        event.expires_ms = command->now_ms + KEY_KEEP_MS;
    return record(command, txn, &event, 0, words);
}

static AMBIT_CHECKED enum ambit_err record_retired(struct command *command, struct store_txn *txn,
                                                   const struct key_row *row, unsigned index,
                                                   const char *cause)
{
    struct event event;
    struct json_out out;
    BUF_AUTO detail;
    buf_init(&detail, 0);
    json_out_init(&out, &detail, true);
    json_begin_object(&out);
    json_member_text(&out, "cause", cause);
    put_kid(&out, &row->kid);
    json_end_object(&out);
    if (buf_check(&detail) != AMBIT_OK)
        return buf_check(&detail);
    event_init(&event, command, EVENT_KEY_RETIRED);
    event.detail = buf_str(&detail);
    return record(command, txn, &event, index, (struct ambit_str){0});
}

/* What the answering threads will use once this batch is committed. */
static AMBIT_CHECKED enum ambit_err rebuild(struct broker *broker, struct store_txn *txn)
{
    struct broker_keys *keys = NULL;
    int64_t due_ms = INT64_MAX;
    enum ambit_err err = keyring_build(txn, &broker->halves, broker->rotate_ms, &keys, &due_ms);
    if (err != AMBIT_OK)
        return err;
    broker_keys_release(broker->batch.keys);
    broker->batch.keys = keys;
    broker->batch.keys_due_ms = due_ms;
    return AMBIT_OK;
}

/* ---- the command --------------------------------------------------------------------------- */

static enum key_refusal may(const struct key_command *command, const struct key_row *rows, size_t n)
{
    if (n + 1 > KEYS_MAX && command->change != KEY_REPLACE)
        return KEY_TOO_MANY;
    for (size_t i = 0; i < n && command->change == KEY_PUBLISH; i++)
        if (rows[i].state == KEY_NEXT)
            return KEY_WAITS;
    return KEY_FINE;
}

static AMBIT_CHECKED enum ambit_err row_of(const struct key_command *command, struct arena *arena,
                                           struct key_row *ret)
{
    BUF_AUTO jwk;
    struct json_out out;
    bool waits = command->change == KEY_PUBLISH;
    enum crypto_alg alg = crypto_key_alg(command->key);
    buf_init(&jwk, 0);
    json_out_init(&out, &jwk, true);
    crypto_key_put_jwk(command->key, alg, &out);
    if (buf_check(&jwk) != AMBIT_OK)
        return buf_check(&jwk);
    *ret = (struct key_row){
        .kid = crypto_key_thumbprint(command->key),
        .state = waits ? KEY_NEXT : KEY_CURRENT,
        .alg = alg,
        .from_ms = command->base.now_ms + (waits ? KEY_LEAD_MS : 0),
        .jwk = arena_copy(arena, buf_str(&jwk)),
    };
    return ret->jwk.p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

/* Which of the others go with this change. */
static bool is_withdrawn(const struct key_command *command, const struct key_row *row,
                         const struct ambit_digest *kid)
{
    if (ambit_digest_eq(row->kid, *kid))
        return false;
    return command->change == KEY_REPLACE ||
           (command->change == KEY_SIGN && row->state == KEY_NEXT);
}

static AMBIT_CHECKED enum ambit_err change(struct key_command *command, struct store_txn *txn,
                                           struct arena *arena)
{
    struct broker *broker = command->base.broker;
    struct key_row *rows = arena_array(arena, KEYS_MAX, sizeof *rows), row;
    size_t n = 0;
    command->n_withdrawn = 0;
    enum ambit_err err = rows != NULL ? key_rows_load(txn, arena, rows, &n) : AMBIT_ERR_NO_MEMORY;
    if (err != AMBIT_OK)
        return err;
    command->refusal = may(command, rows, n);
    if (command->refusal != KEY_FINE)
        return AMBIT_OK;
    err = row_of(command, arena, &row);
    if (err == AMBIT_OK)
        err = key_halves_add(&broker->halves, command->key);
    if (err == AMBIT_OK)
        err = record_key(&command->base, txn,
                         command->is_known ? EVENT_KEY_ACTIVATED : EVENT_KEY_CREATED, &row,
                         command->reason);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++)
        if (is_withdrawn(command, &rows[i], &row.kid))
            err = record_retired(&command->base, txn, &rows[i], (unsigned)++command->n_withdrawn,
                                 "withdrawn");
    command->from_ms = row.from_ms;
    return err == AMBIT_OK ? rebuild(broker, txn) : err;
}

static enum ambit_err key_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct key_command *command = (struct key_command *)(void *)job;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = command_begin(&command->base, now_ms);
    if (err != AMBIT_OK || command->base.way_in_lost)
        return err;
    return change(command, txn, &arena);
}

static void key_ran(struct writer_job *job, enum ambit_err err)
{
    struct key_command *command = (struct key_command *)(void *)job;
    struct broker *broker = command->base.broker;
    if (err != AMBIT_OK || command->refusal != KEY_FINE || command->base.way_in_lost)
        atomic_store(&broker->has_old_keys, true); /* its file is nobody's */
    command_finished(&command->base, err);
}

enum ambit_err key_submit(struct key_command *command)
{
    if (command->reason.p != NULL &&
        (command->reason.len == 0 || command->reason.len > AMBIT_TEXT_MAX))
        return AMBIT_ERR_MALFORMED;
    command->base.job.run = key_run;
    command->base.job.done = key_ran;
    return command_submit(&command->base, WRITER_RECORDS);
}

enum ambit_err key_call(struct key_command *command)
{
    command->base.job.run = key_run;
    command->base.job.class = WRITER_RECORDS;
    return writer_call(command->base.broker->writer, &command->base.job);
}

/* ---- by age -------------------------------------------------------------------------------- */

bool key_tick_wanted(const struct broker *broker, int64_t now_ms)
{
    return atomic_load(&broker->is_open) && now_ms >= broker->keys_due_ms;
}

/* `row` falls due: it signs, or it goes. */
static AMBIT_CHECKED enum ambit_err tick_row(struct command *command, struct store_txn *txn,
                                             struct key_row *row)
{
    if (row->state == KEY_PREVIOUS)
        return record_retired(command, txn, row, 0, "expired");
    if (!key_halves_has(&command->broker->halves, &row->kid))
        return record_retired(command, txn, row, 0, "withdrawn");
    row->state = KEY_CURRENT;
    return record_key(command, txn, EVENT_KEY_ACTIVATED, row, (struct ambit_str){0});
}

enum ambit_err key_tick(struct broker *broker, struct store_txn *txn, int64_t now_ms)
{
    /* Not while the time is not believed: a key would sign before it is known. */
    if (!key_tick_wanted(broker, now_ms) || writer_state(broker->writer) == WRITER_CLOCK)
        return AMBIT_OK;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct key_row *rows = arena_array(&arena, KEYS_MAX, sizeof *rows);
    size_t n = 0;
    bool has_changed = false, has_next = false;
    enum ambit_err err = rows != NULL ? key_rows_load(txn, &arena, rows, &n) : AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        struct command command;
        int64_t due_ms = rows[i].state == KEY_NEXT ? rows[i].from_ms : rows[i].until_ms;
        has_next |= rows[i].state == KEY_NEXT;
        if (rows[i].state == KEY_CURRENT || due_ms > now_ms)
            continue;
        command_init(&command, broker, NULL, NULL);
        err = command_begin(&command, now_ms);
        if (err == AMBIT_OK)
            err = tick_row(&command, txn, &rows[i]);
        command_release(&command);
        has_changed = true;
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].state == KEY_CURRENT && !has_next && broker->rotate_ms > 0 &&
            rows[i].from_ms + broker->rotate_ms - KEY_LEAD_MS <= now_ms)
            atomic_store(&broker->wants_key, true);
    return err == AMBIT_OK && has_changed ? rebuild(broker, txn) : err;
}
