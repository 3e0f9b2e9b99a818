/* SPDX-License-Identifier: Apache-2.0 */
/* Every decision made again from its event's own inputs (ledger/redecide.h): documents out of the
 * store in question, grants out of the events that gave them. What is wrong with a document itself
 * the other passes say. */
#include "core/verify_internal.h"

#include "base/arena.h"
#include "core/cutoff.h"
#include "core/grant_row.h"
#include "core/internal.h"
#include "core/set_row.h"
#include "core/world.h"
#include "base/random.h"
#include "ledger/before.h"
#include "ledger/sets.h"

enum { DIGEST = sizeof(struct ambit_digest) };

struct verify_again {
    struct sets *sets;
    struct before before;
    struct ambit_decision *decision;
};

/* ---- sets ----------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err copy_list(struct set_row *row, struct arena *arena,
                                              struct sets_list *ret)
{
    size_t max = row->zones.len / DIGEST + 1;
    struct ambit_digest *documents = arena_array(arena, row->n + 1, sizeof *documents);
    struct sets_zone *zones = arena_array(arena, max, sizeof *zones);
    if (documents == NULL || zones == NULL)
        return AMBIT_ERR_NO_MEMORY;
    memcpy(documents, row->digests, row->n * DIGEST);
    *ret = (struct sets_list){
        .documents = documents, .n = row->n, .has_zones = row->has_zones, .zones = zones};
    while (set_row_zone(row, &zones[ret->n_zones].digest, &zones[ret->n_zones].name))
        ret->n_zones++;
    return AMBIT_OK;
}

static enum ambit_err list_set(void *ctx, const struct ambit_digest *set, struct arena *arena,
                               struct sets_list *ret)
{
    struct verify *verify = ctx;
    struct set_row row;
    size_t len = 0;
    char *bytes = arena_alloc(arena, SET_ROW_MAX);
    if (bytes == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_get(verify->txn, STORE_SETS, (struct store_key){set->b, DIGEST},
                                   bytes, SET_ROW_MAX, &len);
    if (err == AMBIT_OK)
        err = set_row_read((struct ambit_str){bytes, len}, &row);
    return err == AMBIT_OK ? copy_list(&row, arena, ret) : err;
}

static enum ambit_err document_bytes(void *ctx, const struct ambit_digest *digest, bool is_zone,
                                     struct arena *arena, struct ambit_str *ret)
{
    struct verify *verify = ctx;
    size_t len = 0;
    (void)is_zone;
    enum ambit_err err =
        store_get(verify->txn, STORE_DOCUMENTS, (struct store_key){digest->b, DIGEST},
                  verify->large, VERIFY_LARGE, &len);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_DAMAGED : err;
    size_t head = len >= 2 ? 2u + (uint8_t)verify->large[1] : len;
    if (len <= head)
        return AMBIT_ERR_DAMAGED;
    *ret = arena_copy(arena, (struct ambit_str){.p = verify->large + head, .len = len - head});
    return ret->p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

/* Whether an erasure accounts for it is judged where documents are. */
static enum ambit_err replaced(void *ctx, const struct ambit_digest *digest,
                               const struct ambit_digest *now)
{
    (void)ctx;
    (void)digest;
    (void)now;
    return AMBIT_OK;
}

static enum ambit_err set_of(void *ctx, const struct ambit_digest *digest, struct redecide_set *ret)
{
    struct verify *verify = ctx;
    enum ambit_err err = sets_get(verify->again->sets, digest, ret);
    return err == AMBIT_ERR_NO_MEMORY || err == AMBIT_OK ? err : AMBIT_ERR_NOT_FOUND;
}

/* ---- grants --------------------------------------------------------------------------------- */

static enum ambit_err event_at(void *ctx, uint64_t seq, struct arena *arena, struct event *ret)
{
    struct verify *verify = ctx;
    struct ledger_row stored;
    BUF_AUTO memory;
    buf_init(&memory, 0);
    enum ambit_err err = verify_row(verify, seq, &memory, &stored);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_NOT_FOUND;
    struct ambit_str bytes = arena_copy(arena, stored.bytes);
    struct ambit_str opening = arena_copy(arena, stored.opening);
    if (bytes.p == NULL || opening.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    err = event_decode(bytes, opening, arena, ret);
    if (err == AMBIT_ERR_DAMAGED)
        err = event_decode(bytes, AMBIT_STR(""), arena, ret);
    return err == AMBIT_OK || err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_NOT_FOUND;
}

/* The rebuilt row says which event gave it; what that event says is read from the record. */
static enum ambit_err event_of(void *ctx, struct ambit_id grant, struct arena *arena,
                               struct event *ret)
{
    struct verify *verify = ctx;
    struct grant_row row;
    enum ambit_err err = grant_load_row(verify->rebuilt_txn, grant, arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_NOT_FOUND;
    return event_at(ctx, row.seq, arena, ret);
}

static enum ambit_err grant_of(void *ctx, struct ambit_id id, struct arena *arena,
                               struct redecide_grant *ret)
{
    const struct redecide_issued issued = {.ctx = ctx, .event_of = event_of};
    return redecide_grant_of(&issued, id, arena, ret);
}

/* ---- one event ------------------------------------------------------------------------------ */

static void before_problem(void *ctx, const uint64_t *seq, const char *what)
{
    verify_problem_seq(ctx, *seq, "events", what);
}

enum ambit_err verify_redecide_init(struct verify *verify)
{
    const struct before_source before = {
        .ctx = verify, .event_at = event_at, .problem = before_problem, .set_of = set_of};
    uint64_t key[2];
    const struct sets_source source = {
        .ctx = verify, .list = list_set, .bytes = document_bytes, .replaced = replaced};
    verify->again = calloc(1, sizeof *verify->again);
    if (verify->again == NULL)
        return AMBIT_ERR_NO_MEMORY;
    random_bytes((uint8_t *)key, sizeof key);
    before_init(&verify->again->before, &before, key);
    verify->again->decision = malloc(sizeof *verify->again->decision);
    return verify->again->decision != NULL ? sets_new(&source, &verify->again->sets)
                                           : AMBIT_ERR_NO_MEMORY;
}

void verify_redecide_done(struct verify *verify)
{
    if (verify->again == NULL)
        return;
    sets_free(verify->again->sets);
    before_done(&verify->again->before);
    free(verify->again->decision);
    free(TAKE(verify->again));
}

/* How its grant stood, by the events before it. A stop that was accepted and not yet recorded may
 * have ended the grant earlier than they say. */
static AMBIT_CHECKED enum ambit_err check_liveness(struct verify *verify, const struct event *event,
                                                   struct arena *arena)
{
    struct grant_row row;
    enum ambit_liveness was = AMBIT_LIVE;
    bool is_grant = event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED;
    struct ambit_id id = is_grant ? event->parent : event->grant;
    if (!redecide_was_asked(event) || ambit_id_is_none(id) ||
        (is_grant && ambit_id_is_none(event->lineage)))
        return AMBIT_OK;
    enum ambit_err err = grant_load_row(verify->rebuilt_txn, id, arena, &row);
    if (err == AMBIT_OK)
        err = cutoff_liveness(verify->rebuilt_txn, verify->head.last_cutoff_seq, &row, &was);
    if (err != AMBIT_OK) /* no such grant: told where it is decided again */
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_OK;
    if (event->liveness != was && event->liveness != AMBIT_DEAD_STOPPED)
        verify_problem_seq(verify, event->seq, "events",
                           was == AMBIT_LIVE
                               ? "says that its grant was over, which no event before it did"
                               : "says that its grant was alive, which an event before it ended");
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err decide_again(struct verify *verify, const struct event *event,
                                                 struct arena *arena, bool *ret_follows)
{
    struct world world;
    const struct redecide_source source = {.ctx = verify,
                                           .set_of = set_of,
                                           .grant_of = grant_of,
                                           .history = &world.view,
                                           .followed = before_followed(&verify->again->before)};
    struct redecided redecided;
    world_of_tables(verify->rebuilt_txn, event->time_ms, verify->head.last_cutoff_seq, &world);
    enum ambit_err err = redecide_event(event, &source, verify->again->decision, arena, &redecided);
    if (err != AMBIT_OK)
        return err;
    *ret_follows = redecided.finding == REDECIDE_FOLLOWS;
    switch (redecided.finding) {
    case REDECIDE_FOLLOWS:
        verify->report->n_redecided++;
        break;
    case REDECIDE_DIFFERS:
        verify->report->n_redecided++;
        struct ambit_str what = verify_copy(verify, redecided.what);
        verify_problem_seq(verify, event->seq, "events",
                           what.p != NULL ? what.p : "its inputs decide otherwise");
        break;
    case REDECIDE_ERASED:
    case REDECIDE_NO_ZONES:
    case REDECIDE_NO_SET:
        verify->report->n_undecided++;
        break;
    case REDECIDE_NOT_ASKED:
        break;
    }
    return AMBIT_OK;
}

enum ambit_err verify_redecide(struct verify *verify, const struct event *event,
                               struct arena *arena)
{
    bool follows = false;
    if (verify->again == NULL)
        return AMBIT_OK;
    if (!verify_is_whole(verify)) { /* the grants it may be about were not read */
        verify->report->n_undecided += redecide_was_asked(event);
        return AMBIT_OK;
    }
    enum ambit_err err = check_liveness(verify, event, arena);
    if (err == AMBIT_OK)
        err = decide_again(verify, event, arena, &follows);
    if (err == AMBIT_OK)
        err = before_judge(&verify->again->before, event, NULL,
                           follows ? verify->again->decision : NULL, arena);
    return err == AMBIT_OK ? before_note(&verify->again->before, event, arena) : err;
}
