/* SPDX-License-Identifier: Apache-2.0 */
/* Who must have confirmed a changed set before it may come in force (policy-language.md, "A name in
 * a document is a claim until that person acts"). A pure function of the set in force, the proposed
 * set, and what the people confirmed; what it finds missing it lists, one problem a thing.
 *
 * Judged are the documents that are new, other than in force, or gone: what stands as it stood was
 * judged when it came. A confirmation counts for one version of one document, or for its removal.
 *   policy    low: accepted_by. medium: and a reviewer who is neither author nor acceptor. high:
 * and the owner, all by signature, and tests that pass and reach every rule and hard stop.
 *             critical: and a second such reviewer, and two approvals in every allow rule. And the
 *             owner of each service whose audience it names and whose resources its rules overlap.
 *             review.replaces names the version in force, and is absent where there is none.
 *   agent     its owner, its backup, the owner of each policy it lists; all of them by signature
 *             where one of those policies is of tier high or above.
 *   service   its owner, and an admin who is somebody else.
 *   person    two admins, neither of them the person.
 *   removal   the same people, as the version in force names them. */
#pragma once

#include "ambit/document.h"

/* Has this person confirmed it? */
struct ambit_confirm_query {
    enum ambit_kind kind;
    struct ambit_str name;
    struct ambit_digest digest; /* of the version; of the one in force for a removal */
    bool is_removal;
    struct ambit_str person;
};
struct ambit_confirmed {
    bool by_word, by_signature;
    bool has_bad_signature; /* one is there, and it is not theirs over this version */
};

struct ambit_reviewing {
    const struct ambit_documents *in_force; /* NULL: none, the first set of all */
    const struct ambit_documents *proposed;
    /* How messages name the folder; absent: not at all. */
    struct ambit_str folder;
    void *ctx;
    /* OK, or why it could not be told: nothing is judged then. */
    enum ambit_err (*confirmed)(void *ctx, const struct ambit_confirm_query *query,
                                struct ambit_confirmed *ret);
    /* Do the tests of this policy pass, and reach every rule and hard stop? *ret_why is absent
     * then, else a short English clause that lives as long as the review. NULL: nobody can tell. */
    enum ambit_err (*tested)(void *ctx, const struct ambit_policy *policy,
                             struct ambit_str *ret_why);
};
/* OK with everything that is missing added to `missing`; else it could not be judged. People are
 * those of the set in force: who is new there has no say yet. Of the first set of all they are the
 * proposed ones. */
AMBIT_CHECKED enum ambit_err ambit_review_judge(const struct ambit_reviewing *review,
                                                struct ambit_problems *missing);

/* The document of one set that the other has not as it is, in order of (kind, name). */
struct ambit_change_view {
    enum ambit_kind kind;
    struct ambit_str name;
    const struct ambit_document *before, *after; /* NULL: there was none; it goes */
};
/* Calls `each` for every document that is new, other or gone; what it returns other than OK ends
 * the walk. `before` may be NULL. */
AMBIT_CHECKED enum ambit_err ambit_documents_changes(
    const struct ambit_documents *before, const struct ambit_documents *after,
    enum ambit_err (*each)(void *ctx, const struct ambit_change_view *change), void *ctx);

/* What a signature for a removal is made over: one line, with its newline. */
enum { AMBIT_REMOVAL_TEXT_MAX = 256 };
struct ambit_str ambit_removal_text(enum ambit_kind kind, struct ambit_str name,
                                    struct ambit_digest digest, char dst[AMBIT_REMOVAL_TEXT_MAX]);
