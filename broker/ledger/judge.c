/* SPDX-License-Identifier: Apache-2.0 */
/* The walk's memory: places of ids, the grants read last, the openings and documents that some
 * erasure still has to account for. */
#include "ledger/judge.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/encode.h"
#include "ledger/erasure.h"
#include "ledger/judge_links.h"

enum { GRANTS_KEPT = 4096, MISSING_MAX = 1 << 20, REPLACED_MAX = 4096 };

/* The bytes of an event that gave a grant: most are used soon after. */
struct given {
    uint64_t seq;
    char *bytes; /* leaf, then opening; NULL: free */
    size_t leaf_len, opening_len;
};
/* Events in a row whose openings lack the same members. */
struct missing {
    uint64_t first, last;
    unsigned bits;
};
struct replaced {
    struct ambit_digest digest, now;
    uint64_t seq; /* the first event that needed it */
    bool is_accounted;
};
struct judge {
    struct judge_source source;
    struct judge_options options;
    struct judge_counts counts;
    struct sets *sets;
    struct places places;
    struct ambit_decision *decision;
    int64_t last_ms;
    uint64_t seq;     /* at which the walk is */
    bool lacks_grant; /* the event that is looked at names one that is not there */
    struct given given[GRANTS_KEPT];
    struct missing *missing;
    size_t n_missing, room_missing;
    struct replaced *replaced;
    size_t n_replaced, room_replaced;
    struct ambit_digest told; /* the set whose fault was told last */
};

static void tell(struct judge *judge, uint64_t seq, const char *what)
{
    judge->source.problem(judge->source.ctx, &seq, what);
}

/* ---- grants --------------------------------------------------------------------------------- */

static void keep_given(struct judge *judge, uint64_t seq, struct ambit_str leaf,
                       struct ambit_str opening)
{
    struct given *given = &judge->given[seq % GRANTS_KEPT];
    char *bytes = malloc(leaf.len + opening.len + 1);
    if (bytes == NULL)
        return; /* it will be read again */
    memcpy(bytes, leaf.p, leaf.len);
    if (opening.len > 0)
        memcpy(bytes + leaf.len, opening.p, opening.len);
    free(given->bytes);
    *given = (struct given){
        .seq = seq, .bytes = bytes, .leaf_len = leaf.len, .opening_len = opening.len};
}

static enum ambit_err event_of(void *ctx, struct ambit_id grant, struct arena *arena,
                               struct event *ret)
{
    struct judge *judge = ctx;
    struct ambit_str leaf = {0}, opening = {0};
    uint64_t seq = 0;
    if (!places_find(&judge->places, PLACE_GRANT, grant, &seq))
        return AMBIT_ERR_NOT_FOUND;
    const struct given *given = &judge->given[seq % GRANTS_KEPT];
    enum ambit_err err = AMBIT_OK;
    if (given->bytes != NULL && given->seq == seq) {
        leaf = (struct ambit_str){given->bytes, given->leaf_len};
        opening = (struct ambit_str){given->bytes + given->leaf_len, given->opening_len};
    } else {
        err = judge->source.event_at(judge->source.ctx, seq, arena, &leaf, &opening);
        if (err == AMBIT_OK)
            keep_given(judge, seq, leaf, opening);
    }
    if (err == AMBIT_OK)
        err = event_decode(leaf, opening, arena, ret);
    if (err == AMBIT_ERR_DAMAGED && opening.len > 0) /* an opening that fits nothing: told before */
        err = event_decode(leaf, AMBIT_STR(""), arena, ret);
    return err == AMBIT_OK || err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_NOT_FOUND;
}

static enum ambit_err grant_of(void *ctx, struct ambit_id id, struct arena *arena,
                               struct redecide_grant *ret)
{
    struct judge *judge = ctx;
    const struct redecide_issued issued = {.ctx = ctx, .event_of = event_of};
    enum ambit_err err = redecide_grant_of(&issued, id, arena, ret);
    judge->lacks_grant = err == AMBIT_ERR_NOT_FOUND;
    return err;
}

/* ---- documents ------------------------------------------------------------------------------ */

static struct replaced *find_replaced(struct judge *judge, const struct ambit_digest *digest)
{
    for (size_t i = 0; i < judge->n_replaced; i++)
        if (ambit_digest_eq(judge->replaced[i].digest, *digest))
            return &judge->replaced[i];
    return NULL;
}

/* An erasure stands behind what it erases: that there is one is told at the end. */
static enum ambit_err replaced(void *ctx, const struct ambit_digest *digest,
                               const struct ambit_digest *now)
{
    struct judge *judge = ctx;
    struct replaced *found = find_replaced(judge, digest);
    if (found != NULL)
        return ambit_digest_eq(found->now, *now) ? AMBIT_OK : AMBIT_ERR_DAMAGED;
    if (judge->n_replaced == REPLACED_MAX)
        return AMBIT_ERR_DAMAGED;
    if (judge->n_replaced == judge->room_replaced) {
        size_t room = judge->room_replaced ? 2 * judge->room_replaced : 16;
        struct replaced *list = realloc(judge->replaced, room * sizeof *list);
        if (list == NULL)
            return AMBIT_ERR_NO_MEMORY;
        judge->replaced = list;
        judge->room_replaced = room;
    }
    judge->replaced[judge->n_replaced++] =
        (struct replaced){.digest = *digest, .now = *now, .seq = judge->seq};
    return AMBIT_OK;
}

static enum ambit_err list_of(void *ctx, const struct ambit_digest *set, struct arena *arena,
                              struct sets_list *ret)
{
    struct judge *judge = ctx;
    return judge->source.sets.list(judge->source.sets.ctx, set, arena, ret);
}

static enum ambit_err bytes_of(void *ctx, const struct ambit_digest *digest, bool is_zone,
                               struct arena *arena, struct ambit_str *ret)
{
    struct judge *judge = ctx;
    return judge->source.sets.bytes(judge->source.sets.ctx, digest, is_zone, arena, ret);
}

static enum ambit_err set_of(void *ctx, const struct ambit_digest *digest, struct redecide_set *ret)
{
    struct judge *judge = ctx;
    struct ambit_digest of;
    enum ambit_err err = sets_get(judge->sets, digest, ret);
    bool is_missing = err == AMBIT_ERR_NOT_FOUND && judge->options.is_partial;
    if (err == AMBIT_OK || err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_IO || is_missing)
        return err;
    if (!ambit_digest_eq(judge->told, *digest)) {
        char text[REDECIDE_WHAT_MAX];
        char hex[HEX_DIGEST_LEN];
        const char *what = sets_problem(judge->sets, &of);
        hex_encode(of.b, sizeof of.b, hex);
        (void)snprintf(text, sizeof text, "names documents that do not hold: %s (%.*s)", what,
                       (int)sizeof hex, hex);
        tell(judge, judge->seq, text);
        judge->told = *digest;
    }
    return AMBIT_ERR_NOT_FOUND;
}

/* ---- openings ------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err add_missing(struct judge *judge, struct missing one)
{
    struct missing *last = judge->n_missing > 0 ? &judge->missing[judge->n_missing - 1] : NULL;
    if (last != NULL && last->bits == one.bits && last->last + 1 == one.first) {
        last->last = one.last;
        return AMBIT_OK;
    }
    if (judge->n_missing == judge->room_missing) {
        size_t room = judge->room_missing ? 2 * judge->room_missing : 64;
        if (room > MISSING_MAX)
            return AMBIT_ERR_TOO_LARGE;
        struct missing *list = realloc(judge->missing, room * sizeof *list);
        if (list == NULL)
            return AMBIT_ERR_NO_MEMORY;
        judge->missing = list;
        judge->room_missing = room;
    }
    judge->missing[judge->n_missing++] = one;
    return AMBIT_OK;
}

static unsigned bits_of(const struct erasure *erasure, uint64_t seq, uint64_t *ret_until)
{
    *ret_until = UINT64_MAX;
    for (size_t i = 0; i < erasure->n_ranges; i++) {
        const struct erasure_range *range = &erasure->ranges[i];
        if (seq > range->last)
            continue;
        *ret_until = seq < range->first ? range->first - 1 : range->last;
        return seq < range->first ? 0 : erasure->members;
    }
    return 0;
}

/* Every stretch that lacks something is cut where the erasure's ranges begin and end. */
static AMBIT_CHECKED enum ambit_err account(struct judge *judge, const struct erasure *erasure)
{
    struct missing *old = TAKE(judge->missing);
    size_t n = judge->n_missing;
    enum ambit_err err = AMBIT_OK;
    judge->n_missing = judge->room_missing = 0;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        for (uint64_t seq = old[i].first; err == AMBIT_OK && seq <= old[i].last;) {
            uint64_t until = 0;
            unsigned left = old[i].bits & ~bits_of(erasure, seq, &until);
            uint64_t last = until < old[i].last ? until : old[i].last;
            if (left != 0)
                err =
                    add_missing(judge, (struct missing){.first = seq, .last = last, .bits = left});
            else
                judge->counts.erased_texts += last - seq + 1;
            seq = last + 1;
        }
    }
    free(old);
    return err;
}

static AMBIT_CHECKED enum ambit_err take_erasure(struct judge *judge, const struct event *event,
                                                 struct arena *arena)
{
    struct erasure erasure;
    enum ambit_err err = erasure_read(event, arena, &erasure);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err != AMBIT_OK) {
        tell(judge, event->seq, "its erasure cannot be read");
        return AMBIT_OK;
    }
    for (size_t i = 0; i < erasure.n_documents; i++) {
        struct replaced *found = find_replaced(judge, &erasure.documents[i].digest);
        if (found != NULL && ambit_digest_eq(found->now, erasure.documents[i].now))
            found->is_accounted = true;
    }
    return account(judge, &erasure);
}

/* ---- one event ------------------------------------------------------------------------------ */

static AMBIT_CHECKED enum ambit_err decide_again(struct judge *judge, const struct event *event,
                                                 struct arena *arena)
{
    const struct redecide_source source = {.ctx = judge, .set_of = set_of, .grant_of = grant_of};
    struct redecided redecided;
    judge->lacks_grant = false;
    enum ambit_err err = redecide_event(event, &source, judge->decision, arena, &redecided);
    if (err != AMBIT_OK)
        return err;
    bool is_cut_off = judge->options.is_partial && judge->lacks_grant;
    switch (redecided.finding) {
    case REDECIDE_DIFFERS:
        if (is_cut_off) {
            judge->counts.undecided++;
            break;
        }
        tell(judge, event->seq, redecided.what);
        judge->counts.redecided++;
        break;
    case REDECIDE_FOLLOWS:
        judge->counts.redecided++;
        break;
    case REDECIDE_ERASED:
        judge->counts.erased++;
        break;
    case REDECIDE_NO_ZONES:
    case REDECIDE_NO_SET:
        judge->counts.undecided++;
        break;
    case REDECIDE_NOT_ASKED:
        break;
    }
    return AMBIT_OK;
}

enum ambit_err judge_event(struct judge *judge, const struct event *event, struct ambit_str leaf,
                           struct ambit_str opening, struct arena *arena)
{
    const char *what = NULL;
    judge->seq = event->seq;
    if (event->time_ms < judge->last_ms)
        tell(judge, event->seq, "is earlier than the one before it");
    judge->last_ms = event->time_ms;

    enum ambit_err err = judge_links(&judge->places, event, &what);
    if (err == AMBIT_OK && what != NULL && judge->options.is_partial)
        judge->counts.unknown_links++;
    else if (err == AMBIT_OK && what != NULL)
        tell(judge, event->seq, what);
    if (err == AMBIT_OK && event->type == EVENT_GRANT_ISSUED && !judge->options.no_redecide)
        keep_given(judge, event->seq, leaf, opening);
    if (err == AMBIT_OK && event->erased != 0 && !judge->options.are_withheld)
        err = add_missing(
            judge,
            (struct missing){.first = event->seq, .last = event->seq, .bits = event->erased});
    if (err == AMBIT_OK && event->type == EVENT_PERSONAL_ERASED)
        err = take_erasure(judge, event, arena);
    if (err == AMBIT_OK && !judge->options.no_redecide)
        err = decide_again(judge, event, arena);
    return err;
}

enum ambit_err judge_end(struct judge *judge)
{
    for (size_t i = 0; i < judge->n_missing; i++) {
        const struct missing *missing = &judge->missing[i];
        char text[REDECIDE_WHAT_MAX];
        (void)snprintf(text, sizeof text,
                       "its opening is not there and no erasure says so%s (%llu events)",
                       missing->last > missing->first ? ", and so on" : "",
                       (unsigned long long)(missing->last - missing->first + 1));
        tell(judge, missing->first, text);
    }
    for (size_t i = 0; i < judge->n_replaced; i++)
        if (!judge->replaced[i].is_accounted && !judge->options.is_partial)
            tell(judge, judge->replaced[i].seq,
                 "names a document whose bytes do not have its digest, and no erasure says so");
    return AMBIT_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

enum ambit_err judge_new(const struct judge_source *source, const struct judge_options *options,
                         struct judge **ret)
{
    struct judge *judge = calloc(1, sizeof *judge);
    if (judge == NULL)
        return AMBIT_ERR_NO_MEMORY;
    const struct sets_source sets = {
        .ctx = judge, .list = list_of, .bytes = bytes_of, .replaced = replaced};
    judge->source = *source;
    judge->options = *options;
    judge->last_ms = INT64_MIN;
    places_init(&judge->places, options->key);
    judge->decision = malloc(sizeof *judge->decision);
    enum ambit_err err =
        judge->decision != NULL ? sets_new(&sets, &judge->sets) : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK)
        *ret = judge;
    else
        judge_free(judge);
    return err;
}

void judge_free(struct judge *judge)
{
    if (judge == NULL)
        return;
    for (size_t i = 0; i < GRANTS_KEPT; i++)
        free(judge->given[i].bytes);
    free(judge->missing);
    free(judge->replaced);
    free(judge->decision);
    sets_free(judge->sets);
    places_done(&judge->places);
    free(judge);
}

const struct judge_counts *judge_counts(const struct judge *judge)
{
    return &judge->counts;
}
