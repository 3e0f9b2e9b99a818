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

/* {"wall"} */
static AMBIT_CHECKED enum ambit_err put_wall(const struct broker *broker, struct buf *detail)
{
    struct json_out out;
    json_out_init(&out, detail, true);
    json_begin_object(&out);
    json_key(&out, "wall");
    json_time_ms(&out, broker->wall_ms());
    json_end_object(&out);
    return buf_check(detail);
}

static struct ambit_str put_time(struct buf *buf, int64_t time_ms)
{
    struct json_out out;
    json_out_init(&out, buf, true);
    json_time_ms(&out, time_ms);
    bool is_text = buf_check(buf) == AMBIT_OK && buf->len > 2;
    return is_text ? (struct ambit_str){buf->p + 1, buf->len - 2} : AMBIT_STR("?"); /* no quotes */
}

static void say(struct broker *broker, const char *what)
{
    BUF_AUTO believed = {0}, wall = {0};
    LOG(LOG_WARNING, what, LOG_TEXT("wall", put_time(&wall, broker->wall_ms())),
        LOG_TEXT("believed", put_time(&believed, broker_now_ms(broker))));
}

enum ambit_err distrust_record(struct broker *broker, struct store_txn *txn, int64_t now_ms)
{
    BUF_AUTO detail = {0};
    enum ambit_err err = put_wall(broker, &detail);
    if (!err)
        err = record_own(broker, txn, now_ms, EVENT_TIME_DISTRUSTED, (struct ambit_str){0},
                         buf_str(&detail));
    say(broker,
        "the clock is not believed: nothing is given until a person has looked at it (ambit "
        "time acknowledge)");
    broker->distrust.is_recorded = broker->distrust.is_recording = !err;
    return err;
}

enum ambit_err distrust_answer(struct broker *broker, struct store_txn *txn,
                               struct command *command, struct ambit_str words)
{
    BUF_AUTO detail = {0};
    enum ambit_err err =
        distrust_is_news(broker) ? distrust_record(broker, txn, command->now_ms) : AMBIT_OK;
    if (!err)
        err = put_wall(broker, &detail);
    if (err)
        return err;
    struct event event;
    event_init(&event, command, EVENT_TIME_ACKNOWLEDGED);
    event.words = words;
    event.detail = buf_str(&detail);
    err = record_event(broker, txn, command, &event);
    command->seq = event.seq;
    return err;
}

/* ---- at the start ---- */

struct accept_job {
    struct writer_job job;
    struct broker *broker;
    struct ambit_str words;
};

static enum ambit_err accept_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct accept_job *accept = (struct accept_job *)(void *)job;
    struct command command;
    command_init(&command, accept->broker, NULL, NULL);
    enum ambit_err err = command_begin(&command, now_ms);
    if (!err)
        err = distrust_record(accept->broker, txn, now_ms);
    if (!err)
        err = distrust_answer(accept->broker, txn, &command, accept->words);
    command_release(&command);
    return err;
}

enum ambit_err distrust_start(struct broker *broker, struct ambit_str accept,
                              struct buf *reterr_text)
{
    bool is_doubted = writer_state(broker->writer) == WRITER_CLOCK;
    if (accept.p == NULL)
        return AMBIT_OK; /* the first tick tells of it */
    if (!is_doubted) {
        buf_put_text(reterr_text,
                     "there is nothing to accept: the clock is believed; start without "
                     "--accept-time");
        return AMBIT_ERR_MALFORMED;
    }
    struct accept_job job = {
        .job = {.class = WRITER_STOPS, .run = accept_run}, .broker = broker, .words = accept};
    say(broker, "the clock is believed because whoever starts the broker says so");
    enum ambit_err err = writer_call(broker->writer, &job.job);
    if (err)
        return err;
    writer_trust_time(broker->writer);
    distrust_over(broker);
    return AMBIT_OK;
}

/* ---- the batch ---- */

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
