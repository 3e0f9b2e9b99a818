/* SPDX-License-Identifier: Apache-2.0 */
/* GET /.well-known/authzen-configuration (AZN-13): only what works. */
#pragma once

#include "http/http.h"

enum http_next configuration_begin(void *app, struct http_request *req, struct http_reply *reply);
/* The same with the path of the issuer behind the name; 404 for any other path. */
enum http_next configuration_inserted_begin(void *app, struct http_request *req,
                                            struct http_reply *reply);
