/* SPDX-License-Identifier: Apache-2.0 */
/* See forward_map.h. */
#include "config/forward_map.h"

#include <strings.h>

#include "ambit/policy.h"
#include "base/buf.h"

/* ---- words ----------------------------------------------------------------------------------- */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool forward_is_method(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!(text.p[i] >= 'A' && text.p[i] <= 'Z') && text.p[i] != '-')
            return false;
    }
    return text.len > 0 && text.len <= 20;
}

bool forward_is_host(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_lower(text.p[i]) && !is_digit(text.p[i]) && !strchr(".-:[]", text.p[i]))
            return false;
    }
    return text.len > 0 && text.len <= 255 && text.p[text.len - 1] != '.';
}

/* What a path may hold: RFC 3986 pchar without escapes, and without `;` and `*`. */
static bool is_path_byte(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c) ||
           (c && strchr("-._~!$&'()+,=:@", c));
}

static bool is_dots(struct ambit_str segment)
{
    return ambit_str_is(segment, ".") || ambit_str_is(segment, "..");
}

static bool is_plain(struct ambit_str segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        if (!is_path_byte(segment.p[i]))
            return false;
    }
    return !is_dots(segment);
}

static bool is_name(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_lower(text.p[i]) && !is_digit(text.p[i]) && text.p[i] != '_')
            return false;
    }
    return text.len > 0 && text.len <= 32;
}

/* The next part of `rest` before the separator, or all of it. False: there is none left. */
static bool next_part(struct ambit_str *rest, char separator, struct ambit_str *ret)
{
    if (!rest->p)
        return false;
    const char *end = rest->len ? memchr(rest->p, separator, rest->len) : NULL;
    if (!end) {
        *ret = *rest;
        *rest = (struct ambit_str){0};
        return true;
    }
    *ret = (struct ambit_str){.p = rest->p, .len = (size_t)(end - rest->p)};
    rest->p = end + 1;
    rest->len -= ret->len + 1;
    return true;
}

/* "{name}", "{name...}", or a literal without braces. */
static bool read_segment(struct ambit_str text, struct forward_segment *ret)
{
    *ret = (struct forward_segment){.kind = FORWARD_LITERAL, .text = text};
    if (!text.len || text.p[0] != '{')
        return !(text.len && (memchr(text.p, '{', text.len) || memchr(text.p, '}', text.len)));
    if (text.len < 3 || text.p[text.len - 1] != '}')
        return false;
    struct ambit_str name = {.p = text.p + 1, .len = text.len - 2};
    bool is_rest = name.len > 3 && memcmp(name.p + name.len - 3, "...", 3) == 0;
    if (is_rest)
        name.len -= 3;
    *ret = (struct forward_segment){.kind = is_rest ? FORWARD_REST : FORWARD_PIECE, .text = name};
    return is_name(name);
}

/* ---- a row ----------------------------------------------------------------------------------- */

static const struct forward_segment *piece_of(const struct forward_row *row, struct ambit_str name)
{
    for (size_t i = 0; i < row->n_segments; i++) {
        const struct forward_segment *segment = &row->segments[i];
        if (segment->kind != FORWARD_LITERAL && ambit_str_eq(segment->text, name))
            return segment;
    }
    return NULL;
}

static bool read_path(struct forward_row *row)
{
    struct ambit_str rest = row->path, part = {0};
    row->n_segments = 0;
    if (!rest.len || rest.p[0] != '/')
        return false;
    rest.p++;
    rest.len--;
    while (next_part(&rest, '/', &part)) {
        struct forward_segment segment;
        bool is_last = !rest.p;
        if (row->n_segments == FORWARD_SEGMENTS_MAX || !read_segment(part, &segment))
            return false;
        bool is_literal = segment.kind == FORWARD_LITERAL;
        if (is_literal && ((!part.len && !is_last) || !is_plain(part)))
            return false;
        if ((segment.kind == FORWARD_REST && !is_last) ||
            (!is_literal && !ambit_str_is(segment.text, "_") && piece_of(row, segment.text)))
            return false;
        row->segments[row->n_segments++] = segment;
    }
    return row->n_segments > 0;
}

struct filling {
    const struct forward_row *row;
    const struct ambit_str *values; /* of the row's segments; NULL: "x" for each */
    bool is_action;
    struct buf *out;
};

static struct ambit_str value_of(const struct filling *filling, struct ambit_str name)
{
    const struct forward_segment *piece = piece_of(filling->row, name);
    return filling->values ? filling->values[piece - filling->row->segments] : AMBIT_STR("x");
}

/* False: not a template of this path. */
static bool fill_segment(const struct filling *filling, struct ambit_str text)
{
    struct forward_segment segment;
    if (!read_segment(text, &segment))
        return false;
    if (segment.kind == FORWARD_LITERAL) {
        buf_put_str(filling->out, text);
        return true;
    }
    const struct forward_segment *piece = piece_of(filling->row, segment.text);
    if (!piece || piece->kind != segment.kind || ambit_str_is(segment.text, "_") ||
        (filling->is_action && segment.kind == FORWARD_REST))
        return false;
    struct ambit_str value = value_of(filling, segment.text);
    /* Within an action a dot would make two segments of one. */
    if (filling->is_action && memchr(value.p, '.', value.len))
        return false;
    buf_put_str(filling->out, value);
    return true;
}

static bool fill(const struct filling *filling, struct ambit_str template)
{
    char separator = filling->is_action ? '.' : '/';
    struct ambit_str rest = template, part = {0};
    if (!filling->is_action) {
        if (!next_part(&rest, ':', &part) || !rest.p)
            return false;
        buf_put_str(filling->out, part);
        buf_put_char(filling->out, ':');
    }
    for (bool is_first = true; next_part(&rest, separator, &part); is_first = false) {
        if (!is_first)
            buf_put_char(filling->out, separator);
        if (!fill_segment(filling, part))
            return false;
    }
    return buf_check(filling->out) == AMBIT_OK;
}

static bool holds(const struct forward_row *row, bool is_action)
{
    char memory[AMBIT_WORD_MAX + 1];
    struct buf out;
    buf_init_fixed(&out, memory, sizeof memory);
    struct filling filling = {.row = row, .is_action = is_action, .out = &out};
    if (!fill(&filling, is_action ? row->action : row->resource))
        return false;
    return is_action ? ambit_name_is_action(buf_str(&out)) : ambit_name_is_resource(buf_str(&out));
}

static bool is_asked_for(struct ambit_str template, const struct forward_segment *piece)
{
    char text[64];
    struct buf out;
    buf_init_fixed(&out, text, sizeof text);
    buf_put_char(&out, '{');
    buf_put_str(&out, piece->text);
    buf_put_text(&out, piece->kind == FORWARD_REST ? "...}" : "}");
    return template.len >= out.len && memmem(template.p, template.len, out.p, out.len);
}

const char *forward_row_read(struct forward_row *row, const char **reterr_member,
                             const char **reterr_expected)
{
    *reterr_member = "path";
    *reterr_expected = "a path such as \"/records/{id}\" or \"/files/{path...}\": plain segments, "
                       "each name once, at most 32";
    if (!read_path(row))
        return "is no path of this map";
    *reterr_member = "action";
    *reterr_expected = "an action whose {names} stand in the path, each for a whole segment";
    if (!holds(row, true))
        return "is no action of this path";
    *reterr_member = "resource";
    *reterr_expected = "TYPE:ID, whose {names} stand in the path, each for a whole segment";
    if (!holds(row, false))
        return "is no resource of this path";
    *reterr_member = "path";
    *reterr_expected =
        "each name in the action or the resource, or {_} for what is nothing to them";
    for (size_t i = 0; i < row->n_segments; i++) {
        const struct forward_segment *piece = &row->segments[i];
        if (piece->kind != FORWARD_LITERAL && !ambit_str_is(piece->text, "_") &&
            !is_asked_for(row->action, piece) && !is_asked_for(row->resource, piece))
            return "names a piece that neither action nor resource asks for";
    }
    return NULL;
}

/* ---- a request ------------------------------------------------------------------------------- */

struct request {
    struct ambit_str segments[FORWARD_SEGMENTS_MAX];
    size_t n;
};

/* False: it could be read in more than one way. */
static bool split(struct ambit_str uri, struct request *ret)
{
    struct ambit_str rest = uri, part = {0};
    const char *query = uri.len ? memchr(uri.p, '?', uri.len) : NULL;
    if (query)
        rest.len = (size_t)(query - uri.p);
    ret->n = 0;
    if (rest.len == 0 || rest.p[0] != '/' || uri.len > FORWARD_URI_MAX)
        return false;
    rest.p++;
    rest.len--;
    while (next_part(&rest, '/', &part)) {
        bool is_last = !rest.p;
        if (ret->n == FORWARD_SEGMENTS_MAX || (!part.len && !is_last) || !is_plain(part))
            return false;
        ret->segments[ret->n++] = part;
    }
    return true;
}

static bool literal_matches(struct ambit_str literal, struct ambit_str segment, bool any_case)
{
    return literal.len == segment.len &&
           (!literal.len || (any_case ? strncasecmp(literal.p, segment.p, literal.len) == 0
                                      : memcmp(literal.p, segment.p, literal.len) == 0));
}

static bool path_matches(const struct forward_row *row, const struct request *request,
                         bool any_case)
{
    size_t n = row->n_segments;
    bool has_rest = row->segments[n - 1].kind == FORWARD_REST;
    if (has_rest ? request->n < n : request->n != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct forward_segment *segment = &row->segments[i];
        if (segment->kind == FORWARD_LITERAL &&
            !literal_matches(segment->text, request->segments[i], any_case))
            return false;
        if (segment->kind != FORWARD_LITERAL && request->segments[i].len == 0)
            return false;
    }
    return !has_rest || request->segments[request->n - 1].len > 0;
}

static bool host_matches(struct ambit_str wanted, struct ambit_str host)
{
    if (!wanted.p)
        return true;
    const char *colon = wanted.len ? memchr(wanted.p, ':', wanted.len) : NULL;
    const char *port = host.len ? memrchr(host.p, ':', host.len) : NULL;
    if (!colon && port)
        host.len = (size_t)(port - host.p);
    return host.len == wanted.len && strncasecmp(host.p, wanted.p, host.len) == 0;
}

static bool is_for(const struct forward_row *row, const struct forward_question *question)
{
    bool has_method = false;
    for (size_t i = 0; i < row->n_methods && !has_method; i++)
        has_method = ambit_str_eq(row->methods[i], question->method);
    return has_method && ambit_str_eq(row->service, question->service) &&
           host_matches(row->host, question->host);
}

static bool answer(const struct forward_row *row, const struct request *request,
                   struct forward_answer *ret)
{
    struct ambit_str values[FORWARD_SEGMENTS_MAX] = {{0}};
    for (size_t i = 0; i < row->n_segments; i++)
        values[i] = request->segments[i];
    if (row->segments[row->n_segments - 1].kind == FORWARD_REST) {
        struct ambit_str last = request->segments[request->n - 1];
        struct ambit_str *rest = &values[row->n_segments - 1];
        rest->len = (size_t)(last.p + last.len - rest->p);
    }
    struct buf action, resource;
    buf_init_fixed(&action, ret->memory, AMBIT_WORD_MAX);
    buf_init_fixed(&resource, ret->memory + AMBIT_WORD_MAX, AMBIT_WORD_MAX);
    struct filling first = {.row = row, .values = values, .is_action = true, .out = &action};
    struct filling second = {.row = row, .values = values, .out = &resource};
    if (!fill(&first, row->action) || !fill(&second, row->resource))
        return false;
    ret->action = buf_str(&action);
    ret->resource = buf_str(&resource);
    return true;
}

enum forward_found forward_find(const struct forward_map *map,
                                const struct forward_question *question, struct forward_answer *ret)
{
    struct request request;
    if (!split(question->uri, &request))
        return FORWARD_HOSTILE;
    for (size_t i = 0; i < map->n; i++) {
        const struct forward_row *row = &map->rows[i];
        if (!is_for(row, question))
            continue;
        if (path_matches(row, &request, false))
            return answer(row, &request, ret) ? FORWARD_MATCHED : FORWARD_HOSTILE;
        /* A server that does not tell case apart would take it for this row's. */
        if (path_matches(row, &request, true))
            return FORWARD_HOSTILE;
    }
    return FORWARD_NO_ROW;
}
