/* SPDX-License-Identifier: Apache-2.0 */
/* First pass: every event, its leaf, the digests it names; each is applied to an empty store of our
 * own. Second pass (verify_tables.c): that store against the one in question, table by table. */
#include "core/verify_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_write.h"
#include "core/apply.h"
#include "crypto/digest.h"

/* ---- the report
 * ----------------------------------------------------------------------------------- */

struct verify_memory {
    struct arena arena;
};

void verify_done(struct verify_report *report)
{
    if (report->memory == NULL)
        return;
    arena_done(&report->memory->arena);
    free(report->memory);
    report->memory = NULL;
}

void verify_problem(struct verify *verify, const uint64_t *seq, const char *table,
                    struct ambit_str key, const char *what)
{
    struct verify_report *report = verify->report;
    report->n_problems++;
    if (report->n == VERIFY_PROBLEMS_MAX)
        return;
    report->problems[report->n++] = (struct verify_problem){
        .has_seq = seq != NULL,
        .seq = seq != NULL ? *seq : 0,
        .table = table,
        .key = key.p != NULL ? arena_copy(&report->memory->arena, key) : (struct ambit_str){0},
        .what = what,
    };
}

void verify_write_json(const struct verify_report *report, struct json_out *out)
{
    json_begin_object(out);
    json_key(out, "ok");
    json_bool(out, report->n_problems == 0);
    json_key(out, "events");
    json_i64(out, (int64_t)report->events);
    json_key(out, "root");
    json_hex(out, report->root.b, sizeof report->root.b);
    json_key(out, "problems");
    json_begin_array(out);
    for (size_t i = 0; i < report->n; i++) {
        const struct verify_problem *problem = &report->problems[i];
        json_begin_object(out);
        if (problem->has_seq) {
            json_key(out, "seq");
            json_i64(out, (int64_t)problem->seq);
        }
        json_member_text(out, "table", problem->table);
        json_member_str(out, "key", problem->key);
        json_member_text(out, "what", problem->what);
        json_end_object(out);
    }
    json_end_array(out);
    if (report->n_problems > report->n) {
        json_key(out, "not_listed");
        json_i64(out, (int64_t)(report->n_problems - report->n));
    }
    json_end_object(out);
}

/* ---- digests that events name
 * ---------------------------------------------------------------------- */

static bool is_none(const struct ambit_digest *digest)
{
    static const struct ambit_digest none = {{0}};
    return ambit_digest_eq(*digest, none);
}

static void problem_digest(struct verify *verify, uint64_t seq, const char *table,
                           const struct ambit_digest *digest, const char *what)
{
    char text[HEX_DIGEST_LEN];
    hex_encode(digest->b, sizeof digest->b, text);
    verify_problem(verify, &seq, table, (struct ambit_str){text, sizeof text}, what);
}

/* The canonical bytes under a document's digest. */
static AMBIT_CHECKED enum ambit_err check_document(struct verify *verify, uint64_t seq,
                                                   const struct ambit_digest *digest)
{
    size_t len = 0;
    struct ambit_digest actual;
    enum ambit_err err = store_get(verify->txn, STORE_DOCUMENTS, (struct store_key){digest->b, 32},
                                   verify->large, VERIFY_LARGE, &len);
    if (err == AMBIT_ERR_NOT_FOUND) {
        problem_digest(verify, seq, "documents", digest,
                       "a document that the event names is not in the store");
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    size_t head = len >= 2 ? 2u + (uint8_t)verify->large[1] : len;
    if (len <= head) {
        problem_digest(verify, seq, "documents", digest, "the document's row is cut short");
        return AMBIT_OK;
    }
    crypto_sha256(verify->large + head, len - head, &actual);
    if (!ambit_digest_eq(actual, *digest))
        problem_digest(verify, seq, "documents", digest,
                       "the document's bytes do not have this digest");
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err check_set(struct verify *verify, uint64_t seq,
                                              const struct ambit_digest *set)
{
    size_t size = (size_t)100000 * 32, len = 0;
    AMBIT_AUTO_FREE uint8_t *digests = malloc(size);
    if (digests == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err =
        store_get(verify->txn, STORE_SETS, (struct store_key){set->b, 32}, digests, size, &len);
    if (err == AMBIT_ERR_NOT_FOUND) {
        problem_digest(verify, seq, "sets", set,
                       "the set of documents that the event names is not in the store");
        return AMBIT_OK;
    }
    for (size_t i = 0; err == AMBIT_OK && i + 32 <= len; i += 32) {
        struct ambit_digest digest;
        memcpy(digest.b, digests + i, 32);
        err = check_document(verify, seq, &digest);
    }
    return err;
}

/* A set is looked through once, when it first appears; the empty one before the first activation is
 * no stored set. */
static AMBIT_CHECKED enum ambit_err check_digests(struct verify *verify, const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    if (event->type == EVENT_DOCUMENTS_ACTIVATED)
        verify->has_set = true;
    if (!is_none(&event->documents) && verify->has_set &&
        !ambit_digest_eq(event->documents, verify->last_set)) {
        verify->last_set = event->documents;
        err = check_set(verify, event->seq, &event->documents);
    }
    if (err == AMBIT_OK && !is_none(&event->digest) &&
        !ambit_digest_eq(event->digest, verify->last_digest)) {
        verify->last_digest = event->digest;
        err = check_document(verify, event->seq, &event->digest);
    }
    return err;
}

/* ---- the first pass
 * ---------------------------------------------------------------------------------- */

static struct ambit_str seq_text(uint64_t seq, char text[24])
{
    int n = snprintf(text, 24, "%llu", (unsigned long long)seq);
    AMBIT_ASSERT(n > 0 && n < 24);
    return (struct ambit_str){text, (size_t)n};
}

static AMBIT_CHECKED enum ambit_err rebuild_row(struct verify *verify, uint64_t seq,
                                                const struct ledger_row *row,
                                                struct ambit_digest leaf)
{
    uint8_t key[8];
    put_be64(key, seq);
    buf_reset(&verify->scratch);
    buf_put(&verify->scratch, leaf.b, sizeof leaf.b);
    buf_put_str(&verify->scratch, row->bytes);
    enum ambit_err err = buf_check(&verify->scratch);
    if (err == AMBIT_OK)
        err = store_append(verify->rebuilt_txn, STORE_EVENTS, (struct store_key){key, sizeof key},
                           verify->scratch.p, verify->scratch.len);
    return err == AMBIT_OK ? tree_append(&verify->head.edge, verify->rebuilt_txn, leaf) : err;
}

static AMBIT_CHECKED enum ambit_err one_event(struct verify *verify, uint64_t seq)
{
    ARENA_AUTO arena;
    char block[16384], text[24];
    arena_init(&arena, block, sizeof block, 0);
    struct ledger_row row;
    struct event event;
    buf_reset(&verify->memory);
    enum ambit_err err = ledger_get(verify->txn, seq, &verify->memory, &row);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED) {
        verify_problem(verify, &seq, "events", seq_text(seq, text),
                       err == AMBIT_ERR_NOT_FOUND ? "the event is missing"
                                                  : "the event's row cannot be read");
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    struct ambit_digest leaf = tree_leaf(row.bytes);
    if (!ambit_digest_eq(leaf, row.leaf))
        verify_problem(verify, &seq, "events", seq_text(seq, text),
                       "the event's bytes do not have the leaf hash stored with them");
    err = rebuild_row(verify, seq, &row, leaf);
    if (err != AMBIT_OK)
        return err;

    err = event_decode(row.bytes, row.opening, &arena, &event);
    if (err == AMBIT_ERR_DAMAGED && row.opening.len > 0) {
        verify_problem(verify, &seq, "openings", seq_text(seq, text),
                       "the opening does not fit the commitment in the event");
        err = event_decode(row.bytes, AMBIT_STR(""), &arena, &event);
    }
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err != AMBIT_OK || event.seq != seq) {
        verify_problem(verify, &seq, "events", seq_text(seq, text),
                       err == AMBIT_ERR_NEWER
                           ? "the event is of a newer format"
                           : "the event is not canonical JSON of a known form, or not this one");
        return AMBIT_OK;
    }
    if (event.time_ms < verify->head.last_now_ms)
        verify_problem(verify, &seq, "events", seq_text(seq, text),
                       "the event is earlier than the one before it");
    verify->head.last_now_ms = event.time_ms;
    err = apply_event(verify->rebuilt_txn, &verify->head, &event);
    if (err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NOT_FOUND) {
        verify_problem(verify, &seq, "events", seq_text(seq, text),
                       "the event does not follow from those before it");
        err = AMBIT_OK;
    }
    return err == AMBIT_OK ? check_digests(verify, &event) : err;
}

enum { COMMIT_EVERY = 1000 };

static AMBIT_CHECKED enum ambit_err all_events(struct verify *verify)
{
    enum ambit_err err = AMBIT_OK;
    for (uint64_t seq = 0; err == AMBIT_OK && seq < verify->stored.edge.size; seq++) {
        err = one_event(verify, seq);
        if (err == AMBIT_OK && seq % COMMIT_EVERY == COMMIT_EVERY - 1) {
            err = store_write_commit(TAKE(verify->rebuilt_txn));
            if (err == AMBIT_OK)
                err = store_write_begin(verify->rebuilt, &verify->rebuilt_txn);
        }
    }
    if (err == AMBIT_OK)
        err = store_write_commit(TAKE(verify->rebuilt_txn));
    return err;
}

static void check_head(struct verify *verify)
{
    struct verify_report *report = verify->report;
    struct ambit_digest stored = tree_root(&verify->stored.edge);
    report->events = verify->stored.edge.size;
    report->root = tree_root(&verify->head.edge);
    if (!ambit_digest_eq(stored, report->root))
        verify_problem(verify, NULL, "tree", AMBIT_STR("root"),
                       "the events do not have the root that the head row gives");
    if (verify->stored.last_cutoff_seq != verify->head.last_cutoff_seq ||
        verify->stored.holds_version != verify->head.holds_version ||
        verify->stored.grants_issued != verify->head.grants_issued ||
        !ambit_digest_eq(verify->stored.documents, verify->head.documents))
        verify_problem(verify, NULL, "meta", AMBIT_STR("head"),
                       "the head row is not what the events give");
    if (verify->stored.last_now_ms < verify->head.last_now_ms)
        verify_problem(verify, NULL, "meta", AMBIT_STR("head"),
                       "the head row's time is behind the last event");
}

/* ---- opening
 * ------------------------------------------------------------------------------------------ */

/* A state folder has the store in store/. */
static AMBIT_CHECKED enum ambit_err find_store(const char *folder, struct buf *path)
{
    static const char *const below[] = {"/store", ""};
    for (size_t i = 0; i < AMBIT_LEN(below); i++) {
        struct stat status;
        buf_reset(path);
        buf_printf(path, "%s%s/data.mdb", folder, below[i]);
        buf_put_char(path, '\0');
        if (buf_check(path) != AMBIT_OK)
            return AMBIT_ERR_NO_MEMORY;
        if (stat(path->p, &status) != 0 || !S_ISREG(status.st_mode))
            continue;
        buf_reset(path);
        buf_printf(path, "%s%s", folder, below[i]);
        buf_put_char(path, '\0');
        return buf_check(path);
    }
    return AMBIT_ERR_NOT_FOUND;
}

static void folder_remove(const char *folder)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "lock", "stops.journal"};
    FD_AUTO fd = -1;
    if (dir_open(AT_FDCWD, folder, &fd) != AMBIT_OK)
        return;
    for (size_t i = 0; i < AMBIT_LEN(files); i++)
        (void)unlinkat(fd, files[i], 0);
    (void)rmdir(folder);
}

static AMBIT_CHECKED enum ambit_err open_rebuilt(struct verify *verify, const char *scratch,
                                                 uint64_t map_bytes)
{
    int n = snprintf(verify->folder, sizeof verify->folder, "%s/ambit-verify-XXXXXX", scratch);
    if (n < 0 || (size_t)n >= sizeof verify->folder || mkdtemp(verify->folder) == NULL) {
        verify->folder[0] = '\0';
        return AMBIT_ERR_IO;
    }
    struct store_options options = {
        .folder = verify->folder, .create = true, .map_bytes = map_bytes};
    enum ambit_err err = store_open(&options, &verify->rebuilt);
    return err == AMBIT_OK ? store_write_begin(verify->rebuilt, &verify->rebuilt_txn) : err;
}

static AMBIT_CHECKED enum ambit_err verify_open(struct verify *verify, const char *path,
                                                const char *scratch)
{
    struct store_options options = {.folder = path, .read_only = true};
    struct store_space space;
    enum ambit_err err = store_open(&options, &verify->store);
    if (err == AMBIT_OK)
        err = store_read_begin(verify->store, &verify->txn);
    if (err == AMBIT_OK)
        err = head_load(verify->txn, &verify->stored);
    if (err != AMBIT_OK)
        return err;
    store_space(verify->store, &space);
    verify->large = malloc(VERIFY_LARGE);
    return verify->large != NULL ? open_rebuilt(verify, scratch, space.map_bytes)
                                 : AMBIT_ERR_NO_MEMORY;
}

static void verify_close(struct verify *verify)
{
    if (verify->rebuilt_txn != NULL)
        store_write_abort(verify->rebuilt_txn);
    store_close(verify->rebuilt);
    if (verify->folder[0] != '\0')
        folder_remove(verify->folder);
    if (verify->txn != NULL)
        store_read_end(verify->txn);
    store_close(verify->store);
    buf_done(&verify->memory);
    buf_done(&verify->scratch);
    free(verify->large);
}

enum ambit_err verify_store(const char *folder, const char *scratch, struct verify_report *ret)
{
    BUF_AUTO path;
    struct verify verify = {.report = ret};
    *ret = (struct verify_report){0};
    buf_init(&path, 0);
    ret->memory = calloc(1, sizeof *ret->memory);
    if (ret->memory == NULL)
        return AMBIT_ERR_NO_MEMORY;
    arena_init(&ret->memory->arena, NULL, 0, 0);
    enum ambit_err err = find_store(folder, &path);
    if (err == AMBIT_OK)
        err = verify_open(&verify, path.p, scratch);
    if (err == AMBIT_OK)
        err = all_events(&verify);
    if (err == AMBIT_OK) {
        check_head(&verify);
        err = verify_tables(&verify);
    }
    verify_close(&verify);
    return err;
}
