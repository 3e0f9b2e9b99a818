/* SPDX-License-Identifier: Apache-2.0 */
/* The clock guard: see guard.h. */
#include "store/guard.h"

static bool is_parted(int64_t parted_ms)
{
    return parted_ms > GUARD_PART_MS || parted_ms < -GUARD_PART_MS;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool is_same_boot(const struct guard *guard, const struct guard_mark *mark, int64_t boot_ms)
{
    return mark && !ambit_id_is_none(guard->boot) && ambit_id_eq(guard->boot, mark->boot) &&
           boot_ms >= mark->boot_ms;
}

void guard_init(struct guard *guard, int64_t last_now_ms, const struct guard_mark *mark)
{
    int64_t wall_ms = guard->wall_ms(), boot_ms = guard->boot_ms();
    int64_t ahead_ms = mark ? mark->ahead_ms : 0;
    bool is_same = is_same_boot(guard, mark, boot_ms);
    /* What the wall clock should show, or at least so much, and what is believed at least. */
    int64_t due_ms = is_same ? mark->wall_ms + (boot_ms - mark->boot_ms) : last_now_ms - ahead_ms;
    int64_t least_ms = larger(last_now_ms, due_ms + ahead_ms);
    int64_t away_ms = wall_ms - due_ms;
    bool is_away = away_ms < -GUARD_PART_MS || away_ms > (is_same ? GUARD_PART_MS : GUARD_AWAY_MS);
    bool doubts = last_now_ms > 0 && (is_away || (mark && mark->is_distrusted));

    int64_t line_ms = doubts ? least_ms : is_same ? due_ms : wall_ms;
    guard->base_ms = line_ms - boot_ms;
    guard->ahead_ms = doubts ? 0 : larger(ahead_ms, least_ms - larger(line_ms, wall_ms));
    guard->slewed_at_ms = boot_ms;
    if (doubts)
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

struct guard_mark guard_mark(const struct guard *guard, int64_t now_ms)
{
    int64_t boot_ms = guard->boot_ms();
    return (struct guard_mark){
        .boot = guard->boot,
        .boot_ms = boot_ms,
        .wall_ms = guard->base_ms + boot_ms,
        .ahead_ms = guard->ahead_ms,
        .now_ms = now_ms,
        .is_distrusted = guard->is_distrusted,
    };
}
