/* SPDX-License-Identifier: Apache-2.0 */
/* A service's own short token, of the scope `ambit.decide`: it stands for the service at
 * /introspect and /access/v1 and gives nothing else. No policy says it and no engine is asked; but
 * it is recorded like any grant (no record, no authority), dies by the same cut-offs (`all`, owner,
 * team, grant), and is found by jti and rnd like any token. Its row has the service where an
 * agent's has the agent (both share one name space), no items, and the issuer as audience. */
#pragma once

#include "core/command.h"

#define SERVICE_SCOPE "ambit.decide"
enum { SERVICE_GRANT_LIFE_S = 600 };

struct service_grant_command {
    struct command base;
    struct ambit_digest token;  /* SHA-256(rnd) */
    struct ambit_id grant;      /* the jti; drawn by service_grant_submit */
    enum ambit_binding binding; /* what the token is bound to, by a proof; NONE mostly */
    struct ambit_digest binding_key;
    int64_t lifetime_s; /* 1 to SERVICE_GRANT_LIFE_S */
    struct arena *arena;
    /* outputs */
    bool is_given;
    enum ambit_reason reason; /* STOPPED, OWNER_REQUIRED when not */
    struct grant_row row;
};
AMBIT_CHECKED enum ambit_err service_grant_submit(struct service_grant_command *command);

/* The service that a token of this kind stands for now. NOT_FOUND: it is none, or it is dead. What
 * the token is bound to stands in the row: whether that was proved is for proof_of_shown(). */
AMBIT_CHECKED enum ambit_err query_service_token(struct broker *broker,
                                                 const struct documents_ref *documents,
                                                 const struct identity_token *token,
                                                 struct arena *arena, struct grant_row *ret_row,
                                                 struct caller *ret);
