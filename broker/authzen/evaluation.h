/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of POST /access/v1/evaluation. */
#pragma once

#include "http/http.h"

enum http_next evaluation_begin(void *app, struct http_request *req, struct http_reply *reply);
void evaluation_prepare(void *app, struct http_request *req, struct http_reply *reply);
enum http_next evaluation_finish(void *app, struct http_request *req, struct http_reply *reply);
void evaluation_done(void *app, struct http_request *req);
