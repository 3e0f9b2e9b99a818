/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the kernel, drawn in blocks per thread and used once. A process that cannot
 * draw them aborts: nothing safe can be done without. */
#pragma once

#include "ambit/base.h"

void random_bytes(uint8_t *dst, size_t len);
/* A fresh time-ordered id: 48-bit ms of `now_ms`, a process-wide 16-bit counter, 64 random bits. */
struct ambit_id random_id(int64_t now_ms);
