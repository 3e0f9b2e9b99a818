/* SPDX-License-Identifier: Apache-2.0 */
/* From a committed row to the 200 answer of /token: claims, signature, response (TOK-1, TOK-2,
 * ATJ-1). The row was durable before; if signing fails the grant expires unused (TOK-10). */
#pragma once

#include "core/broker.h"
#include "http/http.h"

struct grant_row;

struct minting {
    const struct grant_row *row;
    const uint8_t *rnd;       /* 16 bytes */
    uint64_t ask;             /* items that a service must ask about */
    int64_t now_ms;           /* of the decision */
    const char *issued_type;  /* TEX-5; NULL: left out */
    const char *scope;        /* of a service's own grant; NULL: that of the items */
    struct ambit_str receipt; /* TLP-1; absent: none */
};
void mint_reply(struct broker *broker, const struct minting *minting, struct http_request *req,
                struct http_reply *reply);
