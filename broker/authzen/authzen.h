/* SPDX-License-Identifier: Apache-2.0 */
/* The AuthZEN Authorization API of ambit: one question, whether a grant may do one thing now
 * (standards.md section 12). A route table for the edge; its `app` is the broker. */
#pragma once

#include "http/http.h"

const struct http_route *authzen_routes(size_t *ret_n);
