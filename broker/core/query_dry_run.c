/* SPDX-License-Identifier: Apache-2.0 */
/* What a stop, or a person's leaving, would take: counted, and nothing is done. */
#include "core/query_internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/cutoff.h"

/* ---- the dry run of a stop ----------------------------------------------------------------- */

bool target_takes_agent(const struct ambit_documents *documents, enum ambit_target_kind kind,
                        struct ambit_str target, const struct ambit_agent *agent)
{
    const struct ambit_person *owner = ambit_person_find(documents, agent->owner);
    switch (kind) {
    case AMBIT_TARGET_AGENT:
        return ambit_str_eq(agent->doc.name, target);
    case AMBIT_TARGET_TEAM:
        return owner != NULL && ambit_str_eq(owner->team, target);
    case AMBIT_TARGET_OWNER:
        return ambit_str_eq(agent->owner, target);
    case AMBIT_TARGET_POLICY:
        for (size_t i = 0; i < agent->policies.n; i++)
            if (ambit_str_eq(agent->policies.v[i], target))
                return true;
        return false;
    case AMBIT_TARGET_ALL:
        return true;
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE:
    case AMBIT_TARGET_RESOURCE:
        return false;
    }
    return false;
}

/* Does the stop take this row by itself? Items on a resource: those that overlap the pattern. */
static AMBIT_CHECKED enum ambit_err target_takes_row(enum ambit_target_kind kind,
                                                     struct ambit_str target,
                                                     const struct grant_row *row, bool *ret)
{
    struct ambit_id id;
    *ret = false;
    switch (kind) {
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE:
        if (id_decode(target, &id) == AMBIT_OK)
            *ret = ambit_id_eq(kind == AMBIT_TARGET_GRANT ? row->id : row->lineage, id);
        return AMBIT_OK;
    case AMBIT_TARGET_AGENT:
        *ret = ambit_str_eq(row->agent, target);
        return AMBIT_OK;
    case AMBIT_TARGET_TEAM:
        *ret = ambit_str_eq(row->team, target);
        return AMBIT_OK;
    case AMBIT_TARGET_OWNER:
        *ret = ambit_str_eq(row->owner, target);
        return AMBIT_OK;
    case AMBIT_TARGET_POLICY:
        *ret = reading_row_has_policy(row, target);
        return AMBIT_OK;
    case AMBIT_TARGET_ALL:
        *ret = true;
        return AMBIT_OK;
    case AMBIT_TARGET_RESOURCE:
        for (size_t i = 0; i < row->n_items && !*ret; i++) {
            enum ambit_err err = ambit_resource_overlaps(row->items[i].resource, target, ret);
            if (err != AMBIT_OK)
                return err;
        }
        return AMBIT_OK;
    }
    return AMBIT_ERR_INTERNAL;
}

/* What it takes, it takes with all that was delegated from it; on a resource, item by item. */
static AMBIT_CHECKED enum ambit_err target_takes_grant(enum ambit_target_kind kind,
                                                       struct ambit_str target,
                                                       const struct grant_row *row, bool *ret)
{
    enum ambit_err err = AMBIT_OK;
    *ret = false;
    for (; row != NULL && err == AMBIT_OK && !*ret; row = row->above ? &row->above->row : NULL) {
        err = target_takes_row(kind, target, row, ret);
        if (kind == AMBIT_TARGET_RESOURCE)
            break;
    }
    return err;
}

/* Grants end within AMBIT_TTL_MAX_S: older ones than that need no look. Read in bounded
 * transactions. */
static AMBIT_CHECKED enum ambit_err count_live(struct broker *broker, enum ambit_target_kind kind,
                                               struct ambit_str target, int64_t *ret)
{
    uint8_t bound[16];
    int64_t oldest = broker_now_ms(broker) - (AMBIT_TTL_MAX_S + 60) * 1000LL;
    bool is_end = false;
    memset(bound, 0xff, sizeof bound);
    *ret = 0;
    while (!is_end) {
        struct reading reading;
        enum ambit_err err = reading_begin(broker, &reading);
        if (err != AMBIT_OK)
            return err;
        struct store_cursor *cursor = NULL;
        err = store_cursor_open(reading.txn, STORE_GRANTS, &cursor);
        enum store_seek seek = STORE_BEFORE;
        for (size_t seen = 0; err == AMBIT_OK && seen < QUERY_ROWS_MAX && !is_end;
             seen++, seek = STORE_PREVIOUS) {
            struct ambit_str key, value;
            err = store_cursor_move(cursor, seek, (struct store_key){bound, sizeof bound}, &key,
                                    &value);
            is_end = err == AMBIT_ERR_NOT_FOUND;
            if (err == AMBIT_OK && key.len != sizeof bound)
                err = AMBIT_ERR_DAMAGED;
            if (err != AMBIT_OK)
                break;
            ARENA_AUTO arena;
            char block[8192];
            arena_init(&arena, block, sizeof block, 0);
            struct grant_row row;
            bool takes = false;
            enum ambit_liveness liveness = AMBIT_LIVE;
            memcpy(bound, key.p, 16);
            err = grant_row_decode(value, &arena, &row);
            is_end = err == AMBIT_OK && row.issued_ms < oldest;
            if (err == AMBIT_OK && !is_end)
                err = grant_load_above(reading.txn, &arena, &row);
            if (err == AMBIT_OK && !is_end && row.expires_ms > reading.now_ms)
                err = target_takes_grant(kind, target, &row, &takes);
            if (err == AMBIT_OK && takes)
                err = reading_is_live(&reading, &row, &liveness);
            if (err == AMBIT_OK && takes && liveness == AMBIT_LIVE)
                ++*ret;
        }
        store_cursor_close(cursor);
        reading_end(&reading);
        if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
            return err;
    }
    return AMBIT_OK;
}

/* The object, but for its end. */
static AMBIT_CHECKED enum ambit_err dry_run_members(struct broker *broker,
                                                    enum ambit_target_kind kind,
                                                    struct ambit_str target, struct json_out *out)
{
    int64_t live = 0;
    enum ambit_err err = stop_target_known(broker, kind, target);
    if (err == AMBIT_OK)
        err = count_live(broker, kind, target, &live);
    if (err != AMBIT_OK)
        return err;

    struct documents_ref *documents = broker_documents_acquire(broker);
    char text[AMBIT_WORD_MAX + 16];
    size_t len = strlen(ambit_target_text(kind));
    memcpy(text, ambit_target_text(kind), len);
    if (kind != AMBIT_TARGET_ALL) {
        text[len++] = ':';
        memcpy(text + len, target.p, target.len);
        len += target.len;
    }
    json_begin_object(out);
    json_key(out, "dry_run");
    json_bool(out, true);
    json_member_str(out, "target", (struct ambit_str){text, len});
    json_key(out, "agents");
    json_begin_array(out);
    for (size_t i = 0; i < documents->documents->n_agents; i++)
        if (target_takes_agent(documents->documents, kind, target,
                               &documents->documents->agents[i]))
            json_str(out, documents->documents->agents[i].doc.name);
    json_end_array(out);
    json_key(out, "live_grants");
    json_i64(out, live);
    broker_documents_release(documents);
    return buf_check(out->buf);
}

enum ambit_err query_stop_dry_run(struct broker *broker, enum ambit_target_kind kind,
                                  struct ambit_str target, struct json_out *out)
{
    enum ambit_err err = dry_run_members(broker, kind, target, out);
    if (err != AMBIT_OK)
        return err;
    json_end_object(out);
    return buf_check(out->buf);
}

enum ambit_err query_offboard_dry_run(struct broker *broker, struct ambit_str person,
                                      struct json_out *out)
{
    enum ambit_err err = dry_run_members(broker, AMBIT_TARGET_OWNER, person, out);
    if (err != AMBIT_OK)
        return err;
    struct documents_ref *ref = broker_documents_acquire(broker);
    const struct ambit_documents *set = ref->documents;
    json_key(out, "backup_of");
    json_begin_array(out);
    for (size_t i = 0; i < set->n_agents; i++)
        if (ambit_str_eq(set->agents[i].backup, person))
            json_str(out, set->agents[i].doc.name);
    json_end_array(out);
    json_key(out, "policies");
    json_begin_array(out);
    for (size_t i = 0; i < set->n_policies; i++)
        if (ambit_str_eq(set->policies[i].owner, person))
            json_str(out, set->policies[i].doc.name);
    json_end_array(out);
    json_key(out, "services");
    json_begin_array(out);
    for (size_t i = 0; i < set->n_services; i++)
        if (ambit_str_eq(set->services[i].owner, person))
            json_str(out, set->services[i].doc.name);
    json_end_array(out);
    json_end_object(out);
    broker_documents_release(ref);
    return buf_check(out->buf);
}
