/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at readers: see readers.h. */
#include "core/readers.h"

#include "core/internal.h"

enum { CLEAR_EVERY_MS = 60000, LONG_MS = 10000 };

static void tell(const struct reader_watch *watch, const struct store_readers *readers)
{
    LOG(LOG_WARNING,
        "a reader holds one moment of the store: pages freed since cannot be used again",
        LOG_NUMBER("pid", readers->pid), LOG_NUMBER("transactions", (int64_t)readers->lag),
        LOG_NUMBER("age_ms", (int64_t)atomic_load(&watch->age_ms)));
}

void readers_look(struct broker *broker)
{
    struct reader_watch *watch = &broker->readers;
    struct store_readers readers;
    int64_t now_ms = broker_now_ms(broker);
    bool clears = now_ms - watch->cleared_ms >= CLEAR_EVERY_MS || now_ms < watch->cleared_ms;
    if (store_readers(broker->store, clears, &readers) != AMBIT_OK)
        return; /* another time */
    if (clears)
        watch->cleared_ms = now_ms;
    if (readers.dead > 0)
        LOG(LOG_NOTICE, "readers of processes that have ended were cleared",
            LOG_NUMBER("readers", (int64_t)readers.dead));
    bool is_same = readers.lag > 0 && readers.oldest == watch->oldest;
    if (!is_same) {
        watch->oldest = readers.oldest;
        watch->since_ms = now_ms;
        watch->is_told = false;
    }
    atomic_store(&watch->n, readers.n);
    atomic_store(&watch->lag, readers.lag);
    atomic_store(&watch->age_ms, is_same ? now_ms - watch->since_ms : 0);
    if (is_same && !watch->is_told && now_ms - watch->since_ms >= LONG_MS) {
        tell(watch, &readers);
        watch->is_told = true;
    }
}
