/* SPDX-License-Identifier: Apache-2.0 */
/* Witnesses (C2SP tlog-witness, COS-1, COS-2): others who look at each checkpoint, hold it against
 * the last one they saw, and sign what they found consistent. What they have signed cannot be taken
 * back by the broker's own administrator. A thread a witness: a slow one keeps nobody waiting, and
 * nothing that is decided waits for any. */
#pragma once

#include "core/internal.h"

struct witnesses;
/* MALFORMED with a sentence when a key is none of a cosigner. */
AMBIT_CHECKED enum ambit_err witnesses_start(struct broker *broker, struct witnesses **ret,
                                             struct buf *reterr_text);
void witnesses_stop(struct witnesses *witnesses); /* NULL is fine */

/* The newest checkpoint that somebody cosigned, with the cosignatures it has. NOT_FOUND. */
AMBIT_CHECKED enum ambit_err witnesses_note(struct witnesses *witnesses, struct buf *out);
/* Lines for /metrics. */
void witnesses_metrics(struct witnesses *witnesses, int64_t now_ms, struct buf *out);
