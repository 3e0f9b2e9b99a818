/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of grants: bounded pages over the grants in order of time; of one agent alone, over that
 * agent's own. */
#include "core/query_internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/cutoff.h"
#include "core/event_json.h"

static const char *state_text(const struct grant_row *row, enum ambit_liveness liveness,
                              int64_t now_ms)
{
    if (liveness == AMBIT_DEAD_STOPPED)
        return "stopped";
    if (liveness == AMBIT_DEAD_REVOKED)
        return "revoked";
    return row->expires_ms <= now_ms ? "expired" : "live";
}

/* The row has a purpose only where its opening is in the store: of an event that was pruned it
 * stands in the segment, and where the event says that there was one it is erased. */
static AMBIT_CHECKED enum ambit_err find_purpose(const struct reading *reading, struct arena *arena,
                                                 struct grant_row *row, bool *ret_is_erased)
{
    struct event issued;
    BUF_AUTO memory;
    buf_init(&memory, 0);
    *ret_is_erased = false;
    if (row->purpose.p != NULL)
        return AMBIT_OK;
    enum ambit_err err = reading_event_if(reading, row->seq, &memory, arena, &issued);
    if (err != AMBIT_OK)
        return err;
    *ret_is_erased = (issued.erased & EVENT_ERASED_PURPOSE) != 0;
    if (issued.purpose.p == NULL)
        return AMBIT_OK;
    row->purpose = arena_copy(arena, issued.purpose);
    return row->purpose.p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static void put_members(struct json_out *out, const struct grant_row *row, const char *state,
                        bool is_erased)
{
    const struct erased_text erased[] = {{"purpose", is_erased}};
    json_begin_object(out);
    json_member_id(out, "grant", row->id);
    json_key(out, "seq");
    json_i64(out, (int64_t)row->seq);
    json_member_str(out, "agent", row->agent);
    json_member_str(out, "owner", row->owner);
    json_member_str(out, "team", row->team);
    if (row->n_items > 0)
        json_member_str(out, "policy", row->items[0].policy);
    json_key(out, "items");
    json_items(out, row->items, row->n_items);
    if (row->n_except > 0) {
        json_key(out, "except");
        json_except(out, row->except, row->n_except);
    }
    json_member_str(out, "audience", row->audience);
    json_member_str(out, "purpose", row->purpose);
    json_key(out, "issued_at");
    json_time_ms(out, row->issued_ms);
    json_key(out, "expires_at");
    json_time_ms(out, row->expires_ms);
    json_member_id(out, "lineage", row->lineage);
    json_member_id(out, "parent", row->parent);
    json_member_str(out, "txn", row->txn);
    json_key(out, "state");
    json_text(out, state);
    reading_erased(out, erased, AMBIT_LEN(erased));
    json_end_object(out);
}

static AMBIT_CHECKED enum ambit_err grant_json(const struct reading *reading, struct arena *arena,
                                               struct grant_row *row, const char *state,
                                               struct json_out *out)
{
    bool is_erased = false;
    enum ambit_err err = find_purpose(reading, arena, row, &is_erased);
    if (err == AMBIT_OK)
        put_members(out, row, state, is_erased);
    return err;
}

enum ambit_err reading_grant_json(const struct reading *reading, struct ambit_id id,
                                  struct arena *arena, struct json_out *out)
{
    struct grant_row row;
    enum ambit_liveness liveness = AMBIT_LIVE;
    enum ambit_err err = grant_load(reading->txn, id, arena, &row);
    if (err == AMBIT_OK)
        err = reading_is_live(reading, &row, &liveness);
    return err == AMBIT_OK
               ? grant_json(reading, arena, &row, state_text(&row, liveness, reading->now_ms), out)
               : err;
}

bool reading_row_has_policy(const struct grant_row *row, struct ambit_str policy)
{
    for (size_t i = 0; i < row->n_items; i++)
        if (ambit_str_eq(row->items[i].policy, policy))
            return true;
    return false;
}

static bool filter_takes(const struct grants_filter *filter, const struct grant_row *row,
                         bool is_live)
{
    if (filter->agent.p != NULL && !ambit_str_eq(filter->agent, row->agent))
        return false;
    if (filter->owner.p != NULL && !ambit_str_eq(filter->owner, row->owner))
        return false;
    if (filter->only_owner.p != NULL && !ambit_str_eq(filter->only_owner, row->owner))
        return false;
    if (filter->policy.p != NULL && !reading_row_has_policy(row, filter->policy))
        return false;
    switch (filter->state) {
    case GRANTS_LIVE:
        return is_live;
    case GRANTS_ENDED:
        return !is_live;
    case GRANTS_ALL:
        return true;
    }
    return false;
}

/* One row into the page, if the filter takes it. */
static AMBIT_CHECKED enum ambit_err page_row(const struct reading *reading,
                                             const struct grants_filter *filter, struct ambit_id id,
                                             struct json_out *out, size_t *n)
{
    ARENA_AUTO arena;
    char block[8192];
    arena_init(&arena, block, sizeof block, 0);
    struct grant_row row;
    enum ambit_liveness liveness = AMBIT_LIVE;
    enum ambit_err err = grant_load(reading->txn, id, &arena, &row);
    if (err == AMBIT_OK)
        err = reading_is_live(reading, &row, &liveness);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;

    bool is_live = liveness == AMBIT_LIVE && row.expires_ms > reading->now_ms;
    if (filter_takes(filter, &row, is_live)) {
        err = grant_json(reading, &arena, &row, state_text(&row, liveness, reading->now_ms), out);
        (*n)++;
    }
    return err == AMBIT_OK ? buf_check(out->buf) : err;
}

static void put_next(struct json_out *out, bool has_next, struct ambit_str last_key)
{
    json_end_array(out);
    json_key(out, "next");
    if (!has_next) {
        json_null(out);
        return;
    }
    char text[64];
    size_t len = base64url_encoded_len(last_key.len);
    AMBIT_ASSERT(len <= sizeof text);
    base64url_encode((const uint8_t *)last_key.p, last_key.len, text);
    json_str(out, (struct ambit_str){text, len});
}

/* A cursor is the key of the last row seen. */
static AMBIT_CHECKED enum ambit_err page_start(const struct page *page, size_t key_len,
                                               uint8_t *key, bool *ret_has)
{
    size_t len = 0;
    *ret_has = page->cursor.p != NULL;
    if (!*ret_has)
        return AMBIT_OK;
    uint8_t bytes[64];
    enum ambit_err err = page->cursor.len <= 64
                             ? base64url_decode(page->cursor, bytes, sizeof bytes, &len)
                             : AMBIT_ERR_MALFORMED;
    if (err != AMBIT_OK || len != key_len)
        return AMBIT_ERR_MALFORMED;
    memcpy(key, bytes, key_len);
    return AMBIT_OK;
}

/* Newest first. `table` is STORE_GRANTS (key: id) or STORE_AGENT_GRANTS (key: agent, seq). */
static AMBIT_CHECKED enum ambit_err walk(const struct broker *broker, const struct reading *reading,
                                         const struct grants_filter *filter,
                                         const struct page *page, struct json_out *out)
{
    bool of_agent = filter->agent.p != NULL;
    struct state_key agent = state_key_agent(filter->agent);
    size_t key_len = of_agent ? 24 : 16;
    uint8_t bound[24];
    bool has_cursor = false;
    STORE_CURSOR_AUTO cursor = NULL;
    memset(bound, 0xff, sizeof bound);
    if (of_agent)
        memcpy(bound, agent.b, 16);
    enum ambit_err err = page_start(page, key_len, bound, &has_cursor);
    if (err == AMBIT_OK && of_agent && memcmp(bound, agent.b, 16) != 0)
        err = AMBIT_ERR_MALFORMED;
    if (err == AMBIT_OK)
        err =
            store_cursor_open(reading->txn, of_agent ? STORE_AGENT_GRANTS : STORE_GRANTS, &cursor);

    enum store_seek seek = STORE_BEFORE;
    struct ambit_str key = {0}, value = {0};
    uint8_t last[24];
    size_t n = 0, seen = 0;
    bool is_end = false;
    while (err == AMBIT_OK && n < page->limit && seen < QUERY_ROWS_MAX && !is_end) {
        err = store_cursor_move(cursor, seek, (struct store_key){bound, key_len}, &key, &value);
        seek = STORE_PREVIOUS;
        is_end = err == AMBIT_ERR_NOT_FOUND ||
                 (err == AMBIT_OK && of_agent && memcmp(key.p, agent.b, 16) != 0);
        if (err != AMBIT_OK || is_end)
            break;
        if (key.len != key_len || (of_agent && value.len != 24))
            return AMBIT_ERR_DAMAGED;
        struct ambit_id id;
        memcpy(id.b, of_agent ? value.p : key.p, 16);
        memcpy(last, key.p, key_len);
        seen++;
        err = page_row(reading, filter, id, out, &n);
        if (n > 0 && reading_is_long(broker, reading))
            break; /* the page ends early: events in segments are read one by one */
    }
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    put_next(out, !is_end, (struct ambit_str){(const char *)last, key_len});
    return AMBIT_OK;
}

enum ambit_err query_grants(struct broker *broker, const struct grants_filter *filter,
                            const struct page *page, struct json_out *out)
{
    struct reading reading;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    json_key(out, "grants");
    json_begin_array(out);
    err = walk(broker, &reading, filter, page, out);
    reading_end(&reading);
    return err;
}
