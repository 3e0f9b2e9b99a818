/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of POST /access/v1/evaluation. */
#pragma once

#include "authzen/question.h"

/* First member of what these handlers keep of a request: /evaluations may hold either. */
struct evaluation_kind {
    bool is_batch;
};

enum http_next evaluation_begin(void *app, struct http_request *req, struct http_reply *reply);
void evaluation_prepare(void *app, struct http_request *req, struct http_reply *reply);
enum http_next evaluation_finish(void *app, struct http_request *req, struct http_reply *reply);
void evaluation_done(void *app, struct http_request *req);

/* A question whose asker is known, from here on one like any other (AZN-8): takes over the
 * reference to the documents. */
enum http_next evaluation_begin_read(const struct questioner *questioner,
                                     const struct evaluation_members *members,
                                     struct http_reply *reply);
