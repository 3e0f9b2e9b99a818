/* SPDX-License-Identifier: Apache-2.0 */
/* The framing gate over header fields: names are tokens, values hold no control byte, what may
 * occur once occurs once, and the length of the body is said in one way only. Pure. */
#include "http/gate.h"

#include <strings.h>

#define REFUSE(code, sentence) ((struct gate_refusal){.status = (code), .detail = (sentence)})
#define PASS                   ((struct gate_refusal){.status = 0})

/* Fields that may occur once; those that the gate itself looks at come first. */
enum single {
    SINGLE_CONTENT_LENGTH,
    SINGLE_CONTENT_TYPE,
    SINGLE_EXPECT,
    SINGLE_HOST,
    SINGLE_REQUEST_ID,
    SINGLE_TRACEPARENT,
    SINGLE_OTHER,
};
static const struct ambit_str singles[] = {
    [SINGLE_CONTENT_LENGTH] = {"content-length", 14},
    [SINGLE_CONTENT_TYPE] = {"content-type", 12},
    [SINGLE_EXPECT] = {"expect", 6},
    [SINGLE_HOST] = {"host", 4},
    [SINGLE_REQUEST_ID] = {"x-request-id", 12},
    [SINGLE_TRACEPARENT] = {"traceparent", 11},
    [SINGLE_OTHER] = {"authorization", 13},
    {"cookie", 6},
    {"dpop", 4},
    {"last-event-id", 13},
    {"origin", 6},
    {"idempotency-key", 15},
    {"x-ambit-authorization", 21},
    {"x-ambit-stated-reason", 21},
    {"x-original-method", 17},
    {"x-original-uri", 14},
    {"x-original-host", 15},
    {"x-forwarded-method", 18},
    {"x-forwarded-uri", 15},
};

static bool name_is(struct ambit_str name, struct ambit_str lower)
{
    return name.len == lower.len && strncasecmp(name.p, lower.p, lower.len) == 0;
}

static size_t single_of(struct ambit_str name)
{
    size_t i = 0;
    while (i < AMBIT_LEN(singles) && !name_is(name, singles[i]))
        i++;
    return i;
}

/* RFC 9110 field-content: visible, obs-text, blanks inside. */
static bool value_is_clean(struct ambit_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = (uint8_t)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static struct ambit_str trim_end(struct ambit_str value)
{
    while (value.len > 0 && (value.p[value.len - 1] == ' ' || value.p[value.len - 1] == '\t'))
        value.len--;
    return value;
}

/* Digits only, so that no reader takes a sign, a comma or an 'x' another way. */
static bool length_of(struct ambit_str value, uint64_t *ret)
{
    uint64_t n = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(value.p[i] - '0');
    }
    *ret = n;
    return value.len > 0 && value.len <= 15;
}

/* RFC 3986 host [":" port], loosely: bytes that cannot stand in one are refused. */
static bool host_is_plain(struct ambit_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.p[i];
        bool is_plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                        c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
        if (!is_plain)
            return false;
    }
    return host.len > 0 && host.len <= 262;
}

/* AZN-5: at most 128 printable characters. */
static bool request_id_is_fine(struct ambit_str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.p[i] < 0x20 || id.p[i] > 0x7e)
            return false;
    return id.len > 0 && id.len <= 128;
}

static struct gate_refusal check_found(const struct ambit_str found[], struct gate_facts *ret)
{
    if (found[SINGLE_HOST].p ? !host_is_plain(found[SINGLE_HOST]) : !ret->is_http_1_0)
        return REFUSE(400, "the request must name its host once");
    ret->has_length = found[SINGLE_CONTENT_LENGTH].p != NULL;
    if (ret->has_length && !length_of(found[SINGLE_CONTENT_LENGTH], &ret->content_length))
        return REFUSE(400, "Content-Length is not a plain number");
    if (found[SINGLE_EXPECT].p && !name_is(found[SINGLE_EXPECT], AMBIT_STR("100-continue")))
        return REFUSE(400, "this expectation cannot be met");
    if (found[SINGLE_REQUEST_ID].p && !request_id_is_fine(found[SINGLE_REQUEST_ID]))
        return REFUSE(400, "X-Request-ID must be 1 to 128 printable characters");
    ret->expects = found[SINGLE_EXPECT].p != NULL;
    ret->content_type = found[SINGLE_CONTENT_TYPE];
    ret->request_id = found[SINGLE_REQUEST_ID];
    ret->traceparent = found[SINGLE_TRACEPARENT];
    return PASS;
}

struct gate_refusal gate_check_fields(const struct gate_head *head, struct gate_facts *ret)
{
    struct ambit_str found[AMBIT_LEN(singles)] = {{0}};
    for (size_t i = 0; i < head->n_fields; i++) {
        struct ambit_str name = head->fields[i].name;
        if (!gate_is_token(name))
            return REFUSE(400, "a header field name is not a token");
        if (!value_is_clean(head->fields[i].value))
            return REFUSE(400, "a header field value holds a control byte");
        if (name_is(name, AMBIT_STR("transfer-encoding")))
            return REFUSE(411, "send the body with Content-Length, without Transfer-Encoding");
        size_t single = single_of(name);
        if (single == AMBIT_LEN(singles))
            continue;
        if (found[single].p)
            return REFUSE(400, "a header field that may occur once occurs twice");
        found[single] = trim_end(head->fields[i].value);
    }
    return check_found(found, ret);
}
