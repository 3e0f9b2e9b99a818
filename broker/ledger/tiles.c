/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing tiles. */
#include "ledger/tiles.h"

#include "base/encode.h"
#include "store/store.h"

enum { KEY_BYTES = 9, HASH_BYTES = sizeof(struct ambit_digest) };

static struct store_key tile_key(uint8_t key[KEY_BYTES], unsigned level, uint64_t index)
{
    AMBIT_ASSERT(level < 64);
    key[0] = (uint8_t)level;
    put_be64(key + 1, index);
    return (struct store_key){.p = key, .len = KEY_BYTES};
}

enum ambit_err tile_get(struct store_txn *txn, unsigned level, uint64_t index, struct tile *ret)
{
    uint8_t key[KEY_BYTES];
    size_t len = 0;
    enum ambit_err err =
        store_get(txn, STORE_TILES, tile_key(key, level, index), ret->hash, sizeof ret->hash, &len);
    if (err == AMBIT_ERR_TOO_LARGE)
        return AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK)
        return err;
    ret->n = len / HASH_BYTES;
    return len % HASH_BYTES == 0 && len > 0 ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

enum ambit_err tile_put(struct store_txn *txn, unsigned level, uint64_t index,
                        const struct tile *tile)
{
    uint8_t key[KEY_BYTES];
    return store_put(txn, STORE_TILES, tile_key(key, level, index), tile->hash,
                     tile->n * HASH_BYTES);
}

enum ambit_err tile_of_events(struct store_txn *txn, uint64_t index, struct tile *ret)
{
    struct store_cursor *cursor = NULL;
    uint8_t from[8];
    put_be64(from, index * AMBIT_TILE_HASHES);
    enum ambit_err err = store_cursor_open(txn, STORE_EVENTS, &cursor);
    if (err != AMBIT_OK)
        return err;
    struct ambit_str key = {0}, value = {0};
    ret->n = 0;
    err = store_cursor_move(cursor, STORE_AT_OR_AFTER, (struct store_key){from, sizeof from}, &key,
                            &value);
    while (err == AMBIT_OK) {
        put_be64(from, index * AMBIT_TILE_HASHES + ret->n);
        if (key.len != sizeof from || memcmp(key.p, from, sizeof from) != 0 ||
            value.len < HASH_BYTES) {
            err = AMBIT_ERR_DAMAGED; /* a gap, or a row that is none */
            break;
        }
        memcpy(ret->hash[ret->n++].b, value.p, HASH_BYTES);
        if (ret->n == AMBIT_TILE_HASHES)
            break;
        err = store_cursor_move(cursor, STORE_NEXT, (struct store_key){0}, &key, &value);
    }
    store_cursor_close(cursor);
    return err == AMBIT_ERR_NOT_FOUND && ret->n > 0 ? AMBIT_OK : err;
}

enum ambit_err tile_read(struct store_txn *txn, uint64_t size, unsigned level, uint64_t index,
                         size_t width, struct tile *ret)
{
    if (level >= TILE_LEVELS || width == 0 || width > AMBIT_TILE_HASHES)
        return AMBIT_ERR_NOT_FOUND;
    uint64_t nodes = size >> (8 * level);
    if (index >= (nodes + AMBIT_TILE_HASHES - 1) / AMBIT_TILE_HASHES ||
        width > nodes - index * AMBIT_TILE_HASHES)
        return AMBIT_ERR_NOT_FOUND;
    enum ambit_err err = tile_get(txn, level, index, ret);
    if (err == AMBIT_ERR_NOT_FOUND && level == 0)
        err = tile_of_events(txn, index, ret);
    if (err == AMBIT_ERR_NOT_FOUND || (err == AMBIT_OK && ret->n < width))
        return AMBIT_ERR_DAMAGED; /* the tree says that they are there */
    if (err == AMBIT_OK)
        ret->n = width;
    return err;
}
