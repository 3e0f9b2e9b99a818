/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/actions/{id}/outcome, POST /v1/signals, GET /v1/receipts/{id}: who may call as at
 * /access/v1/evaluation, answers and problems as under /v1. */
#pragma once

#include "http/http.h"

enum http_next outcome_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next outcome_finish(void *app, struct http_request *req, struct http_reply *reply);
void outcome_done(void *app, struct http_request *req);
enum http_next signal_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next signal_finish(void *app, struct http_request *req, struct http_reply *reply);
void signal_done(void *app, struct http_request *req);
enum http_next receipt_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next receipt_finish(void *app, struct http_request *req, struct http_reply *reply);
void receipt_done(void *app, struct http_request *req);
