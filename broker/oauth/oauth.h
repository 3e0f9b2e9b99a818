/* SPDX-License-Identifier: Apache-2.0 */
/* The OAuth 2.0 endpoints of ambit: token, introspection, revocation, keys and discovery
 * (standards.md sections 1 to 6). A route table for the edge; its `app` is the broker. Small
 * handlers in three steps: decode, ask core/, reply. */
#pragma once

#include "http/http.h"

const struct http_route *oauth_routes(size_t *ret_n);
