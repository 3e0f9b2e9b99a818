/* SPDX-License-Identifier: Apache-2.0 */
/* The clock guard: see guard.h. */
#include "store/guard.h"

void guard_init(struct guard *guard, int64_t last_now_ms)
{
    int64_t wall_ms = guard->wall_ms(), boot_ms = guard->boot_ms();
    bool is_behind = wall_ms < last_now_ms - GUARD_PART_MS;
    guard->base_ms = (is_behind ? last_now_ms : wall_ms) - boot_ms;
    guard->slewed_at_ms = boot_ms;
    if (is_behind)
        guard->is_distrusted = true;
}

/* A clock that is being set right slowly is no reason to stop. */
static void follow_slew(struct guard *guard, int64_t parted_ms, int64_t boot_ms)
{
    int64_t most = (boot_ms - guard->slewed_at_ms) / GUARD_SLEW_PARTS;
    if (most <= 0)
        return;
    guard->slewed_at_ms = boot_ms;
    if (parted_ms > most)
        parted_ms = most;
    if (parted_ms < -most)
        parted_ms = -most;
    guard->base_ms += parted_ms;
}

int64_t guard_now(struct guard *guard)
{
    int64_t wall_ms = guard->wall_ms(), boot_ms = guard->boot_ms();
    int64_t parted_ms = wall_ms - boot_ms - guard->base_ms;
    if (atomic_exchange(&guard->is_trust_asked, false)) {
        guard->is_distrusted = false;
        guard->base_ms = wall_ms - boot_ms;
        guard->slewed_at_ms = boot_ms;
        return wall_ms;
    }
    if (parted_ms > GUARD_PART_MS || parted_ms < -GUARD_PART_MS)
        guard->is_distrusted = true;
    if (guard->is_distrusted)
        return guard->base_ms + boot_ms;
    follow_slew(guard, parted_ms, boot_ms);
    return wall_ms;
}
