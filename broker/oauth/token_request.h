/* SPDX-License-Identifier: Apache-2.0 */
/* The form of POST /token after the client has proved itself: steps 4 to 6 of standards.md section
 * 3, syntax alone (TOK-13). What is refused here was not decided, is not counted and not recorded.
 * Pure. */
#pragma once

#include "base/form.h"
#include "oauth/asked.h"
#include "oauth/error.h"

/* Grant types: one row here, one in the table of token.c, and what the type does in a file of its
 * own. The metadata lists exactly these (MET-4). */
#define GRANT_TYPE_LIST(X)                                         \
    X(CLIENT_CREDENTIALS, "client_credentials")                    \
    X(EXCHANGE, "urn:ietf:params:oauth:grant-type:token-exchange") \
    X(CIBA, "urn:openid:params:grant-type:ciba")                   \
    X(DEFERRED, "urn:ietf:params:oauth:grant-type:deferred")       \
    X(JWT_BEARER, "urn:ietf:params:oauth:grant-type:jwt-bearer")
enum grant_type {
#define X(name, text) GRANT_TYPE_##name,
    GRANT_TYPE_LIST(X)
#undef X
        GRANT_TYPES
};
const char *grant_type_text(enum grant_type type);

struct token_request {
    struct asked asked;
    struct ambit_str resource; /* the audience asked for; absent {NULL,0} */
    struct ambit_str purpose;  /* of the form or the details; absent {NULL,0} */
    bool has_lifetime;
    int64_t lifetime_s;       /* zero and below are the engine's to refuse */
    struct ambit_id approval; /* that the request rests on; none */
};

struct token_refusal {
    enum oauth_error error;
    const char *description; /* fixed text, HTP-11 */
};

/* Step 4. MALFORMED with *reterr (TOK-7). */
AMBIT_CHECKED enum ambit_err grant_type_read(const struct form *form, enum grant_type *ret,
                                             struct token_refusal *reterr);
/* An absolute URI without a fragment, of the characters of RFC 3986 (RES-1). */
bool token_target_is_fine(struct ambit_str text);
/* Step 6: what is asked, of whichever grant type. MALFORMED with *reterr, or NO_MEMORY. */
AMBIT_CHECKED enum ambit_err token_request_read(const struct form *form, struct arena *arena,
                                                struct token_request *ret,
                                                struct token_refusal *reterr);
