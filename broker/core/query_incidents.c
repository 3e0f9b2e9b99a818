/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents as people read them. */
#include "core/query_internal.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "ledger/ledger.h"

static void time_member(struct json_out *out, const char *key, int64_t ms)
{
    if (ms == 0)
        return;
    json_key(out, key);
    json_time_ms(out, ms);
}

/* Whose it is now: the owner's, until it went further. */
static void write_with(const struct incident_row *row, struct json_out *out)
{
    if (row->closed_ms != 0)
        return;
    json_key(out, "with");
    json_begin_object(out);
    json_member_str(out, "level", row->level.p != NULL ? row->level : AMBIT_STR("owner"));
    json_member_str(out, "person", row->level.p != NULL ? row->to : row->owner);
    json_end_object(out);
}

/* The written cause stands in the event alone (personal text). */
static AMBIT_CHECKED enum ambit_err write_end(const struct reading *reading,
                                              const struct incident_row *row, struct arena *arena,
                                              struct json_out *out)
{
    if (row->closed_ms == 0)
        return AMBIT_OK;
    BUF_AUTO memory;
    struct event closed;
    buf_init(&memory, 0);
    enum ambit_err err = reading_event_if(reading, row->closed_seq, &memory, arena, &closed);
    if (err != AMBIT_OK)
        return err;
    time_member(out, "closed_at", row->closed_ms);
    json_member_str(out, "closed_by", row->closed_by);
    json_member_str(out, "closed_reason", closed.words);
    const struct erased_text erased[] = {{"closed_reason", closed.erased & EVENT_ERASED_WORDS}};
    reading_erased(out, erased, AMBIT_LEN(erased));
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err write_row(const struct reading *reading,
                                              const struct incident_row *row, struct arena *arena,
                                              const struct reading_more *more, struct json_out *out)
{
    json_begin_object(out);
    json_member_id(out, "incident", row->id);
    json_member_text(out, "state", row->closed_ms == 0 ? "open" : "closed");
    json_member_id(out, "stop", row->stop);
    json_member_str(out, "owner", row->owner);
    json_member_str(out, "backup", row->backup);
    json_member_str(out, "agent", row->agent);
    json_member_str(out, "policy", row->policy);
    json_member_str(out, "rule", row->rule);
    json_member_str(out, "service", row->service);
    json_member_str(out, "key", row->key);
    json_key(out, "seq");
    json_i64(out, (int64_t)row->seq);
    time_member(out, "opened_at", row->opened_ms);
    if (!ambit_id_is_none(row->stop)) {
        json_key(out, "stops");
        json_i64(out, (int64_t)row->n_stops);
    }
    json_member_id(out, "last_stop", row->last_stop);
    write_with(row, out);
    time_member(out, "escalated_at", row->escalated_ms);
    time_member(out, "escalates_at", row->escalates_ms);
    time_member(out, "acknowledged_at", row->acknowledged_ms);
    json_member_str(out, "acknowledged_by", row->acknowledged_by);
    enum ambit_err err = write_end(reading, row, arena, out);
    if (err == AMBIT_OK && more != NULL)
        err = more->write(more->ctx, NULL, out);
    json_end_object(out);
    return err == AMBIT_OK ? buf_check(out->buf) : err;
}

static bool is_visible(const struct incident_row *row, struct ambit_str only_owner,
                       enum incidents_state state)
{
    if ((state == INCIDENTS_OPEN && row->closed_ms != 0) ||
        (state == INCIDENTS_CLOSED && row->closed_ms == 0))
        return false;
    return only_owner.p == NULL || ambit_str_eq(row->owner, only_owner) ||
           (row->backup.p != NULL && ambit_str_eq(row->backup, only_owner));
}

struct seen_by {
    struct ambit_str only_owner;
    enum incidents_state state;
};

static AMBIT_CHECKED enum ambit_err write_bytes(const struct reading *reading, const void *ctx,
                                                struct ambit_id id, struct ambit_str bytes,
                                                struct json_out *out)
{
    (void)id;
    const struct seen_by *by = ctx;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct incident_row row;
    enum ambit_err err = incident_row_decode(bytes, &arena, &row);
    if (err == AMBIT_OK && !is_visible(&row, by->only_owner, by->state))
        err = AMBIT_ERR_NOT_FOUND;
    return err == AMBIT_OK ? write_row(reading, &row, &arena, NULL, out) : err;
}

enum ambit_err reading_incident_json(const struct reading *reading, struct ambit_id id,
                                     struct ambit_str only_owner, const struct reading_more *more,
                                     struct json_out *out)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct incident_row row;
    enum ambit_err err = incident_row_load(reading->txn, id, &arena, &row);
    if (err == AMBIT_OK && !is_visible(&row, only_owner, INCIDENTS_ALL))
        err = AMBIT_ERR_NOT_FOUND;
    return err == AMBIT_OK ? write_row(reading, &row, &arena, more, out) : err;
}

enum ambit_err query_incident(struct broker *broker, struct ambit_id incident,
                              struct ambit_str only_owner, struct json_out *out)
{
    return query_one(broker, reading_incident_json, incident, only_owner, out);
}

enum ambit_err query_incidents(struct broker *broker, enum incidents_state state,
                               struct ambit_str only_owner, const struct page *page,
                               struct json_out *out)
{
    struct seen_by by = {.only_owner = only_owner, .state = state};
    struct query_list list = {
        .table = STORE_INCIDENTS, .name = "incidents", .write = write_bytes, .ctx = &by};
    return query_list(broker, &list, page, out);
}
