/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that reads time. */
#include "base/clock.h"

#include <time.h>

static struct timespec read_clock(clockid_t which)
{
    struct timespec now = {0};

    int failed = clock_gettime(which, &now);

    AMBIT_ASSERT(failed == 0);
    return now;
}

int64_t clock_wall_ms(void)
{
    struct timespec now = read_clock(CLOCK_REALTIME);

    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_boot_ms(void)
{
    struct timespec now = read_clock(CLOCK_BOOTTIME);

    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
    struct timespec now = read_clock(CLOCK_MONOTONIC);

    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
