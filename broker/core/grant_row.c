/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of a grant's row: a version byte, fixed fields, then length-framed texts. */
#include "core/grant_row.h"

#include "core/row.h"

/* A row that says nothing beyond version 1 is of version 1, whoever wrote it: the same event gives
 * the same bytes in every version of the broker. */
enum { ROW_VERSION = 1, ROW_WIDE_VERSION = 2, ROW_BOUND_VERSION = 3 };
enum { FLAG_APPROVED = 1 };

static bool is_bound(const struct grant_row *row)
{
    static const struct ambit_digest none = {{0}};
    return !ambit_digest_eq(row->binding_key, none);
}

static bool is_wide(const struct grant_row *row)
{
    return row->is_approved || row->composition.p || row->depth > 0 || is_bound(row);
}

static char version_of(const struct grant_row *row)
{
    return is_bound(row) ? ROW_BOUND_VERSION : is_wide(row) ? ROW_WIDE_VERSION : ROW_VERSION;
}

static void put_texts(struct buf *buf, struct ambit_strs texts)
{
    row_put_u16(buf, texts.n);
    for (size_t i = 0; i < texts.n; i++)
        row_put_text(buf, texts.v[i]);
}

void grant_row_encode(const struct grant_row *row, struct buf *buf)
{
    buf_put_char(buf, version_of(row));
    buf_put(buf, row->id.b, sizeof row->id.b);
    buf_put(buf, row->lineage.b, sizeof row->lineage.b);
    buf_put(buf, row->parent.b, sizeof row->parent.b);
    row_put_u64(buf, row->seq);
    row_put_u64(buf, (uint64_t)row->issued_ms);
    row_put_u64(buf, (uint64_t)row->expires_ms);
    buf_put(buf, row->token.b, sizeof row->token.b);
    buf_put_char(buf, (char)row->binding);
    const struct ambit_str texts[] = {row->agent,    row->owner,   row->team,
                                      row->audience, row->purpose, row->txn};
    for (size_t i = 0; i < AMBIT_LEN(texts); i++)
        row_put_text(buf, texts[i]);
    row_put_u16(buf, row->n_items);
    for (size_t i = 0; i < row->n_items; i++) {
        const struct ambit_given *item = &row->items[i];
        row_put_text(buf, item->action);
        row_put_text(buf, item->resource);
        row_put_text(buf, item->policy);
        row_put_text(buf, item->rule);
        buf_put(buf, item->digest.b, sizeof item->digest.b);
    }
    row_put_u16(buf, row->n_except);
    for (size_t i = 0; i < row->n_except; i++) {
        row_put_text(buf, row->except[i].policy);
        row_put_text(buf, row->except[i].id);
        put_texts(buf, row->except[i].actions);
        put_texts(buf, row->except[i].resources);
    }
    if (!is_wide(row))
        return;
    buf_put_char(buf, row->is_approved ? FLAG_APPROVED : 0);
    buf_put_char(buf, (char)row->depth);
    row_put_text(buf, row->composition);
    if (is_bound(row))
        buf_put(buf, row->binding_key.b, sizeof row->binding_key.b);
}

static struct ambit_strs take_texts(struct row_reader *reader)
{
    size_t n = 0;
    struct ambit_str *texts = row_take_array(reader, sizeof *texts, &n);
    for (size_t i = 0; i < n; i++)
        texts[i] = row_take_text(reader);
    return (struct ambit_strs){.v = texts, .n = n};
}

enum ambit_err grant_row_decode(struct ambit_str bytes, struct arena *arena, struct grant_row *ret)
{
    uint8_t version = bytes.len > 0 ? (uint8_t)bytes.p[0] : 0;
    bool known = version == ROW_WIDE_VERSION || version == ROW_BOUND_VERSION;
    struct row_reader reader = row_reader(bytes, arena, known ? version : ROW_VERSION);
    struct grant_row row = {0};

    row_take_into(&reader, row.id.b, sizeof row.id.b);
    row_take_into(&reader, row.lineage.b, sizeof row.lineage.b);
    row_take_into(&reader, row.parent.b, sizeof row.parent.b);
    row.seq = row_take_u64(&reader);
    row.issued_ms = (int64_t)row_take_u64(&reader);
    row.expires_ms = (int64_t)row_take_u64(&reader);
    row_take_into(&reader, row.token.b, sizeof row.token.b);
    uint8_t binding = row_take_u8(&reader);
    if (binding > AMBIT_BINDING_MTLS)
        return AMBIT_ERR_DAMAGED;
    row.binding = (enum ambit_binding)binding;
    struct ambit_str *texts[] = {&row.agent,    &row.owner,   &row.team,
                                 &row.audience, &row.purpose, &row.txn};
    for (size_t i = 0; i < AMBIT_LEN(texts); i++)
        *texts[i] = row_take_text(&reader);
    row.items = row_take_array(&reader, sizeof *row.items, &row.n_items);
    for (size_t i = 0; i < row.n_items; i++) {
        row.items[i].action = row_take_text(&reader);
        row.items[i].resource = row_take_text(&reader);
        row.items[i].policy = row_take_text(&reader);
        row.items[i].rule = row_take_text(&reader);
        row_take_into(&reader, row.items[i].digest.b, sizeof row.items[i].digest.b);
    }
    row.except = row_take_array(&reader, sizeof *row.except, &row.n_except);
    for (size_t i = 0; i < row.n_except; i++) {
        row.except[i].policy = row_take_text(&reader);
        row.except[i].id = row_take_text(&reader);
        row.except[i].actions = take_texts(&reader);
        row.except[i].resources = take_texts(&reader);
    }
    if (version >= ROW_WIDE_VERSION) {
        row.is_approved = (row_take_u8(&reader) & FLAG_APPROVED) != 0;
        row.depth = row_take_u8(&reader);
        row.composition = row_take_text(&reader);
        if (row.depth > AMBIT_DEPTH_MAX)
            return AMBIT_ERR_DAMAGED;
    }
    if (version == ROW_BOUND_VERSION)
        row_take_into(&reader, row.binding_key.b, sizeof row.binding_key.b);
    enum ambit_err err = row_end(&reader);
    if (err != AMBIT_OK)
        return err;
    *ret = row;
    return AMBIT_OK;
}

void grant_row_view(const struct grant_row *row, struct ambit_grant_view *ret)
{
    *ret = (struct ambit_grant_view){
        .id = row->id,
        .lineage = row->lineage,
        .parent = row->parent,
        .agent = row->agent,
        .owner = row->owner,
        .team = row->team,
        .audience = row->audience,
        .issued_ms = row->issued_ms,
        .expires_ms = row->expires_ms,
        .binding = row->binding,
        .binding_key = row->binding_key,
        .purpose = row->purpose,
        .composition = row->composition,
        .is_approved = row->is_approved,
        .depth = row->depth,
        .items = row->items,
        .n_items = row->n_items,
        .except = row->except,
        .n_except = row->n_except,
        .above = row->above ? &row->above->view : NULL,
        .liveness = AMBIT_LIVE,
    };
}
