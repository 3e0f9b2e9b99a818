/* SPDX-License-Identifier: Apache-2.0 */
/* What the golden store and its test agree on. store.mdb.gz was made by make_golden_store of
 * version 0.1.0; store.json beside it says what is in it. */
#pragma once

#include "stage.h"

#define GOLDEN_END_MS (STAGE_START_MS + 4 * 3600 * 1000) /* of the last event, at the latest */

/* The documents in force at its end, in the folder; the clocks there. */
void golden_documents(struct stage *stage);
