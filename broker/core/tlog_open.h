/* SPDX-License-Identifier: Apache-2.0 */
/* The log's key and files at the start, and what was published held against the store.
 *
 * The key is a file of its own (STATE/keys/log.key, 0600), or handed in by the service manager
 * (`ambit-log-key`); never one that signs tokens. STATE/log/checkpoint is the last checkpoint,
 * STATE/log/log.vkey the key as others know it.
 *
 * In the order of their making, so that every crash between two leaves a state that can be told
 * from a loss: the key; a checkpoint of size 0; log.started; then checkpoints. So a record that
 * says log.started has a checkpoint beside it, always. And of a way on: the next key
 * (log.key.next); log.continued; then the next key takes the place of the old one, the old
 * checkpoint is set aside as checkpoint.1, .2, ... */
#pragma once

#include "core/internal.h"
#include "ledger/note.h"

/* Looks; nothing is written and nothing recorded, but that a change of keys that was recorded is
 * completed. CONFLICT when the store is not what was published, with one sentence that says what
 * and how to go on; unless `accept` is given: then broker->log_start says so. With `accept` and
 * nothing wrong MALFORMED. */
AMBIT_CHECKED enum ambit_err tlog_look(struct broker *broker, struct ambit_str accept,
                                       struct buf *reterr_text);
/* After the writer's start and before anything else is recorded: the way on, if one was accepted.
 */
AMBIT_CHECKED enum ambit_err tlog_continue(struct broker *broker);
/* A record that is not published yet begins to be. */
AMBIT_CHECKED enum ambit_err tlog_begin(struct broker *broker);
/* From here on checkpoints are published. */
AMBIT_CHECKED enum ambit_err tlog_open(struct broker *broker);
void tlog_close(struct broker *broker);
