/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in by the certificate that came with the connection: tls_client_auth (MTL-1, MTL-2, SPF-5),
 * self_signed_tls_client_auth (MTL-3), and people's mtls. That the sender holds the key was shown
 * in the handshake; everything else is judged here. Within the room only. */
#pragma once

#include "identity/keys.h"

struct certificate_question {
    const struct ambit_documents *documents;
    const struct identity_keys *keys;
    const struct ambit_str *chain; /* leaf first, at least one */
    size_t n;
    int64_t now_ms;
};
/* The client of that name, a SPIFFE ID instead of one (SPF-6), or absent: then the one that
 * registered the leaf's SPIFFE ID. OK, REFUSED, BUSY while a bundle is being fetched, or could not
 * tell. */
AMBIT_CHECKED enum ambit_err certificate_client(const struct certificate_question *question,
                                                struct ambit_str client_id, struct caller *ret);
/* Where no name is sent (/access/v1, /v1): the one service whose document fits. */
AMBIT_CHECKED enum ambit_err certificate_service(const struct certificate_question *question,
                                                 struct caller *ret);
/* The one active person whose document pins it. */
AMBIT_CHECKED enum ambit_err certificate_person(const struct certificate_question *question,
                                                struct caller *ret);
