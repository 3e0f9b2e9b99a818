/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of the store, looked at every few seconds: slots of killed processes are cleared once
 * a minute, and one moment held for long is told of in the log, since the file grows meanwhile. */
#pragma once

#include "core/broker.h"

struct reader_watch {
    _Atomic uint64_t n, lag;
    _Atomic int64_t age_ms;
    /* broker_tend's own */
    uint64_t oldest;
    int64_t since_ms, cleared_ms;
    bool is_told;
};
/* On the thread that tends. */
void readers_look(struct broker *broker);
