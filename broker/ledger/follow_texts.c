/* SPDX-License-Identifier: Apache-2.0 */
/* One sweep over both lists: of each member it is known how far the spans that began reach. */
#include "ledger/follow_texts.h"

#include "base/arena.h"
#include "crypto/digest.h"

enum { MEMBERS = 5, FIRST_ROOM = 64, IN_ROW = 64, HALF = 4 };

void texts_done(struct texts *texts)
{
    free(TAKE(texts->missing));
    free(TAKE(texts->spans));
    free(TAKE(texts->held));
    free(TAKE(texts->gone));
}

static AMBIT_CHECKED enum ambit_err grow(void **list, size_t *room, size_t n, size_t each)
{
    if (n < *room)
        return AMBIT_OK;
    size_t more = *room > 0 ? 2 * *room : FIRST_ROOM;
    void *grown = more < SIZE_MAX / 2 / each ? realloc(*list, more * each) : NULL;
    if (grown == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *list = grown;
    *room = more;
    return AMBIT_OK;
}

enum ambit_err texts_miss(struct texts *texts, uint64_t seq, unsigned bits)
{
    struct texts_missing *last =
        texts->n_missing > 0 ? &texts->missing[texts->n_missing - 1] : NULL;
    if (last != NULL && last->bits == bits && last->last + 1 == seq) {
        last->last = seq;
        return AMBIT_OK;
    }
    void *list = texts->missing;
    enum ambit_err err = grow(&list, &texts->room_missing, texts->n_missing, sizeof *last);
    texts->missing = list;
    if (err == AMBIT_OK)
        texts->missing[texts->n_missing++] =
            (struct texts_missing){.first = seq, .last = seq, .bits = bits};
    return err;
}

enum ambit_err texts_have(struct texts *texts, uint64_t seq, unsigned bits)
{
    uint64_t index = seq / IN_ROW;
    size_t at = seq % IN_ROW;
    if (texts->n_held == 0 || texts->held[texts->n_held - 1].index != index) {
        void *list = texts->held;
        enum ambit_err err = grow(&list, &texts->room_held, texts->n_held, sizeof *texts->held);
        texts->held = list;
        if (err != AMBIT_OK)
            return err;
        texts->held[texts->n_held++] = (struct texts_held){.index = index};
    }
    texts->held[texts->n_held - 1].bits[at / 2] |= (uint8_t)(bits << (at % 2 * HALF));
    return AMBIT_OK;
}

enum ambit_err texts_erase(struct texts *texts, const struct erasure *erasure)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < erasure->n_ranges; i++) {
        void *list = texts->spans;
        err = grow(&list, &texts->room_spans, texts->n_spans, sizeof *texts->spans);
        texts->spans = list;
        if (err == AMBIT_OK)
            texts->spans[texts->n_spans++] = (struct texts_span){.first = erasure->ranges[i].first,
                                                                 .last = erasure->ranges[i].last,
                                                                 .bits = erasure->members};
    }
    return err;
}

enum ambit_err texts_gone(struct texts *texts, const struct erasure_document *document,
                          uint64_t seq)
{
    void *list = texts->gone;
    enum ambit_err err = grow(&list, &texts->room_gone, texts->n_gone, sizeof *texts->gone);
    texts->gone = list;
    if (err == AMBIT_OK)
        texts->gone[texts->n_gone++] =
            (struct texts_gone){.digest = document->digest, .now = document->now, .seq = seq};
    return err;
}

bool texts_account(const struct texts *texts, const struct ambit_digest *digest,
                   const struct ambit_digest *now)
{
    for (size_t i = 0; i < texts->n_gone; i++)
        if (ambit_digest_eq(texts->gone[i].digest, *digest) &&
            ambit_digest_eq(texts->gone[i].now, *now))
            return true;
    return false;
}

/* ---- at the end ----------------------------------------------------------------------------- */

struct sweep {
    const struct texts *texts;
    size_t at;               /* the first span that has not begun */
    uint64_t reach[MEMBERS]; /* the first sequence behind what began */
};

static int compare_spans(const void *a, const void *b)
{
    const struct texts_span *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* What went of `seq`, and up to which one it is the same. */
static unsigned bits_at(struct sweep *sweep, uint64_t seq, uint64_t *ret_until)
{
    const struct texts *texts = sweep->texts;
    unsigned bits = 0;
    for (; sweep->at < texts->n_spans && texts->spans[sweep->at].first <= seq; sweep->at++) {
        const struct texts_span *span = &texts->spans[sweep->at];
        for (unsigned i = 0; i < MEMBERS; i++)
            if ((span->bits & 1U << i) != 0 && span->last >= sweep->reach[i])
                sweep->reach[i] = span->last + 1;
    }
    *ret_until = sweep->at < texts->n_spans ? texts->spans[sweep->at].first - 1 : UINT64_MAX;
    for (unsigned i = 0; i < MEMBERS; i++) {
        if (sweep->reach[i] <= seq)
            continue;
        bits |= 1U << i;
        if (sweep->reach[i] - 1 < *ret_until)
            *ret_until = sweep->reach[i] - 1;
    }
    return bits;
}

static void sort(struct texts *texts)
{
    if (texts->n_spans > 0)
        qsort(texts->spans, texts->n_spans, sizeof *texts->spans, compare_spans);
}

void texts_judge_held(struct texts *texts, void (*one)(void *ctx, uint64_t seq), void *ctx)
{
    struct sweep sweep = {.texts = texts};
    uint64_t unused = 0;
    sort(texts);
    for (size_t i = 0; texts->n_spans > 0 && i < texts->n_held; i++) {
        const struct texts_held *row = &texts->held[i];
        for (size_t k = 0; k < IN_ROW; k++) {
            uint64_t seq = row->index * IN_ROW + k;
            unsigned bits = row->bits[k / 2] >> (k % 2 * HALF) & EVENT_ERASED_ALL;
            if (bits != 0 && (bits & bits_at(&sweep, seq, &unused)) != 0)
                one(ctx, seq);
        }
    }
}

void texts_judge(struct texts *texts, void (*one)(void *ctx, const struct texts_missing *left),
                 void *ctx, uint64_t *ret_accounted)
{
    struct sweep sweep = {.texts = texts};
    struct texts_missing left = {.bits = 0};
    *ret_accounted = 0;
    sort(texts);
    for (size_t i = 0; i < texts->n_missing; i++) {
        const struct texts_missing *missing = &texts->missing[i];
        uint64_t last = 0;
        for (uint64_t seq = missing->first; seq <= missing->last; seq = last + 1) {
            unsigned bits = missing->bits & ~bits_at(&sweep, seq, &last);
            last = last < missing->last ? last : missing->last;
            if (bits == 0) {
                *ret_accounted += last - seq + 1;
            } else if (left.bits == bits && left.last + 1 == seq) {
                left.last = last;
            } else {
                if (left.bits != 0)
                    one(ctx, &left);
                left = (struct texts_missing){.first = seq, .last = last, .bits = bits};
            }
        }
    }
    if (left.bits != 0)
        one(ctx, &left);
}

static bool holds(const struct sets_list *list, const struct ambit_digest *digest)
{
    for (size_t i = 0; i < list->n; i++)
        if (ambit_digest_eq(list->documents[i], *digest))
            return true;
    return false;
}

enum ambit_err texts_activated(struct texts *texts, const struct sets_source *source,
                               const struct ambit_digest *set)
{
    ARENA_AUTO arena;
    struct sets_list list = {.n = 0};
    arena_init(&arena, NULL, 0, 0);
    if (texts->n_gone == 0)
        return AMBIT_OK;
    enum ambit_err err = source->list(source->ctx, set, &arena, &list);
    if (err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_IO)
        return err;
    /* of what is not there nothing can be said */
    for (size_t i = 0; i < texts->n_gone; i++)
        texts->gone[i].is_back =
            texts->gone[i].is_back || err != AMBIT_OK || holds(&list, &texts->gone[i].digest);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err is_there(const struct sets_source *source,
                                             const struct ambit_digest *digest, bool *ret)
{
    ARENA_AUTO arena;
    struct ambit_str bytes;
    struct ambit_digest actual;
    arena_init(&arena, NULL, 0, 0);
    *ret = false;
    enum ambit_err err = source->bytes(source->ctx, digest, false, &arena, &bytes);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_IO ? err : AMBIT_OK;
    crypto_sha256(bytes.p, bytes.len, &actual);
    *ret = ambit_digest_eq(actual, *digest);
    return AMBIT_OK;
}

enum ambit_err texts_judge_gone(const struct texts *texts, const struct sets_source *source,
                                void (*one)(void *ctx, uint64_t seq), void *ctx)
{
    enum ambit_err err = AMBIT_OK;
    bool is_still = false;
    for (size_t i = 0; err == AMBIT_OK && i < texts->n_gone; i++) {
        if (texts->gone[i].is_back)
            continue;
        err = is_there(source, &texts->gone[i].digest, &is_still);
        if (err == AMBIT_OK && is_still)
            one(ctx, texts->gone[i].seq);
    }
    return err;
}
