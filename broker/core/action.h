/* SPDX-License-Identifier: Apache-2.0 */
/* An action within a batch of the writer: shared by one question, a batch of them, and what may be
 * a repeat. */
#pragma once

#include "core/internal.h"

/* Decides and records one action. Repeatable. The command's base says way_in_lost, is_behind. */
AMBIT_CHECKED enum ambit_err action_decide(struct action_command *command, struct store_txn *txn,
                                           int64_t now_ms);
/* Before it is submitted: see grant_vouch(). */
AMBIT_CHECKED enum ambit_err action_vouch(struct action_command *command);
/* Once it is durable: into the metrics. */
void action_count(const struct action_command *command);

/* The question, and with the answer that people gave it where it lacks nothing else. The subject
 * and the question's `now` are found before; reads only. */
struct approval_use;
AMBIT_CHECKED enum ambit_err action_decide_approved(struct action_command *command,
                                                    struct store_txn *txn,
                                                    const struct ambit_world *world,
                                                    struct ambit_decision *decision,
                                                    struct approval_use *use);

/* Whom it is about (action_subject.c): the grant of the token, or the agent that the service's word
 * names; or is_unsupported. */
AMBIT_CHECKED enum ambit_err action_find_subject(struct action_command *command,
                                                 struct store_txn *txn);

/* AZN-20 (action_repeat.c). A repeat is answered with the earlier decision while everything up to
 * `inactive` holds as of now, which `failed_check` says; else it is an action like any other.
 * *ret_settled: the command has its answer and nothing is to be recorded. */
AMBIT_CHECKED enum ambit_err action_recall(struct action_command *command, struct store_txn *txn,
                                           int failed_check, bool *ret_settled);
void action_remember(struct action_command *command, const struct event *event);
