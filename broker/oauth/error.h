/* SPDX-License-Identifier: Apache-2.0 */
/* The error codes of the OAuth endpoints, and the one place where a reason of the engine becomes
 * one (standards.md section 18). The code names the field at fault where it can, so the map needs
 * to know how the thing was asked for. */
#pragma once

#include "ambit/model.h"

#define OAUTH_ERROR_LIST(X)                                    \
    X(INVALID_REQUEST, "invalid_request", 400)                 \
    X(INVALID_CLIENT, "invalid_client", 401)                   \
    X(INVALID_GRANT, "invalid_grant", 400)                     \
    X(UNAUTHORIZED_CLIENT, "unauthorized_client", 400)         \
    X(UNSUPPORTED_GRANT_TYPE, "unsupported_grant_type", 400)   \
    X(UNSUPPORTED_TOKEN_TYPE, "unsupported_token_type", 400)   \
    X(INVALID_SCOPE, "invalid_scope", 400)                     \
    X(INVALID_TARGET, "invalid_target", 400)                   \
    X(INVALID_DETAILS, "invalid_authorization_details", 400)   \
    X(INVALID_DPOP_PROOF, "invalid_dpop_proof", 400)           \
    X(USE_DPOP_NONCE, "use_dpop_nonce", 400)                   \
    X(ACCESS_DENIED, "access_denied", 400)                     \
    X(AUTHORIZATION_PENDING, "authorization_pending", 400)     \
    X(SLOW_DOWN, "slow_down", 400)                             \
    X(EXPIRED_TOKEN, "expired_token", 400)                     \
    X(UNKNOWN_USER_ID, "unknown_user_id", 400)                 \
    X(INVALID_BINDING_MESSAGE, "invalid_binding_message", 400) \
    X(SERVER_ERROR, "server_error", 500)                       \
    X(UNAVAILABLE, "temporarily_unavailable", 503)
enum oauth_error {
#define X(name, text, status) OAUTH_##name,
    OAUTH_ERROR_LIST(X)
#undef X
};
const char *oauth_error_text(enum oauth_error error);
unsigned oauth_error_status(enum oauth_error error);

/* How the refused thing was asked for. */
enum oauth_field { OAUTH_FIELD_ITEM, OAUTH_FIELD_RESOURCE, OAUTH_FIELD_OTHER };
struct oauth_asked_as {
    bool is_by_details;     /* the failing item stood in authorization_details (RAR-3) */
    bool has_resource;      /* RES-4, TOK-14 */
    enum oauth_field field; /* what a `malformed` is about */
    bool by_certificate;    /* a binding's fault: by certificate, else by proof */
};
enum oauth_error oauth_error_of_reason(enum ambit_reason reason, struct oauth_asked_as asked);

/* A failure of ours, never a 4xx of the caller's (HTP-12). */
enum oauth_error oauth_error_of_err(enum ambit_err err);
