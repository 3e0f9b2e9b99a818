/* SPDX-License-Identifier: Apache-2.0 */
/* The routes by which a person has a long job done (core/long_job.h): answered when it is begun.
 * All of it happens in the begin, on a query thread: what it reads first is not short. */
#pragma once

#include "core/long_job.h"
#include "operator/access.h"

/* Reads the body and begins; fills the reply, unless it returns an error. MALFORMED with
 * `reterr_what`: 400 that says it. */
struct job_route {
    enum right right;
    enum ambit_err (*begin)(const struct access *access, struct http_request *req,
                            struct http_reply *reply, const char **reterr_what);
};
enum http_next job_begin(struct broker *broker, const struct job_route *route,
                         struct http_request *req, struct http_reply *reply);
/* In this person's name. */
struct long_job_asked job_asked(const struct access *access, struct http_request *req,
                                struct ambit_str reason);
