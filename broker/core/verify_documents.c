/* SPDX-License-Identifier: Apache-2.0 */
/* The documents and sets that events name by digest. Each is looked at once, when it is first
 * named; at the end no row may be left that nothing names. */
#include "core/verify_internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/zone.h"
#include "core/document_row.h"
#include "core/set_row.h"
#include "crypto/digest.h"
#include "ledger/erasure.h"

enum { DIGEST = sizeof(struct ambit_digest), FIRST_SLOTS = 256 };

/* ---- a set of digests ---- */

struct digest_set {
    struct ambit_digest *slots; /* all zero: free */
    size_t n_slots, n;
};

static bool is_none(const struct ambit_digest *digest)
{
    static const struct ambit_digest none = {{0}};
    return ambit_digest_eq(*digest, none);
}

static struct ambit_digest *slot_of(struct ambit_digest *slots, size_t n,
                                    const struct ambit_digest *digest)
{
    size_t at = (size_t)get_be64(digest->b) & (n - 1);
    while (!is_none(&slots[at]) && !ambit_digest_eq(slots[at], *digest))
        at = (at + 1) & (n - 1);
    return &slots[at];
}

static bool set_has(const struct digest_set *set, const struct ambit_digest *digest)
{
    return !is_none(slot_of(set->slots, set->n_slots, digest));
}

static AMBIT_CHECKED enum ambit_err set_grow(struct digest_set *set)
{
    size_t n = set->n_slots ? set->n_slots * 2 : FIRST_SLOTS;
    struct ambit_digest *slots = calloc(n, sizeof *slots);
    if (!slots)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < set->n_slots; i++)
        if (!is_none(&set->slots[i]))
            *slot_of(slots, n, &set->slots[i]) = set->slots[i];
    free(set->slots);
    set->slots = slots;
    set->n_slots = n;
    return AMBIT_OK;
}

/* *ret_is_new: it was not there before. */
static AMBIT_CHECKED enum ambit_err set_add(struct digest_set *set,
                                            const struct ambit_digest *digest, bool *ret_is_new)
{
    *ret_is_new = false;
    if (set_has(set, digest))
        return AMBIT_OK;
    if (set->n * 2 >= set->n_slots) {
        enum ambit_err err = set_grow(set);
        if (err)
            return err;
    }
    *slot_of(set->slots, set->n_slots, digest) = *digest;
    set->n++;
    *ret_is_new = true;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err set_new(struct digest_set **ret)
{
    struct digest_set *set = calloc(1, sizeof *set);
    if (!set)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = set_grow(set);
    if (err)
        free(set);
    else
        *ret = set;
    return err;
}

enum ambit_err verify_documents_init(struct verify *verify)
{
    enum ambit_err err = set_new(&verify->documents);
    return err ? err : set_new(&verify->sets);
}

static void set_free(struct digest_set *set)
{
    if (set)
        free(set->slots);
    free(set);
}

void verify_documents_done(struct verify *verify)
{
    set_free(TAKE(verify->documents));
    set_free(TAKE(verify->sets));
}

/* ---- one document ---- */

static void problem(struct verify *verify, uint64_t seq, const char *table,
                    const struct ambit_digest *digest, const char *what)
{
    verify_problem_key(verify, &seq, table, (struct ambit_str){(const char *)digest->b, DIGEST},
                       what);
}

/* NOT_FOUND; DAMAGED: not of this form. Borrows verify->large. */
static AMBIT_CHECKED enum ambit_err document_get(struct verify *verify,
                                                 const struct ambit_digest *digest,
                                                 struct document_row *ret)
{
    size_t len = 0;
    enum ambit_err err =
        store_get(verify->txn, STORE_DOCUMENTS, (struct store_key){digest->b, DIGEST},
                  verify->large, VERIFY_LARGE, &len);
    if (err)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_DAMAGED : err;
    err = document_row_read((struct ambit_str){.p = verify->large, .len = len}, ret);
    return err ? err : ret->bytes.len > 0 ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

/* Kind and name stand in the document too. */
static AMBIT_CHECKED enum ambit_err is_named_so(const struct document_row *row, bool *ret)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *document = NULL;
    struct json_problem unused;
    enum ambit_err err = json_read(row->bytes, (struct json_limits){.depth = AMBIT_DOCUMENT_DEPTH},
                                   &arena, &document, &unused);
    *ret = !err && ambit_str_eq(json_get_str(document, ambit_kind_text((enum ambit_kind)row->kind)),
                                row->name);
    return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_OK;
}

/* The rules of a zone have no name of their own; they can be read. */
static AMBIT_CHECKED enum ambit_err is_zone(const struct document_row *row, bool *ret)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct zone rules;
    enum ambit_err err = zone_read(&arena, row->bytes, &rules);
    *ret = !err && row->name.len == 0;
    return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_OK;
}

/* Of a row that says that personal text went from it (a person's: no other can be read): does the
 * fixed word stand there? */
static AMBIT_CHECKED enum ambit_err look_at_erased(struct verify *verify, uint64_t seq,
                                                   const struct ambit_digest *digest,
                                                   const struct document_row *row)
{
    static const unsigned members[] = {ERASURE_NAME, ERASURE_EMAIL};
    bool is_without = false;
    for (size_t i = 0; i < AMBIT_LEN(members); i++) {
        BUF_AUTO without;
        buf_init(&without, 0);
        enum ambit_err err = document_without(row->bytes, members[i], &without);
        if (err == AMBIT_ERR_NO_MEMORY)
            return err;
        is_without = is_without || (err == AMBIT_OK && ambit_str_eq(buf_str(&without), row->bytes));
    }
    if (!is_without)
        problem(verify, seq, "documents", digest,
                "the row says that personal text was erased, and name and e-mail are there");
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err named_row(struct verify *verify, uint64_t seq,
                                              const struct ambit_digest *digest, bool wants_zone)
{
    struct document_row row;
    struct ambit_digest actual;
    bool is_new = false, is_its = false;
    if (is_none(digest))
        return AMBIT_OK;
    enum ambit_err err = set_add(verify->documents, digest, &is_new);
    if (err || !is_new)
        return err;
    err = document_get(verify, digest, &row);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED) {
        problem(verify, seq, "documents", digest,
                err == AMBIT_ERR_NOT_FOUND ? "a document that the event names is not in the store"
                                           : "the document's row cannot be read");
        return AMBIT_OK;
    }
    if (err)
        return err;
    crypto_sha256(row.bytes.p, row.bytes.len, &actual);
    if (!ambit_digest_eq(actual, *digest) && !row.is_erased) {
        problem(verify, seq, "documents", digest, "the document's bytes do not have this digest");
        return AMBIT_OK;
    }
    if (row.is_erased) {
        err = look_at_erased(verify, seq, digest, &row);
        if (err == AMBIT_OK)
            err = verify_erasures_found(verify, seq, digest, &actual);
        if (err)
            return err;
    }
    if ((row.kind == AMBIT_KIND_ZONE) == wants_zone)
        err = wants_zone ? is_zone(&row, &is_its) : is_named_so(&row, &is_its);
    if (!err && !is_its)
        problem(verify, seq, "documents", digest,
                wants_zone ? "the row is not the rules of a time zone"
                           : "the document is of another kind or name than its row says");
    return err;
}

static AMBIT_CHECKED enum ambit_err named_document(struct verify *verify, uint64_t seq,
                                                   const struct ambit_digest *digest)
{
    return named_row(verify, seq, digest, false);
}

/* ---- one set ---- */

static void put_named(struct buf *bytes, int kind, struct ambit_str name,
                      const struct ambit_digest *digest)
{
    uint8_t len[4];
    put_be32(len, (uint32_t)name.len);
    buf_put_char(bytes, (char)kind);
    buf_put(bytes, len, sizeof len);
    buf_put_str(bytes, name);
    buf_put(bytes, digest->b, DIGEST);
}

static struct ambit_digest digest_at(const struct set_row *row, size_t i)
{
    struct ambit_digest digest;
    memcpy(digest.b, row->digests + i * DIGEST, DIGEST);
    return digest;
}

/* The digest of a set, over kind, name and digest of each document and zone (as the engine takes
 * it); *ret_is_whole: every document of it is there. */
static AMBIT_CHECKED enum ambit_err set_digest(struct verify *verify, struct set_row set,
                                               struct ambit_digest *ret, bool *ret_is_whole)
{
    static const char tag[] = "ambit documents v1"; /* its NUL belongs to it */
    struct ambit_digest digest;
    struct ambit_str name;
    BUF_AUTO bytes;
    buf_init(&bytes, 0);
    buf_put(&bytes, tag, sizeof tag);
    *ret_is_whole = false;
    for (size_t i = 0; i < set.n; i++) {
        struct document_row row;
        digest = digest_at(&set, i);
        enum ambit_err err = document_get(verify, &digest, &row);
        if (err)
            return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED ? AMBIT_OK : err;
        put_named(&bytes, row.kind, row.name, &digest);
    }
    while (set_row_zone(&set, &digest, &name))
        put_named(&bytes, AMBIT_KIND_ZONE, name, &digest);
    *ret_is_whole = true;
    crypto_sha256(bytes.p, bytes.len, ret);
    return buf_check(&bytes);
}

static AMBIT_CHECKED enum ambit_err look_at_rows(struct verify *verify, uint64_t seq,
                                                 struct set_row set)
{
    enum ambit_err err = AMBIT_OK;
    struct ambit_digest digest;
    struct ambit_str name;
    for (size_t i = 0; !err && i < set.n; i++) {
        digest = digest_at(&set, i);
        err = named_row(verify, seq, &digest, false);
    }
    while (!err && set_row_zone(&set, &digest, &name))
        err = named_row(verify, seq, &digest, true);
    return err;
}

static AMBIT_CHECKED enum ambit_err look_at_set(struct verify *verify, uint64_t seq,
                                                const struct ambit_digest *set,
                                                struct ambit_str bytes)
{
    struct ambit_digest actual;
    struct set_row row;
    bool is_whole = false;
    if (set_row_read(bytes, &row) != AMBIT_OK) {
        problem(verify, seq, "sets", set, "the set's row cannot be read");
        return AMBIT_OK;
    }
    enum ambit_err err = look_at_rows(verify, seq, row);
    if (!err)
        err = set_digest(verify, row, &actual, &is_whole);
    if (!err && !is_whole)
        problem(verify, seq, "sets", set, "the set holds a document that is not in the store");
    else if (!err && !ambit_digest_eq(actual, *set))
        problem(verify, seq, "sets", set, "the set's documents do not give this digest");
    return err;
}

static AMBIT_CHECKED enum ambit_err named_set(struct verify *verify, uint64_t seq,
                                              const struct ambit_digest *set)
{
    size_t len = 0;
    bool is_new = false;
    enum ambit_err err = set_add(verify->sets, set, &is_new);
    if (err || !is_new)
        return err;
    AMBIT_AUTO_FREE char *bytes = malloc(SET_ROW_MAX);
    if (!bytes)
        return AMBIT_ERR_NO_MEMORY;
    err = store_get(verify->txn, STORE_SETS, (struct store_key){set->b, DIGEST}, bytes, SET_ROW_MAX,
                    &len);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_TOO_LARGE) {
        problem(verify, seq, "sets", set,
                err == AMBIT_ERR_NOT_FOUND
                    ? "the set of documents that the event names is not in the store"
                    : "the set of documents is larger than any can be");
        return AMBIT_OK;
    }
    return err ? err : look_at_set(verify, seq, set, (struct ambit_str){bytes, len});
}

/* The empty set before the first activation is no stored one. */
enum ambit_err verify_named(struct verify *verify, const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    if (event->type == EVENT_DOCUMENTS_ACTIVATED)
        verify->has_set = true;
    if (verify->has_set && !is_none(&event->documents))
        err = named_set(verify, event->seq, &event->documents);
    /* What was confirmed may never have been activated. */
    if (!err && event->type != EVENT_DOCUMENTS_CONFIRMED)
        err = named_document(verify, event->seq, &event->digest);
    for (size_t i = 0; !err && i < event->n_items; i++)
        err = named_document(verify, event->seq, &event->items[i].digest);
    return err;
}

/* ---- what nothing names ---- */

static AMBIT_CHECKED enum ambit_err unnamed(struct verify *verify, enum store_table table,
                                            const struct digest_set *named)
{
    struct store_cursor *cursor = NULL;
    struct ambit_str key, value;
    enum store_seek seek = STORE_FIRST;
    enum ambit_err err = store_cursor_open(verify->txn, table, &cursor);
    while (!err) {
        err = store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value);
        seek = STORE_NEXT;
        struct ambit_digest digest;
        if (!err && key.len == DIGEST)
            memcpy(digest.b, key.p, DIGEST);
        if (!err && (key.len != DIGEST || !set_has(named, &digest)))
            verify_problem_key(verify, NULL, store_table_name(table), key,
                               "a row that no event names");
    }
    store_cursor_close(cursor);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err verify_documents(struct verify *verify)
{
    enum ambit_err err = unnamed(verify, STORE_DOCUMENTS, verify->documents);
    return err ? err : unnamed(verify, STORE_SETS, verify->sets);
}
