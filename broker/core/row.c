/* SPDX-License-Identifier: Apache-2.0 */
/* See row.h. */
#include "core/row.h"

#include "base/encode.h"

void row_put_u64(struct buf *buf, uint64_t value)
{
    uint8_t bytes[8];
    put_be64(bytes, value);
    buf_put(buf, bytes, sizeof bytes);
}

void row_put_u16(struct buf *buf, size_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    AMBIT_ASSERT(value <= UINT16_MAX);
    buf_put(buf, bytes, sizeof bytes);
}

void row_put_text(struct buf *buf, struct ambit_str text)
{
    AMBIT_ASSERT(text.len < UINT16_MAX);
    row_put_u16(buf, text.p == NULL ? UINT16_MAX : text.len);
    buf_put(buf, text.p, text.len);
}

void row_put_id(struct buf *buf, struct ambit_id id)
{
    buf_put(buf, id.b, sizeof id.b);
}

struct row_reader row_reader(struct ambit_str bytes, struct arena *arena, uint8_t version)
{
    struct row_reader reader = {.p = (const uint8_t *)bytes.p, .left = bytes.len, .arena = arena};
    uint8_t stored = row_take_u8(&reader);
    if (reader.err == AMBIT_OK && stored != version)
        reader.err = stored > version ? AMBIT_ERR_NEWER : AMBIT_ERR_DAMAGED;
    return reader;
}

const uint8_t *row_take(struct row_reader *reader, size_t len)
{
    if (reader->err != AMBIT_OK || reader->left < len) {
        reader->err = reader->err != AMBIT_OK ? reader->err : AMBIT_ERR_DAMAGED;
        return NULL;
    }
    const uint8_t *bytes = reader->p;
    reader->p += len;
    reader->left -= len;
    return bytes;
}

void row_take_into(struct row_reader *reader, void *dst, size_t len)
{
    const uint8_t *bytes = row_take(reader, len);
    if (bytes != NULL)
        memcpy(dst, bytes, len);
}

uint64_t row_take_u64(struct row_reader *reader)
{
    const uint8_t *bytes = row_take(reader, 8);
    return bytes != NULL ? get_be64(bytes) : 0;
}

size_t row_take_u16(struct row_reader *reader)
{
    const uint8_t *bytes = row_take(reader, 2);
    return bytes != NULL ? (size_t)bytes[0] << 8 | bytes[1] : 0;
}

uint8_t row_take_u8(struct row_reader *reader)
{
    const uint8_t *bytes = row_take(reader, 1);
    return bytes != NULL ? *bytes : 0;
}

struct ambit_str row_take_text(struct row_reader *reader)
{
    size_t len = row_take_u16(reader);
    if (reader->err != AMBIT_OK || len == UINT16_MAX)
        return (struct ambit_str){0};

    const uint8_t *bytes = row_take(reader, len);
    if (bytes == NULL)
        return (struct ambit_str){0};

    struct ambit_str copy =
        arena_copy(reader->arena, (struct ambit_str){.p = (const char *)bytes, .len = len});
    if (copy.p == NULL)
        reader->err = AMBIT_ERR_NO_MEMORY;
    return copy;
}

void *row_take_array(struct row_reader *reader, size_t each, size_t *ret_n)
{
    size_t n = row_take_u16(reader);
    if (reader->err == AMBIT_OK && n > reader->left)
        reader->err = AMBIT_ERR_DAMAGED;
    *ret_n = reader->err == AMBIT_OK ? n : 0;
    if (*ret_n == 0)
        return NULL;

    void *array = arena_array(reader->arena, n, each);
    if (array == NULL) {
        reader->err = AMBIT_ERR_NO_MEMORY;
        *ret_n = 0;
    }
    return array;
}

enum ambit_err row_end(const struct row_reader *reader)
{
    if (reader->err != AMBIT_OK)
        return reader->err;
    return reader->left == 0 ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}
