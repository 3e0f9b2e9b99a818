/* SPDX-License-Identifier: Apache-2.0 */
/* The only place where time is read. Everything else takes `now`. */
#pragma once

#include "ambit/base.h"

int64_t clock_wall_ms(void); /* CLOCK_REALTIME, Unix milliseconds */
int64_t clock_boot_ms(void); /* CLOCK_BOOTTIME, milliseconds */
int64_t clock_mono_us(void); /* CLOCK_MONOTONIC, microseconds: durations only */
