/* SPDX-License-Identifier: Apache-2.0 */
/* Backups of a running broker: one at a time, on a thread of its own that reads one moment of the
 * store and is slowed down, so that stops and grants do not wait for it. A backup has its name only
 * after the record says so (record.backed_up): there is none that nobody knows of. What fails
 * leaves nothing behind but a line in the log and the answer of GET /v1/backups. */
#pragma once

#include "core/long_job.h"

struct json_out;

AMBIT_CHECKED enum ambit_err backups_new(const char *folder, bool with_keys, uint64_t bytes_per_s,
                                         struct broker *broker);
/* Ends what is being made. Before the writer stops. */
void backups_stop(struct broker *broker);
void backups_free(struct broker *broker);

enum backup_refusal { BACKUP_FINE, BACKUP_RUNS, BACKUP_TAKEN };
/* OK: it is begun (or `ret` says why not). Name and reason: of the forms that the body has. SEALED:
 * nothing could be recorded of it. */
AMBIT_CHECKED enum ambit_err backup_begin(struct broker *broker, const struct long_job_asked *asked,
                                          struct ambit_str name, enum backup_refusal *ret);
/* GET /v1/backups: {"backups":[…],"copying":{…},"failed":{…}}. Reads the folder: a query thread. */
AMBIT_CHECKED enum ambit_err backups_query(struct broker *broker, struct json_out *out);
/* When the last one was made, from memory: 0, none since the start that is known of. */
int64_t backups_last_ms(struct broker *broker);
