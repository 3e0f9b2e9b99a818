/* SPDX-License-Identifier: Apache-2.0 */
/* A read transaction with its head, as the query files use it. */
#include "core/query_internal.h"

#include "base/json_write.h"
#include "core/cutoff.h"

enum ambit_err reading_begin(struct broker *broker, struct reading *ret)
{
    *ret = (struct reading){.now_ms = broker_now_ms(broker), .segments = broker_segments(broker)};
    enum ambit_err err = store_read_begin(broker->store, &ret->txn);
    if (err != AMBIT_OK)
        return err;
    err = head_load(ret->txn, &ret->head);
    if (err != AMBIT_OK)
        store_read_end(TAKE(ret->txn));
    return err;
}

void reading_end(struct reading *reading)
{
    if (reading->txn != NULL)
        store_read_end(TAKE(reading->txn));
}

bool reading_is_long(const struct broker *broker, const struct reading *reading)
{
    int64_t passed_ms = broker_now_ms(broker) - reading->now_ms;
    return passed_ms > READING_MS || passed_ms < 0; /* a clock that went back: begin anew */
}

enum ambit_err reading_is_live(const struct reading *reading, const struct grant_row *row,
                               enum ambit_liveness *ret)
{
    return cutoff_liveness(reading->txn, reading->head.last_cutoff_seq, row, ret);
}

void reading_erased(struct json_out *out, const struct erased_text *texts, size_t n)
{
    bool has_any = false;
    for (size_t i = 0; i < n; i++)
        has_any = has_any || texts[i].is_erased;
    if (!has_any)
        return;
    json_key(out, "erased");
    json_begin_array(out);
    for (size_t i = 0; i < n; i++)
        if (texts[i].is_erased)
            json_text(out, texts[i].name);
    json_end_array(out);
}
