/* SPDX-License-Identifier: Apache-2.0 */
/* Reading SPIFFE IDs: a run of refusals. */
#include "base/spiffe.h"

static bool is_domain_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool is_path_fine(struct ambit_str path)
{
    size_t begin = 0; /* of the segment, behind its slash */
    for (size_t i = 0; i <= path.len; i++) {
        bool is_end = i == path.len || path.p[i] == '/';
        if (!is_end && !is_domain_char(path.p[i]) && !(path.p[i] >= 'A' && path.p[i] <= 'Z'))
            return false;
        if (!is_end || i == 0)
            continue;
        struct ambit_str segment = {.p = path.p + begin + 1, .len = i - begin - 1};
        if (segment.len == 0 || ambit_str_is(segment, ".") || ambit_str_is(segment, ".."))
            return false;
        begin = i;
    }
    return true;
}

bool spiffe_read(struct ambit_str text, struct spiffe_id *ret)
{
    static const char scheme[] = "spiffe://";
    const size_t n = sizeof scheme - 1;
    if (text.len <= n || text.len > SPIFFE_ID_MAX || memcmp(text.p, scheme, n) != 0)
        return false;

    size_t end = n;
    while (end < text.len && text.p[end] != '/')
        if (!is_domain_char(text.p[end++]))
            return false;
    struct ambit_str domain = {.p = text.p + n, .len = end - n};
    struct ambit_str path = {0};
    if (domain.len == 0 || domain.len > SPIFFE_DOMAIN_MAX)
        return false;
    if (end < text.len)
        path = (struct ambit_str){.p = text.p + end, .len = text.len - end};
    if (path.p && (path.len < 2 || !is_path_fine(path)))
        return false;
    *ret = (struct spiffe_id){.domain = domain, .path = path};
    return true;
}
