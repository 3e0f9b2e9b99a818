/* SPDX-License-Identifier: Apache-2.0 */
/* An evaluation in thought (AZN-12): what would be answered now, over one read transaction. Nothing
 * is decided, counted or recorded. For query threads; close it on the same thread, soon. */
#pragma once

#include "core/command.h"
#include "core/world.h"

struct dry {
    struct broker *broker;
    struct documents_ref *documents; /* borrowed */
    struct world world;
    int64_t now_ms;
};
/* SEALED, CLOCK, FULL, STOPPING: evaluation would be answered 503, and so is this. */
AMBIT_CHECKED enum ambit_err dry_open(struct broker *broker, struct documents_ref *documents,
                                      struct dry *ret);
void dry_close(struct dry *dry);
/* A command filled as for evaluation. Finds its subject; again when subject_id has changed. */
AMBIT_CHECKED enum ambit_err dry_subject(struct dry *dry, struct action_command *command);
/* Would its question, with this subject, be allowed? */
AMBIT_CHECKED enum ambit_err dry_allows(struct dry *dry, struct action_command *command, bool *ret);
/* The agent that the subject is, or acts for; {NULL,0}: none that is known. */
struct ambit_str dry_agent(const struct action_command *command);
