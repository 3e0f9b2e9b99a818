/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy says of the request it holds, out of its headers; and what its own answer means to
 * that request: a status of three, and a challenge (RFC 6750). */
#pragma once

#include "authzen/request.h"
#include "config/forward_map.h"
#include "core/command.h"
#include "http/http.h"

/* Fills method, uri and host. NULL, or the sentence of a refusal. */
const char *forward_asked_read(const struct http_request *req, struct forward_question *ret);
/* The proof of a key that came with it, for the address that the proxy knows it by (without
 * X-Forwarded-Proto https); absent: none came. */
struct proof_told forward_asked_proof(const struct http_request *req,
                                      const struct forward_question *question, struct arena *arena);
/* What rules may ask of it: `method`, and `host` where it is known. */
AMBIT_CHECKED enum ambit_err forward_asked_context(const struct forward_question *question,
                                                   struct arena *arena, struct evaluation *ret);
/* Of a denial: 401 or 403. */
unsigned forward_asked_status(const struct action_command *command);
const char *forward_asked_challenge(const struct action_command *command); /* NULL: none */
