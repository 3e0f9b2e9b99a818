/* SPDX-License-Identifier: Apache-2.0 */
/* See accept.h. */
#include "base/accept.h"

static struct ambit_str trim(struct ambit_str text)
{
    while (text.len > 0 && (text.p[0] == ' ' || text.p[0] == '\t')) {
        text.p++;
        text.len--;
    }
    while (text.len > 0 && (text.p[text.len - 1] == ' ' || text.p[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* What stands before the next `mark`, which is taken off too. */
static struct ambit_str cut(struct ambit_str *rest, char mark)
{
    const char *at = rest->len > 0 ? memchr(rest->p, mark, rest->len) : NULL;
    struct ambit_str part = {.p = rest->p, .len = at ? (size_t)(at - rest->p) : rest->len};
    rest->p += part.len + (at ? 1 : 0);
    rest->len -= part.len + (at ? 1 : 0);
    return trim(part);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_name(struct ambit_str text, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < text.len && text.len == len; i++)
        if (lower(text.p[i]) != name[i])
            return false;
    return text.len == len;
}

/* "q=0", "q=0.0"… */
static bool is_zero(struct ambit_str parameters)
{
    while (parameters.len > 0) {
        struct ambit_str value = cut(&parameters, ';');
        struct ambit_str name = cut(&value, '=');
        if (!is_name(name, "q"))
            continue;
        for (size_t i = 0; i < value.len; i++)
            if (value.p[i] != '0' && value.p[i] != '.')
                return false;
        return value.len > 0;
    }
    return false;
}

/* "application/x" lies in "application/" and a star. */
static bool is_range_of(struct ambit_str range, const char *type)
{
    const char *slash = strchr(type, '/');
    if (is_name(range, "*/*"))
        return true;
    if (!slash || range.len != (size_t)(slash - type) + 2 || range.p[range.len - 1] != '*')
        return false;
    for (const char *c = type; c <= slash; c++)
        if (lower(range.p[c - type]) != *c)
            return false;
    return true;
}

enum verdict { SILENT, TAKES, REFUSES };

/* The most exact word that is said of `name`. */
static enum verdict said(struct ambit_str header, const char *name,
                         bool (*is_wider)(struct ambit_str range, const char *name))
{
    enum verdict wide = SILENT;
    while (header.len > 0) {
        struct ambit_str each = cut(&header, ',');
        struct ambit_str range = cut(&each, ';');
        enum verdict verdict = is_zero(each) ? REFUSES : TAKES;
        if (is_name(range, name))
            return verdict;
        if (is_wider && is_wider(range, name) && wide != TAKES)
            wide = verdict;
    }
    return wide;
}

static bool is_any_coding(struct ambit_str range, const char *name)
{
    (void)name;
    return is_name(range, "*");
}

bool accept_takes(struct ambit_str header, const char *type)
{
    return !header.p || said(header, type, is_range_of) == TAKES;
}

bool accept_names(struct ambit_str header, const char *type)
{
    return header.p && said(header, type, NULL) == TAKES;
}

bool accept_takes_coding(struct ambit_str header, const char *coding)
{
    return header.p && said(header, coding, is_any_coding) == TAKES;
}
