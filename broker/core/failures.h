/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong secrets of clients (CLI-14), in memory that is bounded: for each client name and source as
 * many as `burst` and then `per_minute`. Beyond, no secret of that client is looked at from there
 * until the time is over: from elsewhere it is, and other names are, so that nobody is shut out by
 * what somebody else does. Names are taken as claimed: nothing tells here whether there is such a
 * client. */
#pragma once

#include "ambit/base.h"

struct failures;

enum { FAILURES_SLOTS = 4096 };

AMBIT_CHECKED enum ambit_err failures_new(uint32_t burst, uint32_t per_minute,
                                          struct failures **ret);
void failures_free(struct failures *failures);
/* Any thread. */
void failures_note(struct failures *failures, struct ambit_str client, struct ambit_str source,
                   int64_t now_ms);
/* Is anybody kept waiting at all? One atomic load: before anything else is found out. */
bool failures_are_any(const struct failures *failures, int64_t now_ms);
/* Seconds until this one is listened to; 0: now. */
uint32_t failures_wait_s(struct failures *failures, struct ambit_str client,
                         struct ambit_str source, int64_t now_ms);
