/* SPDX-License-Identifier: Apache-2.0 */
/* An export that lies in a folder or in a tar, read and written. Needs nothing but base: shared by
 * `ambit` and the small `ambit-verify`. */
#pragma once

#include "ledger/source.h"

/* ---- reading -------------------------------------------------------------------------------- */

struct files;
/* A folder, or a tar (ustar, uncompressed). NOT_FOUND; MALFORMED: neither. DAMAGED: a tar that is
 * cut short, or names a file twice. */
AMBIT_CHECKED enum ambit_err files_open(const char *path, struct files **ret);
void files_close(struct files *files);
struct log_source files_source(struct files *files);

/* ---- writing -------------------------------------------------------------------------------- */

struct files_out;
/* A new folder, or, where the name ends in `.tar`, a tar. EXISTS: the name is taken. */
AMBIT_CHECKED enum ambit_err files_create(const char *path, int64_t now_ms, struct files_out **ret);
AMBIT_CHECKED enum ambit_err files_put(struct files_out *out, const char *path,
                                       struct ambit_str bytes);
/* Flushed to the disk. */
AMBIT_CHECKED enum ambit_err files_finish(struct files_out *out);
/* What was not finished goes. */
void files_out_close(struct files_out *out);
