/* SPDX-License-Identifier: Apache-2.0 */
/* The clock guard: see guard.h. */
#include "store/guard.h"

static bool is_parted(int64_t parted_ms)
{
    return parted_ms > GUARD_PART_MS || parted_ms < -GUARD_PART_MS;
}

void guard_init(struct guard *guard, int64_t last_now_ms)
{
    int64_t wall_ms = guard->wall_ms(), boot_ms = guard->boot_ms();
    bool is_behind = wall_ms < last_now_ms - GUARD_PART_MS;
    guard->base_ms = (is_behind ? last_now_ms : wall_ms) - boot_ms;
    guard->slewed_at_ms = boot_ms;
    if (is_behind)
        guard->is_distrusted = true;
}

static int64_t within(int64_t ms, int64_t most)
{
    return ms > most ? most : ms < -most ? -most : ms;
}

/* A clock that is being set right slowly is no reason to stop; and as slowly the wall clock catches
 * up with a time that is ahead of it. */
static void follow_slew(struct guard *guard, int64_t parted_ms, int64_t boot_ms)
{
    int64_t most = (boot_ms - guard->slewed_at_ms) / GUARD_SLEW_PARTS;
    if (most <= 0)
        return;
    guard->slewed_at_ms = boot_ms;
    guard->base_ms += within(parted_ms, most);
    guard->ahead_ms -= within(guard->ahead_ms, most);
}

/* A person says that the wall clock is right. What was believed may be ahead of it, and goes on
 * from there: what ends at a time ends no later for it. */
static void believe(struct guard *guard, int64_t wall_ms, int64_t boot_ms)
{
    int64_t ahead_ms = guard->base_ms + boot_ms + guard->ahead_ms - wall_ms;
    guard->ahead_ms = ahead_ms > 0 ? ahead_ms : 0;
    guard->base_ms = wall_ms - boot_ms;
    guard->slewed_at_ms = boot_ms;
    guard->is_distrusted = false;
}

int64_t guard_now(struct guard *guard)
{
    int64_t wall_ms = guard->wall_ms(), boot_ms = guard->boot_ms();
    if (atomic_exchange(&guard->is_trust_asked, false)) {
        believe(guard, wall_ms, boot_ms);
        return wall_ms + guard->ahead_ms;
    }
    int64_t parted_ms = wall_ms - boot_ms - guard->base_ms;
    if (is_parted(parted_ms))
        guard->is_distrusted = true;
    if (!guard->is_distrusted)
        follow_slew(guard, parted_ms, boot_ms);
    return guard_believed(guard);
}

int64_t guard_believed(const struct guard *guard)
{
    int64_t wall_ms = guard->wall_ms(), uptime_ms = guard->base_ms + guard->boot_ms();
    bool is_believed = !guard->is_distrusted && !is_parted(wall_ms - uptime_ms);
    return (is_believed && wall_ms > uptime_ms ? wall_ms : uptime_ms) + guard->ahead_ms;
}
