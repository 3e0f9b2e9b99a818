/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the form of POST /bc-authorize, as far as it is not that of a token request. */
#include "base/encode.h"
#include "oauth/awaited.h"

static enum ambit_err refuse(struct token_refusal *reterr, enum oauth_error error, const char *what)
{
    *reterr = (struct token_refusal){.error = error, .description = what};
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err read_hint(const struct form *form, struct bc_request *request,
                                struct token_refusal *reterr)
{
    request->hint = form_get(form, "login_hint");
    bool has_token = form_get(form, "login_hint_token").p || form_get(form, "id_token_hint").p;
    if (has_token && request->hint.p)
        return refuse(reterr, OAUTH_INVALID_REQUEST, "one hint, and no more");
    if (has_token)
        return refuse(reterr, OAUTH_INVALID_REQUEST, "the hint here is login_hint");
    if (!request->hint.p)
        return refuse(reterr, OAUTH_INVALID_REQUEST,
                      "login_hint is missing: a person, a team or a role that may answer");
    if (request->hint.len > AMBIT_NAME_MAX || text_has_control(request->hint))
        return refuse(reterr, OAUTH_UNKNOWN_USER_ID, "login_hint names nobody who may answer");
    return AMBIT_OK;
}

static enum ambit_err read_message(const struct form *form, struct bc_request *request,
                                   struct token_refusal *reterr)
{
    request->message = form_get(form, "binding_message");
    if (request->message.p &&
        (request->message.len > BC_MESSAGE_MAX || text_has_control(request->message)))
        return refuse(reterr, OAUTH_INVALID_BINDING_MESSAGE,
                      "binding_message is at most 256 bytes without control characters");
    return AMBIT_OK;
}

static enum ambit_err read_expiry(const struct form *form, struct bc_request *request,
                                  struct token_refusal *reterr)
{
    struct ambit_str text = form_get(form, "requested_expiry");
    request->has_expiry = text.p != NULL;
    if (text.p && (parse_i64(text, &request->expiry_s) != AMBIT_OK || request->expiry_s < 1))
        return refuse(reterr, OAUTH_INVALID_REQUEST,
                      "requested_expiry is a positive number of seconds");
    return AMBIT_OK;
}

enum ambit_err bc_request_read(const struct form *form, struct bc_request *ret,
                               struct token_refusal *reterr)
{
    *ret = (struct bc_request){0};
    if (!form_get(form, "scope").p)
        return refuse(reterr, OAUTH_INVALID_REQUEST, "scope is missing");
    enum ambit_err err = read_hint(form, ret, reterr);
    if (!err)
        err = read_message(form, ret, reterr);
    return err ? err : read_expiry(form, ret, reterr);
}

void bc_drop_openid(struct asked *asked)
{
    for (size_t i = 0; i < asked->n_scope; i++) {
        if (!ambit_str_is(asked->items[i].action, "openid") || asked->items[i].resource.p)
            continue;
        memmove(&asked->items[i], &asked->items[i + 1],
                (asked->n - i - 1) * sizeof asked->items[0]);
        asked->n--;
        asked->n_scope--;
        return; /* equal ones collapsed when they were read */
    }
}
