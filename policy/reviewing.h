/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the review share. Private to policy/review*.c. */
#pragma once

#include "ambit/review.h"
#include "base/buf.h"

enum { REVIEW_TEXT_MAX = 2048 };

/* One document that is judged, and by whose names. */
struct judging {
    const struct ambit_reviewing *review;
    struct ambit_problems *missing;
    const struct ambit_documents *judges; /* whose people have a say */
    const struct ambit_documents *set;    /* that the document stands in */
    const struct ambit_document *document;
    bool is_removal;
    bool by_signature; /* a word alone is not enough */
};

/* How many of a kind of people are needed, and who is there. */
struct several {
    const char *role, *pointer;
    size_t needed, n_candidates, n_confirmed;
    struct buf names;
};

/* One problem of the document that is judged. */
AMBIT_CHECKED enum ambit_err review_complain(const struct judging *j, const char *pointer,
                                             const struct buf *what, const struct buf *expected);
AMBIT_CHECKED enum ambit_err review_complain_text(const struct judging *j, const char *pointer,
                                                  const char *what, const char *expected);
/* This very person, who is its `role`. */
AMBIT_CHECKED enum ambit_err review_need(const struct judging *j, struct ambit_str person,
                                         const char *role, const char *pointer);
/* One of several who may; then, that enough of them have. */
AMBIT_CHECKED enum ambit_err review_count_one(const struct judging *j, struct ambit_str person,
                                              struct several *several);
AMBIT_CHECKED enum ambit_err review_need_several(const struct judging *j,
                                                 const struct several *several);

/* review_policy.c */
AMBIT_CHECKED enum ambit_err review_policy(struct judging *j, const struct ambit_policy *policy);
