/* SPDX-License-Identifier: Apache-2.0 */
/* The operator API (/v1, health, metrics): what people do with the broker, by their roles. A route
 * table for the edge; its `app` is the broker. Errors are problem+json with a `reason` (PRB-1). */
#pragma once

#include "http/http.h"

const struct http_route *operator_routes(size_t *ret_n);
