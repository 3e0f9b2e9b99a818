/* SPDX-License-Identifier: Apache-2.0 */
/* An event as people and programs read it (interfaces.md EVENT): texts opened, the leaf beside
 * it. */
#pragma once

#include "core/broker.h"
#include "ledger/ledger.h"

struct arena;
struct json_out;

struct event_form {
    bool with_checks; /* the list of checks, derived by the engine from the event's own inputs */
    bool as_leaf;     /* what was hashed, with its commitments, instead of the members */
};
AMBIT_CHECKED enum ambit_err event_json_write(struct broker *broker, struct store_txn *txn,
                                              const struct ledger_row *row,
                                              const struct event *event, struct event_form form,
                                              struct arena *arena, struct json_out *out);
/* Shared shapes of the wire. */
void json_items(struct json_out *out, const struct ambit_given *items, size_t n);
void json_except(struct json_out *out, const struct ambit_except *except, size_t n);
struct ambit_explanation;
void json_checks(struct json_out *out, const struct ambit_explanation *explanation);
/* The event explained again: checks only. UNSUPPORTED for events that decided nothing. */
AMBIT_CHECKED enum ambit_err event_explain(struct broker *broker, struct store_txn *txn,
                                           const struct event *event, struct arena *arena,
                                           struct ambit_explanation *ret);
