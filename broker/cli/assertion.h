/* SPDX-License-Identifier: Apache-2.0 */
/* Proving an agent by its key: one private_key_jwt assertion (CLI-5 to CLI-11). */
#pragma once

#include "cli/cli.h"
#include "crypto/key.h"

struct assertion {
    const char *agent;         /* iss and sub */
    const char *key_path;      /* private JWK, ES256 */
    struct ambit_str audience; /* the issuer identifier, the only value of aud (CLI-7) */
    int64_t now_ms;
};
/* The private key of a file, JWK or PEM; CLI_USAGE when there is none. */
enum cli_exit assertion_read_key(struct cli *cli, const char *path, struct crypto_key **ret);
/* The compact JWS into `out`, which the caller wipes. CLI_USAGE when the key file is not valid. */
enum cli_exit assertion_make(struct cli *cli, const struct assertion *assertion, struct buf *out);
