/* SPDX-License-Identifier: Apache-2.0 */
/* What the ideal needs of cryptography: SHA-256, ES256 both ways, base64url, random bytes, with
 * everything fetched or set up once per thread. Failures end the program: it is an anchor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOSE_DIGEST = 32, JOSE_SIGNATURE = 64 };

/* Makes the key that signs, and reads the public half of the JWK (a file of ours) that verifies. */
void jose_open(const char *jwk_path);
void jose_sha256(const void *bytes, size_t len, uint8_t digest[JOSE_DIGEST]);
void jose_sign(const void *bytes, size_t len, uint8_t signature[JOSE_SIGNATURE]);
bool jose_verify(const void *bytes, size_t len, const uint8_t signature[JOSE_SIGNATURE]);
bool jose_same(const void *a, const void *b, size_t len);
void jose_random(void *dst, size_t len);

/* Bytes written; base64 with or without padding, either alphabet, stops at what is none. */
size_t jose_encode(const uint8_t *bytes, size_t len, char *dst);
size_t jose_decode(const char *text, size_t len, uint8_t *dst, size_t max);
