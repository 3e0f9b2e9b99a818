/* SPDX-License-Identifier: Apache-2.0 */
/* Something that fails: wherever a test lets it, once for each way that leads there (who called
 * whom), so that a run of thousands of calls is tried in as many runs as it has ways.
 *
 *     FAILING_START();
 *     do {
 *         failing_arm();
 *         err = what_is_tested();
 *         has_failed = failing_disarm();
 *         ... err says so, or everything is as it is without a failure ...
 *     } while (has_failed);
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ambit/base.h"

enum { FAILING_DEPTH = 7, FAILING_WAYS = 1 << 16 };

static struct {
    bool is_armed, has_failed;
    const uintptr_t *end; /* the frame of the test, behind which nobody looks */
    uint64_t failed;      /* what does, once something has */
    size_t n_calls;       /* of failing_hits_next() since failing_arm() */
    size_t n_ways;
    uint64_t ways[FAILING_WAYS]; /* that have failed, by hash; 0: none */
} failing;

/* Who called: the return addresses on the stack (the builds keep frame pointers). */
__attribute__((noinline, no_sanitize("address", "undefined"))) static uint64_t failing_way(void)
{
    const uintptr_t *frame = __builtin_frame_address(0);
    uint64_t hash = 1469598103934665603ULL;
    for (int i = 0; i < FAILING_DEPTH && frame < failing.end; i++) {
        hash = (hash ^ frame[1]) * 1099511628211ULL;
        frame = (const uintptr_t *)frame[0];
    }
    return hash ? hash : 1;
}

/* Does what is known by this number fail? The first that has not failed yet, and no other. */
static inline bool failing_hits_at(uint64_t way)
{
    size_t at = way % FAILING_WAYS;
    if (!failing.is_armed || failing.has_failed)
        return failing.is_armed && failing.failed == way;
    while (failing.ways[at] && failing.ways[at] != way)
        at = (at + 1) % FAILING_WAYS;
    if (failing.ways[at])
        return false;
    AMBIT_ASSERT(++failing.n_ways < FAILING_WAYS / 2);
    failing.ways[at] = failing.failed = way;
    return failing.has_failed = true;
}

/* Does this call fail? Known by who called. */
__attribute__((noinline, unused)) static bool failing_hits(void)
{
    return failing.is_armed && !failing.has_failed && failing_hits_at(failing_way());
}

/* Does this call fail? Known by how many there were. */
static inline bool failing_hits_next(void)
{
    return failing.is_armed && !failing.has_failed && failing_hits_at(++failing.n_calls);
}

#define FAILING_START()                           \
    do {                                          \
        memset(&failing, 0, sizeof failing);      \
        failing.end = __builtin_frame_address(0); \
    } while (0)

static inline void failing_arm(void)
{
    failing.is_armed = true;
    failing.has_failed = false;
    failing.n_calls = 0;
}

/* Did one fail since failing_arm()? */
static inline bool failing_disarm(void)
{
    failing.is_armed = false;
    return failing.has_failed;
}
