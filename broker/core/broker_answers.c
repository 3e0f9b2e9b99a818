/* SPDX-License-Identifier: Apache-2.0 */
/* What the edges ask a broker that is open: what it was opened with, how it is, and whose budget is
 * spent. Nothing here waits or writes. */
#include "core/internal.h"

#include "core/budget.h"
#include "core/failures.h"
#include "core/witness.h"
#include "ledger/tlog.h"

struct identity_trust *broker_trust(const struct broker *broker)
{
    return broker->trust;
}

const struct forward_map *broker_forward_map(const struct broker *broker)
{
    return broker->forward;
}

struct ambit_str broker_issuer(const struct broker *broker)
{
    return buf_str(&broker->issuer);
}

bool broker_defers(const struct broker *broker)
{
    return broker->is_deferring;
}

int64_t broker_now_ms(const struct broker *broker)
{
    return broker->writer != NULL ? writer_believed_ms(broker->writer) : broker->wall_ms();
}

int64_t broker_wall_ms(const struct broker *broker)
{
    return broker->wall_ms();
}

struct tlog *broker_log(struct broker *broker)
{
    return atomic_load_explicit(&broker->log, memory_order_acquire);
}

void broker_end_waits(struct broker *broker)
{
    struct tlog *log = broker_log(broker);
    if (log != NULL)
        tlog_waiters_end(log);
}

enum ambit_err broker_log_witnessed(struct broker *broker, struct buf *out)
{
    return witnesses_note(broker->witnesses, out);
}

const struct broker_log_config *broker_log_config(const struct broker *broker)
{
    return &broker->log_config;
}

struct store *broker_store(struct broker *broker)
{
    return broker->store;
}

struct search *broker_search(struct broker *broker)
{
    return broker->search;
}

const char *broker_status(const struct broker *broker)
{
    if (atomic_load(&broker->is_stopping))
        return "stopping";
    switch (writer_state(broker->writer)) {
    case WRITER_READY:
        return "ready";
    case WRITER_FULL:
        return "full";
    case WRITER_CLOCK:
        return "clock";
    case WRITER_SEALED:
        return "sealed";
    case WRITER_STOPPING:
        return "stopping";
    }
    return "stopping";
}

enum ambit_err broker_budget(struct broker *broker, const struct caller *caller,
                             uint32_t *ret_retry_after_s)
{
    return broker_budget_more(broker, caller, 1, ret_retry_after_s);
}

enum ambit_err broker_budget_more(struct broker *broker, const struct caller *caller, size_t n,
                                  uint32_t *ret_retry_after_s)
{
    enum ambit_err err =
        budgets_take_many(broker->budgets, caller, n, broker_now_ms(broker), ret_retry_after_s);
    if (err != AMBIT_OK)
        atomic_fetch_add_explicit(&broker->metrics.limited, 1, memory_order_relaxed);
    return err;
}

void broker_count_unproved(struct broker *broker, struct ambit_str source_text)
{
    atomic_fetch_add_explicit(&broker->metrics.unproved, 1, memory_order_relaxed);
    unproved_count(broker->unproved, source_text, broker_now_ms(broker));
}

void broker_note_failed(struct broker *broker, struct ambit_str client, struct ambit_str source)
{
    if (broker->failures != NULL && source.p != NULL)
        failures_note(broker->failures, client, source, broker_now_ms(broker));
}

bool broker_keeps_waiting(struct broker *broker)
{
    return broker->failures != NULL && failures_are_any(broker->failures, broker_now_ms(broker));
}

uint32_t broker_failed_wait_s(struct broker *broker, struct ambit_str client,
                              struct ambit_str source)
{
    return source.p != NULL
               ? failures_wait_s(broker->failures, client, source, broker_now_ms(broker))
               : 0;
}
