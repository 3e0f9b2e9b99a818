/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of POST /access/v1/search/… (AZN-11, AZN-12), on query threads: services alone, no
 * side effect but what the budget pays. */
#pragma once

#include "http/http.h"

enum http_next search_subject_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next search_resource_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next search_action_begin(void *app, struct http_request *req, struct http_reply *reply);
