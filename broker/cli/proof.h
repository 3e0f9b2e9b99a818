/* SPDX-License-Identifier: Apache-2.0 */
/* Proving the key that a token shall be bound to, or is: one proof for one request (RFC 9449). */
#pragma once

#include "cli/cli.h"

struct proof {
    const char *key_path; /* the agent's private key */
    const char *method;
    struct ambit_str issuer, path; /* where it goes: the issuer, and the path there */
    const char *nonce;             /* as the broker gave it; empty: none */
    int64_t now_ms;
};
/* The compact JWS into `out`. CLI_USAGE when the key file is not valid. */
enum cli_exit proof_make(struct cli *cli, const struct proof *proof, struct buf *out);
