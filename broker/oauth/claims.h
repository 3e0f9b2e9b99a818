/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a grant: the claims of its access token (ATJ-1..5), the token response (TOK-2)
 * and the introspection answer (INT-4), all written from the committed row and from nothing else,
 * so that a token never says more than the record. Pure. */
#pragma once

#include "core/grant_row.h"

struct json_out;

struct claims {
    struct ambit_str issuer;
    const struct grant_row *row;
    uint64_t live, ask; /* of ambit_grant_items_now() */
    const uint8_t *rnd; /* 16 bytes: the token's secret; NULL: left out (introspection) */
    const char *scope;  /* of a service's own grant, which has no items; NULL: that of the items */
    /* TSL-1: where its status stands; uri absent: nowhere */
    struct ambit_str status_uri;
    uint32_t status_index;
};
/* The members of the object, without its braces: introspection puts its own beside them. */
void claims_write(const struct claims *claims, struct json_out *out);

/* "DPoP" for what is bound by a proof; by a certificate it stays "Bearer" (DPOP-1, MTL-4). */
const char *claims_token_type(const struct grant_row *row);

struct token_response {
    const struct grant_row *row;
    uint64_t ask;
    struct ambit_str token;   /* compact JWS */
    int64_t now_ms;           /* of the decision */
    const char *issued_type;  /* `issued_token_type` of an exchange (TEX-5); NULL: left out */
    const char *scope;        /* as in claims */
    struct ambit_str receipt; /* TLP-1; absent: none was asked for, or none is there yet */
};
void token_response_write(const struct token_response *response, struct json_out *out);
