/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that only record: a person read, a person looked at the clock, an assertion was
 * used. */
#include "core/internal.h"

#include "base/json_write.h"
#include "core/distrust.h"
#include "crypto/digest.h"

static AMBIT_CHECKED enum ambit_err put_detail(struct buf *buf, const char *key,
                                               struct ambit_str text)
{
    struct json_out out;
    json_out_init(&out, buf, true);
    json_begin_object(&out);
    json_member_str(&out, key, text);
    json_end_object(&out);
    return buf_check(buf);
}

/* The query, whoever asks it: two people never share one. */
static AMBIT_CHECKED enum ambit_err query_key(const struct read_command *command,
                                              struct ambit_digest *ret)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    buf_put_str(&buf, command->base.caller.name);
    buf_put_char(&buf, '\n');
    buf_put_str(&buf, command->query);
    crypto_sha256(buf.p, buf.len, ret);
    return buf_check(&buf);
}

static enum ambit_err read_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct read_command *command = (struct read_command *)(void *)job;
    struct command *base = &command->base;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    struct fold *fold = &base->broker->fold;
    struct ambit_digest key;
    err = query_key(command, &key);
    if (err != AMBIT_OK || (command->is_further && fold_query_is_told(fold, &key, now_ms)))
        return err;

    BUF_AUTO detail;
    buf_init(&detail, 0);
    err = put_detail(&detail, "what", command->what);
    if (err != AMBIT_OK)
        return err;
    struct event event;
    event_init(&event, base, EVENT_PERSON_READ);
    event.detail = buf_str(&detail);
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    if (err == AMBIT_OK)
        fold_query_told(fold, &key, now_ms);
    return err;
}

enum ambit_err read_submit(struct read_command *command)
{
    command->base.job.run = read_run;
    return command_submit(&command->base, WRITER_RECORDS);
}

static enum ambit_err time_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct time_command *command = (struct time_command *)(void *)job;
    struct command *base = &command->base;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;

    return distrust_answer(base->broker, txn, base, command->reason);
}

/* The time is believed only once that is on record; the next tick keeps it. */
static void time_done(struct writer_job *job, enum ambit_err err)
{
    struct time_command *command = (struct time_command *)(void *)job;
    struct command *base = &command->base;
    if (err == AMBIT_OK && !base->way_in_lost) {
        writer_trust_time(base->broker->writer);
        distrust_over(base->broker);
        command->wall_ms = base->broker->wall_ms();
        command->ahead_ms = writer_ahead_ms(base->broker->writer);
        base->broker->expired_ms = 0;
    }
    command_finished(base, err);
}

enum ambit_err time_submit(struct time_command *command)
{
    if (command->reason.len == 0 || command->reason.len > AMBIT_TEXT_MAX)
        return AMBIT_ERR_MALFORMED;
    struct command *base = &command->base;
    base->job.run = time_run;
    base->job.class = WRITER_STOPS;
    base->job.done = time_done;
    enum ambit_err err = writer_submit(base->broker->writer, &base->job);
    if (err != AMBIT_OK)
        base->err = err;
    return err;
}

static enum ambit_err once_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct command *base = &((struct once_command *)(void *)job)->base;
    enum ambit_err err = command_begin(base, now_ms);
    return err == AMBIT_OK && !base->way_in_lost ? command_use_once(base, txn) : err;
}

enum ambit_err once_submit(struct once_command *command)
{
    command->base.job.run = once_run;
    return command_submit(&command->base, WRITER_RECORDS);
}

enum ambit_err once_call(struct once_command *command)
{
    struct command *base = &command->base;
    base->job.run = once_run;
    base->job.class = WRITER_RECORDS;
    base->done = NULL;
    command_finished(base, writer_call(base->broker->writer, &base->job));
    return base->err;
}
