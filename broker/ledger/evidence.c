/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a log for evidence, and the one walk over it by which events are chosen. */
#include "ledger/evidence_internal.h"

#include <stdio.h>

#include "ledger/tile_path.h"

/* ---- reading -------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err get(struct evidence *evidence, const char *path, size_t max,
                                        struct buf *ret)
{
    const struct log_source *source = evidence->copying.source;
    buf_reset(ret);
    enum ambit_err err = source->get(source->ctx, path, max, ret);
    if (err == AMBIT_OK)
        err = buf_check(ret);
    if (err != AMBIT_OK)
        (void)snprintf(evidence->copying.reterr_path, LOG_PATH_MAX, "%s", path);
    return err;
}

enum ambit_err evidence_read(struct evidence *evidence, uint64_t index, bool with_openings)
{
    struct log_bundle *bundle = &evidence->bundle;
    char path[LOG_PATH_MAX];
    size_t width = log_tile_width(evidence->summary.size, 0, index);
    if (bundle->is_there && bundle->index == index && !with_openings)
        return AMBIT_OK;
    bundle->is_there = false;
    bundle->index = index;
    buf_reset(&bundle->opened);
    log_tile_path(&(struct tile_path){.is_entries = true, .index = index, .width = (unsigned)width},
                  path);
    enum ambit_err err = get(evidence, path, LOG_ENTRIES_MAX, &bundle->bytes);
    if (err == AMBIT_OK && !log_bundle_entries(bundle, width))
        err = AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK)
        return err;
    bundle->is_there = true;
    if (!with_openings || evidence->copying.options->no_openings)
        return AMBIT_OK;
    log_openings_path(index, path);
    err = get(evidence, path, LOG_OPENINGS_MAX, &bundle->opened);
    if (err == AMBIT_ERR_NOT_FOUND) {
        buf_reset(&bundle->opened);
        evidence->copying.reterr_path[0] = '\0';
        return AMBIT_OK; /* nothing personal, or all erased */
    }
    return err != AMBIT_OK || log_bundle_openings(bundle, true) ? err : AMBIT_ERR_DAMAGED;
}

enum ambit_err evidence_decode(struct evidence *evidence, uint64_t seq, struct arena *arena,
                               struct event *ret)
{
    const struct log_bundle *bundle = &evidence->bundle;
    size_t at = seq % LOG_TILE_WIDTH;
    enum ambit_err err = event_decode(bundle->entry[at], bundle->opening[at], arena, ret);
    if (err == AMBIT_ERR_DAMAGED && bundle->opening[at].len > 0) /* one that does not fit it */
        err = event_decode(bundle->entry[at], AMBIT_STR(""), arena, ret);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    return err == AMBIT_OK && ret->seq == seq ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

/* ---- the walk ------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err choose(struct evidence *evidence, uint64_t seq,
                                           enum evidence_why why)
{
    if (evidence->summary.n == EVIDENCE_EVENTS_MAX)
        return AMBIT_ERR_TOO_LARGE;
    evidence->why[seq] = (uint8_t)why;
    evidence->summary.n++;
    evidence->summary.by[why]++;
    return AMBIT_OK;
}

/* A review stands behind what is decided later, whenever it was made. */
static bool is_review(const struct evidence *evidence, const struct event *event)
{
    return evidence->ask.kind != EVIDENCE_PERIOD && event->type == EVENT_DOCUMENTS_CONFIRMED &&
           event->time_ms < evidence->ask.to_ms;
}

static AMBIT_CHECKED enum ambit_err judge(struct evidence *evidence, const struct event *event)
{
    const struct evidence_ask *ask = &evidence->ask;
    bool is_it = false, is_in = event->time_ms >= ask->from_ms && event->time_ms < ask->to_ms;
    evidence->summary.last_ms = event->time_ms;
    enum ambit_err err = evidence_note(evidence, event);
    if (err == AMBIT_OK)
        err = evidence_belongs(evidence, event, &is_it);
    if (err == AMBIT_OK)
        err = evidence_belongs_set(evidence, event, &is_it);
    if (err != AMBIT_OK)
        return err;
    if (is_it && is_in)
        err = choose(evidence, event->seq, EVIDENCE_BELONGS);
    else if (is_in && evidence_is_record(event))
        err = choose(evidence, event->seq, EVIDENCE_RECORD);
    else if (is_it && is_review(evidence, event))
        err = choose(evidence, event->seq, EVIDENCE_LINKED);
    else
        return AMBIT_OK;
    return err == AMBIT_OK ? evidence_follow(evidence, event) : err;
}

static AMBIT_CHECKED enum ambit_err walk_bundle(struct evidence *evidence, uint64_t index)
{
    __attribute__((uninitialized)) char block[16384];
    size_t width = log_tile_width(evidence->summary.size, 0, index);
    enum ambit_err err = evidence_read(evidence, index, false);
    if (err == AMBIT_ERR_NOT_FOUND) { /* pruned, and its segment is not there */
        evidence->summary.unread += width;
        evidence->copying.reterr_path[0] = '\0';
        return AMBIT_OK;
    }
    for (size_t i = 0; err == AMBIT_OK && i < width; i++) {
        struct event event;
        ARENA_AUTO arena;
        arena_init(&arena, block, sizeof block, 0);
        err = evidence_decode(evidence, index * LOG_TILE_WIDTH + i, &arena, &event);
        if (err == AMBIT_OK)
            err = judge(evidence, &event);
        else if (err == AMBIT_ERR_NOT_FOUND) { /* no event: `ambit verify` of the log says why */
            evidence->summary.unread++;
            err = AMBIT_OK;
        }
    }
    return err;
}

/* What was in force when the period began. */
static AMBIT_CHECKED enum ambit_err link_first_set(struct evidence *evidence)
{
    const struct evidence_version *activated = evidence->activated.v;
    uint64_t first = 0;
    while (first < evidence->summary.size &&
           (evidence->why[first] == EVIDENCE_NOT || evidence->why[first] == EVIDENCE_LINKED))
        first++;
    for (size_t i = evidence->activated.n; i-- > 0;)
        if (activated[i].seq <= first)
            return evidence_link(evidence, activated[i].seq);
    return AMBIT_OK;
}

enum ambit_err evidence_choose(struct evidence *evidence, const struct evidence_ask *ask)
{
    const struct log_copy_options *options = evidence->copying.options;
    enum ambit_err err = AMBIT_OK;
    evidence->ask = *ask;
    uint64_t n = (evidence->summary.size + LOG_TILE_WIDTH - 1) / LOG_TILE_WIDTH;
    for (uint64_t i = 0; err == AMBIT_OK && i < n; i++) {
        err = walk_bundle(evidence, i);
        uint64_t end = (i + 1) * LOG_TILE_WIDTH;
        if (options->progress != NULL)
            options->progress(options->ctx,
                              end < evidence->summary.size ? end : evidence->summary.size,
                              evidence->summary.size);
    }
    /* Of the record's own sayings alone nothing is made. */
    if (err != AMBIT_OK || evidence->summary.by[EVIDENCE_BELONGS] == 0)
        return err;
    err = link_first_set(evidence);
    return err == AMBIT_OK ? evidence_settle(evidence) : err;
}

/* ---- again, in order ------------------------------------------------------------------------ */

static AMBIT_CHECKED enum ambit_err each_of(struct evidence *evidence, uint64_t index,
                                            enum ambit_err (*one)(void *ctx,
                                                                  const struct evidence_item *item),
                                            void *ctx)
{
    bool is_read = false;
    enum ambit_err err = AMBIT_OK;
    for (uint64_t seq = index * LOG_TILE_WIDTH;
         err == AMBIT_OK && seq < (index + 1) * LOG_TILE_WIDTH && seq < evidence->summary.size;
         seq++) {
        struct event event;
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        if (evidence->why[seq] == EVIDENCE_NOT)
            continue;
        if (!is_read)
            err = evidence_read(evidence, index, true);
        is_read = true;
        if (err == AMBIT_OK)
            err = evidence_decode(evidence, seq, &arena, &event);
        const struct evidence_item item = {.event = &event,
                                           .entry = evidence->bundle.entry[seq % LOG_TILE_WIDTH],
                                           .opening =
                                               evidence->bundle.opening[seq % LOG_TILE_WIDTH],
                                           .why = (enum evidence_why)evidence->why[seq]};
        if (err == AMBIT_OK)
            err = one(ctx, &item);
    }
    return err;
}

enum ambit_err evidence_each(struct evidence *evidence,
                             enum ambit_err (*one)(void *ctx, const struct evidence_item *item),
                             void *ctx)
{
    enum ambit_err err = AMBIT_OK;
    for (uint64_t i = 0; err == AMBIT_OK && i * LOG_TILE_WIDTH < evidence->summary.size; i++)
        err = each_of(evidence, i, one, ctx);
    return err;
}

bool evidence_has(const struct evidence *evidence, uint64_t seq)
{
    return seq < evidence->summary.size && evidence->why[seq] != EVIDENCE_NOT;
}

const struct evidence_summary *evidence_summary(const struct evidence *evidence)
{
    return &evidence->summary;
}

struct ambit_digest evidence_last_set(const struct evidence *evidence)
{
    const struct evidence_version *activated = evidence->activated.v;
    size_t n = evidence->activated.n;
    return n > 0 ? activated[n - 1].digest : (struct ambit_digest){{0}};
}

/* ---- life ----------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err read_head(struct evidence *evidence)
{
    struct copying *copying = &evidence->copying;
    struct note *note = arena_alloc(&evidence->memory, sizeof *note);
    if (note == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = get(evidence, "checkpoint", NOTE_BYTES_MAX, &copying->note);
    if (err == AMBIT_OK)
        err = note_read(buf_str(&copying->note), note);
    if (err == AMBIT_OK)
        err = checkpoint_read(note->text, &evidence->checkpoint);
    if (err == AMBIT_OK)
        err = get(evidence, copying->options->is_live ? "key" : "log.vkey", NOTE_VKEY_MAX + 2,
                  &evidence->key);
    if (err != AMBIT_OK)
        return err;
    copying->size = evidence->checkpoint.size;
    if (copying->size > INT32_MAX)
        return AMBIT_ERR_TOO_LARGE;
    evidence->summary.size = copying->size;
    evidence->summary.origin = evidence->checkpoint.origin;
    evidence->summary.checkpoint = buf_str(&copying->note);
    evidence->summary.key = buf_str(&evidence->key);
    evidence->why = calloc(copying->size + 1, sizeof *evidence->why);
    evidence->tiles = calloc(EVIDENCE_TILES, sizeof *evidence->tiles);
    return evidence->why != NULL && evidence->tiles != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err evidence_open(const struct log_source *source,
                             const struct log_copy_options *options, char reterr_path[LOG_PATH_MAX],
                             struct evidence **ret)
{
    struct evidence *evidence = calloc(1, sizeof *evidence);
    if (evidence == NULL)
        return AMBIT_ERR_NO_MEMORY;
    reterr_path[0] = '\0';
    evidence->copying = (struct copying){.source = source,
                                         .options = options,
                                         .copied = &evidence->copied,
                                         .reterr_path = reterr_path};
    buf_init(&evidence->copying.file, 0);
    buf_init(&evidence->copying.note, 0);
    buf_init(&evidence->key, 0);
    arena_init(&evidence->memory, NULL, 0, 0);
    log_bundle_init(&evidence->bundle);
    places_init(&evidence->copying.seen, options->hash_key);
    places_init(&evidence->places, options->hash_key);
    enum ambit_err err = read_head(evidence);
    if (err == AMBIT_OK)
        *ret = evidence;
    else
        evidence_close(evidence);
    return err;
}

void evidence_close(struct evidence *evidence)
{
    if (evidence == NULL)
        return;
    struct evidence_list *lists[] = {
        &evidence->answers, &evidence->activated, &evidence->confirmed, &evidence->erasures,
        &evidence->todo,    &evidence->own,       &evidence->versions,  &evidence->owners,
        &evidence->teams,   &evidence->policies};
    for (size_t i = 0; i < AMBIT_LEN(lists); i++)
        free(lists[i]->v);
    sets_free(evidence->sets);
    places_done(&evidence->places);
    places_done(&evidence->copying.seen);
    log_bundle_done(&evidence->bundle);
    buf_done(&evidence->copying.file);
    buf_done(&evidence->copying.note);
    buf_done(&evidence->key);
    free(evidence->why);
    free(evidence->tiles);
    arena_done(&evidence->memory);
    free(evidence);
}
