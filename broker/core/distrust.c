/* SPDX-License-Identifier: Apache-2.0 */
/* See distrust.h. */
#include "core/distrust.h"

#include "base/json_write.h"
#include "core/tick.h"

bool distrust_is_news(const struct broker *broker)
{
    return atomic_load(&broker->is_open) && !broker->distrust.is_recorded &&
           writer_state(broker->writer) == WRITER_CLOCK;
}

enum ambit_err distrust_record(struct broker *broker, struct store_txn *txn, int64_t now_ms)
{
    BUF_AUTO detail;
    struct json_out out;
    buf_init(&detail, 0);
    json_out_init(&out, &detail, true);
    json_begin_object(&out);
    json_key(&out, "wall");
    json_time_ms(&out, broker->wall_ms());
    json_end_object(&out);
    enum ambit_err err = buf_check(&detail);
    if (!err)
        err = record_own(broker, txn, now_ms, EVENT_TIME_DISTRUSTED, (struct ambit_str){0},
                         buf_str(&detail));
    broker->distrust.is_recorded = broker->distrust.is_recording = !err;
    return err;
}

void distrust_keep(struct broker *broker)
{
    broker->distrust.is_recording = false;
}

void distrust_restore(struct broker *broker)
{
    if (broker->distrust.is_recording)
        broker->distrust.is_recorded = false;
    broker->distrust.is_recording = false;
}

void distrust_over(struct broker *broker)
{
    broker->distrust.is_recorded = false;
}
