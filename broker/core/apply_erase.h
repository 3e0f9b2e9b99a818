/* SPDX-License-Identifier: Apache-2.0 */
/* What a personal.erased event takes from the tables: members of openings, and name and e-mail out
 * of people's documents. What is not there is nothing to take: a store that is built again from its
 * events alone has neither openings nor documents. */
#pragma once

#include "ledger/event.h"

struct store_txn;

AMBIT_CHECKED enum ambit_err apply_erased(struct store_txn *txn, const struct event *event);
