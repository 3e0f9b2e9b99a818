/* SPDX-License-Identifier: Apache-2.0 */
/* The clock guard of the writer: believes the wall clock as long as it goes as fast as
 * CLOCK_BOOTTIME. What it says is the time never goes slower than that but for a thousandth: a wall
 * clock that stands still, or is set back and acknowledged, ends nothing later.
 *
 * Over a restart what is believed is kept as a mark beside the record. As long as the machine was
 * not started again, the time that went by is known, and the clock is held to it as closely as
 * while running. Otherwise the record knows only that it is not earlier than its own last time: a
 * clock behind that, or more than a week ahead of it, is not believed. A doubt that nobody answered
 * stays one.
 *
 * Changed by the writer thread; the two flags may be set by any, and any may read what is believed.
 */
#pragma once

#include <stdatomic.h>

#include "ambit/base.h"

enum { GUARD_PART_MS = 5000, GUARD_SLEW_PARTS = 1000, GUARD_AWAY_MS = 7 * 86400 * 1000 };

/* What was believed at one moment. */
struct guard_mark {
    struct ambit_id boot; /* of the machine, a new one at each start of it; zero: not known */
    int64_t boot_ms;      /* CLOCK_BOOTTIME */
    int64_t wall_ms;      /* what the wall clock was taken to show then */
    int64_t ahead_ms;     /* and how far what is believed was ahead of that */
    int64_t now_ms;       /* the time that was given out: the record's last */
    bool is_distrusted;
};

struct guard {
    int64_t (*wall_ms)(void);
    int64_t (*boot_ms)(void);
    struct ambit_id boot;
    _Atomic int64_t base_ms;  /* wall minus boot as last believed */
    _Atomic int64_t ahead_ms; /* how far what is believed is ahead of the wall clock */
    int64_t slewed_at_ms;     /* boot time up to which slewing was allowed for */
    atomic_bool is_distrusted, is_trust_asked;
};

/* `last_now_ms`: the last time in the record, 0: it has none; `mark` as it was kept beside it,
 * NULL: there is none. */
void guard_init(struct guard *guard, int64_t last_now_ms, const struct guard_mark *mark);
/* Reads both clocks, notices when they part, and says what time it is believed to be. */
int64_t guard_now(struct guard *guard);
/* The same without noticing anything; any thread. */
int64_t guard_believed(const struct guard *guard);
/* To be kept; `now_ms` is what was given out. */
struct guard_mark guard_mark(const struct guard *guard, int64_t now_ms);
