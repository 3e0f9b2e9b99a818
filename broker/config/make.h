/* SPDX-License-Identifier: Apache-2.0 */
/* Documents and secrets made by us: for `ambitd --dev`, `ambit init` and `ambit ... new`. The same
 * value always gives the same bytes: two-space indented JSON, members in the order in which the
 * language shows them, a newline at the end. Secrets are 256 random bits; a document holds only
 * their SHA-256. */
#pragma once

#include "ambit/document.h"
#include "base/buf.h"
#include "base/secret.h"

enum { MAKE_SECRET_DAYS = 89, MAKE_SECRET_LEN = 43 /* 32 bytes in base64url */ };

/* A new shared secret: its text, and the digest a document holds. */
struct make_secret {
    char text[MAKE_SECRET_LEN];
    struct ambit_digest digest; /* of the text */
};
void make_secret_draw(struct make_secret *ret);

struct make_person {
    struct ambit_str person, name, email, team;
    unsigned roles;
    const struct ambit_digest *token; /* NULL: no way in */
    int64_t token_expires_ms;
};
struct make_agent {
    struct ambit_str agent, description, owner, backup;
    struct ambit_str jwk;              /* public key, JSON */
    const struct ambit_digest *secret; /* NULL: no client_secret_basic */
    int64_t secret_expires_ms;
    struct ambit_strs policies;
};
struct make_service {
    struct ambit_str service, owner;
    struct ambit_str tier;
    struct ambit_strs audiences, resources;
    const struct ambit_digest *secret;
    int64_t secret_expires_ms;
};
/* Failure is remembered in `out`. */
void make_person_json(const struct make_person *person, struct buf *out);
void make_agent_json(const struct make_agent *agent, struct buf *out);
void make_service_json(const struct make_service *service, struct buf *out);

/* Any JSON, laid out as above. MALFORMED when it is none. */
AMBIT_CHECKED enum ambit_err make_pretty(struct ambit_str json, struct buf *out);

/* A document with the credential whose `sha256` is `old` given a new digest and expiry, everything
 * else as it was. NOT_FOUND when it has none. */
struct make_renewal {
    struct ambit_digest old_digest, new_digest;
    int64_t expires_ms;
};
AMBIT_CHECKED enum ambit_err make_renewed(struct ambit_str document,
                                          const struct make_renewal *renewal, struct buf *out);
/* When the credential with this digest lapses; NOT_FOUND when the document has none. */
AMBIT_CHECKED enum ambit_err make_expiry(struct ambit_str document, struct ambit_digest digest,
                                         int64_t *ret_ms);

/* A fresh ES256 pair: the private JWK (wipe it) and the public one, JSON. */
AMBIT_CHECKED enum ambit_err make_key(struct buf *ret_private, struct buf *ret_public);
