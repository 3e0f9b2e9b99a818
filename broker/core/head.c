/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes the head row: version, fixed fields, then the edge's nodes where a bit of the size is
 * set, then the sum of all that. */
#include "core/head.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/stop_row.h"

enum {
    HEAD_FIRST = 1,  /* without outage and stops in force */
    HEAD_SECOND = 2, /* without the tally */
    HEAD_VERSION = 3,
    HEAD_FIRST_FIXED = 1 + 8 * 5 + 32,
    HEAD_SECOND_FIXED = HEAD_FIRST_FIXED + 8 * 2,
    HEAD_FIXED = HEAD_SECOND_FIXED + 8 * 2,
    HEAD_SUM = 8, /* at its end: of all before it */
    HEAD_MAX = HEAD_FIXED + TREE_LEVELS * 32 + HEAD_SUM
};

static const struct store_key head_key = {.p = "head", .len = 4};

/* A head row of an older version did not say: counted, until it is stored again. */
static AMBIT_CHECKED enum ambit_err count_stops(struct store_txn *txn, uint64_t *ret)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    enum store_seek seek = STORE_FIRST;
    enum ambit_err err = store_cursor_open(txn, STORE_STOPS, &cursor);
    for (*ret = 0; err == AMBIT_OK; seek = STORE_NEXT) {
        ARENA_AUTO arena;
        struct stop_row row;
        arena_init(&arena, NULL, 0, 0);
        err = store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value);
        if (err != AMBIT_OK)
            break;
        err = stop_row_decode(value, &arena, &row);
        if (err != AMBIT_OK || row.cleared_ms == 0)
            ++*ret;
        err = err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_OK; /* a damaged row is told elsewhere */
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err count_again(struct store_txn *txn, uint8_t version,
                                                struct head *head)
{
    uint64_t last = 0;
    enum ambit_err err = AMBIT_OK;
    if (version < HEAD_SECOND)
        err = count_stops(txn, &head->stops_in_force);
    if (err == AMBIT_OK && version < HEAD_VERSION)
        err = tally_count(txn, &head->tally, &last);
    return err;
}

enum ambit_err head_load(struct store_txn *txn, struct head *ret)
{
    uint8_t row[HEAD_MAX];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_META, head_key, row, sizeof row, &len);
    if (err != AMBIT_OK)
        return err;
    static const size_t fixed[] = {
        [HEAD_FIRST] = HEAD_FIRST_FIXED,
        [HEAD_SECOND] = HEAD_SECOND_FIXED,
        [HEAD_VERSION] = HEAD_FIXED,
    };
    uint8_t version = len > 0 ? row[0] : 0;
    if (version > HEAD_VERSION)
        return AMBIT_ERR_NEWER;
    size_t at = fixed[version];
    if (version == 0 || len < at + (version >= HEAD_VERSION ? HEAD_SUM : 0))
        return AMBIT_ERR_DAMAGED;
    if (version >= HEAD_VERSION) {
        len -= HEAD_SUM;
        if (get_be64(row + len) != tally_sum((struct ambit_str){(const char *)row, len}))
            return AMBIT_ERR_DAMAGED;
    }

    struct head head = {
        .edge.size = get_be64(row + 1),
        .last_now_ms = (int64_t)get_be64(row + 9),
        .last_cutoff_seq = get_be64(row + 17),
        .holds_version = get_be64(row + 25),
        .grants_issued = get_be64(row + 33),
        .has_clock = version >= HEAD_VERSION,
    };
    memcpy(head.documents.b, row + 41, 32);
    if (version >= HEAD_SECOND) {
        head.outage_ms = (int64_t)get_be64(row + HEAD_FIRST_FIXED);
        head.stops_in_force = get_be64(row + HEAD_FIRST_FIXED + 8);
    }
    if (version >= HEAD_VERSION) {
        head.tally.lane[0] = get_be64(row + HEAD_SECOND_FIXED);
        head.tally.lane[1] = get_be64(row + HEAD_SECOND_FIXED + 8);
    }
    if (head.edge.size >= UINT64_MAX >> 2) /* what nobody appended, and the next could not count */
        return AMBIT_ERR_DAMAGED;
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        if ((head.edge.size >> level & 1) == 0)
            continue;
        if (at + 32 > len)
            return AMBIT_ERR_DAMAGED;
        memcpy(head.edge.node[level].b, row + at, 32);
        at += 32;
    }
    if (at != len)
        return AMBIT_ERR_DAMAGED;
    err = count_again(txn, version, &head);
    if (err == AMBIT_OK)
        *ret = head;
    return err;
}

enum ambit_err head_store(struct store_txn *txn, const struct head *head)
{
    uint8_t row[HEAD_MAX];
    row[0] = HEAD_VERSION;
    put_be64(row + 1, head->edge.size);
    put_be64(row + 9, (uint64_t)head->last_now_ms);
    put_be64(row + 17, head->last_cutoff_seq);
    put_be64(row + 25, head->holds_version);
    put_be64(row + 33, head->grants_issued);
    memcpy(row + 41, head->documents.b, 32);
    put_be64(row + HEAD_FIRST_FIXED, (uint64_t)head->outage_ms);
    put_be64(row + HEAD_FIRST_FIXED + 8, head->stops_in_force);
    put_be64(row + HEAD_SECOND_FIXED, head->tally.lane[0]);
    put_be64(row + HEAD_SECOND_FIXED + 8, head->tally.lane[1]);
    size_t at = HEAD_FIXED;
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        if ((head->edge.size >> level & 1) == 0)
            continue;
        memcpy(row + at, head->edge.node[level].b, 32);
        at += 32;
    }
    put_be64(row + at, tally_sum((struct ambit_str){(const char *)row, at}));
    return store_put(txn, STORE_META, head_key, row, at + HEAD_SUM);
}
