/* SPDX-License-Identifier: Apache-2.0 */
/* The only place where time is read. Everything else takes `now`. */
#pragma once

#include "ambit/base.h"

int64_t clock_wall_ms(void); /* CLOCK_REALTIME, Unix milliseconds */
int64_t clock_boot_ms(void); /* CLOCK_BOOTTIME, milliseconds */
/* Which start of the machine this is: the kernel's word, or where that cannot be read (a unit with
 * ProcSubset=pid) what was handed in, 32 hexadecimal digits, perhaps with dashes; NULL: nothing.
 * Zero: not known. */
struct ambit_id clock_boot_id(const char *given);
int64_t clock_mono_us(void); /* CLOCK_MONOTONIC, microseconds: durations only */
