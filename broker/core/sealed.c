/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and taking up what happened while nothing could be recorded. */
#include "core/sealed.h"

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"

/* {"at","error"}: the members of the event's detail, kept in the journal as they will be recorded.
 */
static void put_detail(struct json_out *out, int64_t at_ms, struct ambit_str error)
{
    json_begin_object(out);
    json_key(out, "at");
    json_time_ms(out, at_ms);
    json_member_str(out, "error", error);
    json_end_object(out);
}

void sealed_note(struct broker *broker, enum ambit_err why)
{
    BUF_AUTO text;
    struct json_out out;
    buf_init(&text, 0);
    json_out_init(&out, &text, true);
    json_begin_object(&out);
    json_key(&out, "sealed");
    put_detail(&out, broker->wall_ms(), ambit_str_of(ambit_err_text(why)));
    json_key(&out, "v");
    json_i64(&out, 1);
    json_end_object(&out);
    enum ambit_err err = buf_check(&text);
    if (!err)
        err = store_journal_append(broker->store, buf_str(&text));
    if (err)
        LOG(LOG_ERROR, "that the broker sealed could not be written to stops.journal",
            LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
}

enum ambit_err sealed_take(void *ctx, struct ambit_str record)
{
    struct broker *broker = ctx;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *value = NULL;
    struct json_problem problem;
    if (json_read(record, (struct json_limits){0}, &arena, &value, &problem))
        return AMBIT_ERR_DAMAGED;
    const struct json_value *sealed = json_get(value, "sealed");
    if (!sealed)
        return stop_take_journal(broker, record);

    BUF_AUTO detail;
    struct json_out out;
    buf_init(&detail, 0);
    json_out_init(&out, &detail, true);
    json_write_value(&out, sealed);
    enum ambit_err err = buf_check(&detail);
    return err ? err : broker_record_own(broker, EVENT_BROKER_SEALED, buf_str(&detail));
}
