/* SPDX-License-Identifier: Apache-2.0 */
/* See clock_row.h: version, boot id, four times, a flag; behind them the first bytes of their
 * digest, since a changed byte here would be seen nowhere else. */
#include "core/clock_row.h"

#include "base/encode.h"
#include "core/broker.h"
#include "crypto/digest.h"

enum { ROW_VERSION = 1, ROW_FIELDS = 1 + 16 + 4 * 8 + 1, ROW_SUM = 8, ROW = ROW_FIELDS + ROW_SUM };
static const char row_key[] = "clock";

static struct store_key key_of_row(void)
{
    return (struct store_key){row_key, sizeof row_key - 1};
}

bool clock_row_is_key(struct ambit_str key)
{
    return ambit_str_is(key, row_key);
}

static void sum_of(const uint8_t row[ROW_FIELDS], uint8_t sum[ROW_SUM])
{
    uint8_t framed[11 + ROW_FIELDS] = "ambit clock";
    struct ambit_digest digest;
    memcpy(framed + 11, row, ROW_FIELDS);
    crypto_sha256(framed, sizeof framed, &digest);
    memcpy(sum, digest.b, ROW_SUM);
}

enum ambit_err clock_row_store(struct store_txn *txn, const struct guard_mark *mark)
{
    uint8_t row[ROW] = {ROW_VERSION};
    memcpy(row + 1, mark->boot.b, 16);
    put_be64(row + 17, (uint64_t)mark->boot_ms);
    put_be64(row + 25, (uint64_t)mark->wall_ms);
    put_be64(row + 33, (uint64_t)mark->ahead_ms);
    put_be64(row + 41, (uint64_t)mark->now_ms);
    row[49] = mark->is_distrusted;
    sum_of(row, row + ROW_FIELDS);
    return store_put(txn, STORE_META, key_of_row(), row, sizeof row);
}

enum ambit_err clock_row_load(struct store_txn *txn, const struct head *head,
                              struct guard_mark *ret)
{
    uint8_t row[ROW], sum[ROW_SUM];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_META, key_of_row(), row, sizeof row, &len);
    if (!head->has_clock)
        return err == AMBIT_OK ? AMBIT_ERR_NOT_FOUND : err; /* of a version between */
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_TOO_LARGE || err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    if (len != ROW || row[0] != ROW_VERSION)
        return AMBIT_ERR_DAMAGED;
    sum_of(row, sum);
    if (memcmp(sum, row + ROW_FIELDS, ROW_SUM) != 0)
        return AMBIT_ERR_DAMAGED;

    struct guard_mark mark = {
        .boot_ms = (int64_t)get_be64(row + 17),
        .wall_ms = (int64_t)get_be64(row + 25),
        .ahead_ms = (int64_t)get_be64(row + 33),
        .now_ms = (int64_t)get_be64(row + 41),
        .is_distrusted = row[49] != 0,
    };
    memcpy(mark.boot.b, row + 1, 16);
    if (mark.now_ms != head->last_now_ms)
        return AMBIT_ERR_DAMAGED;
    *ret = mark;
    return AMBIT_OK;
}

int64_t broker_recorded_ms(const char *state_folder)
{
    BUF_AUTO folder = {0};
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct head head = {.last_now_ms = 0};
    buf_printf(&folder, "%s/store", state_folder);
    buf_put_char(&folder, '\0');
    enum ambit_err err = buf_check(&folder);
    if (err == AMBIT_OK)
        err = store_open(&(struct store_options){.folder = folder.p, .read_only = true}, &store);
    if (err == AMBIT_OK)
        err = store_read_begin(store, &txn);
    if (err == AMBIT_OK)
        err = head_load(txn, &head);
    store_read_end(txn);
    store_close(store);
    return err == AMBIT_OK ? head.last_now_ms : 0;
}
