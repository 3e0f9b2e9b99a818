/* SPDX-License-Identifier: Apache-2.0 */
/* What services and agents report, what services signal, and what people do with incidents. */
#include "stage.h"

#include "base/encode.h"
#include "ledger/ledger.h"

struct turn {
    struct documents_ref *ref;
    sem_t done;
    struct arena arena;
};

static void is_done(void *sem)
{
    assert_int_equal(sem_post(sem), 0);
}

static void turn_begin(struct turn *turn, struct stage *stage, struct command *command,
                       struct caller caller)
{
    assert_int_equal(sem_init(&turn->done, 0, 0), 0);
    arena_init(&turn->arena, NULL, 0, 0);
    turn->ref = broker_documents_acquire(stage->broker);
    command_init(command, stage->broker, &caller, turn->ref);
    command->done = is_done;
    command->done_ctx = &turn->done;
}

static enum ambit_err turn_end(struct turn *turn, struct command *command, enum ambit_err submitted)
{
    while (!submitted && sem_wait(&turn->done) != 0) {
    }
    enum ambit_err err = submitted ? submitted : command->err;
    if (!err && command->way_in_lost)
        err = AMBIT_ERR_REFUSED;
    command_release(command);
    broker_documents_release(turn->ref);
    arena_done(&turn->arena);
    assert_int_equal(sem_destroy(&turn->done), 0);
    return err;
}

struct reported stage_report(struct stage *stage, const char *who, struct ambit_id action,
                             const char *outcome, const char *detail)
{
    bool is_service = strncmp(who, "service:", 8) == 0;
    struct caller caller =
        is_service ? stage_caller(CALLER_SERVICE, who + 8) : stage_caller(CALLER_AGENT, who + 6);
    if (!is_service)
        caller.method = AMBIT_METHOD_TOKEN;
    struct outcome_command command = {0};
    struct turn turn;
    turn_begin(&turn, stage, &command.base, caller);
    command.action = action;
    command.outcome = ambit_str_of(outcome);
    if (detail)
        command.detail = ambit_str_of(detail);
    enum ambit_err err = turn_end(&turn, &command.base, outcome_submit(&command));
    return (struct reported){.err = err,
                             .refusal = command.refusal,
                             .by = command.reported_by,
                             .agreement = command.agreement,
                             .is_late = command.is_late,
                             .is_repeated = command.is_repeated};
}

struct signalled stage_signal(struct stage *stage, const char *service, const char *signal,
                              const char *agent, const struct answer *token)
{
    struct signal_command command = {0};
    struct turn turn;
    struct signalled ret = {0};
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_SERVICE, service));
    command.signal = ambit_str_of(signal);
    command.arena = &turn.arena;
    if (agent)
        command.agent = ambit_str_of(agent);
    else
        command.grant = token->grant;
    enum ambit_err err = signal_submit(&command);
    while (!err && sem_wait(&turn.done) != 0) {
    }
    ret.is_unknown = command.is_unknown;
    ret.is_heard = command.is_heard;
    ret.n_trips = command.n_trips;
    if (!err && command.n_trips > 0)
        memcpy(ret.trip, command.trips[0].p, command.trips[0].len);
    if (!err)
        assert_int_equal(sem_post(&turn.done), 0);
    ret.err = turn_end(&turn, &command.base, err);
    return ret;
}

static enum incident_refusal incident(struct stage *stage, const char *person, struct ambit_id id,
                                      bool closes)
{
    struct incident_command command = {0};
    struct turn turn;
    turn_begin(&turn, stage, &command.base, stage_caller(CALLER_PERSON, person));
    command.incident = id;
    command.closes = closes;
    if (closes)
        command.reason = AMBIT_STR("found and mended");
    assert_int_equal(turn_end(&turn, &command.base, incident_submit(&command)), AMBIT_OK);
    return command.refusal;
}

enum incident_refusal stage_acknowledge(struct stage *stage, const char *person, struct ambit_id id)
{
    return incident(stage, person, id, false);
}

enum incident_refusal stage_close_incident(struct stage *stage, const char *person,
                                           struct ambit_id id)
{
    return incident(stage, person, id, true);
}

struct ambit_id stage_last_id(struct stage *stage, const char *type, const char *member)
{
    struct store_txn *txn = NULL;
    struct ambit_id found = {{0}};
    char want[64];
    assert_true(snprintf(want, sizeof want, "\"%s\":\"", member) < (int)sizeof want);
    assert_int_equal(store_read_begin(broker_store(stage->broker), &txn), AMBIT_OK);
    for (uint64_t seq = 0;; seq++) {
        BUF_AUTO memory;
        ARENA_AUTO arena;
        struct ledger_row row;
        struct event event;
        buf_init(&memory, 0);
        arena_init(&arena, NULL, 0, 0);
        enum ambit_err err = ledger_get(txn, seq, &memory, &row);
        if (err == AMBIT_ERR_NOT_FOUND)
            break;
        assert_int_equal(err, AMBIT_OK);
        assert_int_equal(event_decode(row.bytes, row.opening, &arena, &event), AMBIT_OK);
        const char *at = memmem(row.bytes.p, row.bytes.len, want, strlen(want));
        if (streq(event_type_text(event.type), type) && at)
            assert_int_equal(id_decode((struct ambit_str){at + strlen(want), ID_TEXT_LEN}, &found),
                             AMBIT_OK);
    }
    store_read_end(txn);
    return found;
}

void stage_live_on(struct stage *stage, int64_t ms)
{
    static unsigned number;
    for (; ms > 0; ms -= 10000) {
        char what[32];
        assert_true(snprintf(what, sizeof what, "look %u", number++) < (int)sizeof what);
        stage_pass(ms < 10000 ? ms : 10000);
        assert_int_equal(stage_note_read(stage, "ann", what), AMBIT_OK);
    }
}
