/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what a proxy says of its client. */
#include "http/forwarded.h"

#include <strings.h>

#include "base/encode.h"

bool forwarded_is_listed(const struct forwarded_proxies *proxies, const struct addr *addr)
{
    for (size_t i = 0; addr->family && i < proxies->n; i++)
        if (cidr_contains(&proxies->listed[i], addr))
            return true;
    return false;
}

static struct ambit_str trim(struct ambit_str text)
{
    while (text.len && (text.p[text.len - 1] == ' ' || text.p[text.len - 1] == '\t'))
        text.len--;
    for (; text.len && (text.p[0] == ' ' || text.p[0] == '\t'); text.p++)
        text.len--;
    return text;
}

static bool is_word(struct ambit_str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.p, word, text.len) == 0;
}

static bool is_port(struct ambit_str text)
{
    uint64_t port = 0;
    return text.len <= 5 && parse_u64(text, &port) == AMBIT_OK && port <= UINT16_MAX;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80" */
static bool node_address(struct ambit_str node, struct addr *ret)
{
    const char *colon = node.len ? memchr(node.p, ':', node.len) : NULL;
    if (node.len && node.p[0] == '[') {
        const char *end = memchr(node.p, ']', node.len);
        if (!end || memchr(node.p, '.', (size_t)(end - node.p)) == node.p + 1)
            return false;
        struct ambit_str inside = {.p = node.p + 1, .len = (size_t)(end - node.p) - 1};
        struct ambit_str rest = {.p = end + 1, .len = node.len - (size_t)(end + 1 - node.p)};
        bool has_port = rest.len > 1 && rest.p[0] == ':';
        if (rest.len && (!has_port || !is_port((struct ambit_str){rest.p + 1, rest.len - 1})))
            return false;
        return memchr(inside.p, ':', inside.len) && addr_decode(inside, ret) == AMBIT_OK;
    }
    bool is_one_colon = colon && !memchr(colon + 1, ':', node.len - (size_t)(colon + 1 - node.p));
    if (is_one_colon) {
        size_t at = (size_t)(colon - node.p);
        if (!is_port((struct ambit_str){colon + 1, node.len - at - 1}))
            return false;
        node.len = at;
    }
    return addr_decode(node, ret) == AMBIT_OK;
}

enum forwarded_found forwarded_for(struct ambit_str value, const struct forwarded_proxies *proxies,
                                   struct addr *ret)
{
    size_t end = value.len;
    for (;;) {
        size_t start = end;
        while (start > 0 && value.p[start - 1] != ',')
            start--;
        struct ambit_str one = trim((struct ambit_str){value.p + start, end - start});
        *ret = (struct addr){0};
        if (is_word(one, "unknown"))
            return FORWARDED_CALLER;
        if (!node_address(one, ret))
            return FORWARDED_BROKEN;
        if (!forwarded_is_listed(proxies, ret))
            return FORWARDED_CALLER;
        if (start == 0)
            return FORWARDED_MORE;
        end = start - 1;
    }
}

/* ---- Forwarded ------------------------------------------------------------------------------- */

struct cursor {
    const char *p, *end;
};

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct ambit_str take_token(struct cursor *at)
{
    struct ambit_str token = {.p = at->p};
    while (at->p < at->end && is_token_char(*at->p))
        at->p++;
    token.len = (size_t)(at->p - token.p);
    return token;
}

/* Without its quotes. No escape is taken: no address needs one, and it could hide a comma. */
static bool take_quoted(struct cursor *at, struct ambit_str *ret)
{
    ret->p = ++at->p;
    while (at->p < at->end && *at->p != '"' && *at->p != '\\')
        at->p++;
    if (at->p == at->end || *at->p != '"')
        return false;
    ret->len = (size_t)(at->p++ - ret->p);
    return true;
}

static void skip_blanks(struct cursor *at)
{
    while (at->p < at->end && (*at->p == ' ' || *at->p == '\t'))
        at->p++;
}

/* name=value *( ; name=value ); *ret_for is what "for" says, {NULL,0} without. */
static bool take_element(struct cursor *at, struct ambit_str *ret_for)
{
    *ret_for = (struct ambit_str){0};
    for (;;) {
        struct ambit_str name = take_token(at), value = {0};
        if (!name.len || at->p == at->end || *at->p != '=')
            return false;
        at->p++;
        if (at->p < at->end && *at->p == '"') {
            if (!take_quoted(at, &value))
                return false;
        } else {
            value = take_token(at);
        }
        if (!value.len || (is_word(name, "for") && ret_for->p))
            return false;
        if (is_word(name, "for"))
            *ret_for = value;
        if (at->p == at->end || *at->p != ';')
            return true;
        at->p++;
    }
}

/* RFC 7239 section 6: an IPv6 address stands in brackets; "unknown" and "_name" tell nothing. */
static bool element_address(struct ambit_str node, struct addr *ret)
{
    *ret = (struct addr){0};
    if (!node.p || is_word(node, "unknown") || node.p[0] == '_')
        return true;
    bool is_bare_six =
        node.p[0] != '[' && memchr(node.p, ':', node.len) != memrchr(node.p, ':', node.len);
    return !is_bare_six && node_address(node, ret);
}

enum forwarded_found forwarded_elements(struct ambit_str value,
                                        const struct forwarded_proxies *proxies, struct addr *ret)
{
    struct cursor at = {.p = value.p, .end = value.p + value.len};
    enum forwarded_found found = FORWARDED_BROKEN;
    bool is_known = false; /* from here on only listed ones followed */
    for (;;) {
        struct ambit_str node = {0};
        struct addr addr = {0};
        skip_blanks(&at);
        if (!take_element(&at, &node) || !element_address(node, &addr))
            return FORWARDED_BROKEN;
        bool is_listed = forwarded_is_listed(proxies, &addr);
        /* The right-most that is not listed; while all are, the left-most of them. */
        if (!is_listed || !is_known)
            *ret = addr;
        if (!is_listed)
            found = FORWARDED_CALLER;
        else if (!is_known)
            found = FORWARDED_MORE;
        is_known = true;
        skip_blanks(&at);
        if (at.p == at.end)
            return found;
        if (*at.p++ != ',')
            return FORWARDED_BROKEN;
    }
}

/* ---- certificates ---------------------------------------------------------------------------- */

static bool add_certificate(struct ambit_str text, struct arena *arena, struct ambit_str *ret,
                            size_t *bytes)
{
    size_t size = text.len / 4 * 3, len = 0;
    if (!text.len || size > HTTP_CERTIFICATES_BYTES)
        return false;
    uint8_t *der = arena_alloc(arena, size);
    if (!der || base64_decode(text, der, size, &len) != AMBIT_OK || len == 0)
        return false;
    *bytes += len;
    *ret = (struct ambit_str){.p = (const char *)der, .len = len};
    return *bytes <= HTTP_CERTIFICATES_BYTES;
}

bool forwarded_certificates(struct ambit_str value, bool is_list, struct arena *arena,
                            struct ambit_str *ret, size_t *n, size_t *bytes)
{
    struct ambit_str rest = trim(value);
    for (;;) {
        const char *end =
            rest.len > 2 && rest.p[0] == ':' ? memchr(rest.p + 1, ':', rest.len - 1) : NULL;
        if (!end || *n >= HTTP_CERTIFICATES_MAX)
            return false;
        struct ambit_str text = {.p = rest.p + 1, .len = (size_t)(end - rest.p) - 1};
        if (!add_certificate(text, arena, &ret[*n], bytes))
            return false;
        (*n)++;
        rest = trim((struct ambit_str){end + 1, rest.len - (size_t)(end + 1 - rest.p)});
        if (!rest.len)
            return true;
        if (!is_list || rest.p[0] != ',')
            return false;
        rest = trim((struct ambit_str){rest.p + 1, rest.len - 1});
    }
}
