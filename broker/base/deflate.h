/* SPDX-License-Identifier: Apache-2.0 */
/* Compression by zlib, at the best level: into the zlib format (RFC 1950), and gzip (RFC 1952) for
 * a body. Only ever of what we wrote ourselves: nothing from outside is taken apart here. */
#pragma once

#include "base/buf.h"

enum deflate_form { DEFLATE_ZLIB, DEFLATE_GZIP };
/* Appends to `out`. NO_MEMORY. */
AMBIT_CHECKED enum ambit_err deflate_all(enum deflate_form form, struct ambit_str bytes,
                                         struct buf *out);
