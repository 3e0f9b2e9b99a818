/* SPDX-License-Identifier: Apache-2.0 */
/* The wheel of seconds behind ambit_grants_live. */
#include "core/live.h"

#include "base/arena.h"
#include "core/query_internal.h"

static void turn(struct live *live, int64_t now_s)
{
    int64_t behind = now_s - live->second;
    if (behind > LIVE_SLOTS)
        live->second = now_s - LIVE_SLOTS;
    for (; live->second < now_s; live->second++) {
        uint32_t *slot = &live->slots[(live->second + 1) % LIVE_SLOTS];
        live->n -= *slot;
        *slot = 0;
    }
}

void live_init(struct live *live, int64_t now_ms, const struct ambit_id *first)
{
    pthread_mutex_init(&live->lock, NULL);
    live->second = now_ms / 1000;
    memcpy(live->before, first->b, sizeof live->before);
}

void live_add(struct live *live, int64_t expires_ms, int64_t now_ms)
{
    int64_t second = (expires_ms + 999) / 1000;
    pthread_mutex_lock(&live->lock);
    turn(live, now_ms / 1000);
    if (second > live->second && second - live->second < LIVE_SLOTS) {
        live->slots[second % LIVE_SLOTS]++;
        live->n++;
    }
    pthread_mutex_unlock(&live->lock);
}

uint64_t live_count(struct live *live, int64_t now_ms)
{
    pthread_mutex_lock(&live->lock);
    turn(live, now_ms / 1000);
    uint64_t n = live->n;
    pthread_mutex_unlock(&live->lock);
    return n;
}

static AMBIT_CHECKED enum ambit_err count_rows(struct broker *broker, const struct reading *reading)
{
    struct live *live = &broker->live;
    STORE_CURSOR_AUTO cursor = NULL;
    enum ambit_err err = store_cursor_open(reading->txn, STORE_GRANTS, &cursor);
    enum store_seek seek = STORE_BEFORE;
    int64_t oldest = reading->now_ms - (AMBIT_TTL_MAX_S + 60) * 1000LL;
    for (size_t i = 0; err == AMBIT_OK && i < QUERY_ROWS_MAX; i++, seek = STORE_PREVIOUS) {
        struct ambit_str key, value;
        err = store_cursor_move(cursor, seek, (struct store_key){live->before, sizeof live->before},
                                &key, &value);
        if (err != AMBIT_OK || key.len != sizeof live->before)
            return err != AMBIT_OK ? err : AMBIT_ERR_DAMAGED;
        ARENA_AUTO arena;
        char block[4096];
        arena_init(&arena, block, sizeof block, 0);
        struct grant_row row;
        err = grant_row_decode(value, &arena, &row);
        if (err != AMBIT_OK)
            return err;
        memcpy(live->before, key.p, sizeof live->before);
        if (row.issued_ms < oldest)
            return AMBIT_ERR_NOT_FOUND;
        live_add(live, row.expires_ms, reading->now_ms);
    }
    return err;
}

void live_count_in(struct broker *broker)
{
    struct reading reading;
    /* Readers of the gauge take turns; the one that finds another at it goes without. */
    if (broker->live.is_counted_in || pthread_mutex_trylock(&broker->live_turn) != 0)
        return;
    if (reading_begin(broker, &reading) == AMBIT_OK) {
        broker->live.is_counted_in = count_rows(broker, &reading) == AMBIT_ERR_NOT_FOUND;
        reading_end(&reading);
    }
    pthread_mutex_unlock(&broker->live_turn);
}
