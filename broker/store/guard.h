/* SPDX-License-Identifier: Apache-2.0 */
/* The clock guard of the writer: believes the wall clock as long as it goes as fast as
 * CLOCK_BOOTTIME. What it says is the time never goes slower than that but for a thousandth: a wall
 * clock that stands still, or is set back and acknowledged, ends nothing later. Changed by the
 * writer thread; the two flags may be set by any, and any may read what is believed. */
#pragma once

#include <stdatomic.h>

#include "ambit/base.h"

enum { GUARD_PART_MS = 5000, GUARD_SLEW_PARTS = 1000 };

struct guard {
    int64_t (*wall_ms)(void);
    int64_t (*boot_ms)(void);
    _Atomic int64_t base_ms;  /* wall minus boot as last believed */
    _Atomic int64_t ahead_ms; /* how far what is believed is ahead of the wall clock */
    int64_t slewed_at_ms;     /* boot time up to which slewing was allowed for */
    atomic_bool is_distrusted, is_trust_asked;
};

/* `last_now_ms`: the last time in the record; a wall clock more than 5 s behind it is distrusted.
 */
void guard_init(struct guard *guard, int64_t last_now_ms);
/* Reads both clocks, notices when they part, and says what time it is believed to be. */
int64_t guard_now(struct guard *guard);
/* The same without noticing anything; any thread. */
int64_t guard_believed(const struct guard *guard);
