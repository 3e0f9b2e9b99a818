/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the OAuth family: one row each, nothing else decides. */
#include "oauth/oauth.h"

#include "ambit/limits.h"
#include "oauth/handlers.h"
#include "oauth/reply.h"

#define FORM_TYPE "application/x-www-form-urlencoded"

/* A form by POST, never with a query string (HTP-3, HTP-4, HTP-5). */
#define FORM_ROUTE(where, name, ...)                                                             \
    {                                                                                            \
        .method = HTTP_POST, .path = (where), .listeners = HTTP_AGENTS,                          \
        .body_max = AMBIT_FORM_BYTES, .media_type = FORM_TYPE, .flags = HTTP_NO_QUERY,           \
        .class = HTTP_FAST, .begin = name##_begin, .finish = name##_finish, .done = name##_done, \
        .refuse = oauth_reply_edge, __VA_ARGS__                                                  \
    }
#define OPEN_ROUTE(verb, where, name)                                                    \
    {                                                                                    \
        .method = (verb), .path = (where), .listeners = HTTP_AGENTS, .class = HTTP_FAST, \
        .begin = name##_begin                                                            \
    }

static const struct http_route routes[] = {
    FORM_ROUTE("/token", token, .prepare = token_prepare),
    {.method = HTTP_POST,
     .path = "/bc-authorize",
     .listeners = HTTP_AGENTS,
     .body_max = AMBIT_FORM_BYTES,
     .media_type = FORM_TYPE,
     .flags = HTTP_NO_QUERY,
     .class = HTTP_FAST,
     .begin = ciba_begin,
     .finish = token_finish,
     .done = token_done,
     .refuse = oauth_reply_edge},
    FORM_ROUTE("/introspect", introspect),
    FORM_ROUTE("/revoke", revoke),
    OPEN_ROUTE(HTTP_GET, "/status", status_lists),
    OPEN_ROUTE(HTTP_GET, "/status/{x}", status),
    OPEN_ROUTE(HTTP_GET, "/jwks", jwks),
    OPEN_ROUTE(HTTP_GET, "/.well-known/oauth-authorization-server", metadata),
    OPEN_ROUTE(HTTP_GET, "/.well-known/oauth-authorization-server/{x*}", metadata_inserted),
    OPEN_ROUTE(HTTP_GET, "/.well-known/openid-configuration", metadata),
    OPEN_ROUTE(HTTP_GET, "/.well-known/openid-configuration/{x*}", metadata_inserted),
    OPEN_ROUTE(HTTP_GET, "/authorize", authorize),
    {.method = HTTP_POST,
     .path = "/authorize",
     .listeners = HTTP_AGENTS,
     .body_max = AMBIT_FORM_BYTES,
     .class = HTTP_FAST,
     .begin = authorize_begin},
};

const struct http_route *oauth_routes(size_t *ret_n)
{
    *ret_n = AMBIT_LEN(routes);
    return routes;
}
