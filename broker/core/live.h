/* SPDX-License-Identifier: Apache-2.0 */
/* How many grants have not expired, for the gauge alone: a wheel of seconds by when they end. What
 * was given before this start is counted in behind it, on the thread that reads the gauge, so many
 * rows a reading: starting costs the same with ten grants as with ten million. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "ambit/limits.h"

enum { LIVE_SLOTS = AMBIT_TTL_MAX_S + 2 };
struct live {
    pthread_mutex_t lock; /* guards the rest */
    uint32_t slots[LIVE_SLOTS];
    int64_t second; /* slots up to and with this one have been emptied */
    uint64_t n;
    /* What is still to be counted in: grants older than this key, newest first. */
    _Atomic bool is_counted_in;
    uint8_t before[16];
};
/* `first` is an id of now: grants with a greater id are added by live_add. */
struct ambit_id;
void live_init(struct live *live, int64_t now_ms, const struct ambit_id *first);
void live_add(struct live *live, int64_t expires_ms, int64_t now_ms);
uint64_t live_count(struct live *live, int64_t now_ms);
/* Goes on counting in what was given before the start; a bounded read. */
struct broker;
void live_count_in(struct broker *broker);
