/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the form of POST /token, in the order of standards.md section 3. */
#include "oauth/token_request.h"

#include "base/encode.h"
#include "core/word.h"

static const int64_t LIFETIME_MAX_S = 9007199254740991; /* 2^53-1 */

static enum ambit_err refuse(struct token_refusal *reterr, enum oauth_error error, const char *what)
{
    *reterr = (struct token_refusal){.error = error, .description = what};
    return AMBIT_ERR_MALFORMED;
}

const char *grant_type_text(enum grant_type type)
{
    static const char *const texts[] = {
#define X(name, text) [GRANT_TYPE_##name] = text,
        GRANT_TYPE_LIST(X)
#undef X
    };
    return texts[type];
}

enum ambit_err grant_type_read(const struct form *form, enum grant_type *ret,
                               struct token_refusal *reterr)
{
    struct ambit_str text = form_get(form, "grant_type");
    if (!text.p)
        return refuse(reterr, OAUTH_INVALID_REQUEST, "grant_type is missing");
    for (enum grant_type type = 0; type < GRANT_TYPES; type++) {
        if (!ambit_str_is(text, grant_type_text(type)))
            continue;
        *ret = type;
        return AMBIT_OK;
    }
    return refuse(reterr, OAUTH_UNSUPPORTED_GRANT_TYPE,
                  "the grant type is not one of grant_types_supported in the metadata");
}

/* scheme ":" something, of the characters of RFC 3986, without a fragment (RES-1) */
bool token_target_is_fine(struct ambit_str text)
{
    static const char others[] = "-._~:/?[]@!$&'()*+,;=%";
    size_t scheme = 0;
    while (scheme < text.len && text.p[scheme] != ':')
        scheme++;
    if (scheme == 0 || scheme + 1 >= text.len)
        return false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        bool is_alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_digit = c >= '0' && c <= '9';
        bool is_fine = i < scheme
                           ? is_alpha || (i > 0 && (is_digit || c == '+' || c == '-' || c == '.'))
                           : is_alpha || is_digit || (c != '\0' && strchr(others, c));
        if (!is_fine)
            return false;
    }
    return true;
}

static enum ambit_err read_resource(const struct form *form, struct token_request *request,
                                    struct token_refusal *reterr)
{
    if (form_count(form, "resource") > 1)
        return refuse(reterr, OAUTH_INVALID_TARGET, "one token is for one resource"); /* TOK-14 */
    request->resource = form_get(form, "resource");
    if (request->resource.p && !token_target_is_fine(request->resource))
        return refuse(reterr, OAUTH_INVALID_TARGET,
                      "resource is an absolute URI without a fragment");
    return AMBIT_OK;
}

static enum ambit_err read_lifetime(const struct form *form, struct token_request *request,
                                    struct token_refusal *reterr)
{
    struct ambit_str text = form_get(form, "requested_lifetime");
    if (!text.p)
        return AMBIT_OK;
    request->has_lifetime = true;
    if (parse_i64(text, &request->lifetime_s) != AMBIT_OK)
        return refuse(reterr, OAUTH_INVALID_REQUEST,
                      "requested_lifetime is a whole number of seconds");
    /* More than any rule gives is shortened anyway; the record holds no greater number. */
    if (request->lifetime_s > LIFETIME_MAX_S)
        request->lifetime_s = LIFETIME_MAX_S;
    if (request->lifetime_s < -LIFETIME_MAX_S)
        request->lifetime_s = -LIFETIME_MAX_S;
    return AMBIT_OK;
}

/* A grant has one purpose: stated twice, by the form and by the details, it must be the same. */
static enum ambit_err read_purpose(const struct form *form, struct token_request *request,
                                   struct token_refusal *reterr)
{
    request->purpose = form_get(form, "purpose");
    if (request->purpose.p && !asked_text_is_fine(request->purpose))
        return refuse(reterr, OAUTH_INVALID_REQUEST,
                      "purpose is a text of 1 to 1024 bytes without control characters");
    if (!request->asked.purpose.p)
        return AMBIT_OK;
    if (request->purpose.p && !ambit_str_eq(request->purpose, request->asked.purpose))
        return refuse(
            reterr, OAUTH_INVALID_REQUEST,
            "purpose and authorization_details state two different purposes; a grant has one");
    request->purpose = request->asked.purpose;
    return AMBIT_OK;
}

static enum ambit_err bound_items(struct asked *asked, struct arena *arena)
{
    for (size_t i = 0; i < asked->n; i++) {
        struct ambit_item *item = &asked->items[i];
        enum ambit_err err = word_bounded(item->action, arena, &item->action);
        if (!err)
            err = word_bounded(item->resource, arena, &item->resource);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err read_items(const struct form *form, struct arena *arena,
                                 struct token_request *request, struct token_refusal *reterr)
{
    const char *what = NULL;
    struct ambit_str scope = form_get(form, "scope");
    if (scope.p && scope_read(scope, &request->asked, &what) != AMBIT_OK)
        return refuse(reterr, OAUTH_INVALID_SCOPE, what);

    struct ambit_str details = form_get(form, "authorization_details");
    enum ambit_err err = AMBIT_OK;
    if (details.p)
        err = details_read(details, arena, &request->asked, &what);
    if (err == AMBIT_ERR_MALFORMED)
        return refuse(reterr, OAUTH_INVALID_DETAILS, what);
    return err ? err : bound_items(&request->asked, arena);
}

static enum ambit_err read_approval(const struct form *form, struct token_request *request,
                                    struct token_refusal *reterr)
{
    struct ambit_str text = form_get(form, "approval");
    if (text.p && id_decode(text, &request->approval) != AMBIT_OK)
        return refuse(reterr, OAUTH_INVALID_REQUEST,
                      "approval is the id that a refusal gave as ambit_approval");
    return AMBIT_OK;
}

enum ambit_err token_request_read(const struct form *form, struct arena *arena,
                                  struct token_request *ret, struct token_refusal *reterr)
{
    *ret = (struct token_request){0};
    enum ambit_err err = read_resource(form, ret, reterr);
    if (err)
        return err;
    err = read_items(form, arena, ret, reterr);
    if (err)
        return err;
    err = read_lifetime(form, ret, reterr);
    if (err)
        return err;
    err = read_approval(form, ret, reterr);
    if (err)
        return err;
    return read_purpose(form, ret, reterr);
}
