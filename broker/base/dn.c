/* SPDX-License-Identifier: Apache-2.0 */
/* Reading RFC 4514, section 3: relative names between ',' of pieces between '+'; a piece is
 * type=value. Strict: blanks that are not escaped belong to nothing. */
#include "base/dn.h"

struct cursor {
    const char *p, *end;
};

static bool is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_of(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* descr = ALPHA *(ALPHA / DIGIT / "-"), or a dotted OID */
static bool take_type(struct cursor *at, struct ambit_str *ret)
{
    const char *begin = at->p;
    while (at->p < at->end && *at->p != '=')
        at->p++;
    *ret = (struct ambit_str){.p = begin, .len = (size_t)(at->p - begin)};
    if (at->p == at->end || ret->len == 0)
        return false;
    at->p++;

    bool is_name = is_alpha(begin[0]);
    for (size_t i = 0; i < ret->len; i++) {
        char c = begin[i];
        bool is_edge = i == 0 || i + 1 == ret->len || begin[i - 1] == '.';
        bool is_fine = is_name ? is_alpha(c) || is_digit(c) || c == '-'
                               : is_digit(c) || (c == '.' && !is_edge);
        if (!is_fine)
            return false;
    }
    return true;
}

static bool is_over(const struct cursor *at)
{
    return at->p == at->end || *at->p == ',' || *at->p == '+';
}

/* '#' and at least one pair of hex digits */
static bool take_encoded(struct cursor *at, char *dst, size_t *ret_len)
{
    size_t len = 0;
    for (at->p++; !is_over(at); at->p += 2) {
        int high = hex_of(at->p[0]), low = at->end - at->p > 1 ? hex_of(at->p[1]) : -1;
        if (high < 0 || low < 0)
            return false;
        dst[len++] = (char)(high << 4 | low);
    }
    *ret_len = len;
    return len > 0;
}

/* "\" and a special character, or "\" and two hex digits */
static bool take_escape(struct cursor *at, char *ret)
{
    if (at->end - at->p < 2)
        return false;
    char c = at->p[1];
    int high = hex_of(c), low = at->end - at->p > 2 ? hex_of(at->p[2]) : -1;
    if (high >= 0 && low >= 0) {
        *ret = (char)(high << 4 | low);
        at->p += 3;
        return true;
    }
    if (c == '\0' || !strchr(" \"#+,;<=>\\", c))
        return false;
    *ret = c;
    at->p += 2;
    return true;
}

static bool take_string(struct cursor *at, char *dst, size_t *ret_len)
{
    size_t len = 0;
    bool is_last_bare_blank = false;
    while (!is_over(at)) {
        is_last_bare_blank = *at->p == ' ';
        if (*at->p == '\\') {
            if (!take_escape(at, &dst[len++]))
                return false;
            continue;
        }
        if (memchr("\"+,;<>", *at->p, 7) || (len == 0 && (*at->p == ' ' || *at->p == '#')))
            return false; /* memchr with the NUL that ends the list */
        dst[len++] = *at->p++;
    }
    *ret_len = len;
    return len > 0 && !is_last_bare_blank;
}

static enum ambit_err take_piece(struct cursor *at, struct arena *arena, struct dn_piece *ret)
{
    if (!take_type(at, &ret->type))
        return AMBIT_ERR_MALFORMED;
    char *value = arena_alloc(arena, (size_t)(at->end - at->p) + 1);
    if (!value)
        return AMBIT_ERR_NO_MEMORY;
    ret->value.p = value;
    ret->is_encoded = at->p < at->end && *at->p == '#';
    bool is_fine = ret->is_encoded ? take_encoded(at, value, &ret->value.len)
                                   : take_string(at, value, &ret->value.len);
    return is_fine ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

enum ambit_err dn_read(struct ambit_str text, struct arena *arena,
                       struct dn_piece pieces[DN_PIECES_MAX], size_t *ret_n)
{
    struct cursor at = {.p = text.p, .end = text.p + text.len};
    bool is_joined = false;
    size_t n = 0;
    for (;;) {
        if (n == DN_PIECES_MAX)
            return AMBIT_ERR_TOO_LARGE;
        pieces[n] = (struct dn_piece){.is_joined = is_joined};
        enum ambit_err err = take_piece(&at, arena, &pieces[n++]);
        if (err)
            return err;
        if (at.p == at.end)
            break;
        is_joined = *at.p++ == '+';
    }
    *ret_n = n;
    return AMBIT_OK;
}
