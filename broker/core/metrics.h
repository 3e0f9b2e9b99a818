/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of decisions, written with relaxed atomics. */
#pragma once

#include <stdatomic.h>

#include "ambit/model.h"

enum { METRIC_REASONS = AMBIT_REASON_NOT_SUPPORTED + 1 };
struct metrics {
    _Atomic uint64_t
        decisions[2][METRIC_REASONS]; /* question (0 grant, 1 action), reason; allow = ALLOWED */
    _Atomic uint64_t unproved;
    _Atomic uint64_t stops_in_force;
    _Atomic uint64_t limited;
    _Atomic uint64_t event_bytes; /* leaves committed since the start */
    _Atomic uint64_t lapsing; /* attestations that have lapsed, or lapse within two weeks */
};
