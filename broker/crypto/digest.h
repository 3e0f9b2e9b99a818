/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, HMAC and comparison in constant time. The algorithm is fetched once a process and the
 * context kept per thread, so that a digest of a short text costs a fraction of a microsecond.
 * SHA-256 cannot fail but for memory, once a thread: a process that cannot hash aborts. */
#pragma once

#include "ambit/base.h"

void crypto_sha256(const void *bytes, size_t len, struct ambit_digest *ret);
/* Of the parts one after another, without any framing: the caller frames. */
void crypto_sha256_parts(const struct ambit_str *parts, size_t n, struct ambit_digest *ret);
/* A digest that grows: begin, add as often as needed, end (which also frees). */
struct crypto_hash;
AMBIT_CHECKED enum ambit_err crypto_hash_begin(struct crypto_hash **ret);
void crypto_hash_add(struct crypto_hash *hash, const void *bytes, size_t len);
void crypto_hash_end(struct crypto_hash *hash,
                     struct ambit_digest *ret); /* ret may be NULL: dropped */

/* HMAC-SHA256 (RFC 2104). */
void crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                        struct ambit_digest *ret);

/* In a time that depends on `len` alone. For every comparison of secret bytes. */
bool crypto_equal(const void *a, const void *b, size_t len);
/* Texts of secret content; their lengths are no secret. */
bool crypto_equal_str(struct ambit_str a, struct ambit_str b);
