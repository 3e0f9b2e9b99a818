/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned, escaped output. Widths count code points: what is not ASCII is rare and mostly narrow.
 */
#include "cli/show.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "policy/problem.h"

static bool is_control_at(struct ambit_str text, size_t i)
{
    uint8_t byte = (uint8_t)text.p[i];
    if (byte < 0x20 || byte == 0x7f)
        return true;

    /* C1 controls, U+0080 to U+009F, are C2 80 to C2 9F. Marks and overrides of direction could
     * turn a line around: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069; U+2028 and
     * U+2029 are line ends to some. */
    if (byte == 0xc2 && i + 1 < text.len && (uint8_t)text.p[i + 1] < 0xa0)
        return true;
    if (byte == 0xd8 && i + 1 < text.len && (uint8_t)text.p[i + 1] == 0x9c)
        return true;
    if (byte != 0xe2 || i + 2 >= text.len)
        return false;

    uint8_t second = (uint8_t)text.p[i + 1], third = (uint8_t)text.p[i + 2];
    return (second == 0x80 &&
            (third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae))) ||
           (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

/* How many bytes the character at i has, by its first byte. */
static size_t character_len(struct ambit_str text, size_t i)
{
    uint8_t byte = (uint8_t)text.p[i];
    size_t len = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return i + len <= text.len ? len : text.len - i;
}

void show_escaped(struct buf *out, struct ambit_str text)
{
    bool is_utf8 = utf8_is_valid(text);
    for (size_t i = 0, len = 1; i < text.len; i += len) {
        len = is_utf8 ? character_len(text, i) : 1;
        uint8_t byte = (uint8_t)text.p[i];
        if (byte == '\n') {
            buf_put_text(out, "\\n");
        } else if (byte == '\t') {
            buf_put_text(out, "\\t");
        } else if (is_control_at(text, i) || (!is_utf8 && byte >= 0x80)) {
            for (size_t k = 0; k < len; k++)
                buf_printf(out, "\\x%02x", (uint8_t)text.p[i + k]);
        } else {
            buf_put(out, text.p + i, len);
        }
    }
}

void show_json(struct buf *out, struct ambit_str json)
{
    for (size_t i = 0, len = 1; i < json.len; i += len) {
        len = character_len(json, i);
        uint8_t byte = (uint8_t)json.p[i];
        /* Below 0x20 only the blanks between values are left: in texts JSON does not allow them. */
        if (byte < 0x20 || !is_control_at(json, i))
            buf_put(out, json.p + i, len);
        else if (len == 1)
            buf_put_text(out, "\\u007f");
        else if (len == 2)
            buf_printf(out, "\\u%04x",
                       (unsigned)(byte & 0x1f) << 6 | ((uint8_t)json.p[i + 1] & 0x3f));
        else
            buf_printf(out, "\\u20%02x",
                       (((uint8_t)json.p[i + 1] & 0x3f) << 6 | ((uint8_t)json.p[i + 2] & 0x3f)) &
                           0xff);
    }
}

void show_problem(struct buf *out, const struct ambit_problem *problem)
{
    BUF_AUTO line = {.p = NULL};
    problem_write_line(&line, problem);
    show_escaped(out, buf_str(&line));
    buf_put_char(out, '\n');
}

void show_paragraphs(struct buf *out, struct ambit_str text)
{
    while (text.len) {
        const char *end = memchr(text.p, '\n', text.len);
        size_t len = end ? (size_t)(end - text.p) : text.len;
        show_escaped(out, (struct ambit_str){.p = text.p, .len = len});
        buf_put_char(out, '\n');
        len += end != NULL;
        text = (struct ambit_str){.p = text.p + len, .len = text.len - len};
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

static size_t width_of(struct ambit_str text)
{
    BUF_AUTO escaped = {.p = NULL};
    show_escaped(&escaped, text);
    size_t width = 0;
    for (size_t i = 0; i < escaped.len; i++)
        width += ((uint8_t)escaped.p[i] & 0xc0) != 0x80;
    return width;
}

static void put_cell(struct buf *out, struct ambit_str text, size_t width, bool is_last)
{
    show_escaped(out, text);
    if (is_last) {
        buf_put_char(out, '\n');
        return;
    }
    for (size_t i = width_of(text); i < width + 2; i++)
        buf_put_char(out, ' ');
}

void show_table(struct buf *out, const struct show_table *table)
{
    size_t widths[SHOW_COLUMNS_MAX] = {0}, n = table->n_columns;
    AMBIT_ASSERT(n > 0 && n <= SHOW_COLUMNS_MAX);
    for (size_t i = 0; i < n; i++)
        widths[i] = width_of(ambit_str_of(table->headings[i]));
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t width = width_of(table->cells[i]);
        if (width > widths[i % n])
            widths[i % n] = width;
    }
    for (size_t i = 0; i < n; i++)
        put_cell(out, ambit_str_of(table->headings[i]), widths[i], i + 1 == n);
    for (size_t i = 0; i < table->n_cells; i++)
        put_cell(out, table->cells[i], widths[i % n], i % n + 1 == n);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct ambit_str text_of(struct arena *arena, const struct json_value *value)
{
    if (!value || value->kind == JSON_NULL)
        return (struct ambit_str){NULL, 0};
    if (value->kind == JSON_STRING || value->kind == JSON_INTEGER || value->kind == JSON_DECIMAL)
        return value->text;

    BUF_AUTO text = {.p = NULL};
    for (const struct json_value *one = value->kind == JSON_ARRAY ? value->first : NULL; one;
         one = one->next) {
        if (one != value->first)
            buf_put_char(&text, ' ');
        buf_put_str(&text, text_of(arena, one));
    }
    if (value->kind != JSON_ARRAY) {
        struct json_out out = {.buf = NULL};
        json_out_init(&out, &text, false);
        json_write_value(&out, value);
    }
    return buf_check(&text) ? AMBIT_STR("?") : arena_copy(arena, buf_str(&text));
}

static const struct json_value *find_member(const struct json_value *object, struct ambit_str key)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;

    for (const struct json_value *member = object->first; member; member = member->next) {
        if (ambit_str_eq(member->key, key))
            return member;
    }
    return NULL;
}

/* Does the object say that this text of its own is erased? */
static bool is_erased(const struct json_value *object, const char *member)
{
    const struct json_value *erased = json_get(object, "erased");
    const struct json_value *name = erased && erased->kind == JSON_ARRAY ? erased->first : NULL;
    for (; name; name = name->next)
        if (name->kind == JSON_STRING && ambit_str_is(name->text, member))
            return true;
    return false;
}

struct ambit_str show_member(struct arena *arena, const struct json_value *object, const char *path)
{
    const struct json_value *at = object;
    if (object && object->kind == JSON_OBJECT && !json_get(object, path) && is_erased(object, path))
        return AMBIT_STR("(erased)");
    while (at && *path) {
        const char *dot = strchr(path, '.');
        size_t len = dot ? (size_t)(dot - path) : strlen(path);
        at = find_member(at, (struct ambit_str){.p = path, .len = len});
        path += dot ? len + 1 : len;
    }
    return text_of(arena, at);
}

enum ambit_err show_list(struct buf *out, struct arena *arena, const struct json_value *list,
                         const struct show_column *columns, size_t n_columns)
{
    const char *headings[SHOW_COLUMNS_MAX] = {NULL};
    AMBIT_ASSERT(n_columns <= SHOW_COLUMNS_MAX);
    for (size_t i = 0; i < n_columns; i++)
        headings[i] = columns[i].heading;

    size_t n_cells = 0;
    if (!ambit_mul(list ? list->count : 0, n_columns, &n_cells))
        return AMBIT_ERR_NO_MEMORY;

    struct ambit_str *cells = arena_array(arena, n_cells + 1, sizeof *cells);
    if (!cells)
        return AMBIT_ERR_NO_MEMORY;

    size_t at = 0;
    for (const struct json_value *row = list ? list->first : NULL; row; row = row->next) {
        for (size_t i = 0; i < n_columns; i++) {
            struct ambit_str text = show_member(arena, row, columns[i].member);
            cells[at++] = text.len ? text : AMBIT_STR("-");
        }
    }
    show_table(out,
               &(struct show_table){
                   .headings = headings, .n_columns = n_columns, .cells = cells, .n_cells = at});
    return buf_check(out);
}

void show_lines(struct buf *out, const struct show_line *lines, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++) {
        if (lines[i].text.p && strlen(lines[i].name) > width)
            width = strlen(lines[i].name);
    }
    for (size_t i = 0; i < n; i++) {
        if (!lines[i].text.p)
            continue;
        buf_printf(out, "%s:%*s", lines[i].name, (int)(width - strlen(lines[i].name) + 1), "");
        show_escaped(out, lines[i].text);
        buf_put_char(out, '\n');
    }
}
