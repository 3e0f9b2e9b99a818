/* SPDX-License-Identifier: Apache-2.0 */
/* What leads to what. Ids that an event names were given before it; what answers to an id comes
 * behind it. Both are noted in one walk, and settled at its end. */
#include "ledger/erasure.h"
#include "ledger/evidence_internal.h"
#include "ledger/follow_links.h"

static const struct ambit_digest no_digest;

enum ambit_err evidence_add(struct evidence_list *list, const void *one, size_t size)
{
    if (list->n == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        void *v = room < SIZE_MAX / size ? realloc(list->v, room * size) : NULL;
        if (v == NULL)
            return AMBIT_ERR_NO_MEMORY;
        list->v = v;
        list->room = room;
    }
    memcpy((char *)list->v + list->n++ * size, one, size);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err add_id(struct evidence *evidence, struct ambit_id id)
{
    return ambit_id_is_none(id) ? AMBIT_OK : evidence_add(&evidence->own, &id, sizeof id);
}

/* ---- noted, chosen or not ------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err answers(struct evidence *evidence, struct ambit_id id,
                                            uint64_t seq)
{
    const struct evidence_answer answer = {.id = id, .seq = seq};
    return ambit_id_is_none(id) ? AMBIT_OK
                                : evidence_add(&evidence->answers, &answer, sizeof answer);
}

static bool is_of_stop(enum event_type type)
{
    return type == EVENT_STOP_CLEARED || type == EVENT_STOP_CLEAR_ASKED ||
           type == EVENT_INCIDENT_OPENED || type == EVENT_INCIDENT_ESCALATED ||
           type == EVENT_INCIDENT_ACKNOWLEDGED || type == EVENT_INCIDENT_CLOSED ||
           type == EVENT_PERSON_OFFBOARDED;
}

static bool is_of_approval(enum event_type type)
{
    return type == EVENT_APPROVAL_GIVEN || type == EVENT_APPROVAL_REFUSED ||
           type == EVENT_APPROVAL_LAPSED || type == EVENT_APPROVAL_USED ||
           type == EVENT_APPROVAL_AWAITED || type == EVENT_APPROVAL_CANCELLED;
}

static AMBIT_CHECKED enum ambit_err note_answers(struct evidence *evidence,
                                                 const struct event *event)
{
    enum ambit_err err = answers(evidence, event->cause, event->seq);
    if (err == AMBIT_OK && is_of_stop(event->type)) {
        err = answers(evidence, event->stop, event->seq);
        if (err == AMBIT_OK)
            err = answers(evidence, event->incident, event->seq);
    }
    if (err == AMBIT_OK && is_of_approval(event->type))
        err = answers(evidence, event->approval, event->seq);
    if (err == AMBIT_OK && event->type == EVENT_GRANT_REVOKED)
        err = answers(evidence, event->grant, event->seq);
    return err;
}

enum ambit_err evidence_note(struct evidence *evidence, const struct event *event)
{
    const char *unused = NULL, *unused_too = NULL;
    const struct evidence_version set = {.digest = event->documents, .seq = event->seq},
                                  document = {.digest = event->digest, .seq = event->seq};
    enum ambit_err err = follow_links(&evidence->places, event, &unused, &unused_too);
    if (err == AMBIT_OK)
        err = note_answers(evidence, event);
    if (err == AMBIT_OK && event->type == EVENT_DOCUMENTS_ACTIVATED)
        err = evidence_add(&evidence->activated, &set, sizeof set);
    if (err == AMBIT_OK && event->type == EVENT_DOCUMENTS_CONFIRMED)
        err = evidence_add(&evidence->confirmed, &document, sizeof document);
    if (err == AMBIT_OK && event->type == EVENT_PERSONAL_ERASED)
        err = evidence_add(&evidence->erasures, &event->seq, sizeof event->seq);
    return err;
}

/* ---- chosen --------------------------------------------------------------------------------- */

enum ambit_err evidence_link(struct evidence *evidence, uint64_t seq)
{
    if (evidence->why[seq] != EVIDENCE_NOT)
        return AMBIT_OK;
    if (evidence->summary.n == EVIDENCE_EVENTS_MAX)
        return AMBIT_ERR_TOO_LARGE;
    evidence->why[seq] = EVIDENCE_LINKED;
    evidence->summary.n++;
    evidence->summary.by[EVIDENCE_LINKED]++;
    return evidence_add(&evidence->todo, &seq, sizeof seq);
}

static AMBIT_CHECKED enum ambit_err link_id(struct evidence *evidence, enum place_kind kind,
                                            struct ambit_id id)
{
    uint64_t seq = 0;
    bool is_there = !ambit_id_is_none(id) && places_find(&evidence->places, kind, id, &seq);
    return is_there ? evidence_link(evidence, seq) : AMBIT_OK;
}

enum ambit_err evidence_link_set(struct evidence *evidence, const struct ambit_digest *set,
                                 uint64_t seq)
{
    const struct evidence_version *activated = evidence->activated.v;
    if (ambit_digest_eq(*set, no_digest))
        return AMBIT_OK;
    for (size_t i = evidence->activated.n; i-- > 0;)
        if (activated[i].seq <= seq && ambit_digest_eq(activated[i].digest, *set))
            return evidence_link(evidence, activated[i].seq);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err add_version(struct evidence *evidence,
                                                const struct ambit_digest *digest)
{
    const struct ambit_digest *versions = evidence->versions.v;
    if (ambit_digest_eq(*digest, no_digest))
        return AMBIT_OK;
    for (size_t i = evidence->versions.n; i-- > 0;)
        if (ambit_digest_eq(versions[i], *digest))
            return AMBIT_OK;
    return evidence_add(&evidence->versions, digest, sizeof *digest);
}

static AMBIT_CHECKED enum ambit_err follow_policies(struct evidence *evidence,
                                                    const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    if (event->policy.p != NULL)
        err = add_version(evidence, &event->digest);
    for (size_t i = 0; err == AMBIT_OK && i < event->n_items; i++)
        err = add_version(evidence, &event->items[i].digest);
    return err;
}

/* What later events may be because of. */
static AMBIT_CHECKED enum ambit_err add_own(struct evidence *evidence, const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    if (event->decision != EVENT_DECISION_NONE || event->type == EVENT_SIGNAL_RECEIVED ||
        event->type == EVENT_ACTION_UNACCOUNTED)
        err = add_id(evidence, event->id);
    if (err == AMBIT_OK && event->type == EVENT_GRANT_ISSUED)
        err = add_id(evidence, event->grant);
    if (err == AMBIT_OK &&
        (event->type == EVENT_STOP_RAISED || event->type == EVENT_INCIDENT_OPENED)) {
        err = add_id(evidence, event->stop);
        if (err == AMBIT_OK)
            err = add_id(evidence, event->incident);
    }
    if (err == AMBIT_OK && event->type == EVENT_APPROVAL_ASKED)
        err = add_id(evidence, event->approval);
    return err;
}

enum ambit_err evidence_follow(struct evidence *evidence, const struct event *event)
{
    const struct {
        enum place_kind kind;
        struct ambit_id id;
    } named[] = {
        {PLACE_GRANT, event->grant},       {PLACE_GRANT, event->parent},
        {PLACE_GRANT, event->lineage},     {PLACE_GRANT, event->replaces},
        {PLACE_EVENT, event->cause},       {PLACE_STOP, event->stop},
        {PLACE_INCIDENT, event->incident}, {PLACE_APPROVAL, event->approval},
    };
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < AMBIT_LEN(named); i++)
        err = link_id(evidence, named[i].kind, named[i].id);
    for (size_t i = 0; err == AMBIT_OK && i < event->n_used_stops; i++)
        err = link_id(evidence, PLACE_STOP, event->used_stops[i].id);
    if (err == AMBIT_OK)
        err = evidence_link_set(evidence, &event->documents, event->seq);
    if (err == AMBIT_OK)
        err = follow_policies(evidence, event);
    return err == AMBIT_OK ? add_own(evidence, event) : err;
}

/* ---- settled -------------------------------------------------------------------------------- */

static int compare_answers(const void *a, const void *b)
{
    const struct evidence_answer *x = a, *y = b;
    int order = memcmp(x->id.b, y->id.b, sizeof x->id.b);
    return order != 0 ? order : (x->seq < y->seq ? -1 : x->seq > y->seq);
}

static int compare_seqs(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static AMBIT_CHECKED enum ambit_err link_answers(struct evidence *evidence, struct ambit_id id)
{
    const struct evidence_answer *answer = evidence->answers.v;
    size_t low = 0, high = evidence->answers.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(answer[middle].id.b, id.b, sizeof id.b) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    enum ambit_err err = AMBIT_OK;
    for (; err == AMBIT_OK && low < evidence->answers.n &&
           memcmp(answer[low].id.b, id.b, sizeof id.b) == 0;
         low++)
        err = evidence_link(evidence, answer[low].seq);
    return err;
}

static AMBIT_CHECKED enum ambit_err link_confirmations(struct evidence *evidence,
                                                       const struct ambit_digest *digest)
{
    const struct evidence_version *confirmed = evidence->confirmed.v;
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < evidence->confirmed.n; i++)
        if (ambit_digest_eq(confirmed[i].digest, *digest))
            err = evidence_link(evidence, confirmed[i].seq);
    return err;
}

/* The linked events themselves, read again. */
static AMBIT_CHECKED enum ambit_err follow_todo(struct evidence *evidence)
{
    struct evidence_list todo = evidence->todo;
    evidence->todo = (struct evidence_list){.v = NULL};
    enum ambit_err err = AMBIT_OK;
    const uint64_t *seqs = todo.v;
    if (todo.n > 0)
        qsort(todo.v, todo.n, sizeof *seqs, compare_seqs);
    for (size_t i = 0; err == AMBIT_OK && i < todo.n; i++) {
        struct event event;
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        err = evidence_read(evidence, seqs[i] / LOG_TILE_WIDTH, false);
        if (err == AMBIT_OK)
            err = evidence_decode(evidence, seqs[i], &arena, &event);
        if (err == AMBIT_OK)
            err = evidence_follow(evidence, &event);
    }
    free(todo.v);
    return err;
}

static AMBIT_CHECKED enum ambit_err follow_all(struct evidence *evidence)
{
    enum ambit_err err = AMBIT_OK;
    while (err == AMBIT_OK && (evidence->todo.n > 0 || evidence->n_own_done < evidence->own.n ||
                               evidence->n_versions_done < evidence->versions.n)) {
        for (; err == AMBIT_OK && evidence->n_own_done < evidence->own.n; evidence->n_own_done++)
            err = link_answers(evidence,
                               ((const struct ambit_id *)evidence->own.v)[evidence->n_own_done]);
        for (; err == AMBIT_OK && evidence->n_versions_done < evidence->versions.n;
             evidence->n_versions_done++)
            err = link_confirmations(
                evidence,
                &((const struct ambit_digest *)evidence->versions.v)[evidence->n_versions_done]);
        if (err == AMBIT_OK)
            err = follow_todo(evidence);
    }
    return err;
}

/* Did it take something from a chosen event, or from a document? */
static bool touches(const struct evidence *evidence, const struct erasure *erasure)
{
    for (size_t i = 0; i < erasure->n_ranges; i++)
        for (uint64_t seq = erasure->ranges[i].first;
             seq <= erasure->ranges[i].last && seq < evidence->summary.size; seq++)
            if (evidence->why[seq] != EVIDENCE_NOT)
                return true;
    return erasure->n_documents > 0;
}

static AMBIT_CHECKED enum ambit_err link_erasure(struct evidence *evidence, uint64_t seq)
{
    struct event event;
    struct erasure erasure;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = evidence_read(evidence, seq / LOG_TILE_WIDTH, false);
    if (err == AMBIT_OK)
        err = evidence_decode(evidence, seq, &arena, &event);
    if (err == AMBIT_OK)
        err = erasure_read(&event, &arena, &erasure);
    if (err == AMBIT_ERR_DAMAGED || (err == AMBIT_OK && touches(evidence, &erasure)))
        err = evidence_link(evidence, seq);
    return err;
}

enum ambit_err evidence_settle(struct evidence *evidence)
{
    if (evidence->answers.n > 0)
        qsort(evidence->answers.v, evidence->answers.n, sizeof(struct evidence_answer),
              compare_answers);
    enum ambit_err err = follow_all(evidence);
    for (size_t i = 0; err == AMBIT_OK && i < evidence->erasures.n; i++)
        err = link_erasure(evidence, ((const uint64_t *)evidence->erasures.v)[i]);
    return err == AMBIT_OK ? follow_all(evidence) : err;
}
