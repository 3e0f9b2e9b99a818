/* SPDX-License-Identifier: Apache-2.0 */
/* Events that have left the store: looked for in their segments, and, where those are not there,
 * known by their leaf hashes alone. What the store says was pruned, an event must say. */
#include "core/verify_internal.h"

#include <stdio.h>

#include "core/pruned.h"
#include "core/segment.h"
#include "ledger/tiles.h"

static enum ambit_err open_segments(struct verify *verify, const char *folder, const char *segments)
{
    static const char below[] = "/store";
    char path[4096];
    size_t len = strlen(folder), tail = sizeof below - 1;
    while (len > 1 && folder[len - 1] == '/')
        len--;
    bool is_below = len >= tail && memcmp(folder + len - tail, below, tail) == 0;
    int n =
        snprintf(path, sizeof path, "%.*s/segments", (int)(is_below ? len - tail : len), folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return AMBIT_ERR_TOO_LARGE;
    return segments_new(segments ? segments : path, &verify->segments);
}

enum ambit_err verify_pruned_init(struct verify *verify, const char *folder, const char *segments)
{
    struct pruned pruned = {.target = 0};
    enum ambit_err err = pruned_load(verify->txn, &pruned);
    if (err == AMBIT_ERR_DAMAGED) {
        verify_problem(verify, NULL, "meta", AMBIT_STR("pruned"), "the row cannot be read");
        return AMBIT_OK;
    }
    verify->pruned_to = pruned.done;
    return err == AMBIT_OK && verify->pruned_to > 0 ? open_segments(verify, folder, segments) : err;
}

void verify_pruned_done(struct verify *verify)
{
    segments_free(verify->segments);
}

enum ambit_err verify_row(struct verify *verify, uint64_t seq, struct buf *memory,
                          struct ledger_row *ret)
{
    enum ambit_err err = ledger_get(verify->txn, seq, memory, ret);
    if (err != AMBIT_ERR_NOT_FOUND || seq >= verify->pruned_to)
        return err;
    return segments_get(verify->segments, verify->txn, seq, memory, ret);
}

enum ambit_err verify_pruned_leaf(struct verify *verify, uint64_t seq, struct ambit_digest *ret)
{
    struct tile tile;
    enum ambit_err err = tile_get(verify->txn, 0, seq / AMBIT_TILE_HASHES, &tile);
    if (err == AMBIT_OK && seq % AMBIT_TILE_HASHES >= tile.n)
        err = AMBIT_ERR_DAMAGED;
    if (err == AMBIT_OK)
        *ret = tile.hash[seq % AMBIT_TILE_HASHES];
    return err;
}

void verify_pruned_note(struct verify *verify, const struct event *event)
{
    uint64_t first = 0, next = 0;
    if (event->type == EVENT_RECORD_PRUNED && pruned_event_read(event, &first, &next) == AMBIT_OK)
        verify->pruned_next = next;
}

/* The rows were taken away because the record says so, up to there and no further. */
void verify_pruned_check(struct verify *verify)
{
    struct pruned pruned;
    enum ambit_err err = pruned_load(verify->txn, &pruned);
    if (err == AMBIT_OK && pruned.target != verify->pruned_next)
        verify_problem(verify, NULL, "meta", AMBIT_STR("pruned"),
                       "the row is not what the last record.pruned says");
}
