/* SPDX-License-Identifier: Apache-2.0 */
/* Approval as a question meets it on the writer's side (PL "Approval"): the answer that people gave
 * to exactly this, or to an envelope around it; opening a question when one is needed and nothing
 * else stands in the way; and using an answer up. */
#pragma once

#include "core/approval_row.h"
#include "core/internal.h"

struct approval_use {
    struct ambit_digest shown; /* what people would be shown */
    bool is_found;
    struct approval_row row; /* when found */
    enum ambit_approval_state state;
    int64_t lapse_ms; /* bounds what is given; 0: it does not */
};

/* The answer to this question. `wanted`: an approval that the request names, or none; one that is
 * of another agent, void, used up or of something else counts for nothing. */
AMBIT_CHECKED enum ambit_err approval_look_grant(struct broker *broker, struct store_txn *txn,
                                                 const struct ambit_grant_question *question,
                                                 struct ambit_id wanted, struct arena *arena,
                                                 struct approval_use *ret);
AMBIT_CHECKED enum ambit_err approval_look_action(struct store_txn *txn,
                                                  const struct action_command *command,
                                                  struct approval_use *ret);
/* Is the answer one to the rules that ask now, in the versions that were shown? */
bool approval_fits(const struct approval_use *use, const struct ambit_decision *decision);
/* What the event of a decision says of it: the question needs it to be decided again. */
AMBIT_CHECKED enum ambit_err approval_tell(const struct approval_use *use,
                                           const struct ambit_decision *decision,
                                           struct arena *arena, struct event *event);
/* What follows from an approval, or from there being none, once the decision is recorded: an allow
 * that rests on one uses it up; a refusal for want of one joins the question that is pending, or
 * opens one. *ret: that question; none also when people are not asked again (too many pending, too
 * many in the hour). */
AMBIT_CHECKED enum ambit_err approval_settle(struct command *command, struct store_txn *txn,
                                             const struct event *decided,
                                             const struct approval_use *use, struct arena *arena,
                                             struct ambit_id *ret);

/* Records that nobody answered in time. */
AMBIT_CHECKED enum ambit_err approval_lapse(struct broker *broker, struct store_txn *txn,
                                            int64_t now_ms, struct ambit_id id);

/* The question as it was put: its approval.asked event, texts in the arena and in `memory`. */
AMBIT_CHECKED enum ambit_err approval_question(struct store_txn *txn,
                                               const struct approval_row *row, struct buf *memory,
                                               struct arena *arena, struct event *ret);
/* One rule that asks, as the question says it. */
struct approval_ask {
    struct ambit_str agent, policy, rule;
    struct ambit_digest digest;
    enum ambit_tier tier;
    unsigned roles; /* enum ambit_role bits; 0: any */
    struct ambit_strs teams;
    int64_t count;
};
AMBIT_CHECKED enum ambit_err approval_asks(const struct event *question, struct arena *arena,
                                           struct approval_ask **ret, size_t *ret_n);
/* May this person answer for at least one of the rules? */
bool approval_is_theirs(const struct approval_ask *asks, size_t n,
                        const struct ambit_person *person);
/* Do those who said yes suffice for this rule? */
bool approval_suffices(const struct approval_ask *ask, const struct approval_row *row,
                       const struct ambit_documents *documents);
/* Void by a cut-off since it was given. */
AMBIT_CHECKED enum ambit_err approval_is_void(struct store_txn *txn, uint64_t last_cutoff_seq,
                                              const struct ambit_documents *documents,
                                              const struct approval_row *row, bool *ret);
