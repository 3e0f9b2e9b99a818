/* SPDX-License-Identifier: Apache-2.0 */
/* Keys for JWS: generated, read from and written as JWK (RFC 7517, 7518, 8037) and PEM. A key is
 * immutable and counted; any number of threads may use one at once. What does not hold the rules
 * (JWS-7, JWS-8: sizes, point on the curve, no private members where a public key is expected) is
 * never made. Private bytes are wiped when the last holder lets go. */
#pragma once

#include "ambit/base.h"

struct json_value;
struct json_out;
struct buf;

/* The names of RFC 7518, 8037 and 9864. EdDSA and Ed25519 are two names of one algorithm
 * (JWS-6). */
#define CRYPTO_ALG_LIST(X) \
    X(ES256, "ES256")      \
    X(EDDSA, "EdDSA")      \
    X(ED25519, "Ed25519")  \
    X(RS256, "RS256")      \
    X(PS256, "PS256")
enum crypto_alg {
#define X(name, text) CRYPTO_##name,
    CRYPTO_ALG_LIST(X)
#undef X
};
/* A set of algorithms, as configured for a purpose (JWS-2). */
#define CRYPTO_ALG_BIT(alg) (1u << (alg))
#define CRYPTO_ALGS_ALL     0x1fu

const char *crypto_alg_text(enum crypto_alg alg);
AMBIT_CHECKED enum ambit_err crypto_alg_parse(struct ambit_str text, enum crypto_alg *ret);

enum { CRYPTO_KID_LEN = 43, CRYPTO_RSA_BITS_MIN = 2048, CRYPTO_RSA_BITS_MAX = 8192 };

struct crypto_key;

/* Of the kind that `alg` needs; RSA with 2048 bits. */
AMBIT_CHECKED enum ambit_err crypto_key_new(enum crypto_alg alg, struct crypto_key **ret);
struct crypto_key *crypto_key_hold(struct crypto_key *key); /* one more holder; returns `key` */
void crypto_key_free(struct crypto_key *key);               /* one holder less; NULL is fine */
void crypto_key_freep(struct crypto_key **key);
#define CRYPTO_KEY_AUTO AMBIT_CLEANUP(crypto_key_freep) struct crypto_key

bool crypto_key_is_private(const struct crypto_key *key);
bool crypto_key_fits(const struct crypto_key *key, enum crypto_alg alg);
/* The algorithm for this key when nothing else says: ES256, EdDSA or RS256. */
enum crypto_alg crypto_key_alg(const struct crypto_key *key);
/* RFC 7638 with SHA-256; its base64url is the `kid` that ambit gives (KEY-2) and the `jkt`. */
struct ambit_digest crypto_key_thumbprint(const struct crypto_key *key);
void crypto_key_kid(const struct crypto_key *key, char dst[CRYPTO_KID_LEN]);

/* ---- JWK ---- */

/* A public JWK, as a parsed value or as text. MALFORMED; UNSUPPORTED for a kty or crv that ambit
 * does not know; REFUSED when a private or symmetric member is there. */
AMBIT_CHECKED enum ambit_err crypto_key_from_jwk(const struct json_value *jwk,
                                                 struct crypto_key **ret);
AMBIT_CHECKED enum ambit_err crypto_key_from_jwk_text(struct ambit_str text,
                                                      struct crypto_key **ret);
/* The same, for a key that comes with every request: each thread keeps the CRYPTO_KEYS_KNOWN it
 * used last, until it ends. What is accepted is the same; a key found again is not read again. */
enum { CRYPTO_KEYS_KNOWN = 64 };
AMBIT_CHECKED enum ambit_err crypto_key_from_known_jwk(const struct json_value *jwk,
                                                       struct crypto_key **ret);
/* A private JWK of our own making; that its halves belong together is checked. */
AMBIT_CHECKED enum ambit_err crypto_key_from_private_jwk_text(struct ambit_str text,
                                                              struct crypto_key **ret);
/* {"alg","crv","kid","kty","use","x",..}: members in RFC 8785 order, `kid` the thumbprint. */
void crypto_key_put_jwk(const struct crypto_key *key, enum crypto_alg alg, struct json_out *out);
/* The same with the private members: only for a file of mode 0600. `out` holds secrets afterwards
 * (buf_wipe). UNSUPPORTED for a public key. */
AMBIT_CHECKED enum ambit_err crypto_key_put_private_jwk(const struct crypto_key *key,
                                                        enum crypto_alg alg, struct json_out *out);

/* ---- as bytes: keys of signed notes (RFC 8032) ---- */

enum { CRYPTO_ED25519_BYTES = 32 };
/* MALFORMED when they are no key. */
AMBIT_CHECKED enum ambit_err crypto_key_from_ed25519(const uint8_t bytes[CRYPTO_ED25519_BYTES],
                                                     struct crypto_key **ret);
/* The public half; UNSUPPORTED for a key of another kind. */
AMBIT_CHECKED enum ambit_err crypto_key_put_ed25519(const struct crypto_key *key,
                                                    uint8_t dst[CRYPTO_ED25519_BYTES]);

/* ---- files ---- */

/* PKCS#8 "PRIVATE KEY" and SPKI "PUBLIC KEY", unencrypted. */
AMBIT_CHECKED enum ambit_err crypto_key_put_pem(const struct crypto_key *key,
                                                struct buf *out); /* private if it is */
/* A private key as a file holds it: PEM or JWK, told apart by the first byte. */
AMBIT_CHECKED enum ambit_err crypto_key_from_private_text(struct ambit_str text,
                                                          struct crypto_key **ret);
/* A public key likewise. */
AMBIT_CHECKED enum ambit_err crypto_key_from_public_text(struct ambit_str text,
                                                         struct crypto_key **ret);

/* ---- signatures as JOSE has them ---- */

enum { CRYPTO_SIGNATURE_MAX = CRYPTO_RSA_BITS_MAX / 8 };
/* ES256 gives 64 bytes R then S (JWS-5). REFUSED for a public key or an `alg` that does not fit. */
AMBIT_CHECKED enum ambit_err crypto_sign(const struct crypto_key *key, enum crypto_alg alg,
                                         struct ambit_str message,
                                         uint8_t dst[CRYPTO_SIGNATURE_MAX], size_t *ret_len);
/* OK, or REFUSED when the signature is not the key's over the message by that algorithm; CRYPTO and
 * NO_MEMORY when that could not be told. */
AMBIT_CHECKED enum ambit_err crypto_verify(const struct crypto_key *key, enum crypto_alg alg,
                                           struct ambit_str message, struct ambit_str signature);
