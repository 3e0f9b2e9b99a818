/* SPDX-License-Identifier: Apache-2.0 */
/* See log_copy.h. The checkpoint is taken first: it says how far the rest goes. */
#include "ledger/log_copy_internal.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "ledger/tile_path.h"

static AMBIT_CHECKED enum ambit_err copy_tile(struct copying *copying, bool is_entries,
                                              unsigned level, uint64_t index)
{
    char path[LOG_PATH_MAX];
    const struct tile_path tile = {
        .is_entries = is_entries,
        .level = level,
        .index = index,
        .width = (unsigned)log_tile_width(copying->size, level, index),
    };
    log_tile_path(&tile, path);
    return log_copy_file(copying, path);
}

/* ---- bundles -------------------------------------------------------------------------------- */

/* An entry that is no event names nothing: the reader of the export will say so. */
static AMBIT_CHECKED enum ambit_err copy_what_is_named(struct copying *copying,
                                                       struct ambit_str bundle)
{
    ARENA_AUTO arena;
    enum ambit_err err = AMBIT_OK;
    while (err == AMBIT_OK && bundle.len >= 2) {
        size_t len = (size_t)(uint8_t)bundle.p[0] << 8 | (uint8_t)bundle.p[1];
        struct event event;
        if (len > bundle.len - 2)
            break;
        arena_init(&arena, NULL, 0, 0);
        if (event_decode((struct ambit_str){bundle.p + 2, len}, AMBIT_STR(""), &arena, &event) ==
            AMBIT_OK)
            err = log_copy_set(copying, &event.documents);
        arena_done(&arena);
        bundle.p += 2 + len;
        bundle.len -= 2 + len;
    }
    arena_init(&arena, NULL, 0, 0);
    return err;
}

/* What is served goes as far as the log has come meanwhile; an export, as its own checkpoint. */
static AMBIT_CHECKED enum ambit_err copy_openings(struct copying *copying, uint64_t index)
{
    char path[LOG_PATH_MAX];
    struct ambit_str line, opening;
    uint64_t seq = 0;
    log_openings_path(index, path);
    enum ambit_err err = log_copy_get(copying, path);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err; /* nothing personal, or all erased */
    struct ambit_str left = buf_str(&copying->file);
    size_t len = 0;
    while (note_take_line(&left, &line)) {
        if (log_opening_read(line, &opening, &seq) && seq >= copying->size)
            break;
        len = copying->file.len - left.len;
    }
    copying->file.len = len;
    return len > 0 ? log_copy_put(copying, path) : AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err copy_bundle(struct copying *copying, uint64_t index)
{
    BUF_AUTO bundle;
    buf_init(&bundle, 0);
    enum ambit_err err = copy_tile(copying, true, 0, index);
    if (err == AMBIT_OK) {
        buf_put_str(&bundle, buf_str(&copying->file));
        err = buf_check(&bundle);
    }
    if (err == AMBIT_OK)
        err = copy_tile(copying, false, 0, index);
    if (err == AMBIT_OK && !copying->options->no_openings)
        err = copy_openings(copying, index);
    return err == AMBIT_OK ? copy_what_is_named(copying, buf_str(&bundle)) : err;
}

static AMBIT_CHECKED enum ambit_err copy_bundles(struct copying *copying)
{
    const struct log_export *export = &copying->copied->export;
    uint64_t first = export->first / LOG_TILE_WIDTH, edge = copying->size / LOG_TILE_WIDTH;
    uint64_t last = (export->next + LOG_TILE_WIDTH - 1) / LOG_TILE_WIDTH;
    enum ambit_err err = AMBIT_OK;
    for (uint64_t i = first; err == AMBIT_OK && i < last; i++) {
        err = copy_bundle(copying, i);
        uint64_t end = (i + 1) * LOG_TILE_WIDTH;
        if (copying->options->progress != NULL)
            copying->options->progress(copying->options->ctx,
                                       (end < export->next ? end : export->next) - export->first,
                                       export->next - export->first);
    }
    if (err == AMBIT_OK && copying->size % LOG_TILE_WIDTH != 0 && edge >= last)
        err = copy_tile(copying, false, 0, edge);
    for (unsigned level = 1; level < LOG_TILE_LEVELS; level++)
        for (uint64_t i = 0; err == AMBIT_OK && log_tile_width(copying->size, level, i) > 0; i++)
            err = copy_tile(copying, false, level, i);
    return err;
}

/* ---- the head ------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err read_head(struct copying *copying, struct checkpoint *ret)
{
    struct note *note = malloc(sizeof *note);
    if (note == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = log_copy_file(copying, "checkpoint");
    if (err == AMBIT_OK) {
        buf_put_str(&copying->note, buf_str(&copying->file));
        err = buf_check(&copying->note);
    }
    if (err == AMBIT_OK)
        err = note_read(buf_str(&copying->note), note);
    if (err == AMBIT_OK)
        err = checkpoint_read(note->text, ret);
    free(note);
    if (err == AMBIT_OK)
        err = log_copy_get(copying, copying->options->is_live ? "key" : "log.vkey");
    return err == AMBIT_OK ? log_copy_put(copying, "log.vkey") : err;
}

static AMBIT_CHECKED enum ambit_err find_range(struct copying *copying)
{
    const struct log_copy_options *options = copying->options;
    struct log_export *export = &copying->copied->export;
    uint64_t size = copying->size;
    uint64_t next = options->next < size ? options->next : size;
    uint64_t over = next % LOG_TILE_WIDTH;
    if (over != 0 && next < size)
        next = size - next < LOG_TILE_WIDTH - over ? size : next + LOG_TILE_WIDTH - over;
    *export = (struct log_export){
        .first = options->first / LOG_TILE_WIDTH * LOG_TILE_WIDTH,
        .next = next,
        .size = size,
        .has_openings = !options->no_openings,
    };
    export->kind = export->first == 0 && next == size ? LOG_WHOLE : LOG_SEGMENT;
    return options->first < next || size == 0 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

static AMBIT_CHECKED enum ambit_err put_export(struct copying *copying,
                                               const struct checkpoint *checkpoint)
{
    const struct log_export *export = &copying->copied->export;
    struct json_out out;
    buf_reset(&copying->file);
    json_out_init(&out, &copying->file, true);
    json_begin_object(&out);
    json_key(&out, "first");
    json_i64(&out, (int64_t) export->first);
    json_member_text(&out, "kind", export->kind == LOG_WHOLE ? "log" : "segment");
    json_key(&out, "made_at");
    json_time_ms(&out, copying->options->now_ms);
    json_key(&out, "next");
    json_i64(&out, (int64_t) export->next);
    json_key(&out, "openings");
    json_bool(&out, export->has_openings);
    json_member_str(&out, "origin", checkpoint->origin);
    json_key(&out, "size");
    json_i64(&out, (int64_t) export->size);
    json_key(&out, "v");
    json_i64(&out, 1);
    json_end_object(&out);
    enum ambit_err err = buf_check(&copying->file);
    return err == AMBIT_OK ? log_copy_put(copying, "export.json") : err;
}

enum ambit_err log_copy(const struct log_source *source, const struct log_sink *sink,
                        const struct log_copy_options *options, char reterr_path[LOG_PATH_MAX],
                        struct log_copied *ret)
{
    struct checkpoint checkpoint;
    struct copying copying = {.source = source,
                              .sink = sink,
                              .options = options,
                              .copied = ret,
                              .reterr_path = reterr_path};
    *ret = (struct log_copied){.documents = 0};
    reterr_path[0] = '\0';
    buf_init(&copying.file, 0);
    buf_init(&copying.note, 0);
    places_init(&copying.seen, options->hash_key);
    enum ambit_err err = read_head(&copying, &checkpoint);
    if (err == AMBIT_OK) {
        copying.size = checkpoint.size;
        err = find_range(&copying);
    }
    if (err == AMBIT_OK)
        err = put_export(&copying, &checkpoint);
    if (err == AMBIT_OK)
        err = copy_bundles(&copying);
    places_done(&copying.seen);
    buf_done(&copying.file);
    buf_done(&copying.note);
    return err;
}
