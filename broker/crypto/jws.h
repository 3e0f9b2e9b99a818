/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JWS (RFC 7515) and JWK sets. Reading is in three steps that stay apart: parse (form only,
 * nothing believed), choose the key (by configuration), verify (with the algorithms that the
 * purpose allows, JWS-2). Only then may the payload be read. */
#pragma once

#include "ambit/limits.h"
#include "base/arena.h"
#include "base/buf.h"
#include "crypto/key.h"

struct json_value;

/* ---- signing ---- */

struct jws_signer; /* immutable; any number of threads */
/* Holds the key. kid = thumbprint. REFUSED for a public key or an `alg` that does not fit. */
AMBIT_CHECKED enum ambit_err jws_signer_new(struct crypto_key *key, enum crypto_alg alg,
                                            struct jws_signer **ret);
void jws_signer_free(struct jws_signer *signer);
enum crypto_alg jws_signer_alg(const struct jws_signer *signer);
const struct crypto_key *jws_signer_key(const struct jws_signer *signer);
/* Appends header.payload.signature to `out`; the header is {"alg","kid","typ"}. `typ`: ASCII of
 * ours. On failure `out` is as it was. */
AMBIT_CHECKED enum ambit_err jws_sign(const struct jws_signer *signer, const char *typ,
                                      struct ambit_str payload, struct buf *out);

/* ---- reading ---- */

/* A parsed one. Everything is borrowed from the text or the arena. */
struct jws {
    enum crypto_alg alg;  /* what the header claims; jws_verify() holds it against the purpose */
    struct ambit_str typ; /* JWS-4: without "application/", lower case; absent {NULL,0} */
    struct ambit_str kid; /* absent {NULL,0} */
    const struct json_value *header;
    struct ambit_str payload;       /* decoded bytes, not yet believed */
    struct ambit_str signing_input; /* header.payload as they stood */
    struct ambit_str signature;     /* decoded bytes */
};

/* MALFORMED (JWS-1, duplicate members, wrong types), TOO_LARGE (beyond AMBIT_JWS_BYTES or the
 * arena), UNSUPPORTED (an `alg` that ambit does not know, `none` and HS* among them; any `crit`:
 * JWS-3). */
AMBIT_CHECKED enum ambit_err jws_parse(struct ambit_str text, struct arena *arena, struct jws *ret);
/* JWS-4: exactly this type, given in lower case without "application/". */
bool jws_is_typ(const struct jws *jws, const char *typ);
/* OK; REFUSED when alg is not among `algs` (CRYPTO_ALG_BIT), does not fit the key, or the signature
 * is wrong; anything else: could not be told. */
AMBIT_CHECKED enum ambit_err jws_verify(const struct crypto_key *key, unsigned algs,
                                        const struct jws *jws);

/* ---- key sets ---- */

struct jwk_set; /* immutable */
/* {"keys":[...]}: keys of unknown kty or crv, or not for signatures, are left out (RFC 7517 section
 * 5); a broken key or one with private or symmetric members refuses the whole set (JWS-8). */
AMBIT_CHECKED enum ambit_err jwk_set_new(struct ambit_str json, struct jwk_set **ret);
/* The same of keys whose `use` is this word and no other ("jwt-svid", SPF-2); NULL: "sig" or none.
 */
AMBIT_CHECKED enum ambit_err jwk_set_new_for(struct ambit_str json, const char *use,
                                             struct jwk_set **ret);
void jwk_set_free(struct jwk_set *set);
size_t jwk_set_count(const struct jwk_set *set); /* usable keys */
const struct crypto_key *jwk_set_key(const struct jwk_set *set, size_t i);
/* select_key of standards.md 1.1: the one key that the header fits; NOT_FOUND when none or several
 * do. Borrowed from the set. */
AMBIT_CHECKED enum ambit_err jwk_set_select(const struct jwk_set *set, const struct jws *jws,
                                            const struct crypto_key **ret);
