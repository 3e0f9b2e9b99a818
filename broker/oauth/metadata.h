/* SPDX-License-Identifier: Apache-2.0 */
/* Authorization server metadata (RFC 8414): what works, and nothing that does not. The
 * authorization endpoint is the one exception (D-1): stock clients do not parse metadata without
 * it, so it is named and refuses everybody. Pure. */
#pragma once

#include "ambit/base.h"

struct json_out;

struct identity_trust;
/* What of it is a matter of configuration. */
struct metadata {
    struct ambit_str issuer;
    const struct identity_trust *trust; /* NULL: nobody beside the documents */
    bool defers;                        /* token responses may be deferred (DTR-6) */
    const char *introspection_alg;      /* of signed introspection (INT-8) */
    bool has_status_list;               /* TSL-10 */
};
void metadata_write(const struct metadata *metadata, struct json_out *out);
/* The path of an issuer, without a slash at its end: "" or "/t1". */
struct ambit_str metadata_issuer_path(struct ambit_str issuer);
