/* SPDX-License-Identifier: Apache-2.0 */
/* Erasures against what stands beside the events. Every member of personal text whose opening is
 * not there must have been erased, and none of those erased may be there; a document of other bytes
 * than its digest must be one that an erasure made so, and be exactly that. */
#include "core/verify_internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/document_row.h"
#include "core/set_row.h"
#include "crypto/digest.h"
#include "ledger/erasure.h"

enum { DIGEST = sizeof(struct ambit_digest), MEMBERS = 3 };

struct missing { /* an event whose opening lacks members */
    uint64_t seq;
    unsigned members;
};
struct span { /* of an erasure */
    uint64_t first, last;
    unsigned members;
};
struct changed { /* a document, by the erasure of `seq`; or found so, first named by `seq` */
    struct ambit_digest digest, now;
    uint64_t seq;
};
struct activation {
    struct ambit_digest set;
    uint64_t seq;
};

struct verify_erasures {
    struct buf missing, spans, erased, found, activations; /* arrays of the above */
};

#define EACH(type, item, list)                                              \
    for (const struct type *item = (const void *)(list)->p,                 \
                           *end_##item = item + (list)->len / sizeof *item; \
         item != NULL && item < end_##item; item++)

enum ambit_err verify_erasures_init(struct verify *verify)
{
    verify->erasures = calloc(1, sizeof *verify->erasures);
    return verify->erasures != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

void verify_erasures_done(struct verify *verify)
{
    struct verify_erasures *erasures = TAKE(verify->erasures);
    if (erasures == NULL)
        return;
    buf_done(&erasures->missing);
    buf_done(&erasures->spans);
    buf_done(&erasures->erased);
    buf_done(&erasures->found);
    buf_done(&erasures->activations);
    free(erasures);
}

/* ---- event by event ------------------------------------------------------------------------ */

static AMBIT_CHECKED enum ambit_err note_erasure(struct verify_erasures *erasures,
                                                 const struct event *event)
{
    ARENA_AUTO arena;
    struct erasure erasure;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = erasure_read(event, &arena, &erasure);
    if (err != AMBIT_OK) /* a damaged one has been told when it was applied */
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_OK;
    for (size_t i = 0; i < erasure.n_ranges; i++) {
        const struct span span = {.first = erasure.ranges[i].first,
                                  .last = erasure.ranges[i].last,
                                  .members = erasure.members & EVENT_ERASED_ALL};
        buf_put(&erasures->spans, &span, sizeof span);
    }
    for (size_t i = 0; i < erasure.n_documents; i++) {
        const struct changed changed = {.digest = erasure.documents[i].digest,
                                        .now = erasure.documents[i].now,
                                        .seq = event->seq};
        buf_put(&erasures->erased, &changed, sizeof changed);
    }
    return AMBIT_OK;
}

enum ambit_err verify_erasures_note(struct verify *verify, const struct event *event)
{
    struct verify_erasures *erasures = verify->erasures;
    enum ambit_err err = AMBIT_OK;
    if (event->erased != 0) {
        const struct missing missing = {.seq = event->seq, .members = event->erased};
        buf_put(&erasures->missing, &missing, sizeof missing);
    }
    if (event->type == EVENT_PERSONAL_ERASED)
        err = note_erasure(erasures, event);
    if (event->type == EVENT_DOCUMENTS_ACTIVATED && erasures->erased.len > 0) {
        const struct activation activation = {.set = event->documents, .seq = event->seq};
        buf_put(&erasures->activations, &activation, sizeof activation);
    }
    bool is_whole =
        buf_check(&erasures->missing) == AMBIT_OK && buf_check(&erasures->spans) == AMBIT_OK &&
        buf_check(&erasures->erased) == AMBIT_OK && buf_check(&erasures->activations) == AMBIT_OK;
    return err == AMBIT_OK && !is_whole ? AMBIT_ERR_NO_MEMORY : err;
}

enum ambit_err verify_erasures_found(struct verify *verify, uint64_t seq,
                                     const struct ambit_digest *digest,
                                     const struct ambit_digest *actual)
{
    const struct changed found = {.digest = *digest, .now = *actual, .seq = seq};
    buf_put(&verify->erasures->found, &found, sizeof found);
    return buf_check(&verify->erasures->found);
}

/* ---- openings ------------------------------------------------------------------------------ */

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Takes from `missing` what spans of this one member cover; both stand in order. */
static void cover(struct verify_erasures *erasures, unsigned member)
{
    struct missing *at = (void *)erasures->missing.p;
    size_t n = erasures->missing.len / sizeof *at, i = 0;
    uint64_t reach = 0; /* all from the first uncovered one to before `reach` went */
    EACH(span, span, &erasures->spans)
    {
        if ((span->members & member) == 0)
            continue;
        while (i < n && at[i].seq < span->first) {
            if (at[i].seq < reach)
                at[i].members &= ~member;
            i++;
        }
        reach = span->last + 1 > reach ? span->last + 1 : reach;
    }
    for (; i < n && at[i].seq < reach; i++)
        at[i].members &= ~member;
}

static AMBIT_CHECKED enum ambit_err check_span(struct verify *verify, const struct span *span)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    uint8_t from[8];
    enum store_seek seek = STORE_AT_OR_AFTER;
    enum ambit_err err = store_cursor_open(verify->txn, STORE_OPENINGS, &cursor);
    put_be64(from, span->first);
    while (err == AMBIT_OK) {
        unsigned members = 0;
        err = store_cursor_move(cursor, seek, (struct store_key){from, sizeof from}, &key, &value);
        seek = STORE_NEXT;
        uint64_t seq = !err && key.len == 8 ? get_be64((const uint8_t *)key.p) : UINT64_MAX;
        if (err != AMBIT_OK || seq > span->last)
            break;
        if (opening_members(value, &members) == AMBIT_OK && (members & span->members) != 0)
            verify_problem_seq(verify, seq, "openings",
                               "personal text that an erasure took away is still there");
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err check_openings(struct verify *verify)
{
    struct verify_erasures *erasures = verify->erasures;
    if (erasures->spans.len > 0)
        qsort(erasures->spans.p, erasures->spans.len / sizeof(struct span), sizeof(struct span),
              compare_spans);
    for (unsigned i = 0; i < MEMBERS; i++)
        cover(erasures, 1U << i);
    EACH(missing, missing, &erasures->missing)
    {
        if (missing->members != 0)
            verify_problem_seq(verify, missing->seq, "openings",
                               "personal text is missing that no erasure took away");
    }
    enum ambit_err err = AMBIT_OK;
    EACH(span, span, &erasures->spans)
    {
        err = err == AMBIT_OK ? check_span(verify, span) : err;
    }
    return err;
}

/* ---- documents ----------------------------------------------------------------------------- */

/* Does this set hold the document? One that cannot be read has been told. */
static AMBIT_CHECKED enum ambit_err set_holds(struct verify *verify, const struct ambit_digest *set,
                                              const struct ambit_digest *digest, bool *ret)
{
    size_t len = 0;
    struct set_row row;
    AMBIT_AUTO_FREE char *bytes = malloc(SET_ROW_MAX);
    *ret = false;
    if (bytes == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_get(verify->txn, STORE_SETS, (struct store_key){set->b, DIGEST},
                                   bytes, SET_ROW_MAX, &len);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_TOO_LARGE)
        return AMBIT_OK;
    if (err != AMBIT_OK || set_row_read((struct ambit_str){bytes, len}, &row) != AMBIT_OK)
        return err;
    for (size_t i = 0; i < row.n && !*ret; i++)
        *ret = memcmp(row.digests + i * DIGEST, digest->b, DIGEST) == 0;
    return AMBIT_OK;
}

/* What the events say of this document in the end: as it was (erased by nobody, or activated again
 * since), or the digest of what stands there. */
static AMBIT_CHECKED enum ambit_err expected(struct verify *verify,
                                             const struct ambit_digest *digest,
                                             struct ambit_digest *ret)
{
    const struct verify_erasures *erasures = verify->erasures;
    uint64_t seq = 0;
    bool is_erased = false, is_back = false;
    *ret = *digest;
    EACH(changed, erased, &erasures->erased)
    {
        if (!ambit_digest_eq(erased->digest, *digest))
            continue;
        *ret = erased->now;
        seq = erased->seq;
        is_erased = true;
    }
    enum ambit_err err = AMBIT_OK;
    EACH(activation, activation, &erasures->activations)
    {
        if (err == AMBIT_OK && is_erased && !is_back && activation->seq > seq)
            err = set_holds(verify, &activation->set, digest, &is_back);
    }
    if (is_back)
        *ret = *digest;
    return err;
}

/* Of one that went: does it stand as it was? */
static AMBIT_CHECKED enum ambit_err check_erased(struct verify *verify,
                                                 const struct changed *erased)
{
    struct document_row row;
    struct ambit_digest want, actual;
    size_t len = 0;
    enum ambit_err err = expected(verify, &erased->digest, &want);
    if (err == AMBIT_OK)
        err = store_get(verify->txn, STORE_DOCUMENTS, (struct store_key){erased->digest.b, DIGEST},
                        verify->large, VERIFY_LARGE, &len);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_TOO_LARGE)
        return AMBIT_OK; /* told when it was named */
    if (err != AMBIT_OK ||
        document_row_read((struct ambit_str){verify->large, len}, &row) != AMBIT_OK)
        return err;
    crypto_sha256(row.bytes.p, row.bytes.len, &actual);
    if (ambit_digest_eq(actual, erased->digest) && !ambit_digest_eq(want, actual))
        verify_problem_key(verify, &erased->seq, "documents",
                           (struct ambit_str){(const char *)erased->digest.b, DIGEST},
                           "a name or e-mail address that an erasure took away is still there");
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err check_found(struct verify *verify, const struct changed *found)
{
    struct ambit_digest want;
    enum ambit_err err = expected(verify, &found->digest, &want);
    if (err == AMBIT_OK &&
        (!ambit_digest_eq(want, found->now) || ambit_digest_eq(want, found->digest)))
        verify_problem_key(verify, &found->seq, "documents",
                           (struct ambit_str){(const char *)found->digest.b, DIGEST},
                           "the document's bytes do not have this digest");
    return err;
}

enum ambit_err verify_erasures(struct verify *verify)
{
    enum ambit_err err = check_openings(verify);
    EACH(changed, erased, &verify->erasures->erased)
    {
        err = err == AMBIT_OK ? check_erased(verify, erased) : err;
    }
    EACH(changed, found, &verify->erasures->found)
    {
        err = err == AMBIT_OK ? check_found(verify, found) : err;
    }
    return err;
}
