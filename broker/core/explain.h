/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/explain: a question in thought against the documents, the stops and the record of now.
 * Nothing comes of it but one question.answered event. */
#pragma once

#include "ambit/explain.h"
#include "core/command.h"

struct json_value;

struct explain_query {
    const struct json_value *question; /* interfaces.md, POST /v1/explain */
    struct ambit_str only_owner;       /* a person who may ask about their own agents alone */
    /* outputs, in the arena handed in */
    struct ambit_hypothesis hypothesis;
    struct ambit_hypothesis_problem problem; /* MALFORMED, NOT_FOUND */
    struct ambit_answer answer;
};
/* For query threads. MALFORMED and NOT_FOUND with the problem; REFUSED: not their agent. A history
 * that the question tells stands in place of the recorded one; without one, `now` may not lie
 * before the record's. */
AMBIT_CHECKED enum ambit_err query_explain(struct broker *broker,
                                           const struct documents_ref *documents,
                                           struct arena *arena, struct explain_query *query);

/* The event of a question that was answered; nothing else is changed by it. */
struct question_command {
    struct command base;
    struct ambit_str agent;
    struct ambit_digest asked; /* of the question as sent */
    const struct explain_query *query;
};
AMBIT_CHECKED enum ambit_err question_submit(struct question_command *command);
