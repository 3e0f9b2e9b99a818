/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as files. */
#include "core/record_files.h"

#include "ambit/document.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/segment.h"
#include "core/set_row.h"
#include "ledger/source.h"
#include "ledger/tile_path.h"
#include "ledger/tiles.h"
#include "store/store.h"

enum { HASH_BYTES = sizeof(struct ambit_digest), DOCUMENT_MAX = (1 << 20) + 4096 };

/* ---- tiles and bundles ---------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err put_tile(struct store_txn *txn, uint64_t size,
                                             const struct tile_path *path, struct buf *ret)
{
    __attribute__((uninitialized)) struct tile tile;
    enum ambit_err err = tile_read(txn, size, path->level, path->index, path->width, &tile);
    if (err == AMBIT_OK)
        buf_put(ret, tile.hash, tile.n * HASH_BYTES);
    return err;
}

/* The row of an event, if it is that of `seq`. */
static AMBIT_CHECKED enum ambit_err next_row(struct store_cursor *cursor, uint64_t first,
                                             uint64_t seq, struct ambit_str *ret)
{
    struct ambit_str key = {0};
    uint8_t want[8];
    put_be64(want, seq);
    enum ambit_err err = store_cursor_move(cursor, seq == first ? STORE_AT_OR_AFTER : STORE_NEXT,
                                           (struct store_key){want, sizeof want}, &key, ret);
    if (err != AMBIT_OK)
        return err;
    if (!ambit_str_eq(key, (struct ambit_str){(const char *)want, sizeof want}))
        return AMBIT_ERR_NOT_FOUND;
    return ret->len < HASH_BYTES || ret->len - HASH_BYTES > UINT16_MAX ? AMBIT_ERR_DAMAGED
                                                                       : AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err put_bundle(struct store_txn *txn, uint64_t size,
                                               const struct tile_path *path, struct buf *ret)
{
    STORE_CURSOR_AUTO cursor = NULL;
    uint64_t first = path->index * LOG_TILE_WIDTH;
    if (path->index >= size / LOG_TILE_WIDTH + 1 || size - first < path->width)
        return AMBIT_ERR_NOT_FOUND;
    enum ambit_err err = store_cursor_open(txn, STORE_EVENTS, &cursor);
    for (unsigned i = 0; err == AMBIT_OK && i < path->width; i++) {
        struct ambit_str row = {0};
        err = next_row(cursor, first, first + i, &row);
        if (err != AMBIT_OK)
            return err;
        size_t len = row.len - HASH_BYTES;
        uint8_t length[2] = {(uint8_t)(len >> 8), (uint8_t)len};
        buf_put(ret, length, sizeof length);
        buf_put(ret, row.p + HASH_BYTES, len);
    }
    return err;
}

/* ---- openings ------------------------------------------------------------------------------- */

/* {"open":{…},"seq":N} of each that has one. What stands there is canonical JSON already. */
static AMBIT_CHECKED enum ambit_err put_openings(struct store_txn *txn, uint64_t size,
                                                 uint64_t index, struct buf *ret)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key = {0}, opening = {0};
    uint8_t first[8];
    if (index > size / LOG_TILE_WIDTH)
        return AMBIT_ERR_NOT_FOUND;
    put_be64(first, index * LOG_TILE_WIDTH);
    enum ambit_err err = store_cursor_open(txn, STORE_OPENINGS, &cursor);
    size_t start = ret->len;
    for (enum store_seek seek = STORE_AT_OR_AFTER; err == AMBIT_OK; seek = STORE_NEXT) {
        err = store_cursor_move(cursor, seek, (struct store_key){first, sizeof first}, &key,
                                &opening);
        uint64_t seq = err == AMBIT_OK && key.len == 8 ? get_be64((const uint8_t *)key.p) : size;
        if (seq >= size || seq / LOG_TILE_WIDTH != index)
            break;
        buf_put_text(ret, "{\"open\":");
        buf_put_str(ret, opening);
        buf_printf(ret, ",\"seq\":%llu}\n", (unsigned long long)seq);
    }
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    return ret->len > start ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

/* ---- documents and sets --------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err put_document(struct store_txn *txn,
                                                 const struct ambit_digest *digest, bool is_zone,
                                                 struct buf *ret)
{
    AMBIT_AUTO_FREE char *row = malloc(DOCUMENT_MAX);
    size_t len = 0;
    if (row == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err =
        store_get(txn, STORE_DOCUMENTS, (struct store_key){digest->b, sizeof digest->b}, row,
                  DOCUMENT_MAX, &len);
    if (err != AMBIT_OK)
        return err;
    size_t head = len >= 2 ? 2u + (uint8_t)row[1] : len;
    if (len <= head)
        return AMBIT_ERR_DAMAGED;
    if (((uint8_t)row[0] == AMBIT_KIND_ZONE) != is_zone)
        return AMBIT_ERR_NOT_FOUND;
    buf_put(ret, row + head, len - head);
    return AMBIT_OK;
}

static void put_zones(struct set_row *row, struct json_out *out)
{
    struct ambit_digest digest;
    struct ambit_str name;
    json_key(out, "zones");
    json_begin_array(out);
    while (set_row_zone(row, &digest, &name)) {
        json_begin_object(out);
        json_key(out, "digest");
        json_digest(out, digest);
        json_member_str(out, "name", name);
        json_end_object(out);
    }
    json_end_array(out);
}

static AMBIT_CHECKED enum ambit_err put_set(struct store_txn *txn,
                                            const struct ambit_digest *digest, struct buf *ret)
{
    AMBIT_AUTO_FREE char *bytes = malloc(SET_ROW_MAX);
    struct set_row row;
    struct json_out out;
    size_t len = 0;
    if (bytes == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_get(txn, STORE_SETS, (struct store_key){digest->b, HASH_BYTES},
                                   bytes, SET_ROW_MAX, &len);
    if (err == AMBIT_OK)
        err = set_row_read((struct ambit_str){bytes, len}, &row);
    if (err != AMBIT_OK)
        return err;
    json_out_init(&out, ret, true);
    json_begin_object(&out);
    json_key(&out, "documents");
    json_begin_array(&out);
    for (size_t i = 0; i < row.n; i++) {
        struct ambit_digest document;
        memcpy(document.b, row.digests + i * HASH_BYTES, HASH_BYTES);
        json_digest(&out, document);
    }
    json_end_array(&out);
    if (row.has_zones)
        put_zones(&row, &out);
    json_end_object(&out);
    return AMBIT_OK;
}

/* ---- paths ---------------------------------------------------------------------------------- */

static bool take(struct ambit_str *path, const char *prefix)
{
    size_t n = strlen(prefix);
    if (path->len <= n || memcmp(path->p, prefix, n) != 0)
        return false;
    path->p += n;
    path->len -= n;
    return true;
}

static bool is_digest(struct ambit_str text, struct ambit_digest *ret)
{
    return text.len == HEX_DIGEST_LEN && hex_decode(text, ret->b, sizeof ret->b) == AMBIT_OK;
}

/* "x001/234", as a bundle is named. */
static bool is_bundle(struct ambit_str text, uint64_t *ret_index)
{
    char memory[TILE_PATH_MAX];
    struct tile_path tile;
    struct buf name;
    buf_init_fixed(&name, memory, sizeof memory);
    buf_put_text(&name, "tile/entries/");
    buf_put_str(&name, text);
    if (buf_check(&name) != AMBIT_OK || tile_path_read(buf_str(&name), &tile) != AMBIT_OK ||
        tile.width != LOG_TILE_WIDTH)
        return false;
    *ret_index = tile.index;
    return true;
}

enum ambit_err record_file(struct store_txn *txn, uint64_t size, struct ambit_str path,
                           struct buf *ret)
{
    static const char json[] = ".json";
    struct tile_path tile;
    struct ambit_digest digest;
    uint64_t index = 0;
    enum ambit_err err = AMBIT_ERR_NOT_FOUND;
    if (tile_path_read(path, &tile) == AMBIT_OK)
        err = tile.is_entries ? put_bundle(txn, size, &tile, ret) : put_tile(txn, size, &tile, ret);
    else if (take(&path, "openings/") && is_bundle(path, &index))
        err = put_openings(txn, size, index, ret);
    else if (take(&path, "documents/") && is_digest(path, &digest))
        err = put_document(txn, &digest, false, ret);
    else if (take(&path, "zones/") && is_digest(path, &digest))
        err = put_document(txn, &digest, true, ret);
    else if (take(&path, "sets/") && path.len > sizeof json &&
             memcmp(path.p + path.len - (sizeof json - 1), json, sizeof json - 1) == 0 &&
             is_digest((struct ambit_str){path.p, path.len - (sizeof json - 1)}, &digest))
        err = put_set(txn, &digest, ret);
    return err == AMBIT_OK ? buf_check(ret) : err;
}

enum ambit_err record_file_pruned(struct segments *segments, struct store_txn *txn, uint64_t size,
                                  struct ambit_str path, struct buf *ret)
{
    BUF_AUTO memory;
    struct tile_path path_of;
    struct tile tile;
    buf_init(&memory, 0);
    if (tile_path_read(path, &path_of) != AMBIT_OK || !path_of.is_entries ||
        path_of.index >= size / LOG_TILE_WIDTH)
        return AMBIT_ERR_NOT_FOUND;
    enum ambit_err err = tile_get(txn, 0, path_of.index, &tile);
    if (err == AMBIT_OK && tile.n < path_of.width)
        err = AMBIT_ERR_DAMAGED;
    for (unsigned i = 0; err == AMBIT_OK && i < path_of.width; i++) {
        struct ledger_row row;
        err = segments_get(segments, txn, path_of.index * LOG_TILE_WIDTH + i, &memory, &row);
        if (err == AMBIT_OK && !ambit_digest_eq(row.leaf, tile.hash[i]))
            err = AMBIT_ERR_DAMAGED;
        if (err != AMBIT_OK)
            return err;
        uint8_t length[2] = {(uint8_t)(row.bytes.len >> 8), (uint8_t)row.bytes.len};
        buf_put(ret, length, sizeof length);
        buf_put_str(ret, row.bytes);
    }
    return err == AMBIT_OK ? buf_check(ret) : err;
}
