/* SPDX-License-Identifier: Apache-2.0 */
/* The walk's memory: places of ids, the grants read last, the openings and documents that some
 * erasure still has to account for. */
#include "ledger/follow.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/encode.h"
#include "ledger/before.h"
#include "ledger/follow_links.h"
#include "ledger/follow_texts.h"

enum { GRANTS_KEPT = 4096, REPLACED_MAX = 4096 };

/* The bytes of an event that gave a grant: most are used soon after. */
struct given {
    uint64_t seq;
    char *bytes; /* leaf, then opening; NULL: free */
    size_t leaf_len, opening_len;
};
struct replaced {
    struct ambit_digest digest, now;
    bool has_seq;
    uint64_t seq; /* the first event that needed it */
};
struct follow {
    struct follow_source source;
    struct follow_options options;
    struct follow_counts counts;
    struct sets *sets;
    struct places places;
    struct ambit_decision *decision;
    int64_t last_ms;
    uint64_t seq;     /* at which the walk is */
    bool saw_zones;   /* a set that is kept with the rules of its time zones */
    bool lacks_grant; /* the event that is looked at names one that is not there */
    bool has_subject; /* or one that is, which stands so: */
    enum ambit_liveness subject;
    struct before before;
    struct given given[GRANTS_KEPT];
    struct texts texts;
    struct replaced *replaced;
    size_t n_replaced, room_replaced;
    struct ambit_digest told; /* the set whose fault was told last */
};

static void tell(struct follow *follow, uint64_t seq, const char *what)
{
    follow->source.problem(follow->source.ctx, &seq, what);
}

/* ---- grants --------------------------------------------------------------------------------- */

static void keep_given(struct follow *follow, uint64_t seq, struct ambit_str leaf,
                       struct ambit_str opening)
{
    struct given *given = &follow->given[seq % GRANTS_KEPT];
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

static AMBIT_CHECKED enum ambit_err bytes_at(struct follow *follow, uint64_t seq,
                                             struct arena *arena, struct ambit_str *ret,
                                             struct ambit_str *ret_opening)
{
    const struct given *given = &follow->given[seq % GRANTS_KEPT];
    if (given->bytes == NULL || given->seq != seq) {
        enum ambit_err err =
            follow->source.event_at(follow->source.ctx, seq, arena, ret, ret_opening);
        if (err == AMBIT_OK)
            keep_given(follow, seq, *ret, *ret_opening);
        return err;
    }
    /* copied: its parent may take its place */
    *ret = arena_copy(arena, (struct ambit_str){given->bytes, given->leaf_len});
    *ret_opening =
        arena_copy(arena, (struct ambit_str){given->bytes + given->leaf_len, given->opening_len});
    return ret->p != NULL && ret_opening->p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static enum ambit_err decoded_at(void *ctx, uint64_t seq, struct arena *arena, struct event *ret)
{
    struct ambit_str leaf = {0}, opening = {0};
    enum ambit_err err = bytes_at(ctx, seq, arena, &leaf, &opening);
    if (err == AMBIT_OK)
        err = event_decode(leaf, opening, arena, ret);
    if (err == AMBIT_ERR_DAMAGED && opening.len > 0) /* an opening that fits nothing: told before */
        err = event_decode(leaf, AMBIT_STR(""), arena, ret);
    return err == AMBIT_OK || err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_NOT_FOUND;
}

static void before_problem(void *ctx, const uint64_t *seq, const char *what)
{
    tell(ctx, *seq, what);
}

static enum ambit_err event_of(void *ctx, struct ambit_id grant, struct arena *arena,
                               struct event *ret)
{
    const struct follow *follow = ctx;
    uint64_t seq = 0;
    return places_find(&follow->places, PLACE_GRANT, grant, &seq) ? decoded_at(ctx, seq, arena, ret)
                                                                  : AMBIT_ERR_NOT_FOUND;
}

static enum ambit_err grant_of(void *ctx, struct ambit_id id, struct arena *arena,
                               struct redecide_grant *ret)
{
    struct follow *follow = ctx;
    const struct redecide_issued issued = {.ctx = ctx, .event_of = event_of};
    enum ambit_err err = redecide_grant_of(&issued, id, arena, ret);
    follow->lacks_grant = err == AMBIT_ERR_NOT_FOUND;
    follow->has_subject = err == AMBIT_OK;
    if (err == AMBIT_OK)
        follow->subject =
            cuts_liveness(&follow->before.cuts, &follow->before.held, &follow->places, &ret->view);
    return err;
}

/* ---- documents ------------------------------------------------------------------------------ */

static struct replaced *find_replaced(struct follow *follow, const struct ambit_digest *digest)
{
    for (size_t i = 0; i < follow->n_replaced; i++)
        if (ambit_digest_eq(follow->replaced[i].digest, *digest))
            return &follow->replaced[i];
    return NULL;
}

/* An erasure stands behind what it erases: that there is one is told at the end. */
static AMBIT_CHECKED enum ambit_err keep_replaced(struct follow *follow,
                                                  const struct ambit_digest *digest,
                                                  const struct ambit_digest *now, bool has_seq)
{
    struct replaced *found = find_replaced(follow, digest);
    if (found != NULL)
        return ambit_digest_eq(found->now, *now) ? AMBIT_OK : AMBIT_ERR_DAMAGED;
    if (follow->n_replaced == REPLACED_MAX)
        return AMBIT_ERR_DAMAGED;
    if (follow->n_replaced == follow->room_replaced) {
        size_t room = follow->room_replaced ? 2 * follow->room_replaced : 16;
        struct replaced *list = realloc(follow->replaced, room * sizeof *list);
        if (list == NULL)
            return AMBIT_ERR_NO_MEMORY;
        follow->replaced = list;
        follow->room_replaced = room;
    }
    follow->replaced[follow->n_replaced++] =
        (struct replaced){.digest = *digest, .now = *now, .has_seq = has_seq, .seq = follow->seq};
    return AMBIT_OK;
}

static enum ambit_err replaced(void *ctx, const struct ambit_digest *digest,
                               const struct ambit_digest *now)
{
    return keep_replaced(ctx, digest, now, true);
}

enum ambit_err follow_replaced(struct follow *follow, const struct ambit_digest *digest,
                               const struct ambit_digest *now)
{
    return keep_replaced(follow, digest, now, false);
}

static enum ambit_err list_of(void *ctx, const struct ambit_digest *set, struct arena *arena,
                              struct sets_list *ret)
{
    struct follow *follow = ctx;
    return follow->source.sets.list(follow->source.sets.ctx, set, arena, ret);
}

static enum ambit_err bytes_of(void *ctx, const struct ambit_digest *digest, bool is_zone,
                               struct arena *arena, struct ambit_str *ret)
{
    struct follow *follow = ctx;
    return follow->source.sets.bytes(follow->source.sets.ctx, digest, is_zone, arena, ret);
}

static void tell_of_set(struct follow *follow, const struct ambit_digest *digest)
{
    struct ambit_digest of;
    char text[REDECIDE_WHAT_MAX];
    char hex[HEX_DIGEST_LEN];
    if (ambit_digest_eq(follow->told, *digest))
        return;
    const char *what = sets_problem(follow->sets, &of);
    hex_encode(of.b, sizeof of.b, hex);
    (void)snprintf(text, sizeof text, "names documents that do not hold: %s (%.*s)", what,
                   (int)sizeof hex, hex);
    tell(follow, follow->seq, text);
    follow->told = *digest;
}

static enum ambit_err set_of(void *ctx, const struct ambit_digest *digest, struct redecide_set *ret)
{
    struct follow *follow = ctx;
    enum ambit_err err = sets_get(follow->sets, digest, ret);
    follow->saw_zones = follow->saw_zones || sets_have_zones(follow->sets);
    bool is_missing = err == AMBIT_ERR_NOT_FOUND && follow->options.may_lack_sets;
    if (err == AMBIT_OK || err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_IO || is_missing)
        return err;
    tell_of_set(follow, digest);
    return AMBIT_ERR_NOT_FOUND;
}

/* A set that came into force, though no decision may hang on it. */
static AMBIT_CHECKED enum ambit_err activated(struct follow *follow,
                                              const struct ambit_digest *digest)
{
    struct redecide_set unused;
    enum ambit_err err = texts_activated(&follow->texts, &follow->source.sets, digest);
    if (err == AMBIT_OK)
        err = set_of(follow, digest, &unused);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* ---- openings ------------------------------------------------------------------------------- */

static void tell_gone(void *ctx, uint64_t seq)
{
    tell(ctx, seq, "erased a document's texts, which are still there");
}

static void tell_held(void *ctx, uint64_t seq)
{
    tell(ctx, seq, "its opening still holds a text that an erasure says is gone");
}

static AMBIT_CHECKED enum ambit_err take_erasure(struct follow *follow, const struct event *event,
                                                 struct arena *arena)
{
    struct erasure erasure;
    enum ambit_err err = erasure_read(event, arena, &erasure);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err != AMBIT_OK) {
        tell(follow, event->seq, "its erasure cannot be read");
        return AMBIT_OK;
    }
    for (size_t i = 0; i < erasure.n_documents; i++) {
        err = texts_gone(&follow->texts, &erasure.documents[i], event->seq);
        if (err != AMBIT_OK)
            return err;
    }
    return texts_erase(&follow->texts, &erasure);
}

/* ---- one event ------------------------------------------------------------------------------ */

static AMBIT_CHECKED enum ambit_err decide_again(struct follow *follow, const struct event *event,
                                                 struct arena *arena)
{
    const struct redecide_source source = {.ctx = follow,
                                           .set_of = set_of,
                                           .grant_of = grant_of,
                                           .followed = before_followed(&follow->before)};
    struct redecided redecided;
    follow->lacks_grant = follow->has_subject = false;
    enum ambit_err err = redecide_event(event, &source, follow->decision, arena, &redecided);
    if (err != AMBIT_OK)
        return err;
    bool is_cut_off = follow->options.is_partial && follow->lacks_grant;
    err = before_judge(&follow->before, event, follow->has_subject ? &follow->subject : NULL,
                       redecided.finding == REDECIDE_FOLLOWS ? follow->decision : NULL, arena);
    if (err != AMBIT_OK)
        return err;
    switch (redecided.finding) {
    case REDECIDE_DIFFERS:
        if (is_cut_off) {
            follow->counts.undecided++;
            break;
        }
        tell(follow, event->seq, redecided.what);
        follow->counts.redecided++;
        break;
    case REDECIDE_FOLLOWS:
        follow->counts.redecided++;
        break;
    case REDECIDE_ERASED:
        follow->counts.erased++;
        break;
    case REDECIDE_NO_ZONES:
        if (follow->saw_zones)
            tell(follow, event->seq,
                 "names documents without the rules of their time zones, which were kept before");
        follow->counts.undecided++;
        break;
    case REDECIDE_NO_SET:
        follow->counts.undecided++;
        break;
    case REDECIDE_NOT_ASKED:
        break;
    }
    return AMBIT_OK;
}

static unsigned has_texts(const struct event *event)
{
    return (event->purpose.p != NULL ? EVENT_ERASED_PURPOSE : 0U) |
           (event->stated_reason.p != NULL ? EVENT_ERASED_STATED_REASON : 0U) |
           (event->words.p != NULL ? EVENT_ERASED_WORDS : 0U);
}

enum ambit_err follow_event(struct follow *follow, const struct event *event, struct ambit_str leaf,
                            struct ambit_str opening, struct arena *arena)
{
    const char *unknown = NULL, *doubled = NULL;
    follow->seq = event->seq;
    if (event->time_ms < follow->last_ms)
        tell(follow, event->seq, "is earlier than the one before it");
    follow->last_ms = event->time_ms;

    enum ambit_err err = follow_links(&follow->places, event, &unknown, &doubled);
    if (err == AMBIT_OK && doubled != NULL)
        tell(follow, event->seq, doubled);
    if (err == AMBIT_OK && unknown != NULL && follow->options.is_partial)
        follow->counts.unknown_links++;
    else if (err == AMBIT_OK && unknown != NULL)
        tell(follow, event->seq, unknown);
    if (err == AMBIT_OK && event->type == EVENT_GRANT_ISSUED && !follow->options.no_redecide)
        keep_given(follow, event->seq, leaf, opening);
    if (err == AMBIT_OK && event->erased != 0 && !follow->options.are_withheld && opening.p != NULL)
        err = texts_miss(&follow->texts, event->seq, event->erased);
    if (err == AMBIT_OK && has_texts(event))
        err = texts_have(&follow->texts, event->seq, has_texts(event));
    if (err == AMBIT_OK && event->type == EVENT_PERSONAL_ERASED)
        err = take_erasure(follow, event, arena);
    if (err == AMBIT_OK && event->type == EVENT_DOCUMENTS_ACTIVATED)
        err = activated(follow, &event->documents);
    if (err != AMBIT_OK || follow->options.no_redecide)
        return err;
    err = decide_again(follow, event, arena);
    return err == AMBIT_OK ? before_note(&follow->before, event, arena) : err;
}

static void tell_missing(void *ctx, const struct texts_missing *left)
{
    struct follow *follow = ctx;
    unsigned long long n = (unsigned long long)(left->last - left->first + 1);
    char text[REDECIDE_WHAT_MAX];
    if (follow->options.ends_early) {
        follow->counts.unaccounted_texts += n;
        return;
    }
    (void)snprintf(text, sizeof text,
                   "its opening is not there and no erasure says so%s (%llu events)",
                   left->last > left->first ? ", and so on" : "", n);
    tell(follow, left->first, text);
}

static void judge_replaced(struct follow *follow, const struct replaced *one)
{
    char text[REDECIDE_WHAT_MAX], hex[HEX_DIGEST_LEN];
    if (texts_account(&follow->texts, &one->digest, &one->now))
        return;
    if (follow->options.ends_early && !follow->options.has_erasures) {
        follow->counts.unaccounted_documents++;
        return;
    }
    hex_encode(one->digest.b, sizeof one->digest.b, hex);
    (void)snprintf(text, sizeof text,
                   "names a document whose bytes do not have its digest, and no erasure says so "
                   "(%.*s)",
                   (int)sizeof hex, hex);
    follow->source.problem(follow->source.ctx, one->has_seq ? &one->seq : NULL, text);
}

enum ambit_err follow_end(struct follow *follow)
{
    follow->counts.unfollowed = follow->before.unfollowed;
    texts_judge_held(&follow->texts, tell_held, follow);
    texts_judge(&follow->texts, tell_missing, follow, &follow->counts.erased_texts);
    for (size_t i = 0; i < follow->n_replaced; i++)
        judge_replaced(follow, &follow->replaced[i]);
    return texts_judge_gone(&follow->texts, &follow->source.sets, tell_gone, follow);
}

/* ---- life ----------------------------------------------------------------------------------- */

enum ambit_err follow_new(const struct follow_source *source, const struct follow_options *options,
                          struct follow **ret)
{
    struct follow *follow = calloc(1, sizeof *follow);
    if (follow == NULL)
        return AMBIT_ERR_NO_MEMORY;
    const struct sets_source sets = {
        .ctx = follow, .list = list_of, .bytes = bytes_of, .replaced = replaced};
    follow->source = *source;
    follow->options = *options;
    follow->last_ms = INT64_MIN;
    places_init(&follow->places, options->key);
    const struct before_source before = {
        .ctx = follow, .event_at = decoded_at, .problem = before_problem, .set_of = set_of};
    before_init(&follow->before, &before, options->key);
    follow->before.is_partial = options->is_partial;
    follow->before.has_gaps = options->has_gaps;
    follow->decision = malloc(sizeof *follow->decision);
    enum ambit_err err =
        follow->decision != NULL ? sets_new(&sets, &follow->sets) : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK)
        *ret = follow;
    else
        follow_free(follow);
    return err;
}

void follow_free(struct follow *follow)
{
    if (follow == NULL)
        return;
    for (size_t i = 0; i < GRANTS_KEPT; i++)
        free(follow->given[i].bytes);
    texts_done(&follow->texts);
    before_done(&follow->before);
    free(follow->replaced);
    free(follow->decision);
    sets_free(follow->sets);
    places_done(&follow->places);
    free(follow);
}

const struct follow_counts *follow_counts(const struct follow *follow)
{
    return &follow->counts;
}
