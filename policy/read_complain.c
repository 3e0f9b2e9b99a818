/* SPDX-License-Identifier: Apache-2.0 */
/* Saying what is wrong: positions, JSON Pointers (RFC 6901) and quoted values. Text from files is
 * cut and escaped before it enters a sentence. */
#include "policy/read.h"

#include "base/json_write.h"

enum { QUOTED_MAX = 80 };

struct place place_member(const struct place *up, const char *key)
{
    return (struct place){.up = up, .value = json_get(up->value, key), .key = ambit_str_of(key)};
}

struct place place_child(const struct place *up, const struct json_value *child, size_t index)
{
    return (struct place){.up = up, .value = child, .key = child->key, .index = index};
}

static void put_pointer(struct buf *buf, const struct place *at)
{
    const struct place *chain[AMBIT_DOCUMENT_DEPTH + 2];
    size_t depth = 0;
    for (; at->up; at = at->up) {
        AMBIT_ASSERT(depth < AMBIT_LEN(chain));
        chain[depth++] = at;
    }
    while (depth > 0) {
        const struct place *step = chain[--depth];
        buf_put_char(buf, '/');
        if (!step->key.p) {
            buf_put_i64(buf, (int64_t)step->index);
            continue;
        }
        for (size_t i = 0; i < step->key.len; i++) {
            if (step->key.p[i] == '~')
                buf_put_text(buf, "~0");
            else if (step->key.p[i] == '/')
                buf_put_text(buf, "~1");
            else
                buf_put_char(buf, step->key.p[i]);
        }
    }
}

/* A member that is not there is complained about where its object begins. */
static void set_position(struct ambit_problem *problem, const struct place *at)
{
    const struct json_value *value = at->value ? at->value : at->up->value;
    bool is_key = at->is_key && at->value;
    problem->line = is_key ? value->key_line : value->line;
    problem->column = is_key ? value->key_column : value->column;
}

void complain_near(struct reading *reading, const struct place *at, const char *what,
                   const char *expected, struct ambit_str nearest)
{
    if (reading->is_out_of_memory || ++reading->n_errors > READ_ERRORS_MAX + 1)
        return; /* what was read without memory may be wrong by our own fault */

    BUF_AUTO pointer = {0};
    struct ambit_problem problem = {
        .file = reading->file->path,
        .what = ambit_str_of(what),
        .expected = ambit_str_of(expected),
        .nearest = nearest,
    };
    set_position(&problem, at);
    put_pointer(&pointer, at);
    problem.pointer = buf_str(&pointer);
    if (reading->n_errors > READ_ERRORS_MAX) {
        problem.what = AMBIT_STR("more than 1000 errors, of which the first are listed");
        problem.expected = AMBIT_STR("a document that is nearly right");
        problem.nearest = (struct ambit_str){0};
    }
    if (buf_check(&pointer) || ambit_problems_add(reading->problems, &problem))
        reading->is_out_of_memory = true;
}

void complain(struct reading *reading, const struct place *at, const char *what,
              const char *expected)
{
    complain_near(reading, at, what, expected, (struct ambit_str){0});
}

/* As a JSON string, cut at QUOTED_MAX bytes but never inside a character. */
static void put_quoted(struct buf *buf, struct ambit_str text)
{
    struct json_out out;
    size_t len = text.len;
    if (len > QUOTED_MAX) {
        len = QUOTED_MAX;
        while (len > 0 && ((uint8_t)text.p[len] & 0xc0) == 0x80)
            len--;
    }
    json_out_init(&out, buf, false);
    json_str(&out, (struct ambit_str){.p = text.p, .len = len});
    if (len < text.len) {
        buf->len--; /* the closing quote comes after the dots */
        buf_put_text(buf, "...\"");
    }
}

static void put_found(struct buf *buf, const struct json_value *value)
{
    switch (value->kind) {
    case JSON_NULL:
        buf_put_text(buf, "found null");
        return;
    case JSON_FALSE:
        buf_put_text(buf, "found false");
        return;
    case JSON_TRUE:
        buf_put_text(buf, "found true");
        return;
    case JSON_INTEGER:
    case JSON_DECIMAL:
        buf_put_text(buf, "found ");
        buf_put(buf, value->text.p, value->text.len < 40 ? value->text.len : 40);
        return;
    case JSON_STRING:
        buf_put_text(buf, "found ");
        put_quoted(buf, value->text);
        return;
    case JSON_ARRAY:
        buf_put_text(buf, value->count ? "found a list" : "found an empty list");
        return;
    case JSON_OBJECT:
        break;
    }
    buf_put_text(buf, value->count ? "found an object" : "found an empty object");
}

/* Ends a sentence built in `buf` and complains with it. */
static void complain_with(struct reading *reading, const struct place *at, struct buf *buf,
                          const char *expected, struct ambit_str nearest)
{
    buf_put_char(buf, '\0');
    if (buf_check(buf)) {
        reading->is_out_of_memory = true;
        return;
    }
    complain_near(reading, at, buf->p, expected, nearest);
}

void complain_found(struct reading *reading, const struct place *at, const char *expected)
{
    BUF_AUTO buf = {0};
    put_found(&buf, at->value);
    complain_with(reading, at, &buf, expected, (struct ambit_str){0});
}

void complain_text(struct reading *reading, const struct place *at, const char *fault,
                   const char *expected)
{
    BUF_AUTO buf = {0};
    put_quoted(&buf, at->value->text);
    buf_put_text(&buf, ": ");
    buf_put_text(&buf, fault);
    complain_with(reading, at, &buf, expected, (struct ambit_str){0});
}

void complain_name(struct reading *reading, const struct place *at, const char *sentence,
                   const char *expected, struct ambit_str nearest)
{
    BUF_AUTO buf = {0};
    buf_put_text(&buf, sentence);
    buf_put_char(&buf, ' ');
    put_quoted(&buf, at->is_key || !at->value ? at->key : at->value->text);
    complain_with(reading, at, &buf, expected, nearest);
}
