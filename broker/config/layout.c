/* SPDX-License-Identifier: Apache-2.0 */
/* How JSON made by us is laid out, and the one change we make to documents of others: a shared
 * secret renewed in place. What fits on a line stands on one; the outermost object never does. */
#include "config/make.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"

enum { LAYOUT_COLUMNS = 100, LAYOUT_INDENT = 2 };

static void put_scalar(struct buf *out, const struct json_value *value)
{
    struct json_out json = {.buf = NULL};
    json_out_init(&json, out, false);
    json_write_value(&json, value);
}

static void put_key(struct buf *out, struct ambit_str key)
{
    struct json_out json = {.buf = NULL};
    json_out_init(&json, out, false);
    json_str(&json, key);
    buf_put_text(out, ": ");
}

static bool is_container(const struct json_value *value)
{
    return value->kind == JSON_ARRAY || value->kind == JSON_OBJECT;
}

static void put_inline(struct buf *out, const struct json_value *value)
{
    if (!is_container(value)) {
        put_scalar(out, value);
        return;
    }

    buf_put_char(out, value->kind == JSON_ARRAY ? '[' : '{');
    for (const struct json_value *child = value->first; child; child = child->next) {
        if (child != value->first)
            buf_put_text(out, ", ");
        if (value->kind == JSON_OBJECT)
            put_key(out, child->key);
        put_inline(out, child);
    }
    buf_put_char(out, value->kind == JSON_ARRAY ? ']' : '}');
}

static void put_line(struct buf *out, size_t indent)
{
    buf_put_char(out, '\n');
    for (size_t i = 0; i < indent; i++)
        buf_put_char(out, ' ');
}

/* `column`: where the value would begin on its line. */
static bool fits(const struct json_value *value, size_t column)
{
    BUF_AUTO line = {.p = NULL, .max = LAYOUT_COLUMNS};
    put_inline(&line, value);
    return !buf_check(&line) && column + line.len < LAYOUT_COLUMNS;
}

static void put_value(struct buf *out, const struct json_value *value, size_t indent,
                      size_t column);

static void put_members(struct buf *out, const struct json_value *value, size_t indent)
{
    for (const struct json_value *child = value->first; child; child = child->next) {
        put_line(out, indent);
        size_t start = out->len;
        if (value->kind == JSON_OBJECT)
            put_key(out, child->key);
        put_value(out, child, indent, indent + out->len - start);
        if (child->next)
            buf_put_char(out, ',');
    }
}

static void put_value(struct buf *out, const struct json_value *value, size_t indent, size_t column)
{
    bool is_outermost = column == 0;
    if (!is_container(value) || !value->first || (!is_outermost && fits(value, column))) {
        put_inline(out, value);
        return;
    }

    buf_put_char(out, value->kind == JSON_ARRAY ? '[' : '{');
    put_members(out, value, indent + LAYOUT_INDENT);
    put_line(out, indent);
    buf_put_char(out, value->kind == JSON_ARRAY ? ']' : '}');
}

static enum ambit_err read_json(struct ambit_str json, struct arena *arena,
                                const struct json_value **ret)
{
    struct json_problem ignored = {.line = 0}; /* ours, or checked by the reader of documents */
    return json_read(json, (struct json_limits){.depth = AMBIT_DOCUMENT_DEPTH}, arena, ret,
                     &ignored);
}

static enum ambit_err put_document(const struct json_value *value, struct buf *out)
{
    put_value(out, value, 0, 0);
    buf_put_char(out, '\n');
    return buf_check(out);
}

enum ambit_err make_pretty(struct ambit_str json, struct buf *out)
{
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *value = NULL;
    enum ambit_err err = read_json(json, &arena, &value);
    if (err)
        return err;

    return put_document(value, out);
}

/* The object anywhere beneath `value` whose `sha256` is this digest, or NULL. */
static struct json_value *find_credential(const struct json_value *value, struct ambit_str hex)
{
    if (ambit_str_eq(json_get_str(value, "sha256"), hex))
        return (struct json_value *)(uintptr_t)value; /* our own arena: ours to change */

    for (const struct json_value *child = value->first; child; child = child->next) {
        struct json_value *found = is_container(child) ? find_credential(child, hex) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static struct ambit_str hex_of(const struct ambit_digest *digest, char dst[HEX_DIGEST_LEN])
{
    hex_encode(digest->b, sizeof digest->b, dst);
    return (struct ambit_str){.p = dst, .len = HEX_DIGEST_LEN};
}

static void set_member(struct json_value *object, const char *key, struct ambit_str text)
{
    for (struct json_value *member = object->first; member; member = member->next) {
        if (ambit_str_is(member->key, key) && member->kind == JSON_STRING)
            member->text = text;
    }
}

enum ambit_err make_renewed(struct ambit_str document, const struct make_renewal *renewal,
                            struct buf *out)
{
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *value = NULL;
    enum ambit_err err = read_json(document, &arena, &value);
    if (err)
        return err;

    char old_hex[HEX_DIGEST_LEN] = "", new_hex[HEX_DIGEST_LEN] = "", expires[TIME_TEXT_LEN] = "";
    struct json_value *credential = find_credential(value, hex_of(&renewal->old_digest, old_hex));
    if (!credential)
        return AMBIT_ERR_NOT_FOUND;

    time_encode(renewal->expires_ms / 1000 * 1000, expires);
    set_member(credential, "sha256", hex_of(&renewal->new_digest, new_hex));
    set_member(credential, "expires", (struct ambit_str){.p = expires, .len = sizeof expires});
    return put_document(value, out);
}

enum ambit_err make_expiry(struct ambit_str document, struct ambit_digest digest, int64_t *ret_ms)
{
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *value = NULL;
    enum ambit_err err = read_json(document, &arena, &value);
    if (err)
        return err;

    char hex[HEX_DIGEST_LEN] = "";
    const struct json_value *credential = find_credential(value, hex_of(&digest, hex));
    if (!credential)
        return AMBIT_ERR_NOT_FOUND;

    return time_decode(json_get_str(credential, "expires"), ret_ms);
}
