/* SPDX-License-Identifier: Apache-2.0 */
/* From an evaluation as it was read to the command that decides it, and from the command to its
 * answer: the same for one question and for each of a batch. */
#pragma once

#include "authzen/asker.h"
#include "authzen/request.h"
#include "core/command.h"

struct json_out;

/* Proofs of keys that the items of a batch brought: one that several share is looked at once, and
 * beyond so many none is, so that nobody waits for a batch of signatures. */
enum { QUESTION_PROOFS_MAX = 16 };
struct question_proofs {
    struct ambit_str proof, method, uri, token; /* the last one that was looked at */
    struct proved_keys proved;
    size_t n;
};

/* What all questions of one request share. */
struct questioner {
    struct broker *broker;
    struct documents_ref *documents;
    struct http_request *req;
    struct asker asker;
    struct repeat repeat;           /* as of the first question (question_read_key) */
    struct ambit_str key;           /* the text of the Idempotency-Key; absent: none */
    struct question_proofs *proofs; /* of a batch; NULL: there is one question */
};
/* AZN-20: the header of a service's request. False: the reply is filled (400). */
bool question_read_key(struct questioner *questioner, struct http_reply *reply);
/* Initialises and fills the command, but for `done` and `ready`. `place`: in the batch. */
AMBIT_CHECKED enum ambit_err question_fill(const struct questioner *questioner,
                                           const struct evaluation *asked, size_t place,
                                           struct action_command *ret);
/* The answer of one that was decided; the lesson of a denial, whose remedy is looked for, costs. */
struct question_telling {
    bool for_agent, with_lesson;
    struct ambit_str receipt; /* absent: none */
};
void question_answer(struct action_command *command, struct question_telling telling,
                     struct arena *arena, struct json_out *out);
/* The sentence of a command that has no answer, and its status; NULL when it has one. */
const char *question_failure(const struct command *command, unsigned *ret_status);
