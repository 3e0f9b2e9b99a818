/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of rows, newest first, each page of one read transaction. */
#include "core/query_internal.h"

#include "base/encode.h"
#include "base/json_write.h"

/* NOT_FOUND: there are no more. *at is left at the last row that was looked at. */
static AMBIT_CHECKED enum ambit_err write_rows(const struct broker *broker,
                                               const struct reading *reading,
                                               const struct query_list *list, size_t limit,
                                               struct ambit_id *at, struct json_out *out)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, row;
    enum store_seek seek = STORE_BEFORE;
    size_t n = 0;
    enum ambit_err err = store_cursor_open(reading->txn, list->table, &cursor);
    for (size_t seen = 0; err == AMBIT_OK && n < limit && seen < QUERY_ROWS_MAX; seen++) {
        if (seen > 0 && reading_is_long(broker, reading))
            break;
        err = store_cursor_move(cursor, seek, (struct store_key){at->b, sizeof at->b}, &key, &row);
        seek = STORE_PREVIOUS;
        if (err != AMBIT_OK)
            break;
        if (key.len != sizeof at->b)
            return AMBIT_ERR_DAMAGED;
        memcpy(at->b, key.p, sizeof at->b);
        err = list->write(reading, list->ctx, *at, row, out);
        n += err == AMBIT_OK;
        err = err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    }
    return err;
}

enum ambit_err query_list(struct broker *broker, const struct query_list *list,
                          const struct page *page, struct json_out *out)
{
    struct reading reading;
    struct ambit_id at;
    memset(at.b, 0xff, sizeof at.b);
    if (page->cursor.p != NULL && id_decode(page->cursor, &at) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;

    json_key(out, list->name);
    json_begin_array(out);
    err = write_rows(broker, &reading, list, page->limit, &at, out);
    reading_end(&reading);
    bool is_end = err == AMBIT_ERR_NOT_FOUND;
    if (err != AMBIT_OK && !is_end)
        return err;
    json_end_array(out);
    json_key(out, "next");
    if (is_end)
        json_null(out);
    else
        json_id(out, at);
    return buf_check(out->buf);
}

enum ambit_err query_one(struct broker *broker,
                         enum ambit_err (*write)(const struct reading *reading, struct ambit_id id,
                                                 struct ambit_str only_owner,
                                                 const struct reading_more *more,
                                                 struct json_out *out),
                         struct ambit_id id, struct ambit_str only_owner, struct json_out *out)
{
    struct reading reading;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = write(&reading, id, only_owner, NULL, out);
    reading_end(&reading);
    return err;
}
