/* SPDX-License-Identifier: Apache-2.0 */
/* Bundle by bundle: entries against the tile of their hashes, then each as an event. */
#include "ledger/log_verify_internal.h"

#include "crypto/digest.h"

/* Openings that fit nothing are told once, and the event judged without them. */
enum ambit_err log_judge_entry(struct log_verify *verify, uint64_t seq, struct ambit_str entry,
                               struct ambit_str opening)
{
    ARENA_AUTO arena;
    __attribute__((uninitialized)) char block[32768];
    arena_init(&arena, block, sizeof block, 0);
    struct event event;
    enum ambit_err err = event_decode(entry, opening, &arena, &event);
    if (err == AMBIT_ERR_DAMAGED && opening.len > 0) {
        log_problem(verify, &seq, NULL, "the opening does not fit the commitment in the event");
        opening = (struct ambit_str){0};
        err = event_decode(entry, AMBIT_STR(""), &arena, &event);
    } else if (opening.len == 0) {
        opening = AMBIT_STR("");
    }
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err == AMBIT_ERR_NEWER)
        log_problem(verify, &seq, NULL, "is of a newer format than this program knows");
    else if (err != AMBIT_OK)
        log_problem(verify, &seq, NULL, "is not canonical JSON of a known form");
    else if (event.seq != seq)
        log_problem(verify, &seq, NULL, "says that it is event %llu",
                    (unsigned long long)event.seq);
    else
        return follow_event(verify->follow, &event, entry, opening, &arena);
    return AMBIT_OK;
}

/* 0x00 || entry (RFC 6962). The byte before an entry is the low one of its length: it stands there
 * only to be read over, and is put back. */
static struct ambit_digest leaf_of(struct ambit_str entry)
{
    struct ambit_digest leaf;
    char *p = (char *)(uintptr_t)entry.p - 1, before = *p;
    *p = 0;
    crypto_sha256(p, entry.len + 1, &leaf);
    *p = before;
    return leaf;
}

static void compare(struct log_verify *verify, uint64_t index, const struct log_hashes *tile,
                    const struct log_hashes *found)
{
    for (size_t i = 0; i < found->n; i++) {
        uint64_t seq = index * LOG_TILE_WIDTH + i;
        if (!ambit_digest_eq(tile->hash[i], found->hash[i]))
            log_problem(verify, &seq, NULL, "its bytes do not have the hash that the tree has");
    }
}

/* A bundle that cannot be read leaves its place; the tile, where there is one, goes on up. */
static AMBIT_CHECKED enum ambit_err take_hashes(struct log_verify *verify, uint64_t index)
{
    struct log_hashes tile, found = {.n = 0};
    const struct log_bundle *bundle = verify->walked;
    for (size_t i = 0; bundle->is_there && i < bundle->n; i++)
        found.hash[found.n++] = leaf_of(bundle->entry[i]);
    enum ambit_err err = log_read_tile(verify, 0, index, &tile);
    if (log_is_ours(err))
        return err;
    if (err == AMBIT_OK) {
        compare(verify, index, &tile, &found);
        return log_take_tile(verify, 0, index, &tile);
    }
    bool is_whole = found.n == log_tile_width(verify->checkpoint.size, 0, index);
    return is_whole ? log_take_tile(verify, 0, index, &found) : AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err one_bundle(struct log_verify *verify, uint64_t index)
{
    struct log_bundle *bundle = verify->walked;
    const struct log_export *export = &verify->report->export;
    enum ambit_err err = log_read_bundle(verify, index, bundle);
    if (log_is_ours(err))
        return err;
    err = take_hashes(verify, index);
    for (size_t i = 0; err == AMBIT_OK && bundle->is_there && i < bundle->n; i++) {
        uint64_t seq = index * LOG_TILE_WIDTH + i;
        if (seq < export->first || seq >= export->next)
            continue;
        err = log_judge_entry(verify, seq, bundle->entry[i], bundle->opening[i]);
        verify->report->events++;
    }
    return err;
}

enum ambit_err log_walk(struct log_verify *verify)
{
    const struct log_export *export = &verify->report->export;
    uint64_t size = verify->checkpoint.size, edge = size / LOG_TILE_WIDTH;
    uint64_t first = export->first / LOG_TILE_WIDTH;
    uint64_t last = (export->next + LOG_TILE_WIDTH - 1) / LOG_TILE_WIDTH;
    struct log_hashes tile;
    enum ambit_err err = AMBIT_OK;
    for (uint64_t i = first; err == AMBIT_OK && i < last && !log_gives_up(verify); i++) {
        err = one_bundle(verify, i);
        if (verify->options->progress != NULL)
            verify->options->progress(verify->options->ctx, verify->report->events,
                                      export->next - export->first);
    }
    /* The right edge of a log whose segment lies further left. */
    if (err == AMBIT_OK && size % LOG_TILE_WIDTH != 0 && (edge < first || edge >= last)) {
        err = log_read_tile(verify, 0, edge, &tile);
        if (err == AMBIT_OK)
            err = log_take_tile(verify, 0, edge, &tile);
        else if (!log_is_ours(err))
            err = AMBIT_OK;
    }
    return err;
}
