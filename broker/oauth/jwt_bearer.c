/* SPDX-License-Identifier: Apache-2.0 */
/* The jwt-bearer grant (RFC 7523 section 2.1; ASG-1 to ASG-6). Which agent the assertion stands for
 * was found out with the client (identity/federated.h): it proves who asks, and what is asked is
 * decided as for client_credentials. */
#include "oauth/token_state.h"

bool token_jwt_bearer_read(struct token_state *state, struct http_request *req,
                           struct http_reply *reply)
{
    if (form_get(&state->call.form, "assertion").p)
        return true;
    /* A client that proved itself otherwise, and brings no assertion. */
    const struct token_refusal refusal = {.error = OAUTH_INVALID_REQUEST,
                                          .description = "assertion is missing"};
    (void)token_refuse(req, reply, &refusal);
    return false;
}
