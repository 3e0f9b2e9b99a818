/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts (TLP-1) at the command line: fetched by `prove`, judged by `verify`. */
#pragma once

#include "cli/cli.h"

struct note_verifier;

extern const struct cli_verb audit_prove;

/* Is this file a receipt, by its first line? */
bool prove_is_receipt(const char *path);
/* Judges the receipt in cli->argument under the log's key, over the entry in --entry, or in the
 * file beside it with `.entry` behind its name; without one, over the hash that it names itself. */
enum cli_exit prove_verify(struct cli *cli, const struct note_verifier *key);
