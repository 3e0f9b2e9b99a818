/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of what people are asked. */
#include "core/approval_row.h"

#include "base/arena.h"
#include "core/row.h"
#include "core/state_key.h"
#include "store/store.h"

enum { ROW_VERSION = 1, AGENT_VERSION = 1, ROW_MAX = 16 * 1024, HOUR_MS = 3600 * 1000 };

static void encode(const struct approval_row *row, struct buf *buf)
{
    buf_put_char(buf, ROW_VERSION);
    row_put_id(buf, row->id);
    buf_put_char(buf, (char)row->state);
    row_put_text(buf, row->agent);
    buf_put(buf, row->shown.b, sizeof row->shown.b);
    buf_put(buf, row->asks.b, sizeof row->asks.b);
    row_put_u64(buf, row->asked_seq);
    row_put_u64(buf, (uint64_t)row->asked_ms);
    row_put_u64(buf, (uint64_t)row->until_ms);
    row_put_u64(buf, (uint64_t)row->timeout_ms);
    row_put_u64(buf, (uint64_t)row->envelope_ms);
    row_put_u64(buf, row->uses_left);
    row_put_u64(buf, (uint64_t)row->lapse_ms);
    row_put_u64(buf, row->given_seq);
    row_put_u64(buf, (uint64_t)row->refused_ms);
    row_put_u16(buf, row->n_answers);
    for (size_t i = 0; i < row->n_answers; i++) {
        row_put_text(buf, row->answers[i].person);
        buf_put_char(buf, row->answers[i].is_given);
        row_put_u64(buf, (uint64_t)row->answers[i].at_ms);
        row_put_u64(buf, row->answers[i].seq);
    }
}

static enum ambit_err decode(struct ambit_str bytes, struct arena *arena, struct approval_row *ret)
{
    struct row_reader reader = row_reader(bytes, arena, ROW_VERSION);
    struct approval_row row = {0};
    row_take_into(&reader, row.id.b, sizeof row.id.b);
    uint8_t state = row_take_u8(&reader);
    row.agent = row_take_text(&reader);
    row_take_into(&reader, row.shown.b, sizeof row.shown.b);
    row_take_into(&reader, row.asks.b, sizeof row.asks.b);
    row.asked_seq = row_take_u64(&reader);
    row.asked_ms = (int64_t)row_take_u64(&reader);
    row.until_ms = (int64_t)row_take_u64(&reader);
    row.timeout_ms = (int64_t)row_take_u64(&reader);
    row.envelope_ms = (int64_t)row_take_u64(&reader);
    row.uses_left = row_take_u64(&reader);
    row.lapse_ms = (int64_t)row_take_u64(&reader);
    row.given_seq = row_take_u64(&reader);
    row.refused_ms = (int64_t)row_take_u64(&reader);
    row.answers = row_take_array(&reader, sizeof *row.answers, &row.n_answers);
    for (size_t i = 0; i < row.n_answers && reader.err == AMBIT_OK; i++) {
        row.answers[i].person = row_take_text(&reader);
        row.answers[i].is_given = row_take_u8(&reader) != 0;
        row.answers[i].at_ms = (int64_t)row_take_u64(&reader);
        row.answers[i].seq = row_take_u64(&reader);
    }
    enum ambit_err err = row_end(&reader);
    if (err != AMBIT_OK)
        return err;
    if (state > APPROVAL_USED)
        return AMBIT_ERR_DAMAGED;
    row.state = (enum approval_state)state;
    *ret = row;
    return AMBIT_OK;
}

enum ambit_err approval_row_load(struct store_txn *txn, struct ambit_id id, struct arena *arena,
                                 struct approval_row *ret)
{
    char bytes[ROW_MAX];
    size_t len = 0;
    enum ambit_err err =
        store_get(txn, STORE_APPROVALS, (struct store_key){id.b, 16}, bytes, sizeof bytes, &len);
    return err != AMBIT_OK ? err : decode((struct ambit_str){.p = bytes, .len = len}, arena, ret);
}

enum ambit_err approval_row_store(struct store_txn *txn, const struct approval_row *row)
{
    BUF_AUTO buf;
    buf_init(&buf, ROW_MAX);
    encode(row, &buf);
    enum ambit_err err = buf_check(&buf);
    return err != AMBIT_OK
               ? err
               : store_put(txn, STORE_APPROVALS, (struct store_key){row->id.b, 16}, buf.p, buf.len);
}

enum ambit_err approval_row_find(struct store_txn *txn, struct ambit_str agent,
                                 const struct ambit_digest *shown, struct arena *arena,
                                 struct approval_row *ret)
{
    struct state_key key = state_key_shown(agent, shown);
    struct ambit_id id;
    size_t len = 0;
    enum ambit_err err =
        store_get(txn, STORE_APPROVAL_KEYS, state_key_store(&key), id.b, sizeof id.b, &len);
    if (err != AMBIT_OK)
        return err;
    err = len == sizeof id.b ? approval_row_load(txn, id, arena, ret) : AMBIT_ERR_DAMAGED;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

enum ambit_err approval_row_index(struct store_txn *txn, const struct approval_row *row)
{
    struct state_key key = state_key_shown(row->agent, &row->shown);
    return store_put(txn, STORE_APPROVAL_KEYS, state_key_store(&key), row->id.b, sizeof row->id.b);
}

enum ambit_err approval_agent_load(struct store_txn *txn, struct ambit_str agent,
                                   struct approval_agent *ret)
{
    struct state_key key = state_key_agent(agent);
    char bytes[64 * APPROVAL_ASKS_MAX];
    size_t len = 0;
    *ret = (struct approval_agent){.n = 0};
    enum ambit_err err =
        store_get(txn, STORE_APPROVAL_AGENTS, state_key_store(&key), bytes, sizeof bytes, &len);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;

    struct row_reader reader =
        row_reader((struct ambit_str){.p = bytes, .len = len}, NULL, AGENT_VERSION);
    size_t n = row_take_u16(&reader);
    if (n > APPROVAL_ASKS_MAX)
        return AMBIT_ERR_DAMAGED;
    for (size_t i = 0; i < n; i++) {
        row_take_into(&reader, ret->v[i].id.b, sizeof ret->v[i].id.b);
        ret->v[i].asked_ms = (int64_t)row_take_u64(&reader);
        ret->v[i].until_ms = (int64_t)row_take_u64(&reader);
    }
    ret->n = n;
    return row_end(&reader);
}

enum ambit_err approval_agent_store(struct store_txn *txn, struct ambit_str agent,
                                    const struct approval_agent *row)
{
    struct state_key key = state_key_agent(agent);
    BUF_AUTO buf;
    buf_init(&buf, 0);
    buf_put_char(&buf, AGENT_VERSION);
    row_put_u16(&buf, row->n);
    for (size_t i = 0; i < row->n; i++) {
        row_put_id(&buf, row->v[i].id);
        row_put_u64(&buf, (uint64_t)row->v[i].asked_ms);
        row_put_u64(&buf, (uint64_t)row->v[i].until_ms);
    }
    enum ambit_err err = buf_check(&buf);
    return err != AMBIT_OK
               ? err
               : store_put(txn, STORE_APPROVAL_AGENTS, state_key_store(&key), buf.p, buf.len);
}

bool approval_agent_may_ask(const struct approval_agent *row, int64_t now_ms)
{
    size_t pending = 0, lately = 0;
    for (size_t i = 0; i < row->n; i++) {
        pending += row->v[i].until_ms > now_ms;
        lately += now_ms - row->v[i].asked_ms < HOUR_MS;
    }
    return pending < APPROVAL_PENDING_MAX && lately < APPROVAL_PER_HOUR_MAX;
}
