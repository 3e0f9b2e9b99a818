/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers behind oauth_routes(), one file each. */
#pragma once

#include "http/http.h"

enum http_next token_begin(void *app, struct http_request *req, struct http_reply *reply);
void token_prepare(void *app, struct http_request *req, struct http_reply *reply);
enum http_next token_finish(void *app, struct http_request *req, struct http_reply *reply);
void token_done(void *app, struct http_request *req);

enum http_next introspect_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next introspect_finish(void *app, struct http_request *req, struct http_reply *reply);
void introspect_done(void *app, struct http_request *req);

enum http_next revoke_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next revoke_finish(void *app, struct http_request *req, struct http_reply *reply);
void revoke_done(void *app, struct http_request *req);

enum http_next ciba_begin(void *app, struct http_request *req, struct http_reply *reply);

enum http_next status_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next status_lists_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next jwks_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next metadata_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next metadata_inserted_begin(void *app, struct http_request *req,
                                       struct http_reply *reply);
enum http_next authorize_begin(void *app, struct http_request *req, struct http_reply *reply);
