/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of stop and incident rows. */
#include "core/stop_row.h"

#include "core/row.h"
#include "store/store.h"

/* A row that nobody asked to clear is of version 1, whoever wrote it: the same event gives the same
 * bytes in every version of the broker. */
enum { STOP_VERSION = 1, STOP_ASKED_VERSION = 2, INCIDENT_FIRST = 1, INCIDENT_VERSION = 2 };
enum { FLAG_PERSON = 1, FLAG_HOLDS = 2 };

void stop_row_encode(const struct stop_row *row, struct buf *buf)
{
    bool is_asked = row->asked_by.p != NULL;
    buf_put_char(buf, is_asked ? STOP_ASKED_VERSION : STOP_VERSION);
    row_put_id(buf, row->id);
    row_put_id(buf, row->incident);
    buf_put_char(buf, (char)((row->by_person ? FLAG_PERSON : 0) | (row->holds ? FLAG_HOLDS : 0)));
    row_put_u64(buf, row->seq);
    row_put_u64(buf, (uint64_t)row->raised_ms);
    row_put_u64(buf, (uint64_t)row->cleared_ms);
    row_put_u64(buf, row->cleared_seq);
    row_put_text(buf, row->target);
    row_put_text(buf, row->by);
    row_put_text(buf, row->agent);
    row_put_text(buf, row->cleared_by);
    if (!is_asked)
        return;
    row_put_text(buf, row->asked_by);
    row_put_u64(buf, (uint64_t)row->asked_ms);
    row_put_u64(buf, row->asked_seq);
}

enum ambit_err stop_row_decode(struct ambit_str bytes, struct arena *arena, struct stop_row *ret)
{
    bool is_asked = bytes.len > 0 && bytes.p[0] == STOP_ASKED_VERSION;
    struct row_reader reader =
        row_reader(bytes, arena, is_asked ? STOP_ASKED_VERSION : STOP_VERSION);
    struct stop_row row = {0};
    row_take_into(&reader, row.id.b, sizeof row.id.b);
    row_take_into(&reader, row.incident.b, sizeof row.incident.b);
    uint8_t flags = row_take_u8(&reader);
    row.by_person = (flags & FLAG_PERSON) != 0;
    row.holds = (flags & FLAG_HOLDS) != 0;
    row.seq = row_take_u64(&reader);
    row.raised_ms = (int64_t)row_take_u64(&reader);
    row.cleared_ms = (int64_t)row_take_u64(&reader);
    row.cleared_seq = row_take_u64(&reader);
    row.target = row_take_text(&reader);
    row.by = row_take_text(&reader);
    row.agent = row_take_text(&reader);
    row.cleared_by = row_take_text(&reader);
    if (is_asked) {
        row.asked_by = row_take_text(&reader);
        row.asked_ms = (int64_t)row_take_u64(&reader);
        row.asked_seq = row_take_u64(&reader);
        if (row.asked_by.p == NULL)
            return AMBIT_ERR_DAMAGED;
    }
    enum ambit_err err = row_end(&reader);
    if (err == AMBIT_OK)
        *ret = row;
    return err;
}

enum ambit_err stop_row_load(struct store_txn *txn, struct ambit_id id, struct arena *arena,
                             struct stop_row *ret)
{
    char bytes[4096];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_STOPS, (struct store_key){id.b, sizeof id.b}, bytes,
                                   sizeof bytes, &len);
    return err == AMBIT_OK ? stop_row_decode((struct ambit_str){.p = bytes, .len = len}, arena, ret)
                           : err;
}

void incident_row_encode(const struct incident_row *row, struct buf *buf)
{
    buf_put_char(buf, row->is_later ? INCIDENT_VERSION : INCIDENT_FIRST);
    row_put_id(buf, row->id);
    row_put_id(buf, row->stop);
    row_put_u64(buf, row->seq);
    row_put_u64(buf, (uint64_t)row->opened_ms);
    row_put_text(buf, row->owner);
    row_put_text(buf, row->agent);
    row_put_text(buf, row->policy);
    row_put_text(buf, row->rule);
    if (!row->is_later)
        return;
    row_put_text(buf, row->service);
    row_put_text(buf, row->key);
    row_put_text(buf, row->backup);
    row_put_u64(buf, (uint64_t)row->escalates_ms);
    row_put_text(buf, row->level);
    row_put_text(buf, row->to);
    row_put_u64(buf, (uint64_t)row->escalated_ms);
    row_put_u64(buf, (uint64_t)row->acknowledged_ms);
    row_put_text(buf, row->acknowledged_by);
    row_put_u64(buf, (uint64_t)row->closed_ms);
    row_put_u64(buf, row->closed_seq);
    row_put_text(buf, row->closed_by);
    row_put_u64(buf, row->n_stops);
    row_put_id(buf, row->last_stop);
}

static void take_later(struct row_reader *reader, struct incident_row *ret)
{
    ret->is_later = true;
    ret->service = row_take_text(reader);
    ret->key = row_take_text(reader);
    ret->backup = row_take_text(reader);
    ret->escalates_ms = (int64_t)row_take_u64(reader);
    ret->level = row_take_text(reader);
    ret->to = row_take_text(reader);
    ret->escalated_ms = (int64_t)row_take_u64(reader);
    ret->acknowledged_ms = (int64_t)row_take_u64(reader);
    ret->acknowledged_by = row_take_text(reader);
    ret->closed_ms = (int64_t)row_take_u64(reader);
    ret->closed_seq = row_take_u64(reader);
    ret->closed_by = row_take_text(reader);
    ret->n_stops = row_take_u64(reader);
    row_take_into(reader, ret->last_stop.b, sizeof ret->last_stop.b);
}

enum ambit_err incident_row_decode(struct ambit_str bytes, struct arena *arena,
                                   struct incident_row *ret)
{
    uint8_t version =
        bytes.len > 0 && bytes.p[0] == INCIDENT_FIRST ? INCIDENT_FIRST : INCIDENT_VERSION;
    struct row_reader reader = row_reader(bytes, arena, version);
    struct incident_row row = {.n_stops = 1};
    row_take_into(&reader, row.id.b, sizeof row.id.b);
    row_take_into(&reader, row.stop.b, sizeof row.stop.b);
    row.seq = row_take_u64(&reader);
    row.opened_ms = (int64_t)row_take_u64(&reader);
    row.owner = row_take_text(&reader);
    row.agent = row_take_text(&reader);
    row.policy = row_take_text(&reader);
    row.rule = row_take_text(&reader);
    if (version != INCIDENT_FIRST)
        take_later(&reader, &row);
    enum ambit_err err = row_end(&reader);
    if (err == AMBIT_OK)
        *ret = row;
    return err;
}

enum ambit_err incident_row_load(struct store_txn *txn, struct ambit_id id, struct arena *arena,
                                 struct incident_row *ret)
{
    char bytes[8192];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_INCIDENTS, (struct store_key){id.b, sizeof id.b},
                                   bytes, sizeof bytes, &len);
    return err == AMBIT_OK
               ? incident_row_decode((struct ambit_str){.p = bytes, .len = len}, arena, ret)
               : err;
}
