/* SPDX-License-Identifier: Apache-2.0 */
/* What people do, and what the record says of it. */
#include "stage.h"

#include "base/encode.h"
#include "config/folder.h"
#include "core/event_json.h"
#include "core/head.h"
#include "ledger/ledger.h"

static void is_done(void *sem)
{
    assert_int_equal(sem_post(sem), 0);
}

static void await(sem_t *sem)
{
    while (sem_wait(sem) != 0) {
    }
}

const char *stage_target(const char *word, struct ambit_id id, char dst[64])
{
    char text[ID_TEXT_LEN + 1] = "";
    id_encode(id, text);
    assert_true(snprintf(dst, 64, "%s:%s", word, text) < 64);
    return dst;
}

/* ---- stops ---- */

void stage_submit_stop(struct stage *stage, const char *person, const char *target,
                       struct held_stop *held)
{
    struct caller caller = stage_caller(CALLER_PERSON, person);
    struct stop_command *command = &held->command;
    *held = (struct held_stop){.submit_err = AMBIT_OK};
    assert_true(snprintf(held->target, sizeof held->target, "%s", target) <
                (int)sizeof held->target);
    assert_int_equal(sem_init(&held->done, 0, 0), 0);
    held->ref = broker_documents_acquire(stage->broker);
    command_init(&command->base, stage->broker, &caller, held->ref);
    command->base.done = is_done;
    command->base.done_ctx = &held->done;
    command->reason = AMBIT_STR("it looks wrong");
    held->submit_err =
        stop_target_parse(ambit_str_of(held->target), &command->kind, &command->target);
    if (!held->submit_err)
        held->submit_err = stop_submit(command);
}

struct stopped stage_await_stop(struct held_stop *held)
{
    struct stop_command *command = &held->command;
    enum ambit_err err = held->submit_err;
    if (!err) {
        await(&held->done);
        err = command->base.err;
        if (err == AMBIT_ERR_SEALED || err == AMBIT_ERR_FULL)
            stop_to_journal(command); /* as the wire does */
    }
    struct stopped stopped = {.err = err,
                              .stop = command->stop,
                              .incident = command->incident,
                              .is_pending = command->recorded_pending,
                              .not_recorded = command->not_recorded,
                              .way_in_lost = command->base.way_in_lost,
                              .seq = command->base.seq};
    command_release(&command->base);
    broker_documents_release(held->ref);
    assert_int_equal(sem_destroy(&held->done), 0);
    return stopped;
}

struct stopped stage_stop(struct stage *stage, const char *person, const char *target)
{
    struct held_stop held;
    stage_submit_stop(stage, person, target, &held);
    return stage_await_stop(&held);
}

/* ---- the rest ---- */

/* A command between command_init and the read-out of its results. */
struct turn {
    struct documents_ref *ref;
    sem_t done;
};

static void turn_begin(struct turn *turn, struct stage *stage, struct command *command,
                       struct caller caller)
{
    assert_int_equal(sem_init(&turn->done, 0, 0), 0);
    turn->ref = broker_documents_acquire(stage->broker);
    command_init(command, stage->broker, &caller, turn->ref);
    command->done = is_done;
    command->done_ctx = &turn->done;
}

static enum ambit_err turn_end(struct turn *turn, struct command *command, enum ambit_err submitted)
{
    if (!submitted)
        await(&turn->done);
    enum ambit_err err = submitted ? submitted : command->err;
    if (!err && command->way_in_lost)
        err = AMBIT_ERR_REFUSED;
    command_release(command);
    broker_documents_release(turn->ref);
    assert_int_equal(sem_destroy(&turn->done), 0);
    return err;
}

enum approve_refusal stage_approve(struct stage *stage, const char *person,
                                   struct ambit_id approval, bool is_given)
{
    struct approve_command command = {
        .approval = approval, .is_given = is_given, .reason = AMBIT_STR("looked at it")};
    struct turn turn;
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_PERSON, person));
    assert_int_equal(turn_end(&turn, &command.base, approve_submit(&command)), AMBIT_OK);
    return command.refusal;
}

enum clear_refusal stage_clear(struct stage *stage, const char *person, struct ambit_id stop)
{
    struct clear_command command = {.stop = stop, .reason = AMBIT_STR("found and mended")};
    struct turn turn;
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_PERSON, person));
    assert_int_equal(turn_end(&turn, &command.base, clear_submit(&command)), AMBIT_OK);
    return command.refusal;
}

struct stopped stage_offboard(struct stage *stage, const char *by, const char *person)
{
    struct stop_command command = {.kind = AMBIT_TARGET_OWNER,
                                   .target = ambit_str_of(person),
                                   .reason = AMBIT_STR("left"),
                                   .is_offboarding = true};
    struct turn turn;
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_PERSON, by));
    enum ambit_err err = turn_end(&turn, &command.base, stop_submit(&command));
    return (struct stopped){.err = err,
                            .stop = command.stop,
                            .incident = command.incident,
                            .is_pending = command.recorded_pending,
                            .way_in_lost = command.base.way_in_lost,
                            .seq = command.base.seq};
}

enum confirm_refusal stage_confirm(struct stage *stage, const char *person, enum ambit_kind kind,
                                   const char *name, bool is_removal)
{
    struct confirm_command command = {.kind = kind,
                                      .name = ambit_str_of(name),
                                      .is_removal = is_removal,
                                      .is_in_force = is_removal,
                                      .reason = AMBIT_STR("read it")};
    struct ambit_identity found = {0};
    struct turn turn;
    if (!is_removal)
        assert_int_equal(folder_identify(stage->documents, kind, ambit_str_of(name), &found),
                         AMBIT_OK);
    command.digest = found.digest;
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_PERSON, person));
    assert_int_equal(confirm_prepare(&command), AMBIT_OK);
    assert_int_equal(turn_end(&turn, &command.base, confirm_submit(&command)), AMBIT_OK);
    return command.refusal;
}

enum ambit_err stage_acknowledge_time(struct stage *stage, const char *person)
{
    struct time_command command = {.reason = AMBIT_STR("the clock is right")};
    struct turn turn;
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_PERSON, person));
    return turn_end(&turn, &command.base, time_submit(&command));
}

enum ambit_err stage_revoke(struct stage *stage, const char *agent, const struct answer *token,
                            bool *ret_foreign)
{
    struct revoke_command command = {.has_token = true, .token = {.jti = token->grant}};
    struct turn turn;
    memcpy(command.token.rnd, token->rnd, sizeof token->rnd);
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_AGENT, agent));
    enum ambit_err err = turn_end(&turn, &command.base, revoke_submit(&command));
    *ret_foreign = command.foreign;
    return err;
}

enum ambit_err stage_note_read(struct stage *stage, const char *person, const char *what)
{
    struct read_command command = {.what = ambit_str_of(what), .query = ambit_str_of(what)};
    struct turn turn;
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_PERSON, person));
    return turn_end(&turn, &command.base, read_submit(&command));
}

/* ---- the record ---- */

struct ambit_digest stage_root(struct stage *stage, uint64_t *ret_size)
{
    struct store_txn *txn = NULL;
    struct head head;
    assert_int_equal(store_read_begin(broker_store(stage->broker), &txn), AMBIT_OK);
    assert_int_equal(head_load(txn, &head), AMBIT_OK);
    store_read_end(txn);
    *ret_size = head.edge.size;
    return tree_root(&head.edge);
}

/* Calls `each` for every event, inside one read transaction. */
static void each_event(struct stage *stage, void *ctx,
                       void (*each)(void *ctx, struct stage *stage, struct store_txn *txn,
                                    const struct ledger_row *row, const struct event *event,
                                    struct arena *arena))
{
    struct store_txn *txn = NULL;
    struct head head;
    BUF_AUTO memory = {0};
    assert_int_equal(store_read_begin(broker_store(stage->broker), &txn), AMBIT_OK);
    assert_int_equal(head_load(txn, &head), AMBIT_OK);
    for (uint64_t seq = 0; seq < head.edge.size; seq++) {
        ARENA_AUTO arena = {0};
        struct ledger_row row;
        struct event event;
        assert_int_equal(ledger_get(txn, seq, &memory, &row), AMBIT_OK);
        assert_int_equal(event_decode(row.bytes, row.opening, &arena, &event), AMBIT_OK);
        each(ctx, stage, txn, &row, &event, &arena);
    }
    store_read_end(txn);
}

struct count {
    const char *type, *member;
    size_t n;
};

static void count_one(void *ctx, struct stage *stage, struct store_txn *txn,
                      const struct ledger_row *row, const struct event *event, struct arena *arena)
{
    struct count *count = ctx;
    (void)stage;
    (void)txn;
    (void)arena;
    bool is_type = !count->type[0] || streq(event_type_text(event->type), count->type);
    bool has_member = !count->member ||
                      memmem(row->bytes.p, row->bytes.len, count->member, strlen(count->member));
    count->n += is_type && has_member;
}

size_t stage_count_events(struct stage *stage, const char *type, const char *member)
{
    struct count count = {.type = type, .member = member};
    each_event(stage, &count, count_one);
    return count.n;
}

/* The checks agree with what was decided: all pass, or one fails and none behind it was reached. */
static void explain_one(void *ctx, struct stage *stage, struct store_txn *txn,
                        const struct ledger_row *row, const struct event *event,
                        struct arena *arena)
{
    static struct ambit_explanation explanation;
    size_t *n = ctx;
    (void)row;
    if (event->decision == EVENT_DECISION_NONE || event->type == EVENT_GRANT_REVOKED)
        return;
    enum ambit_err err = event_explain(stage->broker, txn, event, arena, &explanation);
    if (err)
        fail_msg("event %d is not explained: %s", (int)event->seq, ambit_err_text(err));
    size_t failed = 0;
    for (size_t i = 0; i < explanation.n_checks; i++) {
        bool is_behind = failed > 0;
        failed += explanation.checks[i].outcome == AMBIT_CHECK_FAIL;
        if (is_behind && explanation.checks[i].outcome != AMBIT_CHECK_NOT_REACHED)
            fail_msg("event %d: a check behind the one that failed", (int)event->seq);
        if (!failed && explanation.checks[i].outcome != AMBIT_CHECK_PASS)
            fail_msg("event %d: check %s before the end", (int)event->seq,
                     explanation.checks[i].check);
    }
    if (failed != (event->decision == AMBIT_DENY))
        fail_msg("event %d (%s): %d checks failed", (int)event->seq,
                 ambit_reason_text(event->reason), (int)failed);
    ++*n;
}

size_t stage_explain_all(struct stage *stage)
{
    size_t n = 0;
    each_event(stage, &n, explain_one);
    return n;
}
