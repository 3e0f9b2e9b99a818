/* SPDX-License-Identifier: Apache-2.0 */
/* Items of a grant, written out. */
#include "oauth/items.h"

#include "base/json_write.h"

static bool is_shown(const struct items_view *view, size_t i)
{
    return view->mask >> i & 1;
}

static bool is_asked_about(const struct items_view *view, size_t i)
{
    return view->ask >> i & 1;
}

static bool is_in_scope(const struct items_view *view, size_t i)
{
    return is_shown(view, i) && !(view->split && is_asked_about(view, i));
}

bool items_have_scope(const struct items_view *view)
{
    for (size_t i = 0; i < view->row->n_items; i++)
        if (is_in_scope(view, i))
            return true;
    return false;
}

/* Names and patterns are printable ASCII without quote or backslash, so they stand in a scope as
 * they are; a row that says otherwise is damaged. */
static void put_word(struct buf *buf, struct ambit_str word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.p[i] <= ' ' || word.p[i] >= 0x7f || word.p[i] == '"' || word.p[i] == '\\')
            buf_fail(buf, AMBIT_ERR_DAMAGED);
    }
    buf_put_str(buf, word);
}

void items_write_scope(const struct items_view *view, struct json_out *out)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    for (size_t i = 0; i < view->row->n_items; i++) {
        if (!is_in_scope(view, i))
            continue;
        if (text.len > 0)
            buf_put_char(&text, ' ');
        put_word(&text, view->row->items[i].action);
        buf_put_char(&text, '[');
        put_word(&text, view->row->items[i].resource);
        buf_put_char(&text, ']');
    }
    if (buf_check(&text))
        out->buf->err = buf_check(&text);
    json_str(out, buf_str(&text));
}

/* The rectangle of items that begins at `from`: `width` resources for each of `height` actions. */
struct block {
    size_t from, width, height;
};

static bool is_alike(const struct items_view *view, size_t a, size_t b)
{
    return is_shown(view, b) && is_asked_about(view, a) == is_asked_about(view, b);
}

static bool is_row_of_block(const struct items_view *view, const struct block *block, size_t start)
{
    const struct ambit_given *items = view->row->items;
    if (start + block->width > view->row->n_items)
        return false;
    for (size_t i = 0; i < block->width; i++)
        if (!is_alike(view, block->from, start + i) ||
            !ambit_str_eq(items[start + i].action, items[start].action) ||
            !ambit_str_eq(items[start + i].resource, items[block->from + i].resource))
            return false;
    return true;
}

static struct block block_at(const struct items_view *view, size_t from)
{
    const struct ambit_given *items = view->row->items;
    struct block block = {.from = from, .width = 1, .height = 1};
    while (from + block.width < view->row->n_items && is_alike(view, from, from + block.width) &&
           ambit_str_eq(items[from + block.width].action, items[from].action))
        block.width++;
    while (is_row_of_block(view, &block, from + block.width * block.height))
        block.height++;
    return block;
}

static void write_strs(struct json_out *out, const char *key, struct ambit_strs strs)
{
    if (strs.n == 0)
        return;
    json_key(out, key);
    json_begin_array(out);
    for (size_t i = 0; i < strs.n; i++)
        json_str(out, strs.v[i]);
    json_end_array(out);
}

static void write_except(const struct grant_row *row, struct json_out *out)
{
    json_key(out, "except");
    json_begin_array(out);
    for (size_t i = 0; i < row->n_except; i++) {
        json_begin_object(out);
        json_member_str(out, "policy", row->except[i].policy);
        json_member_str(out, "id", row->except[i].id);
        write_strs(out, "actions", row->except[i].actions);
        write_strs(out, "resources", row->except[i].resources);
        json_end_object(out);
    }
    json_end_array(out);
}

static void write_block(const struct items_view *view, const struct block *block,
                        struct json_out *out)
{
    const struct grant_row *row = view->row;
    bool asks = is_asked_about(view, block->from);

    json_begin_object(out);
    json_key(out, "type");
    json_text(out, view->split && asks ? "ambit-ask" : "ambit");
    json_key(out, "actions");
    json_begin_array(out);
    for (size_t i = 0; i < block->height; i++)
        json_str(out, row->items[block->from + i * block->width].action);
    json_end_array(out);
    json_key(out, "resources");
    json_begin_array(out);
    for (size_t i = 0; i < block->width; i++)
        json_str(out, row->items[block->from + i].resource);
    json_end_array(out);
    json_member_str(out, "purpose", row->purpose);
    /* An item that any `except` touches is one to ask about; the others have none. */
    if (asks && row->n_except > 0)
        write_except(row, out);
    json_end_object(out);
}

void items_write_details(const struct items_view *view, struct json_out *out)
{
    json_begin_array(out);
    for (size_t i = 0; i < view->row->n_items;) {
        if (!is_shown(view, i)) {
            i++;
            continue;
        }
        struct block block = block_at(view, i);
        write_block(view, &block, out);
        i += block.width * block.height;
    }
    json_end_array(out);
}

static bool is_named_before(const struct items_view *view, size_t i)
{
    const struct ambit_given *items = view->row->items;
    for (size_t j = 0; j < i; j++)
        if (is_shown(view, j) && ambit_str_eq(items[j].rule, items[i].rule) &&
            ambit_str_eq(items[j].policy, items[i].policy))
            return true;
    return false;
}

void items_write_policies(const struct items_view *view, struct json_out *out)
{
    json_begin_array(out);
    for (size_t i = 0; i < view->row->n_items; i++) {
        const struct ambit_given *item = &view->row->items[i];
        if (!is_shown(view, i) || is_named_before(view, i))
            continue;
        json_begin_object(out);
        json_member_str(out, "policy", item->policy);
        json_key(out, "digest");
        json_digest(out, item->digest);
        json_member_str(out, "rule", item->rule);
        json_end_object(out);
    }
    json_end_array(out);
}
