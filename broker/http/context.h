/* SPDX-License-Identifier: Apache-2.0 */
/* What names and connects requests: request ids (AZN-5), W3C trace ids (TRC-1), media types. Pure
 * but for the random bytes of a fresh id. */
#pragma once

#include "http/http.h"

enum { CONTEXT_REQUEST_ID_LEN = 22 /* 128 random bits, base64url */ };

void context_new_request_id(char dst[CONTEXT_REQUEST_ID_LEN + 1]);
void context_new_trace_id(char dst[HTTP_TRACE_ID_LEN + 1]);
/* False when `traceparent` is absent or not valid: then a new trace is begun. */
bool context_trace_id(struct ambit_str traceparent, char dst[HTTP_TRACE_ID_LEN + 1]);
/* The media type without parameters and blanks around it. */
struct ambit_str context_media_type(struct ambit_str content_type);
bool context_is_media_type(struct ambit_str media_type, const char *wanted); /* case-insensitive */
