/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a decision by what was before it. */
#include "ledger/before.h"

#include "base/arena.h"

void before_init(struct before *before, const struct before_source *source, const uint64_t key[2])
{
    *before = (struct before){.source = *source};
    cuts_init(&before->cuts, key);
    people_init(&before->people, key);
}

void before_done(struct before *before)
{
    held_done(&before->held);
    cuts_done(&before->cuts);
    approvals_done(&before->approvals);
    people_done(&before->people);
}

static void tell(const struct before *before, const struct event *event, const char *what)
{
    if (what != NULL)
        before->source.problem(before->source.ctx, &event->seq, what);
}

/* ---- what is known while it is decided again ------------------------------------------------ */

static enum ambit_err fault_of(void *ctx, const struct event *event,
                               const struct ambit_agent *agent, struct ambit_str *ret)
{
    const struct before *before = ctx;
    if (event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED)
        tell(before, event, people_judge(&before->people, event, agent, before->is_partial));
    return people_fault(&before->people, event, agent, before->is_partial, ret);
}

const struct redecide_followed *before_followed(struct before *before)
{
    bool is_followed = !before->held.is_over && !before->has_gaps;
    before->followed =
        (struct redecide_followed){.held = before->held.views,
                                   .n_held = is_followed ? before->held.n : 0,
                                   .held_are_all = is_followed && !before->is_partial,
                                   .ctx = before,
                                   .fault_of = before->has_gaps ? NULL : fault_of};
    return &before->followed;
}

/* ---- one decision --------------------------------------------------------------------------- */

/* A stop that was accepted and stands in no event yet may have ended a grant earlier than the
 * events say. */
static const char *judge_liveness(const struct before *before, const struct event *event,
                                  enum ambit_liveness was)
{
    if (event->liveness == AMBIT_DEAD_STOPPED || event->liveness == was)
        return NULL;
    if (event->liveness == AMBIT_LIVE)
        return "says that its grant was alive, which an event before it ended";
    if (was == AMBIT_LIVE)
        return before->is_partial ? NULL
                                  : "says that its grant was over, which no event before it did";
    return before->has_gaps ? NULL : "says that no stop in force ended its grant, which one did";
}

/* What was decided in a later moment than that in which a stop was cleared cannot have seen it. */
static const char *judge_used(const struct before *before, const struct event *event)
{
    size_t unused = 0;
    for (size_t i = 0; i < event->n_used_stops; i++)
        if (held_was_cleared(&before->held, event->used_stops[i].id, event->time_ms) &&
            !held_find(&before->held, event->used_stops[i].id, &unused))
            return "was decided by a stop that held no more";
    return NULL;
}

static bool is_void(const struct before *before, const struct event *event,
                    const struct approved *approved)
{
    const struct cuts *cuts = &before->cuts;
    struct ambit_str none = {0};
    return cuts_name_ended(cuts, AMBIT_TARGET_ALL, none, approved->given_seq) ||
           cuts_name_ended(cuts, AMBIT_TARGET_AGENT, event->agent, approved->given_seq);
}

static AMBIT_CHECKED enum ambit_err judge_given(const struct before *before,
                                                const struct event *event,
                                                const struct approved *approved,
                                                const struct ambit_decision *decision)
{
    struct redecide_set set;
    if (!ambit_str_is(event->approved, "given"))
        return AMBIT_OK;
    if (is_void(before, event, approved))
        tell(before, event, "was made with an approval that a stop has made void");
    if (decision == NULL)
        return AMBIT_OK;
    enum ambit_err err = before->source.set_of(before->source.ctx, &approved->documents, &set);
    if (err == AMBIT_OK)
        tell(before, event, approvals_enough(approved, decision, ambit_policy_documents(set.set)));
    return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err judge_approval(const struct before *before,
                                                   const struct event *event,
                                                   const struct ambit_decision *decision,
                                                   struct arena *arena)
{
    const struct approved *approved = NULL;
    struct event asked;
    const char *what = approvals_judge(&before->approvals, event, before->is_partial, &approved);
    if (what != NULL || approved == NULL) {
        tell(before, event, what);
        return AMBIT_OK;
    }
    enum ambit_err err = judge_given(before, event, approved, decision);
    if (err == AMBIT_OK)
        err = before->source.event_at(before->source.ctx, approved->asked_seq, arena, &asked);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    err = approvals_shown(approved, &asked, event, &what);
    tell(before, event, what);
    return err;
}

enum ambit_err before_judge(struct before *before, const struct event *event,
                            const enum ambit_liveness *subject,
                            const struct ambit_decision *decision, struct arena *arena)
{
    if (!redecide_was_asked(event))
        return AMBIT_OK;
    before->unfollowed += !before->has_gaps && (before->held.is_over || before->approvals.is_over);
    if (subject != NULL)
        tell(before, event, judge_liveness(before, event, *subject));
    if (before->has_gaps)
        return AMBIT_OK;
    tell(before, event, judge_used(before, event));
    if (before->has_set && !ambit_digest_eq(event->documents, before->in_force))
        tell(before, event, "was decided by documents that were not in force");
    return judge_approval(before, event, decision, arena);
}

/* A hard stop that fired is raised at once: before anything else is said but of the approval that
 * the event used or wants. */
static bool may_come_between(enum event_type type)
{
    return type == EVENT_STOP_RAISED || type == EVENT_INCIDENT_OPENED ||
           type == EVENT_APPROVAL_ASKED || type == EVENT_APPROVAL_USED ||
           type == EVENT_APPROVAL_AWAITED;
}

static const char *note_trips(struct before *before, const struct event *event)
{
    static const struct ambit_str hard = {.p = "hard_stop:", .len = 10};
    const char *what = NULL;
    bool is_hard = event->type == EVENT_STOP_RAISED && event->by.len > hard.len &&
                   memcmp(event->by.p, hard.p, hard.len) == 0;
    bool is_due = before->n_tripped > 0 && ambit_id_eq(event->cause, before->tripped);
    if (is_hard && is_due)
        before->n_tripped--;
    else if (is_hard && !before->is_partial)
        what = "raises a hard stop that no event before it tripped";
    if (before->n_tripped > 0 && !may_come_between(event->type)) {
        what = "does not raise the hard stop that the event before it tripped";
        before->n_tripped = 0;
    }
    if (event->n_trips > 0) {
        before->tripped = event->id;
        before->n_tripped = event->n_trips;
    }
    return what;
}

enum ambit_err before_note(struct before *before, const struct event *event, struct arena *arena)
{
    const char *what = NULL;
    enum ambit_err err = held_note(&before->held, event);
    if (err == AMBIT_OK)
        err = cuts_note(&before->cuts, event);
    if (err == AMBIT_OK && !before->has_gaps)
        err = approvals_note(&before->approvals, event, arena, before->is_partial, &what);
    if (err == AMBIT_OK)
        err = people_note(&before->people, event);
    tell(before, event, what);
    if (!before->has_gaps)
        tell(before, event, note_trips(before, event));
    if (event->type == EVENT_DOCUMENTS_ACTIVATED) {
        before->has_set = true;
        before->in_force = event->documents;
    }
    return err;
}
