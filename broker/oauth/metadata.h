/* SPDX-License-Identifier: Apache-2.0 */
/* Authorization server metadata (RFC 8414): what works, and nothing that does not. The
 * authorization endpoint is the one exception (D-1): stock clients do not parse metadata without
 * it, so it is named and refuses everybody. Pure. */
#pragma once

#include "ambit/base.h"

struct json_out;

void metadata_write(struct ambit_str issuer, struct json_out *out);
/* The path of an issuer, without a slash at its end: "" or "/t1". */
struct ambit_str metadata_issuer_path(struct ambit_str issuer);
