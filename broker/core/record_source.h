/* SPDX-License-Identifier: Apache-2.0 */
/* A store as a place to read a log's files from, without its broker: what an export of a state
 * folder is made from. The checkpoint is the last one published. */
#pragma once

#include "ledger/source.h"

struct record_source;
/* `folder`: a state folder. NOT_FOUND: no store, or no published checkpoint there. */
AMBIT_CHECKED enum ambit_err record_source_open(const char *folder, struct record_source **ret);
void record_source_close(struct record_source *source);
struct log_source record_source_of(struct record_source *source);
