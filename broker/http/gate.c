/* SPDX-License-Identifier: Apache-2.0 */
/* The framing gate over bytes: layout of the head, method, version and target. Pure: no parser
 * types, no allocation, no clock. Every step is a run of refusals with one pass at the bottom. */
#include "http/gate.h"

#define REFUSE(code, sentence) ((struct gate_refusal){.status = (code), .detail = (sentence)})
#define PASS                   ((struct gate_refusal){.status = 0})

/* RFC 9110 tchar. */
static const bool token_bytes[256] = {
    ['!'] = true,         ['#'] = true,         ['$'] = true,         ['%'] = true, ['&'] = true,
    ['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true, ['.'] = true,
    ['^'] = true,         ['_'] = true,         ['`'] = true,         ['|'] = true, ['~'] = true,
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

/* RFC 3986 pchar and '/', without percent escapes. */
static const bool path_bytes[256] = {
    ['!'] = true,         ['$'] = true, ['&'] = true, ['\''] = true,        ['('] = true,
    [')'] = true,         ['*'] = true, ['+'] = true, [','] = true,         ['-'] = true,
    ['.'] = true,         ['/'] = true, [':'] = true, [';'] = true,         ['='] = true,
    ['@'] = true,         ['_'] = true, ['~'] = true, ['0' ... '9'] = true, ['A' ... 'Z'] = true,
    ['a' ... 'z'] = true,
};

bool gate_is_token(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!token_bytes[(uint8_t)text.p[i]])
            return false;
    return text.len > 0;
}

static struct gate_refusal check_path(struct ambit_str path)
{
    if (path.len == 0 || path.p[0] != '/')
        return REFUSE(400, "the request target must begin with '/'");
    for (size_t i = 0; i < path.len; i++)
        if (!path_bytes[(uint8_t)path.p[i]])
            return REFUSE(400, "the path holds a byte that is not allowed");
    for (size_t i = 0; i + 1 < path.len; i++) {
        if (path.p[i] != '/')
            continue;
        const char *s = path.p + i + 1;
        size_t left = path.len - i - 1;
        if (s[0] == '/')
            return REFUSE(400, "the path holds an empty segment");
        size_t dots = s[0] == '.' ? (left > 1 && s[1] == '.' ? 2 : 1) : 0;
        if (dots > 0 && (left == dots || s[dots] == '/'))
            return REFUSE(400, "the path holds a dot segment");
    }
    return PASS;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static struct gate_refusal check_query(struct ambit_str query)
{
    size_t arguments = 1;
    for (size_t i = 0; i < query.len; i++) {
        char c = query.p[i];
        arguments += c == '&';
        if (c == '%' && (query.len - i < 3 || !is_hex(query.p[i + 1]) || !is_hex(query.p[i + 2])))
            return REFUSE(400, "the query holds a broken percent escape");
        if (!path_bytes[(uint8_t)c] && c != '?' && c != '%')
            return REFUSE(400, "the query holds a byte that is not allowed");
    }
    return arguments > GATE_ARGUMENTS_MAX ? REFUSE(400, "the query has too many arguments") : PASS;
}

struct gate_refusal gate_check_target(struct ambit_str target, struct ambit_str *ret_path,
                                      struct ambit_str *ret_query)
{
    if (target.len > GATE_TARGET_MAX)
        return REFUSE(414, "the request target is too long");

    const char *mark = target.len ? memchr(target.p, '?', target.len) : NULL;
    struct ambit_str path = {.p = target.p, .len = mark ? (size_t)(mark - target.p) : target.len};
    struct ambit_str query = {0};
    if (mark)
        query = (struct ambit_str){.p = mark + 1, .len = target.len - path.len - 1};
    struct gate_refusal refusal = check_path(path);
    if (refusal.status == 0)
        refusal = check_query(query);
    if (refusal.status != 0)
        return refusal;

    *ret_path = path;
    *ret_query = query;
    return PASS;
}

/* Walks the head with `at` = how many of its bytes are accounted for. */
struct walk {
    const char *start;
    size_t size, at;
    bool ok;
};

/* The next bytes are `text`, and it stands here: same place, same length, no NUL inside. */
static void walk_text(struct walk *walk, struct ambit_str text)
{
    walk->ok = walk->ok && text.p == walk->start + walk->at && text.len <= walk->size - walk->at &&
               (text.len == 0 || !memchr(text.p, '\0', text.len));
    if (walk->ok)
        walk->at += text.len;
}

/* The next `n` bytes were separators: NUL by now. */
static void walk_cut(struct walk *walk, size_t n)
{
    for (; n > 0 && walk->ok; n--) {
        walk->ok = walk->at < walk->size && walk->start[walk->at] == '\0';
        walk->at += walk->ok;
    }
}

static void walk_blanks(struct walk *walk)
{
    while (walk->ok && walk->at < walk->size &&
           (walk->start[walk->at] == ' ' || walk->start[walk->at] == '\t'))
        walk->at++;
}

struct gate_refusal gate_check_layout(const struct gate_head *head)
{
    struct walk walk = {.start = head->start, .size = head->size, .ok = true};
    walk_text(&walk, head->method);
    walk_cut(&walk, 1);
    /* The target's own bytes may be cut by now: place and length are compared, its content not. */
    walk.ok = walk.ok && head->target_at == walk.start + walk.at &&
              head->target.len < walk.size - walk.at;
    if (walk.ok)
        walk.at += head->target.len;
    walk_cut(&walk, 1);
    walk_text(&walk, head->version);
    walk_cut(&walk, 2);
    for (size_t i = 0; i < head->n_fields; i++) {
        walk_text(&walk, head->fields[i].name);
        walk_cut(&walk, 1);
        walk_blanks(&walk);
        walk_text(&walk, head->fields[i].value);
        walk_cut(&walk, 2);
    }
    walk_cut(&walk, 2);
    if (!walk.ok || walk.at != head->size)
        return REFUSE(400, "the request head is not made of plain lines that end in CRLF");
    return PASS;
}

static bool method_of(struct ambit_str text, struct gate_facts *ret)
{
    static const struct {
        struct ambit_str text;
        enum http_method method;
    } methods[] = {
        {{"GET", 3}, HTTP_GET},         {{"POST", 4}, HTTP_POST},   {{"HEAD", 4}, HTTP_GET},
        {{"PUT", 3}, HTTP_PUT},         {{"PATCH", 5}, HTTP_PATCH}, {{"DELETE", 6}, HTTP_DELETE},
        {{"OPTIONS", 7}, HTTP_OPTIONS},
    };
    for (size_t i = 0; i < AMBIT_LEN(methods); i++)
        if (ambit_str_eq(text, methods[i].text)) {
            ret->method = methods[i].method;
            ret->is_head = text.p[0] == 'H';
            return true;
        }
    return false;
}

struct gate_refusal gate_check(const struct gate_head *head, struct gate_facts *ret)
{
    *ret = (struct gate_facts){0};
    if (head->size > GATE_HEAD_MAX)
        return head->target.len > GATE_TARGET_MAX ? REFUSE(414, "the request target is too long")
                                                  : REFUSE(431, "the request head is too large");
    if (head->n_fields > GATE_FIELDS_MAX)
        return REFUSE(431, "the request has too many header fields");
    if (!method_of(head->method, ret))
        return REFUSE(400, "the method is not known here");
    if (!ambit_str_is(head->version, "HTTP/1.1") && !ambit_str_is(head->version, "HTTP/1.0"))
        return REFUSE(400, "the protocol version is not HTTP/1.1");
    ret->is_http_1_0 = head->version.p[head->version.len - 1] == '0';

    struct gate_refusal refusal = gate_check_layout(head);
    if (refusal.status == 0)
        refusal = gate_check_target(head->target, &ret->path, &ret->query);
    if (refusal.status == 0)
        refusal = gate_check_fields(head, ret);
    return refusal;
}
