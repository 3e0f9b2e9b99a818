/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of POST /access/v1/evaluations: services alone (AZN-19). */
#pragma once

#include "http/http.h"

enum http_next evaluations_begin(void *app, struct http_request *req, struct http_reply *reply);
void evaluations_prepare(void *app, struct http_request *req, struct http_reply *reply);
enum http_next evaluations_finish(void *app, struct http_request *req, struct http_reply *reply);
void evaluations_done(void *app, struct http_request *req);
