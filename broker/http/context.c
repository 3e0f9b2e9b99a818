/* SPDX-License-Identifier: Apache-2.0 */
/* Request ids, trace ids and media types. */
#include "http/context.h"

#include <strings.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/random.h"

void context_new_request_id(char dst[CONTEXT_REQUEST_ID_LEN + 1])
{
    uint8_t bytes[16] = {0};
    random_bytes(bytes, sizeof bytes);
    base64url_encode(bytes, sizeof bytes, dst);
    dst[CONTEXT_REQUEST_ID_LEN] = '\0';
}

void context_new_trace_id(char dst[HTTP_TRACE_ID_LEN + 1])
{
    /* In the order of time, so that the index of them grows at its end; never all zero. */
    struct ambit_id id = random_id(clock_wall_ms());
    hex_encode(id.b, sizeof id.b, dst);
    dst[HTTP_TRACE_ID_LEN] = '\0';
}

static bool is_lower_hex(struct ambit_str text, bool *ret_all_zero)
{
    *ret_all_zero = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        *ret_all_zero = *ret_all_zero && c == '0';
    }
    return true;
}

/* version "-" trace-id "-" parent-id "-" flags; a higher version by the same 55 characters. */
bool context_trace_id(struct ambit_str traceparent, char dst[HTTP_TRACE_ID_LEN + 1])
{
    enum { VERSION = 0, TRACE = 3, PARENT = 36, FLAGS = 53, WHOLE = 55 };
    const char *p = traceparent.p;
    bool is_zero = false;
    if (traceparent.len < WHOLE || p[TRACE - 1] != '-' || p[PARENT - 1] != '-' ||
        p[FLAGS - 1] != '-')
        return false;
    if (!is_lower_hex((struct ambit_str){p + VERSION, 2}, &is_zero) || memcmp(p, "ff", 2) == 0)
        return false;
    if (is_zero ? traceparent.len != WHOLE : traceparent.len > WHOLE && p[WHOLE] != '-')
        return false;
    if (!is_lower_hex((struct ambit_str){p + PARENT, 16}, &is_zero) || is_zero)
        return false;
    if (!is_lower_hex((struct ambit_str){p + FLAGS, 2}, &is_zero))
        return false;
    if (!is_lower_hex((struct ambit_str){p + TRACE, HTTP_TRACE_ID_LEN}, &is_zero) || is_zero)
        return false;

    memcpy(dst, p + TRACE, HTTP_TRACE_ID_LEN);
    dst[HTTP_TRACE_ID_LEN] = '\0';
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct ambit_str context_media_type(struct ambit_str content_type)
{
    const char *end = content_type.len ? memchr(content_type.p, ';', content_type.len) : NULL;
    struct ambit_str type = content_type;
    if (end)
        type.len = (size_t)(end - type.p);
    while (type.len > 0 && is_blank(type.p[type.len - 1]))
        type.len--;
    for (; type.len > 0 && is_blank(type.p[0]); type.p++)
        type.len--;
    return type;
}

bool context_is_media_type(struct ambit_str media_type, const char *wanted)
{
    return strlen(wanted) == media_type.len &&
           strncasecmp(media_type.p, wanted, media_type.len) == 0;
}
