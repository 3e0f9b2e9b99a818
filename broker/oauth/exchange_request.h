/* SPDX-License-Identifier: Apache-2.0 */
/* What the grant type token exchange (RFC 8693) has in its form beside what all grant types share:
 * whose authority is handed on, and to whom. Step 5 of standards.md section 3, syntax alone. Pure.
 */
#pragma once

#include "identity/identity.h"
#include "oauth/token_request.h"

#define ACCESS_TOKEN_TYPE "urn:ietf:params:oauth:token-type:access_token"

struct exchange_request {
    struct identity_token subject; /* the grant that the new one shall hang from */
    bool has_actor;
    struct identity_token actor; /* a token of whoever acts, which is the client */
    struct ambit_str audience;   /* the target by its other name (TEX-1); absent {NULL,0} */
};
/* MALFORMED with *reterr. */
AMBIT_CHECKED enum ambit_err exchange_request_read(const struct form *form,
                                                   struct exchange_request *ret,
                                                   struct token_refusal *reterr);
