/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the form of a token exchange (TEX-1, TEX-2, TEX-3). */
#include "oauth/exchange_request.h"

#define TYPE "urn:ietf:params:oauth:token-type:"

static enum ambit_err refuse(struct token_refusal *reterr, const char *what)
{
    *reterr = (struct token_refusal){.error = OAUTH_INVALID_REQUEST, .description = what};
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err refuse_target(struct token_refusal *reterr, const char *what)
{
    *reterr = (struct token_refusal){.error = OAUTH_INVALID_TARGET, .description = what};
    return AMBIT_ERR_MALFORMED;
}

/* Both are true of what we give: an access token, and a JWT. */
static bool is_type_of_ours(struct ambit_str type)
{
    return ambit_str_is(type, ACCESS_TOKEN_TYPE) || ambit_str_is(type, TYPE "jwt");
}

static enum ambit_err read_subject(const struct form *form, struct exchange_request *request,
                                   struct token_refusal *reterr)
{
    struct ambit_str token = form_get(form, "subject_token");
    struct ambit_str type = form_get(form, "subject_token_type");
    if (!token.p || !type.p)
        return refuse(reterr, "subject_token and subject_token_type are required");
    if (!is_type_of_ours(type))
        return refuse(reterr, "subject_token_type is that of an access token given here");
    if (identity_token_read(token, &request->subject) != AMBIT_OK)
        return refuse(reterr, "the subject token is no access token given here");
    return AMBIT_OK;
}

static enum ambit_err read_actor(const struct form *form, struct exchange_request *request,
                                 struct token_refusal *reterr)
{
    struct ambit_str token = form_get(form, "actor_token");
    struct ambit_str type = form_get(form, "actor_token_type");
    request->has_actor = token.p;
    if (!token.p && !type.p)
        return AMBIT_OK;
    if (!token.p || !type.p)
        return refuse(reterr, "actor_token and actor_token_type come together or not at all");
    if (!is_type_of_ours(type))
        return refuse(reterr, "actor_token_type is that of an access token given here");
    if (identity_token_read(token, &request->actor) != AMBIT_OK)
        return refuse(reterr, "the actor token is no access token given here");
    return AMBIT_OK;
}

/* Names of services are their audiences: `audience` and `resource` say the same in two ways. */
static enum ambit_err read_audience(const struct form *form, struct exchange_request *request,
                                    struct token_refusal *reterr)
{
    if (form_count(form, "audience") > 1)
        return refuse_target(reterr, "one token is for one audience");
    request->audience = form_get(form, "audience");
    if (!request->audience.p)
        return AMBIT_OK;
    if (!token_target_is_fine(request->audience))
        return refuse_target(reterr, "audience is an absolute URI without a fragment");

    struct ambit_str resource = form_get(form, "resource");
    if (resource.p && !ambit_str_eq(resource, request->audience))
        return refuse_target(reterr, "resource and audience name two targets");
    return AMBIT_OK;
}

enum ambit_err exchange_request_read(const struct form *form, struct exchange_request *ret,
                                     struct token_refusal *reterr)
{
    *ret = (struct exchange_request){0};
    struct ambit_str wanted = form_get(form, "requested_token_type");
    if (wanted.p && !ambit_str_is(wanted, ACCESS_TOKEN_TYPE))
        return refuse(reterr, "what is given here is an access token");
    enum ambit_err err = read_subject(form, ret, reterr);
    if (err)
        return err;
    err = read_actor(form, ret, reterr);
    if (err)
        return err;
    return read_audience(form, ret, reterr);
}
