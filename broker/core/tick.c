/* SPDX-License-Identifier: Apache-2.0 */
/* Once a second, if there is something: a clock that is not believed, folded refusals, callers that
 * were limited, callers that proved nothing, one-time values that expired. */
#include "core/tick.h"

#include "base/json_write.h"
#include "base/log.h"
#include "core/apply.h"
#include "core/attest.h"
#include "core/budget.h"
#include "core/distrust.h"
#include "core/expire.h"
#include "core/key_command.h"
#include "core/pruned.h"
#include "core/settle.h"
#include "core/signal.h"
#include "core/once.h"

enum { EXPIRE_EVERY_MS = 10000, EXPIRE_ROWS = 2000, COMPLAIN_EVERY_MS = 60000 };

/* Nobody waits for the scrub either. */
static void watch_scrub(struct broker *broker, int64_t now_ms)
{
    enum ambit_err err = store_scrub_problem(broker->store);
    if (err == AMBIT_OK || now_ms - broker->scrub_complained_ms < COMPLAIN_EVERY_MS)
        return;
    broker->scrub_complained_ms = now_ms;
    LOG(LOG_ERROR, "what was erased could not be written over in the store; it is tried again",
        LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
}

bool tick_wanted(void *ctx, int64_t now_ms)
{
    struct broker *broker = ctx;
    watch_scrub(broker, now_ms);
    return now_ms - broker->expired_ms >= EXPIRE_EVERY_MS ||
           fold_due(&broker->fold, now_ms) != NULL || budgets_due(broker->budgets, now_ms) ||
           unproved_is_due(broker->unproved, now_ms) || distrust_is_news(broker) ||
           settle_wanted(broker, now_ms) || key_tick_wanted(broker, now_ms) ||
           pruned_tick_wanted(broker) || unheard_due(&broker->unheard, now_ms) != NULL;
}

enum ambit_err record_own(struct broker *broker, struct store_txn *txn, int64_t now_ms,
                          enum event_type type, struct ambit_str agent, struct ambit_str detail)
{
    struct command command;
    struct event event;
    command_init(&command, broker, NULL, NULL);
    enum ambit_err err = command_begin(&command, now_ms);
    if (err != AMBIT_OK)
        return err;
    event_init(&event, &command, type);
    event.agent = agent;
    event.detail = detail;
    err = record_event(broker, txn, &command, &event);
    command_release(&command);
    return err;
}

static AMBIT_CHECKED enum ambit_err tick_folds(struct broker *broker, struct store_txn *txn,
                                               int64_t now_ms)
{
    struct fold_slot *slot = NULL;
    while ((slot = fold_due(&broker->fold, now_ms)) != NULL) {
        BUF_AUTO detail;
        struct json_out out;
        buf_init(&detail, 0);
        json_out_init(&out, &detail, true);
        json_begin_object(&out);
        json_key(&out, "count");
        json_i64(&out, (int64_t)slot->folded);
        json_key(&out, "reason");
        json_text(&out, ambit_reason_text(slot->reason));
        json_end_object(&out);
        enum ambit_err err = buf_check(&detail);
        if (err == AMBIT_OK)
            err = record_own(broker, txn, now_ms, EVENT_REFUSALS_FOLDED,
                             (struct ambit_str){slot->agent, slot->agent_len}, buf_str(&detail));
        if (err != AMBIT_OK)
            return err;
        fold_free(&broker->fold, slot);
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err tick_limited(struct broker *broker, struct store_txn *txn,
                                                 int64_t now_ms)
{
    static const char *const kinds[] = {"none", "agent", "service", "person"};
    struct budget_limited limited;
    while (budgets_next_limited(broker->budgets, now_ms, &limited)) {
        struct ambit_str name = {limited.name, limited.name_len};
        BUF_AUTO detail;
        struct json_out out;
        buf_init(&detail, 0);
        json_out_init(&out, &detail, true);
        json_begin_object(&out);
        json_key(&out, "count");
        json_i64(&out, (int64_t)limited.count);
        json_key(&out, "kind");
        json_text(&out, kinds[limited.kind]);
        json_member_str(&out, "name", name);
        json_end_object(&out);
        enum ambit_err err = buf_check(&detail);
        if (err == AMBIT_OK)
            err = record_own(broker, txn, now_ms, EVENT_CALLER_LIMITED,
                             limited.kind == CALLER_AGENT ? name : (struct ambit_str){0},
                             buf_str(&detail));
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err tick_unproved(struct broker *broker, struct store_txn *txn,
                                                  int64_t now_ms)
{
    struct unproved_totals totals;
    if (!unproved_take(broker->unproved, now_ms, &totals))
        return AMBIT_OK;

    BUF_AUTO detail;
    struct json_out out;
    buf_init(&detail, 0);
    json_out_init(&out, &detail, true);
    json_begin_object(&out);
    json_key(&out, "count");
    json_i64(&out, (int64_t)totals.count);
    json_key(&out, "sources");
    json_begin_array(&out);
    for (size_t i = 0; i < totals.n; i++) {
        json_begin_object(&out);
        json_key(&out, "count");
        json_i64(&out, (int64_t)totals.sources[i].count);
        json_member_str(&out, "source",
                        (struct ambit_str){totals.sources[i].text, totals.sources[i].len});
        json_end_object(&out);
    }
    json_end_array(&out);
    json_end_object(&out);
    enum ambit_err err = buf_check(&detail);
    return err != AMBIT_OK ? err
                           : record_own(broker, txn, now_ms, EVENT_IDENTITY_REFUSED,
                                        (struct ambit_str){0}, buf_str(&detail));
}

/* Rows that cannot be read keep nothing else from falling due: this transaction is given up, the
 * next tick leaves them alone, and the next start tries again. */
static AMBIT_CHECKED enum ambit_err tick_pruned(struct broker *broker, struct store_txn *txn)
{
    enum ambit_err err = pruned_tick(broker, txn);
    if (err != AMBIT_ERR_DAMAGED)
        return err;
    atomic_store(&broker->is_pruning, false);
    LOG(LOG_ERROR, "pruned events could not be deleted: the store is damaged; run ambit verify");
    return err;
}

static AMBIT_CHECKED enum ambit_err tick_all(struct broker *broker, struct store_txn *txn,
                                             int64_t now_ms)
{
    enum ambit_err err = distrust_is_news(broker) ? distrust_record(broker, txn, now_ms) : AMBIT_OK;
    if (err == AMBIT_OK)
        err = tick_folds(broker, txn, now_ms);
    if (err == AMBIT_OK)
        err = tick_limited(broker, txn, now_ms);
    if (err == AMBIT_OK)
        err = tick_unproved(broker, txn, now_ms);
    if (err == AMBIT_OK && now_ms - broker->expired_ms >= EXPIRE_EVERY_MS) {
        broker->expired_ms = now_ms;
        err = once_expire(txn, now_ms, EXPIRE_ROWS);
        if (err == AMBIT_OK)
            err = expire_some(broker, txn, now_ms);
        if (err == AMBIT_OK)
            err = attest_tick(broker, txn, now_ms);
    }
    if (err == AMBIT_OK)
        err = key_tick(broker, txn, now_ms);
    if (err == AMBIT_OK)
        err = tick_pruned(broker, txn);
    if (err == AMBIT_OK)
        err = signal_tick(broker, txn, now_ms);
    if (err == AMBIT_OK)
        err = settle_batch(broker, txn, now_ms);
    return err;
}

/* Nobody waits for a tick, so that nobody would hear that it fails. */
enum ambit_err tick_run(void *ctx, struct store_txn *txn, int64_t now_ms)
{
    struct broker *broker = ctx;
    enum ambit_err err = tick_all(broker, txn, now_ms);
    if (err == AMBIT_OK || now_ms - broker->tick_complained_ms < COMPLAIN_EVERY_MS)
        return err;
    broker->tick_complained_ms = now_ms;
    LOG(LOG_ERROR, "what falls due by itself could not be recorded; it is tried again",
        LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
    return err;
}
