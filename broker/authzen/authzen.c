/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of AuthZEN. */
#include "authzen/authzen.h"

#include "ambit/limits.h"
#include "authzen/asker.h"
#include "authzen/evaluation.h"
#include "authzen/evaluations.h"
#include "authzen/forward.h"
#include "authzen/metadata.h"
#include "authzen/search.h"
#include "authzen/told.h"

enum { TOLD_MAX = 8 * 1024, BATCH_MAX = 256 * 1024 };

#define SEARCH(where, begins)                                                                \
    {                                                                                        \
        .method = HTTP_POST, .path = (where), .listeners = HTTP_AGENTS,                      \
        .body_max = AMBIT_FORM_BYTES, .media_type = "application/json", .class = HTTP_QUERY, \
        .begin = (begins), .refuse = asker_reply_edge                                        \
    }

/* The proxy's own request is a GET; Envoy sends the method of the request it holds, with the path
 * of that one behind ours. */
#define FORWARD(how, where)                                                             \
    {                                                                                   \
        .method = (how), .path = (where), .listeners = HTTP_AGENTS, .class = HTTP_FAST, \
        .begin = forward_begin, .finish = forward_finish, .done = forward_done,         \
        .refuse = asker_reply_edge                                                      \
    }

static const struct http_route routes[] = {
    {.method = HTTP_POST,
     .path = "/access/v1/evaluation",
     .listeners = HTTP_AGENTS,
     .body_max = AMBIT_FORM_BYTES,
     .media_type = "application/json",
     .class = HTTP_FAST,
     .begin = evaluation_begin,
     .finish = evaluation_finish,
     .prepare = evaluation_prepare,
     .done = evaluation_done,
     .refuse = asker_reply_edge},
    {.method = HTTP_POST,
     .path = "/access/v1/evaluations",
     .listeners = HTTP_AGENTS,
     .body_max = BATCH_MAX,
     .media_type = "application/json",
     .class = HTTP_FAST,
     .begin = evaluations_begin,
     .finish = evaluations_finish,
     .prepare = evaluations_prepare,
     .done = evaluations_done,
     .refuse = asker_reply_edge},
    SEARCH("/access/v1/search/subject", search_subject_begin),
    SEARCH("/access/v1/search/resource", search_resource_begin),
    SEARCH("/access/v1/search/action", search_action_begin),
    FORWARD(HTTP_GET, "/forward-auth"),
    FORWARD(HTTP_GET, "/forward-auth/{x*}"),
    FORWARD(HTTP_POST, "/forward-auth/{x*}"),
    FORWARD(HTTP_PUT, "/forward-auth/{x*}"),
    FORWARD(HTTP_PATCH, "/forward-auth/{x*}"),
    FORWARD(HTTP_DELETE, "/forward-auth/{x*}"),
    FORWARD(HTTP_OPTIONS, "/forward-auth/{x*}"),
    {.method = HTTP_POST,
     .path = "/v1/actions/{x}/outcome",
     .listeners = HTTP_AGENTS,
     .body_max = TOLD_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_FAST,
     .begin = outcome_begin,
     .finish = outcome_finish,
     .done = outcome_done},
    {.method = HTTP_POST,
     .path = "/v1/signals",
     .listeners = HTTP_AGENTS,
     .body_max = TOLD_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_FAST,
     .begin = signal_begin,
     .finish = signal_finish,
     .done = signal_done},
    {.method = HTTP_GET,
     .path = "/v1/receipts/{x}",
     .listeners = HTTP_AGENTS,
     .flags = HTTP_NO_QUERY,
     .class = HTTP_QUERY,
     .begin = receipt_begin,
     .finish = receipt_finish,
     .done = receipt_done},
    {.method = HTTP_GET,
     .path = "/.well-known/authzen-configuration",
     .listeners = HTTP_AGENTS,
     .class = HTTP_FAST,
     .begin = configuration_begin},
    {.method = HTTP_GET,
     .path = "/.well-known/authzen-configuration/{x*}",
     .listeners = HTTP_AGENTS,
     .class = HTTP_FAST,
     .begin = configuration_inserted_begin},
};

const struct http_route *authzen_routes(size_t *ret_n)
{
    *ret_n = AMBIT_LEN(routes);
    return routes;
}
