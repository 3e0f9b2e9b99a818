/* SPDX-License-Identifier: Apache-2.0 */
/* SPIFFE IDs (SPF-4): spiffe://TRUST-DOMAIN/PATH, at most 2,048 bytes, compared byte by byte. Pure.
 */
#pragma once

#include "ambit/base.h"

enum { SPIFFE_ID_MAX = 2048, SPIFFE_DOMAIN_MAX = 255 };
struct spiffe_id {
    struct ambit_str domain; /* borrowed from the text */
    struct ambit_str path;   /* with its first slash; absent {NULL,0} of a trust domain itself */
};
bool spiffe_read(struct ambit_str text, struct spiffe_id *ret);
