/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the operator API: one row each, nothing else decides. Stops, clears and the time
 * run on the loops; whatever reads the record runs on query threads. */
#include "operator/operator.h"

#include "operator/handlers.h"

enum { BODY_MAX = 8 * 1024, QUESTION_MAX = 256 * 1024 };

#define ACT_AND(where, name, then)                                                               \
    {                                                                                            \
        .method = HTTP_POST, .path = (where), .listeners = HTTP_OPERATORS, .body_max = BODY_MAX, \
        .media_type = "application/json", .flags = HTTP_NO_QUERY, .class = HTTP_FAST,            \
        .begin = name##_begin, .finish = then##_finish, .done = then##_done                      \
    }
#define ACT(where, name) ACT_AND(where, name, name)
#define READ(where, name)                                                                      \
    {                                                                                          \
        .method = HTTP_GET, .path = (where), .listeners = HTTP_OPERATORS, .class = HTTP_QUERY, \
        .begin = name##_begin, .finish = reading_finish, .done = reading_done                  \
    }
/* What an export needs beside the tiles: for those who may read everything. */
#define PRIVATE(of_path)                                                                  \
    {                                                                                     \
        .method = HTTP_GET, .path = (of_path), .listeners = HTTP_AGENTS | HTTP_OPERATORS, \
        .class = HTTP_QUERY, .begin = log_private_begin, .finish = reading_finish,        \
        .done = reading_done                                                              \
    }
#define OPEN(where, name, kinds)                                                       \
    {                                                                                  \
        .method = HTTP_GET, .path = (where), .listeners = (kinds), .class = HTTP_FAST, \
        .begin = name##_begin                                                          \
    }

static const struct http_route routes[] = {
    ACT_AND("/v1/stops", stop, raising),
    ACT("/v1/stops/{x}/clear", clear),
    ACT("/v1/incidents/{x}/acknowledge", acknowledge),
    ACT("/v1/incidents/{x}/close", incident_close),
    ACT("/v1/approvals/{x}", approve),
    ACT("/v1/time/acknowledge", time),
    ACT_AND("/v1/people/{x}/offboard", offboard, raising),
    {.method = HTTP_POST,
     .path = "/v1/documents/confirm",
     .listeners = HTTP_OPERATORS,
     .body_max = BODY_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_QUERY,
     .begin = confirm_begin,
     .finish = confirm_finish,
     .done = confirm_done},
    {.method = HTTP_POST,
     .path = "/v1/documents/reload",
     .listeners = HTTP_OPERATORS,
     .body_max = BODY_MAX,
     .flags = HTTP_NO_QUERY,
     .class = HTTP_QUERY,
     .begin = reload_begin,
     .finish = reload_finish,
     .done = reload_end},
    {.method = HTTP_POST,
     .path = "/v1/keys/rotate",
     .listeners = HTTP_OPERATORS,
     .body_max = BODY_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_QUERY,
     .begin = rotate_begin,
     .finish = rotate_finish,
     .done = rotate_done},
    {.method = HTTP_POST,
     .path = "/v1/erasures",
     .listeners = HTTP_OPERATORS,
     .body_max = BODY_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_QUERY,
     .begin = erase_begin,
     .done = erase_done},
    {.method = HTTP_POST,
     .path = "/v1/explain",
     .listeners = HTTP_OPERATORS,
     .body_max = QUESTION_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_QUERY,
     .begin = explain_begin,
     .finish = explain_finish,
     .done = explain_done},
    {.method = HTTP_POST,
     .path = "/v1/backups",
     .listeners = HTTP_OPERATORS,
     .body_max = BODY_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_QUERY,
     .begin = backup_begin_route},
    {.method = HTTP_POST,
     .path = "/v1/prune",
     .listeners = HTTP_OPERATORS,
     .body_max = BODY_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_QUERY,
     .begin = prune_begin_route},
    READ("/v1/backups", backups),
    READ("/v1/segments", segments),
    READ("/v1/stops", stops),
    READ("/v1/stops/{x}", stop_one),
    READ("/v1/incidents", incidents),
    READ("/v1/incidents/{x}", incident_one),
    READ("/v1/approvals", approvals),
    READ("/v1/approvals/{x}", approval),
    READ("/v1/keys", keys),
    READ("/v1/erasures", erasures),
    READ("/v1/grants", grants),
    READ("/v1/events", events),
    READ("/v1/report", report),
    READ("/v1/trace/{x*}", trace),
    {.method = HTTP_GET,
     .path = "/v1/whoami",
     .listeners = HTTP_AGENTS | HTTP_OPERATORS,
     .class = HTTP_FAST,
     .begin = whoami_begin,
     .finish = whoami_finish,
     .done = whoami_done},
    OPEN("/log/checkpoint", log_checkpoint, HTTP_AGENTS | HTTP_OPERATORS),
    OPEN("/log/key", log_key, HTTP_AGENTS | HTTP_OPERATORS),
    OPEN("/log/witnessed", log_witnessed, HTTP_AGENTS | HTTP_OPERATORS),
    {.method = HTTP_GET,
     .path = "/log/proof",
     .listeners = HTTP_AGENTS | HTTP_OPERATORS,
     .class = HTTP_QUERY,
     .begin = log_proof_begin,
     .finish = reading_finish,
     .done = reading_done},
    {.method = HTTP_GET,
     .path = "/log/tile/{x*}",
     .listeners = HTTP_AGENTS | HTTP_OPERATORS,
     .class = HTTP_QUERY,
     .begin = log_tile_begin,
     .finish = reading_finish,
     .done = reading_done},
    PRIVATE("/log/openings/{x*}"),
    PRIVATE("/log/documents/{x}"),
    PRIVATE("/log/sets/{x}"),
    PRIVATE("/log/zones/{x}"),
    OPEN("/healthz", health, HTTP_OPS),
    OPEN("/readyz", ready, HTTP_OPS),
    OPEN("/metrics", metrics, HTTP_OPS),
};

const struct http_route *operator_routes(size_t *ret_n)
{
    *ret_n = AMBIT_LEN(routes);
    return routes;
}
