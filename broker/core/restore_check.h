/* SPDX-License-Identifier: Apache-2.0 */
/* The judgements of a restore: is the backup sound, and is it behind what is known? */
#pragma once

#include "core/restore.h"

/* The sentence into the report. Gives `err` back. */
__attribute__((format(printf, 3, 4))) enum ambit_err restore_say(struct restore_report *report,
                                                                 enum ambit_err err,
                                                                 const char *format, ...);
/* Manifest, digest of the file, pages, where the record stands, and (unless left out) everything
 * that `ambit verify` looks at. */
AMBIT_CHECKED enum ambit_err restore_check_backup(const struct restore_plan *plan,
                                                  struct restore_report *report);
/* Fills `known`, `is_rollback`, `is_other_record` and what is lost. REFUSED as said above. */
AMBIT_CHECKED enum ambit_err restore_check_rollback(const struct restore_plan *plan,
                                                    struct restore_report *report);
