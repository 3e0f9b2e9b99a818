/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a log, read: what it says of itself, its checkpoint, its bundles. */
#include <stdio.h>

#include "base/encode.h"
#include "base/json_read.h"
#include "ledger/log_verify_internal.h"
#include "ledger/places.h"
#include "ledger/tile_path.h"

enum { EXPORT_MAX = 64 * 1024 };

bool log_is_ours(enum ambit_err err)
{
    return err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_IO || err == AMBIT_ERR_REFUSED;
}

bool log_gives_up(const struct log_verify *verify)
{
    return verify->n_absent >= LOG_ABSENT_MAX;
}

enum ambit_err log_get(struct log_verify *verify, const char *path, size_t max, struct buf *ret)
{
    enum ambit_err err = verify->source->get(verify->source->ctx, path, max, ret);
    if (err == AMBIT_OK)
        err = buf_check(ret);
    if (err == AMBIT_ERR_NOT_FOUND)
        log_problem(verify, NULL, path, "is not there");
    verify->n_absent += err == AMBIT_ERR_NOT_FOUND;
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND &&
        !log_is_ours(err)) /* a folder in its place, too */
        log_problem(verify, NULL, path, "cannot be read: %s", ambit_err_text(err));
    return err;
}

/* ---- what it says of itself ------------------------------------------------------------------ */

static bool read_number(const struct json_value *object, const char *name, uint64_t *ret)
{
    int64_t number = 0;
    if (!json_get_i64(object, name, &number) || number < 0)
        return false;
    *ret = (uint64_t)number;
    return true;
}

static bool read_kind(struct ambit_str text, enum log_kind *ret)
{
    static const char *const kinds[] = {
        [LOG_WHOLE] = "log", [LOG_SEGMENT] = "segment", [LOG_EVIDENCE] = "evidence"};
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        if (ambit_str_is(text, kinds[i])) {
            *ret = (enum log_kind)i;
            return true;
        }
    }
    return false;
}

static bool read_members(const struct json_value *object, struct log_export *ret)
{
    int64_t version = 0;
    const struct json_value *openings = json_get(object, "openings");
    bool is_range = ret->kind != LOG_EVIDENCE;
    ret->origin = json_get_str(object, "origin");
    ret->made_at = json_get_str(object, "made_at");
    ret->has_unread = ret->kind == LOG_EVIDENCE && read_number(object, "unread", &ret->unread);
    ret->has_openings = openings != NULL && openings->kind == JSON_TRUE;
    return json_get_i64(object, "v", &version) && version == 1 && ret->origin.p != NULL &&
           read_number(object, "size", &ret->size) &&
           (is_range || read_number(object, "events", &ret->events)) &&
           (!is_range ||
            (read_number(object, "first", &ret->first) && read_number(object, "next", &ret->next) &&
             ret->first <= ret->next && ret->next <= ret->size));
}

enum ambit_err log_read_export(struct log_verify *verify)
{
    struct log_export *export = &verify->report->export;
    const struct json_value *object = NULL;
    struct json_problem unused;
    BUF_AUTO file;
    buf_init(&file, 0);
    *export = (struct log_export){.kind = LOG_WHOLE, .has_openings = true};
    enum ambit_err err = verify->source->get(verify->source->ctx, "export.json", EXPORT_MAX, &file);
    if (err == AMBIT_ERR_NOT_FOUND && verify->options->is_live)
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    struct arena *arena = verify->report->memory;
    struct ambit_str bytes = arena_copy(arena, buf_str(&file));
    if (bytes.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    err = json_read(bytes, (struct json_limits){.depth = 8}, arena, &object, &unused);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err != AMBIT_OK || !read_kind(json_get_str(object, "kind"), &export->kind) ||
        !read_members(object, export))
        return AMBIT_ERR_MALFORMED;
    return AMBIT_OK;
}

/* ---- the checkpoint ---------------------------------------------------------------------------
 */

/* The key found beside the log proves nothing about who signed; a signature that does not hold
 * under it is damage all the same. */
enum ambit_err log_find_key(struct log_verify *verify, struct note_verifier *ret)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    verify->report->is_key_given = verify->options->key != NULL;
    if (verify->options->key != NULL) {
        *ret = *verify->options->key;
        return AMBIT_OK;
    }
    const char *path = verify->options->is_live ? "key" : "log.vkey";
    enum ambit_err err = log_get(verify, path, NOTE_VKEY_MAX + 2, &text);
    if (err != AMBIT_OK)
        return err;
    struct ambit_str key = buf_str(&text);
    if (key.len > 0 && key.p[key.len - 1] == '\n')
        key.len--;
    err = note_verifier_read(key, ret);
    if (err != AMBIT_OK)
        log_problem(verify, NULL, path, "is no verifier key");
    return err;
}

static AMBIT_CHECKED enum ambit_err judge_signature(struct log_verify *verify)
{
    struct note_verifier key;
    enum ambit_err err = log_find_key(verify, &key);
    if (err != AMBIT_OK)
        return log_is_ours(err) ? err : AMBIT_OK;
    struct checkpoint unused;
    err = checkpoint_open(buf_str(&verify->note), &key, &unused);
    if (err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_CRYPTO)
        return err;
    verify->report->is_signed = err == AMBIT_OK;
    if (err != AMBIT_OK)
        log_problem(verify, NULL, "checkpoint", "is not signed by this key");
    return AMBIT_OK;
}

enum ambit_err log_read_checkpoint(struct log_verify *verify)
{
    struct note *note = arena_alloc(verify->report->memory, sizeof *note);
    if (note == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = log_get(verify, "checkpoint", NOTE_BYTES_MAX, &verify->note);
    if (err != AMBIT_OK)
        return err;
    err = note_read(buf_str(&verify->note), note);
    if (err == AMBIT_OK)
        err = checkpoint_read(note->text, &verify->checkpoint);
    if (err != AMBIT_OK) {
        log_problem(verify, NULL, "checkpoint", "is no checkpoint");
        return AMBIT_ERR_MALFORMED;
    }
    if (verify->checkpoint.size > PLACES_SEQ_MAX) {
        log_problem(verify, NULL, "checkpoint", "is of more events than can be looked at");
        return AMBIT_ERR_TOO_LARGE;
    }
    struct log_export *export = &verify->report->export;
    verify->report->origin = arena_copy(verify->report->memory, verify->checkpoint.origin);
    verify->report->size = verify->checkpoint.size;
    if (export->origin.p == NULL) {
        export->origin = verify->report->origin;
        export->size = export->next = verify->checkpoint.size;
    }
    if (!ambit_str_eq(export->origin, verify->checkpoint.origin) ||
        export->size != verify->checkpoint.size)
        log_problem(verify, NULL, "export.json", "is of another log than the checkpoint");
    if (export->kind == LOG_WHOLE && (export->first != 0 || export->next != export->size))
        log_problem(verify, NULL, "export.json", "is of a whole log, and its range is not");
    if (export->next > verify->checkpoint.size)
        export->next = verify->checkpoint.size;
    if (export->first > export->next)
        export->first = export->next;
    return judge_signature(verify);
}

/* ---- bundles ----------------------------------------------------------------------------------
 */

void log_bundle_init(struct log_bundle *bundle)
{
    bundle->is_there = false;
    buf_init(&bundle->bytes, 0);
    buf_init(&bundle->opened, 0);
}

void log_bundle_done(struct log_bundle *bundle)
{
    buf_done(&bundle->bytes);
    buf_done(&bundle->opened);
}

bool log_bundle_openings(struct log_bundle *bundle, bool is_live)
{
    struct ambit_str left = buf_str(&bundle->opened), line, opening;
    uint64_t first = bundle->index * LOG_TILE_WIDTH, seq = 0, next = first;
    while (note_take_line(&left, &line)) {
        if (!log_opening_read(line, &opening, &seq) || seq < next || seq - first >= LOG_TILE_WIDTH)
            return false;
        next = seq + 1;
        if (seq - first >= bundle->n) {
            if (!is_live)
                return false;
            continue; /* of events behind the checkpoint */
        }
        bundle->opening[seq - first] = opening;
    }
    return left.len == 0;
}

bool log_bundle_entries(struct log_bundle *bundle, size_t width)
{
    const struct buf *bytes = &bundle->bytes;
    size_t at = 0;
    for (bundle->n = 0; bundle->n < width; bundle->n++) {
        if (bytes->len - at < 2)
            return false;
        size_t len = (size_t)(uint8_t)bytes->p[at] << 8 | (uint8_t)bytes->p[at + 1];
        at += 2;
        if (bytes->len - at < len)
            return false;
        bundle->entry[bundle->n] = (struct ambit_str){.p = bytes->p + at, .len = len};
        bundle->opening[bundle->n] = AMBIT_STR("");
        at += len;
    }
    return at == bytes->len;
}

static AMBIT_CHECKED enum ambit_err get_openings(struct log_verify *verify, uint64_t index,
                                                 struct log_bundle *ret)
{
    char path[LOG_PATH_MAX];
    buf_reset(&ret->opened);
    if (!verify->report->export.has_openings)
        return AMBIT_OK;
    log_openings_path(index, path);
    enum ambit_err err =
        verify->source->get(verify->source->ctx, path, LOG_OPENINGS_MAX, &ret->opened);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK; /* none of its events has one, or all are erased: the events tell */
    if (err == AMBIT_OK && log_bundle_openings(ret, verify->options->is_live))
        return AMBIT_OK;
    if (log_is_ours(err))
        return err;
    log_problem(verify, NULL, path, "is not lines of openings of its bundle, in order");
    return AMBIT_OK;
}

enum ambit_err log_read_bundle(struct log_verify *verify, uint64_t index, struct log_bundle *ret)
{
    size_t width = log_tile_width(verify->checkpoint.size, 0, index);
    char path[LOG_PATH_MAX];
    log_tile_path(&(struct tile_path){.is_entries = true, .index = index, .width = (unsigned)width},
                  path);
    ret->is_there = false;
    ret->index = index;
    buf_reset(&ret->bytes);
    enum ambit_err err = log_get(verify, path, LOG_ENTRIES_MAX, &ret->bytes);
    if (err != AMBIT_OK)
        return err;
    if (!log_bundle_entries(ret, width)) {
        log_problem(verify, NULL, path, "is not the %zu entries it must be", width);
        return AMBIT_ERR_DAMAGED;
    }
    ret->is_there = true;
    return get_openings(verify, index, ret);
}
