/* SPDX-License-Identifier: Apache-2.0 */
/* Ids that an event names, against those that were given before it. */
#pragma once

#include "ledger/event.h"
#include "ledger/places.h"

/* Says what is named and was not given, and what is given that was before (constants; NULL: none);
 * then adds what this event gives. */
AMBIT_CHECKED enum ambit_err follow_links(struct places *places, const struct event *event,
                                          const char **ret_unknown, const char **ret_doubled);
