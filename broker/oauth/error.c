/* SPDX-License-Identifier: Apache-2.0 */
/* Reason to error code, exhaustively. */
#include "oauth/error.h"

const char *oauth_error_text(enum oauth_error error)
{
    static const char *const texts[] = {
#define X(name, text, status) [OAUTH_##name] = text,
        OAUTH_ERROR_LIST(X)
#undef X
    };
    return texts[error];
}

unsigned oauth_error_status(enum oauth_error error)
{
    static const unsigned statuses[] = {
#define X(name, text, status) [OAUTH_##name] = status,
        OAUTH_ERROR_LIST(X)
#undef X
    };
    return statuses[error];
}

static enum oauth_error of_item(struct oauth_asked_as asked)
{
    return asked.is_by_details ? OAUTH_INVALID_DETAILS : OAUTH_INVALID_SCOPE;
}

static enum oauth_error of_field(struct oauth_asked_as asked)
{
    switch (asked.field) {
    case OAUTH_FIELD_ITEM:
        return of_item(asked);
    case OAUTH_FIELD_RESOURCE:
        return OAUTH_INVALID_TARGET;
    case OAUTH_FIELD_OTHER:
        return OAUTH_INVALID_REQUEST;
    }
    return OAUTH_INVALID_REQUEST;
}

enum oauth_error oauth_error_of_reason(enum ambit_reason reason, struct oauth_asked_as asked)
{
    switch (reason) {
    case AMBIT_REASON_MALFORMED:
        return of_field(asked);
    case AMBIT_REASON_NOTHING_REQUESTED:
    case AMBIT_REASON_OUT_OF_SCOPE:
    case AMBIT_REASON_FORBIDDEN:
    case AMBIT_REASON_NOT_DELEGABLE:
        return of_item(asked);
    case AMBIT_REASON_WRONG_AUDIENCE:
        return asked.has_resource ? OAUTH_INVALID_TARGET : OAUTH_INVALID_SCOPE;
    case AMBIT_REASON_BINDING_REQUIRED:
        return asked.by_certificate ? OAUTH_INVALID_REQUEST : OAUTH_INVALID_DPOP_PROOF;
    case AMBIT_REASON_BINDING_MISMATCH:
        return asked.by_certificate ? OAUTH_INVALID_CLIENT : OAUTH_INVALID_DPOP_PROOF;
    case AMBIT_REASON_INACTIVE:
        return OAUTH_INVALID_REQUEST; /* as a subject token (TEX-3) */
    case AMBIT_REASON_STOPPED:
    case AMBIT_REASON_OWNER_REQUIRED:
    case AMBIT_REASON_POLICY_EXPIRED:
    case AMBIT_REASON_OUTSIDE_HOURS:
    case AMBIT_REASON_WRONG_SOURCE:
    case AMBIT_REASON_PURPOSE_REQUIRED:
    case AMBIT_REASON_REASON_REQUIRED:
    case AMBIT_REASON_COMPOSITION_MISMATCH:
    case AMBIT_REASON_ORDER_VIOLATED:
    case AMBIT_REASON_LIMIT_EXCEEDED:
    case AMBIT_REASON_HARD_STOP:
    case AMBIT_REASON_APPROVAL_REQUIRED:
    case AMBIT_REASON_APPROVAL_REJECTED:
    case AMBIT_REASON_EXPIRED:
    case AMBIT_REASON_NOT_SUPPORTED:
    case AMBIT_REASON_POLICY_CHANGED:
    case AMBIT_REASON_MISSING_CONTEXT:
    case AMBIT_REASON_CONTEXT_VIOLATED:
        return OAUTH_ACCESS_DENIED;
    case AMBIT_REASON_ALLOWED:
        break; /* no refusal: nobody may call this with it */
    }
    return OAUTH_SERVER_ERROR;
}

enum oauth_error oauth_error_of_err(enum ambit_err err)
{
    switch (err) {
    case AMBIT_ERR_BUSY:
    case AMBIT_ERR_NO_SPACE:
    case AMBIT_ERR_IO:
    case AMBIT_ERR_CLOCK:
    case AMBIT_ERR_FULL:
    case AMBIT_ERR_SEALED:
    case AMBIT_ERR_STOPPING:
    case AMBIT_ERR_DAMAGED:
    case AMBIT_ERR_NO_MEMORY:
        return OAUTH_UNAVAILABLE; /* engine or ledger cannot answer */
    case AMBIT_ERR_MALFORMED:
    case AMBIT_ERR_TOO_LARGE:
        return OAUTH_INVALID_REQUEST;
    case AMBIT_ERR_OK:
    case AMBIT_ERR_NOT_FOUND:
    case AMBIT_ERR_EXISTS:
    case AMBIT_ERR_CONFLICT:
    case AMBIT_ERR_REFUSED:
    case AMBIT_ERR_UNSUPPORTED:
    case AMBIT_ERR_NEWER:
    case AMBIT_ERR_CRYPTO:
    case AMBIT_ERR_INTERNAL:
        break;
    }
    return OAUTH_SERVER_ERROR;
}
